"""What attend.md says and shows, measured: the pencil, the heads, what they pass on.

A text that a model has read is a `Reading`. A head is (layer, h), both counted from 0.
What the page defines before its reader's eyes (`exchange`, `peeking`) is handed in, so
that what is measured is what was shown. Results whose numbers the prose names have them
as text in `said`.

Sources: Clark et al. (2019) for what heads look at and where they rest, Elhage et al.
(2021) for what a head adds, Vig et al. (2020) for the exchange between two texts,
Olsson et al. (2022) for heads that copy, and for the moment when copying begins.
"""

from itertools import count
from math import log, sqrt
from statistics import median
from typing import NamedTuple

import torch
from edition import fraction, tr, two, vector
from torch import Tensor

from gpt import world
from gpt.attend import attention, attention_weights, causal_mask
from gpt.embed import embed
from gpt.model import small

from . import bets, cosine, held_out, ids_of, ids_of_words, label, smollm2

KINDS = ("fashion", "clay", "machine learning")  # of model; "" is the kind of none
POSED = ("wore", "dried", "guessed")  # what a model of each kind does
NAMES = world.SHE + world.HE
ANIMALS = world.RUN + world.FLY + world.SWIM


# --- the pencil ---------------------------------------------------------------------
class Asked(NamedTuple):
    """Every token has asked those before it, in whole powers of 2."""

    q: Tensor  # (T, d_head), as are k and v
    k: Tensor
    v: Tensor
    scores: Tensor  # (T, T), those of the future among them
    shares: Tensor  # (T, T), causal; every row sums to one


def with_pencil(q, k, v):
    """Attention as the pencil does it: shares by powers of 2, and no root of d_head."""
    return Asked(q, k, v, q @ k.T, attention_weights(_powers_of_two(q), k))


def _powers_of_two(q):
    """Queries for which the code, with its root and its e, finds the pencil's shares."""
    return q * sqrt(q.shape[-1]) * log(2)


class Changed(NamedTuple):
    """What the last of T tokens holds when something about the pencil is changed."""

    doubled_shares: Tensor  # (T,): its shares when all scores are doubled
    doubled: Tensor  # (d_v,): what it holds then
    shifted: Tensor  # (d_v,): with 5 added to all its scores
    swapped: Tensor  # (T, d_v): all rows, with the first two tokens exchanged

    @property
    def said(self):
        """For the pencil's three tokens."""
        first, second, last = map(vector, self.swapped)
        return {
            "doubled_shares": ", ".join(map(fraction, self.doubled_shares)),
            "doubled": vector(self.doubled),
            "shifted": vector(self.shifted),
            "swapped": last,
            "swapped_rows": tr("{one} and {other}", one=first, other=second),
        }


def pencil_changed(q, k, v):
    """Doubled scores, shifted scores, two tokens exchanged. q, k, v: (T, d_head)."""
    pencil = _powers_of_two(q)
    doubled = attention_weights(2 * pencil, k)
    scores = pencil @ k.T / sqrt(q.shape[-1]) + 5 * log(2)
    shifted = scores.masked_fill(~causal_mask(len(q)), -torch.inf).softmax(-1)
    order = [1, 0, *range(2, len(q))]
    return Changed(
        doubled_shares=doubled[-1],
        doubled=doubled[-1] @ v,
        shifted=shifted[-1] @ v,
        swapped=attention(pencil[order], k[order], v[order]),
    )


# --- why √d -------------------------------------------------------------------------
class Spreads(NamedTuple):
    """Random scores for each d: their spread, the largest of 16 shares, its slope."""

    widths: list[int]
    raw: Tensor  # (n, 3): a row for each width, of q·k
    divided: Tensor  # (n, 3): of q·k / √d

    @property
    def said(self):
        return {
            "top_raw": two(self.raw[-1, 1]),
            "top_divided": two(self.divided[-1, 1]),
            "slope_raw": f"{self.raw[-1, 2]:.3f}",
            "slope_divided": two(self.divided[-1, 2]),
        }


def spread_of_scores(widths=(1, 4, 16, 64, 256, 1024), seed=1):
    """2,000 random queries, each with 16 random keys, all of variance 1."""
    random = torch.Generator().manual_seed(seed)
    raw, divided = [], []
    for d in widths:
        q = torch.randn(2000, 1, d, generator=random)
        k = torch.randn(2000, 16, d, generator=random)
        scores = (q * k).sum(-1)  # (2000, 16)
        raw.append(_spread(scores))
        divided.append(_spread(scores / sqrt(d)))
    return Spreads(list(widths), torch.stack(raw), torch.stack(divided))


