"""write(table, ids, us, stop): the text that the loop makes of a prompt, id by id.

The model is a table: row i has the logits of what follows token i. A point of `us`
decides each draw, until there are no more or `stop` is drawn. The oracle is the loop
with the oracles of `probabilities` and `draw` in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between, drawn_until, some
from autograder.checks._material import stop as stopped
from autograder.checks._slips import Answer, an_assert, written_into
from autograder.checks._twins import twins
from autograder.checks.sample._material import (
    COURSE,
    DICE,
    eighths,
    keep,
    point_in,
    ranked,
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


def worked(table: Tensor, ids: list[int], us: list[float], stop: int) -> dict[str, Any]:
    """The first three rounds."""
    seen, text = {}, oracle(table, ids, us, stop)
    for u, last, new in zip(
        us[:3], text[len(ids) - 1 :], text[len(ids) :], strict=False
    ):
        row = probabilities(table[last], 1.0)
        seen[f"round {len(seen) // 2 + 1}: the shares of row {last}"] = row
        seen[f"round {len(seen) // 2 + 1}: {u:.4g} draws"] = new
    return seen


def _us(
    rng: np.random.Generator,
    table: Tensor,
    text: list[int],
    n: int,
    stop: int,
    stopping: bool = False,
    beside: bool = False,
) -> list[float]:
    """Different points that write n ids, none of them `stop`; with `stopping`, the last
    is.

    With `beside`, they lie close to a border of their share.
    """
    us, last = [], text[-1]
    ways = [(0.3, 0.7), (0.0003, 0.0009), (0.9991, 0.9997)]

    def another(p: Tensor) -> float:
        u = point_in(rng, p, last, *ways[between(rng, 1, 2) if beside else 0])
        return another(p) if u in us else u

    for left in reversed(range(n)):
        p = probabilities(table[last], 1.0)
        if stopping and left == 0:
            last = stop
        else:
            fit = [i for i in range(len(p)) if p[i] > 0.04 and i != stop]
            last = int(rng.choice(fit))
        us.append(another(p))
    return us


def _at_no_border(table: Tensor, ids: list[int], us: list[float], stop: int) -> bool:
    """Whether no point lies where rounding decides, whatever has been drawn before."""
    ends = torch.softmax(table.double(), -1).cumsum(-1)
    return all(float((ends - u).abs().min()) > 1e-3 for u in us)


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

    def from_zero():
        """0 is drawn at 0, from whichever row."""
        t, text, us, stop = told([d, 0], 2, e)
        return t, text, [0.0, 0.0, *us, 0.0], stop

    def model():
        t = _world_table(rng, 24)
        seldom = int(torch.softmax(t, -1).mean(0).argmin())
        start = (seldom + between(rng, 1, 23)) % 24
        return t, [start], _us(rng, t, [start], 12, seldom, beside=True), seldom

    def rounding_shows(t: Tensor, *rest: Any) -> bool:
        return oracle(t.half(), *rest) != oracle(t, *rest)

    large = eighths(rng, 40, 40, most=10)
    prompt = rng.integers(0, 36, 140).tolist()
    prompt[3], prompt[-1] = prompt[20], between(rng, 32, 35)
    us = _us(rng, large, prompt, 5, 36, stopping=True)
    many = large, prompt, us + tail(), 36
    wide = torch.full((260, 260), -9.0)
    wide[:, 254:] = eighths(rng, 260, 6, most=10)
    wide += torch.tensor([200.0, -200.0]).repeat(130)[:, None]
    # 0 ends a prompt, but is `stop` only at an edge; 1 is `stop` where that is drawn.
    (a, c), (b, d, e) = (1, 0), some(rng, range(2, 5), 3)
    single = told([b, a], 1, e)
    none = (table(4), [between(rng, 0, 3) for _ in range(3)], [], 3)
    return [
        Case("a prompt of one id", told([a], 4, b)),
        Case("a longer prompt", told([b, c, a, d], 12, e)),
        Case("`stop` is drawn on the way", told([c, a], 3, d, then=True)),
        Case("`stop` is drawn at once", told([d, b], 1, a, then=True)),
        Case("the prompt contains `stop`", told([a, e, c], 5, e)),
        Case("the prompt ends with `stop`", told([e, c, b], 5, b)),
        edge("nothing to draw", none),
        Case("the shipped model's expectations", drawn_until(rounding_shows, model)),
        edge("an empty prompt", (table(4), [], tail(), between(rng, 0, 3))),
        edge(
            "an empty prompt, and nothing to draw",
            (table(4), [], [], between(rng, 0, 3)),
        ),
        Case("a long text, and a `stop` that is no token", told([a], 260, 9)),
        Case("points hardly beside a border", narrow([c], 24, e)),
        edge("`stop` is the id 0", told([between(rng, 1, 4)], 3, 0, then=True)),
        edge(
            "`stop` is the id 0, which stands in the prompt",
            told([between(rng, 1, 4), 0], 4, 0),
        ),
        Case("a large vocabulary, and a long prompt with ids that come again", many),
        edge("points that are all the same", again()),
        edge("points of exactly 0", from_zero()),
        edge(
            "ids above 256, and rows far above or below zero",
            (wide, [259], _us(rng, wide, [259], 3, 258, stopping=True) + tail(), 258),
        ),
        edge("a vocabulary of one token", (table(1), [0, 0], tail(), 0)),
        edge(
            "sixty tokens, all as likely, and a point near 1",
            (torch.zeros(60, 60), [between(rng, 1, 9)], [0.99], 99),
        ),
        edge(
            "a point so near 1 that what is hardly likely is drawn",
            (torch.tensor([[10.0, 0.0], [10.0, 0.0]]), [0], [0.99997], 9),
        ),
        edge(
            "a single point, and a table that lies across in memory",
            (across(single[0]), *single[1:]),
        ),
        *twins(
            oracle,
            lambda: told([b, c, a, d], 5, e),
            "the table",
            "the prompt",
            "the points",
            "`stop`",
            others={3: lambda *args: oracle(*args)[-2]},
            good=_at_no_border,
        ),
    ]


def _refused() -> NoReturn:
    raise ValueError("the prompt is empty")


def _written(
    table: Tensor,
    ids: list[int],
    us: list[float],
    stop: int,
    empty: Callable[[], Any] | None = _refused,
    begin: Callable[[list[int]], list[int]] = list,
    points: Callable[[list[float]], Iterable[float]] = lambda us: us,
    row: Callable[..., Tensor] = lambda table, text, many: table[text[-1]],
    pick: Callable[[Tensor, float], int] = _sampled,
    append: Callable[[list[int], int], None] = list.append,
    before: Callable[[list[int], int], bool] = lambda text, stop: False,
    over: Callable[..., bool] = lambda text, stop, many: text[-1] == stop,
    give: Callable[[list[int], int, int], Any] = lambda text, many, stop: text,
) -> Any:
    """The loop, with a screw at each of its steps.

    What to do with an `empty` prompt (None: go on); the text to `begin` with; for each
    of the `points`, unless all is over `before`, `pick` an id from a `row` and `append`
    it, until the text is `over`; what to `give` in the end. `many` ids made the prompt.
    """
    many = len(ids)
    if not ids and empty:
        return empty()
    text = begin(ids)
    for u in points(us):
        if before(text, stop):
            break
        append(text, pick(row(table, text, many), u))
        if over(text, stop, many):
            break
    return give(text, many, stop)


def _from_logits(logits, u):
    """The draw from what are no shares: the first sum above u, or the last positive."""
    above = (logits.double().cumsum(0) > u).nonzero()[:, 0]
    found = above if len(above) else (logits > 0).nonzero().flip(0)[:, 0]
    return int(found[0]) if len(found) else len(logits) - 1


def _last_above(sums: Tensor, u: float) -> int:
    """As a draw has it that counts the sums up to u."""
    return min(int((sums <= u).sum()), len(sums) - 1)


# Where what is drawn from is no share of anything, each way to draw gives another id.
_WAYS = (
    _from_logits,
    lambda logits, u: int((logits.double().cumsum(0) > u).int().argmax()),
    lambda logits, u: next(
        (i for i, end in enumerate(logits.double().cumsum(0)) if u < end),
        int(logits.nonzero()[-1]),
    ),
    lambda logits, u: _last_above(logits.double().cumsum(0), u),
)


def _used_up(us: list[float]) -> Iterator[float]:
    while us:
        yield us.pop(0)


def _again_and_again(us: list[float]) -> Iterator[float]:
    for _ in range(100):
        yield from us


def _without_stop(text: list[int], many: int, stop: int) -> list[int]:
    return text[:-1] if len(text) > many and text[-1] == stop else text


def _one_after_stop(text: list[int], stop: int, many: int) -> bool:
    return len(text) > many + 1 and text[-2] == stop


def _alone(**screws: Any) -> Answer:
    """What is seldom done together with something else, and so makes no pairs."""
    return lambda *args: _written(*args, **screws)


def _often(name: str, hint: str, **screws: Any) -> Mistake:
    return Mistake(name, hint, partial(_written, **screws))


def _seldom(name: str, hint: str, **screws: Any) -> Mistake:
    return Mistake(name, hint, _alone(**screws))


def _at(temperature: float) -> Mistake:
    return _seldom(
        f"at the temperature {temperature}",
        "You draw at another temperature than 1: your shares are too "
        f"{'even' if temperature > 1 else 'uneven'}. Look at what `probabilities` is "
        "handed.",
        pick=lambda logits, u: drawn(softmax(logits / temperature), u),
    )


def _likeliest_only(k: int) -> Mistake:
    return _seldom(
        f"from the {k} likeliest only",
        "You keep only some of the likeliest tokens before you draw, and here every "
        "token that has a share may come.",
        pick=lambda logits, u: drawn(keep(p := softmax(logits), ranked(p)[:k]), u),
    )


MISTAKES = (
    _often(
        "from the first id",
        "You always predict from the first id. The last id decides what comes next, "
        "and after every draw there is a new one.",
        row=lambda table, text, many: table[text[0]],
    ),
    _often(
        "always from the prompt's last id",
        "Every draw uses the row of the prompt's last id. After the first draw there "
        "is a new last id, so look up its row again in each round.",
        row=lambda table, text, many: table[text[many - 1]],
    ),
    _often(
        "one id behind",
        "You look up the row of the last id but one. The newest id decides what comes "
        "next: is the last id noted before the new one is there?",
        row=lambda table, text, many: table[text[-2:][0]],
    ),
    _seldom(
        "one id behind, after the prompt",
        "The row that you look up is always one round old. When an id is drawn, it is "
        "the new last id: note it in every round.",
        row=lambda table, text, many: table[text[max(many - 1, len(text) - 2)]],
    ),
    _often(
        "a column instead of a row",
        "You read a column of the table. What follows token i stands in row i; the "
        "columns are the tokens that may come.",
        row=lambda table, text, many: table[:, text[-1]],
    ),
    _often(
        "the place instead of the id",
        "You look up the row of the place, not of the id that stands there. Ask for the "
        "row of the last id of the text.",
        row=lambda table, text, many: table[(len(text) - 1) % len(table)],
    ),
    _seldom(
        "the place instead of the id, and beyond the table",
        "You look up the row of the place, not of the id that stands there, and a long "
        "text has more places than the table has rows. Ask for the row of the last id.",
        row=lambda table, text, many: table[len(text) - 1],
    ),
    _seldom(
        "the number of the round",
        "You look up the row of the round, counted from 0, not of an id. Ask for the row "
        "of the last id of the text.",
        row=lambda table, text, many: table[(len(text) - many) % len(table)],
    ),
    _seldom(
        "the row before",
        "You look up the row before the right one. Ids are counted from 0, and so are "
        "the rows.",
        row=lambda table, text, many: table[text[-1] - 1],
    ),
    _seldom(
        "the row after",
        "You look up the row after the right one. Ids are counted from 0, and so are the "
        "rows.",
        row=lambda table, text, many: table[(text[-1] + 1) % len(table)],
    ),
    _seldom(
        "always the first row",
        "You always look up row 0. Ask for the row of the last id of the text, in each "
        "round.",
        row=lambda table, text, many: table[0],
    ),
    _seldom(
        "always the last row",
        "You always look up the last row of the table. Ask for the row of the last id of "
        "the text, in each round.",
        row=lambda table, text, many: table[-1],
    ),
    _seldom(
        "the first draw is from the first id",
        "Your first draw goes on from the first id of the prompt, the others from the "
        "last. Where the prompt is longer than one id, begin at its end.",
        row=lambda table, text, many: table[text[0 if len(text) == many else -1]],
    ),
    _often(
        "0 is taken for no id",
        "Where the last id is 0, you look elsewhere. In an `or` or an `if`, 0 counts as "
        "nothing, but it is an id like any other.",
        row=lambda table, text, many: table[text[-1] or text[0]],
    ),
    _seldom(
        "all rows of the text added up",
        "You add up the rows of all ids so far. In this small model only the last id "
        "decides what comes next.",
        row=lambda table, text, many: table[text].sum(0),
    ),
    _seldom(
        "the mean of the text's rows",
        "You take the mean of the rows of all ids so far. In this small model only the "
        "last id decides what comes next.",
        row=lambda table, text, many: table[text].mean(0),
    ),
    *(
        _seldom(
            f"the {how.__name__} of the last {n} rows",
            "You mix the rows of the last ids. In this small model only the last one "
            "decides what comes next.",
            row=lambda table, text, many, n=n, how=how: how(table[text[-n:]], 0),
        )
        for n in (2, 3, 4)
        for how in (torch.sum, torch.mean)
    ),
    _seldom(
        "nothing is appended",
        "You give back only the prompt. The new ids have to be appended to the text, and "
        "what you give back is the whole text.",
        points=lambda us: [],
    ),
    _often(
        "only the new ids",
        "You give back only the new ids. Return the whole text, the ids of the prompt "
        "first.",
        give=lambda text, many, stop: text[many:],
    ),
    _often(
        "only the last id",
        "You give back only one id. Return the whole text: the prompt and all that "
        "was drawn.",
        give=lambda text, many, stop: text[-1],
    ),
    _seldom(
        "the last id of the prompt comes twice",
        "The last id of the prompt comes twice. Append what was drawn, not what it was "
        "drawn from.",
        give=lambda text, many, stop: text[:many] + text[many - 1 :],
    ),
    _seldom(
        "in front of the text",
        "You put each new id in front of the text. A text grows at its end.",
        give=lambda text, many, stop: text[many:][::-1] + text[:many],
    ),
    _seldom(
        "the prompt's last id is overwritten",
        "The new id takes the place of the last one, so the text never grows. Append it.",
        append=lambda text, new: text.__setitem__(-1, new),
    ),
    _often(
        "the end of the first round",
        "You stop after a single draw. Does `return` stand inside the loop? It belongs "
        "after it.",
        points=lambda us: us[:1],
    ),
    _often(
        "`stop` itself is missing",
        "You stop at the right moment, but `stop` itself is missing at the end of the "
        "text. It is a token that was drawn: append it, then stop.",
        give=_without_stop,
    ),
    _often(
        "`stop` is overlooked",
        "You write on after `stop`. When it has been drawn and appended, the text is "
        "over, however many points are left.",
        over=lambda text, stop, many: False,
    ),
    _often(
        "a `stop` of 0 is overlooked",
        "You write on after `stop` where that is the id 0. In an `if`, 0 counts as "
        "nothing: compare the id with `stop`, and ask nothing else.",
        over=lambda text, stop, many: stop and text[-1] == stop,
    ),
    _often(
        "one id after `stop`",
        "After `stop` you draw once more. Do you look at the text before you append to "
        "it? Look at the id that was just drawn.",
        over=_one_after_stop,
    ),
    _often(
        "`stop` anywhere in the text, after a draw",
        "A `stop` in the prompt ends your text after a single draw. A prompt may contain "
        "it: only the id that was just drawn can end the text.",
        over=lambda text, stop, many: stop in text,
    ),
    _seldom(
        "every id but `stop` ends the text",
        "Your text ends at an id that is not `stop`, and goes on after one that is. Is "
        "the comparison turned around?",
        over=lambda text, stop, many: text[-1] != stop,
    ),
    _often(
        "`stop` anywhere in the text",
        "A `stop` in the prompt ends your loop before it begins. A prompt may contain "
        "it, as every story of the course begins with one: only a `stop` that was drawn "
        "ends the text.",
        before=lambda text, stop: stop in text,
    ),
    _often(
        "`stop` at the end of the prompt",
        "A prompt that ends with `stop` ends your loop at once. Every story of the "
        "course begins after one: look at the id after a draw, not before.",
        before=lambda text, stop: text[-1:] == [stop],
    ),
    _often(
        "always the first point",
        "Every draw uses the first point of `us`. Each draw has a point of its own, in "
        "the order in which they are given.",
        points=lambda us: us[:1] * len(us),
    ),
    _seldom(
        "always the last point",
        "Every draw uses the last point of `us`. Each draw has a point of its own, in "
        "the order in which they are given.",
        points=lambda us: us[-1:] * len(us),
    ),
    _often(
        "the points from the end",
        "You take the points from the end of `us`. Without an argument, `pop` does that. "
        "Use them in the order in which they are given.",
        points=lambda us: us[::-1],
    ),
    _seldom(
        "the points sorted",
        "You sort the points. Each draw has a point of its own, in the order in which "
        "they are given.",
        points=sorted,
    ),
    _seldom(
        "each point once",
        "A point that is given again is not used again. Go through the list as it is.",
        points=lambda us: [*dict.fromkeys(us)],
    ),
    _often(
        "one draw too few",
        "You draw one time too few. Each point of `us` is used, the last one, too.",
        points=lambda us: us[:-1],
    ),
    _often(
        "the first point is skipped",
        "You skip the first point of `us`. The first draw uses it; count the points from "
        "0.",
        points=lambda us: us[1:],
    ),
    _seldom(
        "every point twice",
        "You use each point twice. There is one draw for a point.",
        points=lambda us: [u for u in us for _ in range(2)],
    ),
    _seldom(
        "as many draws as there are ids",
        "Your loop makes as many rounds as the table has rows, or the text has ids, or "
        "goes on until `stop`. One round for each point of `us`: then the text is over.",
        points=_again_and_again,
    ),
    _seldom(
        "the points turned around",
        "You draw at 1 − `u`. Hand each point to `draw` as it is.",
        points=lambda us: [1 - u - 1e-12 for u in us],
    ),
    _often(
        "greedy",
        "You always append the likeliest id, and the points of `us` change nothing. Let "
        "`draw` choose.",
        pick=lambda logits, u: int(logits.argmax()),
    ),
    *(
        _seldom(
            f"drawn from logits, {n}",
            "You draw from the logits themselves. They are not shares: turn them into "
            "probabilities at temperature 1 first.",
            pick=way,
        )
        for n, way in enumerate(_WAYS, 1)
    ),
    *(  # (their last sum is 1, so that the end of a draw does not matter)
        _seldom(
            f"drawn from logits over their sum, {n}",
            "You divide the logits by their sum. That makes no shares of them, for some "
            "are below 0: turn them into probabilities at temperature 1 first.",
            pick=lambda logits, u, way=way: way(logits / logits.sum(), u),
        )
        for n, way in enumerate((_WAYS[0], _WAYS[-1]), 1)
    ),
    _seldom(
        "two softmaxes",
        "You take a softmax of what are probabilities already, so your shares are too "
        "even. Once is enough.",
        pick=lambda logits, u: drawn(softmax(softmax(logits)), u),
    ),
    *map(_at, (0.5, 0.7, 0.8, 0.9, 1.5, 2.0)),
    *map(_likeliest_only, (2, 3, 5)),
    written_into(
        partial(_written, begin=lambda ids: ids),
        argument="ids",
        by="`append`",
        name="the caller's list grows",
        instead="Work on a copy.",
    ),
    _often(
        "the caller's points are used up",
        "The text is right, but you have taken the points out of `us`, which belongs to "
        "the caller. Go through the list without changing it.",
        points=_used_up,
    ),
    _often(
        "the caller's points are used up from the end",
        "You take the points out of `us`, and from its end. Go through the list in its "
        "order, without changing it: it belongs to the caller.",
        points=lambda us: iter(lambda: us.pop() if us else None, None),
    ),
    _often(
        "an empty prompt is let through",
        "Without a first id there is nothing to go on from. Python only notices when it "
        "looks for the last id: raise a ValueError yourself, before the loop.",
        empty=None,
    ),
    _often(
        "an empty prompt begins anywhere",
        "With an empty prompt you go on from token 0, which is as good as any. Nothing "
        "tells how to begin: raise a ValueError.",
        empty=None,
        row=lambda table, text, many: table[text[-1] if text else 0],
    ),
    _often(
        "an empty prompt stays empty",
        "With an empty prompt you give back an empty text. Whoever calls you that way "
        "has made an error: raise a ValueError.",
        empty=list,
    ),
    _seldom(
        "an empty prompt gives nothing",
        "With an empty prompt you give back nothing. A message on the screen stops no "
        "program: raise a ValueError.",
        empty=lambda: None,
    ),
    an_assert(_alone(empty=lambda: stopped(AssertionError)), "An empty prompt"),
)

CHECK = Check(
    "write",
    3,
    draw,
    oracle,
    MISTAKES,
    forbidden=COURSE + DICE,
    after=("probabilities", "draw"),
    worked=worked,
)
