"""Sigmoid: each logit becomes a probability of its own.  Taught in notebooks/03_sigmoid.ipynb."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from utils import plots
from utils.check import Fault, Result, Task, check, slip
from utils.cross_entropy import LOG_SLIPS, rounded
from utils.example import ARTICLE, COLUMN, LOGITS, ROW, logit_sliders, logits_from, presets
from utils.explore import STILL, Explorer, ask, listed
from utils.inputs import check_logits
from utils.picture import Picture
from utils.plots import number, numbers
from utils.predict import Questions, the_one
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
    picture = Picture()
    left, right, top, floor = 100, 580, 64, picture.height - 92  # of the curve's axes; columns and strip share its heights
    across, lefts, width, strip = plots.axis(-6, 6, left + 20, right), (670, 800, 930), 88, (1140, 1220)

    def furniture(low: float, high: float):
        """The S-curve and its axes."""
        at = plots.axis(low, high, floor, top)
        plots.ticks(picture, "value", at, (0, 0.5, 1) if (low, high) == (0, 1) else sorted({low, 0, high}), left, upright=True)
        plots.ticks(picture, "logit", across, (-6, -3, 0, 3, 6), floor)
        picture.box("zero", plots.QUIET, left, at(0) - 1, right, at(0) + 1)
        picture.text("z", "z", across(0), floor + 68, "middle", plots.SMALL, look=plots.QUIET)
        picture.text("σ(z)", "σ(z)", left + 12, 26)
        picture.text("softmax", "softmax", sum(strip) / 2, 26, "middle")
        z = torch.linspace(-6, 6, 121)
        picture.curve("curve", plots.QUIET, across(z).tolist(), at(torch.sigmoid(z)).tolist(), data=(z.tolist(), torch.sigmoid(z).tolist()))

    def compute(values):
        logits = logits_from(values).unsqueeze(0)
        check_logits(logits)
        truth = torch.sigmoid(logits)
        answer, wrong = ask(sigmoid, logits, like=truth)
        return {"logits": logits[0], "truth": truth[0], "answer": answer[0], "wrong": wrong,
                "shares": torch.softmax(logits, dim=1)[0]}

    def draw(now, before):
        z, s, answer = now["logits"].tolist(), now["truth"], now["answer"].tolist()
        low, high = plots.reach(*answer)
        picture.begin((low, high), lambda: furniture(low, high))
        at = plots.axis(low, high, floor, top)
        for k in range(3):
            if before:
                x, y = before["logits"][k].item(), before["truth"][k].item()
                picture.dot(f"before dot {k}", k, across(x), at(y), data=(x, y), ghost=True)
        for k, value in enumerate(answer):
            if plots.drawable(value):
                picture.line(f"drop {k}", plots.GHOST, across(z[k]), at(value), across(z[k]), at(0))
                picture.dashes(f"level {k}", plots.SOLID[k], across(z[k]), lefts[k], at(value), data=value, turn=k, of=3)
        for k in (1, 0, 2):  # of three in one place each is seen: the square's corners, the circle's sides, the triangle
            if plots.drawable(answer[k]):
                picture.dot(f"dot {k}", k, across(z[k]), at(answer[k]), data=(z[k], answer[k]))
        plots.columns(picture, "sigmoid", lefts, width, at, answer, s, before and before["truth"], labels=(26, floor + 28))
        plots.strip(picture, "share", (at(0), at(1)), strip, now["shares"], before=before and plots.cuts(before["shares"]), labels=46)
        picture.text("sum of sigmoids", f"Σ {plots.short(sum(answer))}", (lefts[0] + lefts[2] + width) / 2, floor + 68, "middle",
                     look=plots.RED if now["wrong"] else plots.INK)
        picture.text("sum of shares", f"Σ {plots.short(float(now['shares'].sum()))}", sum(strip) / 2, floor + 68, "middle")

    def show(now, before):
        draw(now, before)
        z, s, p = now["logits"], now["truth"], now["shares"]
        rows = [f"class {k}   {f'1 / (1 + exp({0.0 - float(z[k]):.6g}))':<20} = {number(float(s[k]))}    softmax {number(float(p[k]))}"
                .replace("-", "−") for k in range(3)]
        rows.append(f"sum       sigmoid {'':>15}{number(float(s.sum()))}    softmax {number(float(p.sum()))}")
        if before:
            moved, shares = ([k for k in range(3) if now[key][k] != before[key][k]] for key in ("truth", "shares"))
            one = f"before → now   {number(before['truth'][moved[0]])} → {number(s[moved[0]])}   " if len(moved) == 1 else ""
            rows.append(f"{one}moved since then: {len(moved)} of 3 sigmoids, {len(shares)} of 3 shares")
        else:
            rows.append(STILL)
        return f"logits {listed(z)} → sigmoid {numbers(now['answer'])}", "\n".join(rows), now["wrong"]

    return Explorer("explore_sigmoid", logit_sliders(), compute, show, picture, presets(), tasks)


# What there is to do: each sentence with the condition that ticks it, from the values of the controls and compute's numbers.
tasks = [
    ("Make all three sigmoids larger than 0.9.", lambda values, now: bool((now["truth"] > 0.9).all())),
    ("Make all three smaller than 0.1: nothing is on the image.", lambda values, now: bool((now["truth"] < 0.1).all())),
    ("Leave the sigmoid of class 1 at 0.9526 and bring its share below 0.5.",
     lambda values, now: float(now["logits"][1]) == ARTICLE[1] and float(now["shares"][1]) < 0.5),
    ("Give class 2 a share above 0.9, with a sigmoid below 0.5.",
     lambda values, now: float(now["shares"][2]) > 0.9 and float(now["truth"][2]) < 0.5),
    ("Make each sigmoid as large as its share, to within 0.01, and none smaller than 0.1.",
     lambda values, now: bool((now["truth"] - now["shares"]).abs().max() < 0.01 and now["truth"].min() > 0.1)),
]


# What notebook 3 asks, in its order.
questions = Questions()


@questions.asks("Softmax gave class 1 a share of 0.7028 and class 2, whose logit is 0.1, one of 0.0387. What will sigmoid give "
                "them?", {
    "Less to both":
        "Three classes, three answers, and so it seems that each must get less. Sigmoid does not share anything out.",
    "More to class 1, less to class 2":
        "That is what a sharper softmax would do. Sigmoid looks at each logit by itself.",
    "More to both":
        "Softmax divides e³ by the sum of three exponentials, sigmoid by e³ + 1. Here the two others sum to more than "
        "1.",
})
def more_or_less():
    s, p = torch.sigmoid(LOGITS)[0], torch.softmax(LOGITS, dim=1)[0]
    more = (bool(s[1] > p[1]), bool(s[2] > p[2]))
    choices = {(True, True): "More to both", (True, False): "More to class 1, less to class 2", (False, False): "Less to both"}
    return choices[more], (
        f"{number(float(s[1]))} to class 1 and {number(float(s[2]))} to class 2")


@questions.asks("A logit of exactly 0: the model leans neither way. What does sigmoid make of it?")
def sigmoid_of_0():
    return float(torch.sigmoid(torch.tensor(0.0))), "e⁰ is 1, and 1 / (1 + 1) is a half: as likely there as not.", {
        0.0: "0 would be *surely not there*. A logit of 0 is no evidence either way.",
        1.0: "this is e⁰, one step too early: 1 / (1 + e⁰) is still to be computed.",
        1 / 3: "this is the share of one among three equal classes. Sigmoid asks one class: there, or not?",
    }


@questions.asks("You move one logit of three. How many sigmoids move, and how many softmax shares?", {
    "One sigmoid, one share": "The shares have a sum in common, so one cannot move alone.",
    "One sigmoid, three shares": "Each sigmoid has its own logit and no other. The shares have the sum in common.",
    "Three sigmoids, three shares":
        "The three come in one tensor, like the shares. But no sum over classes is in the formula of sigmoid.",
})
def what_moves():
    moved = LOGITS + torch.tensor([[0.0, -1.0, 0.0]])
    s, p = (int((f(LOGITS) != f(moved)).sum()) for f in (torch.sigmoid, lambda z: torch.softmax(z, dim=1)))
    choices = {(1, 1): "One sigmoid, one share", (1, 3): "One sigmoid, three shares", (3, 3): "Three sigmoids, three shares"}
    return choices[s, p], f"{s} and {p} when logit 1 falls by 1"


@questions.asks("The three sigmoids sum to more than 1. You divide each by their sum. Do you get softmax's shares?", {
    "Yes":
        "Both sum to 1 then, which looks like the whole difference. But the ratios are not the same: softmax's are "
        "powers of e.",
    "No, though the order of the classes is the same":
        "Sigmoid and softmax both grow with the logit, so they rank the classes alike. The numbers differ.",
    "No, and even the order can change":
        "Different functions, so why not? Because both only grow where the logit does.",
})
def tie_sigmoid():
    s, p = torch.sigmoid(LOGITS)[0], torch.softmax(LOGITS, dim=1)[0]
    divided = s / s.sum()
    alike, ordered = torch.allclose(divided, p, atol=1e-4), torch.equal(divided.argsort(), p.argsort())
    return the_one({"Yes": alike, "No, though the order of the classes is the same": ordered and not alike,
                    "No, and even the order can change": not ordered}), f"{numbers(divided)} against softmax's {numbers(p)}"


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
