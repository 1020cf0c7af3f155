"""Stage 3, MLP: where vectors do not talk. The same questions are asked of each.

    x: float32 (B, T, C)  ->  x: float32 (B, T, C), through d_mlp = 4 C hidden values

Here, too, is what holds the stack together: layer norm and the residual stream.

>>> gelu(torch.tensor([-1.0, 0.0, 1.0]))
tensor([-0.1588,  0.0000,  0.8412])

Sources: Hendrycks and Gimpel (2016) for GELU, Ba et al. (2016) for layer norm, He et
al. (2016) for residuals, Radford et al. (2019, section 2.3) for norms before each part.
"""

from collections.abc import Callable
from math import pi, sqrt

import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.functional import linear

from gpt.embed import same_kind


def gelu(x: Tensor) -> Tensor:
    """x, let through in proportion to how large it is: GPT-2's approximation by tanh.

    Any shape, float. 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))).
    """
    inner = sqrt(2 / pi) * (x + 0.044715 * x**3)
    return 0.5 * x * (1 + torch.tanh(inner))


def layer_norm(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    """Each vector at mean 0 and variance 1, then scaled and moved: (..., C).

    weight, bias: (C,). The variance is the mean of squares (over C, not C - 1), and eps
    is added to it under the root.
    """
    _fits(x, weight, bias)
    centred = x - x.mean(-1, keepdim=True)
    variance = centred.square().mean(-1, keepdim=True)
    return centred / (variance + eps).sqrt() * weight + bias


def mlp(
    x: Tensor,
    w_in: Tensor,
    b_in: Tensor,
    w_out: Tensor,
    b_out: Tensor,
    gelu: Callable[[Tensor], Tensor] = gelu,
) -> Tensor:
    """Widen, choose, narrow: (..., C) -> (..., C), each vector by itself.

    w_in: (C, d_mlp), b_in: (d_mlp,), w_out: (d_mlp, C), b_out: (C,).
    """
    same_kind(x=x, w_in=w_in, b_in=b_in, w_out=w_out, b_out=b_out)
    C, d_mlp = w_in.shape
    if x.shape[-1] != C or w_out.shape != (d_mlp, C):
        raise ValueError(
            f"x (..., {x.shape[-1]}), w_in {tuple(w_in.shape)} and w_out "
            f"{tuple(w_out.shape)} do not fit: they are (..., C), (C, d_mlp), (d_mlp, C)"
        )
    hidden = gelu(linear(x, w_in.T, b_in))  # (..., d_mlp)
    return linear(hidden, w_out.T, b_out)


def block(
    x: Tensor,
    norm_1: Callable[[Tensor], Tensor],
    attend: Callable[[Tensor], Tensor],
    norm_2: Callable[[Tensor], Tensor],
    mlp: Callable[[Tensor], Tensor],
) -> Tensor:
    """One layer of the stack: talk, then think; both only add to the stream (..., T, C).

    The four functions map (..., T, C) to the same shape and know their own weights.
    """
    x = x + attend(norm_1(x))
    return x + mlp(norm_2(x))


def fast_gelu(x: Tensor) -> Tensor:
    """The same numbers as `gelu` from PyTorch's own kernel."""
    return functional.gelu(x, approximate="tanh")


def fast_layer_norm(
    x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5
) -> Tensor:
    """The same numbers as `layer_norm` from PyTorch's own kernel."""
    _fits(x, weight, bias)
    return functional.layer_norm(x, weight.shape, weight, bias, eps)


def _fits(x: Tensor, weight: Tensor, bias: Tensor) -> None:
    """ValueError where the vectors of a norm are not as long as those of x."""
    same_kind(x=x, weight=weight, bias=bias)
    if weight.shape != x.shape[-1:] or bias.shape != x.shape[-1:]:
        raise ValueError(
            f"x has {x.shape[-1]} columns, so weight and bias must be "
            f"{tuple(x.shape[-1:])}, not {tuple(weight.shape)} and {tuple(bias.shape)}"
        )
