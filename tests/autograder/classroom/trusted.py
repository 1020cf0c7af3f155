"""What memory the trusted side of grading takes: all of it but the boxes."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import psutil


@contextlib.contextmanager
def watched(pid: int) -> Iterator[list[float]]:
    """The memory of a grader and of all that serves it, in MB, ten times a second.

    It is proportional: a page that two processes share counts once. Boxes, which the
    limits of a submission bound, do not count.
    """
    seen, over = [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            with contextlib.suppress(psutil.Error):
                seen.append(sum(map(_memory, _ours(psutil.Process(pid)))))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def _ours(process: psutil.Process) -> Iterator[psutil.Process]:
    yield process
    for child in process.children():
        if child.name() != "bwrap":
            yield from _ours(child)


def _memory(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.Error):
        return process.memory_full_info().pss / 2**20
    return 0.0
