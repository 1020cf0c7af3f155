"""Records the trainings that the page Train speaks of: they take minutes.

    python book/record_train.py            records all parts again
    python book/record_train.py ladder …   records these

The page reads book/recorded/train.json, and `gpt.band` reads gpt/bands.json. tests/book
repeats the first steps of some. Losses are in nats; `seconds` are of processor time.
"""

import json
import os
import sys
import time
from dataclasses import replace
from functools import cache
from itertools import islice
from statistics import mean, median

import recording
import torch
import torch._inductor.config
from facts.sample import Author

from gpt import band, train, world
from gpt.characters import Characters
from gpt.data import tiny_shakespeare
from gpt.model import GPT, SMALL, STAGES, Config, initial
from gpt.presets import PRESETS, Stories
from gpt.tokenize import train as train_tokenizer

FILE = recording.FOLDER / "train.json"
SEED = 0
SEEDS = (0, 1, 2)  # of what is compared closely
# the ladder: small, so that seven of them take a minute
RUNG = {"n_ctx": 32, "n_layer": 1, "n_head": 4, "d_model": 64}
LADDER_STEPS, LADDER_BATCH = 600, 32
LITTLE = 5_000  # characters of Shakespeare, little enough to learn by heart


def shakespeare(n_train=None):
    """(tokenizer, ids to train on, ids to test on), by characters."""
    text = tiny_shakespeare()
    letters = Characters(text)
    ids = torch.tensor(letters.encode(text))
    cut = int(0.9 * len(ids))
    return letters, ids[: n_train or cut], ids[cut:]


def tested(model, ids, n_ctx, many=150):
    """The mean loss over `many` windows of the text, evenly spread."""
    begins = torch.linspace(0, len(ids) - n_ctx - 1, many).long()[:, None]
    places = begins + torch.arange(n_ctx)
    return train.mean_loss(model, [(ids[places], ids[places + 1])])


# --- the ladder -------------------------------------------------------------------------
class Bigram:
    """A table: row i holds the logits of what follows token i. (n_vocab, n_vocab)."""

    def __init__(self, n_vocab):
        self.table = torch.zeros(n_vocab, n_vocab, requires_grad=True)

    def parameters(self):
        return [self.table]

    def loss(self, ids, targets):
        logits = self.table[ids].flatten(0, -2)
        return torch.nn.functional.cross_entropy(logits, targets.flatten())


def _attention(x, norm_1, attend, norm_2, mlp):
    return attend(x)


def _mlp(x, norm_1, attend, norm_2, mlp):
    return mlp(attend(x))


def _residual(x, norm_1, attend, norm_2, mlp):
    x = x + attend(x)
    return x + mlp(x)


def _plain(x, weight, bias):
    return x


RUNGS = {
    "one head": (RUNG | {"n_head": 1}, {"block": _attention, "layer_norm": _plain}),
    "several heads": (RUNG, {"block": _attention, "layer_norm": _plain}),
    "plus MLP": (RUNG, {"block": _mlp, "layer_norm": _plain}),
    "plus residual": (RUNG, {"block": _residual, "layer_norm": _plain}),
    "plus norm": (RUNG, {}),
    "scaled up": (RUNG | {"n_ctx": 64, "n_layer": 3, "d_model": 96}, {}),
}


def rung(name, n_vocab, seed=SEED):
    """A model of the ladder, its weights drawn wide enough to need no norm."""
    if name == "bigram":
        return Bigram(n_vocab), RUNG["n_ctx"]
    size, stages = RUNGS[name]
    config = Config(n_vocab, **size)
    weights = initial(config, seed)
    for key, weight in weights.items():
        if weight.ndim == 2 and key.startswith("h."):
            weights[key] = weight / weight.std() / weight.shape[0] ** 0.5
        elif weight.ndim == 2:
            weights[key] = weight / weight.std() / config.d_model**0.5
    return GPT(config, weights, STAGES | stages), config.n_ctx


