import pytest
import torch
from matplotlib.colors import to_hex
from torch import nn
from torch.nn import functional as F

from tests.oracle import BCE, label, logits_of, raises, y, z
from utils.target_shape import FORMS, LOSSES, answer, bce_target, explore_target_shape, misfit

LOGITS = torch.tensor([[2, 3, 0.1]])

# What the design measured with torch 2.13, and the part that does not fit, CrossEntropyLoss first.  A bump of torch
# that changes an answer must show here.
SAYS = {
    "[1] long": ("0.3527", "", "ValueError", "shape"),
    "[1] float": ("RuntimeError", "dtype", "ValueError", "shape"),
    "1, no dimension": ("ValueError", "shape", "ValueError", "shape"),
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


@pytest.mark.parametrize("form, loss", EVERY)
def test_torch_still_says_what_the_design_measured(form, loss):
    says = SAYS[form][2 * list(LOSSES).index(loss)]
    value, error = answer(LOSSES[loss], LOGITS, FORMS[form])
    assert f"{value:.4f}" == says if value is not None else error.split(":")[0] == says


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


def test_bce_target_is_one_hot_as_float():
    labels = torch.tensor([0, 2, 1])
    assert torch.equal(bce_target(labels, 4), F.one_hot(labels, 4).float()) and bce_target(labels, 4).dtype == torch.float32
    assert bce_target(torch.tensor(1), 3).tolist() == [0, 1, 0]
    loss = nn.BCEWithLogitsLoss()(LOGITS, bce_target(torch.tensor([1]), 3))
    assert loss.item() == pytest.approx(0.9733, abs=5e-5)


@pytest.mark.parametrize("classes, error, sentence", [
    (0, ValueError, "num_classes is 0; at least 2 is wanted"),
    (1, ValueError, r"num_classes is 1; at least 2 is wanted: for one yes or no .* write labels.float\(\).unsqueeze\(-1\)"),
    (3.0, TypeError, "num_classes is a float; a whole number is wanted"),
])
def test_bce_target_bad_classes(classes, error, sentence):
    with pytest.raises(error, match=sentence):
        bce_target(torch.tensor([0]), classes)


@pytest.mark.parametrize("labels, error, sentence", [
    (torch.tensor([3]), ValueError, "labels holds 3; with 3 classes a label is 0 ... 2"),
    (torch.tensor([-100]), ValueError, "labels holds -100"),
    (torch.tensor([1.0]), TypeError, "labels has dtype torch.float32"),
    (torch.tensor([[0.0, 1, 0]]), ValueError, r"labels has shape \[1, 3\]; one index .* write labels.argmax\(dim=-1\)"),
])
def test_bce_target_bad_labels(labels, error, sentence):
    with pytest.raises(error, match=sentence):
        bce_target(labels, 3)


@pytest.mark.parametrize("form, loss", EVERY)
def test_explorer_shows_torchs_answer_for_every_choice(form, loss, texts):
    explorer = explore_target_shape()
    explorer.controls["target"].value = form
    explorer.controls["loss"].value = loss
    says = SAYS[form][2 * list(LOSSES).index(loss)].replace("-", "−")
    part, _ = misfit(loss, LOGITS, FORMS[form])
    shown = texts(explorer, 0)
    assert says in shown and f"{loss} says" in shown
    assert f"torch says  {says}" in explorer.words
    if "Error" in says:
        assert answer(LOSSES[loss], LOGITS, FORMS[form])[1] in explorer.words
    assert any(text.startswith("✓") for text in shown) == (part == "")
    if part:
        verdict = "an error" if "Error" in says else "no error,\nbut not a loss" if says == "nan" else "no error,\nsilently wrong"
        assert f"✗ {part}: {verdict}" in shown
    _drawn(explorer.figure.axes[0], FORMS[form], part)
    assert (f"the {part} do" in explorer.words) == (part != "")
    target = FORMS[form]
    assert f"target  shape {list(target.shape)!s:8} {str(target.dtype)[6:]}" in explorer.words
    red = [text for text in explorer.figure.axes[0].texts if text.get_color() == "#D55E00" and text.get_text()]
    assert bool(red) == (part != "")


def _drawn(ax, target, part):
    """The target's cells, its frames, one per dimension, and the lines between logits and target."""
    from utils.plots import WRONG

    cells, frames = ax.patches[5:8], ax.patches[8:10]
    assert [cell.get_visible() for cell in cells] == [k < target.numel() for k in range(3)]
    assert [frame.get_visible() for frame in frames] == [k < target.dim() for k in range(2)]
    red = to_hex(WRONG)
    for frame in frames[:target.dim()]:
        assert (to_hex(frame.get_edgecolor()) == red) == (part == "shape")
    assert (to_hex(cells[0].get_edgecolor()) == red) == (part == "values")
    links = [line.get_xdata() for line in ax.lines if len(line.get_xdata())]
    if target.shape == LOGITS.shape:
        assert len(links) == 3 and all(top == bottom for top, bottom in links)
    else:  # a right label points at its class, any other at nothing
        assert len(links) == (0 if part else 1)
        assert not links or links[0] == [2.95 + 1.4, 2.95]  # the middles of cells 1 and 0


def test_explorer_follows_its_sliders(texts):
    explorer = explore_target_shape()
    explorer.controls["target"].value = "[[0, 1, 0]] float"
    explorer.controls["logit 0"].value = -3.3
    loss = F.binary_cross_entropy_with_logits(torch.tensor([[-3.3, 3, 0.1]]).double(), torch.tensor([[0, 1, 0]]).double())
    assert f"torch says  {loss:.4f}" in explorer.words and f"{loss:.4f}" in texts(explorer, 0)
    assert "−3.3" in texts(explorer, 0)


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
    "expanded": ("Another number, without an error", lambda: raises(BCE, z, label.expand(1, 3).double()) is False
                 and abs(BCE(z, label.expand(1, 3).double()) - 0.9733) > 0.1),
    "negative": ("Yes, when a target lies outside 0 … 1", lambda: BCE(z, 255 * y) < 0 <= BCE(100 * z, y)),
    "tie_target": ("[[0., 1., 0.], [1., 0., 0.]]", lambda: BCE(
        torch.tensor([[-50.0, 50, -50], [50, -50, -50]]), F.one_hot(torch.tensor([1, 0]), 3).float()) < 1e-9),
}

# Numbers in the evidence that no notebook prints, each computed here by another way.
EVIDENCE = {
    "tie_target": lambda: [3 * 50 / 6],
}


def wanted(values):
    try:
        says = LOSSES[values["loss"]](logits_of(values).float(), FORMS[values["target"]]).item()
        return [None, None, None, "nan" if says != says else [says]]
    except Exception as error:
        return [None, None, None, f"{type(error).__name__}: {error}"]
