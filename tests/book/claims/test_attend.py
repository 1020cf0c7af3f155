"""The causal sentences of the chapter Attend, and what shows that each is true."""

from itertools import count, islice
from math import log, sqrt

import pytest
import torch

import book.facts.attend as measured
import gpt.attend
from book.facts import cosine, ids_of, ids_of_words
from gpt import world
from gpt.attend import attend, attention, attention_weights, causal_mask, fast_attention
from gpt.embed import embed
from gpt.model import GPT, STAGES, Config, initial
from gpt.train import BATCH, N_VOCAB, SIZE, batches, fit
from tests.book.page import claim

CHAPTER = "attend"

NEW = 3_000_000  # the seed of stories that neither training nor the page has seen


@pytest.fixture(scope="module", autouse=True)
def without_gradients():
    threads = torch.get_num_threads()
    with torch.no_grad():
        yield
    torch.set_num_threads(threads)
    torch.set_printoptions(profile="default")


@pytest.fixture(scope="module")
def stories(names):
    return names["stories"]


@pytest.fixture(scope="module")
def new(model, tokenizer):
    """Forty new stories, read."""
    told = islice(world.stories(NEW), 40)
    return [measured.read(model, tokenizer, story) for story in told]


def bets(model, tokenizer, ids):
    """The probabilities of wore, dried and guessed after ids (1, T): (3,)."""
    columns = ids_of_words(tokenizer, measured.POSED)
    return model(ids)[0, -1].softmax(-1)[columns]


def others(tokenizer, kind):
    """The ids of the model's stories with other beginnings than the page's."""
    for i, beginning in enumerate(measured.ELSEWHERE):
        text = measured.told(beginning, kind)
        text = text.replace("sun", "moon") if i % 2 else text
        yield ids_of(tokenizer, text)


# --- two models ---------------------------------------------------------------------
def test_the_sentence_before_decides_unless_it_tells_no_kind(tokenizer):
    claim(
        "attend",
        "Whoever has read the sentence about the work knows the next word "
        "for certain, unless it tells no kind.",
    )
    for beginning in measured.ELSEWHERE:
        for kind, posed in zip(measured.KINDS, measured.POSED, strict=True):
            assert world.next_word(measured.told(beginning, kind)) == {posed: 1}
        odds = world.next_word(measured.told(beginning, ""))
        assert odds == pytest.approx(dict.fromkeys(measured.POSED, 1 / 3))


def test_the_two_vectors_are_equal_to_the_last_number(stories, facts):
    claim("attend", "In the stories of fashion and of clay even the place is the same:")
    fashion, clay, learning, untold = (
        story.trace["embed"][0, -1] for story in stories.values()
    )
    assert torch.equal(fashion, clay)
    assert not torch.equal(fashion, learning) and not torch.equal(fashion, untold)


def test_one_vector_alone_must_bet_the_same_in_both_stories(model, tokenizer, stories):
    claim(
        "attend",
        "Whatever works on this one vector alone must bet the same in both stories, so "
        "something has to carry the word here:",
    )
    alone = model.replace(attention=lambda q, k, v: torch.zeros_like(v))
    fashion, clay = (stories[kind].ids for kind in ("fashion", "clay"))
    torch.testing.assert_close(alone(fashion)[0, -1], alone(clay)[0, -1])
    apart = bets(model, tokenizer, fashion) - bets(model, tokenizer, clay)
    assert apart.abs().max() > 0.99


def test_end_lets_the_model_bet_on_the_first_word(model, tokenizer, names):
    claim(
        "attend",
        "In training it stood before every story as well. A GPT bets after each token on "
        "the next, so END lets it bet on the first word of a story, too.",
    )
    ids, targets = next(batches(tokenizer, world.stories(NEW), 100))
    assert (ids[:, 0] == names["end"]).all()
    p = model(ids[:1, :1])[0, -1].softmax(-1)
    firsts = targets[:, 0].unique()
    odds = world.next_word("")
    assert len(firsts) == len(odds) == 3
    for word, odd in odds.items():
        first = tokenizer.encode(word)[0]
        assert first in firsts and float(p[first]) == pytest.approx(odd, abs=0.03)


# --- averages and shares ------------------------------------------------------------
def test_an_average_does_not_look_ahead(names):
    claim("attend", "No row looks ahead, and so *fashion* stays as it was.")
    average_past = names["average_past"]
    x = torch.randn(9, 4)
    for t in range(8):
        changed = x.clone()
        changed[t + 1 :] = torch.randn(8 - t, 4)
        assert torch.equal(average_past(changed)[: t + 1], average_past(x)[: t + 1])
    assert torch.equal(average_past(x)[0], x[0])


def test_a_score_larger_by_one_means_twice_the_share():
    claim("attend", "A score that is larger by one means twice the share.")
    scores = torch.randint(-4, 5, (20, 6)).float()
    scores[:, 1] = scores[:, 0] + 1
    shares = 2**scores / (2**scores).sum(-1, keepdim=True)
    torch.testing.assert_close(shares[:, 1], 2 * shares[:, 0])
    torch.testing.assert_close((scores * log(2)).softmax(-1), shares)  # the footnote


def test_a_score_of_minus_infinity_gets_no_share_whatever_it_was():
    claim(
        "attend",
        r"The future must get no share, whatever its score, so its score is replaced by "
        r"$-\infty$, because $e^{-\infty} = 0$.",
    )
    scores = 50 * torch.randn(7, 7)
    shares = scores.masked_fill(~causal_mask(7), -torch.inf).softmax(-1)
    assert (shares.triu(1) == 0).all()
    torch.testing.assert_close(shares.sum(-1), torch.ones(7))
    assert torch.tensor(-torch.inf).exp() == 0


