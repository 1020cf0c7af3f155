"""dropout: zeros where the points u say so, and what stays made up for.

Which numbers go is told by given points instead of by luck, so the answer is one. No
point is near p, but where that is asked: p is a binary fraction there. For 0.7 in
float32 is a little less than 0.7 in double precision, so a point that is p in the one is
below it in the other, and whoever compares in either way is right.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between, large, singles
from autograder.checks._slips import an_assert, written_into
from autograder.checks._twins import twins
from autograder.checks.mlp._material import LIBRARIES, floats, pick, quarters, vectors


def oracle(x: Tensor, u: Tensor, p: float) -> Tensor:
    if not 0 <= p < 1:
        raise ValueError(f"p is {p}, and must be from 0 up and below 1")
    scaled = x.double().numpy() / (1 - p)
    return torch.tensor(np.where(u.numpy() < p, 0.0, scaled)).float()


def draw(rng: np.random.Generator) -> list[Case]:
    def points(p: float, *shape: int) -> Tensor:
        """At least one point below p, one above, and one between p and 1 - p."""
        while True:
            u = (rng.integers(0, 64, shape) + 0.5) / 64
            other = (u < 1 - p) != (u >= p)
            if (u < p).any() and (u > p).any() and other.any():
                return floats(u)

    shares = [0.1, 0.2, 0.3, 0.4, 0.6, 0.7]
    p, q, r = (pick(rng, shares) for _ in range(3))
    at = pick(rng, [0.125, 0.25, 0.375, 0.625, 0.75])
    on_it = points(at, 6)
    on_it[between(rng, 0, 5)] = at
    zero = points(0.3, 5)
    zero[between(rng, 0, 4)] = 0.0
    below, above = -between(rng, 1, 9) / 2**60, 1 + between(rng, 1, 9) / 10
    third = np.float32(0.3)
    steps = [np.nextafter(third, np.float32(to)) for to in (0, 1)]
    added, _ = vectors(rng, 4, "{n}.mlp")
    long, texts = between(rng, 1025, 1060), between(rng, 129, 140)
    signs = torch.tensor([[1.0], [-1.0], [1.0], [-1.0]])
    return [
        Case("six numbers", (quarters(rng, 6), points(p, 6), p)),
        edge("a point that lies exactly at p", (quarters(rng, 6), on_it, at)),
        edge("p = 0, and a point at 0", (quarters(rng, 5), zero, 0)),
        Case("a batch of vectors", (quarters(rng, 2, 3, 4), points(q, 2, 3, 4), q)),
        Case("nearly all are dropped", (quarters(rng, 3, 7), points(0.9, 3, 7), 0.9)),
        Case(
            "what an MLP of the course's own model adds", (added, points(r, 4, 96), r)
        ),
        edge("p = 1", (quarters(rng, 3), points(0.5, 3), 1.0)),
        edge("p hardly below 0", (quarters(rng, 3), points(0.5, 3), below)),
        edge("p above 1", (quarters(rng, 3), points(0.5, 3), above)),
        Case("a long text", (quarters(rng, long, 3), points(0.2, long, 3), 0.2)),
        edge(
            "a batch of one text, which lies across in memory",
            (across(quarters(rng, 1, 3, 132)), across(points(q, 1, 3, 132)), q),
        ),
        edge(
            "p so large that hardly anything is kept, and not a round number",
            (quarters(rng, 40), points(0.95234, 40), 0.95234),
        ),
        edge(
            "points hardly beside p",
            (
                quarters(rng, 6),
                floats(
                    [at + s * 2.0**-24 for s in rng.permutation([-1, 1, 0, -2, 2, 3])]
                ),
                at,
            ),
        ),
        edge(
            "points one step of float32 beside p",
            (quarters(rng, 4), floats(rng.permutation(steps * 2)), 0.3),
        ),
        edge(
            "a batch of many texts of one token",
            (quarters(rng, texts, 1, 3), points(q, texts, 1, 3), q),
        ),
        edge(
            "very large vectors of a single number",
            (
                large(rng, 4, 1) * signs * 2**12,
                floats([[0.9], [0.9], [0.9], [0.1]]),
                0.5,
            ),
        ),
        edge(
            "four axes, all as long",
            (quarters(rng, 3, 3, 3, 3), points(q, 3, 3, 3, 3), q),
        ),
        edge("a number without an axis", (quarters(rng), floats(0.9), 0.6)),
        edge(
            "p hardly above 0",
            (
                quarters(rng, 6) / 70,
                floats(rng.permutation([2**-42, 1 / 64, 0.25, 0.5, 0.75, 0.99])),
                between(rng, 2, 9) / 2**40,
            ),
        ),
        edge(
            "p hardly below 1",
            (
                quarters(rng, 6),
                # All but the last are below p, and the last is the greatest below 1.
                floats([*rng.permutation([0.25, 0.5, 0.75, 0.99, 0.9998]), 1 - 2**-24]),
                1 - between(rng, 2, 7) / 2**23,
            ),
        ),
        *singles(
            lambda *one: (quarters(rng, *one), torch.full(one, 0.9), 0.6), 1, 2, 3, 4
        ),
        *twins(
            oracle,
            lambda: (quarters(rng, 6), points(0.4, 6), 0.4),
            "the numbers",
            "the points",
            "p",
            others={2: 0.6},
        ),
    ]


def _plain(
    x: Tensor,
    u: Tensor,
    p: float,
    kept: Callable[[Tensor, float], Tensor] = lambda u, p: u >= p,
    scale: Callable[[float], float] = lambda p: 1 - p,
    fits: Callable[[float], bool] = lambda p: 0 <= p < 1,
    kind: type[Exception] = ValueError,
    masked: str = "where",
) -> Tensor:
    """Dropout with loose screws: `masked` says how the dropped ones become 0."""
    if not fits(p):
        raise kind(f"p is {p}")
    if masked == "factor":
        return x * kept(u, p) * (1 / scale(p))
    # A division of tensors, where a 0 below the line is infinity and not an error.
    scaled = x / torch.tensor(scale(p))
    if masked == "product":
        return scaled * kept(u, p)
    return torch.where(kept(u, p), scaled, 0.0)


def worked(x: Tensor, u: Tensor, p: float) -> dict[str, Tensor | float]:
    return {
        "kept where u ≥ p": u >= p,
        "the share that is kept, 1 − p": 1 - p,
        "x divided by it": x / (1 - p),
        "the others 0": oracle(x, u, p),
    }


def _refusing(answer: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The answer, where p is refused as it should be."""

    def dropout(x: Tensor, u: Tensor, p: float) -> Tensor:
        _plain(x, u, p)
        return answer(x, u, p)

    return dropout


