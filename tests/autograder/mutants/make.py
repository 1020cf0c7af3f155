"""The mutants of a function: its source with one thing changed, and a name for each.

Two kinds. Inside: each node of the syntax tree is changed in every way that fits it
(an operator, a name, a constant, an axis, a bound, a keyword, a call, a guard, a line).
Around: the function is right, but what goes in or comes out is not (cut to a size or to
a range, squeezed, turned, rounded, another dtype, stripped, none where it is one, written
into).
"""

from __future__ import annotations

import ast
import copy
import itertools
import textwrap
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from tests.autograder.mutants.patterns import patterns


class Mutant(NamedTuple):
    name: str  # what was changed, and in which line, the docstring left out
    source: str  # a whole definition of the function


def mutants(source: str, around: bool = True) -> list[Mutant]:
    """All mutants of one function definition, each once, no two of one name.

    around: also of what goes in and comes out, which is the same for all right answers,
    and of the kinds of numbers, which are an oracle's own affair.
    """
    source = _bare(source)
    known, many, found = {source}, Counter(), []
    outside = _around(source) if around else ()
    cut = (Mutant(*other) for other in patterns(source))
    for mutant in [*_inside(source, around), *outside, *cut, *_contract(source)]:
        if mutant.source in known:
            continue
        known.add(mutant.source)
        many[mutant.name] += 1
        again = f" (place {many[mutant.name]})" if many[mutant.name] > 1 else ""
        found.append(Mutant(mutant.name + again, mutant.source))
    return found


def _bare(source: str) -> str:
    """A definition without its docstring, on which no name of a mutant may depend."""
    tree = ast.parse(source)
    body = tree.body[0].body
    if _is_docstring(body[0]):
        del body[0]
    return ast.unparse(tree)


# --- inside -------------------------------------------------------------------------
ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)
ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
OTHERS = {
    **{op: [other for other in ARITHMETIC if other is not op] for op in ARITHMETIC},
    **{op: [other for other in ORDER if other is not op] for op in ORDER},
    ast.MatMult: [ast.Mult],
    ast.BitAnd: [ast.BitOr],
    ast.BitOr: [ast.BitAnd],
    ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
    ast.Is: [ast.IsNot],
    ast.IsNot: [ast.Is],
}
LIMITS = (8, 16, 64, 128)  # beyond which one could have forgotten to go on
CALLED = {
    "sum": ("mean", "amax"),
    "mean": ("sum", "amax"),
    "amax": ("amin", "mean"),
    "amin": ("amax",),
    "max": ("min",),
    "min": ("max",),
    "argmax": ("argmin",),
    "argmin": ("argmax",),
    "argsort": ("sort",),
    "tril": ("triu",),
    "triu": ("tril",),
    "sin": ("cos",),
    "cos": ("sin",),
    "exp": ("exp2", "abs"),
    "sqrt": ("square", "abs"),
    "square": ("abs",),
    "cumsum": ("cumprod",),
    "ones": ("zeros",),
    "zeros": ("ones",),
    "zeros_like": ("ones_like",),
    "nonzero": ("bool",),
    "append": ("extend",),
    "any": ("all",),
    "all": ("any",),
    "sorted": ("list",),
    "var": ("std",),
    "std": ("var",),
    "norm": ("sum",),
    "log": ("exp",),
    "tanh": ("sigmoid", "sin"),
    "float": ("double", "half"),
    "double": ("float", "half"),
    "long": ("int",),
    "float32": ("float64", "float16"),
    "float64": ("float32",),
    "int64": ("int32",),
    "strip": ("rstrip", "lstrip"),
    "reshape": ("view",),
    "flatten": ("squeeze",),
}


KINDS = ("bool", "double", "float", "int", "numpy", "tolist")


