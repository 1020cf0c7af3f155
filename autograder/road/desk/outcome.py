"""What collecting came to: what is filed, what is told, and what is left for a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.classroom import course, names
from autograder.road.desk.filing import Filed
from autograder.road.desk.gather import Gathered

if TYPE_CHECKING:
    from autograder.road.desk.people import Directory


@dataclass
class Outcome:
    """What it came to. `left` and `nobody` are for a person; the rest is done."""

    forms: dict[str, None] = field(default_factory=dict)
    new: list[Filed] = field(default_factory=list)
    newer: list[Filed] = field(default_factory=list)
    same: list[Filed] = field(default_factory=list)
    replaced: Path | None = None  # where the older ones lie
    notes: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    nobody: list[str] = field(default_factory=list)
    missing: dict[str, list[str]] = field(default_factory=dict)

    @property
    def all(self) -> list[Filed]:
        return [*self.new, *self.newer, *self.same]


def tell(exercise: str | None, found: Gathered, done: Outcome) -> None:
    """What could not be filed."""
    done.left += found.strange
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
        done.notes.append(f"{others:,} notebooks beside them are of no exercise")
    if exercise is None:
        done.left += found.wrong
    else:  # they are another exercise's, which was not asked for
        done.left += [told for told in found.wrong if " not " in told]
        others = [told for told in found.wrong if " not " not in told]
        if others:
            done.notes.append(
                f"{len(others):,} notebooks are of other exercises, and were not taken"
            )
    for where, student in found.without.items():
        if student:
            told = f"{names.shown(where)} ({names.shown(student)}) holds no notebook"
            done.left.append(told)
    done.nobody += [
        f"{names.shown(label)} {why}" for label, why in found.nobody.items()
    ]
    if found.untouched:
        done.notes.append(
            f"{len(found.untouched):,} notebooks are as they were released, beside some "
            "that are not: not taken (--exercise WORD takes them)"
        )


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
