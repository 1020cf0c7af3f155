"""The checks of the exercise "sample": from the last vector to the next id, and round.

Vectors become logits, logits probabilities, some of these are kept, and a point u
between 0 and 1 picks an id. Nothing here is judged by luck: the points are given, and
they lie well inside a share, except where a border is the point of the case. There, all
numbers are fractions of a power of two, so every order of adding them gives the same.

The oracles are torch's softmax and linear map, and NumPy's stable argsort, cumsum and
searchsorted, in float64, so that the references do not depend on the machine. What a
student is likely to write instead stands beside each, as its mistakes; they share the
plain pieces with loose screws at the end of this file's first part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Case, Check, Mistake

_COURSE = ("gpt.sample", "gpt.model", "transformers")
_SOFTMAX = (
    *(".softmax", ".log_softmax", ".Softmax", ".LogSoftmax", ".softmin", ".Softmin"),
    *(".logsumexp", "scipy"),
)
_DICE = ("torch.multinomial", "torch.distributions", "random", "numpy.random")


# ---------------------------------------------------------------------------------
# Oracles
# ---------------------------------------------------------------------------------


def _oracle_unembed(x: Tensor, wte: Tensor) -> Tensor:
    return torch.nn.functional.linear(x.double(), wte.double()).float()


def _oracle_probabilities(logits: Tensor, temperature: float) -> Tensor:
    if not temperature > 0:
        raise ValueError(f"the temperature is {temperature}, and must be above 0")
    return torch.softmax(logits.double() / temperature, -1).float()


def _oracle_greedy(logits: Tensor) -> int:
    return int(np.argmax(logits.numpy()))  # NumPy promises the first of equals


def _oracle_top_k(p: Tensor, k: int) -> Tensor:
    if not 1 <= k <= len(p):
        raise ValueError(f"k is {k}, and must be from 1 to {len(p)}")
    return _only(p, _likeliest(p)[:k])


def _oracle_top_p(p: Tensor, top_p: float) -> Tensor:
    if not 0 < top_p <= 1:
        raise ValueError(f"top_p is {top_p}, and must be above 0 and at most 1")
    order = _likeliest(p)
    reached = np.cumsum(p.double().numpy()[order])
    return _only(p, order[: np.searchsorted(reached, top_p) + 1])


def _oracle_draw(p: Tensor, u: float) -> int:
    ends = np.cumsum(p.double().numpy())
    return int(np.searchsorted(ends, u * ends[-1], side="right"))


def _oracle_write(
    table: Tensor, ids: list[int], us: list[float], stop: int
) -> list[int]:
    if not ids:
        raise ValueError("the prompt is empty")
    text = list(ids)
    for u in us:
        text.append(_oracle_draw(_oracle_probabilities(table[text[-1]], 1.0), u))
        if text[-1] == stop:
            break
    return text


def _likeliest(p: Tensor) -> np.ndarray:
    """The ids from the likeliest on; of equals, the smaller id first."""
    return np.argsort(-p.double().numpy(), kind="stable")


def _only(p: Tensor, ids: Sequence[int]) -> Tensor:
    kept = np.zeros(len(p))
    kept[ids] = p.double().numpy()[ids]
    return torch.from_numpy(kept / kept.sum()).float()


# ---------------------------------------------------------------------------------
# Plain pieces with loose screws, for the mistakes
# ---------------------------------------------------------------------------------


def _positive(temperature: float) -> None:
    if temperature <= 0:
        raise ValueError("the temperature must be above 0")


def _softmax(z: Tensor, shift: Tensor | float | None = None) -> Tensor:
    e = torch.exp(z - (z.amax(-1, keepdim=True) if shift is None else shift))
    return e / e.sum(-1, keepdim=True)


def _k_in_range(p: Tensor, k: int) -> None:
    if k < 1 or k > len(p):
        raise ValueError("k must be from 1 to the number of tokens")


def _p_in_range(top_p: float) -> None:
    if top_p <= 0 or top_p > 1:
        raise ValueError("top_p must be above 0 and at most 1")


def _order(p: Tensor) -> Tensor:
    return p.argsort(descending=True, stable=True)


def _kept(p: Tensor, ids: Tensor, total: float | None = None) -> Tensor:
    """p where `ids` say so, 0 elsewhere, divided by `total` or else by the sum."""
    kept = torch.zeros_like(p)
    kept[ids] = p[ids]
    return kept / (kept.sum() if total is None else total)


def _top_k(p: Tensor, k: int, more: int = 0) -> Tensor:
    return _kept(p, _order(p)[: k + more])


def _crossing(p: Tensor, top_p: float, order: Tensor | None = None) -> Tensor:
    """The ids that top-p keeps, in the order in which they are gone through."""
    order = _order(p) if order is None else order
    before = p[order].cumsum(0) - p[order]
    return order[before < top_p]


def _searched(p: Tensor, u: float, right: bool = True) -> int:
    """The share in which u lies; the number of shares where it is beyond them all."""
    ends = p.double().cumsum(0)
    return int(torch.searchsorted(ends, u, right=right))


def _drawn(p: Tensor, u: float) -> int:
    return min(_searched(p, u), int(p.nonzero().max()))


def _sampled(logits: Tensor, u: float) -> int:
    return _drawn(_softmax(logits), u)


def _write(
    table: Tensor,
    ids: list[int],
    us: Sequence[float],
    stop: int | None,
    row: Callable[[Tensor, list[int]], Tensor] = lambda table, text: table[text[-1]],
    pick: Callable[[Tensor, float], int] = _sampled,
    append_stop: bool = True,
    stopped: Callable[[list[int], int], bool] = lambda text, stop: False,
) -> list[int]:
    """The loop. `stopped` is asked before each draw."""
    if not ids:
        raise ValueError("the prompt is empty")
    text = list(ids)
    for u in us:
        if stopped(text, stop):
            break
        new = pick(row(table, text), u)
        if new == stop and not append_stop:
            break
        text.append(new)
        if new == stop:
            break
    return text


# ---------------------------------------------------------------------------------
# Material for the cases
# ---------------------------------------------------------------------------------


@cache
def _small():
    """The shipped model in float64, so that all machines agree, and its tokenizer."""
    from gpt.model import GPT, small

    model, tokenizer = small()
    weights = {name: weight.double() for name, weight in model.weights.items()}
    return GPT(model.config, weights), tokenizer


def _story(rng: np.random.Generator) -> Tensor:
    """A story of the small world as the model reads it: (1, T), int64."""
    from gpt import world

    model, tokenizer = _small()
    story = next(world.stories(int(rng.integers(1 << 31))))
    ids = [model.config.n_vocab - 1, *tokenizer.encode(story)]
    return torch.tensor([ids[: model.config.n_ctx]])


def _bets(rng: np.random.Generator) -> Tensor:
    """The shipped model's logits at a place of a story where it is in doubt: (560,)."""
    model, _ = _small()
    logits = model(_story(rng))[0]
    doubtful = (torch.softmax(logits, -1).amax(-1) < 0.8).nonzero()[:, 0].numpy()
    return logits[int(rng.choice(doubtful[2:]))].float()  # all stories begin alike


def _logits(rng: np.random.Generator, *shape: int, most: int = 24) -> Tensor:
    """Eighths, which every machine adds up alike."""
    return torch.from_numpy(rng.integers(-most, most + 1, shape) / 8).float()


def _different(rng: np.random.Generator, n: int, most: int = 24) -> Tensor:
    """As `_logits`, (n,), each another."""
    values = rng.choice(np.arange(-most, most + 1), n, replace=False)
    return torch.from_numpy(values / 8).float()


def _parts(rng: np.random.Generator, n: int, whole: int, least: int) -> list[int]:
    """Different whole numbers that add up to `whole`, the largest neither first nor
    last, and so mixed that sorting them and undoing it are two different things."""
    while True:
        cuts = np.sort(rng.choice(np.arange(1, whole), n - 1, replace=False))
        parts = np.diff([0, *cuts, whole])
        order = np.argsort(-parts)
        mixed = (order[order] != np.arange(n)).any() and 0 < order[0] < n - 1
        if mixed and len({*parts}) == n and parts.min() >= least:
            return [int(part) for part in parts]


def _shares(
    rng: np.random.Generator, n: int, whole: int = 256, least: int = 6
) -> Tensor:
    """Different probabilities, in no order; exact where `whole` is a power of two."""
    return _of(_parts(rng, n, whole, least), whole)


def _of(parts: Sequence[int], whole: int = 256) -> Tensor:
    return torch.tensor([part / whole for part in parts])


def _inside(
    rng: np.random.Generator, p: Tensor, i: int, low: float = 0.3, high: float = 0.7
) -> float:
    """A point in the share of token i, between `low` and `high` of its way."""
    end = p.double().cumsum(0)[i].item()
    share = p.double()[i].item()
    return round(end - share + share * float(rng.uniform(low, high)), 6)


def _short(p: Tensor) -> Tensor:
    """The same shares, a millionth of them lost in rounding."""
    at = int(p.argmax())
    return torch.cat([p[:at], p[at : at + 1] - 2.0**-20, p[at + 1 :]])


def _between(rng: np.random.Generator, low: int, high: int) -> int:
    return int(rng.integers(low, high + 1))


# ---------------------------------------------------------------------------------
# unembed
# ---------------------------------------------------------------------------------


def _draw_unembed(rng: np.random.Generator) -> list[Case]:
    model, _ = _small()
    wte = model.weights["wte.weight"].float()
    x = model.trace(_story(rng), "norm")["norm"][0].float()
    rows = np.sort(rng.choice(len(wte), 40, replace=False))
    places = np.sort(rng.choice(len(x), 3, replace=False))
    return [
        Case("two vectors and three tokens", (_logits(rng, 2, 4), _logits(rng, 3, 4))),
        Case(
            "as many tokens as columns",
            (_logits(rng, 3, 5), _logits(rng, 5, 5)),
        ),
        Case("one vector alone", (_logits(rng, 6), _logits(rng, 4, 6))),
        Case("a batch of texts", (_logits(rng, 2, 3, 4), _logits(rng, 6, 4))),
        Case("the shipped model's own", (x[places].clone(), wte[rows].clone())),
    ]


def _unembed_cosines(x, wte):
    unit = torch.nn.functional.normalize
    return unit(x, dim=-1) @ unit(wte, dim=-1).T


def _unembed_distances(x, wte):
    return -(x.unsqueeze(-2) - wte).square().sum(-1).sqrt()


