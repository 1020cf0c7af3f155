"""Is a point given only for what is right, and does the reason help without telling?"""

import ast
import dataclasses
import math
from functools import partial

import numpy as np
import pytest
import torch

from autograder.checks import Case, Check, Mistake, edge
from autograder.verdict import causes, panel
from autograder.verdict.compare import answers, difference, steady
from autograder.verdict.judge import UNWRITTEN, expected, followed, is_right, judge
from autograder.verdict.named import pairs
from autograder.verdict.outcome import AGAIN, REUSED, Outcome, from_rows, run, to_rows
from autograder.verdict.remark.again import twice
from autograder.verdict.remark.seen import Seen


def halves(numbers):
    if not all(isinstance(n, int) for n in numbers):
        raise ValueError("whole numbers only")
    return [n / 2 for n in numbers]


CHECK = Check(
    name="halves",
    points=4,
    draw=lambda rng: [],
    oracle=halves,
    mistakes=(
        Mistake("rounds", "It divides with `//`.", lambda ns: [n // 2 for n in ns]),
        Mistake("doubles", "It multiplies.", lambda ns: [n * 2.0 for n in ns]),
    ),
)
CASES = [
    Case("an empty list", ([],)),
    Case("odd numbers", ([3, 5],)),
    Case("a large number", ([10**6],)),
    edge("a word among the numbers", ([1, "two"],)),
    edge("a point among the numbers", ([1, 2.5],)),
]


def verdict(function, hidden=False):
    got = from_rows(to_rows(run(function, case.args) for case in CASES))
    return judge(CHECK, CASES, expected(CHECK, CASES), got, hidden)


def test_right_is_what_has_every_answer():
    got = [run(halves, case.args) for case in CASES]
    wanted = expected(CHECK, CASES)
    assert is_right(CHECK, wanted, got)
    assert not is_right(CHECK, wanted, got[:-1])
    got[1] = Outcome([1.5, 2.6])
    assert not is_right(CHECK, wanted, got)


def test_all_points_for_the_right_answer():
    found = verdict(
        lambda ns: [n * 0.5 if isinstance(n, int) else int("no") for n in ns]
    )
    assert found.right
    assert (found.points, found.mistake, found.reason) == (4, None, "")


@pytest.mark.parametrize(
    "lazy",
    [
        lambda ns: [],
        lambda ns: ns,
        lambda ns: None,
        lambda ns: 1 / 0,
        lambda ns: int("no"),
    ],
)
def test_nothing_for_an_answer_that_does_nothing(lazy):
    assert verdict(lazy).points == 0


def test_of_a_right_answer_nothing_more_is_asked(monkeypatch):
    """Neither what takes no work, which it is not, nor its source."""
    asked = []
    monkeypatch.setattr(
        "autograder.verdict.judge._only", lambda *_: asked.append("idle") or ""
    )
    wanted = expected(CHECK, CASES)

    def written():
        asked.append("source")

    assert judge(CHECK, CASES, wanted, wanted, written=written).right
    assert asked == []
    assert not judge(CHECK, CASES, wanted, wanted[::-1], written=written).right
    assert sorted(asked) == ["idle", "source"]


def test_who_has_the_idea_loses_a_fifth_at_most():
    found = verdict(lambda ns: [n / 2 for n in ns])  # a TypeError on "two"
    assert found.points == pytest.approx(0.8 * 4)
    assert not found.right
    idea = "The idea is right: only special cases are wrong, which cost at most a fifth of the"
    assert found.reason.startswith(
        f"Right in 3 of 5 cases. {idea} points. Wrong on a word"
    )
    assert "TypeError" in found.reason
    words_only = verdict(lambda ns: [n / 2 if n != "two" else int(n) for n in ns])
    assert words_only.points == pytest.approx(0.9 * 4)


def test_who_has_not_the_idea_earns_half_at_most():
    def small_ones_only(numbers):
        return [n / 2 for n in halves(numbers) and numbers if n < 100]

    found = verdict(small_ones_only)
    assert found.points == pytest.approx(0.5 * 4 * 2 / 3, abs=0.01)
    assert "Right in 4 of 5 cases. Wrong" in found.reason


def test_the_mistake_is_named():
    found = verdict(CHECK.mistakes[1].answer)
    assert found.mistake.name == "doubles"
    assert verdict(CHECK.mistakes[0].answer).mistake.name == "rounds"
    assert verdict(lambda ns: [7.0]).mistake is None


def test_not_written_yet():
    def stub(numbers):
        raise NotImplementedError

    assert verdict(stub).reason.startswith("Not written yet.")
    assert verdict(stub).points == 0


def test_too_few_answers_earn_nothing():
    got = [run(halves, case.args) for case in CASES]
    wanted = expected(CHECK, CASES)
    for forged in ([], got[:-1], got + got):
        assert judge(CHECK, CASES, wanted, forged).points == 0


@pytest.mark.parametrize(
    "tensor",
    [
        torch.arange(6.0),
        torch.arange(2.0).expand(3, 2),
        torch.ones(2, requires_grad=True),
        torch.zeros(1).expand(3, 2).clone().bool(),
    ],
    ids=("plain", "expanded", "with a gradient", "of truth"),
)
def test_a_function_is_given_a_copy_of_a_tensor(tensor):
    """The same in every way but its place, and what is done to it is seen."""
    before = tensor.detach().clone()

    def change(x):
        same = x.stride() == tensor.stride()
        same = same and x.is_leaf != tensor.requires_grad  # as what a model gives
        x.data[0] = 0
        x.data[1] = 1
        x.data[-1] = 7
        return same and x.requires_grad == tensor.requires_grad

    found = run(change, (tensor,))
    assert (found.value, found.changed) == (True, (0,))
    assert tensor.equal(before)


@pytest.mark.parametrize(
    "change",
    [
        lambda w: w["a"].zero_(),
        lambda w: w.pop("b"),
        lambda w: w.update(b=3),
        lambda w: w.update(c=torch.ones(2)),
        lambda w: w.update(a=w["b"]),
        lambda w: w.update(a=w.pop("a")),
        dict.clear,
    ],
)
def test_a_function_is_given_a_copy_of_a_table_of_tensors(change):
    table = {"a": torch.arange(3.0), "b": torch.ones(2, 2).mT}
    assert run(lambda w: [*w], (table,)) == Outcome(["a", "b"])
    assert run(lambda w: [change(w)][:0], (table,)).changed == (0,)
    assert [*table] == ["a", "b"] and table["a"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x["a"].append(1),
        lambda x: x["a"][1].__setitem__(0, 3.0),  # 3.0 == 3
        lambda x: x["a"].__setitem__(0, True),  # True == 1
        lambda x: x.update(b=[*x["b"]]),  # a list for a tuple
        lambda x: x.update(a=x.pop("a")),  # another order
        lambda x: x["a"].pop(),
    ],
)
def test_a_change_of_an_argument_is_seen(change):
    given = {"a": [1, [3]], "b": (b"x", "y")}
    assert run(lambda x: None, (given,)).changed == ()
    assert run(lambda x: change(x), (given,)).changed == (0,)


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x[1][0].add_(1),
        lambda x: x.reverse(),
        lambda x: x.pop(),
        lambda x: x.append(x[0]),
        lambda x: x.__setitem__(0, [*x[0]]),
        lambda x: x.__setitem__(0, (x[0][0].double(), x[0][1])),
    ],
)
def test_a_change_within_a_list_of_tensors_is_seen(change):
    given = [(torch.zeros(2), torch.ones(2)), (torch.ones(2), torch.zeros(2))]
    before = repr(given)
    assert run(lambda x: x[0][0] + 1, (given,)).changed == ()
    assert run(lambda x: change(x), (given,)).changed == (0,)
    assert repr(given) == before  # it was a copy that was changed, down to the tensors


