"""What the checks of "attend" share: cases, triangles, and slips of several steps."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import inf

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from autograder.checks import Mistake
from autograder.checks._material import between, large, stop, story_ids, tenths

LIBRARIES = ("gpt.attend", "gpt.mlp", "gpt.model", "transformers")
KERNELS = (
    ".scaled_dot_product_attention",
    ".multi_head_attention_forward",
    ".MultiheadAttention",
    ".flex_attention",
)

Answer = Callable[..., Tensor]


@cache
def shipped():
    """The course's own model in double precision, its float32 weights, its tokenizer."""
    from gpt.model import GPT, small

    model, tokenizer = small()
    double = {name: weight.double() for name, weight in model.weights.items()}
    return GPT(model.config, double), model.weights, tokenizer


def trace(
    rng: np.random.Generator, n: int, *names: str
) -> tuple[int, tuple[Tensor, ...]]:
    """A layer of the model, and its intermediates of these names, of n tokens.

    The tokens stand somewhere in a story. An intermediate is (n, C), or (H, n, d_head).
    """
    model, _, tokenizer = shipped()
    ids = story_ids(rng, tokenizer)
    start = between(rng, 0, 12)
    layer = between(rng, 0, model.config.n_layer - 1)
    with torch.no_grad():
        text = torch.tensor([ids[: start + n]])
        found = model.trace(text, *(f"{layer}.{name}" for name in names))
    cut = (x[0, ..., start:, :].float() for x in found.values())
    # As a file gives it back: `float` keeps axes exchanged in memory.
    return layer, tuple(x.contiguous() for x in cut)


def own(rng: np.random.Generator, n: int, *names: str) -> tuple[Tensor, ...]:
    """Intermediates of the model, as `trace` has them, whichever the layer."""
    return trace(rng, n, *names)[1]


def whole(rng: np.random.Generator, low: int, high: int, *shape: int) -> Tensor:
    """Whole numbers from low to high, as float32."""
    return torch.tensor(rng.integers(low, high + 1, shape), dtype=torch.float32)


def huge(rng: np.random.Generator, *shape: int) -> Tensor:
    """As `large`, but more than a billion."""
    return large(rng, *shape) * 2.0**20


def queries_and_keys(rng: np.random.Generator, *shape: int) -> tuple[Tensor, Tensor]:
    return tenths(rng, *shape), tenths(rng, *shape)


def two_texts(rng: np.random.Generator, n: int, T: int, C: int) -> tuple[Tensor, ...]:
    """n tensors (2, T, C) for two texts that differ in their last token alone."""
    tensors = []
    for _ in range(n):
        x = tenths(rng, 1, T, C).repeat(2, 1, 1)
        x[1, -1] = tenths(rng, C)
        tensors.append(x)
    return tuple(tensors)


def uneven(rng: np.random.Generator, T: int) -> tuple[Tensor, Tensor]:
    """(2, T, 1): large queries and small keys, then small queries and large keys."""
    signs = torch.tensor([[-1.0, 1.0]]).repeat(1, T)[0, :T, None]
    few = [torch.tensor(rng.permutation(T) + 1)[:, None] / 1e9 for _ in range(2)]
    q = torch.stack([huge(rng, T, 1) * signs, few[0]])
    k = torch.stack([few[1], huge(rng, T, 1) * signs])
    return q, k


def sunk(rng: np.random.Generator, T: int) -> tuple[Tensor, Tensor]:
    """(T, 1): the past scores below −10³⁶, and the last token 0: whatever finite number
    is put in place of the future, or added to it, is the larger one."""
    k = -1e18 * torch.tensor([T, *(rng.permutation(T - 2) + 2.0), 0])[:, None]
    return torch.full((T, 1), 1e18), k.float()


def fused(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """PyTorch's own causal attention: (..., T, d), (..., T, d), (..., T, d_v)."""
    q, k, v = q.double(), k.double(), v.double()
    return functional.scaled_dot_product_attention(q, k, v, is_causal=True).float()


def lower(n: int, diagonal: int = 0) -> Tensor:
    """(n, n), with ones on a diagonal and below it, zeros above."""
    return torch.ones(n, n).tril(diagonal)


def past(scores: Tensor, size: int | None = None) -> Tensor:
    """(..., T, T), with -inf for the future, by a mask of size T or another."""
    return scores.masked_fill(lower(size or scores.shape[-1]) == 0, -inf)


def counts(n: int, first: int = 1) -> Tensor:
    """(n, 1): first, first + 1 and so on."""
    return torch.arange(first, first + n)[:, None].float()


def rows_to_one(W: Tensor) -> Tensor:
    return W / W.sum(-1, keepdim=True)


def unchanged(x: Tensor) -> Tensor:
    return x


def divided_by_t(wrong: Answer, row: str) -> Mistake:
    """row: what is in row t, as in "row t has t + 1 weights"."""
    return Mistake(
        "divided by t",
        f"Rows count from 0: {row}. Dividing by t is too little, and in the first row it "
        "divides by zero.",
        wrong,
    )


def root_forgotten(wrong: Answer, mine: str) -> Mistake:
    """mine: the student's own function that divides."""
    return Mistake(
        "√d forgotten",
        "The scores were not divided by √d, so the shares are too sharp. Use your "
        f"`{mine}`, which divides.",
        wrong,
    )


def not_masked(wrong: Answer, mine: str, name: str = "not masked") -> Mistake:
    """mine: the student's own function that masks."""
    return Mistake(
        name,
        f"The tokens take from the future too. Use your `{mine}`, which masks it.",
        wrong,
    )


def on_its_side(right: Answer, what: str, row: str) -> Mistake:
    """row: a sentence that says what a row is."""
    return Mistake(
        "the matrix on its side",
        f"These are the right {what}, but on their side. {row}",
        lambda *args: right(*args).mT,
    )


def one_head_only(right: Answer, instead: str) -> Mistake:
    """The shape of the queries, unpacked as if they were always one head's."""
    return Mistake(
        "one head only",
        "Right for one head. With more axes in front, the shape cannot be unpacked into "
        f"two names. {instead}",
        lambda q, *rest: right(q, *rest) if q.ndim == 2 else stop(ValueError),
    )


def first_two_axes_exchanged(wrong: Answer, second: str) -> Mistake:
    """second: what stands along the second axis of a batch."""
    return Mistake(
        "the first two axes exchanged",
        "Right for one text. With a batch in front, the first two axes are those of "
        f"texts and {second}: count from the end.",
        wrong,
    )


def axes_1_and_2_exchanged(wrong: Answer, single: str) -> Mistake:
    """single: what has an axis less, as in "A single text has"."""
    return Mistake(
        "axes 1 and 2 exchanged",
        f"Right for a batch. {single} one axis less in front: count from the end, and it "
        "is right for both.",
        wrong,
    )


def wrong_kind(causes: str) -> Mistake:
    """A TypeError in every case. causes: what it may be, as conditions or questions."""
    return Mistake(
        "a thing of the wrong kind",
        f"The `TypeError` names a value of the wrong type. {causes}",
        lambda *args: stop(TypeError),
    )
