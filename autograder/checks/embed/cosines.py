"""cosines: the cosine of each row of a table with one vector.

Rows that point the same way, against it and at a right angle show each part of the
formula; rows from very short to very long, what is left of a length.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between, large, normal, some
from autograder.checks._slips import double_precision, lists_of_numbers, written_into
from autograder.checks._twins import twins
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
    table, v = table.double(), v.double()
    return functional.cosine_similarity(table, v, dim=-1, eps=0.0).float()


def draw(rng: np.random.Generator) -> list[Case]:
    x, y = some(rng, RIGHT_TRIANGLES, 1)[0]
    x, y = (int(s) * k for s, k in zip(rng.choice([-1, 1], 2), (x, y), strict=True))
    long = between(rng, 2, 60)
    turned = torch.tensor(
        [[x, y], [long * x, long * y], [-x, -y], [-y, x], [abs(x), 0.0]]
    )
    scale = torch.tensor(10.0 ** rng.uniform(-2, 3, (6, 1)), dtype=torch.float32)
    words, _ = word_rows(rng, 16)
    i, j = different(rng, 16, 2)
    signs = torch.tensor(rng.permutation([1.0, 1.0, -1.0, -1.0])).float()
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
        Case("many rows", (normal(rng, between(rng, 1025, 1100), 2), normal(rng, 2))),
        edge(
            "a table that lies across in memory",
            (across(normal(rng, 6, 132)), normal(rng, 132)),
        ),
        edge(
            "rows and a vector of very large numbers",
            (large(rng, 3, 4) * signs * 2**12, large(rng, 4) * signs * 2**12),
        ),
        edge(
            "rows and a vector near a billionth",
            (_short(rng, 4, 3), _short(rng, 3)),
        ),
        edge(
            "vectors of a single number", (decimals(rng, 5, 1), decimals(rng, 1, 1)[0])
        ),
        *twins(
            oracle,
            lambda: (normal(rng, 5, 4), normal(rng, 4)),
            "the table",
            "the vector",
        ),
    ]


def _short(rng: np.random.Generator, *shape: int) -> Tensor:
    """Vectors of 3 to 7 billionths: their squares' product is still a float32."""
    numbers = rng.integers(20, 40, shape) * rng.choice([-1, 1], shape)
    return torch.tensor(numbers / 10 / 2**30, dtype=torch.float32)


def _length(v: Tensor) -> Tensor:
    return v.square().sum().sqrt()


def _plain(
    table: Tensor,
    v: Tensor,
    first: Callable[[Tensor], Tensor] = lambda rows: rows,
    dots: Callable[[Tensor, Tensor], Tensor] = lambda table, v: table @ v,
    rows: Callable[[Tensor], Tensor] = lengths,
    own: Callable[[Tensor], Tensor] = _length,
    last: Callable[[Tensor], Tensor] = lambda cosines: cosines,
) -> Tensor:
    """The cosines, with screws: `first` for the table, the two lengths, and `last`."""
    table = first(table)
    return last(dots(table, v) / rows(table) / own(v))


def worked(table: Tensor, v: Tensor) -> dict[str, Tensor]:
    table, v = table.double(), v.double()
    return {
        "the dot products": table @ v,
        "the rows' lengths": lengths(table),
        "the length of v": _length(v),
        "divided by both": table @ v / lengths(table) / _length(v),
    }


def _alone(x: Tensor) -> Tensor:
    return torch.ones(())


def _into(table: Tensor, v: Tensor) -> Tensor:
    table /= lengths(table)[:, None]
    return table @ v / _length(v)


