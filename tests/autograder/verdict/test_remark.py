"""Is a remark true of the function, is it said where it is true, and never where not?

For each remark: a function of which it is true, and one close by of which it is not.
"""

import random
import re
from collections import Counter
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from autograder import checks
from autograder.checks import Case, Check, edge
from autograder.verdict import source
from autograder.verdict.judge import expected
from autograder.verdict.outcome import Outcome, run, run_all
from autograder.verdict.remark import again as called_again
from autograder.verdict.remark import remark, unknown
from autograder.verdict.remark.as_if import as_if
from autograder.verdict.remark.numbers import _is_rounded
from autograder.verdict.remark.seen import Seen


def numbers(*shape):
    return torch.tensor(np.random.default_rng(sum(shape)).normal(size=shape)).float()


# --- what is asked in these tests -----------------------------------------------------
def past(x):
    """The average of each row and those before it."""
    many = torch.arange(1, x.shape[-2] + 1)[:, None]
    return x.cumsum(-2) / many


def spread(x):
    """One number for all, a tensor without axes."""
    return x.square().mean().sqrt()


def apart(x):
    return 3 * x.exp()


def shares(x, temperature):
    if temperature <= 0:
        raise ValueError("temperature")
    return (x / temperature).softmax(-1)


def affine(x, w, b):
    return x @ w + b


def pick(p, u):
    return int((p.cumsum(0) <= u).sum())


def upto(p, line):
    return p * (p.cumsum(0) - p < line)


def doubled(ids):
    if any(i < 0 for i in ids):
        raise ValueError("ids")
    return [2 * i for i in ids]


def counted(ids):
    return dict(Counter(ids))


def counted_up(ids):
    return [*range(sum(ids) % 50 + 3)]


def placed(ids):
    return {i: place for place, i in enumerate(dict.fromkeys(ids), 400)}


def spelled(text):
    return f"{text}!"


def area(a, b):
    return a * b


def halves(x):
    return x[..., :2], x[..., 2:4]


LISTS = [3, 5], [4, 3, 4, 100], [9], [5, 6, 7], [300, 4, 8, 1, 2]
CASES = {
    past: [(numbers(*s),) for s in ((2, 3), (5, 4), (3, 4, 2), (12, 3))],
    spread: [(numbers(*s),) for s in ((2, 3), (5, 4), (3, 4, 2), (12, 3))],
    apart: [(numbers(*s),) for s in ((2, 3), (5, 4), (3, 4, 2), (12, 3))],
    shares: [
        *((numbers(*s), t) for s, t in (((4,), 0.5), ((2, 5), 2.0), ((3, 4), 3.0))),
        (numbers(6), 0.0),
    ],
    affine: [
        (numbers(t, 4), t * numbers(4, 3), t + numbers(1, 3)[0]) for t in (2, 3, 5, 7)
    ],
    pick: [(torch.tensor([0.1, 0.2, 0.3, 0.4]), u) for u in (0.05, 0.2, 0.5, 0.9)],
    upto: [(torch.arange(1, n) / 64, n / 64) for n in (3, 6, 10, 15)],
    doubled: [*((ids,) for ids in LISTS), ([1, -1],)],
    counted: [(ids,) for ids in LISTS],
    counted_up: [(ids,) for ids in LISTS],
    placed: [(ids,) for ids in LISTS],
    spelled: [(text,) for text in ("Some Words ", "three\r\nlines", "Ä b", "plain")],
    area: [(70, 3), (80, 5), (90, 7), (100, 11)],
    halves: [(numbers(*s),) for s in ((2, 4), (5, 4), (3, 4), (2, 7, 4))],
}


def about(oracle, function, hidden=False) -> str:
    """What is remarked of a function that should do what `oracle` does; or nothing."""
    check = Check(oracle.__name__, 1, lambda rng: [], oracle, ())
    cases = [Case(f"case {i}", args) for i, args in enumerate(CASES[oracle])]
    got = run_all(function, CASES[oracle])
    call = None if hidden else partial(run, function)
    return remark(check, cases, expected(check, cases), got, call, hidden) or ""


def on(part, change, oracle=past):
    """The right answer, changed where `part` of the arguments says so."""
    return lambda *args: change(oracle(*args)) if part(*args) else oracle(*args)


def memory():
    kept = []

    def keeps(ids):
        kept.extend(doubled(ids))
        return [*kept]

    return keeps


def written_into(ids):
    out = doubled(ids)
    ids.append(0)
    return out


def ahead(x):
    later = torch.cat([x[..., 1:, :], x[..., -1:, :]], -2)
    return past(x) + later


def noisy(p, u):
    return pick(p, random.random())


def seeded(p, u):
    torch.manual_seed(1)
    return 70 + round(99 * u) + int(torch.randint(3, ()))


def loop(x):
    return past(x)[..., :1, :]


