import functools
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.topics import pairs_of
from utils.explore import LOGITS
from utils.sigmoid import check_sigmoid, check_log_sigmoid, explore_sigmoid, log_sigmoid, sigmoid

RANDOM = torch.randn(7, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 4


def by_hand(z):
    return 1 / (1 + torch.exp(-z))


def test_the_articles_numbers():
    assert sigmoid(torch.tensor([2, 3, 0.1])).tolist() == pytest.approx([0.8808, 0.9526, 0.5250], abs=5e-5)


@pytest.mark.parametrize("ours, torchs", [(sigmoid, torch.sigmoid), (log_sigmoid, F.logsigmoid)])
@pytest.mark.parametrize("logits", [RANDOM, RANDOM.float(), RANDOM[0], torch.zeros(1)])
def test_values_and_shapes_are_torchs(ours, torchs, logits):
    torch.testing.assert_close(ours(logits), torchs(logits))


@pytest.mark.parametrize("ours, torchs", [(sigmoid, torch.sigmoid), (log_sigmoid, F.logsigmoid)])
@pytest.mark.parametrize("logits", [RANDOM, torch.zeros(3), torch.tensor([1e4, -1e4, 100, -100, 17, -17])])
def test_gradients_are_torchs(ours, torchs, logits):
    grads = []
    for function in (ours, torchs):
        z = logits.clone().requires_grad_()
        function(z).sum().backward()
        grads.append(z.grad)
    torch.testing.assert_close(*grads)


def test_small_losses_keep_their_digits():
    z = torch.tensor([17.0, 30.0])
    torch.testing.assert_close(log_sigmoid(z).double(), F.logsigmoid(z.double()), rtol=1e-5, atol=0)


def test_float32_is_float64_to_4_decimals():
    for function in (sigmoid, log_sigmoid):
        torch.testing.assert_close(function(RANDOM.float()).double(), function(RANDOM), atol=1e-5, rtol=0)


def test_extreme_logits():
    extreme = torch.tensor([1e4, -1e4])
    assert sigmoid(extreme).tolist() == [1, 0] and log_sigmoid(extreme).tolist() == [0, -1e4]


@pytest.mark.parametrize("function", [sigmoid, log_sigmoid])
def test_bad_logits(function):
    with pytest.raises(TypeError, match=r"logits has dtype torch\.int64"):
        function(torch.tensor([1, 2]))


@pytest.mark.parametrize("moves", [{}, {"logit 1": -2.0}, {"logit 0": -6.0, "logit 2": 6.0}])
def test_explorer_follows_its_sliders(moves, heights, arithmetic):
    explorer = explore_sigmoid(by_hand)
    for name, value in moves.items():
        explorer.controls[name].value = value
    z = torch.tensor([explorer.controls[f"logit {k}"].value for k in range(3)], dtype=torch.float64)
    s, p = torch.sigmoid(z), torch.softmax(z, dim=0)
    assert explorer.wrong == ""
    assert heights(explorer, 1) == pytest.approx(s.tolist(), abs=1e-6)
    assert heights(explorer, 2) == pytest.approx(p.tolist(), abs=1e-6)
    dots = explorer.figure.axes[0].lines[7:10]
    assert [float(dot.get_xdata()[0]) for dot in dots] == pytest.approx(z.tolist(), abs=1e-6)
    assert [float(dot.get_ydata()[0]) for dot in dots] == pytest.approx(s.tolist(), abs=1e-6)
    for k, row in enumerate(explorer.words.splitlines()[:3]):
        assert arithmetic(row.removeprefix(f"class {k}").split("=")[0]) == pytest.approx(s[k].item())
        assert float(row.split("= ")[1].split()[0]) == pytest.approx(s[k].item(), abs=5e-5)
        assert float(row.split("softmax ")[1].replace("−", "-")) == pytest.approx(p[k].item(), abs=5e-5)
    assert explorer.words.splitlines()[3].split()[-1] == "1.0000"
    assert float(explorer.words.splitlines()[3].split()[2]) == pytest.approx(s.sum().item(), abs=1e-4)


def test_the_curve_is_the_sigmoid():
    x, y = (torch.as_tensor(values) for values in explore_sigmoid(by_hand).figure.axes[0].lines[0].get_data())
    torch.testing.assert_close(y, torch.sigmoid(x))


def test_ghosts_are_where_things_stood(ghosts):
    explorer = explore_sigmoid(by_hand)
    explorer.controls["logit 0"].value = -4.0
    z = torch.tensor([2, 3, 0.1], dtype=torch.float64)
    assert ghosts(explorer, 1) == pytest.approx(torch.sigmoid(z).tolist())
    assert ghosts(explorer, 2) == pytest.approx(torch.softmax(z, dim=0).tolist())
    shadows = explorer.figure.axes[0].lines[1:4]
    assert [shadow.get_xdata()[0] for shadow in shadows] == pytest.approx(z.tolist())
    assert [shadow.get_ydata()[0] for shadow in shadows] == pytest.approx(torch.sigmoid(z).tolist())


def test_explorer_counts_what_moved():
    explorer = explore_sigmoid(by_hand)
    assert "moved" not in explorer.words
    explorer.controls["logit 1"].value = -2.0
    assert explorer.words.endswith("moved since then: 1 of 3 sigmoids, 3 of 3 shares")
    explorer.buttons["confident and wrong"].click()
    assert explorer.words.endswith("moved since then: 3 of 3 sigmoids, 3 of 3 shares")


@pytest.mark.parametrize("preset", LOGITS)
def test_presets_land(preset, heights):
    explorer = explore_sigmoid(sigmoid)
    explorer.buttons[preset].click()
    assert heights(explorer, 1) == pytest.approx(torch.sigmoid(torch.tensor(LOGITS[preset])).tolist(), abs=1e-6)


def test_explorer_survives_a_broken_function(broken):
    function, sentence = broken
    explorer = explore_sigmoid(function)
    assert sentence in explorer.wrong
    explorer.controls["logit 0"].value = -6.0
    assert sentence in explorer.wrong


def test_explorer_compares_with_torch(heights, edges):
    explorer = explore_sigmoid(lambda z: 1 / (1 + torch.exp(z)))  # the minus is missing
    assert explorer.wrong.startswith("<lambda>, class 0: yours 0.1192, torch 0.8808\n")
    s = torch.sigmoid(torch.tensor([2, 3, 0.1]))
    assert heights(explorer, 1) == pytest.approx((1 - s).tolist()) and edges(explorer, 1) == pytest.approx(s.tolist())
    assert [float(dot.get_ydata()[0]) for dot in explorer.figure.axes[0].lines[7:10]] == pytest.approx((1 - s).tolist())


# --- right answers, in styles that people use; and wrong ones, as people write them, with the name that the check must give them

def stable_sigmoid(z):
    e = torch.exp(-z.abs())
    return torch.where(z >= 0, 1 / (1 + e), e / (1 + e))


RIGHT = {
    check_sigmoid: [
        torch.sigmoid, nn.Sigmoid(), stable_sigmoid, lambda z: 1 / (1 + torch.exp(-z)), lambda z: (1 + torch.tanh(z / 2)) / 2,
        lambda z: torch.softmax(torch.stack([z, torch.zeros_like(z)], -1), -1)[..., 0], lambda z: z.double().sigmoid(),
        torch.special.expit, functools.partial(torch.sigmoid), lambda z: 1 - torch.sigmoid(-z), lambda z: F.logsigmoid(z).exp(),
        lambda z: torch.tanh(z * 0.5) * 0.5 + 0.5,
        lambda z: torch.reciprocal(1 + (-z).exp()),
        lambda z: torch.tensor([[1 / (1 + np.exp(-np.float64(v))) for v in row] for row in z.tolist()]),
        lambda z: torch.stack([torch.sigmoid(row) for row in z]),
        lambda z: torch.where(z > 0, 1 / (1 + torch.exp(-z)), torch.exp(z) / (1 + torch.exp(z))),
    ],
    check_log_sigmoid: [
        F.logsigmoid, nn.LogSigmoid(), lambda z: -F.softplus(-z), lambda z: -torch.logaddexp(torch.zeros_like(z), -z),
        lambda z: torch.log_softmax(torch.stack([z, torch.zeros_like(z)], -1), -1)[..., 0],
        lambda z: torch.clamp(z, max=0) - torch.log1p(torch.exp(-z.abs())),
        lambda z: -torch.logaddexp(z * 0, -z), lambda z: torch.minimum(z, torch.zeros(())) - torch.exp(-z.abs()).log1p(),
        lambda z: z - F.softplus(z),
        lambda z: -torch.logsumexp(torch.stack([z * 0, -z]), 0),
        lambda z: -F.binary_cross_entropy_with_logits(z, torch.ones_like(z), reduction="none"),
        lambda z: torch.from_numpy(-np.logaddexp(0, -z.numpy())),
        lambda z: torch.special.log_expit(z) if hasattr(torch.special, "log_expit") else F.logsigmoid(z),
    ],
}
WRONG = {
    check_sigmoid: {
        "the probability of no": lambda z: 1 / (1 + torch.exp(z)),
        "yes and no together": lambda z: F.softmax(torch.stack([z, 0 * z], dim=-1), dim=-1),
        "softmax instead of sigmoid": lambda z: F.softmax(z, dim=1),
        "normalised": lambda z: torch.sigmoid(z) / torch.sigmoid(z).sum(1, keepdim=True),
        "1 + missing": lambda z: 1 / torch.exp(-z),
        "sigmoid applied twice": lambda z: nn.Sigmoid()(nn.Sigmoid()(z)),
        "tanh instead of sigmoid": lambda z: (z.exp() - (-z).exp()) / (z.exp() + (-z).exp()),
        "logarithm taken as well": lambda z: torch.log(torch.sigmoid(z)),
        "base 2 instead of e": lambda z: 1 / (1 + 2 ** -z),
        "base 10 instead of e": lambda z: 1 / (1 + 10 ** -z),
        "all or nothing": lambda z: torch.round(torch.sigmoid(z)),
        "rounded on the way": lambda z: torch.round(torch.sigmoid(z), decimals=4),
        "overflow at large logits": lambda z: torch.exp(z) / (1 + torch.exp(z)),
        "overflow at large negative logits": lambda z: 1 - torch.exp(-z) / (1 + torch.exp(-z)),
    },
    check_log_sigmoid: {
        "log missing": lambda z: 1 / (1 + torch.exp(-z)),
        "minus too much": lambda z: torch.log(1 + torch.exp(-z)),
        "log of the other answer": lambda z: torch.log(1 - torch.sigmoid(z)),
        "softmax instead of sigmoid": lambda z: torch.log(torch.softmax(z, 1)),
        "base 10 instead of e": lambda z: torch.log10(torch.sigmoid(z)),
        "base 2 instead of e": lambda z: torch.log2(torch.sigmoid(z)),
        "sigmoid applied twice": lambda z: torch.log(torch.sigmoid(torch.sigmoid(z))),
        "overflow at large logits": lambda z: torch.log(torch.exp(z) / (1 + torch.exp(z))),
        "overflow or saturation at large negative logits": lambda z: torch.log(torch.sigmoid(z)),
    },
}


# --- two slips at once, as their parts combine: ({the names}, function)

FIRST = {"sigmoid applied twice": torch.sigmoid, "relu applied first": F.relu, "tanh applied first": torch.tanh,
         "a temperature": lambda z: z / 2}
EXPS = {"base 2 instead of e": lambda z: 2 ** z, "base 10 instead of e": lambda z: 10 ** z}
SUMS = {"1 + missing": lambda e: e, "1 − instead of 1 +": lambda e: 1 - e}
ENDS = {"logarithm taken as well": torch.log, "rounded on the way": lambda p: torch.round(p, decimals=4),
        "a NumPy array instead of a tensor": np.array, "a list instead of a tensor": torch.Tensor.tolist}
LOGS = {"base 2 instead of e": torch.log2, "base 10 instead of e": torch.log10, "log missing": lambda p: p,
        "log1p instead of log": lambda p: torch.log(p + 1)}
SIGNS = {"minus too much": lambda x: -x}


def put_together(first=lambda z: z, sign=lambda z: -z, exp=torch.exp, add=lambda e: 1 + e, end=lambda p: p):
    return lambda z: end(1 / add(exp(sign(first(z)))))


def log_put_together(first=lambda z: z, other=lambda z: z, log=torch.log, sign=lambda x: x):
    return lambda z: sign(log(torch.sigmoid(other(first(z)))))


NO = {"the probability of no": lambda z: z}
PAIRED = {
    check_sigmoid: pairs_of(put_together, {"first": FIRST, "sign": NO, "exp": EXPS, "add": SUMS, "end": ENDS}),
    check_log_sigmoid: pairs_of(log_put_together,
                                {"first": FIRST, "other": {"log of the other answer": lambda z: -z}, "log": LOGS, "sign": SIGNS}),
}
