"""On a worker of a Dask cluster: takes submissions to processes that grade them.

Dask's own worker process only carries. Beside it stands a grading process for each of
its threads, `worker.serve`, with a warm template of its own, which is kept from one
submission to the next. So nothing is forked where Dask has threads, a grading process
that dies costs no Dask worker, and a Dask worker that dies takes its own along.

What a class has in common is delivered once and held in memory only; nothing is written
to a disk. It is forgotten when the run ends, or when nothing was asked for some minutes.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import os
import platform
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from autograder.box import sandbox

IDLE = 600.0  # seconds after which a run that was not ended is forgotten
_HOME = Path(__file__).resolve().parents[2]  # where the packages are
_SAME = ("torch", "numpy", "distributed")  # packages that must be of one version


def about(boxed: bool) -> dict[str, str | None]:
    """What must be the same here and there, and why nothing can be boxed in here."""
    found: dict[str, str | None] = {
        "the course": _code(),
        "Python": ".".join(platform.python_version_tuple()[:2]),
    }
    found |= {name: importlib.metadata.version(name) for name in _SAME}
    found["no sandbox"] = sandbox.why_not() if boxed else None
    return found


@cache
def _code() -> str:
    """A hash of the course's code, and of the model that notebooks load."""
    digest = hashlib.sha256()
    for package, pattern in (("autograder", "*.py"), ("gpt", "*")):
        for file in sorted((_HOME / package).rglob(pattern)):
            within = file.relative_to(_HOME)
            if file.is_file() and not {"__pycache__", "classes"} & set(within.parts):
                digest.update(f"{within.as_posix()}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:12]


class _Child:
    """A process that grades, seen from here. `setup` is what `worker.serve` takes."""

    def __init__(self, setup: bytes) -> None:
        ours, theirs = socket.socketpair()
        path = [str(_HOME), os.environ.get("PYTHONPATH", "")]
        program = (
            f"from autograder.classroom import worker; worker.serve({theirs.fileno()})"
        )
        self.process = _keeper.submit(  # what it starts ends with its thread
            subprocess.Popen,
            [sys.executable, "-c", program],
            pass_fds=[theirs.fileno()],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path))},
            stdin=subprocess.DEVNULL,
        ).result()
        theirs.close()
        self.pipe = Connection(ours.detach())
        self.asked = time.monotonic()
        with contextlib.suppress(OSError):  # it has died: `ask` will find out
            self.pipe.send_bytes(setup)

    def ask(self, message: bytes, seconds: float) -> bytes | None:
        """What it says; None where it died, or says nothing for so long."""
        self.asked = time.monotonic()
        with contextlib.suppress(EOFError, OSError):
            self.pipe.send_bytes(message)
            if self.pipe.poll(seconds):
                return self.pipe.recv_bytes()
        return None

    def end(self) -> None:
        """It takes its boxes along."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


_keeper = ThreadPoolExecutor(1, "grading")  # one thread that lives as long as we do
_lock = threading.Lock()
_setups: dict[str, bytes] = {}
_idle: dict[str, list[_Child]] = {}
_busy: dict[str, list[_Child]] = {}


def deliver(run: str, setup: bytes) -> None:
    """Keep what a run's submissions have in common."""
    with _lock:
        _setups[run] = setup
        if len(_setups) == 1:
            threading.Thread(target=_tidy, daemon=True).start()


def forget(run: str) -> None:
    """End what grades for a run, and keep nothing of it."""
    with _lock:
        _setups.pop(run, None)
        ended = [*_idle.pop(run, []), *_busy.get(run, [])]
    for child in ended:  # Dask's own loop calls this, and shall not wait
        threading.Thread(target=child.end).start()


def grade(run: str, message: bytes, seconds: float) -> bytes | None:
    """What became of a submission, as `worker` says it, in JSON.

    None where the process died or was silent for so many seconds. Empty where the run is
    not known here: it is to be delivered, and the submission sent again.
    """
    with _lock:
        setup = _setups.get(run)
        child = _idle[run].pop() if _idle.get(run) else None
    if setup is None:
        return b""
    child = child or _Child(setup)
    with _lock:
        _busy.setdefault(run, []).append(child)
    said = child.ask(message, seconds)
    with _lock:
        _busy[run].remove(child)
        if not _busy[run]:
            del _busy[run]
        kept = said is not None and run in _setups
        if kept:
            _idle.setdefault(run, []).append(child)
    if not kept:
        child.end()
    return said


def _tidy(pause: float = 30.0) -> None:
    """Forget runs that were never ended: who asked is gone."""
    while _setups:
        time.sleep(pause)
        long_ago = time.monotonic() - IDLE
        with _lock:
            old = [r for r in _setups if not _busy.get(r) and _last(r) < long_ago]
        for run in old:
            forget(run)


def _last(run: str) -> float:
    """When a run was last asked for something; one that never was is new."""
    return max((child.asked for child in _idle.get(run, [])), default=time.monotonic())


def state() -> dict[str, Any]:
    """What is kept here, and the processes that grade: for those who look after it."""
    with _lock:
        every = [c for kept in (_idle, _busy) for found in kept.values() for c in found]
        return {"runs": list(_setups), "pids": [child.process.pid for child in every]}
