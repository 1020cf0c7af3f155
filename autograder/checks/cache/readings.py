"""readings: the ids that a model with a cache is asked to read in each call of the loop.

The whole text is given, so no model is needed: prompt, and what was written behind it.
The oracle takes what two windows in a row have not in common. In some cases the text
outgrows the context, in one with the same token again and again, so that a window that
moves is the same and all but its last token may stay.
"""

from __future__ import annotations

import os.path
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between, some, stop
from autograder.checks._slips import (
    only_the_first,
    only_the_last,
    two_at_once,
)
from autograder.checks._twins import twins
from autograder.checks.cache._material import LIBRARIES
from autograder.checks.cache.reusable import oracle as reusable

Ids = list[int]
Calls = list[Ids]


def oracle(ids: list[int], n_prompt: int, n_ctx: int) -> list[list[int]]:
    windows = [ids[:n][-n_ctx:] for n in range(n_prompt, len(ids))]
    if [] in windows:
        raise ValueError("no prompt")
    return [
        now[len(os.path.commonprefix([before, now[:-1]])) :]
        for before, now in pairwise([[], *windows])
    ]


def draw(rng: np.random.Generator) -> list[Case]:
    def text(n: int) -> Ids:
        """Different ids."""
        return some(rng, range(300, 50_000), n)

    n, few = between(rng, 9, 14), between(rng, 3, 5)
    many, same = between(rng, 131, 140), between(rng, 1, 99)
    one = text(1)[0]
    return [
        edge("a prompt of two tokens, three that are written", ([7, 1, 5, 2, 8], 2, 8)),
        Case("a text that fits into the context", (text(n), few, 30)),
        Case("a text that outgrows the context", (text(n), few, 7)),
        Case("a prompt that fills the context", (text(n), few, few)),
        Case("a prompt of a single token", (text(n), 1, 20)),
        Case("a prompt of a single token, beyond the context", (text(n), 1, few)),
        Case("a long prompt, and little that is written", (text(n + 5), n, 40)),
        Case("a story with a token that comes again", (_repeated(text(9)), 3, 6)),
        edge("a text as long as the context", (text(n), few, n)),
        edge("a text one longer than the context", (text(n), few, n - 1)),
        edge("a text two longer than the context", (text(n), few, n - 2)),
        edge("a prompt longer than the context", (text(n), 7, 5)),
        edge("a context of a single token", (text(6), 2, 1)),
        edge("a context of two tokens", (text(6), 2, 2)),
        edge("one token that is written", (text(few + 1), few, 20)),
        edge("nothing that is written", (text(few), few, 20)),
        edge("no text at all", ([], 0, 20)),
        edge("no prompt", (text(few), 0, 20)),
        edge("no prompt, and one token that is written", ([same], 0, 20)),
        edge("one token, again and again", ([same] * 9, 2, 20)),
        edge("one token, again and again, beyond the context", ([same] * 9, 2, 4)),
        edge("two tokens in turn, beyond the context", ([same, one] * 5, 3, 4)),
        edge(
            "a moved window that begins as the one before did",
            ([same] * few + text(4), few + 1, few + 1),
        ),
        edge("the token 0", ([0, 0, *text(5)], 2, 20)),
        edge("a long prompt", (text(many + 5), many + 2, 3 * many)),
        edge("many calls", (text(many + 8), 2, 5)),
        edge("a long text beyond a long context", (text(many + 5), many - 3, many)),
        *twins(
            oracle,
            lambda: (text(11), 3, 8),
            "the text",
            "the prompt's length",
            "the context's length",
            others={1: 4, 2: 7},
        ),
    ]


def _repeated(ids: Ids) -> Ids:
    return [*ids, ids[-1], *ids[:4]]


def _new(before: Ids, window: Ids) -> Ids:
    return window[reusable(before, window) :]


