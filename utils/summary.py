"""One question with three answers, or three questions: both losses side by side.  See notebooks/06_summary.ipynb."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from utils import plots
from utils.bce import before_and_now, worked_bce
from utils.check import Result, Task, check, uses
from utils.cross_entropy import worked_cross_entropy, worked_row
from utils.example import (
    ARTICLE, BCE, CE, LABEL, LABEL_1, LOGITS, ROW, TARGET, WIDE, logit_sliders, logits_from, presets, target_boxes, targets_from,
)
from utils.explore import Explorer, listed, slider
from utils.inputs import check_logits
from utils.language import column, say
from utils.picture import Picture
from utils.plots import number, numbers
from utils.predict import Questions, the_one
from utils.sigmoid import sigmoid
from utils.slips import Fault, slips


def predict_label(logits: Tensor) -> Tensor:
    """The one class with the largest logit, which is also the one with the largest share.

    logits: (..., classes).  Returns: (...), long.
    Raises TypeError or ValueError unless logits are finite floating numbers.  Taught in notebooks/06.
    """
    check_logits(logits)
    return logits.argmax(dim=-1)


def predict_labels(logits: Tensor, threshold: float = 0.5) -> Tensor:
    """Every class whose own probability is at or above the threshold: none, one or many.

    logits: (..., classes); threshold: in [0, 1].  Returns: same shape, bool.
    Raises TypeError or ValueError for other logits or thresholds.  Taught in notebooks/06.
    """
    check_logits(logits)
    if not isinstance(threshold, (int, float)):
        raise TypeError(say("threshold is a {kind}; a number in [0, 1] is wanted", kind=type(threshold).__name__))
    if not 0 <= threshold <= 1:
        raise ValueError(say("threshold is {threshold}; a probability in [0, 1] is wanted", threshold=threshold))
    return sigmoid(logits) >= threshold


def explore_summary() -> Explorer:
    """The same logits in two lanes, shares to argmax and CE, columns to a threshold and BCE; both losses on one axis.

    Where not exactly one class is true no label says what is, and the lane of CE goes pale.
    """
    picture = Picture()
    left, end_of_1, strip = 270, 850, (62, 122)  # of the shares
    lefts, wide, top, floor = (284, 490, 696), 84, 264, picture.height - 76  # of the columns
    start, end, ce, terms, bce = 1010, picture.width - 36, (62, 106), (254, 298), (314, 350)  # of the losses

    def furniture(high: float, one: bool):
        """The names of both lanes, and the axis of the losses."""
        plots.ticks(picture, "loss", plots.axis(0, high, start, end), (0, high / 2, high), floor)
        for name, upper, lower in (("CE", ce[0], ce[1] + 14), ("BCE", terms[0], floor)):
            picture.box(f"zero of {name}", plots.QUIET, start - 1, upper, start + 1, lower)
        for name, y, ends in (("softmax", sum(strip) / 2, (150, 112)), ("sigmoid", (top + floor) / 2, (270, 296))):
            picture.text(name, name, 112, y)
            picture.line(f"to {name}", plots.QUIET, 60, ends[0], 106, ends[1], thick=3)
        for name, y, look in (("CE", sum(ce) / 2, plots.QUIET if one else plots.GHOST), ("BCE", sum(terms) / 2, plots.QUIET)):
            picture.text(f"to {name}", "−log →", 896, y, size=plots.SMALL, look=look)

    def compute(values):
        logits, targets = logits_from(values).unsqueeze(0), targets_from(values).unsqueeze(0)
        row, y = float(nn.CrossEntropyLoss()(logits, targets)), targets[0].int().tolist()
        return {"logits": logits[0], "y": y, "threshold": values["threshold"],
                "p": torch.softmax(logits, dim=1)[0], "sigma": torch.sigmoid(logits)[0],
                "chosen": int(predict_label(logits)), "yes": predict_labels(logits, values["threshold"])[0].tolist(),
                "row": row, "ce": row if sum(y) == 1 else None,  # a label says it only where one class is true
                "terms": nn.BCEWithLogitsLoss(reduction="none")(logits, targets)[0],
                "bce": float(nn.BCEWithLogitsLoss()(logits, targets))}

    def draw(now, before):
        y, one, chosen, total, line = now["y"], now["ce"] is not None, now["chosen"], float(now["terms"].sum()), now["threshold"]
        _, high = plots.reach(total, now["ce"], before and before["ce"], before and before["bce"])
        picture.begin((high, one), lambda: furniture(high, one))
        at, share = plots.axis(0, high, start, end), plots.axis(0, 1, left, end_of_1)
        for k, z in enumerate(now["logits"].tolist()):
            plots.label(picture, f"logit {k}", k, f"{z:.6g}".replace("-", "−"), 8, 172 + 38 * k)

        for k, (a, b) in {} if one else plots.cuts(now["p"]).items():
            picture.box(f"share {k}", plots.PALE[k], share(a), strip[0], share(b), strip[1], data=(a, b))
        plots.strip(picture, "share", (left, end_of_1), strip, now["p"], before=before and plots.cuts(before["p"]),
                    true=y.index(1) if one else None, labels=46, outline=not one)
        x = share(sum(plots.cuts(now["p"])[chosen]) / 2)
        picture.box("chosen", plots.INK, x - 2, 46, x + 2, strip[0], data=chosen)
        picture.text("argmax", f"argmax {'✓' if right(now) else '✗'}", x, 28, "middle", look=plots.INK if right(now) else plots.RED)
        picture.text("CE says", f"CE {plots.short(now['ce'])}" if one else f"CE  {plots.TRUE} × {sum(y)}", start, 28,
                     look=plots.INK if one else plots.QUIET)
        if one:
            picture.box("CE", plots.HATCHED[y.index(1)], at(0), ce[0], at(now["ce"]), ce[1], data=(0, now["ce"]))
            picture.frame("CE edge", plots.INK, at(0), ce[0], at(now["ce"]), ce[1], data=(0, now["ce"]))

        height = plots.axis(0, 1, floor, top)
        plots.columns(picture, "σ", lefts, wide, height, now["sigma"], before=before and before["sigma"],
                      given=y, true=[k for k in range(3) if y[k]], labels=(238, floor + 28))
        picture.box("threshold", plots.INK, lefts[0] - 20, height(line) - 2, lefts[2] + wide + 100, height(line) + 2, data=line)
        picture.text("σ", "σ", 248, 238, look=plots.QUIET)
        for k, yes in enumerate(now["yes"]):
            correct = yes == bool(y[k])
            sign = "≥" if yes else "<"
            picture.text(f"answer {k}", f"{sign} {line:.6g}", lefts[k] + wide + 8, height(line) + (18 if line >= 0.5 else -18))
            picture.text(f"verdict {k}", "✓" if correct else "✗", lefts[k] + wide + 8, floor + 28, look=plots.INK if correct else plots.RED)
        picture.text("BCE says", f"BCE {plots.short(now['bce'])}", start, 226)
        for k, (a, b) in plots.cuts(now["terms"]).items():
            picture.box(f"loss {k}", plots.HATCHED[k], at(a), terms[0], at(b), terms[1], data=(a, b))
            picture.frame(f"loss edge {k}", plots.INK, at(a), terms[0], at(b), terms[1], data=(a, b))
        plots.parts(picture, "BCE", at, bce, total, 3)
        for name, edge, key in (("CE", ce[1], "ce"), ("BCE", bce[1], "bce")):
            plots.ghost(picture, name, at, edge, before and before[key], now[key])

    def show(now, before):
        draw(now, before)
        one, y = now["ce"] is not None, now["y"]
        true = say(", ").join(say("class {k}", k=k) for k in range(3) if y[k]) or say("none")
        named = say("argmax: class {k}", k=now["chosen"])
        answers = say(", ").join((say("class {k} yes", k=k) if yes else say("class {k} no", k=k)) + (" ✓" if yes == bool(there) else " ✗")
                                 for k, (yes, there) in enumerate(zip(now["yes"], y)))
        words = "\n".join([
            column(say("true (★)"), 10) + true,
            f"softmax   {numbers(now['p'])}   {named} {'✓' if right(now) else '✗'}",
            f"sigmoid   {numbers(now['sigma'])}   ≥ {now['threshold']:.6g}{say(': ')}{answers}",
            f"CE  = {worked_cross_entropy(now['p'], y.index(1), now['ce'])}" if one else f"CE  {worked_row(y, now['row'])}",
            f"BCE = {worked_bce(now['terms'], 'mean', now['bce'])}",
            before_and_now(before, now),
        ])
        said = {"logits": listed(now["logits"]), "y": y, "ce": number(now["row"] + 0.0), "bce": number(now["bce"])}  # −0.0 + 0.0 is 0.0
        line = (say("logits {logits}, target {y} → CE {ce}, BCE {bce}", **said) if one else
                say("logits {logits}, target {y} → CE of the row {ce}, BCE {bce}", **said))
        return line, words, ""

    controls = logit_sliders() | target_boxes() | {"threshold": slider("threshold", 0.5, 0, 1)}
    return Explorer("explore_summary", controls, compute, show, picture, presets(**LABEL_1), tasks)


# What there is to do: each sentence with the condition that ticks it, from the values of the controls and compute's numbers.
tasks = [
    ("Leave the logits at 2, 3, 0.1 and make all three answers of sigmoid right.",
     lambda values, now: now["logits"].tolist() == list(ARTICLE) and now["y"] == [0, 1, 0] and all_right(now)),
    ("Bring both losses below 0.05, with class 1 true.",
     lambda values, now: now["y"] == [0, 1, 0] and max(now["ce"], now["bce"]) < 0.05),
    ("Let two classes be true, and all three answers of sigmoid right while argmax misses one.",
     lambda values, now: sum(now["y"]) == 2 and all_right(now)),
    ("Let no class be true: bring BCE below 0.05, and see what argmax says.",
     lambda values, now: sum(now["y"]) == 0 and now["bce"] < 0.05),
    ("Make CE larger than 1 and BCE smaller than 0.65.", lambda values, now: (now["ce"] or 0) > 1 and now["bce"] < 0.65),
]


def right(now: dict) -> bool:
    """Whether the class that argmax names is true, and no other."""
    return now["y"] == [int(k == now["chosen"]) for k in range(3)]


def all_right(now: dict) -> bool:
    """Whether the threshold says yes to what is true and to nothing else."""
    return now["yes"] == [bool(there) for there in now["y"]]


# What notebook 6 asks, in its order.
questions = Questions()


@questions.asks("Class 1 is true. Which logits must come down to bring BCE below 0.3527, where CE stands now?", {
    "Logit 0 alone is enough": "It is the sure mistake, and makes up most of the sum.",
    "Both logit 0 and logit 2": "Both are answered wrongly, so both seem to be needed. But the two losses are far from equal.",
    "No logit can: BCE is always larger": "It is larger here. But each of its three losses can be brought as near to 0 as you like.",
})
def below_ce():
    def lowest(*moved):
        return float(BCE(LOGITS.clone().index_fill(1, torch.tensor(moved), -6.0), TARGET))
    ce = float(CE(LOGITS, LABEL))
    return the_one({"Logit 0 alone is enough": lowest(0) < ce, "Both logit 0 and logit 2": lowest(0, 2) < ce <= lowest(0),
                    "No logit can: BCE is always larger": ce <= lowest(0, 2)}), (
        say("{first} with logit 0 at −6, {last} with logit 2 at −6, {both} with both", first=number(lowest(0)), last=number(lowest(2)),
            both=number(lowest(0, 2))))


@questions.asks("Classes 0 and 1 are both on the image, and the model is sure of it: logits 6, 4, −6. How many *softmax* shares "
                "reach 0.5?", {
    "None": "Two that share equally get a little less than a half each. But class 0 leads by 2.",
    "One": "The lead of 2 gives class 0 nearly all, although a logit of 4 is as good as sure too.",
    "Two": "It should be two, and two sigmoids do. But two shares of one 1 are never both above a half.",
})
def two_true():
    p = torch.softmax(torch.tensor([[6.0, 4.0, -6.0]]), dim=1)[0]
    a, b, c = (f"{share:.4f}" for share in p)
    return ("None", "One", "Two")[int((p >= 0.5).sum())], say("shares of {a}, {b} and {c}", a=a, b=b, c=c)


@questions.asks("An image with none of the three classes on it: logits −4, −3, −5. What does argmax answer?", {
    "None of them": "That would be right, and a threshold on sigmoid says it. Argmax has no such answer.",
    "Class 1": "The largest of three numbers exists, however low they all are.",
    "An error": "Low logits are logits. Nothing in argmax looks at how large the largest is.",
})
def argmax_of_none():
    low = torch.tensor([[-4.0, -3.0, -5.0]])
    named = int(low.argmax())
    return f"Class {named}", say("class {k}, with sigmoids of {sigmoids}", k=named, sigmoids=numbers(torch.sigmoid(low)[0]))


@questions.asks("We take 2.5 off every logit. What happens to the two losses of our image, whose class is 1?", {
    "Both stay": "Softmax does not see it. But sigmoid looks at each logit by itself, and each is lower now.",
    "CE stays, BCE changes": "Shares depend on differences only. Each sigmoid has its own logit, and falls with it.",
    "Both change": "All logits change, and so it looks as if all losses must. But their differences are the old ones.",
})
def all_lower():
    ce, bce = ([float(loss(logits, right)) for logits in (LOGITS, LOGITS - 2.5)] for loss, right in ((CE, LABEL), (BCE, TARGET)))
    choices = {(False, False): "Both stay", (False, True): "CE stays, BCE changes", (True, True): "Both change"}
    return choices[tuple(abs(after - before) > 1e-4 for before, after in (ce, bce))], (
        say("{ce} for CE and {bce} for BCE afterwards", ce=number(ce[1]), bce=number(bce[1])))


@questions.asks("One yes-or-no question for each image, one logit, shape `[N, 1]`, and `nn.CrossEntropyLoss` with label 0 for each. "
                "What will it say?", {
    "It raises an error": "Shapes and types fit: N rows of one logit, N labels. Torch cannot know that one class is too few.",
    "log 2 for a logit of 0": "That is what two classes would cost, or BCE. Here the only class shares with nobody.",
    "Always 0": "Softmax gives the only class the whole 1, whatever its logit is, and −log 1 is 0.",
})
def one_class():
    losses = [float(CE(torch.tensor([[z]]), torch.tensor([0]))) for z in (-5.0, 0.0, 5.0)]
    return the_one({"Always 0": losses == [0, 0, 0], "log 2 for a logit of 0": losses[1] > 0.5}), (
        say("{a}, {b} and {c} for logits of −5, 0 and 5", **dict(zip("abc", losses))))


# --- the check: one label or many, and its slips

def decided(do, z: Tensor, one: bool) -> Tensor:
    return do.label(do.choice(z)) if do.switch(one) else do.answers(do.chances(z))


HALF = Fault("a half is not taken for a yes", "A logit of exactly 0 is a half, and that is a yes. (round makes 0 of a half.)",
             lambda yes, z: yes.shape == z.shape and bool((yes[z == 0] < 1).any()))
DECISION_STEPS = {"switch": lambda one: one, "choice": lambda z: z, "label": lambda z: z.argmax(1), "chances": lambda z: z,
                  "answers": lambda z: z >= 0}
DECISION_SLIPS = slips("""
With one=True one index per row is wanted, with one=False a yes or no for each class.
    one and many exchanged | switch: not one
