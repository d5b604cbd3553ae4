"""Every question's right answer, recomputed here from torch without the question's own code."""

import inspect
import math
import re

import nbformat
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.test_notebooks import NAMES, NOTEBOOKS, outputs_of, said
from utils import questions

ASKED = {name: function for name, function in vars(questions).items()
         if inspect.isfunction(function) and hasattr(function, "__wrapped__")}

z = torch.tensor([[2.0, 3.0, 0.1]], dtype=torch.float64)
label, y = torch.tensor([1]), torch.tensor([[0.0, 1.0, 0.0]], dtype=torch.float64)
p, s = z.exp() / z.exp().sum(), 1 / (1 + (-z).exp())
ce, bce = nn.CrossEntropyLoss(), nn.BCEWithLogitsLoss()


def raises(loss, *tensors):
    try:
        return bool(loss(*tensors) != loss(*tensors))  # false: there is a number
    except Exception as error:
        return type(error).__name__


def moves(function, k=0):
    return int((function(z) - function(z + F.one_hot(torch.tensor([k]), 3)) != 0).sum())


def share(t):
    return torch.softmax(t, dim=1)


# The right choice, and a fact of torch's that makes it right; or the number.
RIGHT = {
    "ratio": ("About 2.7 times", lambda: round(float(p[0, 1] / p[0, 0]), 1) == 2.7),
    "one_logit_moves": ("Three", lambda: moves(share) == 3),
    "adding_100": ("Nothing", lambda: torch.allclose(share(z + 100), p)),
    "batch_sum": ("To less than 1", lambda: (torch.stack([z[0], z[0]]).exp() / torch.stack([z[0], z[0]]).exp().sum()).sum(1).max() < 1),
    "tie_softmax": ("They are sharper", lambda: torch.allclose(share(2 * z)[0, 1] / share(2 * z)[0, 0], (p[0, 1] / p[0, 0]) ** 2)),
    "is_it_good": ("Better than guessing", lambda: ce(z, label) < math.log(3)),
    "sure_and_wrong": ("Beyond every bound", lambda: ce(torch.tensor([[1e30, 0, 0]]), label) > 1e29),
    "softmax_twice": ("More than 0.3527", lambda: ce(p, label) > ce(z, label)),
    "tie_cross_entropy": ("A, the careful one", lambda: -math.log(p[0, 1]) < -(9 * math.log(0.999) + math.log(0.0001)) / 10),
    "more_or_less": ("More to both", lambda: (s > p)[0, 1:].all()),
    "sigmoid_of_0": 0.5,
    "what_moves": ("One sigmoid, three shares", lambda: (moves(torch.sigmoid), moves(share)) == (1, 3)),
    "tie_sigmoid": ("No, though the order of the classes is the same",
                    lambda: not torch.allclose(s / s.sum(), p) and torch.equal(s.argsort(), p.argsort())),
    "what_is_wrong": ("Its shape", lambda: raises(bce, z, label.double()) == "ValueError" and raises(bce, z, y) is False),
    "expanded": ("Another number, without an error", lambda: raises(bce, z, label.expand(1, 3).double()) is False
                 and abs(bce(z, label.expand(1, 3).double()) - 0.9733) > 0.1),
    "negative": ("Yes, when a target lies outside 0 … 1", lambda: bce(z, 255 * y) < 0 <= bce(100 * z, y)),
    "tie_target": ("[[0., 1., 0.], [1., 0., 0.]]", lambda: bce(
        torch.tensor([[-50.0, 50, -50], [50, -50, -50]]), F.one_hot(torch.tensor([1, 0]), 3).float()) < 1e-9),
    "which_is_largest": ("Class 0's", lambda: -math.log(1 - s[0, 0]) > max(-math.log(s[0, 1]), -math.log(1 - s[0, 2]))),
    "sure_of_nothing": ("inf", lambda: -(1 - 1 / (1 + torch.tensor(-17.0).exp())).log() == math.inf),
    "sigmoid_twice": ("Another number", lambda: not bce(s, y).isclose(bce(z, y))),
    "coin_toss": math.log(2),
    "tie_bce": ("BCE also asks about the classes that are not there",
                lambda: -math.log(s[0, 1]) < ce(z, label) < -(math.log(1 - s[0, 0]) + math.log(s[0, 1]) + math.log(1 - s[0, 2])) / 3),
    "below_ce": ("Logit 0 alone is enough", lambda: bce(torch.tensor([[-6, 3, 0.1]], dtype=torch.float64), y) < ce(z, label)
                 < bce(torch.tensor([[2.0, 3.0, -600.0]], dtype=torch.float64), y)),
    "two_true": ("One", lambda: (share(torch.tensor([[6.0, 4.0, -6.0]])) > 0.6).tolist() == [[True, False, False]]),
    "argmax_of_none": ("Class 1", lambda: torch.tensor([-4.0, -3.0, -5.0]).argmax() == 1),
    "round_animals": ("CrossEntropyLoss and argmax", lambda: (torch.sigmoid(torch.tensor([4.0, 3.9])) > 0.5).all()),
    "round_findings": ("BCEWithLogitsLoss and a threshold", lambda: (share(torch.tensor([[4.0, 4.0, -4.0]])) < 0.5).all()),
    "round_labels": ("[32] long", lambda: [raises(ce, torch.zeros(32, 10), target) for target in (
        torch.zeros(32).long(), torch.zeros(32, 1).long(), torch.zeros(32, 10).long())] == [False, "RuntimeError", "RuntimeError"]),
    "round_targets": ("[32, 14] float", lambda: [raises(bce, torch.zeros(32, 14), target) for target in (
        torch.zeros(32).long(), torch.zeros(32, 14).long(), torch.zeros(32, 14))] == ["ValueError", "RuntimeError", False]),
    "round_floor": ("A softmax before the loss", lambda: 0.55 < math.log(math.e + 2) - 1 < 0.56),
    "round_negative": ("Targets outside 0 … 1", lambda: bce(z, 255 * y) < 0),
    "round_reduction": 64,
    "round_why": ("One three-class loss, and the mean of three two-class losses",
                  lambda: round(-math.log(p[0, 1]), 4) == 0.3527
                  and round(-(math.log(1 - s[0, 0]) + math.log(s[0, 1]) + math.log(1 - s[0, 2])) / 3, 4) == 0.9733),
}


