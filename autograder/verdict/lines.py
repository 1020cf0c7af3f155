"""What a function's own lines show to be wrong, whatever comes out of it.

A `def` with other arguments than the step has, a parameter that is never used, a value
that is computed and not kept: each is read in the source, so what is said of it is true.
Lines are those of the cell, as in an error's message.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import re
from collections.abc import Callable, Collection, Iterator, Sequence

from autograder.verdict.compare import ORDINALS
from autograder.verdict.outcome import Outcome
from autograder.verdict.statement import LONGEST

FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
DEFINING = (*FUNCTION.__args__, ast.ClassDef, ast.Import, ast.ImportFrom)
COUNT = ("no", "one", "two", "three", "four", "five", "six", "seven")
SHOWN = 60  # characters of a line that are shown

# Methods of a list, a dict or a set that change it and give back None.
CHANGING = {"append", "extend", "insert", "remove", "reverse", "clear", "update"}
# Methods and functions that change nothing, so that their answer is all they are for.
PURE = {
    *("abs", "amax", "argmax", "argsort", "cat", "chunk", "clamp", "clone", "cumsum"),
    *("dim", "exp", "expand", "flatten", "float", "flip", "gather", "index_select"),
    *("log", "log_softmax", "long", "masked_fill", "matmul", "max", "mean", "min"),
    *("movedim", "mul", "norm", "permute", "pow", "repeat", "repeat_interleave"),
    *("reshape", "rsqrt", "scatter", "sin", "softmax", "split", "sqrt", "square"),
    *("squeeze", "stack", "std", "sub", "sum", "swapaxes", "tanh", "tensor", "tolist"),
    *("topk", "transpose", "tril", "triu", "unsqueeze", "var", "view", "where"),
    *("decode", "encode", "join", "lower", "lstrip", "replace", "rstrip", "strip"),
    *("get", "items", "keys", "values", "count", "index", "item", "double", "div"),
}
PURE_ALONE = {
    *("abs", "bytes", "dict", "float", "int", "len", "list", "max", "min", "pow"),
    *("range", "reversed", "round", "set", "sorted", "str", "sum", "tuple", "zip"),
}


def signature(function: FUNCTION, asked: Sequence[str]) -> str | None:
    """That its arguments are not those of the step, in number or in order."""
    given = function.args
    plain = [arg.arg for arg in (*given.posonlyargs, *given.args)]
    if given.vararg or given.kwonlyargs or any(len(name) > SHOWN for name in plain):
        return None
    mine = f"{function.name}({', '.join(plain)})"
    theirs = f"({', '.join(asked)})"
    if len(plain) < len(asked) or len(plain) - len(given.defaults) > len(asked):
        many = len(plain)
        count = COUNT[many] if many < len(COUNT) else str(many)
        wanted = COUNT[len(asked)] if len(asked) < len(COUNT) else str(len(asked))
        plural = "" if len(asked) == 1 else "s"
        return (
            f"The step has {wanted} argument{plural}, `{theirs}`, and your function has "
            f"{count}: `{mine}`. Write its first line as the notebook gives it."
        )
    if _meant(plain, asked) not in (None, [*asked]):
        return (
            f"Your function is `{mine}`, and the step's arguments come in another order, "
            f"`{theirs}`. They are handed over by their place, not by their names: write "
            "the first line as the notebook gives it."
        )
    return None


def _meant(plain: Sequence[str], asked: Sequence[str]) -> list[str] | None:
    """Which of the step's arguments each name stands for: itself, or a word of which it
    is the first letters. None where that is not plain of every one.
    """
    meant = []
    for name in plain:
        longer = [one for one in asked if one.startswith(name) or name.startswith(one)]
        longer = [name] if name in asked else longer
        if len(longer) != 1:
            return None
        meant += longer
    return meant if sorted(meant) == sorted(asked) else None


def global_in_place(
    function: FUNCTION, data: Callable[[], frozenset[str]]
) -> str | None:
    """That a name of the notebook is used where a parameter never is.

    data: gives the names to which the notebook gives values.
    """
    unused = [name for name in parameters(function) if not _loads(function, name)]
    if not unused:
        return None
    free = data() - own_names(function)
    others = [
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and node.id in free
    ]
    others = [n for n in others if not (n.isupper() and len(n) > 2)]  # a constant
    others = [*dict.fromkeys(others)]
    others = others if len(others) >= len(unused) else []
    others += [shown(node) for node in ast.walk(function) if _is_fixed(node, function)]
    if not others or max(map(len, (*others, *unused))) > SHOWN:
        return None
    named = " and ".join(f"`{name}`" for name in unused)
    return (
        f"Your function never uses its argument{'s' * (len(unused) > 1)} {named}, and it "
        f"does use `{others[0]}`, which is the same in every call. A function computes with "
        "what it is given."
    )


def _is_fixed(node: ast.AST, function: FUNCTION) -> bool:
    """Whether it calls a function of the notebook with numbers only, as in `layer(0)`."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return False
    name = node.func.id
    plain = all(isinstance(x, ast.Constant) for x in node.args)
    known = hasattr(builtins, name) or name in own_names(function)
    return plain and bool(node.args) and not known and not node.keywords


