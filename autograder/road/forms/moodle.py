"""Moodle: the grading worksheet of an assignment, and the file for its grade import.

The worksheet has `Identifier` ("Participant 12"), `Full name`, `Email address`, `Grade`,
`Maximum Grade` …; its import skips empty grades, and those above the maximum without a
word. The grade import finds students by ID number or e-mail address, stops at the first
one whom it does not know, and takes an empty grade for one that is to be taken away.
(Read in `assignfeedback_offline` and `gradeimport_csv`.)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from autograder.classroom.book import Standing
from autograder.road.forms.rows import (
    Filled,
    Matches,
    enter,
    factor_of,
    grade,
    keep_safe,
    keys,
    total,
)
from autograder.road.forms.sheet import Sheet, defused

_IDS = {"ID number": "id_number", "Email address": "email", "Username": "login"}


def is_one(sheet: Sheet) -> bool:
    """Where Moodle's identifiers stand: "Participant 12", in any language."""
    first = [row[0].strip() for row in sheet.rows[1:50] if row]
    numbered = [bool(re.fullmatch(r"\D+\d+", cell)) for cell in first]
    return bool(numbered) and all(numbered) and len(sheet.header) > 3


def fill(
    sheet: Sheet, grades: dict[str, Sequence[Standing]], column: str, scale: bool
) -> Filled:
    """Moodle's grading worksheet, with the grades of this exercise in it."""
    ((exercise, students),) = _one(grades)
    rows = [list(row) + [""] * (len(sheet.header) - len(row)) for row in sheet.rows]
    ids = {kind: i for h, kind in _IDS.items() if (i := sheet.column(h)) is not None}
    name = sheet.column("Full name")
    if not ids and name is None:
        ids = {"participant": 0}  # anonymous: of this assignment alone
    filled = Filled(replace(sheet, rows=rows))
    if "participant" in ids:
        if not any(keys(s, "participant") for s in students):
            raise ValueError(
                "this worksheet has no column that is known to name a student: it is of "
                "blind marking, or not in English. In Moodle, reveal the students' "
                "identities or choose English, and download it again"
            )
        filled.notes.append(
            "found by Moodle's numbers, which mean other students in another "
            "assignment: is this the worksheet of this very one?"
        )
    place = sheet.column(column or "Grade")
    if place is None:
        raise ValueError(
            f"no column {column or 'Grade'!r} in Moodle's worksheet: say with --column "
            f"which one holds the grades; there are {', '.join(sheet.header)}"
        )
    most = sheet.column("Maximum Grade")
    largest = rows[1][most] if most is not None and len(rows) > 1 else ""
    comma = sheet.comma(i for i in (place, most) if i is not None)
    factor = factor_of(students, largest, sheet.header[place], scale, comma)
    filled.columns[exercise] = sheet.header[place].strip()
    asked = (
        (
            row,
            {
                kind: re.sub(r"\D+0*", "", row[i]) if kind == "participant" else row[i]
                for kind, i in ids.items()
            },
            row[name] if name is not None else "",
        )
        for row in rows[1:]
    )
    enter(filled, asked, Matches(students, ids), students, place, factor, comma)
    locked = sheet.column("Grade can be changed")
    for old, row in zip(sheet.rows[1:], rows[1:], strict=True):
        is_new = old[place : place + 1] != [row[place]]
        if is_new and locked is not None and row[locked].strip().casefold() == "no":
            told = row[0] if name is None else row[name]
            filled.odd.append(
                f"{told}: the grade is locked in Moodle's gradebook, so the upload leaves "
                "it as it is: unlock it there, or enter it by hand"
            )
    if name is not None:  # Moodle goes by the identifier
        for row in rows[1:]:
            row[name] = defused(row[name])
    return filled


def new(grades: dict[str, Sequence[Standing]]) -> Filled:
    """A file for Moodle's grade import, by ID number or e-mail address.

    Moodle takes an empty grade for one that is to be taken away, and stops at a student
    whom it does not know. So it holds only those with a grade and an address or number.
    """
    ((exercise, students),) = _one(grades)
    rows = [["First name", "Last name", "ID number", "Email address", exercise]]
    filled = Filled(Sheet(rows))
    for s in students:
        if grade(s) is None:
            continue
        number = s.names.get("id_number", "" if s.names else s.lms_id)
        if number or s.email:
            names = map(defused, (s.first_name, s.last_name))
            rows.append([*names, number, s.email, total(s)])
            filled.graded += 1
        else:
            filled.absent.append(s.student)
    keep_safe(filled, rows[1:], (2, 3))
    return filled


def _one(grades: dict[str, Sequence[Standing]]) -> list[tuple[str, Sequence[Standing]]]:
    if len(grades) > 1:
        raise ValueError(
            f"Moodle takes one exercise at a time: say which of {', '.join(grades)}"
        )
    return [*grades.items()]
