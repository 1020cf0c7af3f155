"""How much each token takes from each, and nothing of the future.

The oracle is PyTorch's own attention, which gives its weights away where the values are
one-hot. Each trap of masking has a case: scores of exactly 0, a future that scores far
higher than the past, and scores so low that no finite number masks the future.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import inf, sqrt

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between, singles, stop, tenths
from autograder.checks._twins import mirrored, twins
from autograder.checks.attend._material import (
    KERNELS,
    LIBRARIES,
    fused,
    lower,
    on_its_side,
    one_head_only,
    own,
    past,
    queries_and_keys,
    root_forgotten,
    rows_to_one,
    sunk,
    two_texts,
    unchanged,
    uneven,
    whole,
    wrong_kind,
)
from autograder.checks.attend.scores import oracle as scores
from autograder.checks.attend.scores import pairs
from autograder.checks.attend.softmax import oracle as softmax


def oracle(q: Tensor, k: Tensor) -> Tensor:
    one_hot = torch.eye(q.shape[-2]).expand(*q.shape[:-1], -1)  # (..., T, T)
    return fused(q, k, one_hot)


def telling(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Three tokens, of which no one has nearly all the shares or nearly none."""
    while True:
        q, k = whole(rng, -2, 2, 3, 4), whole(rng, -2, 2, 3, 4)
        shares = torch.softmax(scores(q, k), -1)
        if shares.min() > 0.08 and shares.max() < 0.75:
            return q, k


def alluring(rng: np.random.Generator, T: int) -> tuple[Tensor, Tensor]:
    """The last token scores more than float32 can tell from all others."""
    q, k = whole(rng, 5, 9, T, 4), whole(rng, -1, 1, T, 4) / 4
    k[-1] = whole(rng, 20, 30, 4)
    return q, k


def high(rng: np.random.Generator, T: int) -> tuple[Tensor, Tensor]:
    """Scores of 280 and more, much alike."""
    return whole(rng, 5, 9, T, 4), whole(rng, -1, 1, T, 4) / 4 + 28


def _low(rng: np.random.Generator, T: int) -> tuple[Tensor, Tensor]:
    """Scores below minus 300,000, much alike, and some below minus ten billion."""
    q, k = whole(rng, 5, 9, 2, T, 4), whole(rng, -1, 1, 2, T, 4) / 4 - 2**15 - 1
    q[1] *= 2**15
    return q, k


def _right_angles(rng: np.random.Generator, T: int) -> tuple[Tensor, Tensor]:
    """Some scores of the past are exactly 0, but none of a token with itself."""
    while True:
        q, k = whole(rng, -2, 2, T, 4), whole(rng, -2, 2, T, 4)
        zero = scores(q, k) == 0
        if zero.tril(-1).sum() >= 2 and not zero.diagonal().any():
            return q, k


def draw(rng: np.random.Generator) -> list[Case]:
    both = partial(queries_and_keys, rng)
    same = tenths(rng, 1, 3).repeat(4, 1)
    q, k = both(between(rng, 129, 132), 3)
    return [
        Case("three tokens", telling(rng)),
        edge("a single token", both(1, 3)),
        Case("keys that are all alike", (tenths(rng, 4, 3), same)),
        Case("some scores of exactly 0", _right_angles(rng, 4)),
        Case("a last token that scores highest everywhere", alluring(rng, 4)),
        edge("large scores", high(rng, 4)),
        edge("very negative scores", _low(rng, 4)),
        Case("two texts that differ in the last token", two_texts(rng, 2, 3, 3)),
        Case("the heads of a layer of the course's own model", own(rng, 6, "q", "k")),
        Case("a batch of texts, each with several heads", both(2, 3, 4, 5)),
        Case("a long text", (q / 3, k)),
        edge("as many texts as heads, tokens and numbers", both(3, 3, 3, 3)),
        edge("five axes", both(2, 1, 2, 3, 2)),
        edge("a batch of one text", both(1, 2, 3, 4)),
        edge(
            "queries and keys that lie across in memory",
            tuple(map(across, both(2, 5, 260))),
        ),
        edge("a batch of many texts", both(between(rng, 257, 270), 2, 3)),
        edge("large queries or large keys of a single number", uneven(rng, 4)),
        edge("very negative scores before one of 0", sunk(rng, 4)),
        *singles(lambda *one: both(*one), 2, 3, 4),
        *twins(
            oracle,
            lambda: tuple(mirrored(rng, x) for x in both(7, 2)),
            "the queries",
            "the keys",
        ),
    ]


