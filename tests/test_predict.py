import pytest
import torch

from utils.predict import Questions, near, read

CHOICES = {"One": "why one", "Two": "why two", "Three": "why `three` & more"}


def choice():
    return Questions().asks("How *many* of `p`?", CHOICES)(lambda: (("One", "Two", "Three")[int(torch.tensor(1))], "2 of 3"))()


def guess():
    return Questions().asks("What is log 3?")(
        lambda: (float(torch.tensor(3.0).log()), "It is log 3.", {0.4771: "base 10", 0.5: "a half"}))()


def answered(prediction, text):
    prediction.number.value = text
    prediction.buttons["Answer"].click()
    return prediction.page.value


def test_nothing_is_revealed_before_an_answer():
    prediction = choice()
    assert prediction.page.value == "" and not any("right" in button._dom_classes for button in prediction.buttons.values())


def test_a_right_choice_is_told_so_with_torchs_numbers_and_the_other_temptations():
    prediction = choice()
    prediction.buttons["Two"].click()
    page = prediction.page.value
    assert "✓ Right." in page and "✗" not in page
    for said in ("<b>Answer: Two.</b> why two Torch says 2 of 3.", "“One”: why one", "“Three”: why <code>three</code> &amp; more"):
        assert said in page


def test_a_wrong_choice_is_told_why_it_is_tempting_and_what_is_right():
    prediction = choice()
    prediction.buttons["Three"].click()
    page = prediction.page.value
    assert "✗ “Three”: why <code>three</code>" in page and page.count("why <code>three") == 1
    assert "<b>Answer: Two.</b> why two" in page and "“One”: why one" in page and "✓" not in page


def test_the_choice_and_the_right_one_are_marked_and_another_click_moves_the_mark():
    prediction = choice()
    for first, marks in (("Three", {"One": set(), "Two": {"right"}, "Three": {"chosen"}}),
                         ("Two", {"One": set(), "Two": {"right", "chosen"}, "Three": set()})):
        prediction.buttons[first].click()
        assert {name: {"right", "chosen"} & set(button._dom_classes) for name, button in prediction.buttons.items()} == marks


def test_the_answer_is_computed_when_asked_and_not_before():
    calls = []
    prediction = Questions().asks("?", CHOICES)(lambda: (calls.append(1), ("Two", "so it is"))[1])()
    assert calls == []
    prediction.buttons["One"].click()
    assert calls == [1]


def test_the_feedback_is_announced():
    prediction = choice()
    prediction.buttons["One"].click()
    assert prediction.page.value.startswith('<div role="status">')


@pytest.mark.parametrize("text", ["1.0986", "1,1", " 1.09 ", "11/10"])
def test_a_number_may_be_near(text):
    assert "✓ Right." in answered(guess(), text)


@pytest.mark.parametrize("text, sentence", [
    ("0.477", "✗ 0.4770: base 10"), ("0.5", "✗ 0.5000: a half"), ("3", "✗ 3: too high."), ("−1", "✗ −1: too low."),
])
def test_a_wrong_number_is_told_which_mistake_it_is_or_in_which_direction(text, sentence):
    page = answered(guess(), text)
    assert sentence in page and "<b>Answer: 1.0986.</b> It is log 3." in page


@pytest.mark.parametrize("text", ["", "abc", "nan", "inf", "log 3", "1e999"])
def test_what_is_no_number_gets_a_sentence_and_reveals_nothing(text):
    page = answered(guess(), text)
    assert f"✗ “{text}” is not a number: write one such as 0.5, then press Answer." in page and "1.0986" not in page


def test_enter_answers_too():
    prediction = guess()
    prediction.number.value = "1.1"  # the box sends its value when Enter is pressed
    assert "✓ Right." in prediction.page.value


def test_numbers_as_people_type_them():
    assert [read(text) for text in ("0.5", "0,5", "−1", "-1", " 2 ", "1/4", "1/0", "x", "inf")] == [
        0.5, 0.5, -1, -1, 2, 0.25, None, None, None]
    assert [read(text) for text in ("０．５", "0。5", "0，5", "１／４", "－1")] == [0.5, 0.5, 0.5, 0.25, -1], "from a Chinese keyboard"
    assert near(1.1, 1.0986) and not near(1.0986, 0.6931) and not near(63, 64) and near(63.5, 64) and near(0.005, 0) and not near(0.02, 0)


def test_an_exception_in_an_answer_shows():
    prediction = Questions().asks("?", CHOICES)(lambda: 1 / 0)()
    prediction.buttons["One"].click()
    assert "✗ ZeroDivisionError: division by zero" in prediction.page.value
    assert "✗ ZeroDivisionError" in prediction._repr_mimebundle_()["text/html"]


@pytest.mark.parametrize("make", [choice, guess])
def test_without_a_kernel_the_question_reads_as_text_and_its_answer_is_folded_away(make):
    bundle = make()._repr_mimebundle_()
    assert bundle["text/plain"].splitlines()[0] == repr(make()) and "`" not in repr(make())
    shown, folded = bundle["text/html"].split("<details>")
    for choice in make().choices or ["a number"]:
        assert f"<li>{choice}</li>" in shown and f"- {choice}" in bundle["text/plain"]
    assert "Torch says 2 of 3" in folded or "It is log 3." in folded
    assert "Torch says" not in shown and "log 3." not in shown


def test_what_is_typed_is_not_taken_for_html():
    assert "<b>&lt;b&gt;" not in answered(guess(), "<i>x</i>") and "&lt;i&gt;" in answered(guess(), "<i>x</i>")
