"""layer_norm: each vector to mean 0 and variance 1, then its learned weight and bias.

The cases tell the last axis from all others, and ε under the root from everything else
that ε can be: there are vectors of equal numbers, and of very small ones. Far from zero,
only a variance of what is left after the mean survives float32.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import sqrt

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between
from autograder.checks._slips import double_precision, two_at_once, written_into
from autograder.checks.mlp._material import (
    EPS,
    LIBRARIES,
    NORMS,
    floats,
    pick,
    quarters,
    vectors,
    weights,
)


def oracle(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    x, weight, bias = (t.double() for t in (x, weight, bias))
    return functional.layer_norm(x, weight.shape, weight, bias, EPS).float()


def draw(rng: np.random.Generator) -> list[Case]:
    def own(C: int) -> tuple[Tensor, Tensor]:
        return quarters(rng, C), quarters(rng, C)

    plain = torch.ones(4), torch.zeros(4)
    wide = between(rng, 130, 200)
    # The mean of equal halves is exact, so the answer is the bias.
    equal = torch.full((4,), float(rng.integers(3, 60)) / 2)
    mixed = torch.stack([quarters(rng, 4), equal, quarters(rng, 4)])
    far = rng.integers(3000, 9000) + rng.permuted(
        np.tile([-6, -4, -3, -1, 0, 2, 5, 9], (3, 1)), axis=1
    )
    stream, n = vectors(rng, 3, pick(rng, ["{before}", "{n}.middle"]))
    which = f"ln_{between(rng, 1, 2)}"
    learned = weights(n, f"{which}.weight", f"{which}.bias")
    return [
        Case("three vectors, with weight 1 and bias 0", (quarters(rng, 3, 4), *plain)),
        Case("a weight and a bias for each number", (quarters(rng, 3, 4), *own(4))),
        Case("as many vectors as numbers in each", (quarters(rng, 4, 4), *own(4))),
        Case("a single vector", (quarters(rng, 5), *own(5))),
        Case("a batch of texts", (quarters(rng, 2, 3, 4), *own(4))),
        edge("a vector whose numbers are all equal", (mixed, *own(4))),
        edge("numbers so small that ε counts", (quarters(rng, 2, 6) / 500, *own(6))),
        edge("numbers far from zero and close together", (floats(far), *own(8))),
        Case("the stream of the course's own model", (stream, *learned)),
        Case("a long text", (quarters(rng, between(rng, 33, 40), 4), *own(4))),
        Case("vectors of many numbers", (quarters(rng, 2, wide), *own(wide))),
        edge("as many texts as vectors and numbers", (quarters(rng, 4, 4, 4), *own(4))),
        edge("a batch of one text", (quarters(rng, 1, 3, 4), *own(4))),
        edge(
            "vectors that lie across in memory",
            (across(quarters(rng, 2, 5, 4)), *own(4)),
        ),
    ]


def _normed(x: Tensor, axis: int | tuple = -1) -> Tensor:
    """Without weight and bias."""
    mean, variance = x.mean(axis, True), x.var(axis, correction=0, keepdim=True)
    return (x - mean) / (variance + EPS).sqrt()


def _along(axis: int) -> Callable[..., Tensor]:
    return lambda x, weight, bias: _normed(x, axis) * weight + bias


def _over_everything(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return _normed(x, tuple(range(x.ndim))) * weight + bias


def _divided_by(spread: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    """A norm that divides by something else: spread(x, centred), both (..., C)."""

    def norm(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        centred = x - x.mean(-1, keepdim=True)
        return centred / spread(x, centred) * weight + bias

    return norm


def _variance(x: Tensor, correction: int = 0) -> Tensor:
    return x.var(-1, correction=correction, keepdim=True)


def _rough_root(x: Tensor, centred: Tensor) -> Tensor:
    mean, squares = x.mean(-1, keepdim=True), x.square().mean(-1, keepdim=True)
    return (squares - mean**2 + EPS).sqrt()


def _another_mean(mean: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    def norm(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        centred = x - mean(x)
        return centred / (centred.square().mean(-1, True) + EPS).sqrt() * weight + bias

    return norm


def _without_keepdim(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    mean: bool = False,
    variance: bool = False,
    correction: int | None = None,
    root: Callable[[Tensor], Tensor] = torch.sqrt,
) -> Tensor:
    """`mean` and `variance` say where the axis is kept; a `correction` means `var`."""
    centred = x - x.mean(-1, keepdim=mean)
    if correction is None:
        spread = centred.square().mean(-1, keepdim=variance)
    else:
        spread = x.var(-1, correction=correction, keepdim=variance)
    return centred / root(spread + EPS) * weight + bias


def _by_math(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return (x - x.mean(-1, keepdim=True)) / sqrt(_variance(x) + EPS) * weight + bias


def _bias_divided(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    centred = x - x.mean(-1, keepdim=True)
    return (centred * weight + bias) / (_variance(x) + EPS).sqrt()


def _in_place(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    x -= x.mean(-1, keepdim=True)
    return x / (x.square().mean(-1, keepdim=True) + EPS).sqrt() * weight + bias


_STD = "PyTorch's `std` divides by C − 1 unless told otherwise; here it is C."
_VAR = "PyTorch's `var` divides by C − 1 unless told otherwise; here it is C."
_BOTH_LOST = (
    "Mean and variance have lost the last axis and do not line up with x: `keepdim` "
    "keeps it."
)

MISTAKES = (
    Mistake(
        "over the tokens instead of the numbers",
        "You take the mean over the tokens, so they begin to depend on each other, and "
        "on what is still to come. Each vector is normed by itself: over the **last** "
        "axis.",
        _along(0),
    ),
    Mistake(
        "over axis 1, whatever the shape",
        "Right for a text (T, C), where axis 1 is the last one. In a batch (B, T, C) it is "
        "the tokens' axis, and a single vector has none. Count axes from the end.",
        _along(1),
    ),
    Mistake(
        "over everything",
        "You take one mean and one variance of the whole tensor. Each vector has its own: "
        "tell `mean` along which axis.",
        _over_everything,
    ),
    Mistake(
        "the mean over the tokens, the variance not",
        "The variance is each vector's own, but the mean is taken over the tokens. Both go "
        "over the **last** axis.",
        _another_mean(lambda x: x.mean(0, keepdim=True)),
    ),
    Mistake(
        "one mean for everything, the variance not",
        "The variance is each vector's own, but you subtract one mean of the whole tensor. "
        "Both go over the **last** axis.",
        _another_mean(torch.mean),
    ),
    Mistake(
        "variance over C − 1",
        "The variance is a little too large. PyTorch's `var` and `std` divide by C − 1 "
        "unless told otherwise; here it is the plain mean of the C squares.",
        _divided_by(lambda x, centred: (_variance(x, 1) + EPS).sqrt()),
    ),
    two_at_once(
        "standard deviation over C − 1, ε outside the root",
        _divided_by(lambda x, centred: _variance(x, 1).sqrt() + EPS),
        _STD,
        "ε is added to the variance, **under** the root, not to the root.",
    ),
    two_at_once(
        "standard deviation over C − 1, without ε",
        _divided_by(lambda x, centred: _variance(x, 1).sqrt()),
        _STD,
        "a vector of equal numbers gives 0 / 0: where is ε?",
    ),
    Mistake(
        "ε outside the root",
        "You add ε after the root. It belongs to the variance, **under** the root; for "
        "very small numbers that is another answer.",
        _divided_by(lambda x, centred: _variance(x).sqrt() + EPS),
    ),
    Mistake(
        "forgot ε",
        "A vector of equal numbers becomes NaN, for its variance is 0 and 0 / 0 is "
        "not a number. That is what the small ε is for: add it to the variance.",
        _divided_by(lambda x, centred: _variance(x).sqrt()),
    ),
    Mistake(
        "ε of 1e-6",
        "Your ε is 1e-6, as in some other models. GPT-2's is 1e-5, and where the "
        "numbers are small the difference shows.",
        _divided_by(lambda x, centred: (_variance(x) + 1e-6).sqrt()),
    ),
    Mistake(
        "ε of 1e-8",
        "Your ε is 1e-8, a usual choice elsewhere. GPT-2's is 1e-5, a thousand times as "
        "large.",
        _divided_by(lambda x, centred: (_variance(x) + 1e-8).sqrt()),
    ),
    Mistake(
        "divided by the variance",
        "You divide by the variance itself. Its **root** is what has the size of the "
        "numbers: vectors ten times as long should come out the same.",
        _divided_by(lambda x, centred: _variance(x) + EPS),
    ),
    Mistake(
        "divided by the length",
        "Your vectors come out at length 1. The squares are summed up, where their "
        "**mean** is asked for.",
        _divided_by(lambda x, centred: (centred.square().sum(-1, True) + EPS).sqrt()),
    ),
    Mistake(
        "divided by the mean of the squares of x",
        "The mean is subtracted above the line, but below it you square x as it was. The "
        "variance is the mean square of what is left **after** the mean is gone.",
        _divided_by(lambda x, centred: (x.square().mean(-1, True) + EPS).sqrt()),
    ),
    Mistake(
        "not divided",
        "The mean is gone, but the vectors are as long as before. Divide them by the root "
        "of variance plus ε.",
        _divided_by(lambda x, centred: torch.ones(())),
    ),
    Mistake(
        "mean not subtracted",
        "You divide by the right root, but x still has its mean. Subtract it first, each "
        "vector's own.",
        lambda x, weight, bias: x / (_variance(x) + EPS).sqrt() * weight + bias,
    ),
    Mistake(
        "RMS norm",
        "You leave the mean alone and divide by the root of the mean square. That is RMS "
        "norm, which newer models use. GPT-2's layer norm subtracts the mean first.",
        lambda x, weight, bias: (
            x / (x.square().mean(-1, True) + EPS).sqrt() * weight + bias
        ),
    ),
    Mistake(
        "weight and bias exchanged",
        "You multiply by the bias and add the weight. Multiply by the weight, add the "
        "bias.",
        lambda x, weight, bias: _normed(x) * bias + weight,
    ),
    Mistake(
        "weight and bias forgotten",
        "The norm itself is right. Then comes the learned part: multiply each number "
        "by its weight and add its bias.",
        lambda x, weight, bias: _normed(x),
    ),
    Mistake(
        "weight forgotten",
        "The weight plays no part. Each number is multiplied by its own weight before "
        "the bias is added.",
        lambda x, weight, bias: _normed(x) + bias,
    ),
    Mistake(
        "bias forgotten",
        "The bias plays no part. It is added at the very end.",
        lambda x, weight, bias: _normed(x) * weight,
    ),
    Mistake(
        "bias added before the weight",
        "You add the bias first and then multiply, so the weight scales the bias too. "
        "First multiply, then add.",
        lambda x, weight, bias: (_normed(x) + bias) * weight,
    ),
    Mistake(
        "a matrix product with the weight",
        "You multiply by the weight as a matrix, which sums over the numbers. Each "
        "number has its own weight: that is `*`, not `@`.",
        lambda x, weight, bias: _normed(x) @ weight + bias,
    ),
    Mistake(
        "keepdim forgotten",
        "Mean and variance have lost the last axis, so they do not line up with x: each "
        "vector's own should stand before it, as a column. `keepdim` keeps the axis.",
        partial(_without_keepdim, correction=0),
    ),
    Mistake(
        "keepdim forgotten, and the variance taken of what is left",
        "Neither the mean nor the variance lines up with x, for both have lost the last "
        "axis: each vector's own should stand before it, as a column. `keepdim` keeps "
        "the axis.",
        _without_keepdim,
    ),
    Mistake(
        "keepdim forgotten for the mean, the variance by var",
        "The variance is a column, the mean is not: it has lost the last axis and does "
        "not line up with x. It needs `keepdim` too.",
        partial(_without_keepdim, variance=True, correction=0),
    ),
    Mistake(
        "keepdim forgotten for the mean",
        "The mean has lost the last axis and does not line up with x, so what you square "
        "is wrong already. The variance has its `keepdim`; the mean needs it too.",
        partial(_without_keepdim, variance=True),
    ),
    Mistake(
        "keepdim forgotten for the variance",
        "The mean is a column, the variance is not: it has lost the last axis and does "
        "not line up with x. It needs `keepdim` too.",
        partial(_without_keepdim, mean=True),
    ),
    two_at_once(
        "keepdim forgotten, and the variance over C − 1",
        partial(_without_keepdim, correction=1),
        _BOTH_LOST,
        _VAR,
    ),
    two_at_once(
        "keepdim forgotten for the variance, and that over C − 1",
        partial(_without_keepdim, mean=True, correction=1),
        "The variance has lost the last axis and needs `keepdim`, as the mean does.",
        _VAR,
    ),
    two_at_once(
        "keepdim forgotten, and math.sqrt on a tensor",
        partial(_without_keepdim, root=sqrt),
        _BOTH_LOST,
        "`sqrt` of Python's `math` takes a single number; `torch.sqrt` takes a whole "
        "tensor.",
    ),
    Mistake(
        "math.sqrt on a tensor",
        "`sqrt` of Python's `math` takes a single number, and each vector has a variance "
        "of its own. `torch.sqrt` takes a whole tensor.",
        _by_math,
    ),
    Mistake(
        "the bias divided too",
        "The root divides the bias as well: your bracket holds the weight and the bias. "
        "First the division, then the weight, and the bias last.",
        _bias_divided,
    ),
    Mistake(
        "divided by the mean distance from the mean",
        "You divide by the mean of the absolute values. The variance is the mean of the "
        "**squares**, and its root is taken after that.",
        _divided_by(lambda x, centred: centred.abs().mean(-1, True) + EPS),
    ),
    Mistake(
        "divided by the mean distance from the mean, without ε",
        "You divide by the mean of the absolute values. The variance is the mean of the "
        "**squares**; add ε to it, for a vector of equal numbers has none, and take the "
        "root.",
        _divided_by(lambda x, centred: centred.abs().mean(-1, True)),
    ),
    Mistake(
        "divided by the root of the mean distance",
        "Under your root are absolute values. The variance is the mean of the "
        "**squares**.",
        _divided_by(lambda x, centred: (centred.abs().mean(-1, True) + EPS).sqrt()),
    ),
    Mistake(
        "mean of squares minus squared mean",
        "On paper this is the variance. But far from zero both parts are huge and nearly "
        "equal, and rounding eats the difference. Subtract the mean first, then square.",
        _divided_by(_rough_root),
    ),
    written_into(
        _in_place, instead="`x - …` makes a new tensor, and the stream stays."
    ),
    double_precision(oracle),
)

CHECK = Check("layer_norm", 4, draw, oracle, MISTAKES, forbidden=LIBRARIES + NORMS)
