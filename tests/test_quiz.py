"""Quizzes of 200 seeds, worked through from their texts by the math module alone; and what learning platforms are handed, read back."""

import html
import io
import json
import math
import os
import random
import re
import subprocess
import sys
import types
import xml.etree.ElementTree as ElementTree
import zipfile
from itertools import combinations, permutations

import nbformat
import pytest
import torch
from nbclient import NotebookClient
from torch import nn

from tests.lab import ROOT
from tests.test_worksheet import WHOLE, browsed, printed, words
from utils import quiz
from utils.check import slips_of
from utils.predict import marked
from utils.quiz import BCE_WRONG, CE_WRONG

SEEDS = range(200)


@pytest.fixture(scope="module")
def quizzes():
    return [quiz.quiz(seed) for seed in SEEDS]


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+\.?\d*", text.replace("−", "-"))]


def lists(text: str) -> list[list[float]]:
    return [numbers(part) for part in re.findall(r"\[(.*?)\]", text)]


def softmax(z):
    return [math.exp(x) / sum(map(math.exp, z)) for x in z]


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def binary(z, y):
    """The binary losses, one for each class."""
    return [-math.log(sigmoid(x) if t else 1 - sigmoid(x)) for x, t in zip(z, y)]


def mean(values):
    return sum(values) / len(values)


def the_number(choice: str) -> float:
    return numbers(choice)[0]


def test_the_ratio_of_two_shares(quizzes):
    for asked, *_ in quizzes:
        z, (b, a) = lists(asked.text)[0], map(int, re.findall(r"class (\d)", asked.text))
        p = softmax(z)
        assert asked.right == f"About {printed(p[a] / p[b])} times" and len({*z}) == 3
        wrong = sorted(the_number(choice) for choice in asked.choices if choice != asked.right)
        assert wrong == pytest.approx(sorted([z[a] / z[b], z[a] - z[b], math.exp(z[a])]), abs=1e-4)


# What each slip comes to, by itself: of logits z, shares p and label t, or of logits z, sigmoids s and targets y.
CE_SLIPS = {
    "a minus missing, or one too many": lambda z, p, t: math.log(p[t]),
    "base 10 instead of e": lambda z, p, t: -math.log10(p[t]),
    "base 2 instead of e": lambda z, p, t: -math.log2(p[t]),
    "softmax applied twice": lambda z, p, t: -math.log(softmax(p)[t]),
    "off by one class": lambda z, p, t: -math.log(p[(t + 1) % 3]),
    "sigmoid instead of softmax": lambda z, p, t: -math.log(sigmoid(z[t])),
    "the other classes instead of the label's": lambda z, p, t: -math.log(1 - p[t]),
    "all classes counted": lambda z, p, t: -mean(list(map(math.log, p))),
    "squared difference, or absolute": lambda z, p, t: mean([(x - (k == t)) ** 2 for k, x in enumerate(p)]),
    "binary cross-entropy instead": lambda z, p, t: mean(binary(z, [k == t for k in range(3)])),
    "the predicted class instead of the label": lambda z, p, t: -math.log(max(p)),
    "the shift is not given back": lambda z, p, t: math.log(sum(math.exp(x - max(z)) for x in z)) - z[t],
    "exp of the loss": lambda z, p, t: 1 / p[t],
}
BCE_SLIPS = {
    "sum instead of mean": lambda z, s, y: sum(binary(z, y)),
    "own class only": lambda z, s, y: mean([loss * t for loss, t in zip(binary(z, y), y)]),
    "only the classes that are not there": lambda z, s, y: mean([loss * (1 - t) for loss, t in zip(binary(z, y), y)]),
    "targets reversed": lambda z, s, y: mean(binary(z, [1 - t for t in y])),
    "a minus missing, or one too many": lambda z, s, y: -mean(binary(z, y)),
    "the article's printed typo": lambda z, s, y: mean([-math.log(x) if t else math.log(x) for x, t in zip(s, y)]),
    "1 − missing in the second logarithm": lambda z, s, y: mean([-math.log(x) for x in s]),
    "y or 1 − y missing before a logarithm": lambda z, s, y: mean([-math.log(x) - (1 - t) * math.log(1 - x) for x, t in zip(s, y)]),
    "base 10 instead of e": lambda z, s, y: mean(binary(z, y)) / math.log(10),
    "sigmoid applied twice": lambda z, s, y: mean(binary(s, y)),
    "softmax instead of sigmoid": lambda z, s, y: mean([-math.log(x if t else 1 - x) for x, t in zip(softmax(z), y)]),
    "squared difference, or absolute": lambda z, s, y: mean([(x - t) ** 2 for x, t in zip(s, y)]),
    "normalised": lambda z, s, y: mean([-math.log(x if t else 1 - x) for x, t in zip([x / sum(s) for x in s], y)]),
}


