"""Does a student wait no longer than a moment for what is tried after an endless loop?"""

import time

import pytest

from autograder.verdict import outcome, patience
from autograder.verdict.outcome import StillRunning, run

ENDLESS = StillRunning.__name__
CASES = [(n,) for n in range(5)]


def goes_on(n):
    while n < 9:
        pass


@pytest.fixture
def left(monkeypatch):
    """Patience as it is, a tenth as long."""
    monkeypatch.setattr(outcome, "SECONDS", 0.3)
    monkeypatch.setattr(patience, "PATIENCE", 0.3)
    monkeypatch.setattr(patience, "LEAST", 0.1)
    return patience.Left()


def test_what_ends_has_all_the_time(left):
    assert [got.value for got in left.answers(abs, CASES)] == [0, 1, 2, 3, 4]
    assert not left.is_over


def test_after_one_that_goes_on_others_go_on_for_a_moment_only(left):
    begun = time.process_time()
    assert [got.raised for got in left.answers(goes_on, CASES)] == [ENDLESS] * 5
    first = time.process_time() - begun
    assert not left.is_over
    assert [got.value for got in left.answers(abs, CASES)] == [0, 1, 2, 3, 4]
    tried = 0
    while not left.is_over:
        assert {got.raised for got in left.answers(goes_on, CASES)} == {ENDLESS}
        tried += 1
    assert 1 < tried < 4
    assert time.process_time() - begun < first + 2 * 0.3  # of computing


def test_what_outlives_a_call_is_told_while_there_is_time(left):
    seen = []
    got = left.answers(lambda n: seen.append(n) or len(seen), CASES)
    assert {one.raised for one in got if one.raised} == {outcome.AGAIN}
    assert not left.answers(abs, [])
    assert run(abs, (1,)).value == 1
