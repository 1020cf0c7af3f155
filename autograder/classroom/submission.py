"""What was handed in: read without trusting it, and put back into the exercise's form.

A submission is what somebody else wrote: its notebook may be no notebook, and what its
cells say of points, locks and tags is not the student's to say. Of a notebook nothing is kept but each cell's kind, source
and grade id; what the grade id stands for is the gradebook's to tell.
"""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import nbformat
from nbformat import NotebookNode

from autograder.classroom.choose import choose
from autograder.classroom.collect import HandedIn

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

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


def read(
    handed_in: HandedIn, name: str, about: Released
) -> tuple[NotebookNode, list[str]]:
    """The notebook that was handed in, and what was odd in its folder.

    Where there is none that can be read, one that says so: the graded cells will be
    put back into it, and nothing stands before them.
    """
    flags, own = list(handed_in.flags), None
    why = handed_in.lost or f"no notebook is named {name}.ipynb"
    if handed_in.notebook is not None:
        try:
            own = parse(handed_in.notebook)
        except ValueError as error:
            why = str(error)
    copies = {}
    for file, data in handed_in.others.items():
        with contextlib.suppress(ValueError):
            copies[file] = parse(data)
    steps = {n: cell.source for n, cell in about.cells.items() if cell.solution}
    nb, odd = choose(own, copies, name, steps)
    if nb is None and handed_in.notebook is None and not handed_in.lost:
        why = f"{why}: {handed_in.there}"
    flags += [why] if own is None else []
    if nb is None:
        said = f"**Nothing could be graded**: {why}."
        nb = _notebook([_cell("markdown", said)])
    return nb, list(dict.fromkeys([*flags, *odd]))


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
