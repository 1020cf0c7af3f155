"""Is the place of a slip found, and no place told where no small change is enough?"""

import itertools
from dataclasses import replace
from functools import partial

import pytest
import torch

from autograder.checks import Case, Check
from autograder.verdict import panel, repair, source
from autograder.verdict.changes import changes
from autograder.verdict.judge import expected, judge
from autograder.verdict.outcome import run, run_all

RIGHT = """
def scaled(x, w):
    if not w:
        raise ValueError("w")
    mean = x.mean(-1, keepdim=True)
    return (x - mean) / 2 ** (w / 3) @ x.mT
"""


def made(cell, name):
    """The function that a cell defines."""
    names = {"torch": torch}
    exec(cell, names)  # noqa: S102 - ours
    return names[name]


scaled = made(RIGHT, "scaled")
CASES = [
    (torch.tensor([[1.0, 5.0, 2.0], [4.0, 4.0, 9.0]]), 2),
    (torch.tensor([[3.0, 7.0], [8.0, 1.0], [0.0, 4.0]]), 5),
    (torch.ones(1, 2), 0),
]
CHECK = Check("scaled", 1, list, scaled, ())


def told(cell, oracle=scaled, cases=CASES):
    function = made(cell, oracle.__name__)
    written = source.of([(1, cell)], oracle.__name__)
    written = replace(written, space=function.__globals__)
    check = replace(CHECK, name=oracle.__name__, oracle=oracle)
    asked = [Case(f"case {i}", args) for i, args in enumerate(cases)]
    wanted = expected(check, asked)
    call = partial(run, function)
    got = run_all(function, cases)
    return judge(check, asked, wanted, got, call=call, written=written).remark or ""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2 ** (w / 3)", "2 ** w / 3", "look at the brackets."),
        ("x - mean", "x + mean", "`x + mean`: look at the operator."),
        ("x - mean", "mean - x", "which of the two comes first?"),
        ("mean(-1", "mean(-2", "`x.mean(-2, keepdim=True)`: look at the axis."),
        (", keepdim=True", "", "it takes an axis away. Is that axis still"),
        ("keepdim=True", "keepdim=False", "look at `keepdim`."),
        ("@ x.mT", "@ x", "transposed?"),
        ("/ 3", "/ 4", "look at the number 4."),
        ("@ x.mT", "@ mean.mT", "is `mean` the right name there?"),
        ("@ x.mT", "@ x.mT * 2", "is that operation needed?"),
        ("(x - mean)", "-(x - mean)", "look at what stands before it"),
    ],
)
def test_the_place_of_one_slip_is_told_and_what_to_look_at(old, new, said):
    assert old in RIGHT
    found = told(RIGHT.replace(old, new))
    assert "One small change would make its answers right. It is in line" in found
    assert said in found
    assert new not in RIGHT or old not in found  # it is not given away


def rolled(x, n):
    return x.roll(-1, 1) * n


def test_the_first_number_of_roll_is_no_axis():
    cases = [(torch.arange(12.0).view(3, 4), 2), (torch.arange(8.0).view(2, 4), 3)]
    for args, said in (
        ("1, 1", "how far does it move, and which way?"),
        ("-1, 0", "look at the axis."),
    ):
        cell = f"def rolled(x, n):\n    return x.roll({args}) * n"
        assert said in told(cell, rolled, cases)


def joined(ids, n):
    if n < 0 or n > 9:
        raise ValueError("n")
    return [i for i in range(len(ids)) if ids[i] >= n and i < len(ids) - 1]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "[i for i in range(len(ids)) if ids[i] > n and i < len(ids) - 1]",
            "comparison",
        ),
        ("[i for i in range(len(ids)) if ids[i] >= n or i < len(ids) - 1]", "`or`?"),
        (
            "[i for i in range(1, len(ids)) if ids[i] >= n and i < len(ids) - 1]",
            "where does it begin",
        ),
    ],
)
def test_so_it_is_of_lists(body, said):
    cases = [([3, 1, 4, 1, 5], 3), ([2, 7, 1, 8, 2, 8], 2), ([1, 6, 1], 1), ([9, 9], 9)]
    found = told(f"def joined(ids, n):\n    return {body}", joined, cases)
    assert "line 2" in found and said in found


def test_nothing_is_told_where_no_small_change_is_enough():
    two = RIGHT.replace("x - mean", "x + mean").replace("/ 3", "/ 4")
    assert "small change" not in told(two)
    assert "small change" not in told("def scaled(x, w):\n    return x")


def test_nothing_is_tried_where_it_could_not_be_interrupted(monkeypatch):
    slip = RIGHT.replace("x - mean", "x + mean")
    assert "small change" in told(slip)
    monkeypatch.delattr("signal.setitimer")
    assert "small change" not in told(slip)


def test_answers_are_not_said_to_become_right_where_a_refusal_is_missing():
    """What is shown is the refusal, and the change would not bring it."""
    cases = [([], 1), ([3, 4], 2), ([5], 1)]

    def summed(ids, n):
        if not ids:
            raise ValueError("no id")
        return sum(ids) * n

    slip = "def summed(ids, n):\n    if n == 2:\n        {}\n    return sum(ids) * n"
    for line in ("n = 3", "raise TypeError"):
        found = told(slip.format(line), summed, cases)
        assert "small change" not in found
        found = told(slip.format(line), summed, cases[1:])
        assert "small change" in found


