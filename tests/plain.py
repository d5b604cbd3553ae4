"""A picture drawn once more from its record, slowly and plainly: by Agg and Pillow in full colour, nothing kept."""

import io
import itertools

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon, Rectangle
from PIL import Image, ImageDraw, ImageFont

from utils.picture import COLOURS, GHOST, HATCHED, HATCHES, INK, INKS, REDDENED, SHADES, WRONG, Picture

FONT = matplotlib.get_data_path() + "/fonts/ttf/DejaVuSans%s.ttf"
BLENDS = ["#FFFFFF", *(matplotlib.colors.to_hex(np.array(matplotlib.colors.to_rgb(ink)) * strength + 1 - strength)
                       for ink, strengths in INKS.items() for strength in strengths)]  # on white paper


def difference(picture: Picture) -> np.ndarray:
    """By how much each 8 × 8 pixels of the fast picture differ from those of the plain one in red, green or blue; 0 where dashes are.

    In blocks, since two programs never smooth the edges of a letter alike.
    """
    fast = np.asarray(Image.open(io.BytesIO(picture.png(opaque=True))).convert("RGB")).astype(int)
    parted = fast - plain(picture)
    for mark in picture.drawn.values():
        if mark.kind == "dashes":
            x0, y0, x1, y1 = map(round, mark.box)
            parted[y0 - 1:y1 + 2, x0:x1 + 1] = 0
    high, wide = picture.height // 8, picture.width // 8
    return abs(parted[:8 * high, :8 * wide].reshape(high, 8, wide, 8, 3).mean(axis=(1, 3))).max(axis=2)


def plain(picture: Picture) -> np.ndarray:
    """Returns: height × width × 3, 0 ... 255."""
    with matplotlib.rc_context({"hatch.linewidth": 1.2}):
        figure = Figure(figsize=(picture.width / 144, picture.height / 144), dpi=144, facecolor="white")
        canvas = FigureCanvasAgg(figure)
        for order, mark in enumerate(picture.drawn.values()):
            for artist in artists(mark, picture.height):
                artist.set(transform=matplotlib.transforms.IdentityTransform(), zorder=order)
                figure.add_artist(artist)
        canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    for mark in picture.drawn.values():
        if mark.kind == "text":
            (left, top, *_), (size, bold) = mark.box, mark.points
            font = ImageFont.truetype(FONT % ("-Bold" if bold else ""), size, layout_engine=ImageFont.Layout.BASIC)
            ImageDraw.Draw(image).text((left, top), mark.text, BLENDS[mark.look], font, anchor="lt")
    return np.asarray(image).astype(int)


def artists(mark, height: int) -> list:
    x0, y0, x1, y1 = mark.box
    corner, size = (min(x0, x1), height - max(y0, y1)), (abs(x1 - x0), abs(y1 - y0))
    if mark.kind == "box" and mark.look >= HATCHED[0]:
        colour = WRONG if mark.look in REDDENED else COLOURS[mark.look - HATCHED[0]]
        return [Rectangle(corner, *size, facecolor=colour, hatch=HATCHES[(mark.look - HATCHED[0]) % 3], edgecolor="white", linewidth=0)]
    if mark.kind == "box":
        return [Rectangle(corner, *size, facecolor=BLENDS[mark.look], linewidth=0)] if all(size) else []
    if mark.kind == "frame":
        return [Rectangle(corner, *size, fill=False, edgecolor=BLENDS[mark.look], linewidth=1.5, joinstyle="miter")]
    if mark.kind == "band":
        return [Polygon([(x, height - y) for x, y in mark.points], facecolor=BLENDS[mark.look], linewidth=0)]
    if mark.kind == "line":
        return [Line2D((x0 + 1, x1 + 1), (height - y0 - 1, height - y1 - 1), color=BLENDS[mark.look], linewidth=1)]
    if mark.kind == "cells":
        side = (x1 - x0) / len(mark.points[0])
        return [Rectangle((x0 + side * column, height - y0 - side * (row + 1)), side, side, facecolor=BLENDS[SHADES[INK][third]],
                          linewidth=0) for row, thirds in enumerate(mark.points) for column, third in enumerate(thirds) if third]
    if mark.kind == "path":  # a stretch of each column, as thick upright as it is said to be
        ends = np.interp(np.arange(round(x0), round(x1) + 1), *np.array(mark.points).T)
        return [Rectangle((round(x0) + k, height - max(pair) - 2), 1, abs(pair[0] - pair[1]) + 4, facecolor=BLENDS[mark.look], linewidth=0)
                for k, pair in enumerate(itertools.pairwise(ends.tolist()))]
    if mark.kind == "curve":
        return [Line2D([x for x, _ in mark.points], [height - y for _, y in mark.points], color=BLENDS[mark.look], linewidth=2)]
    if mark.kind == "dot":
        edge = BLENDS[mark.look] if mark.look == GHOST else "black"
        return [Line2D([(x0 + x1) / 2], [height - (y0 + y1) / 2], marker=mark.text, markersize=(size[0] - 5) / 2, linestyle="none",
                       color=BLENDS[mark.look], markeredgecolor=edge, markeredgewidth=1.4)]
    assert mark.kind in ("text", "dashes"), f"{mark.kind} is a new kind: draw it here too"
    return []
