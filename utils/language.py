"""What is said, in the language that is spoken: say("a sentence with {name}", name=…).  English is the source, and what a catalogue lacks.

A sentence is translated when it is shown, so that texts in tables stay plain strings, and one process may speak both languages.
"""

import gettext
import os
import unicodedata
from pathlib import Path

LOCALE = Path(__file__).parent / "locale"
LANGUAGES = ["en", *sorted(path.name for path in LOCALE.iterdir())]
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


def wide(text: str) -> int:
    """How many characters are as wide as two others."""
    return sum(unicodedata.east_asian_width(character) in "WF" for character in text)


def column(text: str, width: int) -> str:
    """A text filled up to so many columns, of which a wide character takes two: beside wide ones with wide blanks."""
    missing = max(0, width - len(text) - wide(text))
    return text + "\u3000" * (missing // 2 if wide(text) else 0) + " " * (missing % 2 if wide(text) else missing)
