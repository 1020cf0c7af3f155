"""Where the course lies, and nbgrader's interface to it."""

from __future__ import annotations

import atexit
import difflib
import functools
import json
import logging
import os
import re
import shutil
import stat
import sys
import tempfile
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.classroom import address, engines, names

if TYPE_CHECKING:
    from nbgrader.apps import NbGraderAPI

CONFIG = "nbgrader_config.py"
_CLASS = re.compile(r"\w(?:[\w .-]*[\w-])?")
_DEMO = (
    ":demo"  # in GPT_CLASS: no class can be so called, and nobody means it by chance
)


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
    near = difflib.get_close_matches(name, classes(), 3, 0.5)
    known = f"did you mean {', or '.join(near)}?" if near else _there()
    raise ValueError(f"there is no class {name!r}; {known}")


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
    """A folder for the gradebook of no class, which ends with this process."""
    folder = tempfile.mkdtemp(prefix="gpt-no-class-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
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