def to_eight(x):
    out = past(x)
    out[..., 8:, :] = 0
    return out


def first_text(x):
    return past(x) if x.ndim < 3 else past(x)[:1].expand_as(x).clone()


def turned_columns(x, temperature):
    return shares(x.mT, temperature).mT if x.ndim > 1 else shares(x, temperature)


def unrefused(error):
    def answer(ids):
        if min(ids) < 0:
            if error:
                raise error("no")
            return []
        return doubled(ids)

    return answer


# remark, what is asked, a function of which it is true, one close by of which it is not
REMARKS = [
    ("know `X`. Is `x` meant", past, lambda x: X, lambda x: y),  # noqa: F821
    ("`y`. It is given `x`, and all", past, lambda x: y, lambda x: X),  # noqa: F821
    ("`ids` is not the same", doubled, written_into, lambda ids: doubled(ids) + [0]),
    ("random numbers of its own", pick, noisy, lambda p, u: 3 - pick(p, u)),
    ("outlives a call", doubled, memory(), lambda ids: doubled(ids) * 2),
    (
        "draws random numbers of its own. What is",
        pick,
        seeded,
        lambda p, u: 40 + len(p),
    ),
    ("tuple of one", past, lambda x: (past(x),), lambda x: (past(x), 1)),
    (
        "One tensor comes back, and 2 are wanted, .* Yours holds them all",
        halves,
        lambda x: torch.stack(halves(x)),
        lambda x: torch.stack(halves(x)[::-1]),
    ),
    (
        "2 are wanted, .* Yours holds them all",
        halves,
        lambda x: x,
        lambda x: x.flip(-1),
    ),
    ("Yours is number 2 of", halves, lambda x: halves(x)[1], lambda x: halves(x)),
    ("`return a, b`", halves, lambda x: x.sum(-1), lambda x: halves(x)[0]),
    (
        "Complex numbers come back",
        halves,
        lambda x: torch.complex(*halves(x)),
        lambda x: torch.stack(halves(x)),
    ),
    (
        "`max`, `min`, `sort` and `topk`",
        past,
        lambda x: past(x).max(-1),
        lambda x: [*past(x)[:2]],
    ),
    (
        "of different shapes, and one is wanted",
        past,
        lambda x: (past(x), (x > 1).sum()),
        lambda x: past(x).max(-1),
    ),
    ("`torch.stack`", past, lambda x: [*past(x)], lambda x: past(x).tolist()),
    ("`torch.tensor` makes", past, lambda x: past(x).tolist(), lambda x: [*past(x)]),
    (
        "a text comes back, and a tensor",
        past,
        lambda x: str(past(x)),
        lambda x: np.array(past(x)),
    ),
    (
        "a tensor with one number",
        pick,
        lambda p, u: torch.tensor(pick(p, u)),
        lambda p, u: float(pick(p, u)),
    ),
    (
        "a tensor comes back, and a list",
        doubled,
        lambda ids: torch.tensor(doubled(ids)),
        lambda ids: doubled(ids)[::-1],
    ),
    (
        r"a whole number is wanted: `int\(…\)`",
        pick,
        lambda p, u: float(pick(p, u)),
        lambda p, u: pick(p, u) + 0.5,
    ),
    (
        "their kind is `float64`",
        past,
        lambda x: past(x).double(),
        lambda x: past(x).double() + 1,
    ),
    (
        "It gives back `x` as it came",
        shares,
        lambda x, t: x,
        lambda x, t: x + 1,
    ),
    (
        "last two axes exchanged",
        past,
        lambda x: past(x).mT,
        lambda x: past(x).flip(-1),
    ),
    ("each row in reverse", past, lambda x: past(x).flip(-1), lambda x: past(x) * 2),
    ("the rows in reverse", past, lambda x: past(x).flip(-2), lambda x: past(x).mT),
    (
        "right order, but the shape is not: it has one axis too many",
        past,
        lambda x: past(x)[None],
        lambda x: past(x)[None] + 1,
    ),
    ("only the first row. Does", past, loop, lambda x: past(x)[..., :1, :] + 1),
    (
        "the last row is missing",
        past,
        lambda x: past(x)[..., :-1, :],
        lambda x: past(x)[..., :-1, :] * 2,
    ),
    (
        "Every number is 3 times",
        past,
        lambda x: 3 * past(x),
        lambda x: 3 * past(x) + 1,
    ),
    (
        "one factor, and that is the root of the size of axis -1",
        past,
        lambda x: past(x) * x.shape[-1] ** 0.5,
        lambda x: past(x) * 2,
    ),
    (
        "multiplied by the root of the size of axis -1 of `x` and divided by 32",
        past,
        lambda x: past(x) * (x.shape[-1] / 1024) ** 0.5,
        lambda x: past(x) / 32,
    ),
    ("too large by 0.5", past, lambda x: past(x) + 0.5, lambda x: past(x) ** 2 + 0.5),
    (
        "Every number is 3 times",
        spread,
        lambda x: 3 * spread(x),
        lambda x: (3 + 1 / x.numel()) * spread(x),
    ),
    (
        "Every number is too large by 0.5",
        spread,
        lambda x: spread(x) + 0.5,
        lambda x: spread(x) + 1 / x.numel(),
    ),
    (
        "two things at once. The last two axes",
        past,
        lambda x: 3 * past(x).mT,
        lambda x: past(x).mT,
    ),
    (
        "rounded to 2 decimal",
        past,
        lambda x: past(x).round(decimals=2),
        lambda x: past(x) + 0.003,
    ),
    (
        "`b` is added once too seldom",
        affine,
        lambda x, w, b: x @ w,
        lambda x, w, b: x @ w + 2 * b,
    ),
    (
        "`b` is added once too often",
        affine,
        lambda x, w, b: x @ w + 2 * b,
        lambda x, w, b: x @ w - b,
    ),
    (
        "the right one without its signs",
        past,
        lambda x: past(x).abs(),
        lambda x: past(x).square() + 1,
    ),
    ("right one with each number squared", past, lambda x: past(x) ** 2, torch.square),
    ("as if `x` were", past, lambda x: past(x.sort()[0]), lambda x: past(x) ** 3 + x),
    (
        "right but for capital letters",
        spelled,
        lambda text: spelled(text.upper()),
        lambda text: spelled(text[::-1]),
    ),
    (
        "too even",
        shares,
        lambda x, t: shares(x / 1.7, t),
        lambda x, t: shares(x, t * t),
    ),
    (
        "too uneven",
        shares,
        lambda x, t: shares(1.7 * x, t),
        lambda x, t: shares(x / 1.7, t),
    ),
    ("Alone, each gets the right", past, first_text, lambda x: past(x) + x),
    ("What is missing is the refusal", doubled, unrefused(None), unrefused(KeyError)),
    ("with a KeyError", doubled, unrefused(KeyError), unrefused(None)),
    (
        "right everywhere but where an id comes more than once in `ids`",
        doubled,
        on(lambda ids: len({*ids}) < len(ids), lambda out: [7] * len(out), doubled),
        on(lambda ids: 100 in ids or 9 in ids, lambda out: [7] * len(out), doubled),
    ),
    (
        "does not depend on `w`",
        affine,
        lambda x, w, b: x[:, :3] + b,
        lambda x, w, b: x @ w.abs() + b,
    ),
    (
        "the same answer whatever",
        doubled,
        lambda ids: [7],
        lambda ids: ids[:1],
    ),
    (
        "comes back is empty. Either",
        counted,
        lambda ids: {},
        lambda ids: {1: 1},
    ),
    (
        "nothing but what is empty",
        counted_up,
        lambda ids: [[], ""],
        lambda ids: [[], [0]],
    ),
    (
        r"holds, a `generator`.*`list\(…\)` makes a list of it. A `yield`",
        doubled,
        lambda ids: (2 * i for i in ids),
        lambda ids: map(str, ids),
    ),
    (
        "holds, a `map`, which makes its items only when they are asked for",
        counted_up,
        lambda ids: map(int, ids),
        lambda ids: {*ids},
    ),
    (
        r"holds, a `set`. `list\(…\)` makes a list of it",
        counted_up,
        lambda ids: {*ids},
        lambda ids: [*ids],
    ),
    (
        "as if `line` were a little larger: look at what just reaches it",
        upto,
        lambda p, line: upto(p, line + 3e-6),
        lambda p, line: upto(p, line**0.5),
    ),
    (
        "as if `line` were 1",
        upto,
        lambda p, line: upto(p, 1.0),
        lambda p, line: upto(p, 1.0 if len(p) == 2 else line),
    ),
    (
        "A tuple of tensors comes back, and one is wanted. A comma after `return`",
        past,
        lambda x: (past(x), past(x)),
        lambda x: [past(x), past(x)],
    ),
    (
        "a function that was not called. Round brackets",
        past,
        lambda x: x.sum,
        lambda x: {x},
    ),
    (
        "as if `temperature` were 1",
        shares,
        lambda x, t: shares(x, 1.0 if t > 0 else t),
        lambda x, t: shares(x, 1.0 if t < 1 else t),
    ),
    (
        "as if `ids` lacked its last item",
        counted_up,
        lambda ids: counted_up(ids[:-1]),
        lambda ids: [],
    ),
    (
        "as if `text` lacked its first character",
        spelled,
        lambda text: spelled(text[1:]),
        lambda text: "",
    ),
    (
        "comes from the numbers of one token alone",
        apart,
        lambda x: apart(x) + x.mean(-2, keepdim=True).exp(),
        lambda x: apart(x) + x.cumsum(-2),
    ),
    ("sees what comes after", past, ahead, lambda x: past(x) + x.exp()),
    (
        "There is NaN",
        past,
        lambda x: (past(x) - 1).log(),
        lambda x: past(x).abs().exp(),
    ),
    (
        "There is ∞",
        past,
        lambda x: past(x).abs() + torch.inf,
        lambda x: past(x).exp(),
    ),
    (
        "Nearly right",
        past,
        lambda x: past(x) + 0.01 * past(x).sin(),
        lambda x: past(x) + past(x).sin(),
    ),
    (
        "The first 8 rows are right",
        past,
        to_eight,
        lambda x: past(x) * (1 + torch.arange(x.shape[-2])[:, None]),
    ),
    (
        "in lists inside the list",
        doubled,
        lambda ids: [doubled(ids)],
        lambda ids: [7, doubled(ids)],
    ),
    (
        "its last one is missing",
        counted_up,
        lambda ids: counted_up(ids)[:-1],
        lambda ids: counted_up(ids)[1:],
    ),
    (
        "then it goes on",
        doubled,
        lambda ids: doubled(ids) + [7],
        lambda ids: [7, *doubled(ids)],
    ),
    (
        "stands before it",
        doubled,
        lambda ids: [7, *doubled(ids)],
        lambda ids: doubled(ids) + [7],
    ),
    (
        "Every number is too large by 1",
        doubled,
        lambda ids: [i + 1 for i in doubled(ids)],
        lambda ids: [i * 3 for i in doubled(ids)],
    ),
    (
        "every value is too large by 1",
        counted,
        lambda ids: {i: n + 1 for i, n in counted(ids).items()},
        lambda ids: {i: n * n + 7 for i, n in counted(ids).items()},
    ),
    (
        "Keys and values are exchanged",
        placed,
        lambda ids: {place: i for i, place in placed(ids).items()},
        lambda ids: {i: 7 - place for i, place in placed(ids).items()},
    ),
    ("too large by 2 each", area, lambda a, b: a * b + 2, lambda a, b: a * b * 2),
    ("It is 3 times", area, lambda a, b: a * b * 3, lambda a, b: a * b + 2),
    ("too small each time", area, lambda a, b: a * b - b - 1, lambda a, b: a * b + b),
]


