"""Cross-entropy: what the label's probability costs.  Taught in notebooks/02_cross_entropy.ipynb."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from utils import plots
from utils.example import CE, LABEL, LOGITS, label_choice, logit_sliders, logits_from, presets
from utils.explore import Explorer, ask, ask_gradient, listed
from utils.inputs import as_labels, check_labels, check_logits, check_tensor, shape
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
        code = as_labels("labels", labels, rows, classes)
        raise ValueError(f"labels has shape {shape(labels)}, logits has {shape(logits)}; "
                         f"one label per row of logits is wanted: shape {shape(rows)}" + (f", so write {code}" if code else ""))
    check_labels(labels, classes)


def worked_cross_entropy(p: Tensor, label: int, loss: float) -> str:
    """The arithmetic in words: −log p[1] = −log 0.7028 = 0.3527."""
    return f"−log p[{label}] = −log {exact(loss, minus_log, float(p[label]))[0]} = {number(loss)}"


def worked_row(y: list[int], loss: float) -> str:
    """What stands there where not exactly one class is true: no label says so, and torch's own answer to the row y."""
    return f"no label says {sum(y)} true classes; torch's answer to the row {y} is {number(loss + 0.0)}"  # −0.0 + 0.0 is 0.0


def explore_cross_entropy(cross_entropy: Callable[[Tensor, Tensor], Tensor]) -> Explorer:
    """Logits and a label → shares, the true one first → −log of its length → where each logit would go.

    Loss and gradient are those of the reader's cross_entropy([1, 3], [1]); autograd finds the gradient.
    """
    picture = Picture()
    left, right, top, floor = 100, 850, 62, picture.height - 142  # of the curve's axes; the strip lies below the floor
    middle, half = 1245, 165  # of the arrows' axes
    heights = [(top + 24 + 122 * k, top + 60 + 122 * k) for k in range(3)]  # of a logit's numbers, and of its arrow

    def furniture(low: float, high: float):
        """The axes of −log p and its curve, and the price of guessing."""
        at = plots.axis(low, high, floor, top)
        picture.text("−log p", "−log p", 8, 22, size=plots.SMALL)
        for tick in {low, 0, high / 2, high}:
            picture.box(f"tick {tick:g}", plots.QUIET, left - 8, at(tick) - 1, left, at(tick) + 1, data=tick)
            picture.text(f"tick {tick:g} says", f"{tick:g}".replace("-", "−"), left - 16, at(tick), "right", plots.SMALL, look=plots.QUIET)
        picture.box("axis", plots.QUIET, left - 2, at(low), left, at(high), data=(low, high))
        picture.box("floor", plots.QUIET, left - 2, at(0) - 1, right, at(0) + 1)
        losses = torch.linspace(0, high, 200)
        picture.curve("curve", plots.QUIET, (left + (right - left) * (-losses).exp()).tolist(), at(losses).tolist(),
                      data=((-losses).exp().tolist(), losses.tolist()))
        guess = math.log(3)
        picture.dashes("guessing", plots.GHOST, left, right, at(guess), data=guess)
        picture.text("guessing says", "−log ⅓", right + 10, at(guess) - 15, size=plots.SMALL, look=plots.QUIET)
        picture.text("guessing costs", plots.short(guess), right + 10, at(guess) + 15, size=plots.SMALL, look=plots.QUIET)
        picture.text("step", "z → z − grad", middle - half, 22, size=plots.SMALL)

    def compute(values):
        logits, label = logits_from(values).unsqueeze(0), torch.tensor([values["label"]])
        truth = nn.CrossEntropyLoss()(logits, label)
        answer, wrong = ask(cross_entropy, logits, label, like=truth)
        torchs = cross_entropy_gradient(logits, label)
        gradient, odd = ask_gradient(cross_entropy, logits, label, like=torchs)
        return {"logits": logits[0], "label": values["label"], "p": torch.softmax(logits, dim=1)[0], "truth": float(truth),
                "loss": float(answer), "torchs": torchs[0], "gradient": gradient[0], "odd": odd, "wrong": wrong}

    def draw(now, before):
        k, p, loss, truth = now["label"], now["p"], now["loss"], now["truth"]
        low, high = plots.reach(loss, truth, 2, before and before["truth"])
        picture.begin((low, high), lambda: furniture(low, high))
        across, at = plots.axis(0, 1, left, right), plots.axis(low, high, floor, top)
        order = [k, *(j for j in range(3) if j != k)]
        if before:
            x, then = across(float(before["p"][before["label"]])), before["truth"]
            picture.box("before pillar", plots.GHOST, x - 14, at(0), x + 14, at(then), data=then)
            picture.dot("before dot", before["label"], x, at(then), data=then, ghost=True)
        plots.strip(picture, "share", (left, right), (floor + 10, floor + 66), p, before=before and before["p"], order=order, true=k, labels=58)
        x, wrong = across(float(p[k])), bool(now["wrong"])
        if math.isfinite(loss):
            picture.box("pillar", plots.HATCHED[k], x - 13, at(0), x + 13, at(loss), data=loss)
        if wrong:
            if math.isfinite(loss):
                picture.frame("wrong pillar", plots.RED, x - 17, at(0), x + 17, at(loss), data=loss, thick=4)
            picture.frame("torch pillar", plots.INK, x - 13, at(0), x + 13, at(truth), data=truth)
        if math.isinf(loss):
            picture.box("pillar", plots.RED, x - 13, at(0), x + 13, at(high if loss > 0 else low), data=loss)
        height = loss if math.isfinite(loss) else high if loss > 0 else 0
        if math.isfinite(loss):
            picture.dot("dot", k, x, at(loss), data=(float(p[k]), loss))
        say(plots.short(loss), x, at(height), plots.RED if wrong else plots.INK, at)
        arrows(now, before)

    def say(text, x, y, look, at):
        """The loss beside its pillar, above the curve and clear of the line of guessing."""
        width, line = plots.written(text)[0].shape[1], at(math.log(3))
        y = min(y - 8, floor - 16)
        if x + 26 + width < right:
            x += 26
        else:
            x -= 26 + width
            y = min(y, at(-math.log((x - left) / (right - left))) - 20)
        if abs(y - line) < 18:
            y = line - 18
        picture.text("loss says", text, x, max(y, top), look=look, away=-1)

    def arrows(now, before):
        steps, torchs = -now["gradient"], -now["torchs"]
        most = plots.step(max(1, *(abs(float(s)) for s in (*steps, *torchs) if math.isfinite(s))))
        at = plots.axis(-most, most, middle - half, middle + half)
        for k, (text, arrow) in enumerate(heights):
            z, step, differ = float(now["logits"][k]), float(steps[k]), plots.differs(steps[k], torchs[k])
            look = plots.RED if differ else plots.INK
            plots.label(picture, f"step {k} says", k, f"{z:.6g} → ".replace("-", "−") + plots.short(z + step), middle - half, text, look, k == now["label"])
            for side in (-most, 0, most):
                picture.box(f"step {k} tick {side:g}", plots.GHOST, at(side) - 1, arrow - 20, at(side) + 1, arrow + 20, data=side)
            if before:
                picture.box(f"before step {k}", plots.GHOST, at(0), arrow + 18, at(-float(before["torchs"][k])), arrow + 18 + plots.LANE,
                            data=-float(before["torchs"][k]))
            if math.isfinite(step):
                plots.arrow(picture, f"step {k}", plots.RED if differ else plots.SOLID[k], at(0), at(step), arrow, data=step)
            if differ:
                picture.frame(f"torch step {k}", plots.INK, at(0), arrow - 8, at(float(torchs[k])), arrow + 8, data=float(torchs[k]))
        for side in (-most, 0, most):
            picture.text(f"step tick {side:g}", f"{side:g}".replace("-", "−"), at(side), heights[2][1] + 50, "middle", plots.SMALL, look=plots.QUIET)

    def one_step(now):
        """Gradient descent with learning rate 1, to the nearest stops of the sliders; where that is no move at all, the logit
        that wants to move most, and can, goes one stop: or a small gradient would be rounded away for ever."""
        z, steps = now["logits"].tolist(), (-now["gradient"]).tolist()
        if not all(map(math.isfinite, steps)):
            return {}
        after = [min(max(round(a + b, 1), -6.0), 6.0) for a, b in zip(z, steps)]
        for k in sorted(range(3), key=lambda k: -abs(steps[k])) if after == z else ():
            stop = round(z[k] + math.copysign(0.1, steps[k]), 1)
            if steps[k] and abs(stop) <= 6:
                after[k] = stop
                break
        return {f"logit {k}": a for k, a in enumerate(after)}

    def show(now, before):
        draw(now, before)
        k, p = now["label"], now["p"]
        words = [
            f"p = softmax(logits) = {numbers(p)}",
            f"CE = {worked_cross_entropy(p, k, now['truth'])}",
            f"gradient p − y = {numbers(now['torchs'])}",
        ]
        if now["odd"]:
            words.append(now["odd"])
        if before:
            words.append(f"before → now   p[{k}] {number(before['p'][k])} → {number(p[k])}   CE {number(before['truth'])} → {number(now['truth'])}")
        else:
            words.append("before → now   nothing has moved yet")
        return f"logits {listed(now['logits'])}, label {k} → loss {number(now['loss'])}", "\n".join(words), now["wrong"]

    controls = logit_sliders() | {"label": label_choice()}
    return Explorer("explore_cross_entropy", controls, compute, show, picture, presets(label=1) | {"one step": one_step})


