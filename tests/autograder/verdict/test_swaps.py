"""Are likely slips found that are more than an operator: a word, an axis, an `else`?"""

import pytest
import torch

from autograder.checks import Mistake
from autograder.verdict import repair
from autograder.verdict.changes import changes
from autograder.verdict.judge import expected, judge
from tests.autograder.verdict import test_repair as by

SQUARE = torch.tensor([[1.0, 5.0, 2.0], [4.0, 4.0, 9.0], [0.0, 3.0, 1.0]])
WIDE = torch.tensor([[[1.0, 5.0], [2.0, 7.0], [4.0, 3.0]]] * 2) ** torch.tensor(2.0)
MATRICES = [(SQUARE,), (SQUARE.mT * 0.5,)]
TEXTS = [(SQUARE[:2],), (SQUARE[:2].mT,), (WIDE,)]
LISTS = [([3, 0, 4, 0, 0, 7],), ([0, 5],), ([9, 9, 9],), ([2, 0],)]

# what is asked; one slip in it; the inputs; what is said of it
SLIPS = [
    ("x.exp() - 1 * x", ("exp", "expm1"), MATRICES, "is `expm1` the right function"),
    ("x.cumsum(0)", ("cumsum", "cumprod"), MATRICES, "is `cumprod` the right function"),
    (
        "x / x.sum(-1, keepdim=True)",
        ("sum(-1, keepdim=True)", "cumsum(-1)"),
        MATRICES,
        "is `cumsum` the right function there?",
    ),
    ("x.tril()", ("tril", "triu"), MATRICES, "is `triu` the right function there?"),
    ("x.triu(1)", ("triu(1)", "triu()"), MATRICES, "does the diagonal belong to it?"),
    (
        "torch.stack(x.chunk(x.shape[-1], dim=-1))",
        (", dim=-1", ""),
        [(SQUARE[:, :2],), (torch.ones(4, 3),)],
        "along which axis? None is named",
    ),
    (
        "x - x.mean(-1, keepdim=True)",
        ("mean(-1, keepdim=True)", "mean()"),
        MATRICES,
        "along which axis? None is named, so it is over all numbers.",
    ),
    (
        "x / x.abs().amax()",
        ("x.abs().amax()", "(x.abs().amax() + 1e-8)"),
        [(1e-9 * SQUARE,), (SQUARE,)],
        "is 1e-08 needed?",
    ),
    ("x * 2", ("x * 2", "(x * 2).transpose(0, 1)"), MATRICES, "`.transpose` needed?"),
    (
        "x / x.shape[-1]",
        ("[-1]", "[1]"),
        TEXTS,
        "which axis is that in one text, and which in a batch?",
    ),
    (
        "torch.stack([x[..., h * 2 : h * 2 + 2] for h in range(x.shape[-1] // 2)])",
        ("h * 2 : h * 2 + 2", "h : h + 2"),
        [(torch.arange(12.0).reshape(2, 6),), (torch.ones(3, 4).cumsum(-1),)],
        "where does each slice begin?",
    ),
    (
        "x / torch.sqrt(x.sum())",
        ("x / torch.sqrt(x.sum())", "torch.sqrt(x / x.sum())"),
        MATRICES,
        "how far do the round brackets reach?",
    ),
    (
        "x / torch.arange(1, len(x) + 1)[:, None]",
        ("[:, None]", ""),
        MATRICES,
        "does it need one more axis to meet the other?",
    ),
    (
        "(x + torch.triu(x * 0 - 3e38, 1)).softmax(-1)",
        ("3e38", "1e4"),
        [(SQUARE,), (SQUARE - 1e30 * torch.eye(3),)],
        "is 10000 beyond all that may come in? Only ∞ is.",
    ),
    ("[min(i, 4) for i in x]", ("min(i, 4)", "min(min(i, 4), 3)"), LISTS, "limit need"),
    ("[i // 2 + 128 for i in x]", ("128", "256"), LISTS, "look at the number 256."),
    ("[[i] for i in range(1, len(x))]", ("1, ", ""), LISTS, "where does it begin"),
]


@pytest.mark.parametrize(("right", "slip", "cases", "said"), SLIPS)
def test_a_word_an_axis_a_bound_in_place_of_another_is_found(right, slip, cases, said):
    cell = f"def f(x):\n    return {right}"
    assert right.replace(*slip) != right
    assert said in by.told(cell.replace(*slip), by.made(cell, "f"), cases)


