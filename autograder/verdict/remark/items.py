"""Remarks on lists, texts and tables: what is missing, too much, or in another order."""

from __future__ import annotations

import ast
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

from autograder.verdict import lines
from autograder.verdict.remark.seen import Seen, exactly, theirs
from autograder.verdict.wire import article


def sequence(seen: Seen) -> str | None:
    pairs = seen.values
    if not pairs or not all(
        isinstance(x, list | tuple | str | bytes) for pair in pairs for x in pair
    ):
        return None
    if any(
        isinstance(w, list | tuple) != isinstance(g, list | tuple) for w, g in pairs
    ):
        return None
    if all(_is_nested(g) and not _is_nested(w) and w for w, g in pairs):
        right = all([x for part in g for x in part] == [*w] for w, g in pairs)
        return (
            f"{'The right items come back, but in' if right else 'There are'} lists inside "
            "the list, and it should be one flat list. `.append` puts a list in as one "
            "item; `+=` puts in its items."
        )
    texts = all(isinstance(x, str) for pair in pairs for x in pair)
    what = "text" if texts else "list"

    def all_(true: Callable[[Any, Any], bool]) -> bool:
        return all(true(w, g) for w, g in pairs)

    if all_(lambda w, g: len(g) < len(w) and w[: len(g)] == g and len(g)):
        short = {len(w) - len(g) for w, g in pairs}
        end = "its last one is" if short == {1} and not texts else "its end is"
        return f"What comes back is right as far as it goes, but {end} missing."
    if all_(lambda w, g: len(g) < len(w) and w[len(w) - len(g) :] == g and len(g)):
        return f"What comes back is right, but the beginning of the {what} is missing."
    if all_(lambda w, g: len(g) > len(w) and g[: len(w)] == w):
        return "It is all there and right, but then it goes on."
    if all_(lambda w, g: len(g) > len(w) and g[len(g) - len(w) :] == w):
        return "It is all there and right, but something stands before it."
    if all_(lambda w, g: [*g] == [*w][::-1]):
        return f"The right {what}, backwards."
    with_order = all_(lambda w, g: len(w) == len(g) and _counted(w) == _counted(g))
    if with_order and all_(lambda w, g: w != g):
        return "All the right items come back, but in another order."
    if all_(lambda w, g: _counted(g) == _counted(_once(w)) and len(g) < len(w)):
        return "What should come back several times comes only once."
    if all_(lambda w, g: len(g) < len(w) and _within(g, w)):
        return "What comes back is right, but some items are left out."
    if all_(lambda w, g: len(g) > len(w) and _within(w, g)):
        return "All the right items are there, but with others among them."
    if all_(lambda w, g: len(w) == len(g) and _moved(w, g) is not None):
        steps = {_moved(w, g) for w, g in pairs}
        if len(steps) == 1:
            (step,) = steps
            return f"Every number is too {'large' if step > 0 else 'small'} by {theirs(abs(step))}."
    if all_(lambda w, g: len(w) == len(g)):
        return None
    return None


def text(seen: Seen) -> str | None:
    pairs, plain = seen.values, unicodedata.normalize
    if not pairs or not all(isinstance(x, str) for pair in pairs for x in pair):
        return None
    for change, words in (
        (str.lower, "capital letters"),
        (str.strip, "white space at the ends"),
        (lambda s: s.replace("\r\n", "\n").replace("\r", "\n"), "line ends"),
        (lambda s: "".join(s.split()), "white space"),
        (lambda s: plain("NFC", s), "how accents are written"),
        (lambda s: plain("NFKC", s), "how characters are written"),
    ):
        if all(change(w) == change(g) for w, g in pairs):
            return f"The text is right but for {words}."
    return None


def _is_nested(items: Any) -> bool:
    return bool(items) and all(isinstance(item, list | tuple) for item in items)


def _counted(items: Any) -> list[str]:
    return sorted(map(repr, items))


def _once(items: Any) -> list:
    return [*{repr(item): item for item in items}.values()]


def _within(few: Any, many: Any) -> bool:
    """Whether `few` is `many` with some left out, in the same order."""
    rest = iter(map(repr, many))
    return all(item in rest for item in map(repr, few))


def _moved(want: Any, got: Any) -> int | None:
    flat = [(a, b) for w, g in zip(want, got, strict=True) for a, b in _leaves(w, g)]
    if not flat or not all(type(a) is type(b) is int for a, b in flat):
        return None
    steps = {b - a for a, b in flat}
    return steps.pop() if len(steps) == 1 and 0 not in steps else None


