"""The causal sentences of the chapter Train, and what shows that each is true."""

from itertools import islice
from math import log

import pytest
import torch

from gpt import band, train, world
from gpt.model import small
from gpt.presets import PRESETS
from tests.book.page import claim

CHAPTER = "train"
QUICK = PRESETS["quick"]


def begin():
    """A new model of the preset quick, and batches without end."""
    _, tokenizer = small()
    model = train.start(QUICK.config(tokenizer.n_vocab))
    return model, train.batches(tokenizer, world.stories(5), QUICK.batch)


def judged(losses):
    return band.judge(losses, band.of("quick"), 0.3752)


# --- how wrong is it? -----------------------------------------------------------------
def test_a_new_model_bets_alike_on_all():
    claim(
        "train",
        "A new model knows nothing, so its bets on all … tokens are about the same",
    )
    model, told = begin()
    ids, _ = next(told)
    p = model(ids).softmax(-1)
    assert 0.3 / 588 < p.min() and p.max() < 5 / 588


def test_weights_that_are_too_large_cost_more_than_blind_bets():
    claim("train", "A first loss far above means weights that are too large")
    model, told = begin()
    pair = next(told)
    model.weights["wte.weight"] *= 10
    assert model.loss(*pair) > log(588) + 1


# --- which way is down? ---------------------------------------------------------------
def test_the_gradient_of_a_logit_is_its_bet_minus_the_truth():
    claim(
        "train",
        "the gradient of each logit is its bet minus 1 for the token that came, and its "
        "bet for all others",
    )
    logits = torch.randn(9, requires_grad=True)
    torch.nn.functional.cross_entropy(logits, torch.tensor(4)).backward()
    want = logits.detach().softmax(-1)
    want[4] -= 1
    torch.testing.assert_close(logits.grad, want)


# --- is my run normal? ----------------------------------------------------------------
@pytest.mark.parametrize("wrong", ["the rate", "zero_grad"])
def test_what_leaves_the_band_above(wrong):
    claim(
        "train",
        "With a learning rate that is too high, or without `zero_grad`, a run stays "
        "**above**.",
    )
    model, told = begin()
    optimizer = train.adamw(model.parameters())
    if wrong == "zero_grad":
        optimizer.zero_grad = lambda: None
    peak = QUICK.peak * (30 if wrong == "the rate" else 1)
    losses = train.fit(model, told, QUICK.steps, peak=peak, optimizer=optimizer)
    assert judged([*islice(losses, 100)]).startswith("above the band")


def test_targets_that_are_not_shifted_leave_it_below():
    claim("train", "With targets that are not shifted, it drops **below**")
    model, told = begin()
    losses = train.fit(
        model, ((ids, ids) for ids, _ in told), QUICK.steps, peak=QUICK.peak
    )
    assert judged([*islice(losses, 75)]).startswith("below the floor")
