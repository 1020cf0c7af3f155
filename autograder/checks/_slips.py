"""Slips that any step invites, each made from a right answer, with its own sentence.

A list where a tensor is asked for, double precision, a `return` inside the loop, an
argument written into: they are the same in every chapter, and so is what a tutor says.
Each function takes the right answer (mostly the oracle) or the student's likely line,
and gives the Mistake. A word in the sentence says what is meant here ("rows", "the
queries"); `more` is a sentence that only this step needs. What a step alone invites
stands in the check's own file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from autograder.checks import Mistake
from autograder.checks._material import stop

Answer = Callable[..., Any]


def _said(*sentences: str) -> str:
    return " ".join(filter(None, sentences))


def double_precision(right: Answer, more: str = "") -> Mistake:
    """The right tensor as float64."""
    return Mistake(
        "double precision",
        _said(
            "These are the right numbers, but in double precision. The model computes "
            "in float32, and a matrix of the one cannot be multiplied by one of the "
            "other.",
            more,
        ),
        lambda *args: right(*args).double(),
    )


def lists_of_numbers(
    right: Answer, more: str = "", name: str = "lists of numbers"
) -> Mistake:
    """The right tensor as nested Python lists."""
    return Mistake(
        name,
        _said(
            "These are the right numbers, but in a Python list. Give them back as a "
            "tensor: the next step computes with it.",
            more,
        ),
        lambda *args: right(*args).tolist(),
    )


def list_of_rows(
    right: Answer, what: str = "rows", more: str = "", axis: int = 0
) -> Mistake:
    """The right tensor, cut into a list of tensors along an axis."""
    return Mistake(
        f"a list of {what}",
        _said(
            f"The right {what}, but not yet in one tensor: they are in a Python list or "
            "tuple. `torch.stack` puts them together.",
            more,
        ),
        lambda *args: list(right(*args).unbind(axis)),
    )


def only_the_first(wrong: Answer, what: str, more: str = "", name: str = "") -> Mistake:
    """A `return` inside the loop. `wrong` gives what comes back then."""
    return Mistake(
        name or f"only the first {what}",
        _said(
            f"Only the first {what} comes back. Does `return` stand inside the loop? It "
            "ends the whole function at the first round.",
            more,
        ),
        wrong,
    )


def only_the_last(wrong: Answer, what: str, name: str = "") -> Mistake:
    """A result that each round of a loop overwrites. `wrong` gives what is left."""
    return Mistake(
        name or f"only the last {what}",
        f"Only the last {what} comes back: each round of the loop overwrites the one "
        "before. All of them are needed, one under the other.",
        wrong,
    )


WRITES = (
    "an operator such as `-=`, or an assignment to its places, its `.data` or its "
    "`.requires_grad`,"
)


def written_into(
    wrong: Answer,
    argument: str = "x",
    by: str = WRITES,
    name: str = "",
    instead: str = "Make a new tensor.",
) -> Mistake:
    """A right answer after which an argument is another.

    by: what writes into it; instead: what does not.
    """
    return Mistake(
        name or f"{argument} is changed in place",
        f"The answer is right, but `{argument}` itself was changed on the way, and it "
        f"belongs to the caller, who still needs it: {by} writes into what was handed "
        f"in. {instead}",
        wrong,
    )


def tensor_for_integer(right: Answer) -> Mistake:
    """The right id, as a tensor without axes."""
    return Mistake(
        "a tensor instead of an integer",
        "This is the right number, but in a tensor. Make a plain Python integer of it.",
        lambda *args: torch.tensor(right(*args)),
    )


def an_assert(wrong: Answer, found: str, only: str = "") -> Mistake:
    """What is to be refused is refused by `assert`. `found` says what, as in "A wrong p"."""
    return Mistake(
        "an assert instead of a ValueError",
        _said(
            only,
            f"{found} is found, but reported with the wrong error: `assert` is meant for "
            "one's own mistakes and can be switched off. Raise a ValueError.",
        ),
        wrong,
    )


def batches_only(right: Answer, ndim: int, unpacked: str, last: str) -> Mistake:
    """A shape of `ndim` axes, unpacked as if there were always a batch in front.

    unpacked: why one text cannot be; last: what the last axes always are.
    """
    return Mistake(
        "batches only",
        f"A single text has {_COUNT[ndim]} axes, which cannot be unpacked into "
        f"{unpacked}. Count from the end: the last {_COUNT[ndim]} axes are always "
        f"{last}.",
        lambda x, *rest: right(x, *rest) if x.ndim == ndim + 1 else stop(ValueError),
    )


def no_batches(right: Answer, ndim: int, unpacked: str, last: str) -> Mistake:
    """A shape of `ndim` axes, unpacked as if there were never a batch in front."""
    return Mistake(
        "no batches",
        f"A batch has {_COUNT[ndim + 1]} axes, which cannot be unpacked into "
        f"{unpacked}. Count from the end: the last {_COUNT[ndim]} axes are always "
        f"{last}.",
        lambda x, *rest: right(x, *rest) if x.ndim == ndim else stop(ValueError),
    )


_COUNT = {2: "two", 3: "three", 4: "four"}


def two_at_once(name: str, wrong: Answer, first: str, second: str) -> Mistake:
    """Two mistakes that are often made together, each with its sentence."""
    return Mistake(name, f"Two things at once. {first} And {second}", wrong)
