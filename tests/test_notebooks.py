"""What must hold for every saved notebook: it was executed, it says the article's facts, and it names no machine."""

import base64
import json
import pathlib
import re

import nbformat
import pytest

ROOT = pathlib.Path(__file__).parent.parent
NAMES = ["01_softmax", "02_cross_entropy", "03_sigmoid", "04_bce_shape_error", "05_bce_per_class", "06_summary"]
NOTEBOOKS = {name: nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4) for name in NAMES}

# The article's facts in its order, as the saved outputs must say them (DESIGN, section 1), each in its notebook.
FACTS = {
    "01_softmax": [
        "tensor([2.0000, 3.0000, 0.1000])", "torch.Size([3])",
        "softmax: tensor([0.2585, 0.7028, 0.0387])", "shape: torch.Size([3])",
        "by hand: tensor([0.2585, 0.7028, 0.0387])", "shape: torch.Size([3])",
        "ours,  logits + 100: tensor([nan, nan, nan])",  # slip: it overflows
        "sum of each row: tensor([0.7780, 0.2220])",  # slip: it sums over the whole tensor
    ],
    "02_cross_entropy": [
        "tensor([[2.0000, 3.0000, 0.1000]]) torch.Size([1, 3])", "tensor([1]) torch.Size([1]) torch.int64",
        "tensor([[0.2585, 0.7028, 0.0387]])", "torch.Size([1, 3])",
        "nn.CrossEntropyLoss: tensor(0.3527)", "shape: torch.Size([])",
        "loss by hand: tensor(0.3527)", "shape: torch.Size([])", "-log 0.7028: tensor(0.3527)",
        "tensor(0.7683)", "-log 0.0001: tensor(9.2103)", "tensor(9.0002)",  # slip: rounded numbers
    ],
    "03_sigmoid": [
        "sigmoid: tensor([[0.8808, 0.9526, 0.5250]])", "shape: torch.Size([1, 3])",
        "by hand: tensor([[0.8808, 0.9526, 0.5250]])", "shape: torch.Size([1, 3])",
    ],
    "04_bce_shape_error": [
        "ValueError: Target size (torch.Size([1])) must be the same as input size (torch.Size([1, 3]))",
        "nn.BCEWithLogitsLoss: tensor(0.9733)", "0.2733", "-253.0267", "nan",
    ],
    "05_bce_per_class": [
        "nn.CrossEntropyLoss:  tensor(0.3527)", "nn.BCEWithLogitsLoss: tensor(0.9733)", "-log 0.9526: tensor(0.0486)",
        "tensor(2.1269) tensor(0.0486) tensor(0.7444)", "tensor(0.9733)",
        "tensor([[1., 0.],\n        [0., 1.],\n        [1., 0.]])",
        "mean as printed:   tensor(0.5104)",  # slip: the printed formula
        "tensor([[inf, nan]])", "tensor(0.8478)",
    ],
    "06_summary": [
        "tensor([[0.2585, 0.7028, 0.0387]])", "tensor(0.3527)", "tensor([[0.8808, 0.9526, 0.5250]])", "tensor(0.0486)",
        "tensor([[2.1269, 0.0486, 0.7444]])", "tensor(0.9733)",
    ],
}


def code_cells(name):
    return [cell for cell in NOTEBOOKS[name].cells if cell.cell_type == "code"]


def said(name) -> str:
    """All that the saved outputs of a notebook say, in order."""
    parts = []
    for cell in code_cells(name):
        for output in cell.outputs:
            if output.output_type == "error":
                parts.append(f"{output.ename}: {output.evalue}")
            parts.append(output.get("text", "") or output.get("data", {}).get("text/plain", ""))
    return "\n".join(parts)


def test_the_six_and_no_other():
    assert sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_cell_was_executed_in_order(name):
    counts = [cell.execution_count for cell in code_cells(name)]
    assert counts == list(range(1, len(counts) + 1)), "run make refresh"


@pytest.mark.parametrize("name", NAMES)
def test_the_facts_stand_in_the_outputs_in_order(name):
    rest = said(name)
    for fact in FACTS[name]:
        assert fact in rest, f"{fact!r} is missing, or comes too early"
        rest = rest[rest.index(fact) + len(fact):]


@pytest.mark.parametrize("name", NAMES)
def test_every_number_in_the_prose_is_one_that_a_cell_computed(name):
    outputs = said(name).replace("−", "-")
    prose = "\n".join(cell.source for cell in NOTEBOOKS[name].cells if cell.cell_type == "markdown")
    strange = [number for number in re.findall(r"\d+\.\d{4}", prose) if number not in outputs]
    assert not strange


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
        data = cell.outputs[-1].data
        assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
        assert data["text/plain"].startswith("explore_")


@pytest.mark.parametrize("name", NAMES)
def test_the_bones(name):
    cells = NOTEBOOKS[name].cells
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    for bone in ("# ", "Time: ", "**Predict.**", "## Explore", "## Trap 1", "## What you have seen"):
        assert bone in prose, bone
    assert cells[0].source.startswith(f"# {int(name[:2])} · ")
    for link in re.findall(r"\]\((\w+\.ipynb)\)", prose):
        assert (ROOT / "notebooks" / link).exists()
    for cell in code_cells(name):
        assert len(cell.source.splitlines()) <= 12
