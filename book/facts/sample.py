"""What the chapter Sample measures: bets, cuts, many stories, and the author's odds.

The small world knows the exact odds of what comes next, and whether a story could have
been told there: so bets are compared with the author's, and stories are counted.
"""

import random
import re
from collections import Counter
from functools import cache, cached_property
from math import exp, log, sqrt
from typing import NamedTuple

import torch
from edition import mark, percent

from gpt import world
from gpt.cache import Cache
from gpt.sample import draw, keep_top_k, keep_top_p, probabilities
from gpt.train import tell

from . import held_out, ids_of_words, label, smollm2
from .index import GPT2, GPT3

MANY = 200  # stories in a sample
TEMPERATURES = (0.3, 0.8, 1.0, 1.2, 1.5, 1.8, 2.1, 2.5)
HOT = (1.5, 1.8, 2.1, 2.5)  # where a cut makes a difference
HEAT = 2.0  # the temperature at which the cuts are watched


# --- which vector -----------------------------------------------------------------
def sizes(model, ids):
    """For `say`: how large the model is, and how long the prompt `ids`."""
    config = model.config
    return {
        "prompt_tokens": len(ids),
        "d_model": config.d_model,
        "n_ctx": config.n_ctx,
        "layers": config.n_layer,
        "parameters": config.n_parameters,
        "tied": config.n_vocab * config.d_model,  # what a second table would cost
    }


# --- temperature ------------------------------------------------------------------
class Heated(NamedTuple):
    shares: dict  # temperature -> {word: probability}, for the author's words
    others: dict  # temperature -> what all other tokens have together
    author: dict  # word -> the author's probability
    said: dict


def temperatures(
    logits, tokenizer, shown=(0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 4.0)
) -> Heated:
    """What `she`, `Ada` and all others have after the prompt, at each temperature.

    logits: (n_vocab,), after world.PROMPT.
    """
    words = "she", "Ada"
    ids = ids_of_words(tokenizer, words)
    shares, others = {}, {}
    for temperature in shown:
        p = probabilities(logits, temperature)
        shares[temperature] = {word: float(p[id]) for word, id in zip(words, ids)}
        others[temperature] = float(1 - p[ids[0]] - p[ids[1]])
    tail = probabilities(logits, 2.5).clone()
    tail[ids] = 0
    said = {
        "n_others": len(logits) - len(words),
        "others_hot": percent(others[2.5]),
        "others_one": percent(others[1.0], ".1f"),
        "largest_other": percent(float(tail.max()), ".1f"),
    }
    for temperature in (0.5, 1.0, 2.0):
        p = probabilities(logits, temperature)[ids]
        name = f"odds_{temperature:g}".replace(".", "_")
        said[name] = f"{float(p[0] / p[1]):.2f}"
    odds = world.next_word(world.PROMPT)
    return Heated(shares, others, {word: odds[word] for word in words}, said)


# --- many stories -----------------------------------------------------------------
def until_fault(story):
    """(the part that the small world could tell, the rest), both without END."""
    fault = world.fault(story)
    if fault is None:
        return story.removesuffix(world.END), ""
    found = re.search(r"at character (\d+)", fault)
    at = int(found[1]) if found else len(story)
    return story[:at], story[at:].removesuffix(world.END)


def from_dull_to_nonsense(model, tokenizer, temperatures=(0.3, 0.8, 1.5, 2.5)):
    """{temperature: (what could be told, the rest)}: stories with the same dice."""
    return {
        t: until_fault(tell(model, tokenizer, 0, world.PROMPT, temperature=t))
        for t in temperatures
    }


def _draw_each(p, u):
    """gpt.sample.draw for each row: p (B, n_vocab), u (B, 1) float64 -> ids (B, 1)."""
    ends = p.double().cumsum(-1)
    drawn = torch.searchsorted(ends, u * ends[:, -1:], right=True)
    return drawn.clamp(max=p.shape[-1] - 1)


