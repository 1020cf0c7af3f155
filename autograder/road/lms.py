"""Grades in the forms that learning management systems take back.

Canvas's gradebook: `Student,ID,SIS Login ID,Section,Title (123)`, then a row of the
points possible. An empty cell takes a grade away there, and what it read is matched by
ID first. Moodle's grading worksheet: `Identifier` ("Participant 12"), `Grade`, `Maximum
Grade`; it skips empty grades, and those above the maximum without a word. Moodle's grade
import finds students by e-mail address or ID number, and stops at the first one that it
does not find. (Read in Canvas's `gradebook_importer.rb`, `gradebook_exporter.rb`, and in
Moodle's `assignfeedback_offline` and `gradeimport_csv`.)
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from autograder.classroom.book import Standing
from autograder.road.sheet import Matches, Sheet, defused, is_number, written

_ID = re.compile(r"\s*\((\d+)\)\s*$")
POINTS = "Points Possible"
_NAMES = ("Student", "LastName", "FirstName")
_CANVAS_IDS = ("SIS User ID", "SIS Login ID", "Integration ID")
TEST = "student, test"  # Canvas's own: it stands for nobody
_MOODLE_IDS = ("ID number", "Email address", "Username")


@dataclass
class Filled:
    """A file with grades in it, and what a person should know of them."""

    sheet: Sheet
    graded: int = 0
    unknown: list[str] = field(default_factory=list)  # rows of nobody in the class
    absent: list[str] = field(
        default_factory=list
    )  # students with a grade, without row
    odd: list[str] = field(default_factory=list)  # sentences: a person must look


def fill(
    sheet: Sheet,
    grades: dict[str, Sequence[Standing]],
    column: str = "",
    scale: bool = False,
) -> Filled:
    """A sheet that an LMS exported, with the grades of these exercises in it.

    Only the columns that are meant change, and of these only the cells of students who
    have a grade. ValueError where the sheet is of neither LMS, or a column is not clear.
    """
    if sheet.column("Student", "LastName") == 0 and sheet.column("ID") is not None:
        return _canvas(sheet, grades, column, scale)
    if _worksheet(sheet) is not None:
        return _moodle(sheet, grades, column, scale)
    raise ValueError(
        f"its first line, {', '.join(sheet.header[:4])} …, is neither that of Canvas's "
        "gradebook nor of Moodle's grading worksheet"
    )


# --- Canvas ---------------------------------------------------------------------------
def _canvas(
    sheet: Sheet, grades: dict[str, Sequence[Standing]], column: str, scale: bool
) -> Filled:
    rows = [list(row) + [""] * (len(sheet.header) - len(row)) for row in sheet.rows]
    head = sheet.header
    first = (sheet.column("Section") or sheet.column("ID")) + 1  # of the assignments
    possible = next((r for r in rows if r[0].strip() == POINTS), None)
    places = _columns(head, first, grades, column)
    comma = sheet.delimiter != "," and any("," in c for c in (possible or [])[first:])
    filled = Filled(replace(sheet, rows=rows))
    ids = [i for i, h in enumerate(head) if h.strip() in _CANVAS_IDS]
    names = [i for i in map(sheet.column, _NAMES) if i is not None]
    at = sheet.column("ID")
    for exercise, place in places.items():
        students = grades[exercise]
        factor = _factor(
            students, possible[place] if possible else "", head[place], scale
        )
        match = Matches(
            students,
            lambda s: [s.lms_id],
            lambda s: [s.student, s.email, *s.names.values()],
            lambda s: [s.name, f"{s.last_name}, {s.first_name}", *_called(s)],
        )
        asked = (
            (
                row,
                [[row[at]], [row[i] for i in ids], [", ".join(row[i] for i in names)]],
            )
            for row in rows[1:]
            if row[0].strip() != POINTS and any(row[i].strip() for i in (0, at))
        )
        _enter(filled, asked, match, students, place, factor, comma)
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
    """The column of each exercise: the one so named, or else the one that names it."""
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
        found = {e: _named(titles, e) for e in exercises}
    for exercise, places in found.items():
        if len(places) > 1:
            told = ", ".join(repr(head[i]) for i in places[:4])
            raise ValueError(
                f"{exercise} may be any of {told}: say which with --column"
            )
    known = {exercise: places[0] for exercise, places in found.items() if places}
    if not known:
        raise ValueError(
            f"no column is named like {' or '.join(exercises)}: say which with --column; "
            f"{_there(titles, exercises[0])}"
        )
    return known


def _named(titles: dict[int, str], exercise: str) -> list[int]:
    """The columns whose title is the exercise's name; else those that hold it."""
    same = [i for i, t in titles.items() if t.casefold() == exercise]
    word = re.compile(rf"\b{re.escape(exercise)}\b", re.IGNORECASE)
    return same or [i for i, title in titles.items() if word.search(title)]


