"""Wherever its controls stand, every equation an explorer writes is true as it is written, and its one line repeats its words."""

import itertools
import re
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.test_extremes import settings_of
from tests.topics import EXPLORERS, NAMES, agree, explore, its_tests, put, typed
from utils import language
from utils.language import wide
from utils.plots import number

SUM = r"[\d.+*·/()÷−e \-]|exp|−log"  # what an arithmetic is made of


def equations(words):
    """The pairs of sides that an equals sign stands between, where both are arithmetic: ("(2.1269 + 0.0486) / 2", "1.0878")."""
    for line in typed(words).splitlines():
        sides = [re.split(r"\s{2,}", side.strip()) for side in line.split(" = ")]
        for left, right in itertools.pairwise(sides):
            if all(re.fullmatch(f"(?:{SUM})+", side) and re.search(r"\d", side) for side in (left[-1], right[0])):
                yield left[-1], right[0].split(" ÷ ")[0] if "exp" in left[-1] else right[0]  # exp(2) = 7.3891 ÷ 28.5798


@pytest.fixture(scope="module", params=EXPLORERS, ids=lambda name_and_make: name_and_make[1])
def explorer(request):
    return explore(*request.param)


@given(data=st.data())
@settings(max_examples=50, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_equation_is_true_as_it_is_written_and_the_line_repeats_the_words(explorer, data, arithmetic):
    put(explorer, {key: data.draw(settings_of(control), key) for key, control in explorer.controls.items()})
    for left, right in equations(explorer.words):
        if "e+" in left + right or re.search(r"\de", right):  # in powers of ten: to the digits that there are
            assert arithmetic(left) == pytest.approx(arithmetic(right), rel=0.02), f"{left} = {right}"
        elif re.fullmatch(r"−?\d+\.\d+", right):
            assert f"{arithmetic(left):.{len(right.partition('.')[2])}f}".replace("-", "−") == right, f"{left} = {right}"
        else:
            assert number(arithmetic(left)) == number(arithmetic(right)), f"{left} = {right}"
    for line in typed(explorer.words).splitlines():  # none was overlooked
        assert not re.search(r"(log |exp\(|\+ |/ |÷ )−?\d[^=]* = ", line) or list(equations(line)), line
    the_line_says_what_the_controls_and_the_words_say(explorer)


@pytest.mark.parametrize("name", NAMES)
def test_every_line_ends_in_torchs_numbers(name):
    explorer, wanted = explore(name), its_tests(name).wanted

    @given(data=st.data())
    @settings(max_examples=50, deadline=None, derandomize=True)
    def anywhere(data):
        values = {key: data.draw(settings_of(control), key) for key, control in explorer.controls.items()}
        put(explorer, values)
        lines = wanted(values)
        assert len(explorer.words.splitlines()) >= len(lines)
        for line, numbers in zip(explorer.words.splitlines(), lines):
            assert agree(line, numbers), f"{line!r} for {values}, torch says {numbers}"

    anywhere()


def the_line_says_what_the_controls_and_the_words_say(explorer):
    given, _, answers = repr(explorer).partition(": ")[2].partition(" → ")
    for control in explorer.controls.values():
        named = [choice for choice in getattr(control, "options", ()) if isinstance(choice, str) and choice in given + answers]
        assert not named or max(named, key=len) == control.value, "another choice is named"
        given = given.replace(max(named, key=len, default="\0"), "")
    numbers = [control.value for control in explorer.controls.values() if not isinstance(control.value, str)]
    told = [float(text) for text in re.findall(r"-?\d+\.?\d*", given)]
    assert told == pytest.approx([float(value) for value in numbers[:len(told)]])
    rest = iter(re.findall(r"[−\d.]+(?:e[−+]\d+)?", typed(explorer.words)))
    for text in re.findall(r"−?\d+\.\d+(?:e[−+]\d+)?", typed(answers)):
        assert text in rest, f"{text} is not in the words, or in another order"


@pytest.mark.parametrize("name, make", EXPLORERS)
def test_columns_stay_columns_where_a_character_is_as_wide_as_two(monkeypatch, name, make):
    """In a language with a wide character for two letters, the rows of a table have their equals signs under each other."""
    said = SimpleNamespace(gettext=lambda text: re.sub(r"[a-z]+(?![^{]*\})", lambda word: "字" * (len(word[0]) // 2), text))
    monkeypatch.setattr(language, "_catalogue", said)
    rows = [row.partition("=")[0] for row in explore(name, make).words.splitlines() if re.match(r"字+( \d\s|\s{4}).* = ", row)]
    assert len({len(row) + wide(row) for row in rows}) <= 1, rows
