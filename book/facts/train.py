"""What the chapter Train measures, and what it reads of the trainings on record."""

import json
from math import exp, log
from pathlib import Path
from statistics import mean
from typing import NamedTuple

import torch
from edition import mark, minus, percent, two

from gpt import band, world
from gpt.model import GPT
from gpt.presets import PRESETS
from gpt.train import WARM_UP

from ._reading import card, piece
from .apart import ANIMALS
from .cache import MANY, Stories

FILE = Path(__file__).parents[1] / "recorded" / "train.json"


def recorded(part):
    """A part of what `book/record_train.py` has recorded."""
    return json.loads(FILE.read_text("utf-8"))[part]


def made(part, name):
    """For `say`: the day on which a part was recorded, and the machine."""
    found = recorded(part)
    machine, cores = found["machine"].removesuffix(" cores").split(", ")
    return {
        f"{name}_made": found["date"],
        f"{name}_machine": machine,
        f"{name}_cores": cores,
        f"{name}_seed": found["seed"],
    }


# --- batches ------------------------------------------------------------------------
def shifted(tokenizer, ids, targets, many=9):
    """The first places of a batch's first row: what is read, and what is asked."""
    return [
        [piece(tokenizer, id).strip().replace(world.END, "END") for id in row[:many]]
        for row in (ids[0].tolist(), targets[0].tolist())
    ]


# --- the loss -----------------------------------------------------------------------
def beginnings(tokenizer):
    """For `say`: what blind guessing costs, and what the author pays."""
    floor = world.entropy(tokenizer).nats_per_token
    many = tokenizer.n_vocab
    return {
        "n_vocab": many,
        "blind": f"{log(many):.3f}",
        "floor": f"{floor:.4f}",
        "floor_perplexity": two(exp(floor)),
    }


# --- one weight ---------------------------------------------------------------------
def nudged(model, ids, targets, name="h.0.mlp.c_fc.weight", place=(0, 0), by=1e-2):
    """One weight of a model: its gradient, and what a nudge of it does to the loss."""
    model = GPT(model.config, {n: w.double() for n, w in model.weights.items()})
    model.parameters()
    model.loss(ids, targets).backward()
    weight = model.weights[name]
    with torch.no_grad():
        weight[place] += by
        up = float(model.loss(ids, targets))
        weight[place] -= 2 * by
        down = float(model.loss(ids, targets))
    gradient = float(weight.grad[place])
    for other in model.weights.values():
        other.grad = None
    return {
        "nudge": f"{by:g}",
        "nudge_gradient": minus(gradient, ".6f"),
        "nudge_slope": minus((up - down) / (2 * by), ".6f"),
    }


# --- the step -----------------------------------------------------------------------
def warming():
    """For `say`: how long the warm-up is, and below which length a tenth of the run."""
    steps = PRESETS["quick"].steps
    return {
        "warm_up": WARM_UP,
        "warm_up_whole": 10 * WARM_UP,
        "warm_up_quick": steps // 10,
        "warm_up_of": steps,
    }


# --- a run --------------------------------------------------------------------------
class Run(NamedTuple):
    losses: list  # of every step
    band: list  # (step, low, high)
    floor: float
    said: dict


def quick_run(tokenizer, losses, counted):
    """The reader's own training beside the band and the floor.

    counted: the loss of the bigram table.
    """
    floor = world.entropy(tokenizer).nats_per_token
    known = band.of("quick")
    last = sum(losses[-25:]) / 25
    below = next(step for step, loss in band.means(losses) if loss < counted)
    said = {
        "quick_over": percent(last / floor - 1),
        "quick_steps": len(losses),
        "quick_below": below,
        **{
            f"band_{side}": two(loss)
            for step, *ends in known
            if step == 75
            for side, loss in zip(("low", "high"), ends)
        },
    }
    said["band_slack"] = percent(band.SLACK)
    return Run(losses, known, floor, said)


@torch.no_grad()
def hero(model, tokenizer):
    """For `say`: whether the name and the animal are copied into the last sentence.

    hero_share: what the bets on the animal cost, of all that the model pays more than the
    author; the author knows the animal, and pays nothing for it.
    """
    read = Stories(tokenizer)
    name, animal = read.copied(model)
    over = (read.loss(model) - read.floor(tokenizer)) * int((read.targets >= 0).sum())
    return {
        "hero_stories": MANY,
        "hero_animals": len(ANIMALS),
        "hero_guess": percent(1 / len(ANIMALS)),
        "hero_name": percent(float(name.mean())),
        "hero_animal": percent(float(animal.mean())),
        "hero_share": percent(float(-animal.log().sum()) / over),
    }


