"""The checks: every known mistake as a student would write it, right answers in several styles, and odd things."""

import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from utils import mistakes
from utils.check import (
    check_bce, check_bce_target, check_bce_terms, check_cross_entropy, check_log_sigmoid, check_predict_labels,
    check_sigmoid, check_softmax, copies, written,
)

CHECKS = {
    check_softmax: mistakes.SOFTMAX, check_cross_entropy: mistakes.CROSS_ENTROPY, check_sigmoid: mistakes.SIGMOID,
    check_log_sigmoid: mistakes.LOG_SIGMOID, check_bce_target: mistakes.BCE_TARGET, check_bce_terms: mistakes.BCE_TERMS,
    check_bce: mistakes.BCE, check_predict_labels: mistakes.PREDICT_LABELS,
}


def pick(p, t):
    return p[torch.arange(len(t)), t]


def filled(rows, columns, places, value=1.0):
    target = torch.zeros(rows, columns)
    target[places] = value
    return target


def in_loops(z):
    out = torch.empty_like(z)
    for i, row in enumerate(z.tolist()):
        exps = [2.718281828459045 ** (value - max(row)) for value in row]
        for k, value in enumerate(exps):
            out[i, k] = value / sum(exps)
    return out


def stable_sigmoid(z):
    e = torch.exp(-z.abs())
    return torch.where(z >= 0, 1 / (1 + e), e / (1 + e))


# Right answers, in styles that people use.
RIGHT = {
    check_softmax: [
        lambda z: torch.softmax(z, dim=1), lambda z: F.softmax(z, dim=-1), nn.Softmax(dim=1), in_loops,
        lambda z: torch.exp(z - torch.logsumexp(z, 1, keepdim=True)),
        lambda z: (z - z.max(-1, keepdim=True).values).exp() / (z - z.max(-1, keepdim=True).values).exp().sum(-1, keepdim=True),
        lambda z: torch.softmax(z.double(), 1), lambda z: torch.stack([torch.softmax(row, 0) for row in z]),
        lambda logits: torch.from_numpy(torch.softmax(logits, 1).numpy()),
    ],
    check_cross_entropy: [
        F.cross_entropy, nn.CrossEntropyLoss(), lambda z, t: F.nll_loss(F.log_softmax(z, 1), t),
        lambda z, t: (torch.logsumexp(z, 1) - pick(z, t)).mean(), lambda z, t: float(F.cross_entropy(z.double(), t)),
        lambda z, t: -(F.one_hot(t, z.shape[1]) * torch.log_softmax(z, -1)).sum(1).mean(),
        lambda z, t: sum(F.cross_entropy(row, k) for row, k in zip(z, t)) / len(t),
        lambda z, t: -torch.log_softmax(z, 1).gather(1, t.view(-1, 1)).mean(),
    ],
    check_sigmoid: [
        torch.sigmoid, nn.Sigmoid(), stable_sigmoid, lambda z: 1 / (1 + torch.exp(-z)), lambda z: (1 + torch.tanh(z / 2)) / 2,
        lambda z: torch.softmax(torch.stack([z, torch.zeros_like(z)], -1), -1)[..., 0], lambda z: z.double().sigmoid(),
    ],
    check_log_sigmoid: [
        F.logsigmoid, nn.LogSigmoid(), lambda z: -F.softplus(-z), lambda z: -torch.logaddexp(torch.zeros_like(z), -z),
        lambda z: torch.log_softmax(torch.stack([z, torch.zeros_like(z)], -1), -1)[..., 0],
        lambda z: torch.clamp(z, max=0) - torch.log1p(torch.exp(-z.abs())),
    ],
    check_bce_target: [
        lambda t, n: F.one_hot(t, n).float(), lambda t, n: F.one_hot(t, num_classes=n).double(), lambda t, n: torch.eye(n)[t],
        lambda t, n: filled(len(t), n, (torch.arange(len(t)), t)), lambda t, n: torch.zeros(len(t), n).scatter_(1, t.unsqueeze(1), 1.0),
        lambda t, n: (t.unsqueeze(1) == torch.arange(n)).float(),
    ],
    check_bce_terms: [
        nn.BCEWithLogitsLoss(reduction="none"), lambda z, y: F.softplus(z) - y * z,
        lambda z, y: -(y * F.logsigmoid(z) + (1 - y) * F.logsigmoid(-z)),
        lambda z, y: z.clamp(min=0) - z * y + torch.log1p(torch.exp(-z.abs())),
        lambda z, y: torch.logaddexp(torch.zeros_like(z.double()), z.double()) - y * z,
    ],
    check_bce: [
        F.binary_cross_entropy_with_logits, nn.BCEWithLogitsLoss(), lambda z, y: (F.softplus(z) - y * z).mean(),
        lambda z, y: float(-(y * F.logsigmoid(z) + (1 - y) * F.logsigmoid(-z)).mean()),
        lambda z, y: F.binary_cross_entropy_with_logits(z, y, reduction="sum").double() / y.numel(),
        lambda z, y: F.cross_entropy(torch.stack([torch.zeros_like(z), z], -1).reshape(-1, 2), y.reshape(-1).long()),
    ],
    check_predict_labels: [
        lambda z, one: z.argmax(1) if one else z >= 0, lambda z, one: torch.softmax(z, 1).argmax(-1) if one else torch.sigmoid(z) >= 0.5,
        lambda z, one: z.max(dim=1).indices if one else (z >= 0).int(), lambda z, one: torch.sort(z)[1][:, -1] if one else (z >= 0).float(),
    ],
}

