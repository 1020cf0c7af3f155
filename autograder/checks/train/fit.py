"""fit: the loop, from the first batch to the last, with all the other steps inside.

The model is the one that the notebook gives: each table says what follows each token,
each vector what is common, and all is added up. The oracle trains it in numpy and double
precision, where the gradient of a table is a sum by hand. (The tests compare it with
PyTorch's own loss, optimizer, schedule and clipping, which take longer.) In some runs a
batch of a single question is clipped and others are not; once only the gradient of its
logits is too long, which is not to be clipped; some have more batches or
weights than one could have written down. Some train the notebook's other model, which is
handed over by its name (`outcome.run` finds the function).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import cos, pi

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between, drawn_until, stop, tenths
from autograder.checks._slips import an_assert, two_at_once, written_into
from autograder.checks._twins import twins
from autograder.checks.train._material import (
    CLIPS,
    LIBRARIES,
    LOSSES,
    OPTIMIZERS,
    targets,
)

Weights = list[Tensor]
Batches = list[tuple[Tensor, Tensor]]
Array = np.ndarray
Run = tuple[list[float], Weights]
LOUD = {
    "tables": 1.0,
    "halved": 0.5,
}  # the notebook's models: how much of all is added up


def oracle(
    weights: Weights,
    batches: Batches,
    peak: float,
    warm_up: int,
    model: str = "tables",
) -> Run:
    return plain(weights, batches, peak, warm_up, model)


def rate(step: int, steps: int, peak: float, warm_up: int) -> float:
    if step < warm_up:
        return peak * (step + 1) / warm_up
    return peak * (1 + cos(pi * (step - warm_up) / (steps - warm_up))) / 2


def draw(rng: np.random.Generator) -> list[Case]:
    def one(n: int, B: int, T: int, share: float = 0.8) -> tuple[Tensor, Tensor]:
        """A batch, whose questions have many answers."""
        return torch.tensor(rng.integers(0, n, (B, T))), targets(
            rng, n, B, T, asked=share
        )

    def some(n: int, *shapes: tuple[int, int]) -> Batches:
        return [one(n, *shape) for shape in shapes]

    def own(n: int, *axes: int) -> Weights:
        return [tenths(rng, *[n] * many) for many in axes]

    def peak() -> float:
        return round(between(rng, 11, 29) / 100 + 0.004, 3)

    def odd(n: int) -> Batches:
        """Batches of a single question, whose gradients are long, among large ones."""
        small = [one(n, 1, 1, 1) for _ in range(2)]
        return [one(n, 3, 4), small[0], one(n, 4, 3), small[1], one(n, 3, 5)]

    def sure() -> tuple:
        """A model that has learned its batches, with losses that rounding would change."""
        table = tenths(rng, 4, 4) + 9 * torch.eye(4).roll(1, 1)
        read = [torch.arange(4)[None], torch.tensor([[1, 3]])]
        return [table], [(ids, (ids + 1) % 4) for ids in read], 0.004, 0

    def often_cut(*args) -> bool:
        """Whether to clip the gradient of the logits as well would change what comes of it."""
        right, other = (made(*args)[1][0] for made in (oracle, _cut_twice))
        return bool((right - other).abs().max() > 1e-3)

    def uneven(*args) -> bool:
        return all(2e-5 < abs(x - round(x, 4)) for x in oracle(*args)[0])

    long = targets(rng, 3, 2, 129, 1, 2, asked=1)  # ids and targets of 129 batches
    long = [*zip(*(part.unbind() for part in long), strict=True)]
    wide = [w / 30 for w in own(2, *[1, 2] * 65)]
    return [
        Case(
            "a table, and three batches", (own(4, 2), some(4, *[(2, 3)] * 3), peak(), 1)
        ),
        Case("a table and a vector", (own(4, 2, 1), some(4, *[(2, 3)] * 4), peak(), 2)),
        Case("a single batch", (own(4, 2, 1), some(4, (2, 3)), peak(), 1)),
        Case(
            "batches that are clipped and others", (own(4, 2, 1, 2), odd(4), peak(), 1)
        ),
        Case("several tables and vectors", (own(5, 1, 2, 2, 1), odd(5), peak(), 3)),
        Case("a longer run", (own(4, 2, 1), some(4, *[(2, 2)] * 6), peak(), 3)),
        Case(
            "a run that is all warm-up",
            (own(4, 2, 1), some(4, *[(2, 3)] * 4), peak(), 9),
        ),
        Case("vectors alone", (own(5, 1, 1), odd(5), peak(), 1)),
        Case(
            "another model than `tables`",
            drawn_until(often_cut, lambda: (own(4, 2, 1), odd(4), peak(), 1, "halved")),
        ),
        edge("a model that is nearly sure", drawn_until(uneven, sure)),
        edge("no warm-up", (own(4, 2, 1), some(4, *[(2, 3)] * 3), peak(), 0)),
        edge(
            "a very long warm-up", (own(4, 2, 1), odd(4)[:3], round(9 * peak(), 3), 200)
        ),
        edge("batches of one place", (own(4, 1, 2), some(4, *[(1, 1)] * 3), peak(), 1)),
        edge("no batch at all", (own(4, 2, 1), [], peak(), 1)),
        edge("very many weights", (wide, some(2, (1, 3)), peak(), 1)),
        edge("very many batches", (own(3, 1), long, peak(), 20)),
        edge("a peak of 0", (own(4, 2), some(4, (2, 3)), 0.0, 1)),
        edge("a peak of 1", (own(4, 2), some(4, (2, 3)), 1.0, 1)),
        edge("a peak of nearly 1", (own(4, 2), some(4, (2, 3)), 0.995, 1)),
        edge("a tiny peak", (own(4, 2), some(4, (2, 3)), 0.0034, 1)),
        *twins(
            oracle,
            lambda: (
                *(own(4, 1, 2, 2, 1), some(4, *[(2, 3)] * 4), peak(), 2),
                "tables",
            ),
            *("the weights", "the batches", "the peak", "the warm-up", "the model"),
            others={2: 0.5, 3: 3, 4: "halved"},
        ),
    ]


def _clipped(slopes: list[Array], most: float = 1.0) -> list[Array]:
    length = np.sqrt(sum((g**2).sum() for g in slopes))
    return [g * min(1.0, most / length) if length else g for g in slopes]


def _one_by_one(slopes: list[Array], peak: float) -> list[Array]:
    return [_clipped([g])[0] for g in slopes]


def _moved(w, g, m, s, step, rate, decay=0.1, betas=(0.9, 0.95)):
    m = betas[0] * m + (1 - betas[0]) * g
    s = betas[1] * s + (1 - betas[1]) * g**2
    root = np.sqrt(s / (1 - betas[1] ** (step + 1))) + 1e-8
    kept = w * (1 - rate * decay) if w.ndim > 1 else w
    return kept - rate * m / (1 - betas[0] ** (step + 1)) / root, m, s


def _forward(
    weights: list[Array], ids: Array, asked: Array, loud: float = 1.0
) -> tuple[float, Array, Array]:
    """The loss, its gradient with the logits, and these, both (places, n_vocab)."""
    logits = loud * sum(w[ids] if w.ndim > 1 else w[None] for w in weights)
    logits = np.broadcast_to(logits, (len(ids), weights[0].shape[-1]))
    moved = logits - logits.max(-1, keepdims=True)
    logp = moved - np.log(np.exp(moved).sum(-1, keepdims=True))
    rows, p = np.flatnonzero(asked >= 0), np.exp(logp)
    loss, p[asked < 0] = -logp[rows, asked[rows]].mean(), 0
    p[rows, asked[rows]] -= 1
    return float(loss), p / len(rows), logits


def _back(weights: list[Array], ids: Array, slope: Array) -> list[Array]:
    found = []
    for w in weights:
        g = np.zeros_like(w)
        if w.ndim > 1:
            np.add.at(g, ids, slope)
        found.append(g if w.ndim > 1 else slope.sum(0))
    return found


def _questions(ids: Tensor, asked: Tensor) -> tuple[Array, Array]:
    if ids.shape != asked.shape:
        raise IndexError("shape of the mask, as PyTorch says where a mask does not fit")
    return ids.numpy().ravel(), asked.numpy().ravel()


def plain(
    weights: Weights,
    batches: Batches,
    peak: float,
    warm_up: int,
    model: str = "tables",
    order: Callable[[Batches], Batches] = lambda batches: batches,
    ask: Callable[[Array, Array], tuple[Array, Array]] = lambda ids, asked: (
        ids,
        asked,
    ),
    priced: Callable[[Array, Array], Array] = lambda ids, asked: asked,
    wished: Callable[[Array, Array], Array] = lambda ids, asked: asked,
    far: Callable[[int, int, float, int], float] = rate,
    slopes: Callable[[Array, Array], Array] = lambda slope, logits: slope,
    cut: Callable[[list[Array], float], list[Array]] = lambda slopes, peak: _clipped(
        slopes
    ),
    gather: Callable[[list, list], list] = lambda old, new: new,
    runs: Callable[[list, list], list] = lambda first, now: now,
    starts: Callable[[list, list], list] = lambda first, now: now,
    kept: Callable[[Array, Array], Array] = lambda first, kept: kept,
    kept_square: Callable[[Array, Array], Array] = lambda first, kept: kept,
    count: Callable[[int, int, int], int] = lambda step, i, many: step,
    which: Callable[[int, list], bool] = lambda i, weights: True,
    move: Callable[..., tuple] = _moved,
    clean: Callable[[list[Array]], list[Array]] = lambda weights: weights,
    after: bool = False,
    noted: Callable[[list[float]], object] = lambda losses: losses,
    last: Callable[[object, Weights], object] = lambda losses, weights: (
        losses,
        weights,
    ),
    none: Callable[[Weights], object] = lambda weights: stop(ValueError),
) -> object:
    """The loop with loose screws, in numpy and double precision."""
    if not batches:
        return none(weights)
    loud = LOUD[model]
    first = [w.double().numpy() for w in weights]
    now, means = [*first], [np.zeros_like(w) for w in first]
    squares, losses, sums = [*means], [], [np.zeros_like(w) for w in first]
    batches = order(batches)
    for step, (ids, asked) in enumerate(batches):
        ids, asked = ask(*_questions(ids, asked))
        loss = _forward(runs(first, now), ids, priced(ids, asked), loud)[0]
        slope = slopes(*_forward(runs(first, now), ids, wished(ids, asked), loud)[1:])
        sums = gather(sums, _back(now, ids, loud * slope))
        far_now = far(step, len(batches), peak, warm_up)
        for i, g in enumerate(cut(sums, peak)):
            if which(i, now):
                m, s = kept(means[0], means[i]), kept_square(means[0], squares[i])
                at = count(step, i, len(now))
                begun = starts(first, now)[i]
                now[i], means[i], squares[i] = move(begun, g, m, s, at, far_now)
        now = clean(now)
        losses.append(_forward(now, ids, asked, loud)[0] if after else loss)
    made = [torch.tensor(w, dtype=torch.float32) for w in now]
    return last(noted(losses), made)


def _by(**screws) -> Callable[..., object]:
    return partial(plain, **screws)


def worked(
    weights: Weights,
    batches: Batches,
    peak: float,
    warm_up: int,
    model: str = "tables",
) -> dict[str, object]:
    """Of the first step."""
    if not batches:
        return {}
    ids, asked = _questions(*batches[0])
    now = [w.double().numpy() for w in weights]
    loss, slope, _ = _forward(now, ids, asked, LOUD[model])
    found = _back(now, ids, LOUD[model] * slope)
    length = float(np.sqrt(sum((g**2).sum() for g in found)))
    return {
        "the rates of all steps": [
            rate(i, len(batches), peak, warm_up) for i in range(len(batches))
        ],
        "step 0: the loss": loss,
        "step 0: the first weight's gradient": torch.tensor(found[0]),
        "step 0: the length of all gradients": length,
        "step 0: clipped": torch.tensor(_clipped(found)[0]),
    }


def _move(**how) -> Callable[..., tuple]:
    return partial(_moved, **how)


def _cut_twice(*args) -> object:
    return plain(*args, slopes=lambda slope, logits: _clipped([slope])[0])


def _one_pair(
    weights: Weights, batches: Batches, peak: float, warm_up: int, *model
) -> Run:
    """One pair of means that all weights share, of the first one's shape or as it comes."""
    kept: list = []

    def move(w, g, m, s, step, rate):
        w, *kept[:] = _moved(w, g, *(kept or (m, s)), step, rate)
        return w, *kept

    return plain(weights, batches, peak, warm_up, *model, move=move)


