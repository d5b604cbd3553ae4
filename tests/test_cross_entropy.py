import math

import pytest
import torch
from torch.nn import functional as F

from tests.oracle import CE, label, logits_of, p, share, y, z
from utils.cross_entropy import cross_entropy_gradient, cross_entropy_terms, explore_cross_entropy
from utils.example import PRESETS

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
def test_explorer_follows_its_controls(moves, heights, texts):
    explorer = explore_cross_entropy(by_hand)
    for name, value in moves.items():
        explorer.controls[name].value = value
    z = torch.tensor([[explorer.controls[f"logit {k}"].value for k in range(3)]], dtype=torch.float64)
    label = torch.tensor([explorer.controls["label"].value])
    p, loss = torch.softmax(z, dim=1)[0], F.cross_entropy(z, label).item()
    gradient = p - F.one_hot(label, 3)[0]
    assert explorer.wrong == ""
    assert heights(explorer, 0) == pytest.approx(p.tolist(), abs=1e-6)
    assert heights(explorer, 2) == pytest.approx(gradient.tolist(), abs=1e-6)
    dot = explorer.figure.axes[1].lines[3]
    assert dot.get_xdata() == pytest.approx([p[label].item()], abs=1e-6)
    assert dot.get_ydata() == pytest.approx([min(loss, 5)], abs=1e-5)
    said = f"{loss:.4f}"
    assert texts(explorer, 1) == [f"▲ {said}" if loss > 5 else said]
    assert explorer.words.splitlines()[1].startswith(f"CE = −log p[{int(label)}] = −log ")
    assert explorer.words.splitlines()[1].endswith(f" = {said}")
    inside = float(explorer.words.splitlines()[1].split("−log ")[2].split(" =")[0])
    assert f"{-math.log(inside):.4f}" == said, "an equation that is true as it stands"
    assert [note for note in texts(explorer, 0) if "true" in note] == ["true"]
    assert explorer.figure.axes[0].texts[3 + int(label)].get_text() == "true"


def test_explorer_at_rest_says_the_articles_numbers():
    assert explore_cross_entropy(by_hand).words.splitlines() == [
        "p = softmax(logits) = 0.2585, 0.7028, 0.0387",
        "CE = −log p[1] = −log 0.7028 = 0.3527",
        "gradient p − y = 0.2585, −0.2972, 0.0387",
    ]


def test_the_curve_is_minus_log():
    x, y = (torch.as_tensor(values) for values in explore_cross_entropy(by_hand).figure.axes[1].lines[0].get_data())
    torch.testing.assert_close(y, -torch.log(x))


def test_ghosts_are_where_things_stood(ghosts):
    explorer = explore_cross_entropy(by_hand)
    explorer.controls["logit 0"].value = -4.0
    p = torch.softmax(torch.tensor([2, 3, 0.1], dtype=torch.float64), dim=0)
    assert ghosts(explorer, 0) == pytest.approx(p.tolist())
    assert ghosts(explorer, 2) == pytest.approx((p - torch.tensor([0, 1, 0])).tolist())
    dot = explorer.figure.axes[1].lines[1]
    assert [*dot.get_xdata(), *dot.get_ydata()] == pytest.approx([p[1].item(), -p[1].log().item()])


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


def test_explorer_compares_with_torch(texts):
    explorer = explore_cross_entropy(lambda logits, label: torch.log(torch.softmax(logits, dim=1))[0, label[0]])
    assert explorer.wrong == "<lambda>: yours −0.3527, torch 0.3527"
    assert "▼ −0.3527" in texts(explorer, 1)


# What the saved notebook must say, in order.
FACTS = [
    "tensor([[2.0000, 3.0000, 0.1000]]) torch.Size([1, 3])", "tensor([1]) torch.Size([1]) torch.int64",
    "tensor([[0.2585, 0.7028, 0.0387]])", "torch.Size([1, 3])",
    "nn.CrossEntropyLoss: tensor(0.3527)", "shape: torch.Size([])",
    "loss by hand: tensor(0.3527)", "shape: torch.Size([])", "-log 0.7028: tensor(0.3527)",
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
    "product_of_shares": ("0", lambda: torch.tensor(0.7) ** 1000 == 0 and 0.7 ** 1000 < 2.0 ** -149),
    "squares": ("Hardly at all", lambda: abs(sum(sign * ((share(torch.tensor([[10.0, sign * 1e-3, 0]]).double()) - y) ** 2).sum()
                                                 for sign in (1, -1))) / 2e-3 < 1e-3),
    "softmax_twice": ("More than 0.3527", lambda: CE(p, label) > CE(z, label)),
    "tie_cross_entropy": ("A, the careful one", lambda: -math.log(p[0, 1]) < -(9 * math.log(0.999) + math.log(0.0001)) / 10),
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
