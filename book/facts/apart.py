"""What mlp.md says of a model taken apart, measured: head by head, part by part, in time.

A head is (layer, h), both counted from 0. What the page defines before its reader's eyes
(`without_heads`) is handed in, so that what is measured is what was shown. Results whose
numbers the prose names have them as text in `said`.

Sources: Clark et al. (2019) and Elhage et al. (2021) for what a head adds and how to tell
what it does, Olsson et al. (2022) for the moment when copying begins.
"""

import json
from itertools import cycle
from math import log
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from edition import mark, two

from gpt import world
from gpt.model import GPT, SMALL
from gpt.train import batches

from . import bets, card, cosine, held_out, ids_of, ids_of_words, label, stops

NAMES = world.SHE + world.HE
ANIMALS = world.RUN + world.FLY + world.SWIM
RECORDED = Path(__file__).parents[1] / "recorded" / "copying.json"


# --- the last sentence ----------------------------------------------------------------
class Ending(NamedTuple):
    """The last sentence of a story: "At last Ada the fox ran home." """

    at_last: torch.Tensor  # (1, t): up to "At last"
    the: torch.Tensor  # (1, t + 2): up to "the"
    name: str
    animal: str


def ending(tokenizer, story):
    """The last sentence of a story, and the ids up to where name and animal come."""
    begin = story.index("At last ")
    name, _, animal = story[begin:].split()[2:5]
    at_last = ids_of(tokenizer, story[:begin] + "At last")
    return Ending(
        at_last, ids_of(tokenizer, f"{story[:begin]}At last {name} the"), name, animal
    )


def endings(tokenizer, many):
    """Those of `many` stories that training did not see."""
    return [ending(tokenizer, story) for story in held_out(many)]


def group(word, groups=(world.SHE, world.HE, world.RUN, world.FLY, world.SWIM)):
    """The names of a she or a he, or the animals that run, fly or swim."""
    return next(words for words in groups if word in words)


def alike(model, tokenizer, ids, word):
    """The bet on a word after ids (1, T), and on all words of its group: two floats."""
    p = bets(model, ids)[-1]
    own, all_alike = (
        p[ids_of_words(tokenizer, words)].sum() for words in ([word], group(word))
    )
    return float(own), float(all_alike)


# --- take a head away: the name -------------------------------------------------------
class KnockedOut(NamedTuple):
    """The bets on the hero's name after "At last", by the heads that were taken away."""

    bets: dict[tuple, dict[str, float]]  # in one story: {(head, ...): {name: p}}
    own: dict[tuple, float]  # the mean bet on the right name, in `many` new stories
    names: dict[tuple, float]  # the mean bet on all eight names
    many: int

    @property
    def said(self):
        whole, one, other, both = self.bets
        return {
            "ada_all": f"{100 * self.bets[whole]['Ada']:.1f}",
            "ada_without_1": f"{100 * self.bets[one]['Ada']:.0f}",
            "ada_without_3": f"{100 * self.bets[other]['Ada']:.0f}",
            "own_without_1": two(self.own[one]),
            "own_without_3": two(self.own[other]),
            "own_without_both": two(self.own[both]),
            "names_without_both": two(self.names[both]),
            "endings_many": self.many,
        }


def knocked_out(model, tokenizer, without, ids, many=300):
    """The bets on names after ids (1, T), without 1.1, without 1.3, and without both.

    without: (model, *heads) -> the model in which these heads add nothing.
    """
    columns = ids_of_words(tokenizer, NAMES)
    told = endings(tokenizer, many)
    found, own, names = {}, {}, {}
    for heads in ((), ((1, 1),), ((1, 3),), ((1, 1), (1, 3))):
        left = without(model, *heads)
        p = bets(left, ids)[-1, columns]
        found[heads] = dict(zip(NAMES, p.tolist(), strict=True))
        p = torch.stack([bets(left, end.at_last)[-1, columns] for end in told])
        right = torch.tensor([NAMES.index(end.name) for end in told])
        own[heads] = float(p[torch.arange(many), right].mean())
        names[heads] = float(p.sum(1).mean())
    return KnockedOut(found, own, names, many)


