"""A model and what it reads and writes: what several chapters measure with."""

import json
from itertools import islice

import torch
from torch.nn.functional import normalize

from gpt import world
from gpt.model import SMALL
from gpt.train import HELD_OUT


# --- texts as ids -------------------------------------------------------------------
def ids_of(tokenizer, text):
    """The ids of a story from END on: (1, T)."""
    return torch.tensor(
        [[tokenizer.special_tokens[world.END], *tokenizer.encode(text)]]
    )


def ids_of_words(tokenizer, words):
    """The id of each word as it stands in a story: one token, its space before it."""
    ids = []
    for word in words:
        (id,) = tokenizer.encode(f" {word}")
        ids.append(id)
    return ids


def piece(tokenizer, id):
    """The text of one token."""
    return tokenizer.decode_bytes([int(id)]).decode(errors="replace")


def label(tokenizer, id):
    """The text of one token as a picture shows it: without its space, and "END"."""
    text = piece(tokenizer, id)
    return "END" if text == world.END else text.strip()


# --- stories ------------------------------------------------------------------------
def held_out(many):
    """The first stories that training did not see: a list of texts."""
    return [*islice(world.stories(HELD_OUT), many)]


def written_on(model, tokenizer, seed=0):
    """The ids that a model puts after the course's prompt; END is the last."""
    prompt = ids_of(tokenizer, world.PROMPT)[0].tolist()
    end = tokenizer.special_tokens[world.END]
    return [*model.generate(prompt, 50, seed=seed, stop=end, temperature=0.8)]


def card(folder=SMALL):
    """What a shipped model's card.json says of it."""
    return json.loads((folder / "card.json").read_text("utf-8"))


# --- inside the model ---------------------------------------------------------------
def bets(model, ids):
    """The probability of each next token after each of ids (1, T): (T, n_vocab)."""
    return model(ids)[0].softmax(-1)


def stops(model):
    """Where the stream can be read, for `model.trace`: embedded, and after each part."""
    layers = range(model.config.n_layer)
    return ["embed", *(f"{n}.{at}" for n in layers for at in ("middle", "stream"))]


def cosine(one, other):
    """Of two vectors (C,): a float."""
    return float(torch.cosine_similarity(one, other, dim=0))


def cosines(rows):
    """Of each row with each: (n, C) -> (n, n)."""
    unit = normalize(rows, dim=-1)
    return unit @ unit.T
