"""The model against transformers' GPT-2, to the last intermediate."""

import doctest
import json
from dataclasses import replace

import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import load_file, save_file
from torch.testing import assert_close
from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

import gpt.model
from gpt import attend, mlp, world
from gpt.model import GPT, SMALL, STAGES, Config, initial, load, small

SIZES = {
    "small": Config(588, 64, 3, 4, 96),
    "one of each": Config(13, 5, 1, 1, 8),
    "narrow heads": Config(97, 32, 2, 8, 32),
    "wide": Config(300, 48, 4, 2, 128),
    "GPT-2's width": Config(1000, 40, 2, 12, 768),
}
TIGHT = {"rtol": 1e-5, "atol": 1e-5}


def peer(config: Config, **more) -> GPT2LMHeadModel:
    """transformers' GPT-2 of this size with random weights, biases and norms too."""
    torch.manual_seed(config.d_model)
    settings = GPT2Config(
        vocab_size=config.n_vocab,
        n_positions=config.n_ctx,
        n_embd=config.d_model,
        n_layer=config.n_layer,
        n_head=config.n_head,
        attn_implementation="eager",
        **more,
    )
    model = GPT2LMHeadModel(settings).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            scale = min(0.1, config.d_model**-0.5)
            weight.normal_(float("ln" in name and "weight" in name), scale)
    return model


def weights(model: GPT2LMHeadModel) -> dict[str, torch.Tensor]:
    named = model.transformer.named_parameters()
    return {name: weight.detach().clone() for name, weight in named}


def intermediates(model: GPT2LMHeadModel, ids: torch.Tensor) -> dict:
    """The same names as `GPT.trace` gives, caught inside transformers' modules."""
    found, hooks = {}, []

    def catch(module, name, of_input=False):
        def hook(module, args, out):
            value = args[0] if of_input else out
            found[name] = value[0] if isinstance(value, tuple) else value

        hooks.append(module.register_forward_hook(hook))

    body = model.transformer
    catch(body.drop, "embed")
    catch(body.ln_f, "norm")
    for n, h in enumerate(body.h):
        catch(h.ln_1, f"{n}.norm_1")
        catch(h.attn.c_attn, f"{n}.qkv")
        catch(h.attn.c_proj, f"{n}.heads", of_input=True)
        catch(h.attn, f"{n}.attend")
        catch(h.ln_2, f"{n}.middle", of_input=True)
        catch(h.ln_2, f"{n}.norm_2")
        catch(h.mlp.act, f"{n}.hidden")
        catch(h.mlp, f"{n}.mlp")
        catch(h, f"{n}.stream")
    with torch.no_grad():
        out = model(ids, output_attentions=True)
    for hook in hooks:
        hook.remove()
    H = model.config.n_head
    for n, matrix in enumerate(out.attentions):
        found[f"{n}.weights"] = matrix
        found[f"{n}.heads"] = attend.split_heads(found[f"{n}.heads"], H)
        for name, value in zip("qkv", found.pop(f"{n}.qkv").chunk(3, -1), strict=True):
            found[f"{n}.{name}"] = attend.split_heads(value, H)
    return found | {"logits": out.logits}


