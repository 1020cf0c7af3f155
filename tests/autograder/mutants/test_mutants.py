"""One exam, whatever the secret, that refuses also what nobody thought of.

Every check is asked with a dozen seeds, the public one among them: what is right is
right with all of them, and what is wrong with none. The mutants are a sample, always the
same, and all that are listed as equal; `make mutants` tries every one.
"""

from functools import cache

import pytest

from autograder import checks
from autograder.verdict import outcome
from tests.autograder.mutants import exam
from tests.autograder.mutants.right import right

CHECKS = [(e, c) for e in checks.exercises() for c in checks.load(e).values()]
every_check = pytest.mark.parametrize(
    ("exercise", "check"), CHECKS, ids=[c.name for _, c in CHECKS]
)
ONE_OF = 16  # mutants is in the sample


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    monkeypatch.setattr(outcome, "SECONDS", exam.SECONDS)


@cache
def passed(exercise: str, name: str) -> tuple[dict[str, int], ...]:
    """With how many seeds they are right: right answers, mistakes, and mutants."""
    check = checks.load(exercise)[name]
    kinds = (
        {one.name: one.made(one.source) for one in right(exercise, check)},
        {mistake.name: mistake.answer for mistake in check.mistakes},
        {
            one.key: one.answer
            for one in exam.wrong(exercise, check)
            if exam.in_sample(one.key, ONE_OF) or exam.is_equal(one.key)
        },
    )
    all_of_them = {(i, key): kind[key] for i, kind in enumerate(kinds) for key in kind}
    found = exam.passed(check, all_of_them)
    return tuple(
        {key: len(found[i, key]) for key in kind} for i, kind in enumerate(kinds)
    )


@every_check
def test_what_is_right_is_right_with_every_seed(exercise, check):
    answers, _, _ = passed(exercise, check.name)
    assert set(answers.values()) == {len(exam.SEEDS)}, answers


@every_check
def test_a_mistake_is_wrong_with_every_seed(exercise, check):
    _, mistakes, _ = passed(exercise, check.name)
    assert not {name: many for name, many in mistakes.items() if many}


@every_check
def test_a_mutant_is_wrong_with_every_seed_or_listed_and_right_with_all(
    exercise, check
):
    _, _, mutants = passed(exercise, check.name)
    right_at_all = {key: many for key, many in mutants.items() if many}
    assert set(right_at_all.values()) <= {len(exam.SEEDS)}, right_at_all
    assert not [key for key in right_at_all if not exam.is_equal(key)]


def test_few_mutants_are_listed_as_equal(record):
    tried = [passed(exercise, check.name)[2] for exercise, check in CHECKS]
    made = sum(len(exam.wrong(exercise, check)) for exercise, check in CHECKS)
    mutants = sum(map(len, tried))
    equal = sum(many > 0 for some in tried for many in some.values())
    record(mutants=mutants, mutants_killed=mutants - equal, mutants_equal=equal)
    record(mutants_made=made)
    assert equal < 0.03 * made
