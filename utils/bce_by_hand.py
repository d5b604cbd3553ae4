"""Binary cross-entropy written by hand: what goes wrong in it, and the checks.  Taught in notebooks/05_bce_per_class.ipynb."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from utils.check import Result, Task, alike, check, copies
from utils.example import BATCH, BCE, FOUR, LOGITS, ROW, SMALL, TARGET
from utils.inputs import call
from utils.language import say
from utils.loss_slips import BINARY, LOGS, REDUCING, binary, mixed
from utils.plots import number
from utils.predict import Questions, the_one
from utils.sigmoid import fraction
from utils.slips import EXPS, FIRST, SIGMOIDS, Fault, same, slip

# What notebook 5 asks before it is written.
questions = Questions()


@questions.asks("The model gives a logit of 17 to a class that is not there. The loss should be about 17. What will our formula "
                "say in 32 bits?", {
    "17": "So the mathematics says. But 1 − σ(17) has to be computed first, and 32 bits hold about 7 digits.",
    "0": "y log σ vanishes, since y is 0. But the other term, (1 − y) log(1 − σ), is all that is left.",
    "inf": "σ(17) rounds to 1, so 1 − σ(17) is 0, and −log 0 is infinite.",
})
def sure_of_nothing():
    naive = -torch.log(1 - torch.sigmoid(torch.tensor(17.0)))
    in_one_step = float(BCE(torch.tensor([17.0]), torch.tensor([0.0])))
    return the_one({"inf": bool(naive.isinf()), "0": bool(naive < 1), "17": bool((naive - 17).abs() < 1)}), (
        say("{naive} for −log(1 − σ(17)), and {loss} in one step", naive=naive.item(), loss=number(in_one_step)))


@questions.asks("`nn.BCEWithLogitsLoss` is handed the sigmoids in place of the logits. What will it say?", {
    "It raises an error": "`nn.BCELoss` would, the other way round, since most logits are no probabilities. But any float can be a logit.",
    "0.9733, as before": "It would, if sigmoid left a probability as it is. It takes 0.8808 for a logit.",
    "Another number": "Sigmoids lie in 0 … 1, and a second sigmoid makes 0.5 … 0.73 of them: nobody is ever sure.",
})
def sigmoid_twice():
    once, twice = float(BCE(LOGITS, TARGET)), float(BCE(torch.sigmoid(LOGITS), TARGET))
    return the_one({"Another number": abs(once - twice) > 1e-4, "0.9733, as before": abs(once - twice) <= 1e-4}), number(twice)


# --- the checks: the binary losses in steps, and their own slips

def two_terms(do, z: Tensor, y: Tensor, floor: float = -torch.inf) -> Tensor:
    """−(y log σ + (1 − y) log(1 − σ)), as it is written first; with a floor of −100, as nn.BCELoss has it."""
    y, p = do.targets(y), do.rounding(fraction(do, z))
    there, away = do.log(p).clamp(min=floor), do.log(do.other(p)).clamp(min=floor)
    return do.terms(z, y, do.join(do.there(y, there), do.away(1 - y, away)))


def logs_in_one_step(do, z: Tensor, y: Tensor) -> Tensor:
    """The same with log σ(z) and log σ(−z), which lose no digits."""
    z, y = do.logits(z), do.targets(y)
    return do.terms(z, y, do.join(do.there(y, F.logsigmoid(z)), do.away(1 - y, F.logsigmoid(-z))))


def one_line_each(do, z: Tensor, y: Tensor) -> Tensor:
    """max(z, 0) − z y + log(1 + exp(−|z|)), which nothing overflows."""
    z, y = do.logits(z), do.targets(y)
    return torch.relu(z) - do.product(z, y) + do.tail(z)


def averaged(terms: Callable) -> Callable:
    return lambda do, z, y: do.loss(z, y, do.reduce(terms(do, z, y), z))


def typo(z: Tensor, y: Tensor) -> Tensor:
    """The article's loss_2, as it is printed."""
    return binary(z, torch.ones_like(y)) * (2 * y - 1)


TERMS_SLIPS = [
    slip("the article's printed typo", "The bracket closes too early, so the minus reaches one term only; and both terms ask for “there”.",
         terms=[lambda z, y, _: typo(z, y), lambda z, y, _: torch.cat([binary(z, y)[:, :-1], typo(z, y)[:, -1:]], dim=1)]),
    *BINARY, *LOGS, *EXPS, *FIRST[:4], *SIGMOIDS, *FIRST[4:],
]
MANY = "There is one number for each {} here. The mean is over images and classes: how many numbers should be left?"
BCE_SLIPS = [
    REDUCING[0],
    slip("no reduction", "There is one loss for each class of each image here. Their mean is wanted.", reduce=same),
    *(slip(f"{what} over the {over} only", MANY.format(of), reduce=lambda x, z, what=what, dim=dim: getattr(x, what)(dim))
      for what in ("mean", "sum") for dim, over, of in ((1, "classes", "image"), (0, "images", "class"))),
    slip("divided by the classes only", "The images were added up. The mean is over images and classes: N · C losses.",
         reduce=lambda x, z: x.sum(0).mean()),
    slip("divided by the images only", "The classes were added up. The mean is over images and classes: N · C losses.",
         reduce=lambda x, z: x.sum(1).mean()),
    *TERMS_SLIPS,
    slip("cross-entropy instead", "This is one loss over classes that compete. Here each class has a yes-or-no loss of its own.",
         loss=[lambda z, y, _: F.cross_entropy(z, y), lambda z, y, _: F.cross_entropy(z, y.argmax(1)),
               lambda z, y, _: -(y * torch.softmax(z, 1).log()).mean()]),
    slip("overlap instead of a loss for each class", "Dice and its like measure an overlap. Here every class pays.",
         loss=[lambda z, y, _, more=more: 1 - (2 * (z.sigmoid() * y).sum() + more) / (z.sigmoid().sum() + y.sum() + more)
               for more in (1, 0, 1e-6)]),
    *REDUCING[2:3], *REDUCING[4:],
]
SATURATED = ("1 + exp(−17) rounds to 1 in 32 bits, so 1 − σ(17) is 0 and −log 0 is inf. (A limit such as 1e-8 only hides it.) "
             "“Not there” has a logit of its own: take log σ of that in one step, as in notebook 3.")
