"""swiglu: two matrices up, one of them bent and multiplied with the other; one down.

The oracle is PyTorch's own SiLU between products in double precision. In one case the
vectors are as many as their numbers, and these as many as the hidden units, so that
every wrong order of a product has a fitting shape; in others the gates are so far open or
so far shut that `exp` of them is ∞.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import (
    across,
    between,
    lying,
    normal,
    singles,
    stop,
)
from autograder.checks._slips import double_precision, only_the_first, two_at_once
from autograder.checks._twins import twins
from autograder.checks.modern._material import BENDS, LIBRARIES, eighths

silu = functional.silu


def oracle(x: Tensor, w_gate: Tensor, w_up: Tensor, w_down: Tensor) -> Tensor:
    gate, up = x.double() @ w_gate.double().T, x.double() @ w_up.double().T
    return (functional.silu(gate) * up @ w_down.double().T).float()


def draw(rng: np.random.Generator) -> list[Case]:
    def own(C: int, d_mlp: int) -> tuple[Tensor, ...]:
        return eighths(rng, d_mlp, C), eighths(rng, d_mlp, C), eighths(rng, C, d_mlp)

    def gated(by: float) -> tuple[Tensor, ...]:
        """Vectors of positive numbers, and gates that have all one sign."""
        gate, up, down = own(4, 6)
        return eighths(rng, 3, 4).abs() + 1, gate.abs() * by, up, down

    uneven = tuple(normal(rng, *shape) for shape in ((3, 4), (6, 4), (6, 4), (4, 6)))
    shut = own(4, 6)
    shut[0].zero_()
    many = between(rng, 130, 140)
    return [
        Case("two vectors, three hidden units", (eighths(rng, 2, 2), *own(2, 3))),
        Case(
            "as many vectors as numbers, as many numbers as hidden units",
            (eighths(rng, 3, 3), *own(3, 3)),
        ),
        Case("a single vector", (eighths(rng, 3), *own(3, 12))),
        Case("a batch of texts", (eighths(rng, 2, 3, 4), *own(4, 16))),
        Case("uneven numbers", uneven),
        Case("gates that are open", gated(1)),
        Case("gates that are half shut", gated(-0.25)),
        Case(
            "fewer hidden units than numbers",
            (eighths(rng, 3, 132), *(w / 8 for w in own(132, 2))),
        ),
        Case("many hidden units", (eighths(rng, 3, 4), *(w / 4 for w in own(4, many)))),
        Case("a long text", (eighths(rng, between(rng, 1025, 1060), 3), *own(3, 8))),
        edge("gates so far open that nothing is held back", gated(40)),
        edge("gates so far shut that nothing comes through", gated(-40)),
        edge("gates of zeros", (eighths(rng, 2, 4), *shut)),
        edge("a vector of zeros", (torch.zeros(1, 4), *own(4, 6))),
        edge(
            "as many texts as vectors, numbers and hidden units",
            (eighths(rng, 4, 4, 4), *own(4, 4)),
        ),
        edge("a batch of one text", (eighths(rng, 1, 3, 4), *own(4, 16))),
        edge("four axes", (eighths(rng, 2, 3, 2, 4), *own(4, 6))),
        edge(
            "vectors and matrices that lie across in memory",
            (across(eighths(rng, 2, 5, 4)), *lying(own(4, 12))),
        ),
        edge(
            "a batch of many texts",
            (eighths(rng, between(rng, 129, 140), 2, 3), *own(3, 4)),
        ),
        edge(
            "vectors of a single number, and a single hidden unit",
            (eighths(rng, 3, 1), *own(1, 1)),
        ),
        edge(
            "large vectors and tiny matrices up",
            (eighths(rng, 3, 4) * 4096, *_scaled(own(4, 6), 1 / 4096, 1 / 4096, 1)),
        ),
        edge(
            "tiny vectors, a large matrix beside the gate's and a large one down",
            (eighths(rng, 3, 4) / 4096, *_scaled(own(4, 6), 1, 4096, 4096)),
        ),
        *singles(lambda *one: (eighths(rng, *one), *own(1, 1)), 1, 2, 3, 4),
        *twins(
            oracle,
            lambda: (eighths(rng, 5, 4), *own(4, 6)),
            "the vectors",
            "the gate's matrix",
            "the other matrix up",
            "the matrix down",
        ),
    ]


def _scaled(weights: tuple[Tensor, ...], *by: float) -> tuple[Tensor, ...]:
    return tuple(w * factor for w, factor in zip(weights, by, strict=True))


def _product(x: Tensor, w: Tensor) -> Tensor:
    return x @ w.T


def _same(x: Tensor) -> Tensor:
    return x


def plain(
    x: Tensor,
    w_gate: Tensor,
    w_up: Tensor,
    w_down: Tensor,
    first: Callable[[Tensor], Tensor] = _same,
    widen: Callable[[Tensor, Tensor], Tensor] = _product,
    bend: Callable[[Tensor], Tensor] = silu,
    other: Callable[[Tensor], Tensor] = _same,
    join: Callable[[Tensor, Tensor], Tensor] = torch.mul,
    narrow: Callable[[Tensor, Tensor], Tensor] = _product,
    last: Callable[[Tensor, Tensor], Tensor] = lambda x, y: y,
) -> Tensor:
    """The MLP with a screw at each step; `other` is done to what is not the gate."""
    given = first(x)
    gate, up = bend(widen(given, w_gate)), other(widen(given, w_up))
    return last(x, narrow(join(gate, up), w_down))


def worked(
    x: Tensor, w_gate: Tensor, w_up: Tensor, w_down: Tensor
) -> dict[str, Tensor]:
    x, w_gate, w_up, w_down = (t.double() for t in (x, w_gate, w_up, w_down))
    gate, up = x @ w_gate.T, x @ w_up.T
    return {
        "the gate, x @ w_gate.T": gate,
        "silu of it": silu(gate),
        "what goes up, x @ w_up.T": up,
        "their product": silu(gate) * up,
        "down, @ w_down.T": silu(gate) * up @ w_down.T,
    }


def _another_bend(
    name: str, what: str, bend: Callable[[Tensor], Tensor], more: str = ""
) -> Mistake:
    return Mistake(
        name,
        f"The gate is bent by {what}. Here it is SiLU: each number times its own "
        f"sigmoid.{more}",
        partial(plain, bend=bend),
    )


def _by_a_loop(x: Tensor, *rest: Tensor) -> Tensor:
    """A loop over x takes numbers out of a single vector, and `@` takes none."""
    return plain(x, *rest) if x.ndim > 1 else stop(RuntimeError)


MISTAKES = (
    Mistake(
        "the gate not bent",
        "Nothing is bent: the two ways up are multiplied as they are. The gate goes through "
        "SiLU first, each number times its own sigmoid.",
        partial(plain, bend=_same),
    ),
    Mistake(
        "gate and up exchanged",
        "The two matrices up have changed places: what you bend is x @ w_up.T. The **gate** "
        "is bent, and the other is left as it is.",
        partial(plain, bend=_same, other=silu),
    ),
    Mistake(
        "both bent",
        "You bend both ways up. Only the **gate** goes through SiLU; what goes up beside it "
        "may be as negative as it likes.",
        partial(plain, other=silu),
    ),
    Mistake(
        "the product bent",
        "You multiply first and bend the product. The gate is bent by itself, **before** it "
        "meets the other.",
        partial(plain, bend=_same, join=lambda gate, up: silu(gate * up)),
    ),
    Mistake(
        "the bend at the end",
        "The bend comes after the matrix down. It belongs to the gate, before the product.",
        partial(plain, bend=_same, last=lambda x, y: silu(y)),
    ),
    Mistake(
        "a second bend at the end",
        "There is one bend too many, at the very end. What the MLP gives may be as negative "
        "as it likes: only the gate is bent.",
        partial(plain, last=lambda x, y: silu(y)),
    ),
    Mistake(
        "the gate bent twice",
        "You bend the gate twice. Once is enough: each number times its own sigmoid.",
        partial(plain, bend=lambda g: silu(silu(g))),
    ),
    Mistake(
        "x bent first",
        "You bend x before it goes up. x is taken as it is; the bend belongs to the gate, "
        "x @ w_gate.T.",
        partial(plain, first=silu, bend=_same),
    ),
    Mistake(
        "x bent too",
        "You bend x, and the gate too. x is taken as it is; the bend belongs to the gate "
        "alone.",
        partial(plain, first=silu),
    ),
    Mistake(
        "x bent for the gate",
        "For the gate you bend x before the matrix. x is taken as it is; the bend comes "
        "after: silu of x @ w_gate.T.",
        lambda x, w_gate, w_up, w_down: plain(
            x, w_gate, w_up, w_down, bend=lambda gate: silu(x) @ w_gate.T
        ),
    ),
    Mistake(
        "x bent, and no matrix of the gate",
        "What you bend is x. The gate is x @ w_gate.T: x goes through its matrix first, and "
        "then through SiLU.",
        lambda x, w_gate, w_up, w_down: plain(
            x, w_gate, w_up, w_down, bend=lambda gate: silu(x)
        ),
    ),
    Mistake(
        "the sigmoid alone",
        "The gate is only a sigmoid, between 0 and 1. SiLU is the gate **times** its "
        "sigmoid: the gate itself is missing.",
        partial(plain, bend=torch.sigmoid),
    ),
    Mistake(
        "the sigmoid of the other",
        "You take the sigmoid of x @ w_up.T. SiLU is the gate times the sigmoid of the gate "
        "**itself**; x @ w_up.T is multiplied after that.",
        partial(plain, bend=_same, other=torch.sigmoid),
    ),
    Mistake(
        "the sigmoids of both",
        "Both ways up went through a sigmoid. Only the gate has one, and it is multiplied "
        "by the gate itself.",
        partial(plain, bend=torch.sigmoid, other=torch.sigmoid),
    ),
    Mistake(
        "divided by the sigmoid",
        "You divide the gate by its sigmoid, so gates below zero blow up. The gate is "
        "**multiplied** by its sigmoid: g / (1 + exp(−g)).",
        partial(plain, bend=lambda g: g / g.sigmoid()),
    ),
    Mistake(
        "the sign in the exponential",
        "Your gate lets through what is below zero and shuts out what is above: the sign in "
        "the exponential is the other one. The sigmoid is 1 / (1 + exp(**−**g)).",
        partial(plain, bend=lambda g: g * torch.sigmoid(-g)),
    ),
    Mistake(
        "exp over 1 + exp",
        "Right until a gate is 89 or more: then its `exp` is ∞, and ∞ / ∞ is not a number. "
        "`torch.sigmoid` takes any number.",
        partial(plain, bend=lambda g: g * g.exp() / (1 + g.exp())),
    ),
    Mistake(
        "the sigmoid plus the gate",
        "You add the gate and its sigmoid. SiLU is their **product**.",
        partial(plain, bend=lambda g: g + g.sigmoid()),
    ),
    _another_bend(
        "ReLU", "a ReLU", torch.relu, " So a little comes through below zero."
    ),
    _another_bend("GELU", "the exact GELU", functional.gelu, " GELU was GPT-2's."),
    _another_bend(
        "GELU by tanh",
        "GPT-2's GELU, by tanh",
        partial(functional.gelu, approximate="tanh"),
    ),
    _another_bend(
        "a sigmoid of 1.702 times the gate",
        "a sigmoid of 1.702 times the gate, which is a rough GELU",
        lambda g: g * torch.sigmoid(1.702 * g),
    ),
    _another_bend("tanh", "a tanh", torch.tanh),
    _another_bend(
        "the gate times its tanh", "its tanh, times itself", lambda g: g * g.tanh()
    ),
    _another_bend("softmax", "a softmax", lambda g: g.softmax(-1)),
    _another_bend(
        "the gate times its softmax",
        "a softmax, times itself",
        lambda g: g * g.softmax(-1),
        " A softmax makes the units share; here each decides alone.",
    ),
    _another_bend("softplus", "a softplus", functional.softplus),
    _another_bend("leaky ReLU", "a leaky ReLU", functional.leaky_relu),
    _another_bend("ELU", "an ELU", functional.elu),
    _another_bend(
        "the square of a ReLU", "the square of a ReLU", lambda g: g.relu() ** 2
    ),
    Mistake(
        "the other forgotten",
        "Only the gate goes down: the product with x @ w_up.T is missing.",
        partial(plain, join=lambda gate, up: gate),
    ),
    Mistake(
        "the gate forgotten",
        "Only x @ w_up.T goes down: there is no gate. It is multiplied by silu of x @ "
        "w_gate.T.",
        partial(plain, join=lambda gate, up: up),
    ),
    Mistake(
        "an MLP without a gate",
        "What goes up is bent by itself, as in GPT-2's MLP. Here it is left as it is, and "
        "multiplied by the bent **gate**.",
        partial(plain, join=lambda gate, up: silu(up)),
    ),
    Mistake(
        "added instead of multiplied",
        "You add gate and up. A gate **multiplies**: where it is 0, nothing comes through.",
        partial(plain, join=torch.add),
    ),
    Mistake(
        "divided by the gate",
        "You divide the one by the other. A gate **multiplies**: where it is 0, nothing "
        "comes through.",
        partial(plain, join=lambda gate, up: up / gate),
    ),
    Mistake(
        "a matrix product of gate and up",
        "You multiply gate and up as matrices. Each hidden unit has its own gate: that is "
        "number by number, `*`.",
        partial(
            plain, join=lambda gate, up: gate @ up.mT if up.ndim > 1 else gate @ up
        ),
    ),
    Mistake(
        "side by side",
        "You put gate and up side by side, so there are twice as many hidden units as "
        "`w_down` takes. They are **multiplied**, number by number.",
        partial(plain, join=lambda gate, up: torch.cat([gate, up], -1)),
    ),
    Mistake(
        "the gate's matrix for both",
        "You multiply by `w_gate` both times. What goes up beside the gate is x @ "
        "**w_up**.T.",
        lambda x, w_gate, w_up, w_down: plain(x, w_gate, w_gate, w_down),
    ),
    Mistake(
        "the matrix up for both",
        "You multiply by `w_up` both times. The gate has a matrix of its own, `w_gate`.",
        lambda x, w_gate, w_up, w_down: plain(x, w_up, w_up, w_down),
    ),
    Mistake(
        "up and down exchanged",
        "`w_up` and `w_down` have changed places. The order is gate, up, down: does your "
        "`def` name them so?",
        lambda x, w_gate, w_up, w_down: plain(x, w_gate, w_down, w_up),
    ),
    Mistake(
        "gate and down exchanged",
        "`w_gate` and `w_down` have changed places. Both `w_gate` and `w_up` make hidden "
        "units; only `w_down` leads back.",
        lambda x, w_gate, w_up, w_down: plain(x, w_down, w_up, w_gate),
    ),
    Mistake(
        "no matrix down",
        "You stop at the hidden units. They still have to be turned into a vector as long "
        "as x, by `w_down`.",
        partial(plain, narrow=lambda h, w: h),
    ),
    Mistake(
        "the gate multiplies the answer",
        "The gate multiplies what comes down, or the shapes do not fit. It belongs to the "
        "hidden units, **before** `w_down`.",
        lambda x, w_gate, w_up, w_down: silu(x @ w_gate.T) * (x @ w_up.T @ w_down.T),
    ),
    Mistake(
        "the gate multiplies x",
        "You multiply the gate with x, or the shapes do not fit. It is multiplied with x @ "
        "w_up.T, which has a number for each hidden unit.",
        lambda x, w_gate, w_up, w_down: (silu(x @ w_gate.T) * x) @ w_down.T,
    ),
    Mistake(
        "no matrix transposed",
        "The matrices are stored as (out, in), as in published files of such models, and "
        "not as in GPT-2's. So each of them has to be transposed: x @ w.T.",
        partial(plain, widen=torch.matmul, narrow=torch.matmul),
    ),
    Mistake(
        "the matrices up not transposed",
        "`w_gate` and `w_up` are stored as (out, in), so they have to be transposed: x @ "
        "w.T. You do it for `w_down` alone.",
        partial(plain, widen=torch.matmul),
    ),
    Mistake(
        "the matrix down not transposed",
        "`w_down` is stored as (out, in), like the other two, so it has to be transposed "
        "too.",
        partial(plain, narrow=torch.matmul),
    ),
    Mistake(
        "the matrix before the vector",
        "You write the matrix first and x second. The vectors are the **rows** of x, so x "
        "stands on the left of `@`, and the matrix transposed on its right.",
        partial(plain, widen=lambda x, w: w @ x, narrow=lambda h, w: w @ h),
    ),
    Mistake(
        "products place by place",
        "`*` multiplies number by number. Each hidden unit is a **sum** of products: that "
        "is a matrix product, `@`.",
        partial(plain, widen=lambda x, w: x * w, narrow=lambda h, w: h * w),
    ),
    Mistake(
        "a sum over the hidden units",
        "You sum up the hidden units. A matrix product holds its sums already.",
        partial(plain, join=lambda gate, up: (gate * up).sum(-1, keepdim=True)),
    ),
    Mistake(
        "the residual is added here",
        "You add x at the end. The block does that, which adds to the stream; the MLP "
        "itself gives only what **is to be** added.",
        partial(plain, last=torch.add),
    ),
    Mistake(
        "normed first",
        "You norm x before it goes up. The block does that; the MLP takes x as it is.",
        partial(plain, first=lambda x: functional.rms_norm(x, x.shape[-1:], eps=1e-5)),
    ),
    Mistake(
        "by a loop over x",
        "Right but for a single vector, out of which a loop over x takes numbers. A matrix "
        "product takes all vectors at once, or a single one: no loop is needed.",
        _by_a_loop,
    ),
    two_at_once(
        "a sigmoid alone, and x added",
        partial(plain, bend=torch.sigmoid, last=torch.add),
        "The gate is only a sigmoid: SiLU is the gate times its sigmoid.",
        "x is added later, in the block.",
    ),
    only_the_first(lambda x, *w: plain(x, *w)[0], "vector"),
    double_precision(oracle),
)

CHECK = Check(
    "swiglu",
    3,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES + BENDS,
    worked=worked,
)
