"""Binary cross-entropy written by hand: what goes wrong in it, and the checks.  Taught in notebooks/05_bce_per_class.ipynb."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from utils.check import Result, Task, alike, check, copies
from utils.example import BATCH, BCE, FOUR, LOGITS, ROW, SMALL, TARGET
from utils.inputs import call
from utils.language import say
from utils.plots import number
from utils.predict import Questions, the_one
from utils.sigmoid import fraction
from utils.slips import Fault, binary, slips

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
    y, p = do.targets(y), do.rounding(fraction(do, z), z)
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
    return lambda do, z, y: do.result(z, y, do.reduce(terms(do, z, y), z))


def typo(z: Tensor, y: Tensor) -> Tensor:
    """The article's loss_2, as it is printed."""
    return binary(z, torch.ones_like(y)) * (2 * y - 1)


TERMS_STEPS = {
    "targets": lambda y: y, "other": lambda p: 1 - p, "there": lambda y, log: y * log, "away": lambda rest, log: rest * log,
    "terms": lambda z, y, x: x, "product": lambda z, y: z * y, "tail": lambda z: (-z.abs()).exp().log1p(), "result": lambda z, y, x: x}
TERMS_SLIPS = slips("""
The second term comes out below 0, and asks for “there” as the first does: look at its bracket, and at its sign.
    the article's printed typo | terms: typo(z, y) | cat([binary(z, y)[:, :-1], typo(z, y)[:, -1:]], 1)
Every class pays: the zeros of the target are answers too, “not there”, and cost something as well.
    own class only | join: -there | result: (y * binary(z, y)).sum() / y.sum() | own(binary(z, y), y.argmax(1)).mean()
    only the classes that are not there | join: -away
A class that is there costs −log σ(z). One that is not costs −log(1 − σ(z)), and 1 − σ(z) is σ(−z). y and 1 − y choose between the two.
    targets reversed | targets: 1 - y
    y and 1 − y missing | terms: -(logsigmoid(z) + logsigmoid(-z))
    1 − missing in the second logarithm | other: p
    y or 1 − y missing before a logarithm | there: log | away: log | (1 - rest) * log
    brackets missing around 1 − y | away: 1 - (1 - rest) * log
    1 − outside the logarithm | other: (1 - p.log()).exp() | 1 - p.log()
Both terms cost something, so neither may come out below 0.
    one term has the wrong sign | join: away - there | there - away
1 − is for probabilities: 1 − σ(z) is the sigmoid of another logit, and it is not 1 − z.
    1 − z instead of −z | terms: -(y * logsigmoid(z) + (1 - y) * logsigmoid(1 - z))
logsigmoid takes a logit, and this is a probability.
    logsigmoid of a probability | terms: -(y * logsigmoid(z) + (1 - y) * logsigmoid(1 - z.sigmoid()))
Squares and absolute differences are other losses. Each class costs −log of what was given to its truth.
    y and σ exchanged | terms: -(z.sigmoid() * y.log() + (1 - z.sigmoid()) * (1 - y).log())
    squared difference, or absolute | terms: (y - z.sigmoid()) ** 2 | (y - z) ** 2 | (y - z.sigmoid()).abs()
Here each class has a yes-or-no loss of its own, and every class pays.
    cross-entropy instead | terms: cross_entropy(z, y, reduction="none")
binary_cross_entropy and BCELoss do not take logits.
    probabilities expected where logits came | terms: binary_cross_entropy(z, y, reduction="none")
Each class counts the same here: no weight and no pos_weight.
    weights that nobody asked for | there: k * y * log for k in (2, 3, 10, 0.5) | (1 - y).sum() / y.sum() * y * log \
| (1 - y).sum(0) / y.sum(0) * y * log | away: k * rest * log for k in (2, 0.5, 0.1) \
| join: -(k * there + (1 - k) * away) for k in (0.25, 0.75)
The targets are 1 and 0 here, as they come. (−1 and 1 are for hinge losses, and for log(1 + exp(−y z)).)
    label smoothing | targets: 0.9 * y + 0.05 | 0.9 * y + 0.1 / y.shape[-1] | 0.8 * y + 0.1
    −1 and 1 expected as targets | targets: 2 * y - 1 \
| terms: softplus(-y * z) | (1 - (2 * y - 1) * z).clamp(min=0) | (1 - y * z).clamp(min=0)
Each image has targets of its own, as each has logits of its own.
    targets of another image | targets: y.roll(k, 0) for k in (1, -1) | y.flip(0) | y[:1]
Rounded to yes or no, a probability has nothing left to learn from.
    decided before the loss | chance: p.round()
Each part of such a sum has its sign, y stands in one of them, and the exponential stays small: which part is missing, or turned round?
    a part missing, or of the wrong sign | tail: z * 0 | product: z * 0 | -z * y | z + z * y
    absolute value missing | tail: (-z).exp().log1p() | z.exp().log1p()
Logits first, then targets.
    arguments exchanged | terms: binary(y, z)
""", TERMS_STEPS, typo=typo)
BCE_SLIPS = slips("""
One number is wanted: the mean of all N · C losses, one for each class of each image. What is added up here, and divided by what?
    sum instead of mean | reduce: x.sum()
    no reduction | reduce: x
    mean over the classes only | reduce: x.mean(1)
    mean over the images only | reduce: x.mean(0)
    sum over the classes only | reduce: x.sum(1)
    sum over the images only | reduce: x.sum(0)
    divided by the classes only | reduce: x.sum(0).mean()
    divided by the images only | reduce: x.sum(1).mean()
    divided by a fixed number | reduce: x.sum() / k for k in (3, 2, 4) | x.sum() / len(z) / 3
    divided by how many are there | result: binary(z, y).sum() / y.sum()
    divided twice | reduce: x.mean() / len(z) | x.mean() / z.shape[-1] | x.mean() / x.numel()
    another number than the mean | reduce: x.max() | x.min() | x.median() | x.std() | x.sum() / (x.numel() - 1)
    one class left out | reduce: x[:, 1:].mean() | x[:, :-1].mean() | x[:, 1:].sum() / x.numel() | x[:, :-1].sum() / x.numel() \
| x[:, :3].sum() / x.numel() | x[:, :3].mean()
    one image left out | reduce: x[1:].sum() / x.numel() | x[:-1].sum() / x.numel()
    two means, of “there” and of “not there” | result: binary(z, y)[y == 1].mean() + binary(z, y)[y == 0].mean() \
| (binary(z, y)[y == 1].mean() + binary(z, y)[y == 0].mean()) / 2
How often the answers are right has no slope to learn from.
    accuracy instead of a loss | result: ((z > 0) == (y > 0.5)).float().mean() | ((z > 0) != (y > 0.5)).float().mean()
Every logit was compared with every target: a column met a row, or the mean was taken before y and 1 − y could choose.
    every logit with every target | result: binary(*broadcast_tensors(z.flatten(), y.reshape(-1, 1))).mean()
Here each class has a yes-or-no loss of its own, and every class pays.
    cross-entropy instead | result: cross_entropy(z, y) | cross_entropy(z, y.argmax(1)) | -(y * softmax(z, 1).log()).mean()
    overlap instead of a loss for each class \
| result: 1 - (2 * (z.sigmoid() * y).sum() + k) / (z.sigmoid().sum() + y.sum() + k) for k in (1, 0, 1e-6)
""", TERMS_STEPS)
BCE_EXTREMES = [
    (torch.tensor([[17.0]]), torch.tensor([[0.0]])),
    (torch.tensor([[-2000.0]]), torch.tensor([[1.0]])),
    (torch.tensor([[2000.0]]), torch.tensor([[0.0]])),
    (torch.tensor([[200.0, 2, -200]]), torch.tensor([[1.0, 1, 0]])),
]
STOPPED = Fault("the logarithm stopped at −100", "σ rounds to 0 or 1 here, and torch's BCELoss stops the logarithm of 0 at −100: every "
                "worse mistake costs 100 as well, and has no gradient to learn from. From the logits it takes one step.",
                lambda loss, z: bool(loss.max() == 100))
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


