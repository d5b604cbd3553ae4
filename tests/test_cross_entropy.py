import itertools
import math

import pytest
import torch
from torch.nn import functional as F

from tests.oracle import CE, label, logits_of, p, share, y, z
from tests.topics import typed
from utils.cross_entropy import cross_entropy_gradient, cross_entropy_terms, explore_cross_entropy
from utils.example import PRESETS
from utils.picture import HATCHED, RED, SOLID
from utils.plots import short

RANDOM = torch.randn(7, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 4
LABELS = torch.tensor([0, 1, 2, 3, 4, 0, 1])


def by_hand(logits, label):
    return -torch.log(torch.softmax(logits, dim=1)[torch.arange(len(label)), label]).mean()


def test_the_articles_number():
    assert cross_entropy_terms(torch.tensor([[2, 3, 0.1]]), torch.tensor([1])).tolist() == pytest.approx([0.3527], abs=5e-5)


@pytest.mark.parametrize("logits", [RANDOM, RANDOM.float()])
def test_terms_are_torchs(logits):
    torch.testing.assert_close(cross_entropy_terms(logits, LABELS), F.cross_entropy(logits, LABELS, reduction="none"))


def test_one_row_and_many_dimensions():
    torch.testing.assert_close(cross_entropy_terms(RANDOM[0], LABELS[0]), F.cross_entropy(RANDOM[0], LABELS[0]))
    torch.testing.assert_close(cross_entropy_terms(RANDOM.reshape(7, 1, 5), LABELS.reshape(7, 1)).flatten(),
                               F.cross_entropy(RANDOM, LABELS, reduction="none"))


def test_float32_is_float64_to_4_decimals():
    torch.testing.assert_close(cross_entropy_terms(RANDOM.float(), LABELS).double(),
                               cross_entropy_terms(RANDOM, LABELS), atol=1e-5, rtol=0)


def test_gradient_is_autograds():
    z = RANDOM.clone().requires_grad_()
    F.cross_entropy(z, LABELS, reduction="sum").backward()
    torch.testing.assert_close(cross_entropy_gradient(RANDOM, LABELS), z.grad)
    assert torch.autograd.gradcheck(lambda z: cross_entropy_terms(z, LABELS), z)


def test_extreme_logits():
    extreme = torch.tensor([[1e4, -1e4, 0.0], [-1e4, 1e4, 0.0]])
    label = torch.tensor([1, 1])
    assert cross_entropy_terms(extreme, label).tolist() == [2e4, 0]
    assert cross_entropy_gradient(extreme, label).tolist() == [[1, -1, 0], [0, 0, 0]]


@pytest.mark.parametrize("function", [cross_entropy_terms, cross_entropy_gradient])
@pytest.mark.parametrize("logits, labels, error, sentence", [
    (RANDOM, LABELS + 1, ValueError, "labels holds 5; with 5 classes a label is 0 ... 4"),
    (RANDOM, LABELS.float(), TypeError, "labels has dtype torch.float32"),
    (RANDOM, LABELS[:3], ValueError, r"labels has shape \[3\], logits has \[7, 5\]; one label per row of logits is wanted: shape \[7\]"),
    (RANDOM * torch.inf, LABELS, ValueError, "finite numbers are wanted"),
])
def test_bad_input(function, logits, labels, error, sentence):
    with pytest.raises(error, match=sentence):
        function(logits, labels)


@pytest.mark.parametrize("moves", [
    {}, {"logit 1": -6.0}, {"logit 0": 4.4}, {"label": 0}, {"logit 2": 6.0, "label": 2}, {"logit 0": 6.0, "label": 2},
])
def test_explorer_follows_its_controls(moves, lengths, drawn, said):
    explorer = explore_cross_entropy(by_hand)
    for name, value in moves.items():
        explorer.controls[name].value = value
    z = torch.tensor([[explorer.controls[f"logit {k}"].value for k in range(3)]], dtype=torch.float64)
    label = torch.tensor([explorer.controls["label"].value])
    p, loss, k = torch.softmax(z, dim=1)[0], F.cross_entropy(z, label).item(), int(label)
    gradient, marks = p - F.one_hot(label, 3)[0], explorer.picture.drawn
    assert explorer.wrong == ""
    assert lengths(explorer, "share") == pytest.approx(p.tolist(), abs=1e-6)
    assert drawn(explorer, "share")[k] == pytest.approx((0, p[k].item())), "the true class comes first"
    assert [stretch[1] for stretch in drawn(explorer, "step")] == pytest.approx((-gradient).tolist(), abs=1e-6)
    assert said(explorer, "step") == [f"{a:g} → {short(a - g)}".replace("-", "−") for a, g in zip(z[0].tolist(), gradient.tolist())]
    assert marks["dot"].data == pytest.approx((p[k].item(), loss), abs=1e-5) and marks["dot"].look == SOLID[k]
    assert marks["pillar"].data == pytest.approx((0, loss), abs=1e-5) and marks["pillar"].look == HATCHED[k]
    left, right = sorted(marks["pillar"].box[::2])
    assert (left + right) / 2 == pytest.approx(marks[f"share {k}"].box[2]), "the pillar stands at the end of the true class's share"
    assert marks["loss says"].text == short(loss)
    low, high = marks["loss axis"].data
    floor, top = marks["floor"].box[1] + 1, marks["loss axis"].box[1]
    assert low == 0 and high >= loss, "nothing is cut off"
    assert marks["pillar"].box[3] == pytest.approx(floor + (top - floor) * loss / high, abs=1e-3)
    assert marks["guessing"].data == pytest.approx(math.log(3)) and marks["guessing costs"].text == "1.0986"
    said = f"{loss:.4f}"
    assert explorer.words.splitlines()[1].startswith(f"CE = −log p[{k}] = −log ")
    assert explorer.words.splitlines()[1].endswith(f" = {said}")
    inside = float(typed(explorer.words.splitlines()[1].split("−log ")[2].split(" =")[0]).replace("−", "-"))
    assert f"{-math.log(inside):.4f}" == said, "an equation that is true as it stands"
    assert [name for name in marks if name.startswith("true")] == [f"true share {k} says", f"true step {k} says"]


def test_explorer_at_rest_says_the_articles_numbers():
    assert explore_cross_entropy(by_hand).words.splitlines() == [
        "p = softmax(logits) = 0.2585, 0.7028, 0.0387",
        "CE = −log p[1] = −log 0.7028 = 0.3527",
        "gradient p − y = 0.2585, −0.2972, 0.0387",
        "before → now   nothing has moved yet",
    ]


@pytest.mark.parametrize("logit", [3.0, -6.0])
def test_the_curve_is_minus_log(logit):
    explorer = explore_cross_entropy(by_hand)
    explorer.controls["logit 1"].value = logit
    curve, axis = explorer.picture.drawn["curve"], explorer.picture.drawn["loss axis"]
    x, y = torch.tensor(curve.data)
    torch.testing.assert_close(y, -torch.log(x))
    assert (x.max(), y.max()) == (1, axis.data[1])
    xs, ys = torch.tensor(curve.points).T
    strip = explorer.picture.drawn["torch share 1"].box[0]
    torch.testing.assert_close(x, (xs - strip) / (xs.max() - strip), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(y, (axis.box[3] - ys) / (axis.box[3] - axis.box[1]) * axis.data[1], atol=1e-4, rtol=1e-4)


def test_ghosts_are_where_things_stood(lengths, drawn):
    explorer = explore_cross_entropy(by_hand)
    explorer.controls["logit 0"].value = -4.0
    p = torch.softmax(torch.tensor([2, 3, 0.1], dtype=torch.float64), dim=0)
    assert lengths(explorer, "before share") == pytest.approx(p.tolist())
    assert [stretch[1] for stretch in drawn(explorer, "before step")] == pytest.approx((torch.tensor([0, 1, 0]) - p).tolist())
    assert explorer.picture.drawn["before dot"].data == pytest.approx((p[1].item(), -p[1].log().item()))
    assert explorer.picture.drawn["before pillar"].data == pytest.approx((0, -p[1].log().item()))
    after = F.cross_entropy(torch.tensor([[-4, 3, 0.1]]), torch.tensor([1])).item()
    assert explorer.words.splitlines()[3].endswith(f"CE 0.3527 → {after:.4f}")


def test_the_ghost_keeps_the_label_that_it_had(drawn):
    explorer = explore_cross_entropy(by_hand)
    explorer.controls["label"].value = 2
    p = torch.softmax(torch.tensor([2, 3, 0.1], dtype=torch.float64), dim=0)
    assert drawn(explorer, "before share")[1] == pytest.approx((0, p[1].item()))
    assert drawn(explorer, "share")[2] == pytest.approx((0, p[2].item()))
    dot = explorer.picture.drawn["before dot"]
    assert dot.text == "s" and dot.data[0] == pytest.approx(p[1].item())


@pytest.mark.parametrize("preset", ["the article", "confident and wrong", "saturated"])
def test_one_step_is_a_step_of_gradient_descent(preset):
    explorer = explore_cross_entropy(by_hand)
    explorer.buttons[preset].click()
    z = torch.tensor([PRESETS[preset]], requires_grad=True)
    F.cross_entropy(z, torch.tensor([1])).backward()
    explorer.buttons["one step"].click()
    wanted = (z - 1.0 * z.grad).clamp(-6, 6)[0].tolist()
    assert [explorer.controls[f"logit {k}"].value for k in range(3)] == pytest.approx(wanted, abs=0.05 + 1e-6), "to the sliders' stops"
    assert explorer.picture.drawn["before dot"].data[1] == pytest.approx(F.cross_entropy(z, torch.tensor([1])).item(), abs=1e-5)


@pytest.mark.parametrize("label", [0, 1, 2])
@pytest.mark.parametrize("preset", PRESETS)
def test_steps_lead_down_all_the_way(preset, label):
    explorer = explore_cross_entropy(F.cross_entropy)
    explorer.buttons[preset].click()
    explorer.controls["label"].value = label
    best, losses = [6.0 if k == label else -6.0 for k in range(3)], []
    for _ in range(60):
        values = torch.tensor([[explorer.controls[f"logit {k}"].value for k in range(3)]], dtype=torch.float64)
        losses.append(F.cross_entropy(values, torch.tensor([label])).item())
        explorer.buttons["one step"].click()
    assert all(b < a for a, b in itertools.pairwise(losses)) or values[0].tolist() == best, "each step lowers the loss"
    assert losses[-1] < 0.02


def test_a_step_that_ends_at_the_ends_of_the_sliders_stays_there():
    explorer = explore_cross_entropy(F.cross_entropy)
    for k, value in enumerate((-6.0, 6.0, -6.0)):
        explorer.controls[f"logit {k}"].value = value
    explorer.buttons["one step"].click()
    assert [explorer.controls[f"logit {k}"].value for k in range(3)] == [-6, 6, -6]


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_land_and_bring_the_label_along(preset):
    explorer = explore_cross_entropy(by_hand)
    explorer.controls["label"].value = 2
    explorer.buttons[preset].click()
    loss = F.cross_entropy(torch.tensor([PRESETS[preset]], dtype=torch.float64), torch.tensor([1])).item()
    assert explorer.controls["label"].value == 1
    assert float(explorer.words.splitlines()[1].split("= ")[-1]) == pytest.approx(loss, abs=5e-5)


def test_explorer_survives_a_broken_function(broken):
    function, sentence = broken
    if "nan" in sentence or "complex" in sentence:  # of the shape that a loss has
        def function(logits, label):
            return logits.sum() * (torch.nan if "nan" in sentence else 1j)
    explorer = explore_cross_entropy(function)
    assert sentence in explorer.wrong
    explorer.controls["logit 1"].value = -6.0
    assert sentence in explorer.wrong


def test_explorer_compares_with_torch(drawn):
    explorer = explore_cross_entropy(lambda logits, label: torch.log(torch.softmax(logits, dim=1))[0, label[0]])
    assert explorer.wrong == "<lambda>: yours −0.3527, torch 0.3527"
    marks = explorer.picture.drawn
    assert marks["loss says"].text == "−0.3527" and marks["loss says"].look == RED
    assert marks["pillar"].data == marks["wrong pillar"].data == pytest.approx((0, -0.3527), abs=5e-5)
    assert marks["torch pillar"].data == pytest.approx((0, 0.3527), abs=5e-5)
    assert marks["pillar"].box[3] > marks["pillar"].box[1] > marks["torch pillar"].box[3], "it hangs below 0"
    p = torch.softmax(torch.tensor([2, 3, 0.1]), dim=0).tolist()
    assert [stretch[1] for stretch in drawn(explorer, "step")] == pytest.approx([p[0], p[1] - 1, p[2]], abs=1e-5), "the wrong way"
    assert [stretch[1] for stretch in drawn(explorer, "torch step")] == pytest.approx([-p[0], 1 - p[1], -p[2]], abs=1e-5)


def softmax_twice(logits, label):
    return F.cross_entropy(torch.softmax(logits, dim=1), label)


def test_the_gradient_is_that_of_the_readers_function(drawn, said):
    explorer = explore_cross_entropy(softmax_twice)
    assert repr(explorer).endswith("→ loss 0.7683 ✗ softmax_twice: yours 0.7683, torch 0.3527")
    explorer.buttons["confident and wrong"].click()
    z = torch.tensor([PRESETS["confident and wrong"]], requires_grad=True)
    softmax_twice(z, torch.tensor([1])).backward()
    assert [-stretch[1] for stretch in drawn(explorer, "step")] == pytest.approx(z.grad[0].tolist(), abs=1e-6)
    assert f"{z.grad[0, 1]:.4f}" == "-0.0236" and "−0.0236" in explorer.words.splitlines()[3]
    assert [-stretch[1] for stretch in drawn(explorer, "torch step")] == pytest.approx(
        (torch.softmax(z.detach(), dim=1)[0] - torch.tensor([0, 1, 0])).tolist(), abs=1e-6)
    explorer.buttons["one step"].click()
    assert [explorer.controls[f"logit {k}"].value for k in range(3)] == [3.9, 0, -1], "one stop, where each alone would be rounded away"


@pytest.mark.parametrize("function", [F.cross_entropy, softmax_twice, lambda z, y: F.cross_entropy(z, y) / 2, lambda z, y: 0 * z[0, y[0]]])
def test_the_curve_does_not_run_through_the_loss(function):
    explorer = explore_cross_entropy(function)
    for logit in torch.linspace(-6, 6, 25).tolist():
        explorer.controls["logit 1"].value = logit
        marks = explorer.picture.drawn
        left, top, right, bottom = marks["loss says"].box
        assert not [(x, y) for x, y in marks["curve"].points if left < x < right and top < y < bottom], logit


def test_the_loss_does_not_stand_over_the_ghost():
    explorer = explore_cross_entropy(F.cross_entropy)
    explorer.controls["logit 0"].value = 1.2
    explorer.controls["logit 1"].value = 3.8
    marks = explorer.picture.drawn
    assert marks["before dot"].box[2] < marks["dot"].box[0] and marks["loss says"].box[0] > marks["dot"].box[2]


@pytest.mark.parametrize("function, sentence", [
    (lambda z, y: F.cross_entropy(z, y).item(), "<lambda> leaves torch's operations on the way"),
    (lambda z, y: F.cross_entropy(z.detach(), y), "<lambda> leaves torch's operations on the way"),
    (lambda z, y: F.cross_entropy(torch.as_tensor(z.tolist()), y), "<lambda> leaves torch's operations on the way"),
    (lambda z, y: F.cross_entropy(torch.tensor(z.numpy()), y), "<lambda> raised RuntimeError: Can't call numpy()"),
])
def test_a_value_without_a_gradient_is_told_in_words(function, sentence, drawn, said):
    explorer = explore_cross_entropy(function)
    assert explorer.wrong == "" and f"autograd finds no gradient: {sentence}" in explorer.words
    assert drawn(explorer, "step") == [None] * 3 and said(explorer, "step")[0] == "2 → nan"
    explorer.buttons["one step"].click()
    assert [explorer.controls[f"logit {k}"].value for k in range(3)] == [2, 3, 0.1], "there is nowhere to go"


def test_a_right_value_with_a_wrong_gradient_is_shown(drawn):
    def half(z, y):  # a detour that autograd sees only half of
        loss = F.cross_entropy(z, y)
        return loss / 2 + loss.detach() / 2

    explorer = explore_cross_entropy(half)
    assert explorer.wrong == "" and "gradient of half, by autograd = 0.1293, −0.1486, 0.0193" in explorer.words
    assert {explorer.picture.drawn[f"step {k}"].look for k in range(3)} == {RED}


@pytest.mark.parametrize("loss", [math.inf, -math.inf, 1e300, -3e38, 700.0])
def test_no_loss_is_too_large_for_the_picture(loss):
    explorer = explore_cross_entropy(lambda z, y: torch.tensor(loss, dtype=torch.float64))
    explorer.controls["logit 0"].value = 5.0
    assert explorer.wrong and explorer.picture.drawn["loss says"].look == RED


# What the saved notebook must say, in order.
FACTS = [
    "tensor([[2.0000, 3.0000, 0.1000]]) torch.Size([1, 3])", "tensor([1]) torch.Size([1]) torch.int64",
    "tensor([[0.2585, 0.7028, 0.0387]])", "torch.Size([1, 3])",
    "nn.CrossEntropyLoss: tensor(0.3527)", "shape: torch.Size([])",
    "loss by hand: tensor(0.3527)", "shape: torch.Size([])", "-log 0.7028: tensor(0.3527)",
    "product: tensor(0.)  sum of logarithms: tensor(-356.6750)", "gradient of the true logit -1.0000", "gradient of the true logit -0.0002",
    "tensor(0.7683)", "-log 0.0001: tensor(9.2103)", "tensor(9.0002)",  # slip: rounded numbers
]

# Each mistake that is made on purpose: what its cell does, and what comes of it.
ON_PURPOSE = {
    "softmax twice": ("nn.CrossEntropyLoss()(p, label)", "0.7683"),
    "naive log of a vanished share": ("cross_entropy(vanished, label)", "inf"),
    "sum for mean, same learning rate": ("reduction=reduction)(z.expand(64, 3), labels)", "tensor(10.0"),
}

# The right choice of each question, and a fact of torch's that makes it right; or the number.
ANSWERS = {
    "is_it_good": ("Better than guessing", lambda: CE(z, label) < math.log(3)),
    "sure_and_wrong": ("Beyond every bound", lambda: CE(torch.tensor([[1e30, 0, 0]]), label) > 1e29),
    "squares": ("Hardly at all", lambda: abs(sum(sign * ((share(torch.tensor([[10.0, sign * 1e-3, 0]]).double()) - y) ** 2).sum()
                                                 for sign in (1, -1))) / 2e-3 < 1e-3),
    "tie_cross_entropy": ("A, the careful one", lambda: -math.log(p[0, 1]) < -(9 * math.log(0.999) + math.log(0.0001)) / 10),
}
# A word or two that only this choice has for its reason.
REASONS = {
    "is_it_good": {"Bad": "percentage", "Better": "costs −log ⅓", "As good": "well above a third"},
    "sure_and_wrong": {"To 1": "end at 1", "To about 10": "costs about 9", "Beyond": "one for one"},
    "squares": {"As hard": "not the height", "Much harder": "faster than its root", "Hardly": "it is flat"},
    "tie_cross_entropy": {"A, the": "One share of 0.0001", "B: nine": "a sure mistake very dear", "Both": "their logarithms that are"},
}

# A way to do each task from the start, and what must not tick it.
WAYS = {
    "Bring the loss below 0.1.": [("logit 1", 6.0)],
    "Make the loss larger than 10.": [("logit 1", -6.0), ("logit 0", 6.0)],
    "Leave the logits at 2, 3, 0.1 and make the loss larger than 3.": [("label", 2)],
    "Let the next step raise one logit by 0.5, lower another by 0.5 and leave the third.": [("logit 0", 3.0), ("logit 2", -6.0)],
    "Pay what guessing costs, 1.0986 to within 0.01, with three different logits.": [("logit 0", 0.5), ("logit 1", 0.0), ("logit 2", -1.0)],
}
NEARLY = {
    "Leave the logits at 2, 3, 0.1 and make the loss larger than 3.": [("logit 1", -6.0)],
    "Let the next step raise one logit by 0.5, lower another by 0.5 and leave the third.": [("logit 0", 3.0)],
    "Pay what guessing costs, 1.0986 to within 0.01, with three different logits.": [("logit 0", 3.0), ("logit 2", 3.0)],
}

# Numbers in the evidence that no notebook prints, each computed here by another way.
EVIDENCE = {
    "sure_and_wrong": lambda: [math.log(2 + math.exp(10)), 100, 1000],
    "tie_cross_entropy": lambda: [-(9 * math.log(0.999) + math.log(0.0001)) / 10],
}


def wanted(values):
    z, label = logits_of(values), torch.tensor([values["label"]])
    return [share(z)[0].tolist(), [F.cross_entropy(z, label).item()], (share(z) - F.one_hot(label, 3))[0].tolist()]


WRONG_CALL = "explore_cross_entropy(lambda z, y: None)", "<lambda> returned None: does it end with a return?"
