"""From labels to the target that binary cross-entropy takes: one row for each.  Taught in notebooks/04_bce_shape_error.ipynb."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from utils.check import Result, Task, check
from utils.example import BCE, LOGITS, TARGET
from utils.inputs import check_labels
from utils.language import say
from utils.loss_slips import LABELLING
from utils.plots import number
from utils.predict import Questions, the_one
from utils.slips import slip
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


TARGET_SLIPS = [
    slip("label expanded instead of one-hot", "Repeating the label says “yes, yes, yes” for 1, and “no, no, no” for 0.",
         place=[lambda t, n: t.unsqueeze(1).expand(-1, n).float(), lambda t, n: t.unsqueeze(1).expand(-1, n)]),
    slip("long or bool instead of float", "The answers are right. BCE takes them as probabilities, so as floats.",
         after=[torch.Tensor.long, torch.Tensor.bool]),
    slip("number of classes fixed", "This is right for so many classes only. Use num_classes.",
         columns=[lambda n, t, k=k: k for k in (3, 4, 2, 10)]),
    slip("targets reversed", "1 stands for “there”, and 0 for “not there”.", after=lambda y: 1 - y),
    slip("counted from the last class", "Label 0 is the first column, not the last.",
         labels=lambda t, n: n - 1 - t),
    slip("every label in every row", "target[:, labels] = 1 writes all labels into each row. Each row has one of its own.",
         place=lambda t, n: written_in(t, n, (slice(None), t))),
    slip("row and column exchanged in the index", "The first index is the row, the second the column. Which of them is a label?",
         place=lambda t, n: written_in(t, n, (t, torch.arange(len(t))))),
    slip("as many rows as classes", "There is a row for each label. How many are they?",
         place=lambda t, n: written_in(t, n, (torch.arange(n), t))),
    slip("only the first row", "Each row has a label of its own.",
         place=[lambda t, n: written_in(t, n, (0, t)), lambda t, n: written_in(t, n, (0, t[0])), lambda t, n: F.one_hot(t[0], n).float()]),
    slip("the label written where 1 belongs", "The column says which class; the number in it says “there”, so 1.",
         place=[lambda t, n: F.one_hot(t, n) * t.unsqueeze(1).float(), lambda t, n: F.one_hot(t, n) * (t.unsqueeze(1) + 1.0)]),
    slip("whole rows filled", "target[labels] = 1 fills the rows of these numbers. One place in each row is wanted.",
         place=lambda t, n: written_in(t, n, t)),
    slip("all labels in one row", "One row for each label is wanted, not one for all.",
         place=[lambda t, n: F.one_hot(t, n).amax(0).float(), lambda t, n: F.one_hot(t, n).amax(0, keepdim=True).float(),
                lambda t, n: F.one_hot(t, n).sum(0).float()]),
    slip("the labels are not in it", "All zeros say “no” to every class, all ones “yes”, and the diagonal counts the rows.",
         place=[lambda t, n: torch.zeros(len(t), n), lambda t, n: torch.ones(len(t), n), lambda t, n: torch.eye(len(t), n)]),
    slip("−1 for “not there”", "−1 and 1 are for hinge losses. BCE's targets are 0 and 1.", after=lambda y: 2 * y - 1),
    slip("smoothed labels", "A plain one-hot row is wanted: 1 and 0.",
         after=[lambda y: 0.9 * y + 0.1 / y.shape[-1], lambda y: 0.9 * y + 0.05]),
    slip("dimension of the batch lost", "One row for each label, for one label too: shape [1, num_classes].", after=lambda y: y.squeeze(0)),
    slip("the label itself", "One index cannot answer num_classes questions. Each label becomes a row.",
         place=[lambda t, n: t.float(), lambda t, n: t, lambda t, n: t.float().unsqueeze(1), lambda t, n: t.unsqueeze(1)]),
    *LABELLING,
]
BCE_TARGET = Task(lambda t, n: F.one_hot(t, n).float(), ["labels", "num_classes"], [
    (torch.tensor([1]), 3),
    (torch.tensor([2, 0]), 3),
    (torch.tensor([2, 0, 1]), 4),
    (torch.tensor([3, 0, 1, 3, 2]), 5),
    (torch.tensor([0, 0, 0]), 2),
    (torch.tensor([1, 0, 2]), 3),
], [rows], TARGET_SLIPS, {"columns": lambda n, t: n, "place": lambda t, n: F.one_hot(t, n).float()})


def check_bce_target(function: Callable[[Tensor, int], Tensor]) -> Result:
    """Whether function(labels [N], num_classes) → [N, num_classes], floating, is one-hot.  Written in notebooks/04."""
    return check(function, BCE_TARGET)
