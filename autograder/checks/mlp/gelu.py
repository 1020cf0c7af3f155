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
from autograder.checks._material import across, between, normal, singles, stop
from autograder.checks._slips import (
    double_precision,
    list_of_rows,
    lists_of_numbers,
    written_into,
)
from autograder.checks._twins import twins
from autograder.checks.mlp._material import (
    BENDS,
    LIBRARIES,
    floats,
    tanh_gelu,
    vectors,
    weights,
)

# So tight that a rounded constant shows here, and not as a small error of the block's.
RTOL, ATOL = 2e-6, 1e-6


def oracle(x: Tensor) -> Tensor:
    return tanh_gelu(x.double()).float()


def _border(rng: np.random.Generator) -> Tensor:
    """Where the curve is nearly straight, and not yet quite."""
    return floats(rng.uniform(2.6, 4, 8) * rng.permutation([-1, 1] * 4))


def draw(rng: np.random.Generator) -> list[Case]:
    five = rng.permutation([*_telling(rng, 4), 0.0])
    large = rng.integers(150, 600, 6) / 10 * [1, 1, 1, 1, 1e6, 1e6]
    large *= [-1, 1, -1, 1, -1, 1]
    normed, n = vectors(rng, 4, "{n}.norm_2")
    w_in, b_in = weights(n, "mlp.c_fc.weight", "mlp.c_fc.bias")
    some = rng.choice(w_in.shape[1], 24, replace=False)
    return [
        Case("five numbers around zero", (floats(five),)),
        edge("a single number", (floats(rng.uniform(-2.95, -2.35, 1)),)),
        Case("a matrix", (floats(_telling(rng, 12).reshape(3, 4)),)),
        Case("a batch of matrices", (normal(rng, 2, 3, 4, scale=2),)),
        edge("numbers far from zero", (floats(rng.permutation(large)),)),
        Case(
            "questions of the course's own model",
            (normed @ w_in[:, some] + b_in[some],),
        ),
        Case(
            "many rows of many numbers",
            (normal(rng, between(rng, 1025, 1060), 3, scale=1.5),),
        ),
        edge("numbers between 3 and 4 on both sides of zero", (_border(rng),)),
        edge(
            "a batch of one text, which lies across in memory",
            (across(normal(rng, 1, 3, 132, scale=2)),),
        ),
        edge(
            "a batch of many texts",
            (normal(rng, between(rng, 129, 140), 2, 3, scale=2),),
        ),
        edge("four axes, all as long", (normal(rng, 3, 3, 3, 3),)),
        edge("a number without an axis", (floats(rng.uniform(-2.95, -2.35)),)),
        *singles(lambda *one: (floats(rng.uniform(-2.95, -2.35, one)),), 2, 3, 4),
        *twins(oracle, lambda: (normal(rng, 5, 2),), "the numbers"),
    ]


def _telling(rng: np.random.Generator, size: int) -> np.ndarray:
    """Eighths near zero, none 0, of which the first tells tanh from erf."""
    near = rng.integers(-23, 24, size) / 8
    near[near == 0] = 0.375
    near[0], near[1] = rng.integers(-23, -18) / 8, rng.integers(6, 16) / 8
    return near


_ROOT = sqrt(2 / pi)


def _inside(x: Tensor, root: float = _ROOT, factor: float = 0.044715) -> Tensor:
    """What tanh is taken of."""
    return root * (x + factor * x**3)


def _plain(
    x: Tensor,
    inside: Callable[[Tensor, float, float], Tensor] = _inside,
    root: float = _ROOT,
    factor: float = 0.044715,
    bend: Callable[[Tensor], Tensor] = torch.tanh,
    share: Callable[[Tensor], Tensor] = lambda bent: 1 + bent,
    half: float = 0.5,
    of: Callable[[Tensor], Tensor] = lambda x: x,
    last: Callable[[Tensor, Tensor], Tensor] = lambda x, y: y,
) -> Tensor:
    """The formula, with a screw at each of its parts; last(x, what comes out)."""
    return last(x, half * of(x) * share(bend(inside(x, root, factor))))


def worked(x: Tensor) -> dict[str, Tensor]:
    inside = _inside(x.double())
    share = (1 + inside.tanh()) / 2
    return {
        "√(2/π) (x + 0.044715 x³)": inside,
        "tanh of it": inside.tanh(),
        "the share, half of 1 + tanh": share,
        "times x": share * x,
    }


