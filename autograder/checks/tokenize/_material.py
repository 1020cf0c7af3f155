"""What several checks of Tokenize use: texts, and a plain tokenizer with loose screws.

The screws are parameters whose default is right: a mistake turns one of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import numpy as np

from autograder.checks import Case, Mistake, edge
from autograder.checks._material import some

LIBRARIES = ("gpt.tokenize", "tiktoken", "tokenizers", "transformers")
PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"

Pair = tuple[int, int]
Merges = dict[Pair, int]

PROSE = (
    "The baker opened her shop at six and sold forty loaves before noon.",
    "Nobody had told the lighthouse keeper that the ships were gone.",
    "It isn't the rain that they'd miss, it's the sound of it.",
    "We counted 17 herons, 204 ducks and 3 very patient fishermen.",
    "“Wait,” she said, “you've already read this line twice!”",
    "Naïve plans survive longer in cafés than in the field.",
    "A train left at 09:45; by 10:15 we'd forgotten why we'd hurried.",
    "Every token is a guess about what will be written again.",
)
CHINESE = (
    "果树上有三只鸟，鸟在唱歌。",
    "今天的天气很好，我们去河边散步。",
    "她把一本旧书放在桌子上。",
    "小猫跳过小河，小狗也跳过小河。",
    "山上的花开了，山下的人来了。",
    "他写的字很小，可是每个字都很清楚。",
)
CODE = (
    "def area(r):\n    return 3.14 * r ** 2\n",
    "for i in range(10):\n\tif i % 2 == 0:\n\t\tprint(i, end='')\n",
    "x = {'a': [1, 2], 'b': None}  # a dict\n",
    "    while queue and not found:\n        node = queue.pop()\n",
    "SELECT name, age FROM birds WHERE age >= 4;\n",
    '<p class="note">1 &lt; 2</p>\n',
)
FORMS = ("s", "t", "re", "ve", "m", "ll", "d")
EMOJI = ("👩‍🌾", "👨‍👩‍👧", "🏳️‍🌈", "👍🏽", "🇫🇷", "❤️", "🐸", "🧵", "✈️", "🌱")
ALPHABET = "abcdefghijklmnopqrstuvwxyz"
HANZI = "果树鸟河山花小猫狗跳书字人天水火木金土日月星云雨风雪春夏秋冬"


def new_word(rng: np.random.Generator, length: int = 4) -> str:
    """Small letters, each as likely as any other."""
    return "".join(rng.choice(list(ALPHABET), length))


def sorted_letters(rng: np.random.Generator, count: int) -> list[str]:
    """Different small letters, in alphabetical order."""
    return sorted(some(rng, ALPHABET, count))


def letter_ids(rng: np.random.Generator, count: int) -> list[int]:
    """The ids of different small letters, in no order."""
    return ords(some(rng, ALPHABET, count))


def byte_ids(rng: np.random.Generator, count: int) -> list[int]:
    """Different ids below 256, in no order."""
    return [int(i) for i in rng.choice(256, count, replace=False)]


def large_id(rng: np.random.Generator) -> int:
    """An id that no 16 bits hold."""
    return int(rng.integers(66_000, 99_999))


def huge_id(rng: np.random.Generator) -> int:
    """An id beyond what one may take for infinite, but of less than 63 bits."""
    return 2**61 + large_id(rng)


def stories(rng: np.random.Generator, n_chars: int, end: str = "\n") -> str:
    """Stories of the small world, with `end` after each."""
    from gpt import world

    return world.corpus(n_chars, int(rng.integers(1 << 31))).replace(world.END, end)


def mixed_page(rng: np.random.Generator) -> str:
    """A page of everything: prose, Chinese, code, emoji, and a new word."""
    parts = [*some(rng, PROSE, 3), *some(rng, CHINESE, 2), *some(rng, CODE, 2)]
    parts += [" ".join(some(rng, EMOJI, 3)), new_word(rng, 7)]
    parts += [" " * rng.integers(3, 9)]
    return "\n".join(parts[int(i)] for i in rng.permutation(len(parts)))


def nasty_text(rng: np.random.Generator) -> str:
    """What is easily lost or changed: invisible characters, and outer spaces.

    Also what looks like something else: accents in one character and in two, spaces of
    other widths, a curved apostrophe, a flag of four characters.
    """
    a, b, c, d = (new_word(rng, 3) for _ in range(4))
    other = "\xe9’s\xa0\u3000\x0b🏳️‍🌈\n\n\n"
    return f"\ufeff \t{a}\x00{b}\r\n_{c}_\u200b e\u0301{d}{other}{d}\t\r\n  "


# The first and last of as many bytes, and what programs like to take out or to replace.
_RARE = "\0\x7f\x80\x85\u07ff\u0800\u200b\u2028\ufeff\ufffd\uffff\U00010000\U0010ffff"
_ENDS = {
    "a line end": "\n",
    "a zero byte": "\0",
    "a tab": "\t",
    "a carriage return": "\r",
    "a mark of byte order": "\ufeff",
    "a space without width": "\u200b",
}


def rarities(rng: np.random.Generator, make: Callable[[str], tuple]) -> list[Case]:
    """Cases with a text that is easily taken for what it is not; `make` gives all of a
    call's arguments from it."""
    names = [*_ENDS]
    marks = "".join(new_word(rng, 1) + mark for mark in some(rng, _RARE, len(_RARE)))
    a, b = new_word(rng, 3), new_word(rng, 3)
    tidied = f"{a} . {b} , {a} ! {b} ? do n't {a} 's &amp; %20 \u2581{b}</w> '' \\n @-@"
    return [
        edge("rare characters between letters", make(marks + new_word(rng, 1))),
        edge("what some tokenizers tidy up", make(tidied)),
        *(
            edge(
                f"{first} at the beginning and {last} at the end",
                make(_ENDS[first] + new_word(rng, 2) + _ENDS[last]),
            )
            for first, last in zip(names, names[1:] + names[:1], strict=True)
        ),
    ]


