"""What was handed in: read without trusting it, and put back into the exercise's form.

A submission is a folder that somebody else filled: its notebook may be no notebook, its
files may be links to other people's, and what its cells say of points, locks and tags
is not the student's to say. Of a notebook nothing is kept but each cell's kind, source
and grade id; what the grade id stands for is the gradebook's to tell.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from nbformat import NotebookNode

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

NOTEBOOK_MB = 20
FILES_MB = 16  # all other files of a submission together
FILES = 200
CELLS = 1000
CODE = 200_000  # characters of all code cells, which are parsed


@dataclass(frozen=True)
class ReleasedCell:
    """What the gradebook knows of a cell: `points` is None where it is not graded."""

    kind: str
    source: str
    locked: bool
    solution: bool
    task: bool
    checksum: str
    points: float | None


@dataclass(frozen=True)
class Released:
    """A notebook as it was released: its labelled cells by grade id, and its kernel."""

    cells: dict[str, ReleasedCell]
    kernelspec: dict[str, Any]
    schema: int = 3  # of nbgrader's labels


def released(gradebook: Gradebook, assignment: str, notebook: str) -> Released:
    """What the gradebook says of a notebook, as a plain value that can travel."""
    from nbgrader.nbgraderformat import SCHEMA_VERSION

    known = gradebook.find_notebook(notebook, assignment)
    points = {cell.name: float(cell.max_score) for cell in known.grade_cells}
    solutions = {cell.name for cell in known.solution_cells}
    tasks = {cell.name: float(cell.max_score) for cell in known.task_cells}
    return Released(
        {
            cell.name: ReleasedCell(
                str(cell.cell_type),
                cell.source,
                bool(cell.locked),
                cell.name in solutions,
                cell.name in tasks,
                cell.checksum,
                (points | tasks).get(cell.name),
            )
            for cell in known.source_cells
        },
        json.loads(known.kernelspec or "{}"),
        SCHEMA_VERSION,
    )


@dataclass(frozen=True)
class HandedIn:
    """The bytes of a submission's folder; `flags` tell what was left out, and why.

    `notebook` is None where there is none. `timestamp` is what timestamp.txt says.
    Equal fingerprints mean equal submissions.
    """

    notebook: bytes | None
    files: dict[str, bytes]
    timestamp: str | None
    flags: tuple[str, ...]
    fingerprint: str


def collect(folder: Path, name: str) -> HandedIn:
    """Read the files of a submission of the notebook `name`; no link is followed."""
    files: dict[str, bytes] = {}
    flags = []
    digest = hashlib.sha256()
    notebook, room, full = None, FILES_MB << 20, ""
    if folder.is_symlink():
        entries, flags = [], [f"{folder.name} is a link: not followed"]
    else:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    for entry in entries:
        digest.update(ascii(entry.name).encode() + b"\0")
        if entry.is_dir(follow_symlinks=False):
            continue
        shown = ascii(entry.name)[1:-1][:60]
        mine = entry.name == f"{name}.ipynb"
        try:
            data = _read(entry.path, NOTEBOOK_MB << 20 if mine else room)
        except ValueError as error:
            flags.append(f"{shown} {error}")
            continue
        digest.update(hashlib.sha256(data).digest())
        if mine:
            notebook = data
        elif len(files) == FILES:
            full = f"more than {FILES} files: the rest was left out"
        elif not entry.name.endswith(".ipynb"):
            room -= len(data)
            files[entry.name] = data
    flags += [full] if full else []
    if notebook is None and not any(flag.startswith(f"{name}.ipynb") for flag in flags):
        others = [ascii(e.name)[1:-1][:60] for e in entries if ".ipynb" in e.name]
        there = f"there is {', '.join(others[:3])}" if others else "none is there"
        flags.append(f"no notebook is named {name}.ipynb: {there}")
    stamp = files.get("timestamp.txt", b"").decode("utf-8", "replace").strip()
    return HandedIn(notebook, files, stamp or None, tuple(flags), digest.hexdigest())


def _read(path: str, most: int) -> bytes:
    """The bytes of a regular file. ValueError for anything else, and for too many."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        about = "is a link" if os.path.islink(path) else "cannot be read"
        raise ValueError(f"{about}: left out") from None
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise ValueError("is no ordinary file: left out")
        if about.st_size > most:
            raise ValueError(
                f"has {about.st_size:,} bytes, which is too many: left out"
            )
        return file.read(most)


