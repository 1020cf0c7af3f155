"""What Python and PyTorch say when a step fails, and what a tutor would say to it.

A hint belongs to a message, and where one message has several causes, to the line that
failed: `max(x, 0)` and `if x > 0` end in the same words.
"""

from __future__ import annotations

import re

from autograder.verdict import failed, misuse
from autograder.verdict.meanings import MEANT, Known
from autograder.verdict.outcome import Outcome

# What an error comes from, by its message: one reason is told in several ways.
_REASONS = tuple(
    map(
        re.compile,
        (
            "codec can't decode|invalid (start|continuation) byte|unexpected end of data",
            "codec can't encode",
            "values to unpack",
            "bytes must be in range",
            "empty sequence|argument is empty",
            "unhashable type",
            "object is not callable",
            "truth value of|Boolean value of Tensor",
            "converted to (a )?(Python )?[Ss]calar|only length-1|only 0-dimensional",
            "index .*out of (bounds|range)|list index out of range",
            "Dimension out of range",
            "tensors used as indices|shape of the mask",
            "does not require grad",
            r"Can't call numpy\(\)",
            "in-?place operation|leaf Variable that requires grad",
            "backward through the graph a second time",
            "shape: grad_output",
            "expanded size of the tensor",
            (
                "must match the size of|cannot be multiplied|mismatch in its core|size mismatch|"
                "inconsistent tensor size|Expected size for first|1D tensors expected|must be a "
                "matrix|both arguments to mat|2D tensors expected|expected 2D|must be a 3D|"
                "shape '.*' is invalid|stack expects each|Sizes of tensors must|the broadcast "
                "shape|number of sizes provided|Provided sizes|view size is not"
            ),
        ),
    )
)
_CODEC = 0  # the first of them
_VAGUE = ("TypeError", "AttributeError")  # types that any line may raise
STANDS_IN = (
    "as the student's line would"  # the message of an error that stands for many
)


def alike(mistake: Outcome, got: Outcome, hint: str) -> bool:
    """Whether an error may be that of a mistake: one type, and for the same reason.

    hint: what the mistake is told by. Most errors of mistakes are Python's own; some
    stand for whatever a student's line would say.
    """
    if mistake.raised is None or mistake.raised != got.raised:
        return mistake.raised == got.raised
    mine, theirs = _reason(mistake), _reason(got)
    if mine is not None:
        return mine == theirs
    if mistake.raised not in _VAGUE:
        return theirs != _CODEC
    if _plain(mistake.message) == _plain(got.message):
        return True
    if STANDS_IN not in mistake.message:
        return False
    # Such a message names the type of what does not fit.
    named = re.findall(r"'(\w+)'", got.message)
    told = {*re.findall(r"\w+", hint)}
    return mistake.raised in told or not told.isdisjoint(named)


def stands_for_many(mistake: Outcome) -> bool:
    """Whether a mistake's error is any of a type that each line may raise."""
    return mistake.raised in _VAGUE and STANDS_IN in mistake.message


def _reason(got: Outcome) -> int | None:
    found = (n for n, said in enumerate(_REASONS) if said.search(got.message))
    return next(found, None)


def _plain(message: str) -> str:
    """A message without what differs from one value to another."""
    return re.sub(r"'[^']*'|\d+", "…", message)


def hint(got: Outcome, tensors: bool = True) -> str | None:
    """What to make of an error, if one is known; its last line tells the cause.

    tensors: whether the step has to do with any. Else none is spoken of.
    """
    known = _known(got, tensors)
    return known and known.hint


def told(got: Outcome, tensors: bool = True) -> str | None:
    """The same with the names and sizes of this one error, for a student's own eyes."""
    if exact := misuse.exact(got):
        return exact
    known = _known(got, tensors)
    return known and " ".join(filter(None, [failed.detail(got), known.hint]))


def sure(got: Outcome) -> bool:
    """Whether an error has one cause, so that no guess at it is better."""
    known = _known(got)
    return known is not None and known.sure


def _known(got: Outcome, tensors: bool = True) -> Known | None:
    if got.raised is None:
        return None
    line = got.trace.splitlines()[-1] if got.trace else ""
    for known in MEANT:
        if known.tensors and not tensors:
            continue
        if re.search(known.said, got.message) and re.search(known.line, line):
            return known
    return None
