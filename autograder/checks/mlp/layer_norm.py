"""layer_norm: each vector to mean 0 and variance 1, then its learned weight and bias.

The cases tell the last axis from all others, and ε under the root from everything else
that ε can be: there are vectors of equal numbers, and of very small ones. In all others
it is too small to count. Far from zero,
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
from autograder.checks._material import across, between, large, singles, stop
from autograder.checks._slips import double_precision, two_at_once, written_into
from autograder.checks._twins import twins
from autograder.checks.mlp._material import (
    EPS,
    LIBRARIES,
    NORMS,
    apart,
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
    wide = between(rng, 520, 560)
    outlier = apart(rng, 2, wide)
    outlier[1, between(rng, 1, wide - 2)] *= 2**16  # its variance is above 1e8
    # The mean of equal halves is exact, so the answer is the bias.
    equal = torch.full((4,), float(rng.integers(3, 60)) / 2)
    mixed = torch.stack([quarters(rng, 4), equal, 0 * equal, quarters(rng, 4)])
    far = rng.integers(1_000_000, 1_500_000) + rng.permuted(
        np.tile([-6, -4, -3, -1, 0, 2, 5, 9], (3, 1)), axis=1
    )
    far[1] *= -1
    signs = floats(rng.permutation([1, 1, -1, -1]))
    stream, n = vectors(rng, 3, pick(rng, ["{before}", "{n}.middle"]))
    which = f"ln_{between(rng, 1, 2)}"
    learned = weights(n, f"{which}.weight", f"{which}.bias")
    return [
        Case("three vectors, with weight 1 and bias 0", (apart(rng, 3, 4), *plain)),
        Case("a weight and a bias for each number", (apart(rng, 3, 4), *own(4))),
        Case("as many vectors as numbers in each", (apart(rng, 4, 4), *own(4))),
        Case("a single vector", (apart(rng, 5), *own(5))),
        Case("a batch of texts", (apart(rng, 2, 3, 4), *own(4))),
        edge(
            "vectors whose numbers are all equal, and a large bias",
            (mixed, quarters(rng, 4), large(rng, 4) * signs),
        ),
        edge("numbers so small that ε counts", (quarters(rng, 2, 6) / 500, *own(6))),
        edge("numbers far from zero and close together", (floats(far), *own(8))),
        edge("the stream of the course's own model", (stream, *learned)),
        Case("a long text", (apart(rng, between(rng, 1025, 1060), 3), *own(3))),
        Case(
            "vectors of many numbers, one of which is far from the others",
            (outlier, *own(wide)),
        ),
        edge("as many texts as vectors and numbers", (quarters(rng, 4, 4, 4), *own(4))),
        edge("a batch of one text", (quarters(rng, 1, 3, 4), *own(4))),
        edge(
            "vectors that lie across in memory",
            (across(quarters(rng, 2, 5, 4)), *own(4)),
        ),
        edge(
            "a batch of many texts",
            (quarters(rng, between(rng, 129, 140), 2, 4), *own(4)),
        ),
        edge(
            "tiny numbers under a large weight",
            (quarters(rng, 2, 4) / 1e7, large(rng, 4) * 10 * signs, quarters(rng, 4)),
        ),
        edge("vectors of a single number", (quarters(rng, 3, 1), *own(1))),
        *singles(lambda *one: (quarters(rng, *one), *own(1)), 2, 3),
        *twins(
            oracle,
            lambda: (apart(rng, 5, 4), *own(4)),
            "the vectors",
            "the weight",
            "the bias",
        ),
    ]


def _each(x: Tensor) -> int:
    """The last axis: each vector by itself."""
    return -1


def _squares(x: Tensor, centred: Tensor, **along) -> Tensor:
    return centred.square().mean(**along)


def _by_var(x: Tensor, centred: Tensor, correction: int = 0, **along) -> Tensor:
    return x.var(correction=correction, **along)


def _root(variance: Tensor, eps: float) -> Tensor:
    return (variance + eps).sqrt()


def _plain(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    axis: Callable[[Tensor], int | tuple] = _each,
    mean: Callable[..., Tensor] = torch.mean,
    mean_kept: bool = True,
    variance: Callable[..., Tensor] = _squares,
    variance_kept: bool = True,
    eps: float = EPS,
    root: Callable[[Tensor, float], Tensor] = _root,
    above: Callable[[Tensor, Tensor], Tensor] = lambda x, centred: centred,
    learned: Callable[..., Tensor] = lambda y, weight, bias: y * weight + bias,
) -> Tensor:
    """The norm, with a screw at each of its steps; `kept` says that the axis is."""
    centred = x - mean(x, dim=axis(x), keepdim=mean_kept)
    spread = variance(x, centred, dim=axis(x), keepdim=variance_kept)
    return learned(above(x, centred) / root(spread, eps), weight, bias)


def worked(x: Tensor, weight: Tensor, bias: Tensor) -> dict[str, Tensor]:
    x = x.double()
    centred = x - x.mean(-1, keepdim=True)
    variance = centred.square().mean(-1, keepdim=True)
    normed = centred / (variance + EPS).sqrt()
    return {
        "the mean": x.mean(-1, keepdim=True),
        "it subtracted": centred,
        "the variance": variance,
        "divided by √(variance + ε)": normed,
        "times the weight": normed * weight,
        "plus the bias": normed * weight + bias,
    }


def _median(x: Tensor, **along) -> Tensor:
    return x.median(**along).values


def _rough(x: Tensor, centred: Tensor, **along) -> Tensor:
    return x.square().mean(**along) - x.mean(**along) ** 2


def _distances(x: Tensor, centred: Tensor, **along) -> Tensor:
    return centred.abs().mean(**along)


def _by_elements(x: Tensor) -> tuple:
    """As by a loop over x, whose elements are vectors in a matrix alone."""
    return tuple(range(1, x.ndim)) or stop(RuntimeError)


def _counted(name: str, hint: str, count: Callable[[Tensor], int]) -> Mistake:
    """Sums divided by another number than C."""
    return Mistake(
        name,
        hint,
        partial(
            _plain,
            mean=lambda x, **along: x.sum(**along) / count(x),
            variance=lambda x, centred, **along: (
                centred.square().sum(**along) / count(x)
            ),
        ),
    )


def _between_0_and_1(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    low, high = x.amin(-1, keepdim=True), x.amax(-1, keepdim=True)
    return (x - low) / (high - low + EPS) * weight + bias


def _divided_first(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    variance = x.var(-1, correction=0, keepdim=True)
    return (x / (variance + EPS).sqrt() - x.mean(-1, keepdim=True)) * weight + bias


def _bias_divided(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    centred = x - x.mean(-1, keepdim=True)
    return (centred * weight + bias) / (
        x.var(-1, correction=0, keepdim=True) + EPS
    ).sqrt()


def _mean_divided(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    variance = x.var(-1, correction=0, keepdim=True)
    return x - x.mean(-1, keepdim=True) / (variance + EPS).sqrt() * weight + bias


def _another_eps(eps: float, like: str) -> Mistake:
    return Mistake(
        f"ε of {eps}",
        f"Your ε is {like}. GPT-2's is 1e-5, which is 0.00001, and where the numbers are "
        "small the difference shows.",
        partial(_plain, eps=eps),
    )


def _exchanged(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    mean, var = torch.var_mean(x, dim=-1, correction=0, keepdim=True)
    return (x - mean) / (var + EPS).sqrt() * weight + bias


def _in_place(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    x -= x.mean(-1, keepdim=True)
    return x / (x.square().mean(-1, keepdim=True) + EPS).sqrt() * weight + bias


_BOTH_LOST = (
    "Mean and variance have lost the last axis, so they do not line up with x: each "
    "vector's own should stand before it, as a column. `keepdim` keeps the axis."
)

MISTAKES = (
    Mistake(
        "over the tokens instead of the numbers",
        "You take the mean over the tokens, so they begin to depend on each other, and "
        "on what is still to come. Each vector is normed by itself: over the **last** "
        "axis.",
        partial(_plain, axis=lambda x: 0),
    ),
    Mistake(
        "mean and variance exchanged",
        "You subtract the variance and divide by the root of the mean. `torch.var_mean` "
        "gives the variance first, then the mean.",
        _exchanged,
    ),
    Mistake(
        "over axis 1, whatever the shape",
        "Right for a text (T, C), where axis 1 is the last one. In a batch (B, T, C) it is "
        "the tokens' axis, and a single vector has none. Count axes from the end.",
        partial(_plain, axis=lambda x: 1),
    ),
    Mistake(
        "over axis −2",
        "You take mean and variance over the tokens, and a single vector has no such axis. "
        "Each vector is normed by itself: over the **last** axis.",
        partial(_plain, axis=lambda x: -2),
    ),
    Mistake(
        "over everything",
        "You take one mean and one variance of the whole tensor. Each vector has its own: "
        "tell `mean` along which axis.",
        partial(_plain, axis=lambda x: tuple(range(x.ndim))),
    ),
    Mistake(
        "over each whole text",
        "You take one mean and one variance of a whole text, so its tokens begin to depend "
        "on each other. Each vector has its own: over the **last** axis alone.",
        partial(_plain, axis=lambda x: (-2, -1)[-x.ndim :]),
    ),
    Mistake(
        "over each whole text, and no vector alone",
        "You take one mean and one variance of a whole text, so its tokens begin to depend "
        "on each other, and a single vector ends in an error. Each vector has its own: over "
        "the **last** axis alone, `-1`.",
        partial(_plain, axis=lambda x: (-2, -1)),
    ),
    Mistake(
        "over all axes but the last",
        "You take mean and variance over texts and tokens, one for each column: that is "
        "batch norm. Layer norm takes each vector by itself: over the **last** axis.",
        partial(_plain, axis=lambda x: tuple(range(x.ndim - 1))),
    ),
    Mistake(
        "by a loop over x",
        "Right for a text (T, C). A loop over x takes its first axis: from a batch come "
        "whole texts, and from a single vector numbers. `x.mean(-1, keepdim=True)` takes "
        "each vector by itself, whatever the shape: no loop is needed.",
        partial(_plain, axis=_by_elements),
    ),
    Mistake(
        "the mean over the tokens, the variance not",
        "The variance is each vector's own, but the mean is taken over the tokens. Both go "
        "over the **last** axis.",
        partial(_plain, mean=lambda x, **_: x.mean(0, keepdim=True), variance=_squares),
    ),
    Mistake(
        "the mean over the tokens, the variance of x",
        "The variance is each vector's own, but the mean that you subtract is taken over "
        "the tokens. Both go over the **last** axis.",
        partial(_plain, mean=lambda x, **_: x.mean(0, keepdim=True), variance=_by_var),
    ),
    Mistake(
        "one mean for everything, the variance not",
        "The variance is each vector's own, but you subtract one mean of the whole tensor. "
        "Both go over the **last** axis.",
        partial(_plain, mean=lambda x, **_: x.mean(), variance=_squares),
    ),
    Mistake(
        "one mean for everything, the variance of x",
        "The variance is each vector's own, but you subtract one mean of the whole tensor: "
        "the mean too is taken over the **last** axis.",
        partial(_plain, mean=lambda x, **_: x.mean(), variance=_by_var),
    ),
    Mistake(
        "one variance for everything, the mean not",
        "The mean is each vector's own, but you divide by the root of one variance of the "
        "whole tensor. Both go over the **last** axis.",
        partial(_plain, variance=lambda x, centred, **_: centred.square().mean()),
    ),
    Mistake(
        "one variance of x for everything",
        "The mean is each vector's own, but you take one variance of the whole tensor, "
        "which also counts how far the vectors lie apart. Both go over the **last** axis.",
        partial(_plain, variance=lambda x, centred, **_: x.var(correction=0)),
    ),
    Mistake(
        "the variance over the tokens, the mean not",
        "The mean is each vector's own, but the variance is taken over the tokens. Both go "
        "over the **last** axis.",
        partial(
            _plain,
            variance=lambda x, centred, **_: x.var(0, correction=0, keepdim=True),
        ),
    ),
    _counted(
        "divided by len(x)",
        "You divide the sums by `len(x)`. That is the size of the **first** axis, the number "
        "of vectors or texts; each vector has `x.shape[-1]` numbers.",
        len,
    ),
    _counted(
        "divided by 96",
        "You divide the sums by 96, as many numbers as the course's own model has in a "
        "vector. Other vectors have other sizes: `x.shape[-1]` tells how many.",
        lambda x: 96,
    ),
    _counted(
        "divided by 4",
        "You divide the sums by 4, as in the example. Other vectors have other sizes: "
        "`x.shape[-1]` tells how many numbers.",
        lambda x: 4,
    ),
    Mistake(
        "the median instead of the mean",
        "You subtract the median, the number in the middle. The **mean** is the sum "
        "divided by how many there are.",
        partial(_plain, mean=_median),
    ),
    Mistake(
        "the median instead of the mean, the variance of x",
        "You subtract the median, the number in the middle. The variance is right, but "
        "above it x loses its **mean**.",
        partial(_plain, mean=_median, variance=_by_var),
    ),
    Mistake(
        "the sum instead of the mean",
        "You subtract the sum of each vector's numbers. The **mean** is that sum divided "
        "by how many there are.",
        partial(_plain, mean=torch.sum),
    ),
    Mistake(
        "the largest number subtracted",
        "You subtract each vector's largest number, as a softmax does. Here its **mean** "
        "is subtracted.",
        partial(_plain, mean=torch.amax),
    ),
    Mistake(
        "the mean added",
        "You add the mean to x. **Subtract** it, so that the numbers of a vector lie "
        "around zero.",
        partial(_plain, mean=lambda x, **along: -x.mean(**along), variance=_by_var),
    ),
    Mistake(
        "x subtracted from the mean",
        "All signs are turned round: you subtract x from the mean. It is x minus the mean.",
        partial(_plain, above=lambda x, centred: -centred),
    ),
    Mistake(
        "variance over C − 1",
        "The variance is a little too large. PyTorch's `var` and `std` divide by C − 1 "
        "unless told otherwise; here it is the plain mean of the C squares.",
        partial(_plain, variance=partial(_by_var, correction=1)),
    ),
    Mistake(
        "ε outside the root",
        "You add ε after the root. It belongs to the variance, **under** the root; for "
        "very small numbers that is another answer.",
        partial(_plain, root=lambda variance, eps: variance.sqrt() + eps),
    ),
    Mistake(
        "forgot ε",
        "A vector of equal numbers becomes NaN, for its variance is 0 and 0 / 0 is "
        "not a number. That is what the small ε is for: add it to the variance.",
        partial(_plain, eps=0.0),
    ),
    Mistake(
        "ε subtracted",
        "You subtract ε from the variance, and where that is small the root is one of a "
        "number below zero. **Add** it.",
        partial(_plain, eps=-EPS),
    ),
    Mistake(
        "ε squared",
        "Where the variance is tiny, ε does not count as it should. Under the root stands "
        "the variance plus ε, and ε is 1e-5: its square, a much smaller one, or a lower "
        "bound such as `clamp` is not the same.",
        partial(_plain, eps=EPS**2),
    ),
    _another_eps(1e-6, "1e-6, as in some other models"),
    _another_eps(1e-8, "1e-8, a usual choice elsewhere"),
    _another_eps(1e-7, "1e-7, a hundredth of what it should be"),
    _another_eps(1e-4, "1e-4, ten times too large"),
    _another_eps(1e-3, "1e-3, a hundred times too large"),
    _another_eps(1e-2, "1e-2, a thousand times too large"),
    _another_eps(5e-5, "5e-5, and the digit before the e counts too"),
    _another_eps(1e5, "1e5, which is 100000: the minus is missing"),
    _another_eps(2.718281828459045**-5, "e to the power of −5"),
    _another_eps(1.0, "as large as 1"),
    Mistake(
        "divided by the variance",
        "You divide by the variance itself. Its **root** is what has the size of the "
        "numbers: vectors ten times as long should come out the same.",
        partial(_plain, root=torch.add),
    ),
    Mistake(
        "divided by the square of the variance",
        "You square the variance where its **root** is asked for: that is what has the "
        "size of the numbers.",
        partial(_plain, root=lambda variance, eps: (variance + eps) ** 2),
    ),
    Mistake(
        "the root taken twice",
        "You take the root twice: the standard deviation is the root of the variance "
        "already.",
        partial(_plain, root=lambda variance, eps: (variance.sqrt() + eps).sqrt()),
    ),
    Mistake(
        "multiplied by the root",
        "You multiply by the root of the variance, so that large vectors become larger "
        "still. **Divide** by it.",
        partial(_plain, root=lambda variance, eps: (variance + eps) ** -0.5),
    ),
    Mistake(
        "math.sqrt on a tensor",
        "`sqrt` of Python's `math` takes a single number, and each vector has a variance "
        "of its own. `torch.sqrt` takes a whole tensor.",
        partial(_plain, root=lambda variance, eps: sqrt(variance + eps)),
    ),
    Mistake(
        "divided by the length",
        "Your vectors come out at length 1. The squares are summed up, where their "
        "**mean** is asked for.",
        partial(
            _plain, variance=lambda x, centred, **along: centred.square().sum(**along)
        ),
    ),
    Mistake(
        "divided by the mean of the squares of x",
        "The mean is subtracted above the line, but below it you square x as it was. The "
        "variance is the mean square of what is left **after** the mean is gone.",
        partial(_plain, variance=lambda x, centred, **along: x.square().mean(**along)),
    ),
    Mistake(
        "the square of the mean",
        "You square the mean of what is left, and that mean is 0. The variance is the mean "
        "of the **squares**: first square each number, then take the mean.",
        partial(
            _plain, variance=lambda x, centred, **along: centred.mean(**along).square()
        ),
    ),
    Mistake(
        "the squares forgotten",
        "You take the mean of what is left after the mean is gone, and that is 0. The "
        "variance is the mean of its **squares**.",
        partial(_plain, variance=lambda x, centred, **along: centred.mean(**along)),
    ),
    Mistake(
        "doubled instead of squared",
        "You double what is left after the mean is gone, and the mean of that is 0. In "
        "Python `* 2` doubles; a square is `** 2`.",
        partial(
            _plain,
            variance=lambda x, centred, **along: (centred * 2).mean(**along),
        ),
    ),
    Mistake(
        "each number divided by itself",
        "You divide by the root of the squares themselves, so every number becomes 1 or "
        "−1. The variance is their **mean**, one number for each vector.",
        partial(_plain, variance=lambda x, centred, **_: centred.square()),
    ),
    Mistake(
        "divided by the largest",
        "You divide by each vector's largest distance from its mean. The variance is the "
        "**mean** of the squares.",
        partial(
            _plain,
            variance=lambda x, centred, **along: centred.square().amax(**along),
        ),
    ),
    Mistake(
        "not divided",
        "The mean is gone, but the vectors are as long as before. Divide them by the root "
        "of variance plus ε.",
        partial(_plain, root=lambda variance, eps: torch.ones(())),
    ),
    Mistake(
        "mean not subtracted",
        "You divide by the right root, but x still has its mean. Subtract it first, each "
        "vector's own.",
        partial(_plain, above=lambda x, centred: x),
    ),
    Mistake(
        "RMS norm",
        "You leave the mean alone and divide by the root of the mean square. That is RMS "
        "norm, which newer models use. GPT-2's layer norm subtracts the mean first.",
        partial(_plain, mean=lambda x, **_: torch.zeros(())),
    ),
    Mistake(
        "weight and bias exchanged",
        "You multiply by the bias and add the weight. Multiply by the weight, add the "
        "bias. If your line says that, look at your `def`: first x, then weight, then bias.",
        partial(_plain, learned=lambda y, weight, bias: y * bias + weight),
    ),
    Mistake(
        "weight and bias forgotten",
        "The norm itself is right. Then comes the learned part: multiply each number "
        "by its weight and add its bias.",
        partial(_plain, learned=lambda y, weight, bias: y),
    ),
    Mistake(
        "weight forgotten",
        "The weight plays no part. Each number is multiplied by its own weight before "
        "the bias is added.",
        partial(_plain, learned=lambda y, weight, bias: y + bias),
    ),
    Mistake(
        "the weight times the bias",
        "You multiply the weight by the bias, and not by the normed vector. First the normed "
        "numbers times the weight, then plus the bias.",
        partial(_plain, learned=lambda y, weight, bias: y + weight * bias),
    ),
    Mistake(
        "the weight plus the bias",
        "You add weight and bias first, and multiply by their sum. A bracket is too many: "
        "multiply by the weight, then add the bias.",
        partial(_plain, learned=lambda y, weight, bias: y * (weight + bias)),
    ),
    Mistake(
        "the first weight and the first bias for all",
        "You take the first weight and the first bias for all numbers. Each number of a "
        "vector has its own: `weight` and `bias` fit as they are.",
        partial(_plain, learned=lambda y, weight, bias: y * weight[0] + bias[0]),
    ),
    Mistake(
        "the first weight for all",
        "You take the first weight for all numbers. Each number of a vector has its own: "
        "`weight` fits as it is.",
        partial(_plain, learned=lambda y, weight, bias: y * weight[0] + bias),
    ),
    Mistake(
        "ε times the weight",
        "The weight multiplies only ε: you divide by the root first, and then add "
        "ε · weight. ε stands **under** the root, so the root's bracket closes behind it.",
        lambda x, weight, bias: _plain(x, torch.ones(()), EPS * weight + bias, eps=0.0),
    ),
    Mistake(
        "bias forgotten",
        "The bias plays no part. It is added at the very end.",
        partial(_plain, learned=lambda y, weight, bias: y * weight),
    ),
    Mistake(
        "bias subtracted",
        "You subtract the bias. It is **added** at the very end.",
        partial(_plain, learned=lambda y, weight, bias: y * weight - bias),
    ),
    Mistake(
        "bias added before the weight",
        "You add the bias first and then multiply, so the weight scales the bias too. "
        "First multiply, then add.",
        partial(_plain, learned=lambda y, weight, bias: (y + bias) * weight),
    ),
    Mistake(
        "weight added",
        "You add the weight, and the bias too. Each number is **multiplied** by its own "
        "weight; only the bias is added.",
        partial(_plain, learned=lambda y, weight, bias: y + weight + bias),
    ),
    Mistake(
        "divided by the weight",
        "You divide by the weight. Each number is **multiplied** by its own weight.",
        partial(_plain, learned=lambda y, weight, bias: y / weight + bias),
    ),
    Mistake(
        "1 added to the weight",
        "You multiply by 1 + weight, as some newer models do. GPT-2 multiplies by the "
        "weight as it is.",
        partial(_plain, learned=lambda y, weight, bias: y * (1 + weight) + bias),
    ),
    Mistake(
        "a matrix product with the weight",
        "You multiply by the weight as a matrix, which sums over the numbers. Each "
        "number has its own weight: that is `*`, not `@`.",
        partial(_plain, learned=lambda y, weight, bias: y @ weight + bias),
    ),
    Mistake(
        "weight and bias as columns",
        "You lay weight or bias down as a column, so each vector has one weight for all "
        "its numbers, or the shapes do not fit. They are rows, with a number for each "
        "**column** of x, and fit as they are.",
        partial(
            _plain,
            learned=lambda y, weight, bias: y * weight[:, None] + bias[:, None],
        ),
    ),
    Mistake(
        "the weight as a column",
        "You lay the weight down as a column, so each vector has one weight for all its "
        "numbers, or the shapes do not fit. It is a row, with a number for each **column** "
        "of x, and fits as it is.",
        partial(_plain, learned=lambda y, weight, bias: y * weight[:, None] + bias),
    ),
    Mistake(
        "the weight as a column where the shape is a square",
        "As many vectors as numbers, and each vector gets one weight for all its numbers. "
        "The weight is a row, with a number for each **column** of x.",
        partial(
            _plain,
            learned=lambda y, weight, bias: (
                y * (weight[:, None] if y.shape[:-1] == weight.shape else weight) + bias
            ),
        ),
    ),
    Mistake(
        "keepdim forgotten",
        _BOTH_LOST,
        partial(_plain, mean_kept=False, variance_kept=False, variance=_by_var),
    ),
    Mistake(
        "keepdim forgotten, and the variance taken of what is left",
        "Neither the mean nor the variance lines up with x, for both have lost the last "
        "axis: each vector's own should stand before it, as a column. `keepdim` keeps "
        "the axis.",
        partial(_plain, mean_kept=False, variance_kept=False),
    ),
    Mistake(
        "keepdim forgotten for the mean, the variance by var",
        "The variance is a column, the mean is not: it has lost the last axis and does "
        "not line up with x. It needs `keepdim` too.",
        partial(_plain, mean_kept=False, variance=_by_var),
    ),
    Mistake(
        "keepdim forgotten for the mean",
        "The mean has lost the last axis and does not line up with x, so what you square "
        "is wrong already. The variance has its `keepdim`; the mean needs it too.",
        partial(_plain, mean_kept=False),
    ),
    Mistake(
        "keepdim forgotten for the variance",
        "The mean is a column, the variance is not: it has lost the last axis and does "
        "not line up with x. It needs `keepdim` too.",
        partial(_plain, variance_kept=False),
    ),
    two_at_once(
        "keepdim forgotten, and the variance over C − 1",
        partial(
            _plain,
            mean_kept=False,
            variance_kept=False,
            variance=partial(_by_var, correction=1),
        ),
        _BOTH_LOST,
        "PyTorch's `var` divides by C − 1 unless told otherwise; here it is C.",
    ),
    Mistake(
        "the bias divided too",
        "The root divides the bias as well: your bracket holds the weight and the bias. "
        "First the division, then the weight, and the bias last.",
        _bias_divided,
    ),
    Mistake(
        "the brackets around x − mean missing",
        "Only the mean is divided by the root, not x, for a division comes before a "
        "subtraction. x − mean needs brackets.",
        _mean_divided,
    ),
    Mistake(
        "divided before the mean is subtracted",
        "You divide x first and then subtract the mean, which is not divided. Subtract the "
        "mean first: the bracket around x − mean closes before the division.",
        _divided_first,
    ),
    Mistake(
        "between 0 and 1",
        "You bring each vector between 0 and 1, by its smallest and its largest number. Here "
        "its **mean** is subtracted, and it is divided by the root of the variance.",
        _between_0_and_1,
    ),
    Mistake(
        "computed in float16",
        "You compute in float16, which holds about three digits, and nothing above 65,504. "
        "Leave x as it is, in float32.",
        lambda x, weight, bias: _plain(x.half(), weight, bias),
    ),
    Mistake(
        "weight and bias before the norm",
        "You multiply by the weight and add the bias before the norm, which undoes them. "
        "First the norm, then the learned part.",
        lambda x, weight, bias: _plain(
            x * weight + bias, torch.ones_like(weight), torch.zeros_like(bias)
        ),
    ),
    Mistake(
        "divided by the mean distance from the mean",
        "You divide by the mean of the absolute values. The variance is the mean of the "
        "**squares**, and its root is taken after that.",
        partial(_plain, variance=_distances, root=torch.add),
    ),
    Mistake(
        "divided by the mean distance from the mean, without ε",
        "You divide by the mean of the absolute values. The variance is the mean of the "
        "**squares**; add ε to it, for a vector of equal numbers has none, and take the "
        "root.",
        partial(_plain, variance=_distances, root=torch.add, eps=0.0),
    ),
    Mistake(
        "divided by the root of the mean distance",
        "Under your root are absolute values. The variance is the mean of the "
        "**squares**.",
        partial(_plain, variance=_distances),
    ),
    Mistake(
        "mean of squares minus squared mean",
        "On paper this is the variance. But far from zero both parts are huge and nearly "
        "equal, and rounding eats the difference. Subtract the mean first, then square.",
        partial(_plain, variance=_rough),
    ),
    written_into(
        _in_place, instead="`x - …` makes a new tensor, and the stream stays."
    ),
    double_precision(oracle),
)

CHECK = Check(
    "layer_norm",
    4,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES + NORMS,
    worked=worked,
)
