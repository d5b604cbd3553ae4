"""The checks' machinery, tried on every check: each known slip as a student would write it, right answers, and odd things."""

import collections
import dataclasses
import functools
import gc
import math
import re
import sys
import time
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from tests.published import PUBLISHED
from tests.topics import CHECKS, gathered, task_of
from utils import check as machinery
from utils.bce_by_hand import check_bce, check_bce_terms
from utils.check import agrees, copies, double, guess, heard, kept, single, slips_of, usable, written
from utils.cross_entropy_by_hand import check_cross_entropy
from utils.sigmoid import check_log_sigmoid, check_sigmoid
from utils.slips import FAULTS, GENERAL, SHARED, slips
from utils.softmax import check_softmax
from utils.summary import check_predict_labels
from utils.one_hot import check_bce_target
from utils.training_step import check_training_step

RIGHT, WRONG, PAIRED = gathered("RIGHT"), gathered("WRONG"), gathered("PAIRED")
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


FORMS = {(known.name, step, form) for check in CHECKS for known in slips_of(task_of(check)) for step, form in known.forms}


def test_every_form_of_every_slip_is_rejected_and_reached():
    """Each function with one slip in it gets the name of a slip, and each form that of its own slip in one check at least: none is dead."""
    named = collections.defaultdict(set)
    for check in CHECKS:
        task = task_of(check)
        for way, form in [(its, form) for its in task.ways for form in usable(task, its)]:
            (known,), function, after = guess(task, way, form)
            wrong = functools.partial(lambda function, after, *given: after(function(*given)), function, after)
            answers = [heard(wrong, given) for given in task.inputs]
            if all(its.answer is not None and its.answer.isnan().all() for its in answers):
                assert "not right yet" in check(wrong).message
            elif any(not agrees(its, task.truth(*given), task.within) for its, given in zip(answers, task.inputs)):  # not on extremes only
                result = check(wrong)
                assert not result.passed
                if not any(its.raised.startswith("AttributeError") for its in answers):  # a method that there is not explains nothing
                    named[known.name, *form[1:]].add(names_in(result))
        assert {name for names in named.values() for name in names} <= {name for name, _, _ in FORMS}
    assert not sorted((name, step, *named[name, step, form]) for name, step, form in FORMS if name not in named[name, step, form])


CHECKED = {check.__name__: check for check in CHECKS}
STYLES = [(check, k) for check, functions in RIGHT.items() for k in range(len(functions))]


@pytest.mark.parametrize("check, k", STYLES, ids=[f"{check.__name__} {k}" for check, k in STYLES])
def test_right_answers_pass_in_any_style(check, k):
    result = check(RIGHT[check][k])
    assert result.passed and result, result.message
    assert result.message.startswith("✓ ")


def test_there_are_three_styles_or_more_for_each():
    assert set(RIGHT) == set(WRONG) == set(CHECKS) and all(len(functions) >= 3 for functions in RIGHT.values())


def test_what_a_check_says_is_its_repr():
    result = check_softmax(lambda x: torch.exp(x) / torch.sum(torch.exp(x)))
    assert repr(result) == result.message == "\n".join([
        "✗ <lambda>: normalised over the whole batch",
        "  given   logits [[2, 3, 0.1], [1, 1, 1]]",
        "  yours   [[0.2011, 0.5468, 0.0301], [0.0740, 0.0740, 0.0740]]",
        "  torch   [[0.2585, 0.7028, 0.0387], [0.3333, 0.3333, 0.3333]]",
        "  Each row shares a 1 of its own, so there is one sum for each row. Over which numbers does the sum",
        "  here run?"])


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_what_should_have_come_out_is_torchs_in_float64(check):
    task = task_of(check)
    for name, function in WRONG[check].items():
        message = check(function).message
        if "  torch   " not in message or "inf" in message:
            continue
        shown = re.search(r"  torch   (.*)", message).group(1).partition(", ")[0].replace("−", "-")
        first = float(re.search(r"-?\d+(\.\d+)?(e-?\d+)?", shown.replace("True", "1").replace("False", "0")).group())
        given_input = next(given for given in task.inputs + task.extremes if all(
            f"{key} {text}" in message for key, text in zip(task.names, (written(x, 6) for x in given))))
        exact = task.truth(*(x.double() if torch.is_tensor(x) and x.is_floating_point() else x for x in given_input))
        assert first == pytest.approx(float(exact.flatten()[0]), abs=5.1e-5), (name, message)


