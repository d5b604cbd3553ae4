"""The bar charts of notebooks 4 to 6, until these too speak the language of plots.py.

A function here adds its furniture (axes, ticks, titles) and its moving artists to an axes, and returns move(...),
which sets the artists to new numbers.  painter(figure) turns the figure into PNG bytes, fast: the furniture comes
from a kept background, only the moving artists are drawn.
"""

import functools
import io
import math
from collections.abc import Callable, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from PIL import Image, ImageDraw, ImageFont

from utils.picture import COLOURS, HATCHES, MARKERS, WRONG
from utils.plots import TINY, number

INK, GHOST, GREY = "#000000", "#C8C8C8", "#5A5A5A"
CLASSES = ("class 0", "class 1", "class 2")

STYLE = {
    "font.family": "DejaVu Sans", "font.size": 14, "axes.titlesize": 16, "axes.titlepad": 10, "axes.labelsize": 14,
    "axes.spines.top": False, "axes.spines.right": False, "xtick.labelsize": 14, "ytick.labelsize": 13,
    "hatch.linewidth": 1.2, "axes.facecolor": "white", "axes.edgecolor": INK, "text.color": INK, "lines.linewidth": 2,
}
PLATE = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}  # keeps a number readable on top of a line


def figure(widths: Sequence[float], caption: str = "") -> tuple[Figure, list[Axes]]:
    """A white figure, 10 × 4 inches at 144 dpi, with one axes per width side by side and a caption below."""
    with matplotlib.rc_context(STYLE):
        fig = Figure(figsize=(10, 4), dpi=144, facecolor="white")
        FigureCanvasAgg(fig)
        axes = fig.subplots(1, len(widths), gridspec_kw={
            "width_ratios": widths, "left": 0.055, "right": 0.985, "bottom": 0.22, "top": 0.89, "wspace": 0.26})
        fig.text(0.985, 0.025, caption, ha="right", fontsize=12, color=GREY)
    return fig, list(np.atleast_1d(axes))


def class_bars(ax: Axes, title: str, low: float, high: float, ticks: Sequence[float]) -> Callable:
    """One bar per class, in the class's own look, on an axis from low to high.  Returns move, see bars."""
    return bars(ax, title, low, high, ticks, CLASSES, COLOURS, HATCHES)


def bars(ax: Axes, title: str, low: float, high: float, ticks: Sequence[float],
         names: Sequence[str], colours: Sequence[str], hatches: Sequence[str]) -> Callable:
    """One bar per name on an axis from low to high.

    Returns move(values, outline=None, ghost=None, notes=None, line=None), each one value per bar: outline are torch's
    numbers (black edges) where values may differ from them, ghost the numbers from before (grey, behind), notes a
    word below each name (red where it holds ✗), line the height of one dashed line across.  A value of None is no
    bar.  A bar that leaves the axis ends at its edge with an arrow that says so.
    """
    count = len(names)
    with matplotlib.rc_context(STYLE):
        room = 0.13 * (high - low)  # for the numbers above and below the bars
        ax.set(xlim=(-0.6, count - 0.4), ylim=(low - (room if low < 0 else 0), high + room), yticks=ticks)
        ax.set_title(title)
        ax.set_xticks(range(count), names)
        ax.tick_params(axis="x", length=0)
        ax.spines["bottom"].set_visible(False)
        ax.axhline(0, color=INK, linewidth=1.2)
        ghosts = ax.bar(range(count), 0, width=0.9, color=GHOST, animated=True)
        solid = ax.bar(range(count), 0, width=0.62, color=colours, animated=True)
        edges = ax.bar(range(count), 0, width=0.62, fill=False, edgecolor=INK, linewidth=1.6, animated=True)
        for bar, hatch in zip(solid, hatches):
            bar.set(hatch=hatch, edgecolor="white", linewidth=0)
        dashes = ax.axhline(math.nan, color=INK, linestyle="--", zorder=0.5, animated=True)
        texts = [ax.text(k, 0, "", ha="center", bbox=PLATE, animated=True) for k in range(count)]
        below = [ax.text(k, -0.12, "", ha="center", va="top", transform=ax.get_xaxis_transform(), animated=True,
                         fontsize=13, fontweight="bold") for k in range(count)]

    def height(value: float | None) -> float:
        return 0.0 if value is None or math.isnan(value) else min(max(float(value), low), high)

    def move(values, outline=None, ghost=None, notes=None, line=None):
        for k, value in enumerate(values):
            solid[k].set_height(height(value))
            edges[k].set_height(height(value if outline is None else outline[k]))
            ghosts[k].set_height(height(None if ghost is None else ghost[k]))
            under = value is not None and value < 0 and low < 0
            texts[k].set(text="" if value is None else bar_text(float(value), low, high),
                         y=height(value) + (-0.18 if under else 0.18) * room, va="top" if under else "bottom",
                         color=INK if value is None or math.isfinite(value) else WRONG)
            note = notes[k] if notes else ""
            below[k].set(text=note, color=WRONG if "✗" in note else INK)
        dashes.set_ydata([math.nan if line is None else line] * 2)

    return move


