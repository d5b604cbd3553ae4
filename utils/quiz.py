"""An exit quiz: six questions whose numbers a seed draws, on paper with a key, as a notebook and for learning platforms.

python -m utils.quiz 7 writes it.  Wrong numbers come from the slips that the checks know, and each wrong choice has its reason.
"""

import itertools
import json
import math
from random import Random

import torch
from torch.nn import functional as F

from utils.bce_by_hand import BCE_TASK
from utils.cross_entropy_by_hand import CROSS_ENTROPY
from utils.drawn import Question, apart, asks, brackets, clear, image, number_asked, pick, plain
from utils.example import BCE
from utils.language import say, spoken
from utils.paper import ROOT, choices_of, command, document, feedback, head, named
from utils.platforms import moodle_xml, qti_package
from utils.plots import exact, minus_log, number
from utils.predict import the_one
from utils.sigmoid import sigmoid
from utils.softmax import softmax

MINUTES = 12
FIRST = ROOT / "notebooks/01_softmax.ipynb"


@asks("Softmax gets the logits {logits}. How many times as large as the share of class {b} is the share of class {a}?",
      "{p} / {q} = {times}",
      like=("{like} times, like the logits", "It would be, if shares were logits divided by their sum. Softmax takes exponentials first."),
      gap=("{gap} times, like the difference",
           "The difference of the logits decides, that is right. But it stands in the exponent: e to the power of {gap}."),
      power=("About {times} times", "The ratio of two shares is e to the power of the difference of their logits, here {gap}."),
      alone=("About {alone} times",
             "That is the exponential of {z} by itself. Class {b} has its exponential too, and it divides."))
def ratio(dice):
    while True:
        z = [pick(dice, [k / 2 for k in range(1, 8)]) for _ in range(3)]
        (a, b), p = [z.index(max(z)), z.index(min(z))], softmax(torch.tensor(z, dtype=torch.float64)).tolist()
        like, gap, times, alone = z[a] / z[b], z[a] - z[b], p[a] / p[b], math.exp(z[a])
        if len({*z}) == 3 and apart(like, gap, times, alone, by=0.3) and clear(like, times, alone, p[a], p[b]):
            break
    precise = exact(times, lambda p, q: p / q, p[a], p[b])
    values = {"logits": brackets(z), "a": a, "b": b, "z": plain(z[a]), "gap": plain(gap), "p": precise[0], "q": precise[1],
              "like": plain(round(like, 4)), "times": number(times), "alone": number(alone)}
    return values, the_one({"like": math.isclose(times, like), "gap": math.isclose(times, gap), "alone": math.isclose(times, alone),
                            "power": math.isclose(times, math.exp(gap))})


CE_WRONG = ["a minus missing, or one too many", "base 10 instead of e", "base 2 instead of e", "softmax applied twice", "off by one class",
            "sigmoid instead of softmax", "the other classes instead of the label's", "all classes counted",
            "squared difference, or absolute", "binary cross-entropy instead", "the predicted class instead of the label",
            "the shift is not given back", "exp of the loss"]


def cross_entropy_of(dice) -> Question:
    while True:
        drawn = image(dice)
        z, label = torch.tensor([drawn.logits], dtype=torch.float64), torch.tensor([drawn.label])
        p = exact(drawn.ce, minus_log, drawn.shares[drawn.label])[0]
        asked = number_asked(
            dice, say("An image has the logits {logits} and the label {label}. What does `nn.CrossEntropyLoss` say?",
                      logits=brackets(drawn.logits), label=drawn.label), drawn.ce,
            say("Softmax gives the label a share of {p}, and the loss is −log of it.", p=p),
            say("−log {p} = {loss}", p=p, loss=number(float(F.cross_entropy(z, label)))),
            CROSS_ENTROPY, CE_WRONG, z, label)
        if asked:
            return asked


@asks("A class has the logit {z} and the target {y}. What does this class cost in binary cross-entropy?", "−log {precise} = {cost}",
      cost=("{cost}", "The sigmoid gives the truth {precise}, and the cost is −log of that."),
      other=("{other}",
             "So much it would cost with the other target: a class that is there pays −log σ(z), one that is not there −log(1 − σ(z))."),
      given=("{given}", "That is what the truth got. A probability is not a loss yet: −log of it is."),
      rest=("{rest}", "That is what the truth did not get. The loss is −log of what it got."))
