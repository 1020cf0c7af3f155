"""Records what each modern part buys on the small world, at equal parameters and steps.

    python book/record_modern.py

It trains a GPT and, beside it, the same GPT with one part replaced, from several seeds,
with the same stories in the same order. The MLPs are as wide as makes the number of
parameters equal. That takes some twenty minutes on two cores, so the page reads the file;
tests/book repeats some first steps.
"""

from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from math import sqrt

import recording
import torch
from facts.sample import Author
from torch.nn.functional import linear

from gpt import modern, world
from gpt.attend import merge_heads, split_heads
from gpt.cache import fast_attention
from gpt.mlp import fast_gelu, fast_layer_norm
from gpt.train import HELD_OUT, N_VOCAB, batches, course_tokenizer, fit

FILE = recording.FOLDER / "modern.json"
N_CTX, N_LAYER, N_HEAD, N_KV_HEAD, D_MODEL = 64, 2, 4, 1, 64
D_HEAD, D_MLP = D_MODEL // N_HEAD, 4 * D_MODEL
STEPS, STORIES, SEEDS, FIRST, TOLD = 600, 16, (0, 1, 2), 20, 500
PEAK, FAST = 1e-2, 1e-1  # learning rates
# name -> (what is replaced, the rate's peak)
RUNS = {
    "GPT-2": ((), PEAK),
    "RoPE": (("rope",), PEAK),
    "RMSNorm": (("rms_norm",), PEAK),
    "SwiGLU": (("swiglu",), PEAK),
    "grouped": (("grouped",), PEAK),
    "untied": (("untied",), PEAK),
    "QK-norm": (("qk_norm",), PEAK),
    "all but untied": (
        ("rope", "rms_norm", "swiglu", "grouped", "qk_norm"),
        PEAK,
    ),
    "GPT-2, ten times the rate": ((), FAST),
    "QK-norm, ten times the rate": (("qk_norm",), FAST),
    "GPT-2, wide start": (("wide",), PEAK),
    "SwiGLU, wide start": (("swiglu", "wide"), PEAK),
}


class Hybrid:
    """A GPT-2 with some parts replaced by modern ones: `parts`, of RUNS. ("wide" is no
    part, but what the MLPs begin with.)

    It begins as wide as GPT-2, and then its MLPs are made so wide that it has as many
    parameters, as nearly as that goes.
    """

    def __init__(self, parts: tuple, seed: int):
        self.parts = parts
        many = count(shapes((), D_MLP))
        wide = min(
            range(8, 8 * D_MODEL), key=lambda w: abs(count(shapes(parts, w)) - many)
        )
        random = torch.Generator().manual_seed(seed)
        self.weights = {}
        for name, shape in shapes(parts, wide).items():
            if len(shape) == 1:
                self.weights[name] = torch.full(shape, float("bias" not in name))
            else:
                scale = 0.02 / (sqrt(2 * N_LAYER) if "out" in name else 1)
                if "wide" in parts and name.endswith(("gate", "up")):
                    scale = 1 / sqrt(D_MODEL)  # its outputs are as large as its inputs
                self.weights[name] = torch.randn(shape, generator=random) * scale

    def __call__(self, ids):
        """(B, T) -> (B, T, n_vocab)."""
        w, T = self.weights, ids.shape[1]
        x = w["table"][ids]
        if "rope" not in self.parts:
            x = x + w["places"][:T]
        angles = modern.turns(torch.arange(T), D_HEAD)
        for n in range(N_LAYER):
            layer = {k[2:]: v for k, v in w.items() if k.startswith(f"{n}.")}
            x = x + self._attend(self._norm(x, layer, "norm_1"), layer, angles)
            x = x + self._mlp(self._norm(x, layer, "norm_2"), layer)
        return (
            self._norm(x, w, "norm")
            @ w["unembed" if "untied" in self.parts else "table"].T
        )

    def _norm(self, x, w, name):
        if "rms_norm" in self.parts:
            return modern.fast_rms_norm(x, w[name])
        return fast_layer_norm(x, w[name], w[f"{name}.bias"])

    def _attend(self, x, w, angles):
        n_kv_head = N_KV_HEAD if "grouped" in self.parts else N_HEAD
        q, k, v = (
            split_heads(linear(x, w[name], w[f"{name}.bias"]), heads)
            for name, heads in (("q", N_HEAD), ("k", n_kv_head), ("v", n_kv_head))
        )
        if "qk_norm" in self.parts:
            q, k = modern.qk_norm(q, k, w["norm_q"], w["norm_k"])
        if "rope" in self.parts:
            q, k = modern.rotate(q, *angles), modern.rotate(k, *angles)
        k, v = modern.share(k, N_HEAD), modern.share(v, N_HEAD)
        return linear(merge_heads(fast_attention(q, k, v)), w["out"], w["out.bias"])

    def _mlp(self, x, w):
        if "swiglu" in self.parts:
            return modern.swiglu(x, w["gate"], w["up"], w["mlp_out"])
        hidden = fast_gelu(linear(x, w["up"], w["up.bias"]))
        return linear(hidden, w["mlp_out"], w["mlp_out.bias"])

    def parameters(self):
        return [weight.requires_grad_() for weight in self.weights.values()]

    def loss(self, ids, targets):
        logits = self(ids).flatten(0, 1)
        return torch.nn.functional.cross_entropy(
            logits, targets.flatten(), ignore_index=-1
        )


