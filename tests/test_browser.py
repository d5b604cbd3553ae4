"""What a reader sees: every notebook run in a real JupyterLab in a real browser, every control moved there.

After each move the words on the page must be torch's numbers for the values that the controls show, and the picture
must have changed.  Needs Chromium or Chrome; without one these tests are skipped, except where CI=true.
"""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
import torch
from torch.nn import functional as F

from utils.target_shape import FORMS, LOSSES

ROOT = pathlib.Path(__file__).parent.parent
NAMES = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
CHROME = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)

if CHROME is None and os.environ.get("CI") != "true":
    pytest.skip("no Chromium or Chrome on this machine", allow_module_level=True)

ARTICLE = {"logit 0": 2.0, "logit 1": 3.0, "logit 2": 0.1, "temperature T": 1.0, "label": "1", "class 0 is true": False,
           "class 1 is true": True, "class 2 is true": False, "reduction": "mean", "threshold": 0.5,
           "loss": "BCEWithLogitsLoss", "target": "[1] long"}
WRONG = {  # a new cell that hands in a wrong function, and the sentence that must appear
    "01_softmax": ("explore_softmax(lambda z: z * 0 + 0.5)", "<lambda>, class 0: yours 0.5000, torch 0.2585"),
    "02_cross_entropy": ("explore_cross_entropy(lambda z, y: None)", "<lambda> returned None: does it end with a return?"),
    "03_sigmoid": ("explore_sigmoid(lambda z: z[0])", "<lambda> returned shape [3]; shape [1, 3] is wanted"),
    "05_bce_per_class": ("explore_bce(lambda z, y: 1 / 0)", "<lambda> raised ZeroDivisionError: division by zero"),
}


def expected(name: str, values: dict) -> list:
    """For each line of words the numbers at its end, computed by torch; a text where the words are no number."""
    z = torch.tensor([[values[f"logit {k}"] for k in range(3)]], dtype=torch.float64)
    y = torch.tensor([[float(values.get(f"class {k} is true", k == 1)) for k in range(3)]], dtype=torch.float64)
    p, s = torch.softmax(z, dim=1)[0].tolist(), torch.sigmoid(z)[0].tolist()
    if name == "01_softmax":
        p = torch.softmax(z / values["temperature T"], dim=1)[0].tolist()
        return [[p[0]], [p[1]], [p[2]], [1.0]]
    if name == "02_cross_entropy":
        label = torch.tensor([int(values["label"])])
        return [p, [F.cross_entropy(z, label).item()], (torch.tensor(p) - F.one_hot(label, 3)[0]).tolist()]
    if name == "03_sigmoid":
        return [[s[0], p[0]], [s[1], p[1]], [s[2], p[2]], [sum(s), 1.0]]
    if name == "04_bce_shape_error":
        try:
            says = LOSSES[values["loss"]](z.float(), FORMS[values["target"]]).item()
            return [None, None, None, "nan" if says != says else [says]]
        except Exception as error:
            return [None, None, None, f"{type(error).__name__}: {error}"]
    ce = [F.cross_entropy(z, y.argmax(dim=1)).item()] if y.sum() == 1 else "takes exactly one true class"
    if name == "05_bce_per_class":
        bce = F.binary_cross_entropy_with_logits(z, y, reduction=values["reduction"]).flatten().tolist()
        return [*([loss] for loss in F.binary_cross_entropy_with_logits(z, y, reduction="none")[0].tolist()), bce, ce]
    yes = [f"class {k}" for k in range(3) if s[k] >= values["threshold"]]
    return [None, f"argmax: class {p.index(max(p))}", f"at least {values['threshold']:g}: {', '.join(yes) or 'none'}",
            ce, [F.binary_cross_entropy_with_logits(z, y).item()]]


