import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from utils.digits import digits
from utils.symptoms import run, symptoms

IMAGES, LABELS = (part[:300] for part in digits(1, 3, 8))
IMAGES, TESTS, TEST_LABELS = IMAGES.double(), digits(1, 3, 8)[0][300:].double(), digits(1, 3, 8)[1][300:]
ONE_HOT = torch.eye(3, dtype=torch.float64)[LABELS]
TORCHS = {"gradient descent": torch.optim.SGD, "Adam": torch.optim.Adam}

# Each mistake once more, by other means than the code that the explorer shows.
BY_HAND = {
    "none": nn.CrossEntropyLoss(),
    "softmax before the loss": lambda z, y: nn.CrossEntropyLoss()(z.exp() / z.exp().sum(1, keepdim=True), y),
    "sigmoid before the loss": lambda z, y: nn.CrossEntropyLoss()(1 / (1 + (-z).exp()), y),
    "ReLU before the loss": lambda z, y: nn.CrossEntropyLoss()(z.clamp(min=0) * (z > 0), y),
    "sum for mean": nn.CrossEntropyLoss(reduction="sum"),
    "wrong dim": lambda z, y: (z.logsumexp(0)[y] - z[torch.arange(len(y)), y]).mean(),
    "minus forgotten": lambda z, y: F.log_softmax(z, 1)[torch.arange(len(y)), y].mean(),
    "NLLLoss on shares": lambda z, y: -torch.softmax(z, 1)[torch.arange(len(y)), y].mean(),
    "target expanded": lambda z, y: (F.softplus(z) - z * y.unsqueeze(1)).mean(),
    "mask of 255": lambda z, y: (F.softplus(z) - 255 * z * torch.eye(3, dtype=z.dtype)[y]).mean(),
    "sigmoid twice": lambda z, y: nn.BCELoss()(torch.sigmoid(torch.sigmoid(z)), torch.eye(3, dtype=z.dtype)[y]),
    "target reversed": lambda z, y: (F.softplus(z) - z * (1 - torch.eye(3, dtype=z.dtype)[y])).mean(),
}


def torchs_own(loss, rate, optimizer, images=IMAGES):
    """nn.Linear and an optimizer: the loss at first and after 100 steps, and the share of the test images that are right."""
    model = nn.Linear(64, 3, bias=False).double()
    nn.init.zeros_(model.weight)
    step, losses = TORCHS[optimizer](model.parameters(), lr=rate), []
    for _ in range(100):
        losses.append(loss(model(images), LABELS))
        step.zero_grad()
        losses[-1].backward()
        step.step()
    losses.append(loss(model(images), LABELS))
    return [value.item() for value in losses], (model(TESTS).argmax(1) == TEST_LABELS).double().mean().item()


@pytest.mark.parametrize("mistake", ["none", "minus forgotten"])
def test_a_run_is_torchs_own_loop(mistake):
    ran = run(BY_HAND[mistake], IMAGES, LABELS, 0.5)
    assert ran.losses == pytest.approx(torchs_own(BY_HAND[mistake], 0.5, "gradient descent")[0]) and ran.stopped == ""


def test_a_loss_that_changes_what_it_is_given_changes_no_later_run():
    def greedy(logits, labels):
        labels -= labels
        return F.cross_entropy(logits, labels)

    before = LABELS.clone()
    run(greedy, IMAGES, LABELS, 0.5)
    assert torch.equal(LABELS, before)


def test_symptoms_on_curves_made_for_them():
    good = [1.1 - 0.01 * k for k in range(101)]
    assert symptoms(good, 0.9, 1.1, 0.0) == []
    assert symptoms([], None, 1.1, 0.0, "ValueError: no") == ["an error at once: ValueError: no"]
    assert symptoms(good[:3], None, 1.1, 0.0, "ValueError: no") == ["an error in step 3: ValueError: no"]
    assert symptoms([1.1, -math.inf], None, 1.1, 0.0) == ["−inf from step 1 on"]
    assert symptoms([1.1] * 3, 0.33, 1.1, 0.0) == ["it is stuck at 1.1000", "the answers are no better than guesses"]
    assert symptoms([1.1, 1.5, 0.2], 0.9, 1.1, 0.0) == ["it jumps"]
    assert symptoms([1.1, 11.0, 0.2], 0.9, 1.1, 0.0) == ["it jumps, to 10 times where it began"]
    assert symptoms([0.0, 3.0, 0.2], 0.9, 1.1, 0.0) == ["it jumps"]  # a loss that starts at 0 jumps by no factor
