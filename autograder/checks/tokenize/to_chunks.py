"""to_chunks(text): the text cut by GPT-2's pattern, each chunk the list of its bytes.

The oracle is Hugging Face's pre-tokenizer, which has the pattern built in.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between, some
from autograder.checks._slips import only_the_first, only_the_last
from autograder.checks._twins import twins
from autograder.checks.tokenize._material import (
    EMOJI,
    HANZI,
    LIBRARIES,
    PATTERN,
    borders,
    mixed_page,
    nasty_text,
    new_word,
    ords,
    rarities,
    split,
    utf8,
)

_ACCENTS = "éèêëàâäôöûüùïîçñøåß"


def oracle(text: str) -> list[list[int]]:
    """Hugging Face's own GPT-2 pre-tokenizer, written in Rust."""
    from tokenizers.pre_tokenizers import ByteLevel

    cut = ByteLevel(add_prefix_space=False).pre_tokenize_str(text)
    return [list(text[start:end].encode()) for _, (start, end) in cut]


def worked(text: str) -> dict[str, Any]:
    """The first chunks, and their bytes."""
    return {repr(bytes(ids).decode()): ids for ids in oracle(text)[:4]}


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
        edge(
            "many chunks, the last of them long",
            (" ".join(new_word(rng, 2) for _ in range(1100)) + new_word(rng, 600),),
        ),
        edge("a text of one character", (str(rng.choice(list(_ACCENTS))),)),
        Case(
            "spaces and line ends at both ends",
            (f"  \n\t{new_word(rng, 2)} {new_word(rng, 2)}  \n\n",),
        ),
        edge(
            "a text that begins with an ending",
            (f"'{some(rng, ('s', 'll', 've', 're'), 1)[0]} {new_word(rng, 3)}",),
        ),
        edge("every kind of border between chunks", borders(rng)[:1]),
        *rarities(rng, lambda text: (text,)),
        *twins(oracle, lambda: (f"{new_word(rng, 3)} {new_word(rng, 3)}",), "the text"),
    ]


def chunked(
    text: str,
    cut: Callable[[str], list[str]] = split,
    spell: Callable[[str], Any] = utf8,
    gather: Callable[[list], Any] = list,
) -> Any:
    """The step with screws: `cut` the text, `spell` each chunk, `gather` them all."""
    return gather([spell(chunk) for chunk in cut(text)])


def _with(name: str, hint: str, **screws: Any) -> Mistake:
    return Mistake(name, hint, partial(chunked, **screws))


def _own_pattern(name: str, pattern: str, what: str) -> Mistake:
    return _with(
        name,
        f"Your own way to cut {what}. Use the `split` that is given above: a chunk is a "
        "word with the space before it, a number, or a run of other characters, and no "
        "character is lost.",
        cut=partial(re.findall, pattern),
    )


def _between_the_chunks(text: str) -> list[str]:
    import regex

    return regex.split(PATTERN, text)


def _space_before(text: str) -> list[str]:
    first, *rest = text.split(" ")
    return [first, *(" " + word for word in rest)]


def _line_by_line(text: str) -> list[str]:
    return [chunk for line in text.splitlines(keepends=True) for chunk in split(line)]


_LOST = "loses what stands between the words"
_KEPT = "does not keep a space with the word after it"