def test_asking_brings_more_of_fashion_than_equal_shares_do(names):
    claim(
        "attend", "With equal shares *model* held 4 of *fashion*, and now it holds 6."
    )
    values = torch.tensor([[12.0, 0], [0, 0], [0, 12]])
    assert names["average_past"](values)[-1].tolist() == [4, 4]
    assert (names["asked"].shares @ values)[-1].tolist() == [6, 3]


def test_the_pencil_differs_from_the_code_by_a_root_and_by_a_base():
    claim(
        "attend",
        r"($\sqrt 2$ cancels the root; $\log 2$ turns $e$ into 2, since "
        r"$e^{s \log 2} = 2^s$.)",
    )
    q, k = torch.randint(-3, 4, (2, 5, 2)).float()
    powers = (2 ** (q @ k.T)).tril()
    pencil = powers / powers.sum(-1, keepdim=True)
    torch.testing.assert_close(attention_weights(q * sqrt(2) * log(2), k), pencil)


def test_a_score_stands_in_the_row_of_its_query_and_the_column_of_its_key():
    claim(
        "attend",
        r"$K^{\mathsf T}$ is $K$ with rows and columns exchanged (in code `transpose`, or "
        r"for short `.mT`), so $Q K^{\mathsf T}$ has the dot product of query $t$ with key "
        r"$s$ in row $t$, column $s$.",
    )
    Q, K = torch.randn(2, 6, 4)
    assert torch.equal(K.mT, K.transpose(-2, -1)) and K.mT[1, 5] == K[5, 1]
    for t in range(6):
        for s in range(6):
            torch.testing.assert_close((Q @ K.mT)[t, s], Q[t] @ K[s])


def test_a_loop_without_a_mask_never_gets_to_the_future(names):
    claim(
        "attend",
        "A loop needs no mask, because it never gets to the future.",
    )
    by_hand = names["attention_by_hand"]
    q, k, v = torch.randn(3, 12, 5)
    changed = [torch.cat([x[:8], torch.randn(4, 5)]) for x in (q, k, v)]
    assert torch.equal(by_hand(*changed)[:8], by_hand(q, k, v)[:8])


# --- why √d -------------------------------------------------------------------------
def scores_of(d, seed, many=2000, keys=16):
    """Dot products of random queries and keys, all of variance 1: (many, keys)."""
    random = torch.Generator().manual_seed(seed)
    q = torch.randn(many, 1, d, generator=random)
    return (q * torch.randn(many, keys, d, generator=random)).sum(-1)


@pytest.mark.parametrize("seed", [2, 3])
def test_scores_spread_like_the_root_of_d(seed):
    claim(
        "attend",
        "It is a sum of $d$ independent products. The mean of a product of "
        "two independent numbers is the product of their means, so each "
        "product has mean 0 · 0 = 0, and its square has mean 1 · 1 = 1. So "
        "each product has variance 1. Variances of independent numbers add "
        "up, so the variance of the sum is $d$ and its spread is $\\sqrt "
        "d$.",
    )
    q, k = torch.randn(2, 1_000_000, generator=torch.Generator().manual_seed(seed))
    assert float((q * k).mean()) == pytest.approx(0, abs=0.01)
    assert float((q * k).square().mean()) == pytest.approx(1, abs=0.02)
    for d in (4, 16, 64, 256, 1024):
        scores = scores_of(d, seed)
        assert float(scores.var()) == pytest.approx(d, rel=0.1)
        assert float(scores.std()) == pytest.approx(sqrt(d), rel=0.05)


def test_with_scores_far_apart_each_token_listens_to_one_picked_at_random(names, facts):
    claim(
        "attend",
        "the largest of 16 shares averages …, so each token listens to one other, picked "
        "at random.",
    )
    shares = scores_of(1024, seed=4).softmax(-1)
    assert float(shares.amax(-1).mean()) == pytest.approx(
        float(facts["top_raw"]), abs=0.02
    )
    assert float(facts["top_raw"]) > 0.9
    picked = shares.argmax(-1).bincount(minlength=16)  # of 2000, each 125 times
    assert picked.min() > 80 and picked.max() < 175
    assert (names["spreads"].raw[:, 1].diff() > 0).all()


def test_a_softmax_with_one_large_share_is_stuck(names, facts):
    claim(
        "attend",
        "If the score of a share $a$ rises by a very little, the share "
        "rises by $a(1 - a)$ times as much. That is the slope of the "
        "share, and training moves along slopes. The mean of $a(1 - a)$ "
        "over the largest shares is … here, so training can hardly change "
        "them. (This mean is not $a(1 - a)$ of the mean share.)",
    )
    s = torch.randn(16, requires_grad=True)
    with torch.enable_grad():
        a = s.softmax(-1)[3]
        a.backward()
    torch.testing.assert_close(s.grad[3], (a * (1 - a)).detach())
    largest = scores_of(1024, seed=5).softmax(-1).amax(-1)
    slope = float((largest * (1 - largest)).mean())
    assert slope == pytest.approx(float(facts["slope_raw"]), abs=0.01) and slope < 0.05
    assert float(facts["slope_divided"]) > 5 * float(facts["slope_raw"])
    of_mean = float(largest.mean() * (1 - largest.mean()))
    assert of_mean > slope + 0.005  # "not a(1 - a) of the mean share"