def _of_one_shape(weights: Weights, *rest) -> object:
    """The means of all weights in the shape of the first."""
    shape = weights[0].shape

    def move(w, g, m, s, step, rate):
        m, s = (x if x.any() else np.zeros(shape) for x in (m, s))
        return _moved(w, g, m, s, step, rate)

    return plain(weights, *rest, move=move)


def _clip_to_the_rate(weights, batches, peak, warm_up, *model) -> object:
    steps = iter(range(len(batches)))
    return plain(
        weights,
        batches,
        peak,
        warm_up,
        *model,
        cut=lambda slopes, peak: _clipped(
            slopes, rate(next(steps), len(batches), peak, warm_up)
        ),
    )


def _decay_of(how: Callable[[float, int], float]) -> Callable[..., object]:
    """The third number of the call of `adamw` too many: a decay."""

    def answer(weights, batches, peak, warm_up, *model) -> object:
        move = _move(decay=how(peak, warm_up))
        return plain(weights, batches, peak, warm_up, *model, move=move)

    return answer


def _seeded(which: str) -> Callable[..., object]:
    """Means that begin as the first gradient, or its square."""

    def move(w, g, m, s, step, rate):
        if step == 0:
            m = g if which != "squares" else m
            s = g**2 if which != "means" else s
        return _moved(w, g, m, s, step, rate)

    return partial(plain, move=move)