def test_a_condition_that_is_not_needed_at_all_is_told_as_that():
    cases = [([3, 4], 0), ([3, 4, 5], 1), ([5], 2), ([], 0)]

    def summed(ids, n):
        return sum(ids) * n

    for test in ("n == 0", "n <= 0"):
        body = f"    if {test}:\n        return 7\n    return sum(ids) * n"
        found = told(f"def summed(ids, n):\n{body}", summed, cases)
        assert f"`if {test}: ...`: is that line needed?" in found


def test_changes_are_tried_for_so_many_seconds_and_no_longer(monkeypatch):
    function, tried = source.of([(1, RIGHT)], "scaled").function, []
    clock = itertools.count()
    monkeypatch.setattr(repair.time, "process_time", lambda: next(clock) / 10)
    assert repair.place(function, {"torch": torch}, tried.append, 0.45) is None
    assert len(tried) == 4


def test_no_change_is_told_where_no_value_is_wrong():
    """Another error, or an argument that is changed: its place would be no help."""
    assert "small change" not in told(RIGHT.replace("ValueError", "TypeError"))
    written = RIGHT.replace("    return", "    x += 0 * w + 1\n    x -= 1\n    return")
    assert "small change" not in told(written)


MERGE = """
def merge(ids, pair, new_id):
    out, i = [], 0
    while i < len(ids):
        if tuple(ids[i : i + 2]) == pair:
            out.append(new_id)
            i += 2
        else:
            out.append(ids[i])
            i += 1
    return out
"""
merge = made(MERGE, "merge")
MERGED = [([1, 2, 3, 1, 2, 1], (1, 2), 9), ([5, 5, 5], (5, 5), 8), ([4], (1, 2), 7)]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("append(ids[i])", "append(i)", "`i` is a place. Is the item at that place"),
        ("append(ids[i])", "append(ids[i - 1])", "look at the"),
        ("append(new_id)", "append(ids[i])", "is that the right value there?"),
        ("len(ids)", "min(ids)", "is `min` the right function there?"),
        ("    while", "    ids = [*ids[:-1]]\n    while", "is that line needed?"),
        ("return out", "return out[:-1]", "is that slice needed?"),
        ("return out", "return sorted(out)", "is `sorted` needed?"),
        ("== pair", "!= pair", "look at the comparison."),
    ],
)
def test_lines_calls_and_slices_too_many_are_found(old, new, said):
    assert said in told(MERGE.replace(old, new), merge, MERGED)


FLAT = """
def flat(rows, n):
    out = []
    for row in rows:
        for x in row:
            out.append(x)
            n += 1
        out.append(n)
    return [*out, n]
"""
flat = made(FLAT, "flat")
ROWS = [([[1, 2], [3, 4, 5]], 0), ([[7, 8, 9]], 2), ([], 5)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("        out.append(n)", "            out.append(n)"),
        ("        out.append(n)", "    out.append(n)"),
    ],
)
def test_a_line_too_far_in_or_out_is_found(old, new):
    found = told(FLAT.replace(old, new), flat, ROWS)
    assert "line 7, `out.append(n)`: how far in should it stand?" in found


JOINED = """
def joined_at(text, names):
    out, i = [], 0
    while i < len(text):
        for name in names:
            if text.startswith(name, i):
                out.append(name)
                i += len(name)
                break
        else:
            out.append(text[i])
            i += 1
    return out
"""
joined_at = made(JOINED, "joined_at")
TEXTS = [("abxyab", ["xy"]), ("xyxyaxy", ["xy", "a"]), ("", []), ("bb", ["b"])]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("(name, i)", "(name)", "where does `.startswith` begin to look?"),
        ("                break\n", "", "should the loop go on after that?"),
    ],
)
def test_where_a_search_begins_and_a_loop_ends(old, new, said):
    assert said in told(JOINED.replace(old, new), joined_at, TEXTS)


def test_a_name_in_a_condition_is_not_asked_about():
    """There any other name may make it right by luck."""
    cell = "def f(a, b):\n    if a:\n        return b\n    return [a for c in b if c]"
    tried = [c for c in changes(source.of([(1, cell)], "f").function) if "name" in c[2]]
    assert {(node.id, node.lineno) for node, *_ in tried} == {
        *(("b", 3), ("a", 4), ("b", 4)),
    }


def test_where_nothing_is_known_it_is_said_what_to_do_next():
    """With the right values on the way, to compare with those; without, by hand."""

    def odd(x):
        return [i * i % 7 + 1 for i in x]

    cases = [([3, 1, 4],), ([2, 7],)]
    asked = [Case("a", args) for args in cases]
    check = replace(CHECK, name="odd", oracle=odd)
    got = run_all(lambda x: [i**3 % 11 + 9 for i in x], cases)
    wanted = expected(check, asked)
    verdict = replace(judge(check, asked, wanted, got), remark=None)
    for worked, said in (
        (lambda x: {"squares": [i * i for i in x]}, "right values on the way stand"),
        (None, "Work the case below out by hand"),
    ):
        shown = panel.student(verdict, asked, wanted, got, worked)["text/plain"]
        assert said in shown
        told = panel.student(
            replace(verdict, remark="So."), asked, wanted, got, worked
        )["text/plain"]
        assert said not in told
    assert "Work the case" not in panel.feedback(verdict)["text/plain"]
