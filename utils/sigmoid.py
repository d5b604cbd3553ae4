"""Sigmoid: each logit becomes a probability of its own.  Taught in notebooks/03_sigmoid.ipynb."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from utils import plots
from utils.check import Fault, Result, Task, check, slip
from utils.cross_entropy import LOG_SLIPS, rounded
from utils.example import COLUMN, ROW
from utils.explore import Explorer, ask, listed, logit_sliders, logits_from, presets
from utils.inputs import check_logits
from utils.plots import number, numbers
from utils.softmax import ACTIVATION_SLIPS, softmax


def sigmoid(logits: Tensor) -> Tensor:
    """1 / (1 + exp(−z)) for each logit z by itself, as softmax([z, 0])'s first share, so that nothing overflows.

    logits: (..., classes).  Returns: same shape, each in [0, 1]; they need not sum to 1.
    Raises TypeError or ValueError unless logits are finite floating numbers.  Taught in notebooks/03.
    """
    check_logits(logits)
    return softmax(torch.stack([logits, torch.zeros_like(logits)], dim=-1))[..., 0]


def log_sigmoid(logits: Tensor) -> Tensor:
    """log(sigmoid(z)) without the detour through a probability that rounds to 0: −log(exp(0) + exp(−z)).

    logits: (..., classes).  Returns: same shape, in nats, never above 0.
    Raises TypeError or ValueError unless logits are finite floating numbers.  Taught in notebooks/03.
    """
    check_logits(logits)
    return -torch.logaddexp(torch.zeros_like(logits), -logits)


def explore_sigmoid(sigmoid: Callable[[Tensor], Tensor]) -> Explorer:
    """Logits → three dots on the S-curve, computed by the reader's sigmoid(logits [1, 3]), beside softmax's shares."""
    figure, (left, middle, right) = plots.figure(
        [1.15, 1, 1], "left, middle: your sigmoid, black edge torch's   ·   grey: before this control moved")
    z = torch.linspace(-6, 6, 121)
    move_dots = plots.curve(left, "sigmoid(logit)", z, torch.sigmoid(z), "logit", (-6.3, 6.3), (0, 1), 3, [-6, -3, 0, 3, 6])
    move_sigmoids = plots.class_bars(middle, "sigmoid: three answers", 0, 1, [0, 0.5, 1])
    move_shares = plots.class_bars(right, "softmax: shares of 1", 0, 1, [0, 0.5, 1])

    def compute(values):
        logits = logits_from(values).unsqueeze(0)
        check_logits(logits)
        truth = torch.sigmoid(logits)
        answer, wrong = ask(sigmoid, logits, like=truth)
        return {"logits": logits[0], "truth": truth[0], "answer": answer[0], "wrong": wrong,
                "shares": torch.softmax(logits, dim=1)[0]}

    def show(now, before):
        z, s, p = now["logits"], now["truth"], now["shares"]
        move_dots(z, now["answer"], ghosts=before and (before["logits"], before["truth"]))
        move_sigmoids(now["answer"], outline=s, ghost=before and before["truth"])
        move_shares(p, ghost=before and before["shares"])
        rows = [f"class {k}   {f'1 / (1 + exp({0.0 - float(z[k]):.6g}))':<20} = {number(float(s[k]))}    softmax {number(float(p[k]))}"
                .replace("-", "−") for k in range(3)]
        rows.append(f"sum       sigmoid {'':>15}{number(float(s.sum()))}    softmax {number(float(p.sum()))}")
        if before:
            moved = [int((now[key] != before[key]).sum()) for key in ("truth", "shares")]
            rows.append(f"moved since then: {moved[0]} of 3 sigmoids, {moved[1]} of 3 shares")
        return f"logits {listed(z)} → sigmoid {numbers(now['answer'])}", "\n".join(rows), now["wrong"]

    return Explorer("explore_sigmoid", logit_sliders(), compute, show, figure, presets())


# --- the checks: sigmoid and its logarithm in steps, and their slips

def fraction(do, z: Tensor) -> Tensor:
    """1 / (1 + exp(−z)), as it is written first."""
    z = do.logits(z)
    return do.activation(z, do.invert(do.plus(do.exp(do.minus(z)))))


def quotient(do, z: Tensor) -> Tensor:
    """exp(z) / (exp(z) + 1)."""
    exps = do.exp(do.logits(z))
    return do.divide(exps, do.plus(exps))


def pairs_of(z: Tensor) -> Tensor:
    return torch.stack([z, torch.zeros_like(z)], -1)


SIGMOID_STEPS = {"logits": lambda z: z, "minus": torch.neg, "exp": torch.exp, "plus": lambda e: 1 + e, "invert": lambda x: 1 / x,
                 "divide": torch.div, "activation": lambda z, p: p}
# What stands where a sigmoid should; with bases, signs and the like.
SIGMOID_SLIPS = [
    slip("the probability of no",
         "This is σ(−z): the larger the logit, the smaller the answer. Look for a missing minus in 1 / (1 + exp(−z)), or "
         "take the share of z, not that of 0.", minus=lambda z: z),
    slip("softmax instead of sigmoid",
         "The classes compete here, and each row sums to 1. Sigmoid asks each logit by itself: no sum over classes. (In a "
         "stack of z and 0, the softmax runs along the new last dimension.)",
         activation=[lambda z, p: torch.softmax(z, -1), lambda z, p: torch.softmax(z, 0)]),
    slip("yes and no together", "Both shares are there. Keep the first of each pair: [..., 0].",
         activation=[lambda z, p: torch.softmax(pairs_of(z), -1), lambda z, p: torch.softmax(torch.stack([z, z * 0]), 0)]),
    slip("normalised", "Sigmoids need not sum to 1: each is an answer of its own. Leave out the division by the sum.",
         activation=[lambda z, p: p / p.sum(-1, keepdim=True), lambda z, p: p / p.sum(), lambda z, p: torch.softmax(p, -1)]),
    slip("1 + missing", "1 / exp(−z) has no upper end. It is 1 / (1 + exp(−z)).", plus=lambda e: e),
    slip("sigmoid applied twice", "The first sigmoid has made a probability already.", logits=torch.sigmoid),
    slip("tanh instead of sigmoid", "tanh runs from −1 to 1. A probability runs from 0 to 1.",
         activation=[lambda z, p: torch.tanh(z), lambda z, p: (torch.tanh(z) + 1) / 2, lambda z, p: torch.tanh(z / 2)]),
    slip("base 2 instead of e", "It is exp(−z), not 2 ** −z.", exp=torch.exp2),
    slip("base 10 instead of e", "It is exp(−z), not 10 ** −z.", exp=lambda z: 10 ** z),
    slip("all or nothing", "These are answers, yes or no. Sigmoid gives the probability before anything is decided.",
         activation=[lambda z, p: (z >= 0).to(z), lambda z, p: (z > 0).to(z), lambda z, p: z > 0, lambda z, p: z >= 0,
                     lambda z, p: z.sign(),
                     lambda z, p: (z > 0).long()]),
    slip("1 − instead of 1 +", "Two probabilities, p and 1 − p, add up to 1, and so do 1 / (1 + e) and e / (1 + e): it is 1 + exp(−z).",
         plus=[lambda e: 1 - e, lambda e: e - 1]),
    slip("not inverted, or its brackets missing",
         "1 + exp(−z) stands below the line, and wants brackets there: 1 / 1 + exp(−z) divides first.",
         invert=lambda x: x),
    slip("square in the exponent", "The exponent is −z. With −z² large negative logits look like large positive ones.",
         minus=lambda z: -z * z),
    slip("exponential missing", "It is exp(−z) below the line, not −z.", exp=lambda z: z),
    slip("absolute value of the logit", "The sign of the logit decides between yes and no: |z| loses it.", logits=torch.abs),
    slip("a hard sigmoid", "Straight lines only resemble the S-curve. It is 1 / (1 + exp(−z)).",
         activation=[lambda z, p: F.hardsigmoid(z), lambda z, p: z.clamp(0, 1), lambda z, p: (0.2 * z + 0.5).clamp(0, 1),
                     lambda z, p: (0.25 * z + 0.5).clamp(0, 1)]),
    slip("another activation", "That is a layer's activation, not a probability: it can be below 0 or above 1.",
         activation=[lambda z, p: torch.relu(z), lambda z, p: z * p, lambda z, p: F.softplus(z), lambda z, p: F.gelu(z),
                     lambda z, p: F.leaky_relu(z),
                     lambda z, p: F.elu(z), lambda z, p: F.softsign(z)]),
    slip("the bell curve's probability", "The normal distribution's curve is steeper at its ends. Sigmoid is 1 / (1 + exp(−z)).",
         activation=[lambda z, p: torch.special.ndtr(z), lambda z, p: torch.erf(z), lambda z, p: torch.special.ndtr(z * 1.702)]),
    slip("sigmoid's slope", "σ (1 − σ) is the derivative. The probability itself is wanted.", activation=lambda z, p: p * (1 - p)),
    slip("z (1 − z), the slope of an output", "That is σ′ of a sigmoid's output, not sigmoid.", activation=lambda z, p: z * (1 - z)),
    slip("the way back", "log(p / (1 − p)) makes a logit of a probability. Sigmoid makes a probability of a logit.",
         activation=lambda z, p: (z / (1 - z)).log()),
    slip("the logits as they came", "Nothing was done to the logits.", activation=lambda z, p: z),
]
END_SLIPS = [
    slip("logarithm taken as well", "This is log σ. Sigmoid stops one step before the logarithm.", after=[torch.log, lambda p: -p.log()]),
]
SIGNS = torch.tensor([[2, 3, 0.1, 20], [-1, 0, -2.5, -0.3], [0.5, -9, 40, -80]])
SIGMOID = Task(torch.sigmoid, ["logits"], [(ROW,), (SIGNS,), (COLUMN,)], [fraction, quotient], SIGMOID_STEPS,
               [*SIGMOID_SLIPS, *END_SLIPS, *ACTIVATION_SLIPS[1:]], [
    ((torch.tensor([[1000.0, 100, 0]]),), [Fault(
        "overflow at large logits", "exp(z) / (1 + exp(z)) is inf / inf there. 1 / (1 + exp(−z)) is not.")]),
    ((torch.tensor([[-1000.0, -100, 0]]),), [Fault(
        "overflow at large negative logits", "The answer goes to 0 there. Look at which exponential becomes inf.")]),
], [(torch.tensor([[-100.0, 0, 100]]),)])


def logarithm(do, z: Tensor) -> Tensor:
    """log σ(z), in two steps."""
    return do.sign(do.log(do.rounding(fraction(do, z))))


def logadd(do, z: Tensor) -> Tensor:
    """−log(exp(0) + exp(−z)), in one."""
    return do.sign(do.outside(do.softplus(do.minus(do.logits(z)))))


LOG_SIGMOID_SLIPS = [
    slip("log missing", "This is σ(z). Its logarithm is wanted.", log=lambda p: p),
    slip("minus too much", "The logarithm of a probability is never above 0. −log σ is the loss, log σ is wanted.", sign=torch.neg),
    slip("log of the other answer", "This is log(1 − σ(z)), the logarithm for “no”. It is log σ(z) that is wanted.",
         minus=lambda z: z, log=lambda p: (1 - p).log()),
    slip("both minus signs missing",
         "This is log(1 + exp(z)), which is above 0. There is a minus before the logarithm and one in the exponent.",
         activation=lambda z, p: F.softplus(z).exp()),
    slip("exp(0) missing", "log(exp(−z)) is −z. The 0 of the pair (z, 0) has an exponential too: 1.",
         softplus=[lambda z: z, lambda z: -z, torch.relu]),
    *LOG_SLIPS,
    slip("rounded before the logarithm", "Four decimals are for reading. Compute with all of them.",
         rounding=[lambda p, d=d: rounded(p, d) for d in (4, 3, 2)]),
    *SIGMOID_SLIPS,
    *ACTIVATION_SLIPS[1:],
]
LOG_SIGMOID = Task(F.logsigmoid, ["logits"], [(ROW,), (SIGNS,), (COLUMN,)], [logarithm, logadd], SIGMOID_STEPS | {
    "log": torch.log, "sign": lambda x: x, "rounding": lambda p: p, "outside": torch.neg, "softplus": lambda z: (1 + z.exp()).log()},
                   LOG_SIGMOID_SLIPS, [
    ((torch.tensor([[2000.0, 100, 0]]),), [Fault(
        "overflow at large logits",
        "exp(z) / (1 + exp(z)) is inf / inf there. σ(z) is softmax([z, 0])'s first share: take its logarithm as "
        "you did in notebook 2.")]),
    ((torch.tensor([[-2000.0, -100, 0]]),), [Fault(
        "overflow or saturation at large negative logits",
        "At −2000 the sigmoid rounds to 0, or exp(2000) overflows, and the logarithm is −inf. (A limit such as "
        "1e-8 only hides it.) log σ(z) = −log(exp(0) + exp(−z)): torch.logaddexp does that in one step.")]),
], [(torch.tensor([[-100.0, 0, 100]]),)])


def check_sigmoid(function: Callable[[Tensor], Tensor]) -> Result:
    """Whether function(logits [N, C]) → probabilities [N, C] is sigmoid.  Written in notebooks/03."""
    return check(function, SIGMOID)


def check_log_sigmoid(function: Callable[[Tensor], Tensor]) -> Result:
    """Whether function(logits [N, C]) → [N, C] is the logarithm of sigmoid, in nats.  Written in notebooks/03."""
    return check(function, LOG_SIGMOID)
