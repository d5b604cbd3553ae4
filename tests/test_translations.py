"""The catalogue says in another language what English says now, and the editions are what is built from both."""

import ast
import builtins
import copy
import functools
import gettext
import html
import itertools
import keyword
import math
import os
import posixpath
import re
import shutil
import subprocess
import sys
import time
import warnings

import nbformat
import pytest
import torch
from babel.messages import Catalog

from tests import translate
from tests.conftest import BROKEN
from tests.oracle import z
from tests.test_check import RIGHT, WRONG
from tests.test_explore import little
from tests.test_predict import answered, choice, guess
from tests.topics import ASKED, CHECKS, EXPLORERS, NOTEBOOKS, ROUNDS, explore, sources, stops
from tests.translate import LANGUAGES, PAGE, ROOT, SOURCES, bare, build, code, complete, edition, faults, markdown, po, read
from utils import language as spoken
from utils import digits, inputs, paper, quiz, softmax, symptoms, worksheet
from utils.explore import ask, ask_gradient
from utils.inputs import name_of
from utils.language import column, say, speak, wide
from utils.predict import marked
from utils.slips import SHARED

CATALOGUES = {language: read(language) for language in LANGUAGES}
COMPLETE = [language for language in LANGUAGES if complete(language)]
EDITIONS = [(language, source) for language in COMPLETE for source in [*SOURCES, PAGE]]

SPEAKING = sorted([*ROOT.glob("utils/*.py"), *ROOT.glob(".voila/*.py"), *ROOT.glob(".site/*.py")])


