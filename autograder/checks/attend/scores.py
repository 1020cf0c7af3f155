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
from autograder.checks._material import across, between, singles
from autograder.checks._slips import written_into
from autograder.checks._twins import mirrored, twins
from autograder.checks.attend._material import (
    KERNELS,
    LIBRARIES,
    huge,
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
    signs = torch.tensor([[1.0], [-1.0], [1.0], [-1.0]])
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
        Case("a long text", both(between(rng, 129, 132), 3)),
        edge("as many texts as heads, tokens and numbers", both(3, 3, 3, 3)),
        edge("five axes", both(2, 1, 2, 3, 2)),
        edge("a batch of one text", both(1, 2, 3, 4)),
        edge(
            "queries and keys that lie across in memory",
            tuple(map(across, both(2, 5, 260))),
        ),
        edge("a batch of many texts", both(between(rng, 257, 270), 2, 3)),
        edge(
            "large vectors of a single number",
            (huge(rng, 4, 1) * signs, huge(rng, 4, 1) * signs),
        ),
        *singles(lambda *one: both(*one), 2, 3, 4),
        *twins(
            oracle,
            lambda: tuple(mirrored(rng, x) for x in both(7, 2)),
            "the queries",
            "the keys",
        ),
    ]


def pairs(
    q: Tensor,
    k: Tensor,
    by: Callable[[Tensor, Tensor], Tensor | float] = lambda q, k: sqrt(q.shape[-1]),
    product: Callable[[Tensor, Tensor], Tensor] = lambda q, k: q @ k.mT,
    after: Callable[[Tensor], Tensor] = unchanged,
) -> Tensor:
    """The scores as a student computes them, with screws."""
    return after(product(q, k) / by(q, k))


def worked(q: Tensor, k: Tensor) -> dict[str, Tensor | float]:
    products = q.double() @ k.double().mT
    root = sqrt(q.shape[-1])
    return {
        "the keys, transposed": k.mT,
        "the dot products": products,
        "√d_head": root,
        "divided by it": products / root,
    }


def _lengths(q: Tensor, k: Tensor) -> Tensor:
    return q.norm(dim=-1, keepdim=True) * k.norm(dim=-1, keepdim=True).mT


def _pairs_into(q: Tensor, k: Tensor) -> Tensor:
    q /= sqrt(q.shape[-1])
    return q @ k.mT


def _fixed(d_head: int) -> Mistake:
    return Mistake(
        f"√{d_head} for every head",
        f"You always divide by √{d_head}, but heads may have any size. `d_head` is the "
        "length of these very queries: the size of their last axis.",
        partial(pairs, by=lambda q, k: sqrt(d_head)),
    )


