"""The students of a class as the gradebook keeps them, and how one of them is found.

nbgrader's own columns hold first name, last name, e-mail and the id in the LMS; the
table `PERSON` beside them holds the section and what each LMS calls the student. Whom a
file's name means is looked up here: by an id, else by a name that only one student has.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from autograder.classroom import extensions, names
from autograder.classroom.book import PERSON
from autograder.road.desk.columns import KEYS, Person

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

NEAR = 65  # of 100: how like two names must be for one to be suggested
SPELT = "only how this list writes the name, which is kept to find it again"
_FIELDS = {"first": "first name", "last": "last name", "email": "e-mail"}


class Directory:
    """The students on the roster, to be found by whatever names them."""

    def __init__(self, people: Iterable[Person]) -> None:
        self.people = {person.id: person for person in people}
        self._keys: dict[str, dict[str, set[str]]] = {}
        self._names: dict[str, set[str]] = {}
        for person in self.people.values():
            keys = {"id": person.id, "email": person.email}
            keys |= {key: person.names.get(key, "") for key in KEYS}
            for key, value in keys.items():
                if value:
                    known = self._keys.setdefault(key, {})
                    known.setdefault(fold(value), set()).add(person.id)
            for form in _forms(person):
                self._names.setdefault(form, set()).add(person.id)

    def __contains__(self, student: str) -> bool:
        return student in self.people

    def __len__(self) -> int:
        return len(self.people)

    def by(self, key: str, value: str) -> set[str]:
        """The students with this id of one kind, or with this name."""
        if key == "name":
            return set(self._names.get(letters(value), ()))
        if key == "any":
            return self.any(value)
        return set(self._keys.get(key, {}).get(fold(value), ()))

    def any(self, text: str) -> set[str]:
        """Whom an id of any kind means. The one by which the class calls them is first."""
        if text in self.people:
            return {text}
        found = [known.get(fold(text), set()) for known in self._keys.values()]
        return set().union(*found)

    def find(self, keys: Iterable[tuple[str, str]]) -> set[str]:
        """The students that the first of these means that means any. Several: no one."""
        for key, value in keys:
            if found := self.by(key, value):
                return found
        return set()

    def near(self, text: str) -> str | None:
        """The one student whose name or id is most like this, as a suggestion only."""
        from rapidfuzz import fuzz, process

        known = {}
        for person in self.people.values():
            for said in (person.id, person.full, person.email.partition("@")[0]):
                known.setdefault(letters(said), person.id)
        known.pop("", None)
        wanted = letters(re.sub(r"\d+", "", text)) or letters(text)
        best = process.extract(
            wanted, list(known), scorer=fuzz.ratio, limit=2, score_cutoff=NEAR
        )
        ids = {known[form] for form, score, _ in best if score == best[0][1]}
        return ids.pop() if len(ids) == 1 else None


def fold(text: str) -> str:
    """An id without what does not count: case, and how an accent is encoded."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def letters(text: str) -> str:
    """A name without blanks, marks and case, as Canvas writes it in a file's name."""
    return re.sub(r"[\W_]+", "", fold(text))


def _forms(person: Person) -> Iterator[str]:
    """How a name is written in file names: last name first, last name last."""
    said = [person.names.get("name", ""), person.names.get("sortable", "")]
    said += [f"{person.last}{person.first}", f"{person.first}{person.last}"]
    return filter(None, map(letters, said))


def load(gradebook: Gradebook) -> list[Person]:
    """The roster, in the order of names. One who only submitted is not on it."""
    from nbgrader import api

    student = api.Student.__table__
    query = sa.select(student, PERSON.c.section, PERSON.c.names).join(
        PERSON, PERSON.c.student == student.c.id
    )
    found = [
        Person(
            row.id,
            row.first_name or "",
            row.last_name or "",
            row.email or "",
            row.section,
            json.loads(row.names),
        )
        for row in gradebook.db.execute(query)
    ]
    gradebook.db.rollback()  # nothing stays locked
    return sorted(found, key=lambda p: (p.section, fold(p.last), fold(p.first), p.id))


def strangers(gradebook: Gradebook) -> list[str]:
    """Students of the gradebook who are on no roster."""
    from nbgrader import api

    query = sa.select(api.Student.id).where(api.Student.id.not_in(_on_roster()))
    found = sorted(gradebook.db.execute(query).scalars())
    gradebook.db.rollback()
    return found


def _on_roster() -> Any:
    return sa.select(PERSON.c.student)


