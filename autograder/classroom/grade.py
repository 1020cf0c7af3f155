"""Grade a class: what is to be done, who does it, what came of it, a row a student.

Whatever fails for one student costs that row, and nobody else's.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import nbformat
from tqdm import tqdm

from autograder.box import sandbox
from autograder.classroom import (
    assumed,
    book,
    course,
    decides,
    late,
    names,
    trouble,
)
from autograder.classroom.address import Unavailable
from autograder.classroom.again import (
    FIRST,
    FORCED,
    NEW,
    Moved,
    moved,
    summary,
    why,
    would_move,
)
from autograder.classroom.book import Standing
from autograder.classroom.collect import collect
from autograder.classroom.prepare import (
    alone,
    announce,
    cores,
    notebook,
    publish,
    setting,
)
from autograder.classroom.record import Record
from autograder.classroom.rows import Done, feedback, told
from autograder.classroom.runner import Runner
from autograder.classroom.setup import Setup
from autograder.classroom.table import FLAGGED, GRADED, INFRA, Row

__all__ = ["FLAGGED", "GRADED", "INFRA", "Done", "Row", "feedback", "grade", "graded"]


def grade(
    assignment: str,
    students: Iterable[str] = (),
    force: bool = False,
    jobs: int | None = None,
    scheduler: str | None = None,
) -> list[Row]:
    """The rows of `graded`."""
    return graded(assignment, students, force, jobs, scheduler).rows


def graded(
    assignment: str,
    students: Iterable[str] = (),
    force: bool = False,
    jobs: int | None = None,
    scheduler: str | None = None,
    *,
    dry: bool = False,
    again: bool = False,
    tell: Callable[[str], None] = lambda line: None,
) -> Done:
    """Grade what was submitted for an exercise; what has not changed is left alone.

    `jobs` submissions at a time, by default as many as there are cores, or on the Dask
    cluster whose `scheduler` that is, as many as it has threads. Whatever ends
    this early, nothing is lost: the next call goes on where it was.
    again: only who is graded already. dry: nothing is written; what would move is told.
    `tell` is given a line for each reason for which some are graded again, beforehand.

    ValueError where there is no such exercise, no submission, no such student, no
    sandbox to grade in, or where this class is being graded by another process.
    """
    chosen = course.asked(assignment, students, jobs)
    boxed = os.environ.get("GPT_SANDBOX") != "no"
    if boxed and not scheduler and (problem := sandbox.why_not()):
        raise ValueError(f"{problem}; or grade code that you trust with --no-sandbox")
    folder = course.class_folder()
    api = course.api()
    with alone(folder), contextlib.closing(_record(api)) as record:
        record.alone(f"{assignment!r} of the class {folder.name!r}")
        before = _standings(
            record, assignment, write=not dry
        )  # by the points until now
        if not dry:
            announce(api, record, assignment)
        setup = setting(api, record, assignment, rehearsal=dry)
        run = _Run(setup, decides.parts(setup), record, {}, {})
        run.choose(chosen, force)
        if not dry:
            for student in run.problems:
                run.note(student)
            there = course.students_in(setup.submitted, assignment)
            record.forget(assignment, there)
        new = [s for s, why in run.reasons.items() if again and why in FIRST]
        for student in new:
            del run.reasons[student]
        for line in summary(run.reasons):
            tell(line)
        said = run.grade(jobs or cores(), scheduler, before if dry else None)
        after = before if dry else _standings(record, assignment)
    possible = sum(points for _, points in setup.about.points)
    rows = [told(student, possible, after, run.problems) for student in chosen]
    moves = said if dry else moved(before, after, run.reasons)
    old = [s for s, known in after.items() if known.outdated and s not in chosen]
    return Done(rows, moves, run.reasons, run.problems, tuple(new), tuple(old))


@dataclass
class _Run:
    """One call's work: who is to be graded and why, and of whom we failed, why."""

    setup: Setup
    parts: dict[str, str]
    record: Record
    reasons: dict[str, str]
    problems: dict[str, str]

    @contextlib.contextmanager
    def noted(self, student: str, trace: str | None = None) -> Iterator[None]:
        """An error within is one student's: it is written down, and the others go on."""
        try:
            yield
        except Unavailable:  # for everybody
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is
            self.problems[student] = trouble.words(error)
            folder = self.setup.submitted.parent
            trouble.log(folder, student, trace or traceback.format_exc())

    def choose(self, students: Sequence[str], force: bool) -> None:
        """Find out who is to be graded, and why."""
        gradebook, word = self.record.gradebook, self.setup.assignment
        known = book.verdicts(gradebook, word)
        versions = book.versions(gradebook)
        earlier = self.record.graded(word)
        gradebook.db.rollback()  # nothing stays locked
        for student in students:
            if wrong := names.problem(student):  # the book takes no such name
                self.problems[student] = wrong
                continue
            with self.noted(student):
                folder = self.setup.submitted
                mark = collect(folder / student / word, word).fingerprint
                there = notebook(folder.parent, student, word).exists()
                of = known.get(student), mark, self.parts, versions, there
                reason = why(*of) or (FORCED if force else "")
                if reason == NEW and student in earlier:
                    reason = decides.EARLIER
                if reason:
                    self.reasons[student] = reason

    def grade(
        self, jobs: int, scheduler: str | None, before: Mapping[str, Standing] | None
    ) -> list[Moved]:
        """Grade whom `choose` has found. With `before` nothing is written: what would
        move from there.
        """
        todo, would = [*self.reasons], []
        *costs, words = self._late()
        if before is None:
            word = self.setup.assignment
            self.record.know(word, decides.version(self.parts), self.parts)
        about = {"desc": f"grading {self.setup.assignment}", "unit": " notebooks"}
        tqdm.monitor_interval = 0  # no thread
        with (
            _runner(self.setup, min(jobs, len(todo)), scheduler) as runner,
            tqdm(total=len(todo), disable=not todo, smoothing=0.1, **about) as bar,
        ):
            began = time.process_time()
            for student, said in runner.grade(todo):
                now = time.process_time()  # what the one before took of this process
                with self.noted(student, said.get("trace")):
                    if "problem" in said:
                        raise ValueError(said["problem"])
                    if before is None:
                        self._keep(student, said, now - began)
                    elif move := would_move(
                        before[student],
                        said,
                        self.reasons[student],
                        *costs,
                        words.get(student, {}).get(said["fingerprint"]),
                    ):
                        would.append(move)
                if student in self.problems and before is None:
                    self.note(student)
                began = now
                bar.update()
        return would

    def _late(self) -> tuple[late.Rule, float, dict[str, assumed.Words]]:
        """What being late costs, the points of the exercise, and what was assumed."""
        gradebook = self.record.gradebook
        rule = late.rule(gradebook, self.setup.assignment)
        said = assumed.every(gradebook, self.setup.assignment)
        words = {student: words for (_, student), words in said.items()}
        gradebook.db.rollback()  # nothing stays locked
        return rule, sum(points for _, points in self.setup.about.points), words

    def _keep(self, student: str, said: dict[str, Any], cpu: float) -> None:
        """Publish the verified notebook, then enter its grades."""
        publish(self.setup, student, said)
        nb = nbformat.v4.reads(said["notebook"])
        word, flags = self.setup.assignment, nb.metadata["autograder"]["flags"]
        if flags:
            who = f"{student} {word} FLAGGED"
            trouble.log(self.setup.submitted.parent, who, "\n".join(flags))
        version = decides.version(self.parts)
        mark = _mark(version, said["fingerprint"])
        to = self.setup.assignment, student, mark, said["timestamp"], nb
        self.record.save(*to, said["cpu"] + cpu, said["fingerprint"], version)

    def note(self, student: str) -> None:
        """That we failed stands in the book, too, for those who look there."""
        if names.problem(student):
            return
        with contextlib.suppress(Exception):  # what failed may be the book
            self.record.note(self.setup.assignment, student, self.problems[student])


def _runner(setup: Setup, jobs: int, scheduler: str | None) -> Any:
    """Who grades: processes of this machine, or a cluster's, if there is any work."""
    if not scheduler or not jobs:
        return Runner(setup, jobs)
    from autograder.classroom.cluster import Cluster

    return Cluster(setup, scheduler)


def _standings(
    record: Record, assignment: str, write: bool = True
) -> dict[str, Standing]:
    found = book.standings(record.gradebook, assignment, write)
    return {standing.student: standing for standing in found}


def _record(api: Any) -> Record:
    return Record(api.gradebook, api.config)


def _mark(version: str, fingerprint: str) -> str:
    return hashlib.sha256(f"{version} {fingerprint}".encode()).hexdigest()
