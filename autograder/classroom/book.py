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
from collections.abc import Iterator
from typing import TYPE_CHECKING

import sqlalchemy as sa

from autograder.classroom import decides, hands, late, queries
from autograder.classroom.extensions import within
from autograder.classroom.standing import MISSING, Scored, Standing
from autograder.classroom.table import FLAGGED, GRADED, INFRA
from autograder.classroom.tables import GRADINGS, PERSON
from autograder.classroom.verdicts import (
    each,
    holds,
    verdicts,
    versions,
    worth,
    write,
)

if TYPE_CHECKING:
    from nbgrader.api import Gradebook


@contextlib.contextmanager
def opened() -> Iterator[Gradebook]:
    """The gradebook of the class, with our tables, to read or write."""
    from autograder.classroom import course

    api = course.api()
    with contextlib.closing(api.gradebook) as gradebook:
        late.configured(gradebook, api.config)
        late.create(gradebook)
        yield gradebook


def standings(
    gradebook: Gradebook, assignment: str, write: bool = True
) -> list[Standing]:
    """Everybody who has submitted or is on the roster, in the order of their ids.

    What a late submission loses is reckoned from what it has now. Where nbgrader has
    another number, from before points were given by hand, that is mended (if `write`).
    Who was graded before the exercise changed is `outdated`, and has the points of then.
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
    now, parts = dict(cells.values()), versions(gradebook)
    grace = datetime.timedelta(seconds=late.rule(gradebook, assignment).grace)
    version = holds(gradebook, assignment)
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
        checks, outdated = each(verdict), ""
        most = worth(checks, now)
        scored, score, odd = {}, 0.0, []
        kept = by_hand.get(student.id)
        asks = hands.asks(kept, {cells[grade.cell_id][0]: grade for grade in mine})
        for grade in mine:
            name, _ = cells[grade.cell_id]
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
                most[name],
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
        if verdict and graded and status != INFRA:
            outdated = decides.outdated(verdict.version, version, parts, most != now)
        possible, full = sum(most.values()), sum(now.values())
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
            outdated,
            full if full != possible else None,
            grace,
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
    "opened",
    "standings",
    "verdicts",
    "versions",
    "write",
]