def ladder(steps=LADDER_STEPS):
    letters, read, unread = shakespeare()
    found = {}
    for name in ("bigram", *RUNGS):
        peak = 0.05 if name == "bigram" else 3e-3
        runs = []
        for seed in SEEDS:
            model, n_ctx = rung(name, letters.n_vocab, seed)
            fed = train.windows(read, n_ctx, LADDER_BATCH, seed)
            losses = [*train.fit(model, fed, steps, peak=peak)]
            runs.append((losses[0], mean(losses[-50:]), tested(model, unread, n_ctx)))
        first, training, validation = zip(*runs)
        found[name] = {
            "parameters": sum(w.numel() for w in model.parameters()),
            "first": round(first[0], 4),
            "training": round(mean(training), 4),
            "validation": [round(loss, 4) for loss in validation],
        }
        print(name, found[name], flush=True)
    return {"steps": steps, "batch": LADDER_BATCH, **RUNG, "rungs": found}


# --- learned by heart, and the cures ----------------------------------------------------
CURES = {
    "nothing done": {},
    "dropout 0.2": {"dropout": 0.2},
    "weight decay 1": {"decay": 1.0},
    "a smaller model": {"size": {"n_layer": 1, "d_model": 32}},
    "ten times the text": {"n_train": 10 * LITTLE},
}
BIG = {"n_ctx": 32, "n_layer": 2, "n_head": 4, "d_model": 64}


def overfit(steps=1000, every=50):
    found = {}
    for name, cure in CURES.items():
        letters, read, unread = shakespeare(cure.get("n_train", LITTLE))
        config = Config(letters.n_vocab, **BIG | cure.get("size", {}))
        model = train.start(config, SEED, 0.06)
        optimizer = train.adamw(model.parameters())
        optimizer.param_groups[0]["weight_decay"] = cure.get("decay", 0.1)
        torch.manual_seed(SEED)
        rate = cure.get("dropout")
        learner = train.with_dropout(model, rate) if rate else model
        fed = train.windows(read, config.n_ctx, 16, SEED)
        curve = {"step": [], "training": [], "validation": []}
        for step, _ in enumerate(
            train.fit(learner, fed, steps, peak=5e-3, optimizer=optimizer), 1
        ):
            if step % every == 0:
                curve["step"].append(step)
                for which, ids in (("training", read), ("validation", unread)):
                    curve[which].append(round(tested(model, ids, config.n_ctx, 60), 4))
        found[name] = curve
        print(name, min(curve["validation"]), curve["validation"][-1], flush=True)
    return {"steps": steps, "batch": 16, **BIG, "characters": LITTLE, "runs": found}


# --- from noise to Shakespeare ----------------------------------------------------------
STOPS = (0, 10, 50, 100, 300)


def characters(steps=None):
    """The preset shakespeare: losses, and the same draw at several steps."""
    preset = PRESETS["shakespeare"]
    steps = steps or preset.steps
    letters, read, unread = shakespeare()
    config = preset.config(letters.n_vocab)
    model = train.start(config, SEED, preset.spread)
    started = time.process_time()
    samples, losses, validation = {}, [], []

    def look(step):
        new = model.generate(letters.encode("\n"), 200, seed=3, temperature=0.8)
        samples[step] = letters.decode(new)
        validation.append([step, round(tested(model, unread, config.n_ctx), 4)])
        print(step, validation[-1], repr(samples[step][:60]), flush=True)

    look(0)
    fed = train.windows(read, config.n_ctx, preset.batch, SEED)
    how = {"peak": preset.peak, "warm_up": preset.warm_up}
    how["optimizer"] = train.muon(model, beta2=preset.beta2)
    for step, loss in enumerate(train.fit(model, fed, preset.steps, **how), 1):
        losses.append(round(loss, 4))
        if step in STOPS or step == steps:
            look(step)
        if step == steps:
            break
    return {
        "seconds": round(time.process_time() - started),
        "n_vocab": letters.n_vocab,
        "parameters": config.n_parameters,
        "losses": losses,
        "validation": validation,
        "samples": samples,
    }