_UNEMBED = (
    Mistake(
        "the table is not turned",
        "Multiply with the table turned over. Every column of what stands on the right "
        "of the product must hold one token's vector, and in `wte` each token is a row.",
        lambda x, wte: x @ wte,
    ),
    Mistake(
        "the table first",
        "This works for one vector alone; with rows of vectors it ends in an error. In "
        "one product each row of `x` can meet each token: put `x` first, and turn the "
        "table over, so that each of its columns is a token.",
        lambda x, wte: wte @ x,
    ),
    Mistake(
        "reshaped instead of turned",
        "The shape is right, the numbers are not. `reshape` and `view` pour the numbers "
        "into another shape in the order in which they lie there; to exchange rows and "
        "columns, transpose.",
        lambda x, wte: x @ wte.reshape(wte.shape[::-1]),
    ),
    Mistake(
        "tokens in rows, places in columns",
        "These are the right numbers, but turned: you have a row for each token. Wanted "
        "is a row for each vector of `x`, with a number for each token in it. Which of "
        "the two stands first in the product?",
        lambda x, wte: wte @ x.permute(*reversed(range(x.ndim))),
    ),
    Mistake(
        "tokens first",
        "You go through the tokens and stack what comes out, so the tokens are the first "
        "axis. They belong last: a row of logits for each vector of `x`.",
        lambda x, wte: torch.stack([x @ row for row in wte]),
    ),
    Mistake(
        "multiplied, not added up",
        "You multiply number by number. A logit is a dot product: multiply a vector "
        "with a token's row, and add up the products.",
        lambda x, wte: x * wte,
    ),
    Mistake(
        "cosines",
        "You divide by the lengths, so these are cosines. A logit is the plain dot "
        "product: a token with a long row may shout louder.",
        _unembed_cosines,
    ),
    Mistake(
        "distances",
        "You measure distances. How well a vector fits a token is told by their dot "
        "product here: large where both point the same way.",
        _unembed_distances,
    ),
    Mistake(
        "divided by the root",
        "You divide by a square root, as attention does with its scores. Logits are not "
        "scaled: the dot products are all there is.",
        lambda x, wte: x @ wte.T / x.shape[-1] ** 0.5,
    ),
    Mistake(
        "probabilities already",
        "You have gone a step too far: each row sums to one already. Give back the dot "
        "products themselves; the next step makes probabilities of them.",
        lambda x, wte: _softmax(x @ wte.T),
    ),
    Mistake(
        "only the last vector",
        "Only the last vector has been unembedded. `unembed` does it for every vector "
        "that it is given; which of them is used is decided later.",
        lambda x, wte: (x if x.ndim < 2 else x[..., -1, :]) @ wte.T,
    ),
    Mistake(
        "the likeliest ids",
        "You give back ids. Wanted are all the logits: a number for each token of the "
        "table, before anything is chosen.",
        lambda x, wte: (x @ wte.T).argmax(-1),
    ),
    Mistake(
        "looked up",
        "You look up rows of the table, as Embed does with ids. But `x` holds vectors, "
        "no ids: each of them is to be compared with every row, by a dot product.",
        lambda x, wte: wte[x],
    ),
    Mistake(
        "added up over the tokens",
        "You multiply number by number, which works for one vector alone, and then add "
        "up over the wrong axis: one sum a column. Each token needs its own sum, over "
        "its row. One matrix product does that for all vectors.",
        lambda x, wte: (x * wte).sum(0),
    ),
    Mistake(
        "a list of tensors",
        "The logits come as a list, one tensor a token. One product of two matrices "
        "does it all at once, and gives a single tensor.",
        lambda x, wte: [x @ row for row in wte],
    ),
    Mistake(
        "every vector is a sum over the table",
        "You add up the table's rows first, so all tokens get the same logit, or there "
        "is only one. Each token needs a dot product of its own.",
        lambda x, wte: x @ wte.sum(0),
    ),
)


# ---------------------------------------------------------------------------------
# probabilities
# ---------------------------------------------------------------------------------


def _draw_probabilities(rng: np.random.Generator) -> list[Case]:
    def between(low: float, high: float) -> float:
        return round(float(rng.uniform(low, high)), 2)

    tiny = 2.0 ** -_between(rng, 7, 9)
    gaps = np.sort(rng.choice(np.arange(1, 8), 3, replace=False))
    close = [_between(rng, 8, 12) + g * tiny / 2 for g in [0, *map(int, gaps)]]
    heights = torch.tensor([[600.0], [0.0], [-600.0]])
    far = torch.tensor([400.0, 400.0, 0.0, 0.0, 0.0])
    deep = torch.tensor([0.0, 0.0, 0.0, 0.0, -100.0])
    return [
        Case("a temperature of 1", (_different(rng, 4), 1.0)),
        Case("a low temperature", (_different(rng, 5), between(0.3, 0.7))),
        Case("a high temperature", (_different(rng, 5), between(2, 5))),
        Case("several rows", (_logits(rng, 2, 4), between(0.6, 1.5))),
        Case("as many rows as tokens", (_logits(rng, 3, 3), between(0.6, 1.5))),
        Case("a batch of texts", (_logits(rng, 2, 3, 4), between(0.6, 1.5))),
        Case("very large logits", (_different(rng, 5) + 800, 1.0)),
        Case("logits far below zero", (_different(rng, 5) - 800, 1.0)),
        Case(
            "rows of very different heights",
            (_logits(rng, 3, 4) + heights, 2.0 ** _between(rng, -1, 1)),
        ),
        Case(
            "two logits far above the others",
            (_different(rng, 5) + far[rng.permutation(5)], 1.0),
        ),
        Case(
            "one logit far below the others",
            (_different(rng, 5) + deep[rng.permutation(5)], 1.0),
        ),
        Case("a tiny temperature", (torch.tensor(close)[rng.permutation(4)], tiny)),
        Case("the shipped model's logits", (_bets(rng), between(0.6, 1.4))),
        Case("a temperature of 0", (_different(rng, 4), 0.0)),
        Case("a temperature below 0", (_different(rng, 4), -between(0.3, 2))),
    ]


def _heated(change: Callable[[Tensor, float], Tensor]):
    """An answer that refuses what it should, and else does `change`."""

    def answer(logits, temperature):
        _positive(temperature)
        return change(logits, temperature)

    return answer


def _heat_zero_greedy(logits, temperature):
    if temperature < 0:
        raise ValueError("below 0")
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(-1), len(logits)).float()
    return _softmax(logits / temperature)


def _heat_zero_one(logits, temperature):
    if temperature < 0:
        raise ValueError("below 0")
    return _softmax(logits / (temperature or 1.0))


def _heat_let_zero(logits, temperature):
    if temperature < 0:
        raise ValueError("below 0")
    return _softmax(logits / temperature)


def _heat_let_negative(logits, temperature):
    if temperature == 0:
        raise ValueError("it is 0")
    return _softmax(logits / temperature)


def _heat_in_place(logits, temperature):
    logits -= logits.amax(-1, keepdim=True)
    return _softmax(logits / temperature)


def _heat_no_keepdim(logits, temperature):
    e = torch.exp((logits - logits.amax(-1, keepdim=True)) / temperature)
    return e / e.sum(-1)


def _heat_no_keepdim_at_all(logits, temperature):
    e = torch.exp((logits - logits.amax(-1)) / temperature)
    return e / e.sum(-1)


def _heat_sum_of_all(logits, temperature):
    e = torch.exp((logits - logits.amax(-1, keepdim=True)) / temperature)
    return e / e.sum()


def _heat_maximum_lost(logits, temperature):
    e = torch.exp((logits - logits.amax(-1)) / temperature)
    return e / e.sum(-1, keepdim=True)


def _heat_row_by_row(logits, temperature):
    return torch.stack([_heat_whole(row, temperature) for row in logits])


def _heat_first_axis(logits, temperature):
    e = torch.exp((logits - logits.amax(0)) / temperature)
    return e / e.sum(0)


def _heat_axis_one(logits, temperature):
    e = torch.exp((logits - logits.amax(1, keepdim=True)) / temperature)
    return e / e.sum(1, keepdim=True)


def _heat_whole(logits, temperature):
    e = torch.exp((logits - logits.max()) / temperature)
    return e / e.sum()


def _heat_plain(logits, temperature):
    e = torch.exp(logits / temperature)
    return e / e.sum()


