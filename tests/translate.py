"""make translations: the catalogues of what is said, and from them and the English source the editions in other languages.

A document is walked through piece by piece, and each piece that holds words is given to say(piece): the extractors write the pieces
down, and a build puts in their place what the catalogue has for them.  So what is extracted is what is built.  Paragraphs, headings,
items and cells of tables are pieces, without their line breaks: who wraps a paragraph anew changes no message.
"""

import ast
import copy
import importlib
import io
import itertools
import json
import os
import posixpath
import re
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
from babel.messages import Catalog, Message, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from utils.language import wide

ROOT = Path(__file__).parent.parent
LANGUAGES = ["zh_CN"]
NAMES = {"zh_CN": "中文"}  # as the English documents link to them
SOURCES = [path.relative_to(ROOT).as_posix() for pattern in ("README.md", "TEACHING.md", "notebooks/glossary.md", "notebooks/*.ipynb")
           for path in sorted(ROOT.glob(pattern))]
PAGE = ".site/index.html"  # one file for all languages

HAN = "\u4e00-\u9fff"
WORD = re.compile(rf"[^\W\d_{HAN}]{{2}}|[{HAN}]")
SAME = {  # what a message and its translation have in common, as far as the text before has not taken it
    "code": r"```.*?```|`[^`]*`", "formulas": r"\$[^$]*\$", "links": r"\]\([^()\s]*\)|https?://[^\s)]+", "tags": r"<[^>]*>",
    "placeholders": r"\{[^{}]*\}", "line breaks": r"\\n",
}
NO_WORDS = re.compile("|".join(SAME.values()), re.S)


def bare(text: str, instead: str = "") -> str:
    """A text without all that."""
    return NO_WORDS.sub(instead, text)


def worded(text: str) -> bool:
    """Whether there is anything to translate."""
    return bool(WORD.search(bare(text)))


def piece(text: str, say: Callable[[str], str]) -> str:
    return say(text) if worded(text) else text


# --- Markdown

LINE = re.compile(rf"(?P<raw>\[(?:!\[|[{HAN}]).*)|(?P<row>\|.*)|(?P<tags>(?:<[^>]+>)+)(?P<tagged>[^<]*)(?P<end>.*)"
                  r"|(?P<mark>#+ |\s*(?:[-*]|\d+\.) )(?P<rest>.*)")


def markdown(text: str, say: Callable[[str], str]) -> str:
    """A text of Markdown with each of its pieces said; its badges and formulas stay, and of code all but the comments."""
    told, paragraph = [], []  # the lines of the paragraph that is being read, after what it begins with, such as "- "

    def flush():
        if paragraph:
            told.append(paragraph[0] + piece(" ".join(paragraph[1:]), say))
            paragraph.clear()

    lines = iter(text.split("\n"))
    for line in lines:
        if fence := re.match(r"\s*(```|\$\$)(\w*)", line):
            flush()
            (mark, language), block = fence.groups(), [line]
            while (len(block) == 1 and (mark == "```" or line.count("$$") == 1)) or not block[-1].rstrip().endswith(mark):
                block.append(next(lines))
            if mark == "```":
                body = "\n".join(block[1:-1])
                block[1:-1] = [re.sub(r"(?m)(^|\s)# (.+)$", lambda found: f"{found[1]}# {piece(found[2], say)}", body) if language
                               else piece(body, say)]
            told.append("\n".join(block))
        elif not (found := LINE.fullmatch(line)):
            if not line.strip():
                flush()
                told.append(line)
            else:
                paragraph += ([] if paragraph else [""]) + [line.strip()]
        else:
            flush()
            if found["mark"] is not None:
                paragraph += [found["mark"], found["rest"].strip()]
                if "#" in found["mark"]:
                    flush()
            elif found["row"] is not None:
                told.append("|".join(re.sub(r"\S(.*\S)?", lambda cell: piece(cell[0], say), cell) for cell in line.split("|")))
            else:
                told.append(found["raw"] or found["tags"] + piece(found["tagged"], say) + found["end"])
    flush()
    return "\n".join(told)


# --- code cells: the comments, and the strings that a reader is shown

LITERAL = re.compile(r"""(f?)(["'])((?:\\.|(?!\2)[^\\\n])*)\2\s*""")


