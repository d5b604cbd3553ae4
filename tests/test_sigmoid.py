import functools

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.oracle import logits_of, moves, p, s, share
from tests.topics import agree, pairs_of
from utils.example import PRESETS
from utils.picture import GHOST, RED, REDDENED
from utils.sigmoid import check_log_sigmoid, check_sigmoid, explore_sigmoid, log_sigmoid, sigmoid

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
def test_explorer_follows_its_sliders(moves, lengths, said, arithmetic):
    explorer = explore_sigmoid(by_hand)
    for name, value in moves.items():
        explorer.controls[name].value = value
    z = torch.tensor([explorer.controls[f"logit {k}"].value for k in range(3)], dtype=torch.float64)
    s, p = torch.sigmoid(z), torch.softmax(z, dim=0)
    assert explorer.wrong == ""
    marks = explorer.picture.drawn
    assert lengths(explorer, "sigmoid") == pytest.approx(s.tolist(), abs=1e-6)
    assert lengths(explorer, "not sigmoid") == pytest.approx((1 - s).tolist(), abs=1e-6)
    assert lengths(explorer, "share") == pytest.approx(p.tolist(), abs=1e-6)
    assert said(explorer, "sigmoid") == [f"{value:.4f}" for value in s] and all(
        agree(text, [value]) for text, value in zip(said(explorer, "share"), p.tolist()))
    for k in range(3):  # dot, level line and column have one height, and the logit's axis its place
        assert marks[f"dot {k}"].data == pytest.approx((z[k].item(), s[k].item()), abs=1e-6)
        x, y = ((a + b) / 2 for a, b in zip(marks[f"dot {k}"].box[:2], marks[f"dot {k}"].box[2:]))
        assert y == pytest.approx(sum(marks[f"level {k}"].box[1::2]) / 2) == pytest.approx(marks[f"sigmoid {k}"].box[3])
        assert (marks[f"level {k}"].box[0], marks[f"level {k}"].box[2]) == pytest.approx((x, marks[f"sigmoid {k}"].box[0]))
        low, high = marks["logit axis"].box[::2]
        assert x == pytest.approx(low + (high - low) * (z[k].item() + 6) / 12)
    assert len({mark.box[2] - mark.box[0] for name, mark in marks.items() if name.startswith("dot")}) == 1, "dots are alike in size"
    assert marks["sum of sigmoids"].text == f"Σ {s.sum():.4f}" and marks["sum of shares"].text == "Σ 1.0000"
    assert marks["value axis"].box[3] == marks["sigmoid 0"].box[1] == marks["share 0"].box[3], "one axis for all"
    for k, row in enumerate(explorer.words.splitlines()[:3]):
        assert arithmetic(row.removeprefix(f"class {k}").split("=")[0]) == pytest.approx(s[k].item())
        assert float(row.split("= ")[1].split()[0]) == pytest.approx(s[k].item(), abs=5e-5)
        assert agree(row.split("softmax ")[1], [p[k].item()])
    assert explorer.words.splitlines()[3].split()[-1] == "1.0000"
    assert float(explorer.words.splitlines()[3].split()[2]) == pytest.approx(s.sum().item(), abs=1e-4)


def test_the_curve_is_the_sigmoid():
    marks = explore_sigmoid(by_hand).picture.drawn
    x, y = torch.tensor(marks["curve"].data)
    torch.testing.assert_close(y, torch.sigmoid(x))
    (left, _, right, _), (_, top, _, floor) = marks["logit axis"].box, marks["value axis"].box
    xs, ys = torch.tensor(marks["curve"].points).T
    torch.testing.assert_close(x, (xs - left) / (right - left) * 12 - 6)
    torch.testing.assert_close(y, (floor - ys) / (floor - top), atol=1e-5, rtol=0)


def test_ghosts_are_where_things_stood(lengths):
    explorer = explore_sigmoid(by_hand)
    explorer.controls["logit 0"].value = -4.0
    z = torch.tensor([2, 3, 0.1], dtype=torch.float64)
    assert lengths(explorer, "before sigmoid") == [pytest.approx(torch.sigmoid(z[0]).item()), None, None], "the one that moved"
    assert lengths(explorer, "before share") == pytest.approx(torch.softmax(z, dim=0).tolist())
    shadows = [explorer.picture.drawn[f"before dot {k}"] for k in range(3)]
    assert [shadow.data for shadow in shadows] == [pytest.approx((a.item(), torch.sigmoid(a).item())) for a in z]
    assert [shadow.text for shadow in shadows] == ["o", "s", "^"] and {shadow.look for shadow in shadows} == {GHOST}