MISTAKES = (
    _with(
        "characters instead of bytes",
        "Your ids are code points, one per character, so 果 becomes the single number "
        "26524. Tokens are built from bytes: ask each chunk for its UTF-8 bytes, "
        "three of them for 果, all below 256.",
        spell=ords,
    ),
    _with(
        "code points cut to a byte",
        "You take the code point of each character and cut it to fit into a byte, so "
        "different characters become one. Ask each chunk for its UTF-8 bytes.",
        spell=lambda chunk: [ord(c) % 256 for c in chunk],
    ),
    _with(
        "the pattern given to `re`",
        "`re` does not know `\\p{L}`, which stands for a letter of any script. The module "
        "`regex` does, and the `split` that is given above uses it.",
        cut=partial(re.findall, PATTERN),
    ),
    _with(
        "cut at the chunks",
        "Your chunks are empty. `regex.split` cuts at what fits the pattern and gives what "
        "is left between, and here nothing is. The `split` that is given above gives what "
        "fits.",
        cut=_between_the_chunks,
    ),
    *(
        _with(
            f"`split` of {library}",
            "`split` is no longer the one that is given: an import, or a cell of yours, has "
            "put another in its place. Take that out, and run the cell under *What is "
            "given* again.",
            cut=cut,
        )
        for library, cut in (("`re`", re.split), ("`os.path`", os.path.split))
    ),
    _with(
        "the text is not cut",
        "All bytes are there, in one long chunk. Cut the text first with the `split` "
        "that is given above, then turn each chunk into a list of its own.",
        cut=lambda text: [text],
    ),
    _with(
        "cut at white space, which is lost",
        "The spaces are gone, so the text could never be put together again. Python's "
        "`str.split` throws away what it cuts at; the `split` given above keeps every "
        "character, and puts a space at the start of the word that follows it.",
        cut=str.split,
    ),
    _with(
        "cut at single spaces, which are lost",
        "The spaces are gone, and a full stop stays with its word. Python's `str.split` "
        "throws away what it cuts at; the `split` given above keeps every character.",
        cut=lambda text: text.split(" "),
    ),
    _with(
        "cut at single spaces only",
        "You cut at spaces only, so that full stops, line ends and numbers stay with the "
        "word before them. The `split` given above knows more kinds of chunks.",
        cut=_space_before,
    ),
    _with(
        "cut into lines",
        "Your chunks are lines. Use the `split` given above: a chunk is a word with the "
        "space before it, a number, or a run of other characters.",
        cut=lambda text: text.splitlines(keepends=True),
    ),
    _with(
        "cut into lines first",
        "You cut into lines before you cut into chunks, and a run of white space that "
        "goes over a line end comes apart. Hand the whole text to `split`.",
        cut=_line_by_line,
    ),
    _own_pattern(
        "words, marks and white space",
        r" ?\w+| ?[^\s\w]+|\s+(?!\S)|\s+",
        "keeps digits and short forms with their words",
    ),
    _own_pattern("only what is in words", r"\w+", _LOST),
    _own_pattern("words and what is between", r"\w+|\W+", _KEPT),
    _own_pattern("words and single characters", r"\w+|\W", _KEPT),
    _own_pattern("words and marks", r"\w+|[^\w\s]", _LOST),
    _own_pattern("words and runs of marks", r"\w+|[^\w\s]+", _LOST),
    _own_pattern("runs without a space", r"\S+|\s+", _KEPT),
    _own_pattern("a space with what follows", r" ?\w+|[^\w]+", "takes marks for words"),
    _own_pattern("words with a space before", r" ?\S+", "loses line ends and spaces"),
    _own_pattern("words with a space after", r"\S+\s*", _KEPT),
    _own_pattern("words with spaces before", r"\s*\S+", "takes all spaces at once"),
    _with(
        "chunks of white space are dropped",
        "Chunks that hold nothing but white space are gone. They belong to the text, "
        "too: take all chunks that `split` gives.",
        cut=lambda text: [chunk for chunk in split(text) if chunk.strip()],
    ),
    _with(
        "white space is taken off the chunks",
        "The white space at the ends of your chunks is gone. The space before a word is "
        "a part of its chunk: do not strip.",
        spell=lambda chunk: utf8(chunk.strip()),
    ),
    _with(
        "one flat list",
        "These are the right bytes in one flat list. The borders between chunks must "
        "survive, because no merge may cross them: return a list of lists.",
        gather=lambda chunks: [b for ids in chunks for b in ids],
    ),
    _with(
        "bytes objects instead of lists",
        "Each chunk holds the right bytes, but it is not a list. A `bytes` object "
        "cannot hold an id above 255, which merging will need. Make each chunk a list.",
        spell=str.encode,
    ),
    _with(
        "lists of single bytes objects",
        "Your chunks hold little `bytes` objects, as the chapter's pieces do. Here a "
        "piece is its id, a number from 0 to 255.",
        spell=lambda chunk: [bytes([b]) for b in utf8(chunk)],
    ),
    _with(
        "lists of characters",
        "Your chunks hold characters. A model computes with numbers: ask each chunk for "
        "its UTF-8 bytes, and make a list of them.",
        spell=list,
    ),
    _with(
        "hexadecimal digits",
        "Your chunks hold text in hexadecimal digits. Here a byte is a number from 0 to "
        "255: a list of the bytes themselves has these.",
        spell=lambda chunk: [f"{b:02x}" for b in utf8(chunk)],
    ),
    _with(
        "Latin-1 instead of UTF-8",
        "Letters with accents are one byte each, and for Chinese there is an error. Is "
        "another encoding than UTF-8 at work, Latin-1 for instance?",
        spell=lambda chunk: list(chunk.encode("latin-1")),
    ),
    _with(
        "ASCII instead of UTF-8",
        "For everything beyond plain English letters there is an error. ASCII knows 128 "
        "characters; UTF-8 has bytes for all of them.",
        spell=lambda chunk: list(chunk.encode("ascii")),
    ),
    *(
        _with(
            f"{name} instead of UTF-8",
            f"Your bytes are those of {name}, in which even an English letter takes "
            "several. Ask each chunk for its UTF-8 bytes.",
            spell=lambda chunk, name=name: list(chunk.encode(name)),
        )
        for name in ("UTF-16", "UTF-16-LE", "UTF-32")
    ),
    _with(
        "a mark before each chunk",
        "Each chunk begins with three bytes that are not in the text. `utf-8-sig` puts "
        "them there; plain `utf-8` does not.",
        spell=lambda chunk: list(chunk.encode("utf-8-sig")),
    ),
    _with(
        "text instead of numbers",
        "Your chunks are still text. A model computes with numbers: each chunk becomes "
        "the list of its UTF-8 bytes.",
        spell=str,
    ),
    _with(
        "every character a chunk",
        "You made a chunk of each character. A chunk is what `split` gives: a word "
        "with the space before it, a number, or a run of other characters. Loop over "
        "`split(text)`, not over `text`.",
        cut=list,
    ),
    *(
        _with(
            f"characters that are not ASCII are {how}",
            f"Everything beyond plain English letters has {seen}. ASCII knows 128 "
            "characters; UTF-8 has bytes for all of them.",
            spell=lambda chunk, errors=errors: list(chunk.encode("ascii", errors)),
        )
        for how, errors, seen in (
            ("lost", "ignore", "disappeared"),
            ("replaced", "replace", "become a question mark"),
        )
    ),
    only_the_first(
        partial(chunked, gather=lambda chunks: chunks[:1]),
        "chunk",
        "It belongs after the loop.",
    ),
    _with(
        "only the first chunk, without its list",
        "Only the bytes of the first chunk come back. `return` ends the function at the "
        "first round of a loop: collect the chunks in a list, and give that back after "
        "the loop.",
        gather=lambda chunks: chunks[0] if chunks else None,
    ),
    only_the_last(partial(chunked, gather=lambda chunks: chunks[-1:]), "chunk"),
    _with(
        "only the last chunk, without its list",
        "Only the bytes of the last chunk come back: each round of the loop overwrites "
        "the one before. Collect the chunks in a list, and give that back.",
        gather=lambda chunks: chunks[-1] if chunks else [],
    ),
    _with(
        "each chunk once",
        "A chunk that stands twice in the text comes back once. Keep every one, in the "
        "order of the text: how often they come is what training will count.",
        gather=lambda chunks: [list(c) for c in dict.fromkeys(map(tuple, chunks))],
    ),
)

CHECK = Check(
    "to_chunks", 1, draw, oracle, MISTAKES, forbidden=LIBRARIES, worked=worked
)
