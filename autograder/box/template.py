"""The template: a process with everything imported, of which each kernel is a fork.

It runs inside the outer box (see `sandbox`), reads requests from the grader on a socket,
and answers with what becomes of its children. A request brings the kernel's connection,
the submission's files, its inputs, and its sockets, bound already; so nothing of the
grader's has to be seen from inside. The template itself runs no torch operation (a pool
of threads would not survive a fork) and nothing of a student's. It looks after the
memory of the boxes. Called with --cold it is no template, but becomes one kernel.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import random
import select
import signal
import socket
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from autograder.box import inner, linux, memory
from autograder.box.messages import CASES, CHANNELS, receive, tell
from autograder.box.sandbox import WORK, Limits

if TYPE_CHECKING:
    from autograder.box.app import App

IMPORTED = (
    *("numpy", "numpy.random", "torch", "torch.nn.functional", "regex", "tiktoken"),
    *("matplotlib.pyplot", "matplotlib_inline.backend_inline", "IPython.display"),
    *("gpt.model", "gpt.train", "gpt.world", "autograder.check"),
    *("IPython.core.logger", "tornado.platform.asyncio"),  # what a kernel imports late
)
PAUSE = 0.1  # seconds between two looks at how much memory the boxes hold


@dataclass
class Run:
    """A kernel that runs."""

    name: str
    memory_mb: int  # how much all processes of its box may hold
    cpu: float  # seconds that it took of the template
    why: str | None = None  # it was ended


def main(handle: int, sandboxed: bool = True) -> None:
    """Serve requests from the socket `handle` until the grader closes it."""
    app = _import()
    grader = socket.socket(fileno=handle)
    threads = _threads()
    if threads != 1:
        tell(grader, {"no": f"the template has {threads} threads; forks need one"})
        return
    gc.collect()
    gc.freeze()
    linux.collapse()
    shared = memory.private()
    running: dict[int, Run] = {}
    ended, end = os.pipe()
    os.set_blocking(end, False)
    os.set_blocking(ended, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(end, warn_on_full_buffer=False)
    tell(grader, {"ready": os.getpid()})
    look = time.monotonic() + PAUSE
    while True:
        ready, _, _ = select.select([grader, ended], [], [], PAUSE if running else None)
        if ended in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(ended, 4096)
            _reap(grader, running)
        if (began := time.monotonic()) > look:
            _look(running, shared, sandboxed)
            took = time.monotonic() - began
            look = began + max(PAUSE, 10 * took)  # a bomb shall not keep us from work
        if grader in ready:
            request, files, handles = receive(grader)
            if request is None:
                break
            if "signal" in request:
                for pid, run in running.items():
                    if run.name == request["name"]:
                        _signal(pid, request["signal"])
                continue
            before = time.process_time()
            limits = Limits(**request["limits"])
            try:
                pid = inner.fork(limits) if sandboxed else os.fork()
            except OSError:  # no room for one more process
                pid = None
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for other in (grader.fileno(), ended, end):
                    os.close(other)
                if not sandboxed:
                    inner.stay(limits)
                _become(app, request, files, handles)
            for file in handles:
                os.close(file)
            cpu = time.process_time() - before
            if pid is None:
                tell(grader, {"name": request["name"], "ended": 71, "cpu": cpu})
                continue
            running[pid] = Run(request["name"], limits.memory_mb, cpu)
    for pid in running:
        _signal(pid, signal.SIGKILL)
    os._exit(0)


def _threads(patience: float = 2.0) -> int:
    """How many threads there are, when those that are about to end have ended.

    Matplotlib has one while it looks for fonts, and does not wait for its end.
    """
    until = time.monotonic() + patience
    while (many := len(os.listdir("/proc/self/task"))) > 1 and time.monotonic() < until:
        time.sleep(0.01)
    return many


def cold(handle: int) -> None:
    """Be the kernel of the one request from the socket `handle`."""
    app = _import()
    with socket.socket(fileno=handle) as grader:
        request, files, handles = receive(grader)
    if request is not None:
        os.makedirs(WORK)
        os.chdir(WORK)
        inner.harden(Limits(**request["limits"]))
        _become(app, request, files, handles)


def _import() -> App:
    """What notebooks need, and a kernel as far as it can be made, once for all."""
    from autograder.box.app import App

    for name in IMPORTED:
        importlib.import_module(name)
    sys.modules["torch"].set_num_threads(1)
    sys.modules["torch"].compile = _as_written
    sys.modules["gpt.world"].corpus(60_000, seed=1)  # it keeps what can follow what
    os.makedirs(os.environ["IPYTHONDIR"], exist_ok=True)
    app = App.instance()
    app.prepare()
    return app


def _as_written(model: Any = None, **_: Any) -> Any:
    """In place of `torch.compile`: the function runs as it is written, which is the same.

    The compiler would start a C++ compiler, which no box has, in threads that no signal
    ends: an honest answer would have cost its author all the time there is.
    """
    return model if model is not None else lambda model: model


def _become(
    app: App, request: dict[str, Any], files: list[bytes], handles: list[int]
) -> NoReturn:
    """In the new process: lay out the files, and be a kernel."""
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        os.close(nothing)
        for name, content in zip(request["files"], files, strict=True):
            with open(name, "wb") as file:
                file.write(content)
        os.environ.update(request["environment"])
        os.environ["GPT_CASES"] = os.path.abspath(CASES)
        _seed()
        app.serve(request["connection"], dict(zip(CHANNELS, handles, strict=True)))
    finally:
        os._exit(71)  # the grader sees that it ended


def _seed() -> None:
    """Forks would otherwise all draw the same numbers."""
    import numpy as np
    import torch

    seed = int.from_bytes(os.urandom(4), "little")
    random.seed(seed)
    np.random.seed(seed)
    torch.default_generator.manual_seed(seed)


def _reap(grader: socket.socket, running: dict[int, Run]) -> None:
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if not pid:
                return
            if run := running.pop(pid, None):
                message = {
                    "name": run.name,
                    "ended": os.waitstatus_to_exitcode(status),
                    "cpu": run.cpu + usage.ru_utime + usage.ru_stime,
                    "why": run.why,
                }
                tell(grader, message)


def _look(running: dict[int, Run], shared: int, boxed: bool) -> None:
    """End the boxes that hold more memory than they may."""
    for pid, run in running.items():
        if not run.why:
            run.why = memory.excess(pid, run.memory_mb, shared, boxed)
            if run.why:
                _signal(pid, signal.SIGKILL)


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


if __name__ == "__main__":
    if "--cold" in sys.argv:
        cold(int(sys.argv[1]))
    else:
        main(int(sys.argv[1]), sandboxed="--no-sandbox" not in sys.argv)
