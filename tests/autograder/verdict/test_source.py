"""Is what a function's source tells told where it is so, and nowhere else?"""

import pytest

from autograder import checks
from autograder.checks import Case, Check, Mistake
from autograder.verdict import source
from autograder.verdict.judge import expected, judge
from autograder.verdict.outcome import run

HINT = "Only one is made. Does `return` stand inside the loop? It belongs after it."


def written(body):
    lines = body.replace("\n", "\n    ")
    return source.of([(1, f"def other(): ...\ndef f(x):\n    {lines}")], "f")


def test_the_last_definition_counts():
    one = "def f(x):\n    return 1\ndef f(x):\n    for i in x: f(i)"
    cells = [(1, one), (2, "f = 3"), (3, "def f(x:"), (4, "%f")]
    assert source.of(cells, "f").none_inside
    last = (5, "def f(x):\n    for i in x: return i")
    assert not source.of([*cells, last], "f").none_inside
    assert source.of(cells, "g") is None


@pytest.mark.parametrize(
    ("body", "denied"),
    [
        ("for i in x:\n    y = i\nreturn y", True),
        ("for i in x:\n    return i", False),
        ("while x:\n    if x:\n        return x\nreturn 1", False),
        ("def g():\n    for i in x:\n        return i\nreturn g()", False),
        ("for i in x:\n    def g():\n        return i\nreturn g", True),
        ("return helper(x)", False),  # which may have the loop
        ("return int(x[-1].argmax())", True),  # no loop at all
    ],
)
def test_a_return_is_asked_for_only_where_there_may_be_one(body, denied):
    assert source.denies(written(body), HINT) is denied
    assert not source.denies(
        written(body), "Does `return` stand inside the loop, or not?"
    )
    assert not source.denies(None, HINT)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("y = (i for i in x)\nfor j in range(3):\n    f(y)", "`y` becomes a generator"),
        ("y = map(str, x)\nreturn max(y) + min(y)", "a `map`, which can be gone"),
        (
            "y = list(x)\nfor j in x:\n    f(y)\n    y = map(g, y)",
            "`y` becomes a `map`",
        ),
        ("y = x\nwhile y:\n    f(y)\n    y = (i for i in y)", "Square brackets make"),
        ("y = enumerate(x)\nfor j in x:\n    for k in y: f(k)", "an `enumerate`"),
        ("y = (i for i in x)\nreturn list(y)", None),
        ("y = [i for i in x]\nfor j in range(3):\n    f(y)", None),
        ("for j in x:\n    y = map(str, j)\n    f(y)", None),
        ("for y in x:\n    y = map(str, y.split())\n    f(list(y))", None),
        ("y = map(str, x)\ny = list(y)\nreturn y, y", None),
    ],
)
def test_what_can_be_gone_through_only_once_is_told(body, said):
    told = written(body).used_up
    assert said in told if said else told is None


def test_nothing_is_told_of_what_would_take_long():
    loop = "for i in x:\n    y = i\n"
    assert source.denies(written(f"{loop}return y"), HINT)
    assert written(loop * 500) is None
    name = "y" * 9000
    assert written(f"{name} = map(f, x)\nreturn {name}, {name}").used_up is None


def test_a_hint_that_its_source_denies_gives_way():
    check = Check(
        "firsts", 1, list, lambda ids: ids, (Mistake("one", HINT, lambda ids: ids[:1]),)
    )
    cases = [Case("some", ([1, 2, 3],)), Case("more", ([3, 4, 5, 6],))]
    got = [run(lambda ids: ids[:1], case.args) for case in cases]

    def found(body):
        return judge(check, cases, expected(check, cases), got, written=written(body))

    assert found("for i in x:\n    return [i]").mistake.name == "one"
    body = "y = (i for i in x)\nfor i in y:\n    z = next(y)\nreturn [z]"
    assert found(body).mistake is None
    assert found(body).remark.startswith("`y` becomes a generator")


def test_what_a_source_can_deny_is_said_by_some_hint():
    """The words stand in the hints of the checks: whoever rewords one sees it here."""
    hints = [
        mistake.hint
        for exercise in checks.exercises()
        for check in checks.load(exercise).values()
        for mistake in check.mistakes
    ]
    asked = [source.RETURN, source._AS_BYTES, *(said for said, _ in source._SPOKEN_OF)]
    assert not [said.pattern for said in asked if not any(map(said.search, hints))]