@pytest.mark.parametrize(
    ("said", "oracle", "true", "near"), REMARKS, ids=[r[0][:40] for r in REMARKS]
)
def test_a_remark_is_made_where_it_is_true_and_not_close_by(said, oracle, true, near):
    assert re.search(said, about(oracle, true), re.IGNORECASE)
    assert not re.search(said, about(oracle, near), re.IGNORECASE)


@pytest.mark.parametrize("oracle", CASES)
def test_nothing_is_remarked_of_what_is_right_or_gives_nothing(oracle):
    assert about(oracle, oracle) == ""
    assert about(oracle, lambda *args: None) == ""


def test_what_a_measured_slope_has_of_noise_comes_from_no_other_row():
    """A nudge in float32 moves each row by a little, whatever the others are."""

    def nudged(logits, targets):
        right = gradient.oracle(logits, targets)
        return right + 1e-4 * (logits.sum() * 1e6).sin()

    def leaking(logits, targets):
        return gradient.oracle(logits, targets) + 0.1 * logits.sum()

    gradient = checks.load("train")["gradient"]
    cases = gradient.draw(np.random.default_rng(0))
    wanted = expected(gradient, cases)
    for function, told in ((nudged, False), (leaking, True)):
        got = [run(function, case.args) for case in cases]
        seen = Seen(gradient, cases, wanted, got, partial(run, function))
        assert bool(called_again.ahead(seen)) == told