MISTAKES = (
    Mistake(
        "√d forgotten",
        "The dot products are right; only the division is missing. What must "
        "they be divided by, given `d_head`, so that their spread is 1?",
        partial(pairs, by=lambda q, k: 1.0),
    ),
    Mistake(
        "divided by d",
        "You divide by d itself, or queries and keys each by √d, which is the same. The "
        "spread of the dot products grows like the **root** of d.",
        partial(pairs, by=lambda q, k: q.shape[-1]),
    ),
    Mistake(
        "multiplied by √d",
        "You make the scores larger by √d. They are too large already: divide.",
        partial(pairs, by=lambda q, k: q.shape[-1] ** -0.5),
    ),
    Mistake(
        "multiplied by d",
        "You make the scores larger, and by d. They are too large already: **divide**, and "
        "by the **root** of d.",
        partial(pairs, by=lambda q, k: 1 / q.shape[-1]),
    ),
    Mistake(
        "divided by d²",
        "You square d where its **root** is asked for. In Python a root is `sqrt`, or the "
        "power 0.5.",
        partial(pairs, by=lambda q, k: q.shape[-1] ** 2),
    ),
    Mistake(
        "divided by the fourth root of d",
        "You divide by the root of the root of d. If it is divided out of the queries and "
        "the keys alike, or once, a single root is enough: √d.",
        partial(pairs, by=lambda q, k: q.shape[-1] ** 0.25),
    ),
    Mistake(
        "divided by 2",
        "You always divide by 2, which is √4. In the example `d_head` is 4; heads may have "
        "any size: it is the size of the last axis.",
        partial(pairs, by=lambda q, k: 2.0),
    ),
    *map(_fixed, (3, 8, 24, 64, 96)),
    Mistake(
        "√ of the number of tokens",
        "You divide by the root of T, the number of tokens. What matters is how many "
        "numbers are added up in one dot product: the **last** axis.",
        partial(pairs, by=lambda q, k: sqrt(q.shape[-2])),
    ),
    Mistake(
        "divided by the number of tokens",
        "You divide by T, the number of tokens. What matters is how many numbers are added "
        "up in one dot product: the **root** of the size of the **last** axis.",
        partial(pairs, by=lambda q, k: q.shape[-2]),
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
    Mistake(
        "√ of all numbers",
        "You divide by the root of how many numbers there are in all of `q`. What matters "
        "is how many are added up in one dot product: the size of the **last** axis.",
        partial(pairs, by=lambda q, k: sqrt(q.numel())),
    ),
    Mistake(
        "√ of the number of axes",
        "You divide by the root of how many **axes** `q` has. `d_head` is the **size** of "
        "the last one, `shape[-1]`.",
        partial(pairs, by=lambda q, k: sqrt(q.ndim)),
    ),
    Mistake(
        "the root of the scores too",
        "Your root goes over the dot products as well, and of numbers below zero there is "
        "none. Only `d_head` is under the root: look where the brackets close.",
        lambda q, k: (q @ k.mT / q.shape[-1]).sqrt(),
    ),
    Mistake(
        "the root of the keys",
        "Your root goes over the keys as well, and of numbers below zero there is none. "
        "Only `d_head` is under the root: look where the brackets close.",
        lambda q, k: q @ (k.mT / q.shape[-1]) ** 0.5,
    ),
    wrong_kind(
        "If it is the root: `torch.sqrt` takes a tensor and `sqrt` of the first cell a "
        "plain number, such as the size of **one** axis."
    ),
    Mistake(
        "queries and keys exchanged",
        "Your matrix is transposed: a row is a key, a column a query. It should be a "
        "**row** for each query: q first.",
        partial(pairs, product=lambda q, k: k @ q.mT),
    ),
    Mistake(
        "queries with queries",
        "You compare the queries with themselves, and `k` plays no part. Each query meets "
        "every **key**.",
        partial(pairs, product=lambda q, k: q @ q.mT),
    ),
    Mistake(
        "keys with keys",
        "You compare the keys with themselves, and `q` plays no part. Each **query** meets "
        "every key.",
        partial(pairs, product=lambda q, k: k @ k.mT),
    ),
    Mistake(
        "keys not transposed",
        "A product of matrices takes rows of the first with **columns** of the second. "
        "The keys are rows, so exchange their last two axes.",
        partial(pairs, product=lambda q, k: q @ k),
    ),
    Mistake(
        "queries transposed instead of keys",
        "You transpose the queries, and so compare columns: `d_head` by `d_head`. The "
        "answer has a row for each query and a column for each key.",
        partial(pairs, product=lambda q, k: q.mT @ k),
    ),
    Mistake(
        "both transposed",
        "You transpose both, queries and keys. Only the **keys** are turned, so that their "
        "rows become columns.",
        partial(pairs, product=lambda q, k: q.mT @ k.mT),
    ),
    Mistake(
        "the first two axes exchanged",
        "Right for one head. With more axes in front, the first two are not those of a "
        "matrix, and `.T` turns them all around: exchange the **last** two of the keys.",
        partial(pairs, product=lambda q, k: q @ k.transpose(0, 1)),
    ),
    Mistake(
        "all axes turned around",
        "Right for one head. With more axes in front, `.T` turns them all around, and a "
        "batch no longer meets its own keys: exchange the **last** two of the keys, as "
        "`.mT` does.",
        partial(pairs, product=lambda q, k: q @ k.permute(*range(k.ndim)[::-1])),
    ),
    Mistake(
        "axes 1 and 2 exchanged",
        "Right for several heads of one text, where axes 1 and 2 are the last two. Count "
        "from the end: exchange axes -2 and -1 of the keys.",
        partial(pairs, product=lambda q, k: q @ k.transpose(1, 2)),
    ),
    Mistake(
        "each query with its own key only",
        "You have one score per token: each query with its own key. Every query "
        "should meet **every** key, which gives T times T scores.",
        partial(pairs, product=lambda q, k: (q * k).sum(-1)),
    ),
    Mistake(
        "products that are not added up",
        "You multiply queries and keys number by number. A dot product **adds up** the "
        "products, and every query meets every key: that is `@`, with the keys transposed.",
        partial(pairs, product=torch.mul),
    ),
    Mistake(
        "distances",
        "You take the distances of queries and keys. The score is their **dot product**.",
        partial(pairs, product=torch.cdist),
    ),
    Mistake(
        "cosines",
        "You divide by the lengths of the vectors, as for a cosine. Here the lengths "
        "count: a long key is heard more loudly. Divide by √d only.",
        partial(pairs, by=_lengths),
    ),
    Mistake(
        "cosines, divided by √d",
        "You divide by the lengths of the vectors too, as for a cosine. Here the lengths "
        "count: a long key is heard more loudly. Divide by √d only.",
        partial(pairs, by=lambda q, k: _lengths(q, k) * sqrt(q.shape[-1])),
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
    Mistake(
        "already shares",
        "These are shares already. The softmax comes in the next step. Here the bare "
        "scores are wanted.",
        partial(pairs, after=softmax),
    ),
    Mistake(
        "already masked and shares",
        "These are the attention weights of the next step, masked and made shares. Here "
        "the bare scores are wanted.",
        partial(pairs, after=lambda s: softmax(past(s))),
    ),
    Mistake(
        "another sign",
        "All signs are turned round. A query and a key that fit have a **large** score: "
        "the dot product as it is.",
        partial(pairs, after=torch.neg),
    ),
    Mistake(
        "without signs",
        "The signs are lost. A query and a key that point against each other have a score "
        "below zero, and it stays so.",
        partial(pairs, after=torch.abs),
    ),
    Mistake(
        "the largest subtracted",
        "You subtract the largest score of each row. That belongs to the softmax, which "
        "comes in the next step.",
        partial(pairs, after=lambda s: s - s.amax(-1, keepdim=True)),
    ),
    Mistake(
        "powers of e",
        "You have raised e to the power of the scores. That belongs to the softmax, which "
        "comes in the next step.",
        partial(pairs, after=torch.exp),
    ),
    one_head_only(pairs, "Ask for the size of the **last** axis alone."),
    written_into(_pairs_into, "q", "`/=`", "written over the queries"),
)

CHECK = Check(
    "scores",
    2,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES + KERNELS,
    worked=worked,
)
