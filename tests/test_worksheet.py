"""Worksheets of 200 seeds, worked through from what is printed: by the math module alone, without a line of utils/."""

import html
import importlib.util
import itertools
import math
import os
import random
import re
import subprocess
import sys
import types

import pytest
import torch
from torch.nn import functional as F

from tests.lab import CHROME, ROOT
from utils import drawn, paper, worksheet
from utils.check import check
from utils.drawn import clear, image

SEEDS = range(200)
browsed = pytest.mark.skipif((CHROME is None and os.environ.get("CI") != "true") or importlib.util.find_spec("playwright") is None,
                             reason="no Chromium or Chrome on this machine, or no Playwright")
WHOLE = 248  # mm, what A4 and Letter have in common within the margins


@pytest.fixture(scope="module")
def keys():
    return {seed: worksheet.page(seed, key=True) for seed in SEEDS}


def words(page: str) -> str:
    """A page's text, with minus signs as Python reads them."""
    body = re.sub("<svg.*?</svg>", " ", page.partition("<body")[2].partition(">")[2])
    return re.sub(r"\s+", " ", html.unescape(re.sub("<[^>]*>", " ", body))).replace("−", "-")


def printed(value: float) -> str:
    return f"{value:.4f}"


class Worked:
    """A key's image, read off the page and worked through."""

    def __init__(self, page: str):
        text = words(page)
        logits, label = re.search(r"Our image has the logits \[(.*?)\], and its label is (\d)", text).groups()
        self.z, self.label = [float(z) for z in logits.split(", ")], int(label)
        self.exps = [math.exp(z) for z in self.z]
        self.total = sum(self.exps)
        self.shares = [e / self.total for e in self.exps]
        self.costs = [-math.log(p) for p in self.shares]
        self.sigmas = [1 / (1 + math.exp(-z)) for z in self.z]
        self.given = [s if k == self.label else 1 - s for k, s in enumerate(self.sigmas)]
        self.losses = [-math.log(p) for p in self.given]
        self.ce, self.bce = self.costs[self.label], sum(self.losses) / 3
        self.columns = [self.exps, self.shares, self.costs, self.sigmas, self.given, self.losses]
        self.k, self.up = (float(part) for part in re.search(r"raise the logit of class (\d) by ([\d.]+)", text).groups())
        self.off = float(re.search(r"We take ([\d.]+) off", text)[1])
        self.n = int(re.search(r"all of (\d+) classes", text)[1])
        raised = [math.exp(z + self.up * (k == self.k)) for k, z in enumerate(self.z)]
        self.raised = [e / sum(raised) for e in raised]
        self.lower = sum(math.log(1 + math.exp((1 - 2 * (k == self.label)) * (z - self.off))) for k, z in enumerate(self.z)) / 3


def rows(page: str) -> list[list[str]]:
    return [[words(f"<body>{cell}").strip() for cell in re.findall("<td>(.*?)</td>", row)] for row in re.findall("<tr>(.*?)</tr>", page)]


def ticked(page: str) -> list[str]:
    """The choice that is ticked in each prediction."""
    return [words(f"<body>{choice}").strip() for choice in re.findall("☒&ensp;[ABCD]&ensp;(.*?)</li>", page)]


def test_every_number_in_the_tables_is_right(keys):
    for page in keys.values():
        one, written = Worked(page), rows(page)
        for k in range(3):
            assert [float(written[1 + k][0]), *written[1 + k][1:]] == [one.z[k], printed(one.exps[k]), printed(one.shares[k])]
            assert written[8 + k][1:] == [
                printed(one.sigmas[k]), str(int(k == one.label)), printed(one.given[k]), printed(one.losses[k])]
        assert written[4][1:] == [printed(one.total), "1"] and written[6] == list(map(printed, one.costs))
        text = words(page)
        assert f"Cross-entropy of our image = {printed(one.ce)}" in text
        assert f"binary cross-entropy = {printed(one.bce)}" in text


