"""What students get: the exercises, and what it takes to work, check and see progress.

Of the course's modules those travel that `check` and `progress` import, in turn too, and
the course's own code, `gpt`, which the book explains. A check travels whole, with its
oracle and its mistakes: mistakes are named by trying them, a later step is run with the
oracle in place of a wrong one, and neither can be read off the tensors of a reference.
What grades does not travel: how hidden cases are kept and run, the solutions, the tests.

The same course gives the same bytes.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import io
import json
import re
import tomllib
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from string import Template

from autograder.classroom import course

NAME = "gpt-in-four-stages"  # the folder, and the zip
TITLE = "GPT in Four Stages: the exercises"
LIST = "bundle.json"
PACKAGES = "gpt", "autograder"
BEGIN = "autograder.check", "autograder.progress"  # what students start
NOTEBOOKS = "ipykernel", "jupyterlab"  # beside what the packages themselves need
_PAGE = re.compile(r"\]\(\.\./\.\./book/(\w+)\.md")
_IGNORED = """\
.venv/
__pycache__/
*.egg-info/
.ipynb_checkpoints/
_build/
runs/
"""
_MAIN = '''\
"""`python -m autograder progress`: what you have done so far."""

import argparse
import sys
from pathlib import Path

parser = argparse.ArgumentParser(prog="python -m autograder")
parser.add_argument("command", choices=["progress"])
parser.add_argument(
    "folder", nargs="?", type=Path, help="an exercise, or a folder; default: all"
)
options = parser.parse_args()
from autograder import progress  # only now: it takes a second

try:
    sys.exit(progress.show(options.folder))
except ValueError as error:
    sys.exit(f"autograder progress: {error}")
'''
_PROJECT = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "{name}"
version = "{version}"
requires-python = "{python}"
dependencies = [
{dependencies}
]

[tool.setuptools.packages.find]
include = ["gpt", "autograder*"]
namespaces = false

[tool.setuptools.package-data]
gpt = {data}
"""


