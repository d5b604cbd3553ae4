"""Weighted cross-entropy written by hand: what goes wrong in it, and the check.  Taught in notebooks/07_arguments.ipynb."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from utils.arguments import LABELS, WEIGHTS
from utils.check import Result, Task, check, uses
from utils.cross_entropy_by_hand import CROSS_ENTROPY, CROSS_ENTROPY_SLIPS, picked, subtracted
from utils.example import BATCH, COLUMN, FOUR, LABEL, LOGITS, ROW, SMALL, WIDE
from utils.language import say
from utils.plots import number
from utils.predict import Questions, the_one
from utils.slips import own, slip

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


WEIGHTED_SLIPS = [
    slip("divided by the number of images", "mean() counts each image once. In a weighted mean, an image of weight 2 counts as two.",
         reduce=lambda x, *_: x.mean()),
    slip("divided by the sum of all weights", "Which weights were multiplied with? A class may be in the batch twice, or not at all.",
         reduce=lambda x, z, w, weight, _: x.sum() / weight.sum()),
    slip("the weights are never used", "This is the plain mean: each image's loss is to count as often as its label weighs.",
         weights=lambda w, t, z: torch.ones(len(t))),
    slip("no reduction", "There is one loss for each image here, and one number is wanted.",
         reduce=lambda x, z, w, *_: x / w.sum()),
    slip("the weight comes after the mean", "Once the losses are averaged nobody knows which image weighs what: multiply before.",
         reduce=[lambda x, z, w, weight, loss, after=after: loss.mean() * after(w, weight) for after in (
             lambda w, weight: w, lambda w, weight: w.mean(), lambda w, weight: w.sum(), lambda w, weight: weight,
             lambda w, weight: weight.mean(), lambda w, weight: weight.sum())]),
    slip("divided twice", "mean() has divided already, and not as a weighted mean does.",
         reduce=[lambda x, z, w, *_: x.mean() / w.sum(), lambda x, z, w, weight, _: x.mean() / weight.sum()]),
    slip("other weights than the labels'", "Each image takes the weight of its own label: not of the class before, not of the predicted "
         "one.",
         weights=[lambda w, t, z: w[t - 1], lambda w, t, z: w, lambda w, t, z: w[torch.arange(len(t)) % len(w)],
                  lambda w, t, z: w[z.argmax(-1)], lambda w, t, z: w[(t + 1) % len(w)], lambda w, t, z: w.flip(0)[t]]),
    slip("a column met a row", "Losses in a column, [N, 1], met weights in a row, [N]: every loss was weighed by every weight.",
         reduce=[lambda x, z, w, weight, loss: loss.sum(), lambda x, z, w, weight, loss: (w * loss.unsqueeze(1)).sum()]),
    slip("1 / weight instead of weight", "A larger weight should count more: multiply by it.", weights=lambda w, t, z: 1 / w[t]),
    slip("the weight is applied twice", "Either the loss is handed the weights, or you multiply by them.",
         reduce=[lambda x, z, w, *_: (w * x).sum() / w.sum(), lambda x, z, w, *_: (w * x).mean()]),
    slip("the weight in the wrong place", "A weight multiplies an image's loss, not its logits, and not what the logarithm is taken of.",
         result=[lambda z, t, w, _: F.cross_entropy(z * w, t), lambda z, t, w, _: F.cross_entropy(z * w, t, weight=w),
                 lambda z, t, w, _: F.cross_entropy(z * w[t].unsqueeze(-1), t),
                 lambda z, t, w, _: -(own(z.softmax(-1), t) * w[t]).log().mean(),
                 lambda z, t, w, _: -own(z.softmax(-1) * w, t).log().sum() / w[t].sum()]),
    slip("all classes counted", "Each image pays for its label alone: pick its entry before you add up.",
         result=[lambda z, t, w, _: -(w * z.log_softmax(-1)).sum(-1).mean(),
                 lambda z, t, w, _: -(w * z.log_softmax(-1)).sum() / w[t].sum()]),
    *CROSS_ENTROPY_SLIPS,  # what goes wrong before there are weights goes wrong here too
]


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
], [weighted(picked), weighted(subtracted)], WEIGHTED_SLIPS, {
    "weights": lambda w, t, z: w[t], "reduce": lambda x, z, w, *_: x.sum() / w.sum(), "result": lambda z, t, w, x: x,
}, [((*given, torch.arange(given[0].shape[-1]) + 1.0), faults) for given, faults in CROSS_ENTROPY.extremes],
    [(*given, torch.arange(given[0].shape[-1]) + 1.0) for given in CROSS_ENTROPY.slopes], weight_remark)


def check_weighted_cross_entropy(function: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Result:
    """Whether function(logits [N, C], labels [N], weight [C]) → [] is torch's weighted mean, in nats.  Written in notebooks/07."""
    return check(function, WEIGHTED)
