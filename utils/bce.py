"""Binary cross-entropy: one yes-or-no loss per class.  Taught in notebooks/05_bce_per_class.ipynb."""

import functools
import operator
from collections.abc import Callable

import ipywidgets as widgets
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from utils import plots
from utils.cross_entropy import worked_cross_entropy, worked_row
from utils.example import (
    ARTICLE, BCE, CE, LABEL, LABEL_1, LOGITS, TARGET,
    logit_sliders, logits_from, presets, target_boxes, targets_from,
)
from utils.explore import STILL, Explorer, ask, listed
from utils.inputs import check_logits, check_targets
from utils.language import column, say
from utils.picture import Picture
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
        raise ValueError(say('reduction is {reduction}; "mean", "sum" or "none" is wanted', reduction=repr(reduction)))
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
    # From left to right, as it is read: from Python 3.12 on sum() may differ in the last digit, and so in how many are written.
    added = " + ".join(exact(loss, lambda *losses: functools.reduce(operator.add, losses) / count, *terms.tolist()))
    return (f"({added}) / {count}" if reduction == "mean" else added) + f" = {number(loss)}"


def explore_bce(bce_terms: Callable[[Tensor, Tensor], Tensor]) -> Explorer:
    """Logits and targets → a column per class, split into what truth is given and the rest → −log of each, end to end → BCE, CE.

    The losses and what they are reduced to are those of the reader's bce_terms([1, 3], [1, 3]).
    """
    picture = Picture()
    lefts, wide, top, floor = (84, 214, 344), 84, 96, picture.height - 92  # of the columns
    names, start, end = 486, 740, picture.width - 56  # where the lengths have their names, and where they begin and may end
    terms, reduced, single = (92, 152), (196, 246), (300, 346)  # the edges of the losses end to end, of BCE and of CE

    def furniture(low: float, high: float):
        """The axes of the columns and of the lengths, and the names of these."""
        at, kept = plots.axis(low, high, start, end), []
        for tick in (0, low, high, high / 2):
            kept += [tick] if all(abs(at(tick) - at(other)) > 100 for other in kept) else []
        plots.ticks(picture, "loss", at, sorted(kept), floor)
        picture.box("zero", plots.QUIET, at(0) - 1, terms[0], at(0) + 1, floor)
        plots.ticks(picture, "σ", plots.axis(0, 1, floor, top), (0, 0.5, 1), lefts[0] - 22, upright=True)
        picture.text("−log", "−log →", names, 104, size=plots.SMALL, look=plots.QUIET)

    def compute(values):
        logits, targets = logits_from(values).unsqueeze(0), targets_from(values).unsqueeze(0)
        check_logits(logits)
        truth = nn.BCEWithLogitsLoss(reduction="none")(logits, targets)
        answer, wrong = ask(bce_terms, logits, targets, like=truth)
        row = float(nn.CrossEntropyLoss()(logits, targets))
        reduce = {"mean": torch.mean, "sum": torch.sum, "none": lambda terms: None}[values["reduction"]]
        return {"logits": logits[0], "y": targets[0].int().tolist(), "truth": truth[0], "answer": answer[0], "wrong": wrong,
                "sigma": torch.sigmoid(logits)[0], "given": torch.sigmoid(logits * (2 * targets - 1))[0],  # 1 − σ(z) is σ(−z)
                "p": torch.softmax(logits, dim=1)[0], "reduction": values["reduction"], "bce": reduce(truth), "yours": reduce(answer),
                # CrossEntropyLoss takes any row; there is a label that says the same only where exactly one class is true
                "row": row, "ce": row if targets.sum() == 1 else None}

    def draw(now, before):
        y, answer, truth, bad = now["y"], now["answer"], now["truth"], bool(now["wrong"])
        ends = [end for losses in (answer, truth, before["truth"] if before else ()) for stretch in plots.cuts(losses).values()
                for end in stretch]
        low, high = plots.reach(*ends)  # CE is never larger than the three losses together
        picture.begin((low, high), lambda: furniture(low, high))
        at, look = plots.axis(low, high, start, end), plots.RED if bad else plots.INK
        plots.columns(picture, "σ", lefts, wide, plots.axis(0, 1, floor, top), now["sigma"], before=before and before["sigma"], given=y,
                      true=[k for k in range(3) if y[k]], labels=(58, floor + 28), texts=[plots.short(p) for p in now["given"].tolist()])
        for k, left in enumerate(lefts):
            picture.text(f"given {k}", "σ" if y[k] else "1 − σ", left + wide / 2, 22, "middle", plots.SMALL, look=plots.QUIET)
        plots.strip(picture, "loss", (start, end), terms, answer, truth, before and plots.cuts(before["truth"]), labels=-58,
                    span=(low, high))
        picture.text("sum says", f"Σ {plots.short(float(answer.sum()))}", names, 140, look=look)
        picture.text("BCE says", "BCE" if now["yours"] is None else f"BCE {plots.short(float(now['yours']))}", names, 208, look=look)
        picture.text("reduced by", {"mean": "Σ ÷ 3", "sum": "Σ", "none": "[1, 3]"}[now["reduction"]], names, 242, size=plots.SMALL,
                     look=plots.QUIET)
        if now["yours"] is None:
            for k, (a, b) in plots.cuts(answer).items():
                picture.box(f"BCE {k}", plots.RED if bad else plots.QUIET, at(a) + 1, reduced[0], at(b) - 1, reduced[1], data=(a, b))
        elif plots.drawable(now["yours"]):
            plots.parts(picture, "BCE", at, reduced, float(answer.sum()), 3 if now["reduction"] == "mean" else 1, bad)
        if bad and now["bce"] is not None:
            picture.frame("torch BCE", plots.INK, at(0), reduced[0], at(float(now["bce"])), reduced[1], data=(0, float(now["bce"])))
        if now["ce"] is None:
            picture.text("CE says", f"CE  {plots.TRUE} × {sum(y)}", names, sum(single) / 2, look=plots.QUIET)
        else:
            picture.text("CE says", f"CE {plots.short(now['ce'])}", names, 312)
            picture.text("CE of", "−log softmax", names, 346, size=plots.SMALL, look=plots.QUIET)
            picture.box("CE", plots.HATCHED[y.index(1)], at(0), single[0], at(now["ce"]), single[1], data=(0, now["ce"]))
            picture.frame("CE edge", plots.INK, at(0), single[0], at(now["ce"]), single[1], data=(0, now["ce"]))
        for name, edge, key in (("BCE", reduced[1], "bce"), ("CE", single[1], "ce")):
            plots.ghost(picture, name, at, edge, before and before[key], now[key])

    def show(now, before):
        draw(now, before)
        y, truth, reduction = now["y"], now["truth"], now["reduction"]
        rows = []
        for k, there in enumerate(y):
            rows.append(column(say("class {k}", k=k), 10) + f"y = {there}   {'−log σ' if there else '−log(1 − σ)':<11} = "
                        f"−log {exact(float(truth[k]), minus_log, float(now['given'][k]))[0]} = {number(float(truth[k]))}")
        rows.append(f"BCE = {worked_bce(truth, reduction, now['bce'])}")
        rows.append(f"CE  {worked_row(y, now['row'])}" if now["ce"] is None else
                    f"CE  = {worked_cross_entropy(now['p'], y.index(1), now['ce'])}")
        rows.append(before_and_now(before, now))
        line = say("logits {logits}, target {y} → losses {losses}", logits=listed(now["logits"]), y=y, losses=numbers(now["answer"]))
        if reduction != "none":
            line += f", {reduction} {number(float(now['yours']))}"
        return line, "\n".join(rows), now["wrong"]

    controls = logit_sliders() | target_boxes() | {
        "reduction": widgets.ToggleButtons(options=["mean", "sum", "none"], description="reduction",
                                           style={"description_width": "max-content", "button_width": "6em"})}
    return Explorer("explore_bce", controls, compute, show, picture, presets(**LABEL_1), tasks)


