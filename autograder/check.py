"""What a notebook calls: `check("attention_weights", my_function)`, and `finale`.

On a student's machine it runs the function on the public cases in
`reference.safetensors` beside the notebook, shows what is right, and names the mistake
where something is wrong. While grading it runs the function on the hidden cases that
the grader has put into the file GPT_CASES, and hands in what came out: nothing is
compared in the student's process, and no expected value ever enters it.

`finale` puts the steps to work in the course's model, after the last check.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import os
import re
import sys
import warnings
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.verdict import wire
from autograder.verdict.compare import answers, describe
from autograder.verdict.outcome import ANSWER, Outcome, from_args, packed, run

if TYPE_CHECKING:  # the kernel that grades imports none of them
    from autograder.checks import Check
    from autograder.verdict.bank import Entries
    from autograder.verdict.judge import Verdict
    from autograder.verdict.patience import Left

CHECKS = re.compile(r"\s*check\([\"'](\w+)[\"'], *(\w+)\)\s*$")  # a cell that checks
RESULT = "application/vnd.gpt-in-four-stages.result+json"


class _Brief:
    """An error whose text says it all: a traceback into this file would only scare."""

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


class CheckFailed(_Brief, AssertionError):
    """A check that is not passed yet. Its text says what is wrong and where."""


class CheckMisused(_Brief, ValueError):
    """A call of `check` that names no check, or hands over no function."""


def check(name: str, function: Callable[..., Any]) -> None:
    """Check `function` against the cases of the check `name`.

    Raises CheckFailed where an answer is wrong, and CheckMisused, a ValueError, where
    there is no such check or no function.
    """
    if not isinstance(name, str):
        raise CheckMisused("first the check's name in quotes, then your function")
    if not callable(function):
        raise CheckMisused(
            f"check({name!r}, …) needs your function, and this is "
            f"{describe(function)}: write the function's name without brackets, and "
            "run the cell that defines it again"
        )
    hidden = os.environ.get("GPT_CASES")
    if hidden:
        _hand_in(name, function, Path(hidden))
    else:
        _show(name, function)


@contextlib.contextmanager
def finale(*given: Any) -> Iterator[Callable[..., bool]]:
    """Your steps beside the course's own: what is not the same is said below the cell.

    with finale(model, tokenizer, end) as agrees:
        agrees("attention", attention(q, k, v), trace["0.heads"], "in layer 0")

    given: what must still be as it was given.
    """
    if os.environ.get("GPT_CASES"):  # while grading, nothing is compared
        with contextlib.suppress(Exception):
            yield _leave
        return
    from autograder.verdict import session
    from autograder.verdict.finale import Finale, changed

    names = vars(sys.modules["__main__"])
    known, entries = _here()
    wrong = functools.partial(_first, known, entries)
    found = Finale(
        names, known, wrong, session.foreign, session.given_names, session.written
    )
    found.found = changed(given)
    try:
        yield found.agrees
    except Exception as error:  # noqa: BLE001 - it is told in a sentence
        found.ended(error)
    why = changed(given) or found.found  # what a step has changed explains the rest
    print(f"✗ {why}" if why else "✓ the same")


def _leave(*_: Any, **__: Any) -> bool:
    raise RuntimeError


def _here(name: str = "") -> tuple[dict[str, Check], Entries]:
    """The checks of the exercise that is open, and their public cases.

    Where the notebook travels alone, the checks draw the same cases themselves: of the
    exercise that has the check `name`, or most of the notebook's steps.
    """
    from autograder import checks
    from autograder.verdict.bank import REFERENCE, weighed

    path = Path(REFERENCE)
    try:
        exercise, entries, points = _reference(path.resolve(), path.stat().st_mtime_ns)
    except (OSError, ValueError):
        mine = vars(sys.modules["__main__"]).keys()
        known = {word: checks.load(word).keys() for word in checks.exercises()}
        most = max(known, key=lambda word: len(known[word] & mine))
        exercise, entries = _drawn(checks.having(name) if name else most)
        points = ()
    return weighed(exercise, points), entries


def _first(known: dict[str, Check], entries: Entries, steps: list[str]) -> str | None:
    """The first of these steps that is not right."""
    from autograder.verdict.patience import Left

    mine, left = vars(sys.modules["__main__"]), Left()
    right = (_passes(known[s], mine.get(s), entries, (), left) for s in steps)
    return next((s for s, ok in zip(steps, right, strict=True) if not ok), None)


def _hand_in(name: str, function: Callable[..., Any], file: Path) -> None:
    from IPython.display import display

    now = file.stat()
    cases = _hidden(file, now.st_mtime_ns, now.st_ino).get(name, [])
    data = packed(answers(function, [*map(from_args, cases)]))
    answer = {"check": name, "outcomes": base64.b64encode(data).decode()}
    text = f"{name}: {len(cases)} answers handed in"
    display({ANSWER: answer, "text/plain": text}, raw=True)


@functools.lru_cache(maxsize=1)
def _hidden(file: Path, *_version: int) -> dict[str, list[list[Any]]]:
    """The hidden inputs of all checks, unpacked once for all of them.

    _version: what changes when the file does.
    """
    return wire.unpack(file.read_bytes())


def _show(name: str, function: Callable[..., Any]) -> None:
    from IPython.display import display

    from autograder.verdict import panel, session
    from autograder.verdict.judge import UNWRITTEN, followed
    from autograder.verdict.patience import Left

    known, entries = _here(name)
    if name not in entries:
        raise CheckMisused(
            f"no check named {name!r} in this exercise: it has {', '.join(entries)}"
        )
    left = Left()
    verdict, got = _verdict(known[name], function, entries, left)
    wrong = () if verdict.right else _wrong(known, name, function, entries, left)
    if wrong and not left.is_over:
        with _in_place(known, wrong):
            course, new = _verdict(known[name], function, entries, left, wrong)
        verdict = followed(verdict, course, wrong, session.foreign(wrong))
        got = new if verdict.instead else got
    told = session.not_newest(name, function, known, verdict.note == UNWRITTEN)
    if not verdict.right and not verdict.note:
        told = told or _is_class(name, function) or session.replaced(name, function)
        if not told and (told := _again(known, name, function, entries, left)):
            verdict = replace(verdict, mistake=None, meant=None, remark=None)
    if told:
        verdict = replace(verdict, **{"note" if verdict.note else "stale": told})
    result = {"check": name, "points": verdict.points, "possible": verdict.possible}
    result["reason"] = panel.reason(verdict)
    result["note"] = panel.instead(verdict)
    cases, wanted, _ = entries[name]
    shown = panel.student(verdict, cases, wanted, got, known[name].worked)
    display({RESULT: result, **shown}, raw=True)
    if not verdict.right:
        wrong = sum(result.why is not None for result in verdict.results)
        verb = "is" if wrong == 1 else "are"
        which = (
            f"{wrong} of {len(cases)} cases {verb} wrong" if wrong else verdict.reason
        )
        raise CheckFailed(f"{name}: {which}")


def _is_class(name: str, function: Callable[..., Any]) -> str | None:
    """That a class is checked, and what it makes is meant."""
    if not isinstance(function, type):
        return None
    return (
        f"`{name}` is the class `{function.__name__}` itself, and calling it makes an "
        f"object. Give the name `{name}` to such an object, or to a function."
    )


def _verdict(
    check: Check,
    function: Callable[..., Any],
    entries: Entries,
    left: Left,
    apart: Collection[str] = (),
) -> tuple[Verdict, list[Outcome]]:
    """What comes of a function with the public cases; steps `apart` are not its own."""
    from autograder.verdict import session, source
    from autograder.verdict.judge import Verdict, judge

    if note := _forbidden(check, function, apart):
        return Verdict(check.name, 0.0, check.points, note=note), []
    cases, wanted, made = entries[check.name]
    with warnings.catch_warnings(action="ignore"):  # of numbers that only a check gives
        got = left.answers(function, [case.args for case in cases])
    again = functools.partial(run, function)
    own, given, called = session.seen(check.name, function)
    written = source.of(own, called, given)
    if written:
        written = replace(written, space=getattr(function, "__globals__", None))
    with warnings.catch_warnings(action="ignore"):  # mistakes are tried, and odd values
        told = judge(check, cases, wanted, got, made=made, call=again, written=written)
    return told, got


def _wrong(
    known: dict[str, Check],
    name: str,
    function: Callable[..., Any],
    entries: Entries,
    left: Left,
) -> list[str]:
    """The steps that a step is made from and that are not right in themselves."""
    from autograder.verdict import leans, look, session

    own, given, called = session.seen(name, function)
    wrong: list[str] = []
    again = leans.again(own, called)  # these belong to the step itself
    for step in look.earlier(known, name, own, called, latest=True, given=given):
        if step in again:
            continue
        with _in_place(known, wrong):
            function = vars(sys.modules["__main__"]).get(step)
            if left.is_over:
                break
            if not _passes(known[step], function, entries, wrong, left):
                wrong.append(step)
    return wrong


def _again(
    known: dict[str, Check],
    name: str,
    function: Callable[..., Any],
    entries: Entries,
    left: Left,
) -> str | None:
    """That a step's own cell defines an earlier step again, and not rightly."""
    from autograder.verdict import leans, look, session

    own, given, called = session.seen(name, function)
    again = leans.again(own, called)
    for step in look.earlier(known, name, own, called, latest=True, given=given):
        mine = vars(sys.modules["__main__"]).get(step)
        if step not in again or left.is_over:
            continue
        if not _passes(known[step], mine, entries, (), left):
            return (
                f"This cell defines `{step}` again, and that `{step}` is not right. Leave "
                f"it out, and run the cell of your step `{step}` again."
            )
    return None