# --- take a head away: the animal -----------------------------------------------------
class Animals(NamedTuple):
    """The bets on the animal after "At last Ada the", in new stories and by exchange."""

    rows: dict[tuple, tuple[float, float]]  # {heads: (it, all that move like it)}
    mistaken: str  # what the course's fox is called without head 1.1
    followed: list[float]  # bets on animals that move like the source, see `exchanged`

    @property
    def said(self):
        return {
            "mistaken": self.mistaken,
            "follow_pairs": len(self.followed),
            "follow_each": len(self.followed) // len(ANIMALS),
            "follow_half": sum(p > 0.5 for p in self.followed),
            "follow_mean": two(np.mean(self.followed)),
        }


def which_animal(model, tokenizer, without, ids, many=300):
    """Bets on the animal without 1.1, without 2.3 and without both.

    ids: (1, T), the course's story, up to "the".
    """
    told = endings(tokenizer, many)
    rows = {}
    for heads in ((), ((1, 1),), ((2, 3),), ((1, 1), (2, 3))):
        left = without(model, *heads)
        found = [alike(left, tokenizer, end.the, end.animal) for end in told]
        rows[heads] = tuple(np.mean(found, 0).tolist())
    left = without(model, (1, 1))
    p = bets(left, ids)[-1, ids_of_words(tokenizer, ANIMALS)]
    (fox,) = ids_of_words(tokenizer, ["fox"])
    others = {
        name: torch.where(ids == fox, id, ids)
        for name, id in zip(ANIMALS, ids_of_words(tokenizer, ANIMALS), strict=True)
    }
    return Animals(rows, ANIMALS[p.argmax()], exchanged(left, tokenizer, others))


def exchanged(model, tokenizer, stories, head=(2, 3)):
    """What a head returns at the last token, put in where animals move otherwise.

    stories: {animal: ids (1, T)}. For each pair, the bet on all that move like the source.
    """
    layer, h = head
    followed = []
    for source, its in stories.items():
        found = model.trace(its, f"{layer}.heads")[f"{layer}.heads"][0, h, -1]
        changed = _returns(model, head, found)
        followed += [
            alike(changed, tokenizer, ids, source)[1]
            for animal, ids in stories.items()
            if animal not in group(source)
        ]
    return followed


def _returns(model, head, found):
    """The model, one head of which returns `found` (d_head,) at the last token."""
    layer, h = head
    attention, layers = model.stages["attention"], cycle(range(model.config.n_layer))

    def mine(q, k, v):
        out = attention(q, k, v)
        if next(layers) == layer:
            out[:, h, -1] = found
        return out

    return model.replace(attention=mine)


# --- take a head away: each in turn ---------------------------------------------------
def kinds(tokenizer, ids, targets):
    """For each kind of word, where it has to be predicted: {kind: (B, T), bool}."""

    def one_of(*words):  # by the first token of each
        return torch.tensor([tokenizer.encode(f" {word}")[0] for word in words])

    before, before_that = torch.roll(ids, 1, 1), torch.roll(ids, 2, 1)
    spoken = {
        kind: torch.isin(targets, one_of(*kind.split(", ")))
        for kind in (
            "wore, dried, guessed",
            "run, fly, swim",
            "her, him, his",
            "it, they, them",
            "was, were",
        )
    }
    return {
        mark("the name"): ids == one_of("last"),
        mark("the animal"): (ids == one_of("the"))  # At last Ada the
        & torch.isin(before, one_of(*NAMES))
        & (before_that == one_of("last")),
        **spoken,
        "she, he": torch.isin(targets, one_of("she", "he", "She", "He"))
        & (torch.roll(targets, -1, 1) != tokenizer.encode(" shelf")[1]),  # she·l·f
        mark("all words"): targets >= 0,
    }


def costs(model, tokenizer, told):
    """The mean loss of each kind of word, in nats. told: [(ids, targets), ...]."""
    total, count = {}, {}
    for ids, targets in told:
        p = model(ids).log_softmax(-1)
        nats = -p.gather(-1, targets.clamp(min=0)[..., None])[..., 0]  # (B, T)
        for kind, mask in kinds(tokenizer, ids, targets).items():
            asked = mask & (targets >= 0)
            total[kind] = total.get(kind, 0) + float(nats[asked].sum())
            count[kind] = count.get(kind, 0) + int(asked.sum())
    return {kind: total[kind] / count[kind] for kind in total}


