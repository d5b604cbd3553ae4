"""Binary cross-entropy: one yes-or-no loss per class.  Taught in notebooks/05_bce_per_class.ipynb."""

from collections.abc import Callable

import ipywidgets as widgets
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from utils import plots
from utils.check import Fault, Result, Task, check, copies, same, slip
from utils.cross_entropy import LOG_SLIPS, REDUCTION_SLIPS, rounded, worked_cross_entropy, worked_row
from utils.example import BATCH, FOUR, ROW, SMALL
from utils.explore import (
    LABEL_1, Explorer, ask, listed, logit_sliders, logits_from, presets, target_boxes, targets_from,
)
from utils.inputs import call, check_logits, check_targets
from utils.plots import GREY, exact, minus_log, number, numbers
from utils.sigmoid import SIGMOID_SLIPS, SIGMOID_STEPS, fraction, log_sigmoid, sigmoid
from utils.softmax import ACTIVATION_SLIPS


def bce_terms(logits: Tensor, targets: Tensor) -> Tensor:
    """One binary cross-entropy per class, before any reduction: −y log σ(z) − (1 − y) log(1 − σ(z)).

    logits, targets: (..., classes), targets in [0, 1].  Returns: same shape, in nats.
    Raises TypeError or ValueError for other logits or targets.  Taught in notebooks/05.
    """
    check_logits(logits)
    check_targets(targets, logits)
    return -targets * log_sigmoid(logits) - (1 - targets) * log_sigmoid(-logits)  # 1 − σ(z) is σ(−z)


def bce(logits: Tensor, targets: Tensor, reduction: str = "mean") -> Tensor:
    """The per-class losses, reduced over all classes and images as nn.BCEWithLogitsLoss does.

    logits, targets: (..., classes); reduction: "mean", "sum" or "none".  Returns: [], or for "none" the same shape.
    Raises TypeError or ValueError for other logits, targets or reductions.  Taught in notebooks/05.
    """
    terms = bce_terms(logits, targets)
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f'reduction is {reduction!r}; "mean", "sum" or "none" is wanted')
    return terms.mean() if reduction == "mean" else terms.sum() if reduction == "sum" else terms


def bce_gradient(logits: Tensor, targets: Tensor) -> Tensor:
    """How the mean of the binary losses changes with each logit: (σ − y) / (how many losses there are).

    logits, targets: (..., classes).  Returns: same shape, nats per unit of logit.
    Raises TypeError or ValueError for other logits or targets.  Taught in notebooks/05.
    """
    check_logits(logits)
    check_targets(targets, logits)
    return (sigmoid(logits) - targets) / logits.numel()


def worked_bce(terms: Tensor, reduction: str, loss: float | None) -> str:
    """The arithmetic in words: (2.1269 + 0.0486 + 0.7444) / 3 = 0.9733."""
    if reduction == "none":
        return f"[{numbers(terms)}]"
    count = len(terms) if reduction == "mean" else 1
    added = " + ".join(exact(loss, lambda *losses: sum(losses) / count, *terms.tolist()))
    return (f"({added}) / {count}" if reduction == "mean" else added) + f" = {number(loss)}"


