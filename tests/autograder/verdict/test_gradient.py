"""Is a step by which a model learns held to its gradient, by the trusted side alone?"""

import math
from dataclasses import replace

import pytest
import torch

from autograder.checks import Case, Check, Mistake
from autograder.verdict import told, wire
from autograder.verdict.compare import BENT, CUT, difference
from autograder.verdict.judge import expected, judge
from autograder.verdict.outcome import (
    from_args,
    from_rows,
    run,
    run_all,
    to_args,
    to_rows,
)
from autograder.verdict.remark.gradient import FLAT, LOST, NOT_FINITE, PARTLY


def area(x, y, scale):
    return (x * y).sum(-1) * scale


def learning(*rows):
    return torch.tensor(rows).requires_grad_()


def cut(x, y, scale):
    return area(x, y, scale).detach()


def by_items(x, y, scale):
    return torch.tensor(area(x, y, scale).tolist())


def half_cut(x, y, scale):
    return area(x, y.detach(), scale)


def without(x, y, scale):
    with torch.no_grad():
        return area(x, y, scale)


def another_leaf(x, y, scale):
    return area(x.clone().detach().requires_grad_(), y, scale)


def bent(x, y, scale):
    whole = area(x, y, scale)
    return whole.detach() + 0 * whole


def rounded(x, y, scale):
    return area(x, y, scale).round(decimals=5)


def doubled(x, y, scale):
    whole = area(x, y, scale)
    return 2 * whole - whole.detach()


def infinite(x, y, scale):
    return area(x, y, scale) + torch.where(x > 9, (x - x).sqrt(), 0.0).sum(-1)


def by_numpy(x, y, scale):
    return torch.from_numpy((x.numpy() * y.numpy()).sum(-1) * scale).float()


def into_x(x, y, scale):
    x *= y
    return x.sum(-1) * scale


CASES = [
    Case("one row", (torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, 4.0]]), 2)),
    Case("the gradient", (learning([1.0, 2.5]), learning([3.0, 4.0]), 2)),
    Case("of one of them", (learning([5.0, 2.5]), torch.tensor([[3.0, 1.0]]), 3)),
]
CHECK = Check(
    "area",
    4,
    lambda rng: CASES,
    area,
    (Mistake("a mean", "It is a mean.", lambda x, y, s: (x * y).mean(-1) * s),),
)
WANTED = expected(CHECK, CASES)


def handed_in(function):
    """As a kernel does: the cases come in bytes, and what came of them leaves in bytes."""
    asked = wire.unpack(wire.pack([to_args(case.args) for case in CASES]))
    rows = to_rows(run_all(function, [from_args(args) for args in asked]))
    return from_rows(wire.unpack(wire.pack(rows)))


def verdict(function, hidden=True):
    return judge(CHECK, CASES, WANTED, handed_in(function), hidden)


def test_what_a_gradient_is_asked_for_travels_with_the_arguments():
    args = from_args(wire.unpack(wire.pack(to_args(CASES[2].args))))
    assert [getattr(x, "requires_grad", None) for x in args] == [True, False, None]
    assert args[0].equal(CASES[2].args[0])
    table = {"learns": 3, "more": 4}, {}
    assert from_args(to_args(table)) == table


def test_the_gradient_is_that_of_the_sum():
    one, both, first = handed_in(area)
    assert one.gradients == ()
    assert both.gradients[0].tolist() == [[6.0, 8.0]]
    assert both.gradients[1].tolist() == [[2.0, 5.0]]
    assert first.gradients[0].tolist() == [[9.0, 3.0]]
    assert first.gradients[1:] == (None, None)
    assert verdict(area).right
    assert not any(x.requires_grad for x in both.gradients[:2])


def test_it_is_computed_whatever_a_cell_has_switched_off():
    with torch.no_grad():
        assert verdict(area).right
        assert not torch.is_grad_enabled()


@pytest.mark.parametrize(
    ("function", "why", "said"),
    [
        (cut, CUT, LOST),
        (by_items, CUT, LOST),
        (without, CUT, LOST),
        (another_leaf, CUT, PARTLY),
        (half_cut, CUT, PARTLY),
        (bent, BENT, FLAT),
        (rounded, BENT, FLAT),
        (doubled, BENT, PARTLY),
        (infinite, BENT, NOT_FINITE),
    ],
)
def test_right_numbers_with_a_wrong_gradient_are_not_right(function, why, said):
    found = verdict(function)
    assert 0 < found.points < 4
    whys = [result.why for result in found.results]
    assert whys[0] is None
    assert whys[1] == why.format("second" if function is half_cut else "first")
    assert {w for w in whys if w} <= told.reasons(WANTED[1])
    assert found.remark == said
    assert said in told.remarks()
    shown = verdict(function, hidden=False)
    assert shown.remark == said and whys[1] in shown.results[1].why


