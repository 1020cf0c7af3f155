"""The chapter MLP: what its prose says is what its cells find.

The page's cells are run once; `facts` holds every number that the prose glues, and
`names` what there is after the last cell: the reader's, and what `facts.mlp` measured.
"""

import re
from math import prod
from pathlib import Path

import pytest
import torch

import gpt.mlp
from bench.chapter import BOOK
from book.facts import mlp as measured
from gpt import world

CHAPTER = "mlp"

PAGE = (BOOK / "mlp.md").read_text("utf-8")


def test_every_number_that_the_prose_glues_is_found(facts):
    in_text = set(re.findall(r"\{glue:text\}`(\w+)`", PAGE))
    in_text |= set(re.findall(r"```\{glue(?::figure)?\} (\w+)", PAGE))
    assert len(in_text) > 60 and in_text <= set(facts)
    own = Path(__file__).read_text("utf-8")
    assert not [name for name in set(facts) - in_text if f'facts["{name}"]' not in own]


def test_cells_that_show_true_do(page):
    shown = [value for value in page.shown if isinstance(value, bool)]
    assert shown == [True, True, True]  # alone, one matrix, the sum of the parts


# --- the pencil -------------------------------------------------------------------
def test_the_printed_questions_are_the_matrix(names):
    """The table of the page, row by row, as the columns of W_in and b_in."""
    rows = re.findall(r"h_\d = \\max\(0,\\; (.*?)\)\$", PAGE)
    assert len(rows) == 3
    for unit, row in enumerate(rows):
        row = row.replace(" ", "").replace("x_1", "*x1").replace("x_2", "*x2")
        row = re.sub(r"(^|[+-])\*", r"\g<1>1*", row)
        for x1, x2 in ((1, 1), (-1, 1), (1, 0), (0.5, 3)):
            found = (
                torch.tensor([x1, x2], dtype=torch.float32) @ names["W_in"]
                + names["b_in"]
            )
            assert float(found[unit]) == eval(row, {"x1": x1, "x2": x2})


def test_the_norm_by_hand(facts):
    assert facts["norm_mean"] == "6" and facts["norm_variance"] == "9"
    assert facts["norm_centred"] == "(−3, −1, −1, 5)" and facts["norm_root"] == "3"
    assert facts["norm_result"] == "(−1.00, −0.33, −0.33, 1.67)"
    ones, zeros = torch.ones(4), torch.zeros(4)
    for x in ([30.0, 50, 50, 110], [103.0, 105, 105, 111]):
        found = gpt.mlp.layer_norm(torch.tensor(x), ones, zeros)
        want = torch.tensor([-1, -1 / 3, -1 / 3, 5 / 3])
        torch.testing.assert_close(found, want, atol=1e-5, rtol=0)


def test_dropout_keeps_the_mean_and_what_u_says(names):
    dropout = names["dropout"]
    x, u = torch.tensor([1.0, 2, 3]), torch.tensor([0.5, 0.49, 0.51])
    assert dropout(x, u, 0.5).tolist() == [2, 0, 6]  # u = p is kept
    assert dropout(x, u, 0.0).tolist() == [1, 2, 3]
    dice = torch.Generator().manual_seed(0)
    kept = dropout(torch.ones(100_000), torch.rand(100_000, generator=dice), 0.1)
    assert abs(float(kept.mean()) - 1) < 0.01


# --- the MLP in the model ---------------------------------------------------------
def test_the_story_is_the_course_s_own(names):
    story = names["story"]
    assert "".join(story.pieces[1:]) == world.PROMPT + (
        " Ada worked with a machine learning model. When the moon came up, the model "
        "guessed the next word, and she began to jump for joy. At last Ada the fox ran "
        "home. Good night, little fox."
    )
    _, pieces, day, last = story
    assert "".join(pieces[day - 1 : day + 1]) == " One day"
    assert "".join(pieces[last - 1 : last + 1]) == " At last"


def test_the_four_stories_are_the_world_s(names):
    """Each may be told so far, and the truth of what follows is one word or thirds."""
    for kind, ids in names["four"].ids.items():
        told = names["tokenizer"].decode(ids[0, 1:].tolist())
        truth = world.next_word(told)
        act = dict(zip(names["four"].ids, names["four"].acts)).get(kind)
        assert truth == (
            {act: 1.0} if act else pytest.approx(dict.fromkeys(truth, 1 / 3))
        )
        assert set(truth) <= set(names["four"].acts)


def test_the_animation_is_as_large_as_the_page_says(facts, names):
    assert facts["n_stream"] == "96" and facts["n_hidden"] == "384"
    assert names["passage"].word == "model"
    # "GELU silences the answers below zero"
    assert names["passage"].kept < 96


