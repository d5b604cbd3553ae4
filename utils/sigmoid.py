"""Sigmoid: each logit becomes a probability of its own.  Taught in notebooks/03_sigmoid.ipynb."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from utils import plots
from utils.check import Result, Task, check
from utils.example import ARTICLE, COLUMN, LOGITS, ROW, logit_sliders, logits_from, presets
from utils.explore import STILL, Explorer, ask, listed
from utils.inputs import check_logits
from utils.language import column, say
from utils.picture import Picture
from utils.plots import number, numbers
from utils.predict import Questions, the_one
from utils.slips import slips
from utils.softmax import softmax


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
        z = torch.linspace(-6, 6, 121, dtype=torch.float64)
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
        rows = []
        for k in range(3):
            formula = f"1 / (1 + exp({0.0 - float(z[k]):.6g}))".replace("-", "−")
            rows.append(column(say("class {k}", k=k), 10) + f"{formula:<20} = {number(float(s[k]))}    softmax {number(float(p[k]))}")
        rows.append(column(say("sum"), 10) + f"sigmoid {'':>15}{number(float(s.sum()))}    softmax {number(float(p.sum()))}")
        if before:
            moved, shares = ([k for k in range(3) if now[key][k] != before[key][k]] for key in ("truth", "shares"))
            one = [say("before → now"), f"{number(before['truth'][moved[0]])} → {number(s[moved[0]])}"] if len(moved) == 1 else []
            since = say("moved since then: {sigmoids} of 3 sigmoids, {shares} of 3 shares", sigmoids=len(moved), shares=len(shares))
            rows.append("   ".join([*one, since]))
        else:
            rows.append(say(STILL))
        line = say("logits {logits} → sigmoid {answer}", logits=listed(z), answer=numbers(now["answer"]))
        return line, "\n".join(rows), now["wrong"]

    return Explorer("explore_sigmoid", logit_sliders(), compute, show, picture, presets(), tasks)


# What there is to do: each sentence with the condition that ticks it, from the values of the controls and compute's numbers.
tasks = [
    ("Make all three sigmoids larger than 0.9.", lambda values, now: bool((now["truth"] > 0.9).all())),
    ("Make all three smaller than 0.1: nothing is on the image.", lambda values, now: bool((now["truth"] < 0.1).all())),
    ("Leave the sigmoid of class 1 at 0.9526 and bring its softmax share below 0.5.",
     lambda values, now: float(now["logits"][1]) == ARTICLE[1] and float(now["shares"][1]) < 0.5),
    ("Give class 2 a softmax share above 0.9, with a sigmoid below 0.5.",
     lambda values, now: float(now["shares"][2]) > 0.9 and float(now["truth"][2]) < 0.5),
    ("Make each sigmoid as large as its class's softmax share, to within 0.01, and none smaller than 0.1.",
     lambda values, now: bool((now["truth"] - now["shares"]).abs().max() < 0.01 and now["truth"].min() > 0.1)),
]


# What notebook 3 asks, in its order.
questions = Questions()


@questions.asks("Softmax gave class 1 a share of 0.7028 and class 2, whose logit is 0.1, one of 0.0387. What will sigmoid give "
                "them?", {
    "Less to both": "Three classes, three answers, and so it seems that each must get less. Sigmoid does not share anything out.",
    "More to class 1, less to class 2": "That is what a sharper softmax would do. Sigmoid looks at each logit by itself.",
    "More to both": "Softmax divides e³ by the sum of three exponentials, sigmoid by e³ + 1. Here the two others sum to more than 1.",
})
def more_or_less():
    s, p = torch.sigmoid(LOGITS)[0], torch.softmax(LOGITS, dim=1)[0]
    more = (bool(s[1] > p[1]), bool(s[2] > p[2]))
    choices = {(True, True): "More to both", (True, False): "More to class 1, less to class 2", (False, False): "Less to both"}
    return choices[more], say("{one} to class 1 and {two} to class 2", one=number(float(s[1])), two=number(float(s[2])))


@questions.asks("A logit of exactly 0: the model leans neither way. What does sigmoid make of it?")
def sigmoid_of_0():
    return float(torch.sigmoid(torch.tensor(0.0))), say("e⁰ is 1, and 1 / (1 + 1) is a half: as likely there as not."), {
        0.0: say("0 would be *surely not there*. A logit of 0 is no evidence either way."),
        1.0: say("this is e⁰, one step too early: 1 / (1 + e⁰) is still to be computed."),
        1 / 3: say("this is the share of one among three equal classes. Sigmoid asks one class: there, or not?"),
    }


@questions.asks("You move one logit of three. How many sigmoids move, and how many softmax shares?", {
    "One sigmoid, one share": "The shares have a sum in common, so one cannot move alone.",
    "One sigmoid, three shares": "Each sigmoid has its own logit and no other. The shares have the sum in common.",
    "Three sigmoids, three shares": "The three come in one tensor, like the shares. But no sum over classes is in the formula of sigmoid.",
})
def what_moves():
    moved = LOGITS + torch.tensor([[0.0, -1.0, 0.0]])
    s, p = (int((f(LOGITS) != f(moved)).sum()) for f in (torch.sigmoid, lambda z: torch.softmax(z, dim=1)))
    choices = {(1, 1): "One sigmoid, one share", (1, 3): "One sigmoid, three shares", (3, 3): "Three sigmoids, three shares"}
    return choices[s, p], say("{sigmoids} and {shares} when logit 1 falls by 1", sigmoids=s, shares=p)


@questions.asks("The three sigmoids sum to more than 1. You divide each by their sum. Do you get softmax's shares?", {
    "Yes": "Both sum to 1 then, which looks like the whole difference. But the ratios are not the same: softmax's are powers of e.",
    "No, though the order of the classes is the same":
        "Sigmoid and softmax both grow with the logit, so they rank the classes alike. The numbers differ.",
    "No, and even the order can change": "Different functions, so why not? Because both only grow where the logit does.",
})
def tie_sigmoid():
    s, p = torch.sigmoid(LOGITS)[0], torch.softmax(LOGITS, dim=1)[0]
    divided = s / s.sum()
    alike, ordered = torch.allclose(divided, p, atol=1e-4), torch.equal(divided.argsort(), p.argsort())
    return the_one({"Yes": alike, "No, though the order of the classes is the same": ordered and not alike,
                    "No, and even the order can change": not ordered}), (
        say("{divided} against softmax's {shares}", divided=numbers(divided), shares=numbers(p)))


# --- the checks: sigmoid and its logarithm in steps, and their own slips

def fraction(do, z: Tensor) -> Tensor:
    """1 / (1 + exp(−z)), as it is written first."""
    z = do.logits(z)
    return do.chance(z, do.invert(do.plus(do.exp(do.minus(z)))))


def quotient(do, z: Tensor) -> Tensor:
    """exp(z) / (exp(z) + 1)."""
    exps = do.exp(do.logits(z))
    return exps / do.plus(exps)


def logarithm(do, z: Tensor) -> Tensor:
    """log σ(z), in two steps."""
    return do.sign(do.log(do.rounding(fraction(do, z), z)))


def logadd(do, z: Tensor) -> Tensor:
    """−log(exp(0) + exp(−z)), in one."""
    return do.sign(-do.softplus(do.minus(do.logits(z))))


SIGNS = torch.tensor([[2, 3, 0.1, 20], [-1, 0, -2.5, -0.3], [0.5, -9, 40, -80]])
SLOPES = [(torch.tensor([[-100.0, 0, 100]]),)]
SIGMOID = Task(torch.sigmoid, ["logits"], [(ROW,), (SIGNS,), (COLUMN,)], [fraction, quotient], slips("""
Nothing was done to the logits, or only their ends were cut off.
    the logits as they came | chance: z | z.clamp(0, 1)
