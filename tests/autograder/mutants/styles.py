"""Right answers to steps in another style, from tokenize to chat."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from math import inf, log, pi, sqrt

import torch
from torch.nn import functional

from autograder.checks.tokenize._material import split


def bytes_one_by_one(text):
    chunks = []
    for piece in split(text):
        chunks.append([byte for byte in piece.encode()])
    return chunks


def counted(chunks):
    counts = Counter()
    for ids in chunks:
        counts.update(pairwise(ids))
    return dict(counts)


def merge_with_a_flag(ids, pair, new_id):
    merged, skip = [], False
    for i, left in enumerate(ids):
        if skip:
            skip = False
        elif tuple(ids[i : i + 2]) == pair:
            merged.append(new_id)
            skip = True
        else:
            merged.append(left)
    return merged


def train_by_numbers(text, n_vocab):
    chunks, merges = bytes_one_by_one(text), {}
    for new_id in range(256, n_vocab):
        counts = counted(chunks)
        if not counts:
            return merges
        pair, _ = min(counts.items(), key=lambda item: (-item[1], item[0]))
        merges[pair] = new_id
        chunks = [merge_with_a_flag(ids, pair, new_id) for ids in chunks]
    return merges


def encode_by_ranks(text, merges):
    ids = []
    for part in bytes_one_by_one(text):
        while len(part) > 1:
            pair = min(pairwise(part), key=lambda pair: merges.get(pair, inf))
            if pair not in merges:
                break
            part = merge_with_a_flag(part, pair, merges[pair])
        ids.extend(part)
    return ids


def decode_by_taking_apart(ids, merges):
    pairs = {new_id: pair for pair, new_id in merges.items()}

    def spelled(i):
        if i not in pairs:
            return bytes([i])  # a ValueError, where it is no byte
        left, right = pairs[i]
        return spelled(left) + spelled(right)

    return b"".join(spelled(i) for i in ids).decode()


def round_trip_letter_by_letter(text, merges):
    ids = encode_by_ranks(text, merges)
    many = sum(len(letter.encode()) for letter in text)
    return decode_by_taking_apart(ids, merges), many, len(ids)


def special_from_the_left(text, merges, special, allowed):
    found = [(text.find(name), -len(name), name) for name in special if name in text]
    if not found:
        return encode_by_ranks(text, merges)
    at, _, name = min(found)
    if name not in allowed:
        raise ValueError(name)
    rest = special_from_the_left(text[at + len(name) :], merges, special, allowed)
    return [*encode_by_ranks(text[:at], merges), special[name], *rest]


def ranks_by_taking_apart(merges):
    pairs = {new_id: pair for pair, new_id in merges.items()}

    def spelled(i):
        if i not in pairs:
            return bytes([i])
        left, right = pairs[i]
        return spelled(left) + spelled(right)

    return {spelled(i): i for i in [*range(256), *pairs]}


def gelu_by_exp(x):
    return x / (1 + torch.exp(-2 * sqrt(2 / pi) * (x + 0.044715 * x**3)))


def layer_norm_by_var(x, weight, bias):
    variance = x.var(-1, correction=0, keepdim=True)
    return (x - x.mean(-1, keepdim=True)) / (variance + 1e-5) ** 0.5 * weight + bias


def mlp_by_linear(x, w_in, b_in, w_out, b_out):
    hidden = functional.gelu(functional.linear(x, w_in.T, b_in), approximate="tanh")
    return functional.linear(hidden, w_out.T, b_out)


def dropout_by_mask(x, u, p):
    if p < 0 or p >= 1:
        raise ValueError(p)
    return x.masked_fill(u < p, 0) / (1 - p)


def block_of_one_piece(x, w, n_head):
    def norm(x, name):
        return layer_norm_by_var(x, w[name + ".weight"], w[name + ".bias"])

    qkv = norm(x, "ln_1") @ w["attn.c_attn.weight"] + w["attn.c_attn.bias"]
    heads = functional.scaled_dot_product_attention(
        *qkv.unflatten(-1, (3, n_head, -1)).transpose(-4, -2).unbind(-3),
        is_causal=True,
    )
    found = heads.transpose(-3, -2).flatten(-2)
    x = x + found @ w["attn.c_proj.weight"] + w["attn.c_proj.bias"]
    hidden = gelu_by_exp(norm(x, "ln_2") @ w["mlp.c_fc.weight"] + w["mlp.c_fc.bias"])
    return x + hidden @ w["mlp.c_proj.weight"] + w["mlp.c_proj.bias"]


def parameters_in_one_sum(n_vocab, n_ctx, n_layer, d_model):
    layer = 12 * d_model**2 + 13 * d_model
    return (n_vocab + n_ctx + 2) * d_model + n_layer * layer


def rms_norm_by_length(x, weight, eps=1e-5):
    length = (x * x).sum(-1, keepdim=True)
    return weight * (x * (length / len(weight) + eps) ** -0.5)


def swiglu_in_one_piece(x, w_gate, w_up, w_down):
    gate, up = (x @ torch.cat([w_gate, w_up]).T).chunk(2, -1)
    return functional.linear(up * gate / (1 + torch.exp(-gate)), w_down)


def share_by_places(x, n_head):
    H = x.shape[-3]
    if n_head % H:
        raise ValueError(n_head)
    return x.index_select(-3, torch.arange(n_head) * H // n_head)


def turns_by_logarithm(places, d_head, base=10_000.0):
    if d_head % 2:
        raise ValueError(d_head)
    speed = torch.exp(torch.arange(0, d_head, 2) * (-log(base) / d_head))
    angle = torch.einsum("...t,i->...ti", places.float(), speed)
    return torch.cos(angle), torch.sin(angle)


def rotate_by_a_half(x, cos, sin):
    a, b = x.split(x.shape[-1] // 2, -1)
    return x * torch.cat([cos, cos], -1) + torch.cat([-sin * b, sin * a], -1)


def grouped_attention_of_groups(q, k, v):
    H, n_new, d_head = q.shape[-3:]
    H_kv, n = k.shape[-3:-1]
    q = q.unflatten(-3, (H_kv, H // H_kv))
    scores = torch.einsum("...hgtd,...hsd->...hgts", q, k) * d_head**-0.5
    late = torch.arange(n)[None, :] > torch.arange(n - n_new, n)[:, None]
    shares = torch.where(late, -inf, scores).softmax(-1)
    return torch.einsum("...hgts,...hsd->...hgtd", shares, v).flatten(-4, -3)


def qk_norm_by_hand(q, k, w_q, w_k, eps=1e-5):
    return tuple(
        x * torch.rsqrt(torch.mean(x * x, -1, True) + eps) * weight
        for x, weight in ((q, w_q), (k, w_k))
    )


def batch_by_rows(stories, end):
    ids = torch.full((len(stories), max(map(len, stories)) + 1), end)
    targets = torch.full_like(ids, -1)
    for row, story in enumerate(stories):
        text = torch.tensor([end, *story, end])
        ids[row, : len(text) - 1], targets[row, : len(text) - 1] = text[:-1], text[1:]
    return ids, targets


def gradient_by_where(logits, targets):
    asked = targets >= 0
    if not asked.any():
        raise ValueError(targets)
    truth = functional.one_hot(targets.clamp(min=0), logits.shape[-1])
    slope = torch.where(asked[..., None], logits.softmax(-1) - truth, 0.0)
    return slope / asked.sum()


def clip_by_one_vector(gradients, most=1.0):
    length = torch.linalg.vector_norm(torch.cat([g.flatten() for g in gradients]))
    return [g * most / torch.clamp(length, min=most) for g in gradients]


def extend_into_room(kept, new):
    n = 0 if kept is None else kept.shape[-2]
    made = new.new_empty(*new.shape[:-2], n + new.shape[-2], new.shape[-1])
    made[..., n:, :] = new
    if kept is not None:
        made[..., :n, :] = kept
    return made


def late_mask_of_places(n_new, n, width=None):
    if n < n_new or (width is not None and width <= 0):
        raise ValueError(n_new, n, width)
    places = torch.arange(n)
    back = places[n - n_new :, None] - places
    seen = back >= 0
    if width is not None:
        seen &= width > back
    return seen


def attend_step_by_einsum(q, k, v, kept=None, mask=None):
    if kept is not None:
        k, v = torch.cat((kept[0], k), dim=-2), torch.cat((kept[1], v), dim=-2)
    scores = torch.einsum("...td,...sd->...ts", q, k) * q.shape[-1] ** -0.5
    if mask is None:
        mask = late_mask_of_places(q.shape[-2], k.shape[-2])
    shares = torch.where(mask, scores, -inf).softmax(dim=-1)
    return torch.einsum("...ts,...sd->...td", shares, v), (k, v)


def reusable_by_zip(read, ids):
    if len(ids) == 0:
        raise ValueError(ids)
    for n, (old, new) in enumerate(zip(read, ids[:-1], strict=False)):
        if old != new:
            return n
    return min(len(read), len(ids) - 1)


def readings_of_what_is_held(ids, n_prompt, n_ctx):
    held, calls = [], []
    for n, _ in enumerate(ids[n_prompt:], start=n_prompt):
        window = ids[max(0, n - n_ctx) : n]
        calls.append(window[reusable_by_zip(held, window) :])
        held = window
    return calls


def text_mask_row_by_row(pads, n_new, n):
    masks = []
    for pad in pads:
        mask = late_mask_of_places(n_new, n)
        mask[:, :pad] = False
        mask[torch.arange(n_new), torch.arange(n - n_new, n)] = True
        masks.append(mask)
    return torch.stack(masks).unsqueeze(1)


def kept_bytes_layer_by_layer(
    n_tokens, n_layer, n_kv_head, d_head, n_bytes=2, width=None
):
    if width is not None and width < n_tokens:
        n_tokens = width
    vector = d_head * n_bytes
    return sum(2 * n_tokens * n_kv_head * vector for _ in range(n_layer))


def render_by_parts(messages, opening, closing, answer=True):
    row = []
    for role, text in messages:
        if role not in opening:
            raise ValueError(role)
        for part in (opening[role], text, closing):
            row.extend(part)
    if answer:
        row.extend(opening["assistant"])
    return row


def few_shot_line_by_line(examples, question):
    text = ""
    for asked, answer in examples:
        text += asked + ": " + answer + "\n"
    return text + question + ":"


def answers_only_by_a_flag(ids, assistant, end):
    targets, speaks = [-1] * len(ids), False
    for i, following in enumerate(ids[1:]):
        speaks = (speaks or ids[i] == assistant) and ids[i] != end
        if speaks:
            targets[i] = following
    return targets


def log_probabilities_by_one_hot(logits, targets):
    asked = targets[..., None] == torch.arange(logits.shape[-1])
    log_p = logits.log_softmax(-1) * asked
    return torch.stack([row.sum() for row in log_p])


def exact_rate_token_by_token(written, truths, end):
    hits = 0
    for new, answers in zip(written, truths):
        at = next((i for i, token in enumerate(new) if token == end), None)
        hits += at is not None and new[:at] in answers
    return hits / len(written)


def kl_by_entropies(logits, before, targets):
    asked = targets.ge(0)
    p = logits.softmax(-1)
    cross = (p * before.log_softmax(-1)).sum(-1)
    own = (p * logits.log_softmax(-1)).sum(-1)
    return (own - cross)[asked].sum() / asked.sum()


def dpo_loss_by_softplus(chosen, rejected, chosen_before, rejected_before, beta):
    if beta <= 0:
        raise ValueError(beta)
    now, before = chosen - rejected, chosen_before - rejected_before
    return functional.softplus(-beta * (now - before)).mean()


STYLES = [
    ("to_chunks", bytes_one_by_one),
    ("count_pairs", counted),
    ("merge", merge_with_a_flag),
    ("train", train_by_numbers),
    ("encode", encode_by_ranks),
    ("decode", decode_by_taking_apart),
    ("round_trip", round_trip_letter_by_letter),
    ("encode_special", special_from_the_left),
    ("ranks", ranks_by_taking_apart),
    ("gelu", gelu_by_exp),
    ("layer_norm", layer_norm_by_var),
    ("mlp", mlp_by_linear),
    ("dropout", dropout_by_mask),
    ("block", block_of_one_piece),
    ("count_parameters", parameters_in_one_sum),
    ("rms_norm", rms_norm_by_length),
    ("swiglu", swiglu_in_one_piece),
    ("turns", turns_by_logarithm),
    ("rotate", rotate_by_a_half),
    ("share", share_by_places),
    ("grouped_attention", grouped_attention_of_groups),
    ("qk_norm", qk_norm_by_hand),
    ("batch", batch_by_rows),
    ("gradient", gradient_by_where),
    ("clip", clip_by_one_vector),
    ("extend", extend_into_room),
    ("late_mask", late_mask_of_places),
    ("attend_step", attend_step_by_einsum),
    ("reusable", reusable_by_zip),
    ("readings", readings_of_what_is_held),
    ("text_mask", text_mask_row_by_row),
    ("kept_bytes", kept_bytes_layer_by_layer),
    ("render", render_by_parts),
    ("few_shot", few_shot_line_by_line),
    ("answers_only", answers_only_by_a_flag),
    ("log_probabilities", log_probabilities_by_one_hot),
    ("exact_rate", exact_rate_token_by_token),
    ("kl", kl_by_entropies),
    ("dpo_loss", dpo_loss_by_softplus),
]
