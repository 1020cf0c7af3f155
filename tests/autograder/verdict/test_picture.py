"""What a student sees of a wrong tensor: both of them, and where they differ."""

import math
import re

import numpy as np
import pytest
import torch

from autograder.checks import Case, Check, Mistake
from autograder.verdict import panel, picture
from autograder.verdict.judge import expected, judge
from autograder.verdict.outcome import Outcome, run

GOOD = torch.tensor([[1.0, 0.0], [0.5, 0.5]])
BAD = torch.tensor([[1.0, 0.0], [0.25, 0.75]])


def frames(html: str) -> int:
    return html.count('stroke="#c9500a"')


def test_both_matrices_are_shown_and_what_is_wrong_is_marked():
    html, text = picture.pair(GOOD, BAD, 1e-4, 1e-5)
    assert text.splitlines() == [
        "  expected (2, 2)    got (2, 2)",
        "     1     0            1     0",
        "  0.50  0.50         0.25* 0.75*",
    ]
    assert html.count("<svg") == 2 and html.count("<rect") == 8
    assert frames(html) == 2
    assert 'aria-label="expected (2, 2)"' in html
    assert "[1, 0] 0.25" in html


def test_numbers_that_differ_are_shown_with_the_digits_that_tell_them_apart():
    want, got = (
        torch.tensor([0.03324, -0.4692, 1.0]),
        torch.tensor([0.03281, -0.4741, 1]),
    )
    html, text = picture.pair(want, got, 1e-4, 1e-5)
    assert text.splitlines()[1].split() == (
        ["0.0332", "-0.469", "1", "0.0328*", "-0.474*", "1"]
    )
    assert ">0.0332<" in html and ">0.0328<" in html
    near = torch.tensor([1000.5])
    text = picture.pair(near, near + 0.25, 1e-7, 1e-7)[1]
    assert text.splitlines()[1].split() == ["1000", "1001*"]


def test_equal_matrices_have_no_mark():
    html, text = picture.pair(GOOD, GOOD.clone(), 1e-4, 1e-5)
    assert frames(html) == 0 and "*" not in text


def test_other_shapes_are_shown_without_marks():
    html, text = picture.pair(GOOD, torch.ones(3), 1e-4, 1e-5)
    assert "expected (2, 2)" in text and "got (3,)" in text
    assert frames(html) == 0 and html.count("<rect") == 7


def test_of_many_matrices_the_first_wrong_one_is_shown():
    want = torch.zeros(2, 3, 4, 4)
    got = want.clone()
    got[1, 2, 3, 0] = 1
    html, text = picture.pair(want, got, 1e-4, 1e-5)
    assert "the part [1, 2]" in text and "the part [1, 2]" in html
    assert frames(html) == 1 and text.count("*") == 1


def test_of_a_large_matrix_the_place_of_the_first_difference_is_shown():
    want = np.zeros((50, 60))
    got = want.copy()
    got[30, 59] = 1
    html, text = picture.pair(want, got, 1e-4, 1e-5)
    assert "rows 28 to 39" in text and "columns 48 to 59" in text
    assert html.count("<rect") == 2 * picture.SIDE**2
    assert frames(html) == 1


@pytest.mark.parametrize(
    "value",
    [
        torch.tensor([[float("nan"), float("inf")], [-float("inf"), 1e30]]),
        torch.tensor([[True, False], [False, True]]),
        torch.tensor([[1, 2], [3, 40_000]]),
        np.array([[1.5, 2.0], [1e-9, -123.4]], np.float32),
    ],
)
def test_every_kind_of_number_can_be_drawn(value):
    html, text = picture.pair(value, GOOD, 1e-4, 1e-5)
    assert html.count("<svg") == 2
    assert not re.search(r"nan|inf(?!o)", re.sub("<title>.*?</title>", "", html))
    assert text


def shown(wanted, got):
    check = Check("step", 2, lambda rng: [], lambda x: wanted, ())
    case = [Case("a case", (GOOD, torch.zeros(9, 9), {"w": GOOD}, [GOOD], 3))]
    outcomes = [Outcome(wanted)], [got]
    verdict = judge(check, case, *outcomes)
    return panel.student(verdict, case, *outcomes)


