"""Softmax: logits become probabilities that share 1.  Taught in notebooks/01_softmax.ipynb."""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from utils import plots
from utils.check import Fault, Result, Task, check, slip
from utils.example import BATCH, COLUMN, FOUR, ROW, SMALL, WIDE
from utils.explore import Explorer, ask, listed, logit_sliders, logits_from, presets, slider
from utils.inputs import check_logits
from utils.plots import exact, number, numbers


def softmax(logits: Tensor) -> Tensor:
    """Exponentials, each divided by their sum, after a shift by the largest logit that leaves the shares as they are.

    logits: (..., classes).  Returns: same shape; each row is positive and sums to 1.
    Raises TypeError or ValueError unless logits are finite floating numbers.  Taught in notebooks/01.
    """
    check_logits(logits)
    exps = torch.exp(logits - logits.detach().max(dim=-1, keepdim=True).values)
    return exps / exps.sum(dim=-1, keepdim=True)


def explore_softmax(softmax: Callable[[Tensor], Tensor]) -> Explorer:
    """Logits and a temperature → exponentials → shares, computed by the reader's softmax(logits [3])."""
    figure, (left, right) = plots.figure(
        [1, 1], "right: your softmax, black edge torch's   ·   grey: before this control moved")
    move_exps = plots.class_bars(left, "exp(logit / T)", 0, 25, [0, 10, 20])
    move_shares = plots.class_bars(right, "share = exp / sum of exps", 0, 1, [0, 0.5, 1])

    def compute(values):
        logits, temperature = logits_from(values), values["temperature T"]
        check_logits(logits)
        scaled = logits / temperature
        truth = torch.softmax(scaled, dim=0)
        answer, wrong = ask(softmax, scaled, like=truth)
        return {"logits": logits, "T": temperature, "exps": scaled.exp(), "truth": truth,
                "answer": answer, "wrong": wrong}

    def show(now, before):
        move_exps(now["exps"], ghost=before and before["exps"])
        move_shares(now["answer"], outline=now["truth"], ghost=before and before["truth"])
        total = float(now["exps"].sum())
        over = "" if now["T"] == 1 else f" / {now['T']:.6g}"
        rows = []
        for k, (z, e, p) in enumerate(zip(now["logits"].tolist(), now["exps"].tolist(), now["truth"].tolist())):
            part, whole = exact(p, lambda part, whole: part / whole if whole else torch.nan, e, total)
            rows.append(f"class {k}   {f'exp({z:.6g}{over})':<{10 + len(over)}} = {part:>9} ÷ {whole} = {number(p)}"
                        .replace("-", "−"))
        sums = f"sum {' ' * (len(over) + 17)}= {number(total):>9}   the shares sum to {number(float(now['truth'].sum()))}"
        line = f"logits {listed(now['logits'])}, T {now['T']:.6g} → shares {numbers(now['answer'])}"
        return line, "\n".join([*rows, sums]), now["wrong"]

    controls = logit_sliders() | {"temperature T": slider("temperature T", 1.0, 0.2, 5.0)}
    return Explorer("explore_softmax", controls, compute, show, figure, presets())


# --- the check: softmax in steps, and its slips

def shares(do, z: Tensor) -> Tensor:
    """Softmax as it is written first."""
    z = do.logits(z)
    exps = do.exp(z)
    return do.share(z, do.divide(exps, do.total(exps)))


def shifted_shares(do, z: Tensor) -> Tensor:
    """Softmax with the largest logit of each row taken away before."""
    z = do.logits(z)
    exps = do.exp(do.shift(z))
    return do.share(z, do.divide(exps, do.total(exps)))


def largest(z: Tensor) -> Tensor:
    return z.amax(-1, keepdim=True)


def standardised(z: Tensor, correction: int) -> Tensor:
    return (z - z.mean(-1, keepdim=True)) / z.std(-1, keepdim=True, correction=correction)


STEPS = {"logits": lambda z: z, "shift": lambda z: z - largest(z), "exp": torch.exp, "total": lambda e: e.sum(-1, keepdim=True),
         "divide": torch.div, "share": lambda z, p: p}
