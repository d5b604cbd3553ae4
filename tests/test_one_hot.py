import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.oracle import BCE, label, raises, z
from tests.topics import pairs_of
from utils.one_hot import bce_target, check_bce_target


def test_bce_target_is_one_hot_as_float():
    labels = torch.tensor([0, 2, 1])
    assert torch.equal(bce_target(labels, 4), F.one_hot(labels, 4).float()) and bce_target(labels, 4).dtype == torch.float32
    assert bce_target(torch.tensor(1), 3).tolist() == [0, 1, 0]
    loss = nn.BCEWithLogitsLoss()(torch.tensor([[2, 3, 0.1]]), bce_target(torch.tensor([1]), 3))
    assert loss.item() == pytest.approx(0.9733, abs=5e-5)


@pytest.mark.parametrize("classes, error, sentence", [
    (0, ValueError, "num_classes is 0; at least 2 is wanted"),
    (1, ValueError, r"num_classes is 1; at least 2 is wanted: for one yes or no .* write labels.float\(\).unsqueeze\(-1\)"),
    (3.0, TypeError, "num_classes is a float; a whole number is wanted"),
])
def test_bce_target_bad_classes(classes, error, sentence):
    with pytest.raises(error, match=sentence):
        bce_target(torch.tensor([0]), classes)


@pytest.mark.parametrize("labels, error, sentence", [
    (torch.tensor([3]), ValueError, "labels holds 3; with 3 classes a label is 0 ... 2"),
    (torch.tensor([-100]), ValueError, "labels holds -100"),
    (torch.tensor([1.0]), TypeError, "labels has dtype torch.float32"),
    (torch.tensor([[0.0, 1, 0]]), ValueError, r"labels has shape \[1, 3\]; one index .* write labels.argmax\(dim=-1\)"),
])
def test_bce_target_bad_labels(labels, error, sentence):
    with pytest.raises(error, match=sentence):
        bce_target(labels, 3)


# The right choice of each question, and a fact of torch's that makes it right; or the number.
ANSWERS = {
    "expanded": ("Another number, without an error", lambda: raises(BCE, z, label.expand(1, 3).double()) is False
                 and abs(BCE(z, label.expand(1, 3).double()) - 0.9733) > 0.1),
    "tie_target": ("[[0., 1., 0.], [1., 0., 0.]]", lambda: BCE(
        torch.tensor([[-50.0, 50, -50], [50, -50, -50]]), F.one_hot(torch.tensor([1, 0]), 3).float()) < 1e-9),
}
# A word or two that only this choice has for its reason.
REASONS = {
    "expanded": {"An error": "not what you meant", "0.9733": "no, yes, no", "Another number": "the question that you asked"},
    "tie_target": {"[[0., 1.": "One row for each image", "[[1., 1.": "all three", "[[0, 1": "whole numbers", "[1., 0.]": "six questions"},
}

# Numbers in the evidence that no notebook prints, each computed here by another way.
EVIDENCE = {
    "tie_target": lambda: [3 * 50 / 6],
}


# --- right answers, in styles that people use; and wrong ones, as people write them, with the name that the check must give them

def filled(rows, columns, places, value=1.0):
    target = torch.zeros(rows, columns)
    target[places] = value
    return target


RIGHT = {
    check_bce_target: [
        lambda t, n: F.one_hot(t, n).float(), lambda t, n: F.one_hot(t, num_classes=n).double(), lambda t, n: torch.eye(n)[t],
        lambda t, n: filled(len(t), n, (torch.arange(len(t)), t)), lambda t, n: torch.zeros(len(t), n).scatter_(1, t.unsqueeze(1), 1.0),
        lambda t, n: (t.unsqueeze(1) == torch.arange(n)).float(),
        lambda t, n: F.one_hot(t, n).half(), lambda t, n: torch.stack([torch.eye(n)[label] for label in t]),
        lambda t, n: torch.eye(n, dtype=torch.float64)[t],
        lambda t, n: torch.tensor([[float(k == label) for k in range(n)] for label in t]),
        lambda t, n: torch.from_numpy(np.eye(n)[t.numpy()]),
        lambda t, n: torch.eye(n).index_select(0, t),
        lambda t, n: torch.zeros(len(t), n).index_put((torch.arange(len(t)), t), torch.ones(len(t))),
        lambda t, n: F.one_hot(t, n) * 1.0, lambda t, n: F.one_hot(t, num_classes=n).to(torch.bfloat16),
    ],
}
WRONG = {
    check_bce_target: {
        "label expanded instead of one-hot": lambda t, n: t.view(-1, 1).repeat(1, n).float(),
        "whole numbers or bool instead of float": lambda t, n: F.one_hot(t, num_classes=n),
        "num_classes not used": lambda t, n: torch.eye(int(t.max()) + 1)[t],
        "number of classes fixed": lambda t, n: torch.nn.functional.one_hot(t, 3).float(),
        "off by one class": lambda t, n: torch.eye(n)[t - 1],
        "rows and columns exchanged": lambda t, n: torch.eye(n)[:, t],
        "targets reversed": lambda t, n: 1 - torch.eye(n)[t],
        "every label in every row": lambda t, n: filled(len(t), n, (slice(None), t)),
        "the label written where 1 belongs": lambda t, n: filled(len(t), n, (torch.arange(len(t)), t), t.float()),
        "whole rows filled": lambda t, n: filled(len(t), n, t),
        "the labels are not in it": lambda t, n: torch.zeros(len(t), n),
        "dimension of the batch lost": lambda t, n: torch.eye(n)[t[0]] if len(t) == 1 else torch.eye(n)[t],
        "the label itself": lambda t, n: t.float(),
        "it changes the labels that it was given": lambda t, n: torch.eye(n)[t.add_(0).sub_(1) + 1],
    },
}
THOUGHTS = {
    "label becomes": ("label expanded instead of one-hot", 3), "an argument": ("number of classes fixed", 3),
    "label has": ("counted from the last class", 11), "The column": ("the label written where 1 belongs", 4),
    "Nothing of": ("the labels are not in it", 1), "One index": ("the label itself", 1),
}


# --- two slips at once, as their parts combine: ({the names}, function)

LABELS = {"off by one class": lambda t, n: (t + 1) % n, "labels in another order": lambda t, n: t.flip(0),
          "counted from the last class": lambda t, n: n - 1 - t}
COLUMNS = {"number of classes fixed": lambda t, n: 4, "num_classes not used": lambda t, n: int(t.max()) + 1}
ENDS = {"whole numbers or bool instead of float": torch.Tensor.int, "rows and columns exchanged": torch.t,
        "targets reversed": lambda y: 1 - y, "a NumPy array instead of a tensor": np.array, "−1 for “not there”": lambda y: 2 * y - 1,
        "smoothed labels": lambda y: 0.9 * y + 0.05}


def put_together(label=lambda t, n: t, column=lambda t, n: n, end=lambda y: y):
    return lambda t, n: end(F.one_hot(label(t, n), column(t, n)).float())


PAIRED = {check_bce_target: pairs_of(put_together, {"label": LABELS, "column": COLUMNS, "end": ENDS})}
