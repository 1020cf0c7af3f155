"""Remarks by the numbers: shares, NaN, rounding, the right answer with one thing done."""

from __future__ import annotations

import torch

from autograder.verdict import oddities
from autograder.verdict.remark.seen import Seen, is_tensor, plain


def rounded(seen: Seen) -> str | None:
    for digits in range(6):
        if seen.tensors and all(
            w.is_floating_point()
            and g.is_floating_point()
            and w.shape == g.shape
            and _is_rounded(w.double(), g.double(), digits)
            for w, g in seen.tensors
            if w.numel()
        ):
            return f"The numbers are right, but rounded to {digits} decimal places."
    return None


def _is_rounded(want: torch.Tensor, got: torch.Tensor, digits: int) -> bool:
    """Up to what float32 leaves of a number, and up or down where it lies between two."""
    margin = 1e-6 + 1e-7 * want.abs()
    short = (got - got.round(decimals=digits)).abs() < margin
    return bool((short & ((want - got).abs() < 0.5 * 10.0**-digits + margin)).all())


def sums(seen: Seen) -> str | None:
    """Shares that do not sum to one."""
    tables = [w.value for w in seen.wanted if not w.raised]
    if not tables or not all(
        is_tensor(t) and t.is_floating_point() and t.ndim and t.shape[-1] > 0
        for t in tables
    ):
        return None
    if not all((t.sum(-1) - 1).abs().max() < 1e-3 for t in tables if t.numel()):
        return None
    for _, got in seen.tensors:
        if got.is_floating_point() and got.ndim and got.numel():
            sums = got.double().sum(-1).flatten()
            off = sums[(sums - 1).abs() > 1e-3]
            if off.numel() and off.isfinite().all():
                if got.ndim > 1 and (got.double().sum(-2) - 1).abs().max() < 1e-3:
                    return "In your answer each **column** sums to 1. It should be each row."
                rows = "a row of it sums" if got.ndim > 1 else "it sums"
                return (
                    "What comes back must sum to 1 along the last axis, and "
                    f"{rows} to {plain(float(off[0]))}."
                )
    return None


def not_finite(seen: Seen) -> str | None:
    found = [g for w, g in seen.tensors if w.is_floating_point() and w.isfinite().all()]
    if len(found) < len(seen.wrong) or not found:
        return None
    if all(g.isnan().any() for g in found):
        return (
            "There is NaN in your answer. It comes from ∞ − ∞, 0 · ∞, ∞ / ∞, 0 / 0 or the "
            "root of a negative number. In float32, `exp` is ∞ from 89 on."
        )
    if all(g.is_floating_point() and g.isinf().any() for g in found):
        return (
            "There is ∞ in your answer. In float32, `exp` is ∞ from 89 on, and so is "
            "a number divided by 0."
        )
    return None


def nearly(seen: Seen) -> str | None:
    pairs = [(w.double(), g.double()) for w, g in seen.tensors if w.is_floating_point()]
    if len(pairs) < len(seen.wrong) or any(w.shape != g.shape for w, g in pairs):
        return None
    off = [
        float((g - w).abs().max() / w.abs().max().clamp(min=1e-9))
        for w, g in pairs
        if w.numel() and w.isfinite().all() and g.isfinite().all()
    ]
    if len(off) < len(pairs) or max(off) > 0.03:
        return None
    if coarse := seen.written and oddities.coarse(seen.written.function):
        return coarse
    return (
        "Nearly right: no number is off by more than "
        f"{plain(100 * max(off))} % of the largest. So look for a constant that is "
        "mistyped or rounded, or for a small number (ε) that is another or stands in "
        "another place."
    )


def of_the_right(seen: Seen) -> str | None:
    """The right answer, with something done to it."""
    pairs = [(w.double(), g.double()) for w, g in seen.tensors if w.is_floating_point()]
    if len(pairs) < len(seen.wrong) or any(w.shape != g.shape for w, g in pairs):
        return None
    for words, done in (
        ("without its signs", torch.abs),
        ("with everything below 0 set to 0", torch.relu),
        ("with the mean of each row subtracted", lambda x: x - x.mean(-1, True)),
        (
            "with each row divided by its length",
            lambda x: x / x.norm(dim=-1, keepdim=True),
        ),
        ("with each row divided by its sum", lambda x: x / x.sum(-1, True)),
        ("with each number squared", torch.square),
        ("with the root taken of each number", torch.sqrt),
        ("with `exp` taken of each number", torch.exp),
        ("with `log` taken of each number", torch.log),
        ("with `acos` taken of each number", torch.acos),
        ("with one divided by each number", torch.reciprocal),
        ("after a softmax along each row", lambda x: x.softmax(-1)),
        ("after a softmax and its logarithm", lambda x: x.log_softmax(-1)),
        ("added up along each row", lambda x: x.cumsum(-1)),
        ("with the future set to 0", torch.tril),
    ):
        if any(w.ndim < 1 for w, _ in pairs):
            return None
        if words.endswith("to 0") and any(w.ndim < 2 for w, _ in pairs):
            continue
        if all(seen.near(done(w), g) for w, g in pairs):
            return f"Your answer is the right one {words}."
    return None


def shares(seen: Seen) -> str | None:
    """Rows that sum to one, but are too even or too uneven."""
    powers = []
    for w, g in seen.tensors:
        if not (w.is_floating_point() and w.shape == g.shape and w.ndim and w.numel()):
            return None
        rows, other = (x.double().reshape(-1, x.shape[-1]) for x in (w, g))
        if ((rows.sum(-1) - 1).abs() > 1e-3).any() or (
            (other.sum(-1) - 1).abs() > 1e-3
        ).any():
            return None
        for a, b in zip(rows, other, strict=True):
            held = (a > 1e-6) & (b > 1e-6)
            if held.sum() < 2:
                continue
            x, y = a[held].log(), b[held].log()
            x, y = x - x.mean(), y - y.mean()
            if x.square().sum() < 1e-6:
                continue
            power = float((x * y).sum() / x.square().sum())
            if (y - power * x).abs().max() > 2e-2 * max(1.0, float(y.abs().max())):
                return None
            powers.append(power)
    if len(powers) < 2 or any(abs(p - 1) < 1e-3 for p in powers):
        return None
    if all(0 < p < 1 for p in powers):
        return (
            "Your rows are shares, but too even, as if the scores had been made too "
            f"small. (In the first wrong case, {plain(1 / powers[0])} times.)"
        )
    if all(p > 1 for p in powers):
        return (
            "Your rows are shares, but too uneven, as if the scores had been made too "
            f"large. (In the first wrong case, {plain(powers[0])} times.)"
        )
    return None
