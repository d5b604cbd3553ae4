"""One question with three answers, or three questions: both losses side by side.  See notebooks/06_summary.ipynb."""

import torch
from torch import Tensor, nn

from utils import bars as plots
from utils.bce import worked_bce
from utils.cross_entropy import worked_cross_entropy
from utils.explore import (
    LABEL_1, Explorer, listed, logit_sliders, logits_from, presets, slider, target_boxes, targets_from,
)
from utils.inputs import check_logits
from utils.bars import GREY
from utils.plots import number, numbers
from utils.sigmoid import sigmoid


def predict_label(logits: Tensor) -> Tensor:
    """The one class with the largest logit, which is also the one with the largest share.

    logits: (..., classes).  Returns: (...), long.
    Raises TypeError or ValueError unless logits are finite floating numbers.  Taught in notebooks/06.
    """
    check_logits(logits)
    return logits.argmax(dim=-1)


def predict_labels(logits: Tensor, threshold: float = 0.5) -> Tensor:
    """Every class whose own probability reaches the threshold: none, one or many.

    logits: (..., classes); threshold: in [0, 1].  Returns: same shape, bool.
    Raises TypeError or ValueError for other logits or thresholds.  Taught in notebooks/06.
    """
    check_logits(logits)
    if not isinstance(threshold, (int, float)):
        raise TypeError(f"threshold is a {type(threshold).__name__}; a number in [0, 1] is wanted")
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold is {threshold}; a probability in [0, 1] is wanted")
    return sigmoid(logits) >= threshold


def explore_summary() -> Explorer:
    """The same logits through softmax and argmax, and through sigmoid and a threshold, with both losses."""
    figure, (left, middle, right) = plots.figure(
        [1, 1, 0.75], "dashed: the threshold   ·   ✓ ✗: right or wrong   ·   grey: before this control moved")
    move_shares = plots.class_bars(left, "softmax: one question", 0, 1, [0, 0.5, 1])
    move_sigmoids = plots.class_bars(middle, "sigmoid: three questions", 0, 1, [0, 0.5, 1])
    move_losses = plots.bars(right, "loss", 0, 4.2, [0, 2, 4], ["CE", "BCE"], [GREY, GREY], ["", ""])

    def compute(values):
        logits, targets = logits_from(values).unsqueeze(0), targets_from(values).unsqueeze(0)
        one = targets.sum() == 1
        return {"logits": logits[0], "y": targets[0].int().tolist(), "threshold": values["threshold"],
                "p": torch.softmax(logits, dim=1)[0], "sigma": torch.sigmoid(logits)[0],
                "chosen": int(predict_label(logits)), "yes": predict_labels(logits, values["threshold"])[0].tolist(),
                "ce": float(nn.CrossEntropyLoss()(logits, targets.argmax(dim=1))) if one else None,
                "terms": nn.BCEWithLogitsLoss(reduction="none")(logits, targets)[0],
                "bce": float(nn.BCEWithLogitsLoss()(logits, targets))}

    def show(now, before):
        chosen = ["" if k != now["chosen"] else "argmax ✓" if now["y"][k] else "argmax ✗" for k in range(3)]
        said = [("yes" if yes else "no") + (" ✓" if yes == bool(y) else " ✗") for yes, y in zip(now["yes"], now["y"])]
        move_shares(now["p"], ghost=before and before["p"], notes=chosen)
        move_sigmoids(now["sigma"], ghost=before and before["sigma"], notes=said, line=now["threshold"])
        move_losses([now["ce"], now["bce"]], ghost=before and [before["ce"], before["bce"]],
                    notes=["" if sum(now["y"]) == 1 else f"{sum(now['y'])} labels", ""])
        true = [f"class {k}" for k in range(3) if now["y"][k]]
        yes = [f"class {k}" for k in range(3) if now["yes"][k]]
        ce = "takes exactly one true class" if now["ce"] is None else number(now["ce"])
        worked = f"= {worked_cross_entropy(now['p'], now['y'].index(1), now['ce'])}" if now["ce"] is not None else ce
        words = "\n".join([
            f"true:     {', '.join(true) or 'none'}",
            f"softmax   {numbers(now['p'])}   argmax: class {now['chosen']}",
            f"sigmoid   {numbers(now['sigma'])}   at least {now['threshold']:.6g}: {', '.join(yes) or 'none'}",
            f"CE  {worked}",
            f"BCE = {worked_bce(now['terms'], 'mean', now['bce'])}",
        ])
        line = f"logits {listed(now['logits'])}, target {now['y']} → CE {ce}, BCE {number(now['bce'])}"
        return line, words, ""

    controls = logit_sliders() | target_boxes() | {"threshold": slider("threshold", 0.5, 0, 1)}
    return Explorer("explore_summary", controls, compute, show, figure, presets(**LABEL_1))
