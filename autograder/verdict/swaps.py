"""Small changes of another kind: a word in place of one that is like it, an axis or an
`else` that is left out, a number that counts as false.

As in `changes`, each is a node, what takes its place, and what to look at there.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Any

from autograder.verdict import lines

# A node, what takes its place (a node, or several statements), and what to look at; and
# where that is, if not at the node.
Change = tuple[ast.AST, Any, str] | tuple[ast.AST, Any, str, ast.AST]
_LIKE = (  # functions and methods that are taken for one another
    ("exp", "expm1", "exp2"),
    ("log", "log1p", "log2", "log10", "sqrt"),
    ("sum", "mean", "cumsum", "cumprod", "prod", "amax", "std"),
    ("sin", "sinh", "cos", "cosh", "tanh", "tan"),
    ("triu", "tril"),
    ("append", "extend"),
    ("argmax", "argmin"),
    ("strip", "rstrip", "lstrip"),
    ("find", "rfind", "index", "rindex"),
    ("ones", "zeros"),
)
ODD = {"expm1", "exp2", "log1p", "log2", "log10", "cumprod", "sinh", "cosh", "prod"}
_LARGEST = 3e38  # of float32, nearly
_TINY = 1e-3  # what is added to be safe
_TURNING = {"transpose", "swapaxes", "swapdims", "permute", "movedim"}
_CUTTING = {"chunk", "split", "cat", "concat", "concatenate", "stack", "tensor_split"}
_REDUCING = {"sum", "mean", "amax", "amin", "prod", "std", "norm"}
_LEAVING = ast.Return | ast.Raise | ast.Break | ast.Continue


def swaps(function: lines.FUNCTION) -> Iterator[Change]:
    """Those that are few, and tried first."""
    yield from likes(function)
    yield from _of_conditions(function)
    yield from _of_rounds(function)
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            yield from _of_axes(node)
            yield from _of_bounds(node)
        elif isinstance(node, ast.Subscript):
            yield from _of_places(node)
        elif isinstance(node, ast.BinOp):
            yield from _of_trifles(node)
        elif isinstance(node, ast.Constant) and _is_large(node.value):
            words = f"is {node.value:g} beyond all that may come in? Only ∞ is."
            yield node, ast.Constant(_LARGEST), words


def _of_trifles(node: ast.BinOp) -> Iterator[Change]:
    """A tiny number that is added to be safe."""
    tiny = node.right
    if not isinstance(node.op, ast.Add | ast.Sub) or not isinstance(tiny, ast.Constant):
        return
    if type(tiny.value) is float and 0 < tiny.value <= _TINY:
        words = f"is {tiny.value:g} needed? What is as small is no longer itself."
        yield node, node.left, words


def _is_large(value: Any) -> bool:
    """Whether a number may stand in the place of infinity."""
    return type(value) in (int, float) and 1000 <= value < _LARGEST


def likes(function: lines.FUNCTION, odd: bool = False) -> Iterator[Change]:
    """A function in place of one that is like it; with `odd`, only of the rare ones."""
    for node in ast.walk(function):
        if not isinstance(node, ast.Call):
            continue
        name = lines.called(node)
        if odd and name not in ODD:
            continue
        for other in (x for like in _LIKE if name in like for x in like if x != name):
            words = f"is `{name}` the right function there?"
            func = _named(node.func, other)
            yield node, ast.Call(func, node.args, node.keywords), words
            if other in _REDUCING and name not in _REDUCING and node.args:
                keys = [*node.keywords, ast.keyword("keepdim", ast.Constant(True))]
                yield node, ast.Call(func, node.args, keys), words


def _named(func: ast.expr, name: str) -> ast.expr:
    if isinstance(func, ast.Attribute):
        return ast.Attribute(func.value, name, ast.Load())
    return ast.Name(name, ast.Load())


def _of_conditions(function: lines.FUNCTION) -> Iterator[Change]:
    """A name that stands for true or false, and may be 0."""
    for node in ast.walk(function):
        if isinstance(node, ast.If | ast.While | ast.IfExp):
            parts = [node.test]
        elif isinstance(node, ast.comprehension):
            parts = node.ifs
        else:
            continue
        for part in parts:
            inner = part.values if isinstance(part, ast.BoolOp) else [part]
            for x in inner:
                x = x.operand if _is_not(x) else x
                if isinstance(x, ast.Name):
                    asked = ast.Compare(x, [ast.IsNot()], [ast.Constant(None)])
                    words = f"where `{x.id}` is 0 or empty it counts as false there. Is that meant?"
                    yield x, asked, words


def _is_not(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _of_rounds(function: lines.FUNCTION) -> Iterator[Change]:
    """What a round of a loop does too early, or also where it should not."""
    for loop in ast.walk(function):
        if not isinstance(loop, ast.For | ast.While):
            continue
        for node in ast.walk(loop):
            if not isinstance(node, ast.If) or node.orelse:
                continue
            last = node.body[-1]
            if isinstance(last, ast.Break | ast.Continue) and isinstance(loop, ast.For):
                ends = "the loop" if isinstance(last, ast.Break) else "the round"
                other = ast.Continue if isinstance(last, ast.Break) else ast.Break
                rest = f"it ends {ends} there. What becomes of the rest?"
                yield node, ast.If(node.test, [*node.body[:-1], other()], []), rest
                yield node, [*node.body[:-1], ast.Pass()], rest
        for node in ast.walk(loop):
            block = getattr(node, "body", None)
            for k, inner in enumerate(block if isinstance(block, list) else ()):
                after = block[k + 1 :]
                if not isinstance(inner, ast.If) or inner.orelse or not after:
                    continue
                if isinstance(inner.body[-1], _LEAVING):
                    continue
                whole = ast.If(inner.test, inner.body, after)
                fields = {**dict(ast.iter_fields(node)), "body": [*block[:k], whole]}
                if isinstance(node, ast.stmt):
                    words = "what stands below it is done in either case. Should it be?"
                    yield node, type(node)(**fields), words, inner


def _of_axes(node: ast.Call) -> Iterator[Change]:
    """An axis that is left out, or axes that are exchanged where none should be."""
    name = lines.called(node)
    named = {key.arg for key in node.keywords}
    if name in _TURNING and isinstance(node.func, ast.Attribute):
        yield node, node.func.value, f"is `.{name}` needed?"
    if named & {"dim", "axis"}:
        return
    if name in ("triu", "tril") and "diagonal" not in named and len(node.args) < 2:
        for number in (1, -1):
            keys = [*node.keywords, ast.keyword("diagonal", ast.Constant(number))]
            words = "does the diagonal belong to it?"
            yield node, ast.Call(node.func, node.args, keys), words
    most = 1 if _is_method(node) else 2
    if name in _CUTTING and 0 < len(node.args) <= most:
        for axis in (-1, -2):
            keys = [*node.keywords, ast.keyword("dim", ast.Constant(axis))]
            words = "along which axis? None is named, so it is the first."
            yield node, ast.Call(node.func, node.args, keys), words
    if name in _REDUCING and len(node.args) == most - 1:
        for kept in (True, False):
            keys = [*node.keywords, ast.keyword("dim", ast.Constant(-1))]
            keys += [ast.keyword("keepdim", ast.Constant(True))] if kept else []
            words = "along which axis? None is named, so it is over all numbers."
            yield node, ast.Call(node.func, node.args, keys), words


def _is_method(node: ast.Call) -> bool:
    """Whether a call is a method's of a value, and no function of `torch`."""
    func = node.func
    if not isinstance(func, ast.Attribute):
        return False
    return getattr(func.value, "id", "") not in ("torch", "F", "np", "math")


