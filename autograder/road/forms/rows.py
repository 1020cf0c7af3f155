"""Whose row is it? Grades into the rows of a file that an LMS wrote, and who is missing."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from autograder.classroom import names
from autograder.classroom.book import Standing
from autograder.road.forms.sheet import Sheet, defused, is_number, written

TEST = "student, test"  # Canvas's own: it stands for nobody
KEPT = {"EX": "is excused", "N/A": "has no such task"}  # what Canvas writes for a grade

_PARTICIPANT = re.compile(r"Participant 0*(\d+)")  # as `collect` calls one


@dataclass
class Filled:
    """A file with grades in it, and what a person should know of them."""

    sheet: Sheet
    graded: int = 0
    unknown: list[str] = field(default_factory=list)  # rows of nobody in the class
    absent: list[str] = field(default_factory=list)  # with a grade, without a row
    odd: list[str] = field(default_factory=list)  # sentences: a person must look
    notes: list[str] = field(default_factory=list)  # sentences that only tell
    columns: dict[str, str] = field(default_factory=dict)  # filled, by exercise
    found: dict[str, bool] = field(default_factory=dict)  # graded; by the name alone?

    def by_name(self) -> list[str]:
        """A sentence on those who were found by their names alone, if there are any."""
        who = [student for student, is_named in self.found.items() if is_named]
        return [names.by_name(who, len(self.found))] if who else []


class Matches:
    """Whose row is it? By ids first, of which none may say otherwise; else by name.

    An id or a name that two students share is nobody's.
    """

    def __init__(self, students: Iterable[Standing], kinds: Iterable[str]) -> None:
        everybody = list(students)
        self._ids: dict[str, dict[str, Standing | None]] = {}
        for kind in kinds:
            self._ids[kind] = _index(everybody, lambda s, kind=kind: keys(s, kind))
        self._names = _index(everybody, _called)
        self.named: set[str] = set()  # who was found by name

    def find(self, ids: Mapping[str, str], name: str = "") -> Standing | None:
        """The student with these ids by kind, or with this name, or None.

        ValueError where the ids are those of several students.
        """
        asked = [(kind, _plain(key)) for kind, key in ids.items()]
        found = [self._ids[kind].get(key) for kind, key in asked]
        known = [student for student in found if student is not None]
        if len({student.student for student in known}) > 1:
            raise ValueError("its ids belong to several students")
        if known:
            return known[0]
        student = self._names.get(_plain(name))
        if student and any(
            _own(student, kind) not in ("", key) for kind, key in asked if key
        ):
            return None  # another one of this name
        if student:
            self.named.add(student.student)
        return student


def _index(
    students: Iterable[Standing], keys: Callable[[Standing], Iterable[str]]
) -> dict[str, Standing | None]:
    found: dict[str, Standing | None] = {}
    for student in students:
        for key in {_plain(key) for key in keys(student)} - {""}:
            first = found.setdefault(key, student)
            found[key] = student if first is student else None
    return found


def _own(student: Standing, kind: str) -> str:
    """What the LMS itself calls a student by an id of this kind, if that is known."""
    return _plain(student.email if kind == "email" else student.names.get(kind, ""))


def keys(student: Standing, kind: str) -> list[str]:
    """By which ids of a kind a student can be found."""
    if own := _own(student, kind):
        return [own]
    if kind == "participant":  # of a class for one assignment that is marked blind
        found = _PARTICIPANT.fullmatch(student.student)
        return [found[1]] if found else []
    if kind in ("canvas_id", "id_number") and not student.names:
        return [student.lms_id]  # as nbgrader keeps it: of which LMS, it does not say
    if kind in ("login", "sis_id"):
        return [student.student, student.email if kind == "login" else ""]
    return [student.student] if kind == "id_number" else []


def _called(student: Standing) -> list[str]:
    """The names by which an LMS may list a student."""
    known = [student.names.get(key, "") for key in ("name", "sortable")]
    return [student.name, f"{student.last_name}, {student.first_name}", *known]


def _plain(key: str) -> str:
    return " ".join(key.split()).casefold()


def enter(
    filled: Filled,
    asked: Iterable[tuple[list[str], dict[str, str], str]],
    match: Matches,
    students: Sequence[Standing],
    place: int,
    factor: float,
    comma: bool,
) -> None:
    """Put each grade into its row; note who has none, and what is not clear."""
    mine: dict[str, list[list[str]]] = {}
    by_student: dict[str, Standing] = {}
    for row, ids, name in asked:
        told = row[0] if any(c.isalpha() for c in row[0]) else " ".join(row[:2])
        if row[0].strip().casefold() == TEST:
            continue
        try:
            student = match.find(ids, name)
        except ValueError as error:
            filled.odd.append(f"{told}: {error}; left as it was")
            continue
        if student is None:
            filled.unknown.append(told)
            continue
        mine.setdefault(student.student, []).append(row)
        by_student[student.student] = student
    for student, rows in mine.items():
        points = grade(by_student[student])
        if points is None:
            continue
        if len(rows) > 1:
            filled.odd.append(f"{student}: {len(rows)} rows fit; left as they were")
        elif why := KEPT.get(rows[0][place].strip().upper()):
            filled.odd.append(f"{student} {why} in the file; left so")
        else:
            own = by_student[student]
            if factor != 1.0 and own.possible:  # a share of the points of then
                points *= own.worth / own.possible
            rows[0][place] = written(points * factor, comma)
            filled.graded += 1
            filled.found[student] = student in match.named
    filled.absent += [
        s.student for s in students if grade(s) is not None and s.student not in mine
    ]


def factor_of(
    students: Sequence[Standing],
    most: str,
    column: str,
    scale: bool,
    comma: bool = False,
) -> float:
    """What points are multiplied by. ValueError where the LMS counts in others.

    `most` is the cell with the LMS's points, `comma` the file's decimal sign.
    """
    theirs = is_number(most, comma)
    ours = max((s.worth for s in students), default=0.0)
    said = most.strip()
    if theirs is None and not scale and said in ("", "-"):
        return 1.0  # it does not say
    if theirs is None or theirs <= 0:
        raise ValueError(
            f"{column!r} has {said[:20]!r} there for its points, which is no number above "
            f"0: set it to {ours:g} there and export it again"
        )
    if not ours or abs(theirs - ours) < 0.005:
        return 1.0
    if not scale:
        raise ValueError(
            f"{column!r} has {theirs:g} points there and {ours:g} here: set it to "
            f"{ours:g} there and export it again, or give --scale to convert them"
        )
    return theirs / ours


def people(grades: dict[str, Sequence[Standing]]) -> dict[str, dict[str, Standing]]:
    """Each student's standings by exercise, in the order of the roster."""
    people: dict[str, dict[str, Standing]] = {}
    for exercise, students in grades.items():
        for s in students:
            people.setdefault(s.student, {})[exercise] = s
    return dict(sorted(people.items()))


def grade(standing: Standing) -> float | None:
    """What goes to an LMS, as the book has it; None where there is no grade."""
    return None if endless(standing) else standing.total


def endless(standing: Standing) -> bool:
    """Whether somebody gave points that are no finite number: they are no grade."""
    numbers = (standing.score or 0.0, standing.penalty)
    return standing.endless or not all(map(math.isfinite, numbers))


def total(standing: Standing | None) -> str:
    """The same as it is written."""
    points = None if standing is None else grade(standing)
    return "" if points is None else written(points)


def keep_safe(filled: Filled, rows: Iterable[list[str]], keys: Sequence[int]) -> None:
    """No key that a spreadsheet would run: it is left out, and told."""
    for row in rows:
        for place in keys:
            if defused(row[place]) != row[place]:
                filled.odd.append(
                    f"{row[place]!r} would be a formula in a spreadsheet: left out, so "
                    f"enter this student's grade by hand"
                )
                row[place] = ""
