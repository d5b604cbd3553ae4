"""TEACHING.md: every notebook, explorer, slider value, question, command and number that it names exists and is right."""

import ast
import functools
import math
import re

import pytest
import torch

from tests.test_assignment import ALL, OF_HALF, REVIEWS
from tests.test_notebooks import said
from tests.topics import ASKED, CHECKS, NAMES, NOTEBOOKS, ROOT, TOPICS, UTILS, sources, stops
from utils.assignment import POINTS, POINTS_OF_A_REVIEW
from utils.explore import Explorer

TEXT = (ROOT / "TEACHING.md").read_text(encoding="utf8")
README, CLASSROOM, MAKEFILE = ((ROOT / name).read_text(encoding="utf8") for name in ("README.md", ".github/CLASSROOM.md", "Makefile"))
FLAT = " ".join(TEXT.split())
SHEETS = {"45 minutes": 45, "90 minutes": 90, "Read at home, 45 minutes together": 45}
NUMBER = r"−?\d+\.\d{4}"
STEP = re.compile(rf"`([^`]+)`(?: → ((?:{NUMBER}(?:, )?)+))?")  # `logit 0 = 4` → 0.7204, 0.2650


def sheet(title: str) -> list[list[str]]:
    """The rows of a run sheet: minutes, where, ask first, most will say, then drag, lead on."""
    section = TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]
    return [[part.strip() for part in line.strip("|").split("|")] for line in section.splitlines() if re.match(r"\| \d", line)]


ROWS = [(title, k, row) for title in SHEETS for k, row in enumerate(sheet(title))]
IDS = [f"{title}, row {k + 1}" for title, k, _ in ROWS]


def whose(where: str) -> str:
    """The notebook that a row is about, "" where it is about none."""
    found = re.match(r"\[(\d)\]\(notebooks/(\w+)\.ipynb\)", where)
    assert not found or found[2] == NAMES[int(found[1]) - 1]
    return found[2] if found else ""


@functools.cache
def written(name: str) -> dict:
    """What a notebook imports and defines."""
    tree = ast.parse(re.sub("^%.*", "", sources(name), flags=re.M))
    space, kept = {}, [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom, ast.FunctionDef))]
    exec(compile(ast.Module(kept, []), name, "exec"), space)
    return space


def explorer(where: str) -> Explorer:
    """The one that a row is about, new, driven by the notebook's own function."""
    name, number = whose(where), int(re.search(r", explorer (\d)$", where)[1])
    calls = re.findall(r"^explore_\w+\(.*\)$", sources(name), re.M)
    return eval(calls[number - 1], written(name))


def act(explorer: Explorer, step: str) -> None:
    """Press a button, click a box, or drag a control to where a hand can drag it."""
    key, _, value = step.partition(" = ")
    boxes = {control.description: control for control in explorer.controls.values()}
    if not value:
        if key in explorer.buttons:
            explorer.buttons[key].click()
        else:
            boxes[key].value = not boxes[key].value
        return
    (there,) = [stop for stop in stops(explorer.controls[key]) if str(stop) == value or (
        isinstance(stop, float) and stop == float(value.replace("−", "-")))]
    explorer.controls[key].value = there


def asked(name: str, words: str):
    """The one question of a notebook that has these words in it."""
    questions = [question for topic in TOPICS[name] for question in vars(UTILS[topic].questions).values()]
    (found,) = [ask() for ask in ASKED.values() if ask in questions and words in plain(ask().question)] or [
        ask() for asks in questions if isinstance(asks, list) for ask in asks if words in plain(ask().question)]
    return found


def plain(text: str) -> str:
    return re.sub("[`*]", "", text)


def test_the_rows_are_found():
    assert {title: len(sheet(title)) for title in SHEETS} == {"45 minutes": 11, "90 minutes": 20, "Read at home, 45 minutes together": 8}
    assert all(len(row) == 6 and all(row[:4]) and row[5] for _, _, row in ROWS)


@pytest.mark.parametrize("title, minutes", SHEETS.items())
def test_the_minutes_add_up(title, minutes):
    assert sum(int(row[0]) for row in sheet(title)) == minutes