def test_who_answers_by_the_length_alone_does_not_answer_the_same_whatever_comes():
    """Of arguments that are alike it may seem so."""
    said = about(doubled, lambda ids: [[]] * len(ids))
    assert "whatever it is given" not in said
    assert "depend on" not in said


def test_what_is_no_number_is_not_explained_by_another_argument_that_gives_none():
    def whole(x):
        return x.exp().sum().log()

    def broken(x):
        return torch.where(x.max() > 8, torch.nan, whole(x))

    rows = [numbers(3), numbers(4), numbers(2, 3), torch.tensor([-3.0, 9.0])]
    cases = [Case("", (x,)) for x in rows]
    check = Check("whole", 1, lambda rng: [], whole, ())
    got = [run(broken, case.args) for case in cases]
    call = partial(run, broken)
    seen = Seen(check, cases, expected(check, cases), got, call)
    assert seen.wrong and not as_if(seen)


def test_what_cannot_be_handed_in_is_no_error_of_the_refusal():
    def answer(ids):
        return map(str, ids) if min(ids) < 0 else doubled(ids)

    assert "stop where it should refuse" not in about(doubled, answer)


def test_a_name_is_computed_made_or_imported():
    said = about(past, lambda x: Counter_of(x))  # noqa: F821
    assert "or made or imported in a cell above" in said


