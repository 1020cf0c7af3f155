"""From files to submissions: whose is each notebook, and of which exercise.

An exercise is known by the grade ids of a notebook's cells, not by its name. What cannot
be told is left for a person; a guess is never filed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tqdm import tqdm

from autograder.classroom import collect, names
from autograder.classroom.collect import _is_copy
from autograder.road.desk import owners, whose
from autograder.road.desk.archive import Piece
from autograder.road.desk.exercises import Exercises
from autograder.road.desk.people import Directory
from autograder.road.desk.said import Files, file_of, why_nobody
from autograder.road.desk.senders import FOLDER, MOODLE, Sender, is_test
from autograder.road.desk.stamps import Times

LOOKED_AT = 60  # notebooks of one hand-in
Given = Mapping[str, str]  # what a person said: a file, or a hand-in, and its student


@dataclass(frozen=True)
class Notebook:
    """A notebook of the course that somebody handed in.

    `exercise` is whose cells it has; where it cannot be read (`broken` says why), whose
    name. `worked` is False where every step is as it was released.
    """

    student: str
    exercise: str
    sender: Sender
    piece: Piece
    digest: str
    worked: bool
    broken: str = ""
    forced: bool = False  # a person said whose it is
    like: str = ""  # the exercise whose cells it has, where its name says another
    by_name: bool = False  # whose it is, no id says

    @property
    def where(self) -> str:
        return self.piece.path

    @property
    def name(self) -> str:
        return self.sender.inner[-1]


@dataclass
class Gathered:
    """What came of all files: notebooks by student and exercise, and what was odd.

    `nobody` are hand-ins that fit no student, `wrong` notebooks of another exercise than
    the one that was asked for, `misnamed` those of another than their name says, which
    count where there is no better one, `foreign` notebooks of no exercise, by student
    and hand-in.
    """

    files: Files
    found: dict[tuple[str, str], list[Notebook]] = field(default_factory=dict)
    beside: dict[tuple[str, str], list[tuple[str, Piece]]] = field(default_factory=dict)
    nobody: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    others: dict[str, None] = field(default_factory=dict)  # who handed in such a one
    misnamed: list[Notebook] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    foreign: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    untouched: list[Notebook] = field(default_factory=list)
    without: dict[str, str] = field(default_factory=dict)  # handed in, and no notebook
    tests: dict[str, None] = field(default_factory=dict)  # of Canvas's test student
    has_roster: bool = True
    has_numbers: bool = False  # a worksheet of Moodle's lies beside it

    def by_name(self) -> list[str]:
        """A sentence on those whom no id names, if there are any."""
        named = [x for some in self.found.values() for x in some if x.by_name]
        students = sorted({one.student for one in named})
        if not (students and self.has_roster):
            return []
        everybody = {student for student, _ in self.found}
        forms = {one.sender.form for one in named}
        do = "" if FOLDER in forms else names.LIST
        if forms == {MOODLE} and not self.has_numbers:
            do = "Moodle's grading worksheet beside the zip says who they are"
        return [names.by_name(students, len(everybody), do)]


def gather(
    handed_in: Sequence[tuple[Piece, Sender]],
    directory: Directory | None,
    exercises: Exercises,
    only: str | None,
    given: Given,
    times: Times,
    received: Mapping[tuple[str, str], Any],
) -> Gathered:
    """Whose each file is. Without a `directory`, names are taken as ids.

    `only` is the exercise that was asked for, `received` where that came from which was
    collected before. In `times` is whose number in Moodle's worksheet means which student.
    """
    found = Gathered(Files(handed_in))
    found.has_roster, found.has_numbers = directory is not None, bool(times.rows)
    looked: dict[tuple[str, str], int] = {}
    said = found.files.students(given)
    of = owners.of_all(
        handed_in, directory, lambda *file: said.get(file_of(*file)), times
    )
    for (piece, sender), match in tqdm(
        zip(handed_in, of, strict=True),
        total=len(handed_in),
        desc="reading",
        unit=" files",
        disable=None,
        delay=2,
    ):
        hand_in = (piece.source, sender.label)
        student = match.student
        if student is None and is_test(sender):
            found.tests[sender.label] = None
            continue
        if student is None:
            called = found.files.called(file_of(piece, sender))
            if _is_copy(piece.name) or called not in found.nobody:
                found.nobody[called] = why_nobody(called, sender, directory, match)
            continue
        if not _is_copy(sender.inner[-1]):
            key = (student, f"{piece.source}/{sender.label}/{folder_of(sender)}")
            found.beside.setdefault(key, []).append((sender.inner[-1], piece))
            found.without.setdefault(f"{piece.source}: {sender.label}", student)
            continue
        looked[hand_in] = looked.get(hand_in, 0) + 1
        found.without[f"{piece.source}: {sender.label}"] = ""
        if looked[hand_in] > LOOKED_AT:
            if looked[hand_in] == LOOKED_AT + 1:
                told = f"{_at(piece)}: more than {LOOKED_AT} notebooks in one hand-in"
                found.strange.append(told)
            continue
        forced = file_of(piece, sender) in said
        _look(found, piece, sender, match, forced, exercises, only)
    right = set(found.found)
    for one in found.misnamed:  # graded and flagged, so that somebody sees it
        key = (one.student, one.exercise)
        if key in right:
            who = f"{names.shown(one.student)}: {names.shown(one.name)}"
            found.wrong.append(f"{who} is {one.like}'s notebook, not {one.exercise}'s")
        else:
            found.found.setdefault(key, []).append(one)
    _other_than_before(found, received, directory)
    return found


def _other_than_before(
    found: Gathered,
    received: Mapping[tuple[str, str], Any],
    directory: Directory | None,
) -> None:
    """Whoever has the name, and another number than what was collected before."""
    for key, several in list(found.found.items()):
        known = owners.before(received, *key)
        for one in several if known else ():
            same_form = {label for form, label in known if form == one.sender.form}
            numbers = {label.rpartition("_")[2] for label in same_form}
            mine = one.sender.label.rpartition("_")[2]
            if not one.by_name or one.forced or not numbers or mine in numbers:
                continue
            unlike = (
                f"another number than {names.shown(min(same_form))}, collected before"
            )
            match = whose.Match(frozenset({one.student}), True, unlike)
            called = found.files.called(file_of(one.piece, one.sender))
            found.nobody[called] = why_nobody(called, one.sender, directory, match)
            found.found[key] = [x for x in found.found[key] if x is not one]
        if not found.found[key]:
            del found.found[key]


def _look(
    found: Gathered,
    piece: Piece,
    sender: Sender,
    match: whose.Match,
    forced: bool,
    exercises: Exercises,
    only: str | None,
) -> None:
    """Read a notebook: which exercise is it, and has something been done?"""
    from autograder.classroom.reader import here

    student = match.student or ""
    named = exercises.named(sender.inner[-1])
    try:
        data = piece.read(collect.NOTEBOOK_MB << 20)
    except ValueError as error:
        found.strange.append(f"{_at(piece)} ({names.shown(student)}) {error}")
        return
    word, worked, broken = None, True, ""
    try:
        word, worked = exercises.of(here().parse(data))
    except ValueError as error:
        broken = str(error)
    if word is None and named is None:
        why = broken or "has no cells of this course"
        told = f"{_at(piece)} ({names.shown(student)}): {why}"
        found.foreign.setdefault((student, sender.label), []).append(told)
        return
    who = f"{names.shown(student)}: {names.shown(sender.inner[-1])}"
    like = ""
    if word is not None and named not in (None, word) and only != word:
        like, broken = word, f"it looks like {word}, another exercise"
    exercise = named if like else word or named
    if only is not None and exercise != only:
        if named is None or sender.inner[-1] == piece.name or len(sender.inner) == 1:
            found.wrong.append(f"{who} is {like or exercise}'s notebook")
            found.others[student] = None
        return
    one = Notebook(
        student,
        exercise,
        sender,
        piece,
        hashlib.sha256(data).hexdigest(),
        worked,
        broken or ("" if word else "has none of the exercise's cells"),
        forced,
        like,
        match.by_name,
    )
    if like:
        found.misnamed.append(one)
    else:
        found.found.setdefault((student, exercise), []).append(one)


def folder_of(sender: Sender) -> str:
    """Where in a hand-in a file lies."""
    return "/".join(sender.inner[:-1])


def _at(piece: Piece) -> str:
    return f"{names.shown(piece.source)}: {names.shown(piece.path)}"
