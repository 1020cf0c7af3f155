"""Row t is the mean of the rows 0 to t.

The oracle is PyTorch's fused attention: queries and keys of zeros listen to all of the
past alike. The first case is in sixths, so that its averages are whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between, normal, tenths
from autograder.checks._slips import (
    list_of_rows,
    only_the_first,
    only_the_last,
    written_into,
)
from autograder.checks._twins import mirrored, twins
from autograder.checks.attend._material import (
    KERNELS,
    LIBRARIES,
    counts,
    divided_by_t,
    fused,
    huge,
    own,
    unchanged,
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
        Case("a longer text", (normal(rng, between(rng, 257, 270), 3),)),
        Case("vectors of the course's own model", (vectors,)),
        edge("vectors that lie across in memory", (across(tenths(rng, 6, 132)),)),
        edge("large numbers", (huge(rng, 4, 2) * torch.tensor([1, -1]),)),
        *twins(oracle, lambda: (mirrored(rng, tenths(rng, 7, 2)),), "the vectors"),
    ]


def _plain(
    x: Tensor,
    until: Callable[[Tensor], range] = lambda x: range(len(x)),
    part: Callable[[Tensor, int], Tensor] = lambda x, t: x[: t + 1],
    mean: Callable[[Tensor], Tensor] = lambda rows: rows.mean(0),
    together: Callable[[list[Tensor]], Tensor] = torch.stack,
    last: Callable[[Tensor], Tensor] = unchanged,
) -> Tensor:
    """The mean of a part of the rows for each t, with a screw at each step."""
    return last(together([mean(part(x, t)) for t in until(x)]))


def worked(x: Tensor) -> dict[str, Tensor]:
    return {
        "the sums so far": x.cumsum(0),
        "how many went in": counts(len(x)),
        "the averages": x.cumsum(0) / counts(len(x)),
    }


def _sums(
    x: Tensor,
    sums: Callable[[Tensor], Tensor] = lambda x: x.cumsum(0),
    by: Callable[[Tensor], Tensor | int] = lambda x: counts(len(x)),
) -> Tensor:
    """The sums so far, divided by how many went into each."""
    return sums(x) / by(x)


def _from_zero(x: Tensor) -> Tensor:
    """Half the average so far and half the new vector, from zeros on."""
    rows, row = [], torch.zeros_like(x[0])
    for new in x:
        row = (row + new) / 2
        rows.append(row)
    return torch.stack(rows)


def _of_averages(x: Tensor) -> Tensor:
    """The sum of the average so far and the new vector, divided by t + 1."""
    rows = [x[0]]
    for t in range(1, len(x)):
        rows.append((rows[-1] + x[t]) / (t + 1))
    return torch.stack(rows)


def _window(size: int) -> Mistake:
    return Mistake(
        f"only the last {size}",
        f"Each row averages the last {size} vectors at most. The past goes back to the "
        "very first vector.",
        partial(_plain, part=lambda x, t: x[max(0, t + 1 - size) : t + 1]),
    )


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
        partial(_plain, part=lambda x, t: x[:t]),
    ),
    Mistake(
        "without the present vector, the first one kept",
        "The first row is right. All others leave their own vector out: each token hears "
        "of the past **and** of itself.",
        partial(_plain, part=lambda x, t: x[: max(1, t)]),
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
        partial(_plain, part=lambda x, t: x[: t + 2]),
    ),
    Mistake(
        "without the last vector",
        "Each row takes in everything but the last vector of the text. Row t is the mean "
        "of the rows 0 to t: where does your slice end?",
        partial(_plain, part=lambda x, t: x[:-1]),
    ),
    Mistake(
        "without the first vector",
        "Your average begins at vector 1. Rows count from 0, and the first vector is part "
        "of every average.",
        partial(_plain, part=lambda x, t: x[1 : t + 1]),
    ),
    Mistake(
        "the vectors themselves",
        "Each row is its own vector alone, and nothing is averaged. Row t takes a slice "
        "from the beginning up to t, not the one row `x[t]`.",
        unchanged,
    ),
    Mistake(
        "each vector's own numbers averaged",
        "You take the mean of a single row, which is one number. Row t is the mean of "
        "**rows**: a slice from the beginning up to t.",
        partial(_plain, part=lambda x, t: x[t]),
    ),
    Mistake(
        "the same average for all",
        "Every row is the average of the whole text, the future included. Row t may "
        "know only the rows up to t.",
        partial(_plain, part=lambda x, t: x),
    ),
    Mistake(
        "the average of the future",
        "You average from each vector **on**, to the end of the text. It should be from "
        "the beginning up to the vector itself.",
        partial(_plain, part=lambda x, t: x[t:]),
    ),
    Mistake(
        "from the end",
        "You average from the end of the text: its last vector, its last two, and so on. "
        "Row t is the mean of the **first** t + 1.",
        partial(_plain, part=lambda x, t: x[-t - 1 :]),
    ),
    Mistake(
        "sums instead of averages",
        "These are the sums of the past. For the average, divide each by how many "
        "vectors went into it.",
        partial(_plain, mean=lambda rows: rows.sum(0)),
    ),
    Mistake(
        "medians instead of averages",
        "You take the median, the number in the middle. The average is the **mean**: the "
        "sum, divided by how many vectors went into it.",
        partial(_plain, mean=lambda rows: rows.median(0).values),
    ),
    Mistake(
        "the largest instead of the average",
        "You take the largest number of each column so far. The average is the sum, "
        "divided by how many vectors went into it.",
        partial(_plain, mean=lambda rows: rows.amax(0)),
    ),
    Mistake(
        "the first and the last averaged",
        "You average the first vector and the present one. All the vectors between them "
        "count as much.",
        partial(_plain, mean=lambda rows: (rows[0] + rows[-1]) / 2),
    ),
    Mistake(
        "one number a token",
        "The mean of everything so far has become a single number. Say along which axis: "
        "the vectors are rows, so average over axis 0.",
        partial(_plain, mean=torch.mean),
    ),
    Mistake(
        "the mean over axis 1",
        "`mean` over axis 1 averages the numbers inside each vector, and what comes out "
        "has another length in every round. Vectors are rows: average over axis 0.",
        partial(_plain, mean=lambda rows: rows.mean(1)),
    ),
    Mistake(
        "rows with an axis too many",
        "The right numbers with an axis too many: each row is a matrix of one row. Does "
        "`keepdim` help here? `mean(0)` gives a vector.",
        partial(_plain, mean=lambda rows: rows.mean(0, keepdim=True)),
    ),
    Mistake(
        "rounded",
        "Your averages are rounded. Give them as they are; printing shows fewer digits by "
        "itself.",
        partial(_plain, last=lambda rows: rows.round(decimals=2)),
    ),
    Mistake(
        "whole numbers",
        "Your averages are whole numbers. Divide with `/`: `//` cuts off what is behind "
        "the point.",
        partial(_plain, mean=lambda rows: rows.sum(0) // len(rows)),
    ),
    Mistake(
        "in reverse order",
        "The right averages, but the last one comes first. Row t stands at place t.",
        partial(_plain, last=lambda rows: rows.flip(0)),
    ),
    Mistake(
        "on its side",
        "The right averages, but as columns. Put the rows one **under** the other, along "
        "axis 0.",
        partial(_plain, together=lambda rows: torch.stack(rows, 1)),
    ),
    Mistake(
        "one long vector",
        "All the right numbers in one row, end to end. Put the rows one under the other "
        "(stack), not one after the other (cat).",
        partial(_plain, together=torch.cat),
    ),
    Mistake(
        "the last row left out",
        "There is one row too few: the last is missing. `range(n)` ends **before** n by "
        "itself, so the loop runs over `range(len(x))`.",
        partial(_plain, until=lambda x: range(len(x) - 1)),
    ),
    Mistake(
        "the first row left out",
        "There is one row too few: the first is missing. Rows count from 0, and its "
        "average is the first vector itself.",
        partial(_plain, until=lambda x: range(1, len(x))),
    ),
    Mistake(
        "one row too many",
        "There is one row too many. There are as many averages as vectors, and `range(n)` "
        "gives n numbers.",
        partial(_plain, until=lambda x: range(len(x) + 1)),
    ),
    Mistake(
        "always three rows",
        "You always make three rows, as in the example. There are as many as `x` has: is "
        "there a number where `len(x)` should be?",
        partial(_plain, until=lambda x: range(3)),
    ),
    Mistake(
        "as many rows as a vector has numbers",
        "You make as many rows as a vector has numbers. There is one for each **token**, "
        "and these are the rows of `x`: `len(x)`.",
        partial(_plain, until=lambda x: range(x.shape[-1])),
    ),
    Mistake(
        "divided by T in every row",
        "Each sum is divided by the length of the whole text. Row t is a sum of t + 1 "
        "vectors only.",
        partial(_sums, by=len),
    ),
    Mistake(
        "divided by the length of a vector",
        "Each sum is divided by how many numbers a vector has. Divide by how many "
        "**vectors** went into it, t + 1.",
        partial(_sums, by=lambda x: x.shape[-1]),
    ),
    divided_by_t(
        partial(_sums, by=lambda x: counts(len(x), 0)),
        "the sum in row t has t + 1 vectors in it",
    ),
    Mistake(
        "divided by t, the first row kept",
        "The first row is right. But rows count from 0, so the sum in row 1 has two "
        "vectors in it: each row is divided by one less than it should be.",
        partial(_sums, by=lambda x: counts(len(x), 0).clamp(min=1)),
    ),
    Mistake(
        "divided by t + 2",
        "Each sum is divided by one too many. Row t is a sum of t + 1 vectors: the first "
        "row is the first vector itself.",
        partial(_sums, by=lambda x: counts(len(x), 2)),
    ),
    Mistake(
        "the counts laid across",
        "The sums are divided by 1, 2, 3 … from column to column, or the shapes do not "
        "fit. Each **row** has one count: make a column of them, of shape (T, 1).",
        partial(_sums, by=lambda x: counts(len(x)).flatten()),
    ),
    Mistake(
        "along the numbers of each vector, divided by t + 1",
        "Your sums run along the numbers inside each vector. They go down the rows, from "
        "token to token: along axis 0.",
        partial(_sums, sums=lambda x: x.cumsum(1)),
    ),
    Mistake(
        "one total in every row",
        "Every row holds the total of **all** vectors. Did you put one and the same "
        "tensor into the list each time? `+=` changes it there too: make a new one in "
        "every round.",
        partial(_sums, sums=lambda x: x.sum(0).expand(x.shape), by=lambda x: 1),
    ),
    Mistake(
        "one total in every row, divided by t + 1",
        "The counts are right, but every row divides the total of **all** vectors. Did "
        "you put one and the same tensor into the list each time? `+=` changes it there "
        "too.",
        partial(_sums, sums=lambda x: x.sum(0)),
    ),
    Mistake(
        "along the numbers of each vector",
        "You go along the numbers inside each vector. The average goes down the rows, "
        "from token to token, each column by itself.",
        lambda x: x.cumsum(1) / counts(x.shape[1]).T,
    ),
    Mistake(
        "half old, half new",
        "You average the last average with the new vector. So the new one weighs as "
        "much as all before it together; in row t every vector should count the same.",
        _halves,
    ),
    Mistake(
        "half old, half new, from zeros on",
        "You add the new vector to the last average and divide by 2, from zeros on. In row "
        "t every vector should count the same: keep the **sum**, and divide it by t + 1.",
        _from_zero,
    ),
    Mistake(
        "the last average instead of the sum",
        "You add the new vector to the last **average**, and divide by t + 1 again. Keep "
        "the sum apart from its average.",
        _of_averages,
    ),
    *map(_window, (2, 3, 4)),
    Mistake(
        "only the first row, as a matrix",
        "Only the first row comes back, put into a tensor. Does `return` stand inside the "
        "loop? It ends the whole function at the first round.",
        partial(_plain, until=lambda x: range(1)),
    ),
    Mistake(
        "parts of different lengths put together",
        "What you put together are the parts of `x` themselves, which have different "
        "lengths. Take the mean of each part first, which is one row.",
        partial(_plain, mean=unchanged),
    ),
    only_the_first(lambda x: x[0], "row"),
    only_the_last(lambda x: x.mean(0), "row"),
    list_of_rows(oracle),
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

CHECK = Check(
    "average_past",
    1,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES + KERNELS,
    worked=worked,
)
