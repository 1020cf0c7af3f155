"""clip: all gradients together, scaled down where they are too long.

The oracle is numpy, which makes one long vector of them in double precision. In some
cases each gradient is short and all together are long, in others they are shorter than
`most`, just as long, or all 0. Some are so tiny that whatever is added to the length shows.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between, large, normal, tenths
from autograder.checks._slips import (
    only_the_first,
    only_the_last,
    two_at_once,
    written_into,
)
from autograder.checks._twins import twins
from autograder.checks.train._material import CLIPS, LIBRARIES

Gradients = list[Tensor]


def oracle(gradients: Gradients, most: float = 1.0) -> Gradients:
    numbers = np.concatenate([g.double().numpy().ravel() for g in gradients])
    length = np.linalg.norm(numbers)
    share = most / length if length > most else 1.0
    return [(g.double() * share).float() for g in gradients]


def draw(rng: np.random.Generator) -> list[Case]:
    def some(*shapes: tuple[int, ...], by: float = 1.0) -> Gradients:
        return [tenths(rng, *shape) * by for shape in shapes]

    def least() -> float:
        return round(between(rng, 21, 89) / 100 + 0.004, 3)

    mixed = (2, 3), (3,), (3, 4)
    short = [
        torch.full((1,), 0.5) * rng.choice([-1.0, 1.0])
        for _ in range(between(rng, 9, 12))
    ]
    whole = torch.tensor([3.0, 0.0, -4.0]) * between(rng, 2, 9)
    zeros = [torch.zeros(2, 3), torch.zeros(3)]
    tiny = some((2, 3), (3,), by=1e-4)
    faint, fainter, faintest = (
        [g * length / _length(tiny) for g in tiny] for length in (5e-7, 5e-8, 5e-14)
    )
    long = between(rng, 270, 290)
    return [
        Case("two vectors", (some((3,), (2,), by=2),)),
        Case("matrices and vectors", (some(*mixed, by=2),)),
        Case("a length of less than 1", (some((2, 2), (3,), by=0.1),)),
        Case("gradients that are short each, and long together", (short,)),
        Case("a huge gradient among small ones", ([*some((3,)), *some((2,), by=900)],)),
        Case("another greatest length", (some(*mixed), least())),
        Case("a greatest length above 1", (some(*mixed, by=9), 4 + least())),
        Case(
            "a length below a greatest one above 1", (some((2, 2), (2,)), 40 + least())
        ),
        Case("a single gradient", (some((3, 2), by=3),)),
        Case(
            "uneven numbers", ([normal(rng, 3, 4, scale=3), normal(rng, 4, scale=3)],)
        ),
        Case("very many gradients", ([tenths(rng, 2) for _ in range(140)], least())),
        Case("gradients of one shape", (some((2, 2), (2, 2), (2, 2), by=2),)),
        edge("gradients of many numbers", (some((long, 2), (2, long)), least())),
        edge("gradients that are all 0", (zeros,)),
        edge("gradients that are all 0, and another greatest length", (zeros, least())),
        edge("one gradient that is all 0", ([*some((2, 3), by=2), torch.zeros(3)],)),
        edge("a length just as great as may be", ([whole], float(whole.norm()))),
        edge(
            "a length a little greater than may be",
            ([whole], float(whole.norm()) * 0.96),
        ),
        edge(
            "a length a little less than may be", ([whole], float(whole.norm()) * 1.04)
        ),
        edge("large numbers", ([large(rng, 2, 3), -large(rng, 3)],)),
        edge("huge numbers", (some(*mixed, by=1e15), least())),
        edge("tiny numbers", (some((2, 3), (3,), by=1e-7),)),
        edge("tiny numbers, and a tinier greatest length", (tiny, 1e-5)),
        edge("tiny numbers below a tiny greatest length", (faint, 1e-6)),
        edge("numbers of nearly 0, and a greatest length below them", (fainter, 1e-8)),
        edge(
            "numbers of all but 0, and a greatest length below them", (faintest, 1e-14)
        ),
        edge("a greatest length of nearly 1", (some((3,), (2,), by=2), 0.995)),
        edge("a tiny greatest length", (some((3,), (2,), by=0.1), 0.0034)),
        edge("a greatest length of 0", (some((3,), (2,), by=2), 0.0)),
        edge("numbers without an axis", (some((), (), by=3),)),
        edge("three axes, and axes of size 1", (some((2, 1, 3), (1, 1), (1,), by=2),)),
        edge(
            "gradients that lie across in memory",
            ([across(tenths(rng, 3, 4)), *some((2,))],),
        ),
        *twins(
            oracle,
            lambda: (some((2,), (2,), (2,), (2,), (2,)), least()),
            "the gradients",
            "the greatest length",
            others={1: 1.234},
        ),
    ]


def _length(gradients: Gradients) -> Tensor:
    return torch.stack([g.norm() for g in gradients]).norm()


def _share(most: float, length: Tensor) -> Tensor:
    return (most / length).clamp(max=1)


def plain(
    gradients: Gradients,
    most: float = 1.0,
    given: Callable[[float], float] = lambda most: most,
    length: Callable[[Gradients], Tensor] = _length,
    share: Callable[[float, Tensor], Tensor] = _share,
    scale: Callable[[Tensor, Tensor], Tensor] = torch.mul,
    last: Callable[[Gradients], object] = lambda clipped: clipped,
) -> object:
    """Clipping with loose screws."""
    by = share(given(most), length(gradients))
    return last([scale(g, by) for g in gradients])


def _by(**screws) -> Callable[..., object]:
    return partial(plain, **screws)


def worked(gradients: Gradients, most: float = 1.0) -> dict[str, Tensor | float]:
    squares = torch.stack([g.double().square().sum() for g in gradients])
    length = float(squares.sum().sqrt())
    return {
        "the sum of the squares of each": squares,
        "of all together": float(squares.sum()),
        "its root, the length": length,
        "the greatest length": most,
        "every number times": most / length if length > most else 1.0,
    }


def _one_by_one(gradients: Gradients, most: float = 1.0) -> Gradients:
    return [plain([g], most)[0] for g in gradients]


def _of_the_sum(gradients: Gradients) -> Tensor:
    """The length of what comes of adding them up, where their shapes allow it."""
    whole = gradients[0]
    for g in gradients[1:]:
        whole = whole + g
    return whole.norm()


def _in_place(gradients: Gradients, most: float = 1.0) -> Gradients:
    by = _share(most, _length(gradients))
    for g in gradients:
        g.mul_(by)
    return [g.clone() for g in gradients]


def _the_list_itself(gradients: Gradients, most: float = 1.0) -> Gradients:
    if _length(gradients) <= most:
        return gradients
    return plain(gradients, most)


def _those_too_long(gradients: Gradients, most: float = 1.0) -> Gradients:
    """Only the gradients that are too long by themselves, by the share of all."""
    by = _share(most, _length(gradients))
    return [g * by if g.norm() > most else g * 1 for g in gradients]


def _unit_first(gradients: Gradients, most: float = 1.0) -> Gradients:
    """Divided by the length in any case, and then by as much again."""
    length = _length(gradients)
    return [g / length * length.clamp(max=most) for g in gradients]


def _python_division(most: float, length: Tensor) -> Tensor:
    return torch.tensor(min(1.0, most / float(length)))


def _with_a_little(
    change: Callable[..., Tensor], little: Tensor, most: float, length: Tensor
) -> Tensor:
    """The share by a length that a tiny number has changed."""
    return torch.where(length > most, most / change(length, little), 1.0)


def _in_one(clipped: Gradients) -> Tensor:
    return torch.cat([g.flatten() for g in clipped])


_TOGETHER = "all gradients together are **one** long vector"

MISTAKES = (
    Mistake(
        "each by itself",
        f"You clip each gradient by its own length. But {_TOGETHER}, and all of them are "
        "scaled by the same number, so that its direction stays.",
        _one_by_one,
    ),
    Mistake(
        "nothing clipped",
        "The gradients come back as long as they were. Where they are longer than `most`, "
        "scale them down.",
        _by(share=lambda most, length: torch.tensor(1.0)),
    ),
    Mistake(
        "short ones stretched",
        "Right where the length is above `most`. Where it is below, you stretch the gradients: "
        "they should stay as they are.",
        _by(share=lambda most, length: torch.where(length > 0, most / length, 1.0)),
    ),
    Mistake(
        "short ones stretched, and 0 over 0",
        "Where the length is below `most`, you stretch the gradients: they should stay as they "
        "are. And where it is 0, you divide by 0.",
        _by(share=lambda most, length: most / length),
    ),
    Mistake(
        "each number cut off",
        "You cut off each number at `most`. That changes the direction. It is the **length** "
        "that is limited, and all numbers are scaled alike.",
        lambda gradients, most=1.0: [g.clamp(-most, most) for g in gradients],
    ),
    Mistake(
        "always to a length of 1",
        "The greatest length is always 1 in your lines. The caller says what it is: use the "
        "argument `most`.",
        _by(given=lambda most: 1.0),
    ),
    Mistake(
        "divided by the length, most left out",
        "Where they are too long, you divide by the length, so it becomes 1. It should become "
        "`most`: multiply by that.",
        _by(share=lambda most, length: torch.where(length > most, 1 / length, 1.0)),
    ),
    Mistake(
        "no root",
        "You take the sum of the squares for the length. The length is its **root**.",
        _by(length=lambda gradients: _length(gradients).square()),
    ),
    Mistake(
        "the squares compared with most",
        "You compare the sum of the squares with `most`. It is the length, its root, that may "
        "be `most` at the greatest.",
        _by(
            share=lambda most, length: torch.where(
                length.square() > most, most / length, 1.0
            )
        ),
    ),
    Mistake(
        "a little too long let through",
        "You let through what is only a little longer than `most`. Where `most` is tiny itself, "
        "that is much. Scale down whatever is longer.",
        _by(
            share=lambda most, length: torch.where(
                length > most + 1e-3, most / length, 1.0
            )
        ),
    ),
    Mistake(
        "up to 1 let through",
        "Where `most` is below 1, you scale down only what is longer than 1. The caller says how "
        "long they may be: compare the length with `most` itself.",
        _by(
            share=lambda most, length: torch.where(
                length > max(most, 1.0), most / length, 1.0
            )
        ),
    ),
    Mistake(
        "absolute values added up",
        "You add up absolute values. The length is the root of the sum of all **squares**.",
        _by(length=lambda gradients: sum(g.abs().sum() for g in gradients)),
    ),
    Mistake(
        "the largest number",
        "You take the largest number for the length. The length is the root of the sum of all "
        "squares.",
        _by(
            length=lambda gradients: torch.stack(
                [g.abs().max() for g in gradients]
            ).max()
        ),
    ),
    Mistake(
        "the lengths added up",
        f"You add up the lengths of the gradients. But {_TOGETHER}: add up the squares of "
        "them all, and take the root at the end.",
        _by(length=lambda gradients: sum(g.norm() for g in gradients)),
    ),
    Mistake(
        "the longest of them",
        f"You take the length of the longest gradient. But {_TOGETHER}: add up the squares of "
        "them all.",
        _by(length=lambda gradients: torch.stack([g.norm() for g in gradients]).max()),
    ),
    Mistake(
        "the mean of their lengths",
        f"You take the mean of the gradients' lengths. But {_TOGETHER}: add up the squares of "
        "them all.",
        _by(length=lambda gradients: torch.stack([g.norm() for g in gradients]).mean()),
    ),
    Mistake(
        "the mean of the squares",
        "You take the mean of all squares. It is their **sum**, so that more numbers make a "
        "longer vector.",
        _by(
            length=lambda gradients: (
                torch.cat([g.flatten() for g in gradients]).square().mean().sqrt()
            )
        ),
    ),
    Mistake(
        "the sum of the numbers",
        "You add up the numbers without squaring them, so that negative ones cancel the others. "
        "The length is the root of the sum of all **squares**.",
        _by(length=lambda gradients: sum(g.sum() for g in gradients).abs()),
    ),
    Mistake(
        "the length of their sum",
        "You add up the gradients and take the length of that. They have different shapes, and "
        "their numbers may cancel: add up the **squares** of all numbers.",
        _by(length=_of_the_sum),
    ),
    Mistake(
        "the length of the first",
        "You take the length of the first gradient. Does `return` or the division stand inside "
        "the loop? First add up the squares of **all**.",
        _by(length=lambda gradients: gradients[0].norm()),
    ),
    Mistake(
        "the length of the last",
        "You take the length of the last gradient: each round of the loop overwrites the one "
        "before. Add up the squares of **all**.",
        _by(length=lambda gradients: gradients[-1].norm()),
    ),
    Mistake(
        "upside down",
        "Where the gradients are too long, yours become longer still: the share is upside down. "
        "Every number is **multiplied** by most / length.",
        _by(share=lambda most, length: torch.where(length > most, length / most, 1.0)),
    ),
    Mistake(
        "long and short exchanged",
        "You scale the gradients where they are **shorter** than `most`, and leave the long "
        "ones. It is the other way round.",
        _by(share=lambda most, length: (most / length).clamp(min=1)),
    ),
    Mistake(
        "too long, so 0",
        "Where the gradients are too long, you make them 0. Nothing is learned from such a "
        "batch. Scale them down to the length `most`.",
        _by(share=lambda most, length: torch.where(length > most, 0.0, 1.0)),
    ),
    Mistake(
        "divided by most",
        "Where the gradients are too long, you divide them by `most`. Divide by their own "
        "length and multiply by `most`.",
        _by(
            share=lambda most, length: torch.where(
                length > most, torch.tensor(1.0) / most, 1.0
            )
        ),
    ),
    Mistake(
        "multiplied by most",
        "Where the gradients are too long, you multiply them by `most` alone. Divide by their "
        "own length too.",
        _by(share=lambda most, length: torch.where(length > most, most, 1.0)),
    ),
    Mistake(
        "most subtracted",
        "You subtract instead of scaling. All numbers are multiplied by most / length.",
        _by(
            share=lambda most, length: (length - most).clamp(min=0),
            scale=lambda g, by: g - by,
        ),
    ),
    Mistake(
        "the root of the share",
        "You take a root too many: the gradients end longer than `most`. Every number is "
        "multiplied by most / length.",
        _by(share=lambda most, length: (most / length).sqrt().clamp(max=1)),
    ),
    Mistake(
        "only those that are too long",
        f"You scale only the gradients that are too long by themselves. But {_TOGETHER}: all of "
        "them are scaled by the same number.",
        _those_too_long,
    ),
    Mistake(
        "no signs",
        "All your numbers are positive. Clipping keeps the direction: it multiplies each number "
        "as it is.",
        _by(scale=lambda g, by: g.abs() * by),
    ),
    Mistake(
        "0 over 0",
        "Right unless all gradients are 0: then you divide 0 by 0. Nothing is too long there, "
        "so they stay as they are.",
        _unit_first,
    ),
    Mistake(
        "a division by 0",
        "Right unless the length is 0: a plain Python number cannot be divided by 0. Nothing is "
        "too long there, so ask first whether it is above `most`.",
        _by(share=_python_division),
    ),
    Mistake(
        "1 added to the length",
        "You add 1 to the length before you divide. Nothing is needed there: where the length is "
        "above `most`, it is not 0.",
        _by(share=lambda most, length: (most / (length + 1)).clamp(max=1)),
    ),
    *(
        Mistake(
            f"{name}, {little}",
            f"Right unless the gradients are tiny. {what}. Where it is above `most`, it is not 0: "
            "take it as it is.",
            _by(share=partial(_with_a_little, change, torch.tensor(little))),
        )
        for name, what, change, sizes in (
            (
                "a tiny number added to the length",
                (
                    "You add a little to the length before you divide, as PyTorch does, and where "
                    "the length is as small that is much"
                ),
                torch.add,
                (1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15),
            ),
            (
                "a length of a least size",
                (
                    "You do not let the length be smaller than some tiny number, and where it is, "
                    "that makes too much of it"
                ),
                torch.maximum,
                (1e-6, 1e-7, 1e-12),
            ),
        )
        for little in sizes
    ),
    Mistake(
        "a tiny number added to the length, and short ones scaled",
        "Right unless the gradients are tiny. You add a little to the length before you divide, "
        "as PyTorch does, and where the length is as small that is much: even what is shorter "
        "than `most` shrinks. Nothing need be added.",
        _by(share=lambda most, length: (most / (length + 1e-6)).clamp(max=1)),
    ),
    Mistake(
        "stacked",
        "Gradients have different shapes, so `stack` cannot put them together. Add up the "
        "squares of each, and these sums; or flatten each first and put them end to end.",
        _by(length=lambda gradients: torch.stack(gradients).norm()),
    ),
    Mistake(
        "put together without flattening",
        "Gradients have different shapes, so `cat` cannot put them together as they are. "
        "Flatten each first, or add up the squares of each, and these sums.",
        _by(length=lambda gradients: torch.cat(gradients).norm()),
    ),
    Mistake(
        "a root for each row",
        f"You take a root for each row, and add these up. But {_TOGETHER}: add up the squares of "
        "them all, and take **one** root at the very end.",
        _by(
            length=lambda gradients: sum(
                g.square().sum(-1).sqrt().sum() for g in gradients
            )
        ),
    ),
    Mistake(
        "the lengths of the rows added up",
        f"You add up the lengths of the rows of a gradient. But {_TOGETHER}: add up the squares "
        "of all numbers, and take **one** root at the very end.",
        _by(
            length=lambda gradients: torch.stack(
                [g.norm(dim=-1).sum() for g in gradients]
            ).norm()
        ),
    ),
    Mistake(
        "the standard deviation",
        "You take the standard deviation. It says how far the numbers are from their mean, and "
        "is no length: that is the root of the sum of all squares.",
        _by(length=lambda gradients: torch.cat([g.flatten() for g in gradients]).std()),
    ),
    Mistake(
        "the length alone",
        "This is the length. The clipped gradients are asked: a list of tensors.",
        lambda gradients, most=1.0: _length(gradients),
    ),
    Mistake(
        "the length too",
        "You return the length too, as PyTorch's own does. Only the list of clipped gradients "
        "is asked.",
        lambda gradients, most=1.0: (plain(gradients, most), _length(gradients)),
    ),
    Mistake(
        "one long vector",
        "The numbers are right, but in one long vector. Each gradient keeps its shape: return a "
        "list of them.",
        _by(last=_in_one),
    ),
    Mistake(
        "flattened",
        "Each gradient comes back as a vector. It keeps its **shape**: it belongs to a weight of "
        "that shape.",
        _by(last=lambda clipped: [g.flatten() for g in clipped]),
    ),
    Mistake(
        "the last first",
        "The gradients come in reverse order. Each belongs to a weight, so they stay in the "
        "order in which they were given.",
        _by(last=lambda clipped: clipped[::-1]),
    ),
    Mistake(
        "lists of numbers",
        "The numbers are right, but in Python lists. Return a list of **tensors**.",
        _by(last=lambda clipped: [g.tolist() for g in clipped]),
    ),
    Mistake(
        "double precision",
        "These are the right numbers, but in double precision. Gradients are float32, as the "
        "weights are. Does a constant or `numpy` make it so?",
        _by(last=lambda clipped: [g.double() for g in clipped]),
    ),
    Mistake(
        "the first left out",
        "The first gradient is missing. Each of them comes back, in the order in which they were "
        "given.",
        _by(last=lambda clipped: clipped[1:]),
    ),
    Mistake(
        "the last left out",
        "The last gradient is missing. Each of them comes back: go to the very end of the list.",
        _by(last=lambda clipped: clipped[:-1]),
    ),
    only_the_first(_by(last=lambda clipped: clipped[:1]), "gradient"),
    only_the_last(_by(last=lambda clipped: clipped[-1:]), "gradient"),
    Mistake(
        "nothing comes back",
        "Your function returns None. PyTorch's own writes into what it is given; yours returns "
        "a **list** of new tensors.",
        _by(last=lambda clipped: None),
    ),
    written_into(
        _in_place,
        "gradients",
        by="`*=`, `mul_` or an assignment to an item of the list",
        instead="Make new tensors, in a list of your own.",
    ),
    Mistake(
        "the caller's own list",
        "Right where something is clipped. Where nothing is, you return the caller's own tensors, "
        "or views of them. Return new ones there too, a copy of each: what is the caller's may "
        "change later.",
        _the_list_itself,
    ),
    two_at_once(
        "each by itself, and short ones stretched",
        lambda gradients, most=1.0: [g * (most / g.norm()) for g in gradients],
        f"You scale each gradient by its own length, but {_TOGETHER}.",
        "what is shorter than `most` stays as it is.",
    ),
)

CHECK = Check(
    "clip",
    2,
    draw,
    oracle,
    MISTAKES,
    forbidden=(*LIBRARIES, *CLIPS),
    worked=worked,
    atol=1e-20,
)
