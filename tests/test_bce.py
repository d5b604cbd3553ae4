import math

import pytest
import torch
from torch.nn import functional as F

from tests.oracle import CE, label, logits_of, s, targets_of, z
from tests.topics import agree
from utils.bce import bce, bce_gradient, bce_terms, explore_bce
from utils.example import PRESETS
from utils.picture import GHOST, HATCHED, INK, PALE, QUIET, RED, REDDENED

RANDOM = torch.randn(7, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 4
TARGETS = torch.rand(7, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64).round(decimals=1)


def by_hand(logits, targets):
    s = torch.sigmoid(logits)
    return -(targets * torch.log(s) + (1 - targets) * torch.log(1 - s))


def test_the_articles_numbers():
    z, y = torch.tensor([[2, 3, 0.1]]), torch.tensor([[0.0, 1.0, 0.0]])
    assert bce_terms(z, y)[0].tolist() == pytest.approx([2.1269, 0.0486, 0.7444], abs=5e-5)
    assert bce(z, y).item() == pytest.approx(0.9733, abs=5e-5)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_bce_is_torchs(reduction, dtype):
    z, y = RANDOM.to(dtype), TARGETS.to(dtype)
    torch.testing.assert_close(bce(z, y, reduction), F.binary_cross_entropy_with_logits(z, y, reduction=reduction))
    torch.testing.assert_close(bce_terms(z[0], y[0]), F.binary_cross_entropy_with_logits(z[0], y[0], reduction="none"))


def test_float32_is_float64_to_4_decimals():
    torch.testing.assert_close(bce_terms(RANDOM.float(), TARGETS.float()).double(), bce_terms(RANDOM, TARGETS),
                               atol=1e-5, rtol=0)


@pytest.mark.parametrize("logits", [RANDOM, torch.zeros(7, 5, dtype=torch.float64), RANDOM.sign() * 1e4])
def test_gradients_are_torchs(logits):
    grads = []
    for function in (bce, F.binary_cross_entropy_with_logits):
        z = logits.clone().requires_grad_()
        function(z, TARGETS).backward()
        grads.append(z.grad)
    torch.testing.assert_close(*grads)
    torch.testing.assert_close(bce_gradient(logits, TARGETS), grads[1])


def test_small_losses_keep_their_digits():
    z, y = torch.tensor([17.0, 30.0]), torch.ones(2)
    torch.testing.assert_close(bce_terms(z, y).double(), F.binary_cross_entropy_with_logits(
        z.double(), y.double(), reduction="none"), rtol=1e-5, atol=0)


def test_extreme_logits():
    z, y = torch.tensor([[1e4, 1e4, -1e4, -1e4, 17]]), torch.tensor([[0.0, 1.0, 0.0, 1.0, 0.0]])
    assert bce_terms(z, y).tolist() == [[1e4, 0, 0, 1e4, 17]]
    assert bce_gradient(z, y).isfinite().all()


@pytest.mark.parametrize("function", [bce_terms, bce, bce_gradient])
@pytest.mark.parametrize("logits, targets, error, sentence", [
    (RANDOM, TARGETS[:, 0], ValueError, r"targets has shape \[7\], logits has \[7, 5\]; the same shape is wanted"),
    (RANDOM, TARGETS * 255, ValueError, r"numbers in \[0, 1\] are wanted"),
    (RANDOM, TARGETS.long(), TypeError, "targets has dtype torch.int64"),
    (RANDOM / 0, TARGETS, ValueError, "finite numbers are wanted"),
])
def test_bad_input(function, logits, targets, error, sentence):
    with pytest.raises(error, match=sentence):
        function(logits, targets)


def test_bad_reduction():
    with pytest.raises(ValueError, match='reduction is \'average\'; "mean", "sum" or "none" is wanted'):
        bce(RANDOM, TARGETS, "average")


@pytest.mark.parametrize("moves", [
    {}, {"logit 0": -2.0}, {"logit 1": -6.0}, {"target 0": True}, {"target 1": False},
    {"logit 0": -6.0, "target 0": True, "target 2": True}, {"reduction": "sum"},
    {"reduction": "none"}, {"logit 2": 6.0, "target 2": True, "reduction": "sum"},
])
def test_explorer_follows_its_controls(moves, lengths, drawn, said, arithmetic):
    explorer = explore_bce(by_hand)
    for name, value in moves.items():
        explorer.controls[name].value = value
    now = {name: control.value for name, control in explorer.controls.items()}
    z = torch.tensor([[now[f"logit {k}"] for k in range(3)]], dtype=torch.float64)
    y = torch.tensor([[float(now[f"target {k}"]) for k in range(3)]], dtype=torch.float64)
    terms = F.binary_cross_entropy_with_logits(z, y, reduction="none")[0]
    rows = explorer.words.splitlines()
    assert explorer.wrong == ""
    marks, s = explorer.picture.drawn, torch.sigmoid(z)[0]
    assert lengths(explorer, "σ") == pytest.approx(s.tolist(), abs=1e-6)
    assert lengths(explorer, "not σ") == pytest.approx((1 - s).tolist(), abs=1e-6)
    assert said(explorer, "σ") == [f"{given:.4f}" for given in torch.where(y[0] == 1, s, 1 - s)]
    assert drawn(explorer, "loss") == [pytest.approx((terms[:k].sum().item(), terms[:k + 1].sum().item()), abs=1e-4) for k in range(3)]
    assert [marks[f"given {k}"].text for k in range(3)] == ["σ" if there else "1 − σ" for there in y[0]], "which part the number is"
    assert said(explorer, "loss") == [f"{loss:.4f}" for loss in terms]
    assert marks["sum says"].text == f"Σ {terms.sum():.4f}"
    assert {mark.look for mark in marks.values()}.isdisjoint((RED, *REDDENED))
    for k in range(3):
        acts = "−log σ" if y[0, k] else "−log(1 − σ)"
        assert rows[k].startswith(f"class {k}   y = {int(y[0, k])}   {acts} ")
        assert rows[k].endswith(f" = {terms[k]:.4f}")
        assert f"{arithmetic(rows[k].split('=')[2]):.4f}" == f"{terms[k]:.4f}", "true as it stands"
        looks = [marks[f"{part} {k}"].look for part in ("σ", "not σ", "loss")]  # what is given to the truth is coloured, the rest pale
        assert looks == ([HATCHED[k], PALE[k]] if y[0, k] else [PALE[k], HATCHED[k]]) + [HATCHED[k]]
        assert (f"true class σ {k}" in marks) == bool(y[0, k])
    reduced = F.binary_cross_entropy_with_logits(z, y, reduction=now["reduction"])
    if now["reduction"] == "none":
        assert rows[3] == "BCE = [" + ", ".join(f"{t:.4f}" for t in terms) + "]"
        assert drawn(explorer, "BCE") == drawn(explorer, "loss") and "BCE" not in marks and marks["BCE says"].text == "BCE"
    else:
        assert rows[3].endswith(f" = {reduced:.4f}")
        assert f"{arithmetic(rows[3].split('=')[1]):.4f}" == f"{reduced:.4f}", "true as it stands"
        parts = [mark.data for name, mark in marks.items() if name.startswith("BCE part")]
        assert marks["BCE"].data == parts[0] == pytest.approx((0, reduced.item()), abs=1e-4)
        assert len(parts) == (3 if now["reduction"] == "mean" else 1) and parts[-1][1] == pytest.approx(terms.sum().item(), abs=1e-4)
        assert marks["BCE says"].text == f"BCE {reduced:.4f}"
    assert marks["reduced by"].text == {"mean": "Σ ÷ 3", "sum": "Σ", "none": "[1, 3]"}[now["reduction"]]
    if y.sum() == 1:
        ce = F.cross_entropy(z, y.argmax(dim=1)).item()
        assert rows[4].endswith(f" = {ce:.4f}") and f"p[{int(y.argmax())}]" in rows[4]
        assert marks["CE"].data == pytest.approx((0, ce), abs=1e-4) and marks["CE"].look == HATCHED[int(y.argmax())]
        assert agree(marks["CE says"].text, [ce]) and marks["CE says"].look == INK
        assert marks["CE of"].text == "−log softmax", "where it comes from, since no column shows it"
    else:
        assert rows[4] == (f"CE  ★ × {int(y.sum())}: no label says {int(y.sum())} true classes; "
                           f"torch's answer to the row {y[0].int().tolist()} is {F.cross_entropy(z, y).abs():.4f}")
        assert marks["CE says"].text == f"CE  ★ × {int(y.sum())}" and marks["CE says"].look == QUIET and not {"CE", "CE of"} & set(marks)
    on_one_axis(marks, ["loss 0", "loss 1", "loss 2", "BCE", "BCE part 2", "CE"])


def on_one_axis(marks, names):
    """Lengths in nats are as long as the axis says, all of them."""
    (left, _, right, _), (low, high) = marks["loss axis"].box, marks["loss axis"].data
    there = [marks[name] for name in names if name in marks]
    assert len(there) > 2
    for mark in there:
        assert [low + (x - left) / (right - left) * (high - low) for x in mark.box[::2]] == pytest.approx(mark.data)
        assert low <= min(mark.data) <= max(mark.data) <= high, "nothing is cut off"


def test_explorer_at_rest_says_the_articles_numbers():
    assert explore_bce(by_hand).words.splitlines() == [
        "class 0   y = 0   −log(1 − σ) = −log 0.119203 = 2.1269",
        "class 1   y = 1   −log σ      = −log 0.9526 = 0.0486",
        "class 2   y = 0   −log(1 − σ) = −log 0.4750 = 0.7444",
        "BCE = (2.1269 + 0.0486 + 0.7444) / 3 = 0.9733",
        "CE  = −log p[1] = −log 0.7028 = 0.3527",
        "before → now   nothing has moved yet",
    ]


def test_ghosts_are_where_things_stood(lengths, drawn):
    explorer = explore_bce(by_hand)
    assert not [name for name in explorer.picture.drawn if name.startswith("before")]
    assert explorer.words.endswith("nothing has moved yet")
    explorer.controls["logit 0"].value = -4.0
    z, y = torch.tensor([2, 3, 0.1], dtype=torch.float64), torch.tensor([0.0, 1, 0], dtype=torch.float64)
    terms, ce = F.binary_cross_entropy_with_logits(z, y, reduction="none"), F.cross_entropy(z, torch.tensor(1)).item()
    marks = explorer.picture.drawn
    assert drawn(explorer, "before σ") == [pytest.approx((torch.sigmoid(z[0]).item(), 1)), None, None], "beside what is given to the truth"
    assert drawn(explorer, "before loss") == [pytest.approx((terms[:k].sum().item(), terms[:k + 1].sum().item())) for k in range(3)]
    assert marks["before BCE"].data == pytest.approx((0, terms.mean().item())) and marks["before CE"].data == pytest.approx((0, ce))
    assert {mark.look for name, mark in marks.items() if name.startswith("before")} == {GHOST}
    on_one_axis(marks, ["before BCE", "before CE", "BCE", "CE"])
    z[0] = -4
    now = F.binary_cross_entropy_with_logits(z, y), F.cross_entropy(z, torch.tensor(1))
    assert explorer.words.endswith(f"before → now   BCE {terms.mean():.4f} → {now[0]:.4f}   CE {ce:.4f} → {now[1]:.4f}")
    explorer.controls["target 0"].value = True
    assert explorer.words.endswith(f"   CE {now[1]:.4f} → —"), "where no label says what is true"
    explorer.controls["target 2"].value = True
    assert "   CE" not in explorer.words.splitlines()[-1], "nor did one before"
    explorer.buttons["Reset"].click()
    explorer.controls["reduction"].value = "none"
    assert explorer.words.endswith("BCE 0.9733 → [2.1269, 0.0486, 0.7444]   CE 0.3527 → 0.3527")


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_land_and_bring_the_target_along(preset):
    explorer = explore_bce(by_hand)
    explorer.controls["target 0"].value = True
    explorer.buttons[preset].click()
    z, y = torch.tensor([PRESETS[preset]]).double(), torch.tensor([[0, 1, 0]]).double()
    assert explorer.words.splitlines()[3].endswith(f" = {F.binary_cross_entropy_with_logits(z, y):.4f}")


def test_explorer_survives_a_broken_function(broken):
    function, sentence = broken
    explorer = explore_bce(function)
    assert sentence in explorer.wrong
    explorer.controls["reduction"].value = "none"
    explorer.controls["logit 1"].value = -6.0
    assert sentence in explorer.wrong


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_explorer_compares_with_torch(reduction, drawn, lengths, said):
    explorer = explore_bce(lambda z, y: -y * F.logsigmoid(z))  # own class only
    explorer.controls["reduction"].value = reduction
    assert explorer.wrong.splitlines() == [
        "<lambda>, class 0: yours 0.0000, torch 2.1269", "<lambda>, class 2: yours 0.0000, torch 0.7444"]
    terms = F.binary_cross_entropy_with_logits(torch.tensor([2, 3, 0.1]), torch.tensor([0.0, 1, 0]), reduction="none")
    own, marks = terms[1].item(), explorer.picture.drawn
    assert lengths(explorer, "loss") == pytest.approx([0, own, 0], abs=1e-6) and said(explorer, "loss") == ["0.0000", "0.0486", "0.0000"]
    assert lengths(explorer, "torch loss") == pytest.approx(terms.tolist())
    assert drawn(explorer, "wrong loss")[1] is None and {marks[f"wrong loss {k}"].look for k in (0, 2)} == {RED}
    assert marks["sum says"].text == f"Σ {own:.4f}" and marks["BCE says"].look == marks["sum says"].look == RED
    if reduction == "none":
        assert {marks[f"BCE {k}"].look for k in range(3)} == {RED} and "torch BCE" not in marks
    else:  # what is reduced is the reader's, and torch's is an outline
        yours, torchs = (own / 3, terms.mean().item()) if reduction == "mean" else (own, terms.sum().item())
        assert marks["BCE"].data == pytest.approx((0, yours)) and marks["BCE"].look == RED
        assert marks["torch BCE"].data == pytest.approx((0, torchs)) and marks["torch BCE"].kind == "frame"
        assert marks["BCE says"].text == f"BCE {yours:.4f}" and repr(explorer).split(" ✗")[0].endswith(f"{reduction} {yours:.4f}")
        on_one_axis(marks, ["BCE", "torch BCE", "CE", "loss 1"])
    assert marks["CE says"].look == INK, "which is torch's in any case"


def test_losses_below_0_lie_on_the_other_side(drawn):
    explorer = explore_bce(lambda z, y: -y * F.logsigmoid(z) + (1 - y) * F.logsigmoid(z))  # the printed typo, and its bracket
    marks, s = explorer.picture.drawn, torch.sigmoid(torch.tensor([2, 0.1]))
    assert drawn(explorer, "loss")[0] == pytest.approx((s[0].log().item(), 0), abs=1e-5)
    assert drawn(explorer, "loss")[2] == pytest.approx((s.log().sum().item(), s[0].log().item()), abs=1e-5)
    assert marks["loss axis"].data[0] == -1 and marks["BCE"].data[1] < 0
    on_one_axis(marks, ["loss 0", "loss 1", "loss 2", "BCE", "torch BCE", "CE"])


# What the saved notebook must say, in order.
FACTS = [
    "nn.CrossEntropyLoss:  tensor(0.3527)", "nn.BCEWithLogitsLoss: tensor(0.9733)", "-log 0.9526: tensor(0.0486)",
    "tensor(2.1269) tensor(0.0486) tensor(0.7444)", "tensor(0.9733)",
    "tensor([[1., 0.],\n        [0., 1.],\n        [1., 0.]])",
    "BCE at a tie: tensor(0.6931)", "0.001 for each: tensor(0.0079)", "a guess among three: tensor(1.0986)",
    "mean as printed:   tensor(0.5104)",  # slip: the printed formula
    "tensor([[inf, nan]])", "tensor(0.8478)",
]

# Each mistake that is made on purpose: what its cell does, and what comes of it.
ON_PURPOSE = {
    "printed typo": ("literal", "0.5104"),
    "naive log at saturation": ("bce_terms(sure, there)", "inf"),
    "sigmoid before BCEWithLogitsLoss": ("BCEWithLogitsLoss()(sigmoid_out, targets)", "0.8478"),
    "BCELoss on logits": ("nn.BCELoss()(logits, targets)",
                          "RuntimeError: all elements of input should be between 0 and 1"),
}

# The right choice of each question, and a fact of torch's that makes it right; or the number.
ANSWERS = {
    "which_is_largest": ("Class 0's", lambda: -math.log(1 - s[0, 0]) > max(-math.log(s[0, 1]), -math.log(1 - s[0, 2]))),
    "one_in_a_thousand": ("Less than 0.01", lambda: -(math.log(0.001) + 999 * math.log(0.999)) / 1000 < 0.01),
    "coin_toss": math.log(2),
    "tie_bce": ("BCE also asks about the classes that are not there",
                lambda: -math.log(s[0, 1]) < CE(z, label) < -(math.log(1 - s[0, 0]) + math.log(s[0, 1]) + math.log(1 - s[0, 2])) / 3),
}
# A word or two that only this choice has for its reason.
REASONS = {
    "which_is_largest": {"Class 0": "is left for the truth", "Class 1": "the best of the three", "Class 2": "least sure"},
    "one_in_a_thousand": {"0.6931": "what a half costs", "More": "which is much", "Less": "cost almost nothing"},
    "coin_toss": {0.5: "the probability", math.log(3): "log 3", math.log10(2): "base 10", 3 * math.log(2): "the sum of the three",
                  1: "in bits"},
    "tie_bce": {"BCE takes": "It gives class 1 more", "BCE also": "said yes to both", "BCE is a sum": "mean by default"},
}

# A way to do each task from the start, and what must not tick it.
WAYS = {
    "Class 0 costs most. Bring its loss below 0.1 and leave what is true as it is.": [("logit 0", -2.3)],
    "Leave the logits at 2, 3, 0.1 and make BCE as small as it gets by saying what is true.": [("target 0", True), ("target 2", True)],
    "Leave the loss of class 1 at 0.0486 and make CE larger than 1.": [("logit 0", 4.0)],
    "Let the only true class cost more than nine tenths of the sum.": [
        ("target 1", False), ("target 2", True), ("logit 2", -1.0), ("logit 0", -6.0), ("logit 1", -6.0)],
    "Bring the mean below CE, with class 1 the true one and its loss below 0.5.": [("logit 0", 0.0), ("logit 2", 0.0), ("logit 1", 0.5)],
}
NEARLY = {
    "Class 0 costs most. Bring its loss below 0.1 and leave what is true as it is.": [("target 0", True), ("logit 0", 3.0)],
    "Leave the loss of class 1 at 0.0486 and make CE larger than 1.": [("target 0", True), ("logit 1", 3.0)],  # CE has no label then
    "Bring the mean below CE, with class 1 the true one and its loss below 0.5.": [
        *((f"logit {k}", 0.0) for k in range(3)), ("reduction", "sum"), ("logit 1", 0.5)],  # "tie", and then no mean
}

def wanted(values):
    z, y = logits_of(values), targets_of(values)
    return [*([loss] for loss in F.binary_cross_entropy_with_logits(z, y, reduction="none")[0].tolist()),
            F.binary_cross_entropy_with_logits(z, y, reduction=values["reduction"]).flatten().tolist(),
            [F.cross_entropy(z, y).abs().item()]]  # of the row, which is the label's where there is one; −0.0 is 0


WRONG_CALL = "explore_bce(lambda z, y: 1 / 0)", "<lambda> raised ZeroDivisionError: division by zero"
