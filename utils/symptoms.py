"""A training run, the mistakes that it may have, and what each looks like from outside.  For notebooks/08_training.ipynb."""

import itertools
import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from utils.example import BCE
from utils.inputs import call, name_of, one_line, shape
from utils.language import say
from utils.plots import number

STEPS = 100


def descent(weights: Tensor, rate: float) -> Callable:
    """A function that takes one step, the same as torch.optim.SGD's.  What that does around it would be a third of a training."""
    return lambda: weights.data.sub_(weights.grad, alpha=rate)


def adam(weights: Tensor, rate: float) -> Callable:
    """The same for Adam, by torch itself."""
    return torch.optim.Adam([weights], lr=rate).step


OPTIMIZERS = {"gradient descent": descent, "Adam": adam}


def training(loss: Callable[[Tensor, Tensor], Tensor], images: Tensor, labels: Tensor, rate: float,
             optimizer: Callable = descent) -> Iterator[tuple[float, Tensor]]:
    """A linear model, logits = images @ weights, in training from weights of 0: before each step, the loss and the weights.

    loss: (logits [N, 3], labels) → []; images: [N, pixels], labels: what loss wants; rate: the learning rate.
    Yields for ever: a number and weights [pixels, 3].  What loss raises is raised.  Shown in notebooks/08.
    """
    weights = torch.zeros(images.shape[1], 3, dtype=images.dtype, requires_grad=True)
    step = optimizer(weights, rate)
    while True:
        value = loss(images @ weights, labels)
        yield value.item(), weights.detach().clone()
        weights.grad = None
        value.backward()
        step()


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
        given = {"torch": torch, "F": F, "bce": BCE, "loss": loss, "logits": logits, "labels": labels}
        if "target" in code.co_names:
            given["target"] = F.one_hot(labels, 3).to(logits.dtype)
        return eval(code, given)

    return wrong


class Run(NamedTuple):
    """A training from outside: the loss before the first step and after each, the weights at the same times, and why it stopped, or ""."""

    losses: list[float]
    weights: list[Tensor]
    stopped: str = ""


def run(loss: Callable[[Tensor, Tensor], Tensor], images: Tensor, labels: Tensor, rate: float,
        optimizer: Callable = descent, steps: int = STEPS) -> Run:
    """So many steps of training.  Nothing that the loss does or returns raises here."""
    losses, weights = [], []
    try:
        for value, present in itertools.islice(training(loss, images, labels.clone(), rate, optimizer), steps + 1):
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
        return [say("an error in step {step}: {error}", step=len(losses), error=stopped) if losses else
                say("an error at once: {error}", error=stopped)]
    odd = next((k for k, value in enumerate(losses) if not math.isfinite(value)), None)
    if odd is not None:
        value = str(losses[odd]).replace("-", "−")
        return [say("{value} from step {step} on", value=value, step=odd) if odd else say("{value} from the start", value=value)]
    first, last, told = losses[0], losses[-1], []
    if abs(first) > 1.5 * guess:
        told.append(say("it starts at {first}, where guessing costs {guess}", first=number(first), guess=number(guess)))
    if max(abs(value - first) for value in losses) < 1e-4:
        told.append(say("it is stuck at {loss}", loss=number(first)))
    elif first and max(losses) > 2 * abs(first):
        told.append(say("it jumps, to {times} times where it began", times=f"{max(losses) / abs(first):.0f}"))
    elif max(losses) > 1.1 * abs(first):
        told.append(say("it jumps"))
    if min(losses) < -1e-4:
        told.append(say("it is below 0"))
    if 0.01 < floor < math.inf and last >= floor - 1e-4:
        told.append(say("it has a floor: perfect answers would cost {floor}", floor=number(floor)))
    if not wild(losses) and accuracy < 0.25:
        told.append(say("the answers are worse than guesses"))
    elif not wild(losses) and accuracy < 0.4:
        told.append(say("the answers are no better than guesses"))
    return told


def from_outside(mistake: str, loss: Callable[[Tensor, Tensor], Tensor], learn: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor],
                 rate: float = 0.5, optimizer: str = "gradient descent") -> dict:
    """All that one sees of a training with one of the MISTAKES in the loss, and the weights at its end, None where there was no step.

    learn, test: images and labels.  The losses and accuracies are those before the first step and after each; guess is what the right
    loss says of logits that are all 0, floor what the loss in use says of perfect answers.  Nothing raises here.
    """
    used, (images, labels) = mistaken(mistake, loss), learn
    target = F.one_hot(labels, 3).to(images.dtype)
    meant = (lambda logits, labels: BCE(logits, target)) if MISTAKES[mistake].startswith("bce") else loss
    losses, weights, stopped = run(used, images, labels, rate, OPTIMIZERS[optimizer])
    right = accuracies(weights, *test)
    guess, floor = says(meant, torch.zeros_like(target), labels), says(used, 1e4 * (2 * target - 1), labels)
    return {"losses": losses, "accuracies": right, "weights": weights[-1] if weights else None, "guess": guess, "floor": floor,
            "wild": wild(losses), "symptoms": symptoms(losses, right[-1] if right else None, guess, floor, stopped)}


def says(loss: Callable[[Tensor, Tensor], Tensor], logits: Tensor, labels: Tensor) -> float:
    """What a loss says of logits; nan where it says nothing.  Nothing raises here."""
    answer = call(loss, logits, labels.clone())[0]
    return float(answer) if answer is not None and answer.numel() == 1 else math.nan


def complaint(loss: Callable[[Tensor, Tensor], Tensor], logits: Tensor, labels: Tensor) -> str:
    """Why the reader's function is no loss, in a sentence; "" where it is one: one number, with a gradient."""
    name = name_of(loss)
    if isinstance(loss, type):
        return say("{name} is a class; the loss is what it makes: hand over {name}(), with ( )", name=name)
    answer, wrong, _ = call(loss, logits.clone(), labels.clone(), wanted=say("a tensor of shape {shape}", shape="[]"))
    if answer is None:
        return wrong
    if answer.shape != ():
        return say("{name} returned shape {shape}; shape [] is wanted: end with .mean()", name=name, shape=shape(answer))
    if not answer.is_floating_point():
        return say("{name} returned dtype {dtype}; floating point is wanted", name=name, dtype=answer.dtype)
    if not answer.isfinite():
        return say("{name} returned {value} for logits that are all 0", name=name, value=answer.item())
    moving, wrong = logits.clone().requires_grad_(), ""
    with torch.enable_grad():
        try:
            torch.autograd.grad(loss(moving * 1, labels.clone()), moving)  # as in training the logits are the result of something
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            wrong = say("{name} returned a number without a gradient, so nothing can be learned: return the tensor itself, "
                        "without .item(), .detach(), float() or a new torch.tensor ({error})", name=name, error=one_line(error))
    return wrong