def test_the_panel_shows_the_picture_and_the_arguments_in_a_line():
    seen = shown(GOOD, Outcome(BAD))
    assert "<svg" in seen["text/html"]
    assert "0.25*" in seen["text/plain"]
    lines = seen["text/plain"].splitlines()
    first = lines.index("step(")
    assert lines[first : first + 7] == [
        "step(",
        "    [[1.0, 0.0], [0.5, 0.5]],",
        "    float32 tensor of shape (9, 9),",
        "    a dict of 1 tensor,",
        "    [[[1.0, 0.0], [0.5, 0.5]]],",
        "    3,",
        ")",
    ]


def test_a_known_error_gets_a_tutor_s_words_and_an_unwritten_step_is_no_error():
    def shape(x):
        return x ^ 2

    seen = shown(GOOD, run(shape, (GOOD,)))["text/plain"]
    assert "Not written" not in seen
    assert "In Python `^` is not a power" in seen
    assert "shape, line" in seen
    for wrong, words in (
        (lambda x: 1 if x > 0 else 2, "An `if` or `while` needs one answer"),
        (lambda x: math.sqrt(x), "A function of `math` takes one, and so do"),
        (lambda x: x + torch.ones(3), "Two shapes do not fit together"),
        (lambda x: x @ torch.ones(3, 3), "In `a @ b` the last axis"),
    ):
        assert words in shown(GOOD, run(wrong, (GOOD,)))["text/plain"]
    html = panel._prose("Mask the **scores**, `**` is a power")
    assert html == "Mask the <strong>scores</strong>, <code>**</code> is a power"

    def unwritten(x):
        raise NotImplementedError()

    assert "Not written yet" in shown(GOOD, run(unwritten, (GOOD,)))["text/plain"]


def test_arguments_and_numbers_are_written_as_short_as_they_are_told_apart():
    assert panel._argument(torch.tensor([1.7, -0.1])) == "[1.7, -0.1]"
    assert panel._argument(torch.tensor(2.6)) == "2.6"
    assert panel._argument(torch.tensor([0.9]) * 0.4) == "[0.36]"
    assert (
        panel._argument(torch.tensor([0.7881931, 1e9])) == "[0.7881931, 1000000000.0]"
    )
    assert panel._argument(torch.tensor([torch.inf, 0.0])) == "[inf, 0.0]"
    assert panel._argument(np.array([[True, False]])) == "[[True, False]]"
    _, text = picture.pair(torch.tensor([0.00497]), torch.tensor([0.00541]), 0, 0)
    assert "0.005 " in text and "0.0054*" in text


def test_where_the_kind_is_wrong_nobody_is_sent_to_work_by_hand():
    for value in (None, 3, ["a"]):
        assert "it returned" in shown(GOOD, Outcome(value))["text/plain"]
        assert "by hand" not in shown(GOOD, Outcome(value))["text/plain"]


def test_the_way_to_an_answer_is_shown_where_no_mistake_explains_it():
    """Of the smallest case that is wrong, and not beside a hint or a refusal."""
    half = Mistake("half", "Only half of it.", lambda a, b: a * b / 2)
    check = Check(
        "area",
        2,
        lambda rng: [],
        lambda a, b: a * b,
        (half, half),
        worked=lambda a, b: {"rows": b, "a third": a / 3, "each": torch.full((2,), a)},
    )
    cases = [Case("two by three", (2.0, 3)), Case("large", (70.0, 9))]
    wanted = expected(check, cases)

    def text(answer):
        got = [run(answer, case.args) for case in cases]
        verdict = judge(check, cases, wanted, got)
        return panel.student(verdict, cases, wanted, got, check.worked)["text/plain"]

    assert text(lambda a, b: a + b + 7).splitlines()[-4:] == [
        "  the right values on the way to it",
        "    rows     3",
        "    a third  0.6667",
        "    each     [2, 2]",
    ]
    assert "on the way" not in text(half.answer)
    assert "on the way" not in text(check.oracle)
    assert "    a third  23.33" in text(lambda a, b: a * b if a < 9 else 0.0)


