"""make site: the page and the notebooks to read, from disk, in a browser without a network."""

import os
import pathlib
import posixpath
import re
import runpy
import shutil
import urllib.parse

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup

from tests.lab import CHROME, ROOT
from tests.topics import NAMES
from utils.language import say, speak

if CHROME is None and os.environ.get("CI") != "true":
    pytest.skip("no Chromium or Chrome on this machine: install one for the browser tests", allow_module_level=True)

MAKE = runpy.run_path(str(ROOT / ".site" / "make.py"))["main"]
EDITIONS = sorted("" if path.parent.name == "notebooks" else path.parent.name + "/" for path in ROOT.glob("notebooks/**/glossary.md"))
PAGES = ["index", *(home + name for home in EDITIONS for name in (*NAMES, "glossary"))]
ELSEWHERE = {"github.com", "colab.research.google.com"}  # for readers to follow; nothing is fetched from there


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "site"
    MAKE(folder)
    return folder


@pytest.fixture(scope="module")
def read(site):
    """{page: its parsed source}"""
    return {name: BeautifulSoup((site / f"{name}.html").read_text(encoding="utf8"), "html.parser") for name in PAGES}


def cells_of(name: str) -> list:
    return nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4).cells


def test_it_says_where_it_is_and_replaces_only_what_it_made(site, tmp_path, capsys):
    site = shutil.copytree(site, tmp_path / "site")
    (site / "old.html").touch()
    MAKE(site)
    assert re.fullmatch(rf"{len(PAGES)} pages, \d+ kB together: open {re.escape(str(site / 'index.html'))}\n", capsys.readouterr().out)
    assert sorted(path.relative_to(site).as_posix() for path in site.glob("**/[!.]*.*")) == sorted(f"{name}.html" for name in PAGES)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.html").touch()
    with pytest.raises(SystemExit, match="mine was not made by make site: move it out of the way first"):
        MAKE(tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.html").exists()


@pytest.mark.parametrize("name", PAGES)
def test_no_link_is_dead_and_nothing_is_fetched(site, read, browser, name):
    context = browser.new_context(offline=True, viewport={"width": 390, "height": 844},
                                  color_scheme="dark" if PAGES.index(name) % 2 else "light")
    page, asked, said = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda line: said.append(line.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto((site / f"{name}.html").as_uri())
    links = page.locator("a").evaluate_all("all => all.map(link => link.href)")
    assert [url for url in asked if not url.startswith("data:")] == [(site / f"{name}.html").as_uri()] and said == []
    for link in map(urllib.parse.urlsplit, links):
        if link.scheme == "file":
            target = pathlib.Path(urllib.parse.unquote(link.path))
            assert target.is_relative_to(site) and target.is_file(), link.path
            there = target.relative_to(site).with_suffix("").as_posix()
            assert there == "index" or not link.fragment or read[there].find(id=urllib.parse.unquote(link.fragment)), link
        else:
            assert link.scheme == "https" and link.netloc in ELSEWHERE, link
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    found = Axe().run(page).response["violations"]
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found if rule["impact"] in ("serious", "critical")] == []
    context.close()


def test_every_page_can_be_reached_from_the_first(read):
    reached, todo = set(), ["index"]
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += [posixpath.normpath(posixpath.join(posixpath.dirname(name), link["href"].partition(".html")[0]))
                     for link in read[name].find_all("a", href=re.compile(r"^[\w./]+\.html"))]
    assert reached == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_its_language(read, name):
    assert read[name].html["lang"] == {"": "en", "zh": "zh-CN"}[posixpath.dirname(name)]


def test_the_first_page_lists_the_pages_in_the_language_that_it_speaks_and_they_lead_back_to_that(site, browser):
    page = browser.new_page(locale="en")
    page.goto((site / "index.html").as_uri())
    for home, language, other in (("", "en", "中文"), ("zh/", "zh-CN", "English"), ("", "en", "中文")):
        links = page.locator("nav:visible a")
        assert links.evaluate_all("all => all.map(link => link.getAttribute('href'))") == [
            f"{home}{name}.html" for name in (*NAMES, "glossary")]
        links.first.click()
        page.locator("nav a").first.click()
        assert page.evaluate("document.documentElement.lang") == language
        page.get_by_role("link", name=other, exact=True).click()
    page.close()


@pytest.mark.parametrize("home", EDITIONS)
@pytest.mark.parametrize("name", NAMES)
def test_all_outputs_are_there_those_that_answer_are_folded_and_pictures_say_what_they_show(read, name, home):
    speak(home.rstrip("/") or "en")
    page, cells = read[home + name], [cell for cell in cells_of(home + name) if cell.cell_type == "code"]
    text = page.get_text()
    assert all(output.text.strip() in text for cell in cells for output in cell.outputs if output.output_type == "stream")
    saved = [output.data for cell in cells for output in cell.outputs if "image/png" in output.get("data", {})]
    shown = page.find_all("img")
    assert [image["alt"] for image in shown] == [data["text/plain"] for data in saved] and shown[0]["alt"].startswith("explore_")
    assert [image["src"] for image in shown] == ["data:image/png;base64," + data["image/png"] for data in saved]
    told = [cell.outputs[-1].data["text/html"] for cell in cells if any("image/png" in output.get("data", {}) for output in cell.outputs)]
    assert [words.text for words in page.select(".explorer-told")] == [BeautifulSoup(words, "html.parser").text for words in told]
    summaries = [summary.get_text() for summary in page.find_all("summary")]
    assert summaries.count(say("Output")) == sum(bool(cell.metadata.get("jupyter", {}).get("outputs_hidden")) for cell in cells)
    assert summaries.count(say("Code")) == 1 and say("A solution") in summaries and not page.find("details", open=True)


@pytest.mark.parametrize("home", EDITIONS)
@pytest.mark.parametrize("name", NAMES)
def test_formulas_are_formulas(read, name, home):
    cells = cells_of(home + name)
    prose = re.sub(r"```.*?```|`[^`]*`", "", "\n".join(cell.source for cell in cells if cell.cell_type == "markdown"), flags=re.S)
    wide = prose.count("$$") // 2
    page = read[home + name]
    shown = page.find_all("math")
    assert (len(shown), sum(math["display"] == "block" for math in shown)) == (wide + (prose.count("$") - 4 * wide) // 2, wide)
    for code in page.find_all(["pre", "code", "script", "style"]):
        code.extract()
    assert not re.search(r"\$|\\[a-z]", page.get_text()), "some TeX is left"


def test_the_pages_are_light(site):
    weights = {path.relative_to(site).as_posix(): path.stat().st_size for path in site.glob("**/*.html")}
    assert weights["index.html"] <= 30_000 and max(weights.values()) < 300_000 and sum(weights.values()) < 2_000_000
    assert not [name for name in weights if b"No description" in (site / name).read_bytes()]
