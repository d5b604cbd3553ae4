"""From labels to the target that binary cross-entropy takes: one row for each.  Taught in notebooks/04_bce_shape_error.ipynb."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from utils.check import Result, Task, check
from utils.example import BCE, LOGITS, TARGET
from utils.inputs import check_labels
from utils.language import say
from utils.plots import number
from utils.predict import Questions, the_one
from utils.slips import slips
from utils.target_shape import refuses


def bce_target(labels: Tensor, num_classes: int) -> Tensor:
    """One row per label, 1 in the label's column and 0 elsewhere: the target that BCEWithLogitsLoss takes.

    labels: (...) long, 0 ... num_classes − 1.  Returns: (..., num_classes), float32.
    Raises TypeError or ValueError for other labels.  Taught in notebooks/04.
    """
    if not isinstance(num_classes, int):
        raise TypeError(say("num_classes is a {kind}; a whole number is wanted: how many classes there are",
                            kind=type(num_classes).__name__))
    if num_classes < 2:  # one column, with a 1 in each row, would say yes for label 0
        raise ValueError(say("num_classes is {num_classes}; at least 2 is wanted: for one yes or no per image, 1 or 0, "
                             "write labels.float().unsqueeze(-1)", num_classes=num_classes))
    check_labels(labels, num_classes)
    return F.one_hot(labels, num_classes).float()


# What notebook 4 asks about it.
questions = Questions()


@questions.asks("The message asks for size [1, 3], so someone repeats the label until it fits: `[[1., 1., 1.]]`. What will torch "
                "say?", {
    "An error, another one": "It now has what it asked for. Torch can check a shape, but not what you meant.",
    "0.9733": "That is the loss of *no, yes, no*. The repeated label says *yes, yes, yes*.",
    "Another number, without an error": "It answers the question that you asked: are all three classes there?",
})
def expanded():
    right, loss = float(BCE(LOGITS, TARGET)), float(BCE(LOGITS, torch.ones(1, 3)))
    return the_one({"0.9733": abs(loss - right) < 1e-4, "Another number, without an error": abs(loss - right) >= 1e-4}), number(loss)


@questions.asks("Two images, three classes, labels 1 and 0. Which target says so to `nn.BCEWithLogitsLoss`?", {
    "[[0., 1., 0.], [1., 0., 0.]]": "One row for each image, one answer for each class, as floats.",
    "[[1., 1., 1.], [0., 0., 0.]]":
        "Torch takes it: shape and dtype are right. It says *all three* of the first image and *none* of the second.",
    "[[0, 1, 0], [1, 0, 0]]": "The right answers as whole numbers. Torch wants floats, since an answer may also be 0.9.",
    "[1., 0.]": "The labels themselves, as floats. Two numbers cannot answer six questions.",
})
def tie_target():
    sure = torch.tensor([[-50.0, 50.0, -50.0], [50.0, -50.0, -50.0]])  # class 1 and no other, then class 0 and no other
    targets = {str(target).replace(".0", "."): torch.tensor(target) for target in (
        [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]], [[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]], [[0, 1, 0], [1, 0, 0]], [1.0, 0.0])}
    says = {name: refuses(BCE, sure, target) or f"{float(BCE(sure, target)):.4f}" for name, target in targets.items()}
    return the_one({name: said == "0.0000" for name, said in says.items()}), (
        say("{answers} to the four targets, for a model that is sure of the right answers", answers=", ".join(says.values())))


# --- the check: a target in steps, and its own slips

def rows(do, t: Tensor, n: int) -> Tensor:
    return do.place(do.labels(t, n), do.columns(n, t))


def written_in(t: Tensor, n: int, where, value=1.0) -> Tensor:
    target = torch.zeros(len(t), n)
    target[where] = value
    return target


TARGET_STEPS = {"place": lambda t, n: F.one_hot(t, n).float()}
TARGET_SLIPS = slips("""
Each label becomes a row of answers as floats: 1 for “there”, in its own column, and 0 in each other. (x.float() makes another, x stays.)
    label expanded instead of one-hot | place: t.unsqueeze(1).expand(-1, n).float() | t.unsqueeze(1).expand(-1, n) | zeros(len(t), n) + t
    whole numbers or bool instead of float | after: x.long() | x.bool() | x.int()
    targets reversed | after: 1 - x