def test_divided_by_the_root_scores_have_spread_one_for_every_d(names, facts):
    claim(
        "attend",
        r"Divided by $\sqrt d$, scores have spread 1 for every $d$. Then the largest share "
        "averages … and its slope ….",
    )
    divided = names["spreads"].divided
    torch.testing.assert_close(divided[:, 0], torch.ones(6), rtol=0.05, atol=0)
    for d in (16, 256, 1024):
        scores = scores_of(d, seed=6) / sqrt(d)
        assert float(scores.std()) == pytest.approx(1, rel=0.05)
        top = float(scores.softmax(-1).amax(-1).mean())
        assert top == pytest.approx(float(facts["top_divided"]), abs=0.02)


def test_training_has_made_queries_and_keys_longer(model, names):
    claim(
        "attend",
        "Training can make queries and keys longer where sharp shares "
        "lower the loss, and in our model it has done so.",
    )
    untrained = GPT(model.config, initial(model.config, seed=3))
    before, after = untrained.trace(names["ids"]), names["trace"]
    for layer in range(model.config.n_layer):
        for part in "qk":  # (1, H, T, d_head)
            name = f"{layer}.{part}"
            longer = after[name].norm(dim=-1).mean(-1) / before[name].norm(dim=-1).mean(
                -1
            )
            assert longer.min() > 1.5
    assert before["1.weights"][0, 1, -1].max() < 0.05  # and sharp shares it needed


# --- why causal ---------------------------------------------------------------------
def test_without_a_mask_training_learns_to_read_the_answer(tokenizer, names):
    claim(
        "attend",
        "If a token could look ahead, the answer would stand in the next column, and the "
        "model would soon learn to read it there.",
    )
    config = Config(n_vocab=588, n_ctx=64, n_layer=1, n_head=2, d_model=96)
    floor = world.entropy(tokenizer).nats_per_token
    peeks = GPT(config, initial(config)).replace(attention=names["peeking"])
    with torch.enable_grad():
        told = batches(tokenizer, world.stories(0), BATCH)
        losses = [*fit(peeks, told, steps=200)]
    # no model that sees the past alone can have a loss below the floor
    assert sum(losses[-20:]) / 20 < 0.5 * floor
    # and it is the next column that it reads: where there is none, it is lost
    ids, targets = next(batches(tokenizer, world.stories(NEW), 100))
    assert peeks.loss(ids, targets) < 0.5 * floor
    assert peeks.replace(attention=fast_attention).loss(ids, targets) > 2 * floor


def test_the_mask_lets_nothing_through_and_without_it_everything_moves(names, facts):
    claim(
        "attend",
        "With the mask the largest of them is exactly …. Without it, each of them shows a "
        "move, of up to … of the vector's length.",
    )
    noticed = names["noticed"]
    causal, peeks, future = noticed.causal, noticed.peeks, noticed.future
    assert future.equal(torch.ones(12, 12).triu(1).bool())
    assert facts["future_causal"] == "0" and float(causal[future].max()) == 0
    assert (peeks[future] > 1e-3).all() and (causal[~future] > 1e-3).all()
    assert int(facts["future_pairs"]) == 66 == int(future.sum())


def test_what_was_computed_stays_right_when_the_text_grows(model, new):
    claim(
        "attend",
        "A new token at the end changes nothing in the vectors before it, so what was "
        "computed for them stays right and can be kept.",
    )
    last = f"{model.config.n_layer - 1}.stream"
    for story in new[:5]:
        for t in (5, 20):
            shorter = model.trace(story.ids[:, :t], last)[last]
            torch.testing.assert_close(shorter, story.trace[last][:, :t])


# --- several heads ------------------------------------------------------------------
def test_heads_are_added_and_one_with_zero_rows_is_as_if_never_there():
    claim(
        "attend",
        "The heads do not compete, because what each has found is *added*. "
        "And each has its own rows of $W_\\text{out}$. If these rows are "
        "zero, it is as if that head had never been there.",
    )
    x, w_qkv, b_qkv, w_out, b_out = (
        torch.randn(shape) for shape in ((9, 12), (12, 36), (36,), (12, 12), (12,))
    )
    whole = attend(x, w_qkv, b_qkv, w_out, b_out, 3)
    parts = []
    for h in range(3):
        silent = w_out.clone()
        silent[4 * h : 4 * h + 4] = 0
        rest = attend(x, w_qkv, b_qkv, silent, b_out, 3)
        parts.append(whole - rest)

        def zeros(q, k, v, h=h):
            out = attention(q, k, v)
            out[h] = 0
            return out

        never = attend(x, w_qkv, b_qkv, w_out, b_out, 3, zeros)
        torch.testing.assert_close(rest, never, atol=1e-4, rtol=1e-4)
        assert parts[-1].abs().max() > 0.1
    torch.testing.assert_close(sum(parts) + b_out, whole, atol=1e-4, rtol=1e-4)


def test_four_heads_have_as_many_parameters_as_one(model, facts):
    claim("attend", "numbers have as many parameters as one of … would: … a layer.")
    four, one = (
        Config(588, 64, n_layer=1, n_head=n, d_model=96).n_parameters for n in (4, 1)
    )
    assert four == one
    layer = [w.numel() for name, w in model.weights.items() if "h.0.attn." in name]
    assert facts["attend_parameters"] == f"{sum(layer):,}"


