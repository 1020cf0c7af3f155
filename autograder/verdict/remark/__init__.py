"""What can be said truly of a wrong function when its mistake has no name.

A mistake that somebody foresaw has its hint. Any other gets a remark: a sentence that
is true of whatever function did what this one did, and that leads to where it is wrong.
Remarks compare what came with what was wanted and, where the function can be called
again, call it with something changed. The first that holds is said, so those that say
more come first.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Sequence

import numpy as np

from autograder.checks import Case, Check
from autograder.verdict.outcome import AGAIN, REUSED, UNUSABLE, Outcome
from autograder.verdict.remark import (
    again,
    as_if,
    casewise,
    factor,
    items,
    kinds,
    numbers,
    places,
    unknown,
)
from autograder.verdict.remark.seen import PLAIN, THEIRS, Call, Seen, arguments, small
from autograder.verdict.source import Written

__all__ = ["Call", "arguments", "one_thing", "remark", "unsteady"]


def remark(
    check: Check,
    cases: Sequence[Case],
    wanted: Sequence[Outcome],
    got: Sequence[Outcome],
    call: Call | None = None,
    hidden: bool = False,
    written: Written | None = None,
) -> str | None:
    """One true sentence or two about the function that gave `got`, or None.

    call: runs the function on other arguments; without it, as while grading, only what
    is at hand can be compared. With `hidden`, nothing is said that the answer could
    spell: who made it may have seen the inputs. written: what its source tells.
    """
    seen = Seen(check, cases, wanted, got, call, written)
    if not seen.wrong or seen.nothing or seen.late:
        return None
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an oracle is asked odd things here
        tries = [_first, _first_of_the_rest]
        if not seen.got[seen.wrong[0]].raised:
            tries.reverse()  # an error that comes later is another matter
        said = tries[0](seen, hidden) or tries[1](seen, hidden)
    return said and said.translate(PLAIN)


def unsteady(
    check: Check,
    cases: Sequence[Case],
    wanted: Sequence[Outcome],
    got: Sequence[Outcome],
    call: Call,
) -> bool:
    """Whether the same call has another answer: then no mistake explains it by itself."""
    return again.twice(Seen(check, cases, wanted, got, call)) is not None


def one_thing(
    check: Check,
    cases: Sequence[Case],
    wanted: Sequence[Outcome],
    got: Sequence[Outcome],
    call: Call | None = None,
    written: Written | None = None,
) -> str | None:
    """A remark that is better than a guess at two mistakes: an argument plays no part."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return again.ignored(Seen(check, cases, wanted, got, call, written))


def _first(seen: Seen, hidden: bool) -> str | None:
    """The first remark that holds."""
    for about in _REMARKS:
        said = None
        with contextlib.suppress(ArithmeticError, LookupError, RuntimeError, *_ODD):
            said = about(seen)
        if said and not (hidden and THEIRS[0] in said):
            return said
    return None


def _first_of_the_rest(seen: Seen, hidden: bool) -> str | None:
    """The same of the cases that do not end in an error, where some do."""
    left = [
        i for i in range(len(seen.cases)) if i in seen.right or not seen.got[i].raised
    ]
    if len(left) == len(seen.cases) or len({*left} & {*seen.wrong}) < 2:
        return None
    cases, wanted, got = (
        [those[i] for i in left] for those in (seen.cases, seen.wanted, seen.got)
    )
    rest = Seen(seen.check, cases, wanted, got, seen.call, seen.written)
    rest.__dict__["since"] = seen.since
    said = _first(rest, hidden)
    if said:
        said = said.removeprefix("Where it is wrong, ")
    if said and not seen.got[seen.wrong[0]].raised and said.startswith(_OF_ANSWERS):
        return said  # where there is an error, there is no answer
    raised = {seen.got[i].raised for i in seen.wrong} - {None}
    others = (
        "other cases"
        if raised & {AGAIN, REUSED, UNUSABLE}
        else "cases without an error"
    )
    return said and f"In the {others}: {small(said)}"


_OF_ANSWERS = "Your", "The shape", "What comes back", "Along axis", "In your answer"
_ODD = TypeError, ValueError, AttributeError  # an answer may be anything

_REMARKS = (
    unknown.undefined,
    kinds.changed,
    again.twice,
    kinds.kind,
    kinds.precision,
    kinds.given_back,
    kinds.unusable,
    kinds.empty,
    places.turned,
    places.piece,
    factor.multiple,
    places.turned_too,
    numbers.rounded,
    factor.plus,
    numbers.of_the_right,
    items.text,
    as_if.as_if,
    numbers.shares,
    again.together,
    casewise.refusals,
    casewise.where,
    again.ignored,
    places.in_other_places,
    again.ahead,
    places.in_part,
    numbers.sums,
    numbers.not_finite,
    numbers.nearly,
    items.sequence,
    items.joined,
    items.table,
    factor.number,
    casewise.up_to,
    casewise.where_many,
    casewise.special,
    places.axes,
    again.draws,
    unknown.not_taken,
)
