"""What is given belongs to the caller, and what comes back is the function's own.

Every notebook says so. A function that returns an argument itself hands the caller one
thing under two names; one that returns the same memory each time, another's answer.
"""

import base64

import pytest
import torch

from autograder import checks
from autograder.check import ANSWER, check
from autograder.verdict import bank, outcome, wire
from autograder.verdict.compare import difference
from autograder.verdict.judge import expected, is_right, judge
from autograder.verdict.outcome import from_rows, run, run_all, to_rows

CHECKS = {c.name: c for e in checks.exercises() for c in checks.load(e).values()}
TENSORS = [
    name
    for name, found in CHECKS.items()
    if found.oracle.__annotations__["return"] == "Tensor"
]
# Those with a case in which the answer equals an argument that could be changed.
GIVEN_BACK = ("merge", "dropout", "keep_top_k", "keep_top_p", "write")


def itself_where_equal(right):
    """A function that returns the argument itself where that is the right answer."""

    def answer(*args):
        wanted = run(right, args)
        for arg in args:
            if not difference(wanted, outcome.Outcome(arg), 0, 0):
                return arg
        return right(*args)

    return answer


def told(found, function, seed):
    cases = bank.draw(found, seed)
    got = run_all(function, [case.args for case in cases])
    got = from_rows(wire.unpack(wire.pack(to_rows(got))))  # as it travels
    return judge(found, cases, expected(found, cases), got, hidden=seed != b"public")


@pytest.mark.parametrize("name", GIVEN_BACK)
def test_an_argument_itself_is_no_answer(name):
    found = CHECKS[name]
    for seed in (bank.PUBLIC_SEED, b"hidden"):
        verdict = told(found, itself_where_equal(found.oracle), seed)
        assert 0.8 * found.points <= verdict.points < found.points
        assert "argument itself, which is the caller's" in verdict.reason
        assert told(found, found.oracle, seed).right


@pytest.mark.parametrize("name", TENSORS)
def test_a_buffer_that_is_used_again_does_no_harm(name, monkeypatch, tmp_path):
    """Each answer is taken down before the next call, when graded, too."""
    found = CHECKS[name]
    kept = {}

    def reused(*args):
        value = found.oracle(*args)
        buffer = kept.setdefault(value.shape, torch.empty_like(value))
        return buffer.copy_(value)

    shown = []
    monkeypatch.setattr("IPython.display.display", lambda told, raw: shown.append(told))
    cases = bank.draw(found, b"hidden")
    file = tmp_path / "cases"
    file.write_bytes(wire.pack({name: [list(case.args) for case in cases]}))
    monkeypatch.setenv("GPT_CASES", str(file))
    check(name, reused)
    got = from_rows(wire.unpack(base64.b64decode(shown[0][ANSWER]["outcomes"])))
    assert is_right(found, expected(found, cases), got)
