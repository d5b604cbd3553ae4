"""make assignment: the notebooks' exercises as homework, for students and with solutions, in the form that nbgrader takes.

Everything comes from the committed notebooks: an exercise is a code cell with a stub and its checks, followed by a folded solution.
"""

import json
import re
import shutil
import sys
from pathlib import Path

from utils.language import say, speak, spoken, wanted
from utils.paper import ROOT, stop
from utils.review import questions

FUNCTION = re.compile(r"^def (\w+)\(.*\n(?: +.*\n*)+", re.M)
FOLDED = re.compile(r"<details><summary>.*</summary>\n\n```python\n(.*?)```\n\n</details>", re.S)
SOLUTION, TESTS = (re.compile(rf"^( *)### BEGIN {what}\n.*?### END {what}", re.M | re.S) for what in ("SOLUTION", "HIDDEN TESTS"))
POINTS, POINTS_OF_A_REVIEW = 2, 1

SAYS = {  # what stands in the homework beside what the notebooks say
    "title": "Homework: softmax, sigmoid and the two cross-entropies",
    "intro": "Each exercise has the number of its notebook. Where it speaks of a trap, or of a function from above, look there. Write your "
             "lines where it says so. The cell below each answer is locked: it checks the answer, and says what went wrong.",
    "end": "Before you hand it in: Kernel → Restart Kernel and Run All Cells.",
    "lines": "your lines here",
    "review": "Review this code",
    "pieces": "Pieces of code that you have not seen, each with one line that is wrong. `images` and `labels` are 300 handwritten digits "
              "to learn from, `losses` is an empty list. Find the line and say what one will see. These are graded after you have handed "
              "them in.",
    "letter": "The letter of your choice, as in {example}",
    "letters": "{name} is to be one of the letters {letters}, in quotes",
}
SETUP = """import torch
from torch import nn
from torch.nn import functional as F
%xmode Minimal"""


def stub() -> str:
    return f"...  # {say(SAYS['lines'])}"


def exercises(notebook: list[dict]) -> list[tuple[str, str, str]]:
    """(what is asked, the cell with stub and checks, the solution) of each exercise among a notebook's cells."""
    texts = ["".join(cell["source"]) for cell in notebook]
    return [(re.split(r"^(?=## )", asked, flags=re.M)[-1], stub, folded[1])
            for asked, stub, after in zip(texts, texts[1:], texts[2:]) if (folded := FOLDED.fullmatch(after.strip()))]


def text(name: str, source: str) -> dict:
    made = code(name, source)
    return {key: made[key] for key in ("id", "metadata", "source")} | {"cell_type": "markdown"}


def code(name: str, source: str, points: int | None = None, solution: bool = False) -> dict:
    """A cell with nbgrader's metadata: a locked test if it has points, a student's own if it has a solution, else just locked."""
    grading = {"grade": points is not None, "grade_id": name, "locked": not solution, "schema_version": 3, "solution": solution,
               "task": False} | ({} if points is None else {"points": points})
    return {"cell_type": "code", "execution_count": None, "id": name, "metadata": {"nbgrader": grading}, "outputs": [], "source": source}


def hidden(solution: str, indent: str = "") -> str:
    return f"{indent}### BEGIN SOLUTION\n{solution.rstrip()}\n{indent}### END SOLUTION"


def of_exercise(asked: str, stub: str, solution: str, modules: dict[str, str]) -> list[dict]:
    """The cells of one exercise: the text, the answer, and a locked cell for each check, which is imported from its module."""
    heads = [function[0].split("\n")[0] for function in FUNCTION.finditer(stub)]
    bodies = {function[1]: function[0].partition("\n")[2] for function in FUNCTION.finditer(solution)}
    answers = [head + "\n" + hidden(bodies[re.match(r"def (\w+)", head)[1]], "    ") for head in heads]
    checks = re.findall(r"(check_(\w+))\((\w+)\)", stub)
    tests = [code(f"test-{name}", f"from utils.{modules[check]} import {check}\n\nresult = {check}({function})\nassert result, result\n"
                  "print(result)", POINTS) for check, name, function in checks]
    return [text(f"text-{checks[0][1]}", asked), code(f"answer-{checks[0][1]}", "\n\n".join(answers), solution=True), *tests]


