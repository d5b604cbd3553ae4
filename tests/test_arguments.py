import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from tests.oracle import BCE, label, p, share, y, z
from utils.arguments import LABELS, TWO, explore_arguments, pos_weighted_terms, smooth_target, weighted_cross_entropy

RANDOM = torch.randn(7, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 4
LABELS_5 = torch.tensor([0, 4, 2, 2, 1, 3, 0])
WEIGHT = torch.tensor([0.5, 3, 1, 0, 2], dtype=torch.float64)
TARGETS = torch.rand(7, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64).round(decimals=1)


def test_weighted_cross_entropy_is_torchs():
    torch.testing.assert_close(weighted_cross_entropy(RANDOM, LABELS_5, WEIGHT), F.cross_entropy(RANDOM, LABELS_5, weight=WEIGHT))
    assert weighted_cross_entropy(TWO, LABELS, torch.tensor([1.0, 2, 5])).item() == pytest.approx(0.6013, abs=5e-5)
    assert weighted_cross_entropy(TWO, LABELS, torch.tensor([0.0, 0, 5])).isnan(), "no image counts, as with torch"


@pytest.mark.parametrize("smoothing", [0, 0.1, 0.5, 1])
def test_a_smooth_target_makes_torchs_smoothed_loss(smoothing):
    target = smooth_target(LABELS_5, 5, smoothing)
    torch.testing.assert_close(target.sum(dim=1), torch.ones(7))
    torch.testing.assert_close(F.cross_entropy(RANDOM, target.double()), F.cross_entropy(RANDOM, LABELS_5, label_smoothing=smoothing),
                               atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("pos_weight", [3.0, torch.tensor([0.5, 3, 1, 0, 2], dtype=torch.float64)])
def test_pos_weighted_terms_are_torchs(pos_weight):
    torch.testing.assert_close(pos_weighted_terms(RANDOM, TARGETS, pos_weight), F.binary_cross_entropy_with_logits(
        RANDOM, TARGETS, pos_weight=torch.as_tensor(pos_weight).double(), reduction="none"))


@pytest.mark.parametrize("weight, error, sentence", [
    ([1, 2, 5], TypeError, "weight is a list; a tensor is wanted"),
    (torch.tensor([1.0, 2]), ValueError, r"weight has shape \[2\]; one weight per class is wanted: shape \[3\]"),
    (torch.tensor([1, 2, 5]), TypeError, r"weight has dtype torch.int64; floating point is wanted: write weight.float\(\)"),
    (torch.tensor([1.0, -2, 5]), ValueError, "weight holds -2; finite numbers of 0 or more are wanted"),
    (torch.tensor([1.0, torch.nan, 5]), ValueError, "weight holds nan"),
    (torch.tensor([1.0, torch.inf, 5]), ValueError, "weight holds inf"),
])
def test_weights_that_are_told_off(weight, error, sentence):
    with pytest.raises(error, match=sentence):
        weighted_cross_entropy(TWO, LABELS, weight)


def test_labels_and_targets_that_are_told_off():
    with pytest.raises(ValueError, match=r"labels holds 3; with 3 classes a label is 0 \.\.\. 2"):
        weighted_cross_entropy(TWO, torch.tensor([1, 3]), torch.ones(3))
    with pytest.raises(TypeError, match=r"labels has dtype torch.float32; torch.int64 \(long\) is wanted"):
        weighted_cross_entropy(TWO, torch.tensor([1.0, 0]), torch.ones(3))
    with pytest.raises(ValueError, match=r"targets holds 255; numbers in \[0, 1\] are wanted"):
        pos_weighted_terms(TWO[:1], torch.tensor([[0, 255.0, 0]]), 3.0)


@pytest.mark.parametrize("pos_weight, error, sentence", [
    ([3.0], TypeError, "pos_weight is a list; a tensor is wanted"),
    (None, TypeError, "pos_weight is a NoneType; a tensor is wanted"),
    (torch.tensor([1.0, 2]), ValueError,
     r"pos_weight has shape \[2\]; one number for all classes, shape \[\], or one per class, shape \[3\], is wanted"),
    (torch.ones(1, 3), ValueError, r"pos_weight has shape \[1, 3\]"),
    (-1, ValueError, "pos_weight holds -1; finite numbers of 0 or more are wanted"),
    (torch.tensor([1, -0.5, 2]), ValueError, "pos_weight holds -0.5"),
    (math.nan, ValueError, "pos_weight holds nan"),
    (torch.tensor(torch.inf), ValueError, "pos_weight holds inf"),
])
def test_pos_weights_that_are_told_off(pos_weight, error, sentence):
    with pytest.raises(error, match=sentence):
        pos_weighted_terms(TWO[:1], y.float(), pos_weight)


@pytest.mark.parametrize("num_classes, smoothing, error, sentence", [
    (3, 1.5, ValueError, r"smoothing is 1.5; a share in \[0, 1\] is wanted"),
    (3, math.nan, ValueError, r"smoothing is nan; a share in \[0, 1\] is wanted"),
    (3, "0.1", TypeError, r"smoothing is '0.1'; a share in \[0, 1\] is wanted"),
    (3.0, 0.1, TypeError, r"num_classes is 3.0; a whole number of 1 or more is wanted: write logits.shape\[-1\]"),
    (None, 0.1, TypeError, "num_classes is None; a whole number"),
    (True, 0.1, TypeError, "num_classes is True; a whole number"),
    (0, 0.1, ValueError, "num_classes is 0; a whole number of 1 or more"),
    (-3, 0.1, ValueError, "num_classes is -3; a whole number of 1 or more"),
    (1, 0.1, ValueError, "labels holds 1; with one logit 0 is the only label"),
])
def test_classes_and_smoothings_that_are_told_off(num_classes, smoothing, error, sentence):
    with pytest.raises(error, match=sentence):
        smooth_target(LABELS, num_classes, smoothing)


@given(weights=st.lists(st.integers(0, 50).map(lambda k: k / 10), min_size=3, max_size=3), smoothing=st.integers(0, 9),
       pos_weight=st.integers(0, 90))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_explorer_follows_its_sliders_and_its_lengths_are_torchs(weights, smoothing, pos_weight):
    explorer = explore_arguments(weighted_cross_entropy)
    values = {f"weight {k}": w for k, w in enumerate(weights)} | {"smoothing": smoothing / 10, "pos_weight": pos_weight / 10}
    for name, value in values.items():
        explorer.controls[name].value = value
    assert explorer.wrong == ""
    ends = {name: mark.data for name, mark in explorer.picture.drawn.items() if mark.kind == "box" and isinstance(mark.data, tuple)}
    lanes = {lane: [b - a for name, (a, b) in sorted(ends.items()) if name in (f"{lane} 0", f"{lane} 1", f"{lane} 2")]
             for lane in ("weight", "smoothing", "pos_weight")}
    w, losses = torch.tensor(weights).double()[LABELS], F.cross_entropy(TWO.double(), LABELS, reduction="none")
    assert lanes["weight"] == pytest.approx((w * losses).tolist(), abs=1e-6)
    assert sum(lanes["smoothing"]) == pytest.approx(F.cross_entropy(z, label, label_smoothing=smoothing / 10).item(), abs=1e-6)
    assert sum(lanes["pos_weight"]) / 3 == pytest.approx(wanted(values)[2][0], abs=1e-6)
    of = {lane: explorer.picture.drawn[f"{lane} of"].text for lane in lanes}
    assert of["weight"] == "labels [1, 0]" and of["pos_weight"] == "target [0, 1, 0]", "what lies end to end: two images, three classes"
    shares = [float(share) for share in of["smoothing"].removeprefix("target [").removesuffix("]").split(", ")]
    assert shares == pytest.approx([(smoothing / 10) / 3 + (k == 1) * (1 - smoothing / 10) for k in range(3)], abs=5e-5)
    if w.sum() and w.sum() != 1:
        assert ends["weight loss"] == pytest.approx((0, ((w * losses).sum() / w.sum()).item()), abs=1e-6)


@pytest.mark.parametrize("weights", [(1, 1, 1), (1, 2, 5), (0.3, 4.7, 0)])
def test_what_is_worked_out_is_true_as_it_stands(weights, arithmetic):
    explorer = explore_arguments(weighted_cross_entropy)
    for k, weight in enumerate(weights):
        explorer.controls[f"weight {k}"].value = weight
    explorer.controls["smoothing"].value, explorer.controls["pos_weight"].value = 0.3, 2.7
    for row in explorer.words.splitlines()[:3]:
        sides = row.split("  ")[-1].split(" → ")[-1].split(" = ")
        assert f"{arithmetic(sides[0].replace('·', '*')):.4f}" == sides[1]


def test_what_was_and_is_and_what_the_sum_is_divided_by():
    explorer = explore_arguments(weighted_cross_entropy)
    assert explorer.words.endswith("before → now   nothing has moved yet")
    explorer.controls["weight 0"].value = 4.0
    now = wanted(explorer._values)
    assert explorer.words.endswith(f"before → now   CE, weight 0.6013 → {now[0][0]:.4f}") and "4 · 1.0986" in explorer.words
    assert [name for name in explorer.picture.drawn if name.startswith("before")] == ["before weight"], "the one that moved"
    assert explorer.picture.drawn["weight says"].text == f"÷ (2 + 4) = {now[0][0]:.4f}" and f"{now[0][0]:.4f}" != "0.6013"
    assert explorer.picture.drawn["pos_weight says"].text == "÷ 3 = 0.9733"
    assert [explorer.picture.drawn[f"class weight {j}"].text for j in (0, 1)] == ["1", "0"], "the images' labels, ours first"
    explorer.buttons["smoothing 0.1"].click()
    assert explorer.words.endswith(f"CE, smoothing 0.3527 → {F.cross_entropy(z, label, label_smoothing=0.1):.4f}")
    explorer.controls["weight 2"].value = 0.0
    assert explorer.words.endswith("before → now   nothing has changed"), "no image has label 2"


def test_a_wrong_function_is_red_beside_torchs():
    explorer = explore_arguments(lambda z, t, w: (w[t] * F.cross_entropy(z, t, reduction="none")).mean())
    explorer.buttons["all weights 1"].click()
    assert explorer.wrong == "", "with equal weights it is right"
    explorer.buttons["Reset"].click()
    assert explorer.wrong == "<lambda>: yours 0.9020, torch 0.6013"
    assert explorer.picture.drawn["weight loss"].data[1] == pytest.approx(0.9020, abs=5e-5)
    assert explorer.picture.drawn["torch weight loss"].data[1] == pytest.approx(0.6013, abs=5e-5)
    explorer.controls["weight 0"].value, explorer.controls["weight 1"].value = 0.0, 1.0
    torchs = F.cross_entropy(TWO, LABELS, weight=torch.tensor([0.0, 1, 5])).item()
    assert explorer.picture.drawn["weight loss"].data[1] == pytest.approx(torchs / 2), "also where the weights sum to 1"
    assert explorer.picture.drawn["torch weight loss"].data[1] == pytest.approx(torchs)


def test_explorer_survives_a_broken_function(broken):
    function, sentence = broken
    sentence = "returned shape [2, 3]; shape [] is wanted" if "nan" in sentence else sentence
    explorer = explore_arguments(function)
    assert sentence in explorer.wrong
    explorer.controls["weight 1"].value = 4.0
    assert sentence in explorer.wrong


# What the saved notebook must say, in order.
FACTS = [
    "tensor([0.3527, 1.0986])", "tensor(0.7257)", "ours alone:  tensor(0.3527)", "both:        tensor(0.6013)",
    "tensor([0.7054, 1.0986])", "ours: tensor(0.6013)", "tensor([[0.0333, 0.9333, 0.0333]])", "torch:    tensor(0.4827)",
    "by hand:  tensor(0.4827)", "tensor(0.2911)", "mean tensor(1.0057)", "mean tensor(1.9820)",
    "by hand:   tensor([[2.1269, 0.1458, 0.7444]])", "mean  tensor(0.3527)",
    "[[0.3527, 1.0986],", "by hand: tensor(0.9020)", "tensor(-0.7028)", "tensor(0.3527)", "tensor(0.9733)",
]

# Each mistake that is made on purpose: what its cell does, and what comes of it.
ON_PURPOSE = {
    "divided by the number of images": ("divided_by_images(logits, labels, weight)", "0.9020"),
    "NLLLoss on shares": ("nn.NLLLoss()(p, labels[:1])", "-0.7028"),
}

# The right choice of each question, and a fact of torch's that makes it right; or the number.
ANSWERS = {
    "smoothing_floor": ("Down to a floor, and up again", lambda: -(p.log() * (0.9 * y + 0.1 / 3)).sum() > -sum(
        t * math.log(t) for t in (0.1 / 3, 0.9 + 0.1 / 3, 0.1 / 3)) > 0.29),
    "which_grow": ("That of class 1", lambda: nn.BCEWithLogitsLoss(pos_weight=torch.tensor(3.0))(z, 0 * y) == BCE(z, 0 * y)),
    "nll_on_shares": ("A number below 0", lambda: nn.NLLLoss()(p, label) == -p[0, 1] < 0),
    "tie_arguments": ("[1, 9]", lambda: 90 * 1 == 10 * 9),
}

# Words of each choice's reason that no other reason of the question has.
REASONS = {
    "smoothing_floor": {"To": "smoothing it", "Down to a floor, and it": "floor. But", "Down to a floor, and up": "the shares"},
    "which_grow": {"All": "number for", "That": "means *there*", "Those": "*not there*"},
    "nll_on_shares": {"An": "their logarithms", "0.3527": "the logarithm", "A number": "the label's"},
    "tie_arguments": {"[9,": "the frequent", "[1,": "images of weight", "[0.9,": "the shares"},
}

# Numbers in the evidence that no notebook prints, each computed here by another way.
EVIDENCE = {
    "smoothing_floor": lambda: [-float((share(lead * y).log() * (0.9 * y + 0.1 / 3)).sum()) for lead in (0, 3.3322)],
}

# A way to do each task from the start, and what must not tick it.
WAYS = {
    "Make one image count nothing, so that the weighted loss is that of the other.": [("weight 1", 0.0)],
    "Bring the weighted loss above 0.85, with both images counting.": [("weight 0", 5.0)],
    "Move all three weights and leave the weighted loss at 0.6013.": [("weight 0", 2.0), ("weight 2", 0.0), ("weight 1", 4.0)],
    "Bring the smoothed cross-entropy above BCE with pos_weight at 1.": [("smoothing", 0.5)],
    "Let class 1, the cheapest of the three in BCE, cost more than half of what class 2 costs.": [("pos_weight", 7.7)],
}
NEARLY = {
    "Make one image count nothing, so that the weighted loss is that of the other.": [("weight 2", 0.0)],
    "Bring the weighted loss above 0.85, with both images counting.": [("weight 1", 0.0)],
    "Move all three weights and leave the weighted loss at 0.6013.": [("weight 2", 1.0)],
    "Bring the smoothed cross-entropy above BCE with pos_weight at 1.": [("pos_weight", 0.0), ("smoothing", 0.4)],
    "Let class 1, the cheapest of the three in BCE, cost more than half of what class 2 costs.": [("pos_weight", 7.6)],
}


def wanted(values):
    weight = torch.tensor([values[f"weight {k}"] for k in range(3)]).double()
    weighted = F.cross_entropy(TWO.double(), LABELS, weight=weight).item()
    return [[weighted] if weighted == weighted else "the labels' weights are 0",
            [F.cross_entropy(z, label, label_smoothing=values["smoothing"]).item()],
            [F.binary_cross_entropy_with_logits(z, y, pos_weight=torch.tensor(values["pos_weight"]).double()).item()]]


WRONG_CALL = "explore_arguments(lambda z, t, w: None)", "<lambda> returned None: does it end with a return?"