For one label, each image has one index, shape [N]: where in its row the largest logit stands, from 0 on. (Is one=True's line reached?)
    argmax over the wrong dim, or over all | label: z.argmax(0) | z.argmax()
    keepdim too much | label: z.argmax(1, keepdim=True)
    the largest number, not where it stands | label: z.amax(1) | softmax(z, 1).amax(1) | z.sigmoid().amax(1)
    the smallest instead of the largest | label: z.argmin(1)
    a row where an index is wanted | label: one_hot(z.argmax(1), z.shape[1]) | z == largest(z) | softmax(z, 1) | z.sigmoid() | z >= 0 \
| z > 0
    counted from 1 | label: z.argmax(1) + 1
Yes and no have forgotten which logit is the largest: of several that are yes the first wins.
    argmax of the answers | choice: (z >= 0).long()
A label is an index, and so a whole number.
    labels as floats | label: z.argmax(1).float()
What if all logits of a row are negative?
    the search started at 0 | label: z.argmax(1) * (z.amax(1) > 0)
In 32 bits all sigmoids from 17 on are 1, and the first of them wins. Ask the logits.
    argmax of saturated sigmoids | choice: z.sigmoid()
Each class is asked by itself, and yes is for a probability of at least a half. Which logit has it?
    threshold on softmax | chances: softmax(z, 1) - 0.5
    threshold of 0.5 on the logits | answers: z >= 0.5 | z > 0.5
    yes and no exchanged | answers: z < 0 | z <= 0
    another threshold than a half | answers: z >= 1 | z > -1 | z > z.mean() \
| z > z.mean(1, keepdim=True) | softmax(z, 1) > 1 / z.shape[1]
Does the answer of one class change with the logit of another? It should not.
    only one where many may be true | answers: z.argmax(1) | one_hot(z.argmax(1), z.shape[1]) | z == largest(z)
For many labels, a yes or no for each class of each image is wanted: no probabilities, no list, and not one for all.
    the same answer for all | answers: z == z | z != z
    not decided | answers: z.sigmoid() | softmax(z, 1) | z | z.round() | z.sign()
    not one answer for each class | answers: (z >= 0).nonzero() | (z >= 0).nonzero()[:, 1] | (z >= 0).any(1) | (z >= 0).all(1) \
| (z >= 0).sum(1)
""", DECISION_STEPS)


def answer_remark(function: Callable) -> str:
    return (say("softmax and sigmoid can be left out: the logits themselves tell which, and which ones.")
            if any(uses(function, (ROW, one), "softmax", "sigmoid") for one in (True, False)) else "")


SCORES = torch.tensor([[2, 3, 0.7, -1], [-1, -2, -3, -0.02], [1.5, -0.5, 1.4, 0.02], [0.3, -4, 0.4, -3], [20, 30, 25, 18], [0.2, 1, -1, 1]])
PREDICT_LABELS = Task(
    lambda z, one: z.argmax(1) if one else z >= 0, ["logits", "one"],
    [(logits, one) for logits in (ROW, SCORES, WIDE[:, :2] + 0.001) for one in (True, False)], [decided], DECISION_SLIPS, DECISION_STEPS,
    [(torch.tensor([[0.0, 2, -1]]), False)], remark=answer_remark, faults=[HALF],
    also=lambda z, one: z.shape[1] - 1 - z.flip(1).argmax(1) if one else z >= 0)


def check_predict_labels(function: Callable[[Tensor, bool], Tensor]) -> Result:
    """Whether function(logits [N, C], one) → label [N] where one is true, else [N, C]: yes from a probability of a half on.

    Written in notebooks/06.
    """
    return check(function, PREDICT_LABELS)
