"""What a reader sees: every notebook run in a real JupyterLab in a real browser, every control moved there.

After each move the words on the page must be torch's numbers for the values that the controls show, and the picture
must have changed.  Needs Chromium or Chrome; without one these tests are skipped, except where CI=true.
"""

import os
import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.lab import CHROME, OUTPUTS, ROOT, Notebook, jupyterlab
from tests.topics import EXPLORERS, NAMES, TASKED, TASKS, agree, explore, gathered, its_tests, sources, stops
from utils.example import PRESETS
from utils.language import say, speak, wide
from utils.picture import SMALL

if CHROME is None and os.environ.get("CI") != "true":
    pytest.skip("no Chromium or Chrome on this machine: install one for the browser tests", allow_module_level=True)


def values_of(notebook) -> dict:
    """What the controls show, by their names and as their values."""
    shown, values = notebook.values(), {}
    for name, control in explore(notebook.name).controls.items():
        value = shown[control.description]
        values[name] = next((option for option in getattr(control, "options", ()) if str(option) == value), value)
    return values


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
            first = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemin")
            for _ in range(4):
                notebook.page.keyboard.press("ArrowRight" if first else "ArrowLeft")

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
    const shown = [...explorer.querySelectorAll('label, button, .widget-readout, .noUi-target, .explorer-picture, pre, li')]
        .filter(element => element.getClientRects().length);
    for (const element of shown) {
        const {left, right, bottom} = element.getBoundingClientRect();
        if (left < whole.left - 2 || right > whole.right + 2 || bottom > whole.bottom + 2)
            bad.push('sticks out: ' + element.outerHTML.slice(0, 90));
        if (element.scrollWidth > element.clientWidth + 1 && element.textContent) bad.push('is cut off: ' + element.textContent);
        if (element.matches('.noUi-target') && right - left < 100) bad.push('too short to drag');
    }
    shown.forEach((a, i) => shown.slice(i + 1).forEach(b => {
        if (a.contains(b) || b.contains(a)) return;
        const p = a.getBoundingClientRect(), q = b.getBoundingClientRect();
        if (Math.min(p.right, q.right) - Math.max(p.left, q.left) > 2 && Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 2)
            bad.push('overlap: ' + (a.textContent || a.className) + ' / ' + (b.textContent || b.className));
    }));
    return bad;
}"""

# The parts of an explorer that are not whole on the screen when its upper edge is scrolled to that of the notebook.
OUT_OF_SIGHT = """explorer => {
    explorer.scrollIntoView({block: 'start'});
    const panel = explorer.closest('.jp-WindowedPanel-outer')?.getBoundingClientRect() ?? {top: 0, bottom: innerHeight};
    const parts = ['controls', 'tasks', 'picture', 'words'].map(part => explorer.querySelector('.explorer-' + part));
    const scrolls = parts[2].scrollWidth > parts[2].clientWidth ? ['the picture scrolls'] : [];
    return scrolls.concat(parts.filter(part => {
        const {left, right, top, bottom} = part.getBoundingClientRect();
        return left < 0 || right > innerWidth || top < panel.top - 2 || bottom > panel.bottom;
    }).map(part => 'not in sight: ' + part.className));
}"""

# Type that is too small: below 14 pixels beside the picture, below 12 in it; and a picture of which a part can't be scrolled to,
# or not be guessed, since nothing fades at its edge.
UNREADABLE = """(explorer, smallest) => {
    const bad = [], image = explorer.querySelector('img'), box = explorer.querySelector('.explorer-picture');
    const {width, height} = image.getBoundingClientRect();
    const type = smallest * Math.min(width / image.naturalWidth, height / image.naturalHeight);
    if (type < 12) bad.push('type of ' + type + ' pixels in the picture');
    for (const text of explorer.querySelectorAll('label, button, .widget-readout, pre, li'))
        if (parseFloat(getComputedStyle(text).fontSize) < 14) bad.push('small type: ' + text.textContent);
    box.scrollLeft = 9999;
    if (image.getBoundingClientRect().right > box.getBoundingClientRect().right + 1) bad.push('the picture ends out of reach');
    if (box.scrollLeft && getComputedStyle(box).maskImage === 'none') bad.push('nothing says that the picture goes on');
    box.scrollLeft = 0;
    return bad;
}"""

# Width and height of the window, whether the file browser stands beside the notebook, and whether all must stand together.
WINDOWS = {"laptop": (1366, 768, False, True), "laptop with files": (1366, 768, True, True), "desktop": (1920, 1080, False, True),
           "900 pixels wide, as in VS Code": (1068, 768, False, True), "tablet": (820, 1180, False, True),
           "phone": (390, 844, False, False), "laptop at 200 % zoom": (683, 384, False, False)}


def resize(notebook, width: int, height: int, files: bool):
    notebook.page.set_viewport_size({"width": width, "height": height})
    notebook.page.evaluate("""files => window.jupyterapp.shell.leftCollapsed === files &&
        window.jupyterapp.commands.execute('application:toggle-left-area')""", files)
    notebook.page.wait_for_timeout(300)


@pytest.fixture
def resized(notebook):
    """resized(width, height, files): the notebook in a window of this size; afterwards in its own again."""
    yield lambda *size: resize(notebook, *size)
    resize(notebook, 1400, 1000, False)


@pytest.mark.parametrize("button", ["Reset", "saturated"])
def test_it_fits(notebook, resized, button):
    buttons = notebook.explorer.locator(".explorer-buttons button")
    named = buttons.filter(has_text=button)
    (named if named.count() else buttons).last.click()
    notebook.settle()
    found = {}
    for name, (*size, together) in WINDOWS.items():
        resized(*size)
        found[name] = [fault for box in notebook.page.locator(".explorer, .prediction").all() for fault in box.evaluate(MISPLACED)]
        for explorer in notebook.page.locator(".explorer").all():
            found[name] += explorer.evaluate(UNREADABLE, SMALL) + (explorer.evaluate(OUT_OF_SIGHT) if together else [])
    assert {name: faults for name, faults in found.items() if faults} == {}


def test_nothing_jumps(notebook, resized):
    """Where things stand in an explorer, and its height, whatever is clicked or dragged."""
    resized(1366, 768, False)
    for explorer in notebook.page.locator(".explorer").all():
        places = []
        for button in explorer.locator(".explorer-buttons button").all()[1:]:  # all but Reset
            button.click()
            notebook.settle()
            places.append(explorer.evaluate("""explorer => [explorer, ...explorer.querySelectorAll('label, button, li, img, pre')].flatMap(
                part => [part.getBoundingClientRect().top - explorer.getBoundingClientRect().top, part.getBoundingClientRect().height])"""))
        assert places == places[:1] * len(places)


def by_hand(explorer, control, value):
    """Move a control as a reader does: type at a slider or drag it, click at a button or a box."""
    row = explorer.locator(".widget-hslider", has=explorer.page.get_by_text(control.description, exact=True))
    if row.count() and hasattr(control, "options"):  # dragged, since a key would try all that lies between
        row.scroll_into_view_if_needed()
        start, track = row.locator(".noUi-handle").bounding_box(), row.locator(".noUi-base").bounding_box()
        share = stops(control).index(value) / (len(control.options) - 1)
        mouse = explorer.page.mouse
        mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
        mouse.down()
        mouse.move(track["x"] + track["width"] * share, start["y"] + start["height"] / 2, steps=5)
        mouse.up()
    elif row.count():
        row.locator(".widget-readout").fill(str(value))
        row.locator(".widget-readout").press("Enter")
    elif isinstance(value, bool):
        explorer.get_by_label(control.description).set_checked(value)
    elif (lists := explorer.locator(".widget-dropdown", has_text=control.description)).count():
        lists.locator("select").select_option(index=stops(control).index(value))
    else:
        explorer.locator(".widget-toggle-buttons", has_text=control.description).get_by_role(
            "button").nth(stops(control).index(value)).click()


@pytest.mark.parametrize("name, make", TASKED)
def test_every_task_ticks_when_it_has_been_done_by_hand_and_is_announced(opened, name, make):
    notebook, controls, ways = opened(name), explore(name, make).controls, gathered("WAYS")
    notebook.run(re.search(rf"^{make}\(.*\)$", sources(name), re.M)[0])  # a new one, nothing in it done
    explorer, done = notebook.page.locator(".explorer").last, []
    for task, way in ((task, ways[task]) for *where, task in TASKS if where == [name, make]):
        item = explorer.locator(".explorer-tasks li", has_text=task)
        explorer.get_by_role("button", name="Reset", exact=True).click()
        for key, value in way:
            notebook.settle()
            assert "✓" not in item.inner_text()
            by_hand(explorer, controls[key], value)
        notebook.settle()
        done.append(task)
        ticked = [text for text in explorer.locator(".explorer-tasks li").all_inner_texts() if "✓" in text]
        assert sorted(text.removeprefix("✓").strip() for text in ticked) == sorted(done)
        assert explorer.locator(".explorer-tasks [aria-live=polite] > p").text_content() == f"Done: {task}"
        assert item.evaluate("item => item.closest('[aria-live]').ariaLive") == "off", "or the whole list is told each time"


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
    notebook.page.evaluate("""() => { window.busy = []; const words = document.querySelector('.explorer-words [aria-live]');
        new MutationObserver(() => window.busy.push(words.getAttribute('aria-busy')))
            .observe(words, {attributes: true, attributeFilter: ['aria-busy']}); }""")
    notebook.explorer.locator(".noUi-handle").first.focus()
    for _ in range(5):
        notebook.page.keyboard.press("ArrowLeft")
    notebook.settle()
    notebook.page.wait_for_function("window.busy.at(-1) === 'false'")
    assert notebook.page.evaluate("window.busy.filter(busy => busy === 'false').length") == 1


# Where the first "=" of each line of the words stands, in widths of a letter.  Null where that is unsure: it stands in a line that goes
# on from another, or after what is neither Latin nor Chinese, or there are no Chinese letters on this machine.
EQUALS = """explorer => {
    const pre = [...explorer.querySelectorAll('.explorer-words pre')].at(-1), range = document.createRange();
    const pieces = document.createTreeWalker(pre, NodeFilter.SHOW_TEXT), chars = [];
    while (pieces.nextNode()) for (const k of pieces.currentNode.data.split('').keys()) chars.push([pieces.currentNode, k]);
    const box = char => { range.setStart(...char); range.setEnd(char[0], char[1] + 1); return range.getBoundingClientRect(); };
    const text = pre.textContent, letter = box(chars[text.indexOf('0')]).width, em = parseFloat(getComputedStyle(pre).fontSize);
    const han = pre.appendChild(document.createElement('span'));
    han.textContent = '字字';
    const full = Math.abs(han.getBoundingClientRect().width - 2 * em) < 1;
    han.remove();
    let start = 0;
    return text.split('\\n').map(line => {
        const at = line.indexOf('='), from = start, sure = full && /^[\\x00-\\xff\\u3000-\\u9fff\\uff00-\\uff60]*$/.test(line.slice(0, at));
        start += line.length + 1;
        return at < 1 || !sure || box(chars[from]).top !== box(chars[from + at]).top ? null
            : (box(chars[from + at]).left - pre.getBoundingClientRect().left) / letter;
    });
}"""


@pytest.mark.parametrize("name", NAMES)
def test_the_chinese_edition_says_the_same_numbers_and_keeps_its_shape(opened, name):
    """Each explorer moved by keyboard: what English says for the same values, no text cut, columns as wide as they are said to be."""
    notebook, ways = opened(f"zh/{name}"), gathered("WAYS")
    assert notebook.console == []
    resize(notebook, 1366, 768, False)
    assert [fault for box in notebook.page.locator(".prediction").all() for fault in box.evaluate(MISPLACED)] == []
    for explorer, make in zip(notebook.page.locator(".explorer").all(), [make for its, make in EXPLORERS if its == name]):
        english = explore(name, make)
        key, slider = next((key, control) for key, control in english.controls.items() if type(control).__name__.endswith("Slider"))
        handle = explorer.locator(".noUi-handle").first
        handle.focus()
        back = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemin")
        for _ in range(3):
            handle.press("ArrowRight" if back else "ArrowLeft")
        notebook.settle()
        slider.value = stops(slider)[stops(slider).index(slider.value) + (3 if back else -3)]
        told = explorer.locator(".explorer-words pre").last.inner_text()
        assert re.search("[\u4e00-\u9fff]", told) and not explorer.locator(".wrong").count()
        numbers = [sorted(re.findall(r"[\d.]*\d", text)) for text in (told, english.words)]
        assert numbers[0] == numbers[1], f"{key} {slider.value}: {told!r}"
        assert explorer.evaluate(MISPLACED) + explorer.evaluate(UNREADABLE, SMALL) + explorer.evaluate(OUT_OF_SIGHT) == []
        for line, at in zip(told.splitlines(), explorer.evaluate(EQUALS)):
            before = line.partition("=")[0]
            assert at is None or abs(at - len(before) - wide(before)) < 0.25, line
        speak("zh")
        task, controls = next(task for *where, task in TASKS if where == [name, make]), explore(name, make).controls
        explorer.get_by_role("button", name=say("Reset"), exact=True).click()
        for key, value in ways[task]:
            notebook.settle()
            by_hand(explorer, controls[key], value)
        notebook.settle()
        assert "✓" + say(task) in explorer.locator(".explorer-tasks li").all_inner_texts()
        speak("en")
