"""Which target each loss takes, and what it says of the others.  Taught in notebooks/04_bce_shape_error.ipynb."""

import itertools
from collections.abc import Callable

import ipywidgets as widgets
import matplotlib
import torch
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor, nn
from torch.nn import functional as F

from utils import plots
from utils.check import Result, Task, check, slip
from utils.explore import Explorer, listed, logit_sliders, logits_from, presets
from utils.inputs import FLOATS, as_labels, as_targets, check_labels, check_logits, check_tensor, labels_are, one_line, shape
from utils.plots import COLOURS, GREY, INK, STYLE, WRONG, number

LOSSES = {"CrossEntropyLoss": nn.CrossEntropyLoss(), "BCEWithLogitsLoss": nn.BCEWithLogitsLoss()}

# Ways in which people write "the label is 1" for one image with three classes.
FORMS = {
    "[1] long": torch.tensor([1]),
    "[1] float": torch.tensor([1.0]),
    "1, no dimension": torch.tensor(1),
    "[[1]] long": torch.tensor([[1]]),
    "[0, 1, 0] float": torch.tensor([0.0, 1.0, 0.0]),
    "[[0, 1, 0]] long": torch.tensor([[0, 1, 0]]),
    "[[0, 1, 0]] bool": torch.tensor([[False, True, False]]),
    "[[0, 1, 0]] float": torch.tensor([[0.0, 1.0, 0.0]]),
    "[[1, 1, 1]] float": torch.tensor([[1.0, 1.0, 1.0]]),
    "[[0, 255, 0]] float": torch.tensor([[0.0, 255.0, 0.0]]),
    "[3] long": torch.tensor([3]),
    "[−100] long": torch.tensor([-100]),
}


def bce_target(labels: Tensor, num_classes: int) -> Tensor:
    """One row per label, 1 in the label's column and 0 elsewhere: the target that BCEWithLogitsLoss takes.

    labels: (...) long, 0 ... num_classes − 1.  Returns: (..., num_classes), float32.
    Raises TypeError or ValueError for other labels.  Taught in notebooks/04.
    """
    if not isinstance(num_classes, int):
        raise TypeError(f"num_classes is a {type(num_classes).__name__}; a whole number is wanted: how many classes there are")
    if num_classes < 2:  # one column, with a 1 in each row, would say yes for label 0
        raise ValueError(f"num_classes is {num_classes}; at least 2 is wanted: "
                         "for one yes or no per image, 1 or 0, write labels.float().unsqueeze(-1)")
    check_labels(labels, num_classes)
    return F.one_hot(labels, num_classes).float()


def answer(loss: nn.Module, logits: Tensor, target: Tensor) -> tuple[float | None, str]:
    """What torch itself says: (the number, "") or (None, "ValueError: ...")."""
    try:
        return loss(logits, target).item(), ""
    except Exception as error:
        return None, one_line(error)


def misfit(loss: str, logits: Tensor, target: Tensor) -> tuple[str, str]:
    """The first thing about a target that keeps it from saying "the label is 1": ("shape", a sentence), or ("", "").

    loss: a key of LOSSES; logits: [1, classes], floating; target: any tensor.
    Returns: the part, one of "shape", "dtype", "values" or "", and what to do about it; code in it makes a target that says
    the same, or where none can, one that says "the label is 1".
    Raises ValueError for another loss, TypeError or ValueError for other logits or target.  Taught in notebooks/04.
    """
    check_logits(logits)
    check_tensor(target, "target")
    if logits.dim() != 2 or len(logits) != 1:
        raise ValueError(f"logits has shape {shape(logits)}; one row is wanted: shape [1, classes]")
    if loss not in list(LOSSES):
        raise ValueError(f"loss is {loss!r}; one of {', '.join(LOSSES)} is wanted")
    classes, values, whole = logits.shape[-1], target.double(), not (target.is_floating_point() or target.dtype == torch.bool)
    if loss == "CrossEntropyLoss" and classes == 1:
        return "values", ("one logit competes with no other, so this loss is 0 whatever it is: for a yes or no take "
                          f"nn.BCEWithLogitsLoss and write {as_targets('target', target, logits) or 'torch.tensor([[1.0]])'}")
    if loss == "CrossEntropyLoss" and target.shape == logits.shape[:-1]:  # one label per row
        label = target.item()
        if target.dtype not in (torch.long, torch.uint8):
            code = as_labels("target", target, target.shape, classes)
            return "dtype", (f"a label is an index{' of 64 bits' if whole else ', so a whole number'}: "
                             + (f"write {code}" if code else f"{labels_are(classes)}, so look where the labels are made"))
        if label == -100:
            return "values", "−100 is ignore_index: the row is skipped, and a mean over no rows is 0 / 0"
        if not 0 <= label < classes:
            return "values", f"{labels_are(classes)}: look where the labels are made"
        return ("", "") if label == 1 else ("values", f"the label is {label}, not 1")
    code = as_targets("target", target, logits)
    if loss == "CrossEntropyLoss" and target.shape != logits.shape:
        return "shape", (f"one label per row, shape {shape(logits[..., 0])}, or one probability per class, shape {shape(logits)}, "
                         f"is wanted: write {as_labels('target', target, logits.shape[:-1], classes) or code or 'torch.tensor([1])'}")
    if target.shape != logits.shape:
        one = f"F.one_hot(torch.tensor([1]), num_classes={classes}).float()" if classes > 1 else "torch.tensor([[1.0]])"
        return "shape", f"one number per logit is wanted, shape {shape(logits)}: write {code or one}"
    if target.dtype not in FLOATS:
        return "dtype", ("one number per class means floating point" + (
            f": write {code}" if code else ", in [0, 1]: look where the target is made"))
    if not ((values >= 0) & (values <= 1)).all():
        return "values", "torch does not check that a target lies in [0, 1]: " + (
            f"divide a 0/255 mask by 255, so write {code}" if code.endswith("255") else
            f"if −1 stands for no, write {code}" if code else "look where it was made")
    if values.tolist() != [[float(k == min(1, classes - 1)) for k in range(classes)]]:  # one logit asks for yes, 1
        return "values", ("torch does not know what you meant: this row does not say class 1 and no other" if classes > 1 else
                          f"the target is {target.item():.6g}, not 1")
    return "", ""


