"""Times of handing in that are a person's word, as no LMS has said them.

`collect --handed-in` says by when all of a download were there. `--late-by` says how late
what Canvas marks LATE was: that stays, so the time follows the due date and the extension.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

_TABLES = sa.MetaData()
ASSUMED = sa.Table(
    "autograder_assumed",
    _TABLES,
    sa.Column("assignment", sa.String(128), primary_key=True),
    sa.Column("student", sa.String(128), primary_key=True),
    sa.Column("at", sa.DateTime, nullable=False),  # as its timestamp.txt has it, UTC
    sa.Column("now", sa.DateTime, nullable=False),  # as the gradebook has it since
    sa.Column("late_by", sa.BigInteger),  # seconds; None: it was there by then
)


def create(gradebook: Gradebook) -> None:
    """Make our table where it is not there yet."""
    _TABLES.create_all(gradebook.engine, checkfirst=True)


def every(gradebook: Gradebook) -> dict[tuple[str, str], Any]:
    """The row of each exercise and student whose time was said so."""
    rows = gradebook.db.execute(sa.select(ASSUMED)).all()
    return {(row.assignment, row.student): row for row in rows}


def keep(
    gradebook: Gradebook,
    assignment: str,
    student: str,
    at: datetime.datetime | None,
    late_by: datetime.timedelta | None = None,
) -> None:
    """Keep what was said of a hand-in; with None, that its time is no such word."""
    here = sa.delete(ASSUMED).where(*_of(assignment, student))
    gradebook.db.execute(here)
    if at is not None:
        seconds = None if late_by is None else int(late_by.total_seconds())
        new = {"assignment": assignment, "student": student, "at": at, "now": at}
        gradebook.db.execute(sa.insert(ASSUMED).values(**new, late_by=seconds))


def moved(
    gradebook: Gradebook, assignment: str, student: str, now: datetime.datetime
) -> None:
    """Keep which time the gradebook has now."""
    here = sa.update(ASSUMED).where(*_of(assignment, student))
    gradebook.db.execute(here.values(now=now))


def time(
    said: Any, at: datetime.datetime | None, due: datetime.datetime | None
) -> datetime.datetime | None:
    """When it was handed in: `at`, or so late as was `said` of it after it is due."""
    if said is None or said.late_by is None or due is None:
        return at
    if at not in (said.at, said.now):
        return at  # of another hand-in
    return due + datetime.timedelta(seconds=said.late_by)


def _of(assignment: str, student: str) -> tuple[Any, Any]:
    return ASSUMED.c.assignment == assignment, ASSUMED.c.student == student
