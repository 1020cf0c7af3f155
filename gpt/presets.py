"""What `python -m gpt.train` can train on, and the sizes and rates that are known to work.

    the name of a preset, of a text, of a tokenizer  ->  batches, and what tests them

Sources: Karpathy's nanoGPT (2022) for the two recipes that carry its name, from the
README and from config/train_shakespeare_char.py.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor

from gpt import train, world
from gpt.characters import Characters
from gpt.data import tiny_shakespeare
from gpt.model import GPT, Config
from gpt.tokenize import Tokenizer

Batches = Iterator[tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Preset:
    """All that a run is made from, but for its seed."""

    data: str  # world, shakespeare, or a file
    tokenizer: str  # course, characters, or a file that ends in .tiktoken
    n_ctx: int
    n_layer: int
    n_head: int
    d_model: int
    batch: int
    steps: int
    peak: float
    last: float = 0.0
    warm_up: int = train.WARM_UP
    beta2: float = 0.95
    dropout: float = 0.0
    optimizer: str = "adamw"  # or muon
    spread: float | None = None  # of the first tables: see gpt.train.start

    def config(self, n_vocab: int) -> Config:
        return Config(n_vocab, self.n_ctx, self.n_layer, self.n_head, self.d_model)


_SMALL = {**train.SIZE, "batch": train.BATCH, "peak": train.PEAK}
_FAST = {"peak": 0.008, "warm_up": 30, "optimizer": "muon", "spread": 0.06}
_LAPTOP = {"n_ctx": 64, "n_layer": 4, "n_head": 4, "d_model": 128, "batch": 12}
_GPU = {"n_ctx": 256, "n_layer": 6, "n_head": 6, "d_model": 384, "batch": 64}
_NANO = {"peak": 1e-3, "last": 1e-4, "beta2": 0.99}
_LETTERS = ("shakespeare", "characters")
PRESETS = {
    # the course's own model; one that takes seconds; the first with what makes it faster
    "small": Preset("world", "course", steps=2500, **_SMALL),
    "quick": Preset("world", "course", 64, 1, 4, 64, 16, 400, 0.01),
    "world": Preset("world", "course", steps=500, **_SMALL | _FAST),
    # Shakespeare on two cores
    "shakespeare": Preset(
        *_LETTERS, steps=700, beta2=0.99, **_LAPTOP | {"n_layer": 3} | _FAST
    ),
    # nanoGPT's recipe for a laptop, and that for a GPU (best validation loss 1.4697)
    "nanogpt-cpu": Preset(*_LETTERS, steps=2000, **_LAPTOP, **_NANO),
    "nanogpt-gpu": Preset(*_LETTERS, steps=5000, **_GPU, **_NANO, dropout=0.2),
}


class Stories:
    """The small world: as many stories as are asked for, each seen once."""

    name = "world"

    def __init__(self, preset: Preset, seed: int):
        if preset.tokenizer != "course":
            raise ValueError(
                f"--tokenizer {preset.tokenizer}: the small world is told in the course's "
                "own tokens; a text of its stories in a file can be cut otherwise"
            )
        if seed == train.HELD_OUT:
            raise ValueError(f"--seed {seed} is that of the held-out stories")
        self.tokenizer = train.course_tokenizer()
        self.floor = world.entropy(self.tokenizer).nats_per_token
        self.seed, self.size = seed, preset.batch
        self.fingerprint = f"gpt.world.stories(seed={seed})"

    def batches(self, done: int = 0) -> Batches:
        """Those of training, from step `done` on."""
        told = islice(world.stories(self.seed), done * self.size, None)
        return train.batches(self.tokenizer, told, self.size)

    def held_out(self, many: int) -> Batches:
        """Stories that training does not see."""
        told = islice(world.stories(train.HELD_OUT), many)
        return train.batches(self.tokenizer, told, 100)

    def sample(self, model: GPT, seed: int) -> str:
        return train.tell(model, self.tokenizer, seed, temperature=0.8)


class Text:
    """One long text: nine tenths to train on, the last tenth to test on."""

    floor = None

    def __init__(self, preset: Preset, seed: int):
        text = read(preset.data)
        self.name, self.seed, self.preset = preset.data, seed, preset
        self.fingerprint = hashlib.sha256(text.encode()).hexdigest()
        self.tokenizer = tokenizer(preset.tokenizer, text)
        ids = torch.tensor(self.tokenizer.encode(text), dtype=torch.int64)
        cut = int(0.9 * len(ids))
        self.trained, self.tested = ids[:cut], ids[cut:]
        if len(self.tested) <= preset.n_ctx:
            raise ValueError(
                f"--data {preset.data} is too short: {len(text)} characters are "
                f"{len(ids)} tokens, and a tenth of them, kept for the validation, must "
                f"be more than a context of {preset.n_ctx}: {10 * preset.n_ctx + 10} "
                "tokens will do"
            )

    def batches(self, done: int = 0) -> Batches:
        """Windows of the training text, from step `done` on."""
        p = self.preset
        drawn = train.windows(self.trained, p.n_ctx, p.batch, self.seed)
        return islice(drawn, done, None)

    def held_out(self, many: int) -> Batches:
        """Windows of the validation text, side by side: `many` of them, evenly spread."""
        T = self.preset.n_ctx
        begins = torch.arange(0, len(self.tested) - T, T)
        begins = begins[:: max(1, len(begins) // many)][:many, None]
        for part in begins.split(100):
            places = part + torch.arange(T)
            yield self.tested[places], self.tested[places + 1]

    def sample(self, model: GPT, seed: int) -> str:
        """A context and a half of the model's own, after the text's first token."""
        n_new = min(400, self.preset.n_ctx * 3)
        first = [int(self.tested[0])]
        new = model.generate(first, n_new, seed=seed, temperature=0.8)
        ids = first + [*new]
        if isinstance(self.tokenizer, Characters):
            return self.tokenizer.decode(ids)
        return self.tokenizer.decode_bytes(ids).decode(errors="replace")


def source(preset: Preset, seed: int) -> Stories | Text:
    return (Stories if preset.data == "world" else Text)(preset, seed)


def read(name: str) -> str:
    """The text of --data. ValueError where the file is not there, or is not UTF-8."""
    if name == "shakespeare":
        return tiny_shakespeare()
    try:
        return Path(name).read_bytes().decode()
    except OSError as error:
        raise ValueError(
            f"--data {name} cannot be read ({error.strerror}); it is a file, world or "
            "shakespeare"
        ) from None
    except UnicodeDecodeError as error:
        raise ValueError(
            f"--data {name} is not UTF-8: {error.reason} at byte {error.start}; save it "
            "as UTF-8"
        ) from None


def tokenizer(name: str, text: str) -> Characters | Tokenizer:
    """That of --tokenizer. ValueError where it is unknown or its file malformed."""
    if name == "characters":
        return Characters(text)
    if Path(name).suffix not in (".tiktoken", ".json"):
        raise ValueError(
            f"--tokenizer {name}: it is characters, or a file that ends in .tiktoken or "
            ".json, as gpt.tokenize.Tokenizer.save writes it"
        )
    try:
        return Tokenizer.load(name)
    except OSError as error:
        raise ValueError(f"--tokenizer {name} cannot be read: {error}") from None