# --- messages in a graph ------------------------------------------------------------
def test_an_encoder_without_places_knows_no_order(model, names):
    claim(
        "attend",
        "Shuffle the tokens of an encoder without places, and the outputs "
        "are shuffled alike.",
    )

    def placeless(ids, wte, wpe):
        return embed(ids, wte, torch.zeros_like(wpe))

    def moved(model):
        """How far the outputs are from those of the text in order, shuffled alike."""
        return float((model(ids[:, order]) - model(ids)[:, order]).abs().max())

    ids = names["ids"]
    order = torch.randperm(ids.shape[1], generator=torch.Generator().manual_seed(0))
    encoder = model.replace(attention=names["peeking"])
    assert moved(encoder.replace(embed=placeless)) < 1e-3
    assert moved(encoder) > 0.1  # with places they are not


def test_order_comes_from_the_table_of_places_and_from_the_mask(model, names):
    claim(
        "attend",
        "What a token knows of its place comes from Embed, and from the arrows that the "
        "mask leaves out.",
    )
    ids = names["ids"]
    shuffled = ids.clone()
    shuffled[0, :-1] = ids[0, :-1].flip(0)  # the last token keeps its place

    def notices(model):
        return float((model(ids) - model(shuffled))[0, -1].abs().max())

    def placeless(ids, wte, wpe):
        return embed(ids, wte, torch.zeros_like(wpe))

    peeking = names["peeking"]
    assert notices(model.replace(embed=placeless, attention=peeking)) < 1e-3
    assert notices(model.replace(embed=placeless)) > 0.1  # the mask alone
    assert notices(model.replace(attention=peeking)) > 0.1  # the table alone


def test_turned_queries_and_keys_know_the_distance_only():
    claim(
        "attend",
        "turns each pair of numbers in a query or a key by an angle that "
        "grows with the token's place, each pair at a pace of its own, so "
        "that the dot product of query and key depends on the places "
        "through their difference only",
    )

    def turned(x, place):  # x: (4,), two pairs, each with a pace of its own
        angle = place * torch.tensor([0.3, 0.03])
        (a, b), cos, sin = x.view(2, 2).T, angle.cos(), angle.sin()
        return torch.cat([cos * a - sin * b, sin * a + cos * b])

    q, k = torch.randn(2, 4)
    for distance in (0, 1, 5):
        scores = [turned(q, s + distance) @ turned(k, s) for s in (0, 3, 40)]
        torch.testing.assert_close(torch.stack(scores), scores[0].repeat(3))
    near, far = turned(q, 1) @ turned(k, 0), turned(q, 5) @ turned(k, 0)
    assert not torch.isclose(near, far)


def test_twice_the_text_has_four_times_the_arrows_and_twice_all_other_work():
    claim(
        "attend",
        "so twice the text has about four times the arrows, and four times the work for "
        "them. (All other work is done token by token, and only doubles.)",
    )
    assert int(causal_mask(64).sum()) == 64 * 65 / 2
    for T in (64, 1024):
        assert 3.9 < int(causal_mask(2 * T).sum()) / int(causal_mask(T).sum()) < 4

    def multiplications(T, C=768, layers=12):  # of GPT-2: the arrows, and the rest
        return layers * 2 * T * T * C, layers * 12 * T * C * C

    (arrows, rest), (more_arrows, more_rest) = map(multiplications, (512, 1024))
    assert more_arrows == 4 * arrows and more_rest == 2 * rest


def test_fast_attention_gives_the_same_numbers():
    claim(
        "attend",
        "`fast_attention` in `gpt/attend.py` gives the same numbers, up to "
        "rounding, without ever keeping the whole of $A$",
    )
    q, k, v = torch.randn(3, 2, 4, 30, 8)
    torch.testing.assert_close(fast_attention(q, k, v), attention(q, k, v))


# --- what the heads look at ---------------------------------------------------------
def test_most_of_attention_is_spread_thinly(names, facts):
    claim(
        "attend",
        "In the small matrices, shares below … are left out, and they hold … % of all attention. "
        "So most attention is spread thinly over the whole past.",
    )
    past = torch.ones(57, 57).tril().bool()
    shares = torch.cat([names["trace"][f"{n}.weights"][0][:, past] for n in range(3)])
    small = float(shares[shares < 0.1].sum() / shares.sum())
    assert facts["thin"] == f"{100 * small:.0f}" and small > 0.6


def test_head_0_1_looks_at_the_kind_where_one_is_told(model, tokenizer, stories):
    claim(
        "attend",
        "Where a kind is told, the head gives it nearly everything. Where "
        "none is told, its shares are small and go to many tokens.",
    )
    for kind in measured.KINDS:
        shares = stories[kind].shares((0, 1))[-1]
        words = kind.split()
        assert sum(shares[stories[kind].at(word)] for word in words) > 0.9
        for ids in others(tokenizer, kind):
            read = measured.reading(model, tokenizer, ids)
            shares = read.shares((0, 1))[-1]
            assert sum(shares[read.at(word)] for word in words) > 0.7
            assert shares.argmax() == read.at(words[-1])
    for ids in (stories[""].ids, *others(tokenizer, "")):
        read = measured.reading(model, tokenizer, ids)
        assert read.shares((0, 1))[-1].max() < 0.2