# Every mistake, written as people write it, and the name that the check must give it.
WRONG = {
    check_softmax: {
        "normalised over the whole batch": lambda x: torch.exp(x) / torch.sum(torch.exp(x)),  # the article's
        "normalised over the wrong dim": lambda z: torch.exp(z) / torch.exp(z).sum(dim=0),
        "keepdim missing": lambda z: torch.exp(z) / torch.exp(z).sum(dim=1),
        "max returned two things": lambda z: torch.softmax(z - z.max(dim=-1, keepdim=True), 1),
        "shifted by the largest of each column": lambda z: F.softmax(z - z.max(dim=0).values, dim=-1),
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
        "underflow at large negative logits": lambda z: (z - z.clamp(min=0).max(1, keepdim=True).values).exp() / (
            z - z.clamp(min=0).max(1, keepdim=True).values).exp().sum(1, keepdim=True),
        "shifted by the largest of the whole batch": lambda z: torch.exp(z - z.max()) / torch.exp(z - z.max()).sum(1, keepdim=True),
        "the logits it was given are changed afterwards": lambda z: z.sub_(z.max(1, keepdim=True).values).softmax(1),
        "two answers to the same question": lambda z: torch.softmax(z + torch.rand(1), 1) + torch.rand(1),
    },
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
        mistakes.SATURATION: lambda z, t: -torch.log(pick(torch.softmax(z, 1), t) + 1e-30).mean(),
        "shifted by the largest of the whole batch":
            lambda z, t: (z.max() + (z - z.max()).exp().sum(1).log() - pick(z, t)).mean(),
    },
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
    check_bce_target: {
        "label expanded instead of one-hot": lambda t, n: t.view(-1, 1).repeat(1, n).float(),
        "long instead of float": lambda t, n: F.one_hot(t, num_classes=n),
        "bool instead of float": lambda t, n: t.unsqueeze(1) == torch.arange(n),
        "num_classes not used": lambda t, n: torch.eye(int(t.max()) + 1)[t],
        "number of classes fixed": lambda t, n: torch.nn.functional.one_hot(t, 3).float(),
        "off by one class": lambda t, n: torch.eye(n)[t - 1],
        "rows and columns exchanged": lambda t, n: torch.eye(n)[:, t],
        "targets reversed": lambda t, n: 1 - torch.eye(n)[t],
        "every label in every row": lambda t, n: filled(len(t), n, (slice(None), t)),
        "the label written where 1 belongs": lambda t, n: filled(len(t), n, (torch.arange(len(t)), t), t.float()),
        "whole rows filled": lambda t, n: filled(len(t), n, t),
        "no 1 written": lambda t, n: torch.zeros(len(t), n),
        "dimension of the batch lost": lambda t, n: torch.eye(n)[t[0]] if len(t) == 1 else torch.eye(n)[t],
        "the label itself": lambda t, n: t.float(),
        "the labels it was given are changed afterwards": lambda t, n: torch.eye(n)[t.add_(0).sub_(1) + 1],
    },
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
        mistakes.SATURATION: lambda z, y: -(y * z.sigmoid().log() + (1 - y) * (1 - z.sigmoid()).log()).mean(),
        "saturation at large negative logits": lambda z, y: -(y * z.sigmoid().log() + (1 - y) * F.logsigmoid(-z)).mean(),
        "overflow at large logits": lambda z, y: (torch.log(1 + torch.exp(z)) - y * z).mean(),
    },
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
PAIRS = [(check, name) for check, functions in WRONG.items() for name in functions]


