"""Run a submission's cells in a box, and keep what its checks hand in. Nothing else.

What a cell prints, displays or publishes is counted and thrown away (what it prints, in
the kernel already): hidden inputs are there, so they could be in any of it. Kept are the
answers that a graded cell published while it ran, and the type of the error that ended a
cell.

A cell that dies (exit, segmentation fault, memory) or that cannot be stopped costs its
own points: the cells before it are run again in a fresh kernel, without it and without
the checks, and the rest goes on there.
"""

from __future__ import annotations

import hmac
import json
import secrets
import signal
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any, Self

import zmq
from jupyter_client.session import DELIM, Session

from autograder.box import memory
from autograder.box.kernel import Template, finish
from autograder.box.messages import CASES, CELLS
from autograder.box.provisioner import Manager
from autograder.box.sandbox import Limits
from autograder.box.watch import REACHED
from autograder.verdict.outcome import ANSWER

GRACE = 2.0  # seconds that an interrupted cell, or a killed kernel, has to end
MESSAGE = 24_000_000  # bytes of the largest message that is read
START = 60  # seconds that a kernel has to start; a cold one imports torch
PAUSE = 0.1  # seconds between two looks at how much of a message has come
ROOM = 256 << 20  # bytes that messages may take of our memory before they are read
WAITING = 8  # messages that wait to be read; more of them wait in the kernel


@dataclass
class Cell:
    """A code cell: its source, and whether it is a check. What came of it is added."""

    source: str
    graded: bool = False
    answers: list[Any] = field(default_factory=list)
    error: str | None = None  # the type of the error that ended it
    died: str | None = None  # why the kernel had to be given up
    later: bool = False  # it died when it was run again, after others had died
    reached: list[str] = field(default_factory=list)  # kinds of `watch.REACHED`


def execute(
    cells: Sequence[Cell],
    template: Template,
    files: dict[str, bytes],
    environment: dict[str, str],
    limits: Limits,
) -> float:
    """Run the cells in order; each is told what came of it.

    Of the files, the hidden inputs (`CASES`) come into a kernel with its first check, and
    not before: a cell that is done by then has known none of them.
    Returns the seconds of computing that the kernels took.
    """
    until = time.monotonic() + limits.seconds
    done, skipped, cpu = 0, set(), 0.0
    files, inputs = dict(files), files.get(CASES, b"")
    files.pop(CASES, None)
    ahead = True  # the kernel need not wait for us between two cells
    while done < len(cells):
        again = [n for n in range(done) if n not in skipped and not cells[n].graded]
        todo = {n: Cell(cells[n].source) for n in again}
        todo |= {n: cells[n] for n in range(done, len(cells))}
        with _Kernel(template, files, inputs, environment, limits, until) as kernel:
            while todo:
                if time.monotonic() >= until:
                    for late in cells[done:]:
                        late.died = f"the notebook ran for {limits.seconds:g} seconds"
                    done = len(cells)
                    break
                kernel.run(list(todo.values()) if ahead else [*todo.values()][:1])
                number, cell = next(iter(todo.items()))
                if cell.died and ahead and kernel.status() is not None:
                    # It may have died in a later cell, whose news were lost with it.
                    ahead, cell.died, cell.error, cell.answers = False, None, None, []
                    break
                del todo[number]
                done = max(done, number + 1)
                if cell.died:
                    cells[number].died = cell.died
                    cells[number].later = number in again
                    skipped.add(number)
                    break
        cpu += kernel.cpu
    return cpu


