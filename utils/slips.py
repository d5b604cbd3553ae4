"""Slips in the steps that functions share, whatever their topic: exp, share, sigmoid.  Those of losses stand in loss_slips.py.

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


ROUNDED = [lambda x, d=d: x.mul(10 ** d).round() / 10 ** d for d in (4, 2, 3, 5)]  # as it is printed

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
         after=[lambda x: x.flatten() if x.dim() else x, torch.squeeze, lambda x: x.squeeze(0), lambda x: x.squeeze(-1)]),
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
         **first(torch.relu)),
    slip("tanh applied first", "tanh squeezed the logits into −1 … 1. Start from the logits themselves.", **first(torch.tanh)),
    slip("absolute value of the logit", "The sign of the logit decides between yes and no: |z| loses it.", logits=torch.abs),
    slip("a temperature", "The logits were multiplied or divided by something first. Take them as they are.",
         **first(lambda z: 2 * z, lambda z: z / 2, lambda z: z / 10, lambda z: 10 * z, lambda z: z / z.shape[-1] ** 0.5)),
    slip("logits normalised first", "Logits mean something as they are: do not centre, scale or clip them.",
         **first(lambda z: z / z.sum(-1, keepdim=True), F.normalize, lambda z: standardised(z, min(1, z.shape[-1] - 1)),
                 lambda z: z.clamp(0, 1), lambda z: z.clamp(-1, 1), lambda z: z / z.max(), lambda z: standardised(z, 0),
                 lambda z: z / z.norm(), lambda z: z / z.norm(dim=-1, keepdim=True),
                 lambda z: (z - z.amin(-1, keepdim=True)) / (largest(z) - z.amin(-1, keepdim=True)))),
    slip("logits rounded first", "Rounded logits have lost what tells near classes apart.", **first(torch.round, torch.trunc)),
]
EXPS = [
    slip("base 2 instead of e", "exp and log have the base e here, not 2.", log=torch.log2, exp=torch.exp2),
    slip("base 10 instead of e", "exp and log have the base e here, not 10.", log=torch.log10, exp=lambda z: 10 ** z),
    slip("exponential missing", "The scores went in as they came, and some are negative. exp makes each positive first.",
         exp=[same, torch.abs, torch.relu]),
]
EACH = " Each row shares a 1 of its own, so there is one sum for each row: which dim, and which shape?"
# In the shares of classes that compete: exp → total → divide → share, or logsumexp in one step.
SHARING = [
    slip("normalised over the whole batch", "The sum ran over every number in the tensor." + EACH,
         total=lambda e: e.sum(), share=lambda z, p: z.flatten().softmax(0).view_as(z), logsumexp=lambda z: z.exp().sum().log()),
    slip("normalised over the wrong dim", "The images compete for each class here, and the classes should compete for each image." + EACH,
         share=lambda z, p: torch.softmax(z, 0), total=lambda e: e.sum(0, keepdim=True), logsumexp=lambda z: z.logsumexp(0),
         loss=lambda z, t, _: z.logsumexp(0).mean() - own(z, t).mean()),
    slip("keepdim missing", "The sums, or the largest, of the rows stand in a row here, not in a column, and do not meet their own rows.",
         total=lambda e: e.sum(-1), shift=lambda z: z - z.amax(-1), logsumexp=lambda z: (z - z.amax(-1)).logsumexp(-1) + z.amax(-1),
         share=lambda z, p: (z - z.amax(-1)).exp() / (z - z.amax(-1)).exp().sum(-1)),
    slip("max returned two things", "With a dim, max returns the values and their indices: one of them is wanted.",
         shift=lambda z: z - z.max(dim=-1)),
    *EXPS,
    slip("sigmoid instead of softmax", "Sigmoid asks each class by itself, so rows need not sum to 1. Here the classes share a 1.",
         share=lambda z, p: torch.sigmoid(z)),
    slip("not divided by the sum", "Exponentials are positive, and not yet shares: those of a row sum to 1.",
         divide=lambda e, total: e),
    slip("sign of the exponent turned round", "The largest logit gets the smallest share. Look for a minus in the exponent.",
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
    slip("divided by something else than the sum", "Shares are parts of a whole, and that is the sum of the row's exponentials.",
         total=[lambda e: e.mean(-1, keepdim=True), lambda e: e.sum(-1, keepdim=True) - e, lambda e: e.norm(dim=-1, keepdim=True),
                lambda e: e.log().sum(-1, keepdim=True), lambda e: e.sum(-1)[0], torch.mean,
                *(lambda e, more=more: e.sum(-1, keepdim=True) + more for more in (1, 1e-3, 1e-5, 1e-4, 1e-2))]),
]
# In a probability for each class by itself: minus → exp → plus → invert, or softplus in one step.
SIGMOIDS = [
    slip("the probability of no", "The larger the logit, the smaller the answer: look at the minus, or which of two shares was taken.",
         minus=same),
    slip("softmax instead of sigmoid", "The classes compete here. Sigmoid asks each by itself. (In a stack of z and 0, look at the dim.)",
         chance=[lambda z, p: torch.softmax(z, -1), lambda z, p: torch.softmax(z, 0)],
         softplus=[lambda x: -torch.log_softmax(-x, -1), lambda x: -torch.log_softmax(-x, 0)]),
    slip("yes and no together", "Both shares of each pair are there. One is wanted.",
         chance=[lambda z, p: torch.stack([p, 1 - p], -1), lambda z, p: torch.stack([p, 1 - p])],
         softplus=[lambda x: F.softplus(torch.stack([x, -x], -1)), lambda x: F.softplus(torch.stack([x, -x]))]),
    slip("another index than the pair's", "In which dimension do the two of a pair stand? The index belongs there, and all else is kept.",
         chance=[lambda z, p: torch.stack([p, 1 - p], -1)[:, 0], lambda z, p: torch.stack([p, 1 - p], -1)[0],
                 lambda z, p: torch.stack([p, 1 - p])[..., 0], lambda z, p: torch.softmax(torch.stack([z, z * 0]), -1)[..., 0]]),
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
         chance=[lambda z, p: (z > 0).to(z), lambda z, p: (z >= 0).to(z), lambda z, p: z > 0, lambda z, p: z >= 0,
                 lambda z, p: (z > 0).long()]),
    slip("1 − instead of 1 +", "Two probabilities, p and 1 − p, add up to 1. With this sign they do not.",
         plus=[lambda e: 1 - e, lambda e: e - 1]),
    slip("not inverted, or its brackets missing", "A sum below the line wants brackets: 1 / 1 + … divides first.",
         invert=same),
    slip("square in the exponent", "With −z² large negative logits look like large positive ones.",
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
    "labels": same, "pick": own, "one_hot": lambda t, z: hot(z, t),
    "logits": same, "minus": torch.neg, "plus": lambda e: 1 + e, "invert": lambda x: 1 / x, "chance": lambda z, p: p,
    "softplus": F.softplus,
    "rounding": same, "log": torch.log, "sign": torch.neg, "reduce": lambda x, *_: x.mean(), "loss": lambda z, t, x: x}