@pytest.mark.parametrize("row", [row for _, _, row in ROWS], ids=IDS)
def test_where_a_row_is(row):
    where = row[1]
    assert re.search(", explorer [12]$|, on the board$|^on the board$|, \\*Write it yourself\\*$", where)
    if ", explorer" in where:
        assert isinstance(explorer(where), Explorer)
    for heading in re.findall(r"\*([^*]+)\*", "".join(row) if whose(where) else ""):
        assert re.search(f"^##+ {heading}$", "\n".join(cell.source for cell in NOTEBOOKS[whose(where)].cells), re.M), heading


@pytest.mark.parametrize("row", [row for _, _, row in ROWS if ", explorer" in row[1]],
                         ids=[name for name, (_, _, row) in zip(IDS, ROWS) if ", explorer" in row[1]])
def test_what_a_row_has_one_drag_gives_what_it_has_one_read(row):
    shown, steps = explorer(row[1]), STEP.findall(row[4])
    assert [numbers for _, numbers in steps if numbers]
    act(shown, "Reset")
    for step, numbers in steps:
        act(shown, step)
        says = re.findall(rf"(?<![\d.]){NUMBER}(?!\d)", shown.words + shown.wrong)
        assert not [number for number in re.findall(NUMBER, numbers) if number not in says], f"after {step}: {shown.words}"


@pytest.mark.parametrize("row", [row for _, _, row in ROWS if "“" in row[2]],
                         ids=[name for name, (_, _, row) in zip(IDS, ROWS) if "“" in row[2]])
def test_a_question_is_the_notebooks_and_most_will_choose_one_of_its_wrong_answers(row):
    question = asked(whose(row[1]), re.search("“(.+?)”", row[2])[1])
    tempting = re.match("“(.+?)”: .", row[3])[1]
    if question.choices:
        assert tempting in question.choices and tempting != question.answer()[0]
    else:
        assert any(math.isclose(float(tempting), wrong, abs_tol=1e-4) for wrong in question.answer()[2])


