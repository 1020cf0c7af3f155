"""The gradebook's side: what grading leaves there, a submission whole or not at all.

nbgrader's own records, by nbgrader's own rules, and beside them one table of ours that
tells which submission the grade belongs to. Both are written in one transaction, so that
a run that is cut off at any moment can be run again: what is in the table is graded.
"""

from __future__ import annotations

import contextlib
import datetime
import itertools
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import AssignLatePenalties

from autograder.classroom import engines, faults, hands, late, verdicts
from autograder.classroom.tables import GRADINGS, RELEASE


class Record:
    """A gradebook, opened to read and write. To be closed after use."""

    def __init__(self, gradebook: Gradebook, config: Any = None) -> None:
        self.gradebook = gradebook
        self._known: dict[str, tuple[set[str], dict[str, str]]] = {}
        self.late = AssignLatePenalties(config=config)
        self.late.init_plugin()
        late.configured(gradebook, config)
        late.create(gradebook)

    def close(self) -> None:
        self.gradebook.close()

    def alone(self, what: str) -> None:
        """Nobody else, on whatever machine, shall do `what` until we close."""
        self.gradebook.db.rollback()
        engines.alone(self.gradebook.engine, what)

    def check(self) -> None:
        """Unavailable where the gradebook is not there any more."""
        with faults.sentences(str(self.gradebook.engine.url)):
            self.gradebook.db.execute(sa.select(1))
            self.gradebook.db.rollback()

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
        at = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)

        def work() -> None:
            with self._transaction():
                self._mark(assignment, RELEASE, fingerprint, at)

        self._whole(work)

    def save(
        self,
        assignment: str,
        student: str,
        fingerprint: str,
        timestamp: str | None,
        nb: NotebookNode,
        cpu: float = 0.0,
        submission: str = "",
        version: str = "",
    ) -> None:
        """Enter the grades of a verified notebook, by the rules of SaveAutoGrades.

        A manual score and all comments stay. A person is to look at it (again) where it
        is of another submission or the check now says something else, and at what is
        flagged, until points have been typed in the formgrader, in whatever cell.
        Unavailable where the gradebook cannot be written, and waiting did not help.
        """
        at = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
        attempts, of = itertools.count(), (submission, version)

        def work() -> None:
            if next(attempts) and self._is_marked(assignment, student, fingerprint, at):
                return  # it was committed, and the answer was lost
            self._save(assignment, student, fingerprint, timestamp, nb, cpu, at, of)

        self._whole(work)

    def _save(
        self,
        assignment: str,
        student: str,
        fingerprint: str,
        timestamp: str | None,
        nb: NotebookNode,
        cpu: float,
        at: datetime.datetime,
        of: tuple[str, str],
    ) -> None:
        with self._transaction(), self.gradebook.db.no_autoflush:
            self.gradebook.update_or_create_student(student)
            self.gradebook.db.flush()  # all else is written once, at the end
            handed_in = self.gradebook.update_or_create_submission(
                assignment, student, timestamp=timestamp or None
            )  # the time of an earlier one is not this one's
            which, names = self._cells(assignment)
            (notebook,) = [n for n in handed_in.notebooks if n.notebook.id in which]
            grades = {names[grade.cell_id]: grade for grade in notebook.grades}
            comments = {names[note.cell_id]: note for note in notebook.comments}
            about = nb.metadata["autograder"]
            before = verdicts.before(self.gradebook, assignment, student)
            same = before is not None and before.submission == of[0] != ""
            asks = before is None or not same
            asks = asks or json.loads(before.flags) != about["flags"]
            flagged = verdicts.flagged(about)
            kept = hands.before(self.gradebook, assignment, student)
            asks = flagged is not None and (asks or hands.asks(kept, grades))
            last, by_hand = before.submission if before is not None else "", {}
            for cell in nb.cells:
                name = cell.metadata.get("nbgrader", {}).get("grade_id")
                if utils.is_grade(cell):
                    grade = grades[name]
                    was = grade.auto_score
                    grade.auto_score, _ = utils.determine_grade(cell)
                    moved = grade.auto_score != was
                    hand = hands.now(kept, name, grade, last, of[0], moved)
                    if hand is not None:
                        if asks and not hand.why:
                            hand = replace(hand, why=hands.FLAG)
                        by_hand[name] = hand
                    grade.needs_manual_grade = (
                        bool(hand is not None and hand.why)
                        or (hand is None and grade.auto_score is None)
                        or (name == flagged and asks)
                    )
                if utils.is_solution(cell):
                    released = cell.metadata.nbgrader["checksum"]
                    untouched = released == utils.compute_checksum(cell)
                    comments[name].auto_comment = "No response." if untouched else None
            flag = flagged if asks and flagged else ""
            hands.keep(self.gradebook, assignment, student, by_hand, flag)
            self._penalize(assignment, handed_in, notebook)
            self._mark(assignment, student, fingerprint, at, cpu)
            verdicts.write(self.gradebook, assignment, student, about, *of)

    def note(self, assignment: str, student: str, why: str) -> None:
        """As `verdicts.note`, whole or not at all."""
        self._whole_of(verdicts.note, assignment, student, why)

    def forget(self, assignment: str, there: Collection[str]) -> None:
        """As `verdicts.forget`."""
        self._whole_of(verdicts.forget, assignment, there)

    def know(self, assignment: str, version: str, parts: Mapping[str, str]) -> None:
        """As `verdicts.know`."""
        self._whole_of(verdicts.know, assignment, version, parts)

    def _whole_of(self, work: Callable[..., None], *of: Any) -> None:
        def whole() -> None:
            with self._transaction():
                work(self.gradebook, *of)

        self._whole(whole)

    def _cells(self, assignment: str) -> tuple[set[str], dict[str, str]]:
        """The id of the exercise's notebook, and the names of its cells by their ids.

        Asked once: nbgrader's own `grade.name` asks the database for each grade.
        """
        if assignment not in self._known:
            known = self.gradebook.find_notebook(assignment, assignment)
            cells = [*known.grade_cells, *known.solution_cells, *known.task_cells]
            self._known[assignment] = {known.id}, {cell.id: cell.name for cell in cells}
        return self._known[assignment]

    def _penalize(self, assignment: str, handed_in: Any, notebook: Any) -> None:
        """What nbgrader's plugin takes off for a late submission, if anything."""
        late.extend(self.gradebook, assignment, handed_in)
        self.late.gradebook, self.late.assignment_id = self.gradebook, assignment
        notebook.late_submission_penalty = None
        if handed_in.total_seconds_late > 0:
            self.gradebook.db.flush()
            self.gradebook.db.refresh(notebook)
            penalty = self.late.plugin_inst.late_submission_penalty(
                handed_in.student.id, notebook.score, handed_in.total_seconds_late
            )
            if penalty is not None:
                penalty = self.late._check_late_penalty(notebook, penalty)
                penalty = max(0.0, penalty)  # of points below nothing
            notebook.late_submission_penalty = penalty

    def _is_marked(
        self, assignment: str, student: str, fingerprint: str, at: datetime.datetime
    ) -> bool:
        key = {"assignment": assignment, "student": student}
        key |= {"fingerprint": fingerprint, "at": at}
        here = sa.and_(*(GRADINGS.c[name] == value for name, value in key.items()))
        found = self.gradebook.db.execute(sa.select(GRADINGS.c.times).where(here))
        known = found.first() is not None
        self.gradebook.db.rollback()
        return known

    def _mark(
        self,
        assignment: str,
        student: str,
        fingerprint: str,
        at: datetime.datetime,
        cpu: float = 0.0,
    ) -> None:
        key = {"assignment": assignment, "student": student}
        new = {"fingerprint": fingerprint, "at": at, "cpu": cpu}
        here = sa.and_(*(GRADINGS.c[name] == value for name, value in key.items()))
        again = (
            sa.update(GRADINGS).where(here).values(times=GRADINGS.c.times + 1, **new)
        )
        if not self.gradebook.db.execute(again).rowcount:
            first = sa.insert(GRADINGS).values(times=1, **key, **new)
            self.gradebook.db.execute(first)

    def _whole(self, work: Callable[[], None]) -> None:
        address = str(self.gradebook.engine.url)

        def attempt() -> None:
            try:
                work()
            except BaseException:
                self.gradebook.db.rollback()  # of what was lost nothing is left to undo
                raise

        with faults.sentences(address):
            faults.whole(attempt)

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
