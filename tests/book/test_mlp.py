"""The chapter MLP: what its prose says is what its cells find.

The page's cells are run once; `facts` holds every number that the prose glues, and
`names` what there is after the last cell: the reader's, and what `facts.mlp` measured.
"""

import re
from math import log, prod
from pathlib import Path

import pytest
import torch

import gpt.mlp
from bench.chapter import BOOK
from book.facts import mlp as measured
from gpt import world
from gpt.model import GPT
from tests.book.page import run

PAGE = (BOOK / "mlp.md").read_text("utf-8")


@pytest.fixture(scope="module")
def page():
    threads = torch.get_num_threads()
    found = run("mlp")
    torch.set_num_threads(threads)
    return found


@pytest.fixture(scope="module")
def names(page):
    return page.names


@pytest.fixture(scope="module")
def facts(page):
    return page.facts


def test_every_number_that_the_prose_glues_is_found(facts):
    in_text = set(re.findall(r"\{glue:text\}`(\w+)`", PAGE))
    in_text |= set(re.findall(r"```\{glue\} (\w+)", PAGE))
    assert len(in_text) > 60 and in_text <= set(facts)
    own = Path(__file__).read_text("utf-8")
    assert not [name for name in set(facts) - in_text if f'facts["{name}"]' not in own]


def test_cells_that_show_true_do(page):
    shown = [value for value in page.shown if isinstance(value, bool)]
    assert shown == [True, True, True]  # alone, one matrix, the sum of the parts


# --- the pencil -------------------------------------------------------------------
def test_the_pencil_bets_on_wore_only_at_a_model_and_of_fashion(page, names):
    x, h = torch.tensor([[1.0, 1], [-1, 1], [1, 0], [-1, 0]]), names["W_in"]
    bets = torch.relu(x @ h + names["b_in"]) @ names["W_out"]
    assert bets.tolist() == [[2, 0], [0, 2], [-1, -1], [-1, -1]]
    # the cell shows it, and the filled table is of the same vectors
    shown = [value for value in page.shown if isinstance(value, torch.Tensor)]
    assert any(torch.equal(value, bets) for value in shown)
    assert torch.equal(names["pencil"].corners, x)
    assert torch.equal(names["pencil"].out, bets)


def test_without_the_bend_a_model_adds_the_same_for_both_kinds(facts):
    assert facts["step_fashion"] == facts["step_machine"] == "3"
    assert (facts["bent_fashion"], facts["bent_machine"]) == ("3", "1")


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


def test_the_tanh_is_as_near_as_the_page_says(facts):
    x = torch.linspace(-8, 8, 50_001, dtype=torch.float64)
    error = float((gpt.mlp.gelu(x) - torch.nn.functional.gelu(x)).abs().max())
    assert error < float(facts["tanh_error"]) < 0.001


# --- the MLP in the model ---------------------------------------------------------
def test_the_first_mlp_turns_day_into_what_follows(facts):
    assert facts["first_before"] == "day"
    assert (facts["first_after"], facts["second_after"]) == ("she", "he")
    assert facts["n_stream"] == "96" and facts["n_hidden"] == "384"
    assert int(facts["n_kept"]) < 20  # "GELU silences the answers below zero"