def test_most_rows_ask_a_question():
    assert sum("“" in row[2] for _, _, row in ROWS) == len(ROWS) - 3  # the warm-up, and the two exercises


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`make ([\w-]+)", TEXT))))
def test_every_command_is_one_of_the_makefile(command):
    assert re.search(rf"^([\w-]+ )*{command}( [\w-]+)*:", MAKEFILE, re.M)


def test_every_notebook_that_a_command_begins_with_is_there():
    assert re.findall(r"NOTEBOOK=(\w+)", TEXT) and set(re.findall(r"NOTEBOOK=(\w+)", TEXT)) <= set(NAMES)


def test_every_link_leads_somewhere():
    headings = {re.sub("[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in re.findall("^## (.+)", TEXT, re.M)}
    for link in re.findall(r"\]\(([^)]+)\)", TEXT):
        assert link.startswith("https://") or (link[1:] in headings if link.startswith("#") else (ROOT / link).exists()), link
    assert "(.github/CLASSROOM.md)" in TEXT and "(TEACHING.md)" in "".join(README.splitlines(True)[:30]), "on the first screen"


SUMS = re.compile(r"(−?)(exp|log) (\d+(?:\.\d+)?) = (−?\d+\.\d{4})")


def test_every_sum_in_words_is_torchs():
    sums = SUMS.findall(TEXT)
    assert len(sums) == 5
    for minus, function, given, result in sums:
        value = float(getattr(torch, function)(torch.tensor(float(given)))) * (-1 if minus else 1)
        assert f"{value + 0.0:.4f}".replace("-", "−") == result, (function, given)


def test_no_other_number_with_four_decimals_but_those_that_a_notebook_prints():
    rest = SUMS.sub("", STEP.sub("", TEXT))
    printed = "\n".join(said(name) for name in NAMES)
    numbers = re.findall(r"\d+\.\d{4}", rest)
    assert len(numbers) > 20 and not [number for number in numbers if number not in printed]
    example = "`logit 0 = 4` → 0.7204 means", "`tie` → 1.0986 means"  # the two that explain how to read the sheets stand in them, too
    assert all(words in FLAT and words.removesuffix(" means") in "".join(row[4] for _, _, row in ROWS) for words in example)


def test_what_a_class_of_30_needs_is_what_was_measured_times_30():
    idle, further, hub = (float(re.search(rf"^\| {row}[^|]*\| ([\d.]+)", CLASSROOM, re.M)[1]) for row in (
        "idle student", "each further notebook", "hub and proxy"))
    (cores, arrival), = re.findall(r"^\| 10 \|.*\| ([\d.]+) \| (\d+) \|$", CLASSROOM, re.M)
    one, six = (30 * mebibytes / 1024 + hub for mebibytes in (idle, idle + 5 * further))
    assert (f"{one:.0f} GiB of memory for one open notebook each, {six:.0f} GiB if everybody leaves six open; {3 * float(cores):.1f} cores "
            f"while one in ten drags; and {3 * int(arrival)} seconds") in FLAT
    assert 60 < 3 * int(arrival) / 4 < 75, "a minute and a bit, on four cores"
    kilobytes = math.ceil(max(float(row) for row in re.findall(r"^\| \d .*\| [\d.]+ \| ([\d.]+) \|$", README, re.M)))
    hand = 15 * kilobytes * 8 / 1000
    assert "15 events a second from each hand" in CLASSROOM
    assert (f"gets 15 pictures a second, {kilobytes} kB each at most, which is {hand:.1f} Mbit/s; one in ten is {3 * hand:.0f} Mbit/s, "
            f"all at once {30 * hand:.0f} Mbit/s") in FLAT


def test_what_the_last_row_can_read():
    """A capital of DejaVu Sans Mono is 0.73 of its size; good eyes tell letters of 5 minutes of arc apart."""
    page = (ROOT / ".voila/voila.py").read_text(encoding="utf8")
    hundredths = float(re.search(r"\.explorer\.explorer \{ --type: ([\d.]+)vh", page)[1])
    capital = 1500 * hundredths / 100 * 0.73
    far = capital / 2 / math.tan(math.radians(5 / 60)) / 1000
    assert f"the words are {hundredths:g} hundredths of the picture's height" in FLAT
    assert f"On a picture 1.5 m high a capital has {capital:.0f} mm, twice what good eyes need at {far:.0f} m" in FLAT
    assert f"{far / 1.5:.0f}" == "6" and "six times the height" in FLAT
    smallest = int(re.search(r"if \(type < (\d+)\)", (ROOT / "tests/test_browser.py").read_text(encoding="utf8"))[1])
    assert f"down to {100 * smallest / 720:.1f} hundredths" in FLAT, "what the tests demand of a screen 720 pixels high"
    assert re.search(r"\{n: next, p: previous, PageDown: next, PageUp: previous\}", page)
    assert all(f"*{switch}*" in FLAT and f"> {switch}</label>" in page for switch in ("questions", "text", "code"))
    assert "*hide answers again*" in FLAT and ">hide answers again</button>" in page


def test_the_points_of_the_homework():
    assert (f"Each of the {len(CHECKS)} functions gives {POINTS} points, all or none, and each of the {len(REVIEWS)} reviews "
            f"{POINTS_OF_A_REVIEW} point: {ALL} points together") in FLAT
    assert f"a right notebook got {ALL} points, a half right one {sum(OF_HALF.values())}," in FLAT
    version = re.search("^nbgrader==(.+)", (ROOT / "requirements-nbgrader.txt").read_text(encoding="utf8"), re.M)[1]
    assert f"Tried with nbgrader {version}:" in FLAT


def test_how_long_the_reading_takes():
    minutes = [int(re.search(rf"\(notebooks/{name}\.ipynb\).*\| (\d+) \|$", README, re.M)[1]) for name in NAMES[:3]]
    assert f"notebooks 1, 2 and 3, which take {sum(minutes)} minutes with their exercises" in FLAT
