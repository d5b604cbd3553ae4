"""Reading without running: every notebook as nbconvert makes a page of it, in a browser with JavaScript off, and one reopened."""

import re

import pytest
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter

from tests.lab import QUIET, ROOT, Notebook, jupyterlab
from tests.test_notebooks import code_cells
from tests.topics import NAMES

MACHINE = r"/(home|Users|root|tmp|site-packages)/|[A-Z]:\\\\"


@pytest.fixture(scope="module")
def without_javascript(browser):
    context = browser.new_context(java_script_enabled=False)
    yield context
    context.close()


@pytest.fixture(params=NAMES)
def read(request, without_javascript, tmp_path):
    """(the notebook's name, its page)"""
    html, _ = HTMLExporter().from_filename(ROOT / "notebooks" / f"{request.param}.ipynb")
    path = tmp_path / "page.html"
    path.write_text(html, encoding="utf8")
    page = without_javascript.new_page()
    page.goto(path.as_uri(), wait_until="domcontentloaded")
    yield request.param, page
    page.close()


def test_every_explorer_shows_its_picture_and_numbers(read):
    name, page = read
    saved = [[output.data for output in cell.outputs[-2:]] for cell in code_cells(name)
             if re.search(r"^explore_\w+\(", cell.source, re.M)]
    shown = [cell for cell in page.locator(".jp-CodeCell").all()
             if re.search(r"^explore_\w+\(", cell.locator(".highlight").inner_text(), re.M)]
    assert len(shown) == len(saved) > 0
    for cell, (data, told) in zip(shown, saved):
        picture = cell.locator(".jp-OutputArea img")
        assert picture.is_visible() and picture.evaluate("image => image.complete && image.naturalWidth") == 1440
        assert picture.get_attribute("src") == "data:image/png;base64," + data["image/png"].strip().replace("\n", "")
        assert picture.bounding_box()["width"] > 600, "it must not be a thumbnail"
        words, box = cell.locator(".explorer-told"), cell.locator(".explorer-told").bounding_box()
        assert words.is_visible() and box["y"] > picture.bounding_box()["y"] and box["width"] < 1280
        assert "monospace" in words.locator("pre").evaluate("words => getComputedStyle(words).fontFamily"), "columns stay columns"
        assert words.text_content() == BeautifulSoup(told["text/html"], "html.parser").text


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_picture_says_in_words_what_it_shows(name):
    """In nbconvert's classic page: its default template, lab, has no place for it yet."""
    page = BeautifulSoup(HTMLExporter(template_name="classic").from_filename(ROOT / "notebooks" / f"{name}.ipynb")[0], "html.parser")
    saved = [output.data["text/plain"] for cell in code_cells(name) for output in cell.outputs if "image/png" in output.get("data", {})]
    assert saved == [image["alt"] for image in page.select(".output_png img")] and saved[0].startswith("explore_")


def test_every_question_shows_and_every_solution_is_collapsed(read):
    name, page = read
    html = [output for cell in code_cells(name) for output in cell.outputs if "Predict." in output.get("data", {}).get("text/html", "")]
    shown = page.locator(".jp-RenderedHTML", has=page.locator("p")).all()
    assert len(shown) == len(html) >= 3 and all(output.inner_text().startswith("Predict. ") for output in shown)
    assert page.locator("details", has_text="A solution").count() >= 1 and page.locator("details").count() > len(html)
    for solution in page.locator("details").all():
        assert solution.locator("summary").is_visible() and solution.locator("summary").inner_text().strip()
        assert not any(part.is_visible() for part in solution.locator("> :not(summary)").all())


def test_no_machine_is_named_and_no_script_is_needed(read):
    _, page = read
    text = page.locator("main").inner_text()
    assert page.locator("main h1").is_visible() and len(text) > 1000
    assert not re.search(MACHINE, text) and "JavaScript" not in text and "Loading widget" not in text


def test_run_saved_and_opened_again_it_says_how_to_bring_the_explorers_back(browser):
    with jupyterlab() as lab:
        run = Notebook(lab, browser, "01_softmax")
        views = run.page.locator(".explorer, .prediction").count()
        words = run.page.locator(".explorer-told")
        assert words.count() and not any(told.is_visible() for told in words.all()), "a live explorer says it itself"
        run.page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
        run.page.evaluate("window.jupyterapp.serviceManager.sessions.shutdownAll()")
        run.page.goto(run.page.url)
        run.page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.context?.isReady")
        run.page.wait_for_function(QUIET, polling=30)
        lost = run.page.locator(".jp-OutputArea-output", has_text="model not found")
        lost.nth(views - 1).wait_for()
        assert lost.count() == views > 3
        assert words.count() and not any(told.is_visible() for told in words.all())
        said = lost.evaluate_all("""all => all.map(view => [getComputedStyle(view).fontSize, getComputedStyle(view, '::after').content,
            parseFloat(getComputedStyle(view, '::after').fontSize), view.offsetHeight])""")
        for size, sentence, read_at, height in said:
            assert (size, sentence) == ("0px", '"Run → Run All Cells brings this back."') and height > read_at > 15
        run.page.close()