def test_the_answers_of_the_animation_are_the_mlp_s(names):
    passage = names["passage"]
    bent = gpt.mlp.gelu(passage.answers)
    torch.testing.assert_close(bent, passage.hidden, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(passage.before + passage.note, passage.after)


def test_the_lens_of_the_page_is_the_one_that_is_measured_with(names):
    x = names["model"].trace(names["story"].ids)["1.middle"]
    torch.testing.assert_close(names["lens"](x), measured.lens(names["model"], x))


def test_the_units_light_up_where_the_page_says(facts, names):
    units, heard = names["units"].read, names["heard"]
    lit = {key: (len(unit.lit), unit.right) for key, unit in units.items()}
    n = len(heard.stories)
    # one word; the three that are alike
    assert lit[0, 160] == lit[0, 217] == (n, n)
    assert units[0, 160].tokens == {" lived": n}
    assert set(units[0, 217].tokens) == {" day", " morning", " evening"}
    # "and speaks for what follows them"
    assert {"she", "he"} == set(units[0, 217].notes[:2])
    # "each time at the *model* of a machine learning story": all of them
    told = sum(
        at.kind == "machine learning" and at.follows in measured.ACTS
        for at in heard.places
    )
    assert lit[1, 370] == (told, told) and told >= 10
    assert set(units[1, 370].tokens) == {" model"}
    # "each for three names at once"
    for unit in ((1, 346), (1, 157)):
        assert lit[unit][1] > 0.8 * lit[unit][0]
        assert len(names["units"].names[unit[1]]) == 3
        assert {" day", ",", " last"} <= set(units[unit].tokens)
    # "once in each, just before we are told which animal the hero is"
    assert lit[2, 47] == (n, n)
    assert set(units[2, 47].notes) <= {animal.strip() for animal in measured.ANIMALS}
    # "53 words with nothing in common except that a full stop follows": all and only
    assert lit[2, 188][0] == lit[2, 188][1] == int(facts["stop_all"].replace(",", ""))
    assert int(facts["stop_words"]) > 40
    # "we do not know why": many words, of which none has a fifth
    riddle = units[0, 183]
    assert max(riddle.tokens.values()) < len(riddle.lit) / 5
    assert int(facts["riddle_words"]) == len(riddle.tokens) > 30
    # "of the units in each layer, only … keep to one word"
    assert all(0 < int(facts[f"one_word_{layer}"]) < 50 for layer in range(3))


# --- the stream -------------------------------------------------------------------
def test_what_the_parts_write(facts, names):
    parts, end = names["lengths"].parts, names["lengths"].end
    for n in range(3):
        assert parts[f"{n}.mlp"] > 4 * parts[f"{n}.attend"]
    # "The stream grows"
    assert end > 20 * parts["embed"]
    # "writes little at half of the tokens and much at one in twenty"
    assert float(facts["attend_most"]) > 5 * float(facts["attend_median"])
    assert float(facts["last_length"]) > float(facts["attend_most"])


def test_the_bets_form_as_the_page_tells(names):
    day, last = (look.bets for look in names["forming"][:2])
    # 1. day; she or he; the name arrives and he is gone; the truth
    assert max(day["embed"], key=day["embed"].get) == "day"
    assert sum(day["embed"][k] for k in ("day", "morning", "evening")) > 0.95
    assert day["0.stream"]["she"] + day["0.stream"]["he"] > 0.95
    assert day["0.stream"]["Ada"] < 0.01
    assert day["1.middle"]["Ada"] > 0.1
    assert day["1.middle"]["he"] < 0.05
    truth = world.next_word(world.PROMPT)
    assert all(abs(day["2.stream"][k] - p) < 0.02 for k, p in truth.items())
    # 2. the name comes with attention
    assert last["0.stream"]["Ada"] < 0.005 and last["1.middle"]["Ada"] > 0.6
    assert last["1.stream"]["Ada"] > 0.99


# --- norms, stream and depth ------------------------------------------------------
def test_pre_is_the_course_s_own_block(names):
    functions = [lambda x, k=k: torch.sin(k * x) for k in (1, 2, 3, 4)]
    x = torch.linspace(-2, 2, 7)
    want = gpt.mlp.block(x, *functions)
    torch.testing.assert_close(names["pre"](x, *functions), want)
    assert not torch.allclose(names["post"](x, *functions), want)


# --- counting ---------------------------------------------------------------------
def test_the_sizes_are_the_published_ones(names):
    millions = {
        "GPT-2": 124,
        "GPT-2 medium": 355,
        "GPT-2 large": 774,
        "GPT-2 XL": 1558,
    }
    for size, published in millions.items():
        assert round(names["SIZES"][size].n_parameters / 1e6) == published
    assert round(names["SIZES"]["GPT-3"].n_parameters / 1e9) == 175
    assert names["SIZES"]["ours"] == names["model"].config


def test_the_mlp_has_twice_what_attention_has(names):
    shares = names["shares"].shares
    for found in shares.values():
        assert abs(found["MLP"] / found["attention"] - 2) < 0.02
        assert abs(sum(found.values()) - 1) < 1e-9
    assert shares["GPT-3"]["embeddings"] < 0.005


def test_the_work_is_what_the_tensors_say(names):
    """Multiply-adds counted again, from the shapes of the weights that multiply."""
    for config in names["SIZES"].values():
        t = config.n_ctx
        multiplies = sum(prod(s) for s in config.shapes().values() if len(s) == 2)
        multiplies -= config.n_ctx * config.d_model  # positions are only added
        for _ in range(config.n_layer):  # scores, and sums of values
            multiplies += 2 * config.n_head * t * (config.d_model // config.n_head)
        products, others = names["work"](config, t)
        assert products == 2 * multiplies
        assert others < 0.03 * products
    # "about one multiply-add for each parameter"
    assert all(1 <= c.per_parameter < 1.2 for c in names["of_a_token"].costs.values())


# --- predictions ------------------------------------------------------------------
def test_the_predictions(facts, names):
    assert facts["swap_same"] == "exactly so"
    # ReLU: "only a little worse", and the same story
    assert 0 < float(facts["loss_relu"]) - float(facts["loss_gelu"]) < 0.03
    assert facts["relu_same"] == "1"
    assert names["story"].pieces[-1] == "." and facts["relu_story"].endswith(
        "little fox."
    )
    # ten times: nothing at the end, much at the beginning
    assert facts["loss_last_loud"] == facts["loss_gelu"]
    assert float(facts["loss_loud"]) > 3
    # layers 1 and 2 in each other's place: worse, far from blind
    assert 0.5 < float(facts["loss_swapped"]) < 2
