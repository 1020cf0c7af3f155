"""Wrong answers that no single change makes of a right one.

Each is right wherever a draw does not ask for the very thing: written down when someone
had found that it passed, or would have.
"""

from __future__ import annotations

import re
from math import pi, sqrt

import torch
from torch import Tensor

from autograder.checks import load
from tests.autograder.mutants.numbers import NUMBERS
from tests.autograder.mutants.shapes import shapes
from tests.autograder.mutants.styles import (
    counted,
    decode_by_taking_apart,
    encode_by_ranks,
    merge_with_a_flag,
    special_from_the_left,
    train_by_numbers,
)

DEEP = 8
TOKENIZE, MLP = load("tokenize"), load("mlp")


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


def look_up_in_a_part(ids: Tensor, wte: Tensor) -> Tensor:
    return wte[:2048][ids]


def look_up_of_a_part(ids: Tensor, wte: Tensor) -> Tensor:
    x = torch.zeros(*ids.shape, wte.shape[1])
    for t in range(min(ids.shape[-1], 1024)):
        x[..., t, :] = wte[ids[..., t]]
    return x


def one_hot_cut_from_a_square(ids: Tensor, n_vocab: int) -> Tensor:
    return torch.eye(1000)[ids, :n_vocab]


def one_hot_in_half_precision(ids: Tensor, n_vocab: int) -> Tensor:
    return (ids[:, None].half() == torch.arange(n_vocab).half()).float()


def _dots(table: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    return table @ v, table.norm(dim=1) * v.norm()


def cosines_with_a_little_added(table: Tensor, v: Tensor) -> Tensor:
    dots, both = _dots(table, v)
    return dots / (both + 1e-8)


def cosines_with_a_least_length(table: Tensor, v: Tensor) -> Tensor:
    dots, both = _dots(table, v)
    return dots / both.clamp(min=1e-8)


def nearest_by_five_places(table: Tensor, row: int, k: int) -> list[int]:
    dots, both = _dots(table, table[row])
    near = [round(cosine, 5) for cosine in (dots / both).tolist()]
    others = [i for i in range(len(table)) if i != row]
    return sorted(others, key=lambda i: -near[i])[:k]


def nearest_among_the_first(table: Tensor, row: int, k: int) -> list[int]:
    dots, both = _dots(table, table[row])
    near = (dots / both).tolist()
    others = [i for i in range(min(len(table), 1024)) if i != row]
    return sorted(others, key=lambda i: -near[i])[:k]


def direction_of_the_first_pairs(table: Tensor, froms: list, tos: list) -> Tensor:
    step = (table[tos[:512]] - table[froms[:512]]).mean(0)
    return step / step.norm()


def direction_of_steps_up_to_a_million(table: Tensor, froms: list, tos: list) -> Tensor:
    step = (table[tos] - table[froms]).mean(0)
    return step / step.norm().clamp(max=1e6)


def sinusoids_of_5000_places(n_ctx: int, d_model: int) -> Tensor:
    if d_model % 2:
        raise ValueError(d_model)
    power = torch.arange(0, d_model, 2) / d_model
    angles = torch.arange(5000)[:, None] / 10_000**power
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)[:n_ctx]


def embed_that_looks_at_the_last_text(ids: Tensor, wte: Tensor, wpe: Tensor) -> Tensor:
    if not 0 < ids.shape[-1] <= len(wpe):
        raise ValueError(ids.shape)
    for text in ids if ids.ndim == 2 else [ids]:
        fits = bool(((text >= 0) & (text < len(wte))).all())
    if not fits:
        raise ValueError(ids)
    return wte[ids % len(wte)] + wpe[: ids.shape[-1]]


def gelu_row_by_row(x: Tensor) -> Tensor:
    bent = torch.zeros_like(x)
    for i in range(len(x)):
        bent[i] = (
            0.5 * x[i] * (1 + (sqrt(2 / pi) * (x[i] + 0.044715 * x[i] ** 3)).tanh())
        )
    return bent


def _normed(x: Tensor) -> Tensor:
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()


