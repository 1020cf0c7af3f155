"""The checks of the exercise "embed": from ids to vectors, one a token and its place.

Tables are float32 tensors, a row a token or a place; ids are int64. The oracles know
nothing of the course's code: PyTorch's own embedding, one-hot and cosine operators, and
NumPy in double precision; sinusoids come from the complex exponential. Where two rows
are equally near, their entries are 1 or -1 times a power of two, so that no way of
computing a cosine can tell them apart by rounding.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache, partial

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from autograder.checks import Case, Check, Mistake

_LIBRARIES = ("gpt.embed", "gpt.model", "transformers")

# ---------------------------------------------------------------------------------
# Material for the cases
# ---------------------------------------------------------------------------------

# Words that differ in one thing: which pronoun goes with them, or how many there are.
_HE_SHE = (
    ("he", "she"),
    ("his", "her"),
    ("He", "She"),
    ("Tom", "Ada"),
    ("Leo", "Mei"),
    ("Kofi", "Rosa"),
    ("Ravi", "Zoe"),
)
_ONE_MANY = (("bean", "beans"), ("poppy", "poppies"), ("was", "were"))


@cache
def _shipped() -> tuple[Tensor, Tensor, dict[str, int]]:
    """The two tables of the course's own model, and the words that are one token."""
    from gpt import world
    from gpt.model import small

    model, tokenizer = small()
    told = sorted(set(re.findall(r"\w+", world.corpus(20_000, seed=1))))
    ids = {word: tokenizer.encode(f" {word}") for word in told}
    words = {word: found[0] for word, found in ids.items() if len(found) == 1}
    return model.weights["wte.weight"], model.weights["wpe.weight"], words


def _words(rng: np.random.Generator, count: int, *wanted: str) -> tuple[Tensor, list]:
    """Rows of the shipped model's table for some words, and which words they are."""
    wte, _, words = _shipped()
    others = [word for word in words if word not in wanted]
    some = [*wanted, *_some(rng, others, count - len(wanted))]
    some = [some[int(i)] for i in rng.permutation(count)]
    return wte[[words[word] for word in some]], some


def _table(rng: np.random.Generator, n: int, C: int) -> Tensor:
    """Numbers with one decimal place, as a person would write them; none is 0."""
    tenths = rng.integers(1, 40, (n, C)) * rng.choice([-1, 1], (n, C))
    return torch.tensor(tenths / 10, dtype=torch.float32)


def _wide(rng: np.random.Generator, n: int, C: int) -> Tensor:
    return torch.tensor(rng.normal(size=(n, C)), dtype=torch.float32)


def _ids(ids: Sequence | np.ndarray) -> Tensor:
    return torch.tensor(np.asarray(ids), dtype=torch.int64)


def _some(rng: np.random.Generator, items: Sequence, count: int) -> list:
    return [items[int(i)] for i in rng.choice(len(items), count, replace=False)]


def _different(rng: np.random.Generator, n: int, count: int) -> list[int]:
    return [int(i) for i in rng.choice(n, count, replace=False)]


def _between(rng: np.random.Generator, low: int, high: int) -> int:
    """From low to high, both possible."""
    return int(rng.integers(low, high + 1))


def _stack(rows: list[Tensor]) -> Tensor:
    return torch.stack(rows)


def _raise(kind: type[Exception]) -> None:
    raise kind("as the student's line would")


# ---------------------------------------------------------------------------------
# look_up
# ---------------------------------------------------------------------------------


def _draw_look_up(rng: np.random.Generator) -> list[Case]:
    a, b, c = _different(rng, 6, 3)
    if a < b < c:  # then the ids would say nothing of their order
        a, c = c, a
    n = _between(rng, 5, 9)
    words, _ = _words(rng, 20)
    return [
        Case("three ids", (_ids([a, b, c]), _table(rng, 6, 2))),
        Case("a token that comes twice", (_ids([b, c, a, b]), _table(rng, 6, 3))),
        Case(
            "the first and the last row of the table",
            (_ids([n - 1, 0]), _table(rng, n, 4)),
        ),
        Case("a single id", (_ids([_between(rng, 1, n - 1)]), _table(rng, n, 3))),
        Case(
            "more ids than the table has rows",
            (_ids([*_different(rng, 4, 4), *_different(rng, 4, 3)]), _table(rng, 4, 3)),
        ),
        Case(
            "rows of the course's own model",
            (_ids(_different(rng, 20, 6)), words),
        ),
        Case(
            "a batch of texts",
            (_ids(rng.integers(0, 7, (2, 3))), _table(rng, 7, 4)),
        ),
    ]


def _last_row(ids: Tensor, wte: Tensor) -> Tensor:
    for i in ids:
        x = wte[i]
    return x


def _fill_rows(ids: Tensor, wte: Tensor) -> Tensor:
    x = torch.zeros(len(ids), wte.shape[1])
    for t in range(len(ids)):
        x[t] = wte[ids[t]]
    return x


_LOOK_UP = (
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
        "The right vectors, but as columns. The answer has a row a token: its shape is "
        "that of the ids, and then C.",
        lambda ids, wte: wte[ids].permute(*reversed(range(ids.ndim + 1))),
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
    Mistake(
        "only the first token",
        "Only the first token's row comes back. Does `return` stand inside the loop? It "
        "ends the whole function at the first round.",
        lambda ids, wte: wte[ids[0]],
    ),
    Mistake(
        "only the last token",
        "Only the last token's row comes back. Each round of the loop overwrites the "
        "row before: all of them are needed, one under the other.",
        _last_row,
    ),
    Mistake(
        "a list of rows",
        "The right rows, in a Python list. Put them together into one tensor; or give "
        "the table all the ids at once, which needs no loop.",
        lambda ids, wte: [wte[i] for i in ids],
    ),
    Mistake(
        "lists of numbers",
        "The right numbers, as lists. Leave out `tolist`: the next step computes with a "
        "tensor.",
        lambda ids, wte: wte[ids].tolist(),
    ),
    Mistake(
        "torch.tensor on a list of tensors",
        "`torch.tensor` makes a tensor of numbers and cannot take rows that are tensors "
        "already. `torch.stack` can; and a table given all the ids at once needs "
        "neither.",
        lambda ids, wte: _raise(ValueError),
    ),
    Mistake(
        "one long vector",
        "All the right numbers in one row, end to end. Each token keeps a vector of its "
        "own: put the rows one under the other (stack), not one after the other (cat).",
        lambda ids, wte: torch.cat([wte[i] for i in ids]),
    ),
    Mistake(
        "one vector for the whole text",
        "The vectors are added up, so the text has become a single one and its order is "
        "lost. Each token keeps its own row.",
        lambda ids, wte: wte[ids].sum(-2),
    ),
    Mistake(
        "no batches",
        "A single text is right. Of a batch, your loop takes whole texts for tokens. A "
        "table that is given all ids at once needs no loop, and minds no shape.",
        _fill_rows,
    ),
    Mistake(
        "the ids used twice",
        "You index with the ids twice, so each is a row and a column too, and a single "
        "number comes back for it. One index takes whole rows.",
        lambda ids, wte: wte[ids, ids],
    ),
    Mistake(
        "the ids indexed by the table",
        "You take the ids at the places that the table names. It is the other way "
        "round: the table stands before the brackets, the ids within.",
        lambda ids, wte: ids[wte],
    ),
    Mistake(
        "the table called like a function",
        "`wte` is a tensor and not a function: round brackets call, square brackets "
        "take rows.",
        lambda ids, wte: wte(ids),
    ),
)


# ---------------------------------------------------------------------------------
# one_hot
# ---------------------------------------------------------------------------------