_PROBABILITIES = (
    Mistake(
        "multiplied by the temperature",
        "Hot and cold are exchanged: your high temperatures sharpen and the low ones "
        "flatten. The logits are divided by the temperature, so a high one brings them "
        "closer together.",
        _heated(lambda z, t: _softmax(z * t)),
    ),
    Mistake(
        "the temperature comes after the softmax",
        "Your probabilities do not sum to one unless the temperature is 1. It is the "
        "logits that are divided by the temperature, before anything else happens.",
        _heated(lambda z, t: _softmax(z) / t),
    ),
    Mistake(
        "the temperature is ignored",
        "Your answer is that of temperature 1, whatever the temperature. Is it used at "
        "all, or does it cancel out, dividing both the shares and their sum?",
        _heated(lambda z, t: _softmax(z)),
    ),
    Mistake(
        "the exponential overflows",
        "The exponential of a large logit is infinite, that of a very low one is 0, and "
        "their quotient is no number. Take the largest logit of each row away first: "
        "the probabilities stay the same, and nothing is above 1.",
        _heated(lambda z, t: _softmax(z / t, 0.0)),
    ),
    Mistake(
        "the maximum of all rows",
        "You take away the largest logit of all rows together. In a row far below it, "
        "every exponential becomes 0, and 0 divided by 0 is no number. Each row has a "
        "maximum of its own.",
        _heated(lambda z, t: _softmax(z / t, z.max() / t)),
    ),
    Mistake(
        "the minimum is taken away",
        "You take away the smallest logit. That keeps the others above 0, where the "
        "exponential may still be infinite: take away the largest.",
        _heated(lambda z, t: _softmax(z / t, z.amin(-1, keepdim=True) / t)),
    ),
    Mistake(
        "softmax over the first axis",
        "With several rows, your columns sum to one. Each row is a distribution over "
        "the tokens, and the tokens are the last axis, however many there are.",
        _heated(_heat_first_axis),
    ),
    Mistake(
        "softmax over axis 1",
        "You always work along axis 1. The tokens are the last axis, which is another "
        "one for a single vector and for a batch: count it from the end, as -1.",
        _heated(_heat_axis_one),
    ),
    Mistake(
        "softmax over everything",
        "With several rows, only all of them together sum to one. Each row is a "
        "distribution of its own: say over which axis you add up.",
        _heated(_heat_whole),
    ),
    Mistake(
        "the sum of everything",
        "Maximum and exponential are taken row by row, but you divide by the sum of all "
        "rows together. Each row is a distribution of its own: add up along its axis "
        "only, and keep that axis.",
        _heated(_heat_sum_of_all),
    ),
    Mistake(
        "the maximum has lost its axis",
        "The maximum of each row has lost its axis, so it meets the columns instead of "
        "the rows, or nothing that fits. Keep the axis there, as you do in the sum.",
        _heated(_heat_maximum_lost),
    ),
    Mistake(
        "one round a row",
        "Your loop makes one distribution of whatever it meets along the first axis. In "
        "a single vector these are single numbers, and each becomes 1; in a batch, whole "
        "texts. Without a loop: work along the last axis.",
        _heated(_heat_row_by_row),
    ),
    Mistake(
        "the maximum is not divided",
        "You divide the logits by the temperature, and then take away a maximum that was "
        "not divided. At low temperatures the exponential may still be infinite. Take "
        "away the largest of what goes into the exponential.",
        _heated(lambda z, t: _softmax(z / t, z.amax(-1, keepdim=True))),
    ),
    Mistake(
        "the maximum of all rows, not divided",
        "You take away the largest logit of all rows, as it was before the division by "
        "the temperature. Each row has a maximum of its own: take it of what goes into "
        "the exponential.",
        _heated(lambda z, t: _softmax(z / t, z.max())),
    ),
    Mistake(
        "the mean is taken away",
        "You take away the mean of each row. A logit far above the mean still makes the "
        "exponential infinite: take away the largest, so that nothing is above 0.",
        _heated(lambda z, t: _softmax(z / t, (z / t).mean(-1, keepdim=True))),
    ),
    Mistake(
        "the mean of all rows is taken away",
        "You take away the mean of everything. A row far above it still makes the "
        "exponential infinite, and one far below only zeros. Take from each row its own "
        "largest logit.",
        _heated(lambda z, t: _softmax(z / t, (z / t).mean())),
    ),
    Mistake(
        "the sum has lost its axis",
        "The sum of each row has lost its axis, so it meets the columns instead of the "
        "rows, or nothing that fits. Keep the axis when you add up.",
        _heated(_heat_no_keepdim),
    ),
    Mistake(
        "maximum and sum have lost their axis",
        "Maximum and sum of each row have lost their axis, so they meet the columns "
        "instead of the rows, or nothing that fits. Keep the axis in both.",
        _heated(_heat_no_keepdim_at_all),
    ),
    Mistake(
        "the maximum is a pair",
        "Did your function end in a TypeError? Along an axis, `max` gives two things, "
        "the largest values and where they stand. Take the values, or ask for `amax`.",
        _heated(lambda z, t: z - z.max(-1)),
    ),
    Mistake(
        "no softmax",
        "You divide by the temperature and stop there. These are still logits: the "
        "exponential makes them positive, and dividing by the sum makes shares of them.",
        _heated(lambda z, t: z / t),
    ),
    Mistake(
        "divided by the sum without an exponential",
        "Your shares sum to one, but some are negative. The exponential comes first: it "
        "makes every logit a positive number.",
        _heated(lambda z, t: z / t / (z / t).sum(-1, keepdim=True)),
    ),
    Mistake(
        "not divided by the sum",
        "Your largest number is always 1, so they are not yet shares. Divide by the sum "
        "of the row.",
        _heated(lambda z, t: torch.exp((z - z.amax(-1, keepdim=True)) / t)),
    ),
    Mistake(
        "the exponential alone",
        "Your numbers are positive, but they do not sum to one: divide by the sum of the "
        "row. And take the largest logit away before, or a large one becomes infinite.",
        _heated(lambda z, t: torch.exp(z / t)),
    ),
    Mistake(
        "logarithms of probabilities",
        "All your numbers are negative: they are the logarithms of the probabilities. "
        "Draw from the probabilities themselves.",
        _heated(lambda z, t: torch.log(_softmax(z / t))),
    ),
    Mistake(
        "a sigmoid for each",
        "You treat every logit by itself, as a yes or no. The tokens compete: what one "
        "gets, the others lose, so the row has to sum to one.",
        _heated(lambda z, t: torch.sigmoid(z / t)),
    ),
    Mistake(
        "nothing is refused",
        "A temperature of 0 divides by zero, and one below 0 makes the worst token the "
        "best. Raise a ValueError for both, before you compute.",
        lambda z, t: _softmax(z / t),
    ),
    Mistake(
        "0 is let through",
        "A temperature of 0 gets through, and dividing by it gives no numbers. It has to "
        "be above 0: raise a ValueError for 0 as well.",
        _heat_let_zero,
    ),
    Mistake(
        "a negative temperature is let through",
        "A temperature below 0 gets through, and turns the worst token into the best. "
        "Raise a ValueError for it, as you do for 0.",
        _heat_let_negative,
    ),
    Mistake(
        "0 is taken for greedy",
        "At a temperature of 0 you give everything to the likeliest token. That is what "
        "it comes close to, but this function refuses it: greedy is a step of its own.",
        _heat_zero_greedy,
    ),
    Mistake(
        "0 is taken for 1",
        "At a temperature of 0 you compute as if it were 1. Whoever asks for 0 wants "
        "something that this function cannot give: raise a ValueError.",
        _heat_zero_one,
    ),
    Mistake(
        "the caller's logits are changed",
        "The probabilities are right, but the logits that you were given have changed, "
        "and they belong to the caller. An operator such as `-=` works in place: make a "
        "new tensor.",
        _heated(_heat_in_place),
    ),
    Mistake(
        "the exponential overflows, and nothing is refused",
        "Two things at once. The exponential of a large logit is infinite: take the "
        "largest of each row away first. And raise a ValueError for a temperature of 0 "
        "or below.",
        lambda z, t: _softmax(z / t, 0.0),
    ),
    Mistake(
        "softmax over everything, and the exponential overflows",
        "Two things at once. Each row is a distribution of its own: add up along the "
        "last axis only. And the exponential of a large logit is infinite: take the "
        "largest of each row away first.",
        _heated(_heat_plain),
    ),
    Mistake(
        "softmax over everything, and nothing is refused",
        "Two things at once. Each row is a distribution of its own: take maximum and "
        "sum along the last axis only. And raise a ValueError for a temperature of 0 or "
        "below.",
        _heat_whole,
    ),
    Mistake(
        "the bare formula over everything",
        "Three things. Each row is a distribution of its own: add up along the last "
        "axis only. Take the largest logit of each row away first, so that none becomes "
        "infinite. And raise a ValueError for a temperature of 0 or below.",
        _heat_plain,
    ),
)


# ---------------------------------------------------------------------------------
# greedy
# ---------------------------------------------------------------------------------


def _draw_greedy(rng: np.random.Generator) -> list[Case]:
    # After the best come others that beat the first, but the last one never does.
    first = _falling(rng, 6)[[3, 4, 0, 1, 2, 5]]
    last = _falling(rng, 5).flip(0)
    below = _falling(rng, 5)[[2, 3, 0, 1, 4]] - 5
    deep = _falling(rng, 5)[[3, 0, 2, 1, 4]] - 2000
    few = _logits(rng, 8, most=8)
    few[torch.from_numpy(rng.choice(np.arange(1, 8), 3, replace=False))] = 2.0
    return [
        Case("six tokens", (first,)),
        Case("the likeliest token comes last", (last,)),
        Case("logits that are all below zero", (below,)),
        Case("logits far below zero", (deep,)),
        Case("several tokens equally likely", (few,)),
        Case("all tokens equally likely", (torch.full((4,), rng.normal()),)),
        Case("a vocabulary of one token", (torch.tensor([-1 - rng.random()]).float(),)),
        Case("the shipped model's logits", (_bets(rng),)),
    ]


def _falling(rng: np.random.Generator, n: int) -> Tensor:
    return _different(rng, n).sort(descending=True).values


def _greedy_from(low: float, none: int | None):
    """The first of the largest above `low`, or else `none`."""

    def answer(logits):
        return int(logits.argmax()) if logits.max() > low else none

    return answer


def _greedy_against_the_first(logits):
    return int((logits > logits[0]).nonzero().max()) if logits[0] < logits.max() else 0


_GREEDY = (
    Mistake(
        "the value instead of the id",
        "You give back how large the largest logit is. Asked for is which token has it: "
        "its place, counted from 0.",
        lambda logits: float(logits.max()),
    ),
    Mistake(
        "the value, as a tensor",
        "You give back the largest logit itself, in a tensor. Asked for is its place, "
        "counted from 0, as a plain integer.",
        lambda logits: logits.max(),
    ),
    Mistake(
        "a tensor instead of an integer",
        "This is the right id, but in a tensor. Make a plain Python integer of it.",
        lambda logits: logits.argmax(),
    ),
    Mistake(
        "the last of equals",
        "Where several tokens are equally likely you take the last one. Take the one "
        "with the smallest id: a later one must be strictly better to win.",
        lambda logits: len(logits) - 1 - int(logits.flip(0).argmax()),
    ),
    Mistake(
        "the least likely",
        "You take the least likely token. Did you sort upwards, or ask for the minimum?",
        lambda logits: int(logits.argmin()),
    ),
    Mistake(
        "the search begins at 0",
        "Where all logits are below zero, none beats the one you begin with. Do not "
        "begin at 0: begin with the first logit.",
        lambda logits: int(logits.clamp(min=0).argmax()),
    ),
    Mistake(
        "the search begins at 0, and may find nothing",
        "Where all logits are below zero, none beats the 0 you begin with, and nothing "
        "is found. Begin with the first logit and its id.",
        _greedy_from(0.0, None),
    ),
    Mistake(
        "the search begins too high",
        "Where all logits lie far below zero, none beats the number that you begin with, "
        "however low it looked. Begin with the first logit itself.",
        _greedy_from(-1000.0, 0),
    ),
    Mistake(
        "the search begins too high, and may find nothing",
        "Where all logits lie far below zero, none beats the number that you begin with, "
        "and nothing is found. Begin with the first logit itself, and its id.",
        _greedy_from(-1000.0, None),
    ),
    Mistake(
        "compared with the first only",
        "You give back the last token that beats the first one. When a better one is "
        "found, both have to change: its id, and the value that the next must beat.",
        _greedy_against_the_first,
    ),
    Mistake(
        "the end of the first round",
        "You always give back id 0. Does `return` stand inside the loop? It has to wait "
        "until all logits have been seen.",
        lambda logits: 0,
    ),
    Mistake(
        "without its sign",
        "You look at the size of a logit and forget its sign. A logit of -3 is a bad "
        "one, however far from zero it is.",
        lambda logits: int(logits.abs().argmax()),
    ),
    Mistake(
        "counted from 1",
        "Your ids are one too large. The first token has the id 0.",
        lambda logits: int(logits.argmax()) + 1,
    ),
    Mistake(
        "a list of all the best",
        "You give back a list of all tokens that have the largest logit. Asked for is "
        "one id: the smallest of them.",
        lambda logits: (logits == logits.max()).nonzero()[:, 0].tolist(),
    ),
    Mistake(
        "always the last place",
        "You always give back the last id. Is a variable of the loop given back, "
        "instead of the best place that it has seen?",
        lambda logits: len(logits) - 1,
    ),
)


# ---------------------------------------------------------------------------------
# keep_top_k
# ---------------------------------------------------------------------------------


def _tied(rng: np.random.Generator) -> tuple[Tensor, int]:
    """Eight shares, four of them equal, and how many are larger than these."""
    equal = 2 * _between(rng, 10, 16)
    small = [int(i) for i in rng.choice(np.arange(2, 9), 2, replace=False)]
    rest = 256 - 4 * equal - sum(small)
    large = _between(rng, equal + 4, rest - equal - 4)
    parts = np.array([equal] * 4 + [large, rest - large, *small])
    return _of(parts[rng.permutation(8)].tolist()), 2


