"""Everything that the six notebooks ask, in their order.

Each function below computes an answer with torch when the reader has committed to one, and returns which choice is
right with torch's numbers in words.  The text above it is the question, its choices, and a sentence for each: why it
is right, or why it is tempting and what it misses.
"""

import torch
from torch import nn
from torch.nn import functional as F

from utils.explore import ARTICLE, listed
from utils.plots import number, numbers
from utils.predict import asks
from utils.target_shape import answer

LOGITS = torch.tensor([ARTICLE])  # [1, 3]
LABEL = torch.tensor([1])
TARGET = torch.tensor([[0.0, 1.0, 0.0]])
CE, BCE = nn.CrossEntropyLoss(), nn.BCEWithLogitsLoss()


def the_one(holds: dict[str, bool]) -> str:
    """The choice that holds.  Raises ValueError unless exactly one does, so that no wrong one is ever called right."""
    (right,) = [choice for choice, it_does in holds.items() if it_does]
    return right


def refuses(loss: nn.Module, logits: torch.Tensor, target: torch.Tensor) -> str:
    """The name of the error that torch raises for a target, "" if it takes it."""
    return answer(loss, logits, target)[1].partition(":")[0]


# 1 · Softmax


@asks("Class 1 has one and a half times the logit of class 0: 3 against 2. How many times as large will its share be?", {
    "1.5 times, like the logits":
        "It would be, if shares were logits divided by their sum. Softmax takes exponentials first.",
    "About 2.7 times": "The ratio of two shares is e to the power of the difference of their logits, here e¹.",
    "About 20 times":
        "That is e³, the exponential of 3 by itself. Class 0 has its exponential too, e², and it divides.",
})
def ratio():
    shares = torch.softmax(LOGITS, dim=-1)[0]
    times = float(shares[1] / shares[0])
    return {1.5: "1.5 times, like the logits", 2.7: "About 2.7 times", 20.1: "About 20 times"}[round(times, 1)], (
        f"{number(float(shares[1]))} / {number(float(shares[0]))} = {number(times)}")


@asks("You raise the logit of class 0 and leave the two others alone. How many of the three shares will change?", {
    "One": "One exponential changes, and it is tempting to stop there. But all three are divided by the same sum.",
    "Two": "One gains, so another must lose. But the others lose alike: the sum that divides them has grown.",
    "Three": "One exponential changes, the sum changes with it, and every share is divided by the sum.",
})
def one_logit_moves():
    before, after = torch.softmax(LOGITS, dim=-1)[0], torch.softmax(LOGITS + torch.tensor([1.0, 0, 0]), dim=-1)[0]
    return ("One", "Two", "Three")[int((before != after).sum()) - 1], f"{numbers(before)} before, {numbers(after)} after"


@asks("We add 100 to every logit. What happens to the shares?", {
    "The largest takes nearly all":
        "e¹⁰³ is huge, and so it looks as if it must win. But e¹⁰² is huge in the same proportion, and the share is a "
        "ratio.",
    "They draw closer together":
        "103 and 102 look closer than 3 and 2, in proportion. Softmax looks at differences only.",
    "Nothing": "Every exponential grows by the same factor e¹⁰⁰, and dividing by the sum takes it out again.",
})
def adding_100():
    before, after = torch.softmax(LOGITS, dim=-1)[0], torch.softmax(LOGITS + 100, dim=-1)[0]
    change = float(after.max() - before.max())
    return the_one({"Nothing": abs(change) < 1e-4, "The largest takes nearly all": change >= 1e-4,
                    "They draw closer together": change <= -1e-4}), f"{numbers(before)} before, {numbers(after)} after"


@asks("Your `softmax` gets a batch: two rows of three logits. It divides by `exps.sum()`. What will each row sum to?", {
    "To 1": "That is what we want. But `sum()` without a `dim` does not know about rows.",
    "To less than 1":
        "`exps.sum()` adds all six numbers, so all six shares together make 1, and each row a part of it.",
    "No sum: it raises an error": "An error would be kind. But dividing a tensor by one number always works.",
})
def batch_sum():
    exps = torch.exp(torch.tensor([list(ARTICLE), [1, 1, 1]]))
    rows = (exps / exps.sum()).sum(dim=1)
    return the_one({"To 1": torch.allclose(rows, torch.ones(2)), "To less than 1": bool((rows < 0.99).all())}), (
        f"{numbers(rows)} for the two rows")


