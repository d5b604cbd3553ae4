"""The visual language that every topic shares: strip, columns, lengths, arrows, and how numbers are written.

Each function paints present numbers into a Picture, under names that begin with part.  Everywhere the solid, hatched shapes
are the reader's numbers, black edges torch's, a grey lane beside them is where things stood before, and red is wrong.
Nothing is cut off to fit: an axis that is too short takes its next step, 1, 2, 5, 10, ...
"""

import math
from collections.abc import Callable, Sequence

from utils.picture import (
    COLOURS, DOT, GHOST, HATCHED, HATCHES, INK, INKS, MARKERS, PALE, PAPER, QUIET, RED, REDDENED, SIZE, SMALL, SOLID, WRONG, Picture, written,
)

TINY = 0.00095  # below it 4 decimals would leave one digit or none
TRUE = "★"  # marks the class that is true
LANE = 9  # how thick the grey lane is


def number(value: float) -> str:
    """A number as every readout writes it: 4 decimals, powers of ten where those would say nothing."""
    size = abs(value)
    if math.isfinite(value) and (0 < size < TINY or size >= 10_000):
        text = f"{value:.2e}"
    else:
        text = f"{value:.4f}"
    return text.replace("-", "−")


def numbers(values: Sequence[float]) -> str:
    """Several numbers, as in "0.2585, 0.7028, 0.0387"."""
    return ", ".join(number(float(value)) for value in values)


def short(value: float) -> str:
    """A number as pictures write it, without powers of ten as long as may be: 0.7028, <0.0001, 1234.57, 1.1·10¹³."""
    size = abs(value)
    if not math.isfinite(value):
        return f"{value}".replace("-", "−")
    if 0 < size < 0.00005:
        return "<0.0001" if value > 0 else "−0.0000"
    if size < 1e6:
        return f"{value:.{4 if size < 1000 else 2 if size < 10_000 else 0}f}".replace("-", "−")
    digits, power = f"{value:.1e}".replace("-", "−").split("e+")
    return f"{digits}·10" + str(int(power)).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def exact(result: float, arithmetic: Callable, *values: float) -> list[str]:
    """The values as they are written in "−log 0.119203 = 2.1269": with as many decimals, 4 or more, as make it true.

    In powers of ten where 12 decimals are not enough, or where they would be a wall of digits.
    """
    for decimals in range(4, 13) if max(map(abs, values)) < 10_000 else ():
        texts = [f"{value:.{decimals}f}" for value in values]
        if number(arithmetic(*map(float, texts))) == number(result):
            return texts
    return [number(value) for value in values]


def minus_log(p: float) -> float:
    return -math.log(p) if p > 0 else math.inf


def step(size: float) -> float:
    """The first of 0, 1, 2, 5, 10, 20, ... that is not below size: how far an axis reaches."""
    if size <= 0:
        return 0
    ten = 10 ** max(math.floor(math.log10(size)), 0)
    return next(ten * k for k in (1, 2, 5, 10) if size <= ten * k * (1 + 1e-6))


def reach(*values: float | None) -> tuple[float, float]:
    """An axis that holds 0 ... 1 and all finite values, in steps: (0, 1) as long as they are shares."""
    finite = [float(value) for value in values if value is not None and math.isfinite(value)]
    return -step(-min(finite, default=0)), max(1, step(max(finite, default=1)))