def merge(
    known: Iterable[Person], listed: Iterable[Person]
) -> tuple[list[Person], list[Person], dict[str, list[str]], list[str]]:
    """What a list changes: who is new, who is changed, how, and what is doubtful.

    A student is found again by the id, else by what an LMS calls them. What the list
    does not say stays as it was.
    """
    directory = Directory(known)
    new, changed = [], []
    how: dict[str, list[str]] = {}
    doubts = []
    seen: dict[str, str] = {}
    for person in listed:
        found = directory.any(person.id) | _again(directory, person)
        shown = names.shown(person.id)
        if len(found) > 1:
            several = ", ".join(sorted(map(names.shown, found))[:4])
            doubts.append(f"{shown} could be {several}: left as it was")
            continue
        if not found:
            new.append(person)
            continue
        (student,) = found
        if student in seen:
            both = f"{seen[student]} and {shown}"
            doubts.append(f"{both} are both {names.shown(student)}: the first counts")
            continue
        seen[student] = shown
        before = directory.people[student]
        after = _updated(before, person)
        if after != before:
            changed.append(after)
            how[student] = _differences(before, after)
    return new, changed, how, doubts


def _again(directory: Directory, person: Person) -> set[str]:
    """The student whom another file calls otherwise; every id must say the same."""
    said = {("email", person.email), *((k, person.names.get(k, "")) for k in KEYS)}
    found = [directory.by(key, value) for key, value in said if value]
    if "identifier" in person.names:  # GitHub Classroom: an id, or a name
        name = person.names["identifier"]
        found.append(directory.any(name) or directory.by("name", name))
    return set().union(*found)


def _updated(before: Person, after: Person) -> Person:
    said = {
        what: getattr(after, what) or getattr(before, what)
        for what in ("first", "last", "email", "section")
    }
    if after.names.get("name") and not (after.first and after.last) and before.first:
        said |= {"first": before.first, "last": before.last}
    return replace(before, **said, names={**before.names, **after.names})


def _differences(before: Person, after: Person) -> list[str]:
    told = []
    for what in ("first", "last", "email", "section"):
        old, new = getattr(before, what), getattr(after, what)
        if old != new:
            told.append(f"{_FIELDS.get(what, what)}: {old or '–'} → {new}")
    for key, new in after.names.items():
        old = before.names.get(key)
        if old != new and key not in ("name", "sortable"):
            told.append(f"{key.replace('_', ' ')}: {old or '–'} → {new}")
    return told or [SPELT]


def save(gradebook: Gradebook, people: Iterable[Person]) -> None:
    """Write students into the gradebook, all or none; those who are there are updated."""
    from nbgrader import api

    student, db = api.Student.__table__, gradebook.db
    there = set(db.execute(sa.select(student.c.id)).scalars())
    listed = set(db.execute(_on_roster()).scalars())
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for person in people:
        own = {
            "first_name": person.first,
            "last_name": person.last,
            "email": person.email or None,
            "lms_user_id": person.lms_id or None,
        }
        beside = {
            "section": person.section,
            "names": json.dumps(dict(person.names), ensure_ascii=False),
        }
        kind = "old" if person.id in there else "new"
        rows.setdefault(f"{kind} student", []).append({"key": person.id, **own})
        kind = "old" if person.id in listed else "new"
        rows.setdefault(f"{kind} person", []).append({"key": person.id, **beside})
    try:
        for table, key, word in (
            (student, student.c.id, "student"),
            (PERSON, PERSON.c.student, "person"),
        ):
            if new := rows.get(f"new {word}"):
                named = [{key.name: row["key"], **_but_key(row)} for row in new]
                db.execute(sa.insert(table), named)
            if old := rows.get(f"old {word}"):
                change = sa.update(table).where(key == sa.bindparam("key"))
                fields = {name: sa.bindparam(name) for name in _but_key(old[0])}
                db.connection().execute(change.values(**fields), old)
        db.commit()
    except BaseException:
        db.rollback()
        raise


def _but_key(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "key"}


def drop(
    gradebook: Gradebook, students: Iterable[str], has_folder: Callable[[str], bool]
) -> None:
    """Take students off the roster and out of the gradebook, with their extensions.

    All or none: ValueError where one is not there, or has submitted something.
    """
    from nbgrader import api

    db, dropped = gradebook.db, list(students)
    there = {person.id for person in load(gradebook)} | set(strangers(gradebook))
    handed_in = api.SubmittedAssignment
    for student in dropped:
        shown = names.shown(student)
        if student not in there:
            raise ValueError(f"no student has the id '{shown}': nobody was taken off")
        query = sa.select(handed_in.id).where(handed_in.student_id == student)
        if has_folder(student) or db.execute(query).first():
            raise ValueError(
                f"'{shown}' has submitted something, and stays: nobody was taken off"
            )
    try:
        for student in dropped:
            for more in extensions.EXTENSIONS, extensions.ORIGINS:
                db.execute(sa.delete(more).where(more.c.student == student))
            db.execute(sa.delete(PERSON).where(PERSON.c.student == student))
            db.execute(sa.delete(api.Student).where(api.Student.id == student))
        db.commit()
    except BaseException:
        db.rollback()
        raise
