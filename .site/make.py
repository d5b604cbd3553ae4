"""make site: the page, and every notebook of every edition as a page to read, into _site/.  It opens nothing and serves nothing.

nbconvert makes the cells; to them come a style sheet, MathML for the formulas and links from page to page, so that no page
fetches anything from anywhere.  A picture's alt text is the line that was saved with it.
"""

import pathlib
import re
import shutil
import sys

import nbformat
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbformat.v4 import new_markdown_cell, new_notebook
from pygments.formatters import HtmlFormatter

ROOT = pathlib.Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
from utils.language import say, speak, spoken  # noqa: E402

NOTEBOOKS = ROOT / "notebooks"
MARK = ".made-by-make-site"  # hidden, so that it is not published
PLACE = "<!-- make site puts the pages to read here -->"

# Folded here is what JupyterLab folds: the set-up, and the outputs that give an answer away.
TEMPLATE = """{%- extends 'basic/index.html.j2' -%}
{%- macro folded(name, is, body) -%}
  {%- if is -%}<details><summary>{{ name }}</summary>{{ body }}</details>{%- else -%}{{ body }}{%- endif -%}
{%- endmacro -%}
{%- block input_group -%}{{ folded(resources.code, (cell.metadata.jupyter or {}).source_hidden, super()) }}{%- endblock -%}
{%- block output_group -%}{{ folded(resources.output, (cell.metadata.jupyter or {}).outputs_hidden, super()) }}{%- endblock -%}"""
EXPORTER = HTMLExporter(template_name="basic", raw_template=TEMPLATE, exclude_input_prompt=True, exclude_output_prompt=True,
                        exclude_anchor_links=True)

PYGMENTS = [HtmlFormatter(style=style, cssclass="highlight").get_style_defs() for style in ("default", "github-dark")]
STYLE = f"""
:root {{ color-scheme: light dark; --paper: #fff; --ink: #111; --quiet: #575757; --link: #005a8e; --code: #fafafa; --wrong: #b33a00;
  font: 17px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper); }}
body {{ max-width: 46rem; margin: 0 auto; padding: 1rem; overflow-wrap: break-word; }}
nav {{ display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; font-size: .9rem; }}
h1, h2, h3 {{ line-height: 1.2; text-wrap: balance; }}
a {{ color: var(--link); }}
pre, code {{ font: .88rem/1.5 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; }}
pre {{ margin: .6rem 0; white-space: pre-wrap; }}
.input_area pre {{ padding: .6rem .8rem; border-radius: .3rem; }}
.highlight {{ background: var(--code) !important; }}
.output_subarea {{ border-left: .2rem solid color-mix(in srgb, var(--quiet) 30%, transparent); padding-left: .8rem; margin: .6rem 0; }}
.output_subarea:has(> style:only-child) {{ display: none; }}
.output_error pre {{ color: var(--wrong); }}
img {{ max-width: 100%; background: #fff; }}
.scrolls {{ overflow-x: auto; }}
table {{ border-collapse: collapse; }}
td, th {{ border: 1px solid var(--quiet); padding: .3rem .6rem; text-align: left; vertical-align: top; }}
summary {{ cursor: pointer; color: var(--link); padding: .2rem 0; }}
math[display=block] {{ margin: 1rem 0; }}
:focus-visible {{ outline: 3px solid var(--link); outline-offset: 2px; }}
{PYGMENTS[0]}
@media (prefers-color-scheme: dark) {{
:root {{ --paper: #111; --ink: #e6e6e6; --quiet: #b0b0b0; --link: #7cc4f5; --code: #1e1e1e; --wrong: #ff9a66; }}
{PYGMENTS[1]}
}}
"""
PAGE = """<!DOCTYPE html>
<html lang="{language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
<nav aria-label="{pages}">{before}</nav>
<main>
{body}
</main>
<nav aria-label="{following}">{after}</nav>
"""


