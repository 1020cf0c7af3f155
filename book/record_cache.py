"""Records what takes long of the page Cache: what a token costs, and trained windows.

    python book/record_cache.py cost       some minutes
    python book/record_cache.py windows    some minutes
    python book/record_cache.py writing    a minute or two; needs SmolLM2 (`make real`)

The first times a model of GPT-2's size, with random weights, at several lengths of the
text; the second trains the course's model again, with a window from its first step; the
third lets a real model write with a cache and without. The page reads the file;
tests/book repeats the first steps of the training.
"""

import sys
import time
from functools import partial
from itertools import islice
from statistics import quantiles

import recording
import torch
from facts import cache as facts

from gpt import world
from gpt.cache import Cache
from gpt.model import GPT, Config, initial
from gpt.sample import generate
from gpt.train import BATCH, N_VOCAB, SIZE, batches, course_tokenizer, fit

PROMPT = "The most effective way to learn computer science is"
FILE = recording.FOLDER / "cache.json"
GPT2 = Config(50_257, 1024, 12, 12, 768)
LENGTHS = 1, 128, 256, 512, 768, 1023  # of the text before the token
ROUNDS, STEPS_A_ROUND = 5, 5
WIDTHS, STEPS, SEED, FIRST = (8, 16), 2000, 3, 4


def timed(model, *read) -> float:
    """The processor's seconds for reading ids, with a cache or without.

    On one thread they are those of the clock, but for what else the machine has to do.
    """
    start = time.process_time()
    model(*read)
    return time.process_time() - start


@torch.no_grad()
def cost(config=GPT2, lengths=LENGTHS, rounds=ROUNDS) -> dict:
    """The seconds of a token after texts of some lengths: quartiles, anew and kept.

    Every round visits every length. Anew, the text and the token are read; kept, the
    token alone, after a cache that holds as much as the text would leave there.
    """
    model = GPT(config, initial(config, SEED))
    ids = torch.randint(config.n_vocab, (1, config.n_ctx))
    taken = {how: {n: [] for n in lengths} for how in ("anew", "kept")}
    d_head = config.d_model // config.n_head
    for _ in range(rounds):
        for n in lengths:
            taken["anew"][n].append(timed(model, ids[:, : n + 1]))
            cache, past = Cache(config.n_layer), torch.ones(1, config.n_head, n, d_head)
            for layer in range(config.n_layer):
                cache.extend(layer, past, past)
            for _ in range(STEPS_A_ROUND):
                cache.length = n  # the same step again
                taken["kept"][n].append(timed(model, ids[:, n : n + 1], cache))
    found = {
        how: [[round(s, 5) for s in quantiles(times[n])] for n in lengths]
        for how, times in taken.items()
    }
    made = recording.made_by("record_cache.py cost", seed=SEED, rounds=rounds)
    return {**made, "length": [*lengths], **found}


def windowed(width: int) -> GPT:
    """A new model of the course's size that sees `width` tokens in each layer."""
    config = Config(N_VOCAB, **SIZE)
    model = GPT(config, initial(config, SEED))
    return model.replace(attention=partial(facts.window, width=width))


def losses(model: GPT, tokenizer):
    """Train it as the course's own, on the same stories; yield the loss of each step."""
    told = batches(tokenizer, world.stories(SEED), BATCH)
    return fit(model, told, STEPS)


def windows() -> dict:
    """Of each width: the first losses of its training, and what it has learned."""
    tokenizer, found = course_tokenizer(), {}
    for width in WIDTHS:
        model = windowed(width)
        paid = [*losses(model, tokenizer)]
        found[str(width)] = learned(model, tokenizer, paid)
    made = recording.made_by("record_cache.py windows", seed=SEED, steps=STEPS)
    return {**made, "windows": found}


@torch.no_grad()
def learned(model: GPT, tokenizer, paid: list[float]) -> dict:
    """The loss on held-out stories, and the mean bets on what the last sentence copies."""
    read = facts.Stories(tokenizer)
    name, animal = read.copied(model)
    return {
        "first": [round(loss, 5) for loss in paid[:FIRST]],
        "loss": round(read.loss(model), 5),
        "the name": round(float(name.mean()), 4),
        "the animal": round(float(animal.mean()), 4),
    }


def first(width: int, tokenizer) -> list[float]:
    """The first losses of a window's training, which the test repeats."""
    return [*islice(losses(windowed(width), tokenizer), FIRST)]


def writing(n_new: int = 200) -> dict:
    """SmolLM2's seconds for as many new tokens, the likeliest ones, kept and anew."""
    from gpt.modern import smollm2

    model, tokenizer = smollm2()
    ids = tokenizer.encode(PROMPT)
    ways = {
        "kept": model.generate(ids, n_new, top_k=1),
        "anew": generate(model, ids, n_new, top_k=1),
    }
    taken, written = {}, {}
    for how, new in ways.items():
        start = time.process_time()
        written[how] = [*new]
        taken[how] = round(time.process_time() - start, 2)
    assert written["kept"] == written["anew"]
    made = recording.made_by("record_cache.py writing")
    return {**made, "prompt": PROMPT, "tokens": n_new, **taken}


def main(parts: list[str]) -> None:
    make = {"cost": cost, "windows": windows, "writing": writing}
    if not parts or set(parts) - set(make):
        raise SystemExit(f"name what to record: {' or '.join(make)}")
    torch.set_num_threads(1)
    recorded = recording.read(FILE)
    for part in parts:
        recorded[part] = make[part]()
    recording.keep(FILE, recorded)
    print(f"{' and '.join(parts)} in {FILE.name}")


if __name__ == "__main__":
    main(sys.argv[1:])
