"""Remarks by calling the function again, with the same arguments or with others.

On a student's own machine only: while grading, nothing can be called.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.verdict import oddities
from autograder.verdict.outcome import AGAIN, Outcome, run
from autograder.verdict.remark.seen import (
    FEW,
    Seen,
    big,
    fits,
    is_tensor,
    listed,
    shape,
)

NOISE = 2e-3  # of the largest number: a slope that is measured by a nudge has as much


def twice(seen: Seen) -> str | None:
    """It answers the same call in two ways."""
    if seen.call is None:
        return None
    for i in seen.wrong[:2]:
        before = _states()
        one, two = (seen.again(*seen.cases[i].args) for _ in range(2))
        if one is None or two is None:
            return None
        if not seen.steady(one, two) or not seen.steady(one, seen.got[i]):
            if before != _states():
                u = " What is random comes in as an argument: use that."
                given = u if {"u", "us"} & {*seen.names} else ""
                return (
                    "Called twice with the same arguments, it gives two answers, for it "
                    f"draws random numbers of its own.{given}"
                )
            if seen.written and (made := oddities.unfilled(seen.written.function)):
                return made
            told = "Called again with the same arguments, it gives another answer. So "
            told = "" if seen.got[i].raised == AGAIN else told  # and is told already
            return big(
                f"{told}something outlives a call: a list as the default of an argument, a "
                "global name, or something that is kept (by `@cache`, too) and changed "
                "later."
            )
    return None


def draws(seen: Seen) -> str | None:
    """Random numbers of its own, though always the same ones."""
    if not {"u", "us"} & {*seen.names} or seen.call is None:
        return None
    random.random(), np.random.random_sample(), torch.rand(1)  # whatever seed it sets
    before = _states()
    seen.again(*seen.cases[seen.wrong[0]].args)
    if before == _states():
        return None
    return (
        "It draws random numbers of its own. What is random comes in as an argument: "
        "use that."
    )


def _states() -> tuple:
    """Where the random numbers of Python, NumPy and PyTorch have come to."""
    kind, keys, *rest = np.random.get_state()
    return (
        random.getstate(),
        (kind, keys.tobytes(), *rest),
        torch.random.get_rng_state().numpy().tobytes(),
    )


def ignored(seen: Seen) -> str | None:
    """An argument that never makes a difference, though it should."""
    if seen.call is None:
        return None
    many = len(seen.names)
    deaf: list[str] = []
    for k in range(many):
        asked = 0
        for args, other, before in _exchanged(seen, k):
            swapped = (*args[:k], other, *args[k + 1 :])
            got = seen.again(*swapped)
            if got is None:
                return None
            if got.raised or not seen.same(got, before):
                asked = 0
                break
            asked += 1
            if asked == 2 * FEW:
                break
        if asked and not _matters_far_away(seen, k):
            deaf.append(seen.names[k])
    if not deaf:
        return None
    if len(deaf) == many:
        values = [got for got in seen.got if not got.raised]
        alike = (
            seen.same(one, other)
            for one, other in itertools.combinations(values, 2)
            if shape(one.value) == shape(other.value)
        )
        return "It gives the same answer whatever it is given." if all(alike) else None
    used = [name for name in deaf if seen.written and seen.written.uses(name)]
    if used:
        told = f"For every `{used[0]}` that was tried your answer is the same, though your "
        at = seen.names.index(used[0])
        if any(isinstance(c.args[at], dict | str | list) for c in seen.cases[:1]):
            return (
                f"{told}function does use it. So what it finds there does not reach the "
                "answer: print it, and follow it from line to line."
            )
        return (
            f"{told}function does use it. Is it made very small or very large on the way, or "
            "rounded, or compared with something else than you think? Print it."
        )
    named = listed([f"`{name}`" for name in deaf], "or")
    return f"Your answer does not depend on {named}, and it should."


def _matters_far_away(seen: Seen, k: int) -> bool:
    """Whether the k-th argument makes a difference where it is much larger or smaller."""
    for i in [i for i in seen.wrong if not seen.got[i].raised][:2]:
        args = seen.cases[i].args
        for other in _far(args[k]) if k < len(args) else ():
            swapped = (*args[:k], other, *args[k + 1 :])
            if run(seen.check.oracle, swapped).raised:
                continue  # what is to be refused tells nothing of the rest
            got = seen.again(*swapped)
            if got is None or got.raised or not seen.same(got, seen.got[i]):
                return True
    return False


def _far(x: Any) -> list[Any]:
    """Values of an argument's kind, far away from it."""
    if type(x) is float:
        return [1e-6, 0.02, 1 - 1e-6, 100 * x, 1e6 * x, -x]
    if type(x) is int:
        return [0, 1, x + 1, 100 * x]
    if is_tensor(x) and x.is_floating_point():
        return [1000 * x, -x, x / 1000]
    return []


