"""Which mistake explains a function's answers: one by its name, or two at once."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from autograder.checks import Case, Check, Mistake
from autograder.verdict import errors
from autograder.verdict.compare import difference, is_bent
from autograder.verdict.outcome import Outcome
from autograder.verdict.remark import arguments


def explained(
    check: Check,
    cases: Sequence[Case],
    wanted: Sequence[Outcome],
    got: Sequence[Outcome],
    right: list[bool],
    made: Callable[[Mistake, int], Outcome],
) -> tuple[Mistake | None, str | None]:
    """The mistake that explains the wrong answers, and what is wrong besides.

    An argument that is changed on the way hides no mistake in the numbers: those first.
    """
    mistake = _name(check, cases, wanted, got, right, made)
    touched = [{*g.changed} - {*w.changed} for w, g in zip(wanted, got, strict=True)]
    if mistake or not any(touched):
        return mistake, None
    clean = [replace(g, changed=w.changed) for w, g in zip(wanted, got, strict=True)]
    right = [
        not difference(w, g, check.rtol, check.atol, hidden=True)
        for w, g in zip(wanted, clean, strict=True)
    ]
    if all(right):
        return None, None
    mistake = _name(check, cases, wanted, clean, right, made)
    told = set().union(*touched)  # by the kernel: it may name what there is not
    which = _listed([name for k, name in enumerate(arguments(check)) if k in told])
    if not (mistake and which):
        return mistake, None
    return mistake, (
        f"Besides, {which} itself is changed on the way, and the caller still needs it. "
        "Make a new value."
    )


def _listed(names: Sequence[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)


def _name(
    check: Check,
    cases: Sequence[Case],
    wanted: Sequence[Outcome],
    got: Sequence[Outcome],
    right: list[bool],
    made: Callable[[Mistake, int], Outcome],
) -> Mistake | None:
    """The mistake that gives all the same wrong answers, and most of the right ones.

    One that explains only some of them would send a student the wrong way, and so would
    one that goes wrong in as many more cases. But a first draft refuses nothing yet:
    where no mistake explains that too, it is enough to explain the wrong values; and
    as long as the idea is wrong, the edges may be so in another way.
    """

    wrong_values = [
        not ok and not is_bent(w, g, check.rtol, check.atol)
        for ok, w, g in zip(right, wanted, got, strict=True)
    ]

    @functools.cache
    def agrees(mistake: Mistake, i: int) -> bool:
        own = made(mistake, i)
        if wrong_values[i]:  # its gradient belongs to other numbers
            own = replace(own, gradients=())
        if not same(own, got[i], check):
            return False
        if own.raised is None or own.raised == wanted[i].raised:
            return True
        # Two that only fail because they are made together explain no error.
        parts = mistake.parts if isinstance(mistake, Pair) else ()
        alone = [errors.alike(made(part, i), own, part.hint) for part in parts]
        said = f"{mistake.name} {mistake.hint}"
        return (not parts or any(alone)) and errors.alike(own, got[i], said)

    def lacks(mistake: Mistake, wrong: list[int], fewer: int) -> int | None:
        """How many right answers a mistake lacks; None if not all wrong, or too many."""
        apart = 0
        for i in quickest:
            if i in wrong and not agrees(mistake, i):
                return None
            if right[i] and not agrees(mistake, i):
                apart += 1
            if apart >= fewer:
                return None
        return apart

    def best(known: Sequence[Mistake], wrong: list[int]) -> Mistake | None:
        # What explains as much by two mistakes as by one is mostly luck.
        found, fewest = None, 1 if known is pairs(check) else len(wrong)
        for mistake in known:
            apart = lacks(mistake, wrong, fewest)
            if apart is not None:
                found, fewest = mistake, apart
        return found

    # One wrong answer that is not the mistake's rules it out, and so do several right ones.
    quickest = sorted(
        range(len(right)),
        key=lambda i: size(cases[i].args) * (right.count(False) if right[i] else 1),
    )
    wrong = [i for i, ok in enumerate(right) if not ok]
    values = [i for i in wrong if not wanted[i].raised]
    ideas = [i for i in wrong if not cases[i].edge]
    for known in (check.mistakes, pairs(check)):
        if found := best(known, wrong):
            return found
        if 0 < len(values) < len(wrong) and (found := best(known, values)):
            return found
    if 1 < len(ideas) < len(values):
        return best(check.mistakes, ideas)
    return None


@dataclass(frozen=True, eq=False)
class Pair(Mistake):
    """Two mistakes at once."""

    parts: tuple[Mistake, ...] = ()


@functools.cache
def pairs(check: Check) -> tuple[Pair, ...]:
    """Two mistakes at once, for all that are settings of one function.

    Such mistakes are a `partial` of the right answer with some of its screws turned: two
    that turn different ones can be made together.
    """
    found = []
    for one, other in itertools.combinations(check.mistakes, 2):
        a, b = one.answer, other.answer
        if not (isinstance(a, partial) and isinstance(b, partial)):
            continue
        if a.func is not b.func or a.args or b.args or {*a.keywords} & {*b.keywords}:
            continue
        both = f"Two things at once. First: {one.hint} Second: {other.hint}"
        found.append(
            Pair(
                f"{one.name}, and {other.name}",
                one.hint if one.hint == other.hint else both,
                partial(a.func, **a.keywords, **b.keywords),
                (one, other),
            )
        )
    return tuple(found)


def size(value: Any) -> int:
    """About how much a value holds: numbers, letters, items."""
    if isinstance(value, list | tuple):
        return 1 + sum(map(size, value))
    if isinstance(value, dict):
        return 1 + sum(map(size, value.values()))
    if isinstance(value, str | bytes):
        return len(value)
    return math.prod(getattr(value, "shape", ()))


def same(a: Outcome, b: Outcome, check: Any = None) -> bool:
    rtol, atol = (check.rtol, check.atol) if check else (0.0, 0.0)
    # As for hidden cases: the words are not wanted, and those would be the longer ones.
    same = not difference(a, replace(b, own=()), rtol, atol, hidden=True)
    came, come = ([x is None for x in of.gradients] for of in (a, b))
    same = same and (not came or came == come)
    return set(a.changed) == set(b.changed) and same
