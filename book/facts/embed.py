"""What the chapter Embed measures: who is near whom, what a direction means, places.

`wte` (n_vocab, C) has a row for each token, `wpe` (n_ctx, C) one for each place. A word
is a token with its space before it: each word that is looked up here is one token.
"""

import json
from dataclasses import replace
from itertools import islice
from math import pi
from pathlib import Path
from typing import NamedTuple

import torch
from edition import mark, percent, two
from torch.nn.functional import cosine_similarity, normalize

from gpt import world
from gpt.embed import embed, neighbours, sinusoids, tokens
from gpt.model import GPT, Config, initial, small
from gpt.train import BATCH, batches, fit

from . import card, cosine, cosines, held_out, ids_of, ids_of_words, label, written_on
from .sample import Author

# Words of the small world by what they are, in the order of the pictures.
KINDS = {
    mark("run"): world.RUN,
    mark("fly"): world.FLY,
    mark("swim"): world.SWIM,
    mark("plants"): world.FLOWER + world.CROP,
    mark("plurals"): world.FLOWERS + world.CROPS,
    mark("she"): world.SHE,
    mark("he"): world.HE,
    mark("water"): ("river", "lake", "sea"),
    mark("green"): ("forest", "meadow", "garden"),
    mark("walls"): ("wall", "gate", "rocks", "logs"),
    mark("moods"): ("clever", "brave", "shy", "little"),
    mark("of model"): ("fashion", "clay", "machine"),
    mark("leap"): world.LEAP,
    mark("events"): ("planted", "worked", "met", "lost"),
}
WORDS = [word for kind in KINDS.values() for word in kind]
# What the two directions of the chapter are made of, and the words measured with them.
PAIRS = (("she", "he"), ("bean", "beans"), ("poppy", "poppies"))
PLURALS = {"rose": "roses", "tulip": "tulips", "carrot": "carrots"}
PLURALS["pumpkin"] = "pumpkins"
MEASURED = (
    *("She", "He", "her", "his", "was", "were", "it", "them"),
    *PLURALS,
    *PLURALS.values(),
    *world.SHE,
    *world.HE,
)


# --- the tables -------------------------------------------------------------------
def sizes(model, tokenizer):
    """For `say`: how large the table is, and which row the duck has."""
    n_vocab, d_model = model.weights["wte.weight"].shape
    (duck,) = ids_of_words(tokenizer, ["duck"])
    return {"n_vocab": n_vocab, "d_model": d_model, "duck": duck}


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


def random_weights(model):
    """The weights that the training of the shipped model began with."""
    return initial(model.config, seed=card()["seed"])


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
    began, now = random_weights(model)["wte.weight"], model.weights["wte.weight"]
    return cosines(began[rows]), cosines(now[rows])


def misleading(wte, tokenizer, xy, unlike=0.1):
    """For `say`: two WORDS that are closest on a map, although their rows are unlike.

    xy: (n, 2), where WORDS are on the map.
    """
    apart = torch.cdist(xy, xy)
    apart[cosines(wte[ids_of_words(tokenizer, WORDS)]) > unlike] = torch.inf
    a, b = (WORDS[int(at)] for at in divmod(int(apart.argmin()), len(WORDS)))
    cosine = two(between(wte, tokenizer, a, b)).replace("−0.00", "0.00")
    return {"near_a": a, "near_b": b, "near_cosine": cosine}


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
    fragment = max(
        (id for id in ids if piece[id].isalpha()), key=lambda id: len(piece[id])
    )
    said = {
        "n_unused": len(ids),
        "unused_bytes": sum(len(piece[id]) == 1 for id in ids),
        "unused_fragments": sum(len(piece[id]) > 1 for id in ids),
        "an_unused": piece[fragment].decode(),
        "unused_cos": f"{among[off].mean():.3f}",
    }
    return Unused(ids, among, said)