def _inside(source: str, kinds: bool) -> Iterator[Mutant]:
    tree = ast.parse(source)
    words = _words(tree.body[0])
    for parent, field, index, node in [*_places(tree)]:
        called = getattr(node, "func", None)
        if not kinds and getattr(called, "attr", getattr(called, "id", "")) in KINDS:
            continue
        before = _text(node)
        for what, new in _changes(node, words):
            text = _with(tree, parent, field, index, new)
            if text is not None:
                yield Mutant(f"line {node.lineno}: {before} → {what}", text)


def _words(function: ast.FunctionDef) -> dict[type, list[str]]:
    """The names of a function, its own, and the strings in it."""
    nodes = [*ast.walk(function)]
    named = [node.arg for node in nodes if isinstance(node, ast.arg)]
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            named.append(node.id)
    strings = [
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return {ast.Name: [*dict.fromkeys(named)], str: [*dict.fromkeys(strings)]}


def _places(tree: ast.AST) -> Iterator[tuple]:
    """Every node that can be changed: its parent, field, index there, and itself."""
    function = tree.body[0]
    told = [k for k in ast.walk(function) if isinstance(k, ast.keyword)]
    strict = [k.value for k in told if k.arg == "strict"]  # of `zip`: only a guard
    typed = [*strict, function.args, *filter(None, [function.returns])]
    raised = [node.exc for node in ast.walk(function) if isinstance(node, ast.Raise)]
    words = [
        node
        for node in ast.walk(function)
        if _is_docstring(node)
        or (isinstance(node, ast.If) and "RuntimeError" in ast.unparse(node))
    ]  # and no mutant is needed to show that what cannot happen does not
    kept = [*typed, *filter(None, raised), *words]  # what an error says is not judged
    left_alone = {node for part in kept for node in ast.walk(part)}
    for parent in ast.walk(function):
        for field, value in ast.iter_fields(parent):
            if parent in left_alone:
                continue
            items = value if isinstance(value, list) else [value]
            for index, node in enumerate(items):
                if isinstance(node, ast.expr | ast.stmt | ast.slice):
                    if node in left_alone:
                        continue
                    yield (
                        parent,
                        field,
                        index if isinstance(value, list) else None,
                        node,
                    )


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _with(tree: ast.AST, parent, field, index, new) -> str | None:
    """The source with `new` in that place, for a moment; None where it is no program."""
    old = getattr(parent, field)
    if index is None:
        value = new
    else:
        value = [*old[:index], *([] if new is None else [new]), *old[index + 1 :]]
        if field == "body" and not value:
            value = [ast.Pass()]
    setattr(parent, field, value)
    try:
        text = ast.unparse(ast.fix_missing_locations(tree))
        compile(text, "<mutant>", "exec")
    except (SyntaxError, ValueError, TypeError, AttributeError):
        return None
    finally:
        setattr(parent, field, old)
    return text


def _text(node: ast.AST, whole: bool = False) -> str:
    """A node in one line; of one that has lines in it, the first, unless all is wanted."""
    text = ast.unparse(ast.fix_missing_locations(node)).strip()
    if isinstance(node, ast.If | ast.For | ast.While) and not whole:
        return text.split("\n", 1)[0] + " …"
    return " ".join(text.split())


def _changes(node: ast.AST, words) -> Iterator[tuple[str, ast.AST | None]]:
    """What can stand instead of a node; None for nothing at all."""
    for new in (
        *_expression(node),
        *_word(node, words),
        *_call(node),
        *_statement(node),
    ):
        what = "nothing" if new is None else _text(new)
        yield (_text(new, whole=True) if what == _text(node) else what), new


def _changed(node: ast.AST, **fields) -> ast.AST:
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def _expression(node: ast.AST) -> Iterator[ast.AST | None]:
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            for other in OTHERS.get(type(op), ()):
                yield _changed(node, op=other())
            yield left
            yield right
            if not isinstance(op, ast.Add | ast.Mult):
                yield _changed(node, left=right, right=left)
        case ast.UnaryOp(operand=operand):
            yield operand
        case ast.Compare(left=left, ops=[op, *more], comparators=[right, *_]):
            for other in OTHERS.get(type(op), ()):
                yield _changed(node, ops=[other(), *more])
            if isinstance(op, ast.Eq) and isinstance(right, ast.Name):
                yield _changed(node, ops=[ast.Is(), *more])  # as small numbers are
                yield ast.BoolOp(ast.And(), [right, node])  # and 0 is never met
            if isinstance(op, ast.NotEq) and isinstance(right, ast.Name):
                yield _changed(node, ops=[ast.IsNot(), *more])
            if isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE):
                for moved in _moved(node.comparators[-1]):
                    yield _changed(node, comparators=[*node.comparators[:-1], moved])
            if more:
                yield ast.Compare(left, [op], [right])
                yield ast.Compare(right, more, node.comparators[1:])
                for other in OTHERS.get(type(more[0]), ()):
                    yield _changed(node, ops=[op, other(), *more[1:]])
        case ast.BoolOp(op=op, values=values):
            yield _changed(node, op=ast.And() if isinstance(op, ast.Or) else ast.Or())
            yield from values
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() as value):
            for other in (value + 1, value - 1, 2 * value, 0, 1, value + 2, 10 * value):
                if other != value:
                    yield ast.Constant(other)
            yield ast.Constant(-value)
        case ast.Constant(value=float() as value):
            for other in (value * 1.1, value * 0.5, -value, value + 1, value / 10):
                if other != value:
                    yield ast.Constant(other)
        case ast.Constant(value=str() as value) if value:
            yield ast.Constant("")
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yield body
            yield orelse
            yield _changed(node, body=orelse, orelse=body)
        case ast.Attribute(value=value, attr=attr, ctx=ast.Load()):
            if attr in ("mT", "T"):
                yield value
            if attr == "mT":
                yield _changed(node, attr="T")
            if isinstance(value, ast.Name):  # torch.float32
                for other in CALLED.get(attr, ()) if attr[-1].isdigit() else ():
                    yield _changed(node, attr=other)
        case ast.Subscript(slice=ast.Tuple(elts=places)):
            for i, place in enumerate(places):
                for other in _moved(place):
                    elts = [*places[:i], other, *places[i + 1 :]]
                    yield _changed(node, slice=ast.Tuple(elts, ast.Load()))
        case ast.Subscript(value=value, slice=ast.Slice() as cut, ctx=ast.Load()):
            yield value
            for name in ("lower", "upper", "step"):
                bound = getattr(cut, name)
                if bound is not None:
                    yield _changed(node, slice=_changed(cut, **{name: None}))
                    for moved in _moved(bound):
                        yield _changed(node, slice=_changed(cut, **{name: moved}))
        case ast.Subscript(value=value, slice=place):
            if isinstance(node.ctx, ast.Load):
                yield value
            for moved in _moved(place):
                yield _changed(node, slice=moved)
        case ast.ListComp(generators=[one]) | ast.GeneratorExp(generators=[one]):
            for test in one.ifs:
                rest = [other for other in one.ifs if other is not test]
                yield _changed(node, generators=[_changed(one, ifs=rest)])
            for part in _parts(one.iter):
                yield _changed(node, generators=[_changed(one, iter=part)])
        case ast.Lambda(body=body):
            yield _changed(node, body=ast.UnaryOp(ast.USub(), body))
        case ast.Tuple(elts=[one, other], ctx=ast.Load()):
            yield _changed(node, elts=[other, one])
        case ast.Starred():
            return


