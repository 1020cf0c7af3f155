"""Kernels for submissions: forks of a warm template, each in a box of its own.

`Template` is the template as the grader sees it. How jupyter_client comes to its kernels
is in `provisioner`.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Coroutine
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self, TypeVar

from autograder.box import messages, sandbox
from autograder.box.cold import Cold, Nothing
from autograder.box.sandbox import Limits

T = TypeVar("T")


def finish(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run it to its end, also where another event loop is running, as in formgrader.

    What it starts ends with us: a process that is to die with its parent dies with the
    thread that started it, and this one lives as long as we.
    """
    return asyncio.run_coroutine_threadsafe(coroutine, _loop(os.getpid())).result()


@functools.cache
def _loop(_process: int) -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return loop


class Template:
    """A running template process, seen from the grader. To be used with `with`.

    Where forks are not possible, or if told so, it starts each kernel `cold` instead.

    `sandboxed=False` leaves out both boxes: for code that the grader trusts. ValueError,
    in a sentence that says what to install, where a sandbox is wanted and cannot be had.
    """

    def __init__(self, sandboxed: bool = True, cold: bool | None = None) -> None:
        if sandboxed and (problem := sandbox.why_not()):
            raise ValueError(
                f"{problem}; or grade code that you trust with --no-sandbox"
            )
        self.sandboxed = sandboxed
        self.box = sandbox.Box()
        self.cold = sandboxed and (not sandbox.warm() if cold is None else cold)
        self.process: subprocess.Popen | Nothing = Nothing()
        self.ended: dict[str, dict[str, Any]] = {}  # name of a run -> what became of it
        self._alone: dict[str, Cold] = {}  # name of a run -> a kernel that is no fork
        self._unread = b""
        if not self.cold and not self._warm_up():
            self.cold = True

    def _warm_up(self) -> bool:
        """Start the process; False where no kernel can be a fork of it."""
        self.socket, theirs = socket.socketpair()
        command = ["-m", "autograder.box.template", str(theirs.fileno())]
        how: dict[str, Any] = {}
        if self.sandboxed:
            command = [*self.box.command(), self.box.python, *command]
            how = {"preexec_fn": self.box.prepare}
        else:
            command = [sys.executable, *command, "--no-sandbox"]
            home = str(Path(__file__).resolve().parents[2])
            room = str(self.box.folder / "home")
            env = {
                **self.box.environment,
                "PYTHONPATH": home,
                "PATH": os.environ["PATH"],
                "HOME": room,
                "IPYTHONDIR": f"{room}/.ipython",
                "MPLCONFIGDIR": room,
            }
            how = {"env": env, "cwd": self.box.folder}

        async def start() -> subprocess.Popen:
            return subprocess.Popen(  # noqa: ASYNC220 - a few milliseconds
                command,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                **how,
            )

        self.process = finish(start())
        theirs.close()
        try:
            said = self._message(60)
        except (EOFError, TimeoutError):
            self.process.kill()
            said = self.process.stderr.read().decode(errors="replace").strip()
            self.close()
            raise RuntimeError(f"the template did not start: {said}") from None
        if "ready" not in said:
            self._end()
            self.process = Nothing()
        return "ready" in said

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(
        self,
        connection: dict[str, Any],
        handles: list[int],
        files: dict[str, bytes],
        environment: dict[str, str],
        limits: Limits,
    ) -> str:
        """Fork a kernel; the name of its run."""
        name = secrets.token_hex(8)
        request = {
            "name": name,
            "connection": connection,
            "files": list(files),
            "environment": environment,
            "limits": asdict(limits),
        }
        if self.cold:
            contents = list(files.values())
            self._alone[name] = Cold(self.box, request, contents, handles, limits)
            return name
        messages.send(self.socket, request, list(files.values()), handles)
        return name

    def signal(self, name: str, number: int) -> None:
        """Send a signal to a run's kernel; SIGKILL ends all that is in its box."""
        if self.cold:
            if name in self._alone:
                self._alone[name].signal(number)
            return
        with contextlib.suppress(OSError):
            messages.send(self.socket, {"signal": number, "name": name})

    def status(self, name: str, seconds: float = 0) -> int | None:
        """The exit status of a run, waiting that long for it; None while it lives."""
        if name in self._alone and (end := self._alone[name].ended(seconds)):
            self.ended[name] = end
            self._alone.pop(name).close()
        until = time.monotonic() + seconds
        while name not in self.ended and not self.cold:
            if self.process.poll() is not None:
                return -signal.SIGKILL
            left = until - time.monotonic()
            try:
                message = self._message(max(0, left))
            except TimeoutError:
                return None
            except EOFError:
                return -signal.SIGKILL
            self.ended[message["name"]] = message
        return self.ended[name]["ended"] if name in self.ended else None

    def news(self, name: str) -> int:
        """A file descriptor to wait on: readable when there may be a new status."""
        return self._alone[name].news if self.cold else self.socket.fileno()

    def why(self, name: str) -> str | None:
        """Why a run was ended, if it was not by the grader."""
        return self.ended.get(name, {}).get("why")

    def cpu(self, name: str) -> float:
        """The seconds of computing that a run took, of which the end is known."""
        return self.ended.get(name, {}).get("cpu", 0.0)

    def _message(self, seconds: float) -> dict[str, Any]:
        """The next line of the template's; TimeoutError where none comes in time."""
        while b"\n" not in self._unread:
            if not select.select([self.socket], [], [], seconds)[0]:
                raise TimeoutError
            part = self.socket.recv(1 << 16)
            if not part:
                raise EOFError
            self._unread += part
        line, _, self._unread = self._unread.partition(b"\n")
        return json.loads(line)

    def close(self) -> None:
        """End the template and every box that is still open. Twice is no harm."""
        for alone in self._alone.values():
            alone.close()
        self._alone.clear()
        if not isinstance(self.process, Nothing):
            self._end()
        self.box.close()

    def _end(self) -> None:
        self.socket.close()  # it ends by itself, and is waited for with all it started
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stderr.close()
