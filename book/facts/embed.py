"""What the chapter Embed measures: who is near whom, what a direction means, places.

`wte` (n_vocab, C) has a row for each token, `wpe` (n_ctx, C) one for each place. A word
is a token with its space before it: each word that is looked up here is one token.
"""

from dataclasses import replace
from itertools import islice
from typing import NamedTuple

import torch
from edition import mark, two
from torch.nn.functional import cosine_similarity, normalize

from gpt import world
from gpt.embed import neighbours, sinusoids, tokens
from gpt.model import GPT, Config, initial

from . import cosine, cosines, ids_of_words, label, written_on

# Words of the small world by what they are, in the order of the pictures.
KINDS = {
    mark("run"): world.RUN,
    mark("fly"): world.FLY,
    mark("swim"): world.SWIM,
    mark("plants"): ("bean", "carrot", "pumpkin", "tulip", "poppy"),
    mark("plurals"): ("beans", "roses", "poppies"),
    mark("she"): world.SHE,
    mark("he"): world.HE,
    mark("water"): ("river", "lake", "sea"),
    mark("green"): ("forest", "meadow", "garden"),
    mark("walls"): ("wall", "gate", "rocks", "logs"),
    mark("moods"): ("clever", "brave", "shy", "little"),
    mark("leap"): world.LEAP,
    mark("events"): ("planted", "worked", "met", "lost"),
}
WORDS = [word for kind in KINDS.values() for word in kind]
# What the two directions of the chapter are made of, and the words measured with them.
PAIRS = (("she", "he"), ("bean", "beans"), ("poppy", "poppies"))
MEASURED = (
    *("She", "He", "her", "his", "him", "was", "were", "it", "them"),
    *("roses", "carrot", "tulip", "pumpkin"),
    *world.SHE,
    *world.HE,
)


# --- the tables -------------------------------------------------------------------
def sizes(model, tokenizer):
    """For `say`: how large the table is, and which row the hare has."""
    n_vocab, d_model = model.weights["wte.weight"].shape
    (hare,) = ids_of_words(tokenizer, ["hare"])
    return {"n_vocab": n_vocab, "d_model": d_model, "hare": hare}


class Cost(NamedTuple):
    name: str
    tokens: int  # numbers in wte
    places: int  # numbers in wpe
    parameters: float  # of the whole model


def costs(model):
    """What the tables cost, in our model, in the smallest GPT-2 and in GPT-3."""

    gpt2 = Config(n_vocab=50_257, n_ctx=1024, n_layer=12, n_head=12, d_model=768)
    sizes = [
        (mark("ours"), model.config, model.config.n_parameters),
        (mark("GPT-2, the smallest"), gpt2, gpt2.n_parameters),
        # Brown et al. (2020) give the parameters as a round number
        (mark("GPT-3"), replace(gpt2, n_ctx=2048, d_model=12_288), 175e9),
    ]
    return [
        Cost(name, c.n_vocab * c.d_model, c.n_ctx * c.d_model, parameters)
        for name, c, parameters in sizes
    ]


# --- who is near whom -------------------------------------------------------------
def nearest(wte, tokenizer, word, k=3):
    """The k words whose rows point most nearly as that of `word`: [(word, cosine)]."""
    (row,) = ids_of_words(tokenizer, [word])
    found = zip(*neighbours(wte, row, k))
    return [(label(tokenizer, id), float(cosine)) for cosine, id in found]


def between(wte, tokenizer, a, b):
    """The cosine of two words' rows."""
    return cosine(*wte[ids_of_words(tokenizer, (a, b))])


def cosines_before_and_after(model, tokenizer):
    """The cosines of WORDS, (n, n), in the rows that training began with, and now."""
    rows = ids_of_words(tokenizer, WORDS)
    began, now = initial(model.config)["wte.weight"], model.weights["wte.weight"]
    return cosines(began[rows]), cosines(now[rows])


