"""What a hostile submission is, and how it is written to disk as a student's folder.

Each is made from the exercise as students get it and from the course's own solution,
with what this one did differently; or it is raw bytes, links and odd files.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder import checks

ROOT = Path(__file__).parents[3]
ALL = ("every step",)


@dataclass(frozen=True)
class Item:
    """One submission: what its author hopes for, what it does, what must come of it.

    `code` is a cell of its own, put before the cell with the grade id `at` (None: the
    first check). `solved` are the steps taken from the solution, `instead` functions
    written in another way. `edit` changes the notebook further; `raw` is written in
    place of a notebook; `files` lie beside it; `build` does what else there is to do
    in the student's folder. Each check that is `solved` and not `wrong` must earn all
    its points, every other must earn none. `flagged` (None: either) is whether a person
    must be told. With `page`, a feedback page is made, too.
    """

    name: str
    hopes: str
    code: str = ""
    at: str | None = None
    solved: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()
    edit: Callable[[NotebookNode], None] = lambda notebook: None
    raw: bytes | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    build: Callable[[Path], None] = lambda folder: None
    flagged: bool | None = None
    assignment: str = "attend"
    group: str = "plain"
    student: str = ""
    family: str = ""
    page: bool = False

    @property
    def id(self) -> str:
        """The name of the student's folder."""
        return self.student or re.sub(r"\W+", "-", self.name).strip("-").lower()

    @property
    def label(self) -> str:
        """The name of its test."""
        plain = re.sub(r"\W+", "-", self.name)
        return f"{self.family}-{plain}"

    @property
    def earns(self) -> dict[str, float]:
        """The points of every check, as they must be."""
        every = checks.load(self.assignment).values()
        steps = [c.name for c in every] if self.solved == ALL else self.solved
        wrong = steps if self.wrong == ALL else self.wrong
        return {
            c.name: float(c.points if c.name in steps and c.name not in wrong else 0)
            for c in every
        }


def family(name: str, *items: Item, **all_of_them) -> tuple[Item, ...]:
    """The items of a module, each told to which family it belongs."""
    return tuple(
        dataclasses.replace(item, family=name, **all_of_them) for item in items
    )


def write(item: Item, submitted: Path, places: Mapping[str, str]) -> None:
    """Hand it in. `places` are what the attacker knows of the machine: @NAME@ in code."""

    def told(text: str) -> str:
        for name, place in places.items():
            text = text.replace(f"@{name}@", place)
        return text

    instead = tuple(map(told, item.instead))
    item = dataclasses.replace(item, code=told(item.code), instead=instead)
    folder = submitted / item.id / item.assignment
    folder.mkdir(parents=True)
    path = folder / f"{item.assignment}.ipynb"
    if item.raw is None:
        path.write_text(nbformat.writes(notebook(item)), encoding="utf-8")
    else:
        path.write_bytes(item.raw)
    reference = folder / "reference.safetensors"
    reference.write_bytes((_released(item.assignment) / reference.name).read_bytes())
    for name, content in item.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        content = content.replace(b"@MARKER@", places["MARKER"].encode())
        (folder / name).write_bytes(content)
    item.build(folder)


def notebook(item: Item) -> NotebookNode:
    """The notebook that was handed in."""
    text = (_released(item.assignment) / f"{item.assignment}.ipynb").read_text("utf-8")
    handed_in = nbformat.reads(text, as_version=4)
    solved = solutions(item.assignment)
    instead = {_function(source): source.strip() for source in item.instead}
    wanted = tuple(solved) if item.solved == ALL else item.solved
    for cell in handed_in.cells:
        name = grade_id(cell).removeprefix("write_")
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = solved[name] if name in wanted else cell.source
            cell.source = instead.pop(name, cell.source)
    assert not instead, f"{item.name}: no step is named {', '.join(instead)}"
    if item.code:
        first = next(iter(checks.load(item.assignment)))
        place = find(handed_in, item.at or first)
        handed_in.cells.insert(place, new_code_cell(item.code.strip()))
    for number, cell in enumerate(handed_in.cells):
        cell["id"] = f"cell-{number}"
    item.edit(handed_in)
    return handed_in


@functools.cache
def solutions(assignment: str) -> dict[str, str]:
    """The course's own solution of each step."""
    path = ROOT / "solutions" / assignment / f"{assignment}.ipynb"
    marks = re.compile(r"^\s*### (BEGIN|END) SOLUTION\n?", re.MULTILINE)
    return {
        grade_id(cell).removeprefix("write_"): marks.sub("", cell.source).rstrip()
        for cell in nbformat.read(path, as_version=4).cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }


def find(notebook: NotebookNode, name: str) -> int:
    """Where the cell with a grade id is."""
    return next(i for i, c in enumerate(notebook.cells) if grade_id(c) == name)


def grade_id(cell: NotebookNode) -> str:
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def _released(assignment: str) -> Path:
    return ROOT / "exercises" / assignment


def _function(source: str) -> str:
    return re.findall(r"^def (\w+)", source, flags=re.MULTILINE)[-1]
