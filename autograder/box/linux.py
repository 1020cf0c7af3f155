"""The kernel's own calls that Python 3.11 has no function for."""

from __future__ import annotations

import ctypes
import os
import platform
import signal
from pathlib import Path

NEWNS, NEWUTS, NEWIPC = 0x20000, 0x04000000, 0x08000000
NEWUSER, NEWPID, NEWNET = 0x10000000, 0x20000000, 0x40000000
RDONLY, NOSUID, NODEV, NOEXEC, REMOUNT = 1, 2, 4, 8, 32
BIND, REC, PRIVATE = 4096, 16384, 1 << 18
_SETTID, _CLEARTID = 0x01000000, 0x00200000
_PDEATHSIG, _CAPBSET_DROP, _NO_NEW_PRIVS, _GET_TID_ADDRESS, _AMBIENT = 1, 24, 38, 40, 47

_COLLAPSE, _HUGE = 25, 1 << 21

_libc = ctypes.CDLL(None, use_errno=True)
_python = ctypes.PyDLL(None)  # the same, without giving up Python's lock


def call(name: str, *arguments: object) -> None:
    """Call a function of the C library that returns 0, or raise an OSError."""
    if getattr(_libc, name)(*arguments):
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")


def mount(
    source: str | None, target: str, kind: str | None, flags: int, data: str = ""
) -> None:
    coded = [x.encode() if x else None for x in (source, target, kind)]
    call("mount", *coded, flags, data.encode() or None)


def fork(namespaces: int) -> int:
    """os.fork into new namespaces, which need no privilege if NEWUSER is among them.

    One copy of the process instead of the two that os.fork, unshare and os.fork again
    would make, each ten milliseconds for a process as large as the template. Only for
    a process with one thread: the C library's own fork handlers are not run.
    """
    place = ctypes.c_ulong()  # where this thread keeps its own id, as fork keeps it up
    call("prctl", _GET_TID_ADDRESS, ctypes.byref(place), 0, 0, 0)
    if platform.machine() == "x86_64":
        number, position = 56, 4
    elif platform.machine() == "aarch64":
        number, position = 220, 5
    else:
        raise OSError(f"no fork into namespaces on {platform.machine()}")
    arguments = [number, namespaces | _SETTID | _CLEARTID | signal.SIGCHLD, 0, 0, 0, 0]
    arguments[position] = place.value
    _python.syscall.restype = ctypes.c_long
    _python.PyOS_BeforeFork()
    pid = _python.syscall(*map(ctypes.c_ulong, arguments))
    if pid:
        _python.PyOS_AfterFork_Parent()
    else:
        _python.PyOS_AfterFork_Child()
    if pid < 0:
        raise OSError("a process in namespaces of its own cannot be made")
    return pid


def collapse() -> None:
    """Gather this process's own memory in huge pages, where the kernel can (6.1 on).

    Of what neither side changes, a fork then copies one entry for 512 pages.
    """
    try:
        maps = Path("/proc/self/maps").read_text().splitlines()
    except OSError:
        return
    for line in maps:
        place, rights, _, _, inode, *name = line.split()
        if (rights, inode, name or ["[heap]"]) == ("rw-p", "0", ["[heap]"]):
            start, end = (int(address, 16) for address in place.split("-"))
            start, end = -(-start // _HUGE) * _HUGE, end // _HUGE * _HUGE
            if start < end:  # where it fails, nothing has changed
                _libc.madvise(
                    ctypes.c_void_p(start), ctypes.c_size_t(end - start), _COLLAPSE
                )


def die_with_parent() -> None:
    call("prctl", _PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def drop_capabilities() -> None:
    """Give up every capability, for this process and all that it starts."""
    for capability in range(64):
        if _libc.prctl(_CAPBSET_DROP, capability, 0, 0, 0):
            break
    call("prctl", _AMBIENT, 4, 0, 0, 0)  # clear all
    call("prctl", _NO_NEW_PRIVS, 1, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # version 3, this thread
    call("capset", header, (ctypes.c_uint32 * 6)())
