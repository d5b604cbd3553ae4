"""make assignment: what students get, what the solutions score, and nbgrader's own points for a right, a half right and a wrong one.

nbgrader is no requirement of the set.  make test-nbgrader installs it apart and runs this file; elsewhere its one test is skipped.
"""

import copy
import importlib.util
import json
import os
import re
import subprocess
import sys
import sysconfig

import pytest

from tests.topics import CHECKS, NOTEBOOKS, ROOT, UTILS
from utils.assignment import POINTS, POINTS_OF_A_REVIEW, assignment, for_students, main, write
from utils.language import speak, spoken

SOLVED = assignment()
STUDENTS = for_students(SOLVED)
REVIEWS = [f"review_{k}" for k in range(1, 7)]
ALL = len(CHECKS) * POINTS + len(REVIEWS) * POINTS_OF_A_REVIEW


def sources(notebook: dict) -> dict[str, str]:
    return {cell["id"]: cell["source"] for cell in notebook["cells"]}


def passes(notebook: dict) -> dict[str, bool]:
    """{a test's cell: whether nothing is raised there}, the cells run one after the other as in a kernel."""
    space, passed = {}, {}
    for name, source in sources(notebook).items():
        if name.startswith(("answer-", "test-")) or name == "setup":
            try:
                exec(re.sub("^%.*", "", source, flags=re.M), space)
                passed[name] = True
            except Exception:
                passed[name] = False
    return {name: right for name, right in passed.items() if name.startswith("test-")}


def test_every_check_and_every_review_is_a_locked_test_with_points():
    tests = {name: cell["metadata"]["nbgrader"] for cell in SOLVED["cells"] if (name := cell["id"]).startswith("test-")}
    assert list(tests) == [f"test-{name}" for name in [*(check.__name__.removeprefix("check_") for check in CHECKS), *REVIEWS]]
    assert all(grading["grade"] and grading["locked"] and not grading["solution"] for grading in tests.values())
    assert sum(grading["points"] for grading in tests.values()) == ALL
    names = [cell["metadata"]["nbgrader"]["grade_id"] for cell in SOLVED["cells"]]
    assert len(set(names)) == len(names) and all(re.fullmatch(r"[\w-]+", name) for name in names)


def test_with_the_solutions_all_tests_pass_and_with_the_stubs_none():
    assert all(passes(SOLVED).values()) and not any(passes(STUDENTS).values())


def test_a_stub_and_its_words_are_the_notebooks_and_no_solution_is_left_for_students():
    written = "\n".join(sources(STUDENTS).values())
    folded = [line.strip() for notebook in NOTEBOOKS.values() for cell in notebook.cells if "<summary>A solution</summary>" in cell.source
              for line in re.search("```python\n(.*?)```", cell.source, re.S)[1].splitlines()]
    heads = [line for notebook in NOTEBOOKS.values() for cell in notebook.cells if re.search(r"^ +\.\.\.", cell.source, re.M)
             for line in cell.source.splitlines() if line.startswith("def ")]
    assert len(heads) == len(CHECKS) and all(head in written for head in heads)
    assert len(folded) > 20 and not [line for line in folded if line and not line.startswith("def ") and line in written]
    assert not re.search("SOLUTION|HIDDEN|right, seen", written) and written.count("your lines here") == len(CHECKS) + len(REVIEWS)
    asked = [cell.source.split("rite it yourself\n\n")[1] for notebook in NOTEBOOKS.values() for cell in notebook.cells
             if "# Write it yourself" in cell.source]
    assert len(asked) == len(NOTEBOOKS) and all(words in written for words in asked)


def test_the_reviews_are_those_of_the_notebook():
    written = sources(STUDENTS)
    for name, ask in zip(REVIEWS, UTILS["review"].questions.SNIPPETS):
        assert all(f"- **{letter}** {choice}" in written[f"text-{name}"] for letter, choice in zip("abc", ask().choices))
        assert ask().question in written[f"text-{name}"]


def test_in_another_language_it_has_the_words_of_that_edition_and_the_same_code(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LANGUAGE", "zh")
    main(str(tmp_path / "homework"))
    chinese = re.compile("[\u4e00-\u9fff]")
    assert chinese.search(capsys.readouterr().out)
    speak("en")
    for home, english in {"students": STUDENTS, "source/losses": SOLVED}.items():
        other = json.loads((tmp_path / "homework" / home / "losses.ipynb").read_text(encoding="utf8"))
        assert [(cell["id"], cell["metadata"]) for cell in other["cells"]] == [(cell["id"], cell["metadata"]) for cell in english["cells"]]
        for one, cell in zip(english["cells"], other["cells"]):
            if cell["id"].startswith(("text-", "introduction", "reviews", "answer-review")):
                worded = [line for line in cell["source"].splitlines() if re.match("(- |# )?[*A-Z]", line)]
                assert chinese.search(cell["source"]) and not [line for line in worded if not chinese.search(line)], cell
            if cell["id"].startswith(("answer-", "test-")):
                assert len({re.sub(" *#.*|'.*'", "", source) for source in (one["source"], cell["source"])}) == 1, cell
    assert all(passes(other).values()) and spoken() == "zh_CN", "the checks speak it, too"


def test_what_is_handed_out_brings_all_that_it_imports(tmp_path):
    write(tmp_path / "homework")
    for home in ("students", "source/losses"):
        here, there = ({path.name for path in folder.iterdir()} for folder in (ROOT / "utils", tmp_path / "homework" / home / "utils"))
        assert here - there <= {"__pycache__"}
    ran = subprocess.run([sys.executable, "-c", "import utils.training; print(utils.__file__)"], cwd=tmp_path / "homework/students",
                         capture_output=True, text=True)
    assert ran.returncode == 0 and "homework" in ran.stdout, "alone, and not by way of the repository"


def test_a_folder_that_exists_stays_as_it_is(tmp_path, capsys):
    folder = tmp_path / "homework"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine", encoding="utf8")
    with pytest.raises(SystemExit, match="2"):
        main(str(folder))
    assert capsys.readouterr() == (
        "", f"There is a folder {folder} already, and nothing in it was changed: move it away, or name another one.\n")
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]


