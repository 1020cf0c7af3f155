"""Is what nobody writes on purpose told where it stands, and not what is like it?"""

import ast
import linecache
from dataclasses import replace

import pytest

from autograder import check as check_module
from autograder.checks import Case, Check
from autograder.verdict import causes, oddities, source
from autograder.verdict.judge import expected, judge
from autograder.verdict.outcome import Outcome, run
from tests.autograder.verdict.test_lines import first, written


def function(body):
    return ast.parse(f"def f(x, u):\n    {body}").body[0]


@pytest.mark.parametrize(
    ("about", "body", "told"),
    [
        (
            oddities.sign_of_its_own,
            "n =+ 1\n    return n",
            "Line 2 has `=+`, which gives",
        ),
        (
            oddities.sign_of_its_own,
            "u[0] =+ n\n    return u",
            "`u[0]` the value +n anew",
        ),
        (oddities.sign_of_its_own, "n =- 1\n    return n", "there is `-=`."),
        (oddities.sign_of_its_own, "n = -1\n    return n", None),
        (oddities.sign_of_its_own, "n= -x\n    return n", None),
        (oddities.sign_of_its_own, "n=-1\n    return n", None),
        (
            oddities.bare_return,
            "if x: return\n    return u",
            "Line 2 is a `return` alone",
        ),
        (oddities.bare_return, "if x: return 1\n    return u", None),
        (oddities.bare_return, "def g(): return\n    return u", None),
        (
            oddities.first_place,
            "return [x.index(i) for i in x]",
            "the first place where",
        ),
        (
            oddities.first_place,
            "for i in x[:-1]: u[x.index(i)] = i",
            "`enumerate` gives",
        ),
        (oddities.first_place, "return [u.index(i) for i in x]", None),
        (oddities.never_filled, "return torch.empty(3).tril()", "`torch.ones` say"),
        (oddities.never_filled, "y = torch.empty(3)\n    return y", None),
        (oddities.never_filled, "return torch.empty(3).nbytes", None),
        (oddities.unfilled, "y = torch.empty(3)\n    return y", "in line 2 takes"),
        (oddities.unfilled, "y = torch.ones(3)\n    return y", None),
        (oddities.first_place, "return [x.index(u) for i in x]", None),
        (
            oddities.written_into,
            "x.masked_fill_(u, 0)\n    return x",
            "into `x` itself",
        ),
        (oddities.written_into, "y = x + u\n    return y.exp_()", None),
        (oddities.written_into, "return x.__len__()", None),
        (
            oddities.coarse,
            "return (x.half() @ u).float()",
            "`x.half` in line 2 goes on",
        ),
        (oddities.coarse, "return x.to(torch.bfloat16)", "about three digits"),
        (oddities.coarse, "return x.float()", None),
    ],
)
def test_an_odd_line_is_told_and_not_one_like_it(about, body, told):
    found = about(function(body))
    assert told in found if told else found is None


def test_what_holds_large_numbers_is_looked_for_in_what_is_made_of_them():
    body = "i = u.clamp(min=0)\n    return x.softmax(-1).clamp(min=1e-9)[i]"
    assert oddities.cover(function(body), "x") == "x.softmax(-1).clamp(min=1e-09)"
    assert oddities.cover(function(body), "u") == "u.clamp(min=0)"
    assert oddities.cover(function(body)) == "u.clamp(min=0)"
    assert oddities.cover(function("return u.clamp(min=0)"), "x") is None
    assert oddities.guard(function(body)) == "x.softmax(-1).clamp(min=1e-09)"
    assert oddities.guard(function("return x.clamp(0.5).clamp(min=0)")) is None


def test_odd_lines_come_before_a_guess():
    cell = "def f(x, u, p):\n    x, u, p\n    n =+ 1\n    return n"
    assert "`=+`" in first(cell)
    cell = "def f(x, u, p):\n    if x: return\n    return u, p"
    assert "a `return` alone" in first(cell)
    assert "a `return` alone" in "".join(written(cell).sentences(["x", "u", "p"]))


