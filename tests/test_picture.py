import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.plain import BLENDS, FONT, difference
from utils import picture as module
from utils.picture import GHOST, HATCHED, INK, INKS, PAPER, QUIET, RED, REDDENED, SIZE, SMALL, SOLID, Picture, written


def opened(png):
    image = Image.open(io.BytesIO(png))
    image.load()
    return image


def everything(picture):
    """One of each kind."""
    picture.begin("scene", lambda: picture.curve("curve", QUIET, range(100, 500, 10), [200 + x % 70 for x in range(40)]))
    for k in range(3):
        picture.box(f"bar {k}", HATCHED[k], 60 + 200 * k, 250.4, 180 + 200 * k, 430)
        picture.frame(f"edge {k}", INK, 60 + 200 * k, 250.4, 180 + 200 * k, 430)
        picture.dot(f"dot {k}", k, 700 + 60 * k, 100)
        picture.dot(f"ghost {k}", k, 700 + 60 * k, 160, ghost=True)
    picture.box("red", REDDENED[1], 660, 250, 720, 430)
    picture.band("band", module.PALE[0], 240, 430, (800, 900), (1000, 1300))
    picture.line("line", QUIET, 1000, 40, 1200, 90)
    picture.text("left", "left 0.7028 σ", 40, 40)
    picture.text("middle", "★ middle", 400, 40, "middle", bold=True)
    picture.text("right", "−log ⅓", 1400, 40, "right", look=RED)


def test_the_png_holds_the_pixels_as_they_are():
    picture = Picture(900, 300)
    everything(picture)
    image = opened(picture.png())
    assert image.mode == "P" and image.size == (900, 300) and (np.asarray(image) == picture.pixels).all()
    colours = np.asarray(image.convert("RGBA"))[picture.pixels == SOLID[1]]
    assert (colours == (0xE6, 0x9F, 0, 255)).all() and len(colours) > 500
    assert (np.asarray(image.convert("RGBA"))[picture.pixels == PAPER][:, 3] == 0).all(), "the page shows through"
    assert (picture.pixels < len(module.PALETTE)).all()


def test_where_the_page_is_not_known_the_paper_is_white():
    picture = Picture(900, 300)
    everything(picture)
    image = opened(picture.png(opaque=True))
    assert "transparency" not in image.info
    colours = np.asarray(image.convert("RGB"))
    for index, blend in enumerate(BLENDS):
        seen = colours[picture.pixels == index]
        assert abs(seen.astype(int) - list(bytes.fromhex(blend[1:]))).max(initial=0) <= 1


def test_there_is_a_shade_for_each_strength_of_each_ink():
    assert len(module.PALETTE) == 1 + sum(map(len, INKS.values())) <= 16
    for ink, index in {"#000000": INK, module.WRONG: RED, **dict(zip(module.COLOURS, SOLID))}.items():
        assert tuple(module.PALETTE[index]) == (*bytes.fromhex(ink[1:]), 255)
    for full, shades in module.SHADES.items():
        strengths = module.PALETTE[shades][:, 3]
        assert shades[3] == full and list(strengths) == sorted(strengths)
        assert len({tuple(colour) for colour in module.PALETTE[shades[shades > 0]][:, :3]}) == 1


def test_nothing_stays_of_what_was():
    picture, painted = Picture(), []

    def scene(x):
        picture.begin("scene", lambda: painted.append(picture.box("floor", QUIET, 0, 400, 1440, 402)))
        picture.box("bar", HATCHED[0], 100, 100, x, 300)
        return picture.png(), dict(picture.drawn)

    first, _ = scene(500), scene(900)
    assert scene(500) == first and list(first[1]) == ["floor", "bar"] and len(painted) == 1
    picture.begin("another")
    assert not picture.drawn and not picture.pixels.any()
    assert scene(500) == first and len(painted) == 1, "what never moves is painted once"


def test_kept_scenes_are_bounded():
    picture = Picture(200, 100)
    for key in range(100):
        picture.begin(key)
    assert len(picture._kept) < 8


