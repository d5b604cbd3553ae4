"""What a seed draws for paper: an image with readable logits and all its numbers, and questions with new numbers, choices and order.

The same seed draws the same on every machine: only random.Random.random() is asked, which Python promises to keep, and a number
whose 4 decimals could hang on the last bits of a machine's exp and log is drawn again.
"""

import itertools
from collections.abc import Callable, Iterable
from random import Random
from typing import NamedTuple

import torch

from utils.bce import bce_terms
from utils.check import Task, performed, slips_of, steps_of
from utils.cross_entropy import cross_entropy_terms
from utils.language import say
from utils.plots import number
from utils.predict import Prediction
from utils.sigmoid import sigmoid
from utils.softmax import softmax

VERSION = 1  # stands in every footer; raised when seeds come to draw other numbers than they did


def pick(dice: Random, options: Iterable):
    options = list(options)
    return options[int(dice.random() * len(options))]


def shuffled(dice: Random, items: Iterable) -> list:
    return sorted(items, key=lambda _: dice.random())


def clear(*values: float) -> bool:
    """Whether each value is written the same however the last bits are rounded: none lies half-way between two fourth decimals."""
    return all(abs(abs(value) * 1e4 % 1 - 0.5) > 1e-3 for value in values)


def apart(*values: float, by: float = 0.02) -> bool:
    """Whether no two values are so near that a rounding on the way could take one for the other."""
    values = sorted(values)
    return all(b - a >= by for a, b in itertools.pairwise(values))


class Drawn(NamedTuple):
    """An image's logits and label, and what our functions make of them: a list each, one entry for each class."""

    logits: list[float]
    label: int
    exps: list[float]
    shares: list[float]
    costs: list[float]  # −log of each share: the cross-entropy, were this class the label
    sigmas: list[float]
    given: list[float]  # what sigmoid gives to the truth: σ of the label, 1 − σ of the others
    losses: list[float]

    @property
    def ce(self) -> float:
        return self.costs[self.label]

    @property
    def bce(self) -> float:
        return sum(self.losses) / len(self.losses)

    @property
    def target(self) -> list[int]:
        return [int(k == self.label) for k in range(len(self.logits))]


def worked(logits: list[float], label: int) -> Drawn:
    z = torch.tensor(logits, dtype=torch.float64)
    target = torch.nn.functional.one_hot(torch.tensor(label), len(logits)).double()
    each = z.expand(len(logits), -1)
    told = z.exp(), softmax(z), cross_entropy_terms(each, torch.arange(len(logits))), sigmoid(z), sigmoid(z * (2 * target - 1))
    return Drawn(logits, label, *(values.tolist() for values in (*told, bce_terms(z, target))))


def image(dice: Random, fits: Callable[[Drawn], bool] = lambda drawn: True) -> Drawn:
    """Logits in halves, none of them 0, and a label, drawn until nothing ties, nothing is all but 0 or 1, and all can be drawn."""
    halves = [k / 2 for k in range(-4, 8) if k]
    while True:
        drawn = worked([pick(dice, halves) for _ in range(3)], pick(dice, range(3)))
        if (min(drawn.shares) > 0.03 and 0.1 < drawn.ce < 2.8 and min(drawn.losses) > 0.03 and 1 < sum(drawn.losses) < 4.8
                and abs(drawn.ce - drawn.bce) > 0.1
                and all(apart(*column) for column in (drawn.exps, drawn.shares, drawn.costs, drawn.sigmas, drawn.given, drawn.losses))
                and clear(*drawn.exps, sum(drawn.exps), *drawn.shares, *drawn.costs, *drawn.sigmas, *drawn.given, *drawn.losses,
                          sum(drawn.losses), drawn.bce) and fits(drawn)):
            return drawn


def brackets(values: Iterable[float]) -> str:
    """Logits as they are written: [1.5, −2, 0.5]."""
    return f"[{', '.join(map(plain, values))}]"


def plain(value: float) -> str:
    return f"{value:g}".replace("-", "−")


class Question(NamedTuple):
    """A question with its numbers in it.  choices: {choice: why}, in the order in which they are printed."""

    text: str
    choices: dict[str, str]
    right: str
    evidence: str

    def prediction(self) -> Prediction:
        """The same as a notebook asks it."""
        return Prediction(self.text, self.choices, lambda: (self.right, self.evidence))

    @property
    def letter(self) -> str:
        return "ABCD"[list(self.choices).index(self.right)]


def asks(text: str, evidence: str, **choices: tuple[str, str]) -> Callable:
    """Turns a function (dice, …) → (the numbers, the name of the right choice) into one that draws the question.

    choices: name=(choice, why).  The numbers are named in the sentences: "about {times} times".  These are kept as .sentences.
    """

    def decorate(draw: Callable) -> Callable[..., Question]:
        def ask(dice: Random, *about) -> Question:
            values, right = draw(dice, *about)
            filled = {name: tuple(say(sentence, **values) for sentence in both) for name, both in choices.items()}
            return Question(say(text, **values), dict(shuffled(dice, filled.values())), filled[right][0], say(evidence, **values))

        ask.sentences = [text, evidence, *itertools.chain.from_iterable(choices.values())]
        return ask

    return decorate


def slipped(task: Task, name: str, *given: torch.Tensor) -> tuple[float, str]:
    """What comes out where the check's slip of this name is made in the first way that has its step, and its name and thought."""
    known = next(known for known in slips_of(task) if known.name == name)
    way, step, form = next((way, step, form) for step, form in known.forms for way in task.ways
                           if step in steps_of(way, task))
    return float(performed(way, task, (0, step, form))(*given)), f"{say(known.name)}{say(': ')}{say(known.thought)}"


def number_asked(dice: Random, text: str, right: float, why: str, evidence: str, task: Task, names: list[str], *given) -> Question | None:
    """A question with four numbers to choose from: the right one, and what three of the task's slips make of what is given.

    None where too few of these numbers are clear and far from all others.
    """
    kept = {right: why}
    for name in shuffled(dice, names):
        value, thought = slipped(task, name, *given) if len(kept) < 4 else (0, "")
        if clear(value) and abs(value) > 0.01 and apart(value, *kept):
            kept[value] = thought
    choices = dict(shuffled(dice, ((number(value), thought) for value, thought in kept.items())))
    return Question(text, choices, number(right), evidence) if len(kept) == 4 and clear(right) else None