def test_the_cross_entropy_and_what_each_slip_makes_of_it(quizzes):
    thoughts = {known.name: f"{known.name}: {known.thought}" for known in reversed(slips_of(quiz.CROSS_ENTROPY))}
    assert list(CE_SLIPS) == CE_WRONG
    drawn = set()
    for _, asked, *_ in quizzes:
        z, label = lists(asked.text)[0], int(re.search(r"label (\d)", asked.text)[1])
        p = softmax(z)
        assert asked.right == printed(-math.log(p[label]))
        for choice, why in asked.choices.items():
            if choice != asked.right:
                told = {name: printed(slip(z, p, label)).replace("-", "−") for name, slip in CE_SLIPS.items() if thoughts[name] == why}
                assert choice in told.values(), (asked.text, choice, told)
                drawn |= {name for name in told if told[name] == choice}
    assert drawn == {*CE_WRONG}


def test_one_class(quizzes):
    for *_, asked, _, _, _ in quizzes:
        z, y = numbers(asked.text)
        given = sigmoid(z if y else -z)
        assert asked.right == printed(-math.log(given))
        assert {*asked.choices} == {printed(value) for value in (given, 1 - given, -math.log(given), -math.log(1 - given))}


def test_the_binary_cross_entropy_and_what_each_slip_makes_of_it(quizzes):
    thoughts = {known.name: f"{known.name}: {known.thought}" for known in reversed(slips_of(quiz.BCE_TASK))}
    assert list(BCE_SLIPS) == BCE_WRONG
    drawn = set()
    for *_, asked, _, _ in quizzes:
        z, y = lists(asked.text)
        s = list(map(sigmoid, z))
        assert asked.right == printed(mean(binary(z, y))) and 0 < sum(y) < 3
        for choice, why in asked.choices.items():
            if choice != asked.right:
                told = {name: printed(slip(z, s, y)).replace("-", "−") for name, slip in BCE_SLIPS.items() if thoughts[name] == why}
                assert choice in told.values(), (asked.text, choice, told)
                drawn |= {name for name in told if told[name] == choice}
    assert drawn == {*BCE_WRONG}


def test_the_target(quizzes):
    for *_, asked, _ in quizzes:
        n, c, *labels = map(int, numbers(asked.text.partition("`")[0].removesuffix("Which target says so to ")))
        assert len(labels) == n and max(labels) < c
        said = {}
        for choice in asked.choices:
            target = torch.tensor(json.loads(re.sub(r"\.([\],])", r".0\1", choice)))
            sure = torch.tensor([[50.0 if k == label else -50.0 for k in range(c)] for label in labels])
            try:
                said[choice] = nn.BCEWithLogitsLoss()(sure, target).item()
            except (ValueError, RuntimeError):
                said[choice] = None
        assert [choice for choice, loss in said.items() if loss is not None and abs(loss) < 1e-6] == [asked.right]
        assert list(said.values()).count(None) == 2
        assert asked.right == str([[float(k == label) for k in range(c)] for label in labels]).replace(".0", ".")


def test_why_bce_is_larger(quizzes):
    for *_, asked in quizzes:
        (z,), label, (ce, bce) = lists(asked.text), int(re.search(r"class (\d)", asked.text)[1]), numbers(asked.text)[-2:]
        losses = binary(z, [k == label for k in range(3)])
        assert (ce, bce) == (round(-math.log(softmax(z)[label]), 4), round(mean(losses), 4)) and losses[label] < ce < bce
        assert asked.right.startswith("BCE also asks") and sigmoid(z[label]) > softmax(z)[label] and len(asked.choices) == 3
        less = next(why for choice, why in asked.choices.items() if "gives class" in choice)
        assert numbers(less)[1:] == [round(value, 4) for value in (sigmoid(z[label]), softmax(z)[label], losses[label])]
        assert numbers(asked.evidence) == [*(round(loss, 4) for loss in losses), bce]


