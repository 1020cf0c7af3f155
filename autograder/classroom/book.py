"""The one book: how each student of a class stands, as the gradebook has it.

What the table, the report, the feedback and the exports say of points, lateness, names
and flags is read here and nowhere else, so that they cannot disagree. nbgrader's own
records count: a score that was given by hand goes before the automatic one, and a late
penalty is what its plugin took off. Beside them stand tables of ours: which submission
was graded (`GRADINGS`), what that found (`VERDICT`) by which grader (`VERSION`), and
what a roster says of a student beyond nbgrader's columns (`PERSON`).

However large the class is, a handful of queries is asked.
"""

from __future__ import annotations

import contextlib
import datetime
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from autograder.classroom import late
from autograder.classroom.table import FLAGGED, GRADED, INFRA

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

MISSING = "MISSING"  # on the roster, and nothing was handed in
_TABLES = sa.MetaData()
GRADINGS = sa.Table(
    "autograder_grading",
    _TABLES,
    sa.Column("assignment", sa.String(128), primary_key=True),
    sa.Column("student", sa.String(128), primary_key=True),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("times", sa.Integer, nullable=False),  # how often it was graded
    sa.Column("at", sa.DateTime, nullable=False),  # UTC
    sa.Column("cpu", sa.Float, nullable=False),  # seconds of computing that it took
)
VERDICT = sa.Table(
    "autograder_verdict",
    _TABLES,
    sa.Column("assignment", sa.String(128), primary_key=True),
    sa.Column("student", sa.String(128), primary_key=True),
    sa.Column("status", sa.String(16), nullable=False),  # GRADED, FLAGGED or INFRA
    sa.Column("flags", sa.Text, nullable=False),  # JSON: a list of sentences
    sa.Column("checks", sa.Text, nullable=False),  # JSON: what verify says of each
    sa.Column("submission", sa.String(64), nullable=False),  # its fingerprint
    sa.Column("version", sa.String(64), nullable=False),  # of what decides a grade
)
VERSION = sa.Table(
    "autograder_version",
    _TABLES,
    sa.Column("version", sa.String(64), primary_key=True),
    sa.Column("parts", sa.Text, nullable=False),  # JSON: see `decides`
)
PERSON = sa.Table(
    "autograder_person",
    _TABLES,
    sa.Column("student", sa.String(128), primary_key=True),
    sa.Column("section", sa.String(256), nullable=False),
    sa.Column("names", sa.Text, nullable=False),  # JSON: what an LMS calls the student
)


@dataclass(frozen=True)
class Scored:
    """A graded cell of one student. Points are the notebook's, not the check's.

    `points` counts: by hand, where a person has given some, else automatic. `mistake`
    is the name of the one that was recognized, `reason` what the check said.
    """

    points: float
    possible: float
    auto: float | None = None
    manual: float | None = None
    extra: float = 0.0
    mistake: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Standing:
    """How one student stands in one exercise; `total` is what goes to an LMS.

    `status` is GRADED, FLAGGED, INFRA or MISSING. `total` is None where there is no
    grade: INFRA and MISSING are never a zero here. Who is INFRA and was graded before
    has that grade. Times are UTC, without a zone. `notebook` is the id of the submission
    in the formgrader's addresses.
    """

    student: str
    status: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_id: str = ""
    section: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    checks: Mapping[str, Scored] = field(default_factory=dict)
    possible: float = 0.0
    score: float | None = None  # before the penalty
    penalty: float = 0.0
    handed_in: datetime.datetime | None = None
    due: datetime.datetime | None = None  # with the student's own extension
    needs_manual: bool = False
    cpu: float = 0.0  # seconds of computing that grading took
    times: int = 0  # how often it was graded, the last time
    graded_at: datetime.datetime | None = None
    notebook: str = ""

    @property
    def total(self) -> float | None:
        return None if self.score is None else max(0.0, self.score - self.penalty)

    @property
    def late(self) -> datetime.timedelta:
        """By how much it was handed in after it was due."""
        if self.handed_in is None or self.due is None:
            return datetime.timedelta()
        return max(datetime.timedelta(), self.handed_in - self.due)

    @property
    def name(self) -> str:
        """As the roster has it; else the name of the folder."""
        return f"{self.first_name} {self.last_name}".strip() or self.student

    @property
    def mistakes(self) -> tuple[str, ...]:
        return tuple(c.mistake for c in self.checks.values() if c.mistake)


def create(gradebook: Gradebook) -> None:
    """Make our tables where they are not there yet."""
    _TABLES.create_all(gradebook.engine, checkfirst=True)
    late.create(gradebook)


@contextlib.contextmanager
def opened() -> Iterator[Gradebook]:
    """The gradebook of the class, with our tables, to read or write."""
    from autograder.classroom import course

    with contextlib.closing(course.api().gradebook) as gradebook:
        create(gradebook)
        yield gradebook


