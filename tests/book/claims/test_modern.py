"""The causal sentences of the chapter Modern, in its order, each with its measurement."""

import json

import pytest
import torch
from torch.testing import assert_close

from book.facts import modern as measured
from gpt import modern
from gpt.modern import Config, Llama
from tests.book.page import claim

CHAPTER = "modern"


@pytest.fixture(scope="module")
def over():
    """{name of a run: what its three seeds pay above the author}"""
    found = {}
    for run in json.loads(measured.RECORDED.read_text("utf-8"))["runs"]:
        found.setdefault(run["name"], []).append(run["over"])
    assert {len(nats) for nats in found.values()} == {3}
    return found


# --- the parts --------------------------------------------------------------------
def test_a_vector_without_a_mean_is_the_same_to_both_norms():
    claim("modern", "A vector of … numbers whose mean is 0 is the same to both norms.")
    x = torch.randn(5, 96)
    x = x - x.mean(-1, keepdim=True)
    norm = torch.nn.functional.layer_norm(x, (96,))
    assert_close(modern.rms_norm(x, torch.ones(96)), norm)


def test_there_is_hardly_any_mean(facts):
    claim(
        "modern", "Why may one leave out the mean? In our model, there is hardly any."
    )
    assert float(facts["mean_share"].split("\xa0")[0]) < 1


def test_the_angle_between_stays():
    claim(
        "modern",
        "If both move on by three places, both turn by three steps more, and the angle "
        "*between* them stays as it was.",
    )
    x = torch.randn(2, 4)
    near, far = (
        [
            modern.rotate(v[None], *modern.turns(torch.tensor([p]), 4))
            for v, p in zip(x, at)
        ]
        for at in ((2, 7), (5, 10))
    )
    assert_close(near[0] @ near[1].T, far[0] @ far[1].T)


def test_the_stream_is_given_no_places():
    claim("modern", "Values are not turned, and nothing is added to the stream.")
    trace = Llama(Config(9, 8, 1, 1, 1, 8, 8, 8)).trace(torch.tensor([[3, 3, 3]]))
    for name in ("embed", "0.v"):
        assert (trace[name] == trace[name][..., :1, :]).all()
    assert not torch.allclose(trace["0.q"][..., 0, :], trace["0.q"][..., 1, :])


def test_a_score_after_the_norm_is_bounded():
    claim(
        "modern",
        "lies between $-\\sqrt d$ and $\\sqrt d$, however long the vectors were",
    )
    q = 1e6 * torch.randn(100, 64)
    one = torch.ones(64)
    q, k = modern.qk_norm(q, q, one, one)
    scores = (q @ k.T / 8).abs()
    assert scores.max() <= 8 + 1e-4 and scores.diagonal().min() > 7.99


def test_only_the_keys_turned_leaves_the_place():
    claim("modern", "On the place of the key alone, wherever the query stands.")
    q, k = torch.randn(2, 1, 8)
    turned = [
        modern.rotate(k, *modern.turns(torch.tensor([p]), 8)) @ q.T for p in (3, 9)
    ]
    assert not torch.allclose(*turned)  # whatever the place of the query


def test_heads_of_a_group_are_in_a_row():
    claim(
        "modern", "Four heads share one, in a row, so head 13 belongs to group 13 // 4"
    )
    k = torch.arange(8.0)[:, None, None]  # a head each
    assert modern.share(k, 32)[13].item() == 3


def test_queries_and_keys_are_normed_before_they_are_turned():
    claim(
        "modern",
        "is a norm on each query and each key by itself, before RoPE turns them.",
    )
    seen = []

    def turn(x, cos, sin):
        seen.append(x.square().mean(-1))  # 1, where a norm has just been
        return modern.rotate(x, cos, sin)

    config = Config(9, 8, 1, 2, 2, 8, 4, 8, qk_norm=True)
    Llama(config).replace(rotate=turn)(torch.tensor([[3, 1, 2]]))
    assert len(seen) == 2
    for squares in seen:
        assert_close(squares, torch.ones_like(squares), rtol=0, atol=0.1)


def test_the_weights_of_the_norm_set_how_large_a_score_may_be():
    claim(
        "modern",
        "So it is they that set how sharp the softmax may get, and no longer the lengths "
        "of the vectors.",
    )
    x = torch.randn(100, 16)
    one = torch.ones(16)

    def largest(x, weight):
        q, k = modern.qk_norm(x, x, weight, weight)
        return (q @ k.T / 4).max()

    assert_close(largest(100 * x, one), largest(x, one), rtol=1e-3, atol=0)
    assert_close(largest(x, 3 * one), 9 * largest(x, one))


def test_any_llama_is_the_same_100_places_on():
    claim(
        "modern",
        "They stay the same, up to rounding, and in any Llama, trained or not.",
    )
    model = Llama(Config(50, 64, 2, 4, 2, 32, 8, 64))
    for weight in model.weights.values():  # as if something had trained it
        weight += 0.3 * torch.randn(weight.shape)
    ids = torch.randint(50, (1, 20))
    later = modern.turns(torch.arange(20) + 100, 8)
    moved = model.replace(rotate=lambda x, cos, sin: modern.rotate(x, *later))
    assert_close(moved(ids), model(ids), rtol=1e-3, atol=1e-3)


# --- what each buys ---------------------------------------------------------------
def test_rope_and_two_tables_buy_something(over):
    claim("modern", "Its worst training ends below the best of the GPT-2s.")
    assert max(over["RoPE"]) < min(over["GPT-2"])
    claim("modern", "**Two tables** do so too")
    assert max(over["untied"]) < min(over["GPT-2"])


def test_three_parts_overlap_with_the_gpt_2s(over):
    claim(
        "modern",
        "**RMSNorm** and **one key for all heads** overlap with the GPT-2s: of each, one "
        "training is better than all of theirs, and two are not.",
    )
    claim("modern", "**QK-norm** does so as well.")
    low, high = min(over["GPT-2"]), max(over["GPT-2"])
    for part in ("RMSNorm", "grouped", "QK-norm"):
        best, *others = sorted(over[part])
        assert best < low < min(others) and max(others) < high, part


def test_qk_norm_does_not_help_a_fast_training(over):
    claim(
        "modern",
        "Five of the six trainings end worse than from the same seed before, and those "
        "with the norm suffer no less.",
    )
    fast, normed = (
        over[f"{name}, ten times the rate"] for name in ("GPT-2", "QK-norm")
    )
    worse = [a > b for a, b in zip(fast + normed, over["GPT-2"] + over["QK-norm"])]
    assert sum(worse) == 5
    assert sorted(normed)[1] >= sorted(fast)[1]


def test_swiglu_looks_worse_and_a_wide_start_is_no_cure(over):
    claim("modern", "Two of its three trainings end above the worst of the GPT-2s.")
    assert sum(nats > max(over["GPT-2"]) for nats in over["SwiGLU"]) == 2
    claim(
        "modern", "That did not make it better than GELU, nor surely better than before"
    )
    wide = over["SwiGLU, wide start"]
    assert sorted(wide)[1] > sorted(over["GPT-2, wide start"])[1]
    assert max(wide) > min(over["SwiGLU"])


def test_all_together_are_no_better(over):
    claim("modern", "is no better than GPT-2 here")
    assert sorted(over["all but untied"])[1] > sorted(over["GPT-2"])[1]
