import math

import pytest
import torch
from torch.nn import functional as F

from tests.oracle import BCE, CE, label, logits_of, s, targets_of, y, z
from utils.bce import bce, bce_gradient, bce_terms, explore_bce
from utils.example import PRESETS

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
def test_explorer_follows_its_controls(moves, heights, texts, arithmetic):
    explorer = explore_bce(by_hand)
    for name, value in moves.items():
        explorer.controls[name].value = value
    now = {name: control.value for name, control in explorer.controls.items()}
    z = torch.tensor([[now[f"logit {k}"] for k in range(3)]], dtype=torch.float64)
    y = torch.tensor([[float(now[f"target {k}"]) for k in range(3)]], dtype=torch.float64)
    terms = F.binary_cross_entropy_with_logits(z, y, reduction="none")[0]
    rows = explorer.words.splitlines()
    assert explorer.wrong == ""
    assert heights(explorer, 0) == pytest.approx(torch.sigmoid(z)[0].tolist(), abs=1e-6)
    assert heights(explorer, 1) == pytest.approx(terms.clamp(max=4.2).tolist(), abs=1e-4)
    for k in range(3):
        acts = "−log σ" if y[0, k] else "−log(1 − σ)"
        assert rows[k].startswith(f"class {k}   y = {int(y[0, k])}   {acts} ")
        assert rows[k].endswith(f" = {terms[k]:.4f}")
        assert f"{arithmetic(rows[k].split('=')[2]):.4f}" == f"{terms[k]:.4f}", "true as it stands"
        assert explorer.figure.axes[1].texts[3 + k].get_text() == acts.replace(" − ", "−")
        assert explorer.figure.axes[0].texts[3 + k].get_text() == f"y = {int(y[0, k])}"
    reduced = F.binary_cross_entropy_with_logits(z, y, reduction=now["reduction"])
    if now["reduction"] == "none":
        assert rows[3] == "BCE = [" + ", ".join(f"{t:.4f}" for t in terms) + "]"
        assert heights(explorer, 2)[0] == 0
    else:
        assert rows[3].endswith(f" = {reduced:.4f}")
        assert f"{arithmetic(rows[3].split('=')[1]):.4f}" == f"{reduced:.4f}", "true as it stands"
        assert heights(explorer, 2)[0] == pytest.approx(min(reduced.item(), 4.2), abs=1e-4)
    if y.sum() == 1:
        ce = F.cross_entropy(z, y.argmax(dim=1)).item()
        assert rows[4].endswith(f" = {ce:.4f}") and f"p[{int(y.argmax())}]" in rows[4]
        assert heights(explorer, 2)[1] == pytest.approx(min(ce, 4.2), abs=1e-4)
    else:
        assert rows[4] == (f"CE  no label says {int(y.sum())} true classes; torch's answer to the row {y[0].int().tolist()} "
                           f"is {F.cross_entropy(z, y).abs():.4f}") and f"{int(y.sum())} labels" in texts(explorer, 2)
    line = explorer.figure.axes[1].lines[1].get_ydata()[0]
    assert line == pytest.approx(reduced.item(), abs=1e-4) if now["reduction"] == "mean" else line != line


def test_explorer_at_rest_says_the_articles_numbers():
    assert explore_bce(by_hand).words.splitlines() == [
        "class 0   y = 0   −log(1 − σ) = −log 0.119203 = 2.1269",
        "class 1   y = 1   −log σ      = −log 0.9526 = 0.0486",
        "class 2   y = 0   −log(1 − σ) = −log 0.4750 = 0.7444",
        "BCE = (2.1269 + 0.0486 + 0.7444) / 3 = 0.9733",
        "CE  = −log p[1] = −log 0.7028 = 0.3527",
    ]


def test_ghosts_are_where_things_stood(ghosts):
    explorer = explore_bce(by_hand)
    explorer.controls["logit 0"].value = -4.0
    z, y = torch.tensor([2, 3, 0.1], dtype=torch.float64), torch.tensor([0.0, 1, 0], dtype=torch.float64)
    terms = F.binary_cross_entropy_with_logits(z, y, reduction="none")
    assert ghosts(explorer, 0) == pytest.approx(torch.sigmoid(z).tolist())
    assert ghosts(explorer, 1) == pytest.approx(terms.tolist())
    assert ghosts(explorer, 2) == pytest.approx([terms.mean().item(), F.cross_entropy(z, torch.tensor(1)).item()])


def test_the_two_losses_are_named():
    assert [label.get_text() for label in explore_bce(by_hand).figure.axes[2].get_xticklabels()] == ["BCE", "CE"]


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


def test_explorer_compares_with_torch(heights, edges):
    explorer = explore_bce(lambda z, y: -y * F.logsigmoid(z))  # own class only
    assert explorer.wrong.splitlines() == [
        "<lambda>, class 0: yours 0.0000, torch 2.1269", "<lambda>, class 2: yours 0.0000, torch 0.7444"]
    terms = F.binary_cross_entropy_with_logits(torch.tensor([2, 3, 0.1]), torch.tensor([0.0, 1, 0]), reduction="none")
    assert heights(explorer, 1) == pytest.approx([0, terms[1].item(), 0], abs=1e-6)
    assert edges(explorer, 1) == pytest.approx(terms.tolist())


# What the saved notebook must say, in order.
FACTS = [
    "nn.CrossEntropyLoss:  tensor(0.3527)", "nn.BCEWithLogitsLoss: tensor(0.9733)", "-log 0.9526: tensor(0.0486)",
    "tensor(2.1269) tensor(0.0486) tensor(0.7444)", "tensor(0.9733)",
    "tensor([[1., 0.],\n        [0., 1.],\n        [1., 0.]])",
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
    "sure_of_nothing": ("inf", lambda: -(1 - 1 / (1 + torch.tensor(-17.0).exp())).log() == math.inf),
    "sigmoid_twice": ("Another number", lambda: not BCE(s, y).isclose(BCE(z, y))),
    "coin_toss": math.log(2),
    "tie_bce": ("BCE also asks about the classes that are not there",
                lambda: -math.log(s[0, 1]) < CE(z, label) < -(math.log(1 - s[0, 0]) + math.log(s[0, 1]) + math.log(1 - s[0, 2])) / 3),
}

# Numbers in the evidence that no notebook prints, each computed here by another way.
EVIDENCE = {
    "sure_of_nothing": lambda: [math.log(1 + math.exp(17))],
}


def wanted(values):
    z, y = logits_of(values), targets_of(values)
    return [*([loss] for loss in F.binary_cross_entropy_with_logits(z, y, reduction="none")[0].tolist()),
            F.binary_cross_entropy_with_logits(z, y, reduction=values["reduction"]).flatten().tolist(),
            [F.cross_entropy(z, y).abs().item()]]  # of the row, which is the label's where there is one; −0.0 is 0


WRONG_CALL = "explore_bce(lambda z, y: 1 / 0)", "<lambda> raised ZeroDivisionError: division by zero"