def _with_zeros(rng: np.random.Generator, p: Tensor, *places: int) -> Tensor:
    """p with tokens of probability 0 put in before these places."""
    return torch.from_numpy(np.insert(p.numpy(), places, 0.0))


def _flat(rng: np.random.Generator) -> Tensor:
    """The shipped model's probabilities at a high temperature, which leaves a tail."""
    return _oracle_probabilities(_bets(rng), round(float(rng.uniform(2.5, 4)), 2))


def _draw_top_k(rng: np.random.Generator) -> list[Case]:
    tied, larger = _tied(rng)
    zeros = _with_zeros(rng, _shares(rng, 4), 1, 3)
    alike = _of(rng.permutation([32] * 8 + [0] * 6).tolist())
    return [
        Case("the two likeliest of five", (_shares(rng, 5, 32, 2), 2)),
        Case("the likeliest alone", (_shares(rng, 5, 32, 2), 1)),
        Case("all but one", (_shares(rng, 6), 5)),
        Case("as many as there are tokens", (_shares(rng, 5), 5)),
        Case("equally likely tokens at the line", (tied, larger + 2)),
        Case("all that have a share equally likely", (alike, _between(rng, 2, 4))),
        Case("tokens of probability 0", (zeros, 5)),
        Case("the shipped model's probabilities", (_flat(rng), _between(rng, 5, 20))),
        Case("k = 0", (_shares(rng, 5), 0)),
        Case("k below 0", (_shares(rng, 5), -_between(rng, 1, 3))),
        Case("k above the number of tokens", (_shares(rng, 4), _between(rng, 5, 9))),
    ]


def _in_k(change: Callable[[Tensor, int], object]):
    """An answer that refuses what it should, and else does `change`."""

    def answer(p, k):
        _k_in_range(p, k)
        return change(p, k)

    return answer


def _k_let_zero(p, k):
    if k < 0 or k > len(p):
        raise ValueError("k is out of range")
    return _top_k(p, k)


def _k_let_negative(p, k):
    if k == 0 or k > len(p):
        raise ValueError("k is out of range")
    return _top_k(p, k)


def _k_let_large(p, k):
    if k < 1:
        raise ValueError("k is too small")
    return _top_k(p, k)


def _k_below_n(p, k):
    if not 1 <= k < len(p):
        raise ValueError("k is out of range")
    return _top_k(p, k)


def _k_in_place(p, k):
    p[_order(p)[k:]] = 0.0
    return p / p.sum()


def _k_threshold(p, k):
    return _kept(p, p >= p.sort(descending=True).values[k - 1])


def _k_threshold_in_place(p, k):
    p[p < p.sort(descending=True).values[k - 1]] = 0.0
    return p / p.sum()


def _k_above_threshold(p, k):
    return _kept(p, p > p.sort(descending=True).values[k - 1])


def _k_sorted(p, k):
    return _kept(p.sort(descending=True).values, torch.arange(k))


def _k_values(p, k):
    values = p.sort(descending=True).values[:k]
    return values / values.sum()


def _k_softmax(p, k):
    kept = torch.full_like(p, -torch.inf)
    ids = _order(p)[:k]
    kept[ids] = p[ids]
    return _softmax(kept)


def _k_all_softmax(p, k):
    return _softmax(_top_k(p, k))


def _k_equal(p, k):
    return _kept(torch.ones_like(p), _order(p)[:k])


def _k_spread(p, k):
    ids = _order(p)[:k]
    kept = _kept(p, ids, 1.0)
    kept[ids] += (1 - kept.sum()) / k
    return kept


def _k_to_the_first(p, k):
    kept = _kept(p, _order(p)[:k], 1.0)
    kept[_order(p)[0]] += 1 - kept.sum()
    return kept


def _k_round_by_round(p, k):
    kept = torch.zeros_like(p)
    for i in _order(p)[:k]:
        kept[i] = p[i]
        kept = kept / kept.sum()
    return kept


def _later_first(p: Tensor) -> Tensor:
    """The ids from the likeliest on; of equals, the larger id first."""
    return p.argsort(stable=True).flip(0)


_TOP_K = (
    Mistake(
        "one too many",
        "You keep one token too many: k + 1. A slice that ends at k leaves k itself out "
        "already.",
        _in_k(lambda p, k: _top_k(p, k, 1)),
    ),
    Mistake(
        "one too few",
        "You keep one token too few, and for k = 1 none. Count them: k are to be kept.",
        _in_k(lambda p, k: _top_k(p, k, -1)),
    ),
    Mistake(
        "not divided by the sum",
        "You keep the right tokens, but what is left does not sum to one any more. "
        "Divide by what the kept ones have together.",
        _in_k(lambda p, k: _kept(p, _order(p)[:k], 1.0)),
    ),
    Mistake(
        "all that are as likely as the last kept",
        "Where several tokens are equally likely at the line, you keep them all, more "
        "than k. Choose places, not a threshold: k ids, the smaller ones first.",
        _in_k(_k_threshold),
    ),
    Mistake(
        "only what is above the last kept",
        "You drop the k-th token itself, and with it all that are as likely. And where "
        "nothing is left, 0 is divided by 0.",
        _in_k(_k_above_threshold),
    ),
    Mistake(
        "of equals, the larger ids",
        "Of equally likely tokens you keep those with the larger ids. Of equals the "
        "smaller id goes first. Turning an upward sorting around turns equals around, "
        "too; sorting downwards, with `stable`, does not.",
        _in_k(lambda p, k: _kept(p, _later_first(p)[:k])),
    ),
    Mistake(
        "the first k ids",
        "You keep the tokens with the ids 0 to k - 1, whatever their probability. Sort "
        "by probability, the largest first, and keep the ids that come first then.",
        _in_k(lambda p, k: _kept(p, torch.arange(k))),
    ),
    Mistake(
        "the k least likely",
        "You keep the least likely tokens: your sorting goes upwards.",
        _in_k(lambda p, k: _kept(p, p.argsort(stable=True)[:k])),
    ),
    Mistake(
        "the sorting is not undone",
        "The right probabilities, but in sorted order. Each has to stand at the place of "
        "its token: the place is the id.",
        _in_k(_k_sorted),
    ),
    Mistake(
        "only k numbers",
        "Your answer has only k numbers, so no one can tell which tokens they belong to. "
        "It should be as long as `p`, with 0 for every token that is dropped.",
        _in_k(_k_values),
    ),
    Mistake(
        "the ids of the kept",
        "You give back the ids that are kept. Asked for are probabilities: as many as "
        "there were, 0 for what is dropped.",
        _in_k(lambda p, k: _order(p)[:k].tolist()),
    ),
    Mistake(
        "a softmax of the kept",
        "Your kept tokens have come closer together. They are probabilities already: a "
        "softmax belongs on logits. Divide by their sum, so that twice as likely stays "
        "twice as likely.",
        _in_k(_k_softmax),
    ),
    Mistake(
        "a softmax of everything",
        "The dropped tokens are back, since the exponential of 0 is 1. What is left "
        "is no logits but probabilities: divide by their sum.",
        _in_k(_k_all_softmax),
    ),
    Mistake(
        "a softmax of what was kept",
        "The zeros of the dropped tokens go through an exponential, and that of 0 is 1: "
        "they are back. What you kept are shares, no logits: divide them by their sum.",
        _in_k(lambda p, k: _softmax(_kept(p, _order(p)[:k], 1.0))),
    ),
    Mistake(
        "the sorting is taken for ranks",
        "You compare the sorted ids with k, as if they were ranks. At place 0 of that "
        "list stands the id of the likeliest token, not the rank of token 0. The first k "
        "entries are the ids to keep.",
        _in_k(lambda p, k: _kept(p, _order(p) < k)),
    ),
    Mistake(
        "divided in every round",
        "You divide by the sum in every round of the loop, so the early ones grow again "
        "and again. First keep all k, then divide once, after the loop.",
        _in_k(_k_round_by_round),
    ),
    Mistake(
        "the kept are dropped",
        "You set the likeliest k to 0 and keep the others. It is the rest of the sorted "
        "ids that has to go.",
        _in_k(lambda p, k: _kept(p, _order(p)[k:])),
    ),
    Mistake(
        "whole numbers",
        "Your new tensor holds whole numbers, and a share becomes 0 in it; then 0 is "
        "divided by 0. Make one of the same kind as `p`: `zeros_like` does.",
        _in_k(lambda p, k: _kept(torch.zeros_like(p), _order(p)[:k])),
    ),
    Mistake(
        "all kept alike",
        "All kept tokens have the same probability now. Among them, the likelier stays "
        "likelier: keep their shares and divide by the sum.",
        _in_k(_k_equal),
    ),
    Mistake(
        "the rest spread evenly",
        "You share out evenly what the dropped ones had, so the kept come closer "
        "together. Divide by the sum: then each grows by the same factor.",
        _in_k(_k_spread),
    ),
    Mistake(
        "the rest for the first",
        "The likeliest token gets all that the dropped ones had. Divide by the sum: then "
        "all of the kept grow by the same factor.",
        _in_k(_k_to_the_first),
    ),
    Mistake(
        "nothing is dropped",
        "Nothing is dropped: you give back what you were given. Does your answer use "
        "the ids that you have found?",
        _in_k(lambda p, k: p.clone()),
    ),
    Mistake(
        "nothing is refused",
        "A k that makes no sense gets through: 0, a negative one, or more tokens than "
        "there are. A slice forgives all of them silently. Raise a ValueError first.",
        _top_k,
    ),
    Mistake(
        "0 is let through",
        "With k = 0 nothing is kept, and then 0 is divided by 0. Raise a ValueError for it.",
        _k_let_zero,
    ),
    Mistake(
        "a negative k is let through",
        "A negative k gets through. A slice takes it to count from the end: raise a "
        "ValueError for everything below 1.",
        _k_let_negative,
    ),
    Mistake(
        "a large k is let through",
        "A k above the number of tokens gets through, since a slice forgives it. Who "
        "asks for more than there are has made an error: raise a ValueError.",
        _k_let_large,
    ),
    Mistake(
        "all of them are refused",
        "Keeping all tokens is allowed: k may be as large as their number. Only beyond "
        "that is it an error.",
        _k_below_n,
    ),
    Mistake(
        "all that are as likely as the last kept, in the caller's probabilities",
        "Two things at once. A threshold keeps all that are as likely as the k-th token, "
        "more than k: choose ids instead. And your zeros stand in the caller's `p`: "
        "write into a new tensor.",
        _in_k(_k_threshold_in_place),
    ),
    Mistake(
        "not divided by the sum, and nothing is refused",
        "Two things at once. What is left does not sum to one: divide by what the kept "
        "ones have together. And a k below 1, or above the number of tokens, has to "
        "raise a ValueError.",
        lambda p, k: _kept(p, _order(p)[:k], 1.0),
    ),
    Mistake(
        "the caller's probabilities are changed",
        "The answer is right, but you have put zeros into the `p` that you were given, "
        "and it belongs to the caller. Work on a copy.",
        _in_k(_k_in_place),
    ),
)


# ---------------------------------------------------------------------------------
# keep_top_p
# ---------------------------------------------------------------------------------