def pseudo(text: str) -> str:
    """A text in no language, as unlike English as Chinese is; what must stay stays."""
    return translate.NO_WORDS.sub(lambda kept: kept[0], re.sub(
        rf"({translate.NO_WORDS.pattern})|[A-Za-z]{{2,}}", lambda word: word[1] or "字" * (len(word[0]) // 2 + 1), text, flags=re.S))


@pytest.fixture
def tongue(monkeypatch, tmp_path):
    """tongue({English: said, …}): from now on this language is spoken, and a language it is called by."""

    def tongue(said: dict, fuzzy=()) -> Catalog:
        catalog = Catalog(locale="zh_CN", fuzzy=False)
        for english, text in said.items():
            catalog.add(english, text, flags=["fuzzy"] if english in fuzzy else [])
        path = tmp_path / "zh_CN/LC_MESSAGES/messages.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        translate.write(catalog, path)
        monkeypatch.setattr(spoken, "LOCALE", tmp_path)
        monkeypatch.setattr(translate, "po", lambda language: path)
        speak("zh_CN")
        return catalog

    return tongue


@functools.cache
def template() -> list[str]:
    """All that may be said, in English."""
    speak("en")
    return [message.id for message in translate.template() if message.id]


# --- what is said

def test_all_that_is_said_is_found():
    """Babel does not look into f-strings."""
    found = set(template())
    for path in SPEAKING:
        source = path.read_text(encoding="utf8")
        for node in ast.walk(ast.parse(source)) if "from utils.language import" in source else ():
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "say" and isinstance(node.args[0], (ast.Constant, ast.JoinedStr)):
                assert getattr(node.args[0], "value", None) in found, f"{path.name}: {ast.unparse(node)}"


def test_a_sentence_is_said_in_the_language_that_is_spoken_and_in_english_where_the_catalogue_has_nothing(tongue):
    tongue({"{n} of {all}": "{all} 中的 {n}", "old": "旧", "none": "", "braces {}": "括号 {}"}, fuzzy=["old"])
    assert say("{n} of {all}", n=1, all=3) == "3 中的 1" and say("braces {}") == "括号 {}"
    assert [say(text) for text in ("old", "none", "not there", "")] == ["old", "none", "not there", ""]
    speak("en")
    assert say("{n} of {all}", n=1, all=3) == "1 of 3"


def test_a_language_is_chosen_by_name_and_never_by_the_system():
    program = "import gettext; gettext.GNUTranslations = None; from utils.language import say, wanted; print(say('Reset'), wanted())"
    told = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=os.environ | {"LANGUAGE": "zh_CN:zh", "LANG": "zh_CN.UTF-8"},
                          capture_output=True, text=True)
    assert told.stdout == "Reset zh_CN\n"
    for known in ("en", "zh", "zh_CN"):
        speak(known)
    for unknown in ("fr", "", "z"):
        with pytest.raises(ValueError, match=f"^no catalogue for the language '{unknown}'; there are en, zh_CN$"):
            speak(unknown)


@pytest.mark.parametrize("asked, wanted", [("zh", "zh"), ("zh_CN", "zh_CN"), ("zh_CN:zh", "zh_CN"), ("", "en"), ("fr:zh", "en")])
def test_a_command_speaks_what_LANGUAGE_asks_for(monkeypatch, asked, wanted):
    monkeypatch.setenv("LANGUAGE", asked)
    assert spoken.wanted() == wanted


def test_texts_in_tables_are_said_where_they_are_shown(tongue):
    """Whatever stands in a table is shown in the language that is spoken, and all that is shown of it is in the catalogue."""
    said = functools.partial(translate.piece, say=pseudo)
    tongue({message: pseudo(message) for message in template()})
    for asks in ASKED.values():
        asked = asks()
        assert marked(said(asked.question)) in asked._asked()
        if asked.choices:
            assert [button.description for button in asked.buttons.values()] == [*map(said, asked.choices)]
            asked.buttons[next(iter(asked.buttons))].click()
            assert all(marked(said(reason)) in asked.page.value for reason in asked.choices.values())
    for name, make in EXPLORERS:
        explorer = explore(name, make)
        for sentence, _ in explorer.tasks:
            assert html.escape(said(sentence)) in explorer.sheet.value and f"<li>{html.escape(said(sentence))}</li>" in explorer._told()
        assert [button.description for button in explorer.buttons.values()] == [*map(said, explorer.buttons)]
        for control in explorer.controls.values():
            for called, value in (option for option in getattr(control, "options", ()) if isinstance(option, tuple)):
                assert called == said(value)
    twice = next(known for known in SHARED if known.name == "softmax applied twice")
    assert said(twice.thought) in softmax.check_softmax(lambda z: z.softmax(-1).softmax(-1)).message.replace("\n  ", "")


@pytest.fixture(params=LANGUAGES)
def other(request, tongue):
    """A language with everything translated: where a catalogue is not complete yet, into no language."""
    if request.param not in COMPLETE:
        tongue({message: pseudo(message) for message in template()})
    return request.param


def test_the_answers_are_the_same_in_every_language(other):
    answers = []
    for language in ("en", other):
        speak(language)
        answers.append({key: ask().answer()[0] for key, ask in ASKED.items()})
    assert answers[0] == answers[1]


@pytest.mark.parametrize("name, make", EXPLORERS)
def test_a_picture_is_the_same_in_every_language(other, name, make):
    pictures = []
    for language in ("en", other):
        speak(language)
        explorer = explore(name, make)
        seen = [explorer.image.value, explorer._repr_mimebundle_()[0]["image/png"]]
        for button in explorer.buttons.values():
            button.click()
            seen.append(explorer.image.value)
        pictures.append(seen)
    assert pictures[0] == pictures[1]


# What stands on a sheet in every language: names in code, and in pictures.
ON_SHEETS = set("BCE CE exp log".split())


@pytest.mark.parametrize("sheet", [worksheet, quiz])
def test_a_sheet_says_the_same_numbers_in_every_language_and_nothing_else_in_english(tongue, sheet):
    english = sheet.files(7)
    tongue({message.id: pseudo(message.id) for message in translate.template() if message.id})
    said = sheet.files(7)
    assert [name.replace("7-zh", "7") for name in said] == [*english] and {*said}.isdisjoint(english)
    pages = [(one, other) for (name, one), other in zip(english.items(), said.values()) if name.endswith(("html", "xml"))]
    assert len(pages) == 2 + (sheet is quiz)
    for one, other in pages:
        numbers, others = (re.findall(r"\d+\.\d{4}", page.rpartition("</style>")[2]) for page in (one, other))
        assert numbers == others and len(numbers) > 3
        if "</style>" in one:
            assert ('<html lang="en">' in one and '<html lang="zh-CN">' in other and "CJK" not in one
                    and other.count('"Noto Sans CJK SC"') == one.count("sans-serif") + one.count("monospace"))
            body = re.sub("<(pre|code)>.*?</\\1>|<[^>]*>", " ", html.unescape(other.partition("</head>")[2]), flags=re.S)
            assert {*re.findall("[A-Za-z]{2,}", body)} <= ON_SHEETS
    if sheet is quiz:
        assert 'speak(\\"zh_CN\\")' in said["quiz-7-zh.ipynb"] and "speak" not in english["quiz-7.ipynb"], "it draws its questions itself"


def test_make_worksheet_takes_the_language(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(paper, "FOLDER", tmp_path)
    monkeypatch.setattr(paper, "CHROME", None)
    monkeypatch.setattr(sys, "argv", ["worksheet", "7"])
    for language in ("zh", "fr"):
        monkeypatch.setenv("LANGUAGE", language)
        paper.command("worksheet", worksheet.files)
    assert {path.name for path in tmp_path.iterdir()} == {f"worksheet-7{end}" for end in (
        ".html", "-key.html", "-zh.html", "-zh-key.html")}


# --- the catalogue

@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_lost_in_translation(language):
    wrong = {message.id: found for message in CATALOGUES[language] if message.id and message.string and not message.fuzzy
             and (found := faults(message, CATALOGUES[language]))}
    assert not wrong, f"mend them in {po(language).relative_to(ROOT)}, then make translations: {wrong}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_choices_of_a_question_stay_two(language):
    speak(language)
    of_notebooks = [[*ask().choices] for ask in [*ASKED.values(), *itertools.chain(*ROUNDS.values())] if ask().choices]
    of_sheets = [ask.sentences[2::2] for sheet in (quiz, worksheet) for ask in vars(sheet).values() if hasattr(ask, "sentences")]
    assert len(of_notebooks) > 30 and len(of_sheets) == 9
    assert not [choices for choices in of_notebooks + of_sheets if len({*map(say, choices)}) < len(choices)]


@pytest.mark.parametrize("language", COMPLETE)
def test_the_catalogue_has_what_is_said_now_and_nothing_else(language):
    """For a pull request by somebody who does not know the language this is a warning: the English is shown there until it is mended."""
    now = {message.id for message in translate.template() if message.id}
    there = {message.id for message in CATALOGUES[language] if message.id}
    assert now == there, f"make translations: new {sorted(now - there)}, unused {sorted(there - now)}"
    stale = [message.id for message in CATALOGUES[language] if message.id and (message.fuzzy or not message.string)]
    if stale:
        told = (f"{len(stale)} messages are not in {language} yet, or changed in English since: fill them in "
                f"{po(language).relative_to(ROOT)}, take the line “#, fuzzy” away, then make translations and make refresh: {stale}")
        if os.environ.get("GITHUB_EVENT_NAME") != "pull_request":
            pytest.fail(told)
        warnings.warn(told, stacklevel=1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_read_is_what_the_catalogue_says(language, tmp_path):
    shutil.copy(po(language), tmp_path / "messages.po")
    translate.compile(tmp_path / "messages.po")
    there, now = ({key: text for key, text in gettext.GNUTranslations(path.open("rb"))._catalog.items() if key}
                  for path in (po(language).with_suffix(".mo"), tmp_path / "messages.mo"))
    assert there == now, "make translations"


def test_what_changed_is_fuzzy_and_shown_in_english_until_it_is_mended(tongue):
    """One sentence and one number: the old meaning is never shown, what it was is kept beside it, and a second run changes nothing."""
    long = "This sentence is so long that it stands in more than one line of the catalogue, and of its comments too: {}."
    catalog = tongue({long.format(4): "很长", "gone": "走了",
                      "How do three scores become shares?": "三个分数怎样变成份额？", "as before": "照旧"})
    catalog["as before"].user_comments = ["without: share"]
    new = Catalog()
    for text in (long.format(5), "How do three scores become three shares?", "as before", "70 % sure"):
        new.add(text, locations=[("a.py", 7)])
    files = []
    for _ in range(2):
        translate.update(catalog, new)
        translate.write(catalog, po := translate.po("zh_CN"))
        files.append(po.read_text(encoding="utf8"))
        catalog = read("zh_CN")
    speak("zh_CN")
    assert [say(message.id) for message in new if message.id] == [
        long.format(5), "How do three scores become three shares?", "照旧", "70 % sure"]
    assert files[0] == files[1] and files[0].count("#, fuzzy") == 2
    for was in ("How do three scores become shares?", long.format(4)):
        assert f"# was: {was}\n#: a.py\n#, fuzzy\n" in re.sub(r"(?<=\w)\n# ", " ", files[0])
    assert "# without: share" in files[0] and "走了" not in files[0] and "format" not in files[0] and "a.py:7" not in files[0]
    catalog["How do three scores become three shares?"].flags.clear()
    translate.update(catalog, new)
    translate.write(catalog, po)
    assert "become shares?" not in po.read_text(encoding="utf8")


FAULTY = {  # a translation, and what must be said of it
    "把 `logit 0` 拖到 4：看损失": "",
    "把 `logit 0` 拖到 4：看 `logit 0` 为 4 时的损失": "",
    "把 `logit 1` 拖到 4：看损失": "`logit 0` is missing",
    "把 `logit 0` 拖到 5：看损失": "4 is missing",
    "把 `logit 0` 拖到 4：看代价": "loss is 损失",
    "把`logit 0` 拖到 4：看损失": "a blank between",
    "把 `logit 0` 拖到 4, 看损失": "full-width punctuation",
    "把 `logit 0` 拖动,到 4：看损失": "full-width punctuation",
    "把 `logit 0` 拖到 4 ：看损失": "no blank beside",
    "把 `logit 0` 拖到 4：看**损失（差）**的": "Markdown shows",
    "把 `logit 0` 拖到 4：**看损失**，再**放手**。": "",
    "把 `logit 0` 拖到 4：看损失**（差）**": "Markdown shows",
    "把 `logit 0` 拖到 4：看 *p*，**看**损失，再看 *z*": "",
    "把 `logit 0` 拖到 4：看*损失*": "slanted Han",
    "把 `logit 0` 拖到 4：看 $x$ 损失": "$x$ is not in the English",
    "把 `logit 0` 拖到 4：看[损失](a.md)": "](a.md) is not in the English",
    "把 `logit 0` 拖到 4：看 {k} 损失": "{k} is not in the English",
    "把 `logit 0` 拖到 4：看<b>损失": "<b> is not in the English",
    "把 `logit 0` 拖到 4：看<b>loss的损失</b>": "a blank between",
}


@pytest.mark.parametrize("said, wanted", FAULTY.items())
def test_what_is_wrong_with_a_translation_is_told(said, wanted):
    catalog = Catalog(header_comment="# Term: loss, losses → 损失")
    found = "\n".join(faults(catalog.add("Drag `logit 0` to 4: see the loss", said), catalog))
    assert (wanted in found) if wanted else not found, found


def test_a_term_may_be_left_out_where_a_comment_says_so_and_a_button_is_named_as_it_is_shown():
    catalog = Catalog(header_comment="# Term: share, shares → 份额")
    catalog.add("temperature T", "温度 T")
    assert not faults(catalog.add("They share `temperature T`.", "它们共用 `温度 T`。", user_comments=["without: share"]), catalog)


# --- extraction and building

CELL = """%xmode Minimal
x = {"mean": 1, 'is so': 2}  # größer: a comment, 'quoted'
print("sum of rows: Σ", x["mean"], f"{x!r:>5} # none")
print("one:  ", 1, 'two:', 2)
print("eleven: ", f"{'mean':5}", 3, "a" "b" f" step {x['mean']:8.4f}, "
      f"loss {x}")
os.system("git clone it")
report("softmax first", reduction="none")
"""


def test_what_a_cell_says_is_found_alike_in_every_python():
    found = []
    assert code(CELL, lambda text: found.append(text) or text) == CELL.replace(
        '''"a" "b" f" step {x['mean']:8.4f}, "\n      f"loss {x}"''', '''f"ab step {x['mean']:8.4f}, loss {x}"''')
    assert found == ["is so", "größer: a comment, 'quoted'", "sum of rows: Σ", "{x!r:>5} # none", "one:", "two:", "eleven:",
                     "ab step {x['mean']:8.4f}, loss {x}", "softmax first"]


def test_columns_stay_columns():
    """Strings that blanks made equally long get as many wide characters, and as many narrow ones, as each other."""
    said = code('print("ours: ", 1)\nprint("torch:", 2)\nprint("other", 3)', {"ours:": "我们的:", "torch:": "torch:", "other": "别"}.get)
    assert said == 'print("我们的:     ", 1)\nprint("torch:\u3000\u3000\u3000", 2)\nprint("别", 3)'


@pytest.mark.parametrize("text, wanted", [("CE", "CE    "), ("", "      "), ("softmax", "softmax"), ("损失", "损失\u3000"),
                                          ("损 p", "损 p\u3000"), ("损失 p", "损失 p"), ("损p", "损p\u3000 "), ("交叉熵的", "交叉熵的")])
def test_a_column_is_as_wide_as_it_is_said_to_be(text, wanted):
    assert column(text, 6) == wanted


@pytest.mark.parametrize("path", SPEAKING, ids=lambda path: path.stem)
def test_what_is_said_is_written_as_one_text_or_stands_in_a_table(path):
    """Neither an f-string, nor a sum of texts, nor one of two: none of these would be found in a catalogue."""
    for call in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "say":
            assert not isinstance(call.args[0], (ast.JoinedStr, ast.BinOp, ast.IfExp)), ast.unparse(call)


def test_a_sentence_within_an_f_string_is_found():
    assert [*translate.marked(ast.parse("f\"<b>{say('Name')}</b>\" if x else say('a {b}' 'c', b=say(d))"))] == ["Name", "a {b}c"]


MARKDOWN = """# A title

[![badge](https://x.org/b.svg)](https://x.org/blob/main/notebooks/01_softmax.ipynb) · [中文](zh/01_softmax.ipynb)

A paragraph that
goes on, with [a link](glossary.md#words) and [one](../README.md).

$$x
y$$

- an item
  of two lines,
- `code`

| a word | 0.5 | `x` |
|---|---|---|

<details><summary>A solution</summary>

```python
x = 1  # a comment
```

</details>"""


def test_the_pieces_of_markdown():
    found = []
    markdown(MARKDOWN, lambda text: found.append(text) or text)
    assert found == ["A title", "A paragraph that goes on, with [a link](glossary.md#words) and [one](../README.md).",
                     "an item of two lines,", "a word", "A solution", "a comment"]
    said = translate.relinked(markdown(MARKDOWN, lambda text: f"~{text}"), "notebooks/01_softmax.ipynb", "zh_CN")
    assert said.splitlines()[2] == ("[![badge](https://x.org/b.svg)](https://x.org/blob/main/notebooks/zh/01_softmax.ipynb) · "
                                    "[English](../01_softmax.ipynb)")
    for piece in ("# ~A title", "~A paragraph that goes on, with [a link](glossary.md#words) and [one](../../README.zh.md).", "$$x\ny$$",
                  "- ~an item of two lines,\n- `code`", "| ~a word | 0.5 | `x` |", "<details><summary>~A solution</summary>",
                  "x = 1  # ~a comment"):
        assert piece in said
    assert "~" not in said.replace("\n~", "").replace(" ~", "").replace(">~", "")


FIRST = "notebooks/01_softmax.ipynb"


@pytest.mark.parametrize("source, link, wanted", [
    (FIRST, "glossary.md#words", "glossary.md#words"), (FIRST, "../README.md", "../../README.zh.md"),
    (FIRST, "../LICENSE", "../../LICENSE"),
    ("README.md", "notebooks/glossary.md", "notebooks/zh/glossary.md"), ("README.md", ".github/explorer.png", ".github/explorer.png"),
    ("README.md", "README.zh.md", "README.md"), ("README.md", "#start", "#start"),
    ("README.md", f"https://x.org/lab/tree/{FIRST}", "https://x.org/lab/tree/notebooks/zh/01_softmax.ipynb")])
def test_links_lead_to_editions(source, link, wanted):
    assert translate.relinked(f"[x]({link})", source, "zh_CN") == f"[x]({wanted})"


def skeleton(source: str) -> str:
    """What a code cell does: without comments, and whatever it says."""
    for start, end, *_ in sorted(translate.strings(source), reverse=True):
        source = source[:start] + '""' + source[end:]
    return ast.dump(ast.parse(re.sub(r"(?m)^%.*", "", source)))


@pytest.mark.parametrize("source", SOURCES)
def test_an_edition_does_what_the_source_does(source, tongue):
    """In a language in which no word is as it was: the same cells, the same code, links that lead somewhere."""
    tongue({message: pseudo(message) for message in template()})
    told, there = build(source, "zh_CN"), posixpath.dirname(edition(source, "zh_CN"))
    text = told if isinstance(told, str) else "\n".join(cell.source for cell in told.cells if cell.cell_type == "markdown")
    editions = {edition(name, "zh_CN") for name in SOURCES}
    for link in re.findall(r"\]\(([^():#]+)(?:#[^)]*)?\)", text):
        path = posixpath.normpath(posixpath.join(there, link))
        assert path in editions or (ROOT / path).exists(), link
    english = (ROOT / source).read_text(encoding="utf8") if isinstance(told, str) else "\n".join(
        cell.source for cell in NOTEBOOKS[posixpath.basename(source)[:-6]].cells if cell.cell_type == "markdown")
    assert len(re.findall("[A-Za-z]{2,}", bare(text))) < 0.25 * len(re.findall("[A-Za-z]{2,}", bare(english))), "much is not translated"
    if isinstance(told, str):
        return
    cells = [copy.deepcopy(cell) for cell in NOTEBOOKS[posixpath.basename(source)[:-6]].cells]
    first = next(cell for cell in cells if cell.cell_type == "code")
    first.source = first.source.replace('[".."', '["../.."') + '\nfrom utils.language import speak\nspeak("zh_CN")'
    assert [(cell.id, cell.cell_type, cell.metadata) for cell in cells] == [(cell.id, cell.cell_type, cell.metadata) for cell in told.cells]
    for ours, theirs in zip(cells, told.cells):
        assert ours.cell_type == "markdown" or skeleton(ours.source) == skeleton(theirs.source)


@pytest.mark.parametrize("language, source", EDITIONS)
def test_every_edition_is_what_is_built_from_its_source(language, source):
    told, path = build(source, language), ROOT / edition(source, language)
    if isinstance(told, str):
        assert path.read_text(encoding="utf8") == told, "make refresh"
    else:
        parts = [[(cell.id, cell.cell_type, cell.metadata, cell.source) for cell in notebook.cells]
                 for notebook in (told, nbformat.read(path, as_version=4))]
        assert parts[0] == parts[1], "make refresh"


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_no_other_editions(language):
    short = language.partition("_")[0]
    there = {path.relative_to(ROOT).as_posix() for pattern in (f"notebooks/{short}/*.*", f"*.{short}.md") for path in ROOT.glob(pattern)}
    assert there == {edition(source, language) for source in SOURCES if language in COMPLETE}


# The names in code, Error as those of exceptions end, those of controls that are arguments of torch's, and what a training's axes are
# called everywhere.
WORDS = set("accuracy argmax BCE bool CE Error exp False float grad int labels log logits long loss pos shape sigmoid smoothing softmax "
            "step target threshold True weight".split())


@pytest.mark.parametrize("name, make", EXPLORERS)
def test_the_words_in_pictures_are_names(name, make):
    explorer, words = explore(name, make), set()
    for control in explorer.controls.values():
        for value in stops(control)[::7] if len(stops(control)) > 12 else stops(control):
            control.value = value
            for mark in explorer.picture.drawn.values():
                words.update(re.findall("[A-Za-z]{2,}", mark.text) if mark.kind == "text" else [])
    assert words <= WORDS


# --- what is put together of pieces is set as Chinese is

@pytest.mark.parametrize("what", [*EXPLORERS, *ASKED, *CHECKS], ids=lambda what: str(getattr(what, "__name__", what)))
def test_nothing_put_together_has_narrow_punctuation_in_chinese(what):
    speak("zh")
    if what in EXPLORERS:
        explorer, told = explore(*what), []
        for control in explorer.controls.values():
            for value in stops(control)[::7] if len(stops(control)) > 20 else stops(control):
                control.value = value
                told += [explorer.words, repr(explorer)[len(what[1]) + 2:]]
    elif what in ASKED:
        asked = ASKED[what]()
        told = re.findall("(?s)<p.*?>(.*?)</p>", "".join(asked._told(given) for given in asked.choices or (0, 1)))
    else:
        told = [what(function).message.replace("<lambda>", "f") for function in [*RIGHT[what][:1], *WRONG[what].values()]]
    for text in filter(None, told):
        text = translate.set_for_rules(re.sub("(?s)<pre>.*?</pre>|<code>.*?</code>|<[^>]*>", "X", html.unescape(text)))
        assert not re.findall(translate.TYPOGRAPHY["full-width punctuation in Chinese"], text), text


# --- nothing in English is left

CODE = {part for name in NOTEBOOKS for token in re.findall(r"\w+", re.sub(r'#.*|"[^"]*"', "", sources(name))) for part in [token]}
CODE |= {*dir(torch), *dir(torch.Tensor), *dir(torch.nn), *dir(torch.nn.functional), *dir(builtins), *keyword.kwlist, "BCE", "smoothing"}


def left(*shown: str) -> set[str]:
    """The English words in what is shown, but for names, code and what Python and torch say themselves."""
    text = re.sub(r"(?s)<style.*?</style>|<pre> 1 .*?</pre>|<[^>]*>", " ", "\n".join(shown))
    return {*re.findall("[A-Za-z]{3,}", re.sub(r"\w*(Error|Warning|Interrupt)\b.*|\w+[._]\w+", "", text))} - CODE


def shown_by(explorer) -> list[str]:
    controls = explorer.controls.values()
    options = [option[0] for control in controls for option in getattr(control, "options", ()) if isinstance(option, tuple)]
    return [repr(explorer).partition(": ")[2], explorer.page.value, explorer.sheet.value, explorer._told(), *options,
            *(control.description for control in [*controls, *explorer.buttons.values()])]


@pytest.fixture
def pseudo_spoken(tongue):
    tongue({message: pseudo(message) for message in template()})


@pytest.mark.parametrize("broken", BROKEN)
def test_what_is_said_of_broken_functions_is_not_english(pseudo_spoken, broken):
    function = BROKEN[broken][0]
    for complain in (lambda: ask(function, z[0].float(), like=z[0].softmax(-1))[1], lambda: ask(function, z[0].float(), like=z.sum())[1],
                     lambda: ask_gradient(function, z.float(), like=z)[1],
                     lambda: symptoms.complaint(function, z.float(), torch.tensor([1]))):
        assert not left(complain())
    for check in CHECKS:
        assert not left(check(function).message)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_no_check_speaks_english(pseudo_spoken, check):
    for function in [*RIGHT[check], *WRONG[check].values(), lambda *given: given[0].exp_(), lambda *given: torch.rand(3)]:
        assert not left(check(function).message.replace(name_of(function), ""))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_check_knows_the_same_slips_in_every_language(pseudo_spoken, check):
    for slip, function in WRONG[check].items():
        name = re.sub("it changes the (logits|labels) that", "it changes the X that", slip)
        name = translate.piece(name, pseudo).replace("X", slip.split()[3] if name != slip else "")
        told, *rows = check(function).message.splitlines()
        assert told.partition(": ")[2] == name
        names = [found[0] for found in (re.match(r"  (?:字{3}|torch)\s{2,}", row) for row in rows[:3]) if found]
        assert len(names) > 1 and len({(len(name), wide(name)) for name in names}) == 1, "the columns of the table"
    assert check(lambda *given: None).message.startswith("… <lambda> 字")
    assert ask_gradient(lambda z: z.sum().item(), z.float(), like=z)[1] == pseudo(
        "autograd finds no gradient: X leaves torch's operations on the way, as .item(), .detach() and numpy do").replace("X", "<lambda>")


def test_no_check_that_takes_long_speaks_english(pseudo_spoken):
    said = CHECKS[0](lambda *given: time.sleep(0.6) or given[0]).message
    assert said.startswith("… <lambda> 字") and not left(said.replace("lambda", ""))


BAD = [*((lambda bad=bad: inputs.check_logits(bad)) for bad in (
           [1], z.to_sparse(), z.to("meta"), z * 1j, z[:0], z.long(), z.sum(), z / 0)),
       *((lambda bad=bad, classes=classes: inputs.check_labels(torch.tensor(bad), classes)) for bad, classes in (
           ([3], 3), ([0.0], 3), ([[0.0, 1, 0]], 3), ([1], 1))),
       *((lambda bad=bad: inputs.check_targets(torch.tensor(bad), z)) for bad in ([1], [[0, 1, 0]], [[0, 255.0, 0]], [[0, 2.0, 7]], [[0]])),
       lambda: digits.digits(10)]


@pytest.mark.parametrize("number", range(len(BAD)))
def test_no_sentence_about_bad_input_is_english(pseudo_spoken, number):
    with pytest.raises((TypeError, ValueError)) as caught:
        BAD[number]()
    assert not left(str(caught.value)) and "字" in str(caught.value)


def test_what_is_odd_about_a_training_is_not_said_in_english(pseudo_spoken):
    told = [sentence for losses in ([1, 1, 1], [2, 5, 1], [2, 2.3, 1], [-1, -2, -3], [1, 0.9, 0.8], [math.nan], [1, math.inf], [1, 1e9])
            for accuracy in (0.2, 0.35, 0.9) for stopped in ("", "ValueError: x") for floor in (0.7, 0)
            for sentence in symptoms.symptoms(losses, accuracy, 0.6, floor, stopped)] + symptoms.symptoms([], None, 1, 0, "ValueError: x")
    assert len({*map(bare, told)}) > 12 and not left(*told)


@pytest.mark.parametrize("prediction", [choice, guess])
def test_no_prediction_speaks_english(pseudo_spoken, prediction):
    """But for what these two say of their own."""
    asked, seen = prediction(), []
    for button in asked.buttons.values():
        button.click()
        seen += [asked.page.value, button.description]
    for number in ("0.2", "7", "1.0986", "0.5", "x") * (asked.choices is None):
        seen.append(answered(asked, number))
    if not asked.choices:
        seen += [asked.number.placeholder, asked.number.description]
    data = asked._repr_mimebundle_()
    assert left(*seen, data["text/html"], data["text/plain"], repr(asked)) <= left(
        asked.question, *(asked.choices or {}), *(asked.choices or {}).values(), *map(str, asked.answer()))


def test_no_explorer_speaks_english_where_something_goes_wrong(pseudo_spoken):
    def fails(values, now):
        raise ValueError

    explorer = little(tasks=[("1", lambda values, now: now[0] < 0)])
    explorer.controls["logit 0"].value = -1
    assert not left(*shown_by(explorer)) - {"odd"}
    explorer.tasks = [("2", fails)]
    for compute in (explorer._compute, lambda values: 1 / 0):
        explorer._compute = compute
        with pytest.raises((ValueError, ZeroDivisionError)):
            explorer.controls["logit 1"].value -= 1
        assert not left(*shown_by(explorer)) - {"odd"}


@pytest.mark.parametrize("name, make", EXPLORERS)
def test_no_explorer_speaks_english(pseudo_spoken, name, make):
    explorer = explore(name, make)
    found = left(*shown_by(explorer))
    for button in explorer.buttons.values():
        button.click()
        found |= left(*shown_by(explorer))
    assert not found


@pytest.mark.parametrize("key", ASKED)
def test_no_question_speaks_english(pseudo_spoken, key):
    asked = ASKED[key]()
    next(iter(asked.buttons.values())).click()
    assert not left(asked._told(), asked.page.value, asked._asked(), asked._repr_mimebundle_()["text/html"])