def of(body, part, kind, message, line=2):
    """What is told of an error that came from a part of that line."""
    text = body.splitlines()[line - 2].strip()
    trace = f"f, line {line}:  {text}"
    return function(body), Outcome(raised=kind, message=message, trace=trace, part=part)


@pytest.mark.parametrize(
    ("about", "body", "part", "error", "told"),
    [
        (
            causes.item_as_several,
            "return [list(b) for b in x.encode()]",
            "list(b)",
            ("TypeError", "'int' object is not iterable"),
            "`x.encode()` gives one number after the other. So `b` is one of them",
        ),
        (
            causes.item_as_several,
            "return [list(u) for b in x.encode()]",
            "list(u)",
            ("TypeError", "'int' object is not iterable"),
            None,
        ),
        (
            causes.missing_key,
            "for p, i in sorted(x.items()): u[i] = u[p]",
            "u[p]",
            ("KeyError", "256"),
            "`sorted(x.items())` sorts by the keys of the table",
        ),
        (
            causes.missing_key,
            "for p, i in sorted(x.items(), key=max): u[i] = u[p]",
            "u[p]",
            ("KeyError", "256"),
            None,
        ),
        (
            causes.missing_key,
            "return [x[i] for i in range(9)]",
            "x[i]",
            ("KeyError", "5"),
            "`range(9)` goes through all numbers in turn, and not each of them is a key",
        ),
        (
            causes.missing_key,
            "def g(k): return x[k]\n    return [g(i) for i in range(9)]",
            "x[k]",
            ("KeyError", "5"),
            "5 is none.",
        ),
        (
            causes.missing_key,
            "return [x[i] for i in u]",
            "x[i]",
            ("KeyError", "5"),
            None,
        ),
        (
            causes.appended,
            "t = []\n    for i in x: t.append(t[i])",
            "t[i]",
            ("IndexError", "list index out of range"),
            "`t` is a list, in the order of the `append`s",
        ),
        (
            causes.appended,
            "t = []\n    for i in x: t.append(u[i])",
            "u[i]",
            ("IndexError", "list index out of range"),
            None,
        ),
        (
            causes.own_raise,
            "raise ValueError(x)",
            "",
            ("ValueError", "5"),
            "Line 2 of your own, `raise ValueError(x)`, refuses this",
        ),
        (
            causes.own_raise,
            "if x in u: raise ValueError(x)",
            "",
            ("ValueError", "5"),
            "Print what `x in u` asks for: is it what you think?",
        ),
        (causes.own_raise, "return int(x)", "", ("ValueError", "5"), None),
    ],
)
def test_a_line_that_fails_is_told_with_what_stands_around_it(
    about, body, part, error, told
):
    found = about(*of(body, part, *error))
    assert told in found if told else found is None


def test_what_its_own_guard_lets_through_is_told():
    refused = Outcome(raised="ValueError")
    body = "if x >= 256 + len(u): raise ValueError(x)\n    return u[x]"
    about, got = of(body, "u[x]", "KeyError", "-2", line=3)
    told = causes.raised_other(about, got, refused)
    assert "`x >= 256 + len(u)` lets it through, and then `u[x]` finds nothing" in told
    body = "if x not in u: raise ValueError(x)\n    return u[x]"
    about, got = of(body, "u[x]", "KeyError", "-2", line=3)
    assert causes.raised_other(about, got, refused) is None


def test_an_error_that_is_raised_on_purpose_is_told_by_its_line():
    body = "if x not in u: raise KeyError(x)\n    return u[x]"
    about, got = of(body, "", "KeyError", "5")
    told = causes.raised_other(about, got, Outcome(raised="ValueError"))
    assert "does refuse this, but the step asks for a ValueError." in told
    assert causes.raised_other(about, got, Outcome(raised="KeyError")) is None


