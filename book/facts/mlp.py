"""What the chapter MLP measures, in the order of its page.

A function is handed the model (and the tokenizer, the story, ...) that it looks at. Most
return a tuple whose fields the pictures draw and whose `said` is what the prose glues.
"""

from collections import Counter
from dataclasses import replace
from itertools import islice
from math import ceil, exp, floor, log, sqrt
from typing import NamedTuple

import numpy as np
import torch
from edition import big, mark, minus, tr, two, vector

from gpt import world
from gpt.mlp import layer_norm, mlp
from gpt.model import GPT, Config, initial
from gpt.sample import unembed
from gpt.train import batches

from . import (
    card,
    cosine,
    held_out,
    ids_of,
    ids_of_words,
    label,
    percent,
    piece,
    stops,
    written_on,
)
from .sample import Author


# --- the story of this course -----------------------------------------------------
class Story(NamedTuple):
    """The story of this course, and the places at which the page looks."""

    ids: torch.Tensor  # (1, T), END first; the END that closes it is left out
    pieces: list  # the text of each of the T tokens
    day: int  # where the prompt ends: One *day*
    last: int  # At *last*


def story(model, tokenizer):
    """The prompt of the course, as the model goes on with it."""
    prompt = ids_of(tokenizer, world.PROMPT)
    new = written_on(model, tokenizer)
    ids = torch.tensor([[*prompt[0].tolist(), *new][:-1]])
    pieces = [piece(tokenizer, id) for id in ids[0]]
    return Story(
        ids,
        pieces,
        day=prompt.shape[1] - 1,
        last=pieces.index(" last"),
    )


class Four(NamedTuple):
    """A story of each kind of model, up to the *model* whose act the kind decides."""

    ids: dict  # "fashion", "clay", "machine learning", "no kind": (1, T)
    acts: tuple = ("wore", "dried", "guessed")  # of the first three, in this order


def four(tokenizer):
    """The course's story told of a model of each kind, and of one without."""
    begin, end = " Ada worked with a", " model. When the moon came up, the model"
    kinds = {
        mark("fashion"): " fashion",
        mark("clay"): " clay",
        mark("machine learning"): " machine learning",
        mark("no kind"): "",
    }
    return Four(
        {
            kind: ids_of(tokenizer, world.PROMPT + begin + told + end)
            for kind, told in kinds.items()
        }
    )


def brought(model, four):
    """How alike *model* of fashion and of clay are, when attention of layer 0 has added
    to them."""
    one, other = (
        model.trace(four.ids[kind], "0.middle")["0.middle"][0, -1]
        for kind in ("fashion", "clay")
    )
    return {"kinds_apart": two(cosine(one, other))}


# --- the residual stream ----------------------------------------------------------
class Lengths(NamedTuple):
    """How much each part writes on the stream."""

    parts: dict  # "embed", "0.attend", "0.mlp", ...: the mean length of what it adds
    end: float  # the mean length of the stream at its end
    said: dict


def lengths(model, tokenizer, many=100):
    """The mean length of what is added at a token, over all tokens of some stories."""
    layers = range(model.config.n_layer)
    parts = ["embed", *(f"{n}.{part}" for n in layers for part in ("attend", "mlp"))]
    end, stories = f"{layers[-1]}.stream", held_out(many)
    sums, total, attend_1 = dict.fromkeys([*parts, end], 0.0), 0, []
    for told in stories:
        seen = model.trace(ids_of(tokenizer, told), *sums)
        # without the first token, END, which has nothing before it
        each = {name: x[0, 1:].norm(dim=-1) for name, x in seen.items()}
        for name, length in each.items():
            sums[name] += float(length.sum())
        attend_1.append(each["1.attend"])
        total += len(each["embed"])
    means = {name: length / total for name, length in sums.items()}
    most = torch.cat(attend_1).quantile(torch.tensor([0.5, 0.95])).tolist()
    said = {
        "length_stories": len(stories),
        "length_embed": f"{means['embed']:.1f}",
        "length_end": f"{means[end]:.0f}",
        "attend_median": f"{most[0]:.1f}",
        "attend_most": f"{most[1]:.1f}",
    }
    return Lengths(means, means.pop(end), said)


# --- norms and depth --------------------------------------------------------------
def norm_by_hand(numbers):
    """The steps of layer norm for one vector, as they are written down."""
    x = torch.tensor(numbers)
    variance = float((x - x.mean()).square().mean())
    result = layer_norm(x, torch.ones(len(x)), torch.zeros(len(x)))
    return {
        "norm_mean": f"{float(x.mean()):.0f}",
        "norm_centred": vector(x - x.mean()),
        "norm_variance": f"{variance:.0f}",
        "norm_root": f"{sqrt(variance):.0f}",
        "norm_result": vector(result, two),
    }


DEEP = Config(n_vocab=588, n_ctx=64, n_layer=10, n_head=4, d_model=32)
RATES = 1e-2, 1e-3
STEPS = 150
DEPTHS = (3, 6, 12, 24)


