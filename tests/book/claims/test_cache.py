"""The causal sentences of the chapter Cache, in its order, each with its measurement."""

from functools import partial

import torch
from torch.testing import assert_close

from book.facts import cache as measured
from gpt.cache import Cache, attention, pad_left
from gpt.model import GPT
from tests.book.page import claim
from tests.book.test_cache import IDS, MODEL, TOKENIZER

CHAPTER = "cache"
ONE = torch.tensor([IDS])
CLOSE = {"rtol": 1e-4, "atol": 1e-4}


def moved(model, place):
    """Which tokens' last vectors change when the one at a place is another."""
    other = ONE.clone()
    (other[0, place],) = TOKENIZER.encode(" lake")
    name = f"{model.config.n_layer - 1}.stream"
    apart = model.trace(ONE, name)[name] - model.trace(other, name)[name]
    return (apart[0].abs().amax(-1) > 1e-4).nonzero()[:, 0].tolist()


def test_only_attention_carries_and_only_forward():
    claim(
        "cache",
        "Attention is the only part that carries anything from one token to another, and "
        "the causal mask lets it carry things forward only.",
    )
    deaf = MODEL.replace(attention=lambda q, k, v: v)
    for place in (3, 7):
        assert moved(deaf, place) == [place]
        assert moved(MODEL, place) == [*range(place, len(IDS))]


def test_old_queries_are_not_needed():
    claim(
        "cache",
        "The old queries have done their work, because each belongs to a row that is "
        "finished.",
    )
    q, k, v = torch.randn(3, 2, 9, 4)
    others = torch.cat([torch.randn(2, 8, 4), q[:, 8:]], 1)
    assert_close(attention(others, k, v)[:, -1], attention(q, k, v)[:, -1])
    assert not torch.allclose(attention(others, k, v)[:, 0], attention(q, k, v)[:, 1])


def test_cat_copies_all_and_the_cache_seldom():
    claim("cache", "But `cat` copies all that was kept, for every token.")
    one, kept, cache = torch.zeros(1, 1, 1, 8), torch.zeros(1, 1, 1, 8), Cache(1)
    copied, moves = 0, set()
    for _ in range(500):
        longer = torch.cat([kept, one], -2)
        copied += longer.data_ptr() != kept.data_ptr()
        kept = longer
        moves.add(cache.extend(0, one, one)[0].data_ptr())
    assert copied == 500 and len(moves) < 6


@torch.no_grad()
def test_the_difference_is_rounding():
    claim(
        "cache",
        "The largest difference is …, which is rounding, since the sums are added up in "
        "another order.",
    )
    exact = {name: weight.double() for name, weight in MODEL.weights.items()}
    exact = GPT(MODEL.config, exact)
    assert float(measured.largest_difference(exact, ONE)) < 1e-10


def keys(model, ids, layer):
    return model.trace(ids, f"{layer}.k")[f"{layer}.k"]


def placeless():
    flat = torch.zeros_like(MODEL.weights["wpe.weight"])
    return GPT(MODEL.config, MODEL.weights | {"wpe.weight": flat})


def test_a_place_is_in_every_key():
    claim(
        "cache",
        "Our model adds a vector for each place, so the token now has another vector, "
        "another key and another value, in every layer.",
    )
    for layer in range(3):
        for name in ("k", "v"):
            of = f"{layer}.{name}"
            old, new = MODEL.trace(ONE, of)[of], MODEL.trace(ONE[:, 1:], of)[of]
            apart = (old[:, :, 1:] - new).abs().amax((0, 1, 3))
            assert (apart > 0.01).all()
    assert_close(keys(placeless(), ONE, 0)[:, :, 1:], keys(placeless(), ONE[:, 1:], 0))


def test_kept_keys_of_higher_layers_have_seen_what_was_dropped():
    claim(
        "cache",
        "This is fast, but not the same as reading anew, because the kept keys and values "
        "of the higher layers were made when the dropped tokens could still be seen.",
    )
    model = placeless()  # so that places make no difference
    for layer, same in ((0, True), (1, False), (2, False)):
        old, new = keys(model, ONE, layer)[:, :, 5:], keys(model, ONE[:, 5:], layer)
        assert torch.allclose(old, new, **CLOSE) == same


@torch.no_grad()
def test_the_mask_must_hide_the_padding():
    claim(
        "cache",
        "And no token may look at a grey square, so the mask hides those columns.",
    )
    ids, pads = pad_left([IDS, IDS[:4]])
    alone = MODEL(torch.tensor([IDS[:4]]))[0, -1]
    right = MODEL(ids, Cache(3, pads))[1, -1]
    seen = Cache(3, pads)
    seen.mask = lambda n_new: None  # all that stands before
    wrong = MODEL(ids, seen)[1, -1]
    assert_close(right, alone, **CLOSE)
    assert (wrong - alone).abs().max() > 0.1


def test_llama_keeps_less_because_heads_share():
    claim(
        "cache",
        "Llama 3.1 405B has more than twice as many parameters and keeps … times less of a "
        "token. … query heads share … heads of keys and values, so it keeps … times fewer "
        "than it has queries.",
    )
    kept = {row.model: row.per_token for row in measured.memory()}
    assert 405 / 175 > 2
    unshared = kept["Llama 3.1 405B"] * 128 // 8
    assert unshared > kept["GPT-3"] > 9 * kept["Llama 3.1 405B"]
    # 16 times fewer, which more heads and more layers take back in part
    back = 128 / 96 * 126 / 96
    assert kept["GPT-3"] / kept["Llama 3.1 405B"] * back == 16


def test_what_copies_the_name_looks_at_the_first_place():
    claim(
        "cache",
        "In … of the … stories the name stands in the middle, too, where the short window "
        "still holds it. That hardly helps",
    )
    read = measured.Stories(TOKENIZER)
    again = read.named.sum(-1) > 1
    assert 0.1 < again.float().mean() < 0.4
    bets = []
    for row in again.nonzero()[:, 0].tolist():
        size = int(read.back[row])
        for width, most in ((size - 1, 0.6), (size, 1.0)):
            cut = MODEL.replace(attention=partial(measured.window, width=width))
            bet = float(read.copied(cut, [row])[0])
            assert bet <= most
            bets.append(bet)
    assert sum(bets[::2]) / len(bets[::2]) < 0.25
    assert min(bets[1::2]) > 0.99


def test_what_comes_after_a_change_has_looked_at_it():
    claim("cache", "All later ones have looked at the changed token.")
    for place in (4, 9):
        assert moved(MODEL, place) == [*range(place, len(IDS))]
