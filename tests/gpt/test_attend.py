"""Attention against PyTorch's own: the kernel, and nn.MultiheadAttention."""

import doctest

import pytest
import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

import gpt.attend
from gpt.attend import (
    attend,
    attention,
    attention_weights,
    causal_mask,
    fast_attention,
    merge_heads,
    queries_keys_values,
    split_heads,
)


def drawn(*shape, scale=1.0):
    random = torch.Generator().manual_seed(sum(shape))
    return torch.randn(shape, generator=random) * scale


def test_the_docstring_tells_the_truth():
    assert doctest.testmod(gpt.attend) == (0, 3)


@pytest.mark.parametrize("scale", [0.1, 1, 30])
@pytest.mark.parametrize("shape", [(1, 8), (5, 3), (2, 7, 4), (2, 4, 16, 8)])
@pytest.mark.parametrize("ours", [attention, fast_attention])
def test_attention_is_pytorch_s(shape, scale, ours):
    q, k, v = drawn(3, *shape, scale=scale)
    want = scaled_dot_product_attention(q, k, v, is_causal=True)
    torch.testing.assert_close(ours(q, k, v), want, rtol=1e-5, atol=1e-5 * scale)


def test_weights_are_shares_of_the_past():
    weights = attention_weights(drawn(2, 6, 4), drawn(2, 6, 4, scale=3))
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 6))
    assert (weights >= 0).all()
    assert (weights[:, ~causal_mask(6)] == 0).all()


@pytest.mark.parametrize("ours", [attention, fast_attention])
def test_the_future_changes_nothing(ours):
    q, k, v = drawn(3, 2, 6, 4)
    before = ours(q, k, v)
    for t in range(1, 6):
        for tensor in (k, v):
            changed = tensor.clone()
            changed[..., t:, :] += 10
            k_, v_ = (changed, v) if tensor is k else (k, changed)
            after = ours(q, k_, v_)
            torch.testing.assert_close(after[..., :t, :], before[..., :t, :])
            assert (after[..., t, :] - before[..., t, :]).abs().max() > 1e-4


def test_heads_are_columns_side_by_side():
    x = torch.arange(24.0).reshape(2, 2, 6)
    heads = split_heads(x, 3)
    assert heads.shape == (2, 3, 2, 2)
    for h in range(3):
        assert torch.equal(heads[:, h], x[..., 2 * h : 2 * h + 2])
    assert torch.equal(merge_heads(heads), x)
    assert torch.equal(merge_heads(split_heads(x[0], 2)), x[0])


def test_attend_is_nn_multihead_attention():
    C, H, T = 12, 3, 7
    theirs = nn.MultiheadAttention(C, H, batch_first=True)
    nn.init.normal_(theirs.in_proj_bias)
    nn.init.normal_(theirs.out_proj.bias)
    x = drawn(2, T, C)
    mask = torch.triu(torch.ones(T, T, dtype=torch.bool), 1)
    with torch.no_grad():
        want, _ = theirs(x, x, x, attn_mask=mask)
        weights = (
            theirs.in_proj_weight.T,
            theirs.in_proj_bias,
            theirs.out_proj.weight.T,
            theirs.out_proj.bias,
        )
        for inner in (attention, fast_attention):
            torch.testing.assert_close(attend(x, *weights, H, inner), want)
        torch.testing.assert_close(attend(x[0], *weights, H), want[0])


def test_bad_input_is_refused_in_words():
    q = drawn(4, 6)
    for bad, said in (
        (drawn(5, 6), "one shape"),
        (q.double(), "one dtype"),
        (q.to("meta"), "one device"),
    ):
        with pytest.raises(ValueError, match=f"q and k must have {said}"):
            attention_weights(q, bad)
        for ours in (attention, fast_attention):
            with pytest.raises(ValueError, match=f"must have {said}"):
                ours(q, bad, q)
            with pytest.raises(ValueError, match=f"q and v must have {said}"):
                ours(q, q, bad)
    for ours in (attention, fast_attention):
        with pytest.raises(
            ValueError, match=r"v .* last axis, not \(4, 6\) and \(3, 2\)"
        ):
            ours(q, q, drawn(3, 2))
        with pytest.raises(
            ValueError, match=r"q must be \(..., T, d_head\), not \(6,\)"
        ):
            ours(q[0], q[0], q[0])
    for other, what in ((torch.float64, "dtype"), ("meta", "device")):
        with pytest.raises(ValueError, match=f"x and weight must have one {what}"):
            queries_keys_values(q, drawn(6, 18).to(other), drawn(18), 2)
    for n_head in (0, -2, 4, 7):
        with pytest.raises(ValueError, match=f"6 columns cannot be shared by {n_head}"):
            split_heads(q, n_head)
    with pytest.raises(ValueError, match=r"the weight must be \(6, 18\)"):
        queries_keys_values(q, drawn(6, 12), drawn(18), 2)
    with pytest.raises(ValueError, match=r"the bias \(18,\), not .* and \(12,\)"):
        queries_keys_values(q, drawn(6, 18), drawn(12), 2)
