"""What a topic is, said once: the module of utils/ that a notebook imports from."""

import importlib
import itertools
import pathlib
import re
import unittest.mock

NOTEBOOKS = sorted((pathlib.Path(__file__).parent.parent / "notebooks").glob("[0-9][0-9]_*.ipynb"))
TOPICS = {path.stem: importlib.import_module(re.search(r"\"from (utils\.\w+) import",
                                                       path.read_text(encoding="utf8"))[1]) for path in NOTEBOOKS}
CHECKS = [value for topic in TOPICS.values() for name, value in vars(topic).items()
          if name.startswith("check_") and value.__module__ == topic.__name__]


def task_of(check):
    """What a check compares with: all that it hands on."""
    with unittest.mock.patch.object(importlib.import_module(check.__module__), "check", lambda function, task: task):
        return check(None)


def tables(name: str) -> dict:
    """What the topics' test files say under a name, RIGHT or WRONG, put together."""
    return {key: value for topic in TOPICS.values() for key, value in
            getattr(importlib.import_module(f"tests.test_{topic.__name__.partition('.')[2]}"), name, {}).items()}


def pairs_of(put_together, parts: dict[str, dict]) -> list:
    """One wrong part, and two at once, out of {part: {name of the slip: function}}: [({the names}, the function put together)]."""
    return [*(({a}, put_together(**{one: parts[one][a]})) for one in parts for a in parts[one]),
            *(({a, b}, put_together(**{one: parts[one][a], two: parts[two][b]}))
              for one, two in itertools.combinations(parts, 2) for a in parts[one] for b in parts[two])]
