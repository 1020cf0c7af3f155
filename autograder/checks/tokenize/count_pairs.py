"""count_pairs(chunks): how often each pair of neighbours stands in the chunks.

The oracle lays the pairs out as rows of a NumPy array and counts the unique ones. The
cases have what a count goes wrong at: runs, borders, chunks too short for a pair.
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations, pairwise

import numpy as np

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between, stop
from autograder.checks.tokenize._material import (
    LIBRARIES,
    Pair,
    byte_ids,
    chunks_of,
    counted,
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
    large = large_id(rng)
    return [
        Case("one short chunk", ([[a, b, a, b, c]],)),
        Case("two chunks, with a border between them", ([[d, e, e], [d, e], [e, d]],)),
        Case(
            "a run of one id, where pairs overlap",
            ([[f, *[g] * between(rng, 3, 6)]],),
        ),
        edge(
            "chunks that are empty or hold a single id", ([[h], [], [i, j], [k], [h]],)
        ),
        edge("nothing but single ids", ([[m], [], [n]],)),
        Case("a few sentences of a story", (chunks_of(stories(rng, 300)),)),
        Case(
            "the id 0, and very large ids",
            ([[0, large, 0, 0], [large, 0, large, large, 0], [0, large + 1]],),
        ),
        Case(
            "ids above 255, as merging makes them",
            (
                [
                    [int(x) for x in rng.integers(250, 262, 12)]
                    for _ in range(between(rng, 4, 7))
                ],
            ),
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


def _side_by_side(chunks):
    counts = Counter()
    for ids in chunks:
        counts.update(zip(ids[::2], ids[1::2], strict=False))
    return dict(counts)


def _without_order(chunks):
    counts = Counter()
    for (a, b), n in counted(chunks).items():
        counts[min(a, b), max(a, b)] += n
    return dict(counts)


def _once_a_chunk(chunks):
    counts = Counter()
    for ids in chunks:
        counts.update(set(pairwise(ids)))
    return dict(counts)


def _every_two(chunks):
    counts = Counter()
    for ids in chunks:
        counts.update(combinations(ids, 2))
    return dict(counts)


def _in_a_ring(chunks):
    counts = Counter()
    for ids in chunks:
        counts.update(zip(ids, ids[1:] + ids[:1], strict=True))
    return dict(counts)


MISTAKES = (
    Mistake(
        "pairs across chunk borders",
        "You also count the last id of a chunk with the first of the next. Those two "
        "are in different chunks, so they can never be merged. Count inside each "
        "chunk by itself.",
        lambda chunks: dict(counted([[i for ids in chunks for i in ids]])),
    ),
    Mistake(
        "every second pair",
        "You cut each chunk into pairs side by side, so in a b c d the pair (b, c) is "
        "never seen. Every id but the last begins a pair: move on by one, not by two.",
        _side_by_side,
    ),
    Mistake(
        "overlapping pairs counted once",
        "In a run like a a a you count (a, a) once, but it stands there twice: at the "
        "first id and at the second. Counting does not consume anything; only merging "
        "does.",
        without_overlap,
    ),
    Mistake(
        "the last pair is missing",
        "The last pair of every chunk is missing. A chunk of n ids has n − 1 pairs: "
        "look again at where your loop ends.",
        lambda chunks: dict(counted([ids[:-1] for ids in chunks])),
    ),
    Mistake(
        "the chunk bent into a ring",
        "You count one pair too many in each chunk: its last id with its first. The end "
        "of a chunk has no right neighbour.",
        _in_a_ring,
    ),
    Mistake(
        "pairs without order",
        "You count (a, b) and (b, a) as one pair. Their order matters: “th” is not "
        "“ht”. Keep each pair as it stands in the chunk.",
        _without_order,
    ),
    Mistake(
        "once a chunk",
        "A pair that stands twice in a chunk is counted once. Count every place where "
        "it stands; perhaps a `set` swallowed the repeats?",
        _once_a_chunk,
    ),
    Mistake(
        "only the last chunk",
        "Only the last chunk is counted. Is the dictionary made inside the loop, fresh "
        "for every chunk? There should be one for all of them.",
        lambda chunks: dict(counted(chunks[-1:])),
    ),
    only_the_first_chunk(lambda chunks: dict(counted(chunks[:1])), "counted"),
    Mistake(
        "pairs that occur once are missing",
        "Pairs that occur only once are missing. What happens when you meet a pair "
        "for the first time? Its count should be 1.",
        lambda chunks: {pair: n for pair, n in counted(chunks).items() if n > 1},
    ),
    Mistake(
        "all pairs the wrong way round",
        "Every pair is turned around. The left neighbour comes first: in h u the pair is "
        "(h, u).",
        lambda chunks: {(b, a): n for (a, b), n in counted(chunks).items()},
    ),
    Mistake(
        "every two ids of a chunk",
        "You count ids that do not stand side by side. Of a b c there are two pairs, "
        "(a, b) and (b, c); a and c are no neighbours.",
        _every_two,
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
        "text as keys",
        "Your keys are text. An id may be a part of a character, or above 255: keep each "
        "pair as a tuple of two numbers.",
        lambda chunks: {chr(a) + chr(b): n for (a, b), n in counted(chunks).items()},
    ),
    Mistake(
        "one less than it should be",
        "Every count is one too low. When you meet a pair for the first time, you "
        "have already seen it once.",
        lambda chunks: {pair: n - 1 for pair, n in counted(chunks).items()},
    ),
    Mistake(
        "ids instead of pairs",
        "You count single ids. Two neighbours are what may be merged, so the keys are "
        "pairs: tuples of an id and the id right after it.",
        lambda chunks: dict(Counter(i for ids in chunks for i in ids)),
    ),
)

CHECK = Check("count_pairs", 2, draw, oracle, MISTAKES, forbidden=LIBRARIES)