def tell_many(
    model,
    tokenizer,
    temperature,
    many=MANY,
    top_k=None,
    top_p=None,
    min_p=None,
    penalty=None,
    prompt=world.PROMPT,
):
    """The stories of `gpt.train.tell` for the seeds 0 … many - 1, all at once.

    Every story goes one token a step, with a cache of what is past. The tests compare it
    with `tell`. min_p and penalty: see `keep_min_p` and `penalised`; the END before a
    story does not count as said.
    """
    end = tokenizer.special_tokens[world.END]
    uniform = [random.Random(seed).random for seed in range(many)]
    text = [[end, *tokenizer.encode(prompt)] for _ in range(many)]
    past = Cache(model.config.n_layer)
    said = torch.zeros(many, tokenizer.n_vocab, dtype=torch.bool)
    said[:, text[0][1:]] = True
    new, rows, told = torch.tensor(text), list(range(many)), set()
    while len(told) < many:
        with torch.no_grad():
            logits = model(new, past)[:, -1]
        if penalty is not None:
            logits = penalised(logits, said[rows], penalty)
        p = probabilities(logits, temperature)
        p = p if top_k is None else keep_top_k(p, top_k)
        p = p if top_p is None else keep_top_p(p, top_p)
        p = p if min_p is None else keep_min_p(p, min_p)
        u = torch.tensor([[uniform[i]()] for i in rows], dtype=torch.float64)
        new = _draw_each(p, u)
        for i, id in zip(rows, new[:, 0].tolist()):
            if i not in told:
                text[i].append(id)
                said[i, id] = True
                if id == end or len(text[i]) > model.config.n_ctx:
                    told.add(i)
        stay = [row for row, i in enumerate(rows) if i not in told]
        if len(stay) < 0.7 * len(rows):  # the rows of told stories cost time
            rows, new = [rows[row] for row in stay], new[stay]
            past.keep(stay)
    whole = (tokenizer.decode_bytes(ids[1:]) for ids in text)
    return [story.decode(errors="replace") for story in whole]


def keep_min_p(p, share):
    """Only tokens with at least `share` of the likeliest one's probability; sum one."""
    kept = p * (p >= share * p.amax(-1, keepdim=True))
    return kept / kept.sum(-1, keepdim=True)


def penalised(logits, said, penalty):
    """The logits (..., n_vocab), those of tokens that were said made smaller.

    said: bool, of the same shape. A logit is divided by the penalty, or multiplied
    where it is below zero.
    """
    smaller = torch.where(logits > 0, logits / penalty, logits * penalty)
    return torch.where(said, smaller, logits)


def tell_at_temperatures(model, tokenizer):
    """Two {temperature: stories}: as drawn, and the hot ones with top-p 0.9."""
    told = {t: tell_many(model, tokenizer, t) for t in TEMPERATURES}
    return told, {t: tell_many(model, tokenizer, t, top_p=0.9) for t in HOT}


def share_of(stories):
    """The share of stories that the small world could have told."""
    return sum(map(world.grammatical, stories)) / len(stories)


def wilson(share, n, z=1.96):
    """The shares that `share` of n would not surprise, at 95 %: (low, high)."""
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return middle - half, middle + half


class Share(NamedTuple):
    right: float  # of the stories, those that are grammatical
    low: float
    high: float


def shares(told):
    """{temperature: Share} of told, {temperature: stories}, with Wilson's interval."""
    found = {t: (share_of(stories), len(stories)) for t, stories in told.items()}
    return {t: Share(right, *wilson(right, n)) for t, (right, n) in found.items()}


def wrong_share(model, author, temperature, many=100):
    """What tokens that cannot stand there have, on average, along held-out stories."""
    wrong = places = 0
    for story in held_out(many):
        text, truth = author.with_truth(story)
        with torch.no_grad():
            p = probabilities(model(torch.tensor([text[:-1]]))[0], temperature)
        right = (p[place, list(q)].sum() for place, q in enumerate(truth))
        wrong += len(truth) - float(sum(right))
        places += len(truth)
    return wrong / places


