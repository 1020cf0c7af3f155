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


def scores(gradebook: Gradebook, assignment: str) -> dict[str, float]:
    """The points of each submitted notebook, as nbgrader counts them, in one query."""
    from nbgrader import api

    grade, notebook, handed_in = (
        api.Grade.__table__,
        api.SubmittedNotebook.__table__,
        api.SubmittedAssignment.__table__,
    )
    points = sa.func.coalesce(grade.c.manual_score, grade.c.auto_score, 0.0)
    points += sa.func.coalesce(grade.c.extra_credit, 0.0)
    query = (
        sa.select(notebook.c.id, sa.func.sum(points))
        .join(grade, grade.c.notebook_id == notebook.c.id)
        .join(handed_in, handed_in.c.id == notebook.c.assignment_id)
        .where(handed_in.c.assignment_id == assignment)
        .group_by(notebook.c.id)
    )
    return {which: float(sum_ or 0.0) for which, sum_ in gradebook.db.execute(query)}


@dataclass
class HandedIn:
    """When a student handed in, their extension, what was taken off, and where it is."""

    timestamp: Any
    extension: Any
    penalty: float = 0.0
    notebook: str = ""


def submissions(gradebook: Gradebook, assignment: str) -> dict[str, HandedIn]:
    """What nbgrader knows of each student's submission.

    Two queries and not one: the database would look for each submission's notebooks by
    going through all of them.
    """
    from nbgrader import api

    notebook, handed_in = (
        api.SubmittedNotebook.__table__,
        api.SubmittedAssignment.__table__,
    )
    query = sa.select(
        handed_in.c.id,
        handed_in.c.student_id,
        handed_in.c.timestamp,
        handed_in.c.extension,
    ).where(handed_in.c.assignment_id == assignment)
    found, by_id = {}, {}
    for row in gradebook.db.execute(query):
        one = HandedIn(row.timestamp, row.extension)
        found[row.student_id] = by_id[row.id] = one
    released = sa.select(api.Notebook.id).where(
        api.Notebook.assignment_id == assignment
    )
    penalty = notebook.c.late_submission_penalty
    query = sa.select(notebook.c.assignment_id, notebook.c.id, penalty)
    query = query.where(notebook.c.notebook_id.in_(released))
    for of, number, taken in gradebook.db.execute(query):
        if of in by_id:
            by_id[of].penalty += taken or 0.0
            by_id[of].notebook = number
    return found


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
