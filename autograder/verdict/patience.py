"""How long a student waits for a verdict, once something has not come to an end.

The first call that goes on has all the time that a call may have. What is tried after it
(the earlier steps, and the step with the course's own in their place) shares PATIENCE.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from autograder.verdict import compare
from autograder.verdict.compare import is_endless
from autograder.verdict.outcome import Outcome, run

PATIENCE = 3  # seconds of computing for all other tries, once one did not end
LEAST = 1  # seconds of computing for one call: what is right takes far less


class Left:
    """What is left of a student's patience."""

    def __init__(self) -> None:
        self._begun: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more should be tried."""
        return self._seconds < LEAST

    @property
    def _seconds(self) -> float:
        begun = self._begun
        return PATIENCE if begun is None else begun + PATIENCE - time.process_time()

    def answers(
        self, function: Callable[..., Any], cases: Sequence[tuple]
    ) -> list[Outcome]:
        """What comes of all cases, in the time that is left."""
        if self._begun is not None:
            return self._hurried(function, cases)
        outcomes = compare.answers(function, cases)
        if is_endless(outcomes):
            self._begun = time.process_time()
        return outcomes

    def _hurried(
        self, function: Callable[..., Any], cases: Sequence[tuple]
    ) -> list[Outcome]:
        """One that goes on does so for a moment only: there may be others to try."""
        outcomes: list[Outcome] = []
        for args in cases:
            if is_endless(outcomes):
                outcomes.append(outcomes[-1])
            else:
                outcomes.append(run(function, args, LEAST))
        return outcomes
