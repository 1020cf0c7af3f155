"""A static look at a submission: what the graded function leans on, and where.

It follows the names that a function mentions to the statements of the student's own
cells that define them, and reports forbidden names met on the way. It runs nothing. It
catches the honest shortcut and the lazy cheat; the determined one is the sandbox's job.
"""

from __future__ import annotations

import ast
import functools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from IPython.core.inputtransformer2 import TransformerManager

# Names by which Python code reaches what it does not name. They deserve a human's look.
DYNAMIC = ("__import__", "importlib", "exec", "eval", "sys.modules", "autograder")


@dataclass(frozen=True)
class Use:
    """A name that was met: in which cell and line of the notebook, counted from 1."""

    name: str
    cell: int
    line: int

    def __str__(self) -> str:
        return f"{self.name} (cell {self.cell}, line {self.line})"


def uses(
    cells: Sequence[tuple[int, str]],
    function: str,
    names: Iterable[str],
    latest: bool = False,
) -> list[Use]:
    """Where `function` leans on one of `names`, directly or through its helpers.

    `cells` are the student's own code cells as (number, source). A name like
    "gpt.tokenize" also stands for all within it, however it was imported, and one like
    ".softmax" for a method of that name, whatever it is called on. With `latest`, what a
    later cell defines anew is as it is there.
    """
    defined = defaultdict(list)
    for number, source in cells:
        for statement in _statements(source):
            for bound in _bound(statement):
                if latest and isinstance(statement, ast.FunctionDef):
                    defined[bound] = []
                defined[bound].append((number, statement))
    found, seen, todo = {}, set(), [function]
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        for number, statement in defined[name]:
            for mention, line in _mentions(statement):
                todo.append(mention.split(".")[0])
                for forbidden in names:
                    if (mention + ".").startswith(forbidden + "."):
                        found[Use(mention, number, line)] = None
    return sorted(found, key=lambda use: (use.cell, use.line))


# Every check of a notebook looks at the same cells, and a class's are much alike.
@functools.lru_cache(maxsize=512)
def _statements(source: str) -> list[ast.stmt]:
    try:
        plain = TransformerManager().transform_cell(source)
        return ast.parse(plain).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []  # such a cell does not run either


@functools.lru_cache(maxsize=4096)
def _bound(statement: ast.stmt) -> set[str]:
    """The top-level names that a statement gives a meaning to."""
    bound = set()
    if isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
        return {statement.name}
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {a.asname or a.name.split(".")[0] for a in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.Attribute | ast.Subscript) and isinstance(
            node.ctx, ast.Store
        ):
            root = _dotted(node) or ""
            bound.add(root.split(".")[0])
    return bound


@functools.lru_cache(maxsize=4096)
def _mentions(statement: ast.stmt) -> list[tuple[str, int]]:
    """The dotted names that a statement mentions, with their lines.

    A function's own variables are not mentions: `text` in it is not the `text` of
    another cell.
    """
    own = set()
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        for node in ast.walk(statement):
            if isinstance(node, ast.arg):
                own.add(node.arg)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                own.add(node.id)
            elif isinstance(node, ast.Global):
                own -= set(node.names)
    found = []
    for node in ast.walk(statement):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            found += [(f"{module}.{a.name}", node.lineno) for a in node.names]
            found += [(f".{a.name}", node.lineno) for a in node.names]
        elif isinstance(node, ast.Attribute | ast.Name):
            dotted = _dotted(node)
            if dotted and dotted.split(".")[0] not in own:
                found.append((dotted, node.lineno))
            if isinstance(node, ast.Attribute):
                found.append((f".{node.attr}", node.lineno))
    return found


def _dotted(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = _dotted(node.value)
        return f"{inner}.{node.attr}" if inner else None
    if isinstance(node, ast.Subscript):
        return _dotted(node.value)
    return None
