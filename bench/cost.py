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

SIZE = 40  # submissions, and one more, by which a gradebook is what it is at first


@dataclass
class Class:
    """A class that was graded, one submission at a time."""

    seconds: float  # of computing that the median submission took
    notebook: int  # bytes of one that is graded
    gradebook: int


def run() -> list[Row]:
    print(f"  {'':10}{'computing':>12}{'notebook':>12}{'gradebook':>12}")
    rows = []
    for exercise in course.assignments():
        one, many = _graded(exercise, 1), _graded(exercise, 1 + SIZE)
        gradebook = (many.gradebook - one.gradebook) / SIZE
        print(
            f"  {exercise:10}{many.seconds:10.2f} s{many.notebook / 1000:9.0f} kB"
            f"{gradebook / 1000:9.0f} kB"
        )
        rows.append(
            Row(
                f"cost_ms_{exercise}",
                1000 * many.seconds,
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
        command = [sys.executable, "-m", "autograder", "grade", exercise]
        path = f"{grader.ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
        environment = {**os.environ, "PYTHONPATH": path}
        processes.run([*command, "--class", "cost", "--jobs", "1"], here, environment)
        scores = grader.points(place / "gradebook.db")
        if len(scores) != size or len(set(scores.values())) != 1:
            raise RuntimeError(f"not all were graded alike: {scores}")
        notebook = place / f"autograded/{min(scores)}/{exercise}/{exercise}.ipynb"
        return Class(
            grader.computing(place / "gradebook.db"),
            notebook.stat().st_size,
            (place / "gradebook.db").stat().st_size,
        )
