"""Every explorer at the ends of its controls, in combinations that Hypothesis looks for, and with a value that is none."""

import itertools
import re

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.plain import difference
from tests.topics import EXPLORERS, explore, explorers, found, put, stops, typed
from utils.picture import HATCHED


@pytest.fixture(scope="module", params=EXPLORERS, ids=lambda name_and_make: name_and_make[1])
def explorer(request):
    return explore(*request.param)


def settings_of(control):
    """What a hand can set a control to, its ends most of all."""
    return st.sampled_from([stops(control)[0], stops(control)[-1]]) | st.sampled_from(stops(control))


@given(data=st.data())
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_combination_breaks_an_explorer(explorer, data):
    moves = {name: data.draw(settings_of(control), name) for name, control in explorer.controls.items()}
    button = data.draw(st.none() | st.sampled_from(list(explorer.buttons)), "button pressed last")
    explorer.buttons["Reset"].click()
    put(explorer, moves)
    if button:
        explorer.buttons[button].click()
    assert explorer.wrong == ""
    lesson = "0 / 0" in explorer.words  # ignore_index: the words say why there is no number
    assert lesson or not re.search(r"\b(nan|inf)\b", explorer.words)
    everything_has_its_place(explorer.picture)
    numbers_are_as_large_as_they_say(explorer.picture)


def numbers_are_as_large_as_they_say(picture):
    """What stands beside a mark is its value, or how long it is; a column with a coloured upper part says how long that part is."""
    for name, mark in picture.drawn.items():
        beside = picture.drawn.get(f"{name} says")
        if beside and mark.kind == "box" and re.fullmatch(r"−?\d+(\.\d+)?(e[−+]\d+)?", typed(beside.text)):
            said = float(typed(beside.text).replace("−", "-"))
            low, high = mark.data if isinstance(mark.data, tuple) else (0, mark.data)
            upper = picture.drawn.get(f"not {name}")
            values = [high - low, low - high, *([1 - high] if upper and upper.look in HATCHED else [])]
            digits = 1e-15 * max(abs(low), abs(high))  # of what lies at the end of something large
            assert min(abs(said - value) for value in values) <= (1e-4 if abs(said) < 1000 else 1) + digits, (
                f"{name} {mark.data} says {beside.text}")


def everything_has_its_place(picture):
    """Nothing leaves the picture, and no text lies over another, or over a hatch without a plate of its own."""
    for name, mark in picture.drawn.items():
        (x0, x1), (y0, y1) = sorted(mark.box[::2]), sorted(mark.box[1::2])
        goes_on = name.startswith("before") and x1 > picture.width  # a grey lane, which ends in an arrow then
        assert x0 >= 0 and y0 >= 0 and y1 <= picture.height and (x1 <= picture.width or goes_on), f"{name} {mark} leaves the picture"
    texts = {name: mark for name, mark in picture.drawn.items() if mark.kind == "text"}
    assert len(texts) > 5
    for one, other in itertools.combinations(texts.values(), 2):
        assert not overlap(one.box, other.box), f"{one.text!r} lies over {other.text!r}"
    hatched = {name: mark for name, mark in picture.drawn.items() if mark.kind == "box" and mark.look >= HATCHED[0]}
    for (name, text), (part, box) in itertools.product(texts.items(), hatched.items()):
        assert name.startswith("class ") or not overlap(text.box, box.box), f"{text.text!r} lies over {part}"


def overlap(*boxes):
    """Whether two boxes, given by opposite corners, have more than a row or a column of pixels in common."""
    return all(min(max(box[k::2]) for box in boxes) - max(min(box[k::2]) for box in boxes) > 1 for k in (0, 1))


NUMBERS = st.floats(-2, 3) | st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([0.0, 1.0, -1e-9, 1e5, 3e38])


@pytest.mark.parametrize("name, make", [(name, make) for name, make in EXPLORERS if explorers(name)[make]])
@given(data=st.data())
@settings(max_examples=120, deadline=None, derandomize=True)
def test_no_answer_breaks_a_picture(name, make, data):
    """Whatever a function returns, each number has its place, and no two texts lie over one another."""
    answers = [torch.tensor(data.draw(st.lists(NUMBERS, min_size=3, max_size=3), "answer"), dtype=torch.float64) for _ in range(2)]
    right = found(name, explorers(name)[make][0])
    explorer = found(name, make)(
        lambda z, *more: answers[0].reshape(z.shape) if right(z, *more).dim() else (answers[0] * z).sum())
    everything_has_its_place(explorer.picture)
    answers.pop(0)
    key = data.draw(st.sampled_from(list(explorer.controls)), "moved")
    explorer.controls[key].value = data.draw(settings_of(explorer.controls[key]), key)
    everything_has_its_place(explorer.picture)


@pytest.mark.parametrize("name, make", EXPLORERS)
def test_the_fast_picture_is_the_plain_one(name, make):
    explorer = explore(name, make)
    first, *others = [(key, stops(control)) for key, control in explorer.controls.items()][:3]  # the logits, as a rule
    for moves in ({}, {first[0]: first[1][len(first[1]) * 6 // 7]}, {key: values[-k] for k, (key, values) in enumerate(others)},
                  {key: values[len(values) // 2] for key, values in (first, *others)}):
        put(explorer, moves)
        assert difference(explorer.picture).max() < 56, moves


@pytest.mark.parametrize("name, make", [entry for entry in EXPLORERS if "logit 1" in explore(*entry).controls])
def test_a_value_that_is_none_shows_its_sentence(name, make):
    explorer = explore(name, make)
    words, picture = explorer.words, explorer.image.value
    with pytest.raises(ValueError):
        explorer.controls["logit 1"].value = float("nan")
    assert explorer.wrong.startswith("ValueError: logits holds nan; finite numbers are wanted")
    assert explorer.wrong in explorer.page.value and explorer.words == words and explorer.image.value == picture
    explorer.buttons["Reset"].click()
    assert explorer.wrong == "" and explorer.words == words
