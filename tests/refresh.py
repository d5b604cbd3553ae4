"""make refresh: run every notebook and save it the one right way, and build the editions in other languages from them.

Outputs and execution counts stay, since nbval compares them.  What differs from run to run or from machine to
machine goes: timing, widget state, the ids of live views, versions.  An error in a cell that is not tagged for one stops it all.
"""

import pathlib
import sys

import nbformat
from nbclient import NotebookClient

ROOT = pathlib.Path(__file__).parent.parent
KEPT = ("tags", "jupyter", "cellView")  # jupyter: what is folded; cellView: the same for code in Colab
LIVE_VIEW = "application/vnd.jupyter.widget-view+json"  # its id is random, and useless without the kernel


def refresh(path: pathlib.Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, record_timing=False, store_widget_state=False, coalesce_streams=True,
                   extra_arguments=["--log-level=40"], resources={"metadata": {"path": str(path.parent)}}).execute()
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata = {key: value for key, value in cell.metadata.items() if key in KEPT}
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(LIVE_VIEW, None)
    nbformat.write(notebook, path)


def editions(language: str) -> None:
    for source in [*SOURCES, PAGE]:
        path, told = ROOT / edition(source, language), build(source, language)
        print("refresh", path.relative_to(ROOT).as_posix())
        path.parent.mkdir(exist_ok=True)
        if isinstance(told, str):
            path.write_text(told, encoding="utf8", newline="\n")
        else:
            nbformat.write(told, path)
            refresh(path)


if __name__ == "__main__":
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        print("refresh", path.name)
        refresh(path)
    sys.path.insert(0, str(ROOT))
    from tests.topics import explore
    from tests.translate import LANGUAGES, PAGE, SOURCES, build, complete, edition

    for language in filter(complete, LANGUAGES):
        editions(language)
    (ROOT / ".github" / "explorer.png").write_bytes(explore("05_bce_per_class").picture.png())