class Reading(NamedTuple):
    """What training has seen, as far as a sample of stories tells."""

    seen: set  # ids that occur
    longest: int  # tokens in the longest story, END not among them


def read(tokenizer, many=4000) -> Reading:
    """The ids of many stories."""
    ids = [tokenizer.encode(story) for story in islice(world.stories(seed=0), many)]
    return Reading(set().union(*ids), max(map(len, ids)))


class Unused(NamedTuple):
    ids: list  # tokens that no story has
    cosines: torch.Tensor  # (n, n), of each with each
    said: dict


def unused(wte, tokenizer, reading) -> Unused:
    """The tokens that never occur, and how alike their rows are."""
    piece = {id: piece for piece, id in tokenizer.ranks.items()}
    ids = [id for id in piece if id not in reading.seen]
    among = cosines(wte[ids])
    off = ~torch.eye(len(ids), dtype=bool)
    fragment = next(id for id in reversed(ids) if piece[id].isalpha())
    said = {
        "n_unused": len(ids),
        "an_unused": piece[fragment].decode(),
        "unused_cos": f"{among[off].mean():.3f}",
    }
    return Unused(ids, among, said)


# --- directions -------------------------------------------------------------------
def along(e, d):
    """How far a row e lies along a direction d, both (C,)."""
    return float(e @ d / d.norm())


def ruled(wte, tokenizer, he, many):
    """{word: (how far along `he`, along `many`)}, of MEASURED and of PAIRS.

    he, many: (C,), the directions from `she` to `he`, and from one to many.
    """
    words = (*MEASURED, *(word for pair in PAIRS for word in pair))
    rows = wte[ids_of_words(tokenizer, words)]
    return {word: (along(e, he), along(e, many)) for word, e in zip(words, rows)}


class Sum(NamedTuple):
    """A word plus a direction, and the nearest row, found in three ways."""

    word: str
    direction: str
    # by the sum; the same, the word itself forbidden; without the sum, it forbidden
    answers: tuple
    right: tuple  # is the answer right? three times


class Arithmetic(NamedTuple):
    sums: list
    said: dict


def arithmetic(wte, tokenizer, he, many) -> Arithmetic:
    """Words plus a direction: does one come out as the other?

    he, many: (C,), the directions from `she` to `he`, and from one to many.
    """
    directions = {"many": many, "he": he}
    asked = [
        ("ros", "many", ("roses",)),
        ("was", "many", ("were",)),
        ("it", "many", ("them",)),
        *((name, "he", world.HE) for name in world.SHE),
        ("She", "he", ("He",)),
        ("her", "he", ("his", "him")),
    ]

    def closest(v, *but):
        score = cosine_similarity(wte, v[None])
        score[list(but)] = -torch.inf
        return label(tokenizer, score.argmax())

    sums = []
    for word, direction, right in asked:
        (id,), d = ids_of_words(tokenizer, [word]), directions[direction]
        start = wte[id]
        answers = closest(start + d), closest(start + d, id), closest(start, id)
        marks = tuple(answer in right for answer in answers)
        sums.append(Sum(word, direction, answers, marks))
    she_names, he_names = (
        wte[ids_of_words(tokenizer, kind)].mean(0) for kind in (world.SHE, world.HE)
    )
    free, without_itself, nothing = map(sum, zip(*(one.right for one in sums)))
    said = {
        "names_he": two(cosine(he_names - she_names, he)),
        "n_tests": len(sums),
        "free": free,
        "ruled": without_itself,
        "nothing": nothing,
    }
    return Arithmetic(sums, said)


# --- places -----------------------------------------------------------------------
class Places(NamedTuple):
    by_hand: torch.Tensor  # (n_ctx, C), sinusoids
    learned: torch.Tensor  # (n_ctx, C), wpe
    said: dict


