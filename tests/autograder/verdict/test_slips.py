"""Are guards, numbers, items and arguments found that are not what they should be?"""

import ast

import pytest
import torch

from autograder.checks import Check, Mistake
from autograder.verdict import causes, repair, slips, source
from autograder.verdict.outcome import Outcome
from tests.autograder.verdict import test_repair as by

SCALED = """
def scaled(x, p):
    if not 0 <= p < 1:
        raise ValueError("p")
    kept = x * 1 / (1 - p) + 0.044715 * x ** 3
    return kept - kept.mean()
"""
CASES = [
    (torch.tensor([[1.0, 5.0], [4.0, 9.0], [2.0, 2.5]]), 0.5),
    (torch.tensor([[3.0, 7.0, 1.0]]), 0.25),
    (torch.tensor([2.0, 8.0]), 1.5),
]
ITEMS = """
def items(ids, n):
    found = []
    for i in ids:
        if i ** 2 == n * n or [i] + ids == [n]:
            found.append(i)
    return found + [len(ids)] + [3 * j for j in ids]
"""
LISTS = [([3, 1, 4, 1, 5], 3), ([2, 7, 2, 8], 2), ([1, 6, 1], 1), ([9, 9], 9)]


def of(cell, cases, *slips):
    name = cell.split("(")[0].split()[1]
    wrong = cell
    for slip in slips:
        assert slip[0] in wrong
        wrong = wrong.replace(*slip)
    return by.told(wrong, by.made(cell, name), cases)


@pytest.mark.parametrize(
    ("slip", "said"),
    [
        (("if not 0 <= p < 1", "if 0 <= p < 1"), "`0 <= p < 1`: it refuses all"),
        (("0.044715", "0.047715"), "compare the number 0.047715 with the one"),
        (("(1 - p)", "0.75"), "look at the number 0.75. It is the same in every call"),
        (("x ** 3", "x[0] ** 3"), "`x[0]`: it is one item of `x`. Or are all"),
    ],
)
def test_what_is_not_as_it_should_be_is_found(slip, said):
    assert said in of(SCALED, CASES, slip)


def test_a_number_that_lacks_a_factor_is_not_doubted():
    told = of(ITEMS, LISTS, ("3 * j", "3"))
    assert "beside the number 3. Is a factor missing?" in told
    assert "every call" not in told


def test_an_argument_that_nobody_gives_is_told_as_one():
    told = of(
        SCALED,
        CASES,
        ("(x, p)", "(x, p, on=False)"),
        ("    kept = x", "    if not on:\n        return x\n    kept = x"),
    )
    assert "`if not on: ...`: `on` is an argument of your own" in told
    assert "so it is always False." in told and "counts as false" not in told


def test_a_number_by_default_is_compared_with_the_formula():
    slips = ("(x, p)", "(x, p, c=0.044)"), ("0.044715", "c")
    assert "compare the number 0.044 with the one" in of(SCALED, CASES, *slips)


def test_a_set_in_place_of_a_list_is_told():
    slip = "[3 * j for j in ids]", "list({3 * j for j in ids})"
    assert "a set keeps no order" in of(ITEMS, LISTS, slip)


def test_two_sets_that_are_compared_are_two_sets():
    cell = "def same(ids, n):\n    return [ids[i : i + 2] == [n, 1] for i in range(3)]"
    cases = [([1, 1, 4, 1], 4), ([1, 4, 4, 1], 4), ([1, 5, 1, 5, 1], 5)]
    slip = ("ids[i : i + 2] == [n, 1]", "set(ids[i : i + 2]) == set([n, 1])")
    assert "a set keeps no order and nothing twice" in of(cell, cases, slip)


def test_a_float_that_is_too_coarse_is_told():
    cell = "def much(n, k):\n    return int(12 * n ** 2 + 13 * k)"
    cases = [(3, 1), (50_000_001, 7), (90_000_001, 2)]
    assert "2.0 has a point" in of(cell, cases, ("** 2", "** 2.0"))


def test_a_loop_that_should_not_be_one():
    cell = "def twice(x, n):\n    y = x * n\n    y = y.tanh()\n    return y"
    cases = [(torch.tensor([1.0, 3.0]), 2), (torch.tensor([4.0, 5.0, 7.0]), 3)]
    slip = "    y = y.tanh()", "    for _ in range(n):\n        y = y.tanh()"
    assert "does that have to be done more than once?" in of(cell, cases, slip)


def test_of_a_size_it_is_asked_whose_it_is():
    cell = "def cut(x, w):\n    d = 2 * w.shape[-1]\n    return (x.T @ w)[:d] * d"
    cases = [(torch.rand(n, m), torch.rand(n, 2)) for n, m in ((3, 4), (2, 6), (4, 3))]
    assert "it is a size of `x`" in of(cell, cases, ("w.shape", "x.shape"))
    assert "is a size of" not in of(cell, cases, ("2 * w", "3 * w"))


