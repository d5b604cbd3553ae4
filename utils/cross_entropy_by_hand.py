"""Cross-entropy written by hand: what goes wrong in it, and the check.  Taught in notebooks/02_cross_entropy.ipynb."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from utils.check import Result, Task, check, uses
from utils.example import BATCH, CE, COLUMN, FOUR, LABEL, LOGITS, ROW, SMALL, WIDE
from utils.language import say
from utils.plots import number
from utils.predict import Questions, the_one
from utils.softmax import shares

# What notebook 2 asks before it is written.
questions = Questions()


@questions.asks("A thousand images, and each label gets a share of 0.7. You multiply the thousand shares. What do 32 bits say?", {
    "0": "0.7 to the 1000th has 154 zeros after its point. 32 bits hold about 45.",
    "A number with many zeros": "So the mathematics says, and with ten images there would be one. But 32 bits have an end.",
    "About 0.7": "That would be a mean of the shares. A product gets smaller with every factor.",
})
def product_of_shares():
    shares = torch.full((1000,), 0.7)
    product, total = float(shares.prod()), float(shares.log().sum())
    return the_one({"0": product == 0, "A number with many zeros": 0 < product < 0.01, "About 0.7": product >= 0.01}), (
        say("{product} for the product, and {total} for the sum of the logarithms", product=product, total=number(total)))


@questions.asks("`nn.CrossEntropyLoss` is handed `p`, the probabilities, in place of the logits. What will it say?", {
    "It raises an error": "It cannot know: probabilities are three floating numbers, and so are logits.",
    "0.3527, as before": "It would, if a softmax of shares left them as they are. But it evens them out.",
    "Less than 0.3527": "One could hope for a bonus for work already done. But the second softmax evens the shares out.",
    "More than 0.3527": "The second softmax sees numbers that differ by less than 1, and so it returns shares that are more alike.",
})
def softmax_twice():
    once, twice = (float(CE(scores, LABEL)) for scores in (LOGITS, torch.softmax(LOGITS, dim=1)))
    return the_one({"0.3527, as before": abs(once - twice) < 1e-4, "More than 0.3527": twice - once >= 1e-4,
                    "Less than 0.3527": once - twice >= 1e-4}), (
        say("{once} for logits, {twice} for probabilities", once=number(once), twice=number(twice)))


# --- the check: cross-entropy in steps

def picked(do, z: Tensor, t: Tensor) -> Tensor:
    """Softmax → the label's share → −log, for each image, as it is written first."""
    return do.sign(do.log(do.rounding(do.pick(shares(do, z), t), do.pick(z, t))))


def multiplied(do, z: Tensor, t: Tensor) -> Tensor:
    """The same by a product with one-hot rows."""
    z = do.scores(z)
    return do.sign((do.one_hot(t, z) * do.log(do.rounding(do.share(z, torch.softmax(z, -1)), z))).sum(-1))


def subtracted(do, z: Tensor, t: Tensor) -> Tensor:
    """log-sum-exp minus the label's logit."""
    z = do.scores(z)
    return do.sign(do.difference(do.pick(z, t), do.logsumexp(z)))


def averaged(losses: Callable) -> Callable:
    """The whole loss out of those of the images."""
    def way(do, z: Tensor, t: Tensor) -> Tensor:
        t = do.labels(t, z.shape[-1], z)
        return do.loss(z, t, do.reduce(losses(do, z, t), z))
    return way


def table_remark(function: Callable) -> str:
    return (say("on the way it makes a table [N, N], every image with every other. The mean comes out right here, but for 1000 images that "
                "is a million numbers: where does a column [N, 1] meet a row [N]?")
            if uses(function, (WIDE, torch.tensor([1, 2, 0, 0])), (4, 4)) else "")


CROSS_ENTROPY = Task(F.cross_entropy, ["logits", "labels"], [
    (ROW, torch.tensor([1])),
    (BATCH, torch.tensor([1, 0])),
    (FOUR, torch.tensor([3, 0, 2])),
    (WIDE, torch.tensor([1, 2, 0, 0])),
    (SMALL, torch.tensor([2, 0, 2])),
    (COLUMN, torch.tensor([0, 0, 0])),
], [averaged(picked), averaged(multiplied), averaged(subtracted)], extremes=[
    (torch.tensor([[60.0, -60, 0]]), torch.tensor([0])),
    (torch.tensor([[1000.0, 999, 0]]), torch.tensor([0])),
    (torch.tensor([[0.0, 1000, 999, 0, 0]]), torch.tensor([2])),
    (torch.tensor([[-1000.0, -1001, -1002]]), torch.tensor([0])),
    (torch.tensor([[0.0, -2000, 0]]), torch.tensor([1])),
    (torch.tensor([[1000.0, 999, 0], [2, 3, 0.1]]), torch.tensor([0, 1])),
], slopes=[(torch.zeros(1, 3), torch.tensor([1])), (torch.tensor([[100.0, -100, 0], [2, 3, 0.1]]), torch.tensor([1, 0])),
           (WIDE, torch.tensor([1, 2, 0, 0]))], remark=table_remark)


def check_cross_entropy(function: Callable[[Tensor, Tensor], Tensor]) -> Result:
    """Whether function(logits [N, C], labels [N]) → mean [] is cross-entropy, in nats.  Written in notebooks/02."""
    return check(function, CROSS_ENTROPY)
