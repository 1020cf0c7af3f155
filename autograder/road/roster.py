"""`python -m autograder roster`: who is in the class, from the LMS's own list."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.classroom import course, names

if TYPE_CHECKING:
    from autograder.road.desk.columns import Person, Roster

ABOUT = "read the students from a CSV of the LMS, or show them"
CLASS = "new"  # a list of students makes one
SHOWN = 12  # lines of one kind; the rest is counted


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file",
        nargs="?",
        type=Path,
        metavar="FILE.csv",
        help="Canvas's gradebook export, Moodle's participants or grading worksheet, "
        "Gradescope's or GitHub Classroom's roster, or a list by hand; without one, "
        "the roster is shown",
    )
    for what in ("id", "name", "first", "last", "email", "section", "login", "github"):
        parser.add_argument(
            f"--{what}", metavar="COLUMN", help=f"the column that holds the {what}"
        )
    parser.add_argument("--encoding", metavar="NAME", help="of the file, where it errs")
    parser.add_argument(
        "--drop",
        action="append",
        default=[],
        metavar="ID",
        help="take a student off who has submitted nothing",
    )
    parser.add_argument(
        "--new",
        action="store_true",
        help="make the class, though another has nearly its name",
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what it would")
    parser.add_argument("--json", action="store_true", help="for scripts")


def run(options: argparse.Namespace) -> int:
    from autograder.road.desk.columns import COLUMNS, OPTIONS, roster
    from autograder.road.desk.sheet import read

    name, found = course.class_name(), None
    if options.file is None:
        course.class_folder()
    if options.file is not None:
        said = {what: getattr(options, what) for what in OPTIONS}
        said = {what: column for what, column in said.items() if column}
        sheet = read(options.file, COLUMNS, options.encoding)
        found = roster(sheet, said)
        if not found.people:
            told = "; ".join(found.problems[:3])
            raise ValueError(
                f"{options.file.name} lists nobody" + (f": {told}" if told else "")
            )
        if sheet.form != "UTF-8, commas" and not options.json:
            print(f"{options.file.name}: {sheet.form}\n")
        _may_be_new(name, options.dry_run, options.new)
    from autograder.classroom import book

    with book.opened() as gradebook:
        return _go(options, name, gradebook, found)


def _may_be_new(name: str, is_dry: bool, is_new: bool) -> None:
    """Make the class where there is none of that name yet, nor nearly of that name."""
    try:
        course.class_folder()
    except ValueError as error:
        if is_dry:
            raise ValueError(f"{error}: without --dry-run, it is made") from None
        from autograder.classroom.classes import near

        if not is_new and near(name):
            raise ValueError(f"{error} --new makes {name!r}") from None
        course.new_class()
        print(f"The class {name} is new.", file=sys.stderr)


def _go(options: argparse.Namespace, name: str, gradebook, found: Roster | None) -> int:
    from autograder.road.desk import people

    before = people.load(gradebook)
    dropped = list(dict.fromkeys(options.drop))
    if options.dry_run and dropped:
        raise ValueError(
            "--drop has no dry run: it takes off only who submitted nothing"
        )
    people.drop(gradebook, dropped, _has_folder)
    if found is None:
        return _show(options, name, people.load(gradebook), dropped)
    new, changed, how, doubts = people.merge(
        [person for person in before if person.id not in dropped], found.people
    )
    if not options.dry_run:
        people.save(gradebook, [*new, *changed])
    after = {person.id for person in [*before, *new]} - {*dropped}
    met = people.Directory(found.people)
    gone = [p for p in before if p.id in after and not _listed(met, p)]
    doubts = [*found.problems, *doubts]
    strangers = sorted({*people.strangers(gradebook), *_folders()} - after)
    if options.json:
        told = {
            "class": name,
            "form": found.form,
            "new": [p.id for p in new],
            "changed": how,
            "columns": dict(found.columns),
            "students": len(after),
            "not_listed": [p.id for p in gone],
            "strangers": strangers,
            "problems": doubts,
            "notes": list(found.notes),
        }
        print(json.dumps(told, ensure_ascii=False, indent=1))
        return 1 if doubts else 0
    would = " (dry run: nothing was written)" if options.dry_run else ""
    print(f"{name}: {_count(len(after))} · {found.form}{would}\n")
    same = len(found.people) - len(new) - len(changed)
    print("\n".join(_columns(found)), end="\n\n")
    print(f"  {len(new):,} new · {len(changed):,} changed · {same:,} as before")
    if spelt := [student for student, told in how.items() if told == [people.SPELT]]:
        print(f"  {len(spelt):,} of the changed: {people.SPELT}")
    _lines("changed", [_how(s, told) for s, told in how.items() if s not in spelt])
    _lines("not in this file", [_who(p) for p in gone])
    if gone:
        print("  They stay. `--drop ID` takes off one who has submitted nothing.")
    _lines("submitted, and on no roster", [names.shown(s) for s in strangers])
    _lines("note", found.notes)
    _lines("left for you", doubts)
    step = "status" if _folders() else "collect submissions.zip"
    print(f"\nNext: python -m autograder {step} --class {shlex.quote(name)}")
    return 1 if doubts else 0


def _columns(found: Roster) -> list[str]:
    """Which columns were understood, and as what where they are called otherwise."""
    from autograder.road.text import listed

    called = {what: what.replace("_", " ") for what in found.columns}
    said = [
        header if called[what] in header.casefold() else f"{header} ({called[what]})"
        for what, header in found.columns.items()
    ]
    return listed("columns understood:", [", ".join(said)], 1)


def _listed(met, person: Person) -> bool:
    from autograder.road.desk.people import _again

    return bool(met.any(person.id) or _again(met, person))


def _folders() -> set[str]:
    """Whoever has a folder of submissions."""
    top = course.class_folder() / "submitted"
    return {each.name for each in top.iterdir()} if top.is_dir() else set()


def _has_folder(student: str) -> bool:
    """Whether something of the student lies in the class's folder."""
    if names.problem(student):
        return False
    folder = course.class_folder()
    return any(
        (folder / step / student).exists() for step in ("submitted", "autograded")
    )


def _show(
    options: argparse.Namespace, name: str, found: list[Person], dropped: list[str]
) -> int:
    if options.json:
        told = [
            {
                "id": p.id,
                "first_name": p.first,
                "last_name": p.last,
                "email": p.email,
                "section": p.section,
                "names": dict(p.names),
            }
            for p in found
        ]
        print(
            json.dumps({"class": name, "students": told}, ensure_ascii=False, indent=1)
        )
        return 0
    for student in dropped:
        print(f"{names.shown(student)} is off the roster.")
    if not found:
        print(f"{name}: nobody is on the roster yet.\n")
        print(f"Next: python -m autograder roster FILE.csv --class {shlex.quote(name)}")
        return 0
    print(f"{name}: {_count(len(found))}\n")
    from autograder.road.text import columns

    rows = [(p.id, p.full, p.email, p.section) for p in found]
    for line in columns(rows):
        print(f"  {line}")
    return 0


def _count(students: int) -> str:
    return f"{students:,} student" + ("" if students == 1 else "s")


def _who(person: Person) -> str:
    return names.shown(f"{person.id}  {person.full}")


def _how(student: str, told: list[str]) -> str:
    return names.shown(f"{student}  {'; '.join(told)}")


def _lines(title: str, lines) -> None:
    lines = list(lines)
    if not lines:
        return
    from autograder.road.text import listed

    print("\n".join(["", *listed(title, lines, SHOWN)]))
