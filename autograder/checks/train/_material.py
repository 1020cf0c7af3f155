"""What the checks of "train" share: forbidden names, and logits with their targets."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Mistake
from autograder.checks._material import stop

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


def axes_taken_for_sure(right: Callable[..., Tensor]) -> tuple[Mistake, ...]:
    """What fails where there are other axes in front than it counts on, by how it fails.

    right: a right answer, of logits (..., n_vocab) and of targets that have all but the
    last of these axes.
    """
    sure = (
        "Only the **last** axis is sure, the tokens. In front of it there may be any number of "
        "axes, or none. `reshape(-1, n)` makes rows of all places, and of one without an axis, "
        "too."
    )
    two, three = (
        "places and tokens, where it is a batch",
        "stories, places and tokens, where there is no batch",
    )
    alone = (
        "Right unless there is a single place, which has no axis of its own: nothing can be "
        "counted or flattened along it."
    )
    return tuple(
        Mistake(name, f"{told} {sure}", partial(_where, right, fits, error))
        for name, told, fits, error in (
            (
                "no batches",
                f"The shape cannot be unpacked into {two}.",
                (1,),
                ValueError,
            ),
            (
                "batches only",
                f"The shape cannot be unpacked into {three}.",
                (2,),
                ValueError,
            ),
            ("no place without an axis", alone, range(1, 9), IndexError),
            (
                "no place to unpack",
                (
                    "Right unless there is a single place, which has no axis of its own: its shape "
                    "has nothing to unpack but the tokens."
                ),
                range(1, 9),
                ValueError,
            ),
        )
    )


def _where(
    right: Callable[..., Tensor],
    fits: Collection[int],
    error: type[Exception],
    logits: Tensor,
    targets: Tensor,
) -> Tensor:
    """The right answer where places have so many axes, and an error elsewhere."""
    return right(logits, targets) if targets.ndim in fits else stop(error)


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
