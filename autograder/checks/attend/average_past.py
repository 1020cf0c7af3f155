"""Row t is the mean of the rows 0 to t.

The oracle is PyTorch's fused attention: queries and keys of zeros listen to all of the
past alike. The first case is in sixths, so that its averages are whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, normal, tenths
from autograder.checks._slips import (
    list_of_rows,
    only_the_first,
    only_the_last,
    written_into,
)
from autograder.checks.attend._material import (
    KERNELS,
    LIBRARIES,
    counts,
    divided_by_t,
    fused,
    own,
    whole,
)


def oracle(x: Tensor) -> Tensor:
    nothing = torch.zeros(len(x), 1)
    return fused(nothing, nothing, x)


def draw(rng: np.random.Generator) -> list[Case]:
    three = 6 * whole(rng, -3, 3, 3, 2)
    while len({*three.flatten().tolist()}) < 5:
        three = 6 * whole(rng, -3, 3, 3, 2)
    (vectors,) = own(rng, 6, "norm_1")
    return [
        Case("three vectors", (three,)),
        edge("a single vector", (tenths(rng, 1, 3),)),
        Case("two vectors of five numbers", (tenths(rng, 2, 5),)),
        Case("as many vectors as numbers in each", (tenths(rng, 4, 4),)),
        edge("vectors of a single number", (tenths(rng, 5, 1),)),
        Case("a longer text", (normal(rng, 40, 36),)),
        Case("vectors of the course's own model", (vectors,)),
        edge("vectors that lie across in memory", (across(tenths(rng, 6, 4)),)),
    ]


def _means(x: Tensor, part: Callable[[int], slice]) -> Tensor:
    """The mean of a part of the rows, for each row."""
    return torch.stack([x[part(t)].mean(0) for t in range(len(x))])


def _halves(x: Tensor) -> Tensor:
    rows = [x[0]]
    for row in x[1:]:
        rows.append((rows[-1] + row) / 2)
    return torch.stack(rows)


def _averages_into(x: Tensor) -> Tensor:
    for t in range(len(x)):
        x[t] = x[: t + 1].mean(0)
    return x


def _sums_into(x: Tensor) -> Tensor:
    for t in range(1, len(x)):
        x[t] += x[t - 1]
    return x / counts(len(x))


def _total_is_first(x: Tensor) -> Tensor:
    total, rows = x[0], [x[0]]
    for t in range(1, len(x)):
        total += x[t]
        rows.append(total / (t + 1))
    return torch.stack(rows)


def _before(x: Tensor, first: Tensor) -> Tensor:
    """The mean of the rows before each, and a given first row."""
    rest = [x[:t].mean(0) for t in range(1, len(x))]
    return torch.stack([first, *rest])


MISTAKES = (
    Mistake(
        "without the present vector",
        "Row t leaves its own vector out, and the first row, with nothing before it, is "
        "not a number. In Python `x[:t]` ends **before** t.",
        lambda x: _means(x, lambda t: slice(t)),
    ),
    Mistake(
        "without the present vector, the first one kept",
        "The first row is right. All others leave their own vector out: each token hears "
        "of the past **and** of itself.",
        lambda x: _before(x, x[0]),
    ),
    Mistake(
        "without the present vector, the first row zero",
        "Every row leaves its own vector out, and so the first is empty. Each token "
        "hears of the past **and** of itself.",
        lambda x: _before(x, torch.zeros_like(x[0])),
    ),
    Mistake(
        "one vector of the future too many",
        "Row t takes in the vector after it. Its last one is number t itself: a slice "
        "ends **before** its second number, so that is t plus how much?",
        lambda x: _means(x, lambda t: slice(t + 2)),
    ),
    Mistake(
        "the same average for all",
        "Every row is the average of the whole text, the future included. Row t may "
        "know only the rows up to t.",
        lambda x: x.mean(0).expand(x.shape).clone(),
    ),
    Mistake(
        "the average of the future",
        "You average from each vector **on**, to the end of the text. It should be from "
        "the beginning up to the vector itself.",
        lambda x: _means(x, lambda t: slice(t, None)),
    ),
    Mistake(
        "sums instead of averages",
        "These are the sums of the past. For the average, divide each by how many "
        "vectors went into it.",
        lambda x: x.cumsum(0),
    ),
    Mistake(
        "divided by T in every row",
        "Each sum is divided by the length of the whole text. Row t is a sum of t + 1 "
        "vectors only.",
        lambda x: x.cumsum(0) / len(x),
    ),
    divided_by_t(
        lambda x: x.cumsum(0) / counts(len(x), 0),
        "the sum in row t has t + 1 vectors in it",
    ),
    Mistake(
        "divided by t, the first row kept",
        "The first row is right. But rows count from 0, so the sum in row 1 has two "
        "vectors in it: each row is divided by one less than it should be.",
        lambda x: x.cumsum(0) / counts(len(x), 0).clamp(min=1),
    ),
    Mistake(
        "the counts laid across",
        "The sums are divided by 1, 2, 3 … from column to column, or the shapes do not "
        "fit. Each **row** has one count: make a column of them, of shape (T, 1).",
        lambda x: x.cumsum(0) / counts(len(x)).flatten(),
    ),
    Mistake(
        "one total in every row",
        "Every row holds the total of **all** vectors. Did you put one and the same "
        "tensor into the list each time? `+=` changes it there too: make a new one in "
        "every round.",
        lambda x: x.sum(0).expand(x.shape).clone(),
    ),
    Mistake(
        "one total in every row, divided by t + 1",
        "The counts are right, but every row divides the total of **all** vectors. Did "
        "you put one and the same tensor into the list each time? `+=` changes it there "
        "too.",
        lambda x: x.sum(0) / counts(len(x)),
    ),
    Mistake(
        "along the numbers of each vector",
        "You go along the numbers inside each vector. The average goes down the rows, "
        "from token to token, each column by itself.",
        lambda x: x.cumsum(1) / counts(x.shape[1]).T,
    ),
    Mistake(
        "one number a token",
        "The mean of everything so far has become a single number. Say along which axis: "
        "the vectors are rows, so average over axis 0.",
        lambda x: torch.stack([x[: t + 1].mean() for t in range(len(x))]),
    ),
    Mistake(
        "the mean over axis 1",
        "`mean` over axis 1 averages the numbers inside each vector, and what comes out "
        "has another length in every round. Vectors are rows: average over axis 0.",
        lambda x: torch.stack([x[: t + 1].mean(1) for t in range(len(x))]),
    ),
    Mistake(
        "half old, half new",
        "You average the last average with the new vector. So the new one weighs as "
        "much as all before it together; in row t every vector should count the same.",
        _halves,
    ),
    Mistake(
        "only the last two",
        "Each row averages a vector with the one before it. The past goes back to the "
        "very first vector.",
        lambda x: _means(x, lambda t: slice(max(0, t - 1), t + 1)),
    ),
    only_the_first(lambda x: x[0], "row"),
    only_the_last(lambda x: x.mean(0), "row"),
    list_of_rows(oracle),
    Mistake(
        "one long vector",
        "All the right numbers in one row, end to end. Put the rows one under the other "
        "(stack), not one after the other (cat).",
        lambda x: oracle(x).flatten(),
    ),
    Mistake(
        "a total that is the first row",
        "Your total **is** the first row of `x`, not a copy: `+=` changes both, and the "
        "row belongs to the caller. Begin with zeros, or make a new total in every round.",
        _total_is_first,
    ),
    Mistake(
        "averages written over the vectors",
        "Your averages are written into `x` while it is still being read, so later rows "
        "average averages. Collect them in a new tensor; `x` is the caller's.",
        _averages_into,
    ),
    written_into(_sums_into, by="`x[t] = …` or `+=`", name="the vectors changed"),
)

CHECK = Check("average_past", 1, draw, oracle, MISTAKES, forbidden=LIBRARIES + KERNELS)
