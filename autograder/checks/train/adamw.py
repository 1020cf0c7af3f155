"""adamw: one step of AdamW, of a weight and its two running means.

The oracle is PyTorch's own optimizer in double precision, put into the middle of a run:
its running means and its count of steps are those of the case. Some gradients are so
tiny that what is added to the root decides, and some weights have one axis or none, so
that they do not decay.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import across, between, normal, tenths
from autograder.checks._slips import two_at_once, written_into
from autograder.checks._twins import twins
from autograder.checks.train._material import LIBRARIES, OPTIMIZERS

Betas = tuple[float, float]
Moved = tuple[Tensor, Tensor, Tensor]
BETAS = (0.9, 0.95)
EPS = 1e-8


def oracle(
    weight: Tensor,
    gradient: Tensor,
    mean: Tensor,
    square: Tensor,
    step: int,
    rate: float,
    decay: float = 0.1,
    betas: Betas = BETAS,
) -> Moved:
    w = weight.double()
    w.grad = gradient.double()
    drawn = decay if weight.ndim > 1 else 0.0
    course = torch.optim.AdamW([w], rate, betas, 1e-8, drawn)
    course.state[w] = {
        "step": torch.tensor(float(step)),
        "exp_avg": mean.double(),
        "exp_avg_sq": square.double(),
    }
    course.step()
    kept = course.state[w]
    return w.float(), kept["exp_avg"].float(), kept["exp_avg_sq"].float()


def draw(rng: np.random.Generator) -> list[Case]:
    def fresh(*shape: int, by: float = 1.0) -> tuple[Tensor, ...]:
        """A weight, its gradient, and running means that begin."""
        none = torch.zeros(shape)
        return tenths(rng, *shape), tenths(rng, *shape) * by, none, none.clone()

    def kept(*shape: int, by: float = 1.0) -> tuple[Tensor, ...]:
        """The same in the middle of a run."""
        mean, square = tenths(rng, *shape) * by, (tenths(rng, *shape) * by).square()
        return tenths(rng, *shape), tenths(rng, *shape) * by, mean, square

    def rate() -> float:
        return round(between(rng, 11, 39) / 100 + 0.004, 3)

    def step() -> int:
        return between(rng, 3, 9)

    still = kept(2, 3)
    still[1].zero_()
    nothing = fresh(2, 3)
    nothing[1].zero_()
    half = fresh(2, 3)
    half[1][0].zero_()
    new = fresh(2, 3)
    uneven = [normal(rng, 3, 4), normal(rng, 3, 4), normal(rng, 3, 4)]
    long = between(rng, 270, 290)
    lying = tuple(across(x) for x in kept(3, 4))
    return [
        Case("a matrix, at the first step", (*fresh(2, 3), 0, rate())),
        Case("a vector, at the first step", (*fresh(3), 0, rate())),
        Case("a matrix, later", (*kept(2, 3), step(), rate())),
        Case("a vector, later", (*kept(4), step(), rate())),
        Case("a matrix, at the second step", (*kept(3, 2), 1, rate())),
        Case("another decay", (*kept(2, 3), step(), rate(), round(0.3 + rate(), 3))),
        Case("no decay", (*kept(2, 3), step(), rate(), 0.0)),
        Case(
            "a vector, and another decay",
            (*kept(3), step(), rate(), round(0.3 + rate(), 3)),
        ),
        Case("other betas", (*kept(2, 3), step(), rate(), 0.1, (0.8, 0.99))),
        Case("uneven numbers", (*uneven, normal(rng, 3, 4).square(), step(), rate())),
        Case("tiny gradients", (*fresh(2, 3, by=1e-8), 0, rate())),
        Case("large gradients", (*fresh(2, 3, by=1e3), 0, rate())),
        edge("tiny gradients, later", (*kept(3, by=1e-8), step(), rate())),
        edge("gradients of 0, after others", (*still, step(), rate())),
        edge("gradients of 0 from the start", (*nothing, 0, rate())),
        edge("some gradients of 0", (*half, 0, rate())),
        edge("a weight of 0", (torch.zeros(2, 3), *new[1:], 0, rate())),
        edge(
            "late in a run",
            (*kept(2, 3), between(rng, 150, 190), rate(), 0.1, (0.99, 0.999)),
        ),
        edge(
            "no memory of the gradients", (*kept(2, 3), step(), rate(), 0.1, (0.0, 0.5))
        ),
        edge(
            "no memory of the squares", (*kept(2, 3), step(), rate(), 0.1, (0.5, 0.0))
        ),
        edge("a weight without an axis", (*kept(), step(), rate())),
        edge("a vector of a single number", (*kept(1), step(), rate())),
        edge("a matrix of a single number", (*kept(1, 1), step(), rate())),
        edge("a matrix of one column", (*kept(3, 1), step(), rate())),
        edge("three axes", (*kept(2, 1, 3), step(), rate())),
        edge("as many rows as columns", (*kept(3, 3), step(), rate())),
        edge("a long matrix", (*kept(long, 2), step(), rate())),
        edge("a wide matrix", (*kept(2, long), step(), rate())),
        edge("what lies across in memory", (*lying, step(), rate())),
        edge(
            "a weight of large numbers",
            (*(100 * x for x in kept(2, 3)), step(), rate()),
        ),
        edge("a rate of 0", (*kept(2, 3), step(), 0.0)),
        edge("a rate of 1", (*kept(2, 3), step(), 1.0)),
        edge("a rate of nearly 1", (*kept(2, 3), step(), 0.995)),
        edge("a tiny rate", (*kept(2, 3), step(), 0.0034)),
        edge("a decay of 1", (*kept(2, 3), step(), rate(), 1.0)),
        edge("a decay of nearly 1", (*kept(2, 3), step(), 1.0, 0.995)),
        edge("a tiny decay", (*kept(2, 3), step(), 1.0, 0.0034)),
        *twins(
            oracle,
            lambda: (*kept(7, 3), step(), rate(), round(0.2 + rate(), 3), (0.8, 0.99)),
            *("the weight", "its gradient", "the mean", "the mean of the squares"),
            *("the step", "the rate", "the decay", "the betas"),
            others={4: 1, 5: 0.5, 6: 0.9, 7: (0.7, 0.9)},
        ),
    ]


def _running(old: Tensor, new: Tensor, beta: float) -> Tensor:
    return beta * old + (1 - beta) * new


def _corrected(kept: Tensor, beta: float, t: int) -> Tensor:
    return kept / (1 - torch.tensor(beta, dtype=torch.float64) ** t).float()


def _fall(m: Tensor, s: Tensor) -> Tensor:
    return m / (s.sqrt() + EPS)


def _drawn(weight: Tensor, rate: float, decay: float) -> Tensor:
    return weight * (1 - rate * decay)


def plain(
    weight: Tensor,
    gradient: Tensor,
    mean: Tensor,
    square: Tensor,
    step: int,
    rate: float,
    decay: float = 0.1,
    betas: Betas = BETAS,
    blend: Callable[[Tensor, Tensor, float], Tensor] = _running,
    blend_square: Callable[[Tensor, Tensor, float], Tensor] = _running,
    squared: Callable[[Tensor], Tensor] = torch.square,
    seen: Callable[[Tensor, Tensor, float], Tensor] = lambda g, w, decay: g,
    told: Callable[[Betas], Betas] = lambda betas: betas,
    blended: Callable[[Betas], Betas] = lambda betas: betas,
    t: Callable[[int], int] = lambda step: step + 1,
    first: Callable[[Tensor, float, int], Tensor] = _corrected,
    second: Callable[[Tensor, float, int], Tensor] = _corrected,
    fall: Callable[[Tensor, Tensor], Tensor] = _fall,
    far: Callable[[float], float] = lambda rate: rate,
    decays: Callable[[Tensor], bool] = lambda w: w.ndim > 1,
    share: Callable[[float], float] = lambda decay: decay,
    drawn: Callable[[Tensor, float, float], Tensor] = _drawn,
    last: Callable[..., object] = lambda w, mean, square: (w, mean, square),
) -> object:
    """AdamW with a screw at each step."""
    beta1, beta2 = told(betas)
    gradient = seen(gradient, weight, decay) if decays(weight) else gradient
    mean = blend(mean, gradient, blended((beta1, beta2))[0])
    square = blend_square(square, squared(gradient), blended((beta1, beta2))[1])
    m, s = first(mean, beta1, t(step)), second(square, beta2, t(step))
    kept = drawn(weight, rate, share(decay)) if decays(weight) else weight
    return last(kept - far(rate) * fall(m, s), mean, square)


def _by(**screws) -> Callable[..., object]:
    return partial(plain, **screws)


def _both(blend: Callable[[Tensor, Tensor, float], Tensor]) -> Callable[..., object]:
    return _by(blend=blend, blend_square=blend)


def worked(
    weight: Tensor,
    gradient: Tensor,
    mean: Tensor,
    square: Tensor,
    step: int,
    rate: float,
    decay: float = 0.1,
    betas: Betas = BETAS,
) -> dict[str, Tensor]:
    beta1, beta2 = betas
    mean = beta1 * mean.double() + (1 - beta1) * gradient
    square = beta2 * square.double() + (1 - beta2) * gradient.double() ** 2
    m, s = mean / (1 - beta1 ** (step + 1)), square / (1 - beta2 ** (step + 1))
    return {
        "mean": mean,
        "square": square,
        "mean, corrected": m,
        "square, corrected": s,
        "the step": rate * m / (s.sqrt() + EPS),
        "the decay": rate * decay * weight * (weight.ndim > 1),
    }


def _uncorrected(kept: Tensor, beta: float, t: int) -> Tensor:
    return kept


def _of(change: Callable[..., tuple]) -> Callable[..., object]:
    """The right step of other arguments."""

    def answer(w, g, m, s, step, rate, decay=0.1, betas=BETAS):
        return plain(*change(w, g, m, s, step, rate, decay, betas))

    return answer


def _by_old_means(which: str) -> Callable[..., object]:
    """The weight moved by a mean before it has been moved itself."""

    def answer(w, g, mean, square, step, rate, decay=0.1, betas=BETAS):
        _, new_mean, new_square = plain(w, g, mean, square, step, rate, decay, betas)
        m = mean if which != "square" else new_mean
        s = square if which != "mean" else new_square
        m, s = _corrected(m, betas[0], step + 1), _corrected(s, betas[1], step + 1)
        kept = _drawn(w, rate, decay) if w.ndim > 1 else w
        return kept - rate * _fall(m, s), new_mean, new_square

    return answer


def _decayed_after(w, g, mean, square, step, rate, decay=0.1, betas=BETAS):
    moved, mean, square = plain(w, g, mean, square, step, rate, 0.0, betas)
    return _drawn(moved, rate, decay) if w.ndim > 1 else moved, mean, square


def _eps_before(w, g, mean, square, step, rate, decay=0.1, betas=BETAS):
    """The tiny number added to the root of what is not corrected yet."""
    _, mean, square = plain(w, g, mean, square, step, rate, decay, betas)
    m = _corrected(mean, betas[0], step + 1)
    root = (square.sqrt() + EPS) / (1 - betas[1] ** (step + 1)) ** 0.5
    kept = _drawn(w, rate, decay) if w.ndim > 1 else w
    return kept - rate * m / root, mean, square


def _in_the_rate(w, g, mean, square, step, rate, decay=0.1, betas=BETAS):
    """Both corrections put into the rate, which the decay has, too."""
    t = step + 1
    rate = rate * (1 - betas[1] ** t) ** 0.5 / (1 - betas[0] ** t)
    return plain(
        *(w, g, mean, square, step, rate, decay, betas),
        first=_uncorrected,
        second=_uncorrected,
    )


def _power_forgotten(kept: Tensor, beta: float, t: int) -> Tensor:
    return kept / (1 - beta * t) if beta * t != 1 else kept * torch.inf


def _corrected_kept(w, g, mean, square, step, rate, decay=0.1, betas=BETAS):
    moved, mean, square = plain(w, g, mean, square, step, rate, decay, betas)
    m, s = _corrected(mean, betas[0], step + 1), _corrected(square, betas[1], step + 1)
    return moved, m, s


def _one_corrected_kept(which, *args):
    """One of the means is kept as it was corrected."""
    moved, mean, square = plain(*args)
    _, m, s = _corrected_kept(*args)
    return (moved, m, square) if which == "mean" else (moved, mean, s)


def _old_kept(w, g, mean, square, step, rate, decay=0.1, betas=BETAS):
    moved, _, _ = plain(w, g, mean, square, step, rate, decay, betas)
    return moved, mean.clone(), square.clone()


def _matrices_only(w, g, mean, square, step, rate, decay=0.1, betas=BETAS):
    moved, mean, square = plain(w, g, mean, square, step, rate, decay, betas)
    return moved if w.ndim > 1 else w.clone(), mean, square


def _into(place: int) -> Callable[..., object]:
    """The right answer, and the new value written into what was handed in."""

    def answer(*args):
        made = plain(*args)
        args[(0, 2, 3)[place]].copy_(made[place])
        return made

    return answer


_T = "with t = 1 in the first step, when `step` is 0"
_BOTH = "Both running means begin at 0, so they are too small at first: divide each by 1 − βᵗ"

MISTAKES = (
    Mistake(
        "uphill",
        "The weight goes uphill. The gradient says where the loss grows, so the step is "
        "**subtracted**.",
        _by(far=lambda rate: -rate),
    ),
    Mistake(
        "neither mean corrected",
        f"The means are used as they are kept. {_BOTH}.",
        _by(first=_uncorrected, second=_uncorrected),
    ),
    Mistake(
        "the mean not corrected",
        f"The mean of the gradients is used as it is kept. {_BOTH}.",
        _by(first=_uncorrected),
    ),
    Mistake(
        "the squares not corrected",
        f"The mean of the squares is used as it is kept. {_BOTH}.",
        _by(second=_uncorrected),
    ),
    Mistake(
        "corrected by the step that counts from 0",
        "You correct by β to the power of `step`, which counts from 0, so you are a step behind. "
        f"The power is step + 1 at **every** step, {_T}.",
        _by(t=lambda step: step),
    ),
    Mistake(
        "corrected by a step too many",
        f"You correct by a power too high: {_T}.",
        _by(t=lambda step: step + 2),
    ),
    Mistake(
        "corrected as at the first step",
        "You divide by 1 − β at every step. It is 1 − β **to the power t**, which comes nearer "
        "and nearer to 1.",
        _by(t=lambda step: 1),
    ),
    Mistake(
        "multiplied by the correction",
        "You multiply by 1 − βᵗ. The means are too small at first, so **divide**.",
        _by(
            first=lambda kept, beta, t: kept * (1 - beta**t),
            second=lambda kept, beta, t: kept * (1 - beta**t),
        ),
    ),
    Mistake(
        "1 minus beta times t",
        "You take 1 − β · t for the correction. It is β **to the power** t: `**`, not `*`.",
        _by(
            first=lambda kept, beta, t: kept / (1 - beta * t),
            second=lambda kept, beta, t: kept / (1 - beta * t),
        ),
    ),
    Mistake(
        "1 minus beta, to the power t",
        "You raise all of 1 − β to the power t. Only β is raised: 1 − βᵗ. `**` is done first "
        "unless a bracket says otherwise.",
        _by(
            first=lambda kept, beta, t: kept / (1 - beta) ** t,
            second=lambda kept, beta, t: kept / (1 - beta) ** t,
        ),
    ),
    Mistake(
        "one correction for both",
        "You correct both means by β₁. The mean of the squares has its own, β₂.",
        lambda *args: plain(
            *args,
            second=lambda kept, beta, t: _corrected(
                kept, args[7][0] if len(args) > 7 else BETAS[0], t
            ),
        ),
    ),
    Mistake(
        "the root taken before the correction",
        "You take the root of the mean of the squares, and then divide by 1 − β₂ᵗ. The "
        "correction stands **under** the root.",
        _by(
            second=lambda kept, beta, t: kept / (1 - beta**t) ** 2,
        ),
    ),
    Mistake(
        "the corrected means are kept",
        "What you return of the means is corrected. What is kept for the next step is what "
        "they were **before** that.",
        _corrected_kept,
    ),
    *(
        Mistake(
            f"the corrected {name} is kept",
            f"What you return as `{name}` is corrected. What is kept for the next step is what it "
            "was **before** that.",
            partial(_one_corrected_kept, name),
        )
        for name in ("mean", "square")
    ),
    Mistake(
        "the old means are kept",
        "The weight is right, but the means come back as they were given. The next step needs "
        "the new ones.",
        _old_kept,
    ),
    Mistake(
        "moved by the old mean",
        "The weight is moved by the mean as it was before this gradient. First the means, then "
        "the weight.",
        _by_old_means("mean"),
    ),
    Mistake(
        "divided by the old squares",
        "You divide by the mean of the squares as it was before this gradient. First the means, "
        "then the weight.",
        _by_old_means("square"),
    ),
    Mistake(
        "moved by both old means",
        "The weight is moved before the means are. First the means, then the weight.",
        _by_old_means("both"),
    ),
    Mistake(
        "no 1e-8",
        "Right unless a gradient is 0 or tiny: then you divide 0 by 0, or step too far. 10⁻⁸ is "
        "added to the root.",
        _by(fall=lambda m, s: m / s.sqrt()),
    ),
    Mistake(
        "1e-8 under the root",
        "You add 10⁻⁸ under the root, where it becomes 10⁻⁴. It stands outside.",
        _by(fall=lambda m, s: m / (s + EPS).sqrt()),
    ),
    Mistake(
        "a least root of 1e-8",
        "You let the root be at least 10⁻⁸. It is **added**, whatever the root is.",
        _by(fall=lambda m, s: m / s.sqrt().clamp(min=EPS)),
    ),
    Mistake(
        "1e-8 before the correction",
        "You add 10⁻⁸ to the root of what is not corrected yet. First the correction, then the "
        "root, then 10⁻⁸.",
        _eps_before,
    ),
    Mistake(
        "the correction in the rate",
        "You put the corrections into the rate, as some programs do. Then the decay is "
        "multiplied by them, too, and 10⁻⁸ stands beside a root that is not corrected. Correct "
        "both means, and leave the rate as it is given.",
        _in_the_rate,
    ),
    *(
        Mistake(
            f"β times t, for the {which} alone",
            f"In the correction of the {which} you multiply β by t. In 1 − βᵗ, t is a "
            "**power**: `**`.",
            _by(**{screw: _power_forgotten}),
        )
        for which, screw in (("gradients", "first"), ("squares", "second"))
    ),
    Mistake(
        "1e-6 instead of 1e-8",
        "You add 10⁻⁶. It is 10⁻⁸, so that tiny gradients move a weight as far as others.",
        _by(fall=lambda m, s: m / (s.sqrt() + 1e-6)),
    ),
    Mistake(
        "1e-5 instead of 1e-8",
        "You add 10⁻⁵, as a norm does. It is 10⁻⁸, so that tiny gradients move a weight as far as "
        "others.",
        _by(fall=lambda m, s: m / (s.sqrt() + 1e-5)),
    ),
    Mistake(
        "no root",
        "You divide by the mean of the squares itself. Take its root: a length, as the mean is.",
        _by(fall=lambda m, s: m / (s + EPS)),
    ),
    Mistake(
        "not divided by the root",
        "The step is rate times mean, and the mean of the squares plays no part. Divide by its "
        "root: so every weight moves about as far.",
        _by(fall=lambda m, s: m),
    ),
    Mistake(
        "multiplied by the root",
        "You multiply by the root of the mean of the squares. **Divide** by it.",
        _by(fall=lambda m, s: m * (s.sqrt() + EPS)),
    ),
    Mistake(
        "only the sign",
        "Every number moves by a whole rate, up or down. It is so at the first step, but later "
        "the two means decide.",
        _by(fall=lambda m, s: m.sign()),
    ),
    Mistake(
        "the gradient instead of its mean",
        "The weight is moved by this gradient alone. It is the **mean** of the gradients that "
        "moves it: their direction over many steps.",
        lambda *args: plain(*args, first=lambda kept, beta, t: args[1]),
    ),
    Mistake(
        "betas exchanged",
        "The two β have changed places. β₁ is for the gradients, β₂ for their squares.",
        _by(told=lambda betas: (betas[1], betas[0])),
    ),
    Mistake(
        "beta 1 for both",
        "You use β₁ for both means. That of the squares has its own, β₂.",
        _by(told=lambda betas: (betas[0], betas[0])),
    ),
    Mistake(
        "beta 2 for both",
        "You use β₂ for both means. That of the gradients has its own, β₁.",
        _by(told=lambda betas: (betas[1], betas[1])),
    ),
    Mistake(
        "always 0.9 and 0.95",
        "Your β are always 0.9 and 0.95. The caller says what they are: use the argument "
        "`betas`.",
        _by(told=lambda betas: BETAS),
    ),
    Mistake(
        "always 0.9 and 0.999",
        "Your β are 0.9 and 0.999, as PyTorch has them where nobody says otherwise. Use the "
        "argument `betas`.",
        _by(told=lambda betas: (0.9, 0.999)),
    ),
    Mistake(
        "1 minus beta forgotten",
        "You add all of the new gradient to β times the mean. That makes a sum, not a mean: it "
        "is multiplied by 1 − β.",
        _both(lambda old, new, beta: beta * old + new),
    ),
    Mistake(
        "beta and 1 minus beta exchanged",
        "You keep only 1 − β of the mean, and take β of what is new. It is the other way round: "
        "a mean moves a little at each step.",
        _both(lambda old, new, beta: (1 - beta) * old + beta * new),
    ),
    Mistake(
        "the old mean not faded",
        "You add 1 − β of what is new to all of the old mean. The old is multiplied by β, so "
        "that it fades.",
        _both(lambda old, new, beta: old + (1 - beta) * new),
    ),
    *(
        Mistake(
            f"{name} of {what}", f"Look at the mean of {what}. {hint}", _by(**screws)
        )
        for name, hint, blend in (
            (
                "1 minus beta forgotten in the mean",
                (
                    "You add all of what is new to β times the old. That makes a sum, not a mean: "
                    "what is new is multiplied by 1 − β."
                ),
                lambda old, new, beta: beta * old + new,
            ),
            (
                "beta and 1 minus beta exchanged in the mean",
                (
                    "You keep only 1 − β of the old, and take β of what is new. It is the other way "
                    "round: a mean moves a little at each step."
                ),
                lambda old, new, beta: (1 - beta) * old + beta * new,
            ),
        )
        for what, screws in (
            ("the gradients", {"blend": blend}),
            ("the squares", {"blend_square": blend}),
        )
    ),
    Mistake(
        "beta 1 for both, but in the correction",
        "You use β₁ for both running means. That of the squares has its own, β₂.",
        _by(blended=lambda betas: (betas[0], betas[0])),
    ),
    Mistake(
        "beta 2 for both, but in the correction",
        "You use β₂ for both running means. That of the gradients has its own, β₁.",
        _by(blended=lambda betas: (betas[1], betas[1])),
    ),
    Mistake(
        "vectors do not move",
        "Vectors stay as they are in your step. They do not **decay**, but they learn like all "
        "others: only the part with `decay` is for matrices.",
        _matrices_only,
    ),
    Mistake(
        "plain gradient descent",
        "Your weight moves by rate · gradient: that is plain descent. AdamW moves both running "
        "means first, corrects them, and goes by mean / (root of square + 10⁻⁸).",
        lambda w, g, mean, square, step, rate, decay=0.1, betas=BETAS: (
            w - rate * g,
            mean.clone(),
            square.clone(),
        ),
    ),
    Mistake(
        "half of each",
        "Your means are half old, half new. How much of the old is kept, β says.",
        _both(lambda old, new, beta: (old + new) / 2),
    ),
    Mistake(
        "the means start anew",
        "You begin both means at 0 in every step. They are handed in: `mean` and `square` are "
        "what the last step kept.",
        _both(lambda old, new, beta: (1 - beta) * new),
    ),
    Mistake(
        "the gradient not squared",
        "The second mean is of the gradients as they are. It is of their **squares**.",
        _by(squared=lambda g: g),
    ),
    Mistake(
        "absolute values instead of squares",
        "The second mean is of the gradients' absolute values. It is of their **squares**.",
        _by(squared=torch.abs),
    ),
    Mistake(
        "the square of the mean",
        "You square the mean of the gradients. It is the mean of the **squares**: a gradient that "
        "changes its sign has a small mean and large squares.",
        lambda *args: plain(
            *args,
            last=lambda w, mean, square: _squares_of_mean(*args),
        ),
    ),
    Mistake(
        "the squares never fall",
        "Your `square` never becomes smaller: you keep the larger of the old and the new. It is a "
        "running mean, which falls when gradients are small.",
        _by(blend_square=lambda old, new, beta: old.maximum(_running(old, new, beta))),
    ),
    Mistake(
        "this gradient twice",
        "You put this gradient into the mean a second time, before the weight moves. Here it is in "
        "there once: correct the mean that is kept, and go by that.",
        lambda *args: plain(
            *args,
            first=lambda kept, beta, t: _corrected(
                _running(kept, args[1], beta), beta, t
            ),
        ),
    ),
    Mistake(
        "the squares averaged over the weight",
        "You take one number for all squares. Every number of a weight has a mean of its own.",
        _by(squared=lambda g: g.square().mean().expand_as(g)),
    ),
    Mistake(
        "no decay",
        "A matrix does not decay in your step. It is drawn to 0 by rate · decay of what it was.",
        _by(decays=lambda w: False),
    ),
    Mistake(
        "vectors decay too",
        "Vectors decay too in your step. Only matrices do: what has one axis, or none, is left "
        "alone.",
        _by(decays=lambda w: True),
    ),
    Mistake(
        "only vectors decay",
        "Vectors decay in your step, and matrices do not. It is the other way round.",
        _by(decays=lambda w: w.ndim <= 1),
    ),
    Mistake(
        "only two axes decay",
        "Right for matrices. A weight of more than two axes decays too: only vectors and single "
        "numbers do not.",
        _by(decays=lambda w: w.ndim == 2),
    ),
    Mistake(
        "a column does not decay",
        "A matrix of a single column or row is a matrix, too. It is the number of **axes** that "
        "counts, and not how many numbers there are.",
        _by(decays=lambda w: w.ndim > 1 and min(w.shape) > 1),
    ),
    Mistake(
        "the decay without the rate",
        "The decay does not depend on the rate in yours. It is rate · decay: where the rate is "
        "small, little is drawn.",
        _by(drawn=lambda w, rate, decay: w * (1 - decay)),
    ),
    Mistake(
        "the decay put into the gradient",
        "You add decay · weight to the gradient, as older versions of Adam did. Then it goes "
        "through both means. The W of AdamW says that it does not: the weight itself is drawn.",
        _by(
            seen=lambda g, w, decay: g + decay * w,
            drawn=lambda w, rate, decay: w,
        ),
    ),
    Mistake(
        "the decay after the step",
        "You draw the weight after it has been moved. The share is of what it **was**.",
        _decayed_after,
    ),
    Mistake(
        "growing instead of decaying",
        "The weight grows by the decay. It is drawn towards 0: subtract.",
        _by(drawn=lambda w, rate, decay: w * (1 + rate * decay)),
    ),
    Mistake(
        "drawn by the same for all",
        "You subtract rate · decay itself. It is a share **of the weight**: times what it was.",
        _by(drawn=lambda w, rate, decay: w - rate * decay),
    ),
    Mistake(
        "the decay times its sign",
        "You subtract rate · decay with the weight's sign. It is a share **of the weight**: large "
        "ones are drawn more.",
        _by(drawn=lambda w, rate, decay: w - rate * decay * w.sign()),
    ),
    Mistake(
        "only what is left of it",
        "The weight becomes rate · decay of what it was. That much is **subtracted** from it.",
        _by(drawn=lambda w, rate, decay: w * rate * decay),
    ),
    Mistake(
        "decay is always 0.1",
        "Your decay is always 0.1. The caller says how much: use the argument `decay`.",
        _by(share=lambda decay: 0.1),
    ),
    Mistake(
        "decay is always 0.01",
        "Your decay is 0.01, as PyTorch has it where nobody says otherwise. Use the argument "
        "`decay`.",
        _by(share=lambda decay: 0.01),
    ),
    Mistake(
        "no rate",
        "The step is taken whole. Multiply it by the rate.",
        _by(far=lambda rate: 1.0),
    ),
    Mistake(
        "the rate twice",
        "The step is multiplied by the rate twice. Once is enough.",
        _by(far=lambda rate: rate * rate),
    ),
    Mistake(
        "only the step",
        "You return the change of the weight. The weight itself is asked: what it was, minus "
        "that.",
        lambda *args: plain(
            *args, last=lambda w, mean, square: (args[0] - w, mean, square)
        ),
    ),
    Mistake(
        "only the weight",
        "Only the weight comes back. The next step needs the two means as well: return all "
        "three, separated by commas.",
        _by(last=lambda w, mean, square: w),
    ),
    Mistake(
        "square before mean",
        "The means have changed places. Return weight, mean, square, in this order.",
        _by(last=lambda w, mean, square: (w, square, mean)),
    ),
    Mistake(
        "the weight last",
        "The weight comes last in yours. Return weight, mean, square, in this order.",
        _by(last=lambda w, mean, square: (mean, square, w)),
    ),
    Mistake(
        "in one tensor",
        "All three are in one tensor. Return them as three: with commas between them, without "
        "`stack`.",
        _by(last=lambda w, mean, square: torch.stack([w, mean, square])),
    ),
    Mistake(
        "lists of numbers",
        "The numbers are right, but in Python lists. Return three tensors.",
        _by(last=lambda *made: tuple(x.tolist() for x in made)),
    ),
    Mistake(
        "double precision",
        "These are the right numbers, but in double precision. Weights are float32. Does a "
        "constant or `numpy` make it so?",
        _by(last=lambda *made: tuple(x.double() for x in made)),
    ),
    written_into(_into(0), "weight"),
    written_into(_into(1), "mean", by="`*=` or `mul_`"),
    written_into(_into(2), "square", by="`*=` or `mul_`"),
    two_at_once(
        "neither corrected, and vectors decay too",
        _by(first=_uncorrected, second=_uncorrected, decays=lambda w: True),
        f"The means are used as they are kept. {_BOTH}.",
        "only matrices decay: what has one axis is left alone.",
    ),
)


def _squares_of_mean(w, g, mean, square, step, rate, decay=0.1, betas=BETAS) -> Moved:
    """AdamW whose second mean is of the first mean's square."""
    _, mean, _ = plain(w, g, mean, square, step, rate, decay, betas)
    square = _running(square, mean.square(), betas[1])
    m, s = _corrected(mean, betas[0], step + 1), _corrected(square, betas[1], step + 1)
    kept = _drawn(w, rate, decay) if w.ndim > 1 else w
    return kept - rate * _fall(m, s), mean, square


CHECK = Check(
    "adamw",
    3,
    draw,
    oracle,
    MISTAKES,
    forbidden=(*LIBRARIES, *OPTIMIZERS),
    worked=worked,
    rtol=2e-5,
    atol=1e-6,
)
