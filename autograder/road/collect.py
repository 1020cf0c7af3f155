"""`python -m autograder collect`: take in what was submitted, from an LMS or a folder."""

from __future__ import annotations

import argparse
import datetime
import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.classroom import course, names

if TYPE_CHECKING:
    from autograder.road.desk.filed import Filed
    from autograder.road.desk.outcome import Outcome
    from autograder.road.desk.people import Directory

ABOUT = "take in what was submitted, from the LMS's zip or a folder"
SHOWN = 15  # lines of one kind; the rest is counted


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="the zip of Canvas, Moodle or Gradescope, folders of GitHub Classroom or "
        "nbgrader's exchange, any folder with a folder for each student, notebooks; "
        "and a CSV with times (Moodle's grading worksheet, Gradescope's or GitHub "
        "Classroom's grades); default: the class's folder downloaded/",
    )
    parser.add_argument("--exercise", metavar="WORD", help="take only this one")
    parser.add_argument(
        "--as",
        dest="given",
        action="append",
        default=[],
        metavar="FILE=ID",
        help="this file, or all of this hand-in, is that student's",
    )
    parser.add_argument(
        "--late-by",
        metavar="TIME",
        help="what Canvas marks LATE without a time was so late, whenever it is due: "
        "'1d', '2h'",
    )
    parser.add_argument("--zone", metavar="ZONE", help="of times in a CSV without one")
    parser.add_argument(
        "--time", metavar="COLUMN", help="the column of the CSV that holds the times"
    )
    parser.add_argument(
        "--handed-in",
        metavar="TIME",
        help="what has no time, and is not LATE in Canvas, was handed in by then: "
        "'2026-11-20 23:59'",
    )
    parser.add_argument(
        "--dates",
        choices=("day-first", "month-first"),
        help="what 5/11 means in a CSV with times, where no 25/11 in it tells",
    )
    parser.add_argument(
        "--replace",
        action="append",
        default=[],
        metavar="ID",
        help="take this student's even if it is older; 'all': where nobody knows",
    )
    parser.add_argument(
        "--no-roster",
        action="store_true",
        help="there is no roster: names of folders and files are ids",
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what it would")
    parser.add_argument("--json", action="store_true", help="for scripts")


def behind(options: argparse.Namespace, words: list[str]) -> list[str]:
    """Take paths that stand behind options, as a CSV that is added at the end of a line."""
    options.path += [Path(word) for word in words if not word.startswith("-")]
    return [word for word in words if word.startswith("-")]


def run(options: argparse.Namespace) -> int:
    name = course.class_name()
    paths = list(options.path)
    word = str(paths[0]) if paths and not paths[0].exists() else ""
    if options.exercise is None and word in course.assignments():
        options.exercise = word  # `collect attend ZIP`
        del paths[0]
    if options.exercise is not None:
        course.exercise(options.exercise)
    paths = paths or _downloaded()
    given = _given(options.given)
    for path in paths:
        if not path.exists():
            raise ValueError(f"{path}: there is no such file or folder")
    from autograder.road import times

    clock = times.Clock(options.zone)
    by = clock.read(options.handed_in) if options.handed_in is not None else None
    late_by = None
    if options.late_by is not None:
        late_by = datetime.timedelta(
            seconds=times.seconds(options.late_by, "--late-by")
        )
    from autograder.classroom import book
    from autograder.road.desk import intake, people

    with book.opened() as gradebook:
        directory = people.Directory(people.load(gradebook))
        if options.no_roster:
            directory = None
        elif not len(directory):
            raise ValueError(
                f"{name} has no roster, so nobody can be found. First: python -m "
                f"autograder roster FILE.csv --class {shlex.quote(name)}; or --no-roster takes the "
                "names of folders and files as ids"
            )
        _are_known(directory, [*given.values(), *options.replace])
        wish = intake.Wish(
            paths,
            options.exercise,
            given,
            late_by,
            frozenset(options.replace),
            options.dry_run,
            options.time,
            by,
            options.dates,
        )
        done = intake.take_in(wish, gradebook, directory, clock)
    if options.json:
        print(json.dumps(_plain(name, done), ensure_ascii=False, indent=1))
    else:
        _say(name, done, options)
    return 1 if done.left or done.nobody else 0


def _downloaded() -> list[Path]:
    folder = course.class_folder() / "downloaded"
    if not folder.is_dir() or not any(folder.iterdir()):
        raise ValueError(f"name the zip or the folder, or put it into {folder}")
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _given(said: list[str]) -> dict[str, str]:
    found = {}
    for one in said:
        file, equals, student = one.rpartition("=")
        if not (file and equals and student):
            raise ValueError(f"--as {one!r}: write FILE=ID")
        if found.get(file, student) != student:
            who = f"{names.shown(found[file])} and to {names.shown(student)}"
            raise ValueError(f"--as: {names.shown(file)!r} is given to {who}")
        found[file] = student
    return found


def _are_known(directory: Directory | None, students: list[str]) -> None:
    for student in students:
        if directory is None and not (names.problem(student) or "/" in student):
            continue
        if student != "all" and (directory is None or student not in directory):
            near = directory and directory.near(student)
            hint = f"; did you mean {names.shown(near)}?" if near else ""
            raise ValueError(f"'{names.shown(student)}' is not on the roster{hint}")


def _say(name: str, done: Outcome, options: argparse.Namespace) -> None:
    from autograder.road.text import listed

    words = sorted({one.exercise for one in done.all}, key=course.place)
    of = f"{', '.join(words) or 'nothing'} · from {', '.join(done.forms)}"
    dry = " (dry run: nothing was written)" if options.dry_run else ""
    print(f"{name} · {of if done.forms else 'nothing was found to file'}{dry}\n")
    counts = [f"{len(done.new):,} new", f"{len(done.newer):,} newer"]
    counts.append(f"{len(done.same):,} as before")
    if done.timed:
        counts.append(f"{len(done.timed):,} with another time")
    print(f"  {' · '.join(counts)}")
    if done.replaced is not None:
        where = done.replaced.relative_to(course.class_folder()).parts[:2]
        print(f"  What was there lies in {'/'.join(where)}")
    for title, some in ("newer", done.newer), ("another time", done.timed):
        if some:
            who = names.several((one.student for one in some), 12)
            told = listed(title, [who], 1)
            print("\n".join(["", *told]))
    for title, lines in (
        ("note", done.notes),
        ("fits nobody: --as FILE=ID says whose it is", done.nobody),
        ("left for you", done.left),
    ):
        if lines:
            print("\n".join(["", *listed(title, lines, SHOWN)]))
    for word, students in done.missing.items():
        if students:
            print("\n".join(["", *_missing(word, students)]))
    if words and not options.dry_run:
        most = max(words, key=lambda w: sum(one.exercise == w for one in done.all))
        print(f"\nNext: python -m autograder grade {most} --class {shlex.quote(name)}")
    elif words:
        print("\nNext: the same without --dry-run")


def _missing(word: str, students: list[str]) -> list[str]:
    from autograder.road.text import listed

    has = "has" if len(students) == 1 else "have"
    who = names.several(students, 12)
    return listed(f"{word}: {len(students):,} {has} handed in nothing", [who], 1)


def _plain(name: str, done: Outcome) -> dict[str, Any]:
    def rows(filed: list[Filed]) -> list[dict[str, Any]]:
        return [
            {
                "student": one.student,
                "exercise": one.exercise,
                "at": one.at and one.at.isoformat() + "Z",
                "form": one.form,
            }
            for one in filed
        ]

    return {
        "class": name,
        "new": rows(done.new),
        "newer": rows(done.newer),
        "same": rows(done.same),
        "timed": rows(done.timed),
        "replaced": done.replaced and str(done.replaced),
        "notes": done.notes,
        "nobody": done.nobody,
        "left": done.left,
        "missing": done.missing,
    }