@pytest.mark.parametrize("check, name", PAIRS, ids=[f"{check.__name__}: {name}" for check, name in PAIRS])
def test_every_mistake_is_rejected_and_named(check, name):
    result = check(WRONG[check][name])
    first, given_line, *rest = result.message.splitlines()
    assert not result.passed and not result
    assert first == f"✗ {check_name(WRONG[check][name])}: {name}"
    assert given_line.startswith("  given   ") and len(rest) >= 1
    assert rest[0].startswith(("  yours   ", "  after   ")), "what came out, or what became of an argument"


def check_name(function):
    return getattr(function, "__name__", "your function")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_table_above_holds_every_mistake_that_the_check_knows(check):
    topic = CHECKS[check]
    known = {known.name for known in topic.mistakes} | {fault for fault, _, _ in topic.extremes}
    known -= set(WRONG[check_bce]) if check is check_bce_terms else set()  # shared with check_bce, which shows them
    assert known <= set(WRONG[check]), known - set(WRONG[check])


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_no_two_mistakes_look_alike(check):
    topic = CHECKS[check]
    for known in topic.mistakes:
        for wrong in known.functions:
            result = check(wrong)
            assert not result.passed and result.message.splitlines()[0].endswith(f": {known.name}")
            assert " ".join(result.message.split()).endswith(known.thought)


STYLES = [(check, k) for check, functions in RIGHT.items() for k in range(len(functions))]


@pytest.mark.parametrize("check, k", STYLES, ids=[f"{check.__name__} {k}" for check, k in STYLES])
def test_right_answers_pass_in_any_style(check, k):
    result = check(RIGHT[check][k])
    assert result.passed and result, result.message
    assert result.message.startswith("✓ ")


def test_there_are_three_styles_or_more_for_each():
    assert set(RIGHT) == set(CHECKS) and all(len(functions) >= 3 for functions in RIGHT.values())


def test_what_a_check_says_is_its_repr():
    result = check_softmax(lambda x: torch.exp(x) / torch.sum(torch.exp(x)))
    assert repr(result) == result.message == "\n".join([
        "✗ <lambda>: normalised over the whole batch",
        "  given   logits [[2, 3, 0.1], [1, 1, 1]]",
        "  yours   [[0.2011, 0.5468, 0.0301], [0.0740, 0.0740, 0.0740]]",
        "  torch   [[0.2585, 0.7028, 0.0387], [0.3333, 0.3333, 0.3333]]",
        "  The sum ran over every number in the tensor. Each row shares a 1 of its own: sum along dim=-1,",
        "  with keepdim=True, so that there is one sum for each row."])


