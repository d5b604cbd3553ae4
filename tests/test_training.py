import itertools
import math
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from tests.topics import ROOT, pairs_of
from utils import digits as handwriting
from utils import training
from utils.digits import digits, two_digits
from utils.predict import marked, numbered
from utils.training import (
    LOSSES, MISTAKES, OPTIMIZERS, RATES, SNIPPETS, check_training_step, explore_several, explore_training,
    precision_recall, probabilities, reviewed, symptoms, training_step, wholly_right,
)

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


def explorer_at(loss=F.cross_entropy, **values):
    explorer = explore_training(loss)
    for name, value in values.items():
        explorer.controls[name.replace("_", " ")].value = value
    return explorer


def test_the_digits_are_those_of_the_file_and_no_half_shares_one():
    file = np.load(ROOT / "utils" / "digits.npz")
    assert file["images"].shape == (1797, 8, 8) and file["images"].dtype == np.uint8 and file["images"].max() == 16
    assert "Alpaydin" in str(file["source"]) and "CC BY 4.0" in str(file["source"])
    images, labels = digits(8, 0)
    assert images.shape == ((file["labels"] == 8).sum() + (file["labels"] == 0).sum(), 64)
    assert images.max() == 1 and images.min() == 0 and labels.sum() == (file["labels"] == 0).sum()
    k = int((labels == 1).nonzero()[0])
    assert torch.equal(images[k] * 16, torch.tensor(file["images"][file["labels"] == 0][0].astype(np.float32)).flatten())
    with pytest.raises(ValueError, match=r"digits \[12\]; some of 0 ... 9 are wanted"):
        digits(12)
    pairs, _ = two_digits()
    halves = [{tuple(half.tolist()) for pair in part for half in (pair[:64], pair[64:])} for part in (pairs[:300], pairs[300:])]
    assert not halves[0] & halves[1], "the same handwriting to learn from and to test with"


def test_two_digits_say_what_is_there():
    pairs, targets = two_digits()
    images, labels = digits(*range(10))
    known = {tuple(image.tolist()): label for image, label in zip(images, labels.tolist())}
    for pair, target in zip(pairs[::7], targets[::7]):
        seen = {known[tuple(pair[:64].tolist())], known[tuple(pair[64:].tolist())]}
        assert seen <= {0, 3, 6, 4, 7} and target.tolist() == [float(digit in seen) for digit in (0, 3, 6)]


@pytest.mark.parametrize("mistake", BY_HAND)
@pytest.mark.parametrize("optimizer, rate", [("gradient descent", 0.5), ("gradient descent", 0.02), ("Adam", 0.1)])
def test_training_is_what_torchs_own_loop_gives(mistake, optimizer, rate):
    losses, right = torchs_own(BY_HAND[mistake], rate, optimizer)
    now = explorer_at(learning_rate=rate, mistake=mistake, optimizer=optimizer)._now
    if now["wild"]:
        assert mistake == "sum for mean" and now["losses"][:4] == pytest.approx(losses[:4])
        return
    assert now["losses"] == pytest.approx(losses, rel=1e-6, abs=1e-6)
    assert now["accuracies"][-1] == right


# What each mistake looks like, at the rate and with the optimizer that the explorer starts with, by the numbers of torch's own loop.
FLOOR = f"floor: perfect answers would cost {math.log(1 + 2 / math.e):.4f}"
FLOOR_OF_BCE = f"floor: perfect answers would cost {(math.log(1 + 1 / math.e) + 2 * math.log(2)) / 3:.4f}"
LOOKS = {
    "none": lambda first, last, right: "nothing odd" if last < 0.2 and right > 0.9 else "",
    "softmax before the loss": lambda first, last, right: FLOOR if last > 0.5514 and right > 0.85 else "",
    "sigmoid before the loss": lambda first, last, right: FLOOR if last > 0.5514 and right > 0.85 else "",
    "ReLU before the loss": lambda first, last, right: f"stuck at {math.log(3):.4f}" if last == first else "",
    "sum for mean": lambda first, last, right: f"starts at {300 * math.log(3):.4f}, where guessing costs 1.0986; it jumps",
    "wrong dim": lambda first, last, right: f"starts at {math.log(300):.4f}, where" if abs(first - math.log(300)) < 1e-6 else "",
    "minus forgotten": lambda first, last, right: "below 0; the answers are no better" if last < -100 and 0.3 < right < 0.4 else "",
    "NLLLoss on shares": lambda first, last, right: "it is below 0" if -1 < last < 0 and right > 0.85 else "",
    "target expanded": lambda first, last, right: "below 0; the answers are no better" if last < -2 and 0.3 < right < 0.4 else "",
    "mask of 255": lambda first, last, right: "it is below 0" if last < -1e6 else "",
    "sigmoid twice": lambda first, last, right: FLOOR_OF_BCE if last > 0.6 else "",
    "target reversed": lambda first, last, right: "the answers are worse than guesses" if 0 < last < 0.3 and right < 0.03 else "",
}