def loss(model, tokenizer, stories):
    """Nats per story: how surprised a model is, from END to END."""
    with torch.no_grad():
        told = sum(
            float(model.loss(ids, targets)) * int((targets >= 0).sum())
            for ids, targets in batches(tokenizer, iter(stories), len(stories))
        )
    return told / len(stories)


def merged(model, tokenizer, words):
    """The model, with one row, their mean, for all of these words."""
    wte, rows = model.weights["wte.weight"], ids_of_words(tokenizer, words)
    one_row = wte.clone()
    one_row[rows] = wte[rows].mean(0)
    return GPT(model.config, model.weights | {"wte.weight": one_row})


def shared_rows(model, tokenizer, stories):
    """For `say`: what it costs, in nats per story, if a kind shares one row."""
    whole = loss(model, tokenizer, stories)

    def cost(words):
        return two(loss(merged(model, tokenizer, words), tokenizer, stories) - whole)

    moods = KINDS["moods"]
    return {
        "one_leap": cost(world.LEAP).replace("\N{MINUS SIGN}0.00", "0.00"),
        "one_fox": cost(world.RUN),
        "one_shy": cost(moods[:3]).replace("\N{MINUS SIGN}0.00", "0.00"),
        "one_little": cost(moods),
    }


def pushes(model, tokenizer, stories):
    """What the first step of training would do to the rows: as `pushes_of`."""
    first = GPT(model.config, random_weights(model))
    return pushes_of(first, tokenizer, stories)


def pushes_of(model, tokenizer, stories):
    """The gradients of the loss with respect to the rows, each (n_vocab, C).

    One by the table's use at the beginning, where an id is read, and one by that at the
    end, where the next one is predicted.
    """
    reads, predicts = (
        model.weights["wte.weight"].clone().requires_grad_() for _ in "ab"
    )
    apart = model.replace(
        embed=lambda ids, wte, wpe: embed(ids, reads, wpe),
        unembed=lambda x, wte: x @ predicts.T,
    )
    stories = [*stories]
    ids, targets = next(batches(tokenizer, iter(stories), len(stories)))
    apart.loss(ids, targets).backward()
    return reads.grad, predicts.grad


def pushed(model, tokenizer):
    """For `say`: how alike the first step's pushes are on the rows of leap and hop."""
    reads, predicts = pushes(model, tokenizer, islice(world.stories(3), 256))
    rows = ids_of_words(tokenizer, ("leap", "hop"))
    return {
        "push_predict": two(cosine(*predicts[rows])),
        "push_read": two(cosine(*reads[rows])),
    }


# What three models came to that `record` trained: of other seeds, and of two tables.
RECORDED = Path(__file__).parents[1] / "recorded" / "embed.json"


def trained(seed, steps, two_tables=False):
    """Train a model: (the table that is read, the one that predicts), (n_vocab, C).

    With two_tables, they begin alike, and the second is a weight of its own.
    """
    shipped, tokenizer = small()
    model = GPT(shipped.config, initial(shipped.config, seed))
    reads = predicts = model.weights["wte.weight"]
    if two_tables:
        predicts = reads.clone().requires_grad_()
        weights = [*model.parameters(), predicts]
        model = model.replace(unembed=lambda x, wte: x @ predicts.T)
        model.parameters = lambda: weights
    told = batches(tokenizer, world.stories(seed), BATCH)
    for _ in fit(model, told, steps):
        pass
    return reads.detach(), predicts.detach()


def found_in(wte, tokenizer):
    """What the chapter says of a table, measured in another one."""

    def difference(*pairs):
        froms, tos = zip(*pairs)
        to, since = (ids_of_words(tokenizer, words) for words in (tos, froms))
        return (wte[to] - wte[since]).mean(0)

    he, many = difference(PAIRS[0]), difference(*PAIRS[1:])
    said = arithmetic(wte, tokenizer, he, many).said
    pairs = ("leap", "hop"), ("brave", "shy"), ("fox", "hare"), ("she", "table")
    near = {" ".join(pair): round(between(wte, tokenizer, *pair), 3) for pair in pairs}
    return near | {name: said[name] for name in ("free", "free_kind", "nothing_kind")}