def _moved(place: ast.expr) -> Iterator[ast.expr]:
    """One more, and one less."""
    if not isinstance(place, ast.Slice):
        for sign in (ast.Add(), ast.Sub()):
            yield ast.BinOp(place, sign, ast.Constant(1))


def _word(node: ast.AST, words) -> Iterator[ast.AST]:
    """Another name of the function for a name, another string of it for a string."""
    match node:
        case ast.Name(id=name, ctx=ast.Load()) if name in words[ast.Name]:
            for other in words[ast.Name]:
                if other != name:
                    yield ast.Name(other, ast.Load())
        case ast.Constant(value=str() as value):
            for other in words[str]:
                if other != value:
                    yield ast.Constant(other)


def _parts(items: ast.expr) -> Iterator[ast.expr]:
    """All but the first, all but the last, the first few: of what is iterated over."""
    many = ast.Call(ast.Name("list", ast.Load()), [items], [])
    one, less = ast.Constant(1), ast.UnaryOp(ast.USub(), ast.Constant(1))
    few = [] if isinstance(items, ast.Tuple) else [ast.Constant(n) for n in LIMITS]
    for lower, upper in ((one, None), *((None, upper) for upper in (less, *few))):
        yield ast.Subscript(many, ast.Slice(lower, upper), ast.Load())
    yield ast.Call(ast.Name("reversed", ast.Load()), [many], [])