def _line(p: Tensor, many: int, way: float = 1.0) -> float:
    """A line that the `many` likeliest tokens just reach, or where the last of them
    crosses it, `way` of its own share further on."""
    reached = np.cumsum(np.sort(p.double().numpy())[::-1])
    before = reached[many - 2] if many > 1 else 0.0
    return float(before + way * (reached[many - 1] - before))


def _draw_top_p(rng: np.random.Generator) -> list[Case]:
    def crossed(p: Tensor, many: int) -> tuple[Tensor, float]:
        return p, round(_line(p, many, float(rng.uniform(0.3, 0.6))), 3)

    def reached(p: Tensor, many: int) -> tuple[Tensor, float]:
        return p, _line(p, many)

    tied, larger = _tied(rng)
    equal = torch.full((8,), 1 / 8)
    model = _oracle_probabilities(_bets(rng), round(float(rng.uniform(1, 1.5)), 2))
    many = max(2, int((model > 0.03).sum()) - 1)
    return [
        Case(
            "two tokens, the second crosses the line",
            crossed(_shares(rng, 5, 32, 2), 2),
        ),
        Case("three tokens", crossed(_shares(rng, 6, 64, 3), 3)),
        Case("the line is reached exactly", reached(_shares(rng, 6), 3)),
        Case("the first token alone is enough", crossed(_shares(rng, 5, 32, 2), 1)),
        Case(
            "a tiny share", (_shares(rng, 5), round(float(rng.uniform(1, 9)) / 1e4, 5))
        ),
        Case("top_p = 1, which keeps all", (_shares(rng, 6), 1.0)),
        Case(
            "top_p = 1, and a sum that rounding left below 1",
            (_short(_shares(rng, 6)), 1.0),
        ),
        Case("equally likely tokens at the line", crossed(tied, larger + 2)),
        Case(
            "all tokens equally likely",
            (equal, round((_between(rng, 2, 5) + rng.uniform(0.3, 0.6)) / 8, 4)),
        ),
        Case(
            "tokens of probability 0",
            crossed(_with_zeros(rng, _shares(rng, 4), 0, 2), 3),
        ),
        Case("the shipped model's probabilities", crossed(model, many)),
        Case("top_p = 0", (_shares(rng, 5), 0.0)),
        Case("top_p below 0", (_shares(rng, 5), -round(float(rng.uniform(0.1, 1)), 2))),
        Case("top_p above 1", (_shares(rng, 5), round(float(rng.uniform(1.01, 9)), 2))),
    ]


def _in_p(change: Callable[[Tensor, float], object]):
    """An answer that refuses what it should, and else does `change`."""

    def answer(p, top_p):
        _p_in_range(top_p)
        return change(p, top_p)

    return answer


def _p_by_sum(rule: Callable[[Tensor, float], Tensor], first: bool = False):
    """Keeping the tokens for whose sum, with the likelier ones, `rule` holds; with
    `first`, the likeliest in any case."""

    def change(p, top_p):
        order = _order(p)
        keep = rule(p[order].cumsum(0), top_p)
        if first:
            keep[0] = True
        return _kept(p, order[keep])

    return change


def _p_before(rule: Callable[[Tensor, float], Tensor]):
    """Keeping the tokens for which `rule` holds for what the likelier ones have."""

    def change(p, top_p):
        order = _order(p)
        return _kept(p, order[rule(p[order].cumsum(0) - p[order], top_p)])

    return change


def _p_sorted(p, top_p):
    return _kept(p.sort(descending=True).values, torch.arange(len(_crossing(p, top_p))))


def _p_mask_not_moved(p, top_p):
    many = len(_crossing(p, top_p))
    return _kept(p, torch.arange(many))


def _p_wrong_way(p, top_p):
    """A mask in sorted order, fetched by `order` instead of put where it says."""
    order = _order(p)
    keep = p[order].cumsum(0) - p[order] < top_p
    return _kept(p, keep[order])


def _p_unsorted_sum(p, top_p):
    """The sums in the order of the ids, the ids in that of the probability."""
    return _kept(p, _order(p)[p.cumsum(0) - p < top_p])


def _p_single(p, top_p):
    """From the likeliest on, until a token alone reaches the line."""
    order = _order(p)
    alone = (p[order] >= top_p).nonzero()[:, 0]
    return _kept(p, order[: int(alone[0]) + 1] if len(alone) else order)


def _p_top_k(more: int):
    """As many as lie below the line, and `more`, by an own `keep_top_k`."""

    def change(p, top_p):
        many = int((p[_order(p)].cumsum(0) < top_p).sum()) + more
        _k_in_range(p, many)
        return _top_k(p, many)

    return change


def _p_loop(p, top_p):
    order, total, many = _order(p).tolist(), 0.0, 0
    while total < top_p:
        total += p[order[many]].item()
        many += 1
    return _top_k(p, many)


def _p_never_returns(p, top_p):
    reached = p[_order(p)].double().cumsum(0)[-1] >= top_p
    return _kept(p, _crossing(p, top_p)) if reached else None


def _p_through_a_view(p, top_p):
    """The first sorted share is the sum, and grows with it."""
    ids = _crossing(p, top_p)
    kept = _kept(p, ids, 1.0)
    kept[ids[0]] = kept.sum()
    return kept / kept.sum()


def _p_fraction(p, top_p):
    return _kept(p, _order(p)[: max(1, round(top_p * len(p)))])


def _p_all_tied(p, top_p):
    return _kept(p, p >= p[_crossing(p, top_p)].min())


def _p_values(p, top_p):
    values = p[_crossing(p, top_p)]
    return values / values.sum()


def _p_softmax(p, top_p):
    kept = torch.full_like(p, -torch.inf)
    ids = _crossing(p, top_p)
    kept[ids] = p[ids]
    return _softmax(kept)


def _p_in_place(p, top_p):
    dropped = torch.ones_like(p, dtype=torch.bool)
    dropped[_crossing(p, top_p)] = False
    p[dropped] = 0.0
    return p / p.sum()


def _p_checked(top_p: float, fine: bool) -> None:
    if not fine:
        raise ValueError(f"top_p is {top_p}")


def _p_let(rule: Callable[[float], bool]):
    """The right answer, behind a look at top_p that lets through what `rule` says."""

    def answer(p, top_p):
        _p_checked(top_p, rule(top_p))
        return _kept(p, _crossing(p, top_p))

    return answer


