"""unembed(x, wte): a logit for every token of the table, at every vector.

The oracle is torch's linear map in float64. A table with as many tokens as columns
shows what is not turned; one vector and a batch show what is made for rows alone.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between
from autograder.checks.sample._material import COURSE, eighths, shipped, softmax, story


def oracle(x: Tensor, wte: Tensor) -> Tensor:  # (..., C), (n, C) -> (..., n)
    return torch.nn.functional.linear(x.double(), wte.double()).float()


def draw(rng: np.random.Generator) -> list[Case]:
    model, _ = shipped()
    wte = model.weights["wte.weight"].float()  # (n_vocab, C)
    x = model.trace(story(rng), "norm")["norm"][0].float()  # (T, C)
    rows = np.sort(rng.choice(len(wte), 40, replace=False))
    places = np.sort(rng.choice(len(x), 3, replace=False))
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
            "a long text", (eighths(rng, between(rng, 33, 40), 4), eighths(rng, 6, 4))
        ),
        Case("as many vectors as columns", (eighths(rng, 5, 5), eighths(rng, 3, 5))),
        Case(
            "many tokens", (eighths(rng, 2, 4), eighths(rng, between(rng, 33, 40), 4))
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
    ]


def _cosines(x, wte):
    unit = torch.nn.functional.normalize
    return unit(x, dim=-1) @ unit(wte, dim=-1).T


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
        lambda x, wte: softmax(x @ wte.T),
    ),
    Mistake(
        "only the last vector",
        "Only the last vector has been unembedded. `unembed` does it for every vector "
        "that it is given; which of them is used is decided later.",
        lambda x, wte: (x if x.ndim < 2 else x[..., -1, :]) @ wte.T,
    ),
    Mistake(
        "the likeliest ids",
        "You give back ids. Return all the logits: a number for each token of the "
        "table, before anything is chosen.",
        lambda x, wte: (x @ wte.T).argmax(-1),
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
)

CHECK = Check("unembed", 2, draw, oracle, MISTAKES, forbidden=COURSE)