def explore_bce(bce_terms: Callable[[Tensor, Tensor], Tensor]) -> Explorer:
    """Logits and targets → one loss per class by the reader's bce_terms([1, 3], [1, 3]) → reduced, CE beside it."""
    figure, (left, middle, right) = plots.figure(
        [0.95, 1.27, 0.72], "middle: your bce_terms, black edge torch's   ·   dashed: mean   ·   grey: before this control moved")
    move_sigmoids = plots.class_bars(left, "σ(logit)", 0, 1, [0, 0.5, 1])
    move_terms = plots.class_bars(middle, "one loss per class", 0, 4.2, [0, 2, 4])
    move_losses = plots.bars(right, "reduced", 0, 4.2, [0, 2, 4], ["BCE", "CE"], [GREY, GREY], ["", ""])

    def compute(values):
        logits, targets = logits_from(values).unsqueeze(0), targets_from(values).unsqueeze(0)
        check_logits(logits)
        truth = nn.BCEWithLogitsLoss(reduction="none")(logits, targets)
        answer, wrong = ask(bce_terms, logits, targets, like=truth)
        reduction, row = values["reduction"], float(nn.CrossEntropyLoss()(logits, targets))
        return {"logits": logits[0], "y": targets[0].int().tolist(), "truth": truth[0], "answer": answer[0],
                "sigma": torch.sigmoid(logits)[0], "p": torch.softmax(logits, dim=1)[0], "wrong": wrong,
                "reduction": reduction,
                "bce": None if reduction == "none" else float(bce(logits, targets, reduction)),
                # CrossEntropyLoss takes any row; there is a label that says the same only where exactly one class is true
                "row": row, "ce": row if targets.sum() == 1 else None}

    def show(now, before):
        y, truth, reduction = now["y"], now["truth"], now["reduction"]
        move_sigmoids(now["sigma"], ghost=before and before["sigma"], notes=[f"y = {there}" for there in y])
        move_terms(now["answer"], outline=truth, ghost=before and before["truth"],
                   notes=["−log σ" if there else "−log(1−σ)" for there in y],
                   line=now["bce"] if reduction == "mean" else None)
        move_losses([now["bce"], now["ce"]], notes=[reduction, "" if sum(y) == 1 else f"{sum(y)} labels"],
                    ghost=before and [before["bce"], before["ce"]])
        rows = []
        for k, there in enumerate(y):
            p_true = float(torch.sigmoid(now["logits"][k] if there else -now["logits"][k]))  # given to what is true
            rows.append(f"class {k}   y = {there}   {'−log σ' if there else '−log(1 − σ)':<11} = "
                        f"−log {exact(float(truth[k]), minus_log, p_true)[0]} = {number(float(truth[k]))}")
        rows.append(f"BCE = {worked_bce(truth, reduction, now['bce'])}")
        rows.append(f"CE  {worked_row(y, now['row'])}" if now["ce"] is None else
                    f"CE  = {worked_cross_entropy(now['p'], y.index(1), now['ce'])}")
        line = f"logits {listed(now['logits'])}, target {y} → losses {numbers(now['answer'])}"
        return line + ("" if reduction == "none" else f", {reduction} {number(now['bce'])}"), "\n".join(rows), now["wrong"]

    controls = logit_sliders() | target_boxes() | {
        "reduction": widgets.ToggleButtons(options=["mean", "sum", "none"], description="reduction",
                                           style={"description_width": "max-content", "button_width": "104px"})}
    return Explorer("explore_bce", controls, compute, show, figure, presets(**LABEL_1))


# --- the checks: the binary losses in steps, and their slips

def two_terms(do, z: Tensor, y: Tensor, floor: float = -torch.inf) -> Tensor:
    """−(y log σ + (1 − y) log(1 − σ)), as it is written first; with a floor of −100, as nn.BCELoss has it."""
    y, p = do.targets(y), do.rounding(fraction(do, z))
    there, away = do.log(p).clamp(min=floor), do.log(do.other(p)).clamp(min=floor)
    return do.whole(z, y, do.join(do.there(y, there), do.away(1 - y, away)))


def floored_terms(do, z: Tensor, y: Tensor) -> Tensor:
    return two_terms(do, z, y, -100)


def one_line_each(do, z: Tensor, y: Tensor) -> Tensor:
    """max(z, 0) − z y + log(1 + exp(−|z|)), which nothing overflows."""
    z, y = do.logits(z), do.targets(y)
    return torch.relu(z) - do.product(z, y) + do.tail(z)


def reduced(terms: Callable) -> Callable:
    return lambda do, z, y: do.reduce(terms(do, z, y), z)


