"""What is said, in the language that is spoken: say("a sentence with {name}", name=…).  English is the source, and what a catalogue lacks.

A sentence is translated when it is shown, so that texts in tables stay plain strings, and one process may speak both languages.
"""

import gettext
import os
import re
import unicodedata
from pathlib import Path

LOCALE = Path(__file__).parent / "locale"
LANGUAGES = ["en", *sorted(path.name for path in LOCALE.iterdir())]
WIDE = r"\u3000-\u9fff\uff00-\uff60"  # characters as wide as two others, in a pattern
_catalogue = gettext.NullTranslations()


def speak(language: str) -> None:
    """Choose the language of all that is said from now on: "en", or a catalogue by its name or the beginning of it, "zh" for zh_CN.

    Raises ValueError for any other.  An English notebook never calls it: the reader's system does not change what is said there.
    """
    global _catalogue
    found = [name for name in LANGUAGES if language in (name, name.partition("_")[0])]
    if not found:
        raise ValueError(f"no catalogue for the language {language!r}; there are {', '.join(LANGUAGES)}")
    _catalogue = gettext.NullTranslations()
    if found != ["en"]:
        with open(LOCALE / found[0] / "LC_MESSAGES" / "messages.mo", "rb") as file:
            _catalogue = gettext.GNUTranslations(file)


def wanted() -> str:
    """The language that LANGUAGE asks a command for, as in make worksheet LANGUAGE=zh; English where there is none like it."""
    first = os.environ.get("LANGUAGE", "").partition(":")[0]  # a system may have a list there: zh_CN:zh
    return first if first in [*LANGUAGES, *(name.partition("_")[0] for name in LANGUAGES)] else "en"


def say(sentence: str, **values) -> str:
    """The sentence in the language that is spoken, with the values in its {placeholders}; without values braces are braces."""
    said = _catalogue.gettext(sentence) if sentence else ""  # to gettext, "" is the catalogue's own header
    return said.format(**values) if values else said


def together(*sentences: str) -> str:
    """Sentences as one paragraph: with a blank between, but for where a full-width mark ends one."""
    return re.sub("(?<=[。！？；：]) ", "", " ".join(filter(None, sentences)))


def folded(text: str, width: int, indent: str = "") -> str:
    """A paragraph in lines of so many columns, broken at blanks and beside wide characters, but never before a mark that closes."""
    lines = [indent]
    for blank, piece in re.findall(rf"(\s*)([“（]*(?:[{WIDE}]|[^\s{WIDE}]+)[”，。、；：？！）]*)", text):
        longer = lines[-1] + (blank if lines[-1] != indent else "") + piece
        if lines[-1] == indent or len(longer) + wide(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(indent + piece)
    return "\n".join(lines)


def spoken() -> str:
    """The language that is spoken: "en", or the name of a catalogue."""
    return _catalogue.info().get("language", "en")


def wide(text: str) -> int:
    """How many characters are as wide as two others."""
    return sum(unicodedata.east_asian_width(character) in "WF" for character in text)


def column(text: str, width: int) -> str:
    """A text filled up to so many columns, of which a wide character takes two: beside wide ones with wide blanks."""
    missing = max(0, width - len(text) - wide(text))
    return text + "\u3000" * (missing // 2 if wide(text) else 0) + " " * (missing % 2 if wide(text) else missing)
