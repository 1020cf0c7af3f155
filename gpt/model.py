"""The four stages put together: GPT-2's architecture, to the last digit.

    ids: int64 (B, T)  ->  logits: float32 (B, T, n_vocab)

>>> model, tokenizer = small()
>>> ids = torch.tensor([tokenizer.encode("<|endoftext|>Once", allowed_special="all")])
>>> model(ids).shape
torch.Size([1, 2, 588])

A model is a config and its weights, which carry the names that they have in GPT-2's
published file. `trace` gives every intermediate by name; `replace` puts a reader's own
function in place of a stage.

Source: Radford et al. (2019, section 2.3), and the code published with it.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from functools import partial
from math import sqrt
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from gpt import files
from gpt.attend import attend
from gpt.cache import Cache, Reader, fast_attention
from gpt.embed import embed
from gpt.mlp import block, fast_gelu, fast_layer_norm, mlp
from gpt.sample import generate, unembed
from gpt.tokenize import Tokenizer

SMALL = Path(__file__).parent / "small"
STAGES = {
    "embed": embed,
    "block": block,
    "layer_norm": fast_layer_norm,
    "attention": fast_attention,
    "gelu": fast_gelu,
    "unembed": unembed,
}


@dataclass(frozen=True)
class Config:
    """The size of a model."""

    n_vocab: int
    n_ctx: int
    n_layer: int
    n_head: int
    d_model: int

    def __post_init__(self):
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, int) or value < 1:
                raise ValueError(
                    f"{field.name} must be a whole number from 1 up, not {value!r}"
                )
        if self.d_model % self.n_head:
            raise ValueError(
                f"d_model {self.d_model} cannot be shared by {self.n_head} heads"
            )

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The name and shape of every weight, in the order of the flow."""
        C, wide = self.d_model, 4 * self.d_model
        shapes = {"wte.weight": (self.n_vocab, C), "wpe.weight": (self.n_ctx, C)}
        for layer in range(self.n_layer):
            inside = {
                "ln_1.weight": (C,),
                "ln_1.bias": (C,),
                "attn.c_attn.weight": (C, 3 * C),
                "attn.c_attn.bias": (3 * C,),
                "attn.c_proj.weight": (C, C),
                "attn.c_proj.bias": (C,),
                "ln_2.weight": (C,),
                "ln_2.bias": (C,),
                "mlp.c_fc.weight": (C, wide),
                "mlp.c_fc.bias": (wide,),
                "mlp.c_proj.weight": (wide, C),
                "mlp.c_proj.bias": (C,),
            }
            shapes |= {f"h.{layer}.{name}": shape for name, shape in inside.items()}
        return shapes | {"ln_f.weight": (C,), "ln_f.bias": (C,)}

    @property
    def n_parameters(self) -> int:
        """The numbers that are learned; the tied table counts once."""
        return sum(torch.Size(shape).numel() for shape in self.shapes().values())


def initial(
    config: Any, seed: int = 0, into_stream: tuple[str, ...] = ("c_proj",)
) -> dict[str, Tensor]:
    """Random weights, as GPT-2's are before training: float32.

    Normal with a standard deviation of 0.02, smaller for what is added to the residual
    stream 2 n_layer times, by its name; biases 0, norms' weights 1.
    """
    random = torch.Generator().manual_seed(seed)
    weights = {}
    for name, shape in config.shapes().items():
        if len(shape) == 1:
            fill = torch.ones if ".weight" in name else torch.zeros
            weights[name] = fill(shape)
        else:
            added = any(part in name for part in into_stream)
            scale = 0.02 / (sqrt(2 * config.n_layer) if added else 1)
            weights[name] = torch.randn(shape, generator=random) * scale
    return weights


def ignore(name: str, value: Tensor) -> Tensor:
    """Note nothing."""
    return value


