"""The visual language that every topic shares: strip, columns, parts, arrows, and how numbers are written.

Each function paints present numbers into a Picture.  Everywhere hatched shapes are the reader's numbers ("share 1" where part is
"share"), black edges torch's ("torch share 1"), a grey lane beside what has moved is where it stood before ("before share 1"), red
is wrong ("wrong share 1"), and ★ marks what is true.  Losses are lengths: a strip with a span, on an axis that ticks draws.
Nothing is cut off to fit: an axis that is too short takes its next step, 1, 2, 5, 10, ...
"""

import math
from collections.abc import Callable, Sequence

from utils.picture import GHOST, HATCHED, INK, PALE, PAPER, QUIET, RED, REDDENED, SIZE, SMALL, SOLID, Picture, written

TINY = 0.00095  # below it 4 decimals would leave one digit or none
TRUE = "★"  # the star that marks the class that is true
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
LANE = 9  # how thick the grey lane is


def number(value: float) -> str:
    """A number as every readout writes it: 4 decimals, a power of ten where those would say nothing: 0.7028, 6.14·10⁻⁶."""
    if math.isfinite(value) and (0 < abs(value) < TINY or abs(value) >= 10_000):
        return power_of_ten(value, 2)
    return f"{value:.4f}".replace("-", "−")


def numbers(values: Sequence[float]) -> str:
    """Several numbers, as in "0.2585, 0.7028, 0.0387"."""
    return ", ".join(number(float(value)) for value in values)


def short(value: float) -> str:
    """A number as pictures write it: the same, but with fewer decimals where it is large: 1234.57, 12346."""
    size = abs(value)
    return f"{value:.{2 if size < 10_000 else 0}f}".replace("-", "−") if 1000 <= size < 1e6 else number(value)


def round_number(value: float) -> str:
    """What stands at a tick: −6, 0.5, 200, 5·10³."""
    return f"{value:g}".replace("-", "−") if abs(value) < 1000 else power_of_ten(value, 0).replace("1·10", "10")


def power_of_ten(value: float, decimals: int) -> str:
    """A number as 1.1·10¹³."""
    digits, power = f"{value:.{decimals}e}".split("e")
    return f"{digits}·10".replace("-", "−") + str(int(power)).translate(RAISED)


def exact(result: float, arithmetic: Callable, *values: float) -> list[str]:
    """The values as they are written in "−log 0.119203 = 2.1269": with as many decimals, 4 or more, as make it true.

    In powers of ten where number would write one too; and as number does where 12 decimals are not enough, or a wall of digits.
    """
    for decimals in range(4, 13) if max(map(abs, values)) < 10_000 else ():
        texts = [f"{value:.{decimals - 2}e}" if 0 < abs(value) < TINY else f"{value:.{decimals}f}" for value in values]
        if number(arithmetic(*map(float, texts))) == number(result):
            return [power_of_ten(value, decimals - 2) if "e" in text else text for value, text in zip(values, texts)]
    return [number(value) for value in values]


def minus_log(p: float) -> float:
    return -math.log(p) if p > 0 else math.inf


def drawable(value: float) -> bool:
    """Whether a number has a place on some axis: nan, inf and what is next to inf have none."""
    return abs(float(value)) < 1e99


def step(size: float) -> float:
    """The first of 0, 1, 2, 5, 10, 20, ... that is not below size: how far an axis reaches."""
    if size <= 0:
        return 0
    ten = 10.0 ** max(math.floor(math.log10(size)), 0)
    return next(ten * k for k in (1, 2, 5, 10) if size <= ten * k * (1 + 1e-6))


def reach(*values: float | None) -> tuple[float, float]:
    """An axis that holds 0 ... 1 and all values that have a place, in steps: (0, 1) as long as they are shares."""
    finite = [float(value) for value in values if value is not None and drawable(value)]
    return -step(-min(finite, default=0)), max(1, step(max(finite, default=1)))


