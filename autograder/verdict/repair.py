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
from collections.abc import Callable, Iterator
from typing import Any

from autograder.verdict import lines
from autograder.verdict.outcome import Outcome, is_limited, run

PATIENCE = 0.3  # seconds of computing for all changes together
AT_ONCE = 0.1  # seconds of computing for one call
MOST = 250  # changes that are tried

Change = tuple[ast.AST, ast.AST, str]  # a node, what takes its place, what to look at

_SWAPPED: dict[type, tuple[type, ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.MatMult),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Div,),
    ast.Lt: (ast.LtE, ast.Gt, ast.GtE),
    ast.LtE: (ast.Lt, ast.GtE, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt, ast.LtE),
    ast.GtE: (ast.Gt, ast.LtE, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
    ast.Is: (ast.Eq,),
    ast.IsNot: (ast.NotEq,),
}
_REDUCING = {"sum", "mean", "amax", "amin", "norm", "var", "std"}


def place(
    function: lines.FUNCTION,
    space: dict[str, Any],
    right: Callable[[Callable[..., Any]], bool],
) -> str | None:
    """What to look at in the function, if one small change there makes it right.

    space: the notebook's names. right: whether a function gives the right answers.
    """
    if not is_limited():  # a changed loop may never end
        return None
    begun = time.process_time()
    for tried, (node, other, words) in enumerate(_changes(function)):
        if tried >= MOST or time.process_time() - begun > PATIENCE:
            return None
        made = _made(function, node, other, space)
        if made and right(made):
            where = node
            if isinstance(node, ast.Constant | ast.Name):  # alone it says little
                where = _statement(function, node)
            return (
                "One small change would make its answers right. It is in line "
                f"{node.lineno}, `{lines.shown(where)}`: {words}"
            )
    return None


def _statement(function: lines.FUNCTION, node: ast.AST) -> ast.AST:
    """The statement that a node stands in, or the first line of a longer one."""
    around = [
        s
        for s in ast.walk(function)
        if isinstance(s, ast.stmt) and any(x is node for x in ast.walk(s))
    ]
    inner = copy.copy(around[-1])  # the walk goes from the outside in
    if isinstance(getattr(inner, "body", None), list):
        inner.body, inner.orelse = [ast.Expr(ast.Constant(...))], []
    return inner


def outcome(function: Callable[..., Any], args: tuple) -> Outcome:
    """What a changed function does with a case, for a moment."""
    return run(function, args, AT_ONCE)


def _made(
    function: lines.FUNCTION, node: ast.AST, other: ast.AST, space: dict[str, Any]
) -> Callable[..., Any] | None:
    """The function with `other` in place of one of its nodes."""
    put = _Put(node, other)
    changed = put.visit(copy.copy(function))
    changed.decorator_list, changed.returns = [], None
    module = ast.fix_missing_locations(ast.Module([changed], []))
    names = dict(space)
    with contextlib.suppress(Exception), warnings.catch_warnings(action="ignore"):
        exec(compile(module, "<a change>", "exec"), names)  # noqa: S102 - the student's own
        return names[function.name]
    return None


class _Put(ast.NodeTransformer):
    """A copy of the nodes on the way to one, with another in its place."""

    def __init__(self, node: ast.AST, other: ast.AST) -> None:
        self.node, self.other = node, other

    def visit(self, node: ast.AST) -> ast.AST:
        if node is self.node:
            return self.other
        return self.generic_visit(copy.copy(node))

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.AST):
                setattr(node, name, self.visit(value))
            elif isinstance(value, list):
                parts = [self.visit(x) if isinstance(x, ast.AST) else x for x in value]
                setattr(node, name, parts)
        return node


def _changes(function: lines.FUNCTION) -> Iterator[Change]:
    """All small changes, by what a student would look at."""
    names = [*dict.fromkeys(_used(function))]
    for statement in function.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.BinOp):
                yield from _of_operation(node)
            elif isinstance(node, ast.Compare) and len(node.ops) == 1:
                for kind in _SWAPPED.get(type(node.ops[0]), ()):
                    other = ast.Compare(node.left, [kind()], node.comparators)
                    yield node, other, "look at the comparison."
            elif isinstance(node, ast.BoolOp):
                for kind in _SWAPPED[type(node.op)]:
                    yield node, ast.BoolOp(kind(), node.values), "`and` or `or`?"
            elif isinstance(node, ast.UnaryOp):
                words = "look at what stands before it: `not`, `-` or `~`."
                yield node, node.operand, words
            elif isinstance(node, ast.Call):
                yield from _of_call(node)
            elif isinstance(node, ast.Subscript):
                yield from _of_index(node)
            elif isinstance(node, ast.AugAssign):
                for kind in _SWAPPED.get(type(node.op), ()):
                    other = ast.AugAssign(node.target, kind(), node.value)
                    yield node, other, "look at the operator."
            elif isinstance(node, ast.Attribute) and node.attr in ("T", "mT", "H"):
                yield node, node.value, "look at the transposition."
            elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
                for number in (node.value + 1, node.value - 1):
                    words = f"look at the number {node.value}."
                    yield node, ast.Constant(number), words
            elif isinstance(node, ast.Name) and node.id in names:
                for name in names if isinstance(node.ctx, ast.Load) else ():
                    if name != node.id:
                        other = ast.Name(name, ast.Load())
                        yield node, other, f"is `{node.id}` the right name there?"


