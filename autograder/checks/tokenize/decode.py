"""decode(ids, merges): the text of the ids; a ValueError for what is no token or no text.

The oracle is tiktoken, told to be strict. Its own errors for an id that no token has
are no ValueErrors, so the oracle looks for these before.
"""

from __future__ import annotations

import numpy as np

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between, some
from autograder.checks.tokenize._material import (
    HANZI,
    LIBRARIES,
    Merges,
    encoded,
    joined,
    letter_ids,
    mixed_page,
    nasty_text,
    right_half_first,
    token_by_token,
    utf8,
    written_out,
    zeros_for_a_byte,
)
from autograder.checks.tokenize.encode import encoding
from autograder.checks.tokenize.train import learned


def oracle(ids: list[int], merges: Merges) -> str:
    known = set(range(256)) | set(merges.values())
    for position, token in enumerate(ids):
        if token not in known:
            raise ValueError(f"no token has the id {token}, at position {position}")
    try:
        return encoding(merges).decode(ids, errors="strict")
    except UnicodeDecodeError as error:
        raise ValueError(str(error)) from None


def draw(rng: np.random.Generator) -> list[Case]:
    a, b, c = letter_ids(rng, 3)
    d, e, f = letter_ids(rng, 3)
    x, y, z = utf8(*some(rng, HANZI, 1))
    (g,) = letter_ids(rng, 1)
    h, i, j = letter_ids(rng, 3)
    k, m = letter_ids(rng, 2)
    n, o, p = letter_ids(rng, 3)
    first, second, _ = utf8(*some(rng, HANZI, 1))
    text, nasty = mixed_page(rng), nasty_text(rng)
    merges, nasty_merges = learned(text, 40), learned(nasty, 9)
    return [
        Case("one merge", ([256, c, 256], {(a, b): 256})),
        Case("a merge of a merge", ([32, 257, d, 256], {(d, e): 256, (256, f): 257})),
        Case(
            "merges listed from the last to the first",
            ([e, 257, f], {(f, 256): 257, (d, e): 256}),
        ),
        Case(
            "a character that is spread over two tokens",
            ([g, x, 256, g], {(y, z): 256}),
        ),
        edge("no ids at all", ([], {(h, i): 256, (256, j): 257})),
        edge(
            "an id that does not exist",
            ([k, 256, between(rng, 258, 4999), m], {(k, m): 256}),
        ),
        edge(
            "an id below zero",
            (
                [n, -between(rng, 1, 3), o],
                {(o, p): 256, (256, n): 257, (n, o): 258},
            ),
        ),
        edge(
            "bytes that are not UTF-8, because a character is cut off",
            ([h, first, second], {(h, i): 256}),
        ),
        edge(
            "bytes that are not UTF-8, because they are half of a pair in UTF-16",
            (
                [i, 0xED, *(int(x) for x in rng.integers([160, 128], 192))],
                {(h, i): 256},
            ),
        ),
        Case(
            "invisible characters, and spaces at the end",
            (encoded(nasty, nasty_merges), nasty_merges),
        ),
        Case("a page of everything", (encoded(text, merges), merges)),
        edge("the first id that does not exist", ([k, 257, m], {(k, m): 256})),
        edge(
            "an id in a gap between two others",
            ([n, 270, o], {(n, o): 256, (256, p): 300}),
        ),
        edge("no merges", ([k, m, k], {})),
        edge(
            "an id that does not exist, at the beginning", ([257, k, m], {(k, m): 256})
        ),
        edge(
            "an id that does not exist, at the end of a long list",
            ([k, m] * 20 + [257], {(k, m): 256}),
        ),
        edge("line ends at the end", ([k, m, 10, 10], {(k, m): 256})),
    ]


def _with(unknown="raise", encoding="utf-8", errors="strict", **screws):
    """Decoding with the screws of `bytes.decode`, `joined` and `written_out`."""

    def answer(ids, merges):
        data = written_out(merges, **screws)
        return joined(ids, data, unknown).decode(encoding, errors)

    return answer


def _alone(errors):
    """Each token decoded by itself."""

    def answer(ids, merges):
        data = written_out(merges)
        joined(ids, data)  # a ValueError, if an id is unknown
        return token_by_token(ids, data, errors)

    return answer


