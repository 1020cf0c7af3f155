"""How the time of some work grows with its size, whatever else the machine does.

Processor time, so that other programs do not count; without the garbage collector, whose
work grows with all that the process holds; and the best of several, for what is left.
"""

import gc
import time
from collections.abc import Callable

TIMES = 4


def growth(run: Callable, small, large) -> float:
    """How many times longer run(*large) takes than run(*small), in processor time."""
    return best(run, large) / best(run, small)


def best(run: Callable, given: tuple) -> float:
    """The least seconds of processor that run(*given) takes."""
    times = []
    was_on = gc.isenabled()
    gc.disable()
    try:
        for _ in range(TIMES):
            start = time.process_time()
            run(*given)
            times.append(time.process_time() - start)
    finally:
        if was_on:
            gc.enable()
    return min(times)


def of_page(page) -> Callable[[], float]:
    """Asks for the seconds of processor that a browser's page has taken until now."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def seconds() -> float:
        measured = session.send("Performance.getMetrics")["metrics"]
        return {one["name"]: one["value"] for one in measured}["TaskDuration"]

    return seconds
