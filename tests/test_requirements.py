"""What gets installed: every pin, and the constraints that hold all that the pins bring along."""

import ast
import importlib.metadata
import pathlib
import re
import sys

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = pathlib.Path(__file__).parent.parent
OURS = ["requirements.txt", "requirements-show.txt", "requirements-test.txt", "requirements-lint.txt"]
OWN_PINS = re.compile("torch|triton|nvidia|cuda")  # what torch brings with it is pinned by torch itself


def lines(name: str) -> list[str]:
    return [line for line in (ROOT / name).read_text(encoding="utf8").splitlines() if line and not line.startswith("#")]


def pins(name: str) -> dict:
    """{package: "==version"}, of a file's lines that hold on this system and Python."""
    wanted = [Requirement(line) for line in lines(name) if not line.startswith("-")]
    return {canonicalize_name(pin.name): str(pin.specifier) for pin in wanted if pin.marker is None or pin.marker.evaluate()}


CONSTRAINTS = pins("constraints.txt")


@pytest.mark.parametrize("name", OURS)
def test_every_requirement_is_pinned_and_the_constraints_say_the_same(name):
    for package, pin in pins(name).items():
        assert re.fullmatch(r"==[\w.]+", pin)
        assert OWN_PINS.match(package) or CONSTRAINTS.get(package) == pin, "make constraints"
    assert not [package for package in CONSTRAINTS if OWN_PINS.match(package)]


@pytest.mark.parametrize("name", OURS)
def test_whoever_installs_a_file_gets_the_constraints(name):
    """By pip, on any system: each file names them itself, or brings one that does."""
    said = lines(name) + [line for other in re.findall(r"^-r (.*)", "\n".join(lines(name)), re.M) for line in lines(other)]
    assert "-c constraints.txt" in said


def test_all_that_the_pins_bring_along_is_in_the_constraints():
    """As far as it is installed here at its pin: a newer release may bring what the pinned one did not."""
    pinned, seen, missing = {package: pin for name in OURS for package, pin in pins(name).items()}, set(), set()
    todo = [(package, "") for package in pinned]
    while todo:
        package, extra = todo.pop()
        if package not in CONSTRAINTS | pinned:
            missing.add(package)
        try:
            version = importlib.metadata.version(package).split("+")[0]
        except importlib.metadata.PackageNotFoundError:  # what lints is installed apart
            continue
        if (package, extra) in seen or f"=={version}" != (CONSTRAINTS | pinned).get(package):
            continue
        seen.add((package, extra))
        for need in map(Requirement, importlib.metadata.requires(package) or []):
            if not OWN_PINS.match(need.name) and (need.marker is None or need.marker.evaluate({"extra": extra})):
                todo += [(canonicalize_name(need.name), extra) for extra in ("", *need.extras)]
    assert not missing, "make constraints"
    assert len(seen) > 50 or importlib.metadata.version("jupyterlab") != pinned["jupyterlab"][2:]


def test_a_reader_gets_what_utils_imports_at_its_pin():
    trees = [ast.parse(path.read_text(encoding="utf8")) for path in (ROOT / "utils").glob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    modules = {alias.name.split(".")[0] for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module.split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}
    modules -= {*sys.stdlib_module_names, "utils"}
    homes = importlib.metadata.packages_distributions()
    assert len(modules) > 3 and not [module for module in modules if canonicalize_name(homes[module][0]) not in pins("requirements.txt")]


def test_colab_is_tried_with_colabs_python_and_torch():
    jobs = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf8"))["jobs"]
    (job,) = [job for job in jobs["test"]["strategy"]["matrix"]["include"] if job["make"] == "test-colab"]
    text = (ROOT / "requirements-colab.txt").read_text(encoding="utf8")
    assert f"Python {job['python']}," in text
    assert all(re.fullmatch(r"==[\w.]+", pin) for pin in pins("requirements-colab.txt").values())
    makefile = (ROOT / "Makefile").read_text(encoding="utf8")
    assert re.search(r"^\$\(COLAB\)/ready:.*\n.*\n\t\$\(call install_torch,\$\(COLAB\)/bin,requirements-colab\.txt\)", makefile, re.M)
