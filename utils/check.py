"""Is a function right, and if not, which slip was made?  check(function, task) compares its answers with torch's in float64.

A task knows ways to the right answer, as small steps.  A slip replaces one step.  Where the reader's answers part from torch's, the
check puts one slip, then two at once, into each way, and names the first that gives all of the reader's answers, errors included.
Faults that show on extreme inputs only are known by the input and by what comes out there.  No topic is named here.
"""

import contextlib
import dis
import functools
import gc
import io
import itertools
import math
import re
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from types import CodeType, SimpleNamespace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from utils.inputs import call, name_of, one_line, shape
from utils.language import folded, say, together, wide
from utils.slips import FAULTS, GENERAL, LIMIT, SHARED, STEPS, Fault, Slip

# Seconds for the first call of the reader's function, which may import something, such as torch.optim; and for all others together.
FIRST_PATIENCE, PATIENCE = 10.0, 1.0


@dataclass(frozen=True, eq=False)
class Task:
    """What a check compares a function with.

    truth: torch's own; its dtype says whether floating point is wanted.  names: of the arguments.  inputs: tuples of arguments,
    ordinary ones.  ways: functions (do, *arguments) → the right answer, whose steps are do.this and do.that.  slips: those that
    only this task knows, those that beginners make more often first.  steps: {step: what is right}, of those that are not among the
    shared ones.  extremes: arguments that are tried in this order, after the inputs.  slopes: arguments for which the gradient counts.
    remark: what a right function may still lack, "" for nothing.  also: another answer that is right, where there are two.  faults: those
    that only this task knows.  within: how near an answer must come on ordinary inputs.
    """

    truth: Callable
    names: list[str]
    inputs: list[tuple]
    ways: list[Callable]
    slips: list[Slip] = field(default_factory=list)
    steps: dict[str, Callable] = field(default_factory=dict)
    extremes: list[tuple] = field(default_factory=list)
    slopes: list[tuple] = field(default_factory=list)
    remark: Callable[[Callable], str] = lambda function: ""
    also: Callable | None = None
    faults: list[Fault] = field(default_factory=list)
    within: float = 1e-6


@dataclass(frozen=True, repr=False)
class Result:
    """What a check says: whether the function is right, and the sentences, which are also its repr."""

    passed: bool
    message: str

    def __repr__(self) -> str:
        return self.message

    def __bool__(self) -> bool:
        return self.passed


class Heard(NamedTuple):
    """What came of a call: a tensor, or None, the complaint and what was raised; what held the numbers; the arguments after."""

    answer: Tensor | None
    complaint: str = ""
    raised: str = ""  # in one line
    holder: str = "tensor"  # or "list", "array", "nothing"
    given: list | tuple = ()


def check(function: Callable, task: Task) -> Result:
    """Whether a function answers as torch does, and if not, what the reader should know.

    Nothing that the function does or returns raises here.  It may print once, and think for a second.
    """
    if not callable(function):
        return Result(False, f"✗ {call(function)[1]}")
    threads, dtype, grad, collects = torch.get_num_threads(), torch.get_default_dtype(), torch.is_grad_enabled(), gc.isenabled()
    torch.set_num_threads(1)  # for a handful of numbers, waking the other cores takes longer than the work
    gc.disable()  # and so does looking through all of torch's objects for garbage
    try:
        return checked(function, task)
    finally:
        torch.set_num_threads(threads), torch.set_default_dtype(dtype), torch.set_grad_enabled(grad)
        if collects:
            gc.enable()


