"""Trains the course's model with one table and with two, and records what came of it.

    python book/record_tying.py        some minutes

The chapter Sample reads the file through `facts.sample.tying`. Two seeds, so that luck
would show; the tests begin the first run again and compare.
"""

import json

import torch
from facts import sample

from gpt.model import small

STEPS, SEEDS = 600, (0, 1)
PAIRS = "leap hop", "jump skip", "brave shy", "leap fox", "leap river"


def main():
    torch.set_num_threads(1)
    _, tokenizer = small()
    runs = {}
    for seed in SEEDS:
        for kind in ("tied", "untied"):
            found = sample.train_tables(tokenizer, kind == "tied", seed, STEPS, PAIRS)
            runs[f"{kind}, seed {seed}"] = found
            print(kind, seed, found, flush=True)
    text = json.dumps({"steps": STEPS, "runs": runs}, indent=1)
    sample.TYING.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
