"""What was handed in: read without trusting it, and put back into the exercise's form.

A submission is a folder that somebody else filled: its notebook may be no notebook, its
files may be links to other people's. What becomes of the notebook's bytes is in `cells`,
and for a grader that runs in a process of its own (`reader`).
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from nbformat import NotebookNode

from autograder.classroom import cells
from autograder.classroom.cells import Released, ReleasedCell
from autograder.classroom.reader import here

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

NOTEBOOK_MB = 20
FILES_MB = 16  # all other files of a submission together
FILES = 200


def released(gradebook: Gradebook, assignment: str, notebook: str) -> Released:
    """What the gradebook says of a notebook, as a plain value that can travel."""
    from nbgrader.nbgraderformat import SCHEMA_VERSION

    known = gradebook.find_notebook(notebook, assignment)
    points = {cell.name: float(cell.max_score) for cell in known.grade_cells}
    solutions = {cell.name for cell in known.solution_cells}
    tasks = {cell.name: float(cell.max_score) for cell in known.task_cells}
    return Released(
        {
            cell.name: ReleasedCell(
                str(cell.cell_type),
                cell.source,
                bool(cell.locked),
                cell.name in solutions,
                cell.name in tasks,
                cell.checksum,
                (points | tasks).get(cell.name),
            )
            for cell in known.source_cells
        },
        json.loads(known.kernelspec or "{}"),
        SCHEMA_VERSION,
    )


@dataclass(frozen=True)
class HandedIn:
    """The bytes of a submission's folder; `flags` tell what was left out, and why.

    `notebook` is None where there is none. `timestamp` is what timestamp.txt says.
    Equal fingerprints mean equal submissions.
    """

    notebook: bytes | None
    files: dict[str, bytes]
    timestamp: str | None
    flags: tuple[str, ...]
    fingerprint: str


def collect(folder: Path, name: str) -> HandedIn:
    """Read the files of a submission of the notebook `name`; no link is followed."""
    files: dict[str, bytes] = {}
    flags = []
    digest = hashlib.sha256()
    notebook, room, full = None, FILES_MB << 20, ""
    if folder.is_symlink():
        entries, flags = [], [f"{folder.name} is a link: not followed"]
    else:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    for entry in entries:
        digest.update(ascii(entry.name).encode() + b"\0")
        if entry.is_dir(follow_symlinks=False):
            continue
        shown = ascii(entry.name)[1:-1][:60]
        mine = entry.name == f"{name}.ipynb"
        try:
            data = _read(entry.path, NOTEBOOK_MB << 20 if mine else room)
        except ValueError as error:
            flags.append(f"{shown} {error}")
            continue
        digest.update(hashlib.sha256(data).digest())
        if mine:
            notebook = data
        elif len(files) == FILES:
            full = f"more than {FILES} files: the rest was left out"
        elif not entry.name.endswith(".ipynb"):
            room -= len(data)
            files[entry.name] = data
    flags += [full] if full else []
    if notebook is None and not any(flag.startswith(f"{name}.ipynb") for flag in flags):
        others = [ascii(e.name)[1:-1][:60] for e in entries if ".ipynb" in e.name]
        there = f"there is {', '.join(others[:3])}" if others else "none is there"
        flags.append(f"no notebook is named {name}.ipynb: {there}")
    stamp = files.get("timestamp.txt", b"").decode("utf-8", "replace").strip()
    return HandedIn(notebook, files, stamp or None, tuple(flags), digest.hexdigest())


def _read(path: str, most: int) -> bytes:
    """The bytes of a regular file. ValueError for anything else, and for too many."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        about = "is a link" if os.path.islink(path) else "cannot be read"
        raise ValueError(f"{about}: left out") from None
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise ValueError("is no ordinary file: left out")
        if about.st_size > most:
            raise ValueError(
                f"has {about.st_size:,} bytes, which is too many: left out"
            )
        return file.read(most)


def parse(data: bytes) -> NotebookNode:
    """As `cells.parse`, here and now: for who has handed it in."""
    return nbformat.from_dict(cells.parse(data))


def sanitize(
    submitted: NotebookNode, about: Released
) -> tuple[NotebookNode, list[str]]:
    """As `cells.sanitize`, here and now."""
    nb, flags = cells.sanitize(submitted, about)
    return nbformat.from_dict(nb), flags


def read(handed_in: HandedIn) -> tuple[NotebookNode, list[str]]:
    """The notebook that was handed in, and what was odd in its folder.

    Where there is none that can be read, one that says so.
    """
    try:
        if handed_in.notebook is None:
            raise ValueError(handed_in.flags[-1])
        return nbformat.from_dict(here().parse(handed_in.notebook)), [*handed_in.flags]
    except ValueError as error:
        flags = list(dict.fromkeys([*handed_in.flags, str(error)]))
        return nbformat.from_dict(cells.none(f"{error}")), flags


def sanitized(handed_in: HandedIn, about: Released) -> tuple[NotebookNode, list[str]]:
    """The same in the form in which it was released, with all that was odd in it."""
    try:
        if handed_in.notebook is None:
            raise ValueError(handed_in.flags[-1])
        nb, odd = here().sanitized(handed_in.notebook, about)
        return nbformat.from_dict(nb), [*handed_in.flags, *odd]
    except ValueError as error:
        flags = list(dict.fromkeys([*handed_in.flags, str(error)]))
        nb, odd = cells.sanitize(cells.none(f"{error}"), about)
        return nbformat.from_dict(nb), [*flags, *odd]


def sound(handed_in: HandedIn, flags: list[str]) -> str | None:
    """When it was handed in, in UTC, or None; where that cannot be told, it is flagged."""
    try:
        return here().sound(handed_in.timestamp) if handed_in.timestamp else None
    except ValueError as error:
        flags.append(f"{error}")
        return None


def is_grade(cell: NotebookNode) -> bool:
    """Whether a cell is a check, or is graded by a person (see `is_solution`)."""
    return cell.metadata.get("nbgrader", {}).get("grade", False)


def is_solution(cell: NotebookNode) -> bool:
    return cell.metadata.get("nbgrader", {}).get("solution", False)


def is_locked(cell: NotebookNode) -> bool:
    """As nbgrader has it: a check is locked, a student's own step is not."""
    label = cell.metadata.get("nbgrader", {})
    return not is_solution(cell) and (is_grade(cell) or label.get("locked", False))
