import itertools
import math

import pytest
import torch
from torch.nn import functional as F

from tests.oracle import BCE, CE, label, logits_of, p, raises, s, share, targets_of, y, z
from utils.example import PRESETS
from utils.summary import explore_summary, predict_label, predict_labels

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
def test_explorer_follows_its_controls(true, moves, heights, texts, arithmetic):
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
    assert heights(explorer, 0) == pytest.approx(p.tolist(), abs=1e-6)
    assert heights(explorer, 1) == pytest.approx(s.tolist(), abs=1e-6)
    assert rows[0].split(maxsplit=1)[1] == (", ".join(f"class {k}" for k in range(3) if true[k]) or "none")
    assert rows[1].endswith(f"argmax: class {int(p.argmax())}")
    yes = [k for k in range(3) if s[k] >= now["threshold"]]
    assert rows[2].endswith(f"at least {now['threshold']:g}: " + (", ".join(f"class {k}" for k in yes) or "none"))
    ce = f"{F.cross_entropy(z, y).abs():.4f}"  # of the row, which is the label's where there is one; −0.0 is 0
    row = f"the row {y[0].int().tolist()} is " if sum(true) != 1 else ""
    terms = F.binary_cross_entropy_with_logits(z, y, reduction="none")[0]
    assert rows[3].startswith("CE  ") and rows[3].endswith(row + ce)
    assert (f"CE  no label says {sum(true)} true classes; torch's answer to " in rows[3]) == bool(row)
    assert f"→ CE {'of the row ' if row else ''}{ce}, BCE " in repr(explorer) and len(repr(explorer)) <= 110
    assert rows[4].startswith("BCE = (") and rows[4].endswith(f") / 3 = {terms.mean():.4f}")
    assert arithmetic(rows[4].split("=")[1]) == pytest.approx(terms.mean().item(), abs=1e-4)
    if sum(true) == 1:
        assert rows[3].startswith(f"CE  = −log p[{true.index(True)}] = −log ")
        assert f"{arithmetic(rows[3].split('=')[2]):.4f}" == ce
    assert (f"{sum(true)} labels" in texts(explorer, 2)) == (sum(true) != 1)
    notes = [text.get_text() for text in explorer.figure.axes[1].texts[3:]]
    assert notes == [("yes" if k in yes else "no") + (" ✓" if (k in yes) == true[k] else " ✗") for k in range(3)]
    mark = explorer.figure.axes[0].texts[3 + int(p.argmax())].get_text()
    assert mark == ("argmax ✓" if true[int(p.argmax())] else "argmax ✗")
    assert explorer.figure.axes[1].lines[1].get_ydata()[0] == now["threshold"]


def test_ghosts_names_and_range(ghosts):
    explorer = explore_summary()
    explorer.controls["logit 0"].value = -4.0
    z, y = torch.tensor([2, 3, 0.1], dtype=torch.float64), torch.tensor([0.0, 1, 0], dtype=torch.float64)
    assert ghosts(explorer, 0) == pytest.approx(torch.softmax(z, dim=0).tolist())
    assert ghosts(explorer, 1) == pytest.approx(torch.sigmoid(z).tolist())
    losses = F.cross_entropy(z, torch.tensor(1)), F.binary_cross_entropy_with_logits(z, y)
    assert ghosts(explorer, 2) == pytest.approx([loss.item() for loss in losses])
    assert [label.get_text() for label in explorer.figure.axes[2].get_xticklabels()] == ["CE", "BCE"]
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
    "round_animals": ("CrossEntropyLoss and argmax", lambda: (torch.sigmoid(torch.tensor([4.0, 3.9])) > 0.5).all()),
    "round_findings": ("BCEWithLogitsLoss and a threshold", lambda: (share(torch.tensor([[4.0, 4.0, -4.0]])) < 0.5).all()),
    "round_labels": ("[32] long", lambda: [raises(CE, torch.zeros(32, 10), target) for target in (
        torch.zeros(32).long(), torch.zeros(32, 1).long(), torch.zeros(32, 10).long())] == [False, "RuntimeError", "RuntimeError"]),
    "round_targets": ("[32, 14] float", lambda: [raises(BCE, torch.zeros(32, 14), target) for target in (
        torch.zeros(32).long(), torch.zeros(32, 14).long(), torch.zeros(32, 14))] == ["ValueError", "RuntimeError", False]),
    "round_floor": ("A softmax before the loss", lambda: 0.55 < math.log(math.e + 2) - 1 < 0.56),
    "round_negative": ("Targets outside 0 … 1", lambda: BCE(z, 255 * y) < 0),
    "round_reduction": 64,
    "round_why": ("One three-class loss, and the mean of three two-class losses",
                  lambda: round(-math.log(p[0, 1]), 4) == 0.3527
                  and round(-(math.log(1 - s[0, 0]) + math.log(s[0, 1]) + math.log(1 - s[0, 2])) / 3, 4) == 0.9733),
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
    yes = [f"class {k}" for k, s in enumerate(torch.sigmoid(z)[0].tolist()) if s >= values["threshold"]]
    return [None, f"argmax: class {int(share(z).argmax())}", f"at least {values['threshold']:g}: {', '.join(yes) or 'none'}",
            [F.cross_entropy(z, y).abs().item()],  # of the row, which is the label's where there is one; −0.0 is 0
            [F.binary_cross_entropy_with_logits(z, y).item()]]
