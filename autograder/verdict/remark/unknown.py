"""Remarks on a name that Python does not know: which one may be meant, or where it is."""

from __future__ import annotations

import ast
import difflib
import math
import re
from collections.abc import Collection, Iterable

import torch

from autograder.verdict import lines
from autograder.verdict.remark.seen import Seen, is_tensor, listed, theirs

_NAME = re.compile(r"name '(\w+)' is not defined")
# Of 1: how alike two names are where one may be meant for the other, or surely is.
LIKE, VERY = 0.7, 0.85
# What people import, and from where.
MODULES = {
    **{name: name for name in ("math", "torch", "regex", "re", "random", "string")},
    **{name: name for name in ("collections", "functools", "itertools", "numpy")},
    "np": "numpy",
    "F": "torch.nn.functional",
    "nn": "torch.nn",
    **dict.fromkeys(("Counter", "defaultdict", "deque"), "collections"),
    **dict.fromkeys(("pairwise", "chain", "accumulate"), "itertools"),
    **dict.fromkeys(("reduce", "partial", "cache"), "functools"),
}


def undefined(seen: Seen) -> str | None:
    got = seen.got[seen.wrong[0]]
    unknown = _NAME.match(got.message)
    if got.raised != "NameError" or not unknown:
        return None
    name = unknown[1]
    told = f"Your function does not know `{theirs(name)}`"
    if name in seen.names:
        return f"{told}: in its own `def`, that argument has another name."
    own, notebook = set(), set()
    if seen.written:
        own, notebook = lines.own_names(seen.written.function), seen.written.names
    if name in own:
        return (
            f"{told} in that line: it has a meaning only inside the brackets of a "
            "comprehension, or in an inner function. Give it a value before."
        )
    tensors = any(is_tensor(x) for case in seen.cases for x in case.args)
    if name in MODULES:  # it is spelt well, so no other name is meant
        return f"{told}. {elsewhere(name, notebook, tensors)}"
    around = {*seen.check.after, *notebook}
    idle = seen.written and lines.never_read(seen.written.function)
    if idle and close(name, {idle}):
        return f"{told}. Is `{idle}` meant?"
    where = elsewhere(name, notebook, tensors, seen.check.forbidden)
    if meant := close(name, {*seen.names, *own}) or close(name, around, VERY):
        return f"{told}. Is `{meant}` meant?"
    if idle and not where and name not in seen.check.forbidden:
        return f"{told}, and never uses its argument `{idle}`. Is that one meant?"
    if meant := close(name, around):
        return f"{told}. Is `{meant}` meant?"
    if where:
        return f"{told}. {where}"
    given = listed([f"`{name}`" for name in seen.names])
    return (
        f"{told}. It is given {given}, and all else has to be computed from that, or made "
        "or imported in a cell above."
    )


def not_taken(seen: Seen) -> str | None:
    """That what the notebook gives for a step, as hints of it say, is not used."""
    hints = " ".join(m.hint for m in seen.check.mistakes)
    given = dict.fromkeys(re.findall(r"`(\w+)` (?:that is )?given above", hints))
    if not seen.written or not given:
        return None
    for name in given:
        if not any(
            getattr(node, "id", "") == name for node in ast.walk(seen.written.function)
        ):
            return (
                f"Your function never uses `{name}`, which is given above for this step. "
                "Does it do itself what that does, and exactly so?"
            )
    return None


def close(name: str, known: Iterable[str], like: float = LIKE) -> str | None:
    """The one of these names that is most like another, if one is like it."""
    small = {other.lower(): other for other in sorted(known) if other != name}
    found = difflib.get_close_matches(name.lower(), small, 1, like)
    return small[found[0]] if found else None


def elsewhere(
    name: str, notebook: Collection[str], tensors: bool, forbidden: Collection[str] = ()
) -> str | None:
    """Where a name that nobody has defined may be found, and how it gets a meaning."""
    if name in MODULES:
        module = MODULES[name]
        if name == module:
            meant = f"Is the module `{module}` meant?"
        elif name in ("np", "F", "nn"):
            meant = f"Is the module `{module}` meant, by its usual short name?"
        else:
            meant = f"Is `{module}.{name}` meant?"
        return (
            f"{meant} Then a cell above has to import it: write that line, and run the "
            "cell."
        )
    if len(name) < 2 or any(name in word for word in forbidden):
        return None
    constant = not callable(getattr(math, name, abs))
    for module in (torch, math) if tensors and not constant else (math,):
        if hasattr(module, name):
            within = module.__name__
            more = "" if within in notebook else f" (`import {within}` makes it known.)"
            return f"Is `{within}.{theirs(name)}` meant?{more}"
    return None