class _Kernel:
    """One kernel of a submission: started, given cells, and ended with all it started."""

    def __init__(
        self,
        template: Template,
        files: dict[str, bytes],
        inputs: bytes,
        environment: dict[str, str],
        limits: Limits,
        until: float,
    ) -> None:
        self.template, self.limits, self.until = template, limits, until
        self.manager = Manager(
            session=Session(key=secrets.token_hex(16).encode(), check_pid=False)
        )
        self.manager.template, self.manager.limits = template, limits
        self.manager.files, self.manager.environment = files, environment
        self.inputs: list[bytes] = [inputs]  # empty once it has them
        self.received = 0
        self.room = memory.private() + ROOM
        self.cpu = 0.0
        self.coming: deque[str] = deque()  # ids of the cells that it was asked for

    def __enter__(self) -> Self:
        finish(self.manager.start_kernel())
        self.session = self.manager.session
        self.name = self.manager.provisioner.name
        context = zmq.Context.instance()
        self.iopub, self.shell = context.socket(zmq.SUB), context.socket(zmq.DEALER)
        self.iopub.subscribe(b"")
        for channel, link in (("iopub", self.iopub), ("shell", self.shell)):
            link.setsockopt(zmq.MAXMSGSIZE, MESSAGE)
            link.setsockopt(zmq.RCVHWM, WAITING)  # nobody reads what shell replies
            link.setsockopt(zmq.LINGER, 0)
            port = getattr(self.manager, f"{channel}_port")
            link.connect(f"ipc://{self.manager.ip}-{port}")
        self.gone = self.iopub.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        self.poller = zmq.Poller()
        self.poller.register(self.iopub, zmq.POLLIN)
        self.poller.register(self.gone, zmq.POLLIN)
        self.poller.register(self.template.news(self.name), zmq.POLLIN)
        until = time.monotonic() + START
        while (self._receive(until) or {}).get("type") != "iopub_welcome":
            if self.status() is not None or time.monotonic() > until:
                self.__exit__()
                raise RuntimeError("the kernel did not start")
        return self

    def __exit__(self, *_: object) -> None:
        self.iopub.disable_monitor()
        self.iopub.close()
        self.shell.close()
        self.template.signal(self.name, signal.SIGKILL)
        self.template.status(self.name, 10)
        self.cpu = self.template.cpu(self.name)
        finish(self.manager.cleanup_resources())

    def status(self) -> int | None:
        return self.template.status(self.name)

    def run(self, cells: Sequence[Cell]) -> None:
        """Wait until the first cell is done, or has died, or has used up its time.

        The kernel is asked for the others, too, and need not wait for us to go on.
        """
        if first := not self.coming:
            self._ask(cells)
        cell, mine = cells[0], self.coming.popleft()
        stop = min(time.monotonic() + self.limits.cell_seconds, self.until)
        interrupted = False
        while True:
            message = self._receive(stop)
            if message is not None:
                kind, content = message["type"], message["content"]
                idle = kind == "status" and content.get("execution_state") == "idle"
                printed = content.get("printed") if kind == "status" else 0
                self.received += printed if type(printed) is int and printed > 0 else 0
                whole = idle and message["parent"] == self.request
                if whole and not (first or interrupted):  # it has left the rest
                    self._ask(cells)
                    first, mine = True, self.coming.popleft()
                elif whole or (idle and message["parent"] == mine):
                    if whole:  # it did not come to this cell's end
                        self.coming.clear()
                        cell.error = cell.error or "Error"
                    if interrupted:
                        cell.error = "Timeout"
                    reached = content.get("reached")
                    if isinstance(reached, list):
                        cell.reached = [kind for kind in REACHED if kind in reached]
                    return
                elif message["parent"] != mine:
                    continue
                elif kind == "error":
                    name = content.get("ename")
                    cell.error = name[:60] if isinstance(name, str) else "Error"
                elif kind == "display_data" and cell.graded:
                    data = content.get("data")
                    if isinstance(data, dict) and ANSWER in data:
                        if not cell.answers:
                            self.received -= message["size"]  # the one that may be long
                        if len(cell.answers) < 2:  # enough to see that it is not one
                            cell.answers.append(data[ANSWER])
            elif self.status() is not None:
                cell.died = self.template.why(self.name) or "the kernel died"
            elif self.received > self.limits.output_mb << 20:
                cell.died = f"more than {self.limits.output_mb} MB of output"
            elif time.monotonic() < stop:
                continue
            elif interrupted:
                cell.died = "it could not be interrupted"
            else:
                interrupted = True
                stop = time.monotonic() + GRACE
                self.template.signal(self.name, signal.SIGINT)
                continue
            if cell.died:
                return

    def _ask(self, cells: Sequence[Cell]) -> None:
        """Ask for cells: those before the first check, or with the inputs all the rest."""
        given: list[bytes] = []
        if self.inputs:
            before = [*takewhile(lambda cell: not cell.graded, cells)]
            if before:
                cells = before
            else:
                given, self.inputs = self.inputs, []
        request = self.session.msg(CELLS)
        self.request = request["header"]["msg_id"]
        names = [f"{self.request}-{number}" for number in range(len(cells))]
        request["content"] = {
            "cells": [[n, cell.source] for n, cell in zip(names, cells, strict=True)],
            "patience": self.limits.cell_seconds / 2,
        }
        self.session.send(self.shell, request, buffers=given)
        self.coming = deque(names)

    def _receive(self, until: float) -> dict[str, Any] | None:
        """The next sound message: its type, the id of its parent, its content and size.

        None where the time or the output is used up, or the template has news.
        """
        while self.received <= self.limits.output_mb << 20:
            left = until - time.monotonic()
            ready = dict(self.poller.poll(max(0, 1000 * min(left, PAUSE))))
            if not ready and memory.private() > self.room:
                self.received = sys.maxsize  # of a message that has no end
                return None
            if not ready and left > PAUSE:
                continue
            if self.iopub in ready:
                parts = self.iopub.recv_multipart()
            elif self.gone in ready:  # it sent more than is read at once, or it died
                self.gone.recv_multipart()
                if self.template.status(self.name, GRACE) is None:
                    self.received = sys.maxsize
                return None
            else:
                return None
            size = sum(map(len, parts))
            self.received += size
            try:
                return self._read(parts) | {"size": size}
            except (ValueError, TypeError, KeyError, RecursionError):
                continue  # not one of ours
        return None

    def _read(self, parts: list[bytes]) -> dict[str, Any]:
        """What counts of a message, if it is signed. ValueError and others if not.

        As jupyter_client's Session does, without parsing the dates of each.
        """
        start = parts.index(DELIM)
        signature, *frames = parts[start + 1 : start + 6]
        if len(frames) != 4 or not hmac.compare_digest(
            self.session.sign(frames), signature
        ):
            raise ValueError("not signed")
        header, parent, content = (json.loads(frames[i]) for i in (0, 1, 3))
        if not all(isinstance(part, dict) for part in (header, parent, content)):
            raise TypeError("not a message")
        return {
            "type": header["msg_type"],
            "parent": parent.get("msg_id"),
            "content": content,
        }
