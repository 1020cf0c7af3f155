"""round_trip(text, merges): the text there and back, its bytes, and its tokens.

The oracle is tiktoken. Each case holds what a tokenizer may lose: white space, accents
that are characters of their own, invisible characters.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import some
from autograder.checks._twins import twins
from autograder.checks.tokenize._material import (
    EMOJI,
    HANZI,
    LIBRARIES,
    Merges,
    encoded,
    far_apart,
    four_merges,
    joined,
    mixed_page,
    nasty_text,
    new_word,
    rarities,
    split,
    token_by_token,
    utf8,
    written_out,
)
from autograder.checks.tokenize.encode import encoding
from autograder.checks.tokenize.train import learned

_DECOMPOSED = ("e\u0301", "a\u0308", "n\u0303", "o\u0302", "c\u0327", "u\u030b")
_SCRIPTS = "αβγδжщэюяאבגדصضطظकखगघกขคง한글조선あいうカキク∑∫√∞≤½²③𝔸𝕏𐍈𐎀𒀀♞♜"


def oracle(text: str, merges: Merges) -> tuple[str, int, int]:
    tokenizer = encoding(merges)
    ids = tokenizer.encode_ordinary(text)
    back = tokenizer.decode(ids, errors="strict")
    return back, len(text.encode()), len(ids)


def draw(rng: np.random.Generator) -> list[Case]:
    word, other = new_word(rng, 3), new_word(rng, 3)
    hanzi = "".join(some(rng, HANZI, 4))
    spaces = f" {new_word(rng)}  {new_word(rng)}\r\n\t{new_word(rng)} \n "
    mark = some(rng, _DECOMPOSED, 3)
    accents = f"{new_word(rng, 3)} {mark[0]}{new_word(rng, 3)}{mark[1]} {mark[2]}"
    emoji = f"{new_word(rng, 3)} {' '.join(some(rng, EMOJI, 4))}"
    scripts, nasty = "".join(some(rng, _SCRIPTS, 14)), nasty_text(rng)
    page, merges = mixed_page(rng), learned(f"{word} {word}{other}", 2)
    return [
        Case("a word that occurs twice", (f"{word} {word}{other}", learned(word, 2))),
        Case(
            "Chinese, which has more bytes than characters", (hanzi, learned(hanzi, 6))
        ),
        Case("spaces and line ends of every kind", (spaces, learned(spaces, 5))),
        Case(
            "accents written as characters of their own", (accents, learned(accents, 4))
        ),
        Case("emoji made of several characters", (emoji, learned(emoji, 6))),
        Case("characters of many scripts", (scripts, learned(scripts, 8))),
        Case("invisible characters, and spaces at the end", (nasty, learned(nasty, 9))),
        Case("a page of everything", (mixed_page(rng), learned(mixed_page(rng), 40))),
        edge("a page with many merges of its own", (page, learned(page, 140))),
        Case(
            "many spaces and line ends at both ends",
            (f"\n\n      {word} {other}         \n\n", learned(word, 2)),
        ),
        edge(
            "the text of the first case, without merges", (f"{word} {word}{other}", {})
        ),
        edge("an empty text", ("", learned(word, 2))),
        edge(
            "the character that often stands for bytes that no one can read",
            (f"{word} \ufffd{other}", learned(word, 2)),
        ),
        edge("no merges", (f"{word} {other}", {})),
        edge("large ids that leave gaps", (f"{word} {word}{other}", far_apart(merges))),
        edge("one character, and one merge", (hanzi[0], learned(hanzi[0], 1))),
        *rarities(rng, lambda text: (text, learned(word, 2))),
        *twins(oracle, lambda: four_merges(rng), "the text", "the merges"),
    ]


def trip(
    text: str,
    merges: Merges,
    change: Callable[[str], str] = str,
    parts: Callable[[str], list[str]] = lambda text: [text],
    read: Callable[[list[int], dict[int, bytes]], Any] = lambda ids, data: joined(
        ids, data
    ).decode(),
    weigh: Callable[[str], Any] = lambda text: len(utf8(text)),
    tokens: Callable[[list[int], str], Any] = lambda ids, text: len(ids),
    give: Callable[..., Any] = lambda back, n_bytes, n_tokens: (
        back,
        n_bytes,
        n_tokens,
    ),
) -> Any:
    """The trip with screws.

    `change` the text, encode its `parts`, `read` the ids again; `weigh` the text and
    count its `tokens`; `give` the three.
    """
    ids = [i for part in parts(change(text)) for i in encoded(part, merges)]
    back = read(ids, written_out(merges))
    return give(back, weigh(text), tokens(ids, text))


def _with(name: str, hint: str, **screws: Any) -> Mistake:
    return Mistake(name, hint, partial(trip, **screws))


_ALL_BACK = (
    "A tokenizer must give back every space and every line end: do not strip or tidy "
    "what you are given."
)

MISTAKES = (
    _with(
        "characters instead of bytes",
        "You count the characters of the text, but its bytes are wanted. `len` of a "
        "text counts characters, and 果 alone is three bytes.",
        weigh=len,
    ),
    _with(
        "words instead of bytes",
        "The first number counts words or chunks, but the bytes of the text are wanted.",
        weigh=lambda text: len(split(text)),
    ),
    _with(
        "the bytes instead of their number",
        "The second part should be a number, how many bytes there are, but you gave the "
        "bytes themselves.",
        weigh=str.encode,
    ),
    _with(
        "the bytes added up",
        "You add up the values of the bytes. How many are there? `len` counts them.",
        weigh=lambda text: sum(utf8(text)),
    ),
    _with(
        "hexadecimal digits instead of bytes",
        "You count the digits of the bytes in hexadecimal, two for each. Count the bytes.",
        weigh=lambda text: 2 * len(utf8(text)),
    ),
    *(
        _with(
            f"the bytes of {name}",
            f"You count the bytes of the text in {name}. Tokens are built from UTF-8.",
            weigh=lambda text, name=name: len(text.encode(name)),
        )
        for name in ("UTF-16", "UTF-32")
    ),
    *(
        _with(
            f"white space {where}",
            f"The text that comes back has lost white space. {_ALL_BACK}",
            change=change,
        )
        for where, change in (
            ("tidied up", lambda text: " ".join(text.split())),
            ("at the ends lost", str.strip),
            ("at the end lost", str.rstrip),
            ("at the beginning lost", str.lstrip),
        )
    ),
    _with(
        "line ends at the end lost",
        f"The text that comes back has lost its last line ends. {_ALL_BACK}",
        change=lambda text: text.rstrip("\n"),
    ),
    _with(
        "in small letters",
        "The text comes back in small letters. A tokenizer must give back every "
        "character as it was.",
        change=str.lower,
    ),
    _with(
        "line ends changed",
        "A line end came back as another. Windows' two characters for it are two bytes "
        "like any others: leave them as they are.",
        change=lambda text: text.replace("\r\n", "\n"),
    ),
    *(
        _with(
            f"accents composed ({form})",
            "An accent that was a character of its own came back joined to its letter. "
            "It looks the same but is a different text, so do not normalize what you are "
            "given.",
            change=partial(unicodedata.normalize, form),
        )
        for form in ("NFC", "NFKC")
    ),
    _with(
        "three bytes too many",
        "You count three bytes too many: the encoding with `sig` in its name puts a mark "
        "before the text. Plain UTF-8 has none.",
        weigh=lambda text: len(text.encode("utf-8-sig")),
    ),
    _with(
        "line by line",
        "You encode each line by itself, and so a chunk that goes over a line end comes "
        "apart. Hand the whole text to `encode`.",
        parts=lambda text: text.splitlines(keepends=True),
    ),
    _with(
        "character by character",
        "You encode each character by itself, so two of them are never merged. Hand the "
        "whole text to `encode`.",
        parts=list,
    ),
    *(
        _with(
            f"each token decoded by itself, errors {name}",
            f"{seen} in the text that comes back, because each token was decoded by "
            "itself, and a single token may be only a part of a character. Is that done "
            "here, or in the `decode` that you call? All ids belong in one call of it.",
            read=partial(token_by_token, errors=errors),
        )
        for name, errors, seen in (
            ("replaced", "replace", "There are �"),
            ("ignored", "ignore", "Something is missing"),
        )
    ),
    Mistake(
        "each token decoded by itself",
        "There is an error where a single token is only a part of a character. You "
        "decode each token by itself: all ids belong in one call of `decode`.",
        partial(trip, read=partial(token_by_token, errors="strict")),
    ),
    _with(
        "the ids instead of the text",
        "The first part should be the text that comes back, but you gave the ids. They "
        "have to be decoded.",
        read=lambda ids, data: ids,
    ),
    _with(
        "the bytes instead of the text",
        "The first part should be the text that comes back, but you gave its bytes.",
        read=joined,
    ),
    _with(
        "bytes and tokens exchanged",
        "The two numbers are exchanged: first the bytes that the text had, then the "
        "tokens that it has become.",
        give=lambda back, n_bytes, n_tokens: (back, n_tokens, n_bytes),
    ),
    _with(
        "the text comes last",
        "The text stands at the end. It comes first, then the bytes, then the tokens.",
        give=lambda back, n_bytes, n_tokens: (n_bytes, n_tokens, back),
    ),
    _with(
        "the tokens are forgotten",
        "Only two things come back. After the text and its bytes, the number of tokens "
        "is wanted, too.",
        give=lambda back, n_bytes, n_tokens: (back, n_bytes),
    ),
    _with(
        "something is added",
        "Something stands behind the three. Only the text, the bytes and the tokens are "
        "wanted.",
        give=lambda back, n_bytes, n_tokens: (
            *(back, n_bytes, n_tokens),
            n_bytes / max(1, n_tokens),
        ),
    ),
    _with(
        "only the text",
        "Only the text comes back. The number of its bytes and that of its tokens are "
        "wanted, too.",
        give=lambda back, n_bytes, n_tokens: back,
    ),
    _with(
        "whether it is the same",
        "The first part should be the text that comes back, not whether it is the same.",
        give=lambda back, n_bytes, n_tokens: (True, n_bytes, n_tokens),
    ),
    _with(
        "bytes for each token",
        "The last number is how many bytes a token has. Give the number of tokens.",
        tokens=lambda ids, text: len(utf8(text)) / max(1, len(ids)),
    ),
    *(
        _with(
            f"a number with a point for the {which}",
            "The numbers are right, but one has a point. Give back whole numbers, as "
            "`len` gives them.",
            give=give,
        )
        for which, give in (
            ("bytes", lambda back, a, b: (back, float(a), b)),
            ("tokens", lambda back, a, b: (back, a, float(b))),
        )
    ),
    _with(
        "chunks instead of tokens",
        "The last number counts the chunks. A chunk may become several tokens: count "
        "the ids that `encode` gives.",
        tokens=lambda ids, text: len(split(text)),
    ),
    _with(
        "characters instead of tokens",
        "The last number counts the characters of the text. Count the ids that `encode` "
        "gives.",
        tokens=lambda ids, text: len(text),
    ),
    _with(
        "the bytes once more",
        "The last number is that of the bytes once more. Count the ids that `encode` "
        "gives. If you do: are they made with the `merges` that you are given, or with a "
        "table from another cell?",
        tokens=lambda ids, text: len(utf8(text)),
    ),
    _with(
        "each token once",
        "The last number counts a token that comes again only once. Count all ids.",
        tokens=lambda ids, text: len({*ids}),
    ),
    _with(
        "the ids instead of their number",
        "The third part should be a number, how many tokens there are, but you gave "
        "the tokens themselves.",
        tokens=lambda ids, text: ids,
    ),
)

CHECK = Check(
    "round_trip",
    1,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES,
    after=("to_chunks", "count_pairs", "merge", "encode", "decode"),
)