def _read(
    ids: Ids,
    n_prompt: int,
    n_ctx: int,
    ends: Callable[[Ids, int], Any] = lambda text, n: range(n, len(text)),
    window: Callable[[Ids, int], Ids] = lambda seen, n_ctx: seen[-n_ctx:],
    new: Callable[[Ids, Ids], Ids] = _new,
    kept: Callable[[Ids, Ids, Ids], Ids] = lambda before, window, new: window,
    start: Callable[[Ids, int], Ids] = lambda text, n: [],
    note: Callable[[Ids], Any] = lambda new: new,
    refuse: Callable[[int], bool] = lambda n_prompt: False,
    last: Callable[[list], Any] = lambda calls: calls,
) -> Any:
    """The loop with a screw at each step; `kept` says what is remembered as read."""
    if refuse(n_prompt):
        stop(ValueError)
    before, calls = start(ids, n_prompt), []
    for end in ends(ids, n_prompt):
        now = window(ids[:end], n_ctx)
        read = new(before, now)
        calls.append(note(read))
        before = kept(before, now, read)
    return last(calls)


def _by(**screws) -> Callable[..., Any]:
    return partial(_read, **screws)


def _from_below_0(ids: Ids, n_prompt: int, n_ctx: int) -> Calls:
    """The window by a slice whose beginning is below 0 for a short text."""
    before, calls = [], []
    for n in range(n_prompt, len(ids)):
        window = ids[n - n_ctx : n]
        calls.append(_new(before, window))
        before = window
    return calls


def _read_at_once(ids: Ids, n_prompt: int, n_ctx: int, whole: bool = False) -> Calls:
    """The prompt is read before anybody asks whether something was written."""
    before = ids[:n_prompt][-n_ctx:]
    calls = [ids[:n_prompt] if whole else before]
    for n in range(n_prompt + 1, len(ids)):
        window = ids[:n][-n_ctx:]
        calls.append(_new(before, window))
        before = window
    return stop(ValueError) if ids and not n_prompt else calls


def _without_asking(beyond: Callable[[int, int], bool]) -> Callable[..., Calls]:
    """One token or the whole window, by the length of the text alone."""

    def calls(ids: Ids, n_prompt: int, n_ctx: int) -> Calls:
        if ids and not n_prompt:
            stop(ValueError)
        return [
            ids[:n][-n_ctx:] if n == n_prompt or beyond(n, n_ctx) else [ids[n - 1]]
            for n in range(n_prompt, len(ids))
        ]

    return calls


def worked(ids: list[int], n_prompt: int, n_ctx: int) -> dict[str, Any]:
    """The first two calls, and the last."""
    calls, seen = oracle(ids, n_prompt, n_ctx), {}
    for k, call in enumerate(calls[:2]):
        seen[f"the window of call {k + 1}"] = ids[: n_prompt + k][-n_ctx:]
        seen[f"call {k + 1} reads"] = call
    if len(calls) > 2:
        seen["the window of the last call"] = ids[:-1][-n_ctx:]
        seen["the last call reads"] = calls[-1]
    return seen


def _popped(ids: Ids, n_prompt: int, n_ctx: int) -> Calls:
    found = oracle(ids, n_prompt, n_ctx)
    if ids:
        ids.pop()
    return found