def one_class(dice):
    while True:
        z, y = torch.tensor([pick(dice, [k / 2 for k in range(-5, 6) if k])], dtype=torch.float64), pick(dice, (0, 1))
        given, cost, other = float(sigmoid(z if y else -z)), *(float(BCE(z, torch.full_like(z, target))) for target in (y, 1 - y))
        said = {"cost": cost, "other": other, "given": given, "rest": 1 - given}
        if apart(*said.values(), by=0.005) and clear(*said.values()):
            break
    values = {name: number(value) for name, value in said.items()} | {"z": plain(float(z)), "y": y}
    return values | {"precise": exact(cost, minus_log, given)[0]}, the_one(
        {name: math.isclose(value, -math.log(given)) for name, value in said.items()})


BCE_WRONG = ["sum instead of mean", "own class only", "only the classes that are not there", "targets reversed",
             "a minus missing, or one too many", "the article's printed typo", "1 − missing in the second logarithm",
             "y or 1 − y missing before a logarithm", "base 10 instead of e", "sigmoid applied twice", "softmax instead of sigmoid",
             "squared difference, or absolute", "normalised"]


def bce_of(dice) -> Question:
    while True:
        drawn, y = image(dice), [pick(dice, (0, 1)) for _ in range(3)]
        z, target = torch.tensor([drawn.logits], dtype=torch.float64), torch.tensor([y], dtype=torch.float64)
        loss, losses = float(BCE(z, target)), BCE_TERMS(z, target)[0].tolist()
        if not 0 < sum(y) < 3 or not clear(loss, *losses) or not apart(*losses) or min(losses) < 0.03:
            continue
        terms = " + ".join(exact(loss, lambda a, b, c: (a + b + c) / 3, *losses))
        asked = number_asked(
            dice, say("An image has the logits {logits} and the target {target}. What does `nn.BCEWithLogitsLoss` say?",
                      logits=brackets(drawn.logits), target=brackets(y)), loss,
            say("Each class has a loss of its own, −log of what its sigmoid gives to the truth, and the three are averaged."),
            say("({terms}) / 3 = {loss}", terms=terms, loss=number(loss)),
            BCE_TASK, BCE_WRONG, z, target)
        if asked:
            return asked


BCE_TERMS = torch.nn.BCEWithLogitsLoss(reduction="none")


@asks("{n} images, {c} classes, and the labels are {labels}. Which target says so to `nn.BCEWithLogitsLoss`?",
      "{said} to the four, in the order one-hot floats, one-hot whole numbers, labels, repeated labels, for a model that is sure and right",
      right=("{right}", "One row for each image, one answer for each class, as floats."),
      whole=("{whole}", "The right answers as whole numbers. Torch wants floats, since an answer may also be 0.9."),
      index=("{index}", "The labels themselves, as floats. {n} numbers cannot answer {m} questions."),
      repeated=("{repeated}",
                "Torch takes it: shape and dtype are right. But it repeats the label where a yes or no for each class is wanted."))
def target_of(dice):
    n, c = pick(dice, (2, 3)), pick(dice, (3, 4))
    while len({*(labels := [pick(dice, range(c)) for _ in range(n)])}) < n:
        pass
    hot = F.one_hot(torch.tensor(labels), c)
    targets = {"right": hot.double(), "whole": hot, "index": torch.tensor(labels).double(),
               "repeated": torch.tensor(labels).double()[:, None].expand(n, c)}
    said = {name: heard(100.0 * hot - 50, target) for name, target in targets.items()}
    values = {name: str(target.tolist()).replace(".0", ".") for name, target in targets.items()}
    return values | {"n": n, "c": c, "m": n * c, "labels": ", ".join(map(str, labels)), "said": ", ".join(said.values())}, the_one(
        {name: answer == "0.0000" for name, answer in said.items()})


def heard(logits: torch.Tensor, target: torch.Tensor) -> str:
    """Torch's loss, or that there is none."""
    try:
        return number(round(float(BCE(logits.double(), target)), 9))
    except (ValueError, RuntimeError):
        return say("an error")