def record(steps=900):
    """Write RECORDED anew, in a few minutes: cd book; python -m facts.embed"""
    _, tokenizer = small()
    tables = trained(0, steps, two_tables=True)
    found = {
        "steps": steps,
        "seed 0": found_in(trained(0, steps)[0], tokenizer),
        "seed 1": found_in(trained(1, steps)[0], tokenizer),
        "two tables, the one that is read": found_in(tables[0], tokenizer),
        "two tables, the one that predicts": found_in(tables[1], tokenizer),
    }
    RECORDED.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def two_tables():
    """For `say`: the recorded run in which what reads and what predicts are two."""
    found = json.loads(RECORDED.read_text("utf-8"))
    said = {"steps_apart": found["steps"]}
    for name, at in (("read", "is read"), ("predict", "predicts")):
        table = found[f"two tables, the one that {at}"]
        said[f"leap_{name}"] = two(table["leap hop"])
        said[f"she_{name}"] = two(table["she table"])
    return said


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
    # each the very word asked for ("word"), one of its kind ("kind"), or neither ("")
    right: tuple


class Arithmetic(NamedTuple):
    sums: list
    back: list  # the same with the directions turned round
    said: dict


def arithmetic(wte, tokenizer, he, many) -> Arithmetic:
    """Words plus a direction: does one come out as the other, or as one of its kind?

    he, many: (C,), the directions from `she` to `he`, and from one to many. The names
    have no partner, so of them only the kind can be asked.
    """
    plants, plurals = KINDS["plants"], KINDS["plurals"]
    pairs = [
        *((one, "many", more, plants, plurals) for one, more in PLURALS.items()),
        *(("was", "many", "were", (), ()), ("it", "many", "them", (), ())),
        *((a, "he", None, world.SHE, world.HE) for a in world.SHE),
        *(("She", "he", "He", (), ()), ("her", "he", "his", (), ())),
    ]
    turned = [
        *((b, way, a, kind, own) for a, way, b, own, kind in pairs if b),
        *((a, "he", None, world.HE, world.SHE) for a in world.HE),
    ]
    directions = {"many": many, "he": he}

    def closest(v, *but):
        score = cosine_similarity(wte, v[None])
        score[list(but)] = -torch.inf
        return label(tokenizer, score.argmax())

    def sums(asked, sign):
        for word, direction, right, _, kind in asked:
            (id,) = ids_of_words(tokenizer, [word])
            start, d = wte[id], sign * directions[direction]
            answers = closest(start + d), closest(start + d, id), closest(start, id)
            marks = (
                "word" if one == right else "kind" if one in kind else ""
                for one in answers
            )
            yield Sum(word, direction, answers, tuple(marks))

    there, back = [*sums(pairs, 1)], [*sums(turned, -1)]
    with_partner = [one for one in there if one.word not in world.SHE]
    with_kind = [one for one in there if one.word in (*world.SHE, *PLURALS)]

    def count(some, rule, *marks):
        return sum(one.right[rule] in marks for one in some)

    said = {
        "n_words": len(with_partner),
        "free": count(there, 0, "word"),
        "ruled": count(there, 1, "word"),
        "nothing": count(there, 2, "word"),
        "returned": count(back, 0, "word"),
        "n_kinds": len(with_kind),
        "free_kind": count(with_kind, 0, "word", "kind"),
        "nothing_kind": count(with_kind, 2, "word", "kind"),
    }
    return Arithmetic(there, back, said)


class OneDay(NamedTuple):
    """What is predicted after *One day*, in stories of a she and of a he."""

    she: torch.Tensor  # (n, C), the last vectors, normed
    he: torch.Tensor
    said: dict


