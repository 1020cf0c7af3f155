"""Whether an answer is right, and if not, how it differs: in words, never in tensors.

An answer is compared in the trusted process (or on the student's own machine), on values
that `wire.unpack` has rebuilt, so no method of the student's can take part in it.
"""

from __future__ import annotations

import builtins
import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograder.verdict import plain, wire
from autograder.verdict.outcome import (
    AGAIN,
    REUSED,
    UNUSABLE,
    Outcome,
    StillRunning,
    run,
    run_all,
)
from autograder.verdict.wire import article, is_torch

INSIDE = " in a part of it"
COPY = "which is the caller's: make a new one, a copy if need be"
CUT = "the answer is right, but no gradient comes back from it to its {} argument"
BENT = "the answer is right, but its gradient at its {} argument is not"
SHARES = ("some", "most", "all")
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
ERRORS = {
    name
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, BaseException)
}

COMMON = (  # of these the ones that are named in feedback on hidden cases
    *("ArithmeticError", "AssertionError", "AttributeError", "FileNotFoundError"),
    *("IndexError", "KeyError", "MemoryError", "ModuleNotFoundError", "NameError"),
    *("NotImplementedError", "OverflowError", "RecursionError", "RuntimeError"),
    *("StopIteration", "SyntaxError", "TypeError", "UnboundLocalError", "ValueError"),
    "ZeroDivisionError",
)


def describe(value: Any) -> str:
    """The kind of a value in words: "a list of 3", "a float32 tensor of shape (2, 3)"."""
    if value is None:
        return "None"
    if isinstance(value, list | tuple | dict | str | bytes):
        return f"a {type(value).__name__} of length {len(value)}"
    if isinstance(value, np.ndarray):
        return f"{article(str(value.dtype))} array of shape {value.shape}"
    if is_torch(value):
        dtype = str(value.dtype).removeprefix("torch.")
        return f"{article(dtype)} tensor of shape {tuple(value.shape)}"
    return f"the {type(value).__name__} {_short(value)}"


def difference(
    expected: Outcome, got: Outcome, rtol: float, atol: float, hidden: bool = False
) -> str | None:
    """How `got` differs from `expected`, as a sentence's end; None where it is right.

    With `hidden`, the sentence gives no value of the expected answer away, and is one of
    few: who made the answer may have seen the inputs, and write them into the name of an
    error, a shape or a place. `told` counts those sentences.
    """
    if got.raised != expected.raised:
        if got.raised is None:
            return f"it should raise {article(expected.raised)} and returned a value"
        if got.raised == AGAIN:
            return "called again with the same arguments, it gives another answer"
        if got.raised == REUSED:
            return "the next call wrote into the answer: make a new one each time"
        if got.raised == UNUSABLE:
            return "what it returned cannot be used" if hidden else got.message
        if got.raised == StillRunning.__name__:
            after = "" if hidden else f" {got.message}"
            return f"it was still running{after}: does every round of its loop bring it nearer to its end?"
        said = f": {brief(got.message)}" if got.message and not hidden else ""
        wanted = f" instead of {article(expected.raised)}" if expected.raised else ""
        shown = got.raised in COMMON or not hidden
        return f"it raised {article(got.raised) if shown else 'an error'}{said}{wanted}"
    if got.raised is None:
        found = _differ(expected.value, got.value, "", rtol, atol, hidden)
        if found := found or _bent(expected, got, rtol, atol, hidden):
            return found
    if changed := set(got.changed) - set(expected.changed):
        told = _which(changed, hidden)
        some = "arguments, which are" if " and " in told else "argument, which is"
        return f"it changed its {told} {some} the caller's"
    if own := set(got.own) - set(expected.own):
        told = "an argument" if hidden else f"its {_which(own, hidden)} argument"
        if isinstance(got.value, list) and not hidden:
            return f"it returned what stands in {told} itself, {COPY}"
        return f"it returned {told} itself, {COPY}"
    return None


def _bent(
    expected: Outcome, got: Outcome, rtol: float, atol: float, hidden: bool
) -> str | None:
    """How a gradient differs from the one that is wanted. None where none is."""
    for i, want in enumerate(expected.gradients):
        mine = got.gradients[i] if i < len(got.gradients) else None
        if want is None:  # it is not asked for
            continue
        if mine is None:
            return CUT.format(_which({i}, hidden))
        if found := _differ(want, mine, "", rtol, atol, hidden):
            return BENT.format(_which({i}, hidden)) + ("" if hidden else f": {found}")
    return None


