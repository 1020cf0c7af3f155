"""gelu: the soft bend of GPT-2, by tanh, of a tensor of any shape.

The exact GELU by erf is near: the two differ enough to be told apart only where x is
between about -3 and -2.3, so every case has such a number, but the one far from zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from math import pi, sqrt

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between, normal
from autograder.checks._slips import double_precision, lists_of_numbers, written_into
from autograder.checks.mlp._material import (
    BENDS,
    LIBRARIES,
    floats,
    tanh_gelu,
    vectors,
    weights,
)


def oracle(x: Tensor) -> Tensor:
    return tanh_gelu(x.double()).float()


def _border(rng: np.random.Generator) -> Tensor:
    """Where the curve is nearly straight, and not yet quite."""
    return floats(rng.uniform(2.6, 4, 8) * rng.permutation([-1, 1] * 4))


def draw(rng: np.random.Generator) -> list[Case]:
    five = rng.permutation([*_telling(rng, 4), 0.0])
    large = rng.integers(150, 600, 6) / 10 * rng.permutation([-1, -1, -1, 1, 1, 1])
    normed, n = vectors(rng, 4, "{n}.norm_2")
    w_in, b_in = weights(n, "mlp.c_fc.weight", "mlp.c_fc.bias")
    some = rng.choice(w_in.shape[1], 24, replace=False)
    return [
        Case("five numbers around zero", (floats(five),)),
        edge("a single number", (floats(rng.uniform(-2.95, -2.35, 1)),)),
        Case("a matrix", (floats(_telling(rng, 12).reshape(3, 4)),)),
        Case("a batch of matrices", (normal(rng, 2, 3, 4, scale=2),)),
        edge("numbers far from zero", (floats(large),)),
        Case(
            "questions of the course's own model",
            (normed @ w_in[:, some] + b_in[some],),
        ),
        Case(
            "many rows of many numbers",
            (normal(rng, between(rng, 33, 40), 36, scale=1.5),),
        ),
        edge("numbers between 3 and 4 on both sides of zero", (_border(rng),)),
        edge(
            "a batch of one text, which lies across in memory",
            (across(normal(rng, 1, 3, 4, scale=2)),),
        ),
    ]


def _telling(rng: np.random.Generator, size: int) -> np.ndarray:
    """Eighths near zero, none 0, of which the first tells tanh from erf."""
    near = rng.integers(-23, 24, size) / 8
    near[near == 0] = 0.375
    near[0], near[1] = rng.integers(-23, -18) / 8, rng.integers(6, 16) / 8
    return near


_ROOT = sqrt(2 / pi)


def _inside(x: Tensor) -> Tensor:
    """What tanh is taken of."""
    return _ROOT * (x + 0.044715 * x**3)


def _plain(x: Tensor, inside: Callable[[Tensor], Tensor] = _inside) -> Tensor:
    """The formula, perhaps with something else inside the tanh."""
    return 0.5 * x * (1 + torch.tanh(inside(x)))


def _by_one_power(x: Tensor) -> Tensor:
    power = torch.exp(2 * _inside(x))
    return 0.5 * x * (1 + (power - 1) / (power + 1))


def _by_two_powers(x: Tensor) -> Tensor:
    up, down = torch.exp(_inside(x)), torch.exp(-_inside(x))
    return 0.5 * x * (1 + (up - down) / (up + down))


def _by_rows(x: Tensor) -> Tensor:
    return torch.tensor([_plain(row) for row in x])


def _by_items(x: Tensor) -> Tensor:
    return torch.tensor([_plain(row).item() for row in x])


def _in_place(x: Tensor) -> Tensor:
    x *= 0.5 * (1 + torch.tanh(_inside(x)))
    return x


def _second_name(x: Tensor) -> Tensor:
    y = x
    y += 0.044715 * x**3
    return 0.5 * x * (1 + torch.tanh(_ROOT * y))


def _second_name_twice(x: Tensor) -> Tensor:
    y = x
    y += 0.044715 * x**3
    y *= _ROOT
    return 0.5 * x * (1 + torch.tanh(y))


MISTAKES = (
    Mistake(
        "ReLU",
        "That is ReLU: everything below zero becomes exactly 0. GELU bends softly: a "
        "little below zero it still lets a little through.",
        torch.relu,
    ),
    Mistake(
        "the exact GELU by erf",
        "This is GELU indeed, the exact one by erf. But GPT-2 was trained with the "
        "approximation by tanh, and the two differ by up to 0.0005, most between −3 and "
        "−2. Please take the formula with tanh.",
        functional.gelu,
    ),
    Mistake(
        "SiLU",
        "You multiply x by its sigmoid. That is called SiLU or Swish, a cousin of GELU; "
        "newer models use it. Here, follow the formula with tanh.",
        functional.silu,
    ),
    Mistake(
        "the approximation by a sigmoid",
        "You multiply x by the sigmoid of 1.702 x. That is a rougher approximation of "
        "GELU; GPT-2 uses the one by tanh.",
        lambda x: x * torch.sigmoid(1.702 * x),
    ),
    Mistake(
        "forgot the ½",
        "Everything is twice as large as it should be. The tanh runs from −1 to 1, so 1 + "
        "tanh runs from 0 to 2: what makes a share from 0 to 1 of it?",
        lambda x: 2 * _plain(x),
    ),
    Mistake(
        "forgot to multiply by x",
        "These are the shares alone, from 0 to 1. GELU lets that share **of x** "
        "through.",
        lambda x: 0.5 * (1 + torch.tanh(_inside(x))),
    ),
    Mistake(
        "forgot the cube",
        "Inside the tanh you multiply 0.044715 by x itself. It belongs to the **third "
        "power** of x.",
        partial(_plain, inside=lambda x: _ROOT * (x + 0.044715 * x)),
    ),
    Mistake(
        "a square instead of a cube",
        "Inside the tanh you square x, and a square loses its sign. The formula has the "
        "**third power**.",
        partial(_plain, inside=lambda x: _ROOT * (x + 0.044715 * x**2)),
    ),
    Mistake(
        "the term with the cube is missing",
        "The first part inside the tanh is there, the term with x³ is not. It is small "
        "near zero, so the error shows farther out.",
        partial(_plain, inside=lambda x: _ROOT * x),
    ),
    Mistake(
        "0.044715 is cubed too",
        "The third power also takes in 0.044715, which makes it next to nothing. Only x is "
        "raised to the third power; in Python `**` binds more tightly than `*`.",
        partial(_plain, inside=lambda x: _ROOT * (x + (0.044715 * x) ** 3)),
    ),
    Mistake(
        "0.044715 times the whole sum",
        "You multiply the whole sum x + x³ by 0.044715. It belongs to x³ alone.",
        partial(_plain, inside=lambda x: _ROOT * 0.044715 * (x + x**3)),
    ),
    Mistake(
        "√(2/π) times the first term only",
        "√(2/π) multiplies only x here. It stands before the bracket, so it multiplies the "
        "term with x³ as well.",
        partial(_plain, inside=lambda x: _ROOT * x + 0.044715 * x**3),
    ),
    Mistake(
        "the term with the cube outside the tanh",
        "The term with x³ stands outside the tanh, where it grows without end. Look where "
        "the brackets close.",
        lambda x: 0.5 * x * (1 + torch.tanh(_ROOT * x) + 0.044715 * x**3),
    ),
    Mistake(
        "forgot √(2/π)",
        "The bracket inside the tanh is right, but nothing stands before it: √(2/π), "
        "about 0.8, is missing.",
        partial(_plain, inside=lambda x: x + 0.044715 * x**3),
    ),
    Mistake(
        "forgot the root of 2/π",
        "You multiply by 2/π, about 0.64. The formula has its square root, about 0.8.",
        partial(_plain, inside=lambda x: _inside(x) * _ROOT),
    ),
    Mistake(
        "√2/π instead of √(2/π)",
        "You take the root of 2 and divide it by π. The root goes over the whole "
        "fraction 2/π.",
        partial(_plain, inside=lambda x: _inside(x) / _ROOT * sqrt(2) / pi),
    ),
    Mistake(
        "√(π/2) instead of √(2/π)",
        "The fraction under the root is upside down: 2/π is less than 1.",
        partial(_plain, inside=lambda x: _inside(x) / _ROOT**2),
    ),
    Mistake(
        "√(2π) instead of √(2/π)",
        "Under the root, 2 is **divided** by π and not multiplied.",
        partial(_plain, inside=lambda x: _inside(x) * pi),
    ),
    Mistake(
        "0.8 instead of √(2/π)",
        "√(2/π) is a little less than 0.8, and the difference shows. Let Python compute "
        "it: `sqrt` and `pi` are there.",
        partial(_plain, inside=lambda x: _inside(x) / _ROOT * 0.8),
    ),
    Mistake(
        "forgot the 1 before the tanh",
        "The tanh alone runs from −1 to 1, so your curve is the same to the left and to "
        "the right of zero. Which number makes it run from 0 on?",
        lambda x: 0.5 * x * torch.tanh(_inside(x)),
    ),
    Mistake(
        "1 minus the tanh",
        "You subtract the tanh from 1. So what is above zero is silenced and what is below "
        "gets through: the wrong way round.",
        lambda x: 0.5 * x * (1 - torch.tanh(_inside(x))),
    ),
    Mistake(
        "brackets around 1 + tanh missing",
        "½ x multiplies only the 1, and the tanh is added on top. Both, 1 and tanh, stand "
        "in one bracket.",
        lambda x: 0.5 * x * 1 + torch.tanh(_inside(x)),
    ),
    Mistake(
        "a sigmoid instead of the tanh",
        "There is a sigmoid where the tanh should be. A sigmoid runs from 0 to 1, the tanh "
        "from −1 to 1.",
        lambda x: 0.5 * x * (1 + torch.sigmoid(_inside(x))),
    ),
    Mistake(
        "tanh alone",
        "You give the tanh of x. It is only one part of the formula: it makes the share "
        "of x that gets through.",
        torch.tanh,
    ),
    Mistake(
        "sigmoid alone",
        "You give the sigmoid of x, a bend of older networks that flattens out on both "
        "sides. GELU goes on rising: far to the right, it is x itself.",
        torch.sigmoid,
    ),
    Mistake(
        "math.tanh on a tensor",
        "`math.tanh` takes a single number. For a tensor of any shape there is one in "
        "`torch` that does all its numbers at once.",
        lambda x: 0.5 * x * (1 + math.tanh(_inside(x))),
    ),
    Mistake(
        "torch.tensor on a list of tensors",
        "Right for a row of numbers. From a matrix, your loop takes whole rows, and "
        "what is made for single numbers cannot take those: `torch.tensor` of a list, "
        "or `math.tanh`. `torch.tanh` takes all numbers at once: no loop is needed.",
        _by_rows,
    ),
    Mistake(
        "one number taken of each row",
        "Right for a row of numbers. From a matrix, your loop takes whole rows, and "
        "`item` wants a single number. `torch.tanh` takes all numbers at once, "
        "whatever the shape: no loop is needed.",
        _by_items,
    ),
    Mistake(
        "a tanh of powers that overflows",
        "Right near zero, but not far to the right: there the power of e is too large for "
        "a float, and infinity over infinity is NaN. `torch.tanh` knows how to avoid that.",
        _by_one_power,
    ),
    Mistake(
        "a tanh of two powers that overflow",
        "Right near zero, but not far from it on either side: one of the two powers of e "
        "is too large for a float, and infinity over infinity is NaN. `torch.tanh` "
        "avoids that.",
        _by_two_powers,
    ),
    written_into(_in_place, by="an operator like `*=`"),
    Mistake(
        "a second name for x is changed in place",
        "A second name is no copy: with `y = x`, both are one tensor, and `+=` changes "
        "`x` itself. So the x in front of the bracket is no longer the one that came in.",
        _second_name,
    ),
    Mistake(
        "a second name for x is changed in place, twice",
        "A second name is no copy: with `y = x`, both are one tensor, and `+=` and `*=` "
        "change `x` itself. So the x in front of the bracket is what stands in the tanh.",
        _second_name_twice,
    ),
    double_precision(
        oracle,
        more="A factor that is itself a float64 tensor or array makes it so; a plain "
        "Python number leaves x at float32.",
    ),
    lists_of_numbers(
        oracle,
        more="`torch` computes with all numbers of a tensor at once and gives a tensor of "
        "the same shape: no loop is needed.",
        name="a list of numbers",
    ),
)

CHECK = Check("gelu", 3, draw, oracle, MISTAKES, forbidden=LIBRARIES + BENDS)
