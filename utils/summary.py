"""One question with three answers, or three questions: both losses side by side.  See notebooks/06_summary.ipynb."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from utils import bars as plots
from utils.bce import worked_bce
from utils.cross_entropy import worked_cross_entropy, worked_row
from utils.example import (
    ARTICLE, BCE, CE, LABEL, LABEL_1, LOGITS, TARGET, logit_sliders, logits_from, presets, target_boxes, targets_from,
)
from utils.explore import Explorer, listed, slider
from utils.inputs import check_logits
from utils.bars import GREY
from utils.plots import number, numbers
from utils.predict import Questions, the_one
from utils.sigmoid import sigmoid
from utils.target_shape import refuses


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


# What notebook 6 asks, in its order.
questions = Questions()


@questions.asks("Class 1 is true. Which logits must come down to bring BCE below 0.3527, where CE stands now?", {
    "Logit 0 alone is enough": "It is the sure mistake, and makes up most of the sum.",
    "Both logit 0 and logit 2":
        "Both are answered wrongly, so both seem to be needed. But the two losses are far from equal.",
    "No logit can: BCE is always larger":
        "It is larger here. But each of its three losses can be brought as near to 0 as you like.",
})
def below_ce():
    def lowest(*moved):
        return float(BCE(LOGITS.clone().index_fill(1, torch.tensor(moved), -6.0), TARGET))
    ce = float(CE(LOGITS, LABEL))
    return the_one({"Logit 0 alone is enough": lowest(0) < ce, "Both logit 0 and logit 2": lowest(0, 2) < ce <= lowest(0),
                    "No logit can: BCE is always larger": ce <= lowest(0, 2)}), (
        f"{number(lowest(0))} with logit 0 at −6, {number(lowest(2))} with logit 2 at −6, {number(lowest(0, 2))} with both")


@questions.asks("Classes 0 and 1 are both on the image, and the model is sure of it: logits 6, 4, −6. How many *softmax* shares "
                "reach 0.5?", {
    "None": "Two that share equally get a little less than a half each. But class 0 leads by 2.",
    "One": "The lead of 2 gives class 0 nearly all, although a logit of 4 is as good as sure too.",
    "Two": "It should be two, and two sigmoids do. But two shares of one 1 are never both above a half.",
})
def two_true():
    p = torch.softmax(torch.tensor([[6.0, 4.0, -6.0]]), dim=1)[0]
    return ("None", "One", "Two")[int((p >= 0.5).sum())], f"shares of {p[0]:.4f}, {p[1]:.4f} and {p[2]:.4f}"


@questions.asks("An image with none of the three classes on it: logits −4, −3, −5. What does argmax answer?", {
    "None of them": "That would be right, and a threshold on sigmoid says it. Argmax has no such answer.",
    "Class 1": "The largest of three numbers exists, however low they all are.",
    "An error": "Low logits are logits. Nothing in argmax looks at how large the largest is.",
})
def argmax_of_none():
    low = torch.tensor([[-4.0, -3.0, -5.0]])
    return f"Class {int(low.argmax())}", (
        f"class {int(low.argmax())}, with sigmoids of {numbers(torch.sigmoid(low)[0])}")


@questions.asks("We take 2.5 off every logit. What happens to the two losses of our image, whose class is 1?", {
    "Both stay": "Softmax does not see it. But sigmoid looks at each logit by itself, and each is lower now.",
    "CE stays, BCE changes": "Shares depend on differences only. Each sigmoid has its own logit, and falls with it.",
    "Both change": "All logits change, and so it looks as if all losses must. But their differences are the old ones.",
})
def all_lower():
    changes = [abs(float(loss(LOGITS - 2.5, right) - loss(LOGITS, right))) > 1e-4 for loss, right in ((CE, LABEL), (BCE, TARGET))]
    choices = {(False, False): "Both stay", (False, True): "CE stays, BCE changes", (True, True): "Both change"}
    return choices[tuple(changes)], (
        f"{number(float(CE(LOGITS - 2.5, LABEL)))} for CE and {number(float(BCE(LOGITS - 2.5, TARGET)))} for BCE afterwards")


@questions.asks("One yes-or-no question for each image, one logit, shape `[N, 1]`, and `nn.CrossEntropyLoss` with label 0 for each. "
                "What will it say?", {
    "It raises an error": "Shapes and types fit: N rows of one logit, N labels. Torch cannot know that one class is too few.",
    "log 2 for a logit of 0": "That is what two classes would cost, or BCE. Here the only class shares with nobody.",
    "Always 0": "Softmax gives the only class the whole 1, whatever its logit is, and −log 1 is 0.",
})
def one_class():
    losses = [float(CE(torch.tensor([[z]]), torch.tensor([0]))) for z in (-5.0, 0.0, 5.0)]
    return the_one({"Always 0": losses == [0, 0, 0], "log 2 for a logit of 0": losses[1] > 0.5}), (
        f"{losses[0]}, {losses[1]} and {losses[2]} for logits of −5, 0 and 5")


# The closing round


@questions.asks("(1) Photos of animals, exactly one of ten kinds on each. Which loss, and which answer?", {
    "CrossEntropyLoss and argmax": "One question with ten answers: the classes compete, and the largest wins.",
    "BCEWithLogitsLoss and a threshold":
        "It runs. But it may answer with two animals or none, and it does not know that only one can be right.",
    "BCEWithLogitsLoss and softmax": "Softmax goes with the other loss: sigmoid is inside this one.",
})
def round_animals():
    # one animal among ten, the first and the second nearly alike: argmax names one, a threshold two
    logits = torch.tensor([[4.0, 3.9] + [-4.0] * 8])
    named, above = logits.argmax(dim=1).numel(), int((torch.sigmoid(logits) >= 0.5).sum())
    return the_one({"CrossEntropyLoss and argmax": named == 1, "BCEWithLogitsLoss and a threshold": above == 1}), (
        f"{named} animal by argmax and {above} by a threshold of 0.5, on ten logits of which two are high")


@questions.asks("(2) X-ray images with any number of 14 findings on each, often none. Which loss, and which answer?", {
    "CrossEntropyLoss and argmax": "Argmax names one finding on every image, on a healthy one too.",
    "CrossEntropyLoss and a threshold on softmax":
        "The shares sum to 1, so at most one of two findings gets more than a half. A threshold of 0.5 misses the "
        "other, or both.",
    "BCEWithLogitsLoss and a threshold": "Fourteen questions, each with its own yes or no: none, one or many.",
})
def round_findings():
    healthy, ill = torch.full((14,), -4.0), torch.tensor([4.0, 4.0] + [-4.0] * 12)
    by_sigmoid, by_softmax, by_argmax = ([int(found.sum()) for found in map(find, (healthy, ill))] for find in (
        lambda z: torch.sigmoid(z) >= 0.5, lambda z: torch.softmax(z, dim=0) >= 0.5, lambda z: F.one_hot(z.argmax(), 14)))
    return the_one({"BCEWithLogitsLoss and a threshold": by_sigmoid == [0, 2],
                    "CrossEntropyLoss and a threshold on softmax": by_softmax == [0, 2],
                    "CrossEntropyLoss and argmax": by_argmax == [0, 2]}), (
        f"{by_sigmoid[0]} findings on a healthy image and {by_sigmoid[1]} on one with two, by sigmoid; "
        f"by softmax {by_softmax[0]} and {by_softmax[1]}, by argmax {by_argmax[0]} and {by_argmax[1]}")


@questions.asks("(3) 32 images, 10 classes, one label each. What does `nn.CrossEntropyLoss` want as its target?", {
    "[32] long": "One index per row of logits.",
    "[32, 1] long": "A column looks tidy beside [32, 10]. The loss wants one index per row and no dimension more.",
    "[32, 10] long": "One-hot rows are allowed, but as probabilities, so as floats.",
})
def round_labels():
    labels = torch.arange(32) % 10
    targets = {"[32] long": labels, "[32, 1] long": labels.unsqueeze(1), "[32, 10] long": F.one_hot(labels, 10)}
    says = {name: refuses(CE, torch.zeros(32, 10), target) for name, target in targets.items()}
    return the_one({name: not error for name, error in says.items()}), (
        f"{says['[32, 1] long']} to the target [32, 1], {says['[32, 10] long']} to [32, 10]")


@questions.asks("(4) 32 images, 14 findings, any number on each. What does `nn.BCEWithLogitsLoss` want as its target?", {
    "[32] long": "One index per image can name only one finding, and the loss asks fourteen questions.",
    "[32, 14] long": "The shape is right. The numbers are answers between 0 and 1, so floats.",
    "[32, 14] float": "One answer for each logit: shape of the logits, floats from 0 to 1.",
})
def round_targets():
    rows = (torch.arange(32 * 14) % 3 == 0).long().reshape(32, 14)
    targets = {"[32] long": rows[:, 0], "[32, 14] long": rows, "[32, 14] float": rows.float()}
    says = {name: refuses(BCE, torch.zeros(32, 14), target) for name, target in targets.items()}
    return the_one({name: not error for name, error in says.items()}), (
        f"{says['[32] long']} to the target [32], {says['[32, 14] long']} to whole numbers")


@questions.asks("(5) A model for three classes gets better and better, but its cross-entropy stays above 0.55. What do you look "
                "for first?", {
    "A learning rate that is too high": "Then the loss would jump, and the answers would not get better and better.",
    "A softmax before the loss": "Even perfect probabilities cost 0.5514 when the loss softens them once more.",
    "Too few images": "Too few images make a loss that is low in training and high in use, not one with a floor.",
})
def round_floor():
    floor = float(CE(torch.tensor([[0.0, 1.0, 0.0]]), LABEL))
    return the_one({"A softmax before the loss": 0.55 < floor < 0.56}), (
        f"{number(floor)} for the best probabilities there are, handed over as logits")


@questions.asks("(6) The loss is `nn.BCEWithLogitsLoss`, it falls and falls, and now it says −12. What happened?", {
    "The model is better than perfect": "Perfect is 0: the truth gets a probability of 1, and −log 1 = 0.",
    "Targets outside 0 … 1":
        "With a target of 255 the factor 1 − y is −254, so a large loss is taken away where it should be added.",
    "The learning rate is too high":
        "Then the loss jumps about. It cannot fall below 0 as long as the targets lie in 0 … 1.",
})
def round_negative():
    best, mask = float(BCE(100 * (2 * TARGET - 1), TARGET)), float(BCE(LOGITS, 255 * TARGET))
    return the_one({"Targets outside 0 … 1": mask < 0, "The model is better than perfect": best < 0}), (
        f"{best:.4f} for perfect answers, and {number(mask)} for a target of 255")


@questions.asks("(7) You change `reduction` from `mean` to `sum`, with 64 images and `nn.CrossEntropyLoss`. By what factor does "
                "the gradient change?")
def round_reduction():
    z = torch.linspace(-1, 1, 64 * 3).reshape(64, 3)
    labels, gradients = torch.arange(64) % 3, []
    for reduction in ("sum", "mean"):
        moved = z.clone().requires_grad_()
        nn.CrossEntropyLoss(reduction=reduction)(moved, labels).backward()
        gradients.append(moved.grad.norm())
    return float(gradients[0] / gradients[1]), (
        "The mean divides by the number of images. In plain gradient descent the steps grow by as much; Adam takes it out again."), {
        1.0: "the direction stays, and so it is tempting to think that nothing changes. The length does.",
        1 / 64: "the other way round: the sum is the larger one.",
        192.0: "this is 64 · 3. BCE averages over images *and* classes, CE over images only.",
    }


@questions.asks("(8) Once more: why does `nn.CrossEntropyLoss` say 0.3527 and `nn.BCEWithLogitsLoss` 0.9733 on the same logits?", {
    "One is a mean, the other a sum": "Both are means, over one image here. CE has one loss to average, BCE three.",
    "One three-class loss, and the mean of three two-class losses":
        "Three classes compete for shares of one 1, or each answers yes or no for itself.",
    "The same loss with another rounding":
        "Rounding changes the fourth decimal, not the first. The two take −log of different probabilities.",
})
def round_why():
    ce, terms = -torch.softmax(LOGITS, dim=1)[0, 1].log(), torch.stack([
        F.cross_entropy(torch.tensor([[0.0, z]]), torch.tensor([y])) for z, y in zip(ARTICLE, (0, 1, 0))])
    one_and_three = torch.isclose(ce, CE(LOGITS, LABEL)) and torch.isclose(terms.mean(), BCE(LOGITS, TARGET))
    return the_one({"One three-class loss, and the mean of three two-class losses": bool(one_and_three),
                    "One is a mean, the other a sum": torch.isclose(terms.sum(), BCE(LOGITS, TARGET)).item()}), (
        f"−log {number(float((-ce).exp()))} = {number(float(ce))}, and "
        f"({' + '.join(number(float(term)) for term in terms)}) / 3 = {number(float(terms.mean()))}")


questions.CLOSING_ROUND = [round_animals, round_findings, round_labels, round_targets,
                           round_floor, round_negative, round_reduction, round_why]
