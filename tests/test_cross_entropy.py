import functools
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.topics import pairs_of
from utils.cross_entropy import check_cross_entropy, cross_entropy_gradient, cross_entropy_terms, explore_cross_entropy
from utils.explore import LOGITS

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


@pytest.mark.parametrize("preset", LOGITS)
def test_presets_land_and_bring_the_label_along(preset):
    explorer = explore_cross_entropy(by_hand)
    explorer.controls["label"].value = 2
    explorer.buttons[preset].click()
    loss = F.cross_entropy(torch.tensor([LOGITS[preset]], dtype=torch.float64), torch.tensor([1])).item()
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


# --- right answers, in styles that people use; and wrong ones, as people write them, with the name that the check must give them

def pick(p, t):
    return p[torch.arange(len(t)), t]


RIGHT = {
    check_cross_entropy: [
        F.cross_entropy, nn.CrossEntropyLoss(), lambda z, t: F.nll_loss(F.log_softmax(z, 1), t),
        lambda z, t: (torch.logsumexp(z, 1) - pick(z, t)).mean(), lambda z, t: float(F.cross_entropy(z.double(), t)),
        lambda z, t: -(F.one_hot(t, z.shape[1]) * torch.log_softmax(z, -1)).sum(1).mean(),
        lambda z, t: sum(F.cross_entropy(row, k) for row, k in zip(z, t)) / len(t),
        lambda z, t: -torch.log_softmax(z, 1).gather(1, t.view(-1, 1)).mean(),
        lambda z, t: F.cross_entropy(z, F.one_hot(t, z.shape[1]).to(z)), lambda z, t: F.cross_entropy(z, t, reduction="sum") / len(t),
        lambda z, t: nn.NLLLoss()(nn.LogSoftmax(dim=1)(z), t),
        lambda z, t: -torch.log_softmax(z, 1)[torch.arange(len(t)), t].sum() / t.numel(),
        lambda z, t: -torch.einsum("nc,nc->n", F.one_hot(t, z.shape[1]).to(z), z.log_softmax(1)).mean(),
        functools.partial(F.cross_entropy, reduction="mean"),
        lambda z, t: -torch.distributions.Categorical(logits=z).log_prob(t).mean(),
        lambda z, t: torch.logsumexp(z - pick(z, t)[:, None], 1).mean(),
        lambda z, t: np.mean([float(F.cross_entropy(row, k)) for row, k in zip(z, t)]),
        lambda z, t: np.float32(F.cross_entropy(z, t).item()),
        lambda z, t: np.array(F.cross_entropy(z.double(), t).item()), lambda z, t: F.cross_entropy(z.double(), t).item(),
        lambda z, t: (z.amax(1) + (z - z.amax(1, keepdim=True)).exp().sum(1).log() - pick(z, t)).mean(),
        lambda z, t: -torch.log_softmax(z, 1).masked_select(F.one_hot(t, z.shape[1]).bool()).mean(),
        lambda z, t: -torch.trace(z.log_softmax(1)[:, t]) / len(t),
        lambda z, t: F.kl_div(z.log_softmax(1), F.one_hot(t, z.shape[1]).to(z), reduction="batchmean"),
        lambda z, t: torch.stack([row.logsumexp(0) - row[k] for row, k in zip(z, t)]).mean(),
        lambda z, t: F.cross_entropy(F.log_softmax(z, 1), t),
    ],
}
WRONG = {
    check_cross_entropy: {
        "sum instead of mean": nn.CrossEntropyLoss(reduction="sum"),
        "no reduction": lambda z, t: -pick(torch.softmax(z, 1), t).log(),
        "mean over images and classes": lambda z, t: -(F.one_hot(t, z.shape[1]) * torch.softmax(z, 1).log()).mean(),
        "minus missing": lambda z, t: pick(torch.softmax(z, 1), t).log().mean(),
        "log missing": lambda z, t: F.nll_loss(torch.softmax(z, 1), t),
        "base 10 instead of e": lambda z, t: -torch.log10(pick(torch.softmax(z, 1), t)).mean(),
        "base 2 instead of e": lambda z, t: -torch.log2(pick(torch.softmax(z, 1), t)).mean(),
        "softmax applied twice": lambda z, t: nn.CrossEntropyLoss()(nn.Softmax(dim=1)(z), t),
        "probabilities expected where logits came": lambda z, t: -torch.log(pick(z, t)).mean(),
        "log-softmax missing": F.nll_loss,
        "labels taken from the first row only": lambda z, t: (z.logsumexp(1) - z[0, t]).mean(),
        "rows picked instead of entries": lambda z, t: (z.logsumexp(1) - z[t]).mean(),
        "mean over one term only": lambda z, t: z.logsumexp(1).mean() - pick(z, t),
        "logsumexp without its dim": lambda z, t: torch.logsumexp(z) - pick(z, t),
        "softmax over the wrong dim": lambda z, t: -pick(torch.softmax(z, dim=0), t).log().mean(),
        "normalised over the whole batch": lambda z, t: -torch.log(pick(torch.exp(z) / torch.exp(z).sum(), t)).mean(),
        "off by one class": lambda z, t: -pick(torch.softmax(z, 1), t - 1).log().mean(),
        "every image with every label": lambda z, t: -torch.softmax(z, 1)[:, t].log().mean(),
        "all classes counted": lambda z, t: -torch.softmax(z, 1).log().mean(),
        "sigmoid instead of softmax": lambda z, t: -pick(torch.sigmoid(z), t).log().mean(),
        "rounded before the logarithm": lambda z, t: -torch.log(torch.round(pick(torch.softmax(z, 1), t), decimals=4)).mean(),
        "overflow at large logits": lambda z, t: -torch.log(pick(z.exp() / z.exp().sum(1, keepdim=True), t)).mean(),
        "underflow at large negative logits": lambda z, t: (
            z.clamp(min=0).amax(1) + (z - z.clamp(min=0).amax(1, keepdim=True)).exp().sum(1).log() - pick(z, t)).mean(),
        "saturation: a probability rounded to 0 before its logarithm": lambda z, t: -torch.log(pick(torch.softmax(z, 1), t) + 1e-30).mean(),
        "shifted by the largest of the whole batch":
            lambda z, t: (z.max() + (z - z.max()).exp().sum(1).log() - pick(z, t)).mean(),
    },
}


