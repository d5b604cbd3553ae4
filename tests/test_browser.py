"""What a reader sees: every notebook run in a real JupyterLab in a real browser, every control moved there.

After each move the words on the page must be torch's numbers for the values that the controls show, and the picture
must have changed.  Needs Chromium or Chrome; without one these tests are skipped, except where CI=true.
"""

import os
import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.lab import CHROME, OUTPUTS, ROOT, Notebook, jupyterlab
from tests.topics import NAMES, explore, its_tests
from utils.example import PRESETS

if CHROME is None and os.environ.get("CI") != "true":
    pytest.skip("no Chromium or Chrome on this machine: install one for the browser tests", allow_module_level=True)

def values_of(notebook) -> dict:
    """What the controls show, by their names and as their values."""
    shown, values = notebook.values(), {}
    for name, control in explore(notebook.name).controls.items():
        value = shown[control.description]
        values[name] = next((option for option in getattr(control, "options", ()) if str(option) == value), value)
    return values


def agree(line: str, wanted) -> bool:
    if wanted is None or isinstance(wanted, str):
        return wanted is None or line.rstrip("]").endswith(wanted)
    found = [float(text.replace("−", "-")) for text in re.findall(r"−?\d+\.\d+(?:e[−+]\d+)?", line)][-len(wanted):]
    return len(found) == len(wanted) and all(abs(a - b) <= 5.1e-5 for a, b in zip(found, wanted))


def check(notebook):
    """The words are torch's numbers for the values shown."""
    values, words = values_of(notebook), notebook.words()
    wanted = its_tests(notebook.name).wanted(values)
    assert len(words) >= len(wanted)
    for line, numbers in zip(words, wanted):
        assert agree(line, numbers), f"{line!r} for {values}, torch says {numbers}"
    assert not notebook.explorer.locator(".wrong").count()



def moved(notebook, act):
    """Do something to a control; then words and picture must have followed."""
    before = notebook.values(), notebook.picture()
    act()
    notebook.settle()
    assert notebook.values() != before[0], "the control did not move"
    assert notebook.picture() != before[1], "the picture did not follow"
    check(notebook)


@pytest.fixture(scope="session")
def opened(browser):
    """opened(name): the notebook with all its cells run, opened once."""
    notebooks = {}
    with jupyterlab() as lab:
        yield lambda name: notebooks.get(name) or notebooks.setdefault(name, Notebook(lab, browser, name))


@pytest.fixture(autouse=True)
def picture_of_a_failure(request, browser):
    """failed/ keeps what the page looked like when a test failed; the workflow uploads it."""
    before = request.session.testsfailed
    yield
    if request.session.testsfailed > before:
        for page in (page for context in browser.contexts for page in context.pages):
            if page.url.split("/")[-1].removesuffix(".ipynb") in request.node.name:
                page.screenshot(path=ROOT / "failed" / f"{request.node.name}.png")


@pytest.fixture(params=NAMES)
def notebook(request, opened):
    notebook = opened(request.param)
    notebook.press("Reset")
    return notebook


def test_all_cells_run_and_nothing_complains(notebook):
    cells = notebook.page.evaluate(OUTPUTS)
    assert all(cell["count"] for cell in cells)
    for cell in cells:
        errors = [output for output in cell["outputs"] if output["output_type"] == "error"]
        assert bool(errors) == ("raises-exception" in cell["tags"]), errors
        assert not [output for output in cell["outputs"] if output.get("name") == "stderr"]
    assert notebook.console == []


def test_at_rest_it_shows_the_articles_values(notebook):
    assert values_of(notebook) == {name: control.value for name, control in explore(notebook.name).controls.items()}
    check(notebook)


def test_every_slider_by_keyboard_and_by_mouse(notebook):
    for row in notebook.explorer.locator(".widget-hslider").all():
        handle, track = row.locator(".noUi-handle"), row.locator(".noUi-base")

        def press_keys():
            handle.focus()
            for _ in range(4):
                notebook.page.keyboard.press("ArrowLeft")

        def drag():
            handle.scroll_into_view_if_needed()
            start, box = handle.bounding_box(), track.bounding_box()
            notebook.page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
            notebook.page.mouse.down()
            notebook.page.mouse.move(box["x"] + box["width"] * 0.8, box["y"], steps=8)
            notebook.page.mouse.up()

        moved(notebook, press_keys)
        moved(notebook, drag)


def test_every_other_control_by_keyboard_and_by_mouse(notebook):
    for box in notebook.explorer.locator(".widget-checkbox input").all():
        moved(notebook, lambda: box.press("Space"))
        moved(notebook, box.click)
    for row in notebook.explorer.locator(".widget-toggle-buttons").all():
        for button in row.locator("button:not(.mod-active)").element_handles():
            moved(notebook, button.click)
        moved(notebook, lambda: row.locator("button:not(.mod-active)").first.press("Space"))
    for box in notebook.explorer.locator("select").all():
        for choice in box.locator("option").all_inner_texts()[1:]:
            moved(notebook, lambda: box.select_option(choice))
        moved(notebook, lambda: box.press("ArrowUp"))


def test_presets_land_and_reset_returns_to_the_article(notebook):
    first, rest = notebook.picture(), notebook.values()
    for preset, logits in PRESETS.items() if "logit 0" in rest else ():
        notebook.press(preset)
        assert [notebook.values()[f"logit {k}"] for k in range(3)] == list(logits)
        check(notebook)
    notebook.explorer.locator(".noUi-handle").first.press("ArrowLeft")
    notebook.press("Reset")
    assert notebook.values() == rest and notebook.picture() == first