ROWS = " Each row shares a 1 of its own: sum along dim=-1, with keepdim=True, so that there is one sum for each row."
# What the classes' competition suffers from wherever there is a softmax.
SHARE_SLIPS = [
    slip("normalised over the whole batch", "The sum ran over every number in the tensor." + ROWS,
         total=lambda e: e.sum(), share=lambda z, p: (z - z.max()).exp() / (z - z.max()).exp().sum()),
    slip("normalised over the wrong dim",
         "The images compete for each class here, and the classes should compete for each image." + ROWS,
         share=lambda z, p: torch.softmax(z, 0), total=lambda e: e.sum(0, keepdim=True)),
    slip("keepdim missing", "Without keepdim=True the sums of the rows stand in a row, not in a column, and cannot divide the rows.",
         total=lambda e: e.sum(-1), shift=lambda z: z - z.amax(-1)),
    slip("max returned two things", "With a dim, max returns the values and their indices: max(dim=-1, keepdim=True).values.",
         shift=[lambda z: z - z.max(dim=-1, keepdim=True), lambda z: z - z.max(dim=-1)]),
    slip("shifted by the largest of each column", "From each row its own largest logit is to be taken: dim=-1.",
         shift=lambda z: z - z.amax(0)),
    slip("shifted in one place only", "The shift cancels only if the exponentials above and below the line are both shifted.",
         share=[lambda z, p: (z - largest(z)).exp() / z.exp().sum(-1, keepdim=True),
                lambda z, p: z.exp() / (z - largest(z)).exp().sum(-1, keepdim=True),
                lambda z, p: (z - z.max()).exp() / z.exp().sum(-1, keepdim=True),
                lambda z, p: z.exp() / (z - z.max()).exp().sum(-1, keepdim=True)]),
    slip("divided by the largest logit instead of shifted", "Only differences keep the shares as they are: take the largest away, z − max.",
         shift=[lambda z: z / largest(z), lambda z: z / z.max()]),
    slip("exponential missing", "Shares of the logits themselves can be negative. Make every score positive first, with exp.",
         exp=[lambda z: z, torch.abs, torch.relu]),
    slip("squares instead of exponentials", "Squares are positive, too, but do not keep the order: take exp.", exp=torch.square),
    slip("not divided by the sum", "Exponentials are positive, and not yet shares: divide each by the sum of its row.",
         divide=lambda e, total: e),
    slip("divided by the largest exponential", "The largest becomes 1 here, and the row sums to more: divide by the sum of the row.",
         total=lambda e: e.amax(-1, keepdim=True)),
    slip("divided by the mean", "Divided by the mean, a row sums to the number of classes. Divide by the sum.",
         total=[lambda e: e.mean(-1, keepdim=True), lambda e: e.mean()]),
    slip("divided by the sum of the others", "Own to others is the odds. The share is own to all, itself among them.",
         total=lambda e: e.sum(-1, keepdim=True) - e),
    slip("1 added to the sum", "That 1 is sigmoid's. Softmax divides by the exponentials of the row alone.",
         total=lambda e: 1 + e.sum(-1, keepdim=True)),
    slip("a small number added to the sum", "The sum is never 0 once the largest logit was taken away: nothing needs to be added.",
         total=[lambda e, small=small: e.sum(-1, keepdim=True) + small for small in (1e-3, 1e-5, 1e-4, 1e-2)]),
    slip("divided by the length of the vector", "The root of the squares' sum is a length. Shares are divided by the plain sum.",
         total=lambda e: e.norm(dim=-1, keepdim=True)),
    slip("upside down", "The exponential stands above the line, the sum below it.", divide=lambda e, total: total / e),
    slip("multiplied by the sum", "A share is a part of the sum: divide.", divide=torch.mul),
    slip("sign of the exponent turned round", "The largest logit gets the smallest share. It is exp(z), not exp(−z).",
         logits=torch.neg, exp=lambda z: (-z).exp()),
    slip("base 2 instead of e", "exp2 and 2 ** z have the base 2. Torch's softmax has the base e: exp(z).", exp=torch.exp2),
    slip("base 10 instead of e", "10 ** z has the base 10. Torch's softmax has the base e: exp(z).", exp=lambda z: 10 ** z),
    slip("expm1 instead of exp", "expm1 is exp(z) − 1, which can be negative.", exp=torch.expm1),
]
ACTIVATION_SLIPS = [
    slip("sigmoid applied first", "A sigmoid squeezed the logits into 0 … 1 first. Start from the logits themselves.",
         logits=torch.sigmoid),
    slip("relu applied first", "relu made all negative logits 0. Logits may be negative: start from them as they are.",
         logits=[torch.relu, lambda z: F.leaky_relu(z, 0.01)]),
    slip("tanh applied first", "tanh squeezed the logits into −1 … 1. Start from the logits themselves.", logits=torch.tanh),
    slip("logits normalised first", "Logits mean something as they are: do not centre, scale or clip them.",
         logits=[lambda z: z / z.sum(-1, keepdim=True), F.normalize, lambda z: standardised(z, min(1, z.shape[-1] - 1)),
                 lambda z: z.clamp(0, 1), lambda z: z.clamp(-1, 1), lambda z: z / z.max(), lambda z: z / largest(z),
                 lambda z: standardised(z, 0),
                 lambda z: (z - z.amin(-1, keepdim=True)) / (largest(z) - z.amin(-1, keepdim=True))]),
    slip("a temperature", "The logits were multiplied or divided by something first. Take them as they are.",
         logits=[lambda z: 2 * z, lambda z: z / 2, lambda z: z / 10, lambda z: 10 * z, lambda z: z / math.sqrt(z.shape[-1])]),
    slip("logits rounded first", "Rounded logits have lost what tells near classes apart.", logits=[torch.round, torch.trunc]),
]
SLIPS = [
    slip("softmax applied twice", "The first softmax has made shares already; a second one evens them out.",
         logits=lambda z: torch.softmax(z, -1)),
    slip("sigmoid instead of softmax",
         "Sigmoid asks each class by itself, so the rows need not sum to 1. Softmax divides by the sum of the row.",
         share=lambda z, p: torch.sigmoid(z)),
    slip("logarithm taken as well", "These are log-probabilities. Softmax stops one step before the logarithm.",
         after=[torch.log, lambda p: -p.log()]),
    slip("all or nothing",
         "The largest logit takes all here. Softmax leaves the others their shares: no argmax, no rounding to 0 and 1.",
         share=[lambda z, p: F.one_hot(z.argmax(-1), z.shape[-1]), lambda z, p: F.one_hot(z.argmax(-1), z.shape[-1]).to(z),
                lambda z, p: (z == largest(z)).to(z)]),
    slip("decided, not shared", "This says which class is the largest. Softmax says how much each gets.",
         after=[lambda p: p.argmax(-1), lambda p: p.amax(-1)]),
    *SHARE_SLIPS,
    slip("sigmoids divided by their sum", "Exponentials are to be divided by their sum, not sigmoids.", exp=torch.sigmoid),
    slip("softplus instead of exp", "log(1 + exp(z)) is not exp(z).", exp=F.softplus),
    *ACTIVATION_SLIPS,
]
TOO_LARGE = Fault("overflow at large logits", "exp(89) is already inf in 32 bits. Only differences count: from each row, take its largest "
                  "logit (not its index) away first.", lambda p: not p.isfinite().all() or not p.any())
