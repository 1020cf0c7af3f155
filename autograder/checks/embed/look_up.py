"""look_up: a row of the table for each id, whatever the shape of the ids."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between, large, stop
from autograder.checks._slips import (
    double_precision,
    list_of_rows,
    lists_of_numbers,
    only_the_first,
    only_the_last,
)
from autograder.checks._twins import twins
from autograder.checks.embed._material import (
    LIBRARIES,
    TABLES,
    decimals,
    different,
    ids_indexed,
    ids_used_twice,
    tensor_of,
    word_rows,
)


def oracle(ids: Tensor, wte: Tensor) -> Tensor:
    return functional.embedding(ids, wte)


_BOTH_SIGNS = torch.tensor([[1.0], [-1.0], [1.0]])


def draw(rng: np.random.Generator) -> list[Case]:
    a, b, c = different(rng, 6, 3)
    if a < b < c:  # then the ids would say nothing of their order
        a, c = c, a
    n = between(rng, 5, 9)
    words, _ = word_rows(rng, 12)
    return [
        Case("three ids", (tensor_of([a, b, c]), decimals(rng, 6, 2))),
        Case(
            "a token that comes twice",
            (tensor_of([b, c, a, b]), decimals(rng, 6, 3)),
        ),
        Case(
            "the first and the last row of the table",
            (tensor_of([n - 1, 0]), decimals(rng, n, 4)),
        ),
        edge(
            "a single id",
            (tensor_of([between(rng, 1, n - 1)]), decimals(rng, n, 3)),
        ),
        Case(
            "more ids than the table has rows",
            (
                tensor_of([*different(rng, 4, 4), *different(rng, 4, 3)]),
                decimals(rng, 4, 4),
            ),
        ),
        Case(
            "rows of the course's own model",
            (tensor_of(different(rng, 12, 6)), words),
        ),
        Case(
            "a batch of texts",
            (tensor_of(rng.integers(0, 7, (2, 3))), decimals(rng, 7, 4)),
        ),
        Case(
            "a long text",
            (
                tensor_of(rng.integers(0, 7, between(rng, 1025, 1100))),
                decimals(rng, 7, 2),
            ),
        ),
        Case(
            "a large table",
            (
                tensor_of([between(rng, 2050, 2099), *different(rng, 2100, 4)]),
                decimals(rng, 2100, 1),
            ),
        ),
        edge(
            "a batch of one text",
            (tensor_of(rng.integers(0, 7, (1, 4))), decimals(rng, 7, 4)),
        ),
        edge(
            "ids and a table that lie across in memory",
            (
                across(tensor_of(rng.integers(0, 7, (2, 3)))),
                across(decimals(rng, 7, 132)),
            ),
        ),
        edge("a table of one row", (tensor_of([0, 0]), decimals(rng, 1, 3))),
        edge(
            "a batch of many texts",
            (
                tensor_of(rng.integers(0, 7, (between(rng, 129, 140), 2))),
                decimals(rng, 7, 3),
            ),
        ),
        edge(
            "very large numbers, one in each row",
            (tensor_of([2, 0, 1]), large(rng, 3, 1) * _BOTH_SIGNS * 2**12),
        ),
        edge(
            "as many texts as tokens",
            (tensor_of(rng.permutation(9).reshape(3, 3)), decimals(rng, 9, 3)),
        ),
        *twins(
            oracle,
            lambda: (tensor_of(rng.permutation(6)), decimals(rng, 6, 2)),
            "the ids",
            "the table",
        ),
    ]


def _last_row(ids: Tensor, wte: Tensor) -> Tensor:
    for i in ids:
        x = wte[i]
    return x


def _row_by_row(ids: Tensor, wte: Tensor) -> Tensor:
    x = torch.zeros(len(ids), wte.shape[1])
    for t in range(len(ids)):
        x[t] = wte[ids[t]]
    return x


MISTAKES = (
    Mistake(
        "rows counted from one",
        "Each vector is the row above the right one. Ids count from 0, and so do the "
        "rows of a tensor: the id itself is the number of its row.",
        lambda ids, wte: wte[ids - 1],
    ),
    Mistake(
        "columns instead of rows",
        "You take columns of the table. Token i is row i, and a tensor's first index "
        "counts its rows.",
        lambda ids, wte: wte[:, ids],
    ),
    Mistake(
        "the answer lies on its side",
        "The right vectors, but as columns. The answer has one row per token: its "
        "shape is that of the ids, followed by C.",
        lambda ids, wte: wte[ids].permute(*reversed(range(ids.ndim + 1))),
    ),
    Mistake(
        "rows counted from the end",
        "You count the rows from the end of the table, or turn it around. The id itself is "
        "the number of its row.",
        lambda ids, wte: wte.flip(0)[ids],
    ),
    Mistake(
        "the row after",
        "Each vector is the row below the right one. Ids count from 0, and so do the rows "
        "of a tensor: the id itself is the number of its row.",
        lambda ids, wte: wte.roll(-1, 0)[ids],
    ),
    Mistake(
        "the text in reverse order",
        "The right rows, but the last token comes first. They stand in the order of the "
        "text.",
        lambda ids, wte: wte[ids].flip(ids.ndim - 1),
    ),
    Mistake(
        "row 0 as zeros",
        "Token 0 gets zeros. It is a token like all others, and its row is row 0.",
        lambda ids, wte: wte[ids] * (ids != 0)[..., None],
    ),
    Mistake(
        "rows at length 1",
        "You bring the rows to length 1. They are taken from the table as they are.",
        lambda ids, wte: wte[ids] / wte[ids].norm(dim=-1, keepdim=True),
    ),
    Mistake(
        "rows times √C",
        "You multiply the rows by √C, as the first transformers did. They are taken from "
        "the table as they are.",
        lambda ids, wte: wte[ids] * wte.shape[1] ** 0.5,
    ),
    Mistake(
        "texts and tokens exchanged",
        "Right for one text. In a batch, texts and tokens have changed places: the answer "
        "has the shape of the ids, followed by C.",
        lambda ids, wte: wte[ids.mT if ids.ndim > 1 else ids],
    ),
    Mistake(
        "a batch in one long text",
        "Right for one text. A batch has become one long text: the answer has the shape of "
        "the ids, followed by C.",
        lambda ids, wte: wte[ids.flatten()],
    ),
    Mistake(
        "the numbers of all rows added up",
        "Each token has become a single number. It gets the whole row of the table, C "
        "numbers.",
        lambda ids, wte: wte[ids].sum(-1),
    ),
    Mistake(
        "one number of each row",
        "Each token has only one number, for a second index picks one column. It gets the "
        "whole row of the table.",
        lambda ids, wte: wte[ids, 0],
    ),
    Mistake(
        "the first rows, whatever the ids",
        "You give the first T rows of the table, whatever the ids are. The ids say "
        "which rows to take, and in which order.",
        lambda ids, wte: wte[: len(ids)],
    ),
    Mistake(
        "repeated tokens are lost",
        "A token that comes twice in the text has only one vector here, or the order "
        "has changed. Is there a `set` or a `unique`? Every id gets its row, in the "
        "order of the text.",
        lambda ids, wte: wte[ids.unique()],
    ),
    only_the_first(
        lambda ids, wte: wte[ids[0]], "token's row", name="only the first token"
    ),
    only_the_last(_last_row, "token's row", name="only the last token"),
    list_of_rows(
        oracle, more="Or give the table all the ids at once, which needs no loop."
    ),
    lists_of_numbers(oracle, more="Is there a `tolist` to leave out?"),
    Mistake(
        "torch.tensor on a list of tensors",
        "`torch.tensor` makes a tensor of numbers and cannot take rows that are tensors "
        "already. `torch.stack` can; and a table given all the ids at once needs "
        "neither.",
        lambda ids, wte: stop(ValueError),
    ),
    Mistake(
        "one long vector",
        "All the right numbers in one row, end to end. Each token keeps a vector of its "
        "own: put the rows one under the other (stack), not one after the other (cat).",
        lambda ids, wte: torch.cat([wte[i] for i in ids]),
    ),
    double_precision(oracle),
    Mistake(
        "the mean of the text",
        "You average the vectors, so the text has become a single one and its order is "
        "lost. Each token keeps its own row.",
        lambda ids, wte: wte[ids].mean(-2),
    ),
    Mistake(
        "one vector for the whole text",
        "The vectors are added up, so the text has become a single one and its order is "
        "lost. Each token keeps its own row.",
        lambda ids, wte: wte[ids].sum(-2),
    ),
    Mistake(
        "no batches",
        "A single text is right. In a batch, your loop takes whole texts for tokens. "
        "A table that is given all ids at once needs no loop, whatever the shape.",
        _row_by_row,
    ),
    ids_used_twice(lambda ids, wte: wte[ids, ids]),
    ids_indexed(lambda ids, wte: ids[wte]),
    Mistake(
        "the table called like a function",
        "`wte` is a tensor and not a function: round brackets call, square brackets "
        "take rows.",
        lambda ids, wte: wte(ids),
    ),
)

CHECK = Check(
    "look_up",
    2,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES + TABLES,
    rtol=0.0,
    atol=0.0,
)
