import functools

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.oracle import logits_of, moves, p, share, z
from tests.topics import agree, pairs_of
from utils.example import PRESETS
from utils.picture import INK, QUIET, REDDENED
from utils.softmax import check_softmax, explore_softmax, softmax

RANDOM = torch.randn(7, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 4


def by_hand(z):
    return torch.exp(z) / torch.exp(z).sum()


def test_the_articles_numbers():
    assert softmax(torch.tensor([2, 3, 0.1])).tolist() == pytest.approx([0.2585, 0.7028, 0.0387], abs=5e-5)


@pytest.mark.parametrize("logits", [RANDOM, RANDOM.float(), RANDOM[0], RANDOM.reshape(7, 1, 5), RANDOM[:, :1]])
def test_softmax_is_torchs(logits):
    torch.testing.assert_close(softmax(logits), torch.softmax(logits, dim=-1))


def test_float32_is_float64_to_4_decimals():
    torch.testing.assert_close(softmax(RANDOM.float()).double(), softmax(RANDOM), atol=1e-6, rtol=0)


@pytest.mark.parametrize("logits", [RANDOM, torch.zeros(2, 3), torch.tensor([[1e4, -1e4, 0.0]])])
def test_gradient_is_torchs(logits):
    grads = []
    for function in (softmax, lambda z: torch.softmax(z, dim=-1)):
        z = logits.clone().requires_grad_()
        (function(z) * torch.arange(z.shape[-1])).sum().backward()
        grads.append(z.grad)
    torch.testing.assert_close(*grads)


def test_extreme_logits():
    extreme = torch.tensor([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4]])
    torch.testing.assert_close(softmax(extreme), torch.softmax(extreme, dim=-1))


def test_bad_logits():
    with pytest.raises(ValueError, match="logits holds nan"):
        softmax(torch.tensor([torch.nan, 1]))


def ends(mark):
    return mark.box[0], mark.box[2]


@pytest.mark.parametrize("moves", [
    {}, {"logit 0": 4.0}, {"logit 2": -6.0}, {"temperature T": 0.2}, {"logit 1": 6.0, "temperature T": 5.0},
])
def test_explorer_follows_its_sliders(moves, lengths, drawn, said, arithmetic):
    explorer = explore_softmax(by_hand)
    for name, value in moves.items():
        explorer.controls[name].value = value
    z = torch.tensor([explorer.controls[f"logit {k}"].value for k in range(3)], dtype=torch.float64)
    z = z / explorer.controls["temperature T"].value
    shares, marks = torch.softmax(z, dim=0), explorer.picture.drawn
    assert explorer.wrong == ""
    assert lengths(explorer, "share") == pytest.approx(shares.tolist(), abs=1e-6)
    assert lengths(explorer, "exp") == pytest.approx(z.exp().tolist(), rel=1e-5)
    assert lengths(explorer, "torch share") == lengths(explorer, "share")
    assert drawn(explorer, "share")[0][0] == 0 and drawn(explorer, "share")[2][1] == pytest.approx(1)
    for k in range(3):  # what flows from one row to the other begins and ends where they are cut
        assert marks[f"flow {k}"].data == (drawn(explorer, "exp")[k], drawn(explorer, "share")[k])
        (a, _), (b, _), (c, _), (d, _) = marks[f"flow {k}"].points
        assert (a, b, d, c) == pytest.approx((*ends(marks[f"exp {k}"]), *ends(marks[f"share {k}"])), abs=1e-3)
        assert agree(said(explorer, "share")[k], [shares[k].item()])
        assert said(explorer, "exp")[k] in (f"{z[k].exp():.4f}", f"exp({z[k]:.4g})")
    ruler, top = marks["ruler"], z.exp().sum()
    power = round(torch.tensor(ruler.data[1]).log().item(), 9)
    assert power == int(power) and torch.e ** (power - 1) < top * (1 + 1e-9) and top <= torch.e ** power * (1 + 1e-9), "the next power of e"
    assert ends(marks["exp 0"])[0] == ruler.box[0]
    assert ends(marks["exp 2"])[1] == pytest.approx(ruler.box[0] + (ruler.box[2] - ruler.box[0]) * top.item() / ruler.data[1])
    assert ends(ruler) == pytest.approx((ends(marks["share 0"])[0], ends(marks["share 2"])[1])), "strip and ruler are alike long"
    assert marks[f"tick {power:.0f} says"].text.endswith(f"exp({power:.0f})")
    for k, row in enumerate(explorer.words.splitlines()[:3]):  # class k   exp(z / T) = e ÷ sum = share
        exp, quotient, share = row.removeprefix(f"class {k}").split("=")
        assert arithmetic(exp) == pytest.approx(z[k].exp().item())
        assert arithmetic(quotient.split("÷")[0]) == pytest.approx(z[k].exp().item(), rel=5e-3)
        assert arithmetic(share) == pytest.approx(shares[k].item(), rel=5e-3, abs=5e-5)
        assert z.max() > 9 or arithmetic(quotient) == pytest.approx(arithmetic(share), rel=5e-3, abs=5e-5)
    assert explorer.words.splitlines()[3].endswith("the shares sum to 1.0000")