def explore_target_shape() -> Explorer:
    """Choose a loss and a form of "the label is 1" → both tensors with their shapes, and torch's own answer."""
    figure, (ax,) = plots.figure([1], "red: what does not fit")
    with matplotlib.rc_context(STYLE):
        ax.set(xlim=(0, 10), ylim=(0, 4))
        ax.axis("off")
        move_logits, move_target = tensor_row(ax, 2.55, "logits"), tensor_row(ax, 0.35, "target")
        links = [ax.plot([], [], color=GREY, linewidth=3, zorder=1, animated=True)[0] for _ in range(3)]
        title = ax.text(8.5, 3.35, "", ha="center", fontsize=15, animated=True)
        result = ax.text(8.5, 2.2, "", ha="center", va="center", fontsize=30, fontweight="bold", animated=True)
        verdict = ax.text(8.5, 1.25, "", ha="center", va="center", fontsize=15, linespacing=1.4, animated=True)

    def compute(values):
        logits, loss, target = logits_from(values).float().unsqueeze(0), values["loss"], FORMS[values["target"]]
        part, mend = misfit(loss, logits, target)
        value, error = answer(LOSSES[loss], logits, target)
        double, _ = answer(LOSSES[loss], logits.double(), target.double() if target.is_floating_point() else target)
        return {"logits": logits, "loss": loss, "target": target, "form": values["target"],
                "part": part, "mend": mend, "value": value, "double": double, "error": error}

    def show(now, before):
        logits, target, part, value = now["logits"], now["target"], now["part"], now["value"]
        move_logits(logits, "")
        move_target(target, part)
        # Which logit each number of the target speaks of: its own, or for a right label the one that it names.
        pairs = [(k, k) for k in range(3)] if target.shape == logits.shape else [] if part else [(int(target), 0)]
        for link, pair in itertools.zip_longest(links, pairs):
            link.set_data([cell_middle(k) for k in pair] if pair else [], [2.55, 1.35] if pair else [])
        title.set_text(f"{now['loss']} says")
        result.set(text=now["error"].split(":")[0] if value is None else number(value), color=WRONG if part else INK,
                   fontsize=24 if value is None else 30)
        verdict.set(text=f"✗ {part}: an error" if value is None else f"✗ {part}: no error,\nbut not a loss" if value != value
                    else f"✗ {part}: no error,\nsilently wrong" if part
                    else "✓ this is the loss\nfor label 1", color=WRONG if part else INK)
        said = now["error"] or number(value)
        if value is not None and number(value) != number(now["double"]):
            said += f" in float32, {number(now['double'])} in float64"
        words = [f"nn.{now['loss']}()(logits, target)",
                 f"logits  shape {shape(logits):8} {kind(logits):9} {listed(logits[0])}",
                 f"target  shape {shape(target):8} {kind(target):9} {target.tolist()}".replace("-", "−"),
                 f"torch says  {said}"]
        if part:
            words.append(f"the {part} {'do' if part == 'values' else 'does'} not fit: " + now["mend"].replace(": ", ":\n  "))
        line = f"{now['loss']}, target {now['form']} → {said if value is not None else said.split(':')[0]}"
        return line, "\n".join(words), ""

    controls = logit_sliders() | {
        "loss": widgets.ToggleButtons(options=list(LOSSES), value="BCEWithLogitsLoss", description="loss",
                                      style={"description_width": "max-content", "button_width": "236px"}),
        # toggles, not a drop-down list: JupyterLab keeps the arrow keys of a list for itself
        "target": widgets.ToggleButtons(options=list(FORMS), description="target",
                                        style={"description_width": "max-content", "button_width": "182px"}),
    }
    return Explorer("explore_target_shape", controls, compute, show, figure, presets())


