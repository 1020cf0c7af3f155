"""share: each head of keys or values several times, for as many heads of queries.

The oracle lets each head be seen several times, so where each comes once, it gives back
what it was given, and so may the student. Where the heads cannot share evenly, a
ValueError is right. In some cases there are as many heads as texts, tokens or numbers, so that a wrong
axis has a fitting shape.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between, large, normal, stop, tenths
from autograder.checks._slips import (
    an_assert,
    batches_only,
    list_of_rows,
    no_batches,
    two_at_once,
)
from autograder.checks._twins import mirrored, twins
from autograder.checks.modern._material import LIBRARIES


def oracle(x: Tensor, n_head: int) -> Tensor:
    if n_head % x.shape[-3]:
        raise ValueError(f"{n_head} heads of queries, {x.shape[-3]} of keys")
    times = n_head // x.shape[-3]
    return (
        x[..., None, :, :].expand(*x.shape[:-2], times, *x.shape[-2:]).flatten(-4, -3)
    )


def draw(rng: np.random.Generator) -> list[Case]:
    H = between(rng, 3, 5)
    signs = torch.tensor([1.0, -1.0])[:, None, None]
    return [
        Case("two heads for four", (tenths(rng, 2, 3, 2), 4)),
        Case("a single head for all", (tenths(rng, 1, 3, 2), between(rng, 3, 9))),
        Case("a head for each", (tenths(rng, H, 3, 2), H)),
        Case("three heads for nine, as in SmolLM2", (tenths(rng, 3, 4, 2), 9)),
        Case("as many heads as tokens and numbers", (tenths(rng, 3, 3, 3), 6)),
        Case("a batch of texts", (tenths(rng, 2, 3, 4, 2), 6)),
        Case("a batch with as many texts as heads", (tenths(rng, 2, 2, 3, 5), 6)),
        Case("a long text", (tenths(rng, 2, between(rng, 257, 270), 3), 4)),
        Case("many heads", (tenths(rng, 132, 2, 2), 264)),
        Case("a single head for many", (tenths(rng, 1, 2, 3), between(rng, 257, 270))),
        edge("heads that cannot share", (tenths(rng, 4, 3, 2), 6)),
        edge("a batch, and heads that cannot share", (tenths(rng, 2, 3, 4, 2), 8)),
        edge("fewer heads of queries than of keys", (tenths(rng, 4, 3, 2), 2)),
        edge("one head too many", (tenths(rng, H, 2, 2), 2 * H + 1)),
        edge("one head too few", (tenths(rng, H, 2, 2), 2 * H - 1)),
        edge("a single token", (tenths(rng, 3, 1, 2), 6)),
        edge("heads of a single number", (tenths(rng, 3, 4, 1), 6)),
        edge("a batch of one text", (tenths(rng, 1, 2, 3, 4), 4)),
        edge("a batch, and a single head", (tenths(rng, 2, 1, 3, 4), 4)),
        edge("a batch, and a head for each", (tenths(rng, 2, 3, 4, 2), 3)),
        edge(
            "as many texts as heads, tokens and numbers", (tenths(rng, 3, 3, 3, 3), 9)
        ),
        edge("five axes", (tenths(rng, 2, 1, 2, 3, 2), 6)),
        edge("heads that lie across in memory", (across(tenths(rng, 2, 5, 3)), 4)),
        edge(
            "a batch of many texts",
            (tenths(rng, between(rng, 257, 270), 2, 2, 3), 4),
        ),
        edge("heads of many numbers", (tenths(rng, 2, 2, between(rng, 257, 270)), 4)),
        edge("large numbers", (large(rng, 2, 2, 3) * signs, 4)),
        edge("uneven numbers", (normal(rng, 2, 2, 3), 4)),
        edge("a single number, in three axes", (tenths(rng, 1, 1, 1), 1)),
        edge("a single number, in four axes", (tenths(rng, 1, 1, 1, 1), 1)),
        *twins(
            oracle,
            lambda: (mirrored(rng, tenths(rng, 2, 7, 2)), 4),
            "the heads",
            "the number of heads",
            others={1: 6},
        ),
    ]


def _repeated(x: Tensor, times: int) -> Tensor:
    return x.repeat_interleave(times, -3)


def _share(
    x: Tensor,
    n_head: int,
    way: Callable[[Tensor, int], Tensor] = _repeated,
    refuse: Callable[[Tensor, int], bool] = lambda x, n_head: n_head % x.shape[-3] > 0,
    error: type[Exception] = ValueError,
) -> Tensor:
    """Sharing, with screws: `way` is given x and how many times each head comes."""
    if refuse(x, n_head):
        stop(error)
    return way(x, n_head // x.shape[-3])


def _by(way: Callable[[Tensor, int], Tensor]) -> Callable[[Tensor, int], Tensor]:
    return partial(_share, way=way)


_unrefused = partial(_share, refuse=lambda x, n_head: False)


def _tiled(x: Tensor, times: int) -> Tensor:
    return torch.cat([x] * times, -3)


def _along(axis: int, x: Tensor, n_head: int) -> Tensor:
    if n_head % x.shape[axis]:
        stop(ValueError)
    return x.repeat_interleave(n_head // x.shape[axis], axis)


def worked(x: Tensor, n_head: int) -> dict[str, Tensor | int]:
    return {
        "the heads that there are": x.shape[-3],
        "times that each of them comes": n_head // x.shape[-3],
        "the first of each group": x,
    }


_EVERY = "the axis of the heads is the third from the end, `-3`"

MISTAKES = (
    Mistake(
        "all heads again and again",
        "All the heads come one after the other, and then once more: 0, 1, 0, 1. Those that "
        "share a head stand side by side: 0, 0, 1, 1. `repeat` and `cat` tile; "
        "`repeat_interleave` does not.",
        _by(_tiled),
    ),
    Mistake(
        "the tokens repeated",
        f"You repeat the tokens, along axis −2. It is the **heads** that are shared: {_EVERY}.",
        _by(lambda x, times: x.repeat_interleave(times, -2)),
    ),
    Mistake(
        "the numbers repeated",
        "You repeat the numbers of each vector, along the last axis. It is the **heads** "
        f"that are shared: {_EVERY}.",
        _by(lambda x, times: x.repeat_interleave(times, -1)),
    ),
    Mistake(
        "repeated along the first axis",
        f"Right for one text. In a batch the first axis is that of the texts: {_EVERY}.",
        _by(lambda x, times: x.repeat_interleave(times, 0)),
    ),
    Mistake(
        "repeated along axis 1",
        "Right for a batch. A single text has one axis less in front, and there axis 1 is "
        f"that of the tokens: {_EVERY}.",
        _by(lambda x, times: x.repeat_interleave(times, 1)),
    ),
    Mistake(
        "heads looked for along the first axis",
        "Right for one text. In a batch the first axis is that of the texts, and you count "
        f"and repeat those: {_EVERY}.",
        partial(_along, 0),
    ),
    Mistake(
        "heads looked for along axis 1",
        "Right for a batch. A single text has one axis less in front, and there you count "
        f"and repeat the tokens: {_EVERY}.",
        partial(_along, 1),
    ),
    Mistake(
        "no axis given",
        "Without an axis `repeat_interleave` makes one long row of all numbers. Tell it "
        f"which: {_EVERY}.",
        _by(lambda x, times: x.repeat_interleave(times)),
    ),
    Mistake(
        "tiled along the first axis",
        "Two things. All heads come again and again, where those that share one stand side "
        "by side: 0, 0, 1, 1. And in a batch the first axis is that of the texts.",
        _by(lambda x, times: torch.cat([x] * times, 0)),
    ),
    Mistake(
        "tiled by repeat, for one text",
        "All heads come again and again, where those that share one stand side by side: 0, "
        "0, 1, 1. And in a batch, `repeat` wants a number for each of its four axes.",
        _by(
            lambda x, times: (
                x.repeat(times, 1, 1) if x.ndim == 3 else stop(RuntimeError)
            )
        ),
    ),
    Mistake(
        "tiled by repeat, for a batch",
        "All heads come again and again, where those that share one stand side by side: 0, "
        "0, 1, 1. And to a single text, which has three axes, your `repeat` adds a fourth.",
        _by(lambda x, times: x.repeat(1, times, 1, 1)),
    ),
    Mistake(
        "tiled along the last axis",
        "You put copies side by side along the last axis, so each vector is longer. More "
        f"**heads** are wanted: {_EVERY}.",
        _by(lambda x, times: torch.cat([x] * times, -1)),
    ),
    Mistake(
        "n_head times each",
        "Each head comes `n_head` times. All together there should be `n_head`, so each "
        "comes n_head / H_kv times.",
        lambda x, n_head: _share(x, n_head, way=lambda x, _: _repeated(x, n_head)),
    ),
    Mistake(
        "H_kv times each",
        "Each head comes as often as there are heads of keys. All together there should be "
        "`n_head`: divide that by the heads that there are.",
        _by(lambda x, times: _repeated(x, x.shape[-3])),
    ),
    Mistake(
        "one time too few",
        "Each head comes once too seldom: a head that comes n_head / H_kv times has one "
        "copy less than that, beside itself.",
        _by(lambda x, times: _repeated(x, times - 1)),
    ),
    Mistake(
        "one time too many",
        "Each head comes once too often: n_head / H_kv times in all, itself among them.",
        _by(lambda x, times: _repeated(x, times + 1)),
    ),
    Mistake(
        "twice each, whatever n_head",
        "Each head comes twice, as in the example. How often depends on `n_head` and on how "
        "many heads there are.",
        _by(lambda x, times: _repeated(x, 2)),
    ),
    Mistake(
        "a new axis, and not flattened",
        "Each head has its copies in an axis of their own. Make one axis of the two: heads "
        "and copies, in this order.",
        _by(lambda x, times: torch.stack([x] * times, -3)),
    ),
    Mistake(
        "the copies before the heads",
        "All the heads come one after the other, and then once more, since your new axis "
        "stands **before** that of the heads. Behind it, copies stand side by side.",
        _by(lambda x, times: torch.stack([x] * times, -4)),
    ),
    Mistake(
        "nothing is repeated",
        "The heads come back as they are. There should be `n_head` of them, each n_head / "
        "H_kv times.",
        _by(lambda x, times: x),
    ),
    Mistake(
        "only the first head",
        "All the heads are the first one. Each group of queries has a head of its **own**.",
        _by(
            lambda x, times: _repeated(x, times)[..., :1, :, :].expand_as(
                _repeated(x, times)
            )
        ),
    ),
    Mistake(
        "the heads in reverse order",
        "The last head comes first. Head 0 is for the first heads of queries.",
        _by(lambda x, times: _repeated(x.flip(-3), times)),
    ),
    Mistake(
        "the heads averaged",
        "Each head is the mean of all. Nothing is computed here: the heads are only "
        "repeated.",
        _by(lambda x, times: _repeated(x.mean(-3, keepdim=True).expand_as(x), times)),
    ),
    Mistake(
        "divided among those who share",
        "You divide each head by how many share it. They all read the same keys and values, "
        "as they are.",
        _by(lambda x, times: _repeated(x, times) / times),
    ),
    Mistake(
        "zeros for the others",
        "Only the first of each group has its head, and the others have zeros. All of them "
        "read the **same** head.",
        _by(
            lambda x, times: (
                torch.stack([x, *[0 * x] * (times - 1)], -4)
                .transpose(-4, -3)
                .flatten(-4, -3)
            )
        ),
    ),
    list_of_rows(
        _share, "heads", "The axis of the heads is the third from the end.", axis=-3
    ),
    no_batches(_share, 3, "heads, tokens and numbers", "heads, tokens, numbers"),
    batches_only(_share, 3, "four", "heads, tokens, numbers"),
    Mistake(
        "nothing is refused",
        "The heads are right. Where `n_head` is no multiple of them, they cannot share "
        "evenly: look at the remainder first, and raise a ValueError.",
        _unrefused,
    ),
    Mistake(
        "cut to n_head",
        "Where the heads cannot share evenly, you cut off what is too much. Look at the "
        "remainder first, and raise a ValueError.",
        lambda x, n_head: _repeated(x, -(-n_head // x.shape[-3]))[..., :n_head, :, :],
    ),
    Mistake(
        "only too few heads are refused",
        "Fewer heads of queries than of keys are refused. But 6 cannot share 4 evenly "
        "either: look at the remainder of the division.",
        partial(_share, refuse=lambda x, n_head: n_head < x.shape[-3]),
    ),
    Mistake(
        "an odd number is refused",
        "You refuse an odd number of heads. Three heads can share nine: what counts is the "
        "remainder of `n_head` divided by the heads that there are.",
        partial(_share, refuse=lambda x, n_head: n_head % 2 > 0),
    ),
    Mistake(
        "keys divided by queries",
        "You look at the remainder of the heads of keys divided by those of queries. It is "
        "the other way round: which number do you divide by which?",
        partial(_share, refuse=lambda x, n_head: x.shape[-3] % n_head > 0),
    ),
    Mistake(
        "the remainder of the first axis",
        f"The remainder is right for one text. In a batch the first axis is that of the "
        f"texts: {_EVERY}.",
        partial(_share, refuse=lambda x, n_head: n_head % len(x) > 0),
    ),
    Mistake(
        "the remainder of the tokens",
        f"You divide `n_head` by the number of tokens. It is the heads that are shared: {_EVERY}.",
        partial(_share, refuse=lambda x, n_head: n_head % x.shape[-2] > 0),
    ),
    Mistake(
        "even shares are refused",
        "You refuse what can be shared evenly, and accept the rest. The remainder is 0 "
        "where all get the same.",
        partial(_share, refuse=lambda x, n_head: n_head % x.shape[-3] == 0),
    ),
    two_at_once(
        "all heads again and again, and nothing is refused",
        partial(_unrefused, way=_tiled),
        "All the heads come one after the other, and then once more; those that share one "
        "stand side by side: 0, 0, 1, 1.",
        "where `n_head` is no multiple of the heads, a ValueError is due.",
    ),
    an_assert(partial(_share, error=AssertionError), "An uneven share"),
)

CHECK = Check(
    "share",
    2,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES,
    worked=worked,
    rtol=0.0,
    atol=0.0,
)
