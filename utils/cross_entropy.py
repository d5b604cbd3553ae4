"""Cross-entropy: what the label's probability costs.  Taught in notebooks/02_cross_entropy.ipynb."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from utils import plots
from utils.example import CE, LABEL, LOGITS, label_choice, logit_sliders, logits_from, presets
from utils.explore import Explorer, ask, listed
from utils.inputs import as_labels, check_labels, check_logits, check_tensor, shape
from utils.plots import COLOURS, MARKERS, exact, minus_log, number, numbers
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
    """Logits and a label → probabilities → −log p → gradient, the loss by the reader's cross_entropy([1, 3], [1])."""
    figure, (left, middle, right) = plots.figure([1, 1, 1], "dot: your cross_entropy   ·   grey: before this control moved")
    move_shares = plots.class_bars(left, "p = softmax(logits)", 0, 1, [0, 0.5, 1])
    p = torch.linspace(0.005, 1, 200)
    move_dot = plots.curve(middle, "loss = −log p[label]", p, -p.log(), "p[label]", (0, 1.02), (0, 5), 1, [0, 0.5, 1])
    move_slopes = plots.class_bars(right, "gradient = p − y", -1, 1, [-1, 0, 1])

    def compute(values):
        logits, label = logits_from(values).unsqueeze(0), torch.tensor([values["label"]])
        gradient = cross_entropy_gradient(logits, label)[0]
        truth = nn.CrossEntropyLoss()(logits, label)
        answer, wrong = ask(cross_entropy, logits, label, like=truth)
        return {"logits": logits[0], "label": values["label"], "p": torch.softmax(logits, dim=1)[0],
                "truth": float(truth), "loss": float(answer), "gradient": gradient, "wrong": wrong}

    def show(now, before):
        k, p = now["label"], now["p"]
        notes = ["true" if j == k else "" for j in range(3)]
        move_shares(p, ghost=before and before["p"], notes=notes)
        move_dot([p[k]], [now["loss"]], ghosts=before and ([before["p"][before["label"]]], [before["truth"]]),
                 texts=[number(now["loss"])], looks=[(COLOURS[k], MARKERS[k])])
        move_slopes(now["gradient"], ghost=before and before["gradient"], notes=notes)
        words = "\n".join([
            f"p = softmax(logits) = {numbers(p)}",
            f"CE = {worked_cross_entropy(p, k, now['truth'])}",
            f"gradient p − y = {numbers(now['gradient'])}",
        ])
        return f"logits {listed(now['logits'])}, label {k} → loss {number(now['loss'])}", words, now["wrong"]

    controls = logit_sliders() | {"label": label_choice()}
    return Explorer("explore_cross_entropy", controls, compute, show, figure, presets(label=1))


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