def _from_a_list(ids, merges):
    """A list in place of the dictionary."""
    data = list(written_out(merges).values())
    if any(i >= len(data) for i in ids):
        raise ValueError("unknown id")
    return b"".join(data[i] for i in ids).decode()


def _undone_once(ids, merges):
    pairs = {new_id: pair for pair, new_id in merges.items()}
    data = [b for i in ids for b in pairs.get(i, (i,))]
    return bytes(data).decode()  # bytes() refuses what is still above 255


MISTAKES = (
    zeros_for_a_byte(_with(one=bytes), "Your text is"),
    Mistake(
        "the left half only",
        "Of each merge only the left half comes out. A merged token is the bytes of its "
        "left half, followed by those of its right half.",
        _with(join=lambda left, right: left),
    ),
    Mistake(
        "the right half only",
        "Of each merge only the right half comes out. The bytes of its left half stand "
        "before it: put the two together.",
        _with(join=lambda left, right: right),
    ),
    Mistake(
        "each token decoded by itself",
        "You turn each token into text by itself. A token may hold only a part of a "
        "character, and a part of a character is not text: put all bytes together first, "
        "then decode them once.",
        _alone("strict"),
    ),
    Mistake(
        "each token decoded by itself, errors replaced",
        "There are � in your text. A character was spread over two tokens, and you "
        "decoded each by itself: put all bytes together first, then decode them once.",
        _alone("replace"),
    ),
    Mistake(
        "each token decoded by itself, errors ignored",
        "Characters are missing that were spread over two tokens. You decoded each "
        "token by itself and left out what was not whole: put all bytes together first, "
        "then decode them once.",
        _alone("ignore"),
    ),
    Mistake(
        "broken bytes replaced",
        "Bytes that are not UTF-8 become � without a word. Here they are an error: "
        "decode strictly, so that a ValueError says what is wrong.",
        _with(errors="replace"),
    ),
    Mistake(
        "broken bytes ignored",
        "Bytes that are not UTF-8 vanish without a word. Here they are an error: decode "
        "strictly, so that a ValueError says what is wrong.",
        _with(errors="ignore"),
    ),
    Mistake(
        "a KeyError for an unknown id",
        "An id that does not exist ends in a KeyError from inside your dictionary. Say "
        "it in your own words: check the id and raise a ValueError that names it.",
        _with(unknown="key"),
    ),
    Mistake(
        "unknown ids skipped",
        "Ids that do not exist are left out without a word, and the text comes out "
        "shorter than it should. Raise a ValueError that names the id.",
        _with(unknown="skip"),
    ),
    Mistake(
        "ids below zero counted from the end",
        "An id below zero is accepted: in a list, Python counts it from the end. There "
        "is no such token; raise a ValueError.",
        _from_a_list,
    ),
    Mistake(
        "bytes read as characters",
        "You read every byte as a character of its own, which is right for English "
        "only. 果 is three bytes that make one character together: decode as UTF-8.",
        _with(encoding="latin-1"),
    ),
    Mistake(
        "ids taken for bytes",
        "You hand the ids themselves to `bytes`, which takes numbers up to 255 only. "
        "The id of a merge is larger. Write out the bytes that it stands for first.",
        lambda ids, merges: bytes(ids).decode(),
    ),
    Mistake(
        "in the order of the dictionary",
        "Where the dictionary lists a merge before the merges that it is made of, your "
        "table does not know them yet. Go by the new ids, the smallest first.",
        _with(in_order=False),
    ),
    Mistake(
        "white space at the ends is lost",
        "The text has lost white space at its ends. Every space that was encoded has to "
        "come back: do not strip what you have decoded.",
        lambda ids, merges: joined(ids, written_out(merges)).decode().strip(),
    ),
    Mistake(
        "merges undone only once",
        "You take a new id apart once, and what comes out may be a new id again. Go on "
        "until only bytes are left; or build the bytes of every token from first to "
        "last, so that both halves are always known already.",
        _undone_once,
    ),
    Mistake(
        "the right half first",
        "The two halves of a merge come out in the wrong order: the left one of the "
        "pair comes first.",
        _with(join=right_half_first),
    ),
)

CHECK = Check("decode", 3, draw, oracle, MISTAKES, forbidden=LIBRARIES)