def _of_bounds(node: ast.Call) -> Iterator[Change]:
    """Where a `range` begins, a limit, brackets that reach too far, a slice."""
    name, args = lines.called(node), node.args
    if name == "range" and len(args) == 1:
        for number in (1, 256):
            words = "where does it begin, and where does it end?"
            yield node, ast.Call(node.func, [ast.Constant(number), *args], []), words
    if name in ("min", "max") and len(args) == 2 and isinstance(node.func, ast.Name):
        for arg in args:
            yield node, arg, "is that limit needed?"
    if len(args) == 1 and isinstance(args[0], ast.BinOp) and not node.keywords:
        inner = args[0]
        if isinstance(inner.op, ast.Div | ast.Mult | ast.Sub | ast.Add):
            words = "how far do the round brackets reach?"
            for left, right in ((True, False), (False, True)):
                parts = [
                    ast.Call(node.func, [x], []) if within else x
                    for x, within in ((inner.left, left), (inner.right, right))
                ]
                yield node, ast.BinOp(parts[0], inner.op, parts[1]), words
    if name == "slice" and len(args) == 2 and (moved := _apart(*args)):
        yield node, ast.Call(node.func, moved, []), "where does each slice begin?"


def _of_places(node: ast.Subscript) -> Iterator[Change]:
    """An axis that is counted from the front; slices that overlap."""
    if isinstance(node.value, ast.Attribute) and node.value.attr == "shape":
        number = lines.whole(node.slice)
        for axis in {-1, -2, -3} - {number} if number is not None else ():
            other = ast.Subscript(node.value, ast.Constant(axis), ast.Load())
            words = "which axis is that in one text, and which in a batch?"
            yield node, other, words
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    for k, part in enumerate(parts):
        if not isinstance(part, ast.Slice) or not (part.lower and part.upper):
            continue
        if moved := _apart(part.lower, part.upper):
            whole = [*parts]
            whole[k] = ast.Slice(*moved, part.step)
            cut = ast.Tuple(whole, ast.Load()) if len(whole) > 1 else whole[0]
            words = "where does each slice begin?"
            yield node, ast.Subscript(node.value, cut, node.ctx), words


