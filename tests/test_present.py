"""make present: the notebooks as Voila shows them on a projector, in a real browser."""

import contextlib
import re
import shutil
import subprocess
import sys
import time

import psutil
import pytest

from tests.lab import ROOT, Notebook, free_port, running
from tests.test_browser import MISPLACED, OUT_OF_SIGHT, UNREADABLE, check
from tests.test_notebooks import code_cells
from tests.topics import NAMES, NOTEBOOKS, TASKED
from utils.picture import SMALL
from utils.target_shape import FORMS

SCREEN = {"width": 1280, "height": 720}


class Shown(Notebook):
    """A notebook that Voila shows; its explorer is read as in JupyterLab."""

    def __init__(self, address, browser, name):
        self.name, self.console = name, []
        self.page = browser.new_page(viewport=SCREEN)
        self.page.set_default_timeout(90_000)
        self.page.on("console", lambda said: self.console.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.console.append(str(error)))
        self.page.route(re.compile("^https:"), lambda route: route.fulfill(body=""))  # an icon font and badges, which may be missing
        self.page.goto(f"{address}/voila/render/{name}.ipynb")
        self.arrive()
        self.explorer = self.page.locator(".explorer").first

    def arrive(self):
        """Wait until all explorers of a page that is being loaded are alive."""
        self.page.locator("#rendered_cells").wait_for()
        self.page.wait_for_function("""document.querySelector('.explorer') &&
            [...document.querySelectorAll('.shown')].length === document.querySelectorAll('.explorer').length &&
            [...document.querySelectorAll('.explorer .noUi-handle')].every(handle => handle.ariaLabel)""")

    def wait(self, there):
        """Until there() is true: what the kernel has to do takes its time."""
        end = time.monotonic() + 90
        while not there():
            assert time.monotonic() < end, "waited in vain"
            self.page.wait_for_timeout(30)

    def top(self, part) -> float:
        return part.bounding_box()["y"]

    def visible(self, selector: str) -> int:
        return sum(element.is_visible() for element in self.page.locator(selector).all())


@pytest.fixture(scope="module")
def voila(browser):
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with running([sys.executable, "-m", "voila", "notebooks", "--Voila.config_file_paths=.voila", "--no-browser",
                  f"--port={port}"], address, cwd=ROOT):
        yield lambda name: Shown(address, browser, name)


@pytest.mark.parametrize("name", ["01_softmax", "04_bce_shape_error"])  # the first, and the tallest, with errors on purpose
def test_explorers_first_then_text_and_code_by_their_switches(voila, name):
    shown = voila(name)
    texts, codes = ".jp-MarkdownCell h1, .jp-MarkdownCell h2:not(.shown)", ".jp-CodeCell .highlight, [data-mime-type='text/plain']"
    assert shown.visible(texts) == shown.visible(codes) == 0
    assert shown.explorer.bounding_box()["y"] < 50

    check(shown)
    words, picture = shown.words(), shown.picture()
    shown.explorer.locator(".noUi-handle").first.focus()
    shown.page.keyboard.press("ArrowLeft")
    shown.wait(lambda: shown.words() != words)
    assert shown.values()["logit 0"] == 1.9 and shown.picture() != picture, "it comes before the words"
    check(shown)

    shown.page.mouse.move(640, 500)
    shown.page.mouse.wheel(0, 400)
    shown.wait(lambda: shown.explorer.bounding_box()["y"] < -200)
    assert shown.page.locator(".bar").bounding_box()["y"] == 0, "the switches stay"
    shown.page.get_by_label("text").check()
    assert not shown.page.locator("#rendered_cells a[href*='.ipynb'], #rendered_cells a[href*='.md']").count(), "Voila serves none"
    assert shown.page.locator("#rendered_cells a[href*='?notebook=']").count()
    assert shown.visible(texts) > 5 and shown.visible(codes) == 0
    shown.page.get_by_label("code").check()
    assert shown.visible(codes) > 5
    assert shown.console == []
    shown.page.close()