def test_nothing_is_tried_any_more_when_patience_is_over(monkeypatch):
    assert "what comes after" in about(past, ahead)
    monkeypatch.setattr("autograder.verdict.remark.seen.PATIENCE", -1)
    assert "what comes after" not in about(past, ahead)


def test_an_endless_function_is_not_called_again(monkeypatch):
    calls = []

    def endless(ids):
        calls.append(ids)
        while ids:
            pass

    monkeypatch.setattr("autograder.verdict.outcome.SECONDS", 0.1)
    about(doubled, endless)
    assert len(calls) == 1


def test_of_the_cases_without_an_error_more_can_be_said():
    """The error stands in the panel; where there is none, the same is wrong each time."""

    def flat_only(x):
        if x.ndim > 2:
            raise RuntimeError("flat ones only")
        return 3 * past(x)

    assert about(past, flat_only) == (
        "In the cases without an error: every number is 3 times what it should be."
    )


def test_one_case_at_the_edge_is_shown_by_what_it_is():
    check = Check("spelled", 1, lambda rng: [], spelled, ())
    cases = [Case(f"case {i}", args) for i, args in enumerate(CASES[spelled])]
    cases.append(edge("a text of marks", ("?????",)))
    got = [run(spelled, case.args) for case in cases]
    got[-1] = Outcome("+")
    said = remark(check, cases, expected(check, cases), got)
    assert said == (
        "All else is right, so you have the idea. What is special about this: a text of "
        "marks?"
    )


@pytest.mark.parametrize(
    ("oracle", "function"),
    [
        (past, lambda x: 3.14159 * past(x)),
        (past, lambda x: past(x) + 271.828),
        (doubled, lambda ids: [i + 271828 for i in doubled(ids)]),
        (area, lambda a, b: a * b + 271828),
        (doubled, lambda ids: doubled(ids) if ids[0] >= 0 else {}["x"]),
    ],
)
def test_while_grading_a_remark_spells_no_number(oracle, function):
    assert re.search(r"3\.14|272|271828|2\.72e", about(oracle, function)) or (
        oracle is doubled
    )
    assert not re.search(r"3\.14|27[12]|2\.72e", about(oracle, function, hidden=True))


# --- never a lie ----------------------------------------------------------------------
CHANGES = {
    "turned": lambda x: x.mT,
    "tripled": lambda x: 3 * x,
    "shifted": lambda x: x + 0.25,
    "backwards": lambda x: x.flip(-1),
    "upside down": lambda x: x.flip(-2),
    "positive": torch.abs,
    "rounded": lambda x: x.round(decimals=1),
    "first row": lambda x: x[..., :1, :],
    "without the last": lambda x: x[..., :-1, :],
    "first column wrong": lambda x: torch.cat([x[..., :1] + 1, x[..., 1:]], -1),
    "double": torch.Tensor.double,
    "softmax": lambda x: x.softmax(-1),
    "squared": torch.square,
    "one more axis": lambda x: x[None],
    "rows after three": lambda x: torch.cat([x[..., :3, :], x[..., 3:, :] * 0], -2),
}


def near(a: Tensor, b: Tensor) -> bool:
    a, b = a.double(), b.double()
    return a.shape == b.shape and bool(((a - b).abs() <= 1e-3 * b.abs() + 1e-4).all())


# What a sentence claims of (wanted, got), written down a second time.
CLAIMS = {
    "right one with its last two axes exchanged": lambda w, g: near(g.mT, w),
    r"Every number is (\S+) times": lambda w, g, n: near(g, float(n) * w + 0),
    r"Every number is too large by ([\d.]+\d)": lambda w, g, n: near(g - float(n), w),
    r"Every number is too small by ([\d.]+\d)": lambda w, g, n: near(g + float(n), w),
    "each row in reverse order": lambda w, g: near(g.flip(-1), w),
    "but the rows in reverse order": lambda w, g: near(g.flip(-2), w),
    "without its signs": lambda w, g: near(g, w.abs()),
    r"rounded to (\d) decimal": lambda w, g, n: near(g, w.round(decimals=int(n))),
    "it is only the first row": lambda w, g: near(g, w[..., :1, :]),
    "the last row is missing": lambda w, g: near(g, w[..., :-1, :]),
    "Only the first column": lambda w, g: near(g[..., 1:], w[..., 1:]),
    "their kind is `float64`": lambda w, g: near(g, w) and g.dtype == torch.float64,
    "one axis too many": lambda w, g: g.ndim == w.ndim + 1,
    "each number squared": lambda w, g: near(g, w.square()),
    "after a softmax": lambda w, g: near(g, w.softmax(-1)),
    r"The first (\d) rows are right": lambda w, g, n: near(
        g[..., : int(n), :], w[..., : int(n), :]
    ),
    "All the right numbers come back": lambda w, g: near(
        g.flatten().sort()[0], w.flatten().sort()[0]
    ),
}


