"""rotate: columns i and i + d_head / 2 are a point, which turns by its place's angle.

The oracle multiplies complex numbers. Cosines and sines are of any angles, each of its
own, and have fewer axes in front than x, or some of size 1.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between, large, stop, tenths
from autograder.checks._slips import double_precision, two_at_once, written_into
from autograder.checks._twins import twins
from autograder.checks.modern._material import LIBRARIES

Pair = tuple[Tensor, Tensor]


def oracle(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    points = torch.complex(*x.double().chunk(2, -1))
    turned = points * torch.complex(cos.double(), sin.double())
    return torch.cat([turned.real, turned.imag], -1).float()


def draw(rng: np.random.Generator) -> list[Case]:
    def given(*shape: int, front: tuple[int, ...] = ()) -> tuple[Tensor, ...]:
        """x of a shape, and an angle for each of its places and pairs."""
        T, d_head = shape[-2:]
        return tenths(rng, *shape), *_angles(rng, *front, T, d_head // 2)

    none = torch.ones(3, 2), torch.zeros(3, 2)
    quarter = torch.zeros(3, 2), torch.tensor(rng.choice([-1.0, 1.0], (3, 2))).float()
    x, cos, sin = given(2, 5, 6)
    signs = torch.tensor([1.0, -1.0])
    many = between(rng, 257, 270)
    return [
        Case("two places, a single pair", given(2, 2)),
        Case("three places, two pairs", given(3, 4)),
        Case("quarter turns", (tenths(rng, 3, 4), *quarter)),
        Case("as many places as columns", given(4, 4)),
        Case("as many places as pairs", given(3, 6)),
        Case("several heads", given(2, 3, 4)),
        Case("as many heads as places and pairs", given(3, 3, 6)),
        Case("a batch of texts with several heads", given(2, 3, 5, 6)),
        Case(
            "a batch of texts, each with places of its own",
            given(2, 3, 5, 6, front=(2, 1)),
        ),
        Case("a long text", given(many, 4)),
        Case("many pairs", given(3, 2 * many)),
        edge("no turn at all", (tenths(rng, 3, 4), *none)),
        edge("a single place", given(1, 6)),
        edge("a single head", given(1, 3, 4)),
        edge("a single place of several heads", given(3, 1, 4)),
        edge("a batch of one text", given(1, 2, 3, 4)),
        edge(
            "a batch of one text, with places of its own",
            given(1, 2, 3, 4, front=(1, 1)),
        ),
        edge("as many texts as heads, places and columns", given(4, 4, 4, 4)),
        edge(
            "as many texts as heads, places and columns, with places of their own",
            given(4, 4, 4, 4, front=(4, 1)),
        ),
        edge("a place and a pair alone", given(1, 2)),
        edge("a place and a pair alone, in four axes", given(1, 1, 1, 2)),
        edge("many heads", given(many, 2, 4)),
        edge("a batch of many texts", given(many, 2, 2, 4)),
        edge(
            "tensors that lie across in memory",
            (across(x), *map(across, (cos, sin))),
        ),
        edge(
            "heads that were cut out of rows",
            (given(2, 5, 3, 4)[0].transpose(-3, -2), *_angles(rng, 5, 2)),
        ),
        edge("large numbers", (large(rng, 3, 2) * signs, *_angles(rng, 3, 1))),
        edge("very small numbers", (tenths(rng, 3, 4) / 1e3, *_angles(rng, 3, 2))),
        *twins(
            oracle,
            lambda: given(7, 4),
            "the vectors",
            "the cosines",
            "the sines",
        ),
    ]


def _angles(rng: np.random.Generator, *shape: int) -> Pair:
    """Cosines and sines of any angles."""
    angle = torch.tensor(rng.uniform(-3.1, 3.1, shape))
    return angle.cos().float(), angle.sin().float()


def _halves(x: Tensor) -> Pair:
    return x.chunk(2, -1)


def _beside(x: Tensor) -> Pair:
    return x[..., 0::2], x[..., 1::2]


def _woven(a: Tensor, b: Tensor) -> Tensor:
    return torch.stack([a, b], -1).flatten(-2)


def _joined(a: Tensor, b: Tensor) -> Tensor:
    return torch.cat([a, b], -1)


def _plain(
    x: Tensor,
    cos: Tensor,
    sin: Tensor,
    cut: Callable[[Tensor], Pair] = _halves,
    first: Callable[..., Tensor] = lambda a, b, c, s: a * c - b * s,
    second: Callable[..., Tensor] = lambda a, b, c, s: a * s + b * c,
    back: Callable[[Tensor, Tensor], Tensor] = _joined,
) -> Tensor:
    """The turn with screws: how points are cut out, what becomes of them, how they go
    back."""
    a, b = cut(x)
    return back(first(a, b, cos, sin), second(a, b, cos, sin))


def _by(**screws) -> Callable[..., Tensor]:
    return partial(_plain, **screws)


def worked(x: Tensor, cos: Tensor, sin: Tensor) -> dict[str, Tensor]:
    a, b = _halves(x.double())
    return {
        "the first half, a": a,
        "the second half, b": b,
        "a · cos − b · sin": a * cos - b * sin,
        "a · sin + b · cos": a * sin + b * cos,
    }


def _a(a, b, c, s):
    return a


def _b(a, b, c, s):
    return b


def _of_the_new(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    a, b = _halves(x)
    a = a * cos - b * sin
    return _joined(a, a * sin + b * cos)


def _of_the_new_second(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    a, b = _halves(x)
    b = a * sin + b * cos
    return _joined(a * cos - b * sin, b)


def _in_place(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    a, b = (half.clone() for half in _halves(x))
    h = x.shape[-1] // 2
    x[..., :h] = a * cos - b * sin
    x[..., h:] = a * sin + b * cos
    return x


def _through_a_view(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    a, b = _halves(x)
    a[...] = a * cos - b * sin
    b[...] = a * sin + b * cos
    return x


def _wide(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """As where cos and sin are as wide as x."""
    if cos.shape[-1] not in (1, x.shape[-1]):
        stop(RuntimeError)
    a, b = _halves(x)
    return x * cos + _joined(-b, a) * sin


def _woven_angles(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    a, b = _halves(x)
    cos, sin = (t.repeat_interleave(2, -1) for t in (cos, sin))
    return x * cos + _joined(-b, a) * sin


def _angles_changed(change: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    return lambda x, cos, sin: _plain(x, change(cos), change(sin))


def _by_heads(t: Tensor) -> Tensor:
    return t[:, None] if t.ndim == 2 else t


MISTAKES = (
    Mistake(
        "neighbours as pairs",
        "You turn neighbours, columns 0 and 1, 2 and 3, as the paper does. In Llama's files "
        "a pair is column i of the **first half** and column i of the **second half**.",
        _by(cut=_beside, back=_woven),
    ),
    Mistake(
        "neighbours as pairs, and put back as halves",
        "You take neighbours for pairs, columns 0 and 1, and put them back as halves. A "
        "pair is column i of the **first half** and column i of the **second half**, and it "
        "goes back where it was.",
        _by(cut=_beside),
    ),
    Mistake(
        "put back as neighbours",
        "The halves are turned rightly, but you put them back side by side: columns 0 and 1 "
        "are the first pair. Each goes back where it was: first all of a, then all of b.",
        _by(back=_woven),
    ),
    Mistake(
        "turned the other way",
        "Your points turn the other way round: both signs of the sines are exchanged. The "
        "minus belongs to the **first** half.",
        _by(
            first=lambda a, b, c, s: a * c + b * s,
            second=lambda a, b, c, s: b * c - a * s,
        ),
    ),
    Mistake(
        "no minus",
        "Both halves have a plus, and that is no turn: the first half is a · cos **−** b · "
        "sin.",
        _by(first=lambda a, b, c, s: a * c + b * s),
    ),
    Mistake(
        "a minus too many",
        "Both halves have a minus, and that is no turn: the second half is a · sin **+** b · "
        "cos.",
        _by(second=lambda a, b, c, s: b * c - a * s),
    ),
    Mistake(
        "the second half negative",
        "The second half has the other sign as a whole. It is a · sin + b · cos.",
        _by(second=lambda a, b, c, s: -a * s - b * c),
    ),
    Mistake(
        "the minus before b · cos",
        "In the second half the minus stands before b · cos. It is a · sin + b · cos, and "
        "the minus belongs to the first half.",
        _by(second=lambda a, b, c, s: a * s - b * c),
    ),
    Mistake(
        "the first half negative",
        "The first half has the other sign as a whole. It is a · cos − b · sin.",
        _by(first=lambda a, b, c, s: b * s - a * c),
    ),
    Mistake(
        "cosine and sine exchanged",
        "Cosines and sines have changed places. Where the angle is 0, the cosine is 1 and "
        "x stays as it is.",
        lambda x, cos, sin: _plain(x, sin, cos),
    ),
    Mistake(
        "cosine and sine exchanged in the second half",
        "The first half is right. In the second, cosine and sine have changed places: it is "
        "a · **sin** + b · **cos**.",
        _by(second=lambda a, b, c, s: a * c + b * s),
    ),
    Mistake(
        "cosine and sine exchanged in the first half",
        "The second half is right. In the first, cosine and sine have changed places: it is "
        "a · **cos** − b · **sin**.",
        _by(first=lambda a, b, c, s: a * s - b * c),
    ),
    Mistake(
        "the halves exchanged",
        "The halves are turned rightly, but the second stands first. Each goes back where "
        "it was.",
        _by(back=lambda a, b: _joined(b, a)),
    ),
    Mistake(
        "the halves exchanged before the turn",
        "You take the second half for a and the first for b. a are the first d_head / 2 "
        "columns.",
        _by(cut=lambda x: _halves(x)[::-1]),
    ),
    Mistake(
        "the second half computed from the new first",
        "Your second line uses the a that the first has changed already. Both need the **old** "
        "a: give the new ones other names.",
        _of_the_new,
    ),
    Mistake(
        "the first half computed from the new second",
        "The line for the first half uses the b that was changed already. Both need the "
        "**old** b: give the new ones other names.",
        _of_the_new_second,
    ),
    Mistake(
        "only the cosines",
        "Each half is only multiplied by its cosine. In a turn both coordinates mix: the "
        "sines bring in the other half.",
        _by(first=lambda a, b, c, s: a * c, second=lambda a, b, c, s: b * c),
    ),
    Mistake(
        "cosine for the one, sine for the other",
        "The first half is a · cos and the second b · sin. In a turn both coordinates mix: "
        "each new one is a sum of two products.",
        _by(first=lambda a, b, c, s: a * c, second=lambda a, b, c, s: b * s),
    ),
    Mistake(
        "each half with itself",
        "Each half meets its own cosine and its own sine. The sines bring in the **other** "
        "half.",
        _by(
            first=lambda a, b, c, s: a * c - a * s,
            second=lambda a, b, c, s: b * s + b * c,
        ),
    ),
    Mistake(
        "only the first half turned",
        "The second half comes back as it was. Both coordinates of a point change when it "
        "turns.",
        _by(second=_b),
    ),
    Mistake(
        "only the second half turned",
        "The first half comes back as it was. Both coordinates of a point change when it "
        "turns.",
        _by(first=_a),
    ),
    Mistake(
        "not turned",
        "What comes back is x as it was. Each pair of columns turns by the angle of its place.",
        _by(first=_a, second=_b),
    ),
    Mistake(
        "only the first half comes back",
        "Only the first half comes back. Put both side by side along the last axis.",
        _by(back=lambda a, b: a),
    ),
    Mistake(
        "only the second half comes back",
        "Only the second half comes back. Put both side by side along the last axis.",
        _by(back=lambda a, b: b),
    ),
    Mistake(
        "the halves one under the other",
        "The two halves stand one under the other, so there are twice as many places. They "
        "go side by side: along the **last** axis.",
        _by(back=lambda a, b: torch.cat([a, b], -2)),
    ),
    Mistake(
        "the halves along the first axis",
        "You put the halves together along axis 0, which `cat` takes where nothing is said. "
        "They go side by side: along the **last** axis.",
        _by(back=lambda a, b: torch.cat([a, b])),
    ),
    Mistake(
        "stacked",
        "The halves are stacked along a new axis. They go side by side in the last one: "
        "`torch.cat`.",
        _by(back=lambda a, b: torch.stack([a, b], -2)),
    ),
    Mistake(
        "stacked in front",
        "The halves are stacked along a new axis in front. They go side by side in the last "
        "one: `torch.cat` along −1.",
        _by(back=lambda a, b: torch.stack([a, b])),
    ),
    Mistake(
        "both in a tuple",
        "The halves are turned rightly, but come back as two. Put them side by side in one "
        "tensor, along the last axis.",
        _by(back=lambda a, b: (a, b)),
    ),
    Mistake(
        "the halves added",
        "The turned halves are added up. They go side by side: `torch.cat` along the last "
        "axis.",
        _by(back=torch.add),
    ),
    Mistake(
        "the places halved",
        "You cut the places in two. It is the **columns** that are halved, along the last "
        "axis.",
        lambda x, cos, sin: (
            _plain(
                x,
                cos,
                sin,
                cut=lambda x: x.chunk(2, -2),
                back=lambda a, b: torch.cat([a, b], -2),
            )
            if x.shape[-2] > 1 and cos.shape[-1] == 1 and x.shape[-2] == 2
            else stop(RuntimeError)
        ),
    ),
    Mistake(
        "the columns in reverse order",
        "You pair column i with the one that is as far from the end: 0 with the last. A pair "
        "is column i of the first half and column i of the **second half**.",
        _by(
            cut=lambda x: (_halves(x)[0], _halves(x)[1].flip(-1)),
            back=lambda a, b: _joined(a, b.flip(-1)),
        ),
    ),
    Mistake(
        "angles as wide as x",
        "You multiply all of x by `cos`, which is only half as wide: it has one number for "
        "each **pair**. Cut x in two halves first, or put `cos` beside itself.",
        _wide,
    ),
    Mistake(
        "each angle for two neighbours",
        "Each angle is used for two columns side by side. A pair is column i of the first "
        "half and column i of the second: put `cos` beside itself as a **whole**.",
        _woven_angles,
    ),
    Mistake(
        "the first place's angles for all",
        "All places turn by the angles of the first. Each has a row of its own in `cos` and "
        "`sin`, which lines up with x as it is.",
        _angles_changed(lambda t: t[..., :1, :]),
    ),
    Mistake(
        "the first pair's angles for all",
        "All pairs turn by the angle of the first. Each has a column of its own in `cos` and "
        "`sin`, which lines up with the half of x as it is.",
        _angles_changed(lambda t: t[..., :1]),
    ),
    Mistake(
        "places in reverse order",
        "The last place turns by the first one's angles. Row t of `cos` and `sin` belongs to "
        "row t of x.",
        _angles_changed(lambda t: t.flip(-2)),
    ),
    Mistake(
        "the angles by heads",
        "You give `cos` and `sin` a new axis in the middle, so that heads turn and not "
        "places, or the shapes do not fit. They line up with x from the end, as they are.",
        _angles_changed(_by_heads),
    ),
    Mistake(
        "turned twice",
        "You turn twice. Once is enough: is the function called on its own result?",
        lambda x, cos, sin: _plain(_plain(x, cos, sin), cos, sin),
    ),
    Mistake(
        "the angles added",
        "You add cosines and sines to x, as GPT-2 adds its places. Here nothing is added: "
        "each pair **turns**.",
        _by(first=lambda a, b, c, s: a + c, second=lambda a, b, c, s: b + s),
    ),
    Mistake(
        "normed by its length",
        "You divide by the length of each point. A turn leaves lengths as they are.",
        _by(
            back=lambda a, b: _joined(
                a / (a * a + b * b).sqrt(), b / (a * a + b * b).sqrt()
            )
        ),
    ),
    Mistake(
        "for three axes only",
        "Right for one text with heads. With more axes in front, or fewer, the shape cannot "
        "be unpacked. Take the halves along the **last** axis, and no sizes are needed.",
        lambda x, *rest: oracle(x, *rest) if x.ndim == 3 else stop(ValueError),
    ),
    Mistake(
        "for four axes only",
        "Right for a batch with heads. With fewer axes the shape cannot be unpacked into "
        "four names. Take the halves along the **last** axis, and no sizes are needed.",
        lambda x, *rest: oracle(x, *rest) if x.ndim == 4 else stop(ValueError),
    ),
    two_at_once(
        "neighbours as pairs, turned the other way",
        _by(
            cut=_beside,
            back=_woven,
            first=lambda a, b, c, s: a * c + b * s,
            second=lambda a, b, c, s: b * c - a * s,
        ),
        "You turn neighbours; a pair is column i of the first half and column i of the "
        "second.",
        "the minus belongs to the first of a pair.",
    ),
    Mistake(
        "written through a view",
        "The halves are views of x: what you write into a changes x, and the second line "
        "reads it already changed. Make new tensors, and put them together at the end.",
        _through_a_view,
    ),
    written_into(
        _in_place,
        by="an assignment to `x[…]`",
        instead="`torch.cat` makes a new tensor.",
    ),
    double_precision(oracle),
)

CHECK = Check(
    "rotate",
    4,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES,
    worked=worked,
)
