"""What a call was given that it does not take, by the words of PyTorch and Python.

Their own message is long or names the wrong thing; the line that failed tells the rest.
Said on a student's own machine only: while grading, both could spell what they like.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator
from dataclasses import replace

from autograder.verdict import failed, lines
from autograder.verdict.outcome import Outcome

LIKE = 0.75  # of 1: how alike two names are where one may be meant for the other
# What functions of PyTorch, NumPy and Python call their arguments.
KEYWORDS = {
    *(
        "dim",
        "axis",
        "keepdim",
        "keepdims",
        "dtype",
        "device",
        "diagonal",
        "descending",
    ),
    *(
        "stable",
        "largest",
        "sorted",
        "num_classes",
        "base",
        "default",
        "key",
        "reverse",
    ),
    *("start", "stop", "end", "step", "correction", "unbiased", "approximate", "eps"),
    *("bias", "weight", "training", "inplace", "out", "min", "max", "value", "mask"),
    *("indices", "encoding", "errors", "initial", "repeats", "dims", "size", "chunks"),
    *("sections", "split_size", "requires_grad", "rounding_mode", "sep", "maxsplit"),
    *("input", "other", "index", "src", "fill_value", "is_causal", "scale", "right"),
}
_SIZED = "reshape|view|ones|zeros|empty|rand|randn|expand|repeat|permute|full"
_DTYPES = {
    *("bool", "int", "float", "long", "double", "half", "uint8", "int32", "int64"),
    *("float16", "bfloat16", "float32", "float64"),
}
_SHOWN = 2  # ways to call a function that are shown


def exact(got: Outcome) -> str | None:
    """What is wrong with the call that failed, if that can be said exactly."""
    if got.raised not in ("TypeError", "ValueError", "IndexError"):
        return None
    return next((said for said in _all(got) if said), None)


def _all(got: Outcome) -> Iterator[str | None]:
    line = failed.parsed(got)
    yield _keyword(got.message, line)
    yield _of_numpy(got.message, line)
    yield _combination(got.message)
    yield _sizes(got.message, line)
    yield _places(got.message, line)
    yield _parts(got.message, failed.parsed(replace(got, part="")))  # the whole line


def _calls(line: ast.AST, name: str = "") -> list[ast.Call]:
    """The calls in a line, of a function of that name if one is given."""
    calls = [node for node in ast.walk(line) if isinstance(node, ast.Call)]
    return [node for node in calls if name in ("", lines.called(node))]


def _keyword(message: str, line: ast.AST) -> str | None:
    """An argument by a name that is nearly one."""
    found = re.match(
        r"(?:\w+\.)*(\w+)\(\) (?:got an unexpected keyword|received an invalid comb)|"
        r"'(\w+)' is an invalid keyword",
        message,
    )
    for call in _calls(line, found[1] or "") if found else ():
        for key in call.keywords:
            if not key.arg or key.arg in KEYWORDS:
                continue
            near = difflib.get_close_matches(key.arg, sorted(KEYWORDS), 1, LIKE)
            if near:
                return (
                    f"`{lines.called(call)}` takes no argument by the name `{key.arg}`. "
                    f"Is `{near[0]}` meant?"
                )
    return None


def _of_numpy(message: str, line: ast.AST) -> str | None:
    """A function of NumPy that hands a tensor on to PyTorch."""
    if "invalid combination of arguments" not in message:
        return None
    for call in _calls(line):
        func = call.func
        whose = getattr(getattr(func, "value", None), "id", "")
        if whose in ("np", "numpy") and isinstance(func, ast.Attribute):
            return (
                f"`{whose}.{func.attr}` is NumPy's, and this is a tensor: NumPy asks the "
                f"tensor's own `{func.attr}`, in words that it does not know. PyTorch has "
                "functions of its own for tensors: take one of those."
            )
    return None


def _combination(message: str) -> str | None:
    """What a function of PyTorch takes, and what it was given."""
    found = re.match(
        r"(\w+)\(\) received an invalid combination of arguments - got \(([^()]*)\)",
        message,
    )
    ways = re.findall(r"^ *\* \(([^()]{1,60})\)", message, re.MULTILINE)
    if not found or not ways or len(found[2]) > 80:
        return None
    given = f"`({found[2].rstrip(', ')})`"
    takes = " or ".join(f"`({way})`" for way in ways[:_SHOWN])
    kinds = sorted(map(_kind, found[2].split(", ")))
    for way in ways:
        if sorted(_kind(part.split()[0]) for part in way.split(", ")) == kinds:
            return (
                f"`{found[1]}` takes `({way})`, and it is given {given}: the same things "
                "in another order."
            )
    return f"`{found[1]}` takes {takes}, and here it is given {given}."


def _kind(name: str) -> str:
    return "Number" if name in ("int", "float", "bool") else name


def _sizes(message: str, line: ast.AST) -> str | None:
    """A list or a shape where one size is needed: PyTorch speaks of another thing."""
    found = re.match(
        rf"({_SIZED})\(\) takes (?:1|2) positional arguments? but \d+ were given",
        message,
    )
    for call in _calls(line, found[1]) if found else ():
        if any(_is_dtype(arg) for arg in call.args):
            return (
                f"`{found[1]}` takes the kind of numbers by its name, `dtype=`: without that, it "
                "is taken for a size."
            )
    return found and (
        f"Each size that `{found[1]}` is given must be one whole number, and one of them is "
        "something else, such as a list or a whole shape. Print each of them."
    )


def _is_dtype(node: ast.expr) -> bool:
    """Whether it names a kind of numbers, such as `torch.bool` and `int`."""
    return getattr(node, "attr", getattr(node, "id", "")) in _DTYPES


def _places(message: str, line: ast.AST) -> str | None:
    """More places in square brackets than a tensor has axes."""
    found = re.match(r"too many indices for tensor of dimension (\d+)", message)
    for node in ast.walk(line) if found else ():
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
            named = [x for x in node.slice.elts if not _is_nothing(x)]
            if len(named) > int(found[1]):
                axes = "1 axis" if found[1] == "1" else f"{found[1]} axes"
                return (
                    f"`{lines.shown(node.value)}` has {axes} here, and "
                    f"`{lines.shown(node)}` names {len(named)}. Which axes are there in "
                    "every case, and does one have to be picked out at all?"
                )
    return None


def _is_nothing(place: ast.expr) -> bool:
    """Whether a place in square brackets takes no axis: None and `...`."""
    return isinstance(place, ast.Constant) and place.value in (None, ...)


def _parts(message: str, line: ast.AST) -> str | None:
    """Another number of parts than there are names for them."""
    found = re.match(r"(not enough|too many) values to unpack", message)
    calls = [*_calls(line, "chunk"), *_calls(line, "split")]
    if not found or len(calls) != 1:
        return None
    (call,) = calls
    args = call.args
    if getattr(getattr(call.func, "value", None), "id", "") == "torch":
        args = args[1:]  # a function, whose first argument is the tensor
    if not args:
        return None
    more = "fewer" if found[1] == "not enough" else "more"
    told = f"`{lines.shown(args[0])}`"
    if lines.called(call) == "chunk":
        return (
            f"`.chunk` makes at most {told} parts, and here {more} come out than there are "
            "names before the `=`. How many should it be, and along which axis?"
        )
    if lines.whole(args[0]) is not None:
        return None  # how many there should be, mostly: the hint says so
    return (
        f"`.split` makes parts that are {told} long, and here {more} come out than there "
        f"are names before the `=`. Is {told} the length of one part, and along which axis?"
    )
