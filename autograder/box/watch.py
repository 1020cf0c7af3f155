"""What a submission reaches for that is not its own: noticed, for a person to look at.

The box keeps it from getting there; this tells that it tried. Python reports what is
opened, listed, started and connected to (PEP 578), and no code can switch that off,
though somebody who knows how can hide from it. Of what was tried only the kind is told,
never a name: a name could carry a hidden input out.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import re
import sys
import tempfile
from collections.abc import Callable
from types import FrameType
from typing import Any

REACHED = {
    "files": "tried to open or list what is not its own",
    "inputs": "opened the file of hidden inputs itself",
    "network": "tried to reach the network",
    "memory": "looked below Python, by frames, ctypes or the garbage collector",
}
_SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/etc", "/dev", "/sys")
_PEOPLE = ("/etc/passwd", "/etc/shadow", "/etc/group")
_HARMLESS = re.compile(  # in /proc: what a library may ask about the machine
    r"/proc/(cpuinfo|meminfo|stat|loadavg|uptime|version|filesystems|mounts|sys/.*"
    r"|(self|thread-self|\d+)/(status|stat|statm|cgroup|mountinfo|mounts|limits))"
)
_CHECK = os.path.join(os.path.dirname(os.path.dirname(__file__)), "check.py")
_CALLERS = {"curl", "wget", "nc", "ssh", "scp", "ping", "telnet"}
_STARTS = ("subprocess.Popen", "os.exec", "os.posix_spawn")
_CONNECTS = ("socket.connect", "socket.sendto")
_ASKS = ("socket.getaddrinfo", "socket.gethostbyname")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_SCRIPT = re.compile(r"\s*%%(bash|sh|script|perl|ruby|python3?|pypy3?)\b")


class Watch:
    """Watches this process, and all that it forks, from now on.

    The folder that it is in is its own; `inputs` is the file of hidden inputs.
    """

    def __init__(self, inputs: str) -> None:
        self.inputs, self.own = inputs, os.getcwd()
        self.home = os.environ.get("HOME", self.own)
        self.room = (self.home, tempfile.gettempdir(), "/dev/shm", "/dev/null")
        self.course = [place for place in sys.path if os.path.isdir(f"{place}/gpt")]
        ours = [f"{place}/gpt" for place in self.course]
        self.code = (*_SYSTEM, sys.prefix, sys.base_prefix, *ours)
        with tempfile.TemporaryFile() as file:  # shared with what it forks
            file.write(bytes(len(REACHED)))
            file.flush()
            self.seen = mmap.mmap(file.fileno(), len(REACHED))
        self.busy = False
        below = self.below
        self.looks: dict[str, Callable[..., str | None]] = {
            **dict.fromkeys(("open", "os.listdir", "os.scandir"), self.opened),
            "sqlite3.connect": self.opened,
            "os.system": self.started,
            **dict.fromkeys(_STARTS, lambda _, words, *__: self.started(words)),
            **dict.fromkeys(_CONNECTS, lambda _, address: _far(address)),
            **dict.fromkeys(_ASKS, lambda *_: "network"),
            "gc.get_objects": lambda *_: below(),
            "gc.get_referrers": lambda *_: below(),
            "sys._getframe": lambda *_: below("inspect.py"),
            "sys._current_frames": lambda *_: below(),
            "ctypes.dlopen": lambda *_: below("ctypes/__init__.py"),
        }
        sys.addaudithook(self.notice)

    def lay(self, inputs: bytes) -> None:
        """Write the file of hidden inputs, whatever lies in its place."""
        self.busy = True
        try:
            with contextlib.suppress(OSError):
                os.unlink(self.inputs)  # a pipe would wait for its reader
            with contextlib.suppress(OSError), open(self.inputs, "xb") as file:
                file.write(inputs)
        finally:
            self.busy = False

    def told(self) -> list[str]:
        """What it has reached for since this was asked last: keys of REACHED."""
        kinds = [kind for kind, seen in zip(REACHED, self.seen[:], strict=True) if seen]
        self.seen[:] = bytes(len(REACHED))
        return kinds

    def notice(self, event: str, arguments: tuple[Any, ...]) -> None:
        look = self.looks.get(event)
        if look is None or self.busy:
            return
        self.busy = True
        try:
            if kind := look(*arguments):
                self.seen[list(REACHED).index(kind)] = 1
        except (TypeError, ValueError, OSError, RecursionError):
            pass  # it does not disturb what it looks at
        finally:
            self.busy = False

    def script(self, cell: str) -> None:
        """A cell that another program reads: what it starts is not reported."""
        if _SCRIPT.match(cell):
            self.notice("os.system", (cell,))

    def opened(self, path: Any, _: Any = None, flags: int = 0) -> str | None:
        if path is None or isinstance(path, int):
            return None  # the folder that it is in, or what is open already
        path = os.fsdecode(path)
        place = os.path.normpath(os.path.join(os.getcwd(), path))
        writes = flags & _WRITES
        if place == self.inputs:
            return None if _caller("pathlib.py") == _CHECK else "inputs"
        if _within(place, self.own):
            return None
        if ".." in path.split("/") or place in _PEOPLE:
            return "files"
        if _within(place, *self.room):  # where it finds what it has made itself
            made = _within(place, self.home) or os.path.lexists(place)
            return None if made or writes else "files"
        if writes:
            return "files"
        if _within(place, *self.code) or _HARMLESS.fullmatch(place):
            return None
        # The grader's own package, of which a part is in the box.
        part = re.compile(r"(/autograder(/verdict|/box)?(/[\w.]+\.py)?)?")
        rest = [place.removeprefix(c) for c in self.course if _within(place, c)]
        return None if any(map(part.fullmatch, rest)) else "files"

    def started(self, command: Any) -> str | None:
        words = _words(command)
        if _CALLERS.intersection(words):
            return "network"
        paths = [w for w in words if "/" in w and w.strip("/")]  # no division
        return next(filter(None, map(self.opened, paths)), None)

    def below(self, *between: str) -> str | None:
        """Whether a cell or a file beside it did it, if with a library's file `between`."""
        authors = ("<ipython-input", "<string>", f"{self.own}/")
        mine = _caller(*between).startswith(authors)
        return "memory" if mine else None


def _within(place: str, *folders: str) -> bool:
    return any(place == f or place.startswith(f"{f}/") for f in folders)


def _words(part: Any) -> list[str]:
    """The words of a command: a text, or a list of them."""
    if isinstance(part, str | bytes | os.PathLike):
        return re.split(r"[\s\"'=;|&<>()]+", os.fsdecode(part))
    return [word for each in part for word in _words(each)] if part else []


def _far(address: Any) -> str | None:
    """Whether it is an address of the network; other sockets are this machine's own."""
    return "network" if isinstance(address, tuple) else None


def _caller(*between: str) -> str:
    """The file of whoever did what is being looked at; those `between` only pass it on."""
    frame: FrameType | None = sys._getframe(1)
    while frame and frame.f_code.co_filename.endswith((__file__, *between)):
        frame = frame.f_back
    return frame.f_code.co_filename if frame else ""
