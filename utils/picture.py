"""A picture is an array of palette indices, which is packed as it is: 16 colours, half a byte a pixel.

What never moves is painted once and kept; at every event the kept array is copied and what moved is painted over it.
Agg draws the hatches, dots and curves and Pillow the texts, each once, as a mask of how far it covers each pixel; an event
only copies slices and masks.  picture.drawn says by name what is to be seen and where: the tests compare it with torch's
numbers, and the pixels with it, and a text looks there for a free place.
"""

import functools
import struct
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.transforms import IdentityTransform
from PIL import Image, ImageDraw, ImageFont

# One look per class, everywhere: colour (Okabe and Ito), hatch, marker.  Red means wrong and nothing else.
COLOURS = ("#0072B2", "#E69F00", "#009E73")
HATCHES = ("//", "..", "xx")
MARKERS = ("o", "s", "^")
WRONG = "#D55E00"

# Each ink in its strengths.  The paper is transparent, so a strength is a blend with whatever the page's colour is.
INKS = {"#000000": (1, 0.66, 0.33), **dict.fromkeys(COLOURS, (1, 0.6, 0.25)), WRONG: (1, 0.5)}
PALETTE = np.array([(255, 255, 255, 0), *((*bytes.fromhex(ink[1:]), round(255 * strength))
                                          for ink, strengths in INKS.items() for strength in strengths)])
PAPER, INK, QUIET, GHOST, RED = 0, 1, 2, 3, 13
SOLID, PALE = (4, 7, 10), (6, 9, 12)  # for class 0, 1, 2
HATCHED, REDDENED = (16, 17, 18), (19, 20, 21)  # no colours but kept patterns: the class's hatch in its colour, and in red
# What stands for an ink where a mask covers a pixel by 0, 1, 2 or 3 thirds.
SHADES = {INK: (0, 3, 2, 1), QUIET: (0, 3, 3, 2), GHOST: (0, 0, 3, 3), RED: (0, 14, 14, 13),
          **{k: (0, k + 2, k + 1, k) for k in SOLID}}
SHADES = {ink: np.array(shades, np.uint8) for ink, shades in SHADES.items()}

WIDTH = 1440
SIZE, SMALL = 28, 27  # of type, in pixels of a picture that wide: 17 where it is shown 900 wide
DOT = 34


class Mark(NamedTuple):
    """Something in the picture: its corners in pixels from the upper left, and what it stands for, in the topic's units."""

    kind: str  # "box", "frame", "band", "line", "dashes", "dot", "curve", "path", "cells" or "text"
    look: int
    box: tuple[float, float, float, float]
    data: object = None
    text: str = ""  # of a dot its marker
    points: tuple = ()  # of a band its corners, of a curve or path all of it, of cells their thirds, of a text its size and boldness