def axis(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """Returns place(value) in pixels: start at low, end at high."""
    return lambda value: start + (value - low) * (end - start) / (high - low)


def apart(wanted: Sequence[float], sizes: Sequence[float], low: float, high: float, gap: float = 16) -> list[float]:
    """The middles of labels of these sizes in a row from low to high, each as near to where it is wanted as the others let it."""
    order = sorted(range(len(wanted)), key=lambda j: wanted[j])
    middles, edge = list(wanted), low
    for j in order:
        middles[j] = max(wanted[j], edge + sizes[j] / 2)
        edge = middles[j] + sizes[j] / 2 + gap
    edge = high
    for j in reversed(order):
        middles[j] = min(middles[j], edge - sizes[j] / 2)
        edge = middles[j] - sizes[j] / 2 - gap
    return middles


def cuts(values: Sequence[float], order: Sequence[int] | None = None) -> dict[int, tuple[float, float]]:
    """Values laid end to end, each as its stretch (low, high): from 0 to the right, and what is negative to the left."""
    stretches, left, right = {}, 0.0, 0.0
    for k in order or range(len(values)):
        value = float(values[k])
        if not math.isfinite(value):
            continue
        if value < 0:
            stretches[k] = left + value, left
            left += value
        else:
            stretches[k] = right, right + value
            right += value
    return stretches


def differs(value: float, torchs: float) -> bool:
    return not abs(float(value) - float(torchs)) <= 5e-5 * max(1, abs(float(torchs)))  # true for nan too


def label(picture: Picture, name: str, k: int, text: str, x: float, y: float, look: int = INK, true: bool = False) -> None:
    """A class's marker and a text from x on, around y; before them ★ where the class is true."""
    if true:
        x = picture.text(f"true {name}", TRUE, x, y)[2] + 6
    picture.dot(f"marker {name}", k, x + 12, y, size=24)
    picture.text(name, text, x + 30, y, look=look)


def label_width(text: str, true: bool = False) -> int:
    return written(text)[0].shape[1] + 32 + (written(TRUE)[0].shape[1] + 8 if true else 0)


def strip(picture: Picture, part: str, along: tuple[float, float], across: tuple[float, float], values, torch=None, before=None,
          order=None, true: int | None = None, texts=None, labels: float = 62, unit: float | None = None, outline: bool = False,
          total: str = "") -> Callable[[float], float]:
    """Values end to end.  Shares fill the strip from 0 to 1, cut where one class ends; what is no share sticks out, in red.

    along: where 0 and 1 are, in pixels, left to right or, if the second is smaller, upright; across: its edges.
    values, torch, before: one per class: the reader's, torch's where they may differ, those from before.
    order: of the classes from 0 on; true: the class that gets ★; texts: for the labels, if not the values;
    labels: how far from the strip they stand, below or to the right, above if negative.
    unit: what the end of along stands for, if not 1; outline: edges only, for what is torch's and not the reader's;
    total: a last label, for the end of it all.  Returns value -> pixels.
    """
    upright, torch = along[1] < along[0], values if torch is None else torch
    order = order or range(len(values))
    here, theirs, then = cuts(values, order), cuts(torch, order), cuts(before, order) if before is not None else {}
    low, high = (0, unit) if unit else reach(*(edge for stretch in here.values() for edge in stretch))
    at = axis(low, high, *along)

    def corners(stretch, near, far):
        a, b = at(stretch[0]), at(stretch[1])
        return (near, b, far, a) if upright else (a, near, b, far)

    lane = (across[1] + 5, across[1] + 5 + LANE) if labels > 0 else (across[0] - 5 - LANE, across[0] - 5)
    for k, stretch in then.items():
        a, b = at(stretch[0]), at(stretch[1])
        if not upright and b > picture.width - 8:  # it reaches further than the picture
            arrow(picture, f"before {part} {k}", GHOST, min(a + 2, picture.width - 24), picture.width - 4, sum(lane) / 2, stretch, LANE)
            break
        if abs(b - a) > 4:  # a gap between two
            picture.box(f"before {part} {k}", GHOST, *((lane[0], b + 2, lane[1], a - 2) if upright else (a + 2, lane[0], b - 2, lane[1])),
                        data=stretch)
    wrong = [differs(values[k], torch[k]) for k in range(len(values))]
    for k, stretch in here.items():
        if not outline:
            picture.box(f"{part} {k}", HATCHED[k], *corners(stretch, *across), data=stretch)
        for side, outside in (("below", (stretch[0], min(stretch[1], 0))), ("above", (max(stretch[0], 1), stretch[1]))):
            if outside[1] - outside[0] > 1e-6 and not unit:
                picture.box(f"{side} {part} {k}", REDDENED[k], *corners(outside, *across), data=outside)
    for k, stretch in here.items():
        if wrong[k]:
            picture.frame(f"wrong {part} {k}", RED, *corners(stretch, across[0] - 4, across[1] + 4), data=stretch, thick=5)
    for k, stretch in theirs.items():
        picture.frame(f"torch {part} {k}", INK, *corners(stretch, *across), data=stretch)
    for k, stretch in here.items():
        a, b = at(stretch[0]), at(stretch[1])
        if abs(b - a) > 56 and not outline:
            x, y = (sum(across) / 2, (a + b) / 2) if upright else ((a + b) / 2, sum(across) / 2)
            picture.box(f"plate {part} {k}", PAPER, x - 17, y - 17, x + 17, y + 17)
            picture.text(f"class {part} {k}", str(k), x, y, "middle", bold=True)

    if not upright and not unit:
        if (low, high) == (0, 1):
            picture.text(f"{part} ends at 1", "1", at(1) + 12, sum(across) / 2)
        else:
            for end in (0, 1):
                picture.box(f"{part} tick {end}", INK, at(end) - 2, across[0] - 14, at(end) + 2, across[1] + 14, data=end)
                picture.text(f"{part} tick {end} says", str(end), at(end), across[0] - 30, "middle", away=-1)
    texts = texts or [short(float(value)) for value in values]
    middles = {k: at(sum((here.get(k) or theirs.get(k) or (0, 0))) / 2) for k in range(len(values))}
    if upright:
        x, ends = across[1] + labels, sorted(along)
        heights = apart([middles[k] for k in order], [SIZE + 8] * len(values), ends[0], ends[1], gap=2)
        for k, y in zip(order, heights):
            if abs(y - middles[k]) > 6:
                picture.line(f"leader {part} {k}", QUIET, lane[1] + 3 if then else across[1] + 2, middles[k], x - 6, y)
            label(picture, f"{part} {k} says", k, texts[k], x, y, RED if wrong[k] else INK, k == true)
    else:
        y, edge, sign = (across[1] + labels, across[1], 1) if labels > 0 else (across[0] + labels, across[0], -1)
        sizes = [label_width(texts[k], k == true) for k in order]
        wanted = [middles[k] for k in order]
        if total:
            sizes.append(written(total)[0].shape[1])
            wanted.append(at(max(edge for stretch in here.values() for edge in stretch)) + sizes[-1] / 2 + 20)
        places = apart(wanted, sizes, min(along) - 60, picture.width - 12)
        if total:
            picture.text(f"{part} total", total, places[-1] - sizes[-1] / 2, y)
        for k, x, size in zip(order, places, sizes):
            if abs(x - middles[k]) > 12:
                picture.line(f"leader {part} {k}", QUIET, middles[k], edge + sign * (LANE + 8 if then else 3), x, y - sign * 20)
            label(picture, f"{part} {k} says", k, texts[k], x - size / 2, y, RED if wrong[k] else INK, k == true)
    return at


def columns(picture: Picture, part: str, lefts: Sequence[float], width: float, at: Callable, values, torch=None, before=None,
            given=(1, 1, 1), true: Sequence[int] = (), labels: Sequence[float] = (0, 0), texts=None) -> None:
    """One yes-or-no question per class: a column from 0 to 1, split at the value into "there" below and "not there" above.

    lefts, width: of the columns, in pixels; at: value -> pixels; values, torch, before: one per class, as for a strip.
    given: per class 1 where the lower part is what is given to the truth, 0 where it is the upper: that part is coloured,
    the other pale.  true: the classes that get ★.  labels: where the values and the classes are written; texts for the values.
    """
    torch = values if torch is None else torch
    texts = texts or [short(float(value)) for value in values]
    middles = apart([left + width / 2 for left in lefts], [written(text)[0].shape[1] for text in texts],
                    lefts[0] - width, lefts[-1] + 2 * width, gap=10)
    for k, left in enumerate(lefts):
        right, value, theirs = left + width, float(values[k]), float(torch[k])
        wrong = differs(value, theirs)
        if before is not None:
            picture.box(f"before {part} {k}", GHOST, left - 5 - LANE, at(0), left - 5, at(float(before[k])), data=(0, float(before[k])))
        if math.isfinite(value):
            picture.box(f"not {part} {k}", PALE[k] if given[k] else HATCHED[k], left, at(min(max(value, 0), 1)), right, at(1), data=(min(max(value, 0), 1), 1))
            picture.box(f"{part} {k}", HATCHED[k] if given[k] else PALE[k], left, at(0), right, at(value), data=(0, value))
            for side, outside in (("below", (value, 0)), ("above", (1, value))):
                if outside[1] > outside[0]:
                    picture.box(f"{side} {part} {k}", REDDENED[k], left, at(outside[0]), right, at(outside[1]), data=outside)
            if wrong:
                picture.frame(f"wrong {part} {k}", RED, left - 4, at(0), right + 4, at(value), data=(0, value), thick=5)
        picture.frame(f"whole {part} {k}", INK, left, at(0), right, at(1), data=(0, 1), thick=2)
        picture.frame(f"torch {part} {k}", INK, left, at(0), right, at(theirs), data=(0, theirs))
        picture.text(f"{part} {k} says", texts[k], middles[k], labels[0], "middle", look=RED if wrong else INK)
        size = label_width(str(k), k in true)
        label(picture, f"class {part} {k}", k, str(k), (left + right - size) / 2, labels[1], true=k in true)


def ruler(picture: Picture, part: str, start: float, end: float, y: float, most: float) -> Callable[[float], float]:
    """A level axis in nats from 0 to the step that holds most, its ends and middle labelled below.  Returns value -> pixels."""
    top = step(max(most, 1))
    at = axis(0, top, start, end)
    picture.box(f"{part} axis", QUIET, start, y, end, y + 2, data=(0, top))
    for tick in (0, top / 2, top):
        picture.box(f"{part} tick {tick:g}", QUIET, at(tick) - 1, y, at(tick) + 1, y + 8, data=tick)
        picture.text(f"{part} tick says {tick:g}", f"{tick:g}", at(tick), y + 26, "middle", SMALL, look=QUIET)
    return at


def parts(picture: Picture, part: str, at: Callable, across: tuple[float, float], total: float, count: int, wrong: bool = False) -> None:
    """A length cut into equal parts, the first of them filled: the mean."""
    for j in range(count):
        ends = total * j / count, total * (j + 1) / count
        if j == 0:
            picture.box(part, RED if wrong else QUIET, at(ends[0]), across[0], at(ends[1]), across[1], data=ends)
        picture.frame(f"{part} part {j}", QUIET, at(ends[0]), across[0], at(ends[1]), across[1], data=ends, thick=2)


def arrow(picture: Picture, name: str, look: int, x0: float, x1: float, y: float, data=None, thick: int = 10) -> None:
    """A level arrow from x0 to x1; too short for a shaft, it is only a head, and at last a line."""
    back = max(min(18, abs(x1 - x0)), 2) * (1 if x1 < x0 else -1)
    picture.box(name, look, x0, y - thick / 2, x1 + back, y + thick / 2, data=data)
    for half, (upper, lower) in {"upper": ((0, 0), (0, 1)), "lower": ((0, 1), (0, 0))}.items():
        stretches = [sorted((x1 + back, x1 + back - back * share)) for _, share in (upper, lower)]
        picture.band(f"{name} {half} head", look, *((y - 14, y) if half == "upper" else (y, y + 14)), *stretches)
