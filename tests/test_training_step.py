import math

import torch
from torch import nn
from torch.nn import functional as F

from tests.topics import pairs_of
from utils.training_step import check_training_step, training_step

# The number that each question asks for.
ANSWERS = {
    "first_loss": math.log(3),
}

# Words of each reason that no other reason of the question has.
REASONS = {
    "first_loss": {0.0: "been learned", 1 / 3: "each label", math.log(2): "*two* answers", math.log10(3): "10. Torch's"},
}


# --- right answers, in styles that people use; and wrong ones, as people write them, with the name that the check must give them

def by_formula(weights, images, labels, rate):
    p = torch.softmax(images @ weights, dim=1)
    return weights - rate * images.T @ (p - F.one_hot(labels, num_classes=weights.shape[1])) / len(images)


def by_optimizer(weights, images, labels, rate):
    weights = weights.clone().requires_grad_()
    optimizer = torch.optim.SGD([weights], lr=rate)
    F.cross_entropy(images @ weights, labels).backward()
    optimizer.step()
    return weights


def put_together(loss=F.cross_entropy, move=lambda w, g, rate: w - rate * g):
    def step(weights, images, labels, rate):
        w = weights.clone().requires_grad_()
        loss(images @ w, labels).backward()
        return move(weights, w.grad, rate)
    return step


RIGHT = {check_training_step: [training_step, by_formula, by_optimizer, put_together()]}
WRONG = {
    check_training_step: {
        "uphill": put_together(move=lambda w, g, rate: w + rate * g),
        "the gradient alone": lambda w, x, y, rate: x.T @ (torch.softmax(x @ w, 1) - F.one_hot(y, w.shape[1])) / len(x),
        "no learning rate": lambda w, x, y, rate: by_formula(w, x, y, 1.0),
        "nothing moved": lambda w, x, y, rate: w,
        "sum instead of mean": lambda w, x, y, rate: w - rate * x.T @ (torch.softmax(x @ w, 1) - F.one_hot(y, w.shape[1])),
        "divided once too often": put_together(nn.CrossEntropyLoss(),
            lambda w, g, rate: w - rate * g / {(2, 3): 4, (3, 3): 2, (2, 4): 3}[tuple(w.shape)]),
        "softmax before the loss": put_together(lambda z, y: nn.CrossEntropyLoss()(nn.Softmax(1)(z), y)),
        "shares without the logarithm": put_together(lambda z, y: -torch.softmax(z, 1)[torch.arange(len(y)), y].mean()),
        "normalised over the wrong dim": put_together(lambda z, y: -torch.softmax(z, 0)[torch.arange(len(y)), y].log().mean()),
        "no gradient is recorded": lambda w, x, y, rate: F.cross_entropy(x @ w, y).backward() or w - rate * w.grad,
        "the gradient is None": lambda w, x, y, rate: w - rate * w.clone().requires_grad_().grad,
        "changed while autograd looks on": put_together(move=lambda w, g, rate: w.clone().requires_grad_().sub_(rate * g)),
        "labels forgotten": lambda w, x, y, rate: w - rate * (x.T @ torch.softmax(x @ w, 1)) / len(x),
    },
}
THOUGHTS = {
    "gradient points": ("uphill", 5), "wanted are": ("the gradient alone", 2), "The weights": ("nothing moved", 1),
    "gradient has": ("the gradient of something else", 2), "loss over": ("a step for each image", 3),
    "loss must": ("no gradient is recorded", 1), "backward() gives": ("the gradient is None", 1),
    "the loss:": ("changed while autograd looks on", 1), "its gradient.": ("sum instead of mean", 3),
    "is cross-entropy,": ("weight decay", 6), "F.cross_entropy takes": ("softmax before the loss", 1),
    "step raises": ("labels forgotten", 4), "two tensors": ("a row where a column is wanted", 2),
    "weights know.": ("number of classes fixed", 2),
}


# --- two slips at once, as their parts combine: ({the names}, function)

PARTS = {
    "loss": {"sum instead of mean": nn.CrossEntropyLoss(reduction="sum"),
             "softmax before the loss": lambda z, y: F.cross_entropy(torch.softmax(z, 1), y),
             "shares without the logarithm": lambda z, y: nn.NLLLoss()(torch.softmax(z, 1), y)},
    "move": {"uphill": lambda w, g, rate: w + rate * g, "no learning rate": lambda w, g, rate: w - g,
             "the gradient alone": lambda w, g, rate: g},
}
PAIRED = {check_training_step: pairs_of(put_together, PARTS)}
