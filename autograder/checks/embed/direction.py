"""direction: the step that several pairs of tokens have in common, at length 1.

Steps are of very different lengths, so that it shows whether the mean is taken of them
as they are. With the shipped model, a step changes one thing of a word.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between, normal, some
from autograder.checks._slips import double_precision
from autograder.checks._twins import twins
from autograder.checks.embed._material import (
    LIBRARIES,
    RIGHT_TRIANGLES,
    THE_LENGTH,
    decimals,
    different,
    word_rows,
)


def oracle(table: Tensor, froms: list[int], tos: list[int]) -> Tensor:
    rows = table.double().numpy()
    step = sum(rows[b] - rows[a] for a, b in zip(froms, tos, strict=True))
    return torch.tensor(step / np.linalg.norm(step), dtype=torch.float32)


def draw(rng: np.random.Generator) -> list[Case]:
    x, y = some(rng, RIGHT_TRIANGLES, 1)[0]
    sign = rng.choice([-1, 1], 2)
    plane = decimals(rng, 4, 2)
    a, b = different(rng, 4, 2)
    plane[b] = plane[a] + torch.tensor([sign[0] * x, sign[1] * y]).float() / 2

    def steps(n: int, C: int, pairs: int) -> tuple:
        """Steps of one direction, more or less, and of very different lengths."""
        table = normal(rng, n, C)
        chosen = different(rng, n, 2 * pairs)
        froms, tos = chosen[:pairs], chosen[pairs:]
        common = normal(rng, C)
        for k, (i, j) in enumerate(zip(froms, tos, strict=True)):
            table[j] = table[i] + (common + 0.5 * normal(rng, C)) * 4.0 ** min(k, 3)
        return table, froms, tos

    three = decimals(rng, 5, 3) / 4
    p, q, r = different(rng, 5, 3)
    three[q] += torch.tensor([6.0, -5.0, 4.0]) * between(rng, 1, 3)
    three[r] += torch.tensor([5.0, 6.0, 7.0]) * between(rng, 1, 3)
    twice = normal(rng, 5, 4)
    family = (_HE_SHE, _ONE_MANY)[between(rng, 0, 1)]
    pairs = some(rng, family, between(rng, 2, 3))
    apart = torch.arange(100, 0, -20)[:, None]
    words, which = word_rows(rng, 16, *(word for pair in pairs for word in pair))
    return [
        Case("one pair in the plane", (plane, [a], [b])),
        Case("two pairs, one step longer than the other", steps(6, 3, 2)),
        Case("one token that leads to two others", (three, [p, p], [q, r])),
        Case("several pairs", steps(12, 5, 4)),
        Case(
            "pairs of words of the course's own model",
            (
                words,
                [which.index(a) for a, _ in pairs],
                [which.index(b) for _, b in pairs],
            ),
        ),
        Case("a pair that is given twice", (twice, [p, p, q], [q, q, r])),
        edge("two tokens that lead to the same one", (three, [p, q], [r, r])),
        edge(
            "a table that lies across in memory",
            (across(steps(6, 132, 2)[0]), [0, 1], [2, 3]),
        ),
        Case(
            "many pairs, of large steps", _turned_at_the_end(rng, *steps(1060, 2, 521))
        ),
        edge("vectors of a single number", (decimals(rng, 5, 1) + apart, [4], [0])),
        edge("numbers near a billionth", (plane / 2**30, [a], [b])),
        edge("numbers of many millions", (_millions(rng, sign), [0], [1])),
        *twins(
            oracle,
            lambda: (normal(rng, 8, 3), [0, 1, 2, 3], [4, 5, 6, 7]),
            "the table",
            "the ids that the steps begin at",
            "the ids that they lead to",
            others={1: [0, 2, 2, 3], 2: [4, 6, 6, 7]},
        ),
    ]


def _turned_at_the_end(
    rng: np.random.Generator, table: Tensor, froms: list[int], tos: list[int]
) -> tuple[Tensor, list[int], list[int]]:
    """The last step leads elsewhere, and weighs as much as all others; all are large."""
    others = (table[tos] - table[froms])[:-1].sum(0)
    across = others.flip(0) * torch.tensor([-1.0, 1.0])
    table[tos[-1]] = table[froms[-1]] + across * float(rng.choice([-1, 1]))
    return table * 2.0**20, froms, tos


def _millions(rng: np.random.Generator, sign: np.ndarray) -> Tensor:
    """One step along the sides of a triangle; a little larger, float32 has even numbers."""
    sides = some(rng, [(3, 4), (4, 3), (5, 12), (12, 5), (8, 15), (15, 8)], 1)[0]
    start = 2**24 - rng.integers(100, 10_000, 2)
    return torch.tensor(np.stack([start, start + sides]) * [1, -1] * sign).float()


# Words that differ in one thing: which pronoun goes with them, or how many there are.
_HE_SHE = (
    ("he", "she"),
    ("his", "her"),
    ("He", "She"),
    ("Tom", "Ada"),
    ("Leo", "Mei"),
    ("Kofi", "Rosa"),
    ("Ravi", "Zoe"),
)
_ONE_MANY = (("bean", "beans"), ("poppy", "poppies"), ("was", "were"))


def _steps(table: Tensor, froms: list[int], tos: list[int]) -> Tensor:
    return table[tos] - table[froms]  # (pairs, C)


def _unit(x: Tensor) -> Tensor:
    return x / x.square().sum(-1, keepdim=True).sqrt()


def _length(step: Tensor) -> Tensor:
    return step.square().sum(-1, keepdim=True).sqrt()


def _plain(
    table: Tensor,
    froms: list[int],
    tos: list[int],
    rows: Callable[[Tensor], Tensor] = lambda table: table,
    pairs: Callable[[list[int]], list[int]] = lambda ids: ids,
    steps: Callable[..., Tensor] = _steps,
    mean: Callable[[Tensor], Tensor] = lambda steps: steps.mean(0),
    by: Callable[[Tensor], Tensor | float] = _length,
    last: Callable[[Tensor], Tensor] = lambda unit: unit,
) -> Tensor:
    """The mean step at length 1, with a screw at each step."""
    step = mean(steps(rows(table), pairs(froms), pairs(tos)))
    return last(step / by(step))


def _each_once(table: Tensor, froms: list[int], tos: list[int]) -> Tensor:
    once = dict.fromkeys(zip(froms, tos, strict=True))
    return _plain(table, *map(list, zip(*once, strict=True)))


def worked(table: Tensor, froms: list[int], tos: list[int]) -> dict[str, Tensor]:
    steps = _steps(table.double(), froms, tos)
    return {
        "the steps": steps,
        "their mean": steps.mean(0),
        "its length": steps.mean(0).norm(),
        "divided by it": _unit(steps.mean(0)),
    }


MISTAKES = (
    Mistake(
        "the way back",
        "Exactly the opposite direction. A step from one place to another is where it "
        "ends minus where it begins.",
        partial(_plain, steps=lambda table, froms, tos: table[froms] - table[tos]),
    ),
    Mistake(
        "the mean, not at length 1",
        "The direction is right, the length is not. Divide the mean step by its own "
        "length.",
        partial(_plain, by=lambda step: 1.0),
    ),
    Mistake(
        "the sum, not at length 1",
        "The direction is right, the length is not: this is the sum of the steps. "
        "Take the mean, then divide it by its own length.",
        partial(_plain, mean=lambda steps: steps.sum(0), by=lambda step: 1.0),
    ),
    Mistake(
        "each step at length 1, then the mean",
        "You bring each step to length 1 and then take the mean, which is shorter than "
        "1 again. First the mean of the steps as they are, then its length.",
        partial(_plain, steps=lambda *of: _unit(_steps(*of)), by=lambda step: 1.0),
    ),
    Mistake(
        "each step at length 1 before the mean",
        "You bring each step to length 1 before you take the mean, so a short step "
        "counts as much as a long one. Take the mean of the steps as they are.",
        partial(_plain, steps=lambda *of: _unit(_steps(*of))),
    ),
    Mistake(
        "the rows at length 1 first",
        "You bring the rows of the table to length 1 before you subtract. A step leads "
        "from one row to the other as they are; only the answer has length 1.",
        partial(_plain, rows=_unit),
    ),
    Mistake(
        "divided by the squared length",
        "You divide by the squared length. A vector divided by its length has length 1; "
        "the length is the root of the sum of squares.",
        partial(_plain, by=lambda step: step.square().sum()),
    ),
    Mistake(
        "divided by the sum of absolute values",
        f"You divide by the sum of the absolute values. {THE_LENGTH}",
        partial(_plain, by=lambda step: step.abs().sum()),
    ),
    Mistake(
        "the largest number made 1",
        "You divide by the largest number in the vector. The length should be 1, and "
        "the length is the root of the sum of squares.",
        partial(_plain, by=lambda step: step.abs().max()),
    ),
    Mistake(
        "only the first pair",
        "Only the first pair counts. Does `return` stand inside the loop, or does the "
        "index 0 pick one pair? All steps belong in the mean.",
        partial(_plain, pairs=lambda ids: ids[:1]),
    ),
    Mistake(
        "only the last pair",
        "Only the last pair counts. Each round of the loop overwrites the step before: "
        "gather all of them, then take their mean.",
        partial(_plain, pairs=lambda ids: ids[-1:]),
    ),
    Mistake(
        "the mean over the wrong axis",
        "You take the mean over the columns and get one number per pair. The mean is "
        "over the pairs, column by column, and its shape is (C,).",
        partial(_plain, mean=lambda steps: steps.mean(1)),
    ),
    Mistake(
        "a direction for each pair",
        "You give a direction for each pair. Only one is wanted for all of them: the "
        "mean of the steps, at length 1.",
        partial(_plain, mean=lambda steps: steps),
    ),
    Mistake(
        "one axis too many",
        "These are the right numbers, but as a matrix with one row. Return a vector "
        "of shape (C,).",
        partial(_plain, last=lambda unit: unit[None]),
    ),
    Mistake(
        "rows added instead of subtracted",
        "You add the two rows of a pair. A step from one to the other is their "
        "difference.",
        partial(_plain, steps=lambda table, froms, tos: table[tos] + table[froms]),
    ),
    Mistake(
        "steps without their signs",
        "No number of yours is below zero. A step may well go down: keep the signs of "
        "the differences.",
        partial(_plain, steps=lambda *of: _steps(*of).abs()),
    ),
    Mistake(
        "the median instead of the mean",
        "You take the median of the steps, the number in the middle. The **mean** is their "
        "sum, divided by how many there are.",
        partial(_plain, mean=lambda steps: steps.median(0).values),
    ),
    Mistake(
        "the largest step",
        "You take the largest number of each column. The direction is that of the **mean** "
        "step.",
        partial(_plain, mean=lambda steps: steps.amax(0)),
    ),
    Mistake(
        "a number added to the length",
        "A small number is added to the length, against a division by zero. The answer "
        "should have exactly length 1: divide by the length alone.",
        partial(_plain, by=lambda step: _length(step) + 1e-2),
    ),
    Mistake(
        "a small number added to the length",
        "A number is added to the length, against a division by zero. It is small, but the "
        "answer should have exactly length 1: divide by the length alone.",
        partial(_plain, by=lambda step: _length(step) + 1e-3),
    ),
    Mistake(
        "multiplied by the length",
        "You multiply by the length. **Divide** by it, and the answer has length 1.",
        partial(_plain, by=lambda step: 1 / _length(step)),
    ),
    Mistake(
        "divided by the root of the length",
        "You take the root of the length, but the length is already a root: that of the "
        "sum of squares.",
        partial(_plain, by=lambda step: _length(step).sqrt()),
    ),
    Mistake(
        "divided by the sum of the numbers",
        "You divide by the sum of the vector's numbers. Its length is the root of the sum "
        "of **squares**.",
        partial(_plain, by=torch.sum),
    ),
    Mistake(
        "divided by the root of the mean square",
        "Under your root is the mean of the step's squares. Its length is the root of "
        "their **sum**.",
        partial(_plain, by=lambda step: step.square().mean().sqrt()),
    ),
    Mistake(
        "only the rows where the steps end",
        "You take the mean of the rows where the steps end. A step is where it ends "
        "**minus** where it begins.",
        partial(_plain, steps=lambda table, froms, tos: table[tos]),
    ),
    Mistake(
        "only the rows where the steps begin",
        "You take the mean of the rows where the steps begin. A step is where it ends "
        "minus that.",
        partial(_plain, steps=lambda table, froms, tos: table[froms]),
    ),
    Mistake(
        "only the first two pairs",
        "Only the first two pairs count. All steps belong in the mean: is there a fixed "
        "number in your lines?",
        partial(_plain, pairs=lambda ids: ids[:2]),
    ),
    Mistake(
        "the first pair left out",
        "The first pair is left out. Pairs count from 0, and all steps belong in the mean.",
        partial(_plain, pairs=lambda ids: ids[1:]),
    ),
    Mistake(
        "the last pair left out",
        "The last pair is left out. `range(n)` ends **before** n by itself, and all steps "
        "belong in the mean.",
        partial(_plain, pairs=lambda ids: ids[:-1]),
    ),
    Mistake(
        "pairs counted once",
        "A pair that is given twice counts once here. Is there a `set`, a `dict` or a "
        "`unique`? All steps belong in the mean, each as often as it is given.",
        _each_once,
    ),
    Mistake(
        "the table centred first",
        "You bring the table's rows to one size before you subtract. A step leads from one "
        "row to the other as they are.",
        partial(_plain, rows=lambda table: (table - table.mean(0)) / table.std(0)),
    ),
    Mistake(
        "without signs",
        "The signs are lost at the end. A direction may well go down.",
        partial(_plain, last=torch.abs),
    ),
    Mistake(
        "rounded",
        "Your direction is rounded. Give it as it is; printing shows fewer digits by "
        "itself.",
        partial(_plain, last=lambda unit: unit.round(decimals=2)),
    ),
    double_precision(_plain),
    Mistake(
        "ids subtracted",
        "You subtract the ids. An id is only the number of a row; the rows themselves "
        "are what can be subtracted.",
        lambda table, froms, tos: _unit(
            table[[b - a for a, b in zip(froms, tos, strict=True)]].mean(0)
        ),
    ),
)

CHECK = Check(
    "direction", 3, draw, oracle, MISTAKES, forbidden=LIBRARIES, worked=worked
)
