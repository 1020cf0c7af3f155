"""Stage 4, sample: the last vector in, the next token out, and round again.

    x: float32 (B, T, C)  ->  logits (B, T, n_vocab)  ->  probabilities  ->  an id

>>> p = probabilities(torch.tensor([2.0, 1.0, 0.0]), temperature=0.5)
>>> p
tensor([0.8668, 0.1173, 0.0159])
>>> keep_top_p(p, 0.9)
tensor([0.8808, 0.1192, 0.0000])
>>> draw(p, 0.9)  # a point at 0.9 of the way falls into the second share
1

Sources: Press and Wolf (2017) for the tied unembedding, Ackley et al. (1985) for
temperature, Fan et al. (2018) for top-k, Holtzman et al. (2020) for top-p.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from operator import index

import torch
from torch import Tensor

from gpt.embed import same_kind

TINY = torch.finfo(torch.float32).tiny


def unembed(x: Tensor, wte: Tensor) -> Tensor:
    """How well each vector fits each token: (..., C) -> logits (..., n_vocab).

    wte: (n_vocab, C), the very table that the tokens came from.
    """
    same_kind(x=x, wte=wte)
    if x.shape[-1] != wte.shape[-1]:
        raise ValueError(
            f"x has {x.shape[-1]} columns and the table has {wte.shape[-1]}: "
            "they must be the same"
        )
    return x @ wte.T


def probabilities(logits: Tensor, temperature: float = 1.0) -> Tensor:
    """softmax(logits / temperature), over the last axis. Same shape.

    Raises ValueError where temperature is not above 0 (greedy is top_k with k = 1), or
    the logits have no largest number.
    """
    if not 0 < temperature < float("inf"):
        raise ValueError(
            f"the temperature is {temperature}, and must be above 0; "
            "for the likeliest token always, take top_k=1"
        )
    if not (largest := logits.amax(-1)).isfinite().all():
        wrong = float(largest[~largest.isfinite()][0])
        raise ValueError(
            f"the largest of the logits is {wrong}: something before has gone wrong, "
            "such as a division by zero, or a mask over every token"
        )
    temperature = max(temperature, TINY)  # what is smaller would be 0 in float32
    below = logits - logits.amax(-1, keepdim=True)  # so nothing overflows
    return (below / temperature).softmax(-1)


def keep_top_k(p: Tensor, k: int) -> Tensor:
    """Only the k likeliest tokens, made to sum to one again: (..., n_vocab).

    Of equally likely ones, those with the smaller ids.
    """
    n_vocab = p.shape[-1]
    if not _is_whole(k) or not 1 <= k <= n_vocab:
        raise ValueError(f"k is {k}; it must be a whole number from 1 to {n_vocab}")
    _, order = p.sort(descending=True, stable=True)
    kept = torch.zeros_like(p).scatter(-1, order[..., :k], 1.0) * p
    return kept / kept.sum(-1, keepdim=True)


def keep_top_p(p: Tensor, top_p: float) -> Tensor:
    """Only the fewest likeliest tokens that together reach top_p, made to sum to one.

    p: (..., n_vocab). The token that crosses the line is kept, so there is always one.
    """
    if not 0 < top_p <= 1:
        raise ValueError(f"top_p is {top_p}; it must be above 0 and at most 1")
    if top_p == 1:  # a rounded sum could reach it early
        return p.clone()
    likeliest, order = p.sort(descending=True, stable=True)
    before = likeliest.cumsum(-1) - likeliest  # what those before have
    enough = (before < top_p) * likeliest
    kept = torch.zeros_like(p).scatter(-1, order, enough)
    return kept / kept.sum(-1, keepdim=True)


def draw(p: Tensor, u: float) -> int:
    """The token at the point u of the line on which each has its share, by id.

    p: (n_vocab,), sums to one; u: from 0 up, below 1. A token of probability 0 is never
    drawn. (The inverse of the cumulative distribution.)
    """
    if p.ndim != 1:
        raise ValueError(f"p must be (n_vocab,), not {tuple(p.shape)}")
    if not 0 <= u < 1:
        raise ValueError(f"u is {u}; it must be from 0 up and below 1")
    ends = p.double().cumsum(0)
    if not ends[-1] > 0:
        raise ValueError(f"p must sum to one, and sums to {float(ends[-1])}")
    # The sum may miss 1 by rounding: u is a share of what there is.
    return int(torch.searchsorted(ends, u * ends[-1], right=True))


def choose(
    logits: Tensor,
    u: float,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> int:
    """The next id from logits (n_vocab,): temperature, top-k, top-p, draw, in turn."""
    p = probabilities(logits, temperature)
    if top_k is not None:
        p = keep_top_k(p, top_k)
    if top_p is not None:
        p = keep_top_p(p, top_p)
    return draw(p, u)


def generate(
    model: Callable[[Tensor], Tensor],
    ids: Iterable[int],
    n_new: int,
    seed: int = 0,
    stop: int | None = None,
    n_ctx: int | None = None,
    choose: Callable[..., int] = choose,
    **how,
) -> Iterator[int]:
    """Yield up to n_new ids that continue `ids`, one at a time.

    model: (1, T) ids -> (1, T, n_vocab) logits. stop: an id that ends the text; it is
    yielded too. n_ctx: when the text grows longer, only its last n_ctx ids are read.
    how: temperature, top_k, top_p. The points u are those of `random.Random(seed)`, so the
    same seed gives the same text.

    Raises ValueError where ids is not (T,), is empty or longer than n_ctx.
    """
    text = prompt_ids(ids, n_ctx)
    uniform = random.Random(seed).random
    device = getattr(model, "device", None)
    for _ in range(n_new):
        seen = text if n_ctx is None else text[-n_ctx:]
        with torch.no_grad():
            logits = model(torch.tensor([seen], device=device))
        # (1, T, n_vocab): only the last vector has seen all.
        text.append(choose(logits[0, -1], uniform(), **how))
        yield text[-1]
        if text[-1] == stop:
            return


def prompt_ids(ids: Iterable[int], n_ctx: int | None = None) -> list[int]:
    """The ids of a prompt as Python's own; ValueError where they are none: see `generate`."""
    if isinstance(ids, Tensor) and ids.ndim != 1:
        raise ValueError(f"ids must be (T,), not {tuple(ids.shape)}: ids[0] is a text")
    text = [*ids]
    if wrong := [id for id in text if not _is_whole(id)]:
        raise ValueError(f"ids must be whole numbers, and one is {wrong[0]!r}")
    text = [index(id) for id in text]
    if not text:
        raise ValueError("the prompt is empty: begin with the id that stands for END")
    if n_ctx is not None and len(text) > n_ctx:
        raise ValueError(
            f"the prompt has {len(text)} tokens, more than the context of {n_ctx}"
        )
    return text


def _is_whole(number: object) -> bool:
    """Whether it is an integer of Python, NumPy or torch."""
    try:
        index(number)
    except TypeError:
        return False
    return True