def strings(source: str) -> Iterator[tuple[int, int, str, str, str]]:
    """(start, end, before, text, after) of each string that is printed, has more than one word or ends in a blank; not of shell commands.

    Where a string stands, ast says the same in every Python; what f-strings are made of, Python 3.12 has changed.
    """
    lines = source.splitlines(keepends=True)

    def at(line: int, column: int) -> int:  # ast counts bytes
        return sum(map(len, lines[:line - 1])) + len(lines[line - 1].encode()[:column].decode())

    def within(node: ast.AST, caller: str) -> Iterator[tuple[int, int, str, str, str]]:
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            start, end = at(node.lineno, node.col_offset), at(node.end_lineno, node.end_col_offset)
            parts = [*LITERAL.finditer(source[start:end])]  # more than one where they stand one after the other
            assert "".join(part[0] for part in parts) == source[start:end], f"neither '…' nor \"…\" nor f\"…\": {source[start:end]}"
            assert len({part[1] for part in parts if "{" in part[3]} | {part[1] for part in parts if part[1]}) < 2, source[start:end]
            text = "".join(part[3] for part in parts)
            if worded(text) and caller != "os.system" and (caller in ("print", "sys.exit") or re.search(rf"\w [\w(]|[{HAN}]| $", text)):
                yield start, end, max(part[1] for part in parts) + parts[0][2], text, parts[0][2]
            return
        caller = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        for child in ast.iter_child_nodes(node):
            yield from within(child, caller)

    yield from within(ast.parse(re.sub(r"(?m)^%", "#", source)), "")  # %xmode is no Python


def comments(source: str) -> Iterator[tuple[int, int, str, str, str]]:
    """The same of each comment with words."""
    lines = source.splitlines(keepends=True)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and worded(token.string):
            start, text = sum(map(len, lines[:token.start[0] - 1])) + token.start[1], token.string.lstrip("# ")
            yield start, start + len(token.string), token.string[:len(token.string) - len(text)], text, ""


def code(source: str, say: Callable[[str], str]) -> str:
    """A code cell with its comments and strings said."""
    found = sorted([*strings(source), *comments(source)])
    said = [say(text.strip()) for _, _, _, text, _ in found]
    for (start, end, before, text, quote), new in reversed([*zip(found, said)]):
        if quote:
            alike = [(other, its) for (_, _, _, other, its_quote), its in zip(found, said) if its_quote and len(other) == len(text)]
            new = re.match(" *", text)[0] + (in_column(new, alike) if any(other.endswith(" ") for other, _ in alike) else new)
            assert quote not in re.sub(r"\{.*?\}", "", new), f"the quotation mark {quote} would end the string: {new}"
        source = source[:start] + before + new + quote + source[end:]
    return source


def in_column(new: str, alike: list[tuple[str, str]]) -> str:
    """A string with as many wide and as many narrow characters as those that blanks had made as long, so that columns stay columns."""
    full, half = max(wide(said) for _, said in alike), max(len(said) - wide(said) for _, said in alike)
    blank = min(len(text) - len(text.rstrip()) for text, _ in alike)
    if len(alike) == 1:  # a column with numbers or names beside it: in a browser three wide characters are as wide as five others
        return new + " " * round(len(alike[0][0]) - len(new) - wide(new) * 2 / 3)
    return new + "\u3000" * (full - wide(new)) + " " * (half - len(new) + wide(new) + blank)


def notebook(source: nbformat.NotebookNode, say: Callable[[str], str]) -> nbformat.NotebookNode:
    """A copy with all its cells said, not executed."""
    told = copy.deepcopy(source)
    for cell in told.cells:
        cell.source = (markdown if cell.cell_type == "markdown" else code)(cell.source, say)
        if cell.cell_type == "code":
            cell.update(outputs=[], execution_count=None)
    return told


# --- the page for phones

TABLE = re.compile(r"(?<=const SENTENCES = )\{.*?\n\}(?=;\n)", re.S)  # JSON: {language: {key: a sentence, or a list of them}}


