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
        Case("a long context", (between(rng, 150, 300), 2 * between(rng, 4, 16))),
        edge("the first place alone", (1, 2 * between(rng, 2, 2000))),
        edge(
            "an odd number of columns",
            (between(rng, 2, 64), 2 * between(rng, 1, 48) + 1),
        ),
        Case("thousands of places", (between(rng, 2000, 2600), 6)),
        edge("a single column", (between(rng, 2, 64), 1)),
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
    Mistake(
        "another base",
        "Your waves slow down too little: the base is 1000 here. Count the zeros again.",
        partial(_plain, base=1_000.0),
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
    atol=1e-3,  # float32 angles of a long context are this exact, and no more
)
