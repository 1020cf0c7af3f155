"""The chapter Train: what its prose says is what its cells find, and the records hold."""

import json
import re
from dataclasses import replace
from itertools import islice, pairwise
from math import exp, log

import pytest
import torch

from bench.chapter import BOOK, CELL, OPTIONS
from book import record_train as record
from book import recording
from book.facts import train as measured
from gpt import band, train, world
from gpt.model import small
from gpt.presets import PRESETS
from tests.need import need

CHAPTER = "train"
PAGE = (BOOK / "train.md").read_text("utf-8")
RECORDED = json.loads(record.FILE.read_text("utf-8"))


# --- the cells ------------------------------------------------------------------------
def test_what_stands_below_a_token_is_the_next(names, tokenizer):
    ids, targets = names["ids"], names["targets"]
    read, asked = measured.shifted(tokenizer, ids, targets)
    assert read[0] == "END" and read[1:] == asked[:-1]
    assert torch.equal(ids[0, 1:10], targets[0, :9])


def test_noise_pays_the_logarithm_of_the_vocabulary(facts, names):
    assert names["first_loss"] == pytest.approx(log(588), abs=0.1)
    assert facts["blind"] == f"{log(588):.3f}"
    floor = world.entropy(names["tokenizer"]).nats_per_token
    assert float(facts["floor_perplexity"]) == pytest.approx(exp(floor), abs=0.01)


def test_the_table_is_better_than_blind_and_worse_than_the_floor(names, facts):
    floor = float(facts["floor"])
    assert 1.5 * floor < names["counted"] < 0.5 * log(588)
    torch.testing.assert_close(names["p"].sum(-1), torch.ones(588))


def test_the_weight_that_is_followed_by_hand(names):
    """Against torch, and every number that the text writes."""
    assert float(names["w"].grad) == pytest.approx(-0.538, abs=5e-4)
    p = 1 / (1 + exp(-1))
    assert f"p = {p:.3f}" in PAGE and f"L = {-log(p):.3f}" in PAGE
    assert f"{-1 / p:.3f}" in PAGE and f"{p * (1 - p):.4f}" in PAGE
    assert f"{(p - 1) * 2:.3f}" in PAGE


def test_a_nudge_changes_the_loss_as_the_gradient_says(facts):
    slope, gradient = (
        float(facts[name].replace("\N{MINUS SIGN}", "-"))
        for name in ("nudge_slope", "nudge_gradient")
    )
    assert gradient and slope == pytest.approx(gradient, rel=0.01, abs=1e-6)


def test_the_readers_run_is_inside_the_band(page, facts, names):
    verdict = band.judge(names["losses"], band.of("quick"), names["floor"])
    assert verdict.startswith("inside the band at step 400")
    assert verdict[:30] in page.printed
    assert sum(names["losses"][-25:]) / 25 < names["counted"]
    assert 0 < float(facts["quick_over"].rstrip("\N{NO-BREAK SPACE}%")) < 40
    assert int(facts["quick_below"]) < 200
    assert 0.5 < float(facts["band_low"]) < float(facts["band_high"]) < 0.8


def test_a_run_that_may_look_ahead_is_told_so(page, names):
    assert "below the floor at step 50" in page.printed
    assert names["copied"][-1] < 0.5 * names["floor"]


def test_every_number_that_the_prose_glues_is_found(facts):
    glued = set(re.findall(r"\{glue:text\}`(\w+)`", PAGE))
    assert len(glued) > 30 and glued == set(facts), glued ^ set(facts)


def test_the_lines_of_shown_code_fit_the_column():
    for cell in CELL.finditer(PAGE):
        options = OPTIONS.match(cell[2])
        if "remove" not in options[0]:
            assert max(map(len, cell[2][options.end() :].splitlines())) <= 72


@pytest.fixture(scope="module")
def plays():
    """Shakespeare's characters: (tokenizer, ids to train on, ids to test on)."""
    try:
        return record.shakespeare()
    except (OSError, ValueError) as error:
        need(False, f"tiny Shakespeare, in GPT_DATA: {error}")


def test_it_copies_the_name_more_often_than_the_animal(facts):
    guess, animal, name = (
        int(facts[f"hero_{what}"].split("\N{NO-BREAK SPACE}")[0])
        for what in ("guess", "animal", "name")
    )
    assert guess == 8 and animal < 2 * guess and 2 * animal < name
    share = int(facts["hero_share"].split("\N{NO-BREAK SPACE}")[0])
    assert 30 < share < 80


