"""`python -m autograder export`: the grades as a file for Canvas, Moodle or a spreadsheet."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.classroom import course, names
from autograder.road import waiting

if TYPE_CHECKING:
    from autograder.classroom.book import Standing
    from autograder.road.forms.rows import Filled

ABOUT = "the grades as a file for Canvas, Moodle or a spreadsheet"
FORMS = ("plain", "canvas", "moodle")
FEW = 5  # names that a line tells


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "exercise", nargs="*", help="default: all for which there is a grade"
    )
    parser.add_argument(
        "--for",
        dest="form",
        choices=FORMS,
        help="default: plain, with every check; with --into what the file is of",
    )
    parser.add_argument(
        "--into",
        type=Path,
        metavar="FILE",
        help="the gradebook as Canvas exported it, or Moodle's grading worksheet: a copy "
        "of it is written with the grades in its rows, and all else as it was",
    )
    parser.add_argument(
        "--column", default="", metavar="NAME", help="with --into: which one is meant"
    )
    parser.add_argument(
        "--scale", action="store_true", help="convert to the points that the LMS has"
    )
    parser.add_argument(
        "--to",
        type=Path,
        metavar="FILE",
        help="default: in the class's folder, exports/",
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="write over a file that is not of this command",
    )
    parser.add_argument("--json", action="store_true", help="say it in JSON")


def run(options: argparse.Namespace) -> int:
    from autograder.road.forms import written

    grades = _grades([course.exercise(name) for name in options.exercise])
    form, told = _told(options, grades)
    to = options.to or _place(form, list(grades), bool(options.into))
    if options.into and to.resolve() == options.into.resolve():
        raise ValueError(f"{to} is the file that the LMS exported: give another --to")
    odd, notes = written.write(to, told.sheet.bytes(), options.force)
    told.odd += odd
    told.notes += notes
    about = _about(to, form, grades, told, bool(options.into))
    print(json.dumps(about, ensure_ascii=False) if options.json else _words(about))
    needs = ("infra", "stands", "ungraded", "outdated", "by_hand", "manual", "absent")
    needs += ("before", "untimed", "odd")
    return 1 if any(about[key] for key in needs) else 0


def _grades(exercises: list[str]) -> dict[str, list[Standing]]:
    """How all stand in these exercises, or in all that have been graded."""
    from autograder.classroom import book

    with book.opened() as gradebook:
        asked = exercises or course.assignments()
        every = {name: book.standings(gradebook, name) for name in asked}
    graded = {n: s for n, s in every.items() if any(x.total is not None for x in s)}
    grades = every if exercises else graded
    if not graded:
        of = f" of {' or '.join(exercises)}" if exercises else ""
        told = f"the class {course.class_name()!r} has no grades{of} yet"
        raise ValueError(f"{told}{waiting.hint(every)}; nothing was written")
    return grades


def _told(
    options: argparse.Namespace, grades: dict[str, list[Standing]]
) -> tuple[str, Filled]:
    """The form, and the file in that form."""
    from autograder.road.forms import canvas, moodle, plain, sheet

    if options.into is None:
        if options.column or options.scale:
            raise ValueError("--column and --scale are for a file given with --into")
        form = options.form or "plain"
        return form, {"plain": plain, "canvas": canvas, "moodle": moodle}[form].new(
            grades
        )
    given = sheet.read(options.into)
    for form, one in (("canvas", canvas), ("moodle", moodle)):
        if options.form in (form, None) and one.is_one(given):
            return form, one.fill(given, grades, options.column, options.scale)
    raise ValueError(
        f"{options.into} is neither Canvas's gradebook nor Moodle's grading worksheet: "
        f"its first line is {', '.join(given.header[:4])} …"
    )


def _place(form: str, exercises: list[str], filled: bool) -> Path:
    """The two kinds of file of an LMS have two names: neither is written over."""
    which = exercises[0] if len(exercises) == 1 else "all"
    kind = _FILLED[form] if filled else form
    return course.class_folder() / "exports" / f"{which}-{kind}.csv"


def _about(
    to: Path, form: str, grades: dict[str, list[Standing]], told: Any, filled: bool
) -> dict[str, Any]:
    """What was written, and what was not, with names."""
    from autograder.classroom.book import FLAGGED, INFRA, MISSING
    from autograder.road.forms.rows import endless

    pairs = [(name, s) for name, students in grades.items() for s in students]
    many = len(grades) > 1
    new = {n: waiting.never_graded(n, students) for n, students in grades.items()}
    newer = {n: {*waiting.to_grade(n, students)} for n, students in grades.items()}
    ungraded = [f"{s} ({n})" if many else s for n in new for s in new[n]]

    def those(wanted: Any) -> list[str]:
        found = [(n, s.student) for n, s in pairs if wanted(n, s)]
        return [f"{student} ({n})" if many else student for n, student in found]

    return {
        "class": course.class_name(),
        "file": str(to),
        "form": form,
        "exercises": list(grades),
        "grades": told.graded,
        "filled": filled,
        "infra": those(lambda n, s: s.status == INFRA and not (s.stands or endless(s))),
        "stands": those(lambda n, s: s.stands),
        "ungraded": ungraded,
        "outdated": those(
            lambda n, s: (
                s.total is not None
                and not (s.stands or s.outdated)
                and s.student in newer[n]
            )
        ),
        "before": those(lambda n, s: s.outdated),
        "missing": those(lambda n, s: s.status == MISSING and s.student not in new[n]),
        "by_hand": those(lambda n, s: s.by_hand_before),
        "manual": those(
            lambda n, s: s.needs_manual and s.status != INFRA and not s.by_hand_before
        ),
        "flagged": those(lambda n, s: s.status == FLAGGED and not s.needs_manual),
        "untimed": those(lambda n, s: s.untimed),
        "absent": told.absent,
        "unknown": told.unknown,
        "columns": told.columns,
        "odd": [
            *told.odd,
            *(
                f"{who}: the points given by hand are no number, so there is no grade: "
                "give others in the formgrader"
                for who in those(lambda n, s: endless(s))
            ),
        ],
        "notes": [*told.notes, *told.by_name()],
    }


_SAID = (
    ("infra", "not graded (INFRA), and no zero is written"),
    ("ungraded", "handed in and not graded: grade first, then export again"),
    ("stands", "not graded (INFRA); the grade of the hand-in before is written"),
    (
        "outdated",
        "handed in again and not graded since: the grade from before is written",
    ),
    (
        "before",
        f"{waiting.OLD}: written, of the points of then; grade first, then export again",
    ),
    (
        "by_hand",
        "with points by hand of an earlier hand-in, which are written: `review`",
    ),
    ("manual", "to be looked at by a person (`review` says why); written as they are"),
    ("flagged", "FLAGGED, and looked at by a person"),
    ("untimed", "with no time known: written as if handed in in time"),
    ("missing", "without a submission: no grade is written"),
    ("absent", "with a grade and without a row in the file"),
    ("unknown", "in the file and of nobody in this class: left as they were"),
)


def _words(about: dict[str, Any]) -> str:
    grades, exercises = about["grades"], ", ".join(about["exercises"])
    plural = "s" * (grades != 1)
    of = f"{grades:,} grade{plural} of {exercises}"
    lines = [f"{of} in {about['file']}"]
    for exercise, column in about["columns"].items():
        lines.append(f"  {exercise} fills the column {names.shown(repr(column))}")
    for key, words in _SAID:
        if who := about[key]:
            more = f" … and {len(who) - FEW:,} more" if len(who) > FEW else ""
            shown = ", ".join(names.shown(name) for name in who[:FEW])
            lines.append(f"  {len(who):,} {words}: {shown}{more}")
    lines += [f"  {names.shown(odd)}" for odd in about["odd"][: 4 * FEW]]
    if len(about["odd"]) > 4 * FEW:
        lines.append(f"  … and {len(about['odd']) - 4 * FEW:,} more (--json tells all)")
    lines += [f"  {note}" for note in about["notes"]]
    kind = _FILLED[about["form"]] if about["filled"] else about["form"]
    lines.append(f"  next: {_NEXT[kind]}")
    encoding = sys.stdout.encoding or "utf-8"
    return "\n".join(lines).encode(encoding, "backslashreplace").decode(encoding)


_FILLED = {"canvas": "canvas-gradebook", "moodle": "moodle-worksheet"}
_CANVAS = "in Canvas, Grades → Import → choose this file; it shows what would change"
_NEXT = {
    "canvas": _CANVAS,
    "canvas-gradebook": _CANVAS,
    "moodle": "in Moodle, Grades → Import → CSV file",
    "moodle-worksheet": "in Moodle, the assignment → Upload grading worksheet",
    "plain": "open it in a spreadsheet; names cannot run as formulas there",
}
