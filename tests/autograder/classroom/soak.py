"""python -m tests.autograder.classroom.soak [N] [SEED]: grade N submissions while killing graders.

A class of honest, mistaken, unfinished, dishonest and broken submissions is graded by
the real command. At random moments the runner, one of its workers or a template is
killed (kill -9), or the runner is interrupted as by Ctrl-C; then the same command is
given again. In the end every submission must have been graded exactly once, and every
grade must be what it would have been. Folders whose names cannot be graded stand among
them, and cost nobody but themselves a row.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import nbformat
import sqlalchemy as sa
from nbgrader.api import Gradebook

from autograder.classroom import demo
from autograder.classroom.book import GRADINGS as GRADED
from autograder.classroom.demo import Submission, insert_cell
from autograder.classroom.record import RELEASE
from bench.processes import watched

ROOT = Path(__file__).parents[3]
EXERCISE = "tokenize"
LIMITS = "\nc.Execute.limits = {'cell_seconds': 10, 'seconds': 60, 'memory_mb': 1024}\n"
NAMES = ("plain", "o'neill", "李 小龙", "Smith, Anna [Ann]", "a&b; $HOME *")


@dataclass(frozen=True)
class Kind:
    """A submission, what it must earn, and how many of a hundred are like it.

    `status` is None where it depends on which limit is met first.
    """

    name: str
    content: bytes
    points: float
    status: str | None
    share: float


# Reads a byte in each 2 MB of far more than there is: only the page tables take memory.
_TABLES = """import mmap
for _ in range(64):
    held = mmap.mmap(-1, 10 << 30, flags=mmap.MAP_PRIVATE | 0x4000)
    sum(held[i] for i in range(0, len(held), 2 << 20))
    globals().setdefault("kept", []).append(held)
"""


def kinds() -> list[Kind]:
    """All kinds, the demo class's own among them."""
    found = [
        Kind(s.student, _bytes(s), s.points, _status(s.flagged), 7) for s in demo.CLASS
    ]
    crash = insert_cell("import os\nos._exit(1)", 8)
    loop = insert_cell("while True: pass", 8)
    bomb = insert_cell("x = [bytearray(10**8) for _ in range(99)]", 8)
    noise = insert_cell("print('x' * 10**8)", 8)
    tables = insert_cell(_TABLES, 8)
    for name, edit, share, status in (
        ("crash", crash, 3, "FLAGGED"),
        ("loop", loop, 0.5, "GRADED"),
        ("memory", bomb, 2, None),
        ("noise", noise, 2, "FLAGGED"),
        ("page tables", tables, 2, None),
    ):
        found.append(
            Kind(name, _bytes(Submission(name, 20, edit=edit)), 20, status, share)
        )
    # No step that may call what nobody could look at earns a point: all but the first.
    parser = insert_cell("import " + "a." * 60_000 + "b", 8)
    content = _bytes(Submission("parser", 20, edit=parser))
    found.append(Kind("parser", content, 1, "FLAGGED", 2))
    for name, content in (("text", b"{"), ("bytes", b"\xff\xfe\0"), ("list", b"[]")):
        found.append(Kind(name, content, 0, "FLAGGED", 2))
    return found


def _bytes(submission: Submission) -> bytes:
    return nbformat.writes(demo.notebook(submission)).encode()


def _status(flagged: bool) -> str:
    return "FLAGGED" if flagged else "GRADED"