class Model:
    """What GPT and its like (`gpt.modern.Llama`) have in common.

    `config` has the `shapes` of the weights, `weights` are tensors by name, and `stages`
    the functions that a model runs: STAGES, or a reader's own in place of some.

    Raises ValueError where a weight is missing, unknown, or of another shape.
    """

    STAGES: ClassVar[dict[str, Callable]]
    initial: ClassVar[Callable[..., dict[str, Tensor]]]

    def __init__(
        self,
        config: Any,
        weights: dict[str, Tensor] | None = None,
        stages: dict[str, Callable] | None = None,
    ):
        self.config = config
        self.weights = self.initial(config) if weights is None else weights
        self.stages = self.STAGES if stages is None else stages
        shapes = config.shapes()
        for name in [*shapes, *(self.weights.keys() - shapes.keys())]:
            want = shapes.get(name)
            got = tuple(self.weights[name].shape) if name in self.weights else None
            if want != got:
                raise ValueError(
                    f"the weight {name} should be {want or 'absent'} for {config}, "
                    f"and is {got or 'absent'}"
                )

    def __call__(self, ids: Tensor, cache: Cache | None = None) -> Tensor:
        """The logits of what follows each token: (B, T) -> (B, T, n_vocab).

        With a cache, ids are only those that are new: they stand after all that it
        holds, look at that too, and are kept in it. A stage for attention that was
        replaced then gets fewer queries than keys, and of a padded batch a `mask`. Raises
        ValueError where they have no place.
        """
        return self._run(ids, ignore, cache)

    def _run(self, ids: Tensor, note: Callable, cache: Cache | None = None) -> Tensor:
        """The logits. What `note(name, value)` returns of each intermediate goes on."""
        raise NotImplementedError

    def _traced(self, ids: Tensor, *names: str) -> dict[str, Tensor]:
        """Every intermediate by name, in the order of the flow; or those named."""
        found = {}

        def note(name, value):
            found[name] = value
            return value

        self._run(ids, note)
        if unknown := [name for name in names if name not in found]:
            raise ValueError(
                f"no intermediate {unknown[0]!r}; there are {', '.join(found)}"
            )
        return {name: found[name] for name in names or found}

    def loss(self, ids: Tensor, targets: Tensor) -> Tensor:
        """The mean -log probability of the targets, in nats per token: a scalar.

        ids, targets: (B, T), int64. Where a target is -1, nothing is asked.
        """
        if targets.shape != ids.shape:
            raise ValueError(
                f"ids {tuple(ids.shape)} and targets {tuple(targets.shape)} must have "
                "one shape: a target for every token"
            )
        logits = self(ids).flatten(0, -2)
        return cross_entropy(logits, targets.flatten(), ignore_index=-1)

    def replace(self, **stages: Callable) -> Self:
        """The same model with a reader's own functions in place of stages.

        Each takes and returns what the course's own does: see STAGES. Raises ValueError
        for a stage that does not exist, or something that cannot be called.
        """
        for name, function in stages.items():
            if name not in self.STAGES:
                raise ValueError(
                    f"no stage {name!r}; there are {', '.join(self.STAGES)}"
                )
            if not callable(function):
                raise ValueError(f"{name} must be a function, not {function!r}")
        return type(self)(self.config, self.weights, self.stages | stages)

    def parameters(self) -> list[Tensor]:
        """The weights, each ready to be trained."""
        return [weight.requires_grad_() for weight in self.weights.values()]

    @property
    def device(self) -> torch.device:
        return next(iter(self.weights.values())).device

    def to(self, device: torch.device | str) -> Self:
        """The same model on another device."""
        moved = {name: weight.to(device) for name, weight in self.weights.items()}
        return type(self)(self.config, moved, self.stages)


