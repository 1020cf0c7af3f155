"""mlp: two matrices with the bend between them, for each vector by itself.

The oracle is a `Sequential` of PyTorch's own layers. In one case the vectors are as
many as their numbers, and these as many as the hidden units, so that every wrong order
of a product has a fitting shape.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import (
    across,
    between,
    large,
    lying,
    normal,
    singles,
    stop,
)
from autograder.checks._slips import only_the_first
from autograder.checks._twins import twins
from autograder.checks.mlp._material import (
    BENDS,
    LIBRARIES,
    floats,
    quarters,
    tanh_gelu,
    vectors,
    weights,
)


def oracle(
    x: Tensor, w_in: Tensor, b_in: Tensor, w_out: Tensor, b_out: Tensor
) -> Tensor:
    layers = _linear(w_in, b_in), nn.GELU("tanh"), _linear(w_out, b_out)
    with torch.no_grad():
        return nn.Sequential(*layers)(x.double()).float()


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    """PyTorch's own layer, in double precision, with a matrix given as (in, out)."""
    with torch.device("meta"):  # so that no random number is drawn
        layer = nn.Linear(*weight.shape)
    rows = {"weight": weight.T.double(), "bias": bias.double()}
    layer.load_state_dict(rows, assign=True)
    return layer


def draw(rng: np.random.Generator) -> list[Case]:
    def own(C: int, d_mlp: int) -> tuple[Tensor, ...]:
        shapes = (C, d_mlp), (d_mlp,), (d_mlp, C), (C,)
        return tuple(quarters(rng, *shape) for shape in shapes)

    level, shut = own(4, 4), own(4, 4)
    level[1].sub_(level[1].flip(0))
    shut[2].zero_()
    uneven = tuple(normal(rng, *shape) for shape in ((3, 4), (4,), (4, 3), (3,)))
    normed, n = vectors(rng, 3, "{n}.norm_2")
    w_in, b_in, w_out, b_out = weights(
        n, "mlp.c_fc.weight", "mlp.c_fc.bias", "mlp.c_proj.weight", "mlp.c_proj.bias"
    )
    some = rng.choice(w_in.shape[1], 48, replace=False)
    return [
        Case("two vectors, three hidden units", (quarters(rng, 2, 2), *own(2, 3))),
        Case(
            "as many vectors as numbers, as many numbers as hidden units",
            (quarters(rng, 3, 3), *own(3, 3)),
        ),
        Case("a single vector", (quarters(rng, 3), *own(3, 12))),
        Case("a batch of texts", (quarters(rng, 2, 3, 4), *own(4, 16))),
        edge(
            "a vector of zeros, so that only biases speak",
            (torch.zeros(1, 4), *own(4, 6)),
        ),
        Case(
            "fewer hidden units than numbers",
            (quarters(rng, 3, 132), *(w / 8 for w in own(132, 2))),
        ),
        Case(
            "hidden units of the course's own model",
            (normed, w_in[:, some], b_in[some], w_out[some], b_out),
        ),
        Case("a long text", (quarters(rng, between(rng, 1025, 1060), 3), *own(3, 12))),
        edge(
            "as many texts as vectors and numbers", (quarters(rng, 4, 4, 4), *own(4, 4))
        ),
        edge("a batch of one text", (quarters(rng, 1, 3, 4), *own(4, 16))),
        edge(
            "vectors that lie across in memory",
            (across(quarters(rng, 2, 5, 4)), *lying([w / 8 for w in own(4, 132)])),
        ),
        edge(
            "a batch of many texts",
            (quarters(rng, between(rng, 129, 140), 2, 3), *uneven),
        ),
        edge(
            "vectors of a single number, and a single hidden unit",
            (quarters(rng, 3, 1).abs() * floats([[1], [-1], [1]]), *own(1, 1)),
        ),
        edge("large numbers", _large(rng)),
        edge("biases whose sum is 0", (quarters(rng, 2, 4), *level)),
        edge("a way out of zeros", (quarters(rng, 2, 4), *shut)),
        *singles(lambda *one: (quarters(rng, *one).abs(), *own(1, 1)), 2, 3),
        *twins(
            oracle,
            lambda: (quarters(rng, 5, 4), *own(4, 6)),
            "the vectors",
            "w_in",
            "b_in",
            "w_out",
            "b_out",
        ),
    ]


