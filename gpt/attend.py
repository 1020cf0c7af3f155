"""Stage 3, attend: vectors that talk. Each takes what it needs from those before it.

    x: float32 (B, T, C)  ->  x: float32 (B, T, C), through H heads of d_head = C / H

>>> q = k = torch.tensor([[1.0], [0.0]])  # two tokens, d_head = 1
>>> attention_weights(q, k)
tensor([[1.0000, 0.0000],
        [0.5000, 0.5000]])
>>> attention(q, k, v=torch.tensor([[4.0], [8.0]]))
tensor([[4.],
        [6.]])

Sources: Bahdanau et al. (2015) for the weighted sum, Vaswani et al. (2017, section 3.2)
for queries, keys, values and heads, Radford et al. (2018) for the causal mask alone.
"""

from math import sqrt

import torch
from torch import Tensor
from torch.nn.functional import linear, scaled_dot_product_attention

from gpt.embed import same_kind


def causal_mask(n: int, device: torch.device | str | None = None) -> Tensor:
    """Who may look at whom: (n, n), bool, True where key j is not after query i."""
    return torch.ones(n, n, dtype=torch.bool, device=device).tril()


def attention_weights(q: Tensor, k: Tensor) -> Tensor:
    """How much each token takes from each: rows that sum to one, nothing of the future.

    q, k: (..., T, d_head), float. Returns (..., T, T): row i belongs to query i.

    Raises ValueError where the shapes or dtypes of q and k differ.
    """
    _like(q=q, k=k)
    T, d_head = q.shape[-2:]
    scores = q @ k.transpose(-2, -1) / sqrt(d_head)  # (..., T, T)
    scores = scores.masked_fill(~causal_mask(T, q.device), -torch.inf)
    return scores.softmax(-1)


def attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """The weighted sums of the values: (..., T, d_head).

    q, k: (..., T, d_head) and v: (..., T, d_v), float, of one dtype.
    """
    _like(but_last=True, q=q, v=v)
    return attention_weights(q, k) @ v


def fast_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """The same numbers from PyTorch's own kernel, which never writes the weights down.

    Source: Dao et al. (2022) for the order of the sums.
    """
    _like(q=q, k=k)
    _like(but_last=True, q=q, v=v)
    return scaled_dot_product_attention(q, k, v, is_causal=True)


def split_heads(x: Tensor, n_head: int) -> Tensor:
    """(..., T, C) -> (..., H, T, C / H): head h has the columns from h · C / H on."""
    if n_head < 1 or x.shape[-1] % n_head:
        raise ValueError(f"{x.shape[-1]} columns cannot be shared by {n_head} heads")
    return x.unflatten(-1, (n_head, -1)).transpose(-3, -2)


def merge_heads(x: Tensor) -> Tensor:
    """(..., H, T, d_head) -> (..., T, C): the heads side by side again."""
    return x.transpose(-3, -2).flatten(-2)


def queries_keys_values(
    x: Tensor, weight: Tensor, bias: Tensor, n_head: int
) -> tuple[Tensor, Tensor, Tensor]:
    """What each token asks, offers and gives: three times (..., H, T, d_head).

    x: (..., T, C); weight: (C, 3C), the three matrices side by side; bias: (3C,).
    """
    same_kind(x=x, weight=weight, bias=bias)
    C = x.shape[-1]
    if weight.shape != (C, 3 * C) or bias.shape != (3 * C,):
        raise ValueError(
            f"x has {C} columns, so the weight must be {(C, 3 * C)} and the bias "
            f"{(3 * C,)}, not {tuple(weight.shape)} and {tuple(bias.shape)}"
        )
    q, k, v = linear(x, weight.T, bias).split(C, -1)  # x @ weight + bias, cut in three
    return split_heads(q, n_head), split_heads(k, n_head), split_heads(v, n_head)


def attend(
    x: Tensor,
    w_qkv: Tensor,
    b_qkv: Tensor,
    w_out: Tensor,
    b_out: Tensor,
    n_head: int,
    attention=attention,
) -> Tensor:
    """Multi-head causal self-attention: (..., T, C) -> (..., T, C).

    w_qkv: (C, 3C), b_qkv: (3C,), w_out: (C, C), b_out: (C,).
    """
    q, k, v = queries_keys_values(x, w_qkv, b_qkv, n_head)
    return linear(merge_heads(attention(q, k, v)), w_out.T, b_out)


def _like(but_last: bool = False, **tensors: Tensor) -> None:
    """ValueError where two tensors differ in shape, dtype or device."""
    (a, first), (b, second) = tensors.items()
    one, two = tuple(first.shape), tuple(second.shape)
    if len(one) < 2:
        raise ValueError(f"{a} must be (..., T, d_head), not {one}")
    same = one[:-1] == two[:-1] if but_last else one == two
    if not same:
        part = " but for the last axis" if but_last else ""
        raise ValueError(f"{a} and {b} must have one shape{part}, not {one} and {two}")
    same_kind(**tensors)
    same_kind(**tensors)
