"""Does a tutor's word fit the error, and the line that it came from?

For each: a line that fails so, and one that fails close by, to which it must not be said.
"""

import linecache
import math
import re
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
import torch

from autograder.checks._material import stop
from autograder.verdict.errors import STANDS_IN, alike, hint, sure, told
from autograder.verdict.meanings import MEANT
from autograder.verdict.outcome import Outcome, run

x = torch.arange(6.0).reshape(2, 3)

# what is said, a line to which it is, a line that fails close by
HINTS = [
    ("`^` is not a power", "x ^ 2", "x ** 'two'"),
    ("stands where a list is needed", "[y for y in len]", "len + 1"),
    ("is another name meant", "len * x", "[y for y in len]"),
    ("compare whole values", "max(x, 0 * x)", "1 if x > 0 else 0"),
    ("`and`, `or` and `not`", "not x", "max(x, 0 * x)"),
    ("`and`, `or` and `not`", "(x > 0) and (x < 3)", "1 if x else 0"),
    ("Two comparisons without brackets", "0 < x < 3", "1 if x > 0 else 0"),
    (
        "Two comparisons without brackets",
        "[0 for y in [x.int()] if y <= y & y > 1]",
        "(x > 0) and (x < 3)",
    ),
    ("An `if` or `while` needs", "1 if x > 0 else 0", "(x > 0) or x"),
    ("An `if` or `while` needs", "1 if (x > 0) & (x < 3) else 0", "0 < x < 3"),
    ("a list or a tuple, in square", "torch.cat(x, x, dim=0)", "torch.cat([x, 1])"),
    ("in quotation marks is a text", "torch.cat([x, x], dim='-2')", "x.sum(2)"),
    ("Only lists have `append`", "x.append(x)", "x.summ()"),
    ("Only lists have `append`", "torch.append(x, x)", "[].appendd(x)"),
    ("takes a matrix first", "torch.tril(2, 3, 1)", "x[0].tril()"),
    ("A whole shape stands", "math.sqrt(x.shape)", "math.sqrt(x)"),
    ("`range` takes one number", "[0 for i in range(x)]", "[0][x]"),
    ("An `if` or `while` needs", "1 if x.max(0)[0] > 0 else 0", "max(x, x)"),
    ("`torch.tensor` makes", "torch.tensor([x, x])", "math.exp(x)"),
    ("several numbers stands where", "math.exp(x)", "torch.tensor([x[0], x[1]])"),
    ("several numbers stands where", "float(x)", "torch.tensor([x[0], x[1]])"),
    ("the root of n is", "torch.sqrt(4)", "torch.sqrt('4')"),
    ("Two shapes do not fit", "x - x.mean(1)", "x @ x"),
    ("`bytes(…)` makes what can", "{bytearray([1]): 2}", "{x}['a']"),
    ("Python's own method", "'a'.encode({})", "'a'.encode('none')"),
    ("Python's own method", "'a'.encode('ascii', {})", "b'a'.decode('none')"),
    ("from 0 to 255", "bytes([300])", "bytes(['a'])"),
    ("`<` and `>` compare", "(1, 2) < 3", "(1, 2) + 3"),
    ("The pair in this message", "{}[1, 2]", "{}[x]"),
    ("The number in this message", "{}[257]", "{}['a']"),
    ("larger than the table", "torch.zeros(2, 256)[0, 300]", "torch.zeros(2)[3]"),
    ("names another encoding", "b'abc'.decode('utf-16')", "b'\\xe6'.decode()"),
    ("turns True and False around", "~x", "x.masked_fill(x, 0)"),
    ("turns True and False around", "~1.5", "-'a'"),
    ("made of `torch.bool`", "x.masked_fill(x, 0)", "x.masked_fill(x > 0, 'a')"),
    ("more to unpack", "[0 for (a,) in [x.shape]]", "[0 for a, b, c in [x.shape]]"),
    (
        "`.chunk` asks",
        "[0 for a, in [x.split(1, -1)]]",
        "[0 for a, in [x.chunk(3, -1)]]",
    ),
    ("is no tensor", "[x].T", "x.t2"),
    ("Look at the letters", "x.summ()", "[x].T"),
    ("Look at the letters", "torch.Softmax(x)", "(3).T"),
    ("less to unpack", "[0 for a, b, c in [x.shape]]", "[0 for (a,) in [x.shape]]"),
    ("Several names are", "[0 for a, b in [None]]", "None[0]"),
    ("In `a @ b`", "x @ x", "x + x.T"),
    ("`dot`, `mm`, `mv`", "x.dot(x)", "x @ x"),
    ("A tuple has no keys", "('user', [1])['role']", "[1]['role']"),
    ("`gather` wants", "x.gather(-1, torch.tensor([1]))", "x.gather(-1, x)"),
    ("of one kind, such as float32", "x @ x.T.double()", "x @ x"),
    ("`.view` needs", "x.T.view(6)", "x.view(5)"),
    ("another number of places", "x.view(5)", "x.T.view(6)"),
    ("different shapes", "torch.stack([x, x.T])", "torch.stack([])"),
    ("work on a matrix", "x[0].tril()", "x.tril(1.5)"),
    ("letters of `einsum`", "torch.einsum('i,j->ij', x, x)", "x @ x"),
    ("no such axis", "x.sum(2)", "x[2]"),
    ("`permute` wants every axis", "x.permute(0, 2, 1)", "x.sum(2)"),
    ("nothing can be written", "x[0].expand(2, 3).mul_(2)", "x.view(5)"),
    ("what is written into it has a point", "x.int().div_(2)", "x.int().view(5)"),
    ("copied by `.clone()`", "x.copy()", "x.copied()"),
    ("give two tensors", "x.max(-1).mean(-1)", "x.max(-1)[0].means(-1)"),
    ("give two tensors", "x - x.sort(-1)", "x - [1]"),
    ("or make a tensor of them", "[1] - [2]", "[1] < 2"),
    ("or make a tensor of them", "[1] + x", "x.sum('a')"),
    ("by its key, in square", "{'a': x}.a", "[x].a"),
    ("Round brackets call", "x(0)", "x['0']"),
    ("A function stands", "x.sum + 1", "x.sum('a')"),
    ("A function stands", "x.shape.index + [1]", "x.add(None)"),
    ("Something here is None", "[3, 1].sort() + [1]", "[3, 1] + 1"),
    ("Something here is None", "[3, 1].sort()[0]", "[][0]"),
    ("cannot be a key", "{[1]: 2}", "{}[1]"),
    ("beyond the end", "[1, 2][2]", "{}[2]"),
    ("beyond the end", "x[2]", "x.sum(2)"),
    ("tensor of training", "x.clone().requires_grad_().numpy()", "x.T.view(6)"),
    ("another number of arguments", "(lambda a: a)(1, 2)", "(lambda a: a)()"),
    ("no argument of this name", "(lambda a: a)(a=1, b=2)", "(lambda a: a)(1, 2)"),
    ("than it takes", "[].append(1, 2)", "(lambda a: a)(1, 2)"),
    ("than it takes", "pairwise([1], 2)", "pairwise(1)"),
    ("A single number stands", "[0 for a, b in [1, 2]]", "[0 for a, b in ['a']]"),
    ("A single number stands", "[].extend(3)", "[].extend(None)"),
    ("list or a table", "UNBOUND[0]", "[1][UNBOUND]"),
    ("`regex`, not", r"re.findall(r'\p{L}', 'a')", r"re.findall(r'\l', 'a')"),
    ("fewer arguments", "(lambda a, b: a)(1)", "(lambda a: a)(1, 2)"),
    ("its own everywhere in it", "UNBOUND()", "y"),
    ("decoded together", "'ä'.encode()[:1].decode()", "'ä'.encode('none')"),
    ("decoded together", "'ä'.encode('ascii')", "int('ä')"),
]


