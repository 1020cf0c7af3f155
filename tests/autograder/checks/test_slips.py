"""Does a student's slip always get a message that says what to do next?

Slips of two sorts: the kinds that any step invites, made of its right answer (`slips`),
and what students typically type (`typical`). Each must fail in public and when graded,
and the first message must name the mistake or say what is true of it. What is right in
an unusual way must pass.
"""

import ast
import contextlib
import io
import re
import textwrap
import warnings
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial
from typing import NamedTuple

import pytest

from autograder import checks
from autograder.checks import Case
from autograder.verdict import bank, panel, wire
from autograder.verdict.judge import Verdict, expected, is_right, judge
from autograder.verdict.outcome import Outcome, from_args, run, run_all, to_args
from tests.autograder.checks import slips, typical
from tests.autograder.mutants.right import Right, right

CHECKS = {
    name: (exercise, check)
    for exercise in checks.exercises()
    for name, check in checks.load(exercise).items()
}
every_check = pytest.mark.parametrize("name", CHECKS)


class Told(NamedTuple):
    """A slip and what came of it: what the student reads first, and whether that helps."""

    slip: str
    verdict: Verdict
    text: str
    helps: bool
    graded_right: bool


@cache
def asked(name: str, seed: bytes) -> tuple[list[Case], list[Outcome]]:
    """The cases of a check as a notebook has them, from a file, and what is right."""
    _, check = CHECKS[name]
    cases = [
        replace(case, args=from_args(wire.unpack(wire.pack(to_args(case.args)))))
        for case in bank.draw(check, seed)
    ]
    return cases, expected(check, cases)


@cache
def made(name: str, mistake: checks.Mistake, i: int) -> Outcome:
    """What a mistake makes of a case, once for all slips."""
    return run(mistake.answer, asked(name, bank.PUBLIC_SEED)[0][i].args)


@cache
def course(name: str) -> Right:
    """The course's own answer to a check."""
    return next(right(*CHECKS[name]))


def tried(name: str, answer) -> tuple[Verdict, str, bool]:
    """The public verdict on an answer, its words, and whether it passes when graded."""
    _, check = CHECKS[name]
    cases, wanted = asked(name, bank.PUBLIC_SEED)
    with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        got = run_all(answer, [case.args for case in cases])
        again = {"made": partial(made, name), "call": partial(run, answer)}
        verdict = judge(check, cases, wanted, got, **again)
        others, right_there = asked(name, b"graded")
        graded = run_all(answer, [case.args for case in others])
    return verdict, panel.reason(verdict), is_right(check, right_there, graded)


def written(name: str, body: str):
    """The function of a step with another body."""
    tree = ast.parse(course(name).source)
    tree.body[0].body = ast.parse(textwrap.dedent(body).strip(), mode="exec").body
    return course(name).made(ast.unparse(tree))


@cache
def generated(name: str) -> list[Told]:
    step = slips.step_of(
        name, course(name).around[name], *asked(name, bank.PUBLIC_SEED)
    )
    found = []
    for kind, answer in slips.slips(step):
        verdict, text, graded = tried(name, answer)
        helps = bool(verdict.mistake) or slips.told(kind, text)
        found.append(Told(kind.what, verdict, text, helps, graded))
    return found


@cache
def typed(name: str) -> list[Told]:
    found = []
    for body, said in typical.WRONG[name]:
        verdict, text, graded = tried(name, written(name, body))
        line = textwrap.dedent(body).strip()
        found.append(Told(line, verdict, text, bool(re.search(said, text)), graded))
    return found


@every_check
def test_a_slip_that_any_step_invites_is_caught_and_explained(name):
    assert len(generated(name)) >= 5
    for told in generated(name):
        assert not told.verdict.right, f"{told.slip} passes in public"
        assert not told.graded_right, f"{told.slip} passes when graded"
        assert told.helps, f"{told.slip}: {told.text}"


@every_check
def test_what_students_type_is_caught_and_explained(name):
    assert len(typed(name)) >= 2
    for told in typed(name):
        assert not told.verdict.right, f"passes in public: {told.slip}"
        assert not told.graded_right, f"passes when graded: {told.slip}"
        assert told.helps, f"{told.text}\n\n{told.slip}"


@every_check
def test_what_is_right_in_an_unusual_way_passes(name):
    verdict, text, graded = tried(name, written(name, typical.RIGHT[name]))
    assert verdict.right, text
    assert graded


def everything() -> Iterator[Told]:
    for name in CHECKS:
        yield from generated(name)
        yield from typed(name)


def test_nine_of_ten_slips_are_named_or_truly_described(record):
    """Of what is said, `compare`'s own words count only where they are the cause."""
    all_of_them = [*everything()]
    named = sum(bool(told.verdict.mistake) for told in all_of_them)
    described = sum(
        not told.verdict.mistake
        and bool(told.verdict.meant or told.verdict.remark or told.verdict.note)
        for told in all_of_them
    )
    plain = sum(
        told.helps
        and not (told.verdict.mistake or told.verdict.meant)
        and not (told.verdict.remark or told.verdict.note)
        for told in all_of_them
    )
    many = len(all_of_them)
    typical_ones = [told for name in CHECKS for told in typed(name)]
    share = sum(bool(told.verdict.mistake) for told in typical_ones) / len(typical_ones)
    print(
        f"\n{many} slips: {named / many:.0%} named, {described / many:.0%} described, "
        f"{plain / many:.0%} told by the comparison, "
        f"{1 - (named + described + plain) / many:.0%} not; "
        f"of {len(typical_ones)} typed ones {share:.0%} named"
    )
    record(
        slips=many,
        slips_named=named / many,
        slips_described=described / many,
        slips_silent=1 - (named + described + plain) / many,
        slips_named_share=(named + described) / many,
    )
    assert named + described >= 0.9 * many
    assert share >= 0.8
