"""cosines: the cosine of each row of a table with one vector.

Rows that point the same way, against it and at a right angle show each part of the
formula; rows from very short to very long, what is left of a length.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between, normal, some
from autograder.checks._slips import lists_of_numbers
from autograder.checks.embed._material import (
    ANGLES,
    LIBRARIES,
    RIGHT_TRIANGLES,
    THE_LENGTH,
    cosines,
    decimals,
    different,
    lengths,
    word_rows,
)


def oracle(table: Tensor, v: Tensor) -> Tensor:
    return functional.cosine_similarity(table.double(), v.double(), dim=-1).float()


def draw(rng: np.random.Generator) -> list[Case]:
    x, y = some(rng, RIGHT_TRIANGLES, 1)[0]
    x, y = (int(s) * k for s, k in zip(rng.choice([-1, 1], 2), (x, y), strict=True))
    long = between(rng, 2, 60)
    turned = torch.tensor(
        [[x, y], [long * x, long * y], [-x, -y], [-y, x], [abs(x), 0.0]]
    )
    scale = torch.tensor(10.0 ** rng.uniform(-2, 3, (6, 1)), dtype=torch.float32)
    words, _ = word_rows(rng, 24)
    i, j = different(rng, 24, 2)
    return [
        Case(
            "vectors that point the same way, against it, and at a right angle",
            (turned, turned[0] * between(rng, 1, 5)),
        ),
        Case("four rows", (decimals(rng, 4, 3), decimals(rng, 1, 3)[0])),
        Case(
            "rows from very short to very long",
            (normal(rng, 6, 4) * scale, normal(rng, 4)),
        ),
        Case(
            "as many rows as columns",
            (normal(rng, 5, 5), normal(rng, 5) * between(rng, 2, 9)),
        ),
        edge("a single row", (decimals(rng, 1, 4), decimals(rng, 1, 4)[0])),
        Case("a word of the course's own model", (words, words[i].clone())),
        Case("a step from one word to another", (words, words[j] - words[i])),
        Case("many rows", (normal(rng, between(rng, 33, 40), 36), normal(rng, 36))),
        edge(
            "a table that lies across in memory",
            (across(normal(rng, 6, 4)), normal(rng, 4)),
        ),
    ]


def _dots(table: Tensor, v: Tensor) -> Tensor:
    return table @ v


MISTAKES = (
    Mistake(
        "the dot product alone",
        "These are dot products: a longer vector gets a larger number. A cosine tells "
        "the angle alone, so both lengths are divided out.",
        _dots,
    ),
    Mistake(
        "only the rows' lengths divided out",
        "You divide by the lengths of the rows, and not by that of `v`. Even a vector's "
        "cosine with itself is not 1 then.",
        lambda table, v: _dots(table, v) / lengths(table),
    ),
    Mistake(
        "only v's length divided out",
        "You divide by the length of `v`, and not by those of the rows. A long row "
        "seems nearer than it is.",
        lambda table, v: _dots(table, v) / v.norm(),
    ),
    Mistake(
        "multiplied by v's length",
        "You divide by the one length and multiply by the other. After a `/` Python "
        "goes on from left to right. Do the two lengths need brackets?",
        lambda table, v: _dots(table, v) / lengths(table) * v.norm(),
    ),
    Mistake(
        "multiplied by the rows' lengths",
        "You divide by the length of `v` and multiply by those of the rows. After a "
        "`/` Python goes on from left to right. Do the two lengths need brackets?",
        lambda table, v: _dots(table, v) / v.norm() * lengths(table),
    ),
    Mistake(
        "squared lengths",
        "You divide by squared lengths. The length of a vector is the square root of "
        "the sum of its squares.",
        lambda table, v: _dots(table, v) / lengths(table).square() / v.square().sum(),
    ),
    Mistake(
        "one length for the whole table",
        "You divide by one length, that of the whole table. Each row has a length of its "
        "own: tell `norm` over which axis to sum.",
        lambda table, v: _dots(table, v) / table.norm() / v.norm(),
    ),
    Mistake(
        "lengths of the columns",
        "You take the lengths of the columns, over axis 0. A row's length sums over its "
        "columns, which is axis 1.",
        lambda table, v: _dots(table, v) / table.norm(dim=0) / v.norm(),
    ),
    Mistake(
        "a square instead of a column",
        "A square came out. Lengths of shape (n, 1) against dot products of shape "
        "(n,) spread out to (n, n): give both one shape. Does `keepdim` help here?",
        lambda table, v: _dots(table, v) / table.norm(dim=1, keepdim=True) / v.norm(),
    ),
    Mistake(
        "a column of shape (n, 1)",
        "The right numbers, in a shape with one axis too many: n of them, so the shape "
        "is (n,).",
        lambda table, v: cosines(table, v)[:, None],
    ),
    Mistake(
        "the sum of absolute values as length",
        f"Your lengths are sums of absolute values. {THE_LENGTH}",
        lambda table, v: _dots(table, v) / table.abs().sum(1) / v.abs().sum(),
    ),
    Mistake(
        "distances",
        "These are distances between points. A cosine compares where vectors point, "
        "whatever their lengths: the dot product, divided by both lengths.",
        lambda table, v: lengths(table - v),
    ),
    Mistake(
        "one minus the cosine",
        "You give one minus the cosine, which some libraries call the cosine "
        "distance. Return the cosine itself: 1 for the same direction.",
        lambda table, v: 1 - cosines(table, v),
    ),
    Mistake(
        "without the sign",
        "The sign is lost. Two vectors that point against each other have the cosine "
        "−1, which is as far as they can be from 1.",
        lambda table, v: cosines(table, v).abs(),
    ),
    Mistake(
        "angles",
        "You give the angles. Stop one step earlier: the cosine itself is asked for.",
        lambda table, v: cosines(table, v).clamp(-1, 1).arccos(),
    ),
    Mistake(
        "the mean taken away first",
        "You take each vector's mean away before you compare. That is a correlation; "
        "the cosine takes vectors as they are.",
        lambda table, v: cosines(table - table.mean(1, keepdim=True), v - v.mean()),
    ),
    lists_of_numbers(oracle, more="Its shape is (n,).", name="a list of numbers"),
    Mistake(
        "products that are not summed up",
        "A whole matrix came back. The dot product of a row with `v` multiplies place "
        "by place and then **sums** over the row.",
        lambda table, v: table * v / lengths(table)[:, None] / v.norm(),
    ),
    Mistake(
        "only the first row",
        "There is one cosine where n are asked for. Does `return` stand inside the "
        "loop? It ends the whole function at the first row.",
        lambda table, v: cosines(table, v)[0],
    ),
)

CHECK = Check("cosines", 3, draw, oracle, MISTAKES, forbidden=LIBRARIES + ANGLES)
