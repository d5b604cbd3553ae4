import ast
import builtins

import pytest
import torch
from torch.nn import functional as F

from tests.oracle import BCE, label, logits_of, raises, y, z
from utils.example import PRESETS
from utils.picture import INK, QUIET, RED
from utils.target_shape import FORMS, LOSSES, answer, explore_target_shape, misfit

LOGITS = torch.tensor([[2, 3, 0.1]])

# What the design measured with torch 2.13, and the part that does not fit, CrossEntropyLoss first.  A bump of torch
# that changes an answer must show here; a more special error of the same kind, as 2.15 has for bool, is the same answer.
SAYS = {
    "[1] long": ("0.3527", "", "ValueError", "shape"),
    "[1] float": ("RuntimeError", "dtype", "ValueError", "shape"),
    "1, shape []": ("ValueError", "shape", "ValueError", "shape"),
    "[[1]] long": ("RuntimeError", "shape", "ValueError", "shape"),
    "[0, 1, 0] float": ("ValueError", "shape", "ValueError", "shape"),
    "[[0, 1, 0]] long": ("RuntimeError", "dtype", "RuntimeError", "dtype"),
    "[[0, 1, 0]] bool": ("RuntimeError", "dtype", "RuntimeError", "dtype"),
    "[[0, 1, 0]] float": ("0.3527", "", "0.9733", ""),
    "[[1, 1, 1]] float": ("4.9581", "values", "0.2733", "values"),
    "[[0, 255, 0]] float": ("89.9382", "values", "-253.0267", "values"),
    "[3] long": ("IndexError", "values", "ValueError", "shape"),
    "[−100] long": ("nan", "values", "ValueError", "shape"),
}
# Words that the advice must have in it where the values are at fault.
ADVICE = {"[[1, 1, 1]] float": "does not say class 1", "[[0, 255, 0]] float": "divide a 0/255 mask by 255",
          "[3] long": "with 3 classes a label is 0 ... 2", "[−100] long": "−100 is ignore_index"}
EVERY = [(form, loss) for form in FORMS for loss in LOSSES]


def test_the_table_has_every_form():
    assert list(SAYS) == list(FORMS)


@pytest.mark.parametrize("form", FORMS)
def test_a_target_is_what_its_name_says(form):
    numbers, _, kind = form.replace("−", "-").replace("1, shape []", "[1] long").rpartition(" ")
    said = torch.tensor(ast.literal_eval(numbers))[0 if "shape []" in form else ...]
    wanted = {"long": torch.long, "float": torch.float32, "bool": torch.bool}[kind]
    assert FORMS[form].dtype == wanted and torch.equal(FORMS[form], said.to(wanted))


def error_of(form, loss):
    """The name of the error that torch raises, "" where it raises none."""
    return answer(LOSSES[loss], LOGITS, FORMS[form])[1].split(":")[0]


@pytest.mark.parametrize("form, loss", EVERY)
def test_torch_still_says_what_the_design_measured(form, loss):
    says, name = SAYS[form][2 * list(LOSSES).index(loss)], error_of(form, loss)
    if name:
        assert issubclass(getattr(builtins, name), getattr(builtins, says))
    else:
        assert f"{LOSSES[loss](LOGITS, FORMS[form]).item():.4f}" == says


@pytest.mark.parametrize("form, loss", EVERY)
def test_misfit_names_the_part_and_what_to_do(form, loss):
    part, mend = misfit(loss, LOGITS, FORMS[form])
    assert part == SAYS[form][2 * list(LOSSES).index(loss) + 1]
    assert bool(part) == bool(mend)
    if part == "values":
        assert ADVICE[form] in mend


# Targets of one image, as they come: for 1 to 4 classes what they mean, a label or a row, in every shape and dtype.
DTYPES = [torch.long, torch.int32, torch.int8, torch.uint8, torch.bool, torch.float16, torch.float32, torch.float64]
MEANT = {classes: [[1], *([[0], [2], [1.5], [-100], [7]] if classes > 1 else [[0], [-1], [255], [0.5]]), *([
    [float(k == 1) for k in range(classes)], [1.0] * classes, [255 * float(k == 1) for k in range(classes)],
    [2 * float(k == 1) - 1 for k in range(classes)], [0.1] * classes, [2 * float(k == 1) for k in range(classes)],
    [torch.nan] * classes, [0.0] * (classes + 1)] if classes > 1 else [])] for classes in (1, 2, 3, 4)}
