"""Binary cross-entropy: one yes-or-no loss per class.  Taught in notebooks/05_bce_per_class.ipynb."""

from collections.abc import Callable

import ipywidgets as widgets
import torch
from torch import Tensor, nn

from utils import bars as plots
from utils.cross_entropy import worked_cross_entropy
from utils.explore import (
    LABEL_1, Explorer, ask, listed, logit_sliders, logits_from, presets, target_boxes, targets_from,
)
from utils.inputs import check_logits, check_targets
from utils.bars import GREY
from utils.plots import exact, minus_log, number, numbers
from utils.sigmoid import log_sigmoid, sigmoid


def bce_terms(logits: Tensor, targets: Tensor) -> Tensor:
    """One binary cross-entropy per class, before any reduction: −y log σ(z) − (1 − y) log(1 − σ(z)).

    logits, targets: (..., classes), targets in [0, 1].  Returns: same shape, in nats.
    Raises TypeError or ValueError for other logits or targets.  Taught in notebooks/05.
    """
    check_logits(logits)
    check_targets(targets, logits)
    return -targets * log_sigmoid(logits) - (1 - targets) * log_sigmoid(-logits)  # 1 − σ(z) is σ(−z)


def bce(logits: Tensor, targets: Tensor, reduction: str = "mean") -> Tensor:
    """The per-class losses, reduced over all classes and images as nn.BCEWithLogitsLoss does.

    logits, targets: (..., classes); reduction: "mean", "sum" or "none".  Returns: [], or for "none" the same shape.
    Raises TypeError or ValueError for other logits, targets or reductions.  Taught in notebooks/05.
    """
    terms = bce_terms(logits, targets)
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f'reduction is {reduction!r}; "mean", "sum" or "none" is wanted')
    return terms.mean() if reduction == "mean" else terms.sum() if reduction == "sum" else terms


def bce_gradient(logits: Tensor, targets: Tensor) -> Tensor:
    """How the mean of the binary losses changes with each logit: (σ − y) / (how many losses there are).

    logits, targets: (..., classes).  Returns: same shape, nats per unit of logit.
    Raises TypeError or ValueError for other logits or targets.  Taught in notebooks/05.
    """
    check_logits(logits)
    check_targets(targets, logits)
    return (sigmoid(logits) - targets) / logits.numel()


def worked_bce(terms: Tensor, reduction: str, loss: float | None) -> str:
    """The arithmetic in words: (2.1269 + 0.0486 + 0.7444) / 3 = 0.9733."""
    if reduction == "none":
        return f"[{numbers(terms)}]"
    count = len(terms) if reduction == "mean" else 1
    added = " + ".join(exact(loss, lambda *losses: sum(losses) / count, *terms.tolist()))
    return (f"({added}) / {count}" if reduction == "mean" else added) + f" = {number(loss)}"


def explore_bce(bce_terms: Callable[[Tensor, Tensor], Tensor]) -> Explorer:
    """Logits and targets → one loss per class by the reader's bce_terms([1, 3], [1, 3]) → reduced, CE beside it."""
    figure, (left, middle, right) = plots.figure(
        [0.95, 1.27, 0.72], "middle: your bce_terms, black edge torch's   ·   dashed: mean   ·   grey: before this control moved")
    move_sigmoids = plots.class_bars(left, "σ(logit)", 0, 1, [0, 0.5, 1])
    move_terms = plots.class_bars(middle, "one loss per class", 0, 4.2, [0, 2, 4])
    move_losses = plots.bars(right, "reduced", 0, 4.2, [0, 2, 4], ["BCE", "CE"], [GREY, GREY], ["", ""])

    def compute(values):
        logits, targets = logits_from(values).unsqueeze(0), targets_from(values).unsqueeze(0)
        check_logits(logits)
        truth = nn.BCEWithLogitsLoss(reduction="none")(logits, targets)
        answer, wrong = ask(bce_terms, logits, targets, like=truth)
        reduction = values["reduction"]
        return {"logits": logits[0], "y": targets[0].int().tolist(), "truth": truth[0], "answer": answer[0],
                "sigma": torch.sigmoid(logits)[0], "p": torch.softmax(logits, dim=1)[0], "wrong": wrong,
                "reduction": reduction,
                "bce": None if reduction == "none" else float(bce(logits, targets, reduction)),
                # there is a label for CrossEntropyLoss only where exactly one class is true
                "ce": float(nn.CrossEntropyLoss()(logits, targets.argmax(dim=1))) if targets.sum() == 1 else None}

    def show(now, before):
        y, truth, reduction = now["y"], now["truth"], now["reduction"]
        move_sigmoids(now["sigma"], ghost=before and before["sigma"], notes=[f"y = {there}" for there in y])
        move_terms(now["answer"], outline=truth, ghost=before and before["truth"],
                   notes=["−log σ" if there else "−log(1−σ)" for there in y],
                   line=now["bce"] if reduction == "mean" else None)
        move_losses([now["bce"], now["ce"]], notes=[reduction, "" if sum(y) == 1 else f"{sum(y)} labels"],
                    ghost=before and [before["bce"], before["ce"]])
        rows = []
        for k, there in enumerate(y):
            p_true = float(torch.sigmoid(now["logits"][k] if there else -now["logits"][k]))  # given to what is true
            rows.append(f"class {k}   y = {there}   {'−log σ' if there else '−log(1 − σ)':<11} = "
                        f"−log {exact(float(truth[k]), minus_log, p_true)[0]} = {number(float(truth[k]))}")
        rows.append(f"BCE = {worked_bce(truth, reduction, now['bce'])}")
        rows.append("CE  takes exactly one true class" if now["ce"] is None else
                    f"CE  = {worked_cross_entropy(now['p'], y.index(1), now['ce'])}")
        line = f"logits {listed(now['logits'])}, target {y} → losses {numbers(now['answer'])}"
        return line + ("" if reduction == "none" else f", {reduction} {number(now['bce'])}"), "\n".join(rows), now["wrong"]

    controls = logit_sliders() | target_boxes() | {
        "reduction": widgets.ToggleButtons(options=["mean", "sum", "none"], description="reduction",
                                           style={"description_width": "max-content", "button_width": "104px"})}
    return Explorer("explore_bce", controls, compute, show, figure, presets(**LABEL_1))