class GPT(Model):
    """A model with GPT-2's architecture, and weights by the names in its files."""

    STAGES = STAGES
    initial = staticmethod(initial)

    def trace(self, ids: Tensor, *names: str) -> dict[str, Tensor]:
        """Every intermediate by name, in the order of the flow; or those named.

        For layer n: "n.norm_1", "n.q", "n.k", "n.v" and "n.heads" (B, H, T, d_head),
        "n.weights" (B, H, T, T), "n.attend", "n.middle" (the stream between attention
        and MLP), "n.norm_2", "n.hidden" (B, T, d_mlp), "n.mlp", "n.stream"; before them
        "embed", after them "norm" and "logits". Where no shape is given: (B, T, C).

        Raises ValueError for a name that does not exist.
        """
        return self._traced(ids, *names)

    def _run(
        self,
        ids: Tensor,
        note: Callable[[str, Tensor], Tensor],
        cache: Cache | None = None,
    ) -> Tensor:
        do, w = self.stages, self.weights
        x = note("embed", self._embed(ids, cache))
        attention = do["attention"]
        if cache is not None and cache.pads is not None:
            attention = partial(attention, mask=cache.mask(ids.shape[-1]))
        for n in range(self.config.n_layer):
            x = note(f"{n}.stream", self._block(n, x, note, attention, cache))
        x = note("norm", do["layer_norm"](x, w["ln_f.weight"], w["ln_f.bias"]))
        return note("logits", do["unembed"](x, w["wte.weight"]))

    def _embed(self, ids: Tensor, cache: Cache | None) -> Tensor:
        """The tokens at their places, which go on after those of a cache."""
        embed, wte, wpe = (
            self.stages["embed"],
            *(self.weights[name] for name in ("wte.weight", "wpe.weight")),
        )
        if cache is None:
            return embed(ids, wte, wpe)
        if cache.length + ids.shape[-1] > len(wpe):
            raise ValueError(
                f"{ids.shape[-1]} tokens after the {cache.length} of the cache are more "
                f"than the context of {len(wpe)}: begin a new cache with the last ones"
            )
        if cache.pads is None:
            return embed(ids, wte, wpe[cache.length :])
        places = cache.places(ids.shape[-1])  # (B, T): each row has its own
        return torch.stack([embed(row, wte, wpe[at]) for row, at in zip(ids, places)])

    def _block(
        self,
        n: int,
        x: Tensor,
        note: Callable,
        look: Callable[..., Tensor],
        cache: Cache | None,
    ) -> Tensor:
        """Layer n: its weights given to the stages, and what they return noted."""
        do = self.stages

        def weights(part):
            names = (f"h.{n}.{part}.weight", f"h.{n}.{part}.bias")
            return [self.weights[name] for name in names]

        def norm(i, x):
            if i == 2:
                note(f"{n}.middle", x)
            y = do["layer_norm"](x, *weights(f"ln_{i}"))
            return note(f"{n}.norm_{i}", y)

        def attention(q, k, v):
            for name, value in (("q", q), ("k", k), ("v", v)):
                note(f"{n}.{name}", value)
            if note is not ignore:  # what each value would get: one-hot values tell
                one_hot = torch.eye(q.shape[-2], dtype=q.dtype, device=q.device)
                one_hot = one_hot.expand(*q.shape[:-1], -1)
                note(f"{n}.weights", look(q, k, one_hot))
            if cache is not None:
                k, v = cache.extend(n, k, v)
            return note(f"{n}.heads", look(q, k, v))

        def attend_(x):
            w = (*weights("attn.c_attn"), *weights("attn.c_proj"))
            y = attend(x, *w, self.config.n_head, attention)
            return note(f"{n}.attend", y)

        def mlp_(x):
            w = (*weights("mlp.c_fc"), *weights("mlp.c_proj"))
            y = mlp(x, *w, lambda h: note(f"{n}.hidden", do["gelu"](h)))
            return note(f"{n}.mlp", y)

        return do["block"](x, partial(norm, 1), attend_, partial(norm, 2), mlp_)

    def generate(self, ids: Iterable[int], n_new: int, **how) -> Iterator[int]:
        """Yield ids that continue `ids` (T,): see `gpt.sample.generate`.

        Only what is new is computed at each step, until the text is longer than the
        context: from then on, and with a reader's own function in place of a stage, which
        may want to see the whole text, the model reads it anew for every token.
        """
        read = Reader(self) if self.stages == STAGES else self
        return generate(read, ids, n_new, n_ctx=self.config.n_ctx, **how)

    def save(self, folder: str | os.PathLike, end: int | None = None) -> None:
        """Write config.json and model.safetensors, as GPT-2 is published.

        end: the id that ends a text, for `transformers`, whose generate stops there.
        """
        files.write(folder, asdict(self.config), self.weights, end)


def load(name: str | os.PathLike) -> GPT:
    """A model from a folder, or by its name from the hub: load("gpt2").

    The folder holds config.json and model.safetensors in the format of GPT-2 as it was
    published. The hub's files are downloaded once and kept by huggingface_hub. Where
    the hub cannot be reached, a warning says so and the small model comes instead.

    Raises ValueError where the name is unknown, or the files are not a GPT-2, cannot
    be read, or have an output head that is not the table (`lm_head.weight`).
    """
    folder = Path(name) if Path(name).is_dir() else files.download(str(name))
    if folder is None:
        return load(SMALL)
    sizes, weights = files.read(folder)
    return GPT(Config(**sizes), weights)


def small() -> tuple[GPT, Tokenizer]:
    """The course's own model, which knows the small world, and its tokenizer."""
    return load(SMALL), Tokenizer.load(SMALL / "tokenizer.json")
