"""probabilities(logits, temperature): the softmax of each row, at a temperature.

The oracle is torch's softmax in float64, so a student's may not call it. Rows of
different heights, temperatures near 0 and logits far from it show what a softmax may
take away before the exponential, and over which axis.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between, singles, stop
from autograder.checks._slips import Answer, an_assert, two_at_once, written_into
from autograder.checks._twins import twins
from autograder.checks.sample._material import (
    COURSE,
    different_eighths,
    eighths,
    hundredths,
    model_logits,
    softmax,
)

_SOFTMAX = (
    *(".softmax", ".log_softmax", ".Softmax", ".LogSoftmax", ".softmin", ".Softmin"),
    *(".logsumexp", "scipy"),
)


def oracle(logits: Tensor, temperature: float = 1.0) -> Tensor:
    if not temperature > 0:
        raise ValueError(f"the temperature is {temperature}, and must be above 0")
    return torch.softmax(logits.double() / temperature, -1).float()


def worked(logits: Tensor, temperature: float = 1.0) -> dict[str, Any]:
    """For one row; of several, the first."""
    z = logits.double().reshape(-1, logits.shape[-1])[0] / temperature
    e = torch.exp(z - z.max())
    return {
        "the first row, divided by the temperature": z,
        "its largest is subtracted": z - z.max(),
        "exp of each": e,
        "their sum": float(e.sum()),
        "divided by that": e / e.sum(),
    }


def model_probabilities(rng: np.random.Generator, low: float, high: float) -> Tensor:
    """The shipped model's, at a temperature from low to high. For other checks."""
    return oracle(model_logits(rng), hundredths(rng, low, high))


def draw(rng: np.random.Generator) -> list[Case]:
    tiny = 2.0**-7
    gaps = np.sort(rng.choice(np.arange(1, 8), 3, replace=False))
    close = [1 + g * tiny / 2 for g in [0, *map(int, gaps)]]
    heights = torch.tensor([[150.0], [0.0], [-150.0]])
    far = torch.tensor([200.0, 200.0, 0.0, 0.0, 0.0])
    below = torch.cat([different_eighths(rng, 4) - 200, torch.tensor([-4200.0])])
    places = torch.tensor(np.stack([rng.permutation(3) + 1.0 for _ in range(2)]))
    apart = (torch.tensor([[2.0**22], [-(2.0**31)]]) * places).float()
    deep = torch.tensor([0.0, 0.0, 0.0, -50.0, -100.0])
    return [
        Case("a temperature of 1", (different_eighths(rng, 4), 1.0)),
        Case(
            "a low temperature", (different_eighths(rng, 5), hundredths(rng, 0.3, 0.7))
        ),
        Case("a high temperature", (different_eighths(rng, 5), hundredths(rng, 2, 5))),
        Case("several rows", (eighths(rng, 2, 4), hundredths(rng, 0.6, 1.5))),
        Case("as many rows as tokens", (eighths(rng, 3, 3), hundredths(rng, 0.6, 1.5))),
        Case("a batch of texts", (eighths(rng, 2, 3, 4), hundredths(rng, 0.6, 1.5))),
        edge("very large logits", (different_eighths(rng, 5) + 200, 1.0)),
        edge("logits far below zero", (different_eighths(rng, 5) - 200, 1.0)),
        edge(
            "rows of very different heights",
            (eighths(rng, 3, 4) + heights, 2.0 ** between(rng, -1, 0)),
        ),
        edge(
            "two logits far above the others",
            (different_eighths(rng, 5) + far[rng.permutation(5)], 1.0),
        ),
        edge(
            "two logits far below the others",
            (different_eighths(rng, 5) + deep[rng.permutation(5)], 1.0),
        ),
        edge("a tiny temperature", (torch.tensor(close)[rng.permutation(4)], tiny)),
        Case(
            "the shipped model's logits", (model_logits(rng), hundredths(rng, 0.6, 1.4))
        ),
        edge(
            "a batch of rows of very different heights",
            (eighths(rng, 2, 3, 4) + heights, 0.5),
        ),
        edge("a temperature hardly below 0", (different_eighths(rng, 4), -(2.0**-20))),
        edge("a temperature of 0", (different_eighths(rng, 4), 0.0)),
        edge(
            "a temperature below 0",
            (different_eighths(rng, 4), -hundredths(rng, 0.3, 2)),
        ),
        Case("no temperature given, which is 1", (different_eighths(rng, 4),)),
        Case(
            "many tokens",
            (eighths(rng, 2, between(rng, 130, 140)), hundredths(rng, 0.6, 1.5)),
        ),
        edge("a batch of one text", (eighths(rng, 1, 3, 4), hundredths(rng, 0.6, 1.5))),
        edge(
            "many rows that lie across in memory",
            (across(eighths(rng, between(rng, 257, 270), 4)), 0.5),
        ),
        edge("four axes", (eighths(rng, 2, 3, 4, 3), hundredths(rng, 0.6, 1.5))),
        edge("logits beyond a million, far from each other", (apart, 0.5)),
        edge("five axes", (eighths(rng, 2, 1, 2, 1, 3), between(rng, 2, 3))),
        edge(
            "logits and a temperature hardly above 0",
            (different_eighths(rng, 4) * 2.0**-40, 2.0**-40),
        ),
        edge(
            "logits and a temperature of more than a million",
            (2.0**32 * below, 2**32),
        ),
        edge(
            "a very high temperature",
            (10 * eighths(rng, 5), between(rng, 50, 60) + 0.5),
        ),
        edge(
            "a batch of many texts",
            (eighths(rng, between(rng, 257, 270), 2, 3), hundredths(rng, 0.6, 1.5)),
        ),
        edge("a vocabulary of one token", (eighths(rng, 2, 1, 1), 0.5)),
        edge("as many texts as rows and tokens", (eighths(rng, 3, 3, 3), 0.5)),
        *singles(lambda *one: (eighths(rng, *one), 0.5), 1, 2, 3),
        *twins(
            oracle,
            lambda: (different_eighths(rng, 8), 0.5),
            "the logits",
            "the temperature",
            others={1: 2.0},
        ),
    ]


