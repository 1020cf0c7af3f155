"""encode_special(text, merges, special, allowed): encode, with special tokens in the text.

A special token that is not allowed is a ValueError. The oracle reads the text from the
left, takes the longest name at each place, and gives what is between them to tiktoken,
which alone does not say which of two names wins that overlap.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import numpy as np

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks.tokenize._material import (
    LIBRARIES,
    Merges,
    encoded,
    nasty_text,
    new_word,
    sorted_letters,
    stories,
    turned,
    utf8,
)
from autograder.checks.tokenize.encode import encoding
from autograder.checks.tokenize.train import learned


def oracle(
    text: str, merges: Merges, special: dict[str, int], allowed: list[str]
) -> list[int]:
    encode = encoding(merges).encode_ordinary
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


def draw(rng: np.random.Generator) -> list[Case]:
    from gpt import world

    a, b, c, d, e, f, g = (f"<|{x}{new_word(rng, 3)}|>" for x in sorted_letters(rng, 7))
    word, other = new_word(rng, 2), new_word(rng, 2)
    pair = {tuple(utf8(word)): 256}
    inside = new_word(rng, 5)
    long = f"{d[:-2]}{new_word(rng, 2)}|>"
    short = f"[{new_word(rng, 3)}"
    longer = f"{short}{new_word(rng, 1)}]"
    inner = longer[1:-1]
    end_ = new_word(rng, 4)
    capitals = (
        f"{word}{end_.upper()}{other}",
        {(ord(word[-1]), ord(end_[0].upper())): 256},
        {end_: 257},
        [end_],
    )
    told = stories(rng, 600, end=world.END)
    merges = learned(told.replace(world.END, "\n"), 30)
    end = 256 + len(merges)
    nasty = nasty_text(rng)
    forty = [f"<|{new_word(rng, 2)}{i}|>" for i in range(40)]
    told_merges = learned(told.replace(world.END, "\n"), 45)
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
        edge(
            "not one special token in the whole vocabulary",
            (f"{a}{word} {other}{word}", pair, {}, []),
        ),
        edge(
            "rare characters beside a special token",
            (f"{word}\ue000{a}\ufffc\ue001\U000f0101 {word}{a}", pair, {a: 257}, [a]),
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
        edge(
            "one not allowed, which begins like one that is",
            (f"{word} {longer}", pair, {short: 257, longer: 258}, [short]),
        ),
        edge(
            "one not allowed, inside a longer one that is",
            (f"{word} {longer}{other}", pair, {inner: 257, longer: 258}, [longer]),
        ),
        edge(
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
        Case(
            "spaces and line ends around special tokens",
            (f" \n{word} {a}\n\n {other}  {a} \n", pair, {a: 257}, [a]),
        ),
        edge(
            "a special token of letters, which ordinary text has in capitals", capitals
        ),
        edge(
            "a special token that begins like another and has the smaller id",
            (
                f"{word} {longer}{short} {other}{longer}",
                pair,
                {short: 258, longer: 257},
                [short, longer],
            ),
        ),
        edge(
            "marks that no one sees, tabs and line ends beside a special token",
            (f"{nasty}{a}{nasty}", learned(nasty, 9), {a: 300}, [a]),
        ),
        edge(
            "forty special tokens",
            (
                f"{word}{word.join(forty)}",
                told_merges,
                {name: 900 - i for i, name in enumerate(forty)},
                forty,
            ),
        ),
    ]


def _names(names: Iterable[str], escape: Callable[[str], str] = re.escape) -> str:
    """A pattern for any of these names, the longest first; empty where none is."""
    return "|".join(escape(name) for name in sorted(names, key=len, reverse=True))


def _around(
    text: str,
    merges: Merges,
    special: dict[str, int],
    allowed: list[str],
    pattern: str | None = None,
    limit: int = 0,
    put: Callable[[int], list[int]] = lambda token: [token],
    plain: Callable[[str, Merges], list[int]] = encoded,
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


def _with(**screws):
    """Encoding with the screws of `_around`."""
    return lambda *args: _around(*args, **screws)


def _allowed_only(text, merges, special, allowed):
    return _around(text, merges, special, allowed, pattern=_names(allowed))


def _allowed_first(text, merges, special, allowed):
    rest = re.split(_names(allowed), text) if allowed else [text]
    if any(name in part for name in special for part in rest if name not in allowed):
        raise ValueError("not allowed")
    return _allowed_only(text, merges, special, allowed)


def _forbidden_first(text, merges, special, allowed):
    if any(name in text for name in special if name not in allowed):
        raise ValueError("not allowed")
    return _allowed_only(text, merges, special, allowed)


def _all_must_be_allowed(text, merges, special, allowed):
    if any(name not in allowed for name in special):
        raise ValueError("not allowed")
    return _around(text, merges, special, allowed)


def _in_order(text, merges, special, allowed):
    pattern = "|".join(map(re.escape, special))
    return _around(text, merges, special, allowed, pattern=pattern)


def _last_in_order(text, merges, special, allowed):
    return _in_order(text, merges, turned(special), allowed)


def _name_by_name(text, merges, special, allowed):
    """The longest name is cut out of the whole text first, then the next longest."""
    for name in sorted(special, key=len, reverse=True):
        before, found, after = text.partition(name)
        if found:
            if name not in allowed:
                raise ValueError("not allowed")
            left, right = (
                _name_by_name(end, merges, special, allowed) for end in (before, after)
            )
            return [*left, special[name], *right]
    return encoded(text, merges)


def _unescaped(text, merges, special, allowed):
    # "[" alone would not even compile; a student who met that has escaped by now.
    pattern = _names(special, lambda name: name.replace("[", r"\["))
    return _around(text, merges, special, allowed, pattern=pattern)


def _at_the_end(text, merges, special, allowed):
    ids = _around(text, merges, special, allowed)
    names = set(special.values())
    return [i for i in ids if i not in names] + [i for i in ids if i in names]


def _rest_lost(text, merges, special, allowed):
    ids = _around(text, merges, special, allowed)
    if not any(name in text for name in allowed):
        return ids
    while ids[-1] not in special.values():
        ids.pop()
    return ids


def _from_the_left(drop=False, again="", by_one=False):
    """Reading from the left into a text that is encoded at each special token, with
    screws: `drop` what is left in the end, encode `again` what stands before a token
    ("text", or "all" with the names), move on `by_one` letter after a token."""

    def answer(text, merges, special, allowed):
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
            out += [*encoded(before, merges), special[name]]
            before = {"text": before, "all": before + name}.get(again, "")
            at += 1 if by_one else len(name)
        return out if drop else out + encoded(before, merges)

    return answer


def _no_escape(text, merges, special, allowed):
    import regex

    names = _names(special, str)
    parts = regex.split(f"({names})", text) if names else [text]
    return [i for part in parts for i in encoded(part, merges)]


def _told_but_not_raised(text, merges, special, allowed):
    try:
        return _around(text, merges, special, allowed)
    except ValueError:
        return None


def _in_two(text, merges, special, allowed):
    ids = _around(text, merges, special, allowed)
    if sum(i in special.values() for i in ids) > 1:
        raise ValueError("too many values to unpack")
    return ids


MISTAKES = (
    Mistake(
        "special tokens encoded as ordinary text",
        "The special token went through as if it were ordinary text. Cut the text at "
        "the special tokens first; what lies between them is encoded as usual, and each "
        "of them becomes its one id.",
        lambda text, merges, special, allowed: encoded(text, merges),
    ),
    Mistake(
        "every special token is allowed",
        "A special token that is not allowed became its id. Imagine that a user has "
        "typed it: look for every special token in the text, and raise a ValueError for "
        "one that `allowed` does not list.",
        lambda text, merges, special, allowed: _around(
            text, merges, special, list(special)
        ),
    ),
    Mistake(
        "not allowed, so encoded as text",
        "A special token that is not allowed was encoded as ordinary text, without a "
        "word. Here that is an error: raise a ValueError.",
        _allowed_only,
    ),
    Mistake(
        "told, but not raised",
        "Where a special token is not allowed, your function gives back nothing. A "
        "message on the screen stops no program: raise a ValueError.",
        _told_but_not_raised,
    ),
    Mistake(
        "allowed names are cut out before others are sought",
        "Where a name that is not allowed begins like one that is, you take the short "
        "one and overlook the other. The longest name that begins at a place counts, "
        "allowed or not: look for all of them, and ask for permission afterwards.",
        _allowed_first,
    ),
    Mistake(
        "forbidden names are sought in the whole text",
        "You raise an error for a name that is only a part of a longer one, which is "
        "allowed. What the longer name covers is used up: read from the left, take "
        "the longest name at each position, and ask for permission then.",
        _forbidden_first,
    ),
    Mistake(
        "an error although it is not in the text",
        "You raise an error for a special token that is not allowed, although the text "
        "does not contain it. Only one that really stands in the text is a problem.",
        _all_must_be_allowed,
    ),
    Mistake(
        "the shorter name wins",
        "Where one special token begins like another, the shorter one was taken and "
        "the rest became text. At each position, try the longest names first.",
        _in_order,
    ),
    Mistake(
        "the last matching name wins",
        "Where several names begin at a place, you take the one that `special` lists "
        "last. It may list them in any order: of all the names that begin there, keep "
        "the longest.",
        _last_in_order,
    ),
    Mistake(
        "one name after the other",
        "Where two special tokens overlap, the one that begins further left wins. You "
        "go through the whole text for one name, then for the next; look for all of "
        "them at once, from the left.",
        _name_by_name,
    ),
    Mistake(
        "| read as “or”",
        "Inside a regular expression, | means “or”, so <|end|> looks for < or end or >. "
        "Escape the names before you build the pattern.",
        _unescaped,
    ),
    Mistake(
        "white space beside special tokens is lost",
        "The spaces and line ends beside a special token are lost. They belong to the "
        "text: do not strip the parts.",
        _with(plain=lambda text, merges: encoded(text.strip(), merges)),
    ),
    Mistake(
        "letter by letter",
        "Between the special tokens nothing is merged. Are you encoding one character at "
        "a time? Collect the whole text up to the next special token, then encode it.",
        _with(plain=lambda text, merges: utf8(text)),
    ),
    Mistake(
        "only the first special token",
        "Only the first special token of the text is treated as one; those after it "
        "became ordinary text. Go on with the rest of the text in the same way.",
        _with(limit=1),
    ),
    Mistake(
        "one special token and no more",
        "You raise an error where a special token stands in the text more than once. "
        "Cutting a text at a name may give more than two parts: expect any number.",
        _in_two,
    ),
    Mistake(
        "the text after the last special token is lost",
        "What stands after the last special token is missing. When you have found no "
        "more names, there may be text left: encode that, too.",
        _rest_lost,
    ),
    Mistake(
        "what is collected in the end is lost",
        "What stands after the last special token is missing, and a text without any "
        "becomes nothing at all. When the loop is over, there may be text left that you "
        "have collected: encode that, too.",
        _from_the_left(drop=True),
    ),
    Mistake(
        "the text before a special token comes twice",
        "The text before a special token is encoded, and later once more. When you have "
        "encoded what you collected, start again with nothing.",
        _from_the_left(again="text"),
    ),
    Mistake(
        "always from the start of the text",
        "After a special token you encode the text from its very start again, "
        "including the names in it. Remember where the last special token ended, and "
        "go on from there.",
        _from_the_left(again="all"),
    ),
    Mistake(
        "one letter further after a special token",
        "After a special token the rest of its name is read as text. Move on by the "
        "length of the whole name, not by one letter.",
        _from_the_left(by_one=True),
    ),
    Mistake(
        "names that are not escaped",
        "Your names are never found, or there is an error from inside `regex`. In a "
        "regular expression, | and [ have a meaning of their own: escape the names "
        "before you build the pattern.",
        _no_escape,
    ),
    Mistake(
        "special tokens dropped",
        "The special tokens have vanished. Cutting the text at them is right, but "
        "their ids belong in the result, each where its token stood.",
        _with(put=lambda token: []),
    ),
    Mistake(
        "special tokens at the end",
        "The ids of the special tokens stand at the end. Each belongs where its token "
        "stood in the text.",
        _at_the_end,
    ),
)

CHECK = Check(
    "encode_special",
    3,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES,
    after=("encode",),
)
