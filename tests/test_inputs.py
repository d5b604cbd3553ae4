import inspect
import re

import pytest
import torch
from torch.nn import functional as F

from tests.topics import UTILS
from utils.bce import bce
from utils.cross_entropy import cross_entropy_terms
from utils.explore import ask
from utils.inputs import call, check_labels, check_logits, check_targets, one_line

ROW = torch.tensor([[2, 3, 0.1]])


@pytest.mark.parametrize("logits, error, sentence", [
    ([2, 3, 0.1], TypeError, "logits is a list; a tensor is wanted: write torch.tensor(...)"),
    (None, TypeError, "logits is a NoneType; a tensor is wanted"),
    (torch.empty(0, 3), ValueError, "logits has shape [0, 3] and holds nothing"),
    (torch.tensor([2, 3, 1]), TypeError, "logits has dtype torch.int64; floating point is wanted: write logits.float(), or the "
     "numbers with a point, torch.tensor([2.0, ...])"),
    (torch.tensor([2.0, 3j]), TypeError, "logits has dtype torch.complex64; plain real numbers are wanted"),
    (torch.tensor([2.0, 3]).to_sparse(), TypeError, "logits is a sparse tensor; one that holds all its numbers is wanted"),
    (torch.empty(3, device="meta"), TypeError, "logits is a meta tensor; one that holds all its numbers is wanted"),
    (torch.tensor([2.0, 3]).to(torch.float8_e5m2), TypeError, "logits has dtype torch.float8_e5m2; floating point is"),
    (torch.tensor(2.0), ValueError, "logits is one number, shape []; one number per class is wanted"),
    (torch.tensor([2, torch.nan, 1]), ValueError, "logits holds nan; finite numbers are wanted"),
    (torch.tensor([2, -torch.inf, 1]), ValueError, "logits holds -inf; finite numbers are wanted"),
])
def test_logits_that_are_told_off(logits, error, sentence):
    with pytest.raises(error) as caught:
        check_logits(logits)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("labels, error, sentence", [
    (1, TypeError, "labels is a int; a tensor is wanted"),
    (torch.tensor([], dtype=torch.long), ValueError, "labels has shape [0] and holds nothing"),
    (torch.tensor([1.0]), TypeError, "labels has dtype torch.float32; torch.int64 (long) is wanted: write labels.long()"),
    (torch.tensor([1, 3]), ValueError, "labels holds 3; with 3 classes a label is 0 ... 2"),
    (torch.tensor([-1, 1]), ValueError, "labels holds -1; with 3 classes a label is 0 ... 2"),
    (torch.tensor([1.5]), ValueError, "labels holds 1.5; with 3 classes a label is 0 ... 2"),
    (torch.tensor([1, 2], dtype=torch.int32), TypeError, "labels has dtype torch.int32; torch.int64 (long) is wanted: write labels.long()"),
])
def test_labels_that_are_told_off(labels, error, sentence):
    with pytest.raises(error) as caught:
        check_labels(labels, classes=3)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("targets, error, sentence", [
    ([0.0, 1.0, 0.0], TypeError, "targets is a list; a tensor is wanted"),
    (torch.tensor([1]), ValueError, "targets has shape [1], logits has [1, 3]; the same shape is wanted: "
     "write F.one_hot(targets, num_classes=3).float()"),
    (torch.tensor([[0, 0, 2]]), TypeError, "targets has dtype torch.int64; floating point is wanted: look where they are made"),
    (torch.tensor([[0, 255, 0]]), TypeError, "floating point is wanted: write targets.float() / 255"),
    (torch.tensor([[-1.0, 1, -1]]), ValueError, "targets holds -1; numbers in [0, 1] are wanted: write (targets + 1) / 2"),
    (torch.tensor([[0, 1, 0]]), TypeError, "targets has dtype torch.int64; floating point is wanted: write targets.float()"),
    (torch.tensor([[0, 255.0, 0]]), ValueError, "targets holds 255; numbers in [0, 1] are wanted"),
    (torch.tensor([[-1.0, 0, 1]]), ValueError, "targets holds -1; numbers in [0, 1] are wanted: look where they are made"),
    (torch.tensor([[0, -0.5, 0]]), ValueError, "targets holds -0.5; numbers in [0, 1] are wanted"),
    (torch.tensor([[0, torch.nan, 0]]), ValueError, "targets holds nan; numbers in [0, 1] are wanted"),
])
def test_targets_that_are_told_off(targets, error, sentence):
    with pytest.raises(error) as caught:
        check_targets(targets, ROW)
    assert sentence in str(caught.value)


