"""Keeps the weights of the course's model at some steps of its own training.

    python book/record_steps.py

It begins the training of the course's model once more, by the command that
gpt/small/card.json names, and goes on until the model has learned to copy. That every
loss on the way is the card's, to its last digit, says that this is the same run. In
book/recorded/steps/ it keeps a file of 16-bit numbers for each step, in the order in
which gpt/small/model.safetensors has its weights, and in steps.json the loss of each. The
last step of the run is gpt/small itself, so it is measured, and not kept a second time.

Two threads add in another order than one, and after some steps their losses differ: the
course's model was trained with two.
"""

import hashlib
import json
from itertools import islice
from math import log

import recording
import torch
from facts import apart, sample
from safetensors.torch import load_file

from gpt import train, world
from gpt.data import write_whole
from gpt.model import GPT, SMALL, Config, initial, small

FOLDER = recording.FOLDER / "steps"
FILE = FOLDER / "steps.json"
KEPT = (0, 50, 100, 175, 250, 350)
WHOLE_RUN, SEED, THREADS = 2500, 3, 2
HELD_OUT = 1000  # stories


def halves(weights: dict[str, torch.Tensor]) -> bytes:
    """Weights as 16-bit numbers, each rounded to the nearest, one after the other."""
    order = load_file(SMALL / "model.safetensors")
    return b"".join(
        weights[name].detach().numpy().astype("<f2").tobytes() for name in order
    )


def fingerprint(weights: dict[str, torch.Tensor]) -> str:
    return hashlib.sha256(halves(weights)).hexdigest()


def run(tokenizer, losses: list[float], kept=KEPT):
    """Yield (step, model) at each step that is kept.

    losses: those of the model's own training. Raises ValueError at the first step that
    has another.
    """
    config = Config(train.N_VOCAB, **train.SIZE)
    model = GPT(config, initial(config, SEED))
    yield 0, model
    stories = train.batches(tokenizer, world.stories(SEED), train.BATCH)
    with torch.enable_grad():
        fitted = train.fit(model, stories, WHOLE_RUN)
        for step, loss in zip(range(1, kept[-1] + 1), fitted):
            if round(loss, 4) != losses[step - 1]:
                raise ValueError(
                    f"step {step} has a loss of {loss:.4f}, and in the model's own "
                    f"training it was {losses[step - 1]}: another torch, or machine?"
                )
            if step in kept:
                yield step, model


def lines(tokenizer) -> dict[str, float]:
    """What no model can pass, in nats per token: any, the author on these stories, and
    one that has forgotten name and animal."""
    floor = world.entropy(tokenizer)
    author = sample.Author(tokenizer)
    stories = islice(world.stories(train.HELD_OUT), HELD_OUT)
    nats, tokens = zip(*map(author.pays, stories))
    forgotten = log(len(apart.NAMES) * len(apart.ANIMALS)) / floor.tokens
    return {
        "floor": round(floor.nats_per_token, 6),
        "author": round(sum(nats) / sum(tokens), 6),
        "forgetful": round(floor.nats_per_token + forgotten, 6),
    }


def main():
    torch.set_num_threads(THREADS)
    model, tokenizer = small()
    card = json.loads((SMALL / "card.json").read_text("utf-8"))
    FOLDER.mkdir(exist_ok=True)
    kept = {}

    def measure(step, model):
        loss = train.held_out_loss(model, tokenizer, HELD_OUT)
        kept[str(step)] = {"loss": round(loss, 4), "sha256": fingerprint(model.weights)}
        print(f"step {step}: {loss:.4f} nats per token", flush=True)

    for step, then in run(tokenizer, card["losses"]):
        write_whole(FOLDER / f"step-{step}.bin", halves(then.weights))
        measure(step, then)
    measure(WHOLE_RUN, model)
    recorded = recording.made_by("record_steps.py", seed=SEED, threads=THREADS)
    recorded |= {
        "trained by": card["made by"],
        "its losses": f"those of gpt/small/card.json, at each of {KEPT[-1]} steps",
        "the last step": "gpt/small",
        "held out": f"gpt.world.stories(seed={train.HELD_OUT}), the first {HELD_OUT}",
        **lines(tokenizer),
        "steps": kept,
    }
    recording.keep(FILE, recorded)


if __name__ == "__main__":
    main()