def _spread(scores):
    """(n, keys) -> spread of the scores, mean largest share, mean slope of it: (3,)."""
    largest = scores.softmax(-1).amax(-1)
    slope = largest * (1 - largest)  # of the largest share in its own score
    return torch.stack([scores.std(), largest.mean(), slope.mean()])


# --- what a model has read ----------------------------------------------------------
class Reading(NamedTuple):
    """A text, and all that a model computed in reading it."""

    ids: Tensor  # (1, T), END first
    labels: list[str]  # T: "END", and each token without the space before it
    trace: dict[str, Tensor]  # every intermediate by name, see GPT.trace

    def at(self, word, nth=0):
        """The place of the nth token that reads `word`."""
        places = [place for place, label in enumerate(self.labels) if label == word]
        return places[nth]

    def shares(self, head):
        """The attention matrix of a head: (T, T)."""
        layer, h = head
        return self.trace[f"{layer}.weights"][0, h]

    def until(self, word):
        """The ids up to the first token that reads `word`: (1, t)."""
        return self.ids[:, : self.at(word) + 1]


def read(model, tokenizer, text):
    """Has the model read END and the text."""
    return reading(model, tokenizer, ids_of(tokenizer, text))


def reading(model, tokenizer, ids):
    """Has the model read ids (1, T)."""
    labels = [label(tokenizer, id) for id in ids[0]]
    return Reading(ids, labels, model.trace(ids))


def openings():
    """The two stories of the chapter's first picture, as the model has read them."""
    begun = (
        f"{world.PROMPT} she worked with a {{}} model. When the sun came up, the model"
    )
    return [read(*small(), begun.format(kind)) for kind in ("fashion", "clay")]


# --- why causal ---------------------------------------------------------------------
class Noticed(NamedTuple):
    """How far final vector i moves for a new token j, in its own lengths: (T, T)."""

    causal: Tensor  # the model as it is
    peeks: Tensor  # the same weights, without the mask

    @property
    def future(self):
        """(T, T), bool: where the replaced token comes after the vector."""
        return torch.ones_like(self.causal).triu(1).bool()

    @property
    def said(self):
        return {
            "future_causal": f"{self.causal[self.future].max():.0f}",
            "future_peek": f"{100 * self.peeks[self.future].max():.0f} %",
            "future_pairs": int(self.future.sum()),
        }


def who_notices(model, tokenizer, peeking, ids):
    """Each token of ids (1, T) is replaced by "hop" in turn, with the mask and without.

    peeking: an attention without a mask, (q, k, v) -> (B, H, T, d_head).
    """
    (other,) = ids_of_words(tokenizer, ["hop"])
    peeks = model.replace(attention=peeking)
    return Noticed(_disturbed(model, ids, other), _disturbed(peeks, ids, other))


def _disturbed(model, ids, other):
    last = f"{model.config.n_layer - 1}.stream"
    before = model.trace(ids, last)[last][0]  # (T, C)
    moved = torch.zeros(ids.shape[1], ids.shape[1])
    for j in range(ids.shape[1]):
        changed = ids.clone()
        changed[0, j] = other
        after = model.trace(changed, last)[last][0]
        moved[:, j] = (after - before).norm(dim=-1) / before.norm(dim=-1)
    return moved


# --- several heads ------------------------------------------------------------------
def sizes(config):
    """The sizes of the model's attention, as the prose names them."""
    return {
        "d_head": config.d_model // config.n_head,
        "d_model": config.d_model,
        "n_head": config.n_head,
        "n_layer": config.n_layer,
        "all_heads": config.n_layer * config.n_head,
        "attend_parameters": 4 * config.d_model**2 + 4 * config.d_model,
    }


# --- what the heads look at ---------------------------------------------------------
def back_to_the_kind(stories):
    """How many tokens before the last "model" the word that decides stands.

    stories: {kind: Reading}, each up to its last "model"; "" is the kind of none.
    """
    back = [
        len(story.labels) - 1 - story.at(kind.split()[-1])
        for kind, story in stories.items()
        if kind
    ]
    if len(set(back)) > 1:
        raise ValueError(f"the word that decides is {back} tokens back, not as many")
    return {"back": back[0]}


def looked_at(reading):
    """The squares of the course's story that the prose reads: {head: [(i, j), ...]}."""
    at = reading.at
    name, animal = (at("last"), at("Ada")), (at("the", -1), at("fox"))
    return {
        (0, 1): [(at("model", 1), at("learning"))],
        (1, 1): [name, animal],
        (1, 3): [name],
        (2, 3): [animal, (at("."), at("END"))],
    }


