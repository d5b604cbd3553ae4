"""The other arguments of both losses: weight, label_smoothing, pos_weight.  Taught in notebooks/07_arguments.ipynb."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from utils import plots
from utils.bce import bce_terms
from utils.cross_entropy import cross_entropy_terms
from utils.example import BATCH, LABEL, LOGITS, TARGET
from utils.explore import STILL, Explorer, ask, slider
from utils.inputs import check_labels, check_logits, check_targets, check_tensor, shape
from utils.language import column, say
from utils.picture import COLOURS, HATCHED, INK, QUIET, RED, Picture
from utils.plots import exact, number, numbers
from utils.predict import Questions, the_one

TWO = BATCH  # our image and an undecided one
LABELS = torch.tensor([1, 0])
WEIGHTS = torch.tensor([1.0, 2, 5])


def weighted_cross_entropy(logits: Tensor, labels: Tensor, weight: Tensor) -> Tensor:
    """The images' cross-entropies, each as often as its label weighs: Σ w ℓ / Σ w.

    logits: (N, classes); labels: (N) long; weight: (classes), none below 0.  Returns: [], in nats; nan where all weigh 0.
    Raises TypeError or ValueError for other logits, labels or weights.  Taught in notebooks/07.
    """
    _check_weight(weight, logits)
    losses = cross_entropy_terms(logits, labels)
    weights = weight[labels]
    return (weights * losses).sum() / weights.sum()


def smooth_target(labels: Tensor, num_classes: int, smoothing: float) -> Tensor:
    """One-hot rows that keep 1 − smoothing and spread the rest evenly over all classes.

    labels: (N) long; smoothing: in [0, 1].  Returns: (N, num_classes), float32, each row sums to 1.
    Raises TypeError or ValueError for other labels, numbers of classes or smoothings.  Taught in notebooks/07.
    """
    if type(num_classes) is not int or num_classes < 1:
        error = ValueError if type(num_classes) is int else TypeError
        raise error(say("num_classes is {given}; a whole number of 1 or more is wanted: write logits.shape[-1]", given=repr(num_classes)))
    check_labels(labels, num_classes)
    if not isinstance(smoothing, (float, int)) or not 0 <= smoothing <= 1:
        error = ValueError if isinstance(smoothing, (float, int)) else TypeError
        raise error(say("smoothing is {given}; a share in [0, 1] is wanted: 0.1 is usual", given=repr(smoothing)))
    return (1 - smoothing) * F.one_hot(labels, num_classes).float() + smoothing / num_classes


def pos_weighted_terms(logits: Tensor, targets: Tensor, pos_weight: Tensor | float) -> Tensor:
    """One binary cross-entropy per class, those of the classes that are there pos_weight times as long.

    logits, targets: (..., classes); pos_weight: a number or (classes), none below 0.  Returns: (..., classes), in nats.
    Raises TypeError or ValueError for other logits, targets or weights.  Taught in notebooks/07.
    """
    check_logits(logits)
    check_targets(targets, logits)
    if not isinstance(pos_weight, (float, int)):
        check_tensor(pos_weight, "pos_weight")
        if pos_weight.shape not in ((), logits.shape[-1:]):
            raise ValueError(say("pos_weight has shape {given}; one number for all classes, shape [], or one per class, shape {wanted}, "
                                 "is wanted", given=shape(pos_weight), wanted=shape(logits.shape[-1:])))
    _check_counts(torch.as_tensor(pos_weight), "pos_weight")
    yes, no = bce_terms(logits, torch.ones_like(targets)), bce_terms(logits, torch.zeros_like(targets))
    return pos_weight * targets * yes + (1 - targets) * no


def _check_weight(weight: object, logits: Tensor) -> None:
    """Raises TypeError or ValueError unless weight is a floating tensor (classes) without negative numbers."""
    check_logits(logits)
    check_tensor(weight, "weight")
    classes = logits.shape[-1]
    if weight.shape != (classes,):
        raise ValueError(say("weight has shape {given}; one weight per class is wanted: shape [{classes}]",
                             given=shape(weight), classes=classes))
    if not weight.is_floating_point():
        raise TypeError(say("weight has dtype {dtype}; floating point is wanted: write weight.float()", dtype=weight.dtype))
    _check_counts(weight, "weight")


def _check_counts(weight: Tensor, name: str) -> None:
    """Raises ValueError unless all that a loss is to be multiplied by is finite and not below 0."""
    outside = ~((weight >= 0) & weight.isfinite())  # true for nan too
    if outside.any():
        raise ValueError(say("{name} holds {value}; finite numbers of 0 or more are wanted",
                             name=name, value=f"{weight[outside][0].item():g}"))


def explore_arguments(weighted_cross_entropy: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Explorer:
    """Weights, smoothing, pos_weight → three losses as lengths, the first by the reader's weighted_cross_entropy([2, 3], [2], [3])."""
    picture = Picture()
    left, right, rows = 220, 1090, (44, 182, 308)  # of the ruler, and the tops of its three lanes
    names = ("weight", "smoothing", "pos_weight")

    def compute(values):
        logits, target = TWO.double(), TARGET.double()
        weight = torch.tensor([values[f"weight {k}"] for k in range(3)], dtype=torch.float64)
        smoothing, pos_weight = values["smoothing"], values["pos_weight"]
        truth = nn.CrossEntropyLoss(weight=weight)(logits, LABELS)
        none = bool(weight[LABELS].sum() == 0)
        answer, wrong = (truth, "") if none else ask(weighted_cross_entropy, logits, LABELS, weight, like=truth)
        terms = nn.CrossEntropyLoss(reduction="none")(logits, LABELS)
        shares = smooth_target(LABEL, 3, smoothing).double()[0]
        return {"weight": weight, "terms": terms, "truth": float(truth), "answer": float(answer), "wrong": wrong,
                "target": shares, "parts": shares * -torch.log_softmax(logits[0], dim=0),
                "smooth": float(nn.CrossEntropyLoss(label_smoothing=smoothing)(logits[:1], LABEL)),
                "bce": pos_weighted_terms(logits[:1], target, pos_weight)[0],
                "mean": float(nn.BCEWithLogitsLoss(pos_weight=torch.tensor(pos_weight).double())(logits[:1], target)),
                "smoothing": smoothing, "pos_weight": pos_weight}

    def lane(name, value, of, top, at, lengths, classes, loss, by=(1,), truth=None, then=None):
        """Losses end to end, each of its class, and below them the loss that they come to: their sum divided by the sum of by.

        of: what stands above them and says whether they are of images, which have labels, or of one image's target.
        """
        picture.text(f"{name} name", name, 12, top + 22, look=QUIET)
        picture.text(f"{name} value", value, 12, top + 58, look=QUIET)
        total, count, wrong = sum(lengths), sum(by), truth is not None and plots.differs(loss, truth)
        for (j, (a, b)), k in zip(plots.cuts(lengths).items(), classes):
            picture.box(f"{name} {j}", HATCHED[k], at(a), top, at(b), top + 44, data=(a, b))
            picture.frame(f"{name} {j} edge", INK, at(a), top, at(b), top + 44, data=(a, b))
            if at(b) - at(a) > 56:
                plots.plate(picture, f"{name} {j}", k, (at(a) + at(b)) / 2, top + 22)
        plots.ghost(picture, name, at, top + (44 if by == (1,) else 84), then, loss if truth is None else truth)
        picture.text(f"{name} of", of, left, top - 22, size=plots.SMALL, look=QUIET)
        picture.text(f"{name} sum", f"Σ {plots.short(total)}", right + 24, top + 22)
        if by == (1,):  # the sum is the loss
            return
        if count and count == round(count) and not wrong:
            plots.parts(picture, f"{name} loss", at, (top + 52, top + 84), total, round(count))
        elif plots.drawable(loss):
            picture.box(f"{name} loss", RED if wrong else QUIET, at(0), top + 52, at(loss), top + 84, data=(0, loss))
        if wrong and plots.drawable(truth):
            picture.frame(f"torch {name} loss", INK, at(0), top + 52, at(truth), top + 84, data=(0, truth))
        divisor = f"({' + '.join(f'{part:g}' for part in by)})" if len(by) > 1 else f"{by[0]}"
        picture.text(f"{name} says", plots.short(loss) if wrong else f"÷ {divisor} = {plots.short(loss)}", right + 24, top + 68,
                     look=RED if wrong else INK)

    def given(now):
        """The three arguments as they are written."""
        return ", ".join(f"{w:.6g}" for w in now["weight"].tolist()), f"{now['smoothing']:.6g}", f"{now['pos_weight']:.6g}"

    def draw(now, before):
        weighted = (now["weight"][LABELS] * now["terms"]).tolist()
        sums = [sum(weighted), float(now["parts"].sum()), float(now["bce"].sum())]
        low, end = plots.reach(*sums, now["answer"], now["truth"], before and before["truth"])
        at = plots.axis(low, end, left, right)
        picture.begin((low, end), lambda: plots.ticks(picture, "nats", at, sorted({low, 0, end / 2, end}), picture.height - 52))
        weight, smoothing, pos_weight = given(now)
        lane(names[0], weight, f"labels {LABELS.tolist()}", rows[0], at, weighted, LABELS.tolist(), now["answer"],
             now["weight"][LABELS].tolist(), now["truth"], before["truth"] if before and plots.drawable(before["truth"]) else None)
        smoothed = ", ".join(f"{share:.4g}" for share in now["target"].tolist())
        lane(names[1], smoothing, f"target [{smoothed}]", rows[1], at, now["parts"].tolist(), range(3), now["smooth"],
             then=before and before["smooth"])
        lane(names[2], pos_weight, f"target {TARGET[0].int().tolist()}", rows[2], at, now["bce"].tolist(), range(3), now["mean"], (3,),
             then=before and before["mean"])

    def show(now, before):
        draw(now, before)
        (v, w), smooth, mean = now["weight"][LABELS].tolist(), number(now["smooth"]), number(now["mean"])
        if v + w:
            a, b = exact(now["truth"], lambda a, b: (v * a + w * b) / (v + w), *now["terms"].tolist())
            weighted = f"({v:.6g} · {a} + {w:.6g} · {b}) / ({v:.6g} + {w:.6g}) = {number(now['truth'])}"
        else:
            weighted = say("0 / 0: no image counts, since the labels' weights are 0")
        # From left to right, as it is read: from Python 3.12 on sum() may differ in the last digit, and so in how many are written.
        parts = " + ".join(exact(now["smooth"], lambda a, b, c: a + b + c, *now["parts"].tolist()))
        terms = " + ".join(exact(now["mean"], lambda a, b, c: (a + b + c) / 3, *now["bce"].tolist()))
        losses = zip(("CE", "CE", "BCE"), names, ("truth", "smooth", "mean"))
        moved = [f"{loss}, {name} {' → '.join('0 / 0' if math.isnan(at[key]) else number(at[key]) for at in (before, now))}"
                 for loss, name, key in losses if before[key] != now[key]] if before else []
        words = [
            column("CE, weight[labels]", 21) + weighted,
            column("CE, label_smoothing", 21) + say("target {target}", target=numbers(now["target"])) + f"  →  {parts} = {smooth}",
            column("BCE, pos_weight", 21) + f"({terms}) / 3 = {mean}",
            "   ".join([say("before → now"), *(moved or [say("nothing has changed")])]) if before else say(STILL),
        ]
        weights, smoothing, pos_weight = given(now)
        line = f"weight {weights}, label_smoothing {smoothing}, pos_weight {pos_weight} → {number(now['answer'])}, {smooth}, {mean}"
        return line, "\n".join(words), now["wrong"]

    controls = {f"weight {k}": slider(f"weight {k}", w, 0, 5, COLOURS[k]) for k, w in enumerate(WEIGHTS.tolist())}
    controls |= {"smoothing": slider("smoothing", 0, 0, 0.9), "pos_weight": slider("pos_weight", 1, 0, 9)}
    presets = {"all weights 1": {f"weight {k}": 1.0 for k in range(3)}, "smoothing 0.1": {"smoothing": 0.1},
               "pos_weight 3": {"pos_weight": 3.0}}
    return Explorer("explore_arguments", controls, compute, show, picture, presets, tasks)