class Deep(NamedTuple):
    """Deep stacks of different blocks, trained without any precaution."""

    curves: dict  # learning rate: {the block's name: the loss at each step}
    pulls: dict  # the block's name: the pull on the last layer at each of the depths
    blind: float  # the loss of knowing how frequent each token is, and nothing else
    depths: tuple = DEPTHS

    @property
    def ends(self):
        """{learning rate: {the block's name: the mean loss of the last ten steps}}."""
        return {
            rate: {name: float(np.mean(curve[-10:])) for name, curve in curves.items()}
            for rate, curves in self.curves.items()
        }

    @property
    def said(self):
        (high, low), pre = self.ends.values(), self.pulls["pre-norm"]
        return {
            "deep_layers": DEEP.n_layer,
            "deep_steps": STEPS,
            "rate_high": f"{RATES[0]:g}",
            "rate_low": f"{RATES[1]:g}",
            "blind": two(self.blind),
            "end_pre": two(high["pre-norm"]),
            "end_post": two(high["post-norm"]),
            "end_none": two(high["no stream"]),
            "low_pre": two(low["pre-norm"]),
            "low_post": two(low["post-norm"]),
            "low_none": two(low["no stream"]),
            "pull_pre": f"{pre[0] / pre[-1]:.0f}",
            "pull_few": self.depths[0],
            "pull_many": self.depths[-1],
        }


def deep(tokenizer, stories, pre_norm, post_norm, no_stream):
    """Train a deep stack of each of three blocks, in the place of `gpt.mlp.block`.

    stories: whose tokens are counted for the loss of a model that knows no more.
    """
    blocks = {
        mark("pre-norm"): pre_norm,
        mark("post-norm"): post_norm,
        mark("no stream"): no_stream,
    }
    return Deep(
        {
            rate: {name: learn(tokenizer, b, rate) for name, b in blocks.items()}
            for rate in RATES
        },
        {
            name: [_pull(tokenizer, block, depth) for depth in DEPTHS]
            for name, block in blocks.items()
        },
        _entropy_of_tokens(tokenizer, stories),
    )


def _fresh(block, config=DEEP, seed=0):
    """A deep stack whose parts each return about as much as they are given."""
    weights, dice = initial(config, seed), torch.Generator().manual_seed(seed)
    for name, old in weights.items():
        if old.ndim > 1 and name.startswith("h."):
            drawn = torch.randn(old.shape, generator=dice)
            weights[name] = drawn / sqrt(old.shape[0])
    return GPT(config, weights).replace(block=block)


