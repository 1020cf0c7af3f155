"""Verdicts are equal with many seeds, the public one among them.

What is right, in any style, is right with all of them, and a mistake with none.
"""

import pytest

from autograder import checks
from autograder.verdict import bank, outcome
from tests.autograder.mutants import exam
from tests.autograder.mutants.right import right
from tests.depth import many

CHECKS = [(e, c) for e in checks.exercises() for c in checks.load(e).values()]
SEEDS = [bank.PUBLIC_SEED, *(b"%d" % n for n in range(many(20)))]


@pytest.mark.parametrize(
    ("exercise", "check"), CHECKS, ids=[check.name for _, check in CHECKS]
)
def test_verdicts_are_equal_with_every_seed(monkeypatch, exercise, check):
    monkeypatch.setattr(outcome, "SECONDS", exam.SECONDS)
    own = [one for one in right(exercise, check) if one.name != "oracle"]
    answers = {(True, one.name): one.made(one.source) for one in own}
    answers |= {(False, mistake.name): mistake.answer for mistake in check.mistakes}
    found = exam.passed(check, answers, SEEDS)
    right_with = {key: len(seeds) for key, seeds in found.items()}
    assert right_with == {key: len(SEEDS) if key[0] else 0 for key in answers}
