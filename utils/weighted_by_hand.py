"""Weighted cross-entropy written by hand: what goes wrong in it, and the check.  Taught in notebooks/07_arguments.ipynb."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from utils.arguments import LABELS, WEIGHTS
from utils.check import Result, Task, check, uses
from utils.cross_entropy_by_hand import CROSS_ENTROPY, picked, subtracted
from utils.example import BATCH, COLUMN, FOUR, LABEL, LOGITS, ROW, SMALL, WIDE
from utils.language import say
from utils.plots import number
from utils.predict import Questions, the_one
from utils.slips import slips

# What notebook 7 asks before it is written.
questions = Questions()


@questions.asks("Class 1 weighs 2, and our image, whose label is 1, is alone in its batch. What becomes of its 0.3527?", {
    "0.7054, twice as much": "So it would be without a reduction. But the mean is a weighted one, and it divides by the weights.",
    "0.3527, as before": "2 · 0.3527 / 2: the weight stands above and below the line, and one image cannot outweigh itself.",
    "0.1764, half": "The mean divides by the weight, that is right. But the loss was multiplied by it before.",
})
def weight_alone():
    plain, weighted = (float(nn.CrossEntropyLoss(weight=weight)(LOGITS, LABEL)) for weight in (None, torch.tensor([1.0, 2, 5])))
    return the_one({"0.7054, twice as much": abs(weighted / plain - 2) < 0.1, "0.3527, as before": abs(weighted / plain - 1) < 0.1,
                    "0.1764, half": abs(weighted / plain - 0.5) < 0.1}), number(weighted)


# --- the check: weighted cross-entropy in steps, and its own slips

def weighted(losses: Callable) -> Callable:
    """The weighted mean of the losses of the images."""
    def way(do, z: Tensor, t: Tensor, weight: Tensor) -> Tensor:
        t = do.labels(t, z.shape[-1], z)
        w, loss = do.weights(weight, t, z), losses(do, z, t)
        return do.result(z, t, weight, do.reduce(w * loss, z, w, weight, loss))
    return way


WEIGHTED_STEPS = {
    "weights": lambda w, t, z: w[t], "reduce": lambda x, z, w, weight, loss: x.sum() / w.sum(), "result": lambda z, t, w, x: x}
WEIGHTED_SLIPS = slips("""
One image alone keeps its loss, whatever it weighs. What, then, are the weighted losses divided by, and how often?
    divided by the number of images | reduce: x.mean()
    divided by the sum of all weights | reduce: x.sum() / weight.sum() | x.mean() / weight.mean()
    sum instead of mean | reduce: x.sum()
    divided by a fixed number | reduce: x.sum() / k for k in (3, 2, 4)
    mean over images and classes | reduce: x.mean() / z.shape[-1]
    divided by the classes instead of the images | reduce: x.sum() / z.shape[-1]
    multiplied instead of divided | reduce: x.sum() * w.sum()
    divided by one weight | reduce: x.sum() / w[k] for k in (-1, 0)
    weights below the line only | reduce: loss.sum() / w.sum()
    divided twice | reduce: x.mean() / w.sum() | x.mean() / weight.sum()
    the weight is applied twice | reduce: (w * x).sum() / w.sum() | (w * x).mean()
Which weight belongs to an image? That of its own label, as it is. (Or do they cancel? They multiply one loss for each image.)
    the weights are never used | weights: ones(len(t))
    other weights than the labels' | weights: w[t - 1] | w[z.argmax(-1)] | w | w[arange(len(t)) % len(w)] | w[arange(len(t))] \
| w[:len(t)] | w[(t + 1) % len(w)] \
| w.flip(0)[t] | t
    1 / weight instead of weight | weights: 1 / w[t] | reduce: (loss / w).sum() / w.sum()
There is one loss for each image here, and one number is wanted.
    no reduction | reduce: x / w.sum() | w * loss.sum() / w.sum()
