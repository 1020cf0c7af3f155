"""Points by hand: to which hand-in they were given, and what still waits for a person.

nbgrader keeps no time with a score. So whenever a submission is graded, what stands there
by hand is kept beside it; what is another one later was typed since, by a person who saw
that submission. Where a cell waited and waits no more, it was confirmed as it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from autograder.classroom.tables import HANDS

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

# Why points wait for a person.
EARLIER = "earlier"  # given by hand to an earlier hand-in
CHECK = "check"  # by hand, and the check says something else since then
FLAG = "flag"  # by hand, and the submission is flagged since then
NONE = "none"  # there are none yet: a person is to give them
ENDLESS = "the points given by hand are no number: give others in the formgrader"


@dataclass(frozen=True)
class Hand:
    """Points by hand: `of` which submission (its fingerprint), and `why` they wait."""

    points: float  # with extra credit
    of: str
    why: str = ""


@dataclass(frozen=True)
class Kept:
    """What stood there when a submission was graded; `flag` is the cell that was asked."""

    points: Mapping[str, Hand]
    flag: str = ""

    def typed(self, name: str, grade: Any) -> bool:
        """Whether a person has typed these points since then."""
        points = given(grade)
        if points is None:
            return False
        known = self.points.get(name)
        if known is None or known.points != points:
            return True
        return bool(known.why) and not grade.needs_manual_grade


def given(grade: Any) -> float | None:
    """The points that a person has given to a cell, extra credit too; None: none."""
    if grade.manual_score is None and not grade.extra_credit:
        return None
    return (grade.manual_score or 0.0) + (grade.extra_credit or 0.0)


def settled(kept: Kept | None, grades: Mapping[str, Any]) -> bool:
    """Whether a person has given points since it was graded, in whatever cell."""
    if kept is not None:
        return any(kept.typed(name, grade) for name, grade in grades.items())
    return any(
        given(grade) is not None and not grade.needs_manual_grade
        for grade in grades.values()
    )


def asks(kept: Kept | None, grades: Mapping[str, Any]) -> bool:
    """Whether its flags still wait to be read: no points were typed since then."""
    if settled(kept, grades):
        return False
    if kept is not None:
        return kept.flag in grades and bool(grades[kept.flag].needs_manual_grade)
    return any(
        grade.needs_manual_grade
        and grade.manual_score is None
        and grade.auto_score is not None
        for grade in grades.values()
    )


def waits(kept: Kept | None, name: str, grade: Any, flagged: bool) -> str:
    """Why the points of a cell wait for a person; empty where they do not."""
    if not grade.needs_manual_grade:
        return ""
    if given(grade) is None:
        return NONE if grade.auto_score is None else ""
    if kept is None:
        return CHECK
    if kept.typed(name, grade):
        return ""
    why = kept.points[name].why
    return "" if why == FLAG and not flagged else why


def now(
    kept: Kept | None, name: str, grade: Any, last: str, submission: str, moved: bool
) -> Hand | None:
    """The points by hand of a cell as it is graded now; None where there are none.

    last: the submission that was graded before, which a person saw who typed since then.
    moved: whether the check now says something else.
    """
    points = given(grade)
    if points is None:
        return None
    known = kept.points.get(name) if kept is not None else None
    new = known is None or kept is None or kept.typed(name, grade)
    of, why = (last, "") if new or known is None else (known.of, known.why)
    if not submission or of != submission:
        why = EARLIER
    elif moved or (kept is None and grade.needs_manual_grade):
        why = CHECK
    elif why != CHECK:
        why = ""
    return Hand(points, of, why)


def every(gradebook: Gradebook, assignment: str) -> dict[str, Kept]:
    """What is kept of each student; one query."""
    query = sa.select(HANDS).where(HANDS.c.assignment == assignment)
    return {row.student: _kept(row) for row in gradebook.db.execute(query)}


def before(gradebook: Gradebook, assignment: str, student: str) -> Kept | None:
    """What is kept of one student."""
    row = gradebook.db.execute(sa.select(HANDS).where(*_of(assignment, student)))
    found = row.first()
    return None if found is None else _kept(found)


def keep(
    gradebook: Gradebook,
    assignment: str,
    student: str,
    points: Mapping[str, Hand],
    flag: str,
) -> None:
    """Keep what stands there now, within the caller's transaction."""
    told = json.dumps({name: asdict(hand) for name, hand in points.items()})
    new = {"points": told, "flag": flag}
    here = sa.update(HANDS).where(*_of(assignment, student)).values(**new)
    if not gradebook.db.execute(here).rowcount:
        key = {"assignment": assignment, "student": student}
        gradebook.db.execute(sa.insert(HANDS).values(**key, **new))


def _kept(row: Any) -> Kept:
    points = {name: Hand(**hand) for name, hand in json.loads(row.points).items()}
    return Kept(points, row.flag)


def _of(assignment: str, student: str) -> Iterable[Any]:
    return HANDS.c.assignment == assignment, HANDS.c.student == student
