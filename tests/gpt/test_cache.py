"""The cache against reading everything anew, and against transformers' own."""

import doctest

import pytest
import torch
from torch.testing import assert_close
from transformers import GPT2LMHeadModel

import gpt.cache
from gpt import attend, world
from gpt.cache import (
    Cache,
    Reader,
    attention,
    fast_attention,
    kept_bytes,
    late_mask,
    pad_left,
    window_mask,
    write_together,
)
from gpt.model import GPT, SMALL, STAGES, small
from gpt.sample import generate
from tests.gpt.test_model import SIZES, TIGHT, peer, weights

MODEL, TOKENIZER = small()
END = TOKENIZER.special_tokens[world.END]
IDS = [END, *TOKENIZER.encode(world.PROMPT)]


def test_the_docstring_tells_the_truth():
    assert doctest.testmod(gpt.cache) == (0, 7)


def random_model(size):
    """Of the size, with weights that make every token matter."""
    config = SIZES[size]
    return GPT(config, weights(peer(config)))


# --- masks and attention ----------------------------------------------------------


def test_the_late_mask_is_the_end_of_the_causal_one():
    for n in (1, 2, 7):
        for n_new in range(1, n + 1):
            want = attend.causal_mask(n)[n - n_new :]
            assert torch.equal(late_mask(n_new, n), want)


@pytest.mark.parametrize("width", [1, 2, 3, 7, 100])
def test_a_window_sees_its_width(width):
    want = [[0 <= i - j < width for j in range(7)] for i in range(7)]
    assert window_mask(7, 7, width).tolist() == want
    assert window_mask(3, 7, width).tolist() == want[4:]


@pytest.mark.parametrize("ours", [attention, fast_attention])
@pytest.mark.parametrize("n_new", [1, 2, 5, 6])
def test_the_last_queries_get_what_they_get_among_all(ours, n_new):
    q, k, v = torch.randn(3, 2, 4, 6, 8)
    want = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    assert_close(ours(q[..., -n_new:, :], k, v), want[..., -n_new:, :], **TIGHT)
    mask = window_mask(n_new, 6, 2)
    want = torch.nn.functional.scaled_dot_product_attention(
        q[..., -n_new:, :], k, v, attn_mask=mask
    )
    assert_close(ours(q[..., -n_new:, :], k, v, mask), want, **TIGHT)


# --- the cache itself -------------------------------------------------------------


@pytest.mark.parametrize("shape", [(2, 3), (5,)])
def test_what_is_put_in_comes_out_however_it_is_cut(shape):
    """Grouped keys (3 heads here), values of another width, buffers that grow."""
    k, v = torch.randn(*shape, 300, 4), torch.randn(*shape, 300, 6)
    cache, at = Cache(2), 0
    for n_new in (1, 2, 60, 1, 1, 64, 1, 130, 40):
        at += n_new
        for layer in range(2):
            assert cache.length == at - n_new
            new = slice(at - n_new, at)
            found = cache.extend(layer, layer + k[..., new, :], layer + v[..., new, :])
            assert torch.equal(found[0], layer + k[..., :at, :])
            assert torch.equal(found[1], layer + v[..., :at, :])
    assert cache.length == at == 300


def test_what_was_handed_out_does_not_change():
    cache = Cache(1)
    k = torch.randn(1, 1, 200, 2)
    first, _ = cache.extend(0, k[:, :, :3], k[:, :, :3])
    for i in range(3, 200):
        cache.extend(0, k[:, :, i : i + 1], k[:, :, i : i + 1])
    assert torch.equal(first, k[:, :, :3])


def test_a_token_is_copied_about_once():
    """Not at every step, which would cost as much as the steps themselves."""
    cache, one, moves = Cache(1), torch.zeros(1, 1, 1, 2), []
    for _ in range(1000):
        k, _ = cache.extend(0, one, one)
        moves.append(k.data_ptr())
    assert len(set(moves)) <= 6