def _downhill(w, g, m, s, step, rate):
    return w - rate * g, m, s


def _one_list(w, g, m, s, step, rate):
    """As where both means are one list: what is written last is found by both."""
    w, m, s = _moved(w, g, m, s, step, rate)
    return w, s, s


def _failing(
    said: str, none: Callable[[Weights], object] = lambda weights: stop(ValueError)
) -> Callable[..., object]:
    """Ended by an error of PyTorch's, as soon as there is a batch."""

    def answer(weights: Weights, batches: Batches, *rest) -> object:
        if batches:
            raise RuntimeError(said)
        return none(weights)

    return answer


def _anew(first: Array, kept: Array) -> Array:
    return 0 * kept


def _into_the_list(weights: Weights, *rest) -> object:
    losses, made = plain(weights, *rest)
    weights[:] = made
    return losses, [w.clone() for w in made]


def _nothing(weights: Weights) -> object:
    return [], [w.clone() for w in weights]


def _rate_of(change: Callable[..., tuple]) -> Callable[..., float]:
    def far(*args) -> float:
        step, steps, peak, warm_up = change(*args)
        if step >= max(steps, warm_up):
            return 0.0
        return (
            rate(step, steps, peak, warm_up)
            if steps > warm_up or step < warm_up
            else 0.0
        )

    return far