def agree(line: str, wanted) -> bool:
    if wanted is None or isinstance(wanted, str):
        return wanted is None or line.rstrip("]").endswith(wanted)
    found = [float(text.replace("−", "-")) for text in re.findall(r"−?\d+\.\d+(?:e[−+]\d+)?", line)][-len(wanted):]
    return len(found) == len(wanted) and all(abs(a - b) <= 5.1e-5 for a, b in zip(found, wanted))


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """The address of a JupyterLab over a copy of the notebooks."""
    home = tmp_path_factory.mktemp("lab")
    for folder in ("notebooks", "utils"):
        shutil.copytree(ROOT / folder, home / folder, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = home / "settings" / "@jupyterlab"
    for plugin, text in {"notebook-extension/tracker": '{"windowingMode": "none"}',  # every cell is in the page
                         "apputils-extension/notification": '{"fetchNews": "false", "checkForUpdates": false}'}.items():
        (settings / plugin).parent.mkdir(parents=True)
        (settings / f"{plugin}.jupyterlab-settings").write_text(text, encoding="utf8")
    places = {f"JUPYTER_{kind}_DIR": str(home / kind) for kind in ("CONFIG", "DATA", "RUNTIME")}
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.port={port}",
         "--ServerApp.ip=127.0.0.1", "--IdentityProvider.token=", f"--ServerApp.root_dir={home}",
         "--LabApp.expose_app_in_browser=True"],
        env=os.environ | places | {"JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
                                   "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces")},
        stdin=subprocess.DEVNULL, stdout=(home / "log").open("wb"), stderr=subprocess.STDOUT)
    for _ in range(300):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/status", timeout=5).close()
            break
        except OSError:
            assert server.poll() is None, (home / "log").read_text()
            time.sleep(0.2)
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    server.wait(20)


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    assert CHROME, "CI needs Chromium or Chrome: .ci/run installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROME, args=[
            "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def opened(lab, browser):
    """opened(name): the notebook with all its cells run, opened once."""
    notebooks = {}

    def opened(name):
        if name not in notebooks:
            notebooks[name] = Notebook(lab, browser, name)
        return notebooks[name]

    return opened


KERNEL = "window.jupyterapp.shell.currentWidget.context.sessionContext.session?.kernel"
QUIET = f"""() => {{
    const kernel = {KERNEL};
    if (!kernel || kernel.connectionStatus !== 'connected') return false;
    if (window.watched !== kernel.id) {{  // count what was asked of the kernel and not yet answered
        window.watched = kernel.id; window.asked = new Set(); window.last = performance.now();
        kernel.anyMessage.connect((_, {{msg, direction}}) => {{
            window.last = performance.now();
            if (direction === 'send') window.asked.add(msg.header.msg_id);
            else if (msg.header.msg_type === 'status' && msg.content.execution_state === 'idle')
                window.asked.delete(msg.parent_header.msg_id);
        }});
    }}
    return kernel.status === 'idle' && window.asked.size === 0 && performance.now() - window.last > 150;
}}"""
RUN_ALL = "window.jupyterapp.commands.execute('notebook:run-all-cells')"
OUTPUTS = """window.jupyterapp.shell.currentWidget.content.widgets.filter(cell => cell.model.type === 'code').map(cell => ({
    tags: cell.model.getMetadata('tags') ?? [], count: cell.model.executionCount, outputs: cell.model.outputs.toJSON()}))"""
NEW_CELL = """async source => {
    const app = window.jupyterapp;
    await app.commands.execute('notebook:move-cursor-to-bottom').catch(() => 0);
    app.shell.currentWidget.content.activeCellIndex = app.shell.currentWidget.content.widgets.length - 1;
    await app.commands.execute('notebook:insert-cell-below');
    app.shell.currentWidget.content.activeCell.model.sharedModel.setSource(source);
    await app.commands.execute('notebook:run-cell');
}"""