def test_what_is_right_passes():
    for dtype in (torch.float16, torch.float32, torch.float64):
        check_logits(ROW.to(dtype))
    check_logits(ROW[0])
    check_labels(torch.tensor([0, 1, 2]), classes=3)
    check_targets(torch.tensor([[0, 1, 0.5]]), ROW)


SIZES = [(2, 3), (3, 1), (1, 3), (1, 1), (3,), (1,), (4, 4), (2, 3, 2)]
WIDER = [lambda t: t, lambda t: t.unsqueeze(0), lambda t: t.unsqueeze(-1), lambda t: t.squeeze(), lambda t: t.reshape(-1)]


@pytest.mark.parametrize("dtype", [torch.long, torch.int32, torch.uint8, torch.bool, torch.float16, torch.float64], ids=str)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_what_bce_and_cross_entropy_say_to_write_works_with_torch(size, dtype):
    """Labels, one-hot rows, 0/255 masks and −1/1 rows, handed to either loss with a dimension too many or too few."""
    logits, classes = torch.linspace(-1, 2, torch.Size(size).numel()).reshape(size), size[-1]
    labels = torch.arange(torch.Size(size[:-1]).numel()).reshape(size[:-1]) % max(classes, 2)
    rows = F.one_hot(labels, classes) if classes > 1 else labels.unsqueeze(-1)
    losses = {"targets": (bce, F.binary_cross_entropy_with_logits, rows.float()),
              "labels": (lambda z, t: cross_entropy_terms(z, t).mean(), row_by_row, labels)}
    for given in (labels, rows, 255 * rows, 2 * rows - 1):
        for given in [wider(given).to(dtype) for wider in WIDER if torch.equal(given.to(dtype).long(), given)]:
            for name, (ours, torchs, right) in losses.items():
                try:
                    ours(logits, given)
                    continue
                except (TypeError, ValueError) as error:
                    said = str(error)
                if "write " in said:
                    mended = eval(said.split("write ")[1], {"F": F, name: given})
                    assert torch.allclose(torchs(logits, mended).double(), torchs(logits, right).double(), atol=1e-3), (name, given, said)
                else:  # only where there is none
                    assert given.shape != right.shape or name == "labels", (name, given, said)


def row_by_row(logits, labels):
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), labels.reshape(-1)).mean()


def test_one_logit_per_image_gets_a_column():
    with pytest.raises(ValueError) as caught:
        bce(torch.zeros(3, 1), torch.tensor([1, 0, 1]))
    assert str(caught.value).endswith("the same shape is wanted: write targets.float().unsqueeze(1)")
    with pytest.raises(ValueError, match=r"with one logit 0 is the only label: .* takes labels.float\(\).unsqueeze\(-1\)"):
        cross_entropy_terms(torch.zeros(3, 1), torch.tensor([1, 0, 1]))
    with pytest.raises(ValueError, match=r"one label per row of logits is wanted: shape \[2\], so write labels.argmax\(dim=-1\)"):
        cross_entropy_terms(torch.zeros(2, 3), torch.tensor([[0.0, 1, 0], [0, 0, 1]]))
    with pytest.raises(ValueError, match=r"one label per row of logits is wanted: shape \[2\]$"):  # no label says two
        cross_entropy_terms(torch.zeros(2, 3), torch.tensor([[1.0, 1, 0], [0, 0, 1]]))


