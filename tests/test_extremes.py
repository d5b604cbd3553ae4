"""Every explorer at the ends of its controls, in combinations that Hypothesis looks for, and with a value that is none."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from tests.topics import EXPLORERS, NAMES, explore, stops
from utils.picture import Picture


@pytest.fixture(scope="module", params=EXPLORERS, ids=lambda name_and_make: name_and_make[1])
def explorer(request):
    return explore(*request.param)


def values(control):
    """What a hand can set a control to, its ends most of all."""
    return st.sampled_from(stops(control)[::len(stops(control)) - 1]) | st.sampled_from(stops(control))


@given(data=st.data())
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_combination_breaks_an_explorer(explorer, data):
    moves = {name: data.draw(values(control), name) for name, control in explorer.controls.items()}
    button = data.draw(st.none() | st.sampled_from(list(explorer.buttons)), "button pressed last")
    explorer.buttons["Reset"].click()
    for name, value in moves.items():
        explorer.controls[name].value = value
    if button:
        explorer.buttons[button].click()
    assert explorer.wrong == ""
    lesson = "0 / 0" in explorer.words  # ignore_index: the words say why there is no number
    assert lesson or not re.search(r"\b(nan|inf)\b", explorer.words)
    labels_stay_in_the_picture_and_apart(explorer)
    if not isinstance(explorer.figure, Picture):
        bars_end_at_their_axis_or_say_so(explorer)


def labels_stay_in_the_picture_and_apart(explorer):
    if isinstance(explorer.figure, Picture):
        boxes = [(mark.text, Bbox.from_extents(mark.box)) for mark in explorer.figure.drawn.values() if mark.kind == "text"]
        apart(boxes, explorer.figure.width, explorer.figure.height)
        return
    renderer = explorer.figure.canvas.get_renderer()
    texts = [text for text in explorer.figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts]
    apart(boxes, *explorer.figure.bbox.size)


def apart(boxes, width, height):
    for text, box in boxes:
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height, f"{text!r} leaves the picture"
    for k, (text, box) in enumerate(boxes):
        for other, its in boxes[k + 1:]:
            across = min(box.x1, its.x1) - max(box.x0, its.x0)
            down = min(box.y1, its.y1) - max(box.y0, its.y0)
            assert across <= 3 or down <= 3, f"{text!r} lies over {other!r}"


def bars_end_at_their_axis_or_say_so(explorer):
    for ax in explorer.figure.axes:
        if ax.containers:
            low, high = ax.get_ylim()
            for bar, text in zip(ax.containers[1], ax.texts):
                assert low <= bar.get_height() <= high
                said = text.get_text().replace("−", "-")
                if said and not said.startswith(("▲", "▼")):
                    assert float(said) == pytest.approx(bar.get_height(), abs=6e-5, rel=0.5 if "e" in said else 0)
                elif said:
                    assert abs(float(said[2:])) > abs(bar.get_height()) - 6e-3


@pytest.mark.parametrize("name", [name for name in NAMES if "logit 1" in explore(name).controls])
def test_a_value_that_is_none_shows_its_sentence(name):
    explorer = explore(name)
    words, picture = explorer.words, explorer.image.value
    with pytest.raises(ValueError):
        explorer.controls["logit 1"].value = float("nan")
    assert explorer.wrong.startswith("ValueError: logits holds nan; finite numbers are wanted")
    assert explorer.wrong in explorer.page.value and explorer.words == words and explorer.image.value == picture
    explorer.buttons["Reset"].click()
    assert explorer.wrong == "" and explorer.words == words