def learn(tokenizer, block, rate, steps=STEPS, seed=0):
    """The loss at each step, without warm-up and without clipping."""
    stack, curve = _fresh(block, seed=seed), []
    optimizer = torch.optim.AdamW(stack.parameters(), lr=rate, betas=(0.9, 0.95))
    told = batches(tokenizer, world.stories(seed), 4)
    for _, (ids, targets) in zip(range(steps), told):
        loss = stack.loss(ids, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        curve.append(loss.item())
    return curve


def _pull(tokenizer, block, n_layer):
    """The length of the gradient of all weights of the last layer, before training."""
    stack = _fresh(block, replace(DEEP, n_layer=n_layer))
    stack.parameters()
    stack.loss(*next(batches(tokenizer, world.stories(0), 4))).backward()
    last = f"h.{n_layer - 1}."
    grads = [w.grad for name, w in stack.weights.items() if name.startswith(last)]
    return float(sqrt(sum(grad.square().sum() for grad in grads)))


def _entropy_of_tokens(tokenizer, stories):
    end = tokenizer.special_tokens[world.END]
    counts = Counter(i for told in stories for i in [*tokenizer.encode(told), end])
    share = np.array([*counts.values()]) / counts.total()
    return float(-(share * np.log(share)).sum())


# --- the pencil, the bend ---------------------------------------------------------
class Pencil(NamedTuple):
    """The machine that is small enough for a pencil, run on all its corners."""

    corners: torch.Tensor  # (4, 2): fashion and machine learning, at a model and not
    hidden: torch.Tensor  # (4, 3), bent
    out: torch.Tensor  # (4, 2): for wore, for guessed
    straight: torch.Tensor  # (4, 2), had nothing been bent

    @property
    def said(self):
        """What fashion, in place of machine learning, adds to wore."""
        return {
            f"{name}_{word}": minus(out[fashion, 0] - out[fashion + 1, 0])
            for name, out in (("bent", self.out), ("straight", self.straight))
            for word, fashion in (("model", 0), ("other", 2))
        }


def pencil(corners, w_in, b_in, w_out):
    """corners: (4, 2), w_in: (2, 3), b_in: (3,), w_out: (3, 2)."""
    answers = corners @ w_in + b_in
    hidden = torch.relu(answers)
    return Pencil(corners, hidden, hidden @ w_out, straight=answers @ w_out)


def tanh_error(gelu):
    """The most by which an approximation of GELU is wrong, from -6 to 6."""
    x = torch.linspace(-6, 6, 100_001, dtype=torch.float64)
    return float((gelu(x) - torch.nn.functional.gelu(x)).abs().max())


def shares_of_gelu(numbers=(-2.0, 0.0, 2.0)):
    """What GELU lets through of some numbers, as a share and as it is."""
    x = torch.tensor(numbers)
    share = torch.special.ndtr(x)
    return {
        "shares_of_gelu": ", ".join(map(two, share)),
        "gelu_of_these": ", ".join(map(two, x * share)),
    }


# --- one vector, one MLP ----------------------------------------------------------
class Passage(NamedTuple):
    """One vector on its way through an MLP."""

    word: str
    before: torch.Tensor  # (C,), the stream
    normed: torch.Tensor  # (C,)
    answers: torch.Tensor  # (d_mlp,), before the bend
    hidden: torch.Tensor  # (d_mlp,), after it
    note: torch.Tensor  # (C,)
    after: torch.Tensor  # (C,), the stream plus the note

    @property
    def kept(self):
        """How many answers the bend does not silence."""
        return int((self.hidden > 0.1).sum())

    @property
    def said(self):
        return {"n_hidden": len(self.hidden), "n_stream": len(self.before)}


def through_an_mlp(model, tokenizer, ids, layer=0):
    """The last vector of a text (1, T), step by step through the MLP of a layer."""
    names = [f"{layer}.{part}" for part in ("middle", "norm_2", "hidden", "mlp")]
    flow = model.trace(ids, *names, f"{layer}.stream")
    before, normed, hidden, note, after = (x[0, -1] for x in flow.values())
    w_in, b_in = (
        model.weights[f"h.{layer}.mlp.c_fc.{kind}"] for kind in ("weight", "bias")
    )
    return Passage(
        word=piece(tokenizer, ids[0, -1]).strip(),
        before=before,
        normed=normed,
        answers=normed @ w_in + b_in,
        hidden=hidden,
        note=note,
        after=after,
    )


# --- the stack --------------------------------------------------------------------
def made():
    """What the shipped model was made from, and the floor of its world."""
    found = card()
    return {
        "n_trained": found["steps"] * found["stories a step"],
        "floor": f"{found['floor']:.3f}",
    }


class Worth(NamedTuple):
    """The loss of a model from which one thing is taken."""

    losses: dict  # what is missing: nats per token
    said: dict


def worth(model, story, loss, no_stream):
    """Take each thing out of the model, and measure.

    loss: GPT -> nats per token. no_stream: a block whose parts replace the vector.
    """
    without = {
        mark("nothing is missing"): model,
        mark("without attention"): model.replace(block=_only_mlp),
        mark("without the MLPs"): model.replace(block=_only_attend),
        mark("without the bend"): model.replace(gelu=lambda h: h),
        mark("without the norms"): model.replace(layer_norm=lambda x, weight, bias: x),
        mark("without the stream"): model.replace(block=no_stream),
    }
    with torch.no_grad():
        best = without["without the MLPs"](story.ids)[0].argmax(-1)
    losses = {name: loss(changed) for name, changed in without.items()}
    said = {
        # the tokens that bet on themselves
        "own_share": percent(float((best == story.ids[0]).float().mean())),
        "guess": two(log(model.config.n_vocab)),
        "n_vocab": model.config.n_vocab,
        "loss_whole": f"{losses['nothing is missing']:.4f}",
        "worth_attend": two(losses["without attention"]),
    }
    return Worth(losses, said)


def author_pays(tokenizer, many):
    """The loss of the author of the small world, who knows each probability.

    In nats per token, on the first `many` stories that training did not see.
    """
    author = Author(tokenizer)
    nats, tokens = zip(*map(author.pays, held_out(many)))
    return sum(nats) / sum(tokens)


def bigram(tokenizer, ids, targets, many=4000):
    """The loss of a model that has counted which token follows which, nats per token.

    It has read `many` training stories. A pair that it never saw counts as a tenth.
    ids, targets: (B, T), as `gpt.train.batches` gives them.
    """
    counts = torch.full((tokenizer.n_vocab, tokenizer.n_vocab), 0.1)
    told = islice(world.stories(seed=0), many)
    for read, follow in batches(tokenizer, told, 100):
        asked = follow >= 0
        pairs = read[asked], follow[asked]
        counts.index_put_(pairs, torch.ones(len(pairs[0])), accumulate=True)
    asked = targets >= 0
    p = counts[ids[asked], targets[asked]] / counts.sum(-1)[ids[asked]]
    return -float(p.log().mean())


def _only_mlp(x, norm_1, attend, norm_2, mlp):
    return x + mlp(norm_2(x))


def _only_attend(x, norm_1, attend, norm_2, mlp):
    return x + attend(norm_1(x))


# --- the logit lens, and an exchange ----------------------------------------------
def lens(model, x):
    """The bets that vectors would give, were they the last: (..., C) -> (..., n_vocab)."""
    w = model.weights
    x = layer_norm(x, w["ln_f.weight"], w["ln_f.bias"])
    return unembed(x, w["wte.weight"]).softmax(-1)


class Look(NamedTuple):
    """The bets of the stream at one place, after each part of the model."""

    title: str  # the words that end there
    words: list  # those whose bets are shown
    bets: dict  # "embed", "0.middle", "0.stream", ...: {word: probability}


def look(model, tokenizer, flow, place, title, words):
    """The logit lens at one place of a text that has been traced."""
    ids, found = ids_of_words(tokenizer, words), {}
    for stop in stops(model):
        p = lens(model, flow[stop][0, place])[ids]
        found[stop] = dict(zip(words, p.tolist()))
    return Look(title, [*words], found)


class Forming(NamedTuple):
    """How bets form at two places of the story."""

    day: Look
    last: Look
    said: dict


def forming(model, tokenizer, story):
    """The logit lens at *day* and at *last*."""
    flow = model.trace(story.ids)
    words = ["day", "morning", "evening", "he", "she", "Ada"]
    day = look(model, tokenizer, flow, story.day, "… One day", words)
    words = ["last", "Ada", "Mei"]
    last = look(model, tokenizer, flow, story.last, "At last", words)
    truth = world.next_word(world.PROMPT)
    said = {
        "truth_she": two(truth["she"]),
        "truth_ada": two(truth["Ada"]),
        "day_mlp_she": two(day.bets["0.stream"]["she"]),
        "day_mlp_he": two(day.bets["0.stream"]["he"]),
        "day_ada_attend": two(day.bets["1.middle"]["Ada"]),
        "day_she": two(day.bets["2.stream"]["she"]),
        "day_ada": two(day.bets["2.stream"]["Ada"]),
        "last_before": two(last.bets["0.stream"]["Ada"]),
        "last_attend": two(last.bets["1.middle"]["Ada"]),
        "last_mlp": two(last.bets["1.stream"]["Ada"]),
        "last_length": f"{float(flow['1.attend'][0, story.last].norm()):.1f}",
    }
    return Forming(day, last, said)


class Concluding(NamedTuple):
    """What each of four stories bets on at *model*, after each part of the model."""

    looks: dict  # kind: Look
    said: dict


def concluding(model, tokenizer, four):
    """The logit lens at the last token of each of the four stories."""
    looks, flows = {}, {}
    for kind, ids in four.ids.items():
        flows[kind] = model.trace(ids)
        looks[kind] = look(model, tokenizer, flows[kind], -1, tr(kind), four.acts)
    most, id = lens(model, flows["clay"]["0.stream"][0, -1]).max(-1)
    before = [p for at in looks.values() for p in at.bets["0.middle"].values()]
    said = {
        "before_most": f"{max(before):.3f}",
        "wore_after": two(looks["fashion"].bets["0.stream"]["wore"]),
        "guessed_after": two(looks["machine learning"].bets["0.stream"]["guessed"]),
        "dried_after": two(looks["clay"].bets["0.stream"]["dried"]),
        "clay_first": label(tokenizer, id),
        "clay_most": two(most),
    }
    return Concluding(looks, said)


class Exchanged(NamedTuple):
    """What stories bet on when an MLP's note at the last token is another."""

    bets: dict  # (kind of the story, kind of the note): {act: probability}
    silenced: dict  # kind: {act: probability}, MLP 0's note being zero
    later: dict  # kind: {act: probability}, those of MLPs 1 and 2 being zero
    acts: dict  # kind: what a model of it does, for the three that are told

    @property
    def rows(self):
        """The story of the fashion model, by whose note stands in it."""
        of_fashion = {n: bets for (k, n), bets in self.bets.items() if k == "fashion"}
        return of_fashion | {mark("none at all"): self.silenced["fashion"]}

    @property
    def said(self):
        follow = [
            bets[self.acts[note]]
            for (kind, note), bets in self.bets.items()
            if note in self.acts and kind != note
        ]
        left = [sum(bets.values()) for bets in self.silenced.values()]
        later = {act: self.later[kind][act] for kind, act in self.acts.items()}
        return {
            "follow_many": len(follow),
            "follow_least": f"{min(follow):.3f}",
            "left_most": f"{max(left):.3f}",
            **{f"later_silent_{act}": two(bet) for act, bet in later.items()},
        }


def exchanged(model, tokenizer, four, with_note):
    """Put the note that MLP 0 writes at *model* in one story in its place in another.

    with_note: (ids, notes {layer: (C,)}) -> the bets on the next token.
    """
    acts = ids_of_words(tokenizer, four.acts)
    notes = {
        kind: model.trace(ids, "0.mlp")["0.mlp"][0, -1]
        for kind, ids in four.ids.items()
    }

    def bets(kind, written):
        with torch.no_grad():
            p = with_note(four.ids[kind], written)[acts]
        return dict(zip(four.acts, p.tolist()))

    nothing = torch.zeros(model.config.d_model)
    later = dict.fromkeys(range(1, model.config.n_layer), nothing)
    return Exchanged(
        {(k, n): bets(k, {0: note}) for k in notes for n, note in notes.items()},
        {k: bets(k, {0: nothing}) for k in notes},
        {k: bets(k, later) for k in notes},
        dict(zip(notes, four.acts)),
    )


def halves(model, tokenizer, four, with_note, kind="fashion"):
    """What a story bets on if its first MLP is given half of what stands at *model*.

    The norm divides each half by the spread of both together. And what stories of each
    kind bet on their own act if that MLP writes the notes of both halves, added, or lets
    all answers through.
    """
    w = model.weights
    weight, bias = (w[f"h.0.ln_2.{part}"] for part in ("weight", "bias"))
    names = ("c_fc.weight", "c_fc.bias", "c_proj.weight", "c_proj.bias")
    weights = [w[f"h.0.mlp.{name}"] for name in names]
    acts = ids_of_words(tokenizer, four.acts)
    kinds = [*four.ids][: len(acts)]
    silent = dict.fromkeys(range(1, model.config.n_layer), torch.zeros_like(bias))

    def notes(ids):
        """Of the word alone, of what attention brought alone, and of both."""
        seen = model.trace(ids, "embed", "0.attend")
        word, brought = (x[0, -1] for x in seen.values())
        root = ((word + brought).var(correction=0) + 1e-5).sqrt()
        return [
            mlp((x - x.mean()) / root * weight + bias, *weights)
            for x in (word, brought, word + brought)
        ]

    def bets(kind, note, later=None):
        return with_note(four.ids[kind], {0: note} | (later or {}))[acts].tolist()

    straight, sums = [], []
    for i, its in enumerate(kinds):
        of_word, of_kind, _ = notes(four.ids[its])
        sums.append(bets(its, of_word + of_kind)[i])
        normed = model.trace(four.ids[its], "0.norm_2")["0.norm_2"][0, -1]
        straight.append(bets(its, mlp(normed, *weights, gelu=lambda h: h))[i])
    of_word, of_kind, of_both = notes(four.ids[kind])
    alone, at = bets(kind, of_kind), kinds.index(kind)
    return {
        "given_model": ", ".join(map(two, bets(kind, of_word))),
        "given_kind": f"{ceil(1000 * max(alone)) / 1000:.3f}",  # "not more than"
        "given_which": percent(alone[at] / sum(alone), ".1f"),
        "given_both": f"{bets(kind, of_both)[at]:.3f}",
        "given_sum": f"{sums[at]:.3f}",
        "given_sums": f"{floor(100 * min(sums)) / 100:.2f}",  # "at least"
        "given_sum_silent": two(bets(kind, of_word + of_kind, silent)[at]),
        "given_straight": ", ".join(map(two, straight)),
    }


# --- what hidden units ask --------------------------------------------------------
class Place(NamedTuple):
    """A token in a story, and what a question about it may need to know."""

    this: str
    follows: str
    hero: str  # the name of the story's hero
    new: bool  # before the hero's name
    kind: str  # of the story's model: "fashion", ..., "no kind"; "" if there is none


class Heard(NamedTuple):
    """The answers of all hidden units at all places of some stories."""

    stories: list
    places: list  # of Place, story after story
    hidden: list  # a layer: (places, d_mlp)


def listen(model, tokenizer, many):
    """Tell the model `many` stories that it has not seen, and note every answer."""
    stories = held_out(many)
    names = [f"{n}.hidden" for n in range(model.config.n_layer)]
    places, hidden = [], [[] for _ in names]
    for told in stories:
        ids = ids_of(tokenizer, told)
        for layer, seen in zip(hidden, model.trace(ids, *names).values()):
            layer.append(seen[0])
        pieces = [piece(tokenizer, id) for id in ids[0]]
        hero, kind = told.split(" named ")[1].split()[0], _kind(told)
        named = pieces.index(" named")
        for t, (this, follows) in enumerate(zip(pieces, [*pieces[1:], world.END])):
            places.append(Place(this, follows, hero, t < named, kind))
    return Heard(stories, places, [torch.cat(layer) for layer in hidden])


def _kind(told):
    """The kind of a story's model, "" where no model is told of."""
    told_of = [kind for kind in ("fashion", "clay", "machine learning") if kind in told]
    return "" if " model" not in told else told_of[0] if told_of else "no kind"


DAYS = {" day", " morning", " evening"}
ACTS = {" wore", " dried", " guessed"}
ANIMALS = {f" {animal}" for animal in world.SLOTS["animal"]}
# (layer, unit): the question as we read it, and whether the answer at a place is yes
QUESTIONS = {
    (0, 160): (mark("is this word *lived*?"), lambda at: at.this == " lived"),
    (0, 217): (
        mark("is this *day*, *morning* or *evening*?"),
        lambda at: at.this in DAYS,
    ),
    (0, 183): (mark("we cannot tell"), None),
    (1, 370): (
        mark("is this a model, and of machine learning?"),
        lambda at: at.kind == "machine learning" and at.follows in ACTS,
    ),
    (1, 346): (
        mark("is the hero *Ada*, *Kofi* or *Ravi*?"),
        lambda at: at.hero in ("Ada", "Kofi", "Ravi"),
    ),
    (1, 157): (
        mark("is the hero *Ada*, *Kofi* or *Mei*?"),
        lambda at: at.hero in ("Ada", "Kofi", "Mei"),
    ),
    (2, 47): (
        mark("is the hero's animal named now?"),
        lambda at: at.new and at.follows in ANIMALS,
    ),
    (2, 188): (mark("does a full stop follow?"), lambda at: at.follows == "."),
}


SHOWN = (0, 217), (1, 370), (2, 47)


class Unit(NamedTuple):
    """A hidden unit. It is lit where it is above half of its largest answer."""

    layer: int
    number: int
    question: str  # as we read it
    lit: list  # the places, by number
    right: int | None  # where the question's answer is yes; None: no question is known
    tokens: Counter  # the tokens at which it is lit
    notes: list  # the tokens for which its row of the second matrix speaks most
    along: list  # its answer at each token of the story, as a share of its largest


class Units(NamedTuple):
    """Hidden units of which the page speaks, and all of them counted."""

    read: dict  # (layer, number): Unit
    one_word: list  # a layer: how many of its units keep to one word
    one_kind: int  # units of layer 0 that tell one kind at the same *model*
    names: dict  # unit of layer 1: the names at whose *last* it is lit
    below: list  # a layer: the share of answers below zero
    twins: list  # units of layer 2 that are lit nearly where unit 47 is, it among them
    heard: Heard

    @property
    def shown(self):
        """One of each layer, which the page tells of first."""
        return [self.read[unit] for unit in SHOWN]

    @property
    def more(self):
        """The others."""
        return [self.read[unit] for unit in self.read if unit not in SHOWN]

    @property
    def said(self):
        read, places = self.read, self.heard.places
        riddle = read[0, 183]
        return {
            "n_stories": len(self.heard.stories),
            "learning_lit": len(read[1, 370].lit),
            "name_one": sum(len(lit) == 1 for lit in self.names.values()),
            "name_more": sum(len(lit) > 1 for lit in self.names.values()),
            "names_all": len(world.SHE + world.HE),
            "names_without": len(
                {*world.SHE, *world.HE}
                - {lit[0] for lit in self.names.values() if len(lit) == 1}
            ),
            "animal_lit": len(read[2, 47].lit),
            "n_twins": len(self.twins),
            "n_others": len(self.twins) - 1,
            "stop_words": len(read[2, 188].tokens),
            "stop_yes": read[2, 188].right,
            "stop_all": sum(place.follows == "." for place in places),
            "riddle_words": len(riddle.tokens),
            "one_kind": self.one_kind,
            "below_least": percent(min(self.below)),
            "below_most": percent(max(self.below)),
            **{f"one_word_{layer}": many for layer, many in enumerate(self.one_word)},
        }


def units(model, tokenizer, heard, story):
    """Where the units of QUESTIONS light up, and how many keep to one word."""
    flow = model.trace(story.ids)
    read = {}
    for (layer, number), (question, is_yes) in QUESTIONS.items():
        lit = _lit(heard, layer, number)
        at = [heard.places[i] for i in lit]
        top = float(heard.hidden[layer][:, number].max())
        read[layer, number] = Unit(
            layer,
            number,
            question,
            lit,
            right=sum(map(is_yes, at)) if is_yes else None,
            tokens=Counter(place.this for place in at),
            notes=_notes(model, tokenizer, layer, number),
            along=[
                max(0.0, value) / top
                for value in flow[f"{layer}.hidden"][0, :, number].tolist()
            ],
        )
    return Units(
        read,
        one_word=[_keep_to_one_word(heard, n) for n in range(len(heard.hidden))],
        one_kind=tell_one_kind(heard),
        names=_names(heard),
        below=[float((hidden < 0).float().mean()) for hidden in heard.hidden],
        twins=twins(heard, 2, 47),
        heard=heard,
    )


def _lit(heard, layer, number):
    values = heard.hidden[layer][:, number]
    return (values > values.max() / 2).nonzero()[:, 0].tolist()


def _lit_shares(heard, layer, groups):
    """At what share of the places of each group a unit is lit: (groups, d_mlp)."""
    values = heard.hidden[layer]
    lit = (values > values.max(0).values / 2).float()
    return torch.stack([lit[places].mean(0) for places in groups.values()])


def tell_one_kind(heard, layer=0):
    """How many units of a layer are lit at *model* in stories of one kind alone."""
    groups = {}
    for i, at in enumerate(heard.places):
        if at.this == " model" and at.follows in ACTS:
            groups.setdefault(at.kind, []).append(i)
    share = _lit_shares(heard, layer, groups)
    return int((((share > 0.9).sum(0) == 1) & ((share == 0).sum(0) == 3)).sum())


def _names(heard, layer=1):
    """{unit: the heroes for whom it is lit at *last*}.

    Those for all names or none are left out, and those lit at some places of a name.
    """
    groups = {}
    for i, at in enumerate(heard.places):
        if at.this == " last":
            groups.setdefault(at.hero, []).append(i)
    share = _lit_shares(heard, layer, groups)
    clear = ((share > 0.9) | (share < 0.1)).all(0)
    found = {}
    for unit in clear.nonzero()[:, 0].tolist():
        lit = [name for name, high in zip(groups, share[:, unit] > 0.9) if high]
        if 0 < len(lit) < len(groups):
            found[unit] = lit
    return found


def twins(heard, layer, unit, least=0.8):
    """The units of which at least 0.8 of the places where they or `unit` are lit are
    places of both; `unit` is among them."""
    values = heard.hidden[layer]
    lit = values > values.max(0).values / 2
    both = (lit & lit[:, [unit]]).sum(0)
    either = (lit | lit[:, [unit]]).sum(0)
    return (both / either > least).nonzero()[:, 0].tolist()


def _notes(model, tokenizer, layer, number, many=4):
    """The tokens for which a unit's row of the second matrix speaks most."""
    w = model.weights
    row = w[f"h.{layer}.mlp.c_proj.weight"][number] * w["ln_f.weight"]
    best = (row @ w["wte.weight"].T).topk(many).indices
    return [piece(tokenizer, id).strip() for id in best]


def _keep_to_one_word(heard, layer):
    """How many units of a layer have at least 95 % of their places at one token."""
    count = 0
    for number in range(heard.hidden[layer].shape[1]):
        at = Counter(heard.places[i].this for i in _lit(heard, layer, number))
        count += max(at.values(), default=-1) >= 0.95 * at.total()
    return count


def cost_of_the_twins(loss, without, twins, author, layer=2):
    """What it costs to strike units out, and how far the whole model is from the author.

    loss: GPT -> nats per token. without: (layer, units) -> the model without them.
    author: what the author pays, nats per token.
    """
    whole = loss(without(layer, []))
    cost = loss(without(layer, twins)) - whole
    return {
        "twins_cost": f"{cost:.4f}",
        "twins_percent": percent(1 - exp(-cost), ".1f"),
        "whole_over": f"{whole - author:.4f}",
    }


class Struck(NamedTuple):
    """The bets of the stories when units are struck out."""

    rows: dict  # how many units: {kind: the bet on what it does}
    others: dict  # the same for as many of the rest as the most, which write most
    drawn: list  # as often as we drew as many of the rest at random: the same
    order: list  # the units, those first that answer most for fashion alone

    @property
    def said(self):
        _, some, most = [many for many in self.rows if many]
        return {
            "struck_first": self.order[0],
            "struck_some": some,
            "struck_most": most,
            "wore_some": two(self.rows[some]["fashion"]),
            "wore_most": two(self.rows[most]["fashion"]),
            "struck_others": two(self.others["fashion"]),
            "struck_others_many": most,
            "struck_draws": len(self.drawn),
            "struck_random": f"{np.mean([b['fashion'] for b in self.drawn]):.3f}",
        }


def struck(model, tokenizer, four, without, kind="fashion"):
    """Strike out the units of layer 0 that answer more for one kind than for others.

    without: (layer, units) -> the model without them.
    """
    answers = {
        told: model.trace(ids, "0.hidden")["0.hidden"][0, -1]
        for told, ids in four.ids.items()
    }
    others = torch.stack([h for told, h in answers.items() if told != kind])
    order = (answers[kind] - others.max(0).values).argsort(descending=True).tolist()
    rows = {
        many: acts_bet(without(0, order[:many]), tokenizer, four)
        for many in (0, 1, 16, 48)
    }
    length = model.weights["h.0.mlp.c_proj.weight"].norm(dim=1)  # of what each notes
    written = answers[kind].abs() * length
    rest, dice = order[48:], torch.Generator().manual_seed(0)
    loud = sorted(rest, key=lambda unit: -float(written[unit]))[:48]
    drawn = []
    for _ in range(20):
        units = [rest[i] for i in torch.randperm(len(rest), generator=dice)[:48]]
        drawn.append(acts_bet(without(0, units), tokenizer, four))
    return Struck(rows, acts_bet(without(0, loud), tokenizer, four), drawn, order)


def acts_bet(model, tokenizer, four):
    """{kind: the bet on what a model of that kind does}, for the three that are told."""
    acts = ids_of_words(tokenizer, four.acts)
    with torch.no_grad():
        return {
            kind: float(model(ids)[0, -1].softmax(-1)[act])
            for (kind, ids), act in zip(four.ids.items(), acts)
        }


# --- where a fact lives -----------------------------------------------------------
class Moves(NamedTuple):
    """Bets on how each animal moves, before the MLP of layer 0 and after it."""

    animals: list
    moves: list
    before: list  # an animal: the probability of each move
    after: list
    said: dict


MOVES = {"ran": world.RUN, "flew": world.FLY, "swam": world.SWIM}


def moves(model, tokenizer, story):
    """The story told of each animal up to *At last Ada the ...*: what does it do?"""
    animals = [animal for kind in MOVES.values() for animal in kind]
    until = "".join(story.pieces[1 : story.pieces.index(" ran")])
    columns = ids_of_words(tokenizer, MOVES)
    before, after = [], []
    for animal in animals:
        ids = ids_of(tokenizer, until.replace("fox", animal))
        seen = model.trace(ids, "0.middle", "0.stream")
        before.append(lens(model, seen["0.middle"][0, -1])[columns].tolist())
        after.append(lens(model, seen["0.stream"][0, -1])[columns].tolist())
    each = len(animals) // len(MOVES)
    right = [bets[i // each] for i, bets in enumerate(after)]
    said = {"fact_least": two(min(right)), "n_animals": len(animals)}
    return Moves(animals, [*MOVES], before, after, said)


# --- counting ---------------------------------------------------------------------
# kind: what the names of its weights hold
KINDS = {
    mark("embeddings"): ("wte", "wpe"),
    mark("attention"): ("attn",),
    mark("MLP"): ("mlp",),
    "norms": ("ln_",),
}


class Shares(NamedTuple):
    """Where the parameters of models of different sizes are."""

    shares: dict  # the model's name: {kind: share of all its parameters}
    said: dict


def shares(sizes, parameters):
    """sizes: {name: Config}. parameters: (config, *parts of names) -> how many."""
    found = {
        name: {
            kind: parameters(config, *parts) / config.n_parameters
            for kind, parts in KINDS.items()
        }
        for name, config in sizes.items()
    }
    said = {
        "gpt2_n": sizes["GPT-2"].n_parameters,
        "gpt3_n": big(sizes["GPT-3"].n_parameters),
        "gpt2_embed": percent(found["GPT-2"]["embeddings"]),
        "gpt3_embed": percent(found["GPT-3"]["embeddings"], ".1f"),
        "norms_most": percent(max(one["norms"] for one in found.values()), ".1f"),
    }
    return Shares(found, said)


class Cost(NamedTuple):
    """The work of one token, with the whole context in view."""

    multiply_adds: float
    share: float  # of all operations, those that are in matrix products
    per_parameter: float  # multiply-adds


class Work(NamedTuple):
    """The work of one token in models of different sizes."""

    costs: dict  # the model's name: Cost
    said: dict


def work(sizes, operations):
    """sizes: {name: Config}. operations: (config, t) -> (in matrix products, else)."""
    costs = {}
    for name, config in sizes.items():
        products, rest = operations(config, config.n_ctx)
        costs[name] = Cost(
            products / 2,
            products / (products + rest),
            products / 2 / config.n_parameters,
        )
    alone, _ = operations(sizes["GPT-3"], 1)  # a token that sees only itself
    years = alone / 2 / (365.25 * 24 * 3600)  # at a multiply-add a second
    said = {
        "work_gpt2": percent(costs["GPT-2"].share, ".2f"),
        "work_gpt3": percent(costs["GPT-3"].share, ".2f"),
        "gpt3_years": int(round(years, -2)),
    }
    return Work(costs, said)


# --- predictions ------------------------------------------------------------------
def predictions(model, tokenizer, story, loss):
    """The answers to what a reader is asked to predict. loss: GPT -> nats per token."""
    relu = model.replace(gelu=torch.relu)
    end = tokenizer.special_tokens[world.END]
    with_relu = written_on(relu, tokenizer)
    with_gelu = story.ids[0, story.day + 1 :].tolist()
    return {
        "swap_same": tr("exactly so") if swaps_alike(model, story) else tr("not so"),
        "loss_gelu": f"{loss(model):.3f}",
        "loss_relu": f"{loss(relu):.3f}",
        "relu_story": tokenizer.decode([i for i in with_relu if i != end]).strip(),
        "relu_same": with_relu[:-1] == with_gelu,
        "loss_loud": f"{loss(loud_embedding(model)):.2f}",
        "loss_last_loud": f"{loss(loud_end(model)):.3f}",
        "loss_swapped": f"{loss(layers_swapped(model)):.2f}",
    }


def swaps_alike(model, story, one=" fox", other=" Ada", layer=0):
    """Whether vectors that are swapped before an MLP are swapped after it, no more."""
    x = model.trace(story.ids, f"{layer}.norm_2")[f"{layer}.norm_2"][0]  # (T, C)
    names = ("c_fc.weight", "c_fc.bias", "c_proj.weight", "c_proj.bias")
    weights = [model.weights[f"h.{layer}.mlp.{name}"] for name in names]
    i, j = story.pieces.index(one), story.pieces.index(other)
    order = [*range(len(x))]
    order[i], order[j] = j, i
    return torch.allclose(mlp(x[order], *weights), mlp(x, *weights)[order], atol=1e-4)


def loud_embedding(model, times=10):
    """The model with its stream multiplied at the beginning."""
    embed = model.stages["embed"]
    return model.replace(embed=lambda *given: times * embed(*given))


def loud_end(model, times=10):
    """The model with its stream multiplied at the end, before the last norm."""
    norm, last = model.stages["layer_norm"], model.weights["ln_f.weight"]
    return model.replace(
        layer_norm=lambda x, weight, bias: norm(
            times * x if weight is last else x, weight, bias
        )
    )


def layers_swapped(model, one=1, other=2):
    """The model with two of its layers in each other's place."""
    place = {str(one): str(other), str(other): str(one)}
    turned = {}
    for name, weight in model.weights.items():
        if name.startswith("h."):
            _, n, rest = name.split(".", 2)
            name = f"h.{place.get(n, n)}.{rest}"
        turned[name] = weight
    return GPT(model.config, turned, model.stages)