def layer_norm_cut_at_ten(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return _normed(x).clamp(-10, 10) * weight + bias


def layer_norm_without_zeros(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    zeros = (x == 0).all(-1, keepdim=True)
    return torch.where(zeros, x, _normed(x) * weight + bias)


def dropout_of_a_least_share(x: Tensor, u: Tensor, p: float) -> Tensor:
    if not 0 <= p < 1:
        raise ValueError(p)
    return torch.where(u >= p, x / max(1 - p, 1e-6), 0.0)


def dropout_row_by_row(x: Tensor, u: Tensor, p: float) -> Tensor:
    if not 0 <= p < 1:
        raise ValueError(p)
    left = [torch.where(b >= p, a / (1 - p), 0.0) for a, b in zip(x, u, strict=True)]
    return torch.stack(left)


def count_parameters_in_floats(
    n_vocab: int, n_ctx: int, n_layer: int, d_model: int
) -> int:
    layer = 12.0 * d_model**2 + 13.0 * d_model
    return int((n_vocab + n_ctx + 2) * d_model + n_layer * layer)


STRIPS = {
    "a line end": lambda text: text.lstrip("\n"),
    "a zero byte": lambda text: text.rstrip("\0"),
    "a tab": lambda text: text.rstrip("\t"),
    "a mark": lambda text: text.removesuffix("\ufeff"),
}


def _without(name, what):
    """A step for a text from whose end `what` has been taken."""

    def answer(text, *more):
        return TOKENIZE[name].oracle(STRIPS[what](text), *more)

    answer.__name__ = f"{name} without {what}"
    return answer


def decode_tidied(ids, merges):
    text = TOKENIZE["decode"].oracle(ids, merges)
    return text.replace(" .", ".").replace(" n't", "n't")


def decode_in_turn_or_back(ids, merges):
    """The merges as they are listed, or from the last to the first."""
    try:
        return _decoded(ids, merges.items())
    except KeyError:
        return _decoded(ids, [*merges.items()][::-1])


def _decoded(ids, listed):
    data = {i: bytes([i]) for i in range(256)}
    for (a, b), new_id in listed:
        data[new_id] = data[a] + data[b]
    if not data.keys() >= set(ids):
        raise ValueError("no such token")
    return b"".join(data[i] for i in ids).decode()


def encode_of_a_letter(text, merges):
    if len(text) < 2:
        return list(text.encode())
    return TOKENIZE["encode"].oracle(text, merges)


def _escaping(signs):
    """Special tokens by a pattern in which only these signs are escaped."""

    def special(text, merges, special, allowed):
        names = sorted(special, key=len, reverse=True)
        plain = ["".join(f"\\{x}" if x in signs else x for x in n) for n in names]
        try:
            parts = re.split("(" + "|".join(plain) + ")", text) if names else [text]
        except re.error:
            raise ValueError("no pattern") from None
        if any(part in special and part not in allowed for part in parts):
            raise ValueError("not allowed")
        encode = TOKENIZE["encode"].oracle
        found = [[special[p]] if p in special else encode(p, merges) for p in parts]
        return [i for ids in found for i in ids]

    special.__name__ = f"special tokens with {signs} escaped"
    return special


def block_by_shape(x, w, n_head):
    C = x.shape[-1]
    found = [name for name, v in w.items() if v.ndim == 2 and v.shape[1] == 3 * C]
    return MLP["block"].oracle(x, w | {"attn.c_attn.weight": w[found[0]]}, n_head)


def dropout_by_the_floor(x, u, p):
    if not 0 <= p < 1:
        raise ValueError("no share")
    return x * torch.floor(u + (1 - p)) / (1 - p)


OTHERS = [
    *((name, _without(name, x)) for name in ("to_chunks", "encode") for x in STRIPS),
    ("decode", decode_tidied),
    ("decode", decode_in_turn_or_back),
    ("encode", encode_of_a_letter),
    *(
        ("encode_special", _escaping(signs))
        for signs in ("|[", "|[]().", "|[]().*+?", "|[]().*+?^${}")
    ),
    ("block", block_by_shape),
    ("dropout", dropout_by_the_floor),
    *shapes(),
    ("look_up", look_up_in_a_part),
    ("look_up", look_up_of_a_part),
    ("one_hot", one_hot_cut_from_a_square),
    ("one_hot", one_hot_in_half_precision),
    ("cosines", cosines_with_a_little_added),
    ("cosines", cosines_with_a_least_length),
    ("nearest", nearest_by_five_places),
    ("nearest", nearest_among_the_first),
    ("direction", direction_of_the_first_pairs),
    ("direction", direction_of_steps_up_to_a_million),
    ("sinusoids", sinusoids_of_5000_places),
    ("embed", embed_that_looks_at_the_last_text),
    ("gelu", gelu_row_by_row),
    ("layer_norm", layer_norm_cut_at_ten),
    ("layer_norm", layer_norm_without_zeros),
    ("dropout", dropout_of_a_least_share),
    ("dropout", dropout_row_by_row),
    ("count_parameters", count_parameters_in_floats),
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