# What there is to do: each sentence with the condition that ticks it, from the values of the controls and compute's numbers.
tasks = [
    ("Make one image count nothing, so that the weighted loss is that of the other.",
     lambda values, now: sorted((now["weight"][LABELS] > 0).tolist()) == [False, True]),
    ("Bring the weighted loss above 0.85, with both images counting.",
     lambda values, now: bool((now["weight"][LABELS] > 0).all()) and now["truth"] > 0.85),
    ("Move all three weights and leave the weighted loss at 0.6013.",
     lambda values, now: not (now["weight"] == WEIGHTS).any() and abs(
         now["truth"] - float(F.cross_entropy(TWO.double(), LABELS, weight=WEIGHTS.double()))) < 0.00005),
    ("Bring the smoothed cross-entropy above BCE with pos_weight at 1.",
     lambda values, now: now["pos_weight"] == 1 and now["smooth"] > now["mean"]),
    ("Let class 1, the cheapest of the three in BCE, cost more than half of what class 2 costs.",
     lambda values, now: bool(now["bce"][1] > now["bce"][2] / 2)),
]


# What notebook 7 asks, in its order.
questions = Questions()


@questions.asks("With `label_smoothing=0.1`, a model gets surer and surer of the right class. Where does the loss go?", {
    "To 0": "Without smoothing it would. But the target asks for a little of the other classes too.",
    "Down to a floor, and it stays there": "There is a floor. But whoever goes on gives the others less than the target asks for.",
    "Down to a floor, and up again":
        "The floor is where the shares are the smoothed target. Surer than that costs more: a tenth of a third of the lead, twice.",
})
def smoothing_floor():
    losses = [float(nn.CrossEntropyLoss(label_smoothing=0.1)(lead * TARGET, LABEL)) for lead in (0.0, 3.3322, 100.0)]
    return the_one({"To 0": losses[-1] < 0.01, "Down to a floor, and it stays there": abs(losses[-1] - losses[1]) < 0.01 < losses[1],
                    "Down to a floor, and up again": losses[-1] > losses[1] + 0.1 > 0.2}), (
        say("{losses} where the right class leads by 0, 3.3 and 100", losses=numbers(losses)))


