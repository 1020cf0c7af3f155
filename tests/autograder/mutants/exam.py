"""Mutants before the judge: which does a check refuse, in public and when grading?"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import linecache
import re
import warnings
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import torch

from autograder import checks
from autograder.checks import Check
from autograder.verdict import bank, outcome
from autograder.verdict.compare import difference
from autograder.verdict.judge import expected
from tests.autograder.mutants.make import Mutant, mutants

ROOT = Path(__file__).parents[3]
EQUAL = Path(__file__).with_name("equal.txt")
SEEDS = (bank.PUBLIC_SEED, b"one", b"two")


class Tried(NamedTuple):
    check: str
    mutant: Mutant
    passed: tuple[bytes, ...]  # the seeds with which it gets everything right

    @property
    def key(self) -> str:
        return f"{self.check} | {self.mutant.name}"


@cache
def sources(exercise: str) -> dict[str, str]:
    """Each graded function as the instructor's notebook defines it."""
    path = ROOT / "solutions" / exercise / f"{exercise}.ipynb"
    known, found = checks.load(exercise), {}
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] != "code" or not text.startswith("def "):
            continue
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef) and node.name in known:
                found[node.name] = ast.unparse(node)
    return found


@cache
def names(exercise: str) -> dict[str, Any]:
    """What a mutant finds around it: the instructor's notebook, its right steps."""
    from tests.autograder.checks.test_checks import solution

    with contextlib.redirect_stdout(io.StringIO()):
        return solution(exercise)


def function(exercise: str, name: str, source: str) -> Any:
    """A definition, made within the notebook's names."""
    space = dict(names(exercise))
    file = f"<{name}>"
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    exec(compile(source, file, "exec"), space)  # noqa: S102 - it is ours
    return space[name]


@cache
def exam(check: Check, seed: bytes) -> tuple[list, list]:
    """The cases of a seed and what the oracle says to them."""
    cases = bank.draw(check, seed)
    return cases, expected(check, cases)


def passes(check: Check, answer: Any, seed: bytes, first: Sequence[int] = ()) -> bool:
    """Whether an answer is right in all cases. Those of `first` are tried first."""
    return failing(check, answer, seed, first) is None


def failing(
    check: Check, answer: Any, seed: bytes, first: Sequence[int] = ()
) -> int | None:
    """A case in which an answer is wrong; None where there is none."""
    cases, wanted = exam(check, seed)
    rest = [i for i in range(len(cases)) if i not in first]
    for i in [*first, *rest]:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            got = outcome.run(answer, cases[i].args)
        if difference(wanted[i], got, check.rtol, check.atol):
            return i
    return None


def tried(check: Check, exercise: str, some: Sequence[Mutant]) -> Iterator[Tried]:
    for mutant in some:
        try:
            answer = function(exercise, check.name, mutant.source)
        except Exception:  # noqa: BLE001 - a definition that does not run is refused
            yield Tried(check.name, mutant, ())
            continue
        passed, first = [], []
        for seed in SEEDS:
            wrong = failing(check, answer, seed, first)
            if wrong is None:
                passed.append(seed)
            else:
                first = [wrong]
        yield Tried(check.name, mutant, tuple(passed))


def everything() -> Iterator[tuple[str, Check, list[Mutant]]]:
    """Each check with the mutants of its solution."""
    for exercise in checks.exercises():
        for check in checks.load(exercise).values():
            yield exercise, check, mutants(sources(exercise)[check.name])


@cache
def equal() -> dict[str, str]:
    """What is as right as the solution: a pattern of keys to the reason."""
    known: dict[str, str] = {}
    reason = ""
    for line in EQUAL.read_text("utf-8").splitlines():
        if line.startswith("# "):
            reason = line[2:]
        elif line.strip():
            known[line] = reason
    return known


def is_equal(key: str) -> bool:
    """Whether a mutant is listed. `*` in a line stands for any characters."""
    return any(_pattern(line).fullmatch(key) for line in equal())


@cache
def _pattern(line: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, line.split("*"))))


SECONDS = 0.5  # of computing for one case: no mutant needs more to be right


def of_check(name: str, seconds: float = SECONDS) -> list[Tried]:
    """All mutants of one check, tried."""
    torch.set_num_threads(1)
    outcome.SECONDS = seconds
    for exercise, check, some in everything():
        if check.name == name:
            return [*tried(check, exercise, some)]
    raise ValueError(f"no check named {name!r}")
