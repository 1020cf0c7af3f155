"""Is what a function's own lines show told where it is so, and nowhere else?"""

import pytest
import torch

from autograder.checks import Case, Check, Mistake
from autograder.verdict import ends, lines, source
from autograder.verdict.judge import expected, judge
from autograder.verdict.outcome import Outcome, run

FINE = Outcome([1])
NONE = Outcome(raised="TypeError", message="'NoneType' object is not subscriptable")


def written(cell, *given):
    found = source.of([(2, cell)], "f", [*enumerate(given)])
    return found


def first(cell, *given, asked=("x", "u", "p"), outcome=FINE, tensors=False):
    return written(cell, *given).first(asked, outcome, tensors)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("x, u", "three arguments, `(x, u, p)`, and your function has two: `f(x, u)`"),
        ("x, u, p, q", "and your function has four: `f(x, u, p, q)`"),
        ("x, p, u", "in another order, `(x, u, p)`"),
        ("prob, u, x", "in another order, `(x, u, p)`"),
        ("x, u, p", None),
        ("x, u, p, q=1", None),
        ("a, b, c", None),
        ("*a", None),
        ("x, /, u, p=2", None),
    ],
)
def test_other_arguments_than_the_step_has_are_told(head, said):
    told = first(f"def f({head}):\n    return g(a, b, c, x, u, p, q)")
    assert said in told if said else told is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return x @ wte.T * p", "never uses its argument `u`, and it does use `wte`"),
        ("def g(): return wte\n    return x, p, g()", "`u`, and it does use `wte`"),
        ("return x @ u * wte * p", None),  # all are used
        ("return x * p", None),  # no name of the notebook
        ("wte = x\n    return wte * p", None),  # its own
        ("return x * p * gelu(x)", None),  # a function
        ("return [wte for wte in x] * p", None),
        ("return x * p * PATTERN", None),  # a constant
        ("return locals(), wte, x, p", None),
    ],
)
def test_a_name_of_the_notebook_in_place_of_an_argument_is_told(body, said):
    cell = "def gelu(x): ...\nwte = 3\nPATTERN = 'a'\nfor n in []: pass"
    told = first(f"def f(x, u, p):\n    {body}", cell)
    assert said in told if said else told is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("u = [1, 2]\n    return x, u, p", "`u = [1, 2]` gives `u` a new value"),
        ("u = list(u)\n    return x, u, p", None),
        ("print(u)\n    u = 3\n    return x, u, p", None),
        ("if x:\n        u = 3\n    return x, u, p", None),
        ("y = 3\n    return x, u, p, y", None),
    ],
)
def test_an_argument_that_is_overwritten_is_told(body, said):
    told = first(f"def f(x, u, p):\n    {body}")
    assert said in told if said else told is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return x ^ u, p", "in `x ^ u` it compares"),
        ("return x ** u, p", None),
        ("return (x > 1) ^ (u > 1), p", None),
        ("y = x > 1\n    return (y & u) ^ p", None),
        ("y = x > 1\n    return y ^ p, u", None),
    ],
)
def test_a_hat_is_no_power(body, said):
    told = first(f"def f(x, u, p):\n    {body}")
    assert said in told if said else told is None


@pytest.mark.parametrize(
    ("body", "outcome", "said"),
    [
        ("x = x.append(u)\n    return x[p]", NONE, "`.append(…)` changes what stands"),
        ("return x.extend([u, p])", Outcome(), "line 2 of your function goes on"),
        ("y = sorted(x)\n    return y.sort()[u], p", NONE, "`.sort(…)`"),
        ("x.append(u)\n    return g(p)[0]", NONE, None),
        ("return x.append(u), p", FINE, None),
    ],
)
def test_the_none_of_a_method_that_changes_is_told(body, outcome, said):
    told = first(f"def f(x, u, p):\n    {body}", outcome=outcome)
    assert said in told if said else told is None


