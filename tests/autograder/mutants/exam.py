"""Mutants and others before the judge: with which seeds is an answer right?"""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import torch

from autograder import checks
from autograder.checks import Check
from autograder.verdict import bank, outcome
from autograder.verdict.compare import difference
from autograder.verdict.judge import size
from tests.autograder.mutants.make import mutants
from tests.autograder.mutants.right import Right, right

EQUAL = Path(__file__).with_name("equal.txt")
SEEDS = [bank.PUBLIC_SEED, *(b"%d" % n for n in range(11))]
SECONDS = 0.5  # of computing for one case: no answer needs more to be right

Answer = Callable[..., Any]


class Wrong(NamedTuple):
    """A mutant: its name in `equal.txt`, and what it is."""

    key: str
    source: str
    answer: Answer


def wrong(exercise: str, check: Check) -> list[Wrong]:
    """Every mutant of every right answer to a check."""
    found = []
    for one in right(exercise, check):
        for name, source in mutants(one.source, around=not one.name):
            key = " ".join(filter(None, [check.name, "|", one.name, name]))
            found.append(Wrong(key, source, _made(one, source)))
    return found


def _made(of: Right, source: str) -> Answer:
    """The function; one that is an error itself, where the definition does not run."""
    try:
        return of.made(source)
    except Exception as error:  # noqa: BLE001 - that is its answer
        return partial(_raised, error)


def _raised(error: Exception, *args: Any) -> None:
    raise error


def in_sample(key: str, one_of: int) -> bool:
    """Whether a mutant belongs to the sample, one of so many; it is always the same."""
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % one_of == 0


@contextlib.contextmanager
def _quiet():
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


@_quiet()
def passed(
    check: Check,
    answers: Mapping[str, Answer],
    seeds: Iterable[bytes] = SEEDS,
    edges: bool = True,
) -> dict[str, list[bytes]]:
    """The seeds with which each answer is right in all cases, or all but the edges.

    The case in which an answer was wrong is tried first with the next seed, else the
    small ones. One that did not come to an end is not asked again: it never will.
    """
    found: dict[str, list[bytes]] = {key: [] for key in answers}
    last: dict[str, int] = {}
    endless: set[str] = set()
    torch.set_num_threads(1)
    for seed in seeds:
        cases = bank.draw(check, seed)
        wanted = [
            cache(partial(outcome.run, check.oracle, case.args)) for case in cases
        ]
        asked = [i for i, case in enumerate(cases) if edges or not case.edge]
        asked.sort(key=lambda i, cases=cases: size(cases[i].args))
        for key, answer in answers.items():
            if key in endless:
                continue
            first = last.get(key, asked[0])
            for i in [first, *(i for i in asked if i != first)]:
                got = outcome.run(answer, cases[i].args)
                if difference(wanted[i](), got, check.rtol, check.atol):
                    last[key] = i
                    if got.raised == outcome.StillRunning.__name__:
                        endless.add(key)
                    break
            else:
                found[key].append(seed)
    return found


@cache
def equal() -> tuple[str, ...]:
    """What is as right as the solution: lines of `equal.txt`, without the reasons."""
    lines = EQUAL.read_text("utf-8").split("\n\n", 1)[1].splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def is_equal(key: str) -> bool:
    """Whether a mutant is listed."""
    return any(matches(line, key) for line in equal())


def matches(line: str, key: str) -> bool:
    """Whether a line of `equal.txt` means a mutant. `*` stands for any characters."""
    return bool(_pattern(line).fullmatch(key))


@cache
def _pattern(line: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, line.split("*"))))


def of_check(name: str) -> list[tuple[str, str, int]]:
    """All mutants of one check: key, source, and with how many of SEEDS it is right."""
    outcome.SECONDS = SECONDS
    exercise = checks.having(name)
    check = checks.load(exercise)[name]
    some = wrong(exercise, check)
    found = passed(check, {one.key: one.answer for one in some})
    return [(one.key, one.source, len(found[one.key])) for one in some]