def checked(function: Callable, task: Task) -> Result:
    name, start, asked, questions = name_of(function), time.perf_counter(), [], task.inputs + task.extremes
    for given in questions + questions[::-1]:  # all once more: only then does it show that something is kept between the calls
        with silence() if asked else contextlib.nullcontext():
            asked.append(heard(function, given))
        if len(asked) == 1 and asked[0].holder == "nothing":
            return Result(False, say("… {name} is not written yet, or has no return: it gave nothing back. "
                                     "Write it above and run the cell.", name=name))
        if (spent := time.perf_counter() - start) > (PATIENCE if asked[1:] else FIRST_PATIENCE):
            return Result(False, say("… {name} takes long: {spent} seconds for a few numbers. The check stops here. "
                                     "Look for a loop that runs too often.", name=name, spent=f"{spent:.1f}"))
        start = start if asked[1:] else time.perf_counter()
    rounds = list(zip(questions, asked, asked[:-len(questions) - 1:-1]))
    for k, (given, first, again) in sorted(enumerate(rounds), key=lambda each: alike(each[1][1].answer, each[1][2].answer)):
        fault, extreme = "", k >= len(task.inputs)
        right = task.truth(*(precise(argument) for argument in given))
        lines = [entry(say("given"), ", ".join(f"{key} {written(value, 6)}" for key, value in zip(task.names, given))),
                 entry(say("yours"), first.complaint or said(first, right)),
                 entry("torch", said(Heard(right), first.answer))]
        if moved := [k for k, (after, before) in enumerate(zip(first.given, given)) if not unchanged(after, before)]:
            key, before, (after, odd, _) = task.names[moved[0]], given[moved[0]], call(lambda: first.given[moved[0]])
            fault = say("it changes the {key} that it was given", key=key)
            lines[1:] = [entry(say("after"), f"{key} " + (odd if after is None else written(after, 6) + (
                f", dtype {str(after.dtype).removeprefix('torch.')}" if after.dtype != before.dtype else "") + (
                ", requires_grad True" if first.given[moved[0]].requires_grad else "")))]
            thought = say("An operation in place ({key} -= …, {key}[…] = …, or one that ends in _) changes the caller's tensor, also under "
                          "a second name: write {key} = {key} - …, or work on a clone.", key=key)
        elif first.answer is not None and not alike(first.answer, again.answer):
            fault, lines[2] = say("two answers to the same question"), entry(say("then"), again.complaint or said(again, right))
            thought = say("Same input, same output: look for random numbers, for something kept between the calls, or for places of "
                          "torch.empty in which nothing was written.")
        elif agrees(first, right, task.within * (100 if extreme else 1)) or (task.also and agrees(first, task.also(*given), 1e-6)):
            continue  # in extremes 1000 − 999.69 has lost four digits
        elif not extreme:
            with silence():
                fault, thought = named(function, task, asked[:len(task.inputs)], first)
        if not fault and k:
            with silence():
                fault, thought = cause(function, task, given, first, right)
        if not fault:
            thought = say("Run your lines one by one on this input, and look where the numbers are no longer what you expect.")
            if first.raised:
                thought = say("The error says what could not be done. Run your lines one by one on this input: which raises it?")
            if first.answer is not None and first.answer.isnan().any():
                thought = together(thought, say(
                    "nan comes from 0 / 0, ∞ − ∞, 0 · ∞, from the logarithm of a number below 0, and from a mean over nothing."))
            if first.answer is not None and first.answer.shape != right.shape:
                thought = together(say("Wanted is shape {shape}.", shape=shape(right)) if right.dim() else
                                   say("Wanted is one number, shape []."), thought)
        fault = fault or say("not right yet")
        return Result(False, "\n".join([f"✗ {name}{say(': ')}{fault}", *lines, folded(thought, 100, indent="  ")]))
    with silence():
        more = steepness(function, task.truth, task.slopes) or task.remark(function)
    right = (say("✓ {name} agrees with torch on {count} inputs, extreme ones among them.", name=name, count=len(questions)) if task.extremes
             else say("✓ {name} agrees with torch on {count} inputs.", name=name, count=len(questions)))
    return Result(True, "\n".join([right, folded(say("One thing more: {more}", more=more), 100, indent="  ")] if more else [right]))


# --- what the function says

@contextlib.contextmanager
def silence():
    """What is printed meanwhile is not shown."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def heard(function: Callable, given: tuple) -> Heard:
    """The function's answer to copies of the arguments; numbers in a list or an array are numbers too, and remembered as such."""
    holders, mine = [], copies(given)

    def listening(*arguments):
        answer, holder = held(function(*arguments))
        holders.append(holder)
        return answer

    listening.__name__ = name_of(function)
    answer, complaint, raised = call(listening, *mine)
    return Heard(answer, complaint.removeprefix(" "), raised, *(holders or ["tensor"]), mine)


