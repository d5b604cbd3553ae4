import itertools

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from tests.topics import pairs_of
from utils.explore import LOGITS
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


@pytest.mark.parametrize("preset", LOGITS)
def test_presets_land(preset):
    explorer = explore_summary()
    explorer.buttons[preset].click()
    z, y = torch.tensor([LOGITS[preset]]).double(), torch.tensor([[0, 1, 0]]).double()
    ce, loss = F.cross_entropy(z, torch.tensor([1])), F.binary_cross_entropy_with_logits(z, y)
    assert float(explorer.words.splitlines()[3].split("=")[-1]) == pytest.approx(ce.item(), abs=5e-5)
    assert explorer.words.splitlines()[4].endswith(f" = {loss:.4f}")


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
        "argmax over the wrong dim": lambda z, one: torch.argmax(z, dim=0) if one else z > 0,
        "argmax over the whole batch": lambda z, one: torch.argmax(z) if one else z > 0,
        "keepdim too much": lambda z, one: z.argmax(dim=1, keepdim=True) if one else z > 0,
        "the largest number, not where it stands": lambda z, one: torch.max(z, dim=1).values if one else z > 0,
        "threshold on softmax": lambda z, one: z.argmax(1) if one else F.softmax(z, 1) > 0.5,
        "threshold of 0.5 on the logits": lambda z, one: z.argmax(1) if one else z > 0.5,
        "only one where many may be true": lambda z, one: torch.argmax(z, -1),
        "probabilities, not decided": lambda z, one: z.argmax(1) if one else 1 / (1 + torch.exp(-z)),
        "many where one is wanted": lambda z, one: torch.sigmoid(z) > 0.5,
        "one and many exchanged": lambda z, one: z.argmax(1) if not one else z > 0,
        "a half is not taken for a yes": lambda z, one: z.argmax(1) if one else z > 0,
    },
}


# --- two slips at once, one for each question: ({the names}, function)

ONE = {"argmax over the wrong dim": lambda z: z.argmax(0), "keepdim too much": lambda z: z.argmax(1, keepdim=True),
       "counted from 1": lambda z: z.argmax(1) + 1,
       "the largest number, not where it stands": lambda z: z.max(1)[0],
       "argmax of saturated sigmoids": lambda z: torch.sigmoid(z).argmax(1)}
MANY = {"threshold on softmax": lambda z: torch.softmax(z, 1) > 0.5, "threshold of 0.5 on the logits": lambda z: z > 0.5,
        "yes and no exchanged": lambda z: z < 0,
        "probabilities, not decided": torch.sigmoid}


def put_together(one=lambda z: z.argmax(1), many=lambda z: z >= 0):
    return lambda z, single: one(z) if single else many(z)


PAIRED = {check_predict_labels: pairs_of(put_together, {"one": ONE, "many": MANY})}
