"""A step of training written by hand: what goes wrong in it, and the check.  Taught in notebooks/08_training.ipynb."""

import functools
import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from utils.check import Result, Task, check
from utils.cross_entropy_by_hand import averaged, picked
from utils.digits import DIGITS, TRAIN, digits
from utils.language import say
from utils.loss_slips import LABELLING, LOGS, OTHER_LOSSES
from utils.predict import Questions
from utils.slips import FIRST, SHARING, same, slip
from utils.softmax import TOO_LARGE, shares

# What notebook 8 asks before the first step.
questions = Questions()


@questions.asks("Three digits, and a model whose weights are all 0: so are its logits, on every image. What will `nn.CrossEntropyLoss` "
                "say before the first step?")
def first_loss():
    loss = F.cross_entropy(torch.zeros(TRAIN, 3), digits(*DIGITS)[1][:TRAIN])
    return float(loss), say("Each label gets a share of ⅓, and −log ⅓ = log 3."), {
        0.0: say("nothing has been learned yet, and 0 is the loss of perfect answers."),
        1 / 3: say("this is the share of each label. The loss is −log of it."),
        math.log(2): say("this is log 2, what one of *two* answers costs by guessing."),
        -math.log10(1 / 3): say("this is −log ⅓ to base 10. Torch's `log` is the natural one."),
    }


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
    slip("the gradient of something else", "The gradient has the shape of the weights: write down the shapes on the way to it.",
         step=[lambda w, g, rate, x, y: w - rate * F.cross_entropy(x @ w, y),
               lambda w, g, rate, x, y: w - rate * (torch.softmax(x @ w, 1) - F.one_hot(y, w.shape[1])) / len(x)],
         spread=lambda g, x: g.T / len(x)),
    slip("a step for each image", "After each image the weights have moved already. One step is wanted, with the mean over all images.",
         step=lambda w, g, rate, x, y: functools.reduce(lambda w, k: training_step(w, x[k:k + 1], y[k:k + 1], rate), range(len(x)), w)),
    slip("one image only", "Only one image moves the weights: look for an index, or a loop that overwrites.",
         step=[lambda w, g, rate, x, y: training_step(w, x[:1], y[:1], rate),
               lambda w, g, rate, x, y: training_step(w, x[-1:], y[-1:], rate)]),
    slip("the loss instead of the weights", "What is wanted are the weights after the step.",
         step=lambda w, g, rate, x, y: F.cross_entropy(x @ w, y)),
    slip("no gradient is recorded", "Autograd follows only what it was told to follow: which tensor, and from when on?",
         step=lambda w, g, rate, x, y: F.cross_entropy(x @ w, y).backward()),
    slip("the gradient is None", "Only a tensor that is told to record has a gradient, and only after backward().",
         step=[lambda w, *_: 0.1 * w.grad, lambda w, *_: w.grad * 0.1]),
    slip("changed while autograd looks on", "A step is no part of the loss: take it where nothing is recorded, and not in place.",
         step=lambda w, g, *_: w.clone().requires_grad_().sub_(g)),
    slip("nothing moved", "The weights come back as they were: look where the step is added to them.", step=lambda w, g, rate, *_: w),
    slip("sum instead of mean", "A sum over N images makes the step N times as long.", reduce=lambda x, z: x.sum(), spread=same),
    slip("divided once too often", "The mean is in the loss already, so its gradient needs no further / N.",
         step=[lambda w, g, rate, x, y: w - rate / len(x) * g, lambda w, g, rate, *_: w - rate * g / g.numel()]),
    slip("the gradient counted twice", "A gradient is added to the one before: look for a second backward(), or a second step.",
         step=[lambda w, g, rate, *_: w - 2 * rate * g,
               lambda w, g, rate, x, y: training_step(training_step(w, x, y, rate), x, y, rate)]),
    slip("the gradient's sign or direction alone", "How steep it is matters, not only where it goes: no sign, no norm, no Adam.",
         step=[lambda w, g, rate, *_: w - rate * g.sign(), lambda w, g, rate, *_: w - rate * g / g.norm()]),
    slip("weight decay", "Nobody asked for smaller weights: the loss is cross-entropy alone.",
         step=[lambda w, g, rate, *_, decay=decay: w - rate * (g + decay * w) for decay in (0.01, 1e-4, 1e-3, 0.1, 5e-4)]),
    slip("softmax before the loss", "F.cross_entropy takes logits, and does the softmax itself.", scores=lambda z: torch.softmax(z, 1)),
    slip("shares without the logarithm", "The loss is −log of the label's share. nll_loss takes the logarithm from nobody but you.",
         log=same),
    slip("labels forgotten", "Every class is pushed down here, that of the label as well.",
         off=lambda p, y: p),
    slip("the label itself subtracted", "A label is a place in the row: a one-hot row has a 1 there.", target=lambda y, n: y.unsqueeze(1)),
    slip("number of classes fixed", "How many classes there are, the weights know. The labels of a batch do not.",
         target=[lambda y, n: F.one_hot(y), lambda y, n: F.one_hot(y, 3)]),
    slip("softmax missing", "The logits themselves are compared with the target here: they are no probabilities yet.",
         share=lambda z, p: z),
    slip("squared error's gradient", "σ′ or p (1 − p) is for a squared error. For cross-entropy it cancels.",
         off=lambda p, y: (p - y) * p * (1 - p)),
    slip("divided by the wrong number", "The mean is over the images: divide by how many they are.",
         spread=[lambda g, x: g / x.numel(), lambda g, x: g / x.shape[1], lambda g, x: g / g.numel(), lambda g, x: g / g.shape[1],
                 lambda g, x: g / len(x) / g.shape[1]]),
    *SHARING[:8], *FIRST[3:5], *LABELLING[:1], *LABELLING[3:4], *LOGS[:1], *OTHER_LOSSES[:3],
]
EXTREME = (torch.tensor([[2000.0, 0, -2000]]), torch.tensor([[1.0], [-1], [0.5]]), torch.tensor([0, 0, 1]), 0.1)
TRAINING_STEP = Task(training_step, ["weights", "images", "labels", "rate"], [
    (torch.zeros(2, 3), torch.tensor([[1.0, 0], [0, 1], [1, 1], [0.5, 0]]), torch.tensor([0, 1, 2, 2]), 0.5),
    (torch.tensor([[0.2, -0.4, 1], [0.5, 0, -0.3], [1, 2, 0.1]]), torch.tensor([[0.3, 0.9, 0], [1, 0.2, 0.6]]), torch.tensor([2, 0]), 0.1),
    (torch.tensor([[0.1, -0.2, 0.3, 0], [1, 0.5, -1, 0.2]]), torch.tensor([[1.0, 2], [0.5, -1], [0, 1]]), torch.tensor([0, 2, 1]), 0.2),
], [stepped, by_formula], STEP_SLIPS, {
    "step": lambda w, g, rate, *_: w - rate * g, "off": torch.sub, "target": F.one_hot, "spread": lambda g, x: g / len(x)},
    [(EXTREME, [TOO_LARGE])])


def check_training_step(function: Callable[[Tensor, Tensor, Tensor, float], Tensor]) -> Result:
    """Whether function(weights [pixels, C], images [N, pixels], labels [N], rate) → weights after one step of gradient descent.

    Written in notebooks/08.
    """
    return check(function, TRAINING_STEP)