def test_the_hero_of_one_who_copies_costs_nothing():
    model, tokenizer = small()
    told = measured.hero(model, tokenizer)
    assert told["hero_name"] == told["hero_animal"] == "100\N{NO-BREAK SPACE}%"
    assert int(told["hero_share"].split("\N{NO-BREAK SPACE}")[0]) < 10  # of very little


def test_the_warm_up_is_a_tenth_of_a_short_run(facts):
    def way_up(steps):
        rates = [train.learning_rate(step, steps) for step in range(steps)]
        return rates.index(max(rates)) + 1

    whole = int(facts["warm_up_whole"].replace(",", ""))
    assert way_up(whole) == way_up(5 * whole) == int(facts["warm_up"])
    assert way_up(whole - 10) < int(facts["warm_up"])
    assert way_up(int(facts["warm_up_of"])) == int(facts["warm_up_quick"])


# --- the records ------------------------------------------------------------------------
def test_the_file_is_what_the_recorder_writes():
    assert recording.lines(RECORDED) == record.FILE.read_text("utf-8")
    assert list(RECORDED) == list(record.PARTS)


def test_a_part_is_kept_beside_the_others_with_what_made_it(tmp_path, monkeypatch):
    monkeypatch.setattr(record, "FILE", tmp_path / "train.json")
    monkeypatch.setattr(record, "PARTS", {"one": lambda: {"loss": 1}, "two": dict})
    record.main(["two"])
    record.main(["one"])
    kept = recording.read(record.FILE)
    assert list(kept) == ["one", "two"] and kept["one"]["loss"] == 1
    assert kept["one"]["made by"] == "python book/record_train.py one"
    assert {"date", "machine", "torch", "seed"} <= kept["two"].keys()


def test_the_rates_of_the_ladder_are_those_of_the_page(plays, monkeypatch):
    peaks = []

    def fit(model, fed, steps, peak):
        peaks.append(peak)
        return [0.0]

    monkeypatch.setattr(record.train, "fit", fit)
    monkeypatch.setattr(record, "SEEDS", (0,))
    monkeypatch.setattr(record, "tested", lambda *_: 0.0)
    record.ladder(steps=1)
    table, others = measured.LADDER_RATES
    assert peaks == [table] + [others] * len(record.RUNGS)


@pytest.mark.parametrize("name", ["bigram", *record.RUNGS])
def test_a_rung_begins_as_it_is_recorded(name, plays):
    letters, read, _ = plays
    model, n_ctx = record.rung(name, letters.n_vocab)
    kept = RECORDED["ladder"]["rungs"][name]
    assert kept["parameters"] == sum(w.numel() for w in model.parameters())
    pair = next(train.windows(read, n_ctx, record.LADDER_BATCH, record.SEED))
    assert model.loss(*pair).item() == pytest.approx(kept["first"], abs=1e-3)


def test_what_is_recorded_is_what_the_presets_do(plays):
    letters, read, _ = plays
    preset, kept = PRESETS["shakespeare"], RECORDED["characters"]
    assert len(kept["losses"]) == preset.steps and kept["n_vocab"] == letters.n_vocab
    model = train.start(preset.config(letters.n_vocab), record.SEED, preset.spread)
    fed = train.windows(read, preset.n_ctx, preset.batch, record.SEED)
    optimizer = train.muon(model, beta2=preset.beta2)
    how = {"peak": preset.peak, "warm_up": preset.warm_up, "optimizer": optimizer}
    losses = [*islice(train.fit(model, fed, preset.steps, **how), 3)]
    assert losses == pytest.approx(kept["losses"][:3], abs=1e-3)


def test_the_bands_are_those_of_the_presets():
    losses = record.small_losses("quick", 0, 50)
    known = band.of("quick")
    for (step, mean), (at, low, high) in zip(band.means(losses), known):
        assert step == at and low - 1e-3 <= mean <= high + 1e-3
    assert [step for step, _, _ in known] == [*range(25, 401, 25)]
    card = json.loads((record.SMALL / "card.json").read_text())
    shipped = card["losses"][: band.of("small")[-1][0]]
    assert band.judge(shipped, band.of("small")).startswith("inside")
    assert band.of("quick", PRESETS["small"]) is None


