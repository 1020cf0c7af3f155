"""Ctrl-C at times at which it would do harm: it is heard, and obeyed a little later."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator, Mapping
from typing import Any


@contextlib.contextmanager
def later() -> Iterator[None]:
    """A Ctrl-C within is obeyed at the end: KeyboardInterrupt.

    PyTorch's libraries end the process where it comes up while they are loaded: import
    what holds them in here.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # no signal comes here
        return
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if heard:
        raise KeyboardInterrupt


def obey(result: Mapping[str, Any]) -> None:
    """KeyboardInterrupt where it ended one of nbgrader's commands, which only says so."""
    last = (result.get("error") or "").strip().rpartition("\n")[2]
    if not result["success"] and last.startswith("KeyboardInterrupt"):
        raise KeyboardInterrupt