_TOP_P = (
    Mistake(
        "the token that crosses the line is dropped",
        "The token that crosses the line is missing, and where the first one crosses it, "
        "nothing is left. What is kept has to reach `top_p`: ask of each token what the "
        "likelier ones have together before it.",
        _in_p(_p_by_sum(lambda reached, top_p: reached <= top_p)),
    ),
    Mistake(
        "the token that crosses the line is dropped, except the first",
        "The token that crosses the line is missing, unless it is the first. What is "
        "kept has to reach `top_p`: ask of each token what the likelier ones have "
        "together before it.",
        _in_p(_p_by_sum(lambda reached, top_p: reached <= top_p, first=True)),
    ),
    Mistake(
        "the token that reaches the line is dropped too",
        "The token that reaches or crosses the line is missing; for `top_p` 1 that is "
        "the last one, and where the first one crosses it, nothing is left. Ask of each "
        "token what the likelier ones have together before it.",
        _in_p(_p_by_sum(lambda reached, top_p: reached < top_p)),
    ),
    Mistake(
        "the token that reaches the line is dropped too, except the first",
        "The token that reaches or crosses the line is missing, unless it is the first. "
        "Ask of each token what the likelier ones have together before it.",
        _in_p(_p_by_sum(lambda reached, top_p: reached < top_p, first=True)),
    ),
    Mistake(
        "one more where the line is reached exactly",
        "Where the kept tokens reach the line exactly, you keep one more. The fewest "
        "that reach it are enough: is yours a comparison that should be strict?",
        _in_p(_p_before(lambda before, top_p: before <= top_p)),
    ),
    Mistake(
        "always one too many",
        "You always keep one token too many. The one that crosses the line is the last.",
        _in_p(lambda p, t: _kept(p, _order(p)[: len(_crossing(p, t)) + 1])),
    ),
    Mistake(
        "one beyond the tokens",
        "For `top_p` 1, rounding may leave the sum of all tokens a little below the "
        "line. Your loop then asks for one token more than there are. Where the tokens "
        "end, the loop has to end, too.",
        _in_p(_p_loop),
    ),
    Mistake(
        "no answer below the line",
        "For `top_p` 1, rounding may leave the sum of all tokens a little below the "
        "line. Your loop then ends without having crossed it, and nothing is given back. "
        "After the loop, all tokens are kept.",
        _in_p(_p_never_returns),
    ),
    Mistake(
        "a k above the number of tokens",
        "For `top_p` 1, rounding may leave the sum of all tokens a little below the "
        "line. Then you count one token more than there are, and the count is refused as "
        "a k. There are never more to keep than all.",
        _in_p(_p_top_k(1)),
    ),
    Mistake(
        "a k that is one too small",
        "You count the tokens whose sum stays below the line. The one that crosses it is "
        "kept as well, so your k is one too small; where the first one crosses it, your "
        "k is 0, and that is refused.",
        _in_p(_p_top_k(0)),
    ),
    Mistake(
        "nothing is dropped",
        "Nothing is dropped. Does the sum that you compare with `top_p` grow with every "
        "token, and does the loop end there?",
        _in_p(lambda p, t: p / p.sum()),
    ),
    Mistake(
        "the likeliest grows with the sum",
        "The likeliest token gets too much. Does your sum begin as a piece of a tensor? "
        "Such a piece is a view, and what you add to it in place is added to the tensor: "
        "begin at 0.",
        _in_p(_p_through_a_view),
    ),
    Mistake(
        "the sum does not add up",
        "You go on until a single token reaches the line by itself. The probabilities "
        "have to be added up on the way: each one goes on top of those before.",
        _in_p(_p_single),
    ),
    Mistake(
        "the sums are of unsorted shares",
        "You add up in the order of the ids, but then keep in the order of the "
        "probability. Both have to be in one order: sort the probabilities before you "
        "add them up.",
        _in_p(_p_unsorted_sum),
    ),
    Mistake(
        "a threshold for single tokens",
        "You compare each probability by itself with `top_p`. It is a line for their "
        "sum: go from the likeliest on and add up.",
        _in_p(lambda p, t: _kept(p, p >= t)),
    ),
    Mistake(
        "a threshold for single tokens, from above",
        "You drop every token less likely than 1 minus `top_p`. It is a line for the "
        "sum: go from the likeliest on and add up.",
        _in_p(lambda p, t: _kept(p, p >= 1 - t)),
    ),
    Mistake(
        "a share of the vocabulary",
        "You keep a share of all tokens, counted. `top_p` is a share of the probability: "
        "sometimes one token has it, sometimes a hundred are needed.",
        _in_p(_p_fraction),
    ),
    Mistake(
        "the least likely first",
        "You begin with the least likely token. Sort downwards: the likeliest comes "
        "first.",
        _in_p(lambda p, t: _kept(p, _crossing(p, t, p.argsort(stable=True)))),
    ),
    Mistake(
        "in the order of the ids",
        "You add up in the order of the ids. The likeliest token comes first: sort by "
        "probability before you add up.",
        _in_p(lambda p, t: _kept(p, _crossing(p, t, torch.arange(len(p))))),
    ),
    Mistake(
        "the sorting is not undone",
        "You keep the right probabilities, but leave them in sorted order, where no place "
        "is an id any more. Carry each one back to the place of its token.",
        _in_p(_p_sorted),
    ),
    Mistake(
        "the mask stays in sorted order",
        "You have counted rightly how many to keep, but then keep that many from the "
        "left. Yes and no are in sorted order, `p` is in the order of the ids: carry "
        "each yes back to the id that it belongs to.",
        _in_p(_p_mask_not_moved),
    ),
    Mistake(
        "carried back in the wrong direction",
        "You carry yes and no back to the ids in the wrong direction. `order` says which "
        "id stands at each sorted place: write with it, do not read with it.",
        _in_p(_p_wrong_way),
    ),
    Mistake(
        "not divided by the sum",
        "You keep the right tokens, but they do not sum to one any more. Divide by what "
        "they have together.",
        _in_p(lambda p, t: _kept(p, _crossing(p, t), 1.0)),
    ),
    Mistake(
        "divided by top_p",
        "You divide by `top_p`, but the kept tokens mostly have more than that, as the "
        "last one crosses the line. Divide by their own sum.",
        _in_p(lambda p, t: _kept(p, _crossing(p, t), t)),
    ),
    Mistake(
        "of equals, the larger ids",
        "Among equally likely tokens, you begin with the larger ids; the smaller ones go "
        "first. Did you turn an upward sorting around? That turns equals around, too. "
        "Sort downwards, with `stable`.",
        _in_p(lambda p, t: _kept(p, _crossing(p, t, _later_first(p)))),
    ),
    Mistake(
        "all that are as likely as the last kept",
        "Where several tokens are equally likely at the line, you keep them all. Keep "
        "the fewest that reach it, of equals the smaller ids: choose places, not a "
        "threshold.",
        _in_p(_p_all_tied),
    ),
    Mistake(
        "only the kept numbers",
        "Your answer has only the kept numbers, so no one can tell which tokens they "
        "belong to. It should be as long as `p`, with 0 for every token that is dropped.",
        _in_p(_p_values),
    ),
    Mistake(
        "the ids of the kept",
        "You give back the ids that are kept. Asked for are probabilities: as many as "
        "there were, with 0 for what is dropped.",
        _in_p(lambda p, t: _crossing(p, t).tolist()),
    ),
    Mistake(
        "a softmax of the kept",
        "Your kept tokens have come closer together. They are probabilities already, "
        "and a softmax belongs on logits: divide by their sum.",
        _in_p(_p_softmax),
    ),
    Mistake(
        "nothing is refused",
        "A `top_p` that is no share gets through: 0, below 0, or above 1. It has to be "
        "above 0 and at most 1: raise a ValueError for all else.",
        lambda p, t: _kept(p, _crossing(p, t)),
    ),
    Mistake(
        "the token that crosses the line is dropped, and nothing is refused",
        "Two things at once. The token that crosses the line is missing: ask of each "
        "what the likelier ones have together before it. And a `top_p` of 0 or below, or "
        "above 1, has to raise a ValueError.",
        _p_by_sum(lambda reached, top_p: reached <= top_p),
    ),
    Mistake(
        "the token that reaches the line is dropped too, and nothing is refused",
        "Two things at once. The token that reaches or crosses the line is missing: ask "
        "of each what the likelier ones have together before it. And a `top_p` of 0 or "
        "below, or above 1, has to raise a ValueError.",
        _p_by_sum(lambda reached, top_p: reached < top_p),
    ),
    Mistake(
        "one more where the line is reached exactly, and nothing is refused",
        "Two things at once. Where the kept tokens reach the line exactly, that is "
        "enough, and you keep one more. And a `top_p` of 0 or below, or above 1, has to "
        "raise a ValueError.",
        _p_before(lambda before, top_p: before <= top_p),
    ),
    Mistake(
        "nothing is refused, and one always kept",
        "You always keep a token, and so a `top_p` of 0 or below gives an answer; above "
        "1, too. It has to be above 0 and at most 1: raise a ValueError for all else.",
        lambda p, t: _kept(p, _crossing(p, max(t, 1e-9))),
    ),
    Mistake(
        "0 is let through",
        "A `top_p` of 0 gets through. Nothing is kept then, and 0 is divided by 0: it "
        "has to be above 0.",
        _p_let(lambda t: 0 <= t <= 1),
    ),
    Mistake(
        "above 1 is let through",
        "A `top_p` above 1 gets through. More than everything cannot be reached: raise a "
        "ValueError.",
        _p_let(lambda t: t > 0),
    ),
    Mistake(
        "1 is refused",
        "A `top_p` of 1 is allowed: it keeps everything. Only beyond that is it an "
        "error.",
        _p_let(lambda t: 0 < t < 1),
    ),
    Mistake(
        "the caller's probabilities are changed",
        "The answer is right, but the `p` that you were given has lost its small shares. "
        "The caller may still need it: write into a new tensor.",
        _in_p(_p_in_place),
    ),
)


# ---------------------------------------------------------------------------------
# draw
# ---------------------------------------------------------------------------------


def _still_short(rng: np.random.Generator, n: int) -> Tensor:
    """Shares with a sum below 1, and also after a division by it in float32."""
    while True:
        p = _short(_shares(rng, n))
        again = (p / p.sum()).numpy()
        if again.astype(float).sum() < 1 - 2.0**-25 and again.cumsum()[-1] <= 1:
            return p


def _draw_draw(rng: np.random.Generator) -> list[Case]:
    def inside(p: Tensor, i: int, *way: float) -> tuple[Tensor, float]:
        return p, _inside(rng, p, i, *way)

    def border(p: Tensor, i: int) -> tuple[Tensor, float]:
        return p, float(p.double().cumsum(0)[i])

    near_one = [1 - _between(rng, 1, 7) * 2.0**-24 for _ in range(2)]
    nearer = 1 - _between(rng, 1, 7) * 2.0**-28  # 1 in float32
    nearest = 1 - _between(rng, 1, 1 << 20) * 2.0**-44
    only = torch.zeros(_between(rng, 3, 5))
    only[0] = 1 - _between(rng, 1, 7) * 2.0**-22
    zeros = _with_zeros(rng, _shares(rng, 5), 2, 3)
    begin = _with_zeros(rng, _shares(rng, 4), *[0] * _between(rng, 1, 3))
    end = _with_zeros(rng, _shares(rng, 4), *[4] * _between(rng, 1, 3))
    over = _with_zeros(rng, _still_short(rng, 5), *[5] * _between(rng, 1, 3))
    model = _oracle_probabilities(_bets(rng), round(float(rng.uniform(0.8, 1.2)), 2))
    large = (model > 0.03).nonzero()[:, 0].tolist()
    return [
        Case(
            "a point in the middle", inside(_shares(rng, 5, 32, 2), _between(rng, 1, 3))
        ),
        Case(
            "a point at the beginning of a share",
            inside(_shares(rng, 5, 32, 2), _between(rng, 2, 3), 0.1, 0.2),
        ),
        Case("a point in the last share", inside(_shares(rng, 6, 64, 3), 5)),
        Case(
            "a point exactly on a border",
            border(_shares(rng, 6), _between(rng, 1, 3)),
        ),
        Case("a border before tokens of probability 0", border(zeros, 1)),
        Case("tokens of probability 0 on the way", inside(zeros, _between(rng, 4, 5))),
        Case("u = 0, and the first tokens have probability 0", (begin, 0.0)),
        Case("u near 1, and the last tokens have probability 0", (end, near_one[0])),
        Case(
            "u beyond a sum that rounding left below 1",
            (_short(_shares(rng, 6)), near_one[1]),
        ),
        Case(
            "u beyond the sum, and the last tokens have probability 0",
            (over, nearer),
        ),
        Case("u beyond the sum, and only token 0 has a share", (only, nearest)),
        Case(
            "the shipped model's probabilities",
            inside(model, int(rng.choice([i for i in large if i]))),
        ),
    ]


def _draw_single(p, u):
    above = (p > u).nonzero()[:, 0]
    return int(above[0]) if len(above) else len(p) - 1


def _draw_single_none(p, u):
    above = (p > u).nonzero()[:, 0]
    return int(above[0]) if len(above) else None


def _draw_likeliest_first(p, u):
    order = _order(p)
    return int(order[_drawn(p[order], u)])


def _draw_sorted_place(p, u):
    return _drawn(p[_order(p)], u)


def _draw_rarest_first(p, u):
    order = p.argsort(stable=True)
    return int(order[_drawn(p[order], u)])


def _draw_falls_off(p, u):
    i = _searched(p, u)
    return i if i < len(p) else None


def _draw_border_before(p, u):
    return min(_searched(p, u, right=False), int(p.nonzero().max()))


def _draw_border_before_none(p, u):
    i = _searched(p, u, right=False)
    return i if i < len(p) else None


def _draw_border_before_over(p, u):
    return _searched(p, u, right=False)


def _draw_first_true(right: bool):
    """The first place at which a share ends beyond u; 0 where none does."""

    def answer(p, u):
        i = _searched(p, u, right)
        return i if i < len(p) else 0

    return answer


def _draw_sum_before(p, u):
    """The first token for which the sum before it is beyond u."""
    i = _searched(p, u) + 1
    return i if i < len(p) else None


def _last(p: Tensor) -> int:
    return int(p.nonzero().max())


def _draw_sum_before_or_last(p, u):
    i = _draw_sum_before(p, u)
    return _last(p) if i is None else i


def _draw_sum_before_or_last_id(p, u):
    i = _draw_sum_before(p, u)
    return len(p) - 1 if i is None else i


def _draw_likeliest_first_none(p, u):
    order = _order(p)
    i = _searched(p[order], u)
    return int(order[i]) if i < len(p) else None


def _draw_divided(p, u):
    """Divided by the sum, which may still miss 1; the number of shares beyond that."""
    return _searched(p / p.sum(), u)


def _draw_divided_none(p, u):
    i = _draw_divided(p, u)
    return i if i < len(p) else None


def _draw_first_above_0(p, u):
    """The right one; beyond the sum the last share, but token 0 is never looked at."""
    i = _drawn(p, u)
    return i if i or _searched(p, u) < len(p) else None


def _draw_turned(p, u):
    """The first share that ends before u, or else the last."""
    ends = (p.double().cumsum(0) < u).nonzero()[:, 0]
    return int(ends[0]) if len(ends) else _last(p)


def _draw_both_strict(p, u):
    i = _searched(p, u)
    inside = i < len(p) and u > p.double().cumsum(0)[i] - p[i]
    return i if inside else None


def _draw_both_strict_or_last(p, u):
    i = _draw_both_strict(p, u)
    return _last(p) if i is None else i