def test_torch_is_asked_in_64_bits():
    asked = []
    task = dataclasses.replace(task_of(check_softmax), truth=lambda z: asked.append(z.dtype) or torch.softmax(z, -1))
    assert machinery.check(nn.Softmax(dim=1), task).passed and set(asked) == {torch.float64}


# As THOUGHTS of a topic, for what all share.
THOUGHTS = {
    "One image's": ("one image only", 2), "the logarithms:": ("mean before the logarithm", 1),
    "One entry": ("every image with every label", 7), "loss should": ("sum instead of mean", 1), "are several": ("no reduction", 1),
    "the mean:": ("one image left out", 1), "is negative,": ("a minus missing, or one too many", 2),
    "logarithm was": ("probabilities expected where logits came", 1), "the probability": ("log missing", 2),
    "The formula": ("softmax applied twice", 6), "This never": ("the label's logit missing", 2),
    "label's logit,": ("log-softmax missing", 1), "high logit": ("added instead of subtracted", 3), "sums kept": ("a column met a row", 1),
    "row shares": ("logsumexp without its dim", 3), "compete for": ("normalised over the wrong dim", 1),
    "row sums,": ("keepdim missing", 1), "exp, each": ("exp missing in the log-sum-exp", 4),
    "taken away": ("the shift is not given back", 1), "mean counts": ("mean over images and classes", 4),
    "an index:": ("off by one class", 4), "shape says:": ("number of classes fixed", 1), "The largest": ("num_classes not used", 1),
    "With plain": ("label smoothing", 1), "max returns": ("max returned two things", 1), "exp and log": ("base 2 instead of e", 3),
    "Scores may": ("exponential missing", 1), "itself, so": ("sigmoid instead of softmax", 1), "Shares are": ("not divided by the sum", 4),
    "The larger": ("the probability of no", 2), "−z² large": ("square in the exponent", 1),
    "Subtract one": ("shifted in one place only", 4), "is shared": ("another function instead of exp", 1),
    "The classes": ("softmax instead of sigmoid", 2), "images compete here.": ("softmax instead of sigmoid, over the images", 1),
    "torch wants": ("a number where a tensor is wanted", 1), "Each logit": ("yes and no together", 3),
    "+ exp(−z)": ("a pair of z and 1", 1), "counts twice": ("the sigmoid of 2 z", 1), "Two probabilities,": ("1 − instead of 1 +", 1),
    "Below the": ("1 + missing, or its brackets", 2), "These are": ("all or nothing", 2), "logarithm too": ("logarithm taken as well", 1),
    "Sigmoid makes": ("tanh instead of sigmoid", 6), "is rounded,": ("rounded before the logarithm", 2),
    "Plain −log": ("weighted by a probability", 1), "Logits mean": ("absolute value of the logit", 6),
    "another loss,": ("squared difference, or absolute", 4), "the slope": ("the gradient instead of the loss", 1),
    "often the largest": ("accuracy instead of a loss", 1), "image counts": ("weights that nobody asked for", 2),
    "score: which": ("the label itself subtracted", 1), "The one-hot": ("log of the product with the one-hot row", 1),
    "several numbers": ("yes or no of a whole tensor", 1),
    "math's functions,": ("a tensor where one number is wanted", 1), "too many,": ("a minus missing, or one too many", 3),
    "Digits were": ("rounded on the way", 3), "and False": ("yes or no where numbers are wanted", 1),
    "right, their": ("a dimension lost", 2), "Some rows": ("one row only", 2), "each here:": ("reduced too early", 1),
    "What should": ("rows and columns exchanged", 1), "right, but": ("a list instead of a tensor", 2), "here; its": ("0 · log 0", 1),
    "One large": ("shifted by the largest of the whole batch", 1), "exp(89) is": ("overflow at large logits", 1),
    "logarithm meets": ("overflow or saturation at large negative logits", 1),
    "nan. Find": ("overflow or underflow at large negative logits", 1),
    "σ(17) does,": ("saturation: a probability rounded to 0 before its logarithm", 1),
}