How many classes there are, an argument says: that many columns, not more, not fewer, and the same for any labels.
    number of classes fixed | columns: k for k in (3, 4, 2, 10)
    a column too many, or too few | columns: n + 1 | n - 1
    classes numbered anew | place: one_hot(t.unique(return_inverse=True)[1], n).float()
Each label has a row of its own, a new one, even where there is but one label. In it stands a single 1: in which column?
    counted from the last class | labels: n - 1 - t
    off by one class | place: (arange(n) == t.unsqueeze(1) - 1).float() | (arange(n) == t.unsqueeze(1) + 1).float()
    rows and columns exchanged | place: one_hot(t, n).float().T
    every label in every row | place: written_in(t, n, (slice(None), t))
    row and column exchanged in the index | place: written_in(t, n, (t, arange(len(t)))) | written_in(t, n, (t, t)) \
| written_in(t, n, (len(t), t)) | zeros(len(t), n).scatter(0, t.unsqueeze(0), 1) | zeros(len(t), n).scatter(0, t.unsqueeze(1), 1)
    as many rows as classes | place: written_in(t, n, (arange(n), t)) | eye(n)
    only the first row | place: written_in(t, n, (0, t)) | written_in(t, n, (0, t[0])) | one_hot(t[0], n).float()
    more than one 1 in a row | place: k(arange(n), t.unsqueeze(1)).float() for k in (le, lt, ge)
    whole rows filled | place: written_in(t, n, t)
    all labels in one row | place: one_hot(t, n).amax(0, k).float() for k in (False, True) | one_hot(t, n).sum(0).float()
    dimension of the batch lost | after: x.squeeze(0)
The column says which class. What stands in it says yes or no, and nothing else: 1 or 0.
    the label written where 1 belongs | place: one_hot(t, n) * t.unsqueeze(1).float() | one_hot(t, n) * (t.unsqueeze(1) + 1.0)
    another number than 1 | after: k * x for k in (255, 0.9)
    −1 for “not there” | place: 2.0 * one_hot(t, n) - 1
    smoothed labels | after: 0.9 * x + 0.1 / x.shape[-1] | 0.9 * x + 0.05 | 0.8 * x + 0.1 | 0.9 * x + 0.1 * (1 - x) / (x.shape[-1] - 1)
Nothing of the labels came into it. (== compares, = writes. target[rows][columns] = 1 writes into a copy. eye has its 1s where rows count.)
    the labels are not in it | place: zeros(len(t), n) | ones(len(t), n) | eye(len(t), n) \
| written_in(t, n, (arange(len(t)), arange(len(t))))
One index cannot answer num_classes questions.
    the label itself | place: t.float() | t | t.float().unsqueeze(1) | t.unsqueeze(1)
""", TARGET_STEPS, written_in=written_in)
BCE_TARGET = Task(lambda t, n: F.one_hot(t, n).float(), ["labels", "num_classes"], [
    (torch.tensor([1]), 3),
    (torch.tensor([0]), 3),  # after another of its shape
    (torch.tensor([2, 0]), 3),
    (torch.tensor([2, 0, 1]), 4),
    (torch.tensor([3, 0, 1, 3, 2]), 5),
    (torch.tensor([0, 0, 0]), 2),
    (torch.tensor([1, 0, 2]), 3),
], [rows], TARGET_SLIPS, TARGET_STEPS)


def check_bce_target(function: Callable[[Tensor, int], Tensor]) -> Result:
    """Whether function(labels [N], num_classes) → [N, num_classes], floating, is one-hot.  Written in notebooks/04."""
    return check(function, BCE_TARGET)
