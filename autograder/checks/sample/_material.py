"""What several checks of Sample use: logits and shares, and the pieces of a filter.

First the cases: `eighths` and `fractions` of 256 are exact in float32, in whatever
order they are added up. Then what the oracles of both filters share, in NumPy, and what
their mistakes share, in torch; last, the slips that both filters invite.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Mistake
from autograder.checks._material import between, story_ids
from autograder.checks._slips import Answer, written_into

COURSE = ("gpt.sample", "gpt.model", "transformers")
DICE = (".multinomial", "torch.distributions", "random", "numpy.random")


@cache
def shipped():
    """The shipped model in float64, so that all machines agree, and its tokenizer."""
    from gpt.model import GPT, small

    model, tokenizer = small()
    weights = {name: weight.double() for name, weight in model.weights.items()}
    return GPT(model.config, weights), tokenizer


def story(rng: np.random.Generator) -> Tensor:
    """A story of the small world as the model reads it: (1, T), int64."""
    model, tokenizer = shipped()
    return torch.tensor([story_ids(rng, tokenizer)[: model.config.n_ctx]])


def model_logits(rng: np.random.Generator) -> Tensor:
    """The shipped model's at a place of a story where it is in doubt: (n_vocab,)."""
    model, _ = shipped()
    logits = model(story(rng))[0]  # (T, n_vocab)
    doubtful = (torch.softmax(logits, -1).amax(-1) < 0.8).nonzero()[:, 0].numpy()
    return logits[int(rng.choice(doubtful[2:]))].float()  # all stories begin alike


def hundredths(rng: np.random.Generator, low: float, high: float) -> float:
    """From low to high, with two decimal places."""
    return round(float(rng.uniform(low, high)), 2)


def eighths(rng: np.random.Generator, *shape: int, most: int = 24) -> Tensor:
    """Logits, at most `most` eighths above or below 0."""
    return torch.from_numpy(rng.integers(-most, most + 1, shape) / 8).float()


def different_eighths(rng: np.random.Generator, n: int) -> Tensor:
    """As `eighths`, (n,), each another."""
    values = rng.choice(np.arange(-24, 25), n, replace=False)
    return torch.from_numpy(values / 8).float()


def fractions(parts: Sequence[int], whole: int = 256) -> Tensor:
    """Probabilities, exact where `whole` is a power of two."""
    return torch.tensor([part / whole for part in parts])


def shares(
    rng: np.random.Generator, n: int, whole: int = 256, least: int = 6
) -> Tensor:
    """Different probabilities in `fractions` of `whole`, none below `least` of them.

    The largest is neither first nor last, and they are so mixed that sorting them and
    undoing it are two different things.
    """
    while True:
        cuts = np.sort(rng.choice(np.arange(1, whole), n - 1, replace=False))
        parts = np.diff([0, *cuts, whole])
        order = np.argsort(-parts)
        mixed = (order[order] != np.arange(n)).any() and 0 < order[0] < n - 1
        if mixed and len({*parts}) == n and parts.min() >= least:
            return fractions(parts.tolist(), whole)


def uneven(rng: np.random.Generator) -> Tensor:
    """Three shares, and three of less than a millionth."""
    cuts = np.sort(rng.choice(np.arange(100, 921, 2), 2, replace=False)) * 1024
    return fractions([*np.diff([0, *cuts, 2**20 - 3]).tolist(), 1, 1, 1], 2**20)


def tied(rng: np.random.Generator) -> Tensor:
    """Eight shares in any order: two large, then four that are equal, two small."""
    equal = 2 * between(rng, 10, 16)
    small = [int(i) for i in rng.choice(np.arange(2, 9), 2, replace=False)]
    rest = 256 - 4 * equal - sum(small)
    large = between(rng, equal + 4, rest - equal - 4)
    parts = np.array([equal] * 4 + [large, rest - large, *small])
    return fractions(parts[rng.permutation(8)].tolist())


def neighbours(rng: np.random.Generator, below: float) -> Tensor:
    """Two numbers that float32 just tells apart, and no more when they grow a little.

    They lie just below a power of two, from which on its steps are wider.
    """
    while True:
        one = torch.tensor(below * float(rng.uniform(0.99995, 1)))
        two = torch.stack([one, torch.nextafter(one, torch.tensor(torch.inf))])
        if all(x[0] == x[1] for x in (two * 1.0001, two * 1.001, two + 0.125)):
            return two


def with_zeros(p: Tensor, *places: int) -> Tensor:
    """p with tokens of probability 0 put in before these places."""
    return torch.from_numpy(np.insert(p.numpy(), places, 0.0))


def short(p: Tensor) -> Tensor:
    """The same shares, a millionth of them lost in rounding."""
    at = int(p.argmax())
    return torch.cat([p[:at], p[at : at + 1] - 2.0**-20, p[at + 1 :]])