@asks("Model A says 2, 3, 0.1. Model B says 4, 6, 0.2: twice as much each. How do B's shares differ?", {
    "Not at all: the proportions are the same":
        "Softmax looks at differences, not at proportions, and the differences have doubled.",
    "They are sharper": "All differences have doubled, so the ratio of two shares is the square of what it was.",
    "They are closer together": "That is what half of each logit would do, or a temperature of 2.",
})
def tie_softmax():
    a, b = torch.softmax(LOGITS, dim=-1)[0], torch.softmax(2 * LOGITS, dim=-1)[0]
    change = float(b.max() - a.max())
    return the_one({"Not at all: the proportions are the same": abs(change) < 1e-4, "They are sharper": change >= 1e-4,
                    "They are closer together": change <= -1e-4}), f"{numbers(a)} for A and {numbers(b)} for B"


# 2 · Cross-entropy


@asks("The loss on our image is 0.3527, with three classes to choose from. Is that good?", {
    "Bad: the answer is 35 % wrong":
        "It looks like a percentage. A loss is not one: it has no upper end, and 0.3527 is −log of 70 %.",
    "Better than guessing": "Guessing gives each class a third, and a third costs −log ⅓.",
    "As good as guessing": "A share of 0.7028 is well above a third, and the larger the share, the smaller its −log.",
})
def is_it_good():
    ours, guess = float(CE(LOGITS, LABEL)), float(CE(torch.zeros(1, 3), LABEL))
    return the_one({"Better than guessing": ours < 0.9 * guess, "As good as guessing": 0.9 <= ours / guess <= 1.1,
                    "Bad: the answer is 35 % wrong": ours > 1.1 * guess}), (
        f"{number(ours)} for our logits and {number(guess)} for three equal ones")


@asks("The model gets surer and surer of a *wrong* class. Where does the loss go?", {
    "To 1": "Many scores end at 1. This one is a logarithm, and it does not.",
    "To about 10":
        "Tempting, because it grows slowly at first: a share of 0.0001 costs about 9. The next zero costs 2.3 more.",
    "Beyond every bound": "The share goes to 0 and its −log grows with the lead of the wrong class, one for one.",
})
def sure_and_wrong():
    losses = [float(CE(torch.tensor([[lead, 0.0, 0.0]]), LABEL)) for lead in (10.0, 100.0, 1000.0)]
    return the_one({"To 1": losses[-1] < 2, "To about 10": 2 <= losses[-1] < 20, "Beyond every bound": losses[-1] > 999}), (
        f"{numbers(losses)} where the wrong class leads by 10, 100 and 1000")


@asks("`nn.CrossEntropyLoss` is handed `p`, the probabilities, in place of the logits. What will it say?", {
    "It raises an error": "It cannot know: probabilities are three floating numbers, and so are logits.",
    "0.3527, as before": "It would, if a softmax of shares left them as they are. But it evens them out.",
    "Less than 0.3527":
        "One could hope for a bonus for work already done. But the second softmax evens the shares out.",
    "More than 0.3527":
        "The second softmax sees numbers that differ by less than 1, and so it returns shares that are more alike.",
})
def softmax_twice():
    once, twice = (float(CE(scores, LABEL)) for scores in (LOGITS, torch.softmax(LOGITS, dim=1)))
    return the_one({"0.3527, as before": abs(once - twice) < 1e-4, "More than 0.3527": twice - once >= 1e-4,
                    "Less than 0.3527": once - twice >= 1e-4}), f"{number(once)} for logits, {number(twice)} for probabilities"


@asks("Ten images. Model A gives every label a share of 0.7028. Model B gives nine labels 0.999 and the tenth 0.0001. "
     "Whose mean loss is lower?", {
    "A, the careful one": "Nine answers near 1 save A's 0.35 nine times. One share of 0.0001 costs more than all that.",
    "B: nine of ten are all but perfect":
        "Its usual answer is the better one. But −log makes a sure mistake very dear, and a mean forgets nothing.",
    "Both the same": "They would be close, if shares were averaged. It is their logarithms that are.",
})
def tie_cross_entropy():
    a = float(-torch.softmax(LOGITS, dim=1)[0, 1].log())
    b = float(-torch.tensor([0.999] * 9 + [0.0001]).log().mean())
    return the_one({"A, the careful one": a < b - 0.01, "B: nine of ten are all but perfect": b < a - 0.01,
                    "Both the same": abs(a - b) <= 0.01}), f"{number(a)} for A and {number(b)} for B"


# 3 · Sigmoid


