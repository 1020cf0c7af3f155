"""The template: a process with everything imported, of which each kernel is a fork.

It runs inside the outer box (see `sandbox`), reads requests from the grader on a socket,
and answers with what becomes of its children. A request brings the kernel's connection,
the submission's files, its inputs, and five sockets that are bound already; so nothing
of the grader's has to be seen from inside. The template itself runs no torch operation
(a pool of threads would not survive a fork) and nothing of a student's.
"""

from __future__ import annotations

import array
import contextlib
import gc
import importlib
import json
import os
import random
import select
import signal
import socket
import sys
from typing import Any

from autograder import sandbox

IMPORTED = (
    *("ipykernel.kernelapp", "ipykernel.zmqshell", "IPython.display", "zmq"),
    *("numpy", "torch", "torch.nn.functional", "regex", "tiktoken"),
    *("gpt.model", "gpt.train", "autograder.check"),
)
CASES = "cases.safetensors"  # the hidden inputs, among the submission's files
CHANNELS = ("shell", "iopub", "stdin", "control", "hb")


def main(handle: int, sandboxed: bool = True) -> None:
    """Serve requests from the socket `handle` until the grader closes it."""
    _import()
    grader = socket.socket(fileno=handle)
    threads = len(os.listdir("/proc/self/task"))
    if threads != 1:
        raise RuntimeError(f"the template has {threads} threads; forks need one")
    gc.collect()
    gc.freeze()
    running: dict[int, str] = {}  # process -> the name of its run
    ended, end = os.pipe()
    os.set_blocking(end, False)
    os.set_blocking(ended, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(end, warn_on_full_buffer=False)
    _send(grader, {"ready": os.getpid()})
    while True:
        ready, _, _ = select.select([grader, ended], [], [])
        if ended in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(ended, 4096)
            _reap(grader, running)
        if grader in ready:
            request, files, handles = receive(grader)
            if request is None:
                break
            if "signal" in request:
                for pid, name in running.items():
                    if name == request["name"]:
                        _signal(pid, request["signal"], sandboxed)
                continue
            pid = os.fork()
            if not pid:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for other in (grader.fileno(), ended, end):
                    os.close(other)
                try:
                    _become(request, files, handles, sandboxed)
                except BaseException as error:  # noqa: BLE001 - it has no other way
                    os.write(2, f"{type(error).__name__}: {error}\n".encode())
                os._exit(71)
            running[pid] = request["name"]
            for file in handles:
                os.close(file)
            _send(grader, {"name": request["name"], "pid": pid})
    for pid in running:
        _signal(pid, signal.SIGKILL, sandboxed)


def _import() -> None:
    """What notebooks need, and the kernel's own machinery, once for all."""
    for name in IMPORTED:
        importlib.import_module(name)
    sys.modules["torch"].set_num_threads(1)


def _become(
    request: dict[str, Any], files: list[bytes], handles: list[int], sandboxed: bool
) -> None:
    """In the new process: close the box, lay out the files, and be a kernel."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(nothing, stream)
    os.close(nothing)
    enter = sandbox.enter if sandboxed else sandbox.stay
    enter(sandbox.Limits(**request["limits"]))
    for name, content in zip(request["files"], files, strict=True):
        with open(name, "wb") as file:
            file.write(content)
    os.environ.update(request["environment"])
    os.environ["GPT_CASES"] = os.path.abspath(CASES)
    _seed()
    _serve(request["connection"], handles)


def _seed() -> None:
    """Forks would otherwise all draw the same numbers."""
    import numpy as np
    import torch

    seed = int.from_bytes(os.urandom(4), "little")
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def _serve(connection: dict[str, Any], handles: list[int]) -> None:
    """Be an IPython kernel on sockets that are bound and listening already."""
    import zmq
    from ipykernel.kernelapp import IPKernelApp

    bound = dict(zip(CHANNELS, handles, strict=True))

    class Kernel(IPKernelApp):
        def _bind_socket(self, s: Any, port: int) -> int:
            channel = next(c for c in CHANNELS if connection[f"{c}_port"] == port)
            s.setsockopt(zmq.USE_FD, bound[channel])
            s.bind(f"ipc:///tmp/home/{channel}")
            return port

        def init_heartbeat(self) -> None:
            """The grader sees by itself whether the process lives."""

        def init_connection_file(self) -> None:
            for name, value in connection.items():
                if name == "key":
                    self.session.key = value.encode()
                elif name.endswith("_port") or name in ("ip", "transport"):
                    setattr(self, name, value)

        def write_connection_file(self, **_: Any) -> None:
            """There is none."""

        def init_crash_handler(self) -> None:
            """A crash is the grader's to see."""

    app = Kernel.instance()
    app.initialize(
        [
            "--HistoryManager.enabled=False",
            "--log-level=50",
            "--InteractiveShell.cache_size=0",
        ]
    )
    app.start()
    os._exit(0)


# --- messages between grader and template --------------------------------------------


def _send(connection: socket.socket, message: dict[str, Any]) -> None:
    connection.sendall(json.dumps(message).encode() + b"\n")


def send(
    connection: socket.socket,
    request: dict[str, Any],
    files: list[bytes] = [],  # noqa: B006 - it is only read
    handles: list[int] = [],  # noqa: B006
) -> None:
    """A request with the contents of files and with open file descriptors."""
    head = json.dumps({**request, "sizes": [len(f) for f in files]}).encode()
    ancillary = []
    if handles:
        sent = array.array("i", handles)
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, sent)]
    connection.sendmsg([len(head).to_bytes(8, "big")], ancillary)
    connection.sendall(head + b"".join(files))


def receive(
    connection: socket.socket,
) -> tuple[dict[str, Any] | None, list[bytes], list[int]]:
    """A request as `send` sent it; None when the grader is gone."""
    room = socket.CMSG_SPACE(len(CHANNELS) * array.array("i").itemsize)
    size, ancillary, _, _ = connection.recvmsg(8, room)
    if not size:
        return None, [], []
    handles = array.array("i")
    for _, _, data in ancillary:
        handles.frombytes(data)
    size += _exactly(connection, 8 - len(size))
    request = json.loads(_exactly(connection, int.from_bytes(size, "big")))
    files = [_exactly(connection, n) for n in request["sizes"]]
    return request, files, list(handles)


def _exactly(connection: socket.socket, size: int) -> bytes:
    parts = []
    while size:
        part = connection.recv(min(size, 1 << 20))
        if not part:
            raise EOFError("the grader is gone")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _reap(grader: socket.socket, running: dict[int, str]) -> None:
    while running:
        with contextlib.suppress(ChildProcessError):
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            name = running.pop(pid, None)
            if name:
                _send(
                    grader, {"name": name, "ended": os.waitstatus_to_exitcode(status)}
                )
            continue
        return


def _signal(pid: int, number: int, sandboxed: bool) -> None:
    """To the box's first process, which is the only child of `pid`."""
    if not sandboxed:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        return
    with (
        contextlib.suppress(OSError, IndexError),
        open(f"/proc/{pid}/task/{pid}/children") as file,
    ):
        os.kill(int(file.read().split()[0]), number)


if __name__ == "__main__":
    main(int(sys.argv[1]), sandboxed="--no-sandbox" not in sys.argv)