def for_reading(text: str) -> str:
    """A text with its formulas as MathML, and its badges, which are pictures on other servers, as plain links."""

    def formula(found: re.Match) -> str:
        code, block, inline = found.groups()
        if code:
            return code
        math = convert(block or inline, display="block" if block else "inline")
        return math.replace("<mi>log</mi>", '<mi>log</mi><mspace width="0.17em"/>')  # which the converter leaves out

    text = re.sub(r"\[!\[(.*?)\]\(.*?\)\]", r"[\1]", text)
    return re.sub(r"(```.*?```|`[^`]*`)|\$\$(.+?)\$\$|\$([^$\n]+)\$", formula, text, flags=re.S)


def body_of(notebook) -> str:
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = for_reading(cell.source)
    html, _ = EXPORTER.from_notebook_node(notebook, resources={"code": say("Code"), "output": say("Output")})
    body = re.sub(r'href="((?:\.\./|\w+/)?\w+)\.(?:ipynb|md)(?=["#])', r'href="\1.html', html)
    return re.sub("<table>.*?</table>", r'<div class="scrolls" tabindex="0">\g<0></div>', body, flags=re.S)  # by keyboard too


def edition(folder: pathlib.Path) -> tuple[dict[str, str], str]:
    """The notebooks of a folder and their glossary, in the language that the folder is called by.

    Returns: {file name: the page}, and the links to them all from the index.
    """
    home, short = ("", "en") if folder == NOTEBOOKS else (f"{folder.name}/", folder.name)
    speak(short)
    language = spoken().replace("_", "-")
    sources = {path.stem: nbformat.read(path, as_version=4) for path in sorted(folder.glob("*.ipynb"))}
    sources["glossary"] = new_notebook(cells=[new_markdown_cell((folder / "glossary.md").read_text(encoding="utf8"))])
    titles = {name: re.search("^# (.*)", notebook.cells[0].source, re.M)[1] for name, notebook in sources.items()}
    links = [f'<a href="{name}.html">{title}</a>' for name, title in titles.items()]
    index = f'<a href="{"../" * home.count("/")}index.html?lang={short}">{say("The page with the sliders")}</a>'
    made = {}
    for place, name in enumerate(titles):
        around = {"before": index + links[-1] * (name != "glossary"),
                  "after": "".join(f"<span>{arrow} {links[there]}</span>"
                                   for arrow, there in (("←", place - 1), ("→", place + 1)) if 0 <= there < len(links))}
        made[f"{home}{name}.html"] = PAGE.format(language=language, title=titles[name], style=STYLE, body=body_of(sources[name]),
                                                   pages=say("Pages"), following=say("Next"), **around)
    to_read = " ".join(links).replace('href="', f'href="{home}')
    return made, f'<nav lang="{language}">{say("To read, with every picture: {pages}", pages=to_read)}</nav>'


def pages() -> dict[str, str]:
    """{file name: the page}"""
    index = (ROOT / ".site" / "index.html").read_text(encoding="utf8")
    assert PLACE in index
    made, navs = zip(*(edition(folder) for folder in sorted(path.parent for path in NOTEBOOKS.glob("**/glossary.md"))))
    return {"index.html": index.replace(PLACE, "\n    ".join(navs)), **{name: page for pages in made for name, page in pages.items()}}


def main(site: pathlib.Path) -> None:
    """Put the pages into a folder that does not exist, or that this made before."""
    if site.exists() and not (site / MARK).exists():
        sys.exit(f"{site} was not made by make site: move it out of the way first")
    made = pages()  # before the old site goes
    if site.exists():
        shutil.rmtree(site)
    site.mkdir()
    (site / MARK).touch()
    for name, page in made.items():
        (site / name).parent.mkdir(exist_ok=True)
        (site / name).write_text(page, encoding="utf8")
    print(f"{len(made)} pages, {sum(len(page.encode()) for page in made.values()) / 1000:.0f} kB together: open {site / 'index.html'}")


if __name__ == "__main__":
    main(ROOT / "_site")
