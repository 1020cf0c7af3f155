"""Llama's files: config.json and model.safetensors, as `transformers` writes them.

    a folder  ->  sizes: {"n_vocab": 49152, ...}, weights: {name: float32 tensor}

Knows names and formats, and nothing of what a model does with them.
"""

from pathlib import Path

import torch
from torch import Tensor

from gpt.files import read_json, read_weights

# Our name of a size: Llama's.
SIZES = {
    "n_vocab": "vocab_size",
    "n_ctx": "max_position_embeddings",
    "n_layer": "num_hidden_layers",
    "n_head": "num_attention_heads",
    "d_model": "hidden_size",
    "d_mlp": "intermediate_size",
    "eps": "rms_norm_eps",
}
# What config.json may say of what is fixed here, and what counts if it is silent.
FIXED = {
    "hidden_act": ("silu",),
    "attention_bias": (False,),
    "mlp_bias": (False,),
    "use_sliding_window": (False, None),
    "rope_scaling": (None,),
    "pretraining_tp": (1,),
}
KINDS = {"llama": False, "qwen3": True}  # model_type: has norms of queries and keys


def read(folder: Path) -> tuple[dict, dict[str, Tensor]]:
    """The sizes of a model, for `gpt.modern.Config`, and its weights by name: float32.

    Raises ValueError where the files are not a Llama, or cannot be read.
    """
    written = read_json(folder / "config.json")
    # Newer files have all of RoPE in one place.
    rope = written.get("rope_parameters") or {}
    settings = {"rope_type": ("default",)} | FIXED
    if (kind := written.get("model_type")) not in KINDS:
        raise ValueError(
            f"{folder} is not a Llama: its model_type is {kind!r}, not "
            f"{' or '.join(map(repr, KINDS))}"
        )
    for setting, known in settings.items():
        if (value := {**written, **rope}.get(setting, known[0])) not in known:
            raise ValueError(
                f"{folder} is not a Llama that this model can be: its {setting} is "
                f"{value!r}, not {known[0]!r}"
            )
    if missing := [theirs for theirs in SIZES.values() if theirs not in written]:
        raise ValueError(f"{folder}/config.json does not say {', '.join(missing)}")
    sizes = {ours: written[theirs] for ours, theirs in SIZES.items()}
    d_model, n_head = sizes["d_model"], sizes["n_head"]
    d_head = written.get("head_dim")
    if d_head is None and isinstance(d_model, int) and isinstance(n_head, int):
        if d_model % n_head:
            raise ValueError(
                f"{folder}/config.json gives {d_model} columns to {n_head} heads, "
                "which cannot share them, and has no head_dim"
            )
        d_head = d_model // n_head
    tied = written.get("tie_word_embeddings", False)
    weights = {
        name: tensor.float()
        for name, tensor in read_weights(folder, "AutoModelForCausalLM").items()
        if not name.endswith(".rotary_emb.inv_freq")  # old files: no weight
    }
    head, table = (
        weights.get("lm_head.weight"),
        weights.get("model.embed_tokens.weight"),
    )
    if tied and head is not None and table is not None:
        if not torch.equal(head, table):
            raise ValueError(
                f"{folder}/config.json says that one table reads and writes "
                "(tie_word_embeddings), and model.safetensors has two that differ"
            )
        del weights["lm_head.weight"]
    return sizes | {
        "n_kv_head": written.get("num_key_value_heads") or n_head,
        "d_head": d_head,
        "base": rope.get("rope_theta", written.get("rope_theta", 10_000.0)),
        "tied": bool(tied),
        "qk_norm": KINDS[kind],
    }, weights