def test_it_is_the_name_that_they_look_at_and_not_a_place(
    model, tokenizer, names, facts
):
    claim("attend", "Is it the name that they look at, or only place …?")
    assert facts["copy_cases"] == "24" and facts["name_place"] == "6"
    assert float(facts["least_copy"]) > 0.9 and float(facts["least_copy_other"]) > 0.6
    places = set()
    for once in world.SLOTS["once"]:
        for name in (world.SHE[1], world.HE[1]):
            read = measured.renamed(model, tokenizer, names["STORY"], name, once)
            places.add(read.at(name))
            for head in ((1, 1), (1, 3)):
                assert read.shares(head)[-1].argmax() == read.at(name)
    assert places == {6, 7}


def test_the_name_is_found_where_no_story_has_a_name(model, tokenizer, names, facts):
    claim(
        "attend",
        "Now swap two words, *Once a little Ada named fox*. To *Ada*, at place …, they give "
        "…, and to *fox*, now at place …, only …. So it is the name, though they give it "
        "less at a place where no story has a name.",
    )
    for story in islice(world.stories(NEW), 200):
        labels = measured.read(model, tokenizer, story).labels
        assert labels.index(next(w for w in labels if w in measured.NAMES)) in (6, 7)
    swapped = measured.with_words_swapped(names["STORY"])
    assert swapped.startswith("Once a little Ada named fox")
    read = measured.read(model, tokenizer, swapped)
    assert (str(read.at("Ada")), str(read.at("fox"))) == ("4", facts["name_place"])
    assert facts["swapped_place"] == "4"
    name, animal = (
        [float(share) for share in facts[key].split(" and ")]
        for key in ("swapped_name", "swapped_animal")
    )
    for h, at_name, at_animal, usual in zip(
        (1, 3),
        name,
        animal,
        (facts["least_copy"], facts["least_copy_other"]),
        strict=True,
    ):
        shares = read.shares((1, h))[read.at("last")]
        assert at_name == pytest.approx(float(shares[4]), abs=0.006)
        assert (
            at_animal == pytest.approx(float(shares[6]), abs=0.006) and at_animal < 0.1
        )
        assert float(usual) > at_name  # less than at its usual place
    # with every name and every opening
    for once in world.SLOTS["once"]:
        for who in measured.NAMES:
            opened = names["STORY"].replace("Once", once).replace("Ada", who)
            opened = opened.replace(f"fox named {who}", f"{who} named fox")
            read = measured.read(model, tokenizer, opened)
            for h in (1, 3):
                shares = read.shares((1, h))[read.at("last")]
                assert shares.argmax() == read.at(who)


def test_two_heads_look_at_the_animal(new):
    claim("attend", "two tokens later, look at the animal, which comes next:")
    given = {(1, 1): [], (2, 3): []}
    for story in new:
        animal, asks = story.at("named") - 1, story.at("last") + 2
        assert story.labels[asks] == "the"
        for head, shares in given.items():
            shares.append(float(story.shares(head)[asks, animal]))
    assert all(sum(shares) / len(shares) > 0.8 for shares in given.values())


def test_no_head_continues_what_it_has_seen_before(model, tokenizer, facts):
    claim(
        "attend",
        "Let the model read … different random tokens of those that occur in stories, and "
        "then the same tokens again.",
    )
    claim(
        "attend",
        "None of our heads gives that one more than … on average. That is hardly more than "
        "equal shares would give, ….",
    )
    occurring = measured.ids_that_occur(tokenizer).tolist()
    assert len(occurring) > 150
    for story in islice(world.stories(NEW), 200):
        assert set(tokenizer.encode(story)) <= set(occurring)
    found = measured.induction(model, tokenizer)
    assert len(found.shares) == 12
    assert max(found.shares.values()) < 1.2 * found.equal
    assert facts["induction_equal"] == f"{found.equal:.3f}"
    keys = "induction_length", "induction_first", "induction_last"
    length, first, last = (int(facts[key]) for key in keys)
    one_over = [1 / so_far for so_far in range(first, last + 1)]
    assert found.equal == pytest.approx(sum(one_over) / len(one_over))
    assert (first, last) == (length + 2, 2 * length)

    def continues(q, k, v):
        """A head that does: from token t it looks 27 back, where its twin's next is."""
        T = q.shape[-2]
        look = torch.eye(T).roll(27, 0) if T > 40 else torch.eye(T)
        return look.expand(*q.shape[:-1], -1) @ v

    one = measured.induction(model.replace(attention=continues), tokenizer)
    assert max(one.shares.values()) > 0.99


def test_the_heads_that_copy_follow_the_plot_and_not_the_pattern(names, new):
    claim(
        "attend",
        "Our heads have learned something simpler, the plot of these stories, in which the "
        "name and the animal of the first sentence return at the end.",
    )
    for story in (names["story"], *new):
        asks = story.at("last") + 2
        earlier = [t for t in range(asks) if story.labels[t] == "the"]
        after = sum(story.shares((1, 1))[asks, t + 1] for t in earlier)
        animal = story.shares((1, 1))[asks, story.at("named") - 1]
        assert after < 0.2 and animal > 0.7  # earlier "the"s do not tell it where
        assert "last" not in story.labels[: story.at("last")]  # nothing to continue


def test_a_head_that_finds_nothing_still_has_to_look_somewhere():
    claim(
        "attend",
        "Shares must sum to one, so a head that finds nothing still has to look "
        "somewhere.",
    )
    scores = torch.full((4, 5), -100.0)  # nothing fits
    torch.testing.assert_close(scores.softmax(-1), torch.full((4, 5), 0.2))


