"""What several test files need: the browser, and what the explorers' tests read off a picture to compare it with torch."""

import math

import pytest
import torch

from tests.lab import CHROME, chromium
from tests.topics import typed
from utils.language import speak


@pytest.fixture(autouse=True)
def english():
    """A test that speaks another language leaves none to the next."""
    yield
    speak("en")


@pytest.fixture(scope="session")
def browser():
    """One for all tests: Playwright does not start twice."""
    assert CHROME, "CI needs Chromium or Chrome: .ci/run installs it"
    with chromium() as browser:
        yield browser


@pytest.fixture
def drawn():
    """drawn(explorer, part): for each class the stretch (low, high) that its picture shows as part, None where it shows none."""
    return lambda explorer, part: [mark and mark.data for mark in (explorer.picture.drawn.get(f"{part} {k}") for k in range(3))]


@pytest.fixture
def lengths(drawn):
    """lengths(explorer, part): how long each of those is."""
    return lambda explorer, part: [stretch and stretch[1] - stretch[0] for stretch in drawn(explorer, part)]


@pytest.fixture
def said():
    """said(explorer, part): the number that each class is labelled with there."""
    return lambda explorer, part: [explorer.picture.drawn[f"{part} {k} says"].text for k in range(3)]


@pytest.fixture
def arithmetic():
    """arithmetic(text): what a piece of the words comes to, as in "−log 0.7028" or "(2.1269 + 0.0486) / 3"."""

    def evaluate(text):
        text = typed(text).replace("−", "-").replace("÷", "/").replace("·", "*").strip()
        text = f"-log({text[5:]})" if text.startswith("-log ") else text
        return eval(text, {"exp": math.exp, "log": math.log})

    return evaluate


def fails():
    raise RuntimeError("of its own making")


# Functions that no explorer may die of, and what it must say of each.  They take whatever they are given.
BROKEN = {
    "none": (lambda *_: None, "returned None: does it end with a return?"),
    "list": (lambda *_: [0.2, 0.7, 0.1], "returned a list; a tensor of shape"),
    "text": (lambda *_: "0.2585", "returned a str; a tensor of shape"),
    "shape": (lambda *_: torch.zeros(2, 2), "returned shape [2, 2]; shape"),
    "nan": (lambda *tensors: tensors[0].mean() * torch.nan + (torch.zeros_like(tensors[0])), "yours nan, torch"),
    "error": (lambda *_: fails(), "raised RuntimeError: of its own making"),
    "exit": (lambda *_: exit(), "raised SystemExit"),
    "complex": (lambda *tensors: tensors[0].mean() + tensors[0] * 1j, "returned dtype torch.complex64; floating point is wanted"),
    "not a function": (None, "a function is wanted, not a NoneType: hand it over by its name, without ( )"),
}


@pytest.fixture(params=list(BROKEN))
def broken(request):
    """(a function, what must be said of it)"""
    return BROKEN[request.param]
