import io
import math

import numpy as np
from matplotlib.colors import to_rgb
from PIL import Image

from utils import bars as plots
from utils.picture import COLOURS, WRONG


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def drawn(high=1, low=0, ticks=(0, 1)):
    figure, (ax,) = plots.figure([1])
    move = plots.class_bars(ax, "title", low, high, ticks)
    return figure, ax, move


def test_a_class_looks_the_same_everywhere():
    _, ax, _ = drawn()
    assert [label.get_text() for label in ax.get_xticklabels()] == ["class 0", "class 1", "class 2"]
    _, bars, _ = ax.containers
    assert [bar.get_facecolor()[:3] for bar in bars] == [to_rgb(c) for c in ("#0072B2", "#E69F00", "#009E73")]
    assert [bar.get_hatch() for bar in bars] == ["//", "..", "xx"]
    orders = [[artist.get_zorder() for artist in group] for group in ax.containers]
    drawing = sorted(ax.figure.findobj(lambda artist: artist.get_animated()), key=lambda artist: artist.get_zorder())
    places = [max(drawing.index(bar) for bar in group) for group in ax.containers]
    assert places == sorted(places), f"ghosts behind bars behind edges, not {orders}"
    _, (other,) = plots.figure([1])
    plots.curve(other, "title", [0, 1], [1, 0], "x", (0, 1), (0, 5), 3, [0, 1])
    assert [line.get_marker() for line in other.lines[7:10]] == ["o", "s", "^"]
    assert [line.get_markerfacecolor() for line in other.lines[7:10]] == ["#0072B2", "#E69F00", "#009E73"]


def test_bars_ghosts_and_edges_stand_where_they_are_told():
    _, ax, move = drawn()
    move([0.2, 0.7, 0.1], outline=[0.3, 0.6, 0.1], ghost=[0.5, 0.4, 0.1], notes=["a", "b ✗", ""], line=0.5)
    ghosts, bars, edges = ([bar.get_height() for bar in container] for container in ax.containers)
    assert bars == [0.2, 0.7, 0.1] and edges == [0.3, 0.6, 0.1] and ghosts == [0.5, 0.4, 0.1]
    assert [text.get_text() for text in ax.texts] == ["0.2000", "0.7000", "0.1000", "a", "b ✗", ""]
    assert [text.get_color() for text in ax.texts[3:]] == [plots.INK, WRONG, plots.INK]
    assert ax.lines[1].get_ydata() == [0.5, 0.5]
    move([0.2, 0.7, 0.1])
    ghosts, bars, edges = ([bar.get_height() for bar in container] for container in ax.containers)
    assert ghosts == [0, 0, 0] and edges == bars, "what is no longer said must be gone"


def test_a_bar_that_leaves_its_axis_says_so():
    _, ax, move = drawn(low=-1)
    move([5.0, -2.0, math.inf])
    assert [bar.get_height() for bar in ax.containers[1]] == [1, -1, 1]
    assert [text.get_text() for text in ax.texts[:3]] == ["▲ 5.00", "▼ −2.00", "▲ inf"]
    move([math.nan, None, 403.4288])
    assert [bar.get_height() for bar in ax.containers[1]] == [0, 0, 1]
    assert [text.get_text() for text in ax.texts[:3]] == ["nan", "", "▲ 403"]
    assert ax.texts[0].get_color() == WRONG


def test_a_dot_above_the_axis_stays_at_its_edge_and_says_so():
    _, (ax,) = plots.figure([1])
    move = plots.curve(ax, "title", [0, 1], [1, 0], "x", (0, 1), (0, 5), 1, [0, 1])
    dot = ax.lines[3]
    move([0.1], [12.0], texts=["12.0000"])
    assert (dot.get_xdata(), dot.get_ydata()) == ([0.1], [5]) and ax.texts[0].get_text() == "▲ 12.0000"
    move([0.5], [0.7], ghosts=([0.1], [12.0]), texts=["0.7000"], looks=[(COLOURS[2], "^")])
    assert (dot.get_xdata(), dot.get_ydata()) == ([0.5], [0.7]) and ax.texts[0].get_text() == "0.7000"
    assert (ax.lines[1].get_xdata(), ax.lines[1].get_ydata()) == ([0.1], [5]), "the ghost"
    assert dot.get_markerfacecolor() == COLOURS[2] and dot.get_marker() == "^"
    move([0.5], [math.nan], texts=["nan"])
    assert math.isnan(dot.get_ydata()[0])


def test_the_painter_shows_what_moved_and_nothing_of_what_was():
    figure, _, move = drawn()
    move([0.2, 0.7, 0.1])
    paint = plots.painter(figure)
    first = paint()
    move([0.9, 0.05, 0.05])
    assert paint() != first
    move([0.2, 0.7, 0.1])
    assert paint() == first, "a trace of an earlier position stays in the picture"
    assert Image.open(io.BytesIO(first)).size == (1440, 576)


def test_the_palette_keeps_every_colour_as_it_is():
    figure, _, move = drawn()
    move([1, 1, 1], ghost=[0.5, 0.5, 0.5])
    picture = pixels(plots.painter(figure)())
    assert (picture[0, 0] == 255).all(), "the background is white"
    for colour in (*COLOURS, plots.GHOST):
        wanted = np.array(to_rgb(colour)) * 255
        assert (abs(picture - wanted).max(axis=2) <= 4).sum() > 500, colour


def test_the_fast_picture_is_the_slow_one():
    """The kept background, the palette and Pillow's writing change nothing that one could see.

    Compared in blocks of 8 × 8 pixels, since two programs never smooth the edges of a letter alike.
    """
    figure, ax, move = drawn()
    move([0.2, 0.7, 0.1], ghost=[0.5, 0.4, 0.1], notes=["one", "two ✗", "three"], line=0.9)
    ax.text(1, 1.05, "two\nlines", ha="center", va="center", animated=True)
    ax.text(-0.5, 0.8, "left", ha="left", va="center", animated=True)
    fast = pixels(plots.painter(figure)())
    for artist in figure.findobj(lambda artist: artist.get_animated()):
        artist.set_animated(False)
    figure.canvas.draw()
    slow = np.asarray(figure.canvas.buffer_rgba())[..., :3].astype(int)
    blocks = (fast - slow).mean(axis=2).reshape(72, 8, 180, 8).mean(axis=(1, 3))
    assert abs(blocks).max() < 60  # matplotlib before 3.11 puts two lines of text two pixels closer together: 57
