import pytest
import torch
from torch.nn import functional as F

from tests.oracle import logits_of, moves, p, s, share
from utils.example import PRESETS
from utils.picture import GHOST, RED, REDDENED
from utils.sigmoid import explore_sigmoid, log_sigmoid, sigmoid

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
    assert said(explorer, "sigmoid") == [f"{value:.4f}" for value in s] and said(explorer, "share") == [
        f"{value:.4f}" if value > 5e-5 else "<0.0001" for value in p]
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
        assert float(row.split("softmax ")[1].replace("−", "-")) == pytest.approx(p[k].item(), abs=5e-5)
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
    assert lengths(explorer, "before sigmoid") == pytest.approx(torch.sigmoid(z).tolist())
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

# Numbers in the evidence that no notebook prints, each computed here by another way.
EVIDENCE = {
    "tie_sigmoid": lambda: s / s.sum(),
}


def wanted(values):
    z = logits_of(values)
    s = torch.sigmoid(z)[0].tolist()
    return [[mine, its] for mine, its in zip(s, share(z)[0].tolist())] + [[sum(s), 1.0]]


WRONG_CALL = "explore_sigmoid(lambda z: z[0])", "<lambda> returned shape [3]; shape [1, 3] is wanted"
