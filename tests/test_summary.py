import itertools
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.oracle import BCE, CE, label, logits_of, s, share, targets_of, y, z
from tests.test_bce import on_one_axis
from tests.topics import pairs_of
from utils.example import PRESETS
from utils.picture import GHOST, HATCHED, INK, PALE, QUIET, RED
from utils.summary import check_predict_labels, explore_summary, predict_label, predict_labels

RANDOM = torch.randn(50, 5, generator=torch.Generator().manual_seed(0)) * 4


def test_predictions_are_argmax_and_threshold():
    assert torch.equal(predict_label(RANDOM), torch.softmax(RANDOM.double(), dim=-1).argmax(dim=-1))
    assert torch.equal(predict_labels(RANDOM), RANDOM >= 0)
    assert torch.equal(predict_labels(RANDOM, 0.9), torch.sigmoid(RANDOM.double()) >= 0.9)
    assert predict_label(torch.tensor([2, 3, 0.1])).item() == 1
    assert predict_labels(torch.tensor([-0.1, 0.0, 0.1])).tolist() == [False, True, True], "at the threshold is yes"


@pytest.mark.parametrize("call, sentence", [
    (lambda: predict_labels(RANDOM, 1.5), r"threshold is 1.5; a probability in \[0, 1\] is wanted"),
    (lambda: predict_labels(RANDOM, float("nan")), "threshold is nan"),
    (lambda: predict_labels(RANDOM, "0.5"), "threshold is a str; a number"),
    (lambda: predict_labels(torch.empty(0, 3)), "holds nothing"),
    (lambda: predict_label(RANDOM * torch.nan), "logits holds nan"),
])
def test_bad_input(call, sentence):
    with pytest.raises((ValueError, TypeError), match=sentence):
        call()


