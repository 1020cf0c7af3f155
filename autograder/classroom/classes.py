"""Where the course lies, and which class is meant: what makes one, and what never does.

There is no default class. Nothing is graded into a class that nobody has named, and a
mistyped name makes none.
"""

from __future__ import annotations

import atexit
import difflib
import functools
import os
import re
import shutil
import tempfile
from pathlib import Path

CONFIG = "nbgrader_config.py"
_CLASS = re.compile(r"\w(?:[\w .-]*[\w-])?")
_DEMO = ":demo"  # in GPT_CLASS: no class is so called, and nobody means it by chance


def root() -> Path:
    """The course's folder. ValueError where neither here nor above holds one."""
    here = Path.cwd()
    beside = Path(__file__).resolve().parents[2]
    for folder in (here, *here.parents, beside):
        if (folder / CONFIG).exists() and (folder / "solutions").is_dir():
            return folder
    raise ValueError(
        f"neither {here} nor a folder above it holds {CONFIG} and solutions/: run this "
        "in the course's folder"
    )


def use(name: str) -> None:
    """Let `name` be the class that is meant, here and in processes that we start."""
    os.environ["GPT_CLASS"] = _DEMO if name == "demo" else name


def has_class() -> bool:
    """Whether any class is named."""
    return bool(os.environ.get("GPT_CLASS"))


def class_name() -> str:
    """The class that is meant: by --class, else by GPT_CLASS. There is no default.

    ValueError where none is named, and for a name that could lead elsewhere or that a
    pattern would not find. The demo is no class: only --class can mean it.
    """
    name = os.environ.get("GPT_CLASS") or ""
    if name == _DEMO:
        return "demo"
    if not name:
        raise ValueError(
            f"no class is named: add --class NAME, or set GPT_CLASS; {_there()}"
        )
    if name.casefold() == "demo":
        raise ValueError(
            "'demo' is the bundled demo, which is laid out anew at any time, and no name "
            f"for a class; {_there()}"
        )
    if not _CLASS.fullmatch(name):
        raise ValueError(
            f"{name!r} cannot be the name of a class: it is one folder's name, of "
            "letters, digits, '-', '_', '.' and blanks, and begins with a letter or digit"
        )
    return name


def classes() -> list[str]:
    """The classes there are, by the alphabet."""
    try:
        found = [entry.name for entry in os.scandir(_classes()) if entry.is_dir()]
    except OSError:
        return []
    found = [name for name in found if _CLASS.fullmatch(name)]
    return sorted(name for name in found if name.casefold() != "demo")


def class_folder() -> Path:
    """The folder of the class that is meant. ValueError where there is no such class."""
    name, folder = class_name(), class_place()
    if folder.is_dir():
        return folder
    if name == "demo":
        raise ValueError(
            "the demo is not laid out: `python -m autograder demo` does it"
        )
    meant = near(name)
    known = f"did you mean {', or '.join(meant)}?" if meant else _there()
    raise ValueError(f"there is no class {name!r}; {known}")


def near(name: str) -> list[str]:
    """Classes that have nearly this name."""
    return difflib.get_close_matches(name, classes(), 3, 0.5)


def new_class(name: str | None = None) -> Path:
    """The folder of the class of that name, by default the one that is meant.

    It is made where it is not there yet; from then on it is the class that is meant.
    """
    if name is not None:
        use(name)
    folder = class_place()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@functools.cache
def nowhere() -> Path:
    """A folder for the gradebook of no class, which ends with this process.

    Its name does not begin as those of the sandbox do, whose leftovers are swept.
    """
    folder, mine = tempfile.mkdtemp(prefix="no-class-"), os.getpid()

    def gone() -> None:
        if os.getpid() == mine:  # and not a process that was forked from this one
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(gone)
    return Path(folder)


def _classes() -> Path:
    return root() / "autograder" / "classes"


def class_place() -> Path:
    """Where the class that is meant stands, or would stand."""
    name = class_name()
    return root() / "_build" / "demo" if name == "demo" else _classes() / name


def _there() -> str:
    """Which classes there are, in words."""
    known = classes()
    if not known:
        return "there is none yet: release, collect, roster, and `demo --class NAME` make one"
    return f"there {'are' if len(known) > 1 else 'is'} {', '.join(known)}"