class Whole(NamedTuple):
    losses: list
    floor: float
    said: dict


def whole_run():
    """The training of the course's model, as its card has it."""
    kept = card()
    losses, floor = kept["losses"], kept["floor"]
    within = next(
        i for i in range(50, len(losses)) if sum(losses[i - 50 : i]) < 50 * 1.05 * floor
    )
    said = {
        "whole_steps": len(losses),
        "whole_first": two(losses[0]),
        "whole_date": kept["date"],
        "whole_over": percent(kept["loss over floor"], ".2f"),
        "whole_within": within,
        "whole_seconds": kept["seconds"],
        "whole_seed": kept["seed"],
    }
    return Whole(losses, floor, said)


# --- on record ----------------------------------------------------------------------
RUNGS = {
    "bigram": mark("bigram"),
    "one head": mark("one head"),
    "several heads": mark("several heads"),
    "plus MLP": mark("plus MLP"),
    "plus residual": mark("plus residual"),
    "plus norm": mark("plus norm"),
    "scaled up": mark("scaled up"),
}


LADDER_RATES = 0.05, 0.003  # the peak for the table, and for the other rungs


def ladder():
    """({rung: its numbers}, facts)."""
    found = recorded("ladder")
    rungs = found["rungs"]
    for rung in rungs.values():
        rung["mean"] = mean(rung["validation"])
    said = {f"rung_{i}": two(rungs[name]["mean"]) for i, name in enumerate(RUNGS)}
    said |= {
        "ladder_steps": found["steps"],
        "ladder_seeds": len(rungs["bigram"]["validation"]),
        "ladder_parameters": rungs["one head"]["parameters"],
        "ladder_scaled": rungs["scaled up"]["parameters"],
        "ladder_table_rate": f"{LADDER_RATES[0]:g}",
        "ladder_rate": f"{LADDER_RATES[1]:g}",
        **made("ladder", "ladder"),
    }
    return {name: rungs[name] for name in RUNGS}, said


CURES = {
    "nothing done": mark("nothing done"),
    "dropout 0.2": mark("dropout 0.2"),
    "weight decay 1": mark("weight decay 1"),
    "a smaller model": mark("a smaller model"),
    "ten times the text": mark("ten times the text"),
}


def overfit():
    """({cure: its curves}, facts)."""
    found = recorded("overfit")
    runs = {name: found["runs"][name] for name in CURES}
    said = {"little": found["characters"], "overfit_steps": found["steps"]}
    for i, run in enumerate(runs.values()):
        best = min(run["validation"])
        said |= {
            f"cure_{i}_best": two(best),
            f"cure_{i}_last": two(run["validation"][-1]),
        }
    plain = runs["nothing done"]
    turn = plain["validation"].index(min(plain["validation"]))
    said |= {
        "cure_0_train": two(plain["training"][-1]),
        "cure_0_at": plain["step"][turn],
        **made("overfit", "overfit"),
    }
    return runs, said


def characters():
    """(samples by step, facts) of the preset shakespeare, beside BPE."""
    found, pieces = recorded("characters"), recorded("bpe")
    per_token = pieces["characters a token"]
    said = {
        "char_first": two(found["losses"][0]),
        "char_vocab": found["n_vocab"],
        "char_blind": two(log(found["n_vocab"])),
        "char_steps": found["validation"][-1][0],
        "char_loss": two(found["validation"][-1][1]),
        "char_seconds": found["seconds"],
        "char_parameters": found["parameters"],
        "bpe_vocab": pieces["n_vocab"],
        "bpe_loss": two(pieces["validation"]),
        "bpe_per_token": two(per_token),
        "bpe_per_character": two(pieces["validation"] / per_token),
        **made("characters", "char"),
        **made("bpe", "bpe"),
    }
    return found["samples"], said


def scaling():
    """({size: its numbers}, facts)."""
    found = recorded("scaling")
    sizes = found["sizes"]
    ends = [size["runs"][-1][1] for size in sizes.values()]
    many = [size["parameters"] for size in sizes.values()]
    small, *_, large = (size["runs"] for size in sizes.values())
    said = {f"scale_{i}": two(loss) for i, loss in enumerate(ends)}
    said |= {f"scale_parameters_{i}": n for i, n in enumerate(many)}
    said |= {
        "scale_more_parameters": round(many[-1] / many[0]),
        "scale_more_steps": round(small[-1][0] / small[0][0]),
        "scale_small": two(small[0][1]),
        "scale_large": two(large[0][1]),
        "scale_tokens": found["tokens a step"],
        **made("scaling", "scale"),
    }
    return sizes, said