def _call(node: ast.AST) -> Iterator[ast.AST | None]:
    if not isinstance(node, ast.Call):
        return
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    for other in CALLED.get(name, ()):
        if isinstance(node.func, ast.Attribute):
            yield _changed(node, func=_changed(node.func, attr=other))
        elif other in ("min", "max", "sum", "list", "any", "all"):
            yield _changed(node, func=ast.Name(other, ast.Load()))
    if isinstance(node.func, ast.Attribute):
        yield node.func.value
    if len(node.args) == 1 and not node.keywords:
        yield node.args[0]
    for i, j in itertools.combinations(range(len(node.args)), 2):
        swapped = [*node.args]
        swapped[i], swapped[j] = swapped[j], swapped[i]
        yield _changed(node, args=swapped)
    for i in range(len(node.args)):
        yield _changed(node, args=node.args[:i] + node.args[i + 1 :])
    for keyword in node.keywords:
        if keyword.arg == "strict":
            continue
        rest = [other for other in node.keywords if other is not keyword]
        yield _changed(node, keywords=rest)
    if name == "range":
        last = len(node.args) - 1 if len(node.args) < 3 else 1
        for moved in _moved(node.args[last]):
            args = [*node.args[:last], moved, *node.args[last + 1 :]]
            yield _changed(node, args=args)
        if last == 0:
            yield _changed(node, args=[ast.Constant(1), node.args[0]])


def _statement(node: ast.AST) -> Iterator[ast.AST | None]:
    match node:
        case ast.If(test=test, body=body, orelse=orelse):
            yield _changed(node, test=ast.UnaryOp(ast.Not(), test))
            yield _changed(node, test=ast.Constant(False))
            if not all(isinstance(line, ast.Raise) for line in body):
                yield _changed(node, test=ast.Constant(True))
            if orelse:
                yield _changed(node, orelse=[])
        case ast.While(test=test):
            yield ast.If(test, node.body, [])
            stop = ast.If(ast.UnaryOp(ast.Not(), test), [ast.Break()], [])
            for n in LIMITS:
                rounds = ast.parse(f"range({n})", mode="eval").body
                body = [stop, *node.body]
                yield ast.For(ast.Name("_", ast.Store()), rounds, body, [])
            yield _changed(node, test=ast.Constant(False))
        case ast.For(iter=items):
            for part in _parts(items):
                yield _changed(node, iter=part)
            yield _changed(node, body=[*node.body, ast.Break()])
        case ast.Break():
            yield ast.Continue()
            yield ast.Pass()
        case ast.Continue():
            yield ast.Break()
            yield ast.Pass()
        case ast.Expr() | ast.AugAssign() | ast.Assign():
            yield None
        case ast.Raise():
            yield ast.Pass()
            yield ast.Raise(ast.Call(ast.Name("KeyError", ast.Load()), [], []))
            yield ast.Return(ast.Constant(None))
        case ast.Return(value=value) if value is not None:
            yield ast.Expr(value)
    if isinstance(node, ast.AugAssign):
        for other in OTHERS.get(type(node.op), ()):
            yield _changed(node, op=other())
        yield ast.Assign([node.target], node.value)


