"""What the chapter Cache measures: what is computed again, what is kept, what is lost.

Sources of the sizes: Radford et al. (2019), Brown et al. (2020, table 2.1), Grattafiori et
al. (2024, table 3), DeepSeek-AI (2024, sections 2.1 and 3.1).
"""

import json
from functools import partial
from math import log
from pathlib import Path
from typing import NamedTuple

import torch
from edition import mark, percent, tiny, tr

from gpt.cache import (
    Cache,
    fast_attention,
    kept_bytes,
    late_mask,
    pad_left,
    window_mask,
)
from gpt.model import Config
from gpt.train import batches

from . import held_out, ids_of_words, label
from .apart import ANIMALS, NAMES
from .sample import Author

GPT2 = Config(n_vocab=50_257, n_ctx=1024, n_layer=12, n_head=12, d_model=768)
RECORDED = Path(__file__).parents[1] / "recorded" / "cache.json"
MANY = 60  # held-out stories
LONG = 100_000  # tokens


def recorded(part, file=RECORDED):
    """A part of what book/record_cache.py has recorded: "cost" or "windows"."""
    return json.loads(file.read_text("utf-8"))[part]


# --- what is computed again -------------------------------------------------------
def counts(*lengths):
    """For `say`: what writing n tokens computes, from nothing: vectors and scores.

    Anew, every token of every text so far; kept, each vector and each score once.
    """
    said = {}
    for n in lengths:
        said |= {
            f"vectors_anew_{n}": n * (n + 1) // 2,
            f"scores_anew_{n}": n * (n + 1) * (n + 2) // 6,
            f"scores_kept_{n}": n * (n + 1) // 2,
            f"times_{n}": f"{(n + 1) / 2:g}",
        }
    return said


def changes(model, ids):
    """For `say`: how far the last token moves what was computed for those before it.

    ids: (1, T). In the model, and in one whose tokens look at all others.
    """

    def all_to_all(q, k, v):
        return torch.nn.functional.scaled_dot_product_attention(q, k, v)

    n = ids.shape[-1] - 1
    said = {}
    for name, one in ("causal", model), ("all", model.replace(attention=all_to_all)):
        short, long = one.trace(ids[:, :-1]), one.trace(ids)
        moved = [
            float(
                (long[part][..., :n, : n if "weights" in part else None] - x)
                .abs()
                .max()
            )
            for part, x in short.items()
        ]
        said |= {f"parts_{name}": len(moved), f"moved_{name}": f"{max(moved):.1g}"}
    return said


@torch.no_grad()
def largest_difference(model, ids):
    """Of the logits of a token at a time from those of all at once: ids (1, T)."""
    cache = Cache(model.config.n_layer)
    steps = torch.cat([model(ids[:, [t]], cache) for t in range(ids.shape[-1])], 1)
    return tiny(float((steps - model(ids)).abs().max()))


# --- what a token costs -----------------------------------------------------------
def multiplications(config, n_tokens, n_before):
    """Of the matrices and of the scores, for n_tokens new ones after n_before."""
    C = config.d_model
    matrices = n_tokens * (12 * config.n_layer * C**2 + config.n_vocab * C)
    seen = n_tokens * n_before + n_tokens * (n_tokens + 1) // 2
    return matrices, 2 * config.n_layer * C * seen


class Cost(NamedTuple):
    length: list  # of the text before the token
    anew: list  # [lower quartile, median, upper quartile] in seconds, for each length
    kept: list
    said: dict


def _machine(name, found):
    """For `say`: on what a part was recorded."""
    machine, cores, *_ = found["machine"].removesuffix(" cores").split(", ")
    return {f"{name}_machine": machine, f"{name}_cores": cores.split()[0]}