def _jumping(ids: Ids, n_prompt: int, n_ctx: int) -> Calls:
    """A window that begins at every n_ctx-th token."""
    before, calls = [], []
    for n in range(n_prompt, len(ids)):
        window = ids[n // n_ctx * n_ctx : n]
        calls.append(_new(before, window))
        before = window
    return calls


def _of_the_text(ids: Ids, n_prompt: int, n_ctx: int) -> Calls:
    """What may stay is cut off from the whole text."""
    before, calls = [], []
    for n in range(n_prompt, len(ids)):
        window = ids[:n][-n_ctx:]
        calls.append(ids[reusable(before, window) : n])
        before = window
    return calls


def _prompt_kept(ids: Ids, n_prompt: int, n_ctx: int) -> Calls:
    """The window is the prompt, and the last of what was written that still fit."""
    return _read(
        ids,
        n_prompt,
        n_ctx,
        window=lambda seen, n_ctx: [
            *seen[:n_prompt],
            *seen[n_prompt:][-(n_ctx - n_prompt) :],
        ],
    )


def _all_or_nothing(before: Ids, window: Ids) -> Ids:
    if before and window[: len(before)] == before:
        return window[len(before) :]
    return window


_LAST_OF_ALL = "the last `n_ctx` tokens of **all** that is there, prompt included"

MISTAKES = (
    Mistake(
        "everything read anew",
        "Every call reads its whole window: that is the loop without a cache. What your "
        "`reusable` says may stay is not read again.",
        _by(new=lambda before, window: window),
    ),
    Mistake(
        "only the last token, always",
        "Every call reads one token, even the first. Is a window compared with itself, "
        "because it is remembered too early? First compare, then remember. The first call "
        "reads all of the **prompt**, and a window that has moved is read as a whole.",
        _by(new=lambda before, window: window[-1:]),
    ),
    Mistake(
        "only the last token when the window has moved",
        "When the text has outgrown the context, you read only the last token. Then the "
        "window moves, every token has another place, and nothing may stay: ask your "
        "`reusable`.",
        _by(
            new=lambda before, window: (
                window[-1:]
                if before and len(before) == len(window)
                else _new(before, window)
            )
        ),
    ),
    Mistake(
        "the whole window whenever the text is too long",
        "When the text has outgrown the context, you read the whole window always. Mostly "
        "that is right, but if the same token comes again and again, the window stays the "
        "same: ask your `reusable`.",
        _by(
            new=lambda before, window: (
                window if len(before) == len(window) else _new(before, window)
            )
        ),
    ),
    Mistake(
        "the whole window by the length of the text alone",
        "You tell by the length of the text whether all of the window is read. If one token "
        "comes again and again, a window that has moved is the same as before, and nearly "
        "all of it may stay: only your `reusable` knows.",
        _without_asking(lambda n, n_ctx: n > n_ctx),
    ),
    Mistake(
        "a moved window that is read as a whole, or but for its last token",
        "A moved window is another one, or the same, in your function. But it may also begin "
        "as the one before did, and differ later: then the tokens before the difference may "
        "stay. Your `reusable` says how many, for every window.",
        _by(
            new=lambda before, window: (
                window if reusable(before, window) < len(window) - 1 else window[-1:]
            )
        ),
    ),
    Mistake(
        "one token as soon as anything may stay",
        "You ask your `reusable` only **whether** anything may stay, and then read one token. "
        "It says **how many** may stay: all that come behind those have to be read.",
        _by(
            new=lambda before, window: (
                window[-1:] if reusable(before, window) else window
            )
        ),
    ),
    Mistake(
        "all of the window before, or nothing",
        "You keep the whole window before, or nothing. Where two windows agree in part, that "
        "part may stay; the last token is always read; and an empty window is refused. Your "
        "`reusable` does all three.",
        _by(new=_all_or_nothing),
    ),
    Mistake(
        "what may stay is cut off from the text",
        "Your `reusable` counts in the **window**, and you cut off so many tokens from the "
        "whole text. Once the window has moved, it begins at another place: cut the window.",
        _of_the_text,
    ),
    Mistake(
        "the whole window as soon as it is full",
        "You read the whole window as soon as the text has `n_ctx` tokens. Such a text still "
        "fits, so its window has not moved, and a single token is read. Ask your `reusable` "
        "in place of comparing lengths.",
        _without_asking(lambda n, n_ctx: n >= n_ctx),
    ),
    Mistake(
        "a slice that begins below 0",
        "Right where the text has outgrown the context. In a shorter one, n − n_ctx is below "
        "0, and such a beginning of a slice counts from the **end** of the list. It begins "
        "at 0 then.",
        _from_below_0,
    ),
    Mistake(
        "the window counts new tokens only",
        "Your window holds the whole prompt, and the last `n_ctx` of what was written. The "
        "prompt counts too: it is the last `n_ctx` tokens of both together.",
        lambda ids, n_prompt, n_ctx: _read(
            ids,
            n_prompt,
            n_ctx,
            window=lambda seen, n_ctx: [
                *seen[:n_prompt],
                *seen[n_prompt:][-n_ctx:],
            ],
        ),
    ),
    Mistake(
        "a window that jumps",
        "Your window begins anew at every `n_ctx`-th token, and is even empty there. It slides "
        f"by one token at a time: {_LAST_OF_ALL}.",
        _jumping,
    ),
    Mistake(
        "the prompt always in the window",
        "Your window always holds the prompt. When the text is too long, what falls out of it "
        f"are its **first** tokens, the prompt's: the window is {_LAST_OF_ALL}.",
        _prompt_kept,
    ),
    Mistake(
        "a prompt that is not cut",
        "Your first call reads the whole prompt, even where it is longer than the context: "
        "the model sees only the last `n_ctx` tokens of it. And where nothing was written, "
        "there is no call.",
        lambda ids, n_prompt, n_ctx: _read_at_once(ids, n_prompt, n_ctx, True),
    ),
    Mistake(
        "a window as long as the prompt",
        "Where the prompt is longer than the context, your window is longer too: only one "
        "token leaves it at a time. The first call, too, sees no more than the last `n_ctx` "
        "tokens.",
        lambda ids, n_prompt, n_ctx: _read(ids, n_prompt, max(n_ctx, n_prompt)),
    ),
    Mistake(
        "what is just written is read",
        "Your window already holds the token that this call is to write. A call reads what "
        "was there **before** it: the first one the prompt, and nothing more.",
        _by(ends=lambda text, n: range(n + 1, len(text) + 1)),
    ),
    Mistake(
        "as many calls, but from the first token on",
        "The number of your calls is right. But the first reads a single token: it should "
        "read the whole prompt, `n_prompt` tokens, and the next ones go on from there.",
        _by(ends=lambda text, n: range(1, len(text) - n + 1)),
    ),
    Mistake(
        "the prompt read although nothing is written",
        "You read the prompt before you ask whether anything was written. Where nothing was, "
        "there is no call at all, and the list is empty.",
        _read_at_once,
    ),
    Mistake(
        "an empty prompt refused although nothing is written",
        "You refuse `n_prompt` = 0 always. Where nothing was written, there is no call that "
        "could read nothing: the list is empty. In all other cases your `reusable` raises "
        "the error by itself.",
        _by(refuse=lambda n_prompt: n_prompt == 0),
    ),
    Mistake(
        "what may stay",
        "These are the tokens that may **stay**. Asked are those that are read, which come "
        "after them.",
        _by(new=lambda before, window: window[: reusable(before, window)]),
    ),
    Mistake(
        "the windows forgotten",
        "The model has a context: it never sees more than the last `n_ctx` tokens. Cut the "
        "text before you ask what may stay.",
        _by(window=lambda seen, n_ctx: seen),
    ),
    Mistake(
        "the first tokens instead of the last",
        "Your window holds the first `n_ctx` tokens, and never moves. The model sees the "
        "**last** ones.",
        _by(window=lambda seen, n_ctx: seen[:n_ctx]),
    ),
    Mistake(
        "a window that is one too short",
        "Your window holds one token less than the context: the last `n_ctx` fit.",
        _by(window=lambda seen, n_ctx: seen[-n_ctx + 1 :]),
    ),
    Mistake(
        "a window that is one too long",
        "Your window holds one token more than the context: only the last `n_ctx` fit.",
        _by(window=lambda seen, n_ctx: seen[-n_ctx - 1 :]),
    ),
    Mistake(
        "the last token read too",
        "There is one call too many. The last token of the text is **written** by the last "
        "call, and nobody reads it.",
        _by(ends=lambda text, n: range(n, len(text) + 1)),
    ),
    Mistake(
        "the first call left out",
        "Your first call comes one token too late. The prompt is read by itself, and writes "
        "the first token behind it.",
        _by(ends=lambda text, n: range(n + 1, len(text))),
    ),
    Mistake(
        "one call too early",
        "Your first call reads less than the prompt. All of it is there from the start.",
        _by(
            ends=lambda text, n: (
                range(n - 1, len(text)) if n > 1 else range(n, len(text))
            )
        ),
    ),
    Mistake(
        "the last call left out",
        "There is one call too few: the last token of the text is written, too.",
        _by(ends=lambda text, n: range(n, len(text) - 1)),
    ),
    Mistake(
        "as many calls as the prompt has tokens",
        "You make as many calls as the prompt has tokens. There is one call for each token "
        "that was **written**: those from `n_prompt` to the end of `ids`.",
        _by(ends=lambda text, n: range(n, 2 * n)),
    ),
    Mistake(
        "calls until the context is full",
        "Your loop ends with the number `n_ctx`. That is how long a window may be. There is a "
        "call for each token that was written, up to the end of `ids`.",
        lambda ids, n_prompt, n_ctx: _read(
            ids, n_prompt, n_ctx, ends=lambda text, n: range(n, n_ctx)
        ),
    ),
    Mistake(
        "the prompt token by token",
        "You read the prompt one token after the other. It is there from the start, so a "
        "single call reads all of it at once: the first end is `n_prompt`.",
        _by(ends=lambda text, n: range(1, len(text))),
    ),
    Mistake(
        "the prompt not read",
        "You take the prompt for read. Before the first call nothing is kept: it begins with "
        "an empty list.",
        _by(start=lambda ids, n: ids[:n]),
    ),
    Mistake(
        "only the prompt is remembered",
        "You remember the first window alone, so later calls read again what the calls "
        "before them have read. After **each** call, remember its window.",
        _by(kept=lambda before, window, new: before or window),
    ),
    Mistake(
        "only what was just read is remembered",
        "You remember only the tokens that the last call read. The cache also holds those "
        "that stayed: remember the whole **window**.",
        _by(kept=lambda before, window, new: new),
    ),
    Mistake(
        "all that was ever read is remembered",
        "You remember every token that was ever read, in one list. When the window has "
        "moved, the cache holds only the tokens of this window: remember that.",
        _by(kept=lambda before, window, new: [*before, *new]),
    ),
    Mistake(
        "how many",
        "You count the tokens of each call. Asked are the ids themselves, a list for each "
        "call.",
        _by(note=len),
    ),
    Mistake(
        "all in one list",
        "All ids stand in one list. Each call has a list of its own: `append`, not `extend` "
        "or `+=`.",
        _by(last=lambda calls: [id for call in calls for id in call]),
    ),
    Mistake(
        "a number for a single token",
        "Where a call reads a single token, you note the id alone. It is a list of one id.",
        _by(note=lambda new: new[0] if len(new) == 1 else new),
    ),
    Mistake(
        "tensors",
        "The right ids, but in tensors. Plain lists are asked for here.",
        _by(note=torch.tensor),
    ),
    Mistake(
        "arrays of NumPy",
        "The right ids, but in arrays of NumPy. Plain lists are asked for here.",
        _by(note=np.array),
    ),
    Mistake(
        "the ids of the last call alone",
        "Only the ids of the last call come back: each round of the loop overwrites those of "
        "the round before. Collect a list of ids for each call: `append`.",
        _by(last=lambda calls: calls[-1] if calls else []),
    ),
    Mistake(
        "what is written",
        "These are the tokens that each call **writes**. Asked are those that it reads, "
        "before that one is there.",
        lambda ids, n_prompt, n_ctx: (
            stop(ValueError)
            if n_prompt < 1 and ids
            else [[id] for id in ids[n_prompt:]]
        ),
    ),
    Mistake(
        "the windows themselves in reverse order",
        "The last call comes first. They come in the order in which the text is written.",
        _by(last=lambda calls: calls[::-1]),
    ),
    Mistake(
        "read and window exchanged",
        "Your `reusable` gets the two lists in the wrong order: first what **was** read, "
        "then what is to be read now.",
        _by(
            new=lambda before, window: (
                window[reusable(window, before) :] if before else window
            )
        ),
    ),
    only_the_first(_by(last=lambda calls: calls[:1]), "call"),
    only_the_last(_by(last=lambda calls: calls[-1:]), "call"),
    Mistake(
        "an empty prompt let through",
        "Where there is no prompt, your first call reads nothing. There is no last token to "
        "go on from then: let your `reusable` raise its ValueError.",
        _by(
            new=lambda before, window: _new(before, window) if window else [],
        ),
    ),
    Mistake(
        "a prompt of one token refused",
        "You refuse a prompt of a single token. It is enough to go on from.",
        _by(refuse=lambda n_prompt: n_prompt == 1),
    ),
    Mistake(
        "the ids are changed in place",
        "The calls are right, but `ids` itself was changed on the way, and it belongs to "
        "the caller: `pop` and `append` work on what was handed in. Make a new list.",
        _popped,
    ),
    two_at_once(
        "everything anew, and no window",
        _by(new=lambda before, window: window, window=lambda seen, n_ctx: seen),
        "Every call reads the whole text, as without a cache: ask your `reusable`.",
        "the model never sees more than the last `n_ctx` tokens.",
    ),
    two_at_once(
        "the last token read too, everything anew",
        _by(
            new=lambda before, window: window,
            ends=lambda text, n: range(n, len(text) + 1),
        ),
        "Every call reads its whole window, as without a cache: ask your `reusable`.",
        "the last token of the text is written by the last call, and not read.",
    ),
)

CHECK = Check(
    "readings",
    3,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES,
    after=("reusable",),
    worked=worked,
)
