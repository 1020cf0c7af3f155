"""`python -m autograder upgrade`: what a newer course changes in a class that has begun."""

from __future__ import annotations

import argparse
import dataclasses
import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from autograder.classroom import course

ABOUT = "what a newer course would change in a class"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("exercise", nargs="*", help="default: all that were submitted")
    parser.add_argument(
        "--check",
        action="store_true",
        help="only say what has changed, and whose grade that would move",
    )
    parser.add_argument("--jobs", type=int, metavar="N", help="default: one a core")
    parser.add_argument("--json", action="store_true", help="for scripts")


def run(options: argparse.Namespace) -> int:
    folder = course.class_folder()
    asked = [course.exercise(name) for name in options.exercise]
    from autograder.road.handout import pin

    known = pin.pinned(folder)
    submitted = folder / "submitted"
    begun = [e for e in course.assignments() if course.students_in(submitted, e)]
    if not options.check:
        return _go_along(options, asked or [*known.get("exercises", {})] or begun)
    found = {}
    for exercise in asked or begun:
        if exercise not in begun:
            raise ValueError(f"nothing was submitted for {exercise!r}")
        found[exercise] = _would(folder, exercise, options.jobs)
    if options.json:
        about = {key: known.get(key, "") for key in ("version", "commit")}
        done = {"class": folder.name, "pinned": about, "exercises": found}
        print(json.dumps(done, indent=1, ensure_ascii=False))
    else:
        _tell(folder.name, known, found)
    return 1 if any(each["would_move"] for each in found.values()) else 0


def _would(folder: Path, exercise: str, jobs: int | None) -> dict[str, Any]:
    """What has changed for an exercise, and whose grade that would move."""
    from autograder.classroom import grade
    from autograder.road.handout import pin

    parts = pin.changed(folder, exercise)
    done = grade.graded(exercise, jobs=jobs, dry=True, again=True)
    return {
        "pinned": exercise in pin.pinned(folder).get("exercises", {}),
        "changed": parts,
        "graded_again": done.reasons,
        "would_move": [dataclasses.asdict(move) for move in done.moved],
        "failed": {s: done.problems[s] for s in done.reasons if s in done.problems},
    }


def _tell(name: str, known: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    from autograder.classroom import again

    if known:
        at = f", commit {known['commit']}" if known.get("commit") else ""
        print(f"class {name}, pinned to version {known.get('version', '?')}{at}")
    else:
        print(f"class {name}, not pinned: `release` or `upgrade` does that")
    todo = []
    for exercise, each in found.items():
        count, moves = len(each["graded_again"]), each["would_move"]
        said = "; ".join(dict.fromkeys(each["graded_again"].values()))
        said = said or ", ".join(each["changed"])
        if not said:
            print(f"{exercise}: nothing that decides a grade has changed")
            continue
        print(f"{exercise}: {said}; {count:,} would be graded again")
        lines = again.told([again.Moved(**move) for move in moves], would=True)
        print(*lines or ["  no grade would move"], sep="\n")
        for student, why in each["failed"].items():
            print(f"  INFRA {student}: {why}")
        todo.append(exercise)
    print("Nothing was changed.")
    if todo:
        word = shlex.quote(name)
        print(f"To go along:  python -m autograder upgrade --class {word}, then")
        print(
            *(f"  python -m autograder regrade {e} --class {word}" for e in todo),
            sep="\n",
        )


def _go_along(options: argparse.Namespace, exercises: Sequence[str]) -> int:
    """Pin the class to the course as it is now."""
    from autograder.road.handout import pin

    folder = course.class_folder()
    moved = [e for e in exercises if pin.changed(folder, e)]
    before = pin.pinned(folder)
    pin.pin(folder, exercises, anew=True)
    after = pin.pinned(folder)
    if options.json:
        print(
            json.dumps(
                {"class": folder.name, "changed": moved, "pinned": after}, indent=1
            )
        )
        return 0
    was = before.get("commit") or before.get("version") or "nothing"
    now = after.get("commit") or after.get("version")
    print(
        f"class {folder.name}: pinned to {now}, before to {was}; no grade was touched"
    )
    name = shlex.quote(folder.name)
    for exercise in moved:
        print(f"  next: python -m autograder regrade {exercise} --class {name}")
    return 0
