"""The causal sentences of the home page, and what shows that each is true."""

from collections import Counter
from itertools import islice, pairwise, product
from math import exp, log, prod
from random import Random

import numpy as np
import pytest
import torch

import book.facts.index as measured
from book.facts import bets, ids_of, ids_of_words
from gpt import world
from gpt.attend import causal_mask
from gpt.model import GPT, initial
from gpt.train import batches, held_out_loss
from tests.book.page import claim

CHAPTER = "index"

NEW = 3_000_000  # the seed of stories that neither training nor the page has seen
MEI = "Far away a shy duck named Mei lived by the sea. One morning"


@pytest.fixture(scope="module")
def tales(names):
    """New stories, as lists of words."""
    told = islice(world.stories(NEW), 300)
    return [names["words"](tale + world.END) for tale in told]


@pytest.fixture(scope="module")
def new(names):
    """The new text on which the page scores its n-gram models."""
    return names["words"](world.corpus(60_000, seed=1))


# --- what is a GPT ------------------------------------------------------------------
def test_the_author_knows_the_probabilities():
    claim(
        "index",
        "writes every story of this course from a small grammar, so it "
        "*knows* the probabilities.",
    )
    told = [tale.split() for tale in islice(world.stories(NEW), 20_000)]
    told = [tale for tale in told if tale[2:4] == ["little", "fox"]]
    after = Counter(tale[tale.index("lived") + 1] for tale in told)
    odds = world.next_word("Once a little fox named Ada lived")
    for word, p in odds.items():
        assert after[word] / len(told) == pytest.approx(p, abs=0.07)


def test_we_can_say_how_close_a_model_comes(model, tokenizer, facts):
    claim("index", "Because we know the truth, we can say how close it comes.")
    loss = held_out_loss(model, tokenizer, 1000)
    floor = world.entropy(tokenizer).nats_per_token
    assert facts["gap"] < 1
    assert loss == pytest.approx(floor, rel=0.02)  # of 1,000 stories only


def test_synonyms_stand_in_for_each_other_everywhere(names, tales):
    claim(
        "index",
        "some are exact synonyms. *Leap*, *jump*, *skip* and *hop* can stand in for each "
        "other everywhere.",
    )
    surprises, swapped = names["surprises"], 0
    for tale in tales:
        for place, word in enumerate(tale):
            if word in world.LEAP:
                swapped += 1
                for other in world.LEAP:
                    changed = [*tale[:place], other, *tale[place + 1 :]]
                    assert surprises(changed) == surprises(tale)
    assert swapped > 100


def test_synonyms_have_nearly_the_same_vector_and_others_have_not(facts):
    claim(
        "index",
        "to these four it has given nearly the same one. Their cosines, which say how "
        "much two vectors point the same way, are … or more, and 1 would be the same "
        "direction; those of *run*, *fly* and *swim*, which are no synonyms, are … or "
        "less.",
    )
    assert facts["alike"] > 0.99 and facts["unlike"] < 0.7
    assert 130 < facts["n_words"] < 150


# --- the loop -----------------------------------------------------------------------
def test_what_is_written_is_never_changed(names):
    claim(
        "index",
        "Once a word is written, it is part of the past and is never changed.",
    )
    loop = [names[name] for name in ("predict", "sample", "append")]
    for seed in range(20):
        texts = [moment.text for moment in measured.moments(*loop, seed=seed)]
        for before, after in pairwise(texts):
            assert after.startswith(before)


# --- generative ---------------------------------------------------------------------
def test_a_gpt_answers_the_other_question_too(model, tokenizer):
    claim(
        "index",
        "A GPT can answer the other question too, if it is asked in the form of a text:",
    )
    claim("index", "give it away, although no classifier was built.")
    with torch.no_grad():
        for name in world.SHE + world.HE:
            ids = ids_of(tokenizer, MEI.replace("Mei", name))
            she, he = bets(model, ids)[-1][ids_of_words(tokenizer, ("she", "he"))]
            assert (she > 100 * he) if name in world.SHE else (he > 100 * she)


# --- one formula --------------------------------------------------------------------
def test_the_chain_rule_is_exact():
    claim("index", "This is the chain rule, and it is exact:")
    p = np.random.default_rng(0).dirichlet(np.ones(27)).reshape(3, 3, 3)
    for a, b, c in product(range(3), repeat=3):
        first = p[a].sum()
        second, third = p[a, b].sum() / p[a].sum(), p[a, b, c] / p[a, b].sum()
        assert first * second * third == pytest.approx(p[a, b, c])


def test_the_probabilities_along_a_path_are_multiplied():
    claim(
        "index",
        "Each word takes a share of what the words before it have left, so the "
        "probabilities along the path are multiplied.",
    )
    told = [tale.split() for tale in islice(world.stories(NEW), 40_000)]
    told = [tale for tale in told if tale[4:6] == ["named", "Ada"]]
    came = [tale[tale.index("lived") + 4 :][2:5] for tale in told]
    share = came.count(["she", "met", "Leo"]) / len(came)
    assert share == pytest.approx(2 / 3 * 1 / 4 * 1 / 4, rel=0.2)


