"""What must hold for every saved notebook: it was executed, it says the article's facts, and it names no machine."""

import base64
import json
import os
import re
import subprocess
import sys

import nbformat
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.topics import NAMES, NOTEBOOKS, ROOT, found, its_tests

FIRST = NOTEBOOKS[NAMES[0]].cells[1].source


def code_cells(name):
    return [cell for cell in NOTEBOOKS[name].cells if cell.cell_type == "code"]


def outputs_of(cell) -> str:
    """All that the saved outputs of a cell say."""
    parts = []
    for output in cell.outputs:
        if output.output_type == "error":
            parts.append(f"{output.ename}: {output.evalue}")
        parts.append(output.get("text", "") or output.get("data", {}).get("text/plain", ""))
    return "\n".join(parts)


def said(name) -> str:
    """All that the saved outputs of a notebook say, in order."""
    return "\n".join(outputs_of(cell) for cell in code_cells(name))


@pytest.mark.parametrize("name", NAMES)
def test_every_cell_was_executed_in_order(name):
    counts = [cell.execution_count for cell in code_cells(name)]
    assert counts == list(range(1, len(counts) + 1)), "run make refresh"


@pytest.mark.parametrize("name", NAMES)
def test_the_facts_stand_in_the_outputs_in_order(name):
    rest = said(name)
    for fact in its_tests(name).FACTS:
        assert fact in rest, f"{fact!r} is missing, or comes too early"
        rest = rest[rest.index(fact) + len(fact):]


@pytest.mark.parametrize("name", NAMES)
def test_every_number_in_the_prose_is_one_that_a_cell_computed(name):
    outputs = said(name).replace("−", "-")
    prose = "\n".join(cell.source for cell in NOTEBOOKS[name].cells if cell.cell_type == "markdown")
    strange = [number for number in re.findall(r"\d+\.\d{4}", prose) if number not in outputs]
    assert not strange


def test_every_number_in_the_glossary_is_one_that_a_cell_computed():
    outputs = "\n".join(said(name) for name in NAMES)
    numbers = re.findall(r"\d+\.\d{4}", (ROOT / "notebooks" / "glossary.md").read_text(encoding="utf8"))
    assert numbers and not [number for number in numbers if number not in outputs]


def test_every_number_in_the_readme_is_one_that_a_cell_computed():
    outputs = "\n".join(said(name) for name in NAMES)
    numbers = re.findall(r"\b\d\.\d{4}\b", (ROOT / "README.md").read_text(encoding="utf8"))
    assert numbers and not [number for number in numbers if number not in outputs]


@pytest.mark.parametrize("name", NAMES)
def test_errors_only_where_they_are_meant(name):
    for cell in code_cells(name):
        errors = [output for output in cell.outputs if output.output_type == "error"]
        assert bool(errors) == ("raises-exception" in cell.metadata.get("tags", []))
        for error in errors:
            assert len(error.traceback) == 1, "%xmode Minimal is missing"
        assert not [output for output in cell.outputs if output.get("name") == "stderr"]


@pytest.mark.parametrize("name", NAMES)
def test_saved_the_one_right_way(name):
    path = ROOT / "notebooks" / f"{name}.ipynb"
    text = path.read_text(encoding="utf8")
    assert path.stat().st_size < 300_000
    assert set(NOTEBOOKS[name].metadata) == {"kernelspec", "language_info"}, "run make refresh"
    assert NOTEBOOKS[name].metadata.language_info == {"name": "python"}
    assert "widget-view" not in text and "iopub" not in text, "run make refresh"
    for cell in nbformat.read(path, as_version=4).cells:
        assert "NBVAL_" not in cell.source and set(cell.metadata.get("tags", [])) <= {"raises-exception"}, "nbval must see it"
        for output in cell.get("outputs", []):
            output.get("data", {}).pop("image/png", None)
        assert not re.search(r"[\s\"'(](/[a-z]+/[\w.]|[A-Za-z]:\\+\w|~/)|/(home|Users|site-packages)/", json.dumps(cell))


@pytest.mark.parametrize("name", NAMES)
def test_explorers_left_their_picture(name):
    explorers = [cell for cell in code_cells(name) if re.search(r"^explore_\w+\(", cell.source, re.M)]
    assert explorers
    for cell in explorers:
        style, data, told = (output.data for output in cell.outputs[-3:])
        assert "<style>" in style["text/html"] and '<div class="explorer-told"><pre' in told["text/html"]
        assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
        assert data["text/plain"].startswith("explore_")


@pytest.mark.parametrize("name", NAMES)
def test_the_bones(name):
    cells = NOTEBOOKS[name].cells
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    for bone in ("# ", "**After this notebook you can**\n\n- ", "Time: ", "(glossary.md)", "## Explore", "## Trap 1", "**From outside:**",
                 "**The fix", "## Write it yourself", "<details><summary>A solution</summary>", "To tie it up:",
                 "## What you have seen"):
        if bone == "To tie it up:" and "## Closing round" in prose:
            continue
        assert bone in prose, bone
    assert cells[0].source.startswith(f"# {int(name[:2])} · ")
    for link in re.findall(r"\]\((\w+\.(?:ipynb|md))\)", prose):
        assert (ROOT / "notebooks" / link).exists()
    for cell in code_cells(name):
        assert len(cell.source.splitlines()) <= 12


