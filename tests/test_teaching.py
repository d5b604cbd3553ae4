"""TEACHING.md: every notebook, explorer, slider value, question, command and number that it names exists and is right."""

import ast
import functools
import math
import re

import nbformat
import pytest
import torch

from tests.test_assignment import ALL, OF_HALF, REVIEWS
from tests.test_notebooks import said
from tests.topics import ASKED, CHECKS, NAMES, NOTEBOOKS, ROOT, TOPICS, UTILS, sources, stops
from utils import quiz, worksheet
from utils.assignment import POINTS, POINTS_OF_A_REVIEW
from utils.bce_by_hand import check_bce
from utils.cross_entropy_by_hand import check_cross_entropy
from utils.explore import Explorer
from utils.paper import FOLDER

TEXT = (ROOT / "TEACHING.md").read_text(encoding="utf8")
README, CLASSROOM, MAKEFILE = ((ROOT / name).read_text(encoding="utf8") for name in ("README.md", ".github/CLASSROOM.md", "Makefile"))
FLAT = " ".join(TEXT.split())
SHEETS = {"45 minutes": 45, "90 minutes": 90, "Read at home, 45 minutes together": 45}
NUMBER = r"−?\d+\.\d{4}"
NAME = r"[A-Za-z][\w ]*"
STEP = re.compile(rf"`([^`]+)`(?: → ((?:(?:{NAME}: )?{NUMBER}(?:, )?)+))?")  # `logit 0 = −2` → class 0: 0.1269, BCE: 0.3066


def section(title: str) -> str:
    return TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]


def sheet(title: str) -> list[list[str]]:
    """The rows of a run sheet: minutes, where, ask first, most will say, right, then drag, lead on."""
    return [[part.strip() for part in line.strip("|").split("|")] for line in section(title).splitlines() if re.match(r"\| \d", line)]


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
    """The one question of a notebook that has these words in it; of any, where none is named."""
    questions = [question for topic in (TOPICS[name] if name else UTILS) for question in vars(UTILS[topic].questions).values()]
    (found,) = [ask() for ask in ASKED.values() if ask in questions and words in plain(ask().question)] or [
        ask() for asks in questions if isinstance(asks, list) for ask in asks if words in plain(ask().question)]
    return found


def plain(text: str) -> str:
    return re.sub("[`*]", "", text)


def stands(name: str, number: str, lines: list[str]) -> bool:
    """Whether what an explorer says has a number in the line that begins so, as what comes out there, or right after that word."""
    name, number = re.escape(name), re.escape(number)
    return any(re.search(rf"^{name} [^→]*= {number}(?![\d.])|(?<!\w){name}(?: =| sigmoid)? {number}(?![\d.])", line) for line in lines)


def told(numbers: str) -> list[tuple[str, str]]:
    """The numbers that a row reads, each with its name: one alone is the loss, and the first three are those of the classes."""
    parts = [part.rpartition(": ")[::2] for part in numbers.removesuffix(", ").split(", ")]
    assert [bool(name) for name, _ in parts] in ([False], [True] * len(parts), [False] * 3 + [True] * (len(parts) - 3)), numbers
    return [(name or ("torch says" if len(parts) == 1 else f"class {k}"), number) for k, (name, number) in enumerate(parts)]


def test_the_rows_are_found():
    assert {title: len(sheet(title)) for title in SHEETS} == {"45 minutes": 11, "90 minutes": 20, "Read at home, 45 minutes together": 8}
    assert all(len(row) == 7 and all(row[:4]) and row[6] for _, _, row in ROWS)


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
    shown, steps = explorer(row[1]), STEP.findall(row[5])
    assert [numbers for _, numbers in steps if numbers]
    act(shown, "Reset")
    for step, numbers in steps:
        act(shown, step)
        lines = [" ".join(line.split()) for line in f"{shown.words}\n{shown.wrong}".splitlines()]
        assert not numbers or not [part for part in told(numbers) if not stands(*part, lines)], f"after {step}: {lines}"


def test_a_number_is_found_where_its_name_is_and_nowhere_else():
    lines = ["class 0 y = 0 −log(1 − σ) = −log 0.8808 = 0.1269", "BCE = (0.1269 + 0.0486) / 3 = 0.3066", "before → now BCE 0.9733 → 0.3066"]
    assert stands("class 0", "0.1269", lines) and stands("BCE", "0.3066", lines)
    for name, number in (("BCE", "0.1269"), ("CE", "0.3066"), ("class 1", "0.1269"), ("class 0", "0.8808"), ("BCE", "0.306")):
        assert not stands(name, number, lines)


