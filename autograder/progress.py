"""What a student has done so far: each notebook as it is saved, run as a grader would.

It is read by the grader's reader and put back into the form in which it was released,
so that a check that was edited counts as little here as there. What it is run with is
the reference beside it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import sys
import textwrap
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode

from autograder.check import RESULT
from autograder.classroom.cells import (
    Released,
    ReleasedCell,
    is_grade,
    is_locked,
    is_solution,
    parse,
    sanitize,
)
from autograder.verdict import bank, source, stale
from autograder.verdict.points import number

SECONDS = 20  # for a cell of the student's; what takes longer is interrupted
PATIENCE = 10  # times as long for a given one, which may import on a busy machine
CACHE = Path("_build") / "progress.json"
CONTENTS = (
    "bundle.json",
    "_toc.yml",
)  # a student's folder has the one, a clone the other
ROOMS = "verdict", "checks"
WIDTH = 88
CHECK = "check"  # by this name a notebook calls `autograder.check.check`


@dataclass(frozen=True)
class Progress:
    """One exercise: points by check, in the notebook's order, and what is possible.

    `reasons` tell of each check that is not passed what there is to mend, and of one that
    is, with the course's own in place of earlier steps, why; `odd`, what was not as it was
    released.
    """

    exercise: str
    points: dict[str, float]
    possible: dict[str, int]
    reasons: dict[str, str]
    odd: tuple[str, ...] = ()

    @property
    def next(self) -> str | None:
        """The first check that is not passed yet."""
        return next((n for n, p in self.points.items() if p < self.possible[n]), None)


def find(folder: Path) -> list[Path]:
    """The exercises in a folder and right below it, in the order of the book."""
    found = [*folder.glob("*.ipynb"), *folder.glob("*/*.ipynb")]
    found = [p for p in found if (p.parent / bank.REFERENCE).exists()]
    order = _order(folder.resolve())
    place = {exercise: number for number, exercise in enumerate(order)}
    return sorted(found, key=lambda path: (place.get(path.stem, len(place)), path))


def progress(folder: Path, cache: Path | None = None) -> Iterator[Progress]:
    """Run each notebook in `folder` in a fresh kernel; two at a time, in order.

    With `cache`, a notebook that has not changed since is not run again. ValueError
    where there is no exercise in `folder`.
    """
    notebooks = find(folder)
    if not notebooks:
        raise ValueError(
            f"no exercise in {folder}: give an exercise, or the folder that holds them, "
            "as in `python -m autograder progress exercises`"
        )
    known = _read(cache) if cache else {}
    code = b"".join(file.read_bytes() for file in _code())
    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(lambda path: _one(path, known, code), notebooks)
    if cache:
        cache.parent.mkdir(parents=True, exist_ok=True)
        part = cache.with_suffix(".part")
        part.write_text(json.dumps(known))
        os.replace(part, cache)


def show(folder: Path | None = None) -> int:
    """Print what is done in a folder, or in an exercise; without either, in all.

    ValueError where there is none.
    """
    root = _root(Path.cwd())
    exercises = root / "exercises"
    if folder is None:
        folder = Path.cwd() if find(Path.cwd()) else exercises
    elif not folder.exists():
        folder = exercises / folder.name.removesuffix(".ipynb")  # its name will do
    elif folder.is_file():
        folder = folder.parent
    if find(folder):
        print(f"Running the notebooks in {folder} as they were last saved …\n")
    for row in progress(folder, cache=root / CACHE):
        print(table(row), end="\n\n", flush=True)
    return 0


def _root(folder: Path) -> Path:
    """The course's folder, here or above; else where its modules are; else `folder`."""
    for place in (folder, *folder.parents, Path(__file__).parents[1]):
        if any((place / name).exists() for name in CONTENTS):
            return place
    return folder


def _order(folder: Path) -> list[str]:
    """The exercises in the order of the course that a folder belongs to."""
    for name in CONTENTS:
        with contextlib.suppress(OSError):
            text = (_root(folder) / name).read_text("utf-8")
            return [*dict.fromkeys(re.findall(r"exercises/(\w+)/", text))]
    return []


def _code() -> list[Path]:
    """The modules that say what a notebook's checks come to."""
    here = Path(__file__).parent
    inside = [file for room in ROOMS for file in (here / room).rglob("*.py")]
    return sorted([here / "check.py", here / "progress.py", *inside])


def table(row: Progress) -> str:
    """One exercise as text: a line for all, then one for each check and its reason."""
    got, possible = sum(row.points.values()), sum(row.possible.values())
    bar = ("█" * int(20 * got / possible)).ljust(20, "·")
    score = f"{number(got)} of {number(possible)} points"
    lines = [f"{row.exercise:<10} {bar}  {score}"]
    lines += [f"  ! {what}" for what in row.odd]
    for name, points in row.points.items():
        mark = "✓" if points >= row.possible[name] else "½" if points else "·"
        here = "   ← next" if name == row.next else ""
        of = f"{number(points)} of {number(row.possible[name])}"
        lines.append(f"  {mark} {name:<24} {of:>12}{here}")
        if why := row.reasons.get(name):
            short = textwrap.shorten(why, 3 * WIDTH, placeholder=" …")
            lines += textwrap.wrap(
                short, WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6
            )
    return "\n".join(lines)


def _read(cache: Path) -> dict:
    try:
        known = json.loads(cache.read_text())
        return known if isinstance(known, dict) else {}
    except (OSError, ValueError):
        return {}


def _one(path: Path, known: dict, code: bytes) -> Progress:
    reference = path.parent / bank.REFERENCE
    content = path.read_bytes() + reference.read_bytes() + code
    key = hashlib.sha256(content).hexdigest()
    possible = bank.points(reference)
    if key not in known:
        known[key] = _run(path, possible)
    found = known[key]
    points = {name: found["points"].get(name, 0.0) for name in possible}
    return Progress(path.stem, points, possible, found["reasons"], tuple(found["odd"]))