def kind(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def cell_middle(k: int) -> float:
    return 2.95 + 1.4 * k


def tensor_row(ax: Axes, y: float, name: str):
    """A tensor of at most three numbers as a row of cells with one frame per dimension.

    Returns move(tensor, part): part, one of "shape", "dtype", "values" or "", is what is marked in red.
    """
    ax.text(0, y + 0.85, name, fontsize=17, fontweight="bold", va="center")
    lines = {part: ax.text(0, y + dy, "", fontsize=15, va="center", animated=True)
             for part, dy in (("shape", 0.45), ("dtype", 0.05))}
    cells = [ax.add_patch(Rectangle((cell_middle(k) - 0.6, y), 1.2, 1, linewidth=2, zorder=2, animated=True))
             for k in range(3)]
    texts = [ax.text(cell_middle(k), y + 0.5, "", ha="center", va="center", fontsize=17, zorder=3, animated=True)
             for k in range(3)]
    frames = [ax.add_patch(Rectangle((0, 0), 1, 1, fill=False, linewidth=1.6, animated=True)) for _ in range(2)]

    def move(tensor: Tensor, part: str) -> None:
        values = tensor.flatten().tolist()
        for key, text in (("shape", f"shape {shape(tensor)}"), ("dtype", kind(tensor))):
            lines[key].set(text=("✗ " if key == part else "") + text, color=WRONG if key == part else INK)
        for k in range(3):
            there = k < len(values)
            cells[k].set(visible=there, facecolor="white", edgecolor=WRONG if part == "values" else COLOURS[k]
                         if len(values) == 3 else INK)
            texts[k].set(text=f"{values[k]:.4g}".replace("-", "−") if there and not isinstance(values[k], bool)
                         else str(values[k]) if there else "", color=WRONG if part == "values" else INK)
        for d, frame in enumerate(frames):
            out = 0.1 + 0.1 * d
            frame.set(visible=d < tensor.dim(), edgecolor=WRONG if part == "shape" else GREY)
            frame.set_bounds(cell_middle(0) - 0.6 - out, y - out, 1.4 * len(values) - 0.2 + 2 * out, 1 + 2 * out)

    return move


# --- the check: a target in steps, and its slips

def rows(do, t: Tensor, n: int) -> Tensor:
    return do.place(do.labels(t, n), do.columns(n, t))


def written_in(t: Tensor, n: int, where, value=1.0) -> Tensor:
    target = torch.zeros(len(t), n)
    target[where] = value
    return target


TARGET_SLIPS = [
    slip("label expanded instead of one-hot",
         "Repeating the label says “yes, yes, yes” for 1, and “no, no, no” for 0. Write 1 in the label's column "
         "and 0 elsewhere.", place=[lambda t, n: t.unsqueeze(1).expand(-1, n).float(), lambda t, n: t.unsqueeze(1).expand(-1, n)]),
    slip("long instead of float", "The numbers are right. BCE takes them as probabilities, so as floats: .float() at the end.",
         after=torch.Tensor.long),
    slip("bool instead of float", "The answers are right. BCE takes them as probabilities, so as floats: .float() at the end.",
         after=torch.Tensor.bool),
    slip("num_classes not used",
         "Without it the largest label of the batch decides how many columns there are: F.one_hot(labels, num_classes).",
         columns=lambda n, t: int(t.max()) + 1),
    slip("number of classes fixed", "This is right for three classes only. Use num_classes.",
         columns=[lambda n, t: 3, lambda n, t: 4, lambda n, t: 2, lambda n, t: 10]),
    slip("as many columns as labels", "How many labels there are says nothing of how many classes there are: use num_classes.",
         columns=lambda n, t: len(t)),
    slip("off by one class", "The first class is 0, so label 0 is the first column. Take the label as it is.",
         labels=[lambda t, n: (t + 1) % n, lambda t, n: (t - 1) % n, lambda t, n: t + 1, lambda t, n: t - 1,
                 lambda t, n: (t - 1).clamp(min=0)],
         columns=[lambda n, t: n + 1, lambda n, t: n - 1], instead=lambda t, n: F.one_hot(t + 1, n + 1).float()),
    slip("rows and columns exchanged", "One row for each label, one column for each class: [N, num_classes].", after=torch.Tensor.t),
    slip("targets reversed", "1 stands for “there”, and 0 for “not there”.", after=lambda y: 1 - y),
    slip("counted from the last class", "Label 0 is the first column, not the last.",
         labels=lambda t, n: n - 1 - t, after=lambda y: y.flip(-1)),
    slip("labels in reverse order", "The first row belongs to the first label.", labels=lambda t, n: t.flip(0)),
    slip("every label in every row",
         "target[:, labels] = 1 writes all labels into each row. One for each row: target[torch.arange(len(labels)), labels] = 1.",
         place=lambda t, n: written_in(t, n, (slice(None), t))),
    slip("only the first label", "Each row has a label of its own.", labels=lambda t, n: t * 0 + t[0],
         place=[lambda t, n: written_in(t, n, (0, t)), lambda t, n: written_in(t, n, (0, t[0]))]),
    slip("the label written where 1 belongs", "The column says which class; the number in it says “there”, so 1.",
         place=[lambda t, n: F.one_hot(t, n) * t.unsqueeze(1).float(), lambda t, n: F.one_hot(t, n) * (t.unsqueeze(1) + 1.0)]),
    slip("whole rows filled",
         "target[labels] = 1 fills the rows of these numbers. One place in each row: target[torch.arange(len(labels)), labels] = 1.",
         place=lambda t, n: written_in(t, n, t)),
    slip("all labels in one row", "One row for each label is wanted, not one for all.",
         place=[lambda t, n: F.one_hot(t, n).sum(0).float(), lambda t, n: F.one_hot(t, n).amax(0).float(),
                lambda t, n: F.one_hot(t, n).amax(0, keepdim=True).float()]),
    slip("the columns filled up to the label", "One class is there, not all the classes up to it: == and not >=.",
         place=[lambda t, n: (torch.arange(n) <= t.unsqueeze(1)).float(), lambda t, n: (torch.arange(n) < t.unsqueeze(1)).float(),
                lambda t, n: (torch.arange(n) >= t.unsqueeze(1)).float(), lambda t, n: (torch.arange(n) > t.unsqueeze(1)).float()]),
    slip("no 1 written", "All zeros say “no” to every class. Each row wants a 1 in its label's column.",
         place=lambda t, n: torch.zeros(len(t), n)),
    slip("ones everywhere", "All ones say “yes” to every class. Zeros first, then a 1 in each label's column.",
         place=lambda t, n: torch.ones(len(t), n)),
    slip("the diagonal", "Row k is label k only if the labels happen to be 0, 1, 2, …: index the rows of eye with the labels.",
         place=[lambda t, n: torch.eye(len(t), n), lambda t, n: torch.eye(n)]),
    slip("−1 for “not there”", "A target for BCE says 0 for “not there”. −1 is for hinge losses.", after=lambda y: 2 * y - 1),
    slip("smoothed labels", "A plain one-hot row is wanted: 1 and 0.",
         after=[lambda y: 0.9 * y + 0.1 / y.shape[-1], lambda y: 0.9 * y + 0.05]),
    slip("255 for “there”", "An image's mask says 255; a target says 1.", after=lambda y: 255 * y),
    slip("dimension of the batch lost", "One row for each label, for one label too: shape [1, num_classes].", after=lambda y: y.squeeze(0)),
    slip("the label itself", "One index cannot answer num_classes questions. Each label becomes a row.",
         place=[lambda t, n: t.float(), lambda t, n: t, lambda t, n: t.float().unsqueeze(1), lambda t, n: t.unsqueeze(1)]),
]
BCE_TARGET = Task(lambda t, n: F.one_hot(t, n).float(), ["labels", "num_classes"], [
    (torch.tensor([1]), 3),
    (torch.tensor([2, 0]), 3),
    (torch.tensor([2, 0, 1]), 4),
    (torch.tensor([3, 0, 1, 3, 2]), 5),
    (torch.tensor([0, 0, 0]), 2),
    (torch.tensor([1, 0, 2]), 3),
], [rows], {"labels": lambda t, n: t, "columns": lambda n, t: n, "place": lambda t, n: F.one_hot(t, n).float()}, TARGET_SLIPS)


def check_bce_target(function: Callable[[Tensor, int], Tensor]) -> Result:
    """Whether function(labels [N], num_classes) → [N, num_classes], floating, is one-hot.  Written in notebooks/04."""
    return check(function, BCE_TARGET)