def test_kept_bytes_are_those_of_the_tensors():
    config = SIZES["narrow heads"]
    cache, model = Cache(config.n_layer), random_model("narrow heads")
    found = []
    real = cache.extend

    def extend(layer, k, v):
        both = real(layer, k, v)
        found.append(sum(x.numel() * x.element_size() for x in both))
        return both

    cache.extend = extend
    with torch.no_grad():
        model(torch.randint(config.n_vocab, (1, 17)), cache)
    assert sum(found) == kept_bytes(17, config.n_layer, config.n_head, 4, n_bytes=4)


# --- equal to reading anew --------------------------------------------------------


@torch.no_grad()
@pytest.mark.parametrize("size", SIZES)
def test_every_step_gives_the_logits_of_recomputing_and_of_transformers(size):
    model, theirs = random_model(size), peer(SIZES[size])
    ids = torch.randint(model.config.n_vocab, (2, model.config.n_ctx))
    want = theirs(ids).logits
    assert_close(model(ids), want, **TIGHT)
    for first in {1, model.config.n_ctx // 2, model.config.n_ctx}:
        cache = Cache(model.config.n_layer)
        assert_close(model(ids[:, :first], cache), want[:, :first], **TIGHT)
        for t in range(first, model.config.n_ctx):
            assert cache.length == t
            assert_close(model(ids[:, t : t + 1], cache)[:, 0], want[:, t], **TIGHT)


@torch.no_grad()
def test_several_tokens_at_once_after_others():
    model = random_model("small")
    ids = torch.randint(588, (2, 40))
    cache, found = Cache(3), []
    for part in ids.split([7, 1, 12, 20], 1):
        found.append(model(part, cache))
    assert_close(torch.cat(found, 1), model(ids), **TIGHT)


@torch.no_grad()
def test_the_shipped_model_with_and_without_at_every_step_of_a_story():
    cache = Cache(3)
    told = [*IDS, *MODEL.generate(IDS, 64 - len(IDS), temperature=0.8)]
    steps = torch.cat([MODEL(torch.tensor([[id]]), cache) for id in told], 1)
    assert_close(steps, MODEL(torch.tensor([told])), **TIGHT)


def counted(model):
    """The model, and the numbers of tokens that it was given to read, call by call."""
    read = []
    stages = dict(model.stages)

    class Counted(GPT):
        def _run(self, ids, *rest):
            read.append(ids.shape[-1])
            return super()._run(ids, *rest)

    return Counted(model.config, model.weights, stages), read


def test_generate_reads_the_prompt_once_and_then_a_token_at_a_time():
    model, read = counted(MODEL)
    new = [*model.generate(IDS, 20, seed=0)]
    assert read == [len(IDS)] + [1] * 19
    assert new == [*generate(MODEL, IDS, 20, seed=0)]


@pytest.mark.parametrize("seed", range(3))
def test_a_seed_gives_the_same_text_with_and_without(seed):
    for how in ({}, {"temperature": 0.8, "stop": END}, {"top_p": 0.9}, {"top_k": 1}):
        want = [*generate(MODEL, IDS, 50, seed=seed, n_ctx=64, **how)]
        assert [*MODEL.generate(IDS, 50, seed=seed, **how)] == want


def test_past_the_context_s_end_the_last_ids_are_read_anew():
    model, read = counted(random_model("one of each"))
    want = [*generate(random_model("one of each"), [1, 2], 12, n_ctx=5)]
    assert [*model.generate([1, 2], 12)] == want
    assert read == [2, 1, 1, 1] + [5] * 8


@torch.no_grad()
def test_keys_of_another_place_would_be_wrong():
    """Why a window that slides must be read anew: what a longer cache would keep."""
    model = random_model("small")
    ids = torch.randint(588, (1, 11))
    kept = Cache(3)
    model(ids[:, :10], kept)
    late = model(ids[:, 10:], kept)[:, -1]
    assert (late - model(ids[:, 1:])[:, -1]).abs().max() > 0.01


def test_a_reader_s_own_function_sees_the_whole_text():
    def reader_s(q, k, v):
        lengths.append((q.shape[-2], k.shape[-2]))
        return attend.attention(q, k, v)

    for seed in range(2):
        lengths = []
        mine = MODEL.replace(attention=reader_s)
        want = [*MODEL.generate(IDS, 15, seed=seed)]
        assert [*mine.generate(IDS, 15, seed=seed)] == want
        assert lengths == [
            (n, n) for n in range(len(IDS), len(IDS) + 15) for _ in "123"
        ]


@torch.no_grad()
def test_a_reader_s_own_attention_may_take_the_cache_too():
    ids = torch.tensor([IDS])
    mine, cache = MODEL.replace(attention=attention), Cache(3)
    mine(ids[:, :-1], cache)
    assert_close(mine(ids[:, -1:], cache)[:, 0], MODEL(ids)[:, -1], **TIGHT)


@torch.no_grad()
def test_a_reader_begins_anew_where_the_text_is_another():
    read = Reader(MODEL)
    for ids in (
        [1, 2, 3],
        [1, 2, 3, 4],
        [1, 2, 3, 4],
        [1, 5, 3, 4, 6],
        [1, 5],
        [1, 5, 7],
    ):
        assert_close(
            read(torch.tensor([ids]))[:, -1], MODEL(torch.tensor([ids]))[:, -1]
        )
    assert read(torch.tensor([[1, 5, 7, 8]])).shape == (1, 1, 588)
    assert read(torch.tensor([[1, 5, 7], [1, 5, 7]])).shape == (2, 3, 588)


@torch.no_grad()
def test_a_reader_begins_anew_where_the_padding_is_another():
    ids = torch.tensor([[0, 5, 7], [1, 2, 3]])
    for pads, then in (([1, 0], None), (None, [1, 0]), ([1, 0], [0, 1])):
        read = Reader(MODEL)
        pads, then = (each and torch.tensor(each) for each in (pads, then))
        read(ids[:, :2], pads)
        want = MODEL(ids, Cache(3, then))
        assert_close(read(ids, then)[:, -1], want[:, -1], **TIGHT)


@torch.no_grad()
def test_after_a_text_that_failed_the_one_before_is_read_anew():
    read, text = Reader(MODEL), torch.tensor([[1, 2, 3, 4]])
    read(text[:, :3])
    with pytest.raises(ValueError, match="id 600 has no row"):
        read(torch.tensor([[5, 600]]))
    assert_close(read(text)[:, -1], MODEL(text)[:, -1], **TIGHT)


@torch.no_grad()
def test_a_call_that_fails_leaves_no_trace():
    read, cache = Reader(MODEL), Cache(3)
    good, bad = torch.tensor([[1, 2, 3]]), torch.tensor([[1, 2, 3, 600]])
    for call in (lambda: read(bad), lambda: MODEL(bad[:, 3:], cache)):
        read(good), MODEL(good, cache)
        with pytest.raises(ValueError, match="id 600 has no row"):
            call()
    assert cache.length == 6

    def broken(h):
        raise RuntimeError

    with pytest.raises(RuntimeError):  # layer 0 has been extended by then
        MODEL.replace(gelu=broken)(torch.tensor([[9, 9]]), cache)
    long = torch.tensor([[1, 2, 3, 1, 2, 3, 4]])
    assert_close(MODEL(long[:, 6:], cache), MODEL(long)[:, 6:], **TIGHT)
    assert_close(read(bad.clamp(max=4))[:, -1], MODEL(bad.clamp(max=4))[:, -1], **TIGHT)


# --- batches of different lengths -------------------------------------------------


@torch.no_grad()
@pytest.mark.parametrize("size", ["one of each", "narrow heads", "small"])
def test_a_padded_batch_gives_each_text_its_logits_at_every_step(size):
    model = random_model(size)
    n_ctx = model.config.n_ctx
    texts = [
        torch.randint(model.config.n_vocab, (n,)).tolist() for n in (1, n_ctx - 1, 3, 2)
    ]
    ids, pads = pad_left([text[:-1] or text for text in texts])
    assert [row[pad:].tolist() for row, pad in zip(ids, pads)] == [
        text[:-1] or text for text in texts
    ]
    cache = Cache(model.config.n_layer, pads)
    together = model(ids, cache)
    assert together.isfinite().all()
    for row, pad, found in zip(ids, pads, together):
        assert_close(found[pad:], model(row[None, pad:])[0], **TIGHT)
    new = torch.tensor([[text[-1]] for text in texts])
    found = model(new, cache)[:, 0]
    for row, pad, one, logits in zip(ids, pads, new, found):
        alone = torch.cat([row[pad:], one])
        assert_close(logits, model(alone[None])[0, -1], **TIGHT)


@torch.no_grad()
@pytest.mark.parametrize("padded", [False, True])
def test_rows_may_be_forgotten(padded):
    texts = [IDS[:12], IDS[1:13], IDS[2:14]]
    if padded:
        texts = [texts[0], texts[1][3:], texts[2][5:]]
    ids, pads = pad_left(texts)
    cache = Cache(3, pads if padded else None)
    MODEL(ids, cache)
    cache.keep([2, 0])
    found = MODEL(torch.tensor([[7], [8]]), cache)[:, 0]
    for logits, text, id in zip(found, (texts[2], texts[0]), (7, 8)):
        assert_close(logits, MODEL(torch.tensor([[*text, id]]))[0, -1], **TIGHT)


def test_each_row_has_its_own_places():
    cache = Cache(1, pads=torch.tensor([2, 0]))
    assert cache.places(4).tolist() == [[0, 0, 0, 1], [0, 1, 2, 3]]
    first, second = cache.mask(4)[:, 0].int().tolist()
    assert first == [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 1]]
    assert second == attend.causal_mask(4).int().tolist()


