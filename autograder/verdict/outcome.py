"""What a function does with a case, and how a list of that travels to the grader."""

from __future__ import annotations

import contextlib
import copy
import inspect
import io
import linecache
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from autograder.verdict import plain, wire

SECONDS = 3  # of computing, for one case
PRINTED = 2000  # characters of what a function prints
NAME = 60  # characters of the name of an error
UNUSABLE = "unusable answer"  # it returned something that cannot be handed in
REUSED = "a reused answer"  # the next call wrote into it
AGAIN = "another answer"  # it answered the same call in two ways
LEARNS = "learns"  # the key of an argument, packed, that asks for its gradient
ANSWER = "application/vnd.gpt-in-four-stages.answer+json"  # what `check` publishes
_LIBRARY = os.path.dirname(os.__file__) + os.sep  # Python's own
_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


@dataclass(frozen=True)
class Outcome:
    """What a function did with one case.

    Either it returned `value`, or it raised an error of type `raised`, with `message`.
    `changed` are the indices of the arguments that it changed while it ran, `own` those
    of which the value is the very object, `trace` is where the error came from, in the
    lines of the function's own author, `part` what of the last of them it came from, and
    `printed` what it wrote to standard output. Where an argument asks for its gradient,
    `gradients` has that of the value's sum at each argument, and None where none comes.
    """

    value: Any = None
    raised: str | None = None
    message: str = ""
    changed: tuple[int, ...] = ()
    trace: str = ""
    printed: str = ""
    own: tuple[int, ...] = ()
    part: str = ""
    gradients: tuple[Any, ...] = ()

    @property
    def is_unwritten(self) -> bool:
        """The line of an unwritten step says nothing; an error of PyTorch's does."""
        return self.raised == "NotImplementedError" and not self.message


class StillRunning(Exception):
    """The function has used up its time."""


def run(
    function: Callable[..., Any], args: tuple[Any, ...], seconds: float | None = None
) -> Outcome:
    """Call `function` on a copy of `args`. Only KeyboardInterrupt gets through.

    Where an argument is a tensor that requires its gradient, that is computed too. It may
    compute for some `seconds`, if not for SECONDS; one that goes on has raised
    StillRunning.
    """
    return _called(function, args, tuple(map(_copied, args)), seconds or SECONDS)[0]


def _called(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    given: tuple[Any, ...],
    seconds: float,
) -> tuple[Outcome, Any]:
    """What a function does with `given`, a copy of `args`, and the object it returned."""
    written, gradients = io.StringIO(), ()
    leaves = given = _with_functions(function, given)
    try:
        with contextlib.redirect_stdout(written), _limited(seconds), _learning(given):
            # What a model gives is no leaf either, and can be written into.
            given = tuple(x.clone() if _learns(x) else x for x in given)
            value = function(*given)
            gradients = _gradients(value, leaves)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - it is not our code
        # A UnicodeDecodeError is a ValueError too, and as right where one is wanted.
        kind = ValueError if isinstance(error, ValueError) else type(error)
        frames = _frames(error)
        raised = Outcome(
            raised=kind.__name__,
            message=str(error)[:500],
            trace="\n".join(f"{f.name}, line {f.lineno}:  {f.line}" for f in frames),
            printed=written.getvalue()[:PRINTED],
            part=_part(frames),
        )
        return raised, None
    if isinstance(value, BaseException) or _is_error(value):
        known = isinstance(value, type)
        kind = value.__name__ if known else wire.article(type(value).__name__)
        message = f"it returned {kind} instead of raising it"
        return Outcome(raised=UNUSABLE, message=message), None
    try:
        changed = tuple(
            i
            for i, (before, after) in enumerate(zip(args, given, strict=True))
            if _differ(before, after)
        )
        own = tuple(i for i, arg in enumerate(given) if _is_itself(value, arg))
        # As the grader will receive it: a copy without the methods of its author, and
        # made now, so that no later call can write into it.
        copied = wire.copy(value)
        printed = written.getvalue()[:PRINTED]
        told = {"changed": changed, "printed": printed, "own": own}
        return Outcome(copied, **told, gradients=gradients), value
    except Exception as error:  # noqa: BLE001 - what it returned may do anything
        return Outcome(raised=UNUSABLE, message=str(error)[:500]), None


