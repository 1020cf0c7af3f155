"""Grade a class: nbgrader's records, our execution and verification, one table."""

from __future__ import annotations

import collections
import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from tqdm import tqdm

from autograder import checks, course, sandbox
from autograder.panel import number

GRADED, FLAGGED, INFRA = "GRADED", "FLAGGED", "INFRA"


@dataclass(frozen=True)
class Row:
    """What became of one submission.

    `status` is GRADED, FLAGGED (graded, and a person should look at `flags`) or INFRA
    (our fault, not graded: `flags` tells why; the next run tries again).
    """

    student: str
    points: float
    possible: float
    status: str
    mistakes: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


def grade(
    assignment: str, students: Iterable[str] = (), force: bool = False
) -> list[Row]:
    """Grade what was submitted for an exercise; what has not changed is left alone.

    ValueError where there is no such exercise, no submission, no such student, or no
    sandbox to grade in.
    """
    checks.load(assignment)
    boxed = os.environ.get("GPT_SANDBOX") != "no"
    if boxed and (problem := sandbox.why_not()):
        raise ValueError(f"{problem}; or grade code that you trust with --no-sandbox")
    api = course.api()
    folder = course.class_folder()
    submitted = sorted(api.get_submitted_students(assignment))
    if not submitted:
        raise ValueError(
            f"nothing was submitted for {assignment!r}: put each notebook at "
            f"{folder}/submitted/STUDENT/{assignment}/{assignment}.ipynb"
        )
    for student in students:
        if student not in submitted:
            raise ValueError(
                f"{student!r} has submitted nothing for {assignment!r}; "
                f"these have: {', '.join(submitted)}"
            )
    chosen = list(students) or submitted
    _announce(api, assignment)
    done = _Done(folder / "graded.json", assignment)
    grader = _grader_version(assignment)
    problems = {}
    prints = {s: _fingerprint(folder, s, assignment, grader) for s in chosen}
    todo = [
        s
        for s in chosen
        if force
        or done.get(s) != prints[s]
        or not _notebook(folder, s, assignment).exists()
    ]
    bar = tqdm(todo, desc=f"grading {assignment}", unit="notebook", disable=not todo)
    for student in bar:
        result = api.autograde(assignment, student, force=True)
        if result["success"]:
            done.set(student, prints[student])
        else:
            problems[student] = (result.get("log") or result["error"]).strip()
    return [_row(folder, s, assignment, problems.get(s)) for s in chosen]


def feedback(assignment: str) -> None:
    """Write nbgrader's feedback page for each graded submission."""
    api = course.api()
    result = api.generate_feedback(assignment, force=True)
    if not result["success"]:
        raise RuntimeError(result.get("log") or result["error"])


def table(assignment: str, rows: Sequence[Row], width: int = 80) -> str:
    """The grades as text: a row a student, then what most of them got wrong."""
    longest = max(len(row.student) for row in rows)
    possible = number(rows[0].possible)
    lines = [f"{assignment}: {len(rows)} submissions, {possible} points", ""]
    for row in rows:
        share = row.points / row.possible if row.possible else 0.0
        bar = ("█" * round(10 * share)).ljust(10, "·")
        score = f"{row.points:6.2f}" if row.status != INFRA else "     –"
        notes = "; ".join(row.flags or (_words(m) for m in row.mistakes))
        line = f"  {row.student:<{longest}}  {score}  {bar}  {row.status:<7}  {notes}"
        lines.append(line if len(line) <= width else line[: width - 1] + "…")
    common = most_common_mistake(rows)
    if common:
        lines += ["", f"  most common mistake: {common}"]
    return "\n".join(line.rstrip() for line in lines)


def most_common_mistake(rows: Sequence[Row]) -> str | None:
    """The mistake that most submissions made, in words, with how many did."""
    counts = collections.Counter(m for row in rows for m in set(row.mistakes))
    if not counts:
        return None
    name, count = max(counts.items(), key=lambda item: (item[1], item[0]))
    return f"{_words(name)} ({count} of {len(rows)})"


class _Done:
    """Which submissions have been graded, by fingerprint; written whole each time."""

    def __init__(self, path: Path, assignment: str) -> None:
        self.path, self.assignment = path, assignment
        self.all: dict[str, dict[str, str]] = (
            json.loads(path.read_text()) if path.exists() else {}
        )

    def get(self, student: str) -> str | None:
        return self.all.get(self.assignment, {}).get(student)

    def set(self, student: str, fingerprint: str) -> None:
        self.all.setdefault(self.assignment, {})[student] = fingerprint
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps(self.all, indent=1, sort_keys=True))
        os.replace(part, self.path)


def _announce(api: Any, assignment: str) -> None:
    """Let nbgrader record the exercise as it stands: its cells, locks and points."""
    result = api.generate_assignment(assignment, force=True, create=True)
    if not result["success"]:
        raise RuntimeError(
            f"nbgrader cannot generate {assignment!r}:\n"
            + (result.get("log") or result["error"])
        )


def _grader_version(assignment: str) -> str:
    """A hash of all that decides a grade beside the submission."""
    root = course.root()
    files = [
        *sorted((root / "autograder").glob("*.py")),
        *sorted((root / "autograder" / "checks").glob("*.py")),
        root / course.CONFIG,
        *sorted((root / "solutions" / assignment).glob("*")),
    ]
    digest = hashlib.sha256()
    for file in files:
        if file.is_file():
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _fingerprint(folder: Path, student: str, assignment: str, grader: str) -> str:
    digest = hashlib.sha256(grader.encode())
    for file in sorted((folder / "submitted" / student / assignment).rglob("*")):
        if file.is_file():
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _notebook(folder: Path, student: str, assignment: str) -> Path:
    return folder / "autograded" / student / assignment / f"{assignment}.ipynb"


def _row(folder: Path, student: str, assignment: str, problem: str | None) -> Row:
    possible = float(sum(c.points for c in checks.load(assignment).values()))
    path = _notebook(folder, student, assignment)
    if problem or not path.exists():
        lines = (problem or "no notebook came out").splitlines()
        return Row(student, 0.0, possible, INFRA, flags=(lines[-1],))
    about = nbformat.read(path, as_version=4).metadata["autograder"]
    verdicts = about["checks"]
    return Row(
        student,
        round(sum(v["points"] for v in verdicts.values()), 2),
        possible,
        about["status"],
        tuple(v["mistake"] for v in verdicts.values() if v["mistake"]),
        tuple(about["flags"]),
    )


def _words(name: str) -> str:
    return name.replace("_", " ")