SHAPES = [lambda n: (1, n), lambda n: (n, 1), lambda n: (n,), lambda n: (1, n, 1), lambda n: () if n == 1 else (n, 1, 1)]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("classes", MEANT)
@pytest.mark.parametrize("loss", LOSSES)
def test_what_the_advice_says_to_write_does_it(loss, classes, dtype):
    """Torch takes what comes of it, and it means what the target meant; where it meant label 1 there is advice."""
    logits = torch.tensor([[2, 3, 0.1, -1]])[:, 4 - classes:]
    for values in MEANT[classes]:
        if torch.tensor(values).to(dtype).tolist() != values:  # no such number in this dtype
            continue
        for make in SHAPES:
            target = torch.tensor(values).to(dtype).reshape(make(len(values)))
            part, mend = misfit(loss, logits, target)
            asked = "BCEWithLogitsLoss" if "take nn.BCEWithLogitsLoss" in mend else loss
            assert bool(part) == bool(mend)
            if "write " in mend:
                code = mend.split("write ")[1]
                mended = eval(code, {"torch": torch, "F": F, "target": target})
                value, error = answer(LOSSES[asked], logits, mended)
                assert not error and value == value, (target, code, error)
                assert says_1(mended, classes) if "target" not in code else meaning(mended, classes) == meaning(target, classes)
                again, _ = misfit(asked, logits, mended)
                assert again == ("" if says_1(mended, classes) else "values"), (target, code, again)
            elif says_1(target, classes):
                assert not part and answer(LOSSES[asked], logits, target)[0] is not None, (target, mend)


def meaning(target, classes):
    """What a target meant: the row that says so, 1 for yes."""
    row = target.double().flatten()
    if row.numel() == 1 and classes > 1:
        return [float(k == row.item()) for k in range(classes)]
    return (row / 255 if row.max() == 255 else (row + 1) / 2 if (row.abs() == 1).all() and row.min() == -1 else row).tolist()


def says_1(target, classes):
    return meaning(target, classes) == [float(k == min(1, classes - 1)) for k in range(classes)]


def test_advice_for_one_logit_for_minus_one_for_32_bits_and_for_too_few_dimensions():
    one, column = torch.tensor([[2.0]]), "one number per logit is wanted, shape [1, 1]: write target.float().unsqueeze(1)"
    assert misfit("BCEWithLogitsLoss", one, torch.tensor([1.0])) == misfit("BCEWithLogitsLoss", one, torch.tensor([1])) == ("shape", column)
    assert misfit("BCEWithLogitsLoss", one, torch.tensor([[1.0]])) == ("", "")
    assert misfit("BCEWithLogitsLoss", one, torch.tensor([[0.0]])) == ("values", "the target is 0, not 1")
    assert misfit("CrossEntropyLoss", one, torch.tensor([1]))[1].endswith("nn.BCEWithLogitsLoss and write target.float().unsqueeze(1)")
    for loss in LOSSES:
        assert misfit(loss, LOGITS, torch.tensor([[-1.0, 1, -1]]))[1].endswith("if −1 stands for no, write (target + 1) / 2")
    said = misfit("CrossEntropyLoss", LOGITS, torch.tensor([1], dtype=torch.int32))
    assert said == ("dtype", "a label is an index of 64 bits: write target.long()")
    said = misfit("CrossEntropyLoss", LOGITS, torch.tensor([1.0]))
    assert said == ("dtype", "a label is an index, so a whole number: write target.long()")
    assert misfit("BCEWithLogitsLoss", LOGITS, torch.tensor([0, 1, 0]))[1].endswith("write target.float().unsqueeze(0)")


def test_misfit_refuses_other_losses_and_labels():
    with pytest.raises(ValueError, match="loss is 'MSELoss'; one of CrossEntropyLoss, BCEWithLogitsLoss is wanted"):
        misfit("MSELoss", LOGITS, FORMS["[1] long"])
    assert misfit("CrossEntropyLoss", LOGITS, torch.tensor([2])) == ("values", "the label is 2, not 1")
    assert misfit("CrossEntropyLoss", LOGITS, torch.tensor([3])) == (
        "values", "with 3 classes a label is 0 ... 2: look where the labels are made")
    with pytest.raises(ValueError, match=r"logits has shape \[2, 3\]; one row is wanted: shape \[1, classes\]"):
        misfit("CrossEntropyLoss", LOGITS.expand(2, 3), torch.tensor([1, 7]))
    with pytest.raises(ValueError, match="loss is \\[\\]; one of"):
        misfit([], LOGITS, FORMS["[1] long"])
    with pytest.raises(ValueError, match="holds nothing"):
        misfit("CrossEntropyLoss", LOGITS, torch.tensor([]))