def test_the_evidence_is_true_as_it_is_written(quizzes, arithmetic):
    for questions in quizzes:
        for asked in questions[:4]:
            left, right = asked.evidence.split(" = ")
            assert printed(arithmetic(left)) == right == asked.right.removeprefix("About ").removesuffix(" times")


def test_nothing_ties_and_no_question_answers_another(quizzes):
    for questions in quizzes:
        for asked in questions:
            assert asked.right in asked.choices and 3 <= len(asked.choices) <= 4 and "0.0000" not in asked.choices
            assert "{" not in "".join([asked.text, asked.evidence, *asked.choices, *asked.choices.values()]), "a number is not filled in"
        for asked in questions[:4]:
            values = [the_number(choice) for choice in asked.choices]
            assert all(abs(a - b) > 0.004 for a, b in combinations(values, 2))
        assert not [one for one, other in permutations(questions, 2) if one.right in other.text]


def test_every_answer_stands_in_every_place_and_seeds_differ(quizzes):
    for asked in zip(*quizzes):
        assert {question.letter for question in asked} == {*"ABCD"[:len(asked[0].choices)]}
    assert len({tuple(question.text for question in questions) for questions in quizzes}) == len(quizzes)


def test_the_same_seed_gives_the_same_bytes_in_another_process_and_asks_only_for_what_python_promises(monkeypatch):
    program = ("import sys; from utils import quiz; [sys.stdout.buffer.write(text if isinstance(text, bytes) else text.encode()) "
               "for text in quiz.files(7).values()]")
    there = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, env=os.environ | {"PYTHONHASHSEED": "7"}).stdout
    monkeypatch.setattr(quiz, "Random", lambda seed: types.SimpleNamespace(random=random.Random(seed).random))
    monkeypatch.setattr("time.time", lambda: 0)
    monkeypatch.setattr(sys, "platform", "win32")  # a zip remembers the system
    here = quiz.files(7)
    assert b"".join(text if isinstance(text, bytes) else text.encode() for text in here.values()) == there
    assert list(here) == ["quiz-7.html", "quiz-7-key.html", "quiz-7.ipynb", "quiz-7-moodle.xml", "quiz-7-qti.zip"]


def test_on_paper_the_sheet_gives_nothing_away_and_the_key_gives_all(quizzes):
    for seed in range(20):
        empty, key = quiz.page(seed, key=False), quiz.page(seed, key=True)
        assert not re.search("☒|KEY|class=.?(?:right|why)", empty) and "Name" in empty and f"seed {seed} · version " in empty
        assert key.count("<span class=key>KEY</span>") == key.count("<section") == 2
        assert re.findall("☒&ensp;([ABCD])", key) == [question.letter for question in quizzes[seed]]
        for question in quizzes[seed]:
            assert all(words(f"<body>{marked(why)}").strip() in words(key) for why in question.choices.values())


def test_a_button_says_why(quizzes):
    for asked in quizzes[7]:
        shown = asked.prediction()
        assert list(shown.buttons) == list(asked.choices)
        for choice, button in shown.buttons.items():
            button.click()
            assert ("✓ Right." in shown.page.value) == (choice == asked.right)
            assert marked(asked.choices[choice]) in shown.page.value and marked(asked.evidence) in shown.page.value


def test_the_notebook_asks_the_same_questions_and_tells_no_answer():
    notebook = nbformat.reads(quiz.notebook(7), as_version=4)
    nbformat.validate(notebook)
    source = "\n".join(cell.source for cell in notebook.cells)
    assert not [asked.right for asked in quiz.quiz(7) if asked.right in source] and not any(cell.get("outputs") for cell in notebook.cells)
    beside_utils = {"metadata": {"path": str(ROOT / "tests")}}  # as build/ is
    NotebookClient(notebook, timeout=120, resources=beside_utils).execute()
    shown = [cell.outputs[0].data["text/plain"].split("\n- ") for cell in notebook.cells[3:]]
    assert [(first.removeprefix("Predict. "), choices) for first, *choices in shown] == [
        (re.sub("[`*]", "", asked.text), list(asked.choices)) for asked in quiz.quiz(7)]