def before_and_now(before: dict | None, now: dict) -> str:
    """What both losses were and are, in words; CE only where a label says what is true."""
    if not before:
        return say(STILL)
    bce = [f"[{numbers(at['truth'])}]" if at["bce"] is None else number(float(at["bce"])) for at in (before, now)]
    ce = ["—" if at["ce"] is None else number(at["ce"]) for at in (before, now)]
    return "   ".join([say("before → now"), f"BCE {' → '.join(bce)}", *([f"CE {' → '.join(ce)}"] if set(ce) != {"—"} else [])])


# What there is to do: each sentence with the condition that ticks it, from the values of the controls and compute's numbers.
tasks = [
    ("Class 0 costs most. Bring its loss below 0.1 and leave what is true as it is.",
     lambda values, now: now["y"] == [0, 1, 0] and float(now["truth"][0]) < 0.1),
    ("Leave the logits at 2, 3, 0.1 and make BCE as small as it gets by saying what is true.",
     lambda values, now: now["logits"].tolist() == list(ARTICLE) and now["y"] == [1, 1, 1]),
    ("Leave the loss of class 1 at 0.0486 and make CE larger than 1.",
     lambda values, now: number(float(now["truth"][1])) == "0.0486" and (now["ce"] or 0) > 1),
    ("Let the only true class cost more than nine tenths of the sum.",
     lambda values, now: sum(now["y"]) == 1 and float(now["truth"][now["y"].index(1)]) > 0.9 * float(now["truth"].sum())),
    ("Bring the mean below CE, with class 1 the true one and its loss below 0.5.",
     lambda values, now: now["reduction"] == "mean" and now["y"] == [0, 1, 0] and float(now["truth"][1]) < 0.5
     and float(now["bce"]) < now["ce"]),
]


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
    return f"Class {int(losses.argmax())}'s", numbers(losses)


