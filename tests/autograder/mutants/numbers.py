"""Wrong answers to attend and sample that are right while numbers and sizes are ordinary.

Each is wrong for numbers far from 1 (limits, small terms added, steps left out), for a
size of 1 in a batch, or for a whole number where a fraction usually stands.
"""

from __future__ import annotations

from math import inf

import torch
from torch import Tensor

from autograder.checks import load
from autograder.checks.attend.attention import attention
from autograder.checks.sample._material import softmax

ATTEND, SAMPLE = load("attend"), load("sample")


def average_of_numbers_in_reach(x: Tensor) -> Tensor:
    return ATTEND["average_past"].oracle(x.clamp(-1e4, 1e4))


def average_of_256(x: Tensor) -> Tensor:
    W = ATTEND["averaging_weights"].oracle(torch.zeros(256, 1))
    return W[: len(x), : len(x)] @ x


def shares_by_a_short_e(s: Tensor) -> Tensor:
    powers = 2.71828 ** (s - s.amax(-1, keepdim=True))
    return powers / powers.sum(-1, keepdim=True)


def shares_to_six_places(s: Tensor) -> Tensor:
    return softmax(s).round(decimals=6)


def shares_below_the_largest_of_a_matrix(s: Tensor) -> Tensor:
    return softmax(s, s.amax((-2, -1), keepdim=True) if s.ndim > 2 else None)


def shares_of_infinity_as_a_number(s: Tensor) -> Tensor:
    return softmax(s.nan_to_num(neginf=-1e9))


def weights_of_a_future_below_the_least(q: Tensor, k: Tensor) -> Tensor:
    s = ATTEND["scores"].oracle(q, k)
    future = torch.ones(s.shape[-2:]).triu(1) > 0
    return softmax(s.masked_fill(future, float(s.min()) - 1000))


def attention_in_256(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return attention(q[..., :256, :], k[..., :256, :], v[..., :256, :])


def heads_of_one_in_front(x: Tensor, n_head: int) -> Tensor:
    return x[None] if n_head == 1 else ATTEND["split_heads"].oracle(x, n_head)


def heads_refused_for_one_text(x: Tensor, n_head: int) -> Tensor:
    if x.ndim > 2 and n_head > x.shape[-1]:
        return torch.stack(x.chunk(n_head, -1), -3)
    return ATTEND["split_heads"].oracle(x, n_head)


def merged_but_one_head_of_a_batch(x: Tensor) -> Tensor:
    return x[0] if x.shape[-3] == 1 else ATTEND["merge_heads"].oracle(x)


def probabilities_at_a_thousandth(logits, temperature=1.0):
    low = 0 < temperature < 1e-3
    return SAMPLE["probabilities"].oracle(logits, 1e-3 if low else temperature)


def probabilities_at_a_fraction(logits, temperature=1.0):
    if not isinstance(temperature, float):
        raise ValueError(temperature)
    return SAMPLE["probabilities"].oracle(logits, temperature)


def probabilities_in_double(logits, temperature=1.0):
    if temperature <= 0:
        raise ValueError(temperature)
    z = logits.double() / temperature
    return softmax(z, z.mean(-1, keepdim=True)).float()


def greedy_by_a_billionth(logits: Tensor) -> int:
    best, values = 0, logits.tolist()
    for i, value in enumerate(values):
        best = i if value > values[best] + 1e-9 else best
    return best


def top_k_of_what_counts(p: Tensor, k: int) -> Tensor:
    kept = SAMPLE["keep_top_k"].oracle(p, k)
    return kept.masked_fill(kept < 1e-6, 0)


def top_p_with_a_margin(p: Tensor, top_p: float) -> Tensor:
    return SAMPLE["keep_top_p"].oracle(p, top_p - 1e-6 if top_p > 1e-3 else top_p)


def top_p_of_a_fraction(p: Tensor, top_p: float) -> Tensor:
    return SAMPLE["keep_top_p"].oracle(p, top_p if isinstance(top_p, float) else inf)


def draw_from_a_hundred_thousand(p: Tensor, u: float) -> int:
    return SAMPLE["draw"].oracle(p, max(u, 1e-5) if u > 0 else u)


def write_with_a_stop_of_the_table(table, ids, us, stop):
    if stop >= len(table):
        raise ValueError(stop)
    return SAMPLE["write"].oracle(table, ids, us, stop)


def write_without_points_of_0(table, ids, us, stop):
    return SAMPLE["write"].oracle(table, ids, [*filter(None, us)], stop)


NUMBERS = [
    ("average_past", average_of_numbers_in_reach),
    ("average_past", average_of_256),
    ("softmax", shares_by_a_short_e),
    ("softmax", shares_to_six_places),
    ("softmax", shares_below_the_largest_of_a_matrix),
    ("softmax", shares_of_infinity_as_a_number),
    ("attention_weights", weights_of_a_future_below_the_least),
    ("attention", attention_in_256),
    ("split_heads", heads_of_one_in_front),
    ("split_heads", heads_refused_for_one_text),
    ("merge_heads", merged_but_one_head_of_a_batch),
    ("probabilities", probabilities_at_a_thousandth),
    ("probabilities", probabilities_at_a_fraction),
    ("probabilities", probabilities_in_double),
    ("greedy", greedy_by_a_billionth),
    ("keep_top_k", top_k_of_what_counts),
    ("keep_top_p", top_p_with_a_margin),
    ("keep_top_p", top_p_of_a_fraction),
    ("draw", draw_from_a_hundred_thousand),
    ("write", write_with_a_stop_of_the_table),
    ("write", write_without_points_of_0),
]
