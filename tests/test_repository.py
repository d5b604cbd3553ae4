"""What a maintainer relies on: make's own sentences, the address, and the shell inside the workflow, run as GitHub runs it."""

import gettext
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest
import segno
import yaml

from tests.topics import NAMES, NOTEBOOKS

if sys.platform == "win32":
    pytest.skip("make, perl and bash are wanted", allow_module_level=True)

ROOT = pathlib.Path(__file__).parent.parent
JOBS = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf8"))["jobs"]
PLACEHOLDER = "OWNER" + "/REPO"  # in two halves, or make address would change this line too
TOP = {"MAKEFLAGS": "", "MAKELEVEL": "0", "LANGUAGE": ""}  # make test runs these tests, and the make within must not know


@pytest.fixture
def run(tmp_path):
    """run(command, …): its exit code and all it says, in a folder with the Makefile and the requirements."""
    for name in ("Makefile", "constraints.txt", "requirements.txt", "requirements-test.txt", "requirements-show.txt"):
        shutil.copy(ROOT / name, tmp_path)

    def run(*command, **environment):
        done = subprocess.run(command, cwd=tmp_path, env=os.environ | TOP | environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout

    return run


def script(job: str, name: str) -> tuple:
    """A step of the workflow as the command that GitHub makes of it."""
    return "bash", "-e", "-c", next(step["run"] for step in JOBS[job]["steps"] if step.get("name") == name)


def program(path: pathlib.Path, source: str) -> str:
    path.write_text("#!/bin/sh\n" + source, encoding="utf8")
    path.chmod(0o755)
    return str(path)


def leads_to(path: pathlib.Path, address: str) -> bool:
    """Whether a QR code as SVG, dark where its path has strokes, is that of an address, with a quiet zone of 4 around it."""
    wanted = segno.make_qr(address, error="m").matrix
    dark, x, y = set(), 0, 0.5
    for step in re.findall(r"[Mmh][-\d. ]+", re.search(r'stroke="#000" d="([^"]*)"', path.read_text(encoding="utf8"))[1]):
        numbers = [float(number) for number in re.findall(r"-?[\d.]+", step)]
        if step[0] == "h":
            dark |= {(int(y), int(x) + k) for k in range(int(numbers[0]))}
            x += numbers[0]
        else:
            x, y = numbers if step[0] == "M" else (x + numbers[0], y + numbers[1])
    return dark == {(4 + row, 4 + column) for row, line in enumerate(wanted) for column, module in enumerate(line) if module}


def test_one_command_sets_the_address_everywhere_and_the_workflow_demands_it(run, tmp_path):
    (tmp_path / "notebook.ipynb").write_text(
        f'["https://example.org/{PLACEHOLDER}/x", "{PLACEHOLDER}.git", "lab/tree/{PLACEHOLDER[6:]}/notebooks"]', encoding="utf8")
    (tmp_path / "page.html").write_text(f"https://{PLACEHOLDER.replace('/', '.github.io/')}/", encoding="utf8")
    (tmp_path / ".venv/bin").mkdir(parents=True)
    program(tmp_path / ".venv/bin/python", f'exec {sys.executable} "$@"\n')  # with what make address would install
    for name in ("python", "show"):
        (tmp_path / ".venv" / name).touch()
    (tmp_path / ".github").mkdir()
    shutil.copytree(ROOT / "utils" / "locale", tmp_path / "utils" / "locale")
    (tmp_path / "tests").mkdir()
    for name in ("README.md", "utils/__init__.py", "utils/language.py", "tests/__init__.py", "tests/translate.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    run("git", "init", "-q")
    run("git", "add", ".")
    makefile = (tmp_path / "Makefile").read_text(encoding="utf8")
    demand = script("lint", "The repository's address is set")
    code, says = run(*demand, GITHUB_REPOSITORY="someone/name")
    assert code == 1 and "notebook.ipynb:1:" in says and "make address REPO=someone/name" in says
    assert run("make", "address", "REPO=someone/na.me-1")[0] == 0
    assert (tmp_path / "notebook.ipynb").read_text(encoding="utf8") == (
        '["https://example.org/someone/na.me-1/x", "someone/na.me-1.git", "lab/tree/na.me-1/notebooks"]')
    assert (tmp_path / "page.html").read_text(encoding="utf8") == "https://someone.github.io/na.me-1/"
    assert leads_to(tmp_path / ".github/page.svg", "https://someone.github.io/na.me-1/")
    assert (tmp_path / "Makefile").read_text(encoding="utf8") == makefile
    readme = (tmp_path / "README.md").read_text(encoding="utf8")
    with open(tmp_path / "utils/locale/zh_CN/LC_MESSAGES/messages.mo", "rb") as file:  # bytes are counted in there
        catalogue = gettext.GNUTranslations(file)
    paragraph = next(" ".join(part.split()) for part in readme.split("\n\n") if ".github.io/na.me-1/)" in part)
    assert "https://someone.github.io/na.me-1/" in catalogue.gettext(paragraph) != paragraph
    first = "".join(readme.splitlines(True)[:20])
    assert first.count("https://someone.github.io/na.me-1/") == 2 and '<img src=".github/page.svg"' in first, "on the first screen"
    assert run(*demand) == (0, "")


def test_the_qr_code_leads_to_the_page_that_the_readme_names():
    address = re.search(r"\]\((https://[\w.-]+\.github\.io/\S+/)\)", (ROOT / "README.md").read_text(encoding="utf8"))[1]
    assert leads_to(ROOT / ".github/page.svg", address)
    assert not leads_to(ROOT / ".github/page.svg", address + "x")


def test_only_the_job_that_publishes_may_write_and_it_installs_nothing():
    jobs = yaml.safe_load((ROOT / ".github/workflows/pages.yml").read_text(encoding="utf8"))["jobs"]
    assert {name: job["permissions"] for name, job in jobs.items()} == {
        "build": {"contents": "read"}, "deploy": {"pages": "write", "id-token": "write"}}
    assert [step["uses"].split("@")[0] for step in jobs["deploy"]["steps"]] == ["actions/deploy-pages"]
    assert {"run": "make site"} in jobs["build"]["steps"] and jobs["build"]["steps"][-1]["with"] == {"path": "_site"}


@pytest.mark.parametrize("wrong", ["", "name", "https://example.org/someone/name", "some one/name", "a/b/c", "it's/name"])
def test_an_address_that_is_none_is_refused(run, wrong):
    code, says = run("make", "address", f"REPO={wrong}")
    assert code == 2 and says.startswith("Which repository?  make address REPO=someone/name\n")


@pytest.mark.parametrize("given, handed_on", [
    (["worksheet", "SEED=it's 7"], ["utils.worksheet", "it's 7"]), (["quiz"], ["utils.quiz", ""]),
    (["assignment", "FOLDER=my class"], ["utils.assignment", "my class"]), (["assignment"], ["utils.assignment"])])
def test_what_is_given_reaches_a_command_whole(run, tmp_path, given, handed_on):
    """So that it is the command's own sentence that says what is wrong with it."""
    (tmp_path / ".venv/bin").mkdir(parents=True)
    program(tmp_path / ".venv/bin/python", 'printf "<%s>" "$@"\n')
    for name in ("python", "lab"):
        (tmp_path / ".venv" / name).touch()
    assert run("make", "-s", *given, SEED="", FOLDER="") == (0, "".join(f"<{part}>" for part in ["-m", *handed_on]))


def test_an_old_python_is_told_so(run, tmp_path):
    old = program(tmp_path / "python3.10", f'exec {sys.executable} -c '
                  '"import sys; sys.version_info, sys.version = (3, 10, 13), \'3.10.13 (main)\'; exec(sys.argv[1])" "$2"\n')
    code, says = run("make", "lab", f"PYTHON={old}")
    assert code == 2 and says.startswith(f"Python 3.11 or newer is wanted, {old} is 3.10.13: try make PYTHON=python3.12\n")


def test_without_a_network_or_a_build_of_torch_it_says_which_to_look_at(run, tmp_path):
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/python").touch()
    program(tmp_path / ".venv/bin/python", f'exec {sys.executable} "$@"\n')
    (tmp_path / "requirements.txt").write_text("torch==0.0.1\n", encoding="utf8")  # which nobody has
    code, says = run("make", "lab", PIP_NO_INDEX="1", PIP_FIND_LINKS="", PIP_CONFIG_FILE=os.devnull)
    assert code == 2
    assert re.search(r"\ntorch==0.0.1 was not found.  Is there a network\?  And has it a build for Python 3\.\d+\.\d+ on .*\nmake", says)
    assert not (tmp_path / ".venv/lab").exists()


def test_where_pytorchs_index_cannot_be_reached_one_calm_line_says_so(run, tmp_path):
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/python").touch()
    program(tmp_path / ".venv/bin/python", 'case "$*" in *--index-url*) echo ERROR: ResolutionImpossible >&2; exit 1;; esac\n')
    code, says = run("make", "-s", ".venv/lab")
    torch, = re.findall("^torch==.*", (tmp_path / "requirements.txt").read_text(encoding="utf8"), re.M)
    assert code == 0 and says.splitlines() == [f"pip install {torch}", f"PyTorch's own index is out of reach or has no {torch}: asking "
                                               "the default one (on Linux its build, for GPUs, takes gigabytes)"]


@pytest.mark.parametrize("language, folder", [
    ("", "notebooks"), ("zh", "notebooks/zh"), ("zh_CN:zh", "notebooks/zh"), ("fr:zh", "notebooks")])
def test_what_is_presented_is_in_the_language_that_was_asked_for(run, language, folder):
    code, says = run("make", "-n", "present", "NOTEBOOK=01_softmax", LANGUAGE=language)
    assert code == 0 and f" voila {folder}/01_softmax.ipynb " in says and f'[ -f "{folder}/01_softmax.ipynb" ]' in says


def test_every_file_names_the_same_pythons():
    oldest, newest = JOBS["test"]["strategy"]["matrix"]["python"]
    readme = (ROOT / "README.md").read_text(encoding="utf8")
    assert f"Python {oldest} or newer" in readme and f"Python {oldest} to {newest}" in readme
    makefile = (ROOT / "Makefile").read_text(encoding="utf8")
    assert f">= ({oldest.replace('.', ', ')})" in makefile and f"--universal --python-version {oldest} " in makefile
    assert f'"py{oldest.replace(".", "")}"' in (ROOT / "ruff.toml").read_text(encoding="utf8")


def test_the_weekly_run_lifts_every_pin(run, tmp_path):
    pinned = (tmp_path / "requirements.txt").read_text(encoding="utf8")
    run("git", "init", "-q")
    run("git", "add", ".")
    program(tmp_path / "make", f'{shutil.which("make")} -n "$@" >said; cat requirements*.txt >>said\n')
    assert run(*script("newest", "Install everything without its pin"), PATH=f"{tmp_path}:{os.environ['PATH']}") == (0, "")
    said = (tmp_path / "said").read_text(encoding="utf8")
    assert "==" not in said and not re.search("^-c", said, re.M) and re.search("^torch$", said, re.M)
    assert (tmp_path / "requirements.txt").read_text(encoding="utf8") == pinned


@pytest.mark.parametrize("number, wanted", [("", "issue create --title The newest releases break a test --body https://run:"),
                                            ("7", "issue comment 7 --body https://run:")])
def test_the_weekly_run_opens_one_issue_and_then_adds_to_it(run, tmp_path, number, wanted):
    program(tmp_path / "gh", f'echo "$@" >>said; [ "$2" != list ] || echo "{number}"\n')
    title = JOBS["report"]["steps"][0]["env"]["TITLE"]
    code, _ = run(*script("report", "Open the issue, or add to it"), PATH=f"{tmp_path}:{os.environ['PATH']}", TITLE=title, RUN="https://run")
    first, second = (tmp_path / "said").read_text(encoding="utf8").splitlines()
    assert code == 0 and first.startswith("issue list ") and second.startswith(wanted)


def test_no_token_that_writes_where_the_newest_releases_run():
    assert JOBS["newest"]["permissions"] == {"contents": "read"} and JOBS["report"]["needs"] == "newest"
    assert [name for name, job in JOBS.items() if "write" in job["permissions"].values()] == ["report"]


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_says_of_each_notebook_what_it_says_itself(name):
    """Its number and title, its question and how long it takes."""
    first = NOTEBOOKS[name].cells[0].source
    patterns = r"^# (\d+ · .*)", r"^\*\*(.*\?)\*\*", r"Time: (\d+) minutes"
    title, question, minutes = (re.search(pattern, first, re.M)[1] for pattern in patterns)
    row = f"| [{title.replace(' ·', '')}](notebooks/{name}.ipynb) | {question} | {minutes} |"
    assert row in (ROOT / "README.md").read_text(encoding="utf8").splitlines(), row
