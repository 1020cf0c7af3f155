"""What is told where all numbers are right, and the gradient is not."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from autograder.verdict.outcome import Outcome

LOST = (
    "No gradient comes back from your numbers, so no model can learn by them. NumPy, "
    "`.detach()`, `.data`, `.item()`, `torch.tensor(...)` and `torch.no_grad()` lose it: "
    "compute with tensors of PyTorch from what you are given to what you return."
)
PARTLY = (
    "A part of what you compute is cut off from what you were given, so a model would "
    "learn something else by it. Look for `.detach()`, `.data`, `.item()`, "
    "`torch.tensor(...)` and `torch.no_grad()` on the way."
)
FLAT = (
    "The numbers are right, but their gradient is 0, so a model would learn nothing by "
    "them. `round`, `floor`, comparisons and `argmax` have a slope of 0, and so has what "
    "`clamp` cuts off. Or `.detach()` leaves only a part that comes to 0."
)
NOT_FINITE = (
    "The gradient is NaN or infinite, so a model that learns by it breaks. It comes from "
    "something that is infinite on the way, even if `where` or a mask throws it away "
    "later. Compute so that nothing is infinite."
)


def gradient(wanted: Sequence[Outcome], got: Sequence[Outcome]) -> str:
    """Of outcomes of which each has the right value and a wrong gradient: why."""
    came = [x for g in got for x in g.gradients if x is not None]
    if any(not torch.isfinite(x).all() for x in came):
        return NOT_FINITE
    if came and not any(x.any() for x in came):
        return FLAT
    return PARTLY if came else LOST