def one_day(model, tokenizer, he, stories) -> OneDay:
    """Along which direction *he* and the names of boys are told from *she* and girls'.

    he: (C,). In stories about a she, only how far the vector lies along `he` is
    exchanged, for what it is on average in stories about a he.
    """
    wte, found = model.weights["wte.weight"], {world.SHE: [], world.HE: []}
    for story in stories:
        opening = story[: story.index(".")] + ". One day"
        if not story.startswith(opening):
            continue  # it was one morning
        hero = next(w for w in opening.split() if w in world.SHE + world.HE)
        kind = world.SHE if hero in world.SHE else world.HE
        seen = model.trace(ids_of(tokenizer, opening), "norm")
        found[kind].append(seen["norm"][0, -1])
    girls, boys = (torch.stack(found[kind]) for kind in (world.SHE, world.HE))
    ruler = he / he.norm()
    moved = girls + ((boys @ ruler).mean() - (girls @ ruler).mean()) * ruler

    def bet(vectors, *words):
        ids = ids_of_words(tokenizer, words)
        return float((vectors @ wte.T).softmax(-1)[:, ids].sum(-1).mean())

    def boys_of_names(vectors):
        """Of what is bet on names, the share of the he-names."""
        return bet(vectors, *world.HE) / bet(vectors, *world.SHE, *world.HE)

    she_names, he_names = (
        wte[ids_of_words(tokenizer, kind)].mean(0) for kind in (world.SHE, world.HE)
    )
    capital, possessive = (
        cosine(wte[b] - wte[a], he)
        for a, b in (
            ids_of_words(tokenizer, pair) for pair in (("She", "He"), ("her", "his"))
        )
    )
    said = {
        "names_he": two(cosine(he_names - she_names, he)),
        "capital_he": two(capital),
        "his_he": two(possessive),
        "names_before": two(boys_of_names(girls)),
        "names_moved": two(boys_of_names(moved)),
        "names_of_he_moved": two(bet(moved, *world.HE)),
        "names_of_he_there": two(bet(boys, *world.HE)),
    }
    return OneDay(girls, boys, said)


# --- places -----------------------------------------------------------------------
class Places(NamedTuple):
    by_hand: torch.Tensor  # (n_ctx, C), sinusoids
    learned: torch.Tensor  # (n_ctx, C), wpe
    said: dict


def places(model, reading) -> Places:
    """The rows of the places, made by hand and learned, and how alike they are."""
    wpe = model.weights["wpe.weight"]
    waves, near = sinusoids(*wpe.shape), cosines(wpe)
    began = random_weights(model)["wpe.weight"]
    used = reading.longest + 1  # END stands at place 0
    said = {
        "n_ctx": len(wpe),
        "last_place": reading.longest,
        "first_unseen": used,
        "unseen_cos": two(cosine_similarity(wpe, began)[used:].min()),
        "turn_fast": f"{turns(waves)[0]:.1f}",
        "turn_slow": f"{turns(waves)[-1]:,.0f}",
    }
    for k in (1, 2, 10):
        said[f"beside_{k}"] = two(near.diagonal(k)[: used - k].mean())
    return Places(waves, wpe, said)


def turns(waves):
    """How many places each clock of the sinusoids (n_ctx, C) needs to go round once."""
    sine, cosine = waves[1].double().unflatten(0, (-1, 2)).T  # of the step to place 1
    return (2 * torch.pi / torch.atan2(sine, cosine)).tolist()


class Clock(NamedTuple):
    """A pair of columns of the places made by hand, as the hand of a clock."""

    columns: tuple[int, int]
    turn: float  # places for one round
    angles: dict[int, float]  # place: by how much the hand has turned, in radians


def clocks(waves, at=(3, 4, 47), pairs=(0, 12, 24)):
    """Some pairs of columns of the sinusoids (n_ctx, C), at some places."""
    rounds = turns(waves)
    return [
        Clock((2 * i, 2 * i + 1), rounds[i], {t: 2 * pi * t / rounds[i] for t in at})
        for i in pairs
    ]


