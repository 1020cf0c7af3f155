"""What a student has done so far, over all exercises: run as the grader would run it."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError

from autograder.check import RESULT
from autograder.classroom import course
from autograder.verdict import bank
from autograder.verdict.panel import number

SECONDS = 20  # for one cell; what takes longer is interrupted
CACHE = Path("_build") / "progress.json"


@dataclass(frozen=True)
class Progress:
    """One exercise: points by check, in the notebook's order, and what is possible."""

    exercise: str
    points: dict[str, float]
    possible: dict[str, int]

    @property
    def next(self) -> str | None:
        """The first check that is not passed yet."""
        return next((n for n, p in self.points.items() if p < self.possible[n]), None)


def find(folder: Path) -> list[Path]:
    """The exercises in a folder and right below it, in the order of the book."""
    found = [*folder.glob("*.ipynb"), *folder.glob("*/*.ipynb")]
    found = [p for p in found if (p.parent / bank.REFERENCE).exists()]
    return sorted(found, key=lambda path: (course.place(path.stem), path))


def progress(folder: Path, cache: Path | None = None) -> list[Progress]:
    """Run each notebook in `folder`, saved as it is, in a fresh kernel.

    With `cache`, a notebook that has not changed since is not run again. ValueError
    where there is no exercise in `folder`.
    """
    notebooks = find(folder)
    if not notebooks:
        raise ValueError(
            f"no exercise in {folder}: give the folder that holds them, as in "
            "`python -m autograder progress exercises`"
        )
    known = json.loads(cache.read_text()) if cache and cache.exists() else {}
    code = b"".join(file.read_bytes() for file in course.code())
    rows = []
    for path in notebooks:
        reference = path.parent / bank.REFERENCE
        possible = bank.points(reference)
        content = path.read_bytes() + reference.read_bytes() + code
        key = hashlib.sha256(content).hexdigest()
        if key not in known:
            known[key] = _run(path)
        points = {name: known[key].get(name, 0.0) for name in possible}
        rows.append(Progress(path.stem, points, possible))
    if cache:
        cache.parent.mkdir(parents=True, exist_ok=True)
        part = cache.with_suffix(".part")
        part.write_text(json.dumps(known))
        os.replace(part, cache)
    return rows


def table(rows: list[Progress]) -> str:
    """The progress as text: one row per exercise, then one per check."""
    lines = []
    for row in rows:
        got, possible = sum(row.points.values()), sum(row.possible.values())
        bar = ("█" * int(20 * got / possible)).ljust(20, "·")
        score = f"{number(got)} of {number(possible)} points"
        lines.append(f"{row.exercise:<10} {bar}  {score}")
        for name, points in row.points.items():
            mark = "✓" if points >= row.possible[name] else "½" if points else "·"
            here = "   ← next" if name == row.next else ""
            of = f"{number(points)} of {number(row.possible[name])}"
            lines.append(f"  {mark} {name:<24} {of:>12}{here}")
    return "\n".join(lines)


def _run(path: Path) -> dict[str, float]:
    """The points of each check in a notebook, executed as it is saved."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=SECONDS,
        interrupt_on_timeout=True,
        error_on_timeout={"ename": "Timeout", "evalue": "", "traceback": []},
        allow_errors=True,
        extra_arguments=["--log-level=40"],  # errors only
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute()
    except DeadKernelError:
        pass  # what was checked before it died still counts
    points = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if RESULT in output.get("data", {}):
                result = output["data"][RESULT]
                points[result["check"]] = result["points"]
    return points