def _learns(value: Any) -> bool:
    """Whether an argument asks for its gradient."""
    return wire.is_torch(value) and value.requires_grad


def _learning(given: Iterable[Any]) -> contextlib.AbstractContextManager[Any]:
    """Where one is asked for, gradients are kept, whatever a cell has switched off."""
    if not any(map(_learns, given)):
        return contextlib.nullcontext()
    return sys.modules["torch"].enable_grad()


def _gradients(value: Any, given: Sequence[Any]) -> tuple[Any, ...]:
    """The gradient of a value's sum at each argument; None where none comes, or none is
    asked for. Empty where none is asked for at all.
    """
    leaves = [x for x in given if _learns(x)]
    if not leaves:
        return ()
    if not _learns(value):
        return (None,) * len(given)
    grad = sys.modules["torch"].autograd.grad
    found = iter(grad(value.sum(), leaves, allow_unused=True))
    made = [next(found) if _learns(x) else None for x in given]
    return tuple(x if x is None else wire.copy(x) for x in made)


def to_args(args: Iterable[Any]) -> list[Any]:
    """The arguments of a case as a plain value: which ask for their gradient is told."""
    return [{LEARNS: x.detach()} if _learns(x) else x for x in args]


def from_args(args: Iterable[Any]) -> tuple[Any, ...]:
    """The arguments that `to_args` was given."""
    return tuple(
        x[LEARNS].requires_grad_() if type(x) is dict and [*x] == [LEARNS] else x
        for x in args
    )


def _is_error(value: Any) -> bool:
    """A class of errors, as in `return ValueError`."""
    return isinstance(value, type) and issubclass(value, BaseException)


def _with_functions(
    function: Callable[..., Any], given: tuple[Any, ...]
) -> tuple[Any, ...]:
    """The arguments, with a function of that name where a parameter is one by default.

    A case is data, so a function is handed over by its name: `fit(…, "halved")` gets the
    `halved` that it finds around it, as its own `model=tables` found `tables`.
    """
    if not any(type(arg) is str for arg in given):
        return given
    if type(function) is FunctionType and not vars(function):  # no other's wrapper
        by_place, by_name = function.__defaults__ or (), function.__kwdefaults__ or {}
        if not any(isinstance(x, FunctionType) for x in (*by_place, *by_name.values())):
            return given
    try:
        known = inspect.signature(function).parameters.values()
        around = inspect.unwrap(function).__globals__
    except (AttributeError, TypeError, ValueError):  # it has none, or tells none
        return given
    defaults = [p.default for p in known] + [None] * len(given)
    return tuple(
        around.get(arg, arg)
        if type(arg) is str and isinstance(default, FunctionType)
        else arg
        for arg, default in zip(given, defaults, strict=False)
    )


def _copied(value: Any) -> Any:
    """A copy that shares nothing; torch's own deepcopy of a tensor takes far longer."""
    torch = sys.modules.get("torch")
    ordinary = torch is not None and type(value) is torch.Tensor
    if ordinary and value.is_contiguous() and not value.requires_grad:
        return value.clone()
    if _is_table(value):
        return {name: _copied(tensor) for name, tensor in value.items()}
    if _is_row(value):
        return type(value)(map(_copied, value))
    try:
        return plain.copied(value)
    except plain.NotPlain:
        return copy.deepcopy(value)


def _is_itself(value: Any, arg: Any) -> bool:
    """Whether an answer is an argument, or a view of all of it, or a list of such, or one
    of the lists in a dict.
    """
    if _is_row(arg) and type(value) in (list, tuple) and len(value) == len(arg) > 0:
        return all(map(_is_itself, value, arg))
    if type(value) is list and type(arg) is dict and not _is_table(arg):
        return any(value is part for part in arg.values())
    if wire.is_torch(value) and wire.is_torch(arg) and value.numel():
        same = (value.shape, value.dtype) == (arg.shape, arg.dtype)
        try:
            lies = value.data_ptr() == arg.data_ptr() and value.stride() == arg.stride()
        except RuntimeError:  # without a memory of its own
            return value is arg
        return same and lies
    return value is arg and not _fixed(arg)


def _is_table(value: Any) -> bool:
    """Whether it is a dict of tensors, such as the weights of a layer."""
    return type(value) is dict and all(map(wire.is_torch, value.values()))