@pytest.mark.parametrize("name", dict(TASKED))
def test_every_explorer_fills_the_screen_and_nothing_is_cut(voila, name):
    shown = voila(name)
    for width, height in ((1280, 720), (1920, 1080), (3840, 2160)):
        shown.page.set_viewport_size({"width": width, "height": height})
        shown.page.wait_for_timeout(500)
        bar = shown.page.locator(".bar")
        assert bar.evaluate("bar => [bar, ...bar.children].every(part => part.getBoundingClientRect().top >= 0 && "
                            "part.getBoundingClientRect().bottom <= bar.getBoundingClientRect().bottom)")
        for explorer, heading in zip(shown.page.locator(".explorer").all(), shown.page.locator(".shown").all(), strict=True):
            heading.evaluate("heading => go(heading)")
            assert explorer.evaluate("explorer => explorer.getBoundingClientRect().bottom") <= height, "whole, below its heading"
            assert heading.evaluate("heading => heading.scrollHeight <= heading.clientHeight + 1 && place(heading).top > -2")
            assert heading.bounding_box()["x"] + heading.bounding_box()["width"] < bar.bounding_box()["x"]
            assert explorer.evaluate(MISPLACED) + explorer.evaluate(OUT_OF_SIGHT) + explorer.evaluate(UNREADABLE, SMALL) == []
            picture = explorer.locator("img").bounding_box()
            assert picture["width"] > 0.9 * width and picture["height"] > 0.4 * height, "the picture is what there is to see"
            sizes = explorer.locator("pre, li, label, button").evaluate_all("all => all.map(e => parseFloat(getComputedStyle(e).fontSize))")
            assert min(sizes) == max(sizes) > height / 45
            for grip in explorer.locator(".noUi-handle, [type=checkbox]").all():
                assert grip.bounding_box()["height"] > 0.9 * sizes[0]


def kernels() -> set[int]:
    """The kernels that Voila has at work."""
    found = set()
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it has just ended
            if "ipykernel_launcher" in process.cmdline():
                found.add(process.pid)
    return found


def stopped(ones: set[int]) -> bool:
    """Whether these kernels are gone, at once or in a moment."""
    for _ in range(100):
        if not ones & kernels():
            return True
        time.sleep(0.2)
    return False


def title(name: str) -> str:
    return NOTEBOOKS[name].cells[0].source.splitlines()[0].removeprefix("# ")


def test_the_keys_lead_from_one_explorer_to_the_next_and_leave_a_slider_where_it_is(voila):
    shown = voila("08_training")
    headings = shown.page.locator(".shown")
    assert headings.all_inner_texts() == [f"{title('08_training')}: {what}" for what in (
        "What does each mistake look like from outside? (cross_entropy)", "One digit or several",
        "With a loss of your own (bce_by_hand)", "With a loss of your own (own_class_only)")]
    handle = shown.explorer.locator(".noUi-handle").first
    handle.focus()
    for key, place in (("PageDown", 1), ("n", 2), ("PageDown", 3), ("n", 3), ("p", 2), ("PageUp", 1), ("p", 0), ("p", 0)):
        shown.page.keyboard.press(key)
        assert abs(shown.top(headings.nth(place))) < 2, f"{key} leads to explorer {place}"
    assert shown.values()["learning rate"] == 0.5
    shown.page.get_by_role("button", name="next", exact=True).click()
    assert abs(shown.top(headings.nth(1))) < 2
    shown.page.get_by_role("button", name="previous", exact=True).click()
    assert abs(shown.top(headings.nth(0))) < 2
    shown.page.get_by_label("questions").check()
    shown.page.evaluate("go(stops()[0])")
    box = shown.page.locator(".prediction input").first  # the first question asks for a number
    assert box.evaluate("box => place(box.closest('.prediction')).top") >= shown.page.locator(".bar").bounding_box()["height"]
    box.press_sequentially("n1")
    assert box.input_value() == "n1", "a letter in a box is a letter"
    shown.page.close()


def test_questions_have_the_screen_for_themselves_and_are_hidden_again_for_the_next_class(voila):
    others = kernels()
    shown = voila("01_softmax")
    old = kernels() - others
    assert len(old) == 1 and shown.visible(".prediction") == 0
    shown.page.get_by_label("questions").check()
    questions = shown.page.locator(".prediction")
    assert shown.visible(".prediction") == questions.count() == 5 and shown.visible(".jp-MarkdownCell h2:not(.shown)") == 0
    shown.page.evaluate("go(stops()[1])")
    assert shown.top(shown.page.locator(".shown").first) > SCREEN["height"] - 40, "what comes next gives nothing away"
    questions.nth(1).get_by_role("button", name="Three").click()
    questions.nth(1).locator(".chosen.right").wait_for()
    shown.page.keyboard.press("n")
    shown.explorer.get_by_role("button", name="saturated").click()
    shown.wait(lambda: shown.values()["logit 0"] == 6)
    shown.page.get_by_role("button", name="hide answers again").click()
    shown.page.wait_for_function("!document.querySelector('.explorer')")
    shown.arrive()
    shown.page.wait_for_function("document.activeElement.matches('.shown')")
    assert abs(shown.top(shown.page.locator(".shown").first)) < 2 and shown.page.get_by_label("questions").is_checked(), "where it was"
    assert shown.values()["logit 0"] == 2 and shown.page.locator(".prediction .chosen, .prediction [role=status]").count() == 0
    assert stopped(old), "the kernel of the class before"
    shown.page.close()