@pytest.mark.parametrize("name", NAMES)
def test_every_exercise_has_a_stub_that_says_so_and_a_solution_that_passes_its_check(name):
    """The stub is the code cell before the folded solution; its checks are run on the solution instead."""
    exercises = 0
    for stub, solution in zip(NOTEBOOKS[name].cells, NOTEBOOKS[name].cells[1:]):
        folded = re.findall(r"<details><summary>A solution</summary>\n\n```python\n(.*?)```\n\n</details>", solution.source, re.S)
        if not folded:
            continue
        (code,), exercises = folded, exercises + 1
        calls = re.findall(r"(check_\w+)\((my_\w+)\)", stub.source)
        assert calls and {function for _, function in calls} == set(re.findall(r"def (\w+)", code))
        output = "".join(out.get("text", "") + out.get("data", {}).get("text/plain", "") for out in stub.outputs)
        assert output.count("is not written yet") == len(calls)
        space = {"torch": torch, "nn": nn, "F": F}
        exec(code, space)
        for function_check, function in calls:
            result = found(name, function_check)(space[function])
            assert result.passed and "One thing more" not in result.message, result.message
    assert exercises >= 1


ON_PURPOSE = [(name, mistake) for name in NAMES for mistake in its_tests(name).ON_PURPOSE]


@pytest.mark.parametrize("name, mistake", ON_PURPOSE)
def test_every_mistake_is_made_on_purpose_and_its_look_and_its_fix_are_told(name, mistake):
    source, cost = its_tests(name).ON_PURPOSE[mistake]
    cells = NOTEBOOKS[name].cells
    (k,) = [k for k, cell in enumerate(cells) if cell.cell_type == "code" and source in cell.source and cost in outputs_of(cell)][:1]
    after = "\n".join(cell.source for cell in cells[k + 1:] if cell.cell_type == "markdown")
    section = re.split(r"^## ", after, flags=re.M)[0]
    assert mistake == "label for BCE" or ("**From outside:**" in section and re.search(r"\*\*[Tt]he fix", section))


@pytest.mark.parametrize("name", NAMES)
def test_the_first_cell_and_the_badge(name):
    assert code_cells(name)[0].source == FIRST and "google.colab" in FIRST
    assert code_cells(name)[0].metadata == {"cellView": "form", "jupyter": {"source_hidden": True}}, "plumbing is folded"
    assert "Shift+Enter" in NOTEBOOKS[name].cells[0].source and "Run All Cells" in NOTEBOOKS[name].cells[0].source
    assert f"blob/main/notebooks/{name}.ipynb)" in NOTEBOOKS[name].cells[0].source


GITS = {  # a git that works, one without network, and none
    "works": '#!/bin/sh\n[ "$1 $5" = "clone https://github.com/OWNER/REPO" ] && /bin/mkdir "$6" && /bin/cp -r "$ROOT/utils" "$6"',
    "no network": "#!/bin/sh\necho fatal: unable to access >&2; exit 128",
    "no git": None,
}


@pytest.mark.skipif(os.name == "nt", reason="the false git is a shell script; Colab and Kaggle are Linux")
@pytest.mark.parametrize("git", GITS)
@pytest.mark.parametrize("place", ["Colab", "Kaggle", "elsewhere"])
def test_the_first_cell_fetches_utils_in_colab_and_says_what_to_do_where_it_cannot(tmp_path, place, git):
    (tmp_path / "bin").mkdir()
    if GITS[git]:
        (tmp_path / "bin" / "git").write_text(GITS[git])
        (tmp_path / "bin" / "git").chmod(0o755)
    colab = "import sys, types; sys.modules['google.colab'] = types.ModuleType('google.colab')\n" if place == "Colab" else ""
    ran = subprocess.run([sys.executable, "-c", colab + (FIRST + "\n") * 2 + "import utils.inputs\nprint(utils.__path__[0])"],
                         cwd=tmp_path, env={"PATH": str(tmp_path / "bin"), "ROOT": str(ROOT)}
                         | ({"KAGGLE_KERNEL_RUN_TYPE": "Interactive"} if place == "Kaggle" else {}),
                         capture_output=True, text=True)
    if place == "elsewhere":  # it does nothing, so utils is not found here
        assert "No module named 'utils'" in ran.stderr and "git" not in ran.stderr and ran.stdout == ""
        assert not (tmp_path / "repo").exists()
    elif git == "works":
        assert (ran.stderr, ran.stdout) == ("", f"{tmp_path}/repo/utils\n")
    else:
        assert ran.returncode == 1 and ran.stdout == "" and "Traceback" not in ran.stderr
        assert ran.stderr.endswith("Check that there is a network (in Kaggle: Internet on) and git, then run this cell again.\n")
