"""What the checks of "cache" share: forbidden names, and who may look at whom."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

LIBRARIES = (
    *("gpt.cache", "gpt.attend", "gpt.modern", "gpt.model"),
    *("transformers", "torch._C", "torch.ops"),
)

Rule = Callable[[Tensor, Tensor], Tensor]  # of queries' places and keys': who may look


def grid(n_new: int, n: int, rule: Rule, first: int | None = None) -> Tensor:
    """A rule for the last n_new of n places, or for those from `first` on: (n_new, n)."""
    first = n - n_new if first is None else first
    return rule(torch.arange(first, first + n_new)[:, None], torch.arange(n))
