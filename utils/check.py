"""Self-checks that name the mistake: check_softmax(your_softmax) says whether it is right, and if not, what went wrong.

A check hands the function small inputs and compares its answers with torch's in float64.  Where they part, it computes
what each known mistake would have answered, and names the one that agrees with the reader's function on all of them.
"""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from utils import mistakes
from utils.inputs import call, name_of, shape
from utils.mistakes import Mistake, Topic

@dataclass(frozen=True, repr=False)
class Result:
    """What a check says: whether the function is right, and the sentences, which are also its repr."""

    passed: bool
    message: str

    def __repr__(self) -> str:
        return self.message

    def __bool__(self) -> bool:
        return self.passed


def check_softmax(function: Callable[[Tensor], Tensor]) -> Result:
    """Whether function(logits [N, C]) → probabilities [N, C] is softmax.  Written in notebooks/01."""
    return check(function, mistakes.SOFTMAX)


def check_cross_entropy(function: Callable[[Tensor, Tensor], Tensor]) -> Result:
    """Whether function(logits [N, C], labels [N]) → mean [] is cross-entropy, in nats.  Written in notebooks/02."""
    return check(function, mistakes.CROSS_ENTROPY)


def check_sigmoid(function: Callable[[Tensor], Tensor]) -> Result:
    """Whether function(logits [N, C]) → probabilities [N, C] is sigmoid.  Written in notebooks/03."""
    return check(function, mistakes.SIGMOID, remark=gradient_remark)


def check_log_sigmoid(function: Callable[[Tensor], Tensor]) -> Result:
    """Whether function(logits [N, C]) → [N, C] is the logarithm of sigmoid, in nats.  Written in notebooks/03."""
    return check(function, mistakes.LOG_SIGMOID)


def check_bce_target(function: Callable[[Tensor, int], Tensor]) -> Result:
    """Whether function(labels [N], num_classes) → [N, num_classes], floating, is one-hot.  Written in notebooks/04."""
    return check(function, mistakes.BCE_TARGET)


def check_bce_terms(function: Callable[[Tensor, Tensor], Tensor]) -> Result:
    """Whether function(logits, targets [N, C]) → [N, C] is each class's binary loss, in nats.  Written in notebooks/05."""
    return check(function, mistakes.BCE_TERMS, remark=soft_remark)


def check_bce(function: Callable[[Tensor, Tensor], Tensor]) -> Result:
    """Whether function(logits, targets [N, C]) → mean [] is binary cross-entropy, in nats.  Written in notebooks/05."""
    return check(function, mistakes.BCE, remark=soft_remark)


def check_predict_labels(function: Callable[[Tensor, bool], Tensor]) -> Result:
    """Whether function(logits [N, C], one) → label [N] where one is true, else [N, C]: yes from a probability of a half on.

    Written in notebooks/06.
    """
    return check(function, mistakes.PREDICT_LABELS)


def check(function: Callable, topic: Topic, remark: Callable[[Callable, Topic], str] = lambda *_: "") -> Result:
    """Whether a function answers as torch does, and if not, what the reader should know.

    remark: what to add where the function is right, "" for nothing.  Nothing that the function does or returns raises here.
    """
    if not callable(function):
        return Result(False, f"✗ {call(function)[1]}")
    name = name_of(function)
    for fault, thought, given in [(None, "", given) for given in topic.inputs] + topic.extremes:
        mine = copies(given)
        answer, complaint = call(function, *mine)
        if given is topic.inputs[0] and complaint.startswith(f"{name} returned None"):
            return Result(False, f"… {name} is not written yet, or has no return: it gave nothing back. Write it above and run the cell.")
        right = topic.truth(*(precise(argument) for argument in given))
        lines = [f"  given   {', '.join(f'{key} {written(value, 6)}' for key, value in zip(topic.names, given))}",
                 f"  yours   {complaint if answer is None else said(answer, right)}",
                 f"  torch   {said(right, answer)}"]
        again, _ = call(function, *copies(given))
        if moved := [k for k, (after, before) in enumerate(zip(mine, given)) if not unchanged(after, before)]:
            key, before, (after, odd) = topic.names[moved[0]], given[moved[0]], call(lambda: mine[moved[0]])
            fault = f"the {key} it was given are changed afterwards"
            lines[1:] = [f"  after   {key} " + (odd if after is None else written(after, 6) + (
                f", dtype {str(after.dtype).removeprefix('torch.')}" if after.dtype != before.dtype else ""))]
            thought = (f"An operation in place ({key} -= …, or one that ends in _) changes the caller's tensor: "
                       f"write {key} = {key} - …")
        elif answer is not None and not same(answer, again):
            fault, lines[2] = "two answers to the same question", f"  then    {said(again, right)}"
            thought = "Same input, same output: look for random numbers, or for something kept between the calls."
        elif agrees(answer, right, within=1e-6 if fault is None else 1e-4):  # 1000 − 999.69 has lost four digits
            continue
        elif known := recognised(function, topic, given):
            fault, thought = known.name, known.thought
        elif fault is None or answer is None:  # an error is not the fault that an extreme input is for
            wanted = "one number, shape []" if right.dim() == 0 else f"shape {shape(right)}"
            fault, thought = None, "Run your lines one by one on this input, and look where they leave the formula."
            if answer is None or answer.shape != right.shape:
                thought = f"Wanted is {wanted}. {thought}"
        return Result(False, "\n".join([f"✗ {name}: {fault or 'not right yet'}", *lines, folded(thought)]))
    count = f"{len(topic.inputs) + len(topic.extremes)} inputs{', extreme ones among them' if topic.extremes else ''}"
    return Result(True, "\n  ".join(filter(None, [f"✓ {name} agrees with torch on {count}.", remark(function, topic)])))