def page(text: str, say: Callable[[str], str], language: str = "en") -> str:
    """The page with its English sentences said, in the entry of a language, and with what no script can put there."""
    table = json.loads(TABLE.search(text)[0])
    table[language] = {key: [*map(say, said)] if isinstance(said, list) else say(said) for key, said in table["en"].items()}
    unscripted = "".join(f'<p lang="{language}">{said["noscript"]}</p>' for language, said in table.items())
    for tag, told in ("title", table["en"]["title"]), ("noscript", unscripted):
        text = re.sub(f"(?<=<{tag}>).*(?=</{tag}>)", lambda _: told, text)
    return TABLE.sub(lambda _: json.dumps(table, ensure_ascii=False, indent=2), text)


# --- extraction: functions that Babel calls for each file

Found = Iterator[tuple[int, None, str, list]]  # a line, which is not kept, the function's name, the message and comments


def pieces(walk: Callable[[str, Callable], object], text) -> Found:
    found = []
    walk(text, lambda text: found.append(text) or text)
    return ((1, None, text, []) for text in found)


def extract_markdown(file, keywords, comment_tags, options) -> Found:
    return pieces(markdown, file.read().decode("utf8"))


def extract_notebook(file, keywords, comment_tags, options) -> Found:
    return pieces(notebook, nbformat.reads(file.read().decode("utf8"), as_version=4))


def extract_page(file, keywords, comment_tags, options) -> Found:
    return pieces(page, file.read().decode("utf8"))


def extract_marked(file, keywords, comment_tags, options) -> Found:
    yield from ((1, None, text, []) for text in marked(ast.parse(file.read())))


def extract_python(file, keywords, comment_tags, options) -> Found:
    """What is marked, and the texts that stand in tables."""
    yield from extract_marked(file, keywords, comment_tags, options)
    module = importlib.import_module(f"utils.{Path(file.name).stem}")
    yield from ((1, None, text, []) for text in filter(worded, tables(module)))


