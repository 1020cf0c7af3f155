"""Remarks on what kind of thing comes back: a list for a tensor, a generator, nothing."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import torch
from torch import Tensor

from autograder.verdict.outcome import UNUSABLE
from autograder.verdict.remark.seen import (
    Seen,
    exactly,
    is_hollow,
    is_tensor,
    listed,
    shape,
    theirs,
)

_LAZY = re.compile(
    "generator|map|filter|zip|reversed|enumerate|chain|islice|accumulate|pairwise|"
    "dict_(keys|values|items)|\\w*iterator"
)


def unusable(seen: Seen) -> str | None:
    """Something that only looks like the kind of value that is wanted."""
    want, got = (outcomes[seen.wrong[0]] for outcomes in (seen.wanted, seen.got))
    if got.raised == UNUSABLE and got.message.startswith("a complex"):
        return (
            "Complex numbers come back. They hold two tensors, `.real` and `.imag`, and "
            "what is wanted is made of real numbers."
        )
    kind = re.match(r"an? (\w+) cannot be handed in", got.message)
    if got.raised != UNUSABLE or not kind or want.raised:
        return None
    if kind[1] in ("builtin_function_or_method", "function", "method"):
        return (
            "What comes back is, or holds, a function that was not called. Round brackets "
            "after its name call it."
        )
    what = f"`{theirs(kind[1])}`"
    if not isinstance(want.value, list | tuple | dict):
        return f"What comes back is, or holds, a {what}. A {_called(want.value)} is wanted."
    name = type(want.value).__name__
    if name == "dict" and not _LAZY.fullmatch(kind[1]):
        return (
            f"A {what} is in the table, as a key or as a value. The step says what the keys "
            "are and what the values are."
        )
    if not _LAZY.fullmatch(kind[1]):
        return (
            f"What comes back is, or holds, a {what}. `{name}(…)` makes a {name} of it."
        )
    made = "A `yield` makes a generator, and so do round brackets around a `for`."
    said = (
        f"What comes back is, or holds, a {what}, which makes its items only when they are "
        f"asked for. `{name}(…)` makes a {name} of it."
    )
    return f"{said} {made}" if kind[1] == "generator" else said


def changed(seen: Seen) -> str | None:
    """Right, but for what it leaves behind."""
    touched = set()
    for i in seen.wrong:
        want, got = seen.wanted[i], seen.got[i]
        extra = {*got.changed} - {*want.changed}
        if (
            got.raised
            or want.raised
            or not extra
            or not seen.near(want.value, got.value)
        ):
            return None
        touched |= extra
    which = listed([f"`{seen.names[i]}`" for i in sorted(touched)])
    verb = "is" if len(touched) == 1 else "are"
    return (
        f"The answers are right, but {which} {verb} not the same afterwards, and the "
        "caller still needs it. Something such as `+=`, `.append`, `.pop`, "
        "`.requires_grad = True` or a method whose name ends in `_` writes into what was "
        "handed in. Make a new value."
    )


def given_back(seen: Seen) -> str | None:
    for k, name in enumerate(seen.names):
        if seen.values and all(
            k < len(seen.cases[i].args)
            and not seen.got[i].raised
            and exactly(seen.cases[i].args[k], seen.got[i].value)
            for i in seen.wrong
        ):
            return f"It gives back `{name}` as it came in."
    return None


def empty(seen: Seen) -> str | None:
    """Nothing comes back where there should be something."""
    pairs = seen.values
    if not pairs or not all(is_hollow(g) and not is_hollow(w) for w, g in pairs):
        return None
    if not all(len(g) == 0 for _, g in pairs):
        return "What comes back holds nothing but what is empty."
    return (
        "What comes back is empty. Either nothing is ever put into it, or what is filled "
        "is not what is given back."
    )


def _called(value: Any) -> str:
    """The kind of a value in a word that a student knows."""
    if is_tensor(value):
        return "tensor"
    return "number" if type(value) in (int, float) else type(value).__name__


def precision(seen: Seen) -> str | None:
    kinds = {(w.dtype, g.dtype) for w, g in seen.tensors}
    if len(kinds) != 1 or not all(seen.near(w, g) for w, g in seen.tensors):
        return None
    ((want, got),) = kinds
    if want == got:
        return None
    want, got = (str(kind).removeprefix("torch.") for kind in (want, got))
    source = {
        "float64": " NumPy, `.double()` and `dtype=` make it so.",
        "int64": " `.long()`, a comparison and `argmax` make it so.",
        "bool": " A comparison makes it so.",
    }.get(got, "")
    return f"The numbers are right, but their kind is `{got}`, and `{want}` is wanted.{source}"


def kind(seen: Seen) -> str | None:
    """Another kind of value than the one that is wanted."""
    pairs = seen.values
    if not pairs:
        return None
    wanted, got = pairs[0]
    if not all(type(g) is type(got) and type(w) is type(wanted) for w, g in pairs):
        return None
    parts = got if isinstance(got, list | tuple) else ()
    if (
        isinstance(got, tuple)
        and len(got) == 1
        and not (isinstance(wanted, list | tuple) and len(wanted) == 1)
    ):
        return (
            "What comes back is a tuple of one. A comma at the end of a line makes one."
        )
    if type(got) is type(wanted):
        return None
    if len(parts) == 2 and all(map(is_tensor, parts)) and _values_and_places(*parts):
        return (
            "Two tensors come back. With an axis, `max`, `min`, `sort` and `topk` give the "
            "values and where they stand: take the one that is wanted."
        )
    if isinstance(got, str):
        return (
            f"A text comes back, and a {_called(wanted)} is wanted: the value itself, "
            "not how it is printed."
        )
    if is_tensor(got) and isinstance(wanted, tuple) and all(map(is_tensor, wanted)):
        return _in_one(seen, wanted, got)
    if is_tensor(wanted) and parts:
        if any(type(part) not in (int, float, bool) for part in parts) and (
            len({shape(part) for part in parts}) > 1
        ):
            return "Several things come back, of different shapes, and one is wanted."
        if all(map(is_tensor, parts)):
            if isinstance(got, tuple):
                return (
                    "A tuple of tensors comes back, and one is wanted. A comma after "
                    "`return` makes a tuple."
                )
            return (
                "A list of tensors comes back. `torch.stack` makes one tensor of them."
            )
        if isinstance(_inmost(got), str):
            return (
                "A list of texts comes back, and a tensor is wanted. Numbers, True and False "
                "stand without quotation marks, and `str` makes a text of each."
            )
        return "A list of numbers comes back. `torch.tensor` makes a tensor of it."
    if is_tensor(got) and got.ndim == 0 and isinstance(wanted, int | float):
        kind = type(wanted).__name__
        return f"A tensor with one number comes back. `{kind}(…)` makes a number of it."
    if is_tensor(got) and isinstance(wanted, list):
        return "A tensor comes back, and a list is wanted. `.tolist()` makes one."
    if isinstance(got, float) and isinstance(wanted, int):
        whole = all(float(g).is_integer() for _, g in pairs)
        how = "`int(…)` makes one" if whole else "something else is wanted here"
        return f"A number with a point comes back, and a whole number is wanted: {how}."
    return None


def _inmost(value: Any) -> Any:
    """The first thing in a list of lists that is no list."""
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return value


def _in_one(seen: Seen, want: tuple[Tensor, ...], got: Tensor) -> str:
    """One tensor where several are wanted: all of them in one, one of them, or neither."""
    many, names = len(want), ", ".join("abcdefgh"[: len(want)])
    told = f"One tensor comes back, and {many} are wanted, with a comma between them"
    if len({part.shape for part in want}) == 1 and any(
        seen.near(way(want), got)
        for way in (torch.stack, *(partial(torch.cat, dim=k) for k in (-1, 0)))
    ):
        return f"{told}. Yours holds them all: do not put them together."
    for k, part in enumerate(want):
        if seen.near(part, got):
            return f"{told}. Yours is number {k + 1} of them."
    return f"{told}: `return {names}`."


def _values_and_places(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors could be what `max` and `sort` give."""
    floats = one.is_floating_point() and other.dtype == torch.int64
    return floats and one.shape == other.shape