def cost(file=RECORDED) -> Cost:
    """The seconds of a token of GPT-2's size, as recorded."""
    found = recorded("cost", file)
    length = found["length"]
    anew, kept = found["anew"], found["kept"]
    at = {n: i for i, n in enumerate(length)}
    long, mid = at[max(length)], at[512]
    spread = max(
        max(high - middle, middle - low) / middle for low, middle, high in anew + kept
    )
    said = {
        "cost_spread": percent(spread),
        "cost_date": found["date"],
        **_machine("cost", found),
        "cost_seed": found["seed"],
        "cost_longest": max(length),
        "anew_longest": f"{anew[long][1]:.1f}",
        "kept_longest": f"{1000 * kept[long][1]:.0f}",
        "kept_shortest": f"{1000 * kept[0][1]:.0f}",
        "kept_growth": percent(kept[long][1] / kept[0][1] - 1),
        "anew_growth": f"{anew[long][1] / anew[0][1]:.0f}",
        "anew_first_tokens": min(length) + 1,
        "anew_last_tokens": max(length) + 1,
        "anew_more": f"{(max(length) + 1) / (min(length) + 1):.0f}",
        "cost_times": f"{anew[mid][1] / kept[mid][1]:.0f}",
        "cost_times_longest": f"{anew[long][1] / kept[long][1]:.0f}",
        "prompt_rate": f"{513 / anew[mid][1]:.0f}",
        "kept_rate": f"{1 / kept[mid][1]:.0f}",
    }
    return Cost(length, anew, kept, said)


def writing(file=RECORDED):
    """For `say`: how long SmolLM2 takes to write, with a cache and without, as recorded."""
    found = recorded("writing", file)
    kept, anew, many = found["kept"], found["anew"], found["tokens"]
    return {
        "real_tokens": many,
        "real_kept": f"{kept:.0f}",
        "real_anew": f"{anew:.0f}",
        "real_times": f"{anew / kept:.0f}",
        "real_rate": f"{many / kept:.0f}",
        "real_date": found["date"],
        **_machine("real", found),
    }


def budget(config=GPT2):
    """For `say`: the multiplications of a token at a context's end, and its bytes."""
    matrices, scores = multiplications(config, 1, config.n_ctx - 1)
    d_head = config.d_model // config.n_head
    kept = kept_bytes(config.n_ctx, config.n_layer, config.n_head, d_head, 4)
    return {
        "matrices": f"{matrices / 1e6:.0f}",
        "scores_end": f"{scores / 1e6:.0f}",
        "weight_bytes": f"{4 * config.n_parameters / 1e6:.0f}",
        "cache_bytes": f"{kept / 1e6:.0f}",
        "cache_share": percent(kept / (4 * config.n_parameters)),
    }


# --- past the end, and several at once --------------------------------------------
@torch.no_grad()
def stale(model, ids):
    """For `say`: what keys from one place earlier do to a bet on the next token, in points.

    ids: (1, n_ctx + 1). The first token falls out of the window; its keys and values are
    dropped, and all others are kept as they were made, one place further on.
    """
    whole, cache = Cache(model.config.n_layer), Cache(model.config.n_layer)
    model(ids[:, :-1], whole)
    for layer in range(model.config.n_layer):
        k, v = whole._kept[layer]
        cache.extend(layer, *(x[..., 1 : whole.length, :] for x in (k, v)))
    late, anew = model(ids[:, -1:], cache)[0, -1], model(ids[:, 1:])[0, -1]
    bets = late.softmax(-1) - anew.softmax(-1)
    return {"stale": f"{100 * float(bets.abs().max()):.0f}"}


class Row(NamedTuple):
    pieces: list  # labels of the tokens; None for padding
    places: list


def padded(tokenizer, texts):
    """Texts (lists of ids) as rows of one batch: [Row, ...]."""
    ids, pads = pad_left(texts)
    places = Cache(1, pads).places(ids.shape[-1])
    return [
        Row([None] * pad + [label(tokenizer, id) for id in row[pad:]], place.tolist())
        for row, pad, place in zip(ids, pads.tolist(), places)
    ]


# --- memory -----------------------------------------------------------------------
class Kept(NamedTuple):
    model: str
    layers: int
    numbers: int  # kept for each token and layer
    context: int  # tokens that it was made for
    per_token: int  # bytes
    at_context: int
    at_long: int


# model -> layers, numbers that a layer keeps of a token, context
SIZES = {
    mark("GPT-2"): (12, 2 * 12 * 64, 1024),
    mark("GPT-3"): (96, 2 * 96 * 128, 2048),
    mark("Llama 3.1 8B"): (32, 2 * 8 * 128, 131_072),
    mark("Llama 3.1 405B"): (126, 2 * 8 * 128, 131_072),
    mark("DeepSeek-V2"): (60, 512 + 64, 131_072),
}


def memory():
    """What models keep, two bytes a number: [Kept, ...]."""
    rows = []
    for model, (layers, numbers, context) in SIZES.items():
        a_token = 2 * layers * numbers
        rows.append(
            Kept(
                model,
                layers,
                numbers,
                context,
                a_token,
                a_token * context,
                a_token * LONG,
            )
        )
    return rows