def test_temperature_reaches_from_a_fifth_to_5():
    slider = explore_softmax(by_hand).controls["temperature T"]
    assert (slider.min, slider.max, slider.value) == (0.2, 5, 1)


def test_explorer_at_rest_says_the_articles_numbers():
    assert explore_softmax(by_hand).words.splitlines() == [
        "class 0   exp(2)     =    7.3891 ÷ 28.5798 = 0.2585",
        "class 1   exp(3)     =   20.0855 ÷ 28.5798 = 0.7028",
        "class 2   exp(0.1)   =    1.1052 ÷ 28.5798 = 0.0387",
        "sum                  =   28.5798   the shares sum to 1.0000",
        "before → now   nothing has moved yet",
    ]


def test_the_words_say_what_was_before():
    explorer = explore_softmax(by_hand)
    explorer.controls["logit 0"].value = 4.0
    assert explorer.words.splitlines()[4] == "before → now   0.2585 → 0.7204   0.7028 → 0.2650   0.0387 → 0.0146   ruler exp(4) → exp(5)"
    after = torch.softmax(torch.tensor([4, 3, 0.1]), dim=0).tolist()
    assert [float(text.split()[0]) for text in explorer.words.splitlines()[4].split("→ ")[2:5]] == pytest.approx(after, abs=5e-5)


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_land(preset, lengths):
    explorer = explore_softmax(softmax)
    explorer.buttons[preset].click()
    assert lengths(explorer, "share") == pytest.approx(torch.softmax(torch.tensor(PRESETS[preset]), dim=0).tolist(), abs=1e-6)


def test_one_moved_logit_leaves_two_exponentials_and_no_share_where_it_was(lengths):
    explorer = explore_softmax(softmax)
    explorer.controls["logit 0"].value = 2.7
    for part, count in (("exp", 1), ("share", 3)):
        ghost, now = lengths(explorer, f"before {part}"), lengths(explorer, part)
        assert sum(abs(a - b) > 1e-6 for a, b in zip(ghost, now)) == count
    assert lengths(explorer, "before share") == pytest.approx(torch.softmax(torch.tensor([2, 3, 0.1]), dim=0).tolist(), abs=1e-6)
    assert lengths(explorer, "before exp") == pytest.approx(torch.tensor([2, 3, 0.1]).exp().tolist(), rel=1e-5)


def test_explorer_survives_a_broken_function(broken):
    function, sentence = broken
    explorer = explore_softmax(function)
    assert sentence in explorer.wrong
    explorer.controls["logit 0"].value = -6.0
    explorer.buttons["saturated"].click()
    assert sentence in explorer.wrong


def test_a_ruler_that_ends_elsewhere_says_so_in_picture_and_words():
    explorer = explore_softmax(by_hand)
    assert explorer.picture.drawn["tick 4 says"].text == "exp(4)" and "ruler" not in explorer.words
    explorer.controls["logit 1"].value = 3.2  # e² + e³·² + e⁰·¹ is still below e⁴
    assert explorer.picture.drawn["tick 4 says"].text == "exp(4)" and "ruler" not in explorer.words
    explorer.controls["logit 0"].value = 4.0
    assert explorer.picture.drawn["tick 5 says"].text == "exp(4) → exp(5)" and explorer.picture.drawn["tick 5 says"].look == INK
    assert explorer.picture.drawn["tick 4 says"].text == "exp(4)" and explorer.picture.drawn["tick 4 says"].look == QUIET
    assert explorer.words.endswith("   ruler exp(4) → exp(5)")
    explorer.controls["logit 0"].value = -6.0
    assert "ruler" not in explorer.words, "it ends where it did before logit 0 was touched"


