"""make bench: how closely a picture follows the hand.  Prints Markdown; compare within one run, machines are noisy.

The yardstick is measured between the explorer's own key presses, in the same page: the floor, an empty callback that
swaps a 2×2 picture.
"""

import gc
import importlib.metadata
import json
import math
import platform
import statistics
import subprocess
import sys
import time
from datetime import date

import ipywidgets as widgets
import psutil
from jupyter_client.manager import start_new_kernel
from matplotlib.figure import Figure

from tests.lab import ROOT, Notebook, chromium, free_port, jupyterlab, running
from tests.test_check import RIGHT, strange
from tests.topics import CHECKS, EXPLORERS, NAMES, explore, explorer, found, stops
from utils.check import double, kept, single

PRESSES, DRAG = 40, 60
RIVALS = """import io, itertools, ipywidgets
from IPython.display import display
from PIL import Image as _Image
from {module} import {names}
from utils.example import logit_sliders as _sliders

def _boxed(name, box):
    box.add_class("bench-" + name)
    display(box)

_boxed("ours", {call})

def _dot(colour):
    png = io.BytesIO()
    _Image.new("RGB", (2, 2), colour).save(png, "png")
    return png.getvalue()
_swap, _floor, _image = itertools.cycle([_dot("red"), _dot("blue")]), _sliders(), ipywidgets.Image(value=_dot("red"))
for _slider in _floor.values(): _slider.observe(lambda _: setattr(_image, "value", next(_swap)), "value")
_boxed("floor", ipywidgets.VBox([*_floor.values(), _image]))
"""
# From a key press, or the last move of a drag, to a new picture that is loaded, at the frame that shows it.
WATCH = """name => {
    const watch = window.watch = {frames: 0};
    addEventListener('keydown', () => watch.start = performance.now(), {capture: true, once: true});
    addEventListener('mousemove', () => watch.moved = performance.now(), true);
    document.querySelector('.bench-' + name).addEventListener('load', () => requestAnimationFrame(() => {
        watch.frames += 1;
        watch.last = performance.now();
        watch.end ??= watch.last;
    }), true);
}"""


def p95(times: list[float]) -> float:
    return sorted(times)[math.ceil(0.95 * len(times)) - 1]


def table(head: list[str], rows: list[list]) -> None:
    print("\n| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |", flush=True)


def clocked(function, into: list[float]):
    def timed(*args):
        start = time.perf_counter()
        try:
            return function(*args)
        finally:
            into.append(1e3 * (time.perf_counter() - start))
    return timed


def move(explorer, k: int) -> None:
    """The k-th of many moves of the sliders, each to another place."""
    sliders = [control for control in explorer.controls.values() if isinstance(control, (widgets.FloatSlider, widgets.SelectionSlider))]
    slider = sliders[k % len(sliders)]
    slider.value = stops(slider)[37 * k % len(stops(slider))]


def kernel_work() -> None:
    rows = []
    for name, make in EXPLORERS:
        moved, numbers, shows, packs, sizes = explore(name, make), [], [], [], []
        moved._compute, moved._show, moved.picture.png = (clocked(function, into) for function, into in (
            (moved._compute, numbers), (moved._show, shows), (moved.picture.png, packs)))
        used = time.process_time()
        for k in range(200):
            move(moved, k)
            sizes.append(len(moved.image.value))
        used = (time.process_time() - used) / 200 * 1e3
        rows.append([make, *(f"{statistics.median(times):.1f} / {p95(times):.1f}" for times in (
            numbers, shows, packs, [sum(parts) for parts in zip(numbers, shows, packs)])), f"{used:.1f}",
            f"{statistics.median(sizes) / 1000:.1f} / {max(sizes) / 1000:.1f}"])
    table(["kernel work per event, ms (median / p95)", "numbers", "picture and words", "PNG", "all", "CPU, mean",
           "kB a frame (median / most)"], rows)