# What notebook 2 asks, in its order.
questions = Questions()


@questions.asks("The loss on our image is 0.3527, with three classes to choose from. Is that good?", {
    "Bad: the answer is 35 % wrong":
        "It looks like a percentage. A loss is not one: it has no upper end, and 0.3527 is −log of 70 %.",
    "Better than guessing": "Guessing gives each class a third, and a third costs −log ⅓.",
    "As good as guessing": "A share of 0.7028 is well above a third, and the larger the share, the smaller its −log.",
})
def is_it_good():
    ours, guess = float(CE(LOGITS, LABEL)), float(CE(torch.zeros(1, 3), LABEL))
    return the_one({"Better than guessing": ours < 0.9 * guess, "As good as guessing": 0.9 <= ours / guess <= 1.1,
                    "Bad: the answer is 35 % wrong": ours > 1.1 * guess}), (
        f"{number(ours)} for our logits and {number(guess)} for three equal ones")


@questions.asks("The model gets surer and surer of a *wrong* class. Where does the loss go?", {
    "To 1": "Many scores end at 1. This one is a logarithm, and it does not.",
    "To about 10":
        "Tempting, because it grows slowly at first: a share of 0.0001 costs about 9. The next zero costs 2.3 more.",
    "Beyond every bound": "The share goes to 0 and its −log grows with the lead of the wrong class, one for one.",
})
def sure_and_wrong():
    losses = [float(CE(torch.tensor([[lead, 0.0, 0.0]]), LABEL)) for lead in (10.0, 100.0, 1000.0)]
    return the_one({"To 1": losses[-1] < 2, "To about 10": 2 <= losses[-1] < 20, "Beyond every bound": losses[-1] > 999}), (
        f"{numbers(losses)} where the wrong class leads by 10, 100 and 1000")


