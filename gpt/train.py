"""Train the course's own small model on the small world: python -m gpt.train

    stories: END story END  ->  weights whose loss comes close to the exact floor

Whole stories, 32 a step, each seen once; AdamW, a warm-up and a cosine down to nothing.
It writes gpt/small: the model in GPT-2's format, its tokenizer, and card.json, which
says what it was made from and how good it is.

Sources: Loshchilov and Hutter (2019) for AdamW, Brown et al. (2020, appendix B) for the
betas, the clipping and the shape of the learning rate.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from math import cos, pi
from pathlib import Path

import torch
from torch import Tensor

from gpt import world
from gpt.data import write_whole
from gpt.model import GPT, SMALL, Config, initial
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


def learning_rate(
    step: int,
    steps: int,
    peak: float = PEAK,
    last: float = 0.0,
    warm_up: int = WARM_UP,
) -> float:
    """Straight up to `peak` in `warm_up` steps, then down a cosine to `last`.

    In a short run, the way up is a tenth of it.
    """
    up = min(warm_up, max(1, steps // 10))
    if step < up:
        return peak * (step + 1) / up
    return last + (peak - last) * 0.5 * (1 + cos(pi * (step - up) / (steps - up)))


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


def fit(
    model,
    batches: Iterable[tuple[Tensor, Tensor]],
    steps: int,
    *,
    peak: float = PEAK,
    last: float = 0.0,
    warm_up: int = WARM_UP,
    optimizer: torch.optim.Optimizer | None = None,
    done: int = 0,
) -> Iterator[float]:
    """Train the model's weights in place; yield the loss of each step, in nats.

    model: anything with `parameters()` and `loss(ids, targets)`.
    batches: yields ids and targets, both (B, T), int64; a target of -1 is not asked.
    peak, last, warm_up: see `learning_rate`. optimizer: AdamW where none is given; a
    group of its weights that has a "scale" learns at that many times the rate.
    done: the steps that are behind it, where a run goes on: `batches` begins after them.

    The course's own training has one step in a thousand or so that goes too far: all
    weights move a little, alike for one bet of every story (the "a" of "Once a"), and
    the next loss stands out by a tenth of a nat, on any stories. The step after it takes
    that back.

    Raises ValueError where the batches end before the steps do.
    """
    parameters = list(model.parameters())
    optimizer = optimizer or adamw(parameters)
    fed = iter(batches)
    for step in range(done, steps):
        pair = next(fed, None)
        if pair is None:
            raise ValueError(f"{steps} steps need {steps} batches; they end at {step}")
        for group in optimizer.param_groups:
            rate = learning_rate(step, steps, peak, last, warm_up)
            group["lr"] = rate * group.get("scale", 1.0)
        loss = model.loss(*pair)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        yield loss.item()


@torch.no_grad()
def held_out_loss(model: GPT, tokenizer: Tokenizer, many: int) -> float:
    """The mean loss over held-out stories, in nats per token."""
    stories = islice(world.stories(HELD_OUT), many)
    nats = tokens = 0
    for ids, targets in batches(tokenizer, stories, 100):
        asked = int((targets >= 0).sum())
        nats += model.loss(ids, targets).item() * asked
        tokens += asked
    return nats / tokens


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


def _from(least: int) -> Callable[[str], int]:
    """A reader of whole numbers from `least` up, for argparse."""

    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(
                f"{text} must be a whole number from {least} up"
            )
        return int(text)

    return number


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m gpt.train", description=__doc__)
    parser.add_argument("--steps", type=_from(1), default=2500)
    parser.add_argument("--seed", type=_from(0), default=0)
    parser.add_argument("--held-out", type=_from(1), default=4000, help="stories")
    parser.add_argument("--told", type=_from(1), default=500, help="stories of its own")
    parser.add_argument("--to", type=Path, default=SMALL, help="a folder")
    args = parser.parse_args()
    if args.seed == HELD_OUT:
        parser.error(f"--seed {HELD_OUT} is that of the held-out stories: take another")
    try:  # rather now than after the training
        args.to.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"--to {args.to} cannot be a folder to write in: {error}")
    started = time.monotonic()
    tokenizer = course_tokenizer()
    model = GPT(Config(N_VOCAB, **SIZE), initial(Config(N_VOCAB, **SIZE), args.seed))
    floor = world.entropy(tokenizer).nats_per_token
    curve = []
    told = batches(tokenizer, world.stories(args.seed), BATCH)
    for step, loss in enumerate(fit(model, told, args.steps), 1):
        curve.append(loss)
        if step % 50 == 0:
            mean = sum(curve[-50:]) / 50
            print(
                f"step {step:5}   loss {mean:.4f} nats per token   "
                f"{mean / floor - 1:+7.1%} over the floor   "
                f"{time.monotonic() - started:4.0f} s",
                flush=True,
            )
    loss = held_out_loss(model, tokenizer, args.held_out)
    share = grammatical_share(model, tokenizer, 0.8, args.told)
    seconds = time.monotonic() - started
    card = {
        "what": "A GPT-2 that knows the small world (gpt/world.py) and nothing else.",
        "made by": f"python -m gpt.train --steps {args.steps} --seed {args.seed}",
        "date": datetime.now(UTC).date().isoformat(),
        "seconds": round(seconds),
        "torch": torch.__version__.split("+")[0],
        "data": f"gpt.world.stories(seed={args.seed}), {args.steps * BATCH} stories",
        "tokenizer": f"gpt.tokenize.train on gpt.world.corpus(**{TEXT}), {N_VOCAB}",
        "seed": args.seed,
        "steps": args.steps,
        "stories a step": BATCH,
        "parameters": model.config.n_parameters,
        "floor": round(floor, 6),
        "loss": round(loss, 6),
        "loss over floor": round(loss / floor - 1, 5),
        "held out": f"gpt.world.stories(seed={HELD_OUT}), the first {args.held_out}",
        "grammatical share at temperature 0.8": share,
        "losses": [round(x, 4) for x in curve],
    }
    model.save(args.to, tokenizer.special_tokens[world.END])
    tokenizer.save(args.to / "tokenizer.json")
    tokenizer.save(args.to / "tokenizer.tiktoken")
    text = json.dumps(card, indent=2).replace("\n    ", " ").replace("\n  ]", " ]")
    write_whole(args.to / "card.json", (text + "\n").encode())
    print(
        f"{args.to}: {loss:.4f} nats per token on held-out stories, "
        f"{loss / floor - 1:.2%} over the floor; {share:.1%} of its stories at "
        f"temperature 0.8 are grammatical; {seconds:.0f} s"
    )


if __name__ == "__main__":
    main()
