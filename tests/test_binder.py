"""What Binder would build: the real repo2docker renders .binder/ into a Dockerfile.  Only the build itself needs Docker."""

import pathlib
import re
import sys

import pytest
from packaging.specifiers import SpecifierSet

from tests.test_requirements import lines, pins

if sys.platform == "win32":
    pytest.skip("repo2docker runs on Linux and macOS", allow_module_level=True)

from repo2docker.app import Repo2Docker

ROOT = pathlib.Path(__file__).parent.parent


@pytest.fixture
def pack(monkeypatch):
    """The build pack that repo2docker chooses here, as it chooses it: the first that finds its files."""
    monkeypatch.chdir(ROOT)
    app = Repo2Docker()
    pack = next(filter(lambda pack: pack.detect(), (Pack(base_image=app.base_image) for Pack in app.buildpacks)))
    pack.platform = "linux/amd64"  # Binder's machines
    return pack


def test_the_python_build_pack_with_the_python_that_is_tested_here(pack):
    assert type(pack).__name__ == "PythonBuildPack"
    assert pack.python_version == "3.11" and "environment-2epy-2d3-2e11-2dlinux-2d64-2elock" in pack.render({})


def test_torch_is_installed_before_the_notebooks_are_copied(pack):
    """So that a changed notebook leaves torch's layer as it is."""
    dockerfile = pack.render({})
    installs = re.findall(r"pip install .*", dockerfile)
    assert installs == ['pip install --no-cache-dir -r ".binder/requirements.txt"']
    assert dockerfile.index(installs[0]) < dockerfile.index(" src/ ${REPO_DIR}/")


def test_the_pins_are_those_of_the_readers():
    wanted = {name: pins("requirements.txt")[name] for name in ("torch", "matplotlib", "ipywidgets", "numpy", "pillow")}
    assert pins(".binder/requirements.txt") == wanted | {"torch": wanted["torch"] + "+cpu"}, "make them agree by hand"


def test_the_cuda_build_would_not_do():
    version, torch = pins("requirements.txt")["torch"][2:], SpecifierSet(pins(".binder/requirements.txt")["torch"])
    assert f"{version}+cpu" in torch and version not in torch and f"{version}+cu130" not in torch
    index = re.search(r"^CPU := (.*)", (ROOT / "Makefile").read_text(encoding="utf8"), re.M)[1]
    assert f"--extra-index-url {index}" in lines(".binder/requirements.txt")
    assert "index-url" not in "".join(lines("requirements.txt"))  # slow where it can't be reached, and uv fails on it


def test_the_badge_opens_the_first_notebook():
    readme = (ROOT / "README.md").read_text(encoding="utf8")
    badge = re.search(r"https://mybinder\.org/v2/gh/[^/]+/[^/]+/HEAD\?urlpath=lab/tree/(.*?)\)", readme)
    assert badge[1] == "notebooks/01_softmax.ipynb" and (ROOT / badge[1]).exists()
