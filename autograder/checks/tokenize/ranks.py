"""ranks(merges): the id of every token by its bytes, as tiktoken asks for it.

The oracle goes the other way than a solution: it takes every id apart, undoing the
merges from the newest to the oldest with `str.replace`.
"""

from __future__ import annotations

import numpy as np

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import some
from autograder.checks.tokenize._material import (
    HANZI,
    LIBRARIES,
    Merges,
    as_ids,
    as_text,
    letter_ids,
    ranks_of,
    right_half_first,
    stories,
    turned,
    utf8,
    zeros_for_a_byte,
)
from autograder.checks.tokenize.train import learned


def oracle(merges: Merges) -> dict[bytes, int]:
    newest_first = sorted(merges.items(), key=lambda item: -item[1])
    ranks = {}
    for token in [*range(256), *sorted(merges.values())]:
        text = as_text([token])
        for pair, new_id in newest_first:
            text = text.replace(as_text([new_id]), as_text(pair))
        ranks[bytes(as_ids(text))] = token
    return ranks


def draw(rng: np.random.Generator) -> list[Case]:
    a, b, h, i = letter_ids(rng, 4)
    c, d, e = letter_ids(rng, 3)
    x, y, z = utf8(*some(rng, HANZI, 1))
    f, g = letter_ids(rng, 2)
    (j,) = letter_ids(rng, 1)
    return [
        Case("two merges of single bytes", ({(a, b): 256, (h, i): 257},)),
        Case("a merge of a merge", ({(d, e): 256, (c, 256): 257},)),
        Case(
            "bytes above 127",
            ({(y, z): 256, (x, 256): 257, (32, 257): 258, (258, j): 259},),
        ),
        Case("a run", ({(f, f): 256, (256, 256): 257, (257, f): 258, (g, 258): 259},)),
        Case(
            "merges listed from the last to the first",
            (turned(learned(stories(rng, 300), 12)),),
        ),
        Case("merges of a page of stories", (learned(stories(rng, 700), 40),)),
        edge("ids that leave gaps", ({(a, b): 300 + h, (300 + h, i): 900 + h},)),
        edge("no merges", ({},)),
    ]


def _pairs_of_bytes(merges):
    ranks = {bytes([b]): b for b in range(256)}
    for pair, new_id in merges.items():
        ranks[bytes(pair)] = new_id  # bytes() refuses an id above 255
    return ranks


MISTAKES = (
    Mistake(
        "only the merges",
        "The single bytes are missing. They are tokens too, the first 256 of them, and "
        "tiktoken starts from them.",
        lambda merges: {d: i for d, i in ranks_of(merges).items() if i > 255},
    ),
    Mistake(
        "only the single bytes",
        "Only the 256 single bytes are there. Each merge adds one token: the bytes of "
        "its left half followed by those of its right half.",
        lambda merges: {d: i for d, i in ranks_of(merges).items() if i < 256},
    ),
    Mistake(
        "ranks of merges begin at 0",
        "The ranks of your merges begin at 0 again, where the bytes already are. The "
        "rank of a token is its id.",
        lambda merges: {
            d: i % 256 if i > 255 else i for d, i in ranks_of(merges).items()
        },
    ),
    Mistake(
        "text instead of bytes",
        "Your keys are text. A token may be a part of a character, which is not text. "
        "Keep them as `bytes`.",
        lambda merges: {d.decode("latin-1"): i for d, i in ranks_of(merges).items()},
    ),
    Mistake(
        "decoded, with errors replaced",
        "Your keys are text, and in some of them stands �: a token that is a part of "
        "a character is not text, and many of these have become one key. Leave the "
        "`bytes` as they are.",
        lambda merges: {
            d.decode(errors="replace"): i for d, i in ranks_of(merges).items()
        },
    ),
    Mistake(
        "`str` of the bytes as keys",
        "Your keys are text that only looks like bytes, with the letter b and quotes "
        "in it. `str` writes down how Python shows them, so leave it out.",
        lambda merges: {str(d): i for d, i in ranks_of(merges).items()},
    ),
    Mistake(
        "digits as keys",
        "Your keys are the ids written in digits. The number 104 stands for one byte, "
        "and `str` makes three letters of it: put `bytes` together instead.",
        lambda merges: {"".join(map(str, d)): i for d, i in ranks_of(merges).items()},
    ),
    Mistake(
        "ranks by length",
        "You number the tokens by their length, the shortest first. The rank of a token "
        "is its id, which tells when it was learned: a long one may be older.",
        lambda merges: {
            d: rank for rank, d in enumerate(sorted(ranks_of(merges), key=len))
        },
    ),
    Mistake(
        "the length as the rank",
        "The rank of each token is its length. What tiktoken wants is its id: the byte "
        "itself, or the new id of the merge.",
        lambda merges: {d: len(d) for d in ranks_of(merges)},
    ),
    Mistake(
        "tuples of numbers as keys",
        "Your keys are tuples of numbers. tiktoken asks for the bytes themselves: make a "
        "`bytes` object of the numbers.",
        lambda merges: {tuple(d): i for d, i in ranks_of(merges).items()},
    ),
    Mistake(
        "by way of `decode`",
        "Are you asking `decode` for the text of each token? A token may be a part of "
        "a character, which is not text, and then there is an error. Put bytes "
        "together instead.",
        lambda merges: {bytes([i]).decode().encode(): i for i in range(256)},
    ),
    Mistake(
        "in the order of the dictionary",
        "`merges` may list a merge before the merges that it is made of, whose bytes you "
        "do not have yet. Go by the new ids, the smallest first.",
        lambda merges: ranks_of(merges, in_order=False),
    ),
    Mistake(
        "a byte made by way of a character",
        "The bytes above 127 have become two bytes each. You made a character of the "
        "number and asked for its UTF-8; what you need is the one byte with that value.",
        lambda merges: ranks_of(merges, one=lambda b: chr(b).encode()),
    ),
    zeros_for_a_byte(lambda merges: ranks_of(merges, one=bytes), "Your tokens are"),
    Mistake(
        "keys and values exchanged",
        "The dictionary is turned around: tiktoken asks for the rank of given bytes, so "
        "the bytes are the keys.",
        lambda merges: {token: data for data, token in ranks_of(merges).items()},
    ),
    Mistake(
        "the right half first",
        "The bytes of your merged tokens are the wrong way round: the left one of the "
        "pair comes first.",
        lambda merges: ranks_of(merges, join=right_half_first),
    ),
    Mistake(
        "a merge of merges is not written out",
        "A pair may hold the id of an earlier merge, which is not a byte. Go through "
        "the merges in order and keep the bytes of every token: then both halves are "
        "known when you need them.",
        _pairs_of_bytes,
    ),
)

CHECK = Check("ranks", 2, draw, oracle, MISTAKES, forbidden=LIBRARIES)
