"""Binary cross-entropy: one yes-or-no loss per class.  Taught in notebooks/05_bce_per_class.ipynb."""

from collections.abc import Callable

import ipywidgets as widgets
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from utils import plots
from utils.explore import (
    LABEL_1, Explorer, ask, listed, logit_sliders, logits_from, presets, target_boxes, targets_from,
)
from utils.inputs import check_logits, check_targets
from utils.plots import GREY, number, numbers
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


def explore_bce(bce_terms: Callable[[Tensor, Tensor], Tensor]) -> Explorer:
    """Logits and targets → one loss per class by the reader's bce_terms([1, 3], [1, 3]) → reduced, CE beside it."""
    figure, (left, middle, right) = plots.figure(
        [1, 1.15, 0.75], "middle: your bce_terms   ·   black edge: torch   ·   dashed: mean   ·   grey: before this control moved")
    move_sigmoids = plots.class_bars(left, "σ(logit)", 0, 1, [0, 0.5, 1])
    move_terms = plots.class_bars(middle, "one loss per class", 0, 4.2, [0, 2, 4])
    move_losses = plots.bars(right, "reduced", 0, 4.2, [0, 2, 4], ["BCE", "CE"], [GREY, GREY], ["", ""])

    def compute(values):
        logits, targets = logits_from(values).unsqueeze(0), targets_from(values).unsqueeze(0)
        check_logits(logits)
        truth = nn.BCEWithLogitsLoss(reduction="none")(logits, targets)
        answer, wrong = ask(bce_terms, logits, targets, like=truth)
        terms = torch.full((3,), torch.nan) if answer is None else answer[0]
        reduction = values["reduction"]
        one = targets.sum() == 1  # only then is there a label for CrossEntropyLoss
        return {"logits": logits[0], "y": targets[0], "truth": truth[0], "terms": terms, "wrong": wrong,
                "sigma": torch.sigmoid(logits)[0], "p": torch.softmax(logits, dim=1)[0], "reduction": reduction,
                "bce": None if reduction == "none" else float(getattr(terms, reduction)()),
                "ce": float(F.cross_entropy(logits, targets.argmax(dim=1))) if one else None}

    def show(now, before):
        y, terms, ways = now["y"].int().tolist(), now["terms"], now["reduction"]
        acts = ["−log σ" if k else "−log(1−σ)" for k in y]
        move_sigmoids(now["sigma"], ghost=before and before["sigma"], notes=[f"y = {k}" for k in y])
        move_terms(terms, outline=now["truth"], ghost=before and before["truth"], notes=acts,
                   line=now["bce"] if ways == "mean" else None)
        move_losses([now["bce"], now["ce"]], notes=[ways, "" if now["ce"] is not None else "steps aside"],
                    ghost=before and [before["bce"], before["ce"]])
        rows = []
        for k in range(3):
            s = float(now["sigma"][k])
            inside = f"−log σ       = −log {number(s)}" if y[k] else f"−log(1 − σ)  = −log {number(float(torch.sigmoid(-now['logits'][k])))}"
            rows.append(f"class {k}   y = {y[k]}   {inside} = {number(float(terms[k]))}")
        total = " + ".join(number(float(t)) for t in terms)
        rows.append({"mean": f"BCE = ({total}) / 3 = {number(now['bce'] or 0)}",
                     "sum": f"BCE = {total} = {number(now['bce'] or 0)}",
                     "none": f"BCE = [{numbers(terms)}]"}[ways])
        rows.append("CE  needs exactly one true class" if now["ce"] is None else
                    f"CE  = −log p[{y.index(1)}] = −log {number(float(now['p'][y.index(1)]))} = {number(now['ce'])}")
        line = f"logits {listed(now['logits'])}, target {y} → {rows[3] if ways == 'none' else 'BCE ' + ways + ' ' + number(now['bce'])}"
        return line, "\n".join(rows), now["wrong"]

    controls = logit_sliders() | target_boxes() | {
        "reduction": widgets.ToggleButtons(options=["mean", "sum", "none"], description="reduction",
                                           style={"description_width": "max-content", "button_width": "70px"})}
    return Explorer("explore_bce", controls, compute, show, figure, presets(**LABEL_1))
