"""Controls → numbers → picture and words: the core of every explorer, and the only module that observes a widget.

A topic says which controls it has, how their values become numbers (compute), and how the numbers become a moved
picture and words (show).  The values of the controls are the only state; beside them an explorer remembers where
things stood before the present control was touched, which the pictures show as a grey ghost.
"""

import base64
import html
from collections.abc import Callable

import ipywidgets as widgets
import torch
from IPython import get_ipython
from matplotlib.figure import Figure
from torch import Tensor

from utils.inputs import call, name_of, one_line, shape
from utils.bars import painter
from utils.picture import Picture
from utils.plots import WRONG, number

# ipywidgets gives its sliders and images no accessible name.  A style element's onload is the one script that an HTML
# widget runs: it names them, and has the words announced once they have stood still for half a second.  A slider's handle
# is .noUi-handle in ipywidgets 8 and .ui-slider-handle in 7, which Colab has; its arrow keys stay its own, which
# Notebook 7 would take to collapse the section, and a list's, which JupyterLab would take to go to the next cell.
NAMES = """(() => {
  const box = this.closest('.explorer'), rows = [...box.querySelectorAll('.widget-hslider')];
  const image = box.querySelector('img'), words = box.querySelector('.explorer-words .widget-html-content');
  if (rows.length < SLIDERS || !image || !words) {
    this.tries = (this.tries || 0) + 1;
    return this.tries < 100 && setTimeout(() => this.onload(), 100);
  }
  for (const row of rows) {
    const handle = row.querySelector('.noUi-handle, .ui-slider-handle');
    handle.setAttribute('aria-label', row.querySelector('label').textContent);
    handle.setAttribute('data-lm-suppress-shortcuts', 'true');
  }
  for (const list of box.querySelectorAll('select')) list.setAttribute('data-lm-suppress-shortcuts', 'true');
  image.alt = 'The picture of the numbers in the words below';
  words.setAttribute('aria-live', 'polite');
  new MutationObserver(() => {
    words.setAttribute('aria-busy', 'true');
    clearTimeout(words.still);
    words.still = setTimeout(() => words.setAttribute('aria-busy', 'false'), 500);
  }).observe(words, {childList: true});
})()"""
# A picture has no paper of its own, so that the page shows through; only a page that may be dark and does not say so gets a
# white one.  On a dark page this turns black ink into light grey and leaves the hues of the classes and of red as they are: of
# all ways to mix three channels the one that comes nearest to it.
DARK = ("data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><filter id='dark' color-interpolation-filters='sRGB'>"
        "<feColorMatrix values='.59 -.71 -.47 0 .74  -.72 .79 -.88 0 .73  -.39 -.55 .39 0 .75  0 0 0 1 0'/></filter></svg>#dark")
CSS = f"""<style onload="{html.escape(NAMES)}">
.explorer {{ max-width: 1100px; overflow: hidden; }}
.explorer .widget-label, .explorer .widget-readout, .explorer .widget-button, .explorer .widget-toggle-button,
.explorer .widget-checkbox label, .explorer select {{ font-size: 17px; }}
.explorer .widget-toggle-buttons {{ display: flex; align-items: baseline; margin: 2px; gap: 6px; }}
.explorer .widget-toggle-buttons > div {{ display: flex; flex-wrap: wrap; gap: 2px 0; }}
.explorer .widget-toggle-buttons > label {{ flex: none; }}
.explorer .widget-label, .explorer .widget-checkbox label {{ color: var(--jp-content-font-color1, inherit); }}
.explorer .widget-toggle-button.mod-active {{ font-weight: bold; }}
.explorer .widget-toggle-button.mod-active::before {{ content: "✓ "; }}
.explorer button:focus-visible, .explorer input:focus-visible, .explorer select:focus-visible,
.explorer .noUi-handle:focus, .explorer .ui-slider-handle:focus {{
  outline: 3px solid var(--jp-brand-color1, #1976d2) !important; outline-offset: 1px; }}
.explorer img {{ background: white; }}
:is(body[data-jp-theme-light="false"], html[theme="dark"], body.vscode-dark) .explorer img {{
  background: none; filter: url("{DARK}"); }}
.explorer-words pre {{ font-size: 17px; line-height: 1.45; margin: 4px 0; padding: 0; background: none;
  white-space: pre-wrap; word-break: normal; overflow-wrap: anywhere;
  font-family: var(--jp-code-font-family, monospace); color: var(--jp-content-font-color1, inherit); }}
.explorer-words .wrong {{ font-weight: bold; border-left: 6px solid {WRONG}; padding-left: 10px; }}
</style>"""


