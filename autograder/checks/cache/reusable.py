"""reusable: how many of the tokens that were read may stay when a text is read now.

The oracle is the longest common beginning of two lists, cut so that the last id is read.
Some texts agree again after a difference, or in another order, or have moved by a place:
what stands there again is no longer right, since tokens before it are others.
"""

from __future__ import annotations

import os.path
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between, some, stop
from autograder.checks._slips import an_assert, tensor_for_integer, two_at_once
from autograder.checks._twins import twins
from autograder.checks.cache._material import LIBRARIES

Ids = list[int]


def oracle(read: list[int], ids: list[int]) -> int:
    if not ids:
        raise ValueError("no last token")
    return len(os.path.commonprefix([read, ids[:-1]]))


def draw(rng: np.random.Generator) -> list[Case]:
    def text(n: int) -> Ids:
        """Different ids."""
        return some(rng, range(300, 50_000), n)

    def other(ids: Ids, *places: int) -> Ids:
        """The same but for these places, where there are ids that are in none."""
        new = dict(zip(places, some(rng, range(300), len(places)), strict=True))
        return [new.get(i, id) for i, id in enumerate(ids)]

    n = between(rng, 8, 14)
    read, mid = text(n), between(rng, 3, 5)
    same, long = between(rng, 1, 99), text(between(rng, 300, 320))
    order = [*read[:2], read[3], read[2], *read[4:]]
    strange, single, short = text(14), text(2), between(rng, 30, 99)
    cases = [
        Case("one token more", (read, [*read, *text(1)])),
        Case("several tokens more", _more(text(9))),
        Case("another token in the middle", (read, other(read, mid))),
        Case(
            "another token in the middle, and more at the end",
            (read, [*other(read, mid), *text(3)]),
        ),
        Case("two other tokens", (read, other(read, mid, mid + 2))),
        Case("another first token", (read, other(read, 0))),
        Case("a window that has moved", (read, [*read[1:], *text(1)])),
        Case("a beginning that was read, then another end", _apart(text(12), mid)),
        Case("two texts that have nothing in common", (strange[:6], strange[6:])),
        Case("two tokens that have changed places", (read, order)),
        Case("nothing was read", ([], text(between(rng, 3, 9)))),
        edge("the same text again", (read, list(read))),
        edge("another last token", (read, other(read, n - 1))),
        edge("another last token but one", (read, other(read, n - 2))),
        edge("another last token but two", (read, other(read, n - 3))),
        edge("a shorter text, the beginning of what was read", (read, read[:mid])),
        edge("a single token, the first of what was read", (read, read[:1])),
        edge("a single token, and another was read", (single[:1], single[1:])),
        edge("a single token, and the same was read", ([same], [same])),
        edge("a single token, and nothing was read", ([], [same])),
        edge("one token was read", ([same], [same, *text(3)])),
        edge("a text without tokens", (read, [])),
        edge("a text without tokens, and nothing was read", ([], [])),
        edge("one token, again and again", ([same] * 6, [same] * 9)),
        edge("one token, again and again, in a window that moves", ([same] * 6,) * 2),
        edge("one token, less often than it was read", ([same] * 9, [same] * 4)),
        edge("the token 0", ([0, 0, *read], [0, 0, 0, *read])),
        edge(
            "a token that begins with the digits of another",
            (
                [*read[:3], 10 * short + between(rng, 0, 9)],
                [*read[:3], short, *read[3:5]],
            ),
        ),
        edge("the beginning that comes again later", _again(text(4))),
        edge("a long text, and one token more", (long, [*long, *text(1)])),
        edge("a long text, another token far back", (long, other(long, 270))),
        edge("a long text, another token near the end", (long, other(long, 296))),
        *twins(
            oracle,
            lambda: _pair(text(9), text(2)),
            "what was read",
            "what is to be read",
        ),
    ]
    return [Case(c.what, (c.args[0], _afresh(c.args[1])), c.edge) for c in cases]


def _afresh(ids: Ids) -> Ids:
    """Equal numbers, but not the very same objects."""
    return np.array(ids, dtype=np.int64).tolist()


def _more(ids: Ids) -> tuple[Ids, Ids]:
    return ids[:5], ids


def _apart(ids: Ids, at: int) -> tuple[Ids, Ids]:
    """Two texts with one beginning and ends of different lengths."""
    return ids[:8], [*ids[:at], *ids[8:], *ids[8:10]]