@torch.no_grad()
def test_a_padded_batch_is_that_of_transformers():
    theirs = GPT2LMHeadModel.from_pretrained(SMALL).eval()
    texts = [IDS, IDS[:4], IDS[:9]]
    ids, pads = pad_left(texts)
    seen = torch.arange(ids.shape[1]) >= pads[:, None]
    want = theirs.generate(
        ids,
        attention_mask=seen.long(),
        max_new_tokens=20,
        do_sample=False,
        eos_token_id=None,
        pad_token_id=0,
    )
    found = write_together(MODEL, texts, 20, seeds=[0, 0, 0], top_k=1)
    assert found == want[:, ids.shape[1] :].tolist()


@pytest.mark.parametrize("n_new", [0, 1, 30, 70])
def test_texts_written_together_are_those_written_alone(n_new):
    """70 goes past the context of the longer ones, and at last of all."""
    prompts, seeds = [IDS, IDS[:1], IDS[:5], IDS], [3, 1, 4, 5]
    for how in ({"temperature": 0.8}, {"stop": END}):
        want = [
            [*MODEL.generate(prompt, n_new, seed=seed, **how)]
            for prompt, seed in zip(prompts, seeds)
        ]
        assert write_together(MODEL, prompts, n_new, seeds, **how) == want