@pytest.mark.parametrize("row", [row for _, _, row in ROWS if "“" in row[2]],
                         ids=[name for name, (_, _, row) in zip(IDS, ROWS) if "“" in row[2]])
def test_a_question_is_the_whole_of_the_notebooks_with_a_wrong_answer_that_most_will_choose_and_the_right_one(row):
    words, tempting, right = (re.match("“(.+?)”(: .+)?", part)[1] for part in row[2:5])
    question = asked(whose(row[1]), words[1:])
    assert words == re.sub(r"^\(\d\) Once more: w", "W", plain(question.question)), "it cannot be asked aloud"
    if question.choices:
        assert tempting in question.choices and tempting != question.answer()[0] == right
    else:
        assert any(math.isclose(float(tempting), wrong, abs_tol=1e-4) for wrong in question.answer()[2])
        assert right == f"{question.answer()[0]:.4f}"


def test_most_rows_ask_a_question():
    assert sum("“" in row[2] for _, _, row in ROWS) == len(ROWS) - 3  # the warm-up, and the two exercises
    assert all(bool(row[4]) == ("“" in row[2]) for _, _, row in ROWS)


def test_what_most_will_write_fails_only_where_the_model_is_sure():
    def my_cross_entropy(logits, labels):
        return -torch.log(torch.softmax(logits, dim=1))[torch.arange(len(labels)), labels].mean()

    def my_bce(logits, targets):
        return -(targets * torch.log(torch.sigmoid(logits)) + (1 - targets) * torch.log(1 - torch.sigmoid(logits))).mean()

    loss, mean = (" ".join(str(check(function)).split()) for check, function in (
        (check_cross_entropy, my_cross_entropy), (check_bce, my_bce)))
    assert "saturation" in loss and loss.endswith("straight from the logits.") and "points to trap 2" in FLAT
    assert "saturation" in mean and "given logits [[17]]" in mean and "nothing is left for the logarithm at a logit of 17" in FLAT


@pytest.mark.parametrize("title", SHEETS)
def test_the_last_row_reads_aloud_what_its_notebook_says(title):
    where, said = sheet(title)[-1][1], re.search("“(.+?)”", sheet(title)[-1][5])[1]
    assert said in " ".join(plain(NOTEBOOKS[whose(where)].cells[-1].source).split())