def test_the_right_prediction_is_ticked_and_no_other(keys):
    for page in keys.values():
        one = Worked(page)
        changed = sum(abs(a - b) > 1e-9 for a, b in zip(one.shares, one.raised))
        moved = abs(one.lower - one.bce) > 1e-9
        assert ticked(page) == [("One", "Two", "Three")[changed - 1], "CE stays, BCE changes" if moved else "Both stay",
                                printed(math.log(one.n)), f"That of class {one.losses.index(max(one.losses))}",
                                "CE" if one.ce > one.bce else "BCE"]


def test_no_number_is_printed_that_was_not_worked_out(keys):
    for page in keys.values():
        one = Worked(page)
        known = [one.total, one.ce, one.bce, sum(one.losses), one.lower, math.log(one.n), 1 / one.n, math.log10(one.n), math.log(2)]
        known += itertools.chain(*one.columns, one.raised)
        assert {*re.findall(r"\d+\.\d{4,}", words(page))} <= {*map(printed, known)}
        assert all(abs(value * 1e4 % 1 - 0.5) > 1e-4 for value in known), "another machine could round it the other way"
        assert "0.0000" not in page and not re.search(r"nan|inf|\de-\d", words(page))


@pytest.mark.parametrize("value", [0.00005, 0.12345, -2.71825, 12.18254999999, 12.18255000001])
def test_a_number_half_way_between_two_fourth_decimals_is_not_clear(value):
    """A last bit more or less would print another one."""
    assert not clear(value) and not clear(0.5, value) and clear(round(value, 4), round(value, 4) + 0.00004)


@pytest.mark.parametrize("printed_value", [
    lambda one: one.exps[0], lambda one: sum(one.exps), lambda one: one.shares[1], lambda one: one.ce, lambda one: one.sigmas[2],
    lambda one: one.given[0], lambda one: one.losses[1], lambda one: sum(one.losses), lambda one: one.bce])
def test_what_is_not_clear_is_drawn_again(monkeypatch, printed_value):
    first = image(random.Random(7))
    monkeypatch.setattr(drawn, "clear", lambda *values: printed_value(first) not in values)
    assert image(random.Random(7)).logits != first.logits


def test_nothing_ties(keys):
    for page in keys.values():
        one = Worked(page)
        assert all(abs(a - b) > 0.01 for column in one.columns for a, b in itertools.combinations(column, 2))
        assert abs(one.ce - one.bce) > 0.05 and abs(one.lower - one.bce) > 0.05 and min(one.losses + one.costs) > 0.02
        assert all(0.02 < p < 0.98 for p in one.shares) and all(z and 2 * z == int(2 * z) for z in one.z)
        for choices in re.findall("<ul class='choices.*?</ul>", page):
            listed = re.findall("[ABCD]&ensp;(.*?)</li>", choices)
            assert 2 <= len({*listed}) == len(listed) <= 4 and choices.count("☒") == 1
            if all(re.fullmatch(r"\d\.\d{4}", choice) for choice in listed):
                assert all(abs(float(a) - float(b)) > 0.01 for a, b in itertools.combinations(listed, 2))


def test_the_pictures_of_the_key_show_the_numbers_and_keep_to_their_axes(keys):
    shape = r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" fill="(.*?)"'
    for page in keys.values():
        one = Worked(page)
        strip, curve, columns, ruler = re.findall('<svg width="180mm".*?</svg>', page)
        hatched = [[(*map(float, found[:4]), int(found[4][-2])) for found in re.findall(shape, svg) if found[4].startswith("url")]
                   for svg in (strip, columns, ruler)]
        assert [(k, round(150 * p, 2)) for k, p in enumerate(one.shares)] == [(k, width) for *_, width, _, k in hatched[0]]
        assert [(k, round(60 * p, 2)) for k, p in enumerate(one.given)] == [(k, height) for *_, height, k in hatched[1]]
        below = [y + height == pytest.approx(64) for _, y, _, height, _ in hatched[1]]
        assert below == [k == one.label for k in range(3)], "there is below, not there above"
        assert [(k, round(28 * loss, 2)) for k, loss in [*enumerate(one.losses), (one.label, one.ce)]] == [
            (k, width) for *_, width, _, k in hatched[2]]
        assert f'width="{28 * one.bce:.2f}" height="8.00" fill="#777"' in ruler and sum(one.losses) < 5
        x, y = map(float, re.search('<circle cx="(.*?)" cy="(.*?)"', curve).groups())
        assert (x - 25) / 130 == pytest.approx(one.shares[one.label], abs=1e-4) and (63 - y) / 20 == pytest.approx(one.ce, abs=1e-3)
        xs = [float(x) for svg in (strip, curve, columns, ruler) for x in re.findall(r' (?:x|cx)="([\d.]+)"', svg)]
        assert 0 <= min(xs) and max(xs) <= 180


