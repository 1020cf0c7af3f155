"""Extensions: how much later an exercise is due for one student.

nbgrader keeps one with a submission only, and cannot take one of an exercise without a
due date. Ours stand in two tables beside its own: for one exercise or for every one, for
somebody who has not submitted yet, and while an exercise has no date.
"""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

NONE = datetime.timedelta()
LAST = datetime.datetime(2100, 12, 31, 23, 59, 59)  # no extension goes beyond, UTC
EVERY = ""  # in place of an exercise: what holds where it has none of its own
_TABLES = sa.MetaData()
EXTENSIONS = sa.Table(
    "autograder_extension",
    _TABLES,
    sa.Column("assignment", sa.String(128), primary_key=True),
    sa.Column("student", sa.String(128), primary_key=True),
    sa.Column("seconds", sa.BigInteger),  # after the due date, or
    sa.Column("until", sa.DateTime),  # a date of their own, UTC
)
ORIGINS = sa.Table(
    "autograder_extension_origin",
    _TABLES,
    sa.Column("assignment", sa.String(128), primary_key=True),
    sa.Column("student", sa.String(128), primary_key=True),
    sa.Column("zone", sa.String(64), nullable=False),  # in which its days are counted
    sa.Column("theirs", sa.Boolean, nullable=False),  # nbgrader has it back with a date
)


def create(gradebook: Gradebook) -> None:
    """Make our tables where they are not there yet."""
    _TABLES.create_all(gradebook.engine, checkfirst=True)


def set_extension(
    gradebook: Gradebook,
    assignment: str,
    student: str,
    more: datetime.timedelta | None,
    until: datetime.datetime | None = None,
    zone: str = "",
    theirs: bool = False,
) -> None:
    """Keep an extension, or take it back (None), within the caller's transaction.

    One for `EVERY` exercise holds where the student has none for that one. A day of a
    zone that is named may have 23 or 25 hours.
    """
    for table in EXTENSIONS, ORIGINS:
        here = sa.and_(table.c.assignment == assignment, table.c.student == student)
        gradebook.db.execute(sa.delete(table).where(here))
    if more is None and until is None:
        return
    seconds = None if more is None else int(more.total_seconds())
    new = {"assignment": assignment, "student": student}
    about = new | {"seconds": seconds, "until": until}
    gradebook.db.execute(sa.insert(EXTENSIONS).values(**about))
    if zone or theirs:
        about = new | {"zone": zone, "theirs": theirs}
        gradebook.db.execute(sa.insert(ORIGINS).values(**about))


def extensions(
    gradebook: Gradebook,
    assignment: str,
    due: datetime.datetime | None,
    student: str | None = None,
) -> dict[str, datetime.timedelta]:
    """How much later an exercise is due for each student (or one) with an extension."""
    if due is None:
        return {}  # nbgrader's own sums cannot take an extension of nothing
    table, origin = EXTENSIONS.c, ORIGINS.c
    same = sa.and_(
        origin.assignment == table.assignment, origin.student == table.student
    )
    query = (
        sa.select(EXTENSIONS, origin.zone)
        .join(ORIGINS, same, isouter=True)
        .where(table.assignment.in_([assignment, EVERY]))
    )
    if student is not None:
        query = query.where(table.student == student)
    rows = sorted(gradebook.db.execute(query).all(), key=lambda row: row.assignment)
    found = {}
    for row in rows:  # the exercise's own comes after the one for every exercise
        if row.until is not None:
            more = row.until - due
        else:
            more = counted(due, row.seconds, row.zone or "")
        found[row.student] = within(due, more)
    return found


def counted(due: datetime.datetime, seconds: int, zone: str) -> datetime.timedelta:
    """So much later by the clocks of a zone, which may have been put forward or back."""
    more = datetime.timedelta(seconds=seconds)
    if not zone:
        return more
    try:
        there = due.replace(tzinfo=datetime.UTC).astimezone(zoneinfo.ZoneInfo(zone))
        return (there + more).astimezone(datetime.UTC).replace(tzinfo=None) - due
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError, OverflowError):
        return more


def within(due: datetime.datetime, more: datetime.timedelta) -> datetime.timedelta:
    """An extension that no sum fails of, whatever a gradebook says: none ends after LAST."""
    return max(NONE, min(more, LAST - due))


def extend(gradebook: Gradebook, assignment: str, handed_in: Any) -> None:
    """Give a new submission the extension that was kept for its student, if any."""
    student, due = handed_in.student.id, handed_in.assignment.duedate
    known = extensions(gradebook, assignment, due, student)
    if due is None:
        if handed_in.extension:
            keep(gradebook, assignment, student, handed_in.extension)
        handed_in.extension = None
    elif student in known:
        handed_in.extension = known[student]
        give_back(gradebook, assignment, [student])
    elif handed_in.extension:
        handed_in.extension = within(due, handed_in.extension)


def keep(
    gradebook: Gradebook, assignment: str, student: str, more: datetime.timedelta
) -> None:
    """Keep what only nbgrader knows while the exercise has no date."""
    table = EXTENSIONS.c
    query = sa.select(table.student).where(table.student == student)
    query = query.where(table.assignment.in_([assignment, EVERY]))
    if gradebook.db.execute(query).first() is None:
        set_extension(gradebook, assignment, student, more, theirs=True)


def give_back(gradebook: Gradebook, assignment: str, students: Iterable[str]) -> None:
    """Forget what was kept for nbgrader, where it has it again."""
    origin = ORIGINS.c
    query = sa.select(origin.student).where(
        origin.assignment == assignment, origin.theirs
    )
    kept = {*gradebook.db.execute(query).scalars()}
    for student in sorted(kept.intersection(students)):
        set_extension(gradebook, assignment, student, None)
