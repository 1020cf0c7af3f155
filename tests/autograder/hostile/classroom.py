"""A class of hostile and honest students, graded for real, and what came of them.

Secrets are planted where a thief would look, and everything that the grader makes of a
run (temporary files, processes, mounts) can be told from what other runs make.
"""

from __future__ import annotations

import functools
import os
import shutil
import sqlite3
import tempfile
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import psutil
from nbconvert.exporters import HTMLExporter
from nbgrader.api import Gradebook
from nbgrader.server_extensions.formgrader import handlers
from traitlets.config import PyFileConfigLoader

from autograder import checks
from autograder.classroom import grade
from autograder.classroom.course import api as course_api
from bench.processes import watched
from tests.autograder.hostile.item import ALL, ROOT, Item, write

MARK = "KwAqZvPt"  # whatever holds it must not come out again
SECRET = f"SECRET-{MARK}"
NEIGHBOURS = ("aaa", "mmm", "zzz")  # honest, before, amid and after the hostile ones
LIMITS = {
    "plain": {},
    "odd": {},
    "short": {"cell_seconds": 2, "seconds": 12, "memory_mb": 1024},
}


@dataclass(eq=False)
class Classroom:
    """A copy of the course, its class of one group, and what grading made of it."""

    course: Path
    group: str
    rows: dict[tuple[str, str], grade.Row] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    left: dict[str, Any] = field(default_factory=dict)
    heard: set[str] = field(default_factory=set)
    peak_mb: float = 0  # of the grader and its workers, besides the tests' own

    @property
    def folder(self) -> Path:
        return self.course / "autograder" / "classes" / self.group

    @property
    def marker(self) -> Path:
        """What an attacker's code writes where it runs outside of the box."""
        return self.course.parent / "marker"

    def row(self, item: Item) -> grade.Row:
        """The row of an item; where its whole class went down, what was said."""
        key = item.assignment, item.id
        assert key in self.rows, self.errors.get(item.assignment, "no row came of it")
        return self.rows[key]

    def earned(self, item: Item) -> dict[str, float]:
        """The points of each check, in the notebook as graded; 0 where there is none."""
        path = self.folder / "autograded" / item.id / item.assignment
        path /= f"{item.assignment}.ipynb"
        names = checks.load(item.assignment)
        if not path.is_file():
            return dict.fromkeys(names, 0.0)
        about = nbformat.read(path, as_version=4).metadata.get("autograder", {})
        found = about.get("checks", {})
        return {name: found.get(name, {}).get("points", 0.0) for name in names}

    def recorded(self, item: Item) -> float:
        """The score in the gradebook, as nbgrader adds it up; 0 where there is none."""
        return self.scores(item.assignment).get(item.id, 0.0)

    @functools.cache  # noqa: B019 - a room lives as long as the tests of it
    def scores(self, assignment: str) -> dict[str, float]:
        """The scores in the gradebook by student."""
        with Gradebook(f"sqlite:///{self.folder / 'gradebook.db'}") as gradebook:
            found = gradebook.assignment_submissions(assignment)
            return {one.student.id: one.score for one in found}

    @functools.cache  # noqa: B019
    def gradebook(self) -> bytes:
        """All that the gradebook holds, as text."""
        with sqlite3.connect(self.folder / "gradebook.db") as book:
            return "\n".join(book.iterdump()).encode(errors="replace")

    def outputs(self, item: Item) -> dict[str, bytes]:
        """Every file that grading wrote for an item, and the gradebook's text."""
        found = {}
        for top in ("autograded", "feedback"):
            for path in sorted((self.folder / top / item.id).rglob("*")):
                name = str(path.relative_to(self.folder))
                content = path.read_bytes() if path.is_file() else b""
                found[name] = name.encode(errors="replace") + content
        found["gradebook.db"] = self.gradebook()
        found["row"] = repr(self.row(item)).encode()
        return found

    def feedback(self, item: Item) -> str:
        """The page that the student opens."""
        path = self.folder / "feedback" / item.id / item.assignment
        return (path / f"{item.assignment}.html").read_text("utf-8")

    def formgrader(self, item: Item) -> str:
        """The page that the instructor opens, made as formgrader makes it."""
        os.environ["GPT_CLASS"] = self.group
        config = PyFileConfigLoader(
            "nbgrader_config.py", path=str(self.course)
        ).load_config()
        config.HTMLExporter.template_name = "formgrade"
        config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
        resources = {
            "assignment_id": item.assignment,
            "notebook_id": item.assignment,
            "notebook_path": f"{item.assignment}.ipynb",
            "submission_id": "0" * 32,
            "index": 0,
            "total": 1,
            "base_url": "",
            "student": item.id,
            "last_name": None,
            "first_name": None,
        }
        path = self.folder / "autograded" / item.id / item.assignment
        path /= f"{item.assignment}.ipynb"
        exporter = HTMLExporter(config=config)
        return exporter.from_filename(str(path), resources=resources)[0]