def soft_remark(terms: Callable) -> Callable[[Callable], str]:
    """What a right loss may still lack: targets between 0 and 1."""
    def remark(function: Callable) -> str:
        soft = torch.tensor([[2, 3, 0.1]]), torch.tensor([[0.1, 0.9, 0.1]])
        return ("" if alike(call(function, *copies(soft))[0], terms(*soft)) else
                say("a target may also be a probability such as 0.9, and there it parts from torch."))
    return remark


WAYS = [two_terms, lambda do, z, y: two_terms(do, z, y, -100), logs_in_one_step, one_line_each]
TERMS_TASK = Task(binary, ["logits", "targets"], BCE_INPUTS, WAYS, TERMS_SLIPS, TERMS_STEPS, BCE_EXTREMES, SLOPES, soft_remark(binary),
                  faults=[STOPPED])
BCE_TASK = replace(TERMS_TASK, truth=F.binary_cross_entropy_with_logits, ways=[averaged(way) for way in WAYS],
                   slips=BCE_SLIPS + TERMS_SLIPS, remark=soft_remark(F.binary_cross_entropy_with_logits))


def check_bce_terms(function: Callable[[Tensor, Tensor], Tensor]) -> Result:
    """Whether function(logits, targets [N, C]) → [N, C] is each class's binary loss, in nats.  Written in notebooks/05."""
    return check(function, TERMS_TASK)


def check_bce(function: Callable[[Tensor, Tensor], Tensor]) -> Result:
    """Whether function(logits, targets [N, C]) → mean [] is binary cross-entropy, in nats.  Written in notebooks/05."""
    return check(function, BCE_TASK)
