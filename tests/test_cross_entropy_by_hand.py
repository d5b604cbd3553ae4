import functools

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from tests.oracle import CE, label, p, z
from tests.topics import pairs_of
from utils.cross_entropy_by_hand import check_cross_entropy

# The right choice of each question, and a fact of torch's that makes it right; or the number.
ANSWERS = {
    "product_of_shares": ("0", lambda: torch.tensor(0.7) ** 1000 == 0 and 0.7 ** 1000 < 2.0 ** -149),
    "softmax_twice": ("More than 0.3527", lambda: CE(p, label) > CE(z, label)),
}
# A word or two that only this choice has for its reason.
REASONS = {
    "product_of_shares": {"0": "154 zeros", "A number": "32 bits have an end", "About 0.7": "a mean of the shares"},
    "softmax_twice": {"It raises": "It cannot know", "0.3527": "left them as they are", "Less": "a bonus", "More": "differ by less than 1"},
}


# --- right answers, in styles that people use; and wrong ones, as people write them, with the name that the check must give them

def pick(p, t):
    return p[torch.arange(len(t)), t]


RIGHT = {
    check_cross_entropy: [
        F.cross_entropy, nn.CrossEntropyLoss(), lambda z, t: F.nll_loss(F.log_softmax(z, 1), t),
        lambda z, t: (torch.logsumexp(z, 1) - pick(z, t)).mean(), lambda z, t: float(F.cross_entropy(z.double(), t)),
        lambda z, t: -(F.one_hot(t, z.shape[1]) * torch.log_softmax(z, -1)).sum(1).mean(),
        lambda z, t: sum(F.cross_entropy(row, k) for row, k in zip(z, t)) / len(t),
        lambda z, t: -torch.log_softmax(z, 1).gather(1, t.view(-1, 1)).mean(),
        lambda z, t: F.cross_entropy(z, F.one_hot(t, z.shape[1]).to(z)), lambda z, t: F.cross_entropy(z, t, reduction="sum") / len(t),
        lambda z, t: nn.NLLLoss()(nn.LogSoftmax(dim=1)(z), t),
        lambda z, t: -torch.log_softmax(z, 1)[torch.arange(len(t)), t].sum() / t.numel(),
        lambda z, t: -torch.einsum("nc,nc->n", F.one_hot(t, z.shape[1]).to(z), z.log_softmax(1)).mean(),
        functools.partial(F.cross_entropy, reduction="mean"),
        lambda z, t: -torch.distributions.Categorical(logits=z).log_prob(t).mean(),
        lambda z, t: torch.logsumexp(z - pick(z, t)[:, None], 1).mean(),
        lambda z, t: np.mean([float(F.cross_entropy(row, k)) for row, k in zip(z, t)]),
        lambda z, t: np.float32(F.cross_entropy(z, t).item()),
        lambda z, t: np.array(F.cross_entropy(z.double(), t).item()), lambda z, t: F.cross_entropy(z.double(), t).item(),
        lambda z, t: (z.amax(1) + (z - z.amax(1, keepdim=True)).exp().sum(1).log() - pick(z, t)).mean(),
        lambda z, t: -torch.log_softmax(z, 1).masked_select(F.one_hot(t, z.shape[1]).bool()).mean(),
        lambda z, t: -torch.trace(z.log_softmax(1)[:, t]) / len(t),
        lambda z, t: F.kl_div(z.log_softmax(1), F.one_hot(t, z.shape[1]).to(z), reduction="batchmean"),
        lambda z, t: torch.stack([row.logsumexp(0) - row[k] for row, k in zip(z, t)]).mean(),
        lambda z, t: F.cross_entropy(F.log_softmax(z, 1), t),
    ],
}
WRONG = {
    check_cross_entropy: {
        "sum instead of mean": nn.CrossEntropyLoss(reduction="sum"),
        "no reduction": lambda z, t: -pick(torch.softmax(z, 1), t).log(),
        "mean over images and classes": lambda z, t: -(F.one_hot(t, z.shape[1]) * torch.softmax(z, 1).log()).mean(),
        "a minus missing, or one too many": lambda z, t: pick(torch.softmax(z, 1), t).log().mean(),
        "log missing": lambda z, t: F.nll_loss(torch.softmax(z, 1), t),
        "base 10 instead of e": lambda z, t: -torch.log10(pick(torch.softmax(z, 1), t)).mean(),
        "base 2 instead of e": lambda z, t: -torch.log2(pick(torch.softmax(z, 1), t)).mean(),
        "softmax applied twice": lambda z, t: nn.CrossEntropyLoss()(nn.Softmax(dim=1)(z), t),
        "probabilities expected where logits came": lambda z, t: -torch.log(pick(z, t)).mean(),
        "log-softmax missing": F.nll_loss,
        "labels taken from the first row only": lambda z, t: (z.logsumexp(1) - z[0, t]).mean(),
        "rows picked instead of entries": lambda z, t: (z.logsumexp(1) - z[t]).mean(),
        "mean over one term only": lambda z, t: z.logsumexp(1).mean() - pick(z, t),
        "logsumexp without its dim": lambda z, t: torch.logsumexp(z) - pick(z, t),
        "normalised over the wrong dim": lambda z, t: -pick(torch.softmax(z, dim=0), t).log().mean(),
        "normalised over the whole batch": lambda z, t: -torch.log(pick(torch.exp(z) / torch.exp(z).sum(), t)).mean(),
        "off by one class": lambda z, t: -pick(torch.softmax(z, 1), t - 1).log().mean(),
        "every image with every label": lambda z, t: -torch.softmax(z, 1)[:, t].log().mean(),
        "all classes counted": lambda z, t: -torch.softmax(z, 1).log().mean(),
        "sigmoid instead of softmax": lambda z, t: -pick(torch.sigmoid(z), t).log().mean(),
        "rounded before the logarithm": lambda z, t: -torch.log(torch.round(pick(torch.softmax(z, 1), t), decimals=4)).mean(),
        "overflow at large logits": lambda z, t: -torch.log(pick(z.exp() / z.exp().sum(1, keepdim=True), t)).mean(),
        "overflow or saturation at large negative logits": lambda z, t: (
            z.clamp(min=0).amax(1) + (z - z.clamp(min=0).amax(1, keepdim=True)).exp().sum(1).log() - pick(z, t)).mean(),
        "a limit cuts it off": lambda z, t: -torch.log(pick(torch.softmax(z, 1), t) + 1e-30).mean(),
        "shifted by the largest of the whole batch":
            lambda z, t: (z.max() + (z - z.max()).exp().sum(1).log() - pick(z, t)).mean(),
    },
}