def lay_out(course: Path) -> None:
    """A copy of the course whose configuration knows the groups' limits."""
    for name in ("solutions", "exercises"):
        shutil.copytree(ROOT / name, course / name)
    config = (ROOT / "nbgrader_config.py").read_text()
    mine = f"{LIMITS!r}.get(os.environ.get('GPT_CLASS'), {{}})"
    config += f"\nc.Execute.limits = c.Execute.limits | {mine}\n"
    (course / "nbgrader_config.py").write_text(config)
    (course / "solutions" / "attend" / "notes.txt").write_text(SECRET)


def graded(
    course: Path, group: str, items: Sequence[Item], ears: dict[str, str]
) -> Classroom:
    """Hand in the items of a group beside honest neighbours, and grade them all."""
    room = Classroom(course, group)
    submitted = room.folder / "submitted"
    submitted.mkdir(parents=True)
    (room.folder / "seed").write_text(f"{SECRET} {group}\n")
    # What an attacker may know, and the secret in a form that is not the secret itself.
    places = {"COURSE": str(course), "MARKER": str(room.marker), **ears}
    places["DAEMON"] = f"daemon-{course.parent.name}"
    places["XOR"] = "".join(chr(ord(letter) ^ 1) for letter in SECRET)
    names = sorted({item.assignment for item in items})
    mine = [item for item in items if item.group == group]
    for item in [*mine, *(n for name in names for n in neighbours(name))]:
        write(
            item, submitted, {"COURSE": str(course), "MARKER": str(room.marker), **ears}
        )
    before = _traces()
    os.environ["GPT_CLASS"] = group
    for name in names:
        try:
            with watched(os.getpid(), 0.5, without="bwrap") as seen:
                for row in grade.grade(name):
                    room.rows[name, row.student] = row
            room.peak_mb = max(room.peak_mb, max(seen) - seen[1])
        except Exception:  # noqa: BLE001 - one of them brought the whole class down
            room.errors[name] = traceback.format_exc()
    for item in mine:
        if item.page:
            result = course_api().generate_feedback(
                item.assignment, item.id, force=True
            )
            if not result["success"]:
                room.errors[item.id] = result.get("log") or result["error"]
    room.left = {
        what: now - before[what] if isinstance(now, set) else now
        for what, now in _traces().items()
    }
    return room


def neighbours(assignment: str) -> list[Item]:
    """Honest students, whose grade must stay as it is."""
    name = "{} honest {}"
    return [
        Item(
            name.format(place, assignment),
            "every point",
            f"# {SECRET}: what a neighbour would copy",
            solved=ALL,
            flagged=False,
            assignment=assignment,
        )
        for place in NEIGHBOURS
    ]


def _traces() -> dict[str, set[str]]:
    """What a run could leave behind: mounts, temporary files."""
    found = Path(tempfile.gettempdir()).rglob("*")
    named = f"daemon-{Path.cwd().parent.name}"
    daemons = set()
    for process in psutil.process_iter(["cmdline"]):
        if named in (process.info["cmdline"] or []):
            daemons.add(f"{process.pid}: {process.info['cmdline']}")
    return {
        "mounts": set(Path("/proc/self/mounts").read_text().splitlines()),
        "files": {str(path) for path in found},
        "daemons": daemons,
    }
