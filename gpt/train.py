"""Train a model: batches and their targets, the loss, the rate, the optimizer, the loop.

    ids, targets: int64 (B, T)  ->  weights with a lower loss

`fit` trains any model on any batches. What the course itself trains is here too: whole
stories of the small world, 32 a step, each seen once. `python -m gpt.train` is the
command (see `gpt.command`); it makes a folder that holds the run.

Sources: Loshchilov and Hutter (2019) for AdamW, Brown et al. (2020, appendix B) for the
betas, the clipping and the shape of the learning rate, Srivastava et al. (2014) for
dropout, Jordan et al. (2024) for Muon.
"""

import runpy
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from math import cos, pi

import torch
from torch import Tensor

from gpt import world
from gpt.model import GPT, Config, initial
from gpt.tokenize import Tokenizer, train

TEXT = {"n_chars": 130_000, "seed": 272}  # what the tokenizer is trained on
N_VOCAB = 588
SIZE = {"n_ctx": 64, "n_layer": 3, "n_head": 4, "d_model": 96}
BATCH, PEAK, WARM_UP = 32, 3e-3, 100
HELD_OUT = 1_000_000  # the seed of stories that training does not see


def course_tokenizer() -> Tokenizer:
    """The tokenizer of the small model: 588 tokens, END the last."""
    return train(world.corpus(**TEXT), N_VOCAB, special_tokens=[world.END])