def angles(wte, wpe, reading):
    """Cosines of pairs of vectors: of 2 numbers, of C numbers, of tokens with places."""
    draw = torch.Generator().manual_seed(0)
    found = {}
    for name, width in (("plane", 2), ("random", wte.shape[1])):
        one, other = torch.randn(2, 20_000, width, generator=draw)
        found[name] = cosine_similarity(one, other)
    used, seen = wte[sorted(reading.seen)], wpe[: reading.longest + 1]
    across = normalize(used, dim=-1) @ normalize(seen, dim=-1).T
    return found | {"real": across.flatten()}


class Apart(NamedTuple):
    wrong: list  # (the token that it was, the one read back), ids
    said: dict


def taken_apart(wte, wpe, reading) -> Apart:
    """Every place added to every token that occurs: can both be read back?"""
    used = sorted(reading.seen)
    E, P = wte[used], wpe[: reading.longest + 1]
    sums = (E[:, None] + P).flatten(0, 1)  # (tokens · places, C)
    token = torch.arange(len(used)).repeat_interleave(len(P))
    place = torch.arange(len(P)).repeat(len(used))
    guess = torch.cdist(sums - P.mean(0), E).argmin(1)
    wrong = guess != token
    alike = cosines(E)[token[wrong], guess[wrong]]
    across = normalize(E, dim=-1) @ normalize(P, dim=-1).T
    said = {
        "by_chance": f"{wte.shape[1] ** -0.5:.2f}",
        "token_place": two(across.square().mean().sqrt()),
        "read_back": percent(1 - wrong.float().mean()),
        "confused": percent((alike > 0.9).float().mean()),
        "fit_token": percent(_fitted(sums, E, token, apart=place)),
        "fit_place": percent(_fitted(sums, P, place, apart=token)),
        "fit_chance": percent(1 / len(P)),
    }
    pairs = zip(token[wrong].tolist(), guess[wrong].tolist())
    return Apart([(used[a], used[b]) for a, b in pairs], said)


def _fitted(sums, rows, truth, apart, folds=5):
    """How often the matrix that fits best makes of each sum the right one of `rows`.

    It is fitted to the sums of four in five of what `apart` tells, and tried on the rest.
    """
    x = torch.cat([sums, torch.ones(len(sums), 1)], 1)  # the last column is the bias
    right = 0
    for fold in range(folds):
        tried = apart % folds == fold
        matrix = torch.linalg.lstsq(x[~tried], rows[truth[~tried]]).solution
        found = torch.cdist(x[tried] @ matrix, rows).argmin(1)
        right += int((found == truth[tried]).sum())
    return right / len(sums)


def the_model(tokenizer, kind):
    """The ids (1, T) of a story of a model of some kind, up to the last *model*."""
    told = f"{world.PROMPT} she worked with a {kind} model."
    return ids_of(tokenizer, told + " When the sun came up, the model")


def tokens_back(tokenizer):
    """For `say`: how many tokens before the last *model* its kind is told."""
    one, other = (the_model(tokenizer, kind)[0] for kind in ("fashion", "clay"))
    (at,) = (one != other).nonzero().flatten().tolist()
    return {"back": len(one) - 1 - at}


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
    told, author = held_out(400), Author(tokenizer)
    return {
        **{
            name: told.removesuffix(world.END).strip() for name, told in stories.items()
        },
        "prompt": world.PROMPT,
        "one_on": without_mistake(moved(model, 1), tokenizer, many),
        "three_on": without_mistake(moved(model, 3), tokenizer, many),
        "moved_of": many,
        "loss_here": f"{loss(model, tokenizer, told):.1f}",
        "loss_one_on": f"{loss(moved(model, 1), tokenizer, told):.1f}",
        "author_here": f"{sum(author.pays(one)[0] for one in told) / len(told):.1f}",
    }


if __name__ == "__main__":
    record()