def _passes(
    check: Check,
    function: object,
    entries: Entries,
    apart: Collection[str],
    left: Left,
) -> bool:
    from autograder.verdict.judge import is_right

    if not callable(function) or _forbidden(check, function, apart):
        return False
    cases, wanted, _ = entries[check.name]
    got = left.answers(function, [case.args for case in cases])
    return is_right(check, wanted, got)


@contextlib.contextmanager
def _in_place(known: dict[str, Check], steps: Collection[str]) -> Iterator[None]:
    """For a while, the course's own steps have the names of the notebook's."""
    mine, steps = vars(sys.modules["__main__"]), tuple(steps)
    own = {step: mine[step] for step in steps if step in mine}
    try:
        mine.update({step: known[step].oracle for step in steps})
        yield
    finally:
        for step in steps:
            mine.pop(step, None)
        mine.update(own)


def _forbidden(
    check: Check, function: Callable[..., Any], apart: Collection[str]
) -> str | None:
    """Why this step may not use a name that the notebook uses all the same."""
    from autograder.verdict import look, session

    own, given, called = session.seen(check.name, function)
    found = look.refusal(check, own, called, latest=True, given=given, apart=apart)
    return found.note if found else None


def _undefined(result: Any) -> None:
    """Below a cell that checks what has no meaning: why, and what to do next."""
    from IPython import get_ipython

    from autograder.verdict import session, stale

    shell, error = get_ipython(), result.error_in_exec
    asked = CHECKS.match(getattr(result.info, "raw_cell", None) or "")
    if not (shell and asked and isinstance(error, NameError)):
        return
    name = asked[1]
    if error.name == asked[2] == name:
        with contextlib.suppress(ValueError, RecursionError, MemoryError):  # no Python
            known, _ = _here(name)
            told = stale.undefined(shell, session.of(shell)[0], name, known)
            print(f"✗ {name}: {told}")


def _watch() -> None:
    """On a student's machine, look at checks that end before they begin."""
    ipython = sys.modules.get("IPython")
    shell = ipython and ipython.get_ipython()
    if shell and not os.environ.get("GPT_CASES"):
        shell.events.register("post_run_cell", _undefined)


@functools.lru_cache(maxsize=8)
def _reference(path: Path, _changed: int):
    from autograder.verdict import bank

    stored = wire.unpack(path.read_bytes())
    return *bank.read(stored), tuple(bank.points(stored).items())


@functools.lru_cache(maxsize=8)
def _drawn(assignment: str):
    from autograder.verdict import bank

    return bank.read(bank.build(assignment))


_watch()
