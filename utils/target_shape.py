"""Which target each loss takes, and what it says of the others.  Taught in notebooks/04_bce_shape_error.ipynb."""

import itertools

import ipywidgets as widgets
import matplotlib
import torch
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor, nn
from torch.nn import functional as F

from utils import bars as plots
from utils.bars import GREY, INK, STYLE
from utils.example import BCE, LABEL, LOGITS, TARGET, logit_sliders, logits_from, presets
from utils.explore import Explorer, listed
from utils.inputs import FLOATS, as_labels, as_targets, check_labels, check_logits, check_tensor, labels_are, one_line, shape
from utils.plots import COLOURS, WRONG, number
from utils.predict import Questions, the_one


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


def refuses(loss: nn.Module, logits: Tensor, target: Tensor) -> str:
    """The name of the error that torch raises for a target, "" if it takes it."""
    return answer(loss, logits, target)[1].partition(":")[0]


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


# What notebook 4 asks, in its order.
questions = Questions()


@questions.asks("`nn.BCEWithLogitsLoss` will refuse the label `tensor([1])`. What does it complain about first?", {
    "Its value": "1 is a fine value for a target: it says *there*. There are just not enough of them.",
    "Its dtype":
        "That is the second thing wrong with it: a long where a float is wanted. But torch looks at something else "
        "first.",
    "Its shape": "Three logits are three questions, and the label holds one number.",
})
def what_is_wrong():
    said = answer(BCE, LOGITS, LABEL)[1]
    # A float label is refused in the same words: so it is not the dtype; the value 1 in the right shape is taken.
    first = answer(BCE, LOGITS, LABEL.float())[1] == said and not refuses(BCE, LOGITS, TARGET)
    return the_one({"Its shape": first}), f"“{said}”"


@questions.asks("The message asks for size [1, 3], so someone repeats the label until it fits: `[[1., 1., 1.]]`. What will torch "
                "say?", {
    "An error, another one": "It now has what it asked for. Torch can check a shape, but not what you meant.",
    "0.9733": "That is the loss of *no, yes, no*. The repeated label says *yes, yes, yes*.",
    "Another number, without an error": "It answers the question that you asked: are all three classes there?",
})
def expanded():
    right, loss = float(BCE(LOGITS, TARGET)), float(BCE(LOGITS, torch.ones(1, 3)))
    return the_one({"0.9733": abs(loss - right) < 1e-4, "Another number, without an error": abs(loss - right) >= 1e-4}), number(loss)


@questions.asks("Can a cross-entropy be negative?", {
    "Never":
        "True as long as the targets are probabilities: then it is −log of something below 1. Torch does not check "
        "that they are.",
    "Yes, when the model is very good": "A very good model gets close to 0, and not below.",
    "Yes, when a target lies outside 0 … 1": "Above 1, 1 − y is below 0, and its term counts the wrong way round.",
})
def negative():
    grid = torch.linspace(-10, 10, 81).reshape(-1, 1)
    inside = min(float(BCE(grid, torch.full_like(grid, y))) for y in (0.0, 0.25, 0.5, 0.75, 1.0))
    mask = float(BCE(LOGITS, 255 * TARGET))
    return the_one({"Never": min(mask, inside) >= 0, "Yes, when a target lies outside 0 … 1": mask < 0 <= inside,
                    "Yes, when the model is very good": inside < 0}), (
        f"{number(mask)} for the target {listed(255 * TARGET[0])}, and never below 0 for targets from 0 to 1")


@questions.asks("Two images, three classes, labels 1 and 0. Which target says so to `nn.BCEWithLogitsLoss`?", {
    "[[0., 1., 0.], [1., 0., 0.]]": "One row for each image, one answer for each class, as floats.",
    "[[1., 1., 1.], [0., 0., 0.]]":
        "Torch takes it: shape and dtype are right. It says *all three* of the first image and *none* of the second.",
    "[[0, 1, 0], [1, 0, 0]]":
        "The right answers as whole numbers. Torch wants floats, since an answer may also be 0.9.",
    "[1., 0.]": "The labels themselves, as floats. Two numbers cannot answer six questions.",
})
def tie_target():
    sure = torch.tensor([[-50.0, 50.0, -50.0], [50.0, -50.0, -50.0]])  # class 1 and no other, then class 0 and no other
    targets = {str(target).replace(".0", "."): torch.tensor(target) for target in (
        [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]], [[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]], [[0, 1, 0], [1, 0, 0]], [1.0, 0.0])}
    says = {name: refuses(BCE, sure, target) or f"{float(BCE(sure, target)):.4f}" for name, target in targets.items()}
    return the_one({name: said == "0.0000" for name, said in says.items()}), (
        f"{', '.join(says.values())} to the four targets, for a model that is sure of the right answers")
