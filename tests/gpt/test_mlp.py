"""GELU, layer norm, MLP and block against PyTorch's own modules."""

import doctest
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional

import gpt.mlp
from gpt.attend import attend
from gpt.mlp import block, fast_gelu, fast_layer_norm, gelu, layer_norm, mlp


def drawn(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_the_docstring_tells_the_truth():
    assert doctest.testmod(gpt.mlp) == (0, 1)


@pytest.mark.parametrize("ours", [gelu, fast_gelu])
def test_gelu_is_gpt_2_s_and_not_the_exact_one(ours):
    x = torch.linspace(-6, 6, 1001)
    want = functional.gelu(x, approximate="tanh")
    torch.testing.assert_close(ours(x), want, rtol=1e-5, atol=1e-6)
    assert (ours(x) - functional.gelu(x)).abs().max() > 1e-4


@pytest.mark.parametrize("ours", [layer_norm, fast_layer_norm])
@pytest.mark.parametrize("size", [1e-4, 1, 100])
def test_layer_norm_is_pytorch_s(ours, size):
    x, weight, bias = 3 + size * drawn(2, 5, 8), drawn(8, seed=1), drawn(8, seed=2)
    want = functional.layer_norm(x, (8,), weight, bias)
    torch.testing.assert_close(ours(x, weight, bias), want, rtol=1e-4, atol=1e-4)


def test_a_constant_vector_has_no_nan():
    ones = torch.ones(4)
    assert torch.equal(layer_norm(7 * ones, ones, ones), ones)


def weights(module: nn.Linear):
    return module.weight.T, module.bias


def test_the_mlp_is_two_linear_layers_with_a_bend():
    inner, outer = nn.Linear(6, 24), nn.Linear(24, 6)
    theirs = nn.Sequential(inner, nn.GELU(approximate="tanh"), outer)
    x = drawn(2, 5, 6)
    with torch.no_grad():
        ours = mlp(x, *weights(inner), *weights(outer))
        torch.testing.assert_close(ours, theirs(x))


def test_the_block_is_a_pre_norm_transformer_encoder_layer():
    C, H, T = 12, 3, 7
    theirs = nn.TransformerEncoderLayer(
        C,
        H,
        4 * C,
        dropout=0.0,
        activation=partial(functional.gelu, approximate="tanh"),
        batch_first=True,
        norm_first=True,
    )
    for parameter in theirs.parameters():
        nn.init.normal_(parameter, std=0.3)
    x = drawn(2, T, C)
    heads = theirs.self_attn
    talk = (heads.in_proj_weight.T, heads.in_proj_bias, *weights(heads.out_proj))
    think = (*weights(theirs.linear1), *weights(theirs.linear2))
    with torch.no_grad():
        want = theirs(x, nn.Transformer.generate_square_subsequent_mask(T))
        ours = block(
            x,
            lambda y: layer_norm(y, theirs.norm1.weight, theirs.norm1.bias),
            lambda y: attend(y, *talk, H),
            lambda y: layer_norm(y, theirs.norm2.weight, theirs.norm2.bias),
            lambda y: mlp(y, *think),
        )
        torch.testing.assert_close(ours, want, rtol=1e-5, atol=1e-5)


def test_bad_input_is_refused_in_words():
    x, six, five = drawn(2, 6), torch.ones(6), torch.ones(5)
    for ours in (layer_norm, fast_layer_norm):
        for pair in ((five, six), (six, five)):
            with pytest.raises(ValueError, match="x has 6 columns"):
                ours(x, *pair)
    for other, what in ((torch.float64, "dtype"), ("meta", "device")):
        for ours in (layer_norm, fast_layer_norm):
            with pytest.raises(ValueError, match=f"x and bias must have one {what}"):
                ours(x, six, six.to(other))
        with pytest.raises(ValueError, match=f"x and w_out must have one {what}"):
            mlp(x, drawn(6, 24), drawn(24), drawn(24, 6).to(other), drawn(6))
    with pytest.raises(ValueError, match="do not fit"):
        mlp(x, drawn(5, 20), drawn(20), drawn(20, 5), drawn(5))
    with pytest.raises(ValueError, match="do not fit"):
        mlp(x, drawn(6, 24), drawn(24), drawn(6, 24), drawn(6))