STOPPED = Fault("the logarithm stopped at −100", "σ rounds to 0 or 1 here, and torch's BCELoss stops the logarithm of 0 at −100: every "
                "worse mistake costs 100 as well, and has no gradient to learn from. From the logits it takes one step.",
                lambda loss: bool(loss.max() == 100))
BCE_EXTREMES = [
    ((torch.tensor([[17.0]]), torch.tensor([[0.0]])),
     [Fault("saturation: a probability rounded to 0 before its logarithm", SATURATED), STOPPED]),
    ((torch.tensor([[-2000.0]]), torch.tensor([[1.0]])), [Fault(
        "saturation at large negative logits", "σ(−2000) rounds to 0, and −log 0 is inf. Take log σ in one step."), STOPPED]),
    ((torch.tensor([[2000.0]]), torch.tensor([[0.0]])), [Fault(
        "overflow at large logits", "exp(89) is already inf in 32 bits. Which function takes log and exp in one step?"), STOPPED]),
    ((torch.tensor([[200.0, 2, -200]]), torch.tensor([[1.0, 1, 0]])), [Fault(
        "0 · log 0", "1 − σ(200) rounds to 0; its logarithm is −inf, and 0 · −inf is nan. log σ in one step never says −inf.")]),
]
BCE_INPUTS = [
    (ROW, torch.tensor([[0.0, 1, 0]])),
    (torch.tensor([[5.0, -5, 0.3], [0, 1, 0]]), torch.tensor([[0.0, 1, 1], [0, 0, 1]])),  # beyond 5, log(1 − σ) loses too many digits
    (BATCH, torch.tensor([[0.0, 1, 0], [1, 0, 1]])),
    (FOUR, torch.tensor([[0.0, 0, 1, 1], [1, 0, 0, 0], [0, 1, 0, 0]])),
    (SMALL, torch.tensor([[0.0, 1, 0], [1, 0, 0], [1, 1, 0]])),
    (torch.tensor([[-12.0], [4.5], [0]]), torch.tensor([[1.0], [1], [0]])),
]
SLOPES = [(torch.zeros(1, 3), torch.tensor([[0.0, 1, 0]])), (torch.tensor([[-100.0, 100, 2]]), torch.tensor([[1.0, 0, 1]])),
          (FOUR, BCE_INPUTS[3][1])]
TERMS_STEPS = {
    "targets": same, "other": lambda p: 1 - p, "there": torch.mul, "away": torch.mul, "join": mixed(1, 1), "terms": lambda z, y, x: x,
    "product": torch.mul, "tail": lambda z: (-z.abs()).exp().log1p()}


def soft_remark(terms: Callable) -> Callable[[Callable], str]:
    """What a right loss may still lack: targets between 0 and 1."""
    def remark(function: Callable) -> str:
        soft = torch.tensor([[2, 3, 0.1]]), torch.tensor([[0.1, 0.9, 0.1]])
        return ("" if alike(call(function, *copies(soft))[0], terms(*soft)) else
                say("a target may also be a probability such as 0.9, and there it parts from torch."))
    return remark


WAYS = [two_terms, lambda do, z, y: two_terms(do, z, y, -100), logs_in_one_step, one_line_each]
TERMS_TASK = Task(binary, ["logits", "targets"], BCE_INPUTS, WAYS, [
    *TERMS_SLIPS, slip("reduced too early", "One loss for each class is wanted here, before any mean or sum.", after=[
        torch.mean, lambda x: x.sum(1), torch.sum, lambda x: x.mean(1), lambda x: x.mean(0), lambda x: x.sum(0)])],
    TERMS_STEPS, BCE_EXTREMES, SLOPES, soft_remark(binary))
BCE_TASK = Task(F.binary_cross_entropy_with_logits, ["logits", "targets"], BCE_INPUTS, [averaged(way) for way in WAYS], BCE_SLIPS,
                TERMS_STEPS, BCE_EXTREMES, SLOPES, soft_remark(F.binary_cross_entropy_with_logits))


def check_bce_terms(function: Callable[[Tensor, Tensor], Tensor]) -> Result:
    """Whether function(logits, targets [N, C]) → [N, C] is each class's binary loss, in nats.  Written in notebooks/05."""
    return check(function, TERMS_TASK)


def check_bce(function: Callable[[Tensor, Tensor], Tensor]) -> Result:
    """Whether function(logits, targets [N, C]) → mean [] is binary cross-entropy, in nats.  Written in notebooks/05."""
    return check(function, BCE_TASK)
