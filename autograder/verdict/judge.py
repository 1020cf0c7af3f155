"""From outcomes to a verdict: points, reasons, and the mistake by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from autograder.checks import Case, Check, Mistake
from autograder.verdict import source
from autograder.verdict.advice import advice
from autograder.verdict.compare import difference
from autograder.verdict.named import same
from autograder.verdict.outcome import Outcome, run
from autograder.verdict.remark import Call

UNWRITTEN = (
    "Not written yet. (If it is, delete the line `raise NotImplementedError()`.)"
)

HALF, EDGES = 0.5, 0.2  # see `_share`
THE_IDEA = (
    ". The idea is right: only special cases are wrong, which cost at most a fifth of the "
    "points"
)


@dataclass(frozen=True)
class Result:
    """One case: what it tests, and why the answer is wrong (None: it is right)."""

    what: str
    why: str | None = None


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    `points` of `possible`; a `Result` for every case; the `mistake` that all the wrong
    answers equal, if one is known; else what the first error `meant`, or a `remark`
    that is true of all of them. `instead` are earlier steps that are not right: the
    function was run with the course's own in their place, and `foreign` those of them
    whose name an import has taken, with what it stands for now. `only` tells where it is
    right, if that earns nothing; `note`, why there are no results at all; `stale`, that
    it is not the newest version that was checked.
    """

    check: str
    points: float
    possible: float
    results: tuple[Result, ...] = ()
    mistake: Mistake | None = None
    meant: str | None = None
    remark: str | None = None
    instead: tuple[str, ...] = ()
    foreign: tuple[tuple[str, str], ...] = ()
    only: str = ""
    note: str | None = None
    stale: str | None = None

    @property
    def right(self) -> bool:
        return bool(self.results) and all(r.why is None for r in self.results)

    @property
    def reason(self) -> str:
        """Why points are missing, in a sentence or two; empty where none is."""
        if self.note:
            return self.note
        wrong = [r for r in self.results if r.why]
        if not wrong:
            return ""
        count = len(self.results)
        text = f"Right in {count - len(wrong)} of {count} cases"
        if len(wrong) < count and self.only:
            text += f", but only {self.only}"
        elif self.points > HALF * self.possible:
            text += THE_IDEA
        text += f". Wrong on {wrong[0].what}: {wrong[0].why}"
        return text if text.endswith(("?", ".", "!")) else text + "."


def expected(check: Check, cases: Sequence[Case]) -> list[Outcome]:
    """What the oracle says to the cases."""
    outcomes = [run(check.oracle, case.args) for case in cases]
    for case, outcome in zip(cases, outcomes, strict=True):
        if outcome.raised not in (None, "ValueError"):
            raise RuntimeError(
                f"the oracle of {check.name} fails on {case.what}: "
                f"{outcome.raised}: {outcome.message}"
            )
    return outcomes


def judge(
    check: Check,
    cases: Sequence[Case],
    wanted: Sequence[Outcome],
    got: Sequence[Outcome],
    hidden: bool = False,
    known: Sequence[Outcome] = (),
    made: Callable[[Mistake, int], Outcome] | None = None,
    call: Call | None = None,
    written: source.Written | Callable[[], source.Written | None] | None = None,
) -> Verdict:
    """Compare the outcomes `got` with those `wanted`, case by case.

    With `hidden`, no reason tells anything of a case but what it tests. `known` are the
    answers to the public cases, `made` tells what a mistake makes of a case, if not by
    running it each time, `call` runs the function once more, and `written` tells of its
    source, or is asked to, where the answer is wrong.
    Credit is by case (`_share`), but nothing is earned where no work is needed: where
    all that is right is what a function would get right that always raises an error,
    gives back an argument or something empty, or the answers of the public cases.
    """
    none = Verdict(check.name, 0.0, check.points)
    if len(got) != len(cases):
        many = "many" if len(got) > len(cases) else "few"
        return _with(none, note=f"Too {many} answers for {len(cases)} cases.")
    if not cases:
        return _with(none, note="There are no cases.")
    for outcome in got:
        if outcome.is_unwritten:
            return _with(none, note=_unwritten(check, outcome))
    # Whose an object is counts, and is told, only where all values are right.
    bare = [replace(outcome, own=()) for outcome in got]
    whys = _whys(check, wanted, bare, hidden)
    if any(whys):
        got = bare
    elif any(outcome.own for outcome in got):
        whys = _whys(check, wanted, got, hidden)
    results = tuple(Result(c.what, why) for c, why in zip(cases, whys, strict=True))
    right = [why is None for why in whys]
    if all(right):
        return Verdict(check.name, float(check.points), check.points, results)
    written = written() if callable(written) else written
    only = _only(cases, wanted, known, right)
    points = 0.0 if only else check.points * _share(cases, right)
    told = advice(
        check,
        cases,
        wanted,
        got,
        right,
        made or (lambda mistake, i: run(mistake.answer, cases[i].args)),
        hidden,
        call,
        written,
    )
    return Verdict(
        check.name,
        round(points, 2),
        check.points,
        results,
        *told,
        only=only,
    )


