"""One exam that refuses also what nobody thought of.

Every mutant is asked with a few seeds; `make mutants` asks more, and prints what passes.
"""

from functools import partial

import pytest

from autograder import checks
from autograder.verdict import outcome
from tests.autograder.mutants import exam
from tests.depth import many

CHECKS = [(e, c) for e in checks.exercises() for c in checks.load(e)]
SEEDS = min(many(2), len(exam.SEEDS))
tried = partial(exam.tried, many=SEEDS)
every_check = pytest.mark.parametrize(
    ("exercise", "name"), CHECKS, ids=[name for _, name in CHECKS]
)


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    monkeypatch.setattr(outcome, "SECONDS", exam.SECONDS)


@every_check
def test_a_mutant_is_wrong_with_every_seed_or_listed_and_right_with_all(exercise, name):
    right_at_all = {key: n for key, n in tried(exercise, name).items() if n}
    assert set(right_at_all.values()) <= {SEEDS}, right_at_all
    assert not [key for key in right_at_all if not exam.is_equal(key)]


@every_check
def test_a_line_of_the_list_means_mutants_that_are_right(exercise, name):
    passing = [key for key, n in tried(exercise, name).items() if n]
    assert not exam.untrue(name, tried(exercise, name), passing)


def test_a_star_of_the_list_stands_for_anything_or_for_itself():
    assert exam.matches("f | a / b → *", "f | a / b → a // b")
    assert exam.matches(r"f | a / b → a \* b", "f | a / b → a * b")
    assert not exam.matches(r"f | a / b → a \* b", "f | a / b → a // b")


def test_few_mutants_are_listed_as_equal(record):
    assert not {line.split(" | ")[0] for line in exam.equal()} - {c for _, c in CHECKS}
    found = [tried(*one) for one in CHECKS]
    mutants = sum(map(len, found))
    equal = sum(n > 0 for some in found for n in some.values())
    record(mutants=mutants, mutants_killed=mutants - equal, mutants_equal=equal)
    assert equal < 0.03 * mutants