def checks() -> None:
    """Seconds for a right function, and for a wrong one that nothing explains: all that is known is tried on it, for the first time."""
    rows = []
    for check in CHECKS:
        right, taken = RIGHT[check][0], []
        for function, passes in ((right, True), (strange(check)[-1], False)):
            single.cache_clear(), double.cache_clear(), kept.cache_clear()
            began = time.perf_counter()
            assert check(function).passed == passes
            taken.append(f"{time.perf_counter() - began:.2f}")
        rows.append([check.__name__, *taken])
    table(["a check, seconds", "right", "not right yet"], rows)


def in_the_browser() -> None:
    rows = []
    with jupyterlab() as lab, chromium() as browser:
        for name in NAMES:
            page = (opened := Notebook(lab, browser, name)).page
            make, wants = explorer(name)
            opened.run(RIVALS.format(module=found(name, make).__module__, names=", ".join([make, *wants]),
                                     call=f"{make}({', '.join(wants)})"))
            times = {"floor": [], "ours": []}
            for k in range(PRESSES):
                for rival, taken in times.items():
                    handles = page.locator(f".bench-{rival} .noUi-handle")
                    handle = handles.nth(k % handles.count())
                    now, low, high = (float(handle.get_attribute(f"aria-value{end}")) for end in ("now", "min", "max"))
                    handle.focus()
                    page.evaluate(WATCH, rival)
                    # from an end there is one way only, and no picture would come of the other
                    page.keyboard.press("ArrowLeft" if now == high or (k // 3 % 2 and now != low) else "ArrowRight")
                    page.wait_for_function("window.watch.end")
                    taken.append(page.evaluate("window.watch.end - window.watch.start"))
                    opened.settle()
            mid = {rival: statistics.median(taken) for rival, taken in times.items()}
            handle = page.locator(".bench-ours .noUi-handle").first
            handle.scroll_into_view_if_needed()
            box = handle.bounding_box()
            x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
            page.mouse.move(x, y)
            page.mouse.down()
            page.evaluate(WATCH, "ours")
            for k in range(1, DRAG + 1):
                page.mouse.move(x - 3 * k, y)
            page.mouse.up()
            opened.settle()
            frames, still = page.evaluate("[window.watch.frames, window.watch.last - window.watch.moved]")
            rows.append([name, *(f"{mid[rival]:.0f} / {p95(taken):.0f}" for rival, taken in times.items()),
                         f"{mid['ours'] / mid['floor']:.2f} ×",
                         f"{frames}", f"{max(still, 0):.0f}"])
            page.close()
    table(["key press → pixels, ms (median / p95)", "floor", "ours", "ours ÷ floor",
           f"frames in a {DRAG}-event drag", "ms until it stands still"], rows)


def memory() -> None:
    moved = explore(NAMES[0])

    def figures():
        gc.collect()
        return sum(type(thing) is Figure for thing in gc.get_objects())

    def events(count):
        for k in range(count):
            move(moved, k)

    events(500)  # caches fill
    before, alive = psutil.Process().memory_info().rss, figures()
    first = time.perf_counter()
    events(1000)
    middle = time.perf_counter()
    events(8000)
    late = time.perf_counter()
    events(1000)
    grown = (psutil.Process().memory_info().rss - before) / 1e6
    print(f"\n10,000 events add {grown:.1f} MB; live figures before and after: {alive}, {figures()}; "
          f"the last 1,000 events take {(time.perf_counter() - late) / (middle - first):.2f} × the first 1,000.")


def start() -> None:
    codes = {"torch, matplotlib, ipywidgets": "import torch, matplotlib, ipywidgets",
             "… and the first explorer": "import torch; from utils.softmax import explore_softmax as e; e(torch.nn.Softmax(0))"}
    taken = {name: ([], []) for name in codes}
    for _ in range(5):
        for name, code in codes.items():
            began = time.perf_counter()
            said = subprocess.run([sys.executable, "-c", f"{code}\nimport psutil; print(psutil.Process().memory_info().rss)"],
                                  cwd=ROOT, capture_output=True, text=True, check=True)
            taken[name][0].append(time.perf_counter() - began)
            taken[name][1].append(int(said.stdout) / 1e6)
    table(["from a fresh Python", "seconds (median of 5)", "MB"], [
        [name, f"{statistics.median(seconds):.2f}", f"{statistics.median(megabytes):.0f}"]
        for name, (seconds, megabytes) in taken.items()])


def classroom() -> None:
    """Kernels side by side as on a hub, each with all of notebook 5 run, then its sliders moved 50 times.  For Linux."""
    cells = json.loads((ROOT / "notebooks/05_bce_per_class.ipynb").read_text("utf8"))["cells"]
    begin = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code" and not cell["metadata"].get("tags")]
    begin.append("_controls = next(out for out in Out.values() if type(out).__name__ == 'Explorer').controls")
    drag = "for _k in range(50): _controls[f'logit {_k % 3}'].value = -6 + 0.1 * (37 * _k % 121)"
    rows = []

    def cost(kernels, code):  # CPU milliseconds of each, all at once
        before = [sum(process.cpu_times()[:2]) for process, _, _ in kernels]
        asked = [client.execute(code) for _, _, client in kernels]
        for (_, _, client), sent in zip(kernels, asked):
            while (reply := client.get_shell_msg(timeout=600))["parent_header"].get("msg_id") != sent:
                pass
            assert reply["content"]["status"] == "ok", reply["content"]
        return [1e3 * (sum(process.cpu_times()[:2]) - spent) for (process, _, _), spent in zip(kernels, before)]

    kernels = []
    try:
        for count in (1, 2, 4, 8):
            while len(kernels) < count:
                manager, client = start_new_kernel(cwd=str(ROOT / "notebooks"), stderr=subprocess.DEVNULL)
                kernels.append((psutil.Process(manager.provisioner.pid), manager, client))
                for cell in begin:
                    cost(kernels[-1:], cell)
            events = [spent / 50 for spent in cost(kernels, drag)]
            memory = [process.memory_full_info() for process, _, _ in kernels]
            rows.append([count, f"{statistics.median(events):.0f}", *(
                f"{statistics.mean(getattr(each, kind) for each in memory) / 2**20:.0f}" for kind in ("rss", "pss", "uss"))])
    finally:
        for _, manager, client in kernels:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    table(["kernels at once", "CPU ms an event", "MiB each: RSS", "PSS", "their own (USS)"], rows)


def on_a_phone() -> None:
    """The page of .site/ on a slow phone: 1.6 Mbit/s, 150 ms there and back, a processor a quarter as fast as this one."""
    port, taken = free_port(), []
    server = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(ROOT / ".site")]
    with running(server, f"http://127.0.0.1:{port}/index.html"), chromium() as browser:
        for _ in range(9):
            page = browser.new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
            phone = page.context.new_cdp_session(page)
            phone.send("Network.enable")
            phone.send("Network.emulateNetworkConditions", {"offline": False, "latency": 150, "downloadThroughput": 2e5,
                                                            "uploadThroughput": 1e5})
            phone.send("Emulation.setCPUThrottlingRate", {"rate": 4})
            page.add_init_script("""(function begin() {  // moves a slider as soon as there is one that listens
                if (!window.losses) return requestAnimationFrame(begin);
                const slider = document.querySelector('#z0');
                slider.value = 1;
                slider.dispatchEvent(new Event('input'));
                requestAnimationFrame(() => setTimeout(() => window.moved = performance.now()));
            })()""")
            page.goto(f"http://127.0.0.1:{port}/index.html")
            page.wait_for_function("window.moved && performance.getEntriesByName('first-contentful-paint').length")
            taken.append(page.evaluate("[performance.getEntriesByName('first-contentful-paint')[0].startTime, window.moved]"))
            page.close()
    table(["the page on a slow phone", "ms (median of 9)", "at most"], [
        [name, f"{statistics.median(times):.0f}", f"{max(times):.0f}"]
        for name, times in zip(("first paint", "first moved picture"), zip(*taken))])


if __name__ == "__main__":
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in (
        "torch", "matplotlib", "ipywidgets", "jupyterlab"))
    print(f"{date.today()}, Python {platform.python_version()}, {versions}, {psutil.cpu_count()} cores")
    kernel_work()
    checks()
    in_the_browser()
    on_a_phone()
    memory()
    start()
    if sys.platform == "linux":
        classroom()
