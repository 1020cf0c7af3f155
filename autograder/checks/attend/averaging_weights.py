"""The matrix W for which W @ x is the average of the past.

W has a row for each token that listens, a column for each that speaks. The oracle asks
for the averages of one-hot vectors.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

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
    huge,
    lower,
    on_its_side,
    own,
    past,
    rows_to_one,
    unchanged,
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
        Case("a longer text", (normal(rng, between(rng, 129, 132), 2),)),
        Case("vectors of the course's own model", (vectors,)),
        edge(
            "vectors of zeros beside very large ones",
            (torch.cat([torch.zeros(2, 3), 1e15 * huge(rng, 2, 3)]),),
        ),
    ]


def _plain(
    x: Tensor,
    size: Callable[[Tensor], int] = len,
    triangle: Callable[[int], Tensor] = lower,
    by: Callable[[Tensor], Tensor | float] = lambda W: W.sum(-1, keepdim=True),
    last: Callable[[Tensor], Tensor] = unchanged,
) -> Tensor:
    """A triangle of ones, and each row divided by its sum, with a screw at each step."""
    W = triangle(size(x))
    return last(W / by(W))


def worked(x: Tensor) -> dict[str, Tensor]:
    W = torch.ones(len(x), len(x)).tril()
    sums = W.sum(-1, keepdim=True)
    return {"a triangle of ones": W, "the sum of each row": sums, "divided": W / sums}


def _square(n: int) -> Tensor:
    return torch.ones(n, n)


def _halving(n: int) -> Tensor:
    return lower(n) * 2.0 ** (torch.arange(n) - torch.arange(n)[:, None])


def _first_kept(n: int) -> Tensor:
    W = lower(n, -1)
    W[0, 0] = 1.0
    return W


def _last_row_only(W: Tensor) -> Tensor:
    return torch.cat([torch.zeros_like(W[1:]), W[-1:]])


def _softmax(triangle: Callable[[int], Tensor]) -> Callable[[Tensor], Tensor]:
    return lambda x: triangle(len(x)).softmax(-1)


MISTAKES = (
    Mistake(
        "ones instead of shares",
        "The right triangle, but of ones: times `x` that gives sums. In an average "
        "the weights of a row sum to 1.",
        partial(_plain, by=lambda W: 1.0),
    ),
    Mistake(
        "divided by T in every row",
        "You divide every row by T. The first row has one weight, the second two, and "
        "each row by itself should sum to one.",
        partial(_plain, by=len),
    ),
    Mistake(
        "divided by the sum of all",
        "You divide by the sum of the whole triangle, so all the weights together sum to "
        "one. Each **row** should: say along which axis to sum, and `keepdim` keeps it.",
        partial(_plain, by=torch.sum),
    ),
    Mistake(
        "the same shares for all, future included",
        "Every token takes from the whole text, the future too. Above the diagonal the "
        "weights are zero.",
        partial(_plain, triangle=_square),
    ),
    Mistake(
        "the future not emptied",
        "The shares of each row have the right size, but they go on to the right of the "
        "diagonal, where the future is. There they are zero.",
        partial(_plain, triangle=_square, by=lambda W: counts(len(W))),
    ),
    Mistake(
        "the upper triangle",
        "This is the triangle of the future: the first row takes from all tokens. Row t "
        "has its weights in columns 0 to t.",
        partial(_plain, triangle=lambda n: lower(n).T),
    ),
    Mistake(
        "the upper triangle, divided by t + 1",
        "This is the triangle of the future: row t has its weights in columns 0 to t. "
        "Divided by t + 1, each of those rows sums to one.",
        partial(_plain, triangle=lambda n: lower(n).T, by=lambda W: counts(len(W))),
    ),
    Mistake(
        "columns that sum to one",
        "Here each **column** sums to one. It should be each row, so add up along the "
        "last axis.",
        partial(_plain, by=lambda W: W.sum(0)),
    ),
    Mistake(
        "the axis of the sums is lost",
        "You divide each column by its number (or by j + 1 instead of i + 1), where "
        "it should be each row. If you divide by a sum: it removes the axis along "
        "which it runs, and PyTorch lays the result across. `keepdim` keeps the axis.",
        partial(_plain, by=lambda W: W.sum(1)),
    ),
    Mistake(
        "the sums of the columns as a column",
        "You divide row t by the sum of **column** t, so the last row is not divided at "
        "all. Add up along the last axis, -1.",
        partial(_plain, by=lambda W: W.sum(0)[:, None]),
    ),
    Mistake(
        "the roots of the sums",
        "You divide by the root or the length of a row. An average divides by the number "
        "of weights, t + 1: the row's **sum**.",
        partial(_plain, by=lambda W: W.sum(-1, keepdim=True).sqrt()),
    ),
    Mistake(
        "multiplied by the sums",
        "You multiply each row by its sum. **Divide** by it, so that the row sums to one.",
        partial(_plain, by=lambda W: 1 / W.sum(-1, keepdim=True)),
    ),
    Mistake(
        "divided twice",
        "You divide each row by its sum twice. After the first time it sums to one.",
        partial(_plain, by=lambda W: W.sum(-1, keepdim=True) ** 2),
    ),
    Mistake(
        "the mean instead of the sum",
        "You divide each row by its **mean**, which has divided by T already. A row sums "
        "to one if it is divided by its sum.",
        partial(_plain, by=lambda W: W.mean(-1, keepdim=True)),
    ),
    Mistake(
        "divided by t + 2",
        "Rows count from 0: row t has t + 1 weights, and you divide by one more. Each row "
        "should sum to one.",
        partial(_plain, by=lambda W: counts(len(W), 2)),
    ),
    divided_by_t(
        partial(_plain, by=lambda W: counts(len(W), 0)), "row t has t + 1 weights"
    ),
    Mistake(
        "divided by t, the first row kept",
        "The first row is right. But rows count from 0, so row t has t + 1 weights: each "
        "other row is divided by one less than it should be.",
        partial(_plain, by=lambda W: counts(len(W), 0).clamp(min=1)),
    ),
    Mistake(
        "a softmax of ones and zeros",
        "A softmax gives a share to the zeros of the future too, for e to the power of 0 "
        "is 1. Divide each row by its sum; or put −∞ above the diagonal first.",
        _softmax(lower),
    ),
    Mistake(
        "the numbers of x in the triangle",
        "You keep the triangle of `x` itself. Only the **number** of its vectors matters "
        "now: begin with a square of ones.",
        lambda x: rows_to_one(x.tril()),
    ),
    Mistake(
        "the numbers of x in the triangle, not divided",
        "You keep the triangle of `x` itself. Only the **number** of its vectors matters "
        "now: begin with a square of ones, and let each row sum to one.",
        torch.tril,
    ),
    Mistake(
        "vectors compared",
        "Your weights depend on what the vectors say. For now only their **number** "
        "matters: each row has equal weights.",
        lambda x: past(x @ x.T).softmax(-1),
    ),
    Mistake(
        "half the weight of the one before",
        "The weights of a row become smaller with the distance. In an average all of them "
        "are equal: 1 divided by their number.",
        partial(_plain, triangle=_halving),
    ),
    Mistake(
        "the diagonal left out",
        "The diagonal is empty: no token takes from itself, and the first row has "
        "nothing to divide. Each token hears of the past **and** of itself.",
        partial(_plain, triangle=lambda n: lower(n, -1)),
    ),
    Mistake(
        "the diagonal left out, the first row zero",
        "The diagonal is empty: no token takes from itself, and the first row is all "
        "zero. Each token hears of the past **and** of itself.",
        partial(_plain, triangle=lambda n: lower(n, -1), last=torch.nan_to_num),
    ),
    Mistake(
        "the diagonal left out, the first one kept",
        "The first row is right. In all others the diagonal is empty: each token hears of "
        "the past **and** of itself.",
        partial(_plain, triangle=_first_kept),
    ),
    Mistake(
        "one token of the future",
        "Each row reaches one column too far, to the token after its own. The weights of "
        "row t end in column t.",
        partial(_plain, triangle=lambda n: lower(n, 1)),
    ),
    Mistake(
        "the diagonal left out, the shares right",
        "The shares have the right size, but the diagonal is empty, so a row does not "
        "sum to one. Each token hears of the past **and** of itself.",
        partial(_plain, triangle=lambda n: lower(n, -1), by=lambda W: counts(len(W))),
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
        partial(_plain, last=_last_row_only),
    ),
    Mistake(
        "only the diagonal",
        "With this matrix every token takes from itself alone, and nothing is averaged. "
        "Row t has equal weights in all columns from 0 to t.",
        partial(_plain, triangle=torch.eye),
    ),
    Mistake(
        "only the last two",
        "Each row has two weights, for the token and the one before it. The past goes back "
        "to the very first token.",
        partial(_plain, triangle=lambda n: lower(n) - lower(n, -2)),
    ),
    Mistake(
        "only the first column",
        "All weight lies in the first column, or is put where only the first token "
        "speaks. Row t has equal weights in all columns from 0 to t.",
        partial(_plain, triangle=lambda n: lower(n) * (torch.arange(n) == 0)),
    ),
    Mistake(
        "True and False",
        "The right triangle, but of truth values. They say who may take, not how much: "
        "make them numbers, and let each row sum to one.",
        lambda x: lower(len(x)).bool(),
    ),
    Mistake(
        "the shares rounded",
        "Your shares are rounded to a few decimal places. Give them as they are; printing "
        "shows fewer digits by itself.",
        partial(_plain, last=lambda W: W.round(decimals=2)),
    ),
    Mistake(
        "the shares rounded to three places",
        "Your shares are rounded to three decimal places. Give them as they are; printing "
        "shows fewer digits by itself.",
        partial(_plain, last=lambda W: W.round(decimals=3)),
    ),
    Mistake(
        "whole numbers",
        "Your shares are whole numbers: everything below 1 has become 0. Divide with `/` "
        "and keep float32; `//` and `.int()` cut off.",
        partial(_plain, last=lambda W: W.floor()),
    ),
    Mistake(
        "a tuple of one",
        "The right matrix, but in a tuple. Does a comma stand at the end of your `return` "
        "line?",
        lambda x: (oracle(x),),
    ),
    Mistake(
        "always three tokens",
        "Your matrix is always three by three, as in the example. It has a row and a "
        "column for each token of `x`.",
        partial(_plain, size=lambda x: 3),
    ),
    Mistake(
        "never more than eight tokens",
        "Your matrix never has more than eight rows. It has a row and a column for each "
        "token of `x`, however many there are.",
        partial(_plain, size=lambda x: min(len(x), 8)),
    ),
    Mistake(
        "one row too few",
        "Your matrix is one too small. It has a row and a column for each token, and "
        "`range(T)` ends **before** T by itself.",
        partial(_plain, size=lambda x: len(x) - 1),
    ),
    Mistake(
        "one row too many",
        "Your matrix is one too large. It has a row and a column for each token of `x`.",
        partial(_plain, size=lambda x: len(x) + 1),
    ),
    on_its_side(
        oracle,
        "weights",
        "A **row** belongs to the token that listens, a column to the one that speaks.",
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
        partial(_plain, size=lambda x: x.shape[-1]),
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
    "averaging_weights",
    2,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES + KERNELS,
    worked=worked,
    rtol=1e-5,
    atol=1e-9,
)