def test_a_changed_argument_is_wrong():
    def clumsy(numbers):
        out = halves(numbers)
        numbers.clear()
        return out

    assert "changed its first argument" in verdict(clumsy).reason


@pytest.mark.parametrize("hidden", [True, False])
def test_hidden_reasons_tell_no_value(hidden):
    secret = 271828.0
    for wrong in (
        lambda ns: [secret * 2 for _ in ns],
        lambda ns: {"a": 1},
        lambda ns: [1.0] * 50,
    ):
        found = judge(
            CHECK,
            [Case("a secret", ([int(2 * secret)],))],
            [Outcome([secret])],
            [run(wrong, ([int(2 * secret)],))],
            hidden,
        )
        assert found.points == 0
        if hidden:
            assert "27182" not in found.reason
            assert "54365" not in found.reason


def test_an_error_message_may_hold_an_input_so_it_is_not_shown():
    def leaky(numbers):
        raise KeyError(f"the input is {numbers}")

    assert "[3, 5]" in verdict(leaky).reason or "[]" in verdict(leaky).reason
    assert "input" not in verdict(leaky, hidden=True).reason


class AlwaysEqual:
    def __eq__(self, other):
        return True

    __hash__ = None


class Sly(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return True


@pytest.mark.parametrize(
    "got",
    [
        None,
        [1.0, 2.0],
        torch.ones(1, 2),
        torch.ones(2, 1),
        torch.ones(2).double(),
        torch.ones(2).int(),
        torch.tensor([1.0, float("nan")]),
        torch.tensor([1.0, float("inf")]),
        torch.tensor([1.0, 1.01]),
        torch.ones(()),
        np.ones(2, np.float32),
        torch.zeros(2).as_subclass(Sly),
        AlwaysEqual(),
    ],
)
def test_only_the_right_tensor_is_right(got):
    wanted = Outcome(torch.ones(2))
    assert difference(wanted, run(lambda: torch.ones(2), ()), 1e-4, 1e-5) is None
    assert difference(wanted, run(lambda: got, ()), 1e-4, 1e-5)


def test_whole_numbers_in_a_tensor_are_never_nearly_right():
    for want in (torch.tensor([100_000]), np.array([100_000])):
        wanted = Outcome(want)
        assert difference(wanted, Outcome(want + 0), 1e-4, 1e-5) is None
        assert difference(wanted, Outcome(want + 1), 1e-4, 1e-5)


@pytest.mark.parametrize(
    ("want", "got"),
    [
        (1, True),
        (1, 1.0),
        ("a", b"a"),
        ([1], [1, 1]),
        ([1, 2], [2, 1]),
        ({(1, 2): 3}, {(1, 2): 4}),
        ({(1, 2): 3}, {}),
        ({(1, 2): 3}, {(1, 2): 3, (2, 1): 1}),
        ({b"a": 0}, {"a": 0}),
        ({1: 0}, {True: 0}),
        ({1: 0}, {1.0: 0}),
        ({(1, 2): 0}, {(1, 2.0): 0}),
        ({(1, (0, 2)): 0}, {(1, (False, 2)): 0}),
        ([[1], [2]], [[1], [3]]),
    ],
)
def test_values_are_compared_exactly(want, got):
    assert difference(Outcome(want), Outcome(want), 0, 0) is None
    assert difference(Outcome(want), Outcome(got), 0, 0)


@pytest.mark.parametrize("hidden", [True, False])
def test_large_whole_numbers_are_told_apart(hidden):
    """As floats 2**53 and 2**53 + 1 are one."""
    for want in (torch.tensor([2**53]), np.array([2**53])):
        assert difference(Outcome(want), Outcome(want + 0), 0, 0, hidden) is None
        assert difference(Outcome(want), Outcome(want + 1), 0, 0, hidden)


@pytest.mark.parametrize("make", [torch.tensor, np.array])
def test_truth_values_are_compared_and_shown(make):
    want, got = Outcome(make([True, False])), Outcome(make([True, True]))
    assert difference(want, want, 0, 0) is None
    assert "first at (1,): 1, not 0" in difference(want, got, 0, 0)


@pytest.mark.filterwarnings("error")
def test_numbers_that_overflow_are_wrong_without_a_warning():
    top = float(np.finfo(float).max)
    for want, got in ((top, -top), (np.array([top]), np.array([-top]))):
        assert difference(Outcome(want), Outcome(got), 1e-4, 1e-5)
        assert difference(Outcome(want), Outcome(want), 1e-4, 1e-5) is None


def test_a_tuple_may_stand_for_a_list():
    assert difference(Outcome([1, (2, 3)]), Outcome((1, [2, 3])), 0, 0) is None


@pytest.mark.parametrize(
    "rows",
    [
        None,
        3,
        [3],
        [[1, 2]],
        [[None, 3, "", [], ""]],
        [[0, None, "", ["a"], ""]],
        [[0, None, "", [-9], ""]],
        [[0, "E" * 99, "", [], ""]],
        [[None, "E" * 61, "", [], ""]],
        [[None, "", "", [], ""]],
        [[1, "ValueError", "", [], ""]],
        [[0, None, "", [0, 0], ""]],
        [[0, None, "", [1, 0], ""]],
        [[0, None, "", [True], ""]],
        [0, None, "", [], ""],
        (0, None, "", [], ""),
        "outcome",
    ],
)
def test_forged_outcomes_are_refused(rows):
    with pytest.raises(ValueError, match="not an outcome"):
        from_rows(rows)


def test_an_oracle_that_fails_is_our_fault():
    broken = Check("broken", 1, lambda rng: [], lambda x: 1 / 0, ())
    with pytest.raises(RuntimeError, match="oracle of broken fails on zero"):
        expected(broken, [Case("zero", (0,))])


def test_a_step_that_is_not_written_is_not_called_again():
    calls = []

    def unwritten(number):
        calls.append(number)
        if number == 2:
            raise NotImplementedError
        return number

    cases = [Case("a number", (number,)) for number in (1, 2, 3, 4)]
    got = answers(unwritten, [case.args for case in cases])
    assert calls == [1, 2]
    check = Check("same", 1, lambda rng: [], lambda x: x, ())
    verdict = judge(check, cases, expected(check, cases), from_rows(to_rows(got)))
    assert verdict.note == UNWRITTEN
    assert verdict.points == 0


def test_a_kind_of_value_error_is_a_value_error():
    assert run(lambda: b"\xff".decode(), ()).raised == "ValueError"
    assert run(lambda: {}[1], ()).raised == "KeyError"


def test_a_mistake_that_explains_only_a_part_is_not_named():
    def two_mistakes(numbers):
        return [n // 2 for n in numbers] if len(numbers) > 1 else [7.0]

    assert verdict(CHECK.mistakes[0].answer).mistake.name == "rounds"
    assert verdict(two_mistakes).mistake is None


def test_a_first_draft_that_refuses_nothing_still_has_its_mistake_named():
    """It rounds like the first mistake, but "two" does not end in its TypeError."""

    def draft(numbers):
        return [n // 2 if isinstance(n, int) else 0.0 for n in numbers]

    assert verdict(draft).mistake.name == "rounds"
    assert verdict(lambda ns: [7.0 for _ in ns]).mistake is None
    # All values right, and only the refusal missing: nothing is blamed for it.
    assert (
        verdict(lambda ns: [n / 2 if n != "two" else 0.0 for n in ns]).mistake is None
    )


def test_a_mistake_that_would_be_wrong_elsewhere_too_is_not_named():
    def wrong_once(numbers):
        return [n // 2 for n in numbers] if 10**6 in numbers else halves(numbers)

    everywhere = Mistake("floor", "It rounds down.", CHECK.mistakes[0].answer)
    check = dataclasses.replace(CHECK, mistakes=(everywhere,))
    cases = [CASES[1], CASES[2], Case("another odd number", ([7],))]
    wanted = [run(halves, case.args) for case in cases]
    wanted[1] = Outcome([0.5])
    got = [run(wrong_once, case.args) for case in cases]
    assert judge(check, cases, wanted, got).mistake is None
    got = [run(everywhere.answer, case.args) for case in cases]
    assert judge(check, cases, wanted, got).mistake == everywhere


def test_an_earlier_step_that_is_wrong_costs_no_other():
    own, doubled = verdict(lambda ns: 1 / 0), verdict(CHECK.mistakes[1].answer)
    right, refused = verdict(halves), dataclasses.replace(own, note="It is refused.")
    steps = ["count", "merge"]
    found = followed(own, right, steps)
    assert (found.points, found.right, found.instead) == (4, True, ("count", "merge"))
    (headline, said) = panel.feedback(found)["text/plain"].splitlines()
    assert headline == "✓ halves: 4 of 4 points"
    assert said == (
        "This step was run with the course's own `count` and `merge`, for yours are not "
        "right yet, not there, or refused for what it uses. If it is right: has its "
        "cell run, and has no later cell defined it anew?"
    )
    taken = {"merge": "heapq.merge", "count": "os.sep"}
    found = followed(own, right, steps, {"merge": "heapq.merge"})
    (_, said) = panel.feedback(found)["text/plain"].splitlines()
    assert (
        said
        == panel.instead(found)
        == (
            "This step was run with the course's own `count`, for yours is not right yet, "
            "not there, or refused for what it uses. If it is right: has its cell run, and has no later cell defined it anew? This step was run with the course's own `merge`, for "
            "an import has taken its name: it stands for `heapq.merge` now. Import it by "
            "another name, then run the cell of your own step again."
        )
    )
    both = panel.instead(followed(own, right, steps, taken))
    assert "their names: they stand for `heapq.merge` and `os.sep` now" in both
    assert "not right" not in both and panel.instead(own) == ""
    found = followed(own, doubled, ["merge"])
    assert found.mistake == CHECK.mistakes[1]
    text = panel.feedback(found)["text/plain"]
    assert "course's own `merge`, for yours is not" in text and "It multiplies." in text
    # Where the other steps change nothing, or make it worse, they are not the reason.
    for course in own, refused:
        assert followed(own, course, steps) is own
    assert followed(right, own, steps) is right


def scaled(numbers, by=2, plus=0, turned=False):
    """The numbers, halved; and what can go wrong with that."""
    out = [n / by + plus for n in numbers]
    return out[::-1] if turned else out


SCREWS = dataclasses.replace(
    CHECK,
    mistakes=(
        Mistake("by three", "By three?", partial(scaled, by=3)),
        Mistake("by four", "By four?", partial(scaled, by=4)),
        Mistake("plus one", "One too many.", partial(scaled, plus=1)),
        Mistake("backwards", "Backwards.", partial(scaled, turned=True)),
        Mistake("empty", "Nothing there.", lambda numbers: []),
    ),
)


def test_what_outlives_a_call_is_no_pair_of_mistakes():
    cases = [CASES[1], CASES[2], Case("four numbers", ([9, 8, 7, 5],))]
    calls = []

    def remembers(numbers):
        calls.append(numbers)
        return scaled(numbers, by=3, plus=1) if len(calls) <= len(cases) else []

    got = [run(remembers, case.args) for case in cases]
    wanted = expected(SCREWS, cases)
    assert judge(SCREWS, cases, wanted, got).mistake.name == "by three, and plus one"
    found = judge(SCREWS, cases, wanted, got, call=partial(run, remembers))
    assert found.mistake is None
    assert "Called again with the same arguments" in found.remark


def test_who_answers_the_same_call_in_two_ways_is_wrong():
    wanted = expected(CHECK, CASES)
    second = run(lambda numbers: [7.0], CASES[0].args)
    assert steady(wanted, wanted[0]) == wanted
    for again in (second, Outcome(raised="KeyError")):
        got = from_rows(to_rows(steady(wanted, again)))
        for hidden in (True, False):
            found = judge(CHECK, CASES, wanted, got, hidden)
            assert not found.right and found.points < CHECK.points
            assert "same arguments, it gives another answer" in found.reason
    near = [Outcome(torch.tensor([0.5])), Outcome(torch.tensor([0.5 + 1e-7]))]
    assert steady(near[:1], near[1]) == near[:1]
    shown = panel.student(judge(CHECK, CASES, wanted, got), CASES, wanted, got)
    assert "first [], then KeyError" in shown["text/plain"]


def test_what_is_not_a_number_twice_is_no_other_answer():
    """NaN is not equal to itself, and still it is the same answer."""
    first = Outcome(([math.nan, 1.0], [torch.tensor([math.nan, 2.0])]))
    again = Outcome(([math.nan, 1.0], [torch.tensor([math.nan, 2.0])]))
    other = Outcome(([math.nan, 2.0], [torch.tensor([math.nan, 2.0])]))
    assert steady([first], again) == [first]
    assert steady([first], other)[0].raised == AGAIN
    seen = Seen(CHECK, CASES[:1], [Outcome([1.0])], [first], lambda args: again)
    assert twice(seen) is None
    seen = Seen(CHECK, CASES[:1], [Outcome([1.0])], [first], lambda args: other)
    assert "Called again" in twice(seen)


def tripled(x):
    return 3 * x


def test_a_function_is_handed_over_by_its_name():
    """A case is data; where a parameter is a function by default, a name stands for one."""

    def applied(x, word="no function", f=tripled):
        return (f(x), word)

    found = [run(applied, args).value for args in ((2,), (2, "tripled", "len"))]
    assert found == [(6, "no function"), None]  # `len` is none of these functions
    assert run(applied, (2, "tripled", "tripled")).value == (6, "tripled")
    assert run(lambda x, f="tripled": f, (2, "tripled")).value == "tripled"
    assert run(max, ("a", "b")).value == "b"


def test_a_list_of_the_caller_s_own_tensors_is_the_argument_itself():
    pair = [torch.ones(2), torch.zeros(3)]
    for own in (list, lambda x: x, lambda x: [y.detach() for y in x]):
        assert run(own, (pair,)).own == (0,)
    for new in (lambda x: [y.clone() for y in x], lambda x: x[:1], lambda x: x[::-1]):
        assert run(new, (pair,)).own == ()
    assert run(list, ([],)).own == run(list, ([1, 2],)).own == ()


def test_two_mistakes_at_once_are_named_where_no_single_one_explains():
    cases = [CASES[1], CASES[2], Case("four numbers", ([9, 8, 7, 5],))]
    wanted = expected(SCREWS, cases)

    def found(**screws):
        got = [run(partial(scaled, **screws), case.args) for case in cases]
        return judge(SCREWS, cases, wanted, got).mistake

    assert found(by=3).name == "by three"
    both = found(by=3, plus=1)
    assert both.name == "by three, and plus one"
    assert both.hint == "Two things at once. First: By three? Second: One too many."
    assert found(plus=1, turned=True).name == "plus one, and backwards"
    assert found(by=3, plus=1, turned=True) is None  # three are too many


def spelled(numbers, each=str, take=list):
    """The numbers as texts, with screws: `each`, and which to `take`."""
    return [each(n) for n in take(numbers)]


def test_two_mistakes_that_only_fail_together_explain_no_error():
    more = Mistake("more", "One more.", partial(spelled, each=lambda n: n + 1))
    loud = Mistake(
        "loud", "So loud?", partial(spelled, take=lambda x: map("{}!".format, x))
    )
    last = Mistake("last", "Past the end.", partial(spelled, each=lambda n: [][n]))
    check = dataclasses.replace(CHECK, oracle=spelled, mistakes=(more, loud, last))
    cases = [CASES[1], CASES[2]]
    wanted = expected(check, cases)

    def found(answer):
        got = [run(answer, case.args) for case in cases]
        named = judge(check, cases, wanted, got, call=partial(run, answer)).mistake
        return named and named.name

    assert [found(mistake.answer) for mistake in check.mistakes] == [
        "more",
        "loud",
        "last",
    ]
    assert pairs(check)[0].name == "more, and loud"
    assert found(lambda numbers: [f"{n}" + 1 for n in numbers]) is None


def test_a_mistake_explains_an_error_only_by_the_same_reason():
    fails = Mistake("bytes", "Given to `bytes`?", lambda numbers: [bytes([257])])
    check = dataclasses.replace(CHECK, mistakes=(fails,))
    cases = [CASES[1], CASES[2]]
    wanted = expected(check, cases)
    for answer, named in (
        (lambda numbers: bytes(numbers and [300]), fails),
        (lambda numbers: int("a"), None),
        (lambda numbers: b"\xff".decode(), None),
    ):
        got = [run(answer, case.args) for case in cases]
        assert judge(check, cases, wanted, got).mistake == named


def test_a_pair_says_the_same_sentence_once():
    again = [dataclasses.replace(m, hint="Look again.") for m in SCREWS.mistakes]
    check = dataclasses.replace(SCREWS, mistakes=tuple(again))
    assert {pair.hint for pair in pairs(check)} == {"Look again."}


def test_an_answer_that_was_overwritten_is_told_as_that_alone():
    reused = [Outcome(raised=REUSED), Outcome(1)]
    assert steady(reused, Outcome(2)) == reused


def test_pairs_are_of_screws_that_can_be_turned_together():
    named = {mistake.name for mistake in pairs(SCREWS)}
    assert named == {
        "by three, and plus one",
        "by four, and plus one",
        "by three, and backwards",
        "by four, and backwards",
        "plus one, and backwards",
    }
    assert not pairs(CHECK)


def test_a_mistake_of_the_idea_is_named_though_an_edge_is_wrong_in_another_way():
    def two_slips(numbers):
        if 2.5 in numbers:
            return [1.25]
        return CHECK.mistakes[0].answer(numbers)

    found = verdict(two_slips)
    assert found.mistake.name == "rounds"
    one_idea = [CASES[1], CASES[4]]
    got = [run(two_slips, case.args) for case in one_idea]
    # Of one case alone it may be chance.
    check = dataclasses.replace(CHECK, oracle=lambda numbers: [n / 2 for n in numbers])
    assert judge(check, one_idea, expected(check, one_idea), got).mistake is None


def test_an_error_with_one_cause_is_explained_before_any_mistake_is_guessed():
    fails = Mistake("a TypeError", "Is it `~`?", lambda numbers: ~2.5)
    check = dataclasses.replace(CHECK, mistakes=(*CHECK.mistakes, fails))
    wanted = expected(check, CASES)

    def found(answer):
        got = [run(answer, case.args) for case in CASES]
        return judge(check, CASES, wanted, got, call=lambda args: run(answer, args))

    assert found(lambda numbers: ~1.5).mistake == fails
    shadowed = found(lambda numbers: numbers(0))
    assert shadowed.mistake is None and "what stands before" in shadowed.meant
    assert shadowed.remark is None  # one thing to do is enough


@pytest.mark.parametrize(
    ("answer", "only"),
    [
        (lambda ns: int("no"), "where there was something to refuse"),
        (lambda ns: ns and 1 / 0, "where there was nothing to do"),
        (
            lambda ns: [] if not ns else int("no"),
            "where there was nothing to do or something to refuse",
        ),
        (
            lambda ns: halves(ns) if "two" in ns or 2.5 in ns else [7.0],
            "where there was something to refuse",
        ),
    ],
)
def test_where_alone_it_is_right_is_said(answer, only):
    found = verdict(answer)
    assert found.points == 0
    assert f", but only {only}. Wrong on" in found.reason


def test_special_cases_alone_earn_nothing_and_are_called_so():
    cases = [CASES[1], edge("a large number, too", ([10**7],))]
    got = [run(lambda ns: halves(ns) if len(ns) == 1 else 1 / 0, c.args) for c in cases]
    found = judge(CHECK, cases, expected(CHECK, cases), got)
    assert found.points == 0
    assert (
        "Right in 1 of 2 cases, but only in special cases, which alone earn nothing."
        in found.reason
    )
    assert "but only" not in verdict(lambda ns: [n / 2 for n in ns]).reason


@pytest.mark.parametrize(
    ("want", "got", "why"),
    [
        (torch.tensor(0.05), torch.tensor(-0.25), "it is -0.25, not 0.05"),
        ("big:", "big", "it ends too early: after it ':' is missing"),
        ("big:", "big: ", "it should end before ' '"),
        (["big:"], ["big"], "at index 0 it ends too early: after it ':' is missing"),
        ("big:", "bag:", "from position 1 on it is 'ag:', not 'ig:'"),
        ([-1, 3], [None, 3], "it returned None at index 0, where an int is expected"),
        ([-1], None, "it returned None: is there a `return` at its end?"),
    ],
)
def test_a_single_number_an_end_and_a_none_are_told_plainly(want, got, why):
    assert difference(Outcome(want), Outcome(got), 1e-4, 1e-5) == why


def test_a_list_of_an_argument_s_dict_is_the_caller_s():
    args = ({"user": [90, 1], "assistant": [90, 2]}, [1])
    assert run(lambda table, ids: table["user"], args).own == (0,)
    assert run(lambda table, ids: [*table["user"]], args).own == ()
    assert run(lambda table, ids: table["user"] + ids, args).own == ()


def test_a_reason_ends_in_one_full_stop():
    def stops(numbers):
        raise KeyError("Got 1.")

    def asks(numbers):
        raise RuntimeError("Got 1-D.")

    for answer in (stops, asks, lambda ns: None):
        assert verdict(answer).reason[-2:] not in ("..", "?.")


def test_a_step_that_is_not_written_is_named():
    def merge(numbers):
        raise NotImplementedError

    def halves_with(numbers):
        return merge(numbers)

    check = dataclasses.replace(CHECK, after=("merge",))
    got = [run(halves_with, case.args) for case in CASES]
    found = judge(check, CASES, expected(check, CASES), got)
    assert found.reason == "`merge`, on which this step leans, is not written yet."


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda ns: None, "it returned None: is there a `return` at its end?"),
        (lambda ns: (n for n in ns), "a generator cannot be handed in"),
        (lambda ns: ValueError("no"), "returned a ValueError instead of raising it"),
        (lambda ns: ValueError, "returned ValueError instead of raising it"),
        (
            lambda ns: [np.ones(2)] * len(ns),
            "it returned a float64 array of shape (2,)",
        ),
        (lambda ns: np.ones(1, int), "it returned an int64 array of shape (1,), where"),
    ],
)
def test_an_unusable_answer_is_explained(answer, said):
    got = [run(answer, case.args) for case in CASES]
    wanted = expected(CHECK, CASES)
    found = judge(CHECK, CASES, wanted, got)
    assert said in found.reason
    assert said.split(":")[0] in panel.student(found, CASES, wanted, got)["text/plain"]


def test_an_endless_loop_is_interrupted(monkeypatch):
    def endless(numbers):
        while numbers:
            pass
        return []

    monkeypatch.setattr("autograder.verdict.outcome.SECONDS", 0.2)
    found = verdict(endless)
    assert "still running after 0.2 seconds" in found.reason
    assert found.points == 0
    assert verdict(halves).right  # and what comes next is not


def test_an_interrupt_that_python_drops_comes_again(monkeypatch):
    """Python drops what is raised in `__del__`, and that may run at any moment."""
    monkeypatch.setattr("autograder.verdict.outcome.SECONDS", 0.2)

    class Slow:
        def __del__(self):
            while True:
                pass

    def endless(numbers):
        Slow()
        while True:
            pass

    assert run(endless, ([],)).raised == "StillRunning"


def test_what_fails_while_an_object_is_cleared_away_is_not_printed(monkeypatch):
    class Last:
        def __del__(self):
            raise RecursionError

    told = []
    monkeypatch.setattr("sys.unraisablehook", told.append)
    assert run(lambda numbers: Last() and 1, ([],)).value == 1
    assert not told
    Last()
    assert told  # as before


def test_what_a_function_prints_is_shown_once_and_short(capsys):
    def chatty(numbers):
        for i in range(100):
            print("line", i)
        return []

    got = [run(chatty, case.args) for case in CASES]
    wanted = expected(CHECK, CASES)
    shown = panel.student(judge(CHECK, CASES, wanted, got), CASES, wanted, got)
    text = shown["text/plain"]
    assert "line 11" in text
    assert "line 12" not in text
    assert text.count("line 1\n") == 1
    assert not capsys.readouterr().out


@pytest.mark.parametrize(
    "forged",
    [
        Outcome({"271828": 1}),
        Outcome(271828),
        Outcome([271828]),
        Outcome(raised="StillRunning", message="271828"),
        Outcome(raised="unusable answer", message="271828"),
        Outcome(raised="KeyError", message="271828", trace="halves, line 1: 271828"),
    ],
)
def test_a_hidden_input_cannot_be_smuggled_into_the_reason(forged):
    wanted = [Outcome(value) for value in ([1.0], [1], {}, 1)]
    told = [difference(want, forged, 0, 0) for want in wanted]
    assert any("271828" in said for said in told)  # a student at home is told
    for want in wanted:
        said = difference(want, forged, 0, 0, hidden=True)
        assert said
        assert "271828" not in said


SPELLED = (27, 18, 28, 18)  # a hidden input, which the reason is made to tell


@pytest.mark.parametrize(
    ("want", "forged"),
    [
        (1.0, Outcome(raised="27_18_28_18")),
        (1.0, Outcome(raised="<b>27</b>\ud800")),
        (torch.ones(2, 3), Outcome(torch.ones(SPELLED[:3]))),
        (torch.ones(2, 3), Outcome(torch.ones(27, 0, 18, 0))),
        (torch.ones(2, 3), Outcome(torch.ones([2, 2, 3, 2, 3, 3, 3, 2, 3, 2]))),
        (np.ones(2), Outcome(np.ones(2718))),
        ({}, Outcome(dict.fromkeys(range(2718)))),
        ({"a": 1}, Outcome({"a": 1} | dict.fromkeys(range(2718)))),
        ([1.0], Outcome([1.0] * 2718)),
        (1.0, Outcome(1.0, changed=(18, 27, 28))),
        ("27", Outcome("18")),
        (27, Outcome(18)),
        ({27: 1}, Outcome({27.0: 1})),
    ],
)
def test_a_reason_cannot_be_made_to_spell_a_hidden_input(want, forged):
    said = difference(Outcome(want), forged, 0, 0, hidden=True)
    assert said
    assert said.encode()
    assert len(said) < 100
    for secret in ("27", "28", "18", "2, 2"):
        assert secret not in said


def test_the_number_of_answers_spells_nothing_either():
    wanted = expected(CHECK, CASES)
    assert "many" in judge(CHECK, CASES, wanted, wanted * 679).reason
    assert "2716" not in judge(CHECK, CASES, wanted, wanted * 679).reason
    assert "few" in judge(CHECK, CASES, wanted, []).reason


def test_an_honest_shape_and_error_are_told_all_the_same():
    """What comes of a forgotten transpose, axis or keepdim, and Python's own errors."""
    want = Outcome(torch.ones(2, 3))
    for shape in ((3, 2), (2,), (2, 1), (2, 3, 3), (1, 2, 3), ()):
        said = difference(want, Outcome(torch.ones(shape)), 0, 0, hidden=True)
        assert said == f"its shape is {shape}, where (2, 3) is expected"
    said = difference(want, Outcome(raised="IndexError"), 0, 0, hidden=True)
    assert said == "it raised an IndexError"
    said = difference(want, Outcome(raised="LinAlgError"), 0, 0, hidden=True)
    assert said == "it raised an error"


def test_a_changed_argument_is_named_by_its_place():
    for changed, which in (
        ((0,), "first argument, which is"),
        ((1, 3), "second and fourth arguments, which are"),
        ((7,), "last argument, which is"),
    ):
        said = difference(Outcome(1), Outcome(1, changed=changed), 0, 0)
        assert said == f"it changed its {which} the caller's"
    said = difference(Outcome(1), Outcome(1, changed=(1, 3)), 0, 0, hidden=True)
    assert said == "it changed its second argument, which is the caller's"
    # Where the oracle changes one too, that one is not blamed.
    said = difference(Outcome(1, changed=(0,)), Outcome(1, changed=(0, 1)), 0, 0)
    assert said == "it changed its second argument, which is the caller's"


def test_no_cases_no_points():
    assert judge(CHECK, [], [], []).points == 0
    assert not judge(CHECK, [], [], []).right


def test_an_error_with_a_long_name_costs_its_own_case_only():
    long = type("E" * 99, (Exception,), {})

    def odd(numbers):
        if not numbers:
            raise long
        return halves(numbers)

    assert 0 < verdict(odd).points < 4


def test_an_argument_that_is_changed_hides_no_mistake_in_the_numbers():
    cases = [CASES[1], CASES[2], Case("four numbers", ([9, 8, 7, 5],))]
    wanted = expected(SCREWS, cases)

    def answer(numbers):
        got = scaled(numbers, by=3)
        numbers.append(0)
        return got

    found = judge(SCREWS, cases, wanted, [run(answer, case.args) for case in cases])
    assert found.mistake.name == "by three"
    assert found.remark.startswith("Besides, `numbers` itself is changed on the way")


def test_an_error_inside_an_earlier_step_is_told_by_the_line_that_calls_it():
    check = dataclasses.replace(CHECK, mistakes=(), after=("inner",))
    wanted = expected(check, CASES)
    message = "unsupported operand type(s) for -: 'list' and 'list'"

    def told(*trace, hidden=False):
        failed = Outcome(raised="TypeError", message=message, trace="\n".join(trace))
        got = [failed for _ in CASES]
        return judge(check, CASES, wanted, got, hidden=hidden).meant

    outer, inner = "f, line 3:  y = inner(x)", "inner, line 2:  return x - x"
    said = "The error came up in `inner`, which line 3 calls: `y = inner(x)`."
    assert told(outer, inner).startswith(said)
    assert "came up" not in told(outer) + told(inner, outer) + told(inner)
    assert "came up" not in told(outer, inner, hidden=True)


def test_of_none_that_an_earlier_step_is_handed_the_line_is_told():
    cell = "def f(x):\n    before = None\n    return inner(before, x)"
    trace = "f, line 3:  return inner(before, x)\ninner, line 2:  n = len(read)"
    message = "object of type 'NoneType' has no len()"
    failed = Outcome(raised="TypeError", message=message, trace=trace)
    for line, said in (("None", True), ("[]", False)):
        (function,) = ast.parse(cell.replace("None", line)).body
        told = causes.handed_none(function, failed)
        assert (told or "").startswith("Line 2 makes `before` None") == said
    assert causes.handed_none(function, dataclasses.replace(failed, message="")) is None


def test_of_no_mistake_nothing_is_told_besides():
    cases = [CASES[1], CASES[2], Case("four numbers", ([9, 8, 7, 5],))]

    def answer(numbers):
        numbers.append(0)
        return [7, *numbers, 7.5]

    wanted = expected(SCREWS, cases)
    found = judge(SCREWS, cases, wanted, [run(answer, case.args) for case in cases])
    assert not found.mistake and "Besides" not in (found.remark or "")
