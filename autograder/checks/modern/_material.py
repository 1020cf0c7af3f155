"""What the checks of "modern" share: numbers, forbidden names, a slip of all steps."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

LIBRARIES = ("gpt.modern", "gpt.model", "transformers", "torch._C", "torch.ops")
NORMS = (".rms_norm", ".RMSNorm")
BENDS = (".silu", ".SiLU")

EPS = 1e-5  # the default of a norm's ε


def halves(rng: np.random.Generator, *shape: int) -> Tensor:
    """Multiples of 1/2 up to 6, which a float holds exactly; none is 0."""
    numbers = rng.integers(1, 13, shape) * rng.choice([-1, 1], shape)
    return torch.tensor(numbers / 2, dtype=torch.float32)


def eighths(rng: np.random.Generator, *shape: int) -> Tensor:
    """Multiples of 1/8 up to 1 1/2, so that products of three stay small; none is 0."""
    return halves(rng, *shape) / 4
