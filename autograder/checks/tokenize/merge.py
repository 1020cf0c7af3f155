"""merge(ids, pair, new_id): the ids with `new_id` wherever the pair stands.

The oracle is `str.replace`, which also goes from the left and without overlap, on a
text of one character an id.
"""

from __future__ import annotations

import json

import numpy as np

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between, stop
from autograder.checks._slips import written_into
from autograder.checks.tokenize._material import (
    LIBRARIES,
    Pair,
    as_ids,
    as_text,
    byte_ids,
    large_id,
    merged,
)


def oracle(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    return as_ids(as_text(ids).replace(as_text(pair), as_text([new_id])))


def draw(rng: np.random.Generator) -> list[Case]:
    def new() -> int:
        return between(rng, 256, 998)

    a, b, c = byte_ids(rng, 3)
    d, e = byte_ids(rng, 2)
    f, g, h, i = byte_ids(rng, 4)
    j, k, m = byte_ids(rng, 3)
    n, o = byte_ids(rng, 2)
    p, q = byte_ids(rng, 2)
    s, t = between(rng, 10, 29), between(rng, 30, 89)
    large = large_id(rng)
    x, y, z = *byte_ids(rng, 2), new()
    # Three ids in random order, after an opening that holds every trap.
    tail = [int(i) for i in rng.choice([x, y, z], between(rng, 60, 79))]
    return [
        Case("a pair in two places, once at the end", ([a, b, c, a, b], (a, b), new())),
        Case("a run of one id, from the left", ([d, e, e, e], (e, e), new())),
        Case("an id that follows a merge", ([f, g, h, i, f, g, i], (f, g), new())),
        edge("a pair that does not occur", ([j, k, m, j], (k, j), new())),
        edge("an empty list", ([], (n, o), new())),
        edge("a list of one id", ([p], (p, q), new())),
        Case(
            "ids whose digits end or begin like the pair's",
            ([100 + s, t, s, t, s, t * 10, s, t], (s, t), new()),
        ),
        Case(
            "the id 0, and very large ids",
            ([0, large, 0, 0, large, large, 0], (0, large), large + 1),
        ),
        Case(
            "a long list with ids above 255",
            ([z, x, x, z, x, z, z, x, *tail, y], (z, x), z + between(rng, 1, 99)),
        ),
        Case("the pair several times in a row", ([a, b, a, b, a, b, c], (a, b), new())),
    ]


def _past_the_end_after_left(ids, pair, new_id):
    return _past_the_end(ids, pair, new_id, only_after=pair[0])


def _past_the_end(ids, pair, new_id, only_after=None):
    out, i = [], 0
    while i < len(ids):
        look = only_after is None or ids[i] == only_after
        if look and (ids[i], ids[i + 1]) == pair:
            out.append(new_id)
            i += 2
        else:
            out.append(ids[i])
            i += 1
    return out


def _from_the_right(ids, pair, new_id):
    return merged(ids[::-1], pair[::-1], new_id)[::-1]


def _first_place(ids, pair, new_id):
    for i in range(len(ids) - 1):
        if (ids[i], ids[i + 1]) == pair:
            return [*ids[:i], new_id, *ids[i + 2 :]]
    return list(ids)


def _in_place(ids, pair, new_id):
    i = 0
    while i < len(ids) - 1:
        if (ids[i], ids[i + 1]) == pair:
            ids[i : i + 2] = [new_id]
        i += 1
    return ids


def _nothing_returned(ids, pair, new_id):
    _in_place(ids, pair, new_id)


def _as_written_text(ids, pair, new_id):
    return json.loads(str(ids).replace(str(pair)[1:-1], str(new_id)))


def _either_order(ids, pair, new_id):
    out, i = [], 0
    while i < len(ids):
        if tuple(ids[i : i + 2]) in (pair, pair[::-1]):
            out.append(new_id)
            i += 2
        else:
            out.append(ids[i])
            i += 1
    return out


MISTAKES = (
    Mistake(
        "the last id is dropped",
        "When the list does not end in the pair, its last id is lost. Your loop stops "
        "one early so as not to look past the end: what happens to the id that is left "
        "over?",
        lambda ids, pair, new_id: merged(ids, pair, new_id, keep=1),
    ),
    Mistake(
        "it looks past the end",
        "Where the list ends in the left half of the pair, your loop looks at the id "
        "after the last one, and there is none. Before you look at the right neighbour, "
        "make sure that there is one.",
        _past_the_end_after_left,
    ),
    Mistake(
        "it looks past the end of every list",
        "At the last id your loop still looks at the one after it, and there is none. "
        "The last id has no right neighbour: it cannot begin a pair, but it must not be "
        "lost either.",
        _past_the_end,
    ),
    Mistake(
        "the right half stays",
        "The new id is there, but the right half of the pair still stands behind it: "
        "after a merge, move on past both. In a `for` loop, `i += 2` is forgotten at the "
        "next round: use `while`.",
        lambda ids, pair, new_id: merged(ids, pair, new_id, skip=1),
    ),
    Mistake(
        "the right half stays and the last id is dropped",
        "The right half of the pair still stands behind the new id, and the last id of "
        "a list is lost. In a `for` loop, `i += 2` is forgotten at the next round: use "
        "`while`, and go on until every id has had its turn.",
        lambda ids, pair, new_id: merged(ids, pair, new_id, keep=1, skip=1),
    ),
    Mistake(
        "it looks past the end even after a merge there",
        "At the last id you look at the one after it, even if the last two were merged. "
        "In a `for` loop, `i += 2` is forgotten at the next round: use `while`, and look "
        "to the right only where there is a right neighbour.",
        lambda ids, pair, new_id: stop(IndexError) if ids else [],
    ),
    Mistake(
        "it returns after one step",
        "Your function ends after its first step, with one id. Does `return` stand "
        "inside the loop? It belongs after it, as far to the left as `while`.",
        lambda ids, pair, new_id: merged(ids, pair, new_id)[:1] if ids else None,
    ),
    Mistake(
        "an id too many is skipped",
        "After each merge an id is lost. Look at how far you move on: a pair is two ids "
        "long. Perhaps the loop moves on by itself as well?",
        lambda ids, pair, new_id: merged(ids, pair, new_id, skip=3),
    ),
    Mistake(
        "merged from the right",
        "In a run such as a a a you merge the last two and leave the first. Read from "
        "left to right: the first pair that you meet is merged, and what is left over "
        "stands at the end.",
        _from_the_right,
    ),
    Mistake(
        "only the first place",
        "Only the first place is merged. The pair may stand in many: go on to the end "
        "of the list.",
        _first_place,
    ),
    Mistake(
        "only even positions",
        "You look at ids 0 and 1, then 2 and 3, and miss a pair that begins at an odd "
        "position. Where nothing is merged, move on by one id only.",
        lambda ids, pair, new_id: merged(ids, pair, new_id, step=2),
    ),
    written_into(
        _in_place,
        argument="ids",
        by="assigning to its places, or `pop`,",
        name="the caller's list is changed",
        instead="Build a new list.",
    ),
    Mistake(
        "changed in place, nothing returned",
        "Your function changes the list that it was given and returns nothing. Build a "
        "new list, leave `ids` alone, and return the new one.",
        _nothing_returned,
    ),
    Mistake(
        "either order",
        "You also merge the pair the wrong way round. (a, b) means a and then b; b and "
        "then a is another pair.",
        _either_order,
    ),
    Mistake(
        "nothing is merged",
        "Nothing is merged. Do you compare a part of the list with the pair? In Python a "
        "list never equals a tuple, even if they hold the same.",
        lambda ids, pair, new_id: list(ids),
    ),
    Mistake(
        "the sum of the pair",
        "In place of the pair you put the sum of its two ids. An id is only a name: put "
        "`new_id` there.",
        lambda ids, pair, new_id: merged(ids, pair, sum(pair)),
    ),
    Mistake(
        "always 256",
        "You always put 256. The id of this merge is handed to you: put `new_id` there.",
        lambda ids, pair, new_id: merged(ids, pair, 256),
    ),
    Mistake(
        "what is not merged vanishes",
        "Only the merged pairs are left. An id that does not begin the pair stays as it "
        "is: copy it into the new list.",
        lambda ids, pair, new_id: [i for i in merged(ids, pair, new_id) if i == new_id],
    ),
    Mistake(
        "the pair comes back",
        "What comes back is the pair itself. Do the parameters stand in the order of the "
        "`def` that was given: first the list, then the pair?",
        lambda ids, pair, new_id: list(pair),
    ),
    Mistake(
        "replaced as written text",
        "You replace digits in the list's text. There 197 ends like 97, and a pair is "
        "found where none is: compare ids, not what they look like.",
        _as_written_text,
    ),
)

CHECK = Check("merge", 2, draw, oracle, MISTAKES, forbidden=LIBRARIES)
