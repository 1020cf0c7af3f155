"""What the chapter MLP measures, in the order of its page.

A function is handed the model (and the tokenizer, the story, ...) that it looks at. Most
return a tuple whose fields the pictures draw and whose `said` is what the prose glues.
"""

from collections import Counter
from dataclasses import replace
from itertools import islice
from math import log, sqrt
from typing import NamedTuple

import numpy as np
import torch
from edition import big, mark, minus, tr, two, vector

from gpt import world
from gpt.mlp import layer_norm, mlp
from gpt.model import GPT, Config, initial
from gpt.sample import unembed
from gpt.train import batches

from . import card, held_out, ids_of, ids_of_words, label, piece, stops, written_on


# --- the story of this course -----------------------------------------------------
class Story(NamedTuple):
    """The story of this course, and the places at which the page looks."""

    ids: torch.Tensor  # (1, T), END first; the END that closes it is left out
    pieces: list  # the text of each of the T tokens
    day: int  # where the prompt ends: One *day*
    model: int  # the second *model*, before which the moon came up
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
        model=max(t for t, piece in enumerate(pieces) if piece == " model"),
        last=pieces.index(" last"),
    )


# --- what a vector bets on --------------------------------------------------------
def lens(model, x):
    """The bets that vectors would give, were they the last: (..., C) -> (..., n_vocab)."""
    w = model.weights
    x = layer_norm(x, w["ln_f.weight"], w["ln_f.bias"])
    return unembed(x, w["wte.weight"]).softmax(-1)


def bets(model, tokenizer, x, many=3):
    """The best bets of one vector (C,): [(word, probability), ...], best first."""
    best, ids = lens(model, x).topk(many)
    return [(label(tokenizer, id), float(p)) for p, id in zip(best, ids)]


class Passage(NamedTuple):
    """One vector on its way through an MLP, and what it bets on at both ends."""

    word: str
    before: torch.Tensor  # (C,), the stream
    normed: torch.Tensor  # (C,)
    answers: torch.Tensor  # (d_mlp,), before the bend
    hidden: torch.Tensor  # (d_mlp,), after it
    note: torch.Tensor  # (C,)
    after: torch.Tensor  # (C,), the stream plus the note
    bets_before: list
    bets_after: list

    @property
    def kept(self):
        """How many answers the bend does not silence."""
        return int((self.hidden > 0.1).sum())

    @property
    def said(self):
        (first, _), (second, _) = self.bets_after[:2]
        return {
            "first_before": self.bets_before[0][0],
            "first_after": first,
            "second_after": second,
            "n_hidden": len(self.hidden),
            "n_stream": len(self.before),
            "n_kept": self.kept,
        }


def through_an_mlp(model, tokenizer, story, layer=0):
    """The vector at the end of the prompt, step by step through the MLP of a layer."""
    names = [f"{layer}.{part}" for part in ("middle", "norm_2", "hidden", "mlp")]
    flow = model.trace(story.ids, *names, f"{layer}.stream")
    before, normed, hidden, note, after = (x[0, story.day] for x in flow.values())
    w_in, b_in = (
        model.weights[f"h.{layer}.mlp.c_fc.{kind}"] for kind in ("weight", "bias")
    )
    return Passage(
        word=story.pieces[story.day].strip(),
        before=before,
        normed=normed,
        answers=normed @ w_in + b_in,
        hidden=hidden,
        note=note,
        after=after,
        bets_before=bets(model, tokenizer, before),
        bets_after=bets(model, tokenizer, after),
    )


