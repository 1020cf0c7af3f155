"""A gradebook on PostgreSQL beside SQLite's file; a Dask cluster of two workers beside one."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import nbformat
from distributed import Client, LocalCluster
from nbgrader.api import Gradebook

from autograder.classroom import address
from autograder.classroom.record import Record
from bench.grader import EXERCISE, ROOT, hand_in, lay_out
from bench.measure import Row
from bench.postgres import Server

ROUNDS = 5
SAVED = 100  # submissions a round and database
CLUSTERS = 5  # rounds
SIZE = 120  # submissions a round and cluster
WARM = 12  # of which so many are done before the clock starts: all workers are at work


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder, "course")
        course.mkdir()
        lay_out(course)
        shutil.copy(ROOT / "nbgrader_config.py", course)
        return [_dask(course), _postgres(course)]


def _dask(course: Path) -> Row:
    """The rate at which verdicts come, once all workers are at work."""
    rates: dict[int, list[float]] = {1: [], 2: []}
    for number in range(CLUSTERS):
        for many, found in rates.items():
            klass = f"dask{number}-{many}"
            hand_in(_place(course, klass) / "submitted", SIZE)
            with _cluster(many) as scheduler:
                _grade(course, klass, "--scheduler", scheduler)
            found.append(_rate(_place(course, klass) / "gradebook.db"))
            print(f"  {many} of Dask's workers: {found[-1]:.2f} a second")
    return Row(
        "dask_two_over_one",
        median(two / one for one, two in zip(*rates.values(), strict=True)),
        f"submissions a second, {SIZE} of {EXERCISE}, two workers of Dask over one",
        at_least=1.7,
    )


@contextlib.contextmanager
def _cluster(many: int) -> Iterator[str]:
    """The address of a scheduler with so many workers, each on a core of its own.

    As if each were a machine of one core: one that has two to itself uses more than one.
    """
    cores = itertools.cycle(os.sched_getaffinity(0))
    local = LocalCluster(n_workers=many, threads_per_worker=1, dashboard_address=":0")
    with local as cluster, Client(cluster, set_as_default=False) as client:
        client.wait_for_workers(many)
        for worker, core in zip(client.nthreads(), cores, strict=False):
            client.run(_pin, core, workers=[worker])
        yield cluster.scheduler_address


def _pin(core: int) -> None:
    for thread in os.listdir("/proc/self/task"):
        os.sched_setaffinity(int(thread), {core})


def _rate(gradebook: Path) -> float:
    query = (
        "select strftime('%s', at) - strftime('%S', at) + strftime('%f', at) "
        "from autograder_grading "
    )
    with contextlib.closing(sqlite3.connect(gradebook)) as base:
        rows = base.execute(query + "where student != '' order by at").fetchall()
    at = [row[0] for row in rows]
    if len(at) != SIZE:
        raise RuntimeError(f"{len(at)} of {SIZE} submissions were graded")
    return (SIZE - 1 - WARM) / (at[-1] - at[WARM])


def _postgres(course: Path) -> Row:
    """The seconds that the same grades take to be entered, each in its transaction."""
    ratios = []
    with Server(durable=True) as server:
        own = _place(course, "file")
        hand_in(own / "submitted", 1)
        _grade(course, "file")
        other = _place(course, "server")
        shutil.copytree(own / "submitted", other / "submitted")
        url = server.create("server")
        _grade(course, "server", "--db", url)
        student = os.listdir(own / "autograded")[0]
        path = own / "autograded" / student / EXERCISE / f"{EXERCISE}.ipynb"
        nb = nbformat.read(path, as_version=4)
        books = f"sqlite:///{own / address.FILE}", address.normal(url)
        with contextlib.ExitStack() as stack:
            records = [
                stack.enter_context(
                    contextlib.closing(Record(Gradebook(book, "gpt-in-four-stages")))
                )
                for book in books
            ]
            for number in range(ROUNDS + 1):
                times = []
                for record in records:
                    start = time.perf_counter()
                    for i in range(SAVED):
                        student = f"{number}-{i}"
                        record.save(EXERCISE, student, "f" * 64, None, nb)
                    times.append(time.perf_counter() - start)
                if number:  # the first is to warm up
                    ratios.append(times[1] / times[0])
                    each = [1000 * t / SAVED for t in times]
                    print(
                        f"  a grade: SQLite {each[0]:.1f} ms, PostgreSQL {each[1]:.1f}"
                    )
    return Row(
        "postgres_over_sqlite",
        median(ratios),
        f"time to enter {SAVED} submissions, on a server on this machine over a file",
    )


def _place(course: Path, klass: str) -> Path:
    place = course / "autograder" / "classes" / klass
    place.mkdir(parents=True, exist_ok=True)
    return place


def _grade(course: Path, klass: str, *words: str) -> None:
    """Our command. RuntimeError, with what it says, where not all is graded."""
    command = [sys.executable, "-m", "autograder", "grade", EXERCISE, "--class", klass]
    path = f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    done = subprocess.run(
        [*command, *words],
        cwd=course,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
