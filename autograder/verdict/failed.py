"""What the line that failed and its error say together: which name, and which sizes.

Said on a student's own machine only: while grading, both could spell what they like.
"""

from __future__ import annotations

import ast
import re
from typing import Any

from autograder.verdict.outcome import Outcome
from autograder.verdict.wire import article

SHOWN = 50  # characters of what stands in a line
_KINDS = {
    "NoneType": "None",
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "dict": "a table (dict)",
    "Tensor": "a tensor",
    "builtin_function_or_method": "a function",
    "method": "a function",
}


def detail(got: Outcome) -> str:
    """A sentence on the names and sizes of this one error; or nothing."""
    for said, about in _DETAILS:
        if found := re.search(said, got.message):
            return about(found, parsed(got))
    return ""


# Of a product of more than two axes.
ALL_AXES = " `.T` turns all axes round, and `.mT` exchanges the last two only."


def parsed(got: Outcome) -> ast.AST:
    """What failed, as Python: the part of a line, if it is known, or the whole of it."""
    line = got.trace.splitlines()[-1] if got.trace else ""
    line = re.sub(r"^[\w<>]+, line \d+:", "", line).strip()
    for text in filter(None, (got.part, line, f"{line} pass")):
        try:
            (statement,) = ast.parse(text).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        return statement.value if isinstance(statement, ast.Expr) else statement
    return ast.Module([], [])


def _product(found: re.Match, line: ast.AST) -> str:
    left, right = _sides(line, ast.MatMult)
    many = ALL_AXES if "batch2" in found.string and _turned(left, right) else ""
    return (
        f"{left or 'the left side'} has {found['left']} columns here, and "
        f"{right or 'the right side'} has {found['right']} rows.{many}"
    ).replace("the left", "The left")


def _vectors(found: re.Match, line: ast.AST) -> str:
    left, right = _sides(line, ast.MatMult)
    return (
        f"{left or 'the left side'} has {found[1]} numbers here, and "
        f"{right or 'the right side'} has {found[2]}."
    ).replace("the left", "The left")


def _beside(found: re.Match, line: ast.AST) -> str:
    left, right = _sides(line)
    product = isinstance(line, ast.BinOp) and isinstance(line.op, ast.MatMult)
    return (
        f"Along axis {found[3]}, {left or 'one of them'} has size {found[1]} here, and "
        f"{right or 'the other'} has size {found[2]}."
        f"{ALL_AXES if product and _turned(left, right) else ''}"
    )


def _turned(*sides: str) -> bool:
    """Whether one of the sides of a product is a `.T`."""
    return any(side.endswith(".T`") for side in sides)


def _sides(line: ast.AST, kind: type = ast.operator) -> tuple[str, str]:
    """What stands on the left and on the right, if it is one operation of that kind."""
    if isinstance(line, ast.BinOp) and isinstance(line.op, kind):
        return f"`{_shown(line.left)}`", f"`{_shown(line.right)}`"
    return "", ""


def _index(found: re.Match, _: ast.AST) -> str:
    size = int(found[3])
    if not size:
        return f"Axis {found[2]} has size 0 here, and index {found[1]} was asked for."
    return (
        f"Axis {found[2]} has size {size} here, so its indices go from 0 to {size - 1}, "
        f"and {found[1]} was asked for."
    )


def _listed(_: re.Match, line: ast.AST) -> str:
    part = _one(line, ast.Subscript)
    return f"It is `{_shown(part)}` that goes too far." if part else ""


def _called(found: re.Match, line: ast.AST) -> str:
    call = _one(line, ast.Call)
    if not call:
        return ""
    product = " (A product is written with `*`, or `@` for matrices.)"
    return (
        f"`{_shown(call.func)}` is {_kind(found[1])} here, and `{_shown(call)}` calls it."
        f"{product if found[1] in ('Tensor', 'int', 'float') else ''}"
    )


def _attribute(found: re.Match, line: ast.AST) -> str:
    part = _one(line, ast.Attribute)
    if not part or part.attr != found[2]:
        return ""
    kind = _kind(found[1])
    return f"`{_shown(part.value)}` is {kind} here, and that has no `{found[2]}`."


def _operands(found: re.Match, line: ast.AST) -> str:
    left, right = _sides(line)
    compared = None if left else _one(line, ast.Compare)
    if compared and len(compared.ops) == 1:
        left, right = (f"`{_shown(x)}`" for x in (compared.left, *compared.comparators))
    return (
        f"{left or 'The left side'} is {_kind(found[1])} here, and "
        f"{right or 'the right side'} is {_kind(found[2])}."
    )


def _one(line: ast.AST, kind: type) -> Any:
    """The node of a kind that failed: the outermost, or in a longer line the only one."""
    if isinstance(line, kind):
        return line
    found = [node for node in ast.walk(line) if isinstance(node, kind)]
    return found[0] if len(found) == 1 else None


def _kind(name: str) -> str:
    return _KINDS.get(name, article(name))


def _shown(node: ast.AST) -> str:
    text = ast.unparse(node).replace("`", "'")
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


_DETAILS = (
    (r"expected tensor \[(\d+)\] and src \[(\d+)\]", _vectors),
    (
        r"cannot be multiplied \(\d+x(?P<left>\d+) and (?P<right>\d+)x\d+\)",
        _product,
    ),
    (
        r"batch2 tensor to be: \[\d+, (?P<left>\d+)\] but got: \[\d+, (?P<right>\d+)\]",
        _product,
    ),
    (
        r"size mismatch, got input \(\d+\), mat \(\d+x(?P<left>\d+)\), vec \((?P<right>\d+)\)",
        _product,
    ),
    (
        r"tensor a \((\d+)\) must match the size of tensor b \((\d+)\) .*dimension (\d+)",
        _beside,
    ),
    (r"index (-?\d+) is out of bounds for dimension (\d+) with size (\d+)", _index),
    (
        r"(?:operand type\(s\) for .*:|not supported between .* of) '(\w+)' and '(\w+)'",
        _operands,
    ),
    (r"list index out of range|tuple index out of range", _listed),
    (r"'(\w+)' object is not callable", _called),
    (r"'(\w+)' object has no attribute '(\w+)'", _attribute),
)