def places(model, reading) -> Places:
    """The rows of the places, made by hand and learned, and how alike they are."""
    wpe = model.weights["wpe.weight"]
    waves, near = sinusoids(*wpe.shape), cosines(wpe)
    began = initial(model.config, seed=0)["wpe.weight"]
    used = reading.longest + 1  # END stands at place 0
    said = {
        "n_ctx": len(wpe),
        "last_place": reading.longest,
        "first_unseen": used,
        "unseen_cos": two(cosine_similarity(wpe, began)[used:].min()),
    }
    for k in (1, 2, 10):
        said[f"beside_{k}"] = two(near.diagonal(k)[: used - k].mean())
    return Places(waves, wpe, said)


class Apart(NamedTuple):
    wrong: list  # (the token that it was, the one read back), ids
    said: dict


def taken_apart(wte, wpe, reading) -> Apart:
    """Every place added to every token that occurs: can the token be read back?"""
    used = sorted(reading.seen)
    E, P = wte[used], wpe[: reading.longest + 1]
    sums = (E[:, None] + P - P.mean(0)).flatten(0, 1)  # (tokens · places, C)
    guess = torch.cdist(sums, E).argmin(1)
    truth = torch.arange(len(used)).repeat_interleave(len(P))
    wrong = guess != truth
    alike = cosines(E)[truth[wrong], guess[wrong]]
    said = {
        "by_chance": f"{wte.shape[1] ** -0.5:.2f}",
        "token_place": two(
            (normalize(E, dim=-1) @ normalize(P, dim=-1).T).abs().mean()
        ),
        "read_back": f"{1 - wrong.float().mean():.0%}",
        "confused": f"{(alike > 0.9).float().mean():.0%}",
    }
    pairs = zip(truth[wrong].tolist(), guess[wrong].tolist())
    return Apart([(used[a], used[b]) for a, b in pairs], said)


def tokens_back(tokenizer):
    """For `say`: how many tokens before `the model` it is said which model it is."""
    told = tokenizer.encode(" fashion model. When the sun came up, the model")
    return {"back": len(told) - 1}


# --- predictions ------------------------------------------------------------------
def write(model, tokenizer, seed=0):
    """How the model continues the prompt."""
    return tokenizer.decode(written_on(model, tokenizer, seed))


def swapped(model, tokenizer, a, b):
    """The model, with the rows of two words exchanged."""
    wte, rows = model.weights["wte.weight"], ids_of_words(tokenizer, (a, b))
    exchanged = wte.clone()
    exchanged[rows] = wte[rows[::-1]]
    return GPT(model.config, model.weights | {"wte.weight": exchanged})


def placeless(model):
    """The model, with no place added to a token."""
    return model.replace(embed=lambda ids, wte, wpe: tokens(ids, wte))


def moved(model, places):
    """The model, with every token the row of a later place."""
    wpe = model.weights["wpe.weight"]
    last = wpe[-1:].expand(places, -1)  # where the table ends, its end
    later = torch.cat([wpe[places:], last])

    def embed(ids, wte, wpe):
        return model.stages["embed"](ids, wte, later)

    return model.replace(embed=embed)


def without_mistake(model, tokenizer, many=20):
    """How many continuations, of seeds 0 … many - 1, are grammatical."""
    return sum(
        world.grammatical(world.PROMPT + write(model, tokenizer, seed))
        for seed in range(many)
    )


def predictions(model, tokenizer, many=20):
    """For `say`: what each changed model writes, and how often without a mistake."""
    models = {
        "course": model,
        "swapped": swapped(model, tokenizer, "fox", "owl"),
        "placeless": placeless(model),
        "moved": moved(model, 3),
    }
    stories = {name: write(one, tokenizer) for name, one in models.items()}
    return {
        **{
            name: told.removesuffix(world.END).strip() for name, told in stories.items()
        },
        "prompt": world.PROMPT,
        "one_on": without_mistake(moved(model, 1), tokenizer, many),
        "three_on": without_mistake(moved(model, 3), tokenizer, many),
        "moved_of": many,
    }
