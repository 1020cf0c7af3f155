"""The one book: how each student of a class stands, as the gradebook has it.

What the table, the report, the feedback and the exports say of points, lateness, names
and flags is read here and nowhere else, so that they cannot disagree. nbgrader's own
records count: a score that was given by hand goes before the automatic one. A late
penalty follows from the rules (`late`), or is what another plugin took off. Beside them stand tables of ours: which submission
was graded (`GRADINGS`), what that found (`VERDICT`) by which grader (`VERSION`), and
what a roster says of a student beyond nbgrader's columns (`PERSON`).

However large the class is, a handful of queries is asked.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlalchemy as sa

from autograder.classroom import hands, late, queries
from autograder.classroom.extensions import within
from autograder.classroom.table import FLAGGED, GRADED, INFRA
from autograder.classroom.tables import GRADINGS, PERSON, create
from autograder.classroom.verdicts import verdicts, versions, write

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

MISSING = "MISSING"  # on the roster, and nothing was handed in


@dataclass(frozen=True)
class Scored:
    """A graded cell of one student. Points are the notebook's, not the check's.

    `points` counts: by hand, where a person has given some, else automatic. `mistake`
    is the name of the one that was recognized, `reason` what the check said, and `waits`
    why the points wait for a person (see `hands`), if they do.
    """

    points: float
    possible: float
    auto: float | None = None
    manual: float | None = None
    extra: float = 0.0
    mistake: str | None = None
    reason: str | None = None
    waits: str = ""


@dataclass(frozen=True)
class Standing:
    """How one student stands in one exercise; `total` is what goes to an LMS.

    `status` is GRADED, FLAGGED, INFRA or MISSING. `total` is None where there is no
    grade: INFRA and MISSING are never a zero here. Who is INFRA and was graded before
    has that grade. Times are UTC, without a zone. `notebook` is the id of the submission
    in the formgrader's addresses. `asks` tells that its flags wait to be read.
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
    asks: bool = False
    owed: float = 0.0  # the penalty, were there points enough
    submission: str = ""  # the fingerprint of what was graded

    @property
    def stands(self) -> bool:
        """Whether the grade is from before, of an earlier hand-in if there was a newer."""
        return self.status == INFRA and self.total is not None

    @property
    def endless(self) -> bool:
        """Whether somebody gave points that are no number, so that there is no grade."""
        return any(flag.endswith(hands.ENDLESS) for flag in self.flags)

    @property
    def by_hand_before(self) -> tuple[str, ...]:
        """The checks whose points were given by hand to an earlier hand-in."""
        every = self.checks.items()
        return tuple(name for name, c in every if c.waits == hands.EARLIER)

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
    def untimed(self) -> bool:
        """Whether it has a grade, is due, and nobody knows when it was handed in.

        Then it counts as in time, which nothing shows that it was.
        """
        known = self.due is None or self.handed_in is not None
        return not known and self.status in (GRADED, FLAGGED)

    @property
    def name(self) -> str:
        """As the roster has it; else the name of the folder."""
        return f"{self.first_name} {self.last_name}".strip() or self.student

    @property
    def mistakes(self) -> tuple[str, ...]:
        return tuple(c.mistake for c in self.checks.values() if c.mistake)


@contextlib.contextmanager
def opened() -> Iterator[Gradebook]:
    """The gradebook of the class, with our tables, to read or write."""
    from autograder.classroom import course

    api = course.api()
    with contextlib.closing(api.gradebook) as gradebook:
        late.configured(gradebook, api.config)
        create(gradebook)
        yield gradebook


def standings(
    gradebook: Gradebook, assignment: str, write: bool = True
) -> list[Standing]:
    """Everybody who has submitted or is on the roster, in the order of their ids.

    What a late submission loses is reckoned from the points of now. Where nbgrader has
    another number, from before points were given by hand, that is mended (if `write`).
    """
    from nbgrader import api

    charges = late.settled(gradebook, assignment, write)
    find, rows = gradebook.db.execute, {}
    asked = sa.select(api.Assignment.id, api.Assignment.duedate)
    known = find(asked.where(api.Assignment.name == assignment)).first()
    people = {row.student: row for row in find(sa.select(PERSON))}
    said = verdicts(gradebook, assignment)
    cells = queries.cells(gradebook, known.id) if known else {}
    grades = queries.grades(gradebook, known.id) if known else {}
    handed_in = queries.submissions(gradebook, known.id) if known else {}
    work = queries.work(gradebook, assignment)
    by_hand = hands.every(gradebook, assignment)
    more = late.extensions(gradebook, assignment, known.duedate) if known else {}
    possible = sum(points for _, points in cells.values())
    everybody = api.Student.__table__
    students = {row.id: row for row in find(sa.select(everybody))}
    # Of whom nothing could be graded nbgrader knows nothing.
    unknown = {name: queries.Nobody(name) for name in said if name not in students}
    for student in sorted([*students.values(), *unknown.values()], key=queries.by_id):
        person, verdict = people.get(student.id), said.get(student.id)
        when = handed_in.get(student.id)
        if person is None and verdict is None and when is None:
            continue  # of another exercise, and on no roster
        mine, charge = grades.get(student.id, ()), charges.get(student.id)
        graded = any(
            g.auto_score is not None or g.manual_score is not None for g in mine
        )
        status = verdict.status if verdict else GRADED if graded else MISSING
        checks = json.loads(verdict.checks) if verdict else {}
        scored, score, odd = {}, 0.0, []
        kept = by_hand.get(student.id)
        asks = hands.asks(kept, {cells[grade.cell_id][0]: grade for grade in mine})
        for grade in mine:
            name, most = cells[grade.cell_id]
            found = checks.get(name, {})
            points = grade.manual_score  # it goes before
            points = grade.auto_score or 0.0 if points is None else points
            points += grade.extra_credit or 0.0
            if not math.isfinite(points):  # which nbgrader's own API lets pass
                odd.append(f"{name}: {hands.ENDLESS}")
                continue
            score += points
            scored[name] = Scored(
                points,
                most,
                grade.auto_score,
                grade.manual_score,
                grade.extra_credit or 0.0,
                found.get("mistake"),
                found.get("reason"),
                hands.waits(kept, name, grade, asks),
            )
        flags = tuple(json.loads(verdict.flags)) if verdict else ()
        if odd:
            status, graded, flags = INFRA, False, (*odd, *flags)
        due = known.duedate if known else None
        kept = when.extension if when else None
        if due is not None and (extension := more.get(student.id, kept)):
            due += within(due, extension)
        rows[student.id] = Standing(
            student.id,
            status,
            student.first_name or "",
            student.last_name or "",
            student.email or "",
            student.lms_user_id or "",
            person.section if person else "",
            json.loads(person.names) if person else {},
            flags,
            scored,
            possible,
            score if graded else None,
            charge.penalty if charge and graded else 0.0,
            charge.handed_in if charge else when.timestamp if when else None,
            due,
            asks or any(check.waits for check in scored.values()),
            *work.get(student.id, (0.0, 0, None)),
            when.notebook if when else "",
            asks,
            charge.owed if charge else 0.0,
            verdict.submission if verdict else "",
        )
    gradebook.db.rollback()  # nothing stays locked
    return list(rows.values())


__all__ = [
    "FLAGGED",
    "GRADED",
    "GRADINGS",
    "INFRA",
    "MISSING",
    "PERSON",
    "Scored",
    "Standing",
    "create",
    "opened",
    "standings",
    "verdicts",
    "versions",
    "write",
]
