"""The columns shared out among the heads, which stand in front of the tokens.

The oracle is NumPy's `split`, which refuses unequal parts with a ValueError. Cases are
texts and batches; in the last three the heads cannot share evenly.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between, stop, tenths
from autograder.checks._slips import (
    an_assert,
    batches_only,
    list_of_rows,
    no_batches,
    two_at_once,
)
from autograder.checks._twins import mirrored, twins
from autograder.checks.attend._material import (
    LIBRARIES,
    axes_1_and_2_exchanged,
    first_two_axes_exchanged,
    huge,
    own,
)


def oracle(x: Tensor, n_head: int) -> Tensor:
    return torch.from_numpy(np.stack(np.split(x.numpy(), n_head, -1), -3))


def draw(rng: np.random.Generator) -> list[Case]:
    (queries,) = own(rng, 5, "q")  # (H, T, d_head)
    C = between(rng, 3, 6)
    signs = torch.tensor([[1.0], [-1.0], [1.0], [-1.0]])
    return [
        Case("three tokens, two heads of two numbers", (tenths(rng, 3, 4), 2)),
        Case("a single head", (tenths(rng, 3, 132), 1)),
        edge("as many heads as numbers", (tenths(rng, C, C), C)),
        Case("as many heads as tokens", (tenths(rng, 3, 6), 3)),
        edge("a single token", (tenths(rng, 1, 6), 3)),
        Case("queries of the course's own model", (torch.cat([*queries], -1), 4)),
        Case("a batch of texts", (tenths(rng, 2, 4, 6), 3)),
        Case("a batch with as many texts as tokens", (tenths(rng, 2, 2, 6), 2)),
        edge("heads that do not share evenly", (tenths(rng, 4, 6), 4)),
        edge("more heads than numbers", (tenths(rng, 3, 3), between(rng, 4, 9))),
        edge("a batch, and heads that do not share evenly", (tenths(rng, 2, 4, 5), 2)),
        Case("a long text", (tenths(rng, between(rng, 257, 270), 6), 3)),
        Case("many heads", (tenths(rng, 5, 264), 132)),
        Case("a batch with as many texts as heads", (tenths(rng, 3, 2, 6), 3)),
        edge("a batch of one text", (tenths(rng, 1, 3, 4), 2)),
        edge("vectors that lie across in memory", (across(tenths(rng, 2, 5, 6)), 3)),
        edge("a batch of many texts", (tenths(rng, between(rng, 257, 270), 2, 4), 2)),
        edge("large vectors of a single number", (huge(rng, 4, 1) * signs, 1)),
        edge("a batch with as many tokens as numbers", (tenths(rng, 2, 4, 4), 2)),
        edge("a batch, and a single head", (tenths(rng, 2, 3, 4), 1)),
        edge("a batch, and as many heads as numbers", (tenths(rng, 2, 3, 4), 4)),
        edge("a batch, and more heads than numbers", (tenths(rng, 2, 3, 4), 8)),
        edge("a batch of texts of one token", (tenths(rng, 3, 1, 4), 2)),
        *twins(
            oracle,
            lambda: (across(mirrored(rng, tenths(rng, 7, 6))), 2),
            "the vectors",
            "the number of heads",
            others={1: 3},
        ),
    ]


def _apart(x: Tensor, H: int, d: int) -> Tensor:
    return x.reshape(*x.shape[:-1], H, d)


def _in_front(x: Tensor, H: int, d: int) -> Tensor:
    return _apart(x, H, d).transpose(-3, -2)


def _split(
    x: Tensor,
    n_head: int,
    way: Callable[[Tensor, int, int], Tensor] = _in_front,
    refuse: Callable[[Tensor, int], bool] = lambda x, H: x.shape[-1] % H > 0,
    error: type[Exception] = ValueError,
) -> Tensor:
    """Splitting, with screws: `way` is given x, H and d_head."""
    if refuse(x, n_head):
        stop(error)
    return way(x, n_head, x.shape[-1] // n_head)


def _by(way: Callable[[Tensor, int, int], Tensor]) -> Callable[[Tensor, int], Tensor]:
    return partial(_split, way=way)


_unrefused = partial(_split, refuse=lambda x, H: False)


def _columns(x: Tensor, H: int, d: int) -> Tensor:
    return torch.stack([x[..., h * d : (h + 1) * d] for h in range(H)], -3)


def worked(x: Tensor, n_head: int) -> dict[str, Tensor | int]:
    d_head = x.shape[-1] // n_head
    return {
        "d_head = C / n_head": d_head,
        "each row cut into heads": _apart(x, n_head, d_head),
        "heads and tokens exchanged": oracle(x, n_head),
    }


MISTAKES = (
    Mistake(
        "the shape without the transposing",
        "The shape is right, but the numbers are dealt out row by row, so head 0 has the "
        "first **tokens** and not the first columns. Make (T, H, d_head) first, then "
        "exchange two axes.",
        _by(lambda x, H, d: x.reshape(*x.shape[:-2], H, x.shape[-2], d)),
    ),
    Mistake(
        "the tokens shared out, and nothing is refused",
        "You share out the tokens. Every head sees all tokens, and of each some of its "
        "**columns**: cut along the last axis. And look at the remainder first.",
        lambda x, H: torch.stack(x.chunk(H, -2)),
    ),
    Mistake(
        "the shape without the transposing, and nothing is refused",
        "The numbers are dealt out row by row, so head 0 has the first **tokens**. Make "
        "(T, H, d_head) first, then exchange two axes. A batch, and heads that do not "
        "share evenly, come after that.",
        lambda x, H: (
            x.reshape(H, len(x), x.shape[1] // H) if x.ndim == 2 else stop(ValueError)
        ),
    ),
    Mistake(
        "the heads in reverse order",
        "The last columns are head 0. It has the **first** `d_head` of them, head 1 the "
        "next.",
        _by(lambda x, H, d: _columns(x, H, d).flip(-3)),
    ),
    Mistake(
        "only the first head",
        "Only the first head comes back. All of them stand in a new axis, in front of the "
        "tokens.",
        _by(lambda x, H, d: x[..., :d]),
    ),
    Mistake(
        "only the last head",
        "Only the last head comes back. Does each round of a loop overwrite the one "
        "before? All of them stand in a new axis.",
        _by(lambda x, H, d: x[..., -d:]),
    ),
    Mistake(
        "the heads behind",
        "The heads stand in the last axis. They belong in **front** of the tokens, so that "
        "each is a matrix of its own.",
        _by(lambda x, H, d: _apart(x, H, d).mT),
    ),
    Mistake(
        "a head too narrow",
        "Each head has too few columns, and some are lost. C / H is the width of a head: "
        "look where your slices end.",
        _by(lambda x, H, d: _columns(x, H, d)[..., : max(1, d - 1)]),
    ),
    Mistake(
        "the heads not in front",
        "Each token's numbers are cut into heads; but the heads should be in **front** "
        "of the tokens, so that each is a matrix of its own. Exchange two axes.",
        _by(_apart),
    ),
    Mistake(
        "heads interleaved",
        "Head 0 has every H-th column. Its columns should stand side by side: the first "
        "`d_head` of them, and the next ones for head 1. So H comes before `d_head` "
        "when you cut.",
        _by(lambda x, H, d: x.reshape(*x.shape[:-1], d, H).movedim(-1, -3)),
    ),
    Mistake(
        "the tokens shared out",
        "You share out the tokens. Every head sees all tokens, and of each some of its "
        "columns: cut along the last axis.",
        _by(lambda x, H, d: torch.stack(x.chunk(H, -2), -3)),
    ),
    Mistake(
        "each head on its side",
        "The columns of each head are right, but each head is transposed: (d_head, T). A "
        "token is a row here too.",
        _by(lambda x, H, d: _apart(x, H, d).movedim(-3, -1)),
    ),
    Mistake(
        "every head gets everything",
        "Every head has all C columns. They are **shared**: C / H for each.",
        _by(lambda x, H, d: torch.stack([x] * H, -3)),
    ),
    list_of_rows(
        _split, "heads", "The new axis stands in front of the tokens.", axis=-3
    ),
    Mistake(
        "heads side by side again",
        "The heads were joined to one matrix again. Stack them along a **new** axis, in "
        "front of the tokens.",
        _by(lambda x, H, d: _columns(x, H, d).flatten(-3, -2)),
    ),
    first_two_axes_exchanged(
        _by(lambda x, H, d: _apart(x, H, d).transpose(0, 1)), "tokens"
    ),
    axes_1_and_2_exchanged(
        _by(lambda x, H, d: _apart(x, H, d).transpose(1, 2)), "A single text has"
    ),
    Mistake(
        "the heads before the texts",
        "Right for one text. In a batch the heads stand before the texts: each text "
        "should have its own heads.",
        _by(lambda x, H, d: _apart(x, H, d).movedim(-2, 0)),
    ),
    Mistake(
        "pieces of n_head columns",
        "Number and size of the heads are swapped: each has `n_head` columns. Were "
        "the sizes exchanged in `reshape`? Or is it `split`, which asks how **large** "
        "a piece is, not how many there are?",
        _by(lambda x, H, d: torch.stack(x.split(H, -1), -3)),
    ),
    no_batches(_split, 2, "T and C", "T and C"),
    batches_only(_split, 2, "B, T and C", "T and C"),
    Mistake(
        "nothing is refused",
        "The heads are right. Where they cannot share the columns evenly, PyTorch "
        "complains of shapes. Look first, and raise a ValueError.",
        _unrefused,
    ),
    two_at_once(
        "batches only, and nothing is refused",
        lambda x, H: _unrefused(x, H) if x.ndim == 3 else stop(ValueError),
        "A single text has two axes, which cannot be unpacked into B, T and C: count "
        "from the end, where the last two are always T and C.",
        "in a batch, heads that do not share evenly are not refused yet.",
    ),
    two_at_once(
        "the shape without the transposing, for one text",
        _by(
            lambda x, H, d: x.reshape(H, len(x), d) if x.ndim == 2 else stop(ValueError)
        ),
        "The numbers are dealt out row by row, so head 0 has the first **tokens** and "
        "not the first columns: make (T, H, d_head) first, then exchange two axes.",
        "a batch has three axes, which cannot be unpacked into T and C.",
    ),
    Mistake(
        "columns are dropped",
        "Where the heads cannot share the columns evenly, some columns are lost without "
        "a word. Look at the remainder first, and raise a ValueError.",
        partial(_unrefused, way=_columns),
    ),
    Mistake(
        "only too many heads are refused",
        "More heads than columns are refused. But 4 heads cannot share 6 columns "
        "either: look at the remainder of the division.",
        partial(_split, refuse=lambda x, H: H > x.shape[-1]),
    ),
    Mistake(
        "even shares are refused",
        "You refuse heads that share evenly, and accept others. Look at which number "
        "you divide by which, and at what its remainder is where all get the same.",
        partial(_split, refuse=lambda x, H: x.shape[-1] % H == 0),
    ),
    Mistake(
        "heads divided by columns",
        "You look at the remainder of the heads divided by the columns. It is the "
        "columns that are shared out: which number do you divide by which?",
        partial(_split, refuse=lambda x, H: H % x.shape[-1] > 0),
    ),
    Mistake(
        "the first axis shared out",
        "You look at the remainder of the **first** axis, which are tokens or texts. It "
        "is the columns, along the last, that the heads share: which number do you "
        "divide by which?",
        partial(_split, refuse=lambda x, H: len(x) % H > 0),
    ),
    Mistake(
        "axis 1 shared out",
        "The remainder is right for one text. In a batch, axis 1 is that of the tokens; "
        "the columns, which the heads share, are always the **last**.",
        partial(_split, refuse=lambda x, H: x.shape[1] % H > 0),
    ),
    Mistake(
        "chunks without a look",
        "`chunk` makes fewer or smaller pieces where the parts cannot be equal, often "
        "without a word. Look at the remainder first, and raise a ValueError.",
        partial(_unrefused, way=lambda x, H, d: torch.stack(x.chunk(H, -1), -3)),
    ),
    an_assert(partial(_split, error=AssertionError), "An uneven share"),
)

CHECK = Check(
    "split_heads",
    2,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES,
    worked=worked,
    rtol=0.0,
    atol=0.0,
)