class Notebook:
    """One notebook in the browser, and what a reader does with its last explorer's controls."""

    def __init__(self, lab, browser, name):
        self.name, self.console = name, []
        self.page = browser.new_page(viewport={"width": 1400, "height": 1000})
        self.page.on("console", lambda said: self.console.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.console.append(str(error)))
        self.page.goto(f"{lab}/doc/tree/notebooks/{name}.ipynb")
        self.page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.context?.isReady")
        self.settle()  # before the kernel is idle, cells would not run
        self.page.evaluate(RUN_ALL)
        self.settle()
        self.explorer = self.page.locator(".explorer").first

    def settle(self):
        self.page.wait_for_timeout(50)
        self.page.wait_for_function(QUIET, timeout=90_000, polling=30)

    def values(self) -> dict:
        """What the controls show, by their labels."""
        shown = {}
        for row in self.explorer.locator(".widget-hslider").all():
            shown[row.locator(".widget-label").inner_text()] = float(
                row.locator(".widget-readout").inner_text().replace("−", "-"))
        for row in self.explorer.locator(".widget-checkbox").all():
            shown[row.inner_text().strip()] = row.locator("input").is_checked()
        for row in self.explorer.locator(".widget-toggle-buttons").all():
            shown[row.locator(".widget-label").inner_text()] = row.locator("button.mod-active").inner_text()
        return shown

    def words(self) -> list[str]:
        return self.explorer.locator("[role=status] pre").last.inner_text().splitlines()

    def picture(self) -> str:
        return self.explorer.locator("img").evaluate("""async image =>
            Array.from(new Uint8Array(await crypto.subtle.digest('SHA-1', await (await fetch(image.src)).arrayBuffer()))).join()""")

    def check(self):
        """The words are torch's numbers for the values shown."""
        values, words = self.values(), self.words()
        wanted = expected(self.name, values)
        assert len(words) >= len(wanted)
        for line, numbers in zip(words, wanted):
            assert agree(line, numbers), f"{line!r} for {values}, torch says {numbers}"
        assert not self.explorer.locator(".wrong").count()

    def moved(self, act):
        """Do something to a control; then words and picture must have followed."""
        before = self.values(), self.picture()
        act()
        self.settle()
        assert self.values() != before[0], "the control did not move"
        assert self.picture() != before[1], "the picture did not follow"
        self.check()

    def press(self, button):
        self.explorer.get_by_role("button", name=button, exact=True).click()
        self.settle()


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
    values = notebook.values()
    assert values == {key: ARTICLE[key] for key in values} and len(values) >= 3
    notebook.check()


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

        notebook.moved(press_keys)
        notebook.moved(drag)


def test_every_other_control_by_keyboard_and_by_mouse(notebook):
    for box in notebook.explorer.locator(".widget-checkbox input").all():
        notebook.moved(lambda: box.press("Space"))
        notebook.moved(box.click)
    for row in notebook.explorer.locator(".widget-toggle-buttons").all():
        for button in row.locator("button:not(.mod-active)").element_handles():
            notebook.moved(button.click)
        notebook.moved(lambda: row.locator("button:not(.mod-active)").first.press("Space"))


def test_presets_land_and_reset_returns_to_the_article(notebook):
    first, rest = notebook.picture(), notebook.values()
    for preset, logits in {"confident and right": (-1, 5, 0), "confident and wrong": (4, 0, -1), "tie": (0, 0, 0),
                           "saturated": (6, -6, -6), "the article": (2, 3, 0.1)}.items():
        notebook.press(preset)
        assert [notebook.values()[f"logit {k}"] for k in range(3)] == list(logits)
        notebook.check()
    notebook.press("Reset")
    assert notebook.values() == rest and notebook.picture() == first


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_function_is_told_so_in_the_page(opened, name):
    source, sentence = WRONG[name]
    notebook = opened(name)
    notebook.page.evaluate(NEW_CELL, source)
    notebook.settle()
    last = notebook.page.locator(".explorer").last
    assert sentence in last.locator(".wrong").first.inner_text()
    last.get_by_role("button", name="saturated").click()
    notebook.settle()
    assert last.locator(".wrong").count() and not notebook.page.locator(".jp-OutputArea-output[data-mime-type*=error]").count()