def heated(
    logits: Tensor,
    temperature: float = 1.0,
    change: Callable[[Tensor, float], Tensor] = lambda z, t: softmax(z / t),
    refused: Callable[[float], bool] = lambda t: t <= 0,
) -> Any:
    """The step with screws: some temperatures are `refused`, and else comes `change`."""
    return stop(ValueError) if refused(temperature) else change(logits, temperature)


def _heated(change: Callable[[Tensor, float], Any]) -> Answer:
    return partial(heated, change=change)


def _refusing(refused: Callable[[float], bool]) -> Answer:
    return partial(heated, refused=refused)


def _formula(most: Callable, total: Callable) -> Callable[[Tensor, float], Tensor]:
    """The softmax with another maximum, taken away, and another sum to divide by."""

    def change(z, t):
        e = torch.exp((z - most(z)) / t)
        return e / total(e)

    return change


_over_everything = _formula(torch.max, torch.sum)
_bare_over_everything = _formula(lambda z: 0.0, torch.sum)


def _row_maximum(z: Tensor) -> Tensor:
    return z.amax(-1, keepdim=True)


def _row_by_row(z, t):
    return torch.stack([_over_everything(row, t) for row in z])


def _greedy_at_0(z, t):
    if t == 0:
        return torch.nn.functional.one_hot(z.argmax(-1), len(z)).float()
    return softmax(z / t)


def _in_place(z, t):
    z -= _row_maximum(z)
    return softmax(z / t)


_EACH_ROW = "Each row is a distribution of its own:"
_INFINITE = (
    "exponential of a large logit is infinite: subtract the largest of each row first."
)

