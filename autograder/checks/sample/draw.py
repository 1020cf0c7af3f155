"""draw(p, u): the id in whose share the point u lies, the shares laid in a line.

The oracle is NumPy's cumsum and searchsorted. A share begins at its left border, so a
point may lie on one, and a token of probability 0 is never drawn. Shares are rounded:
where u lies beyond their sum, the last token that has a share is right.
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
from autograder.checks._twins import twins
from autograder.checks.sample._material import (
    COURSE,
    DICE,
    point_in,
    ranked,
    shares,
    short,
    uneven,
    with_zeros,
)
from autograder.checks.sample.probabilities import model_probabilities


def oracle(p: Tensor, u: float) -> int:
    ends = np.cumsum(p.double().numpy())
    return int(np.searchsorted(ends, u * ends[-1], side="right"))


def worked(p: Tensor, u: float) -> dict[str, Any]:
    ends = np.cumsum(p.double().numpy())
    before = int((ends <= u * ends[-1]).sum())
    return {
        "the shares end at": torch.from_numpy(ends),
        "so many end before u, or at it": before,
        "the id after those": oracle(p, u),
    }


def _still_short(rng: np.random.Generator, n: int) -> Tensor:
    """Shares with a sum below 1, and also after a division by it in float32."""
    while True:
        p = short(shares(rng, n))
        again = (p / p.sum()).numpy()
        if again.astype(float).sum() < 1 - 2.0**-25 and again.cumsum()[-1] <= 1:
            return p


def _pair(rng: np.random.Generator) -> Tensor:
    """A share of about a two-thousandth, then the rest."""
    first = between(rng, 4, 8) / 2**13
    return torch.tensor([first, 1 - first])


def _tiny_last(rng: np.random.Generator) -> Tensor:
    p = shares(rng, 5)
    p[int(p.argmax())] -= 2.0**-22
    return torch.cat([p, torch.tensor([2.0**-22])])


def _hardly(rng: np.random.Generator) -> Tensor:
    """A share that is lost when it is added to another, then the rest."""
    return torch.tensor([between(rng, 1, 7) * 2.0**-40, 1.0])


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

    def in_no_other_order(p: Tensor, u: float) -> bool:
        others = (drawn(p, u, order=order) for order in (ranked, _least_likely_first))
        return oracle(p, u) not in others

    middle = drawn_until(
        in_no_other_order, lambda: inside(shares(rng, 5, 32, 2), between(rng, 1, 3))
    )
    zeros = with_zeros(shares(rng, 5), 2, 2)
    (late,) = drawn_until(lambda p: p[0] < 0.5, lambda: (shares(rng, 4),))
    begin = with_zeros(late, *[0] * between(rng, 1, 3))
    end = with_zeros(shares(rng, 4), *[4] * between(rng, 1, 3))
    over = with_zeros(_still_short(rng, 5), *[5] * between(rng, 1, 3))
    far = with_zeros(_still_short(rng, 5), *[0] * between(rng, 130, 140))
    model = model_probabilities(rng, 0.8, 1.2)
    large = (model > 0.03).nonzero()[:, 0].tolist()
    return [
        Case("a point in the middle", middle),
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
        edge("a first share that is hardly likely", (_pair(rng), 1e-4)),
        edge("u = 0, and a first share of hardly anything", (_hardly(rng), 0.0)),
        edge("a point hardly beyond a border", _beside(rng, 0.001, 0.004)),
        edge("a point hardly before a border", _beside(rng, 0.996, 0.999)),
        Case(
            "many tokens",
            inside(torch.full((1024,), 1 / 1024), between(rng, 600, 1000)),
        ),
        edge(
            "a vocabulary of one token", (torch.ones(1), round(float(rng.random()), 4))
        ),
        edge("u beyond the sum of many tokens", (far, nearer)),
        edge(
            "a point near 1, and three small shares at the end",
            (uneven(rng), 1 - between(rng, 36, 40) / 2**24),
        ),
        edge(
            "a point near 0, and three small shares at the beginning",
            (uneven(rng).flip(0), between(rng, 36, 40) / 2**24),
        ),
        *twins(
            oracle,
            lambda: inside(shares(rng, 6), 2),
            "the probabilities",
            "the point",
            others={1: lambda p, _: point_in(rng, p, 4)},
        ),
    ]


def _searched(p: Tensor, u: float, right: bool = True) -> int:
    """The share in which u lies; the number of shares where it is beyond them all."""
    ends = p.double().cumsum(0)
    return int(torch.searchsorted(ends, u, right=right))


def _last(p: Tensor) -> int:
    return int(p.nonzero().max())


def _by_id(p: Tensor) -> Tensor:
    return torch.arange(len(p))


def _least_likely_first(p: Tensor) -> Tensor:
    return p.argsort(stable=True)


def _the_id(p: Tensor, ids: Tensor, place: int) -> int:
    return int(ids[place]) if 0 <= place < len(ids) else place


def drawn(
    p: Tensor,
    u: float,
    order: Callable[[Tensor], Tensor] = _by_id,
    point: Callable[[float], float] = lambda u: u,
    shares: Callable[[Tensor], Tensor] = lambda laid: laid,
    find: Callable[[Tensor, float], int] = _searched,
    end: Callable[[Tensor], int | None] = _last,
    give: Callable[[Tensor, Tensor, int], Any] = _the_id,
) -> Any:
    """A draw with screws: the ids in an `order`, their `shares` laid in a line.

    `find` the place in which the `point` lies; where that is beyond the line, `end`
    says which. Then `give` something for p, the ids in order, and the place.
    """
    ids = order(p)
    laid = shares(p[ids])
    place = find(laid, point(u))
    if place >= len(laid):
        place = end(laid)
    return None if place is None else give(p, ids, place)


def _single(laid, u):
    above = (laid > u).nonzero()[:, 0]
    return int(above[0]) if len(above) else len(laid)


def _both_strict(laid, u):
    i = _searched(laid, u)
    inside = i < len(laid) and u > laid.double().cumsum(0)[i] - laid[i]
    return i if inside else len(laid)


def _turned_around(laid, u):
    ends = (laid.double().cumsum(0) < u).nonzero()[:, 0]
    return int(ends[0]) if len(ends) else len(laid)


def _on_and_on(laid, u):
    return len(laid) - 1 if _searched(laid, u) < len(laid) else len(laid)


def _laid(name: str, hint: str, order: Callable[[Tensor], Tensor]) -> Mistake:
    return Mistake(
        name,
        f"{hint} Here the shares lie in the order of the ids, so that everyone gets the "
        "same token for the same `u`.",
        partial(drawn, order=order),
    )


def _beyond(name: str, then: str, end: Callable[[Tensor], int | None]) -> Mistake:
    """Nothing is wrong until u lies beyond the sum."""
    return Mistake(
        name,
        "The shares are rounded, so their sum may miss 1 a little, and `u` may lie "
        f"beyond it. {then} Draw the last token that has a share.",
        partial(drawn, end=end),
    )


def _again_beyond(name: str, then: str, end: Callable[[Tensor], int | None]) -> Mistake:
    return Mistake(
        f"divided by the sum, and {name}",
        "You divide by the sum first, but these quotients are rounded too, and their sum "
        f"may again miss 1. If `u` lies beyond it, {then} Draw the last token that has a "
        "share.",
        partial(drawn, shares=lambda laid: laid / laid.sum(), end=end),
    )


_NOTHING = "Nothing is found there, and you still ask for it."

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
        partial(drawn, find=partial(_searched, right=False)),
    ),
    _beyond(
        "falls off the end", "Your loop then ends without an answer.", lambda laid: None
    ),
    _beyond(
        "an id that does not exist",
        "The id that you give then is one too large for the vocabulary.",
        len,
    ),
    _beyond("an error beyond the sum", _NOTHING, lambda laid: stop(IndexError)),
    _beyond(
        "a StopIteration beyond the sum", _NOTHING, lambda laid: stop(StopIteration)
    ),
    _beyond(
        "a name without a value beyond the sum",
        "No round of your loop has noted an answer then.",
        lambda laid: stop(UnboundLocalError),
    ),
    _beyond("a ValueError beyond the sum", _NOTHING, lambda laid: stop(ValueError)),
    _beyond(
        "beyond the sum, a token of probability 0",
        "You draw the last id then, even if its probability is 0, and such a token must "
        "never be drawn.",
        lambda laid: len(laid) - 1,
    ),
    _beyond(
        "beyond the sum, the first token",
        "No share ends after it, and where nothing is true, `argmax` says 0.",
        lambda laid: 0,
    ),
    _beyond(
        "beyond the sum, the likeliest",
        "You draw the likeliest token then, which may lie anywhere on the line.",
        lambda laid: int(laid.argmax()),
    ),
    _beyond(
        "beyond the sum, -1", "The -1 that you give then is no id.", lambda laid: -1
    ),
    _beyond(
        "beyond the sum, token 0 is forgotten",
        "You look for the last token that has a share then, but never at token 0, which "
        "may be the only one. A range stops before its end: where does yours?",
        lambda laid: _last(laid) or None,
    ),
    Mistake(
        "the sum before instead of the sum up to it",
        "You come out one too late: `u` is compared with the sum before a token, not "
        "with the sum that includes it. First add the share, then compare; a slice that "
        "ends at i leaves i out.",
        partial(drawn, find=lambda laid, u: _searched(laid, u) + 1),
    ),
    _again_beyond(
        "off the end", "your loop ends without an answer.", lambda laid: None
    ),
    _again_beyond(
        "an id that does not exist",
        "your id is one too large for the vocabulary.",
        len,
    ),
    _again_beyond(
        "a token of probability 0",
        "you draw the last id, even where its probability is 0.",
        lambda laid: len(laid) - 1,
    ),
    Mistake(
        "the first share or the last",
        "You only ever draw token 0 or the last one. Does an `else` in the loop give an "
        "answer after the first share? A point beyond it may lie in the next: go on, and "
        "answer for the end after the loop.",
        partial(drawn, find=lambda laid, u: 0 if u < laid[0] else len(laid)),
    ),
    Mistake(
        "the loop goes on",
        "You always draw the last token. When a share ends beyond `u`, the answer is "
        "found, but your loop goes on, and the next one overwrites it: leave the loop "
        "there.",
        partial(drawn, find=_on_and_on),
    ),
    Mistake(
        "the comparison is turned around",
        "Your comparison is turned around: you stop at the first share that ends before "
        "`u`. The point lies in the first that ends beyond it.",
        partial(drawn, find=_turned_around),
    ),
    Mistake(
        "a border belongs to no one",
        "A point exactly on a border, such as `u` = 0, lies in no share of yours, as if "
        "it were beyond the end. A share begins at its left border: one comparison must "
        "allow equality.",
        partial(drawn, find=_both_strict),
    ),
    Mistake(
        "one too far",
        "You give back the token after the right one. How many shares end before `u`? "
        "Ids are counted from 0.",
        partial(drawn, give=lambda p, ids, place: _the_id(p, ids, place) + 1),
    ),
    Mistake(
        "one too early",
        "You give back the token before the right one. Do you stop at the last share "
        "that ends before `u`? The point lies in the next one.",
        partial(drawn, find=lambda laid, u: _searched(laid, u) - 1),
    ),
    Mistake(
        "compared with single probabilities",
        "You compare `u` with each probability by itself, and sometimes find none. Lay "
        "the shares one after the other on a line: what counts is where each one ends, "
        "the sum up to there.",
        partial(drawn, find=_single),
    ),
    _laid(
        "the likeliest lies first",
        "You lay the likeliest shares first on the line, which is as fair a draw.",
        ranked,
    ),
    Mistake(
        "a place in sorted order",
        "You sort the shares and give back a place in that order, which is no id. Leave "
        "the shares in the order of the ids.",
        partial(drawn, order=ranked, give=lambda p, ids, place: place),
    ),
    _laid(
        "the least likely lies first",
        "You lay the least likely shares first on the line.",
        _least_likely_first,
    ),
    Mistake(
        "a place among those that have a share",
        "You leave out the tokens of probability 0, and give back a place among the "
        "others, which is no id. Leave them where they are: a share of length 0 is never "
        "hit.",
        partial(
            drawn,
            order=lambda p: p.nonzero()[:, 0],
            give=lambda p, ids, place: place,
        ),
    ),
    Mistake(
        "all shares alike",
        "You cut the line into equal parts, one a token. The likelier a token is, the "
        "longer is its share.",
        partial(drawn, find=lambda laid, u: int(u * len(laid))),
    ),
    Mistake(
        "the nearest probability",
        "You look for the probability that is nearest to `u`. Lay the shares one after "
        "the other on a line instead, and see in which one the point `u` lies.",
        partial(drawn, find=lambda laid, u: int((laid - u).abs().argmin())),
    ),
    Mistake(
        "the nearest border",
        "You take the token whose share ends nearest to `u`. The point lies inside one "
        "share: look for the first that ends beyond it.",
        partial(
            drawn,
            find=lambda laid, u: int((laid.double().cumsum(0) - u).abs().argmin()),
        ),
    ),
    Mistake(
        "from the other end",
        "You measure from the right end of the line. The token 0 lies at the left, where "
        "`u` is 0.",
        partial(drawn, point=lambda u: 1 - u - 1e-12),
    ),
    Mistake(
        "points near 1 are moved",
        "Near 1 you move the point, and a last share that is small is never hit. `u` is "
        "below 1 already: take it as it is, and answer for what lies beyond the sum.",
        partial(drawn, point=lambda u: min(u, 0.999999)),
    ),
    Mistake(
        "the probability instead of the id",
        "You give back the probability of the token. Return its id, an integer.",
        partial(drawn, give=lambda p, ids, place: float(p[ids[place]])),
    ),
    Mistake(
        "a tensor instead of an integer",
        "This is the right number, but in a tensor. Make a plain Python integer of it.",
        partial(drawn, give=lambda *found: torch.tensor(_the_id(*found))),
    ),
    Mistake(
        "the end of the first round",
        "You always give back the first id. Does `return` stand in the loop where every "
        "round meets it? It must wait until a share ends beyond `u`.",
        lambda p, u: 0,
    ),
)

CHECK = Check(
    "draw",
    3,
    draw,
    oracle,
    MISTAKES,
    forbidden=COURSE + DICE,
    worked=worked,
)
