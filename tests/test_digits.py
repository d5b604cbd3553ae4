import numpy as np
import pytest
import torch

from tests.topics import ROOT
from utils.digits import digits, two_digits


def test_the_digits_are_those_of_the_file_and_no_half_shares_one():
    file = np.load(ROOT / "utils" / "digits.npz")
    assert file["images"].shape == (1797, 8, 8) and file["images"].dtype == np.uint8 and file["images"].max() == 16
    assert "Alpaydin" in str(file["source"]) and "CC BY 4.0" in str(file["source"])
    images, labels = digits(8, 0)
    assert images.shape == ((file["labels"] == 8).sum() + (file["labels"] == 0).sum(), 64)
    assert images.max() == 1 and images.min() == 0 and labels.sum() == (file["labels"] == 0).sum()
    k = int((labels == 1).nonzero()[0])
    assert torch.equal(images[k] * 16, torch.tensor(file["images"][file["labels"] == 0][0].astype(np.float32)).flatten())
    with pytest.raises(ValueError, match=r"digits \[12\]; some of 0 ... 9 are wanted"):
        digits(12)
    pairs, _ = two_digits()
    halves = [{tuple(half.tolist()) for pair in part for half in (pair[:64], pair[64:])} for part in (pairs[:300], pairs[300:])]
    assert not halves[0] & halves[1], "the same handwriting to learn from and to test with"


def test_two_digits_say_what_is_there():
    pairs, targets = two_digits()
    images, labels = digits(*range(10))
    known = {tuple(image.tolist()): label for image, label in zip(images, labels.tolist())}
    for pair, target in zip(pairs[::7], targets[::7]):
        seen = {known[tuple(pair[:64].tolist())], known[tuple(pair[64:].tolist())]}
        assert seen <= {0, 3, 6, 4, 7} and target.tolist() == [float(digit in seen) for digit in (0, 3, 6)]
