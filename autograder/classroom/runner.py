"""A whole class in parallel: workers that grade, and one place that waits for them.

A worker that dies costs nothing but time: its submission is given to another one, and
only one on which three workers fail is reported as our fault.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import multiprocessing.connection
import multiprocessing.forkserver
import multiprocessing.resource_tracker
import signal
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from autograder.classroom.setup import Setup

ATTEMPTS = 3
DIED = "the grader's process died, or did not come to an end"
ROUND = 5.0  # seconds between two looks at workers that say nothing
PATIENCE = 120  # seconds beyond a submission's own limit, then the worker is replaced


def warm_up() -> None:
    """Start the process that workers are forks of; it imports while we go on.

    It starts no thread, as whoever calls us may have.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["autograder.classroom.worker"])
    # First, for starting it lets Ctrl-C through again.
    multiprocessing.resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # our Ctrl-C
    try:
        multiprocessing.forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(pipe: multiprocessing.connection.Connection, setup: Setup) -> None:
    """Be a worker, in a process of its own: what it imports takes seconds, and is for it."""
    from autograder.classroom import worker

    worker.main(pipe, setup)


@dataclass
class _Worker:
    process: Any
    pipe: multiprocessing.connection.Connection
    student: str | None = None
    since: float = 0.0


@dataclass
class Runner:
    """`jobs` workers for a class. To be used with `with`, which ends them."""

    setup: Setup
    jobs: int
    workers: list[_Worker] = field(default_factory=list)

    def __enter__(self) -> Self:
        warm_up()
        self.context = multiprocessing.get_context("forkserver")
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers:
            worker.pipe.close()
            worker.process.terminate()  # it takes its boxes along
        for worker in list(self.workers):
            worker.process.join(10)
            self._dismiss(worker)

    def grade(self, students: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each student with what came of the submission, in the order of coming.

        That is what `worker.grade` says, or {"problem": …} where it is our fault.
        """
        todo = deque(students)
        failures: dict[str, int] = {}
        waiting = len(todo)
        while waiting:
            while len(self.workers) < min(self.jobs, waiting):
                self._hire()
            for worker in self.workers:
                if worker.student is None and todo:
                    self._give(worker, todo.popleft())
            for worker, said in self._hear():
                student, worker.student = worker.student, None
                if said is None or "problem" in said:
                    said = said or {"problem": DIED}
                    failures[student] = failures.get(student, 0) + 1
                    if failures[student] < ATTEMPTS:
                        todo.append(student)
                        continue
                waiting -= 1
                if todo and worker in self.workers:  # it works while ours is recorded
                    self._give(worker, todo.popleft())
                yield student, said

    def _hire(self) -> None:
        ours, theirs = self.context.Pipe()
        process = self.context.Process(
            target=_work, args=(theirs, self.setup), daemon=True
        )
        process.start()
        theirs.close()
        self.workers.append(_Worker(process, ours))

    def _give(self, worker: _Worker, student: str) -> None:
        worker.student, worker.since = student, time.monotonic()
        with contextlib.suppress(OSError):  # it has died: `_hear` will find out
            worker.pipe.send_bytes(student.encode())

    def _hear(self) -> Iterator[tuple[_Worker, dict[str, Any] | None]]:
        """Workers that have finished with what they say, or None if they have died."""
        busy = {w.pipe: w for w in self.workers if w.student is not None}
        late = time.monotonic() - self.setup.limits.seconds - PATIENCE
        for pipe in multiprocessing.connection.wait(list(busy), timeout=ROUND):
            worker = busy[pipe]
            try:
                yield worker, json.loads(pipe.recv_bytes())
            except (EOFError, OSError):
                self._dismiss(worker)
                yield worker, None
        for worker in [w for w in busy.values() if w.student and w.since < late]:
            self._dismiss(worker)
            yield worker, None

    def _dismiss(self, worker: _Worker) -> None:
        worker.process.kill()
        worker.process.join()
        worker.pipe.close()
        self.workers.remove(worker)
