"""Is the function that is checked the one that the student wrote last?

A cell with a typing error leaves the version from before in place, and `check` would say
of that what it said before. So this is told first: by IPython's own record of the cells
that ran, and only of a function that a plain `def` of an earlier cell has made.
"""

from __future__ import annotations

import ast
import difflib
import linecache
import re
import symtable
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from types import FunctionType
from typing import Any

CLOSE = 0.8  # of 1: how alike two names are where one is taken for the other
LONGEST = 100  # characters of a line, or of what an error says
DEF = ast.FunctionDef | ast.AsyncFunctionDef


def told(
    shell: Any,
    own: Sequence[tuple[int, str]],
    name: str,
    function: Callable[..., Any],
    steps: Collection[str],
    unwritten: bool = False,
) -> str | None:
    """What a student is told where `function` is not the newest version of a step.

    `own` are the student's cells as IPython's `shell` has run them, as (number, source).
    `steps` are the names of all steps: none of them is a slip of the pen for another.
    `unwritten`: the function is still as it was released.
    """
    if type(function) is not FunctionType or shell.user_ns.get(name) is not function:
        return None
    code = function.__code__
    source = "".join(linecache.getlines(code.co_filename)).strip()
    made = max((n for n, cell in own if source and cell.strip() == source), default=0)
    if not made or code.co_qualname != name:
        return None
    if len(shell.user_ns["In"]) < shell.execution_count:
        return None  # IPython leaves out some cells, and then its numbers are not these
    before = [cell for number, cell in own if number <= made]
    newer = [(number, cell) for number, cell in own if number > made]
    why = _not_run(shell, newer, name) or _misnamed(before, newer, name, steps)
    if unwritten and not why:
        return _renamed(newer, name, steps)
    return why and (
        f"{why} What is checked here is the version from before. Mend that cell, run it, "
        "then check again."
    )


def undefined(
    shell: Any, own: Sequence[tuple[int, str]], name: str, steps: Collection[str]
) -> str:
    """What a student is told where a step that is checked has no meaning at all."""
    if why := _renamed(own, name, steps):
        return why
    if why := _not_run(shell, own, name):
        return f"{why} Mend that cell, run it, then check again."
    return (
        f"No cell that has run defines `{name}`. Run the cell of that step, then check "
        "again."
    )


def other_name(cell: str, name: str, steps: Collection[str]) -> str | None:
    """What a cell defines in place of a step: no helper of something else there."""
    defined = [node for node in _body(cell) if isinstance(node, DEF)]
    if not defined or any(node.name == name for node in defined):
        return None
    last = defined[-1].name
    helps = any(
        isinstance(node, ast.Name) and node.id == last
        for statement in _body(cell)
        if statement is not defined[-1]
        for node in ast.walk(statement)
    )
    return None if last in steps or helps or len(last) > LONGEST else last


def _renamed(
    cells: Sequence[tuple[int, str]], name: str, steps: Collection[str]
) -> str | None:
    """That the last cell of these defines a function, and it is not the one asked for."""
    ran = [(n, cell) for n, cell in cells if not cell.lstrip().startswith("check(")]
    other = other_name(ran[-1][1], name, steps) if ran else None
    return other and (
        f"Your last cell, [{ran[-1][0]}], defines `{other}`, and `{name}` is asked for. If "
        f"that is your answer, give it the name `{name}` in its `def` line, run the cell, "
        "then check again."
    )


def replaced(
    name: str, taken: tuple[str, int] | None, given: Mapping[str, int]
) -> str | None:
    """What a student is told where a name has another meaning than they may think.

    taken: what an import has made of the step's own name, and in which cell. given: the
    names that the notebook gives and the step leans on, and the cells that changed them.
    """
    if taken:
        return (
            f"`{name}` is no longer your own: cell [{taken[1]}] imports `{taken[0]}` by that "
            "name. Import it by another, then run the cell of your step again."
        )
    for other, number in given.items():
        return (
            f"`{other}` is no longer what this notebook gives: cell [{number}] gives that "
            "name another meaning. Take another name there, then run the given cell again."
        )
    return None


def _not_run(shell: Any, newer: Sequence[tuple[int, str]], name: str) -> str | None:
    """Why the newest cell that defines a name has not done so."""
    for number, cell in reversed(newer):
        last = f"The last cell that defines `{name}`, [{number}],"
        try:
            with warnings.catch_warnings(action="ignore"):
                # As IPython does: what stands outside its loop or function is found now.
                compile(cell, "", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, True)
        except SyntaxError as error:
            if re.search(rf"^(async +)?def +{name}\b", cell, re.MULTILINE):
                return f"{last} did not run: {type(error).__name__}{_at(error, cell)}."
            continue
        symbols = symtable.symtable(cell, "", "exec").get_symbols()
        if any(s.get_name() == name and _is_bound(s) for s in symbols):
            # IPython keeps the errors of cells from its version 9 on.
            kept = getattr(shell.history_manager, "exceptions", {}).get(number)
            if not kept or not _is_plain(cell, name):
                return None
            error = ": ".join(filter(None, [kept["ename"], _short(kept["evalue"])]))
            return f"{last} stopped before `{name}` was defined: {error.rstrip('.')}."
    return None


def _misnamed(
    before: Sequence[str],
    newer: Sequence[tuple[int, str]],
    name: str,
    steps: Collection[str],
) -> str | None:
    """That the last cell has defined something of nearly the same name instead."""
    ran = [(n, cell) for n, cell in newer if not cell.lstrip().startswith("check(")]
    if not ran:
        return None
    number, cell = ran[-1]
    defined = [node.name for node in _body(cell) if isinstance(node, DEF)]
    if len(defined) != 1 or not difflib.get_close_matches(name, defined, cutoff=CLOSE):
        return None
    (other,) = defined
    if (
        other in steps
        or name in _names(cell)
        or any(other in _names(c) for c in before)
    ):
        return None  # a helper of its own
    return f"Your last cell, [{number}], defines `{other}`, not `{name}`."


def _is_bound(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported()


def _is_plain(cell: str, name: str) -> bool:
    """Whether all that a cell does with a name is to define it, once and for all."""
    defined = [n for n in _body(cell) if isinstance(n, DEF) and n.name == name]
    return len(defined) == 1 and name not in _names(cell, stored=True)


def _body(cell: str) -> list[ast.stmt]:
    try:
        return ast.parse(cell).body
    except SyntaxError:
        return []


def _names(cell: str, stored: bool = False) -> set[str]:
    """The names in a cell: what it uses and defines, or what it assigns to."""
    nodes = [node for part in _body(cell) for node in ast.walk(part)]
    names = {
        node.id
        for node in nodes
        if isinstance(node, ast.Name)
        and not (stored and isinstance(node.ctx, ast.Load))
    }
    return names | {n.name for n in nodes if isinstance(n, DEF) and not stored}


def _at(error: SyntaxError, cell: str) -> str:
    """Where Python stumbled: the line's number, and what is written there."""
    lines = cell.splitlines()
    if not error.lineno or error.lineno > len(lines):
        return ""
    line = _short(lines[error.lineno - 1])
    return f" in line {error.lineno}" + (f" (`{line}`)" if line else "")


def _short(text: str) -> str:
    text = " ".join(text.split()).replace("`", "'")
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
