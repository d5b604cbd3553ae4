"""make present: an explorer fills the screen, a key brings the next; questions, text and code come and go by a switch."""

import html
import re
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_markdown_cell

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
from utils.language import say, speak  # noqa: E402

# Every size is in vh, a hundredth of the screen's height, so that any projector shows one explorer whole.
STYLE = """<style>
  body.jp-Notebook { --jp-content-font-size1: 2.8vh; --jp-code-font-size: 2.5vh; padding: 0 3vw; }
  .lm-Widget:has(.bar) { contain: none !important; }  /* or the bar would scroll away */
  body:has(.bar input:checked) #rendered_cells::before { content: ""; display: block; height: 6vh; }  /* else the bar hides a line */
  #rendered_cells::after { content: ""; display: block; height: 60vh; }
  .bar { position: fixed; z-index: 9; top: 0; right: 0; display: flex; align-items: center; gap: 0.7vh; height: 5vh; padding: 0 3vw 0 1vw;
    color: #222; background: #eee; }
  .bar, .bar button, .bar select { font: 2.2vh sans-serif; }
  .bar button, .bar select { height: 3.6vh; padding: 0 1vh; color: #222; background: white; border: 1px solid #666; border-radius: 0.5vh; }
  .bar select { width: 18vh; }
  .bar label { margin-left: 1.4vh; cursor: pointer; }
  .bar input { width: 2vh; height: 2vh; vertical-align: -0.2vh; }
  .bar :focus-visible { outline: 3px solid #1976d2; outline-offset: 1px; }
  .shown.shown.shown { display: flex; align-items: center; height: 5vh; margin: 0; outline: none; scroll-margin-top: 0;
    width: calc(97vw - 94vh); font: bold 2.1vh/1.1 sans-serif; }
  .jp-Cell:has(.bar, .shown, .explorer), .jp-Cell:has(.explorer) > div { padding-top: 0; padding-bottom: 0; margin-top: 0; }
  #rendered_cells { padding-top: 0 !important; }
  .jp-InputPrompt, .jp-OutputPrompt, .jp-Collapser, .anchor-link { display: none !important; }
  .explorer.explorer { --type: 2.4vh; --room: 94vh; min-height: 94vh; max-width: 170vh; margin: 0 auto 4vh; scroll-margin-top: 5vh; }
  .prediction.prediction .widget-html-content, .prediction.prediction .widget-button, .prediction.prediction input,
  .prediction.prediction label, .prediction.prediction .widget-html-content code { font-size: 2.8vh !important; }
  .prediction.prediction { max-width: 100%; --jp-widgets-inline-height: 4.5vh; scroll-margin-top: 6vh; }
  .prediction.prediction .widget-button { padding: 0.7vh 1.6vh; }
  .prediction .widget-text { width: 50vh !important; }
  body:has(#questions:checked):not(:has(#text:checked, #code:checked)) .prediction.prediction { min-height: 92vh; }
  body:not(:has(#text:checked)) .jp-MarkdownCell:not(:has(.bar, .shown)),
  body:not(:has(#text:checked, #code:checked)) .jp-CodeCell:not(:has(.explorer, .prediction)),
  body:not(:has(#questions:checked, #text:checked, #code:checked)) .jp-CodeCell:has(.prediction),
  body:not(:has(#code:checked)) .jp-CodeCell .jp-Cell-inputWrapper,
  body:not(:has(#code:checked)) .jp-OutputArea-child:has(> [data-mime-type="text/plain"]),
  body:not(:has(#code:checked)) .jp-OutputArea-child:has(> [data-mime-type^="application/vnd.jupyter."]:not([data-mime-type*="widget"]))
    { display: none; }
</style>"""
BAR = """<div class="bar" role="toolbar">
  <select aria-label="{notebook}">{options}</select>
  <button id="previous" aria-label="{previous}" title="{to_previous}">‹</button>
  <button id="next" aria-label="{next}" title="{to_next}">›</button>
  <button id="again" title="{anew}">{again}</button>
  <label><input type="checkbox" id="questions"> {questions}</label>
  <label><input type="checkbox" id="text"> {text}</label>
  <label><input type="checkbox" id="code"> {code}</label>
</div>"""
SCRIPT = """<script>
  const bar = document.querySelector(".bar"), switches = [...bar.querySelectorAll("[type=checkbox]")];
  const place = part => part.getBoundingClientRect(), shown = part => part.getClientRects().length;
  const all = parts => [...document.querySelectorAll(parts)];
  for (const box of switches) box.checked = sessionStorage[box.id] === "true";

  // What stands in the middle of the screen stays there; if the switch takes it away, the nearest explorer comes to the top.
  const flip = box => {
    sessionStorage[box.id] = box.checked;
    const parts = all(".jp-MarkdownCell, .jp-CodeCell:not(:has(.explorer)), .explorer");
    box.checked = !box.checked;
    const part = parts.findLast(part => shown(part) && place(part).top <= innerHeight / 2), before = place(part).top;
    box.checked = !box.checked;
    if (shown(part)) document.getElementById("rendered_cells").scrollTop += place(part).top - before;
    else {
      const explorers = parts.filter(part => part.matches(".explorer"));
      (explorers.find(explorer => parts.indexOf(explorer) > parts.indexOf(part)) || explorers.at(-1)).scrollIntoView();
    }
  };
  for (const box of switches) box.onchange = () => flip(box);

  // Where the keys lead: each explorer's heading, and each question while they are shown.  Margin: how far it stands from where it would.
  const stops = () => all(".shown, .prediction").filter(shown);
  const margin = stop => place(stop).top - parseFloat(getComputedStyle(stop).scrollMarginTop);
  const go = stop => {
    if (!stop) return;
    stop.scrollIntoView();
    stop.tabIndex = -1;
    stop.focus({preventScroll: true});
  };
  const next = () => go(stops().find(stop => margin(stop) > 9));
  const previous = () => go(stops().findLast(stop => margin(stop) < -9));
  document.getElementById("next").onclick = next;
  document.getElementById("previous").onclick = previous;
  addEventListener("keydown", event => {  // before a slider gets it, which Page Up and Page Down would move
    const turn = {n: next, p: previous, PageDown: next, PageUp: previous}[event.key];
    if (!turn || event.ctrlKey || event.altKey || event.metaKey || event.target.matches("select, [type=text]")) return;
    event.preventDefault();
    event.stopPropagation();
    turn();
  }, true);

  // A new kernel is a new class: nothing is answered, ticked or moved.  The place is kept.
  document.getElementById("again").onclick = () => {
    sessionStorage.at = stops().findLastIndex(stop => margin(stop) < 9);
    location.reload();
  };
  bar.querySelector("select").onchange = ({target}) => {
    const address = new URL(location);
    address.searchParams.set("notebook", target.value);
    location = address;
  };
  const at = Number(sessionStorage.at ?? -1);
  delete sessionStorage.at;
  const arrive = setInterval(() => {  // when all explorers are there, and so every height is final
    if (all(".explorer img").length < EXPLORERS) return;
    clearInterval(arrive);
    if (at > 0) go(stops()[at]);
  }, 200);
</script>"""


