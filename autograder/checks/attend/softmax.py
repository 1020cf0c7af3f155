"""Shares from scores, along the last axis.

The oracle is PyTorch's softmax in double precision. Scores are small enough for any
right way to be within the tolerance, which is narrow so that 2.718 is not e. Some rows
have sizes far from each other, so that each must lose its own largest score.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import inf, sqrt

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between, normal, singles, tenths
from autograder.checks._slips import two_at_once, written_into
from autograder.checks._twins import mirrored, twins
from autograder.checks.attend._material import (
    KERNELS,
    LIBRARIES,
    own,
    past,
    whole,
    wrong_kind,
)


def oracle(scores: Tensor) -> Tensor:
    return torch.softmax(scores.double(), -1).float()


def _beyond(rng: np.random.Generator) -> Tensor:
    """(2, 2, 4): each row ends with −∞, and one score is so high that it gets all."""
    steps = torch.tensor(np.stack([rng.permutation(3) + 1.0 for _ in range(4)]))
    away = torch.tensor([[2.0**22], [-(2.0**22)], [0.0], [0.0]])
    unit = torch.tensor([[128.0], [-128.0], [2.0**40], [-1e30]])
    rows = torch.cat([away + unit * steps, torch.full((4, 1), -inf)], -1)
    return rows.float().reshape(2, 2, 4)


def draw(rng: np.random.Generator) -> list[Case]:
    heads = own(rng, 6, "q", "k")
    h = between(rng, 0, 3)
    q, k = (x[h].double() for x in heads)
    scores = (q @ k.mT / sqrt(q.shape[-1])).float()
    n = between(rng, 5, 9)
    # Each row has a size of its own, none within reach of another. Where scores are
    # large they lie far apart: so near 1000, float32 has only four decimal places.
    far = 1000.0 * torch.tensor(rng.permutation([-1, 0, 1]))[:, None]
    apart = torch.tensor(np.stack([rng.permutation(4) for _ in range(3)])) * 120.0
    wide = torch.where(far == 0, tenths(rng, 3, 4), far + apart)
    return [
        Case("three scores", (tenths(rng, 3),)),
        Case("equal scores", (normal(rng, 1).repeat(n),)),
        Case("three rows of three", (tenths(rng, 3, 3),)),
        Case("two rows of five", (tenths(rng, 2, 5),)),
        Case("a score of minus infinity for the future", (past(tenths(rng, 4, 4)),)),
        edge("large scores", (500 + whole(rng, 0, 80, 1, 1) + apart,)),
        edge("large, small and very negative scores", (wide,)),
        edge(
            "a score far below the others",
            (torch.cat([tenths(rng, 2, 3), -50 - tenths(rng, 2, 1)], -1),),
        ),
        edge("scores beyond a million, and minus infinity", (_beyond(rng),)),
        edge("only very negative scores", (-1000 - whole(rng, 0, 80, 1, 1) - apart,)),
        Case("several matrices at once", (tenths(rng, 2, 3, 4),)),
        Case("scores of the course's own model", (past(scores),)),
        Case(
            "many rows of many scores",
            (normal(rng, between(rng, 129, 140), 36, scale=2),),
        ),
        edge("a batch of texts, each with several heads", (tenths(rng, 2, 3, 4, 3),)),
        edge("scores of five axes", (tenths(rng, 2, 1, 2, 1, 3),)),
        edge("a batch of one text with one head", (tenths(rng, 1, 1, 3, 4),)),
        edge("scores that lie across in memory", (across(tenths(rng, 4, 260)),)),
        edge("a batch of many texts", (tenths(rng, between(rng, 257, 270), 2, 3),)),
        edge("rows of a single score", (tenths(rng, 3, 1),)),
        edge("as many texts as rows and scores", (tenths(rng, 3, 3, 3),)),
        *singles(lambda *one: (tenths(rng, *one),), 2, 3, 4),
        *twins(oracle, lambda: (mirrored(rng, tenths(rng, 7, 3)),), "the scores"),
    ]


def _shares(
    s: Tensor,
    power: Callable[[Tensor], Tensor] = torch.exp,
    top: Callable[[Tensor], Tensor | float] = lambda s: s.amax(-1, keepdim=True),
    total: Callable[[Tensor], Tensor | float] = lambda e: e.sum(-1, keepdim=True),
) -> Tensor:
    """A softmax, with screws."""
    e = power(s - top(s))
    return e / total(e)


def worked(s: Tensor) -> dict[str, Tensor]:
    top = s.double().amax(-1, keepdim=True)
    e = torch.exp(s.double() - top)
    return {
        "the largest": top,
        "it subtracted": s - top,
        "e to the power of that": e,
        "their sum": e.sum(-1, keepdim=True),
        "divided by it": e / e.sum(-1, keepdim=True),
    }


def _no_top(s: Tensor) -> float:
    return 0.0


def _nothing_subtracted(name: str, first: str, **screws) -> Mistake:
    """A mistake, and the largest score is not subtracted either."""
    return two_at_once(
        name,
        partial(_shares, top=_no_top, **screws),
        first,
        "subtract the row's largest score first, or e to the power of a large one is "
        "more than float32 can hold.",
    )


def _shares_into(s: Tensor) -> Tensor:
    s -= s.amax(-1, keepdim=True)
    return _shares(s, top=_no_top)


def _row_by_row(s: Tensor) -> Tensor:
    return torch.stack([(e := (row - row.max()).exp()) / e.sum() for row in s])


MISTAKES = (
    Mistake(
        "the largest score not subtracted",
        "Right, until a score is large: e to the power of 100 is more than float32 can "
        "hold, and of −1000 it is 0. Only differences count, so subtract the row's "
        "largest score first.",
        partial(_shares, top=_no_top),
    ),
    Mistake(
        "the largest of all scores subtracted",
        "You subtract the largest score of the whole tensor. In a row far below it, "
        "every power is then 0, and so is their sum. Each row has its own largest.",
        partial(_shares, top=lambda s: s.max()),
    ),
    Mistake(
        "the largest of each column subtracted",
        "You subtract the largest of each column, so each score of a row loses a "
        "different amount and the shares change. Take the largest of each **row**: "
        "last axis.",
        partial(_shares, top=lambda s: s.amax(0, keepdim=True)),
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
        partial(_shares, top=lambda s: s.max(), total=lambda e: e.sum()),
    ),
    Mistake(
        "everything together, each row's largest subtracted",
        "The largest is taken row by row, the sum over everything: all numbers of the "
        "tensor together sum to one. Each row should, by itself: say along which axis "
        "to add.",
        partial(_shares, total=lambda e: e.sum()),
    ),
    Mistake(
        "the smallest score subtracted",
        "You subtract the **smallest** score of the row, or its mean: then the largest "
        "power can be too much for float32, and −∞ minus −∞ is not a number. Subtract the "
        "largest.",
        partial(_shares, top=lambda s: s.amin(-1, keepdim=True)),
    ),
    Mistake(
        "the largest size subtracted",
        "You subtract the largest **size**, without its sign. For a row of very negative "
        "scores that pushes them further down, and for −∞ nothing is left. Take the "
        "largest score as it is.",
        partial(_shares, top=lambda s: s.abs().amax(-1, keepdim=True)),
    ),
    _nothing_subtracted(
        "everything together, nothing subtracted",
        "All numbers of the tensor together sum to one. Each row should, by itself: say "
        "along which axis to add.",
        total=lambda e: e.sum(),
    ),
    Mistake(
        "not divided",
        "These are the powers of e, not yet divided by their sum: the largest of each row "
        "is 1. Shares sum to one.",
        partial(_shares, total=lambda e: 1.0),
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
        "powers divided by the sum of the scores",
        "You divide the powers of e by the sum of the **scores**. Divide by the sum of "
        "the powers themselves.",
        lambda s: s.exp() / s.sum(-1, keepdim=True),
    ),
    Mistake(
        "the largest subtracted, powers divided by the sum of the scores",
        "Above the line all is right. Below it stands the sum of the **scores**: divide "
        "by the sum of the powers themselves.",
        lambda s: (s - s.amax(-1, keepdim=True)).exp() / s.sum(-1, keepdim=True),
    ),
    Mistake(
        "powers divided by the sum of the differences",
        "You divide the powers of e by the sum of the scores with the largest subtracted. "
        "Divide by the sum of the powers themselves.",
        lambda s: (d := s - s.amax(-1, keepdim=True)).exp() / d.sum(-1, keepdim=True),
    ),
    Mistake(
        "the largest subtracted after the power",
        "You subtract the largest from the **powers** of e. It is subtracted from the "
        "scores, before e is raised to them.",
        lambda s: (
            (e := s.exp() - s.exp().amax(-1, keepdim=True)) / e.sum(-1, keepdim=True)
        ),
    ),
    Mistake(
        "the largest score subtracted after the power",
        "You subtract the largest score from the **powers** of e. It is subtracted from "
        "the scores, before e is raised to them.",
        lambda s: (e := s.exp() - s.amax(-1, keepdim=True)) / e.sum(-1, keepdim=True),
    ),
    Mistake(
        "divided by the largest score",
        "You divide the scores by the largest one, which changes their differences. "
        "**Subtract** it.",
        lambda s: _shares(s / s.amax(-1, keepdim=True), top=_no_top),
    ),
    Mistake(
        "divided by the length",
        "You divide the powers by the root of the sum of their squares. Shares sum to one: "
        "divide by the plain **sum**.",
        partial(_shares, total=lambda e: e.norm(dim=-1, keepdim=True)),
    ),
    Mistake(
        "divided by the mean",
        "You divide the powers by their mean, so each row sums to its length. Shares sum "
        "to one: divide by the **sum**.",
        partial(_shares, total=lambda e: e.mean(-1, keepdim=True)),
    ),
    Mistake(
        "divided by the number of scores",
        "You divide the powers by how many there are. Shares sum to one: divide by the "
        "**sum** of the powers.",
        partial(_shares, total=lambda e: e.shape[-1]),
    ),
    Mistake(
        "divided by the largest",
        "You divide the powers by the largest of them, which becomes 1. Shares sum to one: "
        "divide by their **sum**.",
        partial(_shares, top=_no_top, total=lambda e: e.amax(-1, keepdim=True)),
    ),
    Mistake(
        "divided by the sum of each column",
        "You divide by the sums of the columns. Each **row** should sum to one: add up "
        "along the last axis.",
        partial(_shares, total=lambda e: e.sum(0, keepdim=True)),
    ),
    Mistake(
        "a small number added to the sum",
        "A small number is added to the sum. It is never 0 once the largest score is "
        "subtracted, so nothing need be added, and shares sum to one exactly.",
        partial(_shares, total=lambda e: e.sum(-1, keepdim=True) + 1e-5),
    ),
    Mistake(
        "a small number added to the sum, nothing subtracted",
        "A small number is added to the sum, and the largest score is not subtracted. "
        "Subtract it first: then no sum is 0, and no power is too large.",
        partial(_shares, top=_no_top, total=lambda e: e.sum(-1, keepdim=True) + 1e-9),
    ),
    Mistake(
        "large scores cut off",
        "You cut large scores off at a limit, so they are all alike. Only differences "
        "count: subtract the row's largest score first.",
        lambda s: _shares(s.clamp(max=88), top=_no_top),
    ),
    Mistake(
        "along the third axis",
        "You go along a fixed axis, which is not the last of every tensor. Count from the "
        "end: −1 is always the last.",
        lambda s: torch.softmax(s, min(2, s.ndim - 1)),
    ),
    Mistake(
        "the least score has the most",
        "The smallest score gets the largest share: there is a minus before the scores. "
        "The larger a score, the larger its share.",
        lambda s: torch.softmax(-s, -1),
    ),
    Mistake(
        "squares instead of powers of e",
        "You square the scores. e is raised to the power of each: `torch.exp`.",
        partial(_shares, power=torch.square, top=_no_top),
    ),
    Mistake(
        "powers of 10",
        "These are powers of 10. The softmax takes e, which is 2.718 and a little more.",
        partial(_shares, power=lambda s: 10**s),
    ),
    Mistake(
        "the logarithm of the sum, nothing subtracted",
        "You subtract the logarithm of the sum, which is right on paper. But the powers in "
        "that sum are too large for float32: subtract the row's largest score first.",
        lambda s: (s - s.exp().sum(-1, keepdim=True).log()).exp(),
    ),
    Mistake(
        "powers of 2",
        "These are powers of 2, as with the pencil in the chapter. The computer takes "
        "e, which is 2.718 and a little more.",
        partial(_shares, power=torch.exp2),
    ),
    _nothing_subtracted(
        "powers of 2, nothing subtracted",
        "These are powers of 2, as with the pencil in the chapter. The computer takes e.",
        power=torch.exp2,
    ),
    Mistake(
        "e rounded",
        "These are powers of a number near e. It has more digits than can be typed, "
        "so leave it to `torch.exp`.",
        partial(_shares, power=lambda s: 2.718**s),
    ),
    _nothing_subtracted(
        "e rounded, nothing subtracted",
        "These are powers of a number near e: leave e to `torch.exp`.",
        power=lambda s: 2.718**s,
    ),
    Mistake(
        "the axes are lost",
        "A maximum or a sum along an axis removes the axis, and PyTorch lays the "
        "result across the columns, or finds that it does not fit. Keep the axis, "
        "with `keepdim`, in both.",
        partial(_shares, top=lambda s: s.amax(-1), total=lambda e: e.sum(-1)),
    ),
    Mistake(
        "the axis of the sum is lost",
        "A sum along an axis removes the axis, and PyTorch divides the columns by the "
        "rows' sums, or finds that they do not fit. Keep the axis, with `keepdim`.",
        partial(_shares, total=lambda e: e.sum(-1)),
    ),
    _nothing_subtracted(
        "the axis of the sum is lost, nothing subtracted",
        "The sum has lost its axis and is laid across the columns: keep it, with "
        "`keepdim`.",
        total=lambda e: e.sum(-1),
    ),
    Mistake(
        "the axis of the maximum is lost",
        "A maximum along an axis removes the axis, and the largest of each row is "
        "then subtracted from a column. Keep the axis, with `keepdim`.",
        partial(_shares, top=lambda s: s.amax(-1)),
    ),
    wrong_kind(
        "If that speaks of `return_types`: with an axis, `max` gives two tensors, the "
        "values and where they stand. `amax` gives the values alone."
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
        _row_by_row,
    ),
    written_into(_shares_into, "scores", name="written over the scores"),
)

_SOFTMAXES = (
    *(".softmax", ".log_softmax", ".Softmax", ".LogSoftmax", ".softmin", ".Softmin"),
    *(".logsumexp", "scipy"),
)

CHECK = Check(
    "softmax",
    3,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES + KERNELS + _SOFTMAXES,
    worked=worked,
    rtol=5e-6,
    atol=1e-30,
)