def test_the_place_is_shown_where_a_line_is_long():
    long = " + ".join(["(ids[0] * n + 7 * n * n)"] * 5)
    cell = f"def much(ids, n):\n    return ({long})"
    cases = [([3, 1], 2), ([5], 7), ([2, 2], 30)]
    told = of(cell, cases, (f"({long})", f"({long}) // 1000000"))
    assert "`… // 1000000`: is that operation needed?" in told
    # A number alone says little: what it stands in is shown, if it is not too long.
    for wrong, shown in (
        ("7 * ids[0] * n", "`7 * ids[0] * n`"),
        ("max(0, 7)", "`max(0, 7)`"),
    ):
        fits = f"def much(ids, n):\n    return ({long}) + {wrong}"
        function = ast.parse(fits).body[0]
        sevens = (x for x in ast.walk(function) if getattr(x, "value", 0) == 7)
        node = max(sevens, key=lambda x: x.col_offset)
        assert f"`{repair._shown(repair._around(function, node))}`" == shown


def test_a_number_is_never_shown_alone():
    long = " + ".join(["(ids[0] * n + n * n)"] * 5)
    function = ast.parse(f"def much(ids, n):\n    return max({long}, 7)").body[0]
    (seven,) = [x for x in ast.walk(function) if getattr(x, "value", 0) == 7]
    assert isinstance(repair._around(function, seven), ast.Return)


def test_a_number_of_a_method_is_no_axis():
    cell = "def wide(ids, n):\n    return [i.to_bytes(1, 'big') for i in ids]"
    told = of(cell, LISTS, ("to_bytes(1", "to_bytes(2"))
    assert "look at the number 2." in told and "axis" not in told


def test_what_is_taken_out_of_a_table_is_told():
    cell = """
def looked(ids, t):
    t, found = dict(t), []
    for i in ids:
        found.append(t[i])
    return found
"""
    cases = [([3, 1, 3], {1: 5, 3: 7}), ([2, 2], {2: 8}), ([4], {4: 1})]
    told = of(cell, cases, ("(t[i])", "(t.pop(i, None))"))
    assert "`pop` also takes it out. Is it needed again?" in told


@pytest.mark.parametrize("line", ["w /= x.sum(-1, keepdim=True)", "w *= x + 2"])
def test_what_is_written_into_is_named_though_an_error_comes_first(line):
    cell = "def scaled(x, w):\n    y = w / x.sum(-1, keepdim=True)\n    return x * y + y.sqrt()"
    cases = [(torch.rand(3, 4), torch.ones(4)), (torch.rand(2, 3), torch.ones(3))]
    wrong = ("y = w / x.sum(-1, keepdim=True)", line), ("x * y + y.sqrt()", "x + w")
    assert f"Line 2, `{line}`, writes into `w` itself" in of(cell, cases, *wrong)
    own = line, f"w = w * 2\n    {line}"
    assert "writes into" not in of(cell, cases, *wrong, own)


def test_a_key_that_is_nearly_right_is_named():
    cell = "def scaled(x, w):\n    return x * w['ln_1.weight'] + w['ln_1.bias']"
    table = {"ln_1.weight": torch.ones(2), "ln_1.bias": torch.ones(2)}
    cases = [(torch.rand(3, 2), table), (torch.rand(2), table)]
    told = of(cell, cases, ("ln_1.weight", "ln_1.weigth"))
    assert "no key 'ln_1.weigth'. The nearest that it has is 'ln_1.weight'" in told
    assert "nearest" not in of(cell, cases, ("ln_1.weight", "h.0.something"))


def test_a_mistyped_error_is_asked_for():
    wrong = ("raise ValueError", "raise Valueerror")
    assert "knows no `Valueerror`. Is `ValueError` meant?" in of(SCALED, CASES, wrong)
    other = of(SCALED, CASES, ("raise ValueError", "raise TypeError"))
    assert "Python knows no" not in other and "with a TypeError" in other


def test_numbers_of_two_kinds_are_a_list_of_numbers():
    cell = "def doubled(x, p):\n    return x * p"
    cases = [(torch.tensor([1.0, 3.0]), 2), (torch.tensor([4.0, 5.0, 7.0]), 3)]
    mixed = ("x * p", "[0 if a > p else a * p for a in x.tolist()]")
    assert "A list of numbers comes back." in of(cell, cases, mixed)
    words = ("x * p", "[str(a * p) for a in x.tolist()]")
    assert "A list of texts comes back" in of(cell, cases, words)
    shapes = ("x * p", "[x, x.sum() * p]")
    assert "of different shapes" in of(cell, cases, shapes)


def test_what_is_handed_over_with_a_star_may_be_in_another_order():
    cell = "def summed(x, w):\n    return torch.where(x > 2, *[x, w])"
    cases = [(torch.rand(3, 4) * 5, torch.ones(4)), (torch.rand(2, 3), torch.zeros(3))]
    wrong = ("(x > 2, *[x, w])", "(*[x, w], x > 2)")
    assert "look at the order of what is handed over" in of(cell, cases, wrong)


