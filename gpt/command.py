"""python -m gpt.train: a run, from the command line to its folder.

    a preset, changed where options say so  ->  DIR, with all that gpt.runs puts there

At its end DIR holds the model as GPT-2 is published, its tokenizer, and card.json,
which says what it was made from and how good it is.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from math import exp
from pathlib import Path

import torch
from tqdm import tqdm

from gpt import band, train
from gpt.data import write_whole
from gpt.model import GPT, initial
from gpt.presets import PRESETS, Preset, source
from gpt.runs import Folder, load_settings, told

CHOSEN = ("data", "tokenizer", "steps")  # what options can change of a preset


def main() -> None:
    parser = _parser()
    args = parser.parse_args()
    try:
        run(args)
    except (ValueError, FileNotFoundError) as error:
        parser.error(str(error))


def run(args: argparse.Namespace) -> None:
    """All of a run. Raises ValueError for what cannot be, before anything is written."""
    device = _device(args.device)
    args.to = args.to or Path("runs") / (args.preset or "small")
    preset, name, seed = _chosen(args)
    if beyond := [step for step in args.checkpoints if step > preset.steps]:
        raise ValueError(
            f"--checkpoints {beyond[0]} is beyond the {preset.steps} steps"
        )
    data = source(preset, seed)
    settings = {
        "preset": name,
        **asdict(preset),
        "seed": seed,
        "text": data.fingerprint,
    }
    folder = Folder(args.to, settings, args.resume)
    config = preset.config(data.tokenizer.n_vocab)
    model = GPT(config, initial(config, seed)).to(device)
    torch.manual_seed(seed)  # dropout draws from it
    if preset.optimizer == "muon":
        optimizer = train.muon(model, beta2=preset.beta2)
        optimizers = [*optimizer.optimizers]
    else:
        optimizer = train.adamw(model.parameters(), preset.beta2)
        optimizers = [optimizer]
    folder.load_state(model, optimizers)
    try:
        _steps(args, preset, name, data, folder, model, optimizer, optimizers)
        _finish(args, preset, name, data, folder, model, seed)
    except OSError as error:
        raise ValueError(told(error, folder)) from None


def _steps(args, preset, name, data, folder, model, optimizer, optimizers) -> None:
    """Train to the end; every so often, measure, write a sample and save the state."""
    history, end = folder.history, data.tokenizer.special_tokens.get(train.world.END)
    normal = band.of(name, preset)
    trained = train.with_dropout(model, preset.dropout) if preset.dropout else model
    fed = (
        (ids.to(model.device), targets.to(model.device))
        for ids, targets in data.batches(folder.done)
    )
    losses = train.fit(
        trained,
        fed,
        preset.steps,
        peak=preset.peak,
        last=preset.last,
        optimizer=optimizer,
        done=folder.done,
    )
    if 0 in args.checkpoints and folder.done == 0:
        folder.keep("step-0", model, end)
    tokens, started = _tokens_a_step(data), time.monotonic()
    begun = folder.done
    with tqdm(
        total=preset.steps,
        initial=begun,
        unit="step",
        mininterval=1,
        dynamic_ncols=True,
    ) as bar:
        for loss in losses:
            history["losses"].append(loss)
            step = folder.done
            bar.update()
            speed = tokens * (step - begun) / (time.monotonic() - started)
            bar.set_postfix_str(
                f"loss {loss:.4f}, {speed:,.0f} tokens/s", refresh=False
            )
            if step in args.checkpoints:
                folder.keep(f"step-{step}", model, end)
            if step % args.every and step != preset.steps:
                continue
            held_out = _measured(model, data)
            if held_out < min([v for _, v in history["validation"]], default=100):
                folder.keep("best", model, end)
            history["validation"].append([step, held_out])
            history["samples"].append([step, data.sample(model, step)])
            folder.save_state(model, optimizers)
            folder.plot(data.floor, normal)
            bar.write(_line(history, data.floor, args.every, normal), file=sys.stdout)
            sys.stdout.flush()


def _finish(args, preset, name, data, folder, model, seed) -> None:
    """The whole model and its card."""
    losses, floor = folder.history["losses"], data.floor
    command = f"python -m gpt.train --preset {name} --seed {seed}"
    changed = {k: getattr(preset, k) for k in CHOSEN}
    same = PRESETS[name]
    command += "".join(
        f" --{k} {v}" for k, v in changed.items() if v != getattr(same, k)
    )
    card = {
        "made by": command,
        "date": datetime.now(UTC).date().isoformat(),
        "torch": torch.__version__.split("+")[0],
        "data": data.name,
        "seed": seed,
        **{k: v for k, v in asdict(preset).items() if k != "data"},
        "parameters": model.config.n_parameters,
    }
    loss = _measured(model, data, args.held_out)
    card |= {"loss": round(loss, 6), "perplexity": round(exp(loss), 3)}
    said = f"{args.to}: {loss:.4f} nats per token on what it has not seen"
    if floor:
        share = train.grammatical_share(model.to("cpu"), data.tokenizer, 0.8, args.told)
        card |= {
            "floor": round(floor, 6),
            "loss over floor": round(loss / floor - 1, 5),
            "grammatical share at temperature 0.8": share,
        }
        said += (
            f", {loss / floor - 1:.2%} over the floor; {share:.1%} of its stories at "
        )
        said += "temperature 0.8 are grammatical"
    best = min(folder.history["validation"], key=lambda pair: pair[1])
    card |= {"best validation": best, "losses": [round(x, 4) for x in losses]}
    model.to("cpu").save(args.to, data.tokenizer.special_tokens.get(train.world.END))
    data.tokenizer.save(args.to / "tokenizer.json")
    text = json.dumps(card, indent=2).replace("\n    ", " ").replace("\n  ]", " ]")
    write_whole(args.to / "card.json", (text + "\n").encode())
    print(said)
    if normal := band.of(name, preset):
        print(band.judge(losses, normal, floor))


def _measured(model: GPT, data, many: int = 200) -> float:
    """The loss on `many` stories or windows that training does not see."""
    pairs = (
        (ids.to(model.device), targets.to(model.device))
        for ids, targets in data.held_out(many)
    )
    return train.mean_loss(model, pairs)


def _tokens_a_step(data) -> int:
    """About how many tokens a step is asked for."""
    return int((next(data.batches())[1] >= 0).sum())


def _line(history: dict, floor: float | None, every: int, normal: list | None) -> str:
    recent = history["losses"][-every:]
    mean = sum(recent) / len(recent)
    (step, held_out) = history["validation"][-1]
    line = f"step {step:5}   loss {mean:.4f}   validation {held_out:.4f} nats per token"
    if floor:
        line += f"   {held_out / floor - 1:+7.1%} over the floor"
    if normal:
        line += f"   {band.place(history['losses'], normal)}"
    return line


def _chosen(args: argparse.Namespace) -> tuple[Preset, str, int]:
    """The preset with what the options change; of a run that goes on, its own."""
    name, seed, given = args.preset, args.seed, {}
    if args.resume:
        found = load_settings(args.to)
        name = name or found["preset"]
        seed = found["seed"] if seed is None else seed
        given = {k: found[k] for k in CHOSEN} if name == found["preset"] else {}
    name = name or "small"
    given |= {k: v for k in CHOSEN if (v := getattr(args, k)) is not None}
    preset = PRESETS[name]
    if given.get("data", "world") != "world" and preset.data == "world":
        given.setdefault("tokenizer", "characters")
    if given.get("data") == "world" and preset.data != "world":
        given.setdefault("tokenizer", "course")
    return replace(preset, **given), name, seed or 0


def _device(name: str) -> torch.device:
    there = {"cpu": True, "cuda": torch.cuda.is_available()}
    there["mps"] = torch.backends.mps.is_available()
    if not there[name]:
        have = ", ".join(device for device in there if there[device])
        raise ValueError(f"--device {name} is not there: this machine has {have}")
    return torch.device(name)


def _from(least: int) -> Callable[[str], int]:
    """A reader of whole numbers from `least` up, for argparse."""

    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(
                f"{text} must be a whole number from {least} up"
            )
        return int(text)

    return number


def _steps_list(text: str) -> list[int]:
    return [_from(0)(step) for step in text.split(",")]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gpt.train", description=__doc__)
    add = parser.add_argument
    add("--preset", choices=PRESETS, help="size, rates and steps; small, if none")
    add("--data", help="a file of UTF-8, world, or shakespeare")
    add("--tokenizer", help="characters, or a file that ends in .tiktoken")
    add("--steps", type=_from(1))
    add("--seed", type=_from(0))
    add("--device", choices=("cpu", "cuda", "mps"), default="cpu")
    add("--to", type=Path, help="a folder; runs/PRESET, if none")
    add("--resume", action="store_true", help="go on with the run in --to")
    add(
        "--checkpoints",
        type=_steps_list,
        default=[],
        help="0,250,500: keep these steps",
    )
    add("--every", type=_from(1), default=100, help="steps from one state to the next")
    add(
        "--held-out",
        type=_from(1),
        default=4000,
        help="stories, or windows, at the end",
    )
    add("--told", type=_from(1), default=500, help="stories of its own, at the end")
    return parser
