"""The chapter Cache: what its prose says is what its cells and records find."""

import json
import re
from functools import partial

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import GPT2Config

from book import facts as shared
from book import record_cache as record
from book import recording
from book.facts import cache as measured
from gpt import sample, world
from gpt.cache import Cache, attention
from gpt.model import GPT, Config, small
from gpt.train import course_tokenizer
from tests.book.test_sample import cells, number

CHAPTER = "cache"
MODEL, TOKENIZER = small()
END = TOKENIZER.special_tokens[world.END]
IDS = [END, *TOKENIZER.encode(world.PROMPT)]
RECORDED = json.loads(record.FILE.read_text("utf-8"))


# --- what is computed again -------------------------------------------------------
@pytest.mark.parametrize("n", [3, 64])
def test_the_pencil_s_counts(n):
    said = measured.counts(n)
    readings = [range(1, length + 1) for length in range(1, n + 1)]
    assert said[f"vectors_anew_{n}"] == sum(len(read) for read in readings)
    assert said[f"scores_anew_{n}"] == sum(sum(read) for read in readings)
    assert said[f"scores_kept_{n}"] == sum(readings[-1])
    assert float(said[f"times_{n}"]) == said[f"vectors_anew_{n}"] / n


def test_the_numbers_of_the_pencil_stand_in_the_prose(facts):
    assert (facts["vectors_anew_3"], facts["scores_anew_3"]) == ("6", "10")
    assert (facts["scores_kept_3"], facts["times_3"], facts["times_64"]) == (
        "6",
        "2",
        "32.5",
    )
    assert int(facts["places"]) == MODEL.config.n_ctx


def test_old_vectors_stay_and_without_the_mask_they_move(page, facts):
    assert page.printed.startswith("0 True\n1 True\n2 True\n")
    assert float(facts["moved_causal"]) < 1e-4
    assert float(facts["moved_all"]) > 0.1
    assert int(facts["parts_causal"]) == len(MODEL.trace(torch.tensor([IDS])))


def test_the_pencil_s_row_is_five(page):
    row = next(one for one in page.shown if isinstance(one, torch.Tensor))
    torch.testing.assert_close(row, torch.tensor([[5.0]]))


# --- the loop ---------------------------------------------------------------------
def test_the_loop_on_the_page_writes_what_the_old_one_writes(page, names):
    want = [*sample.generate(MODEL, IDS, 10, temperature=0.8)]
    assert names["written"] == want
    kept = len(IDS) + 10
    assert f"{TOKENIZER.decode(want)} | {kept} tokens kept\n" in page.printed


def test_with_and_without_differ_by_rounding_only(names, facts):
    assert names["told"].shape == (1, 65)
    assert float(facts["difference"]) < 1e-4
    assert number(facts["stale"]) > 5


def test_texts_written_together_are_the_same(page):
    assert page.printed.count("\nTrue Once a") == 3
    assert "False" not in page.printed


# --- what a token costs -----------------------------------------------------------
@pytest.mark.parametrize(("new", "before"), [(1, 0), (1, 20), (9, 5)])
def test_multiplications_are_those_that_torch_counts(new, before):
    cache = Cache(3)
    counted = MODEL.replace(attention=attention)  # torch counts no flash kernel
    with torch.no_grad():
        if before:
            counted(torch.tensor([IDS * 2])[:, :before], cache)
        with FlopCounterMode(display=False) as counter:
            counted(torch.tensor([IDS[:new]]), cache)
    matrices, scores = measured.multiplications(MODEL.config, new, before)
    square = 2 * 3 * MODEL.config.d_model * new * (before + new)
    assert scores == square - 2 * 3 * MODEL.config.d_model * new * (new - 1) // 2
    # torch counts the square, masked or not, and a multiplication with its addition as two
    assert counter.get_total_flops() == 2 * (matrices + square)


def test_the_budget_of_gpt_2(facts):
    assert int(facts["matrices"]) == pytest.approx(124_439_808 / 1e6, abs=1)
    assert int(facts["weight_bytes"]) == round(4 * 124_439_808 / 1e6)
    assert number(facts["cache_share"]) == 15


def test_the_recorded_cost_is_as_the_prose_has_it(facts):
    cost = RECORDED["cost"]
    assert cost["length"] == [*record.LENGTHS]
    for how in ("anew", "kept"):
        assert all(low <= mid <= high for low, mid, high in cost[how])
    anew, kept = ([mid for _, mid, _ in cost[how]] for how in ("anew", "kept"))
    assert anew[-1] > 10 * anew[0]  # it grows with the text
    assert kept[-1] < 2 * kept[0]  # nearly flat
    assert float(facts["cost_times_longest"]) > float(facts["cost_times"]) > 6
    assert float(facts["prompt_rate"]) > 3 * float(facts["kept_rate"])


def test_the_recorder_times_what_it_says():
    found = record.cost(Config(13, 8, 1, 1, 8), lengths=(1, 3, 7), rounds=4)
    assert found["length"] == [1, 3, 7] and found["rounds"] == 4
    for how in ("anew", "kept"):
        assert [len(times) for times in found[how]] == [3, 3, 3]
        assert all(0 < low <= high for low, _, high in found[how])
    assert found.keys() >= RECORDED["cost"].keys()


# --- several at once, and memory --------------------------------------------------
def test_the_picture_of_the_batch():
    rows = measured.padded(TOKENIZER, [IDS, IDS[:3]])
    assert rows[0].places == [*range(len(IDS))]
    assert rows[1].pieces == [None] * (len(IDS) - 3) + ["END", "Once", "a"]
    assert rows[1].places[-3:] == [0, 1, 2]