def test_where_the_gradient_is_wrong_first_it_is_told_first():
    def by_items_and_whole(x, y, scale):
        made = torch.tensor(area(x, y, scale).tolist())
        return made.int() if scale == 7 else made

    more = Case("three", (torch.ones(3, 1), torch.tensor([[1.0], [2.0], [3.0]]), 7))
    cases = [*CASES, more]
    got = [run(by_items_and_whole, case.args) for case in cases]
    found = judge(CHECK, cases, expected(CHECK, cases), got, hidden=False)
    assert "int32" in found.results[3].why
    assert found.remark == LOST


def test_an_array_cannot_be_made_of_what_learns():
    assert "RuntimeError" in verdict(by_numpy).results[1].why


def test_an_argument_that_learns_can_be_written_into_and_that_is_told():
    assert "changed its first argument" in verdict(into_x).results[1].why


def asked_of_x(x, y, scale):
    x.requires_grad_()
    return area(x, y, scale).detach()


def test_an_argument_that_is_made_to_ask_for_its_gradient_is_changed():
    found = verdict(asked_of_x, hidden=False)
    assert "changed its first argument" in found.results[0].why
    assert (
        "`x` is not the same afterwards"
        in verdict(lambda x, y, scale: area(x.requires_grad_(), y, scale)).remark
    )


@pytest.mark.parametrize("pack", [list, tuple, lambda x: {"w": next(iter(x))}])
def test_so_it_is_within_a_list_or_a_table(pack):
    def asking(weights):
        for w in weights.values() if isinstance(weights, dict) else weights:
            w.requires_grad = True
        return 3

    for numbers in ([1.0, 2.0], [math.nan]):
        weights = pack([torch.tensor(numbers)])
        assert run(asking, (weights,)).changed == (0,)
        assert run(len, (weights,)).changed == ()


def test_a_mistake_in_the_numbers_is_named_with_or_without_its_gradient():
    found = verdict(lambda *args: CHECK.mistakes[0].answer(*args).detach())
    assert found.mistake == CHECK.mistakes[0]


def test_what_loses_all_is_not_named_where_a_part_is_lost():
    known = Mistake("cut", "It loses all.", cut), Mistake("bent", "It bends.", bent)
    check = replace(CHECK, mistakes=known)
    for function in (cut, bent, half_cut, infinite):
        found = judge(check, CASES, WANTED, handed_in(function), hidden=True).mistake
        assert (found and found.answer) == (
            function if function in (cut, bent) else None
        )


def test_an_answer_that_is_no_tensor_is_told_as_such():
    got = run(lambda *args: area(*args).tolist(), CASES[1].args)
    assert "a list" in difference(WANTED[1], got, 1e-4, 1e-5, hidden=True)


def published(gradients):
    """What a hostile kernel says of the case that asks for both gradients."""
    rows = to_rows([replace(WANTED[1], gradients=gradients)])
    return from_rows(wire.unpack(wire.pack(rows)))[0]


@pytest.mark.parametrize(
    "gradients",
    [
        (),
        (None, None, None),
        (None, WANTED[1].gradients[1], None),
        (WANTED[1].gradients[0],),
        tuple(reversed(WANTED[1].gradients[:2])),
        (torch.zeros(1, 2), torch.zeros(1, 2)),
        (torch.full((1, 2), math.nan), torch.full((1, 2), math.inf)),
        tuple(x.double() for x in WANTED[1].gradients[:2]),
        tuple(x[0] for x in WANTED[1].gradients[:2]),
        tuple(x > 0 for x in WANTED[1].gradients[:2]),
        (torch.tensor(True),),
    ],
)
def test_nothing_is_right_by_what_a_kernel_claims(gradients):
    got = published(gradients)
    why = difference(WANTED[1], got, 1e-4, 1e-5, hidden=True)
    assert why in told.reasons(WANTED[1])
    whole = [WANTED[0], got, WANTED[2]]
    assert judge(CHECK, CASES, WANTED, whole, hidden=True).points < 4
    assert not difference(WANTED[1], published(WANTED[1].gradients), 1e-4, 1e-5)


def test_gradients_where_none_is_asked_for_change_nothing():
    got = replace(WANTED[0], gradients=(torch.ones(3),))
    assert difference(WANTED[0], got, 1e-4, 1e-5) is None


@pytest.mark.parametrize(
    "row",
    [
        [None, None, "", [], "", [], 3],
        [None, None, "", [], "", [], [3]],
        [None, None, "", [], "", [], [[None]]],
        [None, "KeyError", "", [], "", [], [None]],
        [None, None, "", [], "", [], [None], []],
    ],
)
def test_what_is_no_gradient_is_refused(row):
    with pytest.raises(ValueError, match="not an outcome"):
        from_rows([row])
