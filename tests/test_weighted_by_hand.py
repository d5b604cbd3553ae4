import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.oracle import CE, label, z
from tests.topics import pairs_of
from utils.weighted_by_hand import check_weighted_cross_entropy

# The right choice of each question, and a fact of torch's that makes it right.
ANSWERS = {
    "weight_alone": ("0.3527, as before", lambda: nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2, 5]).double())(z, label) == CE(z, label)),
}

# Words of each choice's reason that no other reason of the question has.
REASONS = {
    "weight_alone": {"0.7054,": "be without", "0.3527,": "weight stands", "0.1764,": "mean divides"},
}


# --- right answers, in styles that people use; and wrong ones, as people write them, with the name that the check must give them

def pick(p, t):
    return p[torch.arange(len(t)), t]


def each(z, t):
    return F.cross_entropy(z, t, reduction="none")


def looped(z, t, w):
    total = count = 0
    for row, k in zip(z, t):
        total += w[k] * (row.logsumexp(0) - row[k])
        count += w[k]
    return total / count


RIGHT = {
    check_weighted_cross_entropy: [
        lambda z, t, w: F.cross_entropy(z, t, weight=w), lambda z, t, w: nn.CrossEntropyLoss(w)(z, t),
        lambda z, t, w: nn.NLLLoss(weight=w)(z.log_softmax(1), t), lambda z, t, w: (w[t] * each(z, t)).sum() / w[t].sum(), looped,
        lambda z, t, w: F.cross_entropy(z, t, weight=w, reduction="none").sum() / w[t].sum(),
        lambda z, t, w: (w[t] / w[t].sum() * (z.logsumexp(1) - pick(z, t))).sum(),
        lambda z, t, w: -(F.one_hot(t, z.shape[1]) * w * z.log_softmax(1)).sum() / (F.one_hot(t, z.shape[1]) * w).sum(),
        lambda z, t, w: -(w.gather(0, t) * z.log_softmax(1).gather(1, t[:, None]).squeeze(1)).sum() / w.gather(0, t).sum(),
        lambda z, t, w: (w[t] * each(z, t)).mean() / w[t].mean(),
        lambda z, t, w: torch.dot(w[t], each(z, t)) / w.index_select(0, t).sum(),
    ],
}
WRONG = {
    check_weighted_cross_entropy: {
        "divided by the number of images": lambda z, t, w: (w[t] * each(z, t)).mean(),
        "sum instead of mean": lambda z, t, w: F.cross_entropy(z, t, weight=w, reduction="sum"),
        "divided by the sum of all weights": lambda z, t, w: (w[t] * each(z, t)).sum() / w.sum(),
        "the weights are never used": lambda z, t, w: F.cross_entropy(z, t),
        "no reduction": lambda z, t, w: nn.CrossEntropyLoss(weight=w, reduction="none")(z, t),
        "the weight comes after the mean": lambda z, t, w: (F.cross_entropy(z, t) * w[t]).mean(),
        "divided by the classes instead of the images": lambda z, t, w: (w[t] * each(z, t)).sum() / z.shape[1],
        "divided twice": lambda z, t, w: (w[t] * each(z, t)).mean() / w[t].sum(),
        "1 / weight instead of weight": lambda z, t, w: (each(z, t) / w[t]).sum() / (1 / w[t]).sum(),
        "other weights than the labels'": lambda z, t, w: (w[z.argmax(1)] * each(z, t)).sum() / w[z.argmax(1)].sum(),
        "the weight is applied twice": lambda z, t, w: (w[t] * F.cross_entropy(z, t, weight=w, reduction="none")).sum() / w[t].sum(),
        "the weight in the wrong place": lambda z, t, w: nn.CrossEntropyLoss()(w * z, t),
        "all classes counted": lambda z, t, w: -(w * torch.log_softmax(z, 1)).sum(1).mean(),
        "softmax applied twice": lambda z, t, w: F.cross_entropy(z.softmax(1), t, weight=w),
        "a minus missing, or one too many": lambda z, t, w: (w[t] * pick(z.log_softmax(1), t)).sum() / w[t].sum(),
        "off by one class": lambda z, t, w: F.cross_entropy(z, (t + 1) % z.shape[1], weight=w),
        "base 2 instead of e": lambda z, t, w: -(w[t] * pick(z.softmax(1), t).log2()).sum() / w[t].sum(),
        "normalised over the wrong dim": lambda z, t, w: -(w[t] * pick(z.softmax(0), t).log()).sum() / w[t].sum(),
        "overflow or saturation at large negative logits":
            lambda z, t, w: -(w[t] * pick(z.softmax(1), t).log()).sum() / w[t].sum(),
        "a limit cuts it off": lambda z, t, w: -(w[t] * (pick(z.softmax(1), t) + 1e-30).log()).sum() / w[t].sum(),
    },
}
THOUGHTS = {
    "image alone": ("divided by the number of images", 11), "Which weight": ("the weights are never used", 3),
    "image here,": ("no reduction", 1), "pays once,": ("binary cross-entropy instead", 1),
    "weight multiplies": ("the weight comes after the mean", 2), "The losses": ("sum without weights, or a column met a row", 1),
    "Losses in": ("a column met a row", 1), "label alone:": ("every image with every label", 2),
}


# --- two slips at once, as their parts combine: ({the names}, function)

def put_together(first=lambda z: z, log=torch.log, weights=lambda w, t, z: w[t], mean=lambda x, w, weight: (w * x).sum() / w.sum()):
    return lambda z, t, w: mean(-log(pick(torch.softmax(first(z), 1), t)), weights(w, t, z), w)


PARTS = {
    "first": {"softmax applied twice": nn.Softmax(1), "sigmoid applied first": torch.sigmoid, "relu applied first": F.relu},
    "log": {"base 10 instead of e": torch.log10, "log missing": lambda p: p, "a limit inside the logarithm": lambda p: torch.log(p + 1e-7)},
    "weights": {"1 / weight instead of weight": lambda w, t, z: 1 / w[t],
                "other weights than the labels'": lambda w, t, z: w[t - 1]},
    "mean": {"divided by the number of images": lambda x, w, weight: (w * x).mean(),
             "sum instead of mean": lambda x, w, weight: (w * x).sum(),
             "divided by the sum of all weights": lambda x, w, weight: (w * x).sum() / weight.sum()},
}
PAIRED = {check_weighted_cross_entropy: pairs_of(put_together, PARTS)}


@pytest.mark.parametrize("function, remark", [
    (lambda z, t, w: F.cross_entropy(z, t, weight=w), True), (lambda z, t, w: nn.CrossEntropyLoss(w)(z, t), True),
    (lambda z, t, w: F.nll_loss(z.log_softmax(1), t, w), True),
    (lambda z, t, w: F.cross_entropy(z, t, weight=w, reduction="none").sum() / w[t].sum(), True),
    (lambda z, t, w: (w[t] * F.cross_entropy(z, t, reduction="none")).sum() / w[t].sum(), False),
])
def test_torchs_own_weight_passes_with_a_remark(function, remark):
    result = check_weighted_cross_entropy(function)
    assert result.passed and ("torch's own weight= that did the weighing" in result.message) == remark
    assert "mean" not in result.message, "which some of them wrote"
