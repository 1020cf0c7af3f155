"""Whose is it? One rule for a hand-in and for a row of a table that lies beside it.

Ids go first, and all that mean somebody must mean the same student. A name that one
student alone has will do where nothing speaks against it: no id may be another than the
roster has, nor than that of another hand-in, or row, which has this name as well. Two
ids of one kind are two people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from autograder.classroom import names
from autograder.road.desk.columns import KEYS, Person
from autograder.road.desk.people import Directory, fold

Key = tuple[str, str]  # the kind of an id, and the id; or ("name", a name)
_NO_IDS = ("name", "participant")
_SAID = {"canvas_id": "number in Canvas", "email": "e-mail", "id": "id"}


@dataclass(frozen=True)
class Match:
    """Whom something means: one student, or several, of whom it is nobody's.

    `by_name`: no id says so. `unlike`: what speaks against it, so that it is nobody's;
    `beside_id`: that is something which an id says is the student's.
    """

    students: frozenset[str] = frozenset()
    by_name: bool = False
    unlike: str = ""
    beside_id: bool = False

    @property
    def student(self) -> str | None:
        is_one = len(self.students) == 1 and not self.unlike
        return next(iter(self.students)) if is_one else None


def match(directory: Directory, keys: Iterable[Key]) -> Match:
    """Whom these mean. Of one kind there may be several readings of one text."""
    said = [(kind, value) for kind, value in keys if value]
    ids = [key for key in said if key[0] not in _NO_IDS]
    found: dict[str, set[str]] = {}
    for kind, value in ids:
        if some := _by(directory, kind, value):
            found[kind] = found.get(kind, set()) | some
    if found:
        both = set.intersection(*found.values())
        return Match(frozenset(both or set.union(*found.values())))
    called = [directory.by("name", value) for kind, value in said if kind == "name"]
    some = frozenset[str]().union(*called)
    if len(some) != 1:
        return Match(some)
    return Match(some, True, _unlike(directory.people[next(iter(some))], ids))


def _by(directory: Directory, kind: str, value: str) -> set[str]:
    """The students with this id. What one LMS calls its own may be another's login."""
    if kind in ("any", "id"):
        return directory.any(value)
    found = directory.by(kind, value)
    if found or kind == "canvas_id":
        return found
    for other in ("id", "email", *KEYS):
        if other != "canvas_id":
            found |= directory.by(other, value)
    return {one for one in found if not _own(directory.people[one], kind)}


def _own(person: Person, kind: str) -> str:
    """The id of this kind that a student has, if the roster says so."""
    if kind == "email":
        return person.email or (person.id if "@" in person.id else "")
    if kind == "id":  # one of a list by hand, not what an LMS calls the student
        theirs = {person.email, *(person.names.get(key) for key in KEYS)}
        return "" if person.id in theirs else person.id
    return person.names.get(kind, "")


def _unlike(person: Person, ids: Iterable[Key]) -> str:
    for kind, value in ids:
        own = _own(person, kind)
        if own and fold(own) != fold(value):
            said = _SAID.get(kind, kind.replace("_", " "))
            return f"another {said} than the roster has"
    return ""


@dataclass(frozen=True)
class Claim:
    """Something that may be a student's, and what its source counts its people by."""

    called: str
    match: Match
    scope: str  # where each person has one value; "" for nowhere
    value: str


def apart(claims: Sequence[Claim]) -> list[Match]:
    """The same, where two of one name cannot both be the one student's.

    What an id says stands, and what has only the name is another's then. Where there is
    nothing but the name, there is no telling.
    """
    known: dict[tuple[str, str], dict[str, Claim]] = {}
    for claim in claims:
        if claim.match.student and claim.scope:
            there = known.setdefault((claim.match.student, claim.scope), {})
            if claim.value not in there or not claim.match.by_name:
                there[claim.value] = claim
    return [_alone(claim, known) for claim in claims]


def _alone(claim: Claim, known: Mapping[tuple[str, str], Mapping[str, Claim]]) -> Match:
    there = known.get((claim.match.student or "", claim.scope), {})
    others = [one for value, one in there.items() if value != claim.value]
    if not (claim.match.by_name and others and there[claim.value].match.by_name):
        return claim.match
    other = min(others, key=lambda one: one.match.by_name)
    unlike, is_id = f"{names.shown(other.called)} has it, too", not other.match.by_name
    return replace(claim.match, unlike=unlike, beside_id=is_id)
