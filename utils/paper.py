"""What is handed out on paper: pages for A4 and Letter, the explorers' pictures in SVG to draw into, and the files of a seed.

Each sheet fits into what A4 and Letter have in common.  Colours have the hatches of the explorers, so that a black-and-white print reads.
"""

import html
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from utils.drawn import VERSION, Drawn, Question
from utils.language import say, speak, spoken, together, wanted, wide
from utils.picture import COLOURS
from utils.plots import TRUE, number
from utils.predict import marked

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "build"
CHROME = next(filter(None, map(shutil.which, (
    "chromium", "chromium-browser", "google-chrome", "chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", r"C:\Program Files\Google\Chrome\Application\chrome.exe"))), None)

STYLE = """
@page { margin: 13mm 15mm; }
body { margin: 0; color: #000; font: 11pt/1.38 "Segoe UI", "Helvetica Neue", Arial, "DejaVu Sans", sans-serif; }
i:lang(zh) { font-style: normal; font-weight: bold; }  /* slanted Han overlap */
.sheet { width: 180mm; min-height: 248mm; box-sizing: border-box; display: flex; flex-direction: column; break-inside: avoid; }
.sheet + .sheet { break-before: page; }
footer { margin-top: auto; padding-top: 2mm; font-size: 7.5pt; color: #444; display: flex; justify-content: space-between; }
h1 { font-size: 16pt; line-height: 1.2; margin: 0 0 2mm; } h2 { font-size: 12pt; margin: 4mm 0 1mm; }
h2 small { font-weight: normal; float: right; font-size: 9.5pt; } p { margin: 1mm 0; }
.line { display: flex; gap: 6mm; margin: 3mm 0; } .line span { border-bottom: 1px solid #000; flex: 3; } .line span + span { flex: 2; }
.key { border: 2px solid #000; padding: 0 3mm; font-weight: bold; float: right; font-size: 16pt; letter-spacing: 2mm; }
table { border-collapse: collapse; margin: 1.5mm 0; } th, td { border: 1px solid #000; padding: 0.7mm 2.5mm; text-align: center; }
th { font-weight: normal; background: none; } td { min-width: 19mm; height: 7mm; } tfoot td { font-weight: bold; }
pre { margin: 1mm 0; padding: 1mm 3mm; border-left: 2px solid #000; } code, pre { font: 10pt/1.45 Consolas, "DejaVu Sans Mono", monospace; }
ol { margin: 1mm 0; padding-left: 6mm; } li { break-inside: avoid; margin-bottom: 2mm; } .questions > li { margin-bottom: 6mm; }
.choices { list-style: none; padding: 0; margin: 1mm 0; } .choices li { margin: 0.8mm 0 0.8mm 6mm; text-indent: -6mm; }
.choices.short { display: grid; grid-template-columns: 1fr 1fr; } .right { font-weight: bold; }
.keyed { font-size: 9.5pt; } .keyed h1 { font-size: 13pt; } .keyed .choices { margin: 0; } .nowrap { white-space: nowrap; }
.why, .why code { font-size: 8.5pt; }
.why { line-height: 1.25; margin: 0.5mm 0 0 6mm; }
.fill, .rule { display: inline-block; min-width: 18mm; border-bottom: 1px solid #000; } .rule { min-width: 115mm; height: 8mm; }
svg.inline { display: inline; vertical-align: -0.4mm; }
svg { display: block; } svg text { font: 3.3px Arial, "DejaVu Sans", sans-serif; } .answer { font-weight: bold; }
@media screen { body { background: #ddd; } .sheet { background: #fff; margin: 6mm auto; padding: 6mm 8mm; width: 196mm; } }
"""
LETTERS = {"zh_CN": '"PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "WenQuanYi Zen Hei", '}  # fonts that have them
FILL, RULE = "<span class=fill>&nbsp;</span>", "<span class=rule></span>"
HATCHES = "".join(
    f'<pattern id="class{k}" width="3" height="3" patternUnits="userSpaceOnUse"{turn}><rect width="3" height="3" fill="{colour}"/>{mark}'
    "</pattern>" for k, (colour, turn, mark) in enumerate(zip(COLOURS, (' patternTransform="rotate(45)"', "", ""), (
        '<path d="M0 0V3" stroke="#fff" stroke-width="1.1"/>', '<circle cx="1.5" cy="1.5" r="0.55" fill="#fff"/>',
        '<path d="M0 0L3 3M3 0L0 3" stroke="#fff" stroke-width="0.5"/>'))))