def _whys(
    check: Check, wanted: Sequence[Outcome], got: Sequence[Outcome], hidden: bool
) -> list[str | None]:
    """How each outcome differs from the one that is wanted; None where it is right."""
    return [
        difference(w, g, check.rtol, check.atol, hidden)
        for w, g in zip(wanted, got, strict=True)
    ]


def is_right(check: Check, wanted: Sequence[Outcome], got: Sequence[Outcome]) -> bool:
    """Whether every outcome is the one that is wanted."""
    return len(wanted) == len(got) and not any(
        difference(w, g, check.rtol, check.atol, hidden=True)
        for w, g in zip(wanted, got, strict=True)
    )


def followed(
    own: Verdict,
    course: Verdict,
    wrong: Sequence[str],
    foreign: dict[str, str] | None = None,
) -> Verdict:
    """The verdict on a step of which an earlier one is not right.

    own: on the function as it is. course: on the same function, with the course's own in
    place of the earlier steps. wrong: those of them that are not right in themselves.
    foreign: those whose names are no longer the student's, and what they stand for.
    """
    if course == own or course.note or course.points < own.points:
        return own
    taken = tuple(item for item in (foreign or {}).items() if item[0] in wrong)
    return replace(course, instead=tuple(wrong), foreign=taken)


def _unwritten(check: Check, got: Outcome) -> str:
    """Which step is not written yet: this one, or one that it calls."""
    inner = got.trace.splitlines()[-1].split(",")[0] if got.trace else check.name
    if inner in check.after:
        return f"`{inner}`, on which this step leans, is not written yet."
    return UNWRITTEN


def _with(verdict: Verdict, note: str) -> Verdict:
    return replace(verdict, note=note)


def _share(cases: Sequence[Case], right: Sequence[bool]) -> float:
    """The share of the points that these right cases earn.

    Whoever has the idea, and so all cases but those at the edge, loses at most a fifth,
    by the share of the edges that are wrong. Whoever has not earns at most a half, by
    the share of the other cases that are right.
    """
    ideas = [ok for case, ok in zip(cases, right, strict=True) if not case.edge]
    edges = [ok for case, ok in zip(cases, right, strict=True) if case.edge]
    if not all(ideas):
        return HALF * sum(ideas) / len(ideas)
    return 1 - EDGES * edges.count(False) / max(1, len(edges))


def _only(
    cases: Sequence[Case],
    wanted: Sequence[Outcome],
    known: Sequence[Outcome],
    right: Sequence[bool],
) -> str:
    """Where alone it is right, if that takes no work or is not the idea; else nothing."""
    # An error where one is wanted costs a line, whatever the rest is.
    guards = [bool(want.raised) for want in wanted]
    rest = [ok and not guard for ok, guard in zip(right, guards, strict=True)]
    refused = any(ok and guard for ok, guard in zip(right, guards, strict=True))
    where = "where there was something to refuse"
    if not any(rest):
        return where
    for words, idle in _idle(cases, wanted, known):
        if all(is_idle or not ok for is_idle, ok in zip(idle, rest, strict=True)):
            return f"{words} or something to refuse" if refused else words
    ideas = [ok for case, ok in zip(cases, right, strict=True) if not case.edge]
    return "" if any(ideas) else "in special cases, which alone earn nothing"


def _idle(
    cases: Sequence[Case], wanted: Sequence[Outcome], known: Sequence[Outcome]
) -> Iterator[tuple[str, list[bool]]]:
    """For each way to answer without any work: where, and in which cases, it is right."""
    nothing = "where there was nothing to do"
    yield nothing, [_is_empty(want) for want in wanted]
    for k in range(max(len(case.args) for case in cases)):
        given = [
            Outcome(case.args[k]) if k < len(case.args) else None for case in cases
        ]
        pairs = zip(given, wanted, strict=True)
        yield nothing, [a is not None and same(a, want) for a, want in pairs]
    if known:
        yield (
            "where the answer is that of the public case",
            [same(a, b) for a, b in zip(known, wanted, strict=True)],
        )


def _is_empty(wanted: Outcome) -> bool:
    value = wanted.value
    return isinstance(value, list | tuple | dict | str | bytes) and not value
