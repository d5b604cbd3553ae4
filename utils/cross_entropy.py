"""Cross-entropy: what the label's probability costs.  Taught in notebooks/02_cross_entropy.ipynb."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from utils import plots
from utils.example import (
    ARTICLE, CE, LABEL, LOGITS, label_choice, logit_sliders, logits_from, presets,
)
from utils.explore import STILL, Explorer, ask, ask_gradient, listed
from utils.inputs import as_labels, check_labels, check_logits, check_tensor, shape
from utils.language import say
from utils.picture import Picture
from utils.plots import exact, minus_log, number, numbers
from utils.predict import Questions, the_one
from utils.softmax import softmax


def cross_entropy_terms(logits: Tensor, labels: Tensor) -> Tensor:
    """One cross-entropy per image, before any reduction: −log of the label's probability, as log-sum-exp − logit.

    logits: (..., classes); labels: (...) long, 0 ... classes − 1.  Returns: (...), in nats.
    Raises TypeError or ValueError for other logits or labels.  Taught in notebooks/02.
    """
    _check(logits, labels)
    return torch.logsumexp(logits, dim=-1) - logits.gather(-1, labels.unsqueeze(-1)).squeeze(-1)


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """The mean of the images' cross-entropies, as nn.CrossEntropyLoss has it.

    logits: (..., classes); labels: (...) long.  Returns: [], in nats.
    Raises TypeError or ValueError for other logits or labels.  Taught in notebooks/02.
    """
    return cross_entropy_terms(logits, labels).mean()


def cross_entropy_gradient(logits: Tensor, labels: Tensor) -> Tensor:
    """How each image's cross-entropy changes with each of its logits: p − y.

    logits: (..., classes); labels: (...) long.  Returns: the shape of logits, nats per unit of logit.
    Raises TypeError or ValueError for other logits or labels.  Taught in notebooks/02.
    """
    _check(logits, labels)
    return softmax(logits) - F.one_hot(labels, num_classes=logits.shape[-1])


def _check(logits: Tensor, labels: Tensor) -> None:
    check_logits(logits)
    check_tensor(labels, "labels")
    rows, classes = logits.shape[:-1], logits.shape[-1]
    if labels.shape != rows:
        shapes = {"labels": shape(labels), "logits": shape(logits), "rows": shape(rows)}
        if code := as_labels("labels", labels, rows, classes):
            raise ValueError(say("labels has shape {labels}, logits has {logits}; one label per row of logits is wanted: shape {rows}, "
                                 "so write {code}", code=code, **shapes))
        raise ValueError(say("labels has shape {labels}, logits has {logits}; one label per row of logits is wanted: shape {rows}",
                             **shapes))
    check_labels(labels, classes)


def worked_cross_entropy(p: Tensor, label: int, loss: float) -> str:
    """The arithmetic in words: −log p[1] = −log 0.7028 = 0.3527."""
    return f"−log p[{label}] = −log {exact(loss, minus_log, float(p[label]))[0]} = {number(loss)}"


def worked_row(y: list[int], loss: float) -> str:
    """What stands there where not exactly one class is true: no label says so, and torch's own answer to the row y."""
    return say("★ × {count}: no label says {count} true classes; torch's answer to the row {row} is {loss}",
               count=sum(y), row=y, loss=number(loss + 0.0))  # −0.0 + 0.0 is 0.0


def true_first(label: int) -> list[int]:
    return [label, *(k for k in range(3) if k != label)]