def in_no_order(rng: np.random.Generator) -> Merges:
    """Three merges, each of the one before; listed are the last, the first, the second."""
    first, second, last = staircase(rng, 3).items()
    return dict([last, first, second])


def far_apart(merges: Merges) -> Merges:
    """The same merges, whose ids begin at 1000 and leave gaps."""

    def new(i: int) -> int:
        return i if i < 256 else 1000 + 3 * (i - 256)

    return {(new(a), new(b)): new(i) for (a, b), i in merges.items()}


def four_merges(rng: np.random.Generator) -> tuple[str, Merges]:
    """A text abcd, and merges of its pairs, of which the oldest makes none of it."""
    a, b, c, d = some(rng, ALPHABET, 4)
    pairs = (d, a), (a, b), (b, c), (c, d)
    return a + b + c + d, {tuple(ords(p)): 256 + i for i, p in enumerate(pairs)}


def borders(rng: np.random.Generator) -> tuple[str, Merges]:
    """A text with every kind of border between chunks, and merges that tell each apart.

    Each merges what stands at one place: across a border, where it must not come to
    pass, or where another pattern would have cut.
    """
    a, b, c, d, e, f, g, h, i, j = some(rng, "abcfghijknopquwxyz", 10)
    forms = " ".join(f"{a}'{form}" for form in some(rng, FORMS, len(FORMS)))
    number = "".join(some(rng, "123456789", 5))
    digit, other = some(rng, "٣٤٥٦٧٨", 1)[0], some(rng, "éüßñжд", 1)[0]
    one, two = some(rng, HANZI, 2)
    text = (
        f"{forms} {b}'S {digit}! {other}? {c}{number} {d}_ {e} {f}\t{g} & {h}% "
        f"e\u0301{i}   {j} {a}2² {b}Ⅻ {c}{one}{two} {d}ж {e}{f.upper()} {g}'em "
        f"{a} 's {b}-{c} 3.5 !🐸 {b}🐸🧵 3{one}{two} {d}\xa0{e} {f}’s {g}½ "
        f"#{'=' * 141} {h}1{'0' * 141}\t{' ' * 142}\t"
    )
    places = [f"'{form[0]}" for form in FORMS]
    places += ["'S", f"{digit[-1]}!", f"{other}?", c + number[0], number[2:4], f"{d}_"]
    places += [f"{e} ", f" {f}", f"\t{g}", " &", f"{h}%", f"\u0301{i}", f" {j}", "  "]
    places += ["2²", f"{b}Ⅻ", c + one, one + two, f"{d}ж", e + f.upper(), "'e"]
    places += [f"{b}-", f"-{c}", "3.", ".5", "!🐸", "🐸🧵", f"\xa0{e}", "’s", f"{g}½"]
    places += ["==", "00"]
    pairs = dict.fromkeys(middle(place) for place in places)
    return text, {pair: 256 + n for n, pair in enumerate(pairs)}