def scores(n=LONG):
    """For `say`: the scores of a long text, and of all heads of GPT-3."""
    return {
        "long": n,
        "scores_long": f"{n * n / 1e9:g}",
        "scores_causal": f"{n * (n + 1) / 2e9:.0f}",
        "scores_gb": f"{2 * n * n / 1e9:g}",
        "gpt3_heads": 96 * 96,
        "scores_gpt3": f"{96 * 96 * n * (n + 1) / 2 / 1e12:.0f}",
    }


def shared():
    """For `say`: the heads of Llama 3.1 405B, and how much less it keeps than GPT-3."""
    kept = {row.model: row.per_token for row in memory()}
    return {
        "llama_queries": 128,
        "llama_kv": 8,
        "llama_fewer": 128 // 8,
        "gpt3_queries": 96,
        "llama_layers": SIZES["Llama 3.1 405B"][0],
        "gpt3_layers": SIZES["GPT-3"][0],
        "llama_less": f"{kept['GPT-3'] / kept['Llama 3.1 405B']:.0f}",
    }


# --- a window ---------------------------------------------------------------------
def window(q, k, v, width):
    """Attention in which each token sees only the last `width`, itself among them."""
    return fast_attention(q, k, v, window_mask(q.shape[-2], k.shape[-2], width))


class Stories:
    """Held-out stories as one batch, and what their last sentence copies.

    "At last Ada the fox ran home.": the name after *last*, the animal after *the*.
    """

    def __init__(self, tokenizer, many=MANY):
        (self.ids, self.targets), *_ = batches(tokenizer, iter(held_out(many)), many)
        (last,) = ids_of_words(tokenizer, ["last"])
        rows = torch.arange(many)
        T = self.ids.shape[-1]
        self.last = ((self.ids == last) * torch.arange(T)).argmax(-1)  # the last *last*
        self.name = self.ids[rows, self.last + 1]
        self.animal = self.ids[rows, self.last + 3]

    @property
    def named(self):
        """Where the hero's name stands before the last sentence: (many, T), bool."""
        before = torch.arange(self.ids.shape[-1]) < self.last[:, None]
        return (self.ids == self.name[:, None]) & before

    @property
    def back(self):
        """The tokens from the first name to *last*, both included: (many,)."""
        return self.last - self.named.int().argmax(-1) + 1

    def floor(self, tokenizer):
        """What the author pays for these very stories, in nats per token."""
        author = Author(tokenizer)
        paid = [author.pays(story) for story in held_out(len(self.last))]
        return sum(nats for nats, _ in paid) / sum(tokens for _, tokens in paid)

    def loss(self, model):
        """Nats per token."""
        return float(model.loss(self.ids, self.targets))

    def copied(self, model, rows=slice(None)):
        """The bets on the right name and the right animal, of these rows: (n,) each."""
        p = model(self.ids[rows]).softmax(-1)
        which, last = torch.arange(len(p)), self.last[rows]
        name = p[which, last, self.name[rows]]
        return name, p[which, last + 2, self.animal[rows]]


class Windows(NamedTuple):
    widths: list
    losses: list  # nats per token, for each width
    floor: float  # what the author pays for these stories
    forgetful: float  # of a reader who bets alike on all names, and on all animals
    beyond: list  # how far a window reaches beyond the first name
    name: list  # the mean bet on the name there
    trained: dict  # width -> what a model has learned that had it from the first step
    said: dict


WIDTHS = 6, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 54
BEYOND = range(-4, 5)


