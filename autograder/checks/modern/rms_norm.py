"""rms_norm: each vector over the root of its mean square, then times its weight.

Nothing is subtracted: the vectors of a case have means far from zero. ε is an argument
with a default, so some cases give none; it counts where numbers are small, and in all
others it is too small to be seen.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between, large, normal, singles, stop
from autograder.checks._slips import double_precision, two_at_once, written_into
from autograder.checks._twins import twins
from autograder.checks.modern._material import EPS, LIBRARIES, NORMS, halves


def oracle(x: Tensor, weight: Tensor, eps: float = 1e-5) -> Tensor:
    return functional.rms_norm(x.double(), weight.shape, weight.double(), eps).float()


def draw(rng: np.random.Generator) -> list[Case]:
    wide = between(rng, 520, 560)
    outlier = halves(rng, 2, wide)
    outlier[1, between(rng, 1, wide - 2)] *= 2**12
    mixed = torch.stack([halves(rng, 4), torch.zeros(4), halves(rng, 4)])
    sizes = torch.tensor([[1.0], [1 / 64], [128.0]])
    return [
        Case("two vectors, with weight 1", (halves(rng, 2, 4), torch.ones(4))),
        Case("a weight for each number", (halves(rng, 3, 4), halves(rng, 4))),
        Case("as many vectors as numbers in each", (halves(rng, 4, 4), halves(rng, 4))),
        Case("a single vector", (halves(rng, 5), halves(rng, 5))),
        Case("vectors of all positive numbers", (_up(rng, 3, 6), halves(rng, 6))),
        Case(
            "vectors of very different sizes",
            (64 * sizes * halves(rng, 3, 4), halves(rng, 4)),
        ),
        Case("a batch of texts", (halves(rng, 2, 3, 4), halves(rng, 4))),
        Case(
            "a long text",
            (halves(rng, between(rng, 1025, 1060), 3), halves(rng, 3)),
        ),
        Case(
            "vectors of many numbers, one of which is far from the others",
            (outlier, halves(rng, wide)),
        ),
        edge("a vector of zeros", (mixed, halves(rng, 4))),
        edge(
            "numbers so small that ε counts",
            (halves(rng, 2, 6) / 1000, halves(rng, 6)),
        ),
        edge(
            "an ε of its own, and numbers so small that it counts",
            (halves(rng, 2, 6) / 1000, halves(rng, 6), between(rng, 2, 9) * 1e-6),
        ),
        edge(
            "a large ε",
            (halves(rng, 3, 4), halves(rng, 4), between(rng, 3, 30) / 2),
        ),
        edge(
            "an ε of 1, and uneven numbers",
            (normal(rng, 3, 16), normal(rng, 16), 1.0),
        ),
        edge(
            "an ε just below 1, and small uneven numbers",
            (normal(rng, 3, 4) / 64, normal(rng, 4), between(rng, 991, 996) / 1000),
        ),
        edge(
            "an ε of 0",
            (halves(rng, 2, 4) / 1000, halves(rng, 4), 0.0),
        ),
        edge(
            "as many texts as vectors and numbers",
            (halves(rng, 4, 4, 4), halves(rng, 4)),
        ),
        edge("a batch of one text", (halves(rng, 1, 3, 4), halves(rng, 4))),
        edge(
            "the heads of a batch of texts", (halves(rng, 2, 3, 5, 4), halves(rng, 4))
        ),
        edge(
            "vectors that lie across in memory",
            (across(halves(rng, 2, 5, 4)), halves(rng, 4)),
        ),
        edge(
            "a batch of many texts",
            (halves(rng, between(rng, 129, 140), 2, 4), halves(rng, 4)),
        ),
        edge(
            "tiny numbers under a large weight",
            (halves(rng, 2, 4) / 1e7, large(rng, 4) * torch.tensor([1.0, -1, 1, -1])),
        ),
        edge("vectors of a single number", (halves(rng, 3, 1), halves(rng, 1))),
        *singles(lambda *one: (halves(rng, *one), halves(rng, 1)), 1, 2, 3, 4),
        *twins(
            oracle,
            lambda: (halves(rng, 5, 4), halves(rng, 4), 0.5),
            "the vectors",
            "the weight",
            "ε",
            others={2: 20.0},
        ),
    ]


def _up(rng: np.random.Generator, *shape: int) -> Tensor:
    """Numbers whose mean is far from zero."""
    return halves(rng, *shape).abs() + 3


def _plain(
    x: Tensor,
    weight: Tensor,
    eps: float = EPS,
    axis: Callable[[Tensor], int | tuple] = lambda x: -1,
    square: Callable[[Tensor], Tensor] = torch.square,
    mean: Callable[..., Tensor] = torch.mean,
    kept: bool = True,
    given: Callable[[float], float] = lambda eps: eps,
    root: Callable[[Tensor, float], Tensor] = lambda ms, eps: (ms + eps).sqrt(),
    above: Callable[[Tensor], Tensor] = lambda x: x,
    learned: Callable[[Tensor, Tensor], Tensor] = lambda y, weight: y * weight,
) -> Tensor:
    """The norm, with a screw at each of its steps; `kept` says that the axis is."""
    ms = mean(square(x), dim=axis(x), keepdim=kept)
    return learned(above(x) / root(ms, given(eps)), weight)


def worked(x: Tensor, weight: Tensor, eps: float = EPS) -> dict[str, Tensor]:
    x = x.double()
    ms = x.square().mean(-1, keepdim=True)
    root = (ms + eps).sqrt()
    return {
        "the mean of the squares": ms,
        "the root of it plus ε": root,
        "x over the root": x / root,
        "times the weight": x / root * weight,
    }


def _layer_norm(x: Tensor, weight: Tensor, eps: float = EPS) -> Tensor:
    return _plain(x - x.mean(-1, keepdim=True), weight, eps)


def _in_place(x: Tensor, weight: Tensor, eps: float = EPS) -> Tensor:
    x /= (x.square().mean(-1, keepdim=True) + eps).sqrt()
    return x * weight


def _by_elements(x: Tensor) -> tuple:
    """As by a loop over x, whose elements are vectors in a matrix alone."""
    return tuple(range(1, x.ndim)) or stop(RuntimeError)


def _centred(x: Tensor) -> Tensor:
    return x - x.mean(-1, keepdim=True)


def _std(x: Tensor) -> Tensor:
    """As `x.std(-1, keepdim=True)`, without its warning where it divides by 0."""
    return (_centred(x).square().sum(-1, keepdim=True) / (x.shape[-1] - 1)).sqrt()


_SUBTRACTED = (
    "You subtract the mean, as layer norm does. An RMS norm leaves it alone: only the size "
    "of a vector changes, not where its numbers lie."
)

MISTAKES = (
    Mistake("the mean subtracted, as in layer norm", _SUBTRACTED, _layer_norm),
    Mistake(
        "the mean subtracted above, not below",
        "The root is right, but above it x has lost its mean. An RMS norm subtracts "
        "nothing: x itself is divided.",
        partial(_plain, above=_centred),
    ),
    Mistake(
        "divided by the standard deviation",
        "You divide by the root of the variance, which is the mean square of what is left "
        "after the mean is gone. Here it is the mean square of x **itself**.",
        partial(_plain, square=lambda x: _centred(x).square()),
    ),
    Mistake(
        "divided by std",
        "You divide by `std`, which subtracts the mean first, and by default divides by C − "
        "1. Here the mean square is that of x **itself**.",
        lambda x, weight, eps=EPS: x / (_std(x) + eps) * weight,
    ),
    Mistake(
        "the sum instead of the mean",
        "Under your root is the **sum** of the squares, so longer vectors come out smaller. "
        "RMS is the root of the **mean** square: divide by how many numbers there are.",
        partial(_plain, mean=torch.sum),
    ),
    Mistake(
        "the root of the sum, divided by C",
        "You divide the root of the sum by C. The mean is taken **before** the root: first "
        "the sum divided by C, then ε, then the root.",
        lambda x, weight, eps=EPS: (
            x / ((x.square().sum(-1, keepdim=True) + eps).sqrt() / x.shape[-1]) * weight
        ),
    ),
    Mistake(
        "divided by C − 1",
        "You divide the sum of the squares by C − 1. The mean of C numbers is their sum "
        "divided by C.",
        partial(
            _plain,
            mean=lambda s, **along: s.sum(**along) / (s.shape[-1] - 1),
        ),
    ),
    Mistake(
        "divided by len(x)",
        "You divide the sum of the squares by `len(x)`. That is the size of the **first** "
        "axis, the number of vectors or texts; each vector has `x.shape[-1]` numbers.",
        partial(_plain, mean=lambda s, **along: s.sum(**along) / len(s)),
    ),
    Mistake(
        "the largest square",
        "You divide by each vector's largest number. Under the root stands the **mean** of "
        "the squares.",
        partial(_plain, mean=torch.amax),
    ),
    Mistake(
        "the root forgotten",
        "You divide by the mean square itself, so numbers that were large come out small. "
        "Divide by its **root**.",
        partial(_plain, root=lambda ms, eps: ms + eps),
    ),
    Mistake(
        "multiplied by the root",
        "You multiply by the root of the mean square, so vectors that were long grow still "
        "longer. **Divide** by it.",
        partial(_plain, root=lambda ms, eps: (ms + eps).rsqrt()),
    ),
    Mistake(
        "the squares forgotten",
        "You take the root of the mean of x, and a mean may be below zero. First square "
        "each number, then take the mean.",
        partial(_plain, square=lambda x: x),
    ),
    Mistake(
        "the mean squared",
        "You square the mean. RMS is the other way round: first square each number, then "
        "take the mean of the **squares**.",
        partial(
            _plain, square=lambda x: x, mean=lambda x, **along: x.mean(**along).square()
        ),
    ),
    Mistake(
        "doubled instead of squared",
        "You double each number where you should square it, and a mean of these may be "
        "below zero. In Python `* 2` doubles; a square is `** 2`.",
        partial(_plain, square=lambda x: 2 * x),
    ),
    Mistake(
        "each number divided by itself",
        "You divide by the root of the squares themselves, so every number becomes 1 or "
        "−1. The mean of the squares is missing, one number for each vector.",
        partial(_plain, mean=lambda s, **_: s),
    ),
    Mistake(
        "absolute values under the root",
        "Under your root are absolute values. It is the mean of the **squares**.",
        partial(_plain, square=torch.abs),
    ),
    Mistake(
        "the mean of the absolute values",
        "You divide by the mean of the absolute values. RMS is the root of the mean of the "
        "**squares**, in which large numbers count more.",
        partial(_plain, square=torch.abs, root=lambda ms, eps: ms + eps),
    ),
    Mistake(
        "ε outside the root",
        "Your ε stands behind the root. It belongs **under** the root, added to the mean "
        "square, before the root is taken.",
        partial(_plain, root=lambda ms, eps: ms.sqrt() + eps),
    ),
    Mistake(
        "ε added to x's share",
        "Your ε is added to the result of the division, since `/` comes before `+`. It belongs "
        "under the root: the root's bracket closes behind it.",
        lambda x, weight, eps=EPS: (
            (x / x.square().mean(-1, keepdim=True).sqrt() + eps) * weight
        ),
    ),
    Mistake(
        "ε times the weight",
        "The weight multiplies only ε: you divide by the root first, and then add ε · "
        "weight. ε stands **under** the root, so the root's bracket closes behind it.",
        lambda x, weight, eps=EPS: (
            x / x.square().mean(-1, keepdim=True).sqrt() + eps * weight
        ),
    ),
    Mistake(
        "ε squared",
        "Your ε is squared with x. It is added **once**, as it is, to the mean of the "
        "squares.",
        partial(_plain, root=lambda ms, eps: (ms + eps**2).sqrt()),
    ),
    Mistake(
        "ε added to the squares before a sum",
        "Under your root stands the sum of the squares. It is their **mean** to which ε is "
        "added: divide by the number of columns first.",
        lambda x, weight, eps=EPS: (
            x / (x.square() + eps).sum(-1, keepdim=True).sqrt() * weight
        ),
    ),
    Mistake(
        "ε forgotten",
        "There is no ε, so a vector of zeros becomes 0 / 0. Add it to the mean square, "
        "under the root.",
        partial(_plain, given=lambda eps: 0.0),
    ),
    Mistake(
        "ε subtracted",
        "You subtract ε, so the root of a very small mean square is one of a number below "
        "zero. **Add** it.",
        partial(_plain, given=lambda eps: -eps),
    ),
    Mistake(
        "always ε = 1e-5",
        "You always take 0.00001, whatever `eps` is given. That is only what it is where "
        "nobody says otherwise: use the argument.",
        partial(_plain, given=lambda eps: EPS),
    ),
    Mistake(
        "always ε = 1e-6",
        "You always take an ε of 1e-6, as some models do. Use the argument `eps`: the "
        "caller says how large it is, and 1e-5 is what it is otherwise.",
        partial(_plain, given=lambda eps: 1e-6),
    ),
    Mistake(
        "1e-6 where no ε is given",
        "Where no ε is given, yours is 1e-6. The `def` of this step says 1e-5, which is "
        "0.00001: leave that line as it was.",
        lambda x, weight, eps=1e-6: _plain(x, weight, eps),
    ),
    Mistake(
        "ε where the mean square is smaller",
        "You take ε in place of the mean square where that is smaller. ε is **added**, to "
        "every mean square.",
        partial(_plain, root=lambda ms, eps: ms.clamp(min=eps).sqrt()),
    ),
    Mistake(
        "over the tokens",
        "You take the mean over the tokens, so they begin to depend on each other, and on "
        "what is still to come. Each vector is normed by itself: over the **last** axis.",
        partial(_plain, axis=lambda x: 0),
    ),
    Mistake(
        "over axis 1, whatever the shape",
        "Right for a text (T, C), where axis 1 is the last one. In a batch (B, T, C) it is "
        "the tokens' axis, and a single vector has none. Count axes from the end.",
        partial(_plain, axis=lambda x: 1),
    ),
    Mistake(
        "over axis −2",
        "You take the mean over the tokens, and a single vector has no such axis. Each "
        "vector is normed by itself: over the **last** axis.",
        partial(_plain, axis=lambda x: -2),
    ),
    Mistake(
        "over everything",
        "You take one mean square of the whole tensor. Each vector has its own: tell `mean` "
        "along which axis.",
        partial(_plain, axis=lambda x: tuple(range(x.ndim))),
    ),
    Mistake(
        "over each whole text",
        "You take one mean square of a whole text, so its tokens begin to depend on each "
        "other. Each vector has its own: over the **last** axis alone.",
        partial(_plain, axis=lambda x: (-2, -1)[-x.ndim :]),
    ),
    Mistake(
        "over all axes but the last",
        "You take the mean over texts and tokens, one for each column. Each vector is "
        "normed by itself: over the **last** axis.",
        partial(_plain, axis=lambda x: tuple(range(x.ndim - 1))),
    ),
    Mistake(
        "by a loop over x",
        "Right for a text (T, C). A loop over x takes its first axis: from a batch come "
        "whole texts, and from a single vector numbers. `mean(-1, keepdim=True)` takes each "
        "vector by itself, whatever the shape: no loop is needed.",
        partial(_plain, axis=_by_elements),
    ),
    Mistake(
        "keepdim forgotten",
        "The mean square has lost the last axis, so it does not line up with x: each "
        "vector's own should stand before it, as a column. `keepdim` keeps the axis.",
        partial(_plain, kept=False),
    ),
    Mistake(
        "the weight forgotten",
        "The norm itself is right. Then comes what is learned: each number is multiplied by "
        "its own weight.",
        partial(_plain, learned=lambda y, weight: y),
    ),
    Mistake(
        "the weight added",
        "You add the weight. Each number is **multiplied** by its own weight.",
        partial(_plain, learned=lambda y, weight: y + weight),
    ),
    Mistake(
        "divided by the weight",
        "You divide by the weight. Does a bracket hold the root and the weight together? "
        "Each number is **multiplied** by its own weight.",
        partial(_plain, learned=lambda y, weight: y / weight),
    ),
    Mistake(
        "1 added to the weight",
        "You multiply by 1 + weight, as a few models do. Here it is the weight as it is.",
        partial(_plain, learned=lambda y, weight: y * (1 + weight)),
    ),
    Mistake(
        "the first weight for all",
        "You take the first weight for all numbers. Each number of a vector has its own: "
        "`weight` fits as it is.",
        partial(_plain, learned=lambda y, weight: y * weight[0]),
    ),
    Mistake(
        "a matrix product with the weight",
        "You multiply by the weight as a matrix, which sums over the numbers. Each number "
        "has its own weight: that is `*`, not `@`.",
        partial(_plain, learned=lambda y, weight: y @ weight),
    ),
    Mistake(
        "the weight as a column",
        "You lay the weight down as a column, so each vector has one weight for all its "
        "numbers, or the shapes do not fit. It is a row, with a number for each **column** "
        "of x, and fits as it is.",
        partial(_plain, learned=lambda y, weight: y * weight[:, None]),
    ),
    Mistake(
        "the weight before the norm",
        "You multiply by the weight before the norm, which takes its size out again. First "
        "the norm of x itself, then the weight.",
        lambda x, weight, eps=EPS: _plain(x * weight, torch.ones_like(weight), eps),
    ),
    Mistake(
        "the weight in the mean square",
        "The mean square is that of x times the weight, so the weight changes the size "
        "twice. Under the root stands x alone.",
        lambda x, weight, eps=EPS: (
            x
            * weight
            / ((x * weight).square().mean(-1, keepdim=True) + eps).sqrt()
            * weight
        ),
    ),
    Mistake(
        "the root alone",
        "You give back the size by which x is to be divided, and not x divided by it.",
        partial(_plain, above=torch.ones_like, learned=lambda y, weight: 1 / y),
    ),
    Mistake(
        "x squared above too",
        "You divide the squares of x. The squares are needed for the mean alone: above "
        "stands x as it is, with its sign.",
        partial(_plain, above=torch.square),
    ),
    two_at_once(
        "the mean subtracted, and ε outside the root",
        lambda x, weight, eps=EPS: _plain(
            _centred(x), weight, eps, root=lambda ms, eps: ms.sqrt() + eps
        ),
        _SUBTRACTED,
        "ε belongs under the root.",
    ),
    Mistake(
        "computed in float16",
        "You compute in float16, which holds about three digits, and nothing above 65,504. "
        "Leave x as it is, in float32.",
        lambda x, weight, eps=EPS: _plain(x.half(), weight, eps),
    ),
    written_into(
        _in_place,
        by="an operator such as `/=`",
        instead="`x / …` makes a new tensor, and the stream stays.",
    ),
    double_precision(oracle),
)

CHECK = Check(
    "rms_norm",
    3,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES + NORMS,
    worked=worked,
)