def axis(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """Returns place(value) in pixels: start at low, end at high."""
    return lambda value: start + (value - low) * (end - start) / (high - low)


def apart(wanted: Sequence[float], sizes: Sequence[float], low: float, high: float, gap: float = 16) -> list[float]:
    """The middles of labels of these sizes in a row from low to high, together as near to where they are wanted as they can be.

    Seen from where each would stand if the row began at 0 and had no spaces, they must only keep their order: those that would
    not are put to the mean of where they are wanted.
    """
    order = sorted(range(len(wanted)), key=lambda j: wanted[j])
    packed, groups = {}, []
    for before, j in zip([None, *order], order):
        packed[j] = 0 if before is None else packed[before] + (sizes[before] + sizes[j]) / 2 + gap
        groups.append((wanted[j] - packed[j], 1))
        while len(groups) > 1 and groups[-2][0] > groups[-1][0]:
            (a, m), (b, n) = groups.pop(-2), groups.pop()
            groups.append(((m * a + n * b) / (m + n), m + n))
    first, last = low + sizes[order[0]] / 2, high - sizes[order[-1]] / 2 - packed[order[-1]]
    places = [min(max(place, first), last) for place, count in groups for _ in range(count)]
    return [packed[j] + places[order.index(j)] for j in range(len(wanted))]


def cuts(values: Sequence[float], order: Sequence[int] | None = None) -> dict[int, tuple[float, float]]:
    """Values laid end to end, each as its stretch (low, high): from 0 to the right, and what is negative to the left."""
    stretches, left, right = {}, 0.0, 0.0
    for k in order or range(len(values)):
        value = float(values[k])
        if not drawable(value):
            continue
        if value < 0:
            stretches[k] = left + value, left
            left += value
        else:
            stretches[k] = right, right + value
            right += value
    return stretches


def differs(value: float, torchs: float) -> bool:
    """Whether the reader's number is another one than torch's, to four decimals."""
    return not abs(float(value) - float(torchs)) <= 5e-5 * max(1, abs(float(torchs)))  # true for nan too


def moved(then: float | None, now: float | None) -> bool:
    """Whether a number was another one before; None is none.  What has not moved casts no ghost."""
    return then is not None and (now is None or not abs(float(then) - float(now)) < 1e-9)


def ghost(picture: Picture, name: str, at: Callable, edge: float, then: float | None, now: float | None) -> None:
    """The grey lane below the lower edge of a length, as long as it was before."""
    if moved(then, now):
        picture.box(f"before {name}", GHOST, at(0), edge + 5, at(float(then)), edge + 5 + LANE, data=(0, float(then)))


def label(picture: Picture, name: str, k: int, text: str, x: float, y: float, look: int = INK, true: bool = False) -> None:
    """A class's marker and a text from x on, around y; before them ★ where the class is true."""
    if true:
        x = picture.text(f"true {name}", TRUE, x, y)[2] + 6
    picture.dot(f"marker {name}", k, x + 12, y, size=24)
    picture.text(name, text, x + 30, y, look=look)


def label_width(text: str, true: bool = False) -> int:
    return width(text) + 32 + (width(TRUE) + 8 if true else 0)


def width(text: str) -> int:
    return written(text)[0].shape[1]


def ticks(picture: Picture, part: str, at: Callable, values: Sequence[float], edge: float, upright: bool = False) -> None:
    """An axis: a line at edge with marks and numbers, below it or, upright, to its left; its ends first, then what has room."""
    places = []
    for value in (values[0], values[-1], *values[1:-1]):
        place = at(value)
        picture.box(f"{part} tick {value:g}", QUIET, *((edge - 8, place - 1, edge, place + 1) if upright else
                                                       (place - 1, edge, place + 1, edge + 8)), data=value)
        if all(abs(place - other) > (30 if upright else 60) for other in places):
            where = (edge - 16, place, "right") if upright else (place, edge + 28, "middle")
            picture.text(f"{part} tick {value:g} says", round_number(value), *where, SMALL, look=QUIET)
            places.append(place)
    ends = sorted((at(min(values)), at(max(values))))
    picture.box(f"{part} axis", QUIET, *((edge - 2, ends[0], edge, ends[1]) if upright else (ends[0], edge, ends[1], edge + 2)),
                data=(min(values), max(values)))


def strip(picture: Picture, part: str, along: Sequence[float], across: Sequence[float], values, torch=None, before=None, order=None,
          true: int | None = None, texts=None, labels: float = 62, span=None, outline: bool = False, total: str = "") -> Callable:
    """Values end to end.  Shares fill the strip from 0 to 1, cut where one class ends; what is no share sticks out, in red.

    along: where 0 and 1 are, in pixels, left to right or, if the second is smaller, upright; across: its edges.
    values, torch: one per class, the reader's, and torch's where they may differ; before: the stretches from before, see cuts.
    order: of the classes, from 0 on; true: the class that gets ★; texts: for the labels, if not the values;
    labels: how far from the strip they stand, below or to the right, above if negative.
    span: what the ends of along stand for, where the values are lengths and no shares; outline: edges only, for what is torch's
    and not the reader's; total: a last label, for the end of it all.  Returns value -> pixels.
    """
    upright, torch, order = along[1] <= along[0], values if torch is None else torch, order or range(len(values))
    here, theirs, then = cuts(values, order), cuts(torch, order), before or {}
    edges = [edge for stretch in here.values() for edge in stretch]
    low, high = span or reach(*edges)
    at = axis(low, high, *along)
    wrong = [differs(values[k], torch[k]) for k in range(len(values))]

    def corners(stretch, near, far, gap=0):
        a, b = at(stretch[0]), at(stretch[1])
        return (near, b + gap, far, a - gap) if upright else (a + gap, near, b - gap, far)

    lane = (across[1] + 5, across[1] + 5 + LANE) if labels > 0 else (across[0] - 5 - LANE, across[0] - 5)
    for k, stretch in then.items():
        if not any(map(moved, stretch, theirs.get(k, (None, None)))):
            continue
        if not upright and at(stretch[1]) > picture.width - 8:  # it goes on beyond the picture
            start = min(at(stretch[0]) + 2, picture.width - 24)
            arrow(picture, f"before {part} {k}", GHOST, start, picture.width - 4, sum(lane) / 2, stretch, LANE)
            break
        if abs(at(stretch[1]) - at(stretch[0])) > 4:  # with a gap between two
            picture.box(f"before {part} {k}", GHOST, *corners(stretch, *lane, gap=2), data=stretch)

    for k, stretch in {} if outline else here.items():
        picture.box(f"{part} {k}", HATCHED[k], *corners(stretch, *across), data=stretch)
        outside = {"below": (stretch[0], min(stretch[1], 0)), "above": (max(stretch[0], 1), stretch[1])} if not span else {}
        for side, (a, b) in outside.items():
            if b - a > 1e-6:
                picture.box(f"{part} {k} {side}", REDDENED[k], *corners((a, b), *across), data=(a, b))
    for k, stretch in here.items():
        if wrong[k]:
            picture.frame(f"wrong {part} {k}", RED, *corners(stretch, across[0] - 4, across[1] + 4), data=stretch, thick=5)
    for k, stretch in theirs.items():
        picture.frame(f"torch {part} {k}", INK, *corners(stretch, *across), data=stretch)
    for k, stretch in {} if outline else here.items():
        if abs(at(stretch[1]) - at(stretch[0])) > 56:
            middle = at(sum(stretch) / 2), sum(across) / 2
            plate(picture, f"{part} {k}", k, *(middle[::-1] if upright else middle))
    if (low, high) != (0, 1) and not span and not upright:  # the strip itself has become shorter
        for end in (0, 1):
            picture.box(f"{part} tick {end}", INK, at(end) - 2, across[0] - 14, at(end) + 2, across[1] + 14, data=end)
            picture.text(f"{part} tick {end} says", str(end), at(end), across[0] - 30, "middle", away=-1)
    elif not span and not upright:
        picture.text(f"{part} tick 1 says", "1", at(1) + 12, sum(across) / 2)

    texts = texts or [short(float(value)) for value in values]
    wanted = [at(sum(here.get(k) or theirs.get(k) or (0, 0)) / 2) for k in order]
    if upright:
        need = (SIZE + 10) * len(wanted)  # of a very short strip the labels reach further than its ends
        top = min(*along, picture.height - need)
        places = apart(wanted, [SIZE + 8] * len(wanted), top, max(*along, top + need), gap=2)
    else:
        sizes = [label_width(texts[k], k == true) for k in order] + ([width(total)] if total else [])
        places = apart(wanted + ([at(max(edges)) + 90 + sizes[-1] / 2] if total else []), sizes, min(along) - 60, picture.width - 12)
        y = across[labels > 0] + labels
        if total:
            picture.text(f"{part} total", total, places[-1] - sizes[-1] / 2, y)
    for j, k in enumerate(order):
        away = 3 if labels > 0 else -3
        if upright:
            start, end = (across[1] + away, wanted[j]), (across[1] + labels - 6, places[j])
            place = across[1] + labels, places[j]
        else:
            start, end = (wanted[j], across[labels > 0] + away), (places[j], y - (20 if labels > 0 else -20))
            place = places[j] - sizes[j] / 2, y
        ends = sorted(map(at, here.get(k) or theirs.get(k) or (0, 0)))
        if abs(places[j] - wanted[j]) > 8 and not ends[0] < places[j] < ends[1]:  # a label that had to make room points at its stretch
            picture.line(f"leader {part} {k}", QUIET, *start, *end)
        label(picture, f"{part} {k} says", k, texts[k], *place, RED if wrong[k] else INK, k == true)
    return at


def plate(picture: Picture, name: str, k: int, x: float, y: float) -> None:
    """The number of a class on what is hatched."""
    picture.box(f"plate {name}", PAPER, x - 17, y - 17, x + 17, y + 17)
    picture.text(f"class {name}", str(k), x, y, "middle", bold=True)


def columns(picture: Picture, part: str, lefts: Sequence[float], across: float, at: Callable, values, torch=None, before=None,
            given: Sequence[int] = (1, 1, 1), true: Sequence[int] = (), labels: Sequence[float] = (26, 420), texts=None) -> None:
    """One yes-or-no question per class: a column from 0 to 1, split at the value into "there" below and "not there" above.

    lefts, across: where the columns begin and how wide they are; at: value -> pixels; values, torch, before: one per class.
    given: per class 1 where the lower part is what is given to the truth, 0 where it is the upper: that part is coloured,
    the other pale.  true: the classes that get ★.  labels: where values and classes are written; texts: if not the values.
    """
    torch = values if torch is None else torch
    texts = texts or [short(float(value)) for value in values]
    middles = apart([left + across / 2 for left in lefts], [width(text) for text in texts],
                    lefts[0] - across, lefts[-1] + 2 * across, gap=10)
    for k, left in enumerate(lefts):
        right, value, theirs = left + across, float(values[k]), float(torch[k])
        wrong = differs(value, theirs)
        if before is not None and moved(before[k], theirs):  # beside what is coloured
            then = (0, float(before[k])) if given[k] else (float(before[k]), 1)
            picture.box(f"before {part} {k}", GHOST, left - 5 - LANE, at(then[0]), left - 5, at(then[1]), data=then)
        if drawable(value):
            inside = min(max(value, 0), 1)
            for name, look, a, b in ((f"{part} {k}", HATCHED[k] if given[k] else PALE[k], 0, inside),
                                     (f"not {part} {k}", PALE[k] if given[k] else HATCHED[k], inside, 1),
                                     (f"{part} {k} below", REDDENED[k], value, 0), (f"{part} {k} above", REDDENED[k], 1, value)):
                if b > a:
                    picture.box(name, look, left, at(a), right, at(b), data=(a, b))
            if wrong:
                picture.frame(f"wrong {part} {k}", RED, left - 4, at(0), right + 4, at(value), data=(0, value), thick=5)
        picture.frame(f"whole {part} {k}", INK, left, at(0), right, at(1), data=(0, 1), thick=2)
        picture.frame(f"torch {part} {k}", INK, left, at(0), right, at(theirs), data=(0, theirs))
        picture.text(f"{part} {k} says", texts[k], middles[k], labels[0], "middle", look=RED if wrong else INK)
        start = (left + right - label_width(str(k), k in true)) / 2
        label(picture, f"class {part} {k}", k, str(k), start, labels[1], true=k in true)


def parts(picture: Picture, part: str, at: Callable, across: Sequence[float], total: float, count: int, wrong: bool = False) -> None:
    """A length cut into equal parts, the first of them filled: the mean."""
    for j in range(count):
        a, b = total * j / count, total * (j + 1) / count
        if not j:
            picture.box(part, RED if wrong else QUIET, at(a), across[0], at(b), across[1], data=(a, b))
        picture.frame(f"{part} part {j}", QUIET, at(a), across[0], at(b), across[1], data=(a, b), thick=2)


def arrows(picture: Picture, part: str, along: Sequence[float], tops: Sequence[float], starts, moves, torch=None, before=None,
           true: Sequence[int] = ()) -> None:
    """How far each number would go, and from where to where.

    along: where the axis of the moves begins and ends, in pixels; tops: the upper edge of each row, 100 high.
    starts: the numbers; moves: the reader's, torch and before: torch's, now and before; true: the classes that get ★.
    """
    torch = moves if torch is None else torch
    most = step(max(1, *(abs(float(move)) for move in (*moves, *torch) if drawable(move))))
    at = axis(-most, most, *along)
    for k, top in enumerate(tops):
        start, move, theirs, y = float(starts[k]), float(moves[k]), float(torch[k]), top + 52
        wrong = differs(move, theirs)
        label(picture, f"{part} {k} says", k, f"{start:.6g} → ".replace("-", "−") + short(start + move), along[0], top + 16,
              RED if wrong else INK, k in true)
        for side in (-most, 0, most):
            picture.box(f"{part} {k} tick {side:g}", GHOST, at(side) - 1, y - 20, at(side) + 1, y + 20, data=side)
        if before is not None and moved(before[k], theirs):
            picture.box(f"before {part} {k}", GHOST, at(0), y + 18, at(float(before[k])), y + 18 + LANE, data=(0, float(before[k])))
        if drawable(move):
            arrow(picture, f"{part} {k}", RED if wrong else SOLID[k], at(0), at(move), y, data=(0, move))
        if wrong:
            picture.frame(f"torch {part} {k}", INK, at(0), y - 8, at(theirs), y + 8, data=(0, theirs))
    for side in (-most, 0, most):
        picture.text(f"{part} tick {side:g} says", round_number(side), at(side), tops[-1] + 102, "middle", SMALL, look=QUIET)


def arrow(picture: Picture, name: str, look: int, x0: float, x1: float, y: float, data=None, thick: float = 10) -> None:
    """A level arrow from x0 to x1; where that is short only its head, and at last a line."""
    base = x1 - math.copysign(max(min(18, abs(x1 - x0)), 2), x1 - x0)
    flat, tip = (base, base), sorted((base, x1))
    picture.box(name, look, x0, y - thick / 2, base, y + thick / 2, data=data)
    picture.band(f"{name} upper head", look, y - 14, y, flat, tip)
    picture.band(f"{name} lower head", look, y, y + 14, tip, flat)
