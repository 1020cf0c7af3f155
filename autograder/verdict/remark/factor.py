"""Remarks by one number: all is too large or too small by a factor, a size, a part."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.verdict.remark.seen import Seen, is_tensor, plain

SEVERAL = 4  # single numbers


def multiple(seen: Seen) -> str | None:
    """Wrong by one factor, or by one number that is added."""
    pairs = [(w.double(), g.double()) for w, g in seen.tensors if w.shape == g.shape]
    if not pairs or len(pairs) < len(seen.tensors):
        return None
    if any(w.numel() < 2 for w, _ in pairs) and len(pairs) < 2:
        return None
    factors = [_factor(w, g) for w, g in pairs]
    # Of single numbers it takes several to tell one factor, or one step, from chance.
    many = any(w.numel() > 1 for w, _ in pairs)
    if all(f is not None for f in factors) and (many or len(pairs) >= SEVERAL):
        if max(factors) - min(factors) < 1e-3 * abs(max(factors)):
            if abs(factors[0] - 1) < 5e-3:
                return None
            return f"Every number is {plain(factors[0])} times what it should be."
        for size, by in ((factors, "large"), ([1 / f for f in factors], "small")):
            if root := _size(seen, size):
                return f"Every number is too {by} by one factor, and that is {root}."
        for size, how in (
            (factors, "multiplied"),
            ([1 / f for f in factors], "divided"),
        ):
            if root := _size(seen, size, fixed=True):
                return (
                    f"It is as if every number had been {how} by {root}. Is there a "
                    "fixed number where that size should be?"
                )
        if many:
            return "Within a case, every number is wrong by the same factor."
    told = [step for w, g in pairs if w.numel() for step in _steps(w, g)]
    steps = torch.cat(told) if told else torch.zeros(0)
    if (many and len(steps) > 1) or len(steps) >= SEVERAL:
        near = [bool((s - s[0]).abs().max() < 1e-3 * s[0].abs()) for s in told]
        if not all(near) or steps.abs().min() < 1e-3:
            return None
        if (steps - steps[0]).abs().max() < 1e-3 * steps[0].abs():
            more = "large" if steps[0] > 0 else "small"
            return f"Every number is too {more} by {plain(abs(float(steps[0])))}."
        if many:
            return "Within a case, every number is wrong by the same amount."
    return None


def _steps(want: Tensor, got: Tensor) -> list[Tensor]:
    """What was added to each of `want` to be `got`, where float32 can tell; or nothing."""
    steps, sizes = (got - want).flatten(), want.abs().flatten()
    told = ~(2.0**-13 * steps.abs() < 2.0**-23 * sizes)
    return [steps[told]] if told.any() else []


def _factor(want: Tensor, got: Tensor) -> float | None:
    """By what all of `want` would have to be multiplied to be `got`."""
    if not (want.isfinite().all() and got.isfinite().all()):
        return None
    length = float(want.square().sum())
    if length < 1e-12:
        return None
    factor = float((want * got).sum()) / length
    if abs(factor - 1) < 1e-4 or abs(factor) < 1e-6:
        return None
    near = got.allclose(factor * want, rtol=1e-3, atol=1e-5 * max(1.0, abs(factor)))
    return factor if near else None


def _size(seen: Seen, factors: list[float], fixed: bool = False) -> str | None:
    """Which size or number the factors are, or the root of which.

    fixed: it may be divided by the same number in all cases.
    """
    wrong = [i for i in seen.wrong if not seen.wanted[i].raised]
    for words, sizes in _sizes(seen, wrong):
        if len({*sizes}) < 2 or min(sizes) <= 0:
            continue
        for power, before in ((1, ""), (0.5, "the root of ")):
            parts = [size**power / f for size, f in zip(sizes, factors, strict=True)]
            if max(parts) - min(parts) > 1e-3 * abs(max(parts)):
                continue
            if math.isclose(parts[0], 1, rel_tol=1e-3):
                return f"{before}{words}"
            if fixed:
                by = f"and divided by {plain(parts[0])}"
                return f"{before}{words} {by}"
    return None


def _sizes(seen: Seen, wrong: list[int]) -> Iterator[tuple[str, list[float]]]:
    """What a case has of sizes and numbers, by name: one for each of the wrong cases."""
    for k, name in enumerate(seen.names):
        values = [seen.cases[i].args[k : k + 1] for i in wrong]
        if all(value and type(value[0]) in (int, float) for value in values):
            yield f"`{name}`", [value[0] for value in values]
        if all(value and is_tensor(value[0]) for value in values):
            for axis in range(1, 1 + min(value[0].ndim for value in values)):
                words = f"the size of axis {-axis} of `{name}`"
                yield words, [value[0].shape[-axis] for value in values]
    answers = [seen.wanted[i].value for i in wrong]
    for axis in range(1, 1 + min(answer.ndim for answer in answers)):
        words = f"the size of axis {-axis} of the answer"
        yield words, [answer.shape[-axis] for answer in answers]


def plus(seen: Seen) -> str | None:
    """An argument, or a part of one, that is added once too often or not at all."""
    if not seen.tensors or any(w.shape != g.shape for w, g in seen.tensors):
        return None
    wrong = [i for i in seen.wrong if not seen.wanted[i].raised]
    steps = [g.double() - w.double() for w, g in seen.tensors]
    for name in dict.fromkeys(n for i in wrong for n, _ in _parts(seen, i)):
        for times, words in ((1, "once too often"), (-1, "once too seldom")):
            found = 0
            for i, step in zip(wrong, steps, strict=True):
                part = dict(_parts(seen, i)).get(name)
                if part is None or part.ndim > step.ndim or not part.abs().sum():
                    break
                try:
                    whole = (times * part.double()).broadcast_to(step.shape)
                except RuntimeError:
                    break
                if not seen.near(whole, step):
                    break
                found += 1
            if found and found == len(steps):
                return f"`{name}` is added {words}."
    return None


def _parts(seen: Seen, i: int) -> Iterator[tuple[str, Tensor]]:
    """The tensors of numbers that a case has, by name."""
    for name, x in zip(seen.names, seen.cases[i].args, strict=False):
        if isinstance(x, dict):
            for key, part in x.items():
                if is_tensor(part) and part.is_floating_point():
                    yield str(key), part
        elif is_tensor(x) and x.is_floating_point():
            yield name, x


def number(seen: Seen) -> str | None:
    """Plain numbers, wrong by a step or a factor."""
    pairs = seen.values
    kinds = (int, float)
    if len(pairs) < 2 or not all(type(x) in kinds for pair in pairs for x in pair):
        return None
    steps = {round(g - w, 6) for w, g in pairs if math.isfinite(g)}
    if steps == {0}:
        return (
            "The numbers are right, but a whole number is wanted: `int(…)` makes one."
        )
    if all(0 <= w < 64 for w, _ in pairs):
        return None  # ids
    if len(steps) == 1:
        (step,) = steps
        return f"It is too {'large' if step > 0 else 'small'} by {plain(abs(step))} each time."
    if all(w and math.isfinite(g) for w, g in pairs):
        ratios = [g / w for w, g in pairs]
        if max(ratios) - min(ratios) < 1e-6 * abs(max(ratios)):
            return f"It is {plain(ratios[0])} times what it should be, each time."
    if all(g > w for w, g in pairs):
        return "It is too large each time."
    if all(g < w for w, g in pairs):
        return "It is too small each time."
    return None
