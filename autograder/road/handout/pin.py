"""Which course a class began with, so that a newer one moves no grade without a word.

What is written down is what decides a grade, by what it does: a comment in a check's file
is no other course.
"""

from __future__ import annotations

import functools
import json
import subprocess
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from autograder.classroom import course, decides

FILE = "course.json"
HOUSE = Path(__file__).parents[3]


def pin(folder: Path, exercises: Iterable[str], anew: bool = False) -> None:
    """Write down the course as it is now for these exercises of a class.

    An exercise that is pinned stays as it is, unless `anew`.
    """
    from gpt.data import write_whole  # only now: it takes a moment

    known = pinned(folder)
    if anew or not known:
        known |= {"version": _version(), "commit": _commit()}
    mine, kept = {e: now(e) for e in exercises}, known.get("exercises", {})
    known["exercises"] = kept | mine if anew else mine | kept
    write_whole(folder / FILE, (json.dumps(known, indent=1) + "\n").encode())


def pinned(folder: Path) -> dict[str, Any]:
    """What was written down; empty where the class was made otherwise.

    ValueError for a file that is none of ours.
    """
    try:
        found = json.loads((folder / FILE).read_text("utf-8"))
        return {**found, "exercises": dict(found["exercises"])}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError):
        raise ValueError(
            f"{folder / FILE} cannot be read; `upgrade` without it pins the class anew: "
            "move it away first"
        ) from None


def now(exercise: str) -> dict[str, str]:
    """The parts of the course that decide the grades of an exercise, each as a hash."""
    every = decides.files(exercise)
    checks = [path for path in every if "checks" in path.relative_to(HOUSE).parts]
    return {
        "checks": _code(checks),
        "grader": _code([path for path in every if path not in checks]),
        "the course's code (gpt)": _code(sorted((HOUSE / "gpt").glob("*.py"))),
    }


def _code(paths: Sequence[Path]) -> str:
    return _hashed(tuple((path, path.stat().st_mtime_ns) for path in paths))


@functools.lru_cache(maxsize=32)
def _hashed(files: tuple[tuple[Path, int], ...]) -> str:
    return decides.code(path for path, _ in files)


def changed(folder: Path, exercise: str) -> list[str]:
    """The parts that are not as they were when the exercise was pinned."""
    before = pinned(folder).get("exercises", {}).get(exercise)
    if before is None:
        return []
    return [
        part for part, digest in now(exercise).items() if before.get(part) != digest
    ]


def guard(exercise: str) -> None:
    """ValueError where a class would be graded by another course than it began with."""
    folder = course.class_folder()
    if parts := changed(folder, exercise):
        since = (
            f"{', '.join(parts)}: not as when the class {folder.name!r} was released"
        )
        raise ValueError(
            f"{since}. `upgrade --check` says whose grade that would move, and `upgrade` "
            "goes along with it"
        )


def _version() -> str:
    try:
        text = (HOUSE / "pyproject.toml").read_text("utf-8")
        return tomllib.loads(text)["project"]["version"]
    except OSError:
        return ""


def _commit() -> str:
    """The commit of the clone, or nothing."""
    asked = ["git", "-C", str(HOUSE), "rev-parse", "--short=12", "HEAD"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()
