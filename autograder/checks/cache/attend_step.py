"""attend_step: attention of new tokens over all so far, and what is kept for the next.

The oracle is PyTorch's own attention in double precision behind NumPy's concatenate. Some
cases begin with nothing, others go on; some bring a mask of their own: a window, a batch
of texts with padding. Values are wider or narrower than keys, and several heads of queries
may ask one of keys, with an axis of size 1.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import inf, sqrt
from typing import Any

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
    stop,
    tenths,
)
from autograder.checks._slips import two_at_once
from autograder.checks._twins import mirrored
from autograder.checks.attend._material import KERNELS, sunk, whole
from autograder.checks.cache._material import LIBRARIES, grid

Pair = tuple[Tensor, Tensor]
Kept = Pair | None
Heard = tuple[Tensor, Pair]


def oracle(
    q: Tensor, k: Tensor, v: Tensor, kept: Kept = None, mask: Tensor | None = None
) -> Heard:
    if kept is not None:
        k = torch.from_numpy(np.concatenate([kept[0], k], axis=-2))
        v = torch.from_numpy(np.concatenate([kept[1], v], axis=-2))
    n_new, n = q.shape[-2], k.shape[-2]
    back = np.subtract.outer(np.arange(n - n_new, n), np.arange(n))
    may = torch.from_numpy(back >= 0) if mask is None else mask
    heard = functional.scaled_dot_product_attention(
        q.double(), k.double(), v.double(), may
    )
    return heard.float(), (k, v)


def draw(rng: np.random.Generator) -> list[Case]:
    def new(T: int, d: int = 3, wide: int = 0, front: tuple = ()) -> tuple:
        return tuple(tenths(rng, *front, T, size) for size in (d, d, wide or d))

    def old(T: int, d: int = 3, wide: int = 0, front: tuple = ()) -> Pair:
        return new(T, d, wide, front)[1:]

    def all_of(T_new: int, T: int, *rest: Any, **front: Any) -> tuple:
        return *new(T_new, *rest, **front), old(T, *rest, **front)

    def chance(*shape: int) -> Tensor:
        """Any mask in which each row has a True, and a False."""
        mask = torch.tensor(rng.random(shape) < 0.5)
        mask[..., 0], mask[..., -1] = ~mask[..., 1], ~mask[..., -2]
        return mask

    long, many = between(rng, 257, 270), between(rng, 131, 140)
    batch = {"front": (2, 3)}
    alike = tenths(rng, 1, 3)
    few, one = sunk(rng, 4), chance(1, 1, 2, 5)  # the other text's is its opposite
    return [
        Case("three tokens, and nothing kept", new(3, 2)),
        Case("one token behind two that are kept", all_of(1, 2, 2)),
        Case("two tokens behind three that are kept", all_of(2, 3, 2)),
        Case("a batch of texts", all_of(2, 3, 4, **batch)),
        Case("values wider than the keys", all_of(2, 3, 2, 5)),
        Case("values narrower than the keys", all_of(2, 3, 5, 2)),
        Case(
            "as many texts as heads, tokens and numbers",
            all_of(3, 3, front=(3, 3)),
        ),
        Case(
            "a mask of its own",
            (*all_of(2, 4), grid(2, 6, lambda i, j: (j > i - 3) & (j <= i))),
        ),
        Case("any mask", (*all_of(3, 4), chance(3, 7))),
        Case("a mask, and nothing kept", (*new(5), None, chance(5, 5))),
        Case("a mask for each text", (*all_of(2, 3, **batch), torch.cat([one, ~one]))),
        Case(
            "keys that are all alike",
            (
                *(tenths(rng, 2, 3), alike.repeat(2, 1), tenths(rng, 2, 3)),
                (alike.repeat(3, 1), tenths(rng, 3, 3)),
            ),
        ),
        Case("one token after a long text", all_of(1, long)),
        edge("large scores", (*_high(rng), _high(rng)[1:])),
        edge(
            "very negative scores before one of 0",
            (
                few[0][-2:],
                few[1][-2:],
                tenths(rng, 2, 3),
                (few[1][:-2], tenths(rng, 2, 3)),
            ),
        ),
        edge("scores as low as a number can be", _lowest(rng)),
        edge("a row of scores far below another", (*_apart(rng), _high(rng)[1:])),
        edge(
            "several heads of queries that ask one of keys",
            (
                tenths(rng, 2, 3, 2, 4),
                *(tenths(rng, 2, 1, 2, 4) for _ in "kv"),
                tuple(tenths(rng, 2, 1, 3, 4) for _ in "kv"),
            ),
        ),
        edge(
            "tensors that lie across in memory",
            (
                *map(across, new(5, 4, 3, front=(2,))),
                tuple(map(across, old(6, 4, 3, front=(2,)))),
            ),
        ),
        edge("a batch of many texts", all_of(1, 2, 2, front=(many, 1))),
        edge("many heads", all_of(1, 2, 2, front=(many,))),
        edge("a long text at once", new(many, 2)),
        edge("values of many numbers", all_of(1, 2, 2, long)),
        edge("keys of many numbers", all_of(1, 2, long, 2)),
        edge(
            "large values of a single number, uneven keys",
            (
                *(normal(rng, 2, 3), normal(rng, 2, 3), large(rng, 2, 1)),
                (normal(rng, 2, 3), large(rng, 2, 1) * 2.0**20),
            ),
        ),
        edge(
            "large queries, small keys and uneven values",
            (
                *(tenths(rng, 2, 3) * 128, tenths(rng, 2, 3) / 128, normal(rng, 2, 3)),
                (tenths(rng, 3, 3) / 128, normal(rng, 3, 3)),
            ),
        ),
        *_twins(rng),
    ]


def _high(rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Scores of 280 and more, much alike."""
    keys = whole(rng, -1, 1, 2, 4) / 4 + 28
    return whole(rng, 5, 9, 2, 4), keys, tenths(rng, 2, 4)


