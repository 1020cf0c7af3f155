"""What our own table says of each submission: what was found, and by which grader.

Each of these is a part of the caller's transaction.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from autograder.classroom.table import INFRA
from autograder.classroom.tables import RELEASE, VERDICT, VERSION

if TYPE_CHECKING:
    from nbgrader.api import Gradebook


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
    query = query.where(VERDICT.c.student != RELEASE)
    return {row.student: row for row in gradebook.db.execute(query)}


def each(known: Any) -> dict[str, Any]:
    """What a row of `VERDICT` says of each check; of no row, nothing."""
    return json.loads(known.checks) if known is not None else {}


def worth(found: Mapping[str, Any], now: Mapping[str, float]) -> dict[str, float]:
    """Of each graded cell, the points it had when `found` was; where unsaid, those of now."""
    return {
        name: found.get(name, {}).get("possible", most) for name, most in now.items()
    }


def versions(gradebook: Gradebook) -> dict[str, dict[str, str]]:
    """The parts of each version that ever graded here."""
    found = gradebook.db.execute(sa.select(VERSION))
    return {row.version: json.loads(row.parts) for row in found}


def before(gradebook: Gradebook, assignment: str, student: str) -> Any:
    """The row of `VERDICT` of one student, or None."""
    query = sa.select(VERDICT).where(*_of(assignment, student))
    return gradebook.db.execute(query).first()


def note(gradebook: Gradebook, assignment: str, student: str, why: str) -> None:
    """That a submission could not be graded, and why; a grade from before stays."""
    known = before(gradebook, assignment, student)
    about = {"status": INFRA, "flags": [why], "checks": each(known)}
    of = known.submission if known is not None else ""
    write(gradebook, assignment, student, about, of)


def forget(gradebook: Gradebook, assignment: str, there: Collection[str]) -> None:
    """Nothing is known any more of who failed, never had a grade, and is gone."""
    here = VERDICT.c.assignment == assignment
    failed = here, VERDICT.c.status == INFRA, VERDICT.c.submission == ""
    known = gradebook.db.execute(sa.select(VERDICT.c.student).where(*failed))
    for student in {*known.scalars()} - {*there}:
        gradebook.db.execute(sa.delete(VERDICT).where(*_of(assignment, student)))


def know(
    gradebook: Gradebook, assignment: str, version: str, parts: Mapping[str, str]
) -> None:
    """Keep by which version an exercise is graded from now on, and what that consists of.

    So a later one can tell what changed, and who is still to be graded by this one.
    """
    if holds(gradebook, assignment) != version:
        about = {"status": "", "flags": [], "checks": {}}
        write(gradebook, assignment, RELEASE, about, version=version)
    here = sa.select(VERSION.c.version).where(VERSION.c.version == version)
    if gradebook.db.execute(here).first() is None:
        row = {"version": version, "parts": json.dumps(parts)}
        gradebook.db.execute(sa.insert(VERSION).values(**row))


def holds(gradebook: Gradebook, assignment: str) -> str:
    """The version by which an exercise is graded now; empty where that is not known."""
    known = before(gradebook, assignment, RELEASE)
    return known.version if known is not None else ""


def flagged(about: Mapping[str, Any]) -> str | None:
    """The check that a person is asked to confirm: one that a flag names, or the first.

    None where nothing is flagged.
    """
    if not about["flags"]:
        return None
    named = {flag.partition(":")[0] for flag in about["flags"]}
    every = list(about["checks"])
    return next((name for name in every if name in named), every[0] if every else None)


def _of(assignment: str, student: str) -> tuple[Any, Any]:
    return VERDICT.c.assignment == assignment, VERDICT.c.student == student
