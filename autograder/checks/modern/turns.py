"""turns: the cosines and sines of the angles by which each place turns its pairs.

The oracle takes them for the hands of clocks: complex numbers that turn. Places are
given, so they need not begin at 0, nor stand in order, nor be one row. An odd d_head is
refused.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import pi

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between, stop
from autograder.checks._slips import an_assert
from autograder.checks._twins import twins
from autograder.checks.modern._material import LIBRARIES

Pair = tuple[Tensor, Tensor]
BASE = 10_000.0  # the default


def oracle(places: Tensor, d_head: int, base: float = 10_000.0) -> Pair:
    if d_head % 2:
        raise ValueError(f"{d_head} columns cannot be pairs")
    speed = np.power(float(base), -np.arange(0, d_head, 2) / d_head)
    hands = np.exp(1j * np.multiply.outer(places.numpy(), speed))
    return torch.tensor(hands.real).float(), torch.tensor(hands.imag).float()


def draw(rng: np.random.Generator) -> list[Case]:
    def some(*shape: int, below: int = 300) -> Tensor:
        return torch.tensor(rng.integers(0, below, shape))

    def after(first: int, T: int) -> Tensor:
        return torch.arange(first, first + T)

    start = between(rng, 20, 2500)
    return [
        Case("two places", (some(2), 4)),
        Case("a single pair", (some(5), 2)),
        edge("the first places", (torch.arange(between(rng, 3, 12)), 4)),
        Case("places that do not begin at 0", (after(start, 4), 6)),
        Case("a place alone", (some(1, below=2500), 2 * between(rng, 3, 6))),
        Case("as many places as columns", (some(6), 6)),
        Case("another base", (some(4), 8, float(between(rng, 50_000, 500_000)))),
        Case("many columns", (some(3), 2 * between(rng, 130, 160))),
        Case("a long text", (after(start, between(rng, 257, 280)), 8)),
        Case("a batch of texts, each with places of its own", (some(2, 1, 4), 6)),
        edge("places in any order", (torch.tensor(rng.permutation(9) + start), 4)),
        edge("places that come twice", (some(3).repeat(2), 4)),
        edge("the place 0 alone", (torch.zeros(1, dtype=torch.int64), 8)),
        edge("thousands of places", (2 * some(5) + 2101, 8)),
        edge("a batch of one text", (some(1, 1, 4), 6)),
        edge("places in two axes", (some(3, 5), 6)),
        edge("a batch of many texts", (some(between(rng, 257, 270), 1, 2), 4)),
        edge("a batch with as many texts as places and columns", (some(4, 4), 4)),
        edge("places that lie across in memory", (some(5, 3).T, 6)),
        edge("a small base", (some(4), 8, between(rng, 15, 40) / 10 + 0.004)),
        edge("a base of 1", (some(4), 8, 1.0)),
        edge("a base that is a whole number", (some(4), 8, between(rng, 200, 900))),
        edge("an odd number of columns", (some(4), 2 * between(rng, 2, 30) + 1)),
        edge("a single column", (some(4), 1)),
        edge(
            "many columns, of which one is left",
            (some(2), 2 * between(rng, 70, 90) - 1),
        ),
        *twins(
            oracle,
            lambda: (some(7), 6, 500.0),
            "the places",
            "the number of columns",
            "the base",
            others={1: 8, 2: 2000.0},
        ),
    ]


def _plain(
    places: Tensor,
    d_head: int,
    base: float = BASE,
    power: Callable[[Tensor, int], Tensor] = lambda i, d: 2 * i / d,
    at: Callable[[Tensor], Tensor] = lambda places: places,
    given: Callable[[float], float] = lambda base: base,
    many: Callable[[int], int] = lambda d: d // 2,
    last: Callable[[Tensor], Tensor] = lambda angle: angle,
    back: Callable[[Tensor], tuple] = lambda angle: (angle.cos(), angle.sin()),
    odd: type[Exception] | None = ValueError,
) -> tuple:
    """The angles with loose screws: pair i turns by base^(−power(i, d)) a place."""
    if d_head % 2 and odd:
        stop(odd)
    i = torch.arange(many(d_head), dtype=torch.float64)
    speed = torch.tensor(float(given(base)), dtype=torch.float64) ** (-power(i, d_head))
    made = back(last(at(places).double()[..., None] * speed))
    return tuple(x.float() if isinstance(x, Tensor) else x for x in made)


def worked(places: Tensor, d_head: int, base: float = BASE) -> dict[str, Tensor]:
    """Of the last place."""
    i = torch.arange(0, d_head, 2, dtype=torch.float64)
    speed = float(base) ** (-i / d_head)
    angle = places.flatten()[-1] * speed
    return {
        "the exponents −2i / d_head": -i / d_head,
        "radians a place, the base to these": speed,
        "angles of the last place": angle,
        "their cosines": angle.cos(),
        "their sines": angle.sin(),
    }


def _stepped(by: int) -> Callable[[Tensor], Tensor]:
    return lambda places: places + by


def _by(**screws) -> Callable[..., tuple]:
    return partial(_plain, **screws)


def _both(angle: Tensor) -> Tensor:
    return torch.cat([angle, angle], -1)


def _another_base(base: int, like: str) -> Mistake:
    return Mistake(
        f"always base {base}",
        f"The base is always {base} in your lines, {like}. The caller says which: use the "
        "argument `base`.",
        _by(given=lambda _: base),
    )


def _upwards(places: Tensor, d_head: int, base: float = BASE) -> tuple:
    """In float32, where angles as large as these are other ones than in float64."""
    if d_head % 2:
        stop(ValueError)
    angle = places[..., None] * base ** (torch.arange(0, d_head, 2) / d_head)
    return angle.cos(), angle.sin()


def _no_new_axis(places: Tensor, d_head: int, base: float = BASE) -> tuple:
    """Places and speeds in one row: an error where these are not as many."""
    if d_head % 2:
        stop(ValueError)
    angle = places * base ** (-torch.arange(0, d_head, 2) / d_head)
    return angle.cos(), angle.sin()


def _in_a_row(places: Tensor, d_head: int, base: float = BASE) -> tuple:
    """As by torch.outer, which takes one row alone."""
    return _plain(places, d_head, base) if places.ndim == 1 else stop(RuntimeError)


MISTAKES = (
    Mistake(
        "places from 1",
        "Your angles are one place ahead. The places are given, and the first of a text is "
        "0, which does not turn at all: take them as they are.",
        _by(at=_stepped(1)),
    ),
    Mistake(
        "places counted, not taken",
        "You count the places from 0 on, as many as there are. They are given, and where "
        "earlier tokens are kept they begin later: take the numbers in `places`.",
        _by(at=lambda p: torch.arange(p.shape[-1]).expand(p.shape)),
    ),
    Mistake(
        "places counted, in one row",
        "You count the places from 0 on, as many as there are, and in one row. They are "
        "given: take the numbers in `places`, whatever axes stand in front of them.",
        _by(at=lambda p: torch.arange(p.shape[-1])),
    ),
    Mistake(
        "places counted along the first axis",
        "You count the places from 0 on, and along the first axis. They are given: take the "
        "numbers in `places`, whatever axes stand in front of them.",
        _by(at=lambda p: torch.arange(len(p))),
    ),
    Mistake(
        "only the last place",
        "Only the last place's angles come back. Does each round of a loop overwrite the "
        "one before? There is a row for each place.",
        _by(last=lambda angle: angle[..., -1, :]),
    ),
    Mistake(
        "only the first place",
        "Only the first place's angles come back. Does `return` stand inside the loop? "
        "There is a row for each place.",
        _by(last=lambda angle: angle[..., 0, :]),
    ),
    _another_base(10_000, "as it is where nobody says otherwise"),
    _another_base(1000, "a zero too few for the usual one"),
    _another_base(100_000, "as in SmolLM2"),
    Mistake(
        "1000 where no base is given",
        "Where no base is given, yours is another. The `def` of this step says 10,000: "
        "leave that line as it was.",
        lambda places, d_head, base=1000.0: _plain(places, d_head, base),
    ),
    Mistake(
        "100000 where no base is given",
        "Where no base is given, yours is 100,000. The `def` of this step has a zero less: "
        "leave that line as it was.",
        lambda places, d_head, base=100_000.0: _plain(places, d_head, base),
    ),
    Mistake(
        "i instead of 2i",
        "The pairs slow down only half as much as they should: your exponent grows by 1 / "
        "d_head from pair to pair. It is 2i / d_head, since a pair has two columns.",
        _by(power=lambda i, d: i / d),
    ),
    Mistake(
        "4i instead of 2i",
        "The pairs slow down twice as much as they should: your exponent grows by 4 / "
        "d_head from pair to pair. If you count in steps of two, that is 2i already; if you "
        "divide by the number of pairs, i is enough.",
        _by(power=lambda i, d: 4 * i / d),
    ),
    Mistake(
        "pairs counted from 1",
        "Your pairs count from 1, so the first is too slow. Pair 0 turns by a whole radian "
        "a place: its exponent is 0.",
        _by(power=lambda i, d: 2 * (i + 1) / d),
    ),
    Mistake(
        "the last exponent is 1",
        "Your exponents run from 0 to 1 with both ends. The step is 2 / d_head, so the last "
        "is a little below 1: `arange`, not `linspace`.",
        _by(power=lambda i, d: i / max(d // 2 - 1, 1)),
    ),
    Mistake(
        "not divided by d_head",
        "The exponent is 2i, and not 2i / d_head: all pairs but the first stand almost "
        "still.",
        _by(power=lambda i, d: 2 * i),
    ),
    Mistake(
        "the exponent positive",
        "Your pairs turn faster and faster. The exponent is negative: the base is divided "
        "by, so that the last pairs turn slowest.",
        _upwards,
    ),
    Mistake(
        "one speed for all pairs",
        "All pairs turn by one radian a place. Each has a speed of its own: the base to the "
        "−2i / d_head. Does a `//` make a 0 of that?",
        _by(power=lambda i, d: 0 * i),
    ),
    Mistake(
        "the speeds divided by the base",
        "You divide by base · 2i / d_head. The base is raised to that **power**: `**`, not "
        "`*`.",
        lambda places, d_head, base=BASE: _plain(
            places, d_head, base, power=lambda i, d: _log(base * 2 * i / d, base)
        ),
    ),
    Mistake(
        "the angle to the power",
        "You raise place times base to the power, or place over base. Only the **base** is "
        "raised, and the place multiplies what comes: `**` is done first unless a bracket "
        "says otherwise.",
        lambda places, d_head, base=BASE: _plain(
            places, d_head, base, last=lambda angle: _power_of_all(places, d_head, base)
        ),
    ),
    Mistake(
        "full turns",
        "Your angles are 2π times too large: the formula gives radians already, not turns.",
        _by(last=lambda angle: 2 * pi * angle),
    ),
    Mistake(
        "half turns",
        "Your angles are π times too large: the formula gives radians already, not half "
        "turns.",
        _by(last=lambda angle: pi * angle),
    ),
    Mistake(
        "degrees",
        "You take the angles for degrees. They are radians, which `cos` and `sin` take as "
        "they are.",
        _by(last=lambda angle: angle * pi / 180),
    ),
    Mistake(
        "radians made degrees",
        "You turn the angles into degrees. `cos` and `sin` take radians, as the formula "
        "gives them.",
        _by(last=lambda angle: angle * 180 / pi),
    ),
    Mistake(
        "sines first",
        "Sines and cosines have changed places. The cosines come first: at place 0 they are "
        "1.",
        _by(back=lambda a: (a.sin(), a.cos())),
    ),
    Mistake(
        "cosines twice",
        "Both are cosines. The second is the **sine** of the same angles.",
        _by(back=lambda a: (a.cos(), a.cos())),
    ),
    Mistake(
        "sines twice",
        "Both are sines. The first is the **cosine** of the same angles.",
        _by(back=lambda a: (a.sin(), a.sin())),
    ),
    Mistake(
        "the sines with the other sign",
        "The sines have the other sign: your pairs turn the other way. Is there a minus "
        "before the place or the sine?",
        _by(back=lambda a: (a.cos(), -a.sin())),
    ),
    Mistake(
        "both negative",
        "Cosines and sines both have the other sign. At place 0 the cosine is 1.",
        _by(back=lambda a: (-a.cos(), -a.sin())),
    ),
    Mistake(
        "the angles themselves",
        "These are the angles. What is wanted are their cosines, and their sines.",
        _by(back=lambda a: (a, a)),
    ),
    Mistake(
        "only the cosines",
        "Only the cosines come back. Return both, cosines and sines, separated by a comma.",
        lambda *args: _plain(*args)[0],
    ),
    Mistake(
        "only the sines",
        "Only the sines come back. Return both, cosines and sines, separated by a comma.",
        lambda *args: _plain(*args)[1],
    ),
    Mistake(
        "stacked in one tensor",
        "Cosines and sines are in one tensor. Return them as two: with a comma between "
        "them, without `stack`.",
        lambda *args: torch.stack(_plain(*args)),
    ),
    Mistake(
        "side by side in one tensor",
        "Cosines and sines stand side by side in one tensor. Return them as two: with a "
        "comma between them, without `cat`.",
        lambda *args: torch.cat(_plain(*args), -1),
    ),
    Mistake(
        "as wide as d_head, in halves",
        "Each angle stands there twice, for both halves of the columns, as some programs "
        "keep it. Here a pair of columns has one angle: d_head / 2 columns.",
        _by(last=_both),
    ),
    Mistake(
        "as wide as d_head, side by side",
        "Each angle stands there twice, side by side. Here a pair of columns has one angle: "
        "d_head / 2 columns.",
        _by(last=lambda a: a.repeat_interleave(2, -1)),
    ),
    Mistake(
        "an angle for each column",
        "You have d_head angles, each slower than the one before. There is one for each "
        "**pair** of columns: d_head / 2, with exponents 2i / d_head.",
        _by(many=lambda d: d, power=lambda i, d: i / d),
    ),
    Mistake(
        "as many pairs as columns",
        "You have d_head angles, and the second half of them hardly turns at all. There is "
        "one for each **pair** of columns: i runs up to d_head / 2.",
        _by(many=lambda d: d),
    ),
    Mistake(
        "a row for each pair",
        "The angles lie on their side: a row for each pair. A row belongs to a **place**, "
        "and has a column for each pair.",
        _by(last=lambda a: a.mT),
    ),
    Mistake(
        "the pairs backwards",
        "The slowest pair comes first. Pair 0 is the fastest, with a whole radian a place.",
        _by(last=lambda a: a.flip(-1)),
    ),
    Mistake(
        "the places added up",
        "You add the angles of all places. Each place has a row of its own.",
        _by(last=lambda a: a.sum(-2)),
    ),
    Mistake(
        "one row of places only",
        "Right for one row of places. Where each text has places of its own, there are more "
        "axes in front: a new axis **behind** `places` lines up with the speeds, whatever "
        "stands in front.",
        _in_a_row,
    ),
    Mistake(
        "all places in one row",
        "Where each text has places of its own, you make one row of them all. The axes in "
        "front stay: a new axis **behind** `places` is enough.",
        lambda places, *rest: _plain(places.flatten(), *rest),
    ),
    Mistake(
        "no new axis",
        "The places do not line up with the speeds: both lie in a row. Each place meets "
        "**all** speeds, so the places need a new axis behind theirs.",
        _no_new_axis,
    ),
    Mistake(
        "an odd number let through",
        "An odd d_head is accepted, and one column has no partner. Look at the remainder "
        "first, and raise a ValueError.",
        _by(odd=None),
    ),
    Mistake(
        "an odd number let through, with a pair more",
        "An odd d_head is accepted, and the last column gets an angle without a partner. "
        "Look at the remainder first, and raise a ValueError.",
        _by(odd=None, many=lambda d: -(-d // 2)),
    ),
    Mistake(
        "even numbers refused",
        "You refuse even numbers of columns, and accept odd ones. The remainder of an even "
        "number divided by 2 is 0.",
        lambda places, d_head, base=BASE: (
            _plain(places, d_head, base, odd=None) if d_head % 2 else stop(ValueError)
        ),
    ),
    Mistake(
        "an odd number of places refused",
        "You look at the number of places. It is d_head, the number of **columns**, that "
        "must be even.",
        lambda places, d_head, base=BASE: (
            stop(ValueError)
            if places.shape[-1] % 2
            else _plain(places, d_head, base, odd=None)
        ),
    ),
    an_assert(_by(odd=AssertionError), "An odd number"),
    Mistake(
        "double precision",
        "These are the right numbers, but in double precision. The model computes in "
        "float32: make it so at the end.",
        lambda *args: tuple(x.double() for x in _plain(*args)),
    ),
)


def _log(x: Tensor, base: float) -> Tensor:
    """The exponent with which a base gives x; for a mistake whose speed is 1 / x."""
    return torch.log(x) / torch.log(torch.tensor(float(base), dtype=torch.float64))


def _power_of_all(places: Tensor, d_head: int, base: float) -> Tensor:
    i = torch.arange(0, d_head, 2, dtype=torch.float64)
    return (places.double()[..., None] * base) ** (-i / d_head)


CHECK = Check(
    "turns",
    3,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES,
    worked=worked,
    atol=1e-4,  # float32 angles of far places are this exact, and not much more
)
