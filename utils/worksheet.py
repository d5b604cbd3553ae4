"""A printable worksheet and its key, with the numbers that a seed draws: predictions, tables, pictures to draw into, wrong lines.

python -m utils.worksheet 7 writes both.  The key is computed by torch, and the wrong lines are slips that the checks know.
"""

import html
import math
from random import Random
from typing import NamedTuple

import torch
from torch import nn

from utils import summary
from utils.bce_by_hand import BCE_TASK
from utils.check import Task, slips_of
from utils.cross_entropy_by_hand import CROSS_ENTROPY
from utils.drawn import Drawn, Question, apart, asks, brackets, clear, image, pick, plain
from utils.example import BCE, CE
from utils.language import say
from utils.paper import (
    FILL, RULE, choices_of, columns, command, curve, document, feedback, head, heading, marker, named, ruler, samples, strip, table,
)
from utils.plots import number, numbers
from utils.predict import marked, numbered, the_one
from utils.softmax import SOFTMAX, questions, softmax

SAYS = {  # all that the sheet says beside its questions, as HTML
    "title": "Worksheet: softmax, sigmoid and the two cross-entropies",
    "intro": "You need a calculator with eˣ and the natural logarithm, ln, which is written log here. Write 4 decimals, and compute with "
             "all that the calculator has.",
    "grading": "A number that is off by one in its last digit counts as right.",
    "image": "Our image has the logits {logits}, and its label is {label} (★).",
    "A": "A · Predict, before you compute",
    "because": "Because {blank}",
    "B": "B · Softmax: three shares of one 1",
    "cut": "Cut the strip at the shares.",
    "hatch": "Hatch the classes as the explorers do: {samples}",
    "C": "C · Cross-entropy: −log of the label's share",
    "were": "if the label were",
    "cost": "−log of its share",
    "CE": "Cross-entropy of our image = {loss}",
    "mark": "Mark where our image is on the curve: the share of its label below, its loss on the left.",
    "D": "D · Sigmoid and binary cross-entropy: a question for each class",
    "target": "target",
    "given": "given to the truth",
    "loss": "−log of it",
    "BCE": "Mean of the three, binary cross-entropy = {loss}",
    "split": "Split each column at σ(z): below the line is <i>there</i>, above it <i>not there</i>. Hatch what is given to the truth.",
    "lanes": "Draw the three binary losses end to end, below them a third of that length, and below that the cross-entropy of part C.",
    "E": "E · Find the line that is wrong",
    "find": "Each of these functions has one line that is wrong. Which, and how should it be? The first lines are right; the numbers in "
            "brackets are shapes: N images, C classes.",
    "line": "Line {line} should be {blank}",
    "mended": "Line {line}: {slip}. It should be {mended}",
}
# The parts' points and minutes.
PARTS = {"A": (10, 8), "B": (9, 8), "C": (6, 6), "D": (15, 13), "E": (9, 10)}


# --- predictions: a point for the choice, and one for the reason

ONE, TWO, THREE = questions.one_logit_moves().choices.items()
STAY, PARTED, CHANGE = summary.questions.all_lower().choices.items()


@asks("You raise the logit of class {k} by {step} and leave the two others alone. How many of the three shares will change?",
      "{before} before, {after} after", one=ONE, two=TWO, three=THREE)
def one_logit(dice: Random, drawn: Drawn):
    while True:
        k, step = pick(dice, range(3)), pick(dice, (0.5, 1, 1.5))
        before, after = (softmax(torch.tensor(drawn.logits).double() + off * torch.eye(3)[k]) for off in (0, step))
        if clear(*after.tolist()):
            break
    values = {"k": k, "step": plain(step), "before": numbers(before), "after": numbers(after)}
    return values, ("one", "two", "three")[int((before != after).sum()) - 1]


@asks("We take {step} off every logit. What happens to the two losses of our image?",
      "CE {ce} before and {ce_after} after, BCE {bce} before and {bce_after} after", stay=STAY, parted=PARTED, change=CHANGE)
def all_lower(dice: Random, drawn: Drawn):
    z, label, target = torch.tensor([drawn.logits]).double(), torch.tensor([drawn.label]), torch.tensor([drawn.target]).double()
    while True:
        step = pick(dice, [k / 2 for k in range(2, 9)])
        ce, ce_after, bce, bce_after = (float(loss(z - off, right)) for loss, right in ((CE, label), (BCE, target)) for off in (0, step))
        if clear(bce_after) and abs(bce - bce_after) > 0.1:
            break
    moved = abs(ce - ce_after) > 1e-6, abs(bce - bce_after) > 1e-6
    said = {"ce": ce, "ce_after": ce_after, "bce": bce, "bce_after": bce_after}
    return {"step": plain(step)} | {name: number(loss) for name, loss in said.items()}, the_one(
        {"stay": not any(moved), "parted": moved == (False, True), "change": all(moved)})