def explore_cross_entropy(cross_entropy: Callable[[Tensor, Tensor], Tensor]) -> Explorer:
    """Logits and a label → shares, the true one first → −log of its length → where each logit would go.

    Loss and gradient are those of the reader's cross_entropy([1, 3], [1]); autograd finds the gradient.
    """
    picture = Picture()
    left, right, top, floor = 110, 850, 62, picture.height - 142  # of the curve's axes; the strip lies below the floor
    across, guessing = plots.axis(0, 1, left, right), math.log(3)

    def furniture(low: float, high: float):
        """The axes of −log p and its curve, and the price of guessing."""
        at = plots.axis(low, high, floor, top)
        plots.ticks(picture, "loss", at, sorted({low, 0, high / 2, high}), left, upright=True)
        picture.box("floor", plots.QUIET, left - 2, at(0) - 1, right, at(0) + 1)
        losses = torch.linspace(0, high, 200, dtype=torch.float64)
        picture.curve("curve", plots.QUIET, across((-losses).exp()).tolist(), at(losses).tolist(),
                      data=((-losses).exp().tolist(), losses.tolist()))
        picture.dashes("guessing", plots.GHOST, left, right, at(guessing), data=guessing)
        for name, text, x, y in (("−log p", "−log p", 8, 22), ("step", "z → z − grad", 1060, 22),
                                 ("guessing says", "−log ⅓", right + 10, at(guessing) - 15),
                                 ("step axis", "→ −grad", 1310, 22),
                                 ("guessing costs", plots.short(guessing), right + 10, at(guessing) + 15)):
            picture.text(name, text, x, y, size=plots.SMALL, look=plots.QUIET)

    def compute(values):
        logits, label = logits_from(values).unsqueeze(0), torch.tensor([values["label"]])
        truth = nn.CrossEntropyLoss()(logits, label)
        answer, wrong = ask(cross_entropy, logits, label, like=truth)
        torchs = cross_entropy_gradient(logits, label)
        gradient, odd = ask_gradient(cross_entropy, logits, label, like=torchs)
        return {"logits": logits[0], "label": values["label"], "p": torch.softmax(logits, dim=1)[0], "truth": float(truth),
                "loss": float(answer), "torchs": torchs[0], "gradient": gradient[0], "odd": "" if answer.isnan() else odd, "wrong": wrong}

    def draw(now, before):
        k, p, loss, truth, wrong = now["label"], now["p"], now["loss"], now["truth"], bool(now["wrong"])
        low, high = plots.reach(2, loss, truth, before and before["truth"])
        picture.begin((low, high), lambda: furniture(low, high))
        at, x = plots.axis(low, high, floor, top), across(float(p[k]))
        if before and plots.moved(before["truth"], truth):
            then = float(before["p"][before["label"]]), before["truth"]
            picture.box("before pillar", plots.GHOST, across(then[0]) - 6, at(0), across(then[0]) + 6, at(then[1]), data=(0, then[1]))
            picture.dot("before dot", before["label"], across(then[0]), at(then[1]), data=then, ghost=True)
        plots.strip(picture, "share", (left, right), (floor + 10, floor + 66), p, order=true_first(k), true=k, labels=58,
                    before=before and plots.cuts(before["p"], true_first(before["label"])))
        end = 0 if math.isnan(loss) else min(max(loss, low), high)  # inf, which is wrong, reaches the end of the axis
        if not math.isnan(loss):
            picture.box("pillar", plots.HATCHED[k] if plots.drawable(loss) else plots.RED, x - 13, at(0), x + 13, at(end), data=(0, loss))
        if wrong:
            picture.frame("wrong pillar", plots.RED, x - 16, at(0), x + 16, at(end), data=(0, end), thick=4)
            picture.frame("torch pillar", plots.INK, x - 13, at(0), x + 13, at(truth), data=(0, truth))
        if plots.drawable(loss):
            picture.dot("dot", k, x, at(loss), data=(float(p[k]), loss))
        price(plots.short(loss), x, at(end), at, plots.RED if wrong else plots.INK)
        plots.arrows(picture, "step", (1060, 1390), [top + 8 + 122 * j for j in range(3)], now["logits"], -now["gradient"],
                     -now["torchs"], before and -before["torchs"], true=[k])

    def curve(x: float, at: Callable) -> float:
        return at(-math.log(max(x - left, 1) / (right - left)))

    def price(text: str, x: float, y: float, at: Callable, look: int):
        """The loss, on the side of its pillar that has room, clear of the curve there and of the line of guessing."""
        room = plots.width(text) + 26
        under = y > curve(x, at) + 8
        y = min(y - 8, floor - 16)
        if x + room > right:
            if y < at(guessing) + 56:  # beyond the end of the curve stands what guessing costs; else there is no ghost to be taken for it
                x -= room + 26
            y = min(y, curve(min(x + 26, right), at) - 20)
        elif under:
            below = curve(x + room, at) + 18
            y = max(y, below) if below <= floor - 16 else min(y, curve(x + 26, at) - 20)
        if abs(y - at(guessing)) < 18:
            y = at(guessing) + (18 if under else -18)
        picture.text("loss says", text, x + 26, max(y, top), look=look, away=-1)

    def one_step(now):
        """One step of gradient descent with learning rate 1, to the stops of the sliders.

        Where that would be no move, the logit that most wants to move and can goes one stop, or it would never end.
        """
        logits, steps = now["logits"].tolist(), (-now["gradient"]).tolist()
        if not all(map(math.isfinite, steps)):
            return {}
        after = [min(max(round(z + step, 1), -6.0), 6.0) for z, step in zip(logits, steps)]
        for k in sorted(range(3), key=lambda k: -abs(steps[k])) if after == logits else ():
            stop = round(logits[k] + math.copysign(0.1, steps[k]), 1)
            if steps[k] and abs(stop) <= 6:
                after[k] = stop
                break
        return {f"logit {k}": z for k, z in enumerate(after)}

    def show(now, before):
        draw(now, before)
        k, p = now["label"], now["p"]
        words = [
            f"p = softmax(logits) = {numbers(p)}",
            f"CE = {worked_cross_entropy(p, k, now['truth'])}",
            say("gradient p − y = {gradient}", gradient=numbers(now["torchs"])),
        ]
        if now["odd"]:
            words.append(now["odd"])
        if before:
            then = f"p[{before['label']}] {number(before['p'][before['label']])}"
            words.append("   ".join([say("before → now"), f"{then} → p[{k}] {number(p[k])}",
                                     f"CE {number(before['truth'])} → {number(now['truth'])}"]))
        else:
            words.append(say(STILL))
        line = say("logits {logits}, label {k} → loss {loss}", logits=listed(now["logits"]), k=k, loss=number(now["loss"]))
        return line, "\n".join(words), now["wrong"]

    controls = logit_sliders() | {"label": label_choice()}
    return Explorer("explore_cross_entropy", controls, compute, show, picture, presets(label=1) | {"one step": one_step}, tasks)