@pytest.mark.parametrize("function, helped", [
    (lambda z: torch.softmax(torch.tensor([2, 3, 0]), 0), True), (lambda z: F.cross_entropy(z.long(), torch.tensor([1])), True),
    (lambda z: F.logsigmoid(z.long()), True), (lambda z: z.long().mean(), True), (lambda z: z.long().std(), True),
    (lambda z: F.binary_cross_entropy_with_logits(z, z.long()), True), (lambda z: torch.softmax(z > 0, 1), True),
    (lambda z: F.binary_cross_entropy(z.sigmoid(), z.long()), True), (lambda z: torch.tensor([[1, 2]]) @ torch.ones(2, 1), True),
    (lambda z: F.cross_entropy(torch.tensor([1]), z), True), (lambda z: bce(z.long(), z), False),
    (lambda z: 1 / 0, False), (lambda z: z @ z, False),
    (lambda z: F.cross_entropy(z, torch.tensor([1.0])), False),
])
def test_torchs_word_for_whole_numbers_is_explained(function, helped):
    said = call(function, ROW)[1]
    assert (" raised " in said) and ("write 2.0 for 2, or .float()" in said) == helped
    assert ask(function, ROW, like=ROW.double())[1] == said


def test_an_exception_is_one_line():
    assert one_line(ValueError("first\nsecond")) == "ValueError: first"
    assert one_line(RuntimeError()) == "RuntimeError"
    assert len(one_line(ValueError("x" * 999))) == 200


@pytest.mark.parametrize("source", ["x = = 1", "def f(:", "  x = 1\n y = 2"])
def test_a_syntax_error_is_told_by_its_sentence_and_not_by_its_place(source):
    answer, said, _ = call(lambda: compile(source, "cell", "exec"))
    assert answer is None and re.fullmatch(r"<lambda> raised (SyntaxError|IndentationError): \w.+", said)


# One right argument for each name that the functions which are taught use; the other arguments have defaults.
GIVEN = {"logits": ROW, "labels": torch.tensor([1]), "targets": torch.tensor([[0.0, 1, 0]]), "target": torch.tensor([1]),
         "num_classes": 3, "loss": "CrossEntropyLoss", "weight": torch.ones(3), "smoothing": 0.1, "pos_weight": 3.0,
         "answers": torch.tensor([[True, True, False]])}
FUNCTIONS = {name: function for module in UTILS.values() for name, function in vars(module).items()
             if inspect.isfunction(function) and re.search(r"Taught in notebooks/\d", function.__doc__ or "")}
TAUGHT = [(name, wanted.name) for name, function in FUNCTIONS.items()
          for wanted in inspect.signature(function).parameters.values() if wanted.annotation is torch.Tensor]


@pytest.mark.parametrize("name, wanted", TAUGHT)
@pytest.mark.parametrize("other", [list, tuple, lambda tensor: tensor.numpy(), lambda tensor: None], ids=["list", "tuple", "array", "None"])
def test_what_is_no_tensor_gets_one_sentence_from_every_function_that_is_taught(name, wanted, other):
    right = {key: GIVEN[key] for key, value in inspect.signature(FUNCTIONS[name]).parameters.items() if value.default is value.empty}
    FUNCTIONS[name](**right)
    strange = other(right[wanted])
    with pytest.raises(TypeError) as caught:
        FUNCTIONS[name](**right | {wanted: strange})
    assert str(caught.value) == f"{wanted} is a {type(strange).__name__}; a tensor is wanted: write torch.tensor(...)"
    with pytest.raises(ValueError, match=rf"{wanted} has shape \[0\] and holds nothing"):
        FUNCTIONS[name](**right | {wanted: right[wanted].flatten()[:0]})


def test_what_is_taught_was_found():
    assert len({name for name, _ in TAUGHT}) >= 10 and all("Raises " in FUNCTIONS[name].__doc__ for name, _ in TAUGHT)