def held(answer: object) -> tuple[object, str]:
    """An answer, with numbers in a list or an array as a tensor, and what held them."""
    if isinstance(answer, list) or (isinstance(answer, np.ndarray) and answer.ndim):
        with contextlib.suppress(Exception):
            return torch.as_tensor(np.array(answer)), "list" if isinstance(answer, list) else "array"
    return answer, "nothing" if answer is None else "tensor"


def copies(given: tuple) -> list:
    return [argument.clone() if isinstance(argument, Tensor) else argument for argument in given]


def precise(argument):
    return argument.double() if isinstance(argument, Tensor) and argument.is_floating_point() else argument


def unchanged(after, before) -> bool:
    """Whether an argument is still what was handed over: its class, shape and dtype, its numbers, and whether autograd follows it."""
    if not isinstance(before, Tensor):
        return True
    alike = type(after) is type(before) and after.dtype == before.dtype and after.requires_grad == before.requires_grad
    return alike and torch.equal(after, before)  # equal asks for the shape


def alike(a: Tensor | None, b: Tensor | None, within: float = 1e-6) -> bool:
    """Whether two answers have the same shape and, to what 32 bits can give, the same numbers; nan is like nan."""
    if a is None or b is None:
        return a is b
    return a.shape == b.shape and torch.allclose(a.double(), b.double(), rtol=10 * within, atol=within, equal_nan=True)


def kind(answer: Tensor) -> str:
    return "float" if answer.is_floating_point() else "bool" if answer.dtype == torch.bool else "whole number"


def agrees(mine: Heard, right: Tensor, within: float) -> bool:
    """Whether an answer is right: the numbers, and their kind, but that a yes or no may also be a 1 or 0."""
    return alike(mine.answer, right, within) and kind(right) in (kind(mine.answer), "bool") and mine.holder == "tensor"


# --- why it is wrong

def named(function: Callable, task: Task, heard_all: list[Heard], first: Heard) -> tuple[str, str]:
    """What a function that is wrong on ordinary inputs is called, the first of them said, and what to think of; ("", "") for no name."""
    names, answers = ", ".join(borrowed(function)), [heard_as(entry) for entry in heard_all]
    used = (say("the notebook's {names} in the place of what it is given", names=names),
            say("The explorers and this check hand it other numbers: compute with the function's arguments only."))
    if len(task.names) == 2 and all(agrees(heard(function, given[::-1]), task.truth(*map(precise, given)), task.within)
                                    for given in task.inputs):
        return say("arguments exchanged"), say("Wanted is first {one}, then {two}.", one=task.names[0], two=task.names[1])
    if names and first.raised:
        return used
    with warnings.catch_warnings(action="ignore"):  # what the slips' own code brings about is nobody's business
        if slips := explanation(answers, task):
            return in_words(slips)
    if names:
        return used
    if not any(isinstance(answer, str) for answer in answers) and len({  # a number, or a list of them, throughout
            tuple(numbers if len(set(numbers)) > 1 else set(numbers)) for *_, numbers in answers}) == 1:
        return say("the same answer whatever it is given"), say(
            "Whatever {names} are, this comes out: does it use them, or do they cancel out?", names=", ".join(task.names))
    return "", ""


def borrowed(function: Callable) -> list[str]:
    """The tensors and optimizers of the notebook that a function reads, though nobody handed them over."""
    codes, names, outside = [getattr(function, "__code__", None)], {}, getattr(function, "__globals__", {})
    for code in filter(None, codes):
        names |= {step.argval: True for step in dis.get_instructions(code) if step.opname == "LOAD_GLOBAL"}
        codes += [inner for inner in code.co_consts if isinstance(inner, CodeType)]
    return [name for name in names if isinstance(outside.get(name), (Tensor, torch.optim.Optimizer))]


