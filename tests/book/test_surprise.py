"""What the home page draws before it writes a formula: each number is the author's."""

from math import log, prod

import pytest

import book.facts.surprise as measured
from gpt import world
from gpt.model import small
from gpt.train import HELD_OUT, batches


@pytest.fixture(scope="module")
def told():
    return measured.training(small()[1])


def test_a_bet_that_is_smaller_surprises_more():
    story = world.PROMPT + " Ada worked with a clay model. When the moon came up"
    bets = measured.some_bets(world.next_word, story)
    assert [bet.p for bet in bets] == pytest.approx([1, 2 / 3, 1 / 2, 1 / 4, 1 / 12])
    assert [bet.nats for bet in bets] == pytest.approx([-log(bet.p) for bet in bets])
    assert sorted(bets, key=lambda bet: bet.nats) == bets


def test_a_word_that_does_not_come_is_an_error():
    with pytest.raises(ValueError, match="substring"):
        measured.some_bets(world.next_word, world.PROMPT)


def test_the_path_is_as_probable_as_its_words_together():
    forks = measured.chain(world.next_word)
    assert [fork.word for fork in forks] == ["she", "met", "Leo"]  # of the prose
    assert [fork.odds[fork.word] for fork in forks] == pytest.approx(
        [2 / 3, 1 / 4, 1 / 4]
    )
    assert prod(fork.odds[fork.word] for fork in forks) == pytest.approx(1 / 24)
    assert all(sum(fork.odds.values()) == pytest.approx(1) for fork in forks)


def test_no_loss_lies_below_the_floor(told):
    losses = [*told.losses.values()]
    assert losses == sorted(losses, reverse=True)
    assert min(losses) > told.author > told.floor
    assert told.floor == world.entropy().nats_per_word


def test_the_last_loss_is_that_of_the_model(told):
    """On a few of the stories, in nats per word, counted by words."""
    model, tokenizer = small()
    stories = [story for story, _ in zip(world.stories(HELD_OUT), range(60))]
    words = sum(len(world._WORD.findall(story)) + 1 for story in stories)
    [(ids, targets)] = batches(tokenizer, iter(stories), len(stories))
    nats = float(model.loss(ids, targets)) * int((targets >= 0).sum())
    assert nats / words == pytest.approx(told.losses[2500], rel=0.06)