@pytest.mark.parametrize("true", list(itertools.product([False, True], repeat=3)))
@pytest.mark.parametrize("moves", [{}, {"logit 0": -6.0, "logit 1": -1.0}, {"threshold": 0.9}, {"threshold": 1.0}])
def test_explorer_follows_its_controls(true, moves, lengths, drawn, said, arithmetic):
    explorer = explore_summary()
    for name, value in ({f"target {k}": there for k, there in enumerate(true)} | moves).items():
        explorer.controls[name].value = value
    now = {name: control.value for name, control in explorer.controls.items()}
    z = torch.tensor([[now[f"logit {k}"] for k in range(3)]], dtype=torch.float64)
    y = torch.tensor([true], dtype=torch.float64)
    p, s = torch.softmax(z, dim=1)[0], torch.sigmoid(z)[0]
    rows = explorer.words.splitlines()
    for row, wanted in ((rows[1], p), (rows[2], s)):
        shown = [float(text.replace("−", "-")) for text in row[10:].split("   ")[0].split(", ")]
        assert shown == pytest.approx(wanted.tolist(), rel=5e-3, abs=5e-5)
    marks = explorer.picture.drawn
    assert drawn(explorer, "share") == [pytest.approx((p[:k].sum().item(), p[:k + 1].sum().item()), abs=1e-6) for k in range(3)]
    assert lengths(explorer, "σ") == pytest.approx(s.tolist(), abs=1e-6)
    assert said(explorer, "σ") == [f"{value:.4f}" for value in s]
    assert [marks[f"logit {k}"].text for k in range(3)] == [f"{value:g}".replace("-", "−") for value in z[0].tolist()]
    assert rows[0].removeprefix("true (★)  ") == (", ".join(f"class {k}" for k in range(3) if true[k]) or "none")
    assert rows[1].endswith(f"argmax: class {int(p.argmax())} {marks['argmax'].text[-1]}"), "words and picture have one sign"
    signs = [f"class {k} {'yes' if marks[f'answer {k}'].text.startswith('≥') else 'no'} {marks[f'verdict {k}'].text}" for k in range(3)]
    assert rows[2].endswith(f"   ≥ {now['threshold']:g}: {', '.join(signs)}") and marks["σ"].text == "σ"
    yes = [k for k in range(3) if s[k] >= now["threshold"]]
    ce = f"{F.cross_entropy(z, y).abs():.4f}"  # of the row, which is the label's where there is one; −0.0 is 0
    row = f"the row {y[0].int().tolist()} is " if sum(true) != 1 else ""
    terms = F.binary_cross_entropy_with_logits(z, y, reduction="none")[0]
    assert rows[3].startswith("CE  ") and rows[3].endswith(row + ce)
    assert (f"CE  ★ × {sum(true)}: no label says {sum(true)} true classes; torch's answer to " in rows[3]) == bool(row)
    assert f"→ CE {'of the row ' if row else ''}{ce}, BCE " in repr(explorer) and len(repr(explorer)) <= 110
    assert rows[4].startswith("BCE = (") and rows[4].endswith(f") / 3 = {terms.mean():.4f}")
    assert arithmetic(rows[4].split("=")[1]) == pytest.approx(terms.mean().item(), abs=1e-4)
    if sum(true) == 1:
        assert rows[3].startswith(f"CE  = −log p[{true.index(True)}] = −log ")
        assert f"{arithmetic(rows[3].split('=')[2]):.4f}" == ce
    one, chosen = sum(true) == 1, int(p.argmax())
    if one:
        k = true.index(True)
        assert marks["CE"].data == pytest.approx((0, float(ce)), abs=1e-4) and marks["CE"].look == HATCHED[k]
        assert marks["CE says"].text == f"CE {ce}" and marks["CE says"].look == INK and f"true share {k} says" in marks
    else:  # the lane goes pale, and says how many are true
        assert "CE" not in marks and marks["CE says"].text == f"CE  ★ × {sum(true)}" and marks["CE says"].look == QUIET
    assert [marks[f"share {k}"].look for k in range(3)] == list(HATCHED if one else PALE) and (marks["to CE"].look == GHOST) != one
    right = one and true[chosen]  # argmax is right only where what it names is all that is true
    assert marks["argmax"].text == ("argmax ✓" if right else "argmax ✗") and marks["argmax"].look == (INK if right else RED)
    middle = sum(marks[f"torch share {chosen}"].box[::2]) / 2
    assert marks["chosen"].data == chosen and sum(marks["chosen"].box[::2]) / 2 == pytest.approx(middle)
    assert sum(marks["argmax"].box[::2]) / 2 == pytest.approx(middle, abs=3)
    for k in range(3):
        correct = (k in yes) == true[k]
        assert marks[f"answer {k}"].text == f"{'≥' if k in yes else '<'} {now['threshold']:g}" and marks[f"answer {k}"].look == INK
        assert marks[f"verdict {k}"].text == ("✓" if correct else "✗") and marks[f"verdict {k}"].look == (INK if correct else RED)
        assert (f"true class σ {k}" in marks) == true[k]
        assert [marks[f"{part} {k}"].look for part in ("σ", "not σ")] == ([HATCHED[k], PALE[k]] if true[k] else [PALE[k], HATCHED[k]])
        assert marks[f"answer {k}"].box[0] > marks[f"σ {k}"].box[2]
        assert k == 2 or marks[f"answer {k}"].box[2] < marks[f"σ {k + 1}"].box[0]
    line, (_, floor, _, top) = marks["threshold"], marks["whole σ 0"].box
    assert line.data == now["threshold"] and line.box[2] > marks["answer 2"].box[2], "the last sign stands at the line too"
    assert (floor - (line.box[1] + line.box[3]) / 2) / (floor - top) == pytest.approx(now["threshold"])
    names = list(marks)
    assert names.index("threshold") > max(names.index(f"{part} {k}") for part in ("σ", "not σ", "torch σ") for k in range(3)), "in front"
    assert drawn(explorer, "loss") == [pytest.approx((terms[:k].sum().item(), terms[:k + 1].sum().item()), abs=1e-4) for k in range(3)]
    assert [marks[f"loss {k}"].look for k in range(3)] == list(HATCHED)
    assert marks["BCE"].data == pytest.approx((0, terms.mean().item()), abs=1e-4) and marks["BCE says"].text == f"BCE {terms.mean():.4f}"
    on_one_axis(marks, ["CE", "loss 0", "loss 1", "loss 2", "BCE", "BCE part 2"])