def test_each_thought_stands_over_what_it_mends():
    under = collections.defaultdict(dict)
    for known in [*(known for check in CHECKS for known in [*task_of(check).slips, *task_of(check).faults]), *SHARED, *GENERAL, *FAULTS]:
        under[known.thought][known.name] = True
    assert all(thought.endswith((".", ")", "?")) for thought in under)
    pinned = THOUGHTS | gathered("THOUGHTS")
    assert {words: [(next(iter(names)), len(names)) for thought, names in under.items() if words in thought] for words in pinned} == {
        words: [which] for words, which in pinned.items()}
    assert len(under) == len(pinned)


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
    assert first == f"✗ function: it changes the {name} that it was given" and third == f"  after   {after}"
    assert " ".join(" ".join(thought).split()).endswith(f"write {name} = {name} - …, or work on a clone.") and f"({name} -= …" in thought[0]


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
    assert "Wanted is " not in check(failing).message, "of the shape nothing is known"
    for arguments in task_of(check).extremes:
        def fails_there(*given, bad=arguments[0]):
            return failing() if torch.equal(given[0], bad) else RIGHT[check][0](*given)
        assert check(fails_there).message.splitlines()[0] == "✗ fails_there: not right yet"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("wrong", [
    lambda z, *_: z.gather(1, torch.zeros(len(z), dtype=torch.long)), lambda z, *_: z.softmax(2), lambda z, *_: z[:, 100],
    lambda *_: torch.ones(2, 3) @ torch.ones(2, 3), lambda *_: torch.ones(0).reshape(5)])
def test_an_error_on_all_inputs_is_a_slip_only_word_for_word(check, wrong):
    """Index tensors, dims and shapes go wrong for many reasons."""
    assert "not right yet" in check(wrong).message.splitlines()[0]


NOTEBOOK = {"torch": torch, "F": F, "logits": torch.tensor([[2, 3, 0.1]]), "labels": torch.tensor([1]),
            "one_hot": torch.tensor([[0, 1, 0]]), "loss_1": torch.tensor(0.0486),
            "optimizer": torch.optim.SGD([torch.zeros(2, requires_grad=True)], 0.1)}


@pytest.mark.parametrize("check, code, names", [
    (check_softmax, "lambda z: logits.exp() / logits.exp().sum(1, keepdim=True)", "logits"),
    (check_softmax, "lambda z: z.exp() / logits.exp().sum(1, keepdim=True)", "logits"),
    (check_cross_entropy, "lambda z, t: F.cross_entropy(logits, labels)", "logits, labels"),
    (check_cross_entropy, "lambda z, t: F.cross_entropy(z, labels)", "labels"),  # which raises ValueError from two images on
    (check_cross_entropy, "lambda z, t: (logits.logsumexp(1) - z[range(len(t)), t]).mean()", "logits"),
    (check_sigmoid, "lambda logits: logits.sin()", ""),  # the argument, though the notebook has one of this name
    (check_cross_entropy, "lambda z, t: F.cross_entropy(z, t) + F.one_hot(t, z.shape[1]).sum().sin()", ""),  # torch's, not the notebook's
    (check_bce, "lambda z, y: loss_1 * 3", "loss_1"),
    (check_bce, "lambda z, y: sum([loss_1 for k in range(3)]) / 3", "loss_1"),
    (check_training_step, "lambda w, x, y, rate: optimizer.step() or w * 1.1", "optimizer"),
    (check_sigmoid, "lambda z: torch.softmax(z, 1) + 0 * logits[0, 0]", "")])
