"""Late policy and extensions: what a late submission loses, the same wherever it is asked.

nbgrader keeps an exercise's due date and, with a submission, a student's extension and
what was taken off. It has no place for a penalty a day, for grace, or for an extension
of somebody who has not submitted yet: those stand in two tables of ours beside it.
nbgrader's plugin (`preprocessors.Policy`) reads them, so that its own commands take off
the same.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

DAY = 86400  # seconds
_NONE = datetime.timedelta()
EVERY = ""  # in place of an exercise: what holds where it has none of its own
_TABLES = sa.MetaData()
RULES = sa.Table(
    "autograder_late",
    _TABLES,
    sa.Column("assignment", sa.String(128), primary_key=True),
    sa.Column("per_day", sa.Float, nullable=False),  # points, or a share of all of them
    sa.Column("is_share", sa.Boolean, nullable=False),
    sa.Column("cap", sa.Float),  # the most that is taken off; None: all
    sa.Column("cap_is_share", sa.Boolean, nullable=False),
    sa.Column("grace", sa.Integer, nullable=False),  # seconds
)
EXTENSIONS = sa.Table(
    "autograder_extension",
    _TABLES,
    sa.Column("assignment", sa.String(128), primary_key=True),
    sa.Column("student", sa.String(128), primary_key=True),
    sa.Column("seconds", sa.BigInteger),  # after the due date, or
    sa.Column("until", sa.DateTime),  # a date of their own, UTC
)


@dataclass(frozen=True)
class Rule:
    """What each day that has begun after the due date costs.

    `per_day` and `cap` are points, or shares of the exercise's points. Who is no later
    than `grace` seconds loses nothing; who is later is late from the due date on.
    """

    per_day: float = 0.0
    is_share: bool = True
    cap: float | None = None
    cap_is_share: bool = True
    grace: int = 0

    def penalty(self, seconds: float, possible: float) -> float:
        """The points that so many seconds cost, of an exercise of `possible` points."""
        if seconds <= self.grace or not self.per_day:
            return 0.0
        most = possible
        if self.cap is not None:
            most = self.cap * (possible if self.cap_is_share else 1.0)
        day = self.per_day * (possible if self.is_share else 1.0)
        return round(min(math.ceil(seconds / DAY) * day, most, possible), 6)


def create(gradebook: Gradebook) -> None:
    """Make our tables where they are not there yet."""
    _TABLES.create_all(gradebook.engine, checkfirst=True)


def rules(gradebook: Gradebook) -> dict[str, Rule]:
    """The rules by exercise; `EVERY` is for those that have none of their own."""
    return {
        row.assignment: Rule(
            row.per_day, row.is_share, row.cap, row.cap_is_share, row.grace
        )
        for row in gradebook.db.execute(sa.select(RULES))
    }


def rule(gradebook: Gradebook, assignment: str) -> Rule:
    """The rule that holds for an exercise."""
    known = rules(gradebook)
    return known.get(assignment) or known.get(EVERY) or Rule()


def set_rule(gradebook: Gradebook, assignment: str, rule: Rule) -> None:
    """Keep a rule, within the caller's transaction."""
    gradebook.db.execute(sa.delete(RULES).where(RULES.c.assignment == assignment))
    gradebook.db.execute(sa.insert(RULES).values(assignment=assignment, **vars(rule)))


def set_extension(
    gradebook: Gradebook,
    assignment: str,
    student: str,
    more: datetime.timedelta | None,
    until: datetime.datetime | None = None,
) -> None:
    """Keep an extension, or take it back (None), within the caller's transaction.

    One for `EVERY` exercise holds where the student has none for that one.
    """
    table = EXTENSIONS.c
    here = sa.and_(table.assignment == assignment, table.student == student)
    gradebook.db.execute(sa.delete(EXTENSIONS).where(here))
    if more is None and until is None:
        return
    seconds = None if more is None else int(more.total_seconds())
    new = {"assignment": assignment, "student": student}
    new |= {"seconds": seconds, "until": until}
    gradebook.db.execute(sa.insert(EXTENSIONS).values(**new))


def extensions(
    gradebook: Gradebook,
    assignment: str,
    due: datetime.datetime | None,
    student: str | None = None,
) -> dict[str, datetime.timedelta]:
    """How much later an exercise is due for each student (or one) with an extension."""
    if due is None:
        return {}  # nbgrader's own sums cannot take an extension of nothing
    query = sa.select(EXTENSIONS).where(
        EXTENSIONS.c.assignment.in_([assignment, EVERY])
    )
    if student is not None:
        query = query.where(EXTENSIONS.c.student == student)
    rows = sorted(gradebook.db.execute(query).all(), key=lambda row: row.assignment)
    found = {}
    for row in rows:  # the exercise's own comes after the one for every exercise
        if row.until is not None:
            more = row.until - due
        else:
            more = datetime.timedelta(seconds=row.seconds)
        found[row.student] = max(more, datetime.timedelta())
    return found


def extend(gradebook: Gradebook, assignment: str, handed_in: Any) -> None:
    """Give a new submission the extension that was kept for its student, if any."""
    student, due = handed_in.student.id, handed_in.assignment.duedate
    known = extensions(gradebook, assignment, due, student)
    if due is None:
        handed_in.extension = None
    elif student in known:
        handed_in.extension = known[student]


def settle(
    gradebook: Gradebook,
    assignment: str,
    students: Collection[str] | None = None,
    taken_back: Collection[str] = (),
) -> int:
    """Make extensions and penalties what they are to be, within a transaction.

    No code is run: it follows from what is recorded of each submission (of these
    students, or of all). What is as it should be is not written. An extension that only
    nbgrader knows stays, but for those whose own was `taken_back`. The result is how
    many submissions were written.
    """
    from nbgrader import api

    db = gradebook.db
    about = sa.select(
        api.Assignment.id, api.Assignment.duedate, api.Assignment.max_score
    )
    known = db.execute(about.where(api.Assignment.name == assignment)).first()
    if known is None:
        return 0
    holds, due = rule(gradebook, assignment), known.duedate
    more = extensions(gradebook, assignment, due)
    scores = _scores(gradebook, known.id)
    notebook, handed_in = (
        api.SubmittedNotebook.__table__,
        api.SubmittedAssignment.__table__,
    )
    query = sa.select(
        handed_in.c.id,
        handed_in.c.student_id,
        handed_in.c.timestamp,
        handed_in.c.extension,
        notebook.c.id.label("notebook"),
        notebook.c.late_submission_penalty.label("penalty"),
    ).join(notebook, notebook.c.assignment_id == handed_in.c.id)
    written = 0
    for row in db.execute(query.where(handed_in.c.assignment_id == known.id)).all():
        student = row.student_id
        if students is not None and student not in students:
            continue
        kept = None if student in taken_back or due is None else row.extension
        extension, penalty = more.get(student, kept), None
        if due is not None and row.timestamp is not None:
            seconds = (row.timestamp - due - (extension or _NONE)).total_seconds()
            found = holds.penalty(max(0.0, seconds), float(known.max_score or 0.0))
            penalty = min(found, scores.get(row.notebook, 0.0)) or None
        if extension != row.extension:
            new = sa.update(handed_in).where(handed_in.c.id == row.id)
            db.execute(new.values(extension=extension))
        if (penalty or 0.0) != (row.penalty or 0.0):
            new = sa.update(notebook).where(notebook.c.id == row.notebook)
            db.execute(new.values(late_submission_penalty=penalty))
        written += extension != row.extension or (penalty or 0) != (row.penalty or 0)
    return written


def _scores(gradebook: Gradebook, assignment: str) -> dict[str, float]:
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
