"""The checks of the exercise "attend": from an average of the past to multi-head
attention.

Vectors are rows of float32 tensors. The oracles know nothing of the course's code: they
are PyTorch's own fused attention, softmax and MultiheadAttention, in double precision;
an average of the past is attention with nothing to ask. Large scores are made from
small whole numbers with d_head = 4, so that they are exact in float32 however they are
added up. What comes from the course's own model is computed in double precision and
then rounded, so that it is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from math import inf, sqrt

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from autograder.checks import Case, Check, Mistake

_LIBRARIES = ("gpt.attend", "gpt.mlp", "gpt.model", "transformers")

# ---------------------------------------------------------------------------------
# Material for the cases
# ---------------------------------------------------------------------------------


@cache
def _shipped():
    """The course's own model in double precision, its float32 weights, its tokenizer."""
    from gpt.model import GPT, small

    model, tokenizer = small()
    double = {name: weight.double() for name, weight in model.weights.items()}
    return GPT(model.config, double), model.weights, tokenizer


def _trace(rng: np.random.Generator, n: int) -> tuple[int, dict[str, Tensor]]:
    """A layer of the model, and all intermediates of n tokens somewhere in a story:
    (n, C), or (H, n, d_head)."""
    from gpt import world

    model, _, tokenizer = _shipped()
    story = next(world.stories(int(rng.integers(1 << 31))))
    ids = [tokenizer.special_tokens[world.END], *tokenizer.encode(story)]
    start = _between(rng, 0, 12)
    with torch.no_grad():
        found = model.trace(torch.tensor([ids[: start + n]]))
    layer = _between(rng, 0, model.config.n_layer - 1)
    cut = {name: x[0, ..., start:, :].float() for name, x in found.items()}
    # As a file gives it back: `float` keeps axes exchanged in memory.
    return layer, {name: x.contiguous() for name, x in cut.items()}


def _table(rng: np.random.Generator, *shape: int) -> Tensor:
    """Numbers with one decimal place, as a person would write them; none is 0."""
    tenths = rng.integers(1, 30, shape) * rng.choice([-1, 1], shape)
    return torch.tensor(tenths / 10, dtype=torch.float32)


def _whole(rng: np.random.Generator, low: int, high: int, *shape: int) -> Tensor:
    """Whole numbers from low to high, as float32."""
    return torch.tensor(rng.integers(low, high + 1, shape), dtype=torch.float32)


def _wide(rng: np.random.Generator, *shape: int) -> Tensor:
    return torch.tensor(rng.normal(size=shape), dtype=torch.float32)


def _between(rng: np.random.Generator, low: int, high: int) -> int:
    """From low to high, both possible."""
    return int(rng.integers(low, high + 1))


def _one_past(rng: np.random.Generator, n: int, *shape: int) -> list[Tensor]:
    """n tensors (2, T, C) for two texts that differ in their last token alone."""
    tensors = []
    for _ in range(n):
        x = _table(rng, 1, *shape).repeat(2, 1, 1)
        x[1, -1] = _table(rng, shape[-1])
        tensors.append(x)
    return tensors


def _raise(kind: type[Exception]) -> None:
    raise kind("as the student's line would")


def _unchanged(x: Tensor) -> Tensor:
    return x


# ---------------------------------------------------------------------------------
# average_past
# ---------------------------------------------------------------------------------


