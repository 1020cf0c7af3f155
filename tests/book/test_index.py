"""The home page: what its prose says is what its cells find.

The page's cells are run once; `facts` holds every number that the prose glues, and
`names` what the reader has after the last cell, and what the pictures were drawn from.
"""

import html
import json
import re
from itertools import chain
from math import exp, log

import numpy as np
import pytest

import book.facts.index as measured
from bench.chapter import BOOK
from gpt import world
from gpt.model import SMALL
from tests.book.page import run

CHAPTER = "index"

PAGE = (BOOK / "index.md").read_text("utf-8")
PROMPT = world.PROMPT
FILM = 'class="player-captions"'


def html_of(shown):
    """What a cell shows, as the page has it; "" for what is no HTML."""
    return shown._repr_html_() if hasattr(shown, "_repr_html_") else ""


def test_every_number_that_the_prose_glues_is_found(facts):
    in_text = set(re.findall(r"\{glue:text\}`(\w+)(?::[^`]*)?`", PAGE))
    assert len(in_text) > 8 and in_text == set(facts)


def test_numbers_that_the_prose_rounds_are_numbers(facts):
    rounded = set(re.findall(r"\{glue:text\}`(\w+):[^`]*`", PAGE))
    assert rounded and all(isinstance(facts[name], float) for name in rounded)


# --- what the prose says of the small world -----------------------------------------
def test_the_die_and_the_verbs():
    assert world.next_word(PROMPT) == {"she": 2 / 3, "Ada": 1 / 3}
    verbs = world.next_word(PROMPT + " she")
    assert verbs == dict.fromkeys(("planted", "worked", "met", "lost"), 1 / 4)


def test_the_bets_say_whether_mei_is_a_she(names):
    mei = "Far away a shy duck named Mei lived by the sea. One morning"
    assert f'predict("{mei}")' in PAGE
    bets = names["predict"](mei)
    assert "she" in bets and "he" not in bets


def test_what_changes_for_tom():
    tom = PROMPT.replace("Ada", "Tom")
    assert world.next_word(tom) == {"he": 2 / 3, "Tom": 1 / 3}  # "as before"
    friends = world.next_word(tom + " he met")
    assert set(friends) == {"Ada", "Mei", "Rosa", "Zoe"}


def test_how_probable_the_key_is(facts):
    assert len(world.next_word(PROMPT + " Ada lost her")) == 5
    assert facts["key"] == pytest.approx(3 * 4 * 1 * 5)  # ⅓ · ¼ · 1 · ⅕


def test_the_model_of_the_page_tells_a_whole_story(names):
    rest = measured.written(names["model"], names["tokenizer"])
    assert world.grammatical(PROMPT + rest)
    shown = "".join(map(html_of, run("index").shown))
    assert f"<strong>{rest}</strong></p>" in shown


# --- the loop -----------------------------------------------------------------------
def test_the_film_tells_the_story_of_the_loop(names):
    functions = (names[name] for name in ("predict", "sample", "append"))
    moments = measured.moments(*functions, seed=5)
    assert "facts.index.moments(predict, sample, append, seed=5)" in PAGE
    assert "random.Random(5)" in PAGE
    assert moments[-1].text + world.END == names["text"]
    # each round has one frame, or three where there is a choice
    text, frames = PROMPT, iter(moments)
    while not text.endswith(world.END):
        odds = world.next_word(text)
        if len(odds) > 1:
            assert next(frames) == (text, odds, "predict", None)
            sampled = next(frames)
            assert sampled == (text, odds, "sample", sampled.word)
        appended = next(frames)
        text = names["append"](text, appended.word)
        seen = text.removesuffix(world.END)
        assert appended == (seen, odds, "append", appended.word)
        assert len(odds) == 1 or sampled.word == appended.word
    assert next(frames, None) is None


def test_the_film_says_what_happens():
    player = html.unescape(
        next(p for p in map(html_of, run("index").shown) if FILM in p)
    )
    for phrase in (
        "Predict: 2 words could come next.",
        "Sample: the draw falls on “she”.",
        "Append: the text is one word longer. Again.",
        "Only “and” can follow: the whole round in one frame.",
    ):
        assert f"<li>{phrase}</li>" in player
    assert player.count("so the loop stops.</li>") == 1


