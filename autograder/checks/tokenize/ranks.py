"""ranks(merges): the id of every token by its bytes, as tiktoken asks for it.

The oracle goes the other way than a solution: it takes every id apart, undoing the
merges from the newest to the oldest with `str.replace`.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import some, stop
from autograder.checks._twins import twins
from autograder.checks.tokenize._material import (
    HANZI,
    LIBRARIES,
    Merges,
    as_ids,
    as_text,
    closed_up,
    four_merges,
    huge_id,
    in_no_order,
    letter_ids,
    oldest_first,
    right_half_first,
    staircase,
    stories,
    turned,
    utf8,
    written_out,
    zeros_for_a_byte,
)
from autograder.checks.tokenize.train import learned


def oracle(merges: Merges) -> dict[bytes, int]:
    merges, wide = closed_up(merges)
    tokens = [*range(256), *merges.values()]
    lines = "\n".join(as_text([token]) for token in tokens)
    for pair, new_id in sorted(merges.items(), key=lambda item: -item[1]):
        lines = lines.replace(as_text([new_id]), as_text(pair))
    spelled = [bytes(as_ids(line)) for line in lines.split()]
    return dict(zip(spelled, map(wide.get, tokens), strict=True))


def worked(merges: Merges) -> dict[str, Any]:
    """The first merges, the oldest first."""
    of = {token: data for data, token in oracle(merges).items()}
    return {
        f"{new_id}, made of {a} and {b}": of[a] + of[b]
        for (a, b), new_id in oldest_first(merges)[:5]
    }


def draw(rng: np.random.Generator) -> list[Case]:
    a, b, h, i = letter_ids(rng, 4)
    c, d, e = letter_ids(rng, 3)
    x, y, z = utf8(*some(rng, HANZI, 1))
    f, g = letter_ids(rng, 2)
    (j,), huge = letter_ids(rng, 1), huge_id(rng)
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
        Case("merges of a page of stories", (learned(stories(rng, 700), 140),)),
        edge("ids that leave gaps", ({(a, b): 300 + h, (300 + h, i): 1900 + h},)),
        edge("ids of more than 60 bits", ({(a, b): huge, (huge, i): huge + h},)),
        edge("no merges", ({},)),
        edge("one merge", ({(j, f): 256},)),
        edge("merges of merges, more than a hundred deep", (staircase(rng, 130),)),
        edge(
            "merges of merges, listed from the last to the first",
            (turned(staircase(rng, 130)),),
        ),
        edge("merges in no order", (in_no_order(rng),)),
        *twins(oracle, lambda: (four_merges(rng)[1],), "the merges"),
    ]


def listed(
    merges: Merges,
    key: Callable[[bytes], Any] = bytes,
    number: Callable[[dict[int, bytes]], Iterable[int]] = list,
    there: Callable[[int, Merges], bool] = lambda token, merges: True,
    **screws: Any,
) -> dict:
    """The table with screws: the tokens that are `there`, each with a `key`, and with
    its `number` among all; `screws` are those of `written_out`."""
    data = written_out(merges, **screws)
    return {
        key(data[token]): rank
        for token, rank in zip(data, number(data), strict=True)
        if there(token, merges)
    }


def _often(name: str, hint: str, **screws: Any) -> Mistake:
    return Mistake(name, hint, partial(listed, **screws))


def _seldom(name: str, hint: str, **screws: Any) -> Mistake:
    """What is seldom done together with something else, and so makes no pairs."""
    return Mistake(name, hint, lambda merges: listed(merges, **screws))


def _in_bytes_only(token: int, merges: Merges) -> bool:
    return token < 256 or all(
        max(pair) < 256 for pair, new_id in merges.items() if new_id == token
    )


def _pairs_of_bytes(merges):
    ranks = {bytes([b]): b for b in range(256)}
    for pair, new_id in merges.items():
        ranks[bytes(pair)] = new_id  # bytes() refuses an id above 255
    return ranks


def _pairs_as_they_are(merges):
    return {bytes([b]): b for b in range(256)} | merges


def _merges_decoded(merges, errors="strict"):
    """Only the merges go by way of text."""
    data = written_out(merges)
    return {
        key if token < 256 else key.decode(errors=errors).encode(): token
        for token, key in data.items()
    }


def _bytes_of_the_id(merges):
    ranks = {bytes([b]): b for b in range(256)}
    return ranks | {
        i.to_bytes(max(2, (i.bit_length() + 7) // 8)): i for i in merges.values()
    }


def _halves_added(merges):
    data = {b: bytes([b]) for b in range(256)}
    for (a, b), new_id in oldest_first(merges):
        data[new_id] = bytes([a + b])  # which refuses what is above 255
    return {data: token for token, data in data.items()}


def _unknown_is_empty(merges):
    data = {b: bytes([b]) for b in range(256)}
    for (a, b), new_id in merges.items():
        data[new_id] = data.get(a, b"") + data.get(b, b"")
    return {data: token for token, data in data.items()}


def _unknown_is_a_byte(merges):
    if [*merges.items()] != oldest_first(merges):
        stop(ValueError)  # bytes() refuses an id above 255
    return listed(merges)


def _numbered_as_listed(merges):
    number = {new_id: 256 + k for k, new_id in enumerate(merges.values())}
    return listed(merges, number=lambda data: [number.get(i, i) for i in data])


def _sorted_places(data: dict[int, bytes], key: Callable = bytes) -> list[int]:
    """The place of each token when all are sorted."""
    place = {
        token: i for i, token in enumerate(sorted(data, key=lambda t: key(data[t])))
    }
    return [place[token] for token in data]


def _printable_first(data: dict[int, bytes]) -> list[int]:
    """GPT-2's own order of the bytes."""
    seen = [*range(33, 127), *range(161, 173), *range(174, 256)]
    order = seen + [b for b in range(256) if b not in seen]
    return [order.index(token) if token < 256 else token for token in data]