MARKERS = '<circle cx="2" cy="2" r="1.7"', '<rect x="0.4" y="0.4" width="3.2" height="3.2"', '<path d="M2 0.2L3.9 3.7H0.1Z"'


# --- pages

def document(title: str, sheets: Sequence[str], seed: int, key: bool) -> str:
    """A page of HTML that needs nothing else.  Each sheet has a footer of its own, so that a lost one is found again."""
    mark = say("KEY") if key else ""
    foot = say("{title} · seed {seed} · version {version}", title=title, seed=seed, version=VERSION) + (mark and f" · {mark}")
    pages = "\n".join(
        f"<section class=sheet>{mark and f'<div><span class=key>{mark}</span></div>'}{sheet}"
        f"<footer><span>{foot}</span><span>{k} / {len(sheets)}</span></footer></section>" for k, sheet in enumerate(sheets, 1))
    hatches = f'<svg width="0" height="0" style="position: absolute" aria-hidden="true"><defs>{HATCHES}</defs></svg>'
    style = re.sub("sans-serif|monospace", rf"{LETTERS.get(spoken(), '')}\g<0>", STYLE)
    return (f'<!DOCTYPE html>\n<html lang="{spoken().replace("_", "-")}"><head><meta charset="utf-8"><title>{title}{mark and f" {mark}"}'
            f'</title>\n<style>{style}</style></head>\n<body{" class=keyed" if key else ""}>{hatches}\n{pages}\n</body></html>\n')


def head(title: str, intro: str, minutes: int, points: int, key: bool) -> str:
    line = "" if key else f"<div class=line><span>{say('Name')}</span><span>{say('Date')}</span></div>"
    told = say("{minutes} minutes, {points} points.", minutes=minutes, points=points)
    return f"<h1>{title}</h1>{line}<p>{together(told, intro)}</p>"


def heading(text: str, points: int, minutes: int) -> str:
    return f"<h2><small>{say('{points} points, {minutes} minutes', points=points, minutes=minutes)}</small>{text}</h2>"


def choices_of(question: Question, key: bool) -> str:
    """A question with boxes to tick, in two columns where the choices are short."""
    ticked = [(choice, key and choice == question.right) for choice in question.choices]
    listed = "".join(f"<li{' class=right' if right else ''}>{'☒' if right else '☐'}&ensp;{'ABCD'[k]}&ensp;{marked(choice)}</li>"
                     for k, (choice, right) in enumerate(ticked))
    short = all(len(choice) + wide(choice) < 40 for choice in question.choices)
    return f"{marked(question.text)}<ul class='choices{' short' * short}'>{listed}</ul>"


def feedback(question: Question) -> str:
    """For the key: why the right choice is right, with the numbers, and what each wrong one misses."""
    told = []
    for letter, (choice, why) in zip("ABCD", question.choices.items()):
        right = choice == question.right
        sentence = (say("{letter}: {why} {evidence}.", letter=letter, why=why, evidence=question.evidence) if right
                    else say("{letter}: {why}", letter=letter, why=why))
        told.append(f"<p class='why{' right' * right}'>{marked(sentence)}</p>")
    return "".join(told)


def table(names: Sequence[str], rows: Sequence[Sequence[str]], foot: Sequence[str] = ()) -> str:
    """A table whose first column and header are given; an empty text is a cell to fill in."""
    body = "".join(f"<tr><th>{row[0]}</th>{''.join(f'<td>{cell}</td>' for cell in row[1:])}</tr>" for row in rows)
    feet = f"<tfoot><tr><th>{foot[0]}</th>{''.join(f'<td>{cell}</td>' for cell in foot[1:])}</tr></tfoot>" if foot else ""
    return f"<table><thead><tr>{''.join(f'<th>{name}</th>' for name in names)}</tr></thead><tbody>{body}</tbody>{feet}</table>"


def marker(k: int, true: bool = False) -> str:
    """A class's name as the explorers write it: ★ where it is the true one, its marker in its colour, its index."""
    star = f"{TRUE} " if true else ""
    return f'{star}<svg class="inline" width="3.4mm" height="3.4mm" viewBox="0 0 4 4">{MARKERS[k]} fill="{COLOURS[k]}"/></svg> {k}'


def samples() -> str:
    """The hatch of each class beside its marker."""
    return "&emsp;".join(f'<span class=nowrap>{marker(k)} <svg class="inline" width="12mm" height="4.5mm" viewBox="0 0 12 4.5">'
                         f'{box(0.2, 0.2, 11.6, 4.1, f"url(#class{k})")}</svg></span>' for k in range(3))


# --- the explorers' pictures, empty or filled in

