"""round_trip(text, merges): the text there and back, its bytes, and its tokens.

The oracle is tiktoken. Each case holds what a tokenizer may lose: white space, accents
that are characters of their own, invisible characters.
"""

from __future__ import annotations

import unicodedata
from functools import partial

import numpy as np

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import some
from autograder.checks.tokenize._material import (
    EMOJI,
    HANZI,
    LIBRARIES,
    Merges,
    encoded,
    joined,
    mixed_page,
    nasty_text,
    new_word,
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
        Case(
            "many spaces and line ends at both ends",
            (f"\n\n      {word} {other}         \n\n", learned(word, 2)),
        ),
        edge("an empty text", ("", learned(word, 2))),
        edge("no merges", (f"{word} {other}", {})),
    ]


def _trip(
    change=lambda text: text,
    weigh=utf8,
    read=lambda ids, data: joined(ids, data).decode(),
):
    """The trip with screws: `change` the text, `read` the ids, and `weigh` the text."""

    def answer(text, merges):
        ids = encoded(change(text), merges)
        return read(ids, written_out(merges)), len(weigh(text)), len(ids)

    return answer


def _exchanged(text, merges):
    back, n_bytes, n_tokens = _trip()(text, merges)
    return back, n_tokens, n_bytes


MISTAKES = (
    Mistake(
        "characters instead of bytes",
        "You count the characters of the text, but its bytes are wanted. `len` of a "
        "text counts characters, and 果 alone is three bytes.",
        _trip(weigh=str),
    ),
    Mistake(
        "white space tidied up",
        "The text that comes back has lost white space. A tokenizer must give back every "
        "space and every line end: do not strip or tidy what you are given.",
        _trip(change=lambda text: " ".join(text.split())),
    ),
    Mistake(
        "line ends changed",
        "A line end came back as another. Windows' two characters for it are two bytes "
        "like any others: leave them as they are.",
        _trip(change=lambda text: text.replace("\r\n", "\n")),
    ),
    Mistake(
        "accents composed",
        "An accent that was a character of its own came back joined to its letter. It "
        "looks the same but is a different text, so do not normalize what you are "
        "given.",
        _trip(change=lambda text: unicodedata.normalize("NFC", text)),
    ),
    Mistake(
        "each token decoded by itself",
        "There are � in the text that comes back, because each token was decoded by "
        "itself, and a single token may be only a part of a character. Is that done "
        "here, or in the `decode` that you call? All ids belong in one call of it.",
        _trip(read=partial(token_by_token, errors="replace")),
    ),
    Mistake(
        "bytes and tokens exchanged",
        "The two numbers are exchanged: first the bytes that the text had, then the "
        "tokens that it has become.",
        _exchanged,
    ),
    Mistake(
        "chunks instead of tokens",
        "The last number counts the chunks. A chunk may become several tokens: count "
        "the ids that `encode` gives.",
        lambda text, merges: (text, len(text.encode()), len(split(text))),
    ),
    Mistake(
        "the ids instead of their number",
        "The third part should be a number, how many tokens there are, but you gave "
        "the tokens themselves.",
        lambda text, merges: (text, len(text.encode()), encoded(text, merges)),
    ),
)

CHECK = Check(
    "round_trip",
    1,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES,
    after=("encode", "decode"),
)