def explanation(answers: list, task: Task) -> list[Slip]:
    """The fewest slips, and among as many the commonest, that give the same answers to all ordinary inputs; none where none do."""
    every, first = range(len(task.inputs)), most_telling(task)
    rights = [seen(task.truth, STEPS["after"], task, k) for k in every]
    came = {str(x) for answer in answers for x in ([gist(answer)] if isinstance(answer, str) else (y + 0.0 for y in answer[3]))}
    closely = {"gist": str} if all(isinstance(answer, str) for answer in answers) else {}  # errors alone are compared word for word
    told = [answer if isinstance(answer, str) or any(x == x for x in answer[3]) else "" for answer in answers]
    if not any(told):
        return []  # many things lead to nan

    def fit(ours, theirs, **how) -> list[bool]:  # 1 and 0 are yes and no, too
        return [like(a, b, loose=right[2] == "bool", **closely, **how) for a, b, right in zip(ours, theirs, rights)]

    tries = [(single, False, 1)]  # the guesses, whether a limit may hide an inf, and on how many inputs at least they are wrong
    if len(came) > 1:  # one number throughout, or one error, tells too little for two slips
        tries += [(single, True, 1), (double, False, 2)]
    for guesses, cut, least in tries:
        for slips, function, after in guesses(task):
            if like(answers[first], seen(function, after, task, first), loose=True, **closely):
                theirs = [seen(function, after, task, k) for k in every]
                if (all(fit(answers, theirs, cut=cut)) and sum(fit(told if cut or least > 1 else answers, theirs)) > len(theirs) / 2
                        and fit(theirs, rights, within=1e-6).count(False) >= least
                        and gap(answers, theirs) <= max(1e-6, gap(answers, rights) / 2)):  # a nearly right function is none of these
                    return [*slips, LIMIT] if cut else slips
    return []


@functools.cache
def most_telling(task: Task) -> int:
    """The number of the input with the most numbers."""
    return max(range(len(task.inputs)), key=lambda k: task.inputs[k][0].numel())


def slips_of(task: Task) -> list[Slip]:
    return [*task.slips, *SHARED, *GENERAL]


@functools.cache
def single(task: Task) -> list[tuple]:
    """All functions with one slip in them, the commonest first: (the slip, function, what is done with its answer)."""
    return [guess(task, way, form) for form, way in sorted(
        ((form, way) for way in task.ways for form in usable(task, way)), key=lambda entry: entry[0][0])]


@functools.cache
def double(task: Task) -> list[tuple]:
    """All with two slips at once, in different steps, neither of which raises throughout: each pair in the first way that has both."""
    pairs = {}
    for way in task.ways:
        alone = {form: guess(task, way, form)[1:] for form in usable(task, way, 2)}
        forms = [form for form, its in alone.items() if not all(isinstance(seen(*its, task, k), str) for k in range(len(task.inputs)))]
        for a, b in itertools.combinations(forms, 2):
            if a[0] != b[0] and a[1] != b[1] and (b[2].heeds is None or a[1] in b[2].heeds):
                picking = way if "pick" in (a[1], b[1]) else None  # one way picks a share, another a logit
                pairs.setdefault((a[1:], b[1:], picking), (a, b, way))
    return [guess(task, way, a, b) for a, b, way in sorted(pairs.values(), key=lambda pair: pair[0][0] + pair[1][0])]


def guess(task: Task, way: Callable, *forms: tuple) -> tuple[list[Slip], Callable, Callable]:
    """Slips, the way with them in it, and what is done with its answer."""
    slips, (_, last, after) = [slips_of(task)[rank] for rank, _, _ in forms], forms[-1]
    if last != "after":
        return slips, performed(way, task, *forms), STEPS["after"]
    return slips, performed(way, task, *forms[:-1]), after


def usable(task: Task, way: Callable, most: int | None = None) -> list[tuple]:
    """(rank, step, form) of all forms that change a step of the way, in the order of its steps; of each slip at most so many a step."""
    steps = steps_of(way, task)
    forms = [(rank, step, form) for rank, known in enumerate(slips_of(task))
             for step, group in itertools.groupby(known.forms, key=lambda form: form[0]) if step in steps
             for _, form in itertools.islice(group, most)]
    return sorted(forms, key=lambda form: steps.index(form[1]))


@functools.cache
def performed(way: Callable, task: Task, *forms: tuple) -> Callable:
    """The way with some of its steps changed."""
    return lambda *given: way(SimpleNamespace(**{**STEPS, **task.steps, **{step: form for _, step, form in forms}}), *given)


def steps_of(way: Callable, task: Task) -> list[str]:
    """The steps that a way takes, in order."""
    used, known = {}, {**STEPS, **task.steps}

    def noted(step: str) -> Callable:
        def taken(*given):
            used[step] = True
            return known[step](*given)
        return taken

    for given in task.inputs:
        way(SimpleNamespace(**{step: noted(step) for step in known}), *given)
    return [*used, "after"]


