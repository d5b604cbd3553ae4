"""Softmax: logits become probabilities that share 1.  Taught in notebooks/01_softmax.ipynb."""

from collections.abc import Callable

import torch
from torch import Tensor

from utils import plots
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
