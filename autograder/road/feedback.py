"""`python -m autograder feedback`: a page for each student, packed for the LMS."""

from __future__ import annotations

import argparse
import difflib
import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from autograder.classroom import course, interrupts, names
from autograder.road import waiting

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

    from autograder.classroom.table import Row

ABOUT = "write a page for each student, and pack them for the LMS"
FEW = 5  # names that a line tells


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("exercise", nargs="*", help="default: all that are graded")
    parser.add_argument(
        "--student",
        action="append",
        default=[],
        metavar="ID",
        help="this one's page, and a zip with it alone; may be given several times",
    )
    parser.add_argument(
        "--nbgrader", action="store_true", help="nbgrader's own pages, in their place"
    )
    parser.add_argument(
        "--pack",
        choices=("auto", "canvas", "moodle", "plain", "none"),
        default="auto",
        help="the zip that an LMS takes back; auto: of whom `collect` has read a zip",
    )
    parser.add_argument(
        "--jobs", type=int, metavar="N", help="default: one for each core"
    )
    parser.add_argument(
        "--force", action="store_true", help="write again what has not changed"
    )
    parser.add_argument("--json", action="store_true", help="say it in JSON")


def run(options: argparse.Namespace) -> int:
    exercises = [course.exercise(name) for name in options.exercise]
    if options.jobs is not None and options.jobs < 1:
        raise ValueError(f"{options.jobs} jobs: at least one is needed")
    told = [
        one(
            name,
            options.student,
            options.force,
            options.jobs,
            options.pack,
            options.nbgrader,
            bool(options.student),
        )
        for name in exercises or _graded()
    ]
    if options.json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        text = "\n".join(line for about in told for line in _words(about))
        encoding = sys.stdout.encoding or "utf-8"
        print(text.encode(encoding, "backslashreplace").decode(encoding))
    needs = ("failed", "unpacked", "outdated")
    return 1 if any(about[what] for about in told for what in needs) else 0


def one(
    exercise: str,
    students: Iterable[str] = (),
    force: bool = False,
    jobs: int | None = None,
    pack: str = "auto",
    nbgrader: bool = False,
    alone: bool = False,
) -> dict[str, Any]:
    """Write the pages of one exercise. What came of it, as plain values.

    `alone`: the zip holds no other pages than those of these students.

    ValueError where nobody has a grade, or a student who is named has none.
    """
    with interrupts.later():
        from autograder.classroom import book
        from autograder.road.look import packed, writing

    with book.opened() as gradebook:
        every = book.standings(gradebook, exercise)
        comments = _comments(gradebook, exercise)
        came = packed.received(gradebook, exercise)
    with_grade = {s.student: s for s in every if s.total is not None}
    if not with_grade:
        raise ValueError(
            f"nobody in the class {course.class_name()!r} has a grade for {exercise}"
            f"{waiting.hint({exercise: every})}"
        )
    chosen = list(dict.fromkeys(students)) or list(with_grade)
    for student in chosen:
        if student not in with_grade:
            near = difflib.get_close_matches(student, with_grade, 1, 0.4)
            hint = f": did you mean {names.shown(near[0])}?" if near else ""
            raise ValueError(
                f"'{names.shown(student)}' has no grade for {exercise}{hint}"
            )
    if nbgrader:
        failed = _nbgrader(exercise, chosen, not students)
        written, same = len(chosen) - len(failed), 0
    else:
        wanted = [with_grade[student] for student in chosen]
        written, same, failed = writing.write_all(
            exercise, wanted, comments, force, jobs
        )
    folder = course.class_folder() / "feedback"
    packs = {s: with_grade[s] for s in chosen} if alone else with_grade
    pages = {s: page for s in packs if (page := writing.page_of(exercise, s)).is_file()}
    zips, unpacked = packed.pack(pack, folder, exercise, packs, pages, came)
    return {
        "class": course.class_name(),
        "exercise": exercise,
        "folder": str(folder),
        "written": written,
        "unchanged": same,
        "without_grade": []
        if students
        else [s.student for s in every if s.student not in with_grade],
        "outdated": [s for s in chosen if with_grade[s].outdated],
        "failed": failed,
        "zips": [str(path) for path in zips],
        "unpacked": unpacked,
    }


