"""Records what a model recalls of the first sentence while it is being trained.

    python book/record_copying.py

It trains the course's model again, for the first steps only, from two seeds, and asks
every 25 steps what the page MLP asks of it: `facts.apart.recalled`. That takes some
minutes, so the page reads the file; tests/book repeats the first steps.
"""

import json
from pathlib import Path

import torch
from facts import apart

from gpt import world
from gpt.model import GPT, Config, initial
from gpt.train import BATCH, N_VOCAB, SIZE, batches, course_tokenizer, fit

FILE = Path(__file__).parent / "recorded" / "copying.json"
STEPS, EVERY, STORIES, SEEDS = 600, 25, 100, (3, 0)
WHOLE_RUN = 2500  # the steps for which the learning rate is planned


def run(tokenizer, seed, steps=STEPS) -> dict:
    """{"step": [25, 50, ...], "the name": [p, p, ...], ...} of one training."""
    config = Config(N_VOCAB, **SIZE)
    model = GPT(config, initial(config, seed))
    told = apart.endings(tokenizer, STORIES)
    found = {"step": [], **{what: [] for what in apart.RECALLED}}
    with torch.enable_grad():
        stories = batches(tokenizer, world.stories(seed), BATCH)
        losses = fit(model, stories, WHOLE_RUN)
        for step, _ in zip(range(1, steps + 1), losses):
            if step % EVERY:
                continue
            with torch.no_grad():
                now = apart.recalled(model, tokenizer, told)
            found["step"].append(step)
            for what, p in now.items():
                found[what].append(round(p, 4))
    return found


def lines(recorded) -> str:
    """The file, a line for each row of numbers."""
    runs = [
        f"{json.dumps(seed)}: {{\n"
        + ",\n".join(f"{json.dumps(what)}: {json.dumps(p)}" for what, p in run.items())
        + "\n}"
        for seed, run in recorded["runs"].items()
    ]
    head = f'"made by": {json.dumps(recorded["made by"])}, "stories": {STORIES}'
    return f'{{{head}, "runs": {{\n' + ",\n".join(runs) + "\n}}\n"


def main():
    torch.set_num_threads(1)
    tokenizer = course_tokenizer()
    recorded = {
        "made by": "python book/record_copying.py",
        "stories": STORIES,
        "runs": {str(seed): run(tokenizer, seed) for seed in SEEDS},
    }
    FILE.write_text(lines(recorded), "utf-8")
    print(f"{len(SEEDS)} runs of {STEPS} steps in {FILE.name}")


if __name__ == "__main__":
    main()
