"""make present: an explorer fills the screen; what stands between them, text and code, comes and goes by a switch."""

import re

from nbformat.v4 import new_markdown_cell

# Every size is in vh, a hundredth of the screen's height, so that any projector shows one explorer whole.
PAGE = """<style>
  body.jp-Notebook { --jp-content-font-size1: 2.8vh; --jp-code-font-size: 2.5vh; padding: 0 3vw; }
  .lm-Widget:has(.switches) { contain: none !important; }  /* or the switches would scroll away */
  #rendered_cells::after { content: ""; display: block; height: 60vh; }
  .switches { position: fixed; z-index: 9; top: 0; right: 0; padding: 0.6vh 3vw; font: 2.2vh sans-serif; background: #eee; }
  .switches label { margin-left: 2vw; cursor: pointer; }
  .switches input { width: 2vh; height: 2vh; }
  .jp-InputPrompt, .jp-OutputPrompt, .jp-Collapser, .anchor-link { display: none !important; }
  .explorer.explorer { --type: 2.4vh; --room: 94vh; min-height: 94vh; max-width: 170vh; margin: 0 auto 4vh; scroll-margin-top: 5vh; }
  .prediction.prediction .widget-html-content, .prediction.prediction .widget-button, .prediction.prediction input,
  .prediction.prediction label, .prediction.prediction .widget-html-content code { font-size: 2.8vh !important; }
  .prediction.prediction { max-width: 100%; --jp-widgets-inline-height: 4.5vh; }
  .prediction.prediction .widget-button { padding: 0.7vh 1.6vh; }
  .prediction .widget-text { width: 50vh !important; }
  body:not(:has(#text:checked)) .jp-MarkdownCell:not(:has(.switches)),
  body:not(:has(#text:checked, #code:checked)) .jp-CodeCell:not(:has(.explorer)),
  body:not(:has(#code:checked)) .jp-CodeCell .jp-Cell-inputWrapper,
  body:not(:has(#code:checked)) .jp-OutputArea-child:has(> [data-mime-type="text/plain"]),
  body:not(:has(#code:checked)) .jp-OutputArea-child:has(> [data-mime-type^="application/vnd.jupyter."]:not([data-mime-type*="widget"]))
    { display: none; }
</style>
<div class="switches">
  <label><input type="checkbox" id="text"> text</label> <label><input type="checkbox" id="code"> code</label>
</div>
<script>
  // What stands in the middle of the screen stays there; if the switch takes it away, the nearest explorer comes to the top.
  document.querySelector(".switches").onchange = ({target}) => {
    const parts = [...document.querySelectorAll(".jp-MarkdownCell, .jp-CodeCell:not(:has(.explorer)), .explorer")];
    const place = part => part.getBoundingClientRect(), shown = part => part.getClientRects().length;
    target.checked = !target.checked;
    const part = parts.findLast(part => shown(part) && place(part).top <= innerHeight / 2), before = place(part).top;
    target.checked = !target.checked;
    if (shown(part)) document.getElementById("rendered_cells").scrollTop += place(part).top - before;
    else {
      const explorers = parts.filter(part => part.matches(".explorer"));
      (explorers.find(explorer => parts.indexOf(explorer) > parts.indexOf(part)) || explorers.at(-1)).scrollIntoView();
    }
  };
</script>
"""


def present(request, notebook, cwd):
    for cell in notebook.cells:
        if cell.cell_type == "markdown":  # Voila serves this notebook alone: links to others and the badge would lead nowhere
            cell.source = re.sub(r"\[!\[.*\n", "", cell.source)
            cell.source = re.sub(r"\[([^\]]+)\]\(\w+\.(ipynb|md)\)", r"\1", cell.source)
    notebook.cells.insert(0, new_markdown_cell(PAGE))


c.VoilaConfiguration.prelaunch_hook = present
c.VoilaConfiguration.show_tracebacks = True  # errors raised on purpose are the lesson of notebook 4
c.VoilaConfiguration.strip_sources = False  # the switch needs them in the page
