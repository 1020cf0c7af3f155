"""late_mask: whom the last n_new of n tokens may look at, within a window if there is one.

The oracle compares places in NumPy. Square masks and thin ones, windows wider than the
text and of a single token: at each an off-by-one shows. Too many new tokens, and a width
below 1, are refused.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import inf

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between, stop
from autograder.checks._slips import an_assert, only_the_first, two_at_once
from autograder.checks._twins import twins
from autograder.checks.cache._material import LIBRARIES, grid

Width = int | None


def oracle(n_new: int, n: int, width: int | None = None) -> Tensor:
    if n_new > n or (width is not None and width < 1):
        raise ValueError("no such mask")
    back = np.subtract.outer(np.arange(n - n_new, n), np.arange(n))
    reach = n if width is None else width
    return torch.from_numpy((back >= 0) & (back < reach))


def draw(rng: np.random.Generator) -> list[Case]:
    def sizes(low: int = 30, high: int = 90) -> tuple[int, int]:
        """Fewer new ones than half of all, and two of them or more."""
        n = between(rng, low, high)
        return between(rng, 2, n // 2 - 1), n

    def window(most: Callable[[int], int] = lambda n: n // 2) -> tuple[int, int, int]:
        n_new, n = sizes()
        return n_new, n, between(rng, 2, most(n))

    n, far, many = between(rng, 9, 30), between(rng, 1100, 2000), between(rng, 3, 9)
    return [
        edge("the last two of five", (2, 5)),
        edge("the last two of five, and a window of three", (2, 5, 3)),
        edge("all tokens", (many, many)),
        edge("the last token alone", (1, n)),
        Case("the last of many", sizes()),
        Case("the last of many, and a window", window()),
        Case("the last of many, and a wide window", window(lambda n: n - 1)),
        Case("the last of very many", sizes(160, 300)),
        edge("very many new tokens", (between(rng, 131, 140), between(rng, 141, 160))),
        edge("all tokens, and a window", (n, n, between(rng, 2, n // 2))),
        edge("all tokens but one", (n - 1, n)),
        edge("a window of one token", (between(rng, 2, 8), n, 1)),
        edge("a window as wide as the text", (between(rng, 2, 8), n, n)),
        edge("a window one narrower than the text", (between(rng, 2, 8), n, n - 1)),
        edge("a window wider than the text", (between(rng, 2, 8), n, 3 * n)),
        edge("as wide a window as there are new tokens", (many, 3 * many, many)),
        edge("the last token alone, and a window", (1, n, between(rng, 2, n - 2))),
        edge("one token after a long text", (1, far)),
        edge("one token after a long text, and a window", (1, far, far // 2)),
        edge("a single token", (1, 1)),
        edge("a single token, and a window", (1, 1, 1)),
        edge("one new token too many", (n + 1, n)),
        edge("many new tokens too many", (2 * n, n)),
        edge("new tokens too many, and a window", (n + 1, n, 2)),
        edge("a width of 0", (2, n, 0)),
        edge("a width below 0", (2, n, -between(rng, 1, 5))),
        *twins(
            oracle,
            lambda: (3, n, 4),
            "the new tokens",
            "all tokens",
            "the width",
            others={0: 4, 1: n + 1, 2: 5},
        ),
    ]


def _past(i: Tensor, j: Tensor) -> Tensor:
    return j <= i


def _near(i: Tensor, j: Tensor, width: int) -> Tensor:
    return j > i - width


def _refused(n_new: int, n: int, width: Width) -> bool:
    return n_new > n or (width is not None and width < 1)


def _mask(
    n_new: int,
    n: int,
    width: Width = None,
    past: Callable[[Tensor, Tensor], Tensor] = _past,
    near: Callable[[Tensor, Tensor, int], Tensor] = _near,
    first: Callable[[int, int], int] = lambda n_new, n: n - n_new,
    rows: Callable[[int, int], int] = lambda n_new, n: n_new,
    columns: Callable[[int, int], int] = lambda n_new, n: n,
    given: Callable[[Width], Width] = lambda width: width,
    refuse: Callable[[int, int, Width], bool] = _refused,
    error: type[Exception] = ValueError,
    last: Callable[[Tensor], Tensor] = lambda mask: mask,
) -> Tensor:
    """The mask with a screw at each step."""
    if refuse(n_new, n, width):
        stop(error)
    reach, begin = given(width), first(n_new, n)
    wide = columns(n_new, n)

    def rule(i: Tensor, j: Tensor) -> Tensor:
        return past(i, j) if reach is None else past(i, j) & near(i, j, reach)

    return last(grid(rows(n_new, n), wide, rule, begin))


def _by(**screws) -> Callable[..., Tensor]:
    return partial(_mask, **screws)


def worked(n_new: int, n: int, width: int | None = None) -> dict[str, int | list[int]]:
    """Of the first row."""
    place = n - n_new
    least = 0 if width is None else max(0, place - width + 1)
    return {
        "the first token that asks": place,
        "the first token that it sees": least,
        "so many it sees": place - least + 1,
        "rows": n_new,
        "columns": n,
    }


def _rows_of(n_new: int, n: int, width: Width, rows: slice) -> Tensor:
    """Some rows of the mask in which all tokens ask."""
    return stop(ValueError) if n_new > n else _mask(n, n, width)[rows]


def _side_by_side(n_new: int, n: int, width: Width = None) -> Tensor:
    """Places of those that ask beside places of all, in one row."""
    if _refused(n_new, n, width):
        stop(ValueError)
    i, j = torch.arange(n - n_new, n), torch.arange(n)
    return j <= i if width is None else (j <= i) & (j > i - width)


def _below_0(n_new: int, n: int, width: Width = None) -> Tensor:
    """The window of each row by a slice, as a loop would write it."""
    if width is None or _refused(n_new, n, width):
        return _mask(n_new, n, width)
    mask = torch.zeros(n_new, n, dtype=torch.bool)
    for row, place in zip(mask, range(n - n_new, n), strict=True):
        row[place + 1 - width : place + 1] = True
    return mask


_FROM_FIRST = {"first": lambda n_new, n: 0}

MISTAKES = (
    Mistake(
        "the mask begins at the first token",
        "Your first row belongs to token 0, which sees itself alone. Those that ask are the "
        "**last** tokens: the first row is that of token n − n_new. Move the diagonal to the "
        "right.",
        _by(**_FROM_FIRST),
    ),
    Mistake(
        "the past counted from the first token",
        "Your first row belongs to token 0, which sees itself alone. Those that ask are the "
        "**last** tokens: the first row is that of token n − n_new. Not only the diagonal of "
        "the window has to be moved, that of the past too: `tril` takes a second argument.",
        lambda n_new, n, width=None: _mask(
            n_new, n, width, past=lambda i, j: j <= i - (n - n_new)
        ),
    ),
    Mistake(
        "the diagonal moved to the left",
        "Your diagonal is moved the wrong way: the first rows see nothing at all. It goes to "
        "the right by as many tokens as are old, n − n_new.",
        _by(first=lambda n_new, n: n_new - n),
    ),
    Mistake(
        "the diagonal moved by n_new",
        "You move the diagonal by `n_new`. It is the number of **old** tokens, n − n_new, by "
        "which it moves.",
        _by(first=lambda n_new, n: n_new),
    ),
    Mistake(
        "the diagonal moved by n",
        "You move the diagonal by `n`, so that all see all. It moves by the number of old "
        "tokens, n − n_new.",
        _by(first=lambda n_new, n: n),
    ),
    Mistake(
        "one token of the future",
        "Each token sees one of the future too: the mask is one place off. It ends with the "
        "token itself.",
        _by(past=lambda i, j: j <= i + 1),
    ),
    Mistake(
        "itself masked too",
        "No token sees itself: the mask is one place off. The token itself belongs to its "
        "past.",
        _by(past=lambda i, j: j < i),
    ),
    Mistake(
        "nothing masked",
        "Everything is allowed, the future too. Where several tokens are new, the earlier of "
        "them may not see the later.",
        _by(past=lambda i, j: (i + j) >= 0),
    ),
    Mistake(
        "the future shown",
        "Your mask shows what comes later, and hides what came before. Do you take `triu` "
        "where `tril` is meant?",
        _by(past=lambda i, j: j >= i),
    ),
    Mistake(
        "True where it is forbidden",
        "Your mask is the other way round: it is `True` where one may **not** look. Here "
        "`True` means yes.",
        _by(last=torch.logical_not),
    ),
    Mistake(
        "a square mask, of the new tokens",
        "Your mask is n_new × n_new: the new tokens see only each other. There is a column "
        "for each of **all** n tokens.",
        _by(columns=lambda n_new, n: n_new, **_FROM_FIRST),
    ),
    Mistake(
        "a square mask, of all tokens",
        "Your mask is n × n, with a row for each token. Only the last `n_new` ask: take the "
        "last rows.",
        _by(rows=lambda n_new, n: n, **_FROM_FIRST),
    ),
    Mistake(
        "the last columns instead of the last rows",
        "You take the last `n_new` **columns** of a square mask. Those that ask are its last "
        "rows, and all of its columns stay: rows come first in square brackets.",
        lambda n_new, n, width=None: (
            stop(ValueError) if n_new > n else _mask(n, n, width)[:, -n_new:]
        ),
    ),
    Mistake(
        "places side by side",
        "The places of those that ask and of all lie in one row each, so they are compared "
        "one by one, or do not fit. Make a **column** of those that ask, by another axis, and "
        "each of them meets all.",
        _side_by_side,
    ),
    Mistake(
        "the rows from n_new on",
        "Your rows begin at `n_new`, so there are n − n_new of them. The last `n_new` rows "
        "are wanted: the first of them is that of token n − n_new.",
        lambda n_new, n, width=None: _rows_of(n_new, n, width, slice(n_new, None)),
    ),
    Mistake(
        "the rows one too early",
        "Your rows begin one token too early, and the last token's row is missing. They are "
        "those of the tokens n − n_new to n − 1, the last one too.",
        lambda n_new, n, width=None: _rows_of(
            n_new, n, width, slice(n - n_new - 1, n - 1)
        ),
    ),
    Mistake(
        "the mask on its side",
        "Your mask lies on its side. A row belongs to a token that **asks**, a column to one "
        "that is asked.",
        _by(last=lambda mask: mask.mT),
    ),
    Mistake(
        "the rows in reverse order",
        "The last token has the first row. The rows come in the order of the text.",
        _by(last=lambda mask: mask.flip(0)),
    ),
    Mistake(
        "the columns in reverse order",
        "The columns run backwards: the first is that of the last token. They come in the "
        "order of the text.",
        _by(last=lambda mask: mask.flip(1)),
    ),
    Mistake(
        "numbers instead of yes and no",
        "These are ones and zeros as floats. The mask is to be of bool: `dtype=torch.bool`, "
        "or a comparison.",
        _by(last=Tensor.float),
    ),
    Mistake(
        "whole numbers instead of yes and no",
        "These are ones and zeros as whole numbers. The mask is to be of bool: "
        "`dtype=torch.bool`, or a comparison.",
        _by(last=Tensor.long),
    ),
    Mistake(
        "−∞ instead of no",
        "This is what is added to scores: 0 and −∞. The mask itself is asked for: `True` "
        "where one may look, `False` elsewhere.",
        _by(last=lambda mask: torch.zeros(mask.shape).masked_fill(~mask, -inf)),
    ),
    Mistake(
        "shares instead of yes and no",
        "Your rows sum to one: these are equal shares of the past. Only yes or no is asked "
        "for.",
        _by(last=lambda mask: mask / mask.sum(-1, keepdim=True)),
    ),
    Mistake(
        "lists",
        "These are the right answers, but in a Python list. Give them back as a tensor of "
        "bool.",
        _by(last=Tensor.tolist),
    ),
    Mistake(
        "an array of NumPy",
        "These are the right answers, but in an array of NumPy. Give them back as a tensor "
        "of bool: `torch.from_numpy`, or `torch.arange` from the start.",
        _by(last=Tensor.numpy),
    ),
    Mistake(
        "an axis too many",
        "There is an axis of size 1 in front. The mask of all texts and heads is one, (n_new, "
        "n).",
        _by(last=lambda mask: mask[None]),
    ),
    Mistake(
        "a row only, for one token",
        "Where a single token asks, the axis of the rows is lost. The mask is (1, n) then.",
        _by(last=lambda mask: mask.squeeze(0)),
    ),
    only_the_first(lambda *args: _mask(*args)[0], "row"),
    Mistake(
        "the window forgotten",
        "Without a window it is right. Where a `width` is given, a token sees only the last "
        "`width` tokens, and what is further back is hidden.",
        _by(given=lambda width: None),
    ),
    Mistake(
        "a window that is one too wide",
        "Your window holds one token too many: the token itself is among the `width`. So "
        "with a width of 3 it sees itself and two more.",
        _by(near=lambda i, j, width: j >= i - width),
    ),
    Mistake(
        "a window that is one too narrow",
        "Your window holds one token too few: `width` of them are seen, the token itself "
        "among them.",
        _by(near=lambda i, j, width: j > i - width + 1),
    ),
    Mistake(
        "one window for all",
        "All tokens that ask have the same window, the last `width` of the text. Each has "
        "its own: it ends with the token itself.",
        lambda n_new, n, width=None: _mask(
            n_new, n, width, near=lambda i, j, w: j >= n - w
        ),
    ),
    Mistake(
        "a slice from below 0",
        "Right except for the first tokens of the text. There the window would begin before "
        "token 0, and a slice that begins or ends **below 0** counts from the end of the row: "
        "take 0 there.",
        _below_0,
    ),
    Mistake(
        "the first instead of the last",
        "With a width, your tokens see the **first** tokens of the text. A window moves "
        "along: it holds the last `width` tokens before the one that asks, and itself.",
        _by(near=lambda i, j, width: j < width),
    ),
    Mistake(
        "inside and outside exchanged",
        "With a width, your tokens see what lies **before** the window, and not what is in "
        "it. Is the sign of the comparison, or `tril` for `triu`, the wrong way round?",
        _by(near=lambda i, j, width: j <= i - width),
    ),
    Mistake(
        "tril for the window",
        "With a width, your tokens see what lies before the window and not what is in it: "
        "`tril` keeps what is left of a diagonal. The window begins there: it is what lies "
        "on it and **right** of it.",
        _by(near=lambda i, j, width: j <= i - width + 1),
    ),
    Mistake(
        "a window that shows the future",
        "With a width, your tokens see the future too: the window hides only what is too far "
        "back. Both must hold, the past **and** near enough.",
        lambda n_new, n, width=None: (
            _mask(n_new, n)
            if width is None
            else _mask(n_new, n, width, past=lambda i, j: i + j >= 0)
        ),
    ),
    Mistake(
        "a window on both sides",
        "With a width, your tokens see as far ahead as back. A window is of the past alone.",
        lambda n_new, n, width=None: (
            _mask(n_new, n)
            if width is None
            else _mask(
                n_new,
                n,
                width,
                past=lambda i, j: j - i < width,
            )
        ),
    ),
    Mistake(
        "past or near",
        "You let through what is past **or** near, which is everything. Both must hold: "
        "`&`, or `tril` and then `triu`.",
        lambda n_new, n, width=None: (
            _mask(n_new, n)
            if width is None
            else _mask(n_new, n, width, past=lambda i, j: i + j >= 0, near=_either)
        ),
    ),
    Mistake(
        "the window counted from the first token",
        "The window is right where all tokens ask. Where only the last do, it is the one of "
        "the first tokens: the diagonal of the window moves by n − n_new too.",
        lambda n_new, n, width=None: _mask(
            n_new, n, width, near=lambda i, j, w: j > i - (n - n_new) - w
        ),
    ),
    Mistake(
        "both diagonals from the first token",
        "With a width, your first row is that of token 0. It belongs to token n − n_new, for "
        "both ends of the window.",
        lambda n_new, n, width=None: _mask(
            n_new, n, width, first=lambda a, b: 0 if width else b - a
        ),
    ),
    Mistake(
        "the window in the wrong direction",
        "The larger the width, the less is seen: it has the wrong sign in your diagonal. "
        "`triu` moves to the right with a larger number, and a wide window begins further "
        "left.",
        _by(near=lambda i, j, width: j >= i + width - 1),
    ),
    Mistake(
        "a window that begins further right with a larger width",
        "Your `triu` moves to the right with the width, so the wider the window, the less is "
        "seen. It begins at the place of the first row, n − n_new, and goes **back** from "
        "there: by how much, if the token itself is in it?",
        lambda n_new, n, width=None: _mask(
            n_new, n, width, near=lambda i, j, w: j >= i - (n - n_new) + w - 1
        ),
    ),
    Mistake(
        "the window of the last row in the first",
        "Your `triu` is moved by n − width, where the window of the **last** token begins. It "
        "is the first row that has to be right, that of token n − n_new; each row below moves "
        "by one more of itself.",
        lambda n_new, n, width=None: _mask(
            n_new, n, width, near=lambda i, j, w: j >= i - (n - n_new) + n - w
        ),
    ),
    Mistake(
        "never a window without a width",
        "Where no width is given, your tokens see themselves alone. `None` means that there "
        "is no window: all of the past is seen.",
        _by(given=lambda width: 1 if width is None else width),
    ),
    Mistake(
        "None compared with a number",
        "Where no width is given, `width` is `None`, and cannot be compared with a number. "
        "Ask whether it is `None` first.",
        lambda n_new, n, width=None: (
            stop(ValueError) if n_new > n or width < 1 else _mask(n_new, n, width)
        ),
    ),
    Mistake(
        "nothing is refused",
        "The masks are right. But more new tokens than there are, and a width below 1, "
        "cannot be: raise a ValueError for both.",
        _by(refuse=lambda *sizes: False),
    ),
    Mistake(
        "too many new tokens let through",
        "A width below 1 is refused. More new tokens than there are cannot be either: raise "
        "a ValueError.",
        _by(refuse=lambda n_new, n, width: width is not None and width < 1),
    ),
    Mistake(
        "a width below 1 let through",
        "Too many new tokens are refused. A width below 1 cannot be either, since a token "
        "sees at least itself: raise a ValueError.",
        _by(refuse=lambda n_new, n, width: n_new > n),
    ),
    Mistake(
        "a width of 0 taken for none",
        "A width of 0 counts as no window in your function: `if width` is false for 0, too. "
        "Ask whether it is `None`, and refuse 0.",
        _by(
            given=lambda width: width or None,
            refuse=lambda n_new, n, width: n_new > n or (width or 1) < 1,
        ),
    ),
    Mistake(
        "a width of 0 let through",
        "A width below 0 is refused, but 0 is let through: then a token would see nothing, "
        "not even itself. Refuse what is less than **1**.",
        _by(refuse=lambda n_new, n, width: n_new > n or (width or 0) < 0),
    ),
    Mistake(
        "only a width of 0 refused",
        "A width of 0 is refused, but not one below 0. Refuse all that is less than 1.",
        _by(refuse=lambda n_new, n, width: n_new > n or width == 0),
    ),
    Mistake(
        "a width of 1 refused",
        "You refuse a width of 1. Then each token sees itself alone, and that may be: refuse "
        "what is **less** than 1.",
        _by(refuse=lambda n_new, n, width: n_new > n or (width or 2) < 2 or width == 0),
    ),
    Mistake(
        "all tokens refused",
        "You refuse `n_new` equal to `n`. That is the prompt, in which all tokens are new: "
        "refuse only what is **more**.",
        _by(refuse=lambda n_new, n, width: n_new >= n or _refused(n_new, n, width)),
    ),
    Mistake(
        "fewer new tokens refused",
        "You refuse fewer new tokens than there are, and let more through: the comparison is "
        "the wrong way round.",
        _by(refuse=lambda n_new, n, width: n_new < n or (width or 1) < 1 or width == 0),
    ),
    Mistake(
        "a wide window refused",
        "You refuse a window that is wider than the text. It hides nothing, and that may "
        "be.",
        _by(
            refuse=lambda n_new, n, width: _refused(n_new, n, width) or (width or 0) > n
        ),
    ),
    Mistake(
        "cut to what is there",
        "Where there are more new tokens than tokens, you take as many as there are. That "
        "call is a mistake of the caller's: raise a ValueError.",
        lambda n_new, n, width=None: _mask(min(n_new, n), n, width),
    ),
    an_assert(_by(error=AssertionError), "What cannot be"),
    two_at_once(
        "from the first token, and nothing refused",
        _by(refuse=lambda *sizes: False, **_FROM_FIRST),
        "Your first row belongs to token 0, and should belong to token n − n_new.",
        "more new tokens than there are, and a width below 1, are to be refused.",
    ),
    two_at_once(
        "from the first token, and no window",
        _by(refuse=lambda *sizes: False, given=lambda width: None, **_FROM_FIRST),
        "Your first row belongs to token 0, and should belong to token n − n_new: move the "
        "diagonal to the right.",
        "the width plays no part yet, nor is anything refused.",
    ),
    two_at_once(
        "no window, and nothing refused",
        _by(refuse=lambda *sizes: False, given=lambda width: None),
        "Without a window it is right, but where a `width` is given, a token sees only the "
        "last `width` tokens.",
        "more new tokens than there are, and a width below 1, are to be refused.",
    ),
    two_at_once(
        "a window one too wide, and nothing refused",
        _by(
            refuse=lambda *sizes: False,
            near=lambda i, j, width: j >= i - width,
        ),
        "Your window holds one token too many, since the token itself is among the `width`.",
        "more new tokens than there are, and a width below 1, are to be refused.",
    ),
)


def _either(i: Tensor, j: Tensor, width: int) -> Tensor:
    return _past(i, j) | _near(i, j, width)


CHECK = Check(
    "late_mask",
    3,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES,
    worked=worked,
)
