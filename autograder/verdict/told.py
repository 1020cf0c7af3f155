"""All that feedback on hidden cases can say, counted.

Whoever wrote an answer has seen the hidden inputs in the box, and chooses what is wrong
with it. So what is said after grading is put together of sentences that are known
before, and `bits` tells how much it can carry: of one submission, whatever it does.

In: a check, its hidden cases and what is right there. Out: the sentences, as sets.
"""

from __future__ import annotations

import ast
import functools
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from autograder.checks import Case, Check
from autograder.verdict import remark
from autograder.verdict.compare import (
    BENT,
    COMMON,
    COPY,
    CUT,
    INSIDE,
    ORDINALS,
    SHARES,
    kind_of,
    near_shapes,
)
from autograder.verdict.judge import Result, Verdict
from autograder.verdict.meanings import MEANT
from autograder.verdict.named import pairs
from autograder.verdict.outcome import Outcome
from autograder.verdict.source import SENTENCES
from autograder.verdict.wire import article, is_torch

EXPLAINED = 5  # steps of a submission; of other wrong ones only the points are told
MORE = (
    f"Feedback explains the first {EXPLAINED} steps that are wrong. Of this one the check in "
    "your notebook tells more: run it."
)
SOMEHOW = "the answer is wrong"  # where a sentence is not one of those counted
STOPS = {  # why a check's cell handed nothing in, by the name of its error
    "Timeout": "it took too long",
    "NameError": "a name is not known there (has the cell that defines it run?)",
    "CheckMisused": "no function was handed over",
    "NotImplementedError": "it is not written yet",
    "OutOfMemoryError": "there was no memory left",
    "MemoryError": "there was no memory left",
}
ODD = "an error"  # in place of any other, and of any after the first check
ENDS = 6  # ways to end a box: see `execute` and `memory`
_KINDS = ("bool", "int", "float", "str", "bytes", "list", "tuple", "dict", "tensor")
_DTYPES = ("bool", "float16", "bfloat16", "float32", "float64") + tuple(
    f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)
)
_ONLY = 6  # ways to be right only where it earns nothing
_NOTES = 10  # of `verify` and `judge`, beside those of earlier steps


def stopped(error: str) -> str:
    """Why a check's cell handed nothing in."""
    return STOPS.get(error, "it ended in an error")


def renamed(name: str, other: str) -> str:
    """Why nothing was handed in where a step's own cell defines another function."""
    return (
        f"Nothing was handed in: `{name}` is not known there. Its own cell defines "
        f"`{other}`: give that the name `{name}`."
    )


def unparsed(name: str, line: int, text: str, why: str) -> str:
    """Why nothing was handed in where Python cannot read a step's own cell.

    It was written before the box was opened, so it tells nothing of what is in it.
    """
    shown = f", `{text}`" if text else ""
    return (
        f"Nothing was handed in: Python cannot read the cell of `{name}`, so it has not "
        f"run. SyntaxError in line {line}{shown}: {why}."
    )


def bounded(
    verdict: Verdict,
    wanted: Sequence[Outcome],
    explained: bool = True,
    written: Collection[str] = (),
) -> Verdict:
    """A verdict that says only what is counted; if not `explained`, only the points.

    written: what the source tells. It may be said, as the inputs do not change it; but a
    named mistake, or what an error means, is enough.
    """
    if verdict.right or verdict.note:
        return verdict
    if not explained:
        right = sum(result.why is None for result in verdict.results)
        note = f"Right in {right} of {len(verdict.results)} cases. {MORE}"
        return replace(
            verdict, results=(), mistake=None, meant=None, remark=None, note=note
        )
    results = tuple(
        r if r.why is None or r.why in reasons(want) else Result(r.what, SOMEHOW)
        for r, want in zip(verdict.results, wanted, strict=True)
    )
    enough = verdict.mistake or verdict.meant
    known = not enough and verdict.remark in {*remarks(), *written}
    said = verdict.remark if known else None
    return replace(verdict, results=results, remark=said)


# --- sentences ------------------------------------------------------------------------
def reasons(want: Outcome) -> set[str]:
    """How an answer can be said to differ from this one, while grading."""
    after = f" instead of {article(want.raised)}" if want.raised else ""
    found = {
        SOMEHOW,
        f"it returned an argument itself, {COPY}",
        "called again with the same arguments, it gives another answer",
        "the next call wrote into the answer: make a new one each time",
        "what it returned cannot be used",
        "it was still running: does every round of its loop bring it nearer to its end?",
        *(f"it raised {article(name)}{after}" for name in (*COMMON, "error")),
    }
    for which in (*ORDINALS, "last"):
        found.add(f"it changed its {which} argument, which is the caller's")
    if want.raised:
        return {*found, f"it should raise {article(want.raised)} and returned a value"}
    for i, asked in enumerate(want.gradients):
        if asked is not None:
            place = (*ORDINALS, *["last"] * len(want.gradients))[i]
            found |= {CUT.format(place), BENT.format(place)}
    for part, at in _parts(want.value, ""):
        found |= _differences(part, at)
    return found


