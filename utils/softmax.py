"""Softmax: logits become probabilities that share 1.  Taught in notebooks/01_softmax.ipynb."""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from utils import plots
from utils.check import Fault, Result, Task, check, slip
from utils.example import ARTICLE, BATCH, COLUMN, FOUR, LOGITS, ROW, SMALL, WIDE, logit_sliders, logits_from, presets
from utils.explore import STILL, Explorer, ask, listed, slider
from utils.inputs import check_logits
from utils.picture import Picture
from utils.plots import exact, number, numbers
from utils.predict import Questions, the_one


def softmax(logits: Tensor) -> Tensor:
    """Exponentials, each divided by their sum, after a shift by the largest logit that leaves the shares as they are.

    logits: (..., classes).  Returns: same shape; each row is positive and sums to 1.
    Raises TypeError or ValueError unless logits are finite floating numbers.  Taught in notebooks/01.
    """
    check_logits(logits)
    exps = torch.exp(logits - logits.detach().max(dim=-1, keepdim=True).values)
    return exps / exps.sum(dim=-1, keepdim=True)


def explore_softmax(softmax: Callable[[Tensor], Tensor]) -> Explorer:
    """Logits and a temperature → exponentials end to end → shares of 1, computed by the reader's softmax(logits [3])."""
    picture = Picture()
    left, right = 150, picture.width - 60
    top, bottom = (124, 188), (picture.height - 162, picture.height - 92)  # the exponentials, and the shares below them

    def furniture(power: int, then: int):
        """The ruler of the exponentials: each tick is e times the one before, and the last is where the strip ends."""
        at = plots.axis(0, math.exp(power), left, right)
        for k in (power, power - 1, power - 2):
            picture.box(f"tick {k}", plots.QUIET, at(math.exp(k)) - 2, 38, at(math.exp(k)), 48, data=math.exp(k))
            new = k == power != then  # another ruler than before changes each length on it
            text = f"exp({then}) → exp({k})" if new else f"exp({k})"
            picture.text(f"tick {k} says", text.replace("-", "−"), at(math.exp(k)), 18, "right", plots.SMALL, bold=new,
                         look=plots.INK if new else plots.QUIET)
        picture.box("ruler", plots.QUIET, left, 38, right, 40, data=(0, math.exp(power)))
        for text, y in (("exp(z/T)", sum(top) / 2), ("÷ Σ", (top[1] + bottom[0]) / 2), ("softmax", sum(bottom) / 2)):
            picture.text(text, text, 8, y, size=plots.SMALL)

    def compute(values):
        logits, temperature = logits_from(values), values["temperature T"]
        check_logits(logits)
        scaled = logits / temperature
        truth = torch.softmax(scaled, dim=0)
        answer, wrong = ask(softmax, scaled, like=truth)
        exps = scaled.exp()
        return {"logits": logits, "T": temperature, "scaled": scaled, "exps": exps, "truth": truth, "answer": answer, "wrong": wrong,
                "power": math.ceil(math.log(float(exps.sum())) - 1e-9)}  # of e, at which the ruler ends

    def draw(now, before):
        exps, total, wrong = now["exps"].tolist(), float(now["exps"].sum()), bool(now["wrong"])
        power, then = now["power"], (before or now)["power"]
        picture.begin((power, then), lambda: furniture(power, then))
        texts = [plots.short(e) if e < 10_000 else f"exp({z:.4g})" for e, z in zip(exps, now["scaled"].tolist())]
        whole = plots.strip(picture, "exp", (left, right), top, exps, before=before and plots.cuts(before["exps"]), labels=-48,
                            span=(0, math.exp(power)), outline=wrong, texts=texts, total=f"Σ {plots.short(total)}")
        share = plots.strip(picture, "share", (left, right), bottom, now["answer"], now["truth"], before and plots.cuts(before["truth"]))
        for k, stretches in enumerate(zip(plots.cuts(exps).values(), plots.cuts(now["truth"]).values())):
            upper, lower = ([at(edge) for edge in stretch] for at, stretch in zip((whole, share), stretches))
            if wrong:
                picture.line(f"flow {k}", plots.GHOST, upper[1], top[1], lower[1], bottom[0], data=stretches)
            else:
                picture.band(f"flow {k}", plots.PALE[k], top[1] + 2, bottom[0] - 1, upper, lower, data=stretches)

    def show(now, before):
        draw(now, before)
        total = float(now["exps"].sum())
        over = "" if now["T"] == 1 else f" / {now['T']:.6g}"
        rows = []
        for k, (z, e, p) in enumerate(zip(now["logits"].tolist(), now["exps"].tolist(), now["truth"].tolist())):
            part, whole = exact(p, lambda part, whole: part / whole if whole else torch.nan, e, total)
            rows.append(f"class {k}   {f'exp({z:.6g}{over})':<{10 + len(over)}} = {part:>9} ÷ {whole} = {number(p)}"
                        .replace("-", "−"))
        sums = f"sum {' ' * (len(over) + 17)}= {number(total):>9}   the shares sum to {number(float(now['truth'].sum()))}"
        line = f"logits {listed(now['logits'])}, T {now['T']:.6g} → shares {numbers(now['answer'])}"
        moved = [f"{number(a)} → {number(b)}" for a, b in zip(before["truth"], now["truth"])] if before else []
        if before and now["power"] != before["power"]:
            moved.append(f"ruler exp({before['power']}) → exp({now['power']})".replace("-", "−"))
        return line, "\n".join([*rows, sums, "   ".join(["before → now", *moved]) if before else STILL]), now["wrong"]

    controls = logit_sliders() | {"temperature T": slider("temperature T", 1.0, 0.2, 5.0)}
    return Explorer("explore_softmax", controls, compute, show, picture, presets(), tasks)