MISTAKES = (
    Mistake(
        "the dot product alone",
        "These are dot products: a longer vector gets a larger number. A cosine tells "
        "the angle alone, so both lengths are divided out.",
        partial(_plain, rows=_alone, own=_alone),
    ),
    Mistake(
        "only the rows' lengths divided out",
        "You divide by the lengths of the rows, and not by that of `v`. Even a vector's "
        "cosine with itself is not 1 then.",
        partial(_plain, own=_alone),
    ),
    Mistake(
        "only v's length divided out",
        "You divide by the length of `v`, and not by those of the rows. A long row "
        "seems nearer than it is.",
        partial(_plain, rows=_alone),
    ),
    Mistake(
        "multiplied by v's length",
        "You divide by the one length and multiply by the other. After a `/` Python "
        "goes on from left to right. Do the two lengths need brackets?",
        partial(_plain, own=lambda v: 1 / _length(v)),
    ),
    Mistake(
        "multiplied by the rows' lengths",
        "You divide by the length of `v` and multiply by those of the rows. After a "
        "`/` Python goes on from left to right. Do the two lengths need brackets?",
        partial(_plain, rows=lambda table: 1 / lengths(table)),
    ),
    Mistake(
        "multiplied by both lengths",
        "You multiply by both lengths, so that they count twice as much. **Divide** by "
        "them, and only the angle is left.",
        partial(
            _plain,
            rows=lambda table: 1 / lengths(table),
            own=lambda v: 1 / _length(v),
        ),
    ),
    Mistake(
        "squared lengths",
        "You divide by squared lengths. The length of a vector is the square root of "
        "the sum of its squares.",
        partial(
            _plain,
            rows=lambda table: lengths(table) ** 2,
            own=lambda v: v.square().sum(),
        ),
    ),
    Mistake(
        "the rows' lengths squared",
        "You divide by the squared lengths of the rows. The length of a vector is the "
        "square **root** of the sum of its squares.",
        partial(_plain, rows=lambda table: lengths(table) ** 2),
    ),
    Mistake(
        "v's length squared",
        "You divide by the squared length of `v`, or by it twice. The length of a vector "
        "is the square **root** of the sum of its squares.",
        partial(_plain, own=lambda v: v.square().sum()),
    ),
    Mistake(
        "roots of the lengths",
        "You take the root of a length, but `norm` has taken it already: it is the root of "
        "the sum of squares.",
        partial(
            _plain,
            rows=lambda table: lengths(table).sqrt(),
            own=lambda v: _length(v).sqrt(),
        ),
    ),
    Mistake(
        "the lengths added",
        "You divide by the **sum** of the two lengths. Divide by the one length **times** "
        "the other, or by one after the other.",
        lambda table, v: table @ v / (lengths(table) + _length(v)),
    ),
    Mistake(
        "the largest numbers as lengths",
        "Your lengths are the largest numbers of each vector. A length is the root of the "
        "sum of squares.",
        partial(
            _plain,
            rows=lambda table: table.abs().amax(1),
            own=lambda v: v.abs().amax(),
        ),
    ),
    Mistake(
        "how many numbers as lengths",
        "You divide by how many numbers a vector has. Its length is that of an arrow: the "
        "root of the sum of squares.",
        partial(_plain, rows=lambda table: float(table.shape[1]), own=_alone),
    ),
    Mistake(
        "one length for the whole table",
        "You divide by one length, that of the whole table. Each row has a length of its "
        "own: tell `norm` over which axis to sum.",
        partial(_plain, rows=torch.norm),
    ),
    Mistake(
        "lengths of the columns",
        "You take the lengths of the columns, over axis 0. A row's length sums over its "
        "columns, which is axis 1.",
        partial(_plain, rows=lambda table: table.norm(dim=0)),
    ),
    Mistake(
        "a square instead of a column",
        "A square came out. Lengths of shape (n, 1) against dot products of shape "
        "(n,) spread out to (n, n): give both one shape. Does `keepdim` help here?",
        partial(_plain, rows=lambda table: lengths(table)[:, None]),
    ),
    Mistake(
        "a column of shape (n, 1)",
        "The right numbers, in a shape with one axis too many: n of them, so the shape "
        "is (n,).",
        partial(_plain, last=lambda cosines: cosines[:, None]),
    ),
    Mistake(
        "the sum of absolute values as length",
        f"Your lengths are sums of absolute values. {THE_LENGTH}",
        partial(
            _plain, rows=lambda table: table.abs().sum(1), own=lambda v: v.abs().sum()
        ),
    ),
    Mistake(
        "sums as lengths",
        "You divide by the sums of the vectors' numbers. A length is the **root** of the "
        "sum of their **squares**.",
        partial(_plain, rows=lambda table: table.sum(1), own=torch.sum),
    ),
    Mistake(
        "means of squares in the lengths",
        "Under your root is the mean of the squares. A length is the root of their "
        "**sum**.",
        partial(
            _plain,
            rows=lambda table: table.square().mean(1).sqrt(),
            own=lambda v: v.square().mean().sqrt(),
        ),
    ),
    Mistake(
        "a number added to the lengths",
        "A small number is added to the lengths, against a division by zero. No vector "
        "here is that short, and the cosines come out a little too small.",
        partial(
            _plain,
            rows=lambda table: lengths(table) + 1e-3,
            own=lambda v: _length(v) + 1e-3,
        ),
    ),
    Mistake(
        "a number added to the product of the lengths",
        "A small number is added below the line, against a division by zero. No vector "
        "here is that short, and the cosines come out a little too small.",
        lambda table, v: table @ v / (lengths(table) * _length(v) + 1e-3),
    ),
    Mistake(
        "lengths of at least 1",
        "You make short lengths longer, against a division by zero. Each vector is divided "
        "by its own length, however short it is.",
        partial(
            _plain,
            rows=lambda table: lengths(table).clamp(min=1),
            own=lambda v: _length(v).clamp(min=1),
        ),
    ),
    Mistake(
        "distances",
        "These are distances between points. A cosine compares where vectors point, "
        "whatever their lengths: the dot product, divided by both lengths.",
        lambda table, v: lengths(table - v),
    ),
    Mistake(
        "each row with itself",
        "You compare each row with itself, or all rows with each other. Each row is "
        "compared with `v`.",
        partial(_plain, dots=lambda table, v: table.square().sum(1)),
    ),
    Mistake(
        "all rows with each other",
        "You compare all rows with each other, and a square comes out. Each row is "
        "compared with `v`, which gives n cosines.",
        partial(
            _plain,
            dots=lambda table, v: table @ table.T / lengths(table)[:, None],
            own=_alone,
        ),
    ),
    Mistake(
        "the table on its side",
        "You transpose the table, so `v` meets its columns. The rows are the "
        "vectors: `table @ v` as it is.",
        partial(_plain, dots=lambda table, v: table.T @ v),
    ),
    Mistake(
        "the vector first",
        "You write `v` first, so it meets the columns of the table. The rows are the "
        "vectors: the table first.",
        lambda table, v: v @ table / lengths(table.T) / _length(v),
    ),
    Mistake(
        "one minus the cosine",
        "You give one minus the cosine, which some libraries call the cosine "
        "distance. Return the cosine itself: 1 for the same direction.",
        partial(_plain, last=lambda cosines: 1 - cosines),
    ),
    Mistake(
        "another sign",
        "All signs are turned round. Vectors that point the same way have the cosine 1.",
        partial(_plain, last=torch.neg),
    ),
    Mistake(
        "without the sign",
        "The sign is lost. Two vectors that point against each other have the cosine "
        "−1, which is as far as they can be from 1.",
        partial(_plain, last=torch.abs),
    ),
    Mistake(
        "nothing below zero",
        "Cosines below zero have become 0. Two vectors that point against each other have "
        "the cosine −1.",
        partial(_plain, last=torch.relu),
    ),
    Mistake(
        "squares of the cosines",
        "You square the cosines, and the sign is lost. Return the cosine itself.",
        partial(_plain, last=torch.square),
    ),
    Mistake(
        "from 0 to 1",
        "You bring the cosines to the range from 0 to 1. Return them as they are, from −1 "
        "to 1.",
        partial(_plain, last=lambda cosines: (cosines + 1) / 2),
    ),
    Mistake(
        "angles",
        "You give the angles. Stop one step earlier: the cosine itself is asked for.",
        partial(_plain, last=lambda cosines: cosines.clamp(-1, 1).arccos()),
    ),
    Mistake(
        "angles in half turns",
        "You give the angles, as parts of a half turn. Stop earlier: the cosine itself is "
        "asked for.",
        partial(_plain, last=lambda cosines: cosines.clamp(-1, 1).arccos() / torch.pi),
    ),
    Mistake(
        "angles in degrees",
        "You give the angles, in degrees. Stop earlier: the cosine itself is asked for.",
        partial(_plain, last=lambda cosines: cosines.clamp(-1, 1).arccos().rad2deg()),
    ),
    Mistake(
        "the cosine of the cosine",
        "You take the cosine of what is a cosine already. The dot product, divided by both "
        "lengths, is the cosine of the angle.",
        partial(_plain, last=torch.cos),
    ),
    Mistake(
        "a softmax of the cosines",
        "You make shares of the cosines by a softmax. Return the cosines themselves.",
        partial(_plain, last=lambda cosines: cosines.softmax(0)),
    ),
    Mistake(
        "sorted",
        "You sort the cosines. They stay in the order of the rows.",
        partial(_plain, last=lambda cosines: cosines.sort(descending=True).values),
    ),
    Mistake(
        "rounded",
        "Your cosines are rounded. Give them as they are; printing shows fewer digits by "
        "itself.",
        partial(_plain, last=lambda cosines: cosines.round(decimals=2)),
    ),
    Mistake(
        "rounded to three places",
        "Your cosines are rounded to three places. Give them as they are; printing shows "
        "fewer digits by itself.",
        partial(_plain, last=lambda cosines: cosines.round(decimals=3)),
    ),
    Mistake(
        "the mean taken away first",
        "You take each vector's mean away before you compare. That is a correlation; "
        "the cosine takes vectors as they are.",
        lambda table, v: cosines(table - table.mean(1, keepdim=True), v - v.mean()),
    ),
    Mistake(
        "the rows' own means taken away first",
        "You take each row's mean away before you compare. The cosine takes vectors as "
        "they are.",
        partial(_plain, first=lambda table: table - table.mean(1, keepdim=True)),
    ),
    Mistake(
        "the mean of the rows taken away first",
        "You take the mean of all rows away before you compare. The cosine takes vectors "
        "as they are.",
        partial(_plain, first=lambda table: table - table.mean(0)),
    ),
    Mistake(
        "the mean of the rows taken away from all",
        "You take the mean of all rows away, from `v` too, before you compare. The cosine "
        "takes vectors as they are.",
        lambda table, v: cosines(table - table.mean(0), v - table.mean(0)),
    ),
    lists_of_numbers(oracle, more="Its shape is (n,).", name="a list of numbers"),
    Mistake(
        "products that are not summed up",
        "A whole matrix came back. The dot product of a row with `v` multiplies place "
        "by place and then **sums** over the row.",
        lambda table, v: table * v / lengths(table)[:, None] / v.norm(),
    ),
    Mistake(
        "products summed up over the rows",
        "You multiply place by place and then sum over axis 0, down the columns. A dot "
        "product sums over the **row**, axis 1.",
        partial(_plain, dots=lambda table, v: (table * v).sum(0)),
    ),
    Mistake(
        "everything summed up",
        "You sum over the whole table. Each row has a dot product of its own: sum over "
        "axis 1.",
        partial(_plain, dots=lambda table, v: (table * v).sum()),
    ),
    written_into(_into, "table", "an operator like `/=`"),
    double_precision(oracle),
    Mistake(
        "only the first row",
        "There is one cosine where n are asked for. Does `return` stand inside the "
        "loop? It ends the whole function at the first row.",
        lambda table, v: cosines(table, v)[0],
    ),
)

CHECK = Check(
    "cosines",
    3,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES + ANGLES,
    worked=worked,
)
