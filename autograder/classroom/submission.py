"""What was handed in: read without trusting it, and put back into the exercise's form.

A submission is a folder that somebody else filled (`collect`). What becomes of a
notebook's bytes is in `cells`, and for a grader that runs in a process of its own
(`reader`); which of several notebooks counts is in `choose`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import nbformat
from nbformat import NotebookNode

from autograder.classroom import cells, course
from autograder.classroom.cells import (
    Released,
    ReleasedCell,
    is_grade,
    is_locked,
    is_solution,
)
from autograder.classroom.choose import choose
from autograder.classroom.collect import HandedIn
from autograder.classroom.reader import here

__all__ = ["is_grade", "is_locked", "is_solution", "parse", "read", "sanitize"]
__all__ += ["released", "sanitized", "sound"]  # the first three stand in `cells`

if TYPE_CHECKING:
    from nbgrader.api import Gradebook


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
        {
            word: course.answers(word)
            for word in course.assignments()
            if word != notebook
        },
    )


def parse(data: bytes) -> NotebookNode:
    """As `cells.parse`, here and now: for who has handed it in."""
    return nbformat.from_dict(cells.parse(data))


def sanitize(
    submitted: NotebookNode, about: Released
) -> tuple[NotebookNode, list[str]]:
    """As `cells.sanitize`, here and now."""
    nb, flags = cells.sanitize(submitted, about)
    return nbformat.from_dict(nb), flags


def read(
    handed_in: HandedIn, name: str, about: Released
) -> tuple[NotebookNode, list[str]]:
    """The notebook that was handed in, and what was odd in its folder.

    Where there is none that can be read, one that says so.
    """
    data, flags, why = _chosen(handed_in, name, about)
    try:
        if data is not None:
            return nbformat.from_dict(here().parse(data)), flags
    except ValueError as error:
        why = f"{error}"
    return nbformat.from_dict(cells.none(why)), list(dict.fromkeys([*flags, why]))


def sanitized(
    handed_in: HandedIn, name: str, about: Released
) -> tuple[NotebookNode, list[str]]:
    """The same in the form in which it was released, with all that was odd in it."""
    data, flags, why = _chosen(handed_in, name, about)
    try:
        if data is not None:
            nb, odd = here().sanitized(data, about)
            return nbformat.from_dict(nb), [*flags, *odd]
    except ValueError as error:
        why = f"{error}"
    nb, odd = cells.sanitize(cells.none(why), about)
    return nbformat.from_dict(nb), list(dict.fromkeys([*flags, why, *odd]))


def _chosen(
    handed_in: HandedIn, name: str, about: Released
) -> tuple[bytes | None, list[str], str]:
    """The bytes of the notebook to grade, what was odd, and why there are none, if so."""
    mine, flags = f"{name}.ipynb", [*handed_in.flags]
    why = handed_in.lost or f"no notebook is named {mine}"
    if handed_in.others:
        every = {mine: handed_in.notebook, **handed_in.others}
        parsed = {}
        for file, data in every.items():
            try:
                if data is not None:
                    parsed[file] = here().parse(data)
            except ValueError as error:
                why = f"{error}" if file == mine else why
        copies = {file: nb for file, nb in parsed.items() if file != mine}
        steps = {n: cell.source for n, cell in about.cells.items() if cell.solution}
        own = parsed.get(mine)
        if own is not None and (other := cells.looks_like(own, about)):
            flags.append(f"{mine} looks like {other}, another exercise")
            own = None
        found, odd = choose(own, copies, name, steps)
        if found is not None:
            flags += [] if mine in parsed else [why]
            (file,) = [file for file, nb in parsed.items() if nb is found]
            return every[file], [*flags, *odd], ""
        flags += odd
    if handed_in.notebook is None and not handed_in.lost:
        why = f"{why}: {handed_in.there}"
    return handed_in.notebook, flags, why


def sound(timestamp: str | None, flags: list[str]) -> str | None:
    """When it was handed in, in UTC, or None; where that cannot be told, it is flagged."""
    try:
        return here().sound(timestamp) if timestamp else None
    except ValueError as error:
        flags.append(f"{error}")
        return None