def _fused(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """PyTorch's own causal attention."""
    q, k, v = q.double(), k.double(), v.double()
    return functional.scaled_dot_product_attention(q, k, v, is_causal=True).float()


def _oracle_average(x: Tensor) -> Tensor:
    return _fused(torch.zeros(len(x), 1), torch.zeros(len(x), 1), x)


def _draw_average(rng: np.random.Generator) -> list[Case]:
    # Sixths, so that the averages of two and of three are whole numbers.
    three = 6 * _whole(rng, -3, 3, 3, 2)
    while len({*three.flatten().tolist()}) < 5:
        three = 6 * _whole(rng, -3, 3, 3, 2)
    layer, found = _trace(rng, 6)
    return [
        Case("three vectors", (three,)),
        Case("a single vector", (_table(rng, 1, 3),)),
        Case("two vectors of five numbers", (_table(rng, 2, 5),)),
        Case("as many vectors as numbers in each", (_table(rng, 4, 4),)),
        Case("vectors of a single number", (_table(rng, 5, 1),)),
        Case("a longer text", (_wide(rng, 40, 3),)),
        Case("vectors of the course's own model", (found[f"{layer}.norm_1"],)),
    ]


def _steps(x: Tensor, part: Callable[[int], slice]) -> Tensor:
    """The mean of a part of the rows, for each row."""
    return torch.stack([x[part(t)].mean(0) for t in range(len(x))])


def _counts(n: int, first: int = 1) -> Tensor:
    return torch.arange(first, first + n)[:, None].float()


def _halves(x: Tensor) -> Tensor:
    rows = [x[0]]
    for row in x[1:]:
        rows.append((rows[-1] + row) / 2)
    return torch.stack(rows)


def _average_into(x: Tensor) -> Tensor:
    for t in range(len(x)):
        x[t] = x[: t + 1].mean(0)
    return x


def _add_into(x: Tensor) -> Tensor:
    for t in range(1, len(x)):
        x[t] += x[t - 1]
    return x / _counts(len(x))


def _total_is_first(x: Tensor) -> Tensor:
    total, rows = x[0], [x[0]]
    for t in range(1, len(x)):
        total += x[t]
        rows.append(total / (t + 1))
    return torch.stack(rows)


def _first_kept(x: Tensor, first: Tensor) -> Tensor:
    rest = [x[:t].mean(0) for t in range(1, len(x))]
    return torch.stack([first, *rest])


_AVERAGE = (
    Mistake(
        "without the present vector",
        "Row t leaves its own vector out, and the first row, with nothing before it, is "
        "not a number. In Python `x[:t]` ends **before** t.",
        lambda x: _steps(x, lambda t: slice(t)),
    ),
    Mistake(
        "without the present vector, the first one kept",
        "The first row is right. All others leave their own vector out: each token hears "
        "of the past **and** of itself.",
        lambda x: _first_kept(x, x[0]),
    ),
    Mistake(
        "without the present vector, the first row zero",
        "Every row leaves its own vector out, and so the first is empty. Each token "
        "hears of the past **and** of itself.",
        lambda x: _first_kept(x, torch.zeros_like(x[0])),
    ),
    Mistake(
        "one vector of the future too many",
        "Row t takes in the vector after it. Its last one is number t itself: a slice "
        "ends **before** its second number, so that is t plus how much?",
        lambda x: _steps(x, lambda t: slice(t + 2)),
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
        lambda x: _steps(x, lambda t: slice(t, None)),
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
    Mistake(
        "divided by t",
        "Rows count from 0: the sum in row t has t + 1 vectors in it. Dividing by t is "
        "too little, and in the first row it divides by zero.",
        lambda x: x.cumsum(0) / _counts(len(x), 0),
    ),
    Mistake(
        "divided by t, the first row kept",
        "The first row is right. But rows count from 0, so the sum in row 1 has two "
        "vectors in it: each row is divided by one less than it should be.",
        lambda x: x.cumsum(0) / _counts(len(x), 0).clamp(min=1),
    ),
    Mistake(
        "the counts laid across",
        "The sums are divided by 1, 2, 3 … from column to column, or the shapes do not "
        "fit. Each **row** has one count: make a column of them, of shape (T, 1).",
        lambda x: x.cumsum(0) / _counts(len(x)).flatten(),
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
        lambda x: x.sum(0) / _counts(len(x)),
    ),
    Mistake(
        "along the numbers of each vector",
        "You go along the numbers inside each vector. The average goes down the rows, "
        "from token to token, each column by itself.",
        lambda x: x.cumsum(1) / _counts(x.shape[1]).T,
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
        "very first.",
        lambda x: _steps(x, lambda t: slice(max(0, t - 1), t + 1)),
    ),
    Mistake(
        "only the first row",
        "Only the first row comes back. Does `return` stand inside the loop? It ends the "
        "whole function at the first round.",
        lambda x: x[0],
    ),
    Mistake(
        "only the last row",
        "Only the last row comes back: each round of the loop overwrites the one before. "
        "All of them are needed, one under the other.",
        lambda x: x.mean(0),
    ),
    Mistake(
        "a list of rows",
        "The right rows, but not yet in one tensor: they are in a Python list or tuple. "
        "`torch.stack` puts them together.",
        lambda x: [x[: t + 1].mean(0) for t in range(len(x))],
    ),
    Mistake(
        "one long vector",
        "All the right numbers in one row, end to end. Put the rows one under the other "
        "(stack), not one after the other (cat).",
        lambda x: _oracle_average(x).flatten(),
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
        _average_into,
    ),
    Mistake(
        "the vectors changed",
        "The averages are right, but `x` itself was written into on the way. It belongs "
        "to the caller, who still needs it: build a new tensor.",
        _add_into,
    ),
)


# ---------------------------------------------------------------------------------
# averaging_weights
# ---------------------------------------------------------------------------------


def _oracle_averaging(x: Tensor) -> Tensor:
    return _oracle_average(torch.eye(len(x)))


def _draw_averaging(rng: np.random.Generator) -> list[Case]:
    layer, found = _trace(rng, _between(rng, 7, 9))
    return [
        Case("three vectors", (_table(rng, 3, 2),)),
        Case("a single vector", (_table(rng, 1, 4),)),
        Case("two vectors of five numbers", (_table(rng, 2, 5),)),
        Case("six vectors of three numbers", (_table(rng, 6, 3),)),
        Case("as many vectors as numbers in each", (_table(rng, 4, 4),)),
        Case("a longer text", (_wide(rng, _between(rng, 20, 30), 2),)),
        Case("vectors of the course's own model", (found[f"{layer}.norm_1"],)),
    ]


def _lower(n: int, diagonal: int = 0) -> Tensor:
    return torch.ones(n, n).tril(diagonal)


def _rows_to_one(W: Tensor) -> Tensor:
    return W / W.sum(-1, keepdim=True)


def _of_size(make: Callable[[int], Tensor]) -> Callable[[Tensor], Tensor]:
    return lambda x: make(len(x))


def _last_row_only(n: int) -> Tensor:
    W = torch.zeros(n, n)
    W[-1] = 1 / n
    return W


_AVERAGING = (
    Mistake(
        "ones instead of shares",
        "The right triangle, but of ones: times `x` that gives sums. In an average the "
        "weights of a row together are 1.",
        _of_size(_lower),
    ),
    Mistake(
        "divided by T in every row",
        "You divide every row by T. The first row has one weight, the second two, and "
        "each row by itself should sum to one.",
        _of_size(lambda n: _lower(n) / n),
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
        _of_size(lambda n: torch.ones(n, n) / _counts(n)),
    ),
    Mistake(
        "the upper triangle",
        "This is the triangle of the future: the first row takes from all tokens. Row t "
        "has its weights in columns 0 to t.",
        _of_size(lambda n: _rows_to_one(_lower(n).T)),
    ),
    Mistake(
        "the matrix on its side",
        "The right weights on their side. A **row** belongs to the token that listens, a "
        "column to the one that speaks.",
        _of_size(lambda n: _rows_to_one(_lower(n)).T),
    ),
    Mistake(
        "columns that sum to one",
        "Here each **column** sums to one. It should be each row, so add up along the "
        "last axis.",
        _of_size(lambda n: _lower(n) / _lower(n).sum(0)),
    ),
    Mistake(
        "the axis of the sums is lost",
        "You divide each column by its number (or by j + 1 instead of i + 1), where it "
        "should be each row. If by a sum: along an axis, it takes the axis away, and "
        "PyTorch lays the result across; `keepdim` keeps it.",
        _of_size(lambda n: _lower(n) / _lower(n).sum(1)),
    ),
    Mistake(
        "the diagonal left out",
        "The diagonal is empty: no token takes from itself, and the first row has "
        "nothing to divide. Each token hears of the past **and** of itself.",
        _of_size(lambda n: _rows_to_one(_lower(n, -1))),
    ),
    Mistake(
        "the diagonal left out, the first row zero",
        "The diagonal is empty: no token takes from itself, and the first row is all "
        "zero. Each token hears of the past **and** of itself.",
        _of_size(lambda n: _rows_to_one(_lower(n, -1)).nan_to_num()),
    ),
    Mistake(
        "one token of the future",
        "Each row reaches one column too far, to the token after its own. The weights of "
        "row t end in column t.",
        _of_size(lambda n: _rows_to_one(_lower(n, 1))),
    ),
    Mistake(
        "divided by t",
        "Rows count from 0: row t has t + 1 weights. Dividing by t is too little, and in "
        "the first row it divides by zero.",
        _of_size(lambda n: _lower(n) / _counts(n, 0)),
    ),
    Mistake(
        "the diagonal left out, the shares right",
        "The shares have the right size, but the diagonal is empty, so a row does not "
        "sum to one. Each token hears of the past **and** of itself.",
        _of_size(lambda n: _lower(n, -1) / _counts(n)),
    ),
    Mistake(
        "a share of 1 by 0",
        "Rows count from 0: row t has t + 1 weights. One divided by t is an error in the "
        "very first row.",
        lambda x: _raise(ZeroDivisionError),
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
        _of_size(lambda n: _lower(n).bool()),
    ),
    Mistake(
        "double precision",
        "The right numbers, as float64, which NumPy makes. The vectors are float32, and "
        "the two cannot be multiplied.",
        _of_size(lambda n: _rows_to_one(_lower(n).double())),
    ),
    Mistake(
        "the averages themselves",
        "These are the averages. Asked for are the weights alone, a row and a column for "
        "each token: `x` is multiplied by them later.",
        _oracle_average,
    ),
    Mistake(
        "as large as a vector is long",
        "Your matrix has as many rows as a vector has numbers. It needs one for each "
        "**token**, and these are the rows of `x`.",
        lambda x: _rows_to_one(_lower(x.shape[-1])),
    ),
    Mistake(
        "lists of numbers",
        "The right numbers, as lists. The vectors can only be multiplied by a tensor.",
        lambda x: _rows_to_one(_lower(len(x))).tolist(),
    ),
    Mistake(
        "as many columns as a vector has numbers",
        "Your matrix is shaped like `x`. It has a row and a column for each token: who "
        "takes, and from whom.",
        lambda x: _rows_to_one(torch.ones_like(x).tril()),
    ),
)


# ---------------------------------------------------------------------------------
# softmax
# ---------------------------------------------------------------------------------


def _oracle_softmax(scores: Tensor) -> Tensor:
    return torch.softmax(scores.double(), -1).float()


def _past(scores: Tensor) -> Tensor:
    """The same with -inf for the future."""
    T = scores.shape[-1]
    return scores.masked_fill(~torch.ones(T, T, dtype=torch.bool).tril(), -inf)


def _draw_softmax(rng: np.random.Generator) -> list[Case]:
    layer, found = _trace(rng, 6)
    h = _between(rng, 0, 3)
    q, k = (found[f"{layer}.{name}"][h].double() for name in "qk")
    own = (q @ k.mT / sqrt(q.shape[-1])).float()
    n = _between(rng, 5, 9)
    # Each row has a size of its own, none within reach of another.
    far = 150 * torch.tensor(rng.permutation([-1, 0, 1]))[:, None]
    return [
        Case("three scores", (_table(rng, 3),)),
        Case("equal scores", (_wide(rng, 1).repeat(n),)),
        Case("three rows of three", (_table(rng, 3, 3),)),
        Case("two rows of five", (_table(rng, 2, 5),)),
        Case("a score of minus infinity for the future", (_past(_table(rng, 4, 4)),)),
        Case("large scores", (100 + _whole(rng, 0, 80, 1, 1) + _table(rng, 3, 4),)),
        Case("large, small and very negative scores", (_table(rng, 3, 4) + far,)),
        Case("several matrices at once", (_table(rng, 2, 3, 4),)),
        Case("scores of the course's own model", (_past(own),)),
    ]


def _soft(
    s: Tensor,
    power: Callable[[Tensor], Tensor] = torch.exp,
    top: Callable[[Tensor], Tensor | float] = lambda s: s.amax(-1, keepdim=True),
    total: Callable[[Tensor], Tensor] = lambda e: e.sum(-1, keepdim=True),
) -> Tensor:
    e = power(s - top(s))
    return e / total(e)


def _no_top(s: Tensor) -> float:
    return 0.0


def _soft_into(s: Tensor) -> Tensor:
    s -= s.amax(-1, keepdim=True)
    return _soft(s, top=_no_top)


def _soft_loop(s: Tensor) -> Tensor:
    return torch.stack([(e := (row - row.max()).exp()) / e.sum() for row in s])


_SOFTMAX = (
    Mistake(
        "the largest score not subtracted",
        "Right, until a score is large: e to the power of 100 is more than float32 can "
        "hold, and of −1000 it is 0. Only differences count, so subtract the row's "
        "largest score first.",
        partial(_soft, top=_no_top),
    ),
    Mistake(
        "the largest of all scores subtracted",
        "You subtract the largest score of the whole tensor. In a row far below it, "
        "every power is then 0, and so is their sum. Each row has its own largest.",
        partial(_soft, top=lambda s: s.max()),
    ),
    Mistake(
        "the largest of each column subtracted",
        "You subtract the largest of each column, so each score of a row loses another "
        "amount and the shares change. Take the largest of each **row**: last axis.",
        partial(_soft, top=lambda s: s.amax(0, keepdim=True)),
    ),
    Mistake(
        "columns that sum to one",
        "Your sum runs along the first axis. Every **row** should sum to one: the scores "
        "of one softmax stand along the **last** axis.",
        lambda s: torch.softmax(s, 0),
    ),
    Mistake(
        "always along axis 1",
        "You go along axis 1, which is the last one of a matrix but not of every tensor. "
        "Count from the end: −1 is always the last.",
        lambda s: torch.softmax(s, 1),
    ),
    Mistake(
        "everything together sums to one",
        "All numbers of the tensor together sum to one. Each row should, by itself: say "
        "along which axis to add.",
        partial(_soft, top=lambda s: s.max(), total=lambda e: e.sum()),
    ),
    Mistake(
        "everything together, each row's largest subtracted",
        "The largest is taken row by row, the sum over everything: all numbers of the "
        "tensor together sum to one. Each row should, by itself: say along which axis "
        "to add.",
        partial(_soft, total=lambda e: e.sum()),
    ),
    Mistake(
        "the smallest score subtracted",
        "You subtract the **smallest** score of the row: then the largest power can be "
        "too much for float32, and −∞ minus −∞ is not a number. Subtract the largest.",
        partial(_soft, top=lambda s: s.amin(-1, keepdim=True)),
    ),
    Mistake(
        "the largest size subtracted",
        "You subtract the largest **size**, without its sign. For a row of very negative "
        "scores that pushes them further down, and for −∞ nothing is left. Take the "
        "largest score as it is.",
        partial(_soft, top=lambda s: s.abs().amax(-1, keepdim=True)),
    ),
    Mistake(
        "everything together, nothing subtracted",
        "All numbers of the tensor together sum to one. Each row should, by itself: say "
        "along which axis to add. And large scores are too much for e.",
        partial(_soft, top=_no_top, total=lambda e: e.sum()),
    ),
    Mistake(
        "not divided",
        "These are the powers of e, not yet divided by their sum: the largest of each row "
        "is 1. Shares sum to one.",
        partial(_soft, total=lambda e: 1.0),
    ),
    Mistake(
        "powers alone",
        "These are the powers of e alone. Two things are missing: the largest score of "
        "the row is subtracted first, and the powers are divided by their sum.",
        torch.exp,
    ),
    Mistake(
        "scores divided by their sum",
        "You divide the scores themselves by their sum. They can be negative or zero, so "
        "they are raised first: e to the power of each.",
        lambda s: s / s.sum(-1, keepdim=True),
    ),
    Mistake(
        "powers of 2",
        "These are powers of 2, as with the pencil in the chapter. The computer takes "
        "e, which is 2.718 and a little more.",
        partial(_soft, power=torch.exp2),
    ),
    Mistake(
        "powers of 2, nothing subtracted",
        "These are powers of 2, as with the pencil in the chapter; the computer takes "
        "e. And before that, the row's largest score is subtracted, or large ones are "
        "too much.",
        partial(_soft, power=torch.exp2, top=_no_top),
    ),
    Mistake(
        "e rounded",
        "These are powers of a number near e. It has more digits than anyone can type: "
        "`torch.exp` raises the true one.",
        partial(_soft, power=lambda s: 2.718**s),
    ),
    Mistake(
        "e rounded, nothing subtracted",
        "These are powers of a number near e: `torch.exp` raises the true one. And "
        "subtract the row's largest score first, or large ones are too much.",
        partial(_soft, power=lambda s: 2.718**s, top=_no_top),
    ),
    Mistake(
        "the axes are lost",
        "A maximum or a sum along an axis takes the axis away, and PyTorch lays the "
        "result across the columns, or finds that it does not fit. Keep the axis, with "
        "`keepdim`, in both.",
        partial(_soft, top=lambda s: s.amax(-1), total=lambda e: e.sum(-1)),
    ),
    Mistake(
        "the axis of the sum is lost",
        "A sum along an axis takes the axis away, and PyTorch divides the columns by the "
        "rows' sums, or finds that they do not fit. Keep the axis, with `keepdim`.",
        partial(_soft, total=lambda e: e.sum(-1)),
    ),
    Mistake(
        "the axis of the sum is lost, nothing subtracted",
        "The sum has lost its axis and is laid across the columns: keep it, with "
        "`keepdim`. And subtract the row's largest score first, or large ones are too "
        "much for e.",
        partial(_soft, top=_no_top, total=lambda e: e.sum(-1)),
    ),
    Mistake(
        "the axis of the maximum is lost",
        "A maximum along an axis takes the axis away, and the largest of each row is "
        "then subtracted from a column. Keep the axis, with `keepdim`.",
        partial(_soft, top=lambda s: s.amax(-1)),
    ),
    Mistake(
        "a thing of the wrong kind",
        "A `TypeError` tells of a thing of the wrong kind: its last line says which. If "
        "that speaks of `return_types`: with an axis, `max` gives two tensors, the "
        "values and where they stand. `amax` gives the values alone.",
        lambda s: _raise(TypeError),
    ),
    Mistake(
        "logarithms of the shares",
        "These are the logarithms of the shares: all negative. The last step is missing, "
        "e to the power of them.",
        lambda s: torch.log_softmax(s, -1),
    ),
    Mistake(
        "each score by itself",
        "You squeeze each score by itself between 0 and 1. In a softmax the scores of a "
        "row compete: each power of e is divided by the sum of the row's.",
        torch.sigmoid,
    ),
    Mistake(
        "a loop over the first axis",
        "Right for a matrix. Your loop goes along the first axis, so of a single row it "
        "takes the scores one by one, and of several matrices each whole. Use the last "
        "axis, and no loop.",
        _soft_loop,
    ),
    Mistake(
        "written over the scores",
        "The shares are right, but the scores that you were given have changed: −= "
        "writes into them. They belong to the caller: make a new tensor.",
        _soft_into,
    ),
)


# ---------------------------------------------------------------------------------
# scores
# ---------------------------------------------------------------------------------


def _oracle_scores(q: Tensor, k: Tensor) -> Tensor:
    """Every pair at once, by Einstein's summation."""
    pairs = torch.einsum("...id,...jd->...ij", q.double(), k.double())
    return (pairs * q.shape[-1] ** -0.5).float()


def _own(rng: np.random.Generator, n: int, names: str = "qk") -> tuple[Tensor, ...]:
    """Queries, keys, values (H, T, d_head) of a layer of the model."""
    layer, found = _trace(rng, n)
    return tuple(found[f"{layer}.{name}"] for name in names)


def _draw_scores(rng: np.random.Generator) -> list[Case]:
    def both(*shape: int) -> tuple[Tensor, Tensor]:
        return _table(rng, *shape), _table(rng, *shape)

    h = _between(rng, 0, 3)
    whole = _whole(rng, 1, 9, 3, 4), _whole(rng, -5, 5, 3, 4)
    return [
        Case("three tokens, d_head = 4", whole),
        Case("five tokens, d_head = 2", both(5, 2)),
        Case("as many tokens as d_head", both(3, 3)),
        Case("a single token", both(1, 5)),
        Case("one head of the course's own model", tuple(x[h] for x in _own(rng, 6))),
        Case("several heads", both(2, 3, 6)),
        Case("a batch of texts, each with several heads", both(2, 3, 4, 5)),
    ]


def _pairs(
    q: Tensor,
    k: Tensor,
    by: Callable[[Tensor, Tensor], Tensor | float] = lambda q, k: sqrt(q.shape[-1]),
    after: Callable[[Tensor], Tensor] = _unchanged,
) -> Tensor:
    return after(q @ k.mT / by(q, k))


def _lengths(q: Tensor, k: Tensor) -> Tensor:
    return q.norm(dim=-1, keepdim=True) * k.norm(dim=-1, keepdim=True).mT


def _scores_into(q: Tensor, k: Tensor) -> Tensor:
    q /= sqrt(q.shape[-1])
    return q @ k.mT


_SCORES = (
    Mistake(
        "√d forgotten",
        "The dot products are right; only the division is missing. What of `d_head` are "
        "they divided by, so that their spread is 1?",
        partial(_pairs, by=lambda q, k: 1.0),
    ),
    Mistake(
        "divided by d",
        "You divide by d itself. The spread of the dot products grows like the **root** "
        "of d.",
        partial(_pairs, by=lambda q, k: q.shape[-1]),
    ),
    Mistake(
        "multiplied by √d",
        "You make the scores larger by √d. They are too large already: divide.",
        partial(_pairs, by=lambda q, k: q.shape[-1] ** -0.5),
    ),
    Mistake(
        "√ of the number of tokens",
        "You divide by the root of T, the number of tokens. What matters is how many "
        "numbers are added up in one dot product: the **last** axis.",
        partial(_pairs, by=lambda q, k: sqrt(q.shape[-2])),
    ),
    Mistake(
        "√ of len(q)",
        "`len` of a tensor is the size of its **first** axis: here the number of tokens, "
        "or of heads. `d_head` is the size of the last one.",
        partial(_pairs, by=lambda q, k: sqrt(len(q))),
    ),
    Mistake(
        "√ of axis 1",
        "Right for one head. With more axes in front, axis 1 is no longer the last: "
        "count from the end to find `d_head`.",
        partial(_pairs, by=lambda q, k: sqrt(q.shape[1])),
    ),
    Mistake(
        "a thing of the wrong kind",
        "A `TypeError` tells of a thing of the wrong kind: its last line says which. If it "
        "is the root: `torch.sqrt` takes a tensor and `sqrt` of the first cell a plain "
        "number, such as the size of **one** axis.",
        lambda q, k: _raise(TypeError),
    ),
    Mistake(
        "queries and keys exchanged",
        "Your matrix lies on its side: a row is a key, a column a query. It should be a "
        "**row** for each query: q first.",
        lambda q, k: _pairs(k, q),
    ),
    Mistake(
        "keys not transposed",
        "A product of matrices takes rows of the first with **columns** of the second. "
        "The keys are rows, so exchange their last two axes.",
        lambda q, k: q @ k / sqrt(q.shape[-1]),
    ),
    Mistake(
        "queries transposed instead of keys",
        "You transpose the queries, and so compare columns: `d_head` by `d_head`. The "
        "answer has a row for each query and a column for each key.",
        lambda q, k: q.mT @ k / sqrt(q.shape[-1]),
    ),
    Mistake(
        "the first two axes exchanged",
        "Right for one head. With more axes in front, the first two are not those of a "
        "matrix, and `.T` turns them all around: exchange the **last** two of the keys.",
        lambda q, k: q @ k.transpose(0, 1) / sqrt(q.shape[-1]),
    ),
    Mistake(
        "each query with its own key only",
        "You have one score a token: each query with its own key. Asked for is every "
        "query with **every** key, T times T of them.",
        lambda q, k: (q * k).sum(-1) / sqrt(q.shape[-1]),
    ),
    Mistake(
        "cosines",
        "You divide by the lengths of the vectors, as for a cosine. Here the lengths "
        "count: a long key is heard more. Divide by √d only.",
        partial(_pairs, by=_lengths),
    ),
    Mistake(
        "already masked",
        "The future is −∞ already. That comes in the next step: here every query meets "
        "every key.",
        partial(_pairs, after=_past),
    ),
    Mistake(
        "the future set to 0",
        "Above the diagonal you have zeros. The mask comes in the next step: here every "
        "query meets **every** key.",
        partial(_pairs, after=torch.tril),
    ),
    Mistake(
        "one head only",
        "Right for one head. With more axes in front, the shape cannot be unpacked into "
        "T and d: ask for the size of the **last** axis alone.",
        lambda q, k: _pairs(q, k) if q.ndim == 2 else _raise(ValueError),
    ),
    Mistake(
        "already shares",
        "These are shares already. The softmax comes in the next step; here are the "
        "bare scores.",
        partial(_pairs, after=_oracle_softmax),
    ),
    Mistake(
        "written over the queries",
        "The scores are right, but the queries that you were given have changed: /= "
        "writes into them. They belong to the caller: make a new tensor.",
        _scores_into,
    ),
)


# ---------------------------------------------------------------------------------
# attention_weights
# ---------------------------------------------------------------------------------


def _oracle_weights(q: Tensor, k: Tensor) -> Tensor:
    """What one-hot values get from PyTorch's own attention."""
    one_hot = torch.eye(q.shape[-2]).expand(*q.shape[:-1], -1)
    return _fused(q, k, one_hot)


def _telling(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Three tokens, of which no one has nearly all the shares or nearly none."""
    while True:
        q, k = _whole(rng, -2, 2, 3, 4), _whole(rng, -2, 2, 3, 4)
        shares = torch.softmax(_oracle_scores(q, k), -1)
        if shares.min() > 0.08 and shares.max() < 0.75:
            return q, k


def _alluring(rng: np.random.Generator, T: int) -> tuple[Tensor, Tensor]:
    """The last token scores more than float32 can tell from all others."""
    q, k = _whole(rng, 5, 9, T, 4), _whole(rng, -1, 1, T, 4) / 4
    k[-1] = _whole(rng, 20, 30, 4)
    return q, k


def _low(rng: np.random.Generator, T: int) -> tuple[Tensor, Tensor]:
    """Scores of -280 and less."""
    return _whole(rng, 5, 9, T, 4), _whole(rng, -1, 1, T, 4) / 4 - 28


def _high(rng: np.random.Generator, T: int) -> tuple[Tensor, Tensor]:
    """Scores of 280 and more."""
    return _whole(rng, 5, 9, T, 4), _whole(rng, -1, 1, T, 4) / 4 + 28


def _right_angles(rng: np.random.Generator, T: int) -> tuple[Tensor, Tensor]:
    """Some scores of the past are exactly 0, but none of a token with itself."""
    while True:
        q, k = _whole(rng, -2, 2, T, 4), _whole(rng, -2, 2, T, 4)
        zero = _oracle_scores(q, k) == 0
        if zero.tril(-1).sum() >= 2 and not zero.diagonal().any():
            return q, k


def _draw_weights(rng: np.random.Generator) -> list[Case]:
    def both(*shape: int) -> tuple[Tensor, Tensor]:
        return _table(rng, *shape), _table(rng, *shape)

    same = _table(rng, 1, 3).repeat(4, 1)
    return [
        Case("three tokens", _telling(rng)),
        Case("a single token", both(1, 3)),
        Case("keys that are all alike", (_table(rng, 4, 3), same)),
        Case("some scores of exactly 0", _right_angles(rng, 4)),
        Case("a last token that all would like best", _alluring(rng, 4)),
        Case("large scores", _high(rng, 4)),
        Case("very negative scores", _low(rng, 4)),
        Case("two texts that differ in the last token", tuple(_one_past(rng, 2, 3, 3))),
        Case("the heads of a layer of the course's own model", _own(rng, 6)),
        Case("a batch of texts, each with several heads", both(2, 3, 4, 5)),
    ]


def _weights(
    q: Tensor,
    k: Tensor,
    by: Callable[[Tensor], float] = lambda q: sqrt(q.shape[-1]),
    allowed: Callable[[Tensor], Tensor] = torch.tril,
    fill: float = -inf,
    soft: Callable[[Tensor], Tensor] = _oracle_softmax,
) -> Tensor:
    """Attention's shares, with screws: `allowed` of a matrix of ones says who may be
    looked at, `fill` is the score of all others."""
    s = q @ k.mT / by(q)
    mask = allowed(torch.ones(s.shape[-2:])).bool()
    return soft(s.masked_fill(~mask, fill))


def _masked_after(q: Tensor, k: Tensor) -> Tensor:
    return _weights(q, k, allowed=_unchanged).tril()


def _masked_by_product(q: Tensor, k: Tensor) -> Tensor:
    s = _pairs(q, k)
    mask = torch.ones(s.shape[-2:]).masked_fill(
        ~torch.ones(s.shape[-2:], dtype=torch.bool).tril(), -inf
    )
    return _oracle_softmax(s * mask)


def _masked_by_zero_times_infinity(q: Tensor, k: Tensor) -> Tensor:
    s = _pairs(q, k)
    return _oracle_softmax(s + (1 - torch.ones(s.shape[-2:]).tril()) * -inf)


def _mask_of_len(q: Tensor, k: Tensor) -> Tensor:
    mask = torch.ones(len(q), len(q), dtype=torch.bool).tril()
    return _oracle_softmax(_pairs(q, k).masked_fill(~mask, -inf))


def _mask_as_index(q: Tensor, k: Tensor) -> Tensor:
    s = _pairs(q, k)
    s[~torch.ones(s.shape[-2:], dtype=torch.bool).tril()] = -inf
    return _oracle_softmax(s)


def _mask_of_width(q: Tensor, k: Tensor) -> Tensor:
    d = q.shape[-1]
    mask = torch.ones(d, d, dtype=torch.bool).tril()
    return _oracle_softmax(_pairs(q, k).masked_fill(~mask, -inf))


def _mask_by_loop(q: Tensor, k: Tensor, axis: int = -2) -> Tensor:
    s, T = _pairs(q, k), q.shape[axis]
    for i in range(T):
        for j in range(i + 1, T):
            s[i, j] = -inf
    return _oracle_softmax(s)


def _mask_of_zeros(q: Tensor, k: Tensor) -> Tensor:
    s = _pairs(q, k).tril()
    return _oracle_softmax(s.masked_fill(s == 0, -inf))


def _mask_by_difference(q: Tensor, k: Tensor) -> Tensor:
    s = _pairs(q, k)
    return _oracle_softmax(s - 100 * torch.ones(s.shape[-2:]).triu(1))


_WEIGHTS = (
    Mistake(
        "not masked",
        "Every token takes from the future too. Above the diagonal the scores become −∞ "
        "before the softmax. If you have used `masked_fill`: it leaves its tensor as it "
        "is and returns a **new** one. Did you keep that?",
        partial(_weights, allowed=_unchanged),
    ),
    Mistake(
        "masked after the softmax",
        "The future is emptied after the softmax: it has had its part in the sums, and "
        "the rows no longer sum to one. Mask the **scores**.",
        _masked_after,
    ),
    Mistake(
        "masked after the softmax, then divided again",
        "The future is emptied after the softmax and the rows are divided once more. "
        "That is right only while the future leaves something: where it scores far "
        "higher, the past has rounded to 0 by then. Mask the **scores**.",
        lambda q, k: _rows_to_one(_masked_after(q, k)),
    ),
    Mistake(
        "scores of the future set to 0",
        "The future's scores become 0. But 0 is a score like others: e to the power of "
        "0 is 1, a share. Which number gives a power of 0?",
        partial(_weights, fill=0.0),
    ),
    Mistake(
        "scores of the future set to −1",
        "The future's scores become −1, which still gives a share: e to the power of −1 "
        "is 0.37. Only one number gives exactly 0.",
        partial(_weights, fill=-1.0),
    ),
    Mistake(
        "scores of the future set to −100",
        "A negative score for the future gives next to nothing, unless the past scores "
        "even less: then the future takes all. Only −∞ is below every score.",
        partial(_weights, fill=-100.0),
    ),
    Mistake(
        "100 subtracted from the scores of the future",
        "You make the future's scores smaller by some number. Where the future scores "
        "higher than the past by more than that, it takes all the same. **Put** −∞ in "
        "their place.",
        _mask_by_difference,
    ),
    Mistake(
        "every score of 0 masked",
        "You mask wherever a score **is** 0. But a query and a key at right angles score "
        "0 too, and that is a score like others. Make the mask from places, not from "
        "scores: who stands where.",
        _mask_of_zeros,
    ),
    Mistake(
        "+∞ for the future",
        "The future gets +∞, the highest score of all, and ∞ minus ∞ is not a number. "
        "Which sign gives it no share?",
        partial(_weights, fill=inf),
    ),
    Mistake(
        "−∞ after the softmax",
        "Your −∞ comes after the softmax, where it is a share of −∞. It belongs among "
        "the **scores**: the softmax then makes 0 of it.",
        lambda q, k: _weights(q, k, allowed=_unchanged).masked_fill(
            torch.ones(q.shape[-2], q.shape[-2]).triu(1) > 0, -inf
        ),
    ),
    Mistake(
        "softmax twice",
        "These shares went through a softmax once more: it takes a share of 0 for a "
        "score of 0, so the future is heard again. Once is enough.",
        partial(_weights, soft=lambda s: _oracle_softmax(_oracle_softmax(s))),
    ),
    Mistake(
        "scores multiplied by −∞",
        "You multiply the future's scores by −∞. A negative score becomes +∞ so, and "
        "then nothing is a number. **Put** −∞ in their place.",
        _masked_by_product,
    ),
    Mistake(
        "zero times infinity",
        "Your mask multiplies 0 by −∞, and that is not a number: one such score spoils "
        "its whole row. Put −∞ only where the future is; `masked_fill` does so.",
        _masked_by_zero_times_infinity,
    ),
    Mistake(
        "only the future seen",
        "The mask lies on its side: each token sees itself and the **future**. Row t may "
        "look at columns 0 to t, so which triangle is kept?",
        partial(_weights, allowed=torch.triu),
    ),
    Mistake(
        "the mask the wrong way round",
        "You put −∞ where one **may** look, and leave the future. The last token then "
        "has nobody, which is not a number. Turn the mask around, with `~`.",
        partial(_weights, allowed=lambda m: m.triu(1)),
    ),
    Mistake(
        "the diagonal masked too",
        "No token sees itself, and the first sees nobody: a row of −∞ has no softmax. "
        "The diagonal belongs to what one may look at.",
        partial(_weights, allowed=lambda m: m.tril(-1)),
    ),
    Mistake(
        "one token of the future",
        "Each token sees one too many, the next one. It is the very word that the model "
        "is to guess. The triangle ends **on** the diagonal.",
        partial(_weights, allowed=lambda m: m.tril(1)),
    ),
    Mistake(
        "columns that sum to one",
        "Your columns sum to one. Each **query** has one share to give away, and "
        "queries are the rows: the softmax goes along the last axis.",
        partial(_weights, soft=lambda s: torch.softmax(s, -2)),
    ),
    Mistake(
        "always along axis 1",
        "Right for one head. With more axes in front, axis 1 is no longer that of the "
        "keys: the softmax goes along the **last**.",
        partial(_weights, soft=lambda s: torch.softmax(s, 1)),
    ),
    Mistake(
        "no softmax",
        "These are the masked scores. They become shares by your `softmax`.",
        partial(_weights, soft=_unchanged),
    ),
    Mistake(
        "√d forgotten",
        "The shares are too sharp: the dot products were not divided by √d. Your "
        "`scores` does that.",
        partial(_weights, by=lambda q: 1.0),
    ),
    Mistake(
        "divided by √d twice",
        "The shares are too even: the dot products are divided by √d twice, which is d. "
        "Your `scores` has done it already.",
        partial(_weights, by=lambda q: q.shape[-1]),
    ),
    Mistake(
        "queries and keys exchanged",
        "You compare the keys with the queries. A row belongs to the token that "
        "**asks**: first q, then k.",
        lambda q, k: _weights(k, q),
    ),
    Mistake(
        "the matrix on its side",
        "The right shares on their side. A **row** belongs to the token that asks, a "
        "column to the one that is asked.",
        lambda q, k: _weights(q, k).mT,
    ),
    Mistake(
        "nothing subtracted in the softmax",
        "Right, until scores are large: e to the power of them is too much for float32. "
        "Your `softmax` of step 3 knows how to help itself; call it.",
        partial(_weights, soft=partial(_soft, top=_no_top)),
    ),
    Mistake(
        "T read from the first axis",
        "Right for one head. With more axes in front, `len` counts heads or texts, not "
        "tokens: T is the second axis from the **end**.",
        _mask_of_len,
    ),
    Mistake(
        "T read from the last axis",
        "The mask is as large as a query is long, and fits only where that is T. The "
        "last axis is `d_head`; T is the second from the **end**.",
        _mask_of_width,
    ),
    Mistake(
        "number by number, for one head",
        "Right for one head. With more axes in front, two indices in square brackets are "
        "a text and a head, not a query and a key. A mask with `masked_fill` needs no "
        "loop, and fits any shape.",
        _mask_by_loop,
    ),
    Mistake(
        "number by number, along the first axis",
        "Right for one head. With more axes in front, the first axis and two indices in "
        "square brackets are texts and heads, not queries and keys. A mask with "
        "`masked_fill` needs no loop, and fits any shape.",
        partial(_mask_by_loop, axis=0),
    ),
    Mistake(
        "one head only",
        "Right for one head. With more axes in front, the shape cannot be unpacked into "
        "two names. T is the second axis from the **end**.",
        lambda q, k: _weights(q, k) if q.ndim == 2 else _raise(ValueError),
    ),
    Mistake(
        "the mask used as an index",
        "Right for one head. With more axes in front, a mask of shape (T, T) cannot "
        "stand in square brackets, which count axes from the first. `masked_fill` lays "
        "it over the last two.",
        _mask_as_index,
    ),
    Mistake(
        "a thing of the wrong kind",
        "A `TypeError` tells of a thing of the wrong kind: its last line says which. Is "
        "it `~`? That turns True and False around, not numbers: make the mask of "
        "`torch.bool`. Is it your own function? Look at what goes in: `scores` takes "
        "queries and keys, `softmax` only scores.",
        lambda q, k: _raise(TypeError),
    ),
    Mistake(
        "a name that is used twice",
        "Inside a function, a name that is assigned anywhere is the function's own, from "
        "its first line on. So `scores` cannot be called and assigned in one function: "
        "give the result another name.",
        lambda q, k: _raise(UnboundLocalError),
    ),
)


# ---------------------------------------------------------------------------------
# attention
# ---------------------------------------------------------------------------------


def _draw_attention(rng: np.random.Generator) -> list[Case]:
    def three(*shape: int, wide: int | None = None) -> tuple[Tensor, ...]:
        v = _table(rng, *shape[:-1], wide or shape[-1])
        return _table(rng, *shape), _table(rng, *shape), v

    same = _table(rng, 1, 3).repeat(4, 1)
    return [
        Case("three tokens", (*_telling(rng), _table(rng, 3, 2))),
        Case("a single token", three(1, 3)),
        Case("keys that are all alike", (_table(rng, 4, 3), same, _table(rng, 4, 2))),
        Case(
            "a last token that all would like best",
            (*_alluring(rng, 4), _table(rng, 4, 3)),
        ),
        Case("large scores", (*_high(rng, 4), _table(rng, 4, 3))),
        Case("values wider than the queries", three(4, 3, wide=5)),
        Case("as many tokens as d_head", three(3, 3)),
        Case("two texts that differ in the last token", tuple(_one_past(rng, 3, 3, 4))),
        Case("the heads of a layer of the course's own model", _own(rng, 6, "qkv")),
        Case("a batch of texts, each with several heads", three(2, 3, 4, 5)),
    ]


def _attention(q: Tensor, k: Tensor, v: Tensor, **screws) -> Tensor:
    return _weights(q, k, **screws) @ v


def _sum_by_sum(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """A loop over the first axis, as if that were always the tokens."""
    A, out = _weights(q, k), torch.zeros_like(v)
    for i in range(len(q)):
        for j in range(i + 1):
            out[i] += A[i, j] * v[j]
    return out


_ATTENTION = (
    Mistake(
        "the weights without the values",
        "These are the attention weights. Now let each row take its shares of the "
        "values: one more product.",
        lambda q, k, v: _weights(q, k),
    ),
    Mistake(
        "the weights transposed",
        "The weights lie on their side: each token gives where it should take. A row of "
        "the weights belongs to the token that listens; leave it so.",
        lambda q, k, v: _weights(q, k).mT @ v,
    ),
    Mistake(
        "values first",
        "The order of a product counts. The weights come first: each of their rows mixes "
        "the rows of v.",
        lambda q, k, v: v @ _weights(q, k),
    ),
    Mistake(
        "the values transposed",
        "The values need no transposing: each is a row, and the rows of a product are "
        "mixtures of the second matrix's rows.",
        lambda q, k, v: _weights(q, k) @ v.mT,
    ),
    Mistake(
        "element by element",
        "`*` multiplies number by number. A weighted sum of rows is a product of "
        "matrices: `@`.",
        lambda q, k, v: _weights(q, k) * v,
    ),
    Mistake(
        "room as wide as the queries",
        "Right only where values are as wide as queries. The answer has a row a token, "
        "and each is a sum of **values**: as wide as they are. One product of matrices "
        "needs no room to be made.",
        lambda q, k, v: (
            _attention(q, k, v) if q.shape == v.shape else _raise(RuntimeError)
        ),
    ),
    Mistake(
        "room as wide as the queries, for one head",
        "Two things: the answer is as wide as the **values**, not as the queries; and "
        "with more axes in front, your loop meets texts or heads instead of tokens. One "
        "product of matrices does both.",
        lambda q, k, v: (
            _attention(q, k, v)
            if q.ndim == 2 and q.shape == v.shape
            else _raise(RuntimeError)
        ),
    ),
    Mistake(
        "row by row, for one head",
        "Right for one head. With more axes in front, the first one is no longer that of "
        "the tokens, so your loop takes texts or heads. A product of matrices does all "
        "rows at once, in any shape.",
        lambda q, k, v: torch.stack([row @ v for row in _weights(q, k)]),
    ),
    Mistake(
        "sum by sum, for one head",
        "Right for one head. With more axes in front, your indices meet texts and heads "
        "instead of tokens. A product of matrices does the sums for any shape.",
        _sum_by_sum,
    ),
    Mistake(
        "one head only",
        "Right for one head. With more axes in front, the shape cannot be unpacked into "
        "two names. A product of matrices needs no sizes at all.",
        lambda q, k, v: _attention(q, k, v) if q.ndim == 2 else _raise(ValueError),
    ),
    Mistake(
        "scores instead of shares",
        "You mix the values by bare scores. They must become shares first: masked, and "
        "positive, and together one in each row. Your `attention_weights` does that.",
        lambda q, k, v: _pairs(q, k) @ v,
    ),
    Mistake(
        "not masked",
        "The tokens take from the future too. Use your `attention_weights`, which masks "
        "it.",
        partial(_attention, allowed=_unchanged),
    ),
    Mistake(
        "masked after the softmax",
        "The future is emptied after the softmax, so the shares of a row no longer sum "
        "to one and the sums come out too small. Use your `attention_weights`.",
        lambda q, k, v: _masked_after(q, k) @ v,
    ),
    Mistake(
        "√d forgotten",
        "The scores were not divided by √d, so each token listens to too few. Use your "
        "`attention_weights`, which divides.",
        partial(_attention, by=lambda q: 1.0),
    ),
    Mistake(
        "√ of the width of the values",
        "You divide by the root of the values' width. The dot products are of queries "
        "and **keys**: it is their width that counts.",
        lambda q, k, v: _attention(q, k, v, by=lambda q: sqrt(v.shape[-1])),
    ),
    Mistake(
        "divided by √d again",
        "The sums are right but for a factor: they are divided by √d once more. The "
        "scores have been, and that is enough.",
        lambda q, k, v: _attention(q, k, v) / sqrt(q.shape[-1]),
    ),
    Mistake(
        "divided by the root of the values' width",
        "The sums are right but for a factor: they are divided by the root of the "
        "values' width. A weighted average needs no dividing.",
        lambda q, k, v: _attention(q, k, v) / sqrt(v.shape[-1]),
    ),
    Mistake(
        "softmax once more",
        "The weights went through a softmax again: it takes a share of 0 for a score of "
        "0, and the future is heard. Your `attention_weights` are shares already.",
        partial(_attention, soft=lambda s: _oracle_softmax(_oracle_softmax(s))),
    ),
    Mistake(
        "divided by T",
        "The sums are divided by the number of tokens. They are averages already: the "
        "shares of a row sum to one.",
        lambda q, k, v: _attention(q, k, v) / q.shape[-2],
    ),
    Mistake(
        "queries and keys exchanged",
        "Queries and keys have changed places: the tokens are asked by those who should "
        "answer. First q, then k.",
        lambda q, k, v: _attention(k, q, v),
    ),
    Mistake(
        "keys and values exchanged",
        "You compare the queries with the values, and mix the keys. Keys say who is "
        "found, values what is given.",
        lambda q, k, v: _attention(q, v, k),
    ),
    Mistake(
        "the keys mixed",
        "The weights are right, but they mix the keys. Keys are only for being found; "
        "what is given are the values.",
        lambda q, k, v: _weights(q, k) @ k,
    ),
    Mistake(
        "columns that sum to one",
        "In your weights the columns sum to one. Each row should: it is one token's "
        "shares. Use your `attention_weights`.",
        partial(_attention, soft=lambda s: torch.softmax(s, -2)),
    ),
    Mistake(
        "only the last token",
        "Only the last token's sum comes back. Every token listens: one row for each.",
        lambda q, k, v: _attention(q, k, v)[..., -1, :],
    ),
    Mistake(
        "the value added once more",
        "Each token's own value is added on top. It takes part already, by its share on "
        "the diagonal.",
        lambda q, k, v: _attention(q, k, v) + v,
    ),
    Mistake(
        "an equal average",
        "Each token takes equal shares of the past, whatever it asks. The queries and "
        "keys should decide: use your `attention_weights`.",
        lambda q, k, v: _rows_to_one(_lower(v.shape[-2])) @ v,
    ),
    Mistake(
        "an equal average, for one head",
        "These are the equal shares of step 2, and of the right size for one head only. "
        "Here queries and keys decide: use your `attention_weights`.",
        lambda q, k, v: _rows_to_one(_lower(len(v))) @ v,
    ),
)


# ---------------------------------------------------------------------------------
# split_heads
# ---------------------------------------------------------------------------------


def _oracle_split(x: Tensor, n_head: int) -> Tensor:
    """NumPy, whose `split` refuses unequal parts with a ValueError."""
    return torch.from_numpy(np.stack(np.split(x.numpy(), n_head, -1), -3))


def _draw_split(rng: np.random.Generator) -> list[Case]:
    layer, found = _trace(rng, 5)
    queries = found[f"{layer}.q"]  # (H, T, d_head)
    C = _between(rng, 3, 6)
    return [
        Case("three tokens, two heads of two numbers", (_table(rng, 3, 4), 2)),
        Case("a single head", (_table(rng, 3, 4), 1)),
        Case("as many heads as numbers", (_table(rng, 4, C), C)),
        Case("as many heads as tokens", (_table(rng, 3, 6), 3)),
        Case("a single token", (_table(rng, 1, 6), 3)),
        Case("queries of the course's own model", (torch.cat([*queries], -1), 4)),
        Case("a batch of texts", (_table(rng, 2, 4, 6), 3)),
        Case("a batch with as many texts as tokens", (_table(rng, 2, 2, 6), 2)),
        Case("heads that do not share evenly", (_table(rng, 4, 6), 4)),
        Case("more heads than numbers", (_table(rng, 3, 3), _between(rng, 4, 9))),
        Case("a batch, and heads that do not share evenly", (_table(rng, 2, 4, 5), 2)),
    ]


def _split(
    x: Tensor,
    n_head: int,
    way: Callable[[Tensor, int, int], Tensor] | None = None,
    refuse: Callable[[Tensor, int], bool] = lambda x, H: x.shape[-1] % H > 0,
    kind: type[Exception] = ValueError,
) -> Tensor:
    """Splitting, with screws: `way` is given x, H and d_head."""
    if refuse(x, n_head):
        raise kind("they do not share evenly")
    d = x.shape[-1] // n_head
    if way is None:
        return x.reshape(*x.shape[:-1], n_head, d).transpose(-3, -2)
    return way(x, n_head, d)


def _never(x: Tensor, H: int) -> bool:
    return False


def _way(way: Callable[[Tensor, int, int], Tensor]) -> Callable:
    return partial(_split, way=way)


def _apart(x: Tensor, H: int, d: int) -> Tensor:
    return x.reshape(*x.shape[:-1], H, d)


def _columns(x: Tensor, H: int, d: int) -> list[Tensor]:
    return [x[..., h * d : (h + 1) * d] for h in range(H)]


def _only(axes: int) -> Callable[[Tensor, int, int], Tensor]:
    """Splitting that unpacks the shape into so many names."""
    return lambda x, H, d: (
        _apart(x, H, d).transpose(-3, -2) if x.ndim == axes else _raise(ValueError)
    )


_WAYS = (
    Mistake(
        "the shape without the transposing",
        "The shape is right, but the numbers are dealt out row by row, so head 0 has the "
        "first **tokens** and not the first columns. Make (T, H, d_head) first, then "
        "exchange two axes.",
        _way(lambda x, H, d: x.reshape(*x.shape[:-2], H, x.shape[-2], d)),
    ),
    Mistake(
        "the heads not in front",
        "Each token's numbers are cut into heads; but the heads should be in **front** "
        "of the tokens, so that each is a matrix of its own. Exchange two axes.",
        _way(_apart),
    ),
    Mistake(
        "heads interleaved",
        "Head 0 has every H-th column. Its columns should stand side by side: the first "
        "`d_head` of them, and the next ones for head 1. So H comes before `d_head` "
        "when you cut.",
        _way(lambda x, H, d: x.reshape(*x.shape[:-1], d, H).movedim(-1, -3)),
    ),
    Mistake(
        "the tokens shared out",
        "You share out the tokens. Every head sees all tokens, and of each some of its "
        "columns: cut along the last axis.",
        _way(lambda x, H, d: torch.stack(x.chunk(H, -2), -3)),
    ),
    Mistake(
        "each head on its side",
        "The columns of each head are right, but it lies on its side: (d_head, T). A "
        "token is a row here too.",
        _way(lambda x, H, d: _apart(x, H, d).movedim(-3, -1)),
    ),
    Mistake(
        "every head gets everything",
        "Every head has all C columns. They are **shared**: C / H for each.",
        _way(lambda x, H, d: torch.stack([x] * H, -3)),
    ),
    Mistake(
        "a list of heads",
        "The right heads, but not yet in one tensor: they are in a Python list or tuple. "
        "`torch.stack` puts them together, along a new axis.",
        _way(_columns),
    ),
    Mistake(
        "heads side by side again",
        "The heads were joined to one matrix again. Stack them along a **new** axis, in "
        "front of the tokens.",
        _way(lambda x, H, d: torch.cat(_columns(x, H, d), -2)),
    ),
    Mistake(
        "the first two axes exchanged",
        "Right for one text. With a batch in front, the first two axes are those of "
        "texts and tokens: count from the end.",
        _way(lambda x, H, d: _apart(x, H, d).transpose(0, 1)),
    ),
    Mistake(
        "axes 1 and 2 exchanged",
        "Right for a batch. A single text has one axis less in front: count from the "
        "end, and it is right for both.",
        _way(lambda x, H, d: _apart(x, H, d).transpose(1, 2)),
    ),
    Mistake(
        "the heads before the texts",
        "Right for one text. In a batch the heads stand before the texts: each text "
        "should have its own heads.",
        _way(lambda x, H, d: _apart(x, H, d).movedim(-2, 0)),
    ),
    Mistake(
        "pieces of n_head columns",
        "Number and size of the heads have changed places: each has `n_head` columns. Were "
        "the sizes exchanged in `reshape`? Or is it `split`, which asks how **large** a "
        "piece is, not how many there are?",
        _way(lambda x, H, d: torch.stack(x.split(H, -1), -3)),
    ),
    Mistake(
        "no batches",
        "A batch has three axes, which cannot be unpacked into T and C. Count from the "
        "end: the last two axes are always T and C.",
        _way(_only(2)),
    ),
    Mistake(
        "batches only",
        "A single text has two axes, which cannot be unpacked into B, T and C. Count from "
        "the end: the last two axes are always T and C.",
        _way(_only(3)),
    ),
)


_SPLIT = (
    *_WAYS,
    Mistake(
        "nothing is refused",
        "The heads are right. Where they cannot share the columns evenly, PyTorch "
        "complains of shapes. Look first, and raise a ValueError.",
        partial(_split, refuse=_never),
    ),
    Mistake(
        "batches only, and nothing is refused",
        "A single text has two axes, which cannot be unpacked into B, T and C: count from "
        "the end, where the last two are always T and C. And in a batch, heads that do "
        "not share evenly are not refused yet.",
        partial(_split, way=_only(3), refuse=_never),
    ),
    Mistake(
        "the shape without the transposing, for one text",
        "The numbers are dealt out row by row, so head 0 has the first **tokens** and "
        "not the first columns: make (T, H, d_head) first, then exchange two axes. And a "
        "batch has three axes, which cannot be unpacked into T and C.",
        _way(
            lambda x, H, d: (
                x.reshape(H, len(x), d) if x.ndim == 2 else _raise(ValueError)
            )
        ),
    ),
    Mistake(
        "columns are dropped",
        "Where the heads cannot share the columns evenly, some columns are lost without "
        "a word. Look at the remainder first, and raise a ValueError.",
        partial(
            _split,
            way=lambda x, H, d: torch.stack(_columns(x, H, d), -3),
            refuse=_never,
        ),
    ),
    Mistake(
        "only too many heads are refused",
        "More heads than columns are refused. But 4 heads cannot share 6 columns "
        "either: look at the remainder of the division.",
        partial(_split, refuse=lambda x, H: H > x.shape[-1]),
    ),
    Mistake(
        "even shares are refused",
        "You refuse heads that share evenly, and accept others. Look at which number "
        "you divide by which, and at what its remainder is where all get the same.",
        partial(_split, refuse=lambda x, H: x.shape[-1] % H == 0),
    ),
    Mistake(
        "heads divided by columns",
        "You look at the remainder of the heads divided by the columns. It is the "
        "columns that are shared out: which number do you divide by which?",
        partial(_split, refuse=lambda x, H: H % x.shape[-1] > 0),
    ),
    Mistake(
        "the first axis shared out",
        "You look at the remainder of the **first** axis, which are tokens or texts. It "
        "is the columns, along the last, that the heads share: which number do you "
        "divide by which?",
        partial(_split, refuse=lambda x, H: len(x) % H > 0),
    ),
    Mistake(
        "axis 1 shared out",
        "The remainder is right for one text. In a batch, axis 1 is that of the tokens; "
        "the columns, which the heads share, are always the **last**.",
        partial(_split, refuse=lambda x, H: x.shape[1] % H > 0),
    ),
    Mistake(
        "chunks without a look",
        "`chunk` makes fewer or smaller pieces where the parts cannot be equal, often "
        "without a word. Look at the remainder first, and raise a ValueError.",
        partial(
            _split,
            way=lambda x, H, d: torch.stack(x.chunk(H, -1), -3),
            refuse=_never,
        ),
    ),
    Mistake(
        "an assert instead of a ValueError",
        "Uneven shares are found, but told by the wrong error. `assert` is meant for "
        "one's own errors and can be switched off: raise a ValueError.",
        partial(_split, kind=AssertionError),
    ),
)


# ---------------------------------------------------------------------------------
# merge_heads
# ---------------------------------------------------------------------------------


def _oracle_merge(x: Tensor) -> Tensor:
    return torch.cat(x.unbind(-3), -1)


def _draw_merge(rng: np.random.Generator) -> list[Case]:
    layer, found = _trace(rng, 5)
    return [
        Case("two heads of two numbers, three tokens", (_table(rng, 2, 3, 2),)),
        Case("a single head", (_table(rng, 1, 3, 4),)),
        Case("heads of a single number", (_table(rng, 4, 3, 1),)),
        Case("a single token", (_table(rng, 3, 1, 2),)),
        Case("as many heads as tokens and numbers", (_table(rng, 3, 3, 3),)),
        Case("heads of the course's own model", (found[f"{layer}.heads"],)),
        Case("a batch of texts", (_table(rng, 2, 3, 4, 2),)),
        Case("a batch with as many texts as heads", (_table(rng, 2, 2, 3, 2),)),
    ]


def _merged_view(x: Tensor) -> Tensor:
    turned = x.transpose(-3, -2)
    return turned.view(*turned.shape[:-2], -1)


def _three_axes(x: Tensor) -> Tensor:
    return _oracle_merge(x) if x.ndim == 3 else _raise(ValueError)


_MERGE = (
    Mistake(
        "the shape without the transposing",
        "The shape is right, but the numbers stand in the order of the heads: the first "
        "rows hold head 0 of several tokens. Bring the tokens to the front first, then "
        "flatten.",
        lambda x: x.reshape(*x.shape[:-3], x.shape[-2], -1),
    ),
    Mistake(
        "heads interleaved",
        "Columns of different heads alternate. Those of a head belong side by side: "
        "first all of head 0, then all of head 1.",
        lambda x: x.movedim(-3, -1).flatten(-2),
    ),
    Mistake(
        "heads added up",
        "You add the heads up, and nobody can tell any more what each has found. Put "
        "them side by side.",
        lambda x: x.sum(-3),
    ),
    Mistake(
        "heads averaged",
        "You average the heads, and nobody can tell any more what each has found. Put "
        "them side by side.",
        lambda x: x.mean(-3),
    ),
    Mistake(
        "heads one under the other",
        "The heads stand one under the other: H · T rows. They belong side by side, so "
        "that each token has one row of C numbers.",
        lambda x: x.flatten(-3, -2),
    ),
    Mistake(
        "not flattened",
        "The tokens are in front again; but the heads of each are still apart. Make one "
        "row of C numbers of the last two axes.",
        lambda x: x.transpose(-3, -2),
    ),
    Mistake(
        "flattened without transposing",
        "Each head has become one long row. A row belongs to a **token**: bring the "
        "tokens to the front before you flatten.",
        lambda x: x.flatten(-2),
    ),
    Mistake(
        "the wrong axes exchanged",
        "You exchange the last two axes, tokens and numbers. It is heads and tokens that "
        "change places.",
        lambda x: x.mT.flatten(-2),
    ),
    Mistake(
        "a view of what was turned",
        "After exchanging axes the numbers no longer lie in order, and `view` cannot "
        "make rows of them. `flatten` and `reshape` copy where they must.",
        _merged_view,
    ),
    Mistake(
        "only the first head",
        "Only the first head is left. All of them belong in the row of a token, side by "
        "side.",
        lambda x: x.select(-3, 0),
    ),
    Mistake(
        "the matrix on its side",
        "The right numbers on their side: C rows of T. A token is a row.",
        lambda x: _oracle_merge(x).mT,
    ),
    Mistake(
        "the first two axes exchanged",
        "Right for one text. With a batch in front, the first two axes are those of "
        "texts and heads: count from the end.",
        lambda x: x.transpose(0, 1).flatten(-2),
    ),
    Mistake(
        "axes 1 and 2 exchanged",
        "Right for a batch. The heads of a single text have one axis less in front: "
        "count from the end, and it is right for both.",
        lambda x: x.transpose(1, 2).flatten(-2),
    ),
    Mistake(
        "flattened from axis 1 on",
        "Right for one text. In a batch, axis 1 is that of the tokens, so each text has "
        "become one long row: flatten only the last two axes.",
        lambda x: x.transpose(-3, -2).flatten(1),
    ),
    Mistake(
        "heads and tokens misnamed",
        "Your answer has a row a head. What comes in is heads, tokens, numbers, in this "
        "order: have you read the sizes in another?",
        lambda x: x.transpose(-3, -2).reshape(*x.shape[:-2], -1),
    ),
    Mistake(
        "a loop over the first axis",
        "Right for one text. In a batch the first axis is that of the texts, and you put "
        "those side by side.",
        lambda x: torch.cat([*x], -1),
    ),
    Mistake(
        "three axes put in order",
        "Right for one text. A batch has an axis more in front, and your code counts on "
        "three. `transpose` exchanges two axes and leaves the others alone: count them "
        "from the end.",
        lambda x: x.permute(1, 0, 2).flatten(-2),
    ),
    Mistake(
        "batches only",
        "A single text has three axes, which cannot be unpacked into four. Count from the "
        "end: the last three axes are always heads, tokens, numbers.",
        lambda x: _oracle_merge(x) if x.ndim == 4 else _raise(ValueError),
    ),
    Mistake(
        "no batches",
        "A batch has four axes, which cannot be unpacked into three. Count from the end: "
        "the last three axes are always heads, tokens, numbers.",
        _three_axes,
    ),
)


# ---------------------------------------------------------------------------------
# attend
# ---------------------------------------------------------------------------------


def _oracle_attend(
    x: Tensor, w_qkv: Tensor, b_qkv: Tensor, w_out: Tensor, b_out: Tensor, n_head: int
) -> Tensor:
    """PyTorch's own MultiheadAttention, which keeps its matrices on their side."""
    T, C = x.shape[-2:]
    with torch.no_grad():
        theirs = torch.nn.MultiheadAttention(C, n_head, batch_first=True).double()
        theirs.in_proj_weight.copy_(w_qkv.T)
        theirs.in_proj_bias.copy_(b_qkv)
        theirs.out_proj.weight.copy_(w_out.T)
        theirs.out_proj.bias.copy_(b_out)
        future = torch.ones(T, T, dtype=torch.bool).triu(1)
        x = x.double()
        return theirs(x, x, x, attn_mask=future, need_weights=False)[0].float()


def _projections(rng: np.random.Generator, C: int) -> list[Tensor]:
    """w_qkv, b_qkv, w_out, b_out, small enough that no token takes all the shares."""
    shapes = (C, 3 * C), (3 * C,), (C, C), (C,)
    return [_table(rng, *shape) / 5 for shape in shapes]


def _layer(rng: np.random.Generator) -> tuple:
    """What a layer of the course's own model is given, and its weights."""
    layer, found = _trace(rng, 6)
    _, weights, _ = _shipped()
    parts = "c_attn.weight", "c_attn.bias", "c_proj.weight", "c_proj.bias"
    named = [weights[f"h.{layer}.attn.{part}"] for part in parts]
    return (found[f"{layer}.norm_1"], *named, 4)


def _draw_attend(rng: np.random.Generator) -> list[Case]:
    C = _between(rng, 3, 4)
    (past,) = _one_past(rng, 1, 3, 4)
    return [
        Case("three tokens, two heads", (_table(rng, 3, 4), *_projections(rng, 4), 2)),
        Case("a single head", (_table(rng, 3, 3), *_projections(rng, 3), 1)),
        Case("a single token", (_table(rng, 1, 4), *_projections(rng, 4), 2)),
        Case(
            "heads of a single number",
            (_table(rng, 4, C), *_projections(rng, C), C),
        ),
        Case("three heads", (_table(rng, 5, 6), *_projections(rng, 6), 3)),
        Case("a layer of the course's own model", _layer(rng)),
        Case("a batch of texts", (_table(rng, 2, 3, 6), *_projections(rng, 6), 2)),
        Case(
            "two texts that differ in the last token",
            (past, *_projections(rng, 4), 2),
        ),
    ]


def _thirds(x: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, ...]:
    return (x @ w + b).chunk(3, -1)


def _attend(
    x: Tensor,
    w_qkv: Tensor,
    b_qkv: Tensor,
    w_out: Tensor,
    b_out: Tensor,
    n_head: int,
    cut: Callable[[Tensor, Tensor, Tensor], Sequence[Tensor]] = _thirds,
    order: Sequence[int] = (0, 1, 2),
    split: Callable[[Tensor, int], Tensor] = _split,
    core: Callable[[Tensor, Tensor, Tensor], Tensor] = _attention,
    merge: Callable[[Tensor], Tensor] = _oracle_merge,
    out: Callable[[Tensor, Tensor, Tensor], Tensor] = lambda y, w, b: y @ w + b,
) -> Tensor:
    """The whole stage, with a screw at each of its steps."""
    cuts = cut(x, w_qkv, b_qkv)
    q, k, v = (split(cuts[i], n_head) for i in order)
    return out(merge(core(q, k, v)), w_out, b_out)


def _view_split(x: Tensor, H: int) -> Tensor:
    return x.reshape(*x.shape[:-2], H, x.shape[-2], -1)


def _view_merge(x: Tensor) -> Tensor:
    return x.reshape(*x.shape[:-3], x.shape[-2], -1)


def _every_third(x: Tensor, w: Tensor, b: Tensor) -> Sequence[Tensor]:
    return (x @ w + b).unflatten(-1, (-1, 3)).unbind(-1)


def _reshaped(x: Tensor, w: Tensor, b: Tensor) -> Sequence[Tensor]:
    C = x.shape[-1]
    return [x @ part + c for part, c in zip(w.reshape(3, C, C), b.chunk(3))]


def _one_bias(x: Tensor, w: Tensor, b: Tensor) -> Sequence[Tensor]:
    return [x @ part + b[: x.shape[-1]] for part in w.chunk(3, -1)]


def _rows_in_three(x: Tensor, w: Tensor, b: Tensor) -> Sequence[Tensor]:
    q, k, v = (x @ w + b).chunk(3)
    return q, k, v


def _split_again(x: Tensor, *weights) -> Tensor:
    return _attend(x, *weights, merge=lambda y: _split(y, weights[-1]))


def _head_by_head(
    x: Tensor, w_qkv: Tensor, b_qkv: Tensor, w_out: Tensor, b_out: Tensor, n_head: int
) -> Tensor:
    """As if each head's q, k and v stood together in the matrix."""
    parts = (x @ w_qkv + b_qkv).unflatten(-1, (n_head, 3, -1)).unbind(-2)
    q, k, v = (part.transpose(-3, -2) for part in parts)
    return _oracle_merge(_attention(q, k, v)) @ w_out + b_out


def _bias_a_head(x: Tensor, *weights, **screws) -> Tensor:
    *_, b_out, n_head = weights
    return _attend(x, *weights, **screws) + (n_head - 1) * b_out


def _root_of_width(x: Tensor, *weights) -> Tensor:
    core = partial(_attention, by=lambda q: sqrt(x.shape[-1]))
    return _attend(x, *weights, core=core)


def _interleaved(x: Tensor, H: int) -> Tensor:
    return x.unflatten(-1, (-1, H)).movedim(-1, -3)


def _interleave(x: Tensor) -> Tensor:
    return x.movedim(-3, -1).flatten(-2)


_ATTEND = (
    Mistake(
        "one head instead of several",
        "Everything is one large head. Split q, k and v into heads before the "
        "attention, and merge after it.",
        partial(_attend, split=lambda x, H: x, merge=_unchanged),
    ),
    Mistake(
        "keys before queries",
        "You take the first third for the keys and the second for the queries, or hand "
        "them over in that order. It is queries, keys, values, here and in `attention`.",
        partial(_attend, order=(1, 0, 2)),
    ),
    Mistake(
        "values before keys",
        "You take the second third for the values and the last for the keys, or hand "
        "them over in that order. It is queries, keys, values, here and in `attention`.",
        partial(_attend, order=(0, 2, 1)),
    ),
    Mistake(
        "values first",
        "You take the first third for the values and the last for the queries, or hand "
        "them over in that order. It is queries, keys, values, here and in `attention`.",
        partial(_attend, order=(2, 1, 0)),
    ),
    Mistake(
        "every third column",
        "You deal the columns out in turn: every third one to the queries. The three "
        "matrices stand side by side: the first C columns make the queries.",
        partial(_attend, cut=_every_third),
    ),
    Mistake(
        "the weight reshaped",
        "To reshape `w_qkv` cuts through its rows. The three matrices stand side by "
        "side, so cut along the **last** axis, before the product or after it.",
        partial(_attend, cut=_reshaped),
    ),
    Mistake(
        "each head's q, k and v together",
        "You cut into heads first, and then each head's columns in three. It is the "
        "other way round here: C columns of queries for all heads, then the keys, then "
        "the values.",
        _head_by_head,
    ),
    Mistake(
        "shapes that do not fit",
        "Somewhere the shapes do not fit: print them after each line, and compare with "
        "the table of this step. Is it x times w, with nothing transposed? Are q, k "
        "**and** v split into heads? Is C the width of x?",
        partial(_attend, cut=lambda x, w, b: _thirds(x, w.T, b)),
    ),
    Mistake(
        "b_qkv forgotten",
        "`b_qkv` is missing: it is added to the product before it is cut in three.",
        partial(_attend, cut=lambda x, w, b: _thirds(x, w, torch.zeros(1))),
    ),
    Mistake(
        "b_out forgotten",
        "`b_out` is missing: it is added at the very end, to every token.",
        partial(_attend, out=lambda y, w, b: y @ w),
    ),
    Mistake(
        "both biases forgotten",
        "Both biases are missing. One is added after each of the two products.",
        partial(
            _attend,
            cut=lambda x, w, b: _thirds(x, w, torch.zeros(1)),
            out=lambda y, w, b: y @ w,
        ),
    ),
    Mistake(
        "b_out before the last product",
        "`b_out` is added to the merged heads, before the product by `w_out`. It comes "
        "after it: a product first, then its bias, as with `w_qkv`.",
        partial(_attend, out=lambda y, w, b: (y + b) @ w),
    ),
    Mistake(
        "the first third of b_qkv for all",
        "Queries, keys and values all get the first third of `b_qkv`. The bias is cut "
        "like the matrix: a third for each.",
        partial(_attend, cut=_one_bias),
    ),
    Mistake(
        "always two heads",
        "You always make 2 heads, and how many there are is said by `n_head`. Is there "
        "a number where a name should be?",
        partial(_attend, split=lambda x, H: _split(x, 2)),
    ),
    Mistake(
        "always four heads",
        "You always make 4 heads, and how many there are is said by `n_head`. Is there "
        "a number where a name should be?",
        partial(_attend, split=lambda x, H: _split(x, 4)),
    ),
    Mistake(
        "b_out added for each head",
        "`b_out` is added once for each head. It comes once, when the heads have been "
        "put together.",
        _bias_a_head,
    ),
    Mistake(
        "the last product forgotten",
        "These are the merged heads. One more product, by `w_out`, mixes what they have "
        "found, and then `b_out` is added.",
        partial(_attend, out=lambda y, w, b: y),
    ),
    Mistake(
        "the last bias without its product",
        "The bias `b_out` is there, the product by `w_out` is not. It mixes what the "
        "heads have found.",
        partial(_attend, out=lambda y, w, b: y + b),
    ),
    Mistake(
        "w_out on its side",
        "You multiply by `w_out` on its side, as PyTorch's own layers keep it. Here it "
        "stands to the right of the vectors as it is.",
        partial(_attend, out=lambda y, w, b: y @ w.T + b),
    ),
    Mistake(
        "split and merged without transposing",
        "The heads are split and merged by reshaping alone, so a head holds some of the "
        "tokens instead of some of the columns. Use your `split_heads` and "
        "`merge_heads`.",
        partial(_attend, split=_view_split, merge=_view_merge),
    ),
    Mistake(
        "merged without transposing",
        "The heads are split rightly, but merged by reshaping alone, and tokens are "
        "mixed up. Use your `merge_heads`.",
        partial(_attend, merge=_view_merge),
    ),
    Mistake(
        "heads interleaved",
        "Head 0 has every H-th column, in the split and in the merge. Its columns stand "
        "side by side: use your `split_heads` and `merge_heads`.",
        partial(_attend, split=_interleaved, merge=_interleave),
    ),
    Mistake(
        "√ of the model's width",
        "The scores are divided by the root of C, the width of the model. Each head has "
        "only `d_head` = C / H numbers, and adds up so many.",
        _root_of_width,
    ),
    Mistake(
        "√d forgotten",
        "The scores were not divided by √d. Use your `attention`, which divides.",
        partial(_attend, core=partial(_attention, by=lambda q: 1.0)),
    ),
    Mistake(
        "not causal",
        "The tokens look into the future. Use your `attention`, which masks it.",
        partial(_attend, core=partial(_attention, allowed=_unchanged)),
    ),
    Mistake(
        "the input added",
        "The input is added to the answer. The block does that, in the next chapter; "
        "here is only what was heard.",
        lambda x, *weights: x + _attend(x, *weights),
    ),
    Mistake(
        "not merged",
        "The shapes do not fit at the end: the heads are still apart. Put them together "
        "before the last product.",
        partial(_attend, merge=_unchanged),
    ),
    Mistake(
        "d_head for n_head",
        "You make as many heads as a head has numbers. `n_head` is how many heads there "
        "are, and that is what `split_heads` asks for.",
        partial(_attend, split=lambda x, H: _split(x, x.shape[-1] // H)),
    ),
    Mistake(
        "batches only",
        "A single text has two axes, which cannot be unpacked into B, T and C. The last "
        "two axes are always T and C; count from the end.",
        lambda x, *weights: _attend(x, *weights) if x.ndim == 3 else _raise(ValueError),
    ),
    Mistake(
        "no batches",
        "A batch has three axes, which cannot be unpacked into T and C. The last two "
        "axes are always T and C; count from the end.",
        lambda x, *weights: _attend(x, *weights) if x.ndim == 2 else _raise(ValueError),
    ),
    Mistake(
        "the rows cut in three",
        "You cut the **rows** in three, so each token is in one part only. `chunk` takes "
        "the first axis where you name none: here it should be the last.",
        partial(_attend, cut=_rows_in_three),
    ),
    Mistake(
        "split instead of merged",
        "After the attention the heads are split once more. There they are put together "
        "again: that is the work of `merge_heads`.",
        _split_again,
    ),
    Mistake(
        "cut along axis 1",
        "Right for one text. In a batch, axis 1 is that of the tokens: cut along the "
        "**last** axis.",
        partial(_attend, cut=lambda x, w, b: (x @ w + b).chunk(3, 1)),
    ),
)


_SOFTMAXES = (
    *(".softmax", ".log_softmax", ".Softmax", ".LogSoftmax", ".softmin", ".Softmin"),
    *(".logsumexp", "scipy"),
)
_KERNELS = (
    ".scaled_dot_product_attention",
    ".multi_head_attention_forward",
    ".MultiheadAttention",
    ".flex_attention",
)

CHECKS = [
    Check(
        "average_past",
        1,
        _draw_average,
        _oracle_average,
        _AVERAGE,
        _LIBRARIES + _KERNELS,
    ),
    Check(
        "averaging_weights",
        2,
        _draw_averaging,
        _oracle_averaging,
        _AVERAGING,
        _LIBRARIES + _KERNELS,
    ),
    Check(
        "softmax",
        3,
        _draw_softmax,
        _oracle_softmax,
        _SOFTMAX,
        _LIBRARIES + _KERNELS + _SOFTMAXES,
        rtol=2e-5,  # so that 2.718 is not e; scores are small enough for any right way
        atol=1e-6,
    ),
    Check(
        "scores",
        2,
        _draw_scores,
        _oracle_scores,
        _SCORES,
        _LIBRARIES + _KERNELS,
    ),
    Check(
        "attention_weights",
        3,
        _draw_weights,
        _oracle_weights,
        _WEIGHTS,
        _LIBRARIES + _KERNELS,
        after=("softmax", "scores"),
    ),
    Check(
        "attention",
        2,
        _draw_attention,
        _fused,
        _ATTENTION,
        _LIBRARIES + _KERNELS,
        after=("attention_weights",),
    ),
    Check(
        "split_heads",
        2,
        _draw_split,
        _oracle_split,
        _SPLIT,
        _LIBRARIES,
    ),
    Check(
        "merge_heads",
        2,
        _draw_merge,
        _oracle_merge,
        _MERGE,
        _LIBRARIES,
    ),
    Check(
        "attend",
        3,
        _draw_attend,
        _oracle_attend,
        _ATTEND,
        _LIBRARIES + _KERNELS,
        after=("attention", "split_heads", "merge_heads"),
    ),
]