@pytest.mark.parametrize("size", SIZES)
def test_every_intermediate_is_that_of_transformers(size):
    config = SIZES[size]
    theirs = peer(config)
    ours = GPT(config, weights(theirs))
    for T in (1, config.n_ctx // 2, config.n_ctx):
        ids = torch.randint(config.n_vocab, (2, T))
        want, found = intermediates(theirs, ids), ours.trace(ids)
        assert found.keys() == want.keys()
        for name, value in want.items():
            assert_close(found[name], value, **TIGHT, msg=lambda m, n=name: f"{n}: {m}")
        assert_close(ours(ids), want["logits"], **TIGHT)


def test_the_readable_functions_give_the_same_model():
    """What the chapters show, in place of PyTorch's kernels that run by default."""
    config = SIZES["narrow heads"]
    ours = GPT(config, weights(peer(config)))
    shown = ours.replace(
        attention=attend.attention, gelu=mlp.gelu, layer_norm=mlp.layer_norm
    )
    ids = torch.randint(config.n_vocab, (2, 20))
    want = ours.trace(ids)
    for name, value in shown.trace(ids).items():
        assert_close(value, want[name], **TIGHT)


def test_the_gradients_are_those_of_transformers():
    config = SIZES["narrow heads"]
    theirs = peer(config, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0)
    ours = GPT(config, weights(theirs))
    ours.parameters()
    ids = torch.randint(config.n_vocab, (3, 21))
    loss = ours.loss(ids[:, :-1], ids[:, 1:])
    loss.backward()
    want = theirs(ids, labels=ids).loss
    want.backward()
    assert_close(loss, want)
    for name, weight in theirs.transformer.named_parameters():
        assert_close(ours.weights[name].grad, weight.grad, rtol=1e-4, atol=1e-5)


def test_the_loss_asks_only_where_there_is_a_target():
    model = GPT(SIZES["one of each"])
    ids = torch.tensor([[1, 2, 3], [4, 5, 6]])
    one = model.loss(ids[:1], torch.tensor([[2, 3, 4]]))
    padded = model.loss(ids, torch.tensor([[2, 3, 4], [-1, -1, -1]]))
    assert_close(one, padded)


def test_one_text_and_a_batch_are_the_same():
    model = GPT(SIZES["small"])
    ids = torch.randint(588, (10,))
    alone, batch = model.trace(ids), model.trace(ids[None])
    for name, value in alone.items():
        assert_close(value, batch[name][0], **TIGHT)


def test_the_future_changes_no_logit():
    model, _ = small()
    ids = torch.randint(588, (1, 30))
    before = model(ids)
    for t in range(1, 30):
        after = ids.clone()
        after[:, t:] = (after[:, t:] + 7) % 588
        assert_close(model(after)[:, :t], before[:, :t], **TIGHT)


@pytest.mark.parametrize("size", SIZES)
def test_initial_weights_are_spread_as_those_of_transformers(size):
    config = SIZES[size]
    ours = initial(config, seed=1)
    theirs = dict(
        GPT2LMHeadModel(
            GPT2Config(
                vocab_size=config.n_vocab,
                n_positions=config.n_ctx,
                n_embd=config.d_model,
                n_layer=config.n_layer,
                n_head=config.n_head,
            )
        ).transformer.named_parameters()
    )
    assert ours.keys() == theirs.keys()
    assert config.n_parameters == sum(w.numel() for w in theirs.values())
    for name, weight in ours.items():
        assert weight.shape == theirs[name].shape
        if weight.numel() > 5000:
            assert weight.std() == pytest.approx(
                float(theirs[name].detach().std()), rel=0.1
            )
        elif weight.ndim == 1:
            assert torch.equal(weight, theirs[name])
    assert torch.equal(initial(config, 1)["wte.weight"], ours["wte.weight"])
    assert not torch.equal(initial(config, 2)["wte.weight"], ours["wte.weight"])


def test_parameters_of_gpt_2_are_as_published():
    assert Config(50257, 1024, 12, 12, 768).n_parameters == 124_439_808


def test_a_stage_can_be_replaced_and_only_that():
    model, _ = small()
    ids = torch.randint(588, (1, 12))
    called = []

    def mine(name):
        def stage(*args):
            called.append(name)
            return STAGES[name](*args)

        return stage

    for name in STAGES:
        called.clear()
        assert_close(model.replace(**{name: mine(name)})(ids), model(ids))
        assert set(called) == {name}
    blind = model.replace(attention=lambda q, k, v: v)
    assert (blind(ids) - model(ids)).abs().max() > 0.1
    assert blind.trace(ids)["0.weights"][0, 0].tolist() == torch.eye(12).tolist()
    two = blind.replace(gelu=torch.relu)
    assert two.stages["attention"] is blind.stages["attention"]
    assert model.stages == STAGES


def test_what_was_asked_for_by_name():
    model, _ = small()
    ids = torch.randint(588, (2, 7))
    found = model.trace(ids, "logits", "1.weights")
    assert list(found) == ["logits", "1.weights"]
    assert found["1.weights"].shape == (2, 4, 7, 7)


# --- files ------------------------------------------------------------------------


def test_the_published_format_is_read(tmp_path):
    """A checkpoint as the hub has it: masks beside the weights, float16 too."""
    config = SIZES["narrow heads"]
    theirs = peer(config)
    theirs.save_pretrained(tmp_path / "new")  # names begin with "transformer."
    plain = weights(theirs)
    mask = torch.ones(1, 1, config.n_ctx, config.n_ctx).tril()
    masks = {f"h.{n}.attn.bias": mask.clone() for n in range(config.n_layer)}
    (tmp_path / "old").mkdir()
    save_file(plain | masks, tmp_path / "old" / "model.safetensors")
    half = {name: weight.half() for name, weight in plain.items()}
    (tmp_path / "half").mkdir()
    save_file(half, tmp_path / "half" / "model.safetensors")
    written = (tmp_path / "new" / "config.json").read_text()
    ids = torch.randint(config.n_vocab, (2, 9))
    with torch.no_grad():
        want = theirs(ids).logits
    for folder, tolerance in (("new", 1e-5), ("old", 1e-5), ("half", 0.02)):
        (tmp_path / folder / "config.json").write_text(written)
        model = load(tmp_path / folder)
        assert model.config == config
        assert all(w.dtype == torch.float32 for w in model.weights.values())
        assert_close(model(ids), want, rtol=tolerance, atol=tolerance)


def test_what_is_saved_transformers_reads(tmp_path):
    model = GPT(SIZES["one of each"], initial(SIZES["one of each"], 3))
    model.save(tmp_path)
    theirs = GPT2LMHeadModel.from_pretrained(tmp_path).eval()
    ids = torch.randint(13, (2, 5))
    with torch.no_grad():
        assert_close(model(ids), theirs(ids).logits, **TIGHT)
    assert_close(load(tmp_path)(ids), model(ids), rtol=0, atol=0)


def test_a_name_is_looked_for_on_the_hub(tmp_path, monkeypatch):
    """The real loading, with a download in the hub's own cache instead of the network."""
    config = SIZES["one of each"]
    cache = tmp_path / "hub"
    commit = cache / "models--gpt2" / "snapshots" / ("0" * 40)
    GPT(config).save(commit)
    refs = cache / "models--gpt2" / "refs"
    refs.mkdir()
    (refs / "main").write_text("0" * 40)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert load("gpt2").config == config
    with pytest.raises(ValueError, match="'not a name' is no folder here and no model"):
        load("not a name")


def test_without_a_network_there_is_a_sentence_and_the_small_model(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.warns(UserWarning, match="'gpt2' .* this is the course's own") as said:
        model = load("gpt2")
    assert "\n" not in str(said[0].message)
    assert model.config == small()[0].config


def test_files_that_are_no_gpt_2_are_refused_in_words(tmp_path):
    model = GPT(SIZES["one of each"])
    model.save(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    tensors = load_file(tmp_path / "model.safetensors")

    def written(config=config, tensors=tensors):
        (tmp_path / "config.json").write_text(json.dumps(config))
        save_file(tensors, tmp_path / "model.safetensors")

    written({**config, "model_type": "llama"})
    with pytest.raises(ValueError, match="its model_type is llama, not gpt2"):
        load(tmp_path)
    written({**config, "n_head": 3})
    with pytest.raises(ValueError, match="d_model 8 cannot be shared by 3 heads"):
        load(tmp_path)
    written({**config, "activation_function": "relu"})
    with pytest.raises(ValueError, match="relu"):
        load(tmp_path)
    written({**config, "n_inner": 32})
    assert load(tmp_path).config == model.config
    written({**config, "n_inner": 9})
    with pytest.raises(ValueError, match="n_inner is 9"):
        load(tmp_path)
    written({name: v for name, v in config.items() if name != "n_embd"})
    with pytest.raises(ValueError, match="n_embd"):
        load(tmp_path)
    written(tensors={n: w for n, w in tensors.items() if n != "ln_f.bias"})
    with pytest.raises(ValueError, match="ln_f.bias should be .8,. .* is absent"):
        load(tmp_path)
    written(tensors=tensors | {"more": torch.ones(2)})
    with pytest.raises(ValueError, match="more should be absent"):
        load(tmp_path)
    written()
    (tmp_path / "model.safetensors").write_bytes(b"not a tensor")
    with pytest.raises(ValueError, match="cannot be read"):
        load(tmp_path)


def test_an_output_head_of_its_own_is_refused(tmp_path):
    config = SIZES["one of each"]
    for tied in (True, False):
        folder = tmp_path / str(tied)
        theirs = peer(config, tie_word_embeddings=tied)
        theirs.save_pretrained(folder)
        if tied:  # written twice, it is the same
            tensors = load_file(folder / "model.safetensors")
            head = theirs.lm_head.weight.detach().clone()
            save_file(tensors | {"lm_head.weight": head}, folder / "model.safetensors")
            ids = torch.tensor([[1, 2, 3]])
            with torch.no_grad():
                assert_close(load(folder)(ids), theirs(ids).logits, **TIGHT)
        else:
            with pytest.raises(
                ValueError, match="lm_head.weight is not its wte.weight"
            ):
                load(folder)


def test_weights_in_other_files_are_named_with_the_cure(tmp_path):
    theirs = peer(SIZES["wide"])
    theirs.save_pretrained(tmp_path / "sharded", max_shard_size="1MB")
    with pytest.raises(
        ValueError, match="but model-00001-of-.*save_pretrained"
    ) as said:
        load(tmp_path / "sharded")
    # The cure, as it is written there.
    new = str(tmp_path / "new")
    cure = str(said.value).split(": ")[-1].replace("NEW", repr(new))
    eval(cure, {"GPT2LMHeadModel": GPT2LMHeadModel})
    assert load(new).config == SIZES["wide"]
    (tmp_path / "new" / "model.safetensors").rename(
        tmp_path / "new" / "pytorch_model.bin"
    )
    with pytest.raises(ValueError, match="no model.safetensors, but pytorch_model.bin"):
        load(new)
    (tmp_path / "new" / "pytorch_model.bin").unlink()
    with pytest.raises(
        ValueError, match="new has no model.safetensors, but no weights"
    ):
        load(new)


def test_a_broken_or_missing_config_is_named(tmp_path):
    GPT(SIZES["one of each"]).save(tmp_path)
    path = tmp_path / "config.json"
    for text, said in (("{", "is not JSON: .*get it anew"), ("[1]", "holds no object")):
        path.write_text(text)
        with pytest.raises(ValueError, match=rf"config.json {said}"):
            load(tmp_path)
    path.unlink()
    with pytest.raises(ValueError, match="has no config.json"):
        load(tmp_path)


def test_a_save_that_fails_leaves_what_was_there(tmp_path):
    model = GPT(SIZES["one of each"])
    model.save(tmp_path)
    before = (tmp_path / "model.safetensors").read_bytes()
    model.weights["ln_f.bias"] = torch.ones(8, device="meta")
    with pytest.raises((NotImplementedError, RuntimeError, ValueError)):
        model.save(tmp_path)
    assert (tmp_path / "model.safetensors").read_bytes() == before


# --- bad input --------------------------------------------------------------------

TINY = GPT(SIZES["one of each"])
BAD = {
    "too long": (torch.zeros(1, 6, dtype=torch.int64), "6 tokens.*context of 5"),
    "empty": (torch.zeros(1, 0, dtype=torch.int64), "empty prompt"),
    "floats": (torch.zeros(1, 2), "int64.*float32"),
    "an unknown id": (torch.tensor([[13]]), "id 13 has no row"),
    "another device": (torch.zeros(1, 2, dtype=torch.int64, device="meta"), "meta"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_ids_are_refused_in_words(name):
    ids, said = BAD[name]
    for call in (TINY, TINY.trace, lambda ids: TINY.loss(ids, ids)):
        with pytest.raises(ValueError, match=said):
            call(ids)


def test_other_bad_input_is_refused_in_words():
    ids = torch.tensor([[1, 2]])
    with pytest.raises(ValueError, match="no intermediate 'head'; there are embed, 0"):
        TINY.trace(ids, "head")
    with pytest.raises(ValueError, match="no stage 'atention'; there are embed"):
        TINY.replace(atention=attend.attention)
    with pytest.raises(ValueError, match="gelu must be a function, not 3"):
        TINY.replace(gelu=3)
    with pytest.raises(ValueError, match="one shape"):
        TINY.loss(ids, ids[:, :1])
    for field in ("n_vocab", "n_ctx", "n_layer", "n_head", "d_model"):
        for wrong in (0, -1, 1.5, "3"):
            with pytest.raises(ValueError, match=f"{field} must be a whole number"):
                replace(TINY.config, **{field: wrong})
    wrong = TINY.weights | {"wte.weight": torch.ones(12, 8)}
    with pytest.raises(ValueError, match=r"wte.weight should be \(13, 8\)"):
        GPT(TINY.config, wrong)
    with pytest.raises(ValueError, match="the prompt is empty"):
        [*TINY.generate([], 3)]
    with pytest.raises(ValueError, match="6 tokens, more than the context of 5"):
        [*TINY.generate([1] * 6, 3)]


def test_a_text_may_grow_beyond_the_context():
    assert len([*TINY.generate([1, 2], 20)]) == 20


# --- the shipped model ------------------------------------------------------------


def test_the_docstring_tells_the_truth():
    assert doctest.testmod(gpt.model) == (0, 3)


def test_transformers_reads_the_shipped_tokenizer_and_stops_at_its_end():
    _, tokenizer = small()
    theirs = AutoTokenizer.from_pretrained(SMALL)
    text = world.corpus(3000, seed=1) + " Don't  stop,\n果🦊 "
    assert theirs.encode(text) == tokenizer.encode(text, allowed_special="all")
    end = tokenizer.special_tokens[world.END]
    assert theirs.eos_token_id == end
    model = GPT2LMHeadModel.from_pretrained(SMALL).eval()
    ids = torch.tensor([[end, *tokenizer.encode(world.PROMPT)]])
    told = model.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=50, do_sample=False
    )[0].tolist()
    assert told[-1] == end and end not in told[1:-1] and len(told) < 64


def test_transformers_reads_the_shipped_model_too():
    model, tokenizer = small()
    theirs = GPT2LMHeadModel.from_pretrained(SMALL).eval()
    ids = torch.tensor([tokenizer.encode(world.PROMPT)])
    with torch.no_grad():
        assert_close(model(ids), theirs(ids).logits, **TIGHT)


def test_a_model_that_moves_keeps_what_a_reader_put_in():
    model, _ = small()
    mine = model.replace(gelu=torch.relu).to("cpu")
    ids = torch.tensor([[1, 2, 3]])
    assert torch.equal(mine(ids), model.replace(gelu=torch.relu)(ids))
    assert not torch.equal(mine(ids), model(ids))