# What there is to do: each sentence with the condition that ticks it, from the values of the controls and compute's numbers.
tasks = [
    ("Bring the loss below 0.1.", lambda values, now: now["truth"] < 0.1),
    ("Make the loss larger than 10.", lambda values, now: now["truth"] > 10),
    ("Leave the logits at 2, 3, 0.1 and make the loss larger than 3.",
     lambda values, now: now["logits"].tolist() == list(ARTICLE) and now["truth"] > 3),
    ("Let the next step raise one logit by 0.5, lower another by 0.5 and leave the third.",
     lambda values, now: torch.allclose(now["torchs"].sort().values, torch.tensor([-0.5, 0, 0.5]).double(), atol=0.005)),
    ("Pay what guessing costs, 1.0986 to within 0.01, with three different logits.",
     lambda values, now: abs(now["truth"] - math.log(3)) < 0.01 and len(set(now["logits"].tolist())) == 3),
]


# What notebook 2 asks, in its order.
questions = Questions()


@questions.asks("The loss on our image is 0.3527, with three classes to choose from. Is that good?", {
    "Bad: the answer is 35 % wrong": "It looks like a percentage. A loss is not one: it has no upper end, and 0.3527 is −log of 70 %.",
    "Better than guessing": "Guessing gives each class a third, and a third costs −log ⅓.",
    "As good as guessing": "A share of 0.7028 is well above a third, and the larger the share, the smaller its −log.",
})
def is_it_good():
    ours, guess = float(CE(LOGITS, LABEL)), float(CE(torch.zeros(1, 3), LABEL))
    return the_one({"Better than guessing": ours < 0.9 * guess, "As good as guessing": 0.9 <= ours / guess <= 1.1,
                    "Bad: the answer is 35 % wrong": ours > 1.1 * guess}), (
        say("{ours} for our logits and {guess} for three equal ones", ours=number(ours), guess=number(guess)))