# The same of a step that has nothing to do with tensors.
PLAIN = [
    ("take them out one by one.", "[1] * [2]"),
    (
        "more to unpack than you give names to. Print",
        "[0 for a, in ['a,b'.split(',')]]",
    ),
    ("less to unpack than you give names to. Print", "[0 for a, b in [[1]]]"),
    ("`d[key] = value`", "{}.add(1)"),
    ("stands before the dot.", "math.product([1])"),
]


# What of its own an error tells: its names and sizes, beside what is said of its kind.
DETAILS = [
    ("`x` has 3 columns here, and `x[:, :2]` has 2 rows.", "(1, x @ x[:, :2])"),
    ("`t` has 3 columns here, and `t` has 2 rows.", "[t @ t for t in [x[None]]]"),
    ("`x[0]` has 3 numbers here, and `x[:, 0]` has 2.", "len(x[0] @ x[:, 0])"),
    ("`x` has 3 columns here, and `x[:, 0]` has 2 rows.", "x @ x[:, 0]"),
    ("The left side has 3 columns here,", "x.mm(x)"),
    (
        "`u` has 3 columns here, and `u.T` has 2 rows. `.T` turns all axes round,",
        "[u @ u.T for u in [x[None]]]",
    ),
    (
        "Along axis 0, `u` has size 4 here, and `u.T` has size 3. `.T` turns",
        "[u @ u.T for u in [x.repeat(4, 1, 1)]]",
    ),
    ("Along axis 1, `x` has size 3 here, and `x.mT` has size 2.", "x + x.mT"),
    ("Along axis 1, one of them has size 3 here,", "torch.where(x > 0, x, x.mT)"),
    ("Axis 0 has size 2 here, so its indices go from 0 to 1, and 5", "x[0] + x[5]"),
    ("Axis 0 has size 0 here, and index 0 was", "x[2:][0]"),
    ("It is `[1, 2][2]` that goes too far.", "[0][0] + [1, 2][2]"),
    ("`x[0]` is a tensor here, and `x[0](x)` calls it. (A", "abs(x[0](x))"),
    ("`[1]` is a list here, and `[1](0)` calls it. Round", "int([1](0))"),
    ("`[1]` is a list here, and `x` is a tensor. With", "{0: [1] - x}"),
    ("`[x]` is a list here, and that has no `mT`. What", "x + [x].mT"),
    ("`(1, 2)` is a tuple here, and `3` is a whole number. `<`", "[(1, 2) < 3]"),
]

