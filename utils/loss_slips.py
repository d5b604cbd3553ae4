"""Slips in the steps from probabilities, or logits, to a loss: pick the label's, log, minus, reduce; and other losses instead."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from utils.slips import ROUNDED, hot, largest, own, same, slip


def soft(z: Tensor) -> Tensor:
    return torch.softmax(z, -1)


def each(z: Tensor, t: Tensor) -> Tensor:
    return F.cross_entropy(z, t, reduction="none")


LIMITS = [1e-7, 1e-8, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-9, 1e-10, 1e-12, 1e-15]
LOGS = [
    slip("minus missing", "The logarithm of a probability is negative, and a loss is not. (logaddexp and softplus are not negative.)",
         sign=same, join=torch.add),
    slip("log missing", "A probability is not its logarithm yet: one step is missing.", log=[same, torch.neg, lambda p: p - 1]),
    slip("probabilities expected where logits came", "The logarithm was taken of a logit, which can be any number.",
         **{step: [lambda z, p: z, lambda z, p: z.clamp(1e-7, 1), lambda z, p: z.clamp(min=1e-7), lambda z, p: z.clamp(1e-7, 1 - 1e-7),
                   lambda z, p: z.clamp(1e-12, 1), lambda z, p: z + 1e-7, lambda z, p: z.clamp(0, 1)] for step in ("share", "chance")}),
    slip("1 − instead of a minus", "1 − p turns a probability round. A logarithm changes its sign, and nothing is added.",
         sign=[lambda x: 1 - x, lambda x: 1 + x]),
    slip("mean before the logarithm", "The logarithm of a mean is not the mean of the logarithms: which comes first?",
         log=lambda p: p.mean().log()),
    slip("rounded before the logarithm", "Four decimals are for reading. Small probabilities lose most by rounding, and cost most.",
         rounding=ROUNDED),
    slip("log1p instead of log", "log1p is log(1 + p), and so is log(p + 1). Take the logarithm of p itself.", log=torch.log1p),
    slip("a limit inside the logarithm", "A small number added, or a clamp, changes small probabilities, and they cost most.",
         log=[form for limit in LIMITS for form in (
             lambda p, limit=limit: (p + limit).log(), lambda p, limit=limit: p.clamp(min=limit).log(),
             lambda p, limit=limit: p.clamp(limit, 1 - limit).log())]),
    slip("weighted by a probability", "Plain −log p is wanted: −p log p is an entropy's term, (1 − p)² log p the focal loss's.",
         log=[lambda p: p * p.log(), *(lambda p, a=a, k=k: a * (1 - p) ** k * p.log() for a, k in ((1, 2), (1, 1), (0.25, 2)))]),
]
# In which entry of a row is the label's.
LABELLING = [
    slip("off by one class", "Labels are indices, and the first class is 0. Take the label as it is.",
         labels=[lambda t, n, *_: (t + 1) % n, lambda t, n, *_: (t - 1) % n, lambda t, *_: t - 1, lambda t, *_: t + 1,
                 lambda t, *_: (t - 1).clamp(min=0), lambda t, n, *_: (t + 1).clamp(max=n - 1)],
         columns=[lambda n, t: n + 1, lambda n, t: n - 1]),
    slip("labels taken from the first row only", "The index 0 reads row 0 for every label. Each label has a row of its own.",
         pick=lambda p, t: p[0, t]),
    slip("rows picked instead of entries", "logits[labels] takes whole rows. One entry of each row is wanted: say row and column.",
         pick=lambda p, t: p[t]),
    slip("every image with every label", "p[:, labels] takes all labels from every row. One of each row is wanted.",
         pick=lambda p, t: p[:, t], difference=lambda logit, total: logit.unsqueeze(-1) - total,
         loss=lambda z, t, _: -z.log_softmax(-1)[:, t].sum() / len(t),
         one_hot=lambda t, z: hot(z, t).amax(0), target=lambda t, n: F.one_hot(t, n).amax(0)),
    slip("all classes counted", "Only the label's probability counts here: pick it, or let a one-hot row make the others 0.",
         pick=lambda p, t: p, one_hot=lambda t, z: 1),
    slip("entropy of the prediction", "This never looks at the label: it says how undecided the model is.",
         one_hot=lambda t, z: torch.softmax(z, -1), loss=lambda z, t, _: torch.distributions.Categorical(logits=z).entropy().mean()),
    slip("the predicted class instead of the label", "The model is asked what it thinks itself. It should pay for what it gives the label.",
         labels=lambda t, n, z=None, *_: z.argmax(-1)),
    slip("the same label for all", "Every image has a label of its own.", labels=[lambda t, *_: t * 0 + t[0], lambda t, *_: t * 0]),
    slip("labels in reverse order", "Images and labels belong together in the order in which they come.", labels=lambda t, *_: t.flip(0)),
    slip("the other classes instead of the label's", "What the label did not get is counted here. Take the label's own share.",
         pick=lambda p, t: 1 - own(p, t), one_hot=lambda t, z: 1 - hot(z, t)),
    slip("num_classes not used", "The largest label of the batch, or how many labels there are, does not say how many classes there are.",
         columns=[lambda n, t: int(t.max()) + 1, lambda n, t: len(t)], one_hot=lambda t, z: F.one_hot(t)),
]
# In log-sum-exp minus the label's logit, and in the product with one-hot rows.
LOGSUMEXP = [
    slip("the label's logit missing", "This is the log of the sum alone, and never looks at the label.",
         difference=lambda logit, total: -total),
    slip("log-softmax missing", "This is the label's logit, or minus that. nll_loss, too, only picks: from logarithms.",
         difference=[lambda logit, total: logit, lambda logit, total: -logit]),
    slip("added instead of subtracted", "A high logit should make the probability large and the loss small: one of the two is subtracted.",
         difference=[lambda logit, total: -(logit + total), torch.add], softplus=lambda x: x - F.softplus(-x)),
    slip("a column met a row", "The sums kept their dimension and the picked logits lost it, so every sum met every logit.",
         difference=lambda logit, total: logit - total.unsqueeze(-1)),
    slip("logsumexp without its dim", "It wants to know along which dimension: there is one sum for each row.",
         logsumexp=[lambda z: torch.logsumexp(z), lambda z: z.logsumexp()]),
    slip("mean over one term only", "One term is a mean or a sum, the other has a number for each image: average the difference.",
         loss=[lambda z, t, _: z.logsumexp(-1) - own(z, t).mean(), lambda z, t, _: z.logsumexp(-1).mean() - own(z, t)],
         difference=[lambda logit, total: logit.sum() - total, lambda logit, total: logit - total.sum()]),
    slip("exp missing in the log-sum-exp", "The log of the sum of *exponentials* is wanted.", logsumexp=lambda z: z.sum(-1).log()),
    slip("log missing in the log-sum-exp", "The *log* of the sum of exponentials is wanted.", logsumexp=lambda z: z.exp().sum(-1)),
    slip("exponential taken twice", "logsumexp and logaddexp take the exponentials themselves: hand them what stands before exp.",
         logsumexp=lambda z: z.exp().logsumexp(-1), softplus=lambda z: F.softplus(z.exp())),
    slip("the shift is not given back", "What is taken away before exp must come back after the log.",
         logsumexp=[lambda z: (z - largest(z)).logsumexp(-1), lambda z: (z - z.max()).logsumexp(-1)]),
    slip("largest logit instead of log-sum-exp", "The largest alone is not the sum: the others' exponentials count too.",
         logsumexp=lambda z: z.amax(-1)),
    slip("mean over images and classes", "It is divided by images times classes: a mean counts the other classes' zeros, numel() all "
         "logits.", reduce=lambda x, z, *_: x.mean() / z.shape[-1]),
    slip("label smoothing", "The target is softened here. With plain labels it is 1 for the label and 0 elsewhere.",
         one_hot=lambda t, z: 0.9 * hot(z, t) + 0.1 / z.shape[-1]),
]
# From the losses, then the logits, to one number.
REDUCING = [
    slip("sum instead of mean", "The loss should not grow with the batch: the same images twice should cost what they cost once.",
         reduce=lambda x, *_: x.sum()),
    slip("no reduction", "There is one loss for each of several things here, and one number is wanted.",
         reduce=[same, lambda x, *_: x.unsqueeze(-1), lambda x, *_: x.unsqueeze(0)]),
    slip("one image only", "Only one image's loss comes out: look for = where += belongs, for an index, or for a return inside the loop.",
         reduce=[lambda x, *_: x[-1].mean(), lambda x, *_: x[0].mean(), lambda x, z, *_: x[-1].sum() / len(z),
                 lambda x, z, *_: x[0].sum() / len(z)]),
    slip("divided by the classes instead of the images", "The mean is over the images: how many are there?",
         reduce=lambda x, z, *_: x.sum() / z.shape[-1]),
    slip("largest instead of mean", "One loss stands for all here.", reduce=[lambda x, *_: x.max(), lambda x, *_: x.min()]),
    slip("divided twice", "The mean has divided already.", reduce=[lambda x, z, *_: x.mean() / len(z), lambda x, *_: x.mean() / x.numel()]),
    slip("divided by a fixed number", "A number is written down here that fits one batch only.",
         reduce=[*(lambda x, *_, k=k: x.sum() / k for k in (3, 2, 4)), lambda x, z, *_: x.sum() / len(z) / 3]),
]
# Instead of cross-entropy's mean.
OTHER_LOSSES = [
    slip("squared difference, or absolute", "|p − y| and (p − y)² are other losses, nearly flat where the model is sure and wrong.",
         loss=[lambda z, t, _: F.mse_loss(soft(z), hot(z, t)), lambda z, t, _: F.mse_loss(z, hot(z, t)),
               lambda z, t, _: F.mse_loss(z.sigmoid(), hot(z, t)), lambda z, t, _: (soft(z) - hot(z, t)).square().sum(-1).mean(),
               lambda z, t, _: (soft(z) - hot(z, t)).abs().sum(-1).mean(), lambda z, t, _: F.l1_loss(soft(z), hot(z, t))]),
    slip("binary cross-entropy instead", "Every class pays here, for “not there” as well. In cross-entropy only the label's share pays.",
         loss=[lambda z, t, _: F.binary_cross_entropy_with_logits(z, hot(z, t)), lambda z, t, _: F.binary_cross_entropy(soft(z), hot(z, t)),
               lambda z, t, _: F.binary_cross_entropy(soft(z), hot(z, t), reduction="sum") / len(z)]),
    slip("weights that nobody asked for", "Each image counts the same here, whatever its class.",
         loss=[lambda z, t, _: F.cross_entropy(z, t, weight=1.0 + torch.arange(z.shape[-1])), lambda z, t, _: (each(z, t) * (t + 1)).mean(),
               lambda z, t, _: F.cross_entropy(z, t, weight=1 / t.bincount(minlength=z.shape[-1]).clamp(min=1))]),
    slip("one class ignored", "Class 0 is a class like the others: no mask, no ignore_index.",
         loss=[lambda z, t, _: F.cross_entropy(z, t, ignore_index=0), lambda z, t, _: (each(z, t) * (t > 0)).mean()]),
    slip("accuracy instead of a loss", "How often the largest logit is right has no slope to learn from.",
         loss=[lambda z, t, _: (z.argmax(-1) == t).float().mean(), lambda z, t, _: (z.argmax(-1) != t).float().mean()]),
    slip("the label itself subtracted", "A label is a place in the row, not a score: which logit stands there?",
         loss=lambda z, t, _: (z.logsumexp(-1) - t).mean()),
    slip("hinge loss instead", "Hinge losses compare logits by a margin of 1. Cross-entropy is −log of the label's share.",
         loss=[lambda z, t, _: F.multi_margin_loss(z, t),
               lambda z, t, _: (z - own(z, t).unsqueeze(-1) + 1 - hot(z, t)).clamp(min=0).sum(-1).mean()]),
    slip("exp of the loss", "That is the perplexity. The loss stops one step before.", loss=lambda z, t, x: x.exp()),
    slip("log of the product with the one-hot row", "The one-hot row's zeros are in the logarithm, and log 0 is −inf.",
         loss=lambda z, t, _: -(hot(z, t) * soft(z)).log().mean()),
    slip("arguments exchanged", "Logits first, then labels.", loss=lambda z, t, _: F.cross_entropy(t, z)),
]


def binary(z: Tensor, y: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(z, y, reduction="none")


def mixed(there: float, away: float) -> Callable:
    return lambda one, other: -(there * one + away * other)


# In the two terms of a binary loss, there → join ← away, and in max(z, 0) − z y + log(1 + exp(−|z|)).
BINARY = [
    slip("own class only", "The zeros of the target are answers too: “not there”. They cost something as well.",
         join=lambda there, away: -there, loss=lambda z, y, _: (y * binary(z, y)).sum() / y.sum()),
    slip("only the classes that are not there", "The other term is missing, that of the classes that are there.",
         join=lambda there, away: -away),
    slip("targets reversed", "y stands before log σ, and 1 − y before log(1 − σ). Here it is the other way round.",
         targets=lambda y: 1 - y),
    slip("the minus reaches one term only", "Both terms cost something, so neither may come out below 0.",
         join=[lambda there, away: away - there, torch.sub]),
    slip("1 − missing in the second logarithm", "A class that is not there costs −log of the probability of “not there”.",
         other=same),
    slip("y or 1 − y missing before a logarithm", "The first term is for the classes that are there, the second for those that are not.",
         there=lambda y, log: log, away=[lambda rest, log: log, lambda rest, log: (1 - rest) * log]),
    slip("1 − outside the logarithm", "1 − log σ is not log(1 − σ): the bracket belongs inside.", other=lambda p: (1 - p.log()).exp()),
    slip("1 − z instead of −z", "1 − is for probabilities: 1 − σ(z) is the sigmoid of another logit, and it is not 1 − z.",
         terms=lambda z, y, _: -(y * F.logsigmoid(z) + (1 - y) * F.logsigmoid(1 - z))),
    slip("squared difference, or absolute", "|y − σ| and (y − σ)² are other losses, flat where the model is sure and wrong.",
         terms=[lambda z, y, _: (y - z.sigmoid()) ** 2, lambda z, y, _: (y - z) ** 2, lambda z, y, _: (y - z.sigmoid()).abs()]),
    slip("probabilities expected where logits came", "binary_cross_entropy and BCELoss take probabilities: sigmoid first.",
         terms=lambda z, y, _: F.binary_cross_entropy(z, y, reduction="none")),
    slip("weights that nobody asked for", "Each class counts the same here: no weight and no pos_weight.",
         there=[*(lambda y, log, w=w: w * y * log for w in (2, 3, 10, 0.5)), lambda y, log: (1 - y).sum() / y.sum() * y * log,
                lambda y, log: (1 - y).sum(0) / y.sum(0) * y * log], away=[lambda rest, log, w=w: w * rest * log for w in (2, 0.5, 0.1)],
         join=[mixed(0.25, 0.75), mixed(0.75, 0.25)]),
    slip("label smoothing", "The targets are softened here. With plain targets they are 1 and 0.",
         targets=[lambda y: 0.9 * y + 0.05, lambda y: 0.9 * y + 0.1 / y.shape[-1], lambda y: 0.8 * y + 0.1]),
    slip("−1 and 1 expected as targets", "Targets are 0 and 1 here. log(1 + exp(−y z)) is for −1 and 1, and so are hinge losses.",
         targets=lambda y: 2 * y - 1,
         terms=[lambda z, y, _: F.softplus(-y * z), lambda z, y, _: (1 - (2 * y - 1) * z).clamp(min=0),
                lambda z, y, _: (1 - y * z).clamp(min=0)]),
    slip("decided before the loss", "Rounded to yes or no, a probability has nothing left to learn from.", chance=lambda z, p: p.round()),
    slip("if with a tensor", "if decides once, and here each class has an answer of its own. In the formula, y and 1 − y decide.",
         terms=lambda z, y, _: z if y == 1 else -z),
    slip("a part of max(z, 0) − z y + log(1 + exp(−|z|))", "One of the three parts is missing, or has the other sign.",
         tail=torch.zeros_like, product=[lambda z, y: z * 0, lambda z, y: -z * y]),
    slip("absolute value missing", "Without the bars of |z| the large logits overflow, and the sum is another.",
         tail=[lambda z: (-z).exp().log1p(), lambda z: z.exp().log1p()]),
    slip("arguments exchanged", "Logits first, then targets.", terms=lambda z, y, _: binary(y, z)),
]
