"""The box that a submission runs in: namespaces, limits, and nothing to take along.

There are two boxes, one in the other. The outer one is bubblewrap's: a template process
that has imported what notebooks import, and sees a read-only system, the course's code
without checks and solutions, and no network. The inner one is made anew for each
submission by a fork of the template (`enter`): its own users, processes, network,
mounts, a private scratch folder of bounded size, resource limits, no capabilities, no
way to a new namespace. No code of a student's runs before the inner box is closed.

Linux only, with bubblewrap and unprivileged user namespaces. Started by root, the boxes
run as an ordinary user all the same, whose files nobody has.
"""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

NOBODY = 65534  # whom root's boxes run as
INSIDE = 1000  # the user id inside
WORK = "/tmp/work"  # the submission's own files, in its scratch folder
COURSE = "/opt/course"  # where the box has the course's code,
ENVIRONMENT = "/opt/environment"  # and the virtual environment, if there is one

# Of the package autograder, what a kernel needs: nothing that knows an answer.
SHOWN = ("__init__", "check", "compare", "outcome", "wire", "template", "sandbox")


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Everything can be set in nbgrader_config.py."""

    cell_seconds: float = 30  # of the clock, for one cell
    seconds: float = 180  # of the clock, for the whole notebook
    cpu_seconds: int = 120  # of computing
    memory_mb: int = 2048  # a process may hold twice that in data (torch reserves)
    scratch_mb: int = 64  # in its private folder
    file_mb: int = 64  # in one file
    processes: int = 64  # and threads
    open_files: int = 256
    output_mb: int = 4  # of what it prints and displays


def why_not() -> str | None:
    """Why there is no sandbox on this machine, and what would help; None if there is."""
    return _why_not(os.geteuid())


@cache
def _why_not(_user: int) -> str | None:
    if sys.platform != "linux":
        return "the sandbox needs Linux; grade on a Linux machine, or in WSL"
    if not shutil.which("bwrap"):
        return "bubblewrap is missing: sudo apt install bubblewrap"
    try:
        with Box() as box:
            done = subprocess.run(
                [*box.command, box.python, "-m", "autograder.sandbox"],
                capture_output=True,
                text=True,
                check=False,
                preexec_fn=box.prepare,
                timeout=60,
            )
    except (OSError, subprocess.SubprocessError) as error:
        return f"the sandbox does not start: {error}"
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
        return (
            f"the kernel does not let bubblewrap make a sandbox ({said}); on Debian and "
            "Ubuntu try: sudo sysctl kernel.unprivileged_userns_clone=1 "
            "kernel.apparmor_restrict_unprivileged_userns=0"
        )
    return None


class Box:
    """The outer box: what to mount where, and how to get there as root.

    `folder` is where runs and the grader meet: a private directory that the inner boxes
    do not see. To be used with `with`.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="gpt-"))
        self.root = os.geteuid() == 0
        if self.root:
            os.chown(self.folder, NOBODY, NOBODY)
        self.code = self.folder / "code"
        _lay_out(self.code)
        (self.folder / "mnt").mkdir()
        self.prefixes = _prefixes()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def command(self) -> list[str]:
        """bubblewrap and its arguments, to be followed by a command."""
        arguments = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session"]
        arguments += ["--clearenv"]
        for name, value in self.environment.items():
            arguments += ["--setenv", name, value]
        for path in ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin"):
            if os.path.islink(path):
                arguments += ["--symlink", os.readlink(path), path]
            elif os.path.isdir(path):
                arguments += ["--ro-bind", path, path]
        for path in ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime"):
            arguments += ["--ro-bind-try", path, path]
        for number, (path, place) in enumerate(self.prefixes.items()):
            source = self.folder / "mnt" / str(number) if self.root else path
            arguments += ["--ro-bind", str(source), place]
        arguments += ["--ro-bind", str(self.code), COURSE]
        for path, place in self.prefixes.items():  # installed there, with its checks?
            for package in sorted(path.glob("lib/python*/site-packages/autograder")):
                inside = f"{place}/{package.relative_to(path)}"
                arguments += ["--ro-bind", str(self.code / "autograder"), inside]
        arguments += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
        return [*arguments, "--chdir", "/tmp", "--"]

    @property
    def python(self) -> str:
        """This Python, as it is called inside."""
        if sys.prefix == sys.base_prefix:
            return sys.executable
        return f"{ENVIRONMENT}/bin/{Path(sys.executable).name}"

    @property
    def environment(self) -> dict[str, str]:
        """All that a kernel sees of the environment."""
        return {
            "PATH": f"{Path(self.python).parent}:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "HOME": "/tmp/home",
            "IPYTHONDIR": "/tmp/home/.ipython",
            "MPLCONFIGDIR": "/tmp/home",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
            "NBGRADER_EXECUTION": "autograde",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": COURSE,
        }

    def prepare(self) -> None:
        """In the new process, before bubblewrap: root gives itself up.

        An ordinary user may not be able to reach the environment (/root is closed), so
        root first mounts it where everybody can, in a mount namespace of its own.
        """
        if not self.root:
            return
        _call("unshare", _NEWNS)
        _mount(None, "/", None, _REC | _PRIVATE)
        for number, path in enumerate(self.prefixes):
            target = self.folder / "mnt" / str(number)
            target.mkdir(exist_ok=True)
            _mount(str(path), str(target), None, _BIND | _REC)
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        _call("prctl", 1, signal.SIGKILL, 0, 0, 0)  # again: setuid forgot it