# What a call was given that it does not take: that is all that is said then.
CALLS = [
    (
        "`sum` takes no argument by the name `keep_dim`. Is `k",
        "x.sum(-1, keep_dim=True)",
    ),
    ("no argument by the name `keep_dim`", "x.sum(axis=-1, keep_dim=True)"),
    ("`max` takes no argument by the name `keepdm`", "x.max(-1, keepdm=True)"),
    ("by the name `ky`. Is `key` meant?", "sorted([1], ky=abs)"),
    ("`np.max` is NumPy's, and this is a tensor", "np.max(x, axis=-1, keepdims=True)"),
    ("the same things in another order", "x.masked_fill(-math.inf, x > 0)"),
    ("takes `(Tensor mask, Tensor value)` or", "x.masked_fill('a', 'b')"),
    ("Each size that `ones` is given must be one", "torch.ones(x.size(), x.size())"),
    ("Each size that `reshape` is given", "x.reshape([1], 2, 3)"),
    ("kind of numbers by its name, `dtype=`", "torch.ones((2, 3), torch.bool)"),
    ("`.chunk` makes at most `2` parts, and", "[q for q, k, v in [x.chunk(2)]]"),
    (
        "`.split` makes parts that are `len(x) - 1` long",
        "[q for q, in [x.split(len(x) - 1)]]",
    ),
    (
        "`x[0]` has 1 axis here, and `x[0][:, -1, None, :]` names 3.",
        "x[0][:, -1, None, :]",
    ),
]


def UNBOUND():
    total = total + 1  # noqa: F821 - the slip
    return total


def failed(line: str) -> Outcome:
    """What becomes of a step of which this is the one line."""
    space = {"x": x, "torch": torch, "math": math, "re": re, "np": np}
    space |= {"UNBOUND": UNBOUND, "pairwise": pairwise}
    name = f"<{line}>"
    linecache.cache[name] = (len(line), None, [f"{line}\n"], name)
    code = compile(line, name, "eval")
    got = run(lambda: eval(code, space), ())
    assert got.raised, f"{line} does not fail"
    return got


def said(line: str, tensors: bool = True) -> str | None:
    return hint(failed(line), tensors)


@pytest.mark.parametrize(("words", "line", "near"), HINTS, ids=[h[1] for h in HINTS])
def test_a_hint_fits_its_line_and_not_one_close_by(words, line, near):
    assert words in (said(line) or "")
    assert words not in (said(near) or "")


@pytest.mark.parametrize(("words", "line"), DETAILS, ids=[d[1] for d in DETAILS])
def test_the_names_and_sizes_of_an_error_are_told(words, line):
    assert told(failed(line)).startswith(words)
    assert words not in hint(failed(line))  # which is all that is said while grading
    unknown = replace(failed(line), part="", trace="")
    assert told(unknown).endswith(hint(unknown))


@pytest.mark.parametrize(("words", "line"), CALLS, ids=[c[1] for c in CALLS])
def test_what_a_call_does_not_take_is_told_and_nothing_beside(words, line):
    found = told(failed(line))
    assert words in found, found
    assert (said(line) or "…") not in found


