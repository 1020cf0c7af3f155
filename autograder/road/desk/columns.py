"""What the columns of a roster mean: the forms that LMSs write, and those of people.

Looked up in the programs that write them: Canvas's gradebook export and its report of
users, Moodle's participants, grade export and offline grading worksheet, Gradescope's
and GitHub Classroom's rosters. A column that nobody knows is not guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from autograder.classroom import names
from autograder.road.desk.blind import BLIND, numbered
from autograder.road.desk.sheet import Sheet, normal

# What a column holds, by its normal header. `id` alone means different things.
COLUMNS = {
    "student": "name",
    "name": "name",
    "full name": "name",
    "student name": "name",
    "sortable name": "sortable",
    "lastname": "last",
    "last name": "last",
    "surname": "last",
    "family name": "last",
    "firstname": "first",
    "first name": "first",
    "given name": "first",
    "sis login id": "login",
    "login id": "login",
    "login": "login",
    "username": "login",
    "user name": "login",
    "sis user id": "sis_id",
    "sis id": "sis_id",
    "canvas user id": "canvas_id",
    "integration id": "integration_id",
    "id number": "id_number",
    "idnumber": "id_number",
    "sid": "sid",
    "id": "id",
    "student id": "id",
    "studentid": "id",
    "student number": "id",
    "github username": "github",
    "github login": "github",
    "github": "github",
    "email": "email",
    "e mail": "email",
    "mail": "email",
    "email address": "email",
    "e mail address": "email",
    "section": "section",
    "sections": "section",
    "section name": "section",
    "group": "section",
    "groups": "section",
    "group name": "section",
    "role": "role",
    "roles": "role",
    "identifier": "identifier",
    "roster identifier": "identifier",
}
# Which column names the student, the first that has something in it.
IDS = ("id", "login", "id_number", "sid", "sis_id", "identifier", "email", "canvas_id")
NAMES = ("name", "sortable", "first", "last")
# By these a student is found again; in this order they go into nbgrader's lms_user_id.
KEYS = (
    *("canvas_id", "id_number", "sid", "sis_id", "login"),
    *("integration_id", "github", "identifier"),
)
OPTIONS = ("id", "name", "first", "last", "email", "section", "login", "github")
_TEST = {"student, test", "test student"}  # Canvas's own
_STAFF = re.compile(
    r"teach|instruct|\bta\b|assistant|observer|designer|reader", re.IGNORECASE
)


@dataclass(frozen=True)
class Person:
    """A student as a roster has them. `names` is what each LMS calls the student.

    Its keys are those of `KEYS`, `name` (as listed) and `sortable` (last name first).
    """

    id: str
    first: str = ""
    last: str = ""
    email: str = ""
    section: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def full(self) -> str:
        """The name as one text."""
        return f"{self.first} {self.last}".strip() or self.names.get("name", "")

    @property
    def lms_id(self) -> str:
        return next((self.names[key] for key in KEYS if self.names.get(key)), "")


@dataclass(frozen=True)
class Roster:
    """What a file says: who is in it, in whose form, and what is left for a person."""

    form: str
    people: tuple[Person, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(
        default_factory=dict
    )  # as written, by what they are


def meant(
    sheet: Sheet, said: Mapping[str, str], needs_id: bool = True
) -> tuple[str, dict[str, str]]:
    """Whose form a sheet has, and the normal header of each thing that it holds.

    `said` are columns that a person named. ValueError where one of them is not there,
    or no column is known that could name a student.
    """
    there = {normal(header): header for header in sheet.headers}
    numbers = numbered(sheet)
    form = "a list by hand"
    own = dict(COLUMNS)
    if sheet.has("id") and (
        sheet.has("student", "section") or sheet.has("lastname", "sis login id")
    ):
        form, own["id"] = "Canvas's gradebook", "canvas_id"
    elif sheet.has("canvas user id"):
        form, own["user id"] = "Canvas's users", "sis_id"
    elif sheet.has("github username"):
        form = "GitHub Classroom's roster"
    elif numbers or sheet.has("identifier", "full name"):
        form = "Moodle's grading worksheet"
        # A number that means another student in each exercise.
        own.pop(numbers or "identifier", None)
    elif sheet.has("first name", "email address"):
        form = "Moodle's participants"
    elif sheet.has("sid", "email"):
        form = "Gradescope's roster"
    found: dict[str, str] = {}
    for header in there:
        if header in own:
            found.setdefault(own[header], header)
    for what, column in said.items():
        if normal(column) not in there:
            raise ValueError(
                f"there is no column {column!r} for --{what}; {_listed(sheet)}"
            )
        found[what] = normal(column)
        if found[what] == numbers:
            raise ValueError(
                f"{column!r} holds Moodle's numbers, which mean other students in the "
                f"next assignment: {BLIND}"
            )
        if what == "id":
            kept = ("id", *NAMES)  # a name may be all that there is
            found = {k: v for k, v in found.items() if k in kept or v != found["id"]}
    lacks = needs_id and not set(found) & set(IDS)
    if lacks and numbers and not set(found) & set(NAMES):
        raise ValueError(
            f"no column of this worksheet is known to name a student, and {there[numbers]!r} "
            "holds numbers that mean other students in the next assignment. Has it names "
            "in another language? Download it in English, or name the columns: --email "
            f"COLUMN --name COLUMN; {_listed(sheet)}. Is it of blind marking? Then {BLIND}"
        )
    if lacks:
        raise ValueError(
            f"no column is known to hold the students' ids; {_listed(sheet)}. Name the "
            "one that does, be it the name's: --id COLUMN (and --name, --email …)"
        )
    return form, found


def roster(sheet: Sheet, said: Mapping[str, str]) -> Roster:
    """The students in a sheet. What is doubtful is told and left out, never guessed."""
    form, found = meant(sheet, said)
    people: dict[str, tuple[int, Person]] = {}
    refused: set[str] = set()
    problems, notes = [], []
    for line, row in sheet.rows:
        cells = {what: _plain(row.get(header, "")) for what, header in found.items()}
        listed = names.shown(_listed_name(cells))[:60]
        if _is_no_student(form, cells):
            continue
        if listed.casefold() in _TEST:
            notes.append(f"line {line}: {listed} is Canvas's own, and was left out")
            continue
        if _STAFF.search(cells.get("role", "")):
            notes.append(f"line {line}: {listed} is no student ({cells['role'][:30]})")
            continue
        key = next((cells[what] for what in _order(said) if cells.get(what)), "")
        why = _problem(key, cells)
        if why:
            problems.append(f"line {line}: {listed or 'a row'} {why}")
            continue
        person = _person(key, cells)
        if key in people:
            first, other = people[key]
            if other == person or _same(other, person):
                people[key] = first, _joined(other, person)
                continue
            refused.add(key)
            shown = names.shown(key)
            problems.append(f"lines {first} and {line}: both have the id {shown}")
            continue
        people[key] = line, person
    taken = [person for key, (_, person) in people.items() if key not in refused]
    written = {normal(header): header for header in reversed(sheet.headers)}
    understood = {what: written[header] for what, header in found.items()}
    notes += _twins(taken)
    return Roster(form, tuple(taken), tuple(problems), tuple(notes), understood)


def _order(said: Mapping[str, str]) -> tuple[str, ...]:
    """Which columns may name the student; where a person named one, only that."""
    return ("id",) if "id" in said else IDS


def _plain(cell: str) -> str:
    """A cell without what Canvas puts around a name that begins with `=`."""
    quoted = re.fullmatch(r'="(.*)"', cell, re.DOTALL)
    text = re.sub(r"[\x00-\x1f\x7f]", " ", quoted[1] if quoted else cell)
    return " ".join(text.split())


def _listed(sheet: Sheet) -> str:
    return "it has " + ", ".join(repr(h)[:40] for h in sheet.headers[:12] if h)


def _listed_name(cells: Mapping[str, str]) -> str:
    both = f"{cells.get('first', '')} {cells.get('last', '')}".strip()
    return cells.get("name") or both or cells.get("sortable", "")


def _is_no_student(form: str, cells: Mapping[str, str]) -> bool:
    """A row of Canvas's gradebook that holds points, or nothing that names anybody."""
    named = [cells.get(what, "") for what in (*NAMES, *IDS)]
    first = cells.get("name") or cells.get("last", "")
    return not any(named) or (
        form == "Canvas's gradebook" and first.startswith("Points Possible")
    )