def batches(
    tokenizer: Tokenizer, stories: Iterator[str], size: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield ids and targets, both (size, T): END story, and story END, padded.

    T is the longest of these stories; the padding's targets are -1, not asked.
    """
    end = tokenizer.special_tokens[world.END]
    while told := list(islice(stories, size)):
        rows = [torch.tensor([end, *tokenizer.encode(story), end]) for story in told]
        ids = torch.full((len(rows), max(map(len, rows)) - 1), end)
        targets = torch.full_like(ids, -1)
        for i, row in enumerate(rows):
            ids[i, : len(row) - 1], targets[i, : len(row) - 1] = row[:-1], row[1:]
        yield ids, targets


def windows(
    ids: Tensor, n_ctx: int, size: int, seed: int = 0
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield ids and targets without end, both (size, n_ctx): windows of one long text.

    ids: (N,), int64. A window begins anywhere; its targets are its ids one place on.
    Raises ValueError where the text is too short for a window and the token after it.
    """
    if len(ids) <= n_ctx:
        raise ValueError(
            f"a text of {len(ids)} tokens is too short: a window takes {n_ctx}, and "
            "the token after them"
        )
    draw = torch.Generator().manual_seed(seed)
    place, begins = torch.arange(n_ctx), len(ids) - n_ctx
    while True:
        begin = torch.randint(begins, (size, 1), generator=draw)
        yield ids[begin + place], ids[begin + place + 1]


def learning_rate(
    step: int,
    steps: int,
    peak: float = PEAK,
    warm_up: int = WARM_UP,
    last: float = 0.0,
) -> float:
    """Straight up to `peak` in `warm_up` steps, then down a cosine to `last`.

    In a short run, the way up is a tenth of it.
    """
    up = min(warm_up, max(1, steps // 10))
    if step < up:
        return peak * (step + 1) / up
    return last + (peak - last) * 0.5 * (1 + cos(pi * (step - up) / (steps - up)))


def start(config: Config, seed: int = 0, spread: float | None = None) -> GPT:
    """A model at its first step: GPT-2's random weights (`gpt.model.initial`).

    spread: another standard deviation than 0.02 for the two tables of embeddings; then
    the last matrix of each part is 0, so that every layer begins by adding nothing. In a
    small model a wider table has less way to go.
    """
    weights = initial(config, seed)
    for name, weight in weights.items():
        if spread and name in ("wte.weight", "wpe.weight"):
            weight.mul_(spread / 0.02)
        elif spread and name.endswith("c_proj.weight"):
            weight.zero_()
    return GPT(config, weights)


def adamw(parameters: Iterable[Tensor], beta2: float = 0.95) -> torch.optim.Optimizer:
    """AdamW with weight decay for the matrices; vectors are not drawn to zero."""
    parameters = list(parameters)
    matrices = [w for w in parameters if w.ndim > 1]
    vectors = [w for w in parameters if w.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": 0.1},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, betas=(0.9, beta2))


def muon(model: GPT, scale: float = 4.0, beta2: float = 0.95) -> "Together":
    """Muon for the matrices of the layers, AdamW for all else (Jordan et al., 2024).

    Muon makes each matrix's step as large in every direction, so that rare directions
    learn too. scale: the rate of Muon's matrices, in rates of the others.
    """
    inner = [w for n, w in model.weights.items() if n.startswith("h.") and w.ndim == 2]
    ids = {id(w) for w in inner}
    rest = adamw([w for w in model.parameters() if id(w) not in ids], beta2)
    matrices = torch.optim.Muon(inner, weight_decay=0.1)
    matrices.param_groups[0]["scale"] = scale
    return Together(matrices, rest)


class Together:
    """Several optimizers as one."""

    def __init__(self, *optimizers: torch.optim.Optimizer):
        self.optimizers = optimizers

    @property
    def param_groups(self) -> list[dict]:
        return [group for one in self.optimizers for group in one.param_groups]

    def zero_grad(self) -> None:
        for one in self.optimizers:
            one.zero_grad()

    def step(self) -> None:
        for one in self.optimizers:
            one.step()


def fit(
    model,
    batches: Iterable[tuple[Tensor, Tensor]],
    steps: int,
    *,
    peak: float = PEAK,
    warm_up: int = WARM_UP,
    last: float = 0.0,
    optimizer: torch.optim.Optimizer | None = None,
    first: int = 0,
) -> Iterator[float]:
    """Train the model's weights in place; yield the loss of each step, in nats.

    model: anything with `parameters()` and `loss(ids, targets)`.
    batches: yields ids and targets, both (B, T), int64; a target of -1 is not asked.
    peak, warm_up, last: see `learning_rate`. optimizer: AdamW where none is given; a
    group of its weights that has a "scale" learns at that many times the rate.
    first: the step to begin with, where a run goes on: `batches` begins with its batch.

    The course's own training has one step in a thousand or so that goes too far: all
    weights move a little, alike for one bet of every story (the "a" of "Once a"), and
    the next loss stands out by a tenth of a nat, on any stories. The step after it takes
    that back.

    Raises ValueError where the batches end before the steps do.
    """
    parameters = list(model.parameters())
    optimizer = optimizer or adamw(parameters)
    fed = iter(batches)
    for step in range(first, steps):
        pair = next(fed, None)
        if pair is None:
            raise ValueError(f"the batches end at {step} of {steps} steps")
        for group in optimizer.param_groups:
            rate = learning_rate(step, steps, peak, warm_up, last)
            group["lr"] = rate * group.get("scale", 1.0)
        loss = model.loss(*pair)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        yield loss.item()


def with_dropout(model: GPT, rate: float) -> GPT:
    """The same weights, trained so that no number can rely on another to be there.

    At every step a share `rate` of the numbers that enter the residual stream is set to
    0, drawn anew, and the others grow by 1 / (1 - rate): their sum stays what it was on
    average. The numbers are drawn from torch's own generator.
    """
    drop = partial(torch.nn.functional.dropout, p=rate)
    embed, block = model.stages["embed"], model.stages["block"]

    def thin_embed(*given):
        return drop(embed(*given))

    def thin_block(x, norm_1, attend, norm_2, mlp):
        def thin_attend(y):
            return drop(attend(y))

        def thin_mlp(y):
            return drop(mlp(y))

        return block(x, norm_1, thin_attend, norm_2, thin_mlp)

    return model.replace(embed=thin_embed, block=thin_block)


@torch.no_grad()
def mean_loss(model, batches: Iterable[tuple[Tensor, Tensor]]) -> float:
    """The mean loss over all that the batches ask, in nats per token."""
    nats = tokens = 0
    for ids, targets in batches:
        asked = int((targets >= 0).sum())
        nats += model.loss(ids, targets).item() * asked
        tokens += asked
    return nats / tokens


def held_out_loss(model: GPT, tokenizer: Tokenizer, many: int) -> float:
    """The mean loss over held-out stories, in nats per token."""
    stories = islice(world.stories(HELD_OUT), many)
    return mean_loss(model, batches(tokenizer, stories, 100))


def tell(model: GPT, tokenizer: Tokenizer, seed: int, prompt: str = "", **how) -> str:
    """A story of the model's own, from `prompt` to END or the end of the context."""
    end = tokenizer.special_tokens[world.END]
    ids = [end, *tokenizer.encode(prompt)]
    room = model.config.n_ctx - len(ids) + 1
    new = [*model.generate(ids, room, seed=seed, stop=end, **how)]
    return tokenizer.decode_bytes([*ids[1:], *new]).decode(errors="replace")


def grammatical_share(
    model: GPT, tokenizer: Tokenizer, temperature: float, many: int
) -> float:
    """The share of the model's stories that the small world could have told."""
    told = (tell(model, tokenizer, i, temperature=temperature) for i in range(many))
    return sum(map(world.grammatical, told)) / many


if __name__ == "__main__":  # the command stands above this module, and imports it
    runpy.run_module("gpt.command", run_name="__main__")
