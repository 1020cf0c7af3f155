"""extend: the keys or values of new tokens behind those that are kept.

The oracle is NumPy's concatenate, and where nothing is kept it gives back what is new, as
the student may. In some cases there are as many texts or heads as
tokens or numbers, so that a wrong axis has a fitting shape; in others nothing is kept.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between, large, normal, stop, tenths
from autograder.checks._slips import lists_of_numbers, two_at_once
from autograder.checks._twins import mirrored, twins
from autograder.checks.attend._material import whole
from autograder.checks.cache._material import LIBRARIES

Kept = Tensor | None


def oracle(kept: Kept, new: Tensor) -> Tensor:
    if kept is None:
        return new
    if new.dtype is torch.bfloat16:  # NumPy has none: their bits, two bytes each
        return oracle(kept.view(torch.int16), new.view(torch.int16)).view(new.dtype)
    return torch.from_numpy(np.concatenate([kept, new], axis=-2))


def draw(rng: np.random.Generator) -> list[Case]:
    def two(T: int, T_new: int, d: int, *front: int) -> tuple[Tensor, Tensor]:
        return tenths(rng, *front, T, d), tenths(rng, *front, T_new, d)

    signs = torch.tensor([1.0, -1.0])
    long, many = between(rng, 257, 270), between(rng, 131, 140)
    return [
        Case("two keys kept, one new", two(2, 1, 2)),
        Case("nothing kept yet", (None, tenths(rng, 3, 2))),
        Case("several new tokens", two(3, 2, 4)),
        Case("as many new tokens as kept, and as many numbers", two(3, 3, 3)),
        Case("several heads", two(4, 1, 2, 3)),
        Case("a batch of texts with several heads", two(4, 3, 5, 2, 3)),
        Case(
            "as many texts as heads, tokens and numbers",
            two(3, 3, 3, 3, 3),
        ),
        Case("more new tokens than kept", two(2, 5, 3)),
        Case("one token after a long text", two(long, 1, 2)),
        edge("a long prompt, and nothing kept yet", (None, tenths(rng, long, 2))),
        edge("nothing kept yet of a batch", (None, tenths(rng, 2, 3, 4, 2))),
        edge("a long text after one token", two(1, long, 2)),
        edge("five axes", two(3, 2, 2, 2, 1, 2)),
        edge("many heads", two(2, 1, 2, many)),
        edge("a batch of many texts", two(2, 1, 2, many, 1)),
        edge("keys of many numbers", two(2, 2, long)),
        edge("keys that lie across in memory", tuple(map(across, two(5, 2, 3, 2)))),
        edge("large numbers", (large(rng, 2, 2) * signs, large(rng, 1, 2) * 2.0**20)),
        edge("uneven numbers", (normal(rng, 2, 3, 4), normal(rng, 2, 1, 4))),
        edge("keys of zeros, and one more", (torch.zeros(2, 3), torch.zeros(1, 3))),
        edge(
            "keys in double precision",
            (normal(rng, 3, 2).double() / 3, normal(rng, 1, 2).double() / 3),
        ),
        edge(
            "numbers of 16 bits, bfloat16",
            tuple((2.0 ** whole(rng, -3, 3, n, 2)).bfloat16() for n in (3, 1)),
        ),
        edge(
            "whole numbers with more digits than a float has",
            (2**53 + 1 + 2 * whole(rng, 0, 99, 2, 2).long(), torch.ones(1, 2).long()),
        ),
        edge("single numbers, in two axes", two(1, 1, 1)),
        edge("single numbers, in four axes", two(1, 1, 1, 1, 1)),
        *twins(
            oracle,
            lambda: (
                mirrored(rng, tenths(rng, 7, 2)),
                mirrored(rng, tenths(rng, 7, 2)),
            ),
            "what is kept",
            "what is new",
        ),
    ]


def _or_new(way: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    """`way` where something is kept, and else what is new."""
    return lambda kept, new: new if kept is None else way(kept, new)


def _joined(kept: Tensor, new: Tensor, axis: int = -2) -> Tensor:
    return torch.cat([kept, new], axis)


def _along(axis: int) -> Callable[..., Tensor]:
    return _or_new(lambda kept, new: _joined(kept, new, axis))


@_or_new
def _written_into(kept: Tensor, new: Tensor) -> Tensor:
    made = _joined(kept, new)
    kept[..., -1, :] = new[..., -1, :]
    return made


@_or_new
def _new_into_kept(kept: Tensor, new: Tensor) -> Tensor:
    made = kept.clone()
    n = min(new.shape[-2], kept.shape[-2])
    made[..., -n:, :] = new[..., -n:, :]
    return made


@_or_new
def _one_by_one(kept: Tensor, new: Tensor) -> Tensor:
    """By a loop that counts the tokens along the first axis."""
    for t in range(len(new)):
        kept = torch.cat([kept, new[..., t : t + 1, :]], -2)
    return kept


@_or_new
def _resized(kept: Tensor, new: Tensor) -> Tensor:
    """As tensor.resize_ and a copy would: what was handed in has grown."""
    made = _joined(kept, new)
    kept.data = made
    return kept


def worked(kept: Kept, new: Tensor) -> dict[str, Tensor | int]:
    n = 0 if kept is None else kept.shape[-2]
    return {
        "tokens that are kept": n,
        "tokens that are new": new.shape[-2],
        "all so far": n + new.shape[-2],
    }


_AXIS = "the axis of the tokens is the second from the end, `-2`"

MISTAKES = (
    Mistake(
        "along the last axis",
        "You make each vector longer: the numbers stand side by side. There are more "
        f"**tokens**, not more numbers: {_AXIS}.",
        _along(-1),
    ),
    Mistake(
        "along the first axis",
        "Right where there are no axes in front. With heads or texts in front, the first "
        f"axis is theirs: {_AXIS}.",
        _along(0),
    ),
    Mistake(
        "along axis 1",
        "Right for several heads of one text. With more or fewer axes in front, axis 1 is "
        f"another one: {_AXIS}.",
        _or_new(lambda kept, new: _joined(kept, new, 1)),
    ),
    Mistake(
        "along axis 2",
        "Right for a batch of texts with heads. With fewer axes in front there is no axis 2, "
        f"or it is another one. Count from the end: {_AXIS}.",
        _along(2),
    ),
    Mistake(
        "along an axis counted from the number of rows",
        "`len` of a tensor counts what lies along its first axis, rows or texts, and not its "
        "axes. No count is needed: the last but one is `-2` always.",
        _or_new(lambda kept, new: _joined(kept, new, len(kept) - 2)),
    ),
    Mistake(
        "along the third axis from the end",
        "You add heads, or there is no such axis. What is new are more **tokens**: "
        f"{_AXIS}.",
        _along(-3),
    ),
    Mistake(
        "the new ones first",
        "The new tokens stand in front of the kept ones. They come **behind** them: the "
        "order is that of the text.",
        _or_new(lambda kept, new: _joined(new, kept)),
    ),
    Mistake(
        "None not expected",
        "Right once something is kept. Before the first call, `kept` is `None`, hence the "
        "TypeError: it has no keys. What is new is all then.",
        lambda kept, new: stop(TypeError) if kept is None else _joined(kept, new),
    ),
    Mistake(
        "None where nothing was kept",
        "Where nothing is kept yet, you give back `None`. What is new is all then: return "
        "that.",
        lambda kept, new: None if kept is None else _joined(kept, new),
    ),
    Mistake(
        "twice where nothing was kept",
        "Where nothing is kept yet, the new tokens come back twice. They are all that there "
        "is: return them once.",
        lambda kept, new: _joined(new if kept is None else kept, new),
    ),
    Mistake(
        "zeros in front where nothing was kept",
        "Where nothing is kept yet, a row of zeros stands in front. It would be a key that "
        "nobody has made: return what is new, and nothing else.",
        lambda kept, new: _joined(
            torch.zeros_like(new[..., :1, :]) if kept is None else kept, new
        ),
    ),
    Mistake(
        "a row of zeros in front where nothing was kept, for one head",
        "Where nothing is kept yet, you put a row of zeros in front. It would be a key that "
        "nobody has made, and with more axes it does not even fit: return what is new, and "
        "nothing else.",
        lambda kept, new: _joined(
            torch.zeros(1, new.shape[-1], dtype=new.dtype) if kept is None else kept,
            new,
        ),
    ),
    Mistake(
        "an empty tensor where nothing was kept",
        "Where nothing is kept yet, you give back a tensor without tokens. What is new is "
        "all then: return that.",
        lambda kept, new: new[..., :0, :] if kept is None else _joined(kept, new),
    ),
    Mistake(
        "asked whether kept is true",
        "You ask whether `kept` is true, by `if kept`, `not kept` or `kept or`. A tensor of "
        "several numbers is neither. Ask whether it **is** `None`.",
        lambda kept, new: (
            new
            if kept is None or kept.numel() == 1 and not kept.any()
            else stop(RuntimeError)
            if kept.numel() > 1
            else _joined(kept, new)
        ),
    ),
    Mistake(
        "asked whether a number of kept is not 0",
        "`.any()` asks whether one of the numbers is not 0. Keys of zeros are kept as well: "
        "ask only whether `kept` **is** `None`.",
        lambda kept, new: new if kept is None or not kept.any() else _joined(kept, new),
    ),
    Mistake(
        "asked the wrong way round",
        "The question is the wrong way round: you give back only what is new where something "
        "is kept, and put both together where `kept` is `None`, hence the TypeError.",
        lambda kept, new: new if kept is not None else stop(TypeError),
    ),
    Mistake(
        "only what is new",
        "Only the new tokens come back, and what was kept is forgotten. Both are needed, the "
        "new ones behind the kept.",
        lambda kept, new: new,
    ),
    Mistake(
        "only what is kept",
        "What is kept comes back as it was: the new tokens are missing. Is the result of "
        "`torch.cat` thrown away?",
        _or_new(lambda kept, new: kept),
    ),
    Mistake(
        "the new ones twice",
        "The new tokens stand there twice. Each is put behind once.",
        _or_new(lambda kept, new: torch.cat([kept, new, new], -2)),
    ),
    Mistake(
        "only the last of the new ones",
        "Only the last of the new tokens is added. A prompt brings many at once: all of them "
        "are needed.",
        _or_new(lambda kept, new: _joined(kept, new[..., -1:, :])),
    ),
    Mistake(
        "only the first of the new ones",
        "Only the first of the new tokens is added. A prompt brings many at once: all of "
        "them are needed.",
        _or_new(lambda kept, new: _joined(kept, new[..., :1, :])),
    ),
    Mistake(
        "the oldest thrown away",
        "As many old tokens are thrown away as new ones come, so that the size stays. A cache "
        "grows: nothing is thrown away here.",
        _or_new(lambda kept, new: _joined(kept, new)[..., new.shape[-2] :, :]),
    ),
    Mistake(
        "the last of the kept overwritten",
        "The new tokens take the places of kept ones. They need places of their own, "
        "**behind** what is there.",
        _new_into_kept,
    ),
    Mistake(
        "one kept token lost",
        "The last of the kept tokens is missing. All of them stay, and the new ones come "
        "behind.",
        _or_new(lambda kept, new: _joined(kept[..., :-1, :], new)),
    ),
    Mistake(
        "the first kept token lost",
        "The first of the kept tokens is missing. All of them stay, and the new ones come "
        "behind.",
        _or_new(lambda kept, new: _joined(kept[..., 1:, :], new)),
    ),
    Mistake(
        "stacked",
        "`stack` makes a new axis, with the kept in its first place and the new in its "
        "second, and both must have one shape. `torch.cat` goes on along an axis that is "
        "there.",
        _or_new(lambda kept, new: torch.stack([kept, new])),
    ),
    Mistake(
        "stacked, row on row",
        "`stack` makes a new axis, in which a kept and a new row lie on each other, and both "
        "must have one shape. `torch.cat` goes on along an axis that is there.",
        _or_new(lambda kept, new: torch.stack([kept, new], -2)),
    ),
    Mistake(
        "two tensors that are not in one bracket",
        "`torch.cat` takes all tensors as **one** thing, a tuple or a list, and then the "
        "axis. Put the two into brackets of their own.",
        _or_new(lambda kept, new: torch.cat(kept, new, -2)),
    ),
    Mistake(
        "axes of size 1 squeezed out",
        "`squeeze` drops every axis of size 1, here that of a single token, head or text. "
        "`torch.cat` takes both tensors as they are.",
        _or_new(lambda kept, new: torch.cat([kept.squeeze(), new.squeeze()], -2)),
    ),
    Mistake(
        "added up",
        "You add the numbers. Nothing is computed here: the new tokens stand behind the kept "
        "ones.",
        _or_new(lambda kept, new: kept + new),
    ),
    Mistake(
        "one token after the other, by a loop",
        "Right for one head. With axes in front, the length of `new` is that of the first, "
        "so your loop adds too few tokens. `torch.cat` takes all at once: no loop is needed.",
        _one_by_one,
    ),
    Mistake(
        "all in one row",
        "All numbers stand in one long row: the axes are lost. `torch.cat` keeps them, if it "
        "is given both tensors as they are.",
        _or_new(lambda kept, new: torch.cat([kept.flatten(), new.flatten()])),
    ),
    Mistake(
        "the order of the tokens turned around",
        "The last token comes first. The order is that of the text: the kept ones as they "
        "are, then the new ones as they are.",
        _or_new(lambda kept, new: _joined(kept, new).flip(-2)),
    ),
    Mistake(
        "the new ones in reverse order",
        "The new tokens come in reverse order. Among themselves they stay as they are.",
        _or_new(lambda kept, new: _joined(kept, new.flip(-2))),
    ),
    Mistake(
        "tokens and numbers exchanged",
        "The tensor lies on its side: a row for each number. A row belongs to a **token**, as "
        "in what you were given.",
        lambda kept, new: oracle(kept, new).mT,
    ),
    Mistake(
        "a pair",
        "What is kept and what is new come back as two things. Put them together into "
        "**one** tensor, along the axis of the tokens.",
        _or_new(lambda kept, new: (kept, new)),
    ),
    Mistake(
        "kept is changed in place",
        "The answer is right, but `kept` itself was changed on the way, and it belongs to "
        "the caller: an assignment to a part of it writes into what was handed in. "
        "`torch.cat` makes a new tensor.",
        _written_into,
    ),
    Mistake(
        "kept itself has grown",
        "The answer is right, but `kept` itself has grown, and it belongs to the caller. "
        "`torch.cat` makes a new tensor and leaves both as they are.",
        _resized,
    ),
    Mistake(
        "double precision",
        "These are the right numbers, but in double precision. What is only moved stays as "
        "it is, float32.",
        lambda kept, new: oracle(kept, new).double(),
    ),
    Mistake(
        "always float32",
        "Numbers of another dtype come back as float32, and lose digits. They are only moved "
        "here: `torch.cat` leaves the dtype as it is, and a tensor that you make yourself "
        "needs that of `new`.",
        lambda kept, new: oracle(kept, new).float(),
    ),
    Mistake(
        "16 bits",
        "These are numbers of 16 bits, which hold about three digits. What is only moved "
        "keeps its dtype: leave `.half()` out.",
        lambda kept, new: oracle(kept, new).half(),
    ),
    Mistake(
        "through double precision",
        "Right but for large whole numbers: made floats on the way, they lose digits. "
        "`torch.cat` leaves them as they are, of whatever dtype.",
        _or_new(lambda kept, new: _joined(kept.double(), new.double()).to(new.dtype)),
    ),
    Mistake(
        "through float32",
        "Right but for numbers of more digits than float32 holds: made float32 on the way, "
        "they lose some. `torch.cat` leaves them as they are, of whatever dtype.",
        _or_new(lambda kept, new: _joined(kept.float(), new.float()).to(new.dtype)),
    ),
    Mistake(
        "through NumPy",
        "Right but for bfloat16, a dtype that NumPy does not have. `torch.cat` puts tensors "
        "of any dtype together.",
        _or_new(
            lambda kept, new: torch.from_numpy(
                np.concatenate([kept.numpy(), new.numpy()], axis=-2)
            )
        ),
    ),
    lists_of_numbers(oracle),
    Mistake(
        "an array of NumPy",
        "This is an array of NumPy. Attention computes with tensors: `torch.cat` takes and "
        "gives them.",
        lambda kept, new: oracle(kept, new).numpy(),
    ),
    two_at_once(
        "the new ones first, and None not expected",
        lambda kept, new: stop(TypeError) if kept is None else _joined(new, kept),
        "The new tokens stand in front of the kept ones, and belong behind them.",
        "before the first call `kept` is `None`: what is new is all then.",
    ),
    two_at_once(
        "along the first axis, and None not expected",
        lambda kept, new: stop(TypeError) if kept is None else _joined(kept, new, 0),
        f"With axes in front, the first is that of texts or heads: {_AXIS}.",
        "before the first call `kept` is `None`: what is new is all then.",
    ),
)

CHECK = Check(
    "extend",
    2,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES,
    worked=worked,
    rtol=0.0,
    atol=0.0,
)
