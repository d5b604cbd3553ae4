"""What is written on the controls of every explorer, and that it is what they do."""

import re

import ipywidgets as widgets
import pytest

from tests.topics import EXPLORERS, explore, put, stops
from utils import explore as explorers
from utils import predict
from utils.example import PRESETS

ARTICLE = {"logit 0": 2, "logit 1": 3, "logit 2": 0.1, "label": 1, "target 0": False, "target 1": True, "target 2": False}


@pytest.fixture(params=EXPLORERS, ids=lambda name_and_make: name_and_make[1])
def explorer(request):
    return explore(*request.param)


def values(explorer):
    return {key: control.value for key, control in explorer.controls.items()}


def elsewhere(explorer):
    """Every control away from where it is.  Returns: where it is now."""
    put(explorer, {key: next(stop for stop in reversed(stops(control)) if stop != control.value)
                   for key, control in explorer.controls.items()})
    return values(explorer)


def test_every_control_is_called_what_it_is(explorer):
    assert {key: button.description for key, button in explorer.buttons.items()} == {key: key for key in explorer.buttons}
    for key, control in explorer.controls.items():
        target = isinstance(control, widgets.Checkbox) and key.startswith("target ")
        assert control.description == (f"class {key[-1]} is true" if target else key)


def test_reset_brings_back_every_control(explorer):
    start, words, line = values(explorer), explorer.words, repr(explorer)
    assert start == {key: ARTICLE.get(key, value) for key, value in start.items()}
    assert not set(elsewhere(explorer).items()) & set(start.items())
    explorer.buttons["Reset"].click()
    assert values(explorer) == start and repr(explorer) == line
    assert explorer.words == words, "nothing has moved"


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_sets_the_logits_and_which_class_is_true_and_nothing_else(explorer, preset):
    if preset not in explorer.buttons:
        pytest.skip("not among its buttons")
    before = elsewhere(explorer)
    explorer.buttons[preset].click()
    logits = {f"logit {k}": z for k, z in enumerate(PRESETS[preset])}
    assert values(explorer) == {key: (ARTICLE | logits).get(key, value) for key, value in before.items()}


def test_a_tick_stands_before_what_is_right_or_chosen_and_a_cross_before_what_is_wrong():
    assert dict(re.findall(r'(\S+)::before \{ content: "(.) "; \}', explorers.CSS + predict.CSS)) == {
        ".widget-toggle-button.mod-active": "✓", ".widget-button.right": "✓", ".widget-button.chosen:not(.right)": "✗"}
