"""Bad input gets one clear sentence: what was given, what is wanted, what to do.

Every function of utils/ that takes tensors asks here first, and the functions that a reader wrote are called here.
"""

import re
import traceback
from collections.abc import Callable

import torch
from torch import Tensor

from utils.language import say

# How torch says that it was given whole numbers, which none of its messages explains.
WHOLE = re.compile(r"not implemented for '(Long|Int|Short|Char|Byte|Bool)'|floating point(?! is wanted)|output type (Long|Int)"
                   r"|Found dtype (Long|Int)|Float and Long|Long and Float|long int")
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def shape(tensor: Tensor | torch.Size) -> str:
    """The shape as the notebooks write it: [1, 3]."""
    return str(list(tensor.shape if isinstance(tensor, Tensor) else tensor))


def check_tensor(tensor: object, name: str) -> None:
    """Raises TypeError unless it is a plain tensor of real numbers, ValueError where it is empty."""
    if not isinstance(tensor, Tensor):
        raise TypeError(say("{name} is a {kind}; a tensor is wanted: write torch.tensor(...)", name=name, kind=type(tensor).__name__))
    if tensor.is_meta:
        raise TypeError(say("{name} is a meta tensor; one that holds all its numbers is wanted", name=name))
    if tensor.layout != torch.strided:
        raise TypeError(say("{name} is a sparse tensor; one that holds all its numbers is wanted", name=name))
    if tensor.is_complex() or tensor.is_quantized:
        raise TypeError(say("{name} has dtype {dtype}; plain real numbers are wanted: look where it was made",
                            name=name, dtype=tensor.dtype))
    if tensor.numel() == 0:
        raise ValueError(say("{name} has shape {shape} and holds nothing; at least one number is wanted", name=name, shape=shape(tensor)))


def check_logits(logits: object) -> None:
    """Raises TypeError or ValueError unless logits is a floating tensor (..., classes) of finite numbers."""
    check_tensor(logits, "logits")
    if logits.dtype not in FLOATS:
        raise TypeError(say("logits has dtype {dtype}; floating point is wanted: write logits.float(), "
                            "or the numbers with a point, torch.tensor([2.0, ...])", dtype=logits.dtype))
    if logits.dim() == 0:
        raise ValueError(say("logits is one number, shape []; one number per class is wanted: shape [classes] or [N, classes]"))
    if not logits.isfinite().all():
        odd = logits[~logits.isfinite()][0].item()
        raise ValueError(say("logits holds {odd}; finite numbers are wanted: look where it was computed", odd=odd))


def check_labels(labels: object, classes: int) -> None:
    """Raises TypeError or ValueError unless labels is a long tensor of indices in 0 ... classes - 1."""
    check_tensor(labels, "labels")
    if labels.dtype != torch.long and labels.dim() > 1 and (code := as_labels("labels", labels, labels.shape[:-1], classes)):
        raise ValueError(say("labels has shape {shape}; one index is wanted where there is a row: write {code}",
                             shape=shape(labels), code=code))
    values = labels.double()
    outside = ~((values >= 0) & (values < classes) & (values == values.floor()))  # true for nan too
    if outside.any():
        raise ValueError(say("labels holds {odd}; {wanted}", odd=labels[outside][0].item(), wanted=labels_are(classes)))
    if labels.dtype != torch.long:
        raise TypeError(say("labels has dtype {dtype}; torch.int64 (long) is wanted: write labels.long()", dtype=labels.dtype))


def labels_are(classes: int) -> str:
    """Which labels there are, in words."""
    if classes > 1:
        return say("with {classes} classes a label is 0 ... {last}", classes=classes, last=classes - 1)
    return say("with one logit 0 is the only label: a yes or no, 1 or 0, is for nn.BCEWithLogitsLoss, "
               "which takes labels.float().unsqueeze(-1)")


def check_targets(targets: object, logits: Tensor) -> None:
    """Raises TypeError or ValueError unless targets is a floating tensor in [0, 1], of the shape of logits."""
    check_tensor(targets, "targets")
    outside = ~((targets.double() >= 0) & (targets.double() <= 1))  # true for nan too
    if targets.shape != logits.shape:
        error, fault = ValueError, say("targets has shape {shape}, logits has {wanted}; the same shape is wanted",
                                       shape=shape(targets), wanted=shape(logits))
    elif targets.dtype not in FLOATS:
        error, fault = TypeError, say("targets has dtype {dtype}; floating point is wanted", dtype=targets.dtype)
    elif outside.any():
        error, fault = ValueError, say("targets holds {odd}; numbers in [0, 1] are wanted", odd=f"{targets[outside][0].item():g}")
    else:
        return
    code = as_targets("targets", targets, logits)
    raise error(say("{fault}: write {code}", fault=fault, code=code) if code else say("{fault}: look where they are made", fault=fault))


def reshaped(tensor: Tensor, wanted: torch.Size) -> str | None:
    """What to write after a tensor that has dimensions of 1 too many or too few: ".unsqueeze(1)"; None where that is not all."""
    if [size for size in tensor.shape if size > 1] != [size for size in wanted if size > 1]:
        return None
    step = "unsqueeze" if len(wanted) > tensor.dim() else "squeeze"
    for d in reversed(range(tensor.dim() + (step == "unsqueeze"))):
        if tensor.shape != wanted and getattr(tensor, step)(d).shape == wanted:
            return f".{step}({d})"
    return "" if tensor.shape == wanted else f".reshape({shape(wanted)})"