class Picture:
    """Width × height pixels and, by name, what is drawn on them."""

    def __init__(self, width: int = WIDTH, height: int = 460):
        self.width, self.height = width, height
        self.pixels, self.drawn = np.zeros((height, width), np.uint8), {}
        self._rows = np.zeros((height, 1 + width // 2), np.uint8)  # each row starts with a 0: "no filter"
        self._kept = {}

    def begin(self, key=None, furniture: Callable[[], None] = lambda: None) -> None:
        """Start a drawing on what never moves: furniture() paints that, once for each key."""
        if key not in self._kept:
            if len(self._kept) > 5:
                self._kept.clear()
            self.pixels[:], self.drawn = PAPER, {}
            furniture()
            self._kept[key] = self.pixels.copy(), self.drawn
        self.pixels[:], self.drawn = self._kept[key][0], self._kept[key][1].copy()

    def _mark(self, name: str, *what) -> None:
        assert name not in self.drawn, f"{name} is drawn twice"
        self.drawn[name] = Mark(*what)

    def _slices(self, x0: float, y0: float, x1: float, y1: float) -> tuple[slice, slice]:
        return _stretch(y0, y1, self.height), _stretch(x0, x1, self.width)

    def _fill(self, look: int, *box: float) -> None:
        where = self._slices(*box)
        self.pixels[where] = look if look < HATCHED[0] else _pattern(look, self.width, self.height)[where]

    def box(self, name: str, look: int, x0: float, y0: float, x1: float, y1: float, data=None) -> None:
        self._fill(look, x0, y0, x1, y1)
        self._mark(name, "box", look, (x0, y0, x1, y1), data)

    def frame(self, name: str, look: int, x0: float, y0: float, x1: float, y1: float, data=None, thick: int = 3) -> None:
        """The edges of a box; two that touch share theirs, and of a box without width one line is left."""
        (top, bottom), (left, right), half = sorted((y0, y1)), sorted((x0, x1)), thick / 2
        for y in (top, bottom):
            self._fill(look, left - half, y - half, right + half, y + half)
        for x in (left, right):
            self._fill(look, x - half, top - half, x + half, bottom + half)
        self._mark(name, "frame", look, (x0, y0, x1, y1), data)

    def band(self, name: str, look: int, y0: float, y1: float, upper: Sequence[float], lower: Sequence[float], data=None) -> None:
        """A trapezoid: from the stretch upper = (x0, x1) at y0 down to the stretch lower at y1."""
        top, bottom = round(y0), round(y1)
        steps = (np.arange(bottom - top) + 0.5)[:, None] / (bottom - top)
        edges = (np.array(upper) * (1 - steps) + np.array(lower) * steps).round().astype(int).clip(0, self.width)
        for row, (left, right) in zip(self.pixels[top:bottom], edges.tolist()):
            row[left:right] = look
        self._mark(name, "band", look, (min(upper[0], lower[0]), y0, max(upper[1], lower[1]), y1), data, "",
                   ((upper[0], y0), (upper[1], y0), (lower[1], y1), (lower[0], y1)))

    def line(self, name: str, look: int, x0: float, y0: float, x1: float, y1: float, data=None, thick: int = 2) -> None:
        """A thin line between two points."""
        count = 2 + int(max(abs(x1 - x0), abs(y1 - y0)))
        xs, ys = (np.linspace(a, b, count).round().astype(int) for a, b in ((x0, x1), (y0, y1)))
        for dx in range(thick):
            for dy in range(thick):
                self.pixels[(ys + dy).clip(0, self.height - 1), (xs + dx).clip(0, self.width - 1)] = look
        self._mark(name, "line", look, (x0, y0, x1, y1), data)

    def dashes(self, name: str, look: int, x0: float, x1: float, y: float, data=None, turn: int = 0, of: int = 2, thick: int = 3) -> None:
        """A level line in dashes, one of so many, that stay where they are when its ends move: lines in one place take turns."""
        rows, columns = self._slices(x0, y - thick / 2, x1, y + thick / 2)
        on = np.arange(columns.start, columns.stop) // 11 % of == turn
        self.pixels[rows, columns][:, on] = look
        self._mark(name, "dashes", look, (x0, y - thick / 2, x1, y + thick / 2), data)

    def _stamp(self, mask: np.ndarray, shades: np.ndarray, left: float, top: float) -> tuple[float, float, float, float]:
        """Paint where the mask covers.  Returns the corners."""
        left, top = round(left), round(top)
        box = left, top, left + mask.shape[1], top + mask.shape[0]
        where = self._slices(*box)
        inside = mask[where[0].start - top:where[0].stop - top, where[1].start - left:where[1].stop - left]
        np.copyto(self.pixels[where], shades.take(inside), where=inside > 0)
        return box

    def dot(self, name: str, k: int, x: float, y: float, data=None, size: int = DOT, ghost: bool = False) -> None:
        """The marker of class k around a point, edged in ink; a grey one for where it was."""
        for ink, edge in ((GHOST, False),) if ghost else ((SOLID[k], False), (INK, True)):
            mask = _marker(MARKERS[k], size, edge)
            self._stamp(mask, SHADES[ink], x - mask.shape[1] / 2, y - mask.shape[0] / 2)
        self._mark(name, "dot", GHOST if ghost else SOLID[k], (x - size / 2, y - size / 2, x + size / 2, y + size / 2), data,
                   MARKERS[k])

    def curve(self, name: str, look: int, xs: Sequence[float], ys: Sequence[float], data=None, thick: float = 4) -> None:
        """A smooth line through points.  Agg draws it at every call: for what never moves."""
        line = Line2D(np.array(xs), self.height - np.array(ys), linewidth=thick / 2, color="black")
        self._stamp(agg(line, self.width, self.height), SHADES[look], 0, 0)
        self._mark(name, "curve", look, (min(xs), min(ys), max(xs), max(ys)), data, "", tuple(zip(xs, ys)))

    def path(self, name: str, look: int, xs: Sequence[float], ys: Sequence[float], data=None, thick: float = 4) -> None:
        """A line through points from left to right, at every event: a stretch of each column of pixels."""
        columns = np.arange(round(xs[0]), round(xs[-1]) + 1)
        heights = np.interp(columns, xs, ys)
        upper = np.minimum(heights[:-1], heights[1:]) - thick / 2
        lower = np.maximum(heights[:-1], heights[1:]) + thick / 2
        rows, across = self._slices(columns[0], upper.min(), columns[-1], lower.max())
        inside = np.arange(rows.start, rows.stop)[:, None] + 0.5
        self.pixels[rows, across][(upper <= inside) & (inside < lower)] = look
        self._mark(name, "path", look, (xs[0], min(ys), xs[-1], max(ys)), data, "", tuple(zip(xs, ys)))

    def cells(self, name: str, thirds: np.ndarray, x: float, y: float, size: int, data=None) -> None:
        """A grid of squares, each inked by so many thirds: a small image."""
        high, wide = (size * count for count in thirds.shape)
        self.pixels[y:y + high, x:x + wide] = SHADES[INK][np.kron(thirds, np.ones((size, size), int))]
        self._mark(name, "cells", INK, (x, y, x + wide, y + high), data, "", tuple(map(tuple, thirds.tolist())))

    def text(self, name: str, text: str, x: float, y: float, align: str = "left", size: int = SIZE, bold: bool = False,
             look: int = INK, away: int = 0) -> tuple[float, float, float, float]:
        """A text beside or around x, its capitals around y; it never leaves the picture.

        With away = −1 or 1 it moves up or down until it is free of others.
        """
        mask, left, top = written(text, size, bold)
        left += x - {"left": 0, "middle": 0.5, "right": 1}[align] * mask.shape[1]
        top += y
        others = [mark.box for mark in self.drawn.values() if mark.kind == "text"] if away else []
        for x0, y0, x1, y1 in sorted(others, key=lambda box: away * box[1]):
            if x0 < left + mask.shape[1] + 6 and left - 6 < x1 and y0 < top + mask.shape[0] + 4 and top - 4 < y1:
                top = y0 - 4 - mask.shape[0] if away < 0 else y1 + 4
        left, top = min(max(left, 0), self.width - mask.shape[1]), min(max(top, 0), self.height - mask.shape[0])
        box = self._stamp(mask, SHADES[look], left, top)
        self._mark(name, "text", look, box, None, text, (size, bold))
        return box

    def png(self, opaque: bool = False) -> bytes:
        """As PNG bytes, on transparent paper; on white where nobody knows what the page will look like.

        Without row filters: on flat colours they cost time and bytes.
        """
        pairs = self.pixels.view("<u2")  # the left one in the lower byte
        self._rows[:, 1:] = pairs << 4 | pairs >> 8
        header = struct.pack(">IIBBBBB", self.width, self.height, 4, 3, 0, 0, 0)
        chunks = {b"IHDR": header, b"PLTE": _bytes(PALETTE[:, :3]), b"tRNS": _bytes(PALETTE[:, 3])}
        if opaque:
            strengths = PALETTE[:, 3:] / 255
            chunks = {b"IHDR": header, b"PLTE": _bytes(PALETTE[:, :3] * strengths + 255 * (1 - strengths))}
        chunks |= {b"IDAT": zlib.compress(self._rows, 3), b"IEND": b""}
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks.items())


def _stretch(a: float, b: float, end: int) -> slice:
    if a > b:
        a, b = b, a
    return slice(min(max(round(a), 0), end), min(max(round(b), 0), end))


def _bytes(colours: np.ndarray) -> bytes:
    return colours.round().astype(np.uint8).tobytes()


def agg(artist: Artist, width: int, height: int) -> np.ndarray:
    """By how many thirds a black artist covers each pixel.  Its coordinates are pixels, from the lower left corner."""
    figure = Figure(figsize=(width / 144, height / 144), dpi=144, facecolor="none")
    canvas = FigureCanvasAgg(figure)
    artist.set_transform(IdentityTransform())
    figure.add_artist(artist)
    canvas.draw()
    return _thirds(np.asarray(canvas.buffer_rgba())[..., 3])


def _thirds(cover: np.ndarray) -> np.ndarray:
    return ((cover.astype(int) * 3 + 127) // 255).astype(np.uint8)


@functools.cache
def _pattern(look: int, width: int, height: int) -> np.ndarray:
    """The whole picture in a hatch, its lines as bare paper.  Bars are cut from it, so that no hatch swims."""
    k = look - HATCHED[0]
    with matplotlib.rc_context({"hatch.linewidth": 1.2}):
        lines = agg(Rectangle((0, 0), width, height, hatch=HATCHES[k % 3], facecolor="none", linewidth=0), width, height)
    return SHADES[SOLID[k] if k < 3 else RED][3 - lines]


@functools.cache
def _marker(marker: str, size: int, edge: bool) -> np.ndarray:
    """A marker filled, or the edge of one."""
    look = {"markerfacecolor": "none" if edge else "black", "markeredgecolor": "black", "markeredgewidth": 1.4}
    return agg(Line2D([size / 2], [size / 2], marker=marker, markersize=(size - 5) / 2, **look), size, size)


@functools.lru_cache(500)
def written(text: str, size: int = SIZE, bold: bool = False) -> tuple[np.ndarray, int, float]:
    """A text's mask, and where its corner lies from the point to the left of the middle of its capitals.

    Each event has new numbers, so a text is put together from its characters, which are written once.
    """
    letters, x = [], 0
    for character in text:
        mask, left, top, step = _character(character, size, "-Bold" if bold else "")
        if mask.size:
            letters.append((mask, x + left, top))
        x += step
    left, top = (min(letter[k] for letter in letters) if letters else 0 for k in (1, 2))
    right, bottom = (max((letter[k] + letter[0].shape[2 - k] for letter in letters), default=1) for k in (1, 2))
    whole = np.zeros((bottom - top, right - left), np.uint8)
    for mask, x, y in letters:
        place = whole[y - top:y - top + mask.shape[0], x - left:x - left + mask.shape[1]]
        np.maximum(place, mask, out=place)  # an f reaches a pixel into what follows it
    return whole, left, top + 0.365 * size


@functools.cache
def _character(character: str, size: int, face: str) -> tuple[np.ndarray, int, int, int]:
    """A character's mask, where its corner lies from the point at which it is written, and how far the next one is from there."""
    font = _font(size, face)
    left, top, right, bottom = font.getbbox(character, anchor="ls")
    image = Image.new("L", (right - left, bottom - top))
    if image.width and image.height:
        ImageDraw.Draw(image).text((-left, -top), character, 255, font, anchor="ls")
    return _thirds(np.asarray(image)), left, top, round(font.getlength(character))


@functools.cache
def _font(size: int, face: str) -> ImageFont.FreeTypeFont:
    """DejaVu Sans as matplotlib brings it along, face "" or "-Bold".  The basic layout is the same on every machine."""
    path = Path(matplotlib.get_data_path(), "fonts", "ttf", f"DejaVuSans{face}.ttf")
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)
