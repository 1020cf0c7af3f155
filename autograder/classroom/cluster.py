"""A class graded on a Dask cluster: the same as `runner`, on other machines.

Submissions are read here and travel as bytes; verdicts come back as JSON, and only this
process writes them down. A worker that dies costs time: Dask gives its submissions to
another one. No more of them travel at a time than keep the workers busy.
"""

from __future__ import annotations

import contextlib
import json
import logging
import pickle
import queue
import re
import time
import traceback
import uuid
import warnings
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Self

from autograder.classroom import courier, worker
from autograder.classroom.collect import collect
from autograder.classroom.runner import ATTEMPTS, DIED, PATIENCE
from autograder.classroom.setup import Setup

CONNECT = 10.0  # seconds for a scheduler to answer
WORKERS = 30.0  # seconds for a first worker to be there
AHEAD = 2  # submissions that wait at a worker's thread for each that is graded there
_MISSING = re.compile(r"No module named '(\w+)")
ROUND = 2.0  # seconds between two looks at a cluster that says nothing


class Cluster:
    """The cluster whose scheduler is at `address`. To be used with `with`.

    ValueError where there is no scheduler or no worker, where a worker has another
    version of the course or no sandbox, and where the cluster is lost in mid-run.
    """

    def __init__(self, setup: Setup, address: str) -> None:
        self.setup, self.address = setup, address
        self.run = uuid.uuid4().hex
        self.seconds = setup.limits.seconds + PATIENCE
        self.threads = 0
        self.news: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        try:
            from distributed import Client
        except ModuleNotFoundError:
            raise ValueError(
                "a Dask cluster needs the package distributed: pip install distributed"
            ) from None
        for name in "distributed", "tornado.application", "asyncio":
            logging.getLogger(name).setLevel(
                logging.CRITICAL + 1
            )  # we say what is wrong
        warnings.filterwarnings("ignore", module="distributed")
        try:
            self.client = Client(
                self.address, timeout=CONNECT, set_as_default=False, name="grader"
            )
        except (OSError, TimeoutError, ValueError, TypeError, RuntimeError) as error:
            why = str(error).splitlines() or [type(error).__name__]
            raise ValueError(
                f"no Dask scheduler answers at {self.address}: {why[0][:150]}"
            ) from None
        try:
            self._begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(Exception):  # a cluster that is lost needs no goodbye
            forget = (self.client._run, courier.forget, self.run)
            self.client.sync(*forget, on_error="ignore", callback_timeout=5)
        with contextlib.suppress(Exception):
            self.client.close(timeout=5)

    def _begin(self) -> None:
        try:
            self.client.wait_for_workers(1, timeout=WORKERS)
        except TimeoutError:
            raise ValueError(
                f"the Dask scheduler at {self.address} has no workers; start some, for "
                f"instance on each machine: dask worker {self.address}"
            ) from None
        self.blob = worker.sent(self.setup)
        self._count()
        self._deliver(None)

    def _count(self) -> None:
        try:
            self.threads = sum(self.client.nthreads().values())
        except (OSError, TimeoutError, RuntimeError):  # it will be seen to be lost
            self.threads = 0

    def _deliver(self, workers: list[str] | None) -> None:
        """Give workers what a class has in common, if they are as we are."""
        boxed = self.setup.sandboxed
        ours = courier.about(boxed=False)
        there = self.client.run(
            courier.about, boxed, workers=workers, on_error="return"
        )
        for place, theirs in there.items():
            if isinstance(theirs, OSError):
                continue  # it has gone meanwhile
            if isinstance(theirs, BaseException):
                if missing := _MISSING.search(str(theirs)):
                    raise ValueError(
                        f"the worker {place} has no {missing[1]}: install the course there"
                    )
                raise ValueError(f"the worker {place} fails: {theirs}"[:300])
            if why := theirs.pop("no sandbox"):
                raise ValueError(f"the worker {place} has no sandbox: {why}")
            for what, version in theirs.items():
                if version != ours[what]:
                    raise ValueError(
                        f"the worker {place} has another version of {what}: {version}, "
                        f"here it is {ours[what]}"
                    )
        self.client.run(
            courier.deliver, self.run, self.blob, workers=workers, on_error="ignore"
        )

    def grade(self, students: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each student with what came of the submission, in the order of coming.

        As `Runner.grade` has it.
        """
        todo = deque((student, 1) for student in students)
        waiting: dict[Any, tuple[str, int]] = {}  # those that travel
        while todo or waiting:
            while todo and len(waiting) < AHEAD * max(1, self.threads) + 1:
                student, attempt = todo.popleft()
                try:
                    message = self._read(student)
                except OSError as error:
                    trace = traceback.format_exc()
                    yield student, {"problem": str(error), "trace": trace}
                    continue
                future = self._send(message)
                waiting[future] = student, attempt
                future.add_done_callback(self.news.put)
            if not waiting:
                continue
            future = self._next()
            student, attempt = waiting.pop(future)
            said = self._said(future)
            future.release()
            if said is None:
                todo.appendleft((student, attempt))
            elif "problem" in said and attempt < ATTEMPTS:
                todo.append((student, attempt + 1))
            else:
                yield student, said

    def _read(self, student: str) -> bytes:
        """A submission's bytes. What was released takes the place of what has its name."""
        folder = self.setup.submitted / student / self.setup.assignment
        handed_in = collect(folder, self.setup.assignment)
        files = {
            name: data
            for name, data in handed_in.files.items()
            if name not in self.setup.sources
        }
        return pickle.dumps(replace(handed_in, files=files))

    def _send(self, message: bytes) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a submission that is large
            return self.client.submit(
                courier.grade,
                self.run,
                message,
                self.seconds,
                key=f"grade-{self.run}-{uuid.uuid4().hex}",
                pure=False,
            )

    def _next(self) -> Any:
        """The next that has come. ValueError where none can come any more."""
        alone = time.monotonic()
        while True:
            try:
                return self.news.get(timeout=ROUND)
            except queue.Empty:
                pass
            self._alive()
            self._count()
            if self.threads:
                alone = time.monotonic()
            elif time.monotonic() - alone > PATIENCE:
                raise ValueError(
                    f"the Dask scheduler at {self.address} has had no worker for "
                    f"{PATIENCE} seconds. {_GOES_ON}"
                )

    def _alive(self) -> None:
        if self.client.status != "running":
            raise ValueError(
                f"the Dask scheduler at {self.address} was lost. {_GOES_ON}"
            )

    def _said(self, future: Any) -> dict[str, Any] | None:
        """What came of a submission; None where it is to be sent again."""
        if future.status not in ("finished", "error"):
            self._lost()
        try:
            data = future.result(timeout=60)
        except Exception as error:  # noqa: BLE001 - whatever the worker met
            return self._failed(error)
        if data == b"":  # a worker that has come since
            self._count()
            self._deliver(None)
            return None
        return {"problem": DIED} if data is None else json.loads(data)

    def _failed(self, error: Exception) -> dict[str, Any]:
        from distributed.scheduler import KilledWorker

        if isinstance(error, KilledWorker):
            return {"problem": DIED}
        if missing := _MISSING.search(str(error)):
            raise ValueError(
                f"a worker has no {missing[1]}: install the course there. {_GOES_ON}"
            ) from None
        self._alive()
        return {"problem": f"{type(error).__name__}: {error}"[:300]}

    def _lost(self) -> None:
        """Its future was cancelled: by whoever ended the scheduler, or restarted it."""
        self._alive()
        raise ValueError(
            f"the Dask scheduler at {self.address} has dropped this run. {_GOES_ON}"
        )


_GOES_ON = "What is graded is in the gradebook; the same command goes on"
