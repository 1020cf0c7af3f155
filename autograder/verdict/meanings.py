"""The messages of Python and PyTorch that students meet, and what a tutor would say to each.

The first that fits is said, so those that say more come first.
"""

from __future__ import annotations

from typing import NamedTuple


class Known(NamedTuple):
    """An error: what its message says, the hint, and perhaps what its line does."""

    said: str
    hint: str
    line: str = ""
    sure: bool = False  # whatever the step does else, this comes first
    tensors: bool = False  # said only where there are tensors


_PRODUCTS = (
    "`dot`, `mm`, `mv`, `addmm` and `bmm` each take one number of axes only. `@` "
    "takes any, with a batch in front too."
)

MEANT = (
    Known(
        "bitwise_xor|unsupported operand type\\(s\\) for \\^",
        "In Python `^` is not a power. A power is written `**`.",
    ),
    Known(
        "(truth value of an|Boolean value of Tensor with more)",
        "Python's `max` and `min` compare whole values, one with another. For each number "
        "of a tensor by itself there are `torch.clamp`, `torch.maximum` and "
        "`torch.minimum`; for the largest of all, `x.max()`.",
        r"(?<![.\w])(max|min|sorted)\(",
    ),
    Known(
        "(truth value of an|Boolean value of Tensor with more)",
        "`and`, `or` and `not` need one answer, and a comparison of a tensor gives one "
        "for each of its numbers. For each by itself there are `&`, `|` and `~`; where one "
        "answer is needed, as after `if`, `.any()` or `.all()` makes one of them.",
        r"\b(and|or|not)\b",
    ),
    Known(
        "(truth value of an|Boolean value of Tensor with more)",
        "Two comparisons without brackets, as in `a < b <= c`, are joined by `and`, which "
        "needs one answer, and those of tensors have many. Put each comparison in brackets of "
        "its own and `&` between them: it is computed before `<`.",
        r"line \d+:.*([<>]=?|[=!]=)[^<>=!()]+([<>]=?|[=!]=)",
    ),
    Known(
        "(truth value of an|Boolean value of Tensor with more)",
        "An `if` or `while` needs one answer, and a comparison of a tensor gives one for "
        "each of its numbers. `.any()` or `.all()` makes one answer of them, and "
        "`torch.where` answers each by itself.",
    ),
    Known(
        "(elements cannot be converted to Scalar|only one element tensors can be conv"
        "|only length-1 arrays|only 0-dimensional arrays)",
        "`torch.tensor` makes a tensor of plain numbers. To put tensors together there is "
        "`torch.stack`.",
        r"\btensor\(",
    ),
    Known(
        "(elements cannot be converted to Scalar|only one element tensors can be conv"
        "|only length-1 arrays|only 0-dimensional arrays)",
        "A tensor of several numbers stands where one number is needed. A function of "
        "`math` takes one, and so do `int` and `float`; PyTorch has its own for a whole "
        "tensor, such as `torch.sqrt` and `torch.exp`.",
        sure=True,  # and no refusal, though it may be a ValueError
    ),
    Known(
        "argument 'input' \\(position 1\\) must be Tensor, not (float|int)",
        "A function of PyTorch takes a tensor, and this is a plain number. For that there "
        "is `math`, or a power: the root of n is `n ** 0.5`.",
    ),
    Known(
        "must match the size of tensor",
        "Two shapes do not fit together. Print both, and write down what you expect. (A "
        "`mean` or `sum` over an axis drops it; `keepdim=True` keeps it, so that the "
        "result still fits beside the rows.)",
    ),
    Known(
        "operator\\.invert|bitwise_not|bad operand type for unary ~",
        "`~` turns True and False around, and this is something else. A mask is made by a "
        "comparison, or with `dtype=torch.bool`.",
    ),
    Known(
        "only supports boolean masks", "A mask is made of `torch.bool`: compare with 0."
    ),
    Known(
        "too many values to unpack",
        "`.split` of a tensor asks how **large** a piece is, not how many there are. "
        "`.chunk` asks how many.",
        r"\.split\(",
        tensors=True,
    ),
    Known(
        "too many values to unpack",
        "There is more to unpack than you give names to. If it is a shape: it has more "
        "axes, perhaps one in front, for a batch or for heads.",
        tensors=True,
    ),
    Known(
        "too many values to unpack",
        "There is more to unpack than you give names to. Print it, and look at what it is.",
    ),
    Known(
        "not enough values to unpack",
        "There is less to unpack than you give names to. If it is a shape: it has fewer "
        "axes, perhaps none for a batch.",
        tensors=True,
    ),
    Known(
        "not enough values to unpack",
        "There is less to unpack than you give names to. Print it, and look at what it is.",
    ),
    Known(
        "shapes cannot be multiplied|mismatch in its core dimension|inconsistent tensor "
        "size|Expected size for first two dimensions of batch2|size mismatch",
        "In `a @ b` the last axis of `a` must be as long as the second to last axis of "
        "`b`. Print both shapes.",
    ),
    Known(
        "1D tensors expected, but got|batch[12] must be a 3D",
        _PRODUCTS,
        sure=True,
    ),
    Known(
        "1D tensors expected|both arguments to mat|mat1 must be a matrix|must be 2D|"
        "expected 2D|2D tensors expected|self must be a matrix",
        _PRODUCTS,
    ),
    Known(
        "must be tuple of Tensors, not Tensor",
        "The tensors that are put together are handed over as **one** thing, a list or a "
        "tuple, in square or round brackets of their own. The axis comes behind it.",
    ),
    Known(
        "argument '\\w+'.* must be (int|float|bool|Number|tuple of ints), not str",
        "What stands in quotation marks is a text, even `'1'`. For a number leave them out.",
    ),
    Known(
        "real number, not torch\\.Size",
        "A whole shape stands where one number is needed. `shape[-1]` is the last of its "
        "numbers.",
    ),
    Known(
        "integer tensors of a single element can be converted to an index",
        "`range` takes one number, and this is a tensor of several. To go through them, put "
        "the tensor itself behind `in`; `len` tells how many there are.",
        r"\brange\(",
    ),
    Known(
        "^(tril|triu)\\(\\) takes",
        "`tril` and `triu` make no matrix: each takes a matrix first, and then by how much its "
        "diagonal is moved. `torch.ones` makes one, of whatever size and `dtype`.",
    ),
    Known(
        "tuple indices must be integers or slices, not str",
        "A tuple has no keys. Its parts have numbers from 0 on, or get names when it is taken "
        "apart: `a, b = pair`.",
    ),
    Known(
        "Index tensor must have the same number of dimensions",
        "`gather` wants as many axes in the indices as in what it picks from. Print both "
        "shapes: `[..., None]` gives a tensor one more axis, of size 1, at the end.",
    ),
    Known(
        "expected m1 and m2 to have the same dtype|same dtype, but got|expected scalar "
        "type",
        "Both sides of a product must be of one kind, such as float32. `x.float()` makes "
        "it so.",
    ),
    Known(
        "view size is not compatible",
        "`.view` needs the numbers to lie in memory in this order, and after a transpose "
        "they do not. `.reshape` copies them where it must.",
    ),
    Known(
        "shape '.*' is invalid for input",
        "The new shape has another number of places than there are numbers. Print the "
        "shape that you have, and multiply both.",
    ),
    Known(
        "stack expects each tensor to be equal size|Sizes of tensors must match except",
        "What is put together has different shapes. Print the shape of each part.",
    ),
    Known(
        "input tensor must have at least 2 dim",
        "`tril` and `triu` work on a matrix, and this has one axis. Make a square first: "
        "`torch.ones(T, T)` takes two sizes.",
    ),
    Known(
        "number of subscripts in the equation",
        "The letters of `einsum` fit one number of axes. Three dots, as in `...ij`, stand "
        "for any that come before.",
    ),
    Known(
        "permute\\(sparse_coo\\)|number of dimensions in the tensor input does not match",
        "`permute` wants every axis, and one text has fewer axes than a batch. "
        "`transpose(-2, -1)` exchanges two axes, counted from the end.",
    ),
    Known(
        "refers to a single memory location",
        "`expand` shows the same numbers several times, and nothing can be written "
        "there. Make a new tensor with `+`, or take a `.clone()` first.",
    ),
    Known(
        "can't be cast to the desired output type",
        "The tensor holds whole numbers, and what is written into it has a point. Make "
        "the tensor of floats, or a new one: `W = W / n` in place of `W /= n`.",
    ),
    Known(
        "Dimension out of range",
        "There is no such axis: one text has fewer axes than a batch. Count from the end, "
        "so that -1 is the last.",
    ),
    Known(
        "object is not callable",
        "Round brackets call a function, and what stands before them is none. To take a "
        "part, write `[ ]`. Or has a cell of yours used the name of a function for "
        "something else? Then rename that, and run the function's cell again.",
        sure=True,
    ),
    Known(
        "'(function|builtin_function_or_method|method)' object (does not support item|is "
        "not subscriptable)",
        "A function stands where a list or a table is needed. Either its round brackets are "
        "missing, or a `def` has taken the place of a table of the same name: then give "
        "one of the two another name.",
    ),
    Known(
        "'(function|builtin_function_or_method|method)' object is not iterable",
        "A function stands where a list is needed. Does it stand in the wrong place among "
        "what is handed over? The `def` has the order. Or are its round brackets missing?",
    ),
    Known(
        "unsupported operand type\\(s\\) for .*'(function|builtin_function_or_method|"
        "method)'|'(function|builtin_function_or_method|method)' object",
        "A function stands where its answer is needed. Round brackets with its arguments "
        "call it. Or is another name meant there, one of your own?",
    ),
    Known(
        "cannot unpack non-iterable NoneType",
        "Several names are to share what is None here. If it may be None, ask for that "
        "before this line; if it should not be, what made it has no `return`.",
    ),
    Known(
        "'NoneType'",
        "Something here is None. Mostly that is the answer of a function without a "
        "`return`, or of a method that changes a list in place, such as `.append` or "
        "`.sort`.",
    ),
    Known(
        "unsupported operand type\\(s\\) for .*'(list|tuple|str|dict|bytes)'|can only "
        "concatenate|can't multiply sequence",
        "With a list or a text, `+` puts together, `*` repeats, and no other operator works. "
        "To compute with numbers, take them out one by one, or make a tensor of them.",
        tensors=True,
    ),
    Known(
        "unsupported operand type\\(s\\) for .*'(list|tuple|str|dict|bytes)'|can only "
        "concatenate|can't multiply sequence",
        "With a list or a text, `+` puts together, `*` repeats, and no other operator works. "
        "To compute with numbers, take them out one by one.",
    ),
    Known(
        "torch\\.return_types",
        "With an axis, `max`, `min`, `sort` and `topk` give two tensors, the values and "
        "where they stand. Take the one that you want before you go on with it.",
    ),
    Known(
        "'dict' object has no attribute",
        "An entry of a table is found by its key, in square brackets: `d[key]`.",
        tensors=True,
    ),
    Known(
        "'Tensor' object has no attribute 'copy'",
        "A tensor is copied by `.clone()`.",
    ),
    Known(
        "'(list|tuple|int|float|dict|str|bytes)' object has no attribute",
        "What stands before the dot is no tensor: the message says what it is. "
        "`torch.tensor` makes a tensor of numbers, `torch.stack` one of tensors.",
        tensors=True,
    ),
    Known(
        "'(list|tuple|int|float|dict|set|str|bytes)' object has no attribute",
        "The message says what stands before the dot, and what it has not. Each kind has "
        "methods of its own: a list has `append`, a set has `add`, and an entry of a dict "
        "is made by `d[key] = value`.",
    ),
    Known(
        "('Tensor' object|module 'torch') has no attribute '(append|extend|insert)'",
        "Only lists have `append` and its like. Tensors are put together by `torch.cat`, one "
        "behind the other along an axis that is there, or by `torch.stack`, along a new one.",
        tensors=True,
    ),
    Known(
        "('Tensor' object|module '\\w+') has no attribute",
        "There is nothing of this name. Look at the letters, capitals too, and at what "
        "stands before the dot: some things are functions of `torch`, some are methods "
        "of a tensor.",
        tensors=True,
    ),
    Known(
        "module '[\\w.]+' has no attribute",
        "There is nothing of this name. Look at the letters, capitals too, and at what "
        "stands before the dot.",
    ),
    Known(
        "bad escape \\\\p",
        "`\\p{…}` in a pattern is known to the module `regex`, not to Python's own `re`.",
        sure=True,
    ),
    Known(
        "unhashable type: '(list|dict|set)'",
        "What can change cannot be a key: a list, a dict, a set. Is there a `@cache` above "
        "a function? It makes a key of all that comes in. Leave it out.",
        "^$",  # no line of the function failed: it was not even begun
        sure=True,
    ),
    Known(
        "unhashable type: 'bytearray'",
        "A `bytearray` can change, so it cannot be a key. `bytes(…)` makes what can.",
    ),
    Known(
        "(en|de)code\\(\\) argument '(encoding|errors)' must be",
        "After a dot this is Python's own method, between text and bytes. A step of the same "
        "name stands alone, and takes what is worked on as its first argument.",
    ),
    Known(
        "^\\(\\d+, \\d+\\)$",
        "The pair in this message is not a key of the table. Ask whether it is there before "
        "you look it up, and think of what to do where it is not.",
    ),
    Known(
        "^\\d+$",
        "The number in this message is not a key of the table, or not yet. If a loop fills "
        "the table: does what an entry is made of always come before it?",
        r"\[",
    ),
    Known(
        "is out of bounds for (axis|dimension) \\d+ with size (128|255|256)\\b",
        "An index is larger than the table, whose size is fixed. Ids may be of any size.",
    ),
    Known(
        "'(utf-?16|utf-?32|latin-1|cp\\d+|charmap)[\\w-]*' codec",
        "The message names another encoding. Text and bytes go by UTF-8 here: ask for that "
        "wherever the one is made of the other.",
    ),
    Known(
        "unhashable type: 'list'",
        "A list cannot be a key or stand in a set, because it can change. A tuple can, "
        "`(a, b)`, and so can `bytes`. Or is each item of the list to be a key by itself?",
    ),
    Known(
        "index .*out of (bounds|range)|list index out of range",
        "An index goes beyond the end. With n things the last index is n − 1. Does a loop "
        "look at `i + 1`, or may there be nothing at all?",
    ),
    Known(
        "a leaf Variable that requires grad|that requires grad\\. Use",
        "This is a tensor of training, with gradients. None is needed here: compute with "
        "what was handed in.",
    ),
    Known(
        "takes (no|\\d+|from \\d+ to \\d+) (keyword|positional) argument",
        "A function is called with another number of arguments than its `def` has. "
        "Compare the two lines.",
    ),
    Known(
        "takes (exactly|at most|at least) \\w+ argument|expected (at most |at least )?\\d+ "
        "arguments?, got",
        "A function or a method is called with another number of arguments than it takes. "
        "The message says which, and how many it takes.",
    ),
    Known(
        "'(int|float)' object is not (iterable|subscriptable)|non-iterable (int|float)|"
        "object of type '(int|float)' has no len",
        "A single number stands where several are needed. A `for` gives one item after "
        "the other, and `+=` on a list wants another list: one item is put in by "
        "`append`.",
    ),
    Known(
        "unexpected keyword argument",
        "The function's `def` has no argument of this name. Compare the two lines.",
    ),
    Known(
        "missing \\d+ required positional",
        "A function is called with fewer arguments than its `def` asks for. An argument with "
        "a default, as in `def f(x, n=1)`, may be left out by the caller.",
    ),
    Known(
        "bytes must be in range|byte must be in range",
        "`bytes` takes whole numbers from 0 to 255, and an id may be larger: an id is no "
        "byte. Where ids are worked on, leave them in a list; where bytes are wanted, find "
        "out first which bytes each id stands for.",
    ),
    Known(
        "not supported between instances of",
        "`<` and `>` compare numbers with numbers, and texts with texts. Print both sides, "
        "and look at what they are.",
    ),
    Known(
        "referenced before assignment|cannot access local variable",
        "A name that a function gives a value anywhere is its own everywhere in it, and "
        "here it has no value yet. Give it one before, or another name.",
    ),
    Known(
        "codec can't (de|en)code|invalid (start|continuation) byte",
        "A character may be several bytes, and they can only be decoded together. Join "
        "the bytes first; where bytes are wanted, leave them bytes.",
    ),
)