def _in_place(x: Tensor, u: Tensor, p: float) -> Tensor:
    x[u < p] = 0
    return x / (1 - p)


def _by_share_here(x: Tensor, u: Tensor, p: float) -> Tensor:
    kept = (u >= p).float()
    return x * kept / kept.mean()


def _first_of_each(u: Tensor, p: float) -> Tensor:
    return (u[..., :1] >= p).expand_as(u)


def _anything(p: float) -> bool:
    return True


def _up_to_one(p: float) -> bool:
    return 0 <= p <= 1


MISTAKES = (
    Mistake(
        "not scaled",
        "The right numbers are dropped, but those that stay are too small. So that the "
        "mean keeps its size, they make up for the dropped ones: divide by the share "
        "that is kept.",
        partial(_plain, scale=lambda p: 1.0),
    ),
    Mistake(
        "multiplied by the points",
        "You multiply by `u` itself. The points only decide: where one is at least p, the "
        "number is kept, and the others become 0.",
        partial(_plain, masked="product", kept=lambda u, p: u),
    ),
    Mistake(
        "divided by p",
        "You divide by p, the share that is dropped. Divide by the share that is **kept**.",
        partial(_plain, scale=lambda p: p if p else math.inf),
    ),
    Mistake(
        "multiplied by 1 − p",
        "You multiply by 1 − p, which makes what stays still smaller. The mean should keep "
        "its size: divide.",
        partial(_plain, scale=lambda p: 1 / (1 - p) if p != 1 else math.inf),
    ),
    Mistake(
        "kept where u is below p",
        "You keep what should be dropped, and drop the rest. A point below p means: this "
        "number goes.",
        partial(_plain, kept=lambda u, p: u < p),
    ),
    Mistake(
        "kept where u is below 1 − p",
        "You keep the right **share** of the numbers, but not the right ones: those "
        "with u below 1 − p. The rule is: kept where u is p or more.",
        partial(_plain, kept=lambda u, p: u < 1 - p),
    ),
    Mistake(
        "dropped where u is exactly p",
        "Right, except for a point that lies exactly at p: that one is kept. So with "
        "p = 0 nothing is dropped, not even where u is 0.",
        partial(_plain, kept=lambda u, p: u > p),
    ),
    Mistake(
        "dropped where u is above p",
        "You keep what should be dropped, and at p itself what should be kept. A point "
        "**below** p means: this number goes.",
        partial(_plain, kept=lambda u, p: u <= p),
    ),
    Mistake(
        "kept where u is above 1 − p",
        "You keep too few or too many: those with u at 1 − p or more. The rule is: kept "
        "where u is **p** or more.",
        partial(_plain, kept=lambda u, p: u >= 1 - p),
    ),
    Mistake(
        "one half instead of p",
        "You compare `u` with one half, whatever p is. A number is kept where u is **p** or "
        "more.",
        partial(_plain, kept=lambda u, p: u >= 0.5),
    ),
    Mistake(
        "always scaled by 2",
        "You divide by one half, whatever p is. Divide by the share that is kept, 1 − p.",
        partial(_plain, scale=lambda p: 0.5 if p < 1 else 0.0),
    ),
    Mistake(
        "divided by 1 + p",
        "You divide by 1 + p, so that what stays becomes smaller. Divide by the share that "
        "is kept, 1 **−** p.",
        partial(_plain, scale=lambda p: 1 + p),
    ),
    Mistake(
        "multiplied by p",
        "You multiply by p, the share that is dropped. **Divide** by the share that is "
        "kept.",
        partial(_plain, scale=lambda p: 1 / p if p else math.inf),
    ),
    Mistake(
        "divided by the root of 1 − p",
        "You divide by the root of 1 − p, which would keep the variance. The **mean** "
        "should keep its size: divide by 1 − p.",
        partial(_plain, scale=lambda p: abs(1 - p) ** 0.5),
    ),
    Mistake(
        "divided by 1 − p twice",
        "What stays is divided by 1 − p twice. Once is enough.",
        partial(_plain, scale=lambda p: (1 - p) ** 2),
    ),
    Mistake(
        "the brackets around 1 − p missing",
        "You divide by 1 and then subtract p, for a division comes before a subtraction. "
        "1 − p needs brackets: `x / (1 - p)`.",
        _refusing(lambda x, u, p: torch.where(u >= p, x / 1 - p, 0.0)),
    ),
    Mistake(
        "the brackets around 1 − p missing, and the mask before it",
        "You divide by 1 and then subtract p from everything, for a division comes before a "
        "subtraction. 1 − p needs brackets: `… / (1 - p)`.",
        _refusing(lambda x, u, p: x * (u >= p) / 1 - p),
    ),
    Mistake(
        "x and u exchanged",
        "`x` and `u` are swapped: you scale the random numbers, and compare x with p. In "
        "the `def` x comes first, then u.",
        _refusing(lambda x, u, p: torch.where(x >= p, u / (1 - p), 0.0)),
    ),
    Mistake(
        "one point for a whole vector",
        "You look only at the first point of each vector, and keep or drop the whole vector. "
        "Every number has a point of its own in `u`.",
        partial(_plain, kept=_first_of_each),
    ),
    Mistake(
        "NaN for the dropped numbers",
        "What is dropped becomes NaN. It becomes 0.",
        _refusing(lambda x, u, p: torch.where(u >= p, x / (1 - p), math.nan)),
    ),
    *(
        Mistake(
            f"rounded to {digits} decimal places",
            "You round the numbers. Nothing is rounded here: the table shows four decimal "
            "places only to be short.",
            _refusing(
                lambda x, u, p, digits=digits: torch.where(
                    u >= p, (x / (1 - p)).round(decimals=digits), 0.0
                )
            ),
        )
        for digits in (2, 3, 4)
    ),
    Mistake(
        "the dropped numbers stay",
        "What is dropped stays as it was, unscaled. It becomes 0.",
        _refusing(lambda x, u, p: torch.where(u >= p, x / (1 - p), x)),
    ),
    Mistake(
        "multiplied by u",
        "You multiply x by `u`. `u` only says which numbers are kept: where it is p or "
        "more.",
        _refusing(lambda x, u, p: x * u * (u >= p) / (1 - p)),
    ),
    Mistake(
        "x itself compared with p",
        "You compare x with p. The random numbers are in `u`: a number is kept where **u** "
        "is p or more.",
        _refusing(lambda x, u, p: torch.where(x >= p, x / (1 - p), 0.0)),
    ),
    Mistake(
        "nothing is dropped",
        "Everything is scaled, but nothing is dropped: `u` plays no part.",
        partial(_plain, kept=lambda u, p: torch.ones_like(u, dtype=torch.bool)),
    ),
    Mistake(
        "scaled by the share that happened to be kept",
        "You divide by the share that is kept **here**. It changes from draw to draw; "
        "divide by what it is on average, 1 − p.",
        _refusing(_by_share_here),
    ),
    Mistake(
        "dropped numbers are cut out",
        "The dropped numbers are gone altogether, and the vectors have lost their shape. A "
        "dropped number stays at its place, as 0.",
        _refusing(lambda x, u, p: x[u >= p] / (1 - p)),
    ),
    Mistake(
        "the mask alone",
        "That is the mask: which numbers are kept. Apply it to x, and scale what stays.",
        _refusing(lambda x, u, p: u >= p),
    ),
    written_into(_refusing(_in_place), by="`x[…] = 0` (or `/=`, or `*=`)"),
    Mistake(
        "no p is refused",
        "The numbers are right. But not every p is refused that should be: each that is "
        "no probability, and the one that would drop everything. Raise a ValueError. If "
        "you have such a line: does `raise` stand in it, does it ask for both "
        "ends, and stands `or` between the two conditions?",
        partial(_plain, fits=_anything),
    ),
    Mistake(
        "no p is refused, and p = 1 gives NaN",
        "The numbers are right, but every p is taken: below 0, above 1, and 1 itself, "
        "where 0 / 0 gives NaN. Look at p first and raise a ValueError. If you have such a line: does `raise` stand in it, and "
        "`or` between the two conditions?",
        partial(_plain, fits=_anything, masked="product"),
    ),
    Mistake(
        "no p is refused, and p = 1 divides by zero",
        "The numbers are right, but no p is refused: below 0 and above 1 are taken "
        "silently, and 1 ends in a ZeroDivisionError. Look at p first and raise a "
        "ValueError. If you have such a line: does `raise` stand in it, and "
        "`or` between the two conditions?",
        partial(_plain, fits=_anything, masked="factor"),
    ),
    Mistake(
        "p = 1 is accepted",
        "Right, except for p = 1. It would drop everything, and then nothing is left "
        "to scale: 1 itself is refused too, by a ValueError.",
        partial(_plain, fits=_up_to_one),
    ),
    Mistake(
        "p = 1 is accepted and gives NaN",
        "Right, except for p = 1, where 0 / 0 gives NaN. p has to be **below** 1: "
        "refuse 1 as well, by a ValueError.",
        partial(_plain, fits=_up_to_one, masked="product"),
    ),
    Mistake(
        "p = 1 divides by zero",
        "Right, but p = 1 ends in a ZeroDivisionError. p has to be **below** 1: compare "
        "first, and raise a ValueError.",
        partial(_plain, fits=_up_to_one, masked="factor"),
    ),
    Mistake(
        "p below 0 is accepted",
        "Right, except for a p below 0, which is no probability: it would scale "
        "everything down. Raise a ValueError there too.",
        partial(_plain, fits=lambda p: p < 1),
    ),
    Mistake(
        "p from 1 on is accepted",
        "Only a p below 0 is refused. At 1 everything would be dropped, and beyond 1 it is "
        "no probability: raise a ValueError there too.",
        partial(_plain, fits=lambda p: p >= 0),
    ),
    Mistake(
        "the good p are refused",
        "You refuse every p that is fine, and take the others. Is a `not` missing, or does "
        "`raise` stand in the wrong branch?",
        partial(_plain, fits=lambda p: not 0 <= p < 1),
    ),
    Mistake(
        "every p is refused",
        "You refuse every p. It is fine from 0 up and below 1. Between two conditions, `or` "
        "asks for one of them, and `and` for both.",
        partial(_plain, fits=lambda p: False),
    ),
    Mistake(
        "p from 0 on is refused",
        "You refuse every p from 0 on. Refuse a p **below** 0, and one from 1 on.",
        partial(_plain, fits=lambda p: p < 0),
    ),
    Mistake(
        "p below 1 is refused",
        "You refuse every p below 1. Refuse one from 1 **on**, and one below 0.",
        partial(_plain, fits=lambda p: p >= 1),
    ),
    Mistake(
        "p above 0.9 is refused",
        "Right, but you refuse a p above 0.9. Every p from 0 up and **below 1** is fine.",
        partial(_plain, fits=lambda p: 0 <= p <= 0.9),
    ),
    Mistake(
        "p from 0.9 on is refused",
        "Right, but you refuse a p of 0.9 and more. Every p from 0 up and **below 1** is "
        "fine.",
        partial(_plain, fits=lambda p: 0 <= p < 0.9),
    ),
    Mistake(
        "p = 0 is refused",
        "Right, but p = 0 is refused. It is fine: nothing is dropped, and 1 − p is 1.",
        partial(_plain, fits=lambda p: 0 < p < 1),
    ),
    an_assert(partial(_plain, kind=AssertionError), "A wrong p"),
)

CHECK = Check(
    "dropout",
    3,
    draw,
    oracle,
    MISTAKES,
    forbidden=(
        *LIBRARIES,
        *(".dropout", ".Dropout", ".alpha_dropout", ".feature_dropout"),
    ),
    worked=worked,
)