def _parts(value: Any, at: str) -> Iterator[tuple[Any, str]]:
    yield value, at
    inner = value if isinstance(value, list | tuple) else ()
    inner = value.values() if isinstance(value, dict) else inner
    for part in inner:
        yield from _parts(part, INSIDE)


def _differences(want: Any, at: str) -> set[str]:
    """How what came can differ from one part of a value, or from the whole."""
    where = f"where {kind_of(want)} is expected"
    found = set() if at else {"it returned None: is there a `return` at its end?"}
    found |= {f"it returned {article(kind)}{at}, {where}" for kind in _KINDS}
    found |= {f"it returned {kind}{at}, {where}" for kind in ("an array", "None")}
    found.add(f"the value{at} is wrong")
    if isinstance(want, list | tuple):
        found |= {f"it returned too {many} items{at}" for many in ("many", "few")}
    if isinstance(want, dict):
        found |= {f"it lacks keys{at}", f"it has keys too many{at}"}
        found |= {f"it has a key of another type{at}"}
    if is_torch(want) or isinstance(want, np.ndarray):
        ours = tuple(want.shape)
        found.add(f"its shape{at} is not {ours}")
        for theirs in near_shapes(ours):
            found.add(f"its shape{at} is {theirs}, where {ours} is expected")
        torch = "torch." if is_torch(want) else ""
        for dtype in _DTYPES:
            kind = f"{torch}{dtype}"
            found.add(f"its dtype{at} is {kind}, where {want.dtype} is expected")
        found.add(f"it holds NaN or infinite values{at}")
        found |= {f"{which} values{at} differ" for which in SHARES}
    return found


@functools.cache
def remarks() -> frozenset[str]:
    """The remarks that stand word for word in `remark`: no part of them is chosen."""
    constants: set[str] = set()
    for module in sorted(Path(remark.__file__).parent.glob("*.py")):
        nodes = [*ast.walk(ast.parse(module.read_text("utf-8")))]
        docs = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        constants |= {
            node.value
            for node in nodes
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docs
        }
    whole = {x for x in constants if len(x) > 20 and x[0].isupper() and x[-1] in ".?)"}
    rest = {f"In the cases without an error: {x[0].lower()}{x[1:]}" for x in whole}
    return frozenset(whole | rest)


def hints(check: Check) -> set[str]:
    """The tutor's sentences: of mistakes, alone and in pairs, of errors, and remarks."""
    mistakes = {m.hint for m in (*check.mistakes, *pairs(check))}
    return {"", *mistakes, *(known.hint for known in MEANT), *remarks()}


# --- how many pages there are ---------------------------------------------------------
def pages(
    check: Check, cases: Sequence[Case], wanted: Sequence[Outcome]
) -> tuple[int, int]:
    """How many ways there are to say that a step is wrong: in short, and explained.

    In short are the points, and why there is no answer. Explained is the first wrong
    case, why it is wrong, and a hint. Each may be of the second run; which steps were not
    the student's own there, the verdicts on those tell already.
    """
    edges = sum(case.edge for case in cases)
    notes = _NOTES + ENDS + len({*STOPS.values()}) + 1 + len(check.after)
    points = (len(cases) - edges + 1) * (edges + 1)
    whys = sum(len(reasons(want)) for want in wanted)
    numbers = points + len(cases)  # few points, or none and how many cases are right
    said = len(hints(check)) + SENTENCES  # these are the same whatever the inputs are
    explained = whys * (points + _ONLY * len(cases)) * said
    return 2 * (notes + numbers), 2 * explained


def bits(
    asked: Mapping[str, tuple[Check, Sequence[Case], Sequence[Outcome]]], cells: int
) -> float:
    """How much the feedback on one submission can carry at most, in bits.

    asked: by its name each check with its cases and what is right. cells: how many cells
    are marked where they fail after the first check, or when they run again.
    """
    ways = {0: 1}  # by how many steps have been explained
    for check, cases, wanted in asked.values():
        short, explained = pages(check, cases, wanted)
        further: dict[int, int] = {}
        for used, count in ways.items():
            right = 2 * count  # at once, or with the course's own steps before it
            further[used] = further.get(used, 0) + right + count * short
            if used < EXPLAINED:
                more = further.get(used + 1, 0)
                further[used + 1] = more + count * explained
        ways = further
    return math.log2(sum(ways.values())) + cells
