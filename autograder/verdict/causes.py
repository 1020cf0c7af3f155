"""What a line that failed shows together with the function around it.

Each is read in the source and in what happened, so what is said is true of this function.
Said on a student's own machine only.
"""

from __future__ import annotations

import ast
import builtins
import difflib
import re
from collections.abc import Iterator

from autograder.verdict import lines
from autograder.verdict.outcome import Outcome

LOOPS = ast.For | ast.comprehension
NEAR = 0.88  # of 1: how alike two keys are where one may be meant for the other
LONGEST = 60  # characters of a key that is shown


def item_as_several(function: lines.FUNCTION, first: Outcome) -> str | None:
    """That one number, which a loop gives, is taken for several."""
    if not re.search("'int' object is not (iter|subs)|'int' has no len", first.message):
        return None
    part = parsed(first.part)
    name = ""
    if isinstance(part, ast.Call) and len(part.args) == 1:
        name = getattr(part.args[0], "id", "")
    elif isinstance(part, ast.Subscript | ast.Name):
        name = getattr(part, "id", getattr(getattr(part, "value", None), "id", ""))
    for loop in _loops(function):
        if name and getattr(loop.target, "id", "") == name:
            through = lines.shown(loop.iter)
            of = f"`{through}` gives one number after the other. So `{name}` is one of them"
            return f"{of}, and `{lines.shown(part)}` takes it for several."
    return None


def missing_key(function: lines.FUNCTION, first: Outcome) -> str | None:
    """That a loop comes to keys which are not there, or not there yet."""
    if first.raised != "KeyError" or not re.fullmatch(r"-?\d+", first.message):
        return None
    for loop in _loops(function):
        if _is_call(loop.iter, "sorted") and not loop.iter.keywords:
            (inner,) = loop.iter.args[:1] or (None,)
            if isinstance(inner, ast.Call) and lines.called(inner) == "items":
                return (
                    f"`{lines.shown(loop.iter)}` sorts by the keys of the table, which come "
                    f"first in each item, and then {first.message} is needed before it is "
                    "there. By what do they have to be sorted, so that all that an entry is "
                    "made of comes before it?"
                )
    part = parsed(first.part)
    if not isinstance(part, ast.Subscript) or not isinstance(part.ctx, ast.Load):
        return None
    index, table = getattr(part.slice, "id", ""), lines.shown(part.value)
    for loop in _loops(function):
        named = getattr(loop.target, "id", "")
        if named and _is_call(loop.iter, "range") and _reaches(function, named, index):
            return (
                f"`{lines.shown(loop.iter)}` goes through all numbers in turn, and not each "
                f"of them is a key of `{table}`: {first.message} is none. Which numbers are "
                "keys, the table itself tells: go through that."
            )
    return None


def made_anew(function: lines.FUNCTION, first: Outcome) -> str | None:
    """That each round of a loop makes a new table, so that the entries before are gone."""
    part = parsed(first.part)
    if first.raised != "KeyError" or not isinstance(part, ast.Subscript):
        return None
    name = getattr(part.value, "id", "")
    for loop in ast.walk(function):
        for node in ast.walk(loop) if isinstance(loop, ast.For | ast.While) else ():
            made = node.value if lines.assigned_to(node) == name else None
            if isinstance(made, ast.Dict) and made.keys and None not in made.keys:
                return (
                    f"Line {node.lineno}, `{lines.shown(node)}`, makes a new table each "
                    f"time, and what was in `{name}` before is gone. Should it not put an "
                    "entry into the table that is there?"
                )
    return None


def near_key(given: tuple, first: Outcome) -> str | None:
    """That a key which a table lacks is nearly one that it has."""
    try:
        asked = ast.literal_eval(first.message) if first.raised == "KeyError" else None
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    for table in given if isinstance(asked, str) and len(asked) <= LONGEST else ():
        keys = [key for key in table if isinstance(key, str)] if _is_dict(table) else []
        if near := difflib.get_close_matches(asked, keys, 1, NEAR):
            return (
                f"The table has no key {asked!r}. The nearest that it has is {near[0]!r}: "
                "compare the two letter by letter."
            )
    return None


def _is_dict(value: object) -> bool:
    return isinstance(value, dict)


def _reaches(function: lines.FUNCTION, item: str, index: str) -> bool:
    """Whether what a loop gives is the index, or is handed to an inner function as it."""
    if item == index:
        return True
    for inner in ast.walk(function):
        if isinstance(inner, lines.FUNCTION) and inner is not function:
            given = [a.arg for a in inner.args.args]
            calls = [c for c in ast.walk(function) if _is_call(c, inner.name)]
            for call in calls:
                at = [
                    k for k, a in enumerate(call.args) if getattr(a, "id", "") == item
                ]
                if any(k < len(given) and given[k] == index for k in at):
                    return True
    return False


