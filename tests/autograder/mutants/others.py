"""Wrong answers that no single change makes of a right one.

Each is right wherever a draw does not ask for the very thing: written down when someone
had found that it passed, or would have.
"""

from __future__ import annotations

from torch import Tensor

from tests.autograder.mutants.numbers import NUMBERS
from tests.autograder.mutants.styles import (
    counted,
    decode_by_taking_apart,
    encode_by_ranks,
    merge_with_a_flag,
    special_from_the_left,
    train_by_numbers,
)

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


def special_alone_let_through(text, merges, special, allowed):
    if text in special:
        return [special[text]]
    return special_from_the_left(text, merges, special, allowed)


def special_first_let_through(text, merges, special, allowed):
    first = [name for name in special if text.startswith(name)]
    return special_from_the_left(text, merges, special, [*allowed, *first])


def special_twice_let_through(text, merges, special, allowed):
    twice = [name for name in special if text.count(name) > 1]
    return special_from_the_left(text, merges, special, [*allowed, *twice])


def special_beside_another_let_through(text, merges, special, allowed):
    beside = [n for n in special for a in allowed if a + n in text or n + a in text]
    return special_from_the_left(text, merges, special, [*allowed, *beside])


def decode_far_below_zero(ids, merges):
    return decode_by_taking_apart([65 if i < -255 else i for i in ids], merges)


def decode_in_32_bits(ids, merges):
    return decode_by_taking_apart([i % 2**32 if i > 0 else i for i in ids], merges)


def merge_with_a_zero_behind(ids, pair, new_id):
    merged = merge_with_a_flag([*ids, 0], pair, new_id)
    return merged[:-1] if merged[-1] == 0 else merged


def merge_of_characters(ids, pair, new_id):
    text = "".join(map(chr, ids)).replace("".join(map(chr, pair)), chr(new_id))
    return [*map(ord, text)]


def encode_of_ids_below_a_billion(text, merges):
    return encode_by_ranks(text, {p: i for p, i in merges.items() if i < 10**9})


def count_pairs_up_to_a_byte(chunks):
    return {pair: min(n, 255) for pair, n in counted(chunks).items()}


def train_of_512(text, n_vocab):
    return train_by_numbers(text, min(n_vocab, 512))


OTHERS = [
    ("encode_special", special_alone_let_through),
    ("encode_special", special_first_let_through),
    ("encode_special", special_twice_let_through),
    ("encode_special", special_beside_another_let_through),
    ("decode", decode_far_below_zero),
    ("decode", decode_in_32_bits),
    ("merge", merge_with_a_zero_behind),
    ("merge", merge_of_characters),
    ("encode", encode_of_ids_below_a_billion),
    ("count_pairs", count_pairs_up_to_a_byte),
    ("train", train_of_512),
    ("merge", merge_around_the_end),
    ("count_pairs", count_pairs_around_the_end),
    ("decode", decode_of_few_levels),
    ("decode", decode_of_many_levels),
    ("ranks", ranks_of_few_levels),
    ("ranks", ranks_of_many_levels),
    ("embed", embed_of_a_batch_of_nothing),
    *NUMBERS,
]