def point_in(
    rng: np.random.Generator, p: Tensor, i: int, low: float = 0.3, high: float = 0.7
) -> float:
    """A point in the share of token i, between `low` and `high` of its way."""
    end = p.double().cumsum(0)[i].item()
    share = p.double()[i].item()
    return round(end - share + share * float(rng.uniform(low, high)), 6)


def likeliest(p: Tensor) -> np.ndarray:
    """The ids from the likeliest on; of equals, the smaller id first."""
    return np.argsort(-p.double().numpy(), kind="stable")


def only(p: Tensor, ids: Sequence[int]) -> Tensor:
    """p where `ids` say so, 0 elsewhere, divided by the sum."""
    kept = np.zeros(len(p))
    kept[ids] = p.double().numpy()[ids]
    return torch.from_numpy(kept / kept.sum()).float()


def softmax(z: Tensor, shift: Tensor | float | None = None) -> Tensor:
    """Over the last axis; `shift` is taken away before, the maximum if none is given."""
    e = torch.exp(z - (z.amax(-1, keepdim=True) if shift is None else shift))
    return e / e.sum(-1, keepdim=True)


def ranked(p: Tensor) -> Tensor:
    """As `likeliest`."""
    return p.argsort(descending=True, stable=True)


def later_first(p: Tensor) -> Tensor:
    """The ids from the likeliest on; of equals, the larger id first."""
    return p.argsort(stable=True).flip(0)


def keep(p: Tensor, ids: Tensor, total: float | None = None) -> Tensor:
    """As `only`, but divided by `total` if there is one."""
    kept = torch.zeros_like(p)
    kept[ids] = p[ids]
    return kept / (kept.sum() if total is None else total)


# Of what a filter does with p and the ids that it keeps, its answer.
Filter = Callable[[Callable[[Tensor, Tensor], object]], Answer]


def not_divided(kept: Filter) -> Mistake:
    return Mistake(
        "not divided by the sum",
        "You keep the right tokens, but what is left does not sum to one any more. "
        "Divide by what the kept ones have together.",
        kept(lambda p, ids: keep(p, ids, 1.0)),
    )


def all_as_likely(kept: Filter, instead: str) -> Mistake:
    """A threshold. `instead` says which places are to be kept."""
    return Mistake(
        "all that are as likely as the last kept",
        "Where several tokens are equally likely at the line, you keep them all. Choose "
        f"places, not a threshold: {instead}.",
        kept(lambda p, ids: keep(p, p >= p[ids].min())),
    )


def larger_ids_of_equals(wrong: Answer) -> Mistake:
    return Mistake(
        "of equals, the larger ids",
        "Of equally likely tokens you keep those with the larger ids. Of equals the "
        "smaller id goes first. Reversing an upward sort reverses equals too. Sorting "
        "downwards with `stable` does not.",
        wrong,
    )


def sorting_not_undone(kept: Filter) -> Mistake:
    return Mistake(
        "the sorting is not undone",
        "You keep the right probabilities, but leave them in sorted order, where a "
        "position is no longer an id. Carry each one back to the position of its "
        "token.",
        kept(
            lambda p, ids: keep(p.sort(descending=True).values, torch.arange(len(ids)))
        ),
    )


def only_kept_numbers(kept: Filter, which: str) -> Mistake:
    return Mistake(
        f"only {which} numbers",
        f"Your answer has only {which} numbers, which no longer tell their tokens. It "
        "should be as long as `p`, with 0 for every token that is dropped.",
        kept(lambda p, ids: p[ids] / p[ids].sum()),
    )


def ids_of_the_kept(kept: Filter) -> Mistake:
    return Mistake(
        "the ids of the kept",
        "You give back the ids that are kept. Return probabilities, as many as there "
        "were, with 0 for what is dropped.",
        kept(lambda p, ids: ids.tolist()),
    )


def softmax_of_the_kept(kept: Filter) -> Mistake:
    def change(p: Tensor, ids: Tensor) -> Tensor:
        logits = torch.full_like(p, -torch.inf)
        logits[ids] = p[ids]
        return softmax(logits)

    return Mistake(
        "a softmax of the kept",
        "Your kept tokens have come closer together. They are probabilities already: a "
        "softmax belongs on logits. Divide by their sum, so that twice as likely stays "
        "twice as likely.",
        kept(change),
    )


def zeros_in_p(kept: Filter) -> Mistake:
    def change(p: Tensor, ids: Tensor) -> Tensor:
        dropped = torch.ones_like(p, dtype=torch.bool)
        dropped[ids] = False
        p[dropped] = 0.0
        return p / p.sum()

    return written_into(
        kept(change),
        argument="p",
        by="setting shares to 0",
        name="the caller's probabilities are changed",
    )
