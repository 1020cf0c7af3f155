"""Whose word the time of a hand-in is: an LMS's, or a person's, as no LMS has said it.

`collect --handed-in` says by when all of a download were there. `--late-by` says how late
what Canvas marks LATE was: that stays, so the time follows the due date and the extension.
A word is of one hand-in, known by its fingerprint: a newer one that is only collected does
not change what was said of the one that is graded.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

KNOWN, BY, LATE = "known", "by", "late"  # an LMS or a CSV; --handed-in; --late-by
NONE = "none"  # nobody's
_TABLES = sa.MetaData()
SAID = sa.Table(
    "autograder_said",
    _TABLES,
    sa.Column("assignment", sa.String(128), primary_key=True),
    sa.Column("student", sa.String(128), primary_key=True),
    sa.Column("submission", sa.String(64), primary_key=True),  # its fingerprint
    sa.Column("how", sa.String(8), nullable=False),
    sa.Column("at", sa.DateTime),  # as its timestamp.txt has it, UTC
    sa.Column("now", sa.DateTime),  # as the gradebook has it since
    sa.Column("late_by", sa.BigInteger),  # seconds, of what is LATE
    sa.Column("packed", sa.DateTime),  # when the LMS made the zip of which it was said
)
_VERDICT = sa.table(  # of `tables`, which stands above
    "autograder_verdict", *map(sa.column, ("assignment", "student", "submission"))
)
Words = Mapping[str, Any]  # of a student's hand-ins of an exercise, by fingerprint


def create(gradebook: Gradebook) -> None:
    """Make our table where it is not there yet."""
    _TABLES.create_all(gradebook.engine, checkfirst=True)


def every(
    gradebook: Gradebook, assignment: str | None = None
) -> dict[tuple[str, str], Words]:
    """What was said of each hand-in (of one exercise), by exercise and student."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    here = sa.true() if assignment is None else SAID.c.assignment == assignment
    for row in gradebook.db.execute(sa.select(SAID).where(here)).all():
        found.setdefault((row.assignment, row.student), {})[row.submission] = row
    return found


def of(words: Words, submission: str, at: datetime.datetime | None) -> Any:
    """What was said of a hand-in whose time is `at`, or None.

    A folder that a person has changed is known by its time, if no two words fit it.
    """
    if submission in words:
        return words[submission]
    alike = [row for row in words.values() if at in (row.at, row.now)]
    is_one = at is not None and len({(row.how, row.late_by) for row in alike}) == 1
    return alike[0] if is_one else None


def graded(
    gradebook: Gradebook, assignment: str, times: Mapping[str, Any]
) -> dict[str, Any]:
    """What was said of the hand-in that each student's grade is of.

    times: what the gradebook has as the time of each.
    """
    query = sa.select(_VERDICT.c.student, _VERDICT.c.submission)
    here = query.where(_VERDICT.c.assignment == assignment)
    graded = dict(gradebook.db.execute(here).all())
    said = every(gradebook, assignment)
    return {
        student: of(said.get((assignment, student), {}), graded.get(student, ""), at)
        for student, at in times.items()
    }


def keep(
    gradebook: Gradebook,
    assignment: str,
    student: str,
    submission: str,
    how: str,
    at: datetime.datetime | None,
    late_by: datetime.timedelta | None = None,
    packed: datetime.datetime | None = None,
) -> None:
    """Keep what is said of a hand-in, in place of what was."""
    key = {"assignment": assignment, "student": student, "submission": submission}
    here = [SAID.c[name] == value for name, value in key.items()]
    now = sa.select(SAID.c.now).where(*here)
    before = gradebook.db.execute(now).scalar()
    gradebook.db.execute(sa.delete(SAID).where(*here))
    new = {"how": how, "at": at, "now": before or at, "packed": packed}
    new["late_by"] = None if late_by is None else int(late_by.total_seconds())
    gradebook.db.execute(sa.insert(SAID).values(**key, **new))


def moved(gradebook: Gradebook, said: Any, now: datetime.datetime | None) -> None:
    """Keep which time the gradebook has now."""
    names = "assignment", "student", "submission"
    here = [SAID.c[name] == getattr(said, name) for name in names]
    gradebook.db.execute(sa.update(SAID).where(*here).values(now=now))


def time(
    said: Any, at: datetime.datetime | None, due: datetime.datetime | None
) -> datetime.datetime | None:
    """When it was handed in: `at`, or so late as was `said` of it after it is due."""
    if said is None or at not in (said.at, said.now):
        return at  # the gradebook's is another hand-in's
    if said.how != LATE:
        return said.at
    return at if due is None else due + datetime.timedelta(seconds=said.late_by)