def bpe(n_vocab=512):
    """The same model on tokens of BPE; the losses a character can be compared."""
    preset = PRESETS["shakespeare"]
    steps = preset.steps
    text = tiny_shakespeare()
    cut = int(0.9 * len(text))
    started = time.process_time()
    tokenizer = train_tokenizer(text[:200_000], n_vocab)
    read = torch.tensor(tokenizer.encode(text[:cut]))
    unread = torch.tensor(tokenizer.encode(text[cut:]))
    config = preset.config(n_vocab)
    model = train.start(config, SEED, preset.spread)
    fed = train.windows(read, config.n_ctx, preset.batch, SEED)
    how = {"peak": preset.peak, "warm_up": preset.warm_up}
    how["optimizer"] = train.muon(model, beta2=preset.beta2)
    losses = [*train.fit(model, fed, steps, **how)]
    loss = tested(model, unread, config.n_ctx)
    new = model.generate(tokenizer.encode("\n"), 120, seed=3, temperature=0.8)
    return {
        "steps": steps,
        "n_vocab": n_vocab,
        "seconds": round(time.process_time() - started),
        "first": round(losses[0], 4),
        "validation": round(loss, 4),
        "characters a token": round((len(text) - cut) / len(unread), 4),
        "sample": tokenizer.decode_bytes(new).decode(errors="replace"),
    }


# --- more of everything -----------------------------------------------------------------
SIZES = {
    "small": {"n_layer": 1, "n_head": 2, "d_model": 32},
    "middle": {"n_layer": 2, "n_head": 4, "d_model": 64},
    "large": {"n_layer": 3, "n_head": 4, "d_model": 96},
}


def scaling(steps=(60, 180, 540)):
    """The validation loss of three sizes after three lengths of training."""
    letters, read, unread = shakespeare()
    found = {}
    for name, size in SIZES.items():
        config = Config(letters.n_vocab, 64, **size)
        rows = []
        for many in steps:
            model = GPT(config, initial(config, SEED))
            fed = train.windows(read, 64, 12, SEED)
            for _ in train.fit(model, fed, many, peak=4e-3):
                pass
            rows.append([many, round(tested(model, unread, 64), 4)])
        found[name] = {"parameters": config.n_parameters, "runs": rows}
        print(name, found[name], flush=True)
    return {"tokens a step": 12 * 64, "sizes": found}


# --- pre-training against fine-tuning ---------------------------------------------------
def fine_tuning(before=400, steps=60, n_chars=6000, every=10):
    """A model of Shakespeare's characters learns stories; beside one that is new."""
    letters, read, unread = shakespeare()
    told = world.corpus(n_chars, seed=1).replace(world.END, "\n")
    new = world.corpus(20_000, seed=2).replace(world.END, "\n")
    stories, unheard = (torch.tensor(letters.encode(text)) for text in (told, new))
    config = Config(letters.n_vocab, **BIG)
    shakespearean = GPT(config, initial(config, SEED))
    fed = train.windows(read, 32, 16, SEED)
    for _ in train.fit(shakespearean, fed, before, peak=4e-3):
        pass
    found = {}
    for name, model in (
        ("fine-tuned", shakespearean),
        ("from noise", GPT(config, initial(config, SEED))),
    ):
        rows = [[0, tested(model, unheard, 32, 60), tested(model, unread, 32, 60)]]
        fed = train.windows(stories, 32, 16, SEED)
        for step, _ in enumerate(train.fit(model, fed, steps, peak=2e-3), 1):
            if step % every == 0:
                row = tested(model, unheard, 32, 60), tested(model, unread, 32, 60)
                rows.append([step, *row])
        found[name] = [[s, round(a, 4), round(b, 4)] for s, a, b in rows]
        print(name, found[name], flush=True)
    return {"before": before, "steps": steps, "characters": n_chars, "runs": found}