def test_a_folder_that_cannot_be_made_gets_a_sentence(tmp_path, capsys):
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match="2"):
        main(str(tmp_path / "file" / "homework"))
    said = capsys.readouterr().err  # the reason is the system's own
    assert said.startswith("The folder ") and "cannot be made: " in said and said.endswith("Name another one.\n")


def handed_in(answers: dict[str, str]) -> dict:
    """What students get, with some of the cells written by them."""
    notebook = copy.deepcopy(STUDENTS)
    for cell in notebook["cells"]:
        cell["source"] = answers.get(cell["id"], cell["source"])
    return notebook


# The half right one has the solutions of three notebooks, a softmax that overflows, one of two functions, and half of the reviews.
# The wrong one has a wrong letter everywhere, and tries to get round the tests instead: in its cells, in theirs and in utils/.
RIGHT = {name: source for name, source in sources(SOLVED).items() if name.startswith("answer-")}
HALF = {name: RIGHT[name] for name in ("answer-cross_entropy", "answer-sigmoid", "answer-predict_labels", "answer-review_1",
                                       "answer-review_2", "answer-review_3")} | {
    "answer-softmax": "def my_softmax(logits):\n    exps = torch.exp(logits)\n    return exps / exps.sum(dim=-1, keepdim=True)",
    "answer-bce_terms": "def my_bce_terms(logits, targets):\n"
                        "    return F.binary_cross_entropy_with_logits(logits, targets, reduction='none')\n"
                        "def my_bce(logits, targets):\n    return my_bce_terms(logits, targets).sum()"}
OF_HALF = {"test-cross_entropy": 2, "test-sigmoid": 2, "test-log_sigmoid": 2, "test-predict_labels": 2, "test-bce_terms": 2,
           "test-review_1": 1, "test-review_2": 1, "test-review_3": 1}
WRONG = {f"answer-{name}": re.sub('= "([abc])"', lambda letter: f'= "{"bca"["abc".index(letter[1])]}"', RIGHT[f"answer-{name}"])
         for name in REVIEWS} | {
    "answer-softmax": "check_softmax = lambda function: True\ndef my_softmax(logits):\n    return logits", "test-softmax": "print('✓')",
    "test-review_1": "review_1 = 'a'"}


@pytest.mark.skipif(not importlib.util.find_spec("nbgrader"), reason="make test-nbgrader installs nbgrader, and runs this")
def test_nbgrader_makes_the_same_for_students_and_gives_the_points(tmp_path):
    from nbgrader.api import Gradebook

    def nbgrader(*command):
        path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])  # nbgrader itself calls alembic, by its bare name
        ran = subprocess.run([sys.executable, "-m", "nbgrader", *command], cwd=course, env=os.environ | {"PATH": path},
                             capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr

    course = tmp_path / "homework"
    write(course)
    nbgrader("generate_assignment", "losses")
    released = json.loads((course / "release/losses/losses.ipynb").read_text(encoding="utf8"))
    assert {cell["id"]: "".join(cell["source"]).rstrip() for cell in released["cells"]} == sources(STUDENTS)
    for student, answers in {"right": RIGHT, "half": HALF, "wrong": WRONG}.items():
        home = course / "submitted" / student / "losses"
        home.mkdir(parents=True)
        (home / "losses.ipynb").write_text(json.dumps(handed_in(answers)), encoding="utf8")
    (course / "submitted/wrong/losses/utils").mkdir()
    (course / "submitted/wrong/losses/utils/softmax.py").write_text("check_softmax = lambda function: True", encoding="utf8")
    nbgrader("autograde", "losses")
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        points = {student: {grade.name: grade.score for grade in gradebook.find_submission_notebook("losses", "losses", student).grades}
                  for student in ("right", "half", "wrong")}
    tests = [cell["id"] for cell in SOLVED["cells"] if cell["id"].startswith("test-")]
    assert sum(points["right"].values()) == ALL == 26
    assert points["half"] == {name: OF_HALF.get(name, 0) for name in tests} and sum(OF_HALF.values()) == 13
    assert points["wrong"] == dict.fromkeys(tests, 0)
