"""What a function does with a case, and how a list of that travels to the grader."""

from __future__ import annotations

import contextlib
import copy
import io
import linecache
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from autograder.verdict import wire

SECONDS = 3  # of computing, for one case
PRINTED = 2000  # characters of what a function prints
NAME = 60  # characters of the name of an error
UNUSABLE = "unusable answer"  # it returned something that cannot be handed in
AGAIN = "another answer"  # it answered the same call in two ways
ANSWER = "application/vnd.gpt-in-four-stages.answer+json"  # what `check` publishes
_LIBRARY = os.path.dirname(os.__file__) + os.sep  # Python's own
_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


@dataclass(frozen=True)
class Outcome:
    """What a function did with one case.

    Either it returned `value`, or it raised an error of type `raised`, with `message`.
    `changed` are the indices of the arguments that it changed while it ran, `trace` is
    where the error came from, in the lines of the function's own author, `part` what of
    the last of them it came from, and `printed` what it wrote to standard output.
    """

    value: Any = None
    raised: str | None = None
    message: str = ""
    changed: tuple[int, ...] = ()
    trace: str = ""
    printed: str = ""
    part: str = ""


class StillRunning(Exception):
    """The function has used up its time."""


def run(
    function: Callable[..., Any], args: tuple[Any, ...], seconds: float | None = None
) -> Outcome:
    """Call `function` on a copy of `args`. Only KeyboardInterrupt gets through.

    It may compute for some `seconds`, if not for SECONDS; one that goes on has raised
    StillRunning.
    """
    given = tuple(map(_copied, args))
    written = io.StringIO()
    try:
        with contextlib.redirect_stdout(written), _limited(seconds or SECONDS):
            value = function(*given)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - it is not our code
        # A UnicodeDecodeError is a ValueError too, and as right where one is wanted.
        kind = ValueError if isinstance(error, ValueError) else type(error)
        frames = _frames(error)
        return Outcome(
            raised=kind.__name__,
            message=str(error)[:500],
            trace="\n".join(f"{f.name}, line {f.lineno}:  {f.line}" for f in frames),
            printed=written.getvalue()[:PRINTED],
            part=_part(frames),
        )
    if isinstance(value, BaseException):
        kind = wire.article(type(value).__name__)
        message = f"it returned {kind} instead of raising it"
        return Outcome(raised=UNUSABLE, message=message)
    try:
        changed = tuple(
            i
            for i, (before, after) in enumerate(zip(args, given, strict=True))
            if _differ(before, after)
        )
        # As the grader will receive it: a copy without the methods of its author.
        value = wire.copy(value)
        return Outcome(value, changed=changed, printed=written.getvalue()[:PRINTED])
    except Exception as error:  # noqa: BLE001 - what it returned may do anything
        return Outcome(raised=UNUSABLE, message=str(error)[:500])


def _copied(value: Any) -> Any:
    """A copy that shares nothing; torch's own deepcopy of a tensor takes far longer."""
    torch = sys.modules.get("torch")
    plain = torch is not None and type(value) is torch.Tensor
    if plain and value.is_contiguous() and not value.requires_grad:
        return value.clone()
    if _is_table(value):
        return {name: _copied(tensor) for name, tensor in value.items()}
    return copy.deepcopy(value)


def _is_table(value: Any) -> bool:
    """Whether it is a dict of tensors, such as the weights of a layer."""
    return type(value) is dict and all(map(wire.is_torch, value.values()))


def _differ(before: Any, after: Any) -> bool:
    """Whether an argument is no longer what it was."""
    if before is None or isinstance(before, bool | int | float | str | bytes):
        return False  # nobody can change these
    if wire.is_torch(before) and wire.is_torch(after):
        kind = before.dtype == after.dtype and before.shape == after.shape
        if kind and before.equal(after):
            return False  # (where there is a NaN, the bytes tell)
    if _is_table(before) and _is_table(after):
        return [*before] != [*after] or any(
            _differ(before[k], after[k]) for k in before
        )
    return wire.pack(before) != wire.pack(after)


def run_all(
    function: Callable[..., Any], cases: Iterable[tuple[Any, ...]]
) -> list[Outcome]:
    """Run every case, but after one that did not come to an end, no other."""
    outcomes: list[Outcome] = []
    for args in cases:
        last = outcomes[-1] if outcomes else None
        endless = last is not None and last.raised == StillRunning.__name__
        outcomes.append(last if endless else run(function, args))
    return outcomes


def is_limited() -> bool:
    """Whether what computes for too long can be interrupted here."""
    main = threading.current_thread() is threading.main_thread()
    return hasattr(signal, "setitimer") and main


@contextlib.contextmanager
def _limited(seconds: float):
    """Interrupt what computes for too long; seconds of this process, not of the clock.

    So a verdict does not depend on what else the machine does. Only the main thread can
    be interrupted, and not on Windows; elsewhere the limit is the notebook's own.
    """
    if not is_limited():
        yield
        return

    def interrupt(*_):
        raise StillRunning(f"after {seconds:g} seconds")

    before = signal.signal(signal.SIGPROF, interrupt)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def to_rows(outcomes: Iterable[Outcome]) -> list[list[Any]]:
    """The outcomes as a plain value that `wire.pack` takes.

    A row is a value, and where there is more to tell, all of it.
    """
    return [
        [o.value, o.raised and o.raised[:NAME], o.message, [*o.changed], o.trace[:2000]]
        if o.raised or o.changed
        else [o.value]
        for o in outcomes
    ]


def from_rows(rows: Any) -> list[Outcome]:
    """The outcomes that `to_rows` was given. ValueError where `rows` is other."""
    if not isinstance(rows, list):
        raise ValueError("not an outcome, but something else than a list of them")
    outcomes = []
    for row in rows:
        match row:
            case [value]:
                outcomes.append(Outcome(value))
            case [value, None | str() as raised, str(), list() as changed, str()]:
                if not all(type(i) is int and 0 <= i < 100 for i in changed):
                    raise ValueError("not an outcome: changed arguments are numbers")
                if changed != sorted(set(changed)):
                    raise ValueError("not an outcome: an argument changed twice")
                if raised is not None and not 0 < len(raised) <= NAME:
                    raise ValueError("not an outcome: no error has such a name")
                if raised is not None and value is not None:
                    raise ValueError("not an outcome: a value and an error")
                outcomes.append(
                    Outcome(value, raised, row[2], tuple(changed), trace=row[4])
                )
            case _:
                raise ValueError("not an outcome")
    return outcomes


def _frames(error: BaseException) -> list[traceback.FrameSummary]:
    """The last frames that the author of the function wrote, innermost last."""
    frames = [
        f
        for f in traceback.extract_tb(error.__traceback__)
        if not f.filename.startswith(_OURS)
    ]
    written = [f for f in frames if "site-packages" not in f.filename]
    written = [f for f in written if not f.filename.startswith(_LIBRARY)]
    written = [f for f in written if f.line and not f.filename.startswith("<frozen")]
    return written[-4:]


def _part(frames: list[traceback.FrameSummary]) -> str:
    """What of a line the error came from, where Python knows it and it is one line."""
    if not frames or frames[-1].end_lineno != frames[-1].lineno:
        return ""
    last = frames[-1]
    line = linecache.getline(last.filename, last.lineno or 0).encode()
    return line[last.colno or 0 : last.end_colno or 0].decode(errors="replace")
