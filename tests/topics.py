"""The topics, found and not listed: each notebook, the module of utils/ that it imports from, and that module's test file.

A topic's test file says what only it can know, and the tests of all topics read it there:
FACTS       what the notebook's saved outputs must say, in order
ON_PURPOSE  {mistake: (a piece of the cell that makes it, a piece of what comes of it)}
ANSWERS     {question: (the right choice, () -> whether torch agrees), or the number}
RIGHT       {check: [right functions in several styles]}; WRONG  {check: {slip: a function that makes it}}
EVIDENCE    {question: () -> numbers in its evidence that no notebook prints}
wanted      {control: value} -> for each line of the explorer's words the numbers at its end, a text, or None
WAYS        {task: [(control, value), ...]}, a way to do it from the start, which does no other task
NEARLY      {task: [(control, value), ...]}, what must not tick it, for a task with a condition that is easily forgotten
WRONG_CALL  a call with a wrong function, and the sentence that the explorer must show
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
NOTEBOOKS = {path.stem: nbformat.read(path, as_version=4) for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
NAMES = list(NOTEBOOKS)


def sources(name: str, kind: str = "code") -> str:
    return "\n".join(cell.source for cell in NOTEBOOKS[name].cells if cell.cell_type == kind)


TOPICS = {name: re.search(r"^from utils\.(\w+) import .*\bquestions$", sources(name), re.M)[1] for name in NAMES}
UTILS = {name: importlib.import_module(f"utils.{topic}") for name, topic in TOPICS.items()}


def its_tests(name: str):
    """The test file of a notebook's topic."""
    return importlib.import_module(f"tests.test_{TOPICS[name]}")


def explorer(name: str) -> tuple[str, list[str]]:
    """What makes the explorer of a notebook's topic, and the topic's own functions that it wants: "explore_softmax", ["softmax"]."""
    (make,) = (key for key, value in vars(UTILS[name]).items()
               if key.startswith("explore_") and value.__module__ == UTILS[name].__name__)
    return make, list(inspect.signature(getattr(UTILS[name], make)).parameters)


def explore(name: str) -> Explorer:
    """A new explorer of a notebook's topic, driven by the topic's own functions."""
    make, wants = explorer(name)
    return getattr(UTILS[name], make)(*(getattr(UTILS[name], function) for function in wants))


# (the notebook's name, task), in the order of the notebooks
TASKS = [(name, sentence) for name in NAMES for sentence, _ in getattr(UTILS[name], "tasks", ())]

TASKED = list(dict.fromkeys(name for name, _ in TASKS))

# {question: what asks it}, in the order of the notebooks
ASKED: dict[str, Callable] = {key: ask for name in NAMES for key, ask in vars(UTILS[name].questions).items() if callable(ask)}


def gathered(table: str) -> dict:
    """A table that each topic's test file has, all in one."""
    return {key: value for name in NAMES for key, value in getattr(its_tests(name), table, {}).items()}


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
