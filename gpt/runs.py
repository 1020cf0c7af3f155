"""The folder of a run: what it is, how far it is, and what it has made so far.

    run.json            what it is made from: text, tokenizer, size, rates, seed
    state.safetensors   all that it needs to go on, replaced whole every so often
    loss.png            the loss so far
    samples.txt         what the model writes, as it goes
    step-250/           the weights of a step that was asked for, for `gpt.model.load`
    best/               those of the lowest validation loss so far

The state holds the weights, the optimizer's memory, the random numbers to come and, as
its metadata, the losses and samples. The position in the data is the number of steps
done: a step's batch follows from the seed. So a run that was killed goes on from its
last state with the losses that it would have had.
"""

import errno
import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor

from gpt.data import write_whole
from gpt.model import GPT


class Folder:
    """A run's folder. `settings` say which run it is; `history` what it has seen.

    history: losses, of every step; validation, [[step, loss], …]; samples,
    [[step, text], …].
    """

    def __init__(self, path: Path, settings: Mapping, resume: bool):
        """Make the folder, or find the run that is in it.

        Raises ValueError where it cannot be written to, where it holds another run or
        files that are none, and where there is a run and `resume` is false.
        """
        self.path = path
        self.history = {"losses": [], "validation": [], "samples": []}
        if resume or (path / "run.json").exists():
            _same(path, settings, found=load_settings(path))
            if not resume:
                raise ValueError(
                    f"{path} holds this very run already: --resume goes on with it, or "
                    "--to names another folder"
                )
            return
        try:
            path.mkdir(parents=True, exist_ok=True)
            if any(path.iterdir()):
                raise ValueError(
                    f"{path} holds files, but no run: --to must name an empty or a new "
                    "folder, so that nothing is lost"
                )
            self.write("run.json", json.dumps(settings, indent=1) + "\n")
        except OSError as error:
            raise ValueError(
                f"{path} cannot be a folder to write in: {error}"
            ) from None

    @property
    def done(self) -> int:
        """The steps that are behind the run."""
        return len(self.history["losses"])

    def write(self, name: str, data: str | bytes) -> None:
        """Write a file whole, or leave the one that is there. OSError: see `told`."""
        write_whole(
            self.path / name, data if isinstance(data, bytes) else data.encode()
        )

    def save_state(self, model: GPT, optimizers: list) -> None:
        tensors = {f"weights.{n}": w.detach() for n, w in model.weights.items()}
        for name, tensor in _memory(optimizers):
            tensors[name] = tensor
        tensors |= _random_state(model.device)
        plain = {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}
        self.write(
            "state.safetensors", save(plain, {"history": json.dumps(self.history)})
        )
        told = [f"--- step {step}\n{text}\n" for step, text in self.history["samples"]]
        self.write("samples.txt", "\n".join(told))

    def load_state(self, model: GPT, optimizers: list) -> None:
        """Put the last state, if there is one, into model, optimizers and generator."""
        path = self.path / "state.safetensors"
        if not path.exists():
            return  # it was stopped before its first
        try:
            with safe_open(path, "pt") as file:
                self.history = json.loads(file.metadata()["history"])
            tensors = load_file(path)
        except (SafetensorError, KeyError, TypeError) as error:
            raise ValueError(f"{path} is not the state of a run: {error}") from None
        with torch.no_grad():
            for name, weight in model.weights.items():
                weight.copy_(tensors[f"weights.{name}"])
        for i, optimizer in enumerate(optimizers):
            fresh = optimizer.state_dict()
            for name, tensor in tensors.items():
                if name.startswith(f"optimizer.{i}."):
                    _, _, place, key = name.split(".")
                    fresh["state"].setdefault(int(place), {})[key] = tensor
            optimizer.load_state_dict(fresh)
        torch.set_rng_state(tensors["random.cpu"])
        if "random.cuda" in tensors and model.device.type == "cuda":
            torch.cuda.set_rng_state(tensors["random.cuda"])

    def keep(self, name: str, model: GPT, end: int | None) -> None:
        """The weights as a model of its own: config.json and model.safetensors."""
        model.to("cpu").save(self.path / name, end)

    def plot(self, floor: float | None, band: list | None) -> None:
        """Draw loss.png: the loss of every step, the validation's, and the floor."""
        from io import BytesIO

        from matplotlib.figure import Figure

        axes = Figure(figsize=(7, 4), layout="constrained").add_subplot()
        if band:
            steps, low, high = zip(*band)
            axes.fill_between(steps, low, high, color="0.85", label="normal runs")
        steps = range(1, self.done + 1)
        axes.plot(steps, self.history["losses"], lw=0.8, label="training")
        if self.history["validation"]:
            axes.plot(*zip(*self.history["validation"]), "o-", ms=3, label="validation")
        if floor:
            axes.axhline(floor, color="0.4", ls="--", label="floor")
        axes.set(xlabel="step", ylabel="loss, nats per token", ylim=(0, None))
        axes.legend()
        image = BytesIO()
        axes.figure.savefig(image, format="png", dpi=110)
        self.write("loss.png", image.getvalue())


def load_settings(path: Path) -> dict:
    """What the run in a folder is made from. ValueError where it holds none."""
    try:
        return json.loads((path / "run.json").read_bytes())
    except OSError:
        raise ValueError(
            f"{path} holds no run to go on with: it has no run.json"
        ) from None
    except ValueError as error:
        raise ValueError(f"{path}/run.json is not JSON: {error}") from None


def told(error: OSError, folder: Folder) -> str:
    """What a failed write means, and what is left: for whoever started the run."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    state = (folder.path / "state.safetensors").exists()
    return (
        f"{'the disk is full' if full else 'a file could not be written'} ({error}); "
        + (
            f"the last state in {folder.path} is whole: make room, and --resume goes on "
            "from it"
            if state
            else "nothing was lost: make room, and --resume begins again"
        )
    )


def _same(path: Path, settings: Mapping, found: Mapping) -> None:
    """ValueError where a folder's run is made from other things than `settings`."""
    for name in settings.keys() | found.keys():
        if settings.get(name) != found.get(name):
            raise ValueError(
                f"{path} holds another run: its {name} is {found.get(name)!r}, not "
                f"{settings.get(name)!r}; --to must name another folder"
            )


def _memory(optimizers: list):
    """What the optimizers remember, by name: optimizer.NUMBER.WEIGHT.KEY."""
    for i, optimizer in enumerate(optimizers):
        for place, kept in optimizer.state_dict()["state"].items():
            for key, tensor in kept.items():
                yield f"optimizer.{i}.{place}.{key}", tensor


def _random_state(device: torch.device) -> dict[str, Tensor]:
    """Of the generators that dropout draws from."""
    state = {"random.cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["random.cuda"] = torch.cuda.get_rng_state()
    return state
