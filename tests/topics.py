"""The topics, found and not listed: each notebook, the modules of utils/ that it imports questions from, and their test files.

A topic's test file says what only it can know, and the tests of all topics read it there:
FACTS       what the notebook's saved outputs must say, in order; these four only the notebook's first topic has
ON_PURPOSE  {mistake: (a piece of the cell that makes it, a piece of what comes of it)}
wanted      {control: value} -> for each line of the first explorer's words the numbers at its end, a text, or None
WRONG_CALL  a call with a wrong function, and the sentence that the explorer must show
ANSWERS     {question: (the right choice, () -> whether torch agrees), or the number}
REASONS     {question: {how a choice begins, or the number: words that are in its reason alone}}
THOUGHTS    {words that are in one line of thought alone: (the first slip or fault under it, how many stand there)}
RIGHT       {check: [right functions in several styles]}; WRONG  {check: {slip: a function that makes it}}
EVIDENCE    {question: () -> numbers in its evidence that no notebook prints}
WAYS        {task: [(control, value), ...]}, a way to do it from the start, which does no other task
NEARLY      {task: [(control, value), ...]}, what must not tick it, for a task with a condition that is easily forgotten
"""

import importlib
import inspect
import itertools
import pathlib
import re
import unittest.mock
from collections.abc import Callable

import nbformat

from utils.explore import Explorer

ROOT = pathlib.Path(__file__).parent.parent
LOWERED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
NOTEBOOKS = {path.stem: nbformat.read(path, as_version=4) for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
NAMES = list(NOTEBOOKS)


def sources(name: str, kind: str = "code") -> str:
    return "\n".join(cell.source for cell in NOTEBOOKS[name].cells if cell.cell_type == kind)


# {notebook: {topic: what the notebook calls its questions}}, and the topics' modules
TOPICS = {name: {topic: alias or "questions" for topic, alias in re.findall(
    r"^from utils\.(\w+) import .*\bquestions(?: as (\w+))?$", sources(name), re.M)} for name in NAMES}
UTILS = {topic: importlib.import_module(f"utils.{topic}") for topics in TOPICS.values() for topic in topics}


def beside(topic: str):
    return importlib.import_module(f"tests.test_{topic}")


def its_tests(name: str):
    """The test file of a notebook's first topic."""
    return beside(next(iter(TOPICS[name])))


def found(name: str, key: str):
    """What one of the notebook's topics calls so."""
    return next(getattr(UTILS[topic], key) for topic in TOPICS[name] if hasattr(UTILS[topic], key))


def explorers(name: str) -> dict[str, list[str]]:
    """What makes the explorers of a notebook's topics, and the topics' own functions that each wants: {"explore_softmax": ["softmax"]}."""
    return {key: list(inspect.signature(value).parameters) for topic in TOPICS[name] for key, value in vars(UTILS[topic]).items()
            if key.startswith("explore_") and value.__module__ == UTILS[topic].__name__}


def explorer(name: str) -> tuple[str, list[str]]:
    """The first of them: the one that stands first in the notebook, and that wanted and WRONG_CALL of the topic's tests are about."""
    return next(iter(explorers(name).items()))


def explore(name: str, make: str = "") -> Explorer:
    """A new explorer of a notebook's topic, the first unless another is named, driven by the topic's own functions."""
    make = make or explorer(name)[0]
    return found(name, make)(*(found(name, function) for function in explorers(name)[make]))


def put(explorer: Explorer, values: dict) -> None:
    for key, value in values.items():
        explorer.controls[key].value = value


def typed(text: str) -> str:
    """What explorers write as 6.14·10⁻⁶, as Python has it: 6.14e−06."""
    return re.sub("·10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda found: f"e{int(found[1].translate(LOWERED)):+03d}".replace("-", "−"), text)


def agree(line: str, wanted: list[float] | str | None) -> bool:
    """Whether a line of the words is what its topic's wanted(values) says."""
    if wanted is None or isinstance(wanted, str):
        return wanted is None or line.rstrip("]").endswith(wanted)
    found = [float(text.replace("−", "-")) for text in re.findall(r"−?\d+\.\d+(?:e[−+]\d+)?", typed(line))][-len(wanted):]
    return len(found) == len(wanted) and all(abs(a - b) <= 5.1e-5 for a, b in zip(found, wanted))


def stops(control) -> list:
    """The values that a hand can set a control to, from one end to the other."""
    if hasattr(control, "options"):
        return [option[1] if isinstance(option, tuple) else option for option in control.options]  # (how it is called, the value)
    if isinstance(control.value, bool):
        return [False, True]
    return [round(control.min + k * control.step, 9) for k in range(round((control.max - control.min) / control.step) + 1)]


# (the notebook's name, what makes the explorer), in the order of the notebooks
EXPLORERS = [(name, make) for name in NAMES for make in explorers(name)]

# (the notebook's name, what makes the explorer, task)
TASKS = [(name, make, sentence) for name, make in EXPLORERS for sentence, _ in explore(name, make).tasks]

TASKED = list(dict.fromkeys((name, make) for name, make, _ in TASKS))

# {question: what asks it}, in the order of the notebooks
ASKED: dict[str, Callable] = {key: ask for module in UTILS.values() for key, ask in vars(module.questions).items() if callable(ask)}

# {what a cell shows in a row, such as "closing.ROUND": what asks its questions}
ROUNDS: dict[str, list[Callable]] = {f"{alias}.{key}": asks for name in NAMES for topic, alias in TOPICS[name].items()
                                     for key, asks in vars(UTILS[topic].questions).items() if isinstance(asks, list)}

# {question: the piece of a cell that asks it}
CALLS = {key: f"{alias}.{key}()" for topics in TOPICS.values() for topic, alias in topics.items() for key in vars(UTILS[topic].questions)
         if key in ASKED} | {ask.__name__: shown for shown, asks in ROUNDS.items() for ask in asks}


def gathered(table: str) -> dict:
    """A table that each topic's test file has, all in one."""
    return {key: value for topic in UTILS for key, value in getattr(beside(topic), table, {}).items()}


CHECKS = [value for module in UTILS.values() for name, value in vars(module).items()
          if name.startswith("check_") and value.__module__ == module.__name__ and hasattr(module, "check")]


def task_of(check):
    """What a check compares with: all that it hands on."""
    with unittest.mock.patch.object(importlib.import_module(check.__module__), "check", lambda function, task: task):
        return check(None)


def pairs_of(put_together, parts: dict[str, dict]) -> list:
    """One wrong part, and two at once, out of {part: {name of the slip: function}}: [({the names}, the function put together)]."""
    return [*(({a}, put_together(**{one: parts[one][a]})) for one in parts for a in parts[one]),
            *(({a, b}, put_together(**{one: parts[one][a], two: parts[two][b]}))
              for one, two in itertools.combinations(parts, 2) for a in parts[one] for b in parts[two])]