def test_explorer_compares_with_torch(lengths):
    explorer = explore_softmax(lambda z: z / z.sum())
    assert explorer.wrong == ("<lambda>, class 0: yours 0.3922, torch 0.2585\n<lambda>, class 1: yours 0.5882, torch 0.7028\n"
                              "<lambda>, class 2: yours 0.0196, torch 0.0387")
    assert "= 0.2585" in explorer.words, "the arithmetic is torch's"
    z = torch.tensor([2, 3, 0.1])
    assert lengths(explorer, "share") == pytest.approx((z / z.sum()).tolist())
    assert lengths(explorer, "wrong share") == lengths(explorer, "share")
    assert lengths(explorer, "torch share") == pytest.approx(torch.softmax(z, dim=0).tolist())
    assert lengths(explorer, "exp") == [None] * 3, "the exponentials are torch's, so only edges"
    assert lengths(explorer, "torch exp") == pytest.approx(z.exp().tolist())
    assert [explorer.picture.drawn[f"flow {k}"].kind for k in range(3)] == ["line"] * 3


def test_a_negative_share_leaves_the_strip(lengths, drawn, said):
    explorer = explore_softmax(lambda z: z / z.sum())
    explorer.controls["logit 2"].value = -3.0
    z = torch.tensor([2, 3, -3.0])
    assert said(explorer, "share") == ["1.0000", "1.5000", "−1.5000"] and (z / z.sum()).tolist() == [1, 1.5, -1.5]
    assert drawn(explorer, "share") == [pytest.approx(stretch) for stretch in ((0, 1), (1, 2.5), (-1.5, 0))]
    red = [name for name, mark in explorer.picture.drawn.items() if mark.look in REDDENED]
    assert red == ["share 1 above", "share 2 below"]
    marks = explorer.picture.drawn
    assert marks["share 2"].box[2] == pytest.approx(marks["share 0"].box[0]) == pytest.approx(marks["torch share 0"].box[0])
    assert marks["share 1"].box[0] == pytest.approx(marks["torch share 2"].box[2], abs=1e-3), "torch's strip ends where 1 is"


# What the saved notebook must say, in order.
FACTS = [
    "tensor([2.0000, 3.0000, 0.1000])", "torch.Size([3])",
    "softmax: tensor([0.2585, 0.7028, 0.0387])", "shape: torch.Size([3])",
    "by hand: tensor([0.2585, 0.7028, 0.0387])", "shape: torch.Size([3])",
    "ours,  logits + 100: tensor([nan, nan, nan])",  # slip: it overflows
    "sum of each row: tensor([0.7780, 0.2220])",  # slip: it sums over the whole tensor
]

# Each mistake that is made on purpose: what its cell does, and what comes of it.
ON_PURPOSE = {
    "whole-batch sum": ("softmax(batch)", "tensor([0.7780, 0.2220])"),
    "softmax(dim=0) on a batch": ("torch.softmax(batch, dim=0)", "sum of each row: tensor([1.9009, 1.0991])"),
    "overflow": ("softmax(logits + 100)", "tensor([nan, nan, nan])"),
}

