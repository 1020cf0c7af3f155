"""Whose is it? One rule for a hand-in and for a row of a table that lies beside it.

Ids go first, and all that mean somebody must mean the same student. A name that one
student alone has will do where nothing speaks against it: no id may be another than the
roster has, nor than that of another hand-in, or row, which has this name as well. Two
ids of one kind are two people.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from autograder.classroom import names
from autograder.road.desk import blind
from autograder.road.desk.columns import KEYS, Person
from autograder.road.desk.people import Directory, fold
from autograder.road.desk.senders import CANVAS, MOODLE, PACKED, Sender

if TYPE_CHECKING:
    from autograder.road.desk.archive import Piece
    from autograder.road.desk.stamps import Times

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


def of_all(
    handed_in: Sequence[tuple[Piece, Sender]],
    directory: Directory | None,
    said: Callable[[Piece, Sender], str | None],
    times: Times,
) -> list[Match]:
    """Whose each file is. What a person `said` of one goes before all else."""
    known: dict[tuple[str, str, tuple[Key, ...]], Match] = {}
    claims = []
    for piece, sender in handed_in:
        key = piece.source, sender.label, sender.keys
        if student := said(piece, sender):
            found = Match(frozenset({student}))
            times.given(dict(sender.keys).get("participant", ""), student)
        elif key in known:
            found = known[key]
        else:
            found = known[key] = _of(sender, directory, times)
        claims.append(Claim(sender.label, found, *_counted(piece, sender)))
    return apart(claims)


def _counted(piece: Piece, sender: Sender) -> tuple[str, str]:
    """By what an LMS tells people of one name apart in a zip: see `Claim`."""
    if sender.form == CANVAS:  # the same number in all of its zips
        return CANVAS, dict(sender.keys).get("canvas_id", sender.label)
    return (piece.source, sender.label) if sender.form in PACKED else ("", "")


def _of(sender: Sender, directory: Directory | None, times: Times) -> Match:
    number = dict(sender.keys).get("participant", "")
    if directory is None:
        return _as_it_says(sender)
    if not number:
        return match(directory, sender.keys)
    row = times.rows.get(number)
    if row is not None and row.match.students:
        return row.match
    found = match(directory, [*(row.keys if row else ()), *sender.keys])
    if found.by_name and times.numbers(found.student) - {number}:
        return replace(found, unlike="another number in the worksheet")
    return found


def _as_it_says(sender: Sender) -> Match:
    """Without a roster, names are ids."""
    kind, name = next(
        (key for key in sender.keys if key[0] != "participant"), ("name", sender.label)
    )
    name = blind.anonymous(dict(sender.keys)) or name
    if not re.search(r"\w", name):
        name = sender.label
    if names.problem(name) or "/" in name:
        return Match()
    return Match(frozenset({name.removesuffix(".ipynb")}), kind == "name")


def before(
    received: Mapping[tuple[str, str], Any], student: str, word: str
) -> list[tuple[str, str]]:
    """Under which labels Canvas and Moodle had what was collected for a student.

    Canvas's numbers are the same in all exercises, Moodle's in one only.
    """
    return [
        (row.form, row.label)
        for (exercise, who), row in received.items()
        if who == student
        and (row.form == CANVAS or (row.form == MOODLE and exercise == word))
    ]
