"""The checks of the exercise "mlp": from one bent number to a block, and its count.

All tensors are float32. A layer's weights carry the names and shapes of GPT-2's
published file, matrices as (in, out). The oracles know nothing of the course's code:
they are PyTorch's own operators and modules in double precision, a block is its
`TransformerEncoderLayer` with the norms first, and parameters are counted by building
the modules. What a student is likely to write instead stands beside each, as its
mistakes; where their line would end in an error, it does so here too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import islice
from math import pi, sqrt

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from autograder.checks import Case, Check, Mistake

_LIBRARIES = ("gpt.mlp", "gpt.model", "transformers", "torch._C", "torch.ops")

Weights = dict[str, Tensor]

# ---------------------------------------------------------------------------------
# Material for the cases
# ---------------------------------------------------------------------------------


def _quarters(rng: np.random.Generator, *shape: int) -> Tensor:
    """Multiples of 1/4, which a float holds exactly and a person can read; none is 0."""
    quarters = rng.integers(1, 12, shape) * rng.choice([-1, 1], shape)
    return torch.tensor(quarters / 4, dtype=torch.float32)


def _normal(rng: np.random.Generator, *shape: int, scale: float = 1.0) -> Tensor:
    return torch.tensor(scale * rng.normal(size=shape), dtype=torch.float32)


def _floats(values: Sequence | np.ndarray) -> Tensor:
    return torch.tensor(np.asarray(values), dtype=torch.float32)


def _between(rng: np.random.Generator, low: int, high: int) -> int:
    """From low to high, both possible."""
    return int(rng.integers(low, high + 1))


def _pick(rng: np.random.Generator, items: Sequence) -> object:
    return items[int(rng.integers(len(items)))]


@cache
def _shipped():
    """The course's own model and its tokenizer."""
    from gpt.model import small

    return small()


def _part(rng: np.random.Generator, T: int, *names: str) -> tuple[list[Tensor], int]:
    """T vectors of a story inside the course's own model, and the layer they are in.

    For each name one tensor (T, C); "{n}" in it stands for the layer, "{before}" for
    the stream that enters it.
    """
    from gpt import world

    model, tokenizer = _shipped()
    n = _between(rng, 0, model.config.n_layer - 1)
    story = next(islice(world.stories(int(rng.integers(1 << 31))), 1))
    end = tokenizer.special_tokens[world.END]
    flow = model.trace(torch.tensor([[end, *tokenizer.encode(story)[:20]]]))
    before = "embed" if n == 0 else f"{n - 1}.stream"
    start = _between(rng, 1, 20 - T)
    rows = [name.format(n=n, before=before) for name in names]
    return [flow[name][0, start : start + T].clone() for name in rows], n


def _weights(n: int, *names: str) -> list[Tensor]:
    """Weights of layer n of the course's own model."""
    return [_shipped()[0].weights[f"h.{n}.{name}"].clone() for name in names]


# ---------------------------------------------------------------------------------
# gelu
# ---------------------------------------------------------------------------------


def _oracle_gelu(x: Tensor) -> Tensor:
    return functional.gelu(x.double(), approximate="tanh").float()


def _draw_gelu(rng: np.random.Generator) -> list[Case]:
    """Between -3 and -2.3, and there alone, the approximation shows beside erf."""

    def telling(size: int) -> np.ndarray:
        near = rng.integers(-23, 24, size) / 8
        near[near == 0] = 0.375
        near[0], near[1] = rng.integers(-23, -18) / 8, rng.integers(6, 16) / 8
        return near

    five = rng.permutation([*telling(4), 0.0])
    large = rng.integers(150, 600, 6) / 10 * rng.permutation([-1, -1, -1, 1, 1, 1])
    [normed], n = _part(rng, 4, "{n}.norm_2")
    w_in, b_in = _weights(n, "mlp.c_fc.weight", "mlp.c_fc.bias")
    some = rng.choice(w_in.shape[1], 24, replace=False)
    return [
        Case("five numbers around zero", (_floats(five),)),
        Case("a single number", (_floats(rng.uniform(-2.95, -2.35, 1)),)),
        Case("a matrix", (_floats(telling(12).reshape(3, 4)),)),
        Case("a batch of matrices", (_normal(rng, 2, 3, 4, scale=2),)),
        Case("numbers far from zero", (_floats(large),)),
        Case(
            "questions of the course's own model",
            (normed @ w_in[:, some] + b_in[some],),
        ),
    ]


_ROOT = sqrt(2 / pi)


def _gelu(x: Tensor, inside: Callable[[Tensor], Tensor] | None = None) -> Tensor:
    """GELU with another argument of tanh."""
    return 0.5 * x * (1 + torch.tanh(inside(x) if inside else _inside(x)))


def _inside(x: Tensor) -> Tensor:
    return _ROOT * (x + 0.044715 * x**3)


def _gelu_by_one_power(x: Tensor) -> Tensor:
    power = torch.exp(2 * _inside(x))
    return 0.5 * x * (1 + (power - 1) / (power + 1))


def _gelu_by_two_powers(x: Tensor) -> Tensor:
    up, down = torch.exp(_inside(x)), torch.exp(-_inside(x))
    return 0.5 * x * (1 + (up - down) / (up + down))


def _gelu_by_rows(x: Tensor) -> Tensor:
    return torch.tensor([_gelu(row) for row in x])


def _gelu_by_items(x: Tensor) -> Tensor:
    return torch.tensor([_gelu(row).item() for row in x])


def _gelu_inside_in_place(x: Tensor) -> Tensor:
    y = x
    y += 0.044715 * x**3
    return 0.5 * x * (1 + torch.tanh(_ROOT * y))


def _gelu_all_in_place(x: Tensor) -> Tensor:
    y = x
    y += 0.044715 * x**3
    y *= _ROOT
    return 0.5 * x * (1 + torch.tanh(y))


def _gelu_in_place(x: Tensor) -> Tensor:
    x *= 0.5 * (1 + torch.tanh(_inside(x)))
    return x


_GELU = (
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
        lambda x: 2 * _gelu(x),
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
        partial(_gelu, inside=lambda x: _ROOT * (x + 0.044715 * x)),
    ),
    Mistake(
        "a square instead of a cube",
        "Inside the tanh you square x, and a square loses its sign. The formula has the "
        "**third power**.",
        partial(_gelu, inside=lambda x: _ROOT * (x + 0.044715 * x**2)),
    ),
    Mistake(
        "the term with the cube is missing",
        "The first part inside the tanh is there, the term with x³ is not. It is small "
        "near zero, so the error shows farther out.",
        partial(_gelu, inside=lambda x: _ROOT * x),
    ),
    Mistake(
        "0.044715 is cubed too",
        "The third power also takes in 0.044715, which makes it next to nothing. Only x is "
        "raised to the third power; in Python `**` binds more tightly than `*`.",
        partial(_gelu, inside=lambda x: _ROOT * (x + (0.044715 * x) ** 3)),
    ),
    Mistake(
        "0.044715 times the whole sum",
        "You multiply the whole sum x + x³ by 0.044715. It belongs to x³ alone.",
        partial(_gelu, inside=lambda x: _ROOT * 0.044715 * (x + x**3)),
    ),
    Mistake(
        "√(2/π) times the first term only",
        "√(2/π) multiplies only x here. It stands before the bracket, so it multiplies the "
        "term with x³ as well.",
        partial(_gelu, inside=lambda x: _ROOT * x + 0.044715 * x**3),
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
        partial(_gelu, inside=lambda x: x + 0.044715 * x**3),
    ),
    Mistake(
        "forgot the root of 2/π",
        "You multiply by 2/π, about 0.64. The formula has its square root, about 0.8.",
        partial(_gelu, inside=lambda x: _inside(x) * _ROOT),
    ),
    Mistake(
        "√2/π instead of √(2/π)",
        "You take the root of 2 and divide it by π. The root goes over the whole "
        "fraction 2/π.",
        partial(_gelu, inside=lambda x: _inside(x) / _ROOT * sqrt(2) / pi),
    ),
    Mistake(
        "√(π/2) instead of √(2/π)",
        "The fraction under the root is upside down: 2/π is less than 1.",
        partial(_gelu, inside=lambda x: _inside(x) / _ROOT**2),
    ),
    Mistake(
        "√(2π) instead of √(2/π)",
        "Under the root, 2 is **divided** by π and not multiplied.",
        partial(_gelu, inside=lambda x: _inside(x) * pi),
    ),
    Mistake(
        "0.8 instead of √(2/π)",
        "√(2/π) is a little less than 0.8, and the difference shows. Let Python compute "
        "it: `sqrt` and `pi` are there.",
        partial(_gelu, inside=lambda x: _inside(x) / _ROOT * 0.8),
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
        "Right for a row of numbers. Of a matrix, your loop takes whole rows, and what is "
        "made for single numbers cannot take those: `torch.tensor` of a list, or "
        "`math.tanh`. `torch.tanh` takes all numbers at once: no loop is needed.",
        _gelu_by_rows,
    ),
    Mistake(
        "one number taken of each row",
        "Right for a row of numbers. Of a matrix, your loop takes whole rows, and `item` "
        "wants a single number. `torch.tanh` takes all numbers at once, whatever the "
        "shape: no loop is needed.",
        _gelu_by_items,
    ),
    Mistake(
        "a tanh of powers that overflows",
        "Right near zero, but not far to the right: there the power of e is too large for "
        "a float, and infinity over infinity is NaN. `torch.tanh` knows how to avoid that.",
        _gelu_by_one_power,
    ),
    Mistake(
        "a tanh of two powers that overflow",
        "Right near zero, but not far from it on either side: one of the two powers of e "
        "is too large for a float, and infinity over infinity is NaN. `torch.tanh` "
        "avoids that.",
        _gelu_by_two_powers,
    ),
    Mistake(
        "x is changed in place",
        "The numbers are right, but they were written into `x` itself, which belongs to "
        "the caller: `*=` and its kin change the tensor that was handed in. Make a new "
        "one.",
        _gelu_in_place,
    ),
    Mistake(
        "a second name for x is changed in place",
        "A second name is no copy: with `y = x`, both are one tensor, and `+=` changes "
        "`x` itself. So the x in front of the bracket is no longer the one that came in.",
        _gelu_inside_in_place,
    ),
    Mistake(
        "a second name for x is changed in place, twice",
        "A second name is no copy: with `y = x`, both are one tensor, and `+=` and `*=` "
        "change `x` itself. So the x in front of the bracket is what stands in the tanh.",
        _gelu_all_in_place,
    ),
    Mistake(
        "double precision",
        "The right numbers in double precision. A factor that is itself a float64 tensor "
        "or array does that; a plain Python number leaves x at float32.",
        lambda x: _gelu(x.double()),
    ),
    Mistake(
        "a list of numbers",
        "The right numbers, in a list. `torch` computes with all numbers of a tensor at "
        "once and gives a tensor of the same shape: no loop is needed.",
        lambda x: _gelu(x).tolist(),
    ),
)