def fine_tuning():
    """({way: [[step, loss on stories, loss on Shakespeare], …]}, facts)."""
    found = recorded("fine_tuning")
    tuned, noise = found["runs"]["fine-tuned"], found["runs"]["from noise"]
    said = {
        "tune_before": found["before"],
        "tune_steps": found["steps"],
        "tune_characters": found["characters"],
        "tuned": two(tuned[-1][1]),
        "untuned": two(noise[-1][1]),
        "forgot_before": two(tuned[0][2]),
        "forgot_after": two(tuned[-1][2]),
        **made("fine_tuning", "tune"),
    }
    return found["runs"], said


def rates():
    """({peak: loss, with warm-up}, {peak: loss, without}, facts)."""
    found = recorded("rates")
    peaks = {float(p): loss for p, loss in found["peaks"].items()}
    cold = {float(p): loss for p, loss in found["no warm-up"].items()}
    best = min(peaks, key=peaks.get)
    said = {
        "rate_steps": found["steps"],
        "rate_best": f"{best:g}",
        "rate_best_loss": two(peaks[best]),
        "rate_low_loss": two(peaks[min(peaks)]),
        "rate_high": f"{max(peaks):g}",
        "rate_high_loss": two(peaks[max(peaks)]),
        "rate_constant": two(found["constant"]),
        "rate_cosine": two(peaks[0.01]),
        "rate_sgd": two(min(found["SGD"].values())),
        **made("rates", "rate"),
    }
    return peaks, cold, said


CHANGES = {
    "as in the recipe": mark("as in the recipe"),
    "three layers": mark("three layers instead of four"),
    "down to zero": mark("the rate falls to zero, not to a tenth"),
    "peak": mark("four times the rate"),
    "spread": mark("wider tables at the start, the last matrix of each part zero"),
    "muon": mark("Muon for the matrices"),
    "higher peak": mark("twice the rate again"),
}


class Change(NamedTuple):
    name: str
    loss: float  # the mean over the seeds
    spread: float  # from the lowest of them to the highest
    time: float  # of a step, in steps of the recipe


def faster():
    """([Change, each on top of those before it], facts)."""
    found = recorded("faster")
    runs, unit = found["runs"], found["runs"]["as in the recipe"]["ms a step"]
    changes = []
    for name, title in CHANGES.items():
        losses, time = runs[name]["validation"], runs[name]["ms a step"] / unit
        changes.append(Change(title, mean(losses), max(losses) - min(losses), time))
    said = {
        "faster_steps": found["steps"],
        "faster_seeds": len(runs["muon"]["validation"]),
        "compile_seconds": recorded("compiled")["seconds to compile"],
        "compile_step": percent(recorded("compiled")["a step"]),
        **made("compiled", "compile"),
        **made("faster", "faster"),
        "batch_size": 12,
    }
    said["faster_1_time"] = percent(changes[1].time)
    for size, run in found["batches"].items():
        said[f"batch_{size}"] = two(mean(run["validation"]))
        said[f"batch_{size}_steps"] = found["steps"] * 12 // int(size)
        whole = run["ms a step"] / int(size), found["batches"]["12"]["ms a step"] / 12
        if size != "12":
            said[f"batch_{size}_time"] = percent(whole[0] / whole[1])
    return changes, said


def race():
    """For `say`: nanoGPT's recipe and the preset shakespeare, to the same loss."""
    found = recorded("race")
    recipe, ours = found["recipe"], found["shakespeare"]
    return {
        "race_goal": two(found["goal"]),
        "race_ratio": percent(found["ratio of CPU times"]),
        "race_recipe_steps": recipe["steps"],
        "race_recipe_loss": two(recipe["looks"][str(recipe["steps"])][0]),
        "race_steps": ours["steps"],
        **made("race", "race"),
    }


def near_the_floor():
    """For `say`: how near the floor of the small world a longer training comes.

    whole_over_author: the course's model by the same measure, on the same stories.
    """
    found = recorded("near_the_floor")
    author = found["what their author pays"]
    return {
        "whole_over_author": percent(card()["loss"] / author - 1, ".2f"),
        "near_steps": found["steps"],
        "near_seconds": found["seconds"],
        "near_over": percent(found["loss"] / author - 1, ".2f"),
        "near_stories": found["stories"],
        **made("near_the_floor", "near"),
    }


def chained(w, x):
    """The pencil's chain from a weight to its loss: (names, values, rates)."""
    z = w * x
    p = 1 / (1 + exp(-z))
    return ("w", "z", "p", "L"), (w, z, p, -log(p)), (x, p * (1 - p), -1 / p)