@pytest.mark.parametrize("form, loss", EVERY)
def test_explorer_shows_torchs_answer_for_every_choice(form, loss):
    explorer = explore_target_shape()
    explorer.controls["target"].value = form
    explorer.controls["loss"].value = loss
    says = error_of(form, loss) or SAYS[form][2 * list(LOSSES).index(loss)].replace("-", "−")
    part, mend = misfit(loss, LOGITS, FORMS[form])
    assert f"nn.{loss}()" in explorer.words and f"torch says  {says}" in explorer.words
    if "Error" in says:
        assert answer(LOSSES[loss], LOGITS, FORMS[form])[1] in explorer.words
        assert repr(explorer).endswith(f" → {error_of(form, loss)}")
    assert ("✓ shape, dtype and values fit" in explorer.words) == (part == "")
    if part:
        verb, torchs = "do" if part == "values" else "does", "stops" if "Error" in says else "is silent"
        assert f"✗ the {part} {verb} not fit, and torch {torchs}:\n  {mend}" in explorer.words
    target = FORMS[form]
    assert f"target  shape {list(target.shape)!s:8} {str(target.dtype)[6:]}" in explorer.words
    shows(explorer.picture.drawn, form, loss, says, part)
    tensors(explorer.picture.drawn, target, loss, part)


def shows(marks, form, loss, says, part):
    """The present cell of the board is marked, in its row and column, and in one of three looks."""
    text, here = marks[f"says {loss} {form}"], marks["here"]
    assert here.data == (loss, form)
    assert all(low < inner < high for low, inner, high in zip(here.box[:2] * 2, text.box, here.box[2:] * 2))
    assert marks[f"row {form}"].text == form and marks[f"row {form}"].look == INK
    for near, far in ((f"row {form}", 1), (f"column {loss}", 0)):
        middle = sum(marks[near].box[far::2]) / 2
        assert here.box[far] < middle < here.box[far + 2]
    assert marks[f"column {loss}"].text == {"CrossEntropyLoss": "CE", "BCEWithLogitsLoss": "BCE"}[loss]
    if "Error" in says:
        assert (text.text, text.look) == ("Error", QUIET)
    else:
        assert (text.text, text.look) == ((f"✗ {says}", RED) if part else (f"✓ {says}", INK))
    red = {name for name, mark in marks.items() if mark.look == RED}
    assert bool(red) == (part != "")