@asks("On the logits {logits} with class {k} as the true one, `nn.CrossEntropyLoss` says {ce} and `nn.BCEWithLogitsLoss` {bce}. "
      "Why is BCE larger here?",
      "{losses} for the three classes, and their mean is {bce}",
      others=("BCE also asks about the classes that are not there",
              "Two of its three losses are about them, and each yes that the model gave them costs."),
      less=("BCE takes sigmoid, and sigmoid gives class {k} less",
            "It gives class {k} more: {s} against {p}. That class alone would cost {own}."),
      adds=("BCE is a sum over classes, CE a mean",
            "BCE is a mean by default. It is the mean of three losses, though, and CE is one."))
def why_larger(dice):
    drawn = image(dice, lambda drawn: drawn.bce > drawn.ce + 0.2 and drawn.losses[drawn.label] < drawn.ce - 0.05)
    k, own = drawn.label, drawn.losses[drawn.label]
    values = {"logits": brackets(drawn.logits), "k": k, "ce": number(drawn.ce), "bce": number(drawn.bce), "own": number(own),
              "s": number(drawn.sigmas[k]), "p": number(drawn.shares[k]), "losses": ", ".join(map(number, drawn.losses))}
    loss = float(BCE(torch.tensor([drawn.logits]).double(), torch.tensor([drawn.target]).double()))
    return values, the_one({"others": own < drawn.ce < loss, "less": drawn.sigmas[k] < drawn.shares[k],
                            "adds": math.isclose(sum(drawn.losses), loss)})


def quiz(seed: int) -> list[Question]:
    """The six questions that a seed draws, none of which gives another's answer away; each .prediction() asks itself in a notebook."""
    dice = Random(seed)
    while True:
        questions = [draw(dice) for draw in (ratio, cross_entropy_of, one_class, bce_of, target_of, why_larger)]
        if not any(one.right in other.text for one, other in itertools.permutations(questions, 2)):
            return questions


def title() -> str:
    return say("Exit quiz: softmax, sigmoid and the two cross-entropies")


def notebook(seed: int) -> str:
    """The quiz as a notebook, which starts as the others do and draws the questions from utils/: its text gives no answer away."""
    told = say("Shift+Enter runs a cell. Choose, and you are told which answer is right, and why.")
    first = "".join(json.loads(FIRST.read_text(encoding="utf8"))["cells"][1]["source"])  # finds utils/
    speaks = "" if spoken() == "en" else f'\n\nfrom utils.language import speak\nspeak("{spoken()}")'
    code = f"from utils.quiz import quiz\n\nquestions = quiz({seed})"
    cells = [("markdown", f"# {say('Exit quiz {seed}', seed=seed)}\n\n{told}"), ("code", first + speaks), ("code", code)]
    cells += [("code", f"questions[{k}].prediction()") for k in range(6)]
    written = [{"cell_type": kind, "id": f"cell-{k}", "metadata": {}, "source": source.splitlines(keepends=True)}
               | ({"execution_count": None, "outputs": []} if kind == "code" else {}) for k, (kind, source) in enumerate(cells)]
    kernel = {"kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
              "language_info": {"name": "python"}}
    return json.dumps({"cells": written, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}, ensure_ascii=False, indent=1) + "\n"


def page(seed: int, key: bool) -> str:
    """The quiz as HTML, on one sheet; with its key on two."""
    questions = quiz(seed)
    asked = [f"<li>{choices_of(question, key)}{feedback(question) if key else ''}</li>" for question in questions]
    sheets = [asked[:3], asked[3:]] if key else [asked]
    lists = [f"<ol class=questions start={1 + 3 * k}>{''.join(part)}</ol>" for k, part in enumerate(sheets)]
    intro = say("One choice is right in each question. log is the natural logarithm; numbers have 4 decimals. A calculator is welcome.")
    return document(title(), [head(title(), intro, MINUTES, len(questions), key) + lists[0], *lists[1:]], seed, key)


def files(seed: int) -> dict[str, str | bytes]:
    """All that is written for a seed, by the name of the file."""
    questions = quiz(seed)
    written = {".html": page(seed, key=False), "-key.html": page(seed, key=True), ".ipynb": notebook(seed),
               "-moodle.xml": moodle_xml(title(), questions, seed), "-qti.zip": qti_package(title(), questions, seed)}
    return {named("quiz", seed) + end: content for end, content in written.items()}


if __name__ == "__main__":
    command("quiz", files)
