"""What the chapter Modern measures, or reads from its records, in the order of its page."""

import json
from pathlib import Path
from typing import NamedTuple

import torch
from edition import mark, percent, tiny, tr, two

from gpt.cache import kept_bytes
from gpt.modern import Config, Llama, rotate, turns

from . import held_out, ids_of, smollm2

RECORDED = Path(__file__).parents[1] / "recorded" / "modern.json"
REAL = Config(49_152, 8192, 30, 9, 3, 576, 64, 1536, base=100_000.0)  # SmolLM2


# --- RMSNorm ----------------------------------------------------------------------
@torch.no_grad()
def means(model, tokenizer, many=20):
    """For `say`: how much of the vectors that enter a norm is their mean.

    Of the mean square of a vector's numbers, the square of their mean is a share.
    """
    inside = [
        f"{n}.{at}" for n in range(model.config.n_layer) for at in ("middle", "stream")
    ]
    shares = []
    for story in held_out(many):
        trace = model.trace(ids_of(tokenizer, story), *inside)
        for x in trace.values():
            shares.append(x.mean(-1).square() / x.square().mean(-1))
    shares = torch.cat([share.flatten() for share in shares])
    return {"mean_share": percent(float(shares.mean()), ".1f")}


# --- RoPE -------------------------------------------------------------------------
class Scores(NamedTuple):
    rope: dict  # place of the query: its scores with the key at each place before it
    learned: dict  # the same with learned places, in the course's model
    first: int  # the smallest distance


def scores(model, tokenizer, places=(20, 30, 40, 50), far=16, head=(0, 0)) -> Scores:
    """Scores of one token with another, far away to near by, from several places.

    rope: a query and a key are turned by their places. learned: the row of a place is
    added to that of the token, and query and key are those of the trained model's head.
    """
    layer, h = head
    d = model.config.d_model // model.config.n_head
    noise = torch.Generator().manual_seed(1)
    q, k = torch.randn(2, 1, d, generator=noise)
    (the,) = tokenizer.encode(" the")
    w = model.weights
    rows = w["wte.weight"][the] + w["wpe.weight"]  # (n_ctx, C): "the" at each place
    x = model.stages["layer_norm"](
        rows, w[f"h.{layer}.ln_1.weight"], w[f"h.{layer}.ln_1.bias"]
    )
    both = x @ w[f"h.{layer}.attn.c_attn.weight"] + w[f"h.{layer}.attn.c_attn.bias"]
    queries, keys, _ = both.split(model.config.d_model, -1)
    mine = slice(h * d, (h + 1) * d)
    found = Scores({}, {}, 1)
    for place in places:
        at = torch.arange(place - far, place)
        turned = rotate(k.expand(far, d), *turns(at, d))
        query = rotate(q, *turns(torch.tensor([place]), d))[0]
        found.rope[place] = (turned @ query / d**0.5).flip(0).tolist()
        learned = keys[at, mine] @ queries[place, mine] / d**0.5
        found.learned[place] = learned.flip(0).tolist()
    return found


def spreads(found):
    """For `say`: how far the scores at one distance differ, at most, and which they are."""

    def most(lines):
        columns = torch.tensor([*lines.values()])  # (places, far)
        return float((columns.amax(0) - columns.amin(0)).max())

    return {
        "query_places": ", ".join(map(str, found.rope)),
        "query_far": len(next(iter(found.rope.values()))),
        "rope_spread": tiny(most(found.rope)),
        "learned_spread": two(most(found.learned)),
    }


# --- grouped queries --------------------------------------------------------------
def caches(config=REAL):
    """For `say`: the cache of a full context of the real model, in two-byte numbers."""
    c = config
    sizes = {
        heads: kept_bytes(c.n_ctx, c.n_layer, heads, c.d_head) / 1e6
        for heads in (c.n_head, c.n_kv_head)
    }
    table = c.n_vocab * c.d_model
    return {
        "cache_all": round(sizes[c.n_head]),
        "cache_shared": round(sizes[c.n_kv_head]),
        "real_ctx": c.n_ctx,
        "real_parameters": c.n_parameters,
        "real_table": table,
        "real_table_share": percent(table / c.n_parameters),
    }


# --- what each buys ---------------------------------------------------------------
PARTS = {  # name in the record: as the page shows it
    "GPT-2": mark("GPT-2"),
    "RoPE": mark("RoPE"),
    "RMSNorm": mark("RMSNorm"),
    "SwiGLU": mark("SwiGLU"),
    "grouped": mark("one key for all heads"),
    "untied": mark("two tables"),
    "QK-norm": mark("QK-norm"),
    "all but untied": mark("all but two tables"),
}


PAIRS = (  # what differs from the runs above, a GPT-2, and one with a part
    (
        mark("QK-norm, ten times the rate"),
        "GPT-2, ten times the rate",
        "QK-norm, ten times the rate",
    ),
    (mark("SwiGLU, as above"), "GPT-2", "SwiGLU"),
    (mark("SwiGLU, wide start"), "GPT-2, wide start", "SwiGLU, wide start"),
)


class Bought(NamedTuple):
    over: dict  # name of a run: what its seeds pay above the author, nats per token
    said: dict


def bought() -> Bought:
    """What was recorded of the trainings with one part replaced."""
    recorded = json.loads(RECORDED.read_text("utf-8"))
    over = {}
    for run in recorded["runs"]:
        over.setdefault(run["name"], []).append(run["over"])
    many = [run["parameters"] for run in recorded["runs"]]
    seeds = {run["seed"] for run in recorded["runs"]}
    said = {
        "bought_date": recorded["date"],
        "bought_machine": recorded["machine"],
        "bought_least": min(many),
        "bought_most": max(many),
        "bought_seeds": len(over["GPT-2"]),
        "bought_seed_list": ", ".join(map(str, sorted(seeds))),
        "bought_gpt2_least": f"{min(over['GPT-2']):.3f}",
        "bought_gpt2_most": f"{max(over['GPT-2']):.3f}",
    }
    return Bought(over, said)


# --- a real model -----------------------------------------------------------------
def answers():
    """The record's answers to one question: [as it is typed, as a chat has it]."""
    return [one for one in smollm2("written") if "capital of France?" in one["prompt"]]


# --- predictions ------------------------------------------------------------------
@torch.no_grad()
def moved_by_100(T=20):
    """For `say`: how far a Llama's logits move where its whole text does."""
    model = Llama(Config(50, 64, 2, 4, 2, 32, 8, 64))
    noise = torch.Generator().manual_seed(0)
    ids = torch.randint(50, (1, T), generator=noise)
    later = turns(torch.arange(T) + 100, 8)
    moved = model.replace(rotate=lambda x, cos, sin: rotate(x, *later))
    return {"moved_logits": tiny(float((moved(ids) - model(ids)).abs().max()))}


def layers():
    """(name, {place: part}) of a layer of GPT-2 and of one of today, from below to above."""
    places = "norm", "queries", "qk norm", "turn", "attend", "+1", "norm 2", "MLP", "+2"
    gpt2 = tr("layer norm"), tr("Q, K, V"), "", "", tr("heads"), "+"
    today = (
        tr("RMSNorm"),
        tr("Q, K, V"),
        tr("QK-norm"),
        tr("RoPE"),
        tr("grouped heads"),
        "+",
    )
    return (
        ("GPT-2", dict(zip(places, (*gpt2, tr("layer norm"), tr("GELU MLP"), "+")))),
        (tr("today"), dict(zip(places, (*today, tr("RMSNorm"), tr("SwiGLU"), "+")))),
    )