def test_two_things_of_one_name_are_a_mistake():
    picture = Picture(200, 100)
    picture.box("bar", INK, 0, 0, 9, 9)
    with pytest.raises(AssertionError, match="bar is drawn twice"):
        picture.box("bar", INK, 0, 0, 9, 9)


def test_a_hatch_does_not_swim():
    short, long = Picture(), Picture()
    short.box("bar", HATCHED[0], 100, 100, 400, 200)
    long.box("bar", HATCHED[0], 100, 100, 700, 200)
    assert (short.pixels[100:200, 100:400] == long.pixels[100:200, 100:400]).all()


def test_the_fast_picture_is_the_plain_one():
    picture = Picture()
    everything(picture)
    assert difference(picture).max() < 56


def test_what_leaves_the_picture_is_cut_off_at_its_edge():
    picture = Picture(200, 100)
    picture.box("bar", INK, -1e30, -50, 100, 1e30)
    picture.dot("dot", 0, 199, 99)
    picture.dot("gone", 0, 500, -500)
    picture.band("band", GHOST, 10, 20, (-50, 150), (-90, 400))
    assert (picture.pixels[:10, :100] == INK).all() and (picture.pixels[15, :150] == GHOST).all()


def test_a_text_makes_room():
    picture = Picture()
    first = picture.text("first", "0.7028", 100, 100)
    below, above = picture.text("below", "0.2585", 120, 110, away=1), picture.text("above", "0.0387", 120, 95, away=-1)
    assert below[1] > first[3] and above[3] < first[1]
    assert picture.text("free", "1", 600, 100, away=1)[1] == first[1]


def test_a_text_stands_where_it_is_told():
    picture = Picture()
    boxes = [picture.text(how, "HHH", 400, y, how) for how, y in (("left", 50), ("middle", 150), ("right", 250))]
    assert abs(boxes[0][0] - 400) < 4 and abs(sum(boxes[1][::2]) / 2 - 400) < 3 and abs(boxes[2][2] - 400) < 4
    for (_, top, _, bottom), y in zip(boxes, (50, 150, 250)):
        assert abs((top + bottom) / 2 - y) <= 1, "around the middle of its capitals"


def test_a_text_never_leaves_the_picture():
    picture = Picture(200, 100)
    for x, y, how in ((-50, -50, "left"), (900, 900, "right")):
        left, top, right, bottom = picture.text(f"{x}", "0.7028", x, y, how)
        assert left >= 0 and top >= 0 and right <= 200 and bottom <= 100


def test_letters_are_set_alike_on_every_machine():
    assert module._font(28, "").layout_engine == ImageFont.Layout.BASIC, "whether Raqm is there or not"


def test_texts_are_kept_but_not_without_end():
    for k in range(2000):
        module.written(f"0.{k:04}")
    assert module.written.cache_info().currsize <= 500


@pytest.mark.parametrize("text", ["0.7028", "÷ (2 + 1) = −1.5000", "6.14·10⁻⁶", "argmax ✓", "for_fT/r", " ", ""])
@pytest.mark.parametrize("how", [{}, {"size": SMALL, "bold": True}])
def test_a_text_is_what_pillow_writes_in_one_go(text, how):
    mask, left, top = written(text, **how)
    font = ImageFont.truetype(FONT % ("-Bold" if "bold" in how else ""), how.get("size", SIZE),
                              layout_engine=ImageFont.Layout.BASIC)
    page = Image.new("L", (500, 100))
    ImageDraw.Draw(page).text((100, 50), text, 255, font, anchor="ls")
    ours = np.zeros((100, 500), np.uint8)
    y = round(50 + top - 0.365 * how.get("size", SIZE))
    ours[y:y + mask.shape[0], 100 + left:100 + left + mask.shape[1]] = mask
    assert abs(ours * 85 - np.asarray(page).astype(int)).max() <= 43, "in thirds of 255"
