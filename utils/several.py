"""One digit or several: two digits side by side, of which three classes may be there and others are none of them.

Taught in notebooks/08_training.ipynb.
"""

import functools
import math

import ipywidgets as widgets
import torch
from torch import Tensor
from torch.nn import functional as F

from utils import plots
from utils.digits import SEVERAL, halves, two_digits
from utils.explore import STILL, Explorer
from utils.inputs import check_tensor, shape
from utils.language import say
from utils.picture import Picture
from utils.plots import number, numbers
from utils.predict import Questions, the_one
from utils.symptoms import adam, run

LOSSES = {  # the loss of logits and targets, and how the logits become what a threshold is for
    "CE, softmax": (lambda logits, targets: F.cross_entropy(logits, targets / targets.sum(1, keepdim=True).clamp(min=1)),
                    functools.partial(torch.softmax, dim=1)),
    "BCE, sigmoid": (F.binary_cross_entropy_with_logits, torch.sigmoid),
}


@functools.cache
def probabilities(name: str) -> Tensor:
    """What a model trained with one of the LOSSES, 100 steps of Adam, says of the test images of two digits.  Returns: [300, 3]."""
    learn, test = halves(*two_digits())
    loss, squash = LOSSES[name]
    return squash(test[0] @ run(loss, *learn, 0.1, adam).weights[-1])


def wholly_right(answers: Tensor, targets: Tensor) -> Tensor:
    """Which images have all their answers right.

    answers, targets: [N, C], yes or no.  Returns: [N], bool.
    Raises TypeError or ValueError for what is no tensor, empty, or of another shape.  Taught in notebooks/08.
    """
    _check_answers(answers, targets)
    return (answers == targets.bool()).all(dim=1)


