"""Small changes of a third kind: a condition turned round, a number that is not the
step's, one item where all are meant, a set where a list is meant.

As in `changes`, each is a node, what takes its place, and what to look at there.
"""

from __future__ import annotations

import ast
import copy
import difflib
import re
from collections.abc import Collection, Iterator, Sequence

from autograder.checks import Check
from autograder.verdict import lines
from autograder.verdict.swaps import Change

_ENDLESS = 1e30  # numbers beyond it stand for infinity
_NUMBER = re.compile(r"\b\d+(?:\.\d+(?:e-\d+)?|e-\d+)\b")
_SMALL = 1e-3  # the largest ε
_BYTE = 255  # the largest id of a byte
_DEEP = 3  # calls from a function to the one whose numbers are looked at
_UNORDERED = "a set keeps no order and nothing twice. Is that meant?"


def first(
    function: lines.FUNCTION, asked: Sequence[str], numbers: Collection[float]
) -> Iterator[Change]:
    """Those that are few. asked: the step's arguments; numbers: those of its formula."""
    yield from _of_defaults(function, asked)
    yield from _of_guards(function)
    yield from _of_numbers(function, numbers)
    yield from _of_sets(function)
    yield from _of_ids(function)
    yield from _of_patterns(function)
    yield from _of_orders(function)


def last(function: lines.FUNCTION) -> Iterator[Change]:
    """Those that are many, or would do by luck: tried when nothing else is found."""
    yield from _one_of_many(function)
    yield from _of_loops(function)
    yield from _fixed(function)


def formula(check: Check) -> set[float]:
    """The numbers with a point of a step: those which its right answer and what that calls
    compute with, and those of which its hints speak."""
    hints = " ".join(mistake.hint for mistake in check.mistakes)
    found = {float(said) for said in _NUMBER.findall(hints)}
    todo, seen = [(check.oracle, _DEEP)], set()
    while todo:
        made, deep = todo.pop()
        code = getattr(made, "__code__", None)
        if code is None or code in seen or not deep:
            continue
        seen.add(code)
        named = [made.__globals__.get(name) for name in code.co_names]
        defaults = made.__defaults__ or ()
        every = (*code.co_consts, *named, *defaults)
        found |= {x for x in every if type(x) is float and 0 < abs(x) < _ENDLESS}
        todo += [(x, deep - 1) for x in named if callable(x)]
    return found


def _of_defaults(function: lines.FUNCTION, asked: Sequence[str]) -> Iterator[Change]:
    """What hangs on an argument that no call gives, so that it is always the same."""
    given = function.args
    extra = {
        arg.arg: value
        for arg, value in (
            *zip([*given.posonlyargs, *given.args][::-1], given.defaults[::-1]),
            *zip(given.kwonlyargs, given.kw_defaults),
        )
        if asked and arg.arg not in asked and isinstance(value, ast.Constant)
    }
    for node in ast.walk(function):
        if isinstance(node, ast.Constant) and any(node is x for x in extra.values()):
            (name,) = (n for n, x in extra.items() if x is node)
            if isinstance(node.value, bool | None):
                words = (
                    f"`{name}` is an argument of your own. No call gives it, so it is "
                    f"always {node.value}."
                )
                asks = [
                    x
                    for x in ast.walk(function)
                    if isinstance(x, ast.If)
                    and any(getattr(y, "id", "") == name for y in ast.walk(x.test))
                ]
                where = asks[0] if asks else node
                yield node, ast.Constant(not node.value), words, where


def _of_guards(function: lines.FUNCTION) -> Iterator[Change]:
    """A condition that refuses what is to be answered, and the other way round."""
    for node in ast.walk(function):
        if isinstance(node, ast.If) and isinstance(node.body[-1], ast.Raise):
            words = "it refuses all that is to be answered. When is it true, and when false?"
            yield node.test, ast.UnaryOp(ast.Not(), node.test), words


def _of_numbers(
    function: lines.FUNCTION, numbers: Collection[float]
) -> Iterator[Change]:
    for node in ast.walk(function):
        value = node.value if isinstance(node, ast.Constant) else None
        if type(value) is float and value.is_integer():
            words = (
                f"{value} has a point, so all that is computed with it is a float, which "
                "is exact to 16 digits only."
            )
            yield node, ast.Constant(int(value)), words
        if type(value) is not float:
            continue
        for number in sorted(n for n in numbers if _may_be(value, n)):
            words = f"compare the number {value} with the one that the step gives."
            yield node, ast.Constant(number), words


def _may_be(value: float, number: float) -> bool:
    """Whether one number may be written in place of another: near it, of nearly the same
    digits, or as small. Any other would do by luck."""
    if value == number or value <= 0 or number <= 0:
        return False
    if max(value, number) <= _SMALL or 0.5 < value / number < 2:
        return True
    digits = (f"{x:.9g}".replace(".", "").strip("0") for x in (value, number))
    return difflib.SequenceMatcher(None, *digits).ratio() > 0.8


def _of_sets(function: lines.FUNCTION) -> Iterator[Change]:
    for node in ast.walk(function):
        if isinstance(node, ast.SetComp):
            yield node, ast.ListComp(node.elt, node.generators), _UNORDERED
        elif isinstance(node, ast.Compare) and len(node.ops) == 1:
            sides = [node.left, *node.comparators]
            if all(_makes_a_set(side) for side in sides):
                left, right = (
                    ast.Call(ast.Name("list", ast.Load()), side.args, [])
                    for side in sides
                )
                yield node, ast.Compare(left, node.ops, [right]), _UNORDERED


