import math
import re

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.test_symptoms import LABELS, ONE_HOT
from utils.predict import marked, numbered
from utils.review import SNIPPETS, questions, reviewed


# --- texts, review

@pytest.mark.parametrize("name", SNIPPETS)
def test_a_snippet_has_one_wrong_line_and_the_mended_one_trains(name):
    code, line, mended, choices, _ = SNIPPETS[name]
    assert code.splitlines()[line - 1] != mended and len(code.splitlines()) <= 15
    right_choice = ANSWERS[name][0]
    assert f"Line {line}:" in right_choice and set(choices) >= {right_choice}
    for choice in choices:
        assert 1 <= int(re.match(r"Line (\d+):", choice)[1]) <= len(code.splitlines())
    losses, right = reviewed(code, line, mended)
    floor = 0.7 if "bce" in name else 0.4
    assert losses[-1] < floor and right > 0.85 and min(losses) >= 0
    assert len(losses) == 100 and reviewed(code)[0] == reviewed(code)[0], "seeded"


def test_a_question_shows_a_block_of_code_as_it_is():
    assert numbered("a = b * c\nd") == "```\n 1  a = b * c\n 2  d\n```\n"
    assert marked("Which `p` is\n```\nx = 2 * y * z < 1\n```\n*now*?") == (
        "Which <code>p</code> is\n</p><pre>x = 2 * y * z &lt; 1\n</pre><p><i>now</i>?")
    shown = repr(questions.review_names())
    assert "wanted = (labels[:, None] != names).float()" in shown and "`" not in shown


# The right choice of each question, and a fact of torch's that makes it right.
ANSWERS = {
    "review_shares": ("Line 1: the loss will come no lower than 0.55", lambda: F.cross_entropy(torch.eye(3), torch.arange(3)) > 0.55),
    "review_names": ("Line 4: the loss will fall as it should, with nearly all answers wrong",
                     lambda: ((LABELS[:, None] != torch.arange(3)).double() == 1 - ONE_HOT).all()),
    "review_scores": ("Line 6: the loss will start near 5.7 and stay above 4.6",
                      lambda: 5.7 < math.log(300) < 5.71 and math.log(100) > 4.6),
    "review_nll": ("Line 5: the loss will be below 0, with good answers all the same",
                   lambda: nn.NLLLoss()(torch.softmax(torch.randn(300, 3), 1), LABELS) < 0),
    "review_sum": ("Line 3: the loss will start in the hundreds, and jump",
                   lambda: nn.CrossEntropyLoss(reduction="sum")(torch.zeros(300, 3), LABELS) > 300),
    "review_yes": ("Line 9: the loss will fall below 0, and most answers will be wrong", lambda: LABELS.max() == 2),
}

# Words of each choice's reason that no other reason of the question has.
REASONS = {
    "review_shares": {
        "Line 1: the loss will come": "contains the",
        "Line 1: the loss will be": "that. This",
        "Line 5:": "first, labels"},
    "review_names": {"Line 2:": "makes longer", "Line 4:": "every class", "Line 6:": "loss wants"},
    "review_scores": {"Line 1:": "layer that", "Line 6:": "300 images", "Line 7:": "there, and"},
    "review_nll": {
        "Line 4:": "last dimension",
        "Line 5: the loss will be": "wants log-shares",
        "Line 5: the loss will have": "would with"},
    "review_sum": {"Line 3:": "losses are", "Line 6:": "loss takes", "Line 2:": "the gradient"},
    "review_yes": {"Line 6:": "brings the", "Line 9:": "label three", "Line 11:": "would, without"},
}