MISTAKES = (
    Mistake(
        "multiplied by the temperature",
        "Hot and cold are exchanged: your high temperatures sharpen and the low ones "
        "flatten. The logits are divided by the temperature, so a high one brings them "
        "closer together.",
        _heated(lambda z, t: softmax(z * t)),
    ),
    Mistake(
        "the temperature comes after the softmax",
        "Your probabilities do not sum to one unless the temperature is 1. It is the "
        "logits that are divided by the temperature, before anything else happens.",
        _heated(lambda z, t: softmax(z) / t),
    ),
    Mistake(
        "the temperature is ignored",
        "Your answer is that of temperature 1, whatever the temperature. Is it used at "
        "all, or does it cancel out, dividing both the shares and their sum?",
        _heated(lambda z, t: softmax(z)),
    ),
    Mistake(
        "the exponential overflows",
        "The exponential of a large logit is infinite, that of a very low one is 0, "
        "and their quotient is not a number. Subtract the largest logit of each row "
        "first: the probabilities stay the same, and nothing is above 1.",
        _heated(lambda z, t: softmax(z / t, 0.0)),
    ),
    Mistake(
        "the maximum of all rows",
        "You subtract the largest logit of all rows together. In a row far below it, "
        "every exponential becomes 0, and 0 divided by 0 is not a number. Each row "
        "has a maximum of its own.",
        _heated(lambda z, t: softmax(z / t, z.max() / t)),
    ),
    Mistake(
        "the minimum is taken away",
        "You subtract the smallest logit. That keeps the others above 0, where the "
        "exponential may still be infinite: subtract the largest.",
        _heated(lambda z, t: softmax(z / t, z.amin(-1, keepdim=True) / t)),
    ),
    Mistake(
        "softmax over the first axis",
        "With several rows, your columns sum to one. Each row is a distribution over "
        "the tokens, and the tokens are the last axis, however many there are.",
        _heated(_formula(lambda z: z.amax(0), lambda e: e.sum(0))),
    ),
    Mistake(
        "softmax over axis 1",
        "You always work along axis 1. The tokens are the last axis, which is another "
        "one for a single vector and for a batch: count it from the end, as -1.",
        _heated(
            _formula(
                lambda z: z.amax(1, keepdim=True), lambda e: e.sum(1, keepdim=True)
            )
        ),
    ),
    Mistake(
        "softmax over everything",
        "With several rows, only all of them together sum to one. Each row is a "
        "distribution of its own: say over which axis you add up.",
        _heated(_over_everything),
    ),
    Mistake(
        "the sum of everything",
        "Maximum and exponential are taken row by row, but you divide by the sum of all "
        "rows together. Each row is a distribution of its own: add up along its axis "
        "only, and keep that axis.",
        _heated(_formula(_row_maximum, torch.sum)),
    ),
    Mistake(
        "the maximum has lost its axis",
        "The maximum of each row has lost its axis, so it meets the columns instead of "
        "the rows, or nothing that fits. Keep the axis there, as you do in the sum.",
        _heated(_formula(lambda z: z.amax(-1), lambda e: e.sum(-1, keepdim=True))),
    ),
    Mistake(
        "one round a row",
        "Your loop makes one distribution of whatever it meets along the first axis. In "
        "a single vector these are single numbers, and each becomes 1; in a batch, whole "
        "texts. Without a loop: work along the last axis.",
        _heated(_row_by_row),
    ),
    Mistake(
        "the maximum is not divided",
        "You divide the logits by the temperature, and then subtract a maximum that "
        "was not divided. At low temperatures the exponential may still be infinite. "
        "Subtract the largest of what goes into the exponential.",
        _heated(lambda z, t: softmax(z / t, z.amax(-1, keepdim=True))),
    ),
    Mistake(
        "the maximum of all rows, not divided",
        "You subtract the largest logit of all rows, as it was before the division by "
        "the temperature. Each row has a maximum of its own: take it of what goes "
        "into the exponential.",
        _heated(lambda z, t: softmax(z / t, z.max())),
    ),
    Mistake(
        "the mean is taken away",
        "You subtract the mean of each row. A logit far above the mean still makes "
        "the exponential infinite: subtract the largest, so that nothing is above 0.",
        _heated(lambda z, t: softmax(z / t, (z / t).mean(-1, keepdim=True))),
    ),
    Mistake(
        "the mean of all rows is taken away",
        "You subtract the mean of everything. A row far above it still makes the "
        "exponential infinite, and one far below gives only zeros. Take from each row "
        "its own largest logit.",
        _heated(lambda z, t: softmax(z / t, (z / t).mean())),
    ),
    Mistake(
        "the sum has lost its axis",
        "The sum of each row has lost its axis, so it meets the columns instead of the "
        "rows, or nothing that fits. Keep the axis when you add up.",
        _heated(_formula(_row_maximum, lambda e: e.sum(-1))),
    ),
    Mistake(
        "maximum and sum have lost their axis",
        "Maximum and sum of each row have lost their axis, so they meet the columns "
        "instead of the rows, or nothing that fits. Keep the axis in both.",
        _heated(_formula(lambda z: z.amax(-1), lambda e: e.sum(-1))),
    ),
    Mistake(
        "the maximum is a pair",
        "Did your function end in a TypeError? Along an axis, `max` gives two things, "
        "the largest values and where they stand. Take the values, or ask for `amax`.",
        _heated(lambda z, t: z - z.max(-1)),
    ),
    Mistake(
        "no softmax",
        "You divide by the temperature and stop there. These are still logits: the "
        "exponential makes them positive, and dividing by the sum makes shares of them.",
        _heated(lambda z, t: z / t),
    ),
    Mistake(
        "divided by the sum without an exponential",
        "Your shares sum to one, but some are negative. The exponential comes first: it "
        "makes every logit a positive number.",
        _heated(lambda z, t: z / t / (z / t).sum(-1, keepdim=True)),
    ),
    Mistake(
        "not divided by the sum",
        "Your largest number is always 1, so they are not yet shares. Divide by the sum "
        "of the row.",
        _heated(lambda z, t: torch.exp((z - z.amax(-1, keepdim=True)) / t)),
    ),
    Mistake(
        "the exponential alone",
        "Your numbers are positive, but they do not sum to one: divide by the sum of "
        "the row. And subtract the largest logit before that, or a large one becomes "
        "infinite.",
        _heated(lambda z, t: torch.exp(z / t)),
    ),
    Mistake(
        "logarithms of probabilities",
        "All your numbers are negative: they are the logarithms of the probabilities. "
        "Draw from the probabilities themselves.",
        _heated(lambda z, t: torch.log(softmax(z / t))),
    ),
    Mistake(
        "a sigmoid for each",
        "You treat every logit by itself, as a yes or no. The tokens compete: what one "
        "gets, the others lose, so the row has to sum to one.",
        _heated(lambda z, t: torch.sigmoid(z / t)),
    ),
    Mistake(
        "nothing is refused",
        "A temperature of 0 divides by zero, and one below 0 makes the worst token the "
        "best. Raise a ValueError for both, before you compute.",
        _refusing(lambda t: False),
    ),
    Mistake(
        "0 is let through",
        "A temperature of 0 gets through, and dividing by it gives no numbers. It has to "
        "be above 0: raise a ValueError for 0 as well.",
        _refusing(lambda t: t < 0),
    ),
    Mistake(
        "a negative temperature is let through",
        "A temperature below 0 gets through, and turns the worst token into the best. "
        "Raise a ValueError for it, as you do for 0.",
        _refusing(lambda t: t == 0),
    ),
    Mistake(
        "0 is taken for greedy",
        "At a temperature of 0 you give everything to the likeliest token. That is what "
        "it comes close to, but this function refuses it: greedy is a step of its own.",
        partial(heated, change=_greedy_at_0, refused=lambda t: t < 0),
    ),
    Mistake(
        "0 is taken for 1",
        "At a temperature of 0 you compute as if it were 1. Whoever asks for 0 wants "
        "something that this function cannot give: raise a ValueError.",
        partial(
            heated,
            change=lambda z, t: softmax(z / (t or 1.0)),
            refused=lambda t: t < 0,
        ),
    ),
    written_into(
        _heated(_in_place), argument="logits", name="the caller's logits are changed"
    ),
    two_at_once(
        "softmax over everything, and the exponential overflows",
        _heated(_bare_over_everything),
        f"{_EACH_ROW} add up along the last axis only.",
        f"the {_INFINITE}",
    ),
    Mistake(
        "every temperature is refused",
        "You refuse every temperature. Look at your condition: it has to be false where "
        "the temperature is above 0.",
        _refusing(lambda t: True),
    ),
    Mistake(
        "below 0, the sign of the temperature is dropped",
        "You take the absolute value of the temperature. One below 0 makes no sense: "
        "raise a ValueError.",
        partial(
            heated,
            change=lambda z, t: softmax(z / abs(t)),
            refused=lambda t: t == 0,
        ),
    ),
    Mistake(
        "the sign of the temperature is dropped",
        "You take the absolute value of the temperature. One of 0 or below makes no "
        "sense: raise a ValueError.",
        partial(
            heated,
            change=lambda z, t: softmax(z / abs(t)),
            refused=lambda t: False,
        ),
    ),
    Mistake(
        "another default",
        "Where no temperature is given, it is 1: look at the `def` of the step.",
        lambda logits, temperature=0.8: heated(logits, temperature),
    ),
    Mistake(
        "a default that is refused",
        "Where no temperature is given, it is 1. Your own default is none, or is refused: "
        "look at the `def` of the step.",
        lambda logits, temperature=0.0: heated(logits, temperature),
    ),
    Mistake(
        "all below 1 are refused",
        "You refuse temperatures below 1. Only those that are 0 or less make no sense.",
        _refusing(lambda t: t < 1),
    ),
    Mistake(
        "all up to 1 are refused",
        "You refuse temperatures of 1 and below. Only those that are 0 or less make no "
        "sense.",
        _refusing(lambda t: t <= 1),
    ),
    Mistake(
        "all above 1 are refused",
        "You refuse temperatures above 1. A high one brings the probabilities closer "
        "together, and is allowed: only 0 and less make no sense.",
        _refusing(lambda t: not 0 < t <= 1),
    ),
    an_assert(
        lambda z, t=1.0: heated(z, t) if t > 0 else stop(AssertionError),
        "A temperature of 0 or below",
    ),
    Mistake(
        "nothing for a temperature of 0 or below",
        "Where the temperature is 0 or below, your function gives back nothing. A message "
        "on the screen stops no program: raise a ValueError.",
        lambda z, t=1.0: heated(z, t) if t > 0 else None,
    ),
    Mistake(
        "the error is left to Python",
        "A temperature of 0 ends in another error, or in none. Look at it before you "
        "divide, and raise a ValueError.",
        lambda z, t=1.0: heated(z, t) if t else stop(ZeroDivisionError),
    ),
    Mistake(
        "powers of 2",
        "Your shares are too even: is 2 raised to the logits, or another number than e? "
        "`torch.exp` takes the right one.",
        _heated(lambda z, t: softmax(z / t * math.log(2))),
    ),
    Mistake(
        "powers of 10",
        "Your shares are too uneven: is 10 raised to the logits? `torch.exp` takes e.",
        _heated(lambda z, t: softmax(z / t * math.log(10))),
    ),
    Mistake(
        "two softmaxes",
        "You take a softmax of what are shares already, so they come closer together. "
        "Once is enough.",
        _heated(lambda z, t: softmax(softmax(z / t))),
    ),
    Mistake(
        "the absolute values",
        "You forget the signs of the logits. One far below 0 belongs to an unlikely "
        "token: the exponential makes all of them positive.",
        _heated(lambda z, t: softmax(z.abs() / t)),
    ),
    Mistake(
        "only what is above 0",
        "Logits below 0 are set to 0. They tell how unlikely a token is: the exponential "
        "makes all of them positive.",
        _heated(lambda z, t: softmax(z.relu() / t)),
    ),
    Mistake(
        "the sign is turned around",
        "The likeliest tokens have the smallest shares. Is a minus sign in the exponent?",
        _heated(lambda z, t: softmax(-z / t)),
    ),
)

CHECK = Check(
    "probabilities",
    4,
    draw,
    oracle,
    MISTAKES,
    forbidden=COURSE + _SOFTMAX,
    worked=worked,
    rtol=2e-5,
    atol=1e-30,
)