def test_together_nothing_is_read_twice():
    model, read = counted(MODEL)
    write_together(model, [IDS, IDS[:3]], 10, seeds=[0, 1])
    assert read == [len(IDS)] + [1] * 9


# --- bad input --------------------------------------------------------------------

ONE = torch.zeros(1, 2, 1, 4)


def holding():
    """A cache of one layer with 3 tokens of (1, 2, …, 4)."""
    cache = Cache(1)
    cache.extend(0, ONE.expand(1, 2, 3, 4), ONE.expand(1, 2, 3, 4))
    return cache


def uneven():
    cache = Cache(2)
    cache.extend(0, ONE, ONE)
    cache.extend(1, ONE.expand(1, 2, 3, 4), ONE.expand(1, 2, 3, 4))


def reading(n):
    model, cache = GPT(SIZES["one of each"]), Cache(1)
    with torch.no_grad():
        model(torch.zeros(1, 3, dtype=torch.int64), cache)
        return model(torch.zeros(1, n, dtype=torch.int64), cache)


BAD = {
    "no layer": (lambda: Cache(0), "n_layer must be a whole number from 1 up, not 0"),
    "half a layer": (lambda: Cache(1.5), "not 1.5"),
    "a layer too far": (
        lambda: Cache(2).extend(1, ONE, ONE),
        "layer 1 is not the next",
    ),
    "below": (lambda: Cache(2).extend(-1, ONE, ONE), "layer -1 is not the next"),
    "k and v": (
        lambda: Cache(1).extend(0, ONE, ONE[:, :1]),
        r"k and v must both be .* \(1, 2, 1, 4\) and \(1, 1, 1, 4\)",
    ),
    "a vector": (
        lambda: Cache(1).extend(0, ONE[0, 0, 0], ONE[0, 0, 0]),
        "k and v must",
    ),
    "another batch": (
        lambda: holding().extend(0, ONE.expand(2, 2, 1, 4), ONE.expand(2, 2, 1, 4)),
        r"k of layer 0 is \(2, 2, 1, 4\), .*; to what is kept, \(1, 2, 1, 4\)",
    ),
    "another width": (lambda: holding().extend(0, ONE, ONE[..., :3]), "v of layer 0"),
    "dtype": (lambda: holding().extend(0, ONE.double(), ONE), "float64"),
    "device": (lambda: holding().extend(0, ONE.to("meta"), ONE), "on meta"),
    "a gradient": (
        lambda: Cache(1).extend(0, ONE.clone().requires_grad_(), ONE),
        r"keeps no gradient: call .* torch.no_grad\(\)",
    ),
    "uneven": (uneven, "layer 1 gets 3 new tokens, and the layers before it got 1"),
    "more queries": (lambda: late_mask(3, 2), "3 queries and 2 keys"),
    "q too long": (
        lambda: attention(ONE.expand(1, 2, 3, 4), ONE, ONE),
        "more queries than keys",
    ),
    "heads": (lambda: fast_attention(ONE[:, :1], ONE, ONE), "alike but for T"),
    "v": (
        lambda: attention(ONE, ONE, ONE.expand(1, 2, 3, 4)),
        "k and v must have one T",
    ),
    "q's dtype": (lambda: attention(ONE.double(), ONE, ONE), "one dtype"),
    "no window": (lambda: window_mask(1, 1, 0), "the width is 0"),
    "no texts": (lambda: pad_left([]), "a batch needs a text"),
    "an empty text": (lambda: pad_left([[1], []]), "each text an id"),
    "no room": (
        lambda: reading(3),
        "3 tokens after the 3 .* context of 5: begin a new",
    ),
    "seeds": (
        lambda: write_together(MODEL, [[1]], 1, []),
        "1 prompts need as many seeds",
    ),
    "no prompt": (
        lambda: write_together(MODEL, [[1], []], 1, [0, 0]),
        "prompt is empty",
    ),
    "long": (lambda: write_together(MODEL, [[1] * 65], 1, [0]), "65 tokens.*of 64"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_in_words(name):
    call, said = BAD[name]
    with pytest.raises(ValueError, match=said):
        call()


def test_a_refused_extension_adds_nothing():
    cache = holding()
    with pytest.raises(ValueError):
        cache.extend(0, ONE, ONE.double())
    k, _ = cache.extend(0, ONE + 1, ONE)
    assert cache.length == 4 and k[0, 0, :, 0].tolist() == [0, 0, 0, 1]


def test_the_default_stage_takes_fewer_queries_than_keys():
    assert STAGES["attention"] is fast_attention
