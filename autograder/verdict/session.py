"""The cells that a notebook has run so far, and what they tell of a step: on a student's
own machine, by IPython's record of them.
"""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what grades imports neither
    from autograder.verdict.look import Cell


def seen(name: str, function: Callable[..., Any]) -> tuple[list[Cell], list[Cell], str]:
    """The student's cells and the given ones, and the name of a step's function there."""
    from IPython import get_ipython

    shell = get_ipython()
    if shell is not None and shell.user_ns.get(name) is not function:
        name = getattr(function, "__name__", name)
    return *ran(), name


def ran() -> tuple[list[Cell], list[Cell]]:
    """The student's cells and the given ones, as far as there is a notebook."""
    from IPython import get_ipython

    shell = get_ipython()
    return of(shell) if shell else ([], [])


def not_newest(
    name: str, function: Callable[..., Any], known: Collection[str], unwritten: bool
) -> str | None:
    """What to say first where the newest version of a step is not what was checked."""
    from IPython import get_ipython

    from autograder.verdict import stale

    shell = get_ipython()
    if shell is None:
        return None
    with contextlib.suppress(ValueError, RecursionError, MemoryError):  # no Python
        return stale.told(shell, of(shell)[0], name, function, known, unwritten)
    return None


def foreign(steps: Collection[str]) -> dict[str, str]:
    """Those of these steps whose names an import has taken, with what they stand for."""
    from autograder.verdict import look

    own, given = ran()
    beside = look.modules(path.name for path in Path().iterdir())
    found = {step: look.imported(step, own, beside, given) for step in steps}
    return {step: taken[0] for step, taken in found.items() if taken}


def replaced(name: str, function: Callable[..., Any]) -> str | None:
    """What to say where a name is no longer what the notebook gives, or the step itself."""
    from autograder.verdict import look, stale

    own, given, called = seen(name, function)
    beside = look.modules(path.name for path in Path().iterdir())
    taken = look.imported(called, own, beside, given)
    return stale.replaced(called, taken, look.replaced(called, own, beside, given))


def given_names() -> set[str]:
    """The names that the notebook's own cells define."""
    from autograder.verdict import source

    return {name for _, cell in ran()[1] for name in source.defined(cell)}


def written(name: str) -> Any:
    """What the source of a function of the student's tells, as far as it is known."""
    from autograder.verdict import source

    own, given = ran()
    return source.of(own, name, given)


def of(shell: Any) -> tuple[list[Cell], list[Cell]]:
    """The cells that ran, by their numbers: the student's, and the given ones."""
    beside = [path for path in Path().glob("*.ipynb") if path.is_file()]
    locked: set[str] = set()
    for path in beside:
        locked |= _locked(path.resolve(), path.stat().st_mtime_ns)
    cells = list(enumerate(shell.user_ns.get("In", [])))
    own = [(number, cell) for number, cell in cells if cell.strip() not in locked]
    return own, [cell for cell in cells if cell[1].strip() in locked]


@functools.lru_cache(maxsize=8)
def _locked(path: Path, _changed: int) -> frozenset[str]:
    """The cells of a notebook that are not the student's, as far as it can be read."""
    try:
        cells = json.loads(path.read_text("utf-8"))["cells"]
        return frozenset(
            "".join(cell["source"]).strip()
            for cell in cells
            if cell["metadata"].get("nbgrader", {}).get("locked")
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return frozenset()
