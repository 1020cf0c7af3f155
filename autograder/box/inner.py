"""The inner box: made anew for each submission, by a fork of the template.

Its own users, processes, network, mounts, a private scratch folder of bounded size,
resource limits, no capabilities, and no way to a new namespace. No code of a student's
runs before it is closed.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys
import tempfile
from pathlib import Path

from autograder.box import linux, seccomp
from autograder.box.sandbox import USER, WORK, Limits

ADDRESSES = 8  # times its memory: what one process may map

_SPACES = (
    *(linux.NEWUSER, linux.NEWNS, linux.NEWPID),
    *(linux.NEWNET, linux.NEWIPC, linux.NEWUTS),
)


def fork(limits: Limits) -> int:
    """os.fork, whose child is process 1 of a closed box of its own."""
    uid, gid = os.getuid(), os.getgid()
    child = linux.fork(sum(_SPACES))
    if not child:
        try:
            _close(uid, gid, limits)
        except BaseException as error:  # noqa: BLE001 - it has no other way
            os.write(2, f"the box does not close: {error}\n".encode())
            os._exit(71)
    return child


def _close(uid: int, gid: int, limits: Limits) -> None:
    linux.die_with_parent()
    os.setsid()  # a signal to its group would reach the template and all siblings
    for file, line in (
        ("setgroups", "deny"),
        ("uid_map", f"{USER} {uid} 1"),
        ("gid_map", f"{USER} {gid} 1"),
    ):
        Path("/proc/self", file).write_text(line)
    quiet = linux.NOSUID | linux.NODEV
    linux.mount(None, "/", None, linux.REC | linux.PRIVATE)
    linux.mount("proc", "/proc", "proc", quiet | linux.NOEXEC)
    scratch = f"size={limits.scratch_mb}m,nr_inodes=4096,mode=700"
    linux.mount("tmpfs", "/tmp", "tmpfs", quiet, scratch)
    linux.mount("tmpfs", "/dev/shm", "tmpfs", quiet, "size=16m,nr_inodes=1024,mode=700")
    for folder in ("/tmp/home", WORK):
        os.makedirs(folder)
    os.chdir(WORK)
    for place in ("/", "/dev"):  # what bubblewrap made itself is of unbounded size
        flags = linux.REMOUNT | linux.BIND | linux.RDONLY | quiet
        linux.mount(None, place, None, flags)
    # From here on no process in this box can make another one.
    Path("/proc/sys/user/max_user_namespaces").write_text("0")
    harden(limits)


def harden(limits: Limits) -> None:
    """What closes a box beside its namespaces: no rights, no doors, limits."""
    _limit(limits)
    # Page tables come of addresses; without a GPU, torch is content with less than 1 GB.
    room = ADDRESSES * limits.memory_mb << 20
    resource.setrlimit(resource.RLIMIT_AS, (room, room))
    with contextlib.suppress(OSError):  # who is to end if the machine has none left
        Path("/proc/self/oom_score_adj").write_text("1000")
    linux.drop_capabilities()
    seccomp.restrict()


def stay(limits: Limits) -> None:
    """No box: a folder to work in, and those limits that need none."""
    os.setsid()
    os.chdir(tempfile.mkdtemp(prefix="run-", dir="."))
    _limit(limits, alone=False)


def _limit(limits: Limits, alone: bool = True) -> None:
    """`alone`: it is a user of its own, whose processes are all its own."""
    mb = 1 << 20
    for what, most in (
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_DATA, 2 * limits.memory_mb * mb),
        (resource.RLIMIT_FSIZE, limits.file_mb * mb),
        (resource.RLIMIT_NOFILE, limits.open_files),
        *([(resource.RLIMIT_NPROC, limits.processes)] if alone else []),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_SIGPENDING, 256),  # and timers
    ):
        _, hard = resource.getrlimit(what)  # what the grader itself may, at most
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (least, least))


def try_out(cold: bool) -> None:
    """Whether a box can be closed here: ends with 0, or says why not."""
    if cold:
        harden(Limits())
        return
    child = fork(Limits())
    if not child:
        os._exit(0)
    _, status = os.waitpid(child, 0)
    sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    try_out("--cold" in sys.argv)