def _by_way_of_text(name: str, hint: str, errors: str) -> Mistake:
    return _seldom(name, hint, key=lambda data: data.decode(errors=errors).encode())


def _merges_by_text(name: str, hint: str, errors: str) -> Mistake:
    return Mistake(name, hint, partial(_merges_decoded, errors=errors))


MISTAKES = (
    _often(
        "only the merges",
        "The single bytes are missing. They are tokens too, the first 256 of them, and "
        "tiktoken starts from them.",
        there=lambda token, merges: token > 255,
    ),
    _seldom(
        "only the single bytes",
        "Only the 256 single bytes are there. Each merge adds one token: the bytes of "
        "its left half followed by those of its right half.",
        there=lambda token, merges: token < 256,
    ),
    _often(
        "only 128 bytes",
        "The bytes from 128 on are missing. ASCII has 128 characters, but a byte has 256 "
        "values, and each of them is a token.",
        there=lambda token, merges: not 127 < token < 256,
    ),
    _seldom(
        "the byte 255 is missing",
        "The last byte is missing: a range stops before its end. There are 256 bytes, "
        "from 0 to 255.",
        there=lambda token, merges: token != 255,
    ),
    _seldom(
        "the byte 0 is missing",
        "The byte 0 is missing. There are 256 bytes, from 0 to 255.",
        there=lambda token, merges: token != 0,
    ),
    _seldom(
        "the last merge is missing",
        "The newest merge is missing. Every merge is a token: look again at where your "
        "loop ends.",
        there=lambda token, merges: token != max(merges.values(), default=0),
    ),
    _seldom(
        "merges of merges are left out",
        "Only merges of two single bytes are there. A half may be a merge itself: keep "
        "the bytes of every token, the oldest first, so that both halves are known when "
        "you need them.",
        there=_in_bytes_only,
    ),
    _often(
        "ranks of merges begin at 0",
        "The ranks of your merges begin at 0 again, where the bytes already are. The "
        "rank of a token is its id.",
        number=lambda data: [token % 256 for token in data],
    ),
    _often(
        "numbered one after the other",
        "You number the tokens yourself, one after the other. The rank of a token is its "
        "id, which stands in `merges`, and ids may leave gaps.",
        number=lambda data: range(len(data)),
    ),
    Mistake(
        "numbered as the dictionary lists them",
        "You number the merges as the dictionary lists them. It may list them in any "
        "order: the rank of a token is its id, the value that stands in `merges`.",
        _numbered_as_listed,
    ),
    _seldom(
        "numbered in alphabetical order",
        "You sort the tokens by their bytes and number them. The rank of a token is its "
        "id, which tells when it was learned.",
        number=_sorted_places,
    ),
    _seldom(
        "ranks by length",
        "You number the tokens by their length, the shortest first. The rank of a token "
        "is its id, which tells when it was learned: a long one may be older.",
        number=partial(_sorted_places, key=len),
    ),
    _seldom(
        "ranks by length, then by bytes",
        "You number the tokens anew, by length and by bytes. The rank of a token is its id, "
        "which tells when it was learned: a long one may be older.",
        number=partial(_sorted_places, key=lambda data: (len(data), data)),
    ),
    _seldom(
        "GPT-2's order of the bytes",
        "You give the bytes the order in which GPT-2 numbers them, the printable ones "
        "first. Here the byte b has the id b.",
        number=_printable_first,
    ),
    _seldom(
        "the length as the rank",
        "The rank of each token is its length. What tiktoken wants is its id: the byte "
        "itself, or the new id of the merge.",
        number=lambda data: map(len, data.values()),
    ),
    _often(
        "text instead of bytes",
        "Your keys are text. A token may be a part of a character, which is not text. "
        "Keep them as `bytes`.",
        key=lambda data: data.decode("latin-1"),
    ),
    *(
        _seldom(
            f"decoded, with errors {how}",
            f"Your keys are text, and {what}: a token that is a part of a character is "
            "not text, and many of these have become one key. Leave the `bytes` as they "
            "are.",
            key=partial(bytes.decode, errors=errors),
        )
        for how, errors, what in (
            ("replaced", "replace", "in some of them stands �"),
            ("ignored", "ignore", "something is missing in some of them"),
        )
    ),
    _seldom(
        "`str` of the bytes as keys",
        "Your keys are text that only looks like bytes, with the letter b and quotes "
        "in it. `str` writes down how Python shows them, so leave it out.",
        key=str,
    ),
    _seldom(
        "digits as keys",
        "Your keys are the ids written in digits. The number 104 stands for one byte, "
        "and `str` makes three letters of it: put `bytes` together instead.",
        key=lambda data: "".join(map(str, data)),
    ),
    _seldom(
        "bytes written in hexadecimal",
        "Your keys are text, two digits for each byte. tiktoken asks for the bytes "
        "themselves.",
        key=bytes.hex,
    ),
    _seldom(
        "bytes written in base 64",
        "Your keys are written in base 64, as in tiktoken's files. When it is handed a "
        "table, tiktoken asks for the bytes themselves.",
        key=b64encode,
    ),
    _often(
        "tuples of numbers as keys",
        "Your keys are tuples of numbers. tiktoken asks for the bytes themselves: make a "
        "`bytes` object of the numbers.",
        key=tuple,
    ),
    Mistake(
        "the bytes of the new id",
        "The keys of your merges are the digits of their ids, written in bytes. A merge is "
        "the bytes of its left half, followed by those of its right half.",
        _bytes_of_the_id,
    ),
    Mistake(
        "the halves added",
        "You add the ids of the two halves like numbers. A merge is the bytes of its left "
        "half, followed by those of its right half: join them.",
        _halves_added,
    ),
    Mistake(
        "pairs of ids as keys",
        "The keys of your merges are still pairs of ids. tiktoken asks for bytes: those "
        "of the left half, followed by those of the right half.",
        _pairs_as_they_are,
    ),
    Mistake(
        "by way of `decode`",
        "Are you asking `decode` for the text of each token? A token may be a part of "
        "a character, which is not text, and then there is an error. Put bytes "
        "together instead.",
        lambda merges: {bytes([i]).decode().encode(): i for i in range(256)},
    ),
    Mistake(
        "merges by way of `decode`",
        "Are you asking for the text of each merge, and then for its bytes? A token may be "
        "a part of a character, which is not text, and then there is an error. Leave out "
        "the text: put the bytes of the two halves together.",
        _merges_decoded,
    ),
    *(
        _mistake(
            f"by way of text, with errors {how}{which}",
            f"{what}: you made text of a token and bytes of that text. A token may be a "
            "part of a character, which is not text, and `errors=` does not bring its "
            "bytes back. Leave out the text: put the bytes of the two halves together.",
            errors=errors,
        )
        for how, errors, what in (
            ("replaced", "replace", "In some of your keys stand the bytes of �"),
            ("ignored", "ignore", "Something is missing in some of your keys"),
        )
        for which, _mistake in (
            ("", _by_way_of_text),
            (", the merges", _merges_by_text),
        )
    ),
    _often(
        "in the order of the dictionary",
        "`merges` may list a merge before the merges that it is made of, whose bytes you "
        "do not have yet. Go by the new ids, the smallest first.",
        in_order=False,
    ),
    Mistake(
        "in the order of the dictionary, and what is not known yet is empty",
        "`merges` may list a merge before the merges that it is made of. Your table has "
        "nothing for those yet, and so their bytes are missing: go by the new ids, the "
        "smallest first.",
        _unknown_is_empty,
    ),
    Mistake(
        "in the order of the dictionary, and what is not known yet is a byte",
        "`merges` may list a merge before the merges that it is made of. Those are not in "
        "your table yet, so you take them for bytes, and an id above 255 is none: go by "
        "the new ids, the smallest first.",
        _unknown_is_a_byte,
    ),
    _often(
        "a byte made by way of a character",
        "The bytes above 127 have become two bytes each. You made a character of the "
        "number and asked for its UTF-8; what you need is the one byte with that value.",
        one=lambda b: chr(b).encode(),
    ),
    zeros_for_a_byte(partial(listed, one=bytes), "Your tokens are"),
    _seldom(
        "a byte written in digits",
        "Your tokens are made of digits: the byte 104 has become the three of “104”. "
        "To get the one byte with that value, make `bytes` of a list that holds it.",
        one=lambda b: str(b).encode(),
    ),
    Mistake(
        "keys and values exchanged",
        "The dictionary is turned around: tiktoken asks for the rank of given bytes, so "
        "the bytes are the keys.",
        lambda merges: {token: data for data, token in listed(merges).items()},
    ),
    _often(
        "the right half first",
        "The bytes of your merged tokens are the wrong way round: the left one of the "
        "pair comes first.",
        join=right_half_first,
    ),
    *(
        _seldom(
            f"the {half} half only",
            f"Of each merge you write out the {half} half only, so it has the bytes of "
            "another token. It is both: the left one followed by the right one.",
            join=join,
        )
        for half, join in (
            ("left", lambda left, right: left),
            ("right", lambda left, right: right),
        )
    ),
    Mistake(
        "a merge of merges is not written out",
        "A pair may hold the id of an earlier merge, which is not a byte. Go through "
        "the merges in order and keep the bytes of every token: then both halves are "
        "known when you need them.",
        _pairs_of_bytes,
    ),
)

CHECK = Check("ranks", 2, draw, oracle, MISTAKES, forbidden=LIBRARIES, worked=worked)