def test_ghosts_and_range(lengths, drawn):
    explorer = explore_summary()
    assert not [name for name in explorer.picture.drawn if name.startswith("before")]
    explorer.controls["logit 0"].value = -4.0
    z, y = torch.tensor([2, 3, 0.1], dtype=torch.float64), torch.tensor([0.0, 1, 0], dtype=torch.float64)
    marks, p = explorer.picture.drawn, torch.softmax(z, dim=0)
    assert drawn(explorer, "before share") == [pytest.approx((p[:k].sum().item(), p[:k + 1].sum().item())) for k in range(3)]
    assert drawn(explorer, "before σ") == [pytest.approx((torch.sigmoid(z[0]).item(), 1)), None, None], "the one that moved"
    losses = F.cross_entropy(z, torch.tensor(1)), F.binary_cross_entropy_with_logits(z, y)
    for name, loss in zip(("CE", "BCE"), losses):
        assert marks[f"before {name}"].data == pytest.approx((0, loss.item())) and marks[f"before {name}"].look == GHOST
        assert f"   {name} {loss:.4f} → " in explorer.words
    on_one_axis(marks, ["before CE", "before BCE", "CE", "BCE"])
    assert (explorer.controls["threshold"].min, explorer.controls["threshold"].max) == (0, 1)


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_land(preset):
    explorer = explore_summary()
    explorer.buttons[preset].click()
    z, y = torch.tensor([PRESETS[preset]]).double(), torch.tensor([[0, 1, 0]]).double()
    ce, loss = F.cross_entropy(z, torch.tensor([1])), F.binary_cross_entropy_with_logits(z, y)
    assert float(explorer.words.splitlines()[3].split("=")[-1]) == pytest.approx(ce.item(), abs=5e-5)
    assert explorer.words.splitlines()[4].endswith(f" = {loss:.4f}")


# What the saved notebook must say, in order.
FACTS = [
    "logits − 2.5: CE tensor(0.3527)  BCE tensor(0.3450)", "CE, one logit:  tensor(0.)",
    "tensor([[0.2585, 0.7028, 0.0387]])", "tensor(0.3527)", "tensor([[0.8808, 0.9526, 0.5250]])", "tensor(0.0486)",
    "tensor([[2.1269, 0.0486, 0.7444]])", "tensor(0.9733)",
]

# Each mistake that is made on purpose: what its cell does, and what comes of it.
ON_PURPOSE = {
    "threshold on softmax": ("torch.softmax(both, dim=1) >= 0.5", "tensor([[ True, False, False]])"),
    "argmax of nothing": ("predict_label(nothing)", "tensor([1])"),
}

# The right choice of each question, and a fact of torch's that makes it right; or the number.
ANSWERS = {
    "below_ce": ("Logit 0 alone is enough", lambda: BCE(torch.tensor([[-6, 3, 0.1]], dtype=torch.float64), y) < CE(z, label)
                 < BCE(torch.tensor([[2.0, 3.0, -600.0]], dtype=torch.float64), y)),
    "two_true": ("One", lambda: (share(torch.tensor([[6.0, 4.0, -6.0]])) > 0.6).tolist() == [[True, False, False]]),
    "argmax_of_none": ("Class 1", lambda: torch.tensor([-4.0, -3.0, -5.0]).argmax() == 1),
    "all_lower": ("CE stays, BCE changes", lambda: torch.allclose(share(z - 2.5), share(z)) and BCE(z - 2.5, y) < BCE(z, y) - 0.1),
    "one_class": ("Always 0", lambda: (share(torch.tensor([[-5.0], [0], [5]])) == 1).all()),
}
# A word or two that only this choice has for its reason.
REASONS = {
    "below_ce": {"Logit 0": "the sure mistake", "Both": "far from equal", "No logit": "as near to 0"},
    "two_true": {"None": "class 0 leads", "One": "gives class 0 nearly all", "Two": "It should be two"},
    "argmax_of_none": {"None": "no such answer", "Class 1": "however low", "An error": "how large the largest"},
    "all_lower": {"Both stay": "Softmax does not see it", "CE stays": "on differences only", "Both change": "the old ones"},
    "one_class": {"It raises": "one class is too few", "log 2": "two classes would cost", "Always 0": "the whole 1"},
}