@asks("Softmax gave class 1 a share of 0.7028 and class 2, whose logit is 0.1, one of 0.0387. What will sigmoid give "
     "them?", {
    "Less to both":
        "Three classes, three answers, and so it seems that each must get less. Sigmoid does not share anything out.",
    "More to class 1, less to class 2":
        "That is what a sharper softmax would do. Sigmoid looks at each logit by itself.",
    "More to both":
        "Softmax divides e³ by the sum of three exponentials, sigmoid by e³ + 1. Here the two others sum to more than "
        "1.",
})
def more_or_less():
    s, p = torch.sigmoid(LOGITS)[0], torch.softmax(LOGITS, dim=1)[0]
    more = (bool(s[1] > p[1]), bool(s[2] > p[2]))
    choices = {(True, True): "More to both", (True, False): "More to class 1, less to class 2", (False, False): "Less to both"}
    return choices[more], (
        f"{number(float(s[1]))} to class 1 and {number(float(s[2]))} to class 2")


@asks("A logit of exactly 0: the model leans neither way. What does sigmoid make of it?")
def sigmoid_of_0():
    return float(torch.sigmoid(torch.tensor(0.0))), "e⁰ is 1, and 1 / (1 + 1) is a half: as likely there as not.", {
        0.0: "0 would be *surely not there*. A logit of 0 is no evidence either way.",
        1.0: "this is e⁰, one step too early: 1 / (1 + e⁰) is still to be computed.",
        1 / 3: "this is the share of one among three equal classes. Sigmoid asks one class: there, or not?",
    }


@asks("You move one logit of three. How many sigmoids move, and how many softmax shares?", {
    "One sigmoid, one share": "The shares have a sum in common, so one cannot move alone.",
    "One sigmoid, three shares": "Each sigmoid has its own logit and no other. The shares have the sum in common.",
    "Three sigmoids, three shares":
        "The three come in one tensor, like the shares. But no sum over classes is in the formula of sigmoid.",
})
def what_moves():
    moved = LOGITS + torch.tensor([[0.0, -1.0, 0.0]])
    s, p = (int((f(LOGITS) != f(moved)).sum()) for f in (torch.sigmoid, lambda z: torch.softmax(z, dim=1)))
    choices = {(1, 1): "One sigmoid, one share", (1, 3): "One sigmoid, three shares", (3, 3): "Three sigmoids, three shares"}
    return choices[s, p], f"{s} and {p} when logit 1 falls by 1"


@asks("The three sigmoids sum to more than 1. You divide each by their sum. Do you get softmax's shares?", {
    "Yes":
        "Both sum to 1 then, which looks like the whole difference. But the ratios are not the same: softmax's are "
        "powers of e.",
    "No, though the order of the classes is the same":
        "Sigmoid and softmax both grow with the logit, so they rank the classes alike. The numbers differ.",
    "No, and even the order can change":
        "Different functions, so why not? Because both only grow where the logit does.",
})
def tie_sigmoid():
    s, p = torch.sigmoid(LOGITS)[0], torch.softmax(LOGITS, dim=1)[0]
    divided = s / s.sum()
    alike, ordered = torch.allclose(divided, p, atol=1e-4), torch.equal(divided.argsort(), p.argsort())
    return the_one({"Yes": alike, "No, though the order of the classes is the same": ordered and not alike,
                    "No, and even the order can change": not ordered}), f"{numbers(divided)} against softmax's {numbers(p)}"


# 4 · The target that BCE wants