def _draw_index_error(p, u):
    return range(len(p))[_searched(p, u)]


_DRAW = (
    Mistake(
        "always the likeliest",
        "You always draw the likeliest token, whatever `u` is. That is greedy. Here the "
        "point `u` decides: in whose share does it lie?",
        lambda p, u: int(p.argmax()),
    ),
    Mistake(
        "a point on a border belongs to the token before",
        "On a border between two shares you take the token before it. A share begins at "
        "its left border and ends just before the right one. Otherwise a token of "
        "probability 0 can be drawn, as for `u` = 0.",
        _draw_border_before,
    ),
    Mistake(
        "a border belongs to the token before, and a point may fall off the end",
        "Two things at once: a point on a border belongs to the token after it, not "
        "before. And where rounding left the sum below 1, `u` may lie beyond it: then "
        "your loop ends without an answer.",
        _draw_border_before_none,
    ),
    Mistake(
        "a border belongs to the token before, and a point may lie beyond the last",
        "Two things at once: a point on a border belongs to the token after it, not "
        "before. And where rounding left the sum below 1, `u` may lie beyond it: the id "
        "that you give then does not exist.",
        _draw_border_before_over,
    ),
    Mistake(
        "falls off the end",
        "The shares are rounded, so their sum may miss 1 a little, and `u` may lie "
        "beyond it. Your loop then ends without an answer. Draw the last token that has "
        "a share.",
        _draw_falls_off,
    ),
    Mistake(
        "an id that does not exist",
        "The shares are rounded, so their sum may miss 1 a little, and `u` may lie "
        "beyond it. The id that you give then is one too large for the vocabulary. Draw "
        "the last token that has a share.",
        lambda p, u: _searched(p, u),
    ),
    Mistake(
        "an error beyond the sum",
        "The shares are rounded, so their sum may miss 1 a little, and `u` may lie "
        "beyond it. Nothing is found there, and you still ask for it. Draw the last "
        "token that has a share.",
        _draw_index_error,
    ),
    Mistake(
        "beyond the sum, a token of probability 0",
        "Where `u` lies beyond a sum that rounding left below 1, you draw the last id, "
        "even if its probability is 0. Such a token must never be drawn: take the last "
        "one that has a share.",
        lambda p, u: min(_searched(p, u), len(p) - 1),
    ),
    Mistake(
        "beyond the sum, the first token",
        "Where `u` lies beyond a sum that rounding left below 1, no share ends after it. "
        "Asked for the first true one of none, `argmax` says 0. Draw the last token that "
        "has a share.",
        _draw_first_true(True),
    ),
    Mistake(
        "a border belongs to the token before, and beyond the sum lies the first",
        "Two things at once: a point on a border belongs to the token after it. And "
        "where `u` lies beyond a sum that rounding left below 1, `argmax` finds nothing "
        "true and says 0: draw the last token that has a share.",
        _draw_first_true(False),
    ),
    Mistake(
        "the sum before instead of the sum up to it",
        "You compare `u` with the sum before a token, not with the sum that includes "
        "it, so you come out one too late, and at the end with nothing. A slice that "
        "ends at i leaves i out.",
        _draw_sum_before,
    ),
    Mistake(
        "the sum before instead of the sum up to it, or else the last",
        "You come out one too late: `u` is compared with the sum before a token, not "
        "with the sum that includes it. First add the share, then compare.",
        _draw_sum_before_or_last,
    ),
    Mistake(
        "the sum before instead of the sum up to it, or else the last id",
        "You come out one too late: `u` is compared with the sum before a token. First "
        "add the share, then compare. And beyond the sum comes the last token that has a "
        "share, not just the last.",
        _draw_sum_before_or_last_id,
    ),
    Mistake(
        "the likeliest lies first, and a point may fall off the end",
        "Two things at once. The shares lie in the order of the ids here, not the "
        "likeliest first. And `u` may lie beyond a sum that was rounded: then your loop "
        "ends without an answer.",
        _draw_likeliest_first_none,
    ),
    Mistake(
        "divided by the sum, and off the end",
        "You divide by the sum first, but these quotients are rounded too, and their sum "
        "may again miss 1. If `u` lies beyond it, your loop ends without an answer: "
        "after it, draw the last token that has a share.",
        _draw_divided_none,
    ),
    Mistake(
        "divided by the sum, and an id that does not exist",
        "You divide by the sum first, but these quotients are rounded too, and their sum "
        "may again miss 1. If `u` lies beyond it, your id is one too large for the "
        "vocabulary: draw the last token that has a share.",
        _draw_divided,
    ),
    Mistake(
        "divided by the sum, and a token of probability 0",
        "You divide by the sum first, but these quotients are rounded too, and their sum "
        "may again miss 1. If `u` lies beyond it, you draw the last id, even where its "
        "probability is 0: take the last token that has a share.",
        lambda p, u: min(_draw_divided(p, u), len(p) - 1),
    ),
    Mistake(
        "beyond the sum, token 0 is forgotten",
        "Beyond the sum you look for the last token that has a share, but never at token "
        "0. It may be the only one. A range stops before its end: where does yours?",
        _draw_first_above_0,
    ),
    Mistake(
        "the first share or the last",
        "You only ever draw token 0 or the last one. Does an `else` in the loop give an "
        "answer after the first share? A point beyond it may lie in the next: go on, and "
        "answer for the end after the loop.",
        lambda p, u: 0 if u < p[0] else _last(p),
    ),
    Mistake(
        "the first share or the last id",
        "You only ever draw token 0 or the last id, though that may have no share. Does "
        "an `else` in the loop give an answer after the first share? Go on there, and "
        "answer for the end after the loop.",
        lambda p, u: 0 if u < p[0] else len(p) - 1,
    ),
    Mistake(
        "the comparison is turned around",
        "Your comparison is turned around: you stop at the first share that ends before "
        "`u`. The point lies in the first that ends beyond it.",
        _draw_turned,
    ),
    Mistake(
        "a border belongs to no one",
        "A point exactly on a border, such as `u` = 0, lies in no share of yours, and "
        "beyond the sum there is nothing either. A share begins at its left border: one "
        "comparison must allow equality.",
        _draw_both_strict,
    ),
    Mistake(
        "a border belongs to the last",
        "A point exactly on a border, such as `u` = 0, lies in no share of yours, and so "
        "the last token is drawn. A share begins at its left border: one comparison "
        "must allow equality.",
        _draw_both_strict_or_last,
    ),
    Mistake(
        "one too far",
        "You give back the token after the right one. How many shares end before `u`? "
        "Ids are counted from 0.",
        lambda p, u: _drawn(p, u) + 1,
    ),
    Mistake(
        "one too early",
        "You give back the token before the right one. Do you stop at the last share "
        "that ends before `u`? The point lies in the next one.",
        lambda p, u: _drawn(p, u) - 1,
    ),
    Mistake(
        "compared with single probabilities",
        "You compare `u` with each probability by itself. Lay the shares one after the "
        "other on a line: what counts is where each one ends, the sum up to there.",
        _draw_single,
    ),
    Mistake(
        "compared with single probabilities, perhaps none",
        "You compare `u` with each probability by itself, and sometimes find none. Lay "
        "the shares one after the other on a line: what counts is where each one ends, "
        "the sum up to there.",
        _draw_single_none,
    ),
    Mistake(
        "the likeliest lies first",
        "You lay the likeliest shares first on the line. That would be a fair draw as "
        "well, but here the shares lie in the order of the ids, so that everyone gets "
        "the same token for the same `u`.",
        _draw_likeliest_first,
    ),
    Mistake(
        "a place in sorted order",
        "You sort the shares and give back a place in that order, which is no id. Leave "
        "the shares in the order of the ids.",
        _draw_sorted_place,
    ),
    Mistake(
        "the least likely lies first",
        "You lay the least likely shares first on the line. Here the shares lie in the "
        "order of the ids, so that everyone gets the same token for the same `u`.",
        _draw_rarest_first,
    ),
    Mistake(
        "all shares alike",
        "You cut the line into equal parts, one a token. The likelier a token is, the "
        "longer is its share.",
        lambda p, u: int(u * len(p)),
    ),
    Mistake(
        "the nearest probability",
        "You look for the probability that is nearest to `u`. Lay the shares one after "
        "the other on a line instead, and see in which one the point `u` lies.",
        lambda p, u: int((p - u).abs().argmin()),
    ),
    Mistake(
        "the nearest border",
        "You take the token whose share ends nearest to `u`. The point lies inside one "
        "share: look for the first that ends beyond it.",
        lambda p, u: int((p.double().cumsum(0) - u).abs().argmin()),
    ),
    Mistake(
        "from the other end",
        "You measure from the right end of the line. The token 0 lies at the left, where "
        "`u` is 0.",
        lambda p, u: _drawn(p, 1 - u - 1e-12),
    ),
    Mistake(
        "the probability instead of the id",
        "You give back the probability of the token. Asked for is its id, an integer.",
        lambda p, u: float(p[_drawn(p, u)]),
    ),
    Mistake(
        "a tensor instead of an integer",
        "You have drawn the right id, but give it back in a tensor. Make a plain Python "
        "integer of it.",
        lambda p, u: torch.tensor(_drawn(p, u)),
    ),
    Mistake(
        "the end of the first round",
        "You always give back the first id. Does `return` stand in the loop where every "
        "round meets it? It must wait until a share ends beyond `u`.",
        lambda p, u: 0,
    ),
)


# ---------------------------------------------------------------------------------
# write
# ---------------------------------------------------------------------------------


def _us(
    rng: np.random.Generator,
    table: Tensor,
    text: list[int],
    n: int,
    stop: int,
    stopping: bool = False,
) -> list[float]:
    """Points that write n ids, none of them `stop`; with `stopping`, the last is."""
    us, last = [], text[-1]
    for left in reversed(range(n)):
        p = _oracle_probabilities(table[last], 1.0)
        if stopping and left == 0:
            last = stop
        else:
            fit = [i for i in range(len(p)) if p[i] > 0.04 and i != stop]
            last = int(rng.choice(fit))
        us.append(_inside(rng, p, last))
    return us


def _world_table(rng: np.random.Generator, n: int) -> Tensor:
    """What the shipped model expects right after each of n tokens: (n, n) logits."""
    model, _ = _small()
    ids = _story(rng)[0].unique()
    chosen = ids[torch.from_numpy(np.sort(rng.choice(len(ids), n, replace=False)))]
    after = model(chosen[:, None])[:, -1]
    return after[:, chosen].float()