def _is_row(value: Any) -> bool:
    """Whether it is a list or tuple of tensors, or of such rows: gradients, batches."""
    return type(value) in (list, tuple) and all(
        wire.is_torch(item) or _is_row(item) for item in value
    )


def _fixed(value: Any) -> bool:
    """Whether nobody can change it."""
    return value is None or isinstance(value, bool | int | float | str | bytes)


def _alike(before: Any, after: Any) -> bool:
    """Whether two values of Python's own kinds are the same: sooner known than packed.

    As deep as `before` is, which no student wrote. False where it is not known.
    """
    kind = type(before)
    if type(after) is not kind:
        return False
    if kind in (int, str, bytes, bool):
        return before == after
    if wire.is_torch(before):
        kinds = before.dtype == after.dtype and before.shape == after.shape
        asks = before.requires_grad == after.requires_grad
        return kinds and asks and before.equal(after)
    if kind in (list, tuple):
        return len(before) == len(after) and _all_alike(before, after)
    if kind is dict:
        return (
            len(before) == len(after)
            and _all_alike([*before], [*after])
            and _all_alike([*before.values()], [*after.values()])
        )
    return False


def _all_alike(before: Sequence[Any], after: Sequence[Any]) -> bool:
    """The same of two rows of equal length."""
    if plain.comparable(before, after):
        return before == after
    return all(map(_alike, before, after))


def _differ(before: Any, after: Any) -> bool:
    """Whether an argument is no longer what it was (where there is a NaN, by its bytes)."""
    if _fixed(before) or _alike(before, after):
        return False
    asks = _asking(before) != _asking(after)
    return asks or wire.pack(before) != wire.pack(after)


def _asking(value: Any) -> list[bool]:
    """Of each tensor in a value whether it asks for its gradient: packed, none does."""
    if wire.is_torch(value):
        return [value.requires_grad]
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list | tuple):
        return []
    return [asks for item in value for asks in _asking(item)]


def run_all(
    function: Callable[..., Any], cases: Iterable[tuple[Any, ...]]
) -> list[Outcome]:
    """Run every case, but after one that did not come to an end, no other.

    Nor after one that says that the step is not written: what the others would give
    counts nothing then, and is left empty.

    As in a program, an object that has been an argument comes again with other contents
    (a tensor where the shape is the same, a list, a dict of merges that has grown); and
    an answer is to stay what it is at the next call.
    """
    outcomes: list[Outcome] = []
    used: dict[tuple[Any, ...], Any] = {}
    before = ended = None
    for args in cases:
        if ended:
            outcomes.append(ended)
            continue
        given = tuple(_refilled(arg, i, used) for i, arg in enumerate(args))
        got, value = _called(function, args, given, SECONDS)
        if outcomes and _is_overwritten(outcomes[-1].value, before):
            outcomes[-1] = Outcome(
                raised=REUSED, message="an answer that the next call wrote over"
            )
        outcomes.append(got)
        if got.is_unwritten or got.raised == StillRunning.__name__:
            ended = Outcome() if got.is_unwritten else got
        before = None if _shares(value, given) else value
    return outcomes


def _refilled(value: Any, place: int, used: dict[tuple[Any, ...], Any]) -> Any:
    """A copy of an argument: in the object that stood in its place before, if it fits."""
    torch = sys.modules.get("torch")
    if type(value) in (list, dict):
        old = used.setdefault((place, type(value)), type(value)())
        old.clear()
        (old.extend if type(value) is list else old.update)(_copied(value))
        return old
    if torch is None or type(value) is not torch.Tensor or not value.is_contiguous():
        return _copied(value)
    key = place, value.dtype, value.shape
    old = used.get(key)
    fits = old is not None and old.shape == value.shape and old.is_contiguous()
    if fits and not (old.requires_grad or value.requires_grad):
        return old.copy_(value)
    used[key] = _copied(value)
    return used[key]


def _is_overwritten(answer: Any, value: Any) -> bool:
    """Whether an object that was returned is no longer the answer that it was."""
    if value is None or _fixed(value):
        return False
    try:
        return _differ(answer, wire.copy(value))
    except Exception:  # noqa: BLE001 - what it returned may do anything
        return True


