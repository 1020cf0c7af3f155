"""qk_norm: each query and each key by itself through an RMS norm of its own weight.

The oracle is PyTorch's own norm, twice. Queries and keys have different numbers of heads
and weights that differ, so that whoever exchanges them, or norms heads together, is
seen; ε is passed on, and counts where numbers are small.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import sqrt

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between, large, normal, singles, stop
from autograder.checks._slips import two_at_once, written_into
from autograder.checks._twins import twins
from autograder.checks.modern._material import EPS, LIBRARIES, NORMS, halves
from autograder.checks.modern.rms_norm import _plain as rms_norm
from autograder.checks.modern.rms_norm import oracle as normed

Pair = tuple[Tensor, Tensor]


def oracle(q: Tensor, k: Tensor, w_q: Tensor, w_k: Tensor, eps: float = 1e-5) -> Pair:
    return normed(q, w_q, eps), normed(k, w_k, eps)


def draw(rng: np.random.Generator) -> list[Case]:
    def given(H: int, H_kv: int, T: int, d: int, front=(), by: float = 1.0) -> tuple:
        q, k = (halves(rng, *front, heads, T, d) * by for heads in (H, H_kv))
        return q, k, halves(rng, d), halves(rng, d)

    q, k, w_q, w_k = given(4, 2, 5, 4, (2,))
    signs = torch.tensor([1.0, -1, 1, -1])
    many = between(rng, 129, 140)
    ones = torch.ones(4)
    return [
        Case("weights of 1", (*given(2, 1, 2, 4)[:2], ones, 2 * ones)),
        Case("two heads of queries, one of keys", given(2, 1, 3, 4)),
        Case("four heads of queries, two of keys", given(4, 2, 3, 4)),
        Case("as many heads of keys as of queries", given(3, 3, 4, 6)),
        Case("a single head, without an axis of its own", _first(given(1, 1, 3, 4))),
        Case("as many heads as tokens and numbers", given(4, 4, 4, 4)),
        Case("a batch of texts", given(4, 2, 3, 6, (2,))),
        Case("vectors far from zero", _up(given(2, 1, 3, 6))),
        Case("vectors of very different sizes", _apart(given(2, 1, 3, 4))),
        Case("a long text", given(2, 1, between(rng, 1025, 1040), 2)),
        Case("heads of many numbers", given(2, 1, 2, between(rng, 520, 560))),
        Case(
            "a new query, and a key for each token so far",
            (halves(rng, 4, 1, 4), *given(4, 2, 6, 4)[1:]),
        ),
        edge("numbers so small that ε counts", given(2, 1, 3, 6, by=1 / 1000)),
        edge(
            "an ε of its own, and numbers so small that it counts",
            (*given(2, 1, 3, 6, by=1 / 1000), between(rng, 2, 9) * 1e-6),
        ),
        edge("a large ε", (*given(2, 1, 3, 4), between(rng, 3, 30) / 2)),
        edge(
            "an ε of 1, and uneven numbers",
            (
                *(normal(rng, H, 2, 16) for H in (4, 2)),
                normal(rng, 16),
                normal(rng, 16),
                1.0,
            ),
        ),
        edge(
            "an ε just below 1, and small uneven numbers",
            (
                *(normal(rng, H, 3, 4) / 64 for H in (2, 1)),
                normal(rng, 4),
                normal(rng, 4),
                between(rng, 991, 996) / 1000,
            ),
        ),
        edge("an ε of 0", (*given(2, 1, 3, 4, by=1 / 1000), 0.0)),
        edge("a query and a key of zeros", _nought(given(2, 1, 3, 4))),
        edge("a batch of one text", given(4, 2, 3, 4, (1,))),
        edge("as many texts as heads, tokens and numbers", given(4, 4, 4, 4, (4,))),
        edge("five axes", given(2, 1, 3, 4, (2, 3))),
        edge(
            "queries and keys that lie across in memory",
            (across(q), across(k), w_q, w_k),
        ),
        edge("many heads", given(2 * many, many, 2, 2)),
        edge("a batch of many texts", given(2, 1, 2, 4, (many,))),
        edge(
            "tiny numbers under large weights",
            (
                *given(2, 1, 2, 4, by=1e-7)[:2],
                large(rng, 4) * signs,
                large(rng, 4) * -signs,
            ),
        ),
        edge("heads of a single number", given(2, 1, 3, 1)),
        *singles(
            lambda *one: (
                *(halves(rng, *one) for _ in range(2)),
                halves(rng, 1),
                halves(rng, 1),
            ),
            *(2, 3, 4),
        ),
        *twins(
            oracle,
            lambda: (
                *(halves(rng, 5, 4) for _ in range(2)),
                *(halves(rng, 4) for _ in range(2)),
                0.5,
            ),
            "the queries",
            "the keys",
            "the queries' weight",
            "the keys' weight",
            "ε",
            others={4: 20.0},
        ),
    ]


def _first(given: tuple) -> tuple:
    q, k, w_q, w_k = given
    return q[0], k[0], w_q, w_k


def _apart(given: tuple) -> tuple:
    q, k, w_q, w_k = given
    sizes = torch.tensor([[64.0], [1.0], [8192.0]])
    return q * sizes, k * sizes.flip(0), w_q, w_k


def _up(given: tuple) -> tuple:
    q, k, w_q, w_k = given
    return q.abs() + 3, -k.abs() - 2, w_q, w_k


def _nought(given: tuple) -> tuple:
    q, k, w_q, w_k = given
    q[0, 1], k[0, 0] = 0, 0
    return q, k, w_q, w_k


def _plain(
    q: Tensor,
    k: Tensor,
    w_q: Tensor,
    w_k: Tensor,
    eps: float = EPS,
    queries: Callable[..., Tensor] = rms_norm,
    keys: Callable[..., Tensor] = rms_norm,
    back: Callable[[Tensor, Tensor], object] = lambda q, k: (q, k),
) -> object:
    """Both norms with screws, and what is made of the two."""
    return back(queries(q, w_q, eps), keys(k, w_k, eps))


def _both(**screws) -> Callable[..., object]:
    """Both by the norm of the first step, with its screws."""
    norm = partial(rms_norm, **screws)
    return partial(_plain, queries=norm, keys=norm)


def worked(
    q: Tensor, k: Tensor, w_q: Tensor, w_k: Tensor, eps: float = EPS
) -> dict[str, Tensor]:
    roots = [(x.double().square().mean(-1, keepdim=True) + eps).sqrt() for x in (q, k)]
    return {
        "the roots of the queries": roots[0],
        "the queries over them": q / roots[0],
        "times w_q": q / roots[0] * w_q,
        "the roots of the keys": roots[1],
        "the keys over them": k / roots[1],
        "times w_k": k / roots[1] * w_k,
    }


def _same(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    return x * 1.0


def _over(*axes: int) -> Callable[..., object]:
    return _both(axis=lambda x: axes if x.ndim >= -min(axes) else stop(IndexError))


def _length(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    return x / x.norm(dim=-1, keepdim=True).clamp(min=1e-12) * weight


def _layer_norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    return rms_norm(x - x.mean(-1, keepdim=True), weight, eps)


def _of_both(q: Tensor, k: Tensor, w_q: Tensor, w_k: Tensor, eps: float = EPS) -> Pair:
    root = (q.square().mean(-1, keepdim=True) + eps).sqrt()
    return q / root * w_q, k / root * w_k


def _in_place(q: Tensor, k: Tensor, w_q: Tensor, w_k: Tensor, eps: float = EPS) -> Pair:
    q /= (q.square().mean(-1, keepdim=True) + eps).sqrt()
    k /= (k.square().mean(-1, keepdim=True) + eps).sqrt()
    return q * w_q, k * w_k


_RMS = "use your `rms_norm`, which you have tested"

MISTAKES = (
    Mistake(
        "only the queries",
        "The keys come back as they were. Both are normed, the keys with a weight of their "
        "own.",
        partial(_plain, keys=_same),
    ),
    Mistake(
        "only the keys",
        "The queries come back as they were. Both are normed, the queries with a weight of "
        "their own.",
        partial(_plain, queries=_same),
    ),
    Mistake(
        "the weights exchanged",
        "The queries have the keys' weight and the keys the queries'. If your lines say "
        "otherwise, look at your `def`: q, k, w_q, w_k.",
        lambda q, k, w_q, w_k, eps=EPS: _plain(q, k, w_k, w_q, eps),
    ),
    Mistake(
        "the queries' weight for both",
        "The keys are multiplied by the queries' weight. They have one of their own, `w_k`.",
        lambda q, k, w_q, w_k, eps=EPS: _plain(q, k, w_q, w_q, eps),
    ),
    Mistake(
        "the keys' weight for both",
        "The queries are multiplied by the keys' weight. They have one of their own, `w_q`.",
        lambda q, k, w_q, w_k, eps=EPS: _plain(q, k, w_k, w_k, eps),
    ),
    Mistake(
        "the keys first",
        "Both are right, but the keys come back first. The order is queries, keys.",
        partial(_plain, back=lambda q, k: (k, q)),
    ),
    Mistake(
        "the queries twice",
        "Both are the queries. The second is the keys, with their weight `w_k`.",
        partial(_plain, back=lambda q, k: (q, q.clone())),
    ),
    Mistake(
        "the keys twice",
        "Both are the keys. The first is the queries, with their weight `w_q`.",
        partial(_plain, back=lambda q, k: (k, k.clone())),
    ),
    Mistake(
        "only the queries come back",
        "Only the queries come back. Return both, with a comma between them: queries, keys.",
        partial(_plain, back=lambda q, k: q),
    ),
    Mistake(
        "only the keys come back",
        "Only the keys come back. Return both, with a comma between them: queries, keys.",
        partial(_plain, back=lambda q, k: k),
    ),
    Mistake(
        "the scores",
        "These are scores, the dot products of both. They come later, when both have been "
        "turned: return queries and keys, with a comma between them.",
        partial(_plain, back=lambda q, k: q @ k.mT),
    ),
    Mistake(
        "one under the other",
        "Queries and keys are in one tensor. They have different numbers of heads, so "
        "return them as two: with a comma between them.",
        partial(
            _plain,
            back=lambda q, k: (
                torch.cat([q, k], -3) if q.ndim > 2 else torch.cat([q, k])
            ),
        ),
    ),
    Mistake(
        "ε not passed on",
        "The `eps` that you are given plays no part, so it is always 1e-5. Pass it on to "
        "both norms.",
        lambda q, k, w_q, w_k, eps=EPS: _plain(q, k, w_q, w_k, EPS),
    ),
    Mistake(
        "ε not passed on to the keys",
        "The `eps` that you are given counts for the queries, and not for the keys. Pass it "
        "on to both norms.",
        partial(_plain, keys=lambda k, w, eps: rms_norm(k, w, EPS)),
    ),
    Mistake(
        "ε not passed on to the queries",
        "The `eps` that you are given counts for the keys, and not for the queries. Pass it "
        "on to both norms.",
        partial(_plain, queries=lambda q, w, eps: rms_norm(q, w, EPS)),
    ),
    Mistake(
        "1e-6 where no ε is given",
        "Where no ε is given, yours is 1e-6. The `def` of this step says 1e-5: leave that "
        "line as it was.",
        lambda q, k, w_q, w_k, eps=1e-6: _plain(q, k, w_q, w_k, eps),
    ),
    Mistake(
        "ε forgotten",
        f"There is no ε, so a vector of zeros becomes 0 / 0: {_RMS}, and pass `eps` on.",
        _both(given=lambda eps: 0.0),
    ),
    Mistake(
        "ε outside the root",
        f"Your ε stands behind the root, not under it: {_RMS}.",
        _both(root=lambda ms, eps: ms.sqrt() + eps),
    ),
    Mistake(
        "all heads together",
        "You take one mean square of all heads of a token. Each head has its own: over the "
        "**last** axis alone.",
        _over(-3, -1),
    ),
    Mistake(
        "all tokens together",
        "You take one mean square of all tokens of a head, so they begin to depend on each "
        "other. Each query and each key has its own: over the **last** axis alone.",
        _over(-2, -1),
    ),
    Mistake(
        "over the tokens",
        "You norm over the tokens, so they begin to depend on each other. Each query and "
        "each key is normed by itself: over the **last** axis.",
        _over(-2),
    ),
    Mistake(
        "over the heads",
        "You norm over the heads. Each query and each key of a head is normed by itself: over "
        "the **last** axis.",
        _over(-3),
    ),
    Mistake(
        "over everything",
        "You take one mean square of all queries, and one of all keys. Each vector has its "
        "own: over the **last** axis.",
        _both(axis=lambda x: tuple(range(x.ndim))),
    ),
    Mistake(
        "the queries' size for both",
        "You divide the keys by the size of the queries, or the shapes do not fit. Each "
        "vector is divided by its **own** size.",
        _of_both,
    ),
    Mistake(
        "layer norm",
        f"You subtract the mean, as layer norm does. Here nothing is subtracted: {_RMS}.",
        partial(_plain, queries=_layer_norm, keys=_layer_norm),
    ),
    Mistake(
        "to length 1",
        "You bring each vector to length 1. An RMS norm divides by the root of the **mean** "
        "square, so that the length is the root of d_head.",
        partial(_plain, queries=_length, keys=_length),
    ),
    Mistake(
        "the sum instead of the mean",
        f"Under your root is the sum of the squares, and not their mean: {_RMS}.",
        _both(mean=torch.sum),
    ),
    Mistake(
        "the root forgotten",
        f"You divide by the mean square, and not by its root: {_RMS}.",
        _both(root=lambda ms, eps: ms + eps),
    ),
    Mistake(
        "the weights forgotten",
        "The norms are right. Then comes what is learned: the queries times `w_q`, the keys "
        "times `w_k`.",
        _both(learned=lambda y, weight: y),
    ),
    Mistake(
        "the weights added",
        "You add the weights. Each number is **multiplied** by its own weight.",
        _both(learned=torch.add),
    ),
    Mistake(
        "the weights before the norm",
        "You multiply by the weights before the norm, which takes their size out again. "
        "First the norm, then the weight.",
        lambda q, k, w_q, w_k, eps=EPS: _plain(
            q * w_q, k * w_k, torch.ones_like(w_q), torch.ones_like(w_k), eps
        ),
    ),
    Mistake(
        "divided by √d too",
        "You divide by the root of d_head too. The scores will be, in attention: here it is "
        "too early.",
        partial(
            _plain,
            back=lambda q, k: (q / sqrt(q.shape[-1]), k / sqrt(q.shape[-1])),
        ),
    ),
    Mistake(
        "the queries divided by √d",
        "You divide the queries by the root of d_head too. The scores will be, in attention: "
        "here it is too early.",
        partial(_plain, back=lambda q, k: (q / sqrt(q.shape[-1]), k)),
    ),
    Mistake(
        "normed twice",
        "You norm what is normed already, so the weight counts in the size too. Once is "
        "enough.",
        lambda q, k, w_q, w_k, eps=EPS: _plain(
            *_plain(q, k, w_q, w_k, eps), w_q, w_k, eps
        ),
    ),
    two_at_once(
        "only the queries, and ε not passed on",
        lambda q, k, w_q, w_k, eps=EPS: _plain(q, k, w_q, w_k, EPS, keys=_same),
        "The keys come back as they were: they are normed too, with `w_k`.",
        "pass `eps` on to both norms.",
    ),
    written_into(
        _in_place,
        argument="q",
        name="queries and keys are changed in place",
        by="an operator such as `/=`",
    ),
    Mistake(
        "double precision",
        "These are the right numbers, but in double precision. The model computes in "
        "float32: leave them as they are.",
        partial(_plain, back=lambda q, k: (q.double(), k.double())),
    ),
)

CHECK = Check(
    "qk_norm",
    2,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES + NORMS,
    after=("rms_norm",),
    worked=worked,
)
