"""learning_rate: up in a straight line, down half a cosine, then where it ended.

The oracle has numpy lay out the whole way, and looks up the step. Warm-ups of no
step, of one, as long as the run and longer are among the cases, and steps after the end.
The last rate is never above the peak.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import cos, pi

import numpy as np
import torch

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between, stop
from autograder.checks._slips import two_at_once
from autograder.checks._twins import twins
from autograder.checks.train._material import LIBRARIES, OPTIMIZERS


def oracle(
    step: int, steps: int, peak: float, warm_up: int, last: float = 0.0
) -> float:
    if step < warm_up:
        return float(np.linspace(0, peak, warm_up + 1)[step + 1])
    if step >= steps:
        return last
    way = np.cos(np.linspace(0, np.pi, steps - warm_up + 1))
    return float(last + (peak - last) * (1 + way[step - warm_up]) / 2)


def draw(rng: np.random.Generator) -> list[Case]:
    def rate(low: int = 11, high: int = 89) -> float:
        """Of two digits and a half, so that a rounded one is another."""
        return round(between(rng, low, high) / 100 + 0.004, 3)

    up, steps = between(rng, 9, 15), between(rng, 41, 59)
    down = steps - up

    def at(step: int, *last: float) -> tuple:
        return step, steps, rate(), up, *last

    near = between(rng, 3, 6)
    return [
        Case("a step of the warm-up", at(between(rng, 2, 6))),
        Case("the very first step", at(0)),
        Case("the second step", at(1)),
        Case("the last step of the warm-up", at(up - 1)),
        Case("the first step after the warm-up", at(up)),
        Case("a step early on the way down", at(up + between(rng, 2, 5))),
        Case("a step about half way down", at(up + down // 2 + between(rng, -2, 2))),
        Case("a step near the end", at(steps - between(rng, 4, 7))),
        Case("the last step of the run", at(steps - 1)),
        Case("a step on the way down, to a last rate", at(up + near, rate(1, 9))),
        Case("a step near the end, with a last rate", at(steps - near, rate(1, 9))),
        Case("a step of the warm-up, with a last rate", at(near, rate(1, 9))),
        edge("the step right after the run", at(steps)),
        edge("the step right after the run, with a last rate", at(steps, rate(1, 9))),
        edge("a step after the run", at(steps + between(rng, 5, 20), rate(1, 9))),
        edge("a step long after the run", at(steps + 2 * down, rate(1, 9))),
        edge("the first step, without a warm-up", (0, steps, rate(), 0)),
        edge("a later step, without a warm-up", (near, steps, rate(), 0)),
        edge("a warm-up of one step", (0, steps, rate(), 1)),
        edge("the step after a warm-up of one step", (1, steps, rate(), 1, rate(1, 9))),
        edge("a warm-up as long as the run", (near, 10, rate(), 10)),
        edge(
            "the step after a run that was all warm-up",
            (10, 10, rate(), 10, rate(1, 9)),
        ),
        edge("the step after a run without a step", (0, 0, rate(), 0, rate(1, 9))),
        edge("a warm-up longer than the run", (near, 10, rate(), 200)),
        edge(
            "a step after the run, in a warm-up that is longer",
            (between(rng, 11, 15), 10, rate(), 20, rate(1, 9)),
        ),
        edge(
            "the step after a warm-up that is longer than the run",
            (20, 10, rate(), 20, rate(1, 9)),
        ),
        edge("a run of one step", (0, 1, rate(), 0, rate(1, 9))),
        edge("the step after a run of one step", (1, 1, rate(), 0, rate(1, 9))),
        edge("a long warm-up", (between(rng, 140, 170), 900, rate(), 200)),
        edge("a long run", (between(rng, 400, 500), 900, rate(), 200, rate(1, 9))),
        edge("a longer run", (between(rng, 150, 160), 400, rate(), 2)),
        edge("a peak of 1", (steps - near, steps, 1.0, up)),
        edge("a peak of nearly 1", (between(rng, 2, 5), steps, 0.995, up)),
        edge("a tiny peak", (between(rng, 2, 5), steps, 0.0034, up)),
        edge("a peak of 0", (between(rng, 2, 5), steps, 0.0, up)),
        edge("a last rate of 1", (steps - near, steps, 3.3, up, 1.0)),
        edge("a last rate of nearly 1", (steps - near, steps, 3.3, up, 0.995)),
        edge("a tiny last rate", (steps - 1, steps, rate(), up, 0.0034)),
        edge("a last rate that is the peak", (steps - near, steps, 0.5, up, 0.5)),
        *twins(
            oracle,
            lambda: (up + near, steps, rate(), up, rate(1, 9)),
            *("the step", "the number of steps", "the peak", "the warm-up"),
            "the last rate",
            others={
                0: up + near + 9,
                1: steps + 19,
                2: 1.234,
                3: up - 7,
                4: 0.234,
            },
        ),
    ]


def _up(step: int, steps: int, warm_up: int) -> float:
    return (step + 1) / warm_up


def _done(step: int, steps: int, warm_up: int) -> float:
    return (step - warm_up) / (steps - warm_up)


def _half_cosine(done: float) -> float:
    return (1 + cos(pi * done)) / 2


def plain(
    step: int,
    steps: int,
    peak: float,
    warm_up: int,
    last: float = 0.0,
    warms: Callable[[int, int], bool] = lambda step, warm_up: step < warm_up,
    up: Callable[[int, int, int], float] = _up,
    lift: Callable[[float, float, float], float] = lambda share, peak, last: (
        peak * share
    ),
    over: Callable[[int, int], bool] = lambda step, steps: step >= steps,
    after: Callable[[float, float], float] = lambda peak, last: last,
    done: Callable[[int, int, int], float] = _done,
    bend: Callable[[float], float] = _half_cosine,
    mix: Callable[[float, float, float], float] = lambda share, peak, last: (
        last + (peak - last) * share
    ),
    out: Callable[[float], object] = lambda rate: rate,
) -> object:
    """The rate with loose screws."""
    if warms(step, warm_up):
        return out(lift(up(step, steps, warm_up), peak, last))
    if over(step, steps):
        return out(after(peak, last))
    return out(mix(bend(done(step, steps, warm_up)), peak, last))


def _by(**screws) -> Callable[..., object]:
    return partial(plain, **screws)


def worked(
    step: int, steps: int, peak: float, warm_up: int, last: float = 0.0
) -> dict[str, float]:
    if step < warm_up:
        return {
            "steps of the warm-up, this one among them": step + 1,
            "the share of the peak": (step + 1) / warm_up,
        }
    if step >= steps:
        return {}
    done = (step - warm_up) / (steps - warm_up)
    return {
        "steps down that are behind": step - warm_up,
        "steps down in all": steps - warm_up,
        "done": done,
        "cos(π · done)": cos(pi * done),
        "its half cosine, (1 + cos) / 2": _half_cosine(done),
    }


def _of(change: Callable[..., tuple]) -> Callable[..., object]:
    """The right rate of other arguments."""
    return lambda step, steps, peak, warm_up, last=0.0: plain(
        *change(step, steps, peak, warm_up, last)
    )


def _never(*_: int) -> bool:
    return False


def _product(step: int, steps: int, peak: float, warm_up: int, last: float = 0.0):
    """A cosine of the whole run, and its share on the way up."""
    share = min(1.0, (step + 1) / warm_up) if warm_up else 1.0
    if step >= steps > 0 or not steps:
        return plain(step, steps, peak, warm_up, last)
    return share * (last + (peak - last) * _half_cosine(step / steps))


def _over_first(step: int, steps: int, *rest: float) -> float:
    """The end of the run asked for before the warm-up."""
    peak, warm_up, last = (*rest, 0.0)[:3]
    return last if step >= steps else plain(step, steps, peak, warm_up, last)


def _no_way_down(
    given: Callable[[float], object], none: Callable[[int, int], bool] = int.__le__
) -> Callable[..., object]:
    """Something of its own after a warm-up that left no way down."""

    def answer(step: int, steps: int, peak: float, warm_up: int, last: float = 0.0):
        if step >= warm_up and none(steps, warm_up):
            return given(peak)
        return plain(step, steps, peak, warm_up, last)

    return answer


def _falls_through(step: int, steps: int, peak: float, warm_up: int, last: float = 0.0):
    """The rate of the warm-up goes on into the cosine."""
    if step < warm_up:
        peak = peak * (step + 1) / warm_up
    if step >= steps:
        return last
    done = (step - warm_up) / (steps - warm_up)
    return last + (peak - last) * _half_cosine(done)


def _last_at_once(step: int, steps: int, peak: float, warm_up: int, last: float = 0.0):
    """No warm-up taken for no run."""
    return plain(step, steps, peak, warm_up, last) if warm_up else last


def _divided_first(step: int, steps: int, peak: float, warm_up: int, last: float = 0.0):
    """Both shares worked out before it is asked which is needed."""
    up, done = (step + 1) / warm_up, (step - warm_up) / (steps - warm_up)
    if step < warm_up:
        return peak * up
    return last if step >= steps else last + (peak - last) * _half_cosine(done)


_DONE = "how much of the way **down** is behind: 0 at the peak, 1 at the end"

MISTAKES = (
    Mistake(
        "the first rate is 0",
        "In the warm-up you take step / warm_up, so the first step does not move at all. "
        "Steps count from 0: it is step + 1.",
        _by(up=lambda step, steps, warm_up: step / warm_up),
    ),
    Mistake(
        "the peak a step late",
        "You divide by warm_up + 1. The last step of the warm-up has the peak: divide by "
        "`warm_up`.",
        _by(up=lambda step, steps, warm_up: (step + 1) / (warm_up + 1)),
    ),
    Mistake(
        "the first step twice as far",
        "In the warm-up you add 2 to the step. Steps count from 0, so step 0 is the first of "
        "`warm_up` parts: step + 1.",
        _by(up=lambda step, steps, warm_up: (step + 2) / warm_up),
    ),
    Mistake(
        "steps counted from 1",
        "Your rates come a step late: you take the steps as counted from 1. They count from 0.",
        _of(lambda step, steps, *rest: (max(step - 1, 0), steps, *rest)),
    ),
    Mistake(
        "the warm-up a step too long",
        "Your warm-up has a step too many, and goes above the peak. It is over when `step` is "
        "`warm_up`: below, not up to.",
        _by(warms=lambda step, warm_up: step <= warm_up),
    ),
    Mistake(
        "no warm-up",
        "The rate begins at the peak and falls from the first step on. On the way up it is "
        "peak · (step + 1) / warm_up, and the way down begins after that.",
        _by(warms=_never, done=lambda step, steps, warm_up: step / steps),
    ),
    Mistake(
        "the peak from the start",
        "In the warm-up you stay at the peak. It grows there, in a straight line: peak · (step "
        "+ 1) / warm_up.",
        _by(up=lambda step, steps, warm_up: 1.0),
    ),
    Mistake(
        "the warm-up measured by the whole run",
        "In the warm-up you divide by all steps of the run. The peak is reached after "
        "`warm_up` of them.",
        _by(up=lambda step, steps, warm_up: (step + 1) / max(steps, 1)),
    ),
    Mistake(
        "the warm-up from the last rate",
        "Your warm-up begins at the last rate. It begins near 0, whatever the last rate is: "
        "peak · (step + 1) / warm_up.",
        _by(lift=lambda share, peak, last: last + (peak - last) * share),
    ),
    Mistake(
        "a warm-up to 1",
        "Your warm-up goes up to 1. It goes up to the peak: the share of the way is multiplied "
        "by `peak`.",
        _by(lift=lambda share, peak, last: share),
    ),
    Mistake(
        "a bent warm-up",
        "Your warm-up is half a cosine. It is a straight line: each step adds as much as the "
        "one before.",
        _by(up=lambda step, steps, warm_up: 1 - _half_cosine((step + 1) / warm_up)),
    ),
    Mistake(
        "whole numbers in the warm-up",
        "Your warm-up is 0 until it is the peak: `//` cuts off what is behind the point. Divide "
        "by `/`.",
        _by(up=lambda step, steps, warm_up: (step + 1) // warm_up),
    ),
    Mistake(
        "a tenth of the run at most",
        "You shorten the warm-up to a tenth of the run, as the course's own does. Here it is as "
        "long as the caller says.",
        _of(
            lambda step, steps, peak, warm_up, last: (
                step,
                steps,
                peak,
                min(warm_up, max(1, steps // 10)),
                last,
            )
        ),
    ),
    Mistake(
        "done of the whole run",
        f"On the way down you take step / steps. `done` is {_DONE}.",
        _by(done=lambda step, steps, warm_up: step / steps),
    ),
    Mistake(
        "no brackets around the way down",
        "You divide by `steps` alone, and then subtract `warm_up`: `/` comes before `-`. The way "
        "down has steps − warm_up steps, and that difference needs brackets.",
        _by(done=lambda step, steps, warm_up: (step - warm_up) / steps - warm_up),
    ),
    Mistake(
        "done divided by all steps",
        f"On the way down you divide by all steps of the run. `done` is {_DONE}. So the way is "
        "`warm_up` steps shorter.",
        _by(done=lambda step, steps, warm_up: (step - warm_up) / steps),
    ),
    Mistake(
        "done without subtracting the warm-up",
        "On the way down you do not subtract `warm_up` from the step. `done` is 0 at the peak, "
        "so it counts from there.",
        _by(done=lambda step, steps, warm_up: step / (steps - warm_up)),
    ),
    Mistake(
        "the end a step early",
        "Your last step has the last rate already: you divide by one step less. It is reached "
        "at step `steps`, right after the run.",
        _by(
            done=lambda step, steps, warm_up: (
                (step - warm_up) / ((steps - warm_up - 1) or 1)
            )
        ),
    ),
    Mistake(
        "the way down a step ahead",
        "On the way down you add 1 to the step, so the peak is never held. Only in the warm-up "
        "is step + 1 meant.",
        _by(done=lambda step, steps, warm_up: (step + 1 - warm_up) / (steps - warm_up)),
    ),
    Mistake(
        "down is up",
        "After the warm-up your rate rises. Is it 1 **+** cos in yours? Is it peak − last, and "
        f"`last` that is added? And `done` is {_DONE}.",
        _by(bend=lambda done: (1 - cos(pi * done)) / 2),
    ),
    Mistake(
        "no pi",
        "The cosine's angle is `done` itself, so it hardly bends. It goes from 0 to π: half a "
        "turn.",
        _by(bend=lambda done: (1 + cos(done)) / 2),
    ),
    Mistake(
        "a whole turn",
        "The cosine goes down and up again before the run is over: your angle goes to 2π. It "
        "is half a turn, π · done.",
        _by(bend=lambda done: (1 + cos(2 * pi * done)) / 2),
    ),
    Mistake(
        "a quarter turn",
        "You take a quarter of a cosine, from 1 to 0. It is half of one, from 1 to −1, lifted "
        "by 1 and halved: so it is gentle at both ends.",
        _by(bend=lambda done: cos(pi * done / 2)),
    ),
    Mistake(
        "a quarter turn, lifted and halved",
        "Your angle goes only to π / 2, so the rate ends half way. It goes to π.",
        _by(bend=lambda done: (1 + cos(pi * done / 2)) / 2),
    ),
    Mistake(
        "degrees",
        "Your angle goes to 180, as if `cos` took degrees. It takes radians: half a turn is π.",
        _by(bend=lambda done: (1 + cos(180 * done)) / 2),
    ),
    Mistake(
        "the cosine not lifted",
        "Your cosine goes from 1 to −1, so the rate becomes negative. Lift it by 1 and halve "
        "it: from 1 to 0.",
        _by(bend=lambda done: cos(pi * done)),
    ),
    Mistake(
        "the cosine lifted, not halved",
        "Your cosine goes from 2 to 0, so the rate begins at twice the way. Halve it.",
        _by(bend=lambda done: 1 + cos(pi * done)),
    ),
    Mistake(
        "the cosine halved, then lifted",
        "You halve the cosine and then add 1. Brackets: first add 1, then halve both.",
        _by(bend=lambda done: 1 + cos(pi * done) / 2),
    ),
    Mistake(
        "no brackets around the sum",
        "You halve the cosine alone, and the peak is added as it is. Brackets: 1 + cos is one "
        "number, which is multiplied and halved.",
        _by(
            bend=lambda done: cos(pi * done),
            mix=lambda share, peak, last: last + (peak - last) + share / 2,
        ),
    ),
    Mistake(
        "a straight way down",
        "Your rate falls along a straight line. It falls along half a cosine: gently at first, "
        "quickly in the middle, gently at the end.",
        _by(bend=lambda done: 1 - done),
    ),
    Mistake(
        "no way down",
        "After the warm-up you stay at the peak. The rate falls along half a cosine from "
        "there. Does a `//` make `done` a 0?",
        _by(bend=lambda done: 1.0),
    ),
    Mistake(
        "the last rate forgotten",
        "Your rate falls to 0 whatever the last rate is. It falls from `peak` to `last`: by "
        "peak − last in all.",
        _by(mix=lambda share, peak, last: peak * share),
    ),
    Mistake(
        "no last rate anywhere",
        "The last rate plays no part in yours: you fall to 0 and stay there. The rate falls from "
        "`peak` to `last`, and is `last` from step `steps` on.",
        _by(mix=lambda share, peak, last: peak * share, after=lambda peak, last: 0.0),
    ),
    Mistake(
        "the last rate added",
        "You add the last rate to a cosine of the whole peak, so the peak is too high. What "
        "falls is only peak − last.",
        _by(mix=lambda share, peak, last: last + peak * share),
    ),
    Mistake(
        "the last rate as a floor",
        "You let the rate fall towards 0 and stop it at the last rate. The cosine itself ends "
        "there: it falls by peak − last.",
        _by(mix=lambda share, peak, last: max(last, peak * share)),
    ),
    Mistake(
        "the last rate not added",
        "You multiply the cosine by peak − last and forget to add the last rate: it ends at 0.",
        _by(mix=lambda share, peak, last: (peak - last) * share),
    ),
    Mistake(
        "a share of the peak",
        "You return which share of the peak it is. Multiply by the peak: the rate itself is "
        "asked.",
        _by(
            lift=lambda share, peak, last: share,
            mix=lambda share, peak, last: share,
        ),
    ),
    Mistake(
        "up again after the run",
        "After the run your cosine goes up again. From step `steps` on, the rate is the last "
        "one.",
        _by(over=_never),
    ),
    Mistake(
        "the last rate a step late",
        "Step `steps` itself is after the run: steps count from 0. Where the run is all "
        "warm-up, you divide by 0 there.",
        _by(over=lambda step, steps: step > steps),
    ),
    Mistake(
        "the last rate a step early",
        "The last step of the run has the last rate in yours. It is still on the way: only from "
        "step `steps` on is the run over.",
        _by(over=lambda step, steps: step >= steps - 1),
    ),
    Mistake(
        "0 after the run",
        "After the run you return 0. The rate stays what it was at the end: `last`.",
        _by(after=lambda peak, last: 0.0),
    ),
    Mistake(
        "the peak after the run",
        "After the run you return the peak. The rate stays what it was at the end: `last`.",
        _by(after=lambda peak, last: peak),
    ),
    Mistake(
        "nothing after the run",
        "After the run your function returns None: no `return` is reached there. The rate is "
        "`last` from step `steps` on.",
        _by(after=lambda peak, last: None),
    ),
    Mistake(
        "an error after the run",
        "After the run you raise an error. Nothing is wrong there: the rate is `last`.",
        _by(after=lambda peak, last: stop(ValueError)),
    ),
    *(
        Mistake(
            f"a new run after the run{also}",
            "After the run your rate begins again, at the peak, as `%` makes it. There is no "
            "restart here: from step `steps` on, the rate stays at `last`.",
            _by(over=_never, done=done),
        )
        for also, done in (
            (
                "",
                lambda step, steps, warm_up: (
                    _done(step, steps, warm_up) % 1 if steps > warm_up else 0.0
                ),
            ),
            (
                ", and a division by 0",
                lambda step, steps, warm_up: _done(step, steps, warm_up) % 1,
            ),
        )
    ),
    Mistake(
        "the end asked for before the warm-up",
        "Right unless the warm-up is longer than the run. You ask first whether the run is over, "
        "and there the warm-up ends at once. Ask first whether `step` is below `warm_up`.",
        _over_first,
    ),
    *(
        Mistake(
            f"{what} where there is no way down{also}",
            f"Right where there is a way down. After a warm-up that is as long as the run, or "
            f"longer, there is none, and {does}. Nothing is wrong there: all of the way is "
            "behind, so the rate is `last`.",
            _no_way_down(given, none),
        )
        for what, does, given in (
            ("the peak", "you give the peak", lambda peak: peak),
            ("an error", "you raise an error", lambda peak: stop(ValueError)),
        )
        for also, none in (("", int.__le__), (", if the warm-up is longer", int.__lt__))
    ),
    Mistake(
        "the warm-up goes on into the cosine",
        "In the warm-up your rate goes on into the formula of the way down, so it is bent by a "
        "cosine as well. What `peak` · (`step` + 1) / `warm_up` gives is the rate: return it at "
        "once.",
        _falls_through,
    ),
    Mistake(
        "last at once where there is no warm-up",
        "Right where there is a warm-up. Where `warm_up` is 0 you return `last` at once. Such a "
        "run begins at the peak and goes all the way down: is that line needed?",
        _last_at_once,
    ),
    Mistake(
        "both divided first",
        "You divide before you ask whether it is needed. Where there is no warm-up, or no way "
        "down, that is a division by 0: ask first.",
        _divided_first,
    ),
    Mistake(
        "warm-up times cosine",
        "You multiply the warm-up with a cosine of the whole run. They come one after the "
        "other: the cosine begins where the warm-up ends.",
        _product,
    ),
    Mistake(
        "always 100 steps of warm-up",
        "Your warm-up is always 100 steps. The caller says how many: use the argument "
        "`warm_up`.",
        _of(lambda step, steps, peak, warm_up, last: (step, steps, peak, 100, last)),
    ),
    Mistake(
        "a tensor instead of a number",
        "This is the right number, but in a tensor. Return a plain Python number: `cos` of "
        "Python's `math` gives one.",
        _by(out=torch.tensor),
    ),
    Mistake(
        "rounded",
        "This is the right number, rounded. Return it as it is, for rates are small; round only "
        "what you print.",
        _by(out=lambda rate: round(rate, 2)),
    ),
    Mistake(
        "a text instead of a number",
        "This is the right number, but as a text. Return the number itself; a text is only for "
        "printing.",
        _by(out=str),
    ),
    two_at_once(
        "the first rate is 0, and done of the whole run",
        _by(
            up=lambda step, steps, warm_up: step / warm_up,
            done=lambda step, steps, warm_up: step / steps,
        ),
        "In the warm-up it is step + 1, since steps count from 0.",
        "on the way down `done` counts from the end of the warm-up.",
    ),
)

CHECK = Check(
    "learning_rate",
    2,
    draw,
    oracle,
    MISTAKES,
    forbidden=(*LIBRARIES, *OPTIMIZERS),
    worked=worked,
    rtol=1e-5,
    atol=1e-9,
)
