"""A step of training written by hand: what goes wrong in it, and the check.  Taught in notebooks/08_training.ipynb."""

import functools
import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from utils.check import Result, Task, check
from utils.digits import DIGITS, TRAIN, digits
from utils.language import say
from utils.predict import Questions
from utils.slips import own, slips

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
    def loss(z: Tensor, t: Tensor) -> Tensor:
        z, t = do.scores(z), do.labels(t, w.shape[1], z)
        return do.reduce(-do.log(own(do.share(z, torch.softmax(z, 1)), t)), z)

    return do.step(w, slope(loss, w, x, y), rate, x, y)


def by_formula(do, w: Tensor, x: Tensor, y: Tensor, rate: float) -> Tensor:
    """The gradient by its formula: images, turned, times (probabilities − one-hot rows) / N."""
    z = x @ w
    off = do.off(do.share(z, torch.softmax(z, 1)), do.target(y, w.shape[1]))
    return do.step(w, do.spread(x.T @ off, x), rate, x, y)


STEP_STEPS = {"step": lambda w, g, rate, x, y: w - rate * g, "off": lambda p, y: p - y, "spread": lambda g, x: g / len(x)}
STEP_SLIPS = slips("""
The gradient points to where the loss rises. The step goes the other way, and is as long as rate times the gradient: what becomes of both?
    uphill | step: w + rate * g | off: y - p
    no learning rate | step: w - g
    the rate written down | step: w - k * g for k in (0.5, 0.1, 0.01, 0.001)
    the rate in the wrong place | step: rate * w - g | (w - rate) * g | w - rate - g | w - rate * rate * g \
| rate * (w - g) | w - g / rate | (1 - rate) * w - rate * g
    the gradient's sign or direction alone | step: w - rate * g.sign() | w - rate * g / g.norm() \
| w - rate * g.clamp(-1, 1) | w - rate * g / g.norm().clamp(min=1)
What is wanted are the weights after the step: not the step, and not the loss.
    the gradient alone | step: g | -rate * g | rate * g
    the loss instead of the weights | step: cross_entropy(x @ w, y)
The weights come back as they were. Was there a gradient when the step was taken: in which order stand zero_grad, backward and step?
    nothing moved | step: w
The gradient has the shape of the weights: write down the shapes on the way to it.
    the gradient of something else | step: w - rate * cross_entropy(x @ w, y) | w @ x \
| w - rate * (softmax(x @ w, 1) - one_hot(y, w.shape[1])).mean(0) | w - rate * g.mean(0) \
| w - rate * (softmax(x @ w, 1) - one_hot(y, w.shape[1])) / len(x) \
| x @ (softmax(x @ w, 1) - one_hot(y, w.shape[1]))
    rows and columns exchanged | spread: g.T / len(x)
One step is wanted, with the mean of the loss over all images: look for an index, a loop, a second step or backward().
    a step for each image | step: functools.reduce(lambda w, k: training_step(w, x[k:k + 1], y[k:k + 1], rate), arange(len(x)), w)
    one image only | step: training_step(w, x[:1], y[:1], rate) | training_step(w, x[-1:], y[-1:], rate)
    the gradient counted twice | step: w - 2 * rate * g | training_step(training_step(w, x, y, rate), x, y, rate)
The loss must come from the weights that autograd watches: look for detach, for no_grad, for a copy made after requires_grad_().
    no gradient is recorded | step: cross_entropy(x @ w, y).backward()
backward() gives nothing back. It writes into .grad of the weights that autograd watches, and only once it was called.
    the gradient is None | step: rate * w.grad | w.grad * rate
A step is no part of the loss: take it where nothing is recorded, and not in place.
    changed while autograd looks on | step: w.clone().requires_grad_().sub_(g)
The mean is over the images: divide once, by how many they are, in the loss or in its gradient.
    sum instead of mean | reduce: x.sum() | spread: g
    divided once too often | step: w - rate / len(x) * g | w - rate * g / g.numel()
    divided by the wrong number | spread: g / k for k in (300, 3, 2) | off: p - y / len(y) \
| spread: g / x.numel() | g / x.shape[1] | g / g.numel() | g / g.shape[1] \
| g / len(x) / g.shape[1]
The loss is cross-entropy, −log of the label's share, and nothing else.
    weight decay | step: w - rate * (g + k * w) for k in (0.01, 1e-4, 1e-3, 0.1, 5e-4)
    shares without the logarithm | log: p
    log-softmax missing | step: w - rate * slope(nll_loss, w, x, y)
    squared error's gradient | off: (p - y) * p * (1 - p)
    squared difference, or absolute | step: w - rate * slope(lambda z, t: mse_loss(softmax(z, 1), hot(z, t)), w, x, y) \
| w - rate * slope(lambda z, t: mse_loss(z, hot(z, t)), w, x, y)
    binary cross-entropy instead | step: w - rate * slope(lambda z, t: binary(z, hot(z, t)).mean(), w, x, y)
One entry of each row counts, that of its label: which row, and which column?
    every image with every label | step: w - rate * slope(lambda z, t: -z.log_softmax(1)[:, t].mean(), w, x, y)
F.cross_entropy takes logits, and does the softmax itself.
    softmax before the loss | scores: softmax(z, 1)
The step raises the share of the label and lowers the others: of which two things is the gradient the difference?
    labels forgotten | off: p
    only the label's weights moved | off: (p - y) * y
    the label itself subtracted | target: t.unsqueeze(1)
    reversed | target: 1 - one_hot(t, n)
Of two tensors in this line one has a number for each image, in a row. Are they the labels? Or sums that need keepdim?
    a row where a column is wanted | target: t
    softmax missing | share: z
How many classes there are, the weights know. The labels of a batch do not.
    number of classes fixed | target: one_hot(t, 3)
    num_classes not used | target: one_hot(t)
""", STEP_STEPS, training_step=training_step, slope=slope, functools=functools)
EXTREME = (torch.tensor([[2000.0, 0, -2000]]), torch.tensor([[1.0], [-1], [0.5]]), torch.tensor([0, 0, 1]), 0.1)
TRAINING_STEP = Task(training_step, ["weights", "images", "labels", "rate"], [
    (torch.zeros(2, 3), torch.tensor([[5.0, 0], [0, 5], [5, 5], [2.5, 0]]), torch.tensor([0, 1, 2, 2]), 0.5),
    (torch.tensor([[0.2, -0.4, 1], [0.5, 0, -0.3], [1, 2, 0.1]]), torch.tensor([[0.3, 0.9, 0], [1, 0.2, 0.6]]), torch.tensor([1, 0]), 0.1),
    (torch.tensor([[0.1, -0.2, 0.3, 0], [1, 0.5, -1, 0.2]]), torch.tensor([[1.0, 2], [0.5, -1], [0, 1]]), torch.tensor([0, 2, 1]), 0.2),
], [by_formula, stepped], STEP_SLIPS, STEP_STEPS,
    [EXTREME])


def check_training_step(function: Callable[[Tensor, Tensor, Tensor, float], Tensor]) -> Result:
    """Whether function(weights [pixels, C], images [N, pixels], labels [N], rate) → weights after one step of gradient descent.

    Written in notebooks/08.
    """
    return check(function, TRAINING_STEP)
