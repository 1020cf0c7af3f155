"""What index.md draws before it writes a formula: bets, a chain of them, the floor."""

import json
from math import log
from pathlib import Path
from typing import NamedTuple

from gpt import world

STEPS = Path(__file__).parents[1] / "recorded" / "steps" / "steps.json"


class Bet(NamedTuple):
    """The author's bet on a word that came."""

    word: str
    p: float

    @property
    def nats(self):
        return log(1 / self.p)


def some_bets(predict, story, words=("named", "Once", "moon", "worked", "fox")):
    """The bets on some words of a story where they first came, the largest bet first.

    Raises ValueError where one of `words` does not come in it.
    """
    found = [Bet(word, predict(story[: story.index(word)])[word]) for word in words]
    return sorted(found, key=lambda bet: -bet.p)


class Fork(NamedTuple):
    """A place where one word of several comes."""

    odds: dict[str, float]
    word: str


def chain(predict, words=("she", "met", "Leo")):
    """The forks that the author goes through, if it goes on after the prompt like this."""
    text, forks = world.PROMPT, []
    for word in words:
        forks.append(Fork(predict(text), word))
        text += f" {word}"
    return forks


class Training(NamedTuple):
    """Losses on new stories, in nats per word."""

    losses: dict[int, float]  # after how many steps
    author: float  # of the same stories
    floor: float


def training(tokenizer):
    """The loss of the course's model at some steps of its training.

    It was recorded in nats per token, which END and pieces of words make a little more.
    """
    told, floor = json.loads(STEPS.read_text("utf-8")), world.entropy(tokenizer)
    tokens_a_word = floor.tokens / floor.words
    return Training(
        {int(n): run["loss"] * tokens_a_word for n, run in told["steps"].items()},
        told["author"] * tokens_a_word,
        floor.nats_per_word,
    )
