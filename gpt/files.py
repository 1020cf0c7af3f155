"""GPT-2's files: config.json, model.safetensors and tokenizer.json, as published.

    a folder  <->  sizes: {"n_vocab": 50257, ...}, weights: {name: float32 tensor}
    a file  <->  ranks: {bytes: id}, special_tokens: {name: id}

Knows names and formats, and nothing of what a model does with them. The weights keep
the names that they have in the published file.
"""

import json
import os
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
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
    "scale_attn_weights": (True,),
    "scale_attn_by_inverse_layer_idx": (False,),
}


def write(
    folder: str | os.PathLike,
    sizes: Mapping[str, int],
    weights: Mapping[str, Tensor],
    end: int | None = None,
) -> None:
    """Write config and weights into a folder, which is made where it is not there.

    end: the id at which `transformers` stops to generate.
    """
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
        "bos_token_id": end,  # silent, transformers would take that of GPT-2
        "eos_token_id": end,
    }
    text = json.dumps(written, indent=2) + "\n"
    write_whole(folder / "config.json", text.encode())


def read(folder: Path) -> tuple[dict[str, int], dict[str, Tensor]]:
    """The sizes of a model, and its weights by name: float32.

    Raises ValueError where the files are not a GPT-2, or cannot be read.
    """
    written = read_json(folder / "config.json")
    if missing := [theirs for theirs in SIZES.values() if theirs not in written]:
        raise ValueError(f"{folder}/config.json does not say {', '.join(missing)}")
    n_embd = written["n_embd"]
    wide = 4 * n_embd if isinstance(n_embd, int) else None
    for setting, known in {**FIXED, "n_inner": (None, wide)}.items():
        if (value := written.get(setting, known[0])) not in known:
            raise ValueError(
                f"{folder} is not a GPT-2 that this model can be: its {setting} is "
                f"{value}, not {' or '.join(str(k) for k in known if k is not None)}"
            )
    tensors = read_weights(folder, "GPT2LMHeadModel")
    # Masks are not weights, and some files put a word before every name.
    weights = {
        name.removeprefix("transformer."): tensor.float()
        for name, tensor in tensors.items()
        if not name.endswith((".attn.bias", ".attn.masked_bias"))
    }
    # The tied table is written once or twice.
    head, table = weights.pop("lm_head.weight", None), weights.get("wte.weight")
    if head is not None and table is not None and not torch.equal(head, table):
        raise ValueError(
            f"{folder}/model.safetensors has an output head of its own: its "
            "lm_head.weight is not its wte.weight, and this model has one table for both"
        )
    return {ours: written[theirs] for ours, theirs in SIZES.items()}, weights


def read_json(path: Path) -> dict:
    """ValueError where the file is missing or is no JSON object."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ValueError(f"{path.parent} has no {path.name}") from None
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}; get it anew") from None
    if not isinstance(found, dict):
        raise ValueError(f"{path} holds no object {{…}}, but {found!r:.40}")
    return found


def read_weights(folder: Path, theirs: str) -> dict[str, Tensor]:
    """The tensors of model.safetensors. ValueError, with the cure, where it has none.

    theirs: the class of `transformers` that makes one file of several.
    """
    try:
        return load_file(folder / "model.safetensors")
    except FileNotFoundError:
        found = [
            path.name
            for pattern in ("*.safetensors", "*.safetensors.index.json", "*.bin")
            for path in sorted(folder.glob(pattern))
        ]
        cure = (
            f"transformers makes one file of these: {theirs}.from_pretrained"
            f"({str(folder)!r}).save_pretrained(NEW, max_shard_size='100GB')"
            if found
            else "it belongs beside config.json"
        )
        raise ValueError(
            f"{folder} has no model.safetensors, but {', '.join(found[:3]) or 'no weights'}"
            f"; {cure}"
        ) from None
    except SafetensorError as error:
        raise ValueError(
            f"{folder}/model.safetensors cannot be read: {error}; it may be cut short, "
            "so get it anew"
        ) from None


# How GPT-2 writes bytes in tokenizer.json: those that can be seen stand for themselves,
# the others for the characters from 256 on.
_SEEN = [*range(33, 127), *range(161, 173), *range(174, 256)]
_HIDDEN = [byte for byte in range(256) if byte not in _SEEN]
_SIGN = {byte: chr(byte) for byte in _SEEN}
_SIGN |= {byte: chr(256 + i) for i, byte in enumerate(_HIDDEN)}
BYTE = {sign: byte for byte, sign in _SIGN.items()}


def write_tokenizer(
    path: Path, ranks: Mapping[bytes, int], special_tokens: Mapping[str, int]
) -> None:
    """Write tokenizer.json, which `tokenizers` and `transformers` read.

    Raises ValueError where a special token is written as one of the pieces is.
    """
    import tokenizers
    from tokenizers import AddedToken, decoders, models, pre_tokenizers

    vocab = {"".join(map(_SIGN.get, piece)): id for piece, id in ranks.items()}
    if doubled := [name for name in special_tokens if name in vocab]:
        raise ValueError(f"{path}: {doubled[0]!r} is a special token and a piece")
    # A pair of pieces merges where the two together are one, by that one's rank.
    merges = [
        (sign[:i], sign[i:])
        for sign in sorted(vocab, key=vocab.get)
        for i in range(1, len(sign))
        if sign[:i] in vocab and sign[i:] in vocab
    ]
    model = models.BPE(vocab | special_tokens, merges, ignore_merges=True)
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    names = [AddedToken(name, normalized=False) for name in special_tokens]
    tokenizer.add_special_tokens(names)
    write_whole(path, tokenizer.to_str(pretty=True).encode() + b"\n")


def read_tokenizer(path: Path) -> tuple[dict[bytes, int], dict[str, int]]:
    """The ranks and special tokens of a tokenizer.json.

    Raises ValueError where it is not a byte-level BPE with the chunks of GPT-2.
    """
    written = read_json(path)
    try:
        kind, cut = written["model"]["type"], written["pre_tokenizer"]
        special = {token["content"]: token["id"] for token in written["added_tokens"]}
        ranks = {
            bytes(map(BYTE.__getitem__, sign)): id
            for sign, id in written["model"]["vocab"].items()
            if sign not in special
        }
        if kind != "BPE" or cut["type"] != "ByteLevel" or cut["add_prefix_space"]:
            raise ValueError(f"{kind}, cut by {cut}")
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} is not a tokenizer.json of GPT-2's kind, a byte-level BPE whose "
            f"chunks begin with a space as they are: {error!r}"
        ) from None
    return ranks, special


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
