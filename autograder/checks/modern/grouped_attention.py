"""grouped_attention: several heads of queries ask one of keys, the last tokens alone too.

The oracle is PyTorch's own attention, behind that of `share`: where PyTorch shares heads
itself, no head of keys at all ends the whole process. Where fewer tokens ask than
there are, they are the last: a mask that begins at the first is wrong there. Each trap of
masking has a case, and so has each way of giving a head of queries the wrong keys.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import inf, sqrt

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import (
    across,
    between,
    large,
    normal,
    singles,
    stop,
    tenths,
)
from autograder.checks._slips import double_precision, two_at_once
from autograder.checks._twins import mirrored, twins
from autograder.checks.attend._material import KERNELS, sunk, whole
from autograder.checks.modern._material import LIBRARIES
from autograder.checks.modern.share import oracle as shared

Three = tuple[Tensor, Tensor, Tensor]


def oracle(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    n_new, n = q.shape[-2], k.shape[-2]
    past = torch.ones(n_new, n, dtype=torch.bool).tril(n - n_new)
    k, v = shared(k, q.shape[-3]).double(), shared(v, q.shape[-3]).double()
    return functional.scaled_dot_product_attention(q.double(), k, v, past).float()


def draw(rng: np.random.Generator) -> list[Case]:
    def three(
        H: int, H_kv: int, n_new: int, n: int, d: int = 4, wide: int = 0, front=()
    ) -> Three:
        q = tenths(rng, *front, H, n_new, d)
        k, v = (tenths(rng, *front, H_kv, n, size) for size in (d, wide or d))
        return q, k, v

    q, k, v = three(2, 1, 4, 4, 3)
    alike = q, k[..., :1, :].repeat(1, 4, 1), v
    many = between(rng, 257, 270)
    long = three(4, 2, many, many, 3)
    few = sunk(rng, 4)
    signs = torch.tensor([1.0, -1.0])[:, None, None]
    return [
        Case("two heads of queries, one of keys", three(2, 1, 3, 3, 2)),
        Case("four heads of queries, two of keys", three(4, 2, 3, 3, 2)),
        Case("six heads of queries, two of keys", three(6, 2, 4, 4, 3)),
        Case("a head of keys for each of queries", three(3, 3, 4, 4, 2)),
        Case("only the last token asks", three(4, 2, 1, between(rng, 4, 7), 3)),
        Case("the last two of five tokens ask", three(4, 2, 2, 5, 3)),
        Case("keys that are all alike", alike),
        Case(
            "a last token that scores highest everywhere",
            (*_alluring(rng), tenths(rng, 1, 4, 3)),
        ),
        Case("values wider than the queries", three(4, 2, 3, 3, 3, 5)),
        Case("values narrower than the queries", three(4, 2, 3, 3, 5, 2)),
        Case("as many heads as tokens and numbers", three(4, 2, 4, 4, 4)),
        Case("a batch of texts", three(6, 2, 4, 4, 5, front=(3,))),
        Case(
            "a batch of texts, of which only the last tokens ask",
            three(4, 2, 2, 5, 3, front=(2,)),
        ),
        Case(
            "a batch with as many texts as heads of keys", three(4, 2, 3, 3, front=(2,))
        ),
        Case("a long text", (long[0] / 3, *long[1:])),
        Case("one token after a long text", three(4, 2, 1, many, 3)),
        edge("all of many heads on one", three(132, 1, 3, 3, 2)),
        edge("many heads on many", three(264, 132, 2, 2, 2)),
        edge("large scores", (*_high(rng), tenths(rng, 1, 4, 3))),
        edge(
            "very negative scores before one of 0",
            (few[0].expand(2, 4, 1).clone(), few[1][None], tenths(rng, 1, 4, 3)),
        ),
        edge(
            "large queries, small keys and uneven values",
            _uneven(rng, *three(4, 2, 4, 4)),
        ),
        edge("a single token", three(4, 2, 1, 1, 3)),
        edge(
            "as many texts as heads, tokens and numbers", three(4, 4, 4, 4, front=(4,))
        ),
        edge(
            "texts, heads, tokens and numbers of one size",
            three(4, 2, 4, 4, front=(4,)),
        ),
        edge("a batch of one text", three(4, 2, 3, 3, front=(1,))),
        edge(
            "a batch of one text, whose last token asks", three(4, 2, 1, 6, front=(1,))
        ),
        edge("one head of queries and one of keys", three(1, 1, 3, 3, front=(2,))),
        edge("five axes", three(4, 2, 3, 3, front=(2, 3))),
        edge(
            "tensors that lie across in memory",
            tuple(map(across, three(4, 2, 5, 5, 260, 3, front=(2,)))),
        ),
        edge("heads that were cut out of rows", _cut(three(4, 2, 3, 5, front=(2,)))),
        edge("a batch of many texts", three(2, 1, 2, 2, 3, front=(many,))),
        edge("values of many numbers", three(2, 1, 3, 3, 2, many)),
        edge(
            "large values of a single number",
            (*three(4, 2, 4, 4, 2)[:2], large(rng, 2, 4, 1) * 2.0**20 * signs),
        ),
        *singles(lambda *one: tuple(tenths(rng, *one) for _ in range(3)), 3, 4),
        *twins(
            oracle,
            lambda: tuple(mirrored(rng, x) for x in three(4, 2, 7, 7, 2)),
            "the queries",
            "the keys",
            "the values",
        ),
    ]


def _alluring(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """The last token scores more than float32 can tell from all others."""
    q, k = whole(rng, 5, 9, 2, 4, 4), whole(rng, -1, 1, 1, 4, 4) / 4
    k[:, -1] = whole(rng, 20, 30, 4)
    return q, k


def _high(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Scores of 280 and more, much alike."""
    return whole(rng, 5, 9, 2, 4, 4), whole(rng, -1, 1, 1, 4, 4) / 4 + 28