@pytest.mark.parametrize("mistake", LOOKS)
def test_each_symptom_is_named_where_it_shows(mistake):
    losses, right = torchs_own(BY_HAND[mistake], 0.5, "gradient descent")
    words = explorer_at(mistake=mistake).words
    look = LOOKS[mistake](losses[0], losses[-1], right)
    assert look and look in next(line for line in words.splitlines() if line.startswith("from outside"))


def test_a_label_too_high_is_an_error_at_once_and_the_last_curve_stays():
    explorer = explore_training(F.cross_entropy)
    curve = explorer.picture.drawn["curve"]
    explorer.controls["mistake"].value = "labels one too high"
    assert "an error at once: IndexError: Target 3 is out of bounds." in explorer.words and explorer.wrong == ""
    for _ in range(2):
        assert explorer.picture.drawn["before curve"].data == curve.data and "curve" not in explorer.picture.drawn
        explorer.controls["learning rate"].value = 0.001
    explorer.buttons["Reset"].click()
    assert explorer.picture.drawn["curve"] == curve and "before curve" not in explorer.picture.drawn


def test_every_mistake_is_known_and_what_is_shown_is_what_runs():
    assert set(BY_HAND) | {"labels one too high"} == set(MISTAKES)
    for mistake, code in MISTAKES.items():
        explorer = explorer_at(mistake=mistake)
        assert explorer.words.splitlines()[0].startswith(f"the loss in training: {code}")
        if mistake not in ("none", "labels one too high"):
            z = torch.randn(300, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
            by_hand = pytest.approx(BY_HAND[mistake](z, LABELS).item())
            assert training.mistaken(mistake, F.cross_entropy)(z, LABELS).item() == by_hand
            own = {"torch": torch, "F": F, "bce": nn.BCEWithLogitsLoss(), "loss": F.cross_entropy, "target": ONE_HOT}  # as the words say
            assert eval(code, own | {"logits": z, "labels": LABELS}).item() == by_hand


def test_words_are_the_same_where_rounding_differs(monkeypatch):
    """Another machine adds in another order: here the pixels are off by what such a difference is."""
    moves = itertools.product(MISTAKES, OPTIMIZERS, (RATES[3], RATES[12], RATES[17], RATES[20]))
    first, second = explore_training(F.cross_entropy), None
    exact = handwriting.FILE["images"]
    off = torch.randn(exact.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64).numpy() * 1e-14
    monkeypatch.setattr(handwriting, "FILE", {"images": exact * (1.0 + off), "labels": handwriting.FILE["labels"]})
    second = explore_training(F.cross_entropy)
    for mistake, optimizer, rate in moves:
        for explorer in (first, second):
            explorer._set("Reset", {"mistake": mistake, "optimizer": optimizer, "learning rate": rate})
        assert first.words == second.words and repr(first) == repr(second), (mistake, optimizer, rate)


@given(st.sampled_from(list(MISTAKES)), st.sampled_from(list(OPTIMIZERS)), st.sampled_from(RATES))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_the_picture_shows_the_numbers_of_the_words(mistake, optimizer, rate):
    explorer = EXPLORER
    explorer._set("Reset", {"mistake": mistake, "optimizer": optimizer, "learning rate": rate})
    drawn, now = explorer.picture.drawn, explorer._now
    low, high = drawn["L axis"].data
    assert ("curve" in drawn) == bool(now["losses"])
    if now["losses"]:
        curve = drawn["curve"]
        assert curve.data == now["losses"] and low <= min(curve.data) and max(curve.data) <= high
        zero, top, bottom = (drawn["L axis"].box[1] + (drawn["L axis"].box[3] - drawn["L axis"].box[1]) * (value - low) / (high - low)
                             for value in (0, max(curve.data), min(curve.data)))
        assert curve.box[1] == pytest.approx(top) and curve.box[3] == pytest.approx(bottom) and low <= 0 <= high and zero
        assert drawn["accuracy"].data == now["accuracies"] and drawn["step 100"].box[0] + 1 == curve.box[2] == drawn["accuracy"].box[2]
        assert ("loss says" in drawn) != now["wild"]
    for k in training.SHOWN:
        if now["shares"] is None:
            assert drawn[f"image {k} says"].text == "?"
        else:
            shares = now["shares"][training.SHOWN.index(k)]
            assert drawn[f"image {k} says"].text == "138"[int(shares.argmax())]
            assert (f"image {k} wrong" in drawn) == (int(shares.argmax()) != int(TEST_LABELS[k]))
            assert [drawn[f"image {k} share {j}"].data[1] for j in range(3)] == pytest.approx(shares.cumsum(0).tolist())


EXPLORER = explore_training(F.cross_entropy)


def test_the_images_in_the_picture_are_those_of_the_file():
    picture = explore_training(F.cross_entropy).picture
    for k in training.SHOWN:
        x0, y0, x1, y1 = picture.drawn[f"image {k}"].box
        ink = np.array([0, 3, 2, 1])  # paper, a third, two thirds and all of the ink, as palette indices
        wanted = ink[np.rint(TESTS[k].reshape(8, 8).numpy() * 3).astype(int)]
        assert (picture.pixels[y0 + 6:y1:13, x0 + 6:x1:13] == wanted).all()


def loss_of(change):
    return lambda z, y: change(F.cross_entropy(z, y))


@pytest.mark.parametrize("loss, sentence", [
    (lambda z, y: None, "<lambda> returned None: does it end with a return?"),
    (lambda z, y: F.cross_entropy(z, y, reduction="none"), "<lambda> returned shape [300]; shape [] is wanted: end with .mean()"),
    (lambda z, y: [0.5], "<lambda> returned a list; a tensor of shape [] is wanted"),
    (loss_of(torch.Tensor.item), "<lambda> returned a number without a gradient, so nothing can be learned"),
    (loss_of(torch.Tensor.detach), "<lambda> returned a number without a gradient"),
    (loss_of(lambda value: value * torch.nan), "<lambda> returned nan for logits that are all 0"),
    (loss_of(lambda value: value / 0), "<lambda> returned inf for logits"),
    (loss_of(lambda value: value > 1), "<lambda> returned dtype torch.bool; floating point is wanted"),
    (loss_of(lambda value: value * 1j), "<lambda> returned dtype torch.complex"),
    (lambda z, y: 1 / 0, "<lambda> raised ZeroDivisionError: division by zero"),
    (lambda z, y: exit(), "<lambda> raised SystemExit"),
    (lambda z: z.mean(), "<lambda> raised TypeError"),
    (3, "a function is wanted, not a int: hand it over by its name, without ( )"),
])
def test_what_is_no_loss_gets_its_sentence_and_nothing_dies(loss, sentence):
    explorer = explore_training(loss)
    for name, value in (("learning rate", 0.01), ("mistake", "softmax before the loss"), ("optimizer", "Adam")):
        assert sentence in explorer.wrong and "curve" not in explorer.picture.drawn and explorer.picture.drawn["image 0 says"].text == "?"
        torchs = explorer_at(**{key: control.value for key, control in explorer.controls.items()})
        assert explorer.words.split("\nbefore")[0] == torchs.words.split("\nbefore")[0] and "What torch says:" in explorer.page.value
        explorer.controls[name].value = value
    assert sentence in explorer.wrong


def test_a_loss_that_fails_later_says_when():
    def tires(logits, labels):
        tires.calls += 1
        return F.cross_entropy(logits, labels) if tires.calls < 20 else 1 / 0

    def fades(logits, labels):
        loss = F.cross_entropy(logits, labels)
        return loss if loss > 0.5 else loss * torch.nan

    tires.calls = 0
    assert re.search(r"an error in step 1\d: ZeroDivisionError: division by zero", explore_training(tires).words)
    losses, _ = torchs_own(nn.CrossEntropyLoss(), 0.5, "gradient descent")
    step = next(k for k, loss in enumerate(losses) if loss <= 0.5)
    explorer = explore_training(fades)
    assert f"from outside   nan from step {step} on" in explorer.words
    assert len(explorer.picture.drawn["curve"].data) == step


def test_a_loss_that_insists_on_32_bits_trains_as_well():
    explorer = explore_training(lambda z, y: nn.BCELoss()(torch.sigmoid(z), F.one_hot(y, 3).float()))
    losses, _ = torchs_own(lambda z, y: F.binary_cross_entropy_with_logits(z, ONE_HOT), 0.5, "gradient descent")
    assert explorer.wrong == "" and explorer._now["losses"] == pytest.approx(losses, abs=1e-5)
    assert explorer._now["guess"] == pytest.approx(math.log(2))


def test_readers_own_losses_of_notebooks_2_and_5():
    for mine, torchs in [(lambda z, y: (z.logsumexp(1) - z[torch.arange(len(y)), y]).mean(), nn.CrossEntropyLoss()),
                         (lambda z, y: -(F.one_hot(y, 3) * F.logsigmoid(z) + (1 - F.one_hot(y, 3)) * F.logsigmoid(-z)).mean(),
                          lambda z, y: F.binary_cross_entropy_with_logits(z, ONE_HOT))]:
        assert explore_training(mine)._now["losses"] == pytest.approx(torchs_own(torchs, 0.5, "gradient descent")[0])


def test_symptoms_on_curves_made_for_them():
    good = [1.1 - 0.01 * k for k in range(101)]
    assert symptoms(good, 0.9, 1.1, 0.0) == []
    assert symptoms([], None, 1.1, 0.0, "ValueError: no") == ["an error at once: ValueError: no"]
    assert symptoms(good[:3], None, 1.1, 0.0, "ValueError: no") == ["an error in step 3: ValueError: no"]
    assert symptoms([1.1, -math.inf], None, 1.1, 0.0) == ["−inf from step 1 on"]
    assert symptoms([1.1] * 3, 0.33, 1.1, 0.0) == ["it is stuck at 1.1000", "the answers are no better than guesses"]
    assert symptoms([1.1, 1.5, 0.2], 0.9, 1.1, 0.0) == ["it jumps"]
    assert symptoms([1.1, 11.0, 0.2], 0.9, 1.1, 0.0) == ["it jumps, to 10 times where it began"]


@pytest.mark.parametrize("loss", [nn.CrossEntropyLoss(), lambda z, y: (F.softplus(z) - z * torch.eye(3, dtype=z.dtype)[y]).mean()])
def test_the_largest_rate_without_a_rise_ticks_whatever_the_loss(loss):
    curves = {rate: torchs_own(loss, rate, "gradient descent")[0] for rate in RATES}
    steady = [rate for rate, losses in curves.items() if all(after <= before for before, after in itertools.pairwise(losses))]
    for rate in RATES[-8:]:
        explorer = explorer_at(loss, learning_rate=rate)
        assert bool([task for task in explorer.done if "never jumps" in task]) == (rate == max(steady)), rate
        assert ("it jumps" in explorer.words) == (rate > max(steady)), rate


def test_ticks_as_they_are_written():
    assert [training.tall(tick) for tick in (0, 2, -500, 5000, 1e4, -1e5, -2e6, 5e8)] == [
        "0", "2", "−500", "5000", "10⁴", "−10⁵", "−2·10⁶", "5·10⁸"]


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


# --- texts, review

@pytest.mark.parametrize("name", SNIPPETS)
def test_a_snippet_has_one_wrong_line_and_the_mended_one_trains(name):
    code, line, mended, choices, _ = SNIPPETS[name]
    assert code.splitlines()[line - 1] != mended and len(code.splitlines()) <= 15
    right_choice = ANSWERS[name][0]
    assert f"Line {line}:" in right_choice and set(choices) >= {right_choice}
    for choice in choices:
        assert 1 <= int(re.match(r"Line (\d+):", choice)[1]) <= len(code.splitlines())
    losses, right = reviewed(code, line, mended)
    floor = 0.7 if "bce" in name else 0.4
    assert losses[-1] < floor and right > 0.85 and min(losses) >= 0
    assert len(losses) == 100 and reviewed(code)[0] == reviewed(code)[0], "seeded"


def test_a_question_shows_a_block_of_code_as_it_is():
    assert numbered("a = b * c\nd") == "```\n 1  a = b * c\n 2  d\n```\n"
    assert marked("Which `p` is\n```\nx = 2 * y * z < 1\n```\n*now*?") == (
        "Which <code>p</code> is\n</p><pre>x = 2 * y * z &lt; 1\n</pre><p><i>now</i>?")
    shown = repr(training.questions.review_names())
    assert "wanted = (labels[:, None] != names).float()" in shown and "`" not in shown


# What the saved notebook must say, in order.
FACTS = [
    "torch.Size([300, 64])", "first loss: 1.0986   log 3: 1.0986", "same gradient: True", "1.0986 →       0.1306    right 0.9079",
    "same weights: True", "perfect answers: 0.5514", "5.7038 →", "log 300: 5.7038   perfect answers: 4.6054",
    "-403.0049    right 0.3389", "right 0.0209", "loss   1.0986 →       1.0986", "329.5837",
    "softmax: wholly right 0.5900, of those with two 0.0000", "sigmoid: wholly right 0.9267",
]

# Each mistake that is made on purpose: what its cell does, and what comes of it.
ON_PURPOSE = {
    "softmax in training": ('report("softmax first", softmax_first)', "0.6584"),
    "wrong dim in training": ("torch.log_softmax(logits, dim=0)", "5.7038"),
    "below 0 in training": ("-nn.CrossEntropyLoss()(logits, labels)", "-403.0049"),
    "target reversed in training": ("bce(logits, 1.0 - y)", "0.0209"),
    "ReLU and sum in training": ("torch.relu(logits)", "329.5837"),
    "sum with the mean's rate": ("optimizer = torch.optim.SGD([w], lr=0.5)", "442.1367"),
    "own class only in training": ("train(own_class_only)", "1.0000"),
}

# The right choice of each question, and a fact of torch's that makes it right; or the number.
ANSWERS = {
    "first_loss": math.log(3),
    "behind_the_floor": ("About as many are right", lambda: np.ptp(
        [torchs_own(BY_HAND[mistake], 0.5, "gradient descent")[1] for mistake in ("none", "softmax before the loss")]) < 0.01),
    "smoothly": ("One cannot say: look at the answers", lambda: torchs_own(BY_HAND["target reversed"], 0.5, "gradient descent")[1] < 0.05),
    "two_there": ("None", lambda: not ((fresh_probabilities("CE, softmax") >= 0.5) == two_digits()[1][300:].bool()).all(1)[
        two_digits()[1][300:].sum(1) == 2].any()),
    "tie_training": ("A softmax or its loss over the wrong dim",
                     lambda: math.isclose(BY_HAND["wrong dim"](torch.zeros(300, 3), LABELS), 5.7038, abs_tol=5e-5)),
    "review_shares": ("Line 1: the loss will stop above 0.55", lambda: F.cross_entropy(torch.eye(3), torch.arange(3)) > 0.55),
    "review_names": ("Line 4: the loss will fall as it should, with nearly all answers wrong",
                     lambda: ((LABELS[:, None] != torch.arange(3)).double() == 1 - ONE_HOT).all()),
    "review_scores": ("Line 6: the loss will start near 5.7 and stay above 4.6",
                      lambda: 5.7 < math.log(300) < 5.71 and math.log(100) > 4.6),
    "review_nll": ("Line 5: the loss will be below 0, with good answers all the same",
                   lambda: nn.NLLLoss()(torch.softmax(torch.randn(300, 3), 1), LABELS) < 0),
    "review_sum": ("Line 3: the loss will start in the hundreds, and jump",
                   lambda: nn.CrossEntropyLoss(reduction="sum")(torch.zeros(300, 3), LABELS) > 300),
    "review_yes": ("Line 9: the loss will fall below 0, and most answers will be wrong", lambda: LABELS.max() == 2),
}

# A way to do each task from the start, and what must not tick it.
WAYS = {
    "Without a mistake, find the largest learning rate at which the loss never jumps.": [("learning rate", 0.7)],
    "Find a mistake with a floor, and train until the loss is within 0.02 of it.": [
        ("learning rate", 0.1), ("mistake", "softmax before the loss"), ("optimizer", "Adam")],
    "Make the loss fall below 0 while more than nine of ten answers are right.": [("mistake", "NLLLoss on shares")],
    "Find a loss that falls as it should while the model learns to be wrong.": [("mistake", "target reversed")],
    "Find the threshold at which softmax does best.": [("threshold", 0.12)],
    "Make more than nine of ten images wholly right.": [("loss", "BCE, sigmoid")],
    "With BCE, bring all three recalls above 0.98, whatever it costs in precision.": [("threshold", 0.06), ("loss", "BCE, sigmoid")],
    "With softmax, get an image with none of the three right, and at the same threshold one with two.": [("threshold", 0.44)],
}
NEARLY = {
    "Without a mistake, find the largest learning rate at which the loss never jumps.": [("learning rate", 1.0)],
    "Make the loss fall below 0 while more than nine of ten answers are right.": [("mistake", "target expanded")],
    "Find a loss that falls as it should while the model learns to be wrong.": [("mistake", "sigmoid twice")],
    "Find the threshold at which softmax does best.": [("threshold", 0.16)],
    "With softmax, get an image with none of the three right, and at the same threshold one with two.": [("threshold", 0.3)],
}

# Words of each choice's reason that no other reason of the question has.
REASONS = {
    "first_loss": {0.0: "been learned", 1 / 3: "each label", math.log(2): "*two* answers", math.log10(3): "10. Torch's"},
    "behind_the_floor": {"About": "largest share", "Far": "loss looks", "One": "if nothing"},
    "smoothly": {"Yes:": "means better", "One": "wrong thing", "No:": "a learning"},
    "two_there": {"None": "are exactly", "About": "were found", "Nearly": "model knows"},
    "tie_training": {"A learning": "first step", "A softmax": "the images", "Labels": "torch would"},
    "review_shares": {
        "Line 1: the loss will stop": "contains the",
        "Line 1: the loss will be": "that. This",
        "Line 5:": "first, labels"},
    "review_names": {"Line 2:": "makes longer", "Line 4:": "every class", "Line 6:": "loss wants"},
    "review_scores": {"Line 1:": "layer that", "Line 6:": "300 images", "Line 7:": "there, and"},
    "review_nll": {
        "Line 4:": "last dimension",
        "Line 5: the loss will be": "wants log-shares",
        "Line 5: the loss will have": "would with"},
    "review_sum": {"Line 3:": "losses are", "Line 6:": "loss takes", "Line 2:": "the gradient"},
    "review_yes": {"Line 6:": "brings the", "Line 9:": "label three", "Line 11:": "would, without"},
}

# Words of each slip's thought that tell it from the others.
THOUGHTS = {
    "uphill": "gradient points", "the gradient alone": "the step, not", "no learning rate": "How long the",
    "the rate in the wrong place": "The rate multiplies", "the gradient of something else": "A gradient has",
    "a step for each image": "After each image", "one image only": "one image moves",
    "the loss instead of the weights": "What is wanted are the weights after the step.", "nothing moved": "weights come",
    "sum instead of mean": "images makes", "divided once too often": "loss already", "the gradient counted twice": "A gradient is",
    "the gradient's sign or length alone": "How steep it", "weight decay": "Nobody asked for", "softmax before the loss": "takes logits",
    "shares without the logarithm": "The loss is", "labels forgotten": "gradient for", "the label itself subtracted": "the row: a",
    "number of classes fixed": "How many classes", "softmax missing": "The logits themselves", "squared error's gradient": "σ′ or p",
    "divided by the wrong number": "the images: divide",
}


def wanted(values):
    """The loss in training is a text; the first and last loss, and the share that is right, are torch's own."""
    loss = BY_HAND.get(values["mistake"])
    if loss is None:
        return [None, None]
    losses, right = torchs_own(loss, values["learning rate"], values["optimizer"])
    if max(losses) > 100 * abs(losses[0]):
        return [None, None]
    return [None, None if abs(losses[-1]) >= 10_000 else [losses[0], losses[-1]], [right]]


WRONG_CALL = "explore_training(lambda z, y: None)", "<lambda> returned None: does it end with a return?"


# --- right answers, in styles that people use; and wrong ones, as people write them, with the name that the check must give them

def by_formula(weights, images, labels, rate):
    p = torch.softmax(images @ weights, dim=1)
    return weights - rate * images.T @ (p - F.one_hot(labels, num_classes=weights.shape[1])) / len(images)


def by_optimizer(weights, images, labels, rate):
    weights = weights.clone().requires_grad_()
    optimizer = torch.optim.SGD([weights], lr=rate)
    F.cross_entropy(images @ weights, labels).backward()
    optimizer.step()
    return weights


def put_together(loss=F.cross_entropy, move=lambda w, g, rate: w - rate * g):
    def step(weights, images, labels, rate):
        w = weights.clone().requires_grad_()
        loss(images @ w, labels).backward()
        return move(weights, w.grad, rate)
    return step


RIGHT = {check_training_step: [training_step, by_formula, by_optimizer, put_together()]}
WRONG = {
    check_training_step: {
        "uphill": put_together(move=lambda w, g, rate: w + rate * g),
        "the gradient alone": lambda w, x, y, rate: x.T @ (torch.softmax(x @ w, 1) - F.one_hot(y, w.shape[1])) / len(x),
        "no learning rate": lambda w, x, y, rate: by_formula(w, x, y, 1.0),
        "nothing moved": lambda w, x, y, rate: w,
        "sum instead of mean": lambda w, x, y, rate: w - rate * x.T @ (torch.softmax(x @ w, 1) - F.one_hot(y, w.shape[1])),
        "divided once too often": put_together(nn.CrossEntropyLoss(),
            lambda w, g, rate: w - rate * g / {(2, 3): 4, (3, 3): 2, (2, 4): 3}[tuple(w.shape)]),
        "softmax before the loss": put_together(lambda z, y: nn.CrossEntropyLoss()(nn.Softmax(1)(z), y)),
        "shares without the logarithm": put_together(lambda z, y: -torch.softmax(z, 1)[torch.arange(len(y)), y].mean()),
        "normalised over the wrong dim": put_together(lambda z, y: -torch.softmax(z, 0)[torch.arange(len(y)), y].log().mean()),
        "labels forgotten": lambda w, x, y, rate: w - rate * (x.T @ torch.softmax(x @ w, 1)) / len(x),
    },
}


# --- two slips at once, as their parts combine: ({the names}, function)

PARTS = {
    "loss": {"sum instead of mean": nn.CrossEntropyLoss(reduction="sum"),
             "softmax before the loss": lambda z, y: F.cross_entropy(torch.softmax(z, 1), y),
             "shares without the logarithm": lambda z, y: nn.NLLLoss()(torch.softmax(z, 1), y)},
    "move": {"uphill": lambda w, g, rate: w + rate * g, "no learning rate": lambda w, g, rate: w - g,
             "the gradient alone": lambda w, g, rate: g},
}
PAIRED = {check_training_step: pairs_of(put_together, PARTS)}
