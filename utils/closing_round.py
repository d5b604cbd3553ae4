"""The closing round: which loss and which target, what went wrong, and why 0.3527 and 0.9733.  Asked in notebooks/06_summary.ipynb."""

import torch
from torch import nn
from torch.nn import functional as F

from utils.example import ARTICLE, BCE, CE, LABEL, LOGITS, TARGET
from utils.language import say
from utils.plots import number
from utils.predict import Questions, the_one
from utils.target_shape import refuses

questions = Questions()


@questions.asks("(1) Photos of animals, exactly one of ten kinds on each. Which loss, and which answer?", {
    "CrossEntropyLoss and argmax": "One question with ten answers: the classes compete, and the largest wins.",
    "BCEWithLogitsLoss and a threshold":
        "It runs. But it may answer with two animals or none, and it does not know that only one can be right.",
    "BCEWithLogitsLoss and softmax": "Softmax goes with the other loss: sigmoid is inside this one.",
})
def round_animals():
    # one animal among ten, the first and the second nearly alike: argmax names one, a threshold two
    logits = torch.tensor([[4.0, 3.9] + [-4.0] * 8])
    named, above = logits.argmax(dim=1).numel(), int((torch.sigmoid(logits) >= 0.5).sum())
    return the_one({"CrossEntropyLoss and argmax": named == 1, "BCEWithLogitsLoss and a threshold": above == 1}), (
        say("{named} animal by argmax and {above} by a threshold of 0.5, on ten logits of which two are high", named=named, above=above))


@questions.asks("(2) X-ray images with any number of 14 findings on each, often none. Which loss, and which answer?", {
    "CrossEntropyLoss and argmax": "Argmax names one finding on every image, on a healthy one too.",
    "CrossEntropyLoss and a threshold on softmax":
        "The shares sum to 1, so at most one of two findings gets more than a half. A threshold of 0.5 misses the "
        "other, or both.",
    "BCEWithLogitsLoss and a threshold": "Fourteen questions, each with its own yes or no: none, one or many.",
})
def round_findings():
    healthy, ill = torch.full((14,), -4.0), torch.tensor([4.0, 4.0] + [-4.0] * 12)
    sigmoid, softmax, argmax = ([int(found.sum()) for found in map(find, (healthy, ill))] for find in (
        lambda z: torch.sigmoid(z) >= 0.5, lambda z: torch.softmax(z, dim=0) >= 0.5, lambda z: F.one_hot(z.argmax(), 14)))
    return the_one({"BCEWithLogitsLoss and a threshold": sigmoid == [0, 2],
                    "CrossEntropyLoss and a threshold on softmax": softmax == [0, 2],
                    "CrossEntropyLoss and argmax": argmax == [0, 2]}), (
        say("{a} findings on a healthy image and {b} on one with two, by sigmoid; by softmax {c} and {d}, by argmax {e} and {f}",
            **dict(zip("abcdef", sigmoid + softmax + argmax))))


@questions.asks("(3) 32 images, 10 classes, one label each. What does `nn.CrossEntropyLoss` want as its target?", {
    "[32] long": "One index per row of logits.",
    "[32, 1] long": "A column looks tidy beside [32, 10]. The loss wants one index per row and no dimension more.",
    "[32, 10] long": "One-hot rows are allowed, but as probabilities, so as floats.",
})
def round_labels():
    labels = torch.arange(32) % 10
    targets = {"[32] long": labels, "[32, 1] long": labels.unsqueeze(1), "[32, 10] long": F.one_hot(labels, 10)}
    says = {name: refuses(CE, torch.zeros(32, 10), target) for name, target in targets.items()}
    return the_one({name: not error for name, error in says.items()}), (
        say("{column} to the target [32, 1], {rows} to [32, 10]", column=says["[32, 1] long"], rows=says["[32, 10] long"]))


@questions.asks("(4) 32 images, 14 findings, any number on each. What does `nn.BCEWithLogitsLoss` want as its target?", {
    "[32] long": "One index per image can name only one finding, and the loss asks fourteen questions.",
    "[32, 14] long": "The shape is right. The numbers are answers between 0 and 1, so floats.",
    "[32, 14] float": "One answer for each logit: shape of the logits, floats from 0 to 1.",
})
def round_targets():
    rows = (torch.arange(32 * 14) % 3 == 0).long().reshape(32, 14)
    targets = {"[32] long": rows[:, 0], "[32, 14] long": rows, "[32, 14] float": rows.float()}
    says = {name: refuses(BCE, torch.zeros(32, 14), target) for name, target in targets.items()}
    return the_one({name: not error for name, error in says.items()}), (
        say("{labels} to the target [32], {rows} to whole numbers", labels=says["[32] long"], rows=says["[32, 14] long"]))


