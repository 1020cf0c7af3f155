"""Answers that lose an axis of size 1, and only from results of so many axes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from torch import Tensor

from autograder import checks

# How many axes a result may have, in steps that take whatever stands in front.
AXES = {
    **dict.fromkeys(("softmax", "scores", "attention_weights", "attention"), (2, 3, 4)),
    **dict.fromkeys(("gelu", "dropout", "rms_norm", "swiglu"), (1, 2, 3, 4)),
    **dict.fromkeys(("layer_norm", "mlp", "block", "attend"), (2, 3)),
    **dict.fromkeys(("unembed", "probabilities"), (1, 2, 3)),
    "embed": (2, 3),
    "log_probabilities": (1,),
    **dict.fromkeys(("share", "grouped_attention"), (3, 4)),
}


def shapes() -> Iterator[tuple[str, Callable[..., Tensor]]]:
    """For each check, each number of axes, and each axis: the name and the answer."""
    for exercise in checks.exercises():
        for name, check in checks.load(exercise).items():
            for axes in AXES.get(name, ()):
                for axis in range(axes):
                    yield name, _losing(check.oracle, axes, axis)


def _losing(
    right: Callable[..., Tensor], axes: int, axis: int
) -> Callable[..., Tensor]:
    def answer(*args: object) -> Tensor:
        made = right(*args)
        return made.squeeze(axis) if made.ndim == axes else made

    answer.__name__ = f"loses axis {axis} of {axes}"
    return answer
