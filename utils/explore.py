"""Controls → numbers → picture and words: the core of every explorer, and the only module that observes a widget.

A topic says which controls it has, how their values become numbers (compute), how the numbers become a moved
picture and words (show), and what there is to do (tasks).  The values of the controls are the only state; beside them an
explorer remembers where things stood before the present control was touched, which the pictures show as a grey ghost, and
which tasks have been done.
"""

import base64
import html
import json
import re
from collections.abc import Callable, Sequence

import ipywidgets as widgets
import torch
from IPython import get_ipython
from IPython.display import display
from torch import Tensor

from utils.inputs import call, name_of, one_line, shape
from utils.language import WIDE, say, together
from utils.picture import SMALL, WIDTH, WRONG, Picture
from utils.plots import differs, number, numbers

# ipywidgets gives its sliders and images no accessible name.  A style element's onload is the one script that an HTML
# widget runs: it names them, and has the words announced once they have stood still for half a second.  A slider's handle
# is .noUi-handle in ipywidgets 8 and .ui-slider-handle in 7, which Colab has; its arrow keys stay its own, which
# Notebook 7 would take to collapse the section, and a list's, which JupyterLab would take to go to the next cell.
NAMES = """(() => {
  const box = this.closest('.explorer'), rows = [...box.querySelectorAll('.widget-hslider')];
  const image = box.querySelector('img');
  const [tasks, words] = ['tasks', 'words'].map(part => box.querySelector(`.explorer-${part} .widget-html-content`));
  if (rows.length < SLIDERS || !image || !tasks || !words) {
    this.tries = (this.tries || 0) + 1;
    return this.tries < 100 && setTimeout(() => this.onload(), 100);
  }
  for (const row of rows) {
    const handle = row.querySelector('.noUi-handle, .ui-slider-handle');
    handle.setAttribute('aria-label', row.querySelector('label').textContent);
    handle.setAttribute('data-lm-suppress-shortcuts', 'true');
  }
  for (const list of box.querySelectorAll('select')) list.setAttribute('data-lm-suppress-shortcuts', 'true');
  image.alt = ALT;
  tasks.setAttribute('aria-live', 'polite');
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
# All sizes are multiples of --type, and the explorer fits itself into --room: the height that JupyterLab leaves of its window,
# or what is left on a laptop, where that is a frame as high as what is in it.  The picture takes what the rest leaves over;
# on a phone it stays as wide as its smallest type needs to be 12 pixels high, and scrolls sideways: it fades where it goes on.
READABLE = round(12 / SMALL * WIDTH) + 1
CSS = f"""<style onload="{html.escape(NAMES)}">
.explorer {{
  --type: 15px; --room: max(590px, calc(100vh - 150px));
  --jp-widgets-margin: calc(0.13 * var(--type)); --jp-widgets-font-size: var(--type); --jp-widgets-inline-height: calc(1.75 * var(--type));
  --jp-widgets-inline-width: auto; --jp-widgets-inline-width-short: calc(7 * var(--type));
  --jp-widgets-inline-width-tiny: calc(3 * var(--type)); --jp-widgets-inline-label-width: max-content;
  --jp-widgets-slider-handle-size: var(--type); --jp-widgets-slider-track-thickness: calc(0.27 * var(--type));
  container-type: inline-size; width: 100%; max-width: calc(1.75 * var(--room)); overflow: hidden; font-size: var(--type);
}}
.explorer .explorer-parts {{ display: grid; grid-template: "tasks" "controls" "picture" "words" / minmax(0, 1fr); }}
@container (min-width: 780px) {{
  .explorer .explorer-parts {{ max-height: var(--room); column-gap: calc(1.5 * var(--type));
    grid-template: "controls tasks" "picture picture" minmax(120px, 1fr) "words words" / minmax(0, 5fr) minmax(0, 6fr); }}
}}
.explorer-parts > * {{ min-width: 0; margin: 0; }}
.explorer-controls {{ grid-area: controls; flex-flow: row wrap; align-content: start; overflow: visible; }}
.explorer-controls > .widget-hslider, .explorer-buttons {{ flex: 1 0 100%; }}
.explorer-buttons {{ flex-flow: row wrap; margin: 0; }}
.explorer-tasks {{ grid-area: tasks; }}
.explorer-words {{ grid-area: words; }}
.explorer-picture {{ grid-area: picture; overflow: hidden; }}
.explorer .explorer-picture img {{ flex: none; margin: 0; width: 100%; max-width: none; max-height: 100%;
  object-fit: contain; object-position: left; }}