@torch.no_grad()
def windows(model, tokenizer, widths=WIDTHS, file=RECORDED) -> Windows:
    """The loss against the width of a window, and where copying ends."""
    read = Stories(tokenizer)
    floor, tokens = read.floor(tokenizer), float((read.targets >= 0).sum() / MANY)
    losses = [
        read.loss(model.replace(attention=partial(window, width=width)))
        for width in widths
    ]
    back, again = read.back, read.named.sum(-1) > 1
    at = {beyond: torch.zeros(MANY) for beyond in BEYOND}  # the bet in each story
    for beyond, bets in at.items():
        for n in back.unique().tolist():
            cut = model.replace(attention=partial(window, width=n + beyond))
            bets[back == n] = read.copied(cut, back == n)[0]
    name = [float(bets.mean()) for bets in at.values()]
    run = recorded("windows", file)
    forgets, half = (log(n * len(ANIMALS)) / tokens for n in (8, 4))
    assert len(NAMES) == 8  # she and he have four each
    said = {
        "window_stories": MANY,
        "story_tokens": f"{tokens:.0f}",
        "named_again": int(again.sum()),
        "names_many": len(NAMES),
        "bet_chance": percent(1 / len(NAMES)),
        "train_date": run["date"],
        **_machine("train", run),
        "train_steps": run["steps"],
        "train_seed": run["seed"],
        "back_least": int(back.min()),
        "back_most": int(back.max()),
        "bet_short": percent(float(at[-1].mean())),
        "bet_again": percent(float(at[-1][again].mean())),
        "bet_again_most": percent(float(at[-1][again].max())),
        "bet_once": percent(float(at[-1][~again].mean())),
        "bet_reached": percent(float(at[0].mean()), ".1f"),
    }
    for width, learned in run["windows"].items():
        said[f"reach_{width}"] = 3 * (int(width) - 1)
        said[f"name_{width}"] = percent(learned["the name"])
    said |= {
        "loss_8": f"{run['windows']['8']['loss']:.3f}",
        "fair": f"{floor + half:.3f}",
        "unfair": f"{run['windows']['8']['loss'] - floor - half:.3f}",
    }
    said["gap_16"] = percent(run["windows"]["16"]["loss"] / floor - 1, ".1f")
    return Windows(
        [*widths],
        losses,
        floor,
        floor + forgets,
        [*BEYOND],
        name,
        {int(width): found for width, found in run["windows"].items()},
        said,
    )


COPIES = {  # word before -> what stands there in the last sentences, if it is a copy
    ("last", NAMES): mark("At last *Ada*"),
    ("the", ANIMALS): mark("At last Ada the *fox*"),
    (",", NAMES): mark("Good night, *Ada*."),
    ("little", ANIMALS): mark("Good night, little *fox*."),
}


class Lost(NamedTuple):
    at: dict  # where -> nats per token of all stories; the last for all other words
    said: dict


@torch.no_grad()
def lost(model, tokenizer, width=24) -> Lost:
    """What a window costs, by the word that is to be predicted."""
    read = Stories(tokenizer)
    cut = model.replace(attention=partial(window, width=width))
    asked = read.targets >= 0
    targets = read.targets.clamp(min=0)

    def paid(one):
        p = one(read.ids).softmax(-1)
        return p, -p.gather(-1, targets[..., None])[..., 0].log() * asked

    p, dear = paid(cut)
    more = (dear - paid(model)[1]) / asked.sum()  # (many, T)
    late = torch.arange(more.shape[-1]) >= read.last[:, None]
    at, copied = {}, torch.zeros_like(asked)
    for (before, words), where in COPIES.items():
        (here,) = tokenizer.encode(before if before == "," else f" {before}")
        here = (read.ids == here) & late
        here &= torch.isin(targets, torch.tensor(ids_of_words(tokenizer, words)))
        at[where] = float(more[here].sum())
        copied |= here
    at[mark("all other words")] = float(more[~copied].sum())
    ids = torch.tensor(ids_of_words(tokenizer, ANIMALS))
    bets = p[torch.arange(MANY), read.last + 2][:, ids].mean(0)
    most = int(bets.argmax())
    said = {
        "lost_size": width,
        "favourite": ANIMALS[most],
        "favourite_bet": percent(float(bets[most])),
        "favourite_true": percent(float((read.animal == ids[most]).float().mean())),
    }
    return Lost(at, said)


# --- predictions ------------------------------------------------------------------
@torch.no_grad()
def twice(model, tokenizer, ids):
    """For `say`: what is written where the last token of ids (1, T) is given twice."""
    cache = Cache(model.config.n_layer)
    model(ids, cache)
    text, new = [], ids[:, -1:]
    for _ in range(8):
        new = model(new, cache)[:, -1:].argmax(-1)
        text.append(int(new))
    told = tokenizer.decode([int(ids[0, -1]), *text])
    return {"twice": f"*One day{told} …*"}


def masks(n=12, width=4, sinks=2):
    """{name: who looks at whom, (n, n) bool}, of the ways to keep less."""
    window = window_mask(n, n, width)
    sunk = window | (late_mask(n, n) & (torch.arange(n) < sinks))
    return {
        tr("the whole past"): late_mask(n, n),
        tr("a window of {n}", n=width): window,
        tr("{n} sinks and a window", n=sinks): sunk,
    }
