"""More than two hundred wrong functions in the manner of published code, questions and homework, each with the words of its true reason.

A pattern says which words the first line of the check must have, "two slips" or one.  Not copied, and written by who wrote the slips.
"""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from utils.bce_by_hand import check_bce, check_bce_terms
from utils.cross_entropy_by_hand import check_cross_entropy
from utils.one_hot import check_bce_target
from utils.sigmoid import check_log_sigmoid, check_sigmoid
from utils.softmax import check_softmax
from utils.summary import check_predict_labels
from utils.training_step import check_training_step, training_step
from utils.weighted_by_hand import check_weighted_cross_entropy


def sig(x):
    return 1 / (1 + np.exp(-x))


def soft(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def rows(z, row):
    return torch.tensor(np.array([row(r) for r in z.numpy()]))


def loop_ce(z, t):
    for i in range(len(t)):
        loss = -torch.log(torch.softmax(z[i], 0)[t[i]])
    return loss / len(t)


def loop_ce_return(z, t):
    total = 0
    for row, label in zip(z, t):
        total += -torch.log(torch.softmax(row, 0)[label])
        return total / len(t)


def loop_bce_per_class(z, y):
    total = 0.0
    for k in range(z.shape[1]):
        p = torch.sigmoid(z[:, k])
        total = total - (y[:, k] * torch.log(p) + (1 - y[:, k]) * torch.log(1 - p)).mean()
    return total


def loop_bce_overwritten(z, y):
    for i in range(len(z)):
        loss = F.binary_cross_entropy_with_logits(z[i], y[i])
    return loss


def loop_softmax_in_place(z):
    for i in range(len(z)):
        z[i] = torch.exp(z[i]) / torch.exp(z[i]).sum()
    return z


def loop_softmax_growing_sum(z):
    out, total = torch.zeros_like(z), 0
    for i in range(len(z)):
        e = torch.exp(z[i] - z[i].max())
        total = e.sum() + 1
        out[i] = e / total
    return out


def sm(x):
    e = np.exp(x - np.max(x))
    return e / e.sum(axis=0)


def zeros_then(t, n, write):
    target = np.zeros((len(t), n), dtype=np.float32)
    write(target, t.numpy())
    return torch.from_numpy(target)


def at_row(target, t):
    target[t] = 1


def at_column(target, t):
    target[:, t] = 1


def at_first_row(target, t):
    target[0, t] = 1


def at_next(target, t):
    for i, label in enumerate(t):
        target[i, label - 1] = 1


def at_exchanged(target, t):
    target[t, range(len(t))] = 1


def pick(p, t):
    return p[torch.arange(len(t)), t]


def grad(w, x, y, loss=F.cross_entropy, times=1):
    w = w.clone().requires_grad_()
    for _ in range(times):
        loss(x @ w, y).backward()
    return w.grad


def backward_twice(w, x, y, r):
    return w - r * grad(w, x, y, times=2)


def zeroed_before_the_step(w, x, y, r):
    w = w.clone().requires_grad_()
    optimizer = torch.optim.SGD([w], lr=r)
    F.cross_entropy(x @ w, y).backward()
    optimizer.zero_grad()
    optimizer.step()
    return w


def by_adam(w, x, y, r):
    w = w.clone().requires_grad_()
    optimizer = torch.optim.Adam([w], lr=r)
    F.cross_entropy(x @ w, y).backward()
    optimizer.step()
    return w.detach()


def loss_returned(w, x, y, r):
    w = w.clone().requires_grad_()
    loss = F.cross_entropy(x @ w, y)
    loss.backward()
    w = w - r * w.grad
    return loss


def a_step_each(w, x, y, r):
    for image, label in zip(x, y):
        w = w - r * grad(w, image[None], label[None])
    return w


def first_image(w, x, y, r):
    return w - r * grad(w, x[:1], y[:1])


def formula(w, x, y, r, hot=F.one_hot, act=lambda z: torch.softmax(z, 1)):
    return w - r * x.T @ (act(x @ w) - hot(y, w.shape[1])) / len(x)


def counted_down(t, n):
    target = torch.zeros(len(t), n, dtype=torch.long)
    for i, label in enumerate(t):
        target[i, label - 1] = 1
    return target


def by_classes(t, n):
    target = torch.zeros(len(t), n)
    target[torch.arange(n), t] = 1
    return target


def printed(z, y):
    terms = [-(there * torch.log(p) + (1 - there) * torch.log(1 - p)) for there, p in zip(y.T, torch.sigmoid(z).T)]
    there, p = y[:, -1], torch.sigmoid(z)[:, -1]
    return (sum(term.sum() for term in terms[:-1]) - (there * torch.log(p) - (1 - there) * torch.log(p)).sum()) / z.numel()


def kaggle_clip(z, t):
    p = np.clip(soft(z.numpy()), 1e-12, 1 - 1e-12)
    return -np.sum(np.eye(z.shape[1])[t] * np.log(p + 1e-9)) / p.shape[1]


PUBLISHED = [
    # softmax
    (check_softmax, "whole batch",
     lambda z: torch.from_numpy(np.exp(z.numpy() - np.max(z.numpy())) / np.exp(z.numpy() - np.max(z.numpy())).sum())),
    (check_softmax, "wrong dim", lambda z: torch.from_numpy(np.exp(z.numpy()) / np.sum(np.exp(z.numpy()), axis=0))),
    (check_softmax, "keepdim", lambda z: torch.from_numpy(np.exp(z.numpy()) / np.sum(np.exp(z.numpy()), axis=1))),
    (check_softmax, "NumPy|array", lambda z: soft(z.numpy())),
    (check_softmax, "list", lambda z: [torch.softmax(r, 0).tolist() for r in z]),
    (check_softmax, "overflow", lambda z: torch.stack([r.exp() / r.exp().sum() for r in z])),
    (check_softmax, "too large|overflow",
     lambda z: torch.tensor([[math.exp(v) / sum(math.exp(w) for w in r) for v in r] for r in z.tolist()])),
    (check_softmax, "largest of the whole batch",
     lambda z: rows(z, lambda r: np.exp(r - z.numpy().max()) / np.exp(r - z.numpy().max()).sum())),
    (check_softmax, "it changes the logits that it was given", loop_softmax_in_place),
    (check_softmax, "something other than the sum", loop_softmax_growing_sum),
    (check_softmax, "twice", lambda z: nn.Softmax(dim=1)(nn.Softmax(dim=1)(z))),
    (check_softmax, "wrong dim", lambda z: nn.Softmax(dim=0)(z)),
    (check_softmax, "logarithm|log", lambda z: F.log_softmax(z, dim=-1)),
    (check_softmax, "rounded", lambda z: torch.from_numpy(np.round(soft(z.numpy()), 3))),
    (check_softmax, "sigmoid", lambda z: torch.from_numpy(sig(z.numpy()))),
    (check_softmax, "exponential missing", lambda z: z.abs() / z.abs().sum(1, keepdim=True)),
    (check_softmax, "largest", lambda z: torch.softmax(z / z.max(), 1)),
    (check_softmax, "temperature", lambda z: torch.softmax(z / 2.0, 1)),
    (check_softmax, "all or nothing", lambda z: F.one_hot(z.argmax(1), z.shape[1]).float()),
    (check_softmax, "decided|largest", lambda z: torch.softmax(z, dim=1).max(dim=1).values),
    (check_softmax, "one place", lambda z: torch.exp(z - z.max()) / torch.exp(z).sum(1, keepdim=True)),
    (check_softmax, "exchanged|wrong dim", lambda z: torch.softmax(z.T, 0)),
    (check_softmax, "normalised over the whole batch|flat|dimension lost", lambda z: torch.softmax(z.flatten(), 0).view_as(z)),
    (check_softmax, "not divided", lambda z: torch.exp(z - z.max(1, keepdim=True)[0])),
    # cross-entropy
    (check_cross_entropy, "mean over images and classes|classes", lambda z, t: -np.mean(np.eye(z.shape[1])[t] * np.log(soft(z.numpy())))),
    (check_cross_entropy, "sum instead", lambda z, t: -np.sum(np.log(soft(z.numpy())[range(len(t)), t]))),
    (check_cross_entropy, "no reduction", lambda z, t: torch.from_numpy(-np.log(soft(z.numpy())[range(len(t)), t]))),
    (check_cross_entropy, "limit", lambda z, t: -np.sum(np.eye(z.shape[1])[t] * np.log(soft(z.numpy()) + 1e-5)) / len(t)),
    (check_cross_entropy, "limit|cuts", lambda z, t: -torch.log(torch.softmax(z, 1)[range(len(t)), t] + 1e-8).mean()),
    (check_cross_entropy, "limit|cuts", lambda z, t: -torch.log(torch.clamp(torch.softmax(z, 1), 1e-12, 1.0))[range(len(t)), t].mean()),
    (check_cross_entropy, "classes", kaggle_clip),
    (check_cross_entropy, "one image only", loop_ce),
    (check_cross_entropy, "one image only", loop_ce_return),
    (check_cross_entropy, "base 2", lambda z, t: -(F.one_hot(t, z.shape[1]) * torch.log2(torch.softmax(z, 1))).sum(1).mean()),
    (check_cross_entropy, "twice", lambda z, t: F.cross_entropy(F.softmax(z, dim=1), t)),
    (check_cross_entropy, "sigmoid applied first", lambda z, t: F.cross_entropy(torch.sigmoid(z), t)),
    (check_cross_entropy, "log missing", lambda z, t: nn.NLLLoss()(nn.Softmax(dim=1)(z), t)),
    (check_cross_entropy, "log-softmax missing", lambda z, t: nn.NLLLoss()(z, t)),
    (check_cross_entropy, "squared", lambda z, t: nn.MSELoss()(torch.softmax(z, 1), F.one_hot(t, z.shape[1]).float())),
    (check_cross_entropy, "hinge", nn.MultiMarginLoss()),
    (check_cross_entropy, "smoothing", nn.CrossEntropyLoss(label_smoothing=0.1)),
    (check_cross_entropy, "binary cross-entropy instead", lambda z, t: nn.BCEWithLogitsLoss()(z, F.one_hot(t, z.shape[1]).float())),
    (check_cross_entropy, "shares|binary", lambda z, t: nn.BCELoss()(torch.softmax(z, 1), F.one_hot(t, z.shape[1]).float())),
    (check_cross_entropy, "a minus missing, or one too many", lambda z, t: torch.log_softmax(z, 1)[range(len(t)), t].mean()),
    (check_cross_entropy, "wrong dim", lambda z, t: F.nll_loss(F.log_softmax(z, dim=0), t)),
    (check_cross_entropy, "whole batch", lambda z, t: -np.log((np.exp(z.numpy()) / np.exp(z.numpy()).sum())[range(len(t)), t]).mean()),
    (check_cross_entropy, "every", lambda z, t: -torch.log_softmax(z, 1)[:, t].mean()),
    (check_cross_entropy, "probabilities expected", lambda z, t: -np.log(np.clip(z.numpy(), 1e-7, 1))[range(len(t)), t].mean()),
    (check_cross_entropy, "arguments", lambda z, t: F.cross_entropy(t, z)),
    (check_cross_entropy, "weighted by a probability",
     lambda z, t: ((1 - torch.softmax(z, 1)[range(len(t)), t]) ** 2 * F.cross_entropy(z, t, reduction="none")).mean()),
    (check_cross_entropy, "entropy of the prediction", lambda z, t: -(torch.softmax(z, 1) * torch.log_softmax(z, 1)).sum(1).mean()),
    (check_cross_entropy, "0 · log 0", lambda z, t: -(F.one_hot(t, z.shape[1]) * torch.log(torch.softmax(z, 1))).sum(1).mean()),
    (check_cross_entropy, "too large|overflow",
     lambda z, t: sum(-math.log(math.exp(r[k]) / sum(map(math.exp, r))) for r, k in zip(z.tolist(), t)) / len(t)),
    (check_cross_entropy, "shift", lambda z, t: (torch.log(torch.exp(z - z.max(1, keepdim=True)[0]).sum(1)) - z[range(len(t)), t]).mean()),
    (check_cross_entropy, "off by one", lambda z, t: F.cross_entropy(z, torch.clamp(t - 1, min=0))),
    # sigmoid
    (check_sigmoid, "probability of no", lambda x: 1 / (1 + torch.exp(x))),
    (check_sigmoid, "brackets|inverted", lambda x: 1 / 1 + torch.exp(-x)),
    (check_sigmoid, "slope", lambda x: torch.sigmoid(x) * (1 - torch.sigmoid(x))),
    (check_sigmoid, "slope", lambda x: x * (1 - x)),
    (check_sigmoid, "tanh", lambda x: np.tanh(x)),
    (check_sigmoid, "too large|overflow", lambda x: torch.tensor([[1 / (1 + math.exp(-v)) for v in r] for r in x.tolist()])),
    (check_sigmoid, "1 −", lambda x: 1 / (1 - torch.exp(-x))),
    (check_sigmoid, "base 2", lambda x: 1 / (1 + torch.pow(2, -x))),
    (check_sigmoid, "array", lambda x: sig(x.numpy())),
    (check_sigmoid, "overflow at large logits", lambda x: torch.exp(x) / (torch.exp(x) + 1)),
    (check_sigmoid, "all or nothing", lambda x: torch.where(x > 0, 1.0, 0.0)),
    (check_sigmoid, "softmax", lambda x: F.softmax(x, -1)),
    (check_sigmoid, "hard", F.hardsigmoid),
    # log of sigmoid
    (check_log_sigmoid, "minus", lambda x: torch.log(1 + torch.exp(-x))),
    (check_log_sigmoid, "limit", lambda x: torch.log(torch.sigmoid(x) + 1e-8)),
    (check_log_sigmoid, "both minus", F.softplus),
    (check_log_sigmoid, "other answer", lambda x: -F.softplus(x)),
    (check_log_sigmoid, "saturation", lambda x: torch.log(torch.sigmoid(x))),
    (check_log_sigmoid, "base 10", lambda x: torch.log10(1 / (1 + torch.exp(-x)))),
    # targets
    (check_bce_target, "whole rows", lambda t, n: zeros_then(t, n, at_row)),
    (check_bce_target, "every label", lambda t, n: zeros_then(t, n, at_column)),
    (check_bce_target, "first", lambda t, n: zeros_then(t, n, at_first_row)),
    (check_bce_target, "off by one", lambda t, n: zeros_then(t, n, at_next)),
    (check_bce_target, "whole numbers", lambda t, n: torch.from_numpy(np.eye(n, dtype=int)[t.numpy()])),
    (check_bce_target, "array", lambda t, n: np.eye(n)[t.numpy()]),
    (check_bce_target, "num_classes not used", lambda t, n: torch.from_numpy(np.eye(t.max() + 1)[t.numpy()])),
    (check_bce_target, "list", lambda t, n: [[1.0 if k == label else 0.0 for k in range(n)] for label in t]),
    (check_bce_target, "exchanged", lambda t, n: torch.eye(n)[t].t()),
    (check_bce_target, "all labels in one row", lambda t, n: torch.zeros(n).scatter_(0, t, 1.0)),
    # binary cross-entropy
    (check_bce, "sum over the classes|sum over", lambda z, y: F.binary_cross_entropy_with_logits(z, y, reduction="none").sum(1)),
    (check_bce, "divided by the images", loop_bce_per_class),
    (check_bce, "one image only", loop_bce_overwritten),
    (check_bce, "own class", lambda z, y: -np.mean(y.numpy() * np.log(sig(z.numpy())))),
    (check_bce, "limit", lambda z, y: -(y * torch.log(torch.sigmoid(z) + 1e-7) + (1 - y) * torch.log(1 - torch.sigmoid(z) + 1e-7)).mean()),
    (check_bce, "base 2", lambda z, y: -(y * torch.log2(torch.sigmoid(z)) + (1 - y) * torch.log2(1 - torch.sigmoid(z))).mean()),
    (check_bce, "second term|sign", lambda z, y: (y * torch.log(sig(z)) - (1 - y) * torch.log(1 - sig(z))).mean()),
    (check_bce, "1 − outside|1 −", lambda z, y: -(y * torch.log(sig(z)) + (1 - y) * (1 - torch.log(sig(z)))).mean()),
    (check_bce, "weights|two means", nn.BCEWithLogitsLoss(pos_weight=torch.tensor(2.0))),
    (check_bce, "softmax", lambda z, y: F.binary_cross_entropy(F.softmax(z, dim=1), y)),
    (check_bce, "cross-entropy instead", lambda z, y: F.cross_entropy(z, y)),
    (check_bce, "−1 and 1|hinge", lambda z, y: torch.log(1 + torch.exp(-y * z)).mean()),
    (check_bce, "squared", lambda z, y: ((sig(z) - y) ** 2).mean()),
    (check_bce, "−100|100", lambda z, y: nn.BCELoss()(torch.sigmoid(z), y)),
    (check_bce, "probabilities expected", lambda z, y: nn.BCELoss()(z, y)),
    (check_bce_terms, "reduced", lambda z, y: F.binary_cross_entropy_with_logits(z, y)),
    (check_bce_terms, "absolute value", lambda z, y: z.clamp(min=0) - z * y + torch.log(1 + torch.exp(-z))),
    # one label or many
    (check_predict_labels, "wrong dim", lambda z, one: torch.from_numpy(np.argmax(z.numpy(), axis=0)) if one else z >= 0),
    (check_predict_labels, "over all", lambda z, one: torch.tensor(np.argmax(z.numpy())) if one else z >= 0),
    (check_predict_labels, "a half", lambda z, one: torch.argmax(z, 1) if one else torch.round(torch.sigmoid(z)).bool()),
    (check_predict_labels, "saturated", lambda z, one: torch.sigmoid(z).argmax(1) if one else torch.sigmoid(z) >= 0.5),
    (check_predict_labels, "softmax", lambda z, one: z.argmax(1) if one else F.softmax(z, 1) >= 0.5),
    (check_predict_labels, "0.5 on the logits", lambda z, one: torch.max(z, 1)[1] if one else (z > 0.5).float()),
    (check_predict_labels, "largest number", lambda z, one: torch.max(z, 1)[0] if one else z >= 0),
    (check_predict_labels, "decided", lambda z, one: z.argmax(1) if one else torch.sigmoid(z)),
    # a second set, written when all of the first were named
    (check_softmax, "wrong dim|column", lambda z: torch.from_numpy(sm(z.numpy()))),
    (check_softmax, "transpos|exchanged|wrong dim", lambda z: torch.softmax(z, 0).T),
    (check_softmax, "mean|not right yet", lambda z: torch.softmax(z, 1) - torch.softmax(z, 1).mean()),
    (check_softmax, "another function", lambda z: torch.sigmoid(z) / torch.sigmoid(z).sum(1, keepdim=True)),
    (check_softmax, "something other than the sum", lambda z: torch.exp(z) / (torch.exp(z).sum(1, keepdim=True) + 1e-3)),
    (check_softmax, "limit|overflow|clip|clamp|cut", lambda z: torch.softmax(z.clamp(-10, 10), 1)),
    (check_softmax, "limit|clip|clamp|cut", lambda z: torch.softmax(z.clamp(-50, 50), 1)),
    (check_softmax, "along the row", lambda z: torch.softmax(z, 1).cumsum(1)),
    (check_softmax, "overflow",
     lambda z: torch.exp(z - z.min(1, keepdim=True)[0]) / torch.exp(z - z.min(1, keepdim=True)[0]).sum(1, keepdim=True)),
    (check_softmax, "argmax|index|overflow", lambda z: (lambda e: e / e.sum(1, keepdim=True))(torch.exp(z - z.argmax(1, keepdim=True)))),
    (check_softmax, "whole batch|wrong dim|max", lambda z: torch.exp(z - z.max(0)[0]) / torch.exp(z - z.max(0)[0]).sum(0)),
    (check_cross_entropy, "two slips.*sum.*minus|two slips.*minus.*sum", lambda z, t: F.log_softmax(z, 1)[range(len(t)), t].sum()),
    (check_cross_entropy, "classes", lambda z, t: -(F.one_hot(t, z.shape[1]) * F.log_softmax(z, 1)).sum() / z.numel()),
    (check_cross_entropy, "all classes", lambda z, t: -F.log_softmax(z, 1).sum() / len(t)),
    (check_cross_entropy, "weight", lambda z, t: F.cross_entropy(z, t, weight=torch.arange(1.0, z.shape[1] + 1))),
    (check_cross_entropy, "weight", lambda z, t: (F.cross_entropy(z, t, reduction="none") * (t + 1)).mean()),
    (check_cross_entropy, "exp|perplex", lambda z, t: F.cross_entropy(z, t).exp()),
    (check_cross_entropy, "shape|dimension|reduction", lambda z, t: F.cross_entropy(z, t).unsqueeze(0)),
    (check_cross_entropy, "ignore|label 0", lambda z, t: F.cross_entropy(z, t, ignore_index=0)),
    (check_cross_entropy, "temperature", lambda z, t: F.cross_entropy(z / 0.5, t)),
    (check_cross_entropy, "overflow", lambda z, t: (z.exp().sum(1).log() - z[range(len(t)), t]).mean()),
    (check_cross_entropy, "accuracy|decided|predicted", lambda z, t: (z.argmax(1) == t).float().mean()),
    (check_cross_entropy, "other", lambda z, t: -torch.log(1 - torch.softmax(z, 1)[range(len(t)), t]).mean()),
    (check_cross_entropy, "rounded", lambda z, t: round(F.cross_entropy(z, t).item(), 4)),
    (check_cross_entropy, "whole number", lambda z, t: int(F.cross_entropy(z, t))),
    (check_cross_entropy, "mean over images and classes",
     lambda z, t: F.kl_div(F.log_softmax(z, 1), F.one_hot(t, z.shape[1]).float(), reduction="mean")),
    (check_cross_entropy, "row", lambda z, t: -torch.log_softmax(z, 1)[t].mean()),
    (check_sigmoid, "square|exponent", lambda z: 1 / (1 + torch.exp(-z ** 2))),
    (check_sigmoid, "way back", lambda z: torch.log(z / (1 - z))),
    (check_sigmoid, "limit|cut", lambda z: torch.sigmoid(z).clamp(1e-3, 1 - 1e-3)),
    (check_sigmoid, "tanh", lambda z: 2 * torch.sigmoid(z) - 1),
    (check_log_sigmoid, "other answer", lambda z: -torch.log(1 + torch.exp(z))),
    (check_log_sigmoid, "limit|cut", lambda z: F.logsigmoid(z.clamp(min=-50))),
    (check_bce_target, "whole numbers", lambda t, n: F.one_hot(t, n).to(torch.uint8)),
    (check_bce_target, "label", lambda t, n: F.one_hot(t, n).float() * t[:, None]),
    (check_bce_target, "dimension", lambda t, n: F.one_hot(t, n).float().squeeze()),
    (check_bce_target, "dimension", lambda t, n: F.one_hot(t[:, None], n).float()),
    (check_bce, "two slips.*base 2.*sum|two slips.*sum.*base 2",
     lambda z, y: -(y * torch.log2(torch.sigmoid(z)) + (1 - y) * torch.log2(1 - torch.sigmoid(z))).sum()),
    (check_bce, "two slips.*own.*sum|two slips.*sum.*own", lambda z, y: -(y * F.logsigmoid(z)).sum()),
    (check_bce, "limit", lambda z, y: nn.BCELoss()(torch.sigmoid(z).clamp(1e-7, 1 - 1e-7), y)),
    (check_bce, "limit", lambda z, y: nn.BCELoss()(torch.sigmoid(z).clamp(1e-4, 1 - 1e-4), y)),
    (check_bce, "limit",
     lambda z, y: -(y * torch.log(torch.sigmoid(z) + 1e-12) + (1 - y) * torch.log(1 - torch.sigmoid(z) + 1e-12)).mean()),
    (check_bce, "weighted by a probability",
     lambda z, y: (lambda x: ((1 - torch.exp(-x)) ** 2 * x).mean())(F.binary_cross_entropy_with_logits(z, y, reduction="none"))),
    (check_bce, "weight", lambda z, y: F.binary_cross_entropy_with_logits(z, y, pos_weight=torch.tensor(3.0))),
    (check_bce, "weight|factor of 2", lambda z, y: F.binary_cross_entropy_with_logits(z, y, weight=torch.tensor(0.5))),
    (check_bce, "first row|one image", lambda z, y: F.binary_cross_entropy_with_logits(z[0], y[0])),
    (check_bce, "dice|overlap", lambda z, y: 1 - (2 * (torch.sigmoid(z) * y).sum() + 1) / (torch.sigmoid(z).sum() + y.sum() + 1)),
    (check_bce, "twice", lambda z, y: nn.BCEWithLogitsLoss()(nn.Sigmoid()(z), y)),
    (check_bce, "reversed|exchanged|argument", lambda z, y: nn.BCEWithLogitsLoss()(y, z)),
    (check_bce_terms, "sum over|reduced", lambda z, y: F.binary_cross_entropy_with_logits(z, y, reduction="none").sum(-1)),
    (check_predict_labels, "smallest|argmin", lambda z, one: z.argmin(1) if one else z >= 0),
    (check_predict_labels, "another threshold", lambda z, one: z.argmax(1) if one else z >= z.mean(1, keepdim=True)),
    (check_predict_labels, "two slips", lambda z, one: z.argmax(0) if one else z > 0.5),
    (check_predict_labels, "all|whole|list", lambda z, one: z.argmax(1).tolist() if one else (z >= 0).tolist()),
    (check_predict_labels, "half", lambda z, one: z.argmax(1) if one else torch.sigmoid(z) > 0.5),
    # a third, from newcomers: each had no name, a wrong one, or was accepted, when it was first tried
    (check_cross_entropy, "label's logit missing", lambda z, t: z.logsumexp(1).mean()),
    (check_sigmoid, "sigmoid of 2 z", lambda z: torch.softmax(torch.stack([z, -z], -1), -1)[..., 0]),
    (check_softmax, "after the exp", lambda z: (lambda e: e / e.sum(1, keepdim=True))(z.exp() - z.max(1, keepdim=True)[0])),
    (check_softmax, "after the exp",
     lambda z: (lambda e: (e - e.max(1, keepdim=True)[0]) / (e - e.max(1, keepdim=True)[0]).sum(1, keepdim=True))(z.exp())),
    (check_softmax, "after the exp", lambda z: (lambda e: (e - e.max()) / (e - e.max()).sum(1, keepdim=True))(z.exp())),
    (check_predict_labels, "a half", lambda z, one: z.argmax(1) if one else torch.sigmoid(z).round()),
    (check_predict_labels, "a half", lambda z, one: z.argmax(1) if one else torch.sigmoid(z).round().int()),
    (check_cross_entropy, "column met a row|too many", lambda z, t: z.logsumexp(1, keepdim=True) - pick(z, t)),
    (check_cross_entropy, "keepdim|column", lambda z, t: ((z - z.max(1)[0]).exp().sum(1).log() + z.max(1)[0] - pick(z, t)).mean()),
    (check_cross_entropy, "column met a row", lambda z, t: (z.logsumexp(1, keepdim=True) - z[range(len(t)), t]).sum()),
    (check_training_step, "number of classes fixed", lambda w, x, y, r: formula(w, x, y, r, hot=lambda y, c: F.one_hot(y, 3))),
    (check_training_step, "num_classes not used", lambda w, x, y, r: formula(w, x, y, r, hot=lambda y, c: F.one_hot(y))),
    (check_log_sigmoid, "z and 1", lambda z: -torch.logaddexp(torch.ones_like(z), -z)),
    (check_log_sigmoid, "taken twice", lambda z: -torch.logaddexp(torch.zeros_like(z), torch.exp(-z))),
    (check_sigmoid, "z and 1", lambda z: torch.softmax(torch.stack([z, torch.ones_like(z)], -1), -1)[..., 0]),
    (check_sigmoid, "cat", lambda z: torch.softmax(torch.cat([z, torch.zeros_like(z)], -1), -1)[..., 0]),
    (check_sigmoid, "cat", lambda z: torch.softmax(torch.cat([z, torch.zeros_like(z)], -1), -1)[:, :z.shape[1]]),
    (check_sigmoid, "cat", lambda z: torch.softmax(torch.cat([z, torch.zeros_like(z)]), 0)[:len(z)]),
    (check_sigmoid, "cat", lambda z: torch.softmax(torch.cat([z, torch.zeros_like(z)], 0), 0)),
    (check_bce_terms, "1 − z", lambda z, y: -(y * F.logsigmoid(z) + (1 - y) * F.logsigmoid(1 - z))),
    (check_bce, "1 − z.*sum|sum.*1 − z", lambda z, y: -(y * F.logsigmoid(z) + (1 - y) * F.logsigmoid(1 - z)).sum()),
    (check_bce, "fixed", lambda z, y: F.binary_cross_entropy_with_logits(z, y, reduction="sum") / 3),
    (check_cross_entropy, "fixed", lambda z, t: F.cross_entropy(z, t, reduction="sum") / 2),
    (check_cross_entropy, "mean before", lambda z, t: -torch.log(pick(torch.softmax(z, 1), t).mean())),
    (check_cross_entropy, "label itself", lambda z, t: (z.logsumexp(1) - t).mean()),
    (check_bce_target, "row and column", lambda t, n: zeros_then(t, n, at_exchanged)),
    (check_training_step, "counted twice", backward_twice),
    (check_training_step, "nothing moved", zeroed_before_the_step),
    (check_training_step, "the loss", loss_returned),
    (check_training_step, "each image", a_step_each),
    (check_training_step, "one image", first_image),
    (check_training_step, "sigmoid", lambda w, x, y, r: formula(w, x, y, r, act=torch.sigmoid)),
    (check_training_step, "softmax missing", lambda w, x, y, r: formula(w, x, y, r, act=lambda z: z)),
    (check_training_step, "wrong dim", lambda w, x, y, r: formula(w, x, y, r, act=lambda z: torch.softmax(z, 0))),
    (check_training_step, "whole batch", lambda w, x, y, r: formula(w, x, y, r, act=lambda z: z.exp() / z.exp().sum())),
    (check_training_step, "overflow", lambda w, x, y, r: formula(w, x, y, r, act=lambda z: z.exp() / z.exp().sum(1, keepdim=True))),
    (check_training_step, "sign or direction", by_adam),
    (check_training_step, "binary",
     lambda w, x, y, r: w - r * grad(w, x, y, lambda z, y: F.binary_cross_entropy_with_logits(z, F.one_hot(y, z.shape[1]).float()))),
    (check_training_step, "squared",
     lambda w, x, y, r: w - r * grad(w, x, y, lambda z, y: F.mse_loss(z, F.one_hot(y, z.shape[1]).float()))),
    (check_training_step, "log", lambda w, x, y, r: w - r * grad(w, x, y, F.nll_loss)),
    (check_training_step, "off by one", lambda w, x, y, r: w - r * grad(w, x, (y + 1) % w.shape[1])),
    (check_training_step, "rate in the wrong", lambda w, x, y, r: r * (w - grad(w, x, y))),
    (check_training_step, "rate in the wrong", lambda w, x, y, r: (1 - r) * w - r * grad(w, x, y)),
    (check_training_step, "two slips: uphill, and no learning rate", lambda w, x, y, r: w + grad(w, x, y)),
    (check_softmax, "keepdim", lambda z: (z - z.max(1)[0]).exp() / (z - z.max(1)[0]).exp().sum(1)),
    (check_cross_entropy, "every image", lambda z, t: -torch.log_softmax(z, 1)[:, t].sum() / len(t)),
    (check_log_sigmoid, "softmax", lambda z: torch.log_softmax(z, -1)),
    (check_log_sigmoid, "yes and no", lambda z: torch.log_softmax(torch.stack([z, torch.zeros_like(z)], -1), -1)),
    (check_bce, "bracket|one term", lambda z, y: (-y * F.logsigmoid(z) + (1 - y) * F.logsigmoid(-z)).mean()),
    (check_predict_labels, "half", lambda z, one: z.argmax(1) if one else (torch.sign(z) + 1) / 2),
    (check_weighted_cross_entropy, "column met a row",
     lambda z, t, w: (w[t] * (z.logsumexp(1, keepdim=True) - z.gather(1, t[:, None]))).sum() / w[t].sum()),
    # a fourth, of some 200 that were written before the tables were read: each had no name, or a wrong one, when it was first tried
    (check_softmax, "something other than the sum",
     lambda z: (z - z.amax(1, keepdim=True)).exp() / (z - z.amax(1, keepdim=True)).sum(1, keepdim=True)),
    (check_cross_entropy, "^normalised over the wrong dim", lambda z, t: z.logsumexp(0).mean() - z[torch.arange(len(t)), t].mean()),
    (check_log_sigmoid, "1 − instead", lambda z: 1 - torch.logaddexp(torch.zeros_like(z), -z)),
    (check_log_sigmoid, "1 over", lambda z: 1 / torch.logaddexp(torch.zeros_like(z), -z)),
    (check_log_sigmoid, "added", lambda z: z + torch.logaddexp(torch.zeros_like(z), z)),
    (check_bce_target, "two slips: (?=.*off by one)(?=.*whole numbers)", counted_down),
    (check_bce_terms, "two slips: (?=.*minus)(?=.*early)", lambda z, y: (y * F.logsigmoid(z) + (1 - y) * F.logsigmoid(-z)).sum(1)),
    (check_bce_terms, "the same answer", lambda z, y: -(y * F.logsigmoid(z)) * ((1 - y) * F.logsigmoid(-z))),
    (check_bce_terms, "not right yet", lambda z, y: -(y * z.sigmoid().log() + (1 - y) * (z.sigmoid() - 1).log())),
    (check_training_step, "gradient of something else", lambda w, x, y, r: w - r * F.cross_entropy(x @ w, y)),
    (check_training_step, "gradient of something else",
     lambda w, x, y, r: w - r * x.T @ (torch.softmax(w @ x, 1) - F.one_hot(y, w.shape[1])) / len(x)),
    (check_sigmoid, "another index", lambda z: torch.softmax(torch.stack([z, torch.zeros_like(z)], dim=-1), dim=-1)[:, 0]),
    (check_sigmoid, "another index", lambda z: torch.softmax(torch.stack([z, torch.zeros_like(z)]), dim=-1)[..., 0]),
    (check_log_sigmoid, "taken twice", lambda z: -torch.log(torch.logaddexp(torch.zeros_like(z), -z))),
    (check_bce_target, "as many rows as classes", by_classes),
    (check_cross_entropy, "two slips: (?=.*no reduction)(?=.*rows picked)", lambda z, t: z.logsumexp(1) - z[t]),
    (check_cross_entropy, "a dimension too many", lambda z, t: (z.logsumexp(1, keepdim=True) - z.gather(1, t[:, None])).mean(0)),
    (check_sigmoid, "two slips: (?=.*probability of no)(?=.*rounded)", lambda z: torch.round(1 / (1 + torch.exp(z)) * 100) / 100),
    (check_bce, "two slips: (?=.*images only)(?=.*one term has the wrong sign)",
     lambda z, y: (-y * F.logsigmoid(z) + (1 - y) * F.logsigmoid(-z)).sum() / len(z)),
    (check_cross_entropy, "num_classes not used", lambda z, t: -(F.one_hot(t) * F.log_softmax(z, 1)).sum() / len(t)),
    (check_weighted_cross_entropy, "divided twice", lambda z, t, w: (w[t] / w.sum() * F.cross_entropy(z, t, reduction="none")).mean()),
    (check_training_step, "counted twice", lambda w, x, y, r: training_step(training_step(w, x, y, r), x, y, r)),
    (check_training_step, "divided by the wrong number",
     lambda w, x, y, r: w - r * x.T @ (torch.softmax(x @ w, 1) - torch.eye(w.shape[1])[y]) / (w.shape[1] * len(x))),
    (check_bce_terms, "yes or no of a whole tensor", lambda z, y: -F.logsigmoid(z) if y == 1 else -F.logsigmoid(-z)),
    # what a shorter table had no name for, or a wrong one
    *((check_sigmoid, "another activation", f) for f in (torch.relu, F.softplus, F.silu, F.gelu, F.elu, F.softsign)),
    (check_softmax, "a minus missing, or one too many", lambda z: -torch.softmax(z, 1)),
    (check_sigmoid, "a minus missing, or one too many", lambda z: -torch.sigmoid(z)),
    (check_softmax, "yes or no", lambda z: torch.softmax(z, 1) > 0),
    (check_softmax, "16 bits", lambda z: torch.softmax(z, 1).half()),
    (check_bce, "16 bits", lambda z, y: F.binary_cross_entropy_with_logits(z, y).bfloat16()),
    (check_softmax, "normalised first", lambda z: torch.softmax(z / z.norm(), 1)),
    (check_softmax, "normalised first", lambda z: torch.softmax(F.normalize(z), 1)),
    (check_cross_entropy, "normalised first", lambda z, t: F.cross_entropy((z - z.mean(1, keepdim=True)) / z.std(1, keepdim=True), t)),
    (check_sigmoid, "normalised first", lambda z: torch.sigmoid(z.clamp(-1, 1))),
    (check_softmax, "rounded first", lambda z: torch.softmax(z.round(), 1)),
    (check_sigmoid, "rounded first", lambda z: torch.sigmoid(torch.trunc(z))),
    (check_sigmoid, "absolute value", lambda z: 1 / (1 + torch.exp(-z.abs()))),
    (check_cross_entropy, "largest logit", lambda z, t: (z.max(1)[0] - pick(z, t)).mean()),
    (check_log_sigmoid, r"exp\(0\) missing", lambda z: -torch.log(torch.exp(-z))),
    (check_training_step, "weight decay", lambda w, x, y, r: (1 - r * 0.01) * w - r * grad(w, x, y)),
    (check_cross_entropy, "squared", lambda z, t: F.mse_loss(z.sigmoid(), F.one_hot(t, z.shape[1]).float())),
    (check_bce, "weights|two means", lambda z, y: F.binary_cross_entropy_with_logits(z, y, pos_weight=(1 - y).sum() / y.sum())),
    (check_bce, "label smoothing", lambda z, y: F.binary_cross_entropy_with_logits(z, 0.8 * y + 0.1)),
    (check_bce, "printed typo", printed),
    (check_softmax, "another function", lambda z: torch.expm1(z) / torch.expm1(z).sum(1, keepdim=True)),
    (check_softmax, "something other than the sum", lambda z: z.exp() / (z.exp().sum(1, keepdim=True) + 1e-2)),
    # what others wrote before they knew the tables, of what had no name at first sight, or a wrong one
    (check_softmax, "something other than the sum", lambda z: z.exp() / z.exp().cumsum(1)),
    (check_softmax, "a row or a column left empty", lambda z: torch.cat([z[:1] * 0, torch.softmax(z[1:], 1)])),
    (check_cross_entropy, "weights", lambda z, t: F.cross_entropy(z, t, reduction="none").div(z.shape[1] * t.bincount()[t]).sum()),
    (check_sigmoid, "S-curve", lambda z: 0.5 * (1 + z / (1 + z.abs()))),
    (check_sigmoid, "S-curve", torch.special.ndtr),
    (check_sigmoid, "normalised first", lambda z: torch.sigmoid((z - z.mean()) / (z.std() + 1e-5))),
    (check_log_sigmoid, "saturation", lambda z: torch.log1p(-torch.sigmoid(-z))),
    (check_log_sigmoid, "base 2", lambda z: -torch.logaddexp2(torch.zeros_like(z), -z)),
    (check_log_sigmoid, "reduced too early", lambda z: F.logsigmoid(z).mean()),
    (check_log_sigmoid, "exponential taken twice", lambda z: -torch.logaddexp(torch.ones_like(z), torch.exp(-z))),
    (check_bce_target, "row and column exchanged", lambda t, n: torch.zeros(len(t), n).scatter_(0, t[:, None], 1.0)),
    (check_bce_target, "rows and columns exchanged", lambda t, n: torch.eye(n)[:, t].reshape(len(t), n)),
    (check_bce_target, "more than one 1", lambda t, n: (torch.arange(n) <= t[:, None]).float()),
    (check_bce_target, "numbered anew", lambda t, n: torch.eye(n)[torch.unique(t, return_inverse=True)[1]]),
    (check_bce_target, "a row or a column left empty", lambda t, n: F.one_hot(t, n).float() * (torch.arange(len(t)) < len(t) - 1)[:, None]),
    (check_bce_terms, "softmax instead of sigmoid, and a limit", lambda z, y: F.binary_cross_entropy(
        torch.softmax(z, 1).clamp(1e-6, 1 - 1e-6), y, reduction="none")),
    (check_bce, "normalised, and a limit", lambda z, y: F.binary_cross_entropy(
        (z.sigmoid() / z.sigmoid().sum(1, keepdim=True)).clamp(2e-6, 1 - 2e-6), y)),
    (check_bce_terms, "reduced too early", lambda z, y: (F.softplus(z) - y * z) / z.shape[1]),
    (check_bce_terms, "targets of another image", lambda z, y: F.softplus(z) - torch.stack([y[i - 1] for i in range(len(y))]) * z),
    (check_bce_terms, "brackets missing around 1 − y", lambda z, y: -(y * F.logsigmoid(z) + 1 - y * F.logsigmoid(-z))),
    (check_bce, "shifted first", lambda z, y: F.binary_cross_entropy_with_logits(z - z.max(1, keepdim=True)[0], y)),
    (check_bce, "weights|two means", lambda z, y: F.softplus(-z[y == 1]).mean() + F.softplus(z[y == 0]).mean()),
    (check_bce, "one class left out", lambda z, y: F.binary_cross_entropy_with_logits(z[:, 1:], y[:, 1:])),
    (check_bce, "one image left out", lambda z, y: F.binary_cross_entropy_with_logits(z[:-1], y[:-1])),
    (check_cross_entropy, "one image left out", lambda z, t: sum(F.cross_entropy(z[i], t[i]) for i in range(1, len(t))) / len(t)),
    (check_predict_labels, "another threshold", lambda z, one: z.argmax(1) if one else z.int() >= 0),
    (check_predict_labels, "not decided", lambda z, one: z.argmax(1) if one else torch.sign(z)),
    (check_predict_labels, "started at 0", lambda z, one: z.argmax(1) * (z > 0).any(1) if one else z >= 0),
    (check_weighted_cross_entropy, "wrong place", lambda z, t, w: F.cross_entropy(z + torch.log(w + 1e-30), t)),
    (check_weighted_cross_entropy, "wrong place", lambda z, t, w: (w[t] * z.logsumexp(1) - pick(z, t)).sum() / w[t].sum()),
    (check_weighted_cross_entropy, "every image with every label",
     lambda z, t, w: -(w[t] * z.log_softmax(1)[:, t]).sum() / (len(t) * w[t].sum())),
    (check_weighted_cross_entropy, "number of images|sum of all weights",
     lambda z, t, w: ((w / w.mean())[t] * F.cross_entropy(z, t, reduction="none")).mean()),
    (check_training_step, "divided by the wrong number",
     lambda w, x, y, r: w - r * x.T @ (torch.softmax(x @ w, 1) - torch.eye(w.shape[1])[y] / len(x)) / len(x)),
    (check_cross_entropy, "two slips.*base 2.*sum", lambda z, t: sum(torch.log2(r.exp().sum()) - r[k] for r, k in zip(z, t))),
    (check_log_sigmoid, "added instead", lambda z: torch.clamp(z, max=0) + torch.log1p(torch.exp(-torch.abs(z)))),
    (check_bce_target, "smoothed", lambda t, n: torch.full((len(t), n), 0.1 / (n - 1)).scatter_(1, t.unsqueeze(1), 0.9)),
    (check_bce, "every logit with every target", lambda z, y: (F.softplus(z.reshape(-1)) - z.reshape(-1) * y.reshape(-1, 1)).mean()),
    (check_predict_labels, "argmax of the answers", lambda z, one: (z >= 0).int().argmax(dim=-1) if one else z >= 0),
]
