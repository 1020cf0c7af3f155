"""keep_top_k(p, k): the k likeliest tokens, of equals the smaller ids; the rest gets 0.

The oracle is NumPy's stable argsort. Equally likely tokens at the line tell places from
a threshold. A k that makes no sense is a ValueError.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between, drawn_until, stop
from autograder.checks._slips import Answer, an_assert, two_at_once
from autograder.checks._twins import twins
from autograder.checks.sample._material import (
    COURSE,
    all_as_likely,
    fractions,
    ids_of_the_kept,
    keep,
    larger_ids_of_equals,
    later_first,
    likeliest,
    neighbours,
    not_divided,
    only,
    only_kept_numbers,
    ranked,
    shares,
    softmax,
    softmax_of_the_kept,
    sorting_not_undone,
    tied,
    with_zeros,
    zeros_in_p,
)
from autograder.checks.sample.probabilities import model_probabilities


def oracle(p: Tensor, k: int) -> Tensor:
    if not 1 <= k <= len(p):
        raise ValueError(f"k is {k}, and must be from 1 to {len(p)}")
    return only(p, likeliest(p)[:k])


def worked(p: Tensor, k: int) -> dict[str, Any]:
    best = likeliest(p)[:k]
    kept = p.double().numpy()[best]
    return {
        "the ids to keep": best.tolist(),
        "their shares": torch.from_numpy(kept),
        "together": float(kept.sum()),
    }


def draw(rng: np.random.Generator) -> list[Case]:
    def model(cold: float, hot: float, *ks: int) -> tuple[Tensor, int]:
        return drawn_until(
            lambda p, k: p.sort().values[-k - 1] < p.sort().values[-k],
            lambda: (model_probabilities(rng, cold, hot), between(rng, *ks)),
        )

    equals = tied(rng)
    tiny = torch.cat([shares(rng, 4), torch.tensor([2.0**-30])])
    zeros = with_zeros(shares(rng, 4), 1, 3)
    alike = fractions(rng.permutation([32] * 8 + [0] * 6).tolist())
    one, other = neighbours(rng, 0.5).tolist()
    rest = 1 - one - other
    many = between(rng, 560, 640)
    return [
        Case("the two likeliest of five", (shares(rng, 5, 32, 2), 2)),
        Case("the likeliest alone", (shares(rng, 5, 32, 2), 1)),
        Case("all but one", (shares(rng, 6), 5)),
        edge("as many as there are tokens, one of them tiny", (tiny, 5)),
        edge("equally likely tokens at the line", (equals, 4)),
        edge("all that have a share equally likely", (alike, between(rng, 2, 4))),
        edge("tokens of probability 0", (zeros, 5)),
        Case(
            "the shipped model's probabilities",
            model(2.5, 4, 5, 20),
        ),
        edge("k = 0", (shares(rng, 5), 0)),
        edge("k below 0", (shares(rng, 5), -between(rng, 1, 3))),
        edge("k above the number of tokens", (shares(rng, 4), between(rng, 6, 9))),
        edge(
            "forty tokens equally likely",
            (torch.full((40,), 1 / 40), between(rng, 3, 30)),
        ),
        edge("one of many tokens equally likely", (torch.full((many,), 1 / many), 1)),
        edge(
            "half of many tokens equally likely",
            (torch.full((many,), 1 / many), many // 2 + between(rng, -40, 40)),
        ),
        edge("a vocabulary of one token", (torch.ones(1), 1)),
        Case(
            "many of many tokens",
            model(4, 6, 515, 560),
        ),
        edge("k one above the number of tokens", (shares(rng, 5), 6)),
        edge(
            "the likeliest hardly likelier than the next",
            (torch.tensor([0.25 * rest, one, other, 0.75 * rest]), 1),
        ),
        *twins(
            oracle,
            lambda: (shares(rng, 8), 3),
            "the probabilities",
            "k",
            others={1: 2},
            good=lambda p, k: int(p.argmax()) in (3, 5),
        ),
    ]


def _best(p: Tensor, k: int) -> Tensor:
    return ranked(p)[:k]


def filtered(
    p: Tensor,
    k: int,
    fine: Callable[[int, int], bool] = lambda k, n: 1 <= k <= n,
    choose: Callable[[Tensor, int], Tensor] = _best,
    then: Callable[[Tensor, Tensor], Any] = keep,
) -> Any:
    """The filter with screws: which k is `fine` for n tokens, what to `choose`, and what
    `then` becomes of p and the ids that are kept."""
    return then(p, choose(p, k)) if fine(k, len(p)) else stop(ValueError)


def _kept(then: Callable[[Tensor, Tensor], Any]) -> Answer:
    return partial(filtered, then=then)


def _unsorted(name: str, choose: Callable[[Tensor, int], Tensor]) -> Mistake:
    return Mistake(
        f"sorted by {name}",
        f"Where several tokens are equally likely, `{name}` promises no order among "
        "them, so others than those with the smaller ids may be kept. A sort keeps them "
        "in order with `stable=True`.",
        partial(filtered, choose=choose),
    )


def _in_place_if_fine(p, k):
    if not 1 <= k <= len(p):
        raise ValueError("no")
    p[p < p.sort(descending=True).values[k - 1]] = 0.0
    return p / p.sum()


def _above(place: int) -> Callable[[Tensor, int], Tensor]:
    """All that are likelier than the k-th, or, with 0, than the one after it."""

    def choose(p, k):
        falling = p.sort(descending=True).values
        return (
            (p > falling[k + place]).nonzero()[:, 0]
            if k + place < len(p)
            else _best(p, k)
        )

    return choose


def _spread(p, ids):
    kept = keep(p, ids, 1.0)
    kept[ids] += (1 - kept.sum()) / len(ids)
    return kept


def _to_the_first(p, ids):
    kept = keep(p, ids, 1.0)
    kept[ids[0]] += 1 - kept.sum()
    return kept


def _round_by_round(p, ids):
    kept = torch.zeros_like(p)
    for i in ids:
        kept[i] = p[i]
        kept = kept / kept.sum()
    return kept


def _in_their_place(number: float) -> Callable[[Tensor, Tensor], Tensor]:
    def then(p, ids):
        kept = torch.full_like(p, number)
        kept[ids] = p[ids]
        return kept / kept.sum()

    return then


MISTAKES = (
    Mistake(
        "one too many",
        "You keep one token too many: k + 1. A slice that ends at k leaves k itself out "
        "already.",
        partial(filtered, choose=lambda p, k: _best(p, k + 1)),
    ),
    Mistake(
        "one too few",
        "You keep one token too few, and for k = 1 none. Count them: k are to be kept.",
        partial(filtered, choose=lambda p, k: _best(p, k - 1)),
    ),
    not_divided(_kept),
    all_as_likely(_kept, "k ids and no more, of equals the smaller ones"),
    Mistake(
        "only what is above the last kept",
        "You drop the k-th token itself, and with it all that are as likely. And where "
        "nothing is left, 0 is divided by 0.",
        partial(filtered, choose=_above(-1)),
    ),
    Mistake(
        "only what is above the first dropped",
        "You keep what is likelier than the first token that is dropped. Where others "
        "are as likely as that one, they go as well: choose k ids, not a threshold.",
        partial(filtered, choose=_above(0)),
    ),
    _unsorted("topk", lambda p, k: p.topk(k).indices),
    _unsorted("argsort", lambda p, k: p.argsort(descending=True)[:k]),
    larger_ids_of_equals(partial(filtered, choose=lambda p, k: later_first(p)[:k])),
    Mistake(
        "the first k ids",
        "You keep the tokens with the ids 0 to k - 1, whatever their probability. Sort "
        "by probability, the largest first, and keep the ids that come first then.",
        partial(filtered, choose=lambda p, k: torch.arange(k)),
    ),
    Mistake(
        "the k least likely",
        "You keep the least likely tokens: your sorting goes upwards.",
        partial(filtered, choose=lambda p, k: p.argsort(stable=True)[:k]),
    ),
    sorting_not_undone(_kept),
    only_kept_numbers(_kept, "k"),
    ids_of_the_kept(_kept),
    softmax_of_the_kept(_kept),
    Mistake(
        "a softmax of everything",
        "The dropped tokens are back, since the exponential of 0 is 1. What is left "
        "are probabilities and not logits: divide by their sum.",
        _kept(lambda p, ids: softmax(keep(p, ids))),
    ),
    Mistake(
        "a softmax of what was kept",
        "The zeros of the dropped tokens go through an exponential, and that of 0 is "
        "1: they are back. What you kept are shares and not logits: divide them by "
        "their sum.",
        _kept(lambda p, ids: softmax(keep(p, ids, 1.0))),
    ),
    Mistake(
        "the sorting is taken for ranks",
        "You compare the sorted ids with k, as if they were ranks. At place 0 of that "
        "list stands the id of the likeliest token, not the rank of token 0. The first k "
        "entries are the ids to keep.",
        partial(filtered, choose=lambda p, k: (ranked(p) < k).nonzero()[:, 0]),
    ),
    Mistake(
        "divided in every round",
        "You divide by the sum in every round of the loop, so the early ones grow again "
        "and again. First keep all k, then divide once, after the loop.",
        _kept(_round_by_round),
    ),
    Mistake(
        "the kept are dropped",
        "You set the likeliest k to 0 and keep the others. It is the rest of the sorted "
        "ids that has to go.",
        partial(filtered, choose=lambda p, k: ranked(p)[k:]),
    ),
    Mistake(
        "whole numbers",
        "Your new tensor holds whole numbers, and a share becomes 0 in it; then 0 is "
        "divided by 0. Make one of the same kind as `p`: `zeros_like` does.",
        _kept(lambda p, ids: keep(torch.zeros_like(p), ids)),
    ),
    Mistake(
        "all kept alike",
        "All kept tokens have the same probability now. Among them, the likelier stays "
        "likelier: keep their shares and divide by the sum.",
        _kept(lambda p, ids: keep(torch.ones_like(p), ids)),
    ),
    Mistake(
        "the rest spread evenly",
        "You share out evenly what the dropped ones had, so the kept come closer "
        "together. Divide by the sum: then each grows by the same factor.",
        _kept(_spread),
    ),
    Mistake(
        "the rest for the first",
        "The likeliest token gets all that the dropped ones had. Divide by the sum: then "
        "all of the kept grow by the same factor.",
        _kept(_to_the_first),
    ),
    Mistake(
        "nothing is dropped",
        "Nothing is dropped: you give back what you were given. Does your answer use "
        "the ids that you have found?",
        partial(filtered, choose=lambda p, k: ranked(p)),
    ),
    Mistake(
        "nothing is refused",
        "A k that makes no sense gets through: 0, a negative one, or more tokens than "
        "there are. A slice forgives all of them silently. Raise a ValueError first.",
        partial(filtered, fine=lambda k, n: True),
    ),
    Mistake(
        "0 is let through",
        "With k = 0 nothing is kept, and then 0 is divided by 0. Raise a ValueError for it.",
        partial(filtered, fine=lambda k, n: 0 <= k <= n),
    ),
    Mistake(
        "a negative k is let through",
        "A negative k gets through. A slice takes it to count from the end: raise a "
        "ValueError for everything below 1.",
        partial(filtered, fine=lambda k, n: k != 0 and k <= n),
    ),
    Mistake(
        "a large k is let through",
        "A k above the number of tokens gets through, since a slice forgives it. Who "
        "asks for more than there are has made an error: raise a ValueError.",
        partial(filtered, fine=lambda k, n: k >= 1),
    ),
    Mistake(
        "all of them are refused",
        "Keeping all tokens is allowed: k may be as large as their number. Only beyond "
        "that is it an error.",
        partial(filtered, fine=lambda k, n: 1 <= k < n),
    ),
    two_at_once(
        "all that are as likely as the last kept, in the caller's probabilities",
        _in_place_if_fine,
        "A threshold keeps all that are as likely as the k-th token, more than k: "
        "choose ids instead.",
        "your zeros stand in the caller's `p`: write into a new tensor.",
    ),
    Mistake(
        "k is moved into its range",
        "A k that makes no sense gets through: you take the nearest that does. Who asks "
        "for none, or for more than there are, has made an error: raise a ValueError.",
        partial(
            filtered,
            fine=lambda k, n: True,
            choose=lambda p, k: _best(p, min(max(1, k), len(p))),
        ),
    ),
    an_assert(
        lambda p, k: filtered(p, k) if 1 <= k <= len(p) else stop(AssertionError),
        "A wrong k",
    ),
    Mistake(
        "the dropped are −∞",
        "You put −∞ where a token is dropped, as with logits. These are probabilities: "
        "what is dropped gets 0, or nothing sums to one any more.",
        _kept(_in_their_place(-torch.inf)),
    ),
    *(
        Mistake(
            f"the dropped get {least}",
            "The dropped tokens still have a little. They are to have 0: none of them may "
            "ever be drawn.",
            _kept(_in_their_place(least)),
        )
        for least in (1e-3, 1e-4)
    ),
    zeros_in_p(_kept),
)

CHECK = Check(
    "keep_top_k", 3, draw, oracle, MISTAKES, forbidden=COURSE, worked=worked, atol=1e-30
)
