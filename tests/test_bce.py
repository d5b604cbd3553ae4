import functools
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.topics import pairs_of
from utils.bce import check_bce_terms, check_bce, bce, bce_gradient, bce_terms, explore_bce
from utils.explore import LOGITS

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


@pytest.mark.parametrize("preset", LOGITS)
def test_presets_land_and_bring_the_target_along(preset):
    explorer = explore_bce(by_hand)
    explorer.controls["target 0"].value = True
    explorer.buttons[preset].click()
    z, y = torch.tensor([LOGITS[preset]]).double(), torch.tensor([[0, 1, 0]]).double()
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


# --- right answers, in styles that people use; and wrong ones, as people write them, with the name that the check must give them

RIGHT = {
    check_bce_terms: [
        nn.BCEWithLogitsLoss(reduction="none"), lambda z, y: F.softplus(z) - y * z,
        lambda z, y: -(y * F.logsigmoid(z) + (1 - y) * F.logsigmoid(-z)),
        lambda z, y: z.clamp(min=0) - z * y + torch.log1p(torch.exp(-z.abs())),
        lambda z, y: torch.logaddexp(torch.zeros_like(z.double()), z.double()) - y * z,
        functools.partial(F.binary_cross_entropy_with_logits, reduction="none"),
        lambda z, y: F.softplus((1 - 2 * y) * z) if ((y == 0) | (y == 1)).all() else F.softplus(z) - y * z,
        lambda z, y: torch.stack([F.binary_cross_entropy_with_logits(a, b, reduction="none") for a, b in zip(z, y)]),
        lambda z, y: y * F.softplus(-z) + (1 - y) * F.softplus(z), lambda z, y: -torch.where(y == 1, F.logsigmoid(z), F.logsigmoid(-z)),
        lambda z, y: torch.from_numpy(np.logaddexp(0, z.double().numpy()) - (y * z).double().numpy()),
    ],
    check_bce: [
        F.binary_cross_entropy_with_logits, nn.BCEWithLogitsLoss(), lambda z, y: (F.softplus(z) - y * z).mean(),
        lambda z, y: float(-(y * F.logsigmoid(z) + (1 - y) * F.logsigmoid(-z)).mean()),
        lambda z, y: F.binary_cross_entropy_with_logits(z, y, reduction="sum").double() / y.numel(),
        lambda z, y: F.cross_entropy(torch.stack([torch.zeros_like(z), z], -1).reshape(-1, 2), y.reshape(-1).long()),
        lambda z, y: F.binary_cross_entropy_with_logits(z, y, reduction="none").mean(), lambda z, y: F.multilabel_soft_margin_loss(z, y),
        lambda z, y: F.binary_cross_entropy_with_logits(z, y, reduction="none").mean(1).mean(),
        lambda z, y: np.mean(np.logaddexp(0, z.double().numpy()) - (y * z).double().numpy()),
        lambda z, y: (y * F.softplus(-z) + (1 - y) * F.softplus(z)).sum() / z.numel(),
        lambda z, y: -(y * F.logsigmoid(z) + (1 - y) * F.logsigmoid(-z)).mean(0).mean(),
        lambda z, y: sum(F.binary_cross_entropy_with_logits(a, b) for a, b in zip(z.flatten(), y.flatten())) / z.numel(),
        lambda z, y: np.float32(F.binary_cross_entropy_with_logits(z, y)),
    ],
}
WRONG = {
    check_bce_terms: {
        "reduced too early": nn.BCEWithLogitsLoss(),
        "own class only": lambda z, y: -y * torch.log(torch.sigmoid(z)),
    },
    check_bce: {
        "own class only": lambda z, y: -(y * torch.log(torch.sigmoid(z))).mean(),
        "only the classes that are not there": lambda z, y: -((1 - y) * torch.log(1 - torch.sigmoid(z))).mean(),
        "targets reversed": lambda z, y: -((1 - y) * z.sigmoid().log() + y * (1 - z.sigmoid()).log()).mean(),
        "minus missing": lambda z, y: (y * z.sigmoid().log() + (1 - y) * (1 - z.sigmoid()).log()).mean(),
        "the article's printed typo": lambda z, y: (-(y * z.sigmoid().log()) + (1 - y) * z.sigmoid().log()).mean(),
        "the minus reaches only the first term": lambda z, y: (-y * z.sigmoid().log() + (1 - y) * (1 - z.sigmoid()).log()).mean(),
        "the minus reaches only the second term": lambda z, y: (y * z.sigmoid().log() - (1 - y) * (1 - z.sigmoid()).log()).mean(),
        "1 − missing in the second logarithm": lambda z, y: -(y * z.sigmoid().log() + (1 - y) * z.sigmoid().log()).mean(),
        "log missing": lambda z, y: -(y * z.sigmoid() + (1 - y) * (1 - z.sigmoid())).mean(),
        "squared difference": lambda z, y: F.mse_loss(torch.sigmoid(z), y),
        "base 10 instead of e": lambda z, y: -(y * z.sigmoid().log10() + (1 - y) * (1 - z.sigmoid()).log10()).mean(),
        "base 2 instead of e": lambda z, y: -(y * z.sigmoid().log2() + (1 - y) * (1 - z.sigmoid()).log2()).mean(),
        "probabilities expected where logits came": nn.BCELoss(),
        "sigmoid applied twice": lambda z, y: nn.BCEWithLogitsLoss()(torch.sigmoid(z), y),
        "softmax instead of sigmoid": lambda z, y: nn.BCELoss()(torch.softmax(z, 1), y),
        "softmax applied first": lambda z, y: nn.BCEWithLogitsLoss()(torch.softmax(z, 1), y),
        "rounded before the logarithm":
            lambda z, y: nn.BCELoss()(torch.round(torch.sigmoid(z), decimals=4).clamp(1e-44, 1), y),
        "sum instead of mean": nn.BCEWithLogitsLoss(reduction="sum"),
        "no reduction": nn.BCEWithLogitsLoss(reduction="none"),
        "mean over the classes only": lambda z, y: (F.softplus(z) - y * z).mean(1),
        "mean over the images only": lambda z, y: (F.softplus(z) - y * z).mean(0),
        "divided by the classes only": lambda z, y: nn.BCEWithLogitsLoss(reduction="sum")(z, y) / z.shape[1],
        "divided by the images only": lambda z, y: nn.BCEWithLogitsLoss(reduction="sum")(z, y) / len(z),
        "cross-entropy instead": nn.CrossEntropyLoss(),
        "the logarithm stopped at −100": lambda z, y: nn.BCELoss()(torch.sigmoid(z), y),
        "saturation: a probability rounded to 0 before its logarithm":
            lambda z, y: -(y * z.sigmoid().log() + (1 - y) * (1 - z.sigmoid()).log()).mean(),
        "saturation at large negative logits": lambda z, y: -(y * z.sigmoid().log() + (1 - y) * F.logsigmoid(-z)).mean(),
        "overflow at large logits": lambda z, y: (torch.log(1 + torch.exp(z)) - y * z).mean(),
    },
}