def _again(ids: Ids) -> tuple[Ids, Ids]:
    return [*ids, *ids], [*ids, ids[-1], *ids, *ids]


def _pair(ids: Ids, more: Ids) -> tuple[Ids, Ids]:
    return ids, [*ids, *more]


def _common(read: Ids, ids: Ids) -> int:
    n = 0
    for a, b in zip(read, ids, strict=False):
        if a != b:
            break
        n += 1
    return n


def _reused(
    read: Ids,
    ids: Ids,
    alike: Callable[[Ids, Ids], int] = _common,
    last: Callable[[int, Ids, Ids], int] = lambda n, read, ids: min(n, len(ids) - 1),
    refuse: Callable[[Ids, Ids], bool] = lambda read, ids: not ids,
    error: type[Exception] = ValueError,
) -> Any:
    """With screws: what is alike, what is done about the last token, what is refused."""
    if refuse(read, ids):
        stop(error)
    return last(alike(read, ids), read, ids)


def _by(**screws) -> Callable[..., Any]:
    return partial(_reused, **screws)


def worked(read: list[int], ids: list[int]) -> dict[str, int]:
    found = {
        "the same from the beginning": len(os.path.commonprefix([read, ids])),
        "at most, so that the last is read": len(ids) - 1,
    }
    return found | {"may stay": oracle(read, ids)}


def _same_places(read: Ids, ids: Ids) -> int:
    return sum(a == b for a, b in zip(read, ids[:-1], strict=False))


def _all_same_places(read: Ids, ids: Ids) -> int:
    return _same_places(read, [*ids, 0])


def _from_the_end(read: Ids, ids: Ids) -> int:
    return _common(read[::-1], ids[::-1])


def _longest(read: Ids, ids: Ids) -> int:
    """The longest stretch that stands in both, wherever."""
    best, row = 0, [0] * (len(ids) + 1)
    for a in read:
        row = [0, *(row[j] + 1 if a == b else 0 for j, b in enumerate(ids))]
        best = max(best, *row)
    return best


def _until_seen(read: Ids, ids: Ids) -> int:
    """As long as the tokens have been read anywhere."""
    return _common([1] * len(ids), [int(id in read) for id in ids])


def _without_end(read: Ids, ids: Ids) -> int:
    """A loop over an index that runs until there is a difference, or an error."""
    n = 0
    while read[n] == ids[n]:
        n += 1
    return n


def _same_objects(read: Ids, ids: Ids) -> int:
    """By `is`: Python keeps one object only of each small number."""
    pairs = zip(read, ids, strict=False)
    return next(
        (i for i, (a, b) in enumerate(pairs) if a != b or a > 256),
        min(len(read), len(ids)),
    )


def _first_difference(read: Ids, ids: Ids, empty: bool = True) -> int:
    """By the argmax of the differences; `empty` says whether there may be none at all."""
    n = min(len(read), len(ids) - 1)
    if n < 0:
        stop(ValueError)
    if n == 0 and not empty:
        return 0
    differ = torch.tensor(read[:n]) != torch.tensor(ids[:n])
    return int(differ.long().argmax())


def _last_place(read: Ids, ids: Ids) -> int:
    """The index with which the loop ends."""
    i = 0
    for i in range(min(len(read), len(ids) - 1)):
        if read[i] != ids[i]:
            break
    return i


def _as_text(read: Ids, ids: Ids) -> int:
    """The most ids whose text is the beginning of the other text."""
    a, b = (" ".join(map(str, read)), [*map(str, ids)])
    fits = (n for n in range(len(ids) - 1, 0, -1) if a.startswith(" ".join(b[:n])))
    return next(fits, 0)


def _common_text(read: Ids, ids: Ids) -> int:
    a, b = (" ".join(map(str, each)) for each in (read, ids[:-1]))
    return len(os.path.commonprefix([a, b]).split())


def _longest_where(alike: Callable[[Ids, Ids], bool]) -> Callable[[Ids, Ids], int]:
    """The longest of two beginnings that are alike, from the longest on."""

    def longest(read: Ids, ids: Ids) -> int:
        sizes = range(min(len(read), len(ids) - 1), 0, -1)
        return next((n for n in sizes if alike(read[:n], ids[:n])), 0)

    return longest


