import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.topics import typed
from utils import plots
from utils.picture import Picture


def spans(picture, part):
    """{class: (low, high)} of what is drawn as part."""
    return {k: picture.drawn[f"{part} {k}"].data for k in range(3) if f"{part} {k}" in picture.drawn}


def edges(mark):
    return mark.box[0], mark.box[2]


@pytest.mark.parametrize("value, text", [
    (0.70284, "0.7028"), (-0.29716, "−0.2972"), (0.0, "0.0000"), (1.0, "1.0000"), (0.001, "0.0010"),
    (0.00012345, "1.23·10⁻⁴"), (-253.02670, "−253.0267"), (123456.0, "1.23·10⁵"), (-4e-27, "−4.00·10⁻²⁷"),
    (math.nan, "nan"), (-math.inf, "−inf"),
])
def test_a_number_has_4_decimals_or_a_power_of_ten(value, text):
    assert plots.number(value) == text


@pytest.mark.parametrize("p, about", [
    (0.702814, "0.7028"), (0.0386766, "0.03868"), (6.1441e-06, "6.144·10⁻⁶"),
])
def test_what_stands_inside_a_logarithm_has_the_decimals_it_needs(p, about):
    said, = plots.exact(-math.log(p), plots.minus_log, p)
    assert plots.number(-math.log(float(typed(said).replace("−", "-")))) == plots.number(-math.log(p))
    assert len(said) <= len(about) + 2 and ("·" in said) == ("·" in about)


def test_summands_have_the_decimals_they_need():
    assert plots.exact(12.00742, lambda *values: sum(values), 6.002476, 6.002476, 0.002476) == ["6.00248", "6.00248", "0.00248"]
    assert plots.exact(1.0, lambda a, b: a / b, 3e13, 3e13) == ["3.00·10¹³", "3.00·10¹³"], "too large for decimals"


@pytest.mark.parametrize("value, text", [
    (0.70284, "0.7028"), (-0.29716, "−0.2972"), (0.0, "0.0000"), (6.14e-6, "6.14·10⁻⁶"), (-6e-6, "−6.00·10⁻⁶"), (403.42879, "403.4288"),
    (1234.5678, "1234.57"), (12345.678, "12346"), (-49.0, "−49.0000"), (1.0686e13, "1.07·10¹³"), (-2e20, "−2.00·10²⁰"),
    (math.nan, "nan"), (-math.inf, "−inf"),
])
def test_a_picture_writes_a_number_as_the_words_do_with_fewer_decimals_where_it_is_large(value, text):
    assert plots.short(value) == text


@pytest.mark.parametrize("value, text", [(0.5, "0.5"), (-20.0, "−20"), (500.0, "500"), (-5000.0, "−5·10³"), (1e38, "10³⁸")])
def test_a_tick_is_a_round_number(value, text):
    assert plots.round_number(value) == text


@pytest.mark.parametrize("size, reached", [
    (0, 0), (-3, 0), (0.2, 1), (1, 1), (1 + 1e-9, 1), (1.01, 2), (2.5, 5), (12, 20), (20, 20), (54.6, 100), (1e20, 1e20)])
def test_an_axis_grows_in_steps_of_1_2_5(size, reached):
    assert plots.step(size) == reached


def test_an_axis_reaches_what_it_has_to_hold():
    assert plots.reach(0.2, 0.7, None) == (0, 1)
    assert plots.reach(1.5, -1.5, math.nan, math.inf) == (-2, 2)
    assert plots.reach() == (0, 1)


@settings(derandomize=True)
@given(st.lists(st.tuples(st.floats(0, 1000), st.floats(10, 180)), min_size=1, max_size=5))
def test_labels_in_a_row_never_touch_and_stay_in_it(labels):
    wanted, sizes = zip(*labels)
    middles = plots.apart(wanted, sizes, 0, 1000, gap=16)
    ends = sorted((middle - size / 2, middle + size / 2) for middle, size in zip(middles, sizes))
    assert ends[0][0] >= -1e-6 and ends[-1][1] <= 1000 + 1e-6
    for (_, a), (b, _) in itertools.pairwise(ends):
        assert b - a >= 16 - 1e-6


def test_labels_stay_where_they_are_wanted_if_there_is_room():
    assert plots.apart([700, 100, 400], [50, 60, 70], 0, 1000) == [700, 100, 400]
    assert plots.apart([500, 500, 100], [100, 60, 70], 0, 1000, gap=20) == [450, 550, 100], "two in one place move alike"


def test_values_are_laid_end_to_end_and_negative_ones_to_the_left():
    assert plots.cuts([0.2, 0.7, 0.1]) == {0: (0, 0.2), 1: (0.2, pytest.approx(0.9)), 2: (pytest.approx(0.9), pytest.approx(1))}
    assert plots.cuts([1.0, 1.5, -1.5]) == {0: (0, 1), 1: (1, 2.5), 2: (-1.5, 0)}
    assert plots.cuts([0.2, math.nan, 0.8], order=[2, 1, 0]) == {2: (0, 0.8), 0: (0.8, 1)}