def slips(model, author, told):
    """For `say`: how long a continuation is, and what one slip a draw does to it.

    told: {temperature: stories that continue world.PROMPT}, with 1.0 and 1.5.
    """
    tokenizer = author.tokenizer
    many = len(told[1.0])
    whole = [story.removesuffix(world.END) for story in told[1.0]]
    draws = sum(len(tokenizer.encode(story)) + 1 for story in whole) / many
    draws -= len(tokenizer.encode(world.PROMPT))
    right = share_of(told[1.5])
    return {
        "share_hot": percent(right, ".3g"),
        "sigma_hot": f"{100 * sqrt(right * (1 - right) / many):.1f}",
        "all_right_low": percent(wilson(1, many)[0]),
        "draws": round(draws),
        "slip": percent(1 - right ** (1 / draws), ".1f"),
        "wrong": percent(wrong_share(model, author, 1.5), ".1f"),
        "n_told": many,
    }


# --- the cuts ---------------------------------------------------------------------
def author_tells(seed):
    """A continuation of the prompt by the author of the small world."""
    rng, text = random.Random(seed), world.PROMPT
    while not text.endswith(world.END):
        p = world.next_word(text)
        text += " " + rng.choices(list(p), weights=p.values())[0]
    return text


class Variety(NamedTuple):
    different: int  # stories among those told
    she: float  # the probability of `she` after the prompt
    right: float  # the share of grammatical stories


def variety(model, tokenizer, logits, told):
    """{"greedy", each temperature, "the author": Variety}.

    logits: (n_vocab,), after world.PROMPT. told: {temperature: stories}; those near 0
    are told here.
    """
    (she,) = ids_of_words(tokenizer, ["she"])
    greedy = {tell(model, tokenizer, seed, world.PROMPT, top_k=1) for seed in range(3)}
    found = {mark("greedy"): Variety(len(greedy), 1.0, share_of(greedy))}
    cold = {t: tell_many(model, tokenizer, t) for t in (0.02, 0.1)}
    for t, stories in (cold | told).items():
        p_she = float(probabilities(logits, t)[she])
        found[t] = Variety(len(set(stories)), p_she, share_of(stories))
    different = len({author_tells(seed) for seed in range(MANY)})
    odds = world.next_word(world.PROMPT)
    return found | {mark("the author"): Variety(different, odds["she"], 1.0)}


class Cuts(NamedTuple):
    """What six tokens and all others (7,) have after "One", before and after a cut."""

    ids: list  # of the six likeliest
    labels: list
    n_others: int
    logits: list  # (6,)
    cold: list  # at temperature 1
    hot: list  # at temperature HEAT; so all that follow
    nucleus: list  # top-p 0.8
    two: list  # top-k
    five: list
    greedy: list
    author: list  # what the author's words have, the likeliest first
    u: float  # where the point falls
    drawn: str  # the token that it draws from `nucleus`
    said: dict


def cuts(model, tokenizer, ids) -> Cuts:
    """The logits after "One" in the prompt `ids`, their shares, and three cuts."""
    (day,) = ids_of_words(tokenizer, ["day"])
    place = ids.index(day) - 1  # after "One"
    before = world.PROMPT.removesuffix(" day")
    logits = model(torch.tensor([ids]))[0, place]
    six = logits.topk(6).indices.tolist()
    cold, hot = probabilities(logits), probabilities(logits, HEAT)
    nucleus, u = keep_top_p(hot, 0.8), 0.47

    def bars(p):
        shown = [float(p[id]) for id in six]
        return [*shown, max(0.0, float(p.sum()) - sum(shown))]

    said = {
        "day": f"{float(cold[six[0]]):.3f}",
        "kept_half": int((keep_top_p(cold, 0.5) > 0).sum()),
    }
    return Cuts(
        ids=six,
        labels=[label(tokenizer, id) for id in six],
        n_others=len(logits) - len(six),
        logits=[float(logits[id]) for id in six],
        cold=bars(cold),
        hot=bars(hot),
        nucleus=bars(nucleus),
        two=bars(keep_top_k(hot, 2)),
        five=bars(keep_top_k(hot, 5)),
        greedy=bars(keep_top_k(hot, 1)),
        author=sorted(world.next_word(before).values(), reverse=True),
        u=u,
        drawn=label(tokenizer, draw(nucleus, u)),
        said=said,
    )