def edition(notebook) -> Path:
    """The folder of the notebooks in the language that this one speaks, which from now on is spoken here too."""
    spoken = re.search(r'^speak\("((\w+?)_?\w*)"\)', "\n".join(cell.source for cell in notebook.cells), re.M)
    speak(spoken[1] if spoken else "en")
    return ROOT / "notebooks" / (spoken[2] if spoken else "")


def present(request, notebook, cwd):
    request.xsrf_token  # noqa: B018  asked for, it is sent, and lets the page stop its kernel when it is left
    folder = edition(notebook)
    names = sorted(path.stem for path in folder.glob("*.ipynb"))
    name = request.get_argument("notebook", "")
    if name in names:  # chosen in the bar: Voila serves one address, and this notebook in place of the one that it was started with
        notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
    titles = {name: title(nbformat.read(folder / f"{name}.ipynb", as_version=4)) for name in names}
    options = "".join(f'<option value="{name}"{" selected" * (told == title(notebook))}>{html.escape(told)}</option>'
                      for name, told in titles.items())
    cells, headings = [], 0
    section = re.search(r"^\*\*(.+)\*\*$", notebook.cells[0].source, re.M)[1]  # the notebook's question, for its first explorer
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            later = re.findall(r"^##+ (.+)", cell.source, re.M)
            section = later[-1] if later and headings else section
            cell.source = re.sub(r"\[!\[.*\n", "", cell.source)  # the badge and the glossary would lead nowhere
            cell.source = re.sub(r"\[([^\]]+)\]\(\w+\.md\)", r"\1", cell.source)
            cell.source = re.sub(r"\]\((\w+)\.ipynb\)", r"](?notebook=\1)", cell.source)
        elif call := re.search(r"^explore_\w+\((.*)\)$", cell.source, re.M):
            heading = f"{title(notebook)}: {section}" + f" ({call[1]})" * bool(call[1])
            headings += 1
            cells.append(new_markdown_cell(f'<h2 class="shown">{html.escape(heading.replace("`", ""))}</h2>'))
        cells.append(cell)
    bar = BAR.format(options=options, notebook=say("notebook"), questions=say("questions"), text=say("text"), code=say("code"),
                     previous=say("previous"), to_previous=say("previous: p or Page Up"), next=say("next"),
                     to_next=say("next: n or Page Down"), again=say("hide answers again"),
                     anew=say("begin anew: answers hidden, tasks open, sliders where they start"))
    page = "\n".join([STYLE, bar, SCRIPT.replace("EXPLORERS", str(headings))])
    notebook.cells = [new_markdown_cell(re.sub("\n+", "\n", page)), *cells]  # an empty line would end the HTML
    return notebook


def title(notebook) -> str:
    return notebook.cells[0].source.partition("\n")[0].removeprefix("# ")


c.VoilaConfiguration.prelaunch_hook = present
c.VoilaConfiguration.show_tracebacks = True  # errors raised on purpose are the lesson of notebook 4
c.VoilaConfiguration.strip_sources = False  # the switch needs them in the page