def test_the_sheet_gives_nothing_away(keys):
    for seed in SEEDS:
        page = worksheet.page(seed, key=False)
        one, text = Worked(page), words(page)
        given = {printed(value) for value in (math.log(one.n), 1 / one.n, math.log10(one.n), math.log(2))}  # to choose from
        assert {*re.findall(r"\d+\.\d{4}", text)} <= given
        pictures = "".join(re.findall('<svg width="180mm".*?</svg>', page))
        assert not re.search("☒|KEY|class=.?(?:right|answer|why)", page) and not re.search("url|circle|<text[^>]*>0\\.\\d{2}", pictures)
        assert "Name" in text and "Date" in text and keys[seed].count("<span class=key>KEY</span>") == keys[seed].count("<section") == 4


def test_every_answer_stands_in_every_place_and_every_slip_and_label_is_drawn():
    sheets = [worksheet.sheet(seed) for seed in SEEDS]
    for asked in zip(*(sheet.predictions for sheet in sheets)):
        assert {question.letter for question in asked} == {*"ABCD"[:len(asked[0].choices)]}
    for code, wrong in zip(worksheet.CODE, zip(*(sheet.wrong for sheet in sheets))):
        assert {one.slip for one in wrong} == {*code.slips}
    assert {sheet.drawn.label for sheet in sheets} == {0, 1, 2}
    assert len({(*sheet.drawn.logits, sheet.drawn.label) for sheet in sheets}) > 100


def run(code: str):
    names = {"torch": torch, "F": F}
    exec(code, names)
    return names[re.match(r"def (\w+)", code)[1]]


@pytest.mark.parametrize("code, slip", [(code, slip) for code in worksheet.CODE for slip in code.slips],
                         ids=lambda value: value if isinstance(value, str) else value.lines[0].split("(")[0])
def test_the_check_finds_the_same_slip_in_the_wrong_line_and_none_in_the_mended_code(code, slip):
    one = worksheet.wrong(types.SimpleNamespace(random=lambda: [*code.slips].index(slip) / len(code.slips) + 1e-9), code)
    lines = one.code.splitlines()
    said = check(run(one.code), code.task).message
    assert one.slip == slip and f": {slip}\n" in said and " ".join(one.thought.split()) in " ".join(said.split())
    assert lines[one.line - 1].strip() != one.mended
    lines[one.line - 1] = "    " + one.mended
    assert check(run("\n".join(lines)), code.task).passed


def test_the_key_names_the_wrong_line(keys):
    for seed in range(20):
        for one in worksheet.sheet(seed).wrong:
            assert f"Line {one.line}: {one.slip}. It should be {one.mended}".replace("−", "-") in words(keys[seed])


def test_the_same_seed_gives_the_same_bytes_in_another_process_and_asks_only_for_what_python_promises(monkeypatch):
    program = "import sys; from utils import worksheet; [sys.stdout.buffer.write(text.encode()) for text in worksheet.files(7).values()]"
    there = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, env=os.environ | {"PYTHONHASHSEED": "7"}).stdout
    monkeypatch.setattr(worksheet, "Random", lambda seed: types.SimpleNamespace(random=random.Random(seed).random))
    here = worksheet.files(7)
    assert "".join(here.values()).encode() == there and list(here) == ["worksheet-7.html", "worksheet-7-key.html"]
    assert here["worksheet-7.html"] != worksheet.files(8)["worksheet-8.html"]


# --- files

