"""The same class graded by stock `nbgrader autograde` and by ours, sandbox on."""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import IPython.display
import nbformat

import autograder.check
from autograder import checks
from autograder.box.messages import CASES
from autograder.box.template import IMPORTED
from autograder.classroom import demo
from autograder.classroom.demo import Submission
from autograder.verdict import bank, wire
from bench import processes
from bench.measure import Row

ROOT = Path(__file__).parents[1]
EXERCISE = "attend"
ROUNDS = 2
THEIRS, OURS = 10, 200  # submissions a round: theirs takes as long for each of them
CLASSES = (10, 100, 1000)
ALONE = 60

STOCK = """
c = get_config()
c.CourseDirectory.course_id = "stock"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
"""


@dataclass
class Run:
    """One run of a grader over a class: `cpu` is seconds of computing a submission."""

    seconds: float
    peak_mb: float
    scores: dict[str, float]
    cpu: float


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        stock, ours = Path(folder, "stock"), Path(folder, "ours")
        lay_out(stock)
        (stock / "nbgrader_config.py").write_text(STOCK)
        lay_out(ours)
        shutil.copy(ROOT / "nbgrader_config.py", ours)
        _nbgrader(stock, "generate_assignment", EXERCISE)
        ratios, shares, same = [], [], True
        for number in range(ROUNDS):
            hand_in(stock / "submitted", THEIRS)
            theirs = _measured(
                stock, "gradebook.db", *_program("nbgrader"), "autograde"
            )
            mine = _graded(ours, f"round{number}", OURS)
            ratios.append((OURS / mine.seconds) / (THEIRS / theirs.seconds))
            shares.append(mine.cpu / theirs.cpu)
            both = theirs.scores.items() <= mine.scores.items()
            same = same and both and len(theirs.scores) == THEIRS
            same = (
                same
                and len(mine.scores) == OURS
                and len(set(mine.scores.values())) == 1
            )
            print(_line("stock", THEIRS, theirs))
            print(_line("ours", OURS, mine))
            shutil.rmtree(stock / "autograded")
            (stock / "gradebook.db").unlink()
            _nbgrader(stock, "generate_assignment", EXERCISE)
        grown = {size: _graded(ours, f"class{size}", size) for size in CLASSES}
        for size, one in grown.items():
            print(_line("ours", size, one))
        # One after another, as its own code runs too: cores that share a cache are slower.
        alone = _graded(ours, "alone", ALONE, jobs=1)
        own = _own_code(folder)
    each = 1000 * alone.cpu
    print(f"  a submission alone: {each:.0f} ms of CPU, own code {1000 * own:.0f} ms")
    _, some, many = (grown[size] for size in CLASSES)
    about = f"{EXERCISE}, sandbox on"
    return [
        Row(
            "speedup_over_nbgrader",
            median(ratios),
            f"submissions a second, {OURS} of ours to {THEIRS} of stock's; {about}",
            at_least=20,
        ),
        Row(
            "cpu_over_nbgrader",
            median(shares),
            "CPU a submission, ours over stock's (whose own start is included)",
        ),
        Row("same_scores", float(same), "1 where every score is the same", at_least=1),
        Row(
            "cpu_overhead_ms",
            each - 1000 * own,
            "CPU a submission of kernels, worker and runner, less its own code by exec()",
            at_most=100,
        ),
        Row("peak_memory_mb", many.peak_mb, f"all processes, class of {CLASSES[2]}"),
        Row(
            "memory_growth",
            many.peak_mb / some.peak_mb,
            f"peak for a class of {CLASSES[2]} over one of {CLASSES[1]}",
            at_most=1.2,
        ),
        Row(
            "time_growth",
            (many.seconds / CLASSES[2]) / (some.seconds / CLASSES[1]),
            f"seconds a submission, {CLASSES[2]} over {CLASSES[1]}",
        ),
    ]


def lay_out(folder: Path, exercise: str = EXERCISE) -> None:
    """A course of one exercise."""
    for name in ("solutions", "exercises"):
        shutil.copytree(ROOT / name / exercise, folder / name / exercise)


def hand_in(submitted: Path, size: int, exercise: str = EXERCISE) -> None:
    """Honest submissions; each says whose it is, so that no two are the same."""
    demo_before, demo.ASSIGNMENT = demo.ASSIGNMENT, exercise
    try:
        solved = demo.notebook(Submission("honest", 0))
    finally:
        demo.ASSIGNMENT = demo_before
    sources = [cell.source for cell in solved.cells]
    for number in range(size):
        student = f"student{number:04}"
        for cell, source in zip(solved.cells, sources, strict=True):
            own = cell.metadata.get("nbgrader", {}).get("solution", False)
            cell.source = f"{source}\n# {student}" if own else source
        place = submitted / student / exercise
        place.mkdir(parents=True, exist_ok=True)
        nbformat.write(solved, place / f"{exercise}.ipynb")
        shutil.copy(ROOT / "exercises" / exercise / bank.REFERENCE, place)


