import base64
import io
import re

import ipywidgets as widgets
import numpy as np
import pytest
import torch
from PIL import Image

from utils import example, explore, picture, plots
from utils.example import logit_sliders, logits_from, presets
from utils.explore import Explorer, ask, ask_gradient, spaced
from utils.picture import GHOST, HATCHED, Picture
from utils.softmax import explore_softmax


def little(compute=None, show=None, buttons=None, tasks=(), **more):
    """An explorer that shows its logits as bars, from 0 in the middle."""
    picture = Picture(300, 200)

    def shown(now, before):
        picture.begin()
        for k in range(3):
            picture.box(f"logit {k}", HATCHED[k], 100 * k, 100, 100 * k + 80, 100 - 10 * float(now[k]), data=float(now[k]))
            if before is not None:
                picture.box(f"before {k}", GHOST, 100 * k + 82, 100, 100 * k + 90, 100 - 10 * float(before[k]), data=float(before[k]))
        return f"at {now.tolist()}", f"z = {plots.numbers(now)}", "odd" if now[0] < 0 else ""

    return Explorer("little", logit_sliders() | more, compute or logits_from, show or shown, picture, presets() | (buttons or {}), tasks)


def ghosts(explorer):
    return [mark.data for name, mark in explorer.picture.drawn.items() if name.startswith("before")]


def test_a_moved_slider_moves_words_picture_and_text_form():
    explorer = little()
    first = explorer.image.value
    explorer.controls["logit 0"].value = -1.5
    assert explorer.words == "z = −1.5000, 3.0000, 0.1000" and explorer.words in explorer.page.value
    assert explorer.image.value != first
    assert repr(explorer) == "little: at [-1.5, 3.0, 0.1] ✗ odd"
    assert "✗ odd" in explorer.page.value


def test_the_ghost_is_where_things_stood_before_this_control_was_touched():
    explorer = little()
    assert ghosts(explorer) == []
    for value in (1.0, 0.5, -1.0):  # one drag
        explorer.controls["logit 0"].value = value
    assert ghosts(explorer) == pytest.approx([2, 3, 0.1])
    explorer.controls["logit 1"].value = 5.0  # another control
    assert ghosts(explorer) == pytest.approx([-1, 3, 0.1])
    explorer.buttons["tie"].click()
    assert ghosts(explorer) == pytest.approx([-1, 5, 0.1])


def test_what_the_browser_rounds_is_no_move():
    explorer = little()
    explorer.controls["logit 2"].value = 0.1000000000000005
    assert ghosts(explorer) == []


def test_reset_returns_to_the_first_picture_to_the_byte():
    explorer = little()
    first, words = explorer.image.value, explorer.words
    for name, values in presets().items():
        explorer.buttons[name].click()
        assert {key: explorer.controls[key].value for key in values} == values
    explorer.controls["logit 0"].value = -6.0
    explorer.buttons["Reset"].click()
    assert explorer.words == words and explorer.image.value == first


def test_a_button_may_make_its_values_of_the_present_numbers():
    explorer = little(buttons={"half": lambda now: {"logit 0": float(now[0]) / 2}})
    explorer.buttons["half"].click()
    assert explorer.controls["logit 0"].value == 1 and ghosts(explorer) == pytest.approx([2, 3, 0.1])
    explorer.buttons["half"].click()
    assert explorer.controls["logit 0"].value == 0.5 and ghosts(explorer) == pytest.approx([1, 3, 0.1]), "each press is a move of its own"


def test_the_picture_is_sent_before_the_words():
    explorer, sent = little(), []
    for name, widget in (("picture", explorer.image), ("words", explorer.page)):
        widget.observe(lambda _, name=name: sent.append(name), "value")
    explorer.controls["logit 0"].value = -1.5
    assert sent == ["picture", "words"]


def test_one_thread_is_enough():
    assert torch.get_num_threads() == 1


def test_the_presets_mean_what_they_say():
    """For a true class of 1."""
    share = {name: torch.softmax(torch.tensor(logits), dim=0)[1].item() for name, logits in example.PRESETS.items()}
    assert example.PRESETS["the article"] == (2, 3, 0.1)
    assert share["confident and right"] > 0.95 and share["confident and wrong"] < 0.05
    assert share["tie"] == pytest.approx(1 / 3) and share["saturated"] < 1e-5
    assert {abs(z) for z in example.PRESETS["saturated"]} == {6} and max(map(abs, example.PRESETS["confident and wrong"])) < 6


