"""keep_top_p(p, top_p): the fewest of the likeliest tokens that have `top_p` together.

The oracle is NumPy's stable argsort and cumsum, and searchsorted for the line. It may
be reached exactly, where the numbers are exact, or never, as rounding may leave the sum
of all below 1. A `top_p` that is no share is a ValueError.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import le, lt
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between, stop
from autograder.checks._slips import Answer, an_assert
from autograder.checks._twins import twins
from autograder.checks.sample._material import (
    COURSE,
    all_as_likely,
    fractions,
    hundredths,
    ids_of_the_kept,
    keep,
    larger_ids_of_equals,
    later_first,
    likeliest,
    not_divided,
    only,
    only_kept_numbers,
    ranked,
    shares,
    short,
    softmax_of_the_kept,
    sorting_not_undone,
    tied,
    uneven,
    with_zeros,
    zeros_in_p,
)
from autograder.checks.sample.probabilities import model_probabilities


def oracle(p: Tensor, top_p: float) -> Tensor:
    if not 0 < top_p <= 1:
        raise ValueError(f"top_p is {top_p}, and must be above 0 and at most 1")
    order = likeliest(p)
    reached = np.cumsum(p.double().numpy()[order])
    return only(p, order[: np.searchsorted(reached, top_p) + 1])


def worked(p: Tensor, top_p: float) -> dict[str, Any]:
    order = likeliest(p)
    reached = np.cumsum(p.double().numpy()[order])
    many = int(np.searchsorted(reached, top_p)) + 1
    return {
        "the ids, the likeliest first": order[:9].tolist(),
        "so much have they together": torch.from_numpy(reached[:9]),
        "so many are kept": min(many, len(p)),
        "which have together": float(reached[min(many, len(p)) - 1]),
    }


def _line(p: Tensor, many: int, way: float = 1.0) -> float:
    """A line that the `many` likeliest tokens just reach, or where the last of them
    crosses it, `way` of its own share further on."""
    reached = np.cumsum(np.sort(p.double().numpy())[::-1])
    before = reached[many - 2] if many > 1 else 0.0
    return float(before + way * (reached[many - 1] - before))


def _many(rng: np.random.Generator) -> Tensor:
    """More than five hundred shares, whose sums are exact in any order."""
    n = between(rng, 560, 640)
    parts = 1 + rng.multinomial(2**16 - n, np.full(n, 1 / n))
    return fractions(parts.tolist(), 2**16)


def draw(rng: np.random.Generator) -> list[Case]:
    def crossed(p: Tensor, many: int) -> tuple[Tensor, float]:
        return p, round(_line(p, many, float(rng.uniform(0.3, 0.6))), 3)

    def reached(p: Tensor, many: int) -> tuple[Tensor, float]:
        return p, _line(p, many)

    def just(beside: float) -> tuple[Tensor, float]:
        """A line so close to a border that rounded sums take it to be beyond."""
        while True:
            p, many = shares(rng, 6, 2**16, 2**11), between(rng, 2, 4)
            line = _line(p, many)
            falling = p.sort(descending=True).values
            half = falling.half().cumsum(0).float()
            rounded = half[many - 1], half[many] - falling[many], round(line, 2)
            if all((float(x) - line) / beside > 1.5 for x in rounded):
                return p, line + beside

    equals = tied(rng)
    alike = torch.full((8,), 1 / 8)
    model = model_probabilities(rng, 1, 1.5)
    likely = max(2, int((model > 0.03).sum()) - 1)
    return [
        Case(
            "two tokens, the second crosses the line",
            crossed(shares(rng, 5, 32, 2), 2),
        ),
        Case("three tokens", crossed(shares(rng, 6, 64, 3), 3)),
        edge("the line is reached exactly", reached(shares(rng, 6), 3)),
        Case("the first token alone is enough", crossed(shares(rng, 5, 32, 2), 1)),
        edge("a tiny share", (shares(rng, 5), float(rng.uniform(1, 9)) * 1e-9)),
        edge("top_p = 1, which keeps all", (shares(rng, 6), 1)),
        edge(
            "top_p = 1, and a sum that rounding left below 1",
            (short(shares(rng, 6)), 1.0),
        ),
        edge("equally likely tokens at the line", crossed(equals, 4)),
        edge(
            "all tokens equally likely",
            (alike, round((between(rng, 2, 5) + rng.uniform(0.3, 0.6)) / 8, 4)),
        ),
        edge(
            "tokens of probability 0",
            crossed(with_zeros(shares(rng, 4), 0, 2), 3),
        ),
        Case("the shipped model's probabilities", crossed(model, likely)),
        edge("top_p = 0", (shares(rng, 5), 0.0)),
        edge("top_p below 0", (shares(rng, 5), -hundredths(rng, 0.1, 1))),
        edge("top_p hardly above 1", (shares(rng, 5), 1 + 2.0**-20)),
        edge("top_p above 1", (shares(rng, 5), hundredths(rng, 1.01, 1.9))),
        edge(
            "512 tokens equally likely",
            (torch.full((512,), 1 / 512), (between(rng, 260, 400) + 0.5) / 512),
        ),
        edge(
            "many tokens equally likely, of which the first is enough",
            (torch.full((600,), 1 / 600), float(rng.uniform(2, 9)) * 1e-4),
        ),
        edge(
            "top_p = 1, which keeps all of many",
            (_many(rng), 1.0),
        ),
        edge("a line just below a border", just(-(2.0**-15))),
        edge("a line just above a border", just(2.0**-15)),
        edge("a vocabulary of one token", (torch.ones(1), 0.5)),
        edge(
            "two shares that are nearly the same, the larger one behind",
            (torch.tensor([0.25001, 0.2500104, 0.4999796]), 0.6),
        ),
        edge("a line hardly below 1", (uneven(rng), 1 - between(rng, 40, 54) / 2**24)),
        *twins(
            oracle,
            lambda: crossed(shares(rng, 8), 3),
            "the probabilities",
            "top_p",
            good=lambda p, top_p: int(p.argmax()) in (3, 5),
            others={1: lambda p, _: crossed(p, 2)[1]},
        ),
    ]


def _crossing(p: Tensor, top_p: float, order: Tensor | None = None) -> Tensor:
    """The ids to keep, in the order in which they are gone through."""
    order = ranked(p) if order is None else order
    before = p[order].cumsum(0) - p[order]
    return order[before < top_p]


def filtered(
    p: Tensor,
    top_p: float,
    fine: Callable[[float], bool] = lambda t: 0 < t <= 1,
    choose: Callable[[Tensor, float], Tensor] = _crossing,
    then: Callable[[Tensor, Tensor], Any] = keep,
) -> Any:
    """The filter with screws: which top_p is `fine`, what to `choose`, and what `then`
    becomes of p and the ids that are kept."""
    return then(p, choose(p, top_p)) if fine(top_p) else stop(ValueError)


def _kept(then: Callable[[Tensor, Tensor], Any]) -> Answer:
    return partial(filtered, then=then)


def _chosen(choose: Callable[[Tensor, float], Tensor]) -> Answer:
    return partial(filtered, choose=choose)


def _by_sum(rule: Callable[[Tensor, float], Tensor], least: int = 0):
    """The tokens for whose sum, with the likelier ones, `rule` holds, and at `least` so
    many of the likeliest."""

    def choose(p, top_p):
        order = ranked(p)
        chosen = rule(p[order].cumsum(0), top_p)
        chosen[:least] = True
        return order[chosen]

    return choose


def _before(
    rule: Callable[[Tensor, float], Tensor],
    least: int = 0,
    add_up: Callable[[Tensor], Tensor] = lambda falling: falling.cumsum(0),
):
    """The tokens for which `rule` holds for what the likelier ones have."""

    def choose(p, top_p):
        order = ranked(p)
        chosen = rule(add_up(p[order]) - p[order], top_p)
        chosen[:least] = True
        return order[chosen]

    return choose


def _wrong_way(p, top_p):
    """A mask in sorted order, fetched by `order` instead of put where it says."""
    order = ranked(p)
    chosen = p[order].cumsum(0) - p[order] < top_p
    return chosen[order].nonzero()[:, 0]


def _unsorted_sum(p, top_p):
    """The sums in the order of the ids, the ids in that of the probability."""
    return ranked(p)[p.cumsum(0) - p < top_p]


def _single(p, top_p):
    """From the likeliest on, until a token alone reaches the line."""
    order = ranked(p)
    alone = (p[order] >= top_p).nonzero()[:, 0]
    return order[: int(alone[0]) + 1] if len(alone) else order


def _by_top_k(more: int):
    """As many as lie below the line, and `more`, which `keep_top_k` may refuse."""

    def choose(p, top_p):
        many = int((p[ranked(p)].cumsum(0) < top_p).sum()) + more
        return ranked(p)[:many] if 1 <= many <= len(p) else stop(ValueError)

    return choose


def _loop(p, top_p):
    order, total, many = ranked(p), 0.0, 0
    while total < top_p:
        total += p[order[many]].item()
        many += 1
    return order[:many]


def _never_returns_if_fine(p, top_p):
    if not 0 < top_p <= 1:
        raise ValueError("no")
    reached = p[ranked(p)].double().cumsum(0)[-1] >= top_p
    return filtered(p, top_p) if reached else None


def _through_a_view(p, ids):
    """The first sorted share is the sum, and grows with it."""
    kept = keep(p, ids, 1.0)
    kept[ids[0]] = kept.sum()
    return kept / kept.sum()


def _fraction(p, top_p):
    return ranked(p)[: max(1, round(top_p * len(p)))]


def _two_digits(falling: Tensor) -> Tensor:
    before = (falling.cumsum(0) - falling).round(decimals=2)
    return before + falling


def _infinite(p: Tensor, ids: Tensor) -> Tensor:
    kept = torch.full_like(p, -torch.inf)
    kept[ids] = p[ids]
    return kept / kept.sum()


MISTAKES = (
    Mistake(
        "the token that crosses the line is dropped",
        "The token that crosses the line is missing, and where the first one crosses it, "
        "nothing is left. What is kept has to reach `top_p`: ask of each token what the "
        "likelier ones have together before it.",
        _chosen(_by_sum(le)),
    ),
    Mistake(
        "the token that crosses the line is dropped, except the first",
        "The token that crosses the line is missing, unless it is the first. What is "
        "kept has to reach `top_p`: ask of each token what the likelier ones have "
        "together before it.",
        _chosen(_by_sum(le, least=1)),
    ),
    Mistake(
        "the token that reaches the line is dropped too",
        "The token that reaches or crosses the line is missing; for `top_p` 1 that is "
        "the last one, and where the first one crosses it, nothing is left. Ask of each "
        "token what the likelier ones have together before it.",
        _chosen(_by_sum(lt)),
    ),
    Mistake(
        "the token that reaches the line is dropped too, except the first",
        "The token that reaches or crosses the line is missing, unless it is the first. "
        "Ask of each token what the likelier ones have together before it.",
        _chosen(_by_sum(lt, least=1)),
    ),
    Mistake(
        "one more where the line is reached exactly",
        "Where the kept tokens reach the line exactly, you keep one more. The fewest "
        "that reach it are enough: is yours a comparison that should be strict?",
        _chosen(_before(le)),
    ),
    Mistake(
        "always one too many",
        "You always keep one token too many. The one that crosses the line is the last.",
        _kept(lambda p, ids: keep(p, ranked(p)[: len(ids) + 1])),
    ),
    Mistake(
        "one beyond the tokens",
        "For `top_p` 1, rounding may leave the sum of all tokens a little below the "
        "line. Your loop then asks for one token more than there are. Where the tokens "
        "end, the loop has to end, too.",
        _chosen(_loop),
    ),
    Mistake(
        "no answer below the line",
        "For `top_p` 1, rounding may leave the sum of all tokens a little below the "
        "line. Your loop then ends without having crossed it, and nothing is given back. "
        "After the loop, all tokens are kept.",
        _never_returns_if_fine,
    ),
    Mistake(
        "a k above the number of tokens",
        "For `top_p` 1, rounding may leave the sum of all tokens a little below the "
        "line. Then you count one token more than there are, and the count is refused as "
        "a k. There are never more to keep than all.",
        _chosen(_by_top_k(1)),
    ),
    Mistake(
        "a k that is one too small",
        "You count the tokens whose sum stays below the line. The one that crosses it is "
        "kept as well, so your k is one too small; where the first one crosses it, your "
        "k is 0, and that is refused.",
        _chosen(_by_top_k(0)),
    ),
    Mistake(
        "nothing is dropped",
        "Nothing is dropped. Does the sum that you compare with `top_p` grow with every "
        "token, and does the loop end there?",
        _chosen(lambda p, t: ranked(p)),
    ),
    Mistake(
        "the likeliest grows with the sum",
        "The likeliest token gets too much. Does your sum begin as a piece of a tensor? "
        "Such a piece is a view, and what you add to it in place is added to the tensor: "
        "begin at 0.",
        _kept(_through_a_view),
    ),
    Mistake(
        "the sum does not add up",
        "You go on until a single token reaches the line by itself. The probabilities "
        "have to be added up on the way: each one goes on top of those before.",
        _chosen(_single),
    ),
    Mistake(
        "the sums are of unsorted shares",
        "You add up in the order of the ids, but then keep in the order of the "
        "probability. Both have to be in one order: sort the probabilities before you "
        "add them up.",
        _chosen(_unsorted_sum),
    ),
    Mistake(
        "a threshold for single tokens",
        "You compare each probability by itself with `top_p`. It is a line for their "
        "sum: go from the likeliest on and add up.",
        _chosen(lambda p, t: (p >= t).nonzero()[:, 0]),
    ),
    Mistake(
        "a threshold for single tokens, from above",
        "You drop every token less likely than 1 minus `top_p`. It is a line for the "
        "sum: go from the likeliest on and add up.",
        _chosen(lambda p, t: (p >= 1 - t).nonzero()[:, 0]),
    ),
    Mistake(
        "a share of the vocabulary",
        "You keep a share of all tokens, counted. `top_p` is a share of the probability: "
        "sometimes one token has it, sometimes a hundred are needed.",
        _chosen(_fraction),
    ),
    Mistake(
        "the least likely first",
        "You begin with the least likely token. Sort downwards: the likeliest comes "
        "first.",
        _chosen(lambda p, t: _crossing(p, t, p.argsort(stable=True))),
    ),
    Mistake(
        "in the order of the ids",
        "You add up in the order of the ids. The likeliest token comes first: sort by "
        "probability before you add up.",
        _chosen(lambda p, t: _crossing(p, t, torch.arange(len(p)))),
    ),
    sorting_not_undone(_kept),
    Mistake(
        "the mask stays in sorted order",
        "You have counted correctly how many to keep, but then keep that many from "
        "the left. Yes and no are in sorted order, `p` is in the order of the ids: "
        "carry each yes back to the id that it belongs to.",
        _kept(lambda p, ids: keep(p, torch.arange(len(ids)))),
    ),
    Mistake(
        "carried back in the wrong direction",
        "You carry yes and no back to the ids in the wrong direction. `order` says which "
        "id stands at each sorted place: write with it, do not read with it.",
        _chosen(_wrong_way),
    ),
    not_divided(_kept),
    Mistake(
        "divided by top_p",
        "You divide by `top_p`, but the kept tokens mostly have more than that, as the "
        "last one crosses the line. Divide by their own sum.",
        lambda p, t: filtered(p, t, then=lambda p, ids: keep(p, ids, t)),
    ),
    larger_ids_of_equals(_chosen(lambda p, t: _crossing(p, t, later_first(p)))),
    all_as_likely(_kept, "the fewest that reach it, of equals the smaller ids"),
    only_kept_numbers(_kept, "the kept"),
    ids_of_the_kept(_kept),
    softmax_of_the_kept(_kept),
    Mistake(
        "nothing is refused",
        "A `top_p` that is no share gets through: 0, below 0, or above 1. It has to be "
        "above 0 and at most 1: raise a ValueError for all else.",
        partial(filtered, fine=lambda t: True),
    ),
    Mistake(
        "nothing is refused, and one always kept",
        "You always keep a token, and so a `top_p` of 0 or below gives an answer; above "
        "1, too. It has to be above 0 and at most 1: raise a ValueError for all else.",
        lambda p, t: filtered(p, min(max(t, 1e-9), 1.0)),
    ),
    Mistake(
        "0 is let through",
        "A `top_p` of 0 gets through. Nothing is kept then, and 0 is divided by 0: it "
        "has to be above 0.",
        partial(filtered, fine=lambda t: 0 <= t <= 1),
    ),
    Mistake(
        "above 1 is let through",
        "A `top_p` above 1 gets through. More than everything cannot be reached: raise a "
        "ValueError.",
        partial(filtered, fine=lambda t: t > 0),
    ),
    Mistake(
        "1 is refused",
        "A `top_p` of 1 is allowed: it keeps everything. Only beyond that is it an "
        "error.",
        partial(filtered, fine=lambda t: 0 < t < 1),
    ),
    an_assert(
        lambda p, t: filtered(p, t) if 0 < t <= 1 else stop(AssertionError),
        "A wrong `top_p`",
    ),
    Mistake(
        "two are always kept",
        "You always keep two tokens. Where the first one reaches the line alone, it is "
        "all that is kept.",
        _chosen(_before(lt, least=2)),
    ),
    Mistake(
        "always one too few",
        "You keep one token too few, but never none. What is kept has to reach `top_p`: "
        "the token that crosses the line belongs to it.",
        _chosen(lambda p, t: ranked(p)[: max(1, len(_crossing(p, t)) - 1)]),
    ),
    Mistake(
        "sorted by argsort",
        "Where several tokens are equally likely, `argsort` promises no order among "
        "them, so others than those with the smaller ids may be kept. With `stable=True` "
        "it keeps them in order.",
        _chosen(lambda p, t: _crossing(p, t, p.argsort(descending=True))),
    ),
    *(
        Mistake(
            name,
            "Your sums are not exact enough: a line just beside a border comes to lie on "
            "its other side. Add up in float32 at least, and compare without rounding "
            "or an allowance.",
            _chosen(choose),
        )
        for name, choose in (
            ("sums of two digits", _before(lt, add_up=_two_digits)),
            ("an allowance at the line", _before(lambda sums, t: sums < t - 1e-3)),
            ("an allowance above it", _before(lambda sums, t: sums < t + 1e-3)),
        )
    ),
    Mistake(
        "the dropped are −∞",
        "You put −∞ where a token is dropped, as with logits. These are probabilities: "
        "what is dropped gets 0, or nothing sums to one any more.",
        _kept(_infinite),
    ),
    zeros_in_p(_kept),
)

CHECK = Check(
    "keep_top_p",
    4,
    draw,
    oracle,
    MISTAKES,
    forbidden=COURSE,
    after=("keep_top_k",),
    worked=worked,
    atol=1e-30,
)
