"""The matrix W for which W @ x is the average of the past.

W has a row for each token that listens, a column for each that speaks. The oracle asks
for the averages of one-hot vectors.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between, normal, stop, tenths
from autograder.checks._slips import double_precision, lists_of_numbers
from autograder.checks.attend._material import (
    KERNELS,
    LIBRARIES,
    counts,
    divided_by_t,
    lower,
    on_its_side,
    own,
    rows_to_one,
)
from autograder.checks.attend.average_past import oracle as averages


def oracle(x: Tensor) -> Tensor:
    return averages(torch.eye(len(x)))


def draw(rng: np.random.Generator) -> list[Case]:
    (vectors,) = own(rng, between(rng, 7, 9), "norm_1")
    n = between(rng, 4, 9)
    return [
        Case("a few vectors", (tenths(rng, between(rng, 3, 5), 2),)),
        edge("a single vector", (tenths(rng, 1, 4),)),
        Case("two vectors of five numbers", (tenths(rng, 2, 5),)),
        Case("more vectors than numbers", (tenths(rng, between(rng, 6, 12), 3),)),
        Case("as many vectors as numbers in each", (tenths(rng, n, n),)),
        Case("a longer text", (normal(rng, between(rng, 33, 50), 36),)),
        Case("vectors of the course's own model", (vectors,)),
    ]


def _of_size(make: Callable[[int], Tensor]) -> Callable[[Tensor], Tensor]:
    return lambda x: make(len(x))


def _last_row_only(n: int) -> Tensor:
    W = torch.zeros(n, n)
    W[-1] = 1 / n
    return W


MISTAKES = (
    Mistake(
        "ones instead of shares",
        "The right triangle, but of ones: times `x` that gives sums. In an average "
        "the weights of a row sum to 1.",
        _of_size(lower),
    ),
    Mistake(
        "divided by T in every row",
        "You divide every row by T. The first row has one weight, the second two, and "
        "each row by itself should sum to one.",
        _of_size(lambda n: lower(n) / n),
    ),
    Mistake(
        "the same shares for all, future included",
        "Every token takes from the whole text, the future too. Above the diagonal the "
        "weights are zero.",
        _of_size(lambda n: torch.full((n, n), 1 / n)),
    ),
    Mistake(
        "the future not emptied",
        "The shares of each row have the right size, but they go on to the right of the "
        "diagonal, where the future is. There they are zero.",
        _of_size(lambda n: torch.ones(n, n) / counts(n)),
    ),
    Mistake(
        "the upper triangle",
        "This is the triangle of the future: the first row takes from all tokens. Row t "
        "has its weights in columns 0 to t.",
        _of_size(lambda n: rows_to_one(lower(n).T)),
    ),
    on_its_side(
        oracle,
        "weights",
        "A **row** belongs to the token that listens, a column to the one that speaks.",
    ),
    Mistake(
        "columns that sum to one",
        "Here each **column** sums to one. It should be each row, so add up along the "
        "last axis.",
        _of_size(lambda n: lower(n) / lower(n).sum(0)),
    ),
    Mistake(
        "the axis of the sums is lost",
        "You divide each column by its number (or by j + 1 instead of i + 1), where "
        "it should be each row. If you divide by a sum: it removes the axis along "
        "which it runs, and PyTorch lays the result across. `keepdim` keeps the axis.",
        _of_size(lambda n: lower(n) / lower(n).sum(1)),
    ),
    Mistake(
        "the diagonal left out",
        "The diagonal is empty: no token takes from itself, and the first row has "
        "nothing to divide. Each token hears of the past **and** of itself.",
        _of_size(lambda n: rows_to_one(lower(n, -1))),
    ),
    Mistake(
        "the diagonal left out, the first row zero",
        "The diagonal is empty: no token takes from itself, and the first row is all "
        "zero. Each token hears of the past **and** of itself.",
        _of_size(lambda n: rows_to_one(lower(n, -1)).nan_to_num()),
    ),
    Mistake(
        "one token of the future",
        "Each row reaches one column too far, to the token after its own. The weights of "
        "row t end in column t.",
        _of_size(lambda n: rows_to_one(lower(n, 1))),
    ),
    divided_by_t(
        _of_size(lambda n: lower(n) / counts(n, 0)), "row t has t + 1 weights"
    ),
    Mistake(
        "the diagonal left out, the shares right",
        "The shares have the right size, but the diagonal is empty, so a row does not "
        "sum to one. Each token hears of the past **and** of itself.",
        _of_size(lambda n: lower(n, -1) / counts(n)),
    ),
    Mistake(
        "a share of 1 by 0",
        "Rows count from 0: row t has t + 1 weights. One divided by t is an error in the "
        "very first row.",
        lambda x: stop(ZeroDivisionError),
    ),
    Mistake(
        "only the last row",
        "Only the last row is filled in. Every token listens, so each has its row of "
        "weights.",
        _of_size(_last_row_only),
    ),
    Mistake(
        "only the diagonal",
        "With this matrix every token takes from itself alone, and nothing is averaged. "
        "Row t has equal weights in all columns from 0 to t.",
        _of_size(torch.eye),
    ),
    Mistake(
        "True and False",
        "The right triangle, but of truth values. They say who may take, not how much: "
        "make them numbers, and let each row sum to one.",
        _of_size(lambda n: lower(n).bool()),
    ),
    double_precision(oracle, "NumPy makes float64 where it is not told otherwise."),
    Mistake(
        "the averages themselves",
        "These are the averages. Return the weights alone, with a row and a column "
        "for each token. `x` is multiplied by them later.",
        averages,
    ),
    Mistake(
        "as large as a vector is long",
        "Your matrix has as many rows as a vector has numbers. It needs one for each "
        "**token**, and these are the rows of `x`.",
        lambda x: rows_to_one(lower(x.shape[-1])),
    ),
    lists_of_numbers(oracle, "Only a tensor multiplies the vectors."),
    Mistake(
        "as many columns as a vector has numbers",
        "Your matrix is shaped like `x`. It has a row and a column for each token: who "
        "takes, and from whom.",
        lambda x: rows_to_one(torch.ones_like(x).tril()),
    ),
)

CHECK = Check(
    "averaging_weights", 2, draw, oracle, MISTAKES, forbidden=LIBRARIES + KERNELS
)