def _large(rng: np.random.Generator) -> tuple[Tensor, ...]:
    """Each bias is seen in a vector of its own, where all before it is zero."""
    one, other = large(rng, 2).tolist()
    signs = floats([1, -1])
    w_in, b_in = large(rng, 2, 2) * signs[:, None], large(rng, 2) * signs
    w_out, b_out = large(rng, 2, 2) * signs, large(rng, 2) * signs
    return floats([[0, 0], [-one, other], [one, -other]]), w_in, b_in, w_out, b_out


def _by_a_loop(x: Tensor, *rest: Tensor) -> Tensor:
    """A loop over x takes numbers out of a single vector, and `@` takes none."""
    return plain(x, *rest) if x.ndim > 1 else stop(RuntimeError)


def _same(x: Tensor) -> Tensor:
    return x


def plain(
    x: Tensor,
    w_in: Tensor,
    b_in: Tensor,
    w_out: Tensor,
    b_out: Tensor,
    first: Callable[[Tensor], Tensor] = _same,
    widen: Callable[..., Tensor] = lambda x, w_in, b_in: x @ w_in + b_in,
    bend: Callable[[Tensor], Tensor] = tanh_gelu,
    narrow: Callable[..., Tensor] = lambda h, w_out, b_out: h @ w_out + b_out,
    last: Callable[[Tensor, Tensor], Tensor] = lambda x, y: y,
) -> Tensor:
    """The four steps with a screw at each, one before them, and last(x, the answer)."""
    return last(x, narrow(bend(widen(first(x), w_in, b_in)), w_out, b_out))


def worked(
    x: Tensor, w_in: Tensor, b_in: Tensor, w_out: Tensor, b_out: Tensor
) -> dict[str, Tensor]:
    x, w_in, b_in, w_out, b_out = (t.double() for t in (x, w_in, b_in, w_out, b_out))
    wide = x @ w_in + b_in
    return {
        "widened, x @ w_in + b_in": wide,
        "bent by gelu": tanh_gelu(wide),
        "narrowed, @ w_out": tanh_gelu(wide) @ w_out,
        "plus b_out": tanh_gelu(wide) @ w_out + b_out,
    }


def _another_bend(name: str, what: str, bend: Callable[[Tensor], Tensor]) -> Mistake:
    return Mistake(
        name,
        f"Between the matrices stands {what}, and not your `gelu`.",
        partial(plain, bend=bend),
    )


_PRODUCT_FIRST = (
    "First the product, then the bias: `@` is done before `+` unless a bracket says "
    "otherwise."
)

