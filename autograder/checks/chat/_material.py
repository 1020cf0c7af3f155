"""What the checks of "chat" share: ids, numbers, forbidden names, a slip of two steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Mistake

LIBRARIES = (
    *("gpt.chat", "gpt.tune", "gpt.model", "transformers"),
    *("torch._C", "torch.ops"),
)
LOSSES = (".cross_entropy", ".CrossEntropyLoss", ".nll_loss", ".NLLLoss")
DIVERGENCES = (".kl_div", ".KLDivLoss", ".kl_divergence")


def ids(rng: np.random.Generator, many: int, below: int = 60, least: int = 1) -> list:
    """Ids of a text, as far as they can each another one."""
    if many < below - least:
        return (least + rng.permutation(below - least)[:many]).tolist()
    return rng.integers(least, below, many).tolist()


def eighths(rng: np.random.Generator, *shape: int, most: int = 24) -> Tensor:
    """Logits, at most `most` eighths above or below 0."""
    return torch.from_numpy(rng.integers(-most, most + 1, shape) / 8).float()


def goals(rng: np.random.Generator, B: int, T: int, n_vocab: int) -> Tensor:
    """Targets (B, T) of which row b asks for b + 1 or more, and none for all, if it can.

    Each has a 0 and a largest id where it asks for two.
    """
    made = torch.full((B, T), -1)
    for b in range(B):
        many = min(b % (T - 1) + 1 if T > 1 else 1, T)
        places = torch.from_numpy(np.sort(rng.permutation(T)[:many]))
        drawn = torch.from_numpy(rng.integers(0, n_vocab, many))
        if many > 1:
            drawn[0], drawn[-1] = n_vocab - 1, 0
        made[b, places] = drawn
    return made


def a_tensor(right: Callable[..., Any], of: str) -> Mistake:
    """A tensor where a list of ids is asked for."""
    return Mistake(
        "a tensor instead of a list",
        f"These are the right {of}, but in a tensor. Give them back as a plain Python list: "
        "tensors of conversations are made later, when they are padded to one length.",
        lambda *args: torch.tensor(right(*args)),
    )
