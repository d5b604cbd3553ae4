"""One question with three answers, or three questions: both losses side by side.  See notebooks/06_summary.ipynb."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from utils import plots
from utils.bce import worked_bce
from utils.check import Fault, Result, Task, check, slip
from utils.cross_entropy import worked_cross_entropy, worked_row
from utils.example import ROW, WIDE
from utils.explore import (
    LABEL_1, Explorer, listed, logit_sliders, logits_from, presets, slider, target_boxes, targets_from,
)
from utils.inputs import check_logits
from utils.plots import GREY, number, numbers
from utils.sigmoid import sigmoid


def predict_label(logits: Tensor) -> Tensor:
    """The one class with the largest logit, which is also the one with the largest share.

    logits: (..., classes).  Returns: (...), long.
    Raises TypeError or ValueError unless logits are finite floating numbers.  Taught in notebooks/06.
    """
    check_logits(logits)
    return logits.argmax(dim=-1)


def predict_labels(logits: Tensor, threshold: float = 0.5) -> Tensor:
    """Every class whose own probability is at or above the threshold: none, one or many.

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
        row = float(nn.CrossEntropyLoss()(logits, targets))
        return {"logits": logits[0], "y": targets[0].int().tolist(), "threshold": values["threshold"],
                "p": torch.softmax(logits, dim=1)[0], "sigma": torch.sigmoid(logits)[0],
                "chosen": int(predict_label(logits)), "yes": predict_labels(logits, values["threshold"])[0].tolist(),
                "row": row, "ce": row if targets.sum() == 1 else None,  # a label says it only where one class is true
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
        ce = f"of the row {number(now['row'] + 0.0)}" if now["ce"] is None else number(now["ce"])
        worked = (worked_row(now["y"], now["row"]) if now["ce"] is None else
                  f"= {worked_cross_entropy(now['p'], now['y'].index(1), now['ce'])}")
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


# --- the check: one label or many, and its slips

def decided(do, z: Tensor, one: bool) -> Tensor:
    return do.label(do.scores(z)) if do.switch(one) else do.answers(do.chances(z))


DECISION_SLIPS = [
    slip("argmax over the wrong dim", "The images compete here. The largest of each row is wanted: argmax(dim=1).",
         label=lambda z: z.argmax(0)),
    slip("argmax over the whole batch", "There is one index for everything here. The largest of each row is wanted: argmax(dim=1).",
         label=lambda z: z.argmax(), instead=lambda z, one: z.argmax()),
    slip("keepdim too much", "One index for each row, shape [N]: leave keepdim out.", label=lambda z: z.argmax(1, keepdim=True)),
    slip("the largest number, not where it stands", "max gives values and indices. The label is the index: argmax.",
         label=[lambda z: z.amax(1), lambda z: torch.softmax(z, 1).amax(1), lambda z: torch.sigmoid(z).amax(1)]),
    slip("argmax of saturated sigmoids", "In 32 bits all sigmoids from 17 on are 1, and the first of them wins. Ask the logits.",
         scores=torch.sigmoid),
    slip("the smallest instead of the largest", "The largest logit is the model's choice: argmax.", label=lambda z: z.argmin(1)),
    slip("one-hot instead of an index", "The index is wanted, not a row of yes and no.",
         label=[lambda z: F.one_hot(z.argmax(1), z.shape[1]), lambda z: z == z.amax(1, keepdim=True)]),
    slip("counted from 1", "The first class is 0.", label=lambda z: z.argmax(1) + 1),
    slip("probabilities where a label is wanted", "These are the shares. The label is where the largest of them stands: argmax.",
         label=lambda z: torch.softmax(z, 1)),
    slip("threshold on softmax",
         "Shares of 1: two true classes cannot both have more than a half. Ask sigmoid, or whether the logit is at least 0.",
         chances=lambda z: torch.softmax(z, 1) - 0.5),
    slip("threshold of 0.5 on the logits", "A half is a probability. The logit of a half is 0.",
         answers=[lambda z: z >= 0.5, lambda z: z > 0.5]),
    slip("only one where many may be true", "The largest is one class. Each class has an answer of its own: at least a half, or not.",
         answers=[lambda z: z.argmax(1), lambda z: F.one_hot(z.argmax(1), z.shape[1]), lambda z: z == z.amax(1, keepdim=True)]),
    slip("probabilities, not decided", "These are the probabilities. Compare them with a half.",
         answers=[torch.sigmoid, lambda z: torch.softmax(z, 1)]),
    slip("logits, not decided", "These are the logits. Compare them with the logit of a half.", answers=lambda z: z),
    slip("many where one is wanted", "For one label, each row has one index: argmax(dim=1).", label=[lambda z: z >= 0, lambda z: z > 0]),
    slip("one and many exchanged", "With one=True one index per row is wanted, with one=False a yes or no for each class.",
         switch=lambda one: not one),
    slip("yes and no exchanged", "Yes is for logits of at least 0.", answers=[lambda z: z < 0, lambda z: z <= 0]),
    slip("threshold on two sigmoids", "A sigmoid of a sigmoid is always above a half.", chances=torch.sigmoid),
    slip("threshold above the mean", "A class is there when its own probability is at least a half, whatever the others are.",
         answers=[lambda z: z > z.mean(), lambda z: z > z.mean(1, keepdim=True), lambda z: torch.softmax(z, 1) > 1 / z.shape[1]]),
    slip("threshold of 1 on the logits", "The logit of a half is 0.", answers=lambda z: z >= 1),
    slip("the classes listed, not answered", "For each class a yes or no is wanted, not the indices of those that are there.",
         answers=[lambda z: (z >= 0).nonzero(), lambda z: (z >= 0).nonzero()[:, 1], lambda z: (z > 0).nonzero(),
                  lambda z: (z > 0).nonzero()[:, 1]]),
    slip("one answer for all classes", "Each class of each image has an answer of its own.",
         answers=[lambda z: (z >= 0).any(1), lambda z: (z >= 0).all(1), lambda z: (z >= 0).sum(1)]),
    slip("a half is not taken for a yes",
         "A logit of exactly 0 is a half: at or above the threshold is a yes, so >= and not >. (round makes 0 of a half.)",
         answers=lambda z: z > 0),
]
SCORES = torch.tensor([[2, 3, 0.1, -1], [-1, -2, -3, -0.02], [1.5, -0.5, 1.4, 0.02], [0.3, -4, 0.4, -3], [20, 30, 25, 18], [0.2, 1, -1, 1]])
PREDICT_LABELS = Task(lambda z, one: z.argmax(1) if one else z >= 0, ["logits", "one"], [
    (ROW, True),
    (ROW, False),
    (SCORES, True),
    (SCORES, False),
    (WIDE[:, :2] + 0.001, True),
    (WIDE[:, :2] + 0.001, False),
], [decided], {"switch": lambda one: one, "scores": lambda z: z, "label": lambda z: z.argmax(1), "chances": lambda z: z,
               "answers": lambda z: z >= 0},
    DECISION_SLIPS, [((torch.tensor([[0.0, 2, -1]]), False), [Fault(
        DECISION_SLIPS[-1].name, DECISION_SLIPS[-1].thought, lambda yes: yes.tolist() == [[0, 1, 0]])])],
    also=lambda z, one: z.shape[1] - 1 - z.flip(1).argmax(1) if one else z >= 0)


def check_predict_labels(function: Callable[[Tensor, bool], Tensor]) -> Result:
    """Whether function(logits [N, C], one) → label [N] where one is true, else [N, C]: yes from a probability of a half on.

    Written in notebooks/06.
    """
    return check(function, PREDICT_LABELS)
