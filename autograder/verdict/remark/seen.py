"""What all remarks look at: a function's answers beside the right ones.

And the few words that their sentences share.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from torch import Tensor

from autograder.checks import Case, Check
from autograder.verdict.compare import difference, steady
from autograder.verdict.outcome import Outcome, StillRunning
from autograder.verdict.source import Written

PATIENCE = 0.5  # seconds of computing for one remark
FEW = 3  # right cases that a remark on "all but …" needs
THEIRS = "\ue000\ue001"  # stand around what the function's author could have chosen
PLAIN = {ord(mark): None for mark in THEIRS}  # takes them away, by `str.translate`

Call = Callable[[tuple], Outcome]


def arguments(check: Check) -> list[str]:
    """What the arguments of a step are called, in order."""
    return [*inspect.signature(check.oracle).parameters]


@dataclass(frozen=True)
class Seen:
    check: Check
    cases: Sequence[Case]
    wanted: Sequence[Outcome]
    got: Sequence[Outcome]
    call: Call | None
    written: Written | None = None

    @cached_property
    def wrong(self) -> list[int]:
        return [i for i in range(len(self.cases)) if not self.agrees(i, self.got[i])]

    @cached_property
    def right(self) -> list[int]:
        return [i for i in range(len(self.cases)) if i not in self.wrong]

    @cached_property
    def names(self) -> list[str]:
        """What the arguments are called."""
        return arguments(self.check)

    @cached_property
    def values(self) -> list[tuple[Any, Any]]:
        """(wanted, got) of each wrong case, where all of them are values; or nothing."""
        pairs = [(self.wanted[i], self.got[i]) for i in self.wrong]
        if any(w.raised or g.raised for w, g in pairs):
            # What ought to be refused may come later: the values say more.
            pairs = [(w, g) for w, g in pairs if not w.raised]
            if any(g.raised for _, g in pairs):
                return []
        return [(w.value, g.value) for w, g in pairs]

    @cached_property
    def tensors(self) -> list[tuple[Tensor, Tensor]]:
        """The same, where all of them are tensors of numbers."""
        pairs = self.values
        return pairs if all(is_tensor(x) for pair in pairs for x in pair) else []

    @cached_property
    def nothing(self) -> bool:
        """Whether it comes back without an answer, which is said already."""
        return all(
            self.got[i].raised is None and self.got[i].value is None for i in self.wrong
        )

    @cached_property
    def since(self) -> float:
        return time.process_time()

    @property
    def late(self) -> bool:
        """Whether a student should wait no longer."""
        return time.process_time() - self.since > PATIENCE

    def agrees(self, i: int, outcome: Outcome) -> bool:
        return self.same(self.wanted[i], outcome)

    def same(self, one: Outcome, other: Outcome) -> bool:
        return not difference(one, other, self.check.rtol, self.check.atol, hidden=True)

    def steady(self, one: Outcome, other: Outcome) -> bool:
        """Whether both came of the same call: what is not a number is so in both."""
        return self.same(one, other) or steady([one], other)[0] is one

    def near(self, one: Any, other: Any) -> bool:
        """Whether two values are equal as the check compares them; tensors of any kind."""
        if is_tensor(one) and is_tensor(other):
            if one.shape != other.shape:
                return False
            tolerance = {"rtol": self.check.rtol, "atol": self.check.atol}
            return one.double().allclose(other.double(), **tolerance, equal_nan=True)
        return self.same(Outcome(one), Outcome(other))

    def again(self, *args: Any) -> Outcome | None:
        """What the function does with other arguments; None where it cannot be asked."""
        endless = any(g.raised == StillRunning.__name__ for g in self.got)
        if self.call is None or endless or self.late:
            return None
        outcome = self.call(args)
        return None if outcome.raised == StillRunning.__name__ else outcome


def small(sentence: str) -> str:
    """A sentence as it goes on after a colon."""
    return f"{sentence[0].lower()}{sentence[1:]}"


def big(sentence: str) -> str:
    return f"{sentence[0].upper()}{sentence[1:]}"


def is_tensor(value: Any) -> bool:
    return isinstance(value, Tensor)


def fits(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if is_tensor(one):
        return one.shape == other.shape and one.dtype == other.dtype
    return True


def is_hollow(value: Any) -> bool:
    """Whether it is empty, or holds nothing but what is empty."""
    if isinstance(value, list | tuple):
        return all(map(is_hollow, value))
    return isinstance(value, dict | str | bytes) and not value


def exactly(one: Any, other: Any) -> bool:
    return not difference(Outcome(one), Outcome(other), 0.0, 0.0)


def shape(value: Any) -> Any:
    return tuple(value.shape) if is_tensor(value) else type(value)


def plain(number: float) -> str:
    return theirs(f"{number:.3g}")


def theirs(word: Any) -> str:
    return f"{THEIRS[0]}{word}{THEIRS[1]}"


def listed(words: Sequence[str], last: str = "and") -> str:
    if len(words) < 2:
        return "".join(words) or "nothing"
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