def test_a_function_of_the_notebooks_variables_is_told_so(check, code, names):
    first = check(eval(code, NOTEBOOK)).message.splitlines()[0]
    wanted = f"the notebook's {names} in the place of what it is given"
    assert first.endswith(wanted) if names else "the notebook's" not in first


def test_what_differs_is_said():
    shapes = check_softmax(lambda z: torch.softmax(z, 1)[0] + 1).message.splitlines()
    assert shapes[2:] == ["  yours   [1.2585, 1.7028, 1.0387], shape [3]", "  torch   [[0.2585, 0.7028, 0.0387]], shape [1, 3]",
                          "  Wanted is shape [1, 3]. Run your lines one by one on this input, and look where the numbers are no",
                          "  longer what you expect."]
    kinds = check_bce_target(lambda t, n: F.one_hot(t, n)).message.splitlines()
    assert kinds[2:4] == ["  yours   [[0, 1, 0]], dtype int64", "  torch   [[0.0000, 1.0000, 0.0000]], dtype float32"]


def test_what_is_asked_for_is_any_class_and_a_threshold_of_a_half():
    for function in (lambda z, one: z[:, :2].argmax(1) if one else z >= 0, lambda z, one: z[:, :3].argmax(1) if one else z >= 0,
                     lambda z, one: z[:, 1] > z[:, 0] if one else z >= 0, lambda z, one: z.argmax(1).float() if one else z >= 0,
                     lambda z, one: z.argmax(1) if one else torch.sigmoid(z) > 0.49,
                     lambda z, one: z.argmax(1) if one else torch.sigmoid(z) > 0.51):
        assert not check_predict_labels(function).passed


@pytest.mark.parametrize("check, function", [
    (check_cross_entropy, lambda z, t: F.nll_loss(torch.softmax(z.double(), 1).log(), t)),
    (check_log_sigmoid, lambda z: torch.log(torch.sigmoid(z.double()))),
    (check_bce, lambda z, y: (torch.log(1 + torch.exp(z.double())) - y * z).mean()),
    (check_log_sigmoid, lambda z: F.logsigmoid(z.clamp(-300, 300))),
    (check_softmax, lambda z: (z - z[:, :1]).exp() / (z - z[:, :1]).exp().sum(1, keepdim=True)),
    (check_softmax, lambda z: torch.softmax(z, 1).clamp(1e-6)), (check_sigmoid, lambda z: torch.sigmoid(z).clamp(1e-6, 1 - 1e-6)),
    (check_cross_entropy, lambda z, t: ((z - z[:, :1]).exp().sum(1).log() + z[:, 0] - z[range(len(t)), t]).mean()),
    (check_training_step, lambda w, x, y, rate: w - rate * clipped(w, x, y)),
    (check_predict_labels, lambda z, one: z.argmax(1) if one else z > 0.05),
    (check_softmax, lambda z: torch.softmax(z, 1) * 1.00005), (check_sigmoid, lambda z: torch.sigmoid(z).round(decimals=5)),
], ids=str)
def test_neither_64_bits_nor_limits_nor_a_hair_pass(check, function):
    assert not check(function).passed


def clipped(w, x, y):
    w = w.clone().requires_grad_()
    F.cross_entropy(x @ w, y).backward()
    torch.nn.utils.clip_grad_norm_(w, 1.0)
    return w.grad


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


# --- how good the checks are: pytest tests/test_check.py -k figures -s -o addopts= prints it