class EachHead(NamedTuple):
    """What words cost more, in nats, on `many` new stories when a head is taken away."""

    many: int
    more: dict[tuple, dict[str, float]]  # {head: {kind of word: nats}}
    by_mean: dict[tuple, dict[str, float]]  # the same, its mean in its place

    @property
    def said(self):
        return {
            "many": self.many,
            "one_head": two(max(self.more[1, 3].values())),
            "mean_moves": two(
                max(
                    abs(self.more[head][kind] - nats)
                    for head, cost in self.by_mean.items()
                    for kind, nats in cost.items()
                )
            ),
        }


def each_head_knocked_out(model, tokenizer, without, many=150):
    """Takes away each head in turn, once for good and once but for its mean."""
    told = [*batches(tokenizer, iter(held_out(many)), 60)]
    config = model.config
    heads = [(n, h) for n in range(config.n_layer) for h in range(config.n_head)]
    means = mean_added(model, tokenizer, held_out(many))
    whole = costs(model, tokenizer, told)

    def more(changed):
        cost = costs(changed, tokenizer, told)
        return {kind: cost[kind] - whole[kind] for kind in whole}

    return EachHead(
        many=many,
        more={head: more(without(model, head)) for head in heads},
        by_mean={
            head: more(with_mean(without(model, head), head, means[head]))
            for head in heads
        },
    )


def mean_added(model, tokenizer, stories):
    """What each head adds to a vector on average, over all tokens: {head: (C,)}."""
    config, d = model.config, model.config.d_model // model.config.n_head
    found = {n: [] for n in range(config.n_layer)}
    for story in stories:
        flow = model.trace(ids_of(tokenizer, story))
        for n, heads in found.items():
            heads.append(flow[f"{n}.heads"][0])  # (H, T, d_head)
    means = {n: torch.cat(heads, 1).mean(1) for n, heads in found.items()}
    return {
        (n, h): means[n][h]
        @ model.weights[f"h.{n}.attn.c_proj.weight"][h * d : (h + 1) * d]
        for n in means
        for h in range(config.n_head)
    }


def with_mean(without, head, mean):
    """A model whose head is taken away, and its mean (C,) added to every vector."""
    name = f"h.{head[0]}.attn.c_proj.bias"
    changed = without.weights | {name: without.weights[name] + mean}
    return GPT(without.config, changed, without.stages)


class Its(NamedTuple):
    """After "and there it" and after "and she gave it": bets without 0.1, and exchanged.

    A row for each pair of new stories: the bets on "was" and on "to".
    """

    silent: list[tuple[float, float]]  # after "there it", without the head
    there: list[tuple[float, float]]  # after "there it", with what came of "gave it"
    gave: list[tuple[float, float]]  # after "gave it", with what came of "there it"

    @property
    def said(self):
        silent, there, gave = (
            np.mean(rows, 0) for rows in (self.silent, self.there, self.gave)
        )
        return {
            "its_many": len(self.there),
            "there_silent": two(silent[1]),
            "there_exchanged": two(there[1]),
            "gave_exchanged": two(gave[0]),
        }


def which_it(model, tokenizer, without, head=(0, 1), many=300):
    """What a head returns at "it", exchanged between "there it" and "gave it"."""
    columns = ids_of_words(tokenizer, ["was", "to"])
    layer, h = head
    there, gave = (
        [
            ids_of(tokenizer, story[: story.index(words) + len(words)])
            for story in held_out(many)
            if words in story
        ]
        for words in (" and there it", " gave it")
    )

    def bet(changed, ids):
        return tuple(bets(changed, ids)[-1, columns].tolist())

    def with_that_of(other, ids):
        found = model.trace(other, f"{layer}.heads")[f"{layer}.heads"][0, h, -1]
        return bet(_returns(model, head, found), ids)

    pairs = [*zip(there, gave, strict=False)]
    return Its(
        silent=[bet(without(model, head), one) for one, _ in pairs],
        there=[with_that_of(other, one) for one, other in pairs],
        gave=[with_that_of(one, other) for one, other in pairs],
    )