def overwritten(function: FUNCTION) -> str | None:
    """That a parameter gets a new value before anything has been done with it."""
    left = {name for name in parameters(function) if len(name) <= SHOWN}
    for statement in function.body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            (target,) = statement.targets
            known = isinstance(target, ast.Name) and target.id in left
            if known and not _loads(statement.value, target.id):
                return (
                    f"`{shown(statement)}` gives `{target.id}` a new value before the one "
                    "that comes in has been used. So what comes in plays no part. "
                    f"Should `{target.id}` stand on the right, too? Else leave that line "
                    "out, or take another name."
                )
        left -= {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
    return None


def not_a_power(function: FUNCTION) -> str | None:
    """That `^` stands between two numbers."""
    for node in ast.walk(function):
        if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitXor)):
            continue
        if not any(_is_yes_or_no(x, function) for x in (node.left, node.right)):
            return (
                f"In Python `^` is not a power: in `{shown(node)}` it compares two numbers "
                "bit by bit. A power is written `**`."
            )
    return None


def _is_yes_or_no(node: ast.expr, function: FUNCTION) -> bool:
    """Whether it is a comparison, or several joined, by itself or by its name."""
    inner = [*ast.walk(node)]
    names = {x.id for x in inner if isinstance(x, ast.Name)}
    inner += [
        part
        for line in ast.walk(function)
        if assigned_to(line) in names - {""}
        for part in ast.walk(line.value)
    ]
    return any(
        isinstance(x, ast.Compare | ast.BoolOp | ast.BitAnd | ast.BitOr | ast.Invert)
        for x in inner
    )


def none_made(function: FUNCTION, first: Outcome, tensors: bool) -> str | None:
    """That the answer of a method is used that has none, where None made the trouble.

    tensors: whether the step has to do with any; they have a `.sort()` with an answer.
    """
    trouble = "NoneType" in first.message if first.raised else first.value is None
    if not trouble:
        return None
    alone = [s.value for s in ast.walk(function) if isinstance(s, ast.Expr)]
    for node in ast.walk(function):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node not in alone
            and (
                node.func.attr in CHANGING
                or (node.func.attr == "sort" and not tensors)
                or (node.func.attr == "sort" and _is_list(node.func.value, function))
            )
        ):
            what = node.func.attr
            return (
                f"`.{what}(…)` changes what stands before the dot and gives back None, and "
                f"line {node.lineno} of your function goes on with that None. "
                f"Let `.{what}(…)` stand in a line of its own, and use the name before "
                "the dot afterwards."
            )
    return None


def item_as_place(function: FUNCTION, first: Outcome) -> str | None:
    """That an item of what a loop goes through stands where its place should."""
    if first.raised != "IndexError" or not first.part:
        return None
    try:
        used = ast.parse(first.part, mode="eval").body
    except SyntaxError:
        return None
    if not isinstance(used, ast.Subscript):
        return None
    index = used.slice.elts if isinstance(used.slice, ast.Tuple) else [used.slice]
    names = {part.id for part in index if isinstance(part, ast.Name)}
    for loop in ast.walk(function):
        if not isinstance(loop, ast.For | ast.comprehension):
            continue
        through, item = loop.iter, getattr(loop.target, "id", "")
        if item in names and isinstance(through, ast.Name):
            return (
                f"`{item}` is an item of `{through.id}` here, not the place where it "
                f"stands, and `{shown(used)}` takes it for a place. `enumerate` gives "
                "both, the place first."
            )
    return None


