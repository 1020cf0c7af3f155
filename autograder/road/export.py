"""`python -m autograder export`: the grades as a file for Canvas, Moodle or a spreadsheet."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.classroom import course, names

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
        help="the gradebook as Canvas exported it, or Moodle's grading worksheet: the "
        "grades are put into its rows, and all else stays as it is",
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
    grades = _grades([course.exercise(name) for name in options.exercise])
    form, told = _told(options, grades)
    to = options.to or _place(form, list(grades))
    if options.into and to.resolve() == options.into.resolve():
        raise ValueError(f"{to} is the file that the LMS exported: give another --to")
    told.odd += _write(to, told.sheet.bytes(), options.force)
    about = _about(to, form, grades, told)
    print(json.dumps(about, ensure_ascii=False) if options.json else _words(about))
    needs = ("infra", "ungraded", "manual", "absent", "odd")
    return 1 if any(about[key] for key in needs) else 0


def _grades(exercises: list[str]) -> dict[str, list[Standing]]:
    """How all stand in these exercises, or in all that have been graded."""
    from autograder.classroom import book

    with book.opened() as gradebook:
        asked = exercises or course.assignments()
        every = {name: book.standings(gradebook, name) for name in asked}
    graded = {n: s for n, s in every.items() if any(x.total is not None for x in s)}
    grades = every if exercises else graded
    if not any(grades.values()):
        of = f" of {' or '.join(exercises)}" if exercises else ""
        raise ValueError(f"the class {course.class_name()!r} has no grades{of} yet")
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


def _place(form: str, exercises: list[str]) -> Path:
    which = exercises[0] if len(exercises) == 1 else "all"
    return course.class_folder() / "exports" / f"{which}-{form}.csv"


def _write(to: Path, data: bytes, force: bool) -> list[str]:
    """Write a file whole. ValueError where one is there that is not as we wrote it.

    What is to be told of the list of what was written is returned. The list has the new
    file before it is written, and the old one until then: whenever this is stopped, what
    lies there is known as ours.
    """
    import hashlib

    from gpt.data import write_whole

    listed = course.class_folder() / "exports" / "written.json"
    known, told = _known(listed)
    key, new = str(to.resolve()), hashlib.sha256(data).hexdigest()
    ours = [new]
    try:
        if to.is_symlink() or to.exists():
            old = hashlib.sha256(to.read_bytes()).hexdigest()
            if old not in (new, *known.get(key, ())) and not force:
                raise ValueError(
                    f"{to} is there, and is not as this command wrote it: give another "
                    f"file with --to, or --force{''.join(f' ({one})' for one in told)}"
                )
            ours.append(old)
        for folder in to.parent, listed.parent:
            folder.mkdir(parents=True, exist_ok=True)
        for some in ours, [new]:
            known[key] = some
            write_whole(listed, json.dumps(known, indent=1).encode())
            if some is ours:
                write_whole(to, data)
    except OSError as error:
        raise ValueError(f"{to} cannot be written: {error.strerror}") from None
    return told


def _known(listed: Path) -> tuple[dict[str, list[str]], list[str]]:
    """The digests of what was written, by file; and what is to be told of this list."""
    try:
        found = json.loads(listed.read_text("utf-8"))
        several = {k: [v] if isinstance(v, str) else list(v) for k, v in found.items()}
    except FileNotFoundError:
        return {}, []
    except (OSError, ValueError, AttributeError, TypeError, RecursionError):
        return {}, [f"{listed} was damaged: which files are ours was not known"]
    return several, []


def _about(
    to: Path, form: str, grades: dict[str, list[Standing]], told: Any
) -> dict[str, Any]:
    """What was written, and what was not, with names."""
    from autograder.classroom.book import FLAGGED, INFRA, MISSING
    from autograder.road.forms.rows import endless, ungraded

    waiting = [s for name, students in grades.items() for s in ungraded(name, students)]
    pairs = [(name, s) for name, students in grades.items() for s in students]
    many = len(grades) > 1

    def those(wanted: Any) -> list[str]:
        return [
            f"{s.student} ({n})" if many else s.student for n, s in pairs if wanted(s)
        ]

    return {
        "class": course.class_name(),
        "file": str(to),
        "form": form,
        "exercises": list(grades),
        "grades": told.graded,
        "infra": those(lambda s: s.status == INFRA),
        "ungraded": waiting,
        "missing": those(lambda s: s.status == MISSING and s.student not in waiting),
        "flagged": those(lambda s: s.status == FLAGGED),
        "manual": those(lambda s: s.needs_manual and s.status != INFRA),
        "absent": told.absent,
        "unknown": told.unknown,
        "columns": told.columns,
        "odd": [
            *told.odd,
            *(
                f"{who}: the points given by hand are no number, so there is no grade: "
                "give others in the formgrader"
                for who in those(endless)
            ),
        ],
    }


_SAID = (
    ("infra", "not graded (INFRA), and no zero is written"),
    ("ungraded", "handed in and not graded: grade first, then export again"),
    ("manual", "to be looked at by a person (`review` says why); written as they are"),
    ("flagged", "FLAGGED: their grades are written; have you read the flags?"),
    ("missing", "without a submission: no grade is written"),
    ("absent", "have a grade and no row in the file"),
    ("unknown", "rows are of nobody in this class: left as they were"),
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
    lines.append(f"  next: {_NEXT[about['form']]}")
    encoding = sys.stdout.encoding or "utf-8"
    return "\n".join(lines).encode(encoding, "backslashreplace").decode(encoding)


_NEXT = {
    "canvas": "in Canvas, Grades → Import → choose this file; it shows what would change",
    "moodle": "in Moodle, import this file (grades, or Upload grading worksheet)",
    "plain": "open it in a spreadsheet; names cannot run as formulas there",
}