def test_the_high_bars_stand_where_the_author_chose(names):
    claim("index", "could not be otherwise and have no bar.")
    claim("index", "The high ones stand where the author chose")
    x = names["x"]
    for t, bar in enumerate(names["surprises"](x)):
        choices = len(world.next_word(" ".join(x[:t])))
        assert (choices > 1) == (bar > 0)
    assert len(world.SLOTS["animal"]) == 12


def test_all_bars_together_are_the_surprise_of_the_story(names, tales):
    claim(
        "index",
        "Since the logarithm of a product is a sum, all bars together are the surprise "
        "of the whole story:",
    )
    for x in tales[:30]:
        p = prod(world.next_word(" ".join(x[:t]))[x[t]] for t in range(len(x)))
        assert sum(names["surprises"](x)) == pytest.approx(-log(p))


def test_a_long_product_is_rounded_to_nothing(names, tales):
    claim(
        "index",
        "The product for a text of a few thousand words is so small that it is rounded "
        "to 0, while the sum is an ordinary number.",
    )
    bars = [bar for x in tales for bar in names["surprises"](x)][:3000]
    assert prod(exp(-bar) for bar in bars) == 0
    assert 0 < sum(bars) < 10_000


def test_whoever_believes_other_probabilities_pays_more(tales):
    claim(
        "index",
        "The author itself pays this, although it knows every probability, because what "
        "is left is chance.",
    )
    claim("index", "On new stories, no model of any size does better on average.")
    odds = []  # of every choice in new stories
    for x in tales[:60]:
        for t in range(len(x)):
            p = np.array([*world.next_word(" ".join(x[:t])).values()])
            if len(p) > 1:
                odds.append(p)
    author = sum(-(p * np.log(p)).sum() for p in odds)
    chance = np.random.default_rng(0)
    for doubt in (0.01, 0.1, 1):
        paid = 0
        for p in odds:
            believed = (1 - doubt) * p + doubt * chance.dirichlet(np.ones(len(p)))
            paid -= (p * np.log(believed)).sum()
        assert paid > author


# --- pre-trained --------------------------------------------------------------------
def test_turning_all_knobs_a_little_makes_the_words_less_surprising(model, tokenizer):
    claim(
        "index",
        "a computation says for every knob in which direction it must be turned to make "
        "the right words less surprising. All knobs are turned a little,",
    )
    for weights in (initial(model.config, 5), initial(model.config, 6)):
        student = GPT(model.config, weights)
        knobs = student.parameters()
        ids, targets = next(batches(tokenizer, world.stories(NEW), 32))
        before = student.loss(ids, targets)
        pulls = torch.autograd.grad(before, knobs)
        assert sum(pull.numel() for pull in pulls) == model.config.n_parameters
        with torch.no_grad():
            for sign, less in ((-1, True), (2, False)):  # downhill; then back and up
                for knob, pull in zip(knobs, pulls, strict=True):
                    knob += sign * 0.01 * pull
                assert (student.loss(ids, targets) < before) == less


def test_what_the_model_learnt_is_in_its_knobs(model, tokenizer):
    claim(
        "index",
        "The program around them stays the same, so whatever the model learns is in the "
        "positions of its knobs.",
    )
    fresh = GPT(model.config, initial(model.config, seed=7))
    untrained = held_out_loss(fresh, tokenizer, 50)
    assert untrained == pytest.approx(log(model.config.n_vocab), abs=0.2)
    for name, weight in fresh.weights.items():
        weight.data.copy_(model.weights[name])
    assert held_out_loss(fresh, tokenizer, 50) == held_out_loss(model, tokenizer, 50)


def test_a_prompt_changes_no_parameter(model, tokenizer):
    claim("index", "the prompt comes last and changes no parameter:")
    before = {name: weight.clone() for name, weight in model.weights.items()}
    ids = ids_of(tokenizer, MEI)
    with torch.no_grad():
        first = model(ids)
        list(model.generate(ids_of(tokenizer, world.PROMPT)[0].tolist(), 20))
        claim(
            "index",
            "The model has no other memory of the conversation, for the "
            "transcript *is* the prompt.",
        )
        assert torch.equal(model(ids), first)
    for name, weight in model.weights.items():
        assert torch.equal(weight, before[name])