# --- two slips at once, as their parts combine: ({the names}, function)

FIRST = {"sigmoid applied twice": torch.sigmoid, "softmax applied first": nn.Softmax(1), "relu applied first": F.relu}
CHANCES = {"softmax instead of sigmoid": nn.Softmax(1), "tanh instead of sigmoid": lambda z: (torch.tanh(z) + 1) / 2,
           "the probability of no": lambda z: 1 - torch.sigmoid(z)}
TRUTHS = {"targets reversed": lambda y: 1 - y, "label smoothing": lambda y: 0.9 * y + 0.05}
LOGS = {"base 2 instead of e": torch.log2, "base 10 instead of e": torch.log10, "log missing": lambda p: p,
        "a limit inside the logarithm": lambda p: torch.log(p + 1e-7)}
JOINS = {"own class only": lambda a, b: -a, "only the classes that are not there": lambda a, b: -b, "minus missing": lambda a, b: a + b,
         "the minus reaches only the first term": lambda a, b: -a + b}
MEANS = {"sum instead of mean": torch.sum, "no reduction": lambda x: x, "mean over the classes only": lambda x: x.mean(1),
         "mean over the images only": lambda x: x.mean(0),
         "divided by the images only": lambda x: x.sum() / len(x), "divided by the classes only": lambda x: x.sum() / x.shape[1]}


def put_together(first=lambda z: z, chance=torch.sigmoid, target=lambda y: y, log=torch.log, join=lambda a, b: -a - b,
                 mean=lambda x: x.mean()):
    def bce(z, y):
        p, y = chance(first(z)), target(y)
        return mean(join(y * log(p), (1 - y) * log(1 - p)))
    return bce


PARTS = {"first": FIRST, "chance": CHANCES, "target": TRUTHS, "log": LOGS, "join": JOINS}
PAIRED = {check_bce: pairs_of(put_together, PARTS | {"mean": MEANS}),
          check_bce_terms: pairs_of(lambda **parts: put_together(mean=lambda x: x, **parts), PARTS)}