# --- learning platforms

def visible(markup: str) -> str:
    return html.unescape(re.sub("<[^>]*>", "", markup))


def test_moodle_gets_six_questions_with_one_right_choice_and_a_reason_for_each(quizzes):
    for seed in SEEDS:
        root = ElementTree.fromstring(quiz.moodle_xml(quiz.title(), quizzes[seed], seed).encode())
        first, *asked = root.findall("question")
        assert root.tag == "quiz" and first.get("type") == "category" and first.findtext("category/text").startswith("$course$/")
        assert {question.get("type") for question in asked} == {"multichoice"} and len(asked) == 6
        for given, question in zip(asked, quizzes[seed]):
            assert visible(given.findtext("questiontext/text")) == visible(marked(question.text))
            assert given.findtext("single") == "true" and given.find("questiontext").get("format") == "html"
            answers = {visible(answer.findtext("text")): answer for answer in given.findall("answer")}
            assert list(answers) == list(question.choices)
            for choice, answer in answers.items():
                assert answer.get("fraction") == ("100" if choice == question.right else "0")
                assert visible(answer.findtext("feedback/text")).startswith(visible(marked(question.choices[choice])))
            assert visible(answers[question.right].findtext("feedback/text")).endswith(f" Torch says {question.evidence}.")


def test_qti_scores_the_right_choice_and_shows_each_its_reason(quizzes):
    for seed in SEEDS:
        package = zipfile.ZipFile(io.BytesIO(quiz.qti_package(quiz.title(), quizzes[seed], seed)))
        assert package.testzip() is None and package.namelist() == ["imsmanifest.xml", "quiz/quiz.xml"]
        manifest = ElementTree.fromstring(package.read("imsmanifest.xml"))
        resource, = manifest.iter("{http://www.imsglobal.org/xsd/imscp_v1p1}resource")
        assert resource.get("type") == "imsqti_xmlv1p2" and resource.get("href") == resource[0].get("href") == "quiz/quiz.xml"
        items = ElementTree.fromstring(package.read("quiz/quiz.xml")).findall("assessment/section/item")
        assert len({item.get("ident") for item in items}) == 6
        for item, question in zip(items, quizzes[seed]):
            assert visible(item.findtext("presentation/material/mattext")) == visible(marked(question.text))
            labels = {label.get("ident"): visible(label.findtext("material/mattext")) for label in item.iter("response_label")}
            assert list(labels.values()) == list(question.choices)
            told = {why.get("ident"): visible(why.findtext("flow_mat/material/mattext")) for why in item.iter("itemfeedback")}
            scored, shown = {}, {}
            for condition in item.iter("respcondition"):
                choice = labels[condition.findtext("conditionvar/varequal")]
                scored.update((choice, node.text) for node in condition.findall("setvar"))
                shown.update((choice, told[node.get("linkrefid")]) for node in condition.findall("displayfeedback"))
            assert scored == {question.right: "100"} and list(shown) == list(question.choices)
            assert all(shown[choice].startswith(visible(marked(why))) for choice, why in question.choices.items())


@browsed
@pytest.mark.parametrize("font", ["Arial", "DejaVu Sans"])
def test_the_quiz_fits_on_one_sheet_of_a4_and_of_letter(browser, font):
    page = browser.new_page(viewport={"width": 680, "height": 940})
    page.emulate_media(media="print")
    for seed in range(12):
        for key in (False, True):
            page.set_content(quiz.page(seed, key).replace('"Segoe UI"', f'"{font}"'))
            heights = page.evaluate("""() => [...document.querySelectorAll('.sheet')].map(sheet => {
                sheet.style.minHeight = '0'; return sheet.getBoundingClientRect().height / 96 * 25.4})""")
            assert len(heights) == 1 + key and max(heights) <= WHOLE
    page.close()