@functools.cache
def kept(function: Callable, task: Task, k: int):
    """What one of our own functions answers to an input, or its error.  Many a guess ends with the same answer."""
    try:
        return function(*task.inputs[k])
    except Exception as error:
        return error.with_traceback(None)


def seen(function: Callable, after: Callable, task: Task, k: int):
    """The same, after what is done with it, in the form in which answers are compared."""
    answer = kept(function, task, k)
    try:
        if isinstance(answer, Exception):
            raise answer
        answer, holder = held(after(answer))
        return heard_as(Heard(torch.as_tensor(answer), holder=holder))
    except Exception as error:
        return one_line(error)


def heard_as(entry: Heard):
    """(holder, shape, kind, numbers), or the error."""
    if entry.answer is None:
        return entry.raised or entry.complaint
    return entry.holder, tuple(entry.answer.shape), kind(entry.answer), entry.answer.double().flatten().tolist()


def gist(error: str) -> str:
    """What an error is about, whoever words it."""
    if re.search(r"(?<!Dimension )out of (range|bounds)|non-negative|smaller than num_classes", error):
        return "range"
    return "shapes" if re.search("size of tensor|broadcast|same size|shape|[dD]imension", error) else error


def like(mine, theirs, within: float = 3e-6, loose: bool = False, cut: bool = False, gist: Callable[[str], str] = gist) -> bool:
    """Whether two answers, or the gists of two errors, are the same.

    loose: whatever the kind of the numbers; cut: but for what a limit can hide.
    """
    if isinstance(mine, str) or isinstance(theirs, str):
        return isinstance(mine, str) and isinstance(theirs, str) and gist(mine) == gist(theirs)
    return mine[:2] == theirs[:2] and (loose or mine[2] == theirs[2]) and all(
        math.isclose(a, b, rel_tol=10 * within, abs_tol=within) or (a != a and b != b) or (cut and not math.isfinite(b))
        for a, b in zip(mine[3], theirs[3]))


def gap(ours: list, theirs: list) -> float:
    """By how much answers of the same shape differ at most, as a part of what they are."""
    return max((abs(a - b) / (1 + abs(b)) for mine, other in zip(ours, theirs)
                if not isinstance(mine, str) and not isinstance(other, str) and mine[1] == other[1]
                for a, b in zip(mine[3], other[3]) if math.isfinite(a) and math.isfinite(b)), default=0.0)


def in_words(slips: list[Slip]) -> tuple[str, str]:
    """What one or two slips are called, and what to think of."""
    names, thoughts = (list(dict.fromkeys(map(say, said))) for said in zip(*((known.name, known.thought) for known in slips)))
    return say("two slips: {one}, and {two}", one=names[0], two=names[1]) if len(names) > 1 else names[0], together(*thoughts)


# --- what extreme inputs and gradients tell

def cause(function: Callable, task: Task, given: tuple, first: Heard, right: Tensor) -> tuple[str, str]:
    """Why a function that was right on the inputs before errs on this one: ("", "") where that is not known."""
    if first.raised.startswith("OverflowError"):
        return say("an exponential too large for Python"), say("math.exp raises OverflowError from exp(710) on, where torch.exp says inf. "
                                                               "Neither helps: find a form that never computes so large a number.")
    if first.answer is None or first.answer.shape != right.shape or kind(right) not in (kind(first.answer), "bool"):
        return "", ""
    faults = [*task.faults, *(FAULTS if right.is_floating_point() else [])]
    if known := next((fault for fault in faults if fault.shows(first.answer, given[0])), None):
        return say(known.name), say(known.thought)
    if (stop := stopped(function, task, given, first.answer, right)) is None:
        return "", ""
    stop = f"{stop:.4g}".replace("-", "−")
    return say("a limit cuts it off"), say(
        "However far the logits go, the answer stays {stop}, and doubling these logits changes nothing: a limit inside the logarithm, or "
        "on the logits, hides the inf. From there on there is no gradient to learn from. Find a form that needs no limit.", stop=stop)


