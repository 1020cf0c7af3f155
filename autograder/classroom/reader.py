"""The reader: a process of its own that takes a student's bytes apart, within limits.

Whatever reads what a student wrote (JSON, Python's parser, IPython's translation, dates)
can be made to take gigabytes or minutes by a few kilobytes, or to crash. So it is done
there: in a process with little memory and few seconds of processor time, which knows no
secret, is started once for many submissions and again when it has ended. It is asked and
answers in JSON, each message with its length before it; nothing is unpickled.

`Reader` is how the grader sees it; run as a module, this file is the process itself, which
imports little, so that it starts within a moment.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import gc
import json
import os
import resource
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from autograder.classroom import cells
from autograder.classroom.cells import Plain, Released, ReleasedCell
from autograder.verdict import leans, look
from autograder.verdict.reaches import DYNAMIC
from autograder.verdict.statement import Use

if TYPE_CHECKING:
    from autograder.verdict.look import Cell

MEMORY_MB = 300  # beyond what is loaded; an honest notebook takes 20
SECONDS = 5  # of processor time for a request; an honest one takes a few milliseconds
KEPT_MB = 150  # a reader that keeps more ends, so that its memory is free again
LONGEST = 128 << 20  # bytes of an answer
FULL = 72  # the exit status where there is no memory even to say so
THEIRS = (FULL, -signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGILL)
_LENGTH = struct.Struct("<Q")


class Stopped(Exception):
    """The reader ended before it had an answer; the text says why."""


@dataclass(frozen=True)
class Asked:
    """What a look at one check is to know: nothing that a student may not.

    `at` is the number of its cell, `function` the name of what that cell hands over, and
    `apart` are steps that the course's own take the place of.
    """

    function: str
    forbidden: tuple[str, ...]
    after: tuple[str, ...]
    at: int
    apart: tuple[str, ...] = ()


@dataclass(frozen=True)
class Look:
    """What the code tells of one check.

    `refused` is a forbidden name that its function leans on and `line` its source,
    `around` a name by which it reaches what it does not name, `unread` says of a cell
    before the check that nobody can tell what it does. `text` is the function itself, if it
    is small enough to be parsed without fear. `steps` are the earlier steps
    that it is made from, `taken` those that an import has taken the name of, with what,
    and `again` what the function's own cell defines anew: it belongs to the step itself.
    """

    refused: Use | None
    line: str
    around: Use | None
    unread: str | None
    text: str | None
    steps: list[str]
    taken: dict[str, str]
    again: list[str]


class Reader:
    """The process, seen from the grader. It is started by the first request."""

    def __init__(self, memory_mb: int = MEMORY_MB, seconds: float = SECONDS) -> None:
        self.memory_mb, self.seconds = memory_mb, seconds
        self.process: subprocess.Popen | None = None
        self.cpu = 0.0  # seconds that all its requests took
        self._lock = threading.Lock()  # an answer is for who asked

    def start(self) -> None:
        """Let it start meanwhile. It ends when we do: there is nothing to read then."""
        home = str(Path(__file__).resolve().parents[2])
        needed = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "SYSTEMROOT")
        env = {name: os.environ[name] for name in needed if name in os.environ}
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", "autograder.classroom.reader"),
                *(str(self.memory_mb), str(self.seconds)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=env | {"PYTHONPATH": home, "OMP_NUM_THREADS": "1"},
            cwd="/",
            start_new_session=True,  # a Ctrl-C is for the runner
        )

    def close(self) -> None:
        if self.process is not None:
            process, self.process = self.process, None
            process.kill()
            with contextlib.suppress(OSError):
                process.stdin.close()
            process.stdout.close()
            process.wait()

    def parse(self, data: bytes) -> Plain:
        """As `cells.parse`. ValueError also where it takes too much."""
        return self._notebook(data)[0]

    def sanitized(self, data: bytes, about: Released) -> tuple[Plain, list[str]]:
        """As `cells.parse` and `cells.sanitize`. ValueError also where it takes too much."""
        return self._notebook(data, about)

    def sound(self, timestamp: str) -> str:
        """As `cells.sound`."""
        try:
            return self._ask("sound", {"timestamp": timestamp[: cells.NAME]})["answer"]
        except Stopped:
            raise ValueError("timestamp.txt cannot be read: left out") from None

    def unparsed(self, sources: Mapping[str, str]) -> dict[str, tuple[int, str, str]]:
        """Of those of these cells that Python cannot read: line, its text, and why."""
        said = self._ask("unparsed", {"sources": dict(sources)})["answer"]
        return {name: (line, text, why) for name, (line, text, why) in said.items()}

    def look(
        self,
        own: Sequence[Cell],
        given: Sequence[Cell],
        beside: frozenset[str],
        asked: Mapping[str, Asked],
    ) -> dict[str, Look]:
        """What each check's code tells. `Stopped` where it takes too much to find out."""
        request = {
            "own": own,
            "given": given,
            "beside": sorted(beside),
            "asked": {name: dataclasses.asdict(ask) for name, ask in asked.items()},
        }
        return {
            name: Look(
                **told
                | {
                    key: kind(**told[key]) if told[key] else None
                    for key, kind in _KINDS.items()
                }
            )
            for name, told in self._ask("look", request)["answer"].items()
        }

    def _notebook(
        self, data: bytes, about: Released | None = None
    ) -> tuple[Plain, list[str]]:
        about = dataclasses.asdict(about) if about else None
        try:
            nb, flags = self._ask("notebook", {"about": about}, data)["answer"]
        except Stopped as stopped:
            raise ValueError(f"the notebook cannot be read: {stopped}") from None
        return nb, flags

    def _ask(self, what: str, request: dict[str, Any], data: bytes = b"") -> Any:
        """The answer to a request. ValueError where it is one, `Stopped` without any.

        RuntimeError where the process ended through no fault of what it read.
        """
        with self._lock:
            said = self._said(what, request, data)
        if "stopped" in said:
            raise Stopped(said["stopped"])
        if "error" in said:
            raise ValueError(said["error"])
        return said

    def _said(self, what: str, request: dict[str, Any], data: bytes) -> Any:
        if self.process is None:
            self.start()
        try:
            _send(self.process.stdin, {"do": what, **request}, data)
            said = json.loads(_read(self.process.stdout))
        except (OSError, EOFError, ValueError):
            with contextlib.suppress(OSError):
                self.process.stdin.close()
            ended = self.process.wait()
            self.close()
            self.cpu += self.seconds if ended == -signal.SIGPROF else 0
            return {"stopped": _why(ended, self.seconds)}
        self.cpu += said["cpu"]
        if said["last"]:
            self.close()
        return said