def appended(function: lines.FUNCTION, first: Outcome) -> str | None:
    """That the place of an item in a list is taken for its id."""
    if first.raised != "IndexError":
        return None
    part = parsed(first.part)
    if not isinstance(part, ast.Subscript) or not isinstance(part.slice, ast.Name):
        return None
    name = getattr(part.value, "id", "")
    if not name or name in lines.parameters(function):
        return None
    for node in ast.walk(function):
        if _is_call(node, "append") and getattr(node.func.value, "id", "") == name:
            return (
                f"`{name}` is a list, in the order of the `append`s, and "
                f"`{lines.shown(part)}` takes `{part.slice.id}` for a place in it. Are the "
                "places really those numbers, without a gap?"
            )
    return None


def own_raise(function: lines.FUNCTION, first: Outcome) -> str | None:
    """That the function itself refuses what it should answer, and by which condition."""
    number = _raised_in(first)
    for node in ast.walk(function):
        if isinstance(node, ast.Raise) and node.lineno == number:
            told = (
                f"Line {number} of your own, `{lines.shown(node)}`, refuses this, and it is "
                "to be answered."
            )
            tests = [f"`{lines.shown(test)}`" for test in _on_the_way(function, node)]
            if not tests or len(tests) > 3:
                return told
            verb = "asks" if len(tests) == 1 else "ask"
            return f"{told} Print what {', '.join(tests)} {verb} for: is it what you think?"
    return None


def raised_other(
    function: lines.FUNCTION, first: Outcome, wanted: Outcome
) -> str | None:
    """That its own `raise` names another error than the step asks for, or lets it through."""
    number = _raised_in(first)
    if first.raised == wanted.raised:
        return None
    if unknown := re.match(r"name '(\w+)' is not defined", first.message):
        same = str(wanted.raised).lower() == unknown[1].lower()
        near = difflib.SequenceMatcher(None, str(wanted.raised), unknown[1]).ratio()
        if hasattr(builtins, str(wanted.raised)) and (same or near > NEAR):
            return (
                f"Python knows no `{unknown[1][:LONGEST]}`. Is `{wanted.raised}` meant? "
                "Capitals count."
            )
    if first.raised == "KeyError" and not number:
        return _let_through(function, first, wanted)
    for node in ast.walk(function):
        if isinstance(node, ast.Raise) and node.lineno == number and node.exc:
            return (
                f"Line {number} of your own, `{lines.shown(node)}`, does refuse this, but "
                f"the step asks for a {wanted.raised}."
            )
    return None


def _let_through(
    function: lines.FUNCTION, first: Outcome, wanted: Outcome
) -> str | None:
    """That what is looked up in a table is compared with a number before."""
    part = parsed(first.part)
    if not isinstance(part, ast.Subscript) or not isinstance(part.slice, ast.Name):
        return None
    for node in ast.walk(function):
        if not isinstance(node, ast.If) or not isinstance(node.body[-1], ast.Raise):
            continue
        test = node.test
        by_size = isinstance(test, ast.Compare) and all(
            isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for op in test.ops
        )
        if by_size and any(
            getattr(x, "id", "") == part.slice.id for x in ast.walk(test)
        ):
            return (
                f"`{lines.shown(test)}` lets it through, and then `{lines.shown(part)}` "
                f"finds nothing. The step asks for a {wanted.raised}. What is there cannot "
                "be told by its size: ask the table itself."
            )
    return None


def handed_none(function: lines.FUNCTION, first: Outcome) -> str | None:
    """That an earlier step, in which None fails, is handed a name that begins as None."""
    inner = first.trace.splitlines()[-1:] or [""]
    name = inner[0].partition(",")[0]
    if "NoneType" not in first.message:
        return None
    handed = {
        getattr(arg, "id", "")
        for node in ast.walk(function)
        if _is_call(node, name)
        for arg in node.args
    }
    for node in ast.walk(function):
        if (
            lines.assigned_to(node) in handed - {""}
            and isinstance(node.value, ast.Constant)
            and node.value.value is None
        ):
            given = lines.assigned_to(node)
            return (
                f"Line {node.lineno} makes `{given}` None, and None is what `{name}` is handed "
                f"then. Where there is nothing yet, what would an empty `{given}` be?"
            )
    return None


def _raised_in(first: Outcome) -> int:
    """The number of the line, if it is a `raise` of the function's own; else 0."""
    last = first.trace.splitlines()[-1] if first.trace else ""
    found = re.match(r"[\w<>]+, line (\d+): .*\braise\b", last)
    return int(found[1]) if found else 0


def _on_the_way(function: ast.AST, node: ast.AST) -> list[ast.expr]:
    """The conditions, inside the innermost loop, that lead to a statement."""
    for part in ast.walk(function):
        for name in ("body", "orelse"):
            block = getattr(part, name, None)
            if isinstance(block, list) and any(x is node for x in block):
                return [*_on_the_way(function, part), part.test] if _is_if(part) else []
    return []


def _is_if(node: ast.AST) -> bool:
    return isinstance(node, ast.If)


def _is_call(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and lines.called(node) == name


def _loops(function: lines.FUNCTION) -> Iterator[LOOPS]:
    return (node for node in ast.walk(function) if isinstance(node, LOOPS))


def parsed(part: str) -> ast.expr | None:
    """What failed of a line, as Python."""
    try:
        return ast.parse(part.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