@asks("An untrained model gives all of {n} classes the same logit. What will `nn.CrossEntropyLoss` say, whatever the label?",
      "−log(1 / {n}) = log {n} = {loss}",
      loss=("{loss}", "Each class gets a share of 1 / {n}, and the loss is −log of it."),
      share=("{share}", "This is the share of each class. The loss is −log of it."),
      ten=("{ten}", "This is the logarithm to base 10. Torch's `log` is the natural one."),
      two=("{two}", "This is log 2, the price of a guess between two. Here there are {n} classes."))
def guessing(dice: Random, drawn: Drawn):
    while True:
        n = pick(dice, range(4, 13))
        said = {"loss": float(CE(torch.zeros(1, n).double(), torch.tensor([0]))), "share": 1 / n, "ten": math.log10(n), "two": math.log(2)}
        if apart(*said.values()):  # of 5 the logarithm to base 10 is all but log 2
            break
    return {name: number(value) for name, value in said.items()} | {"n": n}, the_one(
        {name: math.isclose(value, -math.log(1 / n)) for name, value in said.items()})


TOLD = [(f"That of class {k}", f"Sigmoid gives {{g{k}}} to the truth about class {k}, and −log of that is {{l{k}}}.") for k in range(3)]


@asks("Our image has three binary losses, one for each class. Which will be the largest?", "The losses are {l0}, {l1}, {l2}",
      c0=TOLD[0], c1=TOLD[1], c2=TOLD[2])
def largest(dice: Random, drawn: Drawn):
    losses = nn.BCEWithLogitsLoss(reduction="none")(torch.tensor(drawn.logits).double(), torch.tensor(drawn.target).double())
    told = {f"l{k}": number(loss) for k, loss in enumerate(losses.tolist())} | {f"g{k}": number(p) for k, p in enumerate(drawn.given)}
    return told, f"c{int(losses.argmax())}"


@asks("Which loss of our image will be larger?", "CE = {ce} and BCE = {bce}",
      ce=("CE", "It is −log of the label's share, and all classes compete for shares."),
      bce=("BCE", "It is the mean of three losses, each of which asks one class by itself."))
def larger(dice: Random, drawn: Drawn):
    return {"ce": number(drawn.ce), "bce": number(drawn.bce)}, the_one({"ce": drawn.ce > drawn.bce, "bce": drawn.bce > drawn.ce})


PREDICTIONS = one_logit, all_lower, guessing, largest, larger


# --- find the line that is wrong: right code, and by the number of a line what a slip makes of it

class Code(NamedTuple):
    task: Task
    lines: list[str]
    slips: dict[str, tuple[int, str]]


CODE = [
    Code(SOFTMAX, [
        "def softmax(logits):  # [N, C]",
        "    largest = logits.max(dim=-1, keepdim=True).values",
        "    exps = torch.exp(logits - largest)",
        "    total = exps.sum(dim=-1, keepdim=True)",
        "    return exps / total",
    ], {
        "normalised over the whole batch": (4, "    total = exps.sum()"),
        "normalised over the wrong dim": (4, "    total = exps.sum(dim=0, keepdim=True)"),
        "keepdim missing": (4, "    total = exps.sum(dim=-1)"),
        "base 2 instead of e": (3, "    exps = torch.exp2(logits - largest)"),
        "sign of the exponent turned round": (3, "    exps = torch.exp(largest - logits)"),
        "divided by the largest logit instead of shifted": (3, "    exps = torch.exp(logits / largest)"),
        "not divided by the sum": (5, "    return exps"),
        "max returned two things": (2, "    largest = logits.max(dim=-1, keepdim=True)"),
    }),
    Code(CROSS_ENTROPY, [
        "def cross_entropy(logits, labels):  # [N, C], [N]",
        "    logs = torch.log_softmax(logits, dim=1)",
        "    images = torch.arange(len(labels))",
        "    own = logs[images, labels]",
        "    return -own.mean()",
    ], {
        "normalised over the wrong dim": (2, "    logs = torch.log_softmax(logits, dim=0)"),
        "log missing": (2, "    logs = torch.softmax(logits, dim=1)"),
        "sigmoid instead of softmax": (2, "    logs = torch.log(torch.sigmoid(logits))"),
        "labels taken from the first row only": (4, "    own = logs[0, labels]"),
        "every image with every label": (4, "    own = logs[:, labels]"),
        "off by one class": (4, "    own = logs[images, labels - 1]"),
        "a minus missing, or one too many": (5, "    return own.mean()"),
        "sum instead of mean": (5, "    return -own.sum()"),
    }),
    Code(BCE_TASK, [
        "def bce(logits, targets):  # [N, C], [N, C]",
        "    there = targets * F.logsigmoid(logits)",
        "    away = (1 - targets) * F.logsigmoid(-logits)",
        "    losses = -(there + away)",
        "    return losses.mean()",
    ], {
        "1 − missing in the second logarithm": (3, "    away = (1 - targets) * F.logsigmoid(logits)"),
        "y or 1 − y missing before a logarithm": (3, "    away = F.logsigmoid(-logits)"),
        "own class only": (4, "    losses = -there"),
        "only the classes that are not there": (4, "    losses = -away"),
        "a minus missing, or one too many": (4, "    losses = there + away"),
        "one term has the wrong sign": (4, "    losses = -there + away"),
        "sum instead of mean": (5, "    return losses.sum()"),
        "mean over the classes only": (5, "    return losses.mean(dim=1)"),
    }),
]


