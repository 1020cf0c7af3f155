"""The cache: writing with it beside recomputing, and beside transformers with its own.

GPT-2's size, 124 million random weights, the likeliest token always; all must first write
the same. As many threads for each as torch takes by default.
"""

import time
from collections.abc import Iterator
from importlib.metadata import version

import torch

from bench.measure import Row, seconds
from bench.model import SIZES, peer
from gpt.cache import Cache
from gpt.model import GPT, initial
from gpt.sample import generate

PROMPT, NEW = 32, 200  # tokens
ROUNDS, STEPS = 3, 31


def run() -> list[Row]:
    config, _ = SIZES["_gpt2"]
    weights = initial(config)
    model, theirs = GPT(config, weights), peer(config, weights).eval()
    theirs.generation_config.eos_token_id = None  # write on, as ours does
    random = torch.Generator().manual_seed(0)
    ids = torch.randint(config.n_vocab, (1, config.n_ctx), generator=random)
    prompt = ids[:, :PROMPT]

    def ours() -> list[int]:
        return [*model.generate(prompt[0], NEW, choose=likeliest)]

    def peers() -> list[int]:
        all_ids = theirs.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            max_new_tokens=NEW,
            do_sample=False,
            use_cache=True,
        )
        return all_ids[0, PROMPT:].tolist()

    kept = model.generate(prompt[0], NEW, choose=likeliest)
    anew = generate(model, prompt[0], NEW, choose=likeliest)
    (with_cache, without), texts = by_turns(kept, anew)
    if not texts[0] == texts[1] == ours() == peers():
        raise RuntimeError(
            "with and without a cache, and transformers, write differently"
        )
    mine, other = seconds(ROUNDS, ours, peers)
    first, last = steps(model, ids[:, :PROMPT]), steps(model, ids[:, : -STEPS - 1])
    start, end = seconds(STEPS, first, last)
    what = f"{NEW} tokens after {PROMPT}, {torch.get_num_threads()} threads"
    return [
        Row(
            "cache_speedup_200",
            without / with_cache,
            f"recomputing; {what}",
            at_least=6,
        ),
        Row(
            "cache_over_transformers",
            mine / other,
            f"transformers {version('transformers')} and its cache; {what}",
            1,
        ),
        Row(
            "cache_last_over_first",
            end / start,
            f"a token at the context's end ({config.n_ctx}) over one after {PROMPT}",
            1.3,
        ),
    ]


def likeliest(logits: torch.Tensor, u: float) -> int:
    return int(logits.argmax())


def by_turns(*texts: Iterator[int]) -> tuple[list[float], list[list[int]]]:
    """Write texts a token of each in turn: the seconds that each took, and its ids."""
    taken, written = [0.0] * len(texts), [[] for _ in texts]
    for _ in range(NEW):
        for i, text in enumerate(texts):
            start = time.perf_counter()
            written[i].append(next(text))
            taken[i] += time.perf_counter() - start
    return taken, written


def steps(model: GPT, ids: torch.Tensor):
    """A function that reads one token more after ids, each time that it is called."""
    cache = Cache(model.config.n_layer)

    @torch.no_grad()
    def step() -> None:
        model(ids[:, -1:], cache)

    with torch.no_grad():
        model(ids, cache)
    return step
