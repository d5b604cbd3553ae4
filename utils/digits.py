"""Real handwriting: 1,797 images of 8 × 8 pixels, each a digit.  For notebooks/08_training.ipynb.

They are the test set of "Optical Recognition of Handwritten Digits" by E. Alpaydin and C. Kaynak, from the UCI Machine Learning
Repository (https://doi.org/10.24432/C50P49, CC BY 4.0), as scikit-learn ships it; digits.npz holds them unchanged, from 0 to 16.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from utils.language import say

FILE = np.load(Path(__file__).with_name("digits.npz"))
DIGITS = (1, 3, 8)  # class 0, 1, 2: three that a linear model tells apart nine times in ten
SEVERAL = (0, 3, 6)  # the same where there are two on each image: an easier three, since two are harder
OTHERS = (4, 7)  # and what else may be there
TRAIN = 300  # that many images to learn from, the rest to test with


def digits(*which: int) -> tuple[Tensor, Tensor]:
    """All images of these digits, and which of them each is.

    Returns: images [N, 64], from 0 for paper to 1 for ink, and labels [N], 0 for the first of these digits, 1 for the second, …
    Raises ValueError for what is no digit.  Used in notebooks/08.
    """
    if not which or not set(which) <= set(range(10)):
        raise ValueError(say("digits {which}; some of 0 ... 9 are wanted: write digits(1, 3, 8)", which=list(which)))
    chosen = np.isin(FILE["labels"], which)
    labels = [which.index(digit) for digit in FILE["labels"][chosen].tolist()]
    return torch.from_numpy(FILE["images"][chosen]).flatten(1) / 16, torch.tensor(labels)


def halves(images: Tensor, truth: Tensor) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Images, and what is true of each, as those to learn from and those to test with, in 64 bits as the weights are."""
    return (images[:TRAIN].double(), truth[:TRAIN]), (images[TRAIN:].double(), truth[TRAIN:])


def two_digits(count: int = TRAIN) -> tuple[Tensor, Tensor]:
    """Images of two digits side by side, each of SEVERAL or OTHERS: the first count of them to learn from, count more to test with.

    Returns: images [2 · count, 128], and targets [2 · count, 3], 1 for each of SEVERAL that is there.  No digit is in both halves.
    Used in notebooks/08.
    """
    images, labels = digits(*SEVERAL, *OTHERS)
    places, half = torch.arange(count), len(labels) // 2
    left, right = (torch.cat([places * factor % half, half + places * factor % half]) for factor in (1, 7))  # the first with itself
    there = F.one_hot(labels, len(SEVERAL) + len(OTHERS))[:, :len(SEVERAL)]
    return torch.cat([images[left], images[right]], dim=1), (there[left] | there[right]).float()