def _exchanged(seen: Seen, k: int) -> Iterator[tuple[tuple, Any, Outcome]]:
    """(arguments, another k-th argument, the outcome so far) where it should matter."""
    for i in range(len(seen.cases)):
        args, before = seen.cases[i].args, seen.got[i]
        if k >= len(args) or before.raised or seen.wanted[i].raised:
            continue
        if shape(before.value) != shape(seen.wanted[i].value):
            continue  # what is missing may be what depends on it
        asked, tried = 0, set()  # of answers of one length, one will do
        for case in seen.cases:
            if k >= len(case.args) or not fits(args[k], case.args[k]):
                continue
            other = case.args[k]
            asked += 1
            wanted = run(seen.check.oracle, (*args[:k], other, *args[k + 1 :]))
            if wanted.raised or seen.same(wanted, seen.wanted[i]):
                continue
            if (length := _length(wanted.value)) not in tried:
                tried.add(length)
                yield args, other, before
            if len(tried) == 2 or asked == 2 * FEW:
                break


def _length(value: Any) -> int:
    return len(value) if isinstance(value, list | tuple | dict | str | bytes) else 0


def ahead(seen: Seen) -> str | None:
    """A row that changes with what comes after it."""
    first = seen.wrong[0]
    apart = shape(seen.got[first].value) != shape(seen.wanted[first].value)
    if seen.call is None or apart and not seen.got[first].raised:
        return None  # of another shape, that comes first
    value = seen.got[first].value
    if is_tensor(value) and not value.isfinite().all():
        return None  # and so does what is no number, which changes for other reasons
    for i in range(len(seen.cases)):
        args, want, got = seen.cases[i].args, seen.wanted[i], seen.got[i]
        if not is_tensor(want.value) or want.value.ndim < 2 or got.raised:
            continue
        many = want.value.shape[-2]
        if many < 2 or not is_tensor(got.value) or got.value.shape != want.value.shape:
            continue
        other = tuple(
            _moved(x, -1) if is_tensor(x) and x.ndim >= 2 and x.shape[-2] == many else x
            for x in args
        )
        should = run(seen.check.oracle, other)
        if should.raised or not seen.near(
            want.value[..., :-1, :], should.value[..., :-1, :]
        ):
            return None  # here the past may depend on the future
        if seen.near(want.value, should.value):
            continue
        now = seen.again(*other)
        if now is None or now.raised or not is_tensor(now.value):
            return None
        if now.value.shape == want.value.shape and _moves(
            got.value[..., :-1, :], now.value[..., :-1, :]
        ):
            told = (
                "If another token takes the place of the last one, the rows before it change "
                "too."
            )
            if _mixes(seen, args, many):
                return f"{told} So a token sees what comes after it."
            return f"{told} Here each row comes from the numbers of one token alone."
    return None


def _moves(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors differ by more than is left of a difference of like numbers."""
    apart = (one.double() - other.double()).abs().nan_to_num(torch.inf)
    return bool(apart.max() > NOISE * one.double().abs().nan_to_num().max())


def _mixes(seen: Seen, args: tuple, many: int) -> bool:
    """Whether the last row is to depend on the first."""
    other = tuple(
        _moved(x, 0) if is_tensor(x) and x.ndim >= 2 and x.shape[-2] == many else x
        for x in args
    )
    one, two = (run(seen.check.oracle, given) for given in (args, other))
    return not (
        is_tensor(one.value)
        and is_tensor(two.value)
        and seen.near(one.value[..., -1, :], two.value[..., -1, :])
    )


def _moved(x: Tensor, row: int) -> Tensor:
    moved = x.clone()
    moved[..., row, :] = moved[..., row, :] * -0.5 + 1
    return moved


def together(seen: Seen) -> str | None:
    """A text that gets another answer in a batch than alone."""
    if seen.call is None:
        return None
    for i in seen.wrong:
        args, want, got = seen.cases[i].args, seen.wanted[i], seen.got[i]
        deep = [k for k, x in enumerate(args) if is_tensor(x) and x.ndim >= 3]
        if not deep or want.raised or got.raised or not is_tensor(got.value):
            continue
        sizes = {args[k].shape[0] for k in deep}
        if len(sizes) != 1 or sizes == {1} or got.value.ndim < 1:
            continue
        for row in range(min(*sizes, 2)):
            alone = tuple(x[row] if k in deep else x for k, x in enumerate(args))
            should = run(seen.check.oracle, alone)
            if should.raised or not seen.near(should.value, want.value[row]):
                return None
            now = seen.again(*alone)
            if now is None or now.raised or got.value.shape[0] <= row:
                return None
            if seen.same(now, should) and not seen.near(now.value, got.value[row]):
                return (
                    "Alone, each gets the right answer; put into one tensor, as texts "
                    "of a batch or as heads, they get another. Count axes from the end, "
                    "so that axes in front change nothing."
                )
    return None