def _else(last: Callable[[Ids, Ids], int]) -> Callable[[Ids, Ids], int]:
    """What is returned after a loop over `read` and all but the last of `ids`."""

    def alike(read: Ids, ids: Ids) -> int:
        n = _common(read, ids[:-1])
        return n if n < min(len(read), len(ids) - 1) else last(read, ids)

    return alike


def _digits(read: Ids, ids: Ids) -> int:
    a, b = ("".join(map(str, each)) for each in (read, ids))
    return min(_common([*a], [*b]), len(b) - 1)


def _popped(read: Ids, ids: Ids) -> int:
    """What is compared is taken out of the caller's lists."""
    found = oracle(read, ids)
    del read[:found], ids[:found]
    return found


_NEEDED = "its logits are what we want to know, so the last of `ids` is always read"

MISTAKES = (
    Mistake(
        "the last token not read",
        f"Right, except where all of `ids` was read before: {_NEEDED}. At most len(ids) − 1 "
        "tokens may stay.",
        _by(last=lambda n, read, ids: n),
    ),
    Mistake(
        "one less, always",
        "You always give one token less. A **place** counts from 0: if place 3 is the last "
        "that agrees, four tokens may stay. Or do you subtract 1 always? Only if **all** of "
        "`ids` was read before, its last token has to be read again.",
        _by(last=lambda n, read, ids: max(n - 1, 0)),
    ),
    Mistake(
        "one less, even below 0",
        "You always take one token less, so that −1 comes out where nothing is the same. "
        "Only if **all** of `ids` was read before, its last token has to be read again.",
        _by(last=lambda n, read, ids: n - 1),
    ),
    Mistake(
        "one less where what was read is used up",
        "You take one token less wherever all that was read is the same. It may stay then; "
        "only the last of `ids`, the text of **now**, must be read.",
        _by(last=lambda n, read, ids: min(n, max(len(read) - 1, 0), len(ids) - 1)),
    ),
    Mistake(
        "one less where what was read is used up, and only there",
        "You take one token less where all of `read` is the same. It may stay then: it is "
        "the last token of `ids`, the text of **now**, that must be read. Compare with its "
        "length.",
        _by(last=lambda n, read, ids: n - (n == len(read))),
    ),
    Mistake(
        "one less where the texts are equal",
        "Right where the two texts are equal. Where `ids` is only the beginning of what was "
        f"read, its last token must be read too: {_NEEDED}.",
        _by(last=lambda n, read, ids: n - (read == ids)),
    ),
    Mistake(
        "one less where the lengths are equal",
        "You take one token less where both texts have one length, even if they differ "
        "earlier. What counts is whether all of `ids` was read before.",
        _by(
            last=lambda n, read, ids: (
                max(n - 1, 0) if len(read) == len(ids) else min(n, len(ids) - 1)
            )
        ),
    ),
    Mistake(
        "all or nothing",
        "Where the texts differ somewhere, you keep nothing. What stands before the first "
        "difference may stay: its keys and values know nothing of what comes later.",
        _by(alike=lambda read, ids: len(read) if ids[: len(read)] == read else 0),
    ),
    Mistake(
        "nothing where one token differs, else one less",
        "Two things. What stands before the first difference may stay. And one token less is "
        "needed only where all of `ids` was read before.",
        _by(
            alike=lambda read, ids: len(read) if ids[: len(read)] == read else 0,
            last=lambda n, read, ids: max(n - 1, 0),
        ),
    ),
    Mistake(
        "equal places counted",
        "You count all places where the texts agree, also those **after** a difference. A "
        "token after it has another past, so its keys and values are others: stop at the "
        "first difference.",
        _by(alike=_same_places),
    ),
    Mistake(
        "tokens that stand in both",
        "You count tokens that stand in both texts, wherever. A token's place and all that "
        "came before it must be the same too: compare place by place, from the beginning.",
        _by(alike=lambda read, ids: len({*read} & {*ids[:-1]})),
    ),
    Mistake(
        "a set of each",
        "You count tokens that stand in both texts, wherever: a set knows nothing of order "
        "and place. Compare place by place, from the beginning, and stop at the first "
        "difference.",
        _by(alike=lambda read, ids: len({*read} & {*ids})),
    ),
    Mistake(
        "the beginning of a text",
        "You compare texts: there, a 1 is the beginning of a 15. The ids are numbers, and 1 "
        "and 15 are different ones: compare the two lists number by number.",
        _by(alike=_as_text, last=lambda n, read, ids: n),
    ),
    Mistake(
        "the common beginning of two texts",
        "You compare texts, digit by digit: two tokens that begin with the same digit count "
        "as one that is the same. Compare the two lists number by number.",
        _by(alike=_common_text, last=lambda n, read, ids: n),
    ),
    Mistake(
        "sums or sorted lists compared",
        "You compare sums of the two beginnings, or sort them: so the order of the tokens is "
        "lost. In another order it is another text: compare place by place.",
        _by(alike=_longest_where(lambda a, b: sorted(a) == sorted(b))),
    ),
    Mistake(
        "the last equal place",
        "You look for the last place at which the texts agree. **All** places before it must "
        "agree too: go from the beginning, and stop at the first difference.",
        _by(alike=_longest_where(lambda a, b: a[-1] == b[-1])),
    ),
    Mistake(
        "tensors of different lengths compared",
        "The two texts mostly differ in length, and such tensors cannot be compared: both "
        "have to be cut to the shorter. And only what comes before the **first** difference "
        "counts.",
        _by(
            alike=lambda read, ids: int(
                (torch.tensor(read) == torch.tensor(ids)).sum()
            ),
            last=lambda n, read, ids: n,
        ),
    ),
    Mistake(
        "the digits compared",
        "You count digits, not tokens. The ids are numbers: compare the two lists number by "
        "number, without making a text of them.",
        _by(alike=_digits, last=lambda n, read, ids: n),
    ),
    Mistake(
        "the same object asked for",
        "`is` asks whether two names stand for the very same object, and that is sure for "
        "small numbers only. Whether two numbers differ is asked by `!=`.",
        _by(alike=_same_objects),
    ),
    Mistake(
        "each token compared with the one behind it",
        "You leave out the **first** of `ids`, so that each token is compared with another "
        "place. It is the last of `ids` that is not to be counted: `ids[:-1]`.",
        _by(
            alike=lambda read, ids: _common(read, ids[1:]),
            last=lambda n, read, ids: n,
        ),
    ),
    Mistake(
        "the two lists exchanged",
        "You treat `read` as the text of now, and `ids` as what was read. `read` comes first, "
        "and it is the last of `ids` that must be read.",
        lambda read, ids: _reused(ids, read),
    ),
    Mistake(
        "as long as the tokens were read somewhere",
        "You go on as long as a token was read **anywhere**. It must have been read at the "
        "same place: compare place by place.",
        _by(alike=_until_seen),
    ),
    Mistake(
        "from the end",
        "You compare from the end. What may stay is the **beginning**: each token depends on "
        "those before it.",
        _by(alike=_from_the_end),
    ),
    Mistake(
        "the longest stretch in both",
        "You look for the longest stretch that stands in both texts, wherever it is. It must "
        "be at the beginning of both: each token depends on all before it.",
        _by(alike=_longest),
    ),
    Mistake(
        "a window that has moved",
        "Where the window has moved by one, you keep what stands in both. But every token "
        "has another **place** then, and the first is gone: nothing may stay.",
        lambda read, ids: (
            len(read) - 1
            if len(read) > 1
            and ids[: len(read) - 1] == read[1:]
            and read[1:] != read[:-1]
            else _reused(read, ids)
        ),
    ),
    Mistake(
        "nothing of a text that has become shorter",
        "Where `ids` is shorter than what was read, you let nothing stay. Lengths say nothing: "
        "it may still begin as the other did. Drop that question, and compare the tokens.",
        _by(
            alike=lambda read, ids: 0 if len(read) > len(ids) else _common(read, ids),
        ),
    ),
    Mistake(
        "everything where the text has become longer",
        "Where `ids` is longer, you let all stay that was read, without comparing. A longer "
        "text need not begin as the other did. Drop that question, and compare the tokens.",
        _by(
            alike=lambda read, ids: (
                len(read) if len(ids) > len(read) else _common(read, ids)
            ),
        ),
    ),
    Mistake(
        "a bound that is one too small",
        "You never let more than len(ids) − 2 tokens stay. Only the **last** of `ids` has to "
        "be read, so all before it may stay: one more.",
        _by(last=lambda n, read, ids: min(n, max(len(ids) - 2, 0))),
    ),
    Mistake(
        "all that was read where nothing differs",
        "Where no difference is found, you give len(read). But `ids` may be the shorter "
        "one, and its last token is always read: at most len(ids) − 1 tokens may stay.",
        _by(alike=_else(lambda read, ids: len(read)), last=lambda n, read, ids: n),
    ),
    Mistake(
        "all but the last of ids where nothing differs",
        "Where no difference is found, you give len(ids) − 1. But `read` may have ended "
        "before: no more than were read can stay.",
        _by(alike=_else(lambda read, ids: len(ids) - 1), last=lambda n, read, ids: n),
    ),
    Mistake(
        "how many are to be read",
        "You give the number of tokens that must be read. Asked is how many may **stay**.",
        _by(last=lambda n, read, ids: len(ids) - min(n, len(ids) - 1)),
    ),
    Mistake(
        "how many go",
        "You give the number of kept tokens that must go. Asked is how many may **stay**.",
        _by(last=lambda n, read, ids: len(read) - min(n, len(ids) - 1)),
    ),
    Mistake(
        "the place of the last equal token",
        "You give the place of the last token that is the same. Places count from 0, so that "
        "is one less than how **many** there are.",
        _by(last=lambda n, read, ids: min(n, len(ids) - 1) - 1),
    ),
    Mistake(
        "one too many",
        "You count the first token that differs, too. It is the first that must be read.",
        _by(last=lambda n, read, ids: min(n + 1, len(ids) - 1)),
    ),
    Mistake(
        "the length of what was read",
        "You give the number of tokens that were read. Only those may stay that are the same "
        "from the beginning.",
        _by(alike=lambda read, ids: len(read)),
    ),
    Mistake(
        "the length of what was read, whatever ids",
        "You give the number of tokens that were read, even where `ids` is shorter. Compare "
        "the two texts, from the beginning.",
        _by(alike=lambda read, ids: len(read), last=lambda n, read, ids: n),
    ),
    Mistake(
        "the length of the shorter",
        "You give the length of the shorter text. Its tokens must also be the **same** as "
        "those of the other.",
        _by(
            alike=lambda read, ids: min(len(read), len(ids)),
            last=lambda n, read, ids: n,
        ),
    ),
    Mistake(
        "all but the last of ids",
        "You give len(ids) − 1, whatever was read. Only those may stay that were read, and "
        "are the same from the beginning.",
        _by(alike=lambda read, ids: len(ids)),
    ),
    Mistake(
        "always 0",
        "You let nothing stay. That is never wrong, and it is what a cache is meant to save: "
        "count the tokens that are the same from the beginning.",
        _by(alike=lambda read, ids: 0),
    ),
    Mistake(
        "only the first token compared",
        "You compare only the first token. Does `return` stand inside the loop? It ends the "
        "whole function at the first round.",
        _by(alike=lambda read, ids: _common(read[:1], ids[:1])),
    ),
    Mistake(
        "0 where there is no difference",
        "Where the loop finds no difference, you return 0, or nothing. Then all that was "
        "compared is the same.",
        _by(
            alike=lambda read, ids: (
                0
                if _common(read, ids) == min(len(read), len(ids))
                else _common(read, ids)
            )
        ),
    ),
    Mistake(
        "0 where there is no difference, by argmax",
        "`argmax` gives the place of the first difference, and 0 where nothing differs; of "
        "no numbers at all it gives an error. Ask first whether anything differs.",
        _first_difference,
    ),
    Mistake(
        "0 where there is no difference before the last",
        "Where nothing differs before the last of `ids`, you return 0. `argmax` does so if "
        "no number is `True`. Then all that was compared may stay.",
        lambda read, ids: _first_difference(read, ids, False),
    ),
    Mistake(
        "the index of the last round",
        "You return the index with which the loop ended. Where it found no difference, that "
        "is the last place compared, one less than how **many** were the same. Count them "
        "with a number of your own.",
        lambda read, ids: _last_place(read, ids) if ids else stop(ValueError),
    ),
    Mistake(
        "None where there is no difference",
        "Where the loop finds no difference, nothing is returned. After the loop, say how "
        "many may stay then.",
        lambda read, ids: (
            None
            if ids and _common(read, ids) == min(len(read), len(ids))
            else _reused(read, ids)
        ),
    ),
    Mistake(
        "beyond the end of what was read",
        "Your loop runs beyond the end of `read`, and ends in an error. It may be shorter "
        "than `ids`, even empty: stop at its end.",
        lambda read, ids: (
            stop(IndexError)
            if ids and _common(read, ids) == len(read) < len(ids) - 1
            else _reused(read, ids)
        ),
    ),
    Mistake(
        "beyond the end of ids",
        "Your loop runs beyond the end of `ids`, and ends in an error. It may be shorter "
        "than what was read: stop before its last token.",
        lambda read, ids: (
            stop(IndexError)
            if ids and _common(read, ids) == len(ids) < len(read)
            else _reused(read, ids)
        ),
    ),
    Mistake(
        "beyond both ends",
        "Your loop ends only at a difference. Where there is none, it runs beyond the end "
        "of a list, into an error. Either list may be the shorter one.",
        _by(alike=_without_end),
    ),
    Mistake(
        "lists of different lengths refused",
        "Two texts of different lengths end in an error. That is the usual case: the new one "
        "is longer. `zip` stops at the end of the shorter, unless it is told to be strict.",
        lambda read, ids: (
            _reused(read, ids) if len(read) == len(ids) or not ids else stop(ValueError)
        ),
    ),
    Mistake(
        "the ids themselves",
        "These are the tokens that may stay. Asked is **how many** there are.",
        lambda read, ids: ids[: _reused(read, ids)],
    ),
    Mistake(
        "the ids that are to be read",
        "These are the tokens that must be read. Asked is **how many** of the kept ones may "
        "stay.",
        lambda read, ids: ids[_reused(read, ids) :],
    ),
    Mistake(
        "yes or no",
        "You say whether everything may stay. Asked is **how many** tokens.",
        _by(last=lambda n, read, ids: n == len(read)),
    ),
    Mistake(
        "nothing was read is refused",
        "You refuse it where nothing was read. Before the first call that is so: nothing may "
        "stay then, 0.",
        _by(refuse=lambda read, ids: not ids or not read),
    ),
    Mistake(
        "the wrong one refused",
        "You refuse an empty `read`, and let an empty `ids` through. It is the text of "
        "**now** that must have a last token.",
        _by(
            refuse=lambda read, ids: not read,
            last=lambda n, read, ids: max(0, min(n, len(ids) - 1)),
        ),
    ),
    Mistake(
        "nothing is refused",
        "The numbers are right. But where `ids` is empty, there is no last token whose "
        "logits could be asked for: raise a ValueError.",
        _by(
            refuse=lambda read, ids: False,
            last=lambda n, read, ids: max(0, min(n, len(ids) - 1)),
        ),
    ),
    Mistake(
        "−1 for no text",
        "Where `ids` is empty, you return −1: len(ids) − 1 is less than nothing. There is no "
        "last token then: raise a ValueError.",
        _by(refuse=lambda read, ids: False),
    ),
    Mistake(
        "a single token refused",
        "You refuse a text of a single token. It has a last token, and nothing may stay: 0.",
        _by(refuse=lambda read, ids: len(ids) < 2),
    ),
    Mistake(
        "the token 0 taken for the end",
        "Your loop stops at the token 0, as if it were nothing. It is a token like any "
        "other: compare the two ids, and do not ask whether one of them is true.",
        _by(
            alike=lambda read, ids: next(
                (i for i, (a, b) in enumerate(zip(read, ids)) if a != b or not a),
                min(len(read), len(ids)),
            )
        ),
    ),
    Mistake(
        "the lists are changed in place",
        "The number is right, but the lists themselves were changed, and they belong to the "
        "caller: `pop`, `remove` and `del` take items out of what was handed in. Count with "
        "a number.",
        _popped,
    ),
    tensor_for_integer(_reused),
    Mistake(
        "a float",
        "This is the right number, but a float. What cuts a tensor must be a whole number: "
        "count with `int`.",
        lambda read, ids: float(_reused(read, ids)),
    ),
    an_assert(_by(error=AssertionError), "A text without tokens"),
    two_at_once(
        "the last token not read, and nothing refused",
        _by(last=lambda n, read, ids: n, refuse=lambda read, ids: False),
        f"Where all of `ids` was read before, one less may stay: {_NEEDED}.",
        "a text without tokens is to be refused by a ValueError.",
    ),
    two_at_once(
        "equal places counted, and the last not read",
        _by(alike=_all_same_places, last=lambda n, read, ids: n),
        "You count agreement after a difference too, where the past is another.",
        f"at most len(ids) − 1 may stay: {_NEEDED}.",
    ),
)

CHECK = Check(
    "reusable",
    3,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES,
    worked=worked,
)