def test_what_should_have_come_out_is_torchs_in_float64():
    for check, topic in CHECKS.items():
        for name, function in WRONG[check].items():
            message = check(function).message
            if "  torch   " not in message or "inf" in message:
                continue
            shown = re.search(r"  torch   (.*)", message).group(1).partition(", ")[0].replace("−", "-")
            first = float(re.search(r"-?\d+(\.\d+)?(e-?\d+)?", shown.replace("True", "1").replace("False", "0")).group())
            given_input = next(given for given in topic.inputs + [rest for _, _, rest in topic.extremes] if all(
                f"{key} {text}" in message for key, text in zip(topic.names, (written(x, 6) for x in given))))
            exact = topic.truth(*(x.double() if torch.is_tensor(x) and x.is_floating_point() else x for x in given_input))
            assert first == pytest.approx(float(exact.flatten()[0]), abs=5.1e-5), (name, message)


def test_torch_is_asked_in_64_bits(monkeypatch):
    asked = []
    monkeypatch.setattr(mistakes, "SOFTMAX", mistakes.SOFTMAX._replace(truth=lambda z: asked.append(z.dtype) or torch.softmax(z, -1)))
    assert check_softmax(nn.Softmax(dim=1)).passed and set(asked) == {torch.float64}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_stub_is_not_written_yet(check):
    assert check(lambda *_: ...).message.startswith("✗ ") and "is not written yet" in check(lambda *_: None).message


def in_place(right, k, change):
    """A right function that changes its argument k on the way."""
    def function(*given):
        answer = right(*copies(given))
        change(given[k])
        return answer
    return function


@pytest.mark.parametrize("check, k, change, after", [
    (check_softmax, 0, lambda z: z.mul_(2), "logits [[4, 6, 0.2]]"),
    (check_cross_entropy, 0, lambda z: z.unsqueeze_(0), "logits [[[2, 3, 0.1]]]"),
    (check_cross_entropy, 1, lambda t: t.add_(1), "labels [2]"),
    (check_cross_entropy, 1, lambda t: setattr(t, "data", t.int()), "labels [1], dtype int32"),
    (check_bce_target, 0, lambda t: t.unsqueeze_(1), "labels [[1]]"),
    (check_bce, 1, lambda y: y.neg_().add_(1), "targets [[1, 0, 1]]"),
    (check_bce_terms, 1, lambda y: y.unsqueeze_(0), "targets [[[0, 1, 0]]]"),
    (check_bce, 1, lambda y: setattr(y, "data", y.double()), "targets [[0, 1, 0]], dtype float64"),
    (check_bce, 0, lambda z: setattr(z, "data", z.double()), "logits [[2, 3, 0.1]], dtype float64"),
    (check_predict_labels, 0, lambda z: z.neg_(), "logits [[−2, −3, −0.1]]"),
])
def test_the_argument_that_was_changed_is_named(check, k, change, after):
    first, _, third, *thought = check(in_place(RIGHT[check][0], k, change)).message.splitlines()
    name = after.split()[0]
    assert first == f"✗ function: the {name} it was given are changed afterwards" and third == f"  after   {after}"
    assert " ".join(" ".join(thought).split()).endswith(f"write {name} = {name} - …") and f"({name} -= …" in thought[0]


def test_where_bceloss_stops_at_100_the_check_says_so_and_not_inf():
    z = torch.tensor([[17.0, 2, 0.1]], requires_grad=True)
    terms = F.binary_cross_entropy(torch.sigmoid(z), torch.tensor([[0.0, 1, 0]]), reduction="none")
    terms.sum().backward()
    assert terms[0, 0] == 100 and z.grad[0, 0] == 0, "torch still does what the thought says"
    for check, functions in {
        check_bce_terms: [lambda z, y: F.binary_cross_entropy(z.sigmoid(), y, reduction="none"),
                          lambda z, y: -(y * z.sigmoid().log().clamp(-100) + (1 - y) * (1 - z.sigmoid()).log().clamp(-100)),
                          lambda z, y: F.binary_cross_entropy(z.double().sigmoid(), y.double(), reduction="none")],
        check_bce: [lambda z, y: nn.BCELoss()(nn.Sigmoid()(z), y), lambda z, y: nn.BCELoss()(z.double().sigmoid(), y.double())],
    }.items():
        for function in functions:
            said = check(function).message
            assert said.startswith("✗ <lambda>: the logarithm stopped at −100") and "inf" not in said and "no gradient" in said


