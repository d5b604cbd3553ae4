"""A JupyterLab over a copy of the notebooks, and a notebook in it as a reader has it before her: in a browser.

For the browser tests and the benchmark.  Playwright drives the Chromium or Chrome that the machine has.
"""

import contextlib
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

from utils.paper import CHROME

ROOT = pathlib.Path(__file__).parent.parent


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextlib.contextmanager
def running(command: list, address: str, **how):
    """A server, from when the address answers.  Its log shows where it dies."""
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, **how)
        try:
            for _ in range(300):
                try:
                    urllib.request.urlopen(address, timeout=5).close()
                    break
                except OSError:
                    if server.poll() is not None:
                        log.seek(0)
                        raise AssertionError(log.read().decode()) from None
                    time.sleep(0.2)
            yield
        finally:
            server.terminate()
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:  # one of its threads can outlive it
                server.kill()


@contextlib.contextmanager
def jupyterlab():
    """Yields the address of a JupyterLab over a copy of the notebooks."""
    home, port = pathlib.Path(tempfile.mkdtemp()), free_port()
    for folder in ("notebooks", "utils"):
        shutil.copytree(ROOT / folder, home / folder, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))
    settings = home / "settings" / "@jupyterlab"
    for plugin, text in {"notebook-extension/tracker": '{"windowingMode": "none"}',  # every cell is in the page
                         "apputils-extension/notification": '{"fetchNews": "false", "checkForUpdates": false}'}.items():
        (settings / plugin).parent.mkdir(parents=True)
        (settings / f"{plugin}.jupyterlab-settings").write_text(text, encoding="utf8")
    places = {f"JUPYTER_{kind}_DIR": str(home / kind) for kind in ("CONFIG", "DATA", "RUNTIME")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.port={port}",
               "--ServerApp.ip=127.0.0.1", "--IdentityProvider.token=", f"--ServerApp.root_dir={home}",
               "--LabApp.expose_app_in_browser=True"]
    environment = os.environ | places | {"JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
                                         "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces")}
    try:
        with running(command, f"http://127.0.0.1:{port}/api/status", env=environment):
            yield f"http://127.0.0.1:{port}"
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def chromium():
    """Yields a headless browser that reaches nothing but this machine."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROME, args=[
            "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"])
        yield browser
        browser.close()


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
    """A notebook in the browser with all its cells run; .explorer is its first explorer."""

    def __init__(self, lab, browser, name):
        self.name, self.console = name, []
        self.page = browser.new_page(viewport={"width": 1400, "height": 1000})
        self.page.set_default_timeout(90_000)  # machines are shared
        self.page.on("console", lambda said: self.console.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.console.append(str(error)))
        self.page.route(re.compile("^https:"), lambda route: route.fulfill(body=""))  # badges: nothing here needs a network
        self.page.goto(f"{lab}/doc/tree/notebooks/{name}.ipynb")
        self.page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.context?.isReady")
        self.settle()  # before the kernel is idle, cells would not run
        self.page.evaluate(RUN_ALL)
        self.settle()
        self.explorer = self.page.locator(".explorer").first

    def settle(self):
        self.page.wait_for_timeout(50)
        self.page.wait_for_function(QUIET, polling=30)

    def run(self, source: str):
        """Run a new cell at the end."""
        self.page.evaluate(NEW_CELL, source)
        self.settle()

    def press(self, button: str):
        self.explorer.get_by_role("button", name=button, exact=True).click()
        self.settle()

    def values(self) -> dict:
        """What the controls show, by their labels."""
        shown = {}
        for row in self.explorer.locator(".widget-hslider").all():
            text = row.locator(".widget-readout").inner_text()
            value = float(text.replace("−", "-")) if re.fullmatch(r"[-−]?\d+\.\d+", text) else text
            shown[row.locator(".widget-label").inner_text()] = value
        for row in self.explorer.locator(".widget-checkbox").all():
            shown[row.inner_text().strip()] = row.locator("input").is_checked()
        for row in self.explorer.locator(".widget-toggle-buttons").all():
            shown[row.locator(".widget-label").inner_text()] = row.locator("button.mod-active").inner_text()
        for row in self.explorer.locator(".widget-dropdown").all():
            shown[row.locator(".widget-label").inner_text()] = row.locator("select").evaluate(
                "select => select.selectedOptions[0].text").replace("\xa0", " ")
        return shown

    def words(self) -> list[str]:
        return self.explorer.locator(".explorer-words pre").last.inner_text().splitlines()

    def picture(self) -> str:
        return self.explorer.locator("img").evaluate("""async image =>
            Array.from(new Uint8Array(await crypto.subtle.digest('SHA-1', await (await fetch(image.src)).arrayBuffer()))).join()""")