class Soak:
    """A class of `size` in a copy of the course at `folder`."""

    def __init__(self, folder: Path, size: int, seed: int) -> None:
        self.folder, self.random = folder, random.Random(seed)
        for name in ("solutions", "exercises"):
            shutil.copytree(ROOT / name / EXERCISE, folder / name / EXERCISE)
        config = (ROOT / "nbgrader_config.py").read_text("utf-8")
        (folder / "nbgrader_config.py").write_text(config + LIMITS)
        self.place = folder / "autograder" / "classes" / "soak"
        all_kinds = kinds()
        drawn = self.random.choices(all_kinds, [k.share for k in all_kinds], k=size)
        self.students = {
            f"{i:05} {NAMES[i % len(NAMES)]} {kind.name}": kind
            for i, kind in enumerate(drawn)
        }
        self.refused = [os.fsdecode(b"Jos\xe9 %d" % i) for i in range(1 + size // 100)]
        content = {student: kind.content for student, kind in self.students.items()}
        for student, data in {**dict.fromkeys(self.refused, b"{"), **content}.items():
            path = self.place / "submitted" / student / EXERCISE
            path.mkdir(parents=True)
            (path / f"{EXERCISE}.ipynb").write_bytes(data)
        (self.place / "seed").write_text("the demo class\n")  # of the demo's points
        self.killed: Counter[str] = Counter()
        self.peak_mb = 0.0  # of the grader and its workers, boxes aside

    def run(self, pause: float) -> None:
        """Grade until all is graded, with something killed every `pause` seconds.

        The first time soon, so that a fast machine is not done before it.
        """
        while (left := self.left()) > 0:
            process = self._start()
            with watched(process.pid, 0.5, without="bwrap") as seen:
                while process.poll() is None:
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        seconds = pause if self.killed else 0.2
                        process.wait(self.random.expovariate(1 / seconds))
                    if process.poll() is None and left > self.left() > 0:
                        self._kill(process)
            self.peak_mb = max(self.peak_mb, *seen)
            print(f"  {self.left():5} left, killed: {dict(self.killed)}", flush=True)
        code, log = self._start().wait(), (self.folder / "log").read_text()
        # nobody else is left
        told = re.findall(r" INFRA +(rename the folder to 'José )?", log)
        if code != 1 or not all(told) or len(told) != len(self.refused):
            raise AssertionError(log[-3000:])

    def left(self) -> int:
        return len(self.students) - len(self.times())

    def times(self) -> dict[str, int]:
        """How often each student's submission has been graded."""
        if not (self.place / "gradebook.db").exists():
            return {}
        query = sa.select(GRADED.c.student, GRADED.c.times)
        query = query.where(GRADED.c.student != RELEASE)
        engine = sa.create_engine(f"sqlite:///{self.place / 'gradebook.db'}")
        try:
            with engine.connect() as link:
                return {row.student: row.times for row in link.execute(query)}
        except sa.exc.OperationalError:  # no table yet
            return {}
        finally:
            engine.dispose()

    def check(self) -> None:
        """Every submission graded once, and right: in the gradebook as in its notebook."""
        times = self.times()
        assert times == dict.fromkeys(self.students, 1), Counter(times.values())
        wrong = []
        with Gradebook(f"sqlite:///{self.place / 'gradebook.db'}") as gradebook:
            for submission in gradebook.assignment_submissions(EXERCISE):
                student, score = submission.student.id, submission.score
                kind = self.students[student]
                path = self.place / "autograded" / student / EXERCISE
                told = json.loads((path / f"{EXERCISE}.ipynb").read_text("utf-8"))
                told = told["metadata"]["autograder"]
                shown = sum(check["points"] for check in told["checks"].values())
                if not (abs(score - kind.points) < 0.01 > abs(shown - score)):
                    wrong.append((student, kind.points, score, shown, told["flags"]))
                elif kind.status not in (None, told["status"]):
                    wrong.append((student, kind.status, told))
        assert not wrong, wrong[:5]

    def _start(self) -> subprocess.Popen:
        command = [sys.executable, "-m", "autograder", "grade", EXERCISE]
        signal.signal(
            signal.SIGINT, signal.default_int_handler
        )  # a shell's `&` ignores it
        with (self.folder / "log").open("w") as log:
            return subprocess.Popen(
                [*command, "--class", "soak"],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "COLUMNS": "400"},  # its lines are counted
            )

    def _kill(self, runner: subprocess.Popen) -> None:
        """End the runner, or a process that serves it, in one way or another."""
        servers = [p for p in _children(runner.pid) if "forkserver" in _command(p)]
        workers = [p for server in servers for p in _children(server)]
        boxes = [p for worker in workers for p in _children(worker)]
        whom, number, pids = self.random.choices(
            [
                ("runner", signal.SIGKILL, [runner.pid]),
                ("runner, by Ctrl-C", signal.SIGINT, [runner.pid]),
                ("worker", signal.SIGKILL, workers),
                ("template", signal.SIGKILL, boxes),
                ("server", signal.SIGKILL, servers),
            ],
            [3, 2, 5, 2, 1],
        )[0]
        if not pids:
            return
        ended = [*servers, *workers, *boxes] if "runner" in whom else []
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.random.choice(pids), number)
            self.killed[whom] += 1
        if ended:
            assert runner.wait(30) in (-signal.SIGKILL, 130), "Ctrl-C is no error"
            _all_gone(ended)


def _children(pid: int) -> list[int]:
    found = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            found += Path(f"/proc/{pid}/task/{task}/children").read_text().split()
    return [int(child) for child in found]


def _command(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


def _all_gone(pids: list[int]) -> None:
    """What served a runner must end with it, a server once it has imported all."""
    for _ in range(1200):
        left = [pid for pid in pids if _command(pid)]
        if not left:
            return
        time.sleep(0.1)
    raise AssertionError(f"still there: {[_command(pid) for pid in left]}")


def main(size: int = 2000, seed: int = 1, pause: float = 8.0) -> None:
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(Path(folder), size, seed)
        start = time.monotonic()
        soak.run(pause)
        soak.check()
        kills = sum(soak.killed.values())
        print(
            f"{size} submissions of {len(kinds())} kinds, each graded once and right, in "
            f"{time.monotonic() - start:.0f} s, through {kills} kills: "
            + ", ".join(f"{n} of a {whom}" for whom, n in soak.killed.most_common())
            + f"; memory of the grader and its workers {soak.peak_mb:,.0f} MB at most"
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