# --- around -------------------------------------------------------------------------
TENSOR_IN = (
    *(
        "{x}.squeeze(0)",
        "{x}.squeeze()",
        "{x}.mT",
        "{x}.double()",
        "{x}.half().float()",
    ),
    *("{x}.round(decimals=2)", "{x}.abs()", "{x}.flip(-1)", "{x}.flip(0)"),
    *("{x}[:8]", "{x}[:16]", "{x}[:32]", "{x}[..., :8]", "{x}[..., :16]"),
    *("{x}[..., :32]", "{x}[..., :8, :]", "{x}[..., :16, :]", "{x}[..., :32, :]"),
    *("{x}.view(-1).view({x}.shape)", "{x} * 1.001", "{x} + 0.125"),
)
IDS_IN = (
    *("{x}.squeeze(0)", "{x}.squeeze()", "{x}.flip(-1)", "{x}.flip(0)", "{x}.abs()"),
    *("{x}[:8]", "{x}[:16]", "{x}[:32]", "{x}[..., :8]", "{x}[..., :16]"),
    *("{x}[..., :32]", "{x}.sort().values", "{x}.unique()"),
    "{x}.view(-1).view({x}.shape)",
)
TENSOR_OUT = (
    *(form for form in TENSOR_IN if "view" not in form and "abs" not in form),
    *("{x}.tolist()", "{x}.bool()", "{x}.long()", "{x}[None]", "[*{x}]"),
    *("{x}.softmax(-1)", "{x}.sort().values", "-{x}", "None", "{x}.mean()"),
    *("{x} / {x}.sum(-1, keepdim=True)", "{x} - {x}.mean()", "{x}.numpy()"),
    "{x}.round(decimals=4)",
)
LIST = (
    *("{x}[:8]", "{x}[:16]", "{x}[:32]", "{x}[1:]", "{x}[:-1]", "sorted({x})"),
    *("[*{x}][::-1]", "[*dict.fromkeys({x})]"),
)
TEXT = (
    *("{x}.strip()", "{x}.rstrip()", "{x}.lstrip()", "{x}.lower()", "{x}.casefold()"),
    *("' '.join({x}.split())", "{x}.rstrip('\\n')", "{x}.replace('\\r\\n', '\\n')"),
    *("__import__('unicodedata').normalize('NFC', {x})", "{x}[:8]", "{x}[:16]"),
    *("{x}[:32]", "{x}[:64]"),
    *("__import__('unicodedata').normalize('NFKC', {x})", "{x}.replace('\\u200b', '')"),
    *("{x}.encode('ascii', 'ignore').decode()", "{x}[::-1]", "{x}.replace('\\t', ' ')"),
    "{x}.expandtabs()",
)
DICT = (
    *("dict([*{x}.items()][:8])", "dict([*{x}.items()][1:])"),
    *("dict([*{x}.items()][:16])", "dict([*{x}.items()][:32])"),
    *("dict([*{x}.items()][:-1])", "{{b: a for a, b in {x}.items()}}"),
)
NUMBER = (
    "{x} + 1",
    "{x} - 1",
    "-{x}",
    "{x} * 1.01",
    "min({x}, 8)",
    "min({x}, 16)",
    "min({x}, 32)",
    "0",
    "1",
)
# What only goes in: longer, one alone, none, and numbers of a range.
ONE = (
    "{x}[..., :0] if {x}.shape[-1] == 1 else {x}",
    "{x}[:0] if len({x}) == 1 else {x}",
    "{x}[..., :0, :] if {x}.shape[-2] == 1 else {x}",
)
MORE_IN = {
    "tensor": (
        *("{x}[:64]", "{x}[:128]", "{x}[..., :64]", "{x}[..., :128]"),
        *("{x}[..., :64, :]", "{x}[..., :128, :]", *ONE),
        *("{x}.clamp(-5, 5)", "{x}.clamp(-50, 50)"),
    ),
    "ids": (
        *("{x}[:64]", "{x}[:128]", "{x}[..., :64]", "{x}[..., :128]", *ONE[:2]),
        *("{x}.clamp(max=127)", "{x}.clamp(max=255)"),
    ),
    "list": ("{x}[:64]", "{x}[:128]", "{x} if len({x}) != 1 else []", "{x} or None"),
    "text": (
        *("{x}[:128]", "{x} if len({x}) != 1 else ''", "{x} or None"),
        "__import__('unicodedata').normalize('NFD', {x})",
        *("{x}.replace('\\xa0', ' ')", "{x}.replace('\\u3000', ' ')"),
        *("{x}.replace('\\x0b', ' ')", "{x}.replace('’', chr(39))"),
        *("{x}.replace('\\ufe0f', '')", "{x}.replace('\\u200d', '')"),
        *("{x}.replace('\\ufeff', '')", "{x}.replace('\\n\\n', '\\n')"),
        "''.join(c for c in {x} if ord(c) < 0x10000)",
    ),
    "dict": (
        *("dict([*{x}.items()][:64])", "dict([*{x}.items()][:128])"),
        *("{x} if len({x}) != 1 else {{}}", "{x} or None"),
        "{{a: b for a, b in {x}.items() if b < 1000}}",
        "{{a: 256 + i for i, a in enumerate(sorted({x}, key={x}.get))}}",
    ),
    "number": ("min({x}, 64)", "min({x}, 128)", "{x} or 1", "{x} if {x} != 1 else 2"),
    "share": (
        *("{x} or 0.5", "{x} if {x} != 1 else 0.5"),
        *("1.0 if 0.99 < {x} < 1 else {x}", "0.0 if 0 < {x} < 0.01 else {x}"),
        "round({x}, 2)",
    ),
}
# Of a batch: right only where its axes have different sizes, or for the first alone.
BATCH = (
    "{x}.transpose(0, 1) if {x}.ndim > {n} and len({x}) == {x}.shape[1] else {x}",
    "{x}.mT if {x}.ndim > {n} and {x}.shape[-1] == {x}.shape[-2] else {x}",
    "{x}[:1].expand_as({x}) if {x}.ndim > {n} else {x}",
    "{x}[..., :1, :, :].expand_as({x}) if {x}.ndim > 3 else {x}",
)
OTHER_KINDS = (
    "str({x})",
    "float({x})",
    "[{x}]",
    "torch.tensor({x})",
    "bool({x})",
    "None",
)
INTO = (
    ("tensor", "{x}.mul_(2)"),
    ("tensor", "{x}.zero_()"),
    ("list", "{x}.append(0)"),
    ("list", "{x}.clear()"),
    ("dict", "{x}.clear()"),
)


