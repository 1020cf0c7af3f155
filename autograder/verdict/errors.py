"""What Python and PyTorch say when a step fails, and what a tutor would say to it.

A hint belongs to a message, and where one message has several causes, to the line that
failed: `max(x, 0)` and `if x > 0` end in the same words.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from autograder.verdict import failed
from autograder.verdict.outcome import Outcome


class _Known(NamedTuple):
    """An error: what its message says, the hint, and perhaps what its line does."""

    said: str
    hint: str
    line: str = ""
    sure: bool = False  # whatever the step does else, this comes first
    tensors: bool = False  # said only where there are tensors


_MEANT = (
    _Known(
        "bitwise_xor|unsupported operand type\\(s\\) for \\^",
        "In Python `^` is not a power. A power is written `**`.",
    ),
    _Known(
        "(truth value of an|Boolean value of Tensor with more)",
        "Python's `max` and `min` compare whole values, one with another. For each number "
        "of a tensor by itself there are `torch.clamp`, `torch.maximum` and "
        "`torch.minimum`; for the largest of all, `x.max()`.",
        r"(?<![.\w])(max|min|sorted)\(",
    ),
    _Known(
        "(truth value of an|Boolean value of Tensor with more)",
        "`and`, `or` and `not` need one answer, and a comparison of a tensor gives one "
        "for each of its numbers. For each by itself there are `&`, `|` and `~`; where one "
        "answer is needed, as after `if`, `.any()` or `.all()` makes one of them.",
        r"\b(and|or|not)\b",
    ),
    _Known(
        "(truth value of an|Boolean value of Tensor with more)",
        "An `if` or `while` needs one answer, and a comparison of a tensor gives one for "
        "each of its numbers. `.any()` or `.all()` makes one answer of them, and "
        "`torch.where` answers each by itself.",
    ),
    _Known(
        "(elements cannot be converted to Scalar|only one element tensors can be conv"
        "|only length-1 arrays|only 0-dimensional arrays)",
        "`torch.tensor` makes a tensor of plain numbers. To put tensors together there is "
        "`torch.stack`.",
        r"\btensor\(",
    ),
    _Known(
        "(elements cannot be converted to Scalar|only one element tensors can be conv"
        "|only length-1 arrays|only 0-dimensional arrays)",
        "A tensor of several numbers stands where one number is needed. A function of "
        "`math` takes one, and so do `int` and `float`; PyTorch has its own for a whole "
        "tensor, such as `torch.sqrt` and `torch.exp`.",
        sure=True,  # and no refusal, though it may be a ValueError
    ),
    _Known(
        "argument 'input' \\(position 1\\) must be Tensor, not (float|int)",
        "A function of PyTorch takes a tensor, and this is a plain number. For that there "
        "is `math`, or a power: the root of n is `n ** 0.5`.",
    ),
    _Known(
        "must match the size of tensor",
        "Two shapes do not fit together. Print both, and write down what you expect. (A "
        "`mean` or `sum` over an axis drops it; `keepdim=True` keeps it, so that the "
        "result still fits beside the rows.)",
    ),
    _Known(
        "operator\\.invert|bitwise_not|bad operand type for unary ~",
        "`~` turns True and False around, and this is something else. A mask is made by a "
        "comparison, or with `dtype=torch.bool`.",
    ),
    _Known(
        "only supports boolean masks", "A mask is made of `torch.bool`: compare with 0."
    ),
    _Known(
        "too many values to unpack",
        "`.split` of a tensor asks how **large** a piece is, not how many there are. "
        "`.chunk` asks how many.",
        r"\.split\(",
        tensors=True,
    ),
    _Known(
        "too many values to unpack",
        "There is more to unpack than you give names to. If it is a shape: it has more "
        "axes, perhaps one in front, for a batch or for heads.",
        tensors=True,
    ),
    _Known(
        "too many values to unpack",
        "There is more to unpack than you give names to. Print it, and look at what it is.",
    ),
    _Known(
        "not enough values to unpack",
        "There is less to unpack than you give names to. If it is a shape: it has fewer "
        "axes, perhaps none for a batch.",
        tensors=True,
    ),
    _Known(
        "not enough values to unpack",
        "There is less to unpack than you give names to. Print it, and look at what it is.",
    ),
    _Known(
        "shapes cannot be multiplied|mismatch in its core dimension|inconsistent tensor "
        "size|Expected size for first two dimensions of batch2|size mismatch",
        "In `a @ b` the last axis of `a` must be as long as the second to last axis of "
        "`b`. Print both shapes.",
    ),
    _Known(
        "1D tensors expected|both arguments to mat|mat1 must be a matrix|must be 2D|"
        "expected 2D|2D tensors expected|batch1 must be a 3D|self must be a matrix",
        "`dot`, `mm`, `mv`, `addmm` and `bmm` each take one number of axes only. `@` "
        "takes any, with a batch in front too.",
    ),
    _Known(
        "expected m1 and m2 to have the same dtype|same dtype, but got|expected scalar "
        "type",
        "Both sides of a product must be of one kind, such as float32. `x.float()` makes "
        "it so.",
    ),
    _Known(
        "view size is not compatible",
        "`.view` needs the numbers to lie in memory in this order, and after a transpose "
        "they do not. `.reshape` copies them where it must.",
    ),
    _Known(
        "shape '.*' is invalid for input",
        "The new shape has another number of places than there are numbers. Print the "
        "shape that you have, and multiply both.",
    ),
    _Known(
        "stack expects each tensor to be equal size|Sizes of tensors must match except",
        "What is put together has different shapes. Print the shape of each part.",
    ),
    _Known(
        "input tensor must have at least 2 dim",
        "`tril` and `triu` work on a matrix, and this has one axis. Make a square first: "
        "`torch.ones(T, T)` takes two sizes.",
    ),
    _Known(
        "number of subscripts in the equation",
        "The letters of `einsum` fit one number of axes. Three dots, as in `...ij`, stand "
        "for any that come before.",
    ),
    _Known(
        "permute\\(sparse_coo\\)|number of dimensions in the tensor input does not match",
        "`permute` wants every axis, and one text has fewer axes than a batch. "
        "`transpose(-2, -1)` exchanges two axes, counted from the end.",
    ),
    _Known(
        "refers to a single memory location",
        "`expand` shows the same numbers several times, and nothing can be written "
        "there. Make a new tensor with `+`, or take a `.clone()` first.",
    ),
    _Known(
        "can't be cast to the desired output type",
        "The tensor holds whole numbers, and what is written into it has a point. Make "
        "the tensor of floats, or a new one: `W = W / n` in place of `W /= n`.",
    ),
    _Known(
        "Dimension out of range",
        "There is no such axis: one text has fewer axes than a batch. Count from the end, "
        "so that -1 is the last.",
    ),
    _Known(
        "object is not callable",
        "Round brackets call a function, and what stands before them is none. To take a "
        "part, write `[ ]`. Or has a cell of yours used the name of a function for "
        "something else? Then rename that, and run the function's cell again.",
        sure=True,
    ),
    _Known(
        "'(function|builtin_function_or_method|method)' object (does not support item|is "
        "not subscriptable)",
        "A function stands where a list or a table is needed. Either its round brackets are "
        "missing, or a `def` has taken the place of a table of the same name: then give "
        "one of the two another name.",
    ),
    _Known(
        "unsupported operand type\\(s\\) for .*'(function|builtin_function_or_method|"
        "method)'|'(function|builtin_function_or_method|method)' object",
        "A function stands where its answer is needed. Round brackets with its arguments "
        "call it.",
    ),
    _Known(
        "'NoneType'",
        "Something here is None. Mostly that is the answer of a function without a "
        "`return`, or of a method that changes a list in place, such as `.append` or "
        "`.sort`.",
    ),
    _Known(
        "unsupported operand type\\(s\\) for .*'(list|tuple|str|dict|bytes)'|can only "
        "concatenate|can't multiply sequence",
        "With a list or a text, `+` puts together, `*` repeats, and no other operator works. "
        "To compute with numbers, take them out one by one, or make a tensor of them.",
        tensors=True,
    ),
    _Known(
        "unsupported operand type\\(s\\) for .*'(list|tuple|str|dict|bytes)'|can only "
        "concatenate|can't multiply sequence",
        "With a list or a text, `+` puts together, `*` repeats, and no other operator works. "
        "To compute with numbers, take them out one by one.",
    ),
    _Known(
        "torch\\.return_types",
        "With an axis, `max`, `min`, `sort` and `topk` give two tensors, the values and "
        "where they stand. Take the one that you want before you go on with it.",
    ),
    _Known(
        "'dict' object has no attribute",
        "An entry of a table is found by its key, in square brackets: `d[key]`.",
        tensors=True,
    ),
    _Known(
        "'Tensor' object has no attribute 'copy'",
        "A tensor is copied by `.clone()`.",
    ),
    _Known(
        "'(list|tuple|int|float|dict|str|bytes)' object has no attribute",
        "What stands before the dot is no tensor: the message says what it is. "
        "`torch.tensor` makes a tensor of numbers, `torch.stack` one of tensors.",
        tensors=True,
    ),
    _Known(
        "'(list|tuple|int|float|dict|set|str|bytes)' object has no attribute",
        "The message says what stands before the dot, and what it has not. Each kind has "
        "methods of its own: a list has `append`, a set has `add`, and an entry of a dict "
        "is made by `d[key] = value`.",
    ),
    _Known(
        "('Tensor' object|module '\\w+') has no attribute",
        "There is nothing of this name. Look at the letters, capitals too, and at what "
        "stands before the dot: some things are functions of `torch`, some are methods "
        "of a tensor.",
        tensors=True,
    ),
    _Known(
        "module '[\\w.]+' has no attribute",
        "There is nothing of this name. Look at the letters, capitals too, and at what "
        "stands before the dot.",
    ),
    _Known(
        "bad escape \\\\p",
        "`\\p{…}` in a pattern is known to the module `regex`, not to Python's own `re`.",
        sure=True,
    ),
    _Known(
        "unhashable type: '(list|dict|set)'",
        "What can change cannot be a key: a list, a dict, a set. Is there a `@cache` above "
        "a function? It makes a key of all that comes in. Leave it out.",
        "^$",  # no line of the function failed: it was not even begun
        sure=True,
    ),
    _Known(
        "unhashable type: 'list'",
        "A list cannot be a key or stand in a set, because it can change. A tuple can: "
        "`(a, b)`.",
    ),
    _Known(
        "index .*out of (bounds|range)|list index out of range",
        "An index goes beyond the end. With n things the last index is n − 1. Does a loop "
        "look at `i + 1`, or may there be nothing at all?",
    ),
    _Known(
        "a leaf Variable that requires grad|that requires grad\\. Use",
        "This is a tensor of training, with gradients. None is needed here: compute with "
        "what was handed in.",
    ),
    _Known(
        "takes (no|\\d+|from \\d+ to \\d+) (keyword|positional) argument",
        "A function is called with another number of arguments than its `def` has. "
        "Compare the two lines.",
    ),
    _Known(
        "takes (exactly|at most|at least) \\w+ argument|expected (at most |at least )?\\d+ "
        "arguments?, got",
        "A function or a method is called with another number of arguments than it takes. "
        "The message says which, and how many it takes.",
    ),
    _Known(
        "'(int|float)' object is not (iterable|subscriptable)|non-iterable (int|float)|"
        "object of type '(int|float)' has no len",
        "A single number stands where several are needed. A `for` gives one item after "
        "the other, and `+=` on a list wants another list: one item is put in by "
        "`append`.",
    ),
    _Known(
        "unexpected keyword argument",
        "The function's `def` has no argument of this name. Compare the two lines.",
    ),
    _Known(
        "missing \\d+ required positional",
        "A function is called with fewer arguments than its `def` asks for. An argument with "
        "a default, as in `def f(x, n=1)`, may be left out by the caller.",
    ),
    _Known(
        "referenced before assignment|cannot access local variable",
        "A name that a function gives a value anywhere is its own everywhere in it, and "
        "here it has no value yet. Give it one before, or another name.",
    ),
    _Known(
        "codec can't (de|en)code|invalid (start|continuation) byte",
        "A character may be several bytes, and they can only be decoded together. Join "
        "the bytes first; where bytes are wanted, leave them bytes.",
    ),
)


# What an error comes of, by its message: one reason is told in several ways.
_REASONS = tuple(
    map(
        re.compile,
        (
            "codec can't|invalid (start|continuation) byte|unexpected end of data",
            "values to unpack",
            "bytes must be in range",
            "empty sequence|argument is empty",
            "unhashable type",
            "object is not callable",
            "truth value of|Boolean value of Tensor",
            "converted to (a )?(Python )?[Ss]calar|only length-1|only 0-dimensional",
            "index .*out of (bounds|range)|list index out of range",
            "Dimension out of range",
            "tensors used as indices|shape of the mask",
            (
                "must match the size of|cannot be multiplied|mismatch in its core|size mismatch|"
                "inconsistent tensor size|Expected size for first|1D tensors expected|must be a "
                "matrix|both arguments to mat|2D tensors expected|expected 2D|must be a 3D|"
                "shape '.*' is invalid|stack expects each|Sizes of tensors must|the broadcast "
                "shape|number of sizes provided|Provided sizes|view size is not"
            ),
        ),
    )
)
_CODEC = 0  # the first of them
_VAGUE = ("TypeError", "AttributeError")  # types that any line may raise
STANDS_IN = (
    "as the student's line would"  # the message of an error that stands for many
)


def alike(mistake: Outcome, got: Outcome, hint: str) -> bool:
    """Whether an error may be that of a mistake: one type, and for the same reason.

    hint: what the mistake is told by. Most errors of mistakes are Python's own; some
    stand for whatever a student's line would say.
    """
    if mistake.raised is None or mistake.raised != got.raised:
        return mistake.raised == got.raised
    mine, theirs = _reason(mistake), _reason(got)
    if mine is not None:
        return mine == theirs
    if mistake.raised not in _VAGUE:
        return theirs != _CODEC
    if _plain(mistake.message) == _plain(got.message):
        return True
    if STANDS_IN not in mistake.message:
        return False
    # Such a message names the type of what does not fit.
    named = re.findall(r"'(\w+)'", got.message)
    told = {*re.findall(r"\w+", hint)}
    return mistake.raised in told or not told.isdisjoint(named)


def stands_for_many(mistake: Outcome) -> bool:
    """Whether a mistake's error is any of a type that each line may raise."""
    return mistake.raised in _VAGUE and STANDS_IN in mistake.message


def _reason(got: Outcome) -> int | None:
    found = (n for n, said in enumerate(_REASONS) if said.search(got.message))
    return next(found, None)


def _plain(message: str) -> str:
    """A message without what differs from one value to another."""
    return re.sub(r"'[^']*'|\d+", "…", message)


def hint(got: Outcome, tensors: bool = True) -> str | None:
    """What to make of an error, if one is known; its last line tells the cause.

    tensors: whether the step has to do with any. Else none is spoken of.
    """
    known = _known(got, tensors)
    return known and known.hint


def told(got: Outcome, tensors: bool = True) -> str | None:
    """The same with the names and sizes of this one error, for a student's own eyes."""
    known = _known(got, tensors)
    return known and " ".join(filter(None, [failed.detail(got), known.hint]))


def sure(got: Outcome) -> bool:
    """Whether an error has one cause, so that no guess at it is better."""
    known = _known(got)
    return known is not None and known.sure


def _known(got: Outcome, tensors: bool = True) -> _Known | None:
    if got.raised is None:
        return None
    line = got.trace.splitlines()[-1] if got.trace else ""
    for known in _MEANT:
        if known.tensors and not tensors:
            continue
        if re.search(known.said, got.message) and re.search(known.line, line):
            return known
    return None