def tensors(marks, target, loss, part):
    """The target's cells, its frames, one per dimension, what is red, and the lines between logits and target."""
    cells, frames = ([marks.get(f"target {kind} {k}") for k in range(3)] for kind in ("cell", "frame"))
    assert [bool(cell) for cell in cells] == [k < target.numel() for k in range(3)]
    assert [bool(frame) for frame in frames] == [k < target.dim() for k in range(3)]
    for k, value in enumerate(target.flatten().tolist()):
        text = str(value) if isinstance(value, bool) else f"{value:g}".replace("-", "−")
        assert cells[k].data == value and marks[f"target {k} says"].text == text
    assert {frame.look for frame in frames if frame} <= {RED if part == "shape" else QUIET}
    assert {cell.look == RED for cell in cells if cell} == {part == "values"}
    for key, text in (("shape", f"shape {list(target.shape)}"), ("dtype", str(target.dtype)[6:])):
        said, wanted = (marks[f"target {key}"].text + " ≠ ").split(" ≠ ")[:2]
        assert said == ("✗ " if key == part else "") + text
        assert (marks[f"target {key}"].look == RED) == (key == part) == bool(wanted)
        for shape in ast.literal_eval(f"[{wanted}]") if wanted and key == "shape" else ():  # torch takes what is said to be wanted
            labels = torch.zeros(shape, dtype=torch.long if len(shape) == 1 else torch.float32)
            assert answer(LOSSES[loss], LOGITS, labels)[0] is not None and shape != list(target.shape)
        if wanted and key == "dtype":
            assert answer(LOSSES[loss], LOGITS, target.to(getattr(torch, wanted)))[0] is not None
    assert marks["logits shape"].text == "shape [1, 3]" and [marks[f"logits {k} says"].text for k in range(3)] == ["2", "3", "0.1"]
    links = [mark for name, mark in marks.items() if name.startswith("link")]
    missing = [k for k in range(3) if f"missing {k}" in marks]
    assert all(marks[f"missing {k} says"].text == "?" for k in missing)
    assert len(missing) == (3 if loss == "BCEWithLogitsLoss" and target.numel() == 1 else 0)
    if missing:  # each logit wants a number, and the only one is nobody's
        assert [link.data for link in links] == [(k, None) for k in range(3)] and {link.look for link in links} == {RED}
        assert cells[0].box[0] > marks["logits cell 2"].box[2]
    elif loss == "BCEWithLogitsLoss":
        assert [link.data for link in links] == [(k, k) for k in range(3)]
    elif target.shape == LOGITS.shape:
        assert [link.data for link in links] == [(k, k) for k in range(3)]
    else:  # a label points at its class, if there is one, and nothing else points at anything
        label = int(target) if target.shape == (1,) and part in ("", "values") else -1
        assert [link.data for link in links] == ([(label, 0)] if label >= 0 else [])
        assert ("missing 3" in marks) == (label == 3)
    for link in links:
        k, j = link.data
        to = marks["missing 3" if k == 3 else f"logits cell {k}"].box, marks[f"missing {k}" if j is None else f"target cell {j}"].box
        assert [(box[0] + box[2]) / 2 for box in to] == pytest.approx([link.box[0], link.box[2]])


def test_the_board_keeps_what_was_tried_and_shows_it_for_the_present_logits():
    explorer = explore_target_shape()

    def tried():
        cells = {(loss, form): explorer.picture.drawn[f"says {loss} {form}"].text for form, loss in EVERY}
        return {cell for cell, text in cells.items() if text != "?"}

    assert tried() == {("BCEWithLogitsLoss", "[1] long")}, "all others are open"
    for form, loss in EVERY:
        explorer.controls["target"].value, explorer.controls["loss"].value = form, loss
        assert (loss, form) in tried()
    explorer.buttons["confident and wrong"].click()
    assert tried() == {(loss, form) for form, loss in EVERY}
    for form, loss in EVERY:
        value, error = answer(LOSSES[loss], torch.tensor([PRESETS["confident and wrong"]]), FORMS[form])
        text = explorer.picture.drawn[f"says {loss} {form}"].text
        assert text == "Error" if error else float(text[2:].replace("−", "-")) == pytest.approx(value, abs=6e-3, nan_ok=True)
    explorer.buttons["Reset"].click()
    assert len(tried()) == 24, "Reset brings the logits back and forgets nothing"
    explorer = explore_target_shape()
    assert len(tried()) == 1, "another explorer begins anew"


def test_who_drags_along_all_targets_has_tried_none_of_them():
    target = explore_target_shape().controls["target"]
    assert list(target.options) == list(FORMS) and not target.continuous_update


def test_a_special_error_of_a_newer_torch_is_an_error_like_the_others(monkeypatch):
    def refuse(logits, target):
        raise NotImplementedError("on purpose")

    monkeypatch.setitem(LOSSES, "BCEWithLogitsLoss", refuse)
    explorer = explore_target_shape()
    assert "torch says  NotImplementedError: on purpose" in explorer.words
    assert explorer.picture.drawn["says BCEWithLogitsLoss [1] long"].text == "Error"


def test_explorer_follows_its_sliders():
    explorer = explore_target_shape()
    explorer.controls["target"].value = "[[0, 1, 0]] float"
    explorer.controls["logit 0"].value = -3.3
    loss = F.binary_cross_entropy_with_logits(torch.tensor([[-3.3, 3, 0.1]]).double(), torch.tensor([[0, 1, 0]]).double())
    assert f"torch says  {loss:.4f}" in explorer.words
    assert explorer.picture.drawn["says BCEWithLogitsLoss [[0, 1, 0]] float"].text == f"✓ {loss:.4f}"
    assert explorer.picture.drawn["logits 0 says"].text == "−3.3"