def stopped(function: Callable, task: Task, given: tuple, answer: Tensor, right: Tensor) -> float | None:
    """Where an answer stops though the logits go on: twice the logits change what is right, and not the answer."""
    if not given[0].is_floating_point() or given[0].abs().max() < 10:
        return None
    further = (2 * given[0], *given[1:])
    twice, now, later = heard(function, further).answer, right.flatten(), task.truth(*map(precise, further)).flatten()
    off = (answer.double() - right.double()).abs().flatten().argmax()
    if twice is None or twice.shape != right.shape or not now.is_floating_point() or math.isclose(now[off], later[off], rel_tol=1e-2):
        return None
    before, after = float(answer.flatten()[off]), float(twice.flatten()[off])
    return before if before and math.isclose(before, after, rel_tol=1e-4) else None


def slope(function: Callable, given: tuple) -> Tensor | None:
    """The gradient of the (summed) answer by the first argument, None where there is none."""
    first, *rest = copies(given)
    first.requires_grad_()

    def back():
        function(first, *rest).sum().backward()
        return first.grad

    return call(back)[0]


def steepness(function: Callable, truth: Callable, slopes: list[tuple]) -> str:
    """What a right function may still get wrong: its gradient, and what training would do with it."""
    for given in slopes:
        mine, right = slope(function, given), slope(truth, tuple(precise(argument) for argument in given))
        if mine is None:
            return say("no gradient comes back through it, so loss.backward() would raise an error, and nothing would be learned. "
                       "(.item(), float(), .detach(), NumPy and some operations in place cut it off.)")
        for logit, gradient in zip(given[0].flatten().tolist(), mine.flatten().tolist()):
            if gradient != gradient:
                return say("at a logit of {logit} its gradient is nan, since an exponential is inf there and meets a 0 on the way back.",
                           logit=written(logit, 6))
        if not alike(mine, right, 1e-4):
            where = {"logits": written(given[0], 6), "gradient": written(mine), "torchs": written(right)}
            if mine.any():
                return say("at logits {logits} its gradient is {gradient}, torch's {torchs}: training would go another way there.", **where)
            return say("at logits {logits} its gradient is {gradient}, torch's {torchs}: nothing would be learned there.", **where)
    return ""


def uses(function: Callable, given: tuple, *wanted: str | tuple) -> bool:
    """Whether a function asks torch for one of these on its way: by the name of a function or argument, or the shape of an answer."""
    asked = set()

    class Listening(TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            asked.update([getattr(function, "__name__", ""), *(key for key, value in (kwargs or {}).items() if value is not None)])
            answer = function(*args, **(kwargs or {}))
            asked.add(tuple(answer.shape) if isinstance(answer, Tensor) else None)
            return answer

    with Listening():
        call(function, *copies(given))
    return not asked.isdisjoint(wanted)


# --- words

def written(value, digits: int = 4) -> str:
    """A tensor as nested lists: an answer with 4 decimals, [[0.2585, 0.7028]], an input with 6 digits at most, [[2, 3, 0.1]]."""
    if isinstance(value, Tensor) and value.dim():
        text = f"[{', '.join(written(entry, digits) for entry in value[:6])}{', …' if len(value) > 6 else ''}]"
        return text if len(text) < 400 else text[:400] + " …"
    value = value.item() if isinstance(value, Tensor) else value
    if isinstance(value, float):
        return (f"{value:.4f}" if digits == 4 and abs(value) < 1e5 else f"{value:.{max(6, digits)}g}").replace("-", "−")
    return str(value).replace("-", "−")


def entry(name: str, what: str) -> str:
    """A line of the table that shows where two answers part: each has as many wide characters, so that it is one in any font."""
    full = wide(say("given"))
    return "  " + name + "\u3000" * (full - wide(name)) + " " * (8 - full - len(name) + wide(name)) + what


def said(mine: Heard, other: Tensor | None) -> str:
    """An answer in words, with what tells it from the other one: holder, shape, kind of number, or the digits after the fourth."""
    answer = mine.answer
    if mine.holder == "list":
        return say("{answer}, a list", answer=written(answer))
    if mine.holder == "array":
        return say("{answer}, a NumPy array", answer=written(answer))
    if other is None:
        return written(answer)
    if answer.shape != other.shape:
        return say("{answer}, shape {shape}", answer=written(answer), shape=shape(answer))
    if kind(answer) != kind(other):
        return f"{written(answer)}, dtype {str(answer.dtype).removeprefix('torch.')}"
    return written(answer) if written(answer) != written(other) or alike(answer, other) else written(answer, 9)
