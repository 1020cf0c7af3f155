"""The dot product of every query with every key, divided by √d_head.

The oracle is Einstein's summation in double precision. Queries and keys are one head's,
or have axes in front: heads, and texts.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import sqrt

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between
from autograder.checks._slips import written_into
from autograder.checks.attend._material import (
    KERNELS,
    LIBRARIES,
    one_head_only,
    own,
    past,
    queries_and_keys,
    unchanged,
    whole,
    wrong_kind,
)
from autograder.checks.attend.softmax import oracle as softmax


def oracle(q: Tensor, k: Tensor) -> Tensor:
    products = torch.einsum("...id,...jd->...ij", q.double(), k.double())
    return (products * q.shape[-1] ** -0.5).float()


def draw(rng: np.random.Generator) -> list[Case]:
    both = partial(queries_and_keys, rng)
    h = between(rng, 0, 3)
    three = whole(rng, 1, 9, 3, 4), whole(rng, -5, 5, 3, 4)
    return [
        Case("three tokens, d_head = 4", three),
        Case("five tokens, d_head = 2", both(5, 2)),
        Case("as many tokens as d_head", both(3, 3)),
        edge("a single token", both(1, 5)),
        Case(
            "one head of the course's own model",
            tuple(x[h] for x in own(rng, 6, "q", "k")),
        ),
        Case("several heads", both(2, 3, 6)),
        Case("a batch of texts, each with several heads", both(2, 3, 4, 5)),
        Case("a long text", both(between(rng, 33, 40), 36)),
        edge("as many texts as heads, tokens and numbers", both(3, 3, 3, 3)),
        edge("a batch of one text", both(1, 2, 3, 4)),
        edge(
            "queries and keys that lie across in memory",
            tuple(map(across, both(2, 5, 4))),
        ),
    ]


def pairs(
    q: Tensor,
    k: Tensor,
    by: Callable[[Tensor, Tensor], Tensor | float] = lambda q, k: sqrt(q.shape[-1]),
    after: Callable[[Tensor], Tensor] = unchanged,
) -> Tensor:
    """The scores as a student computes them, with screws."""
    return after(q @ k.mT / by(q, k))


def _lengths(q: Tensor, k: Tensor) -> Tensor:
    return q.norm(dim=-1, keepdim=True) * k.norm(dim=-1, keepdim=True).mT


def _pairs_into(q: Tensor, k: Tensor) -> Tensor:
    q /= sqrt(q.shape[-1])
    return q @ k.mT


MISTAKES = (
    Mistake(
        "√d forgotten",
        "The dot products are right; only the division is missing. What must "
        "they be divided by, given `d_head`, so that their spread is 1?",
        partial(pairs, by=lambda q, k: 1.0),
    ),
    Mistake(
        "divided by d",
        "You divide by d itself. The spread of the dot products grows like the **root** "
        "of d.",
        partial(pairs, by=lambda q, k: q.shape[-1]),
    ),
    Mistake(
        "multiplied by √d",
        "You make the scores larger by √d. They are too large already: divide.",
        partial(pairs, by=lambda q, k: q.shape[-1] ** -0.5),
    ),
    Mistake(
        "√ of the number of tokens",
        "You divide by the root of T, the number of tokens. What matters is how many "
        "numbers are added up in one dot product: the **last** axis.",
        partial(pairs, by=lambda q, k: sqrt(q.shape[-2])),
    ),
    Mistake(
        "√ of len(q)",
        "`len` of a tensor is the size of its **first** axis: here the number of tokens, "
        "or of heads. `d_head` is the size of the last one.",
        partial(pairs, by=lambda q, k: sqrt(len(q))),
    ),
    Mistake(
        "√ of axis 1",
        "Right for one head. With more axes in front, axis 1 is no longer the last: "
        "count from the end to find `d_head`.",
        partial(pairs, by=lambda q, k: sqrt(q.shape[1])),
    ),
    wrong_kind(
        "If it is the root: `torch.sqrt` takes a tensor and `sqrt` of the first cell a "
        "plain number, such as the size of **one** axis."
    ),
    Mistake(
        "queries and keys exchanged",
        "Your matrix lies on its side: a row is a key, a column a query. It should be a "
        "**row** for each query: q first.",
        lambda q, k: pairs(k, q),
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
        "You have one score per token: each query with its own key. Every query "
        "should meet **every** key, which gives T times T scores.",
        lambda q, k: (q * k).sum(-1) / sqrt(q.shape[-1]),
    ),
    Mistake(
        "cosines",
        "You divide by the lengths of the vectors, as for a cosine. Here the lengths "
        "count: a long key is heard more loudly. Divide by √d only.",
        partial(pairs, by=_lengths),
    ),
    Mistake(
        "already masked",
        "The future is −∞ already. That comes in the next step: here every query meets "
        "every key.",
        partial(pairs, after=past),
    ),
    Mistake(
        "the future set to 0",
        "Above the diagonal you have zeros. The mask comes in the next step: here every "
        "query meets **every** key.",
        partial(pairs, after=torch.tril),
    ),
    one_head_only(pairs, "Ask for the size of the **last** axis alone."),
    Mistake(
        "already shares",
        "These are shares already. The softmax comes in the next step. Here the bare "
        "scores are wanted.",
        partial(pairs, after=softmax),
    ),
    written_into(_pairs_into, "q", "`/=`", "written over the queries"),
)

CHECK = Check("scores", 2, draw, oracle, MISTAKES, forbidden=LIBRARIES + KERNELS)