@asks("`nn.BCEWithLogitsLoss` will refuse the label `tensor([1])`. What does it complain about first?", {
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


@asks("The message asks for size [1, 3], so someone repeats the label until it fits: `[[1., 1., 1.]]`. What will torch "
     "say?", {
    "An error, another one": "It now has what it asked for. Torch can check a shape, but not what you meant.",
    "0.9733": "That is the loss of *no, yes, no*. The repeated label says *yes, yes, yes*.",
    "Another number, without an error": "It answers the question that you asked: are all three classes there?",
})
def expanded():
    right, loss = float(BCE(LOGITS, TARGET)), float(BCE(LOGITS, torch.ones(1, 3)))
    return the_one({"0.9733": abs(loss - right) < 1e-4, "Another number, without an error": abs(loss - right) >= 1e-4}), number(loss)


@asks("Can a cross-entropy be negative?", {
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


@asks("Two images, three classes, labels 1 and 0. Which target says so to `nn.BCEWithLogitsLoss`?", {
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


# 5 · Binary cross-entropy, class by class


@asks("The sigmoids are 0.8808, 0.9526 and 0.5250, and only class 1 is true. Each class gets a loss of its own: −log "
     "of what the model gives to the truth. Which is the largest?", {
    "Class 0's": "It is not there, and the model says 0.8808 that it is: 1 − 0.8808 is left for the truth.",
    "Class 1's":
        "It is the true class, and in cross-entropy only that one counts. But its answer, 0.9526 for *there*, is the "
        "best of the three.",
    "Class 2's": "0.5250 is the least sure answer. But not being sure is cheaper than being sure and wrong.",
})
def which_is_largest():
    losses = F.binary_cross_entropy_with_logits(LOGITS, TARGET, reduction="none")[0]
    return f"Class {int(losses.argmax())}'s", f"{numbers(losses)}"


@asks("The model gives a logit of 17 to a class that is not there. The loss should be about 17. What will our formula "
     "say in 32 bits?", {
    "17": "So the mathematics says. But 1 − σ(17) has to be computed first, and 32 bits hold about 7 digits.",
    "0": "y log σ vanishes, since y is 0. But the other term, (1 − y) log(1 − σ), is all that is left.",
    "inf": "σ(17) rounds to 1, so 1 − σ(17) is 0, and −log 0 is infinite.",
})
def sure_of_nothing():
    naive = -torch.log(1 - torch.sigmoid(torch.tensor(17.0)))
    in_one_step = float(BCE(torch.tensor([17.0]), torch.tensor([0.0])))
    return the_one({"inf": bool(naive.isinf()), "0": bool(naive < 1), "17": bool((naive - 17).abs() < 1)}), (
        f"{naive.item()} for −log(1 − σ(17)), and {number(in_one_step)} in one step")


@asks("`nn.BCEWithLogitsLoss` is handed the sigmoids in place of the logits. What will it say?", {
    "It raises an error":
        "`nn.BCELoss` would, the other way round, since most logits are no probabilities. But any float can be a "
        "logit.",
    "0.9733, as before": "It would, if sigmoid left a probability as it is. It takes 0.8808 for a logit.",
    "Another number": "Sigmoids lie in 0 … 1, and a second sigmoid makes 0.5 … 0.73 of them: nobody is ever sure.",
})
def sigmoid_twice():
    once, twice = float(BCE(LOGITS, TARGET)), float(BCE(torch.sigmoid(LOGITS), TARGET))
    return the_one({"Another number": abs(once - twice) > 1e-4, "0.9733, as before": abs(once - twice) <= 1e-4}), number(twice)


@asks("All three logits are 0: a coin toss for each class. What will `nn.BCEWithLogitsLoss` say, whatever is true?")
def coin_toss():
    half = torch.tensor(0.5)
    return float(BCE(torch.zeros(1, 3), TARGET)), "Each answer gives a half to the truth: −log ½ = log 2.", {
        0.5: "this is the probability. The loss is −log of it.",
        float(CE(torch.zeros(1, 3), LABEL)): "this is log 3, the price of guessing one of three. Here each question has two answers.",
        float(-half.log10()): "this is −log ½ to base 10. Torch's `log` is the natural one.",
        3 * float(-half.log()): "this is the sum of the three. The loss is their mean.",
        1.0: "this is −log ½ to base 2, in bits. Torch's `log` is the natural one.",
    }


@asks("On the same logits, BCE says 0.9733 and CE 0.3527. Why is BCE larger here?", {
    "BCE takes sigmoid, and sigmoid gives class 1 less":
        "It gives class 1 more: 0.9526 against 0.7028. Class 1 alone would cost 0.0486.",
    "BCE also asks about the classes that are not there":
        "Two of its three losses are about classes 0 and 2, and the model said yes to both.",
    "BCE is a sum over classes, CE a mean":
        "BCE is a mean by default. It is the mean of three losses, though, and CE is one.",
})
def tie_bce():
    losses = F.binary_cross_entropy_with_logits(LOGITS, TARGET, reduction="none")[0]
    ce, of_class_1 = float(CE(LOGITS, LABEL)), float(losses[1])
    return the_one({"BCE also asks about the classes that are not there": of_class_1 < ce < float(losses.mean()),
                    "BCE takes sigmoid, and sigmoid gives class 1 less": of_class_1 >= ce,
                    "BCE is a sum over classes, CE a mean": torch.isclose(losses.sum(), BCE(LOGITS, TARGET)).item()}), (
        f"{numbers(losses)}, of which only the second is about class 1")


# 6 · Which loss?


@asks("Class 1 is true. Which logits must come down to bring BCE below 0.3527, where CE stands now?", {
    "Logit 0 alone is enough": "It is the sure mistake, and makes up most of the sum.",
    "Both logit 0 and logit 2":
        "Both are answered wrongly, so both seem to be needed. But the two losses are far from equal.",
    "No logit can: BCE is always larger":
        "It is larger here. But each of its three losses can be brought as near to 0 as you like.",
})
def below_ce():
    def lowest(*moved):
        return float(BCE(LOGITS.clone().index_fill(1, torch.tensor(moved), -6.0), TARGET))
    ce = float(CE(LOGITS, LABEL))
    return the_one({"Logit 0 alone is enough": lowest(0) < ce, "Both logit 0 and logit 2": lowest(0, 2) < ce <= lowest(0),
                    "No logit can: BCE is always larger": ce <= lowest(0, 2)}), (
        f"{number(lowest(0))} with logit 0 at −6, {number(lowest(2))} with logit 2 at −6, {number(lowest(0, 2))} with both")


@asks("Classes 0 and 1 are both on the image, and the model is sure of it: logits 6, 4, −6. How many *softmax* shares "
     "reach 0.5?", {
    "None": "Two that share equally get a little less than a half each. But class 0 leads by 2.",
    "One": "The lead of 2 gives class 0 nearly all, although a logit of 4 is as good as sure too.",
    "Two": "It should be two, and two sigmoids do. But two shares of one 1 are never both above a half.",
})
def two_true():
    p = torch.softmax(torch.tensor([[6.0, 4.0, -6.0]]), dim=1)[0]
    return ("None", "One", "Two")[int((p >= 0.5).sum())], f"shares of {p[0]:.4f}, {p[1]:.4f} and {p[2]:.4f}"


@asks("An image with none of the three classes on it: logits −4, −3, −5. What does argmax answer?", {
    "None of them": "That would be right, and a threshold on sigmoid says it. Argmax has no such answer.",
    "Class 1": "The largest of three numbers exists, however low they all are.",
    "An error": "Low logits are logits. Nothing in argmax looks at how large the largest is.",
})
def argmax_of_none():
    low = torch.tensor([[-4.0, -3.0, -5.0]])
    return f"Class {int(low.argmax())}", (
        f"class {int(low.argmax())}, with sigmoids of {numbers(torch.sigmoid(low)[0])}")


# 6, the closing round


@asks("(1) Photos of animals, exactly one of ten kinds on each. Which loss, and which answer?", {
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
        f"{named} animal by argmax and {above} by a threshold of 0.5, on ten logits of which two are high")


@asks("(2) X-ray images with any number of 14 findings on each, often none. Which loss, and which answer?", {
    "CrossEntropyLoss and argmax": "Argmax names one finding on every image, on a healthy one too.",
    "CrossEntropyLoss and a threshold on softmax":
        "The shares sum to 1, so at most one of two findings gets more than a half. A threshold of 0.5 misses the "
        "other, or both.",
    "BCEWithLogitsLoss and a threshold": "Fourteen questions, each with its own yes or no: none, one or many.",
})
def round_findings():
    healthy, ill = torch.full((14,), -4.0), torch.tensor([4.0, 4.0] + [-4.0] * 12)
    by_sigmoid, by_softmax, by_argmax = ([int(found.sum()) for found in map(find, (healthy, ill))] for find in (
        lambda z: torch.sigmoid(z) >= 0.5, lambda z: torch.softmax(z, dim=0) >= 0.5, lambda z: F.one_hot(z.argmax(), 14)))
    return the_one({"BCEWithLogitsLoss and a threshold": by_sigmoid == [0, 2],
                    "CrossEntropyLoss and a threshold on softmax": by_softmax == [0, 2],
                    "CrossEntropyLoss and argmax": by_argmax == [0, 2]}), (
        f"{by_sigmoid[0]} findings on a healthy image and {by_sigmoid[1]} on one with two, by sigmoid; "
        f"by softmax {by_softmax[0]} and {by_softmax[1]}, by argmax {by_argmax[0]} and {by_argmax[1]}")


@asks("(3) 32 images, 10 classes, one label each. What does `nn.CrossEntropyLoss` want as its target?", {
    "[32] long": "One index per row of logits.",
    "[32, 1] long": "A column looks tidy beside [32, 10]. The loss wants one index per row and no dimension more.",
    "[32, 10] long": "One-hot rows are allowed, but as probabilities, so as floats.",
})
def round_labels():
    labels = torch.arange(32) % 10
    targets = {"[32] long": labels, "[32, 1] long": labels.unsqueeze(1), "[32, 10] long": F.one_hot(labels, 10)}
    says = {name: refuses(CE, torch.zeros(32, 10), target) for name, target in targets.items()}
    return the_one({name: not error for name, error in says.items()}), (
        f"{says['[32, 1] long']} to the target [32, 1], {says['[32, 10] long']} to [32, 10]")


@asks("(4) 32 images, 14 findings, any number on each. What does `nn.BCEWithLogitsLoss` want as its target?", {
    "[32] long": "One index per image can name only one finding, and the loss asks fourteen questions.",
    "[32, 14] long": "The shape is right. The numbers are answers between 0 and 1, so floats.",
    "[32, 14] float": "One answer for each logit: shape of the logits, floats from 0 to 1.",
})
def round_targets():
    rows = (torch.arange(32 * 14) % 3 == 0).long().reshape(32, 14)
    targets = {"[32] long": rows[:, 0], "[32, 14] long": rows, "[32, 14] float": rows.float()}
    says = {name: refuses(BCE, torch.zeros(32, 14), target) for name, target in targets.items()}
    return the_one({name: not error for name, error in says.items()}), (
        f"{says['[32] long']} to the target [32], {says['[32, 14] long']} to whole numbers")


@asks("(5) A model for three classes gets better and better, but its cross-entropy stays above 0.55. What do you look "
     "for first?", {
    "A learning rate that is too high": "Then the loss would jump, and the answers would not get better and better.",
    "A softmax before the loss": "Even perfect probabilities cost 0.5514 when the loss softens them once more.",
    "Too few images": "Too few images make a loss that is low in training and high in use, not one with a floor.",
})
def round_floor():
    floor = float(CE(torch.tensor([[0.0, 1.0, 0.0]]), LABEL))
    return the_one({"A softmax before the loss": 0.55 < floor < 0.56}), (
        f"{number(floor)} for the best probabilities there are, handed over as logits")


@asks("(6) The loss is `nn.BCEWithLogitsLoss`, it falls and falls, and now it says −12. What happened?", {
    "The model is better than perfect": "Perfect is 0: the truth gets a probability of 1, and −log 1 = 0.",
    "Targets outside 0 … 1":
        "With a target of 255 the factor 1 − y is −254, so a large loss is taken away where it should be added.",
    "The learning rate is too high":
        "Then the loss jumps about. It cannot fall below 0 as long as the targets lie in 0 … 1.",
})
def round_negative():
    best, mask = float(BCE(100 * (2 * TARGET - 1), TARGET)), float(BCE(LOGITS, 255 * TARGET))
    return the_one({"Targets outside 0 … 1": mask < 0, "The model is better than perfect": best < 0}), (
        f"{best:.4f} for perfect answers, and {number(mask)} for a target of 255")


@asks("(7) You change `reduction` from `mean` to `sum`, with 64 images and `nn.CrossEntropyLoss`. By what factor does "
     "the gradient change?")
def round_reduction():
    z = torch.linspace(-1, 1, 64 * 3).reshape(64, 3)
    labels, gradients = torch.arange(64) % 3, []
    for reduction in ("sum", "mean"):
        moved = z.clone().requires_grad_()
        nn.CrossEntropyLoss(reduction=reduction)(moved, labels).backward()
        gradients.append(moved.grad.norm())
    return float(gradients[0] / gradients[1]), (
        "The mean divides by the number of images. In plain gradient descent the steps grow by as much; Adam takes it out again."), {
        1.0: "the direction stays, and so it is tempting to think that nothing changes. The length does.",
        1 / 64: "the other way round: the sum is the larger one.",
        192.0: "this is 64 · 3. BCE averages over images *and* classes, CE over images only.",
    }


@asks("(8) Once more: why does `nn.CrossEntropyLoss` say 0.3527 and `nn.BCEWithLogitsLoss` 0.9733 on the same logits?", {
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
        f"−log {number(float((-ce).exp()))} = {number(float(ce))}, and "
        f"({' + '.join(number(float(term)) for term in terms)}) / 3 = {number(float(terms.mean()))}")


CLOSING_ROUND = [round_animals, round_findings, round_labels, round_targets,
                 round_floor, round_negative, round_reduction, round_why]