# --- the vector has moved -------------------------------------------------------------
class Moved(NamedTuple):
    """The cosine between the last vectors of two stories at each stop of the stream."""

    whole: dict[str, list[float]]  # {kind: from that of fashion}: embed, 0.middle, ...
    silent: dict[str, list[float]]  # the same without head 0.1
    given: dict[tuple, float]  # {(layer, part): at the end, with fashion's note of it}

    @property
    def said(self):
        clay, learning = self.whole["clay"], self.whole["machine learning"]
        return {
            "clay_begins": two(clay[0]),
            "clay_heard": two(clay[1]),
            "clay_ends": two(clay[-1]),
            "clay_without": two(min(self.silent["clay"])),
            "learning_begins": two(learning[0]),
            "learning_ends": two(learning[-1]),
            "learning_without": two(self.silent["machine learning"][-1]),
            "given_attend": two(max(self.given[n, "attend"] for n in (1, 2))),
            **{f"given_mlp_{n}": two(self.given[n, "mlp"]) for n in range(3)},
        }


def moved(model, silent, stories):
    """How far the last vectors part, in a model and without its head.

    stories: {kind: ids (1, T)}, "fashion", "clay" and "machine learning" among them.
    """
    one, *others = (stories[kind] for kind in ("fashion", "clay", "machine learning"))
    whole, without = (
        {
            kind: cosines_on_the_way(which, one, other)
            for kind, other in zip(("clay", "machine learning"), others, strict=True)
        }
        for which in (model, silent)
    )
    return Moved(whole, without, given_notes(model, one, others[0]))


def cosines_on_the_way(model, one, other):
    """The cosine of the last vectors of two texts (1, T) at each stop of the stream."""
    at = stops(model)
    a, b = model.trace(one, *at), model.trace(other, *at)
    return [cosine(a[stop][0, -1], b[stop][0, -1]) for stop in at]


def given_notes(model, one, other):
    """Each part in turn writes in `other`, at its last token, what it writes in `one`.

    Returns {(layer, "attend" or "mlp"): the cosine of the two last vectors at the end}.
    """
    flow, end = model.trace(one), stops(model)[-1]
    found = {}
    for n in range(model.config.n_layer):
        for part in ("attend", "mlp"):
            note = flow[f"{n}.{part}"][0, -1]
            changed = model.replace(block=_block_given(model, n, part, note))
            last = changed.trace(other, end)[end][0, -1]
            found[n, part] = cosine(flow[end][0, -1], last)
    return found


def _block_given(model, layer, part, note):
    """A block that, in one layer, adds `note` (C,) at the last token for one part."""
    layers = cycle(range(model.config.n_layer))

    def block(x, norm_1, attend, norm_2, mlp):
        here = next(layers) == layer
        for name, norm, do in (("attend", norm_1, attend), ("mlp", norm_2, mlp)):
            y = do(norm(x)).clone()
            if here and name == part:
                y[:, -1] = note
            x = x + y
        return x

    return block


# --- when copying begins --------------------------------------------------------------
class Copying(NamedTuple):
    """The training loss, what forgetting must cost, and what is recalled when."""

    window: int  # steps that each point of the loss is the mean of
    steps: np.ndarray  # (n,): the middle of each window
    losses: np.ndarray  # (n,), nats per token
    floor: world.Floor
    forgetful: float  # the least loss of a reader who has forgotten the first sentence
    crossed: int  # the first point below it
    gap: float  # where the loss ends: its share over the floor
    recalled: dict[str, np.ndarray]  # as the recorded run has it, "step" among them

    def first(self, what, least):
        """The first step at which the bet on `what` is at least so large."""
        return int(self.recalled["step"][np.argmax(self.recalled[what] >= least)])

    @property
    def said(self):
        at = {int(step): i for i, step in enumerate(self.recalled["step"])}
        she = self.first("she or he", 0.9)
        moves = self.first("how it moves", 0.9)
        hero = self.first("the name", 0.9)
        return {
            "names_many": len(NAMES),
            "animals_many": len(ANIMALS),
            "forgets": two(log(len(NAMES) * len(ANIMALS))),
            "forget_line": f"{self.forgetful:.3f}",
            "story_tokens": f"{self.floor.tokens:.1f}",
            "crossed_from": self.window * self.crossed,
            "final_gap": f"{100 * self.gap:.2f}",
            "summary_saves": two(log(2) + log(3)),
            "she_step": she,
            "she_then": two(self.recalled["she or he"][at[she]]),
            "name_then": two(self.recalled["the name"][at[she]]),
            "moves_step": moves,
            "moves_then": two(self.recalled["how it moves"][at[moves]]),
            "animal_then": two(self.recalled["the animal"][at[moves]]),
            "dip_then": two(self.recalled["how it moves"][at[moves] :].min()),
            "name_step": hero,
            "animal_step": self.first("the animal", 0.9),
        }