def gradient_remark(function: Callable, topic: Topic) -> str:
    """What a right sigmoid may still get wrong: its gradient where an exponential overflows."""
    z = torch.tensor([[-100.0, 0, 100]], requires_grad=True)
    if call(lambda: function(z).sum().backward())[1].endswith("returned None: does it end with a return?") and z.grad is not None:
        for logit, gradient in zip(z.tolist()[0], z.grad.tolist()[0]):
            if gradient != gradient:
                return (f"One thing more: at a logit of {written(logit, 6)} its gradient is nan, since an exponential is inf there "
                        "and meets a 0 on the way back.")
    return ""  # right, or without a gradient, as a sigmoid may be


def soft_remark(function: Callable, topic: Topic) -> str:
    """What a right loss may still lack: targets between 0 and 1."""
    soft = torch.tensor([[2, 3, 0.1]]), torch.tensor([[0.1, 0.9, 0.1]])
    return ("" if same(call(function, *copies(soft))[0], topic.truth(*soft)) else
            "One thing more: a target may also be a probability such as 0.9, and there it parts from torch.")


def recognised(function: Callable, topic: Topic, here: tuple) -> Mistake | None:
    """The mistake that would have given the same answers to all ordinary inputs and to the one here, errors included."""
    inputs = [*topic.inputs, here]
    mine = [tried(function, given) for given in inputs]
    for known in topic.mistakes:
        for wrong in known.functions:
            if all(like(answer, tried(wrong, given)) for answer, given in zip(mine, inputs)):
                return known
    return None


def tried(function: Callable, given: tuple) -> Tensor | str:
    """The function's answer, or its error without its name."""
    answer, complaint = call(function, *copies(given))
    return complaint.removeprefix(name_of(function)) if answer is None else answer


def like(mine: Tensor | str, theirs: Tensor | str) -> bool:
    """Whether two answers, or two errors, are the same."""
    if isinstance(mine, str) or isinstance(theirs, str):
        return type(mine) is type(theirs) is str and mine == theirs
    return kind(mine) == kind(theirs) and same(mine, theirs, within=1e-5)


def same(a: Tensor | None, b: Tensor | None, within: float = 1e-6) -> bool:
    """Whether two answers have the same shape and, to what 32 bits can give, the same numbers; nan is like nan."""
    if a is None or b is None:
        return a is b
    return a.shape == b.shape and torch.allclose(a.double(), b.double(), rtol=10 * within, atol=within, equal_nan=True)


def kind(answer: Tensor) -> str:
    return "float" if answer.is_floating_point() else "bool" if answer.dtype == torch.bool else "whole number"


def agrees(answer: Tensor | None, right: Tensor, within: float) -> bool:
    """Whether an answer is right: the numbers, and their kind, but that a yes or no may also be a 1 or 0."""
    return answer is not None and same(answer, right, within) and kind(right) in (kind(answer), "bool")


def copies(given: tuple) -> list:
    return [argument.clone() if isinstance(argument, Tensor) else argument for argument in given]


def precise(argument):
    return argument.double() if isinstance(argument, Tensor) and argument.is_floating_point() else argument


def unchanged(after, before) -> bool:
    """Whether an argument is still what was handed over: its class, shape and dtype, and its numbers."""
    if not isinstance(before, Tensor):
        return True
    return type(after) is type(before) and after.dtype == before.dtype and torch.equal(after, before)  # equal asks for the shape


def written(value, digits: int = 4) -> str:
    """A tensor as nested lists: an answer with 4 decimals, [[0.2585, 0.7028]], an input as people write it, [[2, 3, 0.1]]."""
    if isinstance(value, Tensor) and value.dim():
        text = f"[{', '.join(written(entry, digits) for entry in value[:6])}{', …' if len(value) > 6 else ''}]"
        return text if len(text) < 400 else text[:400] + " …"
    value = value.item() if isinstance(value, Tensor) else value
    if isinstance(value, float):
        return (f"{value:.6g}" if digits == 6 or abs(value) >= 1e5 else f"{value:.4f}").replace("-", "−")
    return str(value)


def folded(text: str) -> str:
    """A thought in lines that a page shows whole."""
    return textwrap.fill(text, 100, initial_indent="  ", subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def said(answer: Tensor | None, other: Tensor | None) -> str:
    """An answer in words, with what tells it from the other one: shape, kind of number, or the digits after the fourth."""
    if answer is None or other is None:
        return "an error" if answer is None else written(answer)
    if answer.shape != other.shape:
        return f"{written(answer)}, shape {shape(answer)}"
    if kind(answer) != kind(other):
        return f"{written(answer)}, dtype {str(answer.dtype).removeprefix('torch.')}"
    return written(answer) if written(answer) != written(other) or same(answer, other) else str(answer.tolist())[:200]