def _there(titles: dict[int, str], asked: str) -> str:
    every = list(titles.values())
    near = difflib.get_close_matches(asked, every, 4, 0.3) or every[:4]
    return (
        f"there are {', '.join(map(repr, near))}"
        if near
        else "there is none of an assignment"
    )


# --- Moodle ---------------------------------------------------------------------------
def _worksheet(sheet: Sheet) -> int | None:
    """Where Moodle's identifiers stand: "Participant 12", in any language."""
    first = [row[0].strip() for row in sheet.rows[1:50] if row]
    numbered = [bool(re.fullmatch(r"\D+\d+", cell)) for cell in first]
    return 0 if numbered and all(numbered) and len(sheet.header) > 3 else None


def _moodle(
    sheet: Sheet, grades: dict[str, Sequence[Standing]], column: str, scale: bool
) -> Filled:
    if len(grades) > 1:
        raise ValueError(
            "Moodle's worksheet is of one assignment: say of which exercise"
        )
    ((exercise, students),) = grades.items()
    place = sheet.column(column or "Grade")
    if place is None:
        raise ValueError(
            f"no column {column or 'Grade'!r} in Moodle's worksheet: say with --column "
            f"which one holds the grades; there are {', '.join(sheet.header)}"
        )
    rows = [list(row) + [""] * (len(sheet.header) - len(row)) for row in sheet.rows]
    most = sheet.column("Maximum Grade")
    largest = rows[1][most] if most is not None and len(rows) > 1 else ""
    comma = sheet.delimiter != "," and "," in largest
    factor = _factor(students, largest, sheet.header[place], scale)
    ids = [i for i in map(sheet.column, _MOODLE_IDS) if i is not None]
    name = sheet.column("Full name")
    match = Matches(
        students,
        lambda s: [s.student, s.email, s.lms_id, *s.names.values()],
        lambda s: [s.name, *_called(s)],
    )
    filled = Filled(replace(sheet, rows=rows))
    asked = (
        (
            row,
            [
                [row[i] for i in ids],
                [row[name]] if name is not None else [],
            ],
        )
        for row in rows[1:]
    )
    _enter(filled, asked, match, students, place, factor, comma)
    if name is not None:  # Moodle goes by the identifier
        for row in rows[1:]:
            row[name] = defused(row[name])
    return filled


# --- both -----------------------------------------------------------------------------
def _enter(filled, asked, match, students, place, factor, comma) -> None:
    """Put each grade into its row; note who has none, and what is not clear."""
    mine: dict[str, list[list[str]]] = {}
    by_student = {}
    for row, keys in asked:
        told = row[0] if any(c.isalpha() for c in row[0]) else " ".join(row[:2])
        if row[0].strip().casefold() == TEST:
            continue
        try:
            student, _ = match.find(*keys)
        except ValueError as error:
            filled.odd.append(f"{told}: {error}; left as it was")
            continue
        if student is None:
            filled.unknown.append(told)
            continue
        mine.setdefault(student.student, []).append(row)
        by_student[student.student] = student
    for student, rows in mine.items():
        total = by_student[student].total
        if total is None:
            continue
        if len(rows) > 1:
            filled.odd.append(f"{student}: {len(rows)} rows fit; left as they were")
        elif rows[0][place].strip().upper() in ("EX", "N/A"):
            what = (
                "is excused"
                if rows[0][place].strip().upper() == "EX"
                else "has no such task"
            )
            filled.odd.append(f"{student} {what} in the file; left so")
        else:
            rows[0][place] = written(total * factor, comma)
            filled.graded += 1
    filled.absent += [
        s.student for s in students if s.total is not None and s.student not in mine
    ]