def thin(reading, most=0.1):
    """How much of all attention in a story lies in shares below `most`."""
    layers = [name for name in reading.trace if name.endswith(".weights")]
    past = torch.ones(len(reading.labels), len(reading.labels)).tril().bool()
    shares = torch.cat([reading.trace[name][0][:, past] for name in layers])
    small = shares[shares < most].sum() / shares.sum()
    return {"thin": f"{100 * small:.0f}", "thin_below": most}


def renamed(model, tokenizer, story, name, opening="Once"):
    """The course's story, read up to "At last", with another hero and opening."""
    text = story[: story.index(" Ada the fox")].replace("Ada", name)
    text = text.replace("Once", opening)
    if name in world.HE:
        text = text.replace(" she ", " he ")
    return read(model, tokenizer, text)


def copied_names(model, tokenizer, story, heads=((1, 1), (1, 3))):
    """What "last" gives to the name: every name, and every place that it can have."""
    copied = {head: [] for head in heads}
    for opening in world.SLOTS["once"]:
        for name in NAMES:
            reading = renamed(model, tokenizer, story, name, opening)
            for head, shares in copied.items():
                shares.append(float(reading.shares(head)[-1, reading.at(name)]))
    one, other = copied.values()
    return {
        "copy_cases": len(one),
        "least_copy": two(min(one)),
        "least_copy_other": two(min(other)),
    }


def swapped_words(model, tokenizer, story, heads=((1, 1), (1, 3))):
    """What "last" gives to name and animal that stand in each other's places."""
    reading = read(model, tokenizer, with_words_swapped(story))
    shares = [reading.shares(head)[reading.at("last")] for head in heads]
    at = {word: reading.at(word) for word in ("Ada", "fox")}
    if at["fox"] != read(model, tokenizer, story).at("Ada"):
        raise ValueError(f"fox is at place {at['fox']}, not where Ada was")
    name, animal = (
        tr("{one} and {other}", one=two(one[place]), other=two(other[place]))
        for one, other in [shares]
        for place in at.values()
    )
    return {
        "swapped_name": name,
        "swapped_animal": animal,
        "swapped_place": at["Ada"],
    }


def with_words_swapped(story):
    """The course's story, in which the name and the animal exchange their places."""
    return story.replace("fox named Ada", "Ada named fox")


class Induction(NamedTuple):
    """Tokens of stories, at random, read twice: what heads give to the one after a twin."""

    shares: dict[tuple, float]  # {head: mean share}
    so_far: Tensor  # how many tokens each that asks can look at
    length: int  # of what is read twice

    @property
    def said(self):
        return {
            "induction_most": f"{max(self.shares.values()):.3f}",
            "induction_equal": f"{self.equal:.3f}",
            "induction_length": self.length,
            "induction_first": int(self.so_far[0]),
            "induction_last": int(self.so_far[-1]),
        }

    @property
    def equal(self):
        """What it would be if all tokens so far got the same."""
        return float((1 / self.so_far).mean())


def induction(model, tokenizer, many=30, length=28):
    """Looks for heads that continue what they have seen before; 0 if none ever does."""
    random = torch.Generator().manual_seed(0)
    end = tokenizer.special_tokens[world.END]
    occurring = ids_that_occur(tokenizer)
    again = torch.arange(1 + length, 2 * length)  # places of the second time
    config = model.config
    heads = [(n, h) for n in range(config.n_layer) for h in range(config.n_head)]
    total = dict.fromkeys(heads, 0.0)
    for _ in range(many):
        once = occurring[torch.randperm(len(occurring), generator=random)[:length]]
        read_twice = reading(model, tokenizer, torch.tensor([[end, *once, *once]]))
        for head in heads:
            after_twin = read_twice.shares(head)[again, again - length + 1]
            total[head] += float(after_twin.mean()) / many
    return Induction(total, again + 1, length)


def ids_that_occur(tokenizer, many=1000):
    """The tokens that stories are made of: (n,)."""
    ids = [set(tokenizer.encode(story)) for story in held_out(many)]
    return torch.tensor(sorted(set().union(*ids)))


class Rest(NamedTuple):
    """What a head gives to END from the first full stop, and what it adds there."""

    shares: list[float]  # a story each
    adds: list[float]  # the length of what it adds there
    elsewhere: list[float]  # and at all other tokens
    moved: float  # the largest move of a bet there, whichever head is silent

    @property
    def said(self):
        bound = 0.0001
        if not self.moved < bound:
            raise ValueError(f"without a head a bet moves by {self.moved:.5f}")
        return {
            "rest_many": len(self.shares),
            "rest_least": two(min(self.shares)),
            "rest_adds": two(median(self.adds)),
            "rest_elsewhere": two(median(self.elsewhere)),
            "rest_moved": f"{bound:.4f}",
        }