def weights(
    q: Tensor,
    k: Tensor,
    by: Callable[[Tensor], float] = lambda q: sqrt(q.shape[-1]),
    allowed: Callable[[Tensor], Tensor] = torch.tril,
    fill: float = -inf,
    soft: Callable[[Tensor], Tensor] = softmax,
) -> Tensor:
    """Attention's shares, with screws.

    `allowed` of a matrix of ones says who may be looked at; `fill` is the score of all
    others.
    """
    s = q @ k.mT / by(q)
    mask = allowed(torch.ones(s.shape[-2:])).bool()
    return soft(s.masked_fill(~mask, fill))


def worked(q: Tensor, k: Tensor) -> dict[str, Tensor]:
    s = q @ k.mT / sqrt(q.shape[-1])
    masked = past(s)
    powers = torch.exp(masked - masked.amax(-1, keepdim=True))
    return {
        "the scores": s,
        "the future at −∞": masked,
        "e to their power, the largest subtracted": powers,
        "divided by each row's sum": powers / powers.sum(-1, keepdim=True),
    }


def _another_root(name: str, what: str, by: Callable[[Tensor], float]) -> Mistake:
    return Mistake(
        name,
        f"The scores are divided by {what}. What counts is how many numbers are added up "
        "in one dot product: use your `scores`, which divides by √d.",
        partial(weights, by=by),
    )


def masked_after(q: Tensor, k: Tensor) -> Tensor:
    return weights(q, k, allowed=unchanged).tril()


def _nothing_subtracted(s: Tensor) -> Tensor:
    powers = s.exp()
    return powers / powers.sum(-1, keepdim=True)


def _by_product(q: Tensor, k: Tensor) -> Tensor:
    s = pairs(q, k)
    return softmax(s * past(torch.ones_like(s)))


def _by_zero_times_infinity(q: Tensor, k: Tensor) -> Tensor:
    s = pairs(q, k)
    return softmax(s + (1 - lower(s.shape[-1])) * -inf)


def _by_difference(q: Tensor, k: Tensor) -> Tensor:
    s = pairs(q, k)
    return softmax(s - 100 * (1 - lower(s.shape[-1])))


def _by_index(q: Tensor, k: Tensor) -> Tensor:
    s = pairs(q, k)
    s[lower(s.shape[-1]) == 0] = -inf
    return softmax(s)


def _by_loop(q: Tensor, k: Tensor, axis: int = -2) -> Tensor:
    s, T = pairs(q, k), q.shape[axis]
    for i in range(T):
        for j in range(i + 1, T):
            s[i, j] = -inf
    return softmax(s)


def _where_zero(q: Tensor, k: Tensor) -> Tensor:
    s = pairs(q, k).tril()
    return softmax(s.masked_fill(s == 0, -inf))