def names_in(result) -> str:
    return result.message.splitlines()[0].partition(": ")[2]


def strange(check):
    """Plausible wrong functions that are none of the slips: odd constants, odd mixtures."""
    right, discrete = RIGHT[check][0], check in (check_bce_target, check_predict_labels)
    if discrete:
        first = [lambda a: a.flip(-1).roll(1, -1), lambda a: (a * 1.7).floor() if a.is_floating_point() else a * 2 % 3,
                 lambda a: a.sort(-1)[0].roll(1, 0)]
        last = [lambda x: x * 0.37, lambda x: x + 0.21, lambda x: x.roll(1, 0) * 3, lambda x: x.cumsum(-1) + 1.5]
    else:
        first = [lambda a: a * 1.13, lambda a: a + 0.3 * torch.arange(a.shape[-1]), lambda a: a.sin(), lambda a: a + 0.1 * a ** 2]
        last = [lambda x: x * 1.37, lambda x: x + 0.21, lambda x: x.abs() ** 1.5, lambda x: x.cos()]
    return [lambda *given, f=f: right(f(given[0]), *given[1:]) for f in first] + [lambda *given, f=f: f(right(*given) * 1.0) for f in last]


@pytest.mark.filterwarnings("ignore")
def test_figures():
    wrong = {check: [*functions.items(), *((*names, function) for names, function in PAIRED[check] if len(names) == 1)]
             for check, functions in WRONG.items()}
    published = [(names_in(result := check(function)), reason, result.passed) for check, reason, function in PUBLISHED]
    said = {"right functions": [(True, bool(check(function))) for check, functions in RIGHT.items() for function in functions],
            "one slip": [(name == names_in(result := check(function)), result.passed)
                         for check, functions in wrong.items() for name, function in functions],
            "two slips": [(all(name in names_in(result := check(function)) for name in names), result.passed)
                          for check, pairs in PAIRED.items() for names, function in pairs if len(names) == 2],
            "as published": [(bool(re.search(reason, first)), passed) for first, reason, passed in published],
            "of no known kind": [("not right yet" in names_in(result := check(function)), result.passed)
                                 for check in CHECKS for function in strange(check)]}
    for kind, results in said.items():
        good, passed = (sum(column) for column in zip(*results))
        rightly = "" if kind == "right functions" else f"   said rightly {good / len(results):.1%}"
        print(f"{kind:<18}{len(results):>5}   accepted {passed:>4}{rightly}")
    assert len(said["right functions"]) >= 100 and all(passed for _, passed in said["right functions"])
    assert not any(passed for kind, results in said.items() for _, passed in results if kind != "right functions")
    for kind, least in {"one slip": 0.95, "two slips": 0.8, "as published": 0.8, "of no known kind": 1}.items():
        assert sum(good for good, _ in said[kind]) >= least * len(said[kind]), kind
    assert len(said["of no known kind"]) >= 50


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_what_nothing_explains_is_not_right_yet_though_everything_is_computed_for_it(check):
    """The first of its kind in a kernel.  How long it takes is no test: machines are shared."""
    single.cache_clear(), double.cache_clear(), kept.cache_clear()
    assert "not right yet" in check(strange(check)[-1]).message


# --- what a check does to the reader's patience

def test_what_is_kept_between_the_calls_is_seen_though_no_input_is_asked_twice_in_a_row():
    kept = {}

    def filled(t, n):
        target = kept.setdefault((len(t), n), torch.zeros(len(t), n))
        target[torch.arange(len(t)), t] = 1
        return target

    assert "two answers to the same question" in check_bce_target(filled).message
    assert "two answers to the same question" in check_softmax(lambda z: F.gumbel_softmax(z, hard=True)).message