@settings(
    max_examples=150,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(st.sampled_from([*CHANGES]), min_size=1, max_size=3), st.booleans())
def test_a_remark_never_lies(changes, before):
    """Of functions that do one to three of these things, in any order."""

    def function(x):
        out = x if before else past(x)
        for change in changes:
            out = CHANGES[change](out)
        return past(out) if before else out

    said = about(past, function)
    wrong = [
        (past(*args), function(*args))
        for args in CASES[past]
        if not near(past(*args), function(*args))
    ]
    for pattern, claim in CLAIMS.items():
        if found := re.search(pattern, said):
            for wanted, got in wrong:
                if "Two things at once" in said:
                    got = got.mT
                assert claim(wanted, got, *found.groups()), said


def test_what_is_less_exact_is_no_line_that_is_just_reached():
    said = about(shares, lambda x, t: shares(x, t + 1e-4 if t > 0 else t))
    assert said and "a little" not in said
    lenient = about(upto, lambda p, line: upto(p, line + 3e-6))
    assert "a little larger" in lenient


def test_as_if_it_were_fixed_is_so_in_every_case():
    """Else one case of few says it by luck, and many are right against it."""

    def once(a, b):
        return a if (a, b) == CASES[area][0] else a * b

    def seen(function):
        check = Check("area", 1, lambda rng: [], area, ())
        cases = [Case(f"case {i}", args) for i, args in enumerate(CASES[area])]
        got = run_all(function, CASES[area])
        return Seen(check, cases, expected(check, cases), got, partial(run, function))

    assert "`b` were 1" in as_if(seen(lambda a, b: a))
    assert not as_if(seen(once)) or "`b` were 1" not in as_if(seen(once))


def test_as_if_is_said_only_where_it_is_so_of_other_arguments_too():
    """By luck, or by a table of answers, it is so of the cases alone."""
    asked = [x for (x,) in CASES[past]]

    def only_there(x):
        known = any(x.shape == y.shape and x.equal(y) for y in asked)
        return past(x.sort()[0]) if known else 3 * past(x) + x

    assert "as if `x` were sorted" in about(past, lambda x: past(x.sort()[0]))
    assert "as if" not in about(past, only_there)
    assert "as if" in about(past, only_there, hidden=True)  # where nothing can be asked


def test_what_makes_a_difference_far_away_is_not_said_to_make_none():
    def deaf(a, b):
        return a * 7 + 1

    def clipped(a, b):
        return a * 7 + 1 + (b > 200)

    assert "depend on `b`" in about(area, deaf)
    assert "depend on" not in about(area, clipped)


def test_of_memory_that_nobody_has_filled_it_is_told():
    cell = "def f(ids):\n    return torch.empty(len(ids)).tolist()"
    check = Check("f", 1, lambda rng: [], doubled, ())
    cases = [Case(f"case {i}", args) for i, args in enumerate(CASES[doubled])]
    keeps = memory()
    got = run_all(keeps, CASES[doubled])
    wanted = expected(check, cases)
    for line in (cell, cell.replace("empty", "ones")):
        written = source.of([(1, line)], "f")
        said = remark(check, cases, wanted, got, partial(run, keeps), written=written)
        assert ("`torch.empty(len(ids))` in line 2" in said) == ("empty" in line)
        assert ("outlives a call" in said) == ("ones" in line)


def test_of_an_argument_that_is_used_it_is_not_said_that_nothing_depends_on_it():
    source_of = {
        "used": "def f(x, temperature):\n    return g(x, temperature / 100)",
        "refused": "def f(x, temperature):\n    assert temperature\n    return g(x)",
    }
    check = Check("f", 1, lambda rng: [], shares, ())
    cases = [Case(f"case {i}", args) for i, args in enumerate(CASES[shares])]

    def deaf(x, temperature):
        return shares(x, 2.0 if temperature > 0 else 0)

    got = run_all(deaf, CASES[shares])
    for kind, cell in source_of.items():
        written = source.of([(1, cell)], "f")
        said = remark(
            check,
            cases,
            expected(check, cases),
            got,
            partial(run, deaf),
            written=written,
        )
        assert ("For every `temperature` that was tried" in said) == (kind == "used")
        assert ("does not depend on `temperature`" in said) == (kind == "refused")