def is_bent(expected: Outcome, got: Outcome, rtol: float, atol: float) -> bool:
    """Whether nothing but a gradient is wrong."""
    rest = replace(expected, gradients=())
    return not difference(rest, got, rtol, atol, hidden=True) and bool(
        difference(expected, got, rtol, atol, hidden=True)
    )


def brief(message: str) -> str:
    """What an error says, without the ways to call a function that PyTorch lists."""
    return re.split(r" - got \(|\n", message, maxsplit=1)[0].strip() or message


def _which(places: set[int], hidden: bool) -> str:
    """Which arguments; where the case is hidden one is enough, so that little is told."""
    words = [word for i, word in enumerate(ORDINALS) if i in places] or ["last"]
    return " and ".join(words[:1] if hidden else words)


def answers(function: Callable[..., Any], cases: Sequence[tuple]) -> list[Outcome]:
    """What comes of all cases, and once more of the first: something may outlive a call."""
    outcomes = run_all(function, cases)
    unwritten = any(outcome.is_unwritten for outcome in outcomes)
    if not outcomes or unwritten or is_endless(outcomes):
        return outcomes
    return steady(outcomes, run(function, cases[0]))


def is_endless(outcomes: Sequence[Outcome]) -> bool:
    """Whether the last call did not come to an end."""
    return bool(outcomes) and outcomes[-1].raised == StillRunning.__name__


def steady(outcomes: list[Outcome], again: Outcome) -> list[Outcome]:
    """The outcomes of all cases, where the first was run `again` after the others.

    A function that answers it in two ways is wrong, whichever of them is right.
    """
    first, *others = outcomes
    known = first.raised == REUSED  # it is told already
    if known or difference(first, again, 1e-4, 1e-5) is None or _alike(first, again):
        return outcomes
    message = f"first {_told(first)}, then {_told(again)}"
    return [Outcome(raised=AGAIN, message=message), *others]


def _alike(one: Outcome, other: Outcome) -> bool:
    """Whether two outcomes are the same, number by number: NaN is NaN here."""
    if one.raised or other.raised:
        return False
    return one.changed == other.changed and wire.pack(one.value) == wire.pack(
        other.value
    )


def _told(outcome: Outcome) -> str:
    if outcome.raised:
        return outcome.message if outcome.raised == UNUSABLE else outcome.raised
    bare = not hasattr(outcome.value, "dtype")
    return _short(outcome.value) if bare else describe(outcome.value)


