"""A run and its folder: resumed after it was killed, refused, never half written."""

import json
import resource
import signal
import subprocess
import sys
import time

import pytest
import torch
from safetensors.torch import load_file

from gpt import band
from gpt import command as command_line
from gpt.characters import Characters
from gpt.model import GPT, initial, load
from gpt.presets import PRESETS, Text, source
from gpt.runs import Folder
from gpt.train import adamw, fit, with_dropout

TEXT = "".join(f"{i} and {i * i} make {i + i * i}.\n" for i in range(600))
OPTIONS = ["--preset", "shakespeare", "--every", "4", "--held-out", "20"]


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "sums.txt"
    path.write_text(TEXT, "utf-8")
    return path


def command(*options, to):
    parts = [sys.executable, "-m", "gpt.train", *OPTIONS, "--to", to, *options]
    return [str(part) for part in parts]


def done(*options, to, **how):
    return subprocess.run(
        command(*options, to=to), capture_output=True, text=True, check=False, **how
    )


@pytest.fixture
def refused(monkeypatch, capsys):
    """What a command says that does not begin."""

    def said(*options, to):
        monkeypatch.setattr(sys, "argv", ["gpt.train", *command(*options, to=to)[3:]])
        with pytest.raises(SystemExit, match="2"):
            command_line.main()
        return capsys.readouterr().err

    return said


def losses(folder):
    return json.loads((folder / "card.json").read_text())["losses"]


def state(folder):
    return load_file(folder / "state.safetensors")