def _uneven(rng: np.random.Generator, q: Tensor, k: Tensor, v: Tensor) -> Three:
    """Scores like any others, of numbers that are not."""
    return q * 128, k / 128, normal(rng, *v.shape)


def _cut(tensors: Three) -> Three:
    """The same, as `split_heads` leaves them: heads and tokens exchanged in memory."""
    return tuple(x.transpose(-3, -2).contiguous().transpose(-3, -2) for x in tensors)


def _tiled(x: Tensor, n_head: int) -> Tensor:
    return torch.cat([x] * (n_head // x.shape[-3]), -3)


def _alone(x: Tensor, n_head: int) -> Tensor:
    return x


def _past(n_new: int, n: int, off: int = 0) -> Tensor:
    return torch.ones(n_new, n).tril(n - n_new + off) > 0


def _masked(s: Tensor, allowed: Tensor) -> Tensor:
    return s.masked_fill(~allowed, -inf)


def _shares(s: Tensor) -> Tensor:
    return s.softmax(-1)


def _attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    keys: Callable[[Tensor, int], Tensor] = shared,
    values: Callable[[Tensor, int], Tensor] = shared,
    by: Callable[[Tensor, Tensor, Tensor], float] = lambda q, k, v: sqrt(q.shape[-1]),
    allowed: Callable[[int, int], Tensor] = _past,
    mask: Callable[[Tensor, Tensor], Tensor] = _masked,
    soft: Callable[[Tensor], Tensor] = _shares,
    mix: Callable[[Tensor, Tensor], Tensor] = torch.matmul,
) -> Tensor:
    """Attention with screws: how heads are shared, scaled, masked, made shares, mixed."""
    n_head = q.shape[-3]
    s = q @ keys(k, n_head).mT / by(q, k, v)
    return mix(soft(mask(s, allowed(*s.shape[-2:]))), values(v, n_head))


def _by(**screws) -> Callable[..., Tensor]:
    return partial(_attention, **screws)


def worked(q: Tensor, k: Tensor, v: Tensor) -> dict[str, Tensor]:
    n_head = q.shape[-3]
    k, v = shared(k.double(), n_head), shared(v.double(), n_head)
    s = q.double() @ k.mT / sqrt(q.shape[-1])
    shares = _masked(s, _past(*s.shape[-2:])).softmax(-1)
    return {
        "the keys, for each head of queries": k,
        "scores, over √d_head": s,
        "their shares of the past": shares,
        "times the values": shares @ v,
    }


def _square(size: Callable[[int, int], int]) -> Callable[[int, int], Tensor]:
    """A square mask, which does not fit where only some tokens ask, but for a 1 × 1.

    One token that asks has one row of scores, which PyTorch repeats for a mask of n rows.
    """

    def allowed(n_new: int, n: int) -> Tensor:
        if size(n_new, n) not in (1, n) or size(n_new, n) > n_new > 1:
            stop(RuntimeError)
        return _past(size(n_new, n), size(n_new, n))

    return allowed


_of_queries, _of_keys = _square(lambda n_new, n: n_new), _square(lambda n_new, n: n)


def _averaged_queries(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """One query for each head of keys: the mean of those that share it."""
    return _attention(q.unflatten(-3, (k.shape[-3], -1)).mean(-3), k, v)


def _masked_after(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return _attention(
        q,
        k,
        v,
        mask=lambda s, allowed: s,
        soft=lambda s: _shares(s) * _past(*s.shape[-2:]),
    )


def _for_axes(ndim: int) -> Callable[..., Tensor]:
    return lambda q, k, v: _attention(q, k, v) if q.ndim == ndim else stop(ValueError)


def _along(axis: int) -> Callable[[Tensor, int], Tensor]:
    def repeated(x: Tensor, n_head: int) -> Tensor:
        if n_head % x.shape[axis]:
            stop(ValueError)
        return x.repeat_interleave(n_head // x.shape[axis], axis)

    return repeated


_FOUR = "so that the shapes do not fit, or a text hears another"

MISTAKES = (
    Mistake(
        "nothing is shared",
        "Keys or values have fewer heads than the queries, and are left so. Your `share` "
        "gives each head of queries its head of keys, and its head of values: it is for "
        "both.",
        _by(keys=_alone, values=_alone),
    ),
    Mistake(
        "all heads again and again",
        "Head 1 of the queries reads head 1 of the keys, as if keys came round and round. "
        "Those that share a head stand **side by side**: 0, 0, 1, 1. Use your `share`.",
        _by(keys=_tiled, values=_tiled),
    ),
    Mistake(
        "the keys again and again",
        "The values are shared rightly, but the keys come round and round: 0, 1, 0, 1. Use "
        "your `share` for both.",
        _by(keys=_tiled),
    ),
    Mistake(
        "the values again and again",
        "The keys are shared rightly, but the values come round and round: 0, 1, 0, 1. Use "
        "your `share` for both.",
        _by(values=_tiled),
    ),
    Mistake(
        "the first head for all",
        "All heads of queries read the first head of keys. Each group has its own: use your "
        "`share`.",
        _by(keys=lambda x, H: x[..., :1, :, :], values=lambda x, H: x[..., :1, :, :]),
    ),
    Mistake(
        "the queries averaged",
        "You average the queries that share a head, so there is one answer for each head of "
        "keys. Each query asks by itself: there are as many answers as queries.",
        _averaged_queries,
    ),
    Mistake(
        "only as many queries as keys",
        "You take only as many heads of queries as there are of keys. All of them ask: it "
        "is the **keys** that are repeated.",
        lambda q, k, v: _attention(q[..., : k.shape[-3], :, :], k, v),
    ),
    Mistake(
        "shared along the first axis",
        "Right for one text. In a batch the first axis is that of the texts, and you repeat "
        f"those, {_FOUR}: heads are the third axis from the end.",
        _by(keys=_along(0), values=_along(0)),
    ),
    Mistake(
        "shared along axis 1",
        "Right for a batch. In a single text axis 1 is that of the tokens, and you repeat "
        f"those, {_FOUR}: heads are the third axis from the end.",
        _by(keys=_along(1), values=_along(1)),
    ),
    Mistake(
        "the mask begins at the first token",
        "Where only the last tokens ask, your mask takes them for the first: query 0 sees "
        "one token. It is token T − T_new, and sees all up to itself: the diagonal starts "
        "further right.",
        _by(allowed=lambda n_new, n: torch.ones(n_new, n).tril() > 0),
    ),
    Mistake(
        "a square mask, of the queries' size",
        "Right where all tokens ask, or one alone. Where only the last do, the scores are "
        "T_new × T, and a square mask does not fit. Its rows are the **last** T_new.",
        _by(allowed=_of_queries),
    ),
    Mistake(
        "a square mask, of the keys' size",
        "Right where all tokens ask. Where only the last do, the scores are T_new × T, and a "
        "mask of T × T does not fit, or makes T rows of one. Its rows are the **last** T_new.",
        _by(allowed=_of_keys),
    ),
    Mistake(
        "not masked",
        "The tokens hear the future too. Where all ask, each may look back only: mask before "
        "the softmax.",
        _by(mask=lambda s, allowed: s),
    ),
    Mistake(
        "the past masked",
        "Your mask hides the past and shows the future. A token sees itself and what came "
        "**before** it.",
        _by(allowed=lambda n_new, n: torch.ones(n_new, n).triu(n - n_new) > 0),
    ),
    Mistake(
        "the mask turned around",
        "You mask where one may look, and leave what comes later. Where is your mask true?",
        _by(allowed=lambda n_new, n: ~_past(n_new, n)),
    ),
    Mistake(
        "itself masked too",
        "A token may not see itself in your mask, and the first sees nothing. The diagonal "
        "belongs to the past: the mask is one place off.",
        _by(allowed=partial(_past, off=-1)),
    ),
    Mistake(
        "one token of the future",
        "Each token sees one of the future too: the mask is one place off.",
        _by(allowed=partial(_past, off=1)),
    ),
    Mistake(
        "masked after the softmax",
        "The future is emptied after the softmax, so the shares of a row no longer sum to "
        "one. Mask the **scores**, with −∞, before it.",
        _masked_after,
    ),
    Mistake(
        "masked with 0",
        "The future gets a score of 0, and the softmax gives it a share all the same. Only −∞ "
        "becomes a share of 0.",
        _by(mask=lambda s, allowed: s.masked_fill(~allowed, 0)),
    ),
    Mistake(
        "masked with a large number",
        "You put a finite number where the future was, and there are scores of the past "
        "that are lower. Only −∞ is below all: `-torch.inf`.",
        _by(mask=lambda s, allowed: s.masked_fill(~allowed, -1e9)),
    ),
    Mistake(
        "√d forgotten",
        "The scores are not divided by √d_head, so the shares are too sharp.",
        _by(by=lambda q, k, v: 1.0),
    ),
    Mistake(
        "divided by d",
        "You divide the scores by d_head. It is its **root** by which they are divided.",
        _by(by=lambda q, k, v: q.shape[-1]),
    ),
    Mistake(
        "multiplied by √d",
        "You multiply the scores by √d_head. They are **divided** by it.",
        _by(by=lambda q, k, v: q.shape[-1] ** -0.5),
    ),
    Mistake(
        "√ of the heads",
        "You divide by the root of the number of heads. It is the width of a head, the last "
        "axis of q, that counts.",
        _by(by=lambda q, k, v: sqrt(q.shape[-3])),
    ),
    Mistake(
        "√ of the tokens",
        "You divide by the root of the number of tokens. It is the width of a head, the last "
        "axis of q, that counts.",
        _by(by=lambda q, k, v: sqrt(k.shape[-2])),
    ),
    Mistake(
        "√ of the values' width",
        "You divide by the root of the values' width. The dot products are of queries and "
        "**keys**: it is their width that counts.",
        _by(by=lambda q, k, v: sqrt(v.shape[-1])),
    ),
    Mistake(
        "√ of all heads' width",
        "You divide by the root of H · d_head. Each head computes by itself: only its own "
        "d_head counts.",
        _by(by=lambda q, k, v: sqrt(q.shape[-1] * q.shape[-3])),
    ),
    Mistake(
        "no softmax",
        "You mix the values by bare scores, of which some are −∞. They become shares first: "
        "a softmax along the last axis.",
        _by(soft=lambda s: s),
    ),
    Mistake(
        "a softmax over the queries",
        "In your weights the columns sum to one. Each row should, along the **last** axis: "
        "it is one query's shares.",
        _by(soft=lambda s: s.softmax(-2)),
    ),
    Mistake(
        "a softmax over the heads",
        "The shares of all heads together sum to one. Each head has its own: along the "
        "**last** axis.",
        _by(soft=lambda s: s.softmax(-3)),
    ),
    Mistake(
        "a softmax over axis 1",
        "Your softmax goes along axis 1, which is that of tokens or of heads. Shares are of "
        "the keys, along the **last** axis.",
        _by(soft=lambda s: s.softmax(1)),
    ),
    Mistake(
        "a softmax twice",
        "The shares went through a softmax again: it takes a share of 0 for a score of 0, "
        "and the future is heard.",
        _by(soft=lambda s: s.softmax(-1).softmax(-1)),
    ),
    Mistake(
        "the weights without the values",
        "These are the shares. Now let each row take its shares of the values: one more "
        "product.",
        _by(mix=lambda A, v: A),
    ),
    Mistake(
        "the weights transposed",
        "The shares lie on their side: each token gives where it should take, or the shapes "
        "do not fit. Leave them as they are.",
        _by(mix=lambda A, v: A.mT @ v),
    ),
    Mistake(
        "element by element",
        "`*` multiplies number by number. A weighted sum of rows is a product of matrices: "
        "`@`.",
        _by(mix=lambda A, v: A * v),
    ),
    Mistake(
        "queries and keys exchanged",
        "Queries and keys are swapped: the tokens are asked by those who should answer. "
        "First q, then k transposed.",
        lambda q, k, v: _attention(shared(k, q.shape[-3]), q, v),
    ),
    Mistake(
        "keys and values exchanged",
        "You compare the queries with the values, and mix the keys. Keys say who is found, "
        "values what is given.",
        lambda q, k, v: _attention(q, v, k),
    ),
    Mistake(
        "the keys mixed",
        "The shares are right, but they mix the keys. Keys are only for being found; what "
        "is given are the values.",
        lambda q, k, v: _attention(q, k, k),
    ),
    Mistake(
        "an equal average",
        "Each token takes equal shares of the past, whatever it asks. The queries and keys "
        "should decide.",
        _by(by=lambda q, k, v: inf),
    ),
    Mistake(
        "the heads merged",
        "The heads are side by side in one row already, as `merge_heads` leaves them. Here "
        "they stay apart: (..., H, T_new, d_v).",
        lambda q, k, v: _attention(q, k, v).transpose(-3, -2).flatten(-2),
    ),
    Mistake(
        "heads behind the tokens",
        "Heads and tokens have changed places. The answer lies as the queries do: heads "
        "first, then tokens.",
        lambda q, k, v: _attention(q, k, v).transpose(-3, -2),
    ),
    Mistake(
        "only the last token",
        "Only the last token's answer comes back. Each token that asks has a row.",
        lambda q, k, v: _attention(q, k, v)[..., -1:, :],
    ),
    Mistake(
        "only the last token, without its axis",
        "Only the last token's answer comes back. Each token that asks has a row: (..., H, "
        "T_new, d_v).",
        lambda q, k, v: _attention(q, k, v)[..., -1, :],
    ),
    Mistake(
        "the heads averaged",
        "You average the heads, so what each of them has found is lost. Each has an answer "
        "of its own.",
        lambda q, k, v: _attention(q, k, v).mean(-3),
    ),
    Mistake(
        "for a batch only",
        "Right for a batch. A single text has three axes, which cannot be unpacked into B, "
        "H, T and d. Count from the end.",
        _for_axes(4),
    ),
    Mistake(
        "for one text only",
        "Right for one text. A batch has four axes, which cannot be unpacked into H, T and "
        "d. Count from the end.",
        _for_axes(3),
    ),
    two_at_once(
        "a square mask, and the heads again and again",
        _by(keys=_tiled, values=_tiled, allowed=_of_queries),
        "Those that share a head stand side by side: use your `share`.",
        "where only the last tokens ask, the mask has T_new rows, the last ones.",
    ),
    double_precision(oracle),
)

CHECK = Check(
    "grouped_attention",
    3,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES + ("gpt.attend", "gpt.cache") + KERNELS,
    after=("share",),
    worked=worked,
)