# --- two slips at once, as their parts combine: ({the names}, function)

FIRST = {"softmax applied twice": nn.Softmax(1), "sigmoid applied first": torch.sigmoid, "relu applied first": F.relu,
         "sign of the exponent turned round": lambda z: -z, "a temperature": lambda z: z / 2}
ASKED = {"off by one class": lambda t, z: (t + 1) % z.shape[1], "the predicted class instead of the label": lambda t, z: z.max(1)[1],
          "labels in reverse order": lambda t, z: t.flip(0)}
LOGS = {"base 2 instead of e": lambda p: np.log2(p), "base 10 instead of e": lambda p: np.log10(p), "log missing": lambda p: p,
        "log1p instead of log": lambda p: torch.log(1 + p), "a limit inside the logarithm": lambda p: torch.log(p + 1e-7)}
SHARES = {"softmax over the wrong dim": lambda z: torch.softmax(z, 0), "normalised over the whole batch": lambda z: z.exp() / z.exp().sum(),
          "sigmoid instead of softmax": torch.sigmoid, "probabilities expected where logits came": lambda z: z}
SIGNS = {"minus missing": lambda x: x}
MEANS = {"sum instead of mean": torch.sum, "no reduction": lambda x: x, "divided twice": lambda x: x.mean() / len(x),
         "the last image only": lambda x: x[-1],
         "largest instead of mean": torch.max}


def shares(z):
    return F.softmax(z, dim=1)


def put_together(first=lambda z: z, label=lambda t, z: t, share=shares, log=torch.log, sign=torch.neg, mean=torch.mean):
    def cross_entropy(z, t):
        label_of = label(t, z)
        p = share(first(z))
        return mean(sign(log(p[range(len(t)), label_of])))
    return cross_entropy


PARTS = {"first": FIRST, "label": ASKED, "share": SHARES, "log": LOGS, "sign": SIGNS, "mean": MEANS}
PAIRED = {check_cross_entropy: pairs_of(put_together, PARTS)}
