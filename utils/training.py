"""Training on real handwriting: what each mistake looks like from outside.  Taught in notebooks/08_training.ipynb."""

import functools
import itertools
import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import ipywidgets as widgets
import torch
from torch import Tensor
from torch.nn import functional as F

from utils import plots
from utils.check import Result, Task, check
from utils.cross_entropy import averaged, picked
from utils.digits import DIGITS, SEVERAL, TRAIN, digits, two_digits
from utils.explore import STILL, Explorer
from utils.inputs import call, check_tensor, name_of, one_line, shape
from utils.loss_slips import LABELLING, LOGS, OTHER_LOSSES
from utils.picture import Picture
from utils.plots import number, numbers
from utils.predict import Questions, numbered, the_one
from utils.slips import FIRST, SHARING, Fault, same, slip
from utils.softmax import TOO_LARGE, shares

STEPS = 100
OPTIMIZERS = {"gradient descent": torch.optim.SGD, "Adam": torch.optim.Adam}
loss, bce = F.cross_entropy, torch.nn.BCEWithLogitsLoss()  # the right ones


def training(loss: Callable[[Tensor, Tensor], Tensor], images: Tensor, labels: Tensor, rate: float,
             optimizer: type = torch.optim.SGD) -> Iterator[tuple[float, Tensor]]:
    """A linear model, logits = images @ weights, in training from weights of 0: before each step, the loss and the weights.

    loss: (logits [N, 3], labels) → []; images: [N, pixels], labels: what loss wants; rate: the learning rate.
    Yields for ever: a number and weights [pixels, 3].  What loss raises is raised.  Shown in notebooks/08.
    """
    weights = torch.zeros(images.shape[1], 3, dtype=images.dtype, requires_grad=True)
    step = optimizer([weights], lr=rate)
    while True:
        value = loss(images @ weights, labels)
        yield value.item(), weights.detach().clone()
        weights.grad = None
        value.backward()
        step.step()


# Each mistake as the code that takes the place of loss(logits, labels).  What is shown is what runs; target is the one-hot rows of
# the labels, as floats, and bce is nn.BCEWithLogitsLoss().
MISTAKES = {
    "none": "loss(logits, labels)",
    "softmax before the loss": "loss(torch.softmax(logits, dim=1), labels)",
    "sigmoid before the loss": "loss(torch.sigmoid(logits), labels)",
    "ReLU before the loss": "loss(torch.relu(logits), labels)",
    "sum for mean": "len(labels) * loss(logits, labels)",
    "labels one too high": "loss(logits, labels + 1)",
    "wrong dim": "F.nll_loss(torch.log_softmax(logits, dim=0), labels)",
    "minus forgotten": "-loss(logits, labels)",
    "NLLLoss on shares": "F.nll_loss(torch.softmax(logits, dim=1), labels)",
    "target expanded": "bce(logits, labels.unsqueeze(1).expand(-1, 3).double())",
    "mask of 255": "bce(logits, 255 * target)",
    "sigmoid twice": "bce(torch.sigmoid(logits), target)",
    "target reversed": "bce(logits, 1 - target)",
}


