"""make present: the notebooks as Voila shows them on a projector, in a real browser."""

import re
import shutil
import subprocess
import sys

import pytest

from tests.lab import ROOT, Notebook, free_port, running
from tests.test_browser import check
from tests.topics import NAMES

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
    image = shown.explorer.locator("img").bounding_box()
    assert shown.explorer.bounding_box()["y"] < 50 and image["y"] + image["height"] < SCREEN["height"], "all on one screen"
    sizes = shown.explorer.locator("pre, .widget-label, button").evaluate_all("all => all.map(e => getComputedStyle(e).fontSize)")
    assert min(float(size.removesuffix("px")) for size in sizes) >= 17

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


@pytest.mark.skipif(not shutil.which("make"), reason="no make on this machine")
def test_a_wrong_name_is_told_the_six():
    ran = subprocess.run(["make", "-s", "present", "NOTEBOOK=softmax"], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode and ran.stdout == f'make present NOTEBOOK=... wants one of {" ".join(NAMES)}, not "softmax"\n'
