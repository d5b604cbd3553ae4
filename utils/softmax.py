"""Softmax: logits become probabilities that share 1.  Taught in notebooks/01_softmax.ipynb."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from utils import plots
from utils.explore import STILL, Explorer, ask, listed, logit_sliders, logits_from, presets, slider
from utils.inputs import check_logits
from utils.picture import Picture
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
    """Logits and a temperature → exponentials end to end → shares of 1, computed by the reader's softmax(logits [3])."""
    picture = Picture()
    left, right = 150, picture.width - 60
    top, bottom = (124, 188), (picture.height - 162, picture.height - 92)  # the exponentials, and the shares below them

    def furniture(power: int):
        """The ruler of the exponentials: each tick is e times the one before, and the last is where the strip ends."""
        at = plots.axis(0, math.exp(power), left, right)
        for k in (power, power - 1, power - 2):
            picture.box(f"tick {k}", plots.QUIET, at(math.exp(k)) - 2, 38, at(math.exp(k)), 48, data=math.exp(k))
            picture.text(f"tick {k} says", f"exp({k})".replace("-", "−"), at(math.exp(k)), 18, "right", plots.SMALL, look=plots.QUIET)
        picture.box("ruler", plots.QUIET, left, 38, right, 40, data=(0, math.exp(power)))
        for text, y in (("exp(z/T)", sum(top) / 2), ("÷ Σ", (top[1] + bottom[0]) / 2), ("softmax", sum(bottom) / 2)):
            picture.text(text, text, 8, y, size=plots.SMALL)

    def compute(values):
        logits, temperature = logits_from(values), values["temperature T"]
        check_logits(logits)
        scaled = logits / temperature
        truth = torch.softmax(scaled, dim=0)
        answer, wrong = ask(softmax, scaled, like=truth)
        return {"logits": logits, "T": temperature, "scaled": scaled, "exps": scaled.exp(), "truth": truth,
                "answer": answer, "wrong": wrong}

    def draw(now, before):
        exps, total, wrong = now["exps"].tolist(), float(now["exps"].sum()), bool(now["wrong"])
        power = math.ceil(math.log(total) - 1e-9)
        picture.begin(power, lambda: furniture(power))
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
        return line, "\n".join([*rows, sums, "   ".join(["before → now", *moved]) if before else STILL]), now["wrong"]

    controls = logit_sliders() | {"temperature T": slider("temperature T", 1.0, 0.2, 5.0)}
    return Explorer("explore_softmax", controls, compute, show, picture, presets())