# --- the pencil, the bend ---------------------------------------------------------
class Pencil(NamedTuple):
    """The machine that is small enough for a pencil, run on all its corners."""

    corners: torch.Tensor  # (4, 2): fashion and machine learning, at a model and not
    hidden: torch.Tensor  # (4, 3), bent
    out: torch.Tensor  # (4, 2): for wore, for guessed
    straight: torch.Tensor  # (4, 2), had nothing been bent

    @property
    def said(self):
        """What "this is the model" adds to wore, without the bend and with it."""
        fashion, machine = self.straight[:2, 0] - self.straight[2:, 0]
        bent_fashion, bent_machine = self.out[:2, 0] - self.out[2:, 0]
        return {
            "step_fashion": minus(fashion),
            "step_machine": minus(machine),
            "bent_fashion": minus(bent_fashion),
            "bent_machine": minus(bent_machine),
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


# --- what hidden units ask --------------------------------------------------------
class Place(NamedTuple):
    """A token in a story, and what a question about it may need to know."""

    this: str
    follows: str
    she: bool  # whether the story's hero is one


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
        she = told.split(" named ")[1].split()[0] in world.SHE
        for this, follows in zip(pieces, [*pieces[1:], world.END]):
            places.append(Place(this, follows, she))
    return Heard(stories, places, [torch.cat(layer) for layer in hidden])


EVENTS = {" planted", " worked", " met", " lost"}
WATERS = {" river", " lake", " sea"}
DAYS = {" day", " morning", " evening"}
# (layer, unit): the question as we read it, and whether the answer at a place is yes
QUESTIONS = {
    (0, 357): (mark("is this word *last*?"), lambda at: at.this == " last"),
    (0, 263): (
        mark("is this *day*, *morning* or *evening*?"),
        lambda at: at.this in DAYS,
    ),
    (1, 132): (mark("is the hero a *she*?"), lambda at: at.she),
    (1, 269): (
        mark("does *river*, *lake* or *sea* follow?"),
        lambda at: at.follows in WATERS,
    ),
    (2, 71): (mark("does the hero do something now?"), lambda at: at.follows in EVENTS),
    (2, 218): (mark("does a full stop follow?"), lambda at: at.follows == "."),
    (1, 104): (mark("we cannot tell"), None),
}


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
    heard: Heard

    @property
    def said(self):
        read, places = self.read, self.heard.places
        return {
            "n_stories": len(self.heard.stories),
            "stop_words": len(read[2, 218].tokens),
            "stop_lit": len(read[2, 218].lit),
            "stop_yes": read[2, 218].right,
            "event_lit": len(read[2, 71].lit),
            "the_lit": len(read[1, 269].lit),
            "the_all": sum(at.this == " the" for at in places),
            "she_share": f"{read[1, 132].right / len(read[1, 132].lit):.0%}",
            "riddle_words": len(read[1, 104].tokens),
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
    one_word = [_keep_to_one_word(heard, n) for n in range(len(heard.hidden))]
    return Units(read, one_word, heard)


def _lit(heard, layer, number):
    values = heard.hidden[layer][:, number]
    return (values > values.max() / 2).nonzero()[:, 0].tolist()


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


# --- the residual stream ----------------------------------------------------------
class Lengths(NamedTuple):
    """How much each part writes on the stream."""

    parts: dict  # "embed", "0.attend", "0.mlp", ...: the mean length of what it adds
    end: float  # the mean length of the stream at its end
    said: dict


def lengths(model, tokenizer, stories):
    """The mean length of what is added at a token, over all tokens of the stories."""
    layers = range(model.config.n_layer)
    parts = ["embed", *(f"{n}.{part}" for n in layers for part in ("attend", "mlp"))]
    end = f"{layers[-1]}.stream"
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


class Look(NamedTuple):
    """The bets of the stream at one place, after each part of the model."""

    title: str  # the words that end there
    words: list  # those whose bets are shown
    bets: dict  # "embed", "0.middle", "0.stream", ...: {word: probability}


class Forming(NamedTuple):
    """How bets form at three places of the story."""

    day: Look
    model: Look
    last: Look
    said: dict


FASHION = world.PROMPT + (
    " Ada worked with a fashion model. When the moon came up, the model"
)


def forming(model, tokenizer, story):
    """The logit lens at *day*, at the second *model*, and at *last*."""
    flow = model.trace(story.ids)

    def look(title, words, place):
        ids, found = ids_of_words(tokenizer, words), {}
        for stop in stops(model):
            p = lens(model, flow[stop][0, place])[ids]
            found[stop] = dict(zip(words, p.tolist()))
        return Look(title, words, found)

    words = ["day", "morning", "evening", "he", "she", "Ada"]
    day = look("… One day", words, story.day)
    again = look("… the model", ["model", "wore", "guessed"], story.model)
    last = look("At last", ["last", "Ada", "Mei"], story.last)
    truth = world.next_word(world.PROMPT)
    other = model.trace(ids_of(tokenizer, FASHION), "1.middle", "1.stream")
    (wore,) = ids_of_words(tokenizer, ["wore"])
    said = {
        "fashion_attend": two(lens(model, other["1.middle"][0, -1])[wore]),
        "fashion_mlp": two(lens(model, other["1.stream"][0, -1])[wore]),
        "truth_she": two(truth["she"]),
        "truth_ada": two(truth["Ada"]),
        "day_ada_attend": two(day.bets["1.middle"]["Ada"]),
        "day_she": two(day.bets["2.stream"]["she"]),
        "day_ada": two(day.bets["2.stream"]["Ada"]),
        "model_end": two(again.bets["2.stream"]["guessed"]),
        "last_before": two(last.bets["0.stream"]["Ada"]),
        "last_attend": two(last.bets["1.middle"]["Ada"]),
        "last_length": f"{float(flow['1.attend'][0, story.last].norm()):.1f}",
    }
    return Forming(day, again, last, said)


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


DEEP = Config(n_vocab=560, n_ctx=64, n_layer=10, n_head=4, d_model=32)
STEPS = 50
DEPTHS = (3, 6, 12, 24)


class Deep(NamedTuple):
    """Deep stacks of different blocks, trained without any precaution."""

    curves: dict  # the block's name: the loss at each step
    pulls: dict  # the block's name: the pull on the last layer at each of the depths
    blind: float  # the loss of knowing how frequent each token is, and nothing else
    depths: tuple = DEPTHS

    @property
    def ends(self):
        """The block's name: the mean loss of the last ten steps."""
        return {
            name: float(np.mean(curve[-10:])) for name, curve in self.curves.items()
        }

    @property
    def said(self):
        pre = self.pulls["pre-norm"]
        return {
            "deep_layers": DEEP.n_layer,
            "deep_steps": STEPS,
            "blind": two(self.blind),
            "end_pre": two(self.ends["pre-norm"]),
            "end_post": two(self.ends["post-norm"]),
            "end_none": two(self.ends["no stream"]),
            "pull_pre": f"{pre[0] / pre[-1]:.0f}",
            "pull_depths": tr(
                "from {few} layers to {many}", few=self.depths[0], many=self.depths[-1]
            ),
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
        {name: _learn(tokenizer, block) for name, block in blocks.items()},
        {
            name: [_pull(tokenizer, block, depth) for depth in DEPTHS]
            for name, block in blocks.items()
        },
        _entropy_of_tokens(tokenizer, stories),
    )


def _fresh(block, config=DEEP):
    """A deep stack whose parts each return about as much as they are given."""
    weights, dice = initial(config), torch.Generator().manual_seed(0)
    for name, old in weights.items():
        if old.ndim > 1 and name.startswith("h."):
            drawn = torch.randn(old.shape, generator=dice)
            weights[name] = drawn / sqrt(old.shape[0])
    return GPT(config, weights).replace(block=block)


def _learn(tokenizer, block):
    """The loss at each step, without warm-up and without clipping."""
    stack, curve = _fresh(block), []
    optimizer = torch.optim.AdamW(stack.parameters(), lr=1e-2, betas=(0.9, 0.95))
    told = batches(tokenizer, world.stories(0), 4)
    for _, (ids, targets) in zip(range(STEPS), told):
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
        "own_share": f"{float((best == story.ids[0]).float().mean()):.0%}",
        "guess": two(log(model.config.n_vocab)),
        "worth_attend": two(losses["without attention"]),
    }
    return Worth(losses, said)


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
        "gpt2_embed": f"{found['GPT-2']['embeddings']:.0%}",
        "gpt3_embed": f"{found['GPT-3']['embeddings']:.1%}",
        "norms_most": f"{max(one['norms'] for one in found.values()):.1%}",
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
        "work_gpt2": f"{costs['GPT-2'].share:.2%}",
        "work_gpt3": f"{costs['GPT-3'].share:.2%}",
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
