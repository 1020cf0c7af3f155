"""embed: the row of the token plus the row of its place, as the first stage of GPT.

The oracle is two modules of PyTorch's, of which the second reads the numbers of the
places. What cannot be read is refused: a text too long, an empty one, an id without a
row.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between, drawn_until, large, singles
from autograder.checks._slips import an_assert, double_precision
from autograder.checks._twins import twins
from autograder.checks.embed._material import (
    LIBRARIES,
    TABLES,
    decimals,
    different,
    ids_indexed,
    ids_used_twice,
    shipped,
    tensor_of,
    word_rows,
)
from autograder.checks.embed.sinusoids import oracle as sinusoids


def oracle(ids: Tensor, wte: Tensor, wpe: Tensor) -> Tensor:
    T = ids.shape[-1]
    if not 0 < T <= len(wpe):
        raise ValueError(f"{T} tokens, where 1 to {len(wpe)} can be read")
    if bool(((ids < 0) | (ids >= len(wte))).any()):
        raise ValueError(f"ids are from 0 to {len(wte) - 1}")
    token = torch.nn.Embedding.from_pretrained(wte)
    place = torch.nn.Embedding.from_pretrained(wpe)
    return token(ids) + place(torch.arange(T).expand(ids.shape))


def _with(rng: np.random.Generator, bad: int) -> Tensor:
    """Three texts, and in the middle of the second stands an id that no row has."""
    ids = rng.integers(1, 6, (3, 3))
    ids[1, 1] = bad
    return tensor_of(ids)


def draw(rng: np.random.Generator) -> list[Case]:
    def tables(n_vocab: int, n_ctx: int, C: int) -> tuple[Tensor, Tensor]:
        return decimals(rng, n_vocab, C), decimals(rng, n_ctx, C)

    # Not in the order 0, 1, 2, which would hide a mix-up of ids and places.
    first = drawn_until(
        lambda *ids: sorted(ids) not in (list(ids), list(ids)[::-1]),
        lambda: tuple(different(rng, 4, 3)),
    )
    n = between(rng, 4, 7)
    full = between(rng, 3, 6)
    words, _ = word_rows(rng, 16)
    _, wpe, _ = shipped()
    long = between(rng, 3, 5)
    same = between(rng, 1, 3)
    middle = [between(rng, 0, n - 1) for _ in range(3)]
    low, high = middle.copy(), middle.copy()
    signs = torch.tensor([1.0, -1.0]) * 2**12
    low[between(rng, 0, 2)], high[between(rng, 0, 2)] = -1, n
    return [
        Case("three tokens", (tensor_of(first), *tables(4, 5, 2))),
        Case("one token, again and again", (tensor_of([same] * 4), *tables(4, 6, 2))),
        Case("the first and the last token", (tensor_of([n - 1, 0]), *tables(n, 4, 4))),
        Case(
            "a text that fills the context",
            (tensor_of(rng.integers(0, 5, full)), *tables(5, full, 4)),
        ),
        Case(
            "words and places of the course's own model",
            (tensor_of(different(rng, 16, 6)), words, wpe[:8].clone()),
        ),
        Case(
            "a batch of two texts",
            (tensor_of(rng.integers(0, 6, (2, 3))), *tables(6, 4, 4)),
        ),
        Case(
            "a batch with more texts than there are places",
            (
                tensor_of(rng.integers(0, 6, (5, 2))),
                *tables(6, 4, 2),
            ),
        ),
        edge(
            "a text one token too long",
            (tensor_of(rng.integers(0, 5, long + 1)), *tables(5, long, 2)),
        ),
        edge(
            "a batch of texts that are too long",
            (tensor_of(rng.integers(0, 5, (2, long + 2))), *tables(5, long, 4)),
        ),
        edge("no token at all", (tensor_of([]), *tables(4, 4, 2))),
        edge("an id just beyond the table", (tensor_of(high), *tables(n, 5, 2))),
        edge("an id below zero", (tensor_of(low), *tables(n, 5, 2))),
        Case(
            "a long text of a large vocabulary",
            (
                tensor_of(rng.integers(2050, 2100, between(rng, 1025, 1100))),
                *tables(2100, 1100, 1),
            ),
        ),
        edge(
            "a batch of one text",
            (tensor_of(rng.integers(0, 6, (1, 3))), *tables(6, 4, 4)),
        ),
        edge(
            "as many texts as tokens",
            (tensor_of(rng.permutation(9).reshape(3, 3)), *tables(9, 3, 3)),
        ),
        edge(
            "a batch, and an id below zero in it, which PyTorch would take",
            (_with(rng, -between(rng, 2, 6)), *tables(6, 5, 2)),
        ),
        edge(
            "a batch, and an id far beyond the table in it",
            (_with(rng, between(rng, 20, 99)), *tables(6, 5, 2)),
        ),
        edge(
            "the first id just beyond the table",
            (tensor_of([n, *middle[1:]]), *tables(n, 5, 2)),
        ),
        edge(
            "the last id below zero", (tensor_of([*middle[1:], -1]), *tables(n, 5, 2))
        ),
        edge("a single token", (tensor_of([between(rng, 1, 3)]), *tables(4, 5, 2))),
        edge("a vocabulary of one token", (tensor_of([0, 0]), *tables(1, 4, 3))),
        edge(
            "a batch and tables that lie across in memory",
            (
                across(tensor_of(rng.integers(0, 4, (2, 3)))),
                *map(across, tables(4, 5, 132)),
            ),
        ),
        edge(
            "a batch of many texts",
            (
                tensor_of(rng.integers(0, 6, (between(rng, 129, 140), 2))),
                *tables(6, 4, 2),
            ),
        ),
        edge(
            "a single place, and vectors of a single number",
            (tensor_of([between(rng, 1, 3)]), *tables(4, 1, 1)),
        ),
        edge(
            "very large numbers",
            (tensor_of([2, 0, 1]), large(rng, 3, 2) * signs, large(rng, 4, 2) * signs),
        ),
        edge("a batch of empty texts", (tensor_of([[], []]), *tables(4, 4, 2))),
        *singles(lambda *one: (torch.zeros(one, dtype=int), *tables(1, 1, 1)), 1, 2),
        *twins(
            oracle,
            lambda: (tensor_of(rng.permutation(6)), *tables(6, 6, 2)),
            "the ids",
            "the rows of the tokens",
            "the rows of the places",
        ),
    ]


def _plain(
    ids: Tensor,
    wte: Tensor,
    wpe: Tensor,
    refuse: str = "long empty large negative",
    kind: type[Exception] = ValueError,
    count: Callable[[Tensor], int] = lambda ids: ids.shape[-1],
    place: Callable[[Tensor, Tensor, int], Tensor] = lambda ids, wpe, T: wpe[:T],
    join: Callable[[Tensor, Tensor], Tensor] = torch.add,
    token: Callable[[Tensor, Tensor], Tensor] = lambda ids, wte: wte[ids],
    tightest: int = 0,
) -> Tensor:
    """The sum with loose screws, which refuses only what `refuse` names."""
    T = count(ids)
    if "long" in refuse and T > len(wpe) - tightest:
        raise kind("too long")
    if "empty" in refuse and T == 0:
        raise kind("empty")
    if ids.numel():
        if "large" in refuse and int(ids.max()) >= len(wte):
            raise kind("no such row")
        if "negative" in refuse and int(ids.min()) < 0:
            raise kind("no such row")
    return join(token(ids, wte), place(ids, wpe, T))


def _into_places(ids: Tensor, wte: Tensor, wpe: Tensor) -> Tensor:
    _plain(ids, wte, wpe)
    x = wpe[: ids.shape[-1]]
    x += wte[ids]
    return x


def _into_tokens(ids: Tensor, wte: Tensor, wpe: Tensor) -> Tensor:
    _plain(ids, wte, wpe)
    rows = []
    for t in range(ids.shape[-1]):
        row = wte.select(0, int(ids[t])) if ids.ndim == 1 else wte[ids[:, t]]
        row += wpe[t]
        rows.append(row)
    return torch.stack(rows, -2)


def _token_by_token(ids: Tensor, wte: Tensor, wpe: Tensor) -> Tensor:
    """Token by token, so that of a batch each text is taken for a token."""
    _plain(ids, wte, wpe, count=len, place=lambda ids, wpe, T: wpe[0])
    return torch.stack([wte[i] + wpe[t] for t, i in enumerate(ids)])


def _by_ifs(
    ids: Tensor,
    wte: Tensor,
    wpe: Tensor,
    count: Callable[[Tensor], int] = lambda ids: ids.shape[-1],
) -> Tensor:
    if not 0 < count(ids) <= len(wpe):
        raise ValueError("the length")
    for i in ids:
        if i < 0 or i >= len(wte):
            raise ValueError("no such row")
    return _plain(ids, wte, wpe, refuse="", count=count)


def _look_first(ids: Tensor, wte: Tensor, wpe: Tensor) -> Tensor:
    if not ids.numel():
        raise RuntimeError("min() of nothing")
    return _plain(ids, wte, wpe)


def worked(ids: Tensor, wte: Tensor, wpe: Tensor) -> dict[str, Tensor]:
    T = ids.shape[-1]
    return {
        "the tokens' rows": wte[ids],
        "the places' rows": wpe[:T],
        "their sum": wte[ids] + wpe[:T],
    }


def _looked_at(which: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    """The sum, where only some of the ids are compared with the table."""

    def embed(ids: Tensor, wte: Tensor, wpe: Tensor) -> Tensor:
        some = which(ids)
        _plain(some, wte, wpe.new_zeros(len(some), wpe.shape[1]))
        return _plain(ids, wte, wpe, refuse="long empty")

    return embed


def _side_by_side(x: Tensor, p: Tensor) -> Tensor:
    return torch.cat([x, p.expand(x.shape)], -1)


MISTAKES = (
    Mistake(
        "no positions",
        "These are the rows of the tokens alone. Nothing tells where a token stands, "
        "and “fox sees owl” would be “owl sees fox”: add the places' rows.",
        partial(_plain, join=lambda x, p: x),
    ),
    Mistake(
        "places only",
        "These are the rows of the places alone. The token's own row belongs to the "
        "sum.",
        partial(_plain, join=lambda x, p: p.expand(x.shape)),
    ),
    Mistake(
        "the place looked up by the id",
        "You look up the place by the id. Which row of `wpe` is taken depends only on "
        "where the token stands: 0, 1, 2 and so on.",
        partial(_plain, place=lambda ids, wpe, T: wpe[ids]),
    ),
    Mistake(
        "places counted from one",
        "Your first token stands at place 1. Places count from 0, so the first token "
        "gets row 0 of `wpe`.",
        partial(_plain, place=lambda ids, wpe, T: wpe[1 : T + 1]),
    ),
    Mistake(
        "the last places",
        "You take the last T rows of `wpe`. The text begins at the first place, "
        "whatever the length of the context.",
        partial(_plain, place=lambda ids, wpe, T: wpe[-T:]),
    ),
    Mistake(
        "every token at the first place",
        "Every token gets the first place's row. The token at place t gets row t.",
        partial(_plain, place=lambda ids, wpe, T: wpe[0]),
    ),
    Mistake(
        "every token at the last place",
        "Every token gets one and the same row of `wpe`, that of the last place in the "
        "text. The token at place t gets row t.",
        partial(_plain, place=lambda ids, wpe, T: wpe[T - 1]),
    ),
    Mistake(
        "the whole table of places",
        "You add all rows of `wpe`, which fits only a text that fills the context. A "
        "text of T tokens needs the first T rows.",
        partial(_plain, place=lambda ids, wpe, T: wpe),
    ),
    ids_used_twice(
        partial(_plain, token=lambda ids, wte: wte[ids, ids]), ", as in `look_up`"
    ),
    ids_indexed(partial(_plain, token=lambda ids, wte: ids[wte]), ", as in `look_up`"),
    Mistake(
        "sinusoids instead of the table",
        "You add sinusoids. They were a table made by hand; here the places' table is "
        "given, learned by the model: `wpe`.",
        partial(_plain, place=lambda ids, wpe, T: sinusoids(T, wpe.shape[1])),
    ),
    Mistake(
        "a product instead of a sum",
        "You multiply the two rows. What the token is and where it stands are **added**.",
        partial(_plain, join=torch.mul),
    ),
    Mistake(
        "the mean instead of the sum",
        "You take the mean of the two rows: everything is half as long as it should be.",
        partial(_plain, join=lambda x, p: (x + p) / 2),
    ),
    Mistake(
        "side by side instead of a sum",
        "You put the two rows side by side, which makes the vectors twice as wide. They "
        "are added, so the width stays C.",
        partial(_plain, join=_side_by_side),
    ),
    Mistake(
        "token vectors made larger first",
        "You multiply the tokens' rows by √C before you add. The first transformers did "
        "so; GPT-2 adds them as they are.",
        partial(_plain, join=lambda x, p: x * x.shape[-1] ** 0.5 + p),
    ),
    Mistake(
        "no batches: texts taken for tokens",
        "A single text is right. In a batch, your loop takes whole texts for tokens. "
        "The places run along the **last** axis of the ids; a table that is given all "
        "ids at once needs no loop.",
        _token_by_token,
    ),
    Mistake(
        "no batches: the number of texts for that of tokens",
        "A single text is right. In a batch, `len` counts the texts, and a loop meets "
        "whole texts, for which an `if` has no single answer. T is the size of the "
        "**last** axis; `min`, `max` or `any` ask all ids at once.",
        partial(_plain, count=len),
    ),
    Mistake(
        "no batches: a `len`, or an `if` about a whole text",
        "A single text is right, a batch is not. Is there a `len`, or an `if` in a loop "
        "over `ids`? Both take a whole text for a token. T is the size of the **last** "
        "axis; `min`, `max` or `any` ask all ids at once.",
        _by_ifs,
    ),
    Mistake(
        "no batches: a `len`, and an `if` about a whole text",
        "A single text is right. Of a batch, `len` counts the texts, and a loop over `ids` "
        "meets whole texts, for which an `if` has no single answer. T is the size of the "
        "**last** axis; `min`, `max` or `any` ask all ids at once.",
        partial(_by_ifs, count=len),
    ),
    Mistake(
        "adding into the table of places",
        "Your sum is written into `wpe` itself, since a slice of a tensor is a view "
        "of it and not a copy. Make a new tensor: x + y rather than +=.",
        _into_places,
    ),
    Mistake(
        "adding into the table of tokens",
        "Your sum is written into `wte` itself: a row of a tensor is a view of it and "
        "not a copy, and += writes through. Make a new tensor: x + y.",
        _into_tokens,
    ),
    Mistake(
        "nothing is refused",
        "The sums are right. What cannot be read is not refused yet: too many tokens, "
        "none at all, an id without a row. Each deserves a ValueError.",
        partial(_plain, refuse=""),
    ),
    Mistake(
        "a text too long ends in another error",
        "Everything is right except for a text with more tokens than places. PyTorch "
        "then complains of shapes: compare the two numbers first and raise a "
        "ValueError.",
        partial(_plain, refuse="empty large negative"),
    ),
    Mistake(
        "a text too long is cut",
        "A text with more tokens than places is cut short and its end is silently "
        "lost. Raise a ValueError.",
        lambda ids, wte, wpe: _plain(ids[..., : len(wpe)], wte, wpe),
    ),
    Mistake(
        "an empty text is accepted",
        "Everything is right except for a text without a token. Nothing can follow "
        "from nothing: raise a ValueError.",
        partial(_plain, refuse="long large negative"),
    ),
    Mistake(
        "an empty text ends in another error",
        "Everything is right except for a text without a token: it has no smallest or "
        "largest id to look at. Ask first whether there is any.",
        _look_first,
    ),
    Mistake(
        "ids below zero are accepted",
        "Everything is right except for ids below zero. In PyTorch, row −1 is the "
        "last one, so nothing stops: look for the smallest id too.",
        partial(_plain, refuse="long empty large"),
    ),
    Mistake(
        "ids beyond the table end in another error",
        "Everything is right except for an id beyond the table. PyTorch raises an "
        "IndexError there; compare with the number of rows and raise a ValueError. "
        "The last row has the number n_vocab − 1.",
        partial(_plain, refuse="long empty negative"),
    ),
    Mistake(
        "no id is compared with the table",
        "The length of the text is looked at, the ids are not. Each must be at least 0 "
        "and less than the number of rows of `wte`; otherwise raise a ValueError.",
        partial(_plain, refuse="long empty"),
    ),
    Mistake(
        "only a text too long is refused",
        "A text with too many tokens is refused. Two more things cannot be read: a text "
        "without a token, and an id that has no row, too large or below zero.",
        partial(_plain, refuse="long"),
    ),
    Mistake(
        "empty texts and ids below zero are accepted",
        "What is too large is refused, what is too small is not: a text without a "
        "token, and an id below zero, which PyTorch counts from the end.",
        partial(_plain, refuse="long large"),
    ),
    Mistake(
        "an id as large as the table is accepted",
        "An id of exactly n_vocab is not refused, or is taken for the last row. Rows count "
        "from 0, so the last one is n_vocab − 1: refuse from n_vocab on.",
        lambda ids, wte, wpe: _plain(
            torch.where(ids == len(wte), len(wte) - 1, ids), wte, wpe
        ),
    ),
    Mistake(
        "only the first id is looked at",
        "Only the first id is compared with the table. Look at all of them, in a batch "
        "too: their smallest and their largest.",
        _looked_at(lambda ids: ids[..., :1].flatten()[:1]),
    ),
    Mistake(
        "only the last id is looked at",
        "Only the last id is compared with the table. Look at all of them: does each round "
        "of a loop overwrite the answer of the one before?",
        _looked_at(lambda ids: ids.flatten()[-1:]),
    ),
    Mistake(
        "only the ids of a single text are looked at",
        "Ids that no row has are refused in a single text, and not in a batch. `min` and "
        "`max` take all ids at once, whatever the shape.",
        lambda ids, wte, wpe: _plain(
            ids,
            wte,
            wpe,
            refuse="long empty large negative" if ids.ndim == 1 else "long",
        ),
    ),
    Mistake(
        "ids beyond the table begin again",
        "Ids that no row has are taken for others: `%` and `clamp` bring them into the "
        "table without a word. Raise a ValueError.",
        lambda ids, wte, wpe: _plain(ids % len(wte), wte, wpe),
    ),
    Mistake(
        "places begin again",
        "In a text with more tokens than places, the places begin again from 0. Raise a "
        "ValueError: it cannot be read.",
        partial(
            _plain,
            refuse="empty large negative",
            place=lambda ids, wpe, T: wpe[torch.arange(T) % len(wpe)],
        ),
    ),
    Mistake(
        "all further tokens at the last place",
        "In a text with more tokens than places, all further tokens stand at the last "
        "one. Raise a ValueError: it cannot be read.",
        partial(
            _plain,
            refuse="empty large negative",
            place=lambda ids, wpe, T: wpe[torch.arange(T).clamp(max=len(wpe) - 1)],
        ),
    ),
    Mistake(
        "places from the end",
        "The first token gets the last place, and so on backwards. The token at place t "
        "gets row t.",
        partial(_plain, place=lambda ids, wpe, T: wpe[:T].flip(0)),
    ),
    Mistake(
        "places subtracted",
        "You subtract the places' rows. What the token is and where it stands are "
        "**added**.",
        partial(_plain, join=torch.sub),
    ),
    Mistake(
        "places added twice",
        "You add the places' rows twice. Once is enough.",
        partial(_plain, join=lambda x, p: x + 2 * p),
    ),
    Mistake(
        "tokens counted from one",
        "Each token gets the row above its own. Ids count from 0, and so do the rows.",
        partial(_plain, token=lambda ids, wte: wte[ids - 1]),
    ),
    Mistake(
        "the sum at length 1",
        "You bring the vectors to one length. The sum of the two rows stays as it is.",
        partial(_plain, join=lambda x, p: (x + p) / (x + p).norm(dim=-1, keepdim=True)),
    ),
    double_precision(oracle),
    Mistake(
        "a full context is refused",
        "A text with exactly as many tokens as there are places is fine: n_ctx tokens "
        "need n_ctx rows. Only more are refused.",
        partial(_plain, tightest=1),
    ),
    an_assert(partial(_plain, kind=AssertionError), "What cannot be read"),
    Mistake(
        "an IndexError instead of a ValueError",
        "What cannot be read is found, but told by an IndexError. The step promises a "
        "ValueError for all of it.",
        partial(_plain, kind=IndexError),
    ),
)

CHECK = Check(
    "embed",
    3,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES + TABLES,
    after=("look_up",),
    worked=worked,
    rtol=1e-6,
    atol=1e-6,
)
