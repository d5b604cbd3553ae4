"""Slips in the steps that functions share, whatever their topic: exp, share, sigmoid, log, pick, reduce.

A slip stands in the place of a step; what is right in each step stands at the end.  A topic's check picks the lists whose steps its
ways take, and puts the slips that only it knows before them.  Those that beginners make more often come first in each list.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F


class Slip(NamedTuple):
    """A slip by its name, the line of thought that mends it, and its forms: what stands in the place of which step."""

    name: str
    thought: str
    forms: list[tuple[str, Callable]]


def slip(name: str, thought: str, **steps: Callable | list[Callable]) -> Slip:
    return Slip(name, thought, [(step, form) for step, forms in steps.items() for form in (forms if isinstance(forms, list) else [forms])])


class Fault(NamedTuple):
    """What an extreme input tells of a function that is right on ordinary ones; shows: whether an answer has this fault."""

    name: str
    thought: str
    shows: Callable[[Tensor], bool] = lambda answer: not bool(answer.isfinite().all())


def same(x, *_):
    return x


def largest(z: Tensor) -> Tensor:
    return z.amax(-1, keepdim=True)


def own(p: Tensor, labels: Tensor) -> Tensor:
    """From each row, the entry of its label."""
    return p[torch.arange(len(labels)), labels]


def hot(z: Tensor, t: Tensor) -> Tensor:
    return F.one_hot(t, z.shape[-1]).to(z)


def standardised(z: Tensor, correction: int) -> Tensor:
    return (z - z.mean(-1, keepdim=True)) / z.std(-1, keepdim=True, correction=correction)


ROUNDED = [lambda x, d=d: x.mul(10 ** d).round() / 10 ** d for d in (4, 3, 2, 5)]  # as it is printed

# In what is handed back, which any function can have.
GENERAL = [
    slip("minus missing or too much", "Every sign is turned round.", after=torch.neg),
    slip("rounded on the way", "Four decimals are for reading. Compute with all of them.", after=ROUNDED),
    slip("whole numbers where fractions are wanted", "The fractions were cut or rounded off: look for int, long, round or //.",
         after=[torch.Tensor.long, torch.round, torch.trunc, lambda x: x.round().long()]),
    slip("yes or no where numbers are wanted", "True and False have lost the numbers: look for a comparison, or bool.",
         after=torch.Tensor.bool),
    slip("16 bits", "Half precision keeps three digits. Compute in 32 bits.", after=[torch.Tensor.half, torch.Tensor.bfloat16]),
    slip("a dimension lost", "The numbers are right, their shape is not: look for squeeze, flatten, an index, or a sum without keepdim.",
         after=[torch.flatten, torch.squeeze, lambda x: x.squeeze(0), lambda x: x.squeeze(-1)]),
    slip("a dimension too many", "The numbers are right, their shape is not: look for unsqueeze, keepdim, or brackets too many.",
         after=[lambda x: x.unsqueeze(0), lambda x: x.unsqueeze(-1), lambda x: x.unsqueeze(min(1, x.dim())),
                lambda x: x.reshape(1, 1) if x.numel() == 1 else x]),
    slip("the first row only", "The other rows are not in the answer: look for an index 0, or a return inside a loop.",
         after=[lambda x: x[0], lambda x: x[:1]]),
    slip("rows and columns exchanged", "What should stand in rows stands in columns.", after=lambda x: x.T if x.dim() == 2 else x.flip(0)),
    slip("a list instead of a tensor", "The numbers are the thing, their container is not: make a tensor of them.",
         after=torch.Tensor.tolist),
    slip("a NumPy array instead of a tensor", "Whoever calls this wants a tensor: torch.from_numpy(…), or torch throughout.",
         after=lambda x: x.detach().numpy() if x.dim() else x),
    slip("1 minus the answer", "What comes out is 1 minus what is wanted.", after=lambda x: 1 - x),
    slip("a factor of 2", "Every number is twice, or half, what it should be.", after=[lambda x: 2 * x, lambda x: x / 2]),
]


def first(*forms: Callable) -> dict:
    """Done to the logits before anything else, of classes that compete (scores) and of those that do not."""
    return {"scores": list(forms), "logits": list(forms)}


FIRST = [
    slip("softmax applied twice", "A softmax was applied first, and the formula (or F.cross_entropy) applies another. Start from the "
         "logits.", scores=lambda z: torch.softmax(z, -1)),
    slip("softmax applied first", "Shares were handed over as logits. Start from the logits themselves.",
         logits=lambda z: torch.softmax(z, -1)),
    slip("sigmoid applied twice", "The first sigmoid has made a probability already. logsigmoid and losses “with logits” have another "
         "inside.", logits=torch.sigmoid),
    slip("sigmoid applied first", "A sigmoid squeezed the logits into 0 … 1 first. Start from the logits themselves.",
         scores=torch.sigmoid),
    slip("relu applied first", "relu made all negative logits 0. Logits may be negative.",
         **first(torch.relu, lambda z: F.leaky_relu(z, 0.01))),
    slip("tanh applied first", "tanh squeezed the logits into −1 … 1. Start from the logits themselves.", **first(torch.tanh)),
    slip("absolute value of the logit", "The sign of the logit decides between yes and no: |z| loses it.", logits=torch.abs),
    slip("a temperature", "The logits were multiplied or divided by something first. Take them as they are.",
         **first(lambda z: 2 * z, lambda z: z / 2, lambda z: z / 10, lambda z: 10 * z, lambda z: z / z.shape[-1] ** 0.5)),
    slip("logits normalised first", "Logits mean something as they are: do not centre, scale or clip them.",
         **first(lambda z: z / z.sum(-1, keepdim=True), F.normalize, lambda z: standardised(z, min(1, z.shape[-1] - 1)),
                 lambda z: z.clamp(0, 1), lambda z: z.clamp(-1, 1), lambda z: z / z.max(), lambda z: standardised(z, 0),
                 lambda z: (z - z.amin(-1, keepdim=True)) / (largest(z) - z.amin(-1, keepdim=True)))),
    slip("logits rounded first", "Rounded logits have lost what tells near classes apart.", **first(torch.round, torch.trunc)),
]
EXPS = [
    slip("base 2 instead of e", "exp and log have the base e here, not 2.", exp=torch.exp2, log=torch.log2),
    slip("base 10 instead of e", "exp and log have the base e here, not 10.", exp=lambda z: 10 ** z, log=torch.log10),
    slip("exponential missing", "The scores went in as they came, and some are negative. exp makes each positive first.",
         exp=[same, torch.abs, torch.relu]),
]
EACH = " Each row shares a 1 of its own, so there is one sum for each row: which dim, and which shape?"
# In the shares of classes that compete: exp → total → divide → share, or logsumexp in one step.
SHARING = [
    slip("normalised over the whole batch", "The sum ran over every number in the tensor." + EACH,
         total=lambda e: e.sum(), share=lambda z, p: (z - z.max()).exp() / (z - z.max()).exp().sum(),
         logsumexp=lambda z: z.exp().sum().log()),
    slip("normalised over the wrong dim", "The images compete for each class here, and the classes should compete for each image." + EACH,
         share=lambda z, p: torch.softmax(z, 0), total=lambda e: e.sum(0, keepdim=True), logsumexp=lambda z: z.logsumexp(0)),
    slip("keepdim missing", "The sums, or the largest, of the rows stand in a row here, not in a column, and do not meet their own rows.",
         total=lambda e: e.sum(-1), shift=lambda z: z - z.amax(-1), logsumexp=lambda z: (z - z.amax(-1)).logsumexp(-1) + z.amax(-1),
         share=lambda z, p: (z - z.amax(-1)).exp() / (z - z.amax(-1)).exp().sum(-1)),
    slip("max returned two things", "With a dim, max returns the values and their indices: one of them is wanted.",
         shift=[lambda z: z - z.max(dim=-1, keepdim=True), lambda z: z - z.max(dim=-1)]),
    *EXPS,
    slip("sigmoid instead of softmax", "Sigmoid asks each class by itself, so rows need not sum to 1. Here the classes share a 1.",
         share=lambda z, p: torch.sigmoid(z)),
    slip("not divided by the sum", "Exponentials are positive, and not yet shares: divide each by the sum of its row.",
         divide=lambda e, total: e),
    slip("sign of the exponent turned round", "The largest logit gets the smallest share. It is exp(z), not exp(−z).",
         scores=torch.neg, exp=lambda z: (-z).exp()),
    slip("shifted in one place only", "The shift cancels only if the exponentials above and below the line are both shifted.",
         share=[lambda z, p, above=above, below=below: (z - above(z)).exp() / (z - below(z)).exp().sum(-1, keepdim=True)
                for most in (largest, torch.max) for above, below in ((most, torch.zeros_like), (torch.zeros_like, most))]),
    slip("shifted after the exponential", "Taken away after exp, the largest changes every share. Only before it does nothing change.",
         exp=[lambda z: z.exp() - largest(z.exp()), lambda z: z.exp() - z.exp().max(), lambda z: z.exp() - largest(z),
              lambda z: z.exp() - z.max()]),
    slip("divided by the largest logit instead of shifted", "Dividing changes the differences of the logits, and only they count.",
         shift=[lambda z: z / largest(z), lambda z: z / z.max()]),
    slip("another shift for each class", "What is taken from a row is the same for all its classes: its own largest.",
         shift=lambda z: z - z.amax(0)),
    slip("another function instead of exp", "Exponentials are divided by their sum, not squares, sigmoids or the like.",
         exp=[torch.square, torch.sigmoid, F.softplus, torch.expm1]),
    slip("divided by something else than the sum", "A share is own to all: divide by the plain sum of the row, and add nothing to it.",
         total=[lambda e: e.mean(-1, keepdim=True), lambda e: e.sum(-1, keepdim=True) + 1, torch.mean,
                lambda e: e.sum(-1, keepdim=True) - e, lambda e: e.norm(dim=-1, keepdim=True),
                *(lambda e, more=more: e.sum(-1, keepdim=True) + more for more in (1e-3, 1e-5, 1e-4, 1e-2))]),
]
# In log-sum-exp minus the label's logit, and in the product with one-hot rows.
LOGSUMEXP = [
    slip("the label's logit missing", "This is the log of the sum alone, and never looks at the label.",
         difference=lambda logit, total: -total),
    slip("log-softmax missing", "This is the label's logit, or minus that. nll_loss, too, only picks: from logarithms.",
         difference=[lambda logit, total: logit, lambda logit, total: -logit]),
    slip("added instead of subtracted", "A high logit of the label should make the loss small: one of the two is subtracted.",
         difference=[lambda logit, total: -(logit + total), torch.add]),
    slip("a column met a row", "The sums kept their dimension and the picked logits lost it, so every sum met every logit.",
         difference=lambda logit, total: logit - total.unsqueeze(-1)),
    slip("logsumexp without its dim", "It wants to know along which dimension: there is one sum for each row.",
         logsumexp=[lambda z: torch.logsumexp(z), lambda z: z.logsumexp()]),
    slip("mean over one term only", "One term is a mean or a sum, the other has a number for each image: average the difference.",
         loss=[lambda z, t, _: z.logsumexp(-1) - own(z, t).mean(), lambda z, t, _: z.logsumexp(-1).mean() - own(z, t)],
         difference=[lambda logit, total: logit.sum() - total, lambda logit, total: logit - total.sum()]),
    slip("exp missing in the log-sum-exp", "The log of the sum of *exponentials* is wanted.", logsumexp=lambda z: z.sum(-1).log()),
    slip("log missing in the log-sum-exp", "The *log* of the sum of exponentials is wanted.", logsumexp=lambda z: z.exp().sum(-1)),
    slip("exponential taken twice", "logsumexp and logaddexp take the exponentials themselves: hand them what stands before exp.",
         logsumexp=lambda z: z.exp().logsumexp(-1), softplus=lambda z: F.softplus(z.exp())),
    slip("the shift is not given back", "What is taken away before exp must come back after the log.",
         logsumexp=[lambda z: (z - largest(z)).logsumexp(-1), lambda z: (z - z.max()).logsumexp(-1)]),
    slip("largest logit instead of log-sum-exp", "The largest alone is not the sum: the others' exponentials count too.",
         logsumexp=lambda z: z.amax(-1)),
    slip("mean over images and classes", "It is divided by images times classes: a mean counts the other classes' zeros, numel() all "
         "logits.", reduce=lambda x, z, *_: x.mean() / z.shape[-1], classes=[lambda x: x.mean(-1), same]),
    slip("label smoothing", "The target is softened here. With plain labels it is 1 for the label and 0 elsewhere.",
         one_hot=lambda t, z: 0.9 * hot(z, t) + 0.1 / z.shape[-1]),
]
# In which entry of a row is the label's.
LABELLING = [
    slip("off by one class", "Labels are indices, and the first class is 0. Take the label as it is.",
         labels=[lambda t, n, *_: (t + 1) % n, lambda t, *_: t - 1, lambda t, *_: t + 1, lambda t, *_: (t - 1).clamp(min=0),
                 lambda t, n, *_: (t + 1).clamp(max=n - 1), lambda t, n, *_: (t - 1) % n],
         columns=[lambda n, t: n + 1, lambda n, t: n - 1]),
    slip("labels taken from the first row only", "The index 0 reads row 0 for every label. Each label has a row of its own.",
         pick=lambda p, t: p[0, t]),
    slip("rows picked instead of entries", "logits[labels] takes whole rows. One entry of each row is wanted: say row and column.",
         pick=lambda p, t: p[t]),
    slip("every image with every label", "p[:, labels] takes all labels from every row. One of each row is wanted.",
         pick=lambda p, t: p[:, t], difference=lambda logit, total: logit.unsqueeze(-1) - total,
         loss=lambda z, t, _: -z.log_softmax(-1)[:, t].sum() / len(t)),
    slip("all classes counted", "Only the label's probability counts here: pick it, or let a one-hot row make the others 0.",
         pick=lambda p, t: p, one_hot=lambda t, z: 1),
    slip("entropy of the prediction", "This never looks at the label: it says how undecided the model is.",
         one_hot=lambda t, z: torch.softmax(z, -1),
         loss=lambda z, t, _: torch.distributions.Categorical(logits=z).entropy().mean()),
    slip("the predicted class instead of the label", "The model is asked what it thinks itself. It should pay for what it gives the label.",
         labels=lambda t, n, z=None, *_: z.argmax(-1)),
    slip("the same label for all", "Every image has a label of its own.", labels=[lambda t, *_: t * 0 + t[0], lambda t, *_: t * 0]),
    slip("labels in reverse order", "Images and labels belong together in the order in which they come.", labels=lambda t, *_: t.flip(0)),
    slip("the other classes instead of the label's", "What the label did not get is counted here. Take the label's own share.",
         pick=lambda p, t: 1 - own(p, t), one_hot=lambda t, z: 1 - hot(z, t)),
]
LIMITS = [1e-7, 1e-8, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-9, 1e-10, 1e-12, 1e-15]
LOGS = [
    slip("minus missing", "The logarithm of a probability is negative, and a loss is not. (logaddexp and softplus are not negative.)",
         sign=same, join=torch.add),
    slip("log missing", "A probability is not its logarithm yet: one step is missing.", log=[same, torch.neg, lambda p: p - 1]),
    slip("probabilities expected where logits came", "The logarithm was taken of a logit, which can be any number.",
         **{step: [lambda z, p: z, lambda z, p: z.clamp(1e-7, 1), lambda z, p: z.clamp(1e-12, 1), lambda z, p: z.clamp(1e-7, 1 - 1e-7),
                   lambda z, p: z.clamp(min=1e-7), lambda z, p: z + 1e-7] for step in ("share", "chance")}),
    slip("mean before the logarithm", "The logarithm of a mean is not the mean of the logarithms: which comes first?",
         log=lambda p: p.mean().log()),
    slip("rounded before the logarithm", "Four decimals are for reading. Small probabilities lose most by rounding, and cost most.",
         rounding=ROUNDED),
    slip("log1p instead of log", "log1p is log(1 + p), and so is log(p + 1). Take the logarithm of p itself.", log=torch.log1p),
    slip("a limit inside the logarithm", "A small number added, or a clamp, changes small probabilities, and they cost most.",
         log=[form for limit in LIMITS for form in (
             lambda p, limit=limit: (p + limit).log(), lambda p, limit=limit: p.clamp(min=limit).log(),
             lambda p, limit=limit: p.clamp(limit, 1 - limit).log())]),
    slip("weighted by a probability", "Plain −log p is wanted: −p log p is an entropy's term, (1 − p)² log p the focal loss's.",
         log=[lambda p: p * p.log(), *(lambda p, a=a, k=k: a * (1 - p) ** k * p.log() for a, k in ((1, 2), (1, 1), (0.25, 2)))]),
]
# From the losses, then the logits, to one number.
REDUCING = [
    slip("sum instead of mean", "The loss should not grow with the batch: mean(), not sum().", reduce=lambda x, *_: x.sum()),
    slip("no reduction", "There is one loss for each of several things here, and one number is wanted.",
         reduce=[same, lambda x, *_: x.unsqueeze(-1), lambda x, *_: x.unsqueeze(0)]),
    slip("one image only", "Only one image's loss comes out: look for = where += belongs, for an index, or for a return inside the loop.",
         reduce=[lambda x, *_: x[-1].mean(), lambda x, *_: x[0].mean(), lambda x, z, *_: x[-1].sum() / len(z),
                 lambda x, z, *_: x[0].sum() / len(z)]),
    slip("divided by the classes instead of the images", "The mean is over the images: their number is len(labels).",
         reduce=lambda x, z, *_: x.sum() / z.shape[-1]),
    slip("largest instead of mean", "One loss stands for all here.", reduce=[lambda x, *_: x.max(), lambda x, *_: x.min()]),
    slip("divided twice", "The mean has divided already.", reduce=[lambda x, z, *_: x.mean() / len(z), lambda x, *_: x.mean() / x.numel()]),
    slip("divided by a fixed number", "A number is written down here that fits one batch only.",
         reduce=[lambda x, *_, k=k: x.sum() / k for k in (3, 2, 4)]),
]
# In a probability for each class by itself: minus → exp → plus → invert, or softplus in one step.
SIGMOIDS = [
    slip("the probability of no", "The larger the logit, the smaller the answer: look at the minus, or which of two shares was taken.",
         minus=same),
    slip("softmax instead of sigmoid", "The classes compete here. Sigmoid asks each logit by itself: in a stack of z and 0, along which "
         "dimension?", chance=[lambda z, p: torch.softmax(z, -1), lambda z, p: torch.softmax(z, 0)],
         softplus=[lambda x: -torch.log_softmax(-x, -1), lambda x: -torch.log_softmax(-x, 0)]),
    slip("yes and no together", "Both shares of each pair are there. One is wanted.",
         chance=[lambda z, p: torch.stack([p, 1 - p], -1), lambda z, p: torch.stack([p, 1 - p])],
         softplus=[lambda x: F.softplus(torch.stack([x, -x], -1)), lambda x: F.softplus(torch.stack([x, -x]))]),
    slip("cat instead of stack", "cat puts all logits in one row, where they compete. Each wants a pair of its own, in a new dimension.",
         chance=[lambda z, p: torch.softmax(torch.cat([z, z * 0], -1), -1)[..., :z.shape[-1]],
                 lambda z, p: torch.softmax(torch.cat([z, z * 0], -1), -1)[..., 0],
                 lambda z, p: torch.softmax(torch.cat([z, z * 0]), 0)[:len(z)], lambda z, p: torch.softmax(torch.cat([z, z * 0], -1), -1),
                 lambda z, p: torch.softmax(torch.cat([z, z * 0]), 0)]),
    slip("a pair of z and 1", "The 1 in 1 + exp(−z) is an exponential already: of which number?",
         chance=lambda z, p: torch.sigmoid(z - 1), softplus=lambda z: F.softplus(z - 1) + 1),
    slip("the sigmoid of 2 z", "A pair of z and −z gives this, and so does (tanh(z) + 1) / 2: z counts twice.",
         chance=[lambda z, p: (torch.tanh(z) + 1) / 2, lambda z, p: torch.sigmoid(2 * z)]),
    slip("normalised", "Sigmoids need not sum to 1: each is an answer of its own. Leave out the division by the sum.",
         chance=[lambda z, p: p / p.sum(-1, keepdim=True), lambda z, p: p / p.sum(), lambda z, p: torch.softmax(p, -1)]),
    slip("1 + missing", "1 / exp(−z) has no upper end: something is added below the line.", plus=same),
    slip("tanh instead of sigmoid", "tanh runs from −1 to 1. A probability runs from 0 to 1.",
         chance=[lambda z, p: torch.tanh(z), lambda z, p: torch.tanh(z / 2)]),
    slip("all or nothing", "These are answers, yes or no. Sigmoid gives the probability before anything is decided.",
         chance=[lambda z, p: (z >= 0).to(z), lambda z, p: (z > 0).to(z), lambda z, p: z > 0, lambda z, p: z >= 0,
                 lambda z, p: (z > 0).long()]),
    slip("1 − instead of 1 +", "Two probabilities, p and 1 − p, add up to 1. With this sign they do not.",
         plus=[lambda e: 1 - e, lambda e: e - 1]),
    slip("not inverted, or its brackets missing", "1 + exp(−z) stands below the line, and wants brackets there: 1 / 1 + … divides first.",
         invert=same),
    slip("square in the exponent", "The exponent is −z. With −z² large negative logits look like large positive ones.",
         minus=lambda z: -z * z),
    *EXPS,
    slip("a hard sigmoid", "Straight lines only resemble the S-curve, which has an exponential in it.",
         chance=[lambda z, p: F.hardsigmoid(z), lambda z, p: z.clamp(0, 1), lambda z, p: (0.2 * z + 0.5).clamp(0, 1),
                 lambda z, p: (z / 4 + 0.5).clamp(0, 1)]),
    slip("another activation", "That is a layer's activation, not a probability: it can be below 0 or above 1.",
         chance=[lambda z, p, f=f: f(z) for f in (torch.relu, F.silu, F.softplus, F.gelu, F.leaky_relu, F.elu, F.softsign)]),
    slip("sigmoid's slope", "σ (1 − σ), or x (1 − x) of an output x, is the derivative. The probability itself is wanted.",
         chance=[lambda z, p: p * (1 - p), lambda z, p: z * (1 - z)]),
    slip("the way back", "log(p / (1 − p)) makes a logit of a probability. Sigmoid makes a probability of a logit.",
         chance=lambda z, p: (z / (1 - z)).log()),
    slip("the logits as they came", "Nothing was done to the logits.", chance=same),
]

# What is right in each step.
STEPS = {
    "scores": same, "shift": lambda z: z - largest(z), "exp": torch.exp, "total": lambda e: e.sum(-1, keepdim=True), "divide": torch.div,
    "share": lambda z, p: p, "logsumexp": lambda z: z.logsumexp(-1), "difference": torch.sub,
    "labels": same, "pick": own, "one_hot": lambda t, z: hot(z, t), "classes": lambda x: x.sum(-1),
    "logits": same, "minus": torch.neg, "plus": lambda e: 1 + e, "invert": lambda x: 1 / x, "chance": lambda z, p: p,
    "softplus": lambda z: (1 + z.exp()).log(),
    "rounding": same, "log": torch.log, "sign": torch.neg, "reduce": lambda x, *_: x.mean(), "loss": lambda z, t, x: x}
