"""Binary cross-entropy: one yes-or-no loss per class.  Taught in notebooks/05_bce_per_class.ipynb."""

from collections.abc import Callable

import ipywidgets as widgets
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from utils import bars as plots
from utils.cross_entropy import worked_cross_entropy, worked_row
from utils.example import (
    BCE, CE, LABEL, LABEL_1, LOGITS, TARGET, logit_sliders, logits_from, presets, target_boxes, targets_from,
)
from utils.explore import Explorer, ask, listed
from utils.inputs import check_logits, check_targets
from utils.bars import GREY
from utils.plots import exact, minus_log, number, numbers
from utils.predict import Questions, the_one
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
        reduction, row = values["reduction"], float(nn.CrossEntropyLoss()(logits, targets))
        return {"logits": logits[0], "y": targets[0].int().tolist(), "truth": truth[0], "answer": answer[0],
                "sigma": torch.sigmoid(logits)[0], "p": torch.softmax(logits, dim=1)[0], "wrong": wrong,
                "reduction": reduction,
                "bce": None if reduction == "none" else float(bce(logits, targets, reduction)),
                # CrossEntropyLoss takes any row; there is a label that says the same only where exactly one class is true
                "row": row, "ce": row if targets.sum() == 1 else None}

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
        rows.append(f"CE  {worked_row(y, now['row'])}" if now["ce"] is None else
                    f"CE  = {worked_cross_entropy(now['p'], y.index(1), now['ce'])}")
        line = f"logits {listed(now['logits'])}, target {y} → losses {numbers(now['answer'])}"
        return line + ("" if reduction == "none" else f", {reduction} {number(now['bce'])}"), "\n".join(rows), now["wrong"]

    controls = logit_sliders() | target_boxes() | {
        "reduction": widgets.ToggleButtons(options=["mean", "sum", "none"], description="reduction",
                                           style={"description_width": "max-content", "button_width": "104px"})}
    return Explorer("explore_bce", controls, compute, show, figure, presets(**LABEL_1))


# What notebook 5 asks, in its order.
questions = Questions()


@questions.asks("The sigmoids are 0.8808, 0.9526 and 0.5250, and only class 1 is true. Each class gets a loss of its own: −log "
                "of what the model gives to the truth. Which is the largest?", {
    "Class 0's": "It is not there, and the model says 0.8808 that it is: 1 − 0.8808 is left for the truth.",
    "Class 1's":
        "It is the true class, and in cross-entropy only that one counts. But its answer, 0.9526 for *there*, is the "
        "best of the three.",
    "Class 2's": "0.5250 is the least sure answer. But not being sure is cheaper than being sure and wrong.",
})
def which_is_largest():
    losses = F.binary_cross_entropy_with_logits(LOGITS, TARGET, reduction="none")[0]
    return f"Class {int(losses.argmax())}'s", f"{numbers(losses)}"


@questions.asks("Of 1,000 classes one is true. A model knows only how rare that is, and answers 0.001 for each. What does BCE say?", {
    "0.6931, as for every guess": "That is what a half costs. Here 999 of the answers are nearly right.",
    "More than our 0.9733": "The one true class costs −log 0.001, which is much. But it is one of a thousand in the mean.",
    "Less than 0.01": "999 classes cost almost nothing, and the mean divides the one sure mistake by a thousand.",
})
def one_in_a_thousand():
    loss = float(F.binary_cross_entropy(torch.full((1, 1000), 0.001), F.one_hot(torch.tensor([0]), 1000).float()))
    return the_one({"Less than 0.01": loss < 0.01, "0.6931, as for every guess": 0.6 < loss < 0.7, "More than our 0.9733": loss > 0.97}), (
        f"{number(loss)}")


@questions.asks("The model gives a logit of 17 to a class that is not there. The loss should be about 17. What will our formula "
                "say in 32 bits?", {
    "17": "So the mathematics says. But 1 − σ(17) has to be computed first, and 32 bits hold about 7 digits.",
    "0": "y log σ vanishes, since y is 0. But the other term, (1 − y) log(1 − σ), is all that is left.",
    "inf": "σ(17) rounds to 1, so 1 − σ(17) is 0, and −log 0 is infinite.",
})
def sure_of_nothing():
    naive = -torch.log(1 - torch.sigmoid(torch.tensor(17.0)))
    in_one_step = float(BCE(torch.tensor([17.0]), torch.tensor([0.0])))
    return the_one({"inf": bool(naive.isinf()), "0": bool(naive < 1), "17": bool((naive - 17).abs() < 1)}), (
        f"{naive.item()} for −log(1 − σ(17)), and {number(in_one_step)} in one step")


@questions.asks("`nn.BCEWithLogitsLoss` is handed the sigmoids in place of the logits. What will it say?", {
    "It raises an error":
        "`nn.BCELoss` would, the other way round, since most logits are no probabilities. But any float can be a "
        "logit.",
    "0.9733, as before": "It would, if sigmoid left a probability as it is. It takes 0.8808 for a logit.",
    "Another number": "Sigmoids lie in 0 … 1, and a second sigmoid makes 0.5 … 0.73 of them: nobody is ever sure.",
})
def sigmoid_twice():
    once, twice = float(BCE(LOGITS, TARGET)), float(BCE(torch.sigmoid(LOGITS), TARGET))
    return the_one({"Another number": abs(once - twice) > 1e-4, "0.9733, as before": abs(once - twice) <= 1e-4}), number(twice)


@questions.asks("All three logits are 0: a coin toss for each class. What will `nn.BCEWithLogitsLoss` say, whatever is true?")
def coin_toss():
    half = torch.tensor(0.5)
    return float(BCE(torch.zeros(1, 3), TARGET)), "Each answer gives a half to the truth: −log ½ = log 2.", {
        0.5: "this is the probability. The loss is −log of it.",
        float(CE(torch.zeros(1, 3), LABEL)): "this is log 3, the price of guessing one of three. Here each question has two answers.",
        float(-half.log10()): "this is −log ½ to base 10. Torch's `log` is the natural one.",
        3 * float(-half.log()): "this is the sum of the three. The loss is their mean.",
        1.0: "this is −log ½ to base 2, in bits. Torch's `log` is the natural one.",
    }


@questions.asks("On the same logits, BCE says 0.9733 and CE 0.3527. Why is BCE larger here?", {
    "BCE takes sigmoid, and sigmoid gives class 1 less":
        "It gives class 1 more: 0.9526 against 0.7028. Class 1 alone would cost 0.0486.",
    "BCE also asks about the classes that are not there":
        "Two of its three losses are about classes 0 and 2, and the model said yes to both.",
    "BCE is a sum over classes, CE a mean":
        "BCE is a mean by default. It is the mean of three losses, though, and CE is one.",
})
def tie_bce():
    losses = F.binary_cross_entropy_with_logits(LOGITS, TARGET, reduction="none")[0]
    ce, of_class_1 = float(CE(LOGITS, LABEL)), float(losses[1])
    return the_one({"BCE also asks about the classes that are not there": of_class_1 < ce < float(losses.mean()),
                    "BCE takes sigmoid, and sigmoid gives class 1 less": of_class_1 >= ce,
                    "BCE is a sum over classes, CE a mean": torch.isclose(losses.sum(), BCE(LOGITS, TARGET)).item()}), (
        f"{numbers(losses)}, of which only the second is about class 1")
