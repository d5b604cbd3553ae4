"""Every question's right answer, recomputed from torch without the question's own code: see ANSWERS in each topic's tests."""

import re

import nbformat
import numpy as np
import pytest

from tests.topics import ASKED, CALLS, NAMES, NOTEBOOKS, ROUNDS, TOPICS, gathered, sources
from tests.test_notebooks import outputs_of, said
from utils.predict import marked, the_one

ANSWERS, EVIDENCE, REASONS = gathered("ANSWERS"), gathered("EVIDENCE"), gathered("REASONS")


def test_every_question_is_in_the_table():
    assert list(ASKED) == list(ANSWERS) == list(REASONS)


@pytest.mark.parametrize("name", ANSWERS)
def test_the_right_answer_is_torchs(name):
    asked, right = ASKED[name](), ANSWERS[name]
    if asked.choices is None:
        assert asked.answer()[0] == pytest.approx(right, rel=1e-5)
    else:
        assert asked.answer()[0] == right[0] and right[1]()


@pytest.mark.parametrize("name", ANSWERS)
def test_every_wrong_answer_has_feedback_of_its_own(name):
    asked, pages = ASKED[name](), set()
    if asked.choices is None:
        right, because, tempting = asked.answer()
        assert because.endswith(".") and len(set(tempting.values())) >= 2
        assert not any(abs(a - b) < 0.03 for a in [right, *tempting] for b in tempting if a is not b)
        answers = {f"{wrong:.6f}": f"✗ {wrong:.4f}".removesuffix(".0000") + ": " for wrong in tempting}
    else:
        assert 2 <= len(asked.choices) <= 4
        assert all(why.endswith((".", "?")) for why in asked.choices.values())
        answers = {choice: f"✗ “{choice}”: " for choice in asked.choices if choice != asked.answer()[0]}
    for answer, mark in answers.items():
        if asked.choices is None:
            asked.number.value = answer
            asked.buttons["Answer"].click()
        else:
            asked.buttons[answer].click()
        assert mark.replace("&", "&amp;") in asked.page.value
        pages.add(asked.page.value.split("</p>")[0])
    assert len(pages) == len(answers)


@pytest.mark.parametrize("name", NAMES)
def test_each_notebook_asks_two_to_five_questions_and_one_that_ties_it_up(name):
    asked = re.findall(rf"^(?:{'|'.join(TOPICS[name].values())})\.(\w+)\(\)", sources(name), re.M)
    ties = [question for question in asked if question.startswith("tie_")]
    assert 2 <= len(asked) - len(ties) <= 5
    assert (len(ties) == 1 and asked[-1] == ties[0]) or "closing.ROUND" in sources(name)


def test_every_question_is_asked_once():
    code = "\n".join(map(sources, NAMES))
    assert {name: code.count(CALLS[name]) for name in ASKED} == dict.fromkeys(ASKED, 1)
    assert {shown: len(asks) for shown, asks in ROUNDS.items()} == {"closing.ROUND": 8, "review.SNIPPETS": 6}


def test_every_number_in_a_question_is_one_that_a_cell_computed():
    texts = " ".join(text for ask in ASKED.values() for text in [ask().question, *(ask().choices or {}), *(ask().choices or {}).values()])
    outputs = "\n".join(said(name) for name in NAMES)
    assert not [number for number in re.findall(r"\d+\.\d{4}", texts) if number not in outputs]


def test_a_saved_notebook_shows_its_questions_as_text_with_the_answer_folded():
    for name in NAMES:
        for cell in NOTEBOOKS[name].cells:
            if cell.source.startswith(("for question", *CALLS.values())):
                for output in cell.outputs:
                    assert isinstance(output, nbformat.NotebookNode)
                    assert output.data["text/plain"].startswith("Predict. ")
                    assert "<details><summary>" in output.data["text/html"]


def seen(cells) -> str:
    """What a reader sees of saved cells without opening anything: text, code, and outputs that are not folded."""
    texts = []
    for cell in cells:
        texts.append(re.sub(r"<details>.*?</details>", "", cell.source, flags=re.S))
        if cell.cell_type == "code" and not cell.metadata.get("jupyter", {}).get("outputs_hidden"):
            texts.append(outputs_of(cell))
    return re.sub("[*`“”]", "", "\n".join(texts)).lower()


@pytest.mark.parametrize("name", ASKED)
def test_no_answer_stands_before_its_question_or_beside_it(name):
    """Neither the right choice's words nor torch's numbers: not before, and not in the two cells that follow."""
    (cells, k), = [(notebook.cells, k) for notebook in NOTEBOOKS.values() for k, cell in enumerate(notebook.cells)
                   if CALLS[name] in cell.source]
    before, beside, asked = seen(cells[:k]), seen(cells[k + 1:k + 3]), ASKED[name]()
    if asked.choices is None:
        words, evidence = "", f"{asked.answer()[0]:.4f}"
    else:
        words, evidence = asked.answer()
    told = asked.question + "".join(asked.choices or "") + "0.2585, 0.7028, 0.0387, 0.8808, 0.9526, 0.5250"  # what the notebooks start from
    fresh = [part.strip("“”").lower() for part in re.findall(r"\d+\.\d{4,}|“.*”", evidence) if part not in told]
    if words.count(" ") > 1:  # fewer, as in "Three" or "Class 1", may stand anywhere
        assert words.lower() not in before + beside, "its words"
    assert not [part for part in fresh if part in beside and part not in before], "its number, beside it"
    recalls = name.startswith(("tie_", "round_"))  # these ask about what was seen
    assert recalls or not fresh or [part for part in fresh if part not in before], "its number, before it"


@pytest.mark.parametrize("name", ASKED)
def test_every_number_in_the_evidence_is_torchs(name):
    known = [float(text) for text in re.findall(r"\d+\.\d{4}", "\n".join(said(name) for name in NAMES))]
    known += np.ravel(EVIDENCE.get(name, list)()).tolist()
    for text in re.findall(r"\d+\.\d{4,}", ASKED[name]().answer()[1]):
        assert any(abs(float(text) - value) < 5.1 * 10 ** -len(text.partition(".")[2]) / 10 for value in known), text


def test_no_choice_is_called_right_unless_it_alone_holds():
    for holds in ({}, {"a": False}, {"a": True, "b": True}):
        with pytest.raises(ValueError):
            the_one(holds)


@pytest.mark.parametrize("name", ASKED)
def test_every_choice_has_its_own_reason(name):
    asked = ASKED[name]()
    reasons = asked.choices or asked.answer()[2]
    assert len(REASONS[name]) == len(reasons)
    for choice, (begins, words) in zip(reasons, REASONS[name].items()):
        assert choice.startswith(begins) if asked.choices else choice == pytest.approx(begins)
        assert [other for other in reasons if words in reasons[other]] == [choice], f"{words!r} is not the reason of {choice!r} alone"


@pytest.mark.parametrize("name", [name for name in ASKED if ASKED[name]().choices])
def test_every_button_says_and_answers_its_own_choice(name):
    asked = ASKED[name]()
    right = asked.answer()[0]
    assert list(asked.buttons) == list(asked.choices)
    for choice, button in asked.buttons.items():
        assert button.description == choice
        button.click()
        begins = "<p>✓ Right.</p>" if choice == right else f"<p class=wrong>{marked(f'✗ “{choice}”: {asked.choices[choice]}')}</p>"
        assert begins in asked.page.value
        assert marked(f"**Answer: {right}.** {asked.choices[right]}") in asked.page.value