@questions.asks("The model gets surer and surer of a *wrong* class. Where does the loss go?", {
    "To 1": "Many scores end at 1. This one is a logarithm, and it does not.",
    "To about 10": "Tempting, because it grows slowly at first: a share of 0.0001 costs about 9. The next zero costs 2.3 more.",
    "Beyond every bound": "The share goes to 0 and its −log grows with the lead of the wrong class, one for one.",
})
def sure_and_wrong():
    losses = [float(CE(torch.tensor([[lead, 0.0, 0.0]]), LABEL)) for lead in (10.0, 100.0, 1000.0)]
    return the_one({"To 1": losses[-1] < 2, "To about 10": 2 <= losses[-1] < 20, "Beyond every bound": losses[-1] > 999}), (
        say("{losses} where the wrong class leads by 10, 100 and 1000", losses=numbers(losses)))


@questions.asks("A wrong class leads by 10. The squares of p − y sum to nearly 2 then, as many as they can. How hard do they pull on "
                "the true logit?", {
    "As hard as cross-entropy": "Both losses are large there. But a gradient is not the height of a loss; it is its slope.",
    "Much harder": "A square grows faster than its root. But p is close to 0 and 1 here, and hardly moves with a logit.",
    "Hardly at all": "Where softmax is sure it is flat: a step of the logit changes the shares by next to nothing, and so the squares.",
})
def squares():
    pulls = []
    for loss in (CE, lambda z, label: ((torch.softmax(z, dim=1) - F.one_hot(label, 3)) ** 2).sum()):
        z = torch.tensor([[10.0, 0.0, 0.0]], requires_grad=True)
        loss(z, LABEL).backward()
        pulls.append(float(z.grad[0, 1]))
    return the_one({"Hardly at all": abs(pulls[1]) < abs(pulls[0]) / 100, "As hard as cross-entropy": 0.5 < pulls[1] / pulls[0] < 2,
                    "Much harder": pulls[1] / pulls[0] >= 2}), (
        say("{pull} by cross-entropy and {other} by squares", pull=f"{pulls[0]:.4f}".replace("-", "−"),
            other=f"{pulls[1]:.4f}".replace("-", "−")))


@questions.asks("Ten images. Model A gives every label a share of 0.7028. Model B gives nine labels 0.999 and the tenth 0.0001. "
                "Whose mean loss is lower?", {
    "A, the careful one": "Nine answers near 1 save A's 0.35 nine times. One share of 0.0001 costs more than all that.",
    "B: nine of ten are all but perfect":
        "Its usual answer is the better one. But −log makes a sure mistake very dear, and a mean forgets nothing.",
    "Both the same": "They would be close, if shares were averaged. It is their logarithms that are.",
})
def tie_cross_entropy():
    a = float(-torch.softmax(LOGITS, dim=1)[0, 1].log())
    b = float(-torch.tensor([0.999] * 9 + [0.0001]).log().mean())
    return the_one({"A, the careful one": a < b - 0.01, "B: nine of ten are all but perfect": b < a - 0.01,
                    "Both the same": abs(a - b) <= 0.01}), say("{a} for A and {b} for B", a=number(a), b=number(b))