def _lowest(rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """The lowest score that float32 can hold, and then one of 0."""
    keys = torch.tensor([[torch.finfo(torch.float32).min], [0.0]])
    return torch.ones(2, 1), keys, tenths(rng, 2, 2)


def _apart(rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Scores of −280 and less in the first row, and small ones in the second."""
    q, k, v = _high(rng)
    return q * torch.tensor([[-1.0], [1 / 64]]), k, v


def _twins(rng: np.random.Generator) -> list[Case]:
    """A call, and the same but for one argument, in which two rows have changed places."""

    def some(T: int) -> Tensor:
        return mirrored(rng, tenths(rng, T, 2))

    q, k, v, keys, values = (some(7) for _ in range(5))
    mask = grid(7, 14, lambda i, j: (j <= i) & (j > i - 6))
    swapped = torch.tensor([0, 1, 2, 5, 4, 3, 6])
    call = q, k, v, (keys, values), mask
    return [
        edge("a call that comes again with one argument changed", call),
        edge("the same call, but for the queries", (q[swapped], *call[1:])),
        edge("the same call, but for the keys", (q, k[swapped], *call[2:])),
        edge("the same call, but for the values", (q, k, v[swapped], *call[3:])),
        edge(
            "the same call, but for the kept keys",
            (q, k, v, (keys[swapped], values), mask),
        ),
        edge(
            "the same call, but for the kept values",
            (q, k, v, (keys, values[swapped]), mask),
        ),
        edge("the same call, but for the mask", (*call[:4], mask[swapped])),
    ]


def _behind(old: Tensor | None, new: Tensor) -> Tensor:
    return new if old is None else torch.cat([old, new], -2)


def _past(n_new: int, n: int) -> Tensor:
    return grid(n_new, n, lambda i, j: j <= i)


def _masked(s: Tensor, mask: Tensor) -> Tensor:
    return s.masked_fill(~mask, -inf)


def _shares(s: Tensor) -> Tensor:
    return s.softmax(-1)


def _step(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    kept: Kept = None,
    mask: Tensor | None = None,
    keys: Callable[[Tensor | None, Tensor], Tensor] = _behind,
    values: Callable[[Tensor | None, Tensor], Tensor] = _behind,
    by: Callable[[Tensor, Tensor, Tensor], float] = lambda q, k, v: sqrt(q.shape[-1]),
    allowed: Callable[[int, int], Tensor] = _past,
    given: Callable[[Tensor | None, Tensor], Tensor] = lambda mask, own: (
        own if mask is None else mask
    ),
    hide: Callable[[Tensor, Tensor], Tensor] = _masked,
    soft: Callable[[Tensor], Tensor] = _shares,
    turn: Callable[[Tensor], Tensor] = lambda k: k.mT,
    mix: Callable[[Tensor, Tensor], Tensor] = torch.matmul,
    back: Callable[..., Any] = lambda heard, k, v, new_k, new_v: (heard, (k, v)),
) -> Any:
    """The step with a screw at each place; `back` says what is returned."""
    old_k, old_v = (None, None) if kept is None else kept
    all_k, all_v = keys(old_k, k), values(old_v, v)
    s = q @ turn(all_k) / by(q, all_k, all_v)
    may = given(mask, allowed(*s.shape[-2:]))
    return back(mix(soft(hide(s, may)), all_v), all_k, all_v, k, v)


def _by(**screws) -> Callable[..., Any]:
    return partial(_step, **screws)


def _counted(axis: int) -> Callable[..., Heard]:
    """Where no mask is given, one for tokens that are counted along this axis."""

    def step(
        q: Tensor, k: Tensor, v: Tensor, kept: Kept = None, mask: Tensor | None = None
    ) -> Heard:
        if mask is None:
            mask = _past(q.shape[axis], oracle(q, k, v, kept)[1][0].shape[axis])
        return _step(q, k, v, kept, mask)

    return step


def _on_its_side(
    q: Tensor, k: Tensor, v: Tensor, kept: Kept = None, mask: Tensor | None = None
) -> Heard:
    """A row for each key, a column for each query."""
    k, v = oracle(q, k, v, kept)[1]
    s = k @ q.mT / sqrt(q.shape[-1])
    may = _past(q.shape[-2], k.shape[-2]) if mask is None else mask
    return _masked(s, may).softmax(-1) @ v, (k, v)


def _shares_too(
    q: Tensor, k: Tensor, v: Tensor, kept: Kept = None, mask: Tensor | None = None
) -> tuple:
    heard, (k, v) = oracle(q, k, v, kept, mask)
    may = _past(q.shape[-2], k.shape[-2]) if mask is None else mask
    return heard, _masked(q @ k.mT / sqrt(q.shape[-1]), may).softmax(-1), (k, v)


def _square(n_new: int, n: int) -> Tensor:
    """A mask of the new tokens' size, which fits where nothing is kept, or for one."""
    return _past(n_new, n_new) if n_new in (1, n) else stop(RuntimeError)


def _square_of_all(n_new: int, n: int) -> Tensor:
    return _past(n, n) if n_new == n else stop(RuntimeError)


def _where_none(allowed: Callable[[int, int], Tensor]) -> Callable[..., Any]:
    """Such a mask where none is given."""
    return lambda q, k, v, kept=None, mask=None: _step(
        q, k, v, kept, mask, allowed=allowed if mask is None else _past
    )


def _counted_in_front(
    q: Tensor, k: Tensor, v: Tensor, kept: Kept = None, mask: Tensor | None = None
) -> Heard:
    """The tokens counted by `len`, as if their axis were the first."""
    if mask is None:
        n_new = len(q)
        n = n_new if kept is None else len(oracle(q, k, v, kept)[1][0])
        mask = _past(n_new, n)
    return _step(q, k, v, kept, mask)


def _into_the_pair(
    q: Tensor, k: Tensor, v: Tensor, kept: Any = None, mask: Tensor | None = None
) -> Heard:
    heard, pair = _step(q, k, v, kept, mask)
    if kept is not None:
        kept[0] = pair[0]
    return heard, pair


def _indexed(s: Tensor, mask: Tensor) -> Tensor:
    """By an index, which needs a mask of the scores' own shape."""
    s = s.clone()
    s[~mask] = -inf
    return s


def _over(
    least: Callable[[Tensor], Any], keepdim: bool = True
) -> Callable[..., Tensor]:
    """A softmax written out, with what is subtracted first."""

    def shares(s: Tensor) -> Tensor:
        e = (s - least(s)).exp()
        return e / e.sum(-1, keepdim=keepdim)

    return shares


def worked(
    q: Tensor, k: Tensor, v: Tensor, kept: Kept = None, mask: Tensor | None = None
) -> dict[str, Tensor]:
    k, v = oracle(q, k, v, kept, mask)[1]
    s = q.double() @ k.double().mT / sqrt(q.shape[-1])
    may = _past(*s.shape[-2:]) if mask is None else mask
    shares = _masked(s, may).softmax(-1)
    return {
        "all keys so far": k,
        "scores, over √d_head": s,
        "their shares": shares,
        "all values so far": v,
        "the shares of the values": shares @ v.double(),
    }


def _in_place(
    q: Tensor, k: Tensor, v: Tensor, kept: Kept = None, mask: Tensor | None = None
) -> Heard:
    heard = _step(q, k, v, kept, mask)
    q /= sqrt(q.shape[-1])
    return heard


def _mask_in_place(
    q: Tensor, k: Tensor, v: Tensor, kept: Kept = None, mask: Tensor | None = None
) -> Heard:
    heard = _step(q, k, v, kept, mask)
    if mask is not None:
        mask.logical_not_()
    return heard


def _one_by_one(
    q: Tensor, k: Tensor, v: Tensor, kept: Kept = None, mask: Tensor | None = None
) -> Heard:
    """The new tokens read as if each had come alone, and only the last is returned."""
    heard, pair = _step(q, k, v, kept, mask)
    return heard[..., -1:, :], pair


def _shared_heads(
    q: Tensor, k: Tensor, v: Tensor, kept: Kept = None, mask: Tensor | None = None
) -> Heard:
    """As with torch.bmm, or an einsum whose letters stand for all axes."""
    return (
        _step(q, k, v, kept, mask)
        if q.shape[:-2] == k.shape[:-2]
        else stop(RuntimeError)
    )


def _for_axes(*ndims: int) -> Callable[..., Heard]:
    return lambda q, *rest: _step(q, *rest) if q.ndim in ndims else stop(ValueError)


def _truth(q, k, v, kept=None, mask=None):
    """`if mask`, or `mask or …`: a tensor of several numbers is neither true nor false."""
    return _step(q, k, v, kept, mask) if mask is None else stop(RuntimeError)


_ACROSS = (
    "The exponentials are divided by the sums of **other** rows: `sum(-1)` drops the axis, "
    "and what is left lies along the columns. `keepdim=True` keeps it"
)
_BOTH = (
    "What is to be kept comes back as a pair, keys first: the caller hands it in again"
)

MISTAKES = (
    Mistake(
        "only the new tokens are asked",
        "The new tokens look only at each other: what is kept is not asked. Put the new keys "
        "and values **behind** the kept ones first, with your `extend`.",
        _by(keys=lambda old, new: new, values=lambda old, new: new),
    ),
    Mistake(
        "only the new are asked, but all are kept",
        "What is kept is right, but the new tokens look only at each other. Their queries "
        "meet **all** keys, those of the result of your `extend`.",
        lambda q, k, v, kept=None, mask=None: (
            _step(q, k, v, None, None if mask is None else mask[..., -q.shape[-2] :])[
                0
            ],
            oracle(q, k, v, kept)[1],
        ),
    ),
    Mistake(
        "the new ones in front",
        "The new keys and values stand in front of the kept ones. They come behind, as in "
        "the text: the kept first in your `extend`.",
        _by(
            keys=lambda old, new: new if old is None else _behind(new, old),
            values=lambda old, new: new if old is None else _behind(new, old),
        ),
    ),
    Mistake(
        "the new keys in front",
        "The values are in order, but the new keys stand in front of the kept ones. So each "
        "value is found by another token's key.",
        _by(keys=lambda old, new: new if old is None else _behind(new, old)),
    ),
    Mistake(
        "the new values in front",
        "The keys are in order, but the new values stand in front of the kept ones. So each "
        "key leads to another token's value.",
        _by(values=lambda old, new: new if old is None else _behind(new, old)),
    ),
    Mistake(
        "kept keys and values exchanged",
        "The kept pair is taken apart in the wrong order: the new keys come behind kept "
        "**values**. The keys are the first of the pair.",
        lambda q, k, v, kept=None, mask=None: _step(q, k, v, kept and kept[::-1], mask),
    ),
    Mistake(
        "keys and values exchanged",
        "You compare the queries with the values, and mix the keys. Keys say who is found, "
        "values what is given.",
        lambda q, k, v, kept=None, mask=None: _step(q, v, k, kept and kept[::-1], mask),
    ),
    Mistake(
        "queries and keys exchanged",
        "Queries and keys have changed places: the tokens are asked by those who should "
        "answer, and queries are kept.",
        lambda q, k, v, kept=None, mask=None: _step(k, q, v, kept, mask),
    ),
    Mistake(
        "queries kept",
        "You keep the queries in place of the keys. A query is used once, in the row of its "
        "own token: it is the **keys** that are asked again.",
        _by(back=lambda heard, k, v, new_k, new_v: (heard, (new_k, v))),
    ),
    Mistake(
        "the keys mixed",
        "The shares are right, but they mix the keys. Keys are only for being found; what is "
        "given are the values.",
        lambda q, k, v, kept=None, mask=None: (
            _step(q, k, k, kept and (kept[0], kept[0]), mask)[0],
            oracle(q, k, v, kept, mask)[1],
        ),
    ),
    Mistake(
        "only what is new is kept",
        "The output is right. But of the pair only the new tokens are there, so the next "
        "call would have forgotten all before. Return all so far.",
        _by(back=lambda heard, k, v, new_k, new_v: (heard, (new_k, new_v))),
    ),
    Mistake(
        "the pair as it was",
        "The output is right, but the pair is the one that was handed in: the new tokens are "
        "missing from it, or it is `None`. Return the extended keys and values.",
        lambda q, k, v, kept=None, mask=None: (_step(q, k, v, kept, mask)[0], kept),
    ),
    Mistake(
        "the new ones twice in the pair",
        "The output is right, but in the pair the new tokens stand twice: the keys and values "
        "to which they were added get them again. What your `extend` has made is what is kept.",
        _by(
            back=lambda heard, k, v, new_k, new_v: (
                heard,
                (_behind(k, new_k), _behind(v, new_v)),
            )
        ),
    ),
    Mistake(
        "the queries in the pair",
        "Three things are kept, the queries too. A query is used once, in the row of its own "
        "token, and never again: the pair is of keys and values.",
        lambda q, k, v, kept=None, mask=None: (
            (found := oracle(q, k, v, kept, mask))[0],
            (q, *found[1]),
        ),
    ),
    Mistake(
        "keys and values in one tensor",
        f"Keys and values are put together into one tensor. Leave them two. {_BOTH}.",
        _by(back=lambda heard, k, v, *new: (heard, torch.cat([k, v], -1))),
    ),
    Mistake(
        "the shares too",
        "The shares come back as well. Nobody asks for them: return what is heard, and what "
        "is to be kept, two things, of which the second is the pair of keys and values.",
        _shares_too,
    ),
    Mistake(
        "nothing but the output",
        f"The output is right, but it comes alone. {_BOTH}.",
        _by(back=lambda heard, *rest: heard),
    ),
    Mistake(
        "nothing but the pair",
        "Only what is to be kept comes back. The output comes first: what the new tokens "
        "hear.",
        _by(back=lambda heard, k, v, *new: (k, v)),
    ),
    Mistake(
        "three in a row",
        "Output, keys and values come back as three things. Put a bracket around keys and "
        "values: two things, of which the second is a pair.",
        _by(back=lambda heard, k, v, *new: (heard, k, v)),
    ),
    Mistake(
        "the pair first",
        "The pair comes first, and the output second. It is the other way round: what the "
        "tokens hear, then what is kept.",
        _by(back=lambda heard, k, v, *new: ((k, v), heard)),
    ),
    Mistake(
        "values before keys in the pair",
        "The pair has the values first. Keys come first, and so your function expects them "
        "in the next call.",
        _by(back=lambda heard, k, v, *new: (heard, (v, k))),
    ),
    Mistake(
        "keys kept twice",
        "Both parts of the pair are keys. The second is that of the **values**.",
        _by(back=lambda heard, k, v, *new: (heard, (k, k))),
    ),
    Mistake(
        "the first of None",
        "Right once something is kept. At first `kept` is `None`, which has no first part "
        "and no second: ask whether it is `None` before.",
        lambda q, k, v, kept=None, mask=None: _step(q, k, v, (kept[0], kept[1]), mask),
    ),
    Mistake(
        "written into the pair",
        "Right where nothing is kept. `kept` is a tuple, whose parts cannot be replaced, and "
        "it belongs to the caller. Give all keys and all values names of their own.",
        _into_the_pair,
    ),
    Mistake(
        "the values not extended",
        "Right where nothing is kept. After that there are shares of **all** tokens so far, "
        "but only the values of the new ones, and the product does not fit. The new values "
        "belong behind the kept ones too.",
        _by(values=lambda old, new: new),
    ),
    Mistake(
        "a mask expected",
        "Right where a mask is given. Where `mask` is `None`, there is nothing to turn "
        "around: then your `late_mask` decides.",
        _by(given=lambda mask, own: ~(~mask)),
    ),
    Mistake(
        "asked whether the mask is true",
        "You ask whether `mask` is true, by `if mask`, `not mask` or `mask or`. A tensor of "
        "several numbers is neither. Ask whether it **is** `None`.",
        _truth,
    ),
    Mistake(
        "the mask that is given is ignored",
        "The mask that is handed in is not used: your `late_mask` decides always. It is only "
        "for where `mask` is `None`.",
        _by(given=lambda mask, own: own),
    ),
    Mistake(
        "the given mask and the past",
        "You use the mask that is given **and** the tokens' own past. A mask that is given "
        "says all that is to be said.",
        _by(given=lambda mask, own: own if mask is None else mask & own),
    ),
    Mistake(
        "the given mask the other way round",
        "You hide where the given mask is `True`. There one may look: hide where it is "
        "`False`, with `~mask`.",
        _by(given=lambda mask, own: own if mask is None else ~mask),
    ),
    Mistake(
        "nothing hidden without a mask",
        "Where no mask is given, nothing is hidden, and new tokens hear later ones. Then "
        "your `late_mask` decides.",
        _by(given=lambda mask, own: own | True if mask is None else mask),
    ),
    Mistake(
        "nothing hidden in the first call",
        "Where nothing is kept yet, nothing is hidden. In the first call, too, a token must "
        "not hear later ones: your `late_mask` decides there as well.",
        lambda q, k, v, kept=None, mask=None: _step(
            *(q, k, v, kept, mask),
            allowed=_past
            if kept
            else lambda n_new, n: torch.ones(n_new, n, dtype=torch.bool),
        ),
    ),
    Mistake(
        "the mask of the first head",
        "You take the mask of one head out of a mask that has axes in front. Leave it whole: "
        "where such an axis is of size 1, `masked_fill` repeats it by itself.",
        _by(
            given=lambda mask, own: (
                own if mask is None else mask[:, 0] if mask.ndim == 4 else mask
            )
        ),
    ),
    Mistake(
        "the mask of the first text",
        "You take the mask of the first text for all. Each text has its own: leave the mask "
        "whole, `masked_fill` sees to the axes in front by itself.",
        _by(
            given=lambda mask, own: (
                own if mask is None else mask[0, 0] if mask.ndim == 4 else mask
            )
        ),
    ),
    Mistake(
        "nothing is hidden",
        "Nothing is hidden at all. The mask is given, or that of your `late_mask`: −∞ in the "
        "scores where it is `False`, before the softmax.",
        _by(hide=lambda s, mask: s),
    ),
    Mistake(
        "the mask turned around",
        "You hide what one may look at, and show the rest. `masked_fill` fills where a mask "
        "is `True`: give it `~mask`.",
        _by(hide=lambda s, mask: _masked(s, ~mask)),
    ),
    Mistake(
        "the mask begins at the first token",
        "Where something is kept, your mask takes the new tokens for the first of the text. "
        "They are the **last**: your `late_mask` gets how many are new, and how many there "
        "are in all.",
        _by(allowed=lambda n_new, n: grid(n_new, n, lambda i, j: j <= i, 0)),
    ),
    Mistake(
        "a mask of the new tokens only",
        "Right where nothing is kept, or a single token is new. The scores are T_new × T: "
        "ask your `late_mask` for T columns, the number of **all** keys.",
        _where_none(_square),
    ),
    Mistake(
        "a mask of all tokens",
        "Right where nothing is kept. After that the scores have only the rows of the new "
        "tokens, T_new × T, and a mask of T × T does not fit.",
        _where_none(_square_of_all),
    ),
    Mistake(
        "tokens counted along the first axis",
        "Right for one head of one text. With axes in front, the first axis, which `len` and "
        "`shape[0]` give, is that of texts or heads. The tokens are the second from the "
        "**end**: `shape[-2]`.",
        _counted_in_front,
    ),
    Mistake(
        "tokens counted along axis 1",
        "You count the tokens along axis 1. For one head that is the axis of d_head; and with "
        "texts in front it is that of the heads. The tokens are the second from the **end**: "
        "`shape[-2]`.",
        _counted(1),
    ),
    Mistake(
        "tokens counted along the last axis",
        "You count the tokens along the last axis, `shape[-1]`. That is d_head, the width of a "
        "key. The tokens are the second from the end: `shape[-2]`.",
        _counted(-1),
    ),
    Mistake(
        "the scores on their side",
        "Your scores have a row for each **key**. A row belongs to a query, a column to a key: "
        "the queries come first in the product, then the keys, transposed.",
        _on_its_side,
    ),
    Mistake(
        "axes 0 and 1 exchanged",
        "Right for one head of one text. With axes in front, axes 0 and 1 are not those of "
        "tokens and numbers. Count from the **end**: a transpose exchanges the last two, and "
        "new tokens come behind the kept ones along axis −2, as in your `extend`.",
        _by(turn=lambda k: k.transpose(0, 1)),
    ),
    Mistake(
        "hidden by an index",
        "Right where scores and mask have one shape. With axes in front of the scores, a "
        "mask in square brackets does not fit. `masked_fill` repeats the mask for them by "
        "itself.",
        _by(hide=_indexed),
    ),
    Mistake(
        "masked with +∞",
        "You put +∞ where nothing is to be seen, and a softmax of that is not a number. It "
        "is **−**∞ that becomes a share of 0.",
        _by(hide=lambda s, mask: s.masked_fill(~mask, inf)),
    ),
    Mistake(
        "masked after the softmax, and shared out again",
        "You hide after the softmax, and divide by what is left. Where a hidden score is far "
        "above the others, it has taken all: what is left is 0, and 0 / 0 is not a number. "
        "Hide in the **scores**, with −∞, before.",
        lambda q, k, v, kept=None, mask=None: _after(q, k, v, kept, mask, again=True),
    ),
    Mistake(
        "masked after the softmax",
        "The future is emptied after the softmax, so the shares of a row no longer sum to "
        "one. Hide it in the **scores**, with −∞, before.",
        lambda q, k, v, kept=None, mask=None: _after(q, k, v, kept, mask),
    ),
    Mistake(
        "0 times ∞",
        "You multiply the mask by −∞. Where nothing is to be hidden, that is 0 · −∞, and this "
        "is not a number (NaN). Do not compute with −∞: `masked_fill` puts it where it belongs "
        "and leaves all else.",
        _by(hide=lambda s, mask: s + (~mask) * -inf),
    ),
    Mistake(
        "masked with 0",
        "What is hidden gets a score of 0, and the softmax gives it a share all the same. "
        "Only −∞ becomes a share of 0.",
        _by(hide=lambda s, mask: s.masked_fill(~mask, 0)),
    ),
    Mistake(
        "masked with a large number",
        "You put a finite number where nothing is to be seen, and there are scores that are "
        "lower. Only −∞ is below all: `-torch.inf`.",
        _by(hide=lambda s, mask: s.masked_fill(~mask, -1e9)),
    ),
    Mistake(
        "masked with a very large number",
        "You put a finite number where nothing is to be seen. It is very low, but a score may "
        "be lower still, and then what is hidden takes all. Only −∞ is below all: `-torch.inf`.",
        _by(hide=lambda s, mask: s.masked_fill(~mask, -1e38)),
    ),
    Mistake(
        "masked with the lowest number",
        "You put a finite number where nothing is to be seen. A score may be just as low, and "
        "then what is hidden gets a share too. Only −∞ is below all: `-torch.inf`.",
        _by(hide=lambda s, mask: s.masked_fill(~mask, torch.finfo(torch.float32).min)),
    ),
    Mistake(
        "masked with less than the least score",
        "You put a number a little below the least score where nothing is to be seen. The "
        "softmax gives it a share, small as it is. Only −∞ becomes a share of 0: `-torch.inf`.",
        _by(hide=lambda s, mask: s.masked_fill(~mask, float(s.min()) - 1)),
    ),
    Mistake(
        "masked with twice the least score",
        "You take twice the least score where nothing is to be seen. That need not be far "
        "below the others, nor even below them. Only −∞ becomes a share of 0: `-torch.inf`.",
        _by(hide=lambda s, mask: s.masked_fill(~mask, float(s.min()) * 2)),
    ),
    Mistake(
        "the mask added",
        "You add the mask to the scores: `True` counts as 1, and `False` as 0. Hide where it "
        "is `False`, with −∞: `masked_fill`.",
        _by(hide=lambda s, mask: s + mask),
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
        "always divided by 2",
        "You divide the scores by 2 in every call. That is √d_head only where d_head is 4: "
        "it is the width of the keys that come in, the last axis of their `shape`.",
        _by(by=lambda q, k, v: 2.0),
    ),
    Mistake(
        "always divided by 8",
        "You divide the scores by 8 in every call. That is √d_head only where d_head is 64: "
        "it is the width of the keys that come in, the last axis of their `shape`.",
        _by(by=lambda q, k, v: 8.0),
    ),
    Mistake(
        "√ of what len counts",
        "`len` counts the first axis of what is in its brackets. Right for one head; with "
        "axes in front, that is another one. d_head is the **last** axis: `shape[-1]`.",
        _by(by=lambda q, k, v: sqrt(len(q[-1]))),
    ),
    Mistake(
        "divided after the softmax",
        "You divide the shares by √d_head, so that they no longer sum to one. It is the "
        "**scores** that are divided, before the softmax.",
        lambda q, k, v, kept=None, mask=None: _step(
            *(q, k, v, kept, mask),
            by=lambda q, k, v: 1.0,
            soft=lambda s: s.softmax(-1) / sqrt(q.shape[-1]),
        ),
    ),
    Mistake(
        "multiplied by √d",
        "You multiply the scores by √d_head. They are **divided** by it.",
        _by(by=lambda q, k, v: q.shape[-1] ** -0.5),
    ),
    Mistake(
        "√ of the values' width",
        "You divide by the root of the values' width. The scores are of queries and "
        "**keys**: it is their width that counts.",
        _by(by=lambda q, k, v: sqrt(v.shape[-1])),
    ),
    Mistake(
        "√ of the number of tokens",
        "You divide by the root of the number of tokens. `shape[-2]` counts these; d_head is "
        "the **last** axis, `shape[-1]`.",
        _by(by=lambda q, k, v: sqrt(k.shape[-2])),
    ),
    Mistake(
        "√ of the number of new tokens",
        "You divide by the root of the number of new tokens. `shape[-2]` of the queries "
        "counts these; d_head is the **last** axis, `shape[-1]`.",
        _by(by=lambda q, k, v: sqrt(q.shape[-2])),
    ),
    Mistake(
        "exponentials too large",
        "All is right but for very large scores: in float32, an exponential of 89 and more "
        "is ∞. Subtract each row's maximum from the scores first, or take PyTorch's "
        "`softmax`.",
        _by(soft=_over(lambda s: 0)),
    ),
    Mistake(
        "the maximum of all",
        "You subtract the maximum of **all** scores. In a row that lies far below it, each "
        "exponential is 0, and 0 / 0 is not a number. Each row has a maximum of its own: "
        "along the last axis, with `keepdim=True`.",
        _by(soft=_over(torch.max)),
    ),
    Mistake(
        "sums that lie across",
        f"{_ACROSS}.",
        _by(soft=_over(lambda s: s.amax(-1, keepdim=True), False)),
    ),
    Mistake(
        "sums that lie across, of all exponentials",
        f"{_ACROSS}. And each row's own maximum is to be subtracted first, for large scores.",
        _by(soft=_over(lambda s: 0, False)),
    ),
    Mistake(
        "no softmax",
        "You mix the values by bare scores, of which some are −∞. They become shares first: "
        "a softmax along the last axis.",
        _by(soft=lambda s: s),
    ),
    Mistake(
        "scores divided by their sum",
        "You divide the scores by their sum. Scores may be below 0, and some are −∞: it is "
        "their **exponentials** that are shared out. PyTorch's `softmax` does both.",
        _by(soft=lambda s: s / s.sum(-1, keepdim=True)),
    ),
    Mistake(
        "a sigmoid",
        "A sigmoid makes a number between 0 and 1 of each score by itself, and the rows do not "
        "sum to one. Shares come from a `softmax` along the last axis.",
        _by(soft=torch.sigmoid),
    ),
    Mistake(
        "the logarithm of the shares",
        "`log_softmax` gives the logarithms of the shares, and of a share of 0 that is −∞. The "
        "shares themselves mix the values: `softmax`.",
        _by(soft=lambda s: s.log_softmax(-1)),
    ),
    Mistake(
        "a softmax of the values",
        "The values went through a softmax too. It is for scores only: the values are taken "
        "as they are, each times its share.",
        _by(mix=lambda A, v: A @ v.softmax(-1)),
    ),
    Mistake(
        "shares that do not meet the values",
        "Each query hears all values in full, whatever its shares: these are added up by "
        "themselves. In an `einsum`, the keys' axis has **one** letter in both parts.",
        _by(mix=lambda A, v: A.sum(-1, keepdim=True) * v.sum(-2, keepdim=True)),
    ),
    Mistake(
        "a softmax over the queries",
        "In your weights the columns sum to one. Each row should, along the **last** axis: "
        "it is one query's shares.",
        _by(soft=lambda s: s.softmax(-2)),
    ),
    Mistake(
        "a softmax over axis 1",
        "Your softmax goes along axis 1, which is that of the keys only where nothing stands "
        "in front. Count from the end: the **last** axis.",
        _by(soft=lambda s: s.softmax(1)),
    ),
    Mistake(
        "a softmax twice",
        "The shares went through a softmax again: it takes a share of 0 for a score of 0, "
        "and what was hidden is heard.",
        _by(soft=lambda s: s.softmax(-1).softmax(-1)),
    ),
    Mistake(
        "the weights without the values",
        "These are the shares. Now let each row take its shares of the values: one more "
        "product.",
        _by(mix=lambda A, v: A),
    ),
    Mistake(
        "element by element",
        "`*` multiplies number by number. A weighted sum of rows is a product of matrices: "
        "`@`.",
        _by(mix=lambda A, v: A * v),
    ),
    Mistake(
        "element by element, and added up",
        "You multiply shares and values number by number, and add up the numbers of each "
        "value. A share weighs a whole value, and the **values** are added up: `@` does "
        "both.",
        _by(mix=lambda A, v: (A[..., None] * v).sum(-1)),
    ),
    Mistake(
        "only the last token's output",
        "Only the last new token gets an answer. A prompt brings many at once, and in every "
        "layer but the last all of them are needed: a row for each.",
        _one_by_one,
    ),
    Mistake(
        "one head only",
        "Right for one head of one text. With axes in front, the shape cannot be unpacked "
        "into two names. Count from the end: `q.shape[-1]`, and `.mT` for a transpose.",
        _for_axes(2),
    ),
    Mistake(
        "batches with heads only",
        "Right for a batch of texts with heads. With more or fewer axes in front, the shape "
        "cannot be unpacked into four names. Count from the end.",
        _for_axes(4),
    ),
    Mistake(
        "heads of queries that share keys refused",
        "Right where queries and keys have the same axes in front. Where keys have an axis "
        "of size 1 there, `@` repeats them by itself; `bmm`, `view` and most letters of "
        "`einsum` do not.",
        _shared_heads,
    ),
    Mistake(
        "q is changed in place",
        "The answer is right, but `q` itself was changed on the way, and it belongs to the "
        "caller: an operator such as `/=` writes into what was handed in. Make a new tensor.",
        _in_place,
    ),
    Mistake(
        "the mask is changed in place",
        "The answer is right, but `mask` itself was changed on the way, and the caller needs "
        "it for the next layer. Make a new tensor: `~mask`.",
        _mask_in_place,
    ),
    Mistake(
        "double precision",
        "These are the right numbers, but in double precision. The model computes in "
        "float32, and a matrix of the one cannot be multiplied by one of the other.",
        _by(
            back=lambda heard, k, v, *new: (heard.double(), (k.double(), v.double())),
        ),
    ),
    two_at_once(
        "√d forgotten, and only the output",
        _by(by=lambda q, k, v: 1.0, back=lambda heard, *rest: heard),
        "The scores are not divided by √d_head.",
        "what is to be kept is missing: return the output and a pair.",
    ),
    two_at_once(
        "nothing hidden, and only the new kept",
        _by(
            hide=lambda s, mask: s,
            back=lambda heard, k, v, new_k, new_v: (heard, (new_k, new_v)),
        ),
        "Nothing is hidden, so new tokens hear later ones.",
        "the pair holds the new tokens only, and should hold all so far.",
    ),
)


def _after(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    kept: Kept = None,
    mask: Tensor | None = None,
    again: bool = False,
) -> Heard:
    k, v = oracle(q, k, v, kept)[1]
    shares = (q @ k.mT / sqrt(q.shape[-1])).softmax(-1)
    may = _past(*shares.shape[-2:]) if mask is None else mask
    shares = shares * may
    if again:
        shares = shares / shares.sum(-1, keepdim=True)
    return shares @ v, (k, v)


CHECK = Check(
    "attend_step",
    5,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES + KERNELS,
    after=("extend", "late_mask"),
    worked=worked,
)