One image's loss stands for all. (Look for = where += belongs, for an index, for a return inside the loop.)
    one image only | reduce: x[k] / w.sum() for k in (-1, 0) | loss[k] for k in (-1, 0)
The logarithm of a mean is not the mean of the logarithms: which comes first?
    mean before the logarithm | result: -((own(z.softmax(-1), t) * w[t]).sum() / w[t].sum()).log()
Here each image pays once, −log of its label's share.
    binary cross-entropy instead | result: (binary(z, hot(z, t)) * w).mean() \
| binary_cross_entropy_with_logits(z, hot(z, t), pos_weight=w)
A weight multiplies one image's loss: not its logits, not what the logarithm is taken of, and not the mean of all.
    the weight comes after the mean | reduce: loss.mean() * w | loss.mean() * w.mean() \
| loss.mean() * w.sum() | loss.mean() * weight | loss.mean() * weight.mean() | loss.mean() * weight.sum()
    the weight in the wrong place | result: (w[t] * cross_entropy(z + w.log(), t, reduction="none")).sum() / w[t].sum() \
| cross_entropy(z * w, t) | cross_entropy(z * w, t, weight=w) \
| cross_entropy(z * w[t].unsqueeze(-1), t) | cross_entropy(z + w.log(), t) | (w[t] * z.logsumexp(-1) - own(z, t)).sum() / w[t].sum() \
| -(own(z.softmax(-1), t) * w[t]).log().mean() | -own(z.softmax(-1) * w, t).log().sum() / w[t].sum()
The losses were added up as they are: not weighed, or each by every weight, as where a column, [N, 1], meets a row, [N].
    sum without weights, or a column met a row | reduce: loss.sum()
Losses in a column, [N, 1], met weights in a row, [N]: every loss was weighed by every weight.
    a column met a row | reduce: (w * loss.unsqueeze(1)).sum()
Each image pays for its own label alone: pick its entry before you add up.
    every image with every label | result: -(w[t] * z.log_softmax(-1)[:, t]).sum() / w[t].sum() / len(t)
    all classes counted | result: -(w[t].unsqueeze(-1) * z.log_softmax(-1)).sum() / w[t].sum() \
| -(w * z.log_softmax(-1)).sum(-1).mean() | -(w * z.log_softmax(-1)).sum() / w[t].sum()
""", WEIGHTED_STEPS)


def weight_remark(function: Callable) -> str:
    return (say("it was torch's own weight= that did the weighing. The exercise asks you to do it yourself.")
            if uses(function, (ROW, LABEL, WEIGHTS), "weight") else "")


WEIGHTED = Task(lambda z, t, w: F.cross_entropy(z, t, weight=w), ["logits", "labels", "weight"], [
    (ROW, LABEL, WEIGHTS),
    (BATCH, LABELS, WEIGHTS),
    (FOUR, torch.tensor([3, 0, 2]), torch.tensor([0.5, 3, 1, 2])),
    (WIDE, torch.tensor([1, 2, 0, 0]), torch.tensor([0.2, 1, 0])),
    (SMALL, torch.tensor([2, 0, 2]), torch.tensor([1.5, 4, 0.25])),
    (COLUMN, torch.tensor([0, 0, 0]), torch.tensor([3.0])),
], [weighted(picked), weighted(subtracted)], WEIGHTED_SLIPS, WEIGHTED_STEPS,
    [(*given, torch.arange(given[0].shape[-1]) + 1.0) for given in CROSS_ENTROPY.extremes],
    [(*given, torch.arange(given[0].shape[-1]) + 1.0) for given in CROSS_ENTROPY.slopes], weight_remark)


def check_weighted_cross_entropy(function: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Result:
    """Whether function(logits [N, C], labels [N], weight [C]) → [] is torch's weighted mean, in nats.  Written in notebooks/07."""
    return check(function, WEIGHTED)
