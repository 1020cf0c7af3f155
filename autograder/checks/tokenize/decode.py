"""decode(ids, merges): the text of the ids; a ValueError for what is no token or no text.

The oracle is tiktoken, told to be strict. Its own errors for an id that no token has
are no ValueErrors, so the oracle looks for these before.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between, some, stop
from autograder.checks._slips import an_assert
from autograder.checks._twins import twins
from autograder.checks.tokenize._material import (
    HANZI,
    LIBRARIES,
    Merges,
    encoded,
    four_merges,
    in_no_order,
    joined,
    letter_ids,
    mixed_page,
    nasty_text,
    rarities,
    right_half_first,
    staircase,
    turned,
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


def worked(ids: list[int], merges: Merges) -> dict[str, Any]:
    data = written_out(merges)
    return {f"the bytes of {i}": data[i] for i in dict.fromkeys(ids[:5])} | {
        "all bytes": joined(ids, data)
    }


def draw(rng: np.random.Generator) -> list[Case]:
    a, b, c = letter_ids(rng, 3)
    f, d, e = sorted(letter_ids(rng, 3))  # by their pairs, merges are in another order
    x, y, z = utf8(*some(rng, HANZI, 1))
    (g,) = letter_ids(rng, 1)
    h, i, j = letter_ids(rng, 3)
    k, m = letter_ids(rng, 2)
    n, o, p = letter_ids(rng, 3)
    first, second, _ = utf8(*some(rng, HANZI, 1))
    text, nasty = mixed_page(rng), nasty_text(rng)
    merges, nasty_merges = learned(text, 140), learned(nasty, 9)
    new = between(rng, 1000, 4000)
    return [
        Case("one merge", ([256, c, 256], {(a, b): 256})),
        Case(
            "the ids of the first case, with another merge",
            ([256, c, 256], {(c, a): 256}),
        ),
        Case("a merge of a merge", ([32, 257, d, 256], {(d, e): 256, (256, f): 257})),
        Case(
            "merges listed from the last to the first",
            ([e, 257, f], {(f, 256): 257, (d, e): 256}),
        ),
        Case(
            "a character that is spread over two tokens",
            ([g, x, 256, g], {(y, z): 256}),
        ),
        Case(
            "a character that is one token", ([g, 257, g], {(y, z): 256, (x, 256): 257})
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
            ([k, m] * 150 + [257], {(k, m): 256}),
        ),
        edge("line ends at the end", ([k, m, 10, 10], {(k, m): 256})),
        edge(
            "an id that comes before those of the merges", ([k, 256, m], {(k, m): 300})
        ),
        edge(
            "large ids that leave gaps",
            ([new + 9, c, new], {(a, b): new, (new, c): new + 9}),
        ),
        edge("a single id, and a merge of the byte 255", ([k], {(255, k): 256})),
        edge(
            "merges of merges, more than a hundred deep", ([385], staircase(rng, 130))
        ),
        edge(
            "merges of merges, listed from the last to the first",
            ([385], turned(staircase(rng, 130))),
        ),
        edge(
            "the character that often stands for bytes that no one can read",
            ([k, *utf8("\ufffd"), m, 256], {(k, m): 256}),
        ),
        *_no_tokens(k, m, between(rng, 300, 4999)),
        *(
            edge(f"bytes that are not UTF-8, because {why}", (some_, {(k, m): 256}))
            for why, some_ in (
                ("no character begins so", [second, k]),
                ("a letter is written too long", [k, 0xC0, 0x80 + k % 64]),
                ("they are beyond the last character", [0xF4, 0x90, 0x80, 0x80]),
                ("no byte of a text is so large", [k, 0xFF, m]),
            )
        ),
        edge("merges in no order", ([258, k, 256], in_no_order(rng))),
        edge("a single byte that is no letter", ([between(rng, 128, 255)], {})),
        *rarities(rng, lambda text: (utf8(text), {(k, m): 256})),
        *twins(
            oracle,
            lambda: ([256, 257, 258, 259], four_merges(rng)[1]),
            "the ids",
            "the merges",
        ),
    ]


def _no_tokens(k: int, m: int, far: int) -> list[Case]:
    """Ids that are taken for another where bits are lost, or one counts from behind."""
    merges = {(k, m): 256}
    return [
        edge(
            "an id just below zero, at the beginning",
            ([-1, k], {(k, m): 256, (m, k): 257}),
        ),
        edge("an id below zero that is the number of bytes", ([k, -256, m], {})),
        edge("an id below zero that is the number of tokens", ([k, m, -257], merges)),
        edge("an id far below zero, alone", ([-far], merges)),
        edge("an id that lies between minus 256 and minus 3", ([k, k - 256], merges)),
        edge("an id of more bits than a byte has, without merges", ([256 + k], {})),
        edge("an id that is a letter in 16 bits", ([m, 2**16 + k], merges)),
        edge("an id that is a letter in 32 bits", ([2**32 + k, m], merges)),
        edge("an id that is a letter in 32 bits, below zero", ([k - 2**32], merges)),
        edge("a single id, which does not exist", ([257], merges)),
        edge("an id just below zero, and the byte 0", ([-1, 0], merges)),
    ]


def _told(ids: list[int], data: dict[int, bytes], i: int) -> bytes:
    raise ValueError(f"no token {i}")


def decoding(
    ids: list[int],
    merges: Merges,
    unknown: Callable[[list[int], dict[int, bytes], int], bytes] = _told,
    read: Callable[[list[bytes]], Any] = lambda pieces: b"".join(pieces).decode(),
    **screws: Any,
) -> Any:
    """Decoding with screws: what is done with an `unknown` id, and how the pieces of
    bytes are `read`; `screws` are those of `written_out`."""
    data = written_out(merges, **screws)
    return read([data[i] if i in data else unknown(ids, data, i) for i in ids])


def _often(name: str, hint: str, **screws: Any) -> Mistake:
    return Mistake(name, hint, partial(decoding, **screws))


def _read(name: str, hint: str, how: Callable[[bytes], Any]) -> Mistake:
    return _often(name, hint, read=lambda pieces: how(b"".join(pieces)))


def _broken(name: str, done: str, errors: str) -> Mistake:
    return _read(
        f"broken bytes {name}",
        f"{done}, and no one is told. Here that is an error: decode strictly, so that a "
        "ValueError says what is wrong.",
        partial(bytes.decode, errors=errors),
    )


def _alone(errors: str) -> Callable[[list[bytes]], str]:
    """Each token decoded by itself."""
    return lambda pieces: "".join(piece.decode(errors=errors) for piece in pieces)


def _unknown(name: str, hint: str, unknown: Callable[..., bytes]) -> Mistake:
    return _often(
        name, f"{hint} Raise a ValueError that names the id.", unknown=unknown
    )


def _known_up_to(more: int) -> Callable[..., bytes]:
    """As if all ids up to the number of tokens, and `more`, were there, and empty."""
    return lambda ids, data, i: (
        b"" if 0 <= i < len(data) + more else _told(ids, data, i)
    )


def _largest(ids: list[int], data: dict[int, bytes], i: int) -> bytes:
    return b"" if 0 <= i <= max(data) else _told(ids, data, i)


def _from_a_list(ids: list[int], data: dict[int, bytes], i: int) -> bytes:
    """A list in place of the dictionary, which counts from the end, too."""
    in_turn = list(data.values())
    return in_turn[i] if -len(in_turn) <= i < 0 else _told(ids, data, i)


def _nothing_for_unknown(ids, merges):
    return decoding(ids, merges) if {*ids} <= {*written_out(merges)} else None


def _undone_once(ids, merges):
    pairs = {new_id: pair for pair, new_id in merges.items()}
    data = [b for i in ids for b in pairs.get(i, (i,))]
    return bytes(data).decode()  # bytes() refuses what is still above 255


MISTAKES = (
    zeros_for_a_byte(partial(decoding, one=bytes), "Your text is"),
    Mistake(
        "the left half only",
        "Of each merge only the left half comes out. A merged token is the bytes of its "
        "left half, followed by those of its right half.",
        partial(decoding, join=lambda left, right: left),
    ),
    Mistake(
        "the right half only",
        "Of each merge only the right half comes out. The bytes of its left half stand "
        "before it: put the two together.",
        partial(decoding, join=lambda left, right: right),
    ),
    Mistake(
        "each token decoded by itself",
        "You turn each token into text by itself. A token may hold only a part of a "
        "character, and a part of a character is not text: put all bytes together first, "
        "then decode them once.",
        partial(decoding, read=_alone("strict")),
    ),
    Mistake(
        "each token decoded by itself, errors replaced",
        "There are � in your text. A character was spread over two tokens, and you "
        "decoded each by itself: put all bytes together first, then decode them once.",
        partial(decoding, read=_alone("replace")),
    ),
    Mistake(
        "each token decoded by itself, errors ignored",
        "Characters are missing that were spread over two tokens. You decoded each "
        "token by itself and left out what was not whole: put all bytes together first, "
        "then decode them once.",
        partial(decoding, read=_alone("ignore")),
    ),
    _broken("replaced", "Bytes that are not UTF-8 become �", "replace"),
    _broken("ignored", "Bytes that are not UTF-8 vanish", "ignore"),
    _broken(
        "written out",
        "Bytes that are not UTF-8 are written with a backslash",
        "backslashreplace",
    ),
    _broken(
        "let through",
        "In place of bytes that are not UTF-8 your text has code points that stand for no "
        "character",
        "surrogateescape",
    ),
    _broken(
        "of UTF-16 let through",
        "Half of a pair of UTF-16, which is no character by itself, is let through",
        "surrogatepass",
    ),
    _unknown(
        "a KeyError for an unknown id",
        "An id that does not exist ends in a KeyError from inside your dictionary. Say "
        "it in your own words: check the id first.",
        lambda ids, data, i: stop(KeyError),
    ),
    _unknown(
        "an IndexError for an unknown id",
        "An id that does not exist ends in an IndexError from inside your list. Say it "
        "in your own words: check the id first.",
        lambda ids, data, i: stop(IndexError),
    ),
    an_assert(
        partial(decoding, unknown=lambda ids, data, i: stop(AssertionError)),
        "An id that does not exist",
    ),
    _unknown(
        "unknown ids skipped",
        "Ids that do not exist are left out without a word, and the text comes out "
        "shorter than it should.",
        lambda ids, data, i: b"",
    ),
    _unknown(
        "unknown ids replaced",
        "Ids that do not exist become �, without a word.",
        lambda ids, data, i: "�".encode(),
    ),
    Mistake(
        "nothing for an unknown id",
        "Where an id does not exist, your function gives back nothing. A message on the "
        "screen stops no program: raise a ValueError that names the id.",
        _nothing_for_unknown,
    ),
    _unknown(
        "one id too many is known",
        "The first id that does not exist is let through. With n tokens the last id is "
        "at most n − 1: is it `<=` where `<` should be? Better ask whether the id is in "
        "your table.",
        _known_up_to(1),
    ),
    _unknown(
        "ids in a gap are skipped",
        "An id below the largest one is let through, though no token has it. Ids may "
        "leave gaps: ask whether the id is in your table.",
        _largest,
    ),
    _unknown(
        "ids below zero counted from the end",
        "An id below zero is accepted: in a list, Python counts it from the end. There "
        "is no such token.",
        _from_a_list,
    ),
    *(
        _read(
            f"bytes read as {name}",
            "You read every byte as a character of its own, which is right for English "
            "only. 果 is three bytes that make one character together: decode as UTF-8.",
            partial(bytes.decode, encoding=encoding),
        )
        for name, encoding in (("characters", "latin-1"), ("ASCII", "ascii"))
    ),
    *(
        _read(
            f"white space {where} is lost",
            "The text has lost white space at its ends. Every space that was encoded has "
            "to come back: do not strip what you have decoded.",
            lambda data, strip=strip: strip(data.decode()),
        )
        for where, strip in (
            ("at the ends", str.strip),
            ("at the end", str.rstrip),
            ("at the beginning", str.lstrip),
            ("between words", lambda text: " ".join(text.split())),
        )
    ),
    _read(
        "a mark at the beginning is lost",
        "A mark that no one sees was lost at the beginning of the text. `utf-8-sig` "
        "takes it away; plain `utf-8` does not.",
        partial(bytes.decode, encoding="utf-8-sig"),
    ),
    _read(
        "line ends changed",
        "A line end came back as another. Those of Windows are two characters like any "
        "others: leave them as they are.",
        lambda data: data.decode().replace("\r\n", "\n"),
    ),
    _read(
        "bytes instead of text",
        "These are the right bytes, but not yet text: decode them.",
        bytes,
    ),
    _read(
        "`str` of the bytes",
        "`str` writes down how Python shows the bytes, with the letter b and quotes. To "
        "read them as text, decode them.",
        str,
    ),
    _often(
        "a list of texts",
        "The text comes back in parts. Put all bytes together, then decode them once.",
        read=lambda pieces: [piece.decode(errors="replace") for piece in pieces],
    ),
    _often(
        "only the first id",
        "Only the first id is decoded. Does `return` stand inside the loop? It belongs "
        "after it.",
        read=lambda pieces: b"".join(pieces[:1]).decode() if pieces else None,
    ),
    _often(
        "spaces between the tokens",
        "There are spaces in your text that no token holds. Put the bytes together with "
        "nothing between them.",
        read=lambda pieces: b" ".join(pieces).decode(),
    ),
    _often(
        "from the last id to the first",
        "The text comes out from its end to its beginning: the bytes of the first id "
        "stand first.",
        read=lambda pieces: b"".join(reversed(pieces)).decode(),
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
        partial(decoding, in_order=False),
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
        partial(decoding, join=right_half_first),
    ),
)

CHECK = Check("decode", 3, draw, oracle, MISTAKES, forbidden=LIBRARIES, worked=worked)