@pytest.fixture
def command(monkeypatch, tmp_path, capsys):
    """command(*arguments): (the exit code, what it prints), with tmp_path/build for the files and no Chromium."""
    monkeypatch.setattr(paper, "FOLDER", tmp_path / "build")
    monkeypatch.setattr(paper, "CHROME", None)

    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["worksheet", *arguments])
        try:
            paper.command("worksheet", worksheet.files)
        except SystemExit as stopped:
            return stopped.code, capsys.readouterr().err
        return 0, "".join(capsys.readouterr())

    return command


@pytest.mark.parametrize("wrong", ["", "x", "1.5", "-3", "7 8", "1234567890", "٧"])
def test_what_is_no_seed_gets_a_sentence(command, tmp_path, wrong):
    code, says = command(*wrong.split(" "))
    assert (code, says) == (2, f'A seed is a whole number of at most nine digits, not "{wrong}": write make worksheet SEED=7\n')
    assert not (tmp_path / "build").exists()


@pytest.mark.parametrize("there", ["worksheet-7.html", "worksheet-7-key.html", "worksheet-7-key.pdf"])
def test_nothing_is_overwritten(command, tmp_path, there):
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / there).write_text("mine", encoding="utf8")
    code, says = command("7")
    assert code == 2 and says.count("\n") == 1
    assert says.endswith(f"{there} is there already, and nothing is overwritten: move it away, or choose another seed.\n")
    assert [path.name for path in (tmp_path / "build").iterdir()] == [there]
    assert (tmp_path / "build" / there).read_text(encoding="utf8") == "mine"


def test_where_nothing_can_be_written_a_sentence_says_so(command, tmp_path):
    (tmp_path / "build").write_text("a file", encoding="utf8")
    code, says = command("7")
    assert code == 2 and re.fullmatch(r"Writing failed: .* \(.*build.*\)\.\n", says)


def test_without_chromium_the_html_is_written_and_a_sentence_says_so(command, tmp_path):
    code, says = command("7")
    assert code == 0 and says.count("neither Chromium nor Chrome was found") == 1
    assert {path.name: path.read_bytes() for path in (tmp_path / "build").iterdir()} == {
        name: text.encode() for name, text in worksheet.files(7).items()}


def test_a_chromium_that_fails_leaves_the_html_and_a_sentence(command, tmp_path, monkeypatch):
    monkeypatch.setattr(paper, "CHROME", str(tmp_path / "no chromium"))
    code, says = command("7")
    assert code == 0 and says.count("since Chromium failed: print the HTML from any browser.") == 2
    assert {path.suffix for path in (tmp_path / "build").iterdir()} == {".html"}


@browsed
def test_chromium_makes_a_pdf_of_four_pages_of_a4(tmp_path):
    page = tmp_path / "sheet.html"
    page.write_text(worksheet.page(7, key=True), encoding="utf8")
    pdf = paper.printed(page).read_bytes()
    assert pdf.startswith(b"%PDF") and len(re.findall(rb"/Type\s*/Page\b", pdf)) == 4
    sizes = re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert sizes and all(abs(float(w) - 595.3) < 1 and abs(float(h) - 841.9) < 1 for w, h in sizes)


@browsed
@pytest.mark.parametrize("font", ["Arial", "DejaVu Sans"])  # the second is the widest that a machine may fall back on
def test_each_sheet_fits_on_a4_and_on_letter(browser, font):
    page = browser.new_page(viewport={"width": 680, "height": 940})
    page.emulate_media(media="print")
    for seed, key in itertools.product((0, 7, 12), (False, True)):
        page.set_content(worksheet.page(seed, key).replace('"Segoe UI"', f'"{font}"'))
        sizes = page.evaluate("""() => [...document.querySelectorAll('.sheet')].map(sheet => {
            sheet.style.minHeight = '0';
            return [sheet.getBoundingClientRect().height, sheet.scrollWidth - sheet.clientWidth]})""")
        assert len(sizes) == 4 and all(height / 96 * 25.4 <= WHOLE and over <= 0 for height, over in sizes)
    page.close()