# A way to do each task from the start, and what must not tick it.
WAYS = {
    "Leave the logits at 2, 3, 0.1 and make all three answers of sigmoid right.": [("threshold", 0.9)],
    "Bring both losses below 0.05, with class 1 true.": [("logit 0", -6.0), ("logit 2", -6.0)],
    "Let two classes be true, and all three answers of sigmoid right while argmax misses one.": [("target 0", True), ("logit 2", -0.1)],
    "Let no class be true: bring BCE below 0.05, and see what argmax says.": [
        ("target 1", False), ("logit 0", -4.0), ("logit 1", -4.0), ("logit 2", -4.0)],
    "Make CE larger than 1 and BCE smaller than 0.65.": [(f"logit {k}", -0.7) for k in range(3)],
}
NEARLY = {
    "Leave the logits at 2, 3, 0.1 and make all three answers of sigmoid right.": [("logit 0", -1.0), ("logit 2", -1.0)],
    "Bring both losses below 0.05, with class 1 true.": [("logit 1", 6.0)],  # of which only CE becomes small
    "Let no class be true: bring BCE below 0.05, and see what argmax says.": [("target 1", False)],
    "Make CE larger than 1 and BCE smaller than 0.65.": [(f"logit {k}", 0.0) for k in range(3)],  # as the preset "tie" does
}

# Numbers in the evidence that no notebook prints, each computed here by another way.
EVIDENCE = {
    "below_ce": lambda: [-torch.tensor([1 - s[0, 0] if z0 > 0 else 1 - 1 / (1 + math.exp(6)), s[0, 1], 1 - s[0, 2] if z2 > 0 else
                                        1 - 1 / (1 + math.exp(6))]).log().mean() for z0, z2 in ((-6, 1), (1, -6), (-6, -6))],
    "two_true": lambda: torch.tensor([1, math.exp(-2), math.exp(-12)]) / (1 + math.exp(-2) + math.exp(-12)),
    "argmax_of_none": lambda: [1 / (1 + math.exp(4)), 1 / (1 + math.exp(5))],
}


def wanted(values):
    z, y = logits_of(values), targets_of(values)
    named, yes = int(share(z).argmax()), torch.sigmoid(z)[0] >= values["threshold"]
    said = [f"class {k} {'yes' if yes[k] else 'no'} {'✓' if yes[k] == there else '✗'}" for k, there in enumerate(y[0].bool())]
    only = y[0].nonzero().flatten().tolist() == [named]
    return [None, f"argmax: class {named} {'✓' if only else '✗'}", f"≥ {values['threshold']:g}: {', '.join(said)}",
            [F.cross_entropy(z, y).abs().item()],  # of the row, which is the label's where there is one; −0.0 is 0
            [F.binary_cross_entropy_with_logits(z, y).item()]]


# --- right answers, in styles that people use; and wrong ones, as people write them, with the name that the check must give them