def test_an_id_that_is_always_the_same():
    cell = "def last(ids, t):\n    found = max(t)\n    return [max(i, t[found]) for i in ids] + [found]"
    cases = [([3, 999], {(1, 2): 256, (0, 3): 300}), ([7], {(8, 2): 257, (1, 1): 290})]
    told = of(cell, cases, ("max(i, t[found])", "max(i, 256)"))
    assert "the number 256 is the same each time. Should it be?" in told


def test_keys_that_are_added_are_no_entries():
    cell = "def spelt(ids, t):\n    return [t[i] + t[j] for i, j in ids]"
    cases = [([(1, 2), (2, 2)], {1: 5, 2: 7, 3: 0, 4: 0}), ([(0, 0)], {0: 9})]
    told = of(cell, cases, ("t[i] + t[j]", "t[i + j]"))
    assert "`t[i + j]`: it computes with the keys." in told


PATTERN = """
def cut(text, names):
    import re
    pattern = "|".join(map(re.escape, names))
    return re.split(f"({pattern})", text) + [len(names)]
"""
NAMES = [
    ("ab<|x|>c<|x|>", ["<|x|>"]),
    ("a.b.<|y|>", ["<|y|>", "."]),
    ("x<|x|>xyz|", ["<|x|>"]),
]


def test_signs_that_mean_something_in_a_pattern():
    told = of(PATTERN, NAMES, ("map(re.escape, names)", "names"))
    assert "signs such as | [ . + mean something else in a pattern" in told
    told = of(PATTERN, NAMES, ('f"({pattern})"', 'f"\\\\b({pattern})\\\\b"'))
    assert "asks for the edge of a word. Is there always one?" in told


def test_what_comes_as_it_is_listed():
    cell = """
def without(text, names):
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "-" * len(name))
    return text
"""
    cases = [("<a><abc>", ["<a", "<abc>"]), ("abcab", ["ab", "abc"]), ("x", ["x"])]
    told = of(cell, cases, ("sorted(names, key=len, reverse=True)", "names"))
    assert "`for name in names: ...`: it takes them as they are listed." in told


def test_a_table_that_is_made_anew_in_each_round():
    cell = "def reached(ids):\n    t = {{-1: 0}}\n    for k in ids:\n        {}\n    return t"
    missing = Outcome(raised="KeyError", message="1", part="t[k - 1]")
    anew, into = (
        causes.made_anew(ast.parse(cell.format(line)).body[0], missing)
        for line in ("t = {k: t[k - 1] + 1}", "t[k] = t[k - 1] + 1")
    )
    assert anew.startswith(
        "Line 4, `t = {k: t[k - 1] + 1}`, makes a new table each time"
    )
    assert into is None


def test_of_a_key_that_is_there_the_new_value_is_taken():
    cell = """
def counted(rows, n):
    t = {}
    for row in rows:
        for i in row:
            t[i] = t.get(i, 0) + n
    return t
"""
    cases = [([[1, 2], [2, 3, 3]], 1), ([[4], [4], [4, 5]], 2)]
    inner = "        for i in row:\n            t[i] = t.get(i, 0) + n\n"
    told = of(cell, cases, (inner, "        t |= {i: n * row.count(i) for i in row}\n"))
    assert "gets the new value in place of the old one. Is it to be added?" in told


def test_that_all_is_encoded_is_said_only_where_it_is():
    hint = "You encode all of the text and look for the names in its ids. By then"
    for body, there in (
        ("encode(text, merges)", True),
        ("encode(part, merges)", False),
    ):
        cell = f"def encode_special(text, merges):\n    return {body}"
        written = source.of([(1, cell)], "encode_special")
        assert source.denies(written, hint) is not there


def test_numbers_of_which_the_hints_speak_are_tried():
    cell = "def scaled(x, p):\n    return hidden(x) * p"
    slip = "def scaled(x, p):\n    return x * 0.0473 * p"
    space = {"hidden": lambda x: x / 2 * 0.0894, "torch": torch}
    exec(cell, space)  # noqa: S102 - ours
    hint = Mistake("no number", "0.0447 is missing.", lambda x, p: x * p * 3)
    check = Check("scaled", 1, list, space["scaled"], (hint,))
    assert 0.0447 in slips.formula(check)
    (node, found, *_), *_ = slips.first(ast.parse(slip).body[0], (), {0.0447, 3.5})
    assert (node.value, found.value) == (0.0473, 0.0447)


@pytest.mark.parametrize(
    ("written", "meant", "may"),
    [
        (0.047715, 0.044715, True),
        (0.44715, 0.044715, True),
        (1e-12, 1e-5, True),
        (0.1, 1e-5, False),
        (0.5, 0.044715, False),
        (1e-5, 1e-5, False),
    ],
)
def test_a_number_stands_for_one_that_it_is_like(written, meant, may):
    body = ast.parse(f"def f(x):\n    return x * {written}").body[0]
    told = [other.value for _, other, *_ in slips.first(body, (), {meant})]
    assert told == ([meant] if may else [])
