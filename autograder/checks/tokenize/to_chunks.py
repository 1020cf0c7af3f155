"""to_chunks(text): the text cut by GPT-2's pattern, each chunk the list of its bytes.

The oracle is Hugging Face's pre-tokenizer, which has the pattern built in.
"""

from __future__ import annotations

import numpy as np

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between, some
from autograder.checks._slips import only_the_first
from autograder.checks.tokenize._material import (
    EMOJI,
    HANZI,
    LIBRARIES,
    chunks_of,
    code_points,
    mixed_page,
    nasty_text,
    new_word,
    one_chunk,
    split,
    utf8,
)

_ACCENTS = "éèêëàâäôöûüùïîçñøåß"


def oracle(text: str) -> list[list[int]]:
    """Hugging Face's own GPT-2 pre-tokenizer, written in Rust."""
    from tokenizers.pre_tokenizers import ByteLevel

    cut = ByteLevel(add_prefix_space=False).pre_tokenize_str(text)
    return [list(text[start:end].encode()) for _, (start, end) in cut]


def draw(rng: np.random.Generator) -> list[Case]:
    accent = str(rng.choice(list(_ACCENTS)))
    hanzi = some(rng, HANZI, 4)
    number = int(rng.integers(1000, 99999))
    spaces = " " * between(rng, 3, 6)
    return [
        Case("two short words", (f"{new_word(rng, 3)} {new_word(rng, 3)}",)),
        Case(
            "a letter with an accent, which takes two bytes",
            (f"{new_word(rng, 3)}{accent} {new_word(rng, 2)}",),
        ),
        Case(
            "Chinese characters, which take three bytes each",
            ("".join(hanzi[:2]) + " " + "".join(hanzi[2:]),),
        ),
        Case(
            "a short form, a number and a full stop",
            (f"{new_word(rng)}'s {number} {new_word(rng)}.",),
        ),
        Case(
            "runs of spaces and line ends",
            (f"{new_word(rng)}{spaces}{new_word(rng)}\n\n\t{new_word(rng)}  ",),
        ),
        Case(
            "emoji that are made of several characters",
            (f"{new_word(rng, 3)} {' '.join(some(rng, EMOJI[:5], 2))}!",),
        ),
        Case("invisible characters, and spaces at the end", (nasty_text(rng),)),
        Case("a page of prose, code and Chinese", (mixed_page(rng),)),
        edge("an empty text", ("",)),
        Case(
            "spaces and line ends at both ends",
            (f"  \n\t{new_word(rng, 2)} {new_word(rng, 2)}  \n\n",),
        ),
    ]


MISTAKES = (
    Mistake(
        "characters instead of bytes",
        "Your ids are code points, one per character, so 果 becomes the single number "
        "26524. Tokens are built from bytes: ask each chunk for its UTF-8 bytes, "
        "three of them for 果, all below 256.",
        code_points,
    ),
    Mistake(
        "the text is not cut",
        "All bytes are there, in one long chunk. Cut the text first with the `split` "
        "that is given above, then turn each chunk into a list of its own.",
        one_chunk,
    ),
    Mistake(
        "cut at white space, which is lost",
        "The spaces are gone, so the text could never be put together again. Python's "
        "`str.split` throws away what it cuts at; the `split` given above keeps every "
        "character, and puts a space at the start of the word that follows it.",
        lambda text: [utf8(word) for word in text.split()],
    ),
    Mistake(
        "one flat list",
        "These are the right bytes in one flat list. The borders between chunks must "
        "survive, because no merge may cross them: return a list of lists.",
        lambda text: [b for ids in chunks_of(text) for b in ids],
    ),
    Mistake(
        "bytes objects instead of lists",
        "Each chunk holds the right bytes, but it is not a list. A `bytes` object "
        "cannot hold an id above 255, which merging will need. Make each chunk a list.",
        lambda text: [chunk.encode() for chunk in split(text)],
    ),
    Mistake(
        "lists of single bytes objects",
        "Your chunks hold little `bytes` objects, as the chapter's pieces do. Here a "
        "piece is its id, a number from 0 to 255.",
        lambda text: [[bytes([b]) for b in ids] for ids in chunks_of(text)],
    ),
    Mistake(
        "Latin-1 instead of UTF-8",
        "Letters with accents are one byte each, and for Chinese there is an error. Is "
        "another encoding than UTF-8 at work, Latin-1 for instance?",
        lambda text: [list(chunk.encode("latin-1")) for chunk in split(text)],
    ),
    Mistake(
        "text instead of numbers",
        "Your chunks are still text. A model computes with numbers: each chunk becomes "
        "the list of its UTF-8 bytes.",
        split,
    ),
    Mistake(
        "every character a chunk",
        "You made a chunk of each character. A chunk is what `split` gives: a word "
        "with the space before it, a number, or a run of other characters. Loop over "
        "`split(text)`, not over `text`.",
        lambda text: [utf8(character) for character in text],
    ),
    Mistake(
        "characters that are not ASCII are lost",
        "Everything beyond plain English letters has disappeared. ASCII knows 128 "
        "characters; UTF-8 has bytes for all of them.",
        lambda text: [list(c.encode("ascii", "ignore")) for c in split(text)],
    ),
    only_the_first(
        lambda text: chunks_of(text)[:1], "chunk", "It belongs after the loop."
    ),
    Mistake(
        "only the first chunk, without its list",
        "Only the bytes of the first chunk come back. `return` ends the function at the "
        "first round of a loop: collect the chunks in a list, and give that back after "
        "the loop.",
        lambda text: chunks_of(text)[0],
    ),
)

CHECK = Check("to_chunks", 1, draw, oracle, MISTAKES, forbidden=LIBRARIES)