# --- transformer --------------------------------------------------------------------
def test_each_vector_can_take_in_from_all_before_it_and_none_after(model, tokenizer):
    claim(
        "index",
        "each vector of a GPT can take in what it needs from all those before it",
    )
    ids = ids_of(tokenizer, world.PROMPT)
    with torch.no_grad():
        plain = model(ids)[0]
        for place in range(ids.shape[1]):
            changed = ids.clone()
            changed[0, place] = (changed[0, place] + 7) % model.config.n_vocab
            moved = (model(changed)[0] - plain).abs().amax(-1) > 1e-5
            assert not moved[:place].any() and moved[place:].all()


def test_it_does_not_know_what_a_word_is(model, tokenizer):
    claim(
        "index",
        "Nothing in it knows what a word is, so whatever can be cut into pieces can go "
        "through it:",
    )
    order = torch.randperm(
        model.config.n_vocab, generator=torch.Generator().manual_seed(0)
    )
    weights = dict(model.weights)
    weights["wte.weight"] = model.weights["wte.weight"][order]
    renamed = GPT(model.config, weights)  # token i is now what token order[i] was
    ids = ids_of(tokenizer, world.PROMPT)
    with torch.no_grad():
        torch.testing.assert_close(
            renamed(order.argsort()[ids]), model(ids)[..., order]
        )


# --- how far back -------------------------------------------------------------------
def test_the_trigram_model_forgets(names):
    claim(
        "index",
        "the trigram model has forgotten whose story it is, so it bets on all eight "
        "names:",
    )
    trigram, tell = names["trigram"], names["tell"]
    assert "mother" in tell(trigram, 3, Random(3))  # "to whose mother?"
    after = trigram["At", "last"]
    assert set(after) == {*world.SHE, *world.HE}
    for n in after.values():
        assert n / after.total() == pytest.approx(1 / 8, abs=0.02)


def test_long_runs_were_hardly_ever_read(names, new, facts):
    claim(
        "index",
        "of the runs of … words in new stories, only … % occur in what was read. "
        "For the others there is nothing to count.",
    )
    assert 0 < facts["known"] < 3 and facts["back"] > 30
    seen = names["count"](names["library"], facts["back"])
    found = [
        tuple(new[t - facts["back"] + 1 : t]) in seen
        for t in range(facts["back"] - 1, len(new))
    ]
    assert np.mean(found) < 0.03


def test_a_window_of_a_few_words_does_not_hold_the_name(names, new, facts):
    claim(
        "index",
        "There are better ways to mix the two, which flatten the rise, but even the last "
        "eleven words never hold the name, only words such as *she* that make some names "
        "likelier.",
    )
    claim("index", "So after *At last*, the model with $n = 12$ gives the right one")
    hero, asked = None, 0
    for t, word in enumerate(new):
        if new[t - 1] == "named":
            hero = word
        if t and new[t - 1] == "last":
            asked += 1
            assert word == hero and hero not in new[t - 11 : t]
    assert asked > 200 and 1 / 8 < facts["right_name"] < 1 / 4
    rises = []
    for trust in (1, 20):
        p = measured.ngram_probabilities(
            names["count"], names["library"], new, 12, trust=trust
        )
        losses = [float(-np.log(row).mean()) for row in p]
        assert min(losses) > 1.3 * facts["floor"]
        rises.append(losses[-1] - min(losses))
    assert rises[1] < 0.2 * rises[0]


def test_what_is_counted_for_one_word_says_nothing_about_another(names):
    claim("index", "What it counts for *fox* says nothing about *hare*.")
    count, words = names["count"], names["words"]
    hares, foxes = "the hare ran home. ", "the fox slept. " * 100
    alone, both = (count(words(text), 3) for text in (hares, hares + foxes))
    for context in (("the", "hare"), ("hare", "ran")):
        assert both[context] == alone[context]


def test_twice_the_text_has_about_four_times_as_many_pairs():
    claim(
        "index",
        "twice the text has about four times as many pairs of words.",
    )
    once, twice = (causal_mask(n).sum() for n in (500, 1000))
    assert twice / once == pytest.approx(4, rel=0.01)


# --- check yourself -----------------------------------------------------------------
def test_a_name_at_the_start_reaches_to_the_end(names):
    claim(
        "index",
        "One word at the start reaches to the end of the story, which two words of "
        "memory cannot carry.",
    )
    story = names["story"]
    upto = story[: story.index("At last") + len("At last")]
    tom = upto.replace("Ada", "Tom").replace(" she ", " he ").replace(" her ", " his ")
    assert world.next_word(upto) == {"Ada": 1} and world.next_word(tom) == {"Tom": 1}
    assert upto.split()[-2:] == tom.split()[-2:]  # all that a trigram model sees


def test_what_was_read_can_be_known_by_heart(names, facts):
    claim(
        "index",
        "A model can know by heart those that it has read, but on enough new ones it "
        "cannot stay below",
    )
    read = names["library"][:60_000]
    assert measured.ngram_losses(names["count"], read, read, 12)[-1] < 0.35
    assert min(names["ngrams"].library) > facts["floor"] > 0.35
