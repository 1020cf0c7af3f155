"""An IPython kernel in two halves: what can be made before the fork, and the rest.

ipykernel's application does everything in one go, which costs a tenth of a second of
computing for each kernel. Here the template makes all that needs neither a socket nor a
thread (`prepare`): configuration, shell, magics. Each fork adds its sockets (`serve`).

Left out is what no submission needs, and what would only cost time: the debugger, the
history, the heartbeat, the control channel, subshells, tracebacks, and what is written
past Python to the standard output. None of a kernel's own work is done in threads.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
import time
import uuid
from typing import Any

import zmq
from ipykernel.iostream import BackgroundSocket, IOPubThread, OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.application import BaseIPythonApplication
from IPython.core.compilerop import CachingCompiler
from IPython.core.inputtransformer2 import TransformerManager
from traitlets import Type
from zmq.eventloop.zmqstream import ZMQStream

from autograder.box.messages import CELLS
from autograder.box.watch import Watch

OPTIONS = (
    "--HistoryManager.enabled=False",
    "--InteractiveShell.cache_size=0",
    "--InteractiveShell.colors=nocolor",
    "--InteractiveShell.xmode=Minimal",
    "--IPKernelApp.capture_fd_output=False",
    "--IPKernelApp.outstream_class=autograder.box.app.Output",
    "--IPythonKernel._execute_sleep=0",
)
PRINTED = 1 << 18  # characters that are printed before the grader hears of it
PATIENCE = 30_000  # milliseconds that the grader has to connect


class App(IPKernelApp):
    """The application of ipykernel, to be prepared before a fork and served after."""

    handles: dict[int, int]  # port -> a socket that is bound and listening already

    def prepare(self) -> None:
        """All that a fork may inherit. No socket, no thread, no event loop."""
        sys.modules["debugpy"] = None  # as if it were not installed: no debugger
        BaseIPythonApplication.initialize(self, list(OPTIONS))
        self.log.setLevel(logging.CRITICAL)
        self.init_pdb()
        self.kernel = Kernel.instance(
            parent=self,
            session=self.session,
            log=self.log,
            profile_dir=self.profile_dir,
            user_ns=self.user_ns,
        )
        self.init_path()
        self.init_shell()
        self.shell.unobserve_all("exit_now")  # exit() would end it in some later cell
        self.init_gui_pylab()
        self.init_extensions()
        self.init_code()
        self.shell.run_cell("pass", silent=True)  # what is slow the first time
        self.shell.display_formatter.format(0)
        self.shell.InteractiveTB.structured_traceback(ValueError, ValueError())
        del sys.modules["debugpy"]

    def serve(self, connection: dict[str, Any], handles: dict[str, int]) -> None:
        """In the fork: be a kernel on these sockets, until the end."""
        self.session.session = str(uuid.uuid4())
        self.session.pid = os.getpid()
        self.session.key = connection["key"].encode()
        self.handles = {}
        for channel, handle in handles.items():
            port = connection[f"{channel}_port"]
            setattr(self, f"{channel}_port", port)
            self.handles[port] = handle
        self.init_sockets()
        self.init_io()
        self.init_signal()
        kernel, shell = self.kernel, self.shell
        kernel._stdout, kernel._stderr = sys.stdout, sys.stderr
        sys.stdout.tell_of = sys.stderr.tell_of = kernel.count
        kernel.shell_stream = ZMQStream(self.shell_socket)
        kernel.stdin_socket = self.stdin_socket
        kernel.iopub_thread = self.iopub_thread
        kernel.iopub_socket = self.iopub_socket
        shell.displayhook.pub_socket = self.iopub_socket
        shell.display_pub.pub_socket = self.iopub_socket
        self.displayhook.get_execution_count = lambda: kernel.execution_count
        kernel.watch = Watch(os.environ["GPT_CASES"])
        self.iopub_thread.welcome()
        self.start()

    def init_control(self, context: zmq.Context) -> None:
        """No control channel: the grader sends signals."""

    def init_iopub(self, context: zmq.Context) -> None:
        socket = context.socket(zmq.XPUB)
        socket.linger = 1000
        socket.sndhwm = 0  # a message that is dropped could be an answer
        self._bind_socket(socket, self.iopub_port)
        self.iopub_thread = Publisher(socket, self.session)
        self.iopub_socket = self.iopub_thread.background_socket

    def _bind_socket(self, s: zmq.Socket, port: int) -> int:
        s.setsockopt(zmq.USE_FD, self.handles[port])
        s.bind(f"ipc:///tmp/home/{port}")
        return port

    def init_crash_handler(self) -> None:
        """A crash is the grader's to see."""


class Compiler(CachingCompiler):
    """IPython's, as ipykernel's own hashes each cell in Python. It parses a cell once."""

    _parsed: tuple[str, ast.AST] | None = None

    def takes(self, cell: str) -> bool:
        """Whether it is Python; if so, its tree is kept for when it is asked for."""
        try:
            self._parsed = cell, super().ast_parse(cell)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
            return False
        return True

    def ast_parse(self, source: str, *how: Any, **more: Any) -> ast.AST:
        known, self._parsed = self._parsed, None
        if known and known[0] is source:
            return known[1]
        return super().ast_parse(source, *how, **more)