def _by_one_power(x: Tensor) -> Tensor:
    power = torch.exp(2 * _inside(x))
    return 0.5 * x * (1 + (power - 1) / (power + 1))


def _by_two_powers(x: Tensor) -> Tensor:
    up, down = torch.exp(_inside(x)), torch.exp(-_inside(x))
    return 0.5 * x * (1 + (up - down) / (up + down))


def _by_rows(x: Tensor) -> Tensor:
    return torch.tensor([_plain(row) for row in x])


def _listed(x: Tensor) -> list[Tensor]:
    """By the `tanh` of `math`, which takes the numbers of a row and no rows."""
    return list(_plain(x)) if x.ndim == 1 else stop(ValueError)


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


def _typed(factor: float) -> Mistake:
    return Mistake(
        f"{factor} instead of 0.044715",
        f"The number before x³ is {factor} here, mistyped or rounded. Compare it with the "
        "formula, digit by digit: all of them count.",
        partial(_plain, factor=factor),
    )


def _rounded_root(root: float) -> Mistake:
    return Mistake(
        f"{root:.6g} instead of √(2/π)",
        f"Your √(2/π) is {root:.6g}, rounded or mistyped, and the difference shows. Let "
        "Python compute it: `sqrt` and `pi` are there.",
        partial(_plain, root=root),
    )