def losses(z: Tensor, y: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(z, y, reduction="none")


TERMS_STEPS = SIGMOID_STEPS | {
    "targets": lambda y: y, "rounding": lambda p: p, "log": torch.log, "other": lambda p: 1 - p, "there": torch.mul, "away": torch.mul,
    "join": lambda there, away: -(there + away), "whole": lambda z, y, terms: terms, "product": torch.mul,
    "tail": lambda z: (-z.abs()).exp().log1p()}


def typo(z: Tensor, y: Tensor) -> Tensor:
    """The article's loss_2, as it is printed."""
    return losses(z, torch.ones_like(y)) * y - losses(z, torch.ones_like(y)) * (1 - y)


OWN = "The zeros of the target are answers too: “not there”. Their term is −(1 − y) log(1 − σ(z))."
BRACKET = "it is −(y log σ + (1 − y) log(1 − σ))."
TERMS_SLIPS = [
    slip("own class only", OWN, join=lambda there, away: -there),
    slip("only the classes that are not there", "The other term is missing: −y log σ(z), for the classes that are there.",
         join=lambda there, away: -away),
    slip("targets reversed", "y stands before log σ, and 1 − y before log(1 − σ). Here it is the other way round.",
         targets=lambda y: 1 - y),
    slip("minus missing",
         "A loss is not negative. log σ is, so a minus belongs before the bracket; logaddexp and softplus are not, so none does.",
         join=torch.add),
    slip("the article's printed typo", "The bracket closes too early, and the 1 − is missing: " + BRACKET,
         whole=[lambda z, y, _: typo(z, y), lambda z, y, _: torch.cat([losses(z, y)[:, :-1], typo(z, y)[:, -1:]], dim=1)]),
    slip("the minus reaches only the first term", "The bracket closes too early: " + BRACKET, join=lambda there, away: away - there),
    slip("the minus reaches only the second term", "The bracket opens too late: " + BRACKET, join=torch.sub),
    slip("1 − missing in the second logarithm", "A class that is not there costs −log of the probability of “not there”, 1 − σ(z).",
         other=lambda p: p),
    slip("1 − missing before the second logarithm", "The second term is for the classes that are not there: 1 − y stands before it.",
         away=[lambda rest, log: log, lambda rest, log: (1 - rest) * log]),
    slip("y missing before the first logarithm", "The first term is for the classes that are there: y stands before it.",
         there=lambda y, log: log),
    slip("1 − outside the logarithm", "1 − log σ is not log(1 − σ): the bracket belongs inside.",
         other=lambda p: (1 - p.log()).exp()),
    slip("terms multiplied", "The two terms are added: one of them is 0 for each class.", join=lambda there, away: -(there * away)),
    slip("log missing", "A probability is not a loss yet. Take −log of what the truth got.",
         log=lambda p: p, whole=[
             lambda z, y, _: y * torch.sigmoid(z) + (1 - y) * torch.sigmoid(-z), lambda z, y, _: (y - torch.sigmoid(z)).abs()]),
    slip("squared difference", "(y − σ)² is another loss, and flat where the model is sure and wrong. It is −log here.",
         whole=[lambda z, y, _: (y - torch.sigmoid(z)) ** 2, lambda z, y, _: (y - z) ** 2]),
    *LOG_SLIPS[:2],
    slip("probabilities expected where logits came",
         "The logarithm was taken of logits. They can be any numbers: sigmoid first, or logsigmoid.",
         activation=[lambda z, p: z, lambda z, p: z.clamp(1e-7, 1 - 1e-7), lambda z, p: z.clamp(1e-12, 1), lambda z, p: z + 1e-7],
         whole=lambda z, y, _: F.binary_cross_entropy(z, y, reduction="none")),
    slip("sigmoid applied twice", "binary_cross_entropy_with_logits and logsigmoid contain the sigmoid. Hand them the logits.",
         logits=torch.sigmoid),
    slip("softmax applied first", "Shares were handed over as logits. This loss wants the logits themselves.",
         logits=lambda z: torch.softmax(z, -1)),
    slip("softmax instead of sigmoid", "The classes compete here. Three questions, three answers: sigmoid, which has no sum over classes.",
         activation=[lambda z, p: torch.softmax(z, -1), lambda z, p: torch.softmax(z, 0)]),
    slip("rounded before the logarithm",
         "Four decimals are for reading. Small probabilities lose most by rounding, and their logarithms are the largest.",
         rounding=[lambda p, d=d: rounded(p, d) for d in (4, 3, 2, 5)]),
    *LOG_SLIPS[2:],
    slip("weights that nobody asked for", "Each class counts the same here: no weight and no pos_weight.",
         there=[lambda y, log, w=w: w * y * log for w in (2, 3, 10, 0.5)] + [lambda y, log: (1 - y).sum() / y.sum() * y * log,
                lambda y, log: (1 - y).sum(0) / y.sum(0) * y * log],
         away=[lambda rest, log, w=w: w * rest * log for w in (2, 0.5, 0.1)],
         join=[lambda there, away: -(0.25 * there + 0.75 * away), lambda there, away: -(0.75 * there + 0.25 * away)]),
    slip("label smoothing", "The targets are softened here. With plain targets they are 1 and 0.",
         targets=[lambda y: 0.9 * y + 0.05, lambda y: 0.9 * y + 0.1 / y.shape[-1], lambda y: 0.8 * y + 0.1]),
    slip("−1 and 1 expected as targets", "Targets are 0 and 1 here. log(1 + exp(−y z)) is for −1 and 1.",
         targets=lambda y: 2 * y - 1, whole=lambda z, y, _: F.softplus(-y * z)),
    slip("hinge loss instead", "Hinge losses want a margin of 1. The binary loss is −log of what the truth got.",
         whole=[lambda z, y, _: (1 - (2 * y - 1) * z).clamp(min=0), lambda z, y, _: (1 - y * z).clamp(min=0)]),
    slip("absolute difference", "|y − z| is another loss. It is −log here.", whole=lambda z, y, _: (y - z).abs()),
    slip("decided before the loss", "Rounded to yes or no, a probability has nothing left to learn from.",
         activation=lambda z, p: p.round()),
    slip("the log term missing", "max(z, 0) − z y is only the straight part: log(1 + exp(−|z|)) belongs to it.", tail=torch.zeros_like),
    slip("absolute value missing", "It is exp(−|z|): without the bars the large logits overflow, and the sum is another.",
         tail=[lambda z: (-z).exp().log1p(), lambda z: z.exp().log1p()]),
    slip("y z missing", "softplus(z) − y z: the second part lets the target speak.", product=lambda z, y: z * 0),
    slip("y z added", "y z lowers the loss: subtract it.", product=lambda z, y: -z * y),
    slip("arguments exchanged", "Logits first, then targets.", whole=lambda z, y, _: losses(y, z)),
    *SIGMOID_SLIPS,
    *ACTIVATION_SLIPS[1:],
]
MANY = "There is one number for each {} here. The mean is over images and classes: mean() without a dim."
BCE_SLIPS = [
    REDUCTION_SLIPS[0],
    slip("no reduction", "There is one loss for each class of each image here. Their mean is wanted: mean() at the end.",
         reduce=lambda x, z: x),
    slip("mean over the classes only", MANY.format("image"), reduce=lambda x, z: x.mean(1)),
    slip("mean over the images only", MANY.format("class"), reduce=lambda x, z: x.mean(0)),
    slip("sum over the classes only", MANY.format("image"), reduce=lambda x, z: x.sum(1)),
    slip("sum over the images only", MANY.format("class"), reduce=lambda x, z: x.sum(0)),
    slip("divided by the classes only", "The images were added up. The mean is over images and classes: N · C losses.",
         reduce=lambda x, z: x.sum(0).mean()),
    slip("divided by the images only", "The classes were added up. The mean is over images and classes: N · C losses.",
         reduce=lambda x, z: x.sum(1).mean()),
    *TERMS_SLIPS,
    slip("own class only", OWN, instead=lambda z, y: (y * losses(z, y)).sum() / y.sum()),
    slip("cross-entropy instead", "This is one loss over classes that compete. Here each class has a yes-or-no loss of its own.",
         instead=[F.cross_entropy, lambda z, y: F.cross_entropy(z, y.argmax(1)), lambda z, y: -(y * torch.softmax(z, 1).log()).mean()]),
    slip("overlap instead of a loss for each class",
         "Dice and its like measure an overlap. Here every class pays −log of what the truth got.",
         instead=[lambda z, y, more=more: 1 - (2 * (z.sigmoid() * y).sum() + more) / (z.sigmoid().sum() + y.sum() + more)
                  for more in (1, 0, 1e-6)]),
    *REDUCTION_SLIPS[2:],
]
SATURATED = ("1 + exp(−17) rounds to 1 in 32 bits, so 1 − σ(17) is 0 and −log 0 is inf. (A limit such as 1e-8 only "
             "hides it.) Use 1 − σ(z) = σ(−z), and log σ in one step: F.logsigmoid, or torch.logaddexp.")
STOPPED = Fault("the logarithm stopped at −100",
                "σ rounds to 0 or 1 here, and torch's BCELoss stops the logarithm of 0 at −100: every worse mistake costs 100 as "
                "well, and has no gradient to learn from. Hand the logits to F.binary_cross_entropy_with_logits, or take log σ "
                "in one step: F.logsigmoid, or torch.logaddexp.", lambda loss: bool(loss.max() == 100))
BCE_EXTREMES = [
    ((torch.tensor([[17.0]]), torch.tensor([[0.0]])),
     [Fault("saturation: a probability rounded to 0 before its logarithm", SATURATED), STOPPED]),
    ((torch.tensor([[-2000.0]]), torch.tensor([[1.0]])), [Fault(
        "saturation at large negative logits",
        "σ(−2000) rounds to 0, and −log 0 is inf. Use log σ in one step: F.logsigmoid, or torch.logaddexp."), STOPPED]),
    ((torch.tensor([[2000.0]]), torch.tensor([[0.0]])), [Fault(
        "overflow at large logits", "exp(89) is already inf in 32 bits. logaddexp, softplus and logsigmoid never compute it."), STOPPED]),
    ((torch.tensor([[200.0, 2, -200]]), torch.tensor([[1.0, 1, 0]])), [Fault(
        "0 · log 0", "1 − σ(200) rounds to 0; its logarithm is −inf, and 0 · −inf is nan. log σ in one step never says −inf.")]),
]
BCE_INPUTS = [
    (ROW, torch.tensor([[0.0, 1, 0]])),
    (torch.tensor([[7.0, -7, 0.3], [0, 1, 0]]), torch.tensor([[0.0, 1, 1], [0, 0, 1]])),
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
        return ("" if same(call(function, *copies(soft))[0], terms(*soft)) else
                "a target may also be a probability such as 0.9, and there it parts from torch.")
    return remark


TERMS_TASK = Task(losses, ["logits", "targets"], BCE_INPUTS, [two_terms, floored_terms, one_line_each], TERMS_STEPS, [
    *TERMS_SLIPS, slip("reduced too early", "One loss for each class is wanted here, before any mean or sum.", after=[
        torch.mean, torch.sum, lambda x: x.mean(1), lambda x: x.sum(1), lambda x: x.mean(0), lambda x: x.sum(0)])],
    BCE_EXTREMES, SLOPES, soft_remark(losses))
BCE_TASK = Task(F.binary_cross_entropy_with_logits, ["logits", "targets"], BCE_INPUTS,
                [reduced(two_terms), reduced(floored_terms), reduced(one_line_each)],
                TERMS_STEPS | {"reduce": lambda x, z: x.mean()}, BCE_SLIPS, BCE_EXTREMES, SLOPES,
                soft_remark(F.binary_cross_entropy_with_logits))


def check_bce_terms(function: Callable[[Tensor, Tensor], Tensor]) -> Result:
    """Whether function(logits, targets [N, C]) → [N, C] is each class's binary loss, in nats.  Written in notebooks/05."""
    return check(function, TERMS_TASK)


def check_bce(function: Callable[[Tensor, Tensor], Tensor]) -> Result:
    """Whether function(logits, targets [N, C]) → mean [] is binary cross-entropy, in nats.  Written in notebooks/05."""
    return check(function, BCE_TASK)