def precision_recall(answers: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Of what was answered yes, how much is there; of what is there, how much was answered yes; nan where there is nothing.

    answers, targets: [N, C], yes or no.  Returns: two tensors [C].
    Raises TypeError or ValueError for what is no tensor, empty, or of another shape.  Taught in notebooks/08.
    """
    _check_answers(answers, targets)
    found = (answers.bool() & targets.bool()).sum(0)
    return found / answers.sum(0), found / targets.sum(0)


def _check_answers(answers: object, targets: object) -> None:
    """Raises TypeError or ValueError unless both are tensors [N, C] of the same shape."""
    check_tensor(answers, "answers")
    check_tensor(targets, "targets")
    if answers.shape != targets.shape or answers.dim() != 2:
        raise ValueError(say("answers has shape {answers}, targets has {targets}; the same shape [N, C] is wanted for both",
                             answers=shape(answers), targets=shape(targets)))


def explore_several() -> Explorer:
    """Threshold, loss → which images of two digits are wholly right, precision and recall of each class, images that fail."""
    images, targets = halves(*two_digits())[1]
    stops = torch.arange(1, 50, dtype=torch.float64) / 50
    curves = {name: [wholly_right(probabilities(name) >= stop, targets).double().mean().item() for stop in stops] for name in LOSSES}
    picture, size = Picture(), 10
    left, right, top, floor = 90, 560, 46, 400
    across, at = plots.axis(0, 1, left, right), plots.axis(0, 1, floor, top)
    lengths = plots.axis(0, 1, 690, 850)
    corners = [(1010 + 230 * (k % 2), 8 + 232 * (k // 2)) for k in range(4)]

    def furniture():
        picture.text("right", "accuracy", left + 10, 20, size=plots.SMALL, look=plots.QUIET)
        plots.ticks(picture, "right", at, [0, 0.5, 1], left, upright=True)
        plots.ticks(picture, "threshold", across, [0, 0.5, 1], floor)
        picture.text("threshold name", "threshold", across(0.75), floor + 28, "middle", plots.SMALL, look=plots.QUIET)

    def compute(values):
        name = values["loss"]
        answers = probabilities(name) >= values["threshold"]
        whole = wholly_right(answers, targets)
        precision, recall = precision_recall(answers, targets)
        count = targets.sum(1)
        return {"name": name, "threshold": values["threshold"], "answers": answers, "right": whole, "precision": precision,
                "recall": recall, "by count": [(int(whole[count == k].sum()), int((count == k).sum())) for k in range(3)]}

    def draw(now, before):
        picture.begin("furniture", furniture)
        x, share = across(now["threshold"]), now["right"].double().mean().item()
        for name, curve in curves.items():
            picture.text(f"name of {name}", name.partition(",")[0], right + 2, at(curve[-1]), size=plots.SMALL,
                         look=plots.INK if name == now["name"] else plots.QUIET)
            if name != now["name"]:
                picture.path("other loss", plots.GHOST, across(stops).tolist(), [at(value) for value in curve], data=curve)
        picture.path("curve", plots.INK, across(stops).tolist(), [at(value) for value in curves[now["name"]]], data=curves[now["name"]])
        picture.box("threshold", plots.INK, x - 1, at(share), x + 1, floor, data=now["threshold"])
        picture.box("dot", plots.INK, x - 9, at(share) - 9, x + 9, at(share) + 9, data=share)
        picture.text("share says", plots.short(share), left + 150, 20)
        for k in range(3):
            y = 40 + 150 * k
            plots.label(picture, f"class {k}", k, str(SEVERAL[k]), 690, y - 18)
            for part, letter, low in (("precision", "P", y + 8), ("recall", "R", y + 54)):
                value = float(now[part][k])
                picture.text(f"{part} {k}", letter, 655, low + 17, size=plots.SMALL, look=plots.QUIET)
                if before and math.isfinite(float(before[part][k])) and plots.moved(before[part][k], value):
                    picture.box(f"before {part} {k}", plots.GHOST, lengths(0), low + 36, lengths(float(before[part][k])), low + 41,
                                data=float(before[part][k]))
                if math.isfinite(value):
                    picture.box(f"{part} length {k}", plots.HATCHED[k], lengths(0), low, lengths(value), low + 34, data=value)
                picture.frame(f"{part} whole {k}", plots.INK, lengths(0), low, lengths(1), low + 34, thick=2)
                picture.text(f"{part} {k} says", plots.short(value) if math.isfinite(value) else "0 / 0", lengths(1) + 14, low + 17)
        for place, k in zip(corners, (~now["right"]).nonzero().flatten().tolist()):
            fails(f"image {k}", *place, k, now)

    def fails(name, x, y, k, now):
        """An image that fails, and under it each class's answer as a column with the threshold before it; red where it is wrong."""
        picture.cells(name, (images[k].reshape(2, 8, 8).transpose(0, 1).reshape(8, 16) * 3).round().int().numpy(), x, y, size, data=k)
        start, end = y + 8 * size + 74, y + 8 * size + 12
        place = plots.axis(0, 1, start, end)
        for j, p in enumerate(probabilities(now["name"])[k].tolist()):
            low = x + 56 * j
            picture.box(f"{name} p {j}", plots.HATCHED[j], low, place(0), low + 32, place(p), data=p)
            picture.frame(f"{name} whole {j}", plots.INK, low, place(0), low + 32, place(1), thick=2)
            wrong = bool(now["answers"][k, j]) != bool(targets[k, j])
            if targets[k, j]:
                picture.text(f"{name} true {j}", plots.TRUE, low - 19, start + 24)
            picture.text(f"{name} class {j}", str(SEVERAL[j]), low + 16, start + 24, "middle", look=plots.RED if wrong else plots.INK,
                         bold=wrong)
        picture.dashes(f"{name} threshold", plots.INK, x - 8, x + 154, place(now["threshold"]), data=now["threshold"])

    def show(now, before):
        draw(now, before)
        right, count = int(now["right"].sum()), len(now["right"])
        name, threshold, share = now["name"], f"{now['threshold']:.2f}", number(right / count)
        none, one, two = (say("{some} of {every}", some=some, every=every) for some, every in now["by count"])
        precision, recall = (numbers(now[part]).replace("nan", "0 / 0") for part in ("precision", "recall"))
        words = [
            say("{name}, threshold {threshold}: {right} of {count} images wholly right = {share}",
                name=name, threshold=threshold, right=right, count=count, share=share),
            say("of the images with none of the three: {none}, one of the three: {one}, two of the three: {two}",
                none=none, one=one, two=two),
            say("precision for 0, 3, 6 = {precision}", precision=precision),
            say("recall for 0, 3, 6 = {recall}", recall=recall),
            say("before → now   wholly right {before} → {now}", before=number(before["right"].double().mean().item()), now=share)
            if before else say(STILL),
        ]
        line = say("{name}, threshold {threshold} → {share} wholly right", name=name, threshold=threshold, share=share)
        return line, "\n".join(words), ""

    controls = {
        "threshold": widgets.FloatSlider(0.5, min=0.02, max=0.98, step=0.02, description="threshold", readout_format=".2f",
                                         layout={"width": "auto"}, style={"description_width": "max-content"}),
        "loss": widgets.ToggleButtons(options=list(LOSSES), description="loss",
                                      style={"description_width": "max-content", "button_width": "9.5em"}),
    }
    return Explorer("explore_several", controls, compute, show, picture, {}, tasks)


# What there is to do: each sentence with the condition that ticks it, from the values of the controls and compute's numbers.
tasks = [
    ("With softmax, get more than two thirds of the images wholly right.",
     lambda values, now: values["loss"] == "CE, softmax" and now["right"].double().mean() > 2 / 3),
    ("Get more than nine of ten images wholly right.", lambda values, now: now["right"].double().mean() > 0.9),
    ("With BCE, bring all three recalls above 0.98, whatever it costs in precision.",
     lambda values, now: values["loss"] == "BCE, sigmoid" and bool((now["recall"] > 0.98).all())),
    ("With softmax, find a threshold at which an image with none of the three is wholly right, and one with two of them as well.",
     lambda values, now: values["loss"] == "CE, softmax" and now["by count"][0][0] > 0 and now["by count"][2][0] > 0),
]


# What notebook 8 asks about it.
questions = Questions()


@questions.asks("Two digits on each image, of which none, one or two are among our three. A model trained with cross-entropy answers "
                "*there* where a share reaches 0.5. Of the images with *two* of the three, how many will be wholly right?", {
    "Not one": "Two shares of one 1 reach 0.5 only if both are exactly a half.",
    "About half": "It would be so if one of the two were found and counted as half. Here both are wanted.",
    "Nearly all": "The model knows both digits well. But its shares compete.",
})
def two_there():
    targets = halves(*two_digits())[1][1]
    both = wholly_right(probabilities("CE, softmax") >= 0.5, targets)[targets.sum(1) == 2]
    return the_one({"Not one": not both.any(), "About half": 0.3 < both.double().mean() < 0.7, "Nearly all": both.double().mean() > 0.9}), (
        say("{some} of {every}", some=int(both.sum()), every=len(both)))