def middle(two: str) -> Pair:
    """The bytes on both sides of the place between two characters."""
    left, right = two
    return left.encode()[-1], right.encode()[0]


def staircase(rng: np.random.Generator, steps: int) -> Merges:
    """Merges of which each adds a letter to the one before."""
    letters = ords(rng.choice(list(ALPHABET), steps + 1))
    lefts = [letters[0], *range(256, 255 + steps)]
    pairs = zip(lefts, letters[1:], strict=True)
    return {pair: 256 + n for n, pair in enumerate(pairs)}


def closed_up(merges: Merges) -> tuple[Merges, dict[int, int]]:
    """The same merges with ids from 256 on, without gaps; and what each id was before."""
    wide = {i: i for i in range(256)}
    wide |= {256 + n: i for n, i in enumerate(sorted(merges.values()))}
    dense = {i: n for n, i in wide.items()}
    closed = {(dense[a], dense[b]): dense[i] for (a, b), i in merges.items()}
    return closed, wide


def turned(listed: dict) -> dict:
    """The same dictionary, listed from the last entry to the first."""
    return dict(reversed(listed.items()))


_PRIVATE = 0xF0000  # from here on, characters have no meaning: one for each id


def as_text(ids: Iterable[int]) -> str:
    """One character an id, so that `str.replace` can merge ids and undo it."""
    return "".join(chr(_PRIVATE + i) for i in ids)


def as_ids(text: str) -> list[int]:
    """What `as_text` was given."""
    return [ord(c) - _PRIVATE for c in text]


def split(text: str) -> list[str]:
    import regex

    return regex.findall(PATTERN, text)


def utf8(text: str) -> list[int]:
    return list(text.encode())


def ords(text: Iterable[str]) -> list[int]:
    """Code points, which are the UTF-8 bytes too as long as all is ASCII."""
    return [ord(c) for c in text]


def chunks_of(text: str) -> list[list[int]]:
    return [utf8(chunk) for chunk in split(text)]


def one_chunk(text: str) -> list[list[int]]:
    """Chunks of a text that was not cut."""
    return [utf8(text)]


def code_points(text: str) -> list[list[int]]:
    """Chunks of characters instead of bytes."""
    return [ords(chunk) for chunk in split(text)]


def counted(chunks: list[list[int]]) -> Counter[Pair]:
    counts: Counter[Pair] = Counter()
    for ids in chunks:
        counts.update(pairwise(ids))
    return counts


def merged(
    ids: list[int], pair: Pair, new_id: int, keep: int = 0, step: int = 1, skip: int = 2
) -> list[int]:
    """Move on `skip` ids after a merge, `step` ids without one, and do not look at the
    last `keep`."""
    out, i = [], 0
    while i < len(ids) - keep:
        if tuple(ids[i : i + 2]) == pair:
            out.append(new_id)
            i += skip
        else:
            out += ids[i : i + step]
            i += step
    return out


def oldest_first(merges: Merges) -> list[tuple[Pair, int]]:
    return sorted(merges.items(), key=lambda item: item[1])