def _apart(low: ast.expr, high: ast.expr) -> list[ast.expr] | None:
    """The bounds of slices that follow one another, where those of `i:i + n` overlap."""
    if not (isinstance(high, ast.BinOp) and isinstance(high.op, ast.Add)):
        return None
    if not isinstance(low, ast.Name) or getattr(high.left, "id", "") != low.id:
        return None
    begin = ast.BinOp(low, ast.Mult(), high.right)
    return [begin, ast.BinOp(begin, ast.Add(), high.right)]


def left_out(function: lines.FUNCTION, steps: Sequence[str]) -> Iterator[Change]:
    """An earlier step that is not called for what another function is given."""
    used = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    for node in ast.walk(function):
        for k, arg in enumerate(node.args if isinstance(node, ast.Call) else ()):
            for step in steps if isinstance(node.func, ast.Name) else ():
                if step not in used and not isinstance(arg, ast.Starred):
                    made = ast.Call(ast.Name(step, ast.Load()), [arg], [])
                    args = [*node.args[:k], made, *node.args[k + 1 :]]
                    words = (
                        f"is `{lines.shown(arg)}` already what `{node.func.id}` takes? An "
                        "earlier step is never called."
                    )
                    yield node, ast.Call(node.func, args, node.keywords), words


def later(function: lines.FUNCTION) -> Iterator[Change]:
    """Those that are many, and tried last."""
    for node in ast.walk(function):
        if isinstance(node, ast.Constant) and type(node.value) is int and node.value:
            for number in (2 * node.value, node.value // 2):
                yield node, ast.Constant(number), f"look at the number {node.value}."
        elif isinstance(node, ast.BinOp):
            new = ast.Tuple([ast.Slice(), ast.Constant(None)], ast.Load())
            for x in (node.left, node.right):
                if isinstance(x, ast.Name | ast.Call):
                    wide = ast.Subscript(x, new, ast.Load())
                    yield x, wide, "does it need one more axis to meet the other?"