@pytest.mark.parametrize(
    ("name", "names", "said"),
    [
        ("maen", "def f(x):\n    mean = x\n    return maen", "Is `mean` meant?"),
        ("Layer", "def f(x): ...\ndef layer(x): ...", "Is `layer` meant?"),
        ("pi", "def f(x): ...", "Is `math.pi` meant? (`import math` makes it known.)"),
        ("tanh", "import torch\ndef f(x): ...", "Is `torch.tanh` meant?"),
        ("softmax", "def f(x): ...", "It is given `x`, and all else"),  # forbidden
        ("np", "def f(x): ...", "Is the module `numpy` meant, by its usual"),
        ("Counter", "def f(x): ...", "Is `collections.Counter` meant?"),
        (
            "mean",
            "def f(x):\n    return [mean for mean in x]",
            "only inside the brackets",
        ),
        ("tau_", "def f(x): x + tau_", "It is given `x`"),
        ("counts", "def f(x): ...\ncolumns = 2", "its argument `x`. Is that one"),
        (
            "n_head",
            "def f(n_kv_head, d_head):\n    return d_head * n_head",
            "Is `n_kv_head` meant?",
        ),
    ],
)
def test_of_an_unknown_name_the_one_that_may_be_meant_is_told(name, names, said):
    check = Check("f", 1, lambda rng: [], past, (), forbidden=("softmax",))
    cases = [Case(f"case {i}", args) for i, args in enumerate(CASES[past])]
    message = f"name '{name}' is not defined"
    got = [Outcome(raised="NameError", message=message) for _ in cases]
    written = source.of([(1, names)], "f")
    assert said in remark(check, cases, expected(check, cases), got, written=written)


def test_where_most_is_right_the_others_are_told_by_what_they_test():
    cases = [(70, 3), (80, 5), (90, 7), *((b, b % 7 + 2) for b in range(100, 108))]
    CASES[area], before = cases, CASES[area]
    try:
        told = about(area, lambda a, b: a * b + {70: 5, 90: -1000}.get(a, 0))
        assert told == "All else is right. What is special about these: case 0; case 2?"
    finally:
        CASES[area] = before


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda ids: dict.fromkeys(ids, 0), "and every value is 0: nothing is ever"),
        (lambda ids: {i: 7 + n for i, n in counted(ids).items()}, "too large by 7"),
        (
            lambda ids: {i: n * n + 3 for i, n in counted(ids).items()},
            "of the values are too large",
        ),
        (lambda ids: {str(i): n for i, n in counted(ids).items()}, "kind `str`"),
        (
            lambda ids: {i + 99: n for i, n in counted(ids).items()},
            "but not one key is",
        ),
        (
            lambda ids: {frozenset([i]): n for i, n in counted(ids).items()},
            "as a key or",
        ),
    ],
)
def test_what_is_wrong_in_all_of_a_table_is_told_as_that(function, said):
    assert said in about(counted, function)


def test_a_name_that_people_import_is_not_taken_for_another():
    def function(ids):
        counts = defaultdict(int)  # noqa: F821
        return counts

    assert "Is `collections.defaultdict` meant?" in about(counted, function)


AXES = torch.arange(24.0).reshape(2, 3, 4) % 7
SPACE = torch.arange(10.0).reshape(2, 5)


@pytest.mark.parametrize(
    ("oracle", "function", "said"),
    [
        (
            lambda x: x.transpose(0, 1).flatten(-2),
            lambda x: x.permute(1, 2, 0).transpose(0, 1).flatten(-2) + 0,
            "it answers as if `x` had its axes in the order (1, 2, 0).",
        ),
        (
            lambda x: x.mT * 1,
            lambda x: x.reshape(*x.shape[:-2], x.shape[-1], x.shape[-2]) * 1,
            "`reshape` exchanges no axes",
        ),
        (lambda x: x * 1, lambda x: x[None, None] * 7, "axes of size 1 in front which"),
        (
            lambda x: torch.ones(len(x), len(x)),
            lambda x: torch.ones(x.numel(), x.numel()),
            "Along axis -1 it is as long as `x` has numbers in all.",
        ),
        (
            lambda x: torch.ones(len(x), len(x)),
            lambda x: torch.ones(len(x), x.shape[-1]),
            "but for axis -1. Along axis -1 it is as long as axis -1 of `x`.",
        ),
    ],
)
def test_an_axis_in_another_s_place_is_told(oracle, function, said):
    inputs = [(AXES,), (AXES.mT * 3,)] if "order" in said else [(SPACE,), (AXES[0],)]
    asked = [Case("a", args) for args in inputs]
    check = Check("axes", 1, list, oracle, ())
    wanted = expected(check, asked)
    got = [run(function, args) for args in inputs]
    found = remark(check, asked, wanted, got, partial(run, function))
    assert said in found, found


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (
            lambda ids: {(i,): 1 for i in ids},
            "`(int, int)`, and here yours are of the kind `(int,)`",
        ),
        (lambda ids: {((i, i), 2): 1 for i in ids}, "of the kind `(tuple, int)`"),
        (lambda ids: {(i, i): 1 for i in ids}, ""),
    ],
)
def test_keys_of_another_kind_are_told(function, said):
    def pairs_of(ids):
        return {(i, i + 1): 1 for i in ids}

    asked = [Case("a", ([1, 2],)), Case("b", ([7],))]
    check = Check("pairs_of", 1, list, pairs_of, ())
    got = [run(function, case.args) for case in asked]
    found = remark(check, asked, expected(check, asked), got, partial(run, function))
    assert said in (found or "") and ("of the kind" in (found or "")) == bool(said)


