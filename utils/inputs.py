"""Bad input gets one clear sentence: what was given, what is wanted, what to do.

Every function of utils/ that takes tensors asks here first, and the functions that a reader wrote are called here.
"""

import traceback
from collections.abc import Callable

import torch
from torch import Tensor

FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def shape(tensor: Tensor) -> str:
    """The shape as the notebooks write it: [1, 3]."""
    return str(list(tensor.shape))


def check_tensor(tensor: object, name: str) -> None:
    """Raises TypeError unless it is a plain tensor, ValueError where it is empty."""
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{name} is a {type(tensor).__name__}; a tensor is wanted: write torch.tensor(...)")
    if tensor.layout != torch.strided or tensor.is_meta:
        raise TypeError(f"{name} is a {'meta' if tensor.is_meta else 'sparse'} tensor; one that holds all its numbers is wanted")
    if tensor.numel() == 0:
        raise ValueError(f"{name} has shape {shape(tensor)} and holds nothing; at least one number is wanted")


def check_logits(logits: object) -> None:
    """Raises TypeError or ValueError unless logits is a floating tensor (..., classes) of finite numbers."""
    check_tensor(logits, "logits")
    if logits.dtype not in FLOATS:
        raise TypeError(f"logits has dtype {logits.dtype}; floating point is wanted: write logits.float()")
    if logits.dim() == 0:
        raise ValueError("logits is one number, shape []; one number per class is wanted: shape [classes] or [N, classes]")
    if not logits.isfinite().all():
        odd = logits[~logits.isfinite()][0].item()
        raise ValueError(f"logits holds {odd}; finite numbers are wanted: look where it was computed")


def check_labels(labels: object, classes: int) -> None:
    """Raises TypeError or ValueError unless labels is a long tensor of indices in 0 ... classes - 1."""
    check_tensor(labels, "labels")
    if labels.dtype != torch.long:
        raise TypeError(f"labels has dtype {labels.dtype}; torch.int64 (long) is wanted: write labels.long()")
    outside = (labels < 0) | (labels >= classes)
    if outside.any():
        raise ValueError(f"labels holds {labels[outside][0].item()}; with {classes} classes a label is 0 ... {classes - 1}")


def check_targets(targets: object, logits: Tensor) -> None:
    """Raises TypeError or ValueError unless targets is a floating tensor in [0, 1], of the shape of logits."""
    check_tensor(targets, "targets")
    if targets.shape != logits.shape:
        raise ValueError(
            f"targets has shape {shape(targets)}, logits has {shape(logits)}; the same shape is wanted: "
            "turn labels into one-hot rows first"
        )
    if targets.dtype not in FLOATS:
        raise TypeError(f"targets has dtype {targets.dtype}; floating point is wanted: write targets.float()")
    outside = ~((targets >= 0) & (targets <= 1))  # true for nan too
    if outside.any():
        raise ValueError(f"targets holds {targets[outside][0].item():g}; numbers in [0, 1] are wanted")


def one_line(error: BaseException) -> str:
    """An exception as one line, "ValueError: Target size ...", whatever its text is or does."""
    lines = traceback.format_exception_only(error)
    first = next((line for line in lines if not line.startswith("  ")), lines[0])  # a SyntaxError shows its line before
    return first.splitlines()[0][:200].removesuffix(": ")


def name_of(function: object) -> str:
    """What the reader calls a function; "your function" where that cannot be had."""
    try:
        return str(getattr(function, "__name__", "your function"))
    except KeyboardInterrupt:
        raise
    except BaseException:
        return "your function"


def call(function: Callable, *arguments, wanted: str = "a tensor") -> tuple[Tensor | None, str]:
    """Hand the arguments to the reader's function, which is to return what is wanted.

    Returns: (its answer as a plain tensor, "") or (None, what is wrong with it).  Nothing that it does or returns raises here.
    """
    if not callable(function):
        return None, f"a function is wanted, not a {type(function).__name__}: hand it over by its name, without ( )"
    name = name_of(function)
    try:
        answer = function(*arguments)
        if answer is None:
            return None, f"{name} returned None: does it end with a return?"
        if isinstance(answer, tuple):
            return None, (f"{name} returned {len(answer)} things; {wanted} is wanted: is it .values or .indices that you need?" if len(answer) != 1
                          else f"{name} returned a tuple of one thing; {wanted} is wanted: is there a comma too many?")
        if getattr(answer, "shape", None) == () and not isinstance(answer, Tensor):  # NumPy's numbers, and arrays of one
            answer = answer.item()
        if not isinstance(answer, (Tensor, float, int)):
            return None, f"{name} returned a {type(answer).__name__}; {wanted} is wanted"
        answer = torch.as_tensor(answer)
        if answer.is_complex():
            return None, f"{name} returned dtype {answer.dtype}; floating point is wanted"
        answer = answer.detach().to_dense().cpu().as_subclass(Tensor).clone()
        answer.double().flatten()[:1].tolist(), answer.shape  # nothing that comes here is too odd to be compared
        return answer, ""
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # exit() is one
        return None, f"{name} raised {one_line(error)}"
