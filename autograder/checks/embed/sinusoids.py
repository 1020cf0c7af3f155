"""sinusoids: the table of waves that tells places apart, made without learning.

The oracle takes them for the hands of clocks: complex numbers that turn, of which the
sine is the imaginary part. An odd number of columns is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between, stop
from autograder.checks._slips import an_assert, double_precision
from autograder.checks._twins import twins
from autograder.checks.embed._material import LIBRARIES


def oracle(n_ctx: int, d_model: int) -> Tensor:
    if d_model % 2:
        raise ValueError(f"{d_model} columns cannot be pairs of sine and cosine")
    speed = np.power(10_000.0, -np.arange(0, d_model, 2) / d_model)
    hands = np.exp(1j * np.outer(np.arange(n_ctx), speed))
    table = np.empty((n_ctx, d_model))
    table[:, 0::2], table[:, 1::2] = hands.imag, hands.real
    return torch.tensor(table, dtype=torch.float32)


def draw(rng: np.random.Generator) -> list[Case]:
    return [
        Case("a few columns", (between(rng, 3, 600), 2 * between(rng, 2, 4))),
        Case("a single pair of columns", (between(rng, 10, 2000), 2)),
        Case(
            "more columns than places",
            (between(rng, 4, 12), 2 * between(rng, 50, 300)),
        ),
        Case("a long context", (between(rng, 150, 300), 2 * between(rng, 4, 8))),
        edge("the first place alone", (1, 2 * between(rng, 520, 800))),
        edge(
            "an odd number of columns",
            (between(rng, 2, 64), 4 * between(rng, 1, 24) - 1),
        ),
        edge("thousands of places", (between(rng, 5010, 5600), 2)),
        edge(
            "an odd number of columns, and no place",
            (0, 12 * between(rng, 45, 130) + 9),
        ),
        edge("a single column", (between(rng, 2, 64), 1)),
        *twins(
            oracle,
            lambda: (between(rng, 5, 30), 2 * between(rng, 3, 5)),
            "the number of places",
            "the number of columns",
            others={0: 31, 1: 12},
        ),
    ]


def _plain(
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
    last: Callable[[np.ndarray], np.ndarray] = lambda table: table,
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
    return torch.tensor(last(table), dtype=torch.float32)


def _halves(n_ctx: int, d_model: int) -> Tensor:
    table = _plain(n_ctx, d_model)
    return torch.cat([table[:, 0::2], table[:, 1::2]], 1)


def _upwards(n_ctx: int, d_model: int) -> Tensor:
    """In float32, where angles as large as these are other ones than in float64."""
    if d_model % 2:
        raise ValueError("odd")
    power = torch.arange(0, d_model, 2) / d_model
    angles = torch.arange(n_ctx)[:, None] * 10_000**power
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)


def worked(n_ctx: int, d_model: int) -> dict[str, np.ndarray]:
    """Of the last place."""
    exponents = np.arange(0, d_model, 2) / d_model
    angles = (n_ctx - 1) / 10_000.0**exponents
    return {
        "the exponents 2i/C": exponents,
        "10000 to their power": 10_000.0**exponents,
        "angles of the last place": angles,
        "their sines": np.sin(angles),
        "their cosines": np.cos(angles),
    }


def _another_base(base: int) -> Mistake:
    return Mistake(
        f"base {base}",
        f"Your waves do not turn at the right speeds: the base is {base} here. The formula "
        "has 10000.",
        partial(_plain, base=float(base)),
    )


MISTAKES = (
    Mistake(
        "sines left, cosines right",
        "All the waves are right, but all sines stand in the left half and all "
        "cosines in the right. Sine and cosine of one speed belong side by side: even "
        "columns, odd columns.",
        _halves,
    ),
    Mistake(
        "sine and cosine swapped",
        "Sine and cosine have changed places. Column 0 is a sine: at place 0 it is 0, "
        "and the cosine next to it is 1.",
        partial(_plain, even=np.cos, odd=np.sin),
    ),
    Mistake(
        "only sines",
        "Every column is a sine. The odd columns hold the cosine of the same angle.",
        partial(_plain, odd=np.sin),
    ),
    Mistake(
        "a speed of its own for every column",
        "The odd columns turn at speeds of their own. Columns 2i and 2i + 1 are a pair "
        "and share the angle, the one with 2i in the exponent.",
        partial(_plain, power=lambda j, C: j / C),
    ),
    Mistake(
        "i instead of 2i in the exponent",
        "The waves slow down only half as much as they should: your exponent grows by "
        "1/C from pair to pair, not by 2/C. The formula has 2i, the number of the even "
        "column.",
        partial(_plain, power=lambda j, C: (j // 2) / C),
    ),
    Mistake(
        "doubled twice",
        "The waves slow down twice as much as they should. If you count the columns in "
        "twos, the 2 of 2i is in them already.",
        partial(_plain, power=lambda j, C: 4 * (j // 2) / C),
    ),
    Mistake(
        "whole-number division in the exponent",
        "All your waves have one speed. Is there a `//` in the exponent? 2i is smaller "
        "than C, so a division without remainder gives 0.",
        partial(_plain, power=lambda j, C: j * 0),
    ),
    Mistake(
        "the angle multiplied instead of divided",
        "Your waves turn faster from pair to pair. They should slow down: the place is "
        "divided by 10000 to the power 2i/C.",
        partial(_plain, sign=1),
    ),
    Mistake(
        "the angle multiplied instead of divided, in float32",
        "Your waves turn faster from pair to pair, until float32 cannot follow. They "
        "should slow down: in 10000^(−2i/C) the minus counts, and without it the place "
        "is divided.",
        _upwards,
    ),
    Mistake(
        "C − 1 in the exponent",
        "The waves slow down a little too much: you divide 2i by C − 1. It is divided "
        "by the number of columns, C.",
        partial(_plain, power=lambda j, C: 2 * (j // 2) / (C - 1)),
    ),
    Mistake(
        "degrees made radians",
        "You turn degrees into radians first. The angles of the formula are radians "
        "already, which is what `sin` and `cos` take.",
        partial(_plain, turn=np.pi / 180),
    ),
    Mistake(
        "radians made degrees",
        "You turn radians into degrees first. `sin` and `cos` take radians, as the "
        "formula gives them.",
        partial(_plain, turn=180 / np.pi),
    ),
    *map(_another_base, (1_000, 100_000, 10, 1_024, 9_999, 10_001, 9_000)),
    *map(_another_base, (1_000_000, 5_000, 20_000)),
    Mistake(
        "e as the base",
        "Your base is e, for `exp` raises e to a power. The base is 10000: the exponent "
        "times the logarithm of 10000, or `**`.",
        partial(_plain, base=np.e),
    ),
    Mistake(
        "C − 2 in the exponent",
        "You divide 2i by C − 2, or i by one less than the number of pairs, which is the "
        "same. It is divided by C, so the last pair does not quite reach 10000.",
        partial(_plain, power=lambda j, C: 2 * (j // 2) / max(C - 2, 1)),
    ),
    Mistake(
        "the pairs counted from one",
        "The first pair already turns more slowly than once a place. Pairs count from 0, "
        "so its exponent is 0 and the place is divided by 1.",
        partial(_plain, power=lambda j, C: (2 * (j // 2) + 2) / C),
    ),
    Mistake(
        "columns counted from one",
        "Your exponents begin at 1/C: columns are counted from 1. They count from 0, so "
        "the first pair's exponent is 0.",
        partial(_plain, power=lambda j, C: (2 * (j // 2) + 1) / C),
    ),
    Mistake(
        "the odd columns one pair further",
        "The cosines turn at the speed of the next pair. Columns 2i and 2i + 1 share the "
        "angle, the one with 2i in the exponent.",
        partial(_plain, power=lambda j, C: (j + j % 2) / C),
    ),
    Mistake(
        "the columns from the slowest on",
        "Your first columns turn slowest and the last ones fastest. It is the other way "
        "round: the exponent grows from column to column.",
        partial(_plain, power=lambda j, C: (C - 2 - 2 * (j // 2)) / C),
    ),
    Mistake(
        "a whole turn for each place",
        "You multiply the angles by 2π. They are radians already, as the formula gives "
        "them: nothing else is multiplied.",
        partial(_plain, turn=2 * np.pi),
    ),
    Mistake(
        "angles in turns",
        "You divide the angles by 2π. They are radians already, as the formula gives "
        "them.",
        partial(_plain, turn=1 / (2 * np.pi)),
    ),
    Mistake(
        "half turns",
        "You multiply the angles by π. They are radians already, as the formula gives "
        "them: nothing else is multiplied.",
        partial(_plain, turn=np.pi),
    ),
    Mistake(
        "the angles backwards",
        "The sines have the other sign: your angles run backwards. Is there a minus before "
        "the place?",
        partial(_plain, turn=-1.0),
    ),
    Mistake(
        "places as parts of the whole",
        "You divide the places by their number, so the waves depend on `n_ctx`. A place is "
        "its number: 0, 1, 2 and so on.",
        lambda n_ctx, d_model: _plain(n_ctx, d_model, turn=1 / max(n_ctx, 1)),
    ),
    Mistake(
        "only cosines",
        "Every column is a cosine. The even columns hold the sine of the same angle.",
        partial(_plain, even=np.cos),
    ),
    Mistake(
        "the sines are missing",
        "Every second column is all zeros. Fill the even columns too, with the sines.",
        partial(_plain, even=np.zeros_like),
    ),
    Mistake(
        "the angles themselves",
        "These are the angles. Even columns hold their sine, odd columns their cosine.",
        partial(_plain, even=lambda a: a, odd=lambda a: a),
    ),
    Mistake(
        "a tangent",
        "There is a tangent in the table. Even columns hold sines, odd columns cosines.",
        partial(_plain, even=np.tan),
    ),
    Mistake(
        "scaled like the model's rows",
        "Your waves are made smaller or larger. They run from −1 to 1, as `sin` and `cos` "
        "give them.",
        lambda n_ctx, d_model: _plain(n_ctx, d_model) / d_model**0.5,
    ),
    Mistake(
        "rounded",
        "Your table is rounded. Give the waves as they are; printing shows fewer digits by "
        "itself.",
        partial(_plain, last=lambda table: table.round(2)),
    ),
    Mistake(
        "one place too few",
        "There is one row too few. There is a row for each of the `n_ctx` places, and "
        "`range` or `arange` ends **before** its end by itself.",
        partial(_plain, last=lambda table: table[:-1]),
    ),
    Mistake(
        "one place too many",
        "There is one row too many: one for each of the places 0 to `n_ctx` − 1.",
        lambda n_ctx, d_model: _plain(n_ctx + 1, d_model),
    ),
    Mistake(
        "a single column accepted",
        "A single column would be a sine without its cosine: 1 is an odd number too, and "
        "deserves a ValueError.",
        lambda n_ctx, d_model: _plain(
            n_ctx, d_model, odd_columns="accepted" if d_model == 1 else "refused"
        ),
    ),
    Mistake(
        "a 2π that is rounded",
        "Your angles lose whole turns by a rounded 2π, and the error grows with the place. "
        "`sin` and `cos` take an angle of any size: nothing is to be taken off.",
        lambda n_ctx, d_model: _plain(
            n_ctx,
            d_model,
            even=lambda a: np.sin(a % (2 * 3.14159)),
            odd=lambda a: np.cos(a % (2 * 3.14159)),
        ),
    ),
    Mistake(
        "places counted from one",
        "Every row is that of the next place. The first place is 0: there all sines "
        "are 0 and all cosines are 1.",
        partial(_plain, first=1),
    ),
    Mistake(
        "the table on its side",
        "Yours has a row for each column of the model. It should have a row for each "
        "place and d_model columns.",
        lambda n_ctx, d_model: _plain(n_ctx, d_model).T,
    ),
    double_precision(oracle),
    Mistake(
        "the cosines are missing",
        "Every second column is all zeros. Fill the odd columns too, with the cosines.",
        partial(_plain, odd=np.zeros_like),
    ),
    Mistake(
        "odd numbers of columns accepted",
        "Right for every even d_model. An odd one would leave a sine without its "
        "cosine, so it deserves a ValueError.",
        partial(_plain, odd_columns="accepted"),
    ),
    Mistake(
        "odd numbers of columns end in another error",
        "Right for every even d_model. With an odd one, sines and cosines do not fit "
        "and PyTorch complains in its own words: look at d_model first, and raise a "
        "ValueError.",
        partial(_plain, odd_columns="do not fit"),
    ),
    an_assert(
        partial(_plain, odd_columns="asserted"),
        "An odd one",
        only="Right for every even d_model.",
    ),
    Mistake(
        "odd numbers of columns get one more",
        "Right for every even d_model. With an odd one, yours has one column more than "
        "was asked for: look at d_model first, and raise a ValueError.",
        lambda n_ctx, d_model: _plain(
            n_ctx, d_model + d_model % 2, lambda j, C: 2 * (j // 2) / d_model
        ),
    ),
    Mistake(
        "even numbers of columns refused",
        "You refuse an even d_model and accept an odd one. It is the other way round: "
        "the remainder of a division by 2 is 0 for even numbers.",
        lambda n_ctx, d_model: (
            _plain(n_ctx, d_model, odd_columns="accepted")
            if d_model % 2
            else stop(ValueError)
        ),
    ),
)

CHECK = Check(
    "sinusoids",
    4,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES,
    worked=worked,
    atol=1e-4,  # float32 angles of a long context are this exact, and not much more
)
