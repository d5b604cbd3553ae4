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

from tests.test_symptoms import BY_HAND, LABELS, ONE_HOT, TEST_LABELS, TESTS, torchs_own
from utils import digits as handwriting
from utils import training
from utils.arguments import weighted_cross_entropy
from utils.symptoms import MISTAKES, OPTIMIZERS, mistaken
from utils.training import RATES, explore_training


def explorer_at(loss=F.cross_entropy, **values):
    explorer = explore_training(loss)
    for name, value in values.items():
        explorer.controls[name.replace("_", " ")].value = value
    return explorer


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
            assert mistaken(mistake, F.cross_entropy)(z, LABELS).item() == by_hand
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
    low, high = drawn["loss axis"].data
    assert ("curve" in drawn) == bool(now["losses"])
    if now["losses"]:
        curve = drawn["curve"]
        assert curve.data == now["losses"] and low <= min(curve.data) and max(curve.data) <= high
        _, roof, _, floor = drawn["loss axis"].box
        top, bottom = (floor + (roof - floor) * (value - low) / (high - low) for value in (max(curve.data), min(curve.data)))
        assert curve.box[1] == pytest.approx(top) and curve.box[3] == pytest.approx(bottom) and low <= 0 <= high
        assert drawn["accuracy"].data == now["accuracies"] and drawn["step tick 100"].box[0] + 1 == curve.box[2] == drawn["accuracy"].box[2]
        assert ("loss says" in drawn) != now["wild"]
    key = {drawn[f"marker key {j}"].look: drawn[f"key {j}"].text for j in range(3)}
    assert list(key.values()) == list("138") and drawn["softmax"].text == "softmax"
    for k in training.SHOWN:
        if now["shares"] is None:
            assert drawn[f"image {k} says"].text == "?"
        else:
            shares = now["shares"][training.SHOWN.index(k)]
            assert drawn[f"image {k} says"].text == "138"[int(shares.argmax())] == key[drawn[f"marker image {k} says"].look]
            right = int(shares.argmax()) == int(TEST_LABELS[k])
            assert (f"image {k} wrong" in drawn) == (f"image {k} true" in drawn) == (not right)
            assert (f"true image {k} says" in drawn) == right, "★ stands once, at the class that is true"
            assert [drawn[f"image {k} share {j}"].data[1] for j in range(3)] == pytest.approx(shares.cumsum(0).tolist())


EXPLORER = explore_training(F.cross_entropy)


@pytest.mark.parametrize("mistake, rate, wild", [("sum for mean", 2.0, True), ("mask of 255", 0.5, False), ("none", 0.5, False)])
def test_no_price_of_guessing_stands_where_the_curve_ends_on_the_axis(mistake, rate, wild):
    drawn = explorer_at(mistake=mistake, learning_rate=rate).picture.drawn
    assert ("loss says" not in drawn) == wild and "floor says" not in drawn
    assert ("guess says" in drawn) == ("guess" in drawn) == (mistake == "none")


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
    (nn.CrossEntropyLoss, "CrossEntropyLoss is a class; the loss is what it makes: hand over CrossEntropyLoss(), with ( )"),
    (nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2])), "either for all 3 classes or no classes but got weight tensor of shape: [2]"),
    (nn.CrossEntropyLoss(weight=torch.zeros(3)), "your function returned nan for logits that are all 0"),
    (lambda z, y: weighted_cross_entropy(z, y, torch.tensor([1.0, -1, 1])), "weight holds -1; finite numbers of 0 or more are wanted"),
])
def test_what_is_no_loss_gets_its_sentence_and_nothing_dies(loss, sentence):
    explorer = explore_training(loss)
    for name, value in (("learning rate", 0.01), ("mistake", "softmax before the loss"), ("optimizer", "Adam")):
        assert sentence in explorer.wrong and "curve" not in explorer.picture.drawn and explorer.picture.drawn["image 0 says"].text == "?"
        torchs = explorer_at(**{key: control.value for key, control in explorer.controls.items()})
        assert explorer.words.split("\nbefore")[0] == torchs.words.split("\nbefore")[0] and "What torch says:" in explorer.page.value
        explorer.controls[name].value = value
    assert sentence in explorer.wrong


def test_no_loss_of_the_notebook_does_a_task_at_the_start():
    """Not the one that is small because it forgets two of three questions, nor one below 0."""
    for loss in (lambda z, y: -(torch.eye(3)[y] * F.logsigmoid(z)).mean(), nn.CrossEntropyLoss(weight=torch.tensor([1.0, -2, 1])),
                 lambda z, y: F.binary_cross_entropy_with_logits(z, torch.eye(3, dtype=z.dtype)[y])):
        explorer = explore_training(loss)
        assert explorer.wrong == "" and explorer.done == []


