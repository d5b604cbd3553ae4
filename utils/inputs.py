"""Bad input gets one clear sentence: what was given, what is wanted, what to do.

Every function of utils/ that takes tensors asks here first.
"""

import torch
from torch import Tensor


def shape(tensor: Tensor) -> str:
    """The shape as the notebooks write it: [1, 3]."""
    return str(list(tensor.shape))


def check_tensor(tensor: object, name: str) -> None:
    """Raises TypeError unless it is a tensor, ValueError where it is empty."""
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{name} is a {type(tensor).__name__}; a tensor is wanted: write torch.tensor(...)")
    if tensor.numel() == 0:
        raise ValueError(f"{name} has shape {shape(tensor)} and holds nothing; at least one number is wanted")


def check_logits(logits: object) -> None:
    """Raises TypeError or ValueError unless logits is a floating tensor (..., classes) of finite numbers."""
    check_tensor(logits, "logits")
    if not logits.is_floating_point():
        raise TypeError(f"logits has dtype {logits.dtype}; floating point is wanted: write logits.float()")
    if logits.dim() == 0:
        raise ValueError("logits is one number, shape []; one number per class is wanted: shape [classes] or [N, classes]")
    if not logits.isfinite().all():
        raise ValueError(f"logits holds {_odd_one(logits)}; finite numbers are wanted: look where it was computed")


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
    if not targets.is_floating_point():
        raise TypeError(f"targets has dtype {targets.dtype}; floating point is wanted: write targets.float()")
    outside = ~((targets >= 0) & (targets <= 1))  # true for nan too
    if outside.any():
        raise ValueError(f"targets holds {targets[outside][0].item():g}; numbers in [0, 1] are wanted")


def _odd_one(tensor: Tensor) -> str:
    return f"{tensor[~tensor.isfinite()][0].item()}"
