"""nearest: the k rows of a table whose cosine with one of its rows is largest.

Equal ones come by smaller id, so no case may leave it to rounding who is equal: rows are
clearly apart, made of powers of two, or of numbers that any way of computing a cosine
finds equal. Copies of the row itself are neighbours too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between, drawn_until, large, normal
from autograder.checks._slips import two_at_once
from autograder.checks._twins import twins
from autograder.checks.embed._material import (
    ANGLES,
    LIBRARIES,
    cosines,
    decimals,
    lengths,
    tensor_of,
    word_rows,
)


def oracle(table: Tensor, row: int, k: int) -> list[int]:
    order = np.argsort(-_exact(table, row), kind="stable")
    return [int(i) for i in order if i != row][:k]


def _exact(table: Tensor, row: int) -> np.ndarray:
    """The cosines with one row, in double precision."""
    t = table.double().numpy()
    dots, squares = t @ t[row], (t * t).sum(1)
    return dots / np.sqrt(squares * squares[row])


def draw(rng: np.random.Generator) -> list[Case]:
    table, row = drawn_until(
        _telling, lambda: ((10 * decimals(rng, 6, 2)).round(), between(rng, 1, 4))
    )
    tied, at = drawn_until(
        lambda table, row: 1 < row < 6, lambda: _signs(rng, [1, 1, 1, 1, 2, 3, 4])
    )
    # Copies of the row itself: its first one has a smaller id.
    copies, copy = drawn_until(
        lambda table, row: oracle(table, row, 1)[0] < row < 7,
        lambda: _signs(rng, [0, 0, 1, 1, 2, 2, 3]),
    )
    ends, _ = drawn_until(
        lambda table, row: _apart(table, 0), lambda: _clear(rng, 7, 3)
    )
    every, one = drawn_until(
        lambda table, row: (
            _exact(table, row).min() < -0.1
            and oracle(table.mT, row, 6) != oracle(table, row, 6)
        ),
        lambda: _clear(rng, 7, 7),
    )

    def words():
        return word_rows(rng, 40)[0], between(rng, 1, 38)

    (line,) = drawn_until(
        lambda line: oracle(line, 2, 4) != [0, 1, 3, 4] and line.min() < 0,
        lambda: (torch.from_numpy(rng.choice([-4.0, -1.0, 1.0, 2.0], (6, 1))).float(),),
    )
    wide, first = drawn_until(
        lambda wide, row: (
            _apart(wide, row) and oracle(wide[:, :128], row, 3) != oracle(wide, row, 3)
        ),
        lambda: (torch.cat([normal(rng, 7, 129) / 50, ends], 1), 0),
    )
    thousands, middle = drawn_until(_beyond, lambda: _both_signs(rng))
    shipped, word = drawn_until(_apart, words)
    return [
        Case("six vectors in the plane", (table, row, 2)),
        edge("several that are equally near", (tied, at, 2)),
        edge("copies of the row itself", (copies, copy, 3)),
        Case("the first row of a table", (ends, 0, 3)),
        Case("all other rows", (every, one, 6)),
        Case("words of the course's own model", (shipped, word, 5)),
        edge("all other rows, one of which points the other way", _opposite(rng)),
        edge("an exact copy of the very row", _copied(rng)),
        edge("many rows, most of them equally near", (*_many_tied(rng), 265)),
        Case("many rows, some hardly nearer than others", (*_close(rng), 34)),
        edge("a table that lies across in memory", (across(wide), first, 3)),
        edge("very many rows, and a single neighbour", _late(rng)),
        edge("large numbers", (thousands, middle, 4)),
        edge("equally near at different lengths", (_triangles(rng), 0, 2)),
        edge("rows that point very nearly the same way, or against it", _fine(rng)),
        edge("rows near a billionth", (table / 2**30, row, 5)),
        edge(
            "vectors of a single number",
            (line, 2, 4),
        ),
        *twins(
            oracle,
            lambda: (normal(rng, 6, 3), 1, 2),
            "the table",
            "the row",
            "the number of neighbours",
            others={1: 3, 2: 3},
            good=lambda table, row, k: _apart(table, row),
        ),
    ]


def _apart(table: Tensor, row: int) -> bool:
    """Whether no rounding can change who is nearer than whom."""
    return bool(np.diff(np.sort(_exact(table, row))).min() > 2e-4)


def _both_signs(rng: np.random.Generator) -> tuple[Tensor, int]:
    signs = rng.permutation([[1, 1], [1, 1], [1, 1], [-1, -1], [-1, -1]])
    return large(rng, 5, 2) * torch.tensor(signs), between(rng, 1, 3)


def _beyond(table: Tensor, row: int) -> bool:
    """Whether the order is another one for numbers that are cut off at a thousand."""
    right = oracle(table, row, 4)
    return _apart(table, row) and right != oracle(table.sign(), row, 4)


def _triangles(rng: np.random.Generator) -> Tensor:
    """Two rows at one angle to the first: to float32, too, but not a little longer."""
    rows = np.array([[1, 0], [15, 20], [81, 108]])[:, rng.permutation(2)]
    scale = rng.choice([-1, 1], 2) * 2.0 ** between(rng, -9, 9)
    return torch.tensor(rows * scale).float()


def _telling(table: Tensor, row: int) -> bool:
    """Whether dot products, distances and cosines without sign all mislead.

    And the row's cosine with itself, of whole numbers, is a little less than 1 in float32.
    """
    square = table[row].square().sum().numpy()
    if np.sqrt(square) ** 2 <= square:
        return False
    dots = table @ table[row]
    far = (table - table[row]).norm(dim=1)
    want = oracle(table, row, 2)
    return (
        _apart(table, row)
        and _best(dots, row, 2) != want != _best(-far, row, 2)
        and want != _best(cosines(table, table[row]).abs(), row, 2)
        and max(want) > row
    )


def _clear(rng: np.random.Generator, n: int, C: int) -> tuple[Tensor, int]:
    """A table and one of its rows, for which all the others are at other angles."""
    return drawn_until(_apart, lambda: (decimals(rng, n, C), between(rng, 1, n - 2)))


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


def _opposite(rng: np.random.Generator) -> tuple[Tensor, int, int]:
    """A row that stands before its exact opposite, and as many as there are others."""

    def before_it(table: Tensor, row: int) -> bool:
        return row < int(_exact(table, row).argmin())

    table, row = drawn_until(before_it, lambda: _signs(rng, [1, 1, 2, 3, 4]))
    return table, row, 5


def _copied(rng: np.random.Generator) -> tuple[Tensor, int, int]:
    """A row of which there is an exact copy, and as many as there are others."""
    table, row = _clear(rng, 6, 3)
    table[(row + between(rng, 1, 5)) % 6] = table[row]
    return table, row, 5


def _fine(rng: np.random.Generator) -> tuple[Tensor, int, int]:
    """Cosines a few millionths apart, near 1 and -1, the nearest with the largest id.

    So far apart that float32 tells them, and so near that five decimal places do not.
    """
    near = 1 - np.array([10, 7, 4, 1]) * 1e-6
    cosines = np.concatenate([near[:3], -near[::-1], near[3:], [1.0]])
    angles = np.arccos(cosines) * rng.choice([-1, 1], len(cosines))
    angles += rng.uniform(0.2, 1.3)
    rows = np.stack([np.cos(angles), np.sin(angles)], 1)
    rows *= 2.0 ** rng.integers(-2, 3, (len(rows), 1))
    first = between(rng, 0, 1)  # whether the row itself comes first, or last
    table = torch.tensor(np.roll(rows, first, 0)).float()
    return table, 0 if first else len(rows) - 1, len(rows) - 1


def _late(rng: np.random.Generator) -> tuple[Tensor, int, int]:
    """One of very many rows, and its only neighbour, are both among the last."""
    table = normal(rng, 1100, 3)
    row, other = (1025 + int(i) for i in rng.choice(75, 2, replace=False))
    table[other] = 2 * table[row]
    return table, row, 1


def _close(rng: np.random.Generator) -> tuple[Tensor, int]:
    """A late row of many, whose neighbours rounded numbers would put in another order."""

    def telling(table: Tensor, row: int) -> bool:
        right = oracle(table, row, 34)
        tables = table.round(decimals=2), table.half().float()
        rough = [
            *map(_scores, tables, (row, row)),
            _scores(table, row).round(decimals=2),
        ]
        return _apart(table, row) and all(_best(s, row, 34) != right for s in rough)

    return drawn_until(telling, lambda: (normal(rng, 36, 6), between(rng, 33, 35)))


def _many_tied(rng: np.random.Generator) -> tuple[Tensor, int]:
    """More equal cosines than a sort that is not stable leaves in their order.

    And more rows than there are numbers that Python has only once, up to 256.
    """
    table, row = _signs(rng, [1] * 230 + [2] * 30 + [3] * 9)
    return table.roll(264 - row, 0), 264


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


def _own_cosine_least(table: Tensor, row: int, k: int) -> list[int]:
    scores = _scores(table, row)
    scores[row] = -1
    return _best(scores, None, k)


def _copies_left_out(table: Tensor, row: int, k: int) -> list[int]:
    listed = _best(_scores(table, row), row, len(table))
    return [i for i in listed if not table[i].equal(table[row])][:k]


def worked(table: Tensor, row: int, k: int) -> dict[str, list]:
    order = oracle(table, row, len(table))
    return {
        "cosines of all rows": [round(float(s), 3) for s in _exact(table, row)],
        "the others, nearest first": order,
        "the first k": order[:k],
    }


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


MISTAKES = (
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
        "does not always come first. `sorted` keeps equal ones in the order that they "
        "had.",
        _by_topk,
    ),
    two_at_once(
        "topk, and its first dropped",
        _by_topk_from_the_second,
        "`topk` promises no order for rows that are equally near; `sorted` keeps "
        "their order.",
        "the first of the list need not be the row itself: a copy of it is just as near. "
        "Leave out the id `row`.",
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
        lambda table, row, k: _best(-lengths(table - table[row]), row, k),
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
        "the own cosine made −1",
        "You give the row itself the cosine −1 to keep it out. A row that points exactly "
        "the other way has that too: leave the id `row` out altogether.",
        _own_cosine_least,
    ),
    Mistake(
        "copies left out too",
        "You leave out every row with the same numbers. A copy of the row is a neighbour, "
        "and the nearest: leave out the id `row` alone.",
        _copies_left_out,
    ),
    Mistake(
        "only rows after it",
        "You look only at the rows after `row`. All the others count, those before it too.",
        lambda table, row, k: [
            i for i in _best(_scores(table, row), row, 10**6) if i > row
        ][:k],
    ),
    Mistake(
        "only rows before it",
        "You look only at the rows before `row`. All the others count, those after it too.",
        lambda table, row, k: [
            i for i in _best(_scores(table, row), row, 10**6) if i < row
        ][:k],
    ),
    Mistake(
        "one too many",
        "You list one id too many. Without the row itself, k are asked for.",
        lambda table, row, k: oracle(table, row, k + 1),
    ),
    Mistake(
        "the second nearest first",
        "The nearest row is missing: you leave out the row itself **and** the first of the "
        "list. Once it is left out, begin with the first.",
        lambda table, row, k: oracle(table, row, k + 1)[1:],
    ),
    Mistake(
        "the farthest first",
        "These are the right rows, but the farthest of them comes first. The nearest one "
        "comes first.",
        lambda table, row, k: oracle(table, row, k)[::-1],
    ),
    Mistake(
        "ids counted from one",
        "Each id is one too large. Rows count from 0.",
        lambda table, row, k: [i + 1 for i in oracle(table, row, k)],
    ),
    Mistake(
        "only the nearest",
        "You give only the nearest one. A list of k ids is asked for.",
        lambda table, row, k: oracle(table, row, 1),
    ),
    Mistake(
        "the nearest id alone",
        "You give one id. A list of k ids is asked for, even where k is 1.",
        lambda table, row, k: oracle(table, row, 1)[0],
    ),
    Mistake(
        "rounded cosines",
        "Your cosines are rounded, so rows that hardly differ seem equally near. Sort by "
        "the cosines as they are.",
        lambda table, row, k: _best(_scores(table, row).round(decimals=2), row, k),
    ),
    Mistake(
        "by distance of the ids",
        "You list the rows whose **ids** are nearest. What counts is where the rows "
        "themselves point: their cosines.",
        lambda table, row, k: _best(
            -(torch.arange(len(table)) - row).abs().float(), row, k
        ),
    ),
    Mistake(
        "places in the sorted list",
        "You give the first k numbers 0, 1, 2 …, the places in the sorted list. Return the "
        "ids of the rows that stand there.",
        lambda table, row, k: list(range(k)),
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
        lambda table, row, k: sorted(oracle(table, row, k)),
    ),
    Mistake(
        "all the others",
        "You list every other row. Only the first k are asked for.",
        lambda table, row, k: oracle(table, row, len(table)),
    ),
    Mistake(
        "a tensor instead of a list",
        "These are the right ids, but in a tensor. Return a list of plain numbers: a "
        "tensor has a method for that.",
        lambda table, row, k: tensor_of(oracle(table, row, k)),
    ),
    Mistake(
        "a list of tensors",
        "These are the right ids, but each is still a tensor with one number in it. "
        "Make plain numbers of them, all at once or one by one.",
        lambda table, row, k: list(tensor_of(oracle(table, row, k))),
    ),
    Mistake(
        "cosines instead of ids",
        "You give the k largest cosines. Return the ids of the rows that have them.",
        lambda table, row, k: [
            float(_exact(table, row)[i]) for i in oracle(table, row, k)
        ],
    ),
    Mistake(
        "ids with their cosines",
        "You give each id together with its cosine. Only the ids are asked for.",
        lambda table, row, k: [
            (i, float(_exact(table, row)[i])) for i in oracle(table, row, k)
        ],
    ),
    Mistake(
        "vectors instead of ids",
        "You give the neighbours' vectors. Return the ids of these rows.",
        lambda table, row, k: table[oracle(table, row, k)],
    ),
)

CHECK = Check(
    "nearest",
    3,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES + ANGLES,
    after=("cosines",),
    worked=worked,
)