def test_what_the_slips_own_code_warns_of_is_not_shown(recwarn):
    def way(do, z):
        warnings.warn("of degrees of freedom", stacklevel=1)
        return do.share(z, torch.softmax(z, 1))

    assert "not right yet" in machinery.check(lambda z: z.sin(), dataclasses.replace(task_of(check_softmax), ways=[way])).message
    assert not recwarn.list


def test_a_slow_function_is_called_twice_and_one_that_imports_first_is_right():
    calls = []

    def slow(z):
        calls.append(time.sleep(1.2))
        return torch.softmax(z, 1)

    def imports(z):
        if not calls:
            slow(z)
        return torch.softmax(z, 1)

    assert check_softmax(imports).passed
    calls.clear()
    said = check_softmax(slow)
    assert len(calls) == 2 and not said.passed and said.message.startswith("… slow takes long: 1.")


def test_what_the_function_prints_is_seen_once(capsys):
    def chatty(z):
        print("here I am")
        return torch.softmax(z, 1)

    assert check_softmax(chatty).passed and capsys.readouterr().out == "here I am\n"
    for loss in (F.cross_entropy, lambda z, t: F.cross_entropy(z, t) * 1.37, lambda z, t: F.cross_entropy(z.clamp(-500, 500), t)):
        check_cross_entropy(lambda z, t, loss=loss: print("here I am", file=sys.stderr) or loss(z, t))
        assert capsys.readouterr().err == "here I am\n"


def test_torch_has_its_threads_dtype_and_gradients_back_and_garbage_is_collected():
    def careless(z):
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)

    def settings():
        return torch.get_num_threads(), torch.get_default_dtype(), torch.is_grad_enabled(), gc.isenabled()

    before = settings()
    check_softmax(careless)
    assert settings() == before and before[-1]


