"""What there is to do in the explorers: not done at the start, done in the way that the topic's test file records."""

import pytest

from tests.topics import TASKED, TASKS, explore, its_tests


def go(explorer, way):
    """Move controls, to where they can be moved."""
    for key, value in way:
        explorer.controls[key].value = value
        assert explorer.controls[key].value == value, "beyond the end of its slider"
        if isinstance(value, float):
            assert round(value / 0.1, 6) % 1 == 0, "between two stops of its slider"


@pytest.mark.parametrize("name", TASKED)
def test_none_is_done_at_the_start_or_by_reset_and_each_has_its_way(name):
    explorer = explore(name)
    explorer.buttons["Reset"].click()
    explorer.buttons["the article"].click()
    assert explorer.done == [] and "✓" not in explorer.sheet.value
    sentences = [sentence for sentence, _ in explorer.tasks]
    assert len(sentences) >= 4 and sentences == list(its_tests(name).WAYS) and set(getattr(its_tests(name), "NEARLY", ())) <= set(sentences)


@pytest.mark.parametrize("name, task", TASKS)
def test_each_can_be_done_and_no_other_is_done_with_it(name, task):
    explorer, way = explore(name), its_tests(name).WAYS[task]
    go(explorer, way[:-1])
    assert explorer.done == []
    go(explorer, way[-1:])
    assert explorer.done == [task] and explorer.sheet.value.count("✓") == 1
    explorer.buttons["Reset"].click()
    assert explorer.done == [task]


@pytest.mark.parametrize("name, task", [(name, task) for name, task in TASKS if task in getattr(its_tests(name), "NEARLY", ())])
def test_nearly_is_not_done(name, task):
    explorer = explore(name)
    go(explorer, its_tests(name).NEARLY[task])
    assert task not in explorer.done
