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
    from autograder.road.sheet import Sheet

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
    from autograder.classroom import book
    from autograder.road import lms, sheet

    exercises = [course.exercise(name) for name in options.exercise]
    given = sheet.read(options.into) if options.into else None
    with book.opened() as gradebook:
        every = {
            name: book.standings(gradebook, name)
            for name in exercises or course.assignments()
        }
    grades = every
    if not exercises:
        grades = {n: s for n, s in every.items() if any(x.total is not None for x in s)}
    if not grades or not any(grades.values()):
        raise ValueError(
            f"the class {course.class_name()!r} has no grade yet"
            + (f" for {', '.join(exercises)}" if exercises else "")
        )
    form = options.form or ("plain" if given is None else "")
    told = lms.Filled(given) if given else None
    if given is not None:
        if form == "plain":
            raise ValueError(
                "--into is for a file of Canvas or Moodle, not for plain CSV"
            )
        told = lms.fill(given, grades, options.column, options.scale)
        form = "canvas" if sheet_is_canvas(given) else "moodle"
    elif form == "plain":
        told = lms.Filled(plain(grades))
    else:
        told = (lms.new_canvas if form == "canvas" else lms.new_moodle)(grades)
    if given is None:
        told.graded = sum(s.total is not None for rows in grades.values() for s in rows)
    to = options.to or _place(form, list(grades))
    if options.into and to.resolve() == options.into.resolve() and not options.force:
        raise ValueError(
            f"{to} is the file that the LMS exported: give another with --to"
        )
    _write(to, told.sheet.bytes(), options.force)
    about = _about(to, form, grades, told)
    print(json.dumps(about, ensure_ascii=False) if options.json else _words(about))
    needs = ("infra", "manual", "absent", "odd")
    return 1 if any(about[key] for key in needs) else 0


def sheet_is_canvas(given: Sheet) -> bool:
    return given.column("Student", "LastName") == 0


def plain(grades: dict[str, list[Standing]]) -> Sheet:
    """A row for each student and exercise, with every check. Excel reads its UTF-8."""
    from autograder.road.sheet import Sheet, defused, written

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
        ),
        *(
            "needs_a_look",
            "handed_in_utc",
            "due_utc",
            "hours_late",
            "mistakes",
            "flags",
        ),
    )
    rows = [[*begin, *checks]]
    for exercise, students in grades.items():
        for s in students:
            texts = (s.student, s.last_name, s.first_name, s.email, s.lms_id, s.section)
            scored = s.checks.values() if s.score is not None else ()
            hand = [c.manual for c in scored if c.manual is not None]
            late = s.late.total_seconds() / 3600
            rows.append(
                [
                    exercise,
                    *map(defused, texts),
                    s.status,
                    "" if s.total is None else written(s.total),
                    written(s.possible),
                    "" if s.score is None else written(s.score),
                    "" if s.score is None else written(s.penalty),
                    written(sum(c.auto or 0.0 for c in scored)) if scored else "",
                    written(sum(hand)) if hand else "",
                    "yes" if s.needs_manual else "no",
                    *(
                        f"{t:%Y-%m-%d %H:%M:%S}" if t else ""
                        for t in (s.handed_in, s.due)
                    ),
                    written(late) if late else "0",
                    defused("; ".join(m.replace("_", " ") for m in s.mistakes)),
                    defused("; ".join(s.flags)),
                    *(
                        written(s.checks[c].points) if scored and c in s.checks else ""
                        for c in checks
                    ),
                ]
            )
    return Sheet(
        [[_line(cell) for cell in row] for row in rows], bom=True, newline="\r\n"
    )


def _line(cell: str) -> str:
    """One line of text: what cannot be seen is written out."""
    return cell if cell.isprintable() else names.shown(cell)


def _place(form: str, exercises: list[str]) -> Path:
    which = exercises[0] if len(exercises) == 1 else "all"
    return course.class_folder() / "exports" / f"{which}-{form}.csv"


def _write(to: Path, data: bytes, force: bool) -> None:
    """Write a file whole. ValueError where one is there that is not as we wrote it."""
    import hashlib

    from gpt.data import write_whole

    notes = course.class_folder() / "exports" / "written.json"
    try:
        known = json.loads(notes.read_text("utf-8"))
    except (OSError, ValueError):
        known = {}
    key = str(to.resolve())
    try:
        if to.is_symlink() or to.exists():
            old = hashlib.sha256(to.read_bytes()).hexdigest()
            if known.get(key) != old and not force:
                raise ValueError(
                    f"{to} is there, and is not as this command wrote it: give another "
                    "file with --to, or --force"
                )
        for folder in to.parent, notes.parent:
            folder.mkdir(parents=True, exist_ok=True)
        write_whole(to, data)
        known[key] = hashlib.sha256(data).hexdigest()
        write_whole(notes, json.dumps(known, indent=1).encode())
    except OSError as error:
        raise ValueError(f"{to} cannot be written: {error.strerror}") from None


def _about(
    to: Path, form: str, grades: dict[str, list[Standing]], told: Any
) -> dict[str, Any]:
    """What was written, and what was not, with names."""
    from autograder.classroom.table import FLAGGED, INFRA

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
        "missing": those(lambda s: s.total is None and s.status != INFRA),
        "flagged": those(lambda s: s.status == FLAGGED),
        "manual": those(lambda s: s.needs_manual and s.total is not None),
        "absent": told.absent,
        "unknown": told.unknown,
        "odd": told.odd,
    }


_SAID = (
    ("infra", "not graded (INFRA), and no zero is written"),
    ("manual", "need a person's look at a grade given by hand"),
    ("flagged", "FLAGGED: their grades are written; have you read the flags?"),
    ("missing", "without a submission: no grade is written"),
    ("absent", "have a grade and no row in the file"),
    ("unknown", "rows are of nobody in this class: left as they were"),
)


def _words(about: dict[str, Any]) -> str:
    grades, exercises = about["grades"], ", ".join(about["exercises"])
    lines = [
        f"class {about['class']}: {grades:,} grade{'s' * (grades != 1)} of {exercises} "
        f"in {about['file']}"
    ]
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