# The right choice of each question, and a fact of torch's that makes it right; or the number.
ANSWERS = {
    "ratio": ("About 2.7 times", lambda: round(float(p[0, 1] / p[0, 0]), 1) == 2.7),
    "one_logit_moves": ("Three", lambda: moves(share) == 3),
    "adding_100": ("Nothing", lambda: torch.allclose(share(z + 100), p)),
    "batch_sum": ("To less than 1", lambda: (torch.stack([z[0], z[0]]).exp() / torch.stack([z[0], z[0]]).exp().sum()).sum(1).max() < 1),
    "tie_softmax": ("They are sharper", lambda: torch.allclose(share(2 * z)[0, 1] / share(2 * z)[0, 0], (p[0, 1] / p[0, 0]) ** 2)),
}
# A word or two that only this choice has for its reason.
REASONS = {
    "ratio": {"1.5 times": "divided by their sum", "About 2.7": "difference of their logits", "About 20": "by itself"},
    "one_logit_moves": {"One": "tempting to stop there", "Two": "so another must lose", "Three": "the sum changes with it"},
    "adding_100": {"The largest": "it must win", "They draw": "look closer", "Nothing": "the same factor"},
    "batch_sum": {"To 1": "what we want", "To less": "all six numbers", "No sum": "An error would be kind"},
    "tie_softmax": {"Not at all": "not at proportions", "They are sharper": "the square", "They are closer": "half of each logit"},
}

# A way to do each task from the start, and what must not tick it.
WAYS = {
    "Give class 2 the largest share.": [("logit 2", 4.0)],
    "Make the three shares equal.": [("logit 0", 3.0), ("logit 2", 3.0)],
    "With temperature T alone, give class 1 a share above 0.95.": [("temperature T", 0.3)],
    "Move all three logits and bring the shares back to 0.2585, 0.7028, 0.0387.": [("logit 0", 1.0), ("logit 1", 2.0), ("logit 2", -0.9)],
    "With T at 2, make the share of class 0 e times as large as that of class 1.": [("temperature T", 2.0), ("logit 0", 5.0)],
}
NEARLY = {
    "With temperature T alone, give class 1 a share above 0.95.": [("logit 1", 6.0)],
    "Move all three logits and bring the shares back to 0.2585, 0.7028, 0.0387.": [("logit 0", 1.0), ("logit 0", 2.0)],
    "With T at 2, make the share of class 0 e times as large as that of class 1.": [("logit 0", 4.0)],
}

# Numbers in the evidence that no notebook prints, each computed here by another way.
EVIDENCE = {
    "one_logit_moves": lambda: torch.tensor([3, 3, 0.1]).exp() / torch.tensor([3, 3, 0.1]).exp().sum(),
    "tie_softmax": lambda: p ** 2 / (p ** 2).sum(),
}


def wanted(values):
    z = logits_of(values) / values["temperature T"]
    return [[p] for p in share(z)[0].tolist()] + [[1.0]]


WRONG_CALL = "explore_softmax(lambda z: z * 0 + 0.5)", "<lambda>, class 0: yours 0.5000, torch 0.2585"


# --- right answers, in styles that people use; and wrong ones, as people write them, with the name that the check must give them

def in_loops(z):
    out = torch.empty_like(z)
    for i, row in enumerate(z.tolist()):
        exps = [2.718281828459045 ** (value - max(row)) for value in row]
        for k, value in enumerate(exps):
            out[i, k] = value / sum(exps)
    return out