# --- killed, and resumed --------------------------------------------------------------
def test_a_killed_run_goes_on_as_if_it_had_not_been(text, tmp_path, refused):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    options = ["--data", text, "--steps", "14", "--checkpoints", "0,6"]
    assert done(*options, to=whole).returncode == 0
    process = subprocess.Popen(
        command(*options, to=killed),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None and not (killed / "state.safetensors").exists():
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (killed / "card.json").exists()
    resumed = done("--resume", "--checkpoints", "0,6", to=killed)
    assert resumed.returncode == 0, resumed.stderr
    assert losses(killed) == losses(whole) and len(losses(whole)) == 14
    for name, tensor in state(whole).items():
        assert torch.equal(state(killed)[name], tensor), name
    for name in ("step-6", "."):
        assert torch.equal(
            load(killed / name).weights["wte.weight"],
            load(whole / name).weights["wte.weight"],
        )
    assert (killed / "samples.txt").read_text() == (whole / "samples.txt").read_text()
    names = {path.name for path in whole.iterdir()}
    assert names == {path.name for path in killed.iterdir() if path.suffix != ".part"}
    assert names >= {"loss.png", "step-0", "best", "tokenizer.json", "run.json"}
    # it is over, and another run may not take its place
    assert "--resume goes on" in refused(*options, to=whole)
    other = refused("--data", text, "--steps", "15", to=whole)
    assert "holds another run: its steps is 14, not 15" in other
    assert "its seed is 0, not 1" in refused("--resume", "--seed", "1", to=whole)
    text.write_text(TEXT + "more", "utf-8")
    assert "another run: its text is" in refused("--resume", to=whole)


def test_dropout_goes_on_where_it_was(text, tmp_path):
    """The generator's state is in the file: the masks to come are those to come."""
    preset = PRESETS["nanogpt-cpu"]
    preset = preset.__class__(**vars(preset) | {"data": str(text), "n_layer": 1})
    data = source(preset, 0)

    def begin():
        config = preset.config(data.tokenizer.n_vocab)
        model = GPT(config, initial(config))
        return model, adamw(model.parameters())

    def go(model, optimizer, folder, steps):
        fed = data.batches(folder.done)
        fitted = fit(
            with_dropout(model, 0.2), fed, 6, optimizer=optimizer, first=folder.done
        )
        for _ in range(steps):
            folder.history["losses"].append(next(fitted))

    torch.manual_seed(0)
    model, optimizer = begin()
    folder = Folder(tmp_path / "run", {"seed": 0}, resume=False)
    go(model, optimizer, folder, 3)
    folder.save_state(model, [optimizer])
    go(model, optimizer, folder, 3)
    torch.manual_seed(1)
    other, second = begin()
    resumed = Folder(tmp_path / "run", {"seed": 0}, resume=True)
    resumed.load_state(other, [second])
    assert resumed.done == 3
    go(other, second, resumed, 3)
    assert resumed.history["losses"] == folder.history["losses"]


# --- what cannot be ---------------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (b"short", [], "is too short: 5 characters are 5 tokens"),
        (b"", [], "is too short: 0 characters"),
        (b"abc\xff" * 900, [], "is not UTF-8: invalid start byte at byte 3; save it"),
        (None, [], "cannot be read (No such file or directory)"),
        (TEXT.encode(), ["--tokenizer", "words"], "it is characters, or a file"),
        (TEXT.encode(), ["--tokenizer", "x.tiktoken"], "x.tiktoken cannot be read"),
        (TEXT.encode(), ["--device", "cuda"], "--device cuda is not there: this"),
        (TEXT.encode(), ["--resume"], "holds no run to go on with"),
        (
            TEXT.encode(),
            ["--steps", "5", "--checkpoints", "6"],
            "--checkpoints 6 is beyond the 5 steps",
        ),
        (TEXT.encode(), ["--checkpoints", "1,x"], "x must be a whole number"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    content, options, said, tmp_path, refused, monkeypatch
):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    path = tmp_path / "a.txt"
    if content is not None:
        path.write_bytes(content)
    assert said in refused("--data", path, *options, to=tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_folder_with_other_files_is_left_alone(text, tmp_path, refused):
    (tmp_path / "thesis.tex").write_text("all my work")
    assert "holds files, but no run" in refused("--data", text, to=tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["sums.txt", "thesis.tex"]


def test_a_full_disk_leaves_the_last_state_whole(text, tmp_path):
    to = tmp_path / "run"
    options = ["--data", text, "--steps", "2", "--every", "1"]

    def little_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))

    full = done(*options, to=to, preexec_fn=little_room)
    assert full.returncode == 2 and "the disk is full" in full.stderr, full.stderr
    assert "nothing was lost" in full.stderr and "Traceback" not in full.stderr
    assert not [path.name for path in to.rglob("*") if path.suffix == ".part"]
    assert done("--resume", to=to).returncode == 0
    before = (to / "state.safetensors").read_bytes()
    full = done("--resume", to=to, preexec_fn=little_room)
    assert full.returncode == 2 and f"the last state in {to} is whole" in full.stderr
    assert (to / "state.safetensors").read_bytes() == before


def test_a_state_that_is_none_is_an_error(tmp_path):
    folder = Folder(tmp_path / "run", {}, resume=False)
    folder.write("state.safetensors", b"not a state")
    with pytest.raises(ValueError, match="is not the state of a run"):
        folder.load_state(None, [])


# --- characters -------------------------------------------------------------------------
def test_characters_go_there_and_back(tmp_path):
    letters = Characters("To be, or not: ö🙂\n")
    text = "note: ö🙂"
    assert letters.decode(letters.encode(text)) == text
    assert letters.n_vocab == len({*"To be, or not: ö🙂\n"})
    letters.save(tmp_path / "tokenizer.json")
    again = Characters.load(tmp_path / "tokenizer.json")
    assert again.ids == letters.ids
    with pytest.raises(ValueError, match=r"character 'x' \(at 1\) is none of the"):
        letters.encode("ox")
    (tmp_path / "other.json").write_text("[]")
    with pytest.raises(ValueError, match="holds no characters"):
        Characters.load(tmp_path / "other.json")


def test_held_out_windows_are_the_last_tenth(text):
    preset = PRESETS["shakespeare"]
    data = Text(preset.__class__(**vars(preset) | {"data": str(text)}), 0)
    assert data.tokenizer.decode([*data.trained, *data.tested]) == TEXT
    (pair,) = data.held_out(5)
    ids, targets = pair
    assert ids.shape == (5, 64) and torch.equal(ids[:, 1:], targets[:, :-1])
    first = data.tokenizer.decode(data.tested[:64].tolist())
    assert data.tokenizer.decode(ids[0].tolist()) == first
    assert sum(len(i) for i, _ in data.held_out(10**6)) == (len(data.tested) - 1) // 64


# --- is it normal -----------------------------------------------------------------------
BAND = [(25, 4.0, 4.4), (50, 2.0, 2.2), (75, 1.0, 1.1)]


def run(*means):
    return [loss for loss in means for _ in range(25)]


@pytest.mark.parametrize(
    ("means", "said"),
    [
        ((4.2, 2.1, 1.05), "inside the band at step 75, inside 3 times of 3. The run"),
        ((3.81, 2.3, 1.05), "inside"),  # a little outside of a few seeds is no wonder
        (
            (4.2, 3.0, 2.0),
            "above the band at step 75, inside 1 times of 3. It learns more",
        ),
        (
            (4.2, 2.1, 0.8),
            "below the band at step 75, inside 2 times of 3. It is better",
        ),
        ((4.2, 2.1, 0.2), "below the floor at step 75. It is below the floor"),
        (
            (4.2, float("nan")),
            "lost at step 50, inside 1 times of 2. The loss is not a number",
        ),
    ],
)
def test_a_run_is_judged_by_its_band(means, said):
    assert band.judge(run(*means), BAND, floor=0.4).startswith(said)


def test_a_run_too_short_is_not_judged():
    assert "too short" in band.judge([4.0] * 24, BAND)
    assert band.place([4.0] * 24, BAND) == ""
    assert band.record([run(4.0, 2.2), run(4.4, 2.0)]) == [
        (25, 4.0, 4.4),
        (50, 2.0, 2.2),
    ]