def _graded(course: Path, klass: str, size: int, jobs: int | None = None) -> Run:
    """Our command on a new class."""
    place = course / "autograder" / "classes" / klass
    hand_in(place / "submitted", size)
    command = [sys.executable, "-m", "autograder", "grade"]
    command += [] if jobs is None else ["--jobs", str(jobs)]
    done = _measured(course, place / "gradebook.db", *command, klass=klass)
    shutil.rmtree(place)
    return done


def _measured(
    folder: Path, gradebook: str | Path, *command: str | Path, klass: str = "bench"
) -> Run:
    """Run a grader on the exercise, from its start to its end."""
    environment = {**os.environ, "GPT_CLASS": klass}
    environment["PATH"] = (
        f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    )
    took = processes.run([*command, EXERCISE], folder, environment)
    scores = points(folder / gradebook)
    # Our boxes are nobody's children, so the gradebook tells what each submission took.
    # Stock waits for its kernels; what it takes to start is shared by its submissions.
    cpu = computing(folder / gradebook) or took.cpu / len(scores)
    return Run(took.seconds, took.peak_mb, scores, cpu)


def computing(gradebook: Path) -> float | None:
    """What the median submission took: kernels, worker and runner. None: not known."""
    query = "select cpu from autograder_grading where student != ''"
    with (
        contextlib.closing(sqlite3.connect(gradebook)) as base,
        contextlib.suppress(sqlite3.OperationalError),  # stock's
    ):
        return median(row[0] for row in base.execute(query))
    return None


def points(gradebook: Path) -> dict[str, float]:
    query = (
        "select s.student_id, sum(coalesce(g.auto_score, 0)) from submitted_assignment s "
        "join submitted_notebook n on n.assignment_id = s.id "
        "join grade g on g.notebook_id = n.id group by s.student_id"
    )
    with contextlib.closing(sqlite3.connect(gradebook)) as base:
        return {student: round(score, 4) for student, score in base.execute(query)}


def _program(name: str) -> list[str | Path]:
    return [Path(sys.executable).parent / name]


def _nbgrader(folder: Path, *words: str) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        [*_program("nbgrader"), *words, "--force"],
        cwd=folder,
        env={**os.environ, "PATH": path},
        check=True,
        capture_output=True,
    )


def _line(who: str, size: int, one: Run) -> str:
    return (
        f"  {who:<6}{size:5} submissions  {one.seconds:7.1f} s  "
        f"{size / one.seconds:6.2f} a second  {1000 * one.cpu:5.0f} ms of CPU each  "
        f"{one.peak_mb:6.0f} MB"
    )


def _own_code(folder: str) -> float:
    """CPU seconds of a submission's cells themselves, with everything imported."""
    cases = {
        name: [list(case.args) for case in bank.draw(check, b"bench")]
        for name, check in checks.load(EXERCISE).items()
    }
    Path(folder, CASES).write_bytes(wire.pack(cases))
    done = subprocess.run(
        [sys.executable, "-m", "bench.grader", Path(folder, "ours/solutions")],
        env={
            **os.environ,
            "GPT_CASES": str(Path(folder, CASES)),
            "OMP_NUM_THREADS": "1",
        },
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
    )
    return median(json.loads(done.stdout.splitlines()[-1]))


def _execute(solutions: Path) -> None:
    """Run the cells by exec(), each time in a fork; print the CPU seconds of each."""
    for name in IMPORTED:  # what a notebook imports is not its own code
        importlib.import_module(name)
    cases = wire.unpack(Path(os.environ["GPT_CASES"]).read_bytes())
    nb = nbformat.read(solutions / EXERCISE / f"{EXERCISE}.ipynb", as_version=4)
    cells = [cell for cell in nb.cells if cell.cell_type == "code"]
    while not cells[-1].metadata.get("nbgrader", {}).get("grade"):
        cells.pop()
    taken = []
    for _ in range(5):
        ours, theirs = os.pipe()
        if not os.fork():
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            space: dict = {"__name__": "__main__", "display": IPython.display.display}
            autograder.check.check = functools.partial(_call, cases)
            start = time.process_time()
            for cell in cells:
                exec(cell.source, space)  # noqa: S102 - our own solution
            os.write(theirs, repr(time.process_time() - start).encode())
            os._exit(0)
        os.close(theirs)
        taken.append(float(os.read(ours, 99)))  # ValueError where it has failed
        os.wait()
    print(json.dumps(taken))


def _call(cases: dict, name: str, function: Callable) -> None:
    """In place of `check`: the student's function on the hidden inputs, no more."""
    for arguments in cases[name]:
        with contextlib.suppress(ValueError):  # where one is right
            function(*arguments)


if __name__ == "__main__":
    _execute(Path(sys.argv[1]))