def as_labels(name: str, given: Tensor, wanted: torch.Size, classes: int) -> str:
    """The code that makes long labels of the wanted shape of what was given under this name; "" where none says the same."""
    values, step = given.double(), reshaped(given, wanted)
    if given.shape == (*wanted, classes) and classes > 1:
        one_hot = ((values == 0) | (values == 1)).all() and (values.sum(-1) == 1).all()
        return f"{name}{'' if given.dtype in FLOATS else '.float()'}.argmax(dim=-1)" if one_hot else ""
    if step is None or not ((values >= 0) & (values < classes) & (values == values.floor())).all():
        return ""
    return name + step + ("" if given.dtype == torch.long else ".long()")


def as_targets(name: str, given: Tensor, logits: Tensor) -> str:
    """The code that makes a target for these logits of what was given under this name; "" where none says the same."""
    classes, values, step = logits.shape[-1], given.double(), reshaped(given, logits.shape)
    if step is None:  # are they labels?
        labels = as_labels(name, given, logits.shape[:-1], classes)
        return labels and f"F.one_hot({labels}, num_classes={classes}).float()"
    labels = classes == 1 and given.shape == logits.shape[:-1]  # one logit, so one yes or no, for each: whole numbers as a rule
    code = name + (".float()" if labels or given.dtype not in FLOATS else "") + step
    if ((values >= 0) & (values <= 1)).all():
        return code
    if (values.abs() == 1).all():
        return f"({code} + 1) / 2"
    return f"{code} / 255" if values.min() >= 0 and values.max() == 255 else ""


def one_line(error: BaseException) -> str:
    """An exception as one line, "ValueError: Target size ...", whatever its text is or does."""
    lines = traceback.format_exception_only(error)
    first = next((line for line in lines if not line.startswith("  ")), lines[0])  # a SyntaxError shows its line before
    return first.splitlines()[0][:200].removesuffix(": ").removesuffix(", but expected one of:")


def name_of(function: object) -> str:
    """What the reader calls a function; "your function" where that cannot be had."""
    try:
        return str(getattr(function, "__name__", say("your function")))
    except KeyboardInterrupt:
        raise
    except BaseException:
        return say("your function")


def call(function: Callable, *arguments, wanted: str = "") -> tuple[Tensor | None, str, str]:
    """Hand the arguments to the reader's function, which is to return what is wanted: in words, a tensor unless they say more.

    Returns: (its answer as a plain tensor, "", "") or (None, what is wrong with it, and what it raised in one line, "" for nothing).
    Nothing that it does or returns raises here.
    """
    if not callable(function):
        return None, say("a function is wanted, not a {kind}: hand it over by its name, without ( )", kind=type(function).__name__), ""
    name, wanted = name_of(function), wanted or say("a tensor")
    try:
        answer = function(*arguments)
        if answer is None:
            return None, say("{name} returned None: does it end with a return?", name=name), ""
        if isinstance(answer, tuple) and len(answer) == 1:
            return None, say("{name} returned a tuple of one thing; {wanted} is wanted: is there a comma too many?",
                             name=name, wanted=wanted), ""
        if isinstance(answer, tuple) and hasattr(answer, "indices"):
            return None, say("{name} returned {count} things; {wanted} is wanted: is it .values or .indices that you need?",
                             name=name, count=len(answer), wanted=wanted), ""
        if isinstance(answer, tuple):
            return None, say("{name} returned {count} things; {wanted} is wanted: is there a comma too many in the return?",
                             name=name, count=len(answer), wanted=wanted), ""
        if getattr(answer, "shape", None) == () and not isinstance(answer, Tensor):  # NumPy's numbers, and arrays of one
            answer = answer.item()
        if callable(answer) and not isinstance(answer, Tensor):
            what = str(getattr(answer, "__name__", type(answer).__name__))
            return None, say("{name} returned {what} itself, which is not called yet; {wanted} is wanted: call it, with ( ) and what it "
                             "computes from", name=name, what=what, wanted=wanted), ""
        if not isinstance(answer, (Tensor, float, int)):
            return None, say("{name} returned a {kind}; {wanted} is wanted", name=name, kind=type(answer).__name__, wanted=wanted), ""
        answer = torch.as_tensor(answer)
        if answer.is_complex():
            return None, say("{name} returned dtype {dtype}; floating point is wanted", name=name, dtype=answer.dtype), ""
        answer = answer.detach().to_dense().cpu().as_subclass(Tensor).clone()
        answer.double().flatten()[:1].tolist(), answer.shape  # nothing that comes here is too odd to be compared
        return answer, "", ""
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # exit() is one
        raised = one_line(error)
        if WHOLE.search(raised):
            return None, say("{name} raised {error} (it met whole numbers where floating point belongs: write 2.0 for 2, or .float(); "
                             "or were logits and labels exchanged?)", name=name, error=raised), raised
        return None, say("{name} raised {error}", name=name, error=raised), raised
