"""What is given belongs to the caller, and what comes back is the function's own.

Every notebook says so. A function that returns an argument itself hands the caller one
thing under two names; one that returns the same memory each time, another's answer.
"""

import itertools
from dataclasses import replace

import pytest
import torch

from autograder import checks
from autograder.verdict import bank, outcome, wire
from autograder.verdict.compare import difference
from autograder.verdict.judge import expected, judge
from autograder.verdict.outcome import from_rows, run, run_all, to_rows

CHECKS = {c.name: c for e in checks.exercises() for c in checks.load(e).values()}
every_check = pytest.mark.parametrize("name", CHECKS)
# Those with a case in which the answer equals an argument that could be changed.
GIVEN_BACK = ("merge", "dropout", "keep_top_k", "keep_top_p", "write")


def itself_where_equal(right, seen=lambda arg: arg):
    """A function that returns the argument, as `seen`, where that is the right answer."""

    def answer(*args):
        wanted = run(right, args)
        for arg in args:
            if not difference(wanted, outcome.Outcome(arg), 0, 0):
                return seen(arg)
        return right(*args)

    return answer


def told(found, function, seed):
    """The verdict; which mistake else explains the answers is not asked here."""
    found = replace(found, mistakes=())
    cases = bank.draw(found, seed)
    got = run_all(function, [case.args for case in cases])
    got = from_rows(wire.unpack(wire.pack(to_rows(got))))  # as it travels
    return judge(found, cases, expected(found, cases), got, hidden=seed != b"public")


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        *((name, lambda arg: arg) for name in GIVEN_BACK),
        *(("dropout", how) for how in (lambda x: x[...], lambda x: x.view(x.shape))),
    ],
)
def test_an_argument_itself_is_no_answer(name, seen):
    found = CHECKS[name]
    for seed in (bank.PUBLIC_SEED, b"hidden"):
        verdict = told(found, itself_where_equal(found.oracle, seen), seed)
        assert 0.8 * found.points <= verdict.points < found.points
        assert "argument itself, which is the caller's" in verdict.reason
        assert told(found, found.oracle, seed).right


@every_check
@pytest.mark.parametrize("how", ["in a buffer", "by the object"])
def test_an_answer_is_made_anew_from_what_is_given_now(name, how):
    """No buffer is used again, and no answer kept for an object that holds another."""
    found, kept = CHECKS[name], {}

    def answer(*args):
        value = found.oracle(*args)
        if how == "by the object":
            known = tuple(x if isinstance(x, int | str) else id(x) for x in args)
            return kept.setdefault(known, (args, value))[1]
        if isinstance(value, torch.Tensor):
            return kept.setdefault(value.shape, torch.empty_like(value)).copy_(value)
        if isinstance(value, list):
            kept.setdefault(list, [])[:] = value
        return kept.get(type(value), value)

    for seed in (bank.PUBLIC_SEED, b"hidden"):
        verdict = told(found, answer, seed)
        pairs = shown_by(found, bank.draw(found, seed), how)
        assert not (verdict.right and pairs)
        if pairs and how == "in a buffer":
            assert "the next call wrote into the answer" in verdict.reason
        assert told(found, found.oracle, seed).right
        kept.clear()


def shown_by(found, cases, how):
    """Whether two cases show it: one after the other, or of the same few tensors."""
    right = [run(found.oracle, case.args).value for case in cases]
    for i, j in itertools.combinations(range(len(cases)), 2):
        a, b = right[i], right[j]
        if how == "in a buffer":
            alike = j == i + 1 and isinstance(a, torch.Tensor | list)
        else:
            forms = [[*map(form, cases[k].args)] for k in (i, j)]
            alike = None not in forms[0] and forms[0] == forms[1]
        tensors = isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor)
        known = outcome.Outcome(a), outcome.Outcome(b)
        other = difference(*known, 0, 0)
        same = a.shape != b.shape or a.equal(b) if tensors else not other
        if alike and type(a) is type(b) and not same:
            return True
    return False


def form(value):
    """What two values have in common that can be the same object; None: they cannot."""
    if isinstance(value, torch.Tensor):
        return value.shape if value.is_contiguous() else None
    if isinstance(value, tuple):  # a new one for each call
        return None
    return type(value) if isinstance(value, list | dict) else value


def test_most_steps_can_show_it():
    drawn = {name: bank.draw(found, b"hidden") for name, found in CHECKS.items()}
    for how, least in ("in a buffer", 26), ("by the object", 26):
        shown = [n for n, cases in drawn.items() if shown_by(CHECKS[n], cases, how)]
        assert len(shown) >= least, shown
