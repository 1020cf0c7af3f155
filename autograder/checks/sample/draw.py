"""draw(p, u): the id in whose share the point u lies, the shares laid in a line.

The oracle is NumPy's cumsum and searchsorted. A share begins at its left border, so a
point may lie on one, and a token of probability 0 is never drawn. Shares are rounded:
where u lies beyond their sum, the last token that has a share is right.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between, stop
from autograder.checks._slips import Answer, tensor_for_integer, two_at_once
from autograder.checks.sample._material import (
    COURSE,
    DICE,
    point_in,
    ranked,
    shares,
    short,
    with_zeros,
)
from autograder.checks.sample.probabilities import model_probabilities


def oracle(p: Tensor, u: float) -> int:
    ends = np.cumsum(p.double().numpy())
    return int(np.searchsorted(ends, u * ends[-1], side="right"))


def _still_short(rng: np.random.Generator, n: int) -> Tensor:
    """Shares with a sum below 1, and also after a division by it in float32."""
    while True:
        p = short(shares(rng, n))
        again = (p / p.sum()).numpy()
        if again.astype(float).sum() < 1 - 2.0**-25 and again.cumsum()[-1] <= 1:
            return p


def _tiny_last(rng: np.random.Generator) -> Tensor:
    p = shares(rng, 5)
    p[int(p.argmax())] -= 2.0**-22
    return torch.cat([p, torch.tensor([2.0**-22])])


def _beside(rng: np.random.Generator, low: float, high: float) -> tuple[Tensor, float]:
    p = shares(rng, 5, 32, 2)
    return p, point_in(rng, p, between(rng, 1, 3), low, high)


def draw(rng: np.random.Generator) -> list[Case]:
    def inside(p: Tensor, i: int, *way: float) -> tuple[Tensor, float]:
        return p, point_in(rng, p, i, *way)

    def border(p: Tensor, i: int) -> tuple[Tensor, float]:
        return p, float(p.double().cumsum(0)[i])

    near_one = [1 - between(rng, 1, 7) * 2.0**-24 for _ in range(2)]
    nearer = 1 - between(rng, 1, 7) * 2.0**-28  # 1 in float32
    nearest = 1 - between(rng, 1, 1 << 20) * 2.0**-44
    only = torch.zeros(between(rng, 3, 5))
    only[0] = 1 - between(rng, 1, 7) * 2.0**-22
    zeros = with_zeros(shares(rng, 5), 2, 3)
    begin = with_zeros(shares(rng, 4), *[0] * between(rng, 1, 3))
    end = with_zeros(shares(rng, 4), *[4] * between(rng, 1, 3))
    over = with_zeros(_still_short(rng, 5), *[5] * between(rng, 1, 3))
    model = model_probabilities(rng, 0.8, 1.2)
    large = (model > 0.03).nonzero()[:, 0].tolist()
    return [
        Case(
            "a point in the middle", inside(shares(rng, 5, 32, 2), between(rng, 1, 3))
        ),
        Case(
            "a point at the beginning of a share",
            inside(shares(rng, 5, 32, 2), between(rng, 2, 3), 0.1, 0.2),
        ),
        Case("a point in the last share", inside(shares(rng, 6, 64, 3), 5)),
        edge(
            "a point exactly on a border",
            border(shares(rng, 6), between(rng, 1, 3)),
        ),
        edge("a border before tokens of probability 0", border(zeros, 1)),
        Case("tokens of probability 0 on the way", inside(zeros, between(rng, 4, 5))),
        edge("u = 0, and the first tokens have probability 0", (begin, 0.0)),
        edge("u near 1, and the last tokens have probability 0", (end, near_one[0])),
        edge(
            "u beyond a sum that rounding left below 1",
            (short(shares(rng, 6)), near_one[1]),
        ),
        edge(
            "u beyond the sum, and the last tokens have probability 0",
            (over, nearer),
        ),
        edge("u beyond the sum, and only token 0 has a share", (only, nearest)),
        Case(
            "the shipped model's probabilities",
            inside(model, int(rng.choice([i for i in large if i]))),
        ),
        edge("a last share of less than a millionth", (_tiny_last(rng), 1 - 2.0**-23)),
        edge("a point hardly beyond a border", _beside(rng, 0.001, 0.004)),
        edge("a point hardly before a border", _beside(rng, 0.996, 0.999)),
        Case("many tokens", inside(torch.full((64,), 1 / 64), between(rng, 40, 60))),
        edge(
            "a vocabulary of one token", (torch.ones(1), round(float(rng.random()), 4))
        ),
    ]


def _searched(p: Tensor, u: float, right: bool = True) -> int:
    """The share in which u lies; the number of shares where it is beyond them all."""
    ends = p.double().cumsum(0)
    return int(torch.searchsorted(ends, u, right=right))


def _last(p: Tensor) -> int:
    return int(p.nonzero().max())


def _last_id(p: Tensor) -> int:
    return len(p) - 1


def _none(p: Tensor) -> None:
    return None


def _ending(
    find: Callable[[Tensor, float], int], end: Callable[[Tensor], int | None]
) -> Answer:
    """An answer that draws by `find`, and by `end` where that is beyond the ids."""

    def answer(p, u):
        i = find(p, u)
        return i if i < len(p) else end(p)

    return answer


drawn = _ending(_searched, _last)  # rightly, in torch


def _border_before(p, u):
    return _searched(p, u, right=False)


def _single(p, u):
    above = (p > u).nonzero()[:, 0]
    return int(above[0]) if len(above) else len(p)


def _sum_before(p, u):
    """The first token for which the sum before it is beyond u."""
    return _searched(p, u) + 1


def _divided(p, u):
    """Divided by the sum, which may still miss 1."""
    return _searched(p / p.sum(), u)


def _both_strict(p, u):
    i = _searched(p, u)
    inside = i < len(p) and u > p.double().cumsum(0)[i] - p[i]
    return i if inside else len(p)


def _laid_by(order: Callable[[Tensor], Tensor]) -> Answer:
    """The shares lie in this order of the ids."""

    def answer(p, u):
        ids = order(p)
        return int(ids[drawn(p[ids], u)])

    return answer


def _likeliest_first_none(p, u):
    order = ranked(p)
    i = _searched(p[order], u)
    return int(order[i]) if i < len(p) else None


def _never_token_0_in_the_end(p, u):
    i = drawn(p, u)
    return i if i or _searched(p, u) < len(p) else None


def _turned_around(p, u):
    """The first share that ends before u, or else the last."""
    ends = (p.double().cumsum(0) < u).nonzero()[:, 0]
    return int(ends[0]) if len(ends) else _last(p)


def _border_and(name: str, end: Callable[[Tensor], int | None], second: str) -> Mistake:
    """A border belongs to the token before, and something is wrong beyond the sum."""
    return two_at_once(
        f"a border belongs to the token before, and {name}",
        _ending(_border_before, end),
        "A point on a border belongs to the token after it, not before.",
        f"where rounding left the sum below 1, `u` may lie beyond it: {second}",
    )


MISTAKES = (
    Mistake(
        "always the likeliest",
        "You always draw the likeliest token, whatever `u` is. That is greedy. Here the "
        "point `u` decides: in whose share does it lie?",
        lambda p, u: int(p.argmax()),
    ),
    Mistake(
        "a point on a border belongs to the token before",
        "On a border between two shares you take the token before it. A share begins at "
        "its left border and ends just before the right one. Otherwise a token of "
        "probability 0 can be drawn, as for `u` = 0.",
        _ending(_border_before, _last),
    ),
    _border_and(
        "a point may fall off the end", _none, "then your loop ends without an answer."
    ),
    _border_and(
        "a point may lie beyond the last",
        len,
        "the id that you give then does not exist.",
    ),
    Mistake(
        "falls off the end",
        "The shares are rounded, so their sum may miss 1 a little, and `u` may lie "
        "beyond it. Your loop then ends without an answer. Draw the last token that has "
        "a share.",
        _ending(_searched, _none),
    ),
    Mistake(
        "an id that does not exist",
        "The shares are rounded, so their sum may miss 1 a little, and `u` may lie "
        "beyond it. The id that you give then is one too large for the vocabulary. Draw "
        "the last token that has a share.",
        _searched,
    ),
    Mistake(
        "an error beyond the sum",
        "The shares are rounded, so their sum may miss 1 a little, and `u` may lie "
        "beyond it. Nothing is found there, and you still ask for it. Draw the last "
        "token that has a share.",
        _ending(_searched, lambda p: stop(IndexError)),
    ),
    Mistake(
        "beyond the sum, a token of probability 0",
        "Where `u` lies beyond a sum that rounding left below 1, you draw the last id, "
        "even if its probability is 0. Such a token must never be drawn: take the last "
        "one that has a share.",
        _ending(_searched, _last_id),
    ),
    Mistake(
        "beyond the sum, the first token",
        "Where `u` lies beyond a sum that rounding left below 1, no share ends after "
        "it. Where nothing is true, `argmax` says 0. Draw the last token that has a "
        "share.",
        _ending(_searched, lambda p: 0),
    ),
    _border_and(
        "beyond the sum lies the first",
        lambda p: 0,
        "`argmax` then finds nothing true and says 0. Draw the last token that has a "
        "share.",
    ),
    Mistake(
        "the sum before instead of the sum up to it",
        "You compare `u` with the sum before a token, not with the sum that includes "
        "it, so you come out one too late, and at the end with nothing. A slice that "
        "ends at i leaves i out.",
        _ending(_sum_before, _none),
    ),
    Mistake(
        "the sum before instead of the sum up to it, or else the last",
        "You come out one too late: `u` is compared with the sum before a token, not "
        "with the sum that includes it. First add the share, then compare.",
        _ending(_sum_before, _last),
    ),
    Mistake(
        "the sum before instead of the sum up to it, or else the last id",
        "You come out one too late: `u` is compared with the sum before a token. First "
        "add the share, then compare. And beyond the sum comes the last token that has a "
        "share, not just the last.",
        _ending(_sum_before, _last_id),
    ),
    two_at_once(
        "the likeliest lies first, and a point may fall off the end",
        _likeliest_first_none,
        "The shares lie in the order of the ids here, not the likeliest first.",
        "`u` may lie beyond a sum that was rounded: then your loop ends without an "
        "answer.",
    ),
    Mistake(
        "divided by the sum, and off the end",
        "You divide by the sum first, but these quotients are rounded too, and their sum "
        "may again miss 1. If `u` lies beyond it, your loop ends without an answer: "
        "after it, draw the last token that has a share.",
        _ending(_divided, _none),
    ),
    Mistake(
        "divided by the sum, and an id that does not exist",
        "You divide by the sum first, but these quotients are rounded too, and their sum "
        "may again miss 1. If `u` lies beyond it, your id is one too large for the "
        "vocabulary: draw the last token that has a share.",
        _divided,
    ),
    Mistake(
        "divided by the sum, and a token of probability 0",
        "You divide by the sum first, but these quotients are rounded too, and their sum "
        "may again miss 1. If `u` lies beyond it, you draw the last id, even where its "
        "probability is 0: take the last token that has a share.",
        _ending(_divided, _last_id),
    ),
    Mistake(
        "beyond the sum, token 0 is forgotten",
        "Beyond the sum you look for the last token that has a share, but never at token "
        "0. It may be the only one. A range stops before its end: where does yours?",
        _never_token_0_in_the_end,
    ),
    Mistake(
        "the first share or the last",
        "You only ever draw token 0 or the last one. Does an `else` in the loop give an "
        "answer after the first share? A point beyond it may lie in the next: go on, and "
        "answer for the end after the loop.",
        lambda p, u: 0 if u < p[0] else _last(p),
    ),
    Mistake(
        "the first share or the last id",
        "You only ever draw token 0 or the last id, though that may have no share. Does "
        "an `else` in the loop give an answer after the first share? Go on there, and "
        "answer for the end after the loop.",
        lambda p, u: 0 if u < p[0] else len(p) - 1,
    ),
    Mistake(
        "the comparison is turned around",
        "Your comparison is turned around: you stop at the first share that ends before "
        "`u`. The point lies in the first that ends beyond it.",
        _turned_around,
    ),
    Mistake(
        "a border belongs to no one",
        "A point exactly on a border, such as `u` = 0, lies in no share of yours, and "
        "beyond the sum there is nothing either. A share begins at its left border: one "
        "comparison must allow equality.",
        _ending(_both_strict, _none),
    ),
    Mistake(
        "a border belongs to the last",
        "A point exactly on a border, such as `u` = 0, lies in no share of yours, and so "
        "the last token is drawn. A share begins at its left border: one comparison "
        "must allow equality.",
        _ending(_both_strict, _last),
    ),
    Mistake(
        "one too far",
        "You give back the token after the right one. How many shares end before `u`? "
        "Ids are counted from 0.",
        lambda p, u: drawn(p, u) + 1,
    ),
    Mistake(
        "one too early",
        "You give back the token before the right one. Do you stop at the last share "
        "that ends before `u`? The point lies in the next one.",
        lambda p, u: drawn(p, u) - 1,
    ),
    Mistake(
        "compared with single probabilities",
        "You compare `u` with each probability by itself. Lay the shares one after the "
        "other on a line: what counts is where each one ends, the sum up to there.",
        _ending(_single, _last_id),
    ),
    Mistake(
        "compared with single probabilities, perhaps none",
        "You compare `u` with each probability by itself, and sometimes find none. Lay "
        "the shares one after the other on a line: what counts is where each one ends, "
        "the sum up to there.",
        _ending(_single, _none),
    ),
    Mistake(
        "the likeliest lies first",
        "You lay the likeliest shares first on the line. That would be a fair draw as "
        "well, but here the shares lie in the order of the ids, so that everyone gets "
        "the same token for the same `u`.",
        _laid_by(ranked),
    ),
    Mistake(
        "a place in sorted order",
        "You sort the shares and give back a place in that order, which is no id. Leave "
        "the shares in the order of the ids.",
        lambda p, u: drawn(p[ranked(p)], u),
    ),
    Mistake(
        "the least likely lies first",
        "You lay the least likely shares first on the line. Here the shares lie in the "
        "order of the ids, so that everyone gets the same token for the same `u`.",
        _laid_by(lambda p: p.argsort(stable=True)),
    ),
    Mistake(
        "all shares alike",
        "You cut the line into equal parts, one a token. The likelier a token is, the "
        "longer is its share.",
        lambda p, u: int(u * len(p)),
    ),
    Mistake(
        "the nearest probability",
        "You look for the probability that is nearest to `u`. Lay the shares one after "
        "the other on a line instead, and see in which one the point `u` lies.",
        lambda p, u: int((p - u).abs().argmin()),
    ),
    Mistake(
        "the nearest border",
        "You take the token whose share ends nearest to `u`. The point lies inside one "
        "share: look for the first that ends beyond it.",
        lambda p, u: int((p.double().cumsum(0) - u).abs().argmin()),
    ),
    Mistake(
        "from the other end",
        "You measure from the right end of the line. The token 0 lies at the left, where "
        "`u` is 0.",
        lambda p, u: drawn(p, 1 - u - 1e-12),
    ),
    Mistake(
        "the probability instead of the id",
        "You give back the probability of the token. Return its id, an integer.",
        lambda p, u: float(p[drawn(p, u)]),
    ),
    tensor_for_integer(oracle),
    Mistake(
        "the end of the first round",
        "You always give back the first id. Does `return` stand in the loop where every "
        "round meets it? It must wait until a share ends beyond `u`.",
        lambda p, u: 0,
    ),
)

CHECK = Check("draw", 3, draw, oracle, MISTAKES, forbidden=COURSE + DICE)