def _cut(name: str, what: str, last: Callable[[Tensor, Tensor], Tensor]) -> Mistake:
    return Mistake(
        name,
        f"You {what}. GELU is soft everywhere: one formula serves for all numbers, and "
        "far from zero it comes near that by itself.",
        partial(_plain, last=last),
    )


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
        partial(_plain, inside=lambda x, *_: x / sqrt(2), bend=torch.erf),
    ),
    Mistake(
        "erf instead of tanh",
        "There is an erf where the tanh should be. With erf the exact GELU is written, but "
        "from x / √2; to √(2/π) (x + 0.044715 x³) belongs the tanh.",
        partial(_plain, bend=torch.erf),
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
        partial(_plain, half=1.0),
    ),
    Mistake(
        "halved twice",
        "Everything is half as large as it should be. There is one ½ in the formula: is it "
        "in your lines twice?",
        partial(_plain, half=0.25),
    ),
    Mistake(
        "forgot to multiply by x",
        "The tanh and what stands around it make the share, from 0 to 1. GELU lets that "
        "share **of x** through: what is missing is the x in front.",
        partial(_plain, of=torch.ones_like),
    ),
    Mistake(
        "without signs",
        "The signs are lost. A little below zero GELU lets a little through, and that is "
        "below zero too: no absolute value is taken anywhere.",
        partial(_plain, of=torch.abs),
    ),
    Mistake(
        "forgot the cube",
        "Inside the tanh you multiply 0.044715 by x itself. It belongs to the **third "
        "power** of x.",
        partial(_plain, inside=lambda x, root, f: root * (x + f * x)),
    ),
    Mistake(
        "0.044715 times the cube multiplied by x",
        "Inside the tanh you multiply x by the term with x³. It is **added** to x.",
        partial(_plain, inside=lambda x, root, f: root * (x * f * x**3)),
    ),
    Mistake(
        "the cube without its sign",
        "Inside the tanh the third power has lost its sign. Below zero it is below zero "
        "too: no absolute value is taken anywhere.",
        partial(_plain, inside=lambda x, root, f: root * (x + f * x.abs() ** 3)),
    ),
    Mistake(
        "three times the square instead of the cube",
        "Inside the tanh stands x times x times **3**. The formula has the third power, x "
        "times x times x: in Python `x**3`.",
        partial(_plain, inside=lambda x, root, f: root * (x + f * x * x * 3)),
    ),
    Mistake(
        "a square instead of a cube",
        "Inside the tanh you square x, and a square loses its sign. The formula has the "
        "**third power**.",
        partial(_plain, inside=lambda x, root, f: root * (x + f * x**2)),
    ),
    Mistake(
        "three times x instead of the cube",
        "Inside the tanh you multiply x by 3. The formula has its **third power**, x times "
        "x times x: in Python `**`.",
        partial(_plain, inside=lambda x, root, f: root * (x + f * 3 * x)),
    ),
    Mistake(
        "a higher power instead of a cube",
        "Inside the tanh you take too high a power of x. The formula has the **third**: x "
        "times x times x.",
        partial(_plain, inside=lambda x, root, f: root * (x + f * x**4)),
    ),
    Mistake(
        "the term with the cube is missing",
        "The first part inside the tanh is there, the term with x³ is not. It is small "
        "near zero, so the error shows farther out.",
        partial(_plain, factor=0.0),
    ),
    Mistake(
        "0.044715 forgotten",
        "Inside the tanh x³ stands by itself. It counts only a little: 0.044715 is "
        "multiplied by it.",
        partial(_plain, factor=1.0),
    ),
    Mistake(
        "the term with the cube subtracted",
        "Inside the tanh you subtract the term with x³, so far from zero everything turns "
        "round. It is **added** to x.",
        partial(_plain, factor=-0.044715),
    ),
    Mistake(
        "0.044715 is cubed too",
        "The third power also takes in 0.044715, which makes it next to nothing. Only x is "
        "raised to the third power; in Python `**` binds more tightly than `*`.",
        partial(_plain, inside=lambda x, root, f: root * (x + (f * x) ** 3)),
    ),
    Mistake(
        "the whole bracket cubed",
        "You raise the whole bracket to the third power. Only the x behind 0.044715 is "
        "cubed: does a bracket close too late?",
        partial(_plain, inside=lambda x, root, f: root * (x + f * x) ** 3),
    ),
    Mistake(
        "0.044715 times the whole sum",
        "You multiply the whole sum x + x³ by 0.044715. It belongs to x³ alone.",
        partial(_plain, inside=lambda x, root, f: root * f * (x + x**3)),
    ),
    Mistake(
        "0.044715 added to x",
        "You add 0.044715 to x and multiply the sum by x³, or by its power. A product "
        "comes first: 0.044715 belongs to x³, and x is added to that.",
        partial(_plain, inside=lambda x, root, f: root * (x + f) * x**3),
    ),
    Mistake(
        "the x before the cube is missing",
        "Inside the tanh stands the term with x³ alone. It is added to **x**, which counts "
        "most near zero.",
        partial(_plain, inside=lambda x, root, f: root * f * x**3),
    ),
    Mistake(
        "√(2/π) times the first term only",
        "√(2/π) multiplies only x here. It stands before the bracket, so it multiplies the "
        "term with x³ as well.",
        partial(_plain, inside=lambda x, root, f: root * x + f * x**3),
    ),
    Mistake(
        "√(2/π) times the second term only",
        "√(2/π) multiplies only the term with x³ here. It stands before the bracket, so it "
        "multiplies x as well.",
        partial(_plain, inside=lambda x, root, f: x + root * f * x**3),
    ),
    Mistake(
        "√(2/π) is added",
        "You add √(2/π) to the bracket. It stands right before it, which means that it is "
        "**multiplied**.",
        partial(_plain, inside=lambda x, root, f: root + x + f * x**3),
    ),
    Mistake(
        "the bracket inside the root",
        "The bracket with x stands under the root too, and below zero there is no root. "
        "The root is of 2/π alone; the bracket comes after it.",
        partial(_plain, inside=lambda x, root, f: (root**2 * (x + f * x**3)).sqrt()),
    ),
    Mistake(
        "√(2/π) outside the tanh",
        "√(2/π) multiplies the tanh, where it should stand inside: it multiplies the "
        "bracket **before** the tanh is taken.",
        partial(_plain, root=1.0, share=lambda bent: 1 + _ROOT * bent),
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
        partial(_plain, root=1.0),
    ),
    Mistake(
        "forgot the root of 2/π",
        "You multiply by 2/π, about 0.64. The formula has its square root, about 0.8.",
        partial(_plain, root=2 / pi),
    ),
    Mistake(
        "half of 2/π instead of its root",
        "You take half of 2/π: Python reads `** 1/2` as the first power, divided by 2. For "
        "the root the power needs brackets, `** (1/2)`, or take `sqrt`.",
        partial(_plain, root=1 / pi),
    ),
    Mistake(
        "the square of 2/π",
        "You square 2/π. The formula has its square **root**, about 0.8, which is the "
        "power of ½.",
        partial(_plain, root=(2 / pi) ** 2),
    ),
    Mistake(
        "√2/π instead of √(2/π)",
        "You take the root of 2 and divide it by π. The root goes over the whole "
        "fraction 2/π.",
        partial(_plain, root=sqrt(2) / pi),
    ),
    Mistake(
        "2/√π instead of √(2/π)",
        "You divide 2 by the root of π. The root goes over the whole fraction 2/π.",
        partial(_plain, root=2 / sqrt(pi)),
    ),
    Mistake(
        "√(π/2) instead of √(2/π)",
        "The fraction under the root is upside down: 2/π is less than 1.",
        partial(_plain, root=sqrt(pi / 2)),
    ),
    Mistake(
        "√(2π) instead of √(2/π)",
        "Under the root, 2 is **divided** by π and not multiplied.",
        partial(_plain, root=sqrt(2 * pi)),
    ),
    Mistake(
        "1/√(2π) instead of √(2/π)",
        "You divide 1 by the root of 2π, the number before a bell curve. Under this root "
        "stands 2 divided by π.",
        partial(_plain, root=1 / sqrt(2 * pi)),
    ),
    Mistake(
        "√(1/π) instead of √(2/π)",
        "The 2 under the root is missing: it stands above π.",
        partial(_plain, root=sqrt(1 / pi)),
    ),
    Mistake(
        "√2 instead of √(2/π)",
        "The π under the root is missing: 2 is divided by it.",
        partial(_plain, root=sqrt(2)),
    ),
    *map(_rounded_root, (0.8, 0.79, 0.78, 0.7, 0.797, 0.798, 0.7978, 0.7979, 0.7789)),
    *map(_rounded_root, (sqrt(2 / 3.14), sqrt(2 / 3.1), sqrt(2 / 3), sqrt(2 / 3.142))),
    *map(_rounded_root, (sqrt(14 / 22), 0.79788)),
    *map(_typed, (0.44715, 0.0044715, 0.04, 0.044, 0.045, 0.05, 0.0445, 0.04475)),
    *map(_typed, (0.0447, 0.04472, 0.04471)),
    *map(_typed, (0.04715, 0.044175, 0.047415, 0.045715, 0.034715, 0.0471, 0.447)),
    Mistake(
        "forgot the 1 before the tanh",
        "The tanh alone runs from −1 to 1, so your curve is the same to the left and to "
        "the right of zero. Which number makes it run from 0 on?",
        partial(_plain, share=lambda bent: bent),
    ),
    Mistake(
        "1 minus the tanh",
        "You subtract the tanh from 1. So what is above zero is silenced and what is below "
        "gets through: the wrong way round.",
        partial(_plain, share=lambda bent: 1 - bent),
    ),
    Mistake(
        "the tanh minus 1",
        "You subtract 1 from the tanh, which then runs from −2 to 0. **Add** 1, so that it "
        "runs from 0 to 2.",
        partial(_plain, share=lambda bent: bent - 1),
    ),
    Mistake(
        "½ instead of 1 before the tanh",
        "Before the tanh you add ½. It runs from −1 to 1, so add **1**; the ½ stands in "
        "front of everything.",
        partial(_plain, share=lambda bent: 0.5 + bent),
    ),
    Mistake(
        "½ before the tanh alone",
        "The ½ multiplies only one of the two, 1 or the tanh. It stands in front of the "
        "bracket and so multiplies both.",
        partial(_plain, half=1.0, share=lambda bent: 1 + 0.5 * bent),
    ),
    Mistake(
        "½ before the 1 alone",
        "The ½ multiplies only the 1, and not the tanh. It stands in front of the bracket "
        "and so multiplies both.",
        partial(_plain, half=1.0, share=lambda bent: 0.5 + bent),
    ),
    Mistake(
        "the 1 inside the tanh",
        "The 1 stands inside the tanh, where a bracket closes too late. The tanh is taken "
        "first; then 1 is added to it.",
        partial(
            _plain, bend=lambda inside: torch.tanh(1 + inside), share=lambda bent: bent
        ),
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
        partial(_plain, bend=torch.sigmoid),
    ),
    Mistake(
        "a sine instead of the tanh",
        "There is another function where the tanh should be, one that goes up and down. "
        "Take the hyperbolic tangent, `torch.tanh`.",
        partial(_plain, bend=torch.sin),
    ),
    Mistake(
        "a tangent instead of the tanh",
        "There is a tangent where the **hyperbolic** tangent should be: `torch.tanh`, "
        "with an h at the end.",
        partial(_plain, bend=torch.tan),
    ),
    Mistake(
        "an arctangent instead of the tanh",
        "There is an arctangent where the tanh should be. It runs on beyond 1; take "
        "`torch.tanh`.",
        partial(_plain, bend=torch.atan),
    ),
    Mistake(
        "the tanh forgotten",
        "There is no tanh around √(2/π) (x + 0.044715 x³), so it grows without end. The "
        "tanh presses it between −1 and 1.",
        partial(_plain, bend=lambda inside: inside),
    ),
    _cut(
        "linear above 2",
        "hand numbers above 2 through as they are",
        lambda x, y: torch.where(x > 2, x, y),
    ),
    _cut(
        "linear above 3",
        "hand numbers above 3 through as they are",
        lambda x, y: torch.where(x > 3, x, y),
    ),
    _cut(
        "zero below −3",
        "make everything below −3 zero",
        lambda x, y: torch.where(x < -3, torch.zeros(()), y),
    ),
    _cut(
        "zero below −2",
        "make everything below −2 zero",
        lambda x, y: torch.where(x < -2, torch.zeros(()), y),
    ),
    _cut(
        "zero and linear beyond 3",
        "take 0 below −3 and x above 3",
        lambda x, y: torch.where(x.abs() > 3, x.relu(), y),
    ),
    _cut(
        "nothing below zero",
        "make everything below zero exactly 0, as ReLU does",
        lambda x, y: y.relu(),
    ),
    Mistake(
        "x added",
        "You add x at the end. GELU gives a share of x, and nothing is added to it.",
        partial(_plain, last=lambda x, y: x + y),
    ),
    Mistake(
        "the larger of x and GELU",
        "You take the larger one of x and the formula, so every number below zero comes "
        "from the formula, and every one above it is x itself. The formula serves for all "
        "numbers.",
        partial(_plain, last=torch.maximum),
    ),
    Mistake(
        "half of x plus the tanh",
        "You add the tanh to x, and take half of the sum. The tanh is added to **1**, and x "
        "is multiplied by that: ½ x (1 + tanh).",
        lambda x: 0.5 * (x + torch.tanh(_inside(x))),
    ),
    Mistake(
        "half of 1 plus x times the tanh",
        "Where ½ x (1 + tanh) should stand, x multiplies the tanh alone. The bracket holds "
        "1 and the tanh, and x multiplies both.",
        lambda x: 0.5 * (1 + x * torch.tanh(_inside(x))),
    ),
    Mistake(
        "divided by 2 without a remainder",
        "`x // 2` gives whole numbers only. For a half of x write `x / 2` or `0.5 * x`.",
        lambda x: x // 2 * (1 + torch.tanh(_inside(x))),
    ),
    Mistake(
        "Mish",
        "That is Mish, x times the tanh of log(1 + exp(x)), another soft bend. Here, follow "
        "the formula with √(2/π).",
        functional.mish,
    ),
    Mistake(
        "an inverse tanh instead of the tanh",
        "There is `atanh`, which turns a tanh back and knows no number beyond 1: so NaN "
        "comes. Take `torch.tanh`.",
        partial(_plain, bend=torch.atanh),
    ),
    Mistake(
        "tanh alone",
        "You give the tanh of x. It is only one part of the formula: it makes the share "
        "of x that gets through.",
        torch.tanh,
    ),
    Mistake(
        "the tanh of the formula alone",
        "You stop at the tanh. One more line makes a share of it, ½ (1 + tanh), and "
        "multiplies x by that.",
        lambda x: torch.tanh(_inside(x)),
    ),
    Mistake(
        "what stands in the tanh alone",
        "You give what the tanh is taken of. After it come the tanh, then ½ (1 + tanh), "
        "and that times x.",
        _inside,
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
        "a list from a loop with math.tanh",
        "Your loop gives a list, and from a matrix it takes whole rows, which `math.tanh` "
        "cannot take. `torch.tanh` takes all numbers at once and gives a tensor: no loop "
        "is needed.",
        _listed,
    ),
    list_of_rows(_plain, "parts"),
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
        "the cube written into x",
        "`x.pow_(3)` writes the third power into `x` itself, so every other x in the line "
        "is changed too, and the caller's. `x**3` makes a new tensor.",
        lambda x: 0.5 * x * (1 + torch.tanh(_ROOT * (x + 0.044715 * x.pow_(3)))),
    ),
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

CHECK = Check(
    "gelu",
    3,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES + BENDS,
    rtol=RTOL,
    atol=ATOL,
    worked=worked,
)
