"""What index.md says and shows, measured: the loop, chance, n-grams, and sizes.

The page builds its small functions (`predict`, `count`, `n_params`, …) before the
reader's eyes. They are handed in, so that what is measured is what was shown.
"""

import random
import re
from itertools import combinations
from math import ceil, exp, floor
from typing import NamedTuple

import myst_nb
import numpy as np

from gpt import world

from . import card, cosine, ids_of_words, written_on


def numbers(**found):
    """Numbers as they are, for prose that rounds them: {glue:text}`floor:.3f`."""
    for name, number in found.items():
        myst_nb.glue(name, number, display=False)


def written(model, tokenizer):
    """How a model goes on from the course's prompt, up to the end of the story."""
    return tokenizer.decode(written_on(model, tokenizer)[:-1])


def untypical(model, tokenizer):
    """How small the small world is, and how alike the vectors of its synonyms are."""
    vectors = model.weights["wte.weight"]
    leap, move = (
        [
            cosine(vectors[one], vectors[other])
            for one, other in combinations(ids_of_words(tokenizer, words), 2)
        ]
        for words in (world.LEAP, ("run", "fly", "swim"))
    )
    text = world.corpus(1_000_000, seed=0).replace(world.END, " ")
    return {
        "n_words": len(set(re.findall(r"\w+", text.lower()))),
        "alike": floor(1000 * min(leap)) / 1000,  # the page says "or more"
        "unlike": ceil(100 * max(move)) / 100,  # "or less"
    }


def trained():
    """What training took and reached, by the card of the course's model."""
    told = card()
    return {
        "gap": 100 * told["loss over floor"],  # percent
        "n_read": f"{told['steps'] * told['stories a step']:,}",
        "minutes": round(told["seconds"] / 60),
    }


# --- predict, sample, append, again -------------------------------------------------
class Moment(NamedTuple):
    """One step of the loop."""

    text: str  # the story so far
    odds: dict[str, float]  # of the next word
    step: str  # "predict", "sample" or "append"
    word: str | None  # the one that was drawn; None before it is


def moments(predict, sample, append, seed):
    """A story, step by step; one step a word where only one word can follow."""
    told = []
    text, rng = world.PROMPT, random.Random(seed)
    while not text.endswith(world.END):
        odds = predict(text)
        word = sample(odds, rng)
        if len(odds) > 1:
            told += [
                Moment(text, odds, "predict", None),
                Moment(text, odds, "sample", word),
            ]
        text = append(text, word)
        # END is no word to be seen
        told.append(Moment(text.removesuffix(world.END), odds, "append", word))
    return told


# --- G: generative ------------------------------------------------------------------
class Cloud(NamedTuple):
    """Animals of one kind, by two invented measurements."""

    centre: tuple[float, float]
    spread: tuple[float, float]
    seen: np.ndarray  # (40, 2)
    drawn: np.ndarray  # (3, 2): new ones, which a generative model would draw


def two_clouds():
    """(foxes, owls): two kinds that a line nearly divides."""
    points = np.random.default_rng(4)
    kinds = ((-1.1, -0.5), (0.55, 0.75)), ((1.1, 0.5), (0.6, 0.7))
    seen = [points.normal(centre, spread, (40, 2)) for centre, spread in kinds]
    return tuple(
        Cloud(centre, spread, animals, points.normal(centre, spread, (3, 2)))
        for (centre, spread), animals in zip(kinds, seen, strict=True)
    )


# --- one formula --------------------------------------------------------------------
def told_by_bars(bars):
    """What the prose says of the surprises of a story's words."""
    return {
        "n_bars": len(bars),
        "n_certain": sum(bar == 0 for bar in bars),
        "animal": max(bars),
    }


