"""Softmax: logits become probabilities that share 1.  Taught in notebooks/01_softmax.ipynb."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from utils import plots
from utils.check import Result, Task, check, steepness
from utils.example import ARTICLE, BATCH, COLUMN, FOUR, LOGITS, ROW, SMALL, WIDE, logit_sliders, logits_from, presets
from utils.explore import STILL, Explorer, ask, listed, slider
from utils.inputs import check_logits
from utils.language import column, say
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
        rows, shared = [], say("the shares sum to {total}", total=number(float(now["truth"].sum())))
        for k, (z, e, p) in enumerate(zip(now["logits"].tolist(), now["exps"].tolist(), now["truth"].tolist())):
            part, whole = exact(p, lambda part, whole: part / whole if whole else torch.nan, e, total)
            rows.append(column(say("class {k}", k=k), 10) + f"{f'exp({z:.6g}{over})':<{10 + len(over)}} = {part:>9} ÷ {whole} = {number(p)}"
                        .replace("-", "−"))
        rows.append(column(say("sum"), 20 + len(over)) + f" = {number(total):>9}   {shared}")
        moved = [f"{number(a)} → {number(b)}" for a, b in zip(before["truth"], now["truth"])] if before else []
        if before and now["power"] != before["power"]:
            then, power = (f"exp({at['power']})".replace("-", "−") for at in (before, now))
            moved.append(say("ruler {before} → {now}", before=then, now=power))
        rows.append("   ".join([say("before → now"), *moved]) if before else say(STILL))
        line = say("logits {logits}, T {temperature} → shares {shares}", logits=listed(now["logits"]), temperature=f"{now['T']:.6g}",
                   shares=numbers(now["answer"]))
        return line, "\n".join(rows), now["wrong"]

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
    "1.5 times, like the logits": "It would be, if shares were logits divided by their sum. Softmax takes exponentials first.",
    "About 2.7 times": "The ratio of two shares is e to the power of the difference of their logits, here e¹.",
    "About 20 times": "That is e³, the exponential of 3 by itself. Class 0 has its exponential too, e², and it divides.",
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
    return ("One", "Two", "Three")[int((before != after).sum()) - 1], (
        say("{before} before, {after} after", before=numbers(before), after=numbers(after)))


@questions.asks("We add 100 to every logit. What happens to the shares?", {
    "The largest takes nearly all":
        "e¹⁰³ is huge, and so it looks as if it must win. But e¹⁰² is huge in the same proportion, and the share is a "
        "ratio.",
    "They draw closer together": "103 and 102 look closer than 3 and 2, in proportion. Softmax looks at differences only.",
    "Nothing": "Every exponential grows by the same factor e¹⁰⁰, and dividing by the sum takes it out again.",
})
def adding_100():
    before, after = torch.softmax(LOGITS, dim=-1)[0], torch.softmax(LOGITS + 100, dim=-1)[0]
    change = float(after.max() - before.max())
    return the_one({"Nothing": abs(change) < 1e-4, "The largest takes nearly all": change >= 1e-4,
                    "They draw closer together": change <= -1e-4}), (
        say("{before} before, {after} after", before=numbers(before), after=numbers(after)))


@questions.asks("Your `softmax` gets a batch: two rows of three logits. It divides by `exps.sum()`. What will each row sum to?", {
    "To 1": "That is what we want. But `sum()` without a `dim` does not know about rows.",
    "To less than 1": "`exps.sum()` adds all six numbers, so all six shares together make 1, and each row a part of it.",
    "No sum: it raises an error": "An error would be kind. But dividing a tensor by one number always works.",
})
def batch_sum():
    exps = torch.exp(torch.tensor([list(ARTICLE), [1, 1, 1]]))
    rows = (exps / exps.sum()).sum(dim=1)
    return the_one({"To 1": torch.allclose(rows, torch.ones(2)), "To less than 1": bool((rows < 0.99).all())}), (
        say("{sums} for the two rows", sums=numbers(rows)))


@questions.asks("Model A says 2, 3, 0.1. Model B says 4, 6, 0.2: twice as much each. How do B's shares differ?", {
    "Not at all: the proportions are the same": "Softmax looks at differences, not at proportions, and the differences have doubled.",
    "They are sharper": "All differences have doubled, so the ratio of two shares is the square of what it was.",
    "They are closer together": "That is what half of each logit would do, or a temperature of 2.",
})
def tie_softmax():
    a, b = torch.softmax(LOGITS, dim=-1)[0], torch.softmax(2 * LOGITS, dim=-1)[0]
    change = float(b.max() - a.max())
    return the_one({"Not at all: the proportions are the same": abs(change) < 1e-4, "They are sharper": change >= 1e-4,
                    "They are closer together": change <= -1e-4}), say("{a} for A and {b} for B", a=numbers(a), b=numbers(b))


# --- the check: softmax in steps

def shares(do, z: Tensor) -> Tensor:
    """Softmax as it is written first."""
    z = do.scores(z)
    exps = do.exp(z)
    return do.share(z, do.divide(exps, do.total(exps)))


def shifted_shares(do, z: Tensor) -> Tensor:
    """Softmax with the largest logit of each row taken away before."""
    z = do.scores(z)
    exps = do.exp(do.shift(z))
    return do.share(z, do.divide(exps, do.total(exps)))


SOFTMAX = Task(
    lambda z: torch.softmax(z, -1), ["logits"], [(ROW,), (BATCH,), (FOUR,), (SMALL,), (WIDE,), (COLUMN,)], [shares, shifted_shares],
    extremes=[(torch.tensor([[1000.0, 999, 0]]),), (torch.tensor([[0.0, 1000, 999, 0, 0]]),), (torch.tensor([[-1000.0, -1001, -1002]]),),
              (torch.tensor([[1000.0, 999, 0], [2, 3, 0.1]]),)],
    within=2e-7,  # a limit of 1e-6 is seen
    # All shares together are 1, whatever the logits, and have no slope: that of the first is asked for.
    remark=lambda function: steepness(lambda z: function(z)[..., 0], lambda z: torch.softmax(z, -1)[..., 0], [(ROW,), (FOUR,)]))


def check_softmax(function: Callable[[Tensor], Tensor]) -> Result:
    """Whether function(logits [N, C]) → probabilities [N, C] is softmax.  Written in notebooks/01."""
    return check(function, SOFTMAX)