def test_ids_that_are_counted_are_told():
    def found_in(table):
        return [*table.values()]

    def counted(table):
        return [256 + n for n, _ in enumerate(table)]

    asked = [Case("a", ({(1, 2): 256, (3, 4): 300},)), Case("b", ({(1, 2): 400},))]
    check = Check("found_in", 1, list, found_in, ())
    got = [run(counted, case.args) for case in asked]
    told = remark(check, asked, expected(check, asked), got, partial(run, counted))
    assert "as if `table` had its new ids counted from 256 on, without a gap" in told


def test_of_what_is_no_number_it_is_not_said_that_it_sees_ahead():
    def weights(x):
        return x.cumsum(0) / torch.arange(1, len(x) + 1)[:, None]

    def none(x):
        return weights(x) * ((x[-1, 0] - 3) * torch.inf)

    asked = [Case("a", (AXES[0] + 1,)), Case("b", (AXES[1] + 2,))]
    check = Check("weights", 1, list, weights, ())
    got = [run(none, case.args) for case in asked]
    told = remark(check, asked, expected(check, asked), got, partial(run, none))
    assert "There is NaN" in told or "There is ∞" in told


def test_what_is_true_of_each_answer_needs_no_word_of_errors():
    """The first case is no error: the sentence is of it, and of all that are none."""

    def doubled(x):
        return torch.cat([x, x], -1)

    def wide(x):
        if len(x) > 2:
            raise IndexError("x")
        return torch.cat([x, x, x], -1)

    asked = [Case("a", (torch.ones(2, n),)) for n in (1, 2)]
    asked += [Case("b", (torch.ones(3, 2),))]
    check = Check("doubled", 1, list, doubled, ())
    got = [run(wide, case.args) for case in asked]
    told = remark(check, asked, expected(check, asked), got, partial(run, wide))
    assert told.startswith("The shape is right but for axis -1"), told


def test_that_what_is_given_is_not_used_is_told():
    check = checks.load("tokenize")["to_chunks"]
    for body, told in (("regex.findall('a', text)", True), ("split(text)", False)):
        cell = f"def to_chunks(text):\n    return {body}"
        written = source.of([(1, cell)], "to_chunks")
        found = unknown.not_taken(Seen(check, [], [], [], None, written))
        assert bool(found) == told and "uses `split`, which is given" in (
            found or "uses `split`, which is given"
        )


@pytest.mark.parametrize(
    ("got", "rounded"),
    [
        ([0.12, 3.88, 1234.57], True),
        ([0.13, 3.89, 1234.57], True),
        ([0.12, 3.87, 1234.57], False),
        ([0.12, 3.88, 1234.56], False),
        ([0.125, 3.88, 1234.57], False),
    ],
)
def test_what_lies_between_two_or_is_large_is_rounded_all_the_same(got, rounded):
    want = torch.tensor([0.125, 3.885, 1234.5678])
    assert _is_rounded(want.double(), torch.tensor(got).double(), 2) == rounded


def test_a_number_that_comes_twice_is_no_cause_where_it_does_in_other_cases_too(
    monkeypatch,
):
    """What is special about such a vector may be that it has no other axis."""

    def doubled(x):
        return 2 * x

    cases = [(numbers(*s),) for s in ((2, 3), (3, 4), (4, 2))]
    even, odd = torch.tensor([1.0, 1.0, 3.0]), torch.tensor([[2.0, 2.0, 5.0]])
    for other, said in ((numbers(1, 3), True), (odd, False)):
        monkeypatch.setitem(CASES, doubled, [*cases, (other,), (even,)])
        told = about(doubled, lambda x: 2 * x if x.ndim > 1 else [].pop())
        assert ("numbers of `x` are equal" in told) == said


def test_what_has_no_axis_is_told(monkeypatch):
    def tripled(x, n):
        return 3 * x

    sizes = [numbers(2), numbers(3), numbers(4), torch.tensor(4.0)]
    monkeypatch.setitem(CASES, tripled, [(numbers(2, 3), n) for n in sizes])
    told = about(tripled, lambda x, n: 3 * x if n.ndim else [].pop())
    assert "It is right everywhere but where `n` has no axis" in told
