"""What the home page claims, in the order of the page."""

from math import exp, prod

import numpy as np
import pytest
import torch

import book.facts.index as measured
from gpt import world
from gpt.train import held_out_loss
from tests.book.page import claim, run

MEI = "Far away a shy duck named Mei lived by the sea. One morning"


@pytest.fixture(scope="module")
def page():
    return run("index")


@pytest.fixture(scope="module")
def names(page):
    return page.names


@pytest.fixture(scope="module")
def facts(page):
    return page.facts


def test_the_author_knows_the_probabilities():
    claim(
        "index",
        "The program `gpt/world.py` writes every story of this book from a small grammar, "
        "so it *knows* the probabilities.",
    )
    after = "Once a little"  # the animal: what is told is what is counted
    told = [story for story in _told(6000) if story.startswith(after + " ")]
    share = sum(story.split()[3] == "fox" for story in told) / len(told)
    assert share == pytest.approx(world.next_word(after)["fox"], abs=0.03)


def _told(many, seed=8):
    stories = world.stories(seed)
    return [next(stories) for _ in range(many)]


def test_leap_jump_skip_and_hop_are_synonyms(facts):
    claim(
        "index",
        "some are exact synonyms, because *leap*, *jump*, *skip* and *hop* can stand in "
        "for each other everywhere. So our model has given these four nearly the same "
        "vector.",
    )
    for story in _told(60):
        for word in world.LEAP:
            if f" {word}" in story:
                for other in world.LEAP:
                    assert world.grammatical(story.replace(f" {word}", f" {other}"))
    assert facts["alike"] > 0.98 and facts["unlike"] < 0.8


def test_the_next_word_tells_whether_mei_is_a_she():
    claim(
        "index",
        "The bets on the next word give it away, although no classifier was built.",
    )
    for name in world.SHE + world.HE:
        bets = world.next_word(MEI.replace("Mei", name))
        assert ("she" in bets) == (name in world.SHE) != ("he" in bets)


def test_the_chain_rule_is_exact(names):
    claim("index", "This is the chain rule, and it is exact:")
    words = names["words"]
    for story in _told(5):
        x = words(story + world.END)
        steps = [world.next_word(" ".join(x[:t]))[x[t]] for t in range(len(x))]
        assert prod(steps) == pytest.approx(exp(-sum(names["surprises"](x))), rel=1e-9)
    # against the frequency of a beginning that is not rare
    told = _told(4000, seed=9)
    begins = np.mean([story.startswith("Once a shy") for story in told])
    odds = prod((world.next_word("")["Once"], world.next_word("Once a")["shy"]))
    assert begins == pytest.approx(odds, abs=0.03)


def test_a_sum_of_logarithms_does_not_vanish():
    claim(
        "index",
        "The product for a text of a few thousand words is so small that it is rounded to "
        "0, while the sum is an ordinary number.",
    )
    p = np.full(3000, exp(-3.0))  # about what a word of ordinary text costs
    assert prod(p.tolist()) == 0.0
    assert -np.log(p).sum() == pytest.approx(9000)


def test_what_the_author_pays_is_chance(names, facts):
    claim(
        "index",
        "The author itself pays this, although it knows every probability, because what "
        "is left is chance.",
    )
    told = names["told"]
    bars = [bar for tale in told for bar in names["surprises"](tale)]
    assert np.mean(bars) == pytest.approx(facts["floor"], rel=0.05)
    # where only one word can come, even the author's reader pays nothing
    assert min(bars) == 0


def test_no_model_does_better_on_average(names, facts):
    claim("index", "On new stories, no model of any size does better on average.")
    claim(
        "index",
        "That of the model at the head of this page lies … % above the floor.",
    )
    with torch.no_grad():
        loss = held_out_loss(names["model"], names["tokenizer"], 1500)
    floor = world.entropy(names["tokenizer"]).nats_per_token
    assert floor < loss * 1.005 and loss < floor * 1.01
    assert 0 < facts["gap"] < 0.4
    assert min(names["ngrams"].library) > facts["floor"]


def test_the_loss_falls_then_rises(names, facts):
    claim("index", "It falls, then *rises*.")
    claim("index", "For the others there is nothing to count.")
    losses = names["ngrams"].library
    turn = facts["turn_later"]
    assert (np.diff(losses)[: turn - 1] < 0).all()
    assert (np.diff(losses)[turn - 1 :] > 0).all()
    assert facts["known"] < 5


def test_the_trigram_model_has_forgotten_the_hero(names):
    claim(
        "index",
        "By *At last*, the trigram model has forgotten whose story it is, so it bets on "
        "all eight names:",
    )
    after = names["trigram"]["At", "last"]
    assert set(after) == set(world.SHE + world.HE)
    assert max(after.values()) / after.total() < 0.2


def test_even_twelve_words_seldom_hold_the_name(facts):
    claim(
        "index",
        "After *At last*, even the model with $n = 12$ gives the right one a probability "
        "of only … on average.",
    )
    assert facts["right_name"] < 0.5


def test_twice_the_text_has_four_times_the_pairs():
    claim(
        "index",
        "The price is that twice the text has about four times as many pairs of words.",
    )
    for n in (100, 1000):
        assert 2 * n * (2 * n + 1) / (n * (n + 1)) == pytest.approx(4, rel=0.02)


def test_one_formula_gives_both_sizes(names):
    claim("index", "One formula gives both sizes.")
    claim("index", "Four GPT-2s and eight GPT-3s lie on one line.")
    sizes = measured.parameters(names["n_params"])
    for model in sizes.values():
        for by_formula, published in model:
            assert by_formula == pytest.approx(published, rel=0.05)


def test_one_word_at_the_start_reaches_to_the_end():
    claim(
        "index",
        "One word at the start reaches to the end of the story, which two words of memory "
        "cannot carry.",
    )
    for story in _told(20):
        name = story.split("named ")[1].split()[0]
        before = story.split(" At last ")[0] + " At last"
        assert world.next_word(before) == {name: 1}
