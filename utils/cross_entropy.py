"""Cross-entropy: what the label's probability costs.  Taught in notebooks/02_cross_entropy.ipynb."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from utils import plots
from utils.check import Fault, Result, Task, check, slip
from utils.example import BATCH, COLUMN, FOUR, ROW, SMALL, WIDE
from utils.explore import Explorer, ask, label_choice, listed, logit_sliders, logits_from, presets
from utils.inputs import as_labels, check_labels, check_logits, check_tensor, shape
from utils.plots import COLOURS, MARKERS, exact, minus_log, number, numbers
from utils.softmax import ACTIVATION_SLIPS, SHARE_SLIPS, STEPS, TOO_LARGE, TOO_SMALL, largest, shares, softmax


def cross_entropy_terms(logits: Tensor, labels: Tensor) -> Tensor:
    """One cross-entropy per image, before any reduction: −log of the label's probability, as log-sum-exp − logit.

    logits: (..., classes); labels: (...) long, 0 ... classes − 1.  Returns: (...), in nats.
    Raises TypeError or ValueError for other logits or labels.  Taught in notebooks/02.
    """
    _check(logits, labels)
    return torch.logsumexp(logits, dim=-1) - logits.gather(-1, labels.unsqueeze(-1)).squeeze(-1)


def cross_entropy_gradient(logits: Tensor, labels: Tensor) -> Tensor:
    """How each image's cross-entropy changes with each of its logits: p − y.

    logits: (..., classes); labels: (...) long.  Returns: the shape of logits, nats per unit of logit.
    Raises TypeError or ValueError for other logits or labels.  Taught in notebooks/02.
    """
    _check(logits, labels)
    return softmax(logits) - F.one_hot(labels, num_classes=logits.shape[-1])


def _check(logits: Tensor, labels: Tensor) -> None:
    check_logits(logits)
    check_tensor(labels, "labels")
    rows, classes = logits.shape[:-1], logits.shape[-1]
    if labels.shape != rows:
        code = as_labels("labels", labels, rows, classes)
        raise ValueError(f"labels has shape {shape(labels)}, logits has {shape(logits)}; "
                         f"one label per row of logits is wanted: shape {shape(rows)}" + (f", so write {code}" if code else ""))
    check_labels(labels, classes)


def worked_cross_entropy(p: Tensor, label: int, loss: float) -> str:
    """The arithmetic in words: −log p[1] = −log 0.7028 = 0.3527."""
    return f"−log p[{label}] = −log {exact(loss, minus_log, float(p[label]))[0]} = {number(loss)}"


def worked_row(y: list[int], loss: float) -> str:
    """What stands there where not exactly one class is true: no label says so, and torch's own answer to the row y."""
    return f"no label says {sum(y)} true classes; torch's answer to the row {y} is {number(loss + 0.0)}"  # −0.0 + 0.0 is 0.0


def explore_cross_entropy(cross_entropy: Callable[[Tensor, Tensor], Tensor]) -> Explorer:
    """Logits and a label → probabilities → −log p → gradient, the loss by the reader's cross_entropy([1, 3], [1])."""
    figure, (left, middle, right) = plots.figure([1, 1, 1], "dot: your cross_entropy   ·   grey: before this control moved")
    move_shares = plots.class_bars(left, "p = softmax(logits)", 0, 1, [0, 0.5, 1])
    p = torch.linspace(0.005, 1, 200)
    move_dot = plots.curve(middle, "loss = −log p[label]", p, -p.log(), "p[label]", (0, 1.02), (0, 5), 1, [0, 0.5, 1])
    move_slopes = plots.class_bars(right, "gradient = p − y", -1, 1, [-1, 0, 1])

    def compute(values):
        logits, label = logits_from(values).unsqueeze(0), torch.tensor([values["label"]])
        gradient = cross_entropy_gradient(logits, label)[0]
        truth = nn.CrossEntropyLoss()(logits, label)
        answer, wrong = ask(cross_entropy, logits, label, like=truth)
        return {"logits": logits[0], "label": values["label"], "p": torch.softmax(logits, dim=1)[0],
                "truth": float(truth), "loss": float(answer), "gradient": gradient, "wrong": wrong}

    def show(now, before):
        k, p = now["label"], now["p"]
        notes = ["true" if j == k else "" for j in range(3)]
        move_shares(p, ghost=before and before["p"], notes=notes)
        move_dot([p[k]], [now["loss"]], ghosts=before and ([before["p"][before["label"]]], [before["truth"]]),
                 texts=[number(now["loss"])], looks=[(COLOURS[k], MARKERS[k])])
        move_slopes(now["gradient"], ghost=before and before["gradient"], notes=notes)
        words = "\n".join([
            f"p = softmax(logits) = {numbers(p)}",
            f"CE = {worked_cross_entropy(p, k, now['truth'])}",
            f"gradient p − y = {numbers(now['gradient'])}",
        ])
        return f"logits {listed(now['logits'])}, label {k} → loss {number(now['loss'])}", words, now["wrong"]

    controls = logit_sliders() | {"label": label_choice()}
    return Explorer("explore_cross_entropy", controls, compute, show, figure, presets(label=1))