# --- what the rate and the clipping do --------------------------------------------------
def rates(steps=150):
    """The mean of the last losses of a small model of the world, for peaks and ways."""
    tokenizer = train.course_tokenizer()
    config = Config(train.N_VOCAB, 64, 1, 4, 64)

    def last(peak, **how):
        model = GPT(config, initial(config, SEED))
        if how.pop("sgd", False):
            how["optimizer"] = torch.optim.SGD(model.parameters(), momentum=0.9)
        fed = train.batches(tokenizer, world.stories(SEED), 16)
        losses = [*train.fit(model, fed, steps, peak=peak, **how)]
        return round(sum(losses[-20:]) / 20, 4)

    found = {
        "peaks": {str(p): last(p) for p in (3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1)},
        "no warm-up": {str(p): last(p, warm_up=1) for p in (3e-3, 1e-2, 3e-2)},
        "constant": last(1e-2, last=1e-2),
        "SGD": {str(p): last(p, sgd=True) for p in (0.1, 0.3, 1.0)},
    }
    print(found)
    return {"steps": steps, **found}


# --- what makes it faster ---------------------------------------------------------------
# from the one recipe to the other: each change is made on top of those before it
CHANGES = {
    "three layers": {"n_layer": 3},
    "down to zero": {"last": 0.0},
    "peak": {"peak": 4e-3, "warm_up": 30},
    "spread": {"spread": 0.06},
    "muon": {"optimizer": "muon"},
    "higher peak": {"peak": 8e-3},
}
BATCHES = (6, 12, 24)  # windows a step, in steps for as many windows in all
FASTER_STEPS = 300


@cache
def sped_up():
    """{what was changed: the preset with that and all changes before it}."""
    preset = PRESETS["nanogpt-cpu"]
    found = {"as in the recipe": preset}
    for name, change in CHANGES.items():
        found[name] = preset = replace(preset, **change)
    return found


def trained(preset, steps, seed, text):
    """(loss on the validation text, seconds of processor a step) of so short a run."""
    letters, read, unread = text
    model = train.start(preset.config(letters.n_vocab), seed, preset.spread)
    if preset.optimizer == "muon":
        optimizer = train.muon(model, beta2=preset.beta2)
    else:
        optimizer = train.adamw(model.parameters(), preset.beta2)
    fed = train.windows(read, preset.n_ctx, preset.batch, seed)
    how = {"peak": preset.peak, "last": preset.last, "warm_up": preset.warm_up}
    started = time.process_time()
    for _ in train.fit(model, fed, steps, optimizer=optimizer, **how):
        pass
    seconds = (time.process_time() - started) / steps
    return round(tested(model, unread, preset.n_ctx, 400), 4), seconds


