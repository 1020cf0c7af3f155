"""Canvas's gradebook: `Student,ID,SIS Login ID,Section,Title (123)`, then the points.

Its import finds a student by ID, then by the SIS ids, then by name, and a column by the
number behind its title, then by the title. An empty cell takes a grade away, so the cell
of who has no grade here stays as it was. (Read in its `gradebook_importer.rb` and
`gradebook_exporter.rb`.)
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from autograder.classroom.book import Standing
from autograder.classroom.table import INFRA
from autograder.road.forms.rows import (
    Filled,
    Matches,
    enter,
    factor_of,
    keep_safe,
    people,
    total,
)
from autograder.road.forms.sheet import Sheet, defused, written

POINTS = "Points Possible"
_ID = re.compile(r"\s*\((\d+)\)\s*$")
_NAMES = ("Student", "LastName", "FirstName")
_IDS = {
    "ID": "canvas_id",
    "SIS User ID": "sis_id",
    "SIS Login ID": "login",
    "Integration ID": "integration_id",
}


def is_one(sheet: Sheet) -> bool:
    """Whether a sheet is Canvas's gradebook."""
    return sheet.column("Student", "LastName") == 0 and sheet.column("ID") is not None


def fill(
    sheet: Sheet, grades: dict[str, Sequence[Standing]], column: str, scale: bool
) -> Filled:
    """A gradebook that Canvas exported, with the grades of these exercises in it."""
    rows = [list(row) + [""] * (len(sheet.header) - len(row)) for row in sheet.rows]
    head = sheet.header
    first = (sheet.column("Section") or sheet.column("ID")) + 1  # of the assignments
    possible = next((r for r in rows if r[0].strip() == POINTS), None)
    places = _columns(head, first, grades, column)
    comma = sheet.comma(range(first, len(head)))
    filled = Filled(replace(sheet, rows=rows))
    filled.odd += [
        f"no column is called {exercise}: its grades are not in the file"
        for exercise in grades
        if exercise not in places
    ]
    ids = {kind: i for h, kind in _IDS.items() if (i := sheet.column(h)) is not None}
    names = [i for i in map(sheet.column, _NAMES) if i is not None]
    at = ids["canvas_id"]
    for exercise, place in places.items():
        students = grades[exercise]
        most = possible[place] if possible else ""
        factor = factor_of(students, most, head[place], scale, comma)
        filled.columns[exercise] = head[place].strip()
        asked = (
            (
                row,
                {kind: row[i] for kind, i in ids.items()},
                ", ".join(row[i] for i in names),
            )
            for row in rows[1:]
            if row[0].strip() != POINTS and any(row[i].strip() for i in (0, at))
        )
        match = Matches(students, ids)
        enter(filled, asked, match, students, place, factor, comma)
    for row in rows[1:]:  # Canvas finds these by their ID, so that the name is free
        if row[at].strip().isdigit():
            for i in names:
                row[i] = defused(row[i])
    return filled


def _called(student: Standing) -> list[str]:
    return [name for name in student.names.values() if " " in name]


def _columns(
    head: Sequence[str], first: int, grades: Iterable[str], column: str
) -> dict[str, int]:
    """The column of each exercise: the one that a person named, or whose title it is.

    A title that only holds the word may be of anything: that is not guessed.
    """
    titles = {
        i: _ID.sub("", head[i]).strip()
        for i in range(first, len(head))
        if _ID.search(head[i])
    }
    exercises = list(grades)
    if column:
        if len(exercises) > 1:
            raise ValueError(f"{column!r} is one column: say which exercise it is for")
        meant = [i for i, t in titles.items() if column.strip() in (t, head[i].strip())]
        if not meant:
            raise ValueError(f"no column {column!r}; {_there(titles, column)}")
        found = {exercises[0]: meant}
    else:
        found = {
            e: [i for i, title in titles.items() if title.casefold() == e]
            for e in exercises
        }
    for exercise, places in found.items():
        if len(places) > 1:
            told = ", ".join(repr(head[i]) for i in places[:4])
            raise ValueError(
                f"{exercise} may be any of {told}: say which with --column"
            )
    known = {exercise: places[0] for exercise, places in found.items() if places}
    if not known:
        raise ValueError(
            f"no column is called {' or '.join(exercises)}: say which with --column; "
            f"{_there(titles, exercises[0])}"
        )
    return known


def _there(titles: dict[int, str], asked: str) -> str:
    every = list(titles.values())
    near = [title for title in every if asked.casefold() in title.casefold()][:4]
    near = near or difflib.get_close_matches(asked, every, 4, 0.3) or every[:4]
    return (
        f"there are {', '.join(map(repr, near))}"
        if near
        else "there is none of an assignment"
    )


def new(grades: dict[str, Sequence[Standing]]) -> Filled:
    """A gradebook for Canvas's import, which finds columns by their title.

    Students without a grade have a row and an empty cell. Whom we failed to grade has no
    row, unless a grade from before stands: the empty cell would take away what Canvas may have from before.
    """
    head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    everybody = people(grades)
    rows = [[*head, *grades]]
    most = [max((s.worth for s in x), default=0.0) for x in grades.values()]
    rows.append([f"    {POINTS}", "", "", "", "", *map(written, most)])
    for found in everybody.values():
        s = next(iter(found.values()))
        if any(x.status == INFRA and not x.stands for x in found.values()):
            continue
        number = s.names.get("canvas_id", "" if s.names else s.lms_id)
        both = s.last_name, s.first_name
        called = ", ".join(both) if all(both) else s.name
        login = s.names.get("login") or s.student
        rows.append(
            [
                defused(called),
                number,
                s.names.get("sis_id", ""),
                login,
                defused(s.section),
                *(total(found.get(exercise)) for exercise in grades),
            ]
        )
    filled = Filled(
        Sheet(rows), sum(bool(cell) for row in rows[2:] for cell in row[5:])
    )
    keep_safe(filled, rows[2:], (1, 2, 3))
    return filled