def test_the_table_of_memory(page):
    rows = {row.model: row for row in measured.memory()}
    gpt2 = GPT2Config()
    assert rows["GPT-2"].layers == gpt2.n_layer
    assert rows["GPT-2"].numbers == 2 * gpt2.n_embd
    assert rows["GPT-2"].context == gpt2.n_positions
    table = next(one for one in page.shown if "GPT-3" in getattr(one, "markup", ""))
    told = [line[-1].replace("\N{NO-BREAK SPACE}", " ") for line in cells(table)]
    # 100,000 tokens: 2 bytes, a key and a value, layers, heads, numbers of a head
    want = [
        2 * 2 * 12 * 12 * 64,
        2 * 2 * 96 * 96 * 128,
        2 * 2 * 32 * 8 * 128,
        2 * 2 * 126 * 8 * 128,
        2 * 60 * (512 + 64),
    ]
    assert [float(size.split()[0]) for size in told] == pytest.approx(
        [each * 1e5 / 1e9 for each in want], rel=0.02
    )
    assert all(size.endswith("GB") for size in told)


def test_ten_billion_scores(facts):
    assert float(facts["scores_long"]) * 1e9 == 100_000**2
    assert float(facts["scores_gb"]) * 1e9 == 2 * 100_000**2
    assert float(facts["scores_gpt3"]) == pytest.approx(96 * 96 * 0.5e10 / 1e12, abs=1)
    assert int(facts["gpt3_heads"].replace(",", "")) == 96 * 96


# --- a window ---------------------------------------------------------------------
def test_a_window_that_holds_all_loses_nothing():
    read = measured.Stories(TOKENIZER)
    whole = MODEL.replace(attention=partial(measured.window, width=64))
    assert read.loss(whole) == pytest.approx(read.loss(MODEL), abs=1e-5)


def test_what_is_copied_is_found():
    read = measured.Stories(TOKENIZER)
    for story, row, last in zip(shared.held_out(60), read.ids, read.last):
        name, animal = re.search(r"At last (\w+) the (\w+)", story).groups()
        said = TOKENIZER.decode(row[last : last + 4].tolist())
        assert said == f" last {name} the {animal}"
    starts = read.last - read.back + 1
    for story, row, start in zip(shared.held_out(60), read.ids, starts):
        assert f" named{TOKENIZER.decode([int(row[start])])} " in story


def test_copying_ends_where_the_window_ends(names, facts):
    found = names["found"]
    at = dict(zip(found.beyond, found.name))
    assert max(p for beyond, p in at.items() if beyond < 0) < 1 / 8
    assert min(p for beyond, p in at.items() if beyond >= 0) > 0.99
    assert number(facts["bet_short"]) < number(facts["bet_chance"]) == 12
    assert found.floor < found.losses[-1] < 1.01 * found.floor
    again, once, most = (
        number(facts[f"bet_{which}"]) for which in ("again", "once", "again_most")
    )
    assert once < number(facts["bet_short"]) < again < most < 50
    many, of = int(facts["named_again"]), int(facts["window_stories"])
    mean = (many * again + (of - many) * once) / of
    assert abs(mean - number(facts["bet_short"])) < 1
    plateau = [x for n, x in zip(found.widths, found.losses) if 20 <= n <= 32]
    assert max(plateau) - min(plateau) < 0.01 and min(plateau) > found.forgetful
    assert 31 <= int(facts["back_least"]) < int(facts["back_most"]) <= 48


def test_what_is_lost_adds_up(names, facts):
    lost = names["lost"].at
    read = measured.Stories(TOKENIZER)
    cut = MODEL.replace(attention=partial(measured.window, width=24))
    more = read.loss(cut) - read.loss(MODEL)
    assert sum(lost.values()) == pytest.approx(more, abs=1e-4)
    assert lost["all other words"] < 0.01 * more
    assert number(facts["favourite_bet"]) > 3 * number(facts["favourite_true"])


def test_the_recorded_windows_are_as_the_prose_has_them(names, facts):
    runs = RECORDED["windows"]["windows"]
    assert [*runs] == [str(width) for width in record.WIDTHS]
    for width, run in runs.items():
        assert number(facts[f"name_{width}"]) == pytest.approx(
            100 * run["the name"], abs=0.51
        )
    assert facts["reach_16"] == "45" and facts["reach_8"] == "21"
    assert runs["16"]["the name"] > 0.99
    assert runs["8"]["the name"] == pytest.approx(1 / 4, abs=0.01)
    assert 0 < number(facts["gap_16"]) < 1
    fair = float(facts["fair"])
    assert fair < float(facts["loss_8"]) < 1.05 * fair
    gap = float(facts["loss_8"]) - fair
    assert float(facts["unfair"]) == pytest.approx(gap, abs=0.0011)
    assert fair < names["found"].forgetful


@pytest.mark.parametrize("width", record.WIDTHS)
def test_the_training_of_a_window_begins_as_recorded(width):
    want = RECORDED["windows"]["windows"][str(width)]["first"]
    assert record.first(width, course_tokenizer()) == pytest.approx(want, rel=1e-3)


def test_the_file_is_what_the_recorder_writes():
    assert recording.lines(RECORDED) == record.FILE.read_text("utf-8")


def test_the_recorded_sizes_are_gpt_2_s_and_the_course_s():
    assert record.GPT2.n_parameters == 124_439_808
    assert record.windowed(8).config == MODEL.config
    assert isinstance(record.windowed(8), GPT)


# --- predictions ------------------------------------------------------------------
def test_the_last_token_given_twice(facts):
    ids = [*IDS, IDS[-1]]
    want = [*sample.generate(MODEL, ids, 8, top_k=1)]
    assert facts["twice"] == f"*One day day{TOKENIZER.decode(want)} …*"