def test_a_missing_return_in_one_branch_is_not_a_stub():
    said = check_softmax(lambda z: torch.softmax(z, 1) if len(z) == 1 else None).message
    assert "not written" not in said and "returned None" in said and "logits [[2, 3, 0.1], [1, 1, 1]]" in said


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_broken_functions_get_a_sentence(check, broken):
    result = check(broken[0])
    assert not result.passed and "Traceback" not in result.message


def failing(*_):
    raise ValueError("of its own making")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_an_error_is_told_and_is_no_known_mistake(check):
    """Neither on an ordinary input nor on an extreme one."""
    lines = check(failing).message.splitlines()
    assert lines[0] == "✗ failing: not right yet" and lines[2] == "  yours   failing raised ValueError: of its own making"
    assert "Wanted is " in check(failing).message
    for _, _, arguments in CHECKS[check].extremes:
        def fails_there(*given, bad=arguments[0]):
            return failing() if torch.equal(given[0], bad) else RIGHT[check][0](*given)
        assert check(fails_there).message.splitlines()[0] == "✗ fails_there: not right yet"


def test_what_differs_is_said():
    shapes = check_softmax(lambda z: torch.softmax(z, 1)[0]).message.splitlines()
    assert shapes[2:] == ["  yours   [0.2585, 0.7028, 0.0387], shape [3]", "  torch   [[0.2585, 0.7028, 0.0387]], shape [1, 3]",
                          "  Wanted is shape [1, 3]. Run your lines one by one on this input, and look where they leave the", "  formula."]
    kinds = check_bce_target(lambda t, n: F.one_hot(t, n)).message.splitlines()
    assert kinds[2:4] == ["  yours   [[0, 1, 0]], dtype int64", "  torch   [[0.0000, 1.0000, 0.0000]], dtype float32"]


def test_what_is_asked_for_is_any_class_and_a_threshold_of_a_half():
    for function in (lambda z, one: z[:, :2].argmax(1) if one else z >= 0, lambda z, one: z[:, :3].argmax(1) if one else z >= 0,
                     lambda z, one: z[:, 1] > z[:, 0] if one else z >= 0, lambda z, one: z.argmax(1).float() if one else z >= 0,
                     lambda z, one: z.argmax(1) if one else torch.sigmoid(z) > 0.49,
                     lambda z, one: z.argmax(1) if one else torch.sigmoid(z) > 0.51):
        assert not check_predict_labels(function).passed


@pytest.mark.parametrize("check, function", [
    (check_cross_entropy, lambda z, t: -pick(torch.softmax(z.double(), 1), t).log().mean()),
    (check_log_sigmoid, lambda z: torch.log(torch.sigmoid(z.double()))),
    (check_bce, lambda z, y: (torch.log(1 + torch.exp(z.double())) - y * z).mean()),
    (check_log_sigmoid, lambda z: F.logsigmoid(z.clamp(-300, 300))),
    (check_softmax, lambda z: torch.softmax(z, 1) * 1.00005), (check_sigmoid, lambda z: torch.sigmoid(z).round(decimals=5)),
], ids=str)
def test_neither_64_bits_nor_limits_nor_a_hair_pass(check, function):
    assert not check(function).passed


def test_ctrl_c_stops_a_check():
    with pytest.raises(KeyboardInterrupt):
        check_softmax(raiser(KeyboardInterrupt()))


def test_a_long_answer_makes_a_short_message():
    assert len(check_softmax(lambda z: torch.rand(6, 6, 6, 6).fill_(1)).message) < 1500


def test_a_sigmoid_whose_gradient_is_nan_passes_with_a_remark():
    assert "at a logit of −100 its gradient is nan" in check_sigmoid(lambda z: 1 / (1 + torch.exp(-z))).message
    assert "at a logit of 100 its gradient is nan" in check_sigmoid(lambda z: 1 - 1 / (1 + torch.exp(z))).message
    assert "gradient" not in check_sigmoid(torch.sigmoid).message