RIGHT = {
    check_predict_labels: [
        lambda z, one: z.argmax(1) if one else z >= 0, lambda z, one: torch.softmax(z, 1).argmax(-1) if one else torch.sigmoid(z) >= 0.5,
        lambda z, one: z.max(dim=1).indices if one else (z >= 0).int(), lambda z, one: torch.sort(z)[1][:, -1] if one else (z >= 0).float(),
        lambda z, one: z.topk(1, 1).indices[:, 0] if one else torch.ge(z, 0),
        lambda z, one: torch.tensor([int(row.argmax()) for row in z]) if one else z >= 0,
        lambda z, one: torch.from_numpy(np.argmax(z.numpy(), 1)) if one else torch.from_numpy(z.numpy() >= 0),
        lambda z, one: z.argmax(1).int() if one else ~(z < 0),
        lambda z, one: z.argsort(1, descending=True)[:, 0] if one else torch.where(z >= 0, 1.0, 0.0),
        lambda z, one: z.log_softmax(1).argmax(1) if one else z.sigmoid() >= 0.5,
    ],
}
WRONG = {
    check_predict_labels: {
        "argmax over the wrong dim, or over all": lambda z, one: torch.argmax(z, dim=0) if one else z > 0,
        "keepdim too much": lambda z, one: z.argmax(dim=1, keepdim=True) if one else z > 0,
        "the largest number, not where it stands": lambda z, one: torch.max(z, dim=1).values if one else z > 0,
        "threshold on softmax": lambda z, one: z.argmax(1) if one else F.softmax(z, 1) > 0.5,
        "threshold of 0.5 on the logits": lambda z, one: z.argmax(1) if one else z > 0.5,
        "only one where many may be true": lambda z, one: torch.argmax(z, -1),
        "not decided": lambda z, one: z.argmax(1) if one else 1 / (1 + torch.exp(-z)),
        "a row where an index is wanted": lambda z, one: torch.sigmoid(z) > 0.5,
        "one and many exchanged": lambda z, one: z.argmax(1) if not one else z > 0,
        "a half is not taken for a yes": lambda z, one: z.argmax(1) if one else z > 0,
    },
}
THOUGHTS = {
    "With one=True": ("one and many exchanged", 1), "one label,": ("argmax over the wrong dim, or over all", 6),
    "have forgotten": ("argmax of the answers", 1), "index, and": ("labels as floats", 1), "all logits": ("the search started at 0", 1),
    "all sigmoids": ("argmax of saturated sigmoids", 1), "half. Which": ("threshold on softmax", 4),
    "answer of": ("only one where many may be true", 1), "many labels,": ("the same answer for all", 3),
    "of exactly": ("a half is not taken for a yes", 1),
}


# --- two slips at once, one for each question: ({the names}, function)

ONE = {"argmax over the wrong dim, or over all": lambda z: z.argmax(0), "keepdim too much": lambda z: z.argmax(1, keepdim=True),
       "counted from 1": lambda z: z.argmax(1) + 1,
       "the largest number, not where it stands": lambda z: z.max(1)[0],
       "argmax of saturated sigmoids": lambda z: torch.sigmoid(z).argmax(1)}
MANY = {"threshold on softmax": lambda z: torch.softmax(z, 1) > 0.5, "threshold of 0.5 on the logits": lambda z: z > 0.5,
        "yes and no exchanged": lambda z: z < 0,
        "not decided": torch.sigmoid}


def put_together(one=lambda z: z.argmax(1), many=lambda z: z >= 0):
    return lambda z, single: one(z) if single else many(z)


PAIRED = {check_predict_labels: pairs_of(put_together, {"one": ONE, "many": MANY})}


@pytest.mark.parametrize("function, remark", [
    (lambda z, one: z.softmax(1).argmax(1) if one else z >= 0, True),
    (lambda z, one: z.argmax(1) if one else torch.sigmoid(z) >= 0.5, True),
    (lambda z, one: nn.Softmax(1)(z).argmax(1) if one else z >= 0, True), (lambda z, one: z.argmax(1) if one else z >= 0, False),
])
def test_a_softmax_or_a_sigmoid_on_the_way_passes_with_a_remark(function, remark):
    result = check_predict_labels(function)
    assert result.passed and ("can be left out" in result.message) == remark