def resting(model, tokenizer, head=(2, 3), many=100):
    """A head at the first full stop of new stories: its look, and what it adds."""
    layer, h = head
    rows = slice(h * _d_head(model), (h + 1) * _d_head(model))
    w_out = model.weights[f"h.{layer}.attn.c_proj.weight"][rows]
    heads = [
        (n, k) for n in range(model.config.n_layer) for k in range(model.config.n_head)
    ]
    shares, adds, elsewhere, moved = [], [], [], []
    for i, story in enumerate(held_out(many)):
        whole = read(model, tokenizer, story)
        stop = whole.at(".")
        shares.append(float(whole.shares(head)[stop, whole.at("END")]))
        lengths = (whole.trace[f"{layer}.heads"][0, h] @ w_out).norm(dim=-1).tolist()
        adds.append(lengths.pop(stop))
        elsewhere += lengths
        if i < 10:  # each head in turn
            first = whole.ids[:, : stop + 1]
            now = bets(model, first)[-1]
            for n, k in heads:
                silent = with_found(model, n, k, torch.zeros(_d_head(model)))
                moved.append(float((bets(silent, first)[-1] - now).abs().max()))
    return Rest(shares, adds, elsewhere, max(moved))


def with_found(model, layer, h, found):
    """The same model, but head h of a layer returns `found` at the last token."""
    at = count()

    def mine(q, k, v):
        out = attention(q, k, v)
        if next(at) % model.config.n_layer == layer:
            out[:, h, -1] = found
        return out

    return model.replace(attention=mine)


def _d_head(model):
    return model.config.d_model // model.config.n_head


def first_named(story, name):
    """The story whose first sentence names another hero; the rest still says Ada."""
    return story.replace("named Ada", f"named {name}")


def two_heroes(model, tokenizer, story, heads=((1, 1), (1, 3))):
    """The first sentence says Mei, the second Ada: whom the model bets on, and why."""
    reading = read(model, tokenizer, first_named(story, "Mei"))
    last = reading.at("last")
    first, second = (
        [reading.shares(head)[last, reading.at(name)] for head in heads]
        for name in ("Mei", "Ada")
    )
    p = bets(model, reading.until("last"))[-1, ids_of_words(tokenizer, NAMES)]
    return {
        "mixed": f"{NAMES[p.argmax()]}, {100 * p.max():.1f}",
        "mixed_first": tr("{one} and {other}", one=two(first[0]), other=two(first[1])),
        "mixed_second": two(max(second)),
    }


# --- exchange what it found ---------------------------------------------------------
class Exchanged(NamedTuple):
    """Bets on POSED after one story, with what head 0.1 found in another."""

    bets: dict[tuple, list[float]]  # {(story, source): (3,)}; from None it is nothing
    placed: dict[tuple, list[float]]  # the same, with the place of another story
    places: dict[str, int]  # {story: the place of its last "model"}
    after: float  # cosine of fashion and clay after the attention of layer 0
    elsewhere: list[float]  # the bet on the source's word, in other stories

    @property
    def said(self):
        learning, untold = "machine learning", ""
        guessed = POSED.index("guessed")
        return {
            "weak": two(self.bets[untold, learning][guessed]),
            "weak_placed": two(self.placed[untold, learning][guessed]),
            "left": two(self.bets[learning, None][guessed]),
            "left_placed": two(self.placed[learning, None][guessed]),
            "place_told": self.places[learning],
            "place_untold": self.places[untold],
            "cosine_after": two(self.after),
            "elsewhere_many": len(ELSEWHERE),
            "elsewhere_mean": two(sum(self.elsewhere) / len(self.elsewhere)),
            "elsewhere_least": two(min(self.elsewhere)),
        }


_OTHERS = (
    ("Once", "shy", "by the lake", "morning"),
    ("Long ago", "brave", "in the forest", "day"),
    ("Far away", "clever", "by the sea", "evening"),
)
# other beginnings: all animals and names, and every way to open a story
ELSEWHERE = tuple(
    f"{once} a {mood} {animal} named {name} lived {home}. One {day} "
    + ("she" if name in world.SHE else "he")
    for (once, mood, home, day), animal, name in zip(
        _OTHERS * 4, ANIMALS, [*NAMES, *NAMES[:4]], strict=True
    )
)