def test_every_question_is_in_the_table():
    assert list(ASKED) == list(RIGHT)


@pytest.mark.parametrize("name", RIGHT)
def test_the_right_answer_is_torchs(name):
    asked, right = ASKED[name](), RIGHT[name]
    if asked.choices is None:
        assert asked.answer()[0] == pytest.approx(right, rel=1e-5)
    else:
        assert asked.answer()[0] == right[0] and right[1]()


@pytest.mark.parametrize("name", RIGHT)
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
def test_each_notebook_asks_two_to_four_questions_and_one_that_ties_it_up(name):
    sources = "\n".join(cell.source for cell in NOTEBOOKS[name].cells if cell.cell_type == "code")
    asked = re.findall(r"^questions\.(\w+)\(\)", sources, re.M)
    ties = [question for question in asked if question.startswith("tie_")]
    assert 2 <= len(asked) - len(ties) <= 4
    assert (len(ties) == 1 and asked[-1] == ties[0]) or "questions.CLOSING_ROUND" in sources


def test_every_question_is_asked_once():
    sources = "\n".join(cell.source for notebook in NOTEBOOKS.values() for cell in notebook.cells)
    asked = re.findall(r"questions\.(\w+)\(\)", sources) + [question.__name__ for question in questions.CLOSING_ROUND]
    assert sorted(asked) == sorted(ASKED) and len(questions.CLOSING_ROUND) == 8


def test_every_number_in_a_question_is_one_that_a_cell_computed():
    texts = " ".join(text for ask in ASKED.values() for text in [ask().question, *(ask().choices or {}), *(ask().choices or {}).values()])
    outputs = "\n".join(said(name) for name in NAMES)
    assert not [number for number in re.findall(r"\d+\.\d{4}", texts) if number not in outputs]


def test_a_saved_notebook_shows_its_questions_as_text_with_the_answer_folded():
    for name in NAMES:
        for cell in NOTEBOOKS[name].cells:
            if cell.source.startswith(("questions.", "for question")):
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
    asks = f"questions.{name}()" if ASKED[name] not in questions.CLOSING_ROUND else "questions.CLOSING_ROUND"
    (cells, k), = [(notebook.cells, k) for notebook in NOTEBOOKS.values() for k, cell in enumerate(notebook.cells)
                   if asks in cell.source]
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


# Numbers in the evidence that no notebook prints, each computed here by another way.
EVIDENCE = {
    "one_logit_moves": lambda: torch.tensor([3, 3, 0.1]).exp() / torch.tensor([3, 3, 0.1]).exp().sum(),
    "tie_softmax": lambda: p ** 2 / (p ** 2).sum(),
    "sure_and_wrong": lambda: [math.log(2 + math.exp(10)), 100, 1000],
    "tie_cross_entropy": lambda: [-(9 * math.log(0.999) + math.log(0.0001)) / 10],
    "tie_sigmoid": lambda: s / s.sum(),
    "tie_target": lambda: [3 * 50 / 6],
    "sure_of_nothing": lambda: [math.log(1 + math.exp(17))],
    "below_ce": lambda: [-torch.tensor([1 - s[0, 0] if z0 > 0 else 1 - 1 / (1 + math.exp(6)), s[0, 1], 1 - s[0, 2] if z2 > 0 else
                                        1 - 1 / (1 + math.exp(6))]).log().mean() for z0, z2 in ((-6, 1), (1, -6), (-6, -6))],
    "two_true": lambda: torch.tensor([1, math.exp(-2), math.exp(-12)]) / (1 + math.exp(-2) + math.exp(-12)),
    "argmax_of_none": lambda: [1 / (1 + math.exp(4)), 1 / (1 + math.exp(5))],
}


@pytest.mark.parametrize("name", ASKED)
def test_every_number_in_the_evidence_is_torchs(name):
    known = [float(text) for text in re.findall(r"\d+\.\d{4}", "\n".join(said(name) for name in NAMES))]
    known += [float(value) for value in torch.as_tensor(EVIDENCE.get(name, list)()).flatten()]
    for text in re.findall(r"\d+\.\d{4,}", ASKED[name]().answer()[1]):
        assert any(abs(float(text) - value) < 5.1 * 10 ** -len(text.partition(".")[2]) / 10 for value in known), text


def test_no_choice_is_called_right_unless_it_alone_holds():
    for holds in ({}, {"a": False}, {"a": True, "b": True}):
        with pytest.raises(ValueError):
            questions.the_one(holds)
