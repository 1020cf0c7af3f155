"""What an honest submission of each exercise costs: computing, and room on the disk."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from autograder.classroom import course
from bench import grader, processes
from bench.measure import Row

SIZE = 40  # submissions; one more, before them, takes what only the first one takes

# the command, which says at its end how long its own process has computed
COMMAND = """
import atexit, runpy, sys, time
atexit.register(lambda: print(time.process_time()))
sys.argv = ["autograder", *sys.argv[1:]]
runpy.run_module("autograder", run_name="__main__")
"""


@dataclass
class Class:
    """A class that was graded, one submission at a time: seconds, and bytes."""

    submission: float  # of the median one, all its processes
    writer: float  # of the process that writes into the gradebook, for all
    notebook: int
    gradebook: int


def run() -> list[Row]:
    print(f"  {'':10}{'computing':>14}{'writer':>10}{'notebook':>11}{'gradebook':>11}")
    rows = []
    for exercise in course.assignments():
        one, many = _graded(exercise, 1), _graded(exercise, 1 + SIZE)
        writer = (many.writer - one.writer) / SIZE
        gradebook = (many.gradebook - one.gradebook) / SIZE
        print(
            f"  {exercise:10}{many.submission:12.2f} s{writer:8.3f} s"
            f"{many.notebook / 1000:8.0f} kB{gradebook / 1000:8.0f} kB"
        )
        rows.append(
            Row(
                f"cost_ms_{exercise}",
                1000 * many.submission,
                f"CPU of the median of {1 + SIZE} honest submissions, sandbox on",
            )
        )
    return rows


def _graded(exercise: str, size: int) -> Class:
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        grader.lay_out(here, exercise)
        shutil.copy(grader.ROOT / "nbgrader_config.py", here)
        place = here / "autograder/classes/cost"
        grader.hand_in(place / "submitted", size, exercise)
        words = "grade", exercise, "--class", "cost", "--jobs", "1"
        path = f"{grader.ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
        environment = {**os.environ, "PYTHONPATH": path}
        processes.run([sys.executable, "-c", COMMAND, *words], here, environment)
        scores = grader.points(place / "gradebook.db")
        if len(scores) != size or len(set(scores.values())) != 1:
            raise RuntimeError(f"not all were graded alike: {scores}")
        notebook = place / f"autograded/{min(scores)}/{exercise}/{exercise}.ipynb"
        return Class(
            grader.computing(place / "gradebook.db"),
            float((here / "log").read_text().split()[-1]),
            notebook.stat().st_size,
            (place / "gradebook.db").stat().st_size,
        )