TOO_SMALL = Fault("underflow at large negative logits", "exp(−1000) is 0 in 32 bits, and 0 / 0 is nan. Only differences count: from "
                  "each row, take its largest logit away first.", lambda p: not p.isfinite().all() or not p.any())
WHOLE = Fault("shifted by the largest of the whole batch", "One large row pushes the exponentials of all others to 0. Take from each row "
              "its own largest logit: max(dim=-1, keepdim=True).values.", lambda p: not p.isfinite().all() or not p.any(-1).all())
SOFTMAX = Task(lambda z: torch.softmax(z, -1), ["logits"], [(ROW,), (BATCH,), (FOUR,), (SMALL,), (WIDE,), (COLUMN,)],
               [shares, shifted_shares], STEPS, SLIPS, [
                   ((torch.tensor([[1000.0, 999, 0]]),), [TOO_LARGE]),
                   ((torch.tensor([[-1000.0, -1001, -1002]]),), [TOO_SMALL]),
                   ((torch.tensor([[1000.0, 999, 0], [2, 3, 0.1]]),), [WHOLE])])


def check_softmax(function: Callable[[Tensor], Tensor]) -> Result:
    """Whether function(logits [N, C]) → probabilities [N, C] is softmax.  Written in notebooks/01."""
    return check(function, SOFTMAX)