def test_class_weights_below_0_make_a_loss_below_0():
    explorer = explore_training(nn.CrossEntropyLoss(weight=torch.tensor([1.0, -1, 1])))
    assert explorer.wrong == "" and "from outside   it is below 0" in explorer.words


def test_a_loss_may_change_its_logits():
    explorer = explore_training(lambda z, y: F.cross_entropy(z.sub_(1), y))
    assert explorer.wrong == "" and explorer._now["losses"] == pytest.approx(torchs_own(nn.CrossEntropyLoss(), 0.5, "gradient descent")[0])


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


# What the saved notebook must say, in order.
FACTS = [
    "torch.Size([300, 64])", "first loss: 1.0986   log 3: 1.0986", "same gradient: True", "1.0986 →       0.1306    right 0.9079",
    "same weights: True", "perfect answers: 0.5514", "5.7038 →", "log 300: 5.7038   perfect answers: 4.6054",
    "-403.0049    right 0.3389", "right 0.0209", "loss   1.0986 →       1.0986", "1.0188    right 0.2259",
    "403.0049    right 0.3389", "329.5837",
    "softmax: wholly right 0.5900, of those with two 0.0000", "sigmoid: wholly right 0.9267",
]

# Each mistake that is made on purpose: what its cell does, and what comes of it.
ON_PURPOSE = {
    "softmax in training": ('report("softmax first", softmax_first)', "0.6584"),
    "wrong dim in training": ("torch.log_softmax(logits, dim=0)", "5.7038"),
    "below 0 in training": ("-nn.CrossEntropyLoss()(logits, labels)", "-403.0049"),
    "target reversed in training": ("bce(logits, 1.0 - y)", "0.0209"),
    "ReLU and sum in training": ("torch.relu(logits)", "329.5837"),
    "labels shuffled in training": ("nn.CrossEntropyLoss()(logits, others)", "1.0188"),
    "uphill in training": ("rate=-0.5", "403.0049"),
    "sum with the mean's rate": ("optimizer = torch.optim.SGD([w], lr=0.5)", "442.1367"),
    "own class only in training": ("train(own_class_only)", "1.0000"),
}

# The right choice of each question, and a fact of torch's that makes it right; or the number.
ANSWERS = {
    "behind_the_floor": ("About as many are right", lambda: np.ptp(
        [torchs_own(BY_HAND[mistake], 0.5, "gradient descent")[1] for mistake in ("none", "softmax before the loss")]) < 0.01),
    "smoothly": ("One cannot say: look at the answers", lambda: torchs_own(BY_HAND["target reversed"], 0.5, "gradient descent")[1] < 0.05),
    "tie_training": ("A softmax or its loss over the wrong dim",
                     lambda: math.isclose(BY_HAND["wrong dim"](torch.zeros(300, 3), LABELS), 5.7038, abs_tol=5e-5)),
}

# A way to do each task from the start, and what must not tick it.
WAYS = {
    "Find a mistake that keeps the loss above a floor, and a learning rate that brings it to within 0.02 of that floor.": [
        ("learning rate", 0.1), ("mistake", "softmax before the loss"), ("optimizer", "Adam")],
    "Make the loss fall below 0 while more than nine of ten answers are right.": [("mistake", "NLLLoss on shares")],
    "Find a mistake with which the loss falls as it should while the model learns to be wrong.": [("mistake", "target reversed")],
    "Without a mistake, get nine of ten right and the loss below 0.1, with a loss that never rises on the way.": [
        ("learning rate", 0.05), ("optimizer", "Adam")],
}
NEARLY = {
    "Make the loss fall below 0 while more than nine of ten answers are right.": [("mistake", "target expanded")],
    "Find a mistake with which the loss falls as it should while the model learns to be wrong.": [("mistake", "sigmoid twice")],
    "Without a mistake, get nine of ten right and the loss below 0.1, with a loss that never rises on the way.": [("learning rate", 1.0)],
}

# Words of each choice's reason that no other reason of the question has.
REASONS = {
    "behind_the_floor": {"About": "largest share", "Far": "loss looks", "One": "if nothing"},
    "smoothly": {"Yes:": "means better", "One": "wrong thing", "No:": "a learning"},
    "tie_training": {"A learning": "first step", "A softmax": "the images", "Labels": "torch would"},
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