MISTAKES = (
    Mistake(
        "not masked",
        "Every token takes from the future too. Above the diagonal the scores become −∞ "
        "before the softmax. If you have used `masked_fill`: it leaves its tensor as it "
        "is and returns a **new** one. Did you keep that?",
        partial(weights, allowed=unchanged),
    ),
    Mistake(
        "masked after the softmax",
        "The future is emptied after the softmax: it has had its part in the sums, and "
        "the rows no longer sum to one. Mask the **scores**.",
        masked_after,
    ),
    Mistake(
        "masked after the softmax, then divided again",
        "The future is emptied after the softmax and the rows are divided once more. "
        "That is right only while the future leaves something: where it scores far "
        "higher, the past has rounded to 0 by then. Mask the **scores**.",
        lambda q, k: rows_to_one(masked_after(q, k)),
    ),
    Mistake(
        "scores of the future set to 0",
        "The future's scores become 0. But 0 is a score like others: e to the power of "
        "0 is 1, a share. Which number gives a power of 0?",
        partial(weights, fill=0.0),
    ),
    Mistake(
        "scores of the future set to −1",
        "The future's scores become −1, which still gives a share: e to the power of −1 "
        "is 0.37. Only one number gives exactly 0.",
        partial(weights, fill=-1.0),
    ),
    Mistake(
        "scores of the future set to −100",
        "A negative score for the future gives next to nothing, unless the past scores "
        "even less: then the future takes all. Only −∞ is below every score.",
        partial(weights, fill=-100.0),
    ),
    Mistake(
        "scores of the future set to −20",
        "A score of −20 leaves the future a small share, and a large one where the past "
        "scores even less. Only −∞ is below every score.",
        partial(weights, fill=-20.0),
    ),
    Mistake(
        "scores of the future set to −1e9",
        "Minus a billion for the future gives no share, unless the past scores even less: "
        "then the future takes all. Only −∞ is below every score.",
        partial(weights, fill=-1e9),
    ),
    Mistake(
        "100 subtracted from the scores of the future",
        "You make the future's scores smaller by some number. Where the future scores "
        "higher than the past by more than that, it takes all the same. **Put** −∞ in "
        "their place.",
        _by_difference,
    ),
    Mistake(
        "every score of 0 masked",
        "You mask wherever a score **is** 0. But a query and a key at right angles score "
        "0 too, and that is a score like others. Make the mask from places, not from "
        "scores: who stands where.",
        _where_zero,
    ),
    Mistake(
        "+∞ for the future",
        "The future gets +∞, the highest score of all, and ∞ minus ∞ is not a number. "
        "Which sign would give it no share?",
        partial(weights, fill=inf),
    ),
    Mistake(
        "−∞ after the softmax",
        "Your −∞ comes after the softmax, where it is a share of −∞. It belongs among "
        "the **scores**: the softmax then makes 0 of it.",
        lambda q, k: past(weights(q, k, allowed=unchanged)),
    ),
    Mistake(
        "softmax twice",
        "These shares went through a softmax once more: it takes a share of 0 for a "
        "score of 0, so the future is heard again. Once is enough.",
        partial(weights, soft=lambda s: softmax(softmax(s))),
    ),
    Mistake(
        "scores multiplied by −∞",
        "You multiply the future's scores by −∞. A negative score then becomes +∞, "
        "and the result is not a number. **Put** −∞ in their place.",
        _by_product,
    ),
    Mistake(
        "zero times infinity",
        "Your mask multiplies 0 by −∞, and that is not a number: one such score spoils "
        "its whole row. Put −∞ only where the future is; `masked_fill` does so.",
        _by_zero_times_infinity,
    ),
    Mistake(
        "only the future seen",
        "The mask is transposed: each token sees itself and the **future**. Row t may "
        "look at columns 0 to t, so which triangle is kept?",
        partial(weights, allowed=torch.triu),
    ),
    Mistake(
        "the mask the wrong way round",
        "You put −∞ where a token **may** look, and leave the future. Then the last "
        "token has nothing to look at, and its row is not a number. Turn the mask "
        "around, with `~`.",
        partial(weights, allowed=lambda m: m.triu(1)),
    ),
    Mistake(
        "the diagonal masked too",
        "No token sees itself, and the first sees nothing at all: a row of −∞ has no "
        "softmax. The diagonal belongs to what a token may look at.",
        partial(weights, allowed=lambda m: m.tril(-1)),
    ),
    Mistake(
        "one token of the future",
        "Each token sees one too many, the next one. It is the very word that the model "
        "is to guess. The triangle ends **on** the diagonal.",
        partial(weights, allowed=lambda m: m.tril(1)),
    ),
    Mistake(
        "columns that sum to one",
        "Your columns sum to one. Each **query** has one share to give away, and "
        "queries are the rows: the softmax goes along the last axis.",
        partial(weights, soft=lambda s: torch.softmax(s, -2)),
    ),
    Mistake(
        "always along axis 1",
        "Right for one head. With more axes in front, axis 1 is no longer that of the "
        "keys: the softmax goes along the **last**.",
        partial(weights, soft=lambda s: torch.softmax(s, 1)),
    ),
    Mistake(
        "no softmax",
        "These are the masked scores. They become shares by your `softmax`.",
        partial(weights, soft=unchanged),
    ),
    root_forgotten(partial(weights, by=lambda q: 1.0), "scores"),
    Mistake(
        "divided by √d twice",
        "The shares are too even: the dot products are divided by √d twice, which is d. "
        "Your `scores` has done it already.",
        partial(weights, by=lambda q: q.shape[-1]),
    ),
    _another_root(
        "√ of the number of tokens", "the root of T", lambda q: sqrt(q.shape[-2])
    ),
    _another_root(
        "√ of len(q)",
        "the root of the size of the **first** axis",
        lambda q: sqrt(len(q)),
    ),
    _another_root(
        "√ of axis 1", "the root of the size of axis 1", lambda q: sqrt(q.shape[1])
    ),
    _another_root(
        "the fourth root of d",
        "the root of the root of d",
        lambda q: q.shape[-1] ** 0.25,
    ),
    _another_root("divided by 2", "2, whatever `d_head` is", lambda q: 2.0),
    _another_root("divided by 8", "8, whatever `d_head` is", lambda q: 8.0),
    _another_root("√ of 24", "√24, whatever `d_head` is", lambda q: sqrt(24)),
    Mistake(
        "multiplied by √d",
        "The shares are too sharp: the scores are multiplied by √d, or not divided and "
        "multiplied. Use your `scores`, which divides.",
        partial(weights, by=lambda q: q.shape[-1] ** -0.5),
    ),
    Mistake(
        "powers without a sum",
        "These are powers of e, not yet divided by their sum. Your `softmax` does both.",
        partial(weights, soft=lambda s: (s - s.amax(-1, keepdim=True)).exp()),
    ),
    Mistake(
        "scores divided by their sum",
        "The masked scores are divided by their sum, with no power of e. Your `softmax` "
        "makes shares of them.",
        partial(weights, fill=0.0, soft=lambda s: s / s.sum(-1, keepdim=True)),
    ),
    Mistake(
        "everything together sums to one",
        "All shares of a matrix together sum to one. Each **row** should: the softmax goes "
        "along the last axis alone.",
        partial(weights, soft=lambda s: softmax(s.flatten(-2)).view(s.shape)),
    ),
    Mistake(
        "the largest of all scores subtracted",
        "Your softmax subtracts the largest score of the whole tensor, so far below it "
        "everything is 0. Each row has its own largest: use your `softmax`.",
        partial(
            weights, soft=lambda s: (e := (s - s.max()).exp()) / e.sum(-1, keepdim=True)
        ),
    ),
    Mistake(
        "a window of the last two",
        "Each token sees only itself and the one before. It may look at all of the past.",
        partial(weights, allowed=lambda m: m.tril() - m.tril(-2)),
    ),
    Mistake(
        "each token sees itself alone",
        "Each token sees itself alone. It may look at all of the past too: a triangle, not "
        "a diagonal.",
        partial(weights, allowed=lambda m: m.tril() - m.tril(-1)),
    ),
    Mistake(
        "queries and keys exchanged",
        "You compare the keys with the queries. A row belongs to the token that "
        "**asks**: first q, then k.",
        lambda q, k: weights(k, q),
    ),
    on_its_side(
        oracle,
        "shares",
        "A **row** belongs to the token that asks, a column to the one that is asked.",
    ),
    Mistake(
        "nothing subtracted in the softmax",
        "Right, until scores are large: e to the power of them is too much for "
        "float32. Your `softmax` of step 3 takes care of that, so call it.",
        partial(weights, soft=_nothing_subtracted),
    ),
    Mistake(
        "T read from the first axis",
        "Right for one head. With more axes in front, `len` counts heads or texts, not "
        "tokens: T is the second axis from the **end**.",
        lambda q, k: softmax(past(pairs(q, k), len(q))),
    ),
    Mistake(
        "T read from the last axis",
        "The mask is as large as a query is long, and fits only where that is T. The "
        "last axis is `d_head`; T is the second from the **end**.",
        lambda q, k: softmax(past(pairs(q, k), q.shape[-1])),
    ),
    Mistake(
        "number by number, for one head",
        "Right for one head. With more axes in front, two indices in square brackets are "
        "a text and a head, not a query and a key. A mask with `masked_fill` needs no "
        "loop, and fits any shape.",
        _by_loop,
    ),
    Mistake(
        "number by number, along the first axis",
        "Right for one head. With more axes in front, the first axis and two indices in "
        "square brackets are texts and heads, not queries and keys. A mask with "
        "`masked_fill` needs no loop, and fits any shape.",
        partial(_by_loop, axis=0),
    ),
    one_head_only(weights, "T is the second axis from the **end**."),
    Mistake(
        "the mask used as an index",
        "Right for one head. With more axes in front, a mask of shape (T, T) cannot "
        "stand in square brackets, which count axes from the first. `masked_fill` lays "
        "it over the last two.",
        _by_index,
    ),
    wrong_kind(
        "Is it `~`? That turns True and False around, not numbers: make the mask of "
        "`torch.bool`. Is it your own function? Look at what goes in: `scores` takes "
        "queries and keys, `softmax` only scores."
    ),
    Mistake(
        "a name that is used twice",
        "Inside a function, a name that is assigned anywhere is the function's own, from "
        "its first line on. So `scores` cannot be called and assigned in one function: "
        "give the result another name.",
        lambda q, k: stop(UnboundLocalError),
    ),
)

CHECK = Check(
    "attention_weights",
    3,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES + KERNELS,
    after=("softmax", "scores"),
    worked=worked,
    atol=1e-7,
)
