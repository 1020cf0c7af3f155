"""What a line shows that nobody would write on purpose, or that does less than it seems."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from autograder.verdict import lines
from autograder.verdict.wire import is_torch

_COARSE = {"half", "float16", "bfloat16"}
_UNFILLED = {"empty", "empty_like", "new_empty"}
_SIZES = {"numel", "nbytes", "element_size", "itemsize", "shape", "size"}
_COVERS = {"clamp", "clip", "clamp_max", "clamp_min", "nan_to_num"}
TINY = 1e-4  # what a guard holds numbers above
_LEFT_OUT = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def sign_of_its_own(function: lines.FUNCTION) -> str | None:
    """That `=+` stands where `+=` is meant: by where the sign stands."""
    for node in ast.walk(function):
        if not isinstance(node, ast.Assign) or len(node.targets) != 1:
            continue
        (target,), value = node.targets, node.value
        signed = isinstance(value, ast.UnaryOp)
        if not signed or not isinstance(value.op, ast.UAdd | ast.USub):
            continue
        if value.lineno != target.end_lineno or value.operand.lineno != value.lineno:
            continue
        sign = "+" if isinstance(value.op, ast.UAdd) else "-"
        alone = value.operand.col_offset > value.col_offset + 1  # as in `=- 1`
        if sign == "+" or alone:
            return (
                f"Line {node.lineno} has `={sign}`, which gives "
                f"`{lines.shown(target)}` the value {sign}{lines.shown(value.operand)} anew "
                f"each time. To change it by so much there is `{sign}=`."
            )
    return None


def bare_return(function: lines.FUNCTION) -> str | None:
    """That one `return` gives back nothing, and another something."""
    returns = [node for node in _own(function) if isinstance(node, ast.Return)]
    bare = [node for node in returns if node.value is None]
    if bare and len(bare) < len(returns):
        return (
            f"Line {bare[0].lineno} is a `return` alone, which gives back None. What is to "
            "be given back there?"
        )
    return None


def first_place(function: lines.FUNCTION) -> str | None:
    """That `.index` is asked where an item stands which a loop has come to."""
    for loop in ast.walk(function):
        if not isinstance(loop, ast.For | ast.comprehension):
            continue
        item, through = getattr(loop.target, "id", ""), ast.unparse(loop.iter)
        for node in ast.walk(function):
            if not isinstance(node, ast.Call) or lines.called(node) != "index":
                continue
            over = ast.unparse(getattr(node.func, "value", node))
            args = [getattr(arg, "id", "") for arg in node.args]
            if item and args == [item] and through.startswith(over):
                return (
                    f"`{lines.shown(node)}` gives the first place where `{item}` stands, "
                    "which need not be the one that the loop has come to: the same item may "
                    "stand in several places. `enumerate` gives each with its place."
                )
    return None


def written_into(function: lines.FUNCTION) -> str | None:
    """That a method writes into what was handed in."""
    given = lines.parameters(function)
    for node in ast.walk(function):
        name = lines.called(node) if isinstance(node, ast.Call) else ""
        whose = getattr(getattr(getattr(node, "func", None), "value", None), "id", "")
        if name.endswith("_") and not name.endswith("__") and whose in given:
            return (
                f"Line {node.lineno}, `{lines.shown(node)}`, writes into `{whose}` itself, "
                "for its name ends in `_`. What was handed in belongs to the caller, and "
                f"all later lines see the new `{whose}`."
            )
    return None


def changed_in_place(function: lines.FUNCTION, given: tuple) -> str | None:
    """That `+=` or the like writes into a tensor or list that was handed in.

    given: the arguments of a call, in their order.
    """
    kinds = dict(zip(lines.parameters(function), given, strict=False))
    added = [x.target for x in ast.walk(function) if isinstance(x, ast.AugAssign)]
    for node in ast.walk(function):
        stored = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        if stored and not any(node is x for x in added):
            kinds.pop(node.id, None)  # from there on it is another value
    for node in ast.walk(function):
        name = getattr(node.target, "id", "") if isinstance(node, ast.AugAssign) else ""
        if is_torch(kinds.get(name)) or isinstance(kinds.get(name), list):
            return (
                f"Line {node.lineno}, `{lines.shown(node)}`, writes into `{name}` itself, "
                "which belongs to the caller and keeps its shape. Make a new value, under "
                "a name of its own."
            )
    return None


def coarse(function: lines.FUNCTION) -> str | None:
    """That numbers of 16 bits are made on the way."""
    for node in ast.walk(function):
        if getattr(node, "attr", "") in _COARSE:
            return (
                f"`{lines.shown(node)}` in line {node.lineno} goes on with numbers of 16 "
                "bits, which hold about three digits. Leave them float32."
            )
    return None


def never_filled(function: lines.FUNCTION) -> str | None:
    """The same where the tensor gets no name by which it could be filled."""
    nodes = [*ast.walk(function)]
    if any(getattr(node, "attr", "") in _SIZES for node in nodes):
        return None  # it may be made for its size alone
    named = [node for node in nodes if lines.assigned_to(node)]
    return unfilled(function, [node.value for node in named])


def unfilled(function: lines.FUNCTION, but: Collection[ast.expr] = ()) -> str | None:
    """That a tensor is made whose numbers nobody has chosen, but for some such calls."""
    for node in ast.walk(function):
        if (
            isinstance(node, ast.Call)
            and node not in but
            and lines.called(node) in _UNFILLED
        ):
            return (
                f"`{lines.shown(node)}` in line {node.lineno} takes a piece of memory as it is, "
                "so its numbers are whatever was there. `torch.zeros` and `torch.ones` say "
                "which they are."
            )
    return None


def cover(function: lines.FUNCTION, name: str = "") -> str | None:
    """The call that replaces numbers which are too large, or are none.

    name: the argument that holds them; what is made of another one alone is not meant.
    """
    given = {*lines.parameters(function)} if name else set()
    for node in ast.walk(function):
        if not isinstance(node, ast.Call) or lines.called(node) not in _COVERS:
            continue
        used = {x.id for x in ast.walk(node) if isinstance(x, ast.Name)} & given
        if not used or name in used:
            return lines.shown(node)
    return None


def guard(function: lines.FUNCTION) -> str | None:
    """The call that holds numbers above one that is hardly above 0, as `clamp(min=1e-9)`."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and lines.called(node) in _COVERS:
            least = [*node.args, *(word.value for word in node.keywords)]
            given = [x.value for x in least if isinstance(x, ast.Constant)]
            if any(type(x) is float and 0 < x < TINY for x in given):
                return lines.shown(node)
    return None


def outside(
    function: lines.FUNCTION, numbers: dict[str, int]
) -> tuple[str, int, int] | None:
    """One of these numbers of the notebook that it uses: its name, line and value."""
    own = lines.own_names(function)
    for node in ast.walk(function):
        name = node.id if isinstance(node, ast.Name) else ""
        if name and name not in own and name in numbers:
            return name, node.lineno, numbers[name]
    return None


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """What is in a function, but not in a function inside it."""
    for inner in ast.iter_child_nodes(node):
        if not isinstance(inner, _LEFT_OUT):
            yield inner
            yield from _own(inner)