def exchanged(model, tokenizer, exchange, stories):
    """What head 0.1 returns at the last "model" is put from each story into each.

    exchange: (model, found (d_head,)) -> the model in which head 0.1 returns that at the
    last token; stories: {kind: Reading}, each up to its last "model".
    """
    columns = ids_of_words(tokenizer, POSED)
    found = {kind: story.trace["0.heads"][0, 1, -1] for kind, story in stories.items()}
    places = {kind: len(story.labels) - 1 for kind, story in stories.items()}

    def bet(model, ids, source):
        given = torch.zeros(_d_head(model)) if source is None else found[source]
        return bets(exchange(model, given), ids)[-1, columns].tolist()

    def elsewhere(beginning, source, kind):
        ids = ids_of(tokenizer, told(beginning, kind))
        return bet(model, ids, source)[KINDS.index(source)]

    learning, untold = "machine learning", ""
    late = model.replace(embed=_last_at(places[learning]))
    early = model.replace(embed=_last_at(places[untold]))
    return Exchanged(
        bets={
            (kind, source): bet(model, story.ids, source)
            for kind, story in stories.items()
            for source in (*stories, None)
        },
        placed={
            (untold, learning): bet(late, stories[untold].ids, learning),
            (learning, None): bet(early, stories[learning].ids, None),
        },
        places=places,
        after=cosine(
            *(stories[kind].trace["0.middle"][0, -1] for kind in ("fashion", "clay"))
        ),
        elsewhere=[
            elsewhere(beginning, source, kind)
            for beginning in ELSEWHERE
            for source in KINDS
            for kind in (*KINDS, untold)
            if kind != source
        ],
    )


def halves_exchanged(model, tokenizer, stories):
    """The bets when one half of layer 0 is as in another story, at the last token.

    stories: {kind: Reading}. Where attention's vector is the other story's, the MLP's
    is still the one of the story that is read.
    """
    columns = ids_of_words(tokenizer, POSED)

    def bet(kind, part, source):
        given = stories[source].trace[f"0.{part}"][0, -1]
        half = with_half(model, part, given)
        p = bets(half, stories[kind].ids)[-1, columns]
        writer = source if part == "mlp" else kind
        return float(p[KINDS.index(writer)])  # on the word of what the MLP wrote

    got = {
        (kind, part, source): bet(kind, part, source)
        for kind in KINDS
        for part in ("attend", "mlp")
        for source in KINDS
        if source != kind
    }
    return {
        "still_wore": f"{got['fashion', 'attend', 'clay']:.3f}",
        "then_dried": f"{got['fashion', 'mlp', 'clay']:.3f}",
        "written_least": f"{min(got.values()):.3f}",
    }


def with_half(model, part, given):
    """The same model, but at the last token a half of layer 0 adds `given` (C,).

    part: "attend" or "mlp". The MLP reads what attention really brought.
    """
    at = count()

    def mine(x, norm_1, attend, norm_2, mlp):
        brought = attend(norm_1(x))
        wrote = mlp(norm_2(x + brought))
        if next(at) % model.config.n_layer == 0:
            (brought if part == "attend" else wrote)[:, -1] = given
        return x + brought + wrote

    return model.replace(block=mine)


def told(beginning, kind):
    """The page's story of a model, up to where its kind decides what it does."""
    what = f"{kind} model".strip()
    return f"{beginning} worked with a {what}. When the sun came up, the model"


def _last_at(place):
    """Embeds a text, its last token as if it stood at another place."""

    def mine(ids, wte, wpe):
        x = embed(ids, wte, wpe)
        x[:, -1] += wpe[place] - wpe[ids.shape[-1] - 1]
        return x

    return mine


# --- in a real model --------------------------------------------------------------
def real_model():
    """For `say`: shares and cosines of a real model, as they are recorded."""
    least, mean = smollm2("before")["16.0"]
    models, fruit = smollm2("models"), smollm2("fruit")
    return {
        "real_least": two(min(found["16.0"] for found in smollm2("heads").values())),
        "real_before": two(mean),
        "real_before_least": two(least),
        "real_other": two(smollm2("before")["4.2"][1]),
        "real_sink": two(smollm2("sink")[20]),
        "real_apart": two(models["a fashion model | a machine learning model"][-1]),
        "real_together": two(
            models["a machine learning model | a neural network model"][-1]
        ),
        "real_apple_experiment": two(fruit["红苹果 | 实验结果"][-1]),
        "real_apple_fruit": two(fruit["新鲜水果 | 红苹果"][-1]),
    }