def after(exercise: str, rows: list[Row]) -> list[Row]:
    """Write the pages of those who have just been graded.

    The rows, where one without a page says so: it is graded all the same.
    """
    from dataclasses import replace

    from autograder.classroom.table import INFRA
    from autograder.road import look

    chosen = [row.student for row in rows if row.status != INFRA]
    failed = one(exercise, chosen)["failed"] if chosen else {}
    for i, row in enumerate(rows):
        if why := failed.get(row.student):
            told = (
                f"graded, with {look.plural(row.points, 'point')}, but has no feedback "
                f"page: {why}; grade {exercise} --force --student … makes its notebook anew"
            )
            rows[i] = replace(row, status=INFRA, flags=(told, *row.flags))
    return rows


def _graded() -> list[str]:
    from autograder.classroom import book

    with book.opened() as gradebook:
        found = [
            name
            for name in course.assignments()
            if any(s.total is not None for s in book.standings(gradebook, name))
        ]
    if not found:
        raise ValueError(f"nothing is graded yet in the class {course.class_name()!r}")
    return found


def _comments(gradebook: Gradebook, exercise: str) -> dict[str, dict[str, str]]:
    """What the instructor wrote to each student, by cell; one query."""
    import sqlalchemy as sa
    from nbgrader import api

    comment, notebook, handed_in, exercises, cell = (
        x.__table__
        for x in (
            *(api.Comment, api.SubmittedNotebook, api.SubmittedAssignment),
            *(api.Assignment, api.BaseCell),
        )
    )
    query = (
        sa.select(handed_in.c.student_id, cell.c.name, comment.c.manual_comment)
        .join(notebook, notebook.c.id == comment.c.notebook_id)
        .join(handed_in, handed_in.c.id == notebook.c.assignment_id)
        .join(exercises, exercises.c.id == handed_in.c.assignment_id)
        .join(cell, cell.c.id == comment.c.cell_id)
        .where(exercises.c.name == exercise, comment.c.manual_comment.is_not(None))
    )
    found: dict[str, dict[str, str]] = {}
    for student, name, text in gradebook.db.execute(query):
        found.setdefault(student, {})[name] = text
    gradebook.db.rollback()
    return found


def _nbgrader(exercise: str, students: list[str], every: bool) -> dict[str, str]:
    """nbgrader's own pages; of those who have none then, why."""
    from autograder.road.look import writing

    api, log = course.api(), ""
    for student in [None] if every else students:
        result = api.generate_feedback(exercise, student, force=True)
        interrupts.obey(result)
        log = result.get("log") or result.get("error") or log
    last = (log.strip().splitlines() or ["nbgrader wrote no page"])[-1]
    return {s: last for s in students if not writing.page_of(exercise, s).is_file()}


def _words(about: dict[str, Any]) -> list[str]:
    written, same = about["written"], about["unchanged"]
    lines = [
        (
            f"{about['exercise']}: {written:,} "
            f"page{'s' * (written != 1)} written, {same:,} had not changed"
        )
    ]
    lines.append(f"  in {about['folder']}/STUDENT/{about['exercise']}/")
    for who, words in (
        (about["without_grade"], "without a grade have no page"),
        (about["outdated"], f"{waiting.OLD}, and the page says so: grade first"),
        (about["unpacked"], "not packed, as it is not known how the LMS calls them"),
    ):
        if who:
            more = f" … and {len(who) - FEW:,} more" if len(who) > FEW else ""
            shown = ", ".join(names.shown(name) for name in who[:FEW])
            lines.append(f"  {len(who):,} {words}: {shown}{more}")
    for student, why in [*about["failed"].items()][: 4 * FEW]:
        lines.append(f"  {names.shown(student)} has no new page: {names.shown(why)}")
    lines += [f"  packed: {path}" for path in about["zips"]]
    return lines
