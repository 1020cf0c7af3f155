"""Trains the course's model with one table and with two, and records what came of it.

    python book/record_tying.py        some minutes

The chapter Sample reads the file through `facts.sample.tying`. Two seeds, so that luck
would show; the tests begin the runs with seed 0 again and compare.
"""

import json

import torch
from facts import cosine, ids_of_words
from facts.sample import TYING

from gpt.model import GPT, STAGES, Config, initial, small
from gpt.sample import unembed
from gpt.train import SIZE, fit

STEPS, SEEDS = 600, (0, 1)
PAIRS = "leap hop", "jump skip", "brave shy", "leap fox", "leap river"


class TwoTables(GPT):
    """A model whose unembedding has a table of its own: `out`, (n_vocab, C)."""

    def __init__(self, config, seed):
        noise = torch.Generator().manual_seed(seed + 1)
        self.out = 0.02 * torch.randn(config.n_vocab, config.d_model, generator=noise)
        own = {"unembed": lambda x, wte: unembed(x, self.out)}
        super().__init__(config, initial(config, seed), STAGES | own)

    def parameters(self):
        return [*super().parameters(), self.out.requires_grad_()]


def train_tables(tokenizer, tied, seed, steps, pairs):
    """Train the course's model with one table or with two: what the file keeps.

    Returns the first losses, the mean of the last, and for each table that there is
    the cosine of each pair of words.
    """
    config = Config(tokenizer.n_vocab, **SIZE)
    model = GPT(config, initial(config, seed)) if tied else TwoTables(config, seed)
    losses = list(fit(model, tokenizer, steps, seed))
    tables = {"read": model.weights["wte.weight"].detach()}
    tables |= {} if tied else {"write": model.out.detach()}
    ids = {pair: ids_of_words(tokenizer, pair.split()) for pair in pairs}
    cosines = {
        name: {p: round(cosine(table[i], table[j]), 3) for p, (i, j) in ids.items()}
        for name, table in tables.items()
    }
    late = losses[-50:]
    found = {"first losses": [round(loss, 4) for loss in losses[:3]]}
    found["last losses"] = round(sum(late) / len(late), 4)
    return found | {"cosines": cosines}


def main():
    torch.set_num_threads(1)
    _, tokenizer = small()
    runs = {}
    for seed in SEEDS:
        for kind in ("tied", "untied"):
            found = train_tables(tokenizer, kind == "tied", seed, STEPS, PAIRS)
            runs[f"{kind}, seed {seed}"] = found
            print(kind, seed, found, flush=True)
    text = json.dumps({"steps": STEPS, "runs": runs}, indent=1)
    TYING.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