def _kind(annotation: ast.expr | None) -> str:
    text = ast.unparse(annotation) if annotation else ""
    if "Tensor" in text:
        return "tensor" if text.endswith("Tensor") else "other"
    for kind in ("list", "dict", "tuple"):
        if text.lower().startswith(kind):
            return kind
    return {"str": "text", "int": "number", "float": "share"}.get(text, "other")


def _forms(kind: str, name: str, out: bool) -> tuple[str, ...]:
    if kind == "tensor":
        if out:
            return TENSOR_OUT
        ids = name == "ids"
        forms = (*IDS_IN, *MORE_IN["ids"]) if ids else (*TENSOR_IN, *MORE_IN["tensor"])
        if name in ("x", "q", "k", "v", "u", "scores", "logits", "ids"):
            one = 1 if ids else 2  # axes of one text; above, it is a batch
            forms = (*forms, f"{{x}}[:8] if {{x}}.ndim > {one} else {{x}}")
            many = BATCH if name in ("q", "k", "v", "scores") else BATCH[:3]
            batch = (form.format(x="{x}", n=one) for form in many)
            forms = (*forms, *batch) if name not in ("p", "u") else forms
        # Weights have no axis of size 1, and vectors lie in memory in one way only.
        weights = name.startswith(("w_", "b_")) or name in ("weight", "bias", "wpe")
        forms = [form for form in forms if not (weights and "squeeze" in form)]
        vector = name.startswith("b_") or name in ("weight", "bias", "v", "p", "u")
        forms = [form for form in forms if not (vector and "view" in form)]
        share = name in ("p", "u")  # which lies in every range
        return tuple(form for form in forms if not (share and "clamp" in form))
    forms = {"list": LIST, "text": TEXT, "dict": DICT, "number": NUMBER}.get(kind, ())
    if kind == "share":  # which is below any limit of size
        forms = [form for form in NUMBER if "min" not in form]
    if name in (
        "k",
        "p",
        "top_p",
        "temperature",
    ):  # which may be below zero, and refused
        forms = (*forms, "abs({x})")
    if not out and name not in ("row", "stop", "new_id"):  # ids, which are no sizes
        forms = (*forms, *MORE_IN.get(kind, ()))
    if name == "temperature":  # which is no share, and may be above 1
        forms = [form for form in forms if "0.99" not in form]
    return (*forms, *OTHER_KINDS) if out else forms