@questions.asks("Of 1,000 classes one is true. A model knows only how rare that is, and answers 0.001 for each. What does BCE say?", {
    "0.6931, as for every guess": "That is what a half costs. Here 999 of the answers are nearly right.",
    "More than our 0.9733": "The one true class costs −log 0.001, which is much. But it is one of a thousand in the mean.",
    "Less than 0.01": "999 classes cost almost nothing, and the mean divides the one sure mistake by a thousand.",
})
def one_in_a_thousand():
    loss = float(F.binary_cross_entropy(torch.full((1, 1000), 0.001), F.one_hot(torch.tensor([0]), 1000).float()))
    return the_one({"Less than 0.01": loss < 0.01, "0.6931, as for every guess": 0.6 < loss < 0.7,
                    "More than our 0.9733": loss > 0.97}), number(loss)


@questions.asks("All three logits are 0: a coin toss for each class. What will `nn.BCEWithLogitsLoss` say, whatever is true?")
def coin_toss():
    half = torch.tensor(0.5)
    return float(BCE(torch.zeros(1, 3), TARGET)), say("Each answer gives a half to the truth: −log ½ = log 2."), {
        0.5: say("this is the probability. The loss is −log of it."),
        float(CE(torch.zeros(1, 3), LABEL)): say("this is log 3, the price of guessing one of three. Here each question has two answers."),
        float(-half.log10()): say("this is −log ½ to base 10. Torch's `log` is the natural one."),
        3 * float(-half.log()): say("this is the sum of the three. The loss is their mean."),
        1.0: say("this is −log ½ to base 2, in bits. Torch's `log` is the natural one."),
    }


@questions.asks("On the same logits, BCE says 0.9733 and CE 0.3527. Why is BCE larger here?", {
    "BCE takes sigmoid, and sigmoid gives class 1 less": "It gives class 1 more: 0.9526 against 0.7028. Class 1 alone would cost 0.0486.",
    "BCE also asks about the classes that are not there":
        "Two of its three losses are about classes 0 and 2, and the model said yes to both.",
    "BCE is a sum over classes, CE a mean": "BCE is a mean by default. It is the mean of three losses, though, and CE is one.",
})
def tie_bce():
    losses = F.binary_cross_entropy_with_logits(LOGITS, TARGET, reduction="none")[0]
    ce, of_class_1 = float(CE(LOGITS, LABEL)), float(losses[1])
    return the_one({"BCE also asks about the classes that are not there": of_class_1 < ce < float(losses.mean()),
                    "BCE takes sigmoid, and sigmoid gives class 1 less": of_class_1 >= ce,
                    "BCE is a sum over classes, CE a mean": torch.isclose(losses.sum(), BCE(LOGITS, TARGET)).item()}), (
        say("{losses}, of which only the second is about class 1", losses=numbers(losses)))