def parse(data: bytes) -> NotebookNode:
    """A notebook with the cells of `data`, each reduced to kind, source and grade id.

    ValueError, with the reason, for bytes that are no notebook.
    """
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ValueError("the notebook is not UTF-8 text") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the notebook is not JSON: {str(error)[:80]}") from None
    cells = found.get("cells") if isinstance(found, dict) else None
    if isinstance(found, dict) and found.get("nbformat") == 3:  # of ten years ago
        sheets = found.get("worksheets")
        sheets = [x for x in sheets if isinstance(x, dict)] if _is_list(sheets) else []
        parts = [x["cells"] for x in sheets if _is_list(x.get("cells"))]
        cells = [cell for part in parts for cell in part]
    if not _is_list(cells):
        raise ValueError("the notebook has no list of cells")
    if len(cells) > CELLS:
        raise ValueError(f"the notebook has {len(cells)} cells, more than {CELLS}")
    plain = [_plain(cell) for cell in cells]
    code = sum(len(cell.source) for cell in plain if cell.cell_type == "code")
    if code > CODE:
        raise ValueError(f"its code has {code:,} characters, more than {CODE:,}")
    return _notebook(plain)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _plain(cell: Any) -> NotebookNode:
    cell = cell if isinstance(cell, dict) else {}
    kind, source = cell.get("cell_type"), cell.get("source", cell.get("input"))
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    source = source if isinstance(source, str) else ""
    source = source.encode("utf-8", "replace").decode()  # half a character is none
    plain = _cell(kind if kind in ("code", "markdown") else "raw", source)
    about = cell.get("metadata")
    about = about if isinstance(about, dict) else {}
    label, tags = about.get("nbgrader"), about.get("tags")
    name = label.get("grade_id") if isinstance(label, dict) else None
    if isinstance(name, str):
        plain.metadata["nbgrader"] = NotebookNode(grade_id=name)
    if isinstance(tags, list) and "skip-execution" in tags:
        plain.metadata["tags"] = ["skip-execution"]
    return plain


def sanitize(
    submitted: NotebookNode, about: Released
) -> tuple[NotebookNode, list[str]]:
    """The notebook with every cell labelled as it was released, and what was odd in it.

    Locked cells have their released source again. Of cells with the same grade id the
    last one keeps it; the others run as ordinary cells. What is missing returns: a
    graded cell at the end, where everything it needs has been defined, and locked code
    that is not graded (the set-up) at the beginning.
    """
    cells: list[NotebookNode] = []
    flags: list[str] = []
    seen = set()
    for old in reversed(submitted.cells):
        name = old.metadata.get("nbgrader", {}).get("grade_id")
        if "skip-execution" in old.metadata.get("tags", []):
            flags.insert(0, f"{ascii(name)[1:-1]}: was tagged to be skipped")
        if name in about.cells and name not in seen:
            seen.add(name)
            cells.append(_labelled(name, about.cells[name], old.source, about.schema))
        else:
            cells.append(_cell(old.cell_type, _harmless(old.cell_type, old.source)))
    cells.reverse()
    lost = {name: cell for name, cell in about.cells.items() if name not in seen}
    back = {n: _labelled(n, c, c.source, about.schema) for n, c in lost.items()}
    first = [n for n, c in lost.items() if c.locked and c.points is None]
    first = [n for n in first if lost[n].kind == "code"]
    last = [n for n, c in lost.items() if c.points is not None]
    cells = [*(back[n] for n in first), *cells, *(back[n] for n in last)]
    return _notebook(cells, kernelspec=about.kernelspec), flags


def _labelled(name: str, about: ReleasedCell, source: str, schema: int) -> NotebookNode:
    source = about.source if about.locked else _harmless(about.kind, source)
    cell = _cell(about.kind, source)
    cell.metadata["nbgrader"] = NotebookNode(
        grade=about.points is not None and not about.task,
        solution=about.solution,
        task=about.task,
        locked=about.locked,
        grade_id=name,
        cell_type=about.kind,
        checksum=about.checksum,
        schema_version=schema,
    )
    if about.points is not None:
        cell.metadata.nbgrader["points"] = about.points
    return cell


def is_grade(cell: NotebookNode) -> bool:
    """Whether a cell is a check, or is graded by a person (see `is_solution`)."""
    return cell.metadata.get("nbgrader", {}).get("grade", False)


def is_solution(cell: NotebookNode) -> bool:
    return cell.metadata.get("nbgrader", {}).get("solution", False)


def is_locked(cell: NotebookNode) -> bool:
    """As nbgrader has it: a check is locked, a student's own step is not."""
    label = cell.metadata.get("nbgrader", {})
    return not is_solution(cell) and (is_grade(cell) or label.get("locked", False))


def _harmless(kind: str, source: str) -> str:
    """A student's text, without what a page would take for HTML, a link or an image.

    The formgrader and the feedback show it in an instructor's browser, where a script
    could change grades. A space does it: no tag begins with one, and no link.
    """
    return (
        source if kind == "code" else re.sub(r"<(?=\S)|\](?=[(:\[])", r"\g<0> ", source)
    )


def read(handed_in: HandedIn) -> tuple[NotebookNode, list[str]]:
    """The notebook that was handed in, and what was odd in its folder.

    Where there is none that can be read, one that says so: the graded cells will be
    put back into it, and nothing stands before them.
    """
    flags = list(handed_in.flags)
    try:
        if handed_in.notebook is None:
            raise ValueError(flags[-1])
        return parse(handed_in.notebook), flags
    except ValueError as error:
        flags = list(dict.fromkeys([*flags, str(error)]))
        told = f"**Nothing could be graded**: {error}."
        return _notebook([_cell("markdown", told)]), flags


def _cell(kind: str, source: str) -> NotebookNode:
    """A cell of nbformat 4.5; nbformat's own functions validate each, which takes time."""
    new = NotebookNode(cell_type=kind, id="", metadata=NotebookNode(), source=source)
    if kind == "code":
        new.update(outputs=[], execution_count=None)
    return new


def _notebook(cells: list[NotebookNode], **metadata: Any) -> NotebookNode:
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    about = nbformat.from_dict(metadata)
    return NotebookNode(nbformat=4, nbformat_minor=5, metadata=about, cells=cells)
