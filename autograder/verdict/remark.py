"""What can be said truly of a wrong function when its mistake has no name.

A mistake that somebody foresaw has its hint. Any other gets a remark: a sentence that
is true of whatever function did what this one did, and that leads to where it is wrong.
Remarks compare what came with what was wanted and, where the function can be called
again, call it with something changed. The first that holds is said, so those that say
more come first.
"""

from __future__ import annotations

import contextlib
import difflib
import inspect
import itertools
import math
import random
import re
import time
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check
from autograder.verdict.compare import difference
from autograder.verdict.outcome import AGAIN, UNUSABLE, Outcome, StillRunning, run
from autograder.verdict.wire import article

PATIENCE = 0.5  # seconds of computing for one remark
FEW = 3  # right cases that a remark on "all but …" needs

Call = Callable[[tuple], Outcome]


def remark(
    check: Check,
    cases: Sequence[Case],
    wanted: Sequence[Outcome],
    got: Sequence[Outcome],
    call: Call | None = None,
    hidden: bool = False,
) -> str | None:
    """One true sentence or two about the function that gave `got`, or None.

    call: runs the function on other arguments; without it, as while grading, only what
    is at hand can be compared. With `hidden`, nothing is said that the answer could
    spell: who made it may have seen the inputs.
    """
    seen = _Seen(check, cases, wanted, got, call)
    if not seen.wrong or seen.nothing or seen.late:
        return None
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an oracle is asked odd things here
        tries = [_first, _first_of_the_rest]
        if not seen.got[seen.wrong[0]].raised:
            tries.reverse()  # an error that comes later is another matter
        said = tries[0](seen, hidden) or tries[1](seen, hidden)
    return said and said.translate({ord(mark): None for mark in THEIRS})


def unsteady(
    check: Check,
    cases: Sequence[Case],
    wanted: Sequence[Outcome],
    got: Sequence[Outcome],
    call: Call,
) -> bool:
    """Whether the same call has another answer: then no mistake explains it by itself."""
    return _twice(_Seen(check, cases, wanted, got, call)) is not None


def _first(seen: _Seen, hidden: bool) -> str | None:
    """The first remark that holds."""
    for about in _REMARKS:
        said = None
        with contextlib.suppress(ArithmeticError, LookupError, RuntimeError, *_ODD):
            said = about(seen)
        if said and not (hidden and THEIRS[0] in said):
            return said
    return None


def _first_of_the_rest(seen: _Seen, hidden: bool) -> str | None:
    """The same of the cases that do not end in an error, where some do."""
    left = [
        i for i in range(len(seen.cases)) if i in seen.right or not seen.got[i].raised
    ]
    if len(left) == len(seen.cases) or len({*left} & {*seen.wrong}) < 2:
        return None
    cases, wanted, got = (
        [items[i] for i in left] for items in (seen.cases, seen.wanted, seen.got)
    )
    rest = _Seen(seen.check, cases, wanted, got, seen.call)
    rest.__dict__["since"] = seen.since
    said = _first(rest, hidden)
    if said:
        said = said.removeprefix("Where it is wrong, ")
    return said and f"In the cases without an error: {_small(said)}"


def _small(sentence: str) -> str:
    """A sentence as it goes on after a colon."""
    return f"{sentence[0].lower()}{sentence[1:]}"


def _big(sentence: str) -> str:
    return f"{sentence[0].upper()}{sentence[1:]}"


_ODD = TypeError, ValueError, AttributeError  # an answer may be anything
THEIRS = "\ue000\ue001"  # stand around what the function's author could have chosen


@dataclass(frozen=True)
class _Seen:
    check: Check
    cases: Sequence[Case]
    wanted: Sequence[Outcome]
    got: Sequence[Outcome]
    call: Call | None

    @cached_property
    def wrong(self) -> list[int]:
        return [i for i in range(len(self.cases)) if not self.agrees(i, self.got[i])]

    @cached_property
    def right(self) -> list[int]:
        return [i for i in range(len(self.cases)) if i not in self.wrong]

    @cached_property
    def names(self) -> list[str]:
        """What the arguments are called."""
        return [*inspect.signature(self.check.oracle).parameters]

    @cached_property
    def values(self) -> list[tuple[Any, Any]]:
        """(wanted, got) of each wrong case, where all of them are values; or nothing."""
        pairs = [(self.wanted[i], self.got[i]) for i in self.wrong]
        if any(w.raised or g.raised for w, g in pairs):
            # What ought to be refused may come later: the values say more.
            pairs = [(w, g) for w, g in pairs if not w.raised]
            if any(g.raised for _, g in pairs):
                return []
        return [(w.value, g.value) for w, g in pairs]

    @cached_property
    def tensors(self) -> list[tuple[Tensor, Tensor]]:
        """The same, where all of them are tensors of numbers."""
        pairs = self.values
        return pairs if all(_is_tensor(x) for pair in pairs for x in pair) else []

    @cached_property
    def nothing(self) -> bool:
        """Whether it comes back without an answer, which is said already."""
        return all(
            self.got[i].raised is None and self.got[i].value is None for i in self.wrong
        )

    @cached_property
    def since(self) -> float:
        return time.process_time()

    @property
    def late(self) -> bool:
        """Whether a student should wait no longer."""
        return time.process_time() - self.since > PATIENCE

    def agrees(self, i: int, outcome: Outcome) -> bool:
        return self.same(self.wanted[i], outcome)

    def same(self, one: Outcome, other: Outcome) -> bool:
        return not difference(one, other, self.check.rtol, self.check.atol, hidden=True)

    def near(self, one: Any, other: Any) -> bool:
        """Whether two values are equal as the check compares them; tensors of any kind."""
        if _is_tensor(one) and _is_tensor(other):
            if one.shape != other.shape:
                return False
            tolerance = {"rtol": self.check.rtol, "atol": self.check.atol}
            return one.double().allclose(other.double(), **tolerance, equal_nan=True)
        return self.same(Outcome(one), Outcome(other))

    def again(self, *args: Any) -> Outcome | None:
        """What the function does with other arguments; None where it cannot be asked."""
        endless = any(g.raised == StillRunning.__name__ for g in self.got)
        if self.call is None or endless or self.late:
            return None
        outcome = self.call(args)
        return None if outcome.raised == StillRunning.__name__ else outcome


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Tensor)