def test_a_tensor_s_sort_has_an_answer():
    cell = "def f(x, u, p):\n    y = {}.sort()\n    return y[u], p"
    for what, said in (("x", False), ("x.tolist()", True), ("[x]", True)):
        told = first(cell.format(what), outcome=NONE, tensors=True)
        assert bool(told) == said
    cell = "def f(x, u, p):\n    y = list(x)\n    y = y.sort()\n    return y[u], p"
    assert "`.sort(…)`" in first(cell, outcome=NONE, tensors=True)
    cell = cell.replace("list(x)", "list(x)\n    y = torch.tensor(y)")
    assert not first(cell, outcome=NONE, tensors=True)  # `y` has two meanings


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("x / x.sum()", True),
        ("x.masked_fill(u, 0)", True),
        ("torch.softmax(x, -1)", True),
        ("sorted(x)", True),
        ("x == u", True),
        ("-x", True),
        ("x.append(u)", False),
        ("x.add_(u)", False),
        ("torch.exp(x, out=x)", False),
        ("print(x)", False),
        ("x.shape", False),
        ("'a text'", False),
        ("...", False),
    ],
)
def test_what_is_computed_and_not_kept_is_told(line, told):
    said = written(f"def f(x, u):\n    {line}\n    return x").not_kept
    assert bool(said) == told
    if told:
        assert said.startswith("Line 2, `")


def halved(x, u):
    return x / 2


CHECK = Check("f", 1, list, halved, (Mistake("all", "Halve it.", lambda x, u: x),))
CASES = [Case("some", (torch.ones(2), 3)), Case("more", (torch.ones(3), 5))]


def verdict(cell):
    names = {"torch": torch}
    exec(cell, names)  # noqa: S102 - ours
    got = [run(names["f"], case.args) for case in CASES]
    return judge(CHECK, CASES, expected(CHECK, CASES), got, written=written(cell))


def test_what_the_lines_show_comes_before_a_guess_and_beside_it():
    named = verdict("def f(x, u):\n    return x")
    assert (named.mistake.name, named.remark) == ("all", None)
    both = verdict("def f(x, u):\n    x / 2\n    return x")
    assert both.mistake.name == "all"
    assert both.remark.startswith("Line 2, `x / 2`, computes something")
    sure = verdict("def f(u, x):\n    return u")
    assert sure.mistake is None
    assert "in another order" in sure.remark
    assert verdict("def f(u, x):\n    return u / 2").remark is None  # it is right


def test_of_a_mistyped_name_what_is_meant_is_told_and_not_what_is_unused():
    said = verdict("def f(x, u):\n    half = x / 2\n    return hafl").remark
    assert said == "Your function does not know `hafl`. Is `half` meant?"


def test_of_an_unknown_name_the_argument_that_is_not_used_may_be_meant():
    said = verdict("import math\ndef f(x, u):\n    return m / 2").remark
    assert said == (
        "Your function does not know `m`, and never uses its argument `x`. Is that one "
        "meant?"
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("ValueError('below 0')", "makes a ValueError and does not raise it"),
        ("raise ValueError('below 0')", None),
        ("halve(x)", "keeps nothing of what `halve` gives back"),
        ("x = halve(x)", None),
        ("print(x)", None),
    ],
)
def test_what_is_made_and_dropped_is_told(line, told):
    said = lines.dropped(written(f"def f(x, u):\n    {line}").function, ["halve"])
    assert (told in said) if told else said is None


def test_what_is_dropped_comes_before_a_guess():
    cell = "def f(x, u):\n    if u < 9: ValueError(u)\n    return x"
    assert verdict(cell).mistake is None
    assert verdict(cell).remark.startswith("Line 2, `ValueError(u)`, makes a")


def test_a_name_in_a_guard_alone_is_not_used():
    cell = (
        "def f(x, u, p):\n    if p < 0:\n        raise ValueError(p)\n    return x * u"
    )
    assert [lines.uses(written(cell).function, name) for name in "xup"] == [1, 1, 0]


