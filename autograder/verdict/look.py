"""A static look at a submission: what the graded function leans on, and where.

It follows the names that a function mentions to the statements of the student's own
cells that define them (see `leans`), and reports forbidden names met on the way. It
knows whose a name is: a parameter is not the notebook's variable of that name, and a
method of one's own class is not the library's. It runs nothing. It catches the honest
shortcut and the lazy cheat; the determined one is the sandbox's job.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autograder.verdict.leans import Cell, read, taken_apart
from autograder.verdict.reaches import (
    KIN,
    KNOWN,
    LONGEST,
    PATCH,
    REBIND,
)
from autograder.verdict.scope import ANYTHING, written
from autograder.verdict.statement import Use, around

if TYPE_CHECKING:  # who looks at hostile code imports as little as may be
    from autograder.checks import Check


@dataclass(frozen=True)
class Refusal:
    """A forbidden name that a step leans on, and what a student is told of it."""

    use: Use
    note: str


def refusal(
    check: Check,
    cells: Sequence[Cell],
    function: str,
    latest: bool = False,
    beside: frozenset[str] = frozenset(),
    given: Iterable[Cell] = (),
    apart: Iterable[str] = (),
) -> Refusal | None:
    """Whether a step leans on what its text forbids: the one rule of check and grader."""
    names = check.forbidden
    found = forbidden(cells, function, names, latest, beside, given, apart)
    return told(check, *found) if found else None


def told(check: Check, use: Use, line: str) -> Refusal:
    """What is said of a forbidden name in a line of a student's."""
    from autograder.checks._material import WHY

    asked = {*check.forbidden}
    name = next(n for n in around(use.name) if n in asked or KIN.get(n) in asked)
    why = WHY[name if name in asked else KIN[name]]
    return Refusal(
        use,
        f"It uses `{name.lstrip('.')}`, in the line `{line}`: {why}. "
        f"This step asks you to write `{check.name}` yourself.",
    )


def forbidden(
    cells: Sequence[Cell],
    function: str,
    names: Iterable[str],
    latest: bool = False,
    beside: frozenset[str] = frozenset(),
    given: Iterable[Cell] = (),
    apart: Iterable[str] = (),
) -> tuple[Use, str] | None:
    """The first of these names that a function leans on, and the line in which it is."""
    found = uses(cells, function, names, latest, beside, given, apart)
    if not found:
        return None
    use = found[0]
    source = next(source for number, source in cells if number == use.cell)
    lines = re.split(r"\r\n?|\n", source)
    line = lines[min(use.line, len(lines)) - 1].strip().replace("`", "'")
    return use, line if len(line) <= LONGEST // 2 else f"{line[: LONGEST // 2]}…"


def uses(
    cells: Sequence[Cell],
    function: str,
    names: Iterable[str],
    latest: bool = False,
    beside: frozenset[str] = frozenset(),
    given: Iterable[Cell] = (),
    apart: Iterable[str] = (),
) -> list[Use]:
    """Where `function` leans on one of `names`, directly or through its helpers.

    `cells` are the student's own code cells as (number, source). A name like
    "gpt.tokenize" also stands for all within it, however it was imported, and one like
    ".softmax" for a method of that name, whatever it is called on, if only that is no
    class of the student's own. With `latest`, what a later cell defines anew is as it is
    there. `beside` are modules that lie beside the notebook: of their own, whatever
    library they are named like. `given` are cells that are not the student's: what they
    import is known by its name there, and nothing else of them counts. But what they
    define may be taken from the course's package as well: it is given. `apart` are steps
    that others have taken the place of: what they lean on does not count.

    A cell that may give any name a meaning is told where `names` ask for what it does
    that with; it says too little about the function for any other name to count.
    """
    book = read(tuple(cells), latest, beside, tuple(given))
    wanted = frozenset(names)
    wanted |= {name for name, like in KIN.items() if like in wanted}
    found: dict[Use, None] = dict.fromkeys(book.patched if PATCH in wanted else ())
    for statement in book.defined.get(ANYTHING, ()):
        found |= book.met(statement, wanted & REBIND)
    for name in book.behind(function, apart):
        for statement in book.defined.get(name, ()):
            found |= book.met(statement, wanted)
    return sorted(found, key=lambda use: (use.cell, use.line))


def earlier(
    known: Mapping[str, Check],
    name: str,
    cells: Sequence[Cell],
    function: str,
    latest: bool = False,
    beside: frozenset[str] = frozenset(),
    given: Iterable[Cell] = (),
) -> list[str]:
    """The steps before the step `name` that it is made from, in the exercise's order.

    To those of `Check.after` come any others that the student's function leans on.
    """
    leans = read(tuple(cells), latest, beside, tuple(given)).behind(function)
    found = {*known[name].after, *leans}
    before = itertools.takewhile(lambda step: step != name, known)
    return [step for step in before if step in found]


def imported(
    name: str,
    cells: Sequence[Cell],
    beside: frozenset[str] = frozenset(),
    given: Iterable[Cell] = (),
) -> tuple[str, int] | None:
    """What a library's import has made of a name, and in which cell; None if none has.

    A file that lies beside the notebook is the student's own.
    """
    statements = read(tuple(cells), True, beside, tuple(given)).defined.get(name)
    last = statements[-1] if statements else None
    ways = last.binds.get(name, [None]) if last and last.is_import else [None]
    if not ways[-1] or ways[-1][0].lstrip(".") not in KNOWN - beside:
        return None
    return written(ways[-1]), last.cell


def taken(
    names: Iterable[str],
    cells: Sequence[Cell],
    at: int,
    beside: frozenset[str] = frozenset(),
    given: Iterable[Cell] = (),
) -> dict[str, str]:
    """Which of these names an import has taken before the cell `at`, and for what."""
    book, given = read(tuple(cells), False, beside, tuple(given)), tuple(given)
    found = {}
    for name in names:
        if any(statement.is_import for statement in book.defined.get(name, ())):
            mine, theirs = ([c for c in x if c[0] < at] for x in (cells, given))
            if by := imported(name, mine, beside, theirs):
                found[name] = by[0]
    return found


def replaced(
    function: str,
    cells: Sequence[Cell],
    beside: frozenset[str] = frozenset(),
    given: Iterable[Cell] = (),
) -> dict[str, int]:
    """What a function leans on that is given, and has another meaning since some cell."""
    book = read(tuple(cells), True, beside, tuple(given))
    names = [name for name in book.behind(function) if name in book.theirs]
    return {
        name: book.defined[name][-1].cell for name in names if book.defined.get(name)
    }


def unread(
    cells: Sequence[Cell], beside: frozenset[str] = frozenset()
) -> dict[int, str]:
    """Cells of which nobody can say what they do, by number, and why."""
    found = {
        number: taken_apart(number, source, beside).unread for number, source in cells
    }
    return {number: why for number, why in found.items() if why}


def modules(files: Iterable[str]) -> frozenset[str]:
    """The names of those files that can be imported."""
    kinds = (".py", ".pyc", ".so")
    return frozenset(name.split(".")[0] for name in files if name.endswith(kinds))
