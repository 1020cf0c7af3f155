"""unembed(x, wte): a logit for every token of the table, at every vector.

The oracle is torch's linear map in float64. A table with as many tokens as columns
shows what is not turned; one vector and a batch show what is made for rows alone.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between, singles, tenths
from autograder.checks._slips import Answer, double_precision, list_of_rows
from autograder.checks._twins import mirrored, twins
from autograder.checks.sample._material import COURSE, eighths, shipped, softmax, story


def oracle(x: Tensor, wte: Tensor) -> Tensor:  # (..., C), (n, C) -> (..., n)
    return torch.nn.functional.linear(x.double(), wte.double()).float()


def draw(rng: np.random.Generator) -> list[Case]:
    model, _ = shipped()
    wte = model.weights["wte.weight"].float()  # (n_vocab, C)
    x = model.trace(story(rng), "norm")["norm"][0].float()  # (T, C)
    rows = np.sort(rng.choice(len(wte), 40, replace=False))
    places = np.sort(rng.choice(len(x), 3, replace=False))
    heights = torch.tensor([[200.0], [0.0], [-200.0]])
    n_columns = between(rng, 257, 270)
    return [
        Case("two vectors and three tokens", (eighths(rng, 2, 4), eighths(rng, 3, 4))),
        Case(
            "as many tokens as columns",
            (eighths(rng, 3, 5), eighths(rng, 5, 5)),
        ),
        Case("one vector alone", (eighths(rng, 6), eighths(rng, 4, 6))),
        Case("a batch of texts", (eighths(rng, 2, 3, 4), eighths(rng, 6, 4))),
        Case(
            "vectors and table of the course's own model",
            (x[places].clone(), wte[rows].clone()),
        ),
        Case(
            "a long text", (eighths(rng, between(rng, 257, 270), 4), eighths(rng, 6, 4))
        ),
        Case("as many vectors as columns", (eighths(rng, 5, 5), eighths(rng, 3, 5))),
        Case(
            "many tokens", (eighths(rng, 2, 4), eighths(rng, between(rng, 257, 270), 4))
        ),
        edge(
            "as many texts, vectors, columns and tokens",
            (eighths(rng, 4, 4, 4), eighths(rng, 4, 4)),
        ),
        edge("a batch of one text", (eighths(rng, 1, 3, 4), eighths(rng, 6, 4))),
        edge(
            "vectors and a table that lie across in memory",
            (across(eighths(rng, 2, 5, 4)), across(eighths(rng, 6, 4))),
        ),
        edge("a single token", (eighths(rng, 2, 4), eighths(rng, 1, 4))),
        edge(
            "a batch of many texts",
            (eighths(rng, between(rng, 257, 270), 2, 4), eighths(rng, 6, 4)),
        ),
        edge(
            "vectors of many numbers",
            (eighths(rng, 2, n_columns), eighths(rng, 3, n_columns)),
        ),
        edge("vectors of one number", (tenths(rng, 2, 1, 1), tenths(rng, 3, 1))),
        edge(
            "large numbers",
            tuple(2.0**20 * (eighths(rng, 3, 4) + h) for h in (heights, -heights)),
        ),
        edge("one vector, and one token", (eighths(rng, 4), eighths(rng, 1, 4))),
        edge(
            "one vector, and as many tokens as columns",
            (eighths(rng, 4), eighths(rng, 4, 4)),
        ),
        edge("a batch of single vectors", (eighths(rng, 3, 1, 4), eighths(rng, 5, 4))),
        edge("a batch, and one token", (eighths(rng, 2, 3, 4), eighths(rng, 1, 4))),
        *singles(lambda *one: (eighths(rng, *one), eighths(rng, 1, 1)), 1, 2, 3),
        *twins(
            oracle,
            lambda: tuple(mirrored(rng, eighths(rng, 7, 2)) for _ in range(2)),
            "the vectors",
            "the table",
        ),
    ]


def unembedded(
    x: Tensor,
    wte: Tensor,
    see: Callable[[Tensor], Tensor] = lambda x: x,
    look: Callable[[Tensor], Tensor] = lambda wte: wte,
    then: Callable[[Tensor], Any] = lambda logits: logits,
) -> Any:
    """The product, with screws at the vectors, at the table, and behind it."""
    return then(see(x) @ look(wte).T)


_unit = partial(torch.nn.functional.normalize, dim=-1)


def _normed(x: Tensor) -> Tensor:
    return torch.nn.functional.layer_norm(x, x.shape[-1:])


def _then(change: Callable[[Tensor], Any]) -> Answer:
    return partial(unembedded, then=change)


def _cosines(x, wte):
    return unembedded(x, wte, see=_unit, look=_unit)


def _distances(x, wte):
    return -(x.unsqueeze(-2) - wte).square().sum(-1).sqrt()


MISTAKES = (
    Mistake(
        "the table is not turned",
        "Multiply with the table turned over. Every column of what stands on the right "
        "of the product must hold one token's vector, and in `wte` each token is a row.",
        lambda x, wte: x @ wte,
    ),
    Mistake(
        "the table first",
        "This works for one vector alone; with rows of vectors it ends in an error. In "
        "one product each row of `x` can meet each token: put `x` first, and turn the "
        "table over, so that each of its columns is a token.",
        lambda x, wte: wte @ x,
    ),
    Mistake(
        "for one vector alone",
        "This works for one vector alone: there each row of the table meets the vector. "
        "With rows of vectors, the first meets the first, or nothing fits. One product "
        "of two matrices lets each meet each.",
        lambda x, wte: (x * wte).sum(-1),
    ),
    Mistake(
        "for one vector alone, by `dot`",
        "This works for one vector alone: `dot` takes two vectors and nothing else. One "
        "product of two matrices lets each vector meet each row of the table.",
        lambda x, wte: torch.stack([torch.dot(x, row) for row in wte]),
    ),
    Mistake(
        "reshaped instead of turned",
        "The shape is right, the numbers are not. `reshape` and `view` pour the numbers "
        "into another shape in the order in which they lie there; to exchange rows and "
        "columns, transpose.",
        lambda x, wte: x @ wte.reshape(wte.shape[::-1]),
    ),
    Mistake(
        "tokens in rows, places in columns",
        "These are the right numbers, but turned: you have a row for each token. The "
        "answer should have a row for each vector of `x`, with a number for each "
        "token in it. Which of the two stands first in the product?",
        lambda x, wte: wte @ x.permute(*reversed(range(x.ndim))),
    ),
    Mistake(
        "tokens first",
        "You go through the tokens and stack what comes out, so the tokens are the first "
        "axis. They belong last: a row of logits for each vector of `x`.",
        lambda x, wte: torch.stack([x @ row for row in wte]),
    ),
    Mistake(
        "multiplied, not added up",
        "You multiply number by number. A logit is a dot product: multiply a vector "
        "with a token's row, and add up the products.",
        lambda x, wte: x * wte,
    ),
    Mistake(
        "cosines",
        "You divide by the lengths, so these are cosines. A logit is the plain dot "
        "product: a token with a longer row may get a larger one.",
        _cosines,
    ),
    Mistake(
        "distances",
        "You measure distances. How well a vector fits a token is told by their dot "
        "product here: large where both point the same way.",
        _distances,
    ),
    Mistake(
        "divided by the root",
        "You divide by a square root, as attention does with its scores. Logits are not "
        "scaled: the dot products are all there is.",
        lambda x, wte: x @ wte.T / x.shape[-1] ** 0.5,
    ),
    Mistake(
        "probabilities already",
        "You have gone a step too far: each row sums to one already. Give back the dot "
        "products themselves; the next step makes probabilities of them.",
        _then(softmax),
    ),
    Mistake(
        "only the last vector",
        "Only the last vector has been unembedded. `unembed` does it for every vector "
        "that it is given; which of them is used is decided later.",
        partial(unembedded, see=lambda x: x if x.ndim < 2 else x[..., -1, :]),
    ),
    Mistake(
        "the likeliest ids",
        "You give back ids. Return all the logits: a number for each token of the "
        "table, before anything is chosen.",
        _then(lambda logits: logits.argmax(-1)),
    ),
    Mistake(
        "looked up",
        "You look up rows of the table, as Embed does with ids. But `x` holds "
        "vectors, not ids: each of them should be compared with every row, by a dot "
        "product.",
        lambda x, wte: wte[x],
    ),
    Mistake(
        "added up over the tokens",
        "You multiply number by number, which works for one vector alone, and then "
        "add up over the wrong axis: one sum per column. Each token needs its own "
        "sum, over its row. One matrix product does that for all vectors.",
        lambda x, wte: (x * wte).sum(0),
    ),
    Mistake(
        "a list of tensors",
        "The logits come as a list, one tensor per token. One product of two matrices "
        "does it all at once, and gives a single tensor.",
        lambda x, wte: [x @ row for row in wte],
    ),
    Mistake(
        "every vector is a sum over the table",
        "You add up the table's rows first, so all tokens get the same logit, or there "
        "is only one. Each token needs a dot product of its own.",
        lambda x, wte: x @ wte.sum(0),
    ),
    *(
        Mistake(
            f"{what} of length 1",
            f"You make every {which} 1 long before the product. A logit is the plain dot "
            "product: lengths count.",
            answer,
        )
        for what, which, answer in (
            ("vectors", "vector", partial(unembedded, see=_unit)),
            ("rows of the table", "row of the table", partial(unembedded, look=_unit)),
        )
    ),
    Mistake(
        "normed vectors",
        "You norm the vectors first. That has been done when they come here: multiply "
        "them as they are.",
        partial(unembedded, see=_normed),
    ),
    Mistake(
        "the mean taken away",
        "The mean of each row is taken away. That changes no share, but logits are the "
        "plain dot products.",
        _then(lambda logits: logits - logits.mean(-1, keepdim=True)),
    ),
    Mistake(
        "the largest taken away",
        "The largest of each row is taken away. That is for the next step: logits are "
        "the plain dot products.",
        _then(lambda logits: logits - logits.amax(-1, keepdim=True)),
    ),
    *(
        Mistake(
            f"only what is {which} in `x`",
            f"You take the {which} of `x`, which has another meaning for one vector, for "
            "several, and for a batch. `unembed` does it for every vector that it is "
            "given.",
            partial(unembedded, see=lambda x, at=at: x[at]),
        )
        for which, at in (("first", 0), ("last", -1))
    ),
    Mistake(
        "the first vector only",
        "Only the first vector has been unembedded. `unembed` does it for every vector "
        "that it is given.",
        partial(unembedded, see=lambda x: x if x.ndim < 2 else x[..., 0, :]),
    ),
    Mistake(
        "the mean of the vectors",
        "You take the mean of the vectors first. Each of them gets logits of its own.",
        partial(unembedded, see=lambda x: x if x.ndim < 2 else x.mean(-2)),
    ),
    Mistake(
        "turned only where it does not fit",
        "Where the table is square, it is not turned. Whether shapes fit does not tell "
        "which axis is which: a token is always a row of `wte`.",
        lambda x, wte: x @ (wte if x.shape[-1] == wte.shape[0] else wte.T),
    ),
    Mistake(
        "the vectors turned where they fit",
        "Where there are as many vectors as columns, you turn the vectors. Whether shapes "
        "fit does not tell which axis is which: a vector is always a row of `x`.",
        partial(
            unembedded,
            see=lambda x: x.mT if x.ndim > 1 and x.shape[-1] == x.shape[-2] else x,
        ),
    ),
    Mistake(
        "divided by the number of columns",
        "You divide by the number of columns, as for a mean. A dot product is a sum.",
        lambda x, wte: x @ wte.T / x.shape[-1],
    ),
    Mistake(
        "without signs",
        "You forget the signs: a negative logit tells that a token does not fit.",
        _then(torch.abs),
    ),
    Mistake(
        "for matrices only",
        "This works for rows of vectors, and neither for one vector alone nor for a "
        "batch: letters of `einsum`, `mm` and `.T` fit one number of axes. `@` takes any "
        "in front of the last.",
        lambda x, wte: torch.mm(x, wte.T),
    ),
    double_precision(oracle),
    list_of_rows(oracle),
)

CHECK = Check("unembed", 2, draw, oracle, MISTAKES, forbidden=COURSE)