def chance(told):
    """The floor, what a story holds, and how far back its hero was named.

    told: stories as lists of words.
    """
    floor = world.entropy()
    back = [story.index("last") - story.index("named") for story in told]
    return {
        "floor": floor.nats_per_word,
        "as_many": round(exp(floor.nats) / 1e6),  # equally likely stories, in millions
        "back": round(sum(back) / len(back)),
    }


def one_in(surprises, words):
    """How rarely the prompt goes on with "Ada lost her key": one time in so many."""
    before, after = world.PROMPT, f"{world.PROMPT} Ada lost her key"
    return exp(sum(surprises(words(after))) - sum(surprises(words(before))))


# --- how far back must it look ------------------------------------------------------
class Ngrams(NamedTuple):
    """Nats per word on new stories, for n from 1 up, by the text that was counted."""

    little: list[float]  # 100 thousand characters
    library: list[float]  # 1 million
    floor: float
    known: float  # percent of the new runs, as long as the name is far, that were read
    right_name: (
        float  # the probability of the hero's name after "At last", n the largest
    )

    @property
    def said(self):
        best, best_little = min(self.library), min(self.little)
        return {
            "turn": self.little.index(best_little) + 1,
            "turn_later": self.library.index(best) + 1,
            "best_gap": round(100 * (best / self.floor - 1)),  # percent
            "unigram": self.library[0],
            "known": self.known,
            "right_name": self.right_name,
        }


def ngrams(count, words, library, back, n_max=12):
    """n-gram models of a little text and of the library (a list of words).

    back: how many words before "last" the hero is named.
    """
    new = words(world.corpus(60_000, seed=1))
    little = words(world.corpus(100_000, seed=0))
    p = ngram_probabilities(count, library, new, n_max)
    last = [t for t in range(1, len(new)) if new[t - 1] == "last"]
    return Ngrams(
        little=ngram_losses(count, little, new, n_max),
        library=[float(-np.log(row).mean()) for row in p],
        floor=world.entropy().nats_per_word,
        known=100
        * float(np.mean([*map(runs(library, back).__contains__, runs(new, back))])),
        right_name=float(p[-1][last].mean()),
    )


def ngram_losses(count, x, new, n_max):
    """Nats per word on `new` for n = 1 … n_max, counted on x."""
    return [float(-np.log(p).mean()) for p in ngram_probabilities(count, x, new, n_max)]


def ngram_probabilities(count, x, new, n_max, trust=1):
    """Of each word of `new`, for n = 1 … n_max; unseen words fall back on shorter n.

    trust: the shorter context counts like so many words that were seen.
    """
    p, rows = np.full(len(new), 1 / len(set(x))), []
    for n in range(1, n_max + 1):
        seen = count(x, n)
        for t in range(n - 1, len(new)):
            options = seen.get(tuple(new[t - n + 1 : t]))
            if options is not None:
                p[t] = (options[new[t]] + trust * p[t]) / (options.total() + trust)
        rows.append(p.copy())
    return rows


def runs(x, length):
    """All runs of so many words."""
    return {tuple(x[t : t + length]) for t in range(len(x) - length + 1)}


# --- from GPT-2 to GPT-3 ------------------------------------------------------------
# n_layer, d_model, published parameters in millions
GPT2 = [(12, 768, 124), (24, 1024, 355), (36, 1280, 774), (48, 1600, 1558)]
GPT3 = [
    (12, 768, 125),
    (24, 1024, 350),
    (24, 1536, 760),
    (24, 2048, 1300),
    (32, 2560, 2700),
    (32, 4096, 6700),
    (40, 5140, 13000),
    (96, 12288, 175000),
]


def parameters(n_params):
    """{"GPT-3": [(by the formula, as published), ...], "GPT-2": …}."""
    return {
        name: [
            (n_params(n_layer, d_model, n_ctx), 1e6 * millions)
            for n_layer, d_model, millions in models
        ]
        for name, models, n_ctx in (("GPT-3", GPT3, 2048), ("GPT-2", GPT2, 1024))
    }
