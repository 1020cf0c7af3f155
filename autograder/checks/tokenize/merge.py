"""The checks of the exercise "tokenize": from the bytes of a text to tiktoken's ranks.

The student's functions work on lists of integer ids. A text is cut into chunks by
GPT-2's pattern, byte b has id b, and `merges` maps a pair of ids to the id that
replaces it: 256 for the first that training learned, then 257, and so on. The ids tell
that order; the dictionary may list its pairs in any other.

The oracles know nothing of the course's code: NumPy counts pairs, `str.replace` merges
(an id is a private-use character), Hugging Face `tokenizers` cuts and trains, tiktoken
encodes. What a student is likely to write instead stands beside each, as its mistakes;
they share the small, deliberately plain tokenizer at the end of this file's first part.
Where an answer reads what is not there, an error of the same type stands for it.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations, pairwise

import numpy as np

from autograder.checks import Case, Check, Mistake

PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"

Pair = tuple[int, int]
Merges = dict[Pair, int]

_PRIVATE = 0xF0000  # from here on, characters have no meaning: one for each id
_LIBRARIES = ("gpt.tokenize", "tiktoken", "tokenizers", "transformers")


# ---------------------------------------------------------------------------------
# Oracles
# ---------------------------------------------------------------------------------


def _oracle_chunks(text: str) -> list[list[int]]:
    """Hugging Face's own GPT-2 pre-tokenizer, written in Rust."""
    from tokenizers.pre_tokenizers import ByteLevel

    cut = ByteLevel(add_prefix_space=False).pre_tokenize_str(text)
    return [list(text[start:end].encode()) for _, (start, end) in cut]


def _oracle_count(chunks: list[list[int]]) -> dict[Pair, int]:
    """NumPy: the rows of an (n, 2) array, made unique, with their counts."""
    rows = [np.array([c[:-1], c[1:]], np.int64).T for c in chunks if len(c) > 1]
    if not rows:
        return {}
    pairs, counts = np.unique(np.concatenate(rows), axis=0, return_counts=True)
    return {(int(a), int(b)): int(n) for (a, b), n in zip(pairs, counts, strict=True)}