@questions.asks("(5) A model for three classes gets better and better, but its cross-entropy stays above 0.55. What do you look "
                "for first?", {
    "A learning rate that is too high": "Then the loss would jump, and the answers would not get better and better.",
    "A softmax before the loss": "Even perfect probabilities cost 0.5514 when the loss softens them once more.",
    "Too few images": "Too few images make a loss that is low in training and high in use, not one with a floor.",
})
def round_floor():
    floor = float(CE(torch.tensor([[0.0, 1.0, 0.0]]), LABEL))
    return the_one({"A softmax before the loss": 0.55 < floor < 0.56}), (
        say("{floor} for the best probabilities there are, handed over as logits", floor=number(floor)))


@questions.asks("(6) The loss is `nn.BCEWithLogitsLoss`, it falls and falls, and now it says −12. What happened?", {
    "The model is better than perfect": "Perfect is 0: the truth gets a probability of 1, and −log 1 = 0.",
    "Targets outside 0 … 1": "With a target of 255 the factor 1 − y is −254, so a large loss is taken away where it should be added.",
    "The learning rate is too high": "Then the loss jumps about. It cannot fall below 0 as long as the targets lie in 0 … 1.",
})
def round_negative():
    best, mask = float(BCE(100 * (2 * TARGET - 1), TARGET)), float(BCE(LOGITS, 255 * TARGET))
    return the_one({"Targets outside 0 … 1": mask < 0, "The model is better than perfect": best < 0}), (
        say("{best} for perfect answers, and {mask} for a target of 255", best=f"{best:.4f}", mask=number(mask)))


@questions.asks("(7) You change `reduction` from `mean` to `sum`, with 64 images and `nn.CrossEntropyLoss`. By what factor does "
                "the gradient change?")
def round_reduction():
    z = torch.linspace(-1, 1, 64 * 3).reshape(64, 3)
    labels, gradients = torch.arange(64) % 3, []
    for reduction in ("sum", "mean"):
        moved = z.clone().requires_grad_()
        nn.CrossEntropyLoss(reduction=reduction)(moved, labels).backward()
        gradients.append(moved.grad.norm())
    return float(gradients[0] / gradients[1]), say(
        "The mean divides by the number of images. In plain gradient descent the steps grow by as much; Adam takes it out again."), {
        1.0: say("the direction stays, and so it is tempting to think that nothing changes. The length does."),
        1 / 64: say("the other way round: the sum is the larger one."),
        192.0: say("this is 64 · 3. BCE averages over images *and* classes, CE over images only."),
    }


@questions.asks("(8) Once more: why does `nn.CrossEntropyLoss` say 0.3527 and `nn.BCEWithLogitsLoss` 0.9733 on the same logits?", {
    "One is a mean, the other a sum": "Both are means, over one image here. CE has one loss to average, BCE three.",
    "One three-class loss, and the mean of three two-class losses":
        "Three classes compete for shares of one 1, or each answers yes or no for itself.",
    "The same loss with another rounding":
        "Rounding changes the fourth decimal, not the first. The two take −log of different probabilities.",
})
def round_why():
    ce, terms = -torch.softmax(LOGITS, dim=1)[0, 1].log(), torch.stack([
        F.cross_entropy(torch.tensor([[0.0, z]]), torch.tensor([y])) for z, y in zip(ARTICLE, (0, 1, 0))])
    one_and_three = torch.isclose(ce, CE(LOGITS, LABEL)) and torch.isclose(terms.mean(), BCE(LOGITS, TARGET))
    return the_one({"One three-class loss, and the mean of three two-class losses": bool(one_and_three),
                    "One is a mean, the other a sum": torch.isclose(terms.sum(), BCE(LOGITS, TARGET)).item()}), (
        say("−log {p} = {ce}, and ({terms}) / 3 = {bce}", p=number(float((-ce).exp())), ce=number(float(ce)),
            terms=" + ".join(number(float(term)) for term in terms), bce=number(float(terms.mean()))))


questions.ROUND = [round_animals, round_findings, round_labels, round_targets, round_floor, round_negative, round_reduction, round_why]