def _run(path: Path, possible: dict[str, int]) -> dict:
    """The points and reasons of each check in a notebook, as it is saved."""
    about = _released(path.parent / bank.REFERENCE)
    try:
        saved = nbformat.from_dict(parse(path.read_bytes()))
    except ValueError as error:
        return {"points": {}, "reasons": {}, "odd": [f"{error}"]}
    odd = _changed(saved, about)
    plain, flags = sanitize(saved, about)
    notebook = nbformat.from_dict(plain)
    ended = _execute(notebook, path.parent)
    points, reasons = {}, {}
    for cell in notebook.cells:
        said = _error(cell)
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name not in possible:
            continue
        reasons[name] = ended or "It was not run."
        for output in cell.get("outputs", []):
            if result := output.get("data", {}).get(RESULT):
                points[name] = result["points"]
                reasons[name] = result["reason"] or result["note"]
                break
        else:
            if taken := _taken(notebook.cells[: notebook.cells.index(cell)]):
                reasons[name] = (
                    f"Cell {taken} gives the name `check` another meaning, so nothing was "
                    "checked. Take another name there."
                )
            elif said:
                reasons[name] = f"The check ended with {said}."
                if said == f"NameError: name '{name}' is not defined":
                    why = _why_undefined(name, notebook.cells, cell, possible)
                    reasons[name] = (
                        f"`{name}` has no meaning where it is checked. {why}"
                    )
    return {"points": points, "reasons": reasons, "odd": [*flags, *odd]}


def _taken(cells: list[NotebookNode]) -> int | None:
    """The one of these cells that gives the name `check` another meaning, if any does."""
    for place, cell in enumerate(cells, 1):
        own = cell.cell_type == "code" and not is_locked(cell)
        if own and CHECK in source.defined(cell.source):
            return place
    return None


def _error(cell: NotebookNode) -> str:
    """The error that ended a cell, in its own words; or nothing."""
    error = next((o for o in cell.get("outputs", []) if "ename" in o), None)
    return f"{error['ename']}: {error['evalue']}".strip(": ") if error else ""


def _why_undefined(
    name: str, cells: list[NotebookNode], check: NotebookNode, steps: Collection[str]
) -> str:
    """Why the cells of a notebook leave a step undefined where it is checked."""
    at = cells.index(check)
    pattern = re.compile(rf"^\s*(async +)?def +{name}\b|^{name}\b.*=", re.MULTILINE)
    places = [
        (place, cell)
        for place, cell in enumerate(cells, 1)
        if cell.cell_type == "code" and pattern.search(cell.source)
    ]
    for place, cell in reversed(places):
        if place > at:
            continue
        first = cell.source.lstrip().partition("\n")[0].split()
        if first and first[0].startswith("%%"):
            return (
                f"Cell {place} defines it, but begins with `{first[0]}`, and what such a "
                "cell defines may be gone afterwards. Leave that line out."
            )
        if said := _error(cell):
            return f"Cell {place}, which defines it, ended with {said}."
    if places:
        return f"Cell {places[0][0]}, which defines it, stands below."
    written = [cell.source for cell in cells[:at] if is_solution(cell)]
    if written and (other := stale.other_name(written[-1], name, steps)):
        return f"Its cell defines `{other}`: give that the name `{name}`."
    return "Is it written under another name?"


def _released(reference: Path) -> Released:
    """The labelled code of an exercise, as its reference knows it."""
    cells = {}
    for cell in bank.cells(reference):
        label = cell["label"]
        graded = label["grade"] and not label["solution"]
        cells[label["grade_id"]] = ReleasedCell(
            "code",
            cell["source"],
            locked=graded or (label["locked"] and not label["solution"]),
            solution=label["solution"],
            task=False,
            checksum="",
            points=float(label["points"]) if label["grade"] else None,
        )
    return Released(cells, {})


def _changed(saved: NotebookNode, about: Released) -> list[str]:
    """Which locked cells are not as they were released."""
    found, seen = [], set()
    for place, cell in enumerate(saved.cells, 1):
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        known = about.cells.get(name)
        if known is None:
            continue
        if name in seen:
            found.append(f"cell {place}, `{name}`, is there twice: the last one counts")
        elif known.locked and cell.source.strip() != known.source.strip():
            found.append(
                f"cell {place}, `{name}`, is locked and was changed: it is run as it was"
            )
        seen.add(name)
    lost = [name for name in about.cells if name not in seen]
    return found + [f"the cell `{name}` is missing: it is put back" for name in lost]


class _ThisPython(AsyncKernelManager):
    """Whatever kernel a notebook names, it is run by the Python that runs this."""

    @property
    def kernel_spec(self) -> KernelSpec:
        run = "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=40"
        return KernelSpec(argv=[sys.executable, *run], display_name="Python")


def _seconds(cell: NotebookNode) -> int:
    return SECONDS * (PATIENCE if is_locked(cell) else 1)


def _execute(notebook: NotebookNode, folder: Path) -> str:
    """Run the cells up to the last check; why not all of them ran, if they did not."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    while code and not is_grade(code[-1]):
        code.pop()
    part = NotebookNode(notebook, cells=code)
    client = NotebookClient(
        part,
        kernel_manager_class=_ThisPython,
        timeout_func=_seconds,
        interrupt_on_timeout=True,
        error_on_timeout={"ename": "Timeout", "evalue": "", "traceback": []},
        allow_errors=True,
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        client.execute()
    except DeadKernelError:
        return "An earlier cell ended the kernel."
    return ""