def marked(node: ast.AST) -> Iterator[str]:
    """The sentences that are handed to say(), in f-strings too: Babel's own extractor does not look into these."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "say" and isinstance(node.args[0], ast.Constant):
        yield node.args[0].value
    for child in ast.iter_child_nodes(node):
        yield from marked(child)


def tables(module) -> Iterator[str]:
    """The texts of a module that are plain strings in the code and are translated where they are shown.

    They are taken from the tables as they are in the end, however the code has put them together.
    """
    from tests.topics import EXPLORERS, explore  # at once a reader of all notebooks
    from utils.check import Task
    from utils.predict import Prediction, Questions
    from utils.slips import Fault, Slip

    def texts(value) -> Iterator[str]:
        if isinstance(value, (Slip, Fault)):
            yield from (value.name, value.thought)
        elif isinstance(value, Task):
            yield from texts([value.slips, value.faults])
        elif isinstance(value, Prediction):
            yield value.question
            yield from itertools.chain.from_iterable((value.choices or {}).items())
        elif isinstance(value, Questions):
            asks = [ask for asks in vars(value).values() for ask in (asks if isinstance(asks, list) else [asks])]
            yield from texts([ask() for ask in dict.fromkeys(asks)])
        elif isinstance(value, list):
            yield from itertools.chain.from_iterable(map(texts, value))
        elif callable(value):  # of drawn.asks
            yield from getattr(value, "sentences", ())

    yield from vars(module).get("SAYS", {}).values()
    for name, make in EXPLORERS:
        if getattr(vars(module).get(make), "__module__", "") == module.__name__:
            explorer = explore(name, make)
            yield from (sentence for sentence, _ in explorer.tasks)
            yield from explorer.buttons
            for control in explorer.controls.values():
                yield control.description
                yield from (option[1] for option in getattr(control, "options", ()) if isinstance(option, tuple))
    yield vars(module).get("STILL", "")
    yield from texts([*vars(module).values()])


METHODS = [("README.md", extract_markdown), ("TEACHING.md", extract_markdown), ("notebooks/glossary.md", extract_markdown),
           ("notebooks/*.ipynb", extract_notebook), ("utils/*.py", extract_python),
           (".voila/*.py", extract_marked), (".site/*.py", extract_marked), (PAGE, extract_page)]


def template() -> Catalog:
    """All messages that there are now, in the order of the files; without dates or lines, which would change more often than they do."""
    catalog, here = Catalog(), os.getcwd()
    os.chdir(ROOT)
    try:
        folders = {name.partition("/")[0] for name, _ in METHODS}
        for name, _, message, _, _ in extract.extract_from_dir(".", METHODS, keywords={"say": None}, directory_filter=lambda folder: (
                Path(folder).name in folders)):
            catalog.add(message, locations=[(name, 1)])
    finally:
        os.chdir(here)
    return catalog


# --- catalogues

def po(language: str) -> Path:
    return ROOT / "utils/locale" / language / "LC_MESSAGES/messages.po"


def read(language: str) -> Catalog:
    with open(po(language), "rb") as file:
        return read_po(file, locale=language)


def update(catalog: Catalog, template: Catalog) -> None:
    """Leaves the messages that there are now: new ones empty, unused ones gone, changed ones fuzzy with what they had.

    What the English of a fuzzy one was is kept in a comment: of longer ones Babel's own "#|" comes out broken.
    """
    catalog.update(template, update_creation_date=False)
    for message in catalog:
        message.flags &= {"fuzzy"}  # "70 % sure" is no format
        comments = message.user_comments
        was = next((k for k, line in enumerate(comments) if line.startswith("was: ")), len(comments))
        before = [f"was: {message.previous_id[0]}"] if message.previous_id else comments[was:]
        message.user_comments = comments[:was] + (before if message.fuzzy else [])


def write(catalog: Catalog, path: Path) -> None:
    """As .po, and what a reader needs of it as .mo beside it."""
    with open(path, "wb") as file:
        write_po(file, catalog, include_lineno=False, ignore_obsolete=True)
    compile(path)


def compile(path: Path) -> None:
    with open(path, "rb") as source, open(path.with_suffix(".mo"), "wb") as compiled:
        write_mo(compiled, read_po(source))


def complete(language: str) -> bool:
    """Whether a catalogue claims to have everything: until then no edition is built."""
    return "# Complete: yes" in read(language).header_comment.splitlines()


# --- what a translation must not lose, and how Chinese is set

def parts(text: str, kind: str) -> set[str]:
    """What a text has of a kind of SAME, or its numbers, in no order: sentences may be rebuilt, and a pronoun be a name."""
    if kind == "numbers":
        return {*re.findall(r"\d+(?:[.,]\d+)*", bare(text))}
    return {found[0] for found in NO_WORDS.finditer(text) if re.fullmatch(SAME[kind], found[0], re.S)}


def terms(catalog: Catalog) -> dict[str, list[str]]:
    """The terms in a catalogue's header: {the English forms as a pattern: translations}."""
    lines = re.findall(r"^# Term: (.*) → (.*)$", catalog.header_comment, re.M)
    return {rf"(?i)(?<![\w.])({'|'.join(map(re.escape, forms.split(', ')))})(?!\w)": said.split(" | ") for forms, said in lines}


def faults(message: Message, catalog: Catalog) -> list[str]:
    """What is wrong with a translation, as far as that shows without reading it."""
    wrong, english, said = [], message.id, message.string
    for kind in [*SAME, "numbers"]:
        theirs = parts(said, kind)
        for part in sorted(parts(english, kind)):
            named = catalog.get(part.strip("`"))  # the name of a control in the text
            if not theirs & (both := {part, f"`{named.string}`" if kind == "code" and named else part}):
                wrong.append(f"{part} is missing ({kind})")
            theirs -= both
        wrong += [f"{part} is not in the English ({kind})" for part in sorted(theirs)]
    without = [term for line in message.user_comments if line.startswith("without: ") for term in line[9:].split(", ")]
    for pattern, wanted in terms(catalog).items():
        found = re.search(pattern, bare(english))
        if found and found[0].lower() not in without and not any(term.lower() in said.lower() for term in wanted):
            wrong.append(f"{found[0]} is {' or '.join(wanted)} everywhere (or a comment says “without: {found[0].lower()}”)")
    wrong += [f"“{found}”: {rule}" for rule, pattern in TYPOGRAPHY.items() for found in re.findall(pattern, set_for_rules(said))]
    wrong += [f"“{found[0]}”: slanted Han overlap: ** instead of *" for found in re.finditer(EMPHASIS, bare(said, "X"))
              if found[1] == "*" and re.search(f"[{HAN}]", found[2])]
    return wrong + [f"“{found[0]}”: Markdown shows the * as it is, beside a punctuation mark: put that outside, or a blank between"
                    for found in unmarked(bare(said, "X"))]