def test_explorer_counts_what_moved():
    explorer = explore_sigmoid(by_hand)
    assert explorer.words.endswith("nothing has moved yet")
    explorer.controls["logit 1"].value = -2.0
    after = torch.sigmoid(torch.tensor(-2.0))
    assert explorer.words.splitlines()[4].startswith(f"before → now   0.9526 → {after:.4f}   moved")
    assert explorer.words.endswith("moved since then: 1 of 3 sigmoids, 3 of 3 shares")
    explorer.buttons["confident and wrong"].click()
    assert explorer.words.endswith("moved since then: 3 of 3 sigmoids, 3 of 3 shares")


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_land(preset, lengths):
    explorer = explore_sigmoid(sigmoid)
    explorer.buttons[preset].click()
    assert lengths(explorer, "sigmoid") == pytest.approx(torch.sigmoid(torch.tensor(PRESETS[preset])).tolist(), abs=1e-6)


def test_explorer_survives_a_broken_function(broken):
    function, sentence = broken
    explorer = explore_sigmoid(function)
    assert sentence in explorer.wrong
    explorer.controls["logit 0"].value = -6.0
    assert sentence in explorer.wrong


def test_explorer_compares_with_torch(lengths):
    explorer = explore_sigmoid(lambda z: 1 / (1 + torch.exp(z)))  # the minus is missing
    assert explorer.wrong.startswith("<lambda>, class 0: yours 0.1192, torch 0.8808\n")
    s = torch.sigmoid(torch.tensor([2, 3, 0.1]))
    assert lengths(explorer, "sigmoid") == pytest.approx((1 - s).tolist()) == lengths(explorer, "wrong sigmoid")
    assert lengths(explorer, "torch sigmoid") == pytest.approx(s.tolist())
    assert [explorer.picture.drawn[f"dot {k}"].data[1] for k in range(3)] == pytest.approx((1 - s).tolist())
    assert {explorer.picture.drawn[f"sigmoid {k} says"].look for k in range(3)} == {RED}


def test_what_is_no_probability_leaves_its_column(drawn):
    explorer = explore_sigmoid(torch.exp)
    exps = torch.tensor([2, 3, 0.1]).exp()
    assert [stretch[1] for stretch in drawn(explorer, "wrong sigmoid")] == pytest.approx(exps.tolist())
    assert {name for name, mark in explorer.picture.drawn.items() if mark.look in REDDENED} == {f"sigmoid {k} above" for k in range(3)}
    assert explorer.picture.drawn["value axis"].data == (0, 50) and exps.max() > 20, "the axis takes a longer step, for all of them"


# What the saved notebook must say, in order.
FACTS = [
    "sigmoid: tensor([[0.8808, 0.9526, 0.5250]])", "shape: torch.Size([1, 3])",
    "by hand: tensor([[0.8808, 0.9526, 0.5250]])", "shape: torch.Size([1, 3])",
]

# Each mistake that is made on purpose: what its cell does, and what comes of it.
ON_PURPOSE = {
    "log of a sigmoid": ("torch.log(torch.sigmoid(z))", "-inf"),
    "gradient of a sigmoid by hand": ("z.grad", "gradient nan"),
}

# The right choice of each question, and a fact of torch's that makes it right; or the number.
ANSWERS = {
    "more_or_less": ("More to both", lambda: (s > p)[0, 1:].all()),
    "sigmoid_of_0": 0.5,
    "what_moves": ("One sigmoid, three shares", lambda: (moves(torch.sigmoid), moves(share)) == (1, 3)),
    "tie_sigmoid": ("No, though the order of the classes is the same",
                    lambda: not torch.allclose(s / s.sum(), p) and torch.equal(s.argsort(), p.argsort())),
}
# A word or two that only this choice has for its reason.
REASONS = {
    "more_or_less": {"Less to both": "share anything out", "More to class 1": "a sharper softmax", "More to both": "e³ + 1"},
    "sigmoid_of_0": {0: "surely not there", 1: "one step too early", 1 / 3: "three equal classes"},
    "what_moves": {"One sigmoid, one": "one cannot move alone", "One sigmoid, three": "its own logit and no other",
                   "Three": "in one tensor"},
    "tie_sigmoid": {"Yes": "the whole difference", "No, though": "rank the classes alike", "No, and": "why not"},
}

