"""What index.md says and shows, measured: the loop, chance, n-grams, and sizes.

The page builds its small functions (`predict`, `count`, `n_params`, …) before the
reader's eyes. They are handed in, so that what is measured is what was shown.
"""

import random
from math import exp
from typing import NamedTuple

import myst_nb
import numpy as np

from gpt import world

from . import written_on


def numbers(**found):
    """Numbers as they are, for prose that rounds them: {glue:text}`floor:.3f`."""
    for name, number in found.items():
        myst_nb.glue(name, number, display=False)


def written(model, tokenizer):
    """How a model goes on from the course's prompt, up to the end of the story."""
    return tokenizer.decode(written_on(model, tokenizer)[:-1])


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


def one_in(log_p, words):
    """How rarely the prompt goes on with "Ada lost her key": one time in so many."""
    before, after = world.PROMPT, f"{world.PROMPT} Ada lost her key"
    return 1 / exp(log_p(words(after)) - log_p(words(before)))


# --- how far back must it look ------------------------------------------------------
class Ngrams(NamedTuple):
    """Nats per word on new stories, for n from 1 up, by the text that was counted."""

    little: list[float]  # 100 thousand characters
    library: list[float]  # 1 million
    floor: float

    @property
    def said(self):
        best, best_little = min(self.library), min(self.little)
        return {
            "turn": self.little.index(best_little) + 1,
            "turn_later": self.library.index(best) + 1,
            "best_gap": round(100 * (best / self.floor - 1)),  # percent
            "unigram": self.library[0],
        }


def ngrams(count, words, library, n_max=12):
    """n-gram models of a little text and of the library (a list of words)."""
    new = words(world.corpus(60_000, seed=1))
    little = words(world.corpus(100_000, seed=0))
    return Ngrams(
        little=ngram_losses(count, little, new, n_max),
        library=ngram_losses(count, library, new, n_max),
        floor=world.entropy().nats_per_word,
    )


def ngram_losses(count, x, new, n_max):
    """Nats per word on `new` for n = 1 … n_max; unseen words fall back on shorter n."""
    p, losses = np.full(len(new), 1 / len(set(x))), []
    for n in range(1, n_max + 1):
        seen = count(x, n)
        for t in range(n - 1, len(new)):
            options = seen.get(tuple(new[t - n + 1 : t]))
            if options is not None:
                p[t] = (options[new[t]] + p[t]) / (options.total() + 1)
        losses.append(float(-np.log(p).mean()))
    return losses


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
