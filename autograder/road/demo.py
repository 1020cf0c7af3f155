"""`python -m autograder demo`: lay out the bundled demo, or a class to practise on.

The demo stands in a place of its own, `_build/demo`, and is made anew when its exercise
has changed. A class to practise on stands where classes do. Either way nothing is
overwritten and nothing deleted that this command did not write: it marks its folder,
and what lies there without being in the mark is somebody's work.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
from pathlib import Path

from autograder.classroom import course

ABOUT = "lay out a class to try it on"
CLASS = "own"
MARK = "demo.json"
# What comes of grading the demo, besides its submissions; of nothing else it is made anew.
MADE = ("gradebook.db", "gradebook.db-journal", "seed", "lock", "problems.log")
OF_A_CLASS = ("submitted", "autograded", "gradebook.db", "seed", "roster.csv")
MADE_FOLDERS = ("autograded", "feedback")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--remove", action="store_true", help="delete what it wrote, and only that"
    )


def run(options: argparse.Namespace) -> int:
    if options.klass is None:
        course.use("demo")
    _earlier()
    if options.remove:
        return _remove()
    from autograder.classroom import demo, practice

    is_demo = course.class_name() == "demo"
    _may_write(course.class_place())
    folder = course.new_class()
    print(f"class {course.class_name()}", file=sys.stderr)
    version = _version()
    mark = _mark(folder)
    if is_demo and mark and mark["version"] != version:
        _empty(folder, mark["wrote"])  # of another notebook
    submissions = demo.CLASS if is_demo else practice.CLASS
    wrote = [submission.student for submission in submissions]
    _write_mark(folder, version, wrote)  # first: what is written is known to be ours
    demo.write(folder / "submitted", submissions)
    where = os.path.relpath(folder)
    print(f"{len(wrote)} submissions of {demo.ASSIGNMENT} in {where}")
    if is_demo:
        print(f"next: python -m autograder grade {demo.ASSIGNMENT} --class demo")
        return 0
    practice.add(folder)
    name = course.class_name()
    print(
        f"its roster: {where}/{practice.ROSTER}; due: {practice.DUE:%Y-%m-%d %H:%M} UTC"
    )
    print(f"next: python -m autograder roster {where}/{practice.ROSTER} --class {name}")
    print(f"then: python -m autograder grade {demo.ASSIGNMENT} --class {name}")
    return 0


def _version() -> str:
    released = course.solution("tokenize")
    return hashlib.sha256(released.read_bytes()).hexdigest()


def _mark(folder: Path) -> dict | None:
    """What an earlier call noted of this folder, or None."""
    try:
        found = json.loads((folder / MARK).read_text("utf-8"))
        return {"version": str(found["version"]), "wrote": list(found["wrote"])}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{folder / MARK} cannot be read: {error}") from None


def _write_mark(folder: Path, version: str, wrote: list[str]) -> None:
    from gpt.data import write_whole

    before = _mark(folder) or {"wrote": []}
    every = sorted({*before["wrote"], *wrote})
    text = json.dumps({"version": version, "wrote": every}, indent=1)
    write_whole(folder / MARK, text.encode())


def _may_write(folder: Path) -> None:
    """ValueError where the folder holds what this command did not write."""
    if not folder.is_dir() or not os.listdir(folder):
        return
    where = os.path.relpath(folder)
    mark = _mark(folder)
    if mark is None and not any(os.path.lexists(folder / name) for name in OF_A_CLASS):
        return  # no class, and none of it is written over
    if mark is None:
        raise ValueError(
            f"{where} holds a class that this command did not lay out; nothing was "
            "touched. Take another name: demo --class NAME"
        )
    if foreign := _foreign(folder, mark["wrote"]):
        raise ValueError(
            f"{where}/submitted holds what this command did not write ({foreign}); nothing "
            "was touched. Move that to a class of its own, in autograder/classes"
        )


def _foreign(folder: Path, wrote: list[str]) -> str:
    """Who has submitted here beside those that were laid out; empty where nobody has."""
    there = folder / "submitted"
    others = sorted({*(os.listdir(there) if there.is_dir() else ())} - {*wrote})
    return ", ".join(map(ascii, others[:3])) + (" …" if len(others) > 3 else "")


def _empty(folder: Path, wrote: list[str]) -> None:
    """Delete what was laid out here and what grading made of it."""
    for student in wrote:
        shutil.rmtree(folder / "submitted" / student, ignore_errors=True)
    for name in MADE_FOLDERS:
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in MADE:
        (folder / name).unlink(missing_ok=True)


def _remove() -> int:
    folder = course.class_place()
    if not folder.is_dir():
        return 0
    _may_write(folder)
    mark = _mark(folder)
    if mark:
        _empty(folder, mark["wrote"])
        (folder / "roster.csv").unlink(missing_ok=True)
        _results(folder)
        (folder / MARK).unlink()
    for empty in folder / "submitted", folder:
        if empty.is_dir() and not os.listdir(empty):
            empty.rmdir()
    if folder.is_dir():
        left = ", ".join(map(ascii, sorted(os.listdir(folder))[:5]))
        print(f"left in {os.path.relpath(folder)}: {left}")
    return 0


def _results(folder: Path) -> None:
    """Delete the files of grades and the reports, if they are as our commands wrote them."""
    from autograder.road import look

    notes = folder / "exports" / "written.json"
    try:
        written = json.loads(notes.read_text("utf-8"))
    except (OSError, ValueError):
        written = {}
    for name, digest in written.items():
        path = Path(name)
        inside = path.parent == notes.parent.resolve() and path.is_file()
        if inside and hashlib.sha256(path.read_bytes()).hexdigest() == digest:
            path.unlink()
    notes.unlink(missing_ok=True)
    if notes.parent.is_dir() and not os.listdir(notes.parent):
        notes.parent.rmdir()
    for name in "report.html", "report-anonymous.html":
        path = folder / name
        if path.is_file() and look.MAKER.encode() in path.read_bytes()[:4_000]:
            path.unlink()


def _earlier() -> None:
    """The demo of earlier versions, which may hold a real class: it is left alone."""
    old = course.root() / "autograder" / "classes" / "demo"
    if old.is_dir():
        print(
            "note: autograder/classes/demo is of an earlier version and is left alone. If "
            "it holds a real class, give that a name: mv autograder/classes/demo "
            "autograder/classes/NAME. If not, you may delete it.",
            file=sys.stderr,
        )