def write(
    gradebook: Gradebook,
    assignment: str,
    student: str,
    about: Mapping[str, Any],
    submission: str = "",
    version: str = "",
) -> None:
    """Note what `verify` put into a notebook, within the caller's transaction."""
    key = {"assignment": assignment, "student": student}
    new = {
        "status": about["status"],
        "flags": json.dumps(about["flags"], ensure_ascii=False),
        "checks": json.dumps(about["checks"], ensure_ascii=False),
        "submission": submission,
        "version": version,
    }
    here = sa.and_(*(VERDICT.c[name] == value for name, value in key.items()))
    if not gradebook.db.execute(sa.update(VERDICT).where(here).values(**new)).rowcount:
        gradebook.db.execute(sa.insert(VERDICT).values(**key, **new))


def verdicts(gradebook: Gradebook, assignment: str) -> dict[str, Any]:
    """The rows of `VERDICT` by student."""
    query = sa.select(VERDICT).where(VERDICT.c.assignment == assignment)
    return {row.student: row for row in gradebook.db.execute(query)}


def versions(gradebook: Gradebook) -> dict[str, dict[str, str]]:
    """The parts of each version that ever graded here."""
    found = gradebook.db.execute(sa.select(VERSION))
    return {row.version: json.loads(row.parts) for row in found}


def standings(gradebook: Gradebook, assignment: str) -> list[Standing]:
    """Everybody who has submitted or is on the roster, in the order of their ids."""
    from nbgrader import api

    find, rows = gradebook.db.execute, {}
    asked = sa.select(api.Assignment.id, api.Assignment.duedate)
    known = find(asked.where(api.Assignment.name == assignment)).first()
    people = {row.student: row for row in find(sa.select(PERSON))}
    said = verdicts(gradebook, assignment)
    cells = _cells(gradebook, known.id) if known else {}
    grades = _grades(gradebook, known.id) if known else {}
    handed_in = _submissions(gradebook, known.id) if known else {}
    work = _work(gradebook, assignment)
    more = late.extensions(gradebook, assignment, known.duedate) if known else {}
    possible = sum(points for _, points in cells.values())
    everybody = api.Student.__table__
    students = {row.id: row for row in find(sa.select(everybody))}
    # Of whom nothing could be graded nbgrader knows nothing.
    unknown = {name: _Nobody(name) for name in said if name not in students}
    for student in sorted([*students.values(), *unknown.values()], key=_id):
        person, verdict = people.get(student.id), said.get(student.id)
        when = handed_in.get(student.id)
        if person is None and verdict is None and when is None:
            continue  # of another exercise, and on no roster
        mine = grades.get(student.id, ())
        graded = any(
            g.auto_score is not None or g.manual_score is not None for g in mine
        )
        status = verdict.status if verdict else GRADED if graded else MISSING
        checks = json.loads(verdict.checks) if verdict else {}
        scored, score, manual = {}, 0.0, False
        for grade in mine:
            name, most = cells[grade.cell_id]
            found = checks.get(name, {})
            by_hand = grade.manual_score is not None  # it goes before
            points = grade.manual_score if by_hand else grade.auto_score or 0.0
            points += grade.extra_credit or 0.0
            score += points
            manual = manual or bool(grade.needs_manual_grade)
            scored[name] = Scored(
                points,
                most,
                grade.auto_score,
                grade.manual_score,
                grade.extra_credit or 0.0,
                found.get("mistake"),
                found.get("reason"),
            )
        due = known.duedate if known else None
        kept = when.extension if when else None
        if due is not None and (extension := more.get(student.id, kept)):
            due += extension
        rows[student.id] = Standing(
            student.id,
            status,
            student.first_name or "",
            student.last_name or "",
            student.email or "",
            student.lms_user_id or "",
            person.section if person else "",
            json.loads(person.names) if person else {},
            tuple(json.loads(verdict.flags)) if verdict else (),
            scored,
            possible,
            score if graded else None,
            (when.penalty or 0.0) if when and graded else 0.0,
            when.timestamp if when else None,
            due,
            manual,
            *work.get(student.id, (0.0, 0, None)),
            when.notebook or "" if when else "",
        )
    gradebook.db.rollback()  # nothing stays locked
    return list(rows.values())


def _cells(gradebook: Gradebook, assignment: str) -> dict[str, tuple[str, float]]:
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


def _grades(gradebook: Gradebook, assignment: str) -> dict[str, list[Any]]:
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


def _submissions(gradebook: Gradebook, assignment: str) -> dict[str, Any]:
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


def _work(gradebook: Gradebook, assignment: str) -> dict[str, tuple[Any, ...]]:
    """Of each student, the seconds of computing, how often, and when the last time."""
    table = GRADINGS.c
    query = sa.select(table.student, table.cpu, table.times, table.at)
    found = gradebook.db.execute(query.where(table.assignment == assignment))
    return {name: tuple(rest) for name, *rest in found}


@dataclass(frozen=True)
class _Nobody:
    """A student whom nbgrader's table does not have, in the form of its rows."""

    id: str
    first_name = last_name = email = lms_user_id = ""


def _id(student: Any) -> str:
    return student.id


__all__ = [
    "FLAGGED",
    "GRADED",
    "GRADINGS",
    "INFRA",
    "MISSING",
    "Scored",
    "Standing",
    "create",
    "opened",
    "standings",
    "verdicts",
    "versions",
    "write",
]
