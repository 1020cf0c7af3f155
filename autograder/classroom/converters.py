"""nbgrader's own commands and buttons, made to read a submission as our command does.

`nbgrader autograde`, `nbgrader generate_feedback` and the formgrader look for notebooks
by patterns, copy whatever lies beside them and open files that may be pipes. Here they
take each student's folder by its name, whatever that is and whatever the notebook is
called, and read it by `collect` only. nbgrader_config.py calls `install`.
"""

from __future__ import annotations

import datetime
import os
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from nbgrader import converters, utils
from nbgrader.apps import api, autogradeapp, generatefeedbackapp
from nbgrader.converters import NbGraderException
from nbgrader.converters.base import BaseConverter
from nbgrader.coursedir import CourseDirectory

from autograder.classroom import changes, course, names, pages
from autograder.classroom.collect import STAMP, collect, timestamp
from autograder.classroom.submission import sound


class _Folders(BaseConverter):
    """What both converters do in another way. It stands behind nbgrader's own class."""

    notebook_must_exist = False

    def init_notebooks(self) -> None:
        """The folder of each student, with the one notebook of its exercise."""
        assignment = self.coursedir.assignment_id
        self.assignments, self.notebooks = {}, []
        refused = []
        for student in self._students(assignment):
            if why := names.problem(student):
                refused.append(f"{names.shown(student)}: {why}")
                continue
            folder = self._format_source(assignment, student)
            notebook = os.path.join(folder, f"{assignment}.ipynb")
            if not self.notebook_must_exist or os.path.exists(notebook):
                self.assignments[folder] = [notebook]
        for told in refused:
            self.log.error(told)
        if not self.assignments:
            none = f"no submission of {assignment!r} by {self.coursedir.student_id!r}"
            self.log.error(none)
            raise NbGraderException("\n".join([none, *refused]))

    def _students(self, assignment: str) -> list[str]:
        """Those who are meant: a name is itself before it is a pattern."""
        meant = self.coursedir.student_id
        top = Path(self.coursedir.format_path(self._input_directory, ".", "."))
        there = course.students_in(top, assignment)
        if not fnmatchcase(assignment, self.coursedir.notebook_id):
            return []
        if meant in there and meant != "*":
            return [meant]
        return [name for name in there if fnmatchcase(name, meant)]

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """Copy what lies beside the notebook: ordinary files, bounded in all."""
        source = Path(self._format_source(assignment_id, student_id))
        copies = Path(self._format_dest(assignment_id, student_id))
        copies.mkdir(parents=True, exist_ok=True)
        files = collect(source, assignment_id).files
        files.pop(STAMP, None)
        (copies / STAMP).unlink(missing_ok=True)  # of an earlier submission
        if when := sound(timestamp(source), []):
            files[STAMP] = when.encode()
        for name, data in files.items():
            (copies / name).unlink(missing_ok=True)
            (copies / name).write_bytes(data)


class Autograde(converters.Autograde, _Folders):
    """nbgrader's, on a folder that was read without trusting it."""


class GenerateFeedback(converters.GenerateFeedback, _Folders):
    """nbgrader's, for every name that a student may have."""

    notebook_must_exist = True


def _timestamp(folder: str | Path) -> datetime.datetime | None:
    """When a submission was handed in, in UTC, or None. No file is waited for."""
    when = sound(timestamp(Path(folder)), [])
    return utils.parse_utc(when) if when else None


def install() -> None:
    """Put these in the place of nbgrader's own, in this process."""
    autogradeapp.Autograde = api.Autograde = Autograde
    generatefeedbackapp.GenerateFeedback = api.GenerateFeedback = GenerateFeedback
    CourseDirectory.get_existing_timestamp = lambda self, folder: _timestamp(folder)
    api.NbGraderAPI.get_submitted_timestamp = _submitted
    pages.install()
    changes.install()


def _submitted(
    self: Any, assignment_id: str, student_id: str
) -> datetime.datetime | None:
    coursedir = self.coursedir
    step = coursedir.submitted_directory
    return _timestamp(coursedir.format_path(step, student_id, assignment_id))
