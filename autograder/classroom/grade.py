"""Grade a class: what is to be done, who does it, what came of it, one table."""

from __future__ import annotations

import collections
import contextlib
import datetime
import glob
import hashlib
import json
import os
import re
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from filelock import FileLock, Timeout
from tqdm import tqdm

from autograder.box import sandbox
from autograder.box.sandbox import Limits
from autograder.classroom import course, submission
from autograder.classroom.preprocessors import Execute
from autograder.classroom.record import Record
from autograder.classroom.runner import Runner
from autograder.classroom.worker import Setup
from autograder.verdict import bank
from autograder.verdict.panel import number
from gpt.data import write_whole

GRADED, FLAGGED, INFRA = "GRADED", "FLAGGED", "INFRA"
_ODD = re.compile(r"""[<>&"'\x00-\x1f\x7f]""")  # in a name, which pages show unescaped
ROWS = 60  # of a table; a larger class is summed up


@dataclass(frozen=True)
class Row:
    """What became of one submission.

    `status` is GRADED, FLAGGED (graded, and a person should look at `flags`) or INFRA
    (our fault, not graded: `flags` tells why; the next run tries again).
    """

    student: str
    points: float
    possible: float
    status: str
    mistakes: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


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
    if assignment not in course.assignments():
        raise ValueError(
            f"no exercise {assignment!r}; there are {', '.join(course.assignments())}"
        )
    if jobs is not None and jobs < 1:
        raise ValueError(f"{jobs} jobs: at least one is needed")
    boxed = os.environ.get("GPT_SANDBOX") != "no"
    if boxed and (problem := sandbox.why_not()):
        raise ValueError(f"{problem}; or grade code that you trust with --no-sandbox")
    folder = course.class_folder()
    chosen = _chosen(folder, assignment, list(students))
    api = course.api()
    with _alone(folder), contextlib.closing(_record(api)) as record:
        _announce(api, record, assignment)
        setup = _setup(api, record, assignment)
        version = _version(setup)
        done = record.graded(assignment)
        odd = [s for s in chosen if _ODD.search(s)]
        todo = [s for s in chosen if s not in odd]
        todo = [s for s in todo if force or not _is_done(setup, version, done, s)]
        problems = dict.fromkeys(
            odd, "rename the folder: a page would take it for code"
        )
        problems |= _grade(setup, version, record, todo, jobs or _cores())
    return [_row(folder, s, setup, problems.get(s)) for s in chosen]


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
            try:
                if "problem" in said:
                    raise RuntimeError(said["problem"])
                _publish(setup, student, said)
                nb = nbformat.v4.reads(said["notebook"])
                mark = _mark(version, said["fingerprint"])
                cpu = said["cpu"] + now - began
                record.save(setup.assignment, student, mark, said["timestamp"], nb, cpu)
            except Exception as error:  # noqa: BLE001 - and grade the others
                problems[student] = str(error) or type(error).__name__
                trace = said.get("trace") or traceback.format_exc()
                _log(setup.submitted.parent, student, trace)
            began = now
            bar.update()
    return problems


def _chosen(folder: Path, assignment: str, students: list[str]) -> list[str]:
    """Whom to grade: those who are named, or all who have submitted."""
    found = (folder / "submitted").glob(f"*/{glob.escape(assignment)}")
    submitted = sorted(path.parent.name for path in found if path.is_dir())
    if not submitted:
        raise ValueError(
            f"nothing was submitted for {assignment!r}: put each notebook at "
            f"{folder}/submitted/STUDENT/{assignment}/{assignment}.ipynb"
        )
    for student in students:
        if student not in submitted:
            raise ValueError(
                f"{student!r} has submitted nothing for {assignment!r}; "
                f"these have: {', '.join(submitted)}"
            )
    return students or submitted


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
    if record.announced(assignment, version):
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
        submission.collect(released, assignment).files,
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
    fingerprint = submission.collect(path, setup.assignment).fingerprint
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
    with (folder / "problems.log").open("a", encoding="utf-8") as file:
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        file.write(f"{now} {student}\n{trace}\n")


def _cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def feedback(assignment: str) -> None:
    """Write nbgrader's feedback page for each graded submission."""
    api = course.api()
    result = api.generate_feedback(assignment, force=True)
    if not result["success"]:
        raise RuntimeError(result.get("log") or result["error"])


def table(assignment: str, rows: Sequence[Row], width: int = 80) -> str:
    """The grades as text: a row a student, then what most of them got wrong.

    Of a large class, a row for each who deserves a look, and the others in a sentence.
    """
    possible = number(rows[0].possible)
    lines = [f"{assignment}: {len(rows):,} submissions, {possible} points", ""]
    shown = rows
    if len(rows) > ROWS:
        plain = [row for row in rows if row.status == GRADED]
        shown = [row for row in rows if row.status != GRADED]
        if plain:
            mean = number(sum(row.points for row in plain) / len(plain))
            full = sum(row.points >= row.possible for row in plain)
            told = f"{len(plain):,} GRADED: {mean} points in the mean"
            lines += [f"  {told}, {full:,} with all {possible}", ""]
    names = [_ODD.sub("?", row.student) for row in shown]
    longest = max(map(len, names), default=0)
    for name, row in zip(names, shown, strict=True):
        share = row.points / row.possible if row.possible else 0.0
        bar = ("█" * round(10 * share)).ljust(10, "·")
        score = f"{row.points:6.2f}" if row.status != INFRA else "     –"
        notes = "; ".join(row.flags or (_words(m) for m in row.mistakes))
        line = f"  {name:<{longest}}  {score}  {bar}  {row.status:<7}  {notes}"
        lines.append(line if len(line) <= width else line[: width - 1] + "…")
    common = most_common_mistake(rows)
    if common:
        lines += ["", f"  most common mistake: {common}"]
    return "\n".join(line.rstrip() for line in lines)


def most_common_mistake(rows: Sequence[Row]) -> str | None:
    """The mistake that most submissions made, in words, with how many did."""
    counts = collections.Counter(m for row in rows for m in set(row.mistakes))
    if not counts:
        return None
    name, count = max(counts.items(), key=lambda item: (item[1], item[0]))
    return f"{_words(name)} ({count} of {len(rows)})"


def _notebook(folder: Path, student: str, assignment: str) -> Path:
    return folder / "autograded" / student / assignment / f"{assignment}.ipynb"


def _row(folder: Path, student: str, setup: Setup, problem: str | None) -> Row:
    possible = sum(cell.points or 0 for cell in setup.about.cells.values())
    path = _notebook(folder, student, setup.assignment)
    if problem or not path.exists():
        lines = (problem or "no notebook came out").splitlines()
        return Row(student, 0.0, possible, INFRA, flags=(lines[-1],))
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


def _words(name: str) -> str:
    return name.replace("_", " ")