# --- the same call again ------------------------------------------------------------
def _twice(seen: _Seen) -> str | None:
    """It answers the same call in two ways."""
    if seen.call is None:
        return None
    for i in seen.wrong[:2]:
        before = _states()
        one, two = (seen.again(*seen.cases[i].args) for _ in range(2))
        if one is None or two is None:
            return None
        if not seen.same(one, two) or not seen.same(one, seen.got[i]):
            if before != _states():
                u = " What is random comes in as an argument: use that."
                given = u if {"u", "us"} & {*seen.names} else ""
                return (
                    "Called twice with the same arguments, it gives two answers, for it "
                    f"draws random numbers of its own.{given}"
                )
            told = "Called again with the same arguments, it gives another answer. So "
            told = "" if seen.got[i].raised == AGAIN else told  # and is told already
            return _big(
                f"{told}something outlives a call: a list as the default of an argument, a "
                "global name, or something that is kept (by `@cache`, too) and changed "
                "later."
            )
    return None


def _draws(seen: _Seen) -> str | None:
    """Random numbers of its own, though always the same ones."""
    if not {"u", "us"} & {*seen.names} or seen.call is None:
        return None
    random.random(), np.random.random_sample(), torch.rand(1)  # whatever seed it sets
    before = _states()
    seen.again(*seen.cases[seen.wrong[0]].args)
    if before == _states():
        return None
    return (
        "It draws random numbers of its own. What is random comes in as an argument: "
        "use that."
    )


def _states() -> tuple:
    """Where the random numbers of Python, NumPy and PyTorch have come to."""
    kind, keys, *rest = np.random.get_state()
    return (
        random.getstate(),
        (kind, keys.tobytes(), *rest),
        torch.random.get_rng_state().numpy().tobytes(),
    )


# --- errors -------------------------------------------------------------------------
_NAME = re.compile(r"name '(\w+)' is not defined")


def _undefined(seen: _Seen) -> str | None:
    got = seen.got[seen.wrong[0]]
    unknown = _NAME.match(got.message)
    if got.raised != "NameError" or not unknown:
        return None
    listed = _listed([f"`{name}`" for name in seen.names])
    known = {name.lower(): name for name in (*seen.names, *seen.check.after)}
    if unknown[1] in seen.names:
        return (
            f"Your function does not know `{_theirs(unknown[1])}`: in its own `def`, that "
            "argument has another name."
        )
    meant = difflib.get_close_matches(unknown[1].lower(), known, 1, 0.7)
    if meant:
        return (
            f"Your function does not know `{_theirs(unknown[1])}`. Is `{known[meant[0]]}` "
            "meant?"
        )
    return (
        f"Your function does not know `{_theirs(unknown[1])}`. It is given {listed}, and "
        "all else has to be computed from that, or made or imported in a cell above."
    )


_LAZY = re.compile(
    "generator|map|filter|zip|reversed|enumerate|chain|islice|accumulate|pairwise|"
    "dict_(keys|values|items)|\\w*iterator"
)


def _unusable(seen: _Seen) -> str | None:
    """Something that only looks like the kind of value that is wanted."""
    want, got = (outcomes[seen.wrong[0]] for outcomes in (seen.wanted, seen.got))
    kind = re.match(r"an? (\w+) cannot be handed in", got.message)
    if got.raised != UNUSABLE or not kind or want.raised:
        return None
    what = f"`{_theirs(kind[1])}`"
    if not isinstance(want.value, list | tuple | dict):
        return f"What comes back is, or holds, a {what}. A {_called(want.value)} is wanted."
    name = type(want.value).__name__
    if not _LAZY.fullmatch(kind[1]):
        return (
            f"What comes back is, or holds, a {what}. `{name}(…)` makes a {name} of it."
        )
    made = "A `yield` makes a generator, and so do round brackets around a `for`."
    said = (
        f"What comes back is, or holds, a {what}, which makes its items only when they are "
        f"asked for. `{name}(…)` makes a {name} of it."
    )
    return f"{said} {made}" if kind[1] == "generator" else said


# --- arguments ----------------------------------------------------------------------
def _changed(seen: _Seen) -> str | None:
    """Right, but for what it leaves behind."""
    touched = set()
    for i in seen.wrong:
        want, got = seen.wanted[i], seen.got[i]
        extra = {*got.changed} - {*want.changed}
        if (
            got.raised
            or want.raised
            or not extra
            or not seen.near(want.value, got.value)
        ):
            return None
        touched |= extra
    listed = _listed([f"`{seen.names[i]}`" for i in sorted(touched)])
    verb = "is" if len(touched) == 1 else "are"
    return (
        f"The answers are right, but {listed} {verb} not the same afterwards, and the "
        "caller still needs it. Something such as `+=`, `.append`, `.pop` or a method "
        "whose name ends in `_` writes into what was handed in. Make a new value."
    )


def _ignored(seen: _Seen) -> str | None:
    """An argument that never makes a difference, though it should."""
    if seen.call is None:
        return None
    many = len(seen.names)
    deaf: list[str] = []
    for k in range(many):
        asked = 0
        for args, other, before in _exchanged(seen, k):
            swapped = (*args[:k], other, *args[k + 1 :])
            got = seen.again(*swapped)
            if got is None:
                return None
            if got.raised or not seen.same(got, before):
                asked = 0
                break
            asked += 1
            if asked == 2 * FEW:
                break
        if asked:
            deaf.append(f"`{seen.names[k]}`")
    if not deaf:
        return None
    if len(deaf) == many:
        values = [got for got in seen.got if not got.raised]
        alike = (
            seen.same(one, other)
            for one, other in itertools.combinations(values, 2)
            if _shape(one.value) == _shape(other.value)
        )
        return "It gives the same answer whatever it is given." if all(alike) else None
    return f"Your answer does not depend on {_listed(deaf, 'or')}, and it should."


def _exchanged(seen: _Seen, k: int) -> Iterator[tuple[tuple, Any, Outcome]]:
    """(arguments, another k-th argument, the outcome so far) where it should matter."""
    for i in range(len(seen.cases)):
        args, before = seen.cases[i].args, seen.got[i]
        if k >= len(args) or before.raised or seen.wanted[i].raised:
            continue
        if _shape(before.value) != _shape(seen.wanted[i].value):
            continue  # what is missing may be what depends on it
        asked, tried = 0, set()  # of answers of one length, one will do
        for case in seen.cases:
            if k >= len(case.args) or not _fits(args[k], case.args[k]):
                continue
            other = case.args[k]
            asked += 1
            wanted = run(seen.check.oracle, (*args[:k], other, *args[k + 1 :]))
            if wanted.raised or seen.same(wanted, seen.wanted[i]):
                continue
            if (length := _length(wanted.value)) not in tried:
                tried.add(length)
                yield args, other, before
            if len(tried) == 2 or asked == 2 * FEW:
                break


def _length(value: Any) -> int:
    return len(value) if isinstance(value, list | tuple | dict | str | bytes) else 0