@pytest.mark.parametrize(
    ("got", "off"),
    [
        (GOOD + 1, True),
        (GOOD[:1], True),
        (GOOD[None], False),
        (GOOD.double(), False),
        (GOOD.tolist(), False),
        (None, False),
        (GOOD.mT, True),
    ],
)
def test_the_way_is_shown_where_the_numbers_are_wrong_and_not_what_they_come_in(
    got, off
):
    assert panel._is_off(Outcome(GOOD), Outcome(got)) == off
    assert not panel._is_off(Outcome(GOOD), Outcome(raised="KeyError"))  # it says more
    assert not panel._is_off(Outcome(raised="ValueError"), Outcome(got))
    assert not panel._is_off(Outcome(GOOD), Outcome(GOOD, changed=(0,)))


def test_an_error_stands_beside_the_tensor_in_a_line():
    seen = shown(GOOD, run(lambda: 1 / 0, ()))["text/plain"]
    assert "  expected  [[1.0, 0.0], [0.5, 0.5]]\n  got       an error: Zero" in seen


def test_what_is_alike_of_two_tensors_is_not_said():
    assert "expected  a" not in shown(GOOD, Outcome(BAD))["text/plain"]
    assert "got       a float64" in shown(GOOD, Outcome(BAD.double()))["text/plain"]


def test_of_several_tensors_the_wrong_one_is_shown():
    seen = shown((GOOD, GOOD), Outcome((GOOD, BAD)))
    assert "of what is given back, at index 1:" in seen["text/plain"]
    assert "<svg" in seen["text/html"]
    assert "0.25*" in seen["text/plain"]
    deep = shown((GOOD, (GOOD, GOOD)), Outcome((GOOD, (GOOD, BAD))))["text/plain"]
    assert "of what is given back, at [1][1]:" in deep and "0.25*" in deep
    for other in ((GOOD, BAD, GOOD), (GOOD, (GOOD, "a")), (BAD, GOOD), GOOD):
        assert (
            "given back, at"
            not in shown((GOOD, (GOOD, GOOD)), Outcome(other))["text/plain"]
        )
    pair = "(a (2, 2) tensor, (a (2, 2) tensor, a (2, 2) tensor))"
    one = shown((GOOD, (GOOD, GOOD)), Outcome((GOOD, GOOD * 1.5)))["text/plain"]
    assert f"  expected  {pair}\n  got       (a (2, 2) tensor, a (2, 2) tensor)" in one
    none = shown((GOOD, (GOOD, GOOD)), run(lambda: 1 / 0, ()))["text/plain"]
    assert f"  expected  {pair}\n" in none
    as_list = shown((GOOD, GOOD), Outcome([GOOD, BAD]))["text/plain"]
    assert "number 2" not in as_list  # it is no tuple


def test_values_on_the_way_are_short():
    assert panel._rounded(torch.ones(5, 5).double()).startswith("float32 tensor of")
    assert panel._rounded(0.35999998) == "0.36"
    assert panel._rounded(torch.tensor([0.35999998, 1.0])) == "[0.36, 1]"
    assert panel._rounded([1, 2]) == "[1, 2]"
    assert panel._rounded(torch.ones(5, 5)) == "float32 tensor of shape (5, 5)"
    assert panel._on_the_way({}) == ""


def test_where_nothing_can_be_drawn_there_is_no_picture():
    for got in (Outcome("text"), Outcome(torch.zeros(0)), run(lambda: 1 / 0, ())):
        assert "<svg" not in shown(GOOD, got)["text/html"]


def test_a_grader_s_feedback_shows_no_picture():
    hint = "A hint that is long enough to be one, with no code in it at all."
    mistake = Mistake("wrong", hint, lambda x: BAD)
    check = Check("step", 2, lambda rng: [], lambda x: GOOD, (mistake,))
    case = [Case("a case", (GOOD,))]
    verdict = judge(check, case, [Outcome(GOOD)], [Outcome(BAD)], hidden=True)
    seen = panel.feedback(verdict)
    assert "<svg" not in seen["text/html"]
    assert "0.25" not in seen["text/plain"] + seen["text/html"]
