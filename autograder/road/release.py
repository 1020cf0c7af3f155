"""`python -m autograder release`: make a class, and what its students get."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.classroom import course, names
from autograder.road.handout import links

ABOUT = "make a class, and the folder that its students get"
CLASS = "new"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("exercise", nargs="*", help="default: all, in the book's order")
    parser.add_argument(
        "--to", type=Path, metavar="FOLDER", help="default: handout/ in the class"
    )
    parser.add_argument(
        "--repository",
        metavar="URL",
        help="where you put the folder, for links that open it in a browser",
    )
    parser.add_argument("--branch", default="main", help="of that; default: main")
    parser.add_argument("--hub", metavar="URL", help="your JupyterHub, for its links")
    parser.add_argument(
        "--book", default="", metavar="URL", help="where the book is published"
    )
    parser.add_argument(
        "--json", action="store_true", help="what was done, for scripts"
    )


def run(options: argparse.Namespace) -> int:
    asked = {course.exercise(name) for name in options.exercise}
    exercises = [e for e in course.assignments() if e in asked or not asked]
    if course.class_name() == "demo":  # a wrong name is said before a second has gone
        raise ValueError("the demo is nobody's class: give yours a name of its own")
    if options.hub and not options.repository:
        raise ValueError("--hub needs --repository: what is the hub to pull from?")
    if options.book and not re.fullmatch(r"https?://[\w.:/~-]+", options.book):
        raise ValueError(f"{options.book!r} is no address of a book")
    where = options.repository and links.repository(options.repository, options.branch)
    addresses = links.of(exercises, where or None, options.hub)

    from autograder.road.handout import bundle, pin
    from autograder.verdict.secret import hidden_seed

    found = bundle.files(
        exercises, _online(where, addresses) if where else "", options.book
    )
    to = (options.to or _place() / "handout").absolute()
    folder, archive = to / bundle.NAME, to / f"{bundle.NAME}.zip"
    change = _change(folder, found, bundle.LIST)
    _check_zip(archive)
    new = not (_place() / "seed").exists()
    place = course.new_class()
    hidden_seed(place / "seed", exercises[0])
    pin.pin(place, exercises)
    written, removed = _write(folder, found, change)
    data = bundle.packed(found)
    same = archive.exists() and archive.read_bytes() == data
    if not same:
        from gpt.data import write_whole

        write_whole(archive, data)
    done = {
        "class": course.class_name(),
        "new_seed": new,
        "exercises": exercises,
        "folder": str(folder),
        "zip": str(archive),
        "bytes": len(data),
        "files": len(found),
        "written": written,
        "removed": removed,
        "links": addresses,
    }
    print(json.dumps(done, indent=1) if options.json else _told(done))
    return 0


def _place() -> Path:
    """The class's folder, which need not be there yet."""
    return course.root() / "autograder" / "classes" / course.class_name()


Change = tuple[list[str], list[str]]  # what is to be written, and to be removed


def _change(folder: Path, found: Mapping[str, bytes], name: str) -> Change:
    """What makes a folder the bundle. ValueError where that would undo others' work.

    name: of the file that lists what an earlier release wrote into it.
    """
    from hashlib import sha256

    try:
        known = json.loads((folder / name).read_text("utf-8"))["files"]
    except FileNotFoundError:
        known = {}
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{folder / name} is not as a release wrote it") from None
    write, changed = [], []
    for path, data in found.items():
        here = folder / path
        if here.is_symlink() or (here.exists() and not here.is_file()):
            changed.append(path)
        elif not here.exists() or (now := here.read_bytes()) != data:
            write.append(path)
            if (
                here.exists()
                and path != name
                and known.get(path) != sha256(now).hexdigest()
            ):
                changed.append(path)
    gone = [path for path in known if path not in found and _within(folder, path)]
    remove = [
        path
        for path in gone
        if (here := folder / path).is_file()
        and sha256(here.read_bytes()).hexdigest() == known[path]
    ]
    if changed:
        raise ValueError(
            f"{folder} holds what no release has written so: "
            f"{names.several(changed, 5)}; nothing was touched. Move it away, or "
            "name another folder with --to"
        )
    return write, remove


def _within(folder: Path, path: str) -> bool:
    return (folder / path).resolve().is_relative_to(folder.resolve())


def _check_zip(archive: Path) -> None:
    """ValueError where a file of that name is none of ours."""
    import zipfile

    from autograder.road.handout import bundle

    if not archive.exists():
        return
    try:
        with zipfile.ZipFile(archive) as there:
            there.getinfo(f"{bundle.NAME}/{bundle.LIST}")
    except (zipfile.BadZipFile, KeyError, OSError):
        raise ValueError(
            f"{archive} is there, and no release wrote it; nothing was touched"
        ) from None


def _write(folder: Path, found: Mapping[str, bytes], change: Change) -> tuple[int, int]:
    """Bring a folder to what it is to be; its list is written last."""
    from gpt.data import write_whole

    write, remove = change
    for path in remove:
        (folder / path).unlink()
    for path in write:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        write_whole(folder / path, found[path])
    return len(write), len(remove)


def _online(where: links.Repository, addresses: dict[str, dict[str, str]]) -> str:
    """A part of the README: what opens without an installation."""
    lines = [
        "## In a browser",
        "",
        "Nothing to set up; save your notebook before you close the page.",
    ]
    kinds = list(dict.fromkeys(kind for each in addresses.values() for kind in each))
    lines += [
        "",
        f"| exercise | {' | '.join(kinds)} |",
        "|---" * (1 + len(kinds)) + "|",
    ]
    for exercise, each in addresses.items():
        cells = [f"[{kind}]({each[kind]})" if kind in each else "" for kind in kinds]
        lines.append(f"| {exercise} | {' | '.join(cells)} |")
    if "Colab" in kinds:
        lines += [
            "",
            "Colab opens the notebook alone. Run this in a cell of your own, above all others, first:",
        ]
        lines += ["", "```python", f"%pip install -q {where.install}", "```"]
    return "\n".join(lines)


def _told(done: dict[str, Any]) -> str:
    """What was done, where it lies, and what comes next: for a terminal of 80 columns."""
    new = f"{done['written']} written" if done["written"] else "all as they were"
    if done["removed"]:
        new += f", {done['removed']} removed"
    named = f"released {', '.join(done['exercises'])}"
    lines = textwrap.wrap(named, 80)
    seed = "new; keep it to yourself" if done["new_seed"] else "as it was"
    lines += [
        f"  seed    {seed}",
        f"  folder  {_short(done['folder'])}",
        f"          {done['files']} files, {new}; no solutions, no hidden inputs",
        f"  zip     {_short(done['zip'])} ({done['bytes'] / 1e6:.1f} MB)",
    ]
    for exercise, each in done["links"].items():
        lines += ["", exercise, *(f"  {kind}: {link}" for kind, link in each.items())]
    lines += [
        "",
        "Next: give your students the zip, or put the folder into a repository; then",
        f"  python -m autograder roster FILE.csv --class {shlex.quote(done['class'])}",
    ]
    return "\n".join(lines)


def _short(path: str) -> str:
    """A path from here, where it lies below."""
    here = Path.cwd()
    return (
        str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path
    )
