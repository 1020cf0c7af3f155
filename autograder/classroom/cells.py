"""A notebook as plain values: taken from a student's bytes, and put into its form.

What its cells say of points, locks and tags is not the student's to say. Of a notebook
nothing is kept but each cell's kind, source and grade id; what the grade id stands for is
the gradebook's to tell. This runs in the `reader`, which is to start within a moment, so
it imports nothing but Python's own.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

CELLS = 1000
CODE = 200_000  # characters of all code cells, which are parsed
TEXT = 4_000_000  # characters of all cells
NAME = 200  # characters of a grade id
SHOWN = 60  # of which so many are told
_NOTHING = "**Nothing could be graded**: {}."
Plain = dict[str, Any]  # a notebook, or a cell of one, as in its file


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
    others: dict[str, list[str]] = field(default_factory=dict)  # exercises: their steps

    @property
    def points(self) -> tuple[tuple[str, float], ...]:
        """Of each graded cell: what counts, whatever a check's own file says."""
        every = self.cells.items()
        return tuple((n, c.points) for n, c in every if c.points is not None)


def parse(data: bytes) -> Plain:
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
    code = sum(len(cell["source"]) for cell in plain if cell["cell_type"] == "code")
    if code > CODE:
        raise ValueError(f"its code has {code:,} characters, more than {CODE:,}")
    text = sum(len(cell["source"]) for cell in plain)
    if text > TEXT:
        raise ValueError(f"its text has {text:,} characters, more than {TEXT:,}")
    return _notebook(plain)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _plain(cell: Any) -> Plain:
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
    if isinstance(name, str) and len(name) <= NAME:
        plain["metadata"]["nbgrader"] = {"grade_id": name}
    if isinstance(tags, list) and "skip-execution" in tags:
        plain["metadata"]["tags"] = ["skip-execution"]
    return plain


def sanitize(submitted: Plain, about: Released) -> tuple[Plain, list[str]]:
    """The notebook with every cell labelled as it was released, and what was odd in it.

    Locked cells have their released source again. Of cells with the same grade id the
    last one keeps it; the others run as ordinary cells. What is missing returns: a
    graded cell at the end, where everything it needs has been defined, and locked code
    that is not graded (the set-up) at the beginning.
    """
    cells: list[Plain] = []
    other = looks_like(submitted, about)
    odd = f"this looks like {other}, another exercise" if other else ""
    flags = [odd] if odd else []
    seen = set()
    for old in reversed(submitted["cells"]):
        name = old["metadata"].get("nbgrader", {}).get("grade_id")
        if "skip-execution" in old["metadata"].get("tags", []):
            flags.insert(0, f"{ascii(name)[1:-1][:SHOWN]}: was tagged to be skipped")
        if name in about.cells and name not in seen:
            seen.add(name)
            cells.append(
                _labelled(name, about.cells[name], old["source"], about.schema)
            )
        else:
            cells.append(
                _cell(old["cell_type"], _harmless(old["cell_type"], old["source"]))
            )
    cells.reverse()
    lost = {name: cell for name, cell in about.cells.items() if name not in seen}
    back = {n: _labelled(n, c, c.source, about.schema) for n, c in lost.items()}
    first = [n for n, c in lost.items() if c.locked and c.points is None]
    first = [n for n in first if lost[n].kind == "code"]
    last = [n for n, c in lost.items() if c.points is not None]
    cells = [*(back[n] for n in first), *cells, *(back[n] for n in last)]
    if odd:  # for who has handed it in
        cells.insert(0, _cell("markdown", _NOTHING.format(odd)))
    return _notebook(cells, kernelspec=about.kernelspec), flags


def looks_like(submitted: Plain, about: Released) -> str | None:
    """The other exercise that a notebook is of; None where it is of this one, or none."""
    labels = [cell["metadata"].get("nbgrader", {}) for cell in submitted["cells"]]
    there = {label.get("grade_id") for label in labels}
    mine = {name for name, cell in about.cells.items() if cell.solution}
    if 2 * len(there & mine) > len(mine):
        return None
    share = {
        word: len(there.intersection(steps)) / len(steps)
        for word, steps in about.others.items()
        if steps
    }
    best = max(share, key=lambda word: share[word], default=None)
    return best if best is not None and share[best] > 0.5 else None


def _labelled(name: str, about: ReleasedCell, source: str, schema: int) -> Plain:
    source = about.source if about.locked else _harmless(about.kind, source)
    cell = _cell(about.kind, source)
    cell["metadata"]["nbgrader"] = {
        "grade": about.points is not None and not about.task,
        "solution": about.solution,
        "task": about.task,
        "locked": about.locked,
        "grade_id": name,
        "cell_type": about.kind,
        "checksum": about.checksum,
        "schema_version": schema,
    }
    if about.points is not None:
        cell["metadata"]["nbgrader"]["points"] = about.points
    return cell


def _harmless(kind: str, source: str) -> str:
    """A student's text, without what a page would take for HTML, a link or an image.

    The formgrader and the feedback show it in an instructor's browser, where a script
    could change grades. A space does it: no tag begins with one, and no link.
    """
    return (
        source if kind == "code" else re.sub(r"<(?=\S)|\](?=[(:\[])", r"\g<0> ", source)
    )


def _cell(kind: str, source: str) -> Plain:
    """A cell of nbformat 4.5."""
    new = {"cell_type": kind, "id": "", "metadata": {}, "source": source}
    if kind == "code":
        new |= {"outputs": [], "execution_count": None}
    return new


def _notebook(cells: list[Plain], **metadata: Any) -> Plain:
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}


def none(why: str) -> Plain:
    """In place of a notebook that cannot be read, one that says so.

    The graded cells will be put back into it, and nothing stands before them.
    """
    return _notebook([_cell("markdown", _NOTHING.format(why))])


def sound(timestamp: str) -> str:
    """A timestamp in UTC, of any form that nbgrader's own function reads.

    ValueError for one that is none.
    """
    from dateutil import parser, tz

    *when, zone = timestamp.split(" ")
    try:
        if len(when) == 2:
            known = int(zone) if zone.lstrip("+-").isdigit() else tz.gettz(zone)
            found = parser.parse(f"{' '.join(when)} TZ", tzinfos={"TZ": known})
        else:
            found = parser.parse(timestamp)
        if found.tzinfo is not None:
            found = (found - found.utcoffset()).replace(tzinfo=None)
    except Exception:  # noqa: BLE001 - the text is the student's
        raise ValueError("timestamp.txt is no time: left out") from None
    return f"{found} UTC"


def _label(cell: Any) -> dict[str, Any]:
    return cell["metadata"].get("nbgrader", {})


def is_grade(cell: Any) -> bool:
    """Whether a cell is a check, or is graded by a person (see `is_solution`)."""
    return _label(cell).get("grade", False)


def is_solution(cell: Any) -> bool:
    return _label(cell).get("solution", False)


def is_locked(cell: Any) -> bool:
    """As nbgrader has it: a check is locked, a student's own step is not."""
    locked = is_grade(cell) or _label(cell).get("locked", False)
    return not is_solution(cell) and locked
