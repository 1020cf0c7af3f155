"""What may change in an exercise of which a class has submissions, and what may not.

nbgrader keeps a grade or a comment of each submission for each labelled cell, so it
refuses cells that come or go, but only after it has deleted the exercise. Here that is
found before anything is touched, and told in words; and whatever else fails while an
exercise is generated, its folder is then as it was.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from nbgrader import converters
from nbgrader.api import MissingEntry
from nbgrader.apps import api, baseapp, generateassignmentapp
from nbgrader.converters import NbGraderException

from autograder.classroom import course

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

MAY = (
    "In a class that has submissions, points and the text of cells may change; cells "
    "that have a grade id may not come, go or change their kind. Take that back (a note "
    "without a grade id is free to come), or let another class begin with it"
)
_OF_A_CLASS = ("autograde", "generate-feedback", "release-feedback", "export", "db")
_OF_A_CLASS += ("collect", "zip-collect")


def problem(gradebook: Gradebook, assignment: str) -> str | None:
    """Why a class cannot go on with the exercise as it is now; None where it can.

    ValueError where the instructor's notebook cannot be read.
    """
    try:
        known = gradebook.find_notebook(assignment, assignment)
    except MissingEntry:
        return None
    count = len(known.submissions)
    if not count:
        return None
    before: dict[str, list[str]] = {}
    for kind, cells in (
        ("graded", known.grade_cells),
        ("answer", known.solution_cells),
        ("task", known.task_cells),
        ("locked", [c for c in known.source_cells if c.locked]),
        ("labelled", known.source_cells),
    ):
        for cell in cells:
            before.setdefault(cell.name, []).append(kind)
    now = _labelled(assignment)
    come = [f"{_listed(now[name])} {name!r}" for name in now if name not in before]
    gone = [f"{_listed(before[name])} {name!r}" for name in before if name not in now]
    kind = [
        f"{name!r} was {_listed(before[name])} and is {_listed(now[name])}"
        for name in now
        if name in before and _counted(before[name]) != _counted(now[name])
    ]
    if not (come or gone or kind):
        return None
    what = [f"the cell {told} is new" for told in come]
    what += [f"the cell {told} is gone" for told in gone] + kind
    more = f", and {len(what) - 3} more" if len(what) > 3 else ""
    return (
        f"{assignment} was left as it was: {'; '.join(what[:3])}{more}, and {count:,} "
        f"submission{'s' if count > 1 else ''} of it {'are' if count > 1 else 'is'} in "
        f"the gradebook. {MAY}."
    )


def _labelled(assignment: str) -> dict[str, list[str]]:
    """Of each labelled cell of the instructor's notebook, what it is to nbgrader."""
    path = course.solution(assignment)
    try:
        cells = json.loads(path.read_text("utf-8"))["cells"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} cannot be read as a notebook: {error}") from None
    found: dict[str, list[str]] = {}
    for cell in cells:
        label = cell.get("metadata", {}).get("nbgrader") or {}
        grade, solution = label.get("grade", False), label.get("solution", False)
        locked = not solution and (grade or label.get("locked", False))
        kinds = {
            "graded": grade,
            "answer": solution,
            "task": label.get("task", False),
            "locked": locked,
        }
        if any(kinds.values()):
            of = [kind for kind, is_so in kinds.items() if is_so]
            found[label.get("grade_id", "")] = [*of, "labelled"]
    return found


def _counted(kinds: list[str]) -> set[str]:
    """What nbgrader compares: that a cell is locked may change."""
    return {*kinds} - {"locked"}


def _listed(kinds: list[str]) -> str:
    """What a cell is, in a word or two."""
    if "graded" in kinds:
        return "graded by hand" if "answer" in kinds else "check"
    words = {"task": "task", "answer": "answer", "locked": "locked note"}
    return next((word for kind, word in words.items() if kind in kinds), "labelled")


class GenerateAssignment(converters.GenerateAssignment):
    """nbgrader's, which leaves an exercise as it was where it cannot make it anew."""

    def convert_notebooks(self) -> None:
        with contextlib.ExitStack() as kept:
            for folder in self.assignments:
                name = Path(folder).name
                self._ask(name)
                kept.enter_context(_kept(Path(self._format_dest(name, "."))))
            super().convert_notebooks()

    def _ask(self, assignment: str) -> None:
        if self.no_database:
            return
        from nbgrader.api import Gradebook

        at = self.coursedir.db_url, self.coursedir.course_id
        with Gradebook(*at) as gradebook:
            try:
                why = problem(gradebook, assignment)
            except ValueError as error:
                why = f"{error}"
        if why:
            self.log.error(why)
            raise NbGraderException(why)


@contextlib.contextmanager
def _kept(folder: Path) -> Iterator[None]:
    """Whatever is raised within, the folder is as it was."""
    before = folder.with_name(f".{folder.name}.before")
    if before.is_dir() and not folder.is_dir():  # we were killed
        os.replace(before, folder)
    shutil.rmtree(before, ignore_errors=True)
    if folder.is_dir():
        shutil.copytree(folder, before, copy_function=shutil.copy2)
    try:
        yield
    except BaseException:
        if before.is_dir():
            shutil.rmtree(folder, ignore_errors=True)
            os.replace(before, folder)
        raise
    shutil.rmtree(before, ignore_errors=True)


def install() -> None:
    """Put these in the place of nbgrader's own, in this process."""
    generateassignmentapp.GenerateAssignment = GenerateAssignment
    api.GenerateAssignment = GenerateAssignment
    start = baseapp.NbGrader.start
    if getattr(start, "asks", False):
        return

    def asking(self: baseapp.NbGrader) -> None:
        """nbgrader's commands that are about a class, and none is named: refused."""
        word = str(self.name).removeprefix("nbgrader-")
        if word.startswith(_OF_A_CLASS) and not course.has_class():
            try:
                course.class_name()
            except ValueError as error:
                self.fail(f"{error}".replace("add --class NAME, or ", ""))
        start(self)

    asking.asks = True
    baseapp.NbGrader.start = asking
