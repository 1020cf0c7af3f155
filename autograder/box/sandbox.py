"""The box that a submission runs in: namespaces, limits, and nothing to take along.

There are two boxes, one in the other. The outer one is bubblewrap's: a template process
that has imported what notebooks import, and sees a read-only system, the course's code
without checks and solutions, and no network. The inner one is made anew for each
submission by a fork of the template (see `inner`): its own users, processes, network,
mounts, a private scratch folder of bounded size, resource limits, no capabilities, no
way to a new namespace. No code of a student's runs before the inner box is closed.

Where the inner box cannot be made, each kernel gets an outer box of its own (`cold`).

Linux only, with bubblewrap and unprivileged user namespaces. Started by root, the boxes
run as an ordinary user all the same, whose files nobody has.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

from autograder.box import linux

NOBODY = 65534  # whom root's boxes run as
USER = 1000  # the user id inside
WORK = "/tmp/work"  # the submission's own files, in its scratch folder
COURSE = "/opt/course"  # where the box has the course's code,
ENVIRONMENT = "/opt/environment"  # and the virtual environment, if there is one
ZEROS = 16 << 20  # bytes of /dev/zero: what is mapped from the real one is nobody's
_PREFIX = "gpt-"  # of the folders of graders, among the temporary files

# Of the package autograder, what a kernel needs: nothing that knows an answer.
SHOWN = (
    *("__init__", "check"),
    *("verdict/__init__", "verdict/compare", "verdict/outcome"),
    *("verdict/plain", "verdict/wire"),
    *("box/__init__", "box/template", "box/app", "box/messages", "box/watch"),
    *("box/sandbox", "box/inner", "box/seccomp", "box/memory", "box/linux"),
)


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Everything can be set in nbgrader_config.py."""

    cell_seconds: float = 30  # of the clock, for one cell
    seconds: float = 180  # of the clock, for the whole notebook
    cpu_seconds: int = 120  # of computing
    memory_mb: int = 2048  # of all processes; one may reserve twice that, as torch does
    scratch_mb: int = 64  # in its private folder
    file_mb: int = 64  # in one file
    processes: int = 64  # and threads
    open_files: int = 256
    output_mb: int = 4  # of what it prints and displays


def why_not() -> str | None:
    """Why there is no sandbox on this machine, and what would help; None if there is."""
    return None if warm() else _why_not(os.geteuid(), cold=True)


def warm() -> bool:
    """Whether kernels can be forks of a template, each in a box inside its box."""
    return _why_not(os.geteuid()) is None


@cache
def _why_not(_user: int, cold: bool = False) -> str | None:
    if sys.platform != "linux":
        return "the sandbox needs Linux; grade on a Linux machine, or in WSL"
    if not shutil.which("bwrap"):
        return "bubblewrap is missing: sudo apt install bubblewrap"
    try:
        with Box() as box:
            command = [*box.command(Limits() if cold else None), box.python]
            command += ["-m", "autograder.box.inner", *(["--cold"] if cold else [])]
            done = subprocess.run(
                command,
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
        self.root = os.geteuid() == 0
        _sweep()
        self.folder, self._lock = _locked_folder()
        if self.root:
            os.chown(self.folder, NOBODY, NOBODY)
        self.code = self.folder / "code"
        _lay_out(self.code)
        (self.folder / "mnt").mkdir()
        with open(self.folder / "mnt" / "zero", "wb") as file:
            file.truncate(ZEROS)
            os.fchmod(file.fileno(), 0o444)
        self.prefixes = _prefixes()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Twice is no harm."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def command(self, cold: Limits | None = None) -> list[str]:
        """bubblewrap and its arguments, to be followed by a command.

        Around a single kernel (`cold`, its limits) it is the only box.
        """
        arguments = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session"]
        arguments += ["--clearenv"]
        for name, value in self.environment.items():
            arguments += ["--setenv", name, value]
        for path in ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin"):
            if os.path.islink(path):
                arguments += ["--symlink", os.readlink(path), path]
            elif os.path.isdir(path):
                arguments += ["--ro-bind", path, path]
        for path in ("ld.so.cache", "alternatives", "localtime", "fonts"):
            arguments += ["--ro-bind-try", f"/etc/{path}", f"/etc/{path}"]
        for number, (path, place) in enumerate(self.prefixes.items()):
            source = self.folder / "mnt" / str(number) if self.root else path
            arguments += ["--ro-bind", str(source), place]
        arguments += ["--ro-bind", str(self.code), COURSE]
        for path, place in self.prefixes.items():  # installed there, with its checks?
            for package in sorted(path.glob("lib/python*/site-packages/autograder")):
                inside = f"{place}/{package.relative_to(path)}"
                arguments += ["--ro-bind", str(self.code / "autograder"), inside]
        arguments += ["--proc", "/proc", "--dev", "/dev"]
        arguments += ["--ro-bind", str(self.folder / "mnt" / "zero"), "/dev/zero"]
        if not cold:
            return [*arguments, "--tmpfs", "/tmp", "--chdir", "/tmp", "--"]
        for size, place in ((cold.scratch_mb, "/tmp"), (16, "/dev/shm")):
            arguments += ["--size", str(size << 20), "--tmpfs", place]
        arguments += ["--remount-ro", "/dev", "--remount-ro", "/", "--unshare-user"]
        arguments += ["--uid", str(USER), "--gid", str(USER), "--as-pid-1"]
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
            "HF_HUB_OFFLINE": "1",  # no hub is to be reached, so none is asked
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
        linux.call("unshare", linux.NEWNS)
        linux.mount(None, "/", None, linux.REC | linux.PRIVATE)
        for number, path in enumerate(self.prefixes):
            target = self.folder / "mnt" / str(number)
            target.mkdir(exist_ok=True)
            linux.mount(str(path), str(target), None, linux.BIND | linux.REC)
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        linux.die_with_parent()  # again: setuid forgot it


def _locked_folder() -> tuple[Path, int]:
    """A new private folder and its lock, which is held for as long as we live."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        with contextlib.suppress(FileNotFoundError):
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if folder.exists():
                return folder, lock
            os.close(lock)
        # Another grader's sweep came between: it was not locked yet. Once more.


def _sweep() -> None:
    """Remove the folders of graders that were killed: nobody holds their locks."""
    mine = {os.geteuid(), NOBODY} if os.geteuid() == 0 else {os.geteuid()}
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue  # another user's, or gone
        with contextlib.suppress(OSError):
            if os.fstat(lock).st_uid in mine:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _lay_out(code: Path) -> None:
    """Copy what kernels may import of the course's own packages, and nothing else."""
    home = Path(__file__).resolve().parents[2]
    shutil.copytree(
        home / "gpt", code / "gpt", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in SHOWN:
        file = code / "autograder" / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(home / "autograder" / f"{name}.py", file)


def _prefixes() -> dict[Path, str]:
    """Where this Python and its packages lie, and where the box has them."""
    base = Path(sys.base_prefix).resolve()
    found = {} if base == Path("/usr") else {base: str(base)}
    if sys.prefix != sys.base_prefix:
        found[Path(sys.prefix).resolve()] = ENVIRONMENT
    return found