def svg(height: float, *parts: str) -> str:
    return f'<svg width="180mm" height="{height:g}mm" viewBox="0 0 180 {height:g}">{"".join(parts)}</svg>'


def box(x: float, y: float, width: float, height: float, look: str = "none", edge: float = 0.35) -> str:
    return (f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}" fill="{look}" stroke="#000" '
            f'stroke-width="{edge:g}"/>')


def line(x0: float, y0: float, x1: float, y1: float, look: str = "#000", thick: float = 0.25) -> str:
    return f'<path d="M{x0:.2f} {y0:.2f}L{x1:.2f} {y1:.2f}" stroke="{look}" stroke-width="{thick:g}" fill="none"/>'


def text(words: str, x: float, y: float, anchor: str = "middle", look: str = "") -> str:
    return f'<text x="{x:.2f}" y="{y:.2f}" text-anchor="{anchor}"{look and f" class={look}"}>{html.escape(words)}</text>'


def across(low: float, high: float, x0: float, x1: float, y: float, step: float, names: Sequence[float]) -> str:
    """A ruler from x0 to x1 with a tick each step, those of the names longer."""
    ticks = [low + k * step for k in range(round((high - low) / step) + 1)]
    at = [x0 + (tick - low) / (high - low) * (x1 - x0) for tick in ticks]
    return line(x0, y, x1, y) + "".join(line(x, y, x, y + (2 if any(math.isclose(tick, name) for name in names) else 1))
                                        for x, tick in zip(at, ticks)) + "".join(
        text(f"{name:g}", x0 + (name - low) / (high - low) * (x1 - x0), y + 5.2) for name in names)


def strip(drawn: Drawn | None) -> str:
    """Softmax: a strip of length 1 over a ruler, to be cut at the shares; with an image it is cut."""
    parts, start = [], 15.0
    for k, share in enumerate(drawn.shares if drawn else ()):
        parts += [box(start, 6, 150 * share, 14, f"url(#class{k})"), text(str(k), start + 75 * share, 5, look="answer")]
        start += 150 * share
    return svg(28, *parts, box(15, 6, 150, 14), across(0, 1, 15, 165, 21.5, 0.05, (0, 0.5, 1)))


def curve(drawn: Drawn | None) -> str:
    """Cross-entropy: the curve of −log p on a grid, where the label's share and its loss are to be marked; with an image they are."""
    at = lambda p, loss: (25 + 130 * p, 3 + 60 * (1 - loss / 3))  # noqa: E731
    grid = [line(*at(k / 10, 0), *at(k / 10, 3), "#bbb", 0.15) for k in range(11)]
    grid += [line(*at(0, k / 4), *at(1, k / 4), "#bbb", 0.15 if k % 4 else 0.3) for k in range(13)]
    points = " ".join("{:.2f},{:.2f}".format(*at(math.exp(-k / 20), k / 20)) for k in range(61))
    names = [text(f"{k}", 22, at(0, k)[1] + 1.2, "end") for k in range(4)] + [text("−log p", 12, 5), text("p", 160, 67)]
    parts = [*grid, f'<polyline points="{points}" fill="none" stroke="#000" stroke-width="0.5"/>', *names,
             across(0, 1, 25, 155, 63, 0.05, (0, 0.5, 1))]
    if drawn:
        (x, y), k = at(drawn.shares[drawn.label], drawn.ce), drawn.label
        parts += [box(x - 1, y, 2, 63 - y, f"url(#class{k})"), f'<circle cx="{x:.2f}" cy="{y:.2f}" r="1.6"/>',
                  text(f"{number(drawn.shares[k])}, {number(drawn.ce)}", x + 3, y - 1.5, "start" if x < 100 else "end", "answer")]
    return svg(70, *parts)


def columns(drawn: Drawn | None) -> str:
    """Sigmoid: three columns of height 1, to be split at σ, what the truth gets to be hatched; with an image they are."""
    at = lambda value: 4 + 60 * (1 - value)  # noqa: E731
    parts = [line(30, at(k / 20), 32 if k % 10 else 33, at(k / 20)) for k in range(21)]
    parts += [text(f"{value:g}", 28, at(value) + 1.2, "end") for value in (0, 0.5, 1)] + [line(30, 4, 30, 64)]
    for k in range(3):
        x = 45 + 40 * k
        if drawn:
            s, y = drawn.sigmas[k], drawn.target[k]
            top, bottom = (f"url(#class{k})" if given else "none" for given in (1 - y, y))
            parts += [box(x, at(1), 22, 60 * (1 - s), top), box(x, at(s), 22, 60 * s, bottom),
                      text(number(s), x + 23, at(s) + 1, "start", "answer")]
        parts += [box(x, 4, 22, 60), text(str(k), x + 11, 69)]
    return svg(71, *parts)