MISTAKES = (
    Mistake(
        "the weights never move",
        "The weights come back as they were. What `adamw` returns takes the place of the weight "
        "and of its two means.",
        _by(which=lambda i, weights: False),
    ),
    Mistake(
        "always the model tables",
        "Your run always trains `tables`. The caller says which model it is, and `tables` is "
        "only what is taken where nobody does: hand the argument `model` on to `forward`.",
        lambda *args: plain(*args[:4]),
    ),
    Mistake(
        "always from the first weights",
        "Each step begins with the weights that were handed in, so all but the last batch is "
        "forgotten. A step begins where the last one ended.",
        _by(runs=lambda first, now: first, starts=lambda first, now: first),
    ),
    Mistake(
        "the model runs with the first weights",
        "The model always runs with the weights that were handed in, while others are moved. Run "
        "it with those of **now**.",
        _by(runs=lambda first, now: first),
    ),
    Mistake(
        "the first weights are moved",
        "What is moved are always the weights that were handed in. Move those of **now**: the "
        "steps add up.",
        _by(starts=lambda first, now: first),
    ),
    Mistake(
        "both means start anew",
        "Both running means begin at 0 in every step. They live through the whole run: are they "
        "made **before** the loop? And does what `adamw` returned of each take its place?",
        _by(kept=_anew, kept_square=_anew),
    ),
    Mistake(
        "the mean starts anew",
        "The mean of the gradients begins at 0 in every step. Keep what `adamw` returned of it.",
        _by(kept=_anew),
    ),
    Mistake(
        "the squares start anew",
        "The mean of the squares begins at 0 in every step. Keep what `adamw` returned of it.",
        _by(kept_square=_anew),
    ),
    Mistake(
        "one list for both means",
        "Both means are kept in **one** list, so the squares overwrite the means. `a = b = [...]` "
        "makes one list with two names: make two.",
        _by(move=_one_list),
    ),
    Mistake(
        "nothing clipped",
        "The gradients are not clipped. `clip` comes between the way back and `adamw`: a batch of "
        "few questions has a long gradient.",
        _by(cut=lambda slopes, peak: slopes),
    ),
    Mistake(
        "each clipped by itself",
        "You clip the gradient of each weight by itself. `clip` takes the list of **all** of "
        "them, for they are one long vector.",
        _by(cut=_one_by_one),
    ),
    Mistake(
        "the weights clipped",
        "You clip the weights. It is the **gradients** that are clipped, before the weights move.",
        _by(cut=lambda slopes, peak: slopes, clean=_clipped),
    ),
    Mistake(
        "gradients added up",
        "The gradients of all steps so far are added up. Each step goes by the gradient of its "
        "**own** batch. What lasts longer than a batch, the running means keep.",
        _by(gather=lambda old, new: [a + b for a, b in zip(old, new, strict=True)]),
    ),
    Mistake(
        "uphill",
        "The loss grows: the weights go uphill. `gradient` and `adamw` see to the sign, so do not "
        "change it once more.",
        _by(slopes=lambda slope, logits: -slope),
    ),
    Mistake(
        "back from ones",
        "What goes back is not the gradient of the logits. `back` takes what your `gradient` gives "
        "for this batch.",
        _by(slopes=lambda slope, logits: np.ones_like(slope)),
    ),
    Mistake(
        "not divided by the questions",
        "What goes back is not divided by the number of questions, so it is clipped more often. "
        "`gradient` does that: take what it gives.",
        _by(slopes=lambda slope, logits: slope * slope.any(-1).sum()),
    ),
    Mistake(
        "always at the peak",
        "The rate is the peak at every step. `learning_rate` says what it is at **this** step.",
        _by(far=lambda step, steps, peak, warm_up: peak),
    ),
    Mistake(
        "no warm-up",
        "There is no warm-up in your run. `learning_rate` is told how long it is: pass it on.",
        _by(far=lambda step, steps, peak, warm_up: rate(step, steps, peak, 0)),
    ),
    Mistake(
        "a warm-up of its own",
        "Your warm-up is a tenth of the run. The caller says how long it is: pass `warm_up` on.",
        _by(
            far=lambda step, steps, peak, warm_up: rate(
                step, steps, peak, max(1, steps // 10)
            )
        ),
    ),
    Mistake(
        "the rate of the next step",
        "Your rates are a step ahead. Steps count from 0, and `enumerate` does so by itself.",
        _by(far=_rate_of(lambda step, steps, peak, w: (step + 1, steps, peak, w))),
    ),
    Mistake(
        "a rate that stays at the first step",
        "The rate is that of step 0 all through the run. Work it out **inside** the loop, for "
        "each step.",
        _by(far=lambda step, steps, peak, warm_up: rate(0, steps, peak, warm_up)),
    ),
    Mistake(
        "a run that is a step shorter",
        "You tell `learning_rate` of a step less than there are. It is told how many batches "
        "there are: `len(batches)`.",
        _by(far=_rate_of(lambda step, steps, peak, w: (step, steps - 1, peak, w))),
    ),
    Mistake(
        "down to a tenth of the peak",
        "Your rate ends at a tenth of the peak. Nobody said so here: the last rate is 0, as it is "
        "where it is left out.",
        _by(
            far=lambda step, steps, peak, w: (
                rate(step, steps, peak, w)
                if step < w
                else peak / 10 + 0.9 * rate(step, steps, peak, w)
            )
        ),
    ),
    Mistake(
        "adamw always at step 0",
        "`adamw` is told that each step is the first, so its means are corrected too much. Tell "
        "it which step this is.",
        _by(count=lambda step, i, many: 0),
    ),
    Mistake(
        "adamw a step ahead",
        "`adamw` is told a step too many. Both `learning_rate` and `adamw` count from 0.",
        _by(count=lambda step, i, many: step + 1),
    ),
    Mistake(
        "adamw is told the warm-up",
        "`adamw` is told the length of the warm-up. It asks which step this is, for the correction "
        "of its means: of the warm-up only `learning_rate` has to know.",
        lambda weights, batches, peak, warm_up, *model: plain(
            weights, batches, peak, warm_up, *model, count=lambda *_: warm_up
        ),
    ),
    Mistake(
        "adamw counts the weights",
        "`adamw` is told the number of the weight, and not that of the step. All weights of one "
        "batch are moved in the **same** step.",
        _by(count=lambda step, i, many: i),
    ),
    Mistake(
        "a step for each weight",
        "Your count of steps grows with each weight. All weights of one batch are moved in the "
        "**same** step: count the batches.",
        _by(count=lambda step, i, many: step * many + i),
    ),
    Mistake(
        "plain gradient descent",
        "The weights move by rate · gradient, without AdamW. Call your `adamw` for each of them.",
        _by(move=_downhill),
    ),
    Mistake(
        "no decay",
        "You tell `adamw` of no decay. It stays at what it is where nobody says otherwise.",
        _by(move=_move(decay=0.0)),
    ),
    Mistake(
        "betas of PyTorch",
        "You tell `adamw` of betas 0.9 and 0.999. They stay at what they are where nobody says "
        "otherwise.",
        _by(move=_move(betas=(0.9, 0.999))),
    ),
    Mistake(
        "only the first weight",
        "Only the first weight moves. Does the loop over the weights end too soon? **Each** is "
        "moved by its own gradient.",
        _by(which=lambda i, weights: i == 0),
    ),
    Mistake(
        "only the last weight",
        "Only the last weight moves. Is the call of `adamw` behind the loop, and not inside it? "
        "**Each** is moved by its own gradient.",
        _by(which=lambda i, weights: i == len(weights) - 1),
    ),
    Mistake(
        "only the matrices",
        "Vectors do not move in your run. They do not **decay**, and `adamw` sees to that; but "
        "they learn like all others.",
        _by(which=lambda i, weights: weights[i].ndim > 1),
    ),
    Mistake(
        "only the first batch",
        "Only the first batch is learned. Does `return` stand inside the loop? It ends the whole "
        "function at the first round.",
        _by(
            order=lambda batches: batches[:1],
            far=lambda step, steps, peak, w: rate(0, max(w + 1, 2), peak, w),
        ),
    ),
    Mistake(
        "the last batch left out",
        "The last batch is left out. Each batch is a step: go to the very end of the list.",
        _by(
            order=lambda batches: batches[:-1],
            far=_rate_of(lambda step, steps, peak, w: (step, steps + 1, peak, w)),
        ),
    ),
    Mistake(
        "the first batch left out",
        "The first batch is left out. Each batch is a step: begin with item 0 of the list.",
        _by(order=lambda batches: batches[1:]),
    ),
    Mistake(
        "the batches backwards",
        "The batches come in reverse order. Take them as they are given.",
        _by(order=lambda batches: batches[::-1]),
    ),
    Mistake(
        "the first batch again and again",
        "Each step learns the first batch. Take a new one in each round of the loop.",
        _by(order=lambda batches: batches[:1] * len(batches)),
    ),
    Mistake(
        "asked for what it reads",
        "The model is asked for the very token that it reads. The targets are the **second** part "
        "of a batch.",
        _by(ask=lambda ids, asked: (ids, ids)),
    ),
    Mistake(
        "the loss against the ids",
        "Your losses ask for the very tokens that the model reads, so they are not those of the "
        "batch. `loss` is handed the **targets**, the second part of a batch.",
        _by(priced=lambda ids, asked: ids),
    ),
    Mistake(
        "the gradient against the ids",
        "Your losses begin right, but the weights learn the very tokens that the model reads. "
        "`gradient` is handed the **targets**, the second part of a batch.",
        _by(wished=lambda ids, asked: ids),
    ),
    Mistake(
        "back from the logits",
        "You hand the logits to `back`. It takes the **gradient** of the logits: what your "
        "`gradient` gives for these logits and targets.",
        _by(slopes=lambda slope, logits: logits),
    ),
    Mistake(
        "back from the loss",
        "You hand the loss to `back`. It takes the **gradient** of the logits, in their shape: "
        "what your `gradient` gives for these logits and targets.",
        _failing("Mismatch in shape: grad_output[0] has a shape of torch.Size([])"),
    ),
    Mistake(
        "backward of the loss",
        "The logits of `forward` are plain numbers: `backward` has no way back from them. The way "
        "back is the second thing that `forward` returns: `back` takes what your `gradient` gives "
        "for these logits and targets.",
        _failing(
            "element 0 of tensors does not require grad",
            lambda weights: ([], [w.clone() for w in weights]),  # no guard yet
        ),
    ),
    Mistake(
        "clipped before the way back",
        "You clip the gradient of the logits. `clip` comes **after** `back`: it takes the list of "
        "the weights' gradients, all together.",
        _by(
            slopes=lambda slope, logits: _clipped([slope])[0],
            cut=lambda slopes, peak: slopes,
        ),
    ),
    Mistake(
        "clipped to the peak",
        "You clip to the length `peak`. That is a learning rate. The length is at most 1 here, "
        "which `clip` takes where nobody says otherwise.",
        _by(cut=_clipped),
    ),
    Mistake(
        "clipped before the way back as well",
        "You clip the gradient of the logits as well. `clip` comes once, **after** `back`: it takes "
        "the list of the weights' gradients, all together.",
        _cut_twice,
    ),
    Mistake(
        "clipped to the rate",
        "You clip to the length of the rate: what is handed to `clip` after the gradients is the "
        "greatest length. It is at most 1 here, which `clip` takes where nobody says otherwise.",
        _clip_to_the_rate,
    ),
    Mistake(
        "one pair of means for all weights",
        "All weights share one pair of running means. **Each** weight has its own two: they are "
        "kept in lists, at the number of the weight.",
        _one_pair,
    ),
    Mistake(
        "all means in the shape of the first weight",
        "All running means begin in the shape of the first weight. **Each** weight has its own two, "
        "in its own shape: a vector with the mean of a matrix becomes a matrix.",
        _of_one_shape,
    ),
    *(
        Mistake(
            f"{name} begin as the first gradient",
            f"{told} at the first gradient in yours. They begin at 0, and `adamw` makes up for "
            "that: no line of yours has to fill them before.",
            _seeded(which),
        )
        for which, name, told in (
            ("means", "the means", "The means of the gradients begin"),
            ("both", "both means", "Both running means begin"),
        )
    ),
    Mistake(
        "the peak for the decay",
        "You hand `peak` on to `adamw`, which takes it for the decay. It needs the rate of this "
        "step and nothing after it: decay and betas stay at what they are.",
        _decay_of(lambda peak, warm_up: peak),
    ),
    Mistake(
        "the ids of the first batch",
        "The model reads the ids of the first batch in each step, while the targets are those of "
        "a new one. Take both from the batch of **this** step.",
        _by(order=lambda batches: [(batches[0][0], asked) for _, asked in batches]),
    ),
    Mistake(
        "ids and targets exchanged",
        "The model reads the targets and is asked for the ids. A batch is ids, targets, in this "
        "order.",
        _by(ask=lambda ids, asked: (asked, ids)),
    ),
    Mistake(
        "the loss after the step",
        "You note the loss of the weights after they have moved. A step's loss is that of the "
        "weights **before**: it comes of the same logits as the gradient.",
        _by(after=True),
    ),
    Mistake(
        "tensors for losses",
        "Your losses are tensors. Note plain Python numbers: `.item()` makes one.",
        _by(noted=lambda losses: [torch.tensor(x) for x in losses]),
    ),
    Mistake(
        "only the last loss",
        "Only the last loss comes back. Append each step's loss to a list.",
        _by(noted=lambda losses: losses[-1]),
    ),
    Mistake(
        "only the last loss, in a list",
        "Only the last loss is in your list. Make the list **before** the loop, and append to it "
        "in each step.",
        _by(noted=lambda losses: losses[-1:]),
    ),
    Mistake(
        "the mean of the losses",
        "You return the mean of all losses. A list is asked, with the loss of each step.",
        _by(noted=np.mean),
    ),
    Mistake(
        "losses added up",
        "Each of your losses is the sum of all so far. Note the loss of each step by itself.",
        _by(noted=lambda losses: [*map(float, np.cumsum(losses))]),
    ),
    Mistake(
        "the mean of the losses so far",
        "Each of your losses is the mean of all so far. Note the loss of each step by itself.",
        _by(
            noted=lambda losses: [
                *map(float, np.cumsum(losses) / np.arange(1, len(losses) + 1))
            ]
        ),
    ),
    Mistake(
        "no losses noted",
        "Your list of losses is empty. Append each step's loss to it.",
        _by(noted=lambda losses: []),
    ),
    Mistake(
        "weights first",
        "Losses and weights have changed places. The losses come first.",
        _by(last=lambda losses, weights: (weights, losses)),
    ),
    Mistake(
        "only the losses",
        "Only the losses come back. Return both, losses and weights, separated by a comma.",
        _by(last=lambda losses, weights: losses),
    ),
    Mistake(
        "only the weights",
        "Only the weights come back. Return both, losses and weights, separated by a comma.",
        _by(last=lambda losses, weights: weights),
    ),
    Mistake(
        "double precision",
        "These are the right numbers, but in double precision. Weights are float32. Does a "
        "constant or `numpy` make it so?",
        _by(last=lambda losses, weights: (losses, [w.double() for w in weights])),
    ),
    written_into(
        _into_the_list,
        "weights",
        by="an assignment to an item of the caller's list, or `copy_` or `requires_grad_` on one of its tensors,",
        instead="Begin with a list of your own, and put new tensors into it.",
    ),
    Mistake(
        "no batch, and no error",
        "The run is right. But where there is no batch, nothing can be learned, and you return "
        "the weights as they are: raise a ValueError.",
        _by(none=_nothing),
    ),
    an_assert(_by(none=lambda _: stop(AssertionError)), "A run without a batch"),
    two_at_once(
        "nothing clipped, and always at the peak",
        _by(
            cut=lambda slopes, peak: slopes,
            far=lambda step, steps, peak, warm_up: peak,
        ),
        "The gradients are not clipped.",
        "the rate is the peak at every step, where `learning_rate` should say what it is.",
    ),
)


CHECK = Check(
    "fit",
    3,
    draw,
    oracle,
    MISTAKES,
    forbidden=(*LIBRARIES, *LOSSES, *CLIPS, *OPTIMIZERS),
    after=("loss", "gradient", "learning_rate", "clip", "adamw"),
    worked=worked,
    rtol=1e-4,
    atol=1e-5,
)
