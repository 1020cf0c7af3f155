"""greedy(logits): the id of the largest logit, of equals the smallest id.

The oracle is NumPy's argmax, which promises the first of equals. Logits far below zero,
and several that beat the first, show a loop that does not begin or go on as it should.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._slips import Answer, tensor_for_integer
from autograder.checks.sample._material import (
    COURSE,
    different_eighths,
    eighths,
    model_logits,
)


def oracle(logits: Tensor) -> int:
    return int(np.argmax(logits.numpy()))


def _falling(rng: np.random.Generator, n: int) -> Tensor:
    """Different logits, the largest first."""
    return different_eighths(rng, n).sort(descending=True).values


def _hardly(rng: np.random.Generator) -> Tensor:
    """The largest comes after one that float32 just tells from it."""
    logits = _falling(rng, 6).flip(0)
    logits -= logits[-2] - 2.0**-6
    logits[-1] = torch.nextafter(logits[-2], torch.tensor(torch.inf))
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
        Case("the shipped model's logits", (model_logits(rng),)),
        edge("forty tokens equally likely", (torch.full((40,), rng.normal()),)),
        edge(
            "logits further below zero than any start",
            (deep - 2.0**100 * torch.arange(1, 6).flip(0),),
        ),
        edge("two that hardly differ", (_hardly(rng),)),
    ]


def _from(low: float, none: int | None) -> Answer:
    """The first of the largest above `low`, or else `none`."""

    def answer(logits):
        return int(logits.argmax()) if logits.max() > low else none

    return answer


def _against_the_first(logits):
    return int((logits > logits[0]).nonzero().max()) if logits[0] < logits.max() else 0


MISTAKES = (
    Mistake(
        "the value instead of the id",
        "You give back how large the largest logit is. Return the position of the "
        "token that has it, counted from 0.",
        lambda logits: float(logits.max()),
    ),
    Mistake(
        "the value, as a tensor",
        "You give back the largest logit itself, in a tensor. Return its position, "
        "counted from 0, as a plain integer.",
        lambda logits: logits.max(),
    ),
    tensor_for_integer(oracle),
    Mistake(
        "the last of equals",
        "Where several tokens are equally likely you take the last one. Take the one "
        "with the smallest id: a later one must be strictly better to win.",
        lambda logits: len(logits) - 1 - int(logits.flip(0).argmax()),
    ),
    Mistake(
        "the least likely",
        "You take the least likely token. Did you sort upwards, or ask for the minimum?",
        lambda logits: int(logits.argmin()),
    ),
    Mistake(
        "the search begins at 0",
        "Where all logits are below zero, none beats the one you begin with. Do not "
        "begin at 0: begin with the first logit.",
        lambda logits: int(logits.clamp(min=0).argmax()),
    ),
    Mistake(
        "the search begins at 0, and may find nothing",
        "Where all logits are below zero, none beats the 0 you begin with, and nothing "
        "is found. Begin with the first logit and its id.",
        _from(0.0, None),
    ),
    Mistake(
        "the search begins too high",
        "Where all logits lie far below zero, none beats the number that you begin with, "
        "however low it looked. Begin with the first logit itself.",
        _from(-1000.0, 0),
    ),
    Mistake(
        "the search begins too high, and may find nothing",
        "Where all logits lie far below zero, none beats the number that you begin with, "
        "and nothing is found. Begin with the first logit itself, and its id.",
        _from(-1000.0, None),
    ),
    Mistake(
        "compared with the first only",
        "You give back the last token that beats the first one. When a better one is "
        "found, both have to change: its id, and the value that the next must beat.",
        _against_the_first,
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
        lambda logits: int(logits.abs().argmax()),
    ),
    Mistake(
        "counted from 1",
        "Your ids are one too large. The first token has the id 0.",
        lambda logits: int(logits.argmax()) + 1,
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
)

CHECK = Check("greedy", 1, draw, oracle, MISTAKES, forbidden=COURSE)
