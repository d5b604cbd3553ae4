"""Which target each loss takes, and what it says of the others.  Taught in notebooks/04_bce_shape_error.ipynb."""

import ipywidgets as widgets
import torch
from torch import Tensor, nn

from utils import plots
from utils.example import BCE, LABEL, LOGITS, TARGET, logit_sliders, logits_from, presets
from utils.explore import Explorer, listed
from utils.inputs import FLOATS, as_labels, as_targets, check_logits, check_tensor, labels_are, one_line, shape
from utils.language import say
from utils.picture import Picture
from utils.plots import number
from utils.predict import Questions, the_one

LOSSES = {"CrossEntropyLoss": nn.CrossEntropyLoss(), "BCEWithLogitsLoss": nn.BCEWithLogitsLoss()}

# Ways in which people write "the label is 1" for one image with three classes.
FORMS = {
    "[1] long": torch.tensor([1]),
    "[1] float": torch.tensor([1.0]),
    "1, shape []": torch.tensor(1),
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
        raise ValueError(say("logits has shape {shape}; one row is wanted: shape [1, classes]", shape=shape(logits)))
    if loss not in list(LOSSES):
        raise ValueError(say("loss is {loss}; one of {losses} is wanted", loss=repr(loss), losses=", ".join(LOSSES)))
    classes, values, whole = logits.shape[-1], target.double(), not (target.is_floating_point() or target.dtype == torch.bool)
    if loss == "CrossEntropyLoss" and classes == 1:
        return "values", say("one logit competes with no other, so this loss is 0 whatever it is: for a yes or no take "
                             "nn.BCEWithLogitsLoss and write {code}", code=as_targets("target", target, logits) or "torch.tensor([[1.0]])")
    if loss == "CrossEntropyLoss" and target.shape == logits.shape[:-1]:  # one label per row
        label = target.item()
        if target.dtype not in (torch.long, torch.uint8):
            fault = say("a label is an index of 64 bits") if whole else say("a label is an index, so a whole number")
            if code := as_labels("target", target, target.shape, classes):
                return "dtype", say("{fault}: write {code}", fault=fault, code=code)
            return "dtype", say("{fault}: {labels}, so look where the labels are made", fault=fault, labels=labels_are(classes))
        if label == -100:
            return "values", say("−100 is ignore_index: the row is skipped, and a mean over no rows is 0 / 0")
        if not 0 <= label < classes:
            return "values", say("{labels}: look where the labels are made", labels=labels_are(classes))
        return ("", "") if label == 1 else ("values", say("the label is {label}, not 1", label=label))
    code = as_targets("target", target, logits)
    if loss == "CrossEntropyLoss" and target.shape != logits.shape:
        return "shape", say("one label per row, shape {labels}, or one probability per class, shape {rows}, is wanted: write {code}",
                            labels=shape(logits[..., 0]), rows=shape(logits),
                            code=as_labels("target", target, logits.shape[:-1], classes) or code or "torch.tensor([1])")
    if target.shape != logits.shape:
        one = f"F.one_hot(torch.tensor([1]), num_classes={classes}).float()" if classes > 1 else "torch.tensor([[1.0]])"
        return "shape", say("one number per logit is wanted, shape {shape}: write {code}", shape=shape(logits), code=code or one)
    if target.dtype not in FLOATS:
        return "dtype", (say("one number per class means floating point: write {code}", code=code) if code else
                         say("one number per class means floating point, in [0, 1]: look where the target is made"))
    if not ((values >= 0) & (values <= 1)).all():
        fault = say("torch does not check that a target lies in [0, 1]")
        if code.endswith("255"):
            return "values", say("{fault}: divide a 0/255 mask by 255, so write {code}", fault=fault, code=code)
        return "values", (say("{fault}: if −1 stands for no, write {code}", fault=fault, code=code) if code else
                          say("{fault}: look where it was made", fault=fault))
    if values.tolist() != [[float(k == min(1, classes - 1)) for k in range(classes)]]:  # one logit asks for yes, 1
        return "values", (say("torch does not know what you meant: this row does not say class 1 and no other") if classes > 1 else
                          say("the target is {target}, not 1", target=f"{target.item():.6g}"))
    return "", ""


def explore_target_shape() -> Explorer:
    """Choose a loss and a form of "the label is 1" → both tensors, what does not fit, torch's own answer, and a scoreboard of all.

    Beside the controls' values the explorer keeps one thing: which cells of the board have been tried.  Reset leaves them,
    since it is pressed to have the logits back, and what has been found should not be lost with them; to begin anew, the cell
    is run again.  What a cell shows follows from the present logits.
    """
    picture, tried = Picture(), {}

    def furniture(form: str):
        """The names of the board's rows, that of the present one in bold."""
        for other in FORMS:
            here = other == form
            picture.text(f"row {other}", other, 984, row(other), "right", LARGE, bold=here, look=plots.INK if here else plots.QUIET)

    def compute(values):
        logits, loss, form = logits_from(values).float().unsqueeze(0), values["loss"], values["target"]
        target = FORMS[form]
        part, mend = misfit(loss, logits, target)
        tried[loss, form] = part
        board = {cell: (part, answer(LOSSES[cell[0]], logits, FORMS[cell[1]])[0]) for cell, part in tried.items()}
        value, error = answer(LOSSES[loss], logits, target)
        double, _ = answer(LOSSES[loss], logits.double(), target.double() if target.is_floating_point() else target)
        right, _ = answer(LOSSES[loss], logits, TARGET)
        return {"logits": logits, "loss": loss, "target": target, "form": form, "part": part, "mend": mend, "value": value,
                "double": double, "error": error, "right": right,
                "board": {cell: (verdict(*of), of[1]) for cell, of in board.items()}}

    def draw(now):
        picture.begin(now["form"], lambda: furniture(now["form"]))
        logits, target, part = now["logits"], now["target"], now["part"]
        bce = now["loss"] == "BCEWithLogitsLoss"
        alone = bce and target.numel() == 1  # it answers none of the three questions, and stands beside them
        for k in range(3) if alone else ():
            missing(picture, k, TARGET_AT)
            picture.line(f"link {k}", plots.RED, slot(k), LOGITS_AT + HIGH, slot(k), TARGET_AT - HIGH, data=(k, None))
        # Which logit each number of the target speaks of: its own, or for a label of the right shape the one that it names.
        own, label = target.numel() == 3 and (bce or target.shape == logits.shape), not bce and part in ("", "values")
        pairs = [(k, k) for k in range(3)] if own else [(int(target), 0)] if label else []
        for k, j in pairs:
            if 3 <= k < 4:  # a class that is not there
                missing(picture, k, LOGITS_AT)
            if 0 <= k < 4:
                picture.line(f"link {k}", plots.RED if part == "values" else plots.QUIET, slot(k), LOGITS_AT + HIGH, slot(j),
                             TARGET_AT - HIGH, data=(k, j))
        tensor(picture, "logits", LOGITS_AT, logits, "")
        wanted = {"shape": "[1, 3]" if bce else "[1], [1, 3]", "dtype": "float32" if target.dim() == 2 else "int64"}.get(part, "")
        tensor(picture, "target", TARGET_AT, target, part, wanted, first=3 if alone else 0)
        for loss, name in NAMES.items():
            here = loss == now["loss"]
            picture.text(f"column {loss}", name, column(loss), 20, "middle", LARGE, bold=here, look=plots.INK if here else plots.QUIET)
            for form in FORMS:
                said, value = now["board"].get((loss, form), ("", None))
                text = {"": "?", "error": "Error", "right": "✓ ", "silent": "✗ "}[said] + ("" if value is None else plots.short(value))
                picture.text(f"says {loss} {form}", text, column(loss), row(form), "middle", LARGE,
                             look={"": plots.GHOST, "error": plots.QUIET, "right": plots.INK, "silent": plots.RED}[said])
        x, y = column(now["loss"]), row(now["form"])
        picture.frame("here", plots.INK, x - 108, y - 17, x + 108, y + 17, data=(now["loss"], now["form"]))

    def show(now, before):
        draw(now)
        logits, target, part, value = now["logits"], now["target"], now["part"], now["value"]
        said = now["error"] or number(value)
        if value is not None and number(value) != number(now["double"]):
            said = say("{single} in float32, {double} in float64", single=said, double=number(now["double"]))
        words = [f"nn.{now['loss']}()(logits, target)",
                 f"logits  shape {shape(logits):8} {kind(logits):9} {listed(logits[0])}",
                 f"target  shape {shape(target):8} {kind(target):9} {target.tolist()}".replace("-", "−"),
                 say("torch says  {said}", said=said), fit(part, value), "  " + (now["mend"] or say("this is the loss for label 1"))]
        short = said.partition(":")[0] if value is None else said
        return say("{loss}, target {form} → {said}", loss=now["loss"], form=now["form"], said=short), "\n".join(words), ""

    controls = logit_sliders() | {
        "loss": widgets.ToggleButtons(options=list(LOSSES), value="BCEWithLogitsLoss", description="loss",
                                      style={"description_width": "max-content", "button_width": "auto"}),
        # A slider, not a drop-down list, whose arrow keys JupyterLab keeps for itself.  It speaks when it is let go: who drags it
        # along all targets has not tried them.
        "target": widgets.SelectionSlider(options=list(FORMS), description="target", continuous_update=False,
                                          layout={"width": "auto"}, style={"description_width": "max-content"}),
    }
    return Explorer("explore_target_shape", controls, compute, show, picture, presets(), tasks)


NAMES = {"CrossEntropyLoss": "CE", "BCEWithLogitsLoss": "BCE"}  # as the board has room for
LOGITS_AT, TARGET_AT = 130, 318  # the middle of each tensor's cells
WIDE, HIGH = 62, 38  # how far a cell's edges are from its middle
LARGE = 31  # of type that is read from the last row


def slot(k: int) -> float:
    """The middle of cell k of a tensor."""
    return 90 + 154 * k


def row(form: str) -> float:
    """The middle of a row of the board."""
    return 56 + 35 * list(FORMS).index(form)


def column(loss: str) -> float:
    """The middle of a column of the board."""
    return 1106 + 220 * list(LOSSES).index(loss)


def verdict(part: str, value: float | None) -> str:
    """What came of a target: "right", "error" or "silent", a number although something does not fit."""
    return "error" if value is None else "silent" if part else "right"


def fit(part: str, value: float | None) -> str:
    """What does not fit, and whether torch stops at it, in words."""
    if not part:
        return say("✓ shape, dtype and values fit:")
    if part == "values":
        return say("✗ the values do not fit, and torch stops:") if value is None else say("✗ the values do not fit, and torch is silent:")
    return (say("✗ the {part} does not fit, and torch stops:", part=part) if value is None else
            say("✗ the {part} does not fit, and torch is silent:", part=part))


def kind(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def missing(picture: Picture, k: int, y: float) -> None:
    """A place where a number is wanted and none is."""
    picture.frame(f"missing {k}", plots.RED, slot(k) - WIDE, y - HIGH, slot(k) + WIDE, y + HIGH)
    picture.text(f"missing {k} says", "?", slot(k), y, "middle", LARGE, look=plots.RED)


def tensor(picture: Picture, name: str, y: float, values: Tensor, part: str, wanted: str = "", first: int = 0) -> None:
    """A tensor of at most three numbers around y: its cells, from slot first on, a frame for each dimension, and shape and dtype.

    part, one of "shape", "dtype", "values" or "", is what is marked in red; wanted: what it should be.
    """
    height = y - 98 if name == "logits" else y + 98
    x = picture.text(name, name, 8, height, bold=True)[2]
    for key, text in (("shape", f"shape {shape(values)}"), ("dtype", kind(values))):
        bad = key == part
        x = picture.text(f"{name} {key}", f"✗ {text} ≠ {wanted}" if bad else text, x + 32, height, look=plots.RED if bad else plots.INK)[2]
    for k, value in enumerate(values.flatten().tolist()):
        x = slot(first + k)
        text = str(value) if isinstance(value, bool) else f"{value:.4g}".replace("-", "−")
        bad = part == "values"
        picture.frame(f"{name} cell {k}", plots.RED if bad else plots.SOLID[k] if values.numel() == 3 else plots.INK,
                      x - WIDE, y - HIGH, x + WIDE, y + HIGH, data=value)
        picture.text(f"{name} {k} says", text, x, y, "middle", LARGE, look=plots.RED if bad else plots.INK)
    for d in range(values.dim()):
        out = 12 + 12 * d
        picture.frame(f"{name} frame {d}", plots.RED if part == "shape" else plots.QUIET, slot(first) - WIDE - out, y - HIGH - out,
                      slot(first + values.numel() - 1) + WIDE + out, y + HIGH + out)


def found(now: dict, *verdicts: str) -> set[str]:
    """The targets for which the board shows one of these, with any loss."""
    return {form for (_, form), (said, _) in now["board"].items() if said in verdicts}


# What there is to do: each sentence with the condition that ticks it, from the values of the controls and compute's numbers.
tasks = [
    ("Find a target with which BCEWithLogitsLoss says 0.9733.",
     lambda values, now: now["loss"] == "BCEWithLogitsLoss" and number(now["value"] or 0) == "0.9733"),
    ("Find both targets with which CrossEntropyLoss says 0.3527.",
     lambda values, now: [said for (loss, _), (said, _) in now["board"].items() if loss == "CrossEntropyLoss"].count("right") == 2),
    ("Find the three targets that are wrong in silence: no error, and a wrong number.", lambda values, now: len(found(now, "silent")) == 3),
    ("Bring a loss below 0.", lambda values, now: (now["value"] or 0) < 0),
    ("From 2, 3, 0.1 move one logit, until a target that is wrong in silence gives the same loss as [[0, 1, 0]] float.",
     lambda values, now: verdict(now["part"], now["value"]) == "silent" and number(now["value"]) == number(now["right"])
     and (now["logits"] != LOGITS).sum() == 1),
]


# What notebook 4 asks, in its order.
questions = Questions()


@questions.asks("`nn.BCEWithLogitsLoss` will refuse the label `tensor([1])`. What does it complain about first?", {
    "Its value": "1 is a fine value for a target: it says *there*. There are just not enough of them.",
    "Its dtype": "That is the second thing wrong with it: a long where a float is wanted. But torch looks at something else first.",
    "Its shape": "Three logits are three questions, and the label holds one number.",
})
def what_is_wrong():
    said = answer(BCE, LOGITS, LABEL)[1]
    # A float label is refused in the same words: so it is not the dtype; the value 1 in the right shape is taken.
    first = answer(BCE, LOGITS, LABEL.float())[1] == said and not refuses(BCE, LOGITS, TARGET)
    return the_one({"Its shape": first}), f"“{said}”"


@questions.asks("Can a cross-entropy be negative?", {
    "Never": "True as long as the targets are probabilities: then it is −log of something below 1. Torch does not check that they are.",
    "Yes, when the model is very good": "A very good model gets close to 0, and not below.",
    "Yes, when a target lies outside 0 … 1": "Above 1, 1 − y is below 0, and its term counts the wrong way round.",
})
def negative():
    grid = torch.linspace(-10, 10, 81).reshape(-1, 1)
    inside = min(float(BCE(grid, torch.full_like(grid, y))) for y in (0.0, 0.25, 0.5, 0.75, 1.0))
    mask = float(BCE(LOGITS, 255 * TARGET))
    return the_one({"Never": min(mask, inside) >= 0, "Yes, when a target lies outside 0 … 1": mask < 0 <= inside,
                    "Yes, when the model is very good": inside < 0}), (
        say("{loss} for the target {target}, and never below 0 for targets from 0 to 1", loss=number(mask), target=listed(255 * TARGET[0])))