def _used(function: lines.FUNCTION) -> Iterator[str]:
    """The parameters and variables of a function that hold values."""
    yield from (a.arg for a in (*function.args.posonlyargs, *function.args.args))
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _of_operation(node: ast.BinOp) -> Iterator[Change]:
    left, right = node.left, node.right
    brackets = "look at the brackets. Which operator comes first?"
    if isinstance(left, ast.BinOp):
        inner = ast.BinOp(left.right, node.op, right)
        yield node, ast.BinOp(left.left, left.op, inner), brackets
        power = left.right  # as in a / b ** c / d
        if isinstance(power, ast.BinOp) and isinstance(power.op, ast.Pow):
            whole = ast.BinOp(power.right, node.op, right)
            inner = ast.BinOp(power.left, power.op, whole)
            yield node, ast.BinOp(left.left, left.op, inner), brackets
    if isinstance(right, ast.BinOp):
        inner = ast.BinOp(left, node.op, right.left)
        yield node, ast.BinOp(inner, right.op, right.right), brackets
    if isinstance(left, ast.UnaryOp):
        inner = ast.BinOp(left.operand, node.op, right)
        yield node, ast.UnaryOp(left.op, inner), brackets
    for kind in _SWAPPED.get(type(node.op), ()):
        yield node, ast.BinOp(left, kind(), right), "look at the operator."
    if isinstance(node.op, ast.Sub | ast.Div | ast.MatMult | ast.Pow | ast.Mod):
        words = "which of the two comes first?"
        yield node, ast.BinOp(right, node.op, left), words
    if isinstance(node.op, ast.MatMult):
        for turned in (
            ast.BinOp(left, node.op, ast.Attribute(right, "mT", ast.Load())),
            ast.BinOp(ast.Attribute(left, "mT", ast.Load()), node.op, right),
        ):
            yield node, turned, "does one of them have to be transposed?"
    for other in (left, right):
        yield node, other, "is that operation needed?"


def _of_call(node: ast.Call) -> Iterator[Change]:
    words = "look at the axis."
    for k, arg in enumerate(node.args):
        if isinstance(node.func, ast.Attribute) and (number := _whole(arg)) is not None:
            for axis in {-1, -2, -3, 0, 1} - {number}:
                args = [*node.args[:k], ast.Constant(axis), *node.args[k + 1 :]]
                yield node, ast.Call(node.func, args, node.keywords), words
    for k, key in enumerate(node.keywords):
        if key.arg in ("dim", "axis") and (number := _whole(key.value)) is not None:
            for axis in {-1, -2, 0, 1} - {number}:
                keys = [*node.keywords]
                keys[k] = ast.keyword(key.arg, ast.Constant(axis))
                yield node, ast.Call(node.func, node.args, keys), words
        if isinstance(key.value, ast.Constant) and isinstance(key.value.value, bool):
            keys = [*node.keywords]
            keys[k] = ast.keyword(key.arg, ast.Constant(not key.value.value))
            yield node, ast.Call(node.func, node.args, keys), f"look at `{key.arg}`."
    if getattr(node.func, "attr", "") in _REDUCING and (node.args or node.keywords):
        keys = [*node.keywords, ast.keyword("keepdim", ast.Constant(True))]
        words = "it takes an axis away. Is that axis still needed?"
        yield node, ast.Call(node.func, node.args, keys), words
    if len(node.args) == 2:
        args = node.args[::-1]
        words = "look at the order of what is handed over."
        yield node, ast.Call(node.func, args, node.keywords), words
    if getattr(node.func, "id", "") == "range":
        for k, arg in enumerate(node.args):
            for kind in (ast.Add(), ast.Sub()):
                moved = ast.BinOp(arg, kind, ast.Constant(1))
                args = [*node.args[:k], moved, *node.args[k + 1 :]]
                words = "where does it begin, and where does it end?"
                yield node, ast.Call(node.func, args, node.keywords), words


def _of_index(node: ast.Subscript) -> Iterator[Change]:
    """Bounds of a slice that are one too far, or missing."""
    if not isinstance(node.slice, ast.Slice):
        return
    low, high, step = node.slice.lower, node.slice.upper, node.slice.step
    words = "where does the slice begin, and where does it end?"
    for one, other in ((low, high), *_moved(low, high)):
        if (one, other) != (low, high):
            cut = ast.Slice(one, other, step)
            yield node, ast.Subscript(node.value, cut, node.ctx), words


def _moved(low: Any, high: Any) -> Iterator[tuple[Any, Any]]:
    for kind in (ast.Add(), ast.Sub()):
        if low:
            yield ast.BinOp(low, kind, ast.Constant(1)), high
        if high:
            yield low, ast.BinOp(high, kind, ast.Constant(1))
    if not low:
        yield ast.Constant(1), high


def _whole(node: ast.expr) -> int | None:
    """The whole number that a node is; None where it is none."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError):
        return None
    return value if type(value) is int else None