@pytest.mark.parametrize("along", [(100, 1100), (400, 60)])
def test_a_strip_is_as_long_as_1_and_cut_at_the_shares(along):
    picture = Picture()
    plots.strip(picture, "share", along, (200, 260), [0.2, 0.7, 0.1], before=plots.cuts([0.5, 0.3, 0.2]))
    for k, (low, high) in enumerate([(0, 0.2), (0.2, 0.9), (0.9, 1)]):
        x0, y0, x1, y1 = picture.drawn[f"share {k}"].box
        ends = (x0, x1) if along[0] < along[1] else (y1, y0)
        assert ends == pytest.approx([along[0] + edge * (along[1] - along[0]) for edge in (low, high)])
        assert picture.drawn[f"share {k}"].look == plots.HATCHED[k]
        assert picture.drawn[f"torch share {k}"].box == picture.drawn[f"share {k}"].box
        assert picture.drawn[f"share {k} says"].text == ["0.2000", "0.7000", "0.1000"][k]
        assert picture.drawn[f"marker share {k} says"].text == "os^"[k]
    assert spans(picture, "before share") == {0: (0, 0.5), 1: (0.5, 0.8), 2: (0.8, 1)}
    assert {picture.drawn[f"before share {k}"].look for k in range(3)} == {plots.GHOST}
    assert not [name for name in picture.drawn if "wrong" in name]


def test_what_is_no_share_leaves_the_strip_in_red():
    picture = Picture()
    plots.strip(picture, "share", (100, 1100), (200, 260), [1.0, 1.5, -1.5], [0.2, 0.7, 0.1])
    zero, one = picture.drawn["share tick 0"].box[0] + 2, picture.drawn["share tick 1"].box[0] + 2
    assert one - zero == pytest.approx(1000 / 7), "from −2 to 5: the strip of length 1 is a seventh as long"
    assert edges(picture.drawn["share 2"]) == pytest.approx((zero - 1.5 * (one - zero), zero))
    assert edges(picture.drawn["share 1"]) == pytest.approx((one, one + 1.5 * (one - zero)))
    outside = {name: mark.data for name, mark in picture.drawn.items() if mark.look in plots.REDDENED}
    assert outside == {"share 1 above": (1, 2.5), "share 2 below": (-1.5, 0)}
    assert spans(picture, "torch share") == plots.cuts([0.2, 0.7, 0.1])
    assert {picture.drawn[f"share {k} says"].look for k in range(3)} == {plots.RED}


def test_a_wrong_share_is_framed_in_red_and_a_right_one_is_not():
    picture = Picture()
    plots.strip(picture, "share", (100, 1100), (200, 260), [0.3, math.nan, 0.1], [0.2, 0.7, 0.1])
    assert [name for name in picture.drawn if name.startswith("wrong")] == ["wrong share 0"]
    assert [picture.drawn[f"share {k} says"].look for k in range(3)] == [plots.RED, plots.RED, plots.INK]
    assert "share 1" not in picture.drawn and picture.drawn["share 1 says"].text == "nan"


def test_lengths_keep_their_span():
    picture = Picture()
    plots.strip(picture, "loss", (100, 1100), (200, 260), [2.1, 0.05, 0.75], span=(0, 5), total="Σ")
    assert [edges(picture.drawn[f"loss {k}"]) for k in range(3)] == [
        pytest.approx((100 + 200 * a, 100 + 200 * b)) for a, b in ((0, 2.1), (2.1, 2.15), (2.15, 2.9))]
    assert not [mark for mark in picture.drawn.values() if mark.look in plots.REDDENED]
    plots.parts(picture, "mean", plots.axis(0, 5, 100, 1100), (300, 330), 2.9, 3)
    assert edges(picture.drawn["mean"]) == pytest.approx((100, 100 + 200 * 2.9 / 3))
    assert edges(picture.drawn["mean part 2"])[1] == pytest.approx(100 + 200 * 2.9)


def test_a_sliver_has_a_line_to_its_label():
    picture = Picture()
    plots.strip(picture, "share", (100, 1100), (200, 260), [0.98, 0.01, 0.01])
    plots.strip(picture, "even", (100, 1100), (350, 400), [0.3, 0.4, 0.3])
    leaders = {name: mark.box for name, mark in picture.drawn.items() if name.startswith("leader")}
    assert list(leaders) == ["leader share 1", "leader share 2"], "the first stands under its own stretch"
    x0, y0, x1, y1 = leaders["leader share 1"]
    assert x0 == pytest.approx(100 + 1000 * 0.985) and y0 > 260
    marker, text = picture.drawn["marker share 1 says"].box, picture.drawn["share 1 says"].box
    assert marker[0] < x1 < text[2] and y1 < text[1]


