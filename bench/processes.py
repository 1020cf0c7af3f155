"""What a command takes, with all the processes that it starts: time, computing, memory."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Took:
    """`seconds` by the clock, `cpu` seconds of it and all it waited for, peak memory."""

    seconds: float
    cpu: float
    peak_mb: float


def run(
    command: Sequence[str | Path], folder: Path, environment: dict[str, str]
) -> Took:
    """Run a command in a folder, from its start to its end.

    What it says goes to the file `log` there. RuntimeError, with the end of that, where
    it fails.
    """
    start = time.perf_counter()
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=log
        )
        with watched(process.pid, pause=5) as peak:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if status:
        raise RuntimeError((folder / "log").read_text()[-2000:])
    return Took(seconds, usage.ru_utime + usage.ru_stime, max(peak))


@contextlib.contextmanager
def watched(
    pid: int, pause: float = 1.0, without: str | None = None
) -> Iterator[list[float]]:
    """The proportional memory, in MB, of a process and all its descendants.

    A page that two processes share counts once. pause: seconds between two looks, of
    which each takes some 15 ms of a core for each process with torch in it.
    without: the name of programs that do not count, nor what they start.
    """
    seen, done = [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(pause):
            with contextlib.suppress(OSError, IndexError, ValueError):
                seen.append(sum(map(_memory, _descendants(pid, without))))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


def _descendants(pid: int, without: str | None) -> list[int]:
    with contextlib.suppress(OSError):
        if without and Path(f"/proc/{pid}/comm").read_text().strip() == without:
            return []
    found = [pid]
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            children = Path(f"/proc/{pid}/task/{task}/children").read_text()
            for child in map(int, children.split()):
                found += _descendants(child, without)
    return found


def _memory(pid: int) -> float:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0