def shapes(parts, wide) -> dict:
    """The name and shape of each weight; matrices are (out, in)."""
    kv = D_HEAD * (N_KV_HEAD if "grouped" in parts else N_HEAD)
    matrices = {"q": (D_MODEL, D_MODEL), "k": (kv, D_MODEL), "v": (kv, D_MODEL)}
    matrices |= {"out": (D_MODEL, D_MODEL), "up": (wide, D_MODEL)}
    matrices |= {"mlp_out": (D_MODEL, wide)}
    found = {"table": (N_VOCAB, D_MODEL)}
    if "rope" not in parts:
        found["places"] = (N_CTX, D_MODEL)
    for n in range(N_LAYER):
        for name, shape in matrices.items():
            found[f"{n}.{name}"] = shape
            if "swiglu" not in parts or name not in ("up", "mlp_out"):
                found[f"{n}.{name}.bias"] = shape[:1]
        if "swiglu" in parts:
            found[f"{n}.gate"] = (wide, D_MODEL)
        if "qk_norm" in parts:
            found |= {f"{n}.norm_q": (D_HEAD,), f"{n}.norm_k": (D_HEAD,)}
    for name in ("norm", *(f"{n}.norm_{i}" for n in range(N_LAYER) for i in (1, 2))):
        found[name] = (D_MODEL,)
        if "rms_norm" not in parts:
            found[f"{name}.bias"] = (D_MODEL,)
    return found | ({"unembed": (N_VOCAB, D_MODEL)} if "untied" in parts else {})


def count(shapes) -> int:
    return sum(torch.Size(shape).numel() for shape in shapes.values())


def losses(tokenizer, name, seed, steps=STEPS):
    """(the model of a run, the loss of each of its first steps)."""
    parts, peak = RUNS[name]
    model = Hybrid(parts, seed)
    fed = batches(tokenizer, world.stories(seed + 1), STORIES)
    return model, [*islice(fit(model, fed, STEPS, peak=peak), steps)]


@torch.no_grad()
def above(model, tokenizer, floor) -> float:
    """What a model pays on held-out stories above `floor`, in nats per token."""
    nats = asked = 0
    for ids, targets in batches(tokenizer, islice(world.stories(HELD_OUT), TOLD), 100):
        many = int((targets >= 0).sum())
        nats += model.loss(ids, targets).item() * many
        asked += many
    return round(nats / asked - floor, 5)


def author_pays(tokenizer) -> float:
    """What the author itself pays on the held-out stories, in nats per token."""
    author = Author(tokenizer)
    paid = [author.pays(story) for story in islice(world.stories(HELD_OUT), TOLD)]
    return sum(nats for nats, _ in paid) / sum(tokens for _, tokens in paid)


def runs(seed) -> list:
    """Every training from one seed, in the order of RUNS."""
    torch.set_num_threads(1)
    tokenizer, found = course_tokenizer(), []
    floor = author_pays(tokenizer)
    for name in RUNS:
        model, paid = losses(tokenizer, name, seed)
        run = {
            "name": name,
            "seed": seed,
            "parameters": count({k: w.shape for k, w in model.weights.items()}),
            "over": above(model, tokenizer, floor),
            "first losses": round(sum(paid[:FIRST]) / FIRST, 3),
        }
        found.append(run)
        print(run, flush=True)
    return found


def main():
    with ProcessPoolExecutor(len(SEEDS)) as pool:
        found = [*pool.map(runs, SEEDS)]
    recorded = {
        **recording.made_by("record_modern.py"),
        "floor": round(author_pays(course_tokenizer()), 5),
        "runs": [run for of_a_seed in found for run in of_a_seed],
    }
    recording.keep(FILE, recorded)


if __name__ == "__main__":
    main()
