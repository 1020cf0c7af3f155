"""What collecting came to: what is filed, what is told, and what is left for a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.classroom import course, names
from autograder.road.desk import senders, words
from autograder.road.desk.filed import Filed
from autograder.road.desk.gather import Gathered

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

    from autograder.road.desk.people import Directory


@dataclass
class Outcome:
    """What it came to. `left` and `nobody` are for a person; the rest is done."""

    forms: dict[str, None] = field(default_factory=dict)
    new: list[Filed] = field(default_factory=list)
    newer: list[Filed] = field(default_factory=list)
    same: list[Filed] = field(default_factory=list)
    timed: list[Filed] = field(default_factory=list)  # the same at another time
    replaced: Path | None = None  # where the older ones lie
    notes: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    nobody: list[str] = field(default_factory=list)
    missing: dict[str, list[str]] = field(default_factory=dict)
    told: dict[str, list[Filed]] = field(default_factory=dict)  # of times: see `words`

    @property
    def all(self) -> list[Filed]:
        return [*self.new, *self.newer, *self.same, *self.timed]


def tell(exercise: str | None, found: Gathered, done: Outcome) -> None:
    """What could not be filed."""
    done.left += found.strange
    done.notes += found.by_name()
    has = {
        (x.student, x.sender.label) for several in found.found.values() for x in several
    }
    others = 0
    for hand_in, told in found.foreign.items():
        if hand_in in has:  # a home folder holds more than this course
            others += len(told)
        else:
            done.left += told
    if others:
        are = "notebook beside them is" if others == 1 else "notebooks beside them are"
        done.notes.append(f"{others:,} {are} of no exercise")
    if exercise is None:
        done.left += found.wrong
    else:  # they are another exercise's, which was not asked for
        done.left += [told for told in found.wrong if " not " in told]
        others = [told for told in found.wrong if " not " not in told]
        if others:
            are = "notebook is" if len(others) == 1 else "notebooks are"
            only = [who for who in found.others if (who, exercise) not in found.found]
            told = f"; nothing else came from {len(only):,}: {names.several(only)}"
            by = told if only else ""
            done.notes.append(
                f"{len(others):,} {are} of other exercises, and not taken{by}"
            )
    for where, student in found.without.items():
        if student:
            told = f"{names.shown(where)} ({names.shown(student)}) holds no notebook"
            done.left.append(told)
    done.notes += [
        f"{names.shown(label)} is Canvas's own test student, and was left out"
        for label in found.tests
    ]
    done.nobody += [
        f"{names.shown(label)} {why}" for label, why in found.nobody.items()
    ]
    if found.untouched:
        done.notes.append(
            f"{len(found.untouched):,} notebooks are as they were released, beside some "
            "that are not: not taken (--exercise WORD takes them)"
        )


def timeless(gradebook: Gradebook, done: Outcome) -> None:
    """Of whom nobody knows when, or how late, they handed in; and what else is told."""
    left, notes = words.sentences(done.told)
    if late := done.told.get(words.HOW_LATE):
        several = names.several(one.student for one in late)
        left.append(
            f"{len(late):,} LATE in Canvas, and its zip does not say by how much: "
            f"{several}. Add a CSV with times, or "
            "--late-by 1d counts each as a day late"
        )
    done.left += left
    done.notes += notes
    _untimed(gradebook, done.told.get(words.UNTIMED, []), done)


def _untimed(gradebook: Gradebook, of: Sequence[Filed], done: Outcome) -> None:
    """With a due date it matters."""
    from autograder.road.dues import dues

    students: dict[str, list[str]] = {}
    for one in of:
        students.setdefault(one.exercise, []).append(one.student)
    due = dues(gradebook) if students else {}
    for word, several in students.items():
        filed = [one for one in done.all if one.exercise == word]
        have = "has" if len(several) == 1 else "have"
        told = (
            f"{word}: {len(several):,} of {len(filed):,} {have} no time of handing in "
            f"({names.several(several)})"
        )
        do = (
            "give a CSV with times beside the zip, as Moodle's grading worksheet; or "
            "--handed-in TIME, by which all of them were"
        )
        if {one.form for one in filed} == {senders.CANVAS}:
            do = (
                "--handed-in TIME with the due date that is set in Canvas says that what "
                "it has not marked LATE was in time; or give a CSV with times"
            )
        if due.get(word) is None:
            done.notes.append(f"{told}: once it has a due date, {do}")
        else:
            done.left.append(f"{told}, so late work counts as in time: {do}")


def miss(exercise: str | None, directory: Directory | None, done: Outcome) -> None:
    """Who on the roster has handed in nothing of these exercises."""
    words = {one.exercise for one in done.all}
    words |= {exercise} - {None}
    top = course.class_folder() / "submitted"
    for word in sorted(words, key=course.place):
        there = {*course.students_in(top, word)}
        there |= {one.student for one in done.all if one.exercise == word}
        everybody = list(directory.people) if directory is not None else []
        done.missing[word] = [student for student in everybody if student not in there]