# --- the check: cross-entropy in steps, and its slips

def picked(do, z: Tensor, t: Tensor) -> Tensor:
    """Softmax → the label's share → −log → mean, as it is written first."""
    p = do.rounding(do.pick(shares(do, z), do.labels(t, z)))
    return do.reduce(do.minus(do.log(p)), z)


def multiplied(do, z: Tensor, t: Tensor) -> Tensor:
    """The same by a product with one-hot rows."""
    z, t = do.logits(z), do.labels(t, z)
    return do.reduce(do.minus(do.classes(do.one_hot(t, z) * do.log(do.share(z, torch.softmax(z, -1))))), z)


def subtracted(do, z: Tensor, t: Tensor) -> Tensor:
    """log-sum-exp minus the label's logit."""
    z = do.logits(z)
    return do.reduce(do.minus(do.difference(do.pick(z, do.labels(t, z)), do.logsumexp(z))), z)


def own(p: Tensor, labels: Tensor) -> Tensor:
    """From each row, the entry of its label."""
    return p[torch.arange(len(labels)), labels]


def rounded(p: Tensor, digits: int = 4) -> Tensor:
    """As it is printed, with 4 decimals."""
    return p.mul(10 ** digits).round() / 10 ** digits


def hot(z: Tensor, t: Tensor) -> Tensor:
    return F.one_hot(t, z.shape[-1]).to(z)


# Reductions get the logits too, for how many images and classes there are.
REDUCTION_SLIPS = [
    slip("sum instead of mean", "The loss should not grow with the batch: mean(), not sum().", reduce=lambda x, z: x.sum()),
    slip("no reduction", "There is one loss for each of several things here. Their mean is wanted: mean() at the end.",
         reduce=[lambda x, z: x, lambda x, z: x.unsqueeze(-1), lambda x, z: x.unsqueeze(0)]),
    slip("the last image only",
         "Only one image's loss comes out: look for a loop that overwrites (=) where it should add (+=), or an index.",
         reduce=[lambda x, z: x[-1].mean(), lambda x, z: x[0].mean(), lambda x, z: x[-1].sum() / len(z), lambda x, z: x[0].sum() / len(z)]),
    slip("largest instead of mean", "One loss stands for all here. Every image counts: mean().",
         reduce=[lambda x, z: x.max(), lambda x, z: x.min()]),
    slip("median instead of mean", "The median ignores how large the large losses are: mean().", reduce=lambda x, z: x.median()),
    slip("divided twice", "The mean has divided already.", reduce=[lambda x, z: x.mean() / len(z), lambda x, z: x.mean() / x.numel()]),
    slip("divided by one too few", "The mean divides by how many there are, not by one less.",
         reduce=lambda x, z: x.sum() / (x.numel() - 1)),
    slip("squared before the mean", "Losses are averaged as they are, not their squares.", reduce=lambda x, z: (x ** 2).mean()),
]
LOG = "Torch's log is the natural logarithm, and its unit the nat."
LIMITS = [1e-7, 1e-8, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-9, 1e-10, 1e-12, 1e-15]
LOG_SLIPS = [
    slip("base 10 instead of e", LOG, log=torch.log10),
    slip("base 2 instead of e", LOG, log=torch.log2),
    slip("log1p instead of log", "log1p is log(1 + p), and so is log(p + 1). Take the logarithm of p itself.", log=torch.log1p),
    slip("a limit inside the logarithm",
         "A small number added, or a clamp, changes small probabilities, which cost most. Find a form that needs none.",
         log=[form for limit in LIMITS for form in (lambda p, limit=limit: (p + limit).log(),
                                                    lambda p, limit=limit: p.clamp(min=limit).log(),
                                                    lambda p, limit=limit: p.clamp(limit, 1 - limit).log())]),
    slip("weighted by the probability as well", "−p log p is an entropy's term. A loss is −log p alone.", log=lambda p: p * p.log()),
    slip("weighted as the focal loss does", "(1 − p)² log p is the focal loss. Plain −log p is wanted.",
         log=[lambda p: (1 - p) ** 2 * p.log(), lambda p: (1 - p) * p.log(), lambda p: 0.25 * (1 - p) ** 2 * p.log()]),
    slip("root instead of log", "A logarithm is wanted, not a root or a square.", log=[torch.sqrt, torch.square]),
    slip("1 / p instead of −log p", "A small probability is dear, but its price is −log p.", log=lambda p: -1 / p),
]
CROSS_ENTROPY_STEPS = STEPS | {
    "labels": lambda t, z: t, "pick": own, "rounding": lambda p: p, "log": torch.log, "minus": torch.neg, "reduce": lambda x, z: x.mean(),
    "one_hot": lambda t, z: hot(z, t), "classes": lambda x: x.sum(-1), "difference": torch.sub, "logsumexp": lambda z: z.logsumexp(-1)}
