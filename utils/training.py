"""Training on real handwriting: what each mistake looks like from outside.  Taught in notebooks/08_training.ipynb."""

import functools
import itertools
import math
from collections.abc import Callable

import ipywidgets as widgets
import torch
from torch import Tensor
from torch.nn import functional as F

from utils import plots
from utils.digits import DIGITS, TRAIN, digits, halves
from utils.explore import STILL, Explorer
from utils.language import say
from utils.picture import Picture
from utils.plots import number
from utils.predict import Questions, the_one
from utils.symptoms import MISTAKES, OPTIMIZERS, STEPS, complaint, from_outside, rises

loss = F.cross_entropy  # the right one
RATES = [float(f"{digit}e{power}") for power in (-3, -2, -1, 0) for digit in (1, 1.5, 2, 3, 5, 7)][:21]  # 0.001 to 2
SHOWN = (0, 1, 2, 140, 88, 202, 159, 37)  # of the test images: three that are easy, and five that are not
SQUARE = 13  # pixels of the picture for one of an image


def explore_training(loss: Callable[[Tensor, Tensor], Tensor]) -> Explorer:
    """Learning rate, mistake, optimizer → 100 steps with the reader's loss([N, 3], [N]) → its curve, the accuracy, eight images."""
    learn, test = halves(*digits(*DIGITS))
    zeros, wrong = torch.zeros(TRAIN, 3), ""
    if complaint(loss, zeros.double(), learn[1]):  # some functions insist on 32 bits
        learn, test = ((images.float(), labels) for images, labels in (learn, test))
        wrong = complaint(loss, zeros, learn[1])
    used = F.cross_entropy if wrong else loss  # beside a complaint the words say what torch's would do
    picture, last = Picture(), {}  # the numbers of the last run that had a first step
    left, right, corners = 120, 720, [(918 + 132 * (k % 4), 62 + 202 * (k // 4)) for k in range(8)]
    floor = 408
    along, share = plots.axis(0, STEPS, left, right), plots.axis(0, 1, floor, 318)

    @functools.lru_cache(100)  # a hand goes back and forth
    def trained(mistake, rate, optimizer):
        return from_outside(mistake, used, learn, test, rate, optimizer)

    def compute(values):
        mistake, rate, optimizer = values["mistake"], values["learning rate"], values["optimizer"]
        now = trained(mistake, rate, optimizer) | {"mistake": mistake, "rate": rate, "optimizer": optimizer}
        now["shares"] = torch.softmax(test[0][list(SHOWN)] @ now["weights"], dim=1) if now["losses"] else None
        if now["losses"]:
            last.update(now)
        return now

    def draw(now, before):
        ghost = before if before and before["losses"] else None
        if wrong:  # none of this follows from the reader's function
            now, ghost = now | {"losses": [], "accuracies": [], "shares": None}, now
        losses = now["losses"]
        if not losses and not ghost and last:  # it did not even begin, so the last curve stays, as a ghost
            ghost = last
        low, high = plots.reach(*losses, *(ghost["losses"] if ghost else ()), now["guess"])
        at = plots.axis(low, high, 276, 46)
        picture.begin((low, high), lambda: furniture(low, high, at))
        ends = {}  # what stands at the right, at which height
        for name, look, value in (("guess", plots.GHOST, now["guess"]), ("floor", plots.QUIET, max(now["floor"], 0))):
            if low <= value <= high and abs(at(value) - at(0)) > 8:  # on the axis it would be taken for where the curve ends
                picture.dashes(name, look, left, right, at(value), data=value)
                ends[f"{name} says"] = value, plots.SMALL, plots.QUIET
        picture.dashes("third", plots.GHOST, left, right, share(1 / 3), data=1 / 3)
        if ghost:
            path("before curve", plots.GHOST, ghost["losses"], at)
            path("before accuracy", plots.GHOST, ghost["accuracies"], share)
        path("curve", plots.INK, losses, at)
        path("accuracy", plots.INK, now["accuracies"], share)
        if losses and not now["wild"]:
            if plots.drawable(losses[-1]):
                ends["loss says"] = losses[-1], plots.SIZE, plots.INK
            picture.text("right says", plots.short(now["accuracies"][-1]), right + 14, share(now["accuracies"][-1]))
        heights = plots.apart([at(value) for value, _, _ in ends.values()], [30] * len(ends), 26, 296, gap=2) if ends else ()
        for (name, (value, size, look)), y in zip(ends.items(), heights):
            picture.text(name, plots.short(value), right + 14, y, size=size, look=look)
        for j, k in enumerate(SHOWN):
            answer(f"image {k}", *corners[j], None if now["shares"] is None else now["shares"][j], int(test[1][k]))

    def furniture(low, high, at):
        for name, place, values, title in (("loss", at, {low, high} - {0}, "loss"), ("right", share, {1}, "accuracy")):
            picture.text(name, title, left + 10, place(max(values)) - 20, size=plots.SMALL, look=plots.QUIET)
            plots.ticks(picture, name, place, [0, *sorted(values)], left, upright=True)
            picture.box(f"{name} 0", plots.QUIET, left - 2, place(0) - 1, right, place(0) + 1)
        plots.ticks(picture, "step", along, [0, STEPS // 2, STEPS], floor)
        picture.text("step", "step", right + 44, floor + 28, size=plots.SMALL, look=plots.QUIET)
        for k, (x, y) in zip(SHOWN, corners):
            picture.cells(f"image {k}", (test[0][k].reshape(8, 8) * 3).round().int().numpy(), x, y, SQUARE, data=k)
        picture.text("softmax", "softmax", corners[0][0], 24, size=plots.SMALL, look=plots.QUIET)
        for k, digit in enumerate(DIGITS):  # whose shares the strips below the images are
            plots.label(picture, f"key {k}", k, str(digit), corners[1][0] + 40 + 88 * k, 24)

    def path(name, look, values, place):
        """A curve over the steps, as far as it has a place."""
        values = list(itertools.takewhile(plots.drawable, values))
        if len(values) > 1:
            picture.path(name, look, [along(k) for k in range(len(values))], [place(value) for value in values], data=values)

    def answer(name, x, y, shares, truth):
        """Below an image the shares as a strip, and which digit the largest says; both red where another one is true."""
        low, high, end = y + 8 * SQUARE + 8, y + 8 * SQUARE + 26, x + 8 * SQUARE
        if shares is None or not shares.isfinite().all():
            picture.text(f"{name} says", "?", x, high + 26)
            return
        for k, stretch in plots.cuts(shares).items():
            a, b = (x + 8 * SQUARE * cut for cut in stretch)
            picture.box(f"{name} share {k}", plots.HATCHED[k], a, low, b, high, data=stretch)
        picture.frame(f"{name} strip", plots.INK, x, low, end, high)
        k = int(shares.argmax())
        plots.label(picture, f"{name} says", k, str(DIGITS[k]), x, high + 26, plots.INK if k == truth else plots.RED, true=k == truth)
        if k != truth:
            picture.frame(f"{name} wrong", plots.RED, x - 3, y - 3, end + 3, y + 8 * SQUARE + 3)
            picture.text(f"{name} true", f"{plots.TRUE} {DIGITS[truth]}", x + 58, high + 26)

    def show(now, before):
        draw(now, before)
        losses, accuracies, ended = now["losses"], now["accuracies"], now["losses"] and not now["wild"]
        first, last, right = (number(values[k]) if values else "" for values, k in ((losses, 0), (losses, -1), (accuracies, -1)))
        code, symptoms = MISTAKES[now["mistake"]], say("; ").join(now["symptoms"])
        chosen = [say("learning rate {rate}", rate=f"{now['rate']:g}"), say(now["optimizer"])]
        chosen += [] if now["mistake"] == "none" else [say(now["mistake"])]
        words = [say("the loss in training: {code} (bce: nn.BCEWithLogitsLoss())", code=code) if "bce" in code
                 else say("the loss in training: {code}", code=code)]
        if ended:
            words += [say("loss   at first {first}, after {steps} steps {last}", first=first, steps=len(losses) - 1, last=last),
                      say("test   {some} of {every} images right = {right}", some=round(accuracies[-1] * len(test[1])), every=len(test[1]),
                          right=right)]
        else:
            words.append(say("loss   at first {first}; then it jumps so high that rounding decides where it ends", first=first) if losses
                         else say("loss   none: there was no first step"))
        words.append(say("from outside   {symptoms}", symptoms=symptoms or say("nothing odd")))
        if not before:
            words.append(say(STILL))
        elif ended and before["losses"] and not before["wild"]:
            words.append(say("before → now   loss {loss} → {last}   right {share} → {right}", loss=number(before["losses"][-1]), last=last,
                             share=number(before["accuracies"][-1]), right=right))
        if wrong:
            end = say("no loss")
        else:
            end = say("loss {last}, {right} of the test images right", last=last, right=right) if ended else symptoms
        return f"{say(', ').join(chosen)} → {end}", "\n".join(words), wrong

    controls = {
        "learning rate": widgets.SelectionSlider(options=RATES, value=0.5, description="learning rate",
                                                 layout={"width": "auto"}, style={"description_width": "max-content"}),
        "mistake": widgets.Dropdown(options=[(say(name), name) for name in MISTAKES], description="mistake",
                                    style={"description_width": "max-content"}),
        "optimizer": widgets.ToggleButtons(options=[(say(name), name) for name in OPTIMIZERS], description="optimizer",
                                           style={"description_width": "max-content", "button_width": "12.7em"}),
    }
    return Explorer("explore_training", controls, compute, show, picture, {}, tasks)


# What there is to do: each sentence with the condition that ticks it, from the values of the controls and compute's numbers.
tasks = [
    ("Find a mistake that keeps the loss above a floor, and a learning rate that brings it to within 0.02 of that floor.",
     lambda values, now: now["floor"] > 0.01 and now["losses"] and abs(now["losses"][-1] - now["floor"]) < 0.02),
    ("Make the loss fall below 0 while more than nine of ten answers are right.",
     lambda values, now: now["losses"] and now["losses"][-1] < 0 and now["accuracies"][-1] > 0.9),
    ("Find a mistake with which the loss falls as it should while the model learns to be wrong.",
     lambda values, now: now["losses"] and 0 < now["losses"][-1] < now["losses"][0] / 2 and now["accuracies"][-1] < 0.1),
    ("Without a mistake, get nine of ten right and the loss below 0.1, with a loss that never rises on the way.",
     lambda values, now: values["mistake"] == "none" and now["losses"] and 0 < now["losses"][-1] < 0.1 and now["accuracies"][-1] > 0.9
     and not rises(now["losses"])),
]


# What notebook 8 asks, in its order.
questions = Questions()


def trained(mistake: str) -> tuple[list[float], float]:
    """100 steps of gradient descent on DIGITS with a mistake: the losses, and the share of the test images that are right at the end."""
    seen = from_outside(mistake, loss, *halves(*digits(*DIGITS)))
    return seen["losses"], seen["accuracies"][-1]


@questions.asks("A softmax stands before `nn.CrossEntropyLoss`, and we train. The loss is far higher than without it. And the "
                "answers on the test images?", {
    "About as many are right": "The largest share still belongs to the largest logit, and its label is still pushed up, though less.",
    "Far fewer are right": "The loss looks bad, and one expects the answers to be. But it is the yardstick that changed.",
    "One in three is right, as by guessing": "So it would be if nothing could be learned. The gradient gets smaller, not lost.",
})
def behind_the_floor():
    (_, without), (_, with_it) = trained("none"), trained("softmax before the loss")
    return the_one({"About as many are right": abs(with_it - without) < 0.02, "Far fewer are right": 0.4 < with_it < without - 0.1,
                    "One in three is right, as by guessing": with_it < 0.4}), (
        say("{without} of them without the softmax and {with_it} with it", without=number(without), with_it=number(with_it)))


@questions.asks("A loss starts at the price of guessing, falls smoothly, and never goes below 0. Is the model learning what it should?", {
    "Yes: a falling loss means better answers": "It means better answers *to the target*. If the target is wrong, so is what is learned.",
    "One cannot say: look at the answers": "A model can learn the wrong thing just as smoothly.",
    "No: a good loss falls in jumps": "Jumps come from a learning rate that is too high.",
})
def smoothly():
    losses, right = trained("target reversed")
    falls = all(after < before for before, after in itertools.pairwise(losses)) and losses[-1] > 0
    return the_one({"One cannot say: look at the answers": falls and right < 0.1,
                    "Yes: a falling loss means better answers": falls and right > 0.8}), (
        say("{first} at first, then {last}, with a target that is the wrong way round: {right} of the answers are right",
            first=number(losses[0]), last=number(losses[-1]), right=number(right)))


@questions.asks("A colleague has three classes and batches of 300 images. Her first loss, before any training, is 5.7038. What do you look "
                "for?", {
    "A learning rate that is too high": "Before the first step it has not been used.",
    "A softmax or its loss over the wrong dim": "−log of one share in 300: the images compete, where the classes should.",
    "Labels that start at 1": "Then torch would stop with an error: three classes have labels 0, 1 and 2.",
})
def tie_training():
    first = trained("wrong dim")[0][0]
    return the_one({"A softmax or its loss over the wrong dim": abs(first - math.log(TRAIN)) < 1e-4}), (
        say("log 300 = {loss}, where guessing one of three costs {guess}", loss=number(math.log(TRAIN)), guess=number(math.log(3))))