def when_copying_begins(tokenizer, folder=SMALL, window=25, recorded=RECORDED):
    """Where the loss in a model's card falls through what no forgetting can pass."""
    made = card(folder)
    floor = world.entropy(tokenizer)
    forgetful = floor.nats_per_token + log(len(NAMES) * len(ANIMALS)) / floor.tokens
    losses = np.array(made["losses"]).reshape(-1, window).mean(1)
    below = losses < forgetful
    crossed = int(np.argmax(below))
    if not below[crossed:].all():  # before its first point below, none is
        raise ValueError("the loss does not cross the line once and for good")
    run = json.loads(Path(recorded).read_text("utf-8"))["runs"][str(made["seed"])]
    return Copying(
        window=window,
        steps=window * (np.arange(len(losses)) + 0.5),
        losses=losses,
        floor=floor,
        forgetful=forgetful,
        crossed=crossed,
        gap=made["loss over floor"],
        recalled={what: np.array(found) for what, found in run.items()},
    )


RECALLED = mark("she or he"), mark("the name"), mark("how it moves"), mark("the animal")


def recalled(model, tokenizer, told):
    """The mean bets at the end of stories: on the right name, and on all of its group.

    told: [Ending, ...]. "she or he" is what all four names of the right group get after
    "At last", "how it moves" what the four animals that move alike get after "the".
    """
    found = []
    for end in told:
        name, she = alike(model, tokenizer, end.at_last, end.name)
        animal, moves = alike(model, tokenizer, end.the, end.animal)
        found.append((she, name, moves, animal))
    return dict(zip(RECALLED, np.mean(found, 0).tolist(), strict=True))


# --- what a share does not say --------------------------------------------------------
class Idle(NamedTuple):
    """A head that gives nearly all to a verb, from two full stops: what comes of it."""

    idle: list[tuple[float, float]]  # (share, largest change of a bet without the head)
    busy: list[tuple[float, float]]

    @property
    def said(self):
        bound = 0.02
        if not max(change for _, change in self.idle) < bound:
            raise ValueError("without the head a bet changes, so its look is not idle")
        (idle_share, idle_change), (busy_share, busy_change) = (
            np.mean(looks, 0) for looks in (self.idle, self.busy)
        )
        return {
            "idle_many": len(self.idle),
            "idle_share": two(idle_share),
            "idle_change": f"{idle_change:.3f}",
            "busy_share": two(busy_share),
            "busy_change": f"{busy_change:.3f}",
        }


def idle_look(model, tokenizer, without, head=(2, 2), many=300):
    """From the full stop after "worked with a ... model", and from that after "home".

    Both times the share is the one of the sentence's verb.
    """
    (layer, h), silent = head, without(model, head)

    def look(text, verbs):
        ids = ids_of(tokenizer, text)
        shares = model.trace(ids, f"{layer}.weights")[f"{layer}.weights"][0, h, -1]
        labels = [label(tokenizer, id) for id in ids[0]]
        verb = max(place for place, word in enumerate(labels) if word in verbs)
        change = bets(silent, ids)[-1] - bets(model, ids)[-1]
        return float(shares[verb]), float(change.abs().max())

    idle, busy = [], []
    for story in held_out(many):
        if " worked with " in story:
            until = story.index(".", story.index(" worked with ")) + 1
            idle.append(look(story[:until], ["worked"]))
            busy.append(
                look(story[: story.index(" home.") + 6], ["ran", "flew", "swam"])
            )
    return Idle(idle, busy)