_KINDS = {"refused": Use, "around": Use}


def _why(ended: int, seconds: float) -> str:
    """Why it ended, by its exit status. RuntimeError where that is nobody's fault."""
    if ended == -signal.SIGPROF:
        return f"it takes more than {seconds:g} seconds to read"
    if ended in THEIRS:
        return "reading it takes too much"
    raise RuntimeError(f"the process that reads submissions ended ({ended})")


def here() -> Reader:
    """The reader of this process, for as long as that is there."""
    return _reader(os.getpid())


@functools.cache
def _reader(_process: int) -> Reader:
    return Reader()


def _send(pipe: BinaryIO, message: Any, data: bytes = b"") -> None:
    text = json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass")
    for part in (text, data) if data else (text, b""):
        pipe.write(_LENGTH.pack(len(part)))
        pipe.write(part)
    pipe.flush()


def _read(pipe: BinaryIO) -> bytes:
    """The next message, whose data is left out. EOFError where there is none."""
    found = _part(pipe)
    _part(pipe)
    return found


def _part(pipe: BinaryIO) -> bytes:
    (length,) = _LENGTH.unpack(_exactly(pipe, _LENGTH.size))
    if length > LONGEST:
        raise EOFError
    return _exactly(pipe, length)


def _exactly(pipe: BinaryIO, length: int) -> bytes:
    found = pipe.read(length)
    if len(found) < length:
        raise EOFError
    return found


