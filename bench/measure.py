"""How a part of the bench measures, and the rows that it hands back."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Row:
    """One figure: its name in bench.json, its value, and its bar where it has one."""

    name: str
    value: float
    against: str  # the peer, and what was done with which text or data
    at_most: float | None = None
    at_least: float | None = None

    @property
    def bar(self) -> str:
        if self.at_most is not None:
            return f"at most {self.at_most:g}"
        return "" if self.at_least is None else f"at least {self.at_least:g}"

    @property
    def met(self) -> bool:
        low = self.at_least is not None and self.value < self.at_least
        high = self.at_most is not None and self.value > self.at_most
        return not (low or high)


def seconds(rounds: int, *functions: Callable[[], object]) -> list[float]:
    """The median seconds of each function; every round runs each of them once."""
    taken = [[] for _ in functions]
    for _ in range(rounds):
        for function, times in zip(functions, taken, strict=True):
            start = time.perf_counter()
            function()
            times.append(time.perf_counter() - start)
    return [median(times) for times in taken]
