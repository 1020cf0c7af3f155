"""Does a tutor's word fit the error, and the line that it came from?

For each: a line that fails so, and one that fails close by, to which it must not be said.
"""

import linecache
import math
import re

import pytest
import torch

from autograder.verdict.errors import _MEANT, hint, sure
from autograder.verdict.outcome import Outcome, run

x = torch.arange(6.0).reshape(2, 3)

# what is said, a line to which it is, a line that fails close by
HINTS = [
    ("`^` is not a power", "x ^ 2", "x ** 'two'"),
    ("compare whole values", "max(x, 0 * x)", "1 if x > 0 else 0"),
    ("`and`, `or` and `not`", "not x", "max(x, 0 * x)"),
    ("`and`, `or` and `not`", "(x > 0) and (x < 3)", "1 if x else 0"),
    ("An `if` or `while` needs", "1 if x > 0 else 0", "(x > 0) or x"),
    ("An `if` or `while` needs", "1 if x.max(0)[0] > 0 else 0", "max(x, x)"),
    ("`torch.tensor` makes", "torch.tensor([x, x])", "math.exp(x)"),
    ("several numbers stands where", "math.exp(x)", "torch.tensor([x[0], x[1]])"),
    ("several numbers stands where", "float(x)", "torch.tensor([x[0], x[1]])"),
    ("the root of n is", "torch.sqrt(4)", "torch.sqrt('4')"),
    ("Two shapes do not fit", "x - x.mean(1)", "x @ x"),
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
    ("In `a @ b`", "x @ x", "x + x.T"),
    ("`dot`, `mm`, `mv`", "x.dot(x)", "x @ x"),
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
    ("fewer arguments", "(lambda a, b: a)(1)", "(lambda a: a)(1, 2)"),
    ("its own everywhere in it", "UNBOUND()", "y"),
    ("decoded together", "'ä'.encode()[:1].decode()", "'ä'.encode('none')"),
    ("decoded together", "'ä'.encode('ascii')", "int('ä')"),
]


def UNBOUND():
    total = total + 1  # noqa: F821 - the slip
    return total


def failed(line: str) -> Outcome:
    """What becomes of a step of which this is the one line."""
    space = {"x": x, "torch": torch, "math": math, "UNBOUND": UNBOUND}
    name = f"<{line}>"
    linecache.cache[name] = (len(line), None, [f"{line}\n"], name)
    code = compile(line, name, "eval")
    got = run(lambda: eval(code, space), ())
    assert got.raised, f"{line} does not fail"
    return got


def said(line: str) -> str | None:
    return hint(failed(line))


@pytest.mark.parametrize(("words", "line", "near"), HINTS, ids=[h[1] for h in HINTS])
def test_a_hint_fits_its_line_and_not_one_close_by(words, line, near):
    assert words in (said(line) or "")
    assert words not in (said(near) or "")


def test_every_hint_is_tried():
    for known in _MEANT:
        assert any(words in known.hint for words, *_ in HINTS), known.hint


def test_what_does_not_fail_has_no_hint():
    assert hint(Outcome("truth value of an array")) is None
    assert hint(Outcome(raised="KeyError", message="7")) is None


def test_hints_are_sentences_and_give_no_code_away():
    for known in _MEANT:
        assert re.compile(known.said) and re.compile(known.line)
        assert known.hint[0].isupper() or known.hint[0] == "`"
        assert known.hint.endswith((".", "?", ")"))
        assert len(known.hint) < 330


def test_of_an_error_with_one_cause_no_guess_is_better():
    assert sure(failed("x(0)"))
    assert sure(failed("math.exp(x)"))  # a ValueError, but no refusal
    assert not sure(failed("x @ x"))
    assert not sure(Outcome(1))