def test_everything_is_in_the_box():
    explorer = little(extra=widgets.Checkbox(False))

    def inside(box):
        return [box] + [widget for child in getattr(box, "children", ()) for widget in inside(child)]

    shown = inside(explorer)
    for widget in (*explorer.controls.values(), *explorer.buttons.values(), explorer.image, explorer.page, explorer.sheet):
        assert shown.count(widget) == 1
    assert any("<style" in getattr(widget, "value", "") for widget in shown if isinstance(widget, widgets.HTML))
    assert [slider.style.handle_color for slider in list(explorer.controls.values())[:3]] == list(picture.COLOURS)
    assert [control.description for control in explorer.controls.values()][:3] == ["logit 0", "logit 1", "logit 2"]


def test_target_boxes_are_named_by_their_class():
    boxes = example.target_boxes()
    assert {key: box.description for key, box in boxes.items()} == {f"target {k}": f"class {k} is true" for k in range(3)}
    values = {key: box.value for key, box in boxes.items()} | {"target 2": True}
    assert example.targets_from(values).tolist() == [0, 1, 1]


def test_a_preset_of_several_controls_updates_once():
    seen = []
    explorer = little(compute=lambda values: seen.append(values) or logits_from(values))
    explorer.buttons["confident and wrong"].click()
    assert [list(values.values()) for values in seen] == [[2, 3, 0.1], [4, 0, -1]]


def test_the_first_five_buttons_are_the_presets_after_reset():
    assert list(little().buttons) == [
        "Reset", "the article", "confident and right", "confident and wrong", "tie", "saturated"]


def test_controls_come_in_order_sliders_first_and_reach_from_6_to_6():
    explorer = little(extra=widgets.Checkbox(False))
    assert list(explorer.controls) == ["logit 0", "logit 1", "logit 2", "extra"]
    for slider in list(explorer.controls.values())[:3]:
        assert (slider.min, slider.max, slider.step) == (-6, 6, 0.1)


def test_an_exception_shows_in_the_explorer_and_fails_a_test():
    def compute(values):
        if values["logit 0"] > 5:
            raise KeyError("a fault of ours")
        return logits_from(values)

    explorer = little(compute)
    before = explorer.image.value
    with pytest.raises(KeyError):
        explorer.controls["logit 0"].value = 6.0
    assert explorer.wrong == "KeyError: 'a fault of ours' (picture and numbers are still those from before)"
    assert "KeyError" in explorer.page.value
    assert explorer.words in explorer.page.value and explorer.image.value == before, "nothing is lost"
    explorer.controls["logit 0"].value = 1.0
    assert explorer.wrong == "" and explorer.words == "z = 1.0000, 3.0000, 0.1000"


def test_in_a_kernel_the_page_says_it_and_no_traceback_does(monkeypatch):
    monkeypatch.setattr(explore, "get_ipython", lambda: object())
    explorer = little(compute=lambda values: 1 / 0)
    assert explorer.wrong == "ZeroDivisionError: division by zero" and explorer.wrong in explorer.page.value
    assert base64.b64decode(bytes(explorer.image.value).removeprefix(b"data:image/png;base64,")).startswith(b"\x89PNG")
    explorer.controls["logit 0"].value = 1.0


def test_without_a_kernel_there_is_a_picture_and_a_line():
    explorer = little()
    bundle, metadata = explorer._repr_mimebundle_()
    assert metadata["image/png"]["alt"] == repr(explorer)
    assert bundle["text/plain"] == repr(explorer) and "\n" not in repr(explorer)
    explorer._line = "long " * 50
    assert explorer._repr_mimebundle_()[0]["text/plain"] == repr(explorer), "nbval must see all of it"
    assert "application/vnd.jupyter.widget-view+json" in bundle


