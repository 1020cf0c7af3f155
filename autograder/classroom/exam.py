"""What a whole class is asked, and what is right and wrong in it: drawn and told once."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.checks import Case, Check, Mistake
from autograder.classroom import course
from autograder.verdict import bank, outcome, wire
from autograder.verdict.judge import expected
from autograder.verdict.secret import hidden_seed


@dataclass(frozen=True, eq=False)
class Exam:
    """The checks of an exercise, their hidden cases, and the bytes of these.

    `steps` are the course's own, as source: where a student's is not right, the steps
    after it are run with that one.
    """

    checks: dict[str, Check]
    cases: dict[str, list[Case]]
    packed: bytes
    steps: dict[str, str]

    def sent(self) -> dict[str, Any]:
        """What `received` makes the same exam of: plain values."""
        return {
            "packed": self.packed,
            "what": {n: [case.what for case in c] for n, c in self.cases.items()},
            "edge": {n: [case.edge for case in c] for n, c in self.cases.items()},
            "steps": self.steps,
        }


def received(assignment: str, sent: dict[str, Any], points: bank.Points) -> Exam:
    """An exam that was drawn elsewhere: here is no seed, and no notebook."""
    inputs, cases = wire.unpack(sent["packed"]), {}
    for name, what in sent["what"].items():
        about = zip(what, inputs[name], sent["edge"][name], strict=True)
        cases[name] = [
            Case(w, outcome.from_args(args), edge) for w, args, edge in about
        ]
    found = bank.weighed(assignment, points)
    return Exam(found, cases, sent["packed"], sent["steps"])


@functools.lru_cache(maxsize=4)
def exam(assignment: str, seed: bytes, points: bank.Points = ()) -> Exam:
    """Draw the hidden cases: the same for a whole class, so equal work earns equally.

    points: as the notebook gives them to its checks; by default the checks' own.
    """
    found = bank.weighed(assignment, points)
    cases = {name: bank.draw(check, seed) for name, check in found.items()}
    inputs = {
        n: [outcome.to_args(case.args) for case in drawn] for n, drawn in cases.items()
    }
    return Exam(found, cases, wire.pack(inputs), course.steps(assignment))


def exam_of(assignment: str, seed_file: Path, points: bank.Points) -> Exam:
    """The exam of the class whose secret is in `seed_file`, made on first use."""
    return exam(assignment, hidden_seed(seed_file, assignment), points)


@functools.cache
def public(check: Check) -> list[outcome.Outcome]:
    """What is right on the public cases: everybody may know it, so it earns nothing."""
    return expected(check, bank.draw(check, bank.PUBLIC_SEED))


@functools.lru_cache(maxsize=100)
def wanted(asked: Exam, name: str) -> list[outcome.Outcome]:
    """What the oracle says to the hidden cases of a check."""
    return expected(asked.checks[name], asked.cases[name])


@functools.lru_cache(maxsize=20_000)
def made(asked: Exam, name: str, mistake: Mistake, i: int) -> outcome.Outcome:
    """What a mistake makes of a hidden case."""
    return outcome.run(mistake.answer, asked.cases[name][i].args)
