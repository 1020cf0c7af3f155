"""one_hot: a matrix with a single 1 in each row, at its token's id.

The largest id is never the last one of the vocabulary, but where that is asked, so that
the width cannot be guessed from the text. Where every id comes once, their order is not
its own inverse: rows and columns cannot be mixed up unseen.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between, drawn_until, some
from autograder.checks._slips import double_precision, lists_of_numbers
from autograder.checks._twins import twins
from autograder.checks.embed._material import (
    LIBRARIES,
    different,
    shipped,
    tensor_of,
)


def oracle(ids: Tensor, n_vocab: int) -> Tensor:
    return functional.one_hot(ids, n_vocab).float()


def draw(rng: np.random.Generator) -> list[Case]:
    n = between(rng, 7, 12)
    first = different(rng, n - 1, 3)
    if first == sorted(first):
        first.reverse()
    again = different(rng, n + 1, 3)
    m, many = between(rng, 30, 400), between(rng, 7, 9)
    middle = between(rng, 1, m - 2)
    order = drawn_until(_mixed, lambda: tuple(rng.permutation(many).tolist()))
    _, _, words = shipped()
    told = [words[word] for word in some(rng, sorted(words), 4)]
    return [
        Case("three ids", (tensor_of(first), n)),
        Case("a token that comes twice", (tensor_of([*again, again[0]]), n + 2)),
        Case("the first and the last id", (tensor_of([m - 1, middle, 0]), m)),
        edge(
            "a single id of a large vocabulary",
            (tensor_of([2 * between(rng, 1025, 1048) + 1]), 2100),
        ),
        Case("every id once", (tensor_of(order), many)),
        Case("words of the course's own model", (tensor_of(told), 588)),
        Case(
            "a long text", (tensor_of(rng.integers(0, 3, between(rng, 1025, 1100))), 3)
        ),
        edge("a vocabulary of one token", (tensor_of([0, 0]), 1)),
        *twins(
            oracle,
            lambda: (tensor_of(rng.permutation(6)), between(rng, 6, 9)),
            "the ids",
            "the size of the vocabulary",
            others={1: 10},
        ),
    ]


def _mixed(*order: int) -> bool:
    """Neither 0, 1, 2 and so on nor its own inverse."""
    places = tuple(range(len(order)))
    return order not in (places, tuple(order.index(i) for i in places))


def _plain(ids: Tensor, n_vocab: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return (ids[:, None] == torch.arange(n_vocab)).to(dtype)


def _whole_rows(ids: Tensor, n_vocab: int) -> Tensor:
    x = torch.zeros(len(ids), n_vocab)
    x[ids] = 1
    return x


def _all_in_every_row(ids: Tensor, n_vocab: int) -> Tensor:
    x = torch.zeros(len(ids), n_vocab)
    x[:, ids] = 1
    return x


MISTAKES = (
    Mistake(
        "all the ids in every row",
        "Every row has the ones of the whole text. Row t has a single one, at its own "
        "token's id: for each t there is one pair (t, ids[t]).",
        _all_in_every_row,
    ),
    Mistake(
        "whole rows of ones",
        "You use an id as the number of a row. The rows here are the tokens of the "
        "text, 0 to T − 1; the id says in which column the one stands.",
        _whole_rows,
    ),
    Mistake(
        "the ones on the diagonal",
        "Row t has its one in column t. It does not matter where the token stands in "
        "the text: its id tells the column.",
        lambda ids, n_vocab: torch.eye(len(ids), n_vocab),
    ),
    Mistake(
        "one row for the whole text",
        "You give one row for all tokens. Each token has a row of its own, with a "
        "single one in it.",
        lambda ids, n_vocab: _plain(ids, n_vocab).amax(0),
    ),
    Mistake(
        "whole numbers",
        "The places are right, but these are whole numbers. PyTorch multiplies "
        "matrices of one kind only, and the table is float32: make yours float32 too.",
        partial(_plain, dtype=torch.int64),
    ),
    Mistake(
        "True and False",
        "The places are right, but these are truth values. To multiply a table by them "
        "they must be the numbers 1 and 0, as float32.",
        partial(_plain, dtype=torch.bool),
    ),
    double_precision(oracle, more="The table is float32."),
    Mistake(
        "the matrix on its side",
        "Yours has a column for each token of the text. It should have a row for each, "
        "and a column for each id of the vocabulary.",
        lambda ids, n_vocab: _plain(ids, n_vocab).T,
    ),
    Mistake(
        "columns counted from one",
        "The ones stand one column too far left. Columns count from 0, as the ids do: "
        "id 0 has its one in the first column.",
        lambda ids, n_vocab: _plain(ids, n_vocab).roll(-1, 1),
    ),
    Mistake(
        "the id itself instead of a one",
        "The right places hold the id. In a one-hot row the place says which token it "
        "is; the number there is always 1.",
        lambda ids, n_vocab: _plain(ids, n_vocab) * ids[:, None],
    ),
    Mistake(
        "only as wide as the largest id",
        "Your matrix ends at the largest id of this text. Its width must not depend on "
        "the text: the table has `n_vocab` rows, so this needs `n_vocab` columns.",
        lambda ids, n_vocab: _plain(ids, int(ids.max()) + 1),
    ),
    Mistake(
        "one column too many",
        "There is one column too many. The ids run from 0 to n_vocab − 1, so there are "
        "`n_vocab` of them already.",
        lambda ids, n_vocab: _plain(ids, n_vocab + 1),
    ),
    Mistake(
        "nearly one",
        "The right places hold nearly 1. It is exactly 1 there, and exactly 0 elsewhere: "
        "the table's row then comes out as it is.",
        lambda ids, n_vocab: _plain(ids, n_vocab) * 0.9999,
    ),
    Mistake(
        "a softmax",
        "Your rows are shares, and no number in them is 0. A one-hot row is exactly 1 at "
        "the token's id and exactly 0 elsewhere.",
        lambda ids, n_vocab: _plain(ids, n_vocab).softmax(-1),
    ),
    Mistake(
        "nothing for token 0",
        "Token 0 gets a row of zeros. It is a token like all others: its row has a 1 in "
        "column 0.",
        lambda ids, n_vocab: _plain(ids, n_vocab) * (ids != 0)[:, None],
    ),
    Mistake(
        "columns counted one too far",
        "The ones stand one column too far right. Columns count from 0, as the ids do.",
        lambda ids, n_vocab: _plain(ids, n_vocab).roll(1, 1),
    ),
    Mistake(
        "one column too few",
        "There is one column too few. The ids run from 0 to n_vocab − 1, so there are "
        "`n_vocab` of them.",
        lambda ids, n_vocab: _plain(ids, n_vocab)[:, :-1],
    ),
    Mistake(
        "columns from the end",
        "The ones stand as far from the right as they should from the left. Columns count "
        "from 0, from the left.",
        lambda ids, n_vocab: _plain(ids, n_vocab).flip(1),
    ),
    Mistake(
        "everything up to the id",
        "Each row has ones up to the token's id, or from it on. There is a single 1, at "
        "the id itself.",
        lambda ids, n_vocab: (ids[:, None] >= torch.arange(n_vocab)).float(),
    ),
    Mistake(
        "minus ones for zeros",
        "Elsewhere stands −1. It is **0** there, so that the other rows of the table play "
        "no part.",
        lambda ids, n_vocab: 2 * _plain(ids, n_vocab) - 1,
    ),
    Mistake(
        "the vocabulary's matrix",
        "You give a square with a row for each id of the vocabulary. There is a row for "
        "each **token** of the text.",
        lambda ids, n_vocab: torch.eye(n_vocab),
    ),
    Mistake(
        "repeated tokens are lost",
        "A token that comes twice in the text has only one row here, or the order has "
        "changed. Is there a `set` or a `unique`? Every token gets its row.",
        lambda ids, n_vocab: _plain(ids.unique(), n_vocab),
    ),
    Mistake(
        "the text in reverse order",
        "The last token's row comes first. Row t belongs to token t of the text.",
        lambda ids, n_vocab: _plain(ids, n_vocab).flip(0),
    ),
    Mistake(
        "zeros for ones",
        "Ones and zeros are the wrong way round: a row is 0 everywhere but at the "
        "token's id.",
        lambda ids, n_vocab: 1 - _plain(ids, n_vocab),
    ),
    Mistake(
        "nothing is filled in",
        "All zeros: no 1 was ever written into the matrix, or it was written into a "
        "copy. Put the ones into the same tensor that you return.",
        lambda ids, n_vocab: torch.zeros(len(ids), n_vocab),
    ),
    lists_of_numbers(oracle, more="Only a float32 tensor multiplies the table."),
    Mistake(
        "only the first token",
        "Only the first token's row is filled, and the others are empty. Does `return` "
        "stand inside the loop? It ends the whole function.",
        lambda ids, n_vocab: (
            _plain(ids, n_vocab) * (torch.arange(len(ids)) == 0)[:, None]
        ),
    ),
)

CHECK = Check(
    "one_hot",
    2,
    draw,
    oracle,
    MISTAKES,
    forbidden=(*LIBRARIES, ".one_hot"),
    rtol=0.0,
    atol=0.0,
)
