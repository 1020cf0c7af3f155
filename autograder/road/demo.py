"""`python -m autograder demo`: lay out the bundled demo, or a class to practise on.

The demo stands in a place of its own, `_build/demo`, and is made anew when its exercise
has changed. A class to practise on stands where classes do. Either way the command keeps
a list of the files that it wrote, with their hashes. It overwrites and deletes no others,
none of these that has been edited since, and goes through no link.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from autograder.classroom import course

ABOUT = "lay out a class to try it on"
CLASS = "own"
MARK = "demo.json"
# What comes of grading the demo, besides its submissions; of nothing else it is made anew.
MADE = ("gradebook.db", "gradebook.db-journal", "lock", "problems.log")
OF_A_CLASS = ("submitted", "autograded", "gradebook.db", "seed", "roster.csv")
MADE_FOLDERS = ("autograded", "feedback")
BOOK = "gradebook.db"


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
    folder, known = _may_write()
    files = demo.files() if is_demo else practice.files()
    _no_links(folder, [*files, MARK])
    course.new_class()
    print(f"class {course.class_name()}", file=sys.stderr)
    version = _version()
    if is_demo and known and known["version"] != version:
        _made(folder, known["wrote"])  # of another notebook
    wrote = dict(known["wrote"]) if known else {}
    kept = _write(folder, version, files, wrote)
    where = os.path.relpath(folder)
    many = len(demo.CLASS if is_demo else practice.CLASS)
    print(f"{many} submissions of {demo.ASSIGNMENT} in {where}")
    if kept:
        print(f"kept as they are, not as this command wrote them: {_listed(kept)}")
    if is_demo:
        print(f"next: python -m autograder grade {demo.ASSIGNMENT} --class demo")
        return 0
    if BOOK not in wrote:  # later it is the instructor's
        practice.due()
        if (folder / BOOK).is_file():
            _mark(folder, version, wrote | {BOOK: _hash(folder / BOOK)})
    name = course.class_name()
    print(
        f"its roster: {where}/{practice.ROSTER}; due: {practice.DUE:%Y-%m-%d %H:%M} UTC"
    )
    print(f"next: python -m autograder roster {where}/{practice.ROSTER} --class {name}")
    print(f"then: python -m autograder grade {demo.ASSIGNMENT} --class {name}")
    return 0


def _version() -> str:
    return _hash(course.solution("tokenize"))


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _marked(folder: Path) -> dict | None:
    """What earlier calls noted of this folder, or None: `wrote` is each file's hash."""
    try:
        found = json.loads((folder / MARK).read_text("utf-8"))
        wrote = found["wrote"]
        if isinstance(wrote, list):  # an earlier version noted the students alone
            wrote = _as_before(folder, {*wrote})
        return {"version": str(found["version"]), "wrote": dict(wrote)}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{folder / MARK} cannot be read: {error}") from None


def _as_before(folder: Path, students: set[str]) -> dict[str, str]:
    """Of what this command would write for these students, what is there just so."""
    from autograder.classroom import demo, practice

    is_demo = course.class_name() == "demo"
    found = {}
    for name, data in (demo.files() if is_demo else practice.files()).items():
        path, mine = folder / name, hashlib.sha256(data).hexdigest()
        is_ours = name.count("/") == 0 or name.split("/")[1] in students
        if is_ours and _unchanged(path, mine):
            found[name] = mine
    return found


def _mark(folder: Path, version: str, wrote: Mapping[str, str]) -> None:
    from gpt.data import write_whole

    text = json.dumps({"version": version, "wrote": wrote}, indent=1)
    write_whole(folder / MARK, text.encode())


def _unchanged(path: Path, digest: str) -> bool:
    return path.is_file() and not path.is_symlink() and _hash(path) == digest


def _may_write() -> tuple[Path, dict | None]:
    """The folder of the class and its mark.

    ValueError where it is a link, or holds what this command did not write.
    """
    folder = course.class_place()
    _no_links(folder, [MARK])
    if not folder.is_dir() or not os.listdir(folder):
        return folder, None
    where = os.path.relpath(folder)
    known = _marked(folder)
    if known is None and not any(os.path.lexists(folder / name) for name in OF_A_CLASS):
        return folder, None  # no class, and none of it is written over
    if known is None:
        raise ValueError(
            f"{where} holds a class that this command did not lay out; nothing was "
            "touched. Take another name: demo --class NAME"
        )
    _no_links(folder, known["wrote"])
    if foreign := _foreign(folder, known["wrote"]):
        raise ValueError(
            f"{where}/submitted holds what this command did not write ({foreign}); nothing "
            "was touched. Move that to a class of its own, in autograder/classes"
        )
    return folder, known