class Shell(ZMQInteractiveShell):
    """IPython's, which looks for magics only in a cell that is not Python already.

    That takes two milliseconds for forty lines, and ipykernel asks for it twice.
    """

    _transformed: tuple[str, str] | None = None

    def transform_cell(self, raw_cell: str) -> str:
        known, self._transformed = self._transformed, None
        if known and known[0] is raw_cell:
            return known[1]
        cell = raw_cell if raw_cell.endswith("\n") else f"{raw_cell}\n"
        if not (self._has_no_transformers_of_its_own() and self.compile.takes(cell)):
            cell = super().transform_cell(raw_cell)
        self._transformed = raw_cell, cell
        return cell

    def transformed(self, raw_cell: str) -> str | None:
        """The cell as Python; None where it cannot be, as running it will tell."""
        with contextlib.suppress(Exception):
            return self.transform_cell(raw_cell)
        return None

    def should_run_async(self, raw_cell: str, **how: Any) -> bool:
        """IPython compiles a cell to find out; one without these words need not wait."""
        may = "await" in raw_cell or "async" in raw_cell
        return may and super().should_run_async(raw_cell, **how)

    def _has_no_transformers_of_its_own(self) -> bool:
        kinds = ("cleanup_transforms", "line_transforms", "token_transformers")
        mine, usual = self.input_transformer_manager, _TRANSFORMERS
        return not self.input_transformers_post and all(
            getattr(mine, kind) == getattr(usual, kind) for kind in kinds
        )


_TRANSFORMERS = TransformerManager()


class Kernel(IPythonKernel):
    """ipykernel's, which does not tell what the grader knows: what runs, and that.

    To a request for many cells it runs one after another, and says of each when it is
    done, as if it had been asked for that cell alone. Nobody reads a reply.
    """

    shell_class = Type(Shell)
    compiler_class = Type(Compiler)
    msg_types = (*IPythonKernel.msg_types, CELLS)
    printed = 0  # characters that the grader has not been told of

    async def cells_request(self, _: Any, ident: Any, parent: dict[str, Any]) -> None:
        """Run the `cells` of the request, each the id that it answers to, and its code.

        The hidden inputs come with the first check, as the request's only buffer.
        A cell that took `patience` seconds is the last one: the grader may be about to
        interrupt it, and must not interrupt the next.
        """
        content, header = parent["content"], parent["header"]
        for inputs in parent["buffers"]:
            self.watch.lay(bytes(inputs))
        self._forward_input(allow_stdin=False)
        try:
            for name, code in content["cells"]:
                began = time.monotonic()
                mine = {**parent, "header": {**header, "msg_id": name}}
                self.set_parent(ident, mine)
                await self.run(code)
                self._publish_status("idle", "shell", mine)
                if time.monotonic() - began > content["patience"]:
                    break
                await asyncio.sleep(0)  # a turn for what the cell has left to do
        finally:
            self._restore_input()
            self.set_parent(ident, parent)

    async def run(self, code: str) -> None:
        """Run one cell, as ipykernel does it, which makes a reply of it as well."""
        shell = self.shell
        self.watch.script(code)
        cell = shell.transformed(code)
        if cell is None or not shell.should_run_async(code, transformed_cell=cell):
            shell.run_cell(code)
            return
        task = asyncio.ensure_future(shell.run_cell_async(code, transformed_cell=cell))
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task
        loop.remove_signal_handler(signal.SIGINT)  # which makes it Python's own again
        shell.events.trigger("post_execute")
        shell.events.trigger("post_run_cell", shell.last_execution_result)

    def _publish_execute_input(self, *_: Any) -> None:
        pass

    def _publish_status(self, status: str, channel: str, parent: Any = None) -> None:
        """With an idle one goes what the cell has reached for (see `watch`)."""
        if status != "busy":
            self._tell(parent or self.get_parent(channel), reached=self.watch.told())

    def count(self, printed: int) -> None:
        """Nobody reads what is printed; the grader is told how much it is."""
        self.printed += printed
        if self.printed > PRINTED:
            self._tell(self.get_parent("shell"))

    def _tell(self, parent: dict[str, Any], **idle: Any) -> None:
        state = "idle" if idle else "busy"
        content = {"execution_state": state, "printed": self.printed, **idle}
        self.printed = 0
        self.session.send(self.iopub_socket, "status", content, parent=parent)


class Publisher(IOPubThread):
    """ipykernel's thread for output, without a thread: it sends at once.

    Handing each message to another thread costs more than half a millisecond. A child
    that a submission forked sends nothing: the sockets are its parent's.
    """

    def __init__(self, socket: zmq.Socket, session: Any) -> None:
        self.socket, self.session = socket, session
        self.background_socket = BackgroundSocket(self)
        self.io_loop = None
        self.thread = threading.Thread()  # never started
        self._pipe_flag = False
        self._master_pid = os.getpid()
        self._lock = threading.RLock()

    def welcome(self) -> None:
        """Wait for the grader to subscribe, and tell it that it has."""
        if self.socket.poll(PATIENCE):
            self._handle_subscription(self.socket.recv_multipart())

    def send_multipart(self, msg: list[bytes], *args: Any, **how: Any) -> None:
        """All parts of a message, or none: no interrupt comes in between."""
        if not self._is_master_process():
            return
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            with self._lock:
                self._really_send(msg, *args, **how)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Output(OutStream):
    """What is printed: counted, and no more."""

    def write(self, string: str) -> int:
        if not isinstance(string, str):
            kind = type(string).__name__
            raise TypeError(f"write() argument must be str, not {kind}")
        self.tell_of(len(string))
        return len(string)

    def tell_of(self, printed: int) -> None:
        """The kernel's own `count`, once there is one."""

    def flush(self) -> None:
        """There is nothing to be sent."""