RIGHT = {
    check_softmax: [
        lambda z: torch.softmax(z, dim=1), lambda z: F.softmax(z, dim=-1), nn.Softmax(dim=1), in_loops,
        lambda z: torch.exp(z - torch.logsumexp(z, 1, keepdim=True)),
        lambda z: (z - z.max(-1, keepdim=True).values).exp() / (z - z.max(-1, keepdim=True).values).exp().sum(-1, keepdim=True),
        lambda z: torch.softmax(z.double(), 1), lambda z: torch.stack([torch.softmax(row, 0) for row in z]),
        lambda logits: torch.from_numpy(torch.softmax(logits, 1).numpy()),
        lambda z: F.softmin(-z, dim=1), lambda z: torch.exp(F.log_softmax(z, dim=-1)), functools.partial(torch.softmax, dim=1),
        torch.nn.Softmax(-1),
        lambda z: torch.softmax(z.T, 0).T, lambda z: torch.nan_to_num(torch.softmax(z, 1)), lambda z: torch.softmax(z + 5, 1),
        lambda z: torch.tensor(np.exp(z.numpy() - np.logaddexp.reduce(z.numpy(), axis=1, keepdims=True))),
        lambda z: (z - z.amax(1, keepdim=True)).exp().div(torch.einsum("nc->n", (z - z.amax(1, keepdim=True)).exp())[:, None]),
        lambda z: 1 / torch.exp(z[:, None, :] - z[:, :, None]).sum(-1),  # each share is 1 / the sum of exp(others − own)
        lambda z: F.normalize((z - z.max(1, keepdim=True)[0]).exp(), p=1, dim=1), lambda z: torch.distributions.Categorical(logits=z).probs,
    ],
}
WRONG = {
    check_softmax: {
        "normalised over the whole batch": lambda x: torch.exp(x) / torch.sum(torch.exp(x)),  # the article's
        "normalised over the wrong dim": lambda z: torch.exp(z) / torch.exp(z).sum(dim=0),
        "keepdim missing": lambda z: torch.exp(z) / torch.exp(z).sum(dim=1),
        "max returned two things": lambda z: torch.softmax(z - z.max(dim=-1, keepdim=True), 1),
        "another shift for each class": lambda z: F.softmax(z - z.max(dim=0).values, dim=-1),
        "softmax applied twice": lambda z: F.softmax(F.softmax(z, dim=1), dim=1),
        "exponential missing": lambda z: z / z.sum(dim=1, keepdim=True),
        "not divided by the sum": torch.exp,
        "sign of the exponent turned round": lambda z: torch.exp(-z) / torch.exp(-z).sum(1, keepdim=True),
        "base 2 instead of e": lambda z: 2 ** z / (2 ** z).sum(1, keepdim=True),
        "base 10 instead of e": lambda z: 10 ** z / (10 ** z).sum(1, keepdim=True),
        "sigmoid instead of softmax": lambda z: 1 / (1 + torch.exp(-z)),
        "logarithm taken as well": nn.LogSoftmax(dim=1),
        "all or nothing": lambda z: torch.eye(z.shape[1])[z.argmax(1)],
        "rounded on the way": lambda z: torch.round(torch.softmax(z, 1), decimals=4),
        "overflow at large logits": lambda z: torch.exp(z) / torch.exp(z).sum(1, keepdim=True),
        "overflow or underflow at large negative logits": lambda z: (z - z.clamp(min=0).max(1, keepdim=True).values).exp() / (
            z - z.clamp(min=0).max(1, keepdim=True).values).exp().sum(1, keepdim=True),
        "shifted by the largest of the whole batch": lambda z: torch.exp(z - z.max()) / torch.exp(z - z.max()).sum(1, keepdim=True),
        "it changes the logits that it was given": lambda z: z.sub_(z.max(1, keepdim=True).values).softmax(1),
        "two answers to the same question": lambda z: torch.softmax(z + torch.rand(1), 1) + torch.rand(1),
    },
}


# --- two slips at once, as their parts combine: ({the names}, function)

FIRST = {"softmax applied twice": nn.Softmax(1), "sigmoid applied first": torch.sigmoid, "relu applied first": F.relu,
         "tanh applied first": np.tanh,
         "sign of the exponent turned round": lambda z: -z, "a temperature": lambda z: z / 2}
EXPS = {"base 2 instead of e": lambda z: 2 ** z, "base 10 instead of e": lambda z: 10 ** z,
        "another function instead of exp": lambda z: z * z}
SUMS = {"normalised over the whole batch": torch.sum, "normalised over the wrong dim": lambda e: e.sum(0),
        "divided by something other than the sum": lambda e: e.mean(1)[:, None],
        "not divided by the sum": lambda e: 1}
ENDS = {"logarithm taken as well": torch.log, "rounded on the way": lambda p: torch.round(p, decimals=4), "a dimension lost": torch.flatten,
        "a NumPy array instead of a tensor": np.array, "a list instead of a tensor": torch.Tensor.tolist,
        "one row only": lambda p: p[0]}


def put_together(first=lambda z: z, exp=torch.exp, total=lambda e: e.sum(1, keepdim=True), end=lambda p: p):
    def softmax(z):
        e = exp(first(z))
        return end(e / total(e))
    return softmax


PARTS = {"first": FIRST, "exp": EXPS, "total": SUMS, "end": ENDS}
PAIRED = {check_softmax: pairs_of(put_together, PARTS)}
