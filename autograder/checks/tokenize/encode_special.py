"""encode_special(text, merges, special, allowed): encode, with special tokens in the text.

A special token that is not allowed is a ValueError. The oracle reads the text from the
left, takes the longest name at each place, and gives what is between them to tiktoken,
which alone does not say which of two names wins that overlap.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import some, stop
from autograder.checks._slips import an_assert
from autograder.checks._twins import twins
from autograder.checks.tokenize._material import (
    LIBRARIES,
    PATTERN,
    Merges,
    encoded,
    far_apart,
    flat,
    four_merges,
    nasty_text,
    new_word,
    rarities,
    sorted_letters,
    stories,
    turned,
    utf8,
)
from autograder.checks.tokenize.encode import oracle as encoded_by_tiktoken
from autograder.checks.tokenize.train import learned


def oracle(
    text: str, merges: Merges, special: dict[str, int], allowed: list[str]
) -> list[int]:
    encode = partial(encoded_by_tiktoken, merges=merges)
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


def worked(
    text: str, merges: Merges, special: dict[str, int], allowed: list[str]
) -> dict[str, Any]:
    """The first parts of the text, and their ids."""
    parts = re.split(f"({_pattern(_longest_first(special, allowed))})", text)
    return {
        f"{'the special token' if part in special else 'the text'} {part!r}": (
            [special[part]] if part in special else encoded(part, merges)
        )
        for part in (parts if special else [text])[:6]
    }


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
    nasty, (mark,) = nasty_text(rng), some(rng, "§¶†‡•", 1)
    many = [f"<|{new_word(rng, 2)}{i}|>" for i in range(140)]
    told_merges = learned(told.replace(world.END, "\n"), 140)
    return [
        Case(
            "one special token between two words",
            (f"{word}{a}{word}{other}", pair, {a: 257}, [a]),
        ),
        Case(
            "a special token that stands twice",
            (f"{word}{a}{word}{a}", pair, {a: 257}, [a]),
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
            (f"{nasty}{a}{nasty}", far_apart(learned(nasty, 9)), {a: 2000}, [a]),
        ),
        Case(
            "a merge of a space with the first character of a special token",
            (f"{word} {a} {other}", {(32, ord("<")): 256}, {a: 257}, [a]),
        ),
        edge(
            "one not allowed, which is a part of one that is",
            (f"{word} {short}{other}", pair, {short: 257, longer: 258}, [longer]),
        ),
        edge(
            "one not allowed, written like one that is, but in capitals",
            (
                f"{word} {end_.upper()}{other}",
                pair,
                {end_: 257, end_.upper(): 258},
                [end_],
            ),
        ),
        edge(
            "the text of the first case, with nothing allowed",
            (f"{word}{a}{word}{other}", pair, {a: 257}, []),
        ),
        edge(
            "the text of the first case, without special tokens and merges",
            (f"{word}{a}{word}{other}", {}, {}, []),
        ),
        edge(
            "many special tokens, and many merges",
            (
                f"{told}{word.join(many)}",
                told_merges,
                {name: 900 - i for i, name in enumerate(many)},
                many,
            ),
        ),
        edge(
            "a special token of one character, at the end",
            (f"{word} {other}{mark}", pair, {mark: 257}, [mark]),
        ),
        *_refused_anywhere(rng, f"{word}{other}", (a, b, c), end_),
        edge(
            "a special token with an id of more than 40 bits",
            (f"{word}{a} {word}", pair, {a: 2**40 + end}, [a]),
        ),
        edge("an empty text", ("", pair, {a: 257}, [a])),
        edge("no merges", (f"{word}{a}{word}", {}, {a: 257}, [a])),
        edge("a text of one character", (word[0], pair, {a: 257}, [a])),
        *_of_signs(rng, word),
        *rarities(rng, lambda text: (f"{a}{text}", pair, {a: 257}, [a])),
        *twins(
            oracle,
            lambda: _five_special(rng),
            "the text",
            "the merges",
            "the special tokens",
            "the allowed ones",
            others={3: _one_less_allowed},
        ),
    ]


def _refused_anywhere(
    rng: np.random.Generator, word: str, names: Sequence[str], plain: str
) -> list[Case]:
    """What is not allowed stands wherever a guard may forget to look.

    `plain` is one more name, of letters only.
    """
    yes, no, other = names
    known = {yes: 300, no: 301, other: 302}
    x, y = new_word(rng, 1).upper(), new_word(rng, 1).upper()
    return [
        Case("one not allowed, at the beginning", (f"{no} {word}", {}, known, [yes])),
        Case("one not allowed, which is the whole text", (no, {}, known, [yes])),
        edge("one not allowed, at the end", (f"{word}\n{no}", {}, known, [yes])),
        edge("the whole text is one token, and none is allowed", (no, {}, known, [])),
        edge(
            "one not allowed, twice", (f"{word}{no} {word}{no}{word}", {}, known, [yes])
        ),
        edge("one not allowed, twice in a row", (f"{no}{no}", {}, known, [yes])),
        edge(
            "one not allowed, right after one that is",
            (f"{word}{yes}{no} {word}", {}, known, [yes, other]),
        ),
        edge(
            "one not allowed, right before one that is",
            (f"{word}{no}{yes} {word}", {}, known, [other, yes]),
        ),
        edge(
            "one not allowed, after many that are",
            (f"{word} {yes}" * 140 + no + word, {}, known, [yes]),
        ),
        edge(
            "one not allowed, on a line of its own, with the smallest id",
            (f"{word}\n{no}\n{word}", {}, {no: 256, yes: 257}, [yes]),
        ),
        edge(
            "one not allowed, whose name ends one that is",
            (f"{word} {plain}", {}, {x + plain: 300, plain: 301}, [x + plain]),
        ),
        edge(
            "one not allowed, whose name ends in one that is",
            (f"{word} {y}{plain}", {}, {y + plain: 300, plain: 301}, [plain]),
        ),
    ]


def _of_signs(rng: np.random.Generator, word: str) -> list[Case]:
    """Names that mean something else in a pattern, that are short, long, or come again."""
    x, y, z = some(rng, "bcfghjkmpq", 3)
    names = [f"({x})", f"{x}.{y}", f"{x}+{y}", f"{x}|{y}", f"${x}$", f"^{y}", f"*{z}?"]
    names += [
        f"{x}{{2}}",
        f"{y}\\d",
        f"<{x} {y}>",
        "<>",
        f"#{x}",
        f"[{y}]",
        f"[{y}]{z}",
    ]
    special = {name: 300 + i for i, name in enumerate(names)}
    other = f"{x}{z}{y} {x}{x}{y} {x}{x} {y}7 {x} {y}"
    long = f"<|{new_word(rng, 30)}|>"
    one, two, mark = f"<{x}>", f"<{y}>", some(rng, "§¶†‡•", 1)[0]
    both = {one: 257, two: 258}
    return [
        edge(
            "names with signs that mean something in a pattern",
            (f"{' '.join(names)} {other}", {}, special, names),
        ),
        edge(
            "names of two, three and four signs that begin alike",
            (
                f"<{x}{y}{z} <{x} <{x}{y}",
                {},
                {f"<{x}": 257, f"<{x}{y}": 258, f"<{x}{y}{z}": 259},
                [f"<{x}", f"<{x}{y}", f"<{x}{y}{z}"],
            ),
        ),
        edge("a long name", (f"{word}{long}{word}", {}, {long: 257}, [long])),
        edge("a long name that is not allowed", (f"{word}{long}", {}, {long: 257}, [])),
        edge(
            "one that comes again before another",
            (f"{one}{x}{one}{y}{two}", {}, both, [one, two]),
        ),
        edge(
            "one letter that is not allowed", (f"{word}{mark}", {}, {mark: 257}, [one])
        ),
        edge("a line end behind a name", (f"{word}{one}\n", {}, both, [one])),
        edge("a stroke before a name", (f"\\{one}{word}", {}, both, [one])),
    ]


def _one_less_allowed(
    text: str, merges: Merges, special: dict[str, int], allowed: list[str]
) -> list[str]:
    return [allowed[0], allowed[2], [*special][4], allowed[3]]


def _five_special(
    rng: np.random.Generator,
) -> tuple[str, Merges, dict[str, int], list[str]]:
    """A text with two of five special tokens, which are allowed, and two more are."""
    text, merges = four_merges(rng)
    names = [f"<|{new_word(rng, 2)}{i}|>" for i in range(5)]
    special = {name: 300 + i for i, name in enumerate(names)}
    return f"{text}{names[1]}{text}{names[2]}", merges, special, names[:4]


Special = dict[str, int]


def _pattern(names: Iterable[str], escape: Callable[[str], str] = re.escape) -> str:
    """A pattern for any of these names; one that fits nowhere if there is none."""
    return "|".join(map(escape, names)) or "(?!)"


def _longest_first(special: Special, allowed: list[str]) -> Sequence[str]:
    return sorted(special, key=len, reverse=True)


def _refused(part: str, special: Special, merges: Merges) -> list[int]:
    raise ValueError(f"{part} is not allowed")


def around(
    text: str,
    merges: Merges,
    special: Special,
    allowed: list[str],
    names: Callable[[Special, list[str]], Sequence[str]] = _longest_first,
    escape: Callable[[str], str] = re.escape,
    flags: int = 0,
    limit: int = 0,
    may: Callable[[Special, list[str]], Iterable[str]] = lambda special, allowed: (
        allowed
    ),
    put: Callable[[int], list[int]] = lambda token: [token],
    refuse: Callable[[str, Special, Merges], list[int]] = _refused,
    plain: Callable[[str, Merges], list] = encoded,
    gather: Callable[[list[list[int]], Special], list] = lambda parts, special: flat(
        parts
    ),
) -> list:
    """Encoding around special tokens, with a screw at each step.

    Look for the `names`, in this order, at most `limit` times; `put` what becomes of one
    that `may` stand there, `refuse` another, and encode what is between them by `plain`.
    """
    pattern = _pattern(names(special, allowed), escape)
    return gather(
        [
            plain(part, merges)
            if part not in special
            else put(special[part])
            if part in may(special, allowed)
            else refuse(part, special, merges)
            for part in re.split(f"({pattern})", text, maxsplit=limit, flags=flags)
        ],
        special,
    )


def _often(name: str, hint: str, **screws: Any) -> Mistake:
    return Mistake(name, hint, partial(around, **screws))


def _seldom(name: str, hint: str, **screws: Any) -> Mistake:
    """What is seldom done together with something else, and so makes no pairs."""
    return Mistake(name, hint, lambda *args: around(*args, **screws))


def _order(name: str, how: str, names: Callable[..., Sequence[str]]) -> Mistake:
    return _often(
        name,
        "Where one special token begins like another, the shorter one was taken and the "
        f"rest became text{how}. At each position, try the longest names first.",
        names=names,
    )


def _only_allowed(special: Special, allowed: list[str]) -> Sequence[str]:
    return _longest_first({name: special[name] for name in allowed}, allowed)


def _allowed_first(text, merges, special, allowed):
    rest = re.split(_pattern(_only_allowed(special, allowed)), text)
    if any(name in part for name in special if name not in allowed for part in rest):
        raise ValueError("not allowed")
    return around(text, merges, special, allowed, names=_only_allowed)


def _forbidden_first(text, merges, special, allowed):
    if any(name in text for name in special if name not in allowed):
        raise ValueError("not allowed")
    return around(text, merges, special, allowed, names=_only_allowed)


def _all_must_be_allowed(text, merges, special, allowed):
    if any(name not in allowed for name in special):
        raise ValueError("not allowed")
    return around(text, merges, special, allowed)


def _letter_by_letter_without(text, merges, special, allowed):
    """An empty pattern fits between any two letters."""
    if special:
        return around(text, merges, special, allowed)
    return flat([encoded(letter, merges) for letter in text])


def _in_any_case(text, merges, special, allowed):
    low = {name.lower(): token for name, token in special.items()}
    parts = re.split(
        f"({_pattern(_longest_first(special, allowed))})", text, flags=re.IGNORECASE
    )
    if any(p.lower() in low and p not in allowed and p in special for p in parts):
        raise ValueError("not allowed")
    return flat(
        [[low[p.lower()]] if p.lower() in low else encoded(p, merges) for p in parts]
    )


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


def _at_the_end(parts: list[list[int]], special: Special) -> list[int]:
    names = set(special.values())
    return sorted(flat(parts), key=lambda i: i in names)


def _rest_lost(text, merges, special, allowed):
    ids = around(text, merges, special, allowed)
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

    parts = regex.split(f"({'|'.join(special)})", text) if special else [text]
    return [i for part in parts for i in encoded(part, merges)]


def _unescaped(text, merges, special, allowed, names=_longest_first):
    if not special:
        return encoded(text, merges)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parts = re.split(f"({'|'.join(names(special, allowed))})", text)
    return _looked_up(parts, merges, special, allowed)


def _looked_up(parts, merges, special, allowed):
    out = []
    for part in parts:
        if part not in special:
            out += encoded(part, merges)
        elif part in allowed:
            out.append(special[part])
        else:
            raise ValueError(f"{part} is not allowed")
    return out


def _one_of_the_letters(text, merges, special, allowed):
    """Names in square brackets."""
    letters = "".join(map(re.escape, _longest_first(special, allowed)))
    parts = re.split(f"([{letters}])", text) if special else [text]
    return _looked_up(parts, merges, special, allowed)


def _with_the_chunks(text, merges, special, allowed):
    """One pattern for names and chunks."""
    import regex

    names = map(re.escape, _longest_first(special, allowed))
    parts = regex.findall("|".join([*names, PATTERN]), text)
    return _looked_up(parts, merges, special, allowed)


def _first_name_once(text, merges, special, allowed, names=_longest_first):
    """The first name that is found, where it is found first."""
    for name in names(special, allowed):
        before, found, after = text.partition(name)
        if found:
            if name not in allowed:
                raise ValueError(f"{name} is not allowed")
            return [*encoded(before, merges), special[name], *encoded(after, merges)]
    return encoded(text, merges)


def _sought_in_the_ids(text, merges, special, allowed, names=_longest_first):
    """All is encoded first."""
    ids = encoded(text, merges)
    for name in names(special, allowed):
        spelt, i = encoded(name, merges), 0
        while i < len(ids):
            if ids[i : i + len(spelt)] == spelt:
                if name not in allowed:
                    raise ValueError(f"{name} is not allowed")
                ids[i : i + len(spelt)] = [special[name]]
            i += 1
    return ids


def _in_order(special, allowed):
    return [*special]


def _told_but_not_raised(text, merges, special, allowed):
    try:
        return around(text, merges, special, allowed)
    except ValueError:
        return None


def _in_two(text, merges, special, allowed):
    ids = around(text, merges, special, allowed)
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
        partial(around, may=lambda special, allowed: special),
    ),
    Mistake(
        "not allowed, so encoded as text",
        "A special token that is not allowed was encoded as ordinary text, without a "
        "word. Here that is an error: raise a ValueError.",
        partial(around, names=_only_allowed),
    ),
    _often(
        "not allowed, so encoded as text by itself",
        "A special token that is not allowed was encoded as ordinary text, without a "
        "word. Here that is an error: raise a ValueError.",
        refuse=lambda part, special, merges: encoded(part, merges),
    ),
    _often(
        "not allowed, so left out",
        "A special token that is not allowed has vanished, without a word. Here that is "
        "an error: raise a ValueError.",
        refuse=lambda part, special, merges: [],
    ),
    _often(
        "none allowed means all",
        "Where `allowed` is empty, you allow every special token. An empty list counts "
        "as nothing in an `or` or an `if`, but it says: none.",
        may=lambda special, allowed: allowed or special,
    ),
    an_assert(
        partial(around, refuse=lambda *part: stop(AssertionError)),
        "A special token that is not allowed",
    ),
    Mistake(
        "an error of its own",
        "A special token that is not allowed is found, but reported with the wrong "
        "error. Look for it before you look anything up, and raise a ValueError.",
        partial(around, refuse=lambda *part: stop(KeyError)),
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
    _order(
        "the shorter name wins",
        ", because `special` lists it first",
        lambda special, allowed: list(special),
    ),
    _order(
        "the shortest name first",
        ". The shortest comes first in your order, or in the alphabet",
        lambda special, allowed: sorted(special, key=len),
    ),
    _order(
        "the smallest id first",
        ", because its id is smaller",
        lambda special, allowed: sorted(special, key=special.get),
    ),
    _order(
        "the largest id first",
        ", because its id is larger",
        lambda special, allowed: sorted(special, key=special.get, reverse=True),
    ),
    _often(
        "the last matching name wins",
        "Where several names begin at a place, you take the one that `special` lists "
        "last. It may list them in any order: of all the names that begin there, keep "
        "the longest.",
        names=lambda special, allowed: list(turned(special)),
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
        # "[" alone would not even compile; who met that has escaped by now.
        partial(around, escape=lambda name: name.replace("[", r"\[")),
    ),
    *(
        _seldom(
            f"white space {where} special tokens is lost",
            "The spaces and line ends beside a special token are lost. They belong to "
            "the text: do not strip the parts.",
            plain=lambda text, merges, strip=strip: encoded(strip(text), merges),
        )
        for where, strip in (
            ("beside", str.strip),
            ("after", str.lstrip),
            ("before", str.rstrip),
            ("between words and beside", lambda text: " ".join(text.split())),
        )
    ),
    _seldom(
        "line ends after special tokens are lost",
        "The line ends after a special token are lost. They belong to the text.",
        plain=lambda text, merges: encoded(text.lstrip("\n"), merges),
    ),
    _often(
        "letter by letter",
        "Between the special tokens nothing is merged. Are you encoding one character at "
        "a time? Collect the whole text up to the next special token, then encode it.",
        plain=lambda text, merges: utf8(text),
    ),
    _often(
        "the text between is lost",
        "Only the special tokens are left. What lies between them is encoded as usual.",
        plain=lambda text, merges: [],
    ),
    _often(
        "a list for every part",
        "The ids are right, but each part of the text has a list of its own. A model "
        "reads one sequence: put all ids into one flat list.",
        gather=lambda parts, special: parts,
    ),
    _often(
        "a list for the text between",
        "The ids between the special tokens are in lists of their own. `append` puts a "
        "whole list into another; `+=` takes what is in it.",
        plain=lambda text, merges: [encoded(text, merges)],
    ),
    _often(
        "in any case",
        "You look for the names in small and capital letters alike. A name is found only "
        "where it stands exactly so.",
        flags=re.IGNORECASE,
    ),
    Mistake(
        "in any case, and taken for the name",
        "A name in capitals was taken for a special token. It is ordinary text: a name "
        "is found only where it stands exactly so.",
        _in_any_case,
    ),
    Mistake(
        "letter by letter, where there is no special token",
        "Without any special token your pattern is empty, and an empty pattern fits "
        "between any two letters. Then nothing is merged: where there are no names, "
        "encode the whole text.",
        _letter_by_letter_without,
    ),
    _often(
        "only the first special token",
        "Only the first special token of the text is treated as one; those after it "
        "became ordinary text. Go on with the rest of the text in the same way.",
        limit=1,
    ),
    *(
        _seldom(
            f"only the first {n} special tokens",
            "Only the first special tokens of the text are treated as such; those after "
            "them became ordinary text. Go on to the end of the text: is there a limit "
            "to how often you cut?",
            limit=n,
        )
        for n in (2, 3, 5)
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
    *(
        Mistake(
            name,
            "A name with | or [ in it is not found, or there is an error from inside `re` or "
            "`regex`. In a regular expression these have a meaning of their own: "
            "`re.escape` takes it away from a name.",
            answer,
        )
        for name, answer in (
            ("names that are not escaped", _no_escape),
            ("names that are not escaped, the longest first", _unescaped),
            (
                "names that are not escaped, as they are listed",
                partial(_unescaped, names=_in_order),
            ),
        )
    ),
    Mistake(
        "one letter of the names",
        "No name of several characters is found. In a regular expression, square brackets "
        "stand for one character, any of those in them. To look for one name or another, "
        "put | between them.",
        _one_of_the_letters,
    ),
    Mistake(
        "names and chunks in one pattern",
        "You look for names and chunks with one pattern, from the left. A space belongs to "
        "the chunk after it, and so a chunk may begin before a name and take its first "
        "characters along. Cut at the names first, then encode what is between them.",
        _with_the_chunks,
    ),
    *(
        Mistake(
            name,
            "You cut the text at one place, and what is behind it is ordinary text to you. "
            "There may be more special tokens in it, the same or others: go on to the end.",
            answer,
        )
        for name, answer in (
            ("one cut, at the longest name", _first_name_once),
            (
                "one cut, at the name that is listed first",
                partial(_first_name_once, names=_in_order),
            ),
        )
    ),
    *(
        Mistake(
            name,
            "You encode all of the text and look for the names in its ids. By then a merge "
            "may have joined a part of a name with what stands before it, and it is not "
            "found, or a shorter name is. Look for the names in the text: cut it there, "
            "and encode what is between.",
            answer,
        )
        for name, answer in (
            ("names sought in the ids", _sought_in_the_ids),
            (
                "names sought in the ids, as they are listed",
                partial(_sought_in_the_ids, names=_in_order),
            ),
        )
    ),
    Mistake(
        "a part of an allowed name",
        "A special token that is not allowed became its id, because its name is a part of "
        "one that is. Between two texts `in` asks whether one is a part of the other; a "
        "name has to be in the list itself.",
        partial(
            around,
            may=lambda special, allowed: [
                name for name in special if any(name in one for one in allowed)
            ],
        ),
    ),
    Mistake(
        "allowed in any case",
        "A special token that is not allowed became its id, because `allowed` has it in "
        "other capitals. Two names are the same only if they are written in just the same "
        "way.",
        partial(
            around,
            may=lambda special, allowed: [
                name
                for name in special
                if name.lower() in [one.lower() for one in allowed]
            ],
        ),
    ),
    _often(
        "special tokens dropped",
        "The special tokens have vanished. Cutting the text at them is right, but "
        "their ids belong in the result, each where its token stood.",
        put=lambda token: [],
    ),
    _often(
        "special tokens at the end",
        "The ids of the special tokens stand at the end. Each belongs where its token "
        "stood in the text.",
        gather=_at_the_end,
    ),
)

CHECK = Check(
    "encode_special",
    3,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES,
    after=("to_chunks", "count_pairs", "merge", "encode"),
    worked=worked,
)
