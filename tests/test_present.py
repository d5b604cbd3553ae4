"""make present: the notebooks as Voila shows them on a projector, in a real browser."""

import re
import shutil
import subprocess
import sys

import pytest

from tests.lab import ROOT, Notebook, free_port, running
from tests.test_browser import MISPLACED, OUT_OF_SIGHT, UNREADABLE, check
from tests.test_notebooks import code_cells
from tests.topics import NAMES, TASKED
from utils.picture import SMALL

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
        self.page.locator("#rendered_cells").wait_for()
        self.page.wait_for_function("document.querySelectorAll('.explorer img').length")
        self.explorer = self.page.locator(".explorer").first
        self.page.wait_for_function("document.querySelector('.explorer .noUi-handle').ariaLabel")

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
    texts, codes = ".jp-MarkdownCell h1, .jp-MarkdownCell h2", ".jp-CodeCell .highlight, [data-mime-type='text/plain']"
    assert shown.visible(texts) == shown.visible(codes) == 0
    assert shown.explorer.bounding_box()["y"] < 50

    check(shown)
    words, picture = shown.words(), shown.picture()
    source = shown.explorer.locator("img").get_attribute("src")
    shown.explorer.locator(".noUi-handle").first.focus()
    shown.page.keyboard.press("ArrowLeft")
    shown.page.wait_for_function("source => document.querySelector('.explorer img').src !== source", arg=source)
    assert shown.values()["logit 0"] == 1.9 and shown.words() != words and shown.picture() != picture
    check(shown)

    shown.page.mouse.move(640, 500)
    shown.page.mouse.wheel(0, 400)
    shown.page.wait_for_timeout(300)
    assert shown.explorer.bounding_box()["y"] < -200 and shown.page.locator(".switches").bounding_box()["y"] == 0, "they stay"
    shown.page.get_by_label("text").check()
    assert not shown.page.locator("#rendered_cells a[href*='.ipynb'], #rendered_cells a[href*='.md']").count(), "Voila serves none"
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
        for explorer in shown.page.locator(".explorer").all():
            assert explorer.evaluate(MISPLACED) + explorer.evaluate(OUT_OF_SIGHT) + explorer.evaluate(UNREADABLE, SMALL) == []
            picture = explorer.locator("img").bounding_box()
            assert picture["width"] > 0.9 * width and picture["height"] > 0.4 * height, "the picture is what there is to see"
            sizes = explorer.locator("pre, li, label, button").evaluate_all("all => all.map(e => parseFloat(getComputedStyle(e).fontSize))")
            assert min(sizes) == max(sizes) > height / 45
            for grip in explorer.locator(".noUi-handle, [type=checkbox]").all():
                assert grip.bounding_box()["height"] > 0.9 * sizes[0]


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
