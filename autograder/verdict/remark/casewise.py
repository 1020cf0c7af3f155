"""Remarks by case: what all the wrong cases have, and none of the right ones."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from torch import Tensor

from autograder.checks import Case
from autograder.verdict import oddities
from autograder.verdict.outcome import UNUSABLE, StillRunning
from autograder.verdict.remark.seen import FEW, Seen, is_tensor, listed, plain, theirs
from autograder.verdict.wire import article

MANY = 50  # rows that are looked at
_NO_ERRORS = UNUSABLE, StillRunning.__name__  # of the function's own


def refusals(seen: Seen) -> str | None:
    refused = [i for i in seen.wrong if seen.wanted[i].raised]
    if len(refused) == len(seen.wrong):
        if all(seen.got[i].raised is None for i in refused):
            return (
                "Whatever can be computed is right. What is missing is the refusal: the "
                f"step asks for a ValueError here ({seen.cases[refused[0]].what})."
            )
        if all(seen.got[i].raised not in (None, *_NO_ERRORS) for i in refused):
            kinds = sorted({str(seen.got[i].raised) for i in refused})
            return (
                "Whatever can be computed is right. It does stop where it should refuse, "
                f"but with {listed([theirs(article(kind)) for kind in kinds], 'or')}. Look first, "
                "and raise a ValueError with a message that helps."
            )
    return None


def where(seen: Seen) -> str | None:
    """What all the wrong cases have and no right one has, if it is one thing."""
    found = _only_there(seen)
    if len(found) != 1:
        return None
    told = f"It is right everywhere but {found[0]}."
    if found[0].endswith("very large numbers"):
        name = re.findall(r"`(\w+)`", found[0])[0]
        cover = seen.written and oddities.cover(seen.written.function, name)
        if cover:
            return f"{told} What does `{cover}` make of them?"
        told += " In float32, `exp` is ∞ from 89 on."
    return told


def where_many(seen: Seen) -> str | None:
    """The same, where it may be one of several things."""
    found = _only_there(seen)
    if not found:
        return None
    return (
        f"It is right everywhere but {found[0]}. (There too: {'; '.join(found[1:3])}.)"
    )


def _only_there(seen: Seen) -> list[str]:
    """What the wrong cases have and the right ones have not, each thing once."""
    if len(seen.right) < FEW:
        return []
    known = [_marks(seen, case)[0] for case in seen.cases]
    wrong, found = {*seen.wrong}, {}
    for words in dict.fromkeys(w for marks in known for w in marks):
        if {i for i, marks in enumerate(known) if words in marks} == wrong:
            found.setdefault(re.sub(r"`\w+`", "", words), words)
    return [*found.values()]


def up_to(seen: Seen) -> str | None:
    """A size from which on it is wrong. Where little is right, size is not the cause."""
    if len(seen.right) < max(FEW, len(seen.cases) / 3):
        return None
    known = [_marks(seen, case)[1] for case in seen.cases]
    for words in dict.fromkeys(w for sizes in known for w in sizes):
        right = [known[i][words] for i in seen.right if words in known[i]]
        wrong = [known[i][words] for i in seen.wrong if words in known[i]]
        if len(wrong) < len(seen.wrong) or len(right) < FEW:
            continue
        if min(wrong) >= 1.3 * max(right) > 0 and (len(wrong) > 1 or min(wrong) < 1000):
            return (
                f"It is right as long as {words} is at most {plain(max(right))}, and "
                f"wrong from {plain(min(wrong))} on. Is there a fixed number in it?"
            )
        if min(right) >= 2 * max(wrong) > 0:
            return (
                f"It is right where {words} is at least {plain(min(right))}, and "
                f"wrong where it is {plain(max(wrong))} or less."
            )
    return None


def special(seen: Seen) -> str | None:
    """Nothing but a case or two is wrong."""
    whats = list(dict.fromkeys(seen.cases[i].what for i in seen.wrong))
    few = len(whats) == 1 or all(seen.cases[i].edge for i in seen.wrong)
    most = len(seen.right) >= 4 * len(seen.wrong)
    if len(seen.right) < FEW or not (few or most) or len(whats) > FEW:
        return None
    begin = "All else is right, so you have the idea." if few else "All else is right."
    this = "this" if len(whats) == 1 else "these"
    told = f"{begin} What is special about {this}: {'; '.join(whats)}?"
    guard = seen.written and oddities.guard(seen.written.function)
    return f"{told} Is it what `{guard}` replaces?" if guard else told


def _marks(seen: Seen, case: Case) -> tuple[dict[str, None], dict[str, float]]:
    """What is true of a case, as "where …"; and its sizes, by name."""
    true: dict[str, None] = {}
    sizes: dict[str, float] = {}
    for name, x in zip(seen.names, case.args, strict=False):
        if is_tensor(x):
            true |= dict.fromkeys(_tensor_marks(name, x))
            if x.ndim >= 2 and x.shape[-1] != 0:
                sizes[f"the number of rows of `{name}`"] = x.shape[-2]
            if x.ndim:
                sizes[f"the last axis of `{name}`"] = x.shape[-1]
        elif isinstance(x, bool):
            continue
        elif isinstance(x, int | float):
            sizes[f"`{name}`"] = x
            if x == 0:
                true[f"where `{name}` is 0"] = None
        elif isinstance(x, str):
            true |= dict.fromkeys(_text_marks(name, x))
            sizes[f"the length of `{name}`"] = len(x)
        elif isinstance(x, list | tuple | dict | bytes):
            sizes[f"the length of `{name}`"] = len(x)
            if not x:
                true[f"where `{name}` is empty"] = None
            if isinstance(x, list) and x and all(type(i) is int for i in x):
                if len({*x}) < len(x):
                    true[f"where an id comes more than once in `{name}`"] = None
                if 0 in x:
                    true[f"where there is a 0 in `{name}`"] = None
                if max(x) > 255:
                    true[f"where an id of `{name}` is no byte (256 and more)"] = None
    return true, sizes


def _tensor_marks(name: str, x: Tensor) -> Iterator[str]:
    if x.ndim == 0:
        yield f"where `{name}` has no axis"
    if not x.is_contiguous():
        yield f"where `{name}` is not contiguous in memory, as after a transpose"
    if x.ndim >= 3:
        yield f"where `{name}` has axes in front, such as a batch or heads"
    if x.ndim == 2 and not x.is_floating_point():
        yield f"where `{name}` is a batch of texts"
    if x.ndim >= 4 and x.shape[0] > 1:
        yield f"where `{name}` holds several texts with several heads each"
    if x.ndim >= 3 and x.shape[0] > 1:
        yield f"where `{name}` holds more than one text or head"
    if x.ndim >= 3 and x.shape[0] == 1:
        yield f"where `{name}` is a batch of one"
    if x.ndim >= 2 and x.shape[-1] == x.shape[-2] != 1:
        yield f"where `{name}` has as many rows as columns"
    if x.ndim >= 2 and len({*x.shape}) < x.ndim:
        yield f"where two axes of `{name}` have the same size"
    if x.is_floating_point() and x.numel():
        if x.isinf().any():
            yield f"where `{name}` holds −∞"
        elif x.abs().max() > 80:
            yield f"where `{name}` holds very large numbers"
        rows = x.reshape(-1, x.shape[-1]) if x.ndim else x[None, None]
        if any(row.unique().numel() < row.numel() for row in rows[:MANY]):
            yield f"where numbers of `{name}` are equal"
        if (x < 0).all():
            yield f"where all of `{name}` is negative"


def _text_marks(name: str, x: str) -> Iterator[str]:
    if not x:
        yield f"where `{name}` is empty"
    if not x.isascii():
        yield f"where `{name}` has characters beyond ASCII, which take several bytes"
    if x != x.lower():
        yield f"where `{name}` has capital letters"
    if "\r" in x:
        yield f"where `{name}` has a line end of Windows (`\\r\\n`)"
    if x != x.strip():
        yield f"where `{name}` begins or ends in white space"
    if "  " in x or "\n" in x:
        yield f"where `{name}` has line ends or several spaces"
    if any(c.isdigit() for c in x):
        yield f"where `{name}` has digits"
    if unicodedata.normalize("NFC", x) != x:
        yield f"where an accent in `{name}` is a character of its own"