def test_where_32_bits_are_not_enough_for_4_decimals_the_words_say_so():
    explorer = explore_target_shape()
    explorer.controls["target"].value = "[[0, 255, 0]] float"
    explorer.controls["logit 1"].value = -5.7
    z, y = torch.tensor([[2, -5.7, 0.1]], dtype=torch.float64), torch.tensor([[0, 255.0, 0]], dtype=torch.float64)
    right, single = (F.binary_cross_entropy_with_logits(z.to(dtype), y.to(dtype)).item() for dtype in (torch.float64, torch.float32))
    assert f"{right:.4f}" in explorer.words
    assert ("in float32" in explorer.words) == (f"{right:.4f}" != f"{single:.4f}")


# What the saved notebook must say, in order.
FACTS = [
    "ValueError: Target size (torch.Size([1])) must be the same as input size (torch.Size([1, 3]))",
    "nn.BCEWithLogitsLoss: tensor(0.9733)", "0.2733", "-253.0267", "nan",
]

# Each mistake that is made on purpose: what its cell does, and what comes of it.
ON_PURPOSE = {
    "label for BCE": ("BCEWithLogitsLoss()(logits, label)", "ValueError: Target size (torch.Size([1]))"),
    "one-hot without num_classes": ("F.one_hot(label).float()", "ValueError: Target size (torch.Size([1, 2]))"),
    "[3] target for [1, 3] logits": ("torch.tensor([0.0, 1.0, 0.0])", "ValueError: Target size (torch.Size([3]))"),
    "long one-hot": ("F.one_hot(label, num_classes=3))", "RuntimeError: result type Float"),
    "float label": ("label.float()", "RuntimeError: expected target dtype"),
    "expanded label": ("expand(1, 3)", "0.2733"),
    "0/255 mask": ("(logits, mask)", "-253.0267"),
    "label = C": ("torch.tensor([3])", "IndexError: Target 3 is out of bounds."),
    "ignore_index": ("torch.tensor([-100])", "nan"),
}

# The right choice of each question, and a fact of torch's that makes it right; or the number.
ANSWERS = {
    "what_is_wrong": ("Its shape", lambda: raises(BCE, z, label.double()) == "ValueError" and raises(BCE, z, y) is False),
    "negative": ("Yes, when a target lies outside 0 … 1", lambda: BCE(z, 255 * y) < 0 <= BCE(100 * z, y)),
}
# A word or two that only this choice has for its reason.
REASONS = {
    "what_is_wrong": {"Its value": "a fine value", "Its dtype": "a long where a float", "Its shape": "three questions"},
    "negative": {"Never": "does not check", "Yes, when the model": "not below", "Yes, when a target": "the wrong way round"},
}

# A way to do each task from the start, and what must not tick it.
WAYS = {
    "Find a target with which BCEWithLogitsLoss says 0.9733.": [("target", "[[0, 1, 0]] float")],
    "Find both targets with which CrossEntropyLoss says 0.3527.": [("loss", "CrossEntropyLoss"), ("target", "[[0, 1, 0]] float")],
    "Find the three targets that are wrong in silence: no error, and a wrong number.": [
        ("target", "[[1, 1, 1]] float"), ("loss", "CrossEntropyLoss"), ("target", "[−100] long"), ("target", "[[0, 255, 0]] float")],
    "Bring a loss below 0.": [("target", "[[0, 255, 0]] float")],
    "From 2, 3, 0.1 move one logit, until a target that is wrong in silence gives the same loss as [[0, 1, 0]] float.": [
        ("target", "[[1, 1, 1]] float"), ("logit 2", -2.0)],
}
NEARLY = {
    "Find a target with which BCEWithLogitsLoss says 0.9733.": [("loss", "CrossEntropyLoss"), ("target", "[[0, 1, 0]] float")],
    "Find the three targets that are wrong in silence: no error, and a wrong number.": [
        ("target", form) for form in FORMS],  # with one loss only
    "From 2, 3, 0.1 move one logit, until a target that is wrong in silence gives the same loss as [[0, 1, 0]] float.": [
        ("target", "[[1, 1, 1]] float"), ("logit 0", 6.0), ("logit 1", -6.0), ("logit 2", -6.0)],  # as the preset "saturated" does
}

def wanted(values):
    try:
        says = LOSSES[values["loss"]](logits_of(values).float(), FORMS[values["target"]]).item()
        return [None, None, None, "nan" if says != says else [says]]
    except Exception as error:
        return [None, None, None, f"{type(error).__name__}: {error}"]
