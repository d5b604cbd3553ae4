"""Sigmoid: each logit becomes a probability of its own.  Taught in notebooks/03_sigmoid.ipynb."""

from collections.abc import Callable

import torch
from torch import Tensor

from utils import plots
from utils.explore import Explorer, ask, listed, logit_sliders, logits_from, presets
from utils.inputs import check_logits
from utils.plots import number, numbers
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