@pytest.mark.parametrize("name", [name for name in NAMES if hasattr(its_tests(name), "WRONG_CALL")])
def test_a_wrong_function_is_told_so_in_the_page(opened, name):
    source, sentence = its_tests(name).WRONG_CALL
    notebook = opened(name)
    notebook.run(source)
    last = notebook.page.locator(".explorer").last
    assert sentence in last.locator(".wrong").first.inner_text()
    last.locator(".noUi-handle").first.press("ArrowLeft")
    notebook.settle()
    assert last.locator(".wrong").count() and not notebook.page.locator(".jp-OutputArea-output[data-mime-type*=error]").count()


def test_predictions_reveal_their_answer_to_mouse_and_keyboard(notebook):
    for prediction in notebook.page.locator(".prediction").all():
        choices, box, status = prediction.locator("button").all(), prediction.locator("input"), prediction.get_by_role("status")
        assert prediction.get_by_text("Predict.").is_visible() and not status.count(), "nothing is told before"
        marks = set()
        for k, choice in enumerate(choices):
            if box.count():
                box.fill("1,5")
                box.press("Enter")
            elif k % 2:
                choice.press("Space")
            else:
                choice.click()
            notebook.settle()
            marks.add(status.inner_text()[0])
            assert "Answer: " in status.inner_text()
        assert marks == ({"✗"} if box.count() else {"✓", "✗"})


# Elements of an explorer that stick out of it, hide a part of their text, or lie over one another.
MISPLACED = """explorer => {
    const bad = [], whole = explorer.getBoundingClientRect();
    const shown = [...explorer.querySelectorAll('label, button, .widget-readout, .noUi-target, img, pre')]
        .filter(element => element.getClientRects().length);
    for (const element of shown) {
        const {left, right} = element.getBoundingClientRect();
        if (left < whole.left - 2 || right > whole.right + 2) bad.push('sticks out: ' + element.outerHTML.slice(0, 90));
        if (element.scrollWidth > element.clientWidth + 1 && element.textContent) bad.push('is cut off: ' + element.textContent);
    }
    shown.forEach((a, i) => shown.slice(i + 1).forEach(b => {
        if (a.contains(b) || b.contains(a)) return;
        const p = a.getBoundingClientRect(), q = b.getBoundingClientRect();
        if (Math.min(p.right, q.right) - Math.max(p.left, q.left) > 2 && Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 2)
            bad.push('overlap: ' + (a.textContent || a.className) + ' / ' + (b.textContent || b.className));
    }));
    return bad;
}"""


@pytest.mark.parametrize("width", [1024, 1920, 700])  # 700 is 1400 at 200 % zoom
def test_nothing_overlaps_or_is_cut_off(notebook, width):
    notebook.page.set_viewport_size({"width": width, "height": 1000})
    try:
        notebook.explorer.locator("button").last.click()  # "saturated", as a rule
        notebook.settle()
        for box in notebook.page.locator(".explorer, .prediction").all():
            assert box.evaluate(MISPLACED) == []
        for slider in notebook.explorer.locator(".noUi-target").all():
            assert slider.bounding_box()["width"] > 100, "too short to drag"
    finally:
        notebook.page.set_viewport_size({"width": 1400, "height": 1000})


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_axe_finds_nothing_serious(notebook, theme):
    notebook.page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
    notebook.page.wait_for_function(f"document.body.dataset.jpThemeLight === '{str('Light' in theme).lower()}'")
    notebook.page.wait_for_timeout(300)
    found = Axe().run(notebook.page, context={"include": [[".explorer"], [".prediction"]]}).response["violations"]
    assert [rule["id"] for rule in found if rule["impact"] in ("serious", "critical")] == []


def test_tab_reaches_every_control_in_order_and_shows_where_it_is(notebook):
    wanted = notebook.explorer.evaluate("""explorer => [...explorer.querySelectorAll('.noUi-handle, input, select, button')]
        .map((element, k) => {element.dataset.order = k; return k})""")
    notebook.explorer.locator(".noUi-handle").first.focus()
    reached = [0]
    for _ in range(3 * len(wanted)):
        notebook.page.keyboard.press("Tab")
        here = notebook.page.evaluate("""() => { const element = document.activeElement;
            return element.dataset.order && [+element.dataset.order, getComputedStyle(element).outlineStyle]; }""")
        if here and here[0] not in reached:
            reached.append(here[0])
            assert here[1] != "none", "the focus is not visible"
    assert reached == wanted


def test_words_are_announced_once_they_stand_still(notebook):
    status = notebook.explorer.get_by_role("status")
    assert status.count() == 1
    notebook.page.evaluate("""() => { window.busy = []; const words = document.querySelector('.explorer [aria-live]');
        new MutationObserver(() => window.busy.push(words.getAttribute('aria-busy')))
            .observe(words, {attributes: true, attributeFilter: ['aria-busy']}); }""")
    notebook.explorer.locator(".noUi-handle").first.focus()
    for _ in range(5):
        notebook.page.keyboard.press("ArrowLeft")
    notebook.settle()
    notebook.page.wait_for_function("window.busy.at(-1) === 'false'")
    assert notebook.page.evaluate("window.busy.filter(busy => busy === 'false').length") == 1