def _no_links(folder: Path, names: Iterable[str]) -> None:
    """ValueError where the folder, or one on the way to a file in it, is a link."""
    steps = {folder}
    for name in names:
        path = folder / name
        if ".." in path.parts:
            raise ValueError(f"{folder / MARK} names {name!r}: nothing was touched")
        steps |= {path, *path.parents[: len(Path(name).parts) - 1]}
    for step in sorted(steps):
        if step.is_symlink():
            where = os.path.relpath(step)
            raise ValueError(
                f"{where} is a link: it is not followed; nothing was touched"
            )


def _foreign(folder: Path, wrote: Mapping[str, str]) -> str:
    """What lies among the submissions beside what was laid out; empty if nothing does."""
    top, found = folder / "submitted", set()
    for at, folders, files in os.walk(top):
        links = [name for name in folders if (Path(at) / name).is_symlink()]
        empty = [""] if not folders and not files and Path(at) != top else []
        for name in (*files, *links, *empty):
            path = (Path(at) / name).relative_to(folder).as_posix()
            if path in wrote:
                continue
            student = path.split("/")[1]
            ours = any(one.startswith(f"submitted/{student}/") for one in wrote)
            found.add(path.removeprefix("submitted/") if ours else student)
    return _listed(sorted(found))


def _listed(names: Sequence[str], most: int = 3) -> str:
    return ", ".join(map(ascii, names[:most])) + (" …" if len(names) > most else "")


def _write(
    folder: Path, version: str, files: Mapping[str, bytes], wrote: dict[str, str]
) -> list[str]:
    """Write what may be written; `wrote` is what was and then is ours. The rest is told."""
    from gpt.data import write_whole

    kept, todo = [], {}
    for name, data in files.items():
        path, digest = folder / name, hashlib.sha256(data).hexdigest()
        if not path.exists() or (name in wrote and _unchanged(path, wrote[name])):
            todo[name], wrote[name] = data, digest
        elif not _unchanged(path, digest):
            kept.append(name)
    for name in [name for name in wrote if name not in files and name != BOOK]:
        if _unchanged(folder / name, wrote[name]):
            _delete(folder, name)  # an earlier notebook's class had it
            del wrote[name]
    # First: what is written is known to be ours. Cut off, a file is there whole or not.
    _mark(folder, version, wrote)
    for name, data in todo.items():
        path = folder / name
        if _unchanged(path, wrote[name]):
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, data)
    return kept


def _delete(folder: Path, name: str) -> None:
    """Delete a file, and the folders that it leaves empty."""
    path = folder / name
    path.unlink(missing_ok=True)
    _without_empty(folder, path.parent)


def _without_empty(folder: Path, empty: Path) -> None:
    while empty != folder and empty.is_dir() and not os.listdir(empty):
        empty.rmdir()
        empty = empty.parent


def _made(folder: Path, wrote: Mapping[str, str]) -> None:
    """Delete what grading made of the demo's own submissions."""
    from autograder.classroom.demo import ASSIGNMENT

    own = sorted({name.split("/")[1] for name in wrote if name.count("/") > 1})
    pages = f"{ASSIGNMENT}.ipynb", f"{ASSIGNMENT}.html", "timestamp.txt"
    pages += ("reference.safetensors",)
    names = [
        f"{top}/{student}/{ASSIGNMENT}/{page}"
        for top in MADE_FOLDERS
        for student in own
        for page in pages
    ]
    _no_links(folder, [*names, *MADE])
    for name in (*names, *MADE):
        if (folder / name).is_file():
            _delete(folder, name)
    for top in MADE_FOLDERS:
        for student in own:
            _without_empty(folder, folder / top / student / ASSIGNMENT)


def _remove() -> int:
    folder, known = _may_write()
    if not folder.is_dir():
        return 0
    edited = []
    if known:
        if course.class_name() == "demo":  # of a class, grades are the instructor's
            _made(folder, known["wrote"])
        for name, digest in known["wrote"].items():
            if _unchanged(folder / name, digest):
                _delete(folder, name)
            elif (folder / name).exists():
                edited.append(name)
        (folder / MARK).unlink()
    _without_empty(folder, folder / "submitted")
    if not os.listdir(folder):
        folder.rmdir()
        return 0
    where = os.path.relpath(folder)
    print(f"left in {where}: {_listed(sorted(os.listdir(folder)), 5)}")
    if edited:
        print(f"edited since it was laid out: {_listed(edited)}")
    print(
        "Grading made the rest, or you did: delete the folder if you need none of it."
    )
    return 0


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