EMPHASIS = r"(\*{1,2})([^*\s][^*]*)\1"


def unmarked(text: str) -> Iterator[re.Match]:
    """What is to be emphasised and is not: it begins or ends with a punctuation mark, and a letter follows right outside."""
    for found in re.finditer(EMPHASIS, text):
        before, after = text[:found.start()][-1:], text[found.end():][:1]
        if re.match(r"\w[^\w\s]", before + found[2][0]) or re.match(r"[^\w\s]\w", found[2][-1] + after):
            yield found


def set_for_rules(text: str) -> str:
    """A text with an X for each piece of code and the like, its links as their words, without tags and marks of emphasis."""
    return re.sub(r"[*\[\]]", "", bare(re.sub(r"\]\([^()]*\)", "]", re.sub(SAME["tags"], "", text)), "X"))


TYPOGRAPHY = {
    "a blank between Chinese and Latin, numbers or code": rf"[{HAN}][A-Za-z0-9]+|[A-Za-z0-9]+[{HAN}]",
    "full-width punctuation in Chinese": rf"[{HAN}][,.;:!?](?!\w)|[,;:!?] ?[{HAN}]|[{HAN}] ?\(|\)[{HAN}]|[{HAN}]\"|\"[{HAN}]",
    "no blank beside full-width punctuation": r"\S+ [，。、；：？！（）]|[，。、；：？！（）] \S+",
}



# --- editions

def edition(path: str, language: str) -> str:
    """Where the edition of a source stands: notebooks/zh/01_softmax.ipynb, README.zh.md; the page in itself."""
    if path == PAGE:
        return path
    short = language.partition("_")[0]
    folder, name = posixpath.split(path)
    return f"{folder}/{short}/{name}" if folder else name.replace(".", f".{short}.")


def relinked(text: str, path: str, language: str) -> str:
    """A text of Markdown with its links pointing from the edition to editions, and to the source where it pointed to the edition."""
    there = edition(path, language)

    def target(found: re.Match) -> str:
        address, anchor = re.fullmatch("([^#]*)(.*)", found[1]).groups()
        if "://" in address:
            address = re.sub(r"\bnotebooks/\d\w+\.ipynb", lambda name: edition(name[0], language), address)
        elif address:
            address = posixpath.normpath(posixpath.join(posixpath.dirname(path), address))
            address = edition(address, language) if address in SOURCES else path if address == there else address
            address = posixpath.relpath(address, posixpath.dirname(there) or ".")
        return f"]({address}{anchor})"

    return re.sub(r"\]\(([^()\s]+)\)", target, text).replace(f"[{NAMES[language]}](", "[English](")


def build(path: str, language: str) -> str | nbformat.NotebookNode:
    """The edition of a source, from the source and the catalogue: a text, or a notebook that is not executed.

    Of the page, itself with what it says in that language.
    """
    catalog = {message.id: message.string for message in read(language) if message.string and not message.fuzzy}

    def say(text: str) -> str:
        return catalog.get(text, text)

    if path == PAGE:
        return page((ROOT / PAGE).read_text(encoding="utf8"), say, language.replace("_", "-"))
    if not path.endswith(".ipynb"):
        return relinked(markdown((ROOT / path).read_text(encoding="utf8"), say), path, language)
    told = notebook(nbformat.read(ROOT / path, as_version=4), say)
    for cell in told.cells:
        if cell.cell_type == "markdown":
            cell.source = relinked(cell.source, path, language)
    first = next(cell for cell in told.cells if cell.cell_type == "code")
    first.source = first.source.replace('[".."', '["../.."') + f'\n\nfrom utils.language import speak\nspeak("{language}")'
    return told


if __name__ == "__main__":
    for language in LANGUAGES:
        catalog = read(language)
        update(catalog, template())
        write(catalog, po(language))
        missing, fuzzy = (sum(map(state, catalog)) for state in (lambda message: not message.string, lambda message: message.fuzzy))
        print(f"{language}: {len(catalog)} messages, {missing} not translated, {fuzzy} fuzzy: {po(language).relative_to(ROOT)}")
