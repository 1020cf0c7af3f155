"""How much memory all processes of one box hold together, and the kernel for them.

A limit of the kernel's counts for one process only, and not what is shared between
processes; a control group would count all, but an ordinary user can rarely make one.
So somebody outside the box looks a few times a second. A look at an honest box costs a
fraction of a millisecond: only where the simple sum, which counts shared memory for each
that shares it, is above the limit are the page tables asked who shares what.

What the kernel holds for a box is counted by what can be seen of it: page tables and
swapped pages as they are; a descriptor, a socket, a file in the scratch folder and a
mapping by the most that one can hold. What could not be seen is refused (`seccomp`).
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import socket
from collections.abc import Iterator

_PAGE = os.sysconf("SC_PAGE_SIZE")
MAPPINGS = 50_000  # of all processes of a box; one that imports torch has 600
_LINE = 100  # bytes of the line that tells of one
_DESCRIPTOR = 64 << 10  # bytes behind an open file: a pipe that is full
_FILE = 2 << 10  # bytes for a file's name, owner, dates and so on
_TCP = 16 << 20  # bytes of a connection, where there is anything to connect to
_OPEN = 1024  # descriptors of a process that hides how many it has
_HELD = re.compile(rb"^(?:VmRSS|VmPTE|VmSwap|HugetlbPages):\s+(\d+)", re.MULTILINE)
_SHARED = re.compile(rb"^(?:Pss_Anon|Pss_Shmem|SwapPss|VmPTE):\s+(\d+)", re.MULTILINE)
_SOCKETS = re.compile(rb"^(sockets: used|TCP6?: inuse) (\d+)", re.MULTILINE)


def reason(most_mb: int) -> str:
    return f"more than {most_mb} MB of memory"


def private() -> int:
    """Bytes that this process holds and that are no file's."""
    with open("/proc/self/statm") as file:
        _, resident, shared, *_ = map(int, file.read().split())
    return (resident - shared) * _PAGE


def excess(first: int, most_mb: int, shared: int = 0, boxed: bool = True) -> str | None:
    """What the box of which `first` is the first process has too much of, or None.

    `shared` bytes are those that it was born with, as a fork of the template: they count
    once for all its processes together. Where there is no box, its folders and its
    network are not its own.
    """
    if held(first, most_mb << 20, shared, boxed) > most_mb << 20:
        return reason(most_mb)
    if _mappings(_family(first)) > MAPPINGS:
        return f"more than {MAPPINGS:,} mappings of memory"
    return None


def held(first: int, most: int = 0, shared: int = 0, boxed: bool = True) -> int:
    """Bytes that a box holds; where they are at most `most`, rather more than it does."""
    members = _family(first)
    other = sum(map(_open_files, members))
    if boxed:
        other += _files(first) + _sockets(first)
    simple = sum(map(_resident, members)) + other
    if simple <= most:
        return simple
    return sum(map(_proportional, members)) + other - shared


def children(pid: int) -> list[int]:
    """The processes that one has started, by all its threads. OSError if it is gone."""
    found: list[int] = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children") as file:
            found += map(int, file.read().split())
    return found


def _family(pid: int) -> list[int]:
    """A process and all that came of it; orphans are children of the first again."""
    found, left = [], [pid]
    while left:
        found.append(left.pop())
        with contextlib.suppress(OSError):
            left += children(found[-1])
    return found


def _kilobytes(wanted: re.Pattern[bytes], file: str) -> int:
    with open(file, "rb") as text:
        return sum(map(int, wanted.findall(text.read()))) << 10


def _resident(pid: int) -> int:
    """Bytes that one process holds, shared or not, with its page tables; 0 if gone."""
    with contextlib.suppress(OSError):
        return _kilobytes(_HELD, f"/proc/{pid}/status")
    return 0


def _proportional(pid: int) -> int:
    """Bytes, where what is shared by n processes counts as one n-th; not files' own."""
    try:
        pages = _kilobytes(_SHARED, f"/proc/{pid}/smaps_rollup")
        return pages + _kilobytes(_SHARED, f"/proc/{pid}/status")
    except OSError:  # it is gone, or hides itself
        return _resident(pid)


def _open_files(pid: int) -> int:
    """Bytes that may stand behind what one process has open, each thread by itself.

    A thread can have a table of its own; those that share one count it again.
    """
    count = 0
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            place = f"/proc/{pid}/task/{task}/fd"
            # Linux 6.2 tells their number; before that, they are listed.
            count += os.stat(place).st_size or _listed(place)
    return count * _DESCRIPTOR


def _listed(place: str) -> int:
    try:
        return len(os.listdir(place))
    except PermissionError:
        return _OPEN


def _sockets(pid: int) -> int:
    """Bytes that may wait in the sockets of the box's network, also in closed ones."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/net/sockstat", "rb") as file:
        each = {b"sockets: used": _socket()}
        return sum(
            each.get(kind, _TCP) * int(count)
            for kind, count in _SOCKETS.findall(file.read())
        )
    return 0


@functools.cache
def _socket() -> int:
    """The most bytes that wait in one socket, whose buffers cannot be made larger.

    One that is nearly full still takes a whole message, and options take room, too.
    """
    with socket.socket(socket.AF_UNIX) as one:
        return 2 * one.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) + (128 << 10)


def _mappings(members: list[int]) -> int:
    """How many mappings processes have; of too many, only that they are."""
    count = size = 0
    for text in _maps(members):
        count += text.count(b"\n")
        size += len(text)
        if max(count, size // (4 * _LINE)) > MAPPINGS:
            return MAPPINGS + 1
    return count


def _maps(members: list[int]) -> Iterator[bytes]:
    for pid in members:
        with contextlib.suppress(OSError), open(f"/proc/{pid}/maps", "rb", 0) as file:
            while text := file.read(1 << 16):
                yield text


def _files(pid: int) -> int:
    """Bytes in the box's private folders, which are memory, too."""
    total = 0
    for folder in ("tmp", "dev/shm"):
        with contextlib.suppress(OSError):
            about = os.statvfs(f"/proc/{pid}/root/{folder}")
            total += (about.f_blocks - about.f_bfree) * about.f_frsize
            total += (about.f_files - about.f_ffree) * _FILE
    return total