# From here on: the process itself.


def main(memory_mb: int, seconds: float) -> None:
    """Answer requests from standard input until it is closed."""
    asked, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing else is to be written there
    most = _pages(0) + (memory_mb << 20)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.freeze()
    gc.set_threshold(50_000)  # most of what it makes is let go of at once
    with contextlib.suppress(EOFError):
        while True:
            request, data = json.loads(_part(asked)), _part(asked)
            signal.setitimer(signal.ITIMER_PROF, seconds)  # it ends the process
            began = time.process_time()
            try:
                said = {"answer": ANSWERS[request.pop("do")](data=data, **request)}
            except MemoryError:
                said = {"stopped": f"it takes more than {memory_mb} MB to read"}
            except RecursionError:
                said = {"stopped": "it is nested too deeply to read"}
            except ValueError as error:
                said = {"error": f"{error}"[:300]}
            except Exception as error:  # noqa: BLE001 - nobody has thought of this one
                said = {"stopped": f"{type(error).__name__} while it was read"}
            signal.setitimer(signal.ITIMER_PROF, 0)
            said["last"] = "stopped" in said or _pages(1) > KEPT_MB << 20
            said["cpu"] = time.process_time() - began
            request = data = None
            _send(answers, said)
            if said["last"]:
                break


def _pages(which: int) -> int:
    """Bytes of addresses that this process has (0), or of memory that it holds (1)."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[which])
    return pages * resource.getpagesize()


def _notebook(data: bytes, about: dict[str, Any] | None) -> tuple[Plain, list[str]]:
    found = cells.parse(data)
    if about is None:
        return found, []
    known = {name: ReleasedCell(**cell) for name, cell in about["cells"].items()}
    return cells.sanitize(found, Released(**about | {"cells": known}))


def _sound(data: bytes, timestamp: str) -> str:
    return cells.sound(timestamp)


def _unparsed(data: bytes, sources: dict[str, str]) -> dict[str, tuple[int, str, str]]:
    found = {name: leans.unparsed(source) for name, source in sources.items()}
    return {name: why for name, why in found.items() if why}


def looks(
    data: bytes,
    own: list[Sequence],
    given: list[Sequence],
    beside: list[str],
    asked: dict[str, dict[str, Any]],
) -> dict[str, dict[str, Any]]:
    """What each check's code tells, as plain values (see `Look`)."""
    own = [(number, text) for number, text in own]
    given = [(number, text) for number, text in given]
    files = frozenset(beside)
    known = {name: Asked(**ask) for name, ask in asked.items()}
    unread = look.unread(own, files)
    found = {}
    for name, ask in known.items():
        seen = {"beside": files, "given": given}
        apart = {**seen, "apart": ask.apart}
        refused = look.forbidden(own, ask.function, ask.forbidden, **apart)
        around = look.uses(own, ask.function, DYNAMIC, **apart)
        steps = look.earlier(known, name, own, ask.function, **seen)
        again = leans.again(own, ask.function)
        steps = [step for step in steps if step not in again]
        taken = look.taken(steps, own, ask.at, **seen)
        odd = [why for number, why in unread.items() if number < ask.at]
        found[name] = {
            "refused": dataclasses.asdict(refused[0]) if refused else None,
            "line": refused[1] if refused else "",
            "around": dataclasses.asdict(around[0]) if around else None,
            "unread": odd[0] if odd else None,
            "text": leans.definition(own, ask.function),
            "steps": steps,
            "taken": taken,
            "again": sorted(again),
        }
    return found


ANSWERS = {
    "notebook": _notebook,
    "sound": _sound,
    "look": looks,
    "unparsed": _unparsed,
}

if __name__ == "__main__":
    try:
        main(int(sys.argv[1]), float(sys.argv[2]))
    except MemoryError:
        os._exit(FULL)