def test_so_it_is_in_a_verdict():
    def f(x):
        if x < 1:
            raise ValueError("x")
        return x

    cell = "def f(x):\n    if x < 1: raise KeyError(x)\n    return x\n"
    space = {}
    exec(compile(cell, "<f>", "exec"), space)  # noqa: S102 - ours
    linecache.cache["<f>"] = (len(cell), None, cell.splitlines(True), "<f>")
    cases = [Case("a", (2,)), Case("b", (0,))]
    check = Check("f", 1, list, f, ())
    wanted, got = expected(check, cases), [run(space["f"], c.args) for c in cases]
    seen = judge(check, cases, wanted, got, written=source.of([(1, cell)], "f"))
    assert "`raise KeyError(x)`, does refuse this" in seen.remark
    hidden = judge(
        check, cases, wanted, got, hidden=True, written=source.of([(1, cell)], "f")
    )
    assert "raise KeyError" not in (hidden.remark or "")


@pytest.mark.parametrize(
    ("hint", "body", "denied"),
    [
        (
            "Do you compare a part of the list with the pair?",
            "return x[u:u + 2] == p",
            0,
        ),
        ("Do you compare a part of the list with the pair?", "return [x, u] == p", 0),
        ("Do you compare a part of the list with the pair?", "return (x, u) == p", 1),
        (
            "Do you compare a part of the list with the pair?",
            "return tuple(x[u:]) == p",
            1,
        ),
        ("which cannot be unpacked into T and C", "T, C = x.shape", 0),
        ("which cannot be unpacked into T and C", "q, k = x.chunk(2)", 1),
        ("You hand the ids themselves to `bytes`, which", "return bytes(x)", 0),
        (
            "You hand the ids themselves to `bytes`, which",
            "return x if x > 256 else u",
            1,
        ),
        ("`mean` over axis 1 averages", "return x.mean(1)", 0),
        ("`mean` over axis 1 averages", "return x.cumsum(1)", 1),
    ],
)
def test_a_hint_is_not_said_of_what_is_not_there(hint, body, denied):
    assert source.denies(written(f"def f(x, u):\n    {body}"), hint) == bool(denied)
    assert not source.denies(None, hint)


def test_a_number_of_the_notebook_is_told_where_a_size_is_wrong():
    cell = "def f(x):\n    return [x] * T"
    space = {"T": 2}
    seen = replace(source.of([(1, "T = 2"), (2, cell)], "f"), space=space)
    told = "`T` in line 2 is a name of the notebook, and 2 in every call."
    assert seen.fixed_size().startswith(told)
    space["T"] = [2]
    assert seen.fixed_size() is None
    own = replace(
        source.of([(1, "T = 2"), (2, f"{cell} * len(T := x)")], "f"), space=space
    )
    assert own.fixed_size() is None


def test_an_argument_that_is_never_used_is_told_where_no_mistake_is_named():
    def f(x, u):
        return x + u

    cell = "def f(x, *u):\n    return x"
    cases = [Case("a", (2, 1)), Case("b", (0, 4))]
    got = [run(lambda x, u: x, c.args) for c in cases]
    asked = (
        Check("f", 1, list, f, ()),
        cases,
        expected(Check("f", 1, list, f, ()), cases),
    )
    seen = judge(*asked, got, written=source.of([(1, cell)], "f"))
    assert "`f` never uses its argument `u`." in seen.remark
    assert seen.remark in source.of([(1, cell)], "f").sentences(["x", "u"])


def test_two_globals_in_place_of_two_arguments_are_told():
    given = "rows = 1\nwide = 2"
    told = first("def f(x, u, p):\n    return g(rows, wide, p)", given)
    assert "its arguments `x` and `u`, and it does use `rows`" in told
    assert first("def f(x, u, p):\n    return g(rows, p)", given) is None


def test_a_class_that_is_checked_is_told():
    class Average:
        pass

    told = check_module._is_class("average_past", Average)
    assert "`average_past` is the class `Average` itself" in told
    assert check_module._is_class("average_past", Average().__eq__) is None
