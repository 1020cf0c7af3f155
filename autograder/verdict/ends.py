"""What a function's lines show of its end: a `return` too early, or of the wrong thing."""

from __future__ import annotations

import ast

from autograder.verdict import lines

_ADDING = {"append", "extend", "add", "insert", "update", "setdefault"}
_LEAVING = ast.Return | ast.Raise | ast.Break | ast.Continue


def in_first_round(function: lines.FUNCTION) -> str | None:
    """That a loop ends in its first round, because a `return` is one of its own lines."""
    for loop in ast.walk(function):
        if not isinstance(loop, ast.For | ast.While) or _is_forever(loop):
            continue
        last = loop.body[-1]
        if isinstance(last, ast.Return) and not _skips(loop):
            return (
                f"Line {last.lineno}, `{lines.shown(last)}`, stands inside the loop, so "
                "the function ends in the loop's first round. How far in should it stand?"
            )
    return None


def _is_forever(loop: ast.For | ast.While) -> bool:
    test = getattr(loop, "test", None)
    return isinstance(test, ast.Constant) and bool(test.value)


def _skips(loop: ast.For | ast.While) -> bool:
    """Whether a `continue` may begin another round."""
    return any(isinstance(node, ast.Continue) for node in ast.walk(loop))


def unreached(function: lines.FUNCTION) -> str | None:
    """That lines stand after one that ends the function, or the round of a loop."""
    for node in ast.walk(function):
        for part in ("body", "orelse"):
            block = getattr(node, part, None)
            for k, line in enumerate(block[:-1] if isinstance(block, list) else ()):
                if isinstance(line, ast.Return | ast.Break | ast.Continue):
                    after = block[k + 1]
                    return (
                        f"Line {line.lineno}, `{lines.shown(line)}`, comes before line "
                        f"{after.lineno}, `{lines.shown(after)}`, which therefore is never "
                        "reached. Is it too early?"
                    )
    return None


def not_returned(function: lines.FUNCTION) -> str | None:
    """That a list or table is filled and nothing else happens to it."""
    made = [
        node.targets[0].id
        for node in function.body
        if lines.assigned_to(node) and _is_hollow(node.value)
    ]
    returned = [node for node in ast.walk(function) if isinstance(node, ast.Return)]
    for name in made:
        filling = [node for node in ast.walk(function) if _fills(node, name)]
        inside = {
            id(x)
            for node in filling
            for x in (node.targets if isinstance(node, ast.Assign) else [_filled(node)])
            for x in ast.walk(x)
        }
        read = [
            node
            for node in ast.walk(function)
            if isinstance(node, ast.Name)
            and node.id == name
            and isinstance(node.ctx, ast.Load)
            and id(node) not in inside
        ]
        if filling and not read and returned and len(name) <= lines.SHOWN:
            last = returned[-1]
            return (
                f"Your function fills `{name}`, and no line gives it back: look at line "
                f"{last.lineno}, `{lines.shown(last)}`."
            )
    return None


def _is_hollow(value: ast.expr) -> bool:
    if isinstance(value, ast.Call) and not value.args:
        return getattr(value.func, "id", "") in ("list", "dict", "set", "Counter")
    return isinstance(value, ast.List | ast.Dict) and not any(
        True for x in ast.iter_child_nodes(value) if not isinstance(x, ast.Load)
    )


def _filled(node: ast.AST) -> ast.AST:
    if isinstance(node, ast.Expr):
        return node.value.func
    return node.target


def _fills(node: ast.AST, name: str) -> bool:
    """Whether a statement only puts something into what has this name."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        func = node.value.func
        if not isinstance(func, ast.Attribute) or func.attr not in _ADDING:
            return False
        return getattr(func.value, "id", "") == name
    if isinstance(node, ast.AugAssign):
        target = node.target
        return name in (getattr(target, "id", ""), _holder(target))
    if isinstance(node, ast.Assign):
        return all(_holder(target) == name for target in node.targets)
    return False


def _holder(target: ast.expr) -> str:
    if isinstance(target, ast.Subscript):
        return getattr(target.value, "id", "")
    return ""


def kept_outside(function: lines.FUNCTION) -> str | None:
    """That it writes into something that stands outside it and so outlives a call."""
    own = lines.own_names(function)
    for node in ast.walk(function):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            name = _holder(node)
            if name and name not in own and len(name) <= lines.SHOWN:
                return (
                    f"Line {node.lineno} writes into `{name}`, which stands outside the "
                    "function and is still there in the next call. What it keeps is then "
                    "an answer to other arguments, if not all of them are in its key."
                )
    return None
