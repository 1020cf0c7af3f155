"""A spreadsheet: a row for each student and exercise, with every check."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.classroom import course, names
from autograder.classroom.book import Standing
from autograder.road.forms.rows import Filled, grade, total
from autograder.road.forms.sheet import Sheet, defused, written
from autograder.road.waiting import OLD


def new(grades: dict[str, Sequence[Standing]]) -> Filled:
    """A row for each student and exercise, with every check. Excel reads its UTF-8."""
    checks = [check for exercise in grades for check in course.steps(exercise)]
    begin = (
        *(
            "exercise",
            "student",
            "last_name",
            "first_name",
            "email",
            "lms_id",
            "section",
        ),
        *(
            "status",
            "total",
            "possible",
            "score",
            "late_penalty",
            "automatic",
            "by_hand",
            "extra_credit",
        ),
        *(
            "needs_a_look",
            "remark",
            "handed_in_utc",
            "due_utc",
            "hours_late",
            "time_known",
            "mistakes",
            "flags",
        ),
    )
    rows = [[*begin, *checks]]
    for exercise, students in grades.items():
        for s in students:
            texts = (s.student, s.last_name, s.first_name, s.email, s.lms_id, s.section)
            known = grade(s) is not None
            scored = s.checks.values() if known else ()
            hand = [c.manual for c in scored if c.manual is not None]
            extra = [c.extra for c in scored if c.extra]
            late = s.late.total_seconds() / 3600
            rows.append(
                [
                    exercise,
                    *map(defused, texts),
                    s.status,
                    total(s),
                    written(s.possible),
                    written(s.score or 0.0) if known else "",
                    written(s.penalty) if known else "",
                    written(sum(c.auto or 0.0 for c in scored)) if scored else "",
                    written(sum(hand)) if hand else "",
                    written(sum(extra)) if extra else "",
                    "yes" if s.needs_manual else "no",
                    _remark(s),
                    *(
                        f"{t:%Y-%m-%d %H:%M:%S}" if t else ""
                        for t in (s.handed_in, s.due)
                    ),
                    "" if s.untimed else written(late) if late else "0",
                    "yes" if s.handed_in else "no" if known else "",
                    defused("; ".join(m.replace("_", " ") for m in s.mistakes)),
                    defused("; ".join(s.flags)),
                    *(
                        written(s.checks[c].points) if scored and c in s.checks else ""
                        for c in checks
                    ),
                ]
            )
    lines = [[_line(cell) for cell in row] for row in rows]
    graded = sum(grade(s) is not None for x in grades.values() for s in x)
    return Filled(Sheet(lines, bom=True, newline="\r\n"), graded)


def _remark(standing: Standing) -> str:
    """Which of the points are of an earlier hand-in, or of the exercise as it was."""
    told = (
        ["grade from before: the newest hand-in could not be graded"]
        if standing.stands
        else []
    )
    if standing.outdated:
        told.append(f"{OLD}: {standing.outdated}")
    if before := standing.by_hand_before:
        told.append(f"points by hand of an earlier hand-in: {', '.join(before)}")
    return "; ".join(told)


def _line(cell: str) -> str:
    """One line of text: what cannot be seen is written out."""
    return cell if cell.isprintable() else names.shown(cell)