# What there is to do: each sentence with the condition that ticks it, from the values of the controls and compute's numbers.
tasks = [
    ("Give class 2 the largest share.", lambda values, now: bool(now["truth"][2] > now["truth"][:2].max())),
    ("Make the three shares equal.", lambda values, now: bool((now["truth"] - 1 / 3).abs().max() < 0.0005)),
    ("With temperature T alone, give class 1 a share above 0.95.",
     lambda values, now: now["logits"].tolist() == list(ARTICLE) and float(now["truth"][1]) > 0.95),
    ("Move all three logits and bring the shares back to 0.2585, 0.7028, 0.0387.",
     lambda values, now: all(z != start for z, start in zip(now["logits"].tolist(), ARTICLE))
     and torch.allclose(now["truth"], torch.softmax(LOGITS.double(), dim=-1)[0], atol=0.00005)),
    ("With T at 2, make the share of class 0 e times as large as that of class 1.",
     lambda values, now: now["T"] == 2 and abs(float(now["truth"][0] / now["truth"][1]) - math.e) < 0.005),
]


# What notebook 1 asks, in its order.
questions = Questions()


@questions.asks("Class 1 has one and a half times the logit of class 0: 3 against 2. How many times as large will its share be?", {
    "1.5 times, like the logits":
        "It would be, if shares were logits divided by their sum. Softmax takes exponentials first.",
    "About 2.7 times": "The ratio of two shares is e to the power of the difference of their logits, here e¹.",
    "About 20 times":
        "That is e³, the exponential of 3 by itself. Class 0 has its exponential too, e², and it divides.",
})
def ratio():
    shares = torch.softmax(LOGITS, dim=-1)[0]
    times = float(shares[1] / shares[0])
    return {1.5: "1.5 times, like the logits", 2.7: "About 2.7 times", 20.1: "About 20 times"}[round(times, 1)], (
        f"{number(float(shares[1]))} / {number(float(shares[0]))} = {number(times)}")


@questions.asks("You raise the logit of class 0 and leave the two others alone. How many of the three shares will change?", {
    "One": "One exponential changes, and it is tempting to stop there. But all three are divided by the same sum.",
    "Two": "One gains, so another must lose. But the others lose alike: the sum that divides them has grown.",
    "Three": "One exponential changes, the sum changes with it, and every share is divided by the sum.",
})
def one_logit_moves():
    before, after = torch.softmax(LOGITS, dim=-1)[0], torch.softmax(LOGITS + torch.tensor([1.0, 0, 0]), dim=-1)[0]
    return ("One", "Two", "Three")[int((before != after).sum()) - 1], f"{numbers(before)} before, {numbers(after)} after"


@questions.asks("We add 100 to every logit. What happens to the shares?", {
    "The largest takes nearly all":
        "e¹⁰³ is huge, and so it looks as if it must win. But e¹⁰² is huge in the same proportion, and the share is a "
        "ratio.",
    "They draw closer together":
        "103 and 102 look closer than 3 and 2, in proportion. Softmax looks at differences only.",
    "Nothing": "Every exponential grows by the same factor e¹⁰⁰, and dividing by the sum takes it out again.",
})
def adding_100():
    before, after = torch.softmax(LOGITS, dim=-1)[0], torch.softmax(LOGITS + 100, dim=-1)[0]
    change = float(after.max() - before.max())
    return the_one({"Nothing": abs(change) < 1e-4, "The largest takes nearly all": change >= 1e-4,
                    "They draw closer together": change <= -1e-4}), f"{numbers(before)} before, {numbers(after)} after"


@questions.asks("Your `softmax` gets a batch: two rows of three logits. It divides by `exps.sum()`. What will each row sum to?", {
    "To 1": "That is what we want. But `sum()` without a `dim` does not know about rows.",
    "To less than 1":
        "`exps.sum()` adds all six numbers, so all six shares together make 1, and each row a part of it.",
    "No sum: it raises an error": "An error would be kind. But dividing a tensor by one number always works.",
})
def batch_sum():
    exps = torch.exp(torch.tensor([list(ARTICLE), [1, 1, 1]]))
    rows = (exps / exps.sum()).sum(dim=1)
    return the_one({"To 1": torch.allclose(rows, torch.ones(2)), "To less than 1": bool((rows < 0.99).all())}), (
        f"{numbers(rows)} for the two rows")


@questions.asks("Model A says 2, 3, 0.1. Model B says 4, 6, 0.2: twice as much each. How do B's shares differ?", {
    "Not at all: the proportions are the same":
        "Softmax looks at differences, not at proportions, and the differences have doubled.",
    "They are sharper": "All differences have doubled, so the ratio of two shares is the square of what it was.",
    "They are closer together": "That is what half of each logit would do, or a temperature of 2.",
})
def tie_softmax():
    a, b = torch.softmax(LOGITS, dim=-1)[0], torch.softmax(2 * LOGITS, dim=-1)[0]
    change = float(b.max() - a.max())
    return the_one({"Not at all: the proportions are the same": abs(change) < 1e-4, "They are sharper": change >= 1e-4,
                    "They are closer together": change <= -1e-4}), f"{numbers(a)} for A and {numbers(b)} for B"


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
