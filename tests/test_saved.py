"""Every picture that is saved, in the notebooks and for the README, is the one that its cell draws today."""

import ast
import base64
import contextlib
import importlib.metadata
import io

import numpy as np
import pytest
from PIL import Image

from tests.topics import NAMES, NOTEBOOKS, ROOT, explore

PINS = (ROOT / "requirements.txt").read_text(encoding="utf8").split()
pinned = pytest.mark.skipif(not all(f"{name}=={importlib.metadata.version(name)}" in PINS for name in ("matplotlib", "pillow")),
                            reason="another version sets its letters otherwise")


def shown(source: str, space: dict):
    """Run a cell as a notebook does.  Returns: the value of its last line, None where there is none or it ends in an error."""
    source = "\n".join(line for line in source.splitlines() if not line.startswith(("%", "!")))
    lines = ast.parse(source).body
    last = lines.pop() if lines and isinstance(lines[-1], ast.Expr) else None
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):  # nbval compares what is said
        exec(compile(ast.Module(lines, []), "cell", "exec"), space)
        return last and eval(compile(ast.Expression(last.value), "cell", "eval"), space)


def same(one: bytes, other: bytes) -> bool:
    """Whether two pictures are the same on white, but for a few pixels at the edge of a letter or a hatch."""
    one, other = (np.asarray(on_white(png)).astype(int) for png in (one, other))
    return one.shape == other.shape and ((abs(one - other) > 64).any(axis=2)).sum() < 12


def on_white(png: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(png)).convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


@pinned
@pytest.mark.parametrize("name", NAMES)
def test_the_saved_pictures_are_those_that_the_cells_draw(name, monkeypatch):
    monkeypatch.chdir(ROOT / "notebooks")
    space, count = {"__name__": "__main__"}, 0
    for cell in NOTEBOOKS[name].cells:
        if cell.cell_type == "code":
            value = shown(cell.source, space)
            saved = [output.data for output in cell.outputs if "image/png" in output.get("data", {})]
            assert len(saved) == hasattr(value, "picture"), cell.source
            for data in saved:
                count += 1
                alike = same(base64.b64decode(data["image/png"]), base64.b64decode(value._repr_mimebundle_()[0]["image/png"]))
                assert alike, f"another picture than the saved one, so make refresh: {cell.source}"
                assert data["text/plain"] == repr(value)
                assert cell.outputs[-1].data["text/html"] == value._told()
    assert count >= 1


@pinned
def test_the_picture_in_the_readme_is_the_one_that_refresh_saves():
    alike = same((ROOT / ".github" / "explorer.png").read_bytes(), explore("05_bce_per_class").picture.png())
    assert alike, "make refresh"


def test_another_tenth_makes_another_picture():
    explorer = explore(NAMES[0])
    saved = explorer.picture.png()
    assert same(saved, explore(NAMES[0]).picture.png(opaque=True))
    explorer.controls["logit 2"].value = 0.2
    assert not same(saved, explorer.picture.png())