def _factor(students: Sequence[Standing], most: str, column: str, scale: bool) -> float:
    """What points are multiplied by. ValueError where the LMS counts in others."""
    theirs = is_number(most)
    ours = max((s.possible for s in students), default=0.0)
    if theirs is None or not ours or abs(theirs - ours) < 0.005:
        return 1.0
    if not scale:
        raise ValueError(
            f"{column!r} has {theirs:g} points there and {ours:g} here: set it to "
            f"{ours:g} there and export it again, or give --scale to convert them"
        )
    return theirs / ours


# --- without a file of theirs ---------------------------------------------------------
def new_canvas(grades: dict[str, Sequence[Standing]]) -> Filled:
    """A gradebook for Canvas's import, which finds columns by their title.

    Students without a grade have a row and an empty cell.
    """
    head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    people = _people(grades)
    rows = [[*head, *grades]]
    most = [max((s.possible for s in x), default=0.0) for x in grades.values()]
    rows.append([f"    {POINTS}", "", "", "", "", *map(written, most)])
    for student, found in people.items():
        s = next(iter(found.values()))
        number = s.lms_id.strip() if s.lms_id.strip().isdigit() else ""
        called = f"{s.last_name}, {s.first_name}" if s.last_name else s.name
        login = s.names.get("SIS Login ID") or s.student
        rows.append(
            [
                defused(called),
                number,
                s.names.get("SIS User ID", ""),
                login,
                defused(s.section),
                *(_total(found.get(exercise)) for exercise in grades),
            ]
        )
    filled = Filled(Sheet(rows))
    _keys(filled, rows[2:], (1, 2, 3))
    return filled


def new_moodle(grades: dict[str, Sequence[Standing]]) -> Filled:
    """A file for Moodle's grade import, by ID number or e-mail address.

    Moodle takes an empty grade for one that is to be taken away, and stops at a student
    whom it does not know. So it holds only those with a grade and an address or number.
    """
    rows = [["First name", "Last name", "ID number", "Email address", *grades]]
    filled = Filled(Sheet(rows))
    for student, found in _people(grades).items():
        s = next(iter(found.values()))
        totals = [_total(found.get(exercise)) for exercise in grades]
        if not any(totals):
            continue
        if not (s.lms_id or s.email):
            filled.absent.append(student)
            continue
        names = map(defused, (s.first_name, s.last_name))
        rows.append([*names, s.lms_id, s.email, *(t or "-" for t in totals)])
    _keys(filled, rows[1:], (2, 3))
    return filled


def _people(grades: dict[str, Sequence[Standing]]) -> dict[str, dict[str, Standing]]:
    """Each student's standings by exercise, in the order of the roster."""
    people: dict[str, dict[str, Standing]] = {}
    for exercise, students in grades.items():
        for s in students:
            people.setdefault(s.student, {})[exercise] = s
    return dict(sorted(people.items()))


def _total(standing: Standing | None) -> str:
    return "" if standing is None or standing.total is None else written(standing.total)


def _keys(filled: Filled, rows: Iterable[list[str]], keys: Sequence[int]) -> None:
    """No key that a spreadsheet would run: it is left out, and told."""
    for row in rows:
        for place in keys:
            if defused(row[place]) != row[place]:
                filled.odd.append(
                    f"{row[place]!r} would be a formula in a spreadsheet: left out, so "
                    f"enter this student's grade by hand"
                )
                row[place] = ""