def of_review(k: int, question) -> list[dict]:
    """The cells of one piece of code to review; its choices have the letters a, b, c."""
    letters = "abc"[:len(question.choices)]
    right, _ = question.answer()
    listed = "\n".join(f"- **{letter}** {say(choice)}" for letter, choice in zip(letters, question.choices))
    name, quoted = f"review_{k + 1}", [f'"{letter}"' for letter in letters]
    letter = quoted[list(question.choices).index(right)]
    wrong = say(SAYS["letters"], name=name, letters=", ".join(letters))
    test = f"""assert {name} in [{', '.join(quoted)}], {wrong!r}
### BEGIN HIDDEN TESTS
from utils.language import say
from utils.review import questions

question = questions.SNIPPETS[{k}]()
right, seen = question.answer()
assert list(question.choices)["{letters}".index({name})] == right, "\\n".join([
    say(right), say("{{why}} Torch says {{evidence}}.", why=say(question.choices[right]), evidence=seen)])
### END HIDDEN TESTS"""
    return [text(f"text-{name}", f"## {name}\n\n{say(question.question)}\n{listed}"),
            code(f"answer-{name}", f"# {say(SAYS['letter'], example=f'{name} = {quoted[0]}')}\n{hidden(f'{name} = {letter}')}",
                 solution=True),
            code(f"test-{name}", test, POINTS_OF_A_REVIEW)]


def assignment() -> dict:
    """The notebook with solutions: all exercises of the edition that is spoken, in the order of the notebooks, then the reviews."""
    edition, speaks = ROOT / "notebooks", ""
    if spoken() != "en":
        edition, speaks = edition / spoken().partition("_")[0], f'\n\nfrom utils.language import speak\nspeak("{spoken()}")'
    title, intro, end, review, pieces = (say(SAYS[name]) for name in ("title", "intro", "end", "review", "pieces"))
    cells = [text("introduction", f"# {title}\n\n{intro}\n\n{end}"), code("setup", SETUP + speaks)]
    for path in sorted(edition.glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf8"))
        title = "".join(notebook["cells"][0]["source"]).partition("\n")[0]
        imports = re.findall(r"^from utils\.(\w+) import (.+)", "\n".join("".join(c["source"]) for c in notebook["cells"]), re.M)
        modules = {name: module for module, names in imports for name in names.split(", ")}
        cells.append(text(f"title-{path.stem}", title))
        for exercise in exercises(notebook["cells"]):
            cells += of_exercise(*exercise, modules)
    cells.append(text("reviews", f"# {review}\n\n{pieces}"))
    for k, ask in enumerate(questions.SNIPPETS):
        cells += of_review(k, ask())
    return {"cells": cells, "metadata": notebook["metadata"], "nbformat": 4, "nbformat_minor": 5}


def for_students(notebook: dict) -> dict:
    """The same without solutions and without hidden tests, as nbgrader would make it."""
    cells = [part | {"source": TESTS.sub("", SOLUTION.sub(rf"\g<1>{stub()}", part["source"])).rstrip()} for part in notebook["cells"]]
    return notebook | {"cells": cells}


def write(folder: Path) -> None:
    """students/ is to be handed out; source/ is nbgrader's, and has the solutions.  Both bring utils/, which holds the checks."""
    notebook = assignment()
    for home, made in ((folder / "students", for_students(notebook)), (folder / "source" / "losses", notebook)):
        home.mkdir(parents=True)
        (home / "losses.ipynb").write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf8")
        shutil.copytree(ROOT / "utils", home / "utils", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "nbgrader_config.py").write_text(f"""c = get_config()
c.CourseDirectory.course_id = "losses"
c.ClearSolutions.code_stub = {{"python": "{stub()}"}}
""", encoding="utf8")


def main(folder: str = "assignment") -> None:
    """Writes the folder, in the language that LANGUAGE asks for, or says in one sentence why not."""
    speak(wanted())
    if Path(folder).exists():
        stop(say("There is a folder {folder} already, and nothing in it was changed: move it away, or name another one.", folder=folder))
    try:
        write(Path(folder))
    except OSError as error:
        stop(say("The folder {folder} cannot be made: {reason}. Name another one.", folder=folder, reason=error.strerror))
    print(say("{folder}/students is for students, {folder}/source has the solutions too.", folder=folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