def files(
    exercises: Sequence[str], online: str = "", book: str = ""
) -> dict[str, bytes]:
    """All files of the bundle by their paths in it, in order.

    online: a part of the README, of what can be opened in a browser. book: where the book
    is published. ValueError where an exercise is not what its solution generates.
    """
    root = course.root()
    found: dict[str, bytes] = {}
    for exercise in exercises:
        check_released(exercise)
        for name in (f"{exercise}.ipynb", "reference.safetensors"):
            path = f"exercises/{exercise}/{name}"
            found[path] = (root / path).read_bytes()
    for path in _modules(exercises):
        found[path.relative_to(_house()).as_posix()] = path.read_bytes()
    for path in sorted((_house() / "gpt").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            found[path.relative_to(_house()).as_posix()] = path.read_bytes()
    found["autograder/__main__.py"] = _MAIN.encode()
    found |= _beside(exercises, online)
    found |= _chapters(found, book)
    found = dict(sorted(found.items()))
    about = {
        "title": TITLE,
        "version": _project()["version"],
        "notebooks": [_notebook(exercise) for exercise in exercises],
        "files": {p: hashlib.sha256(data).hexdigest() for p, data in found.items()},
    }
    found[LIST] = (json.dumps(about, indent=1) + "\n").encode()
    return found


def packed(found: Mapping[str, bytes]) -> bytes:
    """The files as a zip with one folder in it. No time, no user is written into it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in sorted(found.items()):
            about = zipfile.ZipInfo(f"{NAME}/{path}", (1980, 1, 1, 0, 0, 0))
            about.external_attr = 0o100644 << 16
            about.create_system = 3  # so that all systems write the same
            archive.writestr(about, data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def check_released(exercise: str) -> None:
    """ValueError where exercises/ is not what solutions/ and the checks generate."""
    from autograder.verdict import bank

    folder = course.root() / "exercises" / exercise
    made = f"python -m autograder bank {exercise}`, then `python -m autograder exercises {exercise}"
    try:
        now = _labelled(folder / f"{exercise}.ipynb")
        points = bank.points(folder / bank.REFERENCE)
    except FileNotFoundError as error:
        raise ValueError(f"{error.filename} is not there: run `{made}`") from None
    wanted = _labelled(course.solution(exercise))
    checks = [name for name, worth, _ in wanted if worth is not None]
    if now != wanted or list(points) != checks:
        raise ValueError(
            f"exercises/{exercise} is not what solutions/{exercise} makes now: "
            f"run `{made}`, and look at it before you release it"
        )


def _labelled(notebook: Path) -> list[tuple]:
    """Of each labelled cell what both notebooks share: of a step not the source."""
    found = []
    for cell in json.loads(notebook.read_text("utf-8"))["cells"]:
        label = cell["metadata"].get("nbgrader")
        if label:
            text = "" if label["solution"] else "".join(cell["source"]).strip()
            found.append((label["grade_id"], label.get("points"), text))
    return found


def _chapters(found: Mapping[str, bytes], book: str) -> dict[str, bytes]:
    """A line in place of each page that a notebook links to: where it can be read.

    The notebooks stay as they were released, so their links lead here.
    """
    linked = {
        name
        for path, data in found.items()
        if path.endswith(".ipynb")
        for name in _PAGE.findall(data.decode())
    }
    pages = {}
    for name in sorted(linked):
        title = (
            f"[{name}]({book.rstrip('/')}/book/{name}.html)" if book else f"*{name}*"
        )
        text = f"The page {title} of the book GPT in Four Stages.\n"
        if name == "setup":
            text = "How to set up stands in [README.md](../README.md).\n"
        pages[f"book/{name}.md"] = text.encode()
    return pages


def _house() -> Path:
    """Where the packages lie."""
    return Path(__file__).parents[3]


def _modules(exercises: Iterable[str]) -> list[Path]:
    """The autograder's modules that students need, and the pages of their rooms."""
    seen: set[Path] = set()
    todo = [*BEGIN, *(f"autograder.checks.{exercise}" for exercise in exercises)]
    while todo:
        path = _module(todo.pop())
        if path is None or path in seen:
            continue
        seen.add(path)
        todo += _imported(path.read_text("utf-8"))
        if path.parent.parent.name == "checks":  # a check is found by its name
            inside = path.parent.relative_to(_house())
            todo += [
                ".".join((*inside.parts, p.stem)) for p in path.parent.glob("*.py")
            ]
        todo.append(".".join(path.parent.relative_to(_house()).parts))
    return sorted(path for path in seen if path.is_relative_to(_house() / "autograder"))


def _module(name: str) -> Path | None:
    """The file of a module, or of the one that has the name in it; None: not ours."""
    parts = name.split(".")
    if parts[0] not in PACKAGES:
        return None
    for length in range(len(parts), 0, -1):
        place = _house().joinpath(*parts[:length])
        for path in (place.with_suffix(".py"), place / "__init__.py"):
            if path.is_file():
                return path
    return None


@functools.lru_cache(maxsize=512)
def _imported(source: str) -> tuple[str, ...]:
    """What a module imports, at its top, in its functions or for its types."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return tuple(found)


def _notebook(exercise: str) -> str:
    return f"exercises/{exercise}/{exercise}.ipynb"


def _project() -> dict:
    return tomllib.loads((_house() / "pyproject.toml").read_text("utf-8"))["project"]


def _beside(exercises: Sequence[str], online: str) -> dict[str, bytes]:
    """What lies beside the packages: how to set up, and what to read first."""
    house, project = _house(), _project()
    pins = (house / "requirements.txt").read_text("utf-8").splitlines()
    pinned = {line.partition("==")[0]: line.split()[0] for line in pins if "==" in line}
    need = [pinned[name] for name in (*project["dependencies"], *NOTEBOOKS)]
    setup = [
        "-c constraints.txt",
        *need,
        "-e .  # gpt and autograder, from this folder",
    ]
    data = tomllib.loads((house / "pyproject.toml").read_text("utf-8"))
    made = _PROJECT.format(
        name=project["name"],
        version=project["version"],
        python=project["requires-python"],
        dependencies="\n".join(f'    "{name}",' for name in project["dependencies"]),
        data=json.dumps(data["tool"]["setuptools"]["package-data"]["gpt"]),
    )
    readme = Template(
        (Path(__file__).parent / "student" / "README.md").read_text("utf-8")
    )
    told = readme.substitute(
        title=TITLE,
        torch=pinned["torch"],
        notebooks="\n".join(
            f"| {exercise} | [{_notebook(exercise)}]({_notebook(exercise)}) |"
            for exercise in exercises
        ),
        first=_notebook(exercises[0]),
        last=_notebook(exercises[0]).rpartition("/")[2],
        online=f"\n{online}\n" if online else "",
    )
    texts = {
        "README.md": told,
        ".gitignore": _IGNORED,
        "requirements.txt": "\n".join(setup) + "\n",
        "constraints.txt": (house / "constraints.txt").read_text("utf-8"),
        "pyproject.toml": made,
        "LICENSE": (house / "LICENSE").read_text("utf-8"),
        # Binder reads this folder alone where it is there
        ".binder/runtime.txt": "python-3.11\n",
        ".binder/requirements.txt": "-r ../requirements.txt\n",
    }
    return {path: text.encode() for path, text in texts.items()}
