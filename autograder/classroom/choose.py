"""Which of the notebooks in a folder is the one to grade?

It has the exercise's name, and nearly always it is the only one. But people also work
in a copy, beside the original as they got it, or hand in under another name. Where it is
plain which notebook was meant, that one is graded, and the choice is flagged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.classroom.names import told

Plain = dict[str, Any]  # a notebook, or a cell of one, as in its file


def choose(
    own: Plain | None,
    copies: Mapping[str, Plain],
    name: str,
    steps: Mapping[str, str],
) -> tuple[Plain | None, list[str]]:
    """The notebook to grade, or None, and what a person should know of the others.

    `own` is the notebook called `name`.ipynb, or None where there is none that can be
    read; `copies` are the others by their names. All are parsed, none is trusted. `steps`
    are the cells to fill in, by grade id, with their sources as released.
    """
    mine = f"{name}.ipynb"
    copies = {told(n): nb for n, nb in copies.items() if _carries(nb, steps)}
    worked = {n: nb for n, nb in copies.items() if _worked(nb, steps)}
    if own is not None and _worked(own, steps):
        others = [n for n, nb in worked.items() if _text(nb) != _text(own)]
        why = f"was not graded: it differs from {mine}, which has the right name"
        return own, [f"{n} {why} (`review` says how to swap them)" for n in others]
    found = worked if worked or own is not None else copies
    if len({_text(nb) for nb in found.values()}) == 1:
        name, nb = next(iter(found.items()))
        released = f"{mine} is as it was released: " if own is not None else ""
        return nb, [f"{released}{name} was graded in its place"]
    if found:
        several = ", ".join(list(found)[:3])
        return own, [f"{several} differ: name the one that counts {mine}"]
    return own, []


def _sources(nb: Plain) -> dict[str, str]:
    """The source of each labelled cell; of two with one grade id, the last counts."""
    return {
        cell["metadata"].get("nbgrader", {}).get("grade_id"): cell["source"].strip()
        for cell in nb["cells"]
    }


def _carries(nb: Plain, steps: Mapping[str, str]) -> bool:
    """Whether it is a notebook of this exercise: it has most of the cells to fill in."""
    return 2 * len(_sources(nb).keys() & steps.keys()) > len(steps)


def _worked(nb: Plain, steps: Mapping[str, str]) -> bool:
    """Whether a cell to fill in is not as it was released."""
    found = _sources(nb)
    return any(found.get(name) != source.strip() for name, source in steps.items())


def _text(nb: Plain) -> tuple[str, ...]:
    """What two notebooks must share to be the same work."""
    code = [cell for cell in nb["cells"] if cell["cell_type"] == "code"]
    return tuple(cell["source"].strip() for cell in code if cell["source"].strip())