@questions.asks("`pos_weight` is 3. Which of our three binary losses grow: 2.1269 and 0.7444 of the classes that are not there, 0.0486 of "
                "class 1?", {
    "All three": "A number for all classes looks as if it multiplied all losses. It multiplies one of the two terms.",
    "That of class 1": "Positive means *there*: the term y log σ is multiplied, and only class 1 has y = 1.",
    "Those of classes 0 and 2": "Their terms are those of *not there*. A yes that is missed is to cost more, not a no.",
})
def which_grow():
    plain, weighted = (nn.BCEWithLogitsLoss(reduction="none", pos_weight=weight)(LOGITS, TARGET)[0] for weight in (None, torch.tensor(3.0)))
    grown = tuple((weighted > plain + 1e-6).tolist())
    choices = {(True, True, True): "All three", (False, True, False): "That of class 1", (True, False, True): "Those of classes 0 and 2"}
    return choices[grown], say("{losses}, and {mean} for their mean", losses=numbers(weighted), mean=number(float(weighted.mean())))


@questions.asks("`nn.NLLLoss` wants the logarithms of shares. It is handed the shares. What will it say of our image?", {
    "An error": "Shares and their logarithms are both three floating numbers. Nothing tells them apart.",
    "0.3527": "That is what the logarithm of 0.7028 would give, with its sign changed.",
    "A number below 0": "It picks the label's entry and changes its sign. It takes no logarithm.",
})
def nll_on_shares():
    said = float(nn.NLLLoss()(torch.softmax(LOGITS, dim=1), LABEL))
    return the_one({"A number below 0": said < 0, "0.3527": abs(said - 0.3527) < 1e-3}), number(said)


@questions.asks("90 images of class 0 and 10 of class 1. Which `weight` makes the two classes count alike?", {
    "[9, 1]": "So the frequent class would count nine times as much again.",
    "[1, 9]": "90 images of weight 1 and 10 of weight 9: 90 on both sides.",
    "[0.9, 0.1]": "These are the shares of the classes. Weights turn them round.",
})
def tie_arguments():
    weights = {"[9, 1]": (9, 1), "[1, 9]": (1, 9), "[0.9, 0.1]": (0.9, 0.1)}
    return the_one({choice: math.isclose(90 * a, 10 * b) for choice, (a, b) in weights.items()}), (
        say("{sides} on the two sides, in the order of the choices",
            sides=say(", ").join(say("{a} and {b}", a=f"{90 * a:g}", b=f"{10 * b:g}") for a, b in weights.values())))