Near 0 and 1 a clipped probability is another one, and has no slope.
    a limit on the probabilities | chance: p.clamp(k, 1 - k) for k in (1e-5, 1e-4, 1e-3, 1e-2)
"""), extremes=[(torch.tensor([[1000.0, 100, 0]]),), (torch.tensor([[-1000.0, -100, 0]]),)], slopes=SLOPES, within=2e-7)
LOG_SIGMOID = Task(F.logsigmoid, ["logits"], [(ROW,), (SIGNS,), (COLUMN,)], [logarithm, logadd], slips("""
The logarithm of a probability is never above 0. −log σ is the loss, log σ is wanted.
    a minus missing, or one too many | sign: -x
log(1 / x) is log 1 − log x: what is log 1?
    1 − instead of a minus | sign: 1 + x | 1 - x
This is log(1 − σ(z)), the logarithm for “no”, not for “yes”.
    log of the other answer | minus: z | log: (1 - p).log()
This is log(1 + exp(z)), which is above 0. Two signs are missing, one of them in the exponent.
    both minus signs missing | chance: softplus(z).exp()
log(exp(−z)) is −z, and log(a + b) is not log a + log b. The 1, or the 0 of the pair (z, 0), belongs under the logarithm, as exp(0).
    1 = exp(0) missing under the logarithm | softplus: z | -z | z.relu() | z.exp() | logaddexp(z, -z)
The logarithm of 1 / x is wanted, not 1 over the logarithm of x.
    1 over the logarithm | sign: -1 / x | 1 / x
logaddexp takes the exponentials itself, and is a logarithm already: look at what it is given, and what you do with its answer.
    exponential taken twice | softplus: softplus(z.exp()) | logaddexp(z * 0 + 1, z.exp())
    logarithm taken twice | sign: -(-x).log() | (-x).log()
There are two ways, one with z in front and one without, and the exponent has another sign in each. Here they are mixed.
    z counted twice | softplus: softplus(z) + z
One of the two is subtracted: the larger the logit, the nearer is its logarithm to 0.
    added instead of subtracted | softplus: z - softplus(-z) | z.relu() - (-z.abs()).exp().log1p()
"""), {"sign": lambda x: x},
    [(torch.tensor([[2000.0, 100, 0]]),), (torch.tensor([[-2000.0, -100, 0]]),)], SLOPES)


def check_sigmoid(function: Callable[[Tensor], Tensor]) -> Result:
    """Whether function(logits [N, C]) → probabilities [N, C] is sigmoid.  Written in notebooks/03."""
    return check(function, SIGMOID)


def check_log_sigmoid(function: Callable[[Tensor], Tensor]) -> Result:
    """Whether function(logits [N, C]) → [N, C] is the logarithm of sigmoid, in nats.  Written in notebooks/03."""
    return check(function, LOG_SIGMOID)