# --- two slips at once, as their parts combine: ({the names}, function)

FIRST = {"softmax applied twice": nn.Softmax(1), "sigmoid applied first": torch.sigmoid, "relu applied first": F.relu,
         "sign of the exponent turned round": lambda z: -z, "a temperature": lambda z: z / 2}
ASKED = {"off by one class": lambda t, z: (t + 1) % z.shape[1], "the predicted class instead of the label": lambda t, z: z.max(1)[1],
          "labels in another order": lambda t, z: t.flip(0)}
LOGS = {"base 2 instead of e": lambda p: np.log2(p), "base 10 instead of e": lambda p: np.log10(p), "log missing": lambda p: p,
        "log1p instead of log": lambda p: torch.log(1 + p), "a limit inside the logarithm": lambda p: torch.log(p + 1e-7)}
SHARES = {"normalised over the wrong dim": lambda z: torch.softmax(z, 0),
          "normalised over the whole batch": lambda z: z.exp() / z.exp().sum(),
          "sigmoid instead of softmax": torch.sigmoid, "probabilities expected where logits came": lambda z: z}
SIGNS = {"a minus missing, or one too many": lambda x: x}
MEANS = {"sum instead of mean": torch.sum, "no reduction": lambda x: x, "divided twice": lambda x: x.mean() / len(x),
         "one image only": lambda x: x[-1],
         "another number than the mean": torch.max}


def shares(z):
    return F.softmax(z, dim=1)


def put_together(first=lambda z: z, label=lambda t, z: t, share=shares, log=torch.log, sign=torch.neg, mean=torch.mean):
    def cross_entropy(z, t):
        label_of = label(t, z)
        p = share(first(z))
        return mean(sign(log(p[range(len(t)), label_of])))
    return cross_entropy


PARTS = {"first": FIRST, "label": ASKED, "share": SHARES, "log": LOGS, "sign": SIGNS, "mean": MEANS}
PAIRED = {check_cross_entropy: pairs_of(put_together, PARTS)}