def faster(steps=FASTER_STEPS):
    """What the preset shakespeare does otherwise than nanoGPT's recipe, one by one."""
    text = shakespeare()

    def told(name, preset, many):
        runs = [trained(preset, many, seed, text) for seed in SEEDS]
        losses, seconds = zip(*runs)
        print(name, losses, seconds, flush=True)
        return {"validation": [*losses], "ms a step": round(1000 * min(seconds), 1)}

    ways = sped_up()
    last = [*ways.values()][-1]
    return {
        "steps": steps,
        "runs": {name: told(name, preset, steps) for name, preset in ways.items()},
        "batches": {
            str(size): told(size, replace(last, batch=size), steps * last.batch // size)
            for size in BATCHES
        },
    }


def compiled(steps=60):
    """A step's time with the loss through torch.compile, and without: they take turns."""
    torch._inductor.config.force_disable_caches = True  # of what was compiled before
    preset, (letters, read, _) = PRESETS["shakespeare"], shakespeare()

    class Compiled:
        def __init__(self, model):
            self.parameters, self.loss = model.parameters, torch.compile(model.loss)

    def runs():
        for wrap in (Compiled, lambda model: model):
            model = train.start(preset.config(letters.n_vocab), SEED, preset.spread)
            fed = train.windows(read, preset.n_ctx, preset.batch, SEED)
            yield train.fit(wrap(model), fed, steps + 1, peak=1e-3)

    ways, spent = [*runs()], ([], [])
    started = sum(os.times()[:4])  # the compiler's processes, too
    first = next(ways[0])
    seconds = sum(os.times()[:4]) - started
    assert abs(next(ways[1]) - first) < 1e-4
    for _ in range(steps):
        for way, times in zip(ways, spent):
            started = time.process_time()
            next(way)
            times.append(time.process_time() - started)
    with_it, without = map(median, spent)
    return {"seconds to compile": round(seconds), "a step": round(with_it / without, 3)}


def race():
    """nanoGPT's recipe and the preset shakespeare, in turns, to the same loss."""
    from bench.train import GOAL, race

    def told(one):
        looks = {str(n): (round(v, 4), round(cpu)) for n, (v, _, cpu) in one.at.items()}
        return {"steps": one.reached or one.steps, "looks": looks}

    recipe, ours = race()
    found = {"goal": GOAL, "recipe": told(recipe), "shakespeare": told(ours)}
    return found | {"ratio of CPU times": round(ours.cpu / recipe.cpu, 3)}


def near_the_floor(steps=6000):
    """How near the floor of the small world ten minutes bring the preset `world`.

    The stories of a test are a sample: what they cost their author is near the floor,
    but not the floor itself.
    """
    preset = replace(PRESETS["world"], steps=steps)
    data = Stories(preset, SEED)
    model = train.start(preset.config(data.tokenizer.n_vocab), SEED, preset.spread)
    optimizer = train.muon(model, beta2=preset.beta2)
    how = {"peak": preset.peak, "warm_up": preset.warm_up, "optimizer": optimizer}
    started = time.process_time()
    for _ in train.fit(model, data.batches(), steps, **how):
        pass
    seconds = time.process_time() - started
    many, author = 4000, Author(data.tokenizer)
    paid = [author.pays(s) for s in islice(world.stories(train.HELD_OUT), many)]
    floor = sum(nats for nats, _ in paid) / sum(tokens for _, tokens in paid)
    loss = train.mean_loss(model, data.held_out(many))
    return {
        "steps": steps,
        "seconds": round(seconds),
        "stories": many,
        "loss": round(loss, 6),
        "what their author pays": round(floor, 6),
    }


# --- what is normal ---------------------------------------------------------------------
# preset -> its seeds, and the steps that are recorded
BANDS = {"quick": ((0, 1, 2, 3, 4), 400), "small": ((0, 1, 3), 150)}


def small_losses(name, seed, steps):
    """The first losses of a preset on the small world."""
    if name == "small" and seed == 3:  # the shipped model's own
        return json.loads((SMALL / "card.json").read_bytes())["losses"][:steps]
    preset, tokenizer = PRESETS[name], train.course_tokenizer()
    config = preset.config(train.N_VOCAB)
    model = GPT(config, initial(config, seed))
    told = train.batches(tokenizer, world.stories(seed), preset.batch)
    losses = train.fit(model, told, preset.steps, peak=preset.peak)
    return [loss for _, loss in zip(range(steps), losses)]


def bands():
    known = recording.read(band.FILE).get("bands", {})
    for name, (seeds, steps) in BANDS.items():
        runs = [small_losses(name, seed, steps) for seed in seeds]
        known[name] = band.record(runs)
        head = recording.made_by("record_train.py bands")
        recording.keep(band.FILE, {**head, "bands": known})
        print(name, known[name], flush=True)


PARTS = {
    part.__name__: part
    for part in (
        ladder,
        overfit,
        characters,
        bpe,
        scaling,
        fine_tuning,
        rates,
        faster,
        compiled,
        race,
        near_the_floor,
    )
}


def main(names):
    torch.set_num_threads(1)
    for name in names or [*PARTS, "bands"]:
        if name == "bands":
            bands()
            continue
        part = PARTS[name]()
        part = recording.made_by(f"record_train.py {name}", seed=SEED) | part
        known = recording.read(FILE)
        recorded = {
            n: part if n == name else known[n] for n in PARTS if n in {*known, name}
        }
        recording.keep(FILE, recorded)


if __name__ == "__main__":
    main(sys.argv[1:])
