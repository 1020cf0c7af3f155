"""Grade a class: what is to be done, who does it, what came of it, a row a student.

Whatever fails for one student costs that row, and nobody else's.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import os
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
from filelock import FileLock, Timeout
from tqdm import tqdm

from autograder.box import sandbox
from autograder.box.sandbox import Limits
from autograder.classroom import course, names, submission
from autograder.classroom.address import Unavailable
from autograder.classroom.collect import collect
from autograder.classroom.preprocessors import Execute
from autograder.classroom.record import Record
from autograder.classroom.runner import Runner
from autograder.classroom.table import FLAGGED, GRADED, INFRA, Row
from autograder.classroom.worker import Setup
from autograder.verdict import bank
from autograder.verdict.panel import number
from gpt.data import write_whole

__all__ = ["FLAGGED", "GRADED", "INFRA", "Row", "feedback", "grade"]


def grade(
    assignment: str,
    students: Iterable[str] = (),
    force: bool = False,
    jobs: int | None = None,
) -> list[Row]:
    """Grade what was submitted for an exercise; what has not changed is left alone.

    `jobs` submissions at a time, by default as many as there are cores. Whatever ends
    this early, nothing is lost: the next call goes on where it was.

    ValueError where there is no such exercise, no submission, no such student, no
    sandbox to grade in, or where this class is being graded by another process.
    """
    chosen = course.asked(assignment, students, jobs)
    boxed = os.environ.get("GPT_SANDBOX") != "no"
    if boxed and (problem := sandbox.why_not()):
        raise ValueError(f"{problem}; or grade code that you trust with --no-sandbox")
    folder = course.class_folder()
    api = course.api()
    with _alone(folder), contextlib.closing(_record(api)) as record:
        record.alone(f"{assignment!r} of the class {folder.name!r}")
        _announce(api, record, assignment)
        setup = _setup(api, record, assignment)
        version = _version(setup)
        done = record.graded(assignment)
        todo, problems = [], {}
        for student in chosen:
            with _noted(folder, student, problems):
                if why := names.problem(student):
                    problems[student] = why
                elif force or not _is_done(setup, version, done, student):
                    todo.append(student)
        problems |= _grade(setup, version, record, todo, jobs or _cores())
    return [_row(folder, student, setup, problems) for student in chosen]


@contextlib.contextmanager
def _noted(
    folder: Path, student: str, problems: dict[str, str], trace: str | None = None
) -> Iterator[None]:
    """An error within is one student's: it is written down, and the others go on."""
    try:
        yield
    except Unavailable:  # for everybody
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is
        problems[student] = str(error) or type(error).__name__
        _log(folder, student, trace or traceback.format_exc())


def _grade(
    setup: Setup, version: str, record: Record, todo: list[str], jobs: int
) -> dict[str, str]:
    """Grade the students in `todo`; of those where we failed, why."""
    problems: dict[str, str] = {}
    about = {"desc": f"grading {setup.assignment}", "unit": " notebooks"}
    tqdm.monitor_interval = 0  # no thread
    with (
        Runner(setup, min(jobs, len(todo))) as runner,
        tqdm(total=len(todo), disable=not todo, smoothing=0.1, **about) as bar,
    ):
        began = time.process_time()
        for student, said in runner.grade(todo):
            now = time.process_time()  # what the one before took of this process
            with _noted(setup.submitted.parent, student, problems, said.get("trace")):
                if "problem" in said:
                    raise RuntimeError(said["problem"])
                _publish(setup, student, said)
                nb = nbformat.v4.reads(said["notebook"])
                mark = _mark(version, said["fingerprint"])
                cpu = said["cpu"] + now - began
                record.save(setup.assignment, student, mark, said["timestamp"], nb, cpu)
            began = now
            bar.update()
    return problems


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two processes that grade one class would grade everything twice."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise ValueError(
            f"the class {folder.name!r} is being graded by another process"
        ) from None
    try:
        yield
    finally:
        lock.release()


def _record(api: Any) -> Record:
    return Record(api.gradebook, api.config)


def _announce(api: Any, record: Record, assignment: str) -> None:
    """Let nbgrader record the exercise as it stands: its cells, locks and points."""
    source = course.solution(assignment).read_bytes()
    version = hashlib.sha256(source).hexdigest()
    released = course.root() / "exercises" / assignment / f"{assignment}.ipynb"
    if released.exists() and record.announced(assignment, version):
        return
    result = api.generate_assignment(assignment, force=True, create=True)
    if not result["success"]:
        raise RuntimeError(
            f"nbgrader cannot generate {assignment!r}:\n"
            + (result.get("log") or result["error"])
        )
    record.announce(assignment, version)