def test_an_argument_of_one_s_own_function_is_no_slip_of_the_pen():
    found = told(failed("(lambda keep: keep)(kep=1)"))
    assert found == said("(lambda keep: keep)(kep=1)")


@pytest.mark.parametrize(("words", "line"), PLAIN, ids=[line for _, line in PLAIN])
def test_no_tensor_is_spoken_of_where_there_is_none(words, line):
    assert words not in (said(line) or "")
    told = said(line, tensors=False)
    assert words in told and "torch" not in told and "tensor" not in told


def test_a_cache_that_is_given_a_list_is_no_line_of_the_function_s():
    got = run(cache(lambda chunks: 1), ([1],))
    assert sure(got) and "`@cache`" in hint(got, tensors=False)
    assert "`@cache`" not in said("{[1]: 2}", tensors=False)


def test_every_hint_is_tried():
    tried = [words for words, *_ in [*HINTS, *PLAIN, ("`@cache`",)]]
    for known in MEANT:
        assert any(words in known.hint for words in tried), known.hint


ALIKE = [  # the error of a mistake, and of a line that fails for the same reason
    ("[][1]", "x[2]"),
    ("x @ x", "x - x.mean(1)"),
    ("'ä'.encode()[:1].decode()", "b'\\xff'.decode()"),
    ("[0 for a, in [x.shape]]", "[0 for a, b, c in [x.shape]]"),
    ("'a' < 1", "2 < 'b'"),
]
APART = [  # and for another
    ("~1.5", "len(3)"),
    ("{}[[]]", "[0 for a, b in [1, 2]]"),
    ("bytes([257])", "int('a')"),
    ("'ä'.encode()[:1].decode()", "min([])"),
    ("x @ x", "torch.stack([])"),
    ("x[2]", "x.sum(2)"),
    ("[][1]", "{}[1]"),
    (
        "torch.ones(2, requires_grad=True).numpy()",
        "torch.ones(2, requires_grad=True).add_(1)",
    ),
    (
        "torch.ones(2, requires_grad=True).numpy()",
        "(s := x.clone().requires_grad_().exp().sum()).backward() or s.backward()",
    ),
]


def test_an_error_is_another_s_only_for_the_same_reason():
    for mistake, line in ALIKE:
        assert alike(failed(mistake), failed(line), "")
    for mistake, line in APART:
        assert not alike(failed(mistake), failed(line), "")


@pytest.mark.parametrize(
    ("line", "hint", "same"),
    [
        ("{}[[]]", "A list cannot be a key.", True),
        ("{}[[]]", "A `TypeError` tells of a wrong type.", True),
        ("{}[[]]", "A tuple cannot be a key.", False),
        ("[0 for a, b in [1, 2]]", "A list cannot be a key.", False),
        ("[0 for a, b in [1, 2]]", "A `TypeError` tells of a wrong type.", True),
    ],
)
def test_an_error_that_stands_for_many_is_told_by_its_hint(line, hint, same):
    stands_in = run(lambda: stop(TypeError), ())
    assert alike(stands_in, failed(line), hint) is same


def test_an_error_that_stands_for_many_has_the_words_of_the_checks():
    assert STANDS_IN in run(lambda: stop(KeyError), ()).message
    assert alike(run(lambda: stop(KeyError), ()), failed("{}[1]"), "")
    assert alike(run(lambda: stop(ValueError), ()), failed("min([])"), "")
    assert not alike(run(lambda: stop(ValueError), ()), failed("b'\\xff'.decode()"), "")


def test_what_does_not_fail_has_no_hint():
    assert hint(Outcome("truth value of an array")) is None
    assert hint(Outcome(raised="KeyError", message="7")) is None


def test_hints_are_sentences_and_give_no_code_away():
    for known in MEANT:
        assert re.compile(known.said) and re.compile(known.line)
        assert known.hint[0].isupper() or known.hint[0] == "`"
        assert known.hint.endswith((".", "?", ")"))
        assert len(known.hint) < 330


def test_of_an_error_with_one_cause_no_guess_is_better():
    assert sure(failed("x(0)"))
    assert sure(failed("math.exp(x)"))  # a ValueError, but no refusal
    assert not sure(failed("x @ x"))
    assert not sure(Outcome(1))


def test_what_cannot_be_encoded_is_no_error_of_decoding():
    encoding = run(lambda: "果".encode("latin-1"), ())
    decoding = run(lambda: "果".encode()[:1].decode(), ())
    assert not alike(decoding, encoding, "") and alike(decoding, decoding, "")