def ruler(drawn: Drawn | None) -> str:
    """The losses: lanes over one ruler in nats, for the three losses end to end, their mean, and the cross-entropy."""
    at = lambda loss: 32 + 28 * loss  # noqa: E731
    parts = [text(name, 29, 7.5 + 11 * k, "end") for k, name in enumerate(("Σ −log", "BCE = Σ ÷ 3", "CE"))]
    parts += [line(32, 2, 32, 35), *(line(at(k / 2), 2, at(k / 2), 35, "#bbb", 0.15) for k in range(1, 11))]
    if drawn:
        ends, k = [sum(drawn.losses[:j]) for j in range(4)], drawn.label
        parts += [box(at(ends[j]), 2, 28 * drawn.losses[j], 8, f"url(#class{j})") for j in range(3)]
        parts += [box(at(0), 13, 28 * drawn.bce, 8, "#777"), *(box(at(drawn.bce * j), 13, 28 * drawn.bce, 8) for j in (1, 2)),
                  box(at(0), 24, 28 * drawn.ce, 8, f"url(#class{k})")]
        parts += [text(number(value), at(end) + 2, 7.2 + 11 * j, "start", "answer")
                  for j, (value, end) in enumerate(((ends[3], ends[3]), (drawn.bce, ends[3]), (drawn.ce, drawn.ce)))]
    return svg(42, *parts, across(0, 5, 32, 172, 35, 0.1, range(6)), text(say("nats"), 180, 40.2, "end"))


# --- files

def command(name: str, files: Callable[[int], dict[str, str | bytes]]) -> None:
    """python -m utils.NAME SEED: writes all files of the seed, PDFs too where there is a Chromium, or says in one sentence why not.

    In the language that LANGUAGE asks for.
    """
    speak(wanted())
    given = " ".join(sys.argv[1:])
    if not re.fullmatch("[0-9]{1,9}", given):
        stop(say('A seed is a whole number of at most nine digits, not "{given}": write make {name} SEED=7', given=given, name=name))
    try:
        written = write(files(int(given)))
    except OSError as error:
        stop(say("Writing failed: {reason} ({path}).", reason=error.strerror, path=error.filename))
    for path in written:
        print(os.path.relpath(path))


def named(name: str, seed: int) -> str:
    """How the names of a seed's files begin: quiz-7, and in Chinese quiz-7-zh."""
    return "-".join([name, str(seed), *([] if spoken() == "en" else [spoken().partition("_")[0]])])


def stop(sentence: str) -> None:
    print(sentence, file=sys.stderr)
    sys.exit(2)


def write(files: dict[str, str | bytes]) -> list[Path]:
    """Writes what is not there yet: where one of the files is, nothing is written.  Returns: the paths, those of PDFs among them."""
    paths = [FOLDER / name for name in files]
    pages = [path for path in paths if path.suffix == ".html"]
    for path in [*paths, *(page.with_suffix(".pdf") for page in pages)]:
        if path.exists():
            stop(say("{path} is there already, and nothing is overwritten: move it away, or choose another seed.",
                     path=os.path.relpath(path)))
    FOLDER.mkdir(exist_ok=True)
    for path, content in zip(paths, files.values()):
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    if not CHROME:
        print(say("There is no PDF, since neither Chromium nor Chrome was found: print the HTML from any browser."), file=sys.stderr)
        return paths
    return paths + [printed(page) for page in pages]


def printed(page: Path) -> Path:
    """The page as a PDF for A4, which on Letter paper is not cut either.  Returns: its path, or where Chromium fails the page's."""
    pdf = page.with_suffix(".pdf")
    with tempfile.TemporaryDirectory(dir=page.parent, ignore_cleanup_errors=True) as home:  # Ubuntu's Chromium does not see /tmp
        a4 = Path(home, page.name)
        a4.write_text(page.read_text(encoding="utf8").replace("@page {", "@page { size: A4;"), encoding="utf8")
        options = ["--headless", "--disable-gpu", f"--user-data-dir={home}", "--no-pdf-header-footer", f"--print-to-pdf={pdf}"]
        options += ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []  # Chromium refuses root otherwise
        try:
            subprocess.run([CHROME, *options, a4.as_uri()], capture_output=True, timeout=120)
        except (OSError, subprocess.TimeoutExpired):
            pass
    if not pdf.exists():
        print(say("There is no {pdf}, since Chromium failed: print the HTML from any browser.", pdf=os.path.relpath(pdf)), file=sys.stderr)
        return page
    return pdf