def test_from_notebook_to_notebook_without_a_terminal(voila):
    others = kernels()
    shown = voila("01_softmax")
    chosen = shown.page.get_by_label("notebook")
    assert chosen.locator("option").all_inner_texts() == [title(name) for name in NAMES]
    assert chosen.input_value() == "01_softmax"
    old = kernels() - others
    chosen.select_option("07_arguments")
    shown.page.wait_for_url("**notebook=07_arguments")
    shown.arrive()
    assert shown.page.locator(".shown").first.inner_text().startswith(title("07_arguments")) and chosen.input_value() == "07_arguments"
    shown.page.get_by_label("text").check()
    shown.page.locator("#rendered_cells a", has_text="What does each mistake").click()
    shown.page.wait_for_url("**notebook=08_training")
    shown.arrive()
    assert shown.page.locator(".shown").first.inner_text().startswith(title("08_training")) and shown.page.get_by_label("text").is_checked()
    assert len(old) == 1 and stopped(old), "the kernel of a page that was left"
    shown.page.close()


def test_the_longest_name_of_a_target_is_not_cut(voila):
    shown = voila("04_bce_shape_error")
    handle = shown.explorer.locator(".widget-hslider").last.locator(".noUi-handle")
    handle.focus()
    for name in list(FORMS)[1:]:
        shown.page.keyboard.press("ArrowRight")
        shown.page.wait_for_function("name => document.querySelector('.explorer-controls').innerText.includes(name)", arg=name)
        assert shown.explorer.evaluate(MISPLACED) == []
    shown.page.close()


def test_the_errors_on_purpose_are_torchs_own(voila):
    shown = voila("04_bce_shape_error")
    shown.page.get_by_label("code").check()
    wanted = [output.evalue for cell in code_cells("04_bce_shape_error") for output in cell.outputs if output.output_type == "error"]
    assert len(wanted) > 4 and "must be the same as input size" in wanted[0]
    for sentence in wanted:
        assert shown.page.locator(".celltag_raises-exception pre", has_text=sentence).first.is_visible()
    shown.page.close()


def test_a_switch_leaves_what_is_in_the_middle_of_the_screen_where_it_is(voila):
    shown = voila("01_softmax")
    explorers, heading = shown.page.locator(".explorer"), shown.page.locator(".jp-MarkdownCell h2", has_text="Trap 1")
    text, code = shown.page.get_by_label("text"), shown.page.get_by_label("code")

    def top(part):
        return part.bounding_box()["y"]

    for explorer in (explorers.first, explorers.last):
        explorer.scroll_into_view_if_needed()
        before = top(explorer)
        for switch in (text.check, code.check, text.uncheck, code.uncheck):
            switch()
            assert abs(top(explorer) - before) < 3
    text.check()
    heading.evaluate("heading => heading.scrollIntoView({block: 'center'})")
    before = top(heading)
    code.check()
    assert abs(top(heading) - before) < 3
    code.uncheck()
    text.uncheck()  # the heading is gone: the next explorer comes instead
    following = heading.evaluate("""heading => [...document.querySelectorAll('.explorer')]
        .findIndex(explorer => heading.compareDocumentPosition(explorer) & Node.DOCUMENT_POSITION_FOLLOWING)""")
    assert 0 <= top(explorers.nth(following)) < 100
    shown.page.close()


@pytest.mark.skipif(not shutil.which("make"), reason="no make on this machine")
def test_a_wrong_name_is_told_the_right_ones():
    ran = subprocess.run(["make", "-s", "present", "NOTEBOOK=softmax"], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode and ran.stdout == f'make present NOTEBOOK=... wants one of {" ".join(NAMES)}, not "softmax"\n'