class Way(NamedTuple):
    right: float  # the share of grammatical stories
    different: int


def ways_to_cut(model, tokenizer, uncut, nucleus):
    """{way: Way} at temperature 1.5: uncut, with top-k, with top-p and with min-p.

    uncut, nucleus: the stories told so with nothing cut, and with top-p 0.9.
    """
    told = {
        mark("nothing is cut"): uncut,
        mark("top-k, k = 12"): tell_many(model, tokenizer, 1.5, top_k=12),
        mark("top-k, k = 3"): tell_many(model, tokenizer, 1.5, top_k=3),
        mark("top-p 0.9"): nucleus,
        mark("min-p 0.1"): tell_many(model, tokenizer, 1.5, min_p=0.1),
    }
    return {way: Way(share_of(s), len(set(s))) for way, s in told.items()}


def hottest(model, tokenizer, nucleus):
    """For `say`: the share of grammatical stories at 2.5, with top-p and with min-p.

    nucleus: the stories told so with top-p 0.9.
    """
    floor = tell_many(model, tokenizer, 2.5, min_p=0.1)
    return {
        "cut_hot": percent(share_of(nucleus), ".1f"),
        "min_hot": percent(share_of(floor)),
    }


# --- search, and a penalty ----------------------------------------------------------
class Beam(NamedTuple):
    p: float  # the probability of the whole continuation, END included
    story: str  # the continuation, without END
    ids: list  # of END, the prompt and the continuation


def beam_search(model, tokenizer, width, prompt=world.PROMPT) -> Beam:
    """The likeliest story that a beam of `width` unfinished ones finds."""
    end = tokenizer.special_tokens[world.END]
    start = [end, *tokenizer.encode(prompt)]
    beam, best = [(0.0, start)], (float("-inf"), start)
    # What is unfinished can only lose probability: so a better whole one ends it.
    while beam and beam[0][0] > best[0] and len(beam[0][1]) <= model.config.n_ctx:
        with torch.no_grad():
            log_p = model(torch.tensor([text for _, text in beam]))[:, -1]
        log_p = log_p.log_softmax(-1)
        likeliest = log_p.topk(width)
        longer = sorted(
            (
                (before + more, [*text, id])
                for (before, text), *row in zip(
                    beam, *map(torch.Tensor.tolist, likeliest)
                )
                for more, id in zip(*row)
            ),
            reverse=True,
        )[:width]
        best = max([best, *(one for one in longer if one[1][-1] == end)])
        beam = [one for one in longer if one[1][-1] != end]
    log_p, ids = best
    story = tokenizer.decode(ids[len(start) : -1])
    return Beam(exp(log_p), story.strip(), ids)


class Beams(NamedTuple):
    found: dict  # width -> Beam
    said: dict


def beams(model, tokenizer, widths=(1, 2, 4, 16)) -> Beams:
    """What beams of some widths find after world.PROMPT; width 1 is greedy."""
    found = {width: beam_search(model, tokenizer, width) for width in widths}
    times = found[max(widths)].p / found[1].p
    return Beams(found, {"beam_times": round(times)})


def penalties(model, tokenizer, logits):
    """For `say`: what a penalty on repetition does to a name, and to stories.

    logits: (n_vocab,), after world.PROMPT.
    """
    said = torch.zeros_like(logits, dtype=torch.bool)
    said[tokenizer.encode(world.PROMPT)] = True
    (ada,) = ids_of_words(tokenizer, ["Ada"])
    facts = {"ada_free": percent(float(probabilities(logits)[ada]))}
    p = probabilities(penalised(logits, said, 1.2))
    facts["ada_penalised"] = percent(float(p[ada]))
    for penalty, name in ((1.0, "share_free"), (2.0, "share_penalised")):
        told = tell_many(model, tokenizer, 0.8, penalty=penalty)
        facts[name] = percent(share_of(told), ".3g")
    return facts


