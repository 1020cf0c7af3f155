"""Where the course lies, and nbgrader's interface to it."""

from __future__ import annotations

import difflib
import json
import logging
import os
import re
import shlex
import stat
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.classroom import address, engines, names
from autograder.classroom.classes import (
    CONFIG,
    class_folder,
    class_name,
    class_place,
    classes,
    has_class,
    new_class,
    nowhere,
    root,
    use,
)

if TYPE_CHECKING:
    from nbgrader.apps import NbGraderAPI

# What stands in `classes` is asked for here.
__all__ = [
    "CONFIG",
    "class_folder",
    "class_name",
    "class_place",
    "classes",
    "has_class",
]
__all__ += ["new_class", "nowhere", "root", "use"]
__all__ += ["answers", "api", "asked", "assignments", "code", "exercise", "place"]
__all__ += ["solution", "steps", "students_in"]


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
            f"nothing was submitted for {assignment!r}: `python -m autograder collect "
            f"FILE --class {shlex.quote(folder.name)}` takes in what your LMS gives you, or put each notebook at "
            f"{folder}/submitted/STUDENT/{assignment}/{assignment}.ipynb"
        )
    chosen = list(dict.fromkeys(students))
    for student in chosen:
        if student not in submitted:
            near = difflib.get_close_matches(student, submitted, 5, 0.3) or submitted
            raise ValueError(
                f"'{names.shown(student)}' has submitted nothing for {assignment!r}; "
                f"these have: {names.several(near, 5)}"
            )
    return chosen or submitted


def api(of_class: bool = True) -> NbGraderAPI:
    """nbgrader's API on this course, configured by its nbgrader_config.py.

    of_class: on the class that is meant, which has to be there (else ValueError).
    Otherwise on none: then GPT_GRADEBOOK is to name the gradebook.
    """
    if of_class:
        address.url(class_folder())
    from nbgrader.apps import NbGraderAPI
    from sqlalchemy.exc import SAWarning
    from traitlets.config import PyFileConfigLoader

    warnings.filterwarnings("ignore", category=SAWarning)  # nbgrader's, and harmless

    # nbgrader starts `alembic` by its bare name, so it must be on the path.
    programs = str(Path(sys.executable).parent)
    if programs not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = programs + os.pathsep + os.environ.get("PATH", "")
    meant = None if of_class else os.environ.pop("GPT_CLASS", None)
    try:
        config: Any = PyFileConfigLoader(CONFIG, path=str(root())).load_config()
    finally:
        if meant is not None:
            os.environ["GPT_CLASS"] = meant
    found = NbGraderAPI(config=config)
    found.log.propagate = False  # what nbgrader logs is shown only where it fails
    found.log.handlers = [logging.NullHandler()]
    if of_class:
        where = found.coursedir
        engines.prepare(where.db_url, where.course_id, class_folder())
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
        near = difflib.get_close_matches(name, assignments(), 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        there = ", ".join(assignments())
        raise ValueError(f"no exercise {name!r}; there are {there}{hint}")
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


def answers(exercise: str) -> list[str]:
    """The grade ids of the cells that a student fills in."""
    cells = json.loads(solution(exercise).read_text("utf-8"))["cells"]
    labels = [cell["metadata"].get("nbgrader", {}) for cell in cells]
    return [label["grade_id"] for label in labels if label.get("solution")]


def place(exercise: str) -> tuple[int, str]:
    """Where an exercise stands in the book's table of contents, to sort by."""
    try:
        contents = (Path(__file__).parents[2] / "_toc.yml").read_text("utf-8")
    except OSError:  # the packages are installed without the book
        contents = ""
    order = re.findall(r"exercises/(\w+)/", contents)
    return (order.index(exercise) if exercise in order else len(order), exercise)