@pytest.mark.parametrize(
    ("body", "part", "told"),
    [
        ("for i in u:\n        x[i] = p", "x[i]", "`i` is an item of `u` here"),
        ("for i in u:\n        x[0, i] = p", "x[0, i]", "takes it for a place"),
        ("return [x[i] for i in u], p", "x[i]", "`enumerate` gives both"),
        ("for i in range(9):\n        x[i] = u, p", "x[i]", None),
        ("for i, y in enumerate(u):\n        x[i] = p", "x[i]", None),
        ("for i in u:\n        x[i + 1] = p", "x[i + 1]", None),
        ("for i in u:\n        x[i] = p[3]", "p[3]", None),
        ("for i in u:\n        x[i] = p", "", None),
    ],
)
def test_an_item_that_is_taken_for_its_place_is_told(body, part, told):
    failed = Outcome(raised="IndexError", message="out of range", part=part)
    said = first(f"def f(x, u, p):\n    {body}", outcome=failed)
    assert told in said if told else said is None


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            "for y in x:\n        y = g(y)\n    return x",
            "the next round of the loop forgets",
        ),
        ("for y in x:\n        y = g(y)\n        u(y)\n    return x", None),
        ("z = g(x)\n    return x, u", "Line 2 gives `z` a value, and nothing uses it"),
        ("z = g(x)\n    return z, u", None),
        ("z = g(x)\n    return [z for i in u]", None),
        ("z, y = g(x)\n    return y", None),
        ("z = 0\n    for i in x:\n        z += i\n    return u", None),
    ],
)
def test_a_value_that_nothing_uses_is_told(body, told):
    said = written(f"def f(x, u):\n    {body}").not_kept
    assert told in said if told else said is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "return x @ layer(0) * p",
            "never uses its argument `u`, and it does use `lay",
        ),
        ("return layer(0)[p]", "its arguments `x` and `u`, and it does use `layer(0)`"),
        ("return len('abc') * x * p", None),  # Python's own
        ("return x * layer(p)", None),  # another one for each p
    ],
)
def test_a_call_that_is_the_same_each_time_is_told(body, said):
    told = first(f"def f(x, u, p):\n    {body}", "def layer(n): ...")
    assert said in told if said else told is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("y = 1\n    return y + u\n    return y * p", "Line 3, `return y + u`, comes"),
        ("for n in x:\n        break\n        y = n", "comes before line 4, `y = n`"),
        ("y = []\n    for n in x:\n        y.append(n * u * p)\n    return x", "`y`"),
        (
            "y = {}\n    for n in x:\n        y[n] = u * p\n    return x",
            "fills `y`, and",
        ),
        ("y = []\n    y += [u * p]\n    return x, y", None),
        ("y = []\n    y += [u * p]\n    x.append(y)\n    return x", None),
        ("y = []\n    for n in x:\n        if n in y:\n            y.append(n)", None),
        ("if u:\n        return p\n    return x", None),
    ],
)
def test_what_is_never_reached_or_given_back_is_told(body, said):
    told = first(f"def f(x, u, p):\n    {body}")
    assert said in told if said else told is None


@pytest.mark.parametrize(
    ("body", "early"),
    [
        ("for n in x:\n        y = n\n        return y", True),
        ("while x:\n        return u", True),
        ("for n in x:\n        if n:\n            return n", False),
        ("while True:\n        return x", False),
        ("for n in x:\n        if n:\n            continue\n        return n", False),
    ],
)
def test_a_return_in_the_first_round_is_told(body, early):
    found = written(f"def f(x, u, p):\n    {body}")
    assert bool(found.ends_early("")) is early
    assert found.ends_early("Does `return` stand inside the loop?") is None


def test_what_outlives_a_call_is_told():
    kept = "def f(x, u, p):\n    seen[x] = u\n    return seen[x] * p"
    assert "writes into `seen`, which" in ends.kept_outside(written(kept).function)
    own = kept.replace("    seen[x]", "    seen = {}\n    seen[x]", 1)
    assert ends.kept_outside(written(own).function) is None


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            "x, m, _ = step(x, m)",
            "Line 2 gives the third part of what `step` returns to `_`",
        ),
        (
            "x, _, _ = step(x, m)",
            "the second and third parts of what `step` returns to `_`",
        ),
        ("x, m, s = step(x, m)", ""),
        ("x, m, _ = other(x, m)", ""),
        ("x, m, _ = step(x, m)\n    return _", ""),
    ],
)
def test_what_an_earlier_step_returns_and_is_lost_is_asked_for(body, told):
    said = lines.lost(written(f"def f(x, m):\n    {body}").function, ("step",))
    assert told in said if told else said is None


@pytest.mark.parametrize(
    ("head", "called", "said"),
    [
        ("x, n=3", (), "`n` is 3 in the first line of your function"),
        ("x, n=None", (), None),
        ("x, n=3", (2,), None),  # no call leaves it out
        ("x, n", (2,), None),
        ("x, *, n=[]", (), None),  # not as plain as a number
    ],
)
def test_another_default_than_the_step_s_is_told(head, called, said):
    def oracle(x, n=None):
        return x

    found = lines.other_default(
        written(f"def f({head}):\n    return x * n").function,
        oracle,
        [(1, *called), (2, 4)],
    )
    assert said in found if said else found is None