# --- beside the truth -------------------------------------------------------------
class Choice(NamedTuple):
    before: str  # the text so far
    came: str  # the word that came
    author: dict  # word -> probability, the likeliest first
    model: dict  # the same words


def choices(story, p_word):
    """The places after the prompt where the author has a choice, END not among it.

    story: begins with world.PROMPT. p_word(text, word): the model's probability.
    """
    spoken = story.removesuffix(world.END).removeprefix(world.PROMPT)
    found = []
    for match in re.finditer(r" \w+|[.,]", spoken):
        text = world.PROMPT + spoken[: match.start()]
        odds = world.next_word(text)
        if len(odds) > 1 and world.END not in odds:
            author = {word: odds[word] for word in sorted(odds, key=lambda w: -odds[w])}
            model = {word: p_word(text, word) for word in author}
            found.append(Choice(text, match[0].strip(), author, model))
    return found


def largest_difference(found):
    """Between the author's and the model's probability of a word, of all choices."""
    return max(abs(q - c.model[word]) for c in found for word, q in c.author.items())


class Author:
    """The author of the small world, whose bets on words become bets on tokens."""

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer
        self.end = tokenizer.special_tokens[world.END]
        self.spell = cache(self._spell)
        self.next_id = cache(self._next_id)

    @cached_property
    def floor(self):
        """The least mean loss of a model with this tokenizer, in nats per token."""
        return world.entropy(self.tokenizer).nats_per_token

    def _spell(self, word, first=False):
        """The ids of a word as it stands in a story."""
        if word == world.END:
            return (self.end,)
        alone = first or word in ".,"
        return tuple(self.tokenizer.encode(word if alone else " " + word))

    def _next_id(self, state, begun=()):
        """{id: probability} of what comes next in a state, after a word's first ids.

        The begun word may be whole: then what follows it shares in the probability.
        """
        odds, here = Counter(), world.fork(state)
        for word, q, after in zip(here.words, here.odds(), here.after):
            spelt = self.spell(word, state == world.START)
            if spelt[: len(begun)] != begun:
                continue
            if len(spelt) > len(begun):
                odds[spelt[len(begun)]] += q
            else:
                for id, more in self.next_id(after).items():
                    odds[id] += q * more
        return {id: q / odds.total() for id, q in odds.items()}

    def _walk(self, story):
        """Yield (state, probability of the word that came, its ids), END included."""
        state = world.START
        for word in [*re.findall(r"\w+|[.,]", story), world.END]:
            here = world.fork(state)
            i = here.words.index(word)
            yield state, here.odds()[i], self.spell(word, state == world.START)
            state = here.after[i]

    def with_truth(self, story):
        """(ids, [{id: the author's probability of it} after each but the last])."""
        text, truth = [self.end], [self.next_id(world.START)]
        for state, _, spelt in self._walk(story):
            truth += [self.next_id(state, spelt[:n]) for n in range(1, len(spelt) + 1)]
            text += spelt
        return text, truth[:-1]  # after END nothing comes

    def pays(self, story):
        """-log of the author's probability of a story, END included; its tokens."""
        nats = tokens = 0
        for _, q, spelt in self._walk(story):
            nats, tokens = nats - log(q), tokens + len(spelt)
        return nats, tokens


class Divergence(NamedTuple):
    curve: dict  # temperature -> KL divergence, nats per token
    swept: dict  # the same, where tokens that cannot stand there have nothing
    said: dict


def recitation(author, many=200):
    """For `say`: what a story costs who recites `many` by heart, and the author."""
    paid = [author.pays(story)[0] for story in held_out(many)]
    return {
        "recited": many,
        "recite_nats": f"{log(many):.1f}",
        "author_nats": f"{sum(paid) / many:.1f}",
    }


GRID = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0)