MISTAKES = (
    Mistake(
        "no bend",
        "The two matrices stand side by side with no bend between them: together they are "
        "no more than one matrix. Your `gelu` belongs between them.",
        partial(plain, bend=_same),
    ),
    Mistake(
        "bend after the second matrix",
        "The bend comes after the second matrix. It decides which of the hidden units "
        "speak, so it belongs **between** the two.",
        partial(plain, bend=_same, last=lambda x, y: tanh_gelu(y)),
    ),
    Mistake(
        "bend before the first matrix",
        "You bend x before any question is asked of it. First the questions, which are "
        "the first matrix and its bias; then the bend.",
        partial(plain, first=tanh_gelu, bend=_same),
    ),
    Mistake(
        "bend at both places",
        "There is one bend too many, at the very end. What the MLP adds to the stream may "
        "be as negative as it likes: only the hidden units are bent.",
        partial(plain, last=lambda x, y: tanh_gelu(y)),
    ),
    Mistake(
        "x bent too",
        "There is one bend too many, before the first matrix. x is asked as it is; only "
        "the hidden units are bent.",
        partial(plain, first=tanh_gelu),
    ),
    Mistake(
        "bent twice",
        "You bend the hidden units twice. Once is enough: is `gelu` in your lines twice?",
        partial(plain, bend=lambda h: tanh_gelu(tanh_gelu(h))),
    ),
    Mistake(
        "ReLU",
        "There is a ReLU between the matrices, as in the chapter's example with a "
        "pencil. This model was trained with GELU: take your own `gelu`.",
        partial(plain, bend=torch.relu),
    ),
    Mistake(
        "the exact GELU by erf",
        "Very close. Between the matrices stands the exact GELU, by erf; GPT-2 has "
        "the one by tanh. Take your own `gelu` of step 1.",
        partial(plain, bend=functional.gelu),
    ),
    _another_bend("SiLU", "SiLU, x times its sigmoid", functional.silu),
    _another_bend("sigmoid", "a sigmoid", torch.sigmoid),
    _another_bend("tanh", "a tanh alone", torch.tanh),
    _another_bend("softmax", "a softmax", lambda h: h.softmax(-1)),
    _another_bend("leaky ReLU", "a leaky ReLU", functional.leaky_relu),
    Mistake(
        "the bend times the hidden units",
        "You multiply the bent hidden units by themselves before the bend, as a gate of "
        "newer models does. `gelu` has multiplied its share by them already: take what it "
        "gives.",
        partial(plain, bend=lambda h: h * tanh_gelu(h)),
    ),
    Mistake(
        "the bend is added to the hidden units",
        "You add what `gelu` gives to the hidden units. It takes their **place**.",
        partial(plain, bend=lambda h: h + tanh_gelu(h)),
    ),
    Mistake(
        "the first bias forgotten",
        "`b_in` is missing: the questions are asked without their shift.",
        partial(plain, widen=lambda x, w_in, b_in: x @ w_in),
    ),
    Mistake(
        "the first bias subtracted",
        "You subtract `b_in`. It is **added** to the product of x and `w_in`.",
        partial(plain, widen=lambda x, w_in, b_in: x @ w_in - b_in),
    ),
    Mistake(
        "the first bias twice",
        "`b_in` is added twice. Once is enough, after the first product.",
        partial(plain, widen=lambda x, w_in, b_in: x @ w_in + 2 * b_in),
    ),
    Mistake(
        "multiplied by the first bias",
        "You multiply by `b_in`. It is **added** to the product of x and `w_in`.",
        partial(plain, widen=lambda x, w_in, b_in: x @ w_in * b_in),
    ),
    Mistake(
        "the second bias forgotten",
        "`b_out` is missing: it is added at the end.",
        partial(plain, narrow=lambda h, w_out, b_out: h @ w_out),
    ),
    Mistake(
        "the second bias subtracted",
        "You subtract `b_out`. It is **added** at the end.",
        partial(plain, narrow=lambda h, w_out, b_out: h @ w_out - b_out),
    ),
    Mistake(
        "the second bias twice",
        "`b_out` is added twice. Once is enough, at the end.",
        partial(plain, narrow=lambda h, w_out, b_out: h @ w_out + 2 * b_out),
    ),
    Mistake(
        "multiplied by the second bias",
        "You multiply by `b_out`. It is **added** to what the second matrix gives.",
        partial(plain, narrow=lambda h, w_out, b_out: h @ w_out * b_out),
    ),
    Mistake(
        "no bias at all",
        "Both biases are missing. Each matrix product is followed by its own shift: "
        "`b_in`, `b_out`.",
        partial(
            plain,
            widen=lambda x, w_in, b_in: x @ w_in,
            narrow=lambda h, w_out, b_out: h @ w_out,
        ),
    ),
    Mistake(
        "the biases added to the matrices",
        "You add the biases to the matrices, so every number of a vector adds them "
        f"again. {_PRODUCT_FIRST}",
        partial(
            plain,
            widen=lambda x, w_in, b_in: x @ (w_in + b_in),
            narrow=lambda h, w_out, b_out: h @ (w_out + b_out),
        ),
    ),
    Mistake(
        "the first bias added to its matrix",
        "You add `b_in` to the matrix, so every number of x adds it again. "
        f"{_PRODUCT_FIRST}",
        partial(plain, widen=lambda x, w_in, b_in: x @ (w_in + b_in)),
    ),
    Mistake(
        "the second bias added to its matrix",
        "You add `b_out` to the matrix, so every hidden unit adds it again. "
        f"{_PRODUCT_FIRST}",
        partial(plain, narrow=lambda h, w_out, b_out: h @ (w_out + b_out)),
    ),
    Mistake(
        "the first bias added after the bend",
        "You add `b_in` to the bent answers. It belongs to the questions, so it is added "
        "**before** the bend.",
        lambda x, w_in, b_in, w_out, b_out: (
            (tanh_gelu(x @ w_in) + b_in) @ w_out + b_out
        ),
    ),
    Mistake(
        "the first bias added at the end too",
        "You add `b_in` once more at the end, where the shapes do not fit, or where only "
        "`b_out` belongs. `b_in` has a number for each hidden unit.",
        lambda x, w_in, b_in, w_out, b_out: plain(x, w_in, b_in, w_out, b_out) + b_in,
    ),
    Mistake(
        "biases exchanged",
        "The two biases are swapped. `b_in` has a number for each hidden unit, "
        "`b_out` one for each number of x.",
        lambda x, w_in, b_in, w_out, b_out: plain(x, w_in, b_out, w_out, b_in),
    ),
    Mistake(
        "the second bias at both places",
        "`b_out` is added after both products. After the first stands `b_in`, which has a "
        "number for each hidden unit.",
        lambda x, w_in, b_in, w_out, b_out: plain(x, w_in, b_out, w_out, b_out),
    ),
    Mistake(
        "the first bias at both places",
        "`b_in` is added after both products. After the second stands `b_out`, which has a "
        "number for each number of x.",
        lambda x, w_in, b_in, w_out, b_out: plain(x, w_in, b_in, w_out, b_in),
    ),
    Mistake(
        "matrices exchanged",
        "The two matrices are swapped. First comes `w_in`, which widens: it has as "
        "many rows as x has numbers.",
        lambda x, w_in, b_in, w_out, b_out: plain(x, w_out, b_in, w_in, b_out),
    ),
    Mistake(
        "the first matrix at both places",
        "You multiply by `w_in` both times. The second product is by `w_out`, which has as "
        "many rows as there are hidden units.",
        lambda x, w_in, b_in, w_out, b_out: plain(x, w_in, b_in, w_in, b_out),
    ),
    Mistake(
        "the first matrix on its side at the end",
        "The second product is by `w_in` transposed. The notes stand in a matrix of their "
        "own, `w_out`.",
        lambda x, w_in, b_in, w_out, b_out: plain(x, w_in, b_in, w_in.T, b_out),
    ),
    Mistake(
        "matrices transposed",
        "Both matrices are turned on their side. Here they are stored as (in, out), as in "
        "GPT-2's file, so x @ w fits as it is; PyTorch's own `linear` wants (out, in).",
        partial(
            plain,
            widen=lambda x, w_in, b_in: x @ w_in.T + b_in,
            narrow=lambda h, w_out, b_out: h @ w_out.T + b_out,
        ),
    ),
    Mistake(
        "the first matrix transposed",
        "You transpose `w_in`. It is stored as (in, out), so `x @ w_in` fits as it is.",
        partial(plain, widen=lambda x, w_in, b_in: x @ w_in.T + b_in),
    ),
    Mistake(
        "the second matrix transposed",
        "You transpose `w_out`. It is stored as (in, out), so `hidden @ w_out` fits "
        "as it is.",
        partial(plain, narrow=lambda h, w_out, b_out: h @ w_out.T + b_out),
    ),
    Mistake(
        "the matrix before the vector",
        "You write the matrix first and x second. The vectors are the **rows** of x, so x "
        "stands on the left of `@`.",
        partial(
            plain,
            widen=lambda x, w_in, b_in: w_in @ x + b_in,
            narrow=lambda h, w_out, b_out: w_out @ h + b_out,
        ),
    ),
    Mistake(
        "products place by place",
        "`*` multiplies number by number. Each question is a **sum** of products: "
        "that is a matrix product, `@`.",
        partial(
            plain,
            widen=lambda x, w_in, b_in: x * w_in + b_in,
            narrow=lambda h, w_out, b_out: h * w_out + b_out,
        ),
    ),
    Mistake(
        "the second matrix forgotten",
        "You stop at the hidden units. Their answers still have to be turned into a vector "
        "as long as x: the second matrix and its bias.",
        partial(plain, narrow=lambda h, w_out, b_out: h),
    ),
    Mistake(
        "the residual is added here",
        "You add x at the end. That will be right in the block, which adds to the stream; "
        "the MLP itself gives only what **is to be** added.",
        partial(plain, last=lambda x, y: x + y),
    ),
    Mistake(
        "normed first",
        "You norm x before the first product. The block does that; the MLP takes x as it "
        "is.",
        partial(plain, first=lambda x: functional.layer_norm(x, x.shape[-1:])),
    ),
    Mistake(
        "normed by the standard deviation first",
        "You norm x before the first product. The block does that, by your `layer_norm`; the "
        "MLP takes x as it is.",
        partial(
            plain,
            first=lambda x: (x - x.mean(-1, keepdim=True)) / x.std(-1, keepdim=True),
        ),
    ),
    Mistake(
        "a bend at the end alone, and x added",
        "The bend comes after the second matrix, and x is added to it. It decides which of "
        "the hidden units speak, so it belongs **between** the two matrices; and x is added "
        "later, in the block.",
        partial(plain, bend=_same, last=lambda x, y: x + tanh_gelu(y)),
    ),
    Mistake(
        "a ReLU beside the bend",
        "Between the matrices stand both, your `gelu` and a ReLU. `gelu` is the bend: no "
        "other is needed.",
        partial(plain, bend=lambda h: torch.relu(tanh_gelu(h))),
    ),
    Mistake(
        "a sum over the answer",
        "You sum up what the second product gives. A matrix product holds its sums already: "
        "only `b_out` is added.",
        partial(
            plain,
            narrow=lambda h, w_out, b_out: (h @ w_out).sum(-1, keepdim=True) + b_out,
        ),
    ),
    Mistake(
        "the second bias added before its matrix",
        "You add `b_out` to the hidden units, before the second product. It has a number for "
        "each number of x, and is added **after** the product.",
        partial(plain, narrow=lambda h, w_out, b_out: (h + b_out) @ w_out),
    ),
    Mistake(
        "both matrices before the biases",
        "The first bias and the second matrix are swapped. The order is x, w_in, b_in, "
        "w_out, b_out: does your `def` name them so?",
        lambda x, w_in, b_in, w_out, b_out: plain(x, w_in, w_out, b_in, b_out),
    ),
    Mistake(
        "by a loop over x",
        "Right but for a single vector, out of which a loop over x takes numbers. `x @ w_in` "
        "takes all vectors at once, or a single one: no loop is needed.",
        _by_a_loop,
    ),
    only_the_first(
        lambda x, *w: plain(x, *w)[0],
        "vector",
        more="A matrix product takes all vectors at once, so no loop is needed.",
    ),
)

CHECK = Check(
    "mlp",
    3,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES + BENDS,
    after=("gelu",),
    worked=worked,
)
