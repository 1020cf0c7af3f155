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
from math import exp, inf
from pathlib import Path

import torch
from tqdm import tqdm

from gpt import band, train, world
from gpt.presets import PRESETS, Preset, source
from gpt.runs import Folder, load_settings, told

CHOSEN = ("data", "tokenizer", "steps")  # what options can change of a preset


def main() -> None:
    parser = _parser()
    args = parser.parse_args()
    try:
        run = Run(args)
        try:
            run.train()
            run.finish()
        except OSError as error:
            raise ValueError(told(error, run.folder)) from None
        except KeyboardInterrupt:
            raise ValueError("stopped: --resume goes on from the last state") from None
    except (ValueError, FileNotFoundError) as error:
        parser.error(str(error))


class Run:
    """A run: what it is made from, and how far it is.

    Raises ValueError for options that cannot be, before anything is written.
    """

    def __init__(self, args: argparse.Namespace):
        device = _device(args.device)
        args.to = args.to or Path("runs") / (args.preset or "small")
        self.args = args
        self.preset, self.name, self.seed = _chosen(args)
        preset = self.preset
        if beyond := [step for step in args.checkpoints if step > preset.steps]:
            raise ValueError(
                f"--checkpoints {beyond[0]} is beyond the {preset.steps} steps"
            )
        self.data = source(preset, self.seed)
        self.end = self.data.tokenizer.special_tokens.get(world.END)
        self.band = band.of(self.name, preset)
        made_from = {"preset": self.name, **asdict(preset), "seed": self.seed}
        made_from["text"] = self.data.fingerprint
        self.folder = Folder(args.to, made_from, args.resume)
        config = preset.config(self.data.tokenizer.n_vocab)
        self.model = train.start(config, self.seed, preset.spread).to(device)
        torch.manual_seed(self.seed)  # dropout draws from it
        if preset.optimizer == "muon":
            self.optimizer = train.muon(self.model, beta2=preset.beta2)
            self.optimizers = [*self.optimizer.optimizers]
        else:
            self.optimizer = train.adamw(self.model.parameters(), preset.beta2)
            self.optimizers = [self.optimizer]
        self.folder.load_state(self.model, self.optimizers)

    def train(self) -> None:
        """To the end; every so often, measure, write a sample and save the state."""
        folder, preset, keep_at = self.folder, self.preset, self.args.checkpoints
        thin = preset.dropout
        losses = train.fit(
            train.with_dropout(self.model, thin) if thin else self.model,
            self._on_device(self.data.batches(folder.done)),
            preset.steps,
            peak=preset.peak,
            last=preset.last,
            warm_up=preset.warm_up,
            optimizer=self.optimizer,
            first=folder.done,
        )
        if 0 in keep_at and folder.done == 0:
            folder.keep("step-0", self.model, self.end)
        tokens, seconds = _tokens_a_step(self.data), 0.0
        begun, total = folder.done, preset.steps
        bar = tqdm(total=total, initial=begun, unit="step", mininterval=1)
        with bar:
            while folder.done < total:
                started = time.monotonic()
                loss = next(losses)
                seconds += time.monotonic() - started
                folder.history["losses"].append(loss)
                step = folder.done
                speed = tokens * (step - begun) / seconds
                said = f"loss {loss:.4f}, {speed:,.0f} tokens/s"
                bar.set_postfix_str(said, refresh=False)
                bar.update()
                if step in keep_at:
                    folder.keep(f"step-{step}", self.model, self.end)
                if step % self.args.every == 0 or step == total:
                    self.look()
                    bar.write(self.line(), file=sys.stdout)
                    sys.stdout.flush()

    def look(self) -> None:
        """Measure, write a sample, and save all that the run has."""
        history, step = self.folder.history, self.folder.done
        held_out = self.measured(200)
        if held_out < min([loss for _, loss in history["validation"]], default=inf):
            self.folder.keep("best", self.model, self.end)
        history["validation"].append([step, held_out])
        history["samples"].append([step, self.data.sample(self.model, step)])
        self.folder.save_state(self.model, self.optimizers)
        self.folder.plot(self.data.floor, self.band)

    def line(self) -> str:
        """How far it is, for the terminal."""
        history, floor = self.folder.history, self.data.floor
        recent = history["losses"][-self.args.every :]
        step, held_out = history["validation"][-1]
        line = f"step {step:5}   loss {sum(recent) / len(recent):.4f}   "
        line += f"validation {held_out:.4f} nats per token"
        if floor:
            line += f"   {held_out / floor - 1:+7.1%} over the floor"
        if self.band:
            line += f"   {band.place(history['losses'], self.band)}"
        return line

    def finish(self) -> None:
        """The whole model, its tokenizer, and its card."""
        losses, floor, to = self.folder.history["losses"], self.data.floor, self.args.to
        loss = self.measured(self.args.held_out)
        best = min(self.folder.history["validation"], key=lambda pair: pair[1])
        card = {
            "made by": self._command(),
            "date": datetime.now(UTC).date().isoformat(),
            "torch": torch.__version__.split("+")[0],
            "seed": self.seed,
            **asdict(self.preset),
            "parameters": self.model.config.n_parameters,
            "loss": round(loss, 6),
            "perplexity": round(exp(loss), 3),
            "best validation": best,
        }
        said = f"{to}: {loss:.4f} nats per token on what it has not seen"
        if floor:
            share = train.grammatical_share(
                self.model.to("cpu"), self.data.tokenizer, 0.8, self.args.told
            )
            card |= {
                "floor": round(floor, 6),
                "loss over floor": round(loss / floor - 1, 5),
                "grammatical share at temperature 0.8": share,
            }
            said += (
                f", {loss / floor - 1:.2%} over the floor; {share:.1%} of its stories "
                "at temperature 0.8 are grammatical"
            )
        card["losses"] = [round(x, 4) for x in losses]
        self.folder.keep(".", self.model, self.end)
        self.data.tokenizer.save(to / "tokenizer.json")
        text = json.dumps(card, indent=2).replace("\n    ", " ").replace("\n  ]", " ]")
        self.folder.write("card.json", text + "\n")
        print(said)
        if self.band:
            print(band.judge(losses, self.band, floor))

    def measured(self, many: int) -> float:
        """The loss on `many` stories or windows that training does not see."""
        return train.mean_loss(self.model, self._on_device(self.data.held_out(many)))

    def _on_device(self, pairs):
        device = self.model.device
        return ((ids.to(device), targets.to(device)) for ids, targets in pairs)

    def _command(self) -> str:
        """The line that makes this run again."""
        line = f"python -m gpt.train --preset {self.name} --seed {self.seed}"
        for name in CHOSEN:
            value = getattr(self.preset, name)
            if value != getattr(PRESETS[self.name], name):
                line += f" --{name} {value}"
        return line


def _tokens_a_step(data) -> int:
    """About how many tokens a step is asked for."""
    return int((next(data.batches())[1] >= 0).sum())


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


if __name__ == "__main__":
    main()
