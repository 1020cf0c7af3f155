"""Where the course lies, and nbgrader's interface to it."""

from __future__ import annotations

import difflib
import json
import logging
import os
import re
import stat
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.classroom import names

if TYPE_CHECKING:
    from nbgrader.apps import NbGraderAPI

CONFIG = "nbgrader_config.py"
_CLASS = re.compile(r"\w(?:[\w .-]*[\w-])?")


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


def class_name() -> str:
    """The class that is graded, as GPT_CLASS names it; the demo without it.

    ValueError for a name that could lead elsewhere, or that a pattern would not find.
    """
    name = os.environ.get("GPT_CLASS") or "demo"
    if not _CLASS.fullmatch(name):
        raise ValueError(
            f"{name!r} cannot be the name of a class: it is one folder's name, of "
            "letters, digits, '-', '_', '.' and blanks, and begins with a letter or digit"
        )
    return name


def class_folder() -> Path:
    """The folder of the class that is graded."""
    return root() / "autograder" / "classes" / class_name()


def new_class(name: str | None = None) -> Path:
    """The folder of the class of that name, by default the one that is meant.

    It is made where it is not there yet; from then on it is the class that is meant.
    """
    if name is not None:
        os.environ["GPT_CLASS"] = name
    class_folder().mkdir(parents=True, exist_ok=True)
    return class_folder()


def asked(
    assignment: str, students: Iterable[str] = (), jobs: int | None = None
) -> list[str]:
    """Whom to grade: those who are named, or all who have submitted.

    ValueError where something is wrong with what was asked. It takes no time to say so:
    nothing is imported for it.
    """
    exercise(assignment)
    if jobs is not None and jobs < 1:
        raise ValueError(f"{jobs} jobs: at least one is needed")
    folder = class_folder()
    submitted = students_in(folder / "submitted", assignment)
    if not submitted:
        raise ValueError(
            f"nothing was submitted for {assignment!r}: put each notebook at "
            f"{folder}/submitted/STUDENT/{assignment}/{assignment}.ipynb"
        )
    chosen = list(dict.fromkeys(students))
    for student in chosen:
        if student not in submitted:
            near = difflib.get_close_matches(student, submitted, 5, 0.3) or submitted
            raise ValueError(
                f"'{names.shown(student)}' has submitted nothing for {assignment!r}; "
                f"these have: {', '.join(map(names.shown, near[:5]))}"
                + (" …" if len(submitted) > 5 else "")
            )
    return chosen or submitted


def api() -> NbGraderAPI:
    """nbgrader's API on this course, configured by its nbgrader_config.py."""
    from nbgrader.apps import NbGraderAPI
    from sqlalchemy.exc import SAWarning
    from traitlets.config import PyFileConfigLoader

    warnings.filterwarnings("ignore", category=SAWarning)  # nbgrader's, and harmless

    # nbgrader starts `alembic` by its bare name, so it must be on the path.
    programs = str(Path(sys.executable).parent)
    if programs not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = programs + os.pathsep + os.environ.get("PATH", "")
    config: Any = PyFileConfigLoader(CONFIG, path=str(root())).load_config()
    found = NbGraderAPI(config=config)
    found.log.propagate = False  # what nbgrader logs is shown only where it fails
    found.log.handlers = [logging.NullHandler()]
    return found


def code() -> list[Path]:
    """The autograder's own modules, of which each may decide a grade."""
    package = Path(__file__).parents[1]
    rooms = [file.parent for file in package.glob("*/__init__.py")]
    inside = [file for room in rooms for file in room.rglob("*.py")]
    return sorted([*package.glob("*.py"), *inside])


def assignments() -> list[str]:
    """The exercises in the order of the book."""
    found = [p.parent.name for p in (root() / "solutions").glob("*/*.ipynb")]
    return sorted(found, key=place)


def students_in(folder: Path, assignment: str) -> list[str]:
    """The students who have a folder of that name, in order.

    Where it cannot be seen whether there is one, there is: its row will say why.
    """
    found = []
    for student in sorted(os.listdir(folder)) if folder.is_dir() else []:
        try:
            there = stat.S_ISDIR(os.stat(folder / student / assignment).st_mode)
        except (FileNotFoundError, NotADirectoryError):
            there = False
        except OSError:
            there = True
        if there:
            found.append(student)
    return found


def exercise(name: str) -> str:
    """The name itself. ValueError where the course has no such exercise."""
    if name not in assignments():
        raise ValueError(f"no exercise {name!r}; there are {', '.join(assignments())}")
    return name


def solution(exercise: str) -> Path:
    """The instructor's notebook of an exercise."""
    return root() / "solutions" / exercise / f"{exercise}.ipynb"


def steps(exercise: str) -> dict[str, str]:
    """The course's own steps of an exercise: for each check, the cell before it."""
    found, source = {}, ""
    for cell in json.loads(solution(exercise).read_text("utf-8"))["cells"]:
        label = cell["metadata"].get("nbgrader", {})
        if label.get("solution"):
            source = "".join(cell["source"])
        elif label.get("grade"):
            found[label["grade_id"]] = source
    return found


def place(exercise: str) -> tuple[int, str]:
    """Where an exercise stands in the book's table of contents, to sort by."""
    try:
        contents = (Path(__file__).parents[2] / "_toc.yml").read_text("utf-8")
    except OSError:  # the packages are installed without the book
        contents = ""
    order = re.findall(r"exercises/(\w+)/", contents)
    return (order.index(exercise) if exercise in order else len(order), exercise)