EVERY = "p[:, labels] takes all labels from every row. One of each row is wanted: p[torch.arange(len(labels)), labels]."
FIRST = "logits[0, labels] reads row 0 for every label. One entry of each row: logits[torch.arange(len(labels)), labels]."
CROSS_ENTROPY_SLIPS = [
    *REDUCTION_SLIPS[:2],
    slip("mean over images and classes",
         "The zeros of the other classes are in the mean and make it C times too small. Add up over the classes, "
         "then average over the images.", reduce=lambda x, z: x.mean() / z.shape[-1], classes=lambda x: x.mean(-1)),
    slip("divided by the classes instead of the images", "The mean is over the images: divide by their number, len(labels).",
         reduce=lambda x, z: x.sum() / z.shape[-1]),
    slip("no reduction", REDUCTION_SLIPS[1].thought, classes=lambda x: x),
    slip("minus missing", "A logarithm of a probability is negative, and a loss is not: −log p.", minus=lambda x: x),
    slip("log missing", "A probability is not a loss yet. Take −log of the one that the label got.",
         log=[lambda p: p, lambda p: -p, lambda p: p - 1]),
    *LOG_SLIPS[:2],
    slip("softmax applied twice",
         "A softmax was applied first, and the formula (or F.cross_entropy) applies another. Start from the logits.",
         logits=lambda z: torch.softmax(z, -1)),
    slip("probabilities expected where logits came",
         "The logarithm was taken of a logit. Logits can be any numbers: softmax first, or logsumexp.",
         share=[lambda z, p: z, lambda z, p: z.clamp(1e-7, 1), lambda z, p: z + 1e-7, lambda z, p: z.clamp(1e-12, 1),
                lambda z, p: z.clamp(min=1e-7)]),
    slip("log-softmax missing",
         "This is the label's logit, or minus that. nll_loss, too, only picks: it wants the log_softmax of the logits.",
         difference=[lambda logit, total: logit, lambda logit, total: -logit]),
    slip("labels taken from the first row only", FIRST, pick=lambda p, t: p[0, t]),
    slip("rows picked instead of entries",
         "logits[labels] takes whole rows. One entry of each row: logits[torch.arange(len(labels)), labels].", pick=lambda p, t: p[t],
         difference=lambda logit, total: logit),
    slip("mean over one term only", "The mean belongs around the whole difference: (logsumexp − logit).mean().",
         instead=[lambda z, t: z.logsumexp(-1) - own(z, t).mean(), lambda z, t: z.logsumexp(-1).mean() - own(z, t)],
         difference=[lambda logit, total: logit.sum() - total, lambda logit, total: logit - total.sum()]),
    slip("logsumexp without its dim",
         "It wants to know along which dimension: logsumexp(logits, dim=1) gives one number for each row.",
         logsumexp=[lambda z: torch.logsumexp(z), lambda z: z.logsumexp()]),
    slip("softmax over the wrong dim", "The images compete for each class here. The classes of one image should compete: dim=1, or dim=-1.",
         share=lambda z, p: torch.softmax(z, 0), logsumexp=lambda z: z.logsumexp(0)),
    slip("normalised over the whole batch", "The sum ran over every number in the tensor. Each row has a sum of its own: dim=1.",
         logsumexp=lambda z: z.exp().sum().log(), share=lambda z, p: (z - z.max()).exp() / (z - z.max()).exp().sum()),
    slip("off by one class", "The labels are indices, and the first class is 0. Take the label as it is.",
         labels=[lambda t, z: (t + 1) % z.shape[-1], lambda t, z: t - 1, lambda t, z: t + 1, lambda t, z: (t - 1).clamp(min=0),
                 lambda t, z: (t + 1).clamp(max=z.shape[-1] - 1), lambda t, z: (t - 1) % z.shape[-1]],
         instead=[lambda z, t: F.cross_entropy(z, t + 1), lambda z, t: F.cross_entropy(z, t - 1)]),
    slip("every image with every label", EVERY, pick=lambda p, t: p[:, t], difference=lambda logit, total: logit.unsqueeze(-1) - total),
    slip("all classes counted", "Only the label's probability counts here: the one-hot row makes the others 0.",
         pick=lambda p, t: p, one_hot=lambda t, z: 1),
    slip("sigmoid instead of softmax", "This asks each class by itself. In cross-entropy the classes share one 1: softmax.",
         share=lambda z, p: torch.sigmoid(z), instead=lambda z, t: F.binary_cross_entropy_with_logits(z, hot(z, t))),
    slip("rounded before the logarithm",
         "Four decimals are for reading. Small probabilities lose most by rounding, and their logarithms are the largest.",
         rounding=[lambda p, d=d: rounded(p, d) for d in (4, 3, 2, 5)]),
    *LOG_SLIPS[2:],
    *REDUCTION_SLIPS[2:],
    slip("squared difference", "(p − y)² is another loss, nearly flat where the model is sure and wrong. It is −log p here.",
         instead=[lambda z, t: F.mse_loss(torch.softmax(z, -1), hot(z, t)), lambda z, t: F.mse_loss(z, hot(z, t)),
                  lambda z, t: (torch.softmax(z, -1) - hot(z, t)).square().sum(-1).mean(),
                  lambda z, t: F.mse_loss(torch.sigmoid(z), hot(z, t))]),
    slip("absolute difference", "|p − y| is another loss. It is −log p here.",
         instead=[lambda z, t: F.l1_loss(torch.softmax(z, -1), hot(z, t)),
                  lambda z, t: (torch.softmax(z, -1) - hot(z, t)).abs().sum(-1).mean()]),
    slip("hinge loss instead", "Hinge losses compare logits by a margin of 1. Cross-entropy is −log of the label's share.",
         instead=[F.multi_margin_loss, lambda z, t: (z - own(z, t).unsqueeze(-1) + 1 - hot(z, t)).clamp(min=0).sum(-1).mean()]),
    slip("binary cross-entropy of the shares",
         "Every class pays here, for “not there” as well. In cross-entropy only the label's share pays.",
         instead=[lambda z, t: F.binary_cross_entropy(torch.softmax(z, -1), hot(z, t)), lambda z, t: F.binary_cross_entropy(
             torch.softmax(z, -1), hot(z, t), reduction="sum") / len(z)]),
    slip("entropy of the prediction", "This never looks at the label: it says how undecided the model is.",
         pick=lambda p, t: p, one_hot=lambda t, z: torch.softmax(z, -1),
         instead=lambda z, t: torch.distributions.Categorical(logits=z).entropy().mean()),
    slip("weights that nobody asked for", "Each image counts the same here, whatever its class.",
         instead=[lambda z, t: F.cross_entropy(z, t, weight=1.0 + torch.arange(z.shape[-1])), lambda z, t: F.cross_entropy(
             z, t, weight=1 / t.bincount(minlength=z.shape[-1]).clamp(min=1)),
                  lambda z, t: (F.cross_entropy(z, t, reduction="none") * (t + 1)).mean()]),
    slip("one class ignored", "Class 0 is a class like the others: no mask, no ignore_index.",
         instead=[lambda z, t: F.cross_entropy(z, t, ignore_index=0),
                  lambda z, t: (F.cross_entropy(z, t, reduction="none") * (t > 0)).mean()]),
    slip("exp of the loss", "That is the perplexity. The loss stops one step before.", after=torch.exp),
    slip("accuracy instead of a loss",
         "How often the largest logit is right has no slope to learn from. A loss is −log of the label's share.",
         instead=[lambda z, t: (z.argmax(-1) == t).float().mean(), lambda z, t: (z.argmax(-1) != t).float().mean()]),
    slip("the predicted class instead of the label", "The model is asked what it thinks itself. It should pay for what it gives the label.",
         labels=lambda t, z: z.argmax(-1)),
    slip("the same label for all", "Every image has a label of its own.",
         labels=[lambda t, z: t * 0 + t[0], lambda t, z: t * 0, lambda t, z: t * 0 + 1]),
    slip("labels in reverse order", "Images and labels belong together in the order in which they come.", labels=lambda t, z: t.flip(0)),
    slip("the other classes instead of the label's", "What the label did not get is counted here. Take the label's own share.",
         pick=lambda p, t: 1 - own(p, t), one_hot=lambda t, z: 1 - hot(z, t)),
    slip("label smoothing", "The target is softened here. With plain labels it is 1 for the label and 0 elsewhere.",
         one_hot=lambda t, z: 0.9 * hot(z, t) + 0.1 / z.shape[-1]),
    slip("log of the product with the one-hot row",
         "The zeros of the one-hot row are in the logarithm, and log 0 is −inf. Log first, then multiply.",
         instead=[lambda z, t: -(hot(z, t) * torch.softmax(z, -1)).log().sum(-1).mean(),
                  lambda z, t: -(hot(z, t) * torch.softmax(z, -1)).log().mean()]),
    slip("exp missing in the log-sum-exp", "The log of the sum of *exponentials* is wanted.", logsumexp=lambda z: z.sum(-1).log()),
    slip("log missing in the log-sum-exp", "The *log* of the sum of exponentials is wanted.", logsumexp=lambda z: z.exp().sum(-1)),
    slip("the shift is not given back", "What is taken away before exp must come back after the log: max + log(sum(exp(z − max))).",
         logsumexp=[lambda z: (z - largest(z)).logsumexp(-1), lambda z: (z - z.max()).logsumexp(-1)]),
    slip("largest logit instead of log-sum-exp", "The largest alone is not the sum: the others' exponentials count too.",
         logsumexp=lambda z: z.amax(-1)),
    slip("added instead of subtracted", "The label's logit lowers the loss: subtract it.", difference=torch.add),
    slip("arguments exchanged", "Logits first, then labels.", instead=lambda z, t: F.cross_entropy(t, z)),
    *SHARE_SLIPS,
    *ACTIVATION_SLIPS,
]
SATURATED = Fault("saturation: a probability rounded to 0 before its logarithm",
                  "The share is too small for 32 bits and becomes 0, and −log 0 is inf. (A limit such as 1e-8 only "
                  "hides it.) Never compute the share: −log p is logsumexp(row) minus the label's logit.")
