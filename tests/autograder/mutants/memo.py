"""Answers that remember by too little: the right one, behind a table with wrong keys.

The first call with a key is right, and the next of the same key gets its answer. Such a
function is wrong in a draw only if two cases agree in the key and not in the answer, so
it need not be called to be judged: `remembered` takes its answers from the right ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from autograder.checks import Case
from autograder.verdict import wire
from autograder.verdict.outcome import Outcome

Key = Callable[[tuple], Any]


def _size(value: Any) -> Any:
    """A shape or a length; of a number, nothing."""
    if isinstance(value, torch.Tensor):
        return tuple(value.shape)
    return len(value) if isinstance(value, list | str | dict) else None


def _first(value: Any) -> Any:
    return _at(value, 0)


def _last(value: Any) -> Any:
    return _at(value, -1)


def _at(value: Any, place: int) -> Any:
    """The item at a place; of a tensor, along its last axis but one."""
    if isinstance(value, torch.Tensor):
        if not value.numel():
            return None
        flat = value.reshape(-1, *value.shape[1:][-1:])
        return _exactly(flat[place]) if len(flat) else None
    value = [*value.items()] if isinstance(value, dict) else value
    return _exactly(value[place]) if value else None


def _all_but_order(value: Any) -> Any:
    """What a sum, or a set, tells of it."""
    if value is None:
        return None
    if isinstance(value, torch.Tensor):
        return tuple(value.flatten().sort().values.tolist())
    if isinstance(value, dict):
        return tuple(sorted(map(repr, value)))
    return tuple(sorted(map(repr, value)))


def _exactly(value: Any) -> bytes:
    return wire.pack(value)


BRIEFLY = {
    "its size": _size,
    "its size and its first item": lambda x: (_size(x), _first(x)),
    "its size and its last item": lambda x: (_size(x), _last(x)),
    "its size and what is in it": lambda x: (_size(x), _all_but_order(x)),
}


def keys(args: tuple) -> Iterator[tuple[str, Key]]:
    """Of all arguments but one all is told, and of that one too little."""
    for i, value in enumerate(args):
        sized = _size(value) is not None
        for what, brief in BRIEFLY.items() if sized else [("nothing", _size)]:
            yield f"of argument {i}: {what}", _key(i, brief)


def _key(i: int, brief: Callable[[Any], Any]) -> Key:
    def key(args: tuple) -> Any:
        told = [_exactly(arg) for k, arg in enumerate(args) if k != i]
        return brief(args[i]) if len(args) > i else None, *told

    return key


def remembered(
    key: Key, cases: Sequence[Case], wanted: Sequence[Outcome]
) -> list[Outcome]:
    """What it answers to the cases, one after the other; an error is not remembered."""
    known: dict[Any, Outcome] = {}
    given = []
    for case, want in zip(cases, wanted, strict=True):
        told = key(case.args)
        given.append(known.get(told, want))
        if not want.raised:
            known.setdefault(told, want)
    return given
