"""count_pairs(chunks): how often each pair of neighbours stands in the chunks.

The oracle lays the pairs out as rows of a NumPy array and counts the unique ones. The
cases have what a count goes wrong at: runs, borders, chunks too short for a pair.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between, stop
from autograder.checks._twins import twins
from autograder.checks.tokenize._material import (
    LIBRARIES,
    Pair,
    byte_ids,
    chunks_of,
    counted,
    flat,
    huge_id,
    large_id,
    only_the_first_chunk,
    stories,
)


def oracle(chunks: list[list[int]]) -> dict[Pair, int]:
    """NumPy: the rows of an (n, 2) array, made unique, with their counts."""
    rows = [np.array([c[:-1], c[1:]], np.int64).T for c in chunks if len(c) > 1]
    if not rows:
        return {}
    pairs, counts = np.unique(np.concatenate(rows), axis=0, return_counts=True)
    return {(int(a), int(b)): int(n) for (a, b), n in zip(pairs, counts, strict=True)}


def draw(rng: np.random.Generator) -> list[Case]:
    a, b, c = byte_ids(rng, 3)
    d, e = byte_ids(rng, 2)
    f, g = byte_ids(rng, 2)
    h, i, j, k = byte_ids(rng, 4)
    m, n = byte_ids(rng, 2)
    large, huge = large_id(rng), huge_id(rng)
    run = between(rng, 250, 262)
    return [
        Case("one short chunk", ([[a, b, a, b, c]],)),
        Case("two chunks, with a border between them", ([[d, e, e], [d, e], [e, d]],)),
        Case(
            "a run of one id, where pairs overlap",
            ([[f, *[g] * between(rng, 5, 7)]],),
        ),
        edge(
            "chunks that are empty or hold a single id", ([[h], [], [i, j], [k], [h]],)
        ),
        edge("nothing but single ids", ([[m], [], [n]],)),
        edge("no chunks at all", ([],)),
        edge("ids of more than 60 bits", ([[huge, m, huge, m], [n, huge]],)),
        Case("a few sentences of a story", (chunks_of(stories(rng, 300)),)),
        Case(
            "the id 0, and very large ids",
            ([[0, large, 0, 0], [large, 0, large, large, 0], [0, large + 1]],),
        ),
        Case(
            "ids above 255, as merging makes them",
            (rng.integers(250, 262, (between(rng, 4, 7), 12)).tolist(),),
        ),
        edge(
            "many chunks, many pairs, and a long chunk",
            (
                [
                    *rng.integers(250, 280, (1100, 3)).tolist(),
                    [*rng.integers(250, 280, 150).tolist(), *[run] * 1100],
                ],
            ),
        ),
        *twins(
            oracle, lambda: (rng.integers(250, 262, (4, 5)).tolist(),), "the chunks"
        ),
    ]


def without_overlap(chunks: list[list[int]]) -> dict[Pair, int]:
    """A run of one id is counted as merging would consume it."""
    counts = Counter()
    for ids in chunks:
        i = 0
        while i < len(ids) - 1:
            counts[ids[i], ids[i + 1]] += 1
            i += 2 if tuple(ids[i : i + 2]) == tuple(ids[i + 1 : i + 3]) else 1
    return dict(counts)


def counting(
    chunks: list[list[int]],
    of: Callable[[list[list[int]]], list[list[int]]] = list,
    pairs: Callable[[list[int]], Iterable] = pairwise,
    key: Callable[[Pair], Any] = lambda pair: pair,
    count: Callable[[int], int] = lambda n: n,
) -> dict:
    """Counting with screws: `of` which chunks, which `pairs` of each, and the `key` and
    the `count` of a pair."""
    counts = Counter(key(pair) for ids in of(chunks) for pair in pairs(ids))
    return {pair: count(n) for pair, n in counts.items() if count(n) is not None}


def _with(name: str, hint: str, **screws: Any) -> Mistake:
    return Mistake(name, hint, partial(counting, **screws))


def _no_run(ids):
    """In a run, only the first pair."""
    pairs = [*pairwise(ids)]
    return [p for i, p in enumerate(pairs) if not i or pairs[i - 1] != p]


def _past_two_alike(ids):
    i = 0
    while i < len(ids) - 1:
        yield ids[i], ids[i + 1]
        i += 2 if ids[i] == ids[i + 1] else 1


def _across_too(chunks):
    """What stands at a border is counted, too."""
    borders = [[a[-1], b[0]] for a, b in pairwise(chunks) if a and b]
    return [*chunks, *borders]


def _both_ways(chunks):
    counts = counting(chunks)
    return {(b, a): 0 for a, b in counts} | counts


def _chunk_by_chunk(chunks):
    return [dict(counted([ids])) for ids in chunks]


def _chunks_as_ids(chunks):
    """Without the loop over the chunks: a chunk and the next one are the pair."""
    counts = {}
    for pair in pairwise(chunks):
        counts[pair] = counts.get(pair, 0) + 1
    return counts


MISTAKES = (
    _with(
        "pairs across chunk borders",
        "You also count the last id of a chunk with the first of the next. Those two "
        "are in different chunks, so they can never be merged. Count inside each "
        "chunk by itself.",
        of=lambda chunks: [flat(chunks)],
    ),
    _with(
        "pairs across borders, but not across short chunks",
        "You also count the last id of a chunk with the first of the next. Those two are "
        "in different chunks, so they can never be merged.",
        of=_across_too,
    ),
    _with(
        "every second pair",
        "You cut each chunk into pairs side by side, so in a b c d the pair (b, c) is "
        "never seen. Every id but the last begins a pair: move on by one, not by two.",
        pairs=lambda ids: zip(ids[::2], ids[1::2], strict=False),
    ),
    Mistake(
        "overlapping pairs counted once",
        "In a run like a a a you count (a, a) once, but it stands there twice: at the "
        "first id and at the second. Counting does not consume anything; only merging "
        "does.",
        without_overlap,
    ),
    _with(
        "a run counted as one pair",
        "In a run like a a a you count (a, a) once, however long the run is. It stands "
        "there at every id but the last: counting does not consume anything.",
        pairs=_no_run,
    ),
    _with(
        "two alike are passed at once",
        "After a pair such as (a, a) you move on by two, and miss the pair that its "
        "right half begins. Counting does not consume anything; only merging does.",
        pairs=_past_two_alike,
    ),
    _with(
        "two alike are no pair",
        "Pairs of one id and the same again are missing. (a, a) is a pair like any other.",
        pairs=lambda ids: [(a, b) for a, b in pairwise(ids) if a != b],
    ),
    _with(
        "the last pair is missing",
        "The last pair of every chunk is missing. A chunk of n ids has n − 1 pairs: "
        "look again at where your loop ends.",
        pairs=lambda ids: pairwise(ids[:-1]),
    ),
    _with(
        "the first pair is missing",
        "The first pair of every chunk is missing. A chunk of n ids has n − 1 pairs: "
        "look again at where your loop begins.",
        pairs=lambda ids: pairwise(ids[1:]),
    ),
    _with(
        "only the first pair",
        "Only the first pair of each chunk is counted. A chunk of n ids has n − 1 pairs: "
        "go on to its end.",
        pairs=lambda ids: [*pairwise(ids)][:1],
    ),
    _with(
        "the chunk bent into a ring",
        "You count one pair too many in each chunk: its last id with its first. The end "
        "of a chunk has no right neighbour, and a place of −1 is the last one.",
        pairs=lambda ids: zip(ids, ids[1:] + ids[:1], strict=True),
    ),
    _with(
        "pairs without order",
        "You count (a, b) and (b, a) as one pair. Their order matters: “th” is not "
        "“ht”. Keep each pair as it stands in the chunk.",
        key=lambda pair: (min(pair), max(pair)),
    ),
    _with(
        "once a chunk",
        "A pair that stands twice in a chunk is counted once. Count every place where "
        "it stands; perhaps a `set` swallowed the repeats?",
        pairs=lambda ids: {*pairwise(ids)},
    ),
    _with(
        "each chunk once",
        "A chunk that comes again is not counted again. Every chunk counts, as often as "
        "it stands there.",
        of=lambda chunks: [list(ids) for ids in dict.fromkeys(map(tuple, chunks))],
    ),
    _with(
        "every count is 1",
        "Every pair has the count 1. When you meet a pair again, its count goes up.",
        count=lambda n: 1,
    ),
    _with(
        "only the last chunk",
        "Only the last chunk is counted. Is the dictionary made inside the loop, fresh "
        "for every chunk? There should be one for all of them.",
        of=lambda chunks: chunks[-1:],
    ),
    only_the_first_chunk(partial(counting, of=lambda chunks: chunks[:1]), "counted"),
    _with(
        "the first chunk is skipped",
        "The first chunk is not counted. Look again at where your loop begins.",
        of=lambda chunks: chunks[1:],
    ),
    _with(
        "the last chunk is skipped",
        "The last chunk is not counted. Look again at where your loop ends.",
        of=lambda chunks: chunks[:-1],
    ),
    _with(
        "short chunks are skipped",
        "Chunks of two ids are skipped, and each of them has a pair.",
        of=lambda chunks: [ids for ids in chunks if len(ids) > 2],
    ),
    _with(
        "pairs that occur once are missing",
        "Pairs that occur only once are missing. What happens when you meet a pair "
        "for the first time? Its count should be 1.",
        count=lambda n: n if n > 1 else None,
    ),
    _with(
        "all pairs the wrong way round",
        "Every pair is turned around. The left neighbour comes first: in h u the pair is "
        "(h, u).",
        key=lambda pair: pair[::-1],
    ),
    _with(
        "every two ids of a chunk",
        "You count ids that do not stand side by side. Of a b c there are two pairs, "
        "(a, b) and (b, c); a and c are no neighbours.",
        pairs=lambda ids: combinations(ids, 2),
    ),
    _with(
        "with an id between",
        "You count ids that have another between them. Neighbours stand side by side, at "
        "i and i + 1.",
        pairs=lambda ids: zip(ids, ids[2:], strict=False),
    ),
    _with(
        "threes",
        "Your keys hold three ids. A pair is an id and the one right after it.",
        pairs=lambda ids: zip(ids, ids[1:], ids[2:], strict=False),
    ),
    Mistake(
        "a KeyError at the first pair",
        "A pair that you see for the first time has no count yet, so adding 1 to it is a "
        "KeyError. Begin with 0 where a pair is not in the dictionary.",
        lambda chunks: stop(KeyError) if counted(chunks) else {},
    ),
    Mistake(
        "it looks past the end",
        "Your loop looks past the end of a chunk: the last id has no right neighbour. "
        "Stop one id earlier.",
        lambda chunks: stop(IndexError) if any(chunks) else {},
    ),
    Mistake(
        "lists as keys",
        "A list cannot be the key of a dictionary, because it can change. Make each pair "
        "a tuple.",
        lambda chunks: stop(TypeError) if counted(chunks) else {},
    ),
    Mistake(
        "chunks taken for ids",
        "You pair each chunk with the next one, as if `chunks` were a list of ids. It is a "
        "list of lists: go through the chunks, and in each of them through its ids.",
        _chunks_as_ids,
    ),
    Mistake(
        "pairs that do not occur",
        "There are pairs with the count 0, which stand nowhere in the chunks. Leave out "
        "what does not occur.",
        _both_ways,
    ),
    Mistake(
        "a table for every chunk",
        "You give back a table for every chunk. One for all of them is wanted.",
        _chunk_by_chunk,
    ),
    *(
        _with(
            name,
            f"Your keys are {what}. Keep each pair as a tuple of two numbers: an id may be "
            "a part of a character, or above 255, and must be found again.",
            key=key,
        )
        for name, what, key in (
            ("text as keys", "text", lambda pair: chr(pair[0]) + chr(pair[1])),
            ("written pairs as keys", "text", str),
            ("written lists as keys", "text", lambda pair: str([*pair])),
            ("digits as keys", "text", lambda pair: f"{pair[0]},{pair[1]}"),
            ("sums as keys", "sums", sum),
            *(
                (
                    f"numbers to the base {base} as keys",
                    "numbers made of both ids",
                    lambda pair, base=base: pair[0] * base + pair[1],
                )
                for base in (256, 1000, 65536)
            ),
        )
    ),
    _with(
        "one less than it should be",
        "Every count is one too low. When you meet a pair for the first time, you "
        "have already seen it once.",
        count=lambda n: n - 1,
    ),
    _with(
        "one more than it should be",
        "Every count is one too high. A pair that you meet for the first time has the "
        "count 1, and is not counted once more.",
        count=lambda n: n + 1,
    ),
    _with(
        "ids instead of pairs",
        "You count single ids. Two neighbours are what may be merged, so the keys are "
        "pairs: tuples of an id and the id right after it.",
        pairs=list,
    ),
)

CHECK = Check("count_pairs", 2, draw, oracle, MISTAKES, forbidden=LIBRARIES)