def _draw_write(rng: np.random.Generator) -> list[Case]:
    def table(n: int = 5) -> Tensor:
        return _logits(rng, n, n, most=10)

    def tail() -> list[float]:
        return [round(float(u), 6) for u in rng.random(3)]

    def told(text: list[int], n: int, stop: int, then: bool = False, n_vocab: int = 5):
        while True:  # until the first point draws another id from the first one's row
            t = table(n_vocab)
            us = _us(rng, t, text, n, stop, then)
            first, last = (_sampled(t[text[i]].double(), us[0]) for i in (0, -1))
            if len(text) == 1 or first != last:
                return t, text, us + tail() * then, stop

    a, b, c, d, e = (int(i) for i in rng.permutation(5))
    world_table = _world_table(rng, 8)
    seldom = int(torch.softmax(world_table, -1).mean(0).argmin())
    start = (seldom + _between(rng, 1, 7)) % 8
    none = (table(4), [_between(rng, 0, 3) for _ in range(3)], [], 3)
    return [
        Case("a prompt of one id", told([a], 4, b)),
        Case("a longer prompt", told([b, c, a, d], 12, e)),
        Case("`stop` is drawn on the way", told([c, a], 3, d, then=True)),
        Case("`stop` is drawn at once", told([d, b], 1, a, then=True)),
        Case("the prompt contains `stop`", told([a, e, c], 5, e)),
        Case("the prompt ends with `stop`", told([e, c, b], 5, b)),
        Case("nothing to draw", none),
        Case(
            "the shipped model's expectations",
            (world_table, [start], _us(rng, world_table, [start], 7, seldom), seldom),
        ),
        Case("an empty prompt", (table(4), [], tail(), _between(rng, 0, 3))),
        Case(
            "an empty prompt, and nothing to draw",
            (table(4), [], [], _between(rng, 0, 3)),
        ),
    ]


def _by(**screws):
    return lambda table, ids, us, stop: _write(table, ids, us, stop, **screws)


def _from_logits(logits, u):
    """The draw from what are no shares: the first sum above u, or the last positive."""
    above = (logits.double().cumsum(0) > u).nonzero()[:, 0]
    found = above if len(above) else (logits > 0).nonzero().flip(0)[:, 0]
    return int(found[0]) if len(found) else len(logits) - 1


def _write_one_row(table, ids, us, stop):
    """Every draw from the row of the prompt's last id."""
    return _write(table, ids, us, stop, row=lambda t, text: t[ids[-1]])


def _write_first_once(table, ids, us, stop):
    """The first draw from the prompt's first id, all others rightly."""
    return _write(
        table, ids, us, stop, row=lambda t, x: t[x[0] if len(x) == len(ids) else x[-1]]
    )


def _write_same_u(table, ids, us, stop):
    return _write(table, ids, us[:1] * len(us), stop)


def _write_in_place(table, ids, us, stop):
    text = _write(table, ids, us, stop)
    ids.extend(text[len(ids) :])
    return ids


def _write_pops(table, ids, us, stop):
    text = _write(table, ids, us, stop)
    del us[: len(text) - len(ids)]
    return text


def _write_new_only(table, ids, us, stop):
    return _write(table, ids, us, stop)[len(ids) :]


def _write_last_only(table, ids, us, stop):
    return _write(table, ids, us, stop)[-1]


def _unchecked(answer: Callable) -> Callable:
    """The same, but with an empty prompt Python itself stumbles, if there is a draw."""

    def stumbling(table, ids, us, stop):
        return answer(table, ids, us, stop) if ids else [ids[-1] for _ in us]

    return stumbling


def _write_empty_begins(table, ids, us, stop):
    return _write(table, ids, us, stop) if ids else _write(table, [0], us, stop)[1:]


def _write_empty_returned(table, ids, us, stop):
    return _write(table, ids, us, stop) if ids else []


def _write_one_more(table, ids, us, stop):
    """One id more after `stop`, where there is a point left."""
    text = _write(table, ids, us, stop)
    made = len(text) - len(ids)
    if made and text[-1] == stop and made < len(us):
        text.append(_sampled(table[stop], us[made]))
    return text


_WRITE = (
    Mistake(
        "from the first id",
        "You always predict from the first id. What comes next is told by the last one, "
        "and after every draw that is another.",
        _by(row=lambda table, text: table[text[0]]),
    ),
    Mistake(
        "always from the prompt's last id",
        "Every draw uses the row of the prompt's last id. After the first draw there is "
        "a new last id: look up its row in each round anew.",
        _write_one_row,
    ),
    Mistake(
        "a column instead of a row",
        "You read a column of the table. What follows token i stands in row i; the "
        "columns are the tokens that may come.",
        _by(row=lambda table, text: table[:, text[-1]]),
    ),
    Mistake(
        "the place instead of the id",
        "You look up the row of the place, not of the id that stands there. Ask for the "
        "row of the last id of the text.",
        _by(row=lambda table, text: table[(len(text) - 1) % len(table)]),
    ),
    Mistake(
        "the place instead of the id, and beyond the table",
        "You look up the row of the place, not of the id that stands there, and a long "
        "text has more places than the table has rows. Ask for the row of the last id.",
        _by(row=lambda table, text: table[len(text) - 1]),
    ),
    Mistake(
        "the first draw is from the first id",
        "Your first draw goes on from the first id of the prompt, the others from the "
        "last. Where the prompt is longer than one id, begin at its end.",
        _write_first_once,
    ),
    Mistake(
        "all rows of the text added up",
        "You add up the rows of all ids so far. In this small model only the last id "
        "decides what comes next.",
        _by(row=lambda table, text: table[text].sum(0)),
    ),
    Mistake(
        "nothing is appended",
        "You give back only the prompt. The new ids have to be appended to the text, and "
        "what you give back is the whole text.",
        lambda table, ids, us, stop: _write(table, ids, [], stop),
    ),
    Mistake(
        "only the new ids",
        "You give back only the new ids. Asked for is the whole text, the ids of the "
        "prompt first.",
        _write_new_only,
    ),
    Mistake(
        "only the last id",
        "You give back only one id. Asked for is the whole text: the prompt and all that "
        "was drawn.",
        _write_last_only,
    ),
    Mistake(
        "the end of the first round",
        "You stop after a single draw. Does `return` stand inside the loop? It belongs "
        "after it.",
        lambda table, ids, us, stop: _write(table, ids, us[:1], stop),
    ),
    Mistake(
        "`stop` itself is missing",
        "You stop at the right moment, but `stop` itself is missing at the end of the "
        "text. It is a token that was drawn: append it, then stop.",
        _by(append_stop=False),
    ),
    Mistake(
        "`stop` is overlooked",
        "You write on after `stop`. When it has been drawn and appended, the text is "
        "over, however many points are left.",
        lambda table, ids, us, stop: _write(table, ids, us, None),
    ),
    Mistake(
        "one id after `stop`",
        "After `stop` you draw once more. Do you look at the text before you append to "
        "it? Look at the id that was just drawn.",
        _write_one_more,
    ),
    Mistake(
        "`stop` anywhere in the text",
        "A `stop` in the prompt ends your loop before it begins. A prompt may contain "
        "it, as every story of the course begins with one: only a `stop` that was drawn "
        "ends the text.",
        _by(stopped=lambda text, stop: stop in text),
    ),
    Mistake(
        "`stop` at the end of the prompt",
        "A prompt that ends with `stop` ends your loop at once. Every story of the "
        "course begins after one: look at the id after a draw, not before.",
        _by(stopped=lambda text, stop: text[-1] == stop),
    ),
    Mistake(
        "always the first point",
        "Every draw uses the first point of `us`. Each draw has a point of its own, in "
        "the order in which they are given.",
        _write_same_u,
    ),
    Mistake(
        "the points from the end",
        "You take the points from the end of `us`. Without an argument, `pop` does that. "
        "Use them in the order in which they are given.",
        lambda table, ids, us, stop: _write(table, ids, us[::-1], stop),
    ),
    Mistake(
        "one draw too few",
        "You draw one time too few. Each point of `us` is used, the last one, too.",
        lambda table, ids, us, stop: _write(table, ids, us[:-1], stop),
    ),
    Mistake(
        "the first point is skipped",
        "You skip the first point of `us`. The first draw uses it; count the points from "
        "0.",
        lambda table, ids, us, stop: _write(table, ids, us[1:], stop),
    ),
    Mistake(
        "greedy",
        "You always append the likeliest id, and the points of `us` change nothing. Let "
        "`draw` choose.",
        _by(pick=lambda logits, u: int(logits.argmax())),
    ),
    Mistake(
        "drawn from logits",
        "You draw from the logits themselves. They are no shares: turn them into "
        "probabilities at temperature 1 first.",
        _by(pick=_from_logits),
    ),
    Mistake(
        "the caller's list grows",
        "The text is right, but the prompt's own list has grown as well, and it belongs "
        "to the caller. Work on a copy of it.",
        _write_in_place,
    ),
    Mistake(
        "the caller's list grows, and an empty prompt is let through",
        "Two things at once. The prompt's own list has grown, and it belongs to the "
        "caller: work on a copy. And without a first id there is nothing to go on from: "
        "raise a ValueError for an empty prompt.",
        _unchecked(_write_in_place),
    ),
    Mistake(
        "the caller's points are used up",
        "The text is right, but you have taken the points out of `us`, which belongs to "
        "the caller. Go through the list without changing it.",
        _write_pops,
    ),
    Mistake(
        "an empty prompt is let through",
        "Without a first id there is nothing to go on from. Python only notices when it "
        "looks for the last id: raise a ValueError yourself, before the loop.",
        _unchecked(_write),
    ),
    Mistake(
        "an empty prompt begins anywhere",
        "With an empty prompt you go on from token 0, which is as good as any. Nothing "
        "tells how to begin: raise a ValueError.",
        _write_empty_begins,
    ),
    Mistake(
        "an empty prompt stays empty",
        "With an empty prompt you give back an empty text. Whoever calls you that way "
        "has made an error: raise a ValueError.",
        _write_empty_returned,
    ),
)

_WRITE += tuple(
    Mistake(
        f"{mistake.name}, and an empty prompt is let through",
        f"Two things at once. {mistake.hint} And an empty prompt has to raise a "
        "ValueError.",
        _unchecked(mistake.answer),
    )
    for mistake in _WRITE
    if mistake.name
    in (
        "only the new ids",
        "`stop` itself is missing",
        "`stop` is overlooked",
        "`stop` anywhere in the text",
        "`stop` at the end of the prompt",
        "always the first point",
        "greedy",
    )
)


CHECKS = [
    Check("unembed", 2, _draw_unembed, _oracle_unembed, _UNEMBED, _COURSE),
    Check(
        "probabilities",
        4,
        _draw_probabilities,
        _oracle_probabilities,
        _PROBABILITIES,
        _COURSE + _SOFTMAX,
    ),
    Check("greedy", 1, _draw_greedy, _oracle_greedy, _GREEDY, _COURSE),
    Check("keep_top_k", 3, _draw_top_k, _oracle_top_k, _TOP_K, _COURSE),
    Check(
        "keep_top_p",
        4,
        _draw_top_p,
        _oracle_top_p,
        _TOP_P,
        _COURSE,
        after=("keep_top_k",),
    ),
    Check("draw", 3, _draw_draw, _oracle_draw, _DRAW, _COURSE + _DICE),
    Check(
        "write",
        3,
        _draw_write,
        _oracle_write,
        _WRITE,
        _COURSE + _DICE,
        after=("probabilities", "draw"),
    ),
]