def _setup(api: Any, record: Record, assignment: str) -> Setup:
    """What the workers need to know of the class, from its configuration."""
    settings = Execute(config=api.config)
    released = course.root() / "exercises" / assignment
    return Setup(
        assignment,
        course.class_folder() / "submitted",
        Path(settings.seed_file),
        submission.released(record.gradebook, assignment, assignment),
        collect(released, assignment).files,
        Limits(**settings.limits),
        settings.sandbox,
    )


def _version(setup: Setup) -> str:
    """A hash of what decides a grade beside the submission and the package gpt."""
    digest = hashlib.sha256()
    files = course.root() / course.CONFIG, course.solution(setup.assignment)
    for file in [*course.code(), *files]:
        digest.update(file.read_bytes())
    seed = bank.hidden_seed(setup.seed_file, setup.assignment)
    digest.update(repr((seed, setup.about, setup.sandboxed)).encode())
    return digest.hexdigest()


def _mark(version: str, fingerprint: str) -> str:
    return hashlib.sha256(f"{version} {fingerprint}".encode()).hexdigest()


def _is_done(setup: Setup, version: str, done: dict[str, Any], student: str) -> bool:
    """Whether this very submission has been graded, by this very grader."""
    path = setup.submitted / student / setup.assignment
    fingerprint = collect(path, setup.assignment).fingerprint
    return (
        done.get(student, ("",))[0] == _mark(version, fingerprint)
        and _notebook(setup.submitted.parent, student, setup.assignment).exists()
    )


def _publish(setup: Setup, student: str, said: dict[str, Any]) -> None:
    """Put the verified notebook where nbgrader keeps it; each file whole or not at all."""
    path = _notebook(setup.submitted.parent, student, setup.assignment)
    path.parent.mkdir(parents=True, exist_ok=True)
    stamp = path.with_name("timestamp.txt")
    if said["timestamp"]:
        write_whole(stamp, said["timestamp"].encode())
    else:
        stamp.unlink(missing_ok=True)
    write_whole(path, said["notebook"].encode())


def _log(folder: Path, student: str, trace: str) -> None:
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    told = f"{now} {names.shown(student)}\n{trace}\n"
    with (  # where the disk is full, the row says so
        contextlib.suppress(OSError),
        (folder / "problems.log").open("ab") as file,
    ):
        file.write(told.encode("utf-8", "backslashreplace"))


def _cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def feedback(assignment: str, rows: Sequence[Row]) -> list[Row]:
    """Write nbgrader's feedback page for each graded submission.

    The rows, where one without a page says so: it is graded all the same.
    """
    folder = course.class_folder()
    result = course.api().generate_feedback(assignment, force=True)
    found = []
    for row in rows:
        page = folder / "feedback" / row.student / assignment / f"{assignment}.html"
        if row.status != INFRA and not page.exists():
            trace = result.get("log") or result.get("error") or "nbgrader wrote no page"
            _log(folder, row.student, trace)
            told = f"graded, with {number(row.points)} points, but has no feedback page"
            row = replace(row, status=INFRA, flags=(told, *row.flags))
        found.append(row)
    return found


def _notebook(folder: Path, student: str, assignment: str) -> Path:
    return folder / "autograded" / student / assignment / f"{assignment}.ipynb"


def _row(folder: Path, student: str, setup: Setup, problems: dict[str, str]) -> Row:
    possible = sum(cell.points or 0 for cell in setup.about.cells.values())
    path = _notebook(folder, student, setup.assignment)
    if student not in problems:
        with _noted(folder, student, problems):
            return _verdict(student, possible, path)
        again = f"grade {setup.assignment} --force --student"
        problems[student] = f"{path.name} as graded cannot be read: {again} …"
    lines = problems[student].splitlines() or ["failed without a word"]
    return Row(student, 0.0, possible, INFRA, flags=(lines[-1],))


def _verdict(student: str, possible: float, path: Path) -> Row:
    """What a graded notebook says of itself."""
    about = json.loads(path.read_text("utf-8"))["metadata"]["autograder"]
    verdicts = about["checks"]
    return Row(
        student,
        round(sum(v["points"] for v in verdicts.values()), 2),
        possible,
        about["status"],
        tuple(v["mistake"] for v in verdicts.values() if v["mistake"]),
        tuple(about["flags"]),
    )
