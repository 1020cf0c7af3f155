"""Probabilities against transformers' own filters, draws against their shares."""

import doctest
import random
from math import log

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import (
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

import gpt.sample
from gpt.sample import (
    choose,
    draw,
    generate,
    keep_top_k,
    keep_top_p,
    probabilities,
    unembed,
)

LOGITS = 3 * torch.randn(5, 50, generator=torch.Generator().manual_seed(0))


def test_the_docstring_tells_the_truth():
    assert doctest.testmod(gpt.sample) == (0, 4)


def test_unembed_is_a_dot_product_with_every_row():
    x, wte = torch.randn(2, 3, 4), torch.randn(7, 4)
    found = unembed(x, wte)
    assert found.shape == (2, 3, 7)
    assert found[1, 2, 5].item() == pytest.approx(float(x[1, 2] @ wte[5]), abs=1e-5)


@pytest.mark.parametrize("t", [0.05, 0.8, 1.0, 3.0, 100.0])
def test_temperature_is_that_of_transformers(t):
    want = TemperatureLogitsWarper(t)(None, LOGITS).softmax(-1)
    torch.testing.assert_close(probabilities(LOGITS, t), want)


def test_a_tiny_temperature_or_huge_logits_do_not_overflow():
    for tiny in (1e-30, 1e-46, 5e-324):
        assert probabilities(LOGITS, tiny).amax(-1).tolist() == [1] * 5
        assert probabilities(torch.zeros(2), tiny).tolist() == [0.5, 0.5]
    huge = torch.tensor([3e38, 0.0, -3e38])
    assert probabilities(huge, 0.5).tolist() == [1, 0, 0]


@pytest.mark.parametrize("k", [1, 2, 7, 49, 50])
def test_top_k_is_that_of_transformers(k):
    want = TopKLogitsWarper(k)(None, LOGITS).softmax(-1)
    torch.testing.assert_close(keep_top_k(LOGITS.softmax(-1), k), want)


def test_a_whole_number_may_be_that_of_numpy_or_torch():
    p = LOGITS.softmax(-1)
    for k in (np.int64(5), torch.tensor(5)):
        assert torch.equal(keep_top_k(p, k), keep_top_k(p, 5))
    want = [*generate(counter(), [3], 4)]
    for ids in (torch.tensor([3]), np.array([3]), iter([3])):
        assert [*generate(counter(), ids, 4)] == want


@pytest.mark.parametrize("p", [1e-6, 0.1, 0.5, 0.9, 0.999])
def test_top_p_is_that_of_transformers(p):
    want = TopPLogitsWarper(p)(None, LOGITS).softmax(-1)
    torch.testing.assert_close(keep_top_p(LOGITS.softmax(-1), p), want)


def test_all_of_the_probability_keeps_every_token():
    p = torch.tensor([1.0, 1e-9, 1e-12])  # in float32, the first alone is the sum
    assert (keep_top_p(p, 1) > 0).all()
    assert keep_top_p(p, 0.9).tolist() == [1, 0, 0]


def test_equal_tokens_are_kept_by_their_ids():
    p = torch.tensor([0.2, 0.3, 0.2, 0.3])
    assert keep_top_k(p, 3).tolist() == pytest.approx([0.25, 0.375, 0, 0.375])
    half = torch.tensor([0.25] * 4)
    assert keep_top_p(half, 0.5).tolist() == [0.5, 0.5, 0, 0]
    assert keep_top_p(half, 0.501).tolist() == pytest.approx([1 / 3] * 3 + [0])


def test_a_share_of_the_line_is_drawn_in_proportion():
    p = torch.tensor([0.25, 0.0, 0.5, 0.25, 0.0])
    assert [draw(p, u / 8) for u in range(8)] == [0, 0, 2, 2, 2, 2, 3, 3]
    assert draw(p, 1 - 2**-53) == 3


@given(
    st.lists(st.floats(0, 1, width=32), min_size=1, max_size=30),
    st.floats(0, 1, exclude_max=True),
)
@settings(max_examples=300, deadline=None)
def test_nothing_impossible_is_ever_drawn(shares, u):
    p = torch.tensor(shares)
    if p.sum() > 0:
        p = p / p.sum()
        if p.isfinite().all() and p.sum() > 0.5:
            assert p[draw(p, u)] > 0


def test_choices_are_made_in_turn_temperature_top_k_top_p():
    logits = torch.tensor([4.0, 3.0, 2.0, 1.0]).log()  # 0.4 0.3 0.2 0.1
    us = [u / 100 for u in range(100)]
    assert {choose(logits, u) for u in us} == {0, 1, 2, 3}
    assert {choose(logits, u, top_k=1) for u in us} == {0}
    assert {choose(logits, u, top_p=0.6) for u in us} == {0, 1}
    # Of the two that top_k leaves, the first has 4 / 7: less than 0.6.
    assert {choose(logits, u, top_k=2, top_p=0.6) for u in us} == {0, 1}
    assert {choose(logits, u, top_k=2, top_p=0.5) for u in us} == {0}
    assert {choose(logits, u, temperature=0.05) for u in us} == {0}
    cold = [choose(logits, u, temperature=0.5) for u in us]
    assert cold.count(0) == pytest.approx(100 * 16 / 30, abs=1)


def counter(n_vocab=5):
    """A model that is sure that the next id is one more."""

    def model(ids):
        return torch.nn.functional.one_hot((ids + 1) % n_vocab, n_vocab) * 100.0

    return model


def test_the_loop_appends_what_was_chosen_and_reads_it_again():
    assert [*generate(counter(), [3], 4)] == [4, 0, 1, 2]
    assert [*generate(counter(), [0, 1], 9, stop=4)] == [2, 3, 4]
    assert [*generate(counter(), [0], 0)] == []


def test_only_the_last_n_ctx_ids_are_read():
    seen = []

    def model(ids):
        seen.append(ids.tolist())
        return counter()(ids)

    assert [*generate(model, [0, 1], 3, n_ctx=3)] == [2, 3, 4]
    assert seen == [[[0, 1]], [[0, 1, 2]], [[1, 2, 3]]]


def test_a_seed_gives_the_points_of_python_s_own_random():
    def coin(ids):
        return torch.zeros(*ids.shape, 2)

    uniform = random.Random(7).random
    want = [int(uniform() >= 0.5) for _ in range(20)]
    assert [*generate(coin, [0], 20, seed=7)] == want
    assert [*generate(coin, [0], 20, seed=8)] != want


P = torch.tensor([0.5, 0.5])
BAD = {
    "temperature 0": (lambda: probabilities(P, 0), "0, and must be above 0.*top_k=1"),
    "below": (lambda: probabilities(P, -1.0), "temperature is -1.0"),
    "infinite": (lambda: probabilities(P, float("inf")), "temperature is inf"),
    "NaN": (lambda: probabilities(P, float("nan")), "temperature is nan"),
    "k 0": (lambda: keep_top_k(P, 0), "k is 0; .* from 1 to 2"),
    "k above": (lambda: keep_top_k(P, 3), "k is 3; .* from 1 to 2"),
    "k a float": (lambda: keep_top_k(P, 1.5), "k is 1.5; .* whole number"),
    "p 0": (lambda: keep_top_p(P, 0), "top_p is 0; .* above 0 and at most 1"),
    "p above": (lambda: keep_top_p(P, 1.01), "top_p is 1.01"),
    "p NaN": (lambda: keep_top_p(P, float("nan")), "top_p is nan"),
    "u 1": (lambda: draw(P, 1.0), "u is 1.0"),
    "u below": (lambda: draw(P, -0.1), "u is -0.1"),
    "no share": (lambda: draw(0 * P, 0.1), "sums to 0.0"),
    "NaN shares": (lambda: draw(P * float("nan"), 0.1), "sums to nan"),
    "a batch": (lambda: draw(P[None], 0.1), r"not \(1, 2\)"),
    "dtype": (lambda: unembed(P.double(), P), "one dtype, not .*64 and .*32"),
    "device": (lambda: unembed(P, P.to("meta")), "one device, not cpu and meta"),
    "columns": (lambda: unembed(P, torch.ones(3, 4)), "x has 2 .* table has 4"),
    "NaN logits": (lambda: choose(P * float("nan"), 0.5), "largest .* logits is nan"),
    "one NaN": (
        lambda: probabilities(torch.tensor([[0.0, 1], [float("nan"), 1]])),
        "logits is nan",
    ),
    "infinite logits": (lambda: choose(P / 0, 0.5), "logits is inf"),
    "all masked": (lambda: choose(-P / 0, 0.5), "logits is -inf.* mask"),
    "a batch of ids": (
        lambda: [*generate(counter(), torch.tensor([[1, 2]]), 1)],
        r"ids must be \(T,\), not \(1, 2\): ids\[0\]",
    ),
    "half an id": (lambda: [*generate(counter(), [1, 1.5], 1)], "one is 1.5"),
    "no prompt": (lambda: [*generate(counter(), [], 1)], "the prompt is empty"),
    "long": (lambda: [*generate(counter(), [1] * 4, 1, n_ctx=3)], "4 tokens.*of 3"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_in_words(name):
    call, said = BAD[name]
    with pytest.raises(ValueError, match=said):
        call()


def test_the_loss_of_a_draw_is_its_surprise():
    """Drawn by inverse CDF from an even grid, each token comes in its proportion."""
    p = torch.tensor([0.125, 0.5, 0.375])
    drawn = [draw(p, (i + 0.5) / 800) for i in range(800)]
    mean = -sum(log(p[i]) for i in drawn) / 800
    assert mean == pytest.approx(-float((p * p.log()).sum()), abs=1e-6)