@pytest.mark.parametrize("title", SHEETS)
def test_a_teacher_is_told_by_when_a_notebook_should_come(title):
    rows = sheet(title)
    (notebook, gone), = re.findall(r"When notebook (\d) comes, (\d+) minutes are gone", " ".join(section(title).split()))
    comes = next(k for k, row in enumerate(rows) if row[1].startswith(f"[{notebook}]"))
    assert sum(int(row[0]) for row in rows[:comes]) == int(gone)
    for other, back in re.findall(r"notebook (\d)(?:'s explorer)? gives back (\d) of", " ".join(section(title).split())):
        assert [int(row[0]) for row in rows if row[1].startswith(f"[{other}]") and ", explorer" in row[1]] == [int(back)]


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`make ([\w-]+)", TEXT))))
def test_every_command_is_one_of_the_makefile(command):
    assert re.search(rf"^([\w-]+ )*{command}( [\w-]+)*:", MAKEFILE, re.M)


def test_every_notebook_that_a_command_begins_with_is_there():
    assert re.findall(r"NOTEBOOK=(\w+)", TEXT) and set(re.findall(r"NOTEBOOK=(\w+)", TEXT)) <= set(NAMES)


def test_every_link_leads_somewhere():
    headings = {re.sub("[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in re.findall("^## (.+)", TEXT, re.M)}
    for link in re.findall(r"\]\(([^)]+)\)", TEXT):
        assert link.startswith("https://") or (link[1:] in headings if link.startswith("#") else (ROOT / link).exists()), link
    for anchor in re.findall(r"\]\(#([^)]+)\)", TEXT):  # a heading in another language has another one by itself
        assert re.search(rf'^<a id="{anchor}"></a>\n\n## ', TEXT, re.M), anchor
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
    # the two that explain how to read the sheets stand in them, too
    example = "`logit 0 = 4` → 0.7204, 0.2650, 0.0146 means", "`tie` → CE: 1.0986 means"
    assert all(words in FLAT and words.removesuffix(" means") in "".join(row[5] for _, _, row in ROWS) for words in example)


def test_what_a_class_of_30_needs_is_what_was_measured_times_30():
    idle, further, hub = (float(re.search(rf"^\| {row}[^|]*\| ([\d.]+)", CLASSROOM, re.M)[1]) for row in (
        "idle student", "each further notebook", "hub and proxy"))
    (cores, arrival), = re.findall(r"^\| 10 \|.*\| ([\d.]+) \| (\d+) \|$", CLASSROOM, re.M)
    one, six = (30 * mebibytes / 1024 + hub for mebibytes in (idle, idle + 5 * further))
    assert (f"{one:.0f} GiB of memory for one open notebook each, {six:.0f} GiB if everybody leaves six open; {3 * float(cores):.1f} cores "
            f"while one in ten drags; and {3 * int(arrival)} seconds of one core until all have started, so three quarters of a minute on "
            "four cores") in FLAT
    assert 43 < 3 * int(arrival) / 4 < 48
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
    assert all(f"*{switch}*" in FLAT and f'id="{switch}"' in page for switch in ("questions", "text", "code"))
    assert "*hide answers again*" in FLAT and "hide answers again" in page


def test_the_steps_of_a_slider():
    logits = [control for _, _, row in ROWS if ", explorer" in row[1]
              for key, control in explorer(row[1]).controls.items() if key.startswith("logit")]
    (step,) = {control.step for control in logits}
    start, to, presses = map(int, re.search(rf"A stop of a logit is {step:g}, so from (\d) to (\d) it is (\d+) presses", FLAT).groups())
    assert {control.value for control in logits if control.description == "logit 0"} == {start} and presses == round((to - start) / step)


def test_what_make_present_installs_and_opens():
    assert "Python packages, 0.4 GB to download and 1.3 GB on the disk" in FLAT
    assert "1.3 GB of Python packages (0.4 GB compressed)" in " ".join(README.split())
    assert re.search(r"```powershell\n(?:.+\n)*.+-m voila .+# make present\n```", README), "its last line"
    assert "port" not in re.findall(r"^c\.(.+?) = ", (ROOT / ".voila/voila.py").read_text(encoding="utf8"), re.M)
    voila = pytest.importorskip("voila.app").Voila
    assert voila.open_browser.default_value and f"`http://localhost:{voila.port.default_value}/`" in FLAT


def test_what_is_written_on_paper():
    paper, written = TEXT.split("**On paper.**")[1].split("**As homework**")[0], quiz.files(7) | worksheet.files(7)
    assert {FOLDER.name, *written} < set(re.findall("`(.+?)`", paper))
    assert [text.count("<section class=sheet>") for name, text in written.items() if ".html" in name] == [1, 2, 4, 4]
    assert all(words in " ".join(paper.split()) for words in ("one sheet to hand out", "the key, on two", "four sheets"))
    sheets = [text for name, text in written.items() if name.endswith((".html", ".ipynb"))]
    assert len(sheets) == 5 and all("seed 7" in text or "quiz(7)" in text for text in sheets) and "Each sheet names its seed" in paper
    first = nbformat.reads(written["quiz-7.ipynb"], as_version=4).cells[1].source
    assert '[".."' in first and "git clone" in first.partition("KAGGLE")[2], "utils is one folder up; only there it is cloned"
    assert len(quiz.quiz(7)) == 6 and f"six questions, {quiz.MINUTES} minutes" in paper
    assert f"four sheets, {sum(minutes for _, minutes in worksheet.PARTS.values())} minutes" in paper
    assert all(f"the quiz: {quiz.MINUTES} minutes" in sheet(title)[-1][6] for title in SHEETS)


def test_the_points_of_the_homework():
    assert (f"Each of the {len(CHECKS)} functions gives {POINTS} points, all or none, and each of the {len(REVIEWS)} reviews "
            f"{POINTS_OF_A_REVIEW} point: {ALL} points together") in FLAT
    assert f"a right notebook got {ALL} points, a half right one {sum(OF_HALF.values())}," in FLAT
    version = re.search("^nbgrader==(.+)", (ROOT / "requirements-nbgrader.txt").read_text(encoding="utf8"), re.M)[1]
    assert f"Tried with nbgrader {version}:" in FLAT


def test_how_long_the_reading_takes():
    minutes = [int(re.search(rf"\(notebooks/{name}\.ipynb\).*\| (\d+) \|$", README, re.M)[1]) for name in NAMES[:3]]
    assert f"notebooks 1, 2 and 3, which take {sum(minutes)} minutes with their exercises" in FLAT