def as_seen(png):
    """Its pixels on a white page."""
    image = Image.open(io.BytesIO(png)).convert("RGBA")
    return np.asarray(Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")).astype(int)


def test_where_no_kernel_runs_there_are_the_live_picture_on_white_and_all_that_is_said_as_text():
    explorer = little(tasks=[("Bring logit 0 below 0 & on.", lambda values, now: now[0] < 0), ("word " * 30, lambda values, now: False)])
    explorer.controls["logit 0"].value = -1.5
    png = base64.b64decode(explorer._repr_mimebundle_()[0]["image/png"])
    assert Image.open(io.BytesIO(png)).convert("RGBA").getextrema()[3] == (255, 255), "nobody knows the page's colour"
    assert abs(as_seen(png) - as_seen(explorer.picture.png())).max() <= 1
    assert re.sub(' style=".*?"', "", explorer._told()) == ('<div class="explorer-told"><pre>✗ odd\nWhat torch says:\n'
        f'{explorer.words}</pre><ol><li>Bring logit 0 below 0 &amp; on.</li><li>{"word " * 30}</li></ol></div>')
    assert "<ol>" not in little()._told()


def test_words_are_escaped():
    explorer = little(show=lambda now, before: ("", "a < b", "<script>"))
    assert "a &lt; b" in explorer.page.value and "<script>" not in explorer.page.value


LIKE = torch.tensor([[0.2, 0.7, 0.1]], dtype=torch.float64)


def test_ask_says_what_is_wrong(broken):
    function, sentence = broken
    answer, said = ask(function, LIKE, like=LIKE)
    assert sentence in said
    assert answer.shape == LIKE.shape and answer.isnan().all()


@pytest.mark.parametrize("right", [
    lambda x: x, lambda x: x.double(),  lambda x: x.clone().requires_grad_(), lambda x: x + 1e-6,
])
def test_ask_accepts_what_is_right(right):
    answer, said = ask(right, LIKE, like=LIKE)
    assert said == "" and torch.equal(answer, LIKE)


def test_beside_a_complaint_the_words_are_said_to_be_torchs():
    assert "What torch says:" in explore_softmax(lambda z: z).page.value
    assert "What torch says:" not in explore_softmax(lambda z: torch.softmax(z, 0)).page.value


def test_ask_accepts_a_python_float_for_one_number():
    assert ask(lambda: 0.3527, like=torch.tensor(0.3527, dtype=torch.float64))[1] == ""
    assert ask(lambda: 0.36, like=torch.tensor(0.3527, dtype=torch.float64))[1] == "<lambda>: yours 0.3600, torch 0.3527"


def test_ask_names_each_class_that_differs():
    def named(x):
        return x + torch.tensor([[0.01, 0, -0.01]])

    assert ask(named, LIKE, like=LIKE)[1].splitlines() == [
        "named, class 0: yours 0.2100, torch 0.2000", "named, class 2: yours 0.0900, torch 0.1000"]


class Odd:
    """A function whose name cannot be had, and an error whose text cannot."""

    @property
    def __name__(self):
        raise KeyError("no name")

    def __call__(self, *_):
        return 1


class Mute(Exception):
    def __str__(self):
        raise ValueError


def noted(*_):
    error = ValueError("the message")
    error.add_note("a note")
    raise error


def mute(*_):
    raise Mute


@pytest.mark.parametrize("function, sentence", [
    (noted, "noted raised ValueError: the message"),
    (mute, "mute raised"), (lambda x: x.to("meta"), "<lambda> raised NotImplementedError"),
    (lambda x: x > 0, "<lambda> returned dtype torch.bool"), (lambda x: x.numpy(), "<lambda> returned a ndarray"),
])
def test_ask_survives_odd_things(function, sentence):
    assert sentence in ask(function, LIKE, like=LIKE)[1]


def test_ask_survives_a_function_without_a_name():
    assert ask(Odd(), LIKE, like=LIKE)[1] == "your function returned shape []; shape [1, 3] is wanted"


def test_ask_compares_sparse_answers_too():
    assert ask(lambda x: x.to_sparse(), LIKE, like=LIKE)[1] == ""


def test_ask_hands_out_copies():
    for dtype in (torch.float32, torch.float64):
        mine = torch.ones(3, dtype=dtype)
        ask(lambda x: x.zero_(), mine, like=LIKE)
        assert mine.tolist() == [1, 1, 1]


def test_ask_tells_numbers_apart_that_round_to_the_same_words():
    said = ask(lambda: torch.tensor(0.702841, dtype=torch.float64), like=torch.tensor(0.702759, dtype=torch.float64))[1]
    assert said.endswith("yours 0.702841, torch 0.702759")


def test_ask_gradient_is_autograds():
    z = torch.tensor([[2, 3, 0.1]], dtype=torch.float64)
    assert ask_gradient(lambda z: (z ** 2).sum(), z, like=2 * z)[1] == ""
    gradient, said = ask_gradient(lambda z: (z ** 3).sum(), z, like=2 * z)
    torch.testing.assert_close(gradient, 3 * z ** 2, rtol=1e-6, atol=0)
    assert said == "gradient of <lambda>, by autograd = 12.0000, 27.0000, 0.0300"
    assert not z.requires_grad


def test_ask_gradient_survives_what_ask_does(broken):
    function, _ = broken
    gradient, said = ask_gradient(function, LIKE, like=LIKE)
    assert gradient.shape == LIKE.shape and gradient.isnan().all() and said.startswith(("autograd finds no gradient: ", "gradient of "))


def test_wide_characters_are_as_wide_as_two_others():
    wide = '<span style="letter-spacing: calc(2ch - 1em)">'
    assert spaced("类 0\u3000\u3000a < 1 → 2，b") == f"{wide}类</span> 0{wide}\u3000\u3000</span>a &lt; 1 → 2{wide}，</span>b"
    explorer = little()
    explorer.words = "总和 = 1"
    explorer._say("错")
    for page in (explorer.page.value, explorer._told()):
        assert f"{wide}总和</span> = 1" in page and f"✗ {wide}错</span>" in page


def ticked(explorer):
    return [item.partition("</b>")[2] for item in re.findall(r"<li>(.*?)</li>", explorer.sheet.value) if "✓" in item]


def test_a_task_ticks_when_it_has_been_done_and_stays_so():
    explorer = little(tasks=[("Bring logit 0 below 0.", lambda values, now: now[0] < 0),
                             ("Make them <equal>.", lambda values, now: len(set(values.values())) == 1)])
    assert explorer.done == [] == ticked(explorer) and "Bring logit 0 below 0." in explorer.sheet.value
    explorer.controls["logit 0"].value = -1.0
    assert ticked(explorer) == ["Bring logit 0 below 0."] and "<p>Done: Bring logit 0 below 0.</p>" in explorer.sheet.value
    explorer.buttons["Reset"].click()
    assert explorer.done == ticked(explorer) == ["Bring logit 0 below 0."]
    explorer.buttons["tie"].click()
    assert ticked(explorer) == ["Bring logit 0 below 0.", "Make them &lt;equal&gt;."]
    assert "<p>Done: Make them &lt;equal&gt;.</p>" in explorer.sheet.value, "only the new one is announced"


def test_the_list_is_sent_only_when_a_tick_is_new_and_a_done_task_is_asked_no_more():
    asked, sent = [], []
    explorer = little(tasks=[("below 0", lambda values, now: asked.append(0) or now[0] < 0)])
    explorer.sheet.observe(lambda change: sent.append(change), "value")
    for value in (1.0, 0.5, -0.5, -1.0, 1.0):
        explorer.controls["logit 0"].value = value
    assert (len(asked), len(sent)) == (4, 1)


def test_a_condition_that_fails_is_told_and_nothing_dies(monkeypatch):
    tasks = [("broken", lambda values, now: values["no such"] if now[0] < 0 else False), ("below 0", lambda values, now: now[0] < 0)]
    explorer = little(tasks=tasks)
    with pytest.raises(KeyError):
        explorer.controls["logit 0"].value = -1.0
    assert explorer.wrong.startswith("odd\ntask 1 cannot be checked: KeyError: 'no such'") and "KeyError" in explorer.page.value
    assert explorer.done == ["below 0"] and explorer.words == "z = −1.0000, 3.0000, 0.1000" and explorer.picture.drawn["logit 0"].data == -1
    monkeypatch.setattr(explore, "get_ipython", lambda: object())
    explorer.controls["logit 0"].value = -2.0
    assert "task 1" in explorer.wrong, "in a kernel the page says it, and no traceback does"
    explorer.controls["logit 0"].value = 2.0
    assert explorer.wrong == ""


def test_words_and_complaint_keep_the_height_they_have_had():
    explorer = little(show=lambda now, before: ("", "\n".join(["line"] * (3 if now[0] > 3 else 1)),
                                                "\n".join(["odd", "odder"] * bool(now[0] < 0))))
    heights = []
    for value in (2.0, 4.0, 2.0, -1.0, 2.0):
        explorer.controls["logit 0"].value = value
        heights.append((explorer.page.value.count('="wrong"') + explorer.page.value.count('="note"'),
                        explorer.page.value.count('="spare"'), re.search(r"min-height: ([\d.]+)em", explorer.page.value)[1]))
    assert heights == [(0, 0, "1.4"), (0, 0, "4.2"), (0, 0, "4.2"), (3, 0, "4.2"), (0, 3, "4.2")]
