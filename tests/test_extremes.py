"""Every explorer at the ends of its controls, in combinations that Hypothesis looks for, and with a value that is none."""

import re

import ipywidgets as widgets
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matplotlib.text import Text
from torch.nn import functional as F

from tests.plain import difference
from utils.bce import bce_terms, explore_bce
from utils.cross_entropy import explore_cross_entropy
from utils.picture import Picture
from utils.sigmoid import explore_sigmoid
from utils.softmax import explore_softmax
from utils.summary import explore_summary
from utils.target_shape import explore_target_shape

EXPLORERS = {
    "softmax": lambda: explore_softmax(lambda z: torch.softmax(z, dim=-1)),
    "cross_entropy": lambda: explore_cross_entropy(F.cross_entropy),
    "sigmoid": lambda: explore_sigmoid(torch.sigmoid),
    "target_shape": explore_target_shape,
    "bce": lambda: explore_bce(bce_terms),
    "summary": explore_summary,
}
WRONG = {"softmax": explore_softmax, "cross_entropy": explore_cross_entropy, "sigmoid": explore_sigmoid}


@pytest.fixture(scope="module", params=EXPLORERS)
def explorer(request):
    return EXPLORERS[request.param]()


def values(control: widgets.Widget):
    """What a hand can set a control to, its ends most of all."""
    if isinstance(control, widgets.Checkbox):
        return st.booleans()
    if isinstance(control, widgets.ToggleButtons):
        return st.sampled_from(list(control.options))
    steps = round((control.max - control.min) / control.step)
    return st.sampled_from([control.min, control.max]) | st.integers(0, steps).map(
        lambda k: round(control.min + k * control.step, 1))


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
    if isinstance(explorer.picture, Picture):
        everything_has_its_place(explorer.picture)
    else:
        labels_stay_in_the_picture_and_apart(explorer)
        bars_end_at_their_axis_or_say_so(explorer)


def everything_has_its_place(picture):
    """No text lies over another, and nothing leaves the picture."""
    for name, mark in picture.drawn.items():
        (x0, x1), (y0, y1) = sorted(mark.box[::2]), sorted(mark.box[1::2])
        goes_on = name.startswith("before") and x1 > picture.width  # a grey lane, which ends in an arrow then
        assert x0 >= 0 and y0 >= 0 and y1 <= picture.height and (x1 <= picture.width or goes_on), f"{name} {mark} leaves the picture"
    texts = [mark for mark in picture.drawn.values() if mark.kind == "text"]
    assert len(texts) > 5
    for k, mark in enumerate(texts):
        for other in texts[k + 1:]:
            across = min(mark.box[2], other.box[2]) - max(mark.box[0], other.box[0])
            down = min(mark.box[3], other.box[3]) - max(mark.box[1], other.box[1])
            assert across <= 0 or down <= 0, f"{mark.text!r} lies over {other.text!r}"


NUMBERS = st.floats(-2, 3) | st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([0.0, 1.0, -1e-9, 1e5, 3e38])


@pytest.mark.parametrize("name, shape, gradient", [("softmax", [3], False), ("sigmoid", [1, 3], False), ("cross_entropy", [], True)])
@given(data=st.data())
@settings(max_examples=120, deadline=None, derandomize=True)
def test_no_answer_breaks_a_picture(name, shape, gradient, data):
    """Whatever a function returns, each number has its place, and no two texts lie over one another."""
    answers = [data.draw(st.lists(NUMBERS, min_size=3, max_size=3), "answers") for _ in range(2)]

    def wrong(z, *_):
        values = torch.tensor(answers[0], dtype=torch.float64).reshape([1, 3] if gradient else shape)
        return (values * z).sum() if gradient else values

    explorer = WRONG[name](wrong)
    everything_has_its_place(explorer.picture)
    answers.pop(0)
    explorer.controls["logit 0"].value = data.draw(st.sampled_from([-6.0, 0.0, 6.0]), "logit 0")
    everything_has_its_place(explorer.picture)


@pytest.mark.parametrize("name", EXPLORERS)
def test_the_fast_picture_is_the_plain_one(name):
    explorer = EXPLORERS[name]()
    if not isinstance(explorer.picture, Picture):
        pytest.skip("still a figure")
    for moves in ({}, {"logit 0": 4.3}, {"logit 1": -6.0, "logit 2": 6.0}, {"logit 0": 0.0, "logit 1": 0.0, "logit 2": 0.0}):
        for control, value in moves.items():
            explorer.controls[control].value = value
        assert difference(explorer.picture).max() < 56, moves


def labels_stay_in_the_picture_and_apart(explorer):
    renderer = explorer.figure.canvas.get_renderer()
    texts = [text for text in explorer.figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts]
    width, height = explorer.figure.bbox.size
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


@pytest.mark.parametrize("name", EXPLORERS)
def test_a_value_that_is_none_shows_its_sentence(name):
    explorer = EXPLORERS[name]()
    words, picture = explorer.words, explorer.image.value
    with pytest.raises(ValueError):
        explorer.controls["logit 1"].value = float("nan")
    assert explorer.wrong.startswith("ValueError: logits holds nan; finite numbers are wanted")
    assert explorer.wrong in explorer.page.value and explorer.words == words and explorer.image.value == picture
    explorer.buttons["Reset"].click()
    assert explorer.wrong == "" and explorer.words == words
