"""Calls that differ in one argument, and in nothing that tells them apart at a glance.

A function that remembers its answers by too little (the shape of an argument, a length,
all arguments but one) is right until two calls have the same key. So a draw ends with a
call and its twins: in each, two items from the middle of one argument have changed
places. Its size, its first and its last item and what is in it are the same, and the
right answer is another.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, edge

ROUNDS = 200


def twins(
    oracle: Callable[..., Any],
    draw: Callable[[], tuple],
    *names: str,
    others: Mapping[int, Any] | None = None,
    good: Callable[..., bool] = lambda *args: True,
) -> list[Case]:
    """A call with the arguments that `draw` gives, and a twin for each of them.

    names: what the arguments are called, as in "the same call, but for the keys".
    others: what an argument is in its twin, by its place, where exchanging two items
    gives none (a number has no items); a function is given all arguments.
    good: whether a call leaves a margin against rounding.
    RuntimeError where no draw has a twin for each argument.
    """
    for _ in range(ROUNDS):
        args = draw()
        if not good(*args):
            continue
        found = [_twin(oracle, args, i, others or {}, good) for i in range(len(names))]
        if None not in found:
            break
    else:
        raise RuntimeError(f"no twins of a call of {oracle.__module__}")
    told = zip(names, found, strict=True)
    return [
        edge("a call that comes again with one argument changed", args),
        *(edge(f"the same call, but for {name}", twin) for name, twin in told),
    ]


def _twin(
    oracle: Callable[..., Any],
    args: tuple,
    i: int,
    others: Mapping[int, Any],
    good: Callable[..., bool],
) -> tuple | None:
    """A call that differs in argument i alone and has another answer."""
    right = oracle(*args)
    told = others.get(i)
    told = told(*args) if callable(told) else told
    for other in _stirred(args[i]) if i not in others else [told]:
        twin = *args[:i], other, *args[i + 1 :]
        try:
            if not _alike(right, oracle(*twin)) and good(*twin):
                return twin
        except ValueError:  # to be refused is another answer, too
            if i in others:
                return twin
    return None


def _alike(a: Any, b: Any) -> bool:
    """Whether two answers cannot be told apart with a margin against rounding."""
    if isinstance(a, Tensor):
        return a.shape == b.shape and torch.allclose(a, b, 1e-2, 1e-3)
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(map(_alike, a, b))
    return a == b


def _stirred(value: Any) -> Iterator[Any]:
    """The same, but for two items that have changed places: rows, letters, values."""
    if isinstance(value, Tensor):
        axis = -2 if value.ndim > 1 and value.shape[-2] > 3 else -1
        for places in _exchanged(value.shape[axis]):
            yield value.index_select(axis, torch.tensor(places))
    elif isinstance(value, dict):
        values = [*value.values()]
        for places in _exchanged(len(values)):
            yield dict(zip(value, (values[i] for i in places), strict=True))
    elif isinstance(value, str):
        for places in _exchanged(len(value)):
            yield "".join(value[i] for i in places)
    elif isinstance(value, list):
        for places in _exchanged(len(value)):
            yield [value[i] for i in places]
        for k, item in enumerate(value):
            if isinstance(item, list) and 0 < k < len(value) - 1:
                for other in _stirred(item):
                    yield [*value[:k], other, *value[k + 1 :]]


def mirrored(rng: np.random.Generator, x: Tensor) -> Tensor:
    """x (..., T, C) for a twin that more keys take for the call itself; T is 7 or more.

    The first two numbers of row 5 are those of row 3, in the other order, and the same
    whole number if they are rounded; the rest of both rows is the same. So the two rows,
    which change places first, have one sum, and to exchange them changes no column's.
    """
    x, whole = x.clone(), float(rng.choice([-2, -1, 1, 2]))
    near = rng.integers(1, 5, 2) * [0.1, -0.1]
    x[..., 3, :2] = torch.tensor(whole + near).float()
    x[..., 5, :] = x[..., 3, :]
    x[..., 5, :2] = x[..., 3, :2].flip(-1)
    return x


def _exchanged(n: int) -> Iterator[list[int]]:
    """The numbers below n in order, but for two of them; the first and last stay.

    Where there are 7 or more it begins far from the ends, and at two odd places: who
    looks at the first few, or at every other one, sees nothing.
    """
    pairs = [*itertools.combinations(range(1, n - 1), 2)]
    for i, j in sorted(pairs, key=lambda pair: n < 7 or pair != (3, 5)):
        places = [*range(n)]
        places[i], places[j] = j, i
        yield places
