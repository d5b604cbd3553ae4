import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from utils.digits import two_digits
from utils.several import LOSSES, explore_several, precision_recall, probabilities, wholly_right


# --- one digit or several

def fresh_probabilities(name):
    """The training of two digits once more, with a layer and torch's own losses."""
    pairs, targets = (tensor.double() for tensor in two_digits())
    model = nn.Linear(128, 3, bias=False).double()
    nn.init.zeros_(model.weight)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    rows = torch.stack([row / row.sum() if row.any() else row for row in targets])
    for _ in range(100):
        optimizer.zero_grad()
        if name == "CE, softmax":
            (-(rows[:300] * torch.log_softmax(model(pairs[:300]), 1)).sum() / 300).backward()
        else:
            nn.BCEWithLogitsLoss()(model(pairs[:300]), targets[:300]).backward()
        optimizer.step()
    logits = model(pairs[300:]).detach()
    return torch.softmax(logits, 1) if name == "CE, softmax" else 1 / (1 + (-logits).exp())


@pytest.mark.parametrize("name", LOSSES)
def test_two_digits_are_trained_as_torch_does(name):
    torch.testing.assert_close(probabilities(name), fresh_probabilities(name))


@given(st.sampled_from(list(LOSSES)), st.integers(1, 49))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_several_counts_what_a_loop_counts(name, stop):
    threshold = round(0.02 * stop, 9)
    SEVERAL._set("Reset", {"loss": name, "threshold": threshold})
    answers, truth = (probabilities(name) >= threshold).tolist(), two_digits()[1][300:].bool().tolist()
    whole = [a == t for a, t in zip(answers, truth)]
    words = SEVERAL.words.splitlines()
    assert words[0] == f"{name}, threshold {threshold:.2f}: {sum(whole)} of 300 images wholly right = {sum(whole) / 300:.4f}"
    counts = [f"{sum(w for w, t in zip(whole, truth) if sum(t) == k)} of {sum(sum(t) == k for t in truth)}" for k in range(3)]
    assert words[1] == "of the images with " + ", ".join(
        f"{many} of the three: {count}" for many, count in zip(("none", "one", "two"), counts))
    for line, over in ((words[2], answers), (words[3], truth)):
        found = [sum(a[k] and t[k] for a, t in zip(answers, truth)) for k in range(3)]
        rates = [f"{f / sum(row[k] for row in over):.4f}" if any(row[k] for row in over) else "0 / 0" for k, f in enumerate(found)]
        assert line.endswith(" = " + ", ".join(rates))
    drawn = SEVERAL.picture.drawn
    assert drawn["dot"].data == pytest.approx(sum(whole) / 300) and drawn["share says"].text == f"{sum(whole) / 300:.4f}"
    failing = [k for k, right in enumerate(whole) if not right][:4]
    assert [mark.data for key, mark in drawn.items() if mark.kind == "cells"] == failing
    for k in failing:
        red = [j for j in range(3) if drawn[f"image {k} class {j}"].look == 13]
        assert red == [j for j in range(3) if answers[k][j] != truth[k][j]]


SEVERAL = explore_several()


def test_precision_recall_and_wholly_right_on_numbers_that_one_can_count():
    answers = torch.tensor([[1, 1, 0], [1, 0, 0], [0, 1, 0]]).bool()
    targets = torch.tensor([[1, 0, 0], [1, 0, 1], [0, 1, 0]])
    precision, recall = precision_recall(answers, targets)
    assert precision[:2].tolist() == [1, 0.5] and precision[2].isnan() and recall.tolist() == [1, 1, 0]
    assert wholly_right(answers, targets).tolist() == [False, False, True]


@pytest.mark.parametrize("function", [wholly_right, precision_recall])
@pytest.mark.parametrize("size", [(3,), (3, 2), (1, 3), (3, 1, 3)])
def test_answers_of_another_shape_are_told_off(function, size):
    right, wrong = torch.ones(3, 3), torch.ones(size)
    for pair in ((wrong, right), (right, wrong), (torch.ones(3), torch.ones(3))):
        with pytest.raises(ValueError, match=r"answers has shape \[.*\], targets has \[.*\]; the same shape \[N, C\] is wanted for both"):
            function(*pair)


# The right choice of each question, and a fact of torch's that makes it right.
ANSWERS = {
    "two_there": ("Not one", lambda: not ((fresh_probabilities("CE, softmax") >= 0.5) == two_digits()[1][300:].bool()).all(1)[
        two_digits()[1][300:].sum(1) == 2].any()),
}

# A way to do each task from the start, and what must not tick it.
WAYS = {
    "With softmax, get more than two thirds of the images wholly right.": [("threshold", 0.12)],
    "Get more than nine of ten images wholly right.": [("loss", "BCE, sigmoid")],
    "With BCE, bring all three recalls above 0.98, whatever it costs in precision.": [("threshold", 0.06), ("loss", "BCE, sigmoid")],
    "With softmax, find a threshold at which an image with none of the three is wholly right, and one with two of them as well.":
        [("threshold", 0.44)],
}
NEARLY = {
    "With softmax, get more than two thirds of the images wholly right.": [("threshold", 0.18)],
    "With softmax, find a threshold at which an image with none of the three is wholly right, and one with two of them as well.": [
        ("threshold", 0.3)],
}

# Words of each choice's reason that no other reason of the question has.
REASONS = {
    "two_there": {"Not one": "are exactly", "About": "were found", "Nearly": "model knows"},
}
