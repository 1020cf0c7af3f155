"""GPT-2's files: config.json and model.safetensors, as they are published.

    a folder  <->  sizes: {"n_vocab": 50257, ...}, weights: {name: float32 tensor}

Knows names and formats, and nothing of what a model does with them. The weights keep
the names that they have in the published file.
"""

import json
import os
import warnings
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from gpt.data import write_whole

# Our name of a size: GPT-2's.
SIZES = {
    "n_vocab": "vocab_size",
    "n_ctx": "n_positions",
    "d_model": "n_embd",
    "n_layer": "n_layer",
    "n_head": "n_head",
}
# What a GPT-2's config.json may say of what is fixed here, and what counts if it is silent.
FIXED = {
    "model_type": ("gpt2",),
    "activation_function": ("gelu_new", "gelu_pytorch_tanh"),
    "layer_norm_epsilon": (1e-5,),
    "n_inner": (None,),
    "scale_attn_weights": (True,),
    "scale_attn_by_inverse_layer_idx": (False,),
}


def write(
    folder: str | os.PathLike, sizes: Mapping[str, int], weights: Mapping[str, Tensor]
) -> None:
    """Write both files into a folder, which is made where it is not there."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    plain = {name: weight.detach().contiguous() for name, weight in weights.items()}
    write_whole(folder / "model.safetensors", save(plain, {"format": "pt"}))
    written = {
        "model_type": "gpt2",
        "architectures": ["GPT2LMHeadModel"],
        **{theirs: sizes[ours] for ours, theirs in SIZES.items()},
        "activation_function": "gelu_new",
        "layer_norm_epsilon": 1e-5,
        "tie_word_embeddings": True,
    }
    text = json.dumps(written, indent=2) + "\n"
    write_whole(folder / "config.json", text.encode())


def read(folder: Path) -> tuple[dict[str, int], dict[str, Tensor]]:
    """The sizes of a model, and its weights by name: float32.

    Raises ValueError where the files are not a GPT-2.
    """
    written = json.loads((folder / "config.json").read_text("utf-8"))
    for setting, known in FIXED.items():
        if (value := written.get(setting, known[0])) not in known:
            raise ValueError(
                f"{folder} is not a GPT-2 that this model can be: its {setting} is "
                f"{value}, not {' or '.join(map(str, known))}"
            )
    if missing := [theirs for theirs in SIZES.values() if theirs not in written]:
        raise ValueError(f"{folder}/config.json does not say {', '.join(missing)}")
    try:
        tensors = load_file(folder / "model.safetensors")
    except SafetensorError as error:
        raise ValueError(
            f"{folder}/model.safetensors cannot be read: {error}"
        ) from None
    # Masks are not weights, the tied table is written once or twice, and some files put
    # a word before every name.
    weights = {
        name.removeprefix("transformer."): tensor.float()
        for name, tensor in tensors.items()
        if not name.endswith((".attn.bias", ".attn.masked_bias", "lm_head.weight"))
    }
    return {ours: written[theirs] for ours, theirs in SIZES.items()}, weights


def download(name: str) -> Path | None:
    """The folder of a model of the hub; None, after a warning, where there is no hub.

    The warning points to whoever called our caller. Raises ValueError where the hub
    knows no such model.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )

    try:
        files = ["config.json", "model.safetensors"]
        return Path(snapshot_download(name, allow_patterns=files))
    except (HFValidationError, RepositoryNotFoundError):
        raise ValueError(
            f"{name!r} is no folder here and no model of the hub; 'gpt2' is one"
        ) from None
    except (LocalEntryNotFoundError, OSError):
        warnings.warn(
            f"{name!r} is not on this machine and the hub cannot be reached: this is "
            "the course's own small model instead",
            stacklevel=3,
        )
        return None
