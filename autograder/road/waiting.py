"""Who has handed in and is still to be graded: nothing yet, something newer, or as it was."""

from __future__ import annotations

import contextlib
import datetime
import itertools
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.classroom import collect, course, names

if TYPE_CHECKING:
    from autograder.classroom.book import Standing

OLD = "graded before the exercise changed"  # why: see a standing's `outdated`
TIMES = "give `collect` a CSV with times, or --handed-in TIME"  # where none is known


def to_grade(word: str, standings: Iterable[Standing]) -> list[str]:
    """Whose submission is new, or newer than its grade, or whose grade is outdated."""
    known = {standing.student: standing for standing in standings}
    folder = course.class_folder() / "submitted"
    return [
        student
        for student in course.students_in(folder, word)
        if not names.problem(student)  # INFRA until its folder has another name
        and _is_newer(student, word, known.get(student))
    ]


def never_graded(word: str, standings: Iterable[Standing]) -> list[str]:
    """Who has handed in and stands in the book as if they had not."""
    known = {s.student for s in standings if s.status != "MISSING"}
    folder = course.class_folder() / "submitted"
    return [s for s in course.students_in(folder, word) if s not in known]


def untimed(
    word: str, standings: Iterable[Standing], new: Iterable[str], is_due: bool
) -> list[str]:
    """Who handed in what is due, and nobody knows when: graded, or `new` to be graded."""
    waiting = {*new}
    found = {s.student for s in standings if s.untimed} - waiting
    if is_due:
        folder = course.class_folder() / "submitted"
        stamps = {
            student: folder / student / word / collect.STAMP for student in waiting
        }
        found |= {student for student, stamp in stamps.items() if not stamp.is_file()}
    return sorted(found)


def _is_newer(student: str, word: str, standing: Standing | None) -> bool:
    """Whether it is another one than was graded. What nobody has touched is not read."""
    if standing is None or standing.graded_at is None:
        return True
    if standing.outdated:
        return True
    place = course.class_folder() / "submitted" / student / word
    at = standing.graded_at.replace(tzinfo=datetime.UTC)
    if _touched(place) <= at.timestamp():
        return False
    if not standing.submission:
        return True
    try:
        return collect.collect(place, word).fingerprint != standing.submission
    except OSError:
        return True  # its row will say why


def _touched(place: Path) -> float:
    """When a folder or a file in it was last changed, or put there."""
    newest = 0.0
    with contextlib.suppress(OSError), os.scandir(place) as files:
        for one in [place, *itertools.islice(files, collect.NAMES)]:
            with contextlib.suppress(OSError):
                about = os.stat(one, follow_symlinks=False)
                newest = max(newest, about.st_mtime, about.st_ctime)
    return newest


def hint(every: Mapping[str, Iterable[Standing]]) -> str:
    """What comes first where nothing is graded: in words, to put behind a sentence."""
    for word, standings in every.items():
        if new := to_grade(word, standings):
            many = "submission is" if len(new) == 1 else "submissions are"
            do = f"python -m autograder grade {word} --class {course.class_name()}"
            return f"; {len(new):,} {many} to be graded: {do}"
    return ""
