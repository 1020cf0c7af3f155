"""The rows of the terminal's table: what the one book says of each student."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from autograder.classroom import course, interrupts, trouble
from autograder.classroom.again import Moved
from autograder.classroom.book import Standing
from autograder.classroom.table import INFRA, Row
from autograder.verdict.points import number


@dataclass(frozen=True)
class Done:
    """What came of a call: a row for everybody that was asked for, and what moved.

    `reasons` tell, of each who was graded, why. `new` is of a regrade: who
    waits for a first grade. `outdated`: who was not asked for, and is to be graded again.
    """

    rows: list[Row]
    moved: list[Moved]
    reasons: dict[str, str]
    problems: dict[str, str]
    new: tuple[str, ...] = ()
    outdated: tuple[str, ...] = ()


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
        any(c.manual is not None or c.extra for c in standing.checks.values()),
        standing.needs_manual,
        standing.stands,
        standing.untimed,
        bool(standing.by_hand_before),
        standing.worth,
    )


def feedback(assignment: str, rows: Sequence[Row]) -> list[Row]:
    """Write nbgrader's feedback page for each graded submission.

    The rows, where one without a page says so: it is graded all the same.
    """
    folder = course.class_folder()
    result = course.api().generate_feedback(assignment, force=True)
    interrupts.obey(result)
    found = []
    for row in rows:
        page = folder / "feedback" / row.student / assignment / f"{assignment}.html"
        if row.status != INFRA and not page.exists():
            trace = result.get("log") or result.get("error") or "nbgrader wrote no page"
            trouble.log(folder, row.student, trace)
            told = (
                f"graded, with {number(row.points)} points, but has no feedback page: "
                f"grade {assignment} --force --student … makes its notebook anew"
            )
            row = replace(row, status=INFRA, flags=(told, *row.flags))
        found.append(row)
    return found