PRODUCT = Fault("0 · log 0", "A share rounds to 0 here; its logarithm is −inf, and 0 · −inf is nan. Picking the label's entry multiplies "
                "nothing; log_softmax never says −inf.", lambda loss: bool(loss.isnan().all()))
CROSS_ENTROPY = Task(F.cross_entropy, ["logits", "labels"], [
    (ROW, torch.tensor([1])),
    (BATCH, torch.tensor([1, 0])),
    (FOUR, torch.tensor([3, 0, 2])),
    (WIDE, torch.tensor([1, 2, 0, 0])),
    (SMALL, torch.tensor([2, 0, 2])),
    (COLUMN, torch.tensor([0, 0, 0])),
], [picked, multiplied, subtracted], CROSS_ENTROPY_STEPS, CROSS_ENTROPY_SLIPS, [
    ((torch.tensor([[60.0, -60, 0]]), torch.tensor([0])), [PRODUCT]),
    ((torch.tensor([[1000.0, 999, 0]]), torch.tensor([0])), [Fault(TOO_LARGE.name, TOO_LARGE.thought)]),
    ((torch.tensor([[-1000.0, -1001, -1002]]), torch.tensor([0])), [Fault(TOO_SMALL.name, TOO_SMALL.thought)]),
    ((torch.tensor([[0.0, -2000, 0]]), torch.tensor([1])), [SATURATED]),
    ((torch.tensor([[1000.0, 999, 0], [2, 3, 0.1]]), torch.tensor([0, 1])), [Fault(
        "shifted by the largest of the whole batch",
        "One large row pushes the exponentials of all others to 0. logsumexp(dim=1) looks after each row.")]),
], [(torch.zeros(1, 3), torch.tensor([1])), (torch.tensor([[100.0, -100, 0], [2, 3, 0.1]]), torch.tensor([1, 0])),
    (WIDE, torch.tensor([1, 2, 0, 0]))])


def check_cross_entropy(function: Callable[[Tensor, Tensor], Tensor]) -> Result:
    """Whether function(logits [N, C], labels [N]) → mean [] is cross-entropy, in nats.  Written in notebooks/02."""
    return check(function, CROSS_ENTROPY)