def test_this_head_does_not_rest(model, facts, new):
    claim(
        "attend",
        "But a head that rests adds little, and this one does not rest. Just here it "
        "adds a vector of length …, where elsewhere it adds … (medians).",
    )
    claim(
        "mlp",
        "From the first full stop, head 2.3 looks at END, which says "
        "nothing, as if it rested. Yet it adds more there than any other "
        "head.",
    )
    assert float(facts["rest_least"]) > 0.7
    assert float(facts["rest_adds"]) > 3 * float(facts["rest_elsewhere"])
    # in stories that the page did not measure: more than any other head adds there
    for story in new:
        stop = story.at(".")
        added = {
            (n, h): float((story.trace[f"{n}.heads"][0, h, stop] @ w).norm())
            for n in range(3)
            for h, w in enumerate(model.weights[f"h.{n}.attn.c_proj.weight"].split(24))
        }
        assert max(added, key=added.get) == (2, 3)


def test_no_head_s_silence_moves_a_bet_that_is_nearly_one(model, tokenizer, facts):
    claim(
        "attend",
        "After this full stop the next word is always *One*, and the bet "
        "on it is so near 1 that it moves by less than …, whichever head "
        "is silenced.",
    )
    (one,) = tokenizer.encode(" One")
    for story in islice(world.stories(NEW), 5):
        text = story[: story.index(".") + 1]
        assert world.next_word(text) == {"One": 1}
        ids = measured.read(model, tokenizer, text).ids
        assert float(model(ids)[0, -1].softmax(-1)[one]) > 0.9999
    assert float(facts["rest_moved"]) == 0.0001  # `resting` raises where one does


# --- exchange what it found ---------------------------------------------------------
def test_the_exchange_changes_one_head_at_one_token(model, names, stories):
    claim("attend", "All else stays as it is, every other head and every other token.")
    found = torch.full((24,), 7.0)
    calls = []

    def watch(q, k, v):
        calls.append(attention(q, k, v))
        return calls[-1]

    ids = stories["fashion"].ids
    model.replace(attention=watch)(ids)
    before, calls[:] = [out.clone() for out in calls], []
    spied = names["exchange"](model, found)
    mine = spied.stages["attention"]

    def noted(q, k, v):
        calls.append(mine(q, k, v))
        return calls[-1]

    spied.replace(attention=noted)(ids)
    assert len(before) == len(calls) == 3
    changed = (calls[0] != before[0]).nonzero()
    assert {(h, t) for _, h, t, _ in changed.tolist()} == {(1, ids.shape[1] - 1)}
    assert (calls[0][0, 1, -1] == 7).all()
    # later layers see the past as it was
    torch.testing.assert_close(calls[2][:, :, :-1], before[2][:, :, :-1])


def test_the_bets_follow_the_numbers_and_not_the_rest_of_the_story(names, facts):
    claim(
        "attend",
        "Along a row the bets change, and down a column they stay. So they follow the … "
        "numbers and not the rest of the story.",
    )
    swaps = names["swaps"].bets
    assert len(swaps) == 20
    for (story, source), bet in swaps.items():
        if source:
            assert (
                measured.POSED[bet.index(max(bet))]
                == dict(zip(measured.KINDS, measured.POSED, strict=True))[source]
            ), (story, source)
            assert max(bet) > (0.9 if story else 0.7)


def test_what_other_heads_of_the_layer_found_does_not_move_the_bets(
    model, tokenizer, stories
):
    claim("attend", "So they follow the … numbers and not the rest of the story.")
    for kind, story in stories.items():
        for source in stories.values():
            for h in (0, 2, 3):
                given = source.trace["0.heads"][0, h, -1]
                swapped = measured.with_found(model, 0, h, given)
                moved = bets(swapped, tokenizer, story.ids) - bets(
                    model, tokenizer, story.ids
                )
                assert moved.abs().max() < 0.05, (kind, h)


def test_without_the_numbers_each_word_gets_about_a_third(model, tokenizer, names):
    claim(
        "attend",
        "Without these numbers the model no longer knows the kind, and it gives each word "
        "about a third, as it does where none is told.",
    )
    swaps = names["swaps"].bets
    for story in names["stories"]:
        assert 0.25 < min(swaps[story, None]) < max(swaps[story, None]) < 0.45
        assert 0.25 < min(swaps[story, ""]) < max(swaps[story, ""]) < 0.45
    silent = names["exchange"](model, torch.zeros(24))
    for kind in ("fashion", "clay", ""):
        for ids in others(tokenizer, kind):
            assert (bets(silent, tokenizer, ids) - 1 / 3).abs().max() < 0.15


def test_the_same_numbers_work_in_other_stories(model, tokenizer, names, facts):
    claim(
        "attend",
        "The same numbers work in other stories too. In … stories with other names, "
        "animals and openings they bring the bet on their own word to … on average, and "
        "never to less than ….",
    )
    found = {k: s.trace["0.heads"][0, 1, -1] for k, s in names["stories"].items()}
    got = []
    for number, source in enumerate(measured.KINDS):
        swapped = names["exchange"](model, found[source])
        for kind in (*measured.KINDS, ""):
            if kind != source:
                got += [
                    float(bets(swapped, tokenizer, ids)[number])
                    for ids in others(tokenizer, kind)
                ]
    assert len(measured.ELSEWHERE) == 12 and len(got) == 12 * 9
    assert sum(got) / len(got) == pytest.approx(
        float(facts["elsewhere_mean"]), abs=0.02
    )
    assert min(got) > 0.65 and float(facts["elsewhere_least"]) > 0.65
    assert float(facts["elsewhere_mean"]) > 0.9


