"""The article's example as torch and plain formulas have it, without a line of utils/: what the tests compare with."""

import torch
from torch import nn
from torch.nn import functional as F

z = torch.tensor([[2.0, 3.0, 0.1]], dtype=torch.float64)
label, y = torch.tensor([1]), torch.tensor([[0.0, 1.0, 0.0]], dtype=torch.float64)
p, s = z.exp() / z.exp().sum(), 1 / (1 + (-z).exp())
CE, BCE = nn.CrossEntropyLoss(), nn.BCEWithLogitsLoss()


def raises(loss, *tensors):
    """The name of the error that a loss raises, False where it gives a number."""
    try:
        return bool(loss(*tensors) != loss(*tensors))
    except Exception as error:
        return type(error).__name__


def share(t):
    return torch.softmax(t, dim=1)


def moves(function, k=0):
    """How many numbers change when logit k rises by 1."""
    return int((function(z) - function(z + F.one_hot(torch.tensor([k]), 3)) != 0).sum())


def logits_of(values: dict):
    """The three logit sliders.  Returns: [1, 3], float64."""
    return torch.tensor([[values[f"logit {k}"] for k in range(3)]], dtype=torch.float64)


def targets_of(values: dict):
    """The three boxes.  Returns: [1, 3], float64."""
    return torch.tensor([[float(values[f"target {k}"]) for k in range(3)]], dtype=torch.float64)
