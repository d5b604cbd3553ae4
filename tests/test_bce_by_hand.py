import functools
import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from tests.oracle import BCE, s, y, z
from tests.topics import pairs_of
from utils.bce_by_hand import check_bce, check_bce_terms

# The right choice of each question, and a fact of torch's that makes it right; or the number.
ANSWERS = {
    "sure_of_nothing": ("inf", lambda: -(1 - 1 / (1 + torch.tensor(-17.0).exp())).log() == math.inf),
    "sigmoid_twice": ("Another number", lambda: not BCE(s, y).isclose(BCE(z, y))),
}
# A word or two that only this choice has for its reason.
REASONS = {
    "sure_of_nothing": {"17": "the mathematics", "0": "the other term", "inf": "−log 0 is infinite"},
    "sigmoid_twice": {"It raises": "the other way round", "0.9733": "takes 0.8808 for a logit", "Another": "a second sigmoid"},
}

# Numbers in the evidence that no notebook prints, each computed here by another way.
EVIDENCE = {
    "sure_of_nothing": lambda: [math.log(1 + math.exp(17))],
}


# --- right answers, in styles that people use; and wrong ones, as people write them, with the name that the check must give them

RIGHT = {
    check_bce_terms: [
        nn.BCEWithLogitsLoss(reduction="none"), lambda z, y: F.softplus(z) - y * z,
        lambda z, y: -(y * F.logsigmoid(z) + (1 - y) * F.logsigmoid(-z)),
        lambda z, y: z.clamp(min=0) - z * y + torch.log1p(torch.exp(-z.abs())),
        lambda z, y: torch.logaddexp(torch.zeros_like(z.double()), z.double()) - y * z,
        functools.partial(F.binary_cross_entropy_with_logits, reduction="none"),
        lambda z, y: F.softplus((1 - 2 * y) * z) if ((y == 0) | (y == 1)).all() else F.softplus(z) - y * z,
        lambda z, y: torch.stack([F.binary_cross_entropy_with_logits(a, b, reduction="none") for a, b in zip(z, y)]),
        lambda z, y: y * F.softplus(-z) + (1 - y) * F.softplus(z), lambda z, y: -torch.where(y == 1, F.logsigmoid(z), F.logsigmoid(-z)),
        lambda z, y: torch.from_numpy(np.logaddexp(0, z.double().numpy()) - (y * z).double().numpy()),
    ],
    check_bce: [
        F.binary_cross_entropy_with_logits, nn.BCEWithLogitsLoss(), lambda z, y: (F.softplus(z) - y * z).mean(),
        lambda z, y: float(-(y * F.logsigmoid(z) + (1 - y) * F.logsigmoid(-z)).mean()),
        lambda z, y: F.binary_cross_entropy_with_logits(z, y, reduction="sum").double() / y.numel(),
        lambda z, y: F.cross_entropy(torch.stack([torch.zeros_like(z), z], -1).reshape(-1, 2), y.reshape(-1).long()),
        lambda z, y: F.binary_cross_entropy_with_logits(z, y, reduction="none").mean(), lambda z, y: F.multilabel_soft_margin_loss(z, y),
        lambda z, y: F.binary_cross_entropy_with_logits(z, y, reduction="none").mean(1).mean(),
        lambda z, y: np.mean(np.logaddexp(0, z.double().numpy()) - (y * z).double().numpy()),
        lambda z, y: (y * F.softplus(-z) + (1 - y) * F.softplus(z)).sum() / z.numel(),
        lambda z, y: -(y * F.logsigmoid(z) + (1 - y) * F.logsigmoid(-z)).mean(0).mean(),
        lambda z, y: sum(F.binary_cross_entropy_with_logits(a, b) for a, b in zip(z.flatten(), y.flatten())) / z.numel(),
        lambda z, y: np.float32(F.binary_cross_entropy_with_logits(z, y)),
    ],
}
WRONG = {
    check_bce_terms: {
        "reduced too early": nn.BCEWithLogitsLoss(),
        "own class only": lambda z, y: -y * torch.log(torch.sigmoid(z)),
    },
    check_bce: {
        "own class only": lambda z, y: -(y * torch.log(torch.sigmoid(z))).mean(),
        "only the classes that are not there": lambda z, y: -((1 - y) * torch.log(1 - torch.sigmoid(z))).mean(),
        "targets reversed": lambda z, y: -((1 - y) * z.sigmoid().log() + y * (1 - z.sigmoid()).log()).mean(),
        "a minus missing, or one too many": lambda z, y: (y * z.sigmoid().log() + (1 - y) * (1 - z.sigmoid()).log()).mean(),
        "the article's printed typo": lambda z, y: (-(y * z.sigmoid().log()) + (1 - y) * z.sigmoid().log()).mean(),
        "one term has the wrong sign": lambda z, y: (-y * z.sigmoid().log() + (1 - y) * (1 - z.sigmoid()).log()).mean(),
        "1 − missing in the second logarithm": lambda z, y: -(y * z.sigmoid().log() + (1 - y) * z.sigmoid().log()).mean(),
        "log missing": lambda z, y: -(y * z.sigmoid() + (1 - y) * (1 - z.sigmoid())).mean(),
        "squared difference, or absolute": lambda z, y: F.mse_loss(torch.sigmoid(z), y),
        "base 10 instead of e": lambda z, y: -(y * z.sigmoid().log10() + (1 - y) * (1 - z.sigmoid()).log10()).mean(),
        "base 2 instead of e": lambda z, y: -(y * z.sigmoid().log2() + (1 - y) * (1 - z.sigmoid()).log2()).mean(),
        "probabilities expected where logits came": nn.BCELoss(),
        "sigmoid applied twice": lambda z, y: nn.BCEWithLogitsLoss()(torch.sigmoid(z), y),
        "softmax instead of sigmoid": lambda z, y: nn.BCELoss()(torch.softmax(z, 1), y),
        "softmax applied first": lambda z, y: nn.BCEWithLogitsLoss()(torch.softmax(z, 1), y),
        "rounded before the logarithm":
            lambda z, y: nn.BCELoss()(torch.round(torch.sigmoid(z), decimals=4).clamp(1e-44, 1), y),
        "sum instead of mean": nn.BCEWithLogitsLoss(reduction="sum"),
        "no reduction": nn.BCEWithLogitsLoss(reduction="none"),
        "mean over the classes only": lambda z, y: (F.softplus(z) - y * z).mean(1),
        "mean over the images only": lambda z, y: (F.softplus(z) - y * z).mean(0),
        "divided by the classes only": lambda z, y: nn.BCEWithLogitsLoss(reduction="sum")(z, y) / z.shape[1],
        "divided by the images only": lambda z, y: nn.BCEWithLogitsLoss(reduction="sum")(z, y) / len(z),
        "cross-entropy instead": nn.CrossEntropyLoss(),
        "the logarithm stopped at −100": lambda z, y: nn.BCELoss()(torch.sigmoid(z), y),
        "saturation: a probability rounded to 0 before its logarithm":
            lambda z, y: -(y * z.sigmoid().log() + (1 - y) * (1 - z.sigmoid()).log()).mean(),
        "overflow or saturation at large negative logits": lambda z, y: -(y * z.sigmoid().log() + (1 - y) * F.logsigmoid(-z)).mean(),
        "overflow at large logits": lambda z, y: (torch.log(1 + torch.exp(z)) - y * z).mean(),
    },
}
THOUGHTS = {
    "The second": ("the article's printed typo", 1), "Every class": ("own class only", 2), "class that": ("targets reversed", 6),
    "Both terms": ("one term has the wrong sign", 1), "for probabilities:": ("1 − z instead of −z", 1),
    "logsigmoid takes": ("logsigmoid of a probability", 1), "Squares and": ("y and σ exchanged", 2),
    "class has": ("cross-entropy instead", 2), "binary_cross_entropy and": ("probabilities expected where logits came", 1),
    "class counts": ("weights that nobody asked for", 1), "The targets": ("label smoothing", 2),
    "has targets": ("targets of another image", 1), "Rounded to": ("decided before the loss", 1),
    "Each part": ("a part missing, or of the wrong sign", 2), "then targets.": ("arguments exchanged", 1),
    "torch's BCELoss": ("the logarithm stopped at −100", 1), "One number": ("sum instead of mean", 15),
    "the answers": ("accuracy instead of a loss", 1), "Every logit": ("every logit with every target", 1),
}