LOOP = """
def f(x):
    found, before = [], None
    for i in x:
        if before is not None:
            found.append(before)
        if i == 4:
            found.append(i)
        else:
            found.append(0)
        before = i
    return found
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "before is not None",
            "before",
            "where `before` is 0 or empty it counts as false there.",
        ),
        ("else:\n            found", "found", ""),
        (
            "        before = i",
            "        before = i\n        if i == 0:\n            break",
            "it ends the loop there. What becomes of the rest?",
        ),
        (
            "        before = i",
            "        if i < 2:\n            continue\n        before = i",
            "it ends the round there. What becomes of the rest?",
        ),
    ],
)
def test_a_zero_that_is_false_and_a_round_that_ends_too_early_are_found(old, new, said):
    assert old in LOOP
    told = by.told(LOOP.replace(old, new), by.made(LOOP, "f"), LISTS)
    assert said in told, told


def test_what_lacks_an_else_is_found():
    cell = """
def f(x):
    found, i = [], 0
    while i < len(x):
        if x[i] == 0:
            found.append(1)
            i += 1
        else:
            found.append(x[i])
            i += 1
    return found
"""
    wrong = cell.replace("        else:\n            found", "        found")
    wrong = wrong.replace(
        "            i += 1\n    return", "        i += 1\n    return"
    )
    told = by.told(wrong, by.made(cell, "f"), LISTS)
    assert "`if x[i] == 0: ...`: what stands below it is done in either case." in told


def test_a_change_leaves_what_is_refused_rightly():
    """Without the `if` all values would be right, and nothing would be refused."""
    right = "def f(x):\n    if len(x) > 3:\n        raise ValueError('x')\n"
    wrong = "def f(x):\n    if x[0] > 8:\n        raise ValueError('x')\n"
    oracle = by.made(f"{right}    return [i + 1 for i in x]", "f")
    wrong += "    return [i + 1 for i in x]"
    values, refused = [([1, 2, 3],), ([29],)], ([29, 4, 4, 4],)
    assert "is that line needed?" in by.told(wrong, oracle, values)
    assert "is that line needed?" not in by.told(wrong, oracle, [*values, refused])


def test_what_one_change_proves_comes_before_the_guess_that_an_error_is():
    """`>` for `>=`: the same error as that of a mistake which was not made."""
    right = "def f(x):\n    return [1 / i if i >= 1 else 0 for i in x]"
    guessed = Mistake(
        "guessed", "Do you divide by all of it, and is nothing left?", None
    )
    wrong = right.replace(">= 1", ">= 0")
    oracle = by.made(right, "f")
    check = by.replace(by.CHECK, name="f", oracle=oracle)
    hint = by.replace(guessed, answer=lambda x: [1 / i for i in x])
    check = by.replace(check, mistakes=(hint,))
    asked = [by.Case("a", args) for args in LISTS[:2]]
    function = by.made(wrong, "f")
    written = by.replace(by.source.of([(1, wrong)], "f"), space=function.__globals__)
    got = by.run_all(function, LISTS[:2])
    seen = judge(check, asked, expected(check, asked), got, written=written)
    assert seen.mistake is None and "`i >= 0`" in seen.remark and seen.meant is None
    blind = judge(check, asked, expected(check, asked), got)
    assert blind.mistake is hint
    told = by.replace(hint, hint="You divide by 0, which no number is.")
    check = by.replace(check, mistakes=(told,))
    seen = judge(check, asked, expected(check, asked), got, written=written)
    assert seen.mistake is told  # who does not ask knows


def test_a_step_that_is_left_out_is_found():
    right = "def f(x):\n    return total(shares(x))"
    wrong = "def f(x):\n    return total(x)"
    space = {"shares": lambda x: x / x.sum(), "total": lambda x: x.cumsum(0)}
    function = by.source.of([(1, wrong)], "f").function
    cases = [(SQUARE,), (SQUARE[0] + 2,)]
    exec(right, oracle := dict(space))  # noqa: S102 - ours

    def is_right(made):
        return all(
            made(*args).allclose(oracle["f"](*args), equal_nan=True) for args in cases
        )

    for steps, found in ((("shares", "total"), True), (("total",), False), ((), False)):
        told = repair.place(function, space, is_right, tried=changes(function, steps))
        assert bool(told) == found
        assert not found or "is `x` already what `total` takes?" in told
