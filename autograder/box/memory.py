"""How much memory all processes of one box hold together.

A limit of the kernel's counts for one process only, and not what is shared between
processes; a control group would count all, but an ordinary user can rarely make one.
So somebody outside the box looks a few times a second. A look at an honest box costs a
tenth of a millisecond: only where the simple sum, which counts shared memory for each
that shares it, is above the limit are the page tables asked who shares what.
"""

from __future__ import annotations

import contextlib
import os

_PAGE = os.sysconf("SC_PAGE_SIZE")


def reason(most_mb: int) -> str:
    return f"more than {most_mb} MB of memory"


def private() -> int:
    """Bytes that this process holds and that are no file's."""
    with open("/proc/self/statm") as file:
        _, resident, shared, *_ = map(int, file.read().split())
    return (resident - shared) * _PAGE


def exceeds(first: int, most: int, shared: int = 0, boxed: bool = True) -> bool:
    """Whether the box of which `first` is the first process holds more than `most`.

    `shared` bytes are those that it was born with, as a fork of the template: they count
    once for all its processes together. Where there is no box, its folders are not its
    own.
    """
    members = _family(first)
    files = _files(first) if boxed else 0
    if sum(map(_resident, members)) + files <= most:
        return False
    return sum(map(_proportional, members)) + files - shared > most


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


def _resident(pid: int) -> int:
    """Bytes that one process holds, shared or not; 0 where it is gone."""
    with contextlib.suppress(OSError, IndexError), open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * _PAGE
    return 0


def _proportional(pid: int) -> int:
    """Bytes, where what is shared by n processes counts as one n-th; not files' own."""
    held = 0
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            for line in file:
                if line.startswith(("Pss_Anon:", "Pss_Shmem:")):
                    held += int(line.split()[1]) << 10
    except OSError:  # it is gone, or hides itself
        return _resident(pid)
    return held


def _files(pid: int) -> int:
    """Bytes in the box's private folders, which are memory, too."""
    total = 0
    for folder in ("tmp", "dev/shm"):
        with contextlib.suppress(OSError):
            about = os.statvfs(f"/proc/{pid}/root/{folder}")
            total += (about.f_blocks - about.f_bfree) * about.f_frsize
    return total