def _oracle_one_hot(ids: Tensor, n_vocab: int) -> Tensor:
    return functional.one_hot(ids, n_vocab).float()


def _draw_one_hot(rng: np.random.Generator) -> list[Case]:
    """The largest id is never the last one of the vocabulary, but where that is asked."""
    n = _between(rng, 7, 12)
    first = _different(rng, n - 1, 3)
    if first == sorted(first):
        first.reverse()
    again = _different(rng, n + 1, 3)
    m, many = _between(rng, 30, 400), _between(rng, 7, 9)
    middle = _between(rng, 1, m - 2)
    order = [int(i) for i in rng.permutation(many)]
    while order in (list(range(many)), [order.index(i) for i in range(many)]):
        order = [int(i) for i in rng.permutation(many)]
    _, _, words = _shipped()
    told = [words[word] for word in _some(rng, sorted(words), 8)]
    return [
        Case("three ids", (_ids(first), n)),
        Case("a token that comes twice", (_ids([*again, again[0]]), n + 2)),
        Case("the first and the last id", (_ids([m - 1, middle, 0]), m)),
        Case("a single id", (_ids([_between(rng, 1, m - 2)]), m)),
        Case("every id once", (_ids(order), many)),
        Case("words of the course's own model", (_ids(told), 560)),
    ]


