"""direction: the step that several pairs of tokens have in common, at length 1.

Steps are of very different lengths, so that it shows whether the mean is taken of them
as they are. With the shipped model, a step changes one thing of a word.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between, normal, some
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
            (across(steps(6, 3, 2)[0]), [0, 1], [2, 3]),
        ),
        Case("many pairs", steps(80, 5, 36)),
    ]


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


def _plain(table: Tensor, froms: list[int], tos: list[int]) -> Tensor:
    return _unit(_steps(table, froms, tos).mean(0))


MISTAKES = (
    Mistake(
        "the way back",
        "Exactly the opposite direction. A step from one place to another is where it "
        "ends minus where it begins.",
        lambda table, froms, tos: _plain(table, tos, froms),
    ),
    Mistake(
        "the mean, not at length 1",
        "The direction is right, the length is not. Divide the mean step by its own "
        "length.",
        lambda table, froms, tos: _steps(table, froms, tos).mean(0),
    ),
    Mistake(
        "the sum, not at length 1",
        "The direction is right, the length is not: this is the sum of the steps. "
        "Take the mean, then divide it by its own length.",
        lambda table, froms, tos: _steps(table, froms, tos).sum(0),
    ),
    Mistake(
        "each step at length 1, then the mean",
        "You bring each step to length 1 and then take the mean, which is shorter than "
        "1 again. First the mean of the steps as they are, then its length.",
        lambda table, froms, tos: _unit(_steps(table, froms, tos)).mean(0),
    ),
    Mistake(
        "each step at length 1 before the mean",
        "You bring each step to length 1 before you take the mean, so a short step "
        "counts as much as a long one. Take the mean of the steps as they are.",
        lambda table, froms, tos: _unit(_unit(_steps(table, froms, tos)).mean(0)),
    ),
    Mistake(
        "the rows at length 1 first",
        "You bring the rows of the table to length 1 before you subtract. A step leads "
        "from one row to the other as they are; only the answer has length 1.",
        lambda table, froms, tos: _plain(_unit(table), froms, tos),
    ),
    Mistake(
        "divided by the squared length",
        "You divide by the squared length. A vector divided by its length has length 1; "
        "the length is the root of the sum of squares.",
        lambda table, froms, tos: (
            (step := _steps(table, froms, tos).mean(0)) / step.square().sum()
        ),
    ),
    Mistake(
        "divided by the sum of absolute values",
        f"You divide by the sum of the absolute values. {THE_LENGTH}",
        lambda table, froms, tos: (
            (step := _steps(table, froms, tos).mean(0)) / step.abs().sum()
        ),
    ),
    Mistake(
        "the largest number made 1",
        "You divide by the largest number in the vector. The length should be 1, and "
        "the length is the root of the sum of squares.",
        lambda table, froms, tos: (
            (step := _steps(table, froms, tos).mean(0)) / step.abs().max()
        ),
    ),
    Mistake(
        "only the first pair",
        "Only the first pair counts. Does `return` stand inside the loop, or does the "
        "index 0 pick one pair? All steps belong in the mean.",
        lambda table, froms, tos: _plain(table, froms[:1], tos[:1]),
    ),
    Mistake(
        "only the last pair",
        "Only the last pair counts. Each round of the loop overwrites the step before: "
        "gather all of them, then take their mean.",
        lambda table, froms, tos: _plain(table, froms[-1:], tos[-1:]),
    ),
    Mistake(
        "the mean over the wrong axis",
        "You take the mean over the columns and get one number per pair. The mean is "
        "over the pairs, column by column, and its shape is (C,).",
        lambda table, froms, tos: _unit(_steps(table, froms, tos).mean(1)),
    ),
    Mistake(
        "a direction for each pair",
        "You give a direction for each pair. Only one is wanted for all of them: the "
        "mean of the steps, at length 1.",
        lambda table, froms, tos: _unit(_steps(table, froms, tos)),
    ),
    Mistake(
        "one axis too many",
        "These are the right numbers, but as a matrix with one row. Return a vector "
        "of shape (C,).",
        lambda table, froms, tos: _plain(table, froms, tos)[None],
    ),
    Mistake(
        "rows added instead of subtracted",
        "You add the two rows of a pair. A step from one to the other is their "
        "difference.",
        lambda table, froms, tos: _unit((table[tos] + table[froms]).mean(0)),
    ),
    Mistake(
        "steps without their signs",
        "No number of yours is below zero. A step may well go down: keep the signs of "
        "the differences.",
        lambda table, froms, tos: _unit(_steps(table, froms, tos).abs().mean(0)),
    ),
    Mistake(
        "ids subtracted",
        "You subtract the ids. An id is only the number of a row; the rows themselves "
        "are what can be subtracted.",
        lambda table, froms, tos: _unit(
            table[[b - a for a, b in zip(froms, tos, strict=True)]].mean(0)
        ),
    ),
)

CHECK = Check("direction", 3, draw, oracle, MISTAKES, forbidden=LIBRARIES)