def bar_text(value: float, low: float, high: float) -> str:
    """The number beside a bar, short enough to leave its neighbours room; an arrow where the bar left the axis."""
    if low <= value <= high or math.isnan(value):
        return number(value) if abs(value) >= TINY or value == 0 else f"{value:.0e}".replace("-", "−")
    text = f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}" if abs(value) < 10_000 else f"{value:.0e}"
    return ("▲ " if value > high else "▼ ") + text.replace("-", "−")


def curve(ax: Axes, title: str, x, y, xlabel: str, xlim, ylim, dots: int, xticks) -> Callable:
    """A fixed curve with moving dots on it.

    Returns move(xs, ys, ghosts=None, texts=None, looks=None): where the dots are, where they were (xs, ys), what
    stands beside each, and each one's (colour, marker) if it is not that of class 0, 1, 2.  A dot above or below the
    axis stays at its edge with an arrow that says so.
    """
    with matplotlib.rc_context(STYLE):
        ax.plot(x, y, color=GREY, zorder=1)
        ax.set(xlim=xlim, ylim=ylim, xlabel=xlabel, xticks=xticks)
        ax.set_title(title)
        blank = {"linestyle": "none", "animated": True, "clip_on": False}
        sizes = [13] if dots == 1 else [20, 14, 8]  # so that dots in one place are all seen
        shadows = [ax.plot([], [], MARKERS[k], color=GHOST, markersize=sizes[k] + 2, **blank)[0] for k in range(dots)]
        drops = [ax.plot([], [], ":", color=INK, animated=True)[0] for _ in range(dots)]
        spots = [ax.plot([], [], MARKERS[k], color=COLOURS[k], markersize=sizes[k], markeredgecolor=INK, **blank)[0]
                 for k in range(dots)]
        beside = [ax.text(0, 0, "", bbox=PLATE, va="center", animated=True) for _ in range(dots)]
    width, height = xlim[1] - xlim[0], ylim[1] - ylim[0]

    def inside(y: float) -> float:
        return min(max(float(y), ylim[0]), ylim[1]) if not math.isnan(y) else math.nan

    def move(xs, ys, ghosts=None, texts=None, looks=None):
        for k in range(dots):
            px, py = float(xs[k]), inside(ys[k])
            spots[k].set_data([px], [py])
            drops[k].set_data([px, px], [ylim[0], py])
            shadows[k].set_data([float(ghosts[0][k])] if ghosts else [], [inside(ghosts[1][k])] if ghosts else [])
            if looks:
                spots[k].set(color=looks[k][0], marker=looks[k][1], markeredgecolor=INK)
            if texts:
                left = px > xlim[0] + 0.72 * width  # the side that has room
                arrow = "▲ " if ys[k] > ylim[1] else "▼ " if ys[k] < ylim[0] else ""
                beside[k].set(text=arrow + texts[k], color=WRONG if math.isnan(py) else INK, ha="right" if left else "left",
                              x=min(px, xlim[1] - 0.02 * width) if left else px + 0.05 * width,
                              y=ylim[0] + (0.5 if math.isnan(py) else min((py - ylim[0]) / height + 0.1, 0.95)) * height)

    return move