def _hot(ids: Tensor, n_vocab: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return (ids[:, None] == torch.arange(n_vocab)).to(dtype)


def _hot_rows(ids: Tensor, n_vocab: int) -> Tensor:
    x = torch.zeros(len(ids), n_vocab)
    x[ids] = 1
    return x


def _hot_all(ids: Tensor, n_vocab: int) -> Tensor:
    x = torch.zeros(len(ids), n_vocab)
    x[:, ids] = 1
    return x


def _hot_diagonal(ids: Tensor, n_vocab: int) -> Tensor:
    return torch.eye(len(ids), n_vocab)


_ONE_HOT = (
    Mistake(
        "all the ids in every row",
        "Every row has the ones of the whole text. Row t has a single one, at its own "
        "token's id: for each t there is one pair (t, ids[t]).",
        _hot_all,
    ),
    Mistake(
        "whole rows of ones",
        "You use an id as the number of a row. The rows here are the tokens of the "
        "text, 0 to T − 1; the id says in which column the one stands.",
        _hot_rows,
    ),
    Mistake(
        "the ones on the diagonal",
        "Row t has its one in column t. Where the token stands in the text plays no "
        "part: its id says the column.",
        _hot_diagonal,
    ),
    Mistake(
        "one row for the whole text",
        "You give one row for all tokens. Each token has a row of its own, with a "
        "single one in it.",
        lambda ids, n_vocab: _hot(ids, n_vocab).amax(0),
    ),
    Mistake(
        "whole numbers",
        "The places are right, but these are whole numbers. PyTorch multiplies "
        "matrices of one kind only, and the table is float32: make yours float32 too.",
        partial(_hot, dtype=torch.int64),
    ),
    Mistake(
        "True and False",
        "The places are right, but these are truth values. To multiply a table by them "
        "they must be the numbers 1 and 0, as float32.",
        partial(_hot, dtype=torch.bool),
    ),
    Mistake(
        "double precision",
        "The places are right, but these are float64. The table is float32, and the two "
        "cannot be multiplied.",
        partial(_hot, dtype=torch.float64),
    ),
    Mistake(
        "the matrix on its side",
        "Yours has a column for each token of the text. It should have a row for each, "
        "and a column for each id of the vocabulary.",
        lambda ids, n_vocab: _hot(ids, n_vocab).T,
    ),
    Mistake(
        "columns counted from one",
        "The ones stand one column too far left. Columns count from 0, as the ids do: "
        "id 0 has its one in the first column.",
        lambda ids, n_vocab: _hot(ids, n_vocab).roll(-1, 1),
    ),
    Mistake(
        "the id itself instead of a one",
        "The right places hold the id. In a one-hot row the place says which token it "
        "is; the number there is always 1.",
        lambda ids, n_vocab: _hot(ids, n_vocab) * ids[:, None],
    ),
    Mistake(
        "only as wide as the largest id",
        "Your matrix ends at the largest id of this text. Its width must not depend on "
        "the text: the table has `n_vocab` rows, so this needs `n_vocab` columns.",
        lambda ids, n_vocab: _hot(ids, int(ids.max()) + 1),
    ),
    Mistake(
        "one column too many",
        "There is one column too many. The ids run from 0 to n_vocab − 1, so there are "
        "`n_vocab` of them already.",
        lambda ids, n_vocab: _hot(ids, n_vocab + 1),
    ),
    Mistake(
        "zeros for ones",
        "Ones and zeros are the wrong way round: a row is 0 everywhere but at the "
        "token's id.",
        lambda ids, n_vocab: 1 - _hot(ids, n_vocab),
    ),
    Mistake(
        "nothing is filled in",
        "All zeros: no one was ever written into the matrix, or it was written into a "
        "copy. Put the ones into the very tensor that you return.",
        lambda ids, n_vocab: torch.zeros(len(ids), n_vocab),
    ),
    Mistake(
        "lists of numbers",
        "The right numbers, as lists. The table can only be multiplied by a tensor, of "
        "float32.",
        lambda ids, n_vocab: _hot(ids, n_vocab).tolist(),
    ),
    Mistake(
        "only the first token",
        "Only the first token's row is filled, and the others are empty. Does `return` "
        "stand inside the loop? It ends the whole function.",
        lambda ids, n_vocab: (
            _hot(ids, n_vocab) * (torch.arange(len(ids)) == 0)[:, None]
        ),
    ),
)


# ---------------------------------------------------------------------------------
# cosines
# ---------------------------------------------------------------------------------


def _oracle_cosines(table: Tensor, v: Tensor) -> Tensor:
    return functional.cosine_similarity(table.double(), v.double(), dim=-1).float()


_RIGHT_TRIANGLES = ((3, 4), (4, 3), (6, 8), (8, 6), (5, 12), (12, 5), (8, 15), (15, 8))


def _draw_cosines(rng: np.random.Generator) -> list[Case]:
    x, y = _some(rng, _RIGHT_TRIANGLES, 1)[0]
    x, y = (int(s) * k for s, k in zip(rng.choice([-1, 1], 2), (x, y), strict=True))
    long = _between(rng, 2, 60)
    turned = torch.tensor(
        [[x, y], [long * x, long * y], [-x, -y], [-y, x], [abs(x), 0.0]]
    )
    scale = torch.tensor(10.0 ** rng.uniform(-2, 3, (6, 1)), dtype=torch.float32)
    words, _ = _words(rng, 24)
    i, j = _different(rng, 24, 2)
    return [
        Case(
            "vectors that point the same way, against it, and at a right angle",
            (turned, turned[0] * _between(rng, 1, 5)),
        ),
        Case("four rows", (_table(rng, 4, 3), _table(rng, 1, 3)[0])),
        Case(
            "rows from very short to very long",
            (_wide(rng, 6, 4) * scale, _wide(rng, 1, 4)[0]),
        ),
        Case(
            "as many rows as columns",
            (_wide(rng, 5, 5), _wide(rng, 1, 5)[0] * _between(rng, 2, 9)),
        ),
        Case("a single row", (_table(rng, 1, 4), _table(rng, 1, 4)[0])),
        Case("a word of the course's own model", (words, words[i].clone())),
        Case("a step from one word to another", (words, words[j] - words[i])),
    ]


def _dots(table: Tensor, v: Tensor) -> Tensor:
    return table @ v


def _lengths(table: Tensor) -> Tensor:
    return table.square().sum(1).sqrt()


def _cosines(table: Tensor, v: Tensor) -> Tensor:
    return _dots(table, v) / _lengths(table) / v.square().sum().sqrt()


_COSINES = (
    Mistake(
        "the dot product alone",
        "These are dot products: a longer vector gets a larger number. A cosine tells "
        "the angle alone, so both lengths are divided out.",
        _dots,
    ),
    Mistake(
        "only the rows' lengths divided out",
        "You divide by the lengths of the rows, and not by that of `v`. Even a vector's "
        "cosine with itself is not 1 then.",
        lambda table, v: _dots(table, v) / _lengths(table),
    ),
    Mistake(
        "only v's length divided out",
        "You divide by the length of `v`, and not by those of the rows. A long row "
        "seems nearer than it is.",
        lambda table, v: _dots(table, v) / v.norm(),
    ),
    Mistake(
        "multiplied by v's length",
        "You divide by the one length and multiply by the other. After a `/` Python "
        "goes on from left to right: brackets around the two lengths?",
        lambda table, v: _dots(table, v) / _lengths(table) * v.norm(),
    ),
    Mistake(
        "multiplied by the rows' lengths",
        "You divide by the length of `v` and multiply by those of the rows. After a "
        "`/` Python goes on from left to right: brackets around the two lengths?",
        lambda table, v: _dots(table, v) / v.norm() * _lengths(table),
    ),
    Mistake(
        "squared lengths",
        "You divide by squared lengths. The length of a vector is the square root of "
        "the sum of its squares.",
        lambda table, v: _dots(table, v) / _lengths(table).square() / v.square().sum(),
    ),
    Mistake(
        "one length for the whole table",
        "You divide by one length, that of the whole table. Each row has a length of its "
        "own: tell `norm` over which axis to sum.",
        lambda table, v: _dots(table, v) / table.norm() / v.norm(),
    ),
    Mistake(
        "lengths of the columns",
        "You take the lengths of the columns, over axis 0. A row's length sums over its "
        "columns, which is axis 1.",
        lambda table, v: _dots(table, v) / table.norm(dim=0) / v.norm(),
    ),
    Mistake(
        "a square instead of a column",
        "A square came out. Lengths of shape (n, 1) against dot products of shape (n,) "
        "spread out to (n, n): give both one shape. Does the `keepdim` help here?",
        lambda table, v: _dots(table, v) / table.norm(dim=1, keepdim=True) / v.norm(),
    ),
    Mistake(
        "a column of shape (n, 1)",
        "The right numbers, in a shape with one axis too many: n of them, so the shape "
        "is (n,).",
        lambda table, v: _cosines(table, v)[:, None],
    ),
    Mistake(
        "the sum of absolute values as length",
        "Your lengths are sums of absolute values. The length of (3, 4) is 5, not 7: "
        "the root of the sum of squares.",
        lambda table, v: _dots(table, v) / table.abs().sum(1) / v.abs().sum(),
    ),
    Mistake(
        "distances",
        "These are distances between points. A cosine compares where vectors point, "
        "whatever their lengths: the dot product, divided by both lengths.",
        lambda table, v: _lengths(table - v),
    ),
    Mistake(
        "one minus the cosine",
        "You give one minus the cosine, which some libraries call the cosine distance. "
        "Asked for is the cosine: 1 for the same direction.",
        lambda table, v: 1 - _cosines(table, v),
    ),
    Mistake(
        "without the sign",
        "The sign is lost. Two vectors that point against each other have the cosine "
        "−1, which is as far as they can be from 1.",
        lambda table, v: _cosines(table, v).abs(),
    ),
    Mistake(
        "angles",
        "You give the angles. Stop one step earlier: the cosine itself is asked for.",
        lambda table, v: _cosines(table, v).clamp(-1, 1).arccos(),
    ),
    Mistake(
        "the mean taken away first",
        "You take each vector's mean away before you compare. That is a correlation; "
        "the cosine takes vectors as they are.",
        lambda table, v: _cosines(table - table.mean(1, keepdim=True), v - v.mean()),
    ),
    Mistake(
        "a list of numbers",
        "The right numbers, in a list. Give them back as a tensor of shape (n,).",
        lambda table, v: _cosines(table, v).tolist(),
    ),
    Mistake(
        "products that are not summed up",
        "A whole matrix came back. The dot product of a row with `v` multiplies place "
        "by place and then **sums** over the row.",
        lambda table, v: table * v / _lengths(table)[:, None] / v.norm(),
    ),
    Mistake(
        "only the first row",
        "There is one cosine where n are asked for. Does `return` stand inside the "
        "loop? It ends the whole function at the first row.",
        lambda table, v: _cosines(table, v)[0],
    ),
)


# ---------------------------------------------------------------------------------
# nearest
# ---------------------------------------------------------------------------------


def _exact(table: Tensor, row: int) -> np.ndarray:
    """The cosines with one row, in double precision."""
    t = table.double().numpy()
    dots, squares = t @ t[row], (t * t).sum(1)
    return dots / np.sqrt(squares * squares[row])


def _oracle_nearest(table: Tensor, row: int, k: int) -> list[int]:
    order = np.argsort(-_exact(table, row), kind="stable")
    return [int(i) for i in order if i != row][:k]


def _apart(table: Tensor, row: int) -> bool:
    """Whether no rounding can change who is nearer than whom."""
    return bool(np.diff(np.sort(_exact(table, row))).min() > 2e-4)


def _drawn_until(good: Callable[..., bool], draw: Callable[[], tuple]) -> tuple:
    while not good(*(made := draw())):
        pass
    return made


def _clear(rng: np.random.Generator, n: int, C: int, decimals: bool = True) -> tuple:
    """A table and one of its rows, for which all the others are at other angles."""
    make = _table if decimals else _wide
    return _drawn_until(_apart, lambda: (make(rng, n, C), _between(rng, 1, n - 2)))


def _signs(rng: np.random.Generator, flips: Sequence[int]) -> tuple[Tensor, int]:
    """Rows of ±1, ±2 or ±4; the cosine of the last with each depends on its flips.

    In four dimensions, a row with f flipped signs has the cosine 1 - f / 2. The rows
    are shuffled; where the last one has gone is returned too.
    """
    base = rng.choice([-1.0, 1.0], 4)
    rows = []
    for f in [*flips, 0]:
        signs = np.ones(4)
        signs[rng.choice(4, f, replace=False)] = -1
        rows.append(base * signs * rng.choice([1.0, 2.0, 4.0]))
    order = [int(i) for i in rng.permutation(len(rows))]
    table = torch.tensor(np.array([rows[i] for i in order]), dtype=torch.float32)
    return table, order.index(len(flips))


def _draw_nearest(rng: np.random.Generator) -> list[Case]:
    def dots_mislead(table, row):
        dots = table @ table[row]
        far = (table - table[row]).norm(dim=1)
        want = _oracle_nearest(table, row, 2)
        return (
            _apart(table, row)
            and _best(dots, row, 2) != want != _best(-far, row, 2)
            and want != _best(_cosines(table, table[row]).abs(), row, 2)
            and max(want) > row
        )

    table, row = _drawn_until(
        dots_mislead, lambda: (_table(rng, 6, 2), _between(rng, 1, 4))
    )
    tied, at = _drawn_until(
        lambda table, row: 1 < row < 6, lambda: _signs(rng, [1, 1, 1, 1, 2, 3, 4])
    )
    # Copies of the row itself: its first one has a smaller id.
    copies, copy = _drawn_until(
        lambda table, row: _oracle_nearest(table, row, 1)[0] < row < 7,
        lambda: _signs(rng, [0, 0, 1, 1, 2, 2, 3]),
    )
    ends, _ = _drawn_until(
        lambda table, row: _apart(table, 0), lambda: _clear(rng, 7, 3)
    )
    every, one = _drawn_until(
        lambda table, row: _exact(table, row).min() < -0.1, lambda: _clear(rng, 7, 4)
    )

    def words():
        return _words(rng, 40)[0], _between(rng, 1, 38)

    shipped, word = _drawn_until(_apart, words)
    return [
        Case("six vectors in the plane", (table, row, 2)),
        Case("several that are equally near", (tied, at, 2)),
        Case("copies of the very row", (copies, copy, 3)),
        Case("the first row of a table", (ends, 0, 3)),
        Case("all other rows", (every, one, 6)),
        Case("words of the course's own model", (shipped, word, 5)),
    ]


def _best(scores: Tensor, row: int | None, k: int) -> list[int]:
    """The ids of the k greatest scores, equal ones by smaller id; `row` left out."""
    listed = [round(float(s), 6) for s in scores]
    order = sorted(range(len(listed)), key=lambda i: -listed[i])
    return [i for i in order if i != row][:k]


def _scores(table: Tensor, row: int) -> Tensor:
    return torch.tensor(_exact(table, row))


def _larger_id_first(table: Tensor, row: int, k: int) -> list[int]:
    n = len(table)
    return [n - 1 - i for i in _best(_scores(table, row).flip(0), n - 1 - row, k)]


def _own_cosine_zero(table: Tensor, row: int, k: int) -> list[int]:
    scores = _scores(table, row)
    scores[row] = 0
    return _best(scores, None, k)


def _without_row(table: Tensor, row: int, k: int) -> list[int]:
    """The row cut out of the table, so that those after it move up."""
    scores = _scores(table, row)
    return _best(torch.cat([scores[:row], scores[row + 1 :]]), None, k)


def _by_topk(table: Tensor, row: int, k: int) -> list[int]:
    scores = _scores(table, row)
    scores[row] = -torch.inf
    return scores.topk(k).indices.tolist()


def _by_topk_from_the_second(table: Tensor, row: int, k: int) -> list[int]:
    return _scores(table, row).topk(k + 1).indices.tolist()[1:]


def _less_than_one(table: Tensor, row: int, k: int) -> list[int]:
    """In float32, as the notebook's own cosines, whose rounding shows here."""
    scores = (table @ table[row] / (table.norm(dim=1) * table[row].norm())).tolist()
    others = [i for i in range(len(table)) if scores[i] < 1]
    return sorted(others, key=lambda i: -scores[i])[:k]


_NEAREST = (
    Mistake(
        "the row itself is listed",
        "The first of your neighbours is the row itself. Its cosine with itself is 1, "
        "so it always wins: leave it out, and there are still k others.",
        lambda table, row, k: _best(_scores(table, row), None, k),
    ),
    Mistake(
        "one too few",
        "You leave the row itself out of the k nearest, so one is missing. Leave it out "
        "first, then take k.",
        lambda table, row, k: [
            i for i in _best(_scores(table, row), None, k) if i != row
        ],
    ),
    Mistake(
        "the first of the list dropped",
        "You drop the first of the list and take it for the row itself. A copy of the "
        "row is just as near, and may stand before it: leave out the id `row`, whatever "
        "its place.",
        lambda table, row, k: _best(_scores(table, row), None, k + 1)[1:],
    ),
    Mistake(
        "the farthest",
        "You list the farthest. Sorting goes from small to large unless you say "
        "otherwise, and the nearest has the **largest** cosine.",
        lambda table, row, k: _best(-_scores(table, row), row, k),
    ),
    Mistake(
        "equal ones by larger id",
        "Among rows that are equally near, yours come with the larger id first. Turning "
        "a sorted list around turns equal ones around too.",
        _larger_id_first,
    ),
    Mistake(
        "topk",
        "`topk` promises no order for rows that are equally near, so the smaller id "
        "does not always come first. `sorted` leaves equal ones in the order in which "
        "they were.",
        _by_topk,
    ),
    Mistake(
        "topk, and its first dropped",
        "Two things. `topk` promises no order for rows that are equally near; `sorted` "
        "leaves them as they were. And the first of the list need not be the row "
        "itself: a copy of it is just as near. Leave out the id `row`.",
        _by_topk_from_the_second,
    ),
    Mistake(
        "all with the cosine 1 left out",
        "You leave out what has the cosine 1. A copy of the row has that too and is a "
        "neighbour, and rounding may give the row itself a little less. Leave it out "
        "by its id.",
        _less_than_one,
    ),
    Mistake(
        "by dot product",
        "You sort by the dot product, which prefers long rows. Your own `cosines` "
        "divides the lengths out.",
        lambda table, row, k: _best(table @ table[row], row, k),
    ),
    Mistake(
        "by distance",
        "You sort by the distance between points. A longer row that points exactly the "
        "same way is a nearest neighbour here: sort by cosine.",
        lambda table, row, k: _best(-_lengths(table - table[row]), row, k),
    ),
    Mistake(
        "the sign of the cosine ignored",
        "You take the cosine without its sign, so a row that points the opposite way "
        "seems near. It is the farthest of all.",
        lambda table, row, k: _best(_scores(table, row).abs(), row, k),
    ),
    Mistake(
        "the own cosine made zero",
        "You give the row itself the cosine 0 to keep it out. Rows that point away have "
        "less than that, so it is listed before them: leave it out altogether.",
        _own_cosine_zero,
    ),
    Mistake(
        "numbers of a shorter table",
        "You cut the row out of the table first, so all rows after it move up by one "
        "and have wrong numbers. Keep the table whole and leave the id out.",
        _without_row,
    ),
    Mistake(
        "sorted by id",
        "These are the right rows, listed by id. The nearest one comes first.",
        lambda table, row, k: sorted(_best(_scores(table, row), row, k)),
    ),
    Mistake(
        "all the others",
        "You list every other row. Only the first k are asked for.",
        lambda table, row, k: _best(_scores(table, row), row, len(table)),
    ),
    Mistake(
        "a tensor instead of a list",
        "The right ids, in a tensor. Asked for is a list of plain numbers: a tensor has "
        "a method for that.",
        lambda table, row, k: _ids(_best(_scores(table, row), row, k)),
    ),
    Mistake(
        "a list of tensors",
        "The right ids, but each is still a tensor with one number in it. Make plain "
        "numbers of them, all at once or one by one.",
        lambda table, row, k: list(_ids(_best(_scores(table, row), row, k))),
    ),
    Mistake(
        "cosines instead of ids",
        "You give the k largest cosines. Asked for is which rows have them: their ids.",
        lambda table, row, k: [
            float(_exact(table, row)[i]) for i in _best(_scores(table, row), row, k)
        ],
    ),
    Mistake(
        "ids with their cosines",
        "You give each id together with its cosine. Only the ids are asked for.",
        lambda table, row, k: [
            (i, float(_exact(table, row)[i]))
            for i in _best(_scores(table, row), row, k)
        ],
    ),
    Mistake(
        "vectors instead of ids",
        "You give the neighbours' vectors. Asked for is which rows they are: their ids.",
        lambda table, row, k: table[_best(_scores(table, row), row, k)],
    ),
)


# ---------------------------------------------------------------------------------
# direction
# ---------------------------------------------------------------------------------


def _oracle_direction(table: Tensor, froms: list[int], tos: list[int]) -> Tensor:
    rows = table.double().numpy()
    step = sum(rows[b] - rows[a] for a, b in zip(froms, tos, strict=True))
    return torch.tensor(step / np.linalg.norm(step), dtype=torch.float32)


def _draw_direction(rng: np.random.Generator) -> list[Case]:
    x, y = _some(rng, _RIGHT_TRIANGLES, 1)[0]
    sign = rng.choice([-1, 1], 2)
    plane = _table(rng, 4, 2)
    a, b = _different(rng, 4, 2)
    plane[b] = plane[a] + torch.tensor([sign[0] * x, sign[1] * y]).float() / 2

    def steps(n: int, C: int, pairs: int) -> tuple:
        """Steps of one direction, more or less, and of very different lengths."""
        table = _wide(rng, n, C)
        chosen = _different(rng, n, 2 * pairs)
        froms, tos = chosen[:pairs], chosen[pairs:]
        common = _wide(rng, 1, C)[0]
        for k, (i, j) in enumerate(zip(froms, tos, strict=True)):
            table[j] = table[i] + (common + 0.5 * _wide(rng, 1, C)[0]) * 4.0**k
        return table, froms, tos

    three = _table(rng, 5, 3) / 4
    p, q, r = _different(rng, 5, 3)
    three[q] += torch.tensor([6.0, -5.0, 4.0]) * _between(rng, 1, 3)
    three[r] += torch.tensor([5.0, 6.0, 7.0]) * _between(rng, 1, 3)
    family = (_HE_SHE, _ONE_MANY)[_between(rng, 0, 1)]
    pairs = _some(rng, family, _between(rng, 2, 3))
    words, which = _words(rng, 16, *(word for pair in pairs for word in pair))
    return [
        Case("one pair in the plane", (plane, [a], [b])),
        Case("two pairs, one step longer than the other", steps(6, 3, 2)),
        Case("one token that leads to two others", (three, [p, p], [q, r])),
        Case("several pairs", steps(12, 5, 4)),
        Case(
            "pairs of words of the course's own model",
            (
                words,
                [which.index(a) for a, _ in pairs],
                [which.index(b) for _, b in pairs],
            ),
        ),
    ]


def _steps(table: Tensor, froms: list[int], tos: list[int]) -> Tensor:
    return table[tos] - table[froms]  # (pairs, C)


def _unit(x: Tensor) -> Tensor:
    return x / x.square().sum(-1, keepdim=True).sqrt()


def _direction(table: Tensor, froms: list[int], tos: list[int]) -> Tensor:
    return _unit(_steps(table, froms, tos).mean(0))


_DIRECTION = (
    Mistake(
        "the way back",
        "Exactly the opposite direction. A step from one place to another is where it "
        "ends minus where it begins.",
        lambda table, froms, tos: _direction(table, tos, froms),
    ),
    Mistake(
        "the mean, not at length 1",
        "The direction is right, the length is not. Divide the mean step by its own "
        "length.",
        lambda table, froms, tos: _steps(table, froms, tos).mean(0),
    ),
    Mistake(
        "the sum, not at length 1",
        "The direction is right, the length is not: this is the sum of the steps. "
        "Take the mean, then divide it by its own length.",
        lambda table, froms, tos: _steps(table, froms, tos).sum(0),
    ),
    Mistake(
        "each step at length 1, then the mean",
        "You bring each step to length 1 and then take the mean, which is shorter than "
        "1 again. First the mean of the steps as they are, then its length.",
        lambda table, froms, tos: _unit(_steps(table, froms, tos)).mean(0),
    ),
    Mistake(
        "each step at length 1 before the mean",
        "You bring each step to length 1 before you take the mean, so a short step "
        "counts as much as a long one. Take the mean of the steps as they are.",
        lambda table, froms, tos: _unit(_unit(_steps(table, froms, tos)).mean(0)),
    ),
    Mistake(
        "the rows at length 1 first",
        "You bring the rows of the table to length 1 before you subtract. A step leads "
        "from one row to the other as they are; only the answer has length 1.",
        lambda table, froms, tos: _direction(_unit(table), froms, tos),
    ),
    Mistake(
        "divided by the squared length",
        "You divide by the squared length. A vector divided by its length has length 1; "
        "the length is the root of the sum of squares.",
        lambda table, froms, tos: (
            (step := _steps(table, froms, tos).mean(0)) / step.square().sum()
        ),
    ),
    Mistake(
        "divided by the sum of absolute values",
        "You divide by the sum of the absolute values. The length of (3, 4) is 5, not "
        "7: the root of the sum of squares.",
        lambda table, froms, tos: (
            (step := _steps(table, froms, tos).mean(0)) / step.abs().sum()
        ),
    ),
    Mistake(
        "the largest number made 1",
        "You divide by the largest number in the vector. Asked for is the length 1: the "
        "root of the sum of squares.",
        lambda table, froms, tos: (
            (step := _steps(table, froms, tos).mean(0)) / step.abs().max()
        ),
    ),
    Mistake(
        "only the first pair",
        "Only the first pair counts. Does `return` stand inside the loop, or does the "
        "index 0 pick one pair? All steps belong into the mean.",
        lambda table, froms, tos: _direction(table, froms[:1], tos[:1]),
    ),
    Mistake(
        "only the last pair",
        "Only the last pair counts. Each round of the loop overwrites the step before: "
        "gather all of them, then take their mean.",
        lambda table, froms, tos: _direction(table, froms[-1:], tos[-1:]),
    ),
    Mistake(
        "the mean over the wrong axis",
        "You take the mean over the columns and get a number a pair. The mean is over "
        "the pairs, column by column, and its shape is (C,).",
        lambda table, froms, tos: _unit(_steps(table, froms, tos).mean(1)),
    ),
    Mistake(
        "a direction for each pair",
        "You give a direction for each pair. Asked for is one for all of them: the mean "
        "of the steps, at length 1.",
        lambda table, froms, tos: _unit(_steps(table, froms, tos)),
    ),
    Mistake(
        "one axis too many",
        "The right numbers, as a matrix with one row. Asked for is a vector of shape "
        "(C,).",
        lambda table, froms, tos: _direction(table, froms, tos)[None],
    ),
    Mistake(
        "rows added instead of subtracted",
        "You add the two rows of a pair. A step from one to the other is their "
        "difference.",
        lambda table, froms, tos: _unit((table[tos] + table[froms]).mean(0)),
    ),
    Mistake(
        "steps without their signs",
        "No number of yours is below zero. A step may well go down: keep the signs of "
        "the differences.",
        lambda table, froms, tos: _unit(_steps(table, froms, tos).abs().mean(0)),
    ),
    Mistake(
        "ids subtracted",
        "You subtract the ids. An id is only the number of a row; the rows themselves "
        "are what can be subtracted.",
        lambda table, froms, tos: _unit(
            table[[b - a for a, b in zip(froms, tos, strict=True)]].mean(0)
        ),
    ),
)


# ---------------------------------------------------------------------------------
# sinusoids
# ---------------------------------------------------------------------------------


def _oracle_sinusoids(n_ctx: int, d_model: int) -> Tensor:
    """Hands of clocks, as complex numbers that turn: the sine is the imaginary part."""
    if d_model % 2:
        raise ValueError(f"{d_model} columns cannot be pairs of sine and cosine")
    speed = np.power(10_000.0, -np.arange(0, d_model, 2) / d_model)
    hands = np.exp(1j * np.outer(np.arange(n_ctx), speed))
    table = np.empty((n_ctx, d_model))
    table[:, 0::2], table[:, 1::2] = hands.imag, hands.real
    return torch.tensor(table, dtype=torch.float32)


def _draw_sinusoids(rng: np.random.Generator) -> list[Case]:
    return [
        Case("a few columns", (_between(rng, 3, 600), 2 * _between(rng, 2, 4))),
        Case("a single pair of columns", (_between(rng, 10, 2000), 2)),
        Case(
            "more columns than places",
            (_between(rng, 4, 12), 2 * _between(rng, 50, 300)),
        ),
        Case("a long context", (_between(rng, 150, 300), 2 * _between(rng, 4, 16))),
        Case("the first place alone", (1, 2 * _between(rng, 2, 2000))),
        Case(
            "an odd number of columns",
            (_between(rng, 2, 64), 2 * _between(rng, 1, 48) + 1),
        ),
    ]


def _waves(
    n_ctx: int,
    d_model: int,
    power: Callable[[np.ndarray, int], np.ndarray] = lambda j, C: 2 * (j // 2) / C,
    first: int = 0,
    base: float = 10_000.0,
    even: Callable[[np.ndarray], np.ndarray] = np.sin,
    odd: Callable[[np.ndarray], np.ndarray] = np.cos,
    sign: int = -1,
    turn: float = 1.0,
    odd_columns: str = "refused",
) -> Tensor:
    """The table with loose screws: column j turns by base^(sign · power(j, C)) a step."""
    if d_model % 2:
        if odd_columns == "refused":
            raise ValueError("odd")
        if odd_columns == "do not fit":
            raise RuntimeError("the sines and cosines do not fit")
        if odd_columns == "asserted":
            raise AssertionError("odd")
    columns = np.arange(d_model)
    angles = turn * np.outer(
        np.arange(first, first + n_ctx), base ** (sign * power(columns, d_model))
    )
    table = np.where(columns % 2, odd(angles), even(angles))
    return torch.tensor(table, dtype=torch.float32)


def _waves_halves(n_ctx: int, d_model: int) -> Tensor:
    table = _waves(n_ctx, d_model)
    return torch.cat([table[:, 0::2], table[:, 1::2]], 1)


def _waves_up(n_ctx: int, d_model: int) -> Tensor:
    """In float32, where angles as large as these are other ones than in float64."""
    if d_model % 2:
        raise ValueError("odd")
    power = torch.arange(0, d_model, 2) / d_model
    angles = torch.arange(n_ctx)[:, None] * 10_000**power
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)


_SINUSOIDS = (
    Mistake(
        "sines left, cosines right",
        "All the right waves, but all sines stand in the left half and all cosines in "
        "the right. Sine and cosine of one speed belong side by side: even columns, odd "
        "columns.",
        _waves_halves,
    ),
    Mistake(
        "sine and cosine swapped",
        "Sine and cosine have changed places. Column 0 is a sine: at place 0 it is 0, "
        "and the cosine next to it is 1.",
        partial(_waves, even=np.cos, odd=np.sin),
    ),
    Mistake(
        "only sines",
        "Every column is a sine. The odd columns hold the cosine of the same angle.",
        partial(_waves, odd=np.sin),
    ),
    Mistake(
        "a speed of its own for every column",
        "The odd columns turn at speeds of their own. Columns 2i and 2i + 1 are a pair "
        "and share the angle, the one with 2i in the exponent.",
        partial(_waves, power=lambda j, C: j / C),
    ),
    Mistake(
        "i instead of 2i in the exponent",
        "The waves slow down only half as much as they should: your exponent grows by "
        "1/C from pair to pair, not by 2/C. The formula has 2i, the number of the even "
        "column.",
        partial(_waves, power=lambda j, C: (j // 2) / C),
    ),
    Mistake(
        "doubled twice",
        "The waves slow down twice as much as they should. If you count the columns in "
        "twos, the 2 of 2i is in them already.",
        partial(_waves, power=lambda j, C: 4 * (j // 2) / C),
    ),
    Mistake(
        "whole-number division in the exponent",
        "All your waves have one speed. Is there a `//` in the exponent? 2i is smaller "
        "than C, so a division without remainder gives 0.",
        partial(_waves, power=lambda j, C: j * 0),
    ),
    Mistake(
        "the angle multiplied instead of divided",
        "Your waves turn faster from pair to pair. They should slow down: the place is "
        "divided by 10000 to the power 2i/C.",
        partial(_waves, sign=1),
    ),
    Mistake(
        "the angle multiplied instead of divided, in float32",
        "Your waves turn faster from pair to pair, until float32 cannot follow. They "
        "should slow down: in 10000^(−2i/C) the minus counts, and without it the place "
        "is divided.",
        _waves_up,
    ),
    Mistake(
        "C − 1 in the exponent",
        "The waves slow down a little too much: you divide 2i by C − 1. It is divided "
        "by the number of columns, C.",
        partial(_waves, power=lambda j, C: 2 * (j // 2) / (C - 1)),
    ),
    Mistake(
        "degrees made radians",
        "You turn degrees into radians first. The angles of the formula are radians "
        "already, which is what `sin` and `cos` take.",
        partial(_waves, turn=np.pi / 180),
    ),
    Mistake(
        "radians made degrees",
        "You turn radians into degrees first. `sin` and `cos` take radians, as the "
        "formula gives them.",
        partial(_waves, turn=180 / np.pi),
    ),
    Mistake(
        "another base",
        "Your waves slow down too little: the base is 1000 here. Count the zeros again.",
        partial(_waves, base=1_000.0),
    ),
    Mistake(
        "places counted from one",
        "Every row is the next one's. The first place is 0: there all sines are 0 and "
        "all cosines are 1.",
        partial(_waves, first=1),
    ),
    Mistake(
        "the table on its side",
        "Yours has a row for each column of the model. It should have a row for each "
        "place and d_model columns.",
        lambda n_ctx, d_model: _waves(n_ctx, d_model).T,
    ),
    Mistake(
        "double precision",
        "The right numbers in double precision. The model computes in float32.",
        lambda n_ctx, d_model: _waves(n_ctx, d_model).double(),
    ),
    Mistake(
        "the cosines are missing",
        "Every second column is all zeros. Fill the odd columns too, with the cosines.",
        partial(_waves, odd=np.zeros_like),
    ),
    Mistake(
        "odd numbers of columns accepted",
        "Right for every even d_model. An odd one would leave a sine without its "
        "cosine, so it deserves a ValueError.",
        partial(_waves, odd_columns="accepted"),
    ),
    Mistake(
        "odd numbers of columns end in another error",
        "Right for every even d_model. With an odd one, sines and cosines do not fit "
        "and PyTorch complains in its own words: look at d_model first, and raise a "
        "ValueError.",
        partial(_waves, odd_columns="do not fit"),
    ),
    Mistake(
        "an assert instead of a ValueError",
        "Right for every even d_model. For an odd one you use `assert`, which is meant "
        "for one's own errors and can be switched off: raise a ValueError.",
        partial(_waves, odd_columns="asserted"),
    ),
    Mistake(
        "odd numbers of columns get one more",
        "Right for every even d_model. With an odd one, yours has one column more than "
        "was asked for: look at d_model first, and raise a ValueError.",
        lambda n_ctx, d_model: _waves(
            n_ctx, d_model + d_model % 2, lambda j, C: 2 * (j // 2) / d_model
        ),
    ),
    Mistake(
        "even numbers of columns refused",
        "You refuse an even d_model and accept an odd one. It is the other way round: "
        "the remainder of a division by 2 is 0 for even numbers.",
        lambda n_ctx, d_model: (
            _waves(n_ctx, d_model, odd_columns="accepted")
            if d_model % 2
            else _raise(ValueError)
        ),
    ),
)


# ---------------------------------------------------------------------------------
# embed
# ---------------------------------------------------------------------------------


def _oracle_embed(ids: Tensor, wte: Tensor, wpe: Tensor) -> Tensor:
    """Two modules of PyTorch's, of which the second reads the numbers of the places."""
    T = ids.shape[-1]
    if not 0 < T <= len(wpe):
        raise ValueError(f"{T} tokens, where 1 to {len(wpe)} can be read")
    if bool(((ids < 0) | (ids >= len(wte))).any()):
        raise ValueError(f"ids are from 0 to {len(wte) - 1}")
    token = torch.nn.Embedding.from_pretrained(wte)
    place = torch.nn.Embedding.from_pretrained(wpe)
    return token(ids) + place(torch.arange(T).expand(ids.shape))


def _draw_embed(rng: np.random.Generator) -> list[Case]:
    def tables(n_vocab: int, n_ctx: int, C: int) -> tuple[Tensor, Tensor]:
        return _table(rng, n_vocab, C), _table(rng, n_ctx, C)

    # Not in the order 0, 1, 2, which would hide a mix-up of ids and places.
    first = _drawn_until(
        lambda *ids: sorted(ids) not in (list(ids), list(ids)[::-1]),
        lambda: tuple(_different(rng, 4, 3)),
    )
    n = _between(rng, 4, 7)
    full = _between(rng, 3, 6)
    words, _ = _words(rng, 16)
    _, wpe, _ = _shipped()
    long = _between(rng, 3, 5)
    same = _between(rng, 1, 3)
    middle = [_between(rng, 0, n - 1) for _ in range(3)]
    low, high = middle.copy(), middle.copy()
    low[_between(rng, 0, 2)], high[_between(rng, 0, 2)] = -1, n
    return [
        Case("three tokens", (_ids(first), *tables(4, 5, 2))),
        Case("one token, again and again", (_ids([same] * 4), *tables(4, 6, 2))),
        Case("the first and the last token", (_ids([n - 1, 0]), *tables(n, 4, 4))),
        Case(
            "a text that fills the context",
            (_ids(rng.integers(0, 5, full)), *tables(5, full, 4)),
        ),
        Case(
            "words and places of the course's own model",
            (_ids(_different(rng, 16, 6)), words, wpe[:8].clone()),
        ),
        Case(
            "a batch of two texts", (_ids(rng.integers(0, 6, (2, 3))), *tables(6, 4, 4))
        ),
        Case(
            "a batch with more texts than there are places",
            (_ids(rng.integers(0, 6, (5, 2))), *tables(6, 4, 2)),
        ),
        Case(
            "a text one token too long",
            (_ids(rng.integers(0, 5, long + 1)), *tables(5, long, 2)),
        ),
        Case(
            "a batch of texts that are too long",
            (_ids(rng.integers(0, 5, (2, long + 2))), *tables(5, long, 4)),
        ),
        Case("no token at all", (_ids([]), *tables(4, 4, 2))),
        Case("an id just beyond the table", (_ids(high), *tables(n, 5, 2))),
        Case("an id below zero", (_ids(low), *tables(n, 5, 2))),
    ]


def _embed(
    ids: Tensor,
    wte: Tensor,
    wpe: Tensor,
    refuse: str = "long empty large negative",
    kind: type[Exception] = ValueError,
    count: Callable[[Tensor], int] = lambda ids: ids.shape[-1],
    place: Callable[[Tensor, Tensor, int], Tensor] = lambda ids, wpe, T: wpe[:T],
    join: Callable[[Tensor, Tensor], Tensor] = torch.add,
    token: Callable[[Tensor, Tensor], Tensor] = lambda ids, wte: wte[ids],
    tightest: int = 0,
) -> Tensor:
    """The sum with loose screws, which refuses only what `refuse` names."""
    T = count(ids)
    if "long" in refuse and T > len(wpe) - tightest:
        raise kind("too long")
    if "empty" in refuse and T == 0:
        raise kind("empty")
    if ids.numel():
        if "large" in refuse and int(ids.max()) >= len(wte):
            raise kind("no such row")
        if "negative" in refuse and int(ids.min()) < 0:
            raise kind("no such row")
    return join(token(ids, wte), place(ids, wpe, T))


def _embed_into_places(ids: Tensor, wte: Tensor, wpe: Tensor) -> Tensor:
    _embed(ids, wte, wpe)
    x = wpe[: ids.shape[-1]]
    x += wte[ids]
    return x


def _embed_into_tokens(ids: Tensor, wte: Tensor, wpe: Tensor) -> Tensor:
    _embed(ids, wte, wpe)
    rows = []
    for t in range(ids.shape[-1]):
        row = wte.select(0, int(ids[t])) if ids.ndim == 1 else wte[ids[:, t]]
        row += wpe[t]
        rows.append(row)
    return torch.stack(rows, -2)


def _embed_one_text(ids: Tensor, wte: Tensor, wpe: Tensor) -> Tensor:
    """Token by token, so that of a batch each text is taken for a token."""
    _embed(ids, wte, wpe, count=len, place=lambda ids, wpe, T: wpe[0])
    return _stack([wte[i] + wpe[t] for t, i in enumerate(ids)])


def _embed_by_ifs(ids: Tensor, wte: Tensor, wpe: Tensor) -> Tensor:
    x = _embed(ids, wte, wpe, refuse="long empty")
    for i in ids:
        if i < 0 or i >= len(wte):
            raise ValueError("no such row")
    return x


def _embed_look_first(ids: Tensor, wte: Tensor, wpe: Tensor) -> Tensor:
    if not ids.numel():
        raise RuntimeError("min() of nothing")
    return _embed(ids, wte, wpe)


def _side_by_side(x: Tensor, p: Tensor) -> Tensor:
    return torch.cat([x, p.expand(x.shape)], -1)


_EMBED = (
    Mistake(
        "no positions",
        "These are the rows of the tokens alone. Nothing tells where a token stands, "
        "and “fox sees owl” would be “owl sees fox”: add the places' rows.",
        partial(_embed, join=lambda x, p: x),
    ),
    Mistake(
        "places only",
        "These are the rows of the places alone. The token's own row belongs to the "
        "sum.",
        partial(_embed, join=lambda x, p: p.expand(x.shape)),
    ),
    Mistake(
        "the place looked up by the id",
        "You look up the place by the id. Which row of `wpe` is taken depends only on "
        "where the token stands: 0, 1, 2 and so on.",
        partial(_embed, place=lambda ids, wpe, T: wpe[ids]),
    ),
    Mistake(
        "places counted from one",
        "Your first token stands at place 1. Places count from 0, so the first token "
        "gets row 0 of `wpe`.",
        partial(_embed, place=lambda ids, wpe, T: wpe[1 : T + 1]),
    ),
    Mistake(
        "the last places",
        "You take the last T rows of `wpe`. The text begins at the first place, "
        "whatever the length of the context.",
        partial(_embed, place=lambda ids, wpe, T: wpe[-T:]),
    ),
    Mistake(
        "every token at the first place",
        "Every token gets the first place's row. The token at place t gets row t.",
        partial(_embed, place=lambda ids, wpe, T: wpe[0]),
    ),
    Mistake(
        "every token at the last place",
        "Every token gets one and the same row of `wpe`, that of the last place in the "
        "text. The token at place t gets row t.",
        partial(_embed, place=lambda ids, wpe, T: wpe[T - 1]),
    ),
    Mistake(
        "the whole table of places",
        "You add all rows of `wpe`, which fits only a text that fills the context. A "
        "text of T tokens needs the first T rows.",
        partial(_embed, place=lambda ids, wpe, T: wpe),
    ),
    Mistake(
        "the ids used twice",
        "You index `wte` with the ids twice, which picks single numbers: a row and a "
        "column for each. One index takes whole rows, as in `look_up`.",
        partial(_embed, token=lambda ids, wte: wte[ids, ids]),
    ),
    Mistake(
        "the ids indexed by the table",
        "You take the ids at the places that the table names. It is the other way "
        "round, as in `look_up`: the table stands before the brackets, the ids within.",
        partial(_embed, token=lambda ids, wte: ids[wte]),
    ),
    Mistake(
        "sinusoids instead of the table",
        "You add sinusoids. They were a table made by hand; here the places' table is "
        "given, learned by the model: `wpe`.",
        partial(_embed, place=lambda ids, wpe, T: _oracle_sinusoids(T, wpe.shape[1])),
    ),
    Mistake(
        "a product instead of a sum",
        "You multiply the two rows. What the token is and where it stands are **added**.",
        partial(_embed, join=torch.mul),
    ),
    Mistake(
        "the mean instead of the sum",
        "You take the mean of the two rows: everything is half as long as it should be.",
        partial(_embed, join=lambda x, p: (x + p) / 2),
    ),
    Mistake(
        "side by side instead of a sum",
        "You put the two rows side by side, which makes the vectors twice as wide. They "
        "are added, so the width stays C.",
        partial(_embed, join=_side_by_side),
    ),
    Mistake(
        "token vectors made larger first",
        "You multiply the tokens' rows by √C before you add. The first transformers did "
        "so; GPT-2 adds them as they are.",
        partial(_embed, join=lambda x, p: x * x.shape[-1] ** 0.5 + p),
    ),
    Mistake(
        "no batches: texts taken for tokens",
        "A single text is right. Of a batch, your loop takes whole texts for tokens. "
        "The places run along the **last** axis of the ids; a table that is given all "
        "ids at once needs no loop.",
        _embed_one_text,
    ),
    Mistake(
        "no batches: the number of texts for that of tokens",
        "A single text is right. Of a batch, `len` counts the texts, and a loop meets "
        "whole texts, of which no `if` can ask one question. T is the size of the "
        "**last** axis; `min`, `max` or `any` ask all ids at once.",
        partial(_embed, count=len),
    ),
    Mistake(
        "no batches: a `len`, or an `if` about a whole text",
        "A single text is right, a batch is not. Is there a `len`, or an `if` in a loop "
        "over `ids`? Both take a whole text for a token. T is the size of the **last** "
        "axis; `min`, `max` or `any` ask all ids at once.",
        _embed_by_ifs,
    ),
    Mistake(
        "adding into the table of places",
        "Your sum is written into `wpe` itself, for a slice of a tensor is a window to "
        "it and not a copy. Make a new tensor: x + y rather than +=.",
        _embed_into_places,
    ),
    Mistake(
        "adding into the table of tokens",
        "Your sum is written into `wte` itself: a row of a tensor is a window to it and "
        "not a copy, and += writes through. Make a new tensor: x + y.",
        _embed_into_tokens,
    ),
    Mistake(
        "nothing is refused",
        "The sums are right. What cannot be read is not refused yet: too many tokens, "
        "none at all, an id without a row. Each deserves a ValueError.",
        partial(_embed, refuse=""),
    ),
    Mistake(
        "a text too long ends in another error",
        "All is right, but for a text with more tokens than places. PyTorch then "
        "complains of shapes: compare the two numbers first and raise a ValueError.",
        partial(_embed, refuse="empty large negative"),
    ),
    Mistake(
        "a text too long is cut",
        "A text with more tokens than places is cut short in silence, and its end is "
        "lost without a word. Raise a ValueError.",
        lambda ids, wte, wpe: _embed(ids[..., : len(wpe)], wte, wpe),
    ),
    Mistake(
        "an empty text is accepted",
        "All is right, but for a text without a token. Nothing can follow from nothing: "
        "raise a ValueError.",
        partial(_embed, refuse="long large negative"),
    ),
    Mistake(
        "an empty text ends in another error",
        "All is right, but for a text without a token: it has no smallest or largest "
        "id to look at. Ask first whether there is any.",
        _embed_look_first,
    ),
    Mistake(
        "ids below zero are accepted",
        "All is right, but for ids below zero. In PyTorch, row −1 is the last one, so "
        "nothing stops: look for the smallest id too.",
        partial(_embed, refuse="long empty large"),
    ),
    Mistake(
        "ids beyond the table end in another error",
        "All is right, but for an id beyond the table. PyTorch raises an IndexError "
        "there; compare with the number of rows and raise a ValueError. The last row "
        "has the number n_vocab − 1.",
        partial(_embed, refuse="long empty negative"),
    ),
    Mistake(
        "no id is compared with the table",
        "The length of the text is looked at, the ids are not. Each must be at least 0 "
        "and less than the number of rows of `wte`; otherwise raise a ValueError.",
        partial(_embed, refuse="long empty"),
    ),
    Mistake(
        "only a text too long is refused",
        "A text with too many tokens is refused. Two more things cannot be read: a text "
        "without a token, and an id that has no row, too large or below zero.",
        partial(_embed, refuse="long"),
    ),
    Mistake(
        "empty texts and ids below zero are accepted",
        "What is too large is refused, what is too small is not: a text without a "
        "token, and an id below zero, which PyTorch counts from the end.",
        partial(_embed, refuse="long large"),
    ),
    Mistake(
        "a full context is refused",
        "A text with exactly as many tokens as there are places is fine: n_ctx tokens "
        "need n_ctx rows. Only more are refused.",
        partial(_embed, tightest=1),
    ),
    Mistake(
        "an assert instead of a ValueError",
        "What cannot be read is found, but told by the wrong error. `assert` is meant "
        "for one's own errors and can be switched off: raise a ValueError.",
        partial(_embed, kind=AssertionError),
    ),
    Mistake(
        "an IndexError instead of a ValueError",
        "What cannot be read is found, but told by an IndexError. The step promises a "
        "ValueError for all of it.",
        partial(_embed, kind=IndexError),
    ),
)


_TABLES = (".embedding", ".Embedding", ".embedding_bag", ".EmbeddingBag")
_HOTS = (".one_hot",)
_ANGLES = (".cosine_similarity", ".CosineSimilarity")

CHECKS = [
    Check(
        "look_up",
        2,
        _draw_look_up,
        functional.embedding,
        _LOOK_UP,
        _LIBRARIES + _TABLES,
    ),
    Check(
        "one_hot",
        2,
        _draw_one_hot,
        _oracle_one_hot,
        _ONE_HOT,
        _LIBRARIES + _HOTS,
    ),
    Check(
        "cosines",
        3,
        _draw_cosines,
        _oracle_cosines,
        _COSINES,
        _LIBRARIES + _ANGLES,
    ),
    Check(
        "nearest",
        3,
        _draw_nearest,
        _oracle_nearest,
        _NEAREST,
        _LIBRARIES + _ANGLES,
        after=("cosines",),
    ),
    Check(
        "direction",
        3,
        _draw_direction,
        _oracle_direction,
        _DIRECTION,
        _LIBRARIES,
    ),
    Check(
        "sinusoids",
        4,
        _draw_sinusoids,
        _oracle_sinusoids,
        _SINUSOIDS,
        _LIBRARIES,
        atol=1e-3,  # float32 angles of a long context are this exact, and no more
    ),
    Check(
        "embed",
        3,
        _draw_embed,
        _oracle_embed,
        _EMBED,
        _LIBRARIES + _TABLES,
        after=("look_up",),
    ),
]
