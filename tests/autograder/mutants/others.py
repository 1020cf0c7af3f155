"""Wrong answers that no single change makes of a right one.

Each is right wherever a draw does not ask for the very thing: written down when someone
had found that it passed, or would have.
"""

from __future__ import annotations

from torch import Tensor

from tests.autograder.mutants.styles import counted, merge_with_a_flag

DEEP = 8


def merge_around_the_end(ids, pair, new_id):
    """As `ids[i - 1]` does where i is 0."""
    merged = merge_with_a_flag(ids, pair, new_id)
    if len(merged) > 1 and (merged[-1], merged[0]) == pair:
        return [*merged[1:-1], new_id]
    return merged


def count_pairs_around_the_end(chunks):
    return counted([ids + ids[:1] if len(ids) > 2 else ids for ids in chunks])


def _spelled(i, merges, deep=DEEP):
    pairs = {new_id: pair for pair, new_id in merges.items()}
    ids = [i]
    for _ in range(deep):
        ids = [part for i in ids for part in pairs.get(i, (i,))]
    return bytes(ids)


def decode_of_few_levels(ids, merges):
    return b"".join(_spelled(i, merges) for i in ids).decode()


def decode_of_many_levels(ids, merges):
    return b"".join(_spelled(i, merges, 64) for i in ids).decode()


def ranks_of_few_levels(merges):
    return {_spelled(i, merges): i for i in [*range(256), *merges.values()]}


def ranks_of_many_levels(merges):
    return {_spelled(i, merges, 64): i for i in [*range(256), *merges.values()]}


def embed_of_a_batch_of_nothing(ids: Tensor, wte: Tensor, wpe: Tensor) -> Tensor:
    T = ids.shape[-1]
    if len(ids) == 0 or T > len(wpe):
        raise ValueError(T)
    if ids.numel() and not 0 <= int(ids.min()) <= int(ids.max()) < len(wte):
        raise ValueError(ids)
    return wte[ids] + wpe[:T]


OTHERS = [
    ("merge", merge_around_the_end),
    ("count_pairs", count_pairs_around_the_end),
    ("decode", decode_of_few_levels),
    ("decode", decode_of_many_levels),
    ("ranks", ranks_of_few_levels),
    ("ranks", ranks_of_many_levels),
    ("embed", embed_of_a_batch_of_nothing),
]