def divergence(model, author, many=100, temperatures=GRID) -> Divergence:
    """The KL divergence of the model's bets from the author's, on held-out stories.

    temperatures: with 1.0, which is the one that the prose speaks of.
    """
    totals = {t: [] for t in temperatures}  # the KL of each story's places, added up
    swept = dict.fromkeys(temperatures, 0.0)
    sizes = []
    for story in held_out(many):
        text, truth = author.with_truth(story)
        sizes.append(len(truth))
        with torch.no_grad():
            z = model(torch.tensor([text[:-1]]))[0].double()  # (T, n_vocab)
        places = [place for place, q in enumerate(truth) for _ in q]
        options = [id for q in truth for id in q]
        q = torch.tensor([odds for q in truth for odds in q.values()]).double()
        possible = torch.full_like(z, -torch.inf)
        possible[places, options] = 0
        for t in temperatures:
            log_p = (z / t).log_softmax(-1)[places, options]
            totals[t].append(float((q * (q.log() - log_p)).sum()))
            log_p = (z / t + possible).log_softmax(-1)[places, options]
            swept[t] += float((q * (q.log() - log_p)).sum())
    curve = {t: sum(kls) / sum(sizes) for t, kls in totals.items()}
    spread = sum((kl - curve[1.0] * n) ** 2 for kl, n in zip(totals[1.0], sizes))
    said = {
        "kl_stories": many,
        "kl_places": sum(sizes),
        "kl": f"{curve[1.0]:.5f}",
        "kl_error": f"{sqrt(spread) / sum(sizes):.5f}",
        "kl_best": f"{min(curve, key=curve.get):g}",
        "kl_swept": f"{swept[1.0] / sum(sizes):.5f}",
        "kl_percent": f"{100 * curve[1.0] / author.floor:.2f}",
        "floor": f"{author.floor:.4f}",
    }
    swept = {t: total / sum(sizes) for t, total in swept.items()}
    return Divergence(curve, swept, said)


def luck(author, card):
    """For `say`: what the author itself pays on the stories of a model's card."""
    many = int(re.search(r"first (\d+)", card["held out"])[1])
    nats = tokens = 0
    for story in held_out(many):
        paid, asked = author.pays(story)
        nats, tokens = nats + paid, tokens + asked
    return {
        "held_out": many,
        "card_percent": f"{100 * card['loss over floor']:.2f}",
        "author_percent": f"{100 * (nats / tokens / author.floor - 1):.2f}",
        "agree_percent": f"{100 * (card['loss'] - nats / tokens) / author.floor:.2f}",
    }


# --- predictions ------------------------------------------------------------------
def forgotten(tokenizer, logits, many=8):
    """What is drawn where no token is appended: always after the same text.

    logits: (n_vocab,), after world.PROMPT.
    """
    u = random.Random(0).random
    p = probabilities(logits, 0.8)
    return [tokenizer.decode([draw(p, u())]).strip() for _ in range(many)]


# --- in a real model --------------------------------------------------------------
class RealTexts(NamedTuple):
    of_the_prompt: (
        list  # how a real model goes on with world.PROMPT, from greedy to hot
    )
    greedy: list  # and with three other prompts, greedily
    said: dict


def real_texts():
    """What a real model writes, and bets, as it is recorded."""
    written, bets = smollm2("written"), dict(smollm2("bets")[world.PROMPT])
    others = "The city", "The most effective", "To date"
    return RealTexts(
        [one for one in written if one["prompt"] == world.PROMPT],
        [one for one in written if one["prompt"].startswith(others)],
        {
            "real_comma": f"{bets[',']:.2f}",
            "real_she": f"{bets[' she']:.2f}",
            "real_new": 40,
        },
    )


# --- what you have built ----------------------------------------------------------
def grown(config):
    """{the model's name: (n_layer, d_model)}: ours, the largest GPT-2, the largest GPT-3."""
    return {
        mark("ours"): (config.n_layer, config.d_model),
        "GPT-2": GPT2[-1][:2],
        "GPT-3": GPT3[-1][:2],
    }