def painter(fig: Figure) -> Callable[[], bytes]:
    """Returns paint(): the figure as PNG bytes, with its animated artists where they are now.

    Agg draws shapes over a kept background; of a hatched bar, whose pattern Agg would draw anew, the pixels are kept too.
    Pillow writes the words, in a tenth of the time that Agg takes for them.
    """
    canvas = fig.canvas
    canvas.draw()
    background = canvas.copy_from_bbox(fig.bbox)
    moving = sorted(fig.findobj(lambda artist: artist.get_animated()), key=lambda artist: artist.get_zorder())
    texts = [artist for artist in moving if isinstance(artist, Text)]
    shapes = [artist for artist in moving if not isinstance(artist, Text)]
    palette = Image.new("P", (1, 1))
    palette.putpalette(_palette())
    pixels = np.asarray(canvas.buffer_rgba())
    tall = {shape: _tall(shape, pixels) for shape in shapes if isinstance(shape, Rectangle) and shape.get_hatch()}

    def paint() -> bytes:
        canvas.restore_region(background)
        for shape in shapes:
            if shape in tall:
                box = _box(shape, len(pixels))
                pixels[box] = tall[shape][box[0]]
            else:
                shape.draw(canvas.get_renderer())
        image = Image.fromarray(pixels).convert("RGB")
        for text in texts:
            write(image, text)
        return encode(image, palette)

    return paint


def _box(bar: Rectangle, height: int) -> tuple[slice, slice]:
    """The rows and columns of pixels that a bar covers."""
    (x0, y0), (x1, y1) = np.sort(bar.get_transform().transform([(0, 0), (1, 1)]).round().astype(int), axis=0)
    return slice(height - y1, height - y0), slice(x0, x1)


def _tall(bar: Rectangle, pixels: np.ndarray) -> np.ndarray:
    """The pixels of a bar that is as tall as the whole picture."""
    low, high = bar.axes.get_ylim()
    kept = bar.get_y(), bar.get_height(), bar.get_clip_on()
    bar.set(y=low - 9 * (high - low), height=19 * (high - low), clip_on=False)
    bar.draw(bar.figure.canvas.get_renderer())
    columns = pixels[:, _box(bar, len(pixels))[1]].copy()
    bar.set(y=kept[0], height=kept[1], clip_on=kept[2])
    return columns


# Pillow's letter for where a text begins, and how far below its place the baseline is, in font sizes.
ACROSS = {"left": "l", "center": "m", "right": "r"}
DOWN = {"top": 0.76, "center": 0.26, "center_baseline": 0.26, "baseline": 0, "bottom": -0.24}


def write(image: Image.Image, text: Text) -> None:
    """A matplotlib text, where and as it stands, written by Pillow."""
    if not text.get_text():
        return
    x, y = text.get_transform().transform(text.get_position())
    font = _font(text.get_fontweight(), text.get_fontsize() * text.figure.dpi / 72)
    draw = ImageDraw.Draw(image)
    if "\n" in text.get_text():  # several lines have no baseline: they stand around their middle
        place = x, image.height - y
        how = {"anchor": ACROSS[text.get_ha()] + "m", "align": text.get_ha(), "spacing": font.size * 0.3}
    else:
        place = x, image.height - y + DOWN[text.get_va()] * font.size
        how = {"anchor": ACROSS[text.get_ha()] + "s"}
    if text.get_bbox_patch():
        left, top, right, bottom = draw.textbbox(place, text.get_text(), font, **how)
        draw.rectangle((left - 3, top - 3, right + 3, bottom + 3), fill="white")
    draw.text(place, text.get_text(), text.get_color(), font, **how)


@functools.cache
def _font(weight: str, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(findfont(FontProperties(family="DejaVu Sans", weight=weight)), size)


def encode(image: Image.Image, palette: Image.Image) -> bytes:
    """An image as PNG bytes, in 16 fixed colours: half a byte a pixel is packed in half the time of a byte."""
    png = io.BytesIO()
    image.quantize(palette=palette, dither=Image.Dither.NONE).save(png, "png", bits=4, compress_level=3)
    return png.getvalue()


def _palette() -> list[int]:
    """The 16 colours of the pictures: white, black and their blends, the inks and their blends with white."""
    inks = np.array([matplotlib.colors.to_rgb(c) for c in (*COLOURS, WRONG, GREY)]) * 255
    greys = [np.full(3, level) for level in (255, 0, 64, 128, 176)]
    colours = [*greys, np.array(matplotlib.colors.to_rgb(GHOST)) * 255, *inks, *((ink + 255) / 2 for ink in inks)]
    return [round(float(v)) for colour in colours for v in colour]