# A way to do each task from the start, and what must not tick it.
WAYS = {
    "Make all three sigmoids larger than 0.9.": [("logit 0", 2.3), ("logit 2", 2.3)],
    "Make all three smaller than 0.1: nothing is on the image.": [("logit 2", -3.0), ("logit 1", -3.0), ("logit 0", -3.0)],
    "Leave the sigmoid of class 1 at 0.9526 and bring its softmax share below 0.5.": [("logit 0", 4.0)],
    "Give class 2 a softmax share above 0.9, with a sigmoid below 0.5.": [("logit 2", -1.0), ("logit 0", -6.0), ("logit 1", -6.0)],
    "Make each sigmoid as large as its class's softmax share, to within 0.01, and none smaller than 0.1.":
        [(f"logit {k}", -0.7) for k in range(3)],
}
NEARLY = {
    "Leave the sigmoid of class 1 at 0.9526 and bring its softmax share below 0.5.": [("logit 1", 1.9)],
    "Give class 2 a softmax share above 0.9, with a sigmoid below 0.5.": [("logit 2", 6.0)],
    "Make each sigmoid as large as its class's softmax share, to within 0.01, and none smaller than 0.1.": [
        ("logit 0", 6.0), ("logit 1", -6.0), ("logit 2", -6.0)],
}

# Numbers in the evidence that no notebook prints, each computed here by another way.
EVIDENCE = {
    "tie_sigmoid": lambda: s / s.sum(),
}


def wanted(values):
    z = logits_of(values)
    s = torch.sigmoid(z)[0].tolist()
    return [[mine, its] for mine, its in zip(s, share(z)[0].tolist())] + [[sum(s), 1.0]]


WRONG_CALL = "explore_sigmoid(lambda z: z[0])", "<lambda> returned shape [3]; shape [1, 3] is wanted"


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
        "1 + missing, or its brackets": lambda z: 1 / torch.exp(-z),
        "sigmoid applied twice": lambda z: nn.Sigmoid()(nn.Sigmoid()(z)),
        "tanh instead of sigmoid": lambda z: (z.exp() - (-z).exp()) / (z.exp() + (-z).exp()),
        "logarithm taken as well": lambda z: torch.log(torch.sigmoid(z)),
        "base 2 instead of e": lambda z: 1 / (1 + 2 ** -z),
        "base 10 instead of e": lambda z: 1 / (1 + 10 ** -z),
        "all or nothing": lambda z: torch.round(torch.sigmoid(z)),
        "rounded on the way": lambda z: torch.round(torch.sigmoid(z), decimals=4),
        "overflow at large logits": lambda z: torch.exp(z) / (1 + torch.exp(z)),
        "overflow or underflow at large negative logits": lambda z: 1 - torch.exp(-z) / (1 + torch.exp(-z)),
    },
    check_log_sigmoid: {
        "log missing": lambda z: 1 / (1 + torch.exp(-z)),
        "a minus missing, or one too many": lambda z: torch.log(1 + torch.exp(-z)),
        "log of the other answer": lambda z: torch.log(1 - torch.sigmoid(z)),
        "softmax instead of sigmoid": lambda z: torch.log(torch.softmax(z, 1)),
        "base 10 instead of e": lambda z: torch.log10(torch.sigmoid(z)),
        "base 2 instead of e": lambda z: torch.log2(torch.sigmoid(z)),
        "sigmoid applied twice": lambda z: torch.log(torch.sigmoid(torch.sigmoid(z))),
        "overflow at large logits": lambda z: torch.log(torch.exp(z) / (1 + torch.exp(z))),
        "overflow or saturation at large negative logits": lambda z: torch.log(torch.sigmoid(z)),
    },
}
THOUGHTS = {
    "Nothing was": ("the logits as they came", 1), "a clipped": ("a limit on the probabilities", 1),
    "never above": ("a minus missing, or one too many", 1), "log(1 / x)": ("1 − instead of a minus", 1),
    "σ(z)), the": ("log of the other answer", 1), "+ exp(z)),": ("both minus signs missing", 1),
    "log(exp(−z)) is": ("1 = exp(0) missing under the logarithm", 1), "wanted, not": ("1 over the logarithm", 1),
    "logaddexp takes": ("exponential taken twice", 2), "two ways,": ("z counted twice", 1),
    "is subtracted:": ("added instead of subtracted", 1),
}


# --- two slips at once, as their parts combine: ({the names}, function)

FIRST = {"sigmoid applied twice": torch.sigmoid, "relu applied first": F.relu, "tanh applied first": torch.tanh,
         "a temperature": lambda z: z / 2}
EXPS = {"base 2 instead of e": lambda z: 2 ** z, "base 10 instead of e": lambda z: 10 ** z}
SUMS = {"1 + missing, or its brackets": lambda e: e, "1 − instead of 1 +": lambda e: 1 - e}
ENDS = {"logarithm taken as well": torch.log, "rounded on the way": lambda p: torch.round(p, decimals=4),
        "a NumPy array instead of a tensor": np.array, "a list instead of a tensor": torch.Tensor.tolist}
LOGS = {"base 2 instead of e": torch.log2, "base 10 instead of e": torch.log10, "log missing": lambda p: p,
        "log1p instead of log": lambda p: torch.log(p + 1)}
SIGNS = {"a minus missing, or one too many": lambda x: -x}


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