def enter(limits: Limits) -> None:
    """Close the inner box around this process, which has just been forked.

    Returns in a grandchild that is process 1 of its own; the process that called waits
    for it and ends with its exit status.
    """
    uid, gid = os.getuid(), os.getgid()
    _call("unshare", _NEWUSER | _NEWNS | _NEWPID | _NEWNET | _NEWIPC | _NEWUTS)
    for file, line in (
        ("setgroups", "deny"),
        ("uid_map", f"{INSIDE} {uid} 1"),
        ("gid_map", f"{INSIDE} {gid} 1"),
    ):
        Path("/proc/self", file).write_text(line)
    child = os.fork()
    if child:
        _become_a_waiter(child)
    _call("prctl", 1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
    _mount(None, "/", None, _REC | _PRIVATE)
    _mount("proc", "/proc", "proc", _NOSUID | _NODEV | _NOEXEC)
    scratch = f"size={limits.scratch_mb}m,nr_inodes=4096,mode=700"
    _mount("tmpfs", "/tmp", "tmpfs", _NOSUID | _NODEV, scratch)
    _mount("tmpfs", "/dev/shm", "tmpfs", _NOSUID | _NODEV, "size=16m,mode=700")
    for folder in ("/tmp/home", WORK):
        os.makedirs(folder)
    os.chdir(WORK)
    for place in ("/", "/dev"):  # what bubblewrap made itself is of unbounded size
        flags = _REMOUNT | _BIND | _RDONLY | _NOSUID | _NODEV
        _mount(None, place, None, flags)
    # From here on no process in this box can make another one.
    Path("/proc/sys/user/max_user_namespaces").write_text("0")
    _limit(limits)
    _drop()


def stay(limits: Limits) -> None:
    """No box: a folder to work in, and those limits that need none."""
    os.chdir(tempfile.mkdtemp(prefix="run-", dir="."))
    _limit(limits)


def _become_a_waiter(child: int) -> None:
    """Keep nothing open, wait for the box to end, and end in the same way."""
    os.closerange(3, 4096)
    _, status = os.waitpid(child, 0)
    os._exit(os.waitstatus_to_exitcode(status) % 256)


def _limit(limits: Limits) -> None:
    mb = 1 << 20
    for what, most in (
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_DATA, 2 * limits.memory_mb * mb),
        (resource.RLIMIT_FSIZE, limits.file_mb * mb),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_NPROC, limits.processes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
    ):
        resource.setrlimit(what, (most, most))


def _drop() -> None:
    """Give up every capability, for this process and all that it starts."""
    for capability in range(64):
        if _libc.prctl(24, capability, 0, 0, 0):  # PR_CAPBSET_DROP
            break
    _call("prctl", 47, 4, 0, 0, 0)  # PR_CAP_AMBIENT, clear all
    _call("prctl", 38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # version 3, this thread
    _call("capset", header, (ctypes.c_uint32 * 6)())


def _lay_out(code: Path) -> None:
    """Copy what kernels may import of the course's own packages, and nothing else."""
    home = Path(__file__).resolve().parents[1]
    shutil.copytree(
        home / "gpt", code / "gpt", ignore=shutil.ignore_patterns("__pycache__")
    )
    (code / "autograder").mkdir()
    for name in SHOWN:
        shutil.copy(home / "autograder" / f"{name}.py", code / "autograder")


def _prefixes() -> dict[Path, str]:
    """Where this Python and its packages lie, and where the box has them."""
    base = Path(sys.base_prefix).resolve()
    found = {} if base == Path("/usr") else {base: str(base)}
    if sys.prefix != sys.base_prefix:
        found[Path(sys.prefix).resolve()] = ENVIRONMENT
    return found


# --- the kernel's calls ------------------------------------------------------------
_libc = ctypes.CDLL(None, use_errno=True)
_NEWNS, _NEWUTS, _NEWIPC = 0x20000, 0x04000000, 0x08000000
_NEWUSER, _NEWPID, _NEWNET = 0x10000000, 0x20000000, 0x40000000
_RDONLY, _NOSUID, _NODEV, _NOEXEC, _REMOUNT = 1, 2, 4, 8, 32
_BIND, _REC, _PRIVATE = 0x1000, 0x4000, 0x40000


def _call(name: str, *arguments: object) -> None:
    if getattr(_libc, name)(*arguments):
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")


def _mount(
    source: str | None, target: str, kind: str | None, flags: int, data: str = ""
) -> None:
    coded = [x.encode() if x else None for x in (source, target, kind)]
    _call("mount", *coded, flags, data.encode() or None)


def try_out(arguments: Sequence[str] = ()) -> None:
    """Whether an inner box can be made here: ends with 0, or says why not."""
    child = os.fork()
    if not child:
        enter(Limits())
        os._exit(0)
    _, status = os.waitpid(child, 0)
    sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    try_out()