def encoded_chunk(
    ids: list[int],
    merges: Merges,
    pick: Callable[[list[Pair], Merges], Pair] = lambda there, merges: min(
        there, key=merges.get
    ),
    rounds: int = 1 << 30,
    put: Callable[[list[int], Pair, int], list[int]] = merged,
    least: int = 2,
) -> list[int]:
    """Of the pairs that are there and can be merged, `pick` one, in each of `rounds`,
    and `put` its id in the place of it, as long as `least` ids are there."""
    for _ in range(rounds):
        there = [p for p in pairwise(ids) if p in merges]
        if not there or len(ids) < least:
            break
        pair = pick(there, merges)
        ids = put(ids, pair, merges[pair])
    return ids


def flat(chunks: list[list[int]]) -> list[int]:
    return [i for ids in chunks for i in ids]


def encoded(
    text: str,
    merges: Merges,
    chunks: Callable[[str], list[list[int]]] = chunks_of,
    gather: Callable[[list[list[int]]], Any] = flat,
    **screws: Any,
) -> Any:
    """`gather` the encoded chunks; `screws` are those of `encoded_chunk`."""
    return gather([encoded_chunk(ids, merges, **screws) for ids in chunks(text)])


def from_the_right(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    """A wrong `merged`."""
    return merged(ids[::-1], pair[::-1], new_id)[::-1]


def written_out(
    merges: Merges,
    one: Callable[[int], bytes] = lambda b: bytes([b]),
    join: Callable[[bytes, bytes], bytes] = lambda left, right: left + right,
    in_order: bool = True,
) -> dict[int, bytes]:
    """The bytes of every id: `one` makes those of a single byte, `join` those of a
    merge, the oldest first or else as the dictionary lists them."""
    data = {b: one(b) for b in range(256)}
    for (a, b), new_id in oldest_first(merges) if in_order else merges.items():
        data[new_id] = join(data[a], data[b])
    return data


def right_half_first(left: bytes, right: bytes) -> bytes:
    """A wrong `join`."""
    return right + left


def ranks_of(merges: Merges, **screws) -> dict[bytes, int]:
    """`screws` are those of `written_out`."""
    return {data: token for token, data in written_out(merges, **screws).items()}


def joined(ids: list[int], data: dict[int, bytes], unknown: str = "raise") -> bytes:
    """The bytes of a text. An unknown id is a ValueError, a KeyError with "key", and
    left out with "skip"."""
    if unknown == "raise":
        for i in ids:
            if i not in data:
                raise ValueError(f"no token {i}")
    return b"".join(data[i] for i in ids if unknown != "skip" or i in data)


def token_by_token(ids: list[int], data: dict[int, bytes], errors: str) -> str:
    """A text of tokens that were decoded each by itself."""
    return "".join(data[i].decode(errors=errors) for i in ids)


def only_the_first_chunk(wrong: Callable[..., object], done: str) -> Mistake:
    """A `return` inside the loop over the chunks. `done` is what it should do to all."""
    return Mistake(
        "only the first chunk",
        f"Only the first chunk is {done}. Does `return` stand inside the loop? It ends "
        "the whole function; it belongs after the loop.",
        wrong,
    )


def characters_for_bytes(wrong: Callable[..., object], seen: str, step: str) -> Mistake:
    """A step that begins with code points. `seen` is what shows it."""
    return Mistake(
        "characters instead of bytes",
        f"{seen} Somewhere you work with characters: see that {step} begins with the "
        "bytes of `to_chunks`, and that these are bytes.",
        wrong,
    )


def zeros_for_a_byte(wrong: Callable[..., object], seen: str) -> Mistake:
    """`bytes(b)` in place of the byte b. `seen` is where the zeros show."""
    return Mistake(
        "bytes(n) gives n zeros",
        f"{seen} full of zero bytes: `bytes(5)` is five of them. To get the one byte "
        "with the value 5, hand over a list that holds it.",
        wrong,
    )
