"""The rows of the terminal's table: what the one book says of each student."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from autograder.classroom.book import Standing
from autograder.classroom.table import INFRA, Row


def told(
    student: str,
    possible: float,
    standings: Mapping[str, Standing],
    problems: Mapping[str, str],
) -> Row:
    """What the book says of a student; of whom we failed now, why."""
    known = standings.get(student)
    if student not in problems and known is not None:
        return row(known)
    lines = problems.get(student, "nothing is known of it").splitlines()
    why = lines[-1] if lines else "failed without a word"
    if known is None or known.total is None:
        return Row(student, 0.0, possible, INFRA, flags=(why,))
    why = f"{why}; the grade from before stands"
    return replace(row(known), status=INFRA, flags=(why,), stands=True)


def row(standing: Standing) -> Row:
    """The row of a table for how a student stands."""
    return Row(
        standing.student,
        round(standing.total or 0.0, 2),
        standing.possible,
        standing.status,
        standing.mistakes,
        standing.flags,
        standing.penalty,
        any(check.manual is not None for check in standing.checks.values()),
        standing.needs_manual,
        standing.status == INFRA and standing.total is not None,
    )