def _problem(key: str, cells: Mapping[str, str]) -> str | None:
    """Why a row is not taken."""
    if not key:
        return "has no id"
    if "/" in key:
        return f"cannot have the id '{names.shown(key)[:40]}': it holds a /"
    if why := names.problem(key):
        return f"cannot have the id '{names.shown(key)[:40]}': {why.partition(': ')[2]}"
    long = [what for what, cell in cells.items() if len(cell) > names.LONGEST]
    long = [what for what in long if what != "section"]
    return f"has more than {names.LONGEST} characters in {long[0]}" if long else None


def _person(key: str, cells: Mapping[str, str]) -> Person:
    first, last = cells.get("first", ""), cells.get("last", "")
    listed = cells.get("name", "")
    if not first and not last:
        sortable = cells.get("sortable") or (listed if "," in listed else "")
        if sortable:
            last, _, first = map(str.strip, sortable.partition(","))
        else:
            first, _, last = listed.rpartition(" ")
    kept = {what: cells[what] for what in KEYS if cells.get(what)}
    if listed:
        kept["name"] = listed
    if cells.get("sortable") or "," in listed:
        kept["sortable"] = cells.get("sortable") or listed
    kept = {what: value for what, value in kept.items() if value}
    section = cells.get("section", "")[:256]
    return Person(key, first, last, cells.get("email", ""), section, kept)


def _same(one: Person, other: Person) -> bool:
    """Whether two rows are one student, who is in two sections: no id is another."""
    said = (one.first, one.last, one.email) == (other.first, other.last, other.email)
    ids = [(one.names.get(key), other.names.get(key)) for key in KEYS]
    return said and all(a == b for a, b in ids if a and b)


def _joined(one: Person, other: Person) -> Person:
    sections = dict.fromkeys(filter(None, [one.section, other.section]))
    section = ", ".join(sections)[:256]
    both = {**other.names, **one.names}
    return Person(one.id, one.first, one.last, one.email, section, both)


def _twins(people: list[Person]) -> list[str]:
    """Students of one name: nobody can be found by it."""
    by_name: dict[str, list[str]] = {}
    for person in people:
        if person.full:
            by_name.setdefault(person.full.casefold(), []).append(person.id)
    return [
        f"{len(ids)} students are called {names.shown(name.title())[:40]}: "
        + ", ".join(map(names.shown, ids[:4]))
        for name, ids in by_name.items()
        if len(ids) > 1
    ]
