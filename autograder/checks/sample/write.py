"""write(table, ids, us, stop): the text that the loop makes of a prompt, id by id.

The model is a table: row i has the logits of what follows token i. A point of `us`
decides each draw, until there are no more or `stop` is drawn. The oracle is the loop
with the oracles of `probabilities` and `draw` in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between
from autograder.checks._slips import Answer, two_at_once, written_into
from autograder.checks.sample._material import (
    COURSE,
    DICE,
    eighths,
    point_in,
    shipped,
    softmax,
    story,
)
from autograder.checks.sample.draw import drawn
from autograder.checks.sample.draw import oracle as draw_one
from autograder.checks.sample.probabilities import oracle as probabilities


def oracle(table: Tensor, ids: list[int], us: list[float], stop: int) -> list[int]:
    if not ids:
        raise ValueError("the prompt is empty")
    text = list(ids)
    for u in us:
        text.append(draw_one(probabilities(table[text[-1]], 1.0), u))
        if text[-1] == stop:
            break
    return text


def _us(
    rng: np.random.Generator,
    table: Tensor,
    text: list[int],
    n: int,
    stop: int,
    stopping: bool = False,
    beside: bool = False,
) -> list[float]:
    """Points that write n ids, none of them `stop`; with `stopping`, the last is.

    With `beside`, they lie close to a border of their share.
    """
    us, last = [], text[-1]
    for left in reversed(range(n)):
        p = probabilities(table[last], 1.0)
        if stopping and left == 0:
            last = stop
        else:
            fit = [i for i in range(len(p)) if p[i] > 0.04 and i != stop]
            last = int(rng.choice(fit))
        way = [(0.3, 0.7), (0.001, 0.004), (0.996, 0.999)]
        us.append(point_in(rng, p, last, *way[between(rng, 1, 2) if beside else 0]))
    return us


def _world_table(rng: np.random.Generator, n: int) -> Tensor:
    """What the shipped model expects right after each of n tokens: (n, n) logits."""
    model, _ = shipped()
    ids = story(rng)[0].unique()
    chosen = ids[torch.from_numpy(np.sort(rng.choice(len(ids), n, replace=False)))]
    after = model(chosen[:, None])[:, -1]
    return after[:, chosen].float()


def _sampled(logits: Tensor, u: float) -> int:
    return drawn(softmax(logits), u)


def _never(table: Tensor, text: list[int], u: float) -> int:
    """An id that is not written in six steps with this point."""
    told = oracle(table, text, [u] * 6, -1)
    return next(i for i in range(len(table)) if i not in told[len(text) :])


def draw(rng: np.random.Generator) -> list[Case]:
    def table(n: int = 5) -> Tensor:
        return eighths(rng, n, n, most=10)

    def tail() -> list[float]:
        return [round(float(u), 6) for u in rng.random(3)]

    def told(text: list[int], n: int, stop: int, then: bool = False):
        while True:  # until the first point draws another id from the first one's row
            t = table()
            us = _us(rng, t, text, n, stop, then)
            first, last = (_sampled(t[text[i]].double(), us[0]) for i in (0, -1))
            if len(text) == 1 or first != last:
                return t, text, us + tail() * then, stop

    def narrow(text: list[int], n: int, stop: int):
        t = table()
        return t, text, _us(rng, t, text, n, stop, beside=True), stop

    def again():
        """One point for all, that lies at no border of any row."""
        while True:
            t, u = table(), round(float(rng.uniform(0.2, 0.8)), 4)
            ends = torch.softmax(t.double(), -1).cumsum(-1)
            if (ends - u).abs().min() > 0.01:
                return t, [a, c], [u] * 6, _never(t, [a, c], u)

    large = eighths(rng, 40, 40, most=10)
    prompt = [int(i) for i in rng.integers(0, 36, 36)]
    prompt[3] = prompt[20]
    many = large, prompt, _us(rng, large, prompt, 5, 36, stopping=True), 36
    a, b, c, d, e = (int(i) for i in rng.permutation(5))
    world_table = _world_table(rng, 24)
    seldom = int(torch.softmax(world_table, -1).mean(0).argmin())
    start = (seldom + between(rng, 1, 23)) % 24
    none = (table(4), [between(rng, 0, 3) for _ in range(3)], [], 3)
    return [
        Case("a prompt of one id", told([a], 4, b)),
        Case("a longer prompt", told([b, c, a, d], 12, e)),
        Case("`stop` is drawn on the way", told([c, a], 3, d, then=True)),
        Case("`stop` is drawn at once", told([d, b], 1, a, then=True)),
        Case("the prompt contains `stop`", told([a, e, c], 5, e)),
        Case("the prompt ends with `stop`", told([e, c, b], 5, b)),
        edge("nothing to draw", none),
        Case(
            "the shipped model's expectations",
            (
                world_table,
                [start],
                _us(rng, world_table, [start], 12, seldom, beside=True),
                seldom,
            ),
        ),
        edge("an empty prompt", (table(4), [], tail(), between(rng, 0, 3))),
        edge(
            "an empty prompt, and nothing to draw",
            (table(4), [], [], between(rng, 0, 3)),
        ),
        Case("a long text", told([a], 40, b)),
        Case("points hardly beside a border", narrow([c], 24, e)),
        edge("`stop` is the id 0", told([between(rng, 1, 4)], 3, 0, then=True)),
        edge(
            "`stop` is the id 0, which stands in the prompt",
            told([0, between(rng, 1, 4)], 4, 0),
        ),
        Case("a large vocabulary, and a long prompt with ids that come again", many),
        edge("points that are all the same", again()),
    ]


def _written(
    table: Tensor,
    ids: list[int],
    us: Sequence[float],
    stop: int | None,
    points: Callable[[Sequence[float]], Sequence[float]] = lambda us: us,
    row: Callable = lambda table, text, prompt: table[text[-1]],
    pick: Callable[[Tensor, float], int] = _sampled,
    append_stop: bool = True,
    stopped: Callable[[list[int], int], bool] = lambda text, stop: False,
) -> list[int]:
    """The loop, with screws: at each of the `points`, `pick` an id from a `row`, unless
    it has `stopped` before."""
    if not ids:
        raise ValueError("the prompt is empty")
    text = list(ids)
    for u in points(us):
        if stopped(text, stop):
            break
        new = pick(row(table, text, ids), u)
        if new == stop and not append_stop:
            break
        text.append(new)
        if new == stop:
            break
    return text


def _by(**screws) -> Answer:
    """Writing with the screws of `_written`."""
    return lambda table, ids, us, stop: _written(table, ids, us, stop, **screws)


def _from_logits(logits, u):
    """The draw from what are no shares: the first sum above u, or the last positive."""
    above = (logits.double().cumsum(0) > u).nonzero()[:, 0]
    found = above if len(above) else (logits > 0).nonzero().flip(0)[:, 0]
    return int(found[0]) if len(found) else len(logits) - 1


def _unchecked(answer: Answer) -> Answer:
    """The same, but with an empty prompt Python itself stumbles, if there is a draw."""

    def stumbling(table, ids, us, stop):
        return answer(table, ids, us, stop) if ids else [ids[-1] for _ in us]

    return stumbling


def _in_place(table, ids, us, stop):
    text = _written(table, ids, us, stop)
    ids.extend(text[len(ids) :])
    return ids


def _points_used_up(table, ids, us, stop):
    text = _written(table, ids, us, stop)
    del us[: len(text) - len(ids)]
    return text


def _empty_begins_at_0(table, ids, us, stop):
    return _written(table, ids, us, stop) if ids else _written(table, [0], us, stop)[1:]


def _empty_stays(table, ids, us, stop):
    return _written(table, ids, us, stop) if ids else []


def _one_after_stop(table, ids, us, stop):
    """One id more after `stop`, where there is a point left."""
    text = _written(table, ids, us, stop)
    made = len(text) - len(ids)
    if made and text[-1] == stop and made < len(us):
        text.append(_sampled(table[stop], us[made]))
    return text


MISTAKES = (
    Mistake(
        "from the first id",
        "You always predict from the first id. The last id decides what comes next, "
        "and after every draw there is a new one.",
        _by(row=lambda table, text, prompt: table[text[0]]),
    ),
    Mistake(
        "always from the prompt's last id",
        "Every draw uses the row of the prompt's last id. After the first draw there "
        "is a new last id, so look up its row again in each round.",
        _by(row=lambda table, text, prompt: table[prompt[-1]]),
    ),
    Mistake(
        "a column instead of a row",
        "You read a column of the table. What follows token i stands in row i; the "
        "columns are the tokens that may come.",
        _by(row=lambda table, text, prompt: table[:, text[-1]]),
    ),
    Mistake(
        "the place instead of the id",
        "You look up the row of the place, not of the id that stands there. Ask for the "
        "row of the last id of the text.",
        _by(row=lambda table, text, prompt: table[(len(text) - 1) % len(table)]),
    ),
    Mistake(
        "the place instead of the id, and beyond the table",
        "You look up the row of the place, not of the id that stands there, and a long "
        "text has more places than the table has rows. Ask for the row of the last id.",
        _by(row=lambda table, text, prompt: table[len(text) - 1]),
    ),
    Mistake(
        "the first draw is from the first id",
        "Your first draw goes on from the first id of the prompt, the others from the "
        "last. Where the prompt is longer than one id, begin at its end.",
        _by(row=lambda table, text, prompt: table[text[0 if text == prompt else -1]]),
    ),
    Mistake(
        "all rows of the text added up",
        "You add up the rows of all ids so far. In this small model only the last id "
        "decides what comes next.",
        _by(row=lambda table, text, prompt: table[text].sum(0)),
    ),
    Mistake(
        "nothing is appended",
        "You give back only the prompt. The new ids have to be appended to the text, and "
        "what you give back is the whole text.",
        _by(points=lambda us: []),
    ),
    Mistake(
        "only the new ids",
        "You give back only the new ids. Return the whole text, the ids of the prompt "
        "first.",
        lambda table, ids, us, stop: _written(table, ids, us, stop)[len(ids) :],
    ),
    Mistake(
        "only the last id",
        "You give back only one id. Return the whole text: the prompt and all that "
        "was drawn.",
        lambda table, ids, us, stop: _written(table, ids, us, stop)[-1],
    ),
    Mistake(
        "the end of the first round",
        "You stop after a single draw. Does `return` stand inside the loop? It belongs "
        "after it.",
        _by(points=lambda us: us[:1]),
    ),
    Mistake(
        "`stop` itself is missing",
        "You stop at the right moment, but `stop` itself is missing at the end of the "
        "text. It is a token that was drawn: append it, then stop.",
        _by(append_stop=False),
    ),
    Mistake(
        "`stop` is overlooked",
        "You write on after `stop`. When it has been drawn and appended, the text is "
        "over, however many points are left.",
        lambda table, ids, us, stop: _written(table, ids, us, None),
    ),
    Mistake(
        "one id after `stop`",
        "After `stop` you draw once more. Do you look at the text before you append to "
        "it? Look at the id that was just drawn.",
        _one_after_stop,
    ),
    Mistake(
        "`stop` anywhere in the text",
        "A `stop` in the prompt ends your loop before it begins. A prompt may contain "
        "it, as every story of the course begins with one: only a `stop` that was drawn "
        "ends the text.",
        _by(stopped=lambda text, stop: stop in text),
    ),
    Mistake(
        "`stop` at the end of the prompt",
        "A prompt that ends with `stop` ends your loop at once. Every story of the "
        "course begins after one: look at the id after a draw, not before.",
        _by(stopped=lambda text, stop: text[-1] == stop),
    ),
    Mistake(
        "always the first point",
        "Every draw uses the first point of `us`. Each draw has a point of its own, in "
        "the order in which they are given.",
        _by(points=lambda us: us[:1] * len(us)),
    ),
    Mistake(
        "the points from the end",
        "You take the points from the end of `us`. Without an argument, `pop` does that. "
        "Use them in the order in which they are given.",
        _by(points=lambda us: us[::-1]),
    ),
    Mistake(
        "one draw too few",
        "You draw one time too few. Each point of `us` is used, the last one, too.",
        _by(points=lambda us: us[:-1]),
    ),
    Mistake(
        "the first point is skipped",
        "You skip the first point of `us`. The first draw uses it; count the points from "
        "0.",
        _by(points=lambda us: us[1:]),
    ),
    Mistake(
        "greedy",
        "You always append the likeliest id, and the points of `us` change nothing. Let "
        "`draw` choose.",
        _by(pick=lambda logits, u: int(logits.argmax())),
    ),
    Mistake(
        "drawn from logits",
        "You draw from the logits themselves. They are not shares: turn them into "
        "probabilities at temperature 1 first.",
        _by(pick=_from_logits),
    ),
    written_into(
        _in_place,
        argument="ids",
        by="`append`",
        name="the caller's list grows",
        instead="Work on a copy.",
    ),
    two_at_once(
        "the caller's list grows, and an empty prompt is let through",
        _unchecked(_in_place),
        "The prompt's own list has grown, and it belongs to the caller: work on a copy.",
        "without a first id there is nothing to go on from: raise a ValueError for an "
        "empty prompt.",
    ),
    Mistake(
        "the caller's points are used up",
        "The text is right, but you have taken the points out of `us`, which belongs to "
        "the caller. Go through the list without changing it.",
        _points_used_up,
    ),
    Mistake(
        "an empty prompt is let through",
        "Without a first id there is nothing to go on from. Python only notices when it "
        "looks for the last id: raise a ValueError yourself, before the loop.",
        _unchecked(_written),
    ),
    Mistake(
        "an empty prompt begins anywhere",
        "With an empty prompt you go on from token 0, which is as good as any. Nothing "
        "tells how to begin: raise a ValueError.",
        _empty_begins_at_0,
    ),
    Mistake(
        "an empty prompt stays empty",
        "With an empty prompt you give back an empty text. Whoever calls you that way "
        "has made an error: raise a ValueError.",
        _empty_stays,
    ),
)

MISTAKES += tuple(
    two_at_once(
        f"{mistake.name}, and an empty prompt is let through",
        _unchecked(mistake.answer),
        mistake.hint,
        "an empty prompt has to raise a ValueError.",
    )
    for mistake in MISTAKES
    if mistake.name
    in (
        "only the new ids",
        "`stop` itself is missing",
        "`stop` is overlooked",
        "`stop` anywhere in the text",
        "`stop` at the end of the prompt",
        "always the first point",
        "greedy",
    )
)

CHECK = Check(
    "write",
    3,
    draw,
    oracle,
    MISTAKES,
    forbidden=COURSE + DICE,
    after=("probabilities", "draw"),
)
