"""greedy(logits): the id of the largest logit, of equals the smallest id.

The oracle is NumPy's argmax, which promises the first of equals. Logits far below zero,
and several that beat the first, show a loop that does not begin or go on as it should.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between
from autograder.checks._slips import tensor_for_integer
from autograder.checks._twins import twins
from autograder.checks.sample._material import (
    COURSE,
    different_eighths,
    eighths,
    model_logits,
    neighbours,
    softmax,
)


def oracle(logits: Tensor) -> int:
    return int(np.argmax(logits.numpy()))


def _falling(rng: np.random.Generator, n: int) -> Tensor:
    """Different logits, the largest first, which is so also when they are rounded."""
    logits = different_eighths(rng, n).sort(descending=True).values
    logits[0] += 1.125
    return logits


def _hardly(rng: np.random.Generator) -> Tensor:
    """The largest comes after one that float32 just tells from it."""
    logits = _falling(rng, 6).flip(0)
    logits -= logits[-2] - 2.0**-6
    logits[-1] = torch.nextafter(logits[-2], torch.tensor(torch.inf))
    return logits


def _by_a_quarter(rng: np.random.Generator) -> Tensor:
    """Both are the same whole number when they are rounded."""
    logits = _falling(rng, 6).flip(0)
    logits -= logits[-2] - 2
    logits[-1] = 2.25
    return logits


def draw(rng: np.random.Generator) -> list[Case]:
    # After the best come others that beat the first, but the last one never does.
    first = _falling(rng, 6)[[3, 4, 0, 1, 2, 5]]
    last = _falling(rng, 5).flip(0)
    below = _falling(rng, 5)[[2, 3, 0, 1, 4]] - 5
    deep = _falling(rng, 5)[[3, 0, 2, 1, 4]] - 2000
    few = eighths(rng, 8, most=8)
    few[torch.from_numpy(rng.choice(np.arange(1, 8), 3, replace=False))] = 2.0
    return [
        Case("six tokens", (first,)),
        Case("the likeliest token comes last", (last,)),
        Case("logits that are all below zero", (below,)),
        Case("logits far below zero", (deep,)),
        edge("several tokens equally likely", (few,)),
        edge("all tokens equally likely", (torch.full((4,), rng.normal()),)),
        edge("a vocabulary of one token", (torch.tensor([-1 - rng.random()]).float(),)),
        edge("the shipped model's logits", (model_logits(rng),)),
        edge("forty tokens equally likely", (torch.full((40,), rng.normal()),)),
        edge(
            "logits further below zero than any start",
            (deep - 2.0**124 * torch.arange(8, 13).flip(0),),
        ),
        edge("two that hardly differ", (_hardly(rng),)),
        edge("logits of hardly more than 0", (first * 2.0**-40,)),
        Case("the likeliest token comes first", (_falling(rng, 6),)),
        edge("two that differ by a quarter", (_by_a_quarter(rng),)),
        edge(
            "many tokens, of which the last two hardly differ",
            (torch.cat([eighths(rng, between(rng, 130, 140)), neighbours(rng, 2048)]),),
        ),
        *twins(
            oracle,
            lambda: (different_eighths(rng, 8),),
            "the logits",
            good=lambda logits: int(logits.argmax()) in (3, 5),
        ),
    ]


def found(
    logits: Tensor,
    see: Callable[[Tensor], Tensor] = lambda logits: logits,
    find: Callable[[Tensor], Any] = torch.argmax,
    give: Callable[[Tensor, int], Any] = lambda logits, i: i,
) -> Any:
    """The search with screws: `find` a place in what it does `see`, and `give` it."""
    place = find(see(logits))
    return place if place is None else give(logits, int(place))


def _from(low: float, none: int | None) -> Callable[[Tensor], int | None]:
    """The first of the largest above `low`, or else `none`."""
    return lambda logits: int(logits.argmax()) if logits.max() > low else none


def _last_of_equals(logits):
    return len(logits) - 1 - int(logits.flip(0).argmax())


def _against_the_first(logits):
    return int((logits > logits[0]).nonzero().max()) if logits[0] < logits.max() else 0


def _without(first: bool) -> Callable[[Tensor], int]:
    """One end of the logits is not looked at, if there are others."""

    def find(logits):
        if len(logits) == 1:
            return 0
        return 1 + int(logits[1:].argmax()) if first else int(logits[:-1].argmax())

    return find


def _sorted_by(how: str, find: Callable[[Tensor], Tensor]) -> Mistake:
    return Mistake(
        f"sorted by {how}",
        f"Where several tokens are equally likely, `{how}` promises no order among them, "
        "so another than the first may come out. `argmax` gives the first; a sort needs "
        "`stable=True` for that, and has to go downwards.",
        partial(found, find=find),
    )


def _rounded(name: str, see: Callable[[Tensor], Tensor]) -> Mistake:
    return Mistake(
        name,
        "Two logits that hardly differ become equal on the way, and then the smaller id "
        "wins. Compare the logits as they are: rounding them, or computing shares of "
        "them first, loses digits.",
        partial(found, see=see),
    )


MISTAKES = (
    Mistake(
        "the value instead of the id",
        "You give back how large the largest logit is. Return the position of the "
        "token that has it, counted from 0.",
        partial(found, give=lambda logits, i: float(logits[i])),
    ),
    Mistake(
        "the value, as a tensor",
        "You give back the largest logit itself, in a tensor. Return its position, "
        "counted from 0, as a plain integer.",
        partial(found, give=lambda logits, i: logits[i]),
    ),
    Mistake(
        "value and id",
        "You give back two things, the largest logit and its place. Along an axis, `max` "
        "and `topk` do that: only the place is wanted, as a plain integer.",
        lambda logits: tuple(logits.max(-1)),
    ),
    tensor_for_integer(oracle),
    Mistake(
        "the last of equals",
        "Where several tokens are equally likely you take the last one. Take the one "
        "with the smallest id: a later one must be strictly better to win.",
        partial(found, find=_last_of_equals),
    ),
    _sorted_by("topk", lambda logits: logits.topk(1).indices[0]),
    _sorted_by("argsort", lambda logits: logits.argsort(descending=True)[0]),
    Mistake(
        "sorted upwards, and the last",
        "Where several tokens are equally likely, a sort that goes upwards has the first "
        "of them nowhere near its end. Sort downwards, with `stable=True`, or ask for "
        "`argmax`.",
        partial(found, find=lambda logits: logits.argsort()[-1]),
    ),
    Mistake(
        "the least likely",
        "You take the least likely token. Did you sort upwards, or ask for the minimum?",
        partial(found, find=torch.argmin),
    ),
    Mistake(
        "the second best",
        "You take the second best token. Of what is sorted downwards, the best stands at "
        "place 0; upwards, at place -1.",
        partial(
            found,
            find=lambda logits: logits.argsort(descending=True, stable=True)[:2][-1],
        ),
    ),
    Mistake(
        "the search begins at 0",
        "Where all logits are below zero, none beats the one you begin with. Do not "
        "begin at 0: begin with the first logit.",
        partial(found, find=_from(0.0, 0)),
    ),
    Mistake(
        "the search begins at 0, and may find nothing",
        "Where all logits are below zero, none beats the 0 you begin with, and nothing "
        "is found. Begin with the first logit and its id.",
        partial(found, find=_from(0.0, None)),
    ),
    *(
        Mistake(
            f"the search begins {how} high{end}",
            "Where all logits lie far below zero, none beats the number that you begin "
            f"with, however low it looked{then}. Begin with the first logit itself"
            f"{and_id}.",
            partial(found, find=_from(low, none)),
        )
        for how, low in (("too", -1000.0), ("still too", -1e9))
        for none, end, then, and_id in (
            (0, "", "", ""),
            (-1, ", and may find -1", ", and you give back -1", ", and its id"),
            (None, ", and may find nothing", ", and nothing is found", ", and its id"),
        )
    ),
    Mistake(
        "compared with the first only",
        "You give back the last token that beats the first one. When a better one is "
        "found, both have to change: its id, and the value that the next must beat.",
        partial(found, find=_against_the_first),
    ),
    Mistake(
        "the first is never looked at",
        "The first token never wins. Its place is 0: does your loop begin at 1, or with "
        "another value to beat?",
        partial(found, find=_without(first=True)),
    ),
    Mistake(
        "the last is never looked at",
        "The last token never wins. Look again at where your loop ends.",
        partial(found, find=_without(first=False)),
    ),
    Mistake(
        "the end of the first round",
        "You always give back id 0. Does `return` stand inside the loop? It has to wait "
        "until all logits have been seen.",
        lambda logits: 0,
    ),
    Mistake(
        "without its sign",
        "You look at the size of a logit and forget its sign. A logit of -3 is a bad "
        "one, however far from zero it is.",
        partial(found, see=torch.abs),
    ),
    Mistake(
        "counted from 1",
        "Your ids are one too large. The first token has the id 0.",
        partial(found, give=lambda logits, i: i + 1),
    ),
    Mistake(
        "counted from the end",
        "You count from the end of the logits. The first token has the id 0.",
        partial(found, give=lambda logits, i: len(logits) - 1 - i),
    ),
    Mistake(
        "a list of all the best",
        "You give back a list of all tokens that have the largest logit. Return one "
        "id, the smallest of them.",
        lambda logits: (logits == logits.max()).nonzero()[:, 0].tolist(),
    ),
    Mistake(
        "always the last place",
        "You always give back the last id. Is a variable of the loop given back, "
        "instead of the best place that it has seen?",
        lambda logits: len(logits) - 1,
    ),
    _rounded("digits are lost", softmax),
    _rounded("rounded to whole numbers", torch.round),
)

CHECK = Check("greedy", 1, draw, oracle, MISTAKES, forbidden=COURSE)