# Binary cross-entropy wakes all cores even for three numbers: 8 ms where one thread takes 0.03, and a hub shares its cores
# among many kernels.  Nothing that an explorer computes is large enough for a second thread.
torch.set_num_threads(1)


class Explorer(widgets.VBox):
    """Controls, a picture and words in one box.

    name:     what the one-line text form starts with
    controls: {name: widget}, sliders first, in the order in which Tab reaches them
    compute:  {name: value} -> numbers, of whatever kind show wants
    show:     (numbers, numbers from before or None) -> (one line, words, complaint); moves the figure's artists
    presets:  {button: {name: value}}, beside Reset, and "the article" where there are any, which set every control to where it
              starts; instead of the values a function that makes them of the present numbers
    tasks:    [(a sentence, (values, numbers) -> whether it is done)]

    .controls and .buttons are the widgets; .image, .words and .wrong (the complaint) are what they show.
    """

    def __init__(self, name: str, controls: dict[str, widgets.Widget], compute: Callable, show: Callable,
                 picture: Picture, presets: dict[str, dict | Callable], tasks: list[tuple[str, Callable]] = ()):
        self.name, self.controls, self.picture, self.tasks = name, controls, picture, tasks
        self._compute, self._show, self._paint = compute, show, picture.png if isinstance(picture, Picture) else painter(picture)
        self.figure = picture  # until notebooks 4 to 6 have a Picture
        self._start = {key: control.value for key, control in controls.items()}
        presets = {"the article": self._start} | presets if presets else {}
        self._values = self._touched = self._now = self._before = None
        self._setting, self._line, self.words = False, "", ""

        self.image = widgets.Image(format="png", layout={"width": "100%"})
        self.page = widgets.HTML()
        self.buttons = {"Reset": widgets.Button(description="Reset")}
        self.buttons |= {key: widgets.Button(description=key) for key in presets}
        self.buttons["Reset"].on_click(lambda _: self._set("Reset", self._start))
        for key, values in presets.items():
            self.buttons[key].on_click(lambda _, key=key, values=values: self._set(
                key, values(self._now) if callable(values) else values))
        for button in self.buttons.values():
            button.layout.width = "auto"
        for key, control in controls.items():
            control.observe(lambda _, key=key: self._moved(key), "value")

        rows = list(controls.values())
        sides = widgets.HBox([widgets.VBox(side, layout={"flex": "1 1 340px"}) for side in (rows[:3], rows[3:]) if side],
                             layout={"flex_flow": "row wrap"})
        sliders = sum(isinstance(row, (widgets.FloatSlider, widgets.SelectionSlider)) for row in rows)
        super().__init__([widgets.HTML(CSS.replace("SLIDERS", str(sliders)), layout={"display": "none"}), sides,
                          widgets.HBox(list(self.buttons.values()), layout={"flex_flow": "row wrap"}),
                          self.image, self.page])
        self.add_class("explorer")
        self.page.add_class("explorer-words")
        self._moved(None)

    def _set(self, button: str, values: dict) -> None:
        """Set several controls, then update once."""
        self._setting = True
        try:
            for key, value in values.items():
                self.controls[key].value = value
        finally:
            self._setting = False
        self._moved(button)

    def _moved(self, touched: str | None) -> None:
        # The browser sends 0.1 as 0.1000000000000005 when it first draws a slider: that is no move.
        values = {key: round(control.value, 9) if isinstance(control.value, float) else control.value
                  for key, control in self.controls.items()}
        if self._setting or (values == self._values and touched in self.controls):
            return
        self._values = values
        if touched != self._touched or touched in self.buttons:  # another hand's move: where things stand now becomes the ghost
            self._touched, self._before = touched, None if touched in (None, "Reset") else self._now
        try:
            now = self._compute(values)
            self._line, self.words, wrong = self._show(now, self._before)
        except Exception as error:
            if self._now is None:  # the first update of all: there is no picture yet, so its axes at least
                self.image.value = self._paint()
                self._say(one_line(error))
            else:
                self._say(f"{one_line(error)} (picture and numbers are still those from before)")
            if get_ipython() is None:  # no page that could show it, so a test must see it
                raise
            return
        self._now = now
        self.image.value = self._paint()  # first: the browser decodes it while the words come
        self._say(wrong, note="What torch says:" if wrong else "")

    def _say(self, wrong: str, note: str = "") -> None:
        self.wrong = wrong
        said = "".join(f'<pre class="wrong">✗ {html.escape(line)}</pre>' for line in wrong.splitlines())
        said += f"<pre>{note}</pre>" if note else ""
        self.page.value = f'<div role="status">{said}<pre>{html.escape(self.words)}</pre></div>'

    def __repr__(self) -> str:
        return f"{self.name}: {self._line}" + (f" ✗ {self.wrong}".replace("\n", "; ") if self.wrong else "")

    def _repr_mimebundle_(self, **kwargs) -> dict:
        """The live view, and for where no kernel runs the picture, on white."""
        saved = self.picture.png(opaque=True) if isinstance(self.picture, Picture) else self.image.value
        picture = base64.b64encode(saved).decode()
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}  # ipywidgets 7 has no super() for this
        return {"application/vnd.jupyter.widget-view+json": view, "text/plain": repr(self), "image/png": picture}