def _shares(value: Any, given: tuple[Any, ...]) -> bool:
    """Whether a tensor that was returned lies in the memory of an argument."""
    parts = value if isinstance(value, list | tuple) else [value]
    held = {id(value), *map(id, parts)}
    if any(id(x) in held for x in given if not _fixed(x)):
        return True
    if plain.kinds_of(parts) == {int}:
        return False
    tensors = [[x for x in of if wire.is_torch(x)] for of in (parts, given)]
    mine, theirs = ({x.untyped_storage().data_ptr() for x in of} for of in tensors)
    return not mine.isdisjoint(theirs)


def is_limited() -> bool:
    """Whether what computes for too long can be interrupted here."""
    main = threading.current_thread() is threading.main_thread()
    return hasattr(signal, "setitimer") and main


@contextlib.contextmanager
def _limited(seconds: float):
    """Interrupt what computes for too long; seconds of this process, not of the clock.

    So a verdict does not depend on what else the machine does. Only the main thread can
    be interrupted, and not on Windows; elsewhere the limit is the notebook's own.

    Python drops what is raised while it clears an object away (in `__del__`, say). An
    interrupt that is dropped there comes again; of other errors nothing is printed.
    """
    if not is_limited():
        yield
        return

    def interrupt(*_):
        raise StillRunning(f"after {seconds:g} seconds")

    def dropped(told):
        if isinstance(told.exc_value, StillRunning):
            signal.setitimer(signal.ITIMER_PROF, 0.05)

    hook, sys.unraisablehook = sys.unraisablehook, dropped
    before = signal.signal(signal.SIGPROF, interrupt)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        sys.unraisablehook = hook


def to_rows(outcomes: Iterable[Outcome]) -> list[list[Any]]:
    """The outcomes as a plain value that `wire.pack` takes.

    A row is a value, and where there is more to tell, all of it.
    """
    return [
        [
            *(o.value, o.raised and o.raised[:NAME], o.message),
            *([*o.changed], o.trace[:2000]),
            *([[*o.own]] if o.own or o.gradients else []),
            *([[*o.gradients]] if o.gradients else []),
        ]
        if o.raised or o.changed or o.own or o.gradients
        else [o.value]
        for o in outcomes
    ]


def packed(outcomes: Sequence[Outcome]) -> bytes:
    """The rows of the outcomes, as `wire.pack` packs them.

    Where they are too large together, what takes more than its share of that is unusable.
    """
    try:
        return wire.pack(to_rows(outcomes))
    except ValueError as error:
        large = Outcome(raised=UNUSABLE, message=str(error)[:500])
        share = wire.SHARE // len(outcomes)
        kept = [o if _room(o) <= share else large for o in outcomes]
        return wire.pack(to_rows(kept))


def _room(outcome: Outcome) -> int:
    """How many bytes it takes by itself, or more than there are."""
    try:
        return len(wire.pack(to_rows([outcome])))
    except ValueError:
        return wire.MAX_BYTES


def from_rows(rows: Any) -> list[Outcome]:
    """The outcomes that `to_rows` was given. ValueError where `rows` is other."""
    if not isinstance(rows, list):
        raise ValueError("not an outcome, but something else than a list of them")
    outcomes = []
    for row in rows:
        match row:
            case [value]:
                outcomes.append(Outcome(value))
            case [value, None | str() as raised, str(), list(), str(), *more]:
                changed, own = row[3], more[0] if more else []
                gradients = more[1] if len(more) > 1 else []
                if len(more) > 2 or not isinstance(own, list):
                    raise ValueError("not an outcome")
                if not isinstance(gradients, list) or (raised and gradients):
                    raise ValueError("not an outcome: no gradients")
                if not all(x is None or wire.is_torch(x) for x in gradients):
                    raise ValueError("not an outcome: a gradient is a tensor")
                if not all(type(i) is int and 0 <= i < 100 for i in changed + own):
                    raise ValueError("not an outcome: arguments are told by numbers")
                if any(told != sorted(set(told)) for told in (changed, own)):
                    raise ValueError("not an outcome: an argument is told twice")
                if raised is not None and not 0 < len(raised) <= NAME:
                    raise ValueError("not an outcome: no error has such a name")
                if raised is not None and value is not None:
                    raise ValueError("not an outcome: a value and an error")
                outcomes.append(
                    Outcome(
                        *(value, raised, row[2], tuple(changed)),
                        trace=row[4],
                        own=tuple(own),
                        gradients=tuple(gradients),
                    )
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