def mistaken(mistake: str, loss: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    """The loss with one of the MISTAKES in it: (logits [N, 3], labels [N]) → []."""
    code = compile(MISTAKES[mistake], mistake, "eval")

    def wrong(logits, labels):
        return eval(code, {"torch": torch, "F": F, "bce": bce, "loss": loss, "logits": logits, "labels": labels,
                           "target": F.one_hot(labels, 3).to(logits.dtype)})

    return wrong


class Run(NamedTuple):
    """A training from outside: the loss before the first step and after each, the weights at the same times, and why it stopped, or ""."""

    losses: list[float]
    weights: list[Tensor]
    stopped: str = ""


def run(loss: Callable[[Tensor, Tensor], Tensor], images: Tensor, labels: Tensor, rate: float,
        optimizer: type = torch.optim.SGD, steps: int = STEPS) -> Run:
    """So many steps of training.  Nothing that the loss does or returns raises here."""
    losses, weights = [], []
    try:
        for value, present in itertools.islice(training(loss, images, labels, rate, optimizer), steps + 1):
            losses.append(value)
            weights.append(present)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # exit() is one
        return Run(losses, weights, one_line(error))
    return Run(losses, weights)


def accuracies(weights: list[Tensor], images: Tensor, labels: Tensor) -> list[float]:
    """The share of the images whose largest logit is that of the label, for each of the weights."""
    if not weights:
        return []
    logits = images @ torch.cat(weights, dim=1)  # all at once: three columns for each
    return (logits.unflatten(1, (-1, 3)).argmax(2) == labels.unsqueeze(1)).double().mean(0).tolist()


def wild(losses: list[float]) -> bool:
    """Whether a loss jumped so high that rounding decides where it ends: the last digits of a float64 grow with each jump."""
    return bool(losses) and max(losses) > 100 * abs(losses[0])


def rises(losses: list[float]) -> bool:
    """Whether a loss is ever larger than one step before, by more than a rounding."""
    return not all(after <= before + 1e-6 for before, after in itertools.pairwise(losses))  # true for nan too


def symptoms(losses: list[float], accuracy: float | None, guess: float, floor: float, stopped: str = "") -> list[str]:
    """What is odd about a training, seen from outside: sentences, none where nothing is.

    losses: before the first step and after each; accuracy: at the end, of three classes; guess: what the right loss says of logits that
    are all 0; floor: what the loss in use says of perfect answers; stopped: the error that ended it.
    """
    if stopped:
        return [f"an error {f'in step {len(losses)}' if losses else 'at once'}: {stopped}"]
    odd = next((k for k, value in enumerate(losses) if not math.isfinite(value)), None)
    if odd is not None:
        return [f"{losses[odd]} {f'from step {odd} on' if odd else 'from the start'}".replace("-", "−")]
    first, last, told = losses[0], losses[-1], []
    if abs(first) > 1.5 * guess:
        told.append(f"it starts at {number(first)}, where guessing costs {number(guess)}")
    if max(abs(value - first) for value in losses) < 1e-4:
        told.append(f"it is stuck at {number(first)}")
    elif max(losses) > 1.1 * abs(first):
        told.append(f"it jumps, to {max(losses) / abs(first):.0f} times where it began" if max(losses) > 2 * abs(first) else "it jumps")
    if min(losses) < -1e-4:
        told.append("it is below 0")
    if 0.01 < floor < math.inf and last >= floor - 1e-4:
        told.append(f"it has a floor: perfect answers would cost {number(floor)}")
    if not wild(losses) and accuracy < 0.25:
        told.append("the answers are worse than guesses")
    elif not wild(losses) and accuracy < 0.4:
        told.append("the answers are no better than guesses")
    return told


def says(loss: Callable[[Tensor, Tensor], Tensor], logits: Tensor, labels: Tensor) -> float:
    """What a loss says of logits; nan where it says nothing.  Nothing raises here."""
    answer = call(loss, logits, labels)[0]
    return float(answer) if answer is not None and answer.numel() == 1 else math.nan


def complaint(loss: Callable[[Tensor, Tensor], Tensor], logits: Tensor, labels: Tensor) -> str:
    """Why the reader's function is no loss, in a sentence; "" where it is one: one number, with a gradient."""
    answer, wrong = call(loss, logits, labels, wanted="a tensor of shape []")
    name = name_of(loss)
    if answer is None:
        return wrong
    if answer.shape != ():
        return f"{name} returned shape {shape(answer)}; shape [] is wanted: end with .mean()"
    if not answer.is_floating_point():
        return f"{name} returned dtype {answer.dtype}; floating point is wanted"
    if not answer.isfinite():
        return f"{name} returned {answer.item()} for logits that are all 0"
    moving, wrong = logits.clone().requires_grad_(), ""
    with torch.enable_grad():
        try:
            torch.autograd.grad(loss(moving, labels), moving)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            wrong = (f"{name} returned a number without a gradient, so nothing can be learned: return the tensor itself, "
                     f"without .item(), .detach(), float() or a new torch.tensor ({one_line(error)})")
    return wrong


RATES = [float(f"{digit}e{power}") for power in (-3, -2, -1, 0) for digit in (1, 1.5, 2, 3, 5, 7)][:21]  # 0.001 to 2
SHOWN = (0, 1, 2, 140, 88, 202, 159, 37)  # of the test images: three that are easy, and five that are not


def explore_training(loss: Callable[[Tensor, Tensor], Tensor]) -> Explorer:
    """Learning rate, mistake, optimizer → 100 steps with the reader's loss([N, 3], [N]) → its curve, the accuracy, eight images."""
    images, labels = digits(*DIGITS)
    images = images.double()
    learn, test = (images[:TRAIN], labels[:TRAIN]), (images[TRAIN:], labels[TRAIN:])
    zeros, perfect = torch.zeros(TRAIN, 3, dtype=torch.float64), 1e4 * (2.0 * F.one_hot(learn[1], 3).double() - 1)
    wrong = complaint(loss, zeros, learn[1])
    if wrong and not complaint(loss, zeros.float(), learn[1]):  # some functions insist on 32 bits
        wrong, zeros, perfect, learn = "", zeros.float(), perfect.float(), (learn[0].float(), learn[1])
    picture, kept = Picture(), []
    left, right, top, floor, roof, ground = 120, 720, 46, 276, 322, 418  # of the curve of the loss, and of the accuracy below
    size, corners = 13, [(918 + 132 * (k % 4), 12 + 228 * (k // 4)) for k in range(8)]

    def furniture(low, high):
        at, share = plots.axis(low, high, floor, top), plots.axis(0, 1, ground, roof)
        picture.text("L", "L", left + 10, 20, bold=True)
        picture.text("right", "✓", left + 10, roof - 20, bold=True)
        for place, ticks, name in ((at, {low, 0, high}, "L"), (share, {0, 1}, "right")):
            for tick in sorted(ticks):
                picture.box(f"{name} tick {tick:g}", plots.QUIET, left - 8, place(tick) - 1, left, place(tick) + 1, data=tick)
                if tick == 0 or abs(place(tick) - place(0)) > 24:
                    picture.text(f"{name} tick {tick:g} says", tall(tick), left - 16, place(tick), "right", plots.SMALL, look=plots.QUIET)
            picture.box(f"{name} axis", plots.QUIET, left - 2, place(min(ticks)), left, place(max(ticks)), data=(min(ticks), max(ticks)))
            picture.box(f"{name} 0", plots.QUIET, left - 2, place(0) - 1, right, place(0) + 1)
        for step in (0, STEPS // 2, STEPS):
            x = left + 6 * step
            picture.box(f"step {step}", plots.QUIET, x - 1, ground, x + 1, ground + 8, data=step)
            picture.text(f"step {step} says", str(step), x, ground + 27, "middle", plots.SMALL, look=plots.QUIET)
        for k, (x, y) in zip(SHOWN, corners):
            picture.cells(f"image {k}", (test[0][k].reshape(8, 8) * 3).round().int().numpy(), x, y, size, data=k)

    def compute(values):
        name, mine = values["mistake"], F.cross_entropy if wrong else loss  # beside a complaint the words say what torch's would do
        used = mistaken(name, mine)
        due = (lambda z, y: bce(z, F.one_hot(y, 3).to(z.dtype))) if MISTAKES[name].startswith("bce") else mine
        guess = says(due, zeros, learn[1])
        ran = run(used, *learn, values["learning rate"], OPTIMIZERS[values["optimizer"]])
        if ran.losses:
            kept[:] = [ran]
        final = torch.softmax(test[0][list(SHOWN)] @ ran.weights[-1].double(), dim=1) if ran.weights else None
        right = accuracies(ran.weights, test[0].to(learn[0].dtype), test[1])
        now = {"rate": values["learning rate"], "optimizer": values["optimizer"], "mistake": name, "losses": ran.losses,
               "accuracies": right, "shares": final, "guess": guess, "floor": says(used, perfect, learn[1]), "wrong": wrong,
               "wild": wild(ran.losses)}
        now["symptoms"] = symptoms(ran.losses, right[-1] if right else None, guess, now["floor"], ran.stopped)
        return now

    def draw(now, before):
        guess, best, ghost = now["guess"], now["floor"], before if before and before["losses"] else None
        if now["wrong"]:  # none of this follows from the reader's function
            now, ghost = now | {"losses": [], "accuracies": [], "shares": None}, now
        losses = now["losses"]
        if not losses and not ghost and kept:  # it did not even begin, so the last curve stays, as a ghost
            ghost = {"losses": kept[0].losses, "accuracies": accuracies(kept[0].weights, test[0].to(learn[0].dtype), test[1])}
        shown = [*losses, *(ghost["losses"] if ghost else ())]
        low, high = plots.reach(*shown, guess)
        picture.begin((low, high), lambda: furniture(low, high))
        at, share = plots.axis(low, high, floor, top), plots.axis(0, 1, ground, roof)
        says = {}  # what stands at the right end of which height
        if plots.drawable(guess):
            picture.dashes("guess", plots.GHOST, left, right, at(guess), data=guess)
            says["guess says"] = plots.short(guess), at(guess), plots.QUIET
        if 0.01 < best <= high:
            picture.dashes("floor", plots.QUIET, left, right, at(best), data=best)
            says["floor says"] = plots.short(best), at(best), plots.QUIET
        picture.dashes("third", plots.GHOST, left, right, share(1 / 3), data=1 / 3)
        if ghost:
            path("before curve", plots.GHOST, ghost["losses"], at)
            path("before accuracy", plots.GHOST, ghost["accuracies"], share)
        path("curve", plots.INK, losses, at)
        path("accuracy", plots.INK, now["accuracies"], share)
        if losses and plots.drawable(losses[-1]) and not now["wild"]:
            says["loss says"] = plots.short(losses[-1]), at(losses[-1]), plots.INK
        if losses and not now["wild"]:
            picture.text("right says", plots.short(now["accuracies"][-1]), right + 14, share(now["accuracies"][-1]))
        for name, y in zip(says, plots.apart([y for _, y, _ in says.values()], [30] * len(says), top - 20, floor + 20, gap=2)):
            text, _, look = says[name]
            picture.text(name, text, right + 14, y, size=plots.SIZE if name == "loss says" else plots.SMALL, look=look)
        for k, (x, y) in zip(SHOWN, corners):
            answer(f"image {k}", x, y, None if now["shares"] is None else now["shares"][SHOWN.index(k)], int(test[1][k]))

    def path(name, look, values, place):
        """A curve over the steps, as far as it has a place."""
        values = list(itertools.takewhile(plots.drawable, values))
        if len(values) > 1:
            picture.path(name, look, [left + 6 * k for k in range(len(values))], [place(value) for value in values], data=values)

    def answer(name, x, y, shares, truth):
        """Below an image the shares as a strip, and which digit the largest says; both red where another one is true."""
        low, high = y + 8 * size + 8, y + 8 * size + 26
        if shares is None or not shares.isfinite().all():
            picture.text(f"{name} says", "?", x, high + 26)
            return
        for k, stretch in plots.cuts(shares).items():
            start, end = (x + 8 * size * share for share in stretch)
            picture.box(f"{name} share {k}", plots.HATCHED[k], start, low, end, high, data=stretch)
        picture.frame(f"{name} strip", plots.INK, x, low, x + 8 * size, high)
        k = int(shares.argmax())
        look = plots.INK if k == truth else plots.RED
        picture.dot(f"{name} marker", k, x + 12, high + 26, size=24)
        picture.text(f"{name} says", str(DIGITS[k]), x + 30, high + 26, look=look)
        if k != truth:
            picture.frame(f"{name} wrong", plots.RED, x - 3, y - 3, x + 8 * size + 3, y + 8 * size + 3)
            picture.text(f"{name} true", f"{plots.TRUE} {DIGITS[truth]}", x + 58, high + 26)

    def show(now, before):
        draw(now, before)
        losses, right, name = now["losses"], now["accuracies"], now["mistake"]
        words = [f"the loss in training: {MISTAKES[name]}" + (" (bce: nn.BCEWithLogitsLoss())" if "bce" in MISTAKES[name] else "")]
        chosen = f"learning rate {now['rate']:g}, {now['optimizer']}" + ("" if name == "none" else f", {name}")
        if not losses:
            words.append("loss   none: there was no first step")
        elif now["wild"]:
            words.append(f"loss   at first {number(losses[0])}; then it jumps so high that rounding decides where it ends")
        else:
            count = len(test[1])
            words.append(f"loss   at first {number(losses[0])}, after {len(losses) - 1} steps {number(losses[-1])}")
            words.append(f"test   {round(right[-1] * count)} of {count} images right = {number(right[-1])}")
        words.append(f"from outside   {'; '.join(now['symptoms']) or 'nothing odd'}")
        if before and before["losses"] and losses and not (now["wild"] or before["wild"]):
            words.append(f"before → now   loss {number(before['losses'][-1])} → {number(losses[-1])}   "
                         f"right {number(before['accuracies'][-1])} → {number(right[-1])}")
        elif not before:
            words.append(STILL)
        end = (f"loss {number(losses[-1])}, {number(right[-1])} of the test images right" if losses and not (now["wild"] or now["wrong"])
               else "; ".join(now["symptoms"]) if not now["wrong"] else "no loss")
        return f"{chosen} → {end}", "\n".join(words), now["wrong"]

    def steadiest(rate, losses):
        """Whether the loss never rises at this rate, and does at the next."""
        mine, further = F.cross_entropy if wrong else loss, [other for other in RATES if other > rate]
        return not rises(losses) and (not further or rises(run(mine, *learn, further[0]).losses))

    controls = {
        "learning rate": widgets.SelectionSlider(options=RATES, value=0.5, description="learning rate",
                                                 layout={"width": "auto"}, style={"description_width": "max-content"}),
        "mistake": widgets.Dropdown(options=list(MISTAKES), description="mistake", style={"description_width": "max-content"}),
        "optimizer": widgets.ToggleButtons(options=list(OPTIMIZERS), description="optimizer",
                                           style={"description_width": "max-content", "button_width": "12.7em"}),
    }
    return Explorer("explore_training", controls, compute, show, picture, {}, tasks=[
        ("Without a mistake, find the largest learning rate at which the loss never jumps.",
         lambda values, now: [values["mistake"], values["optimizer"]] == ["none", "gradient descent"] and steadiest(
             values["learning rate"], now["losses"])),
        ("Find a mistake with a floor, and train until the loss is within 0.02 of it.",
         lambda values, now: now["floor"] > 0.01 and bool(now["losses"]) and abs(now["losses"][-1] - now["floor"]) < 0.02),
        ("Make the loss fall below 0 while more than nine of ten answers are right.",
         lambda values, now: bool(now["losses"]) and now["losses"][-1] < 0 and now["accuracies"][-1] > 0.9),
        ("Find a loss that falls as it should while the model learns to be wrong.",
         lambda values, now: bool(now["losses"]) and 0 < now["losses"][-1] < now["losses"][0] / 2 and now["accuracies"][-1] < 0.1),
    ])


def tall(tick: float) -> str:
    """A tick of an axis as it is written: 2, −500, 10⁵, −2·10⁶."""
    if abs(tick) < 10_000:
        return f"{tick:.0f}".replace("-", "−")
    return plots.power_of_ten(tick, 0).replace("1·10", "10")


# One digit or several: two digits side by side, of which three classes may be there and others are none of them.

LOSSES = {  # the loss of logits and targets, and how the logits become what a threshold is for
    "CE, softmax": (lambda logits, targets: F.cross_entropy(logits, targets / targets.sum(1, keepdim=True).clamp(min=1)),
                    functools.partial(torch.softmax, dim=1)),
    "BCE, sigmoid": (F.binary_cross_entropy_with_logits, torch.sigmoid),
}


@functools.cache
def probabilities(name: str) -> Tensor:
    """What a model trained with one of the LOSSES, 100 steps of Adam, says of the test images of two digits.  Returns: [300, 3]."""
    images, targets = (tensor.double() for tensor in two_digits())
    loss, squash = LOSSES[name]
    trained = run(loss, images[:TRAIN], targets[:TRAIN], 0.1, torch.optim.Adam)
    return squash(images[TRAIN:] @ trained.weights[-1])


def wholly_right(answers: Tensor, targets: Tensor) -> Tensor:
    """Which images have all their answers right.

    answers, targets: [N, C], yes or no.  Returns: [N], bool.
    Raises TypeError or ValueError for what is no tensor, or empty.  Taught in notebooks/08.
    """
    check_tensor(answers, "answers")
    check_tensor(targets, "targets")
    return (answers == targets.bool()).all(dim=1)


def precision_recall(answers: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Of what was answered yes, how much is there; of what is there, how much was answered yes; nan where there is nothing.

    answers, targets: [N, C], yes or no.  Returns: two tensors [C].
    Raises TypeError or ValueError for what is no tensor, or empty.  Taught in notebooks/08.
    """
    check_tensor(answers, "answers")
    check_tensor(targets, "targets")
    found = (answers.bool() & targets.bool()).sum(0)
    return found / answers.sum(0), found / targets.sum(0)


def explore_several() -> Explorer:
    """Threshold, loss → which images of two digits are wholly right, precision and recall of each class, images that fail."""
    images, targets = two_digits()
    images, targets = images[TRAIN:], targets[TRAIN:]
    stops = torch.arange(1, 50, dtype=torch.float64) / 50
    curves = {name: [wholly_right(probabilities(name) >= stop, targets).double().mean().item() for stop in stops] for name in LOSSES}
    picture, size = Picture(), 10
    left, right, top, floor = 90, 560, 46, 400
    across, at = plots.axis(0, 1, left, right), plots.axis(0, 1, floor, top)
    lengths = plots.axis(0, 1, 690, 850)
    corners = [(1010 + 230 * (k % 2), 8 + 232 * (k // 2)) for k in range(4)]

    def furniture():
        picture.text("right", "✓", left + 10, 20, bold=True)
        picture.box("axis", plots.QUIET, left - 2, top, left, floor, data=(0, 1))
        picture.box("floor", plots.QUIET, left - 2, floor - 1, right, floor + 1, data=(0, 1))
        for tick in (0, 0.5, 1):
            picture.box(f"height {tick}", plots.QUIET, left - 8, at(tick) - 1, left, at(tick) + 1, data=tick)
            picture.text(f"height {tick} says", f"{tick:g}", left - 16, at(tick), "right", plots.SMALL, look=plots.QUIET)
            picture.box(f"threshold {tick}", plots.QUIET, across(tick) - 1, floor, across(tick) + 1, floor + 8, data=tick)
            picture.text(f"threshold {tick} says", f"{tick:g}", across(tick), floor + 27, "middle", plots.SMALL, look=plots.QUIET)

    def compute(values):
        name = values["loss"]
        answers = probabilities(name) >= values["threshold"]
        right = wholly_right(answers, targets)
        precision, recall = precision_recall(answers, targets)
        count = targets.sum(1)
        return {"name": name, "threshold": values["threshold"], "answers": answers, "right": right, "precision": precision,
                "recall": recall, "by count": [(int(right[count == k].sum()), int((count == k).sum())) for k in range(3)]}

    def draw(now, before):
        picture.begin("furniture", furniture)
        x, share = across(now["threshold"]), now["right"].double().mean().item()
        for name, curve in curves.items():
            if name != now["name"]:
                picture.path("other loss", plots.GHOST, across(stops).tolist(), [at(value) for value in curve], data=curve)
        picture.path("curve", plots.INK, across(stops).tolist(), [at(value) for value in curves[now["name"]]], data=curves[now["name"]])
        picture.box("threshold", plots.INK, x - 1, at(share), x + 1, floor, data=now["threshold"])
        picture.box("dot", plots.INK, x - 9, at(share) - 9, x + 9, at(share) + 9, data=share)
        picture.text("share says", plots.short(share), *((x + 14, at(0.08)) if x < right - 130 else (x - 14, at(0.08), "right")))
        for k in range(3):
            y = 40 + 150 * k
            plots.label(picture, f"class {k}", k, str(SEVERAL[k]), 690, y - 18)
            for part, letter, low in (("precision", "P", y + 8), ("recall", "R", y + 54)):
                value = float(now[part][k])
                picture.text(f"{part} {k}", letter, 655, low + 17, size=plots.SMALL, look=plots.QUIET)
                if before and math.isfinite(float(before[part][k])):
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
                picture.text(f"{name} true {j}", plots.TRUE, low - 4, start + 24)
            picture.text(f"{name} class {j}", str(SEVERAL[j]), low + 22, start + 24, look=plots.RED if wrong else plots.INK, bold=wrong)
        picture.dashes(f"{name} threshold", plots.INK, x - 8, x + 154, place(now["threshold"]), data=now["threshold"])

    def show(now, before):
        draw(now, before)
        right, count = int(now["right"].sum()), len(now["right"])
        share = right / count
        words = [
            f"{now['name']}, threshold {now['threshold']:.2f}: {right} of {count} images wholly right = {number(share)}",
            "of the images with " + ", ".join(f"{name} of the three: {some} of {all_}" for name, (some, all_) in zip(
                ("none", "one", "two"), now["by count"])),
            *(f"{part} for 0, 3, 6 = {numbers(now[part]).replace('nan', '0 / 0')}" for part in ("precision", "recall")),
        ]
        words.append(f"before → now   wholly right {number(before['right'].double().mean().item())} → {number(share)}" if before else STILL)
        return f"{now['name']}, threshold {now['threshold']:.2f} → {number(share)} wholly right", "\n".join(words), ""

    controls = {
        "threshold": widgets.FloatSlider(0.5, min=0.02, max=0.98, step=0.02, description="threshold", readout_format=".2f",
                                         layout={"width": "auto"}, style={"description_width": "max-content"}),
        "loss": widgets.ToggleButtons(options=list(LOSSES), description="loss",
                                      style={"description_width": "max-content", "button_width": "9.5em"}),
    }
    return Explorer("explore_several", controls, compute, show, picture, {}, tasks=[
        ("Find the threshold at which softmax does best.",
         lambda values, now: values["loss"] == "CE, softmax" and now["right"].double().mean().item() == max(curves["CE, softmax"])),
        ("Make more than nine of ten images wholly right.", lambda values, now: now["right"].double().mean().item() > 0.9),
        ("With BCE, bring all three recalls above 0.98, whatever it costs in precision.",
         lambda values, now: values["loss"] == "BCE, sigmoid" and bool((now["recall"] > 0.98).all())),
        ("With softmax, get an image with none of the three right, and at the same threshold one with two.",
         lambda values, now: values["loss"] == "CE, softmax" and now["by count"][0][0] > 0 and now["by count"][2][0] > 0),
    ])


# What notebook 8 asks, in its order.
questions = Questions()


def trained(mistake: str, rate: float = 0.5, optimizer: str = "gradient descent") -> tuple[Run, float]:
    """100 steps on DIGITS with a mistake, and the share of the test images that are right at the end."""
    images, labels = digits(*DIGITS)
    images = images.double()
    ran = run(mistaken(mistake, loss), images[:TRAIN], labels[:TRAIN], rate, OPTIMIZERS[optimizer])
    return ran, accuracies(ran.weights[-1:], images[TRAIN:], labels[TRAIN:])[0]


@questions.asks("Three digits, and a model whose weights are all 0: so are its logits, on every image. What will `nn.CrossEntropyLoss` "
                "say before the first step?")
def first_loss():
    return float(loss(torch.zeros(TRAIN, 3), digits(*DIGITS)[1][:TRAIN])), "Each label gets a share of ⅓, and −log ⅓ = log 3.", {
        0.0: "nothing has been learned yet, and 0 is the loss of perfect answers.",
        1 / 3: "this is the share of each label. The loss is −log of it.",
        math.log(2): "this is log 2, what one of *two* answers costs by guessing.",
        -math.log10(1 / 3): "this is −log ⅓ to base 10. Torch's `log` is the natural one.",
    }


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
        f"{number(without)} of them without the softmax and {number(with_it)} with it")


@questions.asks("A loss starts at the price of guessing, falls smoothly, and never goes below 0. Is the model learning what it should?", {
    "Yes: a falling loss means better answers": "It means better answers *to the target*. If the target is wrong, so is what is learned.",
    "One cannot say: look at the answers": "A model can learn the wrong thing just as smoothly.",
    "No: a good loss falls in jumps": "Jumps come from a learning rate that is too high.",
})
def smoothly():
    ran, right = trained("target reversed")
    falls = all(after < before for before, after in itertools.pairwise(ran.losses)) and ran.losses[-1] > 0
    return the_one({"One cannot say: look at the answers": falls and right < 0.1,
                    "Yes: a falling loss means better answers": falls and right > 0.8}), (
        f"{number(ran.losses[0])} at first, then {number(ran.losses[-1])}, with a target that is the wrong way round: "
        f"{number(right)} of the answers are right")


@questions.asks("Two digits on each image, of which none, one or two are among our three. A model trained with cross-entropy answers "
                "*there* where a share reaches 0.5. Of the images with *two* of the three, how many will be wholly right?", {
    "None": "Two shares of one 1 reach 0.5 only if both are exactly a half.",
    "About half": "It would be so if one of the two were found and counted as half. Here both are wanted.",
    "Nearly all": "The model knows both digits well. But its shares compete.",
})
def two_there():
    targets = two_digits()[1][TRAIN:]
    both = wholly_right(probabilities("CE, softmax") >= 0.5, targets)[targets.sum(1) == 2]
    return the_one({"None": not both.any(), "About half": 0.3 < both.double().mean() < 0.7, "Nearly all": both.double().mean() > 0.9}), (
        f"{int(both.sum())} of {len(both)}")


@questions.asks("A colleague has three classes and batches of 300 images. Her first loss, before any training, is 5.7038. What do you look "
                "for?", {
    "A learning rate that is too high": "Before the first step it has not been used.",
    "A softmax or its loss over the wrong dim": "−log of one share in 300: the images compete, where the classes should.",
    "Labels that start at 1": "Then torch would stop with an error: three classes have labels 0, 1 and 2.",
})
def tie_training():
    first = trained("wrong dim")[0].losses[0]
    return the_one({"A softmax or its loss over the wrong dim": abs(first - math.log(TRAIN)) < 1e-4}), (
        f"log 300 = {number(math.log(TRAIN))}, where guessing one of three costs {number(math.log(3))}")


# Review: unfamiliar code with one slip in it.  Each is run when the question is answered, as it stands and with the line mended.

LOOP = """optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())"""


def reviewed(code: str, line: int = 0, mended: str = "") -> tuple[list[float], float]:
    """Run a snippet, with a line of it exchanged if one is given.  Returns: its losses, and its share of right answers on the test images.

    A snippet finds images, labels and an empty list losses, and leaves a model: images → logits.
    """
    lines = code.splitlines()
    if line:
        lines[line - 1] = mended
    images, labels = digits(*DIGITS)
    space = {"torch": torch, "nn": torch.nn, "F": F, "images": images[:TRAIN], "labels": labels[:TRAIN], "losses": []}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        exec("\n".join(lines), space)
    with torch.no_grad():
        right = (space["model"](images[TRAIN:]).argmax(dim=1) == labels[TRAIN:]).double().mean()
    return space["losses"], float(right)


# {name: (the code, the line with the slip, the line mended, {choice: why}, {choice: (losses, right) -> whether the code looks so})}
SNIPPETS = {
    "review_shares": (f"""model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 3), nn.Softmax(dim=1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
criterion = nn.CrossEntropyLoss()
for epoch in range(100):
    loss = criterion(model(images), labels)
    {LOOP}""", 1, "model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 3))", {
        "Line 1: the loss will stop above 0.55":
            "`nn.CrossEntropyLoss` contains the softmax. The ReLU in the middle is as it should be. Mend: leave out `nn.Softmax(dim=1)`.",
        "Line 1: the loss will be stuck at 1.0986": "A ReLU at the *end* may do that. This one stands between two layers.",
        "Line 5: the loss will fall below 0":
            "Logits first, labels second: this line is right, and `nn.CrossEntropyLoss` is never negative.",
    }, {"Line 1: the loss will stop above 0.55": lambda losses, right: 0.55 < losses[-1] < 0.7 and right > 0.8,
        "Line 1: the loss will be stuck at 1.0986": lambda losses, right: abs(losses[-1] - math.log(3)) < 0.01,
        "Line 5: the loss will fall below 0": lambda losses, right: min(losses) < 0}),
    "review_names": (f"""model = nn.Linear(64, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
names = torch.arange(3)
wanted = (labels[:, None] != names).float()
for _ in range(100):
    loss = F.binary_cross_entropy_with_logits(model(images), wanted)
    {LOOP}""", 4, "wanted = (labels[:, None] == names).float()", {
        "Line 2: the loss will jump and not come down": "Momentum makes longer steps, but these are short enough.",
        "Line 4: the loss will fall as it should, with nearly all answers wrong":
            "`!=` makes a 1 of every class that is *not* there. Mend: `==`.",
        "Line 6: an error at once, since the target must be labels": "This loss wants just such rows of floats.",
    }, {"Line 2: the loss will jump and not come down": lambda losses, right: losses[-1] > losses[0],
        "Line 4: the loss will fall as it should, with nearly all answers wrong":
            lambda losses, right: 0 < losses[-1] < 0.3 and right < 0.1}),
    "review_scores": (f"""W = torch.zeros(64, 3, requires_grad=True)
model = lambda pixels: pixels @ W
optimizer = torch.optim.Adam([W], lr=0.05)
for step in range(100):
    scores = model(images)
    log_shares = scores - scores.logsumexp(dim=0, keepdim=True)
    loss = -log_shares.gather(1, labels.unsqueeze(1)).mean()
    {LOOP}""", 6, "    log_shares = scores - scores.logsumexp(dim=1, keepdim=True)", {
        "Line 1: the loss will be stuck, since all weights are 0":
            "With one layer that is no harm: the classes get different gradients at once.",
        "Line 6: the loss will start near 5.7 and stay above 4.6":
            "`dim=0` runs over the 300 images: log 300 to begin with, and log of about 100 images of a class at best. Mend: `dim=1`.",
        "Line 7: the loss will be below 0": "The minus is there, and the logarithms of shares are negative.",
    }, {"Line 1: the loss will be stuck, since all weights are 0": lambda losses, right: abs(losses[-1] - losses[0]) < 0.01,
        "Line 6: the loss will start near 5.7 and stay above 4.6": lambda losses, right: 5.6 < losses[0] < 5.8 and min(losses) > 4.6,
        "Line 7: the loss will be below 0": lambda losses, right: min(losses) < 0}),
    "review_nll": (f"""model = nn.Linear(64, 3)
optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
for step in range(100):
    shares = F.softmax(model(images), dim=-1)
    loss = nn.NLLLoss()(shares, labels)
    {LOOP}""", 5, "    loss = nn.NLLLoss()(shares.log(), labels)", {
        "Line 4: the loss will start near 5.7": "`dim=-1` is the last dimension, and there the classes lie.",
        "Line 5: the loss will be below 0, with good answers all the same":
            "`nn.NLLLoss` wants log-shares and only picks and changes the sign. Mend: `F.log_softmax` in line 4, or `shares.log()`.",
        "Line 5: the loss will have a floor at 0.55": "So it would with `nn.CrossEntropyLoss`, which takes a softmax itself.",
    }, {"Line 4: the loss will start near 5.7": lambda losses, right: losses[0] > 5,
        "Line 5: the loss will be below 0, with good answers all the same":
            lambda losses, right: max(losses) < 0 and min(losses) > -1 and right > 0.8,
        "Line 5: the loss will have a floor at 0.55": lambda losses, right: 0.55 < min(losses) < 0.7}),
    "review_sum": (f"""model = nn.Linear(64, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
criterion = nn.CrossEntropyLoss(reduction="sum")
for batch in range(100):
    logits = model(images)
    loss = criterion(logits, labels)
    {LOOP}""", 3, "criterion = nn.CrossEntropyLoss()", {
        "Line 3: the loss will start in the hundreds, and jump":
            "300 losses are added up, and so are their gradients. Mend: keep the mean.",
        "Line 6: an error at once, since the shares are missing": "The loss takes logits, and does the softmax itself.",
        "Line 2: the loss will hardly move": "A rate of 0.1 is no small one here, and the gradient is 300 times what it should be.",
    }, {"Line 3: the loss will start in the hundreds, and jump": lambda losses, right: losses[0] > 200 and max(losses) > 2 * losses[0],
        "Line 2: the loss will hardly move": lambda losses, right: abs(losses[-1] - losses[0]) < 0.01 * losses[0]}),
    "review_yes": (f"""class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(64, 3)
    def forward(self, x):
        return self.layer(x)
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
yes = labels.float().view(-1, 1).repeat(1, 3)
for step in range(100):
    loss = nn.BCEWithLogitsLoss()(model(images), yes)
    {LOOP}""", 9, "yes = F.one_hot(labels, num_classes=3).float()", {
        "Line 6: the loss will have a floor, since a sigmoid is missing": "`nn.BCEWithLogitsLoss` brings the sigmoid along.",
        "Line 9: the loss will fall below 0, and most answers will be wrong":
            "Each row holds its label three times, and a label of 2 is a target of 2. Mend: `F.one_hot(labels, num_classes=3).float()`.",
        "Line 11: an error at once, since the shapes differ": "They would, without `repeat`. With it they agree, and that hides the slip.",
    }, {"Line 6: the loss will have a floor, since a sigmoid is missing": lambda losses, right: 0.5 < losses[-1] < 0.69,
        "Line 9: the loss will fall below 0, and most answers will be wrong": lambda losses, right: losses[-1] < 0 and right < 0.5}),
}


def review(name: str) -> Callable:
    """The question about one of the SNIPPETS."""
    code, line, mended, choices, looks = SNIPPETS[name]

    def answer():
        losses, right = reviewed(code)
        better, good = reviewed(code, line, mended)
        return the_one({choice: look(losses, right) for choice, look in looks.items()}), (
            f"{in_short(losses, right)}; with line {line} mended {in_short(better, good)}")

    answer.__name__ = name
    return questions.asks(f"One line is wrong. Which, and what will one see?\n{numbered(code)}", choices)(answer)


def in_short(losses: list[float], right: float) -> str:
    """A training in a clause, to two decimals; of one that jumps only what does not hang on a rounding."""
    if max(losses) > 2 * abs(losses[0]):
        return f"a loss of {losses[0]:.2f} at first, which then more than doubles"
    first, last = (f"{loss:.2f}".replace("-", "−") for loss in (losses[0], losses[-1]))
    return f"a loss of {first} at first and {last} at the end, with {100 * right:.0f} % of the answers right"


questions.REVIEW = [review(name) for name in SNIPPETS]


# --- the check: a training step in steps, and its own slips

def training_step(weights: Tensor, images: Tensor, labels: Tensor, rate: float) -> Tensor:
    """The weights after one step of gradient descent with cross-entropy: weights − rate · gradient."""
    return weights - rate * slope(F.cross_entropy, weights, images, labels)


def slope(loss: Callable, weights: Tensor, images: Tensor, labels: Tensor) -> Tensor:
    """The gradient of loss(images @ weights, labels) for the weights."""
    with torch.enable_grad():
        weights = weights.detach().clone().requires_grad_()
        return torch.autograd.grad(loss(images @ weights, labels), weights)[0]


def stepped(do, w: Tensor, x: Tensor, y: Tensor, rate: float) -> Tensor:
    """The gradient by autograd, of cross-entropy in its own steps."""
    return do.step(w, slope(functools.partial(averaged(picked), do), w, x, y), rate, x, y)


def by_formula(do, w: Tensor, x: Tensor, y: Tensor, rate: float) -> Tensor:
    """The gradient by its formula: images, turned, times (probabilities − one-hot rows) / N."""
    off = do.off(shares(do, x @ w), do.target(y, w.shape[1]))
    return do.step(w, do.spread(x.T @ off, x), rate, x, y)


STEP_SLIPS = [
    slip("uphill", "The gradient points to where the loss rises. The step goes the other way.",
         step=lambda w, g, rate, *_: w + rate * g, off=lambda p, y: y - p),
    slip("the gradient alone", "What is wanted are the weights after the step, not the step.",
         step=[lambda w, g, rate, *_: g, lambda w, g, rate, *_: -rate * g, lambda w, g, rate, *_: rate * g]),
    slip("no learning rate", "How long the step is, the rate says.", step=lambda w, g, rate, *_: w - g),
    slip("the rate in the wrong place", "The rate multiplies the gradient, and nothing else.",
         step=[lambda w, g, rate, *_: rate * w - g, lambda w, g, rate, *_: rate * (w - g), lambda w, g, rate, *_: w - g / rate,
               lambda w, g, rate, *_: (1 - rate) * w - rate * g]),
    slip("the gradient of something else", "A gradient has the shape of what it belongs to: is it that of the weights?", step=[
        lambda w, g, rate, x, y: w - rate * (torch.softmax(x @ w, 1) - F.one_hot(y, w.shape[1])) / len(x),
        lambda w, g, rate, x, y: w - rate * (torch.softmax(x @ w, 1) - F.one_hot(y, w.shape[1])) / len(x) @ w.T],
         spread=lambda g, x: g.T / len(x)),
    slip("a step for each image", "After each image the weights have moved already. One step is wanted, with the mean over all images.",
         step=lambda w, g, rate, x, y: functools.reduce(lambda w, k: training_step(w, x[k:k + 1], y[k:k + 1], rate), range(len(x)), w)),
    slip("one image only", "Only one image moves the weights: look for an index, or a loop that overwrites.",
         step=[lambda w, g, rate, x, y: training_step(w, x[:1], y[:1], rate),
               lambda w, g, rate, x, y: training_step(w, x[-1:], y[-1:], rate)]),
    slip("the loss instead of the weights", "What is wanted are the weights after the step.",
         step=lambda w, g, rate, x, y: F.cross_entropy(x @ w, y)),
    slip("nothing moved", "The weights come back as they were: look where the step is added to them.", step=lambda w, g, rate, *_: w),
    slip("sum instead of mean", "A sum over N images makes the step N times as long.", reduce=lambda x, z: x.sum(), spread=same),
    slip("divided once too often", "The mean is in the loss already, so its gradient needs no further / N.",
         step=[lambda w, g, rate, x, y: w - rate / len(x) * g, lambda w, g, rate, *_: w - rate * g / g.numel()]),
    slip("the gradient counted twice", "A gradient is added to the one before: look for a second backward(), or a second step.",
         step=lambda w, g, rate, *_: w - 2 * rate * g),
    slip("the gradient's sign or length alone", "How steep it is matters, not only where it goes: no sign, no norm, no Adam.",
         step=[lambda w, g, rate, *_: w - rate * g.sign(), lambda w, g, rate, *_: w - rate * g / g.norm()]),
    slip("weight decay", "Nobody asked for smaller weights: the loss is cross-entropy alone.",
         step=[lambda w, g, rate, *_, decay=decay: w - rate * (g + decay * w) for decay in (0.01, 1e-4, 1e-3, 0.1, 5e-4)]),
    slip("softmax before the loss", "F.cross_entropy takes logits, and does the softmax itself.", scores=lambda z: torch.softmax(z, 1)),
    slip("shares without the logarithm", "The loss is −log of the label's share. nll_loss takes the logarithm from nobody but you.",
         log=same),
    slip("labels forgotten", "The gradient for the logits is p − y: probabilities minus the one-hot rows.",
         off=lambda p, y: p),
    slip("the label itself subtracted", "A label is a place in the row: a one-hot row has a 1 there.", target=lambda y, n: y.unsqueeze(1)),
    slip("number of classes fixed", "How many classes there are, the weights know. The labels of a batch do not.",
         target=[lambda y, n: F.one_hot(y), lambda y, n: F.one_hot(y, 3)]),
    slip("softmax missing", "The logits themselves are compared with the target here: they are no probabilities yet.",
         share=lambda z, p: z),
    slip("squared error's gradient", "σ′ or p (1 − p) is for a squared error. For cross-entropy it cancels.",
         off=lambda p, y: (p - y) * p * (1 - p)),
    slip("divided by the wrong number", "The mean is over the images: divide by how many they are.",
         spread=[lambda g, x: g / x.numel(), lambda g, x: g / x.shape[1], lambda g, x: g / g.numel(), lambda g, x: g / g.shape[1]]),
    *SHARING[:8], *FIRST[3:5], *LABELLING[:1], *LABELLING[3:4], *LOGS[:1], *OTHER_LOSSES[:3],
]
EXTREME = (torch.tensor([[2000.0, 0, -2000]]), torch.tensor([[1.0], [-1], [0.5]]), torch.tensor([0, 0, 1]), 0.1)
TRAINING_STEP = Task(training_step, ["weights", "images", "labels", "rate"], [
    (torch.zeros(2, 3), torch.tensor([[1.0, 0], [0, 1], [1, 1], [0.5, 0]]), torch.tensor([0, 1, 2, 2]), 0.5),
    (torch.tensor([[0.2, -0.4, 1], [0.5, 0, -0.3], [1, 2, 0.1]]), torch.tensor([[0.3, 0.9, 0], [1, 0.2, 0.6]]), torch.tensor([2, 0]), 0.1),
    (torch.tensor([[0.1, -0.2, 0.3, 0], [1, 0.5, -1, 0.2]]), torch.tensor([[1.0, 2], [0.5, -1], [0, 1]]), torch.tensor([0, 2, 1]), 0.2),
], [stepped, by_formula], STEP_SLIPS, {
    "step": lambda w, g, rate, *_: w - rate * g, "off": torch.sub, "target": F.one_hot, "spread": lambda g, x: g / len(x)},
    [(EXTREME, [TOO_LARGE._replace(shows=Fault("", "").shows)])])


def check_training_step(function: Callable[[Tensor, Tensor, Tensor, float], Tensor]) -> Result:
    """Whether function(weights [pixels, C], images [N, pixels], labels [N], rate) → weights after one step of gradient descent.

    Written in notebooks/08.
    """
    return check(function, TRAINING_STEP)