# --- what the prose says of them --------------------------------------------------------
def test_the_ladder_goes_down_from_the_mlp_on(facts):
    rungs = [float(facts[f"rung_{i}"]) for i in range(7)]
    assert rungs[2:] == sorted(rungs[2:], reverse=True)
    assert min(rungs[1:3]) >= rungs[0]  # attention alone is no better than the table
    steps = [a - b for a, b in pairwise(rungs[2:6])]
    assert max(steps) == steps[2]  # the norm is the largest step
    losses = [one["validation"] for one in RECORDED["ladder"]["rungs"].values()]
    for higher, lower in pairwise(losses[2:]):  # with every seed
        assert len(higher) == 3 and max(lower) < min(higher)


def test_the_model_that_reads_little_learns_it_by_heart(facts):
    best, last, at = (facts[f"cure_0_{what}"] for what in ("best", "last", "at"))
    assert float(facts["cure_0_train"]) < 1 < float(best) + 1 < float(last)
    assert 0 < float(facts["char_blind"]) - float(last) < 0.1  # as blind bets
    assert int(at) < RECORDED["overfit"]["steps"]
    lowest = [float(facts[f"cure_{i}_best"]) for i in range(5)]
    ends = [float(facts[f"cure_{i}_last"]) for i in range(5)]
    assert min(lowest) == lowest[4] and sorted(lowest)[1] - lowest[4] > 0.1
    assert max(abs(one - lowest[0]) for one in lowest[1:4]) < 0.05
    assert all(end < ends[0] - 0.5 for end in ends[1:])


def test_tokens_of_bpe_are_better_a_character(facts):
    assert float(facts["bpe_loss"]) > float(facts["char_loss"])
    assert float(facts["bpe_per_character"]) < float(facts["char_loss"])
    assert RECORDED["bpe"]["steps"] == PRESETS["shakespeare"].steps


def test_the_smallest_model_gains_more_from_steps(facts):
    small, longest, large = (
        float(facts[f"scale_{of}"]) for of in ("small", "0", "large")
    )
    assert longest < large < small


def test_more_of_everything_is_better():
    sizes = [size["runs"] for size in RECORDED["scaling"]["sizes"].values()]
    for runs in sizes:
        losses = [loss for _, loss in runs]
        assert losses == sorted(losses, reverse=True)
    for column in zip(*sizes):
        losses = [loss for _, loss in column]
        assert losses == sorted(losses, reverse=True)


def test_what_was_learned_before_helps_and_is_forgotten(facts):
    assert float(facts["tuned"]) < float(facts["untuned"]) - 0.1
    assert float(facts["forgot_after"]) > float(facts["forgot_before"]) + 0.1


def test_the_changes_lead_from_the_one_recipe_to_the_other():
    ways = record.sped_up()
    assert list(ways) == list(RECORDED["faster"]["runs"]) == list(measured.CHANGES)
    steps = {"steps": PRESETS["shakespeare"].steps}
    assert replace(ways["higher peak"], **steps) == PRESETS["shakespeare"]


def test_what_makes_it_faster():
    changes, _ = measured.faster()
    recipe, three, zero, peak, wide, muon, higher = changes
    assert recipe.loss < three.loss < recipe.loss + 0.05 and three.time < 0.85
    assert abs(zero.loss - three.loss) < 0.01
    falls = zero, peak, wide, muon, higher
    assert all(b.loss < a.loss - max(a.spread, b.spread) for a, b in pairwise(falls))


def test_the_race_and_what_ten_minutes_bring(facts):
    looks = RECORDED["race"]["shakespeare"]["looks"]
    first = next(int(n) for n, (loss, _) in looks.items() if loss <= 1.88)
    assert first == int(facts["race_steps"]) and int(facts["race_ratio"][:2]) < 50
    near = RECORDED["near_the_floor"]
    card = json.loads((record.SMALL / "card.json").read_text("utf-8"))
    assert card["held out"].endswith(f"the first {near['stories']}")  # the same stories
    ours = card["loss"] / near["what their author pays"] - 1
    assert facts["whole_over_author"] == f"{100 * ours:.2f}\N{NO-BREAK SPACE}%"
    assert 1 < near["loss"] / near["what their author pays"] < 1.002
    assert near["seconds"] < 600


def test_the_rates(facts):
    best = float(facts["rate_best_loss"])
    assert best < float(facts["rate_low_loss"]) and best < float(
        facts["rate_high_loss"]
    )
    assert float(facts["rate_cosine"]) < float(facts["rate_constant"])
    assert float(facts["rate_sgd"]) > best
