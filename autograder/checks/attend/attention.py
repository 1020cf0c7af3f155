"""What each token hears: the values, weighted by its shares of the past.

The oracle is PyTorch's own fused attention. Cases repeat what is hard about the weights,
and have values wider than the queries.
"""

from __future__ import annotations

from functools import partial
from math import sqrt

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between, singles, stop, tenths
from autograder.checks._slips import two_at_once
from autograder.checks._twins import mirrored, twins
from autograder.checks.attend._material import (
    KERNELS,
    LIBRARIES,
    fused,
    huge,
    lower,
    not_masked,
    one_head_only,
    own,
    queries_and_keys,
    root_forgotten,
    rows_to_one,
    sunk,
    two_texts,
    unchanged,
    uneven,
)
from autograder.checks.attend.attention_weights import (
    alluring,
    high,
    masked_after,
    telling,
    weights,
)
from autograder.checks.attend.scores import pairs
from autograder.checks.attend.softmax import oracle as softmax


def oracle(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return fused(q, k, v)


def draw(rng: np.random.Generator) -> list[Case]:
    def three(*shape: int, wide: int | None = None) -> tuple[Tensor, ...]:
        v = tenths(rng, *shape[:-1], wide or shape[-1])
        return *queries_and_keys(rng, *shape), v

    signs = torch.tensor([1.0, -1.0])[:, None, None]
    same = tenths(rng, 1, 3).repeat(4, 1)
    q, k, v = three(between(rng, 257, 270), 3)
    return [
        Case("three tokens", (*telling(rng), tenths(rng, 3, 2))),
        edge("a single token", three(1, 3)),
        Case("keys that are all alike", (tenths(rng, 4, 3), same, tenths(rng, 4, 2))),
        Case(
            "a last token that scores highest everywhere",
            (*alluring(rng, 4), tenths(rng, 4, 3)),
        ),
        edge("large scores", (*high(rng, 4), tenths(rng, 4, 3))),
        Case("values wider than the queries", three(4, 3, wide=5)),
        Case("as many tokens as d_head", three(3, 3)),
        Case("two texts that differ in the last token", two_texts(rng, 3, 3, 4)),
        Case(
            "the heads of a layer of the course's own model",
            own(rng, 6, "q", "k", "v"),
        ),
        Case("a batch of texts, each with several heads", three(2, 3, 4, 5)),
        Case("a long text", (q / 3, k, v)),
        edge("as many texts as heads, tokens and numbers", three(3, 3, 3, 3)),
        edge("five axes", three(2, 1, 2, 3, 2)),
        edge("a batch of one text", three(1, 2, 3, 4)),
        edge("tensors that lie across in memory", tuple(map(across, three(2, 5, 260)))),
        edge("a batch of many texts", three(between(rng, 257, 270), 2, 3)),
        edge(
            "large queries, keys or values of a single number",
            (*uneven(rng, 4), huge(rng, 2, 4, 1) * signs),
        ),
        edge(
            "very negative scores before one of 0",
            (*sunk(rng, 4), tenths(rng, 4, 3)),
        ),
        *singles(lambda *one: three(*one), 2, 3, 4),
        *twins(
            oracle,
            lambda: tuple(mirrored(rng, x) for x in three(7, 2)),
            "the queries",
            "the keys",
            "the values",
        ),
    ]


def attention(q: Tensor, k: Tensor, v: Tensor, **screws) -> Tensor:
    """Attention with the screws of `weights`."""
    return weights(q, k, **screws) @ v


def worked(q: Tensor, k: Tensor, v: Tensor) -> dict[str, Tensor]:
    shares = weights(q, k)
    return {"the attention weights": shares, "times the values": shares @ v}


def _sum_by_sum(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """A loop over the first axis, as if that were always the tokens."""
    A, out = weights(q, k), torch.zeros_like(v)
    for i in range(len(q)):
        for j in range(i + 1):
            out[i] += A[i, j] * v[j]
    return out


MISTAKES = (
    Mistake(
        "the weights without the values",
        "These are the attention weights. Now let each row take its shares of the "
        "values: one more product.",
        lambda q, k, v: weights(q, k),
    ),
    Mistake(
        "the weights transposed",
        "The weights lie on their side: each token gives where it should take. A row of "
        "the weights belongs to the token that listens, so leave them as they are.",
        lambda q, k, v: weights(q, k).mT @ v,
    ),
    Mistake(
        "values first",
        "The order of a product counts. The weights come first: each of their rows mixes "
        "the rows of v.",
        lambda q, k, v: v @ weights(q, k),
    ),
    Mistake(
        "the values transposed",
        "The values need no transposing: each is a row, and the rows of a product are "
        "mixtures of the second matrix's rows.",
        lambda q, k, v: weights(q, k) @ v.mT,
    ),
    Mistake(
        "element by element",
        "`*` multiplies number by number. A weighted sum of rows is a product of "
        "matrices: `@`.",
        lambda q, k, v: weights(q, k) * v,
    ),
    Mistake(
        "room as wide as the queries",
        "Right only where values are as wide as queries. The answer has one row per "
        "token, and each is a sum of **values**, so it is as wide as they are. One "
        "product of matrices needs no room to be made.",
        lambda q, k, v: (
            attention(q, k, v) if q.shape == v.shape else stop(RuntimeError)
        ),
    ),
    two_at_once(
        "room as wide as the queries, for one head",
        lambda q, k, v: (
            attention(q, k, v)
            if q.ndim == 2 and q.shape == v.shape
            else stop(RuntimeError)
        ),
        "The answer is as wide as the **values**, not as the queries.",
        "with more axes in front, your loop meets texts or heads instead of tokens. One "
        "product of matrices does both.",
    ),
    Mistake(
        "row by row, for one head",
        "Right for one head. With more axes in front, the first one is no longer that of "
        "the tokens, so your loop takes texts or heads. A product of matrices does all "
        "rows at once, in any shape.",
        lambda q, k, v: torch.stack([row @ v for row in weights(q, k)]),
    ),
    Mistake(
        "sum by sum, for one head",
        "Right for one head. With more axes in front, your indices meet texts and heads "
        "instead of tokens. A product of matrices does the sums for any shape.",
        _sum_by_sum,
    ),
    one_head_only(attention, "A product of matrices needs no sizes at all."),
    Mistake(
        "scores instead of shares",
        "You mix the values by bare scores. They must become shares first: masked, "
        "positive, and summing to 1 in each row. Your `attention_weights` does that.",
        lambda q, k, v: pairs(q, k) @ v,
    ),
    not_masked(partial(attention, allowed=unchanged), "attention_weights"),
    Mistake(
        "masked after the softmax",
        "The future is emptied after the softmax, so the shares of a row no longer sum "
        "to one and the sums come out too small. Use your `attention_weights`.",
        lambda q, k, v: masked_after(q, k) @ v,
    ),
    root_forgotten(partial(attention, by=lambda q: 1.0), "attention_weights"),
    Mistake(
        "√ of the width of the values",
        "You divide by the root of the values' width. The dot products are of queries "
        "and **keys**: it is their width that counts.",
        lambda q, k, v: attention(q, k, v, by=lambda q: sqrt(v.shape[-1])),
    ),
    Mistake(
        "divided by √d again",
        "The sums are right except for a factor: they are divided by √d once more. "
        "The scores have been, and that is enough.",
        lambda q, k, v: attention(q, k, v) / sqrt(q.shape[-1]),
    ),
    Mistake(
        "divided by the root of the values' width",
        "The sums are right except for a factor: they are divided by the root of the "
        "values' width. A weighted average needs no dividing.",
        lambda q, k, v: attention(q, k, v) / sqrt(v.shape[-1]),
    ),
    Mistake(
        "softmax once more",
        "The weights went through a softmax again: it takes a share of 0 for a score of "
        "0, and the future is heard. Your `attention_weights` are shares already.",
        partial(attention, soft=lambda s: softmax(softmax(s))),
    ),
    Mistake(
        "the values normed first",
        "You divide the values by their lengths. They are given as they are: the shares "
        "alone say how much of each.",
        lambda q, k, v: attention(q, k, v / v.norm(dim=-1, keepdim=True)),
    ),
    Mistake(
        "everything added up",
        "You add up what is heard over all tokens. Each token hears for itself: one row "
        "for each.",
        lambda q, k, v: attention(q, k, v).sum(-2),
    ),
    Mistake(
        "each row's numbers added up",
        "Each token's answer is a single number: its numbers have been added up. A product "
        "of matrices has added what is to be added.",
        lambda q, k, v: attention(q, k, v).sum(-1),
    ),
    Mistake(
        "averaged over the tokens",
        "You average what is heard over all tokens. Each token hears for itself: one row "
        "for each.",
        lambda q, k, v: attention(q, k, v).mean(-2),
    ),
    Mistake(
        "the queries mixed",
        "The weights are right, but they mix the queries. What is given are the values.",
        lambda q, k, v: weights(q, k) @ q,
    ),
    Mistake(
        "the queries added",
        "The queries are added to what is heard. Only the weighted sum of the values is "
        "wanted.",
        lambda q, k, v: (
            attention(q, k, v) + q if q.shape == v.shape else stop(RuntimeError)
        ),
    ),
    Mistake(
        "divided by T",
        "The sums are divided by the number of tokens. They are averages already: the "
        "shares of a row sum to one.",
        lambda q, k, v: attention(q, k, v) / q.shape[-2],
    ),
    Mistake(
        "queries and keys exchanged",
        "Queries and keys are swapped: the tokens are asked by those who should "
        "answer. First q, then k.",
        lambda q, k, v: attention(k, q, v),
    ),
    Mistake(
        "keys and values exchanged",
        "You compare the queries with the values, and mix the keys. Keys say who is "
        "found, values what is given.",
        lambda q, k, v: attention(q, v, k),
    ),
    Mistake(
        "the keys mixed",
        "The weights are right, but they mix the keys. Keys are only for being found; "
        "what is given are the values.",
        lambda q, k, v: weights(q, k) @ k,
    ),
    Mistake(
        "columns that sum to one",
        "In your weights the columns sum to one. Each row should: it is one token's "
        "shares. Use your `attention_weights`.",
        partial(attention, soft=lambda s: torch.softmax(s, -2)),
    ),
    Mistake(
        "only the last token",
        "Only the last token's sum comes back. Every token listens: one row for each.",
        lambda q, k, v: attention(q, k, v)[..., -1, :],
    ),
    Mistake(
        "the value added once more",
        "Each token's own value is added on top. It takes part already, by its share on "
        "the diagonal.",
        lambda q, k, v: attention(q, k, v) + v,
    ),
    Mistake(
        "an equal average",
        "Each token takes equal shares of the past, whatever it asks. The queries and "
        "keys should decide: use your `attention_weights`.",
        lambda q, k, v: rows_to_one(lower(v.shape[-2])) @ v,
    ),
    Mistake(
        "an equal average, for one head",
        "These are the equal shares of step 2, and of the right size for one head only. "
        "Here queries and keys decide: use your `attention_weights`.",
        lambda q, k, v: rows_to_one(lower(len(v))) @ v,
    ),
)

CHECK = Check(
    "attention",
    2,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES + KERNELS,
    after=("softmax", "scores", "attention_weights"),
    worked=worked,
)