def _oracle_merge(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    """`str.replace`, from the left and without overlap, on one character an id."""
    text = _private(ids).replace(_private(pair), _private([new_id]))
    return [ord(c) - _PRIVATE for c in text]


def _oracle_train(text: str, n_vocab: int) -> Merges:
    """Hugging Face's BPE trainer, on bytes dressed as letters.

    Byte b becomes the letter chr(0x100 + b), none of which is white space, so that
    chunks can be handed over as words. Its rule for ties is ours: the smaller pair.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    letters = [chr(0x100 + b) for b in range(256)]
    words = ("".join(letters[b] for b in chunk) for chunk in _oracle_chunks(text))
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.BpeTrainer(
        vocab_size=n_vocab,
        min_frequency=1,
        initial_alphabet=letters,
        show_progress=False,
    )
    tokenizer.train_from_iterator([" ".join(words)], trainer)
    ids = tokenizer.get_vocab()
    by_id = sorted(ids, key=ids.get)
    if by_id[:256] != letters:
        raise RuntimeError("the trainer did not keep the 256 bytes in order")
    model = _merges_of(tokenizer)
    if len(model) != len(by_id) - 256:
        raise RuntimeError("two merges made the same token")  # never seen
    return {(ids[a], ids[b]): ids[a + b] for a, b in model}


def _merges_of(tokenizer: object) -> list[tuple[str, str]]:
    """The merges of a Hugging Face tokenizer, which only its JSON tells."""
    return [tuple(pair) for pair in json.loads(tokenizer.to_str())["model"]["merges"]]


def _oracle_ranks(merges: Merges) -> dict[bytes, int]:
    """Every id written out by undoing the merges, the newest first, in one string."""
    newest_first = sorted(merges.items(), key=lambda item: -item[1])
    ranks = {}
    for token in [*range(256), *sorted(merges.values())]:
        text = _private([token])
        for pair, new_id in newest_first:
            text = text.replace(_private([new_id]), _private(pair))
        ranks[bytes(ord(c) - _PRIVATE for c in text)] = token
    return ranks


def _tiktoken(merges: Merges, special: dict[str, int] | None = None):
    import tiktoken
    from tiktoken_ext.openai_public import r50k_pat_str

    return tiktoken.Encoding(
        "oracle",
        pat_str=r50k_pat_str,
        mergeable_ranks=_oracle_ranks(merges),
        special_tokens=special or {},
    )


def _oracle_encode(text: str, merges: Merges) -> list[int]:
    return _tiktoken(merges).encode_ordinary(text)


def _oracle_decode(ids: list[int], merges: Merges) -> str:
    encoding = _tiktoken(merges)
    known = set(range(256)) | set(merges.values())
    for position, token in enumerate(ids):
        if token not in known:
            raise ValueError(f"no token has the id {token}, at position {position}")
    try:
        return encoding.decode(ids, errors="strict")
    except UnicodeDecodeError as error:
        raise ValueError(str(error)) from None


def _oracle_round_trip(text: str, merges: Merges) -> tuple[str, int, int]:
    encoding = _tiktoken(merges)
    ids = encoding.encode_ordinary(text)
    back = encoding.decode(ids, errors="strict")
    return back, len(text.encode()), len(ids)


def _oracle_special(
    text: str, merges: Merges, special: dict[str, int], allowed: list[str]
) -> list[int]:
    """tiktoken, on the text between the special tokens, found letter by letter.

    tiktoken alone does not say which of two names wins that overlap.
    """
    encode = _tiktoken(merges).encode_ordinary
    ids, start, at = [], 0, 0
    while at < len(text):
        here = [name for name in special if text.startswith(name, at)]
        if not here:
            at += 1
            continue
        name = max(here, key=len)
        if name not in allowed:
            raise ValueError(f"{name} is not allowed")
        ids += [*encode(text[start:at]), special[name]]
        at = start = at + len(name)
    return ids + encode(text[start:])


def _private(ids: Iterable[int]) -> str:
    return "".join(chr(_PRIVATE + i) for i in ids)


# ---------------------------------------------------------------------------------
# A plain tokenizer with loose screws, for the mistakes
# ---------------------------------------------------------------------------------


def _split(text: str) -> list[str]:
    import regex

    return regex.findall(PATTERN, text)


def _bytes(text: str) -> list[int]:
    return list(text.encode())


def _chunks(text: str) -> list[list[int]]:
    return [_bytes(chunk) for chunk in _split(text)]


def _count(chunks: list[list[int]]) -> Counter[Pair]:
    counts: Counter[Pair] = Counter()
    for ids in chunks:
        counts.update(pairwise(ids))
    return counts


def _merge(
    ids: list[int], pair: Pair, new_id: int, keep: int = 0, step: int = 1, skip: int = 2
) -> list[int]:
    """Merging, with screws: `skip` ids after a merge, `step` ids without one, and do
    not look at the last `keep`."""
    out, i = [], 0
    while i < len(ids) - keep:
        if tuple(ids[i : i + 2]) == pair:
            out.append(new_id)
            i += skip
        else:
            out += ids[i : i + step]
            i += step
    return out


def _smallest(counts: dict[Pair, int]) -> Pair:
    return min(counts, key=lambda pair: (-counts[pair], pair))


def _train(
    text: str,
    n_merges: int,
    pick: Callable[[dict[Pair, int]], Pair] = _smallest,
    first: int = 256,
    least: int = 1,
    chunks: Callable[[str], list[list[int]]] = _chunks,
    count: Callable[[list[list[int]]], dict[Pair, int]] = _count,
) -> Merges:
    pieces, merges = chunks(text), {}
    while len(merges) < n_merges:
        counts = count(pieces)
        if not counts or max(counts.values()) < least:
            break
        pair = pick(counts)
        merges[pair] = first + len(merges)
        pieces = [_merge(ids, pair, merges[pair]) for ids in pieces]
    return merges


def _encode_chunk(
    ids: list[int],
    merges: Merges,
    pick: Callable[[list[Pair], Merges], Pair] = lambda there, merges: min(
        there, key=merges.get
    ),
    rounds: int = 1 << 30,
) -> list[int]:
    for _ in range(rounds):
        there = [p for p in pairwise(ids) if p in merges]
        if not there:
            break
        pair = pick(there, merges)
        ids = _merge(ids, pair, merges[pair])
    return ids


def _encode(text: str, merges: Merges, **screws) -> list[int]:
    return [i for ids in _chunks(text) for i in _encode_chunk(ids, merges, **screws)]


def _table(
    merges: Merges, swap: bool = False, in_order: bool = True
) -> dict[int, bytes]:
    table = {b: bytes([b]) for b in range(256)}
    for (a, b), new_id in _oldest_first(merges) if in_order else merges.items():
        table[new_id] = table[b] + table[a] if swap else table[a] + table[b]
    return table


def _oldest_first(merges: Merges) -> list[tuple[Pair, int]]:
    return sorted(merges.items(), key=lambda item: item[1])


def _joined(ids: list[int], merges: Merges, unknown: str = "raise") -> bytes:
    table = _table(merges)
    if unknown == "raise":
        for i in ids:
            if i not in table:
                raise ValueError(f"no token {i}")
    return b"".join(table[i] for i in ids if unknown != "skip" or i in table)


# ---------------------------------------------------------------------------------
# Material for the cases
# ---------------------------------------------------------------------------------

_PROSE = (
    "The baker opened her shop at six and sold forty loaves before noon.",
    "Nobody had told the lighthouse keeper that the ships were gone.",
    "It isn't the rain that they'd miss, it's the sound of it.",
    "We counted 17 herons, 204 ducks and 3 very patient fishermen.",
    "“Wait,” she said, “you've already read this line twice!”",
    "Naïve plans survive longer in cafés than in the field.",
    "A train left at 09:45; by 10:15 we'd forgotten why we'd hurried.",
    "Every token is a guess about what will be written again.",
)
_CHINESE = (
    "果树上有三只鸟，鸟在唱歌。",
    "今天的天气很好，我们去河边散步。",
    "她把一本旧书放在桌子上。",
    "小猫跳过小河，小狗也跳过小河。",
    "山上的花开了，山下的人来了。",
    "他写的字很小，可是每个字都很清楚。",
)
_CODE = (
    "def area(r):\n    return 3.14 * r ** 2\n",
    "for i in range(10):\n\tif i % 2 == 0:\n\t\tprint(i, end='')\n",
    "x = {'a': [1, 2], 'b': None}  # a dict\n",
    "    while queue and not found:\n        node = queue.pop()\n",
    "SELECT name, age FROM birds WHERE age >= 4;\n",
    '<p class="note">1 &lt; 2</p>\n',
)
_EMOJI = ("👩‍🌾", "👨‍👩‍👧", "🏳️‍🌈", "👍🏽", "🇫🇷", "❤️", "🐸", "🧵", "✈️", "🌱")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_HANZI = "果树鸟河山花小猫狗跳书字人天水火木金土日月星云雨风雪春夏秋冬"
_ACCENTS = "éèêëàâäôöûüùïîçñøåß"
_DECOMPOSED = ("e\u0301", "a\u0308", "n\u0303", "o\u0302", "c\u0327", "u\u030b")
_SCRIPTS = "αβγδжщэюяאבגדصضطظकखगघกขคง한글조선あいうカキク∑∫√∞≤½²③𝔸𝕏𐍈𐎀𒀀♞♜"


def _letters(rng: np.random.Generator, count: int) -> list[str]:
    """Different small letters, in alphabetical order."""
    return sorted(_some(rng, _ALPHABET, count))


def _word(rng: np.random.Generator, length: int = 4) -> str:
    return "".join(rng.choice(list(_ALPHABET), length))


def _some(rng: np.random.Generator, items: Sequence[str], count: int) -> list[str]:
    return [items[int(i)] for i in rng.choice(len(items), count, replace=False)]


def _ids(rng: np.random.Generator, count: int) -> list[int]:
    """Different ids below 256, in no order."""
    return [int(i) for i in rng.choice(256, count, replace=False)]


def _stories(rng: np.random.Generator, n_chars: int) -> str:
    """Stories of the small world, one a line."""
    from gpt import world

    return _told(rng, n_chars).replace(world.END, "\n")


def _told(rng: np.random.Generator, n_chars: int) -> str:
    """Stories of the small world, with the separator after each."""
    from gpt import world

    return world.corpus(n_chars, int(rng.integers(1 << 31)))


def _mixed(rng: np.random.Generator) -> str:
    """A page of everything: prose, Chinese, code, emoji, and a word no one has seen."""
    parts = [*_some(rng, _PROSE, 3), *_some(rng, _CHINESE, 2), *_some(rng, _CODE, 2)]
    parts += [" ".join(_some(rng, _EMOJI, 3)), _word(rng, 7), " " * rng.integers(3, 9)]
    return "\n".join(parts[int(i)] for i in rng.permutation(len(parts)))


def _learned(text: str, n_merges: int) -> Merges:
    return _oracle_train(text, 256 + n_merges)


def _nasty(rng: np.random.Generator) -> str:
    """What is easily lost or changed: marks that no one sees, and outer spaces."""
    a, b, c, d = (_word(rng, 3) for _ in range(4))
    return f"\ufeff {a}\x00{b}\r\n_{c}_ e\u0301{d}\r\n  "


def _turned(merges: Merges) -> Merges:
    """The same merges, listed from the last to the first."""
    return dict(reversed(merges.items()))


def _ords(text: str) -> list[int]:
    return [ord(c) for c in text]


# ---------------------------------------------------------------------------------
# to_chunks
# ---------------------------------------------------------------------------------


def _draw_chunks(rng: np.random.Generator) -> list[Case]:
    accent = str(rng.choice(list(_ACCENTS)))
    hanzi = _some(rng, _HANZI, 4)
    number = int(rng.integers(1000, 99999))
    spaces = " " * int(rng.integers(3, 7))
    return [
        Case("two short words", (f"{_word(rng, 3)} {_word(rng, 3)}",)),
        Case(
            "a letter with an accent, which takes two bytes",
            (f"{_word(rng, 3)}{accent} {_word(rng, 2)}",),
        ),
        Case(
            "Chinese characters, which take three bytes each",
            ("".join(hanzi[:2]) + " " + "".join(hanzi[2:]),),
        ),
        Case(
            "a short form, a number and a full stop",
            (f"{_word(rng)}'s {number} {_word(rng)}.",),
        ),
        Case(
            "runs of spaces and line ends",
            (f"{_word(rng)}{spaces}{_word(rng)}\n\n\t{_word(rng)}  ",),
        ),
        Case(
            "emoji that are made of several characters",
            (f"{_word(rng, 3)} {' '.join(_some(rng, _EMOJI[:5], 2))}!",),
        ),
        Case("marks that no one sees, and spaces at the end", (_nasty(rng),)),
        Case("a page of prose, code and Chinese", (_mixed(rng),)),
    ]


_TO_CHUNKS = (
    Mistake(
        "characters instead of bytes",
        "Your ids are code points, one a character, so 果 becomes the single number "
        "26524. Tokens are built from bytes: ask each chunk for its UTF-8 bytes, three "
        "of them for 果, all below 256.",
        lambda text: [_ords(chunk) for chunk in _split(text)],
    ),
    Mistake(
        "the text is not cut",
        "All bytes are there, in one long chunk. Cut the text first with the `split` "
        "that is given above, then turn each chunk into a list of its own.",
        lambda text: [_bytes(text)],
    ),
    Mistake(
        "cut at white space, which is lost",
        "The spaces are gone, so the text could never be put together again. Python's "
        "`str.split` throws away what it cuts at; the `split` given above keeps every "
        "character, a space at the start of the word that follows it.",
        lambda text: [_bytes(word) for word in text.split()],
    ),
    Mistake(
        "one flat list",
        "These are the right bytes in one flat list. The borders between chunks must "
        "survive, because no merge may cross them: return a list of lists.",
        lambda text: [b for ids in _chunks(text) for b in ids],
    ),
    Mistake(
        "bytes objects instead of lists",
        "Each chunk holds the right bytes, but it is no list. It looks like one from "
        "inside, and cannot hold an id above 255, which merging will need: make each "
        "chunk a list.",
        lambda text: [chunk.encode() for chunk in _split(text)],
    ),
    Mistake(
        "lists of single bytes objects",
        "Your chunks hold little `bytes` objects, as the chapter's pieces do. Here a "
        "piece is its id, a number from 0 to 255.",
        lambda text: [[bytes([b]) for b in ids] for ids in _chunks(text)],
    ),
    Mistake(
        "Latin-1 instead of UTF-8",
        "Letters with accents are one byte each, and for Chinese there is an error. Is "
        "another encoding than UTF-8 at work, Latin-1 for instance?",
        lambda text: [list(chunk.encode("latin-1")) for chunk in _split(text)],
    ),
    Mistake(
        "text instead of numbers",
        "Your chunks are still text. A model computes with numbers: each chunk becomes "
        "the list of its UTF-8 bytes.",
        _split,
    ),
    Mistake(
        "every character a chunk",
        "You made a chunk of each character. A chunk is what `split` gives: a word with "
        "the space before it, a number, or a run of signs. Loop over `split(text)`, not "
        "over `text`.",
        lambda text: [_bytes(character) for character in text],
    ),
    Mistake(
        "characters that are not ASCII are lost",
        "Everything beyond plain English letters has disappeared. ASCII knows 128 "
        "characters; UTF-8 has bytes for all of them.",
        lambda text: [list(c.encode("ascii", "ignore")) for c in _split(text)],
    ),
    Mistake(
        "only the first chunk",
        "Only the first chunk comes back. Does `return` stand inside the loop? It ends "
        "the whole function at the first round; it belongs after the loop.",
        lambda text: _chunks(text)[:1],
    ),
    Mistake(
        "only the first chunk, without its list",
        "Only the bytes of the first chunk come back. `return` ends the function at the "
        "first round of a loop: collect the chunks in a list, and give that back after "
        "the loop.",
        lambda text: _chunks(text)[0],
    ),
)


# ---------------------------------------------------------------------------------
# count_pairs
# ---------------------------------------------------------------------------------


def _draw_count(rng: np.random.Generator) -> list[Case]:
    a, b, c = _ids(rng, 3)
    d, e = _ids(rng, 2)
    f, g = _ids(rng, 2)
    h, i, j, k = _ids(rng, 4)
    m, n = _ids(rng, 2)
    large = int(rng.integers(66_000, 99_999))
    return [
        Case("one short chunk", ([[a, b, a, b, c]],)),
        Case("two chunks, with a border between them", ([[d, e, e], [d, e], [e, d]],)),
        Case(
            "a run of one id, where pairs overlap",
            ([[f, *[g] * int(rng.integers(3, 7))]],),
        ),
        Case(
            "chunks that are empty or hold a single id", ([[h], [], [i, j], [k], [h]],)
        ),
        Case("nothing but single ids", ([[m], [], [n]],)),
        Case("a few sentences of a story", (_chunks(_stories(rng, 300)),)),
        Case(
            "the id 0, and very large ids",
            ([[0, large, 0, 0], [large, 0, large, large, 0], [0, large + 1]],),
        ),
        Case(
            "ids above 255, as merging makes them",
            (
                [
                    [int(x) for x in rng.integers(250, 262, 12)]
                    for _ in range(int(rng.integers(4, 8)))
                ],
            ),
        ),
    ]


def _count_flat(chunks):
    return dict(_count([[i for ids in chunks for i in ids]]))


def _count_no_overlap(chunks):
    counts = Counter()
    for ids in chunks:
        i = 0
        while i < len(ids) - 1:
            counts[ids[i], ids[i + 1]] += 1
            # A run of one id is counted as merging would consume it.
            i += 2 if tuple(ids[i : i + 2]) == tuple(ids[i + 1 : i + 3]) else 1
    return dict(counts)


def _count_step_two(chunks):
    counts = Counter()
    for ids in chunks:
        counts.update(zip(ids[::2], ids[1::2], strict=False))
    return dict(counts)


def _count_sorted(chunks):
    counts = Counter()
    for (a, b), n in _count(chunks).items():
        counts[min(a, b), max(a, b)] += n
    return dict(counts)


def _count_once_a_chunk(chunks):
    counts = Counter()
    for ids in chunks:
        counts.update(set(pairwise(ids)))
    return dict(counts)


def _count_combinations(chunks):
    counts = Counter()
    for ids in chunks:
        counts.update(combinations(ids, 2))
    return dict(counts)


def _count_key_error(chunks):
    return {}[pair] if (pair := next(iter(_count(chunks)), None)) else {}


def _count_index_error(chunks):
    return chunks[len(chunks)] if any(chunks) else {}


def _count_round(chunks):
    counts = Counter()
    for ids in chunks:
        counts.update(zip(ids, ids[1:] + ids[:1], strict=True))
    return dict(counts)


_COUNT_PAIRS = (
    Mistake(
        "pairs across chunk borders",
        "You also count the last id of a chunk with the first of the next. Those two "
        "never stand in one chunk, so they can never be merged: count inside each chunk "
        "by itself.",
        _count_flat,
    ),
    Mistake(
        "every second pair",
        "You cut each chunk into pairs side by side, so in a b c d the pair (b, c) is "
        "never seen. Every id but the last begins a pair: move on by one, not by two.",
        _count_step_two,
    ),
    Mistake(
        "overlapping pairs counted once",
        "In a run like a a a you count (a, a) once, but it stands there twice: at the "
        "first id and at the second. Counting does not consume anything; only merging "
        "does.",
        _count_no_overlap,
    ),
    Mistake(
        "the last pair is missing",
        "The last pair of every chunk is missing. A chunk of n ids has n − 1 pairs: "
        "look again at where your loop ends.",
        lambda chunks: dict(_count([ids[:-1] for ids in chunks])),
    ),
    Mistake(
        "the chunk bent into a ring",
        "You count one pair too many in each chunk: its last id with its first. The end "
        "of a chunk has no right neighbour.",
        _count_round,
    ),
    Mistake(
        "pairs without order",
        "You count (a, b) and (b, a) as one pair. Their order matters: “th” is not "
        "“ht”. Keep each pair as it stands in the chunk.",
        _count_sorted,
    ),
    Mistake(
        "once a chunk",
        "A pair that stands twice in a chunk is counted once. Count every place where "
        "it stands; perhaps a `set` swallowed the repeats?",
        _count_once_a_chunk,
    ),
    Mistake(
        "only the last chunk",
        "Only the last chunk is counted. Is the dictionary made inside the loop, fresh "
        "for every chunk? There should be one for all of them.",
        lambda chunks: dict(_count(chunks[-1:])),
    ),
    Mistake(
        "only the first chunk",
        "Only the first chunk is counted. Does `return` stand inside the loop? It ends "
        "the whole function; it belongs after the loop.",
        lambda chunks: dict(_count(chunks[:1])),
    ),
    Mistake(
        "pairs that occur once are missing",
        "Pairs that occur only once are missing. What happens at the first sight of a "
        "pair? It counts 1.",
        lambda chunks: {pair: n for pair, n in _count(chunks).items() if n > 1},
    ),
    Mistake(
        "all pairs the wrong way round",
        "Every pair is turned around. The left neighbour comes first: in h u the pair is "
        "(h, u).",
        lambda chunks: {(b, a): n for (a, b), n in _count(chunks).items()},
    ),
    Mistake(
        "every two ids of a chunk",
        "You count ids that do not stand side by side. Of a b c there are two pairs, "
        "(a, b) and (b, c); a and c are no neighbours.",
        _count_combinations,
    ),
    Mistake(
        "a KeyError at the first pair",
        "A pair that you see for the first time has no count yet, so adding 1 to it is a "
        "KeyError. Begin with 0 where a pair is not in the dictionary.",
        _count_key_error,
    ),
    Mistake(
        "it looks past the end",
        "Your loop looks past the end of a chunk: the last id has no right neighbour. "
        "Stop one id earlier.",
        _count_index_error,
    ),
    Mistake(
        "text as keys",
        "Your keys are text. An id may be a part of a character, or above 255: keep each "
        "pair as a tuple of two numbers.",
        lambda chunks: {chr(a) + chr(b): n for (a, b), n in _count(chunks).items()},
    ),
    Mistake(
        "one less than it should be",
        "Every count is one too low. The first time you meet a pair you have already "
        "seen it once.",
        lambda chunks: {pair: n - 1 for pair, n in _count(chunks).items()},
    ),
    Mistake(
        "ids instead of pairs",
        "You count single ids. What may be merged are two neighbours, so the keys are "
        "pairs: tuples of an id and the id right after it.",
        lambda chunks: dict(Counter(i for ids in chunks for i in ids)),
    ),
)


# ---------------------------------------------------------------------------------
# merge
# ---------------------------------------------------------------------------------


def _draw_merge(rng: np.random.Generator) -> list[Case]:
    def new() -> int:
        return int(rng.integers(256, 999))

    a, b, c = _ids(rng, 3)
    d, e = _ids(rng, 2)
    f, g, h, i = _ids(rng, 4)
    j, k, m = _ids(rng, 3)
    n, o = _ids(rng, 2)
    p, q = _ids(rng, 2)
    s, t = 10 + int(rng.integers(20)), 30 + int(rng.integers(60))
    large = int(rng.integers(66_000, 99_999))
    x, y, z = _ids(rng, 2) + [new()]
    # Three ids in random order, after an opening that holds every trap.
    tail = [int(t) for t in rng.choice([x, y, z], int(rng.integers(25, 40)))]
    return [
        Case("a pair in two places, once at the end", ([a, b, c, a, b], (a, b), new())),
        Case("a run of one id, from the left", ([d, e, e, e], (e, e), new())),
        Case("an id that follows a merge", ([f, g, h, i, f, g, i], (f, g), new())),
        Case("a pair that is not there", ([j, k, m, j], (k, j), new())),
        Case("an empty list", ([], (n, o), new())),
        Case("a list of one id", ([p], (p, q), new())),
        Case(
            "ids whose digits end or begin like the pair's",
            ([100 + s, t, s, t, s, t * 10, s, t], (s, t), new()),
        ),
        Case(
            "the id 0, and very large ids",
            ([0, large, 0, 0, large, large, 0], (0, large), large + 1),
        ),
        Case(
            "a long list with ids above 255",
            ([z, x, x, z, x, z, z, x, *tail, y], (z, x), z + 1 + int(rng.integers(99))),
        ),
    ]


def _merge_crash(ids, pair, new_id):
    return _merge_past_the_end(ids, pair, new_id, only_after=pair[0])


def _merge_past_the_end(ids, pair, new_id, only_after=None):
    out, i = [], 0
    while i < len(ids):
        look = only_after is None or ids[i] == only_after
        if look and (ids[i], ids[i + 1]) == pair:
            out.append(new_id)
            i += 2
        else:
            out.append(ids[i])
            i += 1
    return out


def _merge_right(ids, pair, new_id):
    return _merge(ids[::-1], pair[::-1], new_id)[::-1]


def _merge_first(ids, pair, new_id):
    for i in range(len(ids) - 1):
        if (ids[i], ids[i + 1]) == pair:
            return [*ids[:i], new_id, *ids[i + 2 :]]
    return list(ids)


def _merge_in_place(ids, pair, new_id):
    i = 0
    while i < len(ids) - 1:
        if (ids[i], ids[i + 1]) == pair:
            ids[i : i + 2] = [new_id]
        i += 1
    return ids


def _merge_in_place_none(ids, pair, new_id):
    _merge_in_place(ids, pair, new_id)


def _merge_written(ids, pair, new_id):
    written = str(ids).replace(str(pair)[1:-1], str(new_id))
    return json.loads(written)


def _merge_either(ids, pair, new_id):
    out, i = [], 0
    while i < len(ids):
        if tuple(ids[i : i + 2]) in (pair, pair[::-1]):
            out.append(new_id)
            i += 2
        else:
            out.append(ids[i])
            i += 1
    return out


_MERGE = (
    Mistake(
        "the last id is dropped",
        "When the list does not end in the pair, its last id is lost. Your loop stops "
        "one early so as not to look past the end: what happens to the id that is left "
        "over?",
        lambda ids, pair, new_id: _merge(ids, pair, new_id, keep=1),
    ),
    Mistake(
        "it looks past the end",
        "Where the list ends in the left half of the pair, your loop looks at the id "
        "after the last one, and there is none. Before you look at the right neighbour, "
        "make sure that there is one.",
        _merge_crash,
    ),
    Mistake(
        "it looks past the end of every list",
        "At the last id your loop still looks at the one after it, and there is none. "
        "The last id has no right neighbour: it cannot begin a pair, but it must not be "
        "lost either.",
        _merge_past_the_end,
    ),
    Mistake(
        "the right half stays",
        "The new id is there, but the right half of the pair still stands behind it: "
        "after a merge, move on past both. In a `for` loop, `i += 2` is forgotten at the "
        "next round: use `while`.",
        lambda ids, pair, new_id: _merge(ids, pair, new_id, skip=1),
    ),
    Mistake(
        "the right half stays and the last id is dropped",
        "The right half of the pair still stands behind the new id, and the last id of "
        "a list is lost. In a `for` loop, `i += 2` is forgotten at the next round: use "
        "`while`, and go on until every id has had its turn.",
        lambda ids, pair, new_id: _merge(ids, pair, new_id, keep=1, skip=1),
    ),
    Mistake(
        "it looks past the end even after a merge there",
        "At the last id you look at the one after it, even if the last two were merged. "
        "In a `for` loop, `i += 2` is forgotten at the next round: use `while`, and look "
        "to the right only where there is a right neighbour.",
        lambda ids, pair, new_id: [ids[len(ids)]] if ids else [],
    ),
    Mistake(
        "it returns after one step",
        "Your function ends after its first step, with one id. Does `return` stand "
        "inside the loop? It belongs after it, as far to the left as `while`.",
        lambda ids, pair, new_id: _merge(ids, pair, new_id)[:1] if ids else None,
    ),
    Mistake(
        "an id too many is skipped",
        "After each merge an id is lost. Look at how far you move on: a pair is two ids "
        "long. Perhaps the loop moves on by itself as well?",
        lambda ids, pair, new_id: _merge(ids, pair, new_id, skip=3),
    ),
    Mistake(
        "merged from the right",
        "In a run such as a a a you merge the last two and leave the first. Read from "
        "left to right: the first pair that you meet is merged, and what is left over "
        "stands at the end.",
        _merge_right,
    ),
    Mistake(
        "only the first place",
        "Only the first place is merged. The pair may stand in many: go on to the end "
        "of the list.",
        _merge_first,
    ),
    Mistake(
        "only even positions",
        "You look at ids 0 and 1, then 2 and 3, and miss a pair that begins at an odd "
        "place. Where nothing is merged, move on by one id only.",
        lambda ids, pair, new_id: _merge(ids, pair, new_id, step=2),
    ),
    Mistake(
        "the caller's list is changed",
        "The result is right, but the list that you were given has changed too, and it "
        "belongs to the caller, who may still need it. Build a new list and leave `ids` "
        "alone.",
        _merge_in_place,
    ),
    Mistake(
        "changed in place, nothing returned",
        "Your function changes the list that it was given and returns nothing. Build a "
        "new list, leave `ids` alone, and return the new one.",
        _merge_in_place_none,
    ),
    Mistake(
        "either order",
        "You also merge the pair the wrong way round. (a, b) means a and then b; b and "
        "then a is another pair.",
        _merge_either,
    ),
    Mistake(
        "nothing is merged",
        "Nothing is merged. Do you compare a part of the list with the pair? In Python a "
        "list never equals a tuple, even if they hold the same.",
        lambda ids, pair, new_id: list(ids),
    ),
    Mistake(
        "the sum of the pair",
        "In place of the pair you put the sum of its two ids. An id is only a name: put "
        "`new_id` there.",
        lambda ids, pair, new_id: _merge(ids, pair, sum(pair)),
    ),
    Mistake(
        "always 256",
        "You always put 256. The id of this merge is handed to you: put `new_id` there.",
        lambda ids, pair, new_id: _merge(ids, pair, 256),
    ),
    Mistake(
        "what is not merged vanishes",
        "Only the merged pairs are left. An id that does not begin the pair stays as it "
        "is: copy it into the new list.",
        lambda ids, pair, new_id: [i for i in _merge(ids, pair, new_id) if i == new_id],
    ),
    Mistake(
        "the pair comes back",
        "What comes back is the pair itself. Do the parameters stand in the order of the "
        "`def` that was given: first the list, then the pair?",
        lambda ids, pair, new_id: list(pair),
    ),
    Mistake(
        "replaced as written text",
        "You replace digits in the list's text. There 197 ends like 97, and a pair is "
        "found where none is: compare ids, not what they look like.",
        _merge_written,
    ),
)


# ---------------------------------------------------------------------------------
# train
# ---------------------------------------------------------------------------------


def _draw_train(rng: np.random.Generator) -> list[Case]:
    a, b, c, d = _some(rng, _ALPHABET, 4)
    p, q, r, s = _letters(rng, 4)
    u, v, w = _letters(rng, 3)
    i, j, k, m = _letters(rng, 4)
    x, y = _letters(rng, 2)
    run = int(rng.integers(6, 10))
    e, f, g, h = _some(rng, _ALPHABET, 4)
    one, two, three = _some(rng, _HANZI, 3)
    return [
        Case("one merge without a tie", (f"{a}{b}{c}{a}{b}{d}{a}{b}", 257)),
        Case("a tie between three pairs", (f"{r}{s}{p}{q}{r}{s}{p}{q}", 257)),
        Case("a tie that the left id decides", (f"{j}{k}{i}{m}", 257)),
        Case("a tie that the right id decides", (f"{u}{w}{u}{v}", 257)),
        Case("a run, whose pairs overlap", (f"{u * 3}{v}{w}{v}{w}", 257)),
        # Just enough merges for one that is called 256 like the first to come again.
        Case(
            "merges of merges, in a run",
            (f"{x * run} {y}{x * run}", 259 + run % 2),
        ),
        Case("more merges asked for than there are", (f"{e}{f}{g} {e}{f}{h}", 300)),
        Case("a vocabulary of the bytes alone", (f"{_word(rng)} {_word(rng)}", 256)),
        Case(
            "a vocabulary with fewer places than there are bytes",
            (f"{_word(rng)} {_word(rng)}", int(rng.integers(256))),
        ),
        Case(
            "Chinese, where a character is three bytes",
            (f"{one}{two}{one}{two} {three}{one} {two}{three}", 260),
        ),
        Case("a page of stories", (_stories(rng, 800), 276)),
    ]


def _train_top(text, n_vocab):
    """The most frequent pairs of the first count, never counted again."""
    counts = _count(_chunks(text))
    best = sorted(counts, key=lambda pair: (-counts[pair], pair))[: n_vocab - 256]
    return {pair: 256 + k for k, pair in enumerate(best)}


def _train_stuck(text, n_vocab):
    """The chunks never change, so the same pair is learned again and again."""
    first = _train(text, min(n_vocab - 256, 1))
    return {pair: n_vocab - 1 for pair in first}


def _train_by(order):
    """Training that takes the pair for which `order(pair, its count)` is smallest."""
    return lambda text, n_vocab: _train(
        text,
        n_vocab - 256,
        lambda counts: min(counts, key=lambda pair: order(pair, counts[pair])),
    )


def _train_names(put=None, name=None, rounds=False):
    """Training with `put` in the chunks and `name` in the merges, in place of the new
    id; with `rounds`, a pair that comes again takes a round, too."""

    def train(text, n_vocab):
        pieces, merges, done = _chunks(text), {}, 0
        while (done if rounds else len(merges)) < n_vocab - 256:
            counts = _count(pieces)
            if not counts:
                break
            pair = _smallest(counts)
            new_id = 256 + (done if rounds else len(merges))
            merges[pair] = name or new_id
            pieces = [_merge(ids, pair, put or new_id) for ids in pieces]
            done += 1
        return merges

    return train


def _train_all(text, n_vocab):
    """The new id never grows, so the loop ends only when no pair is left."""
    return _train_names(put=256, name=256)(text, 1 << 30 if n_vocab > 256 else 0)


def _train_endless(text, n_vocab):
    merges = _train(text, n_vocab - 256)
    if len(merges) < n_vocab - 256:
        return max([])  # what Python says where no pair is left
    return merges


_TRAIN = (
    Mistake(
        "ties: the first one seen",
        "Where several pairs are equally frequent you take the one that was seen first. "
        "The rule is: the pair with the smallest ids, the left ones compared first. "
        "Python compares tuples in just that way.",
        lambda text, n_vocab: _train(
            text, n_vocab - 256, lambda counts: max(counts, key=counts.get)
        ),
    ),
    Mistake(
        "ties: the largest pair",
        "Where several pairs are equally frequent you take the largest, and the rule "
        "asks for the smallest. Most frequent and smallest pull in opposite directions: "
        "one way to have both is to look for a minimum, with one of them negated.",
        _train_by(lambda pair, count: (-count, -pair[0], -pair[1])),
    ),
    Mistake(
        "ties: only the left id",
        "Where several pairs are equally frequent and begin with the same id, you do "
        "not look at the right one. Compare the left ids, and where these are equal, "
        "the right ids.",
        _train_by(lambda pair, count: (-count, pair[0])),
    ),
    Mistake(
        "ties: the right id first",
        "Where several pairs are equally frequent you compare the right ids first. The "
        "left ones come first; only where these are equal do the right ones decide.",
        _train_by(lambda pair, count: (-count, pair[::-1])),
    ),
    Mistake(
        "ties: the smallest sum",
        "Where several pairs are equally frequent you take the one with the smallest "
        "sum. Compare the left ids, and only where these are equal, the right ones.",
        _train_by(lambda pair, count: (-count, sum(pair))),
    ),
    Mistake(
        "the rarest pair",
        "You merge the rarest pair first. Asked for is the most frequent one, and the "
        "smallest ids only among those that are equally frequent.",
        _train_by(lambda pair, count: (count, pair)),
    ),
    Mistake(
        "overlapping pairs counted once",
        "In a run such as a a a you count (a, a) once. It stands there twice, and both "
        "count, as in your `count_pairs`.",
        lambda text, n_vocab: _train(text, n_vocab - 256, count=_count_no_overlap),
    ),
    Mistake(
        "the chunks never change",
        "The same pair is learned again and again. Either the chunks stay as they were "
        "(`merge` gives back a new list: put it in the place of the old one, in the list "
        "of all chunks), or you count only once, before the loop.",
        _train_stuck,
    ),
    Mistake(
        "256 in the chunks after every merge",
        "The ids that you note are right, but in the chunks you always put 256, and so "
        "different tokens become one. Hand the new id of this round to `merge`.",
        _train_names(put=256),
    ),
    Mistake(
        "256 in the chunks, in every round",
        "In the chunks you put 256 in every round, so that different tokens become one. "
        "Hand `merge` the same new id that you note for the pair.",
        _train_names(put=256, rounds=True),
    ),
    Mistake(
        "the new id never grows",
        "Every merge gets the id 256, so different tokens become one. Each round needs "
        "the next id: does it ever grow by 1 in your loop?",
        _train_names(put=256, name=256, rounds=True),
    ),
    Mistake(
        "the new id never grows, and the merges are counted",
        "All your merges have the id 256, so different tokens become one. After each of "
        "them, the new id has to grow by 1.",
        _train_names(put=256, name=256),
    ),
    Mistake(
        "the new id never grows, and the loop waits for it",
        "Every merge gets the id 256, and your loop goes on until no pair is left. The "
        "new id has to grow by 1 in every round; then the loop ends in time, too.",
        _train_all,
    ),
    Mistake(
        "pairs of letters",
        "Your pairs hold letters, and no ids. `split` gives text; train on what "
        "`to_chunks` gives, the bytes of each chunk.",
        lambda text, n_vocab: _train(text, n_vocab - 256, chunks=_split),
    ),
    Mistake(
        "it returns in the loop",
        "At most one merge is learned, and where none is asked for, you give back "
        "nothing. Does `return` stand inside the loop? It belongs after it: then every "
        "round is done, and without a round there is an empty dictionary.",
        lambda text, n_vocab: _train(text, 1) if n_vocab > 256 else None,
    ),
    Mistake(
        "it stops after one merge",
        "Only one merge is learned. Does `return` stand inside the loop? It ends the "
        "whole function; it belongs after the loop.",
        lambda text, n_vocab: _train(text, min(n_vocab - 256, 1)),
    ),
    Mistake(
        "the chapter's form",
        "This is the dictionary of the chapter, from the bytes of a piece to its id. Here "
        "only the merges are asked for, each from its pair of ids to the new id.",
        lambda text, n_vocab: _ranks(_train(text, n_vocab - 256)),
    ),
    Mistake(
        "bytes as keys",
        "Your keys are the bytes of the merged pieces. Here a piece is its id, so a key "
        "is the pair of ids that is merged.",
        lambda text, n_vocab: {
            data: i
            for data, i in _ranks(_train(text, n_vocab - 256)).items()
            if i > 255
        },
    ),
    Mistake(
        "new ids begin at 255",
        "Your first new id is 255, which is already taken: the bytes have the ids 0 to "
        "255. The first free one is 256.",
        lambda text, n_vocab: _train(text, n_vocab - 256, first=255),
    ),
    Mistake(
        "new ids begin at 257",
        "Your first new id is 257. The bytes end at 255, so one id is left out.",
        lambda text, n_vocab: _train(text, n_vocab - 256, first=257),
    ),
    Mistake(
        "new ids begin at 0",
        "Your new ids begin at 0, but those belong to the bytes. The k-th merge, "
        "counted from 0, gets the id 256 + k.",
        lambda text, n_vocab: _train(text, n_vocab - 256, first=0),
    ),
    Mistake(
        "n_vocab merges",
        "You learn far too many merges. `n_vocab` is the size of the whole vocabulary, "
        "and 256 of its places belong to the bytes.",
        lambda text, n_vocab: _train(text, n_vocab),
    ),
    Mistake(
        "one merge too many",
        "You learn one merge too many. Count the ids: 256 bytes and the merges make "
        "`n_vocab` together.",
        lambda text, n_vocab: _train(text, n_vocab - 255),
    ),
    Mistake(
        "one merge too few",
        "You learn one merge too few. Count the ids: 256 bytes and the merges make "
        "`n_vocab` together. Where does your loop end?",
        lambda text, n_vocab: _train(text, n_vocab - 257),
    ),
    Mistake(
        "it does not stop when no pair is left",
        "With a short text, all chunks end up as single ids before the vocabulary is "
        "full. Then there is no pair left to choose, and `max` or `min` of nothing is an "
        "error: stop there, with the merges that there are.",
        _train_endless,
    ),
    Mistake(
        "pairs that stand once are not merged",
        "You stop when no pair stands twice. That is a sensible idea, but not the rule "
        "here: go on as long as there is any pair and room in the vocabulary.",
        lambda text, n_vocab: _train(text, n_vocab - 256, least=2),
    ),
    Mistake(
        "the text is not cut into chunks",
        "Some of your merges reach across the border of two chunks, for instance from a "
        "word into the space after it. Cut the text into chunks first; no pair crosses "
        "from one to the next.",
        lambda text, n_vocab: _train(
            text, n_vocab - 256, chunks=lambda text: [_bytes(text)]
        ),
    ),
    Mistake(
        "the counts are never renewed",
        "You count once and take the most frequent pairs of that first count. After "
        "every merge the chunks have changed: pairs have vanished, and new ones with "
        "the new id have come. Merge in all chunks, then count again.",
        _train_top,
    ),
    Mistake(
        "characters instead of bytes",
        "In your merges a Chinese character is one id far above 255, its code point. "
        "Somewhere you work with characters: see that training begins with the bytes of "
        "`to_chunks`, and that these are bytes.",
        lambda text, n_vocab: _train(
            text,
            n_vocab - 256,
            chunks=lambda text: [_ords(chunk) for chunk in _split(text)],
        ),
    ),
    Mistake(
        "keys and values exchanged",
        "The merges are right, but turned around: the pair is the key and the new id "
        "the value, since encoding will ask what a pair becomes.",
        lambda text, n_vocab: {
            new_id: pair for pair, new_id in _train(text, n_vocab - 256).items()
        },
    ),
)


# ---------------------------------------------------------------------------------
# encode
# ---------------------------------------------------------------------------------


def _draw_encode(rng: np.random.Generator) -> list[Case]:
    def codes(count: int) -> tuple[list[str], list[int]]:
        letters = _some(rng, _ALPHABET, count)
        return letters, _ords("".join(letters))

    (a, b, c), (ia, ib, ic) = codes(3)
    d, e, f = _letters(rng, 3)
    id_, ie, if_ = _ords(d + e + f)
    (g, h, i, j), (ig, ih, ii, ij) = codes(4)
    (k, q, m), (ik, _, im) = codes(3)
    (n, o), (in_, _) = codes(2)
    run = n * int(rng.integers(1, 4) * 4 + 3)
    chinese = "".join(_some(rng, _CHINESE, 3))
    story = _stories(rng, 1200)
    large = int(rng.integers(66_000, 99_999))
    long, nasty = _word(rng, 300), _nasty(rng)
    return [
        Case("one merge, in two places", (f"{a}{b}{c}{a}{b}", {(ia, ib): 256})),
        Case(
            "two chunks, the first a single letter",
            (f"{a} {b}{c}", {(32, ib): 256, (ib, ic): 257}),
        ),
        Case(
            "two merges that want the same letter",
            (f"{d}{e}{f}{d}{e}", {(ie, if_): 256, (id_, ie): 257, (id_, 256): 258}),
        ),
        Case(
            "an older merge that breaks up a longer token",
            (
                f"{g}{h}{i}{j} {g}{h}{i}",
                {(ig, ih): 256, (ii, ij): 257, (256, ii): 258},
            ),
        ),
        Case(
            "a merge that would cross from one chunk to the next",
            (f"{k}{q}{m} {k}{m}", {(im, 32): 256, (32, ik): 257}),
        ),
        Case(
            "a long run of one letter",
            (f"{o}{run}", {(in_, in_): 256, (256, 256): 257}),
        ),
        Case("an empty text", ("", {(in_, ia): 256, (256, ord(_word(rng, 1))): 257})),
        Case(
            "very large ids",
            (
                f"{a}{b}{c}{b} {a}{b}",
                {(ia, ib): large, (large, ic): large + 1, (32, ia): large - 9},
            ),
        ),
        Case("a word of hundreds of letters", (long, _learned(long, 20))),
        Case(
            "merges listed from the last to the first",
            (_stories(rng, 120), _turned(_learned(story, 40))),
        ),
        Case(
            "marks that no one sees, and spaces at the end", (nasty, _learned(nasty, 9))
        ),
        Case(
            "Chinese, whose characters begin as three bytes",
            (chinese[: int(rng.integers(14, 24))], _learned(chinese, 24)),
        ),
        Case(
            "a story, with merges learned from other stories",
            (_stories(rng, 240), _learned(story, 60)),
        ),
        Case("a page of everything", (_mixed(rng), _learned(_mixed(rng), 60))),
    ]


def _encode_longest(text, merges):
    ids_of = {data: i for i, data in _table(merges).items()}
    longest = max(map(len, ids_of))
    out = []
    for chunk in _split(text):
        data, at = chunk.encode(), 0
        while at < len(data):
            length = next(
                n for n in range(longest, 0, -1) if data[at : at + n] in ids_of
            )
            out.append(ids_of[data[at : at + length]])
            at += length
    return out


def _encode_newest_to_oldest(text, merges):
    out = []
    for ids in _chunks(text):
        for pair, new_id in reversed(_oldest_first(merges)):
            ids = _merge(ids, pair, new_id)
        out += ids
    return out


def _encode_as_listed(text, merges):
    out = []
    for ids in _chunks(text):
        for pair, new_id in merges.items():
            ids = _merge(ids, pair, new_id)
        out += ids
    return out


def _encode_one_pass(text, merges):
    out = []
    for ids in _chunks(text):
        while ids:
            new_id = merges.get(tuple(ids[:2]))
            out.append(ids[0] if new_id is None else new_id)
            ids = ids[1 if new_id is None else 2 :]
    return out


def _encode_min_of_one(text, merges):
    chunks = [_encode_chunk(ids, merges) for ids in _chunks(text)]
    if any(len(ids) == 1 for ids in chunks):
        return min([])
    return [i for ids in chunks for i in ids]


def _most_frequent(there, merges):
    counts = Counter(there)
    return min(counts, key=lambda pair: (-counts[pair], merges[pair]))


_ENCODE = (
    Mistake(
        "characters instead of bytes",
        "A Chinese character has become one id, its code point, which is no token. "
        "Somewhere you work with characters: see that encoding begins with the bytes of "
        "`to_chunks`, and that these are bytes.",
        lambda text, merges: [
            i for chunk in _split(text) for i in _encode_chunk(_ords(chunk), merges)
        ],
    ),
    Mistake(
        "the leftmost pair first",
        "You merge the first pair that you find from the left. What counts is not where "
        "a pair stands but how early it was learned: of all pairs in the chunk, merge "
        "the one with the lowest new id, then look again.",
        lambda text, merges: _encode(text, merges, pick=lambda there, merges: there[0]),
    ),
    Mistake(
        "the longest token first",
        "From the left, you take the longest token that fits. That is another algorithm. "
        "BPE repeats its training: it applies the merges in the order in which they were "
        "learned, and so a longer token may never come about.",
        _encode_longest,
    ),
    Mistake(
        "the newest merge first",
        "Where two merges are possible you take the one that was learned later. Training "
        "applied the earlier one first, and encoding has to do the same: the lowest new "
        "id wins.",
        lambda text, merges: _encode(
            text, merges, pick=lambda there, merges: max(there, key=merges.get)
        ),
    ),
    Mistake(
        "from the newest merge to the oldest",
        "You go through the merges once, backwards. A late merge is built on what "
        "earlier ones have made, which does not exist yet when you come by: begin with "
        "the oldest.",
        _encode_newest_to_oldest,
    ),
    Mistake(
        "the most frequent pair first",
        "You choose the pair that is most frequent in this text. That was the question "
        "in training. Now the answers stand in `merges`, and their order decides.",
        lambda text, merges: _encode(text, merges, pick=_most_frequent),
    ),
    Mistake(
        "one merge a chunk",
        "You merge one pair in each chunk and stop. After a merge, new pairs may have "
        "come about: go on until no pair of the chunk is in `merges`.",
        lambda text, merges: _encode(text, merges, rounds=1),
    ),
    Mistake(
        "the text is not cut into chunks",
        "You merge across the border of two chunks. Cut the text as in training, encode "
        "each chunk by itself, and put the ids one after the other.",
        lambda text, merges: _encode_chunk(_bytes(text), merges),
    ),
    Mistake(
        "a list for every chunk",
        "The ids are right, but each chunk still has a list of its own. A model reads "
        "one sequence: put the ids of all chunks into one flat list.",
        lambda text, merges: [_encode_chunk(ids, merges) for ids in _chunks(text)],
    ),
    Mistake(
        "the smallest pair first",
        "Of the pairs that can be merged you take the one with the smallest ids. That "
        "settled ties in training; now the lowest new id decides.",
        lambda text, merges: _encode(
            text, merges, pick=lambda there, merges: min(there)
        ),
    ),
    Mistake(
        "one pass from the left",
        "You go through each chunk once, from the left, and merge what you meet. Look at "
        "all pairs of the chunk, merge the one with the lowest new id, and look again.",
        _encode_one_pass,
    ),
    Mistake(
        "in the order of the dictionary",
        "You apply the merges in the order in which the dictionary lists them. That may "
        "be any order: the new ids tell which came first.",
        _encode_as_listed,
    ),
    Mistake(
        "the smallest of no pairs, in a chunk of one id",
        "An error comes up where a chunk is, or has become, a single id. It has no pairs, "
        "and there is no smallest one of none: stop before you ask for it.",
        _encode_min_of_one,
    ),
    Mistake(
        "the smallest of no pairs, in the end",
        "When no pair of a chunk is in `merges` any more, you still look for the smallest "
        "of them, and of none there is none. Stop before you ask for it.",
        lambda text, merges: min([]) if text else [],
    ),
    Mistake(
        "only the first chunk",
        "Only the first chunk is encoded. Does `return` stand inside the loop? It ends "
        "the whole function; it belongs after the loop.",
        lambda text, merges: _encode("".join(_split(text)[:1]), merges),
    ),
    Mistake(
        "it returns in the loop",
        "Only the first chunk is encoded, and for an empty text you give back nothing. "
        "Does `return` stand inside the loop over the chunks? It belongs after it.",
        lambda text, merges: _encode(_split(text)[0], merges) if text else None,
    ),
    Mistake(
        "nothing is merged",
        "These are the plain bytes: nothing has been merged. Look up the pairs of "
        "neighbours in `merges` and replace them by their new ids.",
        lambda text, merges: _bytes(text),
    ),
)


# ---------------------------------------------------------------------------------
# decode
# ---------------------------------------------------------------------------------


def _draw_decode(rng: np.random.Generator) -> list[Case]:
    def codes(count: int) -> list[int]:
        return _ords("".join(_some(rng, _ALPHABET, count)))

    a, b, c = codes(3)
    d, e, f = codes(3)
    x, y, z = _bytes(_some(rng, _HANZI, 1)[0])
    g = codes(1)[0]
    h, i, j = codes(3)
    k, m = codes(2)
    n, o, p = codes(3)
    first, second, _ = _bytes(_some(rng, _HANZI, 1)[0])
    text, nasty = _mixed(rng), _nasty(rng)
    merges, nasty_merges = _learned(text, 40), _learned(nasty, 9)
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
        Case("no ids at all", ([], {(h, i): 256, (256, j): 257})),
        Case(
            "an id that does not exist",
            ([k, 256, int(rng.integers(258, 5000)), m], {(k, m): 256}),
        ),
        Case(
            "an id below zero",
            (
                [n, -int(rng.integers(1, 4)), o],
                {(o, p): 256, (256, n): 257, (n, o): 258},
            ),
        ),
        Case(
            "bytes that are not UTF-8, because a character is cut off",
            ([h, first, second], {(h, i): 256}),
        ),
        Case(
            "bytes that are not UTF-8, because they are half of a pair in UTF-16",
            (
                [i, 0xED, *(int(x) for x in rng.integers([160, 128], 192))],
                {(h, i): 256},
            ),
        ),
        Case(
            "marks that no one sees, and spaces at the end",
            (_encode(nasty, nasty_merges), nasty_merges),
        ),
        Case("a page of everything", (_encode(text, merges), merges)),
    ]


def _decode_alone(errors: str):
    def decode(ids, merges):
        _joined(ids, merges)
        table = _table(merges)
        return "".join(table[i].decode(errors=errors) for i in ids)

    return decode


def _decode_wrapped(ids, merges):
    table = list(_table(merges).values())
    if any(i >= len(table) for i in ids):
        raise ValueError("unknown id")
    return b"".join(table[i] for i in ids).decode()


def _decode_once(ids, merges):
    pairs = {new_id: pair for pair, new_id in merges.items()}
    data = [b for i in ids for b in pairs.get(i, (i,))]
    return bytes(data).decode()  # bytes() refuses what is still above 255


def _decode_as_listed(ids, merges):
    _table(merges, in_order=False)  # a KeyError, if a merge comes before its parts
    return _joined(ids, merges).decode()


def _decode_swapped(ids, merges):
    _joined(ids, merges)
    table = _table(merges, swap=True)
    return b"".join(table[i] for i in ids).decode(errors="strict")


def _decode_zeros(ids, merges):
    table = {b: bytes(b) for b in range(256)}
    for (a, b), new_id in _oldest_first(merges):
        table[new_id] = table[a] + table[b]
    _joined(ids, merges)
    return b"".join(table[i] for i in ids).decode()


def _decode_half(left: bool):
    def decode(ids, merges):
        table = {b: bytes([b]) for b in range(256)}
        for (a, b), new_id in _oldest_first(merges):
            table[new_id] = table[a if left else b]
        _joined(ids, merges)
        return b"".join(table[i] for i in ids).decode()

    return decode


_DECODE = (
    Mistake(
        "bytes(n) gives n zeros",
        "Your text is full of zero bytes. `bytes(5)` are five of them; to get the one "
        "byte with the value 5, hand over a list that holds it.",
        _decode_zeros,
    ),
    Mistake(
        "the left half only",
        "Of each merge only the left half comes out. A merged token is the bytes of its "
        "left half, followed by those of its right half.",
        _decode_half(left=True),
    ),
    Mistake(
        "the right half only",
        "Of each merge only the right half comes out. The bytes of its left half stand "
        "before it: put the two together.",
        _decode_half(left=False),
    ),
    Mistake(
        "each token decoded by itself",
        "You turn each token into text by itself. A token may hold only a part of a "
        "character, and a part of a character is not text: put all bytes together first, "
        "then decode them once.",
        _decode_alone("strict"),
    ),
    Mistake(
        "each token decoded by itself, errors replaced",
        "There are � in your text. A character was spread over two tokens, and you "
        "decoded each by itself: put all bytes together first, then decode them once.",
        _decode_alone("replace"),
    ),
    Mistake(
        "each token decoded by itself, errors ignored",
        "Characters are missing that were spread over two tokens. You decoded each "
        "token by itself and left out what was not whole: put all bytes together first, "
        "then decode them once.",
        _decode_alone("ignore"),
    ),
    Mistake(
        "broken bytes replaced",
        "Bytes that are not UTF-8 become � without a word. Here they are an error: "
        "decode strictly, so that a ValueError says what is wrong.",
        lambda ids, merges: _joined(ids, merges).decode(errors="replace"),
    ),
    Mistake(
        "broken bytes ignored",
        "Bytes that are not UTF-8 vanish without a word. Here they are an error: decode "
        "strictly, so that a ValueError says what is wrong.",
        lambda ids, merges: _joined(ids, merges).decode(errors="ignore"),
    ),
    Mistake(
        "a KeyError for an unknown id",
        "An id that does not exist ends in a KeyError from inside your dictionary. Say "
        "it in your own words: check the id and raise a ValueError that names it.",
        lambda ids, merges: _joined(ids, merges, unknown="key").decode(),
    ),
    Mistake(
        "unknown ids skipped",
        "Ids that do not exist are left out without a word, and the text comes out "
        "shorter than it should. Raise a ValueError that names the id.",
        lambda ids, merges: _joined(ids, merges, unknown="skip").decode(),
    ),
    Mistake(
        "ids below zero counted from the end",
        "An id below zero is accepted: in a list, Python counts it from the end. There "
        "is no such token; raise a ValueError.",
        _decode_wrapped,
    ),
    Mistake(
        "bytes read as characters",
        "You read every byte as a character of its own, which is right for English "
        "only. 果 is three bytes that make one character together: decode as UTF-8.",
        lambda ids, merges: _joined(ids, merges).decode("latin-1"),
    ),
    Mistake(
        "ids taken for bytes",
        "You hand the ids themselves to `bytes`, which takes numbers up to 255 only. The "
        "id of a merge is none: write out the bytes that it stands for first.",
        lambda ids, merges: bytes(ids).decode(),
    ),
    Mistake(
        "in the order of the dictionary",
        "Where the dictionary lists a merge before the merges that it is made of, your "
        "table does not know them yet. Go by the new ids, the smallest first.",
        _decode_as_listed,
    ),
    Mistake(
        "white space at the ends is lost",
        "The text has lost white space at its ends. Every space that was encoded has to "
        "come back: do not strip what you have decoded.",
        lambda ids, merges: _joined(ids, merges).decode().strip(),
    ),
    Mistake(
        "merges undone only once",
        "You take a new id apart once, and what comes out may be a new id again. Go on "
        "until only bytes are left; or build the bytes of every token from first to "
        "last, so that both halves are always known already.",
        _decode_once,
    ),
    Mistake(
        "the right half first",
        "The two halves of a merge come out in the wrong order: the left one of the "
        "pair comes first.",
        _decode_swapped,
    ),
)


# ---------------------------------------------------------------------------------
# round_trip
# ---------------------------------------------------------------------------------


def _draw_round_trip(rng: np.random.Generator) -> list[Case]:
    word, other = _word(rng, 3), _word(rng, 3)
    hanzi = "".join(_some(rng, _HANZI, 4))
    spaces = f" {_word(rng)}  {_word(rng)}\r\n\t{_word(rng)} \n "
    mark = _some(rng, _DECOMPOSED, 3)
    joined = f"{_word(rng, 3)} {mark[0]}{_word(rng, 3)}{mark[1]} {mark[2]}"
    emoji = f"{_word(rng, 3)} {' '.join(_some(rng, _EMOJI, 4))}"
    scripts, nasty = "".join(_some(rng, _SCRIPTS, 14)), _nasty(rng)
    return [
        Case(
            "a word that is there twice", (f"{word} {word}{other}", _learned(word, 2))
        ),
        Case(
            "Chinese, which has more bytes than characters", (hanzi, _learned(hanzi, 6))
        ),
        Case("spaces and line ends of every kind", (spaces, _learned(spaces, 5))),
        Case("accents written as signs of their own", (joined, _learned(joined, 4))),
        Case("emoji made of several characters", (emoji, _learned(emoji, 6))),
        Case("signs of many scripts", (scripts, _learned(scripts, 8))),
        Case(
            "marks that no one sees, and spaces at the end", (nasty, _learned(nasty, 9))
        ),
        Case("a page of everything", (_mixed(rng), _learned(_mixed(rng), 40))),
    ]


def _trip(change=lambda text: text, weigh=_bytes):
    def round_trip(text, merges):
        ids = _encode(change(text), merges)
        return _joined(ids, merges).decode(), len(weigh(text)), len(ids)

    return round_trip


def _trip_alone(text, merges):
    ids, table = _encode(text, merges), _table(merges)
    back = "".join(table[i].decode(errors="replace") for i in ids)
    return back, len(text.encode()), len(ids)


def _trip_exchanged(text, merges):
    back, n_bytes, n_tokens = _trip()(text, merges)
    return back, n_tokens, n_bytes


_ROUND_TRIP = (
    Mistake(
        "characters instead of bytes",
        "You count the characters of the text; asked for are its bytes. `len` of a text "
        "counts characters, and 果 alone is three bytes.",
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
        "An accent that was a sign of its own came back joined to its letter. It looks "
        "the same and is another text: do not normalize what you are given.",
        _trip(change=lambda text: unicodedata.normalize("NFC", text)),
    ),
    Mistake(
        "each token decoded by itself",
        "There are � in the text that comes back, because each token was decoded by "
        "itself, and one alone may be a part of a character. Is that done here, or in "
        "the `decode` that you call? All ids belong into one call of it.",
        _trip_alone,
    ),
    Mistake(
        "bytes and tokens exchanged",
        "The two numbers are exchanged: first the bytes that the text had, then the "
        "tokens that it has become.",
        _trip_exchanged,
    ),
    Mistake(
        "chunks instead of tokens",
        "The last number counts the chunks. A chunk may become several tokens: count "
        "the ids that `encode` gives.",
        lambda text, merges: (text, len(text.encode()), len(_split(text))),
    ),
    Mistake(
        "the ids instead of their number",
        "The third part should be a number, how many tokens there are, and you gave the "
        "tokens themselves.",
        lambda text, merges: (text, len(text.encode()), _encode(text, merges)),
    ),
)


# ---------------------------------------------------------------------------------
# encode_special
# ---------------------------------------------------------------------------------


def _draw_special(rng: np.random.Generator) -> list[Case]:
    from gpt import world

    a, b, c, d, e, f, g = (f"<|{x}{_word(rng, 3)}|>" for x in _letters(rng, 7))
    word, other = _word(rng, 2), _word(rng, 2)
    pair = {tuple(_bytes(word)): 256}
    inside = _word(rng, 5)
    long = f"{d[:-2]}{_word(rng, 2)}|>"
    short = f"[{_word(rng, 3)}"
    longer = f"{short}{_word(rng, 1)}]"
    inner = longer[1:-1]
    told = _told(rng, 600)
    merges = _learned(told.replace(world.END, "\n"), 30)
    end = 256 + len(merges)
    return [
        Case(
            "one special token between two words",
            (f"{word}{a}{word}{other}", pair, {a: 257}, [a]),
        ),
        Case(
            "a special token that is not allowed",
            (f"{other} {b} {word}", pair, {b: 257}, []),
        ),
        Case(
            "special tokens that are known but not in the text",
            (f"{word} {inside} | <{other}>", pair, {c: 257, a: 258}, []),
        ),
        Case(
            "text that only looks like a special token",
            (f"{d[:-1]} {d[2:-2]} |{word}> {word}", pair, {d: 257}, [d]),
        ),
        Case(
            "a special token in capitals, which is ordinary text",
            (f"{word}{c.upper()} {word}", pair, {c: 257, b: 258}, [c]),
        ),
        Case(
            "not one special token in the whole vocabulary",
            (f"{a}{word} {other}{word}", pair, {}, []),
        ),
        Case(
            "rare characters beside a special token",
            (f"{word}\ue000{a}\ufffc\ue001 {word}{a}", pair, {a: 257}, [a]),
        ),
        Case(
            "several in a row, at the start and at the end",
            (f"{e}{word} {f}{f} {other}\n{e}", pair, {e: 257, f: 258}, [f, e]),
        ),
        Case(
            "one allowed and one not, both in the text",
            (f"{word}{a} {g}{other}", pair, {a: 257, g: 258, long: 259}, [a, long]),
        ),
        Case(
            "a special token that begins like another",
            (
                f"{word} {longer}{short} {other}{longer}",
                pair,
                {short: 257, longer: 258},
                [short, longer],
            ),
        ),
        Case(
            "a special token that begins like another, which is listed after it",
            (
                f"{other}{longer} {short}{word}",
                pair,
                {longer: 258, short: 257},
                [longer, short],
            ),
        ),
        Case(
            "one not allowed, which begins like one that is",
            (f"{word} {longer}", pair, {short: 257, longer: 258}, [short]),
        ),
        Case(
            "one not allowed, inside a longer one that is",
            (f"{word} {longer}{other}", pair, {inner: 257, longer: 258}, [longer]),
        ),
        Case(
            "two that overlap",
            (
                f"{other} {a}{inside}{b}",
                pair,
                {f"{inside}{b}": 257, f"{a}{inside}": 258},
                [f"{inside}{b}", f"{a}{inside}"],
            ),
        ),
        Case(
            "stories with a separator, as the course trains on them",
            (told, merges, {world.END: end}, [world.END]),
        ),
    ]


def _names(names: Iterable[str], escape: Callable[[str], str] = re.escape) -> str:
    """A pattern for any of these names, the longest first; None where none is."""
    return "|".join(escape(name) for name in sorted(names, key=len, reverse=True))


def _special(
    text: str,
    merges: Merges,
    special: dict[str, int],
    allowed: list[str],
    pattern: str | None = None,
    limit: int = 0,
    put: Callable[[int], list[int]] = lambda token: [token],
    plain: Callable[[str, Merges], list[int]] = _encode,
) -> list[int]:
    """Encoding around special tokens, with screws: look for `pattern`, at most `limit`
    times, `put` what becomes of each, and encode what is between them by `plain`."""
    pattern = _names(special) if pattern is None else pattern
    out = []
    for part in re.split(f"({pattern})", text, maxsplit=limit) if pattern else [text]:
        if part not in special:
            out += plain(part, merges)
        elif part in allowed:
            out += put(special[part])
        else:
            raise ValueError(f"{part} is not allowed")
    return out


def _special_allowed_only(text, merges, special, allowed):
    return _special(text, merges, special, allowed, pattern=_names(allowed))


def _special_allowed_first(text, merges, special, allowed):
    rest = re.split(_names(allowed), text) if allowed else [text]
    if any(name in part for name in special for part in rest if name not in allowed):
        raise ValueError("not allowed")
    return _special_allowed_only(text, merges, special, allowed)


def _special_forbidden_first(text, merges, special, allowed):
    if any(name in text for name in special if name not in allowed):
        raise ValueError("not allowed")
    return _special_allowed_only(text, merges, special, allowed)


def _special_all_or_error(text, merges, special, allowed):
    if any(name not in allowed for name in special):
        raise ValueError("not allowed")
    return _special(text, merges, special, allowed)


def _special_in_order(text, merges, special, allowed):
    pattern = "|".join(map(re.escape, special))
    return _special(text, merges, special, allowed, pattern=pattern)


def _special_last_in_order(text, merges, special, allowed):
    turned = dict(reversed(special.items()))
    return _special_in_order(text, merges, turned, allowed)


def _special_name_by_name(text, merges, special, allowed):
    """The longest name is cut out of the whole text first, then the next longest."""
    for name in sorted(special, key=len, reverse=True):
        before, found, after = text.partition(name)
        if found:
            if name not in allowed:
                raise ValueError("not allowed")
            ends = (before, after)
            left, right = (
                _special_name_by_name(end, merges, special, allowed) for end in ends
            )
            return [*left, special[name], *right]
    return _encode(text, merges)


def _special_unescaped(text, merges, special, allowed):
    # "[" alone would not even compile; a student who met that has escaped by now.
    pattern = _names(special, lambda name: name.replace("[", r"\["))
    return _special(text, merges, special, allowed, pattern=pattern)


def _special_at_the_end(text, merges, special, allowed):
    ids = _special(text, merges, special, allowed)
    names = set(special.values())
    return [i for i in ids if i not in names] + [i for i in ids if i in names]


def _special_unfinished(text, merges, special, allowed):
    ids = _special(text, merges, special, allowed)
    if not any(name in text for name in allowed):
        return ids
    while ids[-1] not in special.values():
        ids.pop()
    return ids


def _special_read(drop=False, again="", by_one=False):
    """Reading from the left into a text that is encoded at each special token, with
    screws: `drop` what is left in the end, encode `again` what stands before a token
    ("text", or "all" with the names), move on `by_one` letter after a token."""

    def encode_special(text, merges, special, allowed):
        out, before, at = [], "", 0
        while at < len(text):
            here = [name for name in special if text.startswith(name, at)]
            if not here:
                before += text[at]
                at += 1
                continue
            name = max(here, key=len)
            if name not in allowed:
                raise ValueError(f"{name} is not allowed")
            out += [*_encode(before, merges), special[name]]
            before = {"text": before, "all": before + name}.get(again, "")
            at += 1 if by_one else len(name)
        return out if drop else out + _encode(before, merges)

    return encode_special


def _special_no_escape(text, merges, special, allowed):
    import regex

    names = _names(special, str)
    parts = regex.split(f"({names})", text) if names else [text]
    return [i for part in parts for i in _encode(part, merges)]


def _special_told_but_not_raised(text, merges, special, allowed):
    try:
        return _special(text, merges, special, allowed)
    except ValueError:
        return None


def _special_in_two(text, merges, special, allowed):
    ids = _special(text, merges, special, allowed)
    if sum(i in special.values() for i in ids) > 1:
        raise ValueError("too many values to unpack")
    return ids


_ENCODE_SPECIAL = (
    Mistake(
        "special tokens encoded as ordinary text",
        "The special token went through as if it were ordinary text. Cut the text at "
        "the special tokens first; what lies between them is encoded as usual, and each "
        "of them becomes its one id.",
        lambda text, merges, special, allowed: _encode(text, merges),
    ),
    Mistake(
        "every special token is allowed",
        "A special token that is not allowed became its id. Imagine that a user has "
        "typed it: look for every special token in the text, and raise a ValueError for "
        "one that `allowed` does not list.",
        lambda text, merges, special, allowed: _special(
            text, merges, special, list(special)
        ),
    ),
    Mistake(
        "not allowed, so encoded as text",
        "A special token that is not allowed was encoded as ordinary text, without a "
        "word. Here that is an error: raise a ValueError.",
        _special_allowed_only,
    ),
    Mistake(
        "told, but not raised",
        "Where a special token is not allowed, your function gives back nothing. A "
        "message on the screen stops no program: raise a ValueError.",
        _special_told_but_not_raised,
    ),
    Mistake(
        "allowed names are cut out before others are sought",
        "Where a name that is not allowed begins like one that is, you take the short "
        "one and overlook the other. The longest name that begins at a place counts, "
        "allowed or not: look for all of them, and ask for permission afterwards.",
        _special_allowed_first,
    ),
    Mistake(
        "forbidden names are sought in the whole text",
        "You raise an error for a name that is only a part of a longer one, which is "
        "allowed. What the longer name covers is used up: read from the left, take the "
        "longest name at each place, and ask for permission then.",
        _special_forbidden_first,
    ),
    Mistake(
        "an error although it is not in the text",
        "You raise an error for a special token that is not allowed, although the text "
        "does not contain it. Only one that really stands in the text is a problem.",
        _special_all_or_error,
    ),
    Mistake(
        "the shorter name wins",
        "Where one special token begins like another, the shorter one was taken and "
        "the rest became text. At each place, try the longest names first.",
        _special_in_order,
    ),
    Mistake(
        "the last matching name wins",
        "Where several names begin at a place, you take the one that `special` lists "
        "last. It may list them in any order: of all names that begin there, keep the "
        "longest.",
        _special_last_in_order,
    ),
    Mistake(
        "one name after the other",
        "Where two special tokens overlap, the one that begins further left wins. You "
        "go through the whole text for one name, then for the next; look for all of "
        "them at once, from the left.",
        _special_name_by_name,
    ),
    Mistake(
        "| read as “or”",
        "Inside a regular expression, | means “or”, so <|end|> looks for < or end or >. "
        "Escape the names before you build the pattern.",
        _special_unescaped,
    ),
    Mistake(
        "white space beside special tokens is lost",
        "The spaces and line ends beside a special token are lost. They belong to the "
        "text: do not strip the parts.",
        lambda *args: _special(*args, plain=lambda s, m: _encode(s.strip(), m)),
    ),
    Mistake(
        "letter by letter",
        "Between the special tokens nothing is merged. Are you encoding one character at "
        "a time? Collect the whole text up to the next special token, then encode it.",
        lambda *args: _special(*args, plain=lambda text, merges: _bytes(text)),
    ),
    Mistake(
        "only the first special token",
        "Only the first special token of the text is treated as one; those after it "
        "became ordinary text. Go on with the rest of the text in the same way.",
        lambda *args: _special(*args, limit=1),
    ),
    Mistake(
        "one special token and no more",
        "You raise an error where a special token stands in the text more than once. "
        "Cutting a text at a name may give more than two parts: expect any number.",
        _special_in_two,
    ),
    Mistake(
        "the text after the last special token is lost",
        "What stands after the last special token is missing. When you have found no "
        "more names, there may be text left: encode that, too.",
        _special_unfinished,
    ),
    Mistake(
        "what is collected in the end is lost",
        "What stands after the last special token is missing, and a text without any "
        "becomes nothing at all. When the loop is over, there may be text left that you "
        "have collected: encode that, too.",
        _special_read(drop=True),
    ),
    Mistake(
        "the text before a special token comes twice",
        "The text before a special token is encoded, and later once more. When you have "
        "encoded what you collected, begin to collect anew.",
        _special_read(again="text"),
    ),
    Mistake(
        "always from the start of the text",
        "After a special token you encode the text from its very start again, the names "
        "in it, too. Remember where the last special token ended, and go on from there.",
        _special_read(again="all"),
    ),
    Mistake(
        "one letter further after a special token",
        "After a special token the rest of its name is read as text. Move on by the "
        "length of the whole name, not by one letter.",
        _special_read(by_one=True),
    ),
    Mistake(
        "names that are not escaped",
        "Your names are never found, or there is an error from inside `regex`. In a "
        "regular expression, | and [ have a meaning of their own: escape the names "
        "before you build the pattern.",
        _special_no_escape,
    ),
    Mistake(
        "special tokens dropped",
        "The special tokens have vanished. Cutting the text at them is right, but their "
        "ids belong into the result, each where its token stood.",
        lambda *args: _special(*args, put=lambda token: []),
    ),
    Mistake(
        "special tokens at the end",
        "The ids of the special tokens stand at the end. Each belongs where its token "
        "stood in the text.",
        _special_at_the_end,
    ),
)


# ---------------------------------------------------------------------------------
# ranks
# ---------------------------------------------------------------------------------


def _draw_ranks(rng: np.random.Generator) -> list[Case]:
    def codes(count: int) -> list[int]:
        return _ords("".join(_some(rng, _ALPHABET, count)))

    a, b, h, i = codes(4)
    c, d, e = codes(3)
    x, y, z = _bytes(_some(rng, _HANZI, 1)[0])
    f, g = codes(2)
    return [
        Case("two merges of single bytes", ({(a, b): 256, (h, i): 257},)),
        Case("a merge of a merge", ({(d, e): 256, (c, 256): 257},)),
        Case(
            "bytes above 127",
            ({(y, z): 256, (x, 256): 257, (32, 257): 258, (258, codes(1)[0]): 259},),
        ),
        Case("a run", ({(f, f): 256, (256, 256): 257, (257, f): 258, (g, 258): 259},)),
        Case(
            "merges listed from the last to the first",
            (_turned(_learned(_stories(rng, 300), 12)),),
        ),
        Case("merges of a page of stories", (_learned(_stories(rng, 700), 40),)),
    ]


def _ranks(merges, one=lambda b: bytes([b]), swap=False, in_order=True):
    table = {b: one(b) for b in range(256)}
    for (a, b), new_id in _oldest_first(merges) if in_order else merges.items():
        table[new_id] = table[b] + table[a] if swap else table[a] + table[b]
    return {data: token for token, data in table.items()}


def _ranks_once(merges):
    ranks = {bytes([b]): b for b in range(256)}
    for pair, new_id in merges.items():
        ranks[bytes(pair)] = new_id  # bytes() refuses an id above 255
    return ranks


_RANKS = (
    Mistake(
        "only the merges",
        "The single bytes are missing. They are tokens too, the first 256 of them, and "
        "tiktoken starts from them.",
        lambda merges: {d: i for d, i in _ranks(merges).items() if i > 255},
    ),
    Mistake(
        "only the single bytes",
        "Only the 256 single bytes are there. Each merge adds one token: the bytes of "
        "its left half followed by those of its right half.",
        lambda merges: {d: i for d, i in _ranks(merges).items() if i < 256},
    ),
    Mistake(
        "ranks of merges begin at 0",
        "The ranks of your merges begin at 0 again, where the bytes already are. The "
        "rank of a token is its id.",
        lambda merges: {
            d: i % 256 if i > 255 else i for d, i in _ranks(merges).items()
        },
    ),
    Mistake(
        "text instead of bytes",
        "Your keys are text. A token may be a part of a character, which is no text at "
        "all: keep them as `bytes`.",
        lambda merges: {d.decode("latin-1"): i for d, i in _ranks(merges).items()},
    ),
    Mistake(
        "decoded, with errors replaced",
        "Your keys are text, and in some of them stands �: a token that is a part of a "
        "character is no text, and many of these have become one key. Leave the `bytes` "
        "as they are.",
        lambda merges: {
            d.decode(errors="replace"): i for d, i in _ranks(merges).items()
        },
    ),
    Mistake(
        "`str` of the bytes as keys",
        "Your keys are text that only looks like bytes, with the letter b and quotes in "
        "it. `str` writes down how Python shows them: leave it away.",
        lambda merges: {str(d): i for d, i in _ranks(merges).items()},
    ),
    Mistake(
        "digits as keys",
        "Your keys are the ids written in digits. The number 104 stands for one byte, "
        "and `str` makes three letters of it: put `bytes` together instead.",
        lambda merges: {"".join(map(str, d)): i for d, i in _ranks(merges).items()},
    ),
    Mistake(
        "ranks by length",
        "You number the tokens by their length, the shortest first. The rank of a token "
        "is its id, which tells when it was learned: a long one may be older.",
        lambda merges: {
            d: rank for rank, d in enumerate(sorted(_ranks(merges), key=len))
        },
    ),
    Mistake(
        "the length as the rank",
        "The rank of each token is its length. What tiktoken wants is its id: the byte "
        "itself, or the new id of the merge.",
        lambda merges: {d: len(d) for d in _ranks(merges)},
    ),
    Mistake(
        "tuples of numbers as keys",
        "Your keys are tuples of numbers. tiktoken asks for the bytes themselves: make a "
        "`bytes` object of the numbers.",
        lambda merges: {tuple(d): i for d, i in _ranks(merges).items()},
    ),
    Mistake(
        "by way of `decode`",
        "Are you asking `decode` for the text of each token? A token may be a part of a "
        "character, which is no text, and then there is an error: put bytes together "
        "instead.",
        lambda merges: {bytes([i]).decode().encode(): i for i in range(256)},
    ),
    Mistake(
        "in the order of the dictionary",
        "`merges` may list a merge before the merges that it is made of, whose bytes you "
        "do not have yet. Go by the new ids, the smallest first.",
        lambda merges: _ranks(merges, in_order=False),
    ),
    Mistake(
        "a byte made by way of a character",
        "The bytes above 127 have become two bytes each. You made a character of the "
        "number and asked for its UTF-8; what you need is the one byte with that value.",
        lambda merges: _ranks(merges, one=lambda b: chr(b).encode()),
    ),
    Mistake(
        "bytes(n) gives n zeros",
        "`bytes(3)` are three zero bytes. To get the one byte with the value 3, hand "
        "over a list that holds it.",
        lambda merges: _ranks(merges, one=bytes),
    ),
    Mistake(
        "keys and values exchanged",
        "The dictionary is turned around: tiktoken asks for the rank of given bytes, so "
        "the bytes are the keys.",
        lambda merges: {token: data for data, token in _ranks(merges).items()},
    ),
    Mistake(
        "the right half first",
        "The bytes of your merged tokens are the wrong way round: the left one of the "
        "pair comes first.",
        lambda merges: _ranks(merges, swap=True),
    ),
    Mistake(
        "a merge of merges is not written out",
        "A pair may hold the id of an earlier merge, which is no byte. Go through the "
        "merges in order and keep the bytes of every token: then both halves are known "
        "when you need them.",
        _ranks_once,
    ),
)


CHECKS = [
    Check("to_chunks", 1, _draw_chunks, _oracle_chunks, _TO_CHUNKS, _LIBRARIES),
    Check("count_pairs", 2, _draw_count, _oracle_count, _COUNT_PAIRS, _LIBRARIES),
    Check("merge", 2, _draw_merge, _oracle_merge, _MERGE, _LIBRARIES),
    Check(
        "train",
        3,
        _draw_train,
        _oracle_train,
        _TRAIN,
        _LIBRARIES,
        after=("to_chunks", "count_pairs", "merge"),
    ),
    Check(
        "encode",
        3,
        _draw_encode,
        _oracle_encode,
        _ENCODE,
        _LIBRARIES,
        after=("to_chunks", "count_pairs", "merge"),
    ),
    Check("decode", 3, _draw_decode, _oracle_decode, _DECODE, _LIBRARIES),
    Check(
        "round_trip",
        1,
        _draw_round_trip,
        _oracle_round_trip,
        _ROUND_TRIP,
        _LIBRARIES,
        after=("encode", "decode"),
    ),
    Check(
        "encode_special",
        3,
        _draw_special,
        _oracle_special,
        _ENCODE_SPECIAL,
        _LIBRARIES,
        after=("encode",),
    ),
    Check("ranks", 2, _draw_ranks, _oracle_ranks, _RANKS, _LIBRARIES),
]
