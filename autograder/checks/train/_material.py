"""What the checks of "train" share: forbidden names, and logits with their targets."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

LIBRARIES = ("gpt.train", "gpt.model", "transformers", "torch._C", "torch.ops")
LOSSES = (".cross_entropy", ".CrossEntropyLoss", ".nll_loss", ".NLLLoss")
DERIVES = (".backward", "torch.autograd", "torch.func")
CLIPS = (
    ".clip_grad_norm_",
    ".clip_grad_norm",
    ".clip_grads_with_norm_",
    "torch.nn.utils",
)
OPTIMIZERS = ("torch.optim",)

NOT_ASKED = -1


def looked_up(right: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """A right answer that looks up −1 too, where nothing is asked, and fails there."""

    def answer(logits: Tensor, targets: Tensor) -> Tensor:
        if (targets >= 0).any() and (targets < 0).any():
            raise RuntimeError("no such id")  # PyTorch has several words for it
        return right(logits, targets)

    return answer


def targets(
    rng: np.random.Generator,
    n_vocab: int,
    *shape: int,
    asked: float = 0.7,
    least: int = 0,
) -> Tensor:
    """Random targets, about a share `asked` of them asked, one at the least.

    None is below `least`, and the first that is asked is that: a careless test takes 0
    for none.
    """
    found = torch.tensor(rng.integers(least, n_vocab, shape), dtype=torch.int64)
    left = torch.tensor(rng.random(shape) < asked)
    left.view(-1)[int(rng.integers(left.numel()))] = True
    found = found.masked_fill(~left, NOT_ASKED)
    found.view(-1)[int(left.view(-1).nonzero()[0, 0])] = least
    return found
