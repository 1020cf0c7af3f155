"""Records what the last cells of each exercise print, once every step is solved.

    python book/record_finale.py [EXERCISE ...]

Each notebook runs with the course's solutions, up to its finale and without the checks
and what is only there to be tried. What the finale prints is kept word for word, and what
it shows as HTML, too. The site shows it at the top of the exercise's page, as what a
student will see at the end (book/_ext/exercise.py); a test runs it again and compares.
"""

import sys
from pathlib import Path

import nbformat
import recording

ROOT = Path(__file__).parents[1]
FILE = recording.FOLDER / "finale.json"

# exercise: the cell whose output is the reward of all the work, by its grade_id, or by how
# its source begins
SHOWN = {
    "tokenize": "model_writes",
    "embed": "agree",
    "attend": "agree",
    "mlp": "agree",
    "sample": "agree",
    "train": "# From noise to stories",
    "cache": "agree",
    "modern": "agree",
    "chat": "n_steps = 300",
}


def is_last(cell: nbformat.NotebookNode, named: str) -> bool:
    """Whether it is the cell of that grade_id, or begins like this."""
    told = cell.metadata.get("nbgrader", {}).get("grade_id")
    return told == named or cell.source.startswith(named)


def notebook_of(exercise: str) -> nbformat.NotebookNode:
    """The notebook of the solution up to its finale, without checks and trials.

    Raises ValueError where there is no such cell.
    """
    path = ROOT / "solutions" / exercise / f"{exercise}.ipynb"
    notebook, cells = nbformat.read(path, as_version=4), []
    for cell in notebook.cells:
        told = cell.metadata.get("nbgrader", {})
        needed = told and (told.get("solution") or not told.get("grade"))
        if cell.cell_type == "code" and needed:
            cells.append(cell)
        if is_last(cell, SHOWN[exercise]):
            notebook.cells = [*cells, *([] if needed else [cell])]
            return notebook
    raise ValueError(f"{path.name} has no cell {SHOWN[exercise]}")


def record(exercise: str) -> list[dict]:
    """What the last cell shows: [{"text": …} or {"html": …, "text": …}, …]."""
    notebook = recording.ran(notebook_of(exercise), exercise)
    return joined(map(shown, notebook.cells[-1].outputs))


def joined(outputs) -> list[dict]:
    """Texts that follow each other as one, however they came; the empty are left out."""
    found = []
    for output in outputs:
        if "html" not in output and found and "html" not in found[-1]:
            found[-1]["text"] += output["text"]
        elif output["text"]:
            found.append(output)
    return [{**one, "text": one["text"].rstrip("\n")} for one in found]


def shown(output: nbformat.NotebookNode) -> dict:
    """One output of a cell; ValueError where it is an error."""
    if "ename" in output:
        raise ValueError(f"the finale fails: {output.ename}: {output.evalue}")
    if "data" not in output:
        return {"text": output.text}
    found = {"text": output.data.get("text/plain", "") + "\n"}
    if "text/html" in output.data:
        found["html"] = output.data["text/html"]
    return found


def main(exercises: list[str]) -> None:
    # neither a date nor a machine: any other prints the same, but for what was trained
    recorded = {**recording.read(FILE), "made by": "python book/record_finale.py"}
    for exercise in exercises or SHOWN:
        recorded[exercise] = record(exercise)
        print(f"{exercise}: {len(recorded[exercise])} outputs", flush=True)
    order = ["made by", *SHOWN]
    recording.keep(FILE, {key: recorded[key] for key in order if key in recorded})


if __name__ == "__main__":
    main(sys.argv[1:])
