"""text_mask: whom the last places of a padded batch may look at, a mask for each text.

The oracle asks each pair of places in plain Python. Rows of padding see themselves alone,
in texts without padding, with some, and with hardly anything else; in the middle of a
text only the last places ask.
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
from autograder.checks._slips import only_the_first, two_at_once
from autograder.checks._twins import twins
from autograder.checks.cache._material import LIBRARIES, grid

Reach = Callable[[Tensor, Tensor, Tensor], Tensor]


def oracle(pads: Tensor, n_new: int, n: int) -> Tensor:
    def row(pad: int, i: int) -> list:
        return [pad <= j <= i or j == i for j in range(n)]

    found = [[[row(pad, i) for i in range(n - n_new, n)]] for pad in pads.tolist()]
    return torch.tensor(found)


def draw(rng: np.random.Generator) -> list[Case]:
    def of(B: int, n: int, low: int = 1) -> Tensor:
        """Different pads, of which the least is `low`, each less than n; in any order."""
        pads = [low, *(low + 1 + rng.choice(n - low - 1, B - 1, replace=False))]
        return torch.tensor(rng.permutation(pads))

    n, B, many = between(rng, 12, 19), between(rng, 3, 5), between(rng, 131, 140)
    few = between(rng, 2, 5)
    return [
        edge("two texts, of four tokens and of two", (torch.tensor([0, 2]), 4, 4)),
        edge("the last two places of three", (torch.tensor([0, 2]), 2, 3)),
        Case("all places of several texts", (of(5, 14, 0), 14, 14)),
        Case("the last places of several texts", (of(5, n, 0), few, n)),
        Case("each text has padding", (of(6, n, 2), few, n)),
        Case("one token of each text", (of(6, n + 3, 0), 1, n + 3)),
        Case("texts that begin among the last places", (of(5, n), n - 2, n)),
        edge("no padding at all", (torch.zeros(B, dtype=torch.int64), few, n)),
        edge("no padding, and all places", (torch.zeros(B, dtype=torch.int64), n, n)),
        edge("a single text without padding", (torch.tensor([0]), few, n)),
        edge("a single text with padding", (torch.tensor([few]), n, n)),
        edge("a single text, and one place", (torch.tensor([n - few]), 1, n)),
        edge("texts of a single token", (torch.full((B,), n - 1), n, n)),
        edge("texts of equal length", (torch.full((B,), few), n, n)),
        edge("as many texts as places", (of(5, 5, 0), 5, 5)),
        edge("as many texts as new places", (of(4, n, 0), 4, n)),
        edge("a batch of many texts", (torch.arange(many) % 4, 2, 5)),
        edge("long texts", (torch.tensor([0, many, 2]), 3, 2 * many)),
        edge("texts that begin late", (torch.tensor([300, 0, 290]), 30, 310)),
        edge("a token of very long texts", (torch.tensor([2049, 9, 2051]), 1, 2060)),
        edge("a long text at once", (torch.tensor([many - 9]), many, many)),
        edge(
            "one place, before which a text has not begun",
            (torch.tensor([0, few, 1]), 1, few),
        ),
        edge("a single place", (torch.tensor([0]), 1, 1)),
        edge(
            "a single place of several texts", (torch.zeros(2, dtype=torch.int64), 1, 1)
        ),
        *twins(
            oracle,
            lambda: (of(7, 12), 11, 12),
            "the padding",
            "the new places",
            "all places",
            others={1: 10, 2: 13},
        ),
    ]


def _seen(
    pads: Tensor,
    n_new: int,
    n: int,
    past: Callable[[Tensor, Tensor], Tensor] = lambda i, j: j <= i,
    text: Reach = lambda i, j, pads: j >= pads,
    itself: Callable[[Tensor, Tensor], Tensor] = lambda i, j: i == j,
    first: Callable[[int, int], int] = lambda n_new, n: n - n_new,
    join: Callable[[Tensor, Tensor, Tensor], Tensor] = lambda p, t, s: p & t | s,
    last: Callable[[Tensor], Tensor] = lambda mask: mask[:, None],
    rows: Callable[[int, int], int] = lambda n_new, n: n_new,
    columns: Callable[[int, int], int] = lambda n_new, n: n,
) -> Tensor:
    """The mask with a screw at each step; `last` is given (B, n_new, n)."""
    begin = first(n_new, n)
    i = torch.arange(begin, begin + rows(n_new, n))[:, None]
    j = torch.arange(columns(n_new, n))
    each = pads[:, None, None]
    seen = join(past(i, j), text(i, j, each), itself(i, j))
    return last(seen.expand(len(pads), *seen.shape[-2:]).clone())


def _by(**screws) -> Callable[..., Tensor]:
    return partial(_seen, **screws)


def worked(pads: Tensor, n_new: int, n: int) -> dict[str, Tensor | int]:
    """Of the last text."""
    is_text = torch.arange(n) >= pads[-1]
    past = grid(n_new, n, lambda i, j: j <= i)
    return {
        "the padding of the last text": int(pads[-1]),
        "which of its places are text": is_text,
        "what is past, as of late_mask": past,
        "both": past & is_text,
        "and itself": oracle(pads, n_new, n)[-1, 0],
    }


def _paired(pads: Tensor, n_new: int, n: int) -> Tensor:
    """pads meets the places one by one, where it should meet all of them."""
    is_text = torch.arange(n) >= pads
    seen = is_text & grid(n_new, n, lambda i, j: j <= i)
    return (seen | grid(n_new, n, lambda i, j: i == j))[None, None]


def _a_column(pads: Tensor, n_new: int, n: int) -> Tensor:
    """(B, n) meets (n_new, n): texts are taken for rows."""
    is_text = torch.arange(n) >= pads[:, None]
    seen = is_text & grid(n_new, n, lambda i, j: j <= i)
    return (seen | grid(n_new, n, lambda i, j: i == j))[:, None]


def _negative(pads: Tensor, n_new: int, n: int) -> Tensor:
    """Padding is cut off by a slice that ends at −pads, which is nothing for 0."""
    made = _seen(pads, n_new, n)
    for mask, pad in zip(made, pads.tolist(), strict=True):
        mask[0, :, : -(n - pad) or None] = False
        if pad == 0:
            mask[:] = False
    return made


def _looped(
    cut: Callable[[Tensor, int], None],
) -> Callable[[Tensor, int, int], Tensor]:
    """A mask for each text, in which `cut` hides what it takes for padding."""

    def made(pads: Tensor, n_new: int, n: int) -> Tensor:
        itself = grid(n_new, n, lambda i, j: i == j)
        masks = [grid(n_new, n, lambda i, j: j <= i) for _ in pads]
        for mask, pad in zip(masks, pads.tolist(), strict=True):
            cut(mask, pad)
        return torch.stack([mask | itself for mask in masks])[:, None]

    return made


def _hide_last(mask: Tensor, pad: int) -> None:
    mask[:, -pad:] = False


def _hide_rows(mask: Tensor, pad: int) -> None:
    mask[:pad] = False


def _square_eye(pads: Tensor, n_new: int, n: int) -> Tensor:
    seen = _seen(pads, n_new, n, itself=lambda i, j: i + j < 0)
    return seen | torch.eye(n, dtype=torch.bool)


def _of_the_rest(pads: Tensor, n_new: int, n: int) -> Tensor:
    """late_mask is asked for the text alone, which may have fewer places."""
    return stop(ValueError) if n_new > n - int(pads.max()) else _seen(pads, n_new, n)


def _on_another_axis(pads: Tensor, n_new: int, n: int) -> Tensor:
    is_text = torch.arange(n) >= pads[None, :, None]
    seen = grid(n_new, n, lambda i, j: j <= i) & is_text
    return (seen | grid(n_new, n, lambda i, j: i == j))[:, None]


def _of_new_places(pads: Tensor, n_new: int, n: int) -> Tensor:
    is_text = torch.arange(n - n_new, n) >= pads[:, None, None]
    seen = grid(n_new, n, lambda i, j: j <= i) & is_text
    return (seen | grid(n_new, n, lambda i, j: i == j))[:, None]


def _one_number(pads: Tensor, n_new: int, n: int) -> Tensor:
    return _seen(pads.new_tensor([pads.item()]), n_new, n)


def _one_answer(pads: Tensor, n_new: int, n: int) -> Tensor:
    """`and` and `or`, which want one answer."""
    is_text = torch.arange(n) >= pads[:, None, None]
    past = grid(n_new, n, lambda i, j: j <= i)
    return ((past and is_text) or grid(n_new, n, lambda i, j: i == j))[:, None]


def _before(pads: Tensor, n_new: int, n: int, all_of_it: bool) -> Tensor:
    """A comparison without brackets, which comes last."""
    at, each = torch.arange(n), pads[:, None, None]
    late = grid(n_new, n, lambda i, j: j <= i)
    itself = grid(n_new, n, lambda i, j: i == j)
    if all_of_it:
        return (late & at >= each | itself)[:, None]
    return ((late & at >= each) | itself)[:, None]


_BRACKETS = "Put the comparison with `pads` in brackets: `&` and `|` are computed **before** `>=`."
_ITSELF = "every place sees at least itself"
_FROM_FIRST = {"first": lambda n_new, n: 0}

MISTAKES = (
    Mistake(
        "and, or in place of & and |",
        "`and` and `or` want one answer, and a mask has one for each of its places. For each "
        "place by itself there are `&` and `|`.",
        _one_answer,
    ),
    Mistake(
        "padding sees nothing",
        "The rows of padding have no `True` at all. A softmax of nothing but −∞ is not a "
        "number, and it spreads from there. So every place always sees **itself**.",
        _by(itself=lambda i, j: i != i + 0 * j),
    ),
    Mistake(
        "padding is seen",
        "Padding is looked at: it counts like text. A place is text only from its row's "
        "`pads` on, so compare the places with `pads`.",
        _by(text=lambda i, j, pads: j + pads >= 0),
    ),
    Mistake(
        "padding on the right",
        "You take the **last** places for padding. The shorter texts are filled up on the "
        "left: text begins at place `pads`.",
        lambda pads, n_new, n: _seen(
            pads, n_new, n, text=lambda i, j, pads: j < n - pads
        ),
    ),
    Mistake(
        "text and padding exchanged",
        "Your tokens see the padding, and not the text. Text is where a place is `pads` **or "
        "more**: is the comparison the wrong way round?",
        _by(text=lambda i, j, pads: j < pads),
    ),
    Mistake(
        "one place of padding is seen",
        "The last place of the padding is seen too. With `pads` = 2, places 0 and 1 are "
        "padding: text begins at place 2.",
        _by(text=lambda i, j, pads: j >= pads - 1),
    ),
    Mistake(
        "the first token hidden",
        "The first token of each text is hidden too. With `pads` = 2, places 0 and 1 are "
        "padding, and place 2 is text: `>=`, not `>`.",
        _by(text=lambda i, j, pads: j > pads),
    ),
    Mistake(
        "what comes later is seen",
        "Later tokens are seen. There is one mask for padding, and one for the past, your "
        "`late_mask`: both must hold.",
        _by(past=lambda i, j: i + j >= 0),
    ),
    Mistake(
        "the past or text",
        "You join the two by **or**: what is past, padding too, or text, later ones too. "
        "Both must hold: `&`.",
        _by(join=lambda past, text, itself: past | text | itself),
    ),
    Mistake(
        "itself only where all else holds",
        "The place itself is joined by **and**, so nothing but itself is left, and of "
        "padding nothing at all. It is allowed **besides**: `|`.",
        _by(join=lambda past, text, itself: past & text & itself),
    ),
    Mistake(
        "past, and text or itself",
        "You let a place see itself, but also some of what is hidden, or hide what is seen: "
        "where does your bracket stand? `&` is done before `|`.",
        _by(join=lambda past, text, itself: past & (text | ~itself)),
    ),
    Mistake(
        "nothing but itself",
        "Each place sees itself alone. It also sees what your `late_mask` allows, where that "
        "is text.",
        _by(join=lambda past, text, itself: (text | ~text) & itself),
    ),
    Mistake(
        "the future of text",
        "Your tokens see what comes later, and not what came before. Your `late_mask` is "
        "`True` for the past.",
        _by(past=lambda i, j: j >= i),
    ),
    Mistake(
        "text does not see itself in the past",
        "Your mask of the past begins one place too late. It does not matter for the place "
        "itself, but the one before it is hidden.",
        _by(past=lambda i, j: j < i - 1),
    ),
    Mistake(
        "one token of the future",
        "Each place sees one of the future too: the mask is one place off. Use your "
        "`late_mask` as it is.",
        _by(past=lambda i, j: j <= i + 1),
    ),
    Mistake(
        "rows from the first place",
        "Where only the last places ask, your rows are those of the first. The first row "
        "belongs to place n − n_new, for the past **and** for itself.",
        _by(**_FROM_FIRST),
    ),
    Mistake(
        "itself counted from the first place",
        "The past is right. But where only the last places ask, `torch.eye` has its ones in "
        "the first columns: a row's own place is n − n_new further right. Take the last rows "
        "of a square one.",
        lambda pads, n_new, n: _seen(
            pads, n_new, n, itself=lambda i, j: i - (n - n_new) == j
        ),
    ),
    Mistake(
        "itself counted from the first new place",
        "The place itself is too far to the right, or outside: a row's own place is n − "
        "n_new and on. Take the last rows of a square `torch.eye`.",
        lambda pads, n_new, n: _seen(
            pads, n_new, n, itself=lambda i, j: i + (n - n_new) == j
        ),
    ),
    Mistake(
        "the past counted from the first place",
        "The place itself is right. But where only the last places ask, your mask of the "
        "past is that of the first ones. Your `late_mask` knows both numbers: new ones "
        "first, then all.",
        lambda pads, n_new, n: _seen(
            pads, n_new, n, past=lambda i, j: j <= i - (n - n_new)
        ),
    ),
    Mistake(
        "the whole of a square eye",
        "Your `eye` has a row for each of the n places, and only the last `n_new` ask. So it "
        "fits where all ask, or spreads over one: take its last rows.",
        _square_eye,
    ),
    Mistake(
        "late_mask of the text alone",
        "You ask `late_mask` for n − pads places. More of them may be new than the text has: "
        "then it refuses, and rightly. Ask for all n places, and hide those of padding.",
        _of_the_rest,
    ),
    Mistake(
        "columns of the new places compared",
        "You compare only the **new** places with `pads`. Which places are text is asked of "
        "all n columns, from 0 on: it is the rows that begin at n − n_new.",
        _of_new_places,
    ),
    Mistake(
        "the last columns instead of the last rows",
        "You take the last `n_new` **columns**. Those that ask are the last rows, and all n "
        "columns stay: rows are the second axis from the end.",
        lambda pads, n_new, n: _seen(pads, n, n)[..., -n_new:],
    ),
    Mistake(
        "all rows",
        "There is a row for each of the n places. Only the last `n_new` ask: take the last "
        "rows.",
        _by(rows=lambda n_new, n: n, **_FROM_FIRST),
    ),
    Mistake(
        "columns of the new places only",
        "There are only columns for the new places. They ask **all** n places, the earlier "
        "ones too.",
        lambda pads, n_new, n: _seen(pads, n_new, n)[..., n - n_new :],
    ),
    Mistake(
        "padding counted from the new places",
        "You count `pads` from the first of the **new** places. It counts from the "
        "beginning of the row, where the columns begin.",
        lambda pads, n_new, n: _seen(
            pads, n_new, n, text=lambda i, j, pads: j - (n - n_new) >= pads
        ),
    ),
    Mistake(
        "the rows of padding, not the columns",
        "You hide what padding **asks**, not what is asked of it: rows for columns. It is "
        "the columns before `pads` that nobody may look at.",
        _by(text=lambda i, j, pads: (i >= pads) & (j >= 0)),
    ),
    Mistake(
        "the first rows hidden in a loop",
        "You hide the first `pads` **rows**: what padding asks. It is the columns before "
        "`pads` that nobody may look at: in square brackets the rows come first, and the "
        "columns behind the comma.",
        _looped(_hide_rows),
    ),
    Mistake(
        "the last columns hidden in a loop",
        "You hide the **last** columns, and where there is no padding all of them, since `-0` "
        "is 0. Padding is on the left: its places are the first `pads`.",
        _looped(_hide_last),
    ),
    Mistake(
        "padding sees all of its past",
        "Padding sees the padding before it. Each place of padding sees itself alone.",
        _by(text=lambda i, j, pads: (j >= pads) | (i < pads)),
    ),
    Mistake(
        "padding sees everything",
        "The rows of padding see everything. They see themselves alone: what comes later "
        "must not be heard there either.",
        lambda pads, n_new, n: (
            _seen(pads, n_new, n, join=lambda past, text, itself: past & text | itself)
            | (torch.arange(n - n_new, n)[:, None] < pads[:, None, None, None])
        ),
    ),
    Mistake(
        "padding sees the first place",
        "The rows of padding see place 0, and not themselves. It is **itself** that each "
        "place always sees.",
        lambda pads, n_new, n: _seen(
            pads, n_new, n, itself=lambda i, j: (j == 0) & (i >= 0)
        ),
    ),
    Mistake(
        "text does not always see itself",
        "Only the places of padding see themselves; a token of text does not. Both do: "
        f"{_ITSELF}. If you join the two by `^`: that takes away what is in both. By `|` it "
        "stays.",
        _by(
            past=lambda i, j: j < i,
            text=lambda i, j, pads: j >= pads,
            join=lambda past, text, itself: past & text | itself & ~text,
        ),
    ),
    Mistake(
        "a single place that does not see itself",
        "Where a single place asks, you leave out that it sees itself. It may be padding, in a "
        f"text that has not begun yet, and {_ITSELF}. No shortcut is needed.",
        lambda pads, n_new, n: _seen(
            *(pads, n_new, n),
            itself=lambda i, j: i == j if n_new > 1 else i + j < 0,
        ),
    ),
    Mistake(
        "places counted from 1",
        "Your places count from 1. They count from 0: with `pads` = 2, places 0 and 1 are "
        "padding, and the last place is n − 1.",
        _by(
            text=lambda i, j, pads: j + 1 >= pads,
            itself=lambda i, j: i == j + 1,
        ),
    ),
    Mistake(
        "the numbers of the texts taken for pads",
        "You take the **number** of a text, 0, 1, 2 …, for its padding. `range(len(pads))` "
        "gives these numbers, and `pads[b]` the padding of text b.",
        lambda pads, n_new, n: _seen(torch.arange(len(pads)), n_new, n),
    ),
    Mistake(
        "one number for all texts",
        "`.item()` gives one number, and `pads` has one for each text. Each has its own "
        "padding: leave it a tensor, and give it axes for rows and columns.",
        _one_number,
    ),
    Mistake(
        "one mask for all texts",
        "All texts have the mask of the first. Each row has its own padding: "
        "`pads[:, None, None]` makes an axis of texts.",
        lambda pads, n_new, n: _seen(pads[:1].expand(len(pads)), n_new, n),
    ),
    Mistake(
        "the padding of the longest",
        "All texts have as much padding as the shortest of them. Each row has its own. Do "
        "all rounds of a loop write into one and the same mask? Begin a new one for each "
        "text.",
        lambda pads, n_new, n: _seen(pads.max().expand(len(pads)), n_new, n),
    ),
    Mistake(
        "what was hidden stays hidden for the next text",
        "What you hide for one text stays hidden for all that follow: each round writes into "
        "the mask of the round before. Begin a new one, of your `late_mask`, for each text.",
        lambda pads, n_new, n: _seen(pads.cummax(0).values, n_new, n),
    ),
    Mistake(
        "the mask of the last text for all",
        "All texts have the mask of the last one: each round overwrites the mask of the "
        "round before. Collect them, and put them together after the loop.",
        lambda pads, n_new, n: _seen(pads[-1:].expand(len(pads)), n_new, n),
    ),
    Mistake(
        "and before the comparison",
        f"{_BRACKETS} So a mask and the **places** are joined, and then compared.",
        lambda pads, n_new, n: _before(pads, n_new, n, False),
    ),
    Mistake(
        "and and or before the comparison",
        f"{_BRACKETS} So a mask and the places, and `pads` and a mask, are joined before "
        "anything is compared.",
        lambda pads, n_new, n: _before(pads, n_new, n, True),
    ),
    Mistake(
        "rows of padding see the first place",
        "The rows of padding see place 0, and not themselves. It is **itself** that each "
        "place always sees: its own column, not the first.",
        lambda pads, n_new, n: (
            _seen(
                pads,
                n_new,
                n,
                join=lambda past, text, itself: past & text,
            )
            | (
                (torch.arange(n - n_new, n)[:, None] < pads[:, None, None, None])
                & (torch.arange(n) == 0)
            )
        ),
    ),
    Mistake(
        "the number of tokens taken for pads",
        "You take `pads` for the number of tokens of each text. It is the number of places "
        "**before** them.",
        lambda pads, n_new, n: _seen(n - pads, n_new, n),
    ),
    Mistake(
        "pads beside the places",
        "`pads` and the places lie in one row, so they are compared one by one, or do not "
        "fit. Each text meets **all** places: give `pads` two new axes, `pads[:, None, "
        "None]`.",
        _paired,
    ),
    Mistake(
        "pads on the axis of the rows",
        "`pads` stands on the axis of the rows. The texts come first, then rows and columns: "
        "its numbers belong on the **first** axis, and two new ones behind.",
        _on_another_axis,
    ),
    Mistake(
        "texts taken for rows",
        "Which places are text is (B, n) in your lines, and the past is (n_new, n): so texts "
        "meet the rows of the mask, or nothing fits. Another axis belongs between them: (B, "
        "1, n).",
        _a_column,
    ),
    Mistake(
        "no axis for the heads",
        "The masks are right, but the axis of the heads is missing: (B, **1**, n_new, n). "
        "Without it, texts would be taken for heads.",
        _by(last=lambda mask: mask),
    ),
    Mistake(
        "texts stacked behind the rows",
        "The masks are stacked along axis 1, behind the rows. Texts come first: `stack` makes "
        "their axis in front by itself, and the one of the heads, of size 1, is still missing.",
        _by(last=lambda mask: mask.transpose(0, 1)),
    ),
    Mistake(
        "the rows of all texts under each other",
        "`cat` puts the rows of all texts under each other, so that nobody knows where one "
        "text ends. `stack` makes an axis for the texts.",
        _by(last=lambda mask: mask.flatten(0, 1)[:, None]),
    ),
    Mistake(
        "the rows of all texts under each other, and no heads",
        "`cat` puts the rows of all texts under each other. `stack` makes an axis for the "
        "texts; behind it comes one of size 1, for the heads.",
        _by(last=lambda mask: mask.flatten(0, 1)),
    ),
    Mistake(
        "a number of heads",
        "You repeat the mask for 12 heads. How many there are is not known here, and need not "
        "be: leave the axis of size 1, it is repeated by itself.",
        _by(last=lambda mask: mask[:, None].expand(-1, 12, -1, -1)),
    ),
    Mistake(
        "the axis of the heads in front",
        "The axis of the heads stands in front of that of the texts. It is (B, 1, n_new, n): "
        "texts first.",
        _by(last=lambda mask: mask[None]),
    ),
    Mistake(
        "the axis of the heads behind",
        "There is an axis of size 1 too far behind. It is (B, 1, n_new, n): the second is "
        "that of the heads.",
        _by(last=lambda mask: mask[:, :, None]),
    ),
    Mistake(
        "the masks on their side",
        "The masks lie on their side. A row belongs to a place that **asks**, a column to "
        "one that is asked.",
        _by(last=lambda mask: mask.mT[:, None]),
    ),
    Mistake(
        "True where it is forbidden",
        "The masks are the other way round: `True` where one may **not** look. Here `True` "
        "means yes.",
        _by(last=lambda mask: ~mask[:, None]),
    ),
    Mistake(
        "numbers instead of yes and no",
        "These are ones and zeros, as floats or whole numbers. The mask is to be of bool: "
        "`&` and `|` of comparisons give that.",
        _by(last=lambda mask: mask[:, None].float()),
    ),
    Mistake(
        "whole numbers instead of yes and no",
        "These are ones and zeros as whole numbers. The mask is to be of bool: an `eye` or a "
        "product of other kinds makes numbers of it.",
        _by(last=lambda mask: mask[:, None].long()),
    ),
    Mistake(
        "−∞ instead of no",
        "This is what is added to scores: 0 and −∞. The mask itself is asked for: `True` "
        "where one may look, `False` elsewhere.",
        _by(
            last=lambda mask: torch.zeros(mask.shape).masked_fill(~mask, -inf)[:, None]
        ),
    ),
    Mistake(
        "a list of masks",
        "The right masks, but not yet in one tensor: they are in a Python list. "
        "`torch.stack` puts them together.",
        lambda pads, n_new, n: list(_seen(pads, n_new, n)),
    ),
    Mistake(
        "lists",
        "These are the right answers, but in Python lists. Give them back as a tensor of "
        "bool.",
        lambda *args: oracle(*args).tolist(),
    ),
    Mistake(
        "no padding taken for no text",
        "Where a text has no padding, its mask is empty: a slice to `-0` is a slice to 0. "
        "Compare places with `pads` in place of slicing.",
        _negative,
    ),
    only_the_first(lambda *args: _seen(*args)[:1], "text"),
    Mistake(
        "pads is changed in place",
        "The masks are right, but `pads` itself was changed on the way, and it belongs to "
        "the caller, who needs it for the next token. Make a new tensor.",
        lambda pads, n_new, n: (_seen(pads, n_new, n), pads.add_(1))[0],
    ),
    two_at_once(
        "padding sees nothing, and no axis for the heads",
        _by(itself=lambda i, j: i != i + 0 * j, last=lambda mask: mask),
        f"The rows of padding have no `True`: {_ITSELF}.",
        "the axis of the heads is missing: (B, **1**, n_new, n).",
    ),
    two_at_once(
        "padding is seen, and no axis for the heads",
        _by(text=lambda i, j, pads: j + pads >= 0, last=lambda mask: mask),
        "Padding is looked at, as if it were text: compare the places with `pads`.",
        "the axis of the heads is missing: (B, **1**, n_new, n).",
    ),
)

CHECK = Check(
    "text_mask",
    2,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES,
    after=("late_mask",),
    worked=worked,
)