def not_kept(function: FUNCTION) -> str | None:
    """That a line computes something and nothing keeps it, or nothing uses what is kept."""
    for node in ast.walk(function):
        if isinstance(node, ast.Expr) and _computes(node.value):
            return (
                f"Line {node.lineno}, `{shown(node)}`, "
                "computes something that nothing keeps, and it changes no name in it. "
                "Give the result a name, or return it."
            )
    for loop in ast.walk(function):
        if isinstance(loop, ast.For) and isinstance(loop.target, ast.Name):
            last, item = loop.body[-1], loop.target.id
            if assigned_to(last) == item and len(item) <= SHOWN:
                return (
                    f"Line {last.lineno}, `{shown(last)}`, gives the name `{item}` another "
                    "value, and the next round of the loop forgets it. What the loop goes "
                    "through stays as it was: put the new values into a list of your own."
                )
    used = _used(function)
    if not used.isdisjoint(("locals", "eval", "exec")):
        return None
    for node in ast.walk(function):
        name = assigned_to(node)
        if name and name not in used and len(name) <= SHOWN:
            return (
                f"Line {node.lineno} gives `{name}` a value, and nothing uses it "
                f"afterwards. Should `{name}` stand in a later line?"
            )
    return None


def assigned_to(node: ast.AST) -> str:
    """The one name to which a plain line gives a value; or nothing."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        return getattr(node.targets[0], "id", "")
    return ""


def unused(function: FUNCTION) -> str | None:
    """That a parameter is never read."""
    name = never_read(function)
    return f"`{function.name}` never uses its argument `{name}`." if name else None


def other_default(
    function: FUNCTION, oracle: Callable[..., object], calls: Sequence[tuple]
) -> str | None:
    """That an argument which a call leaves out is a number or None of one's own.

    oracle: whose first line is that of the step. calls: the arguments of each.
    """
    given, asked = function.args, inspect.signature(oracle).parameters
    plain = [*given.posonlyargs, *given.args]
    firm = len(plain) - len(given.defaults)
    for place, arg in enumerate(plain):
        theirs = getattr(asked.get(arg.arg), "default", inspect.Parameter.empty)
        value = given.defaults[place - firm] if place >= firm else None
        mine = getattr(value, "value", None)
        if not isinstance(value, ast.Constant) or theirs is inspect.Parameter.empty:
            continue
        left_out = any(len(call) <= place for call in calls)
        if left_out and (type(mine), mine) != (type(theirs), theirs):
            return (
                f"`{arg.arg}` is {shown(value)} in the first line of your function, where "
                f"a call does not give it. The step's first line says {theirs!r}: leave that "
                "line as the notebook gives it."
            )
    return None


def never_read(function: FUNCTION) -> str | None:
    """The first parameter that is never read."""
    rest = [function.args.vararg.arg] if function.args.vararg else []
    for name in (*parameters(function), *rest):
        if not _loads(function, name) and len(name) <= SHOWN:
            return name
    return None


def dropped(function: FUNCTION, steps: Collection[str]) -> str | None:
    """That a line makes an error or calls an earlier step, and nothing becomes of it."""
    for node in ast.walk(function):
        if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
            continue
        name = getattr(node.value.func, "id", "")
        if isinstance(getattr(builtins, name, None), type) and name.endswith("Error"):
            return (
                f"Line {node.lineno}, `{shown(node)}`, makes a {name} and does not raise "
                "it: the word `raise` belongs before it."
            )
        if name in steps:
            return (
                f"Line {node.lineno}, `{shown(node)}`, keeps nothing of what `{name}` "
                "gives back. It changes nothing that it is given: give the result a name."
            )
    return None


def lost(function: FUNCTION, steps: Collection[str]) -> str | None:
    """That something which an earlier step returns is called `_`, and used no more."""
    for node in ast.walk(function):
        targets = node.targets if isinstance(node, ast.Assign) else []
        parts = targets[0].elts if targets and isinstance(targets[0], ast.Tuple) else []
        name = called(node.value) if parts else ""
        places = [i for i, part in enumerate(parts) if getattr(part, "id", "") == "_"]
        if name not in steps or not places or "_" in _used(function):
            continue
        words = [ORDINALS[i] for i in places if i < len(ORDINALS)]
        return (
            f"Line {node.lineno} gives the {' and '.join(words)} "
            f"{'part' if len(words) == 1 else 'parts'} of what `{name}` returns to `_`, and "
            "so nobody uses it. Is it needed again?"
        )
    return None


def uses(function: FUNCTION, name: str) -> bool:
    """Whether a function uses a name, and not only in an `if` or `assert` that refuses."""
    work = [s for s in function.body if not _is_guard(s)]
    return any(_loads(statement, name) for statement in work)


def _is_guard(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Assert):
        return True
    raising = isinstance(statement, ast.If) and not statement.orelse
    return raising and all(isinstance(s, ast.Raise) for s in statement.body)


def parameters(function: FUNCTION) -> list[str]:
    given = function.args
    return [a.arg for a in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


def own_names(function: FUNCTION) -> set[str]:
    """All names that a function gives a meaning: parameters, variables, what is inside."""
    names = {
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    }
    inner = [n for n in ast.walk(function) if isinstance(n, FUNCTION | ast.ClassDef)]
    names |= {n.name for n in inner if n is not function}
    return names | {n.arg for n in ast.walk(function) if isinstance(n, ast.arg)}


def _loads(node: ast.AST, name: str) -> bool:
    used = _used(node)
    return name in used or not used.isdisjoint(("locals", "eval", "exec"))


def _used(node: ast.AST) -> set[str]:
    """The names that a node reads; of a function, its body."""
    found = set()
    for x in _body(node):
        if isinstance(x, ast.AugAssign):
            found.add(getattr(x.target, "id", ""))
        elif isinstance(x, ast.Name) and not isinstance(x.ctx, ast.Store):
            found.add(x.id)
    return found


def _body(node: ast.AST) -> Iterator[ast.AST]:
    """All that is in a node; of a function, its body."""
    for part in node.body if isinstance(node, FUNCTION) else [node]:
        yield from ast.walk(part)


def _computes(value: ast.expr) -> bool:
    """Whether an expression alone in a line is there for its value only."""
    if isinstance(value, ast.BinOp | ast.UnaryOp | ast.Compare):
        return True
    if not isinstance(value, ast.Call):
        return False
    if any(key.arg in ("out", "inplace") for key in value.keywords):
        return False
    if isinstance(value.func, ast.Attribute):
        return value.func.attr in PURE
    name = getattr(value.func, "id", "")
    return name in PURE_ALONE and hasattr(builtins, name)


def called(node: ast.AST) -> str:
    """The name of the function or method that a call calls; or nothing."""
    func = getattr(node, "func", None)
    return getattr(func, "attr", getattr(func, "id", ""))


def whole(node: ast.expr) -> int | None:
    """The whole number that a node is; None where it is none."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError):
        return None
    return value if type(value) is int else None


def _is_list(value: ast.expr, function: FUNCTION) -> bool:
    """Whether a value is made a list, as far as one line of the function tells."""
    if isinstance(value, ast.Name):
        made = [
            node.value
            for node in ast.walk(function)
            if isinstance(node, ast.Assign)
            and any(getattr(t, "id", "") == value.id for t in node.targets)
        ]
        made = [x for x in made if getattr(getattr(x, "func", 0), "attr", "") != "sort"]
        return bool(made) and not any(
            isinstance(x, ast.Name) or not _is_list(x, function) for x in made
        )
    if isinstance(value, ast.Call):
        func = value.func
        return getattr(func, "attr", getattr(func, "id", "")) in ("tolist", "list")
    return isinstance(value, ast.List | ast.ListComp)


def shown(node: ast.AST) -> str:
    """A node as Python, in one line that is not long."""
    text = re.sub(r"\s+", " ", ast.unparse(node)[:LONGEST]).replace("`", "'")
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
