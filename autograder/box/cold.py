"""A kernel that is no fork: one bubblewrap each, where an inner box cannot be made.

Some systems let bubblewrap make namespaces and no process inside it (Ubuntu 24.04's
AppArmor profile). There each kernel imports for itself, which takes seconds instead of
milliseconds; the box has the same walls.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import threading
from typing import Any

from autograder.box import memory, messages
from autograder.box.sandbox import Box, Limits

PAUSE = 0.1  # seconds between two looks at how much memory it holds


class Cold:
    """One kernel in a box of its own, from its start to its end."""

    def __init__(
        self,
        box: Box,
        request: dict[str, Any],
        files: list[bytes],
        handles: list[int],
        limits: Limits,
    ) -> None:
        self.limits = limits
        ours, theirs = socket.socketpair()
        command = [*box.command(limits), box.python, "-m", "autograder.box.template"]
        with ours, theirs:
            self.process = subprocess.Popen(
                [*command, str(theirs.fileno()), "--cold"],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                preexec_fn=box.prepare,  # noqa: PLW1509 - it takes no lock
            )
            messages.send(ours, request, files, handles)
        self.news = os.pidfd_open(self.process.pid)  # readable when it has ended
        self.end: dict[str, Any] | None = None
        self.why: str | None = None
        self._over = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def signal(self, number: int) -> None:
        """To the box's first process, which is the only child of bubblewrap's."""
        with contextlib.suppress(ProcessLookupError):  # it ended by itself
            if first := self._first():
                os.kill(first, number)
            elif number == signal.SIGKILL:
                self.process.kill()

    def ended(self, seconds: float) -> dict[str, Any] | None:
        """What became of it, waiting that long; None while it lives."""
        if self.end is None and select.select([self.news], [], [], seconds)[0]:
            _, status, usage = os.wait4(self.process.pid, 0)
            self.process.returncode = os.waitstatus_to_exitcode(status)
            cpu = usage.ru_utime + usage.ru_stime
            self.end = {"ended": self.process.returncode, "cpu": cpu, "why": self.why}
            self._over.set()
        return self.end

    def close(self) -> None:
        self.signal(signal.SIGKILL)
        if self.ended(5) is None:
            self.process.kill()
            self.ended(5)
        os.close(self.news)

    def _first(self) -> int | None:
        with contextlib.suppress(OSError, IndexError):
            return memory.children(self.process.pid)[0]
        return None

    def _watch(self) -> None:
        while not self._over.wait(PAUSE):
            first = self._first()
            why = first and memory.excess(first, self.limits.memory_mb)
            if why:
                self.why = why
                self.signal(signal.SIGKILL)
                return


class Nothing:
    """In place of a template's process where there is no template: it never ends."""

    pid = None

    def poll(self) -> None:
        return None
