"""The small changes that are tried in a function which is wrong: what a hand would slip on.

Each is a node, what takes its place, and what to look at there. The likelier a slip, the
earlier it comes: operators, axes and bounds; then lines and calls that should not be
there, or stand one step too far in; at last a name in place of another.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from autograder.verdict import lines, slips, swaps
from autograder.verdict.swaps import Change

_FAR = "how far in should it stand?"

_SWAPPED: dict[type, tuple[type, ...]] = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.MatMult, ast.Add),
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
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_REDUCING = {"sum", "mean", "amax", "amin", "norm", "var", "std"}
_ALIKE = (
    "min",
    "max",
    "len",
    "sum",
    "any",
    "all",
)  # take one thing apart and give one number
_FROM = {"startswith", "find", "index"}  # take the place to begin at
_NO_AXIS = {
    "to_bytes",
    "from_bytes",
    "pop",
    "insert",
    "range",
    "get",
    "replace",
    "count",
}
_LOOPS = ast.For | ast.While


def changes(
    function: lines.FUNCTION,
    steps: Sequence[str] = (),
    asked: Sequence[str] = (),
    numbers: Collection[float] = (),
) -> Iterator[Change]:
    """All small changes, by what a student would look at.

    steps: earlier steps, of which one may have been left out; asked: the arguments of
    the step; numbers: those of its formula.
    """
    yield from slips.first(function, asked, numbers)
    yield from swaps.swaps(function)
    yield from _needless(function)
    yield from _of_expressions(function)
    yield from _of_statements(function)
    yield from _dropped(function)
    yield from _of_names(function)
    yield from _looked_up(function)
    yield from swaps.left_out(function, steps)
    yield from swaps.later(function)
    yield from slips.last(function)


def _of_expressions(function: lines.FUNCTION) -> Iterator[Change]:
    """Small changes in a line."""
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
                yield from _of_arguments(function, node)
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
    moves = lines.called(node) == "roll"  # its first number is no axis
    for k, arg in enumerate(node.args):
        if lines.called(node) in _NO_AXIS:
            break
        if (
            isinstance(node.func, ast.Attribute)
            and (number := lines.whole(arg)) is not None
        ):
            words = "look at the axis."
            words = "how far does it move, and which way?" if moves else words
            moves = False
            for axis in {-1, -2, -3, 0, 1} - {number}:
                args = [*node.args[:k], ast.Constant(axis), *node.args[k + 1 :]]
                yield node, ast.Call(node.func, args, node.keywords), words
    words = "look at the axis."
    for k, key in enumerate(node.keywords):
        if (
            key.arg in ("dim", "axis")
            and (number := lines.whole(key.value)) is not None
        ):
            for axis in {-1, -2, -3, 0, 1} - {number}:
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
    if getattr(node.func, "id", "") == "range":
        for k, arg in enumerate(node.args):
            for kind in (ast.Add(), ast.Sub()):
                moved = ast.BinOp(arg, kind, ast.Constant(1))
                args = [*node.args[:k], moved, *node.args[k + 1 :]]
                words = "where does it begin, and where does it end?"
                yield node, ast.Call(node.func, args, node.keywords), words


def _of_index(node: ast.Subscript) -> Iterator[Change]:
    """Bounds of a slice that are one too far, or missing; an index that is one off."""
    if not isinstance(node.slice, ast.Slice):
        if isinstance(node.slice, ast.Name | ast.BinOp):
            for kind in (ast.Add(), ast.Sub()):
                moved = ast.BinOp(node.slice, kind, ast.Constant(1))
                other = ast.Subscript(node.value, moved, node.ctx)
                yield node, other, "look at the index."
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


def _of_arguments(function: lines.FUNCTION, node: ast.Call) -> Iterator[Change]:
    """What is handed over in another order, or is a place instead of an item."""
    args, name = node.args, getattr(node.func, "id", "")
    words = "look at the order of what is handed over."
    orders = [(i, k) for k in range(len(args)) for i in range(k)]
    for i, k in orders:
        swapped = [*args]
        swapped[i], swapped[k] = args[k], args[i]
        moved = [[*args[:i], *args[i + 1 : k + 1], args[i], *args[k + 1 :]]]
        for other in (swapped, *(moved if k - i > 1 else ())):
            yield node, ast.Call(node.func, other, node.keywords), words
    if name in _ALIKE:
        for other in _ALIKE:
            if other != name:
                call = ast.Call(ast.Name(other, ast.Load()), args, node.keywords)
                yield node, call, f"is `{name}` the right function there?"
    method = getattr(node.func, "attr", "")
    if method in ("append", "add") and len(args) == 1 and isinstance(args[0], ast.Name):
        words = f"`{args[0].id}` is a place. Is the item at that place meant?"
        for x in ast.walk(function):
            if (
                isinstance(x, ast.Subscript)
                and isinstance(x.value, ast.Name)
                and any(getattr(n, "id", "") == args[0].id for n in ast.walk(x.slice))
            ):
                item = ast.Subscript(x.value, args[0], ast.Load())
                yield node, ast.Call(node.func, [item], []), words
    if method in _FROM and len(args) == 1:
        words = f"where does `.{method}` begin to look?"
        for other in dict.fromkeys(_used(function)):
            more = [*args, ast.Name(other, ast.Load())]
            yield node, ast.Call(node.func, more, node.keywords), words


def _blocks(function: lines.FUNCTION) -> Iterator[tuple[ast.AST, list[ast.stmt]]]:
    """All blocks of statements, each with what it belongs to."""
    for node in ast.walk(function):
        for part in ("body", "orelse"):
            block = getattr(node, part, None)
            if isinstance(block, list):
                yield node, block


def _of_statements(function: lines.FUNCTION) -> Iterator[Change]:
    """An answer that is not kept, a line one step too far in, a loop that goes on."""
    for node in ast.walk(function):
        value = node.value if isinstance(node, ast.Expr) else None
        if isinstance(value, ast.Call):
            for arg in value.args:
                if isinstance(arg, ast.Name):
                    kept = ast.Assign([ast.Name(arg.id, ast.Store())], value)
                    yield node, kept, "what becomes of its answer?"
        if isinstance(node, _LOOPS) and len(node.body) > 1:
            last = node.body[-1]
            out = type(node)(**{**_fields(node), "body": node.body[:-1]})
            yield node, [out, last], _FAR, last
    for node, block in _blocks(function):
        for loop, after in itertools.pairwise(block):
            if isinstance(loop, _LOOPS) and not isinstance(after, ast.Return):
                inner = type(loop)(**{**_fields(loop), "body": [*loop.body, after]})
                rest = block[block.index(after) + 1 :]
                before = block[: block.index(loop)]
                part = "body" if getattr(node, "body", None) is block else "orelse"
                if not isinstance(node, ast.stmt):
                    continue
                whole = {**_fields(node), part: [*before, inner, *rest]}
                yield node, type(node)(**whole), _FAR, after
    for loop in ast.walk(function):
        for node in ast.walk(loop) if isinstance(loop, _LOOPS) else ():
            if isinstance(node, ast.If) and isinstance(node.body[-1], ast.Continue):
                if isinstance(node.test, ast.Name):
                    off = ast.Assign(
                        [ast.Name(node.test.id, ast.Store())], ast.Constant(False)
                    )
                    other = ast.If(node.test, [off, *node.body], node.orelse)
                    words = f"is `{node.test.id}` ever turned off again?"
                    yield node, other, words
            elif isinstance(node, ast.If) and node in loop.body:
                last = node.body[-1]
                if not isinstance(last, ast.Break | ast.Return | ast.Raise):
                    other = ast.If(node.test, [*node.body, ast.Break()], node.orelse)
                    yield node, other, "should the loop go on after that?"


def _fields(node: ast.AST) -> dict[str, Any]:
    return dict(ast.iter_fields(node))


def _needless(function: lines.FUNCTION) -> Iterator[Change]:
    """Conditions without which all is right: there, none of their parts is what matters."""
    for _, block in _blocks(function):
        for statement in block:
            if statement is function.body[-1] or not isinstance(statement, ast.If):
                continue
            if not statement.orelse:
                yield statement, ast.Pass(), "is that line needed?"


def _dropped(function: lines.FUNCTION) -> Iterator[Change]:
    """Lines, conditions, calls and slices that should not be there."""
    for _, block in _blocks(function):
        for statement in block:
            if statement is not function.body[-1]:
                yield statement, ast.Pass(), "is that line needed?"
            if isinstance(statement, ast.If):
                words = "is that condition needed?"
                yield statement, statement.body, words
    for node in ast.walk(function):
        if isinstance(node, ast.comprehension) and node.ifs:
            other = ast.comprehension(node.target, node.iter, [], 0)
            yield node, other, f"is `if {lines.shown(node.ifs[0])}` needed?"
        elif isinstance(node, ast.IfExp):
            for part in (node.body, node.orelse):
                yield node, part, "is that condition needed?"
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
            if isinstance(node.ctx, ast.Load):
                yield node, node.value, "is that slice needed?"
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                words = f"is `.{node.func.attr}` needed?"
                yield node, node.func.value, words
            if len(node.args) == 1 and not isinstance(node.args[0], ast.Starred):
                words = f"is `{lines.shown(node.func)}` needed?"
                yield node, node.args[0], words


def _of_names(function: lines.FUNCTION) -> Iterator[Change]:
    """A name in place of another; not in a condition, where any other may do by luck."""
    names = [*dict.fromkeys(_used(function))]
    asked = {
        inner
        for node in ast.walk(function)
        for part in _conditions(node)
        for inner in ast.walk(part)
    }
    sized = {
        node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and node.attr in ("shape", "size")
    }
    for statement in function.body:
        for node in ast.walk(statement):
            if not isinstance(node, ast.Name) or node.id not in names or node in asked:
                continue
            words = f"is `{node.id}` the right name there?"
            if node in sized:
                words = f"it is a size of `{node.id}`. Is another's size meant?"
            for name in names if isinstance(node.ctx, ast.Load) else ():
                if name != node.id:
                    other = ast.Name(name, ast.Load())
                    yield node, other, words


def _conditions(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.If | ast.While | ast.IfExp | ast.Assert):
        return [node.test]
    return node.ifs if isinstance(node, ast.comprehension) else []


def _looked_up(function: lines.FUNCTION) -> Iterator[Change]:
    """A value that should be another name, or be looked up in a table."""
    names = [*dict.fromkeys(_used(function))]
    given = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
    for node in ast.walk(function):
        parts = [node.value] if isinstance(node, ast.Assign | ast.AugAssign) else []
        parts = node.args if isinstance(node, ast.Call) else parts
        for part in parts:
            words = "is that the right value there?"
            if lines.called(part) == "pop":
                words = "`pop` also takes it out. Is it needed again?"
            if isinstance(part, ast.Subscript | ast.Call | ast.BinOp):
                for name in names:
                    yield part, ast.Name(name, ast.Load()), words
            kinds = ast.Subscript | ast.Call | ast.BinOp | ast.Name
            if isinstance(part, kinds) or lines.whole(part):
                for table in given:
                    for key in names:
                        found = ast.Subscript(
                            ast.Name(table, ast.Load()),
                            ast.Name(key, ast.Load()),
                            ast.Load(),
                        )
                        if table != key:
                            yield part, found, words