def _fits(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if _is_tensor(one):
        return one.shape == other.shape and one.dtype == other.dtype
    return True


def _given_back(seen: _Seen) -> str | None:
    for k, name in enumerate(seen.names):
        if seen.values and all(
            k < len(seen.cases[i].args)
            and not seen.got[i].raised
            and _exactly(seen.cases[i].args[k], seen.got[i].value)
            for i in seen.wrong
        ):
            return f"It gives back `{name}` as it came in."
    return None


def _empty(seen: _Seen) -> str | None:
    """Nothing comes back where there should be something."""
    pairs = seen.values
    if not pairs or not all(_is_hollow(g) and not _is_hollow(w) for w, g in pairs):
        return None
    if not all(len(g) == 0 for _, g in pairs):
        return "What comes back holds nothing but what is empty."
    return (
        "What comes back is empty. Either nothing is ever put into it, or what is filled "
        "is not what is given back."
    )


def _is_hollow(value: Any) -> bool:
    """Whether it is empty, or holds nothing but what is empty."""
    if isinstance(value, list | tuple):
        return all(map(_is_hollow, value))
    return isinstance(value, dict | str | bytes) and not value


def _called(value: Any) -> str:
    """The kind of a value in a word that a student knows."""
    if _is_tensor(value):
        return "tensor"
    return "number" if type(value) in (int, float) else type(value).__name__


def _exactly(one: Any, other: Any) -> bool:
    return not difference(Outcome(one), Outcome(other), 0.0, 0.0)


# --- tensors ------------------------------------------------------------------------
def _precision(seen: _Seen) -> str | None:
    kinds = {(w.dtype, g.dtype) for w, g in seen.tensors}
    if len(kinds) != 1 or not all(seen.near(w, g) for w, g in seen.tensors):
        return None
    ((want, got),) = kinds
    if want == got:
        return None
    want, got = (str(kind).removeprefix("torch.") for kind in (want, got))
    source = {
        "float64": " NumPy, `.double()` and `dtype=` make it so.",
        "int64": " `.long()`, a comparison and `argmax` make it so.",
        "bool": " A comparison makes it so.",
    }.get(got, "")
    return f"The numbers are right, but their kind is `{got}`, and `{want}` is wanted.{source}"


def _kind(seen: _Seen) -> str | None:
    """Another kind of value than the one that is wanted."""
    pairs = seen.values
    if not pairs:
        return None
    wanted, got = pairs[0]
    if not all(type(g) is type(got) and type(w) is type(wanted) for w, g in pairs):
        return None
    parts = got if isinstance(got, list | tuple) else ()
    if (
        isinstance(got, tuple)
        and len(got) == 1
        and not (isinstance(wanted, list | tuple) and len(wanted) == 1)
    ):
        return (
            "What comes back is a tuple of one. A comma at the end of a line makes one."
        )
    if type(got) is type(wanted):
        return None
    if len(parts) == 2 and all(map(_is_tensor, parts)) and _values_and_places(*parts):
        return (
            "Two tensors come back. With an axis, `max`, `min`, `sort` and `topk` give the "
            "values and where they stand: take the one that is wanted."
        )
    if isinstance(got, str):
        return (
            f"A text comes back, and a {_called(wanted)} is wanted: the value itself, "
            "not how it is printed."
        )
    if _is_tensor(wanted) and parts:
        if len({_shape(part) for part in parts}) > 1:
            return "Several things come back, of different shapes, and one is wanted."
        if all(map(_is_tensor, parts)):
            return (
                "A list of tensors comes back. `torch.stack` makes one tensor of them."
            )
        return "A list of numbers comes back. `torch.tensor` makes a tensor of it."
    if _is_tensor(got) and got.ndim == 0 and isinstance(wanted, int | float):
        kind = type(wanted).__name__
        return f"A tensor with one number comes back. `{kind}(…)` makes a number of it."
    if _is_tensor(got) and isinstance(wanted, list):
        return "A tensor comes back, and a list is wanted. `.tolist()` makes one."
    if isinstance(got, float) and isinstance(wanted, int):
        whole = all(float(g).is_integer() for _, g in pairs)
        how = "`int(…)` makes one" if whole else "something else is wanted here"
        return f"A number with a point comes back, and a whole number is wanted: {how}."
    return None


def _shape(value: Any) -> Any:
    return tuple(value.shape) if _is_tensor(value) else type(value)


def _values_and_places(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors could be what `max` and `sort` give."""
    return one.is_floating_point() and other.dtype == torch.int64


def _turned(seen: _Seen) -> str | None:
    """The right numbers in other places."""
    pairs = seen.tensors
    if not pairs or any(w.numel() != g.numel() or w.numel() < 2 for w, g in pairs):
        return None
    if all(w.ndim > 1 and seen.near(w, g.mT) for w, g in pairs if g.ndim > 1) and all(
        g.ndim > 1 for _, g in pairs
    ):
        return "Your answer is the right one with its last two axes exchanged."
    if all(w.shape != g.shape for w, g in pairs):
        if all(seen.near(w.flatten(), g.flatten()) for w, g in pairs):
            more = {g.ndim - w.ndim for w, g in pairs}
            axes = {1: ": it has one axis too many", -1: ": it has one axis too few"}
            how = axes.get(*more, "") if len(more) == 1 else ""
            return (
                "The numbers are right and in the right order, but the shape is "
                f"not{how}."
            )
        return None
    if all(w.shape == g.shape for w, g in pairs):
        for axis in (-1, -2):
            if all(w.ndim >= -axis and seen.near(w, g.flip(axis)) for w, g in pairs):
                which = "each row" if axis == -1 else "the rows"
                return f"The right numbers, but {which} in reverse order."
    return None


def _piece(seen: _Seen) -> str | None:
    """Right, but only the beginning or the end of what should come back."""
    pairs = seen.tensors
    if any(w.ndim != g.ndim for w, g in pairs) or not any(g.numel() for _, g in pairs):
        return None
    for axis, what in ((-2, "row"), (-1, "column"), (-3, "head or text")):
        if any(w.ndim < -axis or g.shape[axis] >= w.shape[axis] for w, g in pairs):
            continue
        many = [(w, g, g.shape[axis]) for w, g in pairs]
        for which, start in (("first", lambda w, n: 0), ("last", lambda w, n: w - n)):
            cut = [w.narrow(axis, start(w.shape[axis], n), n) for w, _, n in many]
            if not all(seen.near(a, g) for a, (_, g, _) in zip(cut, many, strict=True)):
                continue
            if all(n == 1 for _, _, n in many):
                return (
                    f"What comes back is right, but it is only the {which} {what}. Does "
                    "`return` stand inside a loop, or does each round overwrite the one "
                    "before?"
                )
            if all(n == w.shape[axis] - 1 for w, _, n in many):
                other = "last" if which == "first" else "first"
                return f"What comes back is right, but the {other} {what} is missing."
            return f"What comes back is right, but only the {which} {what}s come."
    return None


def _in_part(seen: _Seen) -> str | None:
    """Wrong in the same rows or columns of every answer, and nowhere else."""
    pairs = seen.tensors
    if not pairs or any(w.shape != g.shape or w.ndim < 1 for w, g in pairs):
        return None
    tolerance = {"rtol": seen.check.rtol, "atol": seen.check.atol, "equal_nan": True}
    wrong = [~w.double().isclose(g.double(), **tolerance) for w, g in pairs]
    for axis, what in ((-2, "row"), (-1, "column")):
        if any(w.ndim < -axis for w in wrong):
            continue
        if axis == -1 and all(w.ndim == 1 for w in wrong):
            what = "number"
        lines = [w.movedim(axis, 0).flatten(1).any(1) for w in wrong]
        sizes = [len(line) for line in lines]
        if min(sizes) < 2 or any(bool(line.all()) for line in lines):
            continue
        found = [line.nonzero().flatten().tolist() for line in lines]
        if all(places == [0] for places in found):
            return f"Only the first {what} of your answer is wrong."
        ends = [n - 1 for n in sizes]
        if all(places == [end] for places, end in zip(found, ends, strict=True)):
            return f"Only the last {what} of your answer is wrong."
        starts = {places[0] for places in found}
        upward = all(
            places == [*range(places[0], n)]
            for places, n in zip(found, sizes, strict=True)
        )
        if upward and len(starts) == 1 and max(sizes) - max(starts) > 1:
            (start,) = starts
            if start == 1:
                return f"Only the first {what} of your answer is right."
            return (
                f"The first {_theirs(start)} {what}s are right, and all after them are wrong, "
                "however many there are. Is there a fixed number in it?"
            )
    square = all(w.ndim > 1 and w.shape[-1] == w.shape[-2] > 1 for w in wrong)
    if square and not any(w.tril().any() for w in wrong):
        return "Only what stands above the diagonal is wrong: the future."
    if square and not any(w.triu(1).any() or w.tril(-1).any() for w in wrong):
        return "Only the diagonal is wrong: what each token has with itself."
    if square and not any(w.triu().any() for w in wrong):
        return "Only what stands below the diagonal is wrong: the past."
    return None


def _turned_too(seen: _Seen) -> str | None:
    """Turned, and something besides."""
    pairs = seen.tensors
    if not pairs or any(w.ndim < 2 or g.ndim < 2 for w, g in pairs):
        return None
    turned = [
        replace(o, value=o.value.mT) if i in seen.wrong and _is_tensor(o.value) else o
        for i, o in enumerate(seen.got)
    ]
    # Of numbers that are alike in both ways nothing can be said.
    if all(w.shape == g.shape and seen.near(g, g.mT) for w, g in pairs):
        return None
    also = _multiple(_Seen(seen.check, seen.cases, seen.wanted, turned, None))
    if also is None:
        return None
    return (
        "Two things at once. The last two axes of your answer are exchanged. And once "
        f"they are not: {_small(also)}"
    )


def _in_other_places(seen: _Seen) -> str | None:
    pairs = seen.tensors
    if not any(w.unique().numel() > 2 for w, _ in pairs):
        return None
    if not all(w.shape == g.shape and _sorted_alike(seen, w, g) for w, g in pairs):
        return None
    said = "All the right numbers come back, but not in their places."
    if any(w.ndim > 1 for w, _ in pairs):
        said += " Which axis does each step of yours work along?"
    return said


def _sorted_alike(seen: _Seen, one: Tensor, other: Tensor) -> bool:
    return seen.near(one.flatten().sort()[0], other.flatten().sort()[0])


def _multiple(seen: _Seen) -> str | None:
    """Wrong by one factor, or by one number that is added."""
    pairs = [(w.double(), g.double()) for w, g in seen.tensors if w.shape == g.shape]
    if not pairs or len(pairs) < len(seen.tensors):
        return None
    if any(w.numel() < 2 for w, _ in pairs) and len(pairs) < 2:
        return None
    factors = [_factor(w, g) for w, g in pairs]
    if all(f is not None for f in factors) and any(w.numel() > 1 for w, _ in pairs):
        if max(factors) - min(factors) < 1e-3 * abs(max(factors)):
            if abs(factors[0] - 1) < 5e-3:
                return None
            return f"Every number is {_plain(factors[0])} times what it should be."
        for size, by in ((factors, "large"), ([1 / f for f in factors], "small")):
            if root := _size(seen, size):
                return f"Every number is too {by} by one factor, and that is {root}."
        for size, how in (
            (factors, "multiplied"),
            ([1 / f for f in factors], "divided"),
        ):
            if root := _size(seen, size, fixed=True):
                return (
                    f"It is as if every number had been {how} by {root}. Is there a "
                    "fixed number where that size should be?"
                )
        return "Within a case, every number is wrong by the same factor."
    told = [step for w, g in pairs if w.numel() for step in _steps(w, g)]
    steps = torch.cat(told) if told else torch.zeros(0)
    if any(w.numel() > 1 for w, _ in pairs) and len(steps) > 1:
        near = [bool((s - s[0]).abs().max() < 1e-3 * s[0].abs()) for s in told]
        if not all(near) or steps.abs().min() < 1e-3:
            return None
        if (steps - steps[0]).abs().max() < 1e-3 * steps[0].abs():
            more = "large" if steps[0] > 0 else "small"
            return f"Every number is too {more} by {_plain(abs(float(steps[0])))}."
        return "Within a case, every number is wrong by the same amount."
    return None


def _steps(want: Tensor, got: Tensor) -> list[Tensor]:
    """What was added to each of `want` to be `got`, where float32 can tell; or nothing."""
    steps, sizes = (got - want).flatten(), want.abs().flatten()
    told = ~(2.0**-13 * steps.abs() < 2.0**-23 * sizes)
    return [steps[told]] if told.any() else []


def _factor(want: Tensor, got: Tensor) -> float | None:
    """By what all of `want` would have to be multiplied to be `got`."""
    if not (want.isfinite().all() and got.isfinite().all()):
        return None
    length = float(want.square().sum())
    if length < 1e-12:
        return None
    factor = float((want * got).sum()) / length
    if abs(factor - 1) < 1e-4 or abs(factor) < 1e-6:
        return None
    near = got.allclose(factor * want, rtol=1e-3, atol=1e-5 * max(1.0, abs(factor)))
    return factor if near else None


def _size(seen: _Seen, factors: list[float], fixed: bool = False) -> str | None:
    """Which size or number the factors are, or the root of which.

    fixed: it may be divided by the same number in all cases.
    """
    wrong = [i for i in seen.wrong if not seen.wanted[i].raised]
    for words, sizes in _sizes(seen, wrong):
        if len({*sizes}) < 2 or min(sizes) <= 0:
            continue
        for power, before in ((1, ""), (0.5, "the root of ")):
            parts = [size**power / f for size, f in zip(sizes, factors, strict=True)]
            if max(parts) - min(parts) > 1e-3 * abs(max(parts)):
                continue
            if math.isclose(parts[0], 1, rel_tol=1e-3):
                return f"{before}{words}"
            if fixed:
                by = f"and divided by {_plain(parts[0])}"
                return f"{before}{words} {by}"
    return None


def _sizes(seen: _Seen, wrong: list[int]) -> Iterator[tuple[str, list[float]]]:
    """What a case has of sizes and numbers, by name: one for each of the wrong cases."""
    for k, name in enumerate(seen.names):
        values = [seen.cases[i].args[k : k + 1] for i in wrong]
        if all(value and type(value[0]) in (int, float) for value in values):
            yield f"`{name}`", [value[0] for value in values]
        if all(value and _is_tensor(value[0]) for value in values):
            for axis in range(1, 1 + min(value[0].ndim for value in values)):
                words = f"the size of axis {-axis} of `{name}`"
                yield words, [value[0].shape[-axis] for value in values]
    answers = [seen.wanted[i].value for i in wrong]
    for axis in range(1, 1 + min(answer.ndim for answer in answers)):
        words = f"the size of axis {-axis} of the answer"
        yield words, [answer.shape[-axis] for answer in answers]


def _plain(number: float) -> str:
    return _theirs(f"{number:.3g}")


def _theirs(word: Any) -> str:
    return f"{THEIRS[0]}{word}{THEIRS[1]}"


def _rounded(seen: _Seen) -> str | None:
    for digits in range(6):
        if seen.tensors and all(
            w.is_floating_point()
            and g.is_floating_point()
            and w.shape == g.shape
            and (w.double().round(decimals=digits) - g.double()).abs().max() < 1e-6
            for w, g in seen.tensors
            if w.numel()
        ):
            return f"The numbers are right, but rounded to {digits} decimal places."
    return None


def _sums(seen: _Seen) -> str | None:
    """Shares that do not sum to one."""
    tables = [w.value for w in seen.wanted if not w.raised]
    if not tables or not all(
        _is_tensor(t) and t.is_floating_point() and t.ndim and t.shape[-1] > 0
        for t in tables
    ):
        return None
    if not all((t.sum(-1) - 1).abs().max() < 1e-3 for t in tables if t.numel()):
        return None
    for _, got in seen.tensors:
        if got.is_floating_point() and got.ndim and got.numel():
            sums = got.double().sum(-1).flatten()
            off = sums[(sums - 1).abs() > 1e-3]
            if off.numel() and off.isfinite().all():
                if got.ndim > 1 and (got.double().sum(-2) - 1).abs().max() < 1e-3:
                    return "In your answer each **column** sums to 1. It should be each row."
                rows = "a row of it sums" if got.ndim > 1 else "it sums"
                return (
                    "What comes back must sum to 1 along the last axis, and "
                    f"{rows} to {_plain(float(off[0]))}."
                )
    return None


def _not_finite(seen: _Seen) -> str | None:
    found = [g for w, g in seen.tensors if w.is_floating_point() and w.isfinite().all()]
    if len(found) < len(seen.wrong) or not found:
        return None
    if all(g.isnan().any() for g in found):
        return (
            "There is NaN in your answer. It comes of ∞ − ∞, ∞ / ∞, 0 / 0 or the root "
            "of a negative number. In float32, `exp` is ∞ from 89 on."
        )
    if all(g.is_floating_point() and g.isinf().any() for g in found):
        return (
            "There is ∞ in your answer. In float32, `exp` is ∞ from 89 on, and so is "
            "a number divided by 0."
        )
    return None


def _nearly(seen: _Seen) -> str | None:
    pairs = [(w.double(), g.double()) for w, g in seen.tensors if w.is_floating_point()]
    if len(pairs) < len(seen.wrong) or any(w.shape != g.shape for w, g in pairs):
        return None
    off = [
        float((g - w).abs().max() / w.abs().max().clamp(min=1e-9))
        for w, g in pairs
        if w.numel() and w.isfinite().all() and g.isfinite().all()
    ]
    if len(off) < len(pairs) or max(off) > 0.03:
        return None
    return (
        "Nearly right: no number is off by more than "
        f"{_plain(100 * max(off))} % of the largest. So look for a constant that is "
        "mistyped or rounded, or for a small number (ε) that is another or stands in "
        "another place."
    )


def _of_the_right(seen: _Seen) -> str | None:
    """The right answer, with something done to it."""
    pairs = [(w.double(), g.double()) for w, g in seen.tensors if w.is_floating_point()]
    if len(pairs) < len(seen.wrong) or any(w.shape != g.shape for w, g in pairs):
        return None
    for words, done in (
        ("without its signs", torch.abs),
        ("with everything below 0 set to 0", torch.relu),
        ("with the mean of each row subtracted", lambda x: x - x.mean(-1, True)),
        (
            "with each row divided by its length",
            lambda x: x / x.norm(dim=-1, keepdim=True),
        ),
        ("with each row divided by its sum", lambda x: x / x.sum(-1, True)),
        ("with each number squared", torch.square),
        ("with the root taken of each number", torch.sqrt),
        ("with `exp` taken of each number", torch.exp),
        ("with `log` taken of each number", torch.log),
        ("with `acos` taken of each number", torch.acos),
        ("with one divided by each number", torch.reciprocal),
        ("after a softmax along each row", lambda x: x.softmax(-1)),
        ("after a softmax and its logarithm", lambda x: x.log_softmax(-1)),
        ("added up along each row", lambda x: x.cumsum(-1)),
        ("with the future set to 0", torch.tril),
    ):
        if any(w.ndim < 1 for w, _ in pairs):
            return None
        if words.endswith("to 0") and any(w.ndim < 2 for w, _ in pairs):
            continue
        if all(seen.near(done(w), g) for w, g in pairs):
            return f"Your answer is the right one {words}."
    return None


def _plus(seen: _Seen) -> str | None:
    """An argument, or a part of one, that is added once too often or not at all."""
    if not seen.tensors or any(w.shape != g.shape for w, g in seen.tensors):
        return None
    wrong = [i for i in seen.wrong if not seen.wanted[i].raised]
    steps = [g.double() - w.double() for w, g in seen.tensors]
    for name in dict.fromkeys(n for i in wrong for n, _ in _parts(seen, i)):
        for times, words in ((1, "once too often"), (-1, "once too seldom")):
            found = 0
            for i, step in zip(wrong, steps, strict=True):
                part = dict(_parts(seen, i)).get(name)
                if part is None or part.ndim > step.ndim or not part.abs().sum():
                    break
                try:
                    whole = (times * part.double()).broadcast_to(step.shape)
                except RuntimeError:
                    break
                if not seen.near(whole, step):
                    break
                found += 1
            if found and found == len(steps):
                return f"`{name}` is added {words}."
    return None


def _parts(seen: _Seen, i: int) -> Iterator[tuple[str, Tensor]]:
    """The tensors of numbers that a case has, by name."""
    for name, x in zip(seen.names, seen.cases[i].args, strict=False):
        if isinstance(x, dict):
            for key, part in x.items():
                if _is_tensor(part) and part.is_floating_point():
                    yield str(key), part
        elif _is_tensor(x) and x.is_floating_point():
            yield name, x


def _shares(seen: _Seen) -> str | None:
    """Rows that sum to one, but are too even or too uneven."""
    powers = []
    for w, g in seen.tensors:
        if not (w.is_floating_point() and w.shape == g.shape and w.ndim and w.numel()):
            return None
        rows, other = (x.double().reshape(-1, x.shape[-1]) for x in (w, g))
        if ((rows.sum(-1) - 1).abs() > 1e-3).any() or (
            (other.sum(-1) - 1).abs() > 1e-3
        ).any():
            return None
        for a, b in zip(rows, other, strict=True):
            held = (a > 1e-6) & (b > 1e-6)
            if held.sum() < 2:
                continue
            x, y = a[held].log(), b[held].log()
            x, y = x - x.mean(), y - y.mean()
            if x.square().sum() < 1e-6:
                continue
            power = float((x * y).sum() / x.square().sum())
            if (y - power * x).abs().max() > 2e-2 * max(1.0, float(y.abs().max())):
                return None
            powers.append(power)
    if len(powers) < 2 or any(abs(p - 1) < 1e-3 for p in powers):
        return None
    if all(0 < p < 1 for p in powers):
        return (
            "Your rows are shares, but too even, as if the scores had been made too "
            f"small. (In the first wrong case, {_plain(1 / powers[0])} times.)"
        )
    if all(p > 1 for p in powers):
        return (
            "Your rows are shares, but too uneven, as if the scores had been made too "
            f"large. (In the first wrong case, {_plain(powers[0])} times.)"
        )
    return None


# --- one argument changed on purpose --------------------------------------------------
def _ahead(seen: _Seen) -> str | None:
    """A row that changes with what comes after it."""
    if seen.call is None:
        return None
    for i in range(len(seen.cases)):
        args, want, got = seen.cases[i].args, seen.wanted[i], seen.got[i]
        if not _is_tensor(want.value) or want.value.ndim < 2 or got.raised:
            continue
        many = want.value.shape[-2]
        if many < 2 or not _is_tensor(got.value) or got.value.shape != want.value.shape:
            continue
        other = tuple(
            _last_moved(x)
            if _is_tensor(x) and x.ndim >= 2 and x.shape[-2] == many
            else x
            for x in args
        )
        should = run(seen.check.oracle, other)
        if should.raised or not seen.near(
            want.value[..., :-1, :], should.value[..., :-1, :]
        ):
            return None  # here the past may depend on the future
        if seen.near(want.value, should.value):
            continue
        now = seen.again(*other)
        if now is None or now.raised or not _is_tensor(now.value):
            return None
        if now.value.shape == want.value.shape and not seen.near(
            got.value[..., :-1, :], now.value[..., :-1, :]
        ):
            return (
                "If another token takes the place of the last one, the rows before it change "
                "too. So a token sees what comes after it."
            )
    return None


def _last_moved(x: Tensor) -> Tensor:
    moved = x.clone()
    moved[..., -1, :] = moved[..., -1, :] * -0.5 + 1
    return moved


def _together(seen: _Seen) -> str | None:
    """A text that gets another answer in a batch than alone."""
    if seen.call is None:
        return None
    for i in seen.wrong:
        args, want, got = seen.cases[i].args, seen.wanted[i], seen.got[i]
        deep = [k for k, x in enumerate(args) if _is_tensor(x) and x.ndim >= 3]
        if not deep or want.raised or got.raised or not _is_tensor(got.value):
            continue
        sizes = {args[k].shape[0] for k in deep}
        if len(sizes) != 1 or sizes == {1} or got.value.ndim < 1:
            continue
        for row in range(min(*sizes, 2)):
            alone = tuple(x[row] if k in deep else x for k, x in enumerate(args))
            should = run(seen.check.oracle, alone)
            if should.raised or not seen.near(should.value, want.value[row]):
                return None
            now = seen.again(*alone)
            if now is None or now.raised or got.value.shape[0] <= row:
                return None
            if seen.same(now, should) and not seen.near(now.value, got.value[row]):
                return (
                    "Alone, each gets the right answer; put into one tensor, as texts "
                    "of a batch or as heads, they get another. Count axes from the end, "
                    "so that axes in front change nothing."
                )
    return None


def _as_if(seen: _Seen) -> str | None:
    """Right for other arguments than those that were given."""
    wrong = [i for i in seen.wrong if not seen.wanted[i].raised]
    wrong = wrong or seen.wrong
    if any(seen.got[i].raised for i in wrong):
        return None
    if len(wrong) == 1 and _is_choice(seen.got[wrong[0]].value):
        return None  # one of a few numbers, which many ways lead to
    if all(_is_hollow(seen.got[i].value) for i in wrong):
        return None  # many ways lead to nothing
    for k, name in enumerate(seen.names):
        for words, other in _OTHERS:
            if all(_so(seen, i, k, other) for i in wrong):
                one = _one_of([seen.cases[i].args[k] for i in wrong])
                words = words.format(one=one)
                return f"Where it is wrong, it answers as if `{name}` {words}."
        for j, second in enumerate(seen.names):
            if j != k and all(_so(seen, i, k, _argument(j)) for i in wrong):
                return f"It answers as if `{name}` were `{second}`."
        for key in _keys(seen, k):
            for words, other in _OTHERS[:2]:
                if all(_so(seen, i, k, _entry(key, other)) for i in wrong):
                    return f"Where it is wrong, it answers as if `{key}` {words}."
            for second in _keys(seen, k):
                if second > key and all(
                    _so(seen, i, k, _entries(key, second)) for i in wrong
                ):
                    return f"It answers as if `{key}` and `{second}` were exchanged."
    return None


def _one_of(values: list[Any]) -> str:
    """What one of the things in such a value is called."""
    if all(isinstance(x, str) for x in values):
        return "character"
    if all(_is_tensor(x) and x.ndim == 2 for x in values):
        return "row"
    return "item"


def _argument(j: int) -> Callable[..., Any]:
    def other(x: Any, args: tuple) -> Any:
        return args[j] if _fits(x, args[j]) else x

    return other


def _keys(seen: _Seen, k: int) -> list[str]:
    """The names of the tensors in an argument that is a table of them."""
    tables = [case.args[k] for case in seen.cases if k < len(case.args)]
    if not all(isinstance(table, dict) for table in tables):
        return []
    return [key for key, part in tables[0].items() if _is_tensor(part)]


def _entry(key: str, other: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda table: table | {key: other(table[key])}


def _entries(key: str, second: str) -> Callable[[Any], Any]:
    return lambda table: table | {key: table[second], second: table[key]}


def _is_choice(value: Any) -> bool:
    items = value if isinstance(value, list) else [value]
    return all(type(item) is int and 0 <= item < 64 for item in items)


def _so(seen: _Seen, i: int, k: int, other: Callable[[Any], Any]) -> bool:
    """Whether the answer to case i is right if the k-th argument is another."""
    args = seen.cases[i].args
    if k >= len(args) or seen.late:
        return False
    try:
        wide = other.__code__.co_argcount == 2 if hasattr(other, "__code__") else False
        given = other(args[k], args) if wide else other(args[k])
    except (TypeError, ValueError, AttributeError, LookupError, RuntimeError):
        return False
    if given is None or _exactly(given, args[k]):
        return False
    should = run(seen.check.oracle, (*args[:k], given, *args[k + 1 :]))
    return should.raised == seen.got[i].raised and seen.same(should, seen.got[i])


def _float(x: Any) -> Tensor:
    if not (_is_tensor(x) and x.is_floating_point() and x.ndim):
        raise TypeError
    return x


def _text_of(x: Any) -> str:
    if not isinstance(x, str):
        raise TypeError
    return x


def _ids(x: Any) -> list:
    if not isinstance(x, list):
        raise TypeError
    return x


def _plain_number(x: Any) -> float:
    if type(x) not in (int, float):
        raise TypeError
    return x


_OTHERS: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("were all zeros", lambda x: torch.zeros_like(_float(x))),
    ("were all ones", lambda x: torch.ones_like(_float(x))),
    ("were in lower case", lambda x: _text_of(x).lower()),
    ("had no white space at its ends", lambda x: _text_of(x).strip()),
    ("had no white space at its end", lambda x: _text_of(x).rstrip()),
    ("had single spaces only", lambda x: " ".join(_text_of(x).split())),
    ("had plain line ends", lambda x: "\n".join(_text_of(x).splitlines())),
    (
        "had plain line ends (`\\n`)",
        lambda x: _text_of(x).replace("\r\n", "\n").replace("\r", "\n"),
    ),
    (
        "had its accents put together (Unicode's NFC)",
        lambda x: unicodedata.normalize("NFC", _text_of(x)),
    ),
    (
        "had its characters made alike (Unicode's NFKC)",
        lambda x: unicodedata.normalize("NFKC", _text_of(x)),
    ),
    (
        "had no characters beyond ASCII",
        lambda x: _text_of(x).encode("ascii", "ignore").decode(),
    ),
    (
        "had `?` for each character beyond ASCII",
        lambda x: _text_of(x).encode("ascii", "replace").decode(),
    ),
    (
        "were first divided by the length of each row",
        lambda x: _float(x) / x.norm(dim=-1, keepdim=True).clamp(min=1e-12),
    ),
    ("had the mean of each row subtracted", lambda x: _float(x) - x.mean(-1, True)),
    ("had a softmax taken of it", lambda x: _float(x).softmax(-1)),
    (
        "were multiplied by the root of its last axis",
        lambda x: _float(x) * x.shape[-1] ** 0.5,
    ),
    (
        "were divided by the root of its last axis",
        lambda x: _float(x) / x.shape[-1] ** 0.5,
    ),
    (
        "were divided by the root of its second to last axis",
        lambda x: _float(x) / x.shape[-2] ** 0.5,
    ),
    ("were twice as large", lambda x: 2 * (x if _is_tensor(x) else _plain_number(x))),
    ("were half as large", lambda x: (x if _is_tensor(x) else _plain_number(x)) / 2),
    ("had another sign", lambda x: -(x if _is_tensor(x) else _plain_number(x))),
    ("were squared", lambda x: (x if _is_tensor(x) else _plain_number(x)) ** 2),
    ("were its root", lambda x: (x if _is_tensor(x) else _plain_number(x)) ** 0.5),
    ("were its absolute value", abs),
    ("were sorted", lambda x: x.sort()[0] if _is_tensor(x) else sorted(_ids(x))),
    (
        "were sorted, the largest first",
        lambda x: (
            x.sort(descending=True)[0] if _is_tensor(x) else sorted(_ids(x))[::-1]
        ),
    ),
    ("were backwards", lambda x: x.flip(-1) if _is_tensor(x) else x[::-1]),
    ("had its rows in reverse order", lambda x: _float(x).flip(-2)),
    ("were rounded", lambda x: _float(x).round(decimals=2)),
    ("had its last two axes exchanged", lambda x: x.mT),
    ("were 1", lambda x: type(_plain_number(x))(1)),
    ("were one divided by it", lambda x: 1 / _plain_number(x)),
    ("were one larger", lambda x: _plain_number(x) + 1),
    ("were one smaller", lambda x: _plain_number(x) - 1),
    ("lacked its first {one}", lambda x: x[1:]),
    ("lacked its last {one}", lambda x: x[:-1]),
    ("held only its first {one}", lambda x: x[:1]),
    ("held only its last {one}", lambda x: x[-1:]),
    ("held each of its items once", lambda x: [*dict.fromkeys(_ids(x))]),
)


# --- lists, texts and tables ------------------------------------------------------------
def _sequence(seen: _Seen) -> str | None:
    pairs = seen.values
    if not pairs or not all(
        isinstance(x, list | tuple | str | bytes) for pair in pairs for x in pair
    ):
        return None
    if any(
        isinstance(w, list | tuple) != isinstance(g, list | tuple) for w, g in pairs
    ):
        return None
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
            return f"Every number is too {'large' if step > 0 else 'small'} by {_theirs(abs(step))}."
    if all_(lambda w, g: len(w) == len(g)):
        return None
    return None


def _text(seen: _Seen) -> str | None:
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


def _table(seen: _Seen) -> str | None:
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
            return f"The keys are right; every value is too {more} by {_theirs(abs(step))}."
        if all(g.items() != w.items() and _less(g, w) for w, g in pairs):
            return "The keys are right, but some are counted too seldom."
        if all(g.items() != w.items() and _less(w, g) for w, g in pairs):
            return "The keys are right, but some are counted too often."
        return "The keys are right, but some values are not."
    if all({*g} < {*w} and g and _agree(w, g) for w, g in pairs):
        return "What is in the table is right, but some of it is missing."
    if all({*w} < {*g} and _agree(w, g) for w, g in pairs):
        return "All that should be in the table is right, but there is more in it."
    if all({*w.values()} == {*g.values()} for w, g in pairs if _hashable(w, g)):
        return "The values are right, but some keys are not."
    return None


def _both_int(want: dict, got: dict, key: Any) -> bool:
    return type(want[key]) is type(got[key]) is int


def _less(few: dict, many: dict) -> bool:
    return all(_both_int(few, many, key) and few[key] <= many[key] for key in few)


def _agree(want: dict, got: dict) -> bool:
    return all(_exactly(want[key], got[key]) for key in {*want} & {*got})


def _hashable(*tables: dict) -> bool:
    kinds = (int, str, bytes, float)
    return all(isinstance(v, kinds) for table in tables for v in table.values())


def _number(seen: _Seen) -> str | None:
    """Plain numbers, wrong by a step or a factor."""
    pairs = seen.values
    kinds = (int, float)
    if len(pairs) < 2 or not all(type(x) in kinds for pair in pairs for x in pair):
        return None
    steps = {round(g - w, 6) for w, g in pairs if math.isfinite(g)}
    if steps == {0}:
        return (
            "The numbers are right, but a whole number is wanted: `int(…)` makes one."
        )
    if all(0 <= w < 64 for w, _ in pairs):
        return None  # ids
    if len(steps) == 1:
        (step,) = steps
        return f"It is too {'large' if step > 0 else 'small'} by {_plain(abs(step))} each time."
    if all(w and math.isfinite(g) for w, g in pairs):
        ratios = [g / w for w, g in pairs]
        if max(ratios) - min(ratios) < 1e-6 * abs(max(ratios)):
            return f"It is {_plain(ratios[0])} times what it should be, each time."
    if all(g > w for w, g in pairs):
        return "It is too large each time."
    if all(g < w for w, g in pairs):
        return "It is too small each time."
    return None


_NO_ERRORS = UNUSABLE, StillRunning.__name__  # of the function's own


# --- refusals -----------------------------------------------------------------------------
def _refusals(seen: _Seen) -> str | None:
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
                f"but with {_listed([_theirs(article(kind)) for kind in kinds], 'or')}. Look first, "
                "and raise a ValueError with a message that helps."
            )
    return None


# --- where it is wrong ------------------------------------------------------------------------
def _where(seen: _Seen) -> str | None:
    """What all the wrong cases have and no right one has, if it is one thing."""
    found = _only_there(seen)
    return f"It is right everywhere but {found[0]}." if len(found) == 1 else None


def _where_many(seen: _Seen) -> str | None:
    """The same, where it may be one of several things."""
    found = _only_there(seen)
    if not found:
        return None
    return (
        f"It is right everywhere but {found[0]}. (There too: {'; '.join(found[1:3])}.)"
    )


def _only_there(seen: _Seen) -> list[str]:
    """What the wrong cases have and the right ones have not, each thing once."""
    if len(seen.right) < FEW:
        return []
    known = [_marks(seen, case)[0] for case in seen.cases]
    wrong, found = {*seen.wrong}, {}
    for words in dict.fromkeys(w for marks in known for w in marks):
        if {i for i, marks in enumerate(known) if words in marks} == wrong:
            found.setdefault(re.sub(r"`\w+`", "", words), words)
    return [*found.values()]


def _up_to(seen: _Seen) -> str | None:
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
                f"It is right as long as {words} is at most {_plain(max(right))}, and "
                f"wrong from {_plain(min(wrong))} on. Is there a fixed number in it?"
            )
        if min(right) >= 2 * max(wrong) > 0:
            return (
                f"It is right where {words} is at least {_plain(min(right))}, and "
                f"wrong where it is {_plain(max(wrong))} or less."
            )
    return None


def _special(seen: _Seen) -> str | None:
    """Nothing but a case or two is wrong."""
    whats = list(dict.fromkeys(seen.cases[i].what for i in seen.wrong))
    few = len(whats) == 1 or all(seen.cases[i].edge for i in seen.wrong)
    if len(seen.right) < FEW or not few or len(whats) > FEW:
        return None
    return (
        "All else is right, so you have the idea. What is special about this: "
        f"{'; '.join(whats)}?"
    )


def _marks(seen: _Seen, case: Case) -> tuple[dict[str, None], dict[str, float]]:
    """What is true of a case, as "where …"; and its sizes, by name."""
    true: dict[str, None] = {}
    sizes: dict[str, float] = {}
    for name, x in zip(seen.names, case.args, strict=False):
        if _is_tensor(x):
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
    if not x.is_contiguous():
        yield f"where `{name}` lies across in memory, as after a transpose"
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
        if x.ndim == 1 and x.unique().numel() < x.numel():
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


def _axes(seen: _Seen) -> str | None:
    """An axis too few or too many."""
    pairs = seen.tensors
    if not pairs or any(w.shape == g.shape for w, g in pairs):
        return None
    if all(g.ndim == w.ndim - 1 for w, g in pairs):
        return (
            "Your answer has one axis too few: a sum, a mean or an index has taken it "
            "away. `keepdim=True`, or a slice instead of an index, keeps it."
        )
    if all(g.ndim == w.ndim + 1 for w, g in pairs):
        return "Your answer has one axis too many."
    if all(g.ndim == w.ndim for w, g in pairs):
        for axis in (-1, -2, -3, -4):
            if all(
                w.ndim >= -axis
                and w.shape[axis] != g.shape[axis]
                and w.shape[:axis] == g.shape[:axis]
                and w.ndim == g.ndim
                for w, g in pairs
            ):
                steps = {g.shape[axis] - w.shape[axis] for w, g in pairs}
                if steps in ({1}, {-1}):
                    more = "many" if steps == {1} else "few"
                    return f"Along axis {axis} there is one too {more}."
                return f"The shape is right but for axis {axis}."
    return None


def _listed(words: Sequence[str], last: str = "and") -> str:
    if len(words) < 2:
        return "".join(words) or "nothing"
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


_REMARKS = (
    _undefined,
    _changed,
    _twice,
    _kind,
    _precision,
    _given_back,
    _unusable,
    _empty,
    _turned,
    _piece,
    _multiple,
    _turned_too,
    _rounded,
    _plus,
    _of_the_right,
    _text,
    _as_if,
    _shares,
    _together,
    _refusals,
    _where,
    _ignored,
    _ahead,
    _in_part,
    _sums,
    _not_finite,
    _nearly,
    _sequence,
    _table,
    _number,
    _up_to,
    _where_many,
    _special,
    _in_other_places,
    _axes,
    _draws,
)
