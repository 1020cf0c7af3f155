"""Mutants and others before the judge: with which seeds is an answer right?"""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch

from autograder import checks
from autograder.checks import Check
from autograder.verdict import bank, outcome
from autograder.verdict.compare import difference
from autograder.verdict.judge import is_right
from autograder.verdict.named import size
from tests.autograder.mutants import memo
from tests.autograder.mutants.make import mutants
from tests.autograder.mutants.others import OTHERS
from tests.autograder.mutants.right import Right, right

EQUAL = Path(__file__).with_name("equal.txt")
SEEDS = [bank.PUBLIC_SEED, *(b"%d" % n for n in range(11))]
SECONDS = 0.5  # of computing for one case: no right answer needs a tenth of it
PATIENT = 5  # for the oracle, which makes a whole tokenizer each time

Answer = Callable[..., Any]


@cache
def named(exercise: str, name: str) -> dict[str, tuple[Right, str]]:
    """Every mutant of every right answer to a check: of what it is, and its source."""
    found = {}
    for one in right(exercise, checks.load(exercise)[name]):
        for mutant in mutants(one.source, around=not one.name):
            key = " ".join(filter(None, [name, "|", one.name, mutant.name]))
            found[key] = one, mutant.source
    return found


def wrong(exercise: str, name: str) -> dict[str, Answer]:
    """The mutants of a check, as functions."""
    made = {key: _made(*found) for key, found in named(exercise, name).items()}
    others = {f"{name} | {f.__name__}": f for of, f in OTHERS if of == name}
    return made | others


def _made(of: Right, source: str) -> Answer:
    """The function; one that is an error itself, where the definition does not run."""
    try:
        return of.made(source)
    except Exception as error:  # noqa: BLE001 - that is its answer
        return partial(_raised, error)


def _raised(error: Exception, *args: Any) -> None:
    raise error


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
            cache(partial(outcome.run, check.oracle, case.args, PATIENT))
            for case in cases
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


@_quiet()
def remembering(check: Check, seeds: Iterable[bytes] = SEEDS) -> dict[str, list[bytes]]:
    """The seeds with which each way to remember by too little is right in all cases."""
    found: dict[str, list[bytes]] = {}
    for seed in seeds:
        cases = bank.draw(check, seed)
        wanted = [outcome.run(check.oracle, case.args, PATIENT) for case in cases]
        longest = max((case.args for case in cases), key=len)
        for what, key in memo.keys(longest):
            got = memo.remembered(key, cases, wanted)
            right = found.setdefault(f"{check.name} | remembers {what}", [])
            if is_right(check, wanted, got):
                right.append(seed)
    return found


@cache
def tried(exercise: str, name: str, many: int = len(SEEDS)) -> dict[str, int]:
    """With how many of the SEEDS each mutant of a check is right, memos among them."""
    check, seeds = checks.load(exercise)[name], SEEDS[:many]
    found = passed(check, wrong(exercise, name), seeds=seeds)
    found |= remembering(check, seeds)
    return {key: len(seeds) for key, seeds in found.items()}


@cache
def equal() -> tuple[str, ...]:
    """What is as right as the solution: lines of `equal.txt`, without the reasons."""
    lines = EQUAL.read_text("utf-8").split("\n\n", 1)[1].splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def lines(name: str) -> list[str]:
    """Those of one check."""
    return [line for line in equal() if line.startswith(f"{name} | ")]


def is_equal(key: str) -> bool:
    """Whether a mutant is listed."""
    return any(matches(line, key) for line in lines(key.split(" | ")[0]))


def matches(line: str, key: str) -> bool:
    """Whether a line means a mutant. `*` stands for any characters, and `\\*` for a star."""
    return bool(_pattern(line).fullmatch(key))


@cache
def _pattern(line: str) -> re.Pattern[str]:
    parts = re.split(r"(?<!\\)\*", line)
    return re.compile(".*".join(re.escape(part.replace(r"\*", "*")) for part in parts))


def untrue(name: str, keys: Iterable[str], passing: Collection[str]) -> list[str]:
    """What is wrong with the lines of a check: they mean nothing, or what it refuses."""
    found = []
    for line in lines(name):
        meant = [key for key in keys if matches(line, key)]
        refused = [f"{line}\n    means {key}" for key in meant if key not in passing]
        found += refused if meant else [f"{line}\n    means no mutant"]
    return found


def of_check(name: str) -> list[tuple[str, str, int]]:
    """All mutants of one check: key, source, and with how many of SEEDS it is right."""
    outcome.SECONDS = SECONDS
    exercise = checks.having(name)
    sources = {key: source for key, (_, source) in named(exercise, name).items()}
    found = tried(exercise, name)
    return [(key, sources.get(key, ""), many) for key, many in found.items()]
