"""The gradebook's side: what grading leaves there, a submission whole or not at all.

nbgrader's own records, by nbgrader's own rules, and beside them one table of ours that
tells which submission the grade belongs to. Both are written in one transaction, so that
a run that is cut off at any moment can be run again: what is in the table is graded.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import AssignLatePenalties

from autograder.classroom import book
from autograder.classroom.book import GRADINGS

RELEASE = ""  # in place of a student: the exercise itself, as it was announced


class Record:
    """A gradebook, opened to read and write. To be closed after use."""

    def __init__(self, gradebook: Gradebook, config: Any = None) -> None:
        self.gradebook = gradebook
        self._known: dict[str, tuple[set[str], dict[str, str]]] = {}
        self.late = AssignLatePenalties(config=config)
        self.late.init_plugin()
        book.create(gradebook)

    def close(self) -> None:
        self.gradebook.close()

    def graded(self, assignment: str) -> dict[str, tuple[str, int]]:
        """Of each student who is graded: the submission's fingerprint, how often."""
        query = sa.select(GRADINGS).where(GRADINGS.c.assignment == assignment)
        found = self.gradebook.db.execute(query).all()
        self.gradebook.db.rollback()  # nothing stays locked
        return {row.student: (row.fingerprint, row.times) for row in found}

    def announced(self, assignment: str, fingerprint: str) -> bool:
        """Whether the gradebook knows the exercise as it stands."""
        try:
            self.gradebook.find_assignment(assignment)
        except MissingEntry:
            return False
        return self.graded(assignment).get(RELEASE, ("",))[0] == fingerprint

    def announce(self, assignment: str, fingerprint: str) -> None:
        self._known.pop(assignment, None)
        with self._transaction():
            self._mark(assignment, RELEASE, fingerprint)

    def save(
        self,
        assignment: str,
        student: str,
        fingerprint: str,
        timestamp: str | None,
        nb: NotebookNode,
        cpu: float = 0.0,
    ) -> None:
        """Enter the grades of a verified notebook, by the rules of SaveAutoGrades.

        A manual score stays, and is to be looked at again.
        """
        with self._transaction(), self.gradebook.db.no_autoflush:
            self.gradebook.update_or_create_student(student)
            self.gradebook.db.flush()  # all else is written once, at the end
            when = {"timestamp": timestamp} if timestamp else {}
            handed_in = self.gradebook.update_or_create_submission(
                assignment, student, **when
            )
            which, names = self._cells(assignment)
            (notebook,) = [n for n in handed_in.notebooks if n.notebook.id in which]
            grades = {names[grade.cell_id]: grade for grade in notebook.grades}
            comments = {names[note.cell_id]: note for note in notebook.comments}
            for cell in nb.cells:
                name = cell.metadata.get("nbgrader", {}).get("grade_id")
                if utils.is_grade(cell):
                    grade = grades[name]
                    grade.auto_score, _ = utils.determine_grade(cell)
                    grade.needs_manual_grade = (
                        grade.manual_score is not None or grade.auto_score is None
                    )
                if utils.is_solution(cell):
                    same = cell.metadata.nbgrader["checksum"]
                    same = same == utils.compute_checksum(cell)
                    comments[name].auto_comment = "No response." if same else None
            self._penalize(handed_in, notebook)
            self._mark(assignment, student, fingerprint, cpu)
            book.write(self.gradebook, assignment, student, nb.metadata["autograder"])

    def _cells(self, assignment: str) -> tuple[set[str], dict[str, str]]:
        """The id of the exercise's notebook, and the names of its cells by their ids.

        Asked once: nbgrader's own `grade.name` asks the database for each grade.
        """
        if assignment not in self._known:
            known = self.gradebook.find_notebook(assignment, assignment)
            cells = [*known.grade_cells, *known.solution_cells, *known.task_cells]
            self._known[assignment] = {known.id}, {cell.id: cell.name for cell in cells}
        return self._known[assignment]

    def _penalize(self, handed_in: Any, notebook: Any) -> None:
        """What nbgrader's plugin takes off for a late submission, if anything."""
        notebook.late_submission_penalty = None
        if handed_in.total_seconds_late > 0:
            self.gradebook.db.flush()
            self.gradebook.db.refresh(notebook)
            penalty = self.late.plugin_inst.late_submission_penalty(
                handed_in.student.id, notebook.score, handed_in.total_seconds_late
            )
            if penalty is not None:
                penalty = self.late._check_late_penalty(notebook, penalty)
            notebook.late_submission_penalty = penalty

    def _mark(
        self, assignment: str, student: str, fingerprint: str, cpu: float = 0.0
    ) -> None:
        key = {"assignment": assignment, "student": student}
        now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
        new = {"fingerprint": fingerprint, "at": now, "cpu": cpu}
        here = sa.and_(*(GRADINGS.c[name] == value for name, value in key.items()))
        again = (
            sa.update(GRADINGS).where(here).values(times=GRADINGS.c.times + 1, **new)
        )
        if not self.gradebook.db.execute(again).rowcount:
            first = sa.insert(GRADINGS).values(times=1, **key, **new)
            self.gradebook.db.execute(first)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        """All that nbgrader commits within is committed at the end, or not at all."""
        session = self.gradebook.db
        commit = session.commit
        session.commit = lambda: None
        try:
            yield
            commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            del session.commit
            session.expunge_all()  # a class of thousands is not kept in memory