def _leaves(want: Any, got: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(want, list | tuple) and isinstance(got, list | tuple):
        if len(want) == len(got):
            for a, b in zip(want, got, strict=True):
                yield from _leaves(a, b)
        else:
            yield None, None
    else:
        yield want, got


def joined(seen: Seen) -> str | None:
    """That a line puts values in the place of others, where they are to be added."""
    pairs = seen.values
    if not pairs or not all(isinstance(x, dict) for pair in pairs for x in pair):
        return None
    if not all({*w} == {*g} and _less(g, w) for w, g in pairs):
        return None
    for node in ast.walk(seen.written.function) if seen.written else ():
        joins = isinstance(node, ast.AugAssign) and isinstance(node.op, ast.BitOr)
        if joins or lines.called(node) == "update":
            return (
                "The keys are right, but some of the values are too small. In line "
                f"{node.lineno}, `{theirs(lines.shown(node))}`, a key that is there already "
                "gets the new value in place of the old one. Is it to be added?"
            )
    return None


def table(seen: Seen) -> str | None:
    pairs = seen.values
    if not pairs or not all(isinstance(x, dict) for pair in pairs for x in pair):
        return None
    if all(w == {value: key for key, value in g.items()} for w, g in pairs):
        return "Keys and values are exchanged."
    if all({*w} == {*g} for w, g in pairs):
        steps = {g[key] - w[key] for w, g in pairs for key in w if _both_int(w, g, key)}
        if len(steps) == 1:
            (step,) = steps
            more = "large" if step > 0 else "small"
            return (
                f"The keys are right; every value is too {more} by {theirs(abs(step))}."
            )
        if all(not any(g.values()) for _, g in pairs):
            return "The keys are right, and every value is 0: nothing is ever counted."
        if all(g.items() != w.items() and _less(g, w) for w, g in pairs):
            return "The keys are right, but some of the values are too small."
        if all(g.items() != w.items() and _less(w, g) for w, g in pairs):
            return "The keys are right, but some of the values are too large."
        off = all(w[key] != g[key] for w, g in pairs for key in w)
        few = "not one value is" if off else "some values are not"
        return f"The keys are right, but {few}."
    if said := _other_keys(pairs):
        return said
    if all({*g} < {*w} and g and _agree(w, g) for w, g in pairs):
        return "What is in the table is right, but some of it is missing."
    if all({*w} < {*g} and _agree(w, g) for w, g in pairs):
        return "All that should be in the table is right, but there is more in it."
    if all({*w.values()} == {*g.values()} for w, g in pairs if _hashable(w, g)):
        off = all({*w}.isdisjoint(g) for w, g in pairs)
        few = "not one key is" if off else "some keys are not"
        return f"The values are right, but {few}."
    return None


def _other_keys(pairs: list[tuple[dict, dict]]) -> str | None:
    """That no key is of the kind that the keys should be of."""
    want = {_named(key) for w, _ in pairs for key in w}
    got = {_named(key) for key in pairs[0][1]}
    if len(want) != 1 or len(got) != 1 or want == got:
        return None
    ((want,), (got,)) = want, got
    if want.startswith("("):
        return (
            f"Each key should be of the kind `{want}`, and here yours are of the kind "
            f"`{theirs(got)}`."
        )
    return f"Each key should be {article(want)}, and yours are of the kind `{theirs(got)}`."


def _named(key: Any) -> str:
    """The kind of a key; of a tuple, the kinds of what is in it."""
    if isinstance(key, tuple) and 0 < len(key) < 4:
        comma = "," if len(key) == 1 else ""
        return f"({', '.join(type(part).__name__ for part in key)}{comma})"
    return type(key).__name__


def _both_int(want: dict, got: dict, key: Any) -> bool:
    return type(want[key]) is type(got[key]) is int


def _less(few: dict, many: dict) -> bool:
    return all(_both_int(few, many, key) and few[key] <= many[key] for key in few)


def _agree(want: dict, got: dict) -> bool:
    return all(exactly(want[key], got[key]) for key in {*want} & {*got})


def _hashable(*tables: dict) -> bool:
    kinds = (int, str, bytes, float)
    return all(isinstance(v, kinds) for table in tables for v in table.values())