def test_what_is_not_perfect_comes_from_the_place(model, tokenizer, names, facts):
    claim("attend", "Both come from the place.")
    claim(
        "attend",
        "The place counts beside the … numbers: at the later place the model bets more on "
        "*guessed*, whether the head tells it *machine learning* or nothing at all.",
    )
    assert float(facts["weak"]) < 0.8 and float(facts["weak_placed"]) > 0.95
    assert float(facts["left"]) > 0.4 > float(facts["left_placed"])
    assert (facts["place_told"], facts["place_untold"]) == ("29", "27")
    # in fashion's story, too, the place alone speaks for "guessed"
    late = model.replace(embed=measured._last_at(29))
    silent = names["exchange"](late, torch.zeros(24))
    bet = bets(silent, tokenizer, names["told"]["fashion"])
    assert bet[measured.POSED.index("guessed")] > 0.4
    # and in other stories: where no kind is told, and where the head is silent or says
    # machine learning
    learning = names["stories"]["machine learning"].trace["0.heads"][0, 1, -1]
    guessed = measured.POSED.index("guessed")
    for kind in (*measured.KINDS, ""):
        for ids in others(tokenizer, kind):
            early, late = (model.replace(embed=measured._last_at(p)) for p in (27, 29))
            if not kind:
                more = bets(late, tokenizer, ids) - bets(early, tokenizer, ids)
                assert more[guessed] > 0.01
            for given in (torch.zeros(24), learning):
                more = [
                    bets(names["exchange"](m, given), tokenizer, ids)[guessed]
                    for m in (late, early)
                ]
                assert more[0] - more[1] > 0.03


def test_the_row_has_not_changed_but_the_vector_has(model, stories, facts):
    claim(
        "attend", "The row in the table of Embed has not changed, but the vector has."
    )
    fashion, clay = (stories[kind].trace for kind in ("fashion", "clay"))
    assert torch.equal(fashion["embed"][0, -1], clay["embed"][0, -1])
    after = cosine(fashion["0.middle"][0, -1], clay["0.middle"][0, -1])
    assert f"{after:.2f}" == facts["cosine_after"] and after < 0.8


# --- what attention cannot do -------------------------------------------------------
def test_a_head_returns_only_what_lies_between_its_values(names):
    claim(
        "attend",
        "Each number that it returns lies between the smallest and the largest of the "
        "values that it averaged, so it can mix what is there, but no more.",
    )
    for layer in range(3):
        heads = names["trace"][f"{layer}.heads"][0]
        values = names["trace"][f"{layer}.v"][0]
        for t in range(heads.shape[1]):
            past = values[:, : t + 1]
            assert (heads[:, t] <= past.amax(1) + 1e-5).all()
            assert (heads[:, t] >= past.amin(1) - 1e-5).all()


def test_the_bets_follow_what_the_mlp_writes(model, tokenizer, stories, facts):
    claim("attend", "What such a model *does* is still to be found out.")
    claim(
        "attend",
        "Give the last *model* of the fashion story the vector that "
        "attention of layer 0 brought in the clay story, but let the MLP "
        "of layer 0 write what it writes in the untouched fashion story. "
        "Then *wore* stays at …. Do it the other way round, so that only "
        "what the MLP writes comes from the clay story, and *dried* has …. "
        "For every two of the three kinds the word that belongs to what "
        "the MLP writes gets at least …. So what attention brought acts on "
        "the bet by way of the MLP, which reads it. Beside the MLP's note "
        "it hardly counts. (Whether the MLP turns the kind into the act, "
        "or only passes it on, is tested in [MLP](mlp.md).)",
    )

    def mixed(story, brought, wrote):
        """The bets after a story, with the halves of layer 0 from two traces."""
        calls = count()

        def mine(x, norm_1, attend, norm_2, mlp):
            talk = attend(norm_1(x))
            think = mlp(norm_2(x + talk))
            if next(calls) % 3 == 0:
                talk[0, -1] = brought["0.attend"][0, -1]
                think[0, -1] = wrote["0.mlp"][0, -1]
            return x + talk + think

        return bets(model.replace(block=mine), tokenizer, story.ids)

    def check(read, least):
        for one, kind in enumerate(measured.KINDS):
            same = mixed(read[kind], read[kind].trace, read[kind].trace)
            torch.testing.assert_close(same, bets(model, tokenizer, read[kind].ids))
            for other, source in enumerate(measured.KINDS):
                theirs, own = read[source].trace, read[kind].trace
                assert mixed(read[kind], theirs, own)[one] >= least
                assert mixed(read[kind], own, theirs)[other] >= least

    least = float(facts["written_least"])
    assert least > 0.99
    check(stories, least)
    fashion, clay = (stories[kind] for kind in ("fashion", "clay"))
    wore = mixed(fashion, clay.trace, fashion.trace)[0]
    dried = mixed(fashion, fashion.trace, clay.trace)[1]
    assert (facts["still_wore"], facts["then_dried"]) == (f"{wore:.3f}", f"{dried:.3f}")
    # in other stories, too
    for beginning in measured.ELSEWHERE[:4]:
        texts = {kind: measured.told(beginning, kind) for kind in measured.KINDS}
        check({k: measured.read(model, tokenizer, t) for k, t in texts.items()}, 0.99)


