"""What `book` asks a gradebook: each a query or two, however large the class is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from autograder.classroom.tables import GRADINGS

if TYPE_CHECKING:
    from nbgrader.api import Gradebook


def cells(gradebook: Gradebook, assignment: str) -> dict[str, tuple[str, float]]:
    """Of each graded cell or task, by its id: its name and its points."""
    from nbgrader import api

    found = {}
    for kind in api.GradeCell, api.TaskCell:
        query = sa.select(kind.id, kind.name, kind.max_score).join(
            api.Notebook, api.Notebook.id == kind.notebook_id
        )
        query = query.where(api.Notebook.assignment_id == assignment)
        found |= {i: (name, most) for i, name, most in gradebook.db.execute(query)}
    return found


def grades(gradebook: Gradebook, assignment: str) -> dict[str, list[Any]]:
    """The grades of each student, one for each graded cell."""
    from nbgrader import api

    grade, notebook, handed_in = (
        api.Grade.__table__,
        api.SubmittedNotebook.__table__,
        api.SubmittedAssignment.__table__,
    )
    query = (
        sa.select(
            handed_in.c.student_id,
            grade.c.cell_id,
            grade.c.auto_score,
            grade.c.manual_score,
            grade.c.extra_credit,
            grade.c.needs_manual_grade,
        )
        .join(notebook, notebook.c.id == grade.c.notebook_id)
        .join(handed_in, handed_in.c.id == notebook.c.assignment_id)
        .where(handed_in.c.assignment_id == assignment)
    )
    found: dict[str, list[Any]] = {}
    for row in gradebook.db.execute(query):
        found.setdefault(row.student_id, []).append(row)
    return found


def submissions(gradebook: Gradebook, assignment: str) -> dict[str, Any]:
    """When each student handed in, their extension, and what was taken off."""
    from nbgrader import api

    notebook, handed_in = (
        api.SubmittedNotebook.__table__,
        api.SubmittedAssignment.__table__,
    )
    query = (
        sa.select(
            handed_in.c.student_id,
            handed_in.c.timestamp,
            handed_in.c.extension,
            sa.func.sum(notebook.c.late_submission_penalty).label("penalty"),
            sa.func.min(notebook.c.id).label("notebook"),
        )
        .join(notebook, notebook.c.assignment_id == handed_in.c.id, isouter=True)
        .where(handed_in.c.assignment_id == assignment)
        .group_by(handed_in.c.student_id, handed_in.c.timestamp, handed_in.c.extension)
    )
    return {row.student_id: row for row in gradebook.db.execute(query)}


def work(gradebook: Gradebook, assignment: str) -> dict[str, tuple[Any, ...]]:
    """Of each student, the seconds of computing, how often, and when the last time."""
    table = GRADINGS.c
    query = sa.select(table.student, table.cpu, table.times, table.at)
    found = gradebook.db.execute(query.where(table.assignment == assignment))
    return {name: tuple(rest) for name, *rest in found}


@dataclass(frozen=True)
class Nobody:
    """A student whom nbgrader's table does not have, in the form of its rows."""

    id: str
    first_name = last_name = email = lms_user_id = ""


def by_id(student: Any) -> str:
    return student.id
