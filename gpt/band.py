"""Is my run normal? The losses of a run beside those of runs from other seeds.

    losses, [a loss a step]  ->  inside, above or below the band, and what that means

The band is recorded by `python book/record_train.py bands`, in gpt/bands.json: for
every so many steps, the lowest and the highest mean loss of several seeds, each mean
over the steps since the last.
"""

import json
from functools import cache
from math import isnan
from pathlib import Path
from statistics import mean

FILE = Path(__file__).parent / "bands.json"
EVERY = 25  # steps to a mean
SLACK = 0.05  # the band is made wider by this share of its middle: a few seeds are few

Band = list[tuple[int, float, float]]  # (step, low, high), step by step

WHY = {
    "inside": "The run is as others are.",
    "above": (
        "It learns more slowly than others: is the learning rate too high or too low, is "
        "the warm-up missing, are gradients set to zero before each step, are ids and "
        "targets of one text?"
    ),
    "below": (
        "It is better than it should be. Has it seen these texts before, or does the "
        "loss count tokens that are easy, like padding?"
    ),
    "floor": (
        "It is below the floor, which no honest model can pass: it sees what it should "
        "predict. Are the targets shifted by one, and is the mask causal?"
    ),
    "lost": (
        "The loss is not a number: the steps went too far. Take a lower learning rate, "
        "a longer warm-up, and clip the gradients."
    ),
}


@cache
def _recorded() -> dict:
    return json.loads(FILE.read_text("utf-8"))["bands"] if FILE.exists() else {}


def of(name: str, preset=None) -> Band | None:
    """The band of a preset by its name; None where none is recorded for this one."""
    from gpt.presets import PRESETS

    if preset is not None and preset != PRESETS[name]:
        return None  # something was changed: its losses are others
    return [tuple(row) for row in _recorded()[name]] if name in _recorded() else None


def means(losses: list[float], every: int = EVERY) -> list[tuple[int, float]]:
    """(step, the mean loss of the `every` steps up to it), step by step."""
    return [
        (step, mean(losses[step - every : step]))
        for step in range(every, len(losses) + 1, every)
    ]


def record(runs: list[list[float]]) -> Band:
    """The band of several runs: their lowest and highest mean at every place."""
    rows = zip(*map(means, runs))
    return [
        (row[0][0], round(min(m for _, m in row), 4), round(max(m for _, m in row), 4))
        for row in rows
    ]


def place(losses: list[float], band: Band) -> str:
    """Where the last mean of a run lies: inside, above or below the band, or "".

    "" before the first mean and after the band's end; "lost" where it is no number.
    """
    known, here = {step: (low, high) for step, low, high in band}, means(losses)
    if any(map(isnan, losses)):
        return "lost"
    if not here or here[-1][0] not in known:
        return ""
    step, loss = here[-1]
    low, high = known[step]
    slack = SLACK * (low + high) / 2
    return (
        "below" if loss < low - slack else "above" if loss > high + slack else "inside"
    )


def judge(losses: list[float], band: Band, floor: float | None = None) -> str:
    """A sentence or two about a run: where it is by its last mean, and what that may mean.

    floor: the loss that no model can beat, where it is known. A run is below it where
    the mean of its last steps is, by more than these few can be by luck.
    """
    last = means(losses)
    if floor and last and last[-1][1] < 0.9 * floor:
        return f"below the floor at step {last[-1][0]}. {WHY['floor']}"
    places = [(step, place(losses[:step], band)) for step, _ in last]
    known = [(step, found) for step, found in places if found]
    if not known:
        return f"too short to say: the band begins at step {band[0][0]}"
    step, found = known[-1]
    where = found if found == "lost" else f"{found} the band"
    within = sum(found == "inside" for _, found in known)
    return (
        f"{where} at step {step}, inside {within} times of {len(known)}. {WHY[found]}"
    )
