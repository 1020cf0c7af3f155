"""What the checks of the exercise "mlp" share: the course's own model, numbers, names."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from autograder.checks._material import between, story_ids

LIBRARIES = ("gpt.mlp", "gpt.model", "transformers", "torch._C", "torch.ops")
BENDS = (".gelu", ".GELU")
NORMS = (
    ".layer_norm",
    ".LayerNorm",
    ".native_layer_norm",
    ".group_norm",
    ".GroupNorm",
)

EPS = 1e-5  # GPT-2's, which keeps a norm from dividing by zero

tanh_gelu = partial(functional.gelu, approximate="tanh")


def quarters(rng: np.random.Generator, *shape: int) -> Tensor:
    """Multiples of 1/4, which a float holds exactly and a person can read; none is 0."""
    numbers = rng.integers(1, 12, shape) * rng.choice([-1, 1], shape)
    return torch.tensor(numbers / 4, dtype=torch.float32)


def apart(rng: np.random.Generator, *shape: int) -> Tensor:
    """Vectors of whole numbers so far apart that ε is not seen: an edge shows it."""
    rows = np.zeros((prod(shape[:-1]), shape[-1]))
    while (near := rows.var(-1) < 100).any():
        some = near.sum(), shape[-1]
        rows[near] = rng.integers(1, 25, some) * rng.choice([-1, 1], some)
    return floats(rows.reshape(shape))


def floats(values: Sequence | np.ndarray) -> Tensor:
    return torch.tensor(np.asarray(values), dtype=torch.float32)


def pick(rng: np.random.Generator, items: Sequence) -> Any:
    return items[int(rng.integers(len(items)))]


@cache
def shipped():
    """The course's own model and its tokenizer."""
    from gpt.model import small

    return small()


def vectors(rng: np.random.Generator, T: int, name: str) -> tuple[Tensor, int]:
    """T vectors (T, C) of a story inside the course's own model, and their layer.

    "{n}" in the name stands for the layer, "{before}" for the stream that enters it.
    """
    model, tokenizer = shipped()
    n = between(rng, 0, model.config.n_layer - 1)
    flow = model.trace(torch.tensor([story_ids(rng, tokenizer)[:21]]))
    before = "embed" if n == 0 else f"{n - 1}.stream"
    start = between(rng, 1, 20 - T)
    return flow[name.format(n=n, before=before)][0, start : start + T].clone(), n


def weights(n: int, *names: str) -> list[Tensor]:
    """Weights of layer n of the course's own model."""
    return [shipped()[0].weights[f"h.{n}.{name}"].clone() for name in names]