def _short(value: Any, limit: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _kind(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "list"
    if is_torch(value):
        return "tensor"
    return type(value).__name__


def _are_whole(want: Any, got: Any) -> bool:
    """Whether both are whole numbers or texts, or hold such: then Python compares."""
    kind = type(want)
    if type(got) is not kind:
        return False
    if kind is dict:
        values = [*want.values()], [*got.values()]
        return plain.comparable(want, got) and plain.comparable(*values)
    if kind in (list, tuple):
        return plain.comparable(want, got)
    return kind in (int, str, bytes)


def _differ(
    want: Any, got: Any, where: str, rtol: float, atol: float, hidden: bool
) -> str | None:
    if _are_whole(want, got) and want == got:
        return None
    at = _at(where, hidden)
    if got is None and want is not None and not where:
        return "it returned None: is there a `return` at its end?"
    if _kind(want) != _kind(got):
        returned = kind_of(got) if hidden else describe(got)
        return f"it returned {returned}{at}, where {kind_of(want)} is expected"
    if isinstance(want, np.ndarray) or is_torch(want):
        return _differ_tensor(want, got, at, rtol, atol, hidden)
    if isinstance(want, float):
        with np.errstate(all="ignore"):
            near = np.isclose(got, want, rtol, atol, equal_nan=False)
        if near:
            return None
        return _values(want, got, at, hidden)
    if isinstance(want, list | tuple):
        for i, (a, b) in enumerate(zip(want, got, strict=False)):
            if found := _differ(a, b, f"{where}[{i}]", rtol, atol, hidden):
                return found
        if len(want) != len(got):
            many = "many" if len(got) > len(want) else "few"
            expected = "" if hidden else f": {len(got)}, not {len(want)}"
            return f"it returned too {many} items{at}{expected}"
        return None
    if isinstance(want, dict):
        return _differ_dict(want, got, where, rtol, atol, hidden)
    if type(want) is not type(got) or want != got:
        return _values(want, got, at, hidden)
    return None


def _differ_dict(
    want: dict, got: dict, where: str, rtol: float, atol: float, hidden: bool
) -> str | None:
    at = _at(where, hidden)
    theirs = {key: key for key in got}
    missing = [key for key in want if key not in theirs]
    extra = [key for key in got if key not in want]
    if missing:
        if hidden:
            return f"it lacks keys{at}"
        named = f", {_short(missing[0])} among them"
        return f"it lacks {len(missing)} of {len(want)} keys{at}{named}"
    if extra:
        if hidden:
            return f"it has keys too many{at}"
        plural = "" if len(extra) == 1 else "s"
        named = f", {_short(extra[0])} among them"
        return f"it has {len(extra)} key{plural} too many{at}{named}"
    for key, value in want.items():
        label = "[a key]" if hidden else f"[{_short(key)}]"
        if _differ(key, theirs[key], "", 0.0, 0.0, hidden):  # True and 1.0 are not 1
            mine = "" if hidden else f", {_short(theirs[key])} instead of {_short(key)}"
            return f"it has a key of another type{at}{mine}"
        if found := _differ(value, got[key], where + label, rtol, atol, hidden):
            return found
    return None


def _differ_tensor(
    want: Any, got: Any, at: str, rtol: float, atol: float, hidden: bool
) -> str | None:
    theirs, ours = tuple(got.shape), tuple(want.shape)
    if theirs != ours:
        if hidden and theirs not in near_shapes(ours):
            return f"its shape{at} is not {ours}"
        return f"its shape{at} is {theirs}, where {ours} is expected"
    if want.dtype != got.dtype:
        return f"its dtype{at} is {got.dtype}, where {want.dtype} is expected"
    if is_torch(want):
        float_ = want.is_floating_point()  # NumPy has no bfloat16
        want, got = (x.detach() for x in (want, got))
        want, got = ((x.double() if float_ else x).numpy() for x in (want, got))
    if want.dtype.kind == "f":
        with np.errstate(all="ignore"):  # as isclose does, but faster
            near = abs(got - want) <= atol + rtol * abs(want)
        finite = np.isfinite(want)
        if near.all() and finite.all():
            return None
        if not np.all(np.isfinite(got) | ~finite):
            return f"it holds NaN or infinite values{at}"
        if not finite.all():
            with np.errstate(all="ignore"):
                near = np.isclose(got, want, rtol, atol, equal_nan=True)
    else:  # whole numbers are right or wrong, and those beyond 2**53 are no floats
        near = np.asarray(got == want)
    if near.all():
        return None
    wrong = int((~near).sum())
    if hidden:
        which = SHARES[(2 * wrong >= near.size) + (wrong == near.size)]
        return f"{which} values{at} differ"
    first = tuple(int(i) for i in np.argwhere(~near)[0])
    share = f"{wrong} of {near.size} values{at} differ, first at {first}"
    ours, theirs = float(want[first]), float(got[first])
    digits = next(
        n for n in (4, 7, 17) if n == 17 or f"{ours:.{n}g}" != f"{theirs:.{n}g}"
    )
    told = f"{theirs:.{digits}g}, not {ours:.{digits}g}"
    return f"{share}: {told}" if first else f"{at} it is {told}".strip()


def near_shapes(ours: tuple[int, ...]) -> set[tuple[int, ...]]:
    """The shapes that a forgotten transpose, axis or keepdim makes of this one."""
    sizes, axes = {*ours, 1}, range(len(ours) + 1)
    found = {(), *itertools.permutations(ours[-5:])}
    for i in axes:
        found |= {
            ours[:i] + ours[i + 1 :],
            *(ours[:i] + (n,) + ours[i:] for n in sizes),
        }
        found |= {ours[:i] + (n,) + ours[i + 1 :] for n in sizes}
    return found - {ours}


def kind_of(value: Any) -> str:
    """The kind of a value with its article, and nothing else of it: "a list"."""
    if isinstance(value, np.ndarray):
        return "an array"
    kind = "tensor" if is_torch(value) else type(value).__name__
    return "None" if value is None else article(kind)


def _values(want: Any, got: Any, at: str, hidden: bool) -> str:
    if hidden:
        return f"the value{at} is wrong"
    if isinstance(want, str | bytes):
        same = next(
            (i for i, (a, b) in enumerate(zip(want, got, strict=False)) if a != b),
            min(len(want), len(got)),
        )
        if same == len(got):
            return f"{at} it ends too early: after it {_short(want[same:])} is missing".strip()
        if same == len(want):
            return f"{at} it should end before {_short(got[same:])}".strip()
        there = f"{at} from position {same} on"
        return f"{there} it is {_short(got[same:])}, not {_short(want[same:])}".strip()
    return f"{at} it is {_short(got)}, not {_short(want)}".strip()


def _at(where: str, hidden: bool) -> str:
    """A place in a nested value: " at index 3", or " at [0][2]", or nothing."""
    if hidden:
        return INSIDE if where else ""
    index = where[1:-1]
    return f" at index {index}" if index.isdigit() else f" at {where}" if where else ""