def slider(name: str, value: float, low: float, high: float, colour: str | None = None) -> widgets.FloatSlider:
    return widgets.FloatSlider(value, min=low, max=high, step=0.1, description=name, readout_format=".1f",
                               layout={"width": "auto"}, style={"description_width": "max-content", "handle_color": colour})


def listed(values) -> str:
    """Numbers as the article writes its logits: [2, 3, 0.1]."""
    return "[" + ", ".join(f"{float(value):.6g}" for value in values) + "]"


def ask(function: Callable, *tensors: Tensor, like: Tensor) -> tuple[Tensor, str]:
    """Hand the reader's function 32-bit copies of the tensors and say in words where its answer parts from torch's.

    like: torch's answer, float64.  Returns: (the answer, float64 in the shape of like, all nan where there is none;
    the complaint, a line for each class, "" if there is none, and then the answer is torch's).
    Nothing that the function does or returns raises here.
    """
    nothing, name = torch.full_like(like, torch.nan), name_of(function)
    copies = [(tensor.float() if tensor.is_floating_point() else tensor).clone() for tensor in tensors]
    answer, complaint = call(function, *copies, wanted=f"a tensor of shape {shape(like)}")
    if answer is None:
        return nothing, complaint
    if answer.shape != like.shape:
        return nothing, f"{name} returned shape {shape(answer)}; shape {shape(like)} is wanted"
    if answer.dtype == torch.bool:
        return nothing, f"{name} returned dtype {answer.dtype}; floating point is wanted"
    answer = answer.to(torch.float64)
    wrong = []
    for k, (yours, torchs) in enumerate(zip(answer.flatten().tolist(), like.flatten().tolist())):
        if not abs(yours - torchs) <= 5e-5 * max(1, abs(torchs)):  # true for nan too
            a, b = number(yours), number(torchs)
            a, b = (a, b) if a != b else (repr(yours), repr(torchs))
            wrong.append(f"{name}{f', class {k}' if like.numel() > 1 else ''}: yours {a}, torch {b}")
    return (answer, "\n".join(wrong)) if wrong else (like, "")


def ask_gradient(function: Callable, *tensors: Tensor, like: Tensor) -> tuple[Tensor, str]:
    """How the number that the reader's function returns changes with its first tensor, by autograd.

    like: torch's gradient, float64.  Returns: (the gradient, float64 in the shape of like, all nan where there is none;
    a sentence where it is not torch's, "" where it is, and then the gradient is torch's).  Nothing raises here.
    """
    name = name_of(function)
    first, *others = [(tensor.float() if tensor.is_floating_point() else tensor).clone() for tensor in tensors]
    first.requires_grad_()

    def backwards(*_):
        with torch.enable_grad():
            return torch.autograd.grad(function(first, *others), first)[0]

    backwards.__name__ = name
    gradient, complaint = call(backwards)
    if gradient is None or gradient.shape != like.shape:
        return torch.full_like(like, torch.nan), f"autograd finds no gradient: {complaint}"
    gradient = gradient.to(torch.float64)
    if torch.allclose(gradient, like, rtol=5e-5, atol=5e-5):
        return like, ""
    return gradient, f"gradient of {name}, by autograd = " + ", ".join(number(float(value)) for value in gradient.flatten())