def test_the_answers_of_the_animation_are_the_mlp_s(names):
    passage = names["passage"]
    bent = gpt.mlp.gelu(passage.answers)
    torch.testing.assert_close(bent, passage.hidden, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(passage.before + passage.note, passage.after)


def test_the_lens_of_the_page_is_the_one_that_is_measured_with(names):
    x = names["model"].trace(names["story"].ids)["1.middle"]
    torch.testing.assert_close(names["lens"](x), measured.lens(names["model"], x))


def test_the_story_is_the_course_s_own(names):
    story = names["story"]
    assert "".join(story.pieces[1:]) == world.PROMPT + (
        " Ada worked with a machine learning model. When the moon came up, the model "
        "guessed the next word, and she began to skip for joy. At last Ada the fox ran "
        "home."
    )
    _, pieces, day, model, last = story
    assert "".join(pieces[day - 1 : day + 1]) == " One day"
    assert "".join(pieces[model - 1 : model + 2]) == " the model guessed"
    assert "".join(pieces[last - 1 : last + 1]) == " At last"


def test_the_units_light_up_where_the_page_says(facts, names):
    units, heard = names["units"].read, names["heard"]
    lit = {key: (len(unit.lit), unit.right) for key, unit in units.items()}
    n = len(heard.stories)
    # one word; the three that are alike
    assert lit[0, 357] == lit[0, 263] == (n, n)
    assert units[0, 357].tokens == {" last": n}
    assert set(units[0, 263].tokens) == {" day", " morning", " evening"}
    # "and speaks for what follows them"
    assert {"she", "he"} <= set(units[0, 263].notes)
    # "nearly always the hero is a she"
    assert float(facts["she_share"].strip("%")) >= 90
    assert {" day", ",", " last"} <= set(units[1, 132].tokens)
    # "one kind of the …, those with water after them": all and only
    water = [place.follows in measured.WATERS for place in heard.places]
    assert lit[1, 269] == (sum(water), sum(water))
    assert set(units[1, 269].tokens) == {" the"}
    # "once in each, just before the hero plants, works, meets or loses something"
    assert lit[2, 71] == (n, n)
    assert {" " + verb for verb in units[2, 71].notes} == measured.EVENTS
    # "many words with nothing in common, except that a full stop follows"
    assert lit[2, 218][0] == lit[2, 218][1] > 1000 and int(facts["stop_words"]) > 40
    # "we cannot read": many words, of which none has a fifth
    riddle = units[1, 104]
    assert max(riddle.tokens.values()) < len(riddle.lit) / 5
    assert len(riddle.tokens) > 40
    # "of the units in each layer, only … keep to one word"
    assert all(int(facts[f"one_word_{layer}"]) < 40 for layer in range(3))


def test_unit_71_is_not_missed(names):
    whole, struck = names["loss"](names["model"]), names["loss"](names["struck"])
    assert abs(whole - struck) < 0.0005


def test_unit_71_had_something_to_say(names):
    """So the loss is not unmoved for want of a note."""
    row = names["w"]["h.2.mlp.c_proj.weight"][71]
    assert float(row.norm()) > 0.1 and not names["mute"][71].any()


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


def test_the_bets_form_as_the_page_tells(facts, names):
    day, model, last = (look.bets for look in names["forming"][:3])
    # 1. day; she or he; the name arrives and he is gone; the truth
    assert max(day["embed"], key=day["embed"].get) == "day"
    assert day["0.stream"]["she"] + day["0.stream"]["he"] > 0.95
    assert day["0.stream"]["Ada"] < 0.01
    assert day["1.middle"]["Ada"] > 0.1
    assert day["1.middle"]["he"] < 0.05
    truth = world.next_word(world.PROMPT)
    assert all(abs(day["2.stream"][k] - p) < 0.02 for k, p in truth.items())
    # 2. wore, then taken away, then guessed
    assert model["0.stream"]["wore"] > 0.7
    assert model["1.middle"]["wore"] < 0.1
    guessed = [model[f"{n}.stream"]["guessed"] for n in range(3)]
    assert guessed == sorted(guessed) and guessed[-1] > 0.99
    assert float(facts["fashion_attend"]) > 0.3 and float(facts["fashion_mlp"]) > 0.95
    # 3. the name comes with attention
    assert last["0.stream"]["Ada"] < 0.005 and last["1.middle"]["Ada"] > 0.7


def test_the_first_mlp_knows_how_animals_move(names):
    first, then = map(torch.tensor, (names["moves"].before, names["moves"].after))
    assert first.max() < 0.005
    right = torch.arange(12) // 4
    assert (then.argmax(1) == right).all()
    assert float(then[torch.arange(12), right].min()) > 0.7


# --- norms, stream and depth ------------------------------------------------------
def test_only_pre_norm_learns_without_precaution(names):
    ends, blind = names["deep"].ends, names["deep"].blind
    assert ends["pre-norm"] < blind - 0.5
    assert abs(ends["post-norm"] - blind) < 0.2
    assert abs(ends["no stream"] - blind) < 0.2


def test_the_pull_falls_with_depth_only_with_pre_norm(names):
    pulls = names["deep"].pulls
    assert pulls["pre-norm"] == sorted(pulls["pre-norm"], reverse=True)
    assert pulls["pre-norm"][0] > 2.5 * pulls["pre-norm"][-1]
    for block in ("post-norm", "no stream"):
        assert pulls[block][-1] > pulls[block][0]


def test_pre_is_the_course_s_own_block(names):
    functions = [lambda x, k=k: torch.sin(k * x) for k in (1, 2, 3, 4)]
    x = torch.linspace(-2, 2, 7)
    want = gpt.mlp.block(x, *functions)
    torch.testing.assert_close(names["pre"](x, *functions), want)
    assert not torch.allclose(names["post"](x, *functions), want)


def test_what_each_thing_is_worth(facts, names):
    worth = names["worth"].losses
    assert worth["nothing is missing"] == min(worth.values())
    # "worse than blind"
    assert worth["without the MLPs"] > log(names["model"].config.n_vocab)
    # "a bigram model ... is better", and the whole is better still
    bigram = float(facts["bigram"])
    assert worth["nothing is missing"] < bigram < worth["without attention"]
    # "most go on saying what they are"
    assert float(facts["own_share"].strip("%")) > 60


def test_the_bend_silences_most_answers(names):
    """ "most of the answers silenced by the bend" (Why is the hidden layer wider …?)"""
    model = names["model"]
    story = measured.story(model, names["tokenizer"])
    layers = [f"{n}.hidden" for n in range(model.config.n_layer)]
    for hidden in model.trace(story.ids, *layers).values():
        assert (hidden < 0.1).float().mean() > 0.5


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
    # ReLU: hardly worse, and the same story
    assert 0 < float(facts["loss_relu"]) - float(facts["loss_gelu"]) < 0.02
    assert facts["relu_same"] == "1"
    assert names["story"].pieces[-1] == "." and facts["relu_story"].endswith(
        "ran home."
    )
    # ten times: nothing at the end, much at the beginning
    assert facts["loss_last_loud"] == facts["loss_gelu"]
    assert float(facts["loss_loud"]) > 3
    # layers 1 and 2 in each other's place: worse, far from blind
    assert 0.5 < float(facts["loss_swapped"]) < 2


def test_a_block_whose_last_matrices_are_zero_adds_nothing(names):
    model = names["model"]
    silent = {
        name: torch.zeros_like(value) if "c_proj" in name else value
        for name, value in model.weights.items()
    }
    flow = GPT(model.config, silent).trace(names["story"].ids)
    torch.testing.assert_close(flow["2.stream"], flow["embed"])
