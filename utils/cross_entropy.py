"""Cross-entropy: what the label's probability costs.  Taught in notebooks/02_cross_entropy.ipynb."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from utils import plots
from utils.explore import Explorer, ask, label_choice, listed, logit_sliders, logits_from, presets
from utils.inputs import as_labels, check_labels, check_logits, check_tensor, shape
from utils.plots import COLOURS, MARKERS, exact, minus_log, number, numbers
from utils.softmax import softmax


def cross_entropy_terms(logits: Tensor, labels: Tensor) -> Tensor:
    """One cross-entropy per image, before any reduction: −log of the label's probability, as log-sum-exp − logit.

    logits: (..., classes); labels: (...) long, 0 ... classes − 1.  Returns: (...), in nats.
    Raises TypeError or ValueError for other logits or labels.  Taught in notebooks/02.
    """
    _check(logits, labels)
    return torch.logsumexp(logits, dim=-1) - logits.gather(-1, labels.unsqueeze(-1)).squeeze(-1)


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
