"""How long a student waits for `check`: a right answer, and one that must be named."""

import contextlib
import io
import os
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import IPython.display

from autograder import checks
from autograder.check import CheckFailed, check
from autograder.classroom import course
from autograder.verdict import bank
from bench.measure import Row


def run() -> list[Row]:
    took = {"right": [], "wrong": []}
    before, shown = Path.cwd(), IPython.display.display
    IPython.display.display = lambda *what, **how: None
    try:
        for exercise in course.assignments():
            with tempfile.TemporaryDirectory() as folder:
                bank.write(exercise, Path(folder))
                os.chdir(folder)
                for found in checks.load(exercise).values():
                    # An answer that is right is the oracle's own; of the wrong ones the
                    # last, which is compared with every other before it is named.
                    answers = {
                        "right": found.oracle,
                        "wrong": found.mistakes[-1].answer,
                    }
                    for kind, answer in answers.items():
                        took[kind].append((waited(found.name, answer), found.name))
                os.chdir(before)
    finally:
        os.chdir(before)
        IPython.display.display = shown
    rows = []
    for kind, times in took.items():
        slowest, name = max(times)
        against = f"the slowest of all checks for a {kind} answer: {name}"
        rows.append(Row(f"check_{kind}_s", slowest, against, at_most=1))
        middle = median(seconds for seconds, _ in times)
        against = f"the median of all checks for a {kind} answer"
        rows.append(Row(f"check_{kind}_median_s", middle, against, at_most=0.2))
    return rows


def waited(name: str, answer) -> float:
    """The median seconds of three calls, after one that reads the reference."""
    times = []
    for _ in range(4):
        start = perf_counter()
        with (
            contextlib.suppress(CheckFailed),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            check(name, answer)
        times.append(perf_counter() - start)
    return median(times[1:])