def _of_ids(function: lines.FUNCTION) -> Iterator[Change]:
    """An id that is always the same; entries of a table that are added by their keys."""
    names, given = dict.fromkeys(_stored(function)), lines.parameters(function)
    handed = {
        arg
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and lines.called(call) != "range"
        for arg in call.args
    }
    for node in ast.walk(function):
        if node in handed and (lines.whole(node) or 0) > _BYTE:
            words = (
                f"the number {lines.whole(node)} is the same each time. Should it be?"
            )
            for name in (ast.Name(name, ast.Load()) for name in names):
                yield node, name, words
                for table in given:
                    whole = ast.Name(table, ast.Load())
                    yield node, ast.Subscript(whole, name, ast.Load()), words
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.BinOp):
            two = (
                ast.Subscript(node.value, key, ast.Load())
                for key in (node.slice.left, node.slice.right)
            )
            words = (
                "it computes with the keys. Or is it what they stand for that is meant?"
            )
            if isinstance(node.ctx, ast.Load):
                yield node, ast.BinOp(next(two), node.slice.op, next(two)), words


def _of_patterns(function: lines.FUNCTION) -> Iterator[Change]:
    """A pattern of names in which signs have a meaning, or that asks for a word's edge."""
    modules = [
        node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute)
        and getattr(node.value, "id", "") in ("re", "regex")
    ]
    escaped = any(lines.called(node) == "escape" for node in ast.walk(function))
    for node in ast.walk(function) if modules and not escaped else ():
        if lines.called(node) == "join" and len(node.args) == 1:
            escape = ast.Attribute(modules[0], "escape", ast.Load())
            plain = ast.Call(ast.Name("map", ast.Load()), [escape, *node.args], [])
            words = (
                "signs such as | [ . + mean something else in a pattern than in a text."
            )
            yield node, ast.Call(node.func, [plain], []), words
    for node in ast.walk(function) if modules else ():
        if isinstance(node, ast.Assign | ast.Return):
            plain = _Edgeless().visit(copy.deepcopy(node))
            if ast.dump(plain) != ast.dump(node):
                words = "`\\b` asks for the edge of a word. Is there always one?"
                yield node, plain, words


class _Edgeless(ast.NodeTransformer):
    """Takes what asks for the edge of a word out of all texts."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if not isinstance(node.value, str):
            return node
        return ast.Constant(node.value.replace(r"\b", ""))


def _makes_a_set(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and getattr(node.func, "id", "") in ("set", "frozenset")
        and len(node.args) == 1
    )


def _one_of_many(function: lines.FUNCTION) -> Iterator[Change]:
    """A place of a tensor or list where the whole of it is meant."""
    for node in ast.walk(function):
        if not isinstance(node, ast.Subscript) or lines.whole(node.slice) is None:
            continue
        words = (
            f"it is one item of `{lines.shown(node.value)}`. Or are all of them meant?"
        )
        if isinstance(node.ctx, ast.Load):
            yield node, node.value, words
        elif isinstance(node.value, ast.Name):
            yield node, ast.Name(node.value.id, ast.Store()), words


def _of_loops(function: lines.FUNCTION) -> Iterator[Change]:
    for node in ast.walk(function):
        if isinstance(node, ast.For) and not node.orelse:
            words = "does that have to be done more than once?"
            yield node, node.body, words


def _of_orders(function: lines.FUNCTION) -> Iterator[Change]:
    """What is gone through as it comes, where the longest has to be first."""
    for node in ast.walk(function):
        if isinstance(node, ast.For) and isinstance(node.iter, ast.Name):
            keys = [
                ast.keyword("key", ast.Name("len", ast.Load())),
                ast.keyword("reverse", ast.Constant(True)),
            ]
            call = ast.Call(ast.Name("sorted", ast.Load()), [node.iter], keys)
            words = (
                "it takes them as they are listed. Which has to come first, and why?"
            )
            yield node.iter, call, words, _loop(node)


def _loop(node: ast.For) -> ast.For:
    """The first line of a loop."""
    short = ast.For(node.target, node.iter, [ast.Expr(ast.Constant(...))], [])
    return ast.copy_location(short, node)


def _fixed(function: lines.FUNCTION) -> Iterator[Change]:
    """A number that is the same in every call, where it depends on what comes in."""
    names = dict.fromkeys([*lines.parameters(function), *_stored(function)])
    for statement in function.body:
        for node in ast.walk(statement):
            value = node.value if isinstance(node, ast.Constant) else None
            if type(value) not in (int, float) or not value:
                continue
            words = f"look at the number {value}. It is the same in every call: should it be?"
            for name in names:
                read = ast.Name(name, ast.Load())
                yield node, read, words
                if type(value) is float:
                    yield node, ast.BinOp(ast.Constant(1), ast.Sub(), read), words
                else:
                    for times in (2, 3, 4):
                        much = ast.BinOp(ast.Constant(times), ast.Mult(), read)
                        lacks = f"look beside the number {value}. Is a factor missing?"
                        yield node, much, lacks if times == value else words


def _stored(function: lines.FUNCTION) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