# --- two slips at once, as their parts combine: ({the names}, function)

FIRST = {"sigmoid applied twice": torch.sigmoid, "softmax applied first": nn.Softmax(1), "relu applied first": F.relu}
CHANCES = {"softmax instead of sigmoid": nn.Softmax(1), "the sigmoid of 2 z": lambda z: (torch.tanh(z) + 1) / 2,
           "the probability of no": lambda z: 1 - torch.sigmoid(z)}
TRUTHS = {"targets reversed": lambda y: 1 - y, "label smoothing": lambda y: 0.9 * y + 0.05}
LOGS = {"base 2 instead of e": torch.log2, "base 10 instead of e": torch.log10, "log missing": lambda p: p,
        "a limit inside the logarithm": lambda p: torch.log(p + 1e-7)}
JOINS = {"own class only": lambda a, b: -a, "only the classes that are not there": lambda a, b: -b,
         "a minus missing, or one too many": lambda a, b: a + b, "one term has the wrong sign": lambda a, b: -a + b}
MEANS = {"sum instead of mean": torch.sum, "no reduction": lambda x: x, "mean over the classes only": lambda x: x.mean(1),
         "mean over the images only": lambda x: x.mean(0),
         "divided by the images only": lambda x: x.sum() / len(x), "divided by the classes only": lambda x: x.sum() / x.shape[1]}


def put_together(first=lambda z: z, chance=torch.sigmoid, target=lambda y: y, log=torch.log, join=lambda a, b: -a - b,
                 mean=lambda x: x.mean()):
    def bce(z, y):
        p, y = chance(first(z)), target(y)
        return mean(join(y * log(p), (1 - y) * log(1 - p)))
    return bce


PARTS = {"first": FIRST, "chance": CHANCES, "target": TRUTHS, "log": LOGS, "join": JOINS}
PAIRED = {check_bce: pairs_of(put_together, PARTS | {"mean": MEANS}),
          check_bce_terms: pairs_of(lambda **parts: put_together(mean=lambda x: x, **parts), PARTS)}