def _around(source: str) -> Iterator[Mutant]:
    function = ast.parse(source).body[0]
    named = [(a.arg, _kind(a.annotation)) for a in function.args.args]
    call = f"_right({', '.join(name for name, _ in named)})"
    for name, kind in named:
        forms = _forms(kind, name, out=False)
        if not _looked_into(function, name):  # so that only its size can matter
            forms = [form for form in forms if "[" in form]
        for form in forms:
            changed = form.format(x=name)
            lines = f"{name} = {changed}", f"return {call}"
            yield _wrapped(source, f"into it {changed}", lines)
        for of, form in INTO:
            if of == kind:
                written = form.format(x=name)
                lines = f"out = {call}", written, "return out"
                yield _wrapped(source, f"and then {written}", lines)
    for form in _forms(_kind(function.returns), "", out=True):
        changed = form.format(x="out")
        lines = f"out = {call}", f"return {changed}"
        yield _wrapped(source, f"out of it {changed}", lines)


def _looked_into(function: ast.FunctionDef, name: str) -> bool:
    """Whether more is asked of an argument than its `len`."""
    used = [n for n in ast.walk(function) if isinstance(n, ast.Name) and n.id == name]
    return ast.unparse(function).count(f"len({name})") < len(used)


def _wrapped(source: str, name: str, lines) -> Mutant:
    """A function that has the right one in it, and these lines."""
    head, body = source.split("\n", 1)
    inner = f"def _right({head.split('(', 1)[1]}\n{body}"
    inside = textwrap.indent("\n".join([inner, *lines]), "    ")
    return Mutant(name, f"{head}\n{inside}")


# --- the contract -------------------------------------------------------------------
def _contract(source: str) -> Iterator[Mutant]:
    """Defaults changed or dropped, and errors of another kind."""
    tree = ast.parse(source)
    told = tree.body[0].args
    for i, default in enumerate(told.defaults):
        for other in (ast.Constant(0.8), ast.Constant(2), None):
            rest = told.defaults[i + 1 :]
            new = rest if other is None else [*told.defaults[:i], other, *rest]
            text = _with(tree, told, "defaults", None, new)
            to = "none" if other is None else _text(other)
            if text:
                yield Mutant(f"default {_text(default)} → {to}", text)
    function = tree.body[0]
    raised = [ast.unparse(n) for n in ast.walk(function) if isinstance(n, ast.Raise)]
    for wrong in ("AssertionError", "IndexError", "TypeError", "return"):
        if any("ValueError" in text for text in raised):
            names = ", ".join(a.arg for a in function.args.args)
            end = "return None" if wrong == "return" else f"raise {wrong}"
            lines = (
                "try:",
                f"    return _right({names})",
                "except ValueError:",
                f"    {end}",
            )
            yield _wrapped(source, f"ValueError → {wrong}", lines)
