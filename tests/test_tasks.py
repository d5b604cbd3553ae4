"""What there is to do in the explorers: not done at the start, done in the way that the topic's test file records."""

import pytest

from tests.topics import TASKED, TASKS, explore, gathered, stops

WAYS, NEARLY = gathered("WAYS"), gathered("NEARLY")


def go(explorer, way):
    """Move controls, to where they can be moved."""
    for key, value in way:
        explorer.controls[key].value = value
        assert explorer.controls[key].value == value, "beyond the end of its slider"
        assert value in stops(explorer.controls[key]), "between two stops of its slider"


@pytest.mark.parametrize("name, make", TASKED)
def test_none_is_done_at_the_start_or_by_reset_and_each_has_its_way(name, make):
    explorer = explore(name, make)
    explorer.buttons["Reset"].click()
    explorer.buttons.get("the article", explorer.buttons["Reset"]).click()
    assert explorer.done == [] and "✓" not in explorer.sheet.value
    assert len(explorer.tasks) >= 4


def test_the_topics_tests_know_the_ways():
    sentences = [sentence for _, _, sentence in TASKS]
    assert sentences == list(WAYS) and set(NEARLY) <= set(sentences)


@pytest.mark.parametrize("name, make, task", TASKS)
def test_each_can_be_done_and_no_other_is_done_with_it(name, make, task):
    explorer, way = explore(name, make), WAYS[task]
    go(explorer, way[:-1])
    assert explorer.done == []
    go(explorer, way[-1:])
    assert explorer.done == [task] and explorer.sheet.value.count("✓") == 1
    explorer.buttons["Reset"].click()
    assert explorer.done == [task]


@pytest.mark.parametrize("name, make, task", [entry for entry in TASKS if entry[2] in NEARLY])
def test_nearly_is_not_done(name, make, task):
    explorer = explore(name, make)
    go(explorer, NEARLY[task])
    assert task not in explorer.done
