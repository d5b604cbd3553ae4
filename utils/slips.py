"""Slips in the steps that functions share, whatever their topic.  A slip is code that stands in the place of a step.

What is right in each step stands first.  The slips stand in tables, those that beginners make more often first; those that only one
topic knows stand beside its check.
"""

import ast
import builtins
import inspect
import math
import re
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


class Fault(NamedTuple):
    """What one input tells of a function that is right on all before; shows(answer, logits): whether an answer has this fault."""

    name: str
    thought: str
    shows: Callable[[Tensor, Tensor], bool]


def largest(z: Tensor) -> Tensor:
    return z.amax(-1, keepdim=True)


def smallest(z: Tensor) -> Tensor:
    return z.amin(-1, keepdim=True)


def summed(e: Tensor) -> Tensor:
    return e.sum(-1, keepdim=True)


def own(p: Tensor, t: Tensor) -> Tensor:
    """From each row, the entry of its label."""
    return p[torch.arange(len(t)), t]


def hot(z: Tensor, t: Tensor) -> Tensor:
    return F.one_hot(t, z.shape[-1]).to(z)


def binary(z: Tensor, y: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(z, y, reduction="none")


# What is right in each step, and what a slip in it is given: logits z, probabilities p, labels t of n classes, exponentials e.
STEPS = {
    "scores": lambda z: z, "shift": lambda z: z - largest(z), "exp": lambda z: z.exp(), "total": lambda e: summed(e),
    "divide": lambda e, total: e / total, "share": lambda z, p: p, "logsumexp": lambda z: z.logsumexp(-1),
    "labels": lambda t, n, z=None: t, "columns": lambda n, t: n, "target": lambda t, n: F.one_hot(t, n),
    "pick": lambda p, t: own(p, t), "one_hot": lambda t, z: hot(z, t), "difference": lambda logit, total: logit - total,
    "join": lambda there, away: -(there + away),
    "logits": lambda z: z, "minus": lambda z: -z, "plus": lambda e: 1 + e, "invert": lambda x: 1 / x, "chance": lambda z, p: p,
    "softplus": lambda z: F.softplus(z),
    "rounding": lambda p, z: p, "log": lambda p: p.log(), "sign": lambda x: -x, "reduce": lambda x, z: x.mean(), "loss": lambda z, t, x: x,
    "after": lambda x: x}
# Code in one of these steps that does not use what came before, the first here, begins anew: of the steps before, it heeds the others here.
ANEW = {"share": ("p", "scores", "labels"), "chance": ("p", "logits", "targets"), "terms": ("x", "logits", "targets"),
        "loss": ("x", "labels"), "result": ("x", "labels", "targets"), "step": ("g",)}
KNOWN = {**vars(builtins), **vars(F), **vars(torch), **{known.__name__: known for known in (largest, smallest, summed, own, hot, binary)}}


def slips(table: str, steps: dict[str, Callable] = {}, **names) -> list[Slip]:  # noqa: B006, it is only read
    """Slips out of a table: a line of thought, and under it, indented, what it mends: name | step: code | code | step, step: code.

    "for k in" makes a form of each.  steps: {step: what is right}, of those that are not among STEPS.  The code may use what its step is
    given, the functions above, torch's, Python's where torch has none of that name, and names.
    Raises ValueError where a line is not of this form, or its code uses something else.
    """
    found, steps, known = [], {**STEPS, **steps}, {**KNOWN, **names}
    for line in table.strip().splitlines():
        if not line.startswith(" ") and " | " not in line:
            thought = line
            continue
        name, *pieces = line.strip().split(" | ")
        forms, where = [], []
        for piece in pieces:
            named, code, values = re.match(r"(?:([a-z_, ]+): )?(.*?)(?: for k in (.*))?$", piece).groups()
            where = named.split(", ") if named else where
            for step in where:
                if step not in steps:
                    raise ValueError(f"{line!r}: there is no step {step!r}")
                given = [*inspect.signature(steps[step]).parameters]
                nodes = list(ast.walk(ast.parse(code)))
                used = {node.id for node in nodes if isinstance(node, ast.Name)} - {node.arg for node in nodes if isinstance(node, ast.arg)}
                if unknown := used - {*given, *known, *("k" if values else "")}:
                    raise ValueError(f"{line!r}: {step} is given {', '.join(given)}, and nothing is called {', '.join(unknown)}")
                for form in eval(f"[lambda {'=None, '.join(given)}=None, *_, k=k: {code} for k in {values or [0]}]", known):
                    anew = step in ANEW and ANEW[step][0] not in used
                    form.heeds = ANEW[step][1:] if anew else None
                    forms.append((step, form))
        if not forms or not line.startswith(" "):
            raise ValueError(f"{line!r}: wanted is an indented line, name | step: code")
        found.append(Slip(name, thought, forms))
    return found


SHARED = slips("""
The loss should not grow with the batch: the same images twice should cost what they cost once.
    sum instead of mean | reduce: x.sum()
There are several losses here, and one number is wanted.
    no reduction | reduce: x | x.unsqueeze(-1) | x.unsqueeze(0)
One image's loss stands for all. (Look for = where += belongs, for an index, for a return inside the loop.)
    one image only | reduce: x[k].mean() for k in (-1, 0) | x[k].sum() / len(z) for k in (-1, 0) | x.flatten()[k] for k in (-1, 0) \
| x.flatten()[k] / x.numel() for k in (-1, 0) | x[k].sum() / x.numel() for k in (-1, 0)
    another number than the mean | reduce: x.max() | x.min() | x.median() | x.std()
An image is not in the mean: where does the loop, or the slice, begin and end?
    one image left out | reduce: x[1:].mean() | x[:-1].mean() | x[1:].sum() / len(x) | x[:-1].sum() / len(x)
The logarithm of a probability is negative, and a loss is not. One minus turns it round, and one is enough.
    a minus missing, or one too many | sign: x | join: there + away
    1 − instead of a minus | sign: 1 - x | 1 + x
The logarithm was taken of a logit, which can be any number.
    probabilities expected where logits came | rounding: z | z.clamp(k, 1) for k in (1e-7, 1e-12, 0) | z.clamp(min=1e-7) \
| z.clamp(1e-7, 1 - 1e-7) | z + 1e-7
The logarithm of the probability itself is wanted, neither p nor log(1 + p).
    log missing | log: p | -p | p - 1
    log1p instead of log | log: p.log1p() | logsumexp: z.exp().sum(-1).log1p()
The formula starts from the logits themselves, and so do F.cross_entropy, logsigmoid and losses “with logits”.
    softmax applied twice | scores: softmax(z, -1)
    softmax applied first | logits: softmax(z, -1)
    sigmoid applied twice | logits: z.sigmoid()
    sigmoid applied first | scores: z.sigmoid()
    relu applied first | scores, logits: z.relu()
    tanh applied first | scores, logits: z.tanh()
This never looks at the label.
    the label's logit missing | difference: -total
    entropy of the prediction | one_hot: softmax(z, -1) | loss: torch.distributions.Categorical(logits=z).entropy().mean()
This is the label's logit, or minus that. (nll_loss only picks, and wants logarithms to pick from.)
    log-softmax missing | difference: logit | -logit
A high logit should make the loss small, for each image by itself: one term is subtracted, and the mean comes last.
    added instead of subtracted | difference: -(logit + total) | logit + total
    divided or multiplied instead of subtracted | difference: (logit / total).log() | logit / total | -logit * total
    mean over one term only | loss: z.logsumexp(-1) - own(z, t).mean() | z.logsumexp(-1).mean() - own(z, t) \
| difference: logit.sum() - total | logit - total.sum()
The sums kept their dimension and the picked logits lost it, so every sum met every logit.
    a column met a row | difference: logit - total.unsqueeze(-1)
Each row shares a 1 of its own, so there is one sum for each row. Over which numbers does the sum here run?
    logsumexp without its dim | logsumexp: logsumexp(z) | z.logsumexp()
    only the labels' logits compete | loss: -own(z, t).log_softmax(0).mean()
    normalised over the whole batch | total: e.sum() | share: z.flatten().softmax(0).view_as(z) | logsumexp: z.exp().sum().log()
The images compete for each class here, and the classes should compete for each image: along which dim?
    normalised over the wrong dim | share: softmax(z, 0) | total: e.sum(0, keepdim=True) | logsumexp: z.logsumexp(0) \
| loss: z.logsumexp(0).mean() - own(z, t).mean()
The row sums, or the row maxima, stand in a row here, not in a column, and do not meet their own rows.
    keepdim missing | total: e.sum(-1) | shift: z - z.amax(-1) | logsumexp: (z - z.amax(-1)).logsumexp(-1) + z.amax(-1) \
| share: (z - z.amax(-1)).exp() / (z - z.amax(-1)).exp().sum(-1)
Log, sum and exp, each once and over all classes: which is missing, or too many?
    exp missing in the log-sum-exp | logsumexp: z.sum(-1).log() | z.sum(-1)
    log missing in the log-sum-exp | logsumexp: z.exp().sum(-1)
    exponential taken twice | logsumexp: z.exp().logsumexp(-1)
    largest logit instead of log-sum-exp | logsumexp: z.amax(-1)
What is taken away before exp must come back after the log.
    the shift is not given back | logsumexp: (z - largest(z)).logsumexp(-1) | (z - z.max()).logsumexp(-1) \
| z.logsumexp(-1) - z.amax(-1) | (z - largest(z)).logsumexp(-1) - z.amax(-1) | softplus: softplus(z) - z.relu()
The mean is over the images: divide once, by how many they are. (A mean counts the zeros of the other classes, too.)
    mean over images and classes | reduce: x.mean() / z.shape[-1]
    divided by the classes instead of the images | reduce: x.sum() / z.shape[-1]
    divided twice | reduce: x.mean() / len(z) | x.mean() / x.numel()
    divided by a fixed number | reduce: x.sum() / k for k in (3, 2, 4) | x.sum() / len(z) / 3
Each image has a label of its own, an index: take it as it is. The first class is 0.
    off by one class | labels: (t + 1) % n | (t - 1) % n | t - 1 | t + 1 | (t - 1).clamp(min=0) | (t + 1).clamp(max=n - 1)
    the predicted class instead of the label | labels: z.argmax(-1) | pick: p.amax(-1)
    the same label for all | labels: t * 0 + t[0] | t * 0 + k for k in (0, 1, 2)
    labels in another order | labels: t.flip(0) | t.roll(k) for k in (1, -1) | t.sort()[0]
One entry of each row counts, that of its label: which row, and which column?
    labels taken from the first row only | pick: p[0, t]
    rows picked instead of entries | pick: p[t] | p.gather(0, t.unsqueeze(0))
    row and column exchanged in the index | pick: p[t, arange(len(t))] | p[t, t] | p[arange(p.shape[-1]), t]
    every image with every label | pick: p[:, t] | difference: logit.unsqueeze(-1) - total | one_hot: hot(z, t).amax(0) \
| loss: -z.log_softmax(-1)[:, t].sum() / len(t) | target: one_hot(t, n).amax(0)
    all classes counted | pick: p | p.sum(-1) | p.mean(-1) | one_hot: 1
    the label as a factor | one_hot: t | t.unsqueeze(-1)
    the other classes instead of the label's | pick: 1 - own(p, t) | one_hot: 1 - hot(z, t)
How many classes there are, the shape says: three is only this example.
    number of classes fixed | scores: z[..., :3] | z[..., [0, 1, 2]] | total: summed(e[..., :3]) | one_hot: one_hot(t, 3) \
| logsumexp: z[..., :3].logsumexp(-1) | z[..., [0, 1, 2]].logsumexp(-1)
The largest label of the batch, or how many labels there are, does not say how many classes there are.
    num_classes not used | columns: t.max().item() + 1 | len(t) | one_hot: one_hot(t)
With plain labels the target is 1 for the label and 0 elsewhere.
    label smoothing | one_hot: 0.9 * hot(z, t) + 0.1 / z.shape[-1]
With a dim, max returns the values and their indices: one of them is wanted.
    max returned two things | shift: z - z.max(dim=-1)
exp and log have the base e here.
    base 2 instead of e | log: p.log2() | exp: z.exp2() \
| logsumexp: z.exp2().sum(-1).log2() | z.exp().sum(-1).log2() | softplus: (1 + z.exp2()).log2()
    base 10 instead of e | log: p.log10() | exp: 10 ** z
    e cut off after a few digits | exp: k ** z for k in (2.718, 2.7183, 2.71, 2.7)
Scores may be negative, and shares may not. exp makes each positive and keeps their order.
    exponential missing | exp: z | z.abs() | z.relu()
Sigmoid asks each class by itself, so rows need not sum to 1. Here the classes share a 1.
    sigmoid instead of softmax | share: z.sigmoid()
Shares are parts of a whole, and that is the sum of the row's own exponentials, of all and of nothing else.
    not divided by the sum | divide: e
    upside down | divide: total / e
    divided by another row's sum | total: summed(e)[k] for k in (0, -1) | summed(e).cumsum(0)
    divided by something other than the sum | total: e.mean(-1, keepdim=True) | summed(e) - e | e.norm(dim=-1, keepdim=True) \
| summed(e.log()) | e.shape[-1] | e[..., -1:] | e.mean() | e.cumsum(-1) | summed(e) + k for k in (1, 1e-3, 1e-5, 1e-4, 1e-2)
The larger the logit, the larger should be what it gets: look for a minus in the exponent, or which of two shares was taken.
    the probability of no | minus: z
    sign of the exponent turned round | scores: -z | exp: (-z).exp()
With −z² large negative logits look like large positive ones.
    square in the exponent | minus: -z * z
Subtract one number for each row, the same in the exponentials and in their sum. Nothing else leaves the shares as they are.
    shifted in one place only | share: (z - k(z)).exp() / summed(z.exp()) for k in (largest, amax) \
| z.exp() / summed((z - k(z)).exp()) for k in (largest, amax)
    shifted after the exponential | exp: z.exp() - k(z.exp()) for k in (largest, amax) | z.exp() - k(z) for k in (largest, amax)
    divided by the largest logit instead of shifted | shift: z / largest(z) | z / z.max()
    another shift for each class | shift: z - z.amax(0)
What is shared out here are exponentials, and nothing else of the logits.
    another function instead of exp | exp: z ** 2 | (z * z).exp() | z.sigmoid() | softplus(z) | z.expm1()
The classes compete here. Sigmoid asks each by itself. (If there are pairs of z and 0: along which dim do the two of a pair lie?)
    softmax instead of sigmoid | chance: softmax(z, -1) | softplus: -log_softmax(-z, -1) | plus: 1 + summed(e)
    normalised | chance: p / summed(p) | p / p.sum() | softmax(p, -1)
The images compete here. If there are pairs of z and 0: along which dim do the two of a pair lie?
    softmax instead of sigmoid, over the images | chance: softmax(z, 0) | softplus: -log_softmax(-z, 0)
torch wants tensors here, both of one shape: how are zeros made that look like z?
    a number where a tensor is wanted | chance: stack([z, 0], -1) | stack([z, 0]) | softplus: logaddexp(0, z)
Each logit has a pair of its own, in a new dimension, and one of the two is the answer.
    yes and no together | chance: stack([p, 1 - p], k) for k in (-1, 0) | softplus: softplus(stack([z, -z], k)) for k in (-1, 0)
    another index than the pair's | chance: stack([p, 1 - p], -1)[:, 0] | stack([p, 1 - p], -1)[0] | stack([p, 1 - p])[..., 0] \
| softmax(stack([z, z * 0]), -1)[..., 0]
    cat instead of stack | chance: softmax(cat([z, z * 0], -1), -1)[..., :z.shape[-1]] | softmax(cat([z, z * 0], -1), -1)[..., 0] \
| softmax(cat([z, z * 0]), 0)[:len(z)] | softmax(cat([z, z * 0], -1), -1) | softmax(cat([z, z * 0]), 0)
The 1 in 1 + exp(−z) is an exponential already: of which number?
    a pair of z and 1 | chance: sigmoid(z - 1) | softplus: softplus(z - 1) + 1
z counts twice here: a pair of z and −z gives this, and so does (tanh(z) + 1) / 2.
    the sigmoid of 2 z | chance: (z.tanh() + 1) / 2 | sigmoid(2 * z)
Two probabilities, p and 1 − p, add up to 1. With this sign they do not.
    1 − instead of 1 + | plus: 1 - e | e - 1
Below the line stands a sum, and a sum wants brackets: 1 / 1 + … divides first.
    1 + missing, or its brackets | plus: e | chance: 2 * z.exp() | 1 + z.exp() | 1 / (1 - z).exp()
    not inverted, or its brackets missing | invert: x
These are answers already. The probabilities are wanted, before anything is decided.
    all or nothing | chance: (z > 0).to(z) | (z >= 0).to(z) | z > 0 | z >= 0 | (z > 0).long() \
| share: hot(z, z.argmax(-1)) | one_hot(z.argmax(-1), z.shape[-1]) | (z == largest(z)).to(z)
    decided, not shared | share: p.argmax(-1) | p.amax(-1)
There is a logarithm too many. What is wanted stands one step before. (And what undoes a logarithm?)
    logarithm taken as well | share, chance: p.log() | -p.log()
Sigmoid makes a probability of any logit, with an exponential. This is another function.
    tanh instead of sigmoid | chance: z.tanh() | tanh(z / 2)
    a hard sigmoid | chance: hardsigmoid(z) | (0.2 * z + 0.5).clamp(0, 1) | (z / 4 + 0.5).clamp(0, 1)
    another S-curve | chance: (softsign(z) + 1) / 2 | special.ndtr(z) | z.atan() / pi + 0.5
    another activation | chance: k(z) for k in (relu, silu, softplus, gelu, leaky_relu, elu, softsign)
    sigmoid's slope | chance: p * (1 - p) | z * (1 - z)
    the way back | chance: (z / (1 - z)).log()
The logarithm of a mean is not the mean of the logarithms: which comes first?
    mean before the logarithm | log: p.mean().log()
What is rounded, added or cut off before the logarithm changes small probabilities most, and they cost most. Find a form without.
    rounded before the logarithm | rounding: p.round(decimals=k) for k in (4, 2, 3, 5)
    a limit inside the logarithm | log: (p + k).log() for k in LIMITS | p.clamp(min=k).log() for k in LIMITS \
| p.clamp(k, 1 - k).log() for k in LIMITS
Plain −log p is wanted: −p log p is an entropy's term, (1 − p)² log p the focal loss's.
    weighted by a probability | log: p * p.log() | k * (1 - p) ** 2 * p.log() for k in (1, 0.25) | (1 - p) * p.log()
Logits mean something as they are, by sign and by size. What is done to them first changes what comes out.
    absolute value of the logit | logits: z.abs()
    logits shifted first | logits: z - largest(z) | z - z.mean(-1, keepdim=True) | z - z.max() | z - z.mean()
    a temperature | scores, logits: k * z for k in (2, 0.5, 0.1, 10) | z / z.shape[-1] ** 0.5
    logits normalised first | scores, logits: z / summed(z) | normalize(z) \
| (z - z.mean(-1, keepdim=True)) / z.std(-1, keepdim=True, correction=k) for k in (1, 0) | z.clamp(k, 1) for k in (0, -1) \
| z / z.max() | z / z.norm() | (z - z.mean()) / z.std() | z / z.norm(dim=-1, keepdim=True) | (z - smallest(z)) / (largest(z) - smallest(z))
    logits rounded first | scores, logits: z.round() | z.trunc()
    a limit on the logits | scores, logits: z.clamp(-k, k) for k in (10, 5, 6, 8)
That is another loss, with another slope. Cross-entropy is −log of the label's share.
    squared difference, or absolute | loss: k(softmax(z, -1), hot(z, t)) for k in (mse_loss, l1_loss) | mse_loss(z, hot(z, t)) \
| mse_loss(z.sigmoid(), hot(z, t)) | ((softmax(z, -1) - hot(z, t)).abs() ** k).sum(-1).mean() for k in (2, 1)
    binary cross-entropy instead | loss: binary(z, hot(z, t)).mean() | binary(z, hot(z, t)).sum(-1).mean() \
| binary_cross_entropy(softmax(z, -1), hot(z, t)) \
| binary_cross_entropy(softmax(z, -1), hot(z, t), reduction="sum") / len(z) \
| -(hot(z, t) * softmax(z, -1).log() + (1 - hot(z, t)) * (1 - softmax(z, -1)).log()).sum(-1).mean()
    hinge loss instead | loss: multi_margin_loss(z, t) \
| (z - own(z, t).unsqueeze(-1) + 1 - hot(z, t)).clamp(min=0).sum(-1).mean()
    exp of the loss | loss: x.exp()
This is the slope of the loss, not the loss.
    the gradient instead of the loss | loss: softmax(z, -1) - hot(z, t) | (softmax(z, -1) - hot(z, t)) / len(z)
How often the largest logit is right has no slope to learn from.
    accuracy instead of a loss | loss: (z.argmax(-1) == t).float().mean() | (z.argmax(-1) != t).float().mean()
Each image counts the same here, whatever its class: no weight, no mask, no ignore_index.
    weights that nobody asked for | loss: cross_entropy(z, t, weight=1.0 + arange(z.shape[-1])) \
| cross_entropy(z, t, weight=1 / t.bincount(minlength=z.shape[-1]).clamp(min=1)) \
| (cross_entropy(z, t, reduction="none") * (t + 1)).mean() \
| (cross_entropy(z, t, reduction="none") / t.bincount()[t]).sum() / z.shape[-1]
    one class ignored | loss: cross_entropy(z, t, ignore_index=0) | (cross_entropy(z, t, reduction="none") * (t > 0)).mean()
A label is a place in the row, not a score: which logit stands there?
    the label itself subtracted | loss: (z.logsumexp(-1) - t).mean()
The one-hot row's zeros are in the logarithm, and log 0 is −inf.
    log of the product with the one-hot row | loss: -(hot(z, t) * softmax(z, -1)).log().mean()
""", LIMITS=[1e-7, 1e-8, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-9, 1e-10, 1e-12, 1e-15])
# In what is handed back, which any function can have.
GENERAL = slips("""
A tensor of several numbers is neither true nor false. Is there an if, not, and, or? (Or nn.…Loss(logits, …)? That makes a loss, and a \
second pair of brackets computes it.)
    yes or no of a whole tensor | after: not ones(2)
math's functions, float() and torch.tensor([…]) want single numbers, and torch's own take the whole tensor.
    a tensor where one number is wanted | after: math.exp(ones(2))
A step at the end is too many, or missing.
    a minus missing, or one too many | after: -x
    1 minus the answer | after: 1 - x
    a factor of 2 | after: k * x for k in (2, 0.5)
Digits were lost. Compute with all of them, in 32 bits: look for round, int, long, half or //.
    rounded on the way | after: x.round(decimals=k) for k in (4, 2, 3)
    whole numbers where fractions are wanted | exp: z.exp().trunc() | reduce: x.trunc().mean() \
| after: x.long() | x.round() | x.trunc() | x.round().long()
    16 bits | after: x.half() | x.bfloat16() | scores, logits: z.half() | chance: z.half().sigmoid()
True and False have lost the numbers: look for a comparison, or bool.
    yes or no where numbers are wanted | after: x.bool()
The numbers are right, their shape is not: look for squeeze, unsqueeze, flatten, an index, keepdim, or brackets too many.
    a dimension lost | after: x.flatten() if x.dim() else x | x.squeeze() | x.squeeze(0) | x.squeeze(-1)
    a dimension too many | after: x.unsqueeze(0) | x.unsqueeze(-1) | x.unsqueeze(1 if x.dim() else 0) \
| x.reshape(1, 1) if x.numel() == 1 else x
Some rows are not in the answer, or nothing was written into them: look for an index, where a loop ends, or a return inside it.
    one row only | after: x[k] for k in (0, -1) | x[:1] | x[-1:]
    a row or a column left empty | after: cat([x[:1] * 0, x[1:]]) | cat([x[:-1], x[-1:] * 0]) | cat([x[:-1] * 0, x[-1:]]) \
| cat([x[:, :1] * 0, x[:, 1:]], 1) | cat([x[:, :-1], x[:, -1:] * 0], 1)
There is one number for each here: nothing is to be added up, averaged or divided yet.
    reduced too early | after: x.mean() | x.sum(1) | x.sum() | x.mean(k) for k in (1, 0) | x.sum(0) \
| x / k(x) for k in (len, numel) | x / x.shape[-1]
What should stand in rows stands in columns.
    rows and columns exchanged | after: x.T if x.dim() == 2 else x.flip(0) | x.T.reshape(x.shape) if x.dim() == 2 else x
The numbers are right, but whoever calls this wants one tensor of them.
    a list instead of a tensor | after: x.tolist()
    a NumPy array instead of a tensor | after: x.detach().numpy() if x.dim() else x
""", math=math)

LIMIT = next(known for known in SHARED if known.name == "a limit inside the logarithm")


def lost(x: Tensor) -> bool:
    """Whether a number of the answer is nan or inf, or one of its rows 0 throughout."""
    return not (x.isfinite().all() and x.any(-1).all())


# What logits that are far from 0 do to probabilities and losses in 32 bits.  The first that shows is meant.
FAULTS = [
    Fault("0 · log 0", "A probability rounds to 0 here; its logarithm is −inf, and 0 · −inf is nan. Which functions take log and exp "
          "in one step, and never say −inf?", lambda x, z: bool(x.isnan().any()) and 50 < z.abs().max() < 300),
    Fault("shifted by the largest of the whole batch", "One large row pushes the exponentials of all others to 0. Each row has a largest "
          "logit of its own.", lambda x, z: len(z) > 1 and z.max() > 300 and lost(x)),
    Fault("overflow at large logits",
          "exp(89) is already inf in 32 bits, exp(710) in 64: find the form that never computes so large a number. (If you "
          "took something away first: print what.) An exponential may go to 0.",
          lambda x, z: z.max() > 300 and lost(x)),
    Fault("overflow or saturation at large negative logits", "exp(−1000) is 0 and exp(1000) is inf, in 64 bits too, and so the "
          "logarithm meets 0 or inf. (A limit such as 1e-8 only hides it.) Find the form that computes neither: straight from the logits.",
          lambda x, z: z.min() < -300 and bool(x.isinf().any())),
    Fault("overflow or underflow at large negative logits", "exp(−1000) is 0 and exp(1000) is inf, in 64 bits too, and both 0 / 0 and "
          "inf / inf are nan. Find the form that meets neither.", lambda x, z: z.min() < -300 and bool(x.isnan().any())),
    Fault("saturation: a probability rounded to 0 before its logarithm", "A probability rounds to 0 here, as 1 − σ(17) does, and log 0 is "
          "−inf. (A limit such as 1e-8 only hides it.) Never compute it: its logarithm comes straight from the logits.",
          lambda x, z: z.abs().max() > 10 and not x.isfinite().all()),
]
