"""What a student is told of a wrong answer: the ladder, and the first rung that holds.

What the function's own lines show; a mistake by its name; the line in which one small
change makes it right; two mistakes at once; what an error means; a true remark.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from autograder.checks import Case, Check, Mistake
from autograder.verdict import (
    causes,
    ends,
    errors,
    lines,
    misuse,
    oddities,
    repair,
    slips,
    source,
)
from autograder.verdict.changes import changes
from autograder.verdict.compare import difference, is_bent
from autograder.verdict.named import Pair, explained, size
from autograder.verdict.outcome import UNUSABLE, Outcome, StillRunning
from autograder.verdict.remark import Call, arguments, one_thing, remark, unsteady
from autograder.verdict.remark.gradient import gradient
from autograder.verdict.swaps import Change, likes
from autograder.verdict.wire import is_torch

rare = functools.partial(likes, odd=True)


class Advice(NamedTuple):
    """A mistake by its name; what an error means; and a sentence that is true."""

    mistake: Mistake | None
    meant: str | None
    said: str | None


def advice(
    check: Check,
    cases: Sequence[Case],
    wanted: Sequence[Outcome],
    got: Sequence[Outcome],
    right: list[bool],
    made: Callable[[Mistake, int], Outcome],
    hidden: bool = False,
    call: Call | None = None,
    written: source.Written | None = None,
) -> Advice:
    """What is told of a function that is not right in all cases, as `judge` has it.

    right: in which cases it is. made: what a mistake makes of a case.
    """
    wrong = [(w, g) for w, g, ok in zip(wanted, got, right, strict=True) if not ok]
    if all(is_bent(w, g, check.rtol, check.atol) for w, g in wrong):
        mistake, _ = explained(check, cases, wanted, got, right, made)
        return Advice(mistake, None, None if mistake else gradient(*zip(*wrong)))
    tensors, mistake, meant, also = _has_tensors(cases, wanted), None, None, None
    first = got[right.index(False)]
    said, proved = None, None
    mended = functools.partial(_repaired, check, cases, wanted, got, right, first)
    want = wanted[right.index(False)]
    if written and not want.raised:
        said = written.first(arguments(check), first, tensors, hidden)
    elif written and not hidden:
        said = written.refused(first, want)
    given = cases[right.index(False)].args
    if written and not said and not hidden:
        said = lines.dropped(written.function, check.after)
    if written and not said and not hidden:
        asked = [c.args for c, ok in zip(cases, right, strict=True) if not ok]
        said = causes.near_key(given, first)
        said = said or lines.other_default(written.function, check.oracle, asked)
    if not said:
        mistake, also = explained(check, cases, wanted, got, right, made)
        own = made(mistake, right.index(False)) if mistake else None
        # What Python says may be more than a guess at it, unless that fails in its words.
        if own and (errors.sure(first) or errors.stands_for_many(own)):
            hint = errors.hint(first, tensors)
            better = hint is not None and hint != errors.hint(own, tensors)
            mistake = None if better else mistake
        if mistake and not hidden and misuse.exact(first):
            mistake = None
        if mistake and source.denies(written, mistake.hint):
            mistake = None
        if mistake and not _fits(check, wanted, got, right, mistake, made):
            mistake, also = None, None
        early = written and written.ends_early(mistake.hint if mistake else "")
        if early:
            mistake, also, said = None, None, early
        if not said:
            # Two at once are only a guess, and so is what asks about an error.
            guess = not mistake or isinstance(mistake, Pair)
            guess = guess or (first.raised and "?" in mistake.hint)
            every = functools.partial(
                changes,
                steps=check.after,
                asked=arguments(check),
                numbers=slips.formula(check),
            )
            proved = mended(written, every if guess else rare)
            if proved and not isinstance(mistake, Pair):
                mistake = None
            also = proved or also
            if written and not (mistake or also or hidden):
                also = oddities.changed_in_place(written.function, given)
        if isinstance(mistake, Pair):
            if not (first.raised or also):
                said = one_thing(check, cases, wanted, got, call, written)
            if said or also or (call and unsteady(check, cases, wanted, got, call)):
                mistake = None  # two at once that explain it by luck
        if first.raised != "NameError":  # the name says more than what is not used
            also = written and written.beside or also
            also = also or (written and not mistake and written.unused) or None
            if written and not (mistake or also or said):
                also = lines.lost(written.function, check.after)
    if not (mistake or said or proved):
        own_line = written.last(first, want) if written and not hidden else None
        if written and not hidden and _of_another_size(first, want):
            own_line = own_line or written.fixed_size()
        meant = own_line or (errors.hint if hidden else errors.told)(first, tensors)
        if not hidden and (inner := _inner(check, first)):
            why = written and causes.handed_none(written.function, first)
            meant = f"{inner} {why or meant or ''}".strip()
        if not (meant or also):
            said = written.used_up if written else None
            bent = [pair for pair in wrong if is_bent(*pair, check.rtol, check.atol)]
            if not said and bent and bent[0] is wrong[0]:  # what is shown has no other
                said = gradient(*zip(*bent))
            said = said or remark(
                check, cases, wanted, got, call, hidden, written=written
            )
    return Advice(mistake, meant, said or also)


def _of_another_size(got: Outcome, want: Outcome) -> bool:
    """Whether it is the size of something that is wrong."""
    if got.raised:
        return got.raised in ("RuntimeError", "IndexError")
    shapes = [getattr(x.value, "shape", None) for x in (got, want)]
    return None not in shapes and shapes[0] != shapes[1]


def _inner(check: Check, got: Outcome) -> str | None:
    """That an error came up in an earlier step, and in which line that was called."""
    frames = [line.split(", line ", 1) for line in got.trace.splitlines()]
    names = [frame[0] for frame in frames]
    endless = got.raised == StillRunning.__name__
    if endless or len(frames) < 2 or names[-1] not in check.after:
        return None
    place = names.index(names[-1])
    if names[place - 1] in check.after:  # or that is the first of all
        return None
    number, _, line = frames[place - 1][1].partition(":")
    return (
        f"The error came up in `{names[-1]}`, which line {number} calls: "
        f"`{line.strip()[:80]}`. Compare what it is given there with what `{names[-1]}` "
        "takes."
    )


def _fits(
    check: Check,
    wanted: Sequence[Outcome],
    got: Sequence[Outcome],
    right: Sequence[bool],
    mistake: Mistake,
    made: Callable[[Mistake, int], Outcome],
) -> bool:
    """Where only an object is the wrong one, whether a mistake has all the right values."""
    margins = check.rtol, check.atol, True
    if any(
        difference(want, replace(outcome, own=want.own), *margins)
        for want, outcome in zip(wanted, got, strict=True)
    ):
        return True
    return not any(
        difference(want, replace(made(mistake, i), own=want.own), *margins)
        for i, want in enumerate(wanted)
        if right[i]
    )


def _repaired(
    check: Check,
    cases: Sequence[Case],
    wanted: Sequence[Outcome],
    got: Sequence[Outcome],
    right: Sequence[bool],
    first: Outcome,
    written: source.Written | None,
    tried: Callable[[lines.FUNCTION], Iterator[Change]],
) -> str | None:
    """Where one small change would make all the values right, if it can be tried.

    tried: the changes of a function. What is refused rightly is to stay so, and what is
    shown is to become right: where that is to be refused, all that is.
    """
    if not written or written.space is None or first.raised in ("NameError", UNUSABLE):
        return None
    if outlives := ends.kept_outside(written.function):
        return outlives
    margins = check.rtol, check.atol, True
    if not any(
        difference(want, replace(outcome, changed=want.changed, own=()), *margins)
        for want, outcome in zip(wanted, got, strict=True)
        if not want.raised
    ):  # no value is wrong: it is another kind of error, or a change
        return None
    order = sorted(
        (i for i, want in enumerate(wanted) if not want.raised),
        key=lambda i: (right[i], size(cases[i].args)),
    )

    shown = wanted[list(right).index(False)]
    refused = [
        i for i, want in enumerate(wanted) if want.raised and (right[i] or shown.raised)
    ]

    def is_right(made: Callable[..., Any]) -> bool:
        return bool(order) and not any(
            difference(
                wanted[i],
                repair.outcome(made, cases[i].args, small=i == order[0]),
                *margins,
            )
            for i in (*order, *refused)
        )

    return repair.place(
        written.function, written.space, is_right, tried=tried(written.function)
    )


def _has_tensors(cases: Sequence[Case], wanted: Sequence[Outcome]) -> bool:
    """Whether a tensor comes in or out, by itself or in a list or table."""
    todo = [*(arg for case in cases for arg in case.args), *(w.value for w in wanted)]
    parts = [x for x in todo if isinstance(x, list | tuple)]
    parts += [x.values() for x in todo if isinstance(x, dict)]
    return any(map(is_torch, [*todo, *(x for part in parts for x in part)]))