@pytest.mark.parametrize("table, words", [
    ("Why.\n    a name | redcue: x.sum()", "there is no step 'redcue'"),
    ("Why.\n    a name | reduce x.sum()", "wanted is an indented line"),
    ("Why.\n    one | log: p\nanother | log: -p", "wanted is an indented line"), ("Why.\n    a name", "wanted is an indented line"),
    ("Why.\n    a name | log: q", "log is given p, and nothing is called q"), ("Why.\n    a name | log: k * p", "nothing is called k"),
])
def test_a_line_that_is_no_slip_is_told_off(table, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        slips(table)
    assert [known.name for known in slips("Why.\n    a name | log, sign: k * p for k in (1, 2)", {"sign": lambda p: p})] == ["a name"]


# --- right values, wrong gradients

def kinked(z, y):  # where, since the slope of clamp at its limit is 1 in torch 2.13 and 0 in 2.14
    return torch.where(z < 0, 0, z) - z * y + torch.log1p(torch.exp(-z.abs()))


@pytest.mark.parametrize("check, function, remark", [
    (check_bce, lambda z, y: kinked(z, y).mean(), "at logits [[0, 0, 0]] its gradient is [[0.3333, 0.0000, 0.3333]], torch's "
     "[[0.1667, −0.1667, 0.1667]]: training would go another way there"),
    (check_bce_terms, kinked, "at logits [[0, 0, 0]] its gradient is [[1.0000, 0.0000, 1.0000]]"),
    (check_bce, lambda z, y: F.binary_cross_entropy_with_logits(z, y).item(), "no gradient comes back"),
    (check_bce, lambda z, y: F.binary_cross_entropy_with_logits(z.detach(), y), "no gradient comes back"),
    (check_cross_entropy, lambda z, t: F.cross_entropy(z, t).detach(), "no gradient comes back"),
    (check_cross_entropy, lambda z, t: z.detach().logsumexp(1).mean() - z.gather(1, t[:, None]).mean(),
     "its gradient is [[0.0000, −1.0000, 0.0000]], torch's [[0.3333, −0.6667, 0.3333]]"),
    (check_cross_entropy, lambda z, t: F.cross_entropy(z, t).detach() + 0 * z.sum(), "nothing would be learned there"),
    (check_log_sigmoid, lambda z: z.clamp(max=0) - torch.log1p(torch.exp(-z.abs())), "torch's [[1.0000, 0.5000, 0.0000]]"),
    (check_log_sigmoid, lambda z: torch.where(z < -50, z, -torch.log(1 + torch.exp(-z))), "at a logit of −100 its gradient is nan"),
    (check_sigmoid, lambda z: torch.sigmoid(z).detach(), "no gradient comes back"),
    (check_softmax, lambda z: torch.softmax(z, 1).detach(), "no gradient comes back"),
    (check_softmax, lambda z: torch.from_numpy(torch.softmax(z, 1).numpy()), "no gradient comes back"),
    (check_softmax, lambda z: torch.tensor([[v.item() for v in torch.softmax(row, 0)] for row in z]), "no gradient comes back"),
    (check_softmax, lambda z: z.exp() / z.exp().sum(1, keepdim=True).detach() if z.abs().max() < 50 else torch.softmax(z, 1),
     "training would go another way there"),
])
def test_a_wrong_gradient_passes_with_a_remark(check, function, remark):
    result = check(function)
    assert result.passed and "\n  One thing more: " in result.message and remark in " ".join(result.message.split())
    assert all(len(line) <= 110 for line in result.message.splitlines())


@pytest.mark.parametrize("check, function", [
    (check_bce, F.binary_cross_entropy_with_logits), (check_bce_terms, lambda z, y: F.softplus(z) - y * z),
    (check_cross_entropy, F.cross_entropy),
    (check_sigmoid, torch.sigmoid), (check_log_sigmoid, F.logsigmoid), (check_softmax, lambda z: torch.softmax(z, 1)),
])
def test_a_right_gradient_is_not_spoken_of(check, function):
    assert "\n" not in check(function).message


# --- faults on extreme inputs, each by its cause

@pytest.mark.parametrize("check, function, name, words", [
    (check_cross_entropy, lambda z, t: -(F.one_hot(t, z.shape[1]) * torch.softmax(z, 1).log()).sum(1).mean(), "0 · log 0",
     "0 · −inf is nan"),
    (check_cross_entropy, lambda z, t: F.nll_loss(torch.softmax(z, 1).log(), t), "overflow or saturation at large negative logits",
     "straight from the logits"),
    (check_cross_entropy, lambda z, t: -F.nll_loss(-torch.softmax(z, 1).clamp(min=1e-15).log(), t), "a limit cuts it off",
     "the answer stays 34.54, and doubling these logits changes nothing"),
    (check_cross_entropy, lambda z, t: F.cross_entropy(z.clamp(-500, 500), t), "a limit cuts it off",
     "doubling these logits changes nothing"),
    (check_bce, lambda z, y: F.binary_cross_entropy_with_logits(z.clamp(-16, 16), y), "a limit cuts it off",
     "doubling these logits changes nothing"),
    (check_sigmoid, lambda z: torch.tensor([[1 / (1 + math.exp(-v)) for v in row] for row in z.tolist()]),
     "an exponential too large for Python", "exp(710)"),
    (check_log_sigmoid, lambda z: torch.log(torch.sigmoid(z) + 1e-20), "a limit cuts it off", "the answer stays −46.05, and"),
])
def test_a_fault_on_an_extreme_input_is_named_by_its_cause(check, function, name, words):
    said = check(function).message
    assert said.splitlines()[0].endswith(f": {name}") and words in " ".join(said.split())


def test_numpys_numbers_are_numbers_and_a_tuple_of_one_is_one_thing():
    for number in (np.float64, np.float32, np.array):
        assert check_cross_entropy(lambda z, t, number=number: number(F.cross_entropy(z.double(), t).item())).passed
    assert "returned a tuple of one thing" in check_softmax(lambda z: (torch.softmax(z, 1),)).message
    assert "returned 2 things" in check_softmax(lambda z: (z, z)).message and ".values" not in check_softmax(lambda z: (z, z)).message
    assert "is it .values or .indices" in check_softmax(lambda z: z.max(1)).message


@pytest.mark.parametrize("function, what", [
    (lambda z, t: nn.CrossEntropyLoss(reduction="none"), "CrossEntropyLoss"), (lambda z, t: nn.CrossEntropyLoss, "CrossEntropyLoss"),
    (lambda z, t: F.cross_entropy(z, t, reduction="none").mean, "mean")])
def test_what_is_not_called_yet_is_told_so(function, what):
    assert f"returned {what} itself, which is not called yet" in check_cross_entropy(function).message


def test_exchanged_arguments_are_named_whatever_the_error_says():
    for function in (lambda t, z: F.cross_entropy(z, t), lambda t, z: (z.logsumexp(1) - z[torch.arange(len(t)), t]).mean()):
        said = check_cross_entropy(function).message
        assert said.startswith("✗ <lambda>: arguments exchanged") and said.endswith("Wanted is first logits, then labels.")
    assert names_in(check_bce_target(lambda n, t: F.one_hot(t, n).float())) == "arguments exchanged"
    assert names_in(check_bce(lambda y, z: F.binary_cross_entropy_with_logits(z, y))) == "arguments exchanged"


def test_what_never_changes_is_said_to():
    for check, function in ((check_bce, lambda z, y: torch.tensor(0.9733)),
                            (check_softmax, lambda z: torch.tensor([[0.2585, 0.7028, 0.0387]])),
                            (check_bce_terms, lambda z, y: -(y * F.logsigmoid(z)) * ((1 - y) * F.logsigmoid(-z)))):
        assert names_in(check(function)) == "the same answer whatever it is given"


def test_a_limit_is_looked_for_among_large_logits_only():
    """Twice [1, 1, 1] is a tie as before, and cuts nothing off."""
    assert "cuts it off" not in check_softmax(lambda z: (z.exp() / z[-1].exp().sum()).sqrt()).message


def test_a_nearly_right_function_has_no_slip():
    """One that is wrong by 0.0001 at −9 only, and others by as much elsewhere."""
    assert names_in(check_log_sigmoid(lambda z: torch.where(z < -5, z, F.logsigmoid(z)))) == "not right yet"
    assert names_in(check_softmax(lambda z: 2.7183 ** z / (2.7183 ** z).sum(1, keepdim=True))) == "e cut off after a few digits"


def test_nan_alone_is_no_pair_of_slips():
    def for_each_class(z, t, w):  # of which not every one is in a batch
        return sum(w[k] * F.cross_entropy(z[t == k], t[t == k]) for k in range(len(w))) / w.sum()

    assert names_in(CHECKED["check_weighted_cross_entropy"](for_each_class)) == "not right yet"


def test_a_table_of_all_images_with_all_passes_with_a_remark():
    for function in (lambda z, t: (z.logsumexp(1, keepdim=True) - z[torch.arange(len(t)), t]).mean(),
                     lambda z, t: (z.logsumexp(1) - z.gather(1, t.unsqueeze(1))).mean()):
        assert check_cross_entropy(function).passed and "a table [N, N]" in check_cross_entropy(function).message
    assert "table" not in check_cross_entropy(lambda z, t: -z.log_softmax(1)[torch.arange(len(t)), t].mean()).message


def test_a_gradient_that_piles_up_is_seen():
    """Kept between two calls with the same input, one after the other."""
    kept = {}

    def step(weights, images, labels, rate):
        if kept.get("shape") != weights.shape:
            kept.update(shape=weights.shape, weights=weights.clone().requires_grad_())
        kept["weights"].data.copy_(weights)
        F.cross_entropy(images @ kept["weights"], labels).backward()
        return weights - rate * kept["weights"].grad

    assert names_in(check_training_step(step)) == "two answers to the same question"
