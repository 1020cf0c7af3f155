"""merge(ids, pair, new_id): the ids with `new_id` wherever the pair stands.

The oracle is `str.replace`, which also goes from the left and without overlap, on a
text of one character an id.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between, stop
from autograder.checks._slips import written_into
from autograder.checks._twins import twins
from autograder.checks.tokenize._material import (
    LIBRARIES,
    Pair,
    as_ids,
    as_text,
    byte_ids,
    from_the_right,
    huge_id,
    large_id,
    merged,
)


def oracle(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    known = [*ids, *pair, new_id]  # an id is its first place here: a small number
    text, two, one = (as_text(map(known.index, x)) for x in (ids, pair, [new_id]))
    return [known[place] for place in as_ids(text.replace(two, one))]


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
    large, huge = large_id(rng), huge_id(rng)
    x, y, z = *byte_ids(rng, 2), new()
    # Three ids in random order, after an opening that holds every trap.
    tail = [int(i) for i in rng.choice([x, y, z], between(rng, 1100, 1200))]
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
        Case(
            "two full stops, each of which has the id 46",
            ([87 + s, 88 + s, 46, 46, 87 + s, 88 + s, 46], (46, 46), new()),
        ),
        edge(
            "the ids and the pair of the first case, with another new id",
            ([a, b, c, a, b], (a, b), 998 + between(rng, 1, 99)),
        ),
        edge("an end and a beginning that are no pair", ([b, c, a], (a, b), new())),
        edge("nothing but the pair", ([a, b], (a, b), new())),
        edge("ids of more than 60 bits", ([huge, a, 0, a, huge], (a, huge), huge + 1)),
        *(
            edge(
                f"a list that ends as a pair with the id {end} begins",
                ([g, f, f], (f, end), new()),
            )
            for end in (0, 255, 256, 1)
        ),
        edge(
            "a list that begins as a pair with the id 0 ends", ([f, g], (0, f), new())
        ),
        *twins(
            oracle,
            lambda: ([a, b, c, a, b, c], (a, b), new()),
            "the ids",
            "the pair",
            "the new id",
            others={1: (b, c), 2: 999},
        ),
    ]


def _here(ids: list[int], i: int, pair: Pair) -> bool:
    return tuple(ids[i : i + 2]) == pair


def merging(
    ids: list[int],
    pair: Pair,
    new_id: int,
    here: Callable[[list[int], int, Pair], bool] = _here,
    put: Callable[[list[int], Pair, int], list[int]] = lambda ids, pair, new_id: [
        new_id
    ],
    begin: int = 0,
    keep: int = 0,
    step: int = 1,
    skip: Callable[[list[int], int, Pair], int] = lambda ids, i, pair: 2,
    plain: Callable[[int], list[int]] = lambda i: [i],
    give: Callable[[list[int]], Any] = list,
) -> Any:
    """The loop with screws.

    It begins at `begin`, and does not look at the last `keep`. Where the pair is `here`,
    `put` something and `skip` so many ids; else `plain` says what becomes of an id, and
    the next `step` ids are passed.
    """
    out, i = [], begin
    while i < len(ids) - keep:
        if here(ids, i, pair):
            out += put(ids, pair, new_id)
            i += skip(ids, i, pair)
        else:
            out += [x for passed in ids[i : i + step] for x in plain(passed)]
            i += step
    return give(out)


def _with(name: str, hint: str, **screws: Any) -> Mistake:
    return Mistake(name, hint, partial(merging, **screws))


def _past_the_end(ids, i, pair):
    return (ids[i], ids[i + 1]) == pair


def _past_the_end_after_left(ids, i, pair):
    return ids[i] == pair[0] and ids[i + 1] == pair[1]


def _over_the_run(ids, i, pair):
    """Past all that goes on as the pair does."""
    end = i + 2
    while end < len(ids) and tuple(ids[end - 1 : end + 1]) == pair:
        end += 1
    return end - i


def _places(ids: list[int], pair: Pair) -> list[int]:
    return [i for i in range(len(ids)) if _here(ids, i, pair)]


def _at_one_place(which: int) -> Callable[..., list[int]]:
    def answer(ids, pair, new_id):
        places = _places(ids, pair)[which:][:1]
        return [*ids[: places[0]], new_id, *ids[places[0] + 2 :]] if places else [*ids]

    return answer


def _not_beside_another(ids, pair, new_id):
    """What follows a merge is passed without a look, as by `replace` with a comma on
    either side."""
    out, i, just = [], 0, False
    while i < len(ids):
        just = _here(ids, i, pair) and not just
        out.append(new_id if just else ids[i])
        i += 2 if just else 1
    return out


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


def _as_bytes(ids, pair, new_id):
    return list(bytes(ids).replace(bytes(pair), bytes([new_id % 256])))


def _fits_the_pattern(ids, pair, new_id):
    """With a character for each id."""
    pattern = "".join(map(chr, pair))
    return [*map(ord, re.sub(pattern, chr(new_id), "".join(map(chr, ids))))]


def _is_in_place_of_equal(ids, i, pair):
    """Python has one object for each number up to 256, and for a larger one it may have
    several."""
    return _here(ids, i, pair) and max(pair) < 257


def _places_move(ids, pair, new_id):
    """Taken out while the loop walks along: what comes later is no longer there."""
    ids = list(ids)
    right_ones = ids[1:]
    for i, both in enumerate(zip(ids, right_ones, strict=False)):
        if both == pair:
            ids[i] = new_id
            del ids[i + 1]
    return ids


def _two_by_two(ids, pair, new_id):
    places = range(0, len(ids), 2)
    return [new_id if _here(ids, i, pair) else ids[i] for i in places]


def _stops_early(ids, pair, new_id):
    out = [*ids]
    while pair[0] in out and _here(out, out.index(pair[0]), pair):
        i = out.index(pair[0])
        out[i : i + 2] = [new_id]
    return out


def _places_of_before(ids, pair, new_id):
    """The places that the pair had before anything was taken out."""
    out = list(ids)
    for i in _places(ids, pair):
        out[i : i + 2] = [new_id]
    return out


MISTAKES = (
    _with(
        "the last id is dropped",
        "When the list does not end in the pair, its last id is lost. Your loop stops "
        "one early so as not to look past the end: what happens to the id that is left "
        "over?",
        keep=1,
    ),
    _with(
        "it looks past the end",
        "Where the list ends in the left half of the pair, your loop looks at the id "
        "after the last one, and there is none. Before you look at the right neighbour, "
        "make sure that there is one.",
        here=_past_the_end_after_left,
    ),
    _with(
        "it looks past the end of every list",
        "At the last id your loop still looks at the one after it, and there is none. "
        "The last id has no right neighbour: it cannot begin a pair, but it must not be "
        "lost either.",
        here=_past_the_end,
    ),
    _with(
        "the right half stays",
        "The new id is there, but the right half of the pair still stands behind it: "
        "after a merge, move on past both. In a `for` loop, `i += 2` is forgotten at the "
        "next round: use `while`.",
        skip=lambda ids, i, pair: 1,
    ),
    _with(
        "the left half stays",
        "The new id is there, but the left half of the pair still stands before it. It "
        "was copied before its right neighbour was seen: take it out again, or look "
        "ahead before you copy.",
        put=lambda ids, pair, new_id: [pair[0], new_id],
    ),
    _with(
        "both halves stay",
        "The new id is there, and the pair too. It comes in the place of the pair: copy "
        "an id only where nothing is merged.",
        put=lambda ids, pair, new_id: [new_id, *pair],
    ),
    Mistake(
        "it looks past the end even after a merge there",
        "At the last id you look at the one after it, even if the last two were merged. "
        "In a `for` loop, `i += 2` is forgotten at the next round: use `while`, and look "
        "to the right only where there is a right neighbour.",
        lambda ids, pair, new_id: stop(IndexError) if ids else [],
    ),
    _with(
        "the right neighbour is not compared",
        "You look for the left half of the pair alone. The id right after it has to be the "
        "right half: compare both.",
        here=lambda ids, i, pair: ids[i] == pair[0],
    ),
    Mistake(
        "two ids at each step",
        "You move on by two ids in every round, so an id that is not merged takes its "
        "neighbour with it. Two steps are right only after a merge: else it is one.",
        _two_by_two,
    ),
    Mistake(
        "it stops at the first left half that is none",
        "Where the left half stands before another id, you stop, and what follows stays as "
        "it was. Go on to the end of the list.",
        _stops_early,
    ),
    Mistake(
        "it returns after one step",
        "Your function ends after its first step, with one id. Does `return` stand "
        "inside the loop? It belongs after it, as far to the left as `while`.",
        lambda ids, pair, new_id: merged(ids, pair, new_id)[:1] if ids else None,
    ),
    _with(
        "an id too many is skipped",
        "After each merge an id is lost. Look at how far you move on: a pair is two ids "
        "long. Perhaps the loop moves on by itself as well?",
        skip=lambda ids, i, pair: 3,
    ),
    Mistake(
        "merged from the right",
        "In a run such as a a a you merge the last two and leave the first. Read from "
        "left to right: the first pair that you meet is merged, and what is left over "
        "stands at the end.",
        from_the_right,
    ),
    _with(
        "a whole run becomes one",
        "In a run such as a a a the third has vanished. An id that was merged is used "
        "up, and cannot be the left half of the next pair.",
        skip=_over_the_run,
    ),
    _with(
        "the middle of a run is merged twice",
        "In a run such as a a a you merge the second one twice, once with each "
        "neighbour. An id that was merged is used up: move on past both.",
        skip=lambda ids, i, pair: 1 if _here(ids, i + 1, pair) else 2,
    ),
    Mistake(
        "not right after another",
        "Where the pair stands twice in a row, the second one stays. After a merge the "
        "next two may be the pair again: look there, too. In a written list, a comma "
        "belongs to the numbers on both its sides.",
        _not_beside_another,
    ),
    Mistake(
        "only the first place",
        "Only the first place is merged. The pair may stand in many: go on to the end "
        "of the list.",
        _at_one_place(0),
    ),
    Mistake(
        "only the last place",
        "Only the last place is merged. The pair may stand in many: each of them becomes "
        "the new id.",
        _at_one_place(-1),
    ),
    _with(
        "only even positions",
        "You look at ids 0 and 1, then 2 and 3, and miss a pair that begins at an odd "
        "position. Where nothing is merged, move on by one id only.",
        step=2,
    ),
    _with(
        "the first id is never looked at",
        "The first id is lost. Your loop begins at 1: ids are counted from 0.",
        begin=1,
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
    _with(
        "either order",
        "You also merge the pair the wrong way round. (a, b) means a and then b; b and "
        "then a is another pair.",
        here=lambda ids, i, pair: tuple(ids[i : i + 2]) in (pair, pair[::-1]),
    ),
    _with(
        "the pair the wrong way round",
        "You look for the pair the wrong way round. (a, b) means a and then b.",
        here=lambda ids, i, pair: tuple(ids[i : i + 2]) == pair[::-1],
    ),
    _with(
        "any two of the pair",
        "You merge wherever two ids are among those of the pair. The left id must be the "
        "pair's left one, **and** the right id its right one.",
        here=lambda ids, i, pair: len(ids) > i + 1 and {*ids[i : i + 2]} <= {*pair},
    ),
    _with(
        "the left half is enough",
        "You merge wherever the left half of the pair stands, whatever comes after it. "
        "The right neighbour has to be the right half.",
        here=lambda ids, i, pair: len(ids) > i + 1 and ids[i] == pair[0],
    ),
    _with(
        "the right half is enough",
        "You merge wherever the right half of the pair stands, whatever comes before it. "
        "The left neighbour has to be the left half.",
        here=lambda ids, i, pair: ids[i + 1 : i + 2] == [pair[1]],
    ),
    _with(
        "one half is enough",
        "You merge where one of two neighbours fits. Both have to: is an `or` in the "
        "place of an `and`?",
        here=lambda ids, i, pair: (
            len(ids) > i + 1 and (ids[i] == pair[0] or ids[i + 1] == pair[1])
        ),
    ),
    _with(
        "0 is taken for no id",
        "A pair that begins with the id 0 is never merged. In an `if`, 0 counts as "
        "nothing, but it is an id like any other: compare with `None`.",
        here=lambda ids, i, pair: ids[i] != 0 and _here(ids, i, pair),
    ),
    _with(
        "nothing is merged",
        "Nothing is merged. Do you compare a part of the list with the pair? In Python a "
        "list never equals a tuple, even if they hold the same.",
        here=lambda ids, i, pair: False,
    ),
    _with(
        "the sum of the pair",
        "In place of the pair you put the sum of its two ids. An id is only a name: put "
        "`new_id` there.",
        put=lambda ids, pair, new_id: [sum(pair)],
    ),
    _with(
        "always 256",
        "You always put 256. The id of this merge is handed to you: put `new_id` there.",
        put=lambda ids, pair, new_id: [256],
    ),
    _with(
        "the new id twice",
        "The new id comes twice. One id takes the place of the two.",
        put=lambda ids, pair, new_id: [new_id, new_id],
    ),
    _with(
        "the pair vanishes",
        "The pair is gone, and nothing stands in its place: put `new_id` there.",
        put=lambda ids, pair, new_id: [],
    ),
    _with(
        "the pair itself",
        "In place of the pair you put the pair, as a tuple. Put `new_id` there.",
        put=lambda ids, pair, new_id: [pair],
    ),
    _with(
        "a list in the list",
        "Each new id stands in a list of its own. `append` takes an id, `+=` a list.",
        put=lambda ids, pair, new_id: [[new_id]],
    ),
    _with(
        "what is not merged vanishes",
        "Only the merged pairs are left. An id that does not begin the pair stays as it "
        "is: copy it into the new list.",
        plain=lambda i: [],
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
    Mistake(
        "sought as a regular expression",
        "You look for the pair as a regular expression, in which some characters mean "
        "something else: a full stop fits any character. `re.escape` takes their meaning "
        "away; or compare the ids as they are.",
        _fits_the_pattern,
    ),
    _with(
        "`is` in place of `==`",
        "A pair with an id above 256 is never found. Do you compare with `is`? It asks "
        "whether two are one and the same object, and equal numbers need not be. Two equals signs ask "
        "whether they are equal.",
        here=_is_in_place_of_equal,
    ),
    *(
        Mistake(
            name,
            "You change the list while you go through it. After the first merge all ids "
            "behind it stand one place further left, and your places are those of before. "
            "Build a new list, and copy into it what is not merged.",
            answer,
        )
        for name, answer in (
            ("places move while the loop goes on", _places_move),
            ("places of before the first merge", _places_of_before),
        )
    ),
    Mistake(
        "replaced as bytes",
        "You make bytes of the ids, which go up to 255 only, and the new id is larger. "
        "Compare the ids as they are, and build a new list.",
        _as_bytes,
    ),
)

CHECK = Check("merge", 2, draw, oracle, MISTAKES, forbidden=LIBRARIES)