class Wrong(NamedTuple):
    """Code as it is handed out, the number of its wrong line, how that should be, and the check's thought on the slip."""

    slip: str
    code: str
    line: int
    mended: str
    thought: str


def wrong(dice: Random, code: Code) -> Wrong:
    name = pick(dice, code.slips)
    at, instead = code.slips[name]
    written = "\n".join(instead if k == at else line for k, line in enumerate(code.lines, 1))
    thought = next(known.thought for known in slips_of(code.task) if known.name == name)
    return Wrong(name, written, at, code.lines[at - 1].strip(), thought)


# --- the sheet

class Sheet(NamedTuple):
    drawn: Drawn
    predictions: list[Question]
    wrong: list[Wrong]


def sheet(seed: int) -> Sheet:
    """All that a seed draws."""
    dice = Random(seed)
    drawn = image(dice)
    return Sheet(drawn, [ask(dice, drawn) for ask in PREDICTIONS], [wrong(dice, code) for code in CODE])


def page(seed: int, key: bool) -> str:
    """The sheet as HTML, empty or with its key."""
    drawn, predictions, wrongs = sheet(seed)
    shown, names = drawn if key else None, [marker(k, k == drawn.label) for k in range(3)]
    title, (points, minutes) = says("title"), (sum(column) for column in zip(*PARTS.values()))

    def cell(value: float) -> str:
        return f"<span class=answer>{number(value)}</span>" if key else ""

    def part(name: str, *contents: str) -> str:
        return heading(says(name), *PARTS[name]) + "".join(contents)

    def listed(contents: list[str], kind: str = "") -> str:
        return f"<ol class='{kind}'>{''.join(f'<li>{content}</li>' for content in contents)}</ol>"

    ours = told("image", logits=brackets(drawn.logits), label=drawn.label)
    because = told("because", blank=RULE)
    asked = [choices_of(question, key) + (feedback(question) if key else because) for question in predictions]
    softmaxed = [(names[k], plain(drawn.logits[k]), cell(drawn.exps[k]), cell(drawn.shares[k])) for k in range(3)]
    costs = [(says("cost"), *map(cell, drawn.costs))]
    sigmoids = [(names[k], plain(drawn.logits[k]), cell(drawn.sigmas[k]), str(drawn.target[k]), cell(drawn.given[k]), cell(drawn.losses[k]))
                for k in range(3)]
    sheets = [
        head(title, says("grading" if key else "intro"), minutes, points, key) + ours + part("A", listed(asked)),
        part("B", ours, table(["", "z", "exp(z)", "exp(z) ÷ Σ"], softmaxed, ["Σ", "—", cell(sum(drawn.exps)), "1"]),
             told("cut"), told("hatch", samples=samples()), strip(shown))
        + part("C", table([says("were"), *map(marker, range(3))], costs), told("CE", loss=cell(drawn.ce) or FILL), told("mark"),
               curve(shown)),
        part("D", ours, table(["", "z", "σ(z)", *map(says, ("target", "given", "loss"))], sigmoids),
             told("BCE", loss=cell(drawn.bce) or FILL), told("split"), columns(shown), told("lanes"), ruler(shown)),
        part("E", told("find"), listed([marked(numbered(one.code)) + answer(one, key) for one in wrongs], "questions")),
    ]
    return document(title, sheets, seed, key)


def says(name: str, **values) -> str:
    return say(SAYS[name], **values)


def told(name: str, **values) -> str:
    return f"<p>{says(name, **values)}</p>"


def answer(one: Wrong, key: bool) -> str:
    if not key:
        return told("line", line=FILL, blank=RULE)
    mended = f"<code>{html.escape(one.mended)}</code>"
    return f"<b>{told('mended', line=one.line, slip=say(one.slip), mended=mended)}</b><div class=why>{marked(say(one.thought))}</div>"


def files(seed: int) -> dict[str, str]:
    name = named("worksheet", seed)
    return {f"{name}.html": page(seed, key=False), f"{name}-key.html": page(seed, key=True)}


if __name__ == "__main__":
    command("worksheet", files)