def test_a_model_without_any_mlp_learns_to_bet_right(tokenizer):
    """A thousand steps of a model of one layer that has attention and nothing else."""
    claim(
        "attend",
        "A model of one layer without any MLP, trained on our stories, learns to bet right "
        "at this place, too.",
    )

    def attention_only(x, norm_1, attend, norm_2, mlp):
        return x + attend(norm_1(x))

    config = Config(N_VOCAB, **SIZE | {"n_layer": 1})
    model = GPT(config, initial(config, 0), STAGES | {"block": attention_only})
    with torch.enable_grad():
        *_, last = fit(model, batches(tokenizer, world.stories(0), BATCH), 1000)
    assert last < 0.5
    for kind, act in zip(measured.KINDS, range(3), strict=True):
        for ids in others(tokenizer, kind):
            assert bets(model, tokenizer, ids)[act] > 0.9


# --- change this and predict, check yourself ----------------------------------------
def test_larger_scores_make_sharper_shares():
    claim(
        "attend",
        r"Larger scores make sharper shares. Dividing by $\sqrt d$ does the opposite.",
    )
    scores = torch.randn(50, 8)
    tops = [(scores * by).softmax(-1).amax(-1) for by in (1 / sqrt(8), 1, 2)]
    assert (tops[0] < tops[1]).all() and (tops[1] < tops[2]).all()


def test_the_largest_score_may_be_subtracted_and_then_none_is_too_large():
    claim(
        "attend",
        "That is why one may subtract the largest score before taking powers, so that none "
        "gets too large for the computer.",
    )
    scores = torch.tensor([1000.0, 999, 998])
    assert torch.isinf(scores.exp()).all()
    powers = (scores - scores.max()).exp()
    torch.testing.assert_close(powers / powers.sum(), scores.softmax(-1))
    assert 2**5 == 32  # "each power is 32 times as large"


def test_a_weighted_sum_has_no_order():
    claim("attend", "because a weighted sum has no order.")
    q, k, v = torch.randn(3, 6, 4)
    order = torch.tensor([3, 0, 4, 1, 2, 5])  # the one that asks stays the last
    swapped = attention(q[order], k[order], v[order])
    torch.testing.assert_close(swapped[-1], attention(q, k, v)[-1])
    assert not torch.isclose(swapped[0], attention(q, k, v)[0]).all()


def test_the_model_asks_the_first_of_two_names(model, tokenizer, names):
    claim(
        "attend",
        "In the training text the two names always agreed, so the text "
        "does not show which of the two to look at. The model has learned "
        "to look at the first, which every story has.",
    )
    for story in islice(world.stories(NEW), 200):
        before = story[: story.index("At last")]
        first, *_ = [
            word for word in before.replace(".", " ").split() if word in measured.NAMES
        ]
        named = before[before.index(" named ") :].split()[1]
        second = before.split(". ")[1].replace(",", "").split()[2]
        assert first == named and (second not in measured.NAMES or second == first)
    for name in measured.NAMES:
        if name != "Ada":
            text = measured.first_named(names["STORY"], name)
            assert text.count("Ada") == 2 and text.count(name) == 1
            ids = ids_of(tokenizer, text[: text.index(" Ada the")])
            p = model(ids)[0, -1].softmax(-1)
            assert p[ids_of_words(tokenizer, [name])] > 0.99


def test_a_score_of_0_gets_a_share():
    claim("attend", "It becomes $e^0 = 1$ before the division, and so gets a share.")
    scores = torch.tensor([1.0, 2.0, 0.0])
    assert scores.softmax(-1)[2] > 0.05


def test_masking_after_the_softmax_does_not_sum_to_one():
    claim(
        "attend",
        "After the softmax, the shares of the future can be set to zero, but they were in "
        "the sum, so the row no longer adds up to one.",
    )
    q, k = torch.randn(2, 4, 3)
    shares = (q @ k.T).softmax(-1).tril()
    assert (shares.sum(-1)[:-1] < 1).all()
    torch.testing.assert_close(attention_weights(q, k).sum(-1), torch.ones(4))


def test_the_first_token_holds_its_own_value():
    claim(
        "attend",
        "Always its own value, because its row has only one score that counts, and so a "
        "share of one.",
    )
    q, k, v = torch.randn(3, 5, 4)
    torch.testing.assert_close(attention(q, k, v)[0], v[0])


def test_keys_that_were_queries_would_score_both_ways_alike():
    claim(
        "attend",
        "If both were the same vector, the score of *model* for *fashion* "
        "would be that of *fashion* for *model*. And if all vectors were "
        "equally long, each would score highest with itself.",
    )
    same = torch.nn.functional.normalize(torch.randn(9, 4), dim=-1)
    scores = same @ same.T
    torch.testing.assert_close(scores, scores.T)
    assert (scores.argmax(-1) == torch.arange(9)).all()


def test_a_view_deals_out_tokens_and_not_columns():
    claim(
        "attend",
        "`view` deals out the numbers in the order of memory, row after row, so that head 0 "
        "gets the first *tokens* and not the first *columns*.",
    )
    x = torch.arange(4 * 6).view(4, 6)  # (T, C), two heads
    wrong = x.view(2, 4, 3)
    assert wrong[0].flatten().tolist() == x[:2].flatten().tolist()
    right = x.view(4, 2, 3).transpose(0, 1)
    assert torch.equal(right, gpt.attend.split_heads(x, 2))
    assert torch.equal(right[0], x[:, :3])
