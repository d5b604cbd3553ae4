import pytest
import torch

from utils.inputs import check_labels, check_logits, check_targets, one_line

ROW = torch.tensor([[2, 3, 0.1]])


@pytest.mark.parametrize("logits, error, sentence", [
    ([2, 3, 0.1], TypeError, "logits is a list; a tensor is wanted: write torch.tensor(...)"),
    (None, TypeError, "logits is a NoneType; a tensor is wanted"),
    (torch.empty(0, 3), ValueError, "logits has shape [0, 3] and holds nothing"),
    (torch.tensor([2, 3, 1]), TypeError, "logits has dtype torch.int64; floating point is wanted: write logits.float()"),
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
])
def test_labels_that_are_told_off(labels, error, sentence):
    with pytest.raises(error) as caught:
        check_labels(labels, classes=3)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("targets, error, sentence", [
    ([0.0, 1.0, 0.0], TypeError, "targets is a list; a tensor is wanted"),
    (torch.tensor([1]), ValueError, "targets has shape [1], logits has [1, 3]; the same shape is wanted"),
    (torch.tensor([[0, 1, 0]]), TypeError, "targets has dtype torch.int64; floating point is wanted: write targets.float()"),
    (torch.tensor([[0, 255.0, 0]]), ValueError, "targets holds 255; numbers in [0, 1] are wanted"),
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


def test_an_exception_is_one_line():
    assert one_line(ValueError("first\nsecond")) == "ValueError: first"
    assert one_line(RuntimeError()) == "RuntimeError"
    assert len(one_line(ValueError("x" * 999))) == 200
