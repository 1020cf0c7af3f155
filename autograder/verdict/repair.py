"""One small change that would make a function right: where it is, never what it is.

The function's source is changed in one place at a time (an operator, an axis, brackets,
a bound), compiled in the notebook's own names and run on the cases. Where all of them
are right then, the place is told: so the sentence is proved, and the student still finds
the change. On a student's own machine only.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import time
import warnings
from collections.abc import Callable, Iterable
from typing import Any

from autograder.verdict import lines
from autograder.verdict.changes import changes
from autograder.verdict.outcome import Outcome, is_limited, run
from autograder.verdict.swaps import Change

PATIENCE = 0.4  # seconds of computing for all changes together
AT_ONCE = 0.1  # seconds of computing for one call
MOST = 700  # changes that are tried


def place(
    function: lines.FUNCTION,
    space: dict[str, Any],
    right: Callable[[Callable[..., Any]], bool],
    patience: float | None = None,
    tried: Iterable[Change] | None = None,
) -> str | None:
    """What to look at in the function, if one small change there makes it right.

    space: the notebook's names. right: whether a function gives the right answers.
    patience: seconds of computing for all changes together, PATIENCE by default. tried:
    these, if not all that are known.
    """
    if not is_limited():  # a changed loop may never end
        return None
    patience = PATIENCE if patience is None else patience
    begun = time.process_time()
    every = changes(function) if tried is None else tried
    for count, (node, other, words, *at) in enumerate(every):
        if count >= MOST or time.process_time() - begun > patience:
            return None
        made = _made(function, node, other, space)
        with warnings.catch_warnings(action="ignore"):  # odd things are tried
            found = made and right(made)
        if found:
            node = where = at[0] if at else node
            if isinstance(node, ast.Constant | ast.Name):  # alone it says little
                where = _around(function, node)
            elif isinstance(node, ast.stmt):
                where = _head(node)
            return (
                "One small change would make its answers right. It is in line "
                f"{getattr(node, 'lineno', 0) or node.iter.lineno}, `{_shown(where)}`: {words}"
            )
    return None


def _around(function: lines.FUNCTION, node: ast.AST) -> ast.AST:
    """The statement that a node stands in; of a long one, so much as can be shown."""
    where = _statement(function, node)
    if len(ast.unparse(where)) <= lines.SHOWN:
        return where
    inside = [
        x
        for x in ast.walk(where)
        if isinstance(x, ast.expr | ast.keyword)
        and x is not node
        and any(y is node for y in ast.walk(x))
        and len(ast.unparse(x)) <= lines.SHOWN
    ]
    return inside[0] if inside else where


def _shown(where: ast.AST) -> str:
    """A node in one line that is not long: of an operation, at least the last part."""
    if isinstance(where, ast.BinOp) and len(ast.unparse(where)) > lines.SHOWN:
        short = ast.BinOp(ast.Name("…", ast.Load()), where.op, where.right)
        if len(ast.unparse(short)) <= lines.SHOWN:
            return lines.shown(short)
    return lines.shown(where)


def _statement(function: lines.FUNCTION, node: ast.AST) -> ast.AST:
    """The statement that a node stands in, or the first line of a longer one."""
    around = [
        s
        for s in ast.walk(function)
        if isinstance(s, ast.stmt) and any(x is node for x in ast.walk(s))
    ]
    return _head(around[-1])  # the walk goes from the outside in


def _head(statement: ast.stmt) -> ast.stmt:
    """A statement; of a longer one, its first line."""
    inner = copy.copy(statement)
    if isinstance(getattr(inner, "body", None), list):
        inner.body, inner.orelse = [ast.Expr(ast.Constant(...))], []
    return inner


def outcome(function: Callable[..., Any], args: tuple, small: bool = False) -> Outcome:
    """What a changed function does with a case, for a moment; if `small`, a short one."""
    return run(function, args, AT_ONCE / 4 if small else AT_ONCE)


def _made(
    function: lines.FUNCTION, node: ast.AST, other: Any, space: dict[str, Any]
) -> Callable[..., Any] | None:
    """The function with `other`, a node or several, in place of one of its nodes."""
    put = _Put(node, other)
    changed = copy.copy(other if node is function else put.visit(function))
    changed.decorator_list, changed.returns = [], None
    module = ast.fix_missing_locations(ast.Module([changed], []))
    names = dict(space)
    with contextlib.suppress(Exception), warnings.catch_warnings(action="ignore"):
        exec(compile(module, "<a change>", "exec"), names)  # noqa: S102 - the student's own
        return names[function.name]
    return None


class _Put(ast.NodeTransformer):
    """A copy of the nodes on the way to one, with another in its place."""

    def __init__(self, node: ast.AST, other: Any) -> None:
        self.node, self.other = node, other

    def visit(self, node: ast.AST) -> Any:
        if node is self.node:
            return self.other
        return self.generic_visit(copy.copy(node))

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.AST):
                setattr(node, name, self.visit(value))
            elif isinstance(value, list):
                parts = []
                for x in value:
                    made = self.visit(x) if isinstance(x, ast.AST) else x
                    parts += made if isinstance(made, list) else [made]
                setattr(node, name, parts)
        return node
