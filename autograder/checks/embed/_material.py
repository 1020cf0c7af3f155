"""What the checks of the exercise "embed" share: tables, the model's own, and cosines."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import torch
from torch import Tensor

from autograder.checks import Mistake
from autograder.checks._material import some, tenths

LIBRARIES = ("gpt.embed", "gpt.model", "transformers")
TABLES = (".embedding", ".Embedding", ".embedding_bag", ".EmbeddingBag")
ANGLES = (".cosine_similarity", ".CosineSimilarity")

RIGHT_TRIANGLES = ((3, 4), (4, 3), (6, 8), (8, 6), (5, 12), (12, 5), (8, 15), (15, 8))
THE_LENGTH = "The length of (3, 4) is 5, not 7: the root of the sum of squares."


@cache
def shipped() -> tuple[Tensor, Tensor, dict[str, int]]:
    """The two tables of the course's own model, and the words that are one token."""
    from gpt import world
    from gpt.model import small

    model, tokenizer = small()
    told = sorted(set(re.findall(r"\w+", world.corpus(20_000, seed=1))))
    ids = {word: tokenizer.encode(f" {word}") for word in told}
    words = {word: found[0] for word, found in ids.items() if len(found) == 1}
    return model.weights["wte.weight"], model.weights["wpe.weight"], words


def word_rows(
    rng: np.random.Generator, count: int, *wanted: str
) -> tuple[Tensor, list]:
    """Rows of the shipped model's table for some words, and which words they are."""
    wte, _, words = shipped()
    others = [word for word in words if word not in wanted]
    told = [*wanted, *some(rng, others, count - len(wanted))]
    told = [told[int(i)] for i in rng.permutation(count)]
    return wte[[words[word] for word in told]], told


def decimals(rng: np.random.Generator, n: int, C: int) -> Tensor:
    return tenths(rng, n, C, below=40)


def tensor_of(ids: Sequence | np.ndarray) -> Tensor:
    return torch.tensor(np.asarray(ids), dtype=torch.int64)


def different(rng: np.random.Generator, n: int, count: int) -> list[int]:
    """So many different ids below n, in any order."""
    return some(rng, range(n), count)


def lengths(rows: Tensor) -> Tensor:
    return rows.square().sum(1).sqrt()


def cosines(rows: Tensor, v: Tensor) -> Tensor:
    """In float32, as students compute them."""
    return rows @ v / lengths(rows) / v.square().sum().sqrt()


def ids_used_twice(wrong: Callable[..., Tensor], as_in: str = "") -> Mistake:
    """`as_in` names where it was done before, as in ", as in `look_up`"."""
    return Mistake(
        "the ids used twice",
        "You index `wte` with the ids twice, which picks single numbers: a row and a "
        f"column for each. One index takes whole rows{as_in}.",
        wrong,
    )


def ids_indexed(wrong: Callable[..., Tensor], as_in: str = "") -> Mistake:
    """`as_in` names where it was done before, as in ", as in `look_up`"."""
    return Mistake(
        "the ids indexed by the table",
        "You take the ids at the places that the table names. It is the other way "
        f"round{as_in}: the table stands before the brackets, the ids within.",
        wrong,
    )
