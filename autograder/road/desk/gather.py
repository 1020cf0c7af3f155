"""From files to submissions: whose is each notebook, and of which exercise.

An exercise is known by the grade ids of a notebook's cells, not by its name. What cannot
be told is left for a person; a guess is never filed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tqdm import tqdm

from autograder.classroom import collect, course, names
from autograder.classroom.collect import _is_copy
from autograder.road.desk import blind, people
from autograder.road.desk.archive import Piece
from autograder.road.desk.people import Directory
from autograder.road.desk.said import Files, file_of, why_nobody
from autograder.road.desk.senders import Sender, is_test

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


class Exercises:
    """What each exercise's notebook is known by."""

    def __init__(self) -> None:
        self.steps: dict[str, dict[str, str]] = {}
        for word in course.assignments():
            released = course.root() / "exercises" / word / f"{word}.ipynb"
            source = released if released.exists() else course.solution(word)
            cells = json.loads(source.read_text("utf-8"))["cells"]
            self.steps[word] = {
                label["grade_id"]: "".join(cell["source"]).strip()
                for cell in cells
                if (label := cell["metadata"].get("nbgrader", {})).get("solution")
            }

    def of(self, notebook: Mapping[str, Any]) -> tuple[str | None, bool]:
        """Whose cells a notebook has, most of all; and whether something was done."""
        sources = {
            cell["metadata"].get("nbgrader", {}).get("grade_id"): cell["source"].strip()
            for cell in notebook["cells"]
        }
        share = {
            word: len(sources.keys() & steps.keys()) / max(1, len(steps))
            for word, steps in self.steps.items()
        }
        word = max(share, key=share.__getitem__, default="")
        if not word or share[word] <= 0.5:
            return None, True
        steps = self.steps[word].items()
        return word, any(sources.get(name) != source for name, source in steps)

    def named(self, file: str) -> str | None:
        """Which exercise a file's name says: attend.ipynb, attend-1.ipynb, attend (2).ipynb."""
        stem = re.split(r"\.ipynb", file, maxsplit=1, flags=re.IGNORECASE)[0].strip()
        stem = re.sub(r"[ _-]*(\(\d+\)|\d+|copy\d*)$", "", stem.casefold())
        return stem if stem in self.steps else None


def gather(
    handed_in: Sequence[tuple[Piece, Sender]],
    directory: Directory | None,
    exercises: Exercises,
    only: str | None,
    given: Given,
    participants: Mapping[str, str],
) -> Gathered:
    """Whose each file is. Without a `directory`, names are taken as ids.

    `only` is the exercise that was asked for, `participants` whose number in Moodle's
    worksheet means which student.
    """
    found = Gathered(Files(handed_in))
    looked: dict[tuple[str, str], int] = {}
    said = found.files.students(given)
    for piece, sender in tqdm(
        handed_in, desc="reading", unit=" files", disable=None, delay=2
    ):
        hand_in = (piece.source, sender.label)
        student = said.get(file_of(piece, sender))
        forced = student is not None
        if not forced:
            student = _whose(sender, directory, participants)
        if student is None and is_test(sender):
            found.tests[sender.label] = None
            continue
        if student is None:
            called = found.files.called(file_of(piece, sender))
            if _is_copy(piece.name) or called not in found.nobody:
                found.nobody[called] = why_nobody(called, sender, directory)
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
        _look(found, piece, sender, student, forced, exercises, only)
    right = set(found.found)
    for one in found.misnamed:  # graded and flagged, so that somebody sees it
        key = (one.student, one.exercise)
        if key in right:
            who = f"{names.shown(one.student)}: {names.shown(one.name)}"
            found.wrong.append(f"{who} is {one.like}'s notebook, not {one.exercise}'s")
        else:
            found.found.setdefault(key, []).append(one)
    return found


def _whose(
    sender: Sender, directory: Directory | None, participants: Mapping[str, str]
) -> str | None:
    """The student's id by what the names say, or None."""
    if directory is None:
        name = next((v for k, v in sender.keys if k != "participant"), sender.label)
        name = blind.anonymous(dict(sender.keys)) or name
        if not re.search(r"\w", name):
            name = sender.label
        bad = names.problem(name) or "/" in name
        return None if bad else name.removesuffix(".ipynb")
    for key, value in sender.keys:
        if key == "participant":
            if value in participants:
                return participants[value]
        elif found := directory.by(key, value):
            student = found.pop() if len(found) == 1 else None
            return (
                None if student and _is_another(sender, student, directory) else student
            )
    return None


def _is_another(sender: Sender, student: str, directory: Directory) -> bool:
    """Whether Canvas's number says that this is only somebody of the same name."""
    number = dict(sender.keys).get("canvas_id")
    own = directory.people[student].names.get("canvas_id")
    return bool(number and own and people.fold(number) != people.fold(own))


def _look(
    found: Gathered,
    piece: Piece,
    sender: Sender,
    student: str,
    forced: bool,
    exercises: Exercises,
    only: str | None,
) -> None:
    """Read a notebook: which exercise is it, and has something been done?"""
    from autograder.classroom.reader import here

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