def test_a_column_is_split_at_its_value_and_coloured_where_it_is_given_to_the_truth():
    picture = Picture()
    at = plots.axis(0, 1, 400, 100)
    plots.columns(picture, "yes", (100, 300, 500), 80, at, [0.2, 0.7, 0.5], before=[0.4, 0.6, 0.5], given=(0, 1, 0), true=[1])
    assert picture.drawn["yes 0"].box == (100, 400, 180, pytest.approx(340)) and picture.drawn["not yes 0"].box[3] == 100
    assert [picture.drawn[f"yes {k}"].look for k in range(3)] == [plots.PALE[0], plots.HATCHED[1], plots.PALE[2]]
    assert [picture.drawn[f"not yes {k}"].look for k in range(3)] == [plots.HATCHED[0], plots.PALE[1], plots.HATCHED[2]]
    assert [name for name in picture.drawn if name.startswith("true")] == ["true class yes 1"]
    assert spans(picture, "before yes") == {0: (0.4, 1), 1: (0, 0.6)}, "beside the coloured part, where that has moved"
    assert picture.drawn["yes 0 says"].text == "0.2000"


def test_a_column_that_is_no_probability_leaves_its_frame_in_red():
    picture = Picture()
    plots.columns(picture, "yes", (100, 300, 500), 80, plots.axis(-1, 2, 400, 100), [1.5, -0.5, math.nan], [0.5, 0.5, 0.5])
    assert {name: mark.data for name, mark in picture.drawn.items() if mark.look in plots.REDDENED} == {
        "yes 0 above": (1, 1.5), "yes 1 below": (-0.5, 0)}
    assert spans(picture, "wrong yes") == {0: (0, 1.5), 1: (0, -0.5)} and spans(picture, "torch yes") == dict.fromkeys(range(3), (0, 0.5))
    assert "yes 2" not in picture.drawn and picture.drawn["yes 2 says"].text == "nan"


def test_arrows_go_where_the_numbers_would_go():
    picture = Picture()
    plots.arrows(picture, "step", (1000, 1400), (0, 120, 240), [2, 3, 0.1], [-0.5, 0.75, math.nan], [-0.5, 0.25, 0.25], [0.1, 0, 0], [1])
    assert picture.drawn["step 0"].data == (0, -0.5) and picture.drawn["step 0"].look == plots.SOLID[0]
    assert picture.drawn["step 1"].look == plots.RED and "step 2" not in picture.drawn
    tips = [[x for x, _ in picture.drawn[f"step {k} upper head"].points] for k in (0, 1)]
    assert min(tips[0]) == pytest.approx(1200 - 0.5 * 200) and max(tips[1]) == pytest.approx(1200 + 0.75 * 200)
    for k, row in enumerate((0, 120)):  # a shaft in the middle of its head
        shaft, heads = picture.drawn[f"step {k}"].box, [picture.drawn[f"step {k} {half} head"].box for half in ("upper", "lower")]
        assert (shaft[1] + shaft[3]) / 2 == heads[0][3] == heads[1][1] == row + 52
        assert heads[0][1] < min(shaft[1::2]) < max(shaft[1::2]) < heads[1][3]
    assert [picture.drawn[f"step {k} says"].text for k in range(3)] == ["2 → 1.5000", "3 → 3.7500", "0.1 → nan"]
    assert spans(picture, "torch step") == {1: (0, 0.25), 2: (0, 0.25)}
    assert picture.drawn["before step 0"].data == (0, 0.1)


def test_an_arrow_too_long_for_its_axis_gets_a_longer_axis():
    picture = Picture()
    plots.arrows(picture, "step", (1000, 1400), (0, 120, 240), [0, 0, 0], [12, -3, 0])
    assert picture.drawn["step tick 20 says"].text == "20"
    assert max(x for x, _ in picture.drawn["step 0 upper head"].points) == pytest.approx(1200 + 12 / 20 * 200)


def test_ticks_stand_at_their_values_and_say_them():
    picture = Picture()
    plots.ticks(picture, "x", plots.axis(-6, 6, 100, 700), (-6, 0, 6), 300)
    plots.ticks(picture, "y", plots.axis(0, 2, 300, 100), (0, 1, 2), 90, upright=True)
    assert [picture.drawn[f"x tick {v}"].box[0] + 1 for v in (-6, 0, 6)] == [100, 400, 700]
    assert [picture.drawn[f"y tick {v}"].box[1] + 1 for v in (0, 1, 2)] == [300, 200, 100]
    assert picture.drawn["x tick -6 says"].text == "−6" and picture.drawn["y axis"].data == (0, 2)
    plots.ticks(picture, "crowded", plots.axis(0, 100, 300, 100), (0, 1, 100), 190, upright=True)
    assert [name for name in picture.drawn if "crowded" in name and "says" in name] == ["crowded tick 0 says", "crowded tick 100 says"]
