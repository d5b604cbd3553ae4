import pytest
import torch
from torch import nn
from torch.nn import functional as F

from utils.target_shape import FORMS, LOSSES, answer, bce_target, explore_target_shape, misfit

LOGITS = torch.tensor([[2, 3, 0.1]])

# What the design measured with torch 2.13, CrossEntropyLoss first: a bump of torch that changes it must show here.
SAYS = {
    "[1] long": ("0.3527", "ValueError"),
    "[1] float": ("RuntimeError", "ValueError"),
    "1, no dimension": ("ValueError", "ValueError"),
    "[[1]] long": ("RuntimeError", "ValueError"),
    "[0, 1, 0] float": ("ValueError", "ValueError"),
    "[[0, 1, 0]] long": ("RuntimeError", "RuntimeError"),
    "[[0, 1, 0]] bool": ("RuntimeError", "RuntimeError"),
    "[[0, 1, 0]] float": ("0.3527", "0.9733"),
    "[[1, 1, 1]] float": ("4.9581", "0.2733"),
    "[[0, 255, 0]] float": ("89.9382", "-253.0267"),
    "[3] long": ("IndexError", "ValueError"),
    "[−100] long": ("nan", "ValueError"),
}
EVERY = [(form, loss) for form in FORMS for loss in LOSSES]


def test_the_table_has_every_form():
    assert list(SAYS) == list(FORMS)


@pytest.mark.parametrize("form, loss", EVERY)
def test_torch_still_says_what_the_design_measured(form, loss):
    says = SAYS[form][list(LOSSES).index(loss)]
    value, error = answer(LOSSES[loss], LOGITS, FORMS[form])
    assert f"{value:.4f}" == says if value is not None else error.split(":")[0] == says


@pytest.mark.parametrize("form, loss", EVERY)
def test_misfit_agrees_with_torch(form, loss):
    """No part is blamed exactly where torch's number is the loss for label 1; an error of shape or type is so named."""
    part, mend = misfit(loss, LOGITS, FORMS[form])
    says = SAYS[form][list(LOSSES).index(loss)]
    right = {"CrossEntropyLoss": "0.3527", "BCEWithLogitsLoss": "0.9733"}[loss]
    assert (part == "") == (says == right) == (mend == "")
    if "Error" not in says:
        assert part in ("", "values")
    _, error = answer(LOSSES[loss], LOGITS, FORMS[form])
    for word, wanted in (("size", "shape"), ("multi-target", "shape"), ("dtype", "dtype"), ("type", "dtype"),
                         ("bool", "dtype"), ("out of bounds", "values")):
        if word in error and error.split(":")[0] != "NoError":
            assert part == wanted
            break


MENDED = {"F.one_hot(label, num_classes=3).float()": F.one_hot(torch.tensor([1]), num_classes=3).float(),
          "torch.tensor([1])": torch.tensor([1])}


@pytest.mark.parametrize("form, loss", EVERY)
def test_what_the_mend_says_to_write_works(form, loss):
    part, mend = misfit(loss, LOGITS, FORMS[form])
    if "write " not in mend:
        return
    code = mend.split("write ")[1]
    target = FORMS[form]
    mended = {"target.long()": target.long(), "target.float()": target.float()} | MENDED
    assert misfit(loss, LOGITS, mended[code]) == ("", "")


def test_misfit_refuses_other_losses_and_labels():
    with pytest.raises(ValueError, match="loss is 'MSELoss'; one of CrossEntropyLoss, BCEWithLogitsLoss is wanted"):
        misfit("MSELoss", LOGITS, FORMS["[1] long"])
    assert misfit("CrossEntropyLoss", LOGITS, torch.tensor([2])) == ("values", "the label is 2, not 1")
    assert misfit("CrossEntropyLoss", LOGITS, torch.tensor([3])) == (
        "values", "with 3 classes a label is 0 ... 2: look where the labels are made")
    with pytest.raises(ValueError, match="holds nothing"):
        misfit("CrossEntropyLoss", LOGITS, torch.tensor([]))


def test_bce_target_is_one_hot_as_float():
    labels = torch.tensor([0, 2, 1])
    assert torch.equal(bce_target(labels, 4), F.one_hot(labels, 4).float()) and bce_target(labels, 4).dtype == torch.float32
    assert bce_target(torch.tensor(1), 3).tolist() == [0, 1, 0]
    loss = nn.BCEWithLogitsLoss()(LOGITS, bce_target(torch.tensor([1]), 3))
    assert loss.item() == pytest.approx(0.9733, abs=5e-5)


@pytest.mark.parametrize("labels, error, sentence", [
    (torch.tensor([3]), ValueError, "labels holds 3; with 3 classes a label is 0 ... 2"),
    (torch.tensor([-100]), ValueError, "labels holds -100"),
    (torch.tensor([1.0]), TypeError, "labels has dtype torch.float32"),
])
def test_bce_target_bad_labels(labels, error, sentence):
    with pytest.raises(error, match=sentence):
        bce_target(labels, 3)


@pytest.mark.parametrize("form, loss", EVERY)
def test_explorer_shows_torchs_answer_for_every_choice(form, loss, texts):
    explorer = explore_target_shape()
    explorer.controls["target"].value = form
    explorer.controls["loss"].value = loss
    says = SAYS[form][list(LOSSES).index(loss)].replace("-", "−")
    part, _ = misfit(loss, LOGITS, FORMS[form])
    shown = texts(explorer, 0)
    assert says in shown and f"{loss} says" in shown
    assert f"torch says  {says}" in explorer.words
    if "Error" in says:
        assert answer(LOSSES[loss], LOGITS, FORMS[form])[1] in explorer.words
    assert any(text.startswith("✓") for text in shown) == (part == "")
    assert (f"the {part} do" in explorer.words) == (part != "")
    target = FORMS[form]
    assert f"target  shape {str(list(target.shape)):8} {str(target.dtype)[6:]}" in explorer.words
    red = [text for text in explorer.figure.axes[0].texts if text.get_color() == "#D55E00" and text.get_text()]
    assert bool(red) == (part != "")


def test_explorer_follows_its_sliders(texts):
    explorer = explore_target_shape()
    explorer.controls["target"].value = "[[0, 1, 0]] float"
    explorer.controls["logit 0"].value = -3.3
    loss = F.binary_cross_entropy_with_logits(torch.tensor([[-3.3, 3, 0.1]]).double(), torch.tensor([[0, 1, 0]]).double())
    assert f"torch says  {loss:.4f}" in explorer.words and f"{loss:.4f}" in texts(explorer, 0)
    assert "−3.3" in texts(explorer, 0)