@questions.asks("A thousand images, and each label gets a share of 0.7. You multiply the thousand shares. What do 32 bits say?", {
    "0": "0.7 to the 1000th has 154 zeros after its point. 32 bits hold about 45.",
    "A number with many zeros": "So the mathematics says, and with ten images there would be one. But 32 bits have an end.",
    "About 0.7": "That would be a mean of the shares. A product gets smaller with every factor.",
})
def product_of_shares():
    shares = torch.full((1000,), 0.7)
    product = float(shares.prod())
    return the_one({"0": product == 0, "A number with many zeros": 0 < product < 0.01, "About 0.7": product >= 0.01}), (
        f"{product} for the product, and {number(float(shares.log().sum()))} for the sum of the logarithms")


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
                    "Much harder": pulls[1] / pulls[0] >= 2}), f"{pulls[0]:.4f} by cross-entropy and {pulls[1]:.4f} by squares"


@questions.asks("`nn.CrossEntropyLoss` is handed `p`, the probabilities, in place of the logits. What will it say?", {
    "It raises an error": "It cannot know: probabilities are three floating numbers, and so are logits.",
    "0.3527, as before": "It would, if a softmax of shares left them as they are. But it evens them out.",
    "Less than 0.3527":
        "One could hope for a bonus for work already done. But the second softmax evens the shares out.",
    "More than 0.3527":
        "The second softmax sees numbers that differ by less than 1, and so it returns shares that are more alike.",
})
def softmax_twice():
    once, twice = (float(CE(scores, LABEL)) for scores in (LOGITS, torch.softmax(LOGITS, dim=1)))
    return the_one({"0.3527, as before": abs(once - twice) < 1e-4, "More than 0.3527": twice - once >= 1e-4,
                    "Less than 0.3527": once - twice >= 1e-4}), f"{number(once)} for logits, {number(twice)} for probabilities"


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
                    "Both the same": abs(a - b) <= 0.01}), f"{number(a)} for A and {number(b)} for B"
