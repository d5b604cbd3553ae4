"""The mistakes that check.py knows by name, topic by topic, each with the line of thought that mends it.

Each comes with the functions that make it, so that a check can compute what the mistake would have answered.  Some
faults show only on extreme inputs; those inputs are here too.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F


class Mistake(NamedTuple):
    """A mistake by its name, the line of thought that mends it, and the functions that make it."""

    name: str
    thought: str
    functions: tuple[Callable, ...]


def mistake(name: str, thought: str, *functions: Callable) -> Mistake:
    return Mistake(name, thought, functions)


class Topic(NamedTuple):
    """What a check compares a function with.

    truth: torch's own; the dtype of its answer says whether floating point is wanted.  names: of the arguments.
    inputs: tuples of arguments, ordinary ones, on which no two mistakes give the same.  extremes: see extreme.
    """

    truth: Callable
    names: list[str]
    inputs: list[tuple]
    mistakes: list[Mistake]
    extremes: list[tuple]


def extreme(fault: str, thought: str, *arguments) -> tuple[str, str, tuple]:
    """An input for one fault: a function that is right on all ordinary inputs and not on this one has it."""
    return fault, thought, arguments


# The article's logits are tried first, since the reader knows the answer; then batches of three classes and of four.
ARTICLE = torch.tensor([[2, 3, 0.1]])
BATCH = torch.tensor([[2, 3, 0.1], [1, 1, 1]])
FOUR = torch.tensor([[0.5, -1, 2, 0.25], [-2, 0.3, 0.1, 1], [1.5, 3, -1, 0.2]])
SMALL = torch.tensor([[0.2, 0.9, 0.4], [0.7, 0.1, 0.5], [0.3, 0.8, 0.6]])  # numbers that may be taken for probabilities


def rounded(p: Tensor) -> Tensor:
    """As it is printed, with 4 decimals."""
    return p.mul(1e4).round() / 1e4


# --- softmax

ROWS = " Each row shares a 1 of its own: sum along dim=-1, with keepdim=True, so that there is one sum for each row."


def shifted(z: Tensor) -> Tensor:
    """Exponentials that do not overflow."""
    return (z - z.amax(-1, keepdim=True)).exp()


SOFTMAX_MISTAKES = [
    mistake("normalised over the whole batch", "The sum ran over every number in the tensor." + ROWS,
            lambda z: z.exp() / z.exp().sum(), lambda z: shifted(z) / shifted(z).sum()),
    mistake("normalised over the wrong dim",
            "The images compete for each class here, and the classes should compete for each image." + ROWS,
            lambda z: torch.softmax(z, 0), lambda z: shifted(z) / shifted(z).sum(0)),
    mistake("keepdim missing",
            "Without keepdim=True the sums of the rows stand in a row, not in a column, and cannot divide the rows.",
            lambda z: z.exp() / z.exp().sum(-1), lambda z: shifted(z) / shifted(z).sum(-1),
            lambda z: torch.softmax(z - z.amax(-1), -1)),
    mistake("max returned two things",
            "With a dim, max returns the values and their indices: max(dim=-1, keepdim=True).values.",
            lambda z: z - z.max(dim=-1, keepdim=True)),
    mistake("shifted by the largest of each column", "From each row its own largest logit is to be taken: dim=-1.",
            lambda z: torch.softmax(z - z.amax(0), -1)),
    mistake("softmax applied twice", "The first softmax has made shares already; a second one evens them out.",
            lambda z: torch.softmax(torch.softmax(z, -1), -1)),
    mistake("exponential missing",
            "Shares of the logits themselves can be negative. Make every score positive first, with exp.",
            lambda z: z / z.sum(-1, keepdim=True)),
    mistake("not divided by the sum",
            "Exponentials are positive, and not yet shares: divide each by the sum of its row.", torch.exp, lambda z: shifted(z)),
    mistake("sign of the exponent turned round",
            "The largest logit gets the smallest share. It is exp(z), not exp(−z).",
            lambda z: torch.softmax(-z, -1)),
    mistake("base 2 instead of e", "exp2 and 2 ** z have the base 2. Torch's softmax has the base e: exp(z).",
            lambda z: torch.softmax(z * math.log(2), -1)),
    mistake("base 10 instead of e", "10 ** z has the base 10. Torch's softmax has the base e: exp(z).",
            lambda z: torch.softmax(z * math.log(10), -1)),
    mistake("sigmoid instead of softmax",
            "Sigmoid asks each class by itself, so the rows need not sum to 1. Softmax divides by the sum of the "
            "row.",
            torch.sigmoid),
    mistake("logarithm taken as well", "These are log-probabilities. Softmax stops one step before the logarithm.",
            lambda z: torch.log_softmax(z, -1)),
    mistake("all or nothing",
            "The largest logit takes all here. Softmax leaves the others their shares: no argmax, no rounding to 0 "
            "and 1.",
            lambda z: F.one_hot(z.argmax(-1), z.shape[-1]), lambda z: F.one_hot(z.argmax(-1), z.shape[-1]).to(z)),
    mistake("rounded on the way", "Four decimals are for reading. Compute with all of them.",
            lambda z: rounded(torch.softmax(z, -1))),
]
TOO_LARGE = (
    "overflow at large logits",
    "exp(89) is already inf in 32 bits. Only differences count: from each row, take its largest logit (not its index) away first.")
TOO_SMALL = (
    "underflow at large negative logits",
    "exp(−1000) is 0 in 32 bits, and 0 / 0 is nan. Only differences count: from each row, take its largest logit away first.")
SOFTMAX_EXTREMES = [
    extreme(*TOO_LARGE, torch.tensor([[1000.0, 999, 0]])),
    extreme(*TOO_SMALL, torch.tensor([[-1000.0, -1001, -1002]])),
    extreme("shifted by the largest of the whole batch",
            "One large row pushes the exponentials of all others to 0. Take from each row its own largest logit: "
            "max(dim=-1, keepdim=True).values.",
            torch.tensor([[1000.0, 999, 0], [2, 3, 0.1]])),
]
SOFTMAX = Topic(lambda z: torch.softmax(z, -1), ["logits"], [(ARTICLE,), (BATCH,), (FOUR,), (SMALL,)],
                SOFTMAX_MISTAKES, SOFTMAX_EXTREMES)


# --- cross-entropy


def own(p: Tensor, labels: Tensor) -> Tensor:
    """From each row, the entry of its label."""
    return p.gather(1, labels.unsqueeze(1)).squeeze(1)


LOG = "Torch's log is the natural logarithm, and its unit the nat."
CROSS_ENTROPY_MISTAKES = [
    mistake("sum instead of mean", "The loss should not grow with the batch: mean(), not sum().",
            lambda z, t: F.cross_entropy(z, t, reduction="sum")),
    mistake("no reduction", "There is one loss for each image here. Their mean is wanted: mean() at the end.",
            lambda z, t: F.cross_entropy(z, t, reduction="none"),
            lambda z, t: -F.one_hot(t, z.shape[1]) * torch.log_softmax(z, 1)),
    mistake("mean over images and classes",
            "The zeros of the other classes are in the mean and make it C times too small. Add up over the classes, "
            "then average over the images.",
            lambda z, t: F.cross_entropy(z, t) / z.shape[1]),
    mistake("minus missing", "A logarithm of a probability is negative, and a loss is not: −log p.",
            lambda z, t: -F.cross_entropy(z, t)),
    mistake("log missing",
            "A probability is not a loss yet. Take −log of the one that the label got.",
            lambda z, t: own(torch.softmax(z, 1), t).mean(), lambda z, t: -own(torch.softmax(z, 1), t).mean(),
            lambda z, t: (1 - own(torch.softmax(z, 1), t)).mean()),
    mistake("base 10 instead of e", LOG, lambda z, t: F.cross_entropy(z, t) / math.log(10)),
    mistake("base 2 instead of e", LOG, lambda z, t: F.cross_entropy(z, t) / math.log(2)),
    mistake("softmax applied twice",
            "A softmax was applied first, and the formula (or F.cross_entropy) applies another. Start from the logits.",
            lambda z, t: F.cross_entropy(torch.softmax(z, 1), t)),
    mistake("probabilities expected where logits came",
            "The logarithm was taken of a logit. Logits can be any numbers: softmax first, or logsumexp.",
            lambda z, t: -own(z, t).log().mean()),
    mistake("log-softmax missing",
            "This is the label's logit, or minus that. nll_loss, too, only picks: it wants the log_softmax of the logits.",
            lambda z, t: -own(z, t).mean(), lambda z, t: own(z, t).mean()),
    mistake("labels taken from the first row only",
            "logits[0, labels] reads row 0 for every label. One entry of each row: logits[torch.arange(len(labels)), labels].",
            lambda z, t: (torch.logsumexp(z, 1) - z[0, t]).mean(), lambda z, t: -torch.log_softmax(z, 1)[0, t].mean()),
    mistake("rows picked instead of entries",
            "logits[labels] takes whole rows. One entry of each row: logits[torch.arange(len(labels)), labels].",
            lambda z, t: (torch.logsumexp(z, 1) - z[t]).mean(), lambda z, t: torch.logsumexp(z, 1) - z[t]),
    mistake("mean over one term only", "The mean belongs around the whole difference: (logsumexp − logit).mean().",
            lambda z, t: torch.logsumexp(z, 1) - own(z, t).mean(),
            lambda z, t: torch.logsumexp(z, 1).mean() - own(z, t)),
    mistake("logsumexp without its dim",
            "It wants to know along which dimension: logsumexp(logits, dim=1) gives one number for each row.",
            lambda z, t: torch.logsumexp(z), lambda z, t: z.logsumexp()),
    mistake("softmax over the wrong dim",
            "The images compete for each class here. The classes of one image should compete: dim=1, or dim=-1.",
            lambda z, t: -own(torch.softmax(z, 0), t).log().mean()),
    mistake("normalised over the whole batch",
            "The sum ran over every number in the tensor. Each row has a sum of its own: dim=1.",
            lambda z, t: -own(z.exp() / z.exp().sum(), t).log().mean()),
    mistake("off by one class",
            "The labels are indices, and the first class is 0. Take the label as it is.",
            lambda z, t: F.cross_entropy(z, (t + 1) % z.shape[1]),
            lambda z, t: F.cross_entropy(z, (t - 1) % z.shape[1]),
            lambda z, t: F.cross_entropy(z, t + 1), lambda z, t: F.cross_entropy(z, t - 1),
            lambda z, t: -torch.log_softmax(z, 1)[torch.arange(len(t)), t + 1].mean()),
    mistake("every image with every label",
            "p[:, labels] takes all labels from every row. One of each row is wanted: p[torch.arange(len(labels)), "
            "labels].",
            lambda z, t: -torch.log_softmax(z, 1)[:, t].mean()),
    mistake("all classes counted", "Only the label's probability counts here: the one-hot row makes the others 0.",
            lambda z, t: -torch.log_softmax(z, 1).mean(), lambda z, t: -torch.log_softmax(z, 1).sum(1).mean()),
    mistake("sigmoid instead of softmax",
            "This asks each class by itself. In cross-entropy the classes share one 1: softmax.",
            lambda z, t: -F.logsigmoid(own(z, t)).mean(),
            lambda z, t: F.binary_cross_entropy_with_logits(z, F.one_hot(t, z.shape[1]).to(z))),
    mistake("rounded before the logarithm",
            "Four decimals are for reading. Small probabilities lose most by rounding, and their logarithms are the "
            "largest.",
            lambda z, t: -rounded(own(torch.softmax(z, 1), t)).log().mean()),
]
SATURATION = "saturation: a probability rounded to 0 before its logarithm"
CROSS_ENTROPY_EXTREMES = [
    extreme(*TOO_LARGE, torch.tensor([[1000.0, 999, 0]]), torch.tensor([0])),
    extreme(*TOO_SMALL, torch.tensor([[-1000.0, -1001, -1002]]), torch.tensor([0])),
    extreme(SATURATION,
            "The share is too small for 32 bits and becomes 0, and −log 0 is inf. (A limit such as 1e-8 only hides "
            "it.) Never compute the share: −log p is logsumexp(row) minus the label's logit.",
            torch.tensor([[0.0, -2000, 0]]), torch.tensor([1])),
    extreme("shifted by the largest of the whole batch",
            "One large row pushes the exponentials of all others to 0. logsumexp(dim=1) looks after each row.",
            torch.tensor([[1000.0, 999, 0], [2, 3, 0.1]]), torch.tensor([0, 1])),
]
CROSS_ENTROPY = Topic(F.cross_entropy, ["logits", "labels"], [
    (ARTICLE, torch.tensor([1])),
    (BATCH, torch.tensor([1, 0])),
    (FOUR, torch.tensor([3, 0, 2])),
    (torch.tensor([[9.0, 0, 0], [0.3, 0.1, 0.2]]), torch.tensor([1, 2])),
    (SMALL, torch.tensor([1, 0, 2])),
], CROSS_ENTROPY_MISTAKES, CROSS_ENTROPY_EXTREMES)


# --- sigmoid

SIGMOID_MISTAKES = [
    mistake("the probability of no",
            "This is σ(−z): the larger the logit, the smaller the answer. Look for a missing minus in 1 / (1 + exp(−z)), or "
            "take the share of z, not that of 0.",
            lambda z: torch.sigmoid(-z)),
    mistake("softmax instead of sigmoid",
            "The classes compete here, and each row sums to 1. Sigmoid asks each logit by itself: no sum over classes. (In a "
            "stack of z and 0, the softmax runs along the new last dimension.)",
            lambda z: torch.softmax(z, -1)),
    mistake("yes and no together", "Both shares are there. Keep the first of each pair: [..., 0].",
            lambda z: torch.softmax(torch.stack([z, torch.zeros_like(z)], -1), -1)),
    mistake("normalised",
            "Sigmoids need not sum to 1: each is an answer of its own. Leave out the division by the sum.",
            lambda z: torch.sigmoid(z) / torch.sigmoid(z).sum(-1, keepdim=True)),
    mistake("1 + missing", "1 / exp(−z) has no upper end. It is 1 / (1 + exp(−z)).",
            torch.exp),
    mistake("sigmoid applied twice", "The first sigmoid has made a probability already.",
            lambda z: torch.sigmoid(torch.sigmoid(z))),
    mistake("tanh instead of sigmoid", "tanh runs from −1 to 1. A probability runs from 0 to 1.",
            torch.tanh),
    mistake("logarithm taken as well", "This is log σ. Sigmoid stops one step before the logarithm.",
            F.logsigmoid),
    mistake("base 2 instead of e", "It is exp(−z), not 2 ** −z.",
            lambda z: torch.sigmoid(z * math.log(2))),
    mistake("base 10 instead of e", "It is exp(−z), not 10 ** −z.",
            lambda z: torch.sigmoid(z * math.log(10))),
    mistake("all or nothing",
            "These are answers, yes or no. Sigmoid gives the probability before anything is decided.",
            lambda z: (z >= 0).to(z), lambda z: (z > 0).to(z)),
    mistake("rounded on the way", "Four decimals are for reading. Compute with all of them.",
            lambda z: rounded(torch.sigmoid(z))),
]
SIGNS = torch.tensor([[2, 3, 0.1], [-1, 0, -2.5]])
SIGMOID_EXTREMES = [
    extreme("overflow at large logits", "exp(z) / (1 + exp(z)) is inf / inf there. 1 / (1 + exp(−z)) is not.",
            torch.tensor([[1000.0, 100, 0]])),
    extreme("overflow at large negative logits", "The answer goes to 0 there. Look at which exponential becomes inf.",
            torch.tensor([[-1000.0, -100, 0]])),
]
SIGMOID = Topic(torch.sigmoid, ["logits"], [(ARTICLE,), (SIGNS,), (FOUR,)], SIGMOID_MISTAKES, SIGMOID_EXTREMES)
LOG_SIGMOID_MISTAKES = [
    mistake("log missing", "This is σ(z). Its logarithm is wanted.",
            torch.sigmoid),
    mistake("minus too much", "The logarithm of a probability is never above 0. −log σ is the loss, log σ is wanted.",
            lambda z: -F.logsigmoid(z)),
    mistake("log of the other answer", "This is log(1 − σ(z)), the logarithm for “no”. It is log σ(z) that is wanted.",
            lambda z: F.logsigmoid(-z)),
    mistake("softmax instead of sigmoid", "The classes compete here. Sigmoid asks each logit by itself.",
            lambda z: torch.log_softmax(z, -1)),
    mistake("base 10 instead of e", LOG, lambda z: F.logsigmoid(z) / math.log(10)),
    mistake("base 2 instead of e", LOG, lambda z: F.logsigmoid(z) / math.log(2)),
    mistake("sigmoid applied twice", "The logit went through sigmoid before its log-sigmoid was taken.",
            lambda z: F.logsigmoid(torch.sigmoid(z))),
]
LOG_SIGMOID_EXTREMES = [
    extreme("overflow at large logits",
            "exp(z) / (1 + exp(z)) is inf / inf there. σ(z) is softmax([z, 0])'s first share: take its logarithm as "
            "you did in notebook 2.",
            torch.tensor([[2000.0, 100, 0]])),
    extreme("overflow or saturation at large negative logits",
            "At −2000 the sigmoid rounds to 0, or exp(2000) overflows, and the logarithm is −inf. (A limit such as "
            "1e-8 only hides it.) log σ(z) = −log(exp(0) + exp(−z)): torch.logaddexp does that in one step.",
            torch.tensor([[-2000.0, -100, 0]])),
]
LOG_SIGMOID = Topic(F.logsigmoid, ["logits"], [(ARTICLE,), (SIGNS,), (FOUR,)], LOG_SIGMOID_MISTAKES, LOG_SIGMOID_EXTREMES)


# --- the target that BCE wants


def one_hot(t: Tensor, n: int) -> Tensor:
    return F.one_hot(t, n).float()


def every_label_in_every_row(t: Tensor, n: int) -> Tensor:
    target = torch.zeros(len(t), n)
    target[:, t] = 1
    return target


def whole_rows(t: Tensor, n: int) -> Tensor:
    target = torch.zeros(len(t), n)
    target[t] = 1
    return target


def next_column(t: Tensor, n: int) -> Tensor:
    target = torch.zeros(len(t), n)
    target[torch.arange(len(t)), t + 1] = 1
    return target


BCE_TARGET_MISTAKES = [
    mistake("label expanded instead of one-hot",
            "Repeating the label says “yes, yes, yes” for 1, and “no, no, no” for 0. Write 1 in the label's column "
            "and 0 elsewhere.",
            lambda t, n: t.unsqueeze(1).expand(-1, n).float(), lambda t, n: t.unsqueeze(1).expand(-1, n)),
    mistake("long instead of float",
            "The numbers are right. BCE takes them as probabilities, so as floats: .float() at the end.",
            lambda t, n: F.one_hot(t, n)),
    mistake("bool instead of float",
            "The answers are right. BCE takes them as probabilities, so as floats: .float() at the end.",
            lambda t, n: F.one_hot(t, n).bool()),
    mistake("num_classes not used",
            "Without it the largest label of the batch decides how many columns there are: F.one_hot(labels, "
            "num_classes).",
            lambda t, n: F.one_hot(t).float(), lambda t, n: F.one_hot(t)),
    mistake("number of classes fixed", "This is right for three classes only. Use num_classes.",
            lambda t, n: F.one_hot(t, 3).float(), lambda t, n: F.one_hot(t, 3)),
    mistake("off by one class",
            "The first class is 0, so label 0 is the first column. Take the label as it is.",
            lambda t, n: one_hot((t + 1) % n, n), lambda t, n: one_hot((t - 1) % n, n), lambda t, n: one_hot(t, n + 1),
            lambda t, n: one_hot(t + 1, n + 1),
            lambda t, n: F.one_hot(t + 1, n), lambda t, n: F.one_hot(t - 1, n), next_column),
    mistake("rows and columns exchanged", "One row for each label, one column for each class: [N, num_classes].",
            lambda t, n: one_hot(t, n).T),
    mistake("targets reversed", "1 stands for “there”, and 0 for “not there”.",
            lambda t, n: 1 - one_hot(t, n)),
    mistake("every label in every row",
            "target[:, labels] = 1 writes all labels into each row. One for each row: "
            "target[torch.arange(len(labels)), labels] = 1.",
            every_label_in_every_row),
    mistake("the label written where 1 belongs", "The column says which class; the number in it says “there”, so 1.",
            lambda t, n: one_hot(t, n) * t.unsqueeze(1)),
    mistake("whole rows filled",
            "target[labels] = 1 fills the rows of these numbers. One place in each row: "
            "target[torch.arange(len(labels)), labels] = 1.",
            whole_rows),
    mistake("no 1 written", "All zeros say “no” to every class. Each row wants a 1 in its label's column.",
            lambda t, n: torch.zeros(len(t), n)),
    mistake("dimension of the batch lost", "One row for each label, for one label too: shape [1, num_classes].",
            lambda t, n: one_hot(t, n).squeeze(0)),
    mistake("the label itself", "One index cannot answer num_classes questions. Each label becomes a row.",
            lambda t, n: t.float(), lambda t, n: t, lambda t, n: t.float().unsqueeze(1), lambda t, n: t.unsqueeze(1)),
]
BCE_TARGET = Topic(one_hot, ["labels", "num_classes"], [
    (torch.tensor([1]), 3),
    (torch.tensor([2, 0]), 3),
    (torch.tensor([2, 0, 1]), 4),
    (torch.tensor([3, 0, 1, 3, 2]), 5),
], BCE_TARGET_MISTAKES, [])


# --- binary cross-entropy

def bce(z: Tensor, y: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(z, y, reduction="none")


BCE_TERMS_MISTAKES = [
    mistake("own class only",
            "The zeros of the target are answers too: “not there”. Their term is −(1 − y) log(1 − σ(z)).",
            lambda z, y: -y * F.logsigmoid(z)),
    mistake("only the classes that are not there",
            "The other term is missing: −y log σ(z), for the classes that are there.",
            lambda z, y: -(1 - y) * F.logsigmoid(-z)),
    mistake("targets reversed", "y stands before log σ, and 1 − y before log(1 − σ). Here it is the other way round.",
            lambda z, y: bce(z, 1 - y)),
    mistake("minus missing",
            "A loss is not negative. log σ is, so a minus belongs before the bracket; logaddexp and softplus are not, so none does.",
            lambda z, y: -bce(z, y)),
    mistake("the article's printed typo",
            "The bracket closes too early, and the 1 − is missing: it is −(y log σ + (1 − y) log(1 − σ)).",
            lambda z, y: -y * F.logsigmoid(z) + (1 - y) * F.logsigmoid(z),
            lambda z, y: torch.cat([bce(z, y)[:, :-1], (-y * F.logsigmoid(z) + (1 - y) * F.logsigmoid(z))[:, -1:]], dim=1)),
    mistake("the minus reaches only the first term",
            "The bracket closes too early: it is −(y log σ + (1 − y) log(1 − σ)).",
            lambda z, y: -y * F.logsigmoid(z) + (1 - y) * F.logsigmoid(-z)),
    mistake("the minus reaches only the second term",
            "The bracket opens too late: it is −(y log σ + (1 − y) log(1 − σ)).",
            lambda z, y: y * F.logsigmoid(z) - (1 - y) * F.logsigmoid(-z)),
    mistake("1 − missing in the second logarithm",
            "A class that is not there costs −log of the probability of “not there”, 1 − σ(z).",
            lambda z, y: -F.logsigmoid(z)),
    mistake("log missing",
            "A probability is not a loss yet. Take −log of what the truth got.",
            lambda z, y: y * torch.sigmoid(z) + (1 - y) * torch.sigmoid(-z),
            lambda z, y: -(y * torch.sigmoid(z) + (1 - y) * torch.sigmoid(-z)),
            lambda z, y: (y - torch.sigmoid(z)).abs()),
    mistake("squared difference",
            "(y − σ)² is another loss, and flat where the model is sure and wrong. It is −log here.",
            lambda z, y: (y - torch.sigmoid(z)) ** 2),
    mistake("base 10 instead of e", LOG, lambda z, y: bce(z, y) / math.log(10)),
    mistake("base 2 instead of e", LOG, lambda z, y: bce(z, y) / math.log(2)),
    mistake("probabilities expected where logits came",
            "The logarithm was taken of logits. They can be any numbers: sigmoid first, or logsigmoid.",
            lambda z, y: -(y * z.log() + (1 - y) * (1 - z).log()),
            lambda z, y: F.binary_cross_entropy(z, y, reduction="none")),
    mistake("sigmoid applied twice",
            "binary_cross_entropy_with_logits and logsigmoid contain the sigmoid. Hand them the logits.",
            lambda z, y: bce(torch.sigmoid(z), y)),
    mistake("softmax applied first", "Shares were handed over as logits. This loss wants the logits themselves.",
            lambda z, y: bce(torch.softmax(z, 1), y)),
    mistake("softmax instead of sigmoid",
            "The classes compete here. Three questions, three answers: sigmoid, which has no sum over classes.",
            lambda z, y: -(y * torch.softmax(z, 1).log() + (1 - y) * (1 - torch.softmax(z, 1)).log())),
    mistake("the logarithm stopped at −100",
            "σ rounds to 0 or 1 here, and torch's BCELoss stops the logarithm of 0 at −100: every worse mistake costs 100 as "
            "well, and has no gradient to learn from. Hand the logits to F.binary_cross_entropy_with_logits, or take log σ "
            "in one step: F.logsigmoid, or torch.logaddexp.",
            lambda z, y: F.binary_cross_entropy(torch.sigmoid(z), y, reduction="none")),
    mistake("rounded before the logarithm",
            "Four decimals are for reading. Small probabilities lose most by rounding, and their logarithms are the "
            "largest.",
            lambda z, y: -(y * rounded(torch.sigmoid(z)).log() + (1 - y) * (1 - rounded(torch.sigmoid(z))).log())),
]
BCE_MISTAKES = [
    *(mistake(name, thought, *(lambda z, y, terms=terms: terms(z, y).mean() for terms in functions))
      for name, thought, functions in BCE_TERMS_MISTAKES),
    mistake("sum instead of mean", "The loss should not grow with the batch or the classes: mean(), not sum().",
            lambda z, y: bce(z, y).sum()),
    mistake("no reduction", "There is one loss for each class of each image here. Their mean is wanted: mean() at the end.",
            bce),
    mistake("mean over the classes only",
            "There is one number for each image here. The mean is over images and classes: mean() without a dim.",
            lambda z, y: bce(z, y).mean(1)),
    mistake("mean over the images only",
            "There is one number for each class here. The mean is over images and classes: mean() without a dim.",
            lambda z, y: bce(z, y).mean(0)),
    mistake("divided by the classes only", "The images were added up. The mean is over images and classes: N · C losses.",
            lambda z, y: bce(z, y).sum(0).mean()),
    mistake("divided by the images only",
            "The classes were added up. The mean is over images and classes: N · C losses.",
            lambda z, y: bce(z, y).sum(1).mean()),
    mistake("own class only", BCE_TERMS_MISTAKES[0].thought, lambda z, y: -(y * F.logsigmoid(z)).sum() / y.sum(),
            lambda z, y: -(y * F.logsigmoid(z)).sum(), lambda z, y: -(y * F.logsigmoid(z)).sum(1).mean()),
    mistake("cross-entropy instead",
            "This is one loss over classes that compete. Here each class has a yes-or-no loss of its own.",
            lambda z, y: F.cross_entropy(z, y)),
]
SATURATED = ("1 + exp(−17) rounds to 1 in 32 bits, so 1 − σ(17) is 0 and −log 0 is inf. (A limit such as 1e-8 only "
             "hides it.) Use 1 − σ(z) = σ(−z), and log σ in one step: F.logsigmoid, or torch.logaddexp.")
BCE_EXTREMES = [
    extreme(SATURATION, SATURATED, torch.tensor([[17.0, 2, 0.1]]), torch.tensor([[0.0, 1, 0]])),
    extreme("saturation at large negative logits",
            "σ(−2000) rounds to 0, and −log 0 is inf. Use log σ in one step: F.logsigmoid, or torch.logaddexp.",
            torch.tensor([[2.0, -2000, 0.1]]), torch.tensor([[0.0, 1, 0]])),
    extreme(TOO_LARGE[0], "exp(89) is already inf in 32 bits. logaddexp, softplus and logsigmoid never compute it.",
            torch.tensor([[2000.0, 2, 0.1]]), torch.tensor([[0.0, 1, 0]])),
]
BCE_INPUTS = [
    (ARTICLE, torch.tensor([[0.0, 1, 0]])),
    (torch.tensor([[7.0, -7, 0.3], [0, 1, 0]]), torch.tensor([[0.0, 1, 1], [0, 0, 1]])),
    (BATCH, torch.tensor([[0.0, 1, 0], [1, 0, 1]])),
    (FOUR, torch.tensor([[0.0, 0, 1, 1], [1, 0, 0, 0], [0, 1, 0, 0]])),
    (SMALL, torch.tensor([[0.0, 1, 0], [1, 0, 0], [1, 1, 0]])),
]
BCE_TERMS = Topic(bce, ["logits", "targets"], BCE_INPUTS, [*BCE_TERMS_MISTAKES, mistake(
    "reduced too early", "One loss for each class is wanted here, before any mean or sum.",
    lambda z, y: bce(z, y).mean(), lambda z, y: bce(z, y).sum(), lambda z, y: bce(z, y).mean(1), lambda z, y: bce(z, y).sum(1),
)], BCE_EXTREMES)
BCE = Topic(F.binary_cross_entropy_with_logits, ["logits", "targets"], BCE_INPUTS, BCE_MISTAKES, BCE_EXTREMES)


# --- one label or many

LABELS_MISTAKES = [
    mistake("argmax over the wrong dim", "The images compete here. The largest of each row is wanted: argmax(dim=1).",
            lambda z, one: z.argmax(0) if one else z >= 0),
    mistake("argmax over the whole batch",
            "There is one index for everything here. The largest of each row is wanted: argmax(dim=1).",
            lambda z, one: z.argmax() if one else z >= 0, lambda z, one: z.argmax()),
    mistake("keepdim too much", "One index for each row, shape [N]: leave keepdim out.",
            lambda z, one: z.argmax(1, keepdim=True) if one else z >= 0),
    mistake("the largest number, not where it stands", "max gives values and indices. The label is the index: argmax.",
            lambda z, one: z.amax(1) if one else z >= 0, lambda z, one: torch.softmax(z, 1).amax(1) if one else z >= 0),
    mistake("threshold on softmax",
            "Shares of 1: two true classes cannot both have more than a half. Ask sigmoid, or whether the logit is "
            "at least 0.",
            lambda z, one: z.argmax(1) if one else torch.softmax(z, 1) >= 0.5),
    mistake("threshold of 0.5 on the logits", "A half is a probability. The logit of a half is 0.",
            lambda z, one: z.argmax(1) if one else z >= 0.5),
    mistake("only one where many may be true",
            "The largest is one class. Each class has an answer of its own: at least a half, or not.",
            lambda z, one: z.argmax(1), lambda z, one: z.argmax(1) if one else F.one_hot(z.argmax(1), z.shape[1])),
    mistake("probabilities, not decided", "These are the probabilities. Compare them with a half.",
            lambda z, one: z.argmax(1) if one else torch.sigmoid(z)),
    mistake("many where one is wanted", "For one label, each row has one index: argmax(dim=1).",
            lambda z, one: z >= 0),
    mistake("one and many exchanged",
            "With one=True one index per row is wanted, with one=False a yes or no for each class.",
            lambda z, one: z >= 0 if one else z.argmax(1)),
]
LABELS_EXTREMES = [
    extreme("a half is not taken for a yes",
            "A logit of exactly 0 is a half: at or above the threshold is a yes, so >= and not >. (round makes 0 of a half.)",
            torch.tensor([[0.0, 2, -1]]), False),
]
SCORES = torch.tensor([[2, 3, 0.1, -1], [-1, -2, -3, -0.02], [1.5, -0.5, 1.4, 0.02], [0.3, -4, 0.4, -3]])
PREDICT_LABELS = Topic(lambda z, one: z.argmax(1) if one else z >= 0, ["logits", "one"], [
    (ARTICLE, True),
    (ARTICLE, False),
    (SCORES, True),
    (SCORES, False),
], LABELS_MISTAKES, LABELS_EXTREMES)