@container (max-width: {READABLE - 1}px) {{
  .explorer-picture {{ overflow-x: auto; mask-image: linear-gradient(to left, transparent, black 2.5em); }}
  .explorer .explorer-picture img {{ width: {READABLE}px; margin-right: 2.5em; }}
}}
.explorer .widget-label, .explorer .widget-checkbox label {{ font-size: var(--type); color: var(--jp-content-font-color1, inherit); }}
.explorer select {{ font-size: var(--type); }}
.explorer .widget-readout {{ max-width: none; }}
.explorer .widget-checkbox input {{ flex-grow: 0; width: var(--type); height: var(--type); }}
.explorer .widget-checkbox {{ margin-right: var(--type); }}
.explorer button.jupyter-button {{ width: auto; padding: 0 0.6em; }}
.explorer .widget-toggle-buttons {{ display: flex; align-items: baseline; gap: 6px; margin: var(--jp-widgets-margin); }}
.explorer .widget-toggle-buttons > div {{ display: flex; flex-wrap: wrap; gap: 2px 0; }}
.explorer .widget-toggle-buttons > label {{ flex: none; }}
.explorer .widget-toggle-button {{ min-width: 3.5em; }}
.explorer .widget-toggle-button.mod-active {{ font-weight: bold; }}
.explorer .widget-toggle-button.mod-active::before {{ content: "✓ "; }}
.explorer button:focus-visible, .explorer input:focus-visible, .explorer select:focus-visible,
.explorer .noUi-handle:focus, .explorer .ui-slider-handle:focus {{
  outline: 3px solid var(--jp-brand-color1, #1976d2) !important; outline-offset: 1px; }}
.explorer img {{ background: white; }}
:is(body[data-jp-theme-light="false"], html[theme="dark"], body.vscode-dark) .explorer img {{
  background: none; filter: url("{DARK}"); }}
.explorer-tasks .widget-html-content, .explorer-words .widget-html-content {{
  line-height: 1.4; color: var(--jp-content-font-color1, inherit); }}
.explorer-tasks ol {{ margin: 3px 0; padding: 0; list-style: none; }}
.explorer-tasks li {{ padding-left: 1.6em; margin: 0 0 0.15em; text-indent: -1.6em; text-wrap: pretty; }}
.explorer-tasks li b {{ display: inline-block; width: 1.6em; text-indent: 0; }}
.explorer-tasks p {{ position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }}
.explorer .explorer-words pre {{ font-size: var(--type); line-height: 1.4; margin: 0; padding: 0; background: none;
  white-space: pre-wrap; word-break: normal; overflow-wrap: anywhere;
  font-family: var(--jp-code-font-family, monospace); color: var(--jp-content-font-color1, inherit); }}
.explorer-wrong {{ display: flex; flex-wrap: wrap; gap: 0 2em; }}
.explorer .explorer-words .wrong {{ font-weight: bold; border-left: 0.4em solid {WRONG}; padding-left: 0.6em; }}
.explorer-words .spare {{ visibility: hidden; }}
</style>"""

# In a notebook that was run, saved and opened again JupyterLab says "Error displaying widget: model not found" for each live
# view, whatever picture or text was saved beside it.  What it still shows is an output of its own: so a style sheet goes before
# each explorer, and has the page say what to do instead.  A live view is never a bare text.  After the explorer comes what it says
# as a text, for where no kernel runs: beside a live one, or one that is to come back, it is hidden.  (In classic pages, VS Code and
# Colab what stands around the outputs has other names.)
REOPENED = """<style>
.jp-OutputArea-child:has(> .jp-RenderedHTML > style:only-child),
.jp-OutputArea:has(.jupyter-widgets) > .jp-OutputArea-child:has(.explorer-told),
:is(.output, .output_container, #output-area):has(.explorer) .explorer-told { display: none; }
.jp-OutputArea-output.jupyter-widgets:not(:has(*)) { font-size: 0; }
.jp-OutputArea-output.jupyter-widgets:not(:has(*))::after { content: "SENTENCE"; font-size: 17px; }
</style>"""


# Binary cross-entropy wakes all cores even for three numbers: 8 ms where one thread takes 0.03, and a hub shares its cores
# among many kernels.  Nothing that an explorer computes is large enough for a second thread.
torch.set_num_threads(1)


class Explorer(widgets.VBox):
    """Controls, a picture and words in one box.

    name:     what the one-line text form starts with
    controls: {name: widget}, sliders first, in the order in which Tab reaches them
    compute:  {name: value} -> numbers, of whatever kind show wants
    show:     (numbers, numbers from before or None) -> (one line, words, complaint); draws the picture
    presets:  {button: {name: value}}, beside Reset; instead of the values a function that makes them of the present numbers
    tasks:    [(sentence, ({name: value}, numbers) -> whether it is done)], from easy to puzzling; none is done at the start

    .controls and .buttons are the widgets; .image, .words, .wrong (the complaint) and .done (sentences) are what they show.
    """

    def __init__(self, name: str, controls: dict[str, widgets.Widget], compute: Callable, show: Callable,
                 picture: Picture, presets: dict[str, dict | Callable], tasks: Sequence[tuple[str, Callable]] = ()):
        self.name, self.controls, self.picture, self.tasks = name, controls, picture, tasks
        self._compute, self._show = compute, show
        self._start = {key: control.value for key, control in controls.items()}
        self._values = self._touched = self._now = self._before = None
        self._setting, self._line, self.words, self.wrong, self.done = False, "", "", "", []
        self._lines, self._said, self._most = 0, [], []  # of words and complaint, now and at most: that height they keep

        self.image = widgets.Image(format="url")
        self.page, self.sheet = widgets.HTML(), widgets.HTML()
        self.buttons = {"Reset": widgets.Button(description=say("Reset"))}
        self.buttons |= {key: widgets.Button(description=say(key)) for key in presets}
        self.buttons["Reset"].on_click(lambda _: self._set("Reset", self._start))
        for key, values in presets.items():
            self.buttons[key].on_click(lambda _, key=key, values=values: self._set(
                key, values(self._now) if callable(values) else values))
        for button in self.buttons.values():
            button.layout.width = "auto"
        for key, control in controls.items():
            control.description = say(control.description)
            control.observe(lambda _, key=key: self._moved(key), "value")

        buttons = widgets.Box(list(self.buttons.values()))
        buttons.add_class("explorer-buttons")
        parts = {"tasks": self.sheet, "controls": widgets.Box([*controls.values(), buttons]), "picture": widgets.Box([self.image]),
                 "words": self.page}
        for part, widget in parts.items():
            widget.add_class(f"explorer-{part}")
        whole = widgets.Box(list(parts.values()))
        whole.add_class("explorer-parts")
        sliders = sum(isinstance(control, (widgets.FloatSlider, widgets.SelectionSlider)) for control in controls.values())
        alt = html.escape(json.dumps(say("The picture of the numbers in the words below"), ensure_ascii=False))
        style = CSS.replace("SLIDERS", str(sliders)).replace("ALT", alt)
        super().__init__([widgets.HTML(style, layout={"display": "none"}), whole])
        self.add_class("explorer")
        self._list()
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
                self._send_picture()
                self._say(one_line(error))
            else:
                self._say(say("{error} (picture and numbers are still those from before)", error=one_line(error)))
            if get_ipython() is None:  # no page that could show it, so a test must see it
                raise
            return
        self._now = now
        self._send_picture()  # first: the browser decodes it while the words come
        faults = self._tick(values, now)
        said = [*wrong.splitlines(),
                *(say("task {k} cannot be checked: {error}", k=k, error=one_line(fault)) for k, fault in faults.items())]
        self._say("\n".join(said), note=say("What torch says:") if wrong else "")
        if faults and get_ipython() is None:
            raise next(iter(faults.values()))

    def _send_picture(self) -> None:
        """The picture as its own address: a browser has it on the page 5 ms sooner than one that it fetches as a blob."""
        self.image.value = b"data:image/png;base64," + base64.b64encode(self.picture.png())

    def _tick(self, values: dict, now) -> dict[int, Exception]:
        """See which tasks have now been done.  Returns: what conditions raised, by the task's number."""
        new, faults = [], {}
        for k, (sentence, condition) in enumerate(self.tasks, 1):
            try:
                if sentence not in self.done and condition(values, now):
                    new.append(sentence)
            except Exception as error:
                faults[k] = error
        if new:
            self.done += new
            self._list(new)
        return faults

    def _list(self, new: Sequence[str] = ()) -> None:
        """The tasks, and a sentence beside them that only screen readers tell."""
        items = "".join(f"<li><b>{'✓' if sentence in self.done else k}</b>{html.escape(say(sentence))}</li>"
                        for k, (sentence, _) in enumerate(self.tasks, 1))
        name, done = say("Tasks"), say("Done: {tasks}", tasks=together(*map(say, new)))
        said = f"<p>{html.escape(done)}</p>" if new else ""
        self.sheet.value = f'<ol aria-label="{name}" aria-live="off">{items}</ol>{said}'

    def _say(self, wrong: str, note: str = "") -> None:
        self.wrong = wrong
        self._said = [("wrong", f"✗ {line}") for line in wrong.splitlines()] + [("note", note)] * bool(note)
        self._most = max(self._most, self._said, key=len)
        self._lines = max(self._lines, len(self.words.splitlines()))
        lines = self._said + [("spare", line) for _, line in self._most[len(self._said):]]
        said = "".join(f'<pre class="{look}">{spaced(line)}</pre>' for look, line in lines)
        self.page.value = (f'<div role="status"><div class="explorer-wrong">{said}</div>'
                           f'<pre style="min-height: {1.4 * self._lines:.1f}em">{spaced(self.words)}</pre></div>')

    def _told(self) -> str:
        """Complaint, words and tasks as HTML, for where no kernel runs."""
        words = "\n".join([*(line for _, line in self._said), self.words])
        tasks = "".join(f"<li>{html.escape(say(sentence))}</li>" for sentence, _ in self.tasks)
        style = "white-space: pre-wrap; font-family: var(--jp-code-font-family, monospace)"
        told = f'<pre style="{style}">{spaced(words)}</pre>' + (f"<ol>{tasks}</ol>" if tasks else "")
        return f'<div class="explorer-told">{told}</div>'

    def __repr__(self) -> str:
        return f"{self.name}: {self._line}" + (f" ✗ {self.wrong}".replace("\n", say("; ")) if self.wrong else "")

    def _ipython_display_(self, **kwargs) -> None:
        data, metadata = self._repr_mimebundle_()
        display({"text/html": REOPENED.replace("SENTENCE", say("Run → Run All Cells brings this back."))}, raw=True)
        display(data, metadata=metadata, raw=True)
        display({"text/html": self._told()}, raw=True)

    def _repr_mimebundle_(self, **kwargs) -> tuple[dict, dict]:
        """The live view; for where no kernel runs the picture on white, and a line for who can't see it."""
        picture = base64.b64encode(self.picture.png(opaque=True)).decode()
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}  # ipywidgets 7 has no super() for this
        data = {"application/vnd.jupyter.widget-view+json": view, "text/plain": repr(self), "image/png": picture}
        return data, {"image/png": {"alt": repr(self)}}


STILL = "before → now   nothing has moved yet"  # stands where the words will say what moved: they keep their height


def slider(name: str, value: float, low: float, high: float, colour: str = "#767676") -> widgets.FloatSlider:
    return widgets.FloatSlider(value, min=low, max=high, step=0.1, description=name, readout_format=".1f",
                               layout={"width": "auto"}, style={"description_width": "max-content", "handle_color": colour})


def spaced(text: str) -> str:
    """A text as HTML in which a wide character is as wide as two of the others, whatever the fonts: so columns stay columns."""
    return re.sub(f"[{WIDE}]+", r'<span style="letter-spacing: calc(2ch - 1em)">\g<0></span>', html.escape(text))


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
    answer, complaint, _ = call(function, *copies, wanted=say("a tensor of shape {shape}", shape=shape(like)))
    if answer is None:
        return nothing, complaint
    if answer.shape != like.shape:
        return nothing, say("{name} returned shape {shape}; shape {wanted} is wanted", name=name, shape=shape(answer), wanted=shape(like))
    if answer.dtype == torch.bool:
        return nothing, say("{name} returned dtype {dtype}; floating point is wanted", name=name, dtype=answer.dtype)
    answer = answer.to(torch.float64)
    wrong = []
    for k, (yours, torchs) in enumerate(zip(answer.flatten().tolist(), like.flatten().tolist())):
        if differs(yours, torchs):
            a, b = number(yours), number(torchs)
            a, b = (a, b) if a != b else (repr(yours), repr(torchs))
            wrong.append(say("{name}, class {k}: yours {a}, torch {b}", name=name, k=k, a=a, b=b) if like.numel() > 1 else
                         say("{name}: yours {a}, torch {b}", name=name, a=a, b=b))
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
            answer = function(first, *others)
            if isinstance(answer, Tensor) and answer.requires_grad:
                return torch.autograd.grad(answer, first, allow_unused=True)[0]

    backwards.__name__ = name
    gradient, complaint, raised = call(backwards)
    if gradient is None or gradient.shape != like.shape:
        if not raised:
            complaint = say("{name} leaves torch's operations on the way, as .item(), .detach() and numpy do", name=name)
        return torch.full_like(like, torch.nan), say("autograd finds no gradient: {complaint}", complaint=complaint)
    gradient = gradient.to(torch.float64)
    if torch.allclose(gradient, like, rtol=5e-5, atol=5e-5):
        return like, ""
    return gradient, say("gradient of {name}, by autograd = {numbers}", name=name, numbers=numbers(gradient.flatten()))