# --- chance, and the floor ----------------------------------------------------------
def test_the_floor_is_what_the_author_pays(names, facts):
    floor = world.entropy()
    assert facts["floor"] == floor.nats_per_word > 0.35  # answer 3 asks about 0.35
    surprises, told = names["surprises"], names["told"]
    paid = sum(map(sum, map(surprises, told))) / sum(map(len, told))
    assert paid == pytest.approx(facts["floor"], rel=0.05)  # of 300 stories only
    assert set(names["bars"]) == {bar for tale in told for bar in surprises(tale)}
    assert facts["as_many"] == round(exp(floor.nats) / 1e6) > 1
    assert -log(1 / 2) == pytest.approx(0.69, abs=0.005)
    apart = [story.index("last") - story.index("named") for story in told]
    assert facts["back"] == round(np.mean(apart))


# --- how far back -------------------------------------------------------------------
def test_the_loss_falls_turns_and_rises(names, facts):
    ngrams = names["ngrams"]
    for losses, turn in (
        (ngrams.little, facts["turn"]),
        (ngrams.library, facts["turn_later"]),
    ):
        steps = np.diff(losses)
        assert len(losses) == 12 and 1 < turn < 12
        assert (steps[: turn - 1] < 0).all() and (steps[turn - 1 :] > 0).all()
        assert min(losses) > ngrams.floor == facts["floor"]
    assert facts["turn"] < facts["turn_later"]
    best = min(ngrams.library) / ngrams.floor
    assert facts["best_gap"] == round(100 * (best - 1))
    assert facts["unigram"] == ngrams.library[0] > 1.6  # "outside the picture"


def test_the_bars_are_the_surprises_of_the_story_at_the_head(names, facts):
    story, x = names["story"], names["x"]
    bars = names["surprises"](x)
    assert story == PROMPT + measured.written(names["model"], names["tokenizer"])
    assert x == names["words"](story + world.END)
    told = ""
    for word, bar in zip(x, bars, strict=True):
        assert bar == -log(world.next_word(told)[word])
        told += f" {word}"
    assert facts["n_bars"] == len(x)
    assert facts["n_certain"] == bars.count(0) > len(x) / 2
    assert x[bars.index(max(bars))] == "fox" and facts["animal"] == max(bars)
    assert max(bars) < 2.7  # where the picture ends
    shown = next(s for s in map(html_of, run("index").shown) if "two rows" in s)
    mean = sum(bars) / len(bars)
    assert "the animal, “fox”, and the name, “Ada”; most words have none" in shown
    assert f"marks the mean, {mean:.2f}." in shown


def test_what_training_took_is_on_the_card(facts):
    with open(SMALL / "card.json", encoding="utf-8") as file:
        card = json.load(file)
    assert facts["gap"] == 100 * card["loss over floor"]
    over = card["loss"] / card["floor"] - 1
    assert card["loss over floor"] == pytest.approx(over, abs=1e-5)
    assert facts["n_read"] == "80,000" and "80000 stories" in card["data"]
    assert facts["minutes"] == round(card["seconds"] / 60)


def test_an_ngram_model_is_scored_by_its_counts(names):
    """By hand: after "a a b", with one word of memory and a fallback."""
    losses = measured.ngram_losses(names["count"], list("aab"), list("ab"), 2)
    alone = [(2 + 1 / 2) / 4, (1 + 1 / 2) / 4]  # counts 2 and 1 of 3; 1/2 unseen
    after_a = (1 + alone[1]) / 3  # a was followed by a once, by b once
    assert losses[0] == pytest.approx(-np.log(alone).mean())
    assert losses[1] == pytest.approx(-np.log([alone[0], after_a]).mean())


# --- sizes --------------------------------------------------------------------------
def test_twelve_models_lie_on_one_line(names, facts):
    parameters = measured.parameters(names["n_params"])
    assert [len(models) for models in parameters.values()] == [8, 4]
    for by_formula, published in chain(*parameters.values()):
        assert by_formula == pytest.approx(published, rel=0.05)
    # one GPT-3 "says 6.7"
    assert facts["gpt3_7"] == names["n_params"](32, 4096, 2048) / 1e9
    assert facts["gpt3_7"] == pytest.approx(6.7, abs=0.1)
    assert facts["n_parameters"] == f"{names['model'].config.n_parameters:,}"