def test_a_loss_for_0_and_1_only_passes_with_a_remark():
    def hard(z, y):
        return torch.where(y == 1, -F.logsigmoid(z), -F.logsigmoid(-z))

    for check, function in ((check_bce_terms, hard), (check_bce, lambda z, y: hard(z, y).mean())):
        assert check(function).passed and "0.9" in check(function).message
        assert "0.9" not in check(RIGHT[check][0]).message


def test_nearly_right_is_wrong():
    assert not check_softmax(lambda z: torch.softmax(z, 1) + 1e-5).passed
    assert not check_bce(lambda z, y: F.binary_cross_entropy_with_logits(z, y).half()).passed
    said = check_cross_entropy(lambda z, t: F.cross_entropy(z, t) + 4e-5).message
    yours, torchs = (re.search(rf"  {who}   (.*)", said).group(1) for who in ("yours", "torch"))
    assert yours != torchs, "all digits, where 4 do not tell them apart"


class Odd(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        raise RuntimeError("not with me")


class Mute(Exception):
    def __str__(self):
        raise ValueError


def raiser(error):
    def function(*_):
        raise error
    return function


ODD = st.one_of(
    st.sampled_from([None, [], {}, "0.7", b"x", object(), ..., NotImplemented, 1j, 10**400, True, float("nan"), float("inf"), int, print]),
    st.floats(width=32), st.integers(),
    st.lists(st.integers(0, 3), max_size=4).map(lambda shape: torch.ones(shape)),
    st.sampled_from([torch.float16, torch.int8, torch.bool, torch.complex64, torch.bfloat16]).map(lambda dtype: torch.ones(2, 3).to(dtype)),
    st.sampled_from([
        lambda: torch.eye(3).to_sparse(), lambda: torch.empty(1, 3, device="meta"), lambda: torch.ones(1, 3).as_subclass(Odd),
        lambda: torch.nested.nested_tensor([torch.ones(1)]), lambda: torch.quantize_per_tensor(torch.ones(1, 3), 0.1, 0, torch.quint8),
    ]).map(lambda make: make()),
).map(lambda value: lambda *_: value)
ACTS = st.sampled_from([
    raiser(SystemExit()), raiser(Mute()), raiser(RecursionError()), raiser(StopIteration()), raiser(GeneratorExit()),
    raiser(BaseException("bare")), raiser(MemoryError()), lambda: 1, lambda a, b, c, d: 1, lambda *a: a[0].resize_(0),
    lambda *a: a[0].zero_(), lambda *a: a[0].unsqueeze_(0), lambda *a: a[0], lambda *a: a, lambda *a: torch.rand(a[0].shape),
    lambda *a: a[0].requires_grad_(), lambda *a: setattr(a[0], "data", a[0].double()), lambda *a: iter([]), type, 3, "softmax", [len],
])


@pytest.mark.filterwarnings("ignore")
@given(function=ODD | ACTS)
@settings(max_examples=80, deadline=None, derandomize=True)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_nothing_handed_in_breaks_a_check_or_passes(check, function):
    result = check(function)
    assert result.passed is False and result.message and "Traceback" not in result.message
    assert len(result.message) < 2000


@given(data=st.data())
@settings(max_examples=60, deadline=None, derandomize=True)
@pytest.mark.parametrize("check", [check_softmax, check_sigmoid, check_log_sigmoid], ids=lambda check: check.__name__)
def test_a_wrong_function_is_never_accepted(check, data):
    """A right function, then one small change to what comes in or goes out."""
    scale, shift = data.draw(st.sampled_from([1.0, 0.99, 1.01, -1.0, 2.0])), data.draw(st.sampled_from([0.0, 1e-3, -1e-2, 1.0]))
    inside = data.draw(st.booleans())
    right = RIGHT[check][0]

    def changed(z):
        return right(z * scale + shift * torch.arange(z.shape[1])) if inside else right(z) * scale + shift

    assert check(changed).passed == (scale == 1 and shift == 0)