# ---------------------------------------------------------------------------------
# layer_norm
# ---------------------------------------------------------------------------------

_EPS = 1e-5


def _oracle_layer_norm(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    exact = (t.double() for t in (x, weight, bias))
    x, weight, bias = exact
    return functional.layer_norm(x, weight.shape, weight, bias, _EPS).float()


def _draw_layer_norm(rng: np.random.Generator) -> list[Case]:
    def own(C: int) -> tuple[Tensor, Tensor]:
        return _quarters(rng, C), _quarters(rng, C)

    plain = torch.ones(4), torch.zeros(4)
    same = (
        float(rng.integers(3, 60)) / 2
    )  # its mean is exact, so the answer is the bias
    equal = torch.full((4,), same)
    mixed = torch.stack([_quarters(rng, 4), equal, _quarters(rng, 4)])
    far = rng.integers(3000, 9000) + rng.permuted(
        np.tile([-6, -4, -3, -1, 0, 2, 5, 9], (3, 1)), axis=1
    )
    [stream], n = _part(rng, 3, _pick(rng, ["{before}", "{n}.middle"]))
    which = f"ln_{_between(rng, 1, 2)}"
    learned = _weights(n, f"{which}.weight", f"{which}.bias")
    return [
        Case("three vectors, with weight 1 and bias 0", (_quarters(rng, 3, 4), *plain)),
        Case("a weight and a bias for each place", (_quarters(rng, 3, 4), *own(4))),
        Case("as many vectors as numbers in each", (_quarters(rng, 4, 4), *own(4))),
        Case("a single vector", (_quarters(rng, 5), *own(5))),
        Case("a batch of texts", (_quarters(rng, 2, 3, 4), *own(4))),
        Case("a vector whose numbers are all equal", (mixed, *own(4))),
        Case(
            "numbers so small that ε counts",
            (_quarters(rng, 2, 6) / 500, *own(6)),
        ),
        Case("numbers far from zero and close together", (_floats(far), *own(8))),
        Case("the stream of the course's own model", (stream, *learned)),
    ]


def _normed(
    x: Tensor, axis: int | tuple = -1, eps: float = _EPS, correction: int = 0
) -> Tensor:
    mean = x.mean(axis, keepdim=True)
    return (x - mean) / (x.var(axis, correction=correction, keepdim=True) + eps).sqrt()


def _norm_by(spread: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    """A norm that divides by something else: spread(x, centred), both (..., C)."""

    def norm(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        centred = x - x.mean(-1, keepdim=True)
        return centred / spread(x, centred) * weight + bias

    return norm


def _norm_along(axis: int | tuple) -> Callable[..., Tensor]:
    return lambda x, weight, bias: _normed(x, axis) * weight + bias


def _norm_all(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return _normed(x, tuple(range(x.ndim))) * weight + bias


def _norm_without_keepdim(
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
    return centred / root(spread + _EPS) * weight + bias


def _norm_by_math(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return (x - x.mean(-1, keepdim=True)) / sqrt(_variance(x) + _EPS) * weight + bias


def _norm_of_the_sum(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    centred = x - x.mean(-1, keepdim=True)
    return (centred * weight + bias) / (_variance(x) + _EPS).sqrt()


def _norm_mean(x: Tensor, weight: Tensor, bias: Tensor, mean: Callable) -> Tensor:
    centred = x - mean(x)
    return centred / (centred.square().mean(-1, True) + _EPS).sqrt() * weight + bias


def _norm_in_place(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    x -= x.mean(-1, keepdim=True)
    return x / (x.square().mean(-1, keepdim=True) + _EPS).sqrt() * weight + bias


def _variance(x: Tensor, correction: int = 0) -> Tensor:
    return x.var(-1, correction=correction, keepdim=True)


def _rough_variance(x: Tensor, centred: Tensor) -> Tensor:
    mean, squares = x.mean(-1, keepdim=True), x.square().mean(-1, keepdim=True)
    return (squares - mean**2 + _EPS).sqrt()


_LAYER_NORM = (
    Mistake(
        "over the tokens instead of the numbers",
        "You take the mean over the tokens, so they begin to depend on each other, and "
        "on what is still to come. Each vector is normed by itself: over the **last** "
        "axis.",
        _norm_along(0),
    ),
    Mistake(
        "over axis 1, whatever the shape",
        "Right for a text (T, C), where axis 1 is the last one. In a batch (B, T, C) it is "
        "the tokens' axis, and a single vector has none. Count axes from the end.",
        _norm_along(1),
    ),
    Mistake(
        "over everything",
        "You take one mean and one variance of the whole tensor. Each vector has its own: "
        "tell `mean` along which axis.",
        _norm_all,
    ),
    Mistake(
        "the mean over the tokens, the variance not",
        "The variance is each vector's own, but the mean is taken over the tokens. Both go "
        "over the **last** axis.",
        partial(_norm_mean, mean=lambda x: x.mean(0, keepdim=True)),
    ),
    Mistake(
        "one mean for everything, the variance not",
        "The variance is each vector's own, but you subtract one mean of the whole tensor. "
        "Both go over the **last** axis.",
        partial(_norm_mean, mean=torch.mean),
    ),
    Mistake(
        "variance over C − 1",
        "The variance is a little too large. PyTorch's `var` and `std` divide by C − 1 "
        "unless told otherwise; here it is the plain mean of the C squares.",
        _norm_by(lambda x, centred: (_variance(x, 1) + _EPS).sqrt()),
    ),
    Mistake(
        "standard deviation over C − 1, ε outside the root",
        "Two things at once. PyTorch's `std` divides by C − 1 unless told otherwise; here "
        "it is C. And ε is added to the variance, **under** the root, not to the root.",
        _norm_by(lambda x, centred: _variance(x, 1).sqrt() + _EPS),
    ),
    Mistake(
        "standard deviation over C − 1, without ε",
        "Two things at once. PyTorch's `std` divides by C − 1 unless told otherwise; here "
        "it is C. And a vector of equal numbers gives 0 / 0: where is ε?",
        _norm_by(lambda x, centred: _variance(x, 1).sqrt()),
    ),
    Mistake(
        "ε outside the root",
        "You add ε after the root. It belongs to the variance, **under** the root; for "
        "very small numbers that is another answer.",
        _norm_by(lambda x, centred: _variance(x).sqrt() + _EPS),
    ),
    Mistake(
        "forgot ε",
        "A vector of equal numbers becomes NaN, for its variance is 0 and 0 / 0 is "
        "nothing. That is what the small ε is for: add it to the variance.",
        _norm_by(lambda x, centred: _variance(x).sqrt()),
    ),
    Mistake(
        "ε of 1e-6",
        "Your ε is 1e-6, as in some other models. GPT-2's is 1e-5, and where the numbers "
        "are small one sees which it is.",
        _norm_by(lambda x, centred: (_variance(x) + 1e-6).sqrt()),
    ),
    Mistake(
        "ε of 1e-8",
        "Your ε is 1e-8, a usual choice elsewhere. GPT-2's is 1e-5, a thousand times as "
        "large.",
        _norm_by(lambda x, centred: (_variance(x) + 1e-8).sqrt()),
    ),
    Mistake(
        "divided by the variance",
        "You divide by the variance itself. Its **root** is what has the size of the "
        "numbers: vectors ten times as long should come out the same.",
        _norm_by(lambda x, centred: _variance(x) + _EPS),
    ),
    Mistake(
        "divided by the length",
        "Your vectors come out at length 1. The squares are summed up, where their "
        "**mean** is asked for.",
        _norm_by(lambda x, centred: (centred.square().sum(-1, True) + _EPS).sqrt()),
    ),
    Mistake(
        "divided by the mean of the squares of x",
        "The mean is subtracted above the line, but below it you square x as it was. The "
        "variance is the mean square of what is left **after** the mean is gone.",
        _norm_by(lambda x, centred: (x.square().mean(-1, True) + _EPS).sqrt()),
    ),
    Mistake(
        "not divided",
        "The mean is gone, but the vectors are as long as before. Divide them by the root "
        "of variance plus ε.",
        _norm_by(lambda x, centred: torch.ones(())),
    ),
    Mistake(
        "mean not subtracted",
        "You divide by the right root, but x still has its mean. Subtract it first, each "
        "vector's own.",
        lambda x, weight, bias: x / (_variance(x) + _EPS).sqrt() * weight + bias,
    ),
    Mistake(
        "RMS norm",
        "You leave the mean alone and divide by the root of the mean square. That is RMS "
        "norm, which newer models use. GPT-2's layer norm subtracts the mean first.",
        lambda x, weight, bias: (
            x / (x.square().mean(-1, True) + _EPS).sqrt() * weight + bias
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
        "The norm itself is right. Then comes the learned part: multiply each place by its "
        "weight and add its bias.",
        lambda x, weight, bias: _normed(x),
    ),
    Mistake(
        "weight forgotten",
        "The weight plays no part. Each place is multiplied by its own before the bias is "
        "added.",
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
        "You multiply by the weight as a matrix, which sums over the places. Each place "
        "has its own weight: that is `*`, not `@`.",
        lambda x, weight, bias: _normed(x) @ weight + bias,
    ),
    Mistake(
        "keepdim forgotten",
        "Mean and variance have lost the last axis, so they do not line up with x: each "
        "vector's own should stand before it, as a column. `keepdim` keeps the axis.",
        partial(_norm_without_keepdim, correction=0),
    ),
    Mistake(
        "keepdim forgotten, and the variance taken of what is left",
        "Neither the mean nor the variance lines up with x, for both have lost the last "
        "axis: each vector's own should stand before it, as a column. `keepdim` keeps "
        "the axis.",
        _norm_without_keepdim,
    ),
    Mistake(
        "keepdim forgotten for the mean, the variance by var",
        "The variance is a column, the mean is not: it has lost the last axis and does "
        "not line up with x. It needs `keepdim` too.",
        partial(_norm_without_keepdim, variance=True, correction=0),
    ),
    Mistake(
        "keepdim forgotten for the mean",
        "The mean has lost the last axis and does not line up with x, so what you square "
        "is wrong already. The variance has its `keepdim`; the mean needs it too.",
        partial(_norm_without_keepdim, variance=True),
    ),
    Mistake(
        "keepdim forgotten for the variance",
        "The mean is a column, the variance is not: it has lost the last axis and does "
        "not line up with x. It needs `keepdim` too.",
        partial(_norm_without_keepdim, mean=True),
    ),
    Mistake(
        "keepdim forgotten, and the variance over C − 1",
        "Two things. Mean and variance have lost the last axis and do not line up with "
        "x: `keepdim` keeps it. And PyTorch's `var` divides by C − 1 unless told "
        "otherwise; here it is C.",
        partial(_norm_without_keepdim, correction=1),
    ),
    Mistake(
        "keepdim forgotten for the variance, and that over C − 1",
        "Two things. The variance has lost the last axis and needs `keepdim`, as the mean "
        "does. And PyTorch's `var` divides by C − 1 unless told otherwise; here it is C.",
        partial(_norm_without_keepdim, mean=True, correction=1),
    ),
    Mistake(
        "keepdim forgotten, and math.sqrt on a tensor",
        "Two things. Mean and variance have lost the last axis and do not line up with "
        "x: `keepdim` keeps it. And `sqrt` of Python's `math` takes a single number; "
        "`torch.sqrt` takes a whole tensor.",
        partial(_norm_without_keepdim, root=sqrt),
    ),
    Mistake(
        "math.sqrt on a tensor",
        "`sqrt` of Python's `math` takes a single number, and each vector has a variance "
        "of its own. `torch.sqrt` takes a whole tensor.",
        _norm_by_math,
    ),
    Mistake(
        "the bias divided too",
        "The root divides the bias as well: your bracket holds the weight and the bias. "
        "First the division, then the weight, and the bias last.",
        _norm_of_the_sum,
    ),
    Mistake(
        "divided by the mean distance from the mean",
        "You divide by the mean of the absolute values. The variance is the mean of the "
        "**squares**, and its root is taken after that.",
        _norm_by(lambda x, centred: centred.abs().mean(-1, True) + _EPS),
    ),
    Mistake(
        "divided by the mean distance from the mean, without ε",
        "You divide by the mean of the absolute values. The variance is the mean of the "
        "**squares**; add ε to it, for a vector of equal numbers has none, and take the "
        "root.",
        _norm_by(lambda x, centred: centred.abs().mean(-1, True)),
    ),
    Mistake(
        "divided by the root of the mean distance",
        "Under your root are absolute values. The variance is the mean of the "
        "**squares**.",
        _norm_by(lambda x, centred: (centred.abs().mean(-1, True) + _EPS).sqrt()),
    ),
    Mistake(
        "mean of squares minus squared mean",
        "On paper this is the variance. But far from zero both parts are huge and nearly "
        "equal, and rounding eats the difference. Subtract the mean first, then square.",
        _norm_by(_rough_variance),
    ),
    Mistake(
        "x is changed in place",
        "The numbers are right, but the mean was taken away from `x` itself, which belongs "
        "to the caller and is still needed: it is the stream. Make a new tensor: `x - …` "
        "rather than `-=`.",
        _norm_in_place,
    ),
    Mistake(
        "double precision",
        "The right numbers in double precision. The model computes in float32, and the "
        "next matrix will not take anything else.",
        lambda x, weight, bias: _normed(x.double()) * weight + bias,
    ),
)


# ---------------------------------------------------------------------------------
# mlp
# ---------------------------------------------------------------------------------


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    """PyTorch's own layer, in double precision, with a matrix given as (in, out)."""
    with torch.device("meta"):  # so that no random number is drawn
        layer = nn.Linear(*weight.shape)
    rows = {"weight": weight.T.double(), "bias": bias.double()}
    layer.load_state_dict(rows, assign=True)
    return layer


def _oracle_mlp(
    x: Tensor, w_in: Tensor, b_in: Tensor, w_out: Tensor, b_out: Tensor
) -> Tensor:
    layers = _linear(w_in, b_in), nn.GELU("tanh"), _linear(w_out, b_out)
    with torch.no_grad():
        return nn.Sequential(*layers)(x.double()).float()


def _draw_mlp(rng: np.random.Generator) -> list[Case]:
    def own(C: int, d_mlp: int) -> tuple[Tensor, ...]:
        shapes = (C, d_mlp), (d_mlp,), (d_mlp, C), (C,)
        return tuple(_quarters(rng, *shape) for shape in shapes)

    [normed], n = _part(rng, 3, "{n}.norm_2")
    w_in, b_in, w_out, b_out = _weights(
        n, "mlp.c_fc.weight", "mlp.c_fc.bias", "mlp.c_proj.weight", "mlp.c_proj.bias"
    )
    some = rng.choice(w_in.shape[1], 48, replace=False)
    return [
        Case("two vectors, three hidden units", (_quarters(rng, 2, 2), *own(2, 3))),
        Case(
            "as many vectors as numbers, as many numbers as hidden units",
            (_quarters(rng, 3, 3), *own(3, 3)),
        ),
        Case("a single vector", (_quarters(rng, 3), *own(3, 12))),
        Case("a batch of texts", (_quarters(rng, 2, 3, 4), *own(4, 16))),
        Case(
            "a vector of zeros, so that only biases speak",
            (torch.zeros(1, 4), *own(4, 6)),
        ),
        Case("fewer hidden units than numbers", (_quarters(rng, 3, 6), *own(6, 2))),
        Case(
            "hidden units of the course's own model",
            (normed, w_in[:, some], b_in[some], w_out[some], b_out),
        ),
    ]


_tanh_gelu = partial(functional.gelu, approximate="tanh")


def _mlp(
    x: Tensor,
    w_in: Tensor,
    b_in: Tensor,
    w_out: Tensor,
    b_out: Tensor,
    bend: Callable[[Tensor], Tensor] = _tanh_gelu,
    first: Callable[[Tensor], Tensor] = lambda x: x,
    last: Callable[[Tensor], Tensor] = lambda x: x,
) -> Tensor:
    return last(bend(first(x) @ w_in + b_in) @ w_out + b_out)


_MLP = (
    Mistake(
        "no bend",
        "The two matrices stand side by side with no bend between them: together they are "
        "no more than one matrix. Your `gelu` belongs between them.",
        partial(_mlp, bend=lambda h: h),
    ),
    Mistake(
        "bend after the second matrix",
        "The bend comes after the second matrix. It decides which of the hidden units "
        "speak, so it belongs **between** the two.",
        partial(_mlp, bend=lambda h: h, last=_tanh_gelu),
    ),
    Mistake(
        "bend before the first matrix",
        "You bend x before any question is asked of it. First the questions, which are "
        "the first matrix and its bias; then the bend.",
        partial(_mlp, bend=lambda h: h, first=_tanh_gelu),
    ),
    Mistake(
        "bend at both places",
        "There is one bend too many, at the very end. What the MLP adds to the stream may "
        "be as negative as it likes: only the hidden units are bent.",
        partial(_mlp, last=_tanh_gelu),
    ),
    Mistake(
        "ReLU",
        "There is a ReLU between the matrices, as in the pencil's machine. This model was "
        "trained with GELU: take your own `gelu`.",
        partial(_mlp, bend=torch.relu),
    ),
    Mistake(
        "the exact GELU by erf",
        "Very near. Between the matrices stands the exact GELU, by erf; GPT-2 has the one "
        "by tanh. Take your own `gelu` of step 1.",
        partial(_mlp, bend=functional.gelu),
    ),
    Mistake(
        "SiLU",
        "Between the matrices stands SiLU, x times its sigmoid, and not your `gelu`.",
        partial(_mlp, bend=functional.silu),
    ),
    Mistake(
        "sigmoid",
        "Between the matrices stands a sigmoid, and not your `gelu`.",
        partial(_mlp, bend=torch.sigmoid),
    ),
    Mistake(
        "tanh",
        "Between the matrices stands a tanh alone, and not your `gelu`.",
        partial(_mlp, bend=torch.tanh),
    ),
    Mistake(
        "no bias at all",
        "Both biases are missing. Each matrix product is followed by its own shift: "
        "`b_in`, `b_out`.",
        lambda x, w_in, b_in, w_out, b_out: _mlp(x, w_in, 0, w_out, 0),
    ),
    Mistake(
        "the first bias forgotten",
        "`b_in` is missing: the questions are asked without their shift.",
        lambda x, w_in, b_in, w_out, b_out: _mlp(x, w_in, 0, w_out, b_out),
    ),
    Mistake(
        "the second bias forgotten",
        "`b_out` is missing: it is added at the end.",
        lambda x, w_in, b_in, w_out, b_out: _mlp(x, w_in, b_in, w_out, 0),
    ),
    Mistake(
        "the biases added to the matrices",
        "You add the biases to the matrices, so every number of a vector brings them in "
        "anew. First the product, then the bias: `@` is done before `+` unless a bracket "
        "says otherwise.",
        lambda x, w_in, b_in, w_out, b_out: (
            _tanh_gelu(x @ (w_in + b_in)) @ (w_out + b_out)
        ),
    ),
    Mistake(
        "the first bias added to its matrix",
        "You add `b_in` to the matrix, so every number of x brings it in anew. First the "
        "product, then the bias: `@` is done before `+` unless a bracket says otherwise.",
        lambda x, w_in, b_in, w_out, b_out: _mlp(x, w_in + b_in, 0, w_out, b_out),
    ),
    Mistake(
        "the second bias added to its matrix",
        "You add `b_out` to the matrix, so every hidden unit brings it in anew. First the "
        "product, then the bias: `@` is done before `+` unless a bracket says otherwise.",
        lambda x, w_in, b_in, w_out, b_out: _mlp(x, w_in, b_in, w_out + b_out, 0),
    ),
    Mistake(
        "the first bias added after the bend",
        "You add `b_in` to the bent answers. It belongs to the questions, so it is added "
        "**before** the bend.",
        lambda x, w_in, b_in, w_out, b_out: (
            (_tanh_gelu(x @ w_in) + b_in) @ w_out + b_out
        ),
    ),
    Mistake(
        "biases exchanged",
        "The two biases have changed places. `b_in` has a number for each hidden unit, "
        "`b_out` one for each number of x.",
        lambda x, w_in, b_in, w_out, b_out: _mlp(x, w_in, b_out, w_out, b_in),
    ),
    Mistake(
        "matrices exchanged",
        "The two matrices have changed places. First comes `w_in`, which widens: its rows "
        "are as many as x has numbers.",
        lambda x, w_in, b_in, w_out, b_out: _mlp(x, w_out, b_in, w_in, b_out),
    ),
    Mistake(
        "matrices transposed",
        "Both matrices are turned on their side. Here they are stored as (in, out), as in "
        "GPT-2's file, so x @ w fits as it is; PyTorch's own `linear` wants (out, in).",
        lambda x, w_in, b_in, w_out, b_out: _mlp(x, w_in.T, b_in, w_out.T, b_out),
    ),
    Mistake(
        "the matrix before the vector",
        "You write the matrix first and x second. The vectors are the **rows** of x, so x "
        "stands on the left of `@`.",
        lambda x, w_in, b_in, w_out, b_out: w_out @ _tanh_gelu(w_in @ x + b_in) + b_out,
    ),
    Mistake(
        "products place by place",
        "`*` multiplies place by place. Each question is a **sum** of products: that is a "
        "matrix product, `@`.",
        lambda x, w_in, b_in, w_out, b_out: _tanh_gelu(x * w_in + b_in) * w_out + b_out,
    ),
    Mistake(
        "the second matrix forgotten",
        "You stop at the hidden units. Their answers still have to be turned into a vector "
        "as long as x: the second matrix and its bias.",
        lambda x, w_in, b_in, w_out, b_out: _tanh_gelu(x @ w_in + b_in),
    ),
    Mistake(
        "the residual is added here",
        "You add x at the end. That will be right in the block, which adds to the stream; "
        "the MLP itself gives only what **is to be** added.",
        lambda x, *w: x + _mlp(x, *w),
    ),
    Mistake(
        "only the first vector",
        "Only the first vector comes back. Does `return` stand inside a loop? A matrix "
        "product takes all vectors at once, so no loop is needed.",
        lambda x, *w: _mlp(x, *w)[0],
    ),
)


# ---------------------------------------------------------------------------------
# dropout
# ---------------------------------------------------------------------------------


def _oracle_dropout(x: Tensor, u: Tensor, p: float) -> Tensor:
    if not 0 <= p < 1:
        raise ValueError(f"p is {p}, and must be from 0 up and below 1")
    scaled = x.double().numpy() / (1 - p)
    return torch.tensor(np.where(u.double().numpy() < p, 0.0, scaled)).float()


def _draw_dropout(rng: np.random.Generator) -> list[Case]:
    """No point is near p, but where that is asked: p is a binary fraction there."""

    def points(p: float, *shape: int) -> Tensor:
        """At least one point below p, one above, and one between p and 1 - p."""
        while True:
            u = (rng.integers(0, 64, shape) + 0.5) / 64
            other = (u < 1 - p) != (u >= p)
            if (u < p).any() and (u > p).any() and other.any():
                return _floats(u)

    shares = [0.1, 0.2, 0.3, 0.4, 0.6, 0.7]
    p, q, r = (float(_pick(rng, shares)) for _ in range(3))
    at = float(_pick(rng, [0.125, 0.25, 0.375, 0.625, 0.75]))
    on_it = points(at, 6)
    on_it[_between(rng, 0, 5)] = at
    zero = points(0.3, 5)
    zero[_between(rng, 0, 4)] = 0.0
    below, above = -float(rng.integers(1, 9)) / 10, 1 + float(rng.integers(1, 9)) / 10
    [added], _ = _part(rng, 4, "{n}.mlp")
    return [
        Case("six numbers", (_quarters(rng, 6), points(p, 6), p)),
        Case("a point that lies exactly at p", (_quarters(rng, 6), on_it, at)),
        Case("p = 0, and a point at 0", (_quarters(rng, 5), zero, 0.0)),
        Case("a batch of vectors", (_quarters(rng, 2, 3, 4), points(q, 2, 3, 4), q)),
        Case("nearly all are dropped", (_quarters(rng, 3, 7), points(0.9, 3, 7), 0.9)),
        Case(
            "what an MLP of the course's own model adds", (added, points(r, 4, 96), r)
        ),
        Case("p = 1", (_quarters(rng, 3), points(0.5, 3), 1.0)),
        Case("p below 0", (_quarters(rng, 3), points(0.5, 3), below)),
        Case("p above 1", (_quarters(rng, 3), points(0.5, 3), above)),
    ]


def _dropout(
    x: Tensor,
    u: Tensor,
    p: float,
    kept: Callable[[Tensor, float], Tensor] = lambda u, p: u >= p,
    scale: Callable[[float], float] = lambda p: 1 - p,
    fits: Callable[[float], bool] = lambda p: 0 <= p < 1,
    kind: type[Exception] = ValueError,
    masked: str = "where",
) -> Tensor:
    """Dropout with loose screws: `masked` says how the dropped ones become 0."""
    if not fits(p):
        raise kind(f"p is {p}")
    if masked == "factor":
        return x * kept(u, p) * (1 / scale(p))
    # A division of tensors, where a 0 below the line is infinity and not an error.
    scaled = x / torch.tensor(scale(p))
    return (
        torch.where(kept(u, p), scaled, 0.0)
        if masked == "where"
        else scaled * kept(u, p)
    )


def _dropout_in_place(x: Tensor, u: Tensor, p: float) -> Tensor:
    _dropout(x, u, p)
    x[u < p] = 0
    return x / (1 - p)


def _dropout_shorter(x: Tensor, u: Tensor, p: float) -> Tensor:
    _dropout(x, u, p)
    return x[u >= p] / (1 - p)


def _dropout_share(x: Tensor, u: Tensor, p: float) -> Tensor:
    _dropout(x, u, p)
    kept = (u >= p).float()
    return x * kept / kept.mean()


def _mask(x: Tensor, u: Tensor, p: float) -> Tensor:
    _dropout(x, u, p)
    return u >= p


def _anything(p: float) -> bool:
    return True


_DROPOUT = (
    Mistake(
        "not scaled",
        "The right numbers are dropped, but those that stay are too small. So that the "
        "mean keeps its size, they make up for the dropped ones: divide by the share "
        "that is kept.",
        partial(_dropout, scale=lambda p: 1.0),
    ),
    Mistake(
        "divided by p",
        "You divide by p, the share that is dropped. Divide by the share that is **kept**.",
        partial(_dropout, scale=lambda p: p if p else math.inf),
    ),
    Mistake(
        "multiplied by 1 − p",
        "You multiply by 1 − p, which makes what stays still smaller. The mean should keep "
        "its size: divide.",
        partial(_dropout, scale=lambda p: 1 / (1 - p) if p != 1 else math.inf),
    ),
    Mistake(
        "kept where u is below p",
        "You keep what should be dropped, and drop the rest. A point below p means: this "
        "number goes.",
        partial(_dropout, kept=lambda u, p: u < p),
    ),
    Mistake(
        "kept where u is below 1 − p",
        "You keep the right **share** of the numbers, but not the right ones: those with u "
        "below 1 − p. Agreed is: kept where u is p or more.",
        partial(_dropout, kept=lambda u, p: u < 1 - p),
    ),
    Mistake(
        "dropped where u is exactly p",
        "Right, but for a point that lies exactly at p: that one is kept. So with p = 0 "
        "nothing is dropped, not even where u is 0.",
        partial(_dropout, kept=lambda u, p: u > p),
    ),
    Mistake(
        "nothing is dropped",
        "Everything is scaled, but nothing is dropped: `u` plays no part.",
        partial(_dropout, kept=lambda u, p: torch.ones_like(u, dtype=torch.bool)),
    ),
    Mistake(
        "scaled by the share that happened to be kept",
        "You divide by the share that is kept **here**. It changes from draw to draw; "
        "divide by what it is on average, 1 − p.",
        _dropout_share,
    ),
    Mistake(
        "dropped numbers are cut out",
        "The dropped numbers are gone altogether, and the vectors have lost their shape. A "
        "dropped number stays at its place, as 0.",
        _dropout_shorter,
    ),
    Mistake(
        "the mask alone",
        "That is the mask: which numbers are kept. Apply it to x, and scale what stays.",
        _mask,
    ),
    Mistake(
        "x is changed in place",
        "The numbers are right, but `x` itself was changed, which belongs to the caller: "
        "zeros written into some of its places do that, and so do `/=` and `*=`. Make a "
        "new tensor.",
        _dropout_in_place,
    ),
    Mistake(
        "no p is refused",
        "The numbers are right. But a p that is no probability, or that would drop "
        "everything, is not refused: raise a ValueError.",
        partial(_dropout, fits=_anything),
    ),
    Mistake(
        "no p is refused, and p = 1 gives NaN",
        "The numbers are right, but every p is taken: below 0, above 1, and 1 itself, "
        "where 0 / 0 gives NaN. Look at p first and raise a ValueError.",
        partial(_dropout, fits=_anything, masked="product"),
    ),
    Mistake(
        "no p is refused, and p = 1 divides by zero",
        "The numbers are right, but no p is refused: below 0 and above 1 are taken "
        "silently, and 1 ends in a ZeroDivisionError. Look at p first and raise a "
        "ValueError.",
        partial(_dropout, fits=_anything, masked="factor"),
    ),
    Mistake(
        "p = 1 is accepted",
        "Right, but for p = 1. It would drop everything, and then nothing is left to "
        "scale: 1 itself is refused too, by a ValueError.",
        partial(_dropout, fits=lambda p: 0 <= p <= 1),
    ),
    Mistake(
        "p = 1 is accepted and gives NaN",
        "Right, but for p = 1, where 0 / 0 gives NaN. p has to be **below** 1: refuse 1 as "
        "well, by a ValueError.",
        partial(_dropout, fits=lambda p: 0 <= p <= 1, masked="product"),
    ),
    Mistake(
        "p = 1 divides by zero",
        "Right, but p = 1 ends in a ZeroDivisionError. p has to be **below** 1: compare "
        "first, and raise a ValueError.",
        partial(_dropout, fits=lambda p: 0 <= p <= 1, masked="factor"),
    ),
    Mistake(
        "p below 0 is accepted",
        "Right, but for a p below 0, which is no probability: it would scale everything "
        "down. Raise a ValueError there too.",
        partial(_dropout, fits=lambda p: p < 1),
    ),
    Mistake(
        "p from 1 on is accepted",
        "Only a p below 0 is refused. At 1 everything would be dropped, and beyond 1 it is "
        "no probability: raise a ValueError there too.",
        partial(_dropout, fits=lambda p: p >= 0),
    ),
    Mistake(
        "p = 0 is refused",
        "Right, but p = 0 is refused. It is fine: nothing is dropped, and 1 − p is 1.",
        partial(_dropout, fits=lambda p: 0 < p < 1),
    ),
    Mistake(
        "an assert instead of a ValueError",
        "A wrong p is found, but told by `assert`, which is meant for one's own errors and "
        "can be switched off: raise a ValueError.",
        partial(_dropout, kind=AssertionError),
    ),
)


# ---------------------------------------------------------------------------------
# block
# ---------------------------------------------------------------------------------

_NAMES = {  # GPT-2's names and PyTorch's
    "ln_1.weight": "norm1.weight",
    "ln_1.bias": "norm1.bias",
    "attn.c_attn.weight": "self_attn.in_proj_weight",
    "attn.c_attn.bias": "self_attn.in_proj_bias",
    "attn.c_proj.weight": "self_attn.out_proj.weight",
    "attn.c_proj.bias": "self_attn.out_proj.bias",
    "ln_2.weight": "norm2.weight",
    "ln_2.bias": "norm2.bias",
    "mlp.c_fc.weight": "linear1.weight",
    "mlp.c_fc.bias": "linear1.bias",
    "mlp.c_proj.weight": "linear2.weight",
    "mlp.c_proj.bias": "linear2.bias",
}


def _oracle_block(x: Tensor, w: Weights, n_head: int) -> Tensor:
    """PyTorch's encoder layer with the norms first, and a causal mask."""
    C, d_mlp = w["mlp.c_fc.weight"].shape
    with torch.device("meta"):  # so that no random number is drawn
        layer = nn.TransformerEncoderLayer(
            C, n_head, d_mlp, 0.0, _tanh_gelu, _EPS, batch_first=True, norm_first=True
        )
    # PyTorch keeps a matrix as (out, in), GPT-2 as (in, out).
    theirs = {
        _NAMES[name]: weight.T if weight.ndim > 1 else weight
        for name, weight in w.items()
    }
    layer.load_state_dict({k: v.double() for k, v in theirs.items()}, assign=True)
    T = x.shape[-2]
    future = torch.ones(T, T, dtype=torch.bool).triu(1)
    with torch.no_grad():
        return layer(x.double().reshape(-1, T, C), future).reshape(x.shape).float()


def _layer(rng: np.random.Generator, C: int, d_mlp: int, *silent: str) -> Weights:
    """The weights of a layer, in which the parts named in `silent` add nothing."""
    shapes = {
        "ln_1.weight": (C,),
        "ln_1.bias": (C,),
        "attn.c_attn.weight": (C, 3 * C),
        "attn.c_attn.bias": (3 * C,),
        "attn.c_proj.weight": (C, C),
        "attn.c_proj.bias": (C,),
        "ln_2.weight": (C,),
        "ln_2.bias": (C,),
        "mlp.c_fc.weight": (C, d_mlp),
        "mlp.c_fc.bias": (d_mlp,),
        "mlp.c_proj.weight": (d_mlp, C),
        "mlp.c_proj.bias": (C,),
    }
    w = {name: _quarters(rng, *shape) / 2 for name, shape in shapes.items()}
    for part in silent:
        for name in (f"{part}.c_proj.weight", f"{part}.c_proj.bias"):
            w[name] = torch.zeros(shapes[name])
    return w


def _draw_block(rng: np.random.Generator) -> list[Case]:
    [stream], n = _part(rng, 5, "{before}")
    shipped = dict(zip(_NAMES, _weights(n, *_NAMES), strict=True))
    some = rng.choice(shipped["mlp.c_fc.bias"].shape[0], 64, replace=False)
    shipped["mlp.c_fc.weight"] = shipped["mlp.c_fc.weight"][:, some].clone()
    shipped["mlp.c_fc.bias"] = shipped["mlp.c_fc.bias"][some]
    shipped["mlp.c_proj.weight"] = shipped["mlp.c_proj.weight"][some]
    return [
        Case("three tokens, two heads", (_quarters(rng, 3, 4), _layer(rng, 4, 8), 2)),
        Case("a single token", (_quarters(rng, 1, 4), _layer(rng, 4, 6), 1)),
        Case(
            "a layer in which only attention adds something",
            (_quarters(rng, 3, 4), _layer(rng, 4, 8, "mlp"), 2),
        ),
        Case(
            "a layer in which only the MLP adds something",
            (_quarters(rng, 3, 4), _layer(rng, 4, 8, "attn"), 2),
        ),
        Case(
            "a layer in which no part adds anything",
            (_quarters(rng, 3, 4), _layer(rng, 4, 8, "attn", "mlp"), 2),
        ),
        Case("a batch of texts", (_quarters(rng, 2, 3, 6), _layer(rng, 6, 24), 3)),
        Case(
            "a long stream, to which little is added",
            (_quarters(rng, 4, 8) * 20, _layer(rng, 8, 12), 4),
        ),
        Case("as many heads as numbers", (_quarters(rng, 4, 4), _layer(rng, 4, 16), 4)),
        Case(
            "a layer of the course's own model, with some of its hidden units",
            (stream, shipped, _shipped()[0].config.n_head),
        ),
    ]


def _attend(x: Tensor, w: Weights, n_head: int) -> Tensor:
    if x.shape[-1] % n_head:  # as the course's own attend, which students are given
        raise ValueError("so many heads cannot share the columns")
    qkv = x @ w["attn.c_attn.weight"] + w["attn.c_attn.bias"]
    q, k, v = (
        part.unflatten(-1, (n_head, -1)).transpose(-3, -2)
        for part in qkv.split(x.shape[-1], -1)
    )
    T, d_head = q.shape[-2:]
    future = torch.arange(T)[:, None] < torch.arange(T)
    scores = (q @ k.transpose(-2, -1) / sqrt(d_head)).masked_fill(future, -torch.inf)
    together = (scores.softmax(-1) @ v).transpose(-3, -2).flatten(-2)
    return together @ w["attn.c_proj.weight"] + w["attn.c_proj.bias"]


def _norm(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return _normed(x) * weight + bias


def _wired(
    wire: Callable[..., Tensor],
    n_head: int | None = None,
    names: Sequence[str] = ("weight", "bias"),
) -> Callable[..., Tensor]:
    """A block whose four parts are put together by wire(x, norm_1, attend, norm_2, mlp)."""

    def block(x: Tensor, w: Weights, given: int) -> Tensor:
        def norm(i):
            return lambda x: _norm(x, *(w[f"ln_{i}.{name}"] for name in names))

        def mlp(x):
            rows = ("c_fc.weight", "c_fc.bias", "c_proj.weight", "c_proj.bias")
            return _mlp(x, *(w[f"mlp.{name}"] for name in rows))

        heads = given if n_head is None else n_head
        return wire(x, norm(1), lambda x: _attend(x, w, heads), norm(2), mlp)

    return block


def _pre_norm(x, norm_1, attend, norm_2, mlp):
    x = x + attend(norm_1(x))
    return x + mlp(norm_2(x))


def _post_norm(x, norm_1, attend, norm_2, mlp):
    x = norm_1(x + attend(x))
    return norm_2(x + mlp(x))


def _norm_after_parts(x, norm_1, attend, norm_2, mlp):
    x = x + norm_1(attend(x))
    return x + norm_2(mlp(x))


def _no_second_stream(x, norm_1, attend, norm_2, mlp):
    return mlp(norm_2(x + attend(norm_1(x))))


def _no_first_stream(x, norm_1, attend, norm_2, mlp):
    x = attend(norm_1(x))
    return x + mlp(norm_2(x))


def _from_normed(x, norm_1, attend, norm_2, mlp):
    x = norm_1(x)
    x = x + attend(x)
    x = norm_2(x)
    return x + mlp(x)


def _first_from_normed(x, norm_1, attend, norm_2, mlp):
    x = norm_1(x)
    x = x + attend(x)
    return x + mlp(norm_2(x))


def _second_from_normed(x, norm_1, attend, norm_2, mlp):
    x = x + attend(norm_1(x))
    x = norm_2(x)
    return x + mlp(x)


def _mlp_first(x, norm_1, attend, norm_2, mlp):
    x = x + mlp(norm_2(x))
    return x + attend(norm_1(x))


def _in_place(x, norm_1, attend, norm_2, mlp):
    x += attend(norm_1(x))
    x += mlp(norm_2(x))
    return x


def _added_twice(x, norm_1, attend, norm_2, mlp):
    middle = x + attend(norm_1(x))
    return x + middle + mlp(norm_2(middle))


def _no_such_name(x: Tensor, w: Weights, n_head: int) -> Tensor:
    return w["h.0.ln_1.weight"]


_BLOCK = (
    Mistake(
        "post-norm",
        "The norms stand on the stream itself, after each addition, as in the first "
        "transformer. GPT-2 moved them **before** each part, into the branch: the stream "
        "runs past them.",
        _wired(_post_norm),
    ),
    Mistake(
        "norm after each part",
        "You norm what each part **gives**. The norm comes before: it brings what the part "
        "**reads** to one size.",
        _wired(_norm_after_parts),
    ),
    Mistake(
        "no residual stream",
        "Each part replaces the vector. It should only **add** to it, so that what was "
        "there stays: that is the residual stream, and there are two additions.",
        _wired(lambda x, norm_1, attend, norm_2, mlp: mlp(norm_2(attend(norm_1(x))))),
    ),
    Mistake(
        "attention replaces the stream",
        "After attention, the old vector is lost: what attention gives is to be **added** "
        "to x.",
        _wired(_no_first_stream),
    ),
    Mistake(
        "the MLP replaces the stream",
        "The MLP's answer stands alone at the end. It is to be **added** to what was there "
        "before it.",
        _wired(_no_second_stream),
    ),
    Mistake(
        "the normed vectors become the stream",
        "You overwrite x with the normed x, so the additions go to the wrong vector. Only "
        "the branch sees the norm; the sum takes x as it was.",
        _wired(_from_normed),
    ),
    Mistake(
        "the normed vectors become the stream, before attention",
        "Attention's answer is added to the **normed** x. Add it to x as it came in. The "
        "second half is right.",
        _wired(_first_from_normed),
    ),
    Mistake(
        "the normed vectors become the stream, before the MLP",
        "The MLP's answer is added to the **normed** stream. Add it to the stream as it "
        "was. The first half is right.",
        _wired(_second_from_normed),
    ),
    Mistake(
        "attention and MLP side by side",
        "Both parts read the same x, and both answers are added at once. Some models do "
        "that; here the MLP reads the stream **after** attention has written to it.",
        _wired(
            lambda x, norm_1, attend, norm_2, mlp: (
                x + attend(norm_1(x)) + mlp(norm_2(x))
            )
        ),
    ),
    Mistake(
        "attention and MLP side by side, from one norm",
        "The MLP reads the same normed x as attention, and `ln_2` plays no part. First add "
        "attention's answer, then norm the sum by `ln_2` for the MLP.",
        _wired(
            lambda x, norm_1, attend, norm_2, mlp: (
                x + attend(norm_1(x)) + mlp(norm_1(x))
            )
        ),
    ),
    Mistake(
        "what attention added is lost at the end",
        "The MLP reads the right stream, but its answer is added to x as it came in, so "
        "what attention wrote is lost. Add it to the stream after attention.",
        _wired(
            lambda x, norm_1, attend, norm_2, mlp: (
                x + mlp(norm_2(x + attend(norm_1(x))))
            )
        ),
    ),
    Mistake(
        "the MLP reads attention's answer alone",
        "The MLP reads only what attention has to add. It should read the whole stream, "
        "with that **added** to it.",
        _wired(
            lambda x, norm_1, attend, norm_2, mlp: x + mlp(norm_2(attend(norm_1(x))))
        ),
    ),
    Mistake(
        "the MLP reads attention's answer alone, and both are added",
        "Both answers are added, but the MLP has read only attention's. It should read the "
        "whole stream: x with attention's answer already in it.",
        _wired(
            lambda x, norm_1, attend, norm_2, mlp: (
                x + attend(norm_1(x)) + mlp(norm_2(attend(norm_1(x))))
            )
        ),
    ),
    Mistake(
        "x is added once more at the end",
        "You have x in the sum twice. The stream after attention holds it already; the MLP's "
        "answer is added to that, and to nothing else.",
        _wired(_added_twice),
    ),
    Mistake(
        "norms exchanged",
        "The two norms have changed places: `ln_1` stands before attention, `ln_2` before "
        "the MLP.",
        _wired(
            lambda x, norm_1, attend, norm_2, mlp: _pre_norm(
                x, norm_2, attend, norm_1, mlp
            )
        ),
    ),
    Mistake(
        "the first norm's weights twice",
        "Both norms have the weights of `ln_1`. Before the MLP stands `ln_2`, with weights "
        "of its own.",
        _wired(
            lambda x, norm_1, attend, norm_2, mlp: _pre_norm(
                x, norm_1, attend, norm_1, mlp
            )
        ),
    ),
    Mistake(
        "the second norm's weights twice",
        "Both norms have the weights of `ln_2`. Before attention stands `ln_1`, with "
        "weights of its own.",
        _wired(
            lambda x, norm_1, attend, norm_2, mlp: _pre_norm(
                x, norm_2, attend, norm_2, mlp
            )
        ),
    ),
    Mistake(
        "no norm at all",
        "Both norms are missing. Attention and MLP each read the stream through a norm of "
        "their own.",
        _wired(
            lambda x, norm_1, attend, norm_2, mlp: _pre_norm(
                x, lambda x: x, attend, lambda x: x, mlp
            )
        ),
    ),
    Mistake(
        "no norm before attention",
        "The norm before attention is missing: it reads the stream through `ln_1`.",
        _wired(
            lambda x, norm_1, attend, norm_2, mlp: _pre_norm(
                x, lambda x: x, attend, norm_2, mlp
            )
        ),
    ),
    Mistake(
        "no norm before the MLP",
        "The norm before the MLP is missing: it reads the stream through `ln_2`.",
        _wired(
            lambda x, norm_1, attend, norm_2, mlp: _pre_norm(
                x, norm_1, attend, lambda x: x, mlp
            )
        ),
    ),
    Mistake(
        "weight and bias of the norms exchanged",
        "In both norms, weight and bias have changed places. Look at the order in which "
        "your `layer_norm` takes them.",
        _wired(_pre_norm, names=("bias", "weight")),
    ),
    Mistake(
        "no attention",
        "The attention is missing: the vectors never talk. Its answer is added first.",
        _wired(lambda x, norm_1, attend, norm_2, mlp: x + mlp(norm_2(x))),
    ),
    Mistake(
        "no MLP",
        "The MLP is missing. After attention has added its part, the MLP adds its own.",
        _wired(lambda x, norm_1, attend, norm_2, mlp: x + attend(norm_1(x))),
    ),
    Mistake(
        "MLP before attention",
        "The MLP comes first here. In GPT the vectors talk first and think then.",
        _wired(_mlp_first),
    ),
    Mistake(
        "always one head",
        "You use one head, whatever `n_head` says. The scores of one wide head are not "
        "those of several narrow ones: hand `n_head` on to `attend`.",
        _wired(_pre_norm, n_head=1),
    ),
    Mistake(
        "always two heads",
        "You use two heads, whatever `n_head` says. Hand `n_head` on to `attend`.",
        _wired(_pre_norm, n_head=2),
    ),
    Mistake(
        "always four heads",
        "You use four heads, as the course's own model has. Other layers have other "
        "numbers: hand `n_head` on to `attend`.",
        _wired(_pre_norm, n_head=4),
    ),
    Mistake(
        "x is changed in place",
        "The numbers are right, but they were added into `x` itself, which belongs to the "
        "caller: `+=` writes into the tensor that was handed in. Write `x = x + …`.",
        _wired(_in_place),
    ),
    Mistake(
        "a name that w does not have",
        "A name that you look up is not in `w`. This dictionary has one layer's weights "
        "only, so no layer number comes first, and every name ends in weight or bias: see "
        "the table above.",
        _no_such_name,
    ),
)


# ---------------------------------------------------------------------------------
# count_parameters
# ---------------------------------------------------------------------------------


def _oracle_count(n_vocab: int, n_ctx: int, n_layer: int, d_model: int) -> int:
    """PyTorch's modules, built without memory, counted as PyTorch counts them."""
    with torch.device("meta"):
        tokens, places = (
            nn.Embedding.from_pretrained(torch.empty(n, d_model), freeze=False)
            for n in (n_vocab, n_ctx)
        )
        layer = nn.TransformerEncoderLayer(d_model, 1, 4 * d_model)
        unembed = nn.Linear(d_model, n_vocab, bias=False)
        rest = nn.ModuleList([tokens, places, nn.LayerNorm(d_model), unembed])
    unembed.weight = tokens.weight  # a parameter that two modules share counts once
    one, once = (sum(p.numel() for p in m.parameters()) for m in (layer, rest))
    return n_layer * one + once


def _draw_count(rng: np.random.Generator) -> list[Case]:
    return [
        Case(
            "a tiny model",
            (_between(rng, 5, 99), _between(rng, 3, 60), 1, _between(rng, 2, 4)),
        ),
        Case(
            "a model of several layers",
            (_between(rng, 10, 99), _between(rng, 5, 60), _between(rng, 2, 6), 4),
        ),
        Case(
            "no layer at all, only tables and the last norm",
            (_between(rng, 10, 99), _between(rng, 5, 60), 0, _between(rng, 3, 9)),
        ),
        Case(
            "a model of about the course's size",
            (_between(rng, 400, 700), 8 * _between(rng, 6, 20), 3, 96),
        ),
        Case(
            "a model of about GPT-2's size",
            (_between(rng, 50_000, 51_000), 1024, _between(rng, 10, 48), 768),
        ),
        Case(
            "a model of about GPT-3's size",
            (_between(rng, 50_000, 51_000), 2048, _between(rng, 90, 100), 12_288),
        ),
    ]


def _count(
    n_vocab: int,
    n_ctx: int,
    n_layer: int,
    d_model: int,
    tokens: float = 1,
    places: float = 1,
    attend: Callable[[int], int] = lambda C: 4 * C * C + 4 * C,
    mlp: Callable[[int], int] = lambda C: 8 * C * C + 5 * C,
    norms: Callable[[int], int] = lambda C: 4 * C,
    last: Callable[[int], int] = lambda C: 2 * C,
) -> int:
    C = d_model
    layers = n_layer * (attend(C) + mlp(C) + norms(C))
    return tokens * n_vocab * C + places * n_ctx * C + layers + last(C)


_COUNT_PARAMETERS = (
    Mistake(
        "the tied table counted twice",
        "You count the table of the tokens twice. GPT-2 uses one and the same table at both "
        "ends, so its numbers are learned once and counted once.",
        partial(_count, tokens=2),
    ),
    Mistake(
        "the table of the tokens forgotten",
        "The table of the tokens, `wte`, is missing.",
        partial(_count, tokens=0),
    ),
    Mistake(
        "the table of the places forgotten",
        "The table of the places, `wpe`, is missing: a row for each of the n_ctx places.",
        partial(_count, places=0),
    ),
    Mistake(
        "both tables forgotten",
        "The layers and the last norm are right. The two tables of the beginning are "
        "missing: one of the tokens, one of the places.",
        partial(_count, tokens=0, places=0),
    ),
    Mistake(
        "all biases of matrices forgotten",
        "The biases of the four matrices are missing. Each matrix has one, with a number "
        "for each of its columns.",
        partial(_count, attend=lambda C: 4 * C * C, mlp=lambda C: 8 * C * C),
    ),
    Mistake(
        "4C numbers of each layer forgotten",
        "Each layer lacks exactly 4C numbers. Two things are that large: attention's two "
        "biases (3C and C), and the two norms (2C each). One of them is missing.",
        partial(_count, norms=lambda C: 0),
    ),
    Mistake(
        "5C numbers of each layer forgotten",
        "Each layer lacks exactly 5C numbers. That is what the MLP's two biases have, or "
        "what is lost if every bias counts as C: a bias is as long as its matrix has "
        "**columns**.",
        partial(_count, mlp=lambda C: 8 * C * C),
    ),
    Mistake(
        "all norms forgotten",
        "All norms are missing: two in each layer and one after the last layer, each with "
        "a weight and a bias of C numbers.",
        partial(_count, norms=lambda C: 0, last=lambda C: 0),
    ),
    Mistake(
        "the last norm forgotten",
        "One norm is missing: the one after the last layer, `ln_f`, which belongs to no "
        "layer.",
        partial(_count, last=lambda C: 0),
    ),
    Mistake(
        "one norm a layer",
        "You count one norm in each layer. There are two: one before attention and one "
        "before the MLP.",
        partial(_count, norms=lambda C: 2 * C),
    ),
    Mistake(
        "norms without their biases",
        "You count C numbers for a norm. Each has a weight **and** a bias.",
        partial(_count, norms=lambda C: 2 * C, last=lambda C: C),
    ),
    Mistake(
        "the last norm without its bias",
        "The last norm has 2C numbers: its weight and its bias.",
        partial(_count, last=lambda C: C),
    ),
    Mistake(
        "norms and biases forgotten",
        "All matrices and tables are there, but no vector: neither the biases of the "
        "matrices nor the norms.",
        partial(
            _count,
            attend=lambda C: 4 * C * C,
            mlp=lambda C: 8 * C * C,
            norms=lambda C: 0,
            last=lambda C: 0,
        ),
    ),
    Mistake(
        "the layers' matrices alone",
        "12 C² for each layer is the rule of thumb: no tables, no norms, no biases. Here "
        "every number counts.",
        lambda n_vocab, n_ctx, n_layer, d_model: 12 * n_layer * d_model**2,
    ),
    Mistake(
        "a single layer counted",
        "You count one layer, whatever `n_layer` is. Every layer has weights of its own.",
        lambda n_vocab, n_ctx, n_layer, d_model: _count(n_vocab, n_ctx, 1, d_model),
    ),
    Mistake(
        "the last norm counted for every layer",
        "You count the last norm once for each layer. There is a single one, after them "
        "all.",
        lambda n_vocab, n_ctx, n_layer, d_model: _count(
            n_vocab, n_ctx, n_layer, d_model, last=lambda C: 2 * C * n_layer
        ),
    ),
    Mistake(
        "everything times n_layer",
        "You multiply everything by `n_layer`. The tables and the last norm are there "
        "only once.",
        lambda n_vocab, n_ctx, n_layer, d_model: (
            n_layer * _count(n_vocab, n_ctx, 1, d_model)
        ),
    ),
    Mistake(
        "n_layer for attention only",
        "Attention is counted for every layer, the MLP and the two norms beside it only "
        "once. Brackets around the whole layer?",
        lambda n_vocab, n_ctx, n_layer, d_model: (
            _count(n_vocab, n_ctx, 1, d_model)
            + (n_layer - 1) * (4 * d_model**2 + 4 * d_model)
        ),
    ),
    Mistake(
        "attention forgotten",
        "Attention is missing in the layers: its two matrices and their biases.",
        partial(_count, attend=lambda C: 0),
    ),
    Mistake(
        "the MLP forgotten",
        "The MLP is missing in the layers: its two matrices and their biases.",
        partial(_count, mlp=lambda C: 0),
    ),
    Mistake(
        "queries alone, without keys and values",
        "Attention's first matrix has 3C columns: queries, keys **and** values. You count C.",
        partial(_count, attend=lambda C: 2 * C * C + 2 * C),
    ),
    Mistake(
        "a matrix of 9C² for queries, keys and values",
        "You count 9C² for attention's first matrix. Only its columns are three times as "
        "many: it has C rows and 3C columns.",
        partial(_count, attend=lambda C: 10 * C * C + 4 * C),
    ),
    Mistake(
        "four hidden units",
        "Your MLP has 4 hidden units. It has 4 times C of them.",
        partial(_count, mlp=lambda C: 8 * C + 4 + C),
    ),
    Mistake(
        "a bias of 4C at the MLP's way out",
        "The bias of the MLP's second matrix is too long. A bias is as long as its matrix "
        "has **columns**, and that one has C.",
        partial(_count, mlp=lambda C: 8 * C * C + 8 * C),
    ),
    Mistake(
        "only the places' rows are times C",
        "A bracket is misplaced: of the two tables, only the second is multiplied by C. "
        "A table has C numbers in each of its rows.",
        lambda n_vocab, n_ctx, n_layer, d_model: (
            _count(n_vocab, n_ctx, n_layer, d_model, tokens=0) + n_vocab
        ),
    ),
    Mistake(
        "n_layer for the matrices, not for the norms",
        "Attention and the MLP are counted for every layer, the two norms beside them only "
        "once. Brackets around the whole layer?",
        lambda n_vocab, n_ctx, n_layer, d_model: (
            _count(n_vocab, n_ctx, n_layer, d_model, norms=lambda C: 0) + 4 * d_model
        ),
    ),
    Mistake(
        "attention's way out forgotten",
        "Attention's second matrix is missing, the way out (`attn.c_proj`): C by C, and "
        "a bias.",
        partial(_count, attend=lambda C: 3 * C * C + 3 * C),
    ),
    Mistake(
        "the MLP's second matrix forgotten",
        "The MLP's second matrix is missing: 4C by C, and a bias of C.",
        partial(_count, mlp=lambda C: 4 * C * C + 4 * C),
    ),
    Mistake(
        "a hidden layer as narrow as the vector",
        "You count an MLP whose hidden layer has C units. It has 4C.",
        partial(_count, mlp=lambda C: 2 * C * C + 2 * C),
    ),
    Mistake(
        "a float",
        "The right number, as a float. One cannot have half a parameter: give a whole "
        "number, an `int`. Is there a division?",
        lambda *sizes: float(_count(*sizes)),
    ),
    Mistake(
        "a list of counts",
        "You give the counts one by one. Asked for is their sum.",
        lambda n_vocab, n_ctx, n_layer, d_model: [
            n_vocab * d_model,
            n_ctx * d_model,
            n_layer * (12 * d_model**2 + 13 * d_model),
            2 * d_model,
        ],
    ),
)


_BENDS = (".gelu", ".GELU")
_NORMS = (
    ".layer_norm",
    ".LayerNorm",
    ".native_layer_norm",
    ".group_norm",
    ".GroupNorm",
)
_DROPS = (".dropout", ".Dropout", ".alpha_dropout", ".feature_dropout")
_LAYERS = (
    *(".TransformerEncoderLayer", ".TransformerEncoder"),
    ".TransformerDecoderLayer",
)

CHECKS = [
    Check("gelu", 3, _draw_gelu, _oracle_gelu, _GELU, _LIBRARIES + _BENDS),
    Check(
        "layer_norm",
        4,
        _draw_layer_norm,
        _oracle_layer_norm,
        _LAYER_NORM,
        _LIBRARIES + _NORMS,
    ),
    Check("mlp", 3, _draw_mlp, _oracle_mlp, _MLP, _LIBRARIES + _BENDS, after=("gelu",)),
    Check("dropout", 3, _draw_dropout, _oracle_dropout, _DROPOUT, _LIBRARIES + _DROPS),
    Check(
        "block",
        4,
        _draw_block,
        _oracle_block,
        _BLOCK,
        _LIBRARIES + _BENDS + _NORMS + _LAYERS,
        after=("gelu", "layer_norm", "mlp"),
    ),
    Check(
        "count_parameters", 3, _draw_count, _oracle_count, _COUNT_PARAMETERS, _LIBRARIES
    ),
]
