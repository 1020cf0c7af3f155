"""The causal sentences of the chapter Sample, in its order, each with its measurement."""

import random
from itertools import islice
from math import log, sqrt

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from book.facts import held_out, ids_of_words
from book.facts import sample as measured
from gpt import sample, train, world
from gpt.sample import keep_top_k, keep_top_p, probabilities
from tests.book.page import claim
from tests.book.test_sample import (
    AUTHOR,
    END,
    IDS,
    LOGITS,
    MODEL,
    TOKENIZER,
    number,
    odds,
)

CHAPTER = "sample"

WTE = MODEL.weights["wte.weight"]


def random_bets(n, seed=0):
    """A distribution over n options, none of them 0."""
    noise = torch.Generator().manual_seed(seed)
    return torch.randn(n, generator=noise, dtype=torch.float64).softmax(0)


def after(word):
    """The logits after the last `word` of the prompt."""
    place = max(i for i, id in enumerate(IDS) if TOKENIZER.decode([id]).strip() == word)
    return LOGITS[place]


def kept(p):
    return int((p > 0).sum())


# --- which vector -----------------------------------------------------------------
def vectors(ids):
    return MODEL.trace(torch.tensor([ids]))["norm"][0]


def test_the_vector_of_once_has_seen_nothing_of_a_fox():
    claim(
        "sample",
        "Attention looks only back, so the vector of *Once* has seen END and *Once*, "
        "and nothing of a fox.",
    )
    other = TOKENIZER.encode("Once a brave owl named Tom lived in the garden. One day")
    once = 1 + len(TOKENIZER.encode("Once"))
    mine, theirs = vectors(IDS), vectors([END, *other])
    assert torch.allclose(mine[:once], theirs[:once], atol=1e-5)
    assert not torch.allclose(mine[once + 1 :], theirs[once + 1 :], atol=1e-2)


def test_only_the_last_vector_has_seen_the_whole_text():
    claim(
        "sample",
        "The vector of *day* is the only one that has seen the whole text.",
    )
    mine = vectors(IDS)
    (lake,) = TOKENIZER.encode(" lake")
    seen = torch.zeros(len(IDS), dtype=torch.bool), []
    for place in range(len(IDS)):
        changed = vectors([*IDS[:place], lake, *IDS[place + 1 :]])
        seen[1].append((changed - mine).abs().amax(-1) > 1e-4)
    all_seen = torch.stack(seen[1]).all(0)  # of each vector: did each change reach it?
    assert all_seen.tolist() == [False] * (len(IDS) - 1) + [True]


def test_training_uses_every_line():
    claim(
        "sample",
        "Training uses every line, because in a whole story each bet has its right "
        "answer, the token that came.",
    )
    story = next(world.stories(0))
    (ids,), (targets,) = next(train.batches(TOKENIZER, iter([story]), 1))
    assert (targets >= 0).all() and targets.tolist() == [*ids.tolist()[1:], END]


def test_writing_needs_only_the_last_line():
    claim("sample", "Writing needs only the last line.")

    def spoilt(ids):
        logits = MODEL(ids)
        logits[:, :-1] = torch.nan
        return logits

    how = {"seed": 0, "stop": END, "temperature": 0.8}
    whole = [*MODEL.generate(IDS, 50, **how)]
    assert [*sample.generate(spoilt, IDS, 50, **how)] == whole


# --- scores -----------------------------------------------------------------------
def test_a_row_near_the_vector_scores_high_and_one_away_from_it_below_zero():
    claim(
        "sample",
        "A row that points in a direction near that of $x$ scores high, "
        "and the longer the row, the higher. One that points away scores "
        "below zero.",
    )
    noise = torch.Generator().manual_seed(0)
    x, rows = (torch.randn(n, 96, generator=noise) for n in (1, 500))
    scores = sample.unembed(x[0], rows)
    cosine = torch.cosine_similarity(x, rows)
    assert ((scores > 0) == (cosine > 0)).all()
    assert torch.allclose(scores, cosine * x.norm() * rows.norm(dim=-1), atol=1e-3)


def test_the_lowest_score_is_that_of_a_byte_without_a_story(names):
    claim(
        "sample",
        "Here are the four highest and the lowest, which belongs to a byte that no "
        "story contains.",
    )
    lowest = int(names["logits"].argmin())
    byte = TOKENIZER.decode_bytes([lowest])
    assert len(byte) == 1 and byte[0] >= 0x80
    assert not any(byte in story.encode() for story in islice(world.stories(0), 2000))


# --- probabilities ----------------------------------------------------------------
def test_subtracting_the_largest_changes_nothing_but_keeps_from_overflowing():
    claim(
        "sample",
        "Subtracting the largest logit does not change the result, because "
        "every $e^{z_i / \\tau}$ is multiplied by the same factor, but it "
        "keeps large numbers from overflowing.",
    )
    z = LOGITS[-1]
    for temperature in (0.5, 1.0, 2.0):
        powers = (z / temperature).exp()
        shrunk = ((z - z.max()) / temperature).exp()
        ratio = shrunk / powers
        assert torch.allclose(ratio, ratio[:1].expand_as(ratio), rtol=1e-3)
        assert torch.allclose(powers / powers.sum(), probabilities(z, temperature))
    large = torch.tensor([200.0, 199.0])
    assert large.exp().isinf().all()
    assert torch.allclose(probabilities(large), torch.tensor([1.0, 0.0]).softmax(0))


def test_temperature_raises_odds_to_a_power():
    claim(
        "sample",
        "So **the odds of any two tokens are raised to the power $1/\\tau$.**",
    )
    assert (
        world.next_word(world.PROMPT)["she"] == 2 * world.next_word(world.PROMPT)["Ada"]
    )
    one = odds(-1)["she"] / odds(-1)["Ada"]
    assert one == pytest.approx(2, abs=0.15)
    for temperature in (0.5, 2.0, 2.5):
        p = odds(-1, temperature)
        assert p["she"] / p["Ada"] == pytest.approx(one ** (1 / temperature), rel=1e-4)


def test_temperature_never_changes_which_token_leads():
    claim("sample", "The temperature never changes which one leads, only by how much.")
    order = LOGITS[-1].argsort(descending=True)
    for temperature in (0.5, 2.0, 4.0):
        p = probabilities(LOGITS[-1], temperature)[order].double()
        assert (p.diff() <= 0).all()


def test_nonsense_comes_from_a_long_tail(facts):
    claim(
        "sample",
        "**Nonsense does not come from one bad bet but from a long tail of tiny ones.**",
    )
    assert facts["n_others"] == "586"
    assert number(facts["largest_other"]) < 3 and number(facts["others_hot"]) > 40
    assert number(facts["others_one"]) < 1
    # and along stories: of what is bet on wrong tokens, how much on the likeliest?
    wrong = first = 0
    for story in held_out(20):
        text, truth = AUTHOR.with_truth(story)
        p = probabilities(MODEL(torch.tensor([text[:-1]]))[0], 2.5)
        for row, q in zip(p, truth):
            row[list(q)] = 0
            wrong, first = wrong + float(row.sum()), first + float(row.max())
    assert first < wrong / 5


# --- from dull to nonsense --------------------------------------------------------
def test_the_share_falls_because_there_are_many_draws(facts, names):
    claim(
        "sample",
        "The share falls from all to none because a continuation takes about … draws, "
        "and a single bad one spoils it.",
    )
    shares = {t: share.right for t, share in names["shares"].items()}
    assert shares[0.3] == 1 and shares[1.0] > 0.95 and shares[2.5] == 0
    falling = [shares[t] for t in sorted(shares)]
    assert falling == sorted(falling, reverse=True)
    # the same temperature, but only the last sentences are left to draw
    told = world.PROMPT + " she lost her key. She had to skip over the logs and look "
    told += "behind the poppies, and there it was."
    short = measured.tell_many(MODEL, TOKENIZER, 1.5, prompt=told)
    assert measured.share_of(short) > shares[1.5] + 0.15


def test_the_risk_of_a_draw_is_what_is_bet_on_wrong_tokens(facts, names):
    claim(
        "sample",
        "At 1.5 the share is …, for which a risk of … per draw is enough. "
        "Along the author's own stories the model, at this temperature, "
        "bets …, on average, on tokens that cannot stand there, and so "
        "this is the risk that it takes.",
    )
    right, draws = names["shares"][1.5].right, int(facts["draws"])
    slip, wrong = (number(facts[name]) / 100 for name in ("slip", "wrong"))
    assert (1 - slip) ** draws == pytest.approx(right, abs=0.03)
    assert wrong == pytest.approx(slip, abs=0.003)


def test_wilsons_interval_is_sound_where_the_formula_is_not(facts):
    claim(
        "sample",
        "But for $s = 1$ the formula says that nothing is uncertain, although … right "
        "of … do not prove that all would be.",
    )
    many = int(facts["n_told"])
    assert sqrt(1 * (1 - 1) / many) == 0
    low, _ = measured.wilson(1, many)
    assert 0.05 > low**many > 1e-3  # with a share so low, all right is rare, not more


def test_two_standard_deviations_hold_the_truth_19_times_in_20():
    claim(
        "sample",
        "At 1.5 this is … percentage points, and in about 19 samples of 20 the truth "
        "lies within two of them.",
    )
    many, rng, held = 200, random.Random(0), 0
    for _ in range(2000):
        truth = rng.uniform(0.5, 0.65)  # no single count of stories decides
        share = sum(rng.random() < truth for _ in range(many)) / many
        held += abs(share - truth) <= 2 * sqrt(share * (1 - share) / many)
    assert held / 2000 == pytest.approx(0.95, abs=0.015)


def test_low_is_dull(facts, names):
    claim("sample", "Because low is **dull**.")
    assert number(facts["she_03"]) > 85
    assert names["variety"]["the author"].she == pytest.approx(2 / 3)
    told = names["told"][0.3]
    she = sum(story.startswith(world.PROMPT + " she") for story in told) / len(told)
    assert she > 0.8


# --- the cuts ---------------------------------------------------------------------
def test_greedy_needs_no_random_number(names):
    claim(
        "sample",
        "It needs no random number, and so it always tells the same story.",
    )
    how = {"stop": END, "choose": names["likeliest"]}
    told = {tuple(MODEL.generate(IDS, 50, seed=seed, **how)) for seed in range(3)}
    cold = [*MODEL.generate(IDS, 50, seed=5, stop=END, temperature=1e-4)]
    assert told == {
        tuple(cold)
    }  # "what sampling comes to as the temperature goes to 0"
    assert cold == [*MODEL.generate(IDS, 50, seed=1, stop=END, top_k=1)]


def test_most_choices_of_the_author_are_ties(names):
    claim(
        "sample",
        "Even at 0.3 there are nearly as many as the author tells, because most choices "
        "of our author are ties, such as four verbs, two parents and four ways to leap.",
    )
    found = names["variety"]
    assert found[0.3].different > 0.97 * found["the author"].different
    ties = choices = 0
    for story in islice(world.stories(7), 300):
        state = world.START
        for word in [*world._WORD.findall(story), world.END]:
            here = world.fork(state)
            if len(here.words) > 1:
                choices += 1
                ties += len(set(here.odds())) == 1
            state = here.after[here.words.index(word)]
    assert ties > 0.7 * choices
    told = world.PROMPT + " she"
    assert len(world.next_word(told)) == 4
    assert len(set(world.next_word(told).values())) == 1
    given = (
        " planted a bean. The bean that grew near the gate was ripe, and she gave it"
    )
    assert sorted(world.next_word(told + given + " to her")) == ["father", "mother"]
    joy = (
        " worked with a fashion model. When the sun came up, the model wore a red hat,"
    )
    assert len(world.next_word(told + joy + " and she began to")) == 4


def test_a_tie_stays_a_tie_and_the_hair_decides_only_close_to_0(names):
    claim("sample", "A tie stays a tie at any temperature.")
    claim(
        "sample",
        "In the model one option is always ahead by a hair, and this tiny "
        "lead decides only at temperatures close to 0.",
    )
    for temperature in (0.02, 1.0, 4.0):
        p = probabilities(torch.tensor([3.0, 3.0, 1.0]), temperature)
        assert p[0] == p[1]
    verbs = ids_of_words(TOKENIZER, ["planted", "worked", "met", "lost"])
    she = MODEL(torch.tensor([[*IDS, *TOKENIZER.encode(" she")]]))[0, -1]
    for temperature, least, most in ((1.0, 0.2, 0.3), (1e-5, 0.99, 1.01)):
        p = probabilities(she, temperature)[verbs]
        assert least < float(p.max()) < most
    found = names["variety"]
    assert found["greedy"].different == 1 < found[0.02].different < 100
    assert found[0.1].different > 0.9 * found["the author"].different


def test_only_near_1_is_she_as_likely_as_with_the_author(names):
    claim(
        "sample",
        "Uneven odds suffer sooner, and only near temperature 1 is *she* as likely as "
        "with the author.",
    )
    gap = {
        t: abs(row.she - 2 / 3) for t, row in names["variety"].items() if t != "greedy"
    }
    gap.pop("the author")
    assert {t for t, miss in gap.items() if miss < 0.03} == {0.8, 1.0}
    assert min(gap, key=gap.get) == 1.0 and gap[0.3] > 0.2


def test_top_p_always_keeps_one():
    claim(
        "sample",
        "The token that crosses the line is kept, so there is always one.",
    )
    for seed in range(50):
        p = random_bets(20, seed)
        for top_p in (1e-9, 0.3, 0.9):
            cut = keep_top_p(p, top_p)
            before = float(p[cut > 0].sum() - p[cut > 0].min())
            assert kept(cut) >= 1 and before < top_p <= float(p[cut > 0].sum()) + 1e-9


def test_no_k_is_right_at_every_place():
    claim(
        "sample",
        "A fixed $k$ cannot be right at every place, because after *little* the author "
        "has twelve options and after *fox* only one.",
    )
    prompt = "Once a little fox"
    assert len(world.next_word("Once a little")) == 12
    assert list(world.next_word(prompt)) == ["named"]
    few = keep_top_k(probabilities(after("little")), 1)
    many = keep_top_k(probabilities(after("fox"), 2.5), 12)
    assert kept(few) < 12 and kept(many) > 1  # one k loses animals, the other lets in


def test_top_p_and_min_p_keep_few_where_the_model_is_sure(names):
    claim(
        "sample",
        "Top-p depends on how *sure* the model is, and keeps few tokens where it is "
        "sure. **Min-p** does so in another way.",
    )
    little, fox = (probabilities(after(word), 1.5) for word in ("little", "fox"))
    for cut in (keep_top_p, measured.keep_min_p):
        share = 0.9 if cut is keep_top_p else 0.1
        assert kept(cut(fox, share)) == 1 and kept(cut(little, share)) == 12
    none, twelve, three, nucleus, floor = (w.right for w in names["ways"].values())
    assert none < twelve < three < nucleus and none < twelve < three < floor


def test_min_p_keeps_a_fraction_of_the_likeliest():
    claim(
        "sample",
        "It keeps every token that has at least a given fraction, such as 0.1, of what "
        "the likeliest one has",
    )
    cut = measured.keep_min_p(torch.tensor([0.05, 0.5, 0.04, 0.41]), 0.1)
    assert cut.tolist() == pytest.approx([0.05 / 0.96, 0.5 / 0.96, 0, 0.41 / 0.96])


def test_at_2_5_top_p_needs_the_tail_and_min_p_does_not(facts):
    claim(
        "sample",
        "At 2.5 the right tokens together mostly have less than 0.9, so top-p must keep "
        "tokens of the tail too, and only … of the stories are right (the green line "
        "above). With min-p 0.1 it is …, because each token of the tail by itself is far "
        "below the likeliest.",
    )
    assert number(facts["cut_hot"]) < 5 and number(facts["min_hot"]) > 85
    short = far = places = 0
    for story in held_out(20):
        text, truth = AUTHOR.with_truth(story)
        p = probabilities(MODEL(torch.tensor([text[:-1]]))[0], 2.5)
        for row, q in zip(p, truth):
            right = float(row[list(q)].sum())
            wrong = row.clone()
            wrong[list(q)] = 0
            places += 1
            short += right < 0.9
            far += bool(wrong.max() < 0.1 * row.max())
    assert short > 0.8 * places and far > 0.97 * places


# --- drawing ----------------------------------------------------------------------
def test_each_token_is_drawn_as_often_as_its_probability_says():
    claim(
        "sample",
        "A share of ¼ is hit by a quarter of all $u$, so each token is drawn as often "
        "as its probability says.",
    )
    p, many = random_bets(7), 10_000
    drawn = torch.tensor([sample.draw(p, (i + 0.5) / many) for i in range(many)])
    assert torch.allclose(drawn.bincount(minlength=7) / many, p.float(), atol=2e-4)


def test_the_same_seed_gives_the_same_story_but_for_a_border():
    claim(
        "sample",
        "The same $u$ gives the same token, and so the same seed gives the same story, "
        "nearly always on your machine too.",
    )
    claim(
        "sample",
        "Machines add up in different orders, so their sums may differ in the last "
        "digits. That can change a token only where $u$ falls almost exactly on a "
        "border.",
    )
    shares = probabilities(LOGITS[-1]).tolist()
    one, other = sum(shares), sum(reversed(shares))
    assert one != other and one == pytest.approx(other, abs=1e-12)
    how = {"stop": END, "temperature": 1.5, "seed": 4}
    assert [*MODEL.generate(IDS, 50, **how)] == [*MODEL.generate(IDS, 50, **how)]
    p, noise = probabilities(LOGITS[-1].double()), 1e-7
    ends = p.cumsum(0)
    other = p * (
        1 + noise * torch.randn(len(p), generator=torch.Generator().manual_seed(0))
    )
    changed = 0
    for i in range(2000):
        u = i / 2000
        if sample.draw(p, u) != sample.draw(other, u):
            changed += 1
            assert float((ends - u).abs().min()) < 1e-5
    at = float(ends[ids_of_words(TOKENIZER, ["Ada"])[0]])
    assert sample.draw(p, at - 1e-9) != sample.draw(p, at + 1e-9) and changed < 20


# --- the loop ---------------------------------------------------------------------
def test_without_a_limit_a_text_might_never_end():
    claim("sample", "Without this limit a text might never end.")

    def stubborn(ids):
        return torch.nn.functional.one_hot(0 * ids + 1, 3) * 9.0  # never says 2

    for n_new in (5, 500):
        assert len([*sample.generate(stubborn, [0], n_new, stop=2, top_k=1)]) == n_new


def test_end_was_learned_like_any_other():
    claim(
        "sample",
        "END is a token like any other and was learned like any other, since every "
        "training story ended in it.",
    )
    for row in next(train.batches(TOKENIZER, world.stories(0), 8))[1].tolist():
        assert [answer for answer in row if answer >= 0][-1] == END
    stopped = measured.tell_many(MODEL, TOKENIZER, 0.8, many=20)
    assert all(story.endswith(world.END) for story in stopped)


def test_a_full_context_does_not_stop_it():
    claim("sample", "A full context does not stop it.")
    claim(
        "sample",
        "When a text grows longer, the window slides, and the model reads only the last "
        "`n_ctx` tokens,",
    )
    read = []

    def watched(ids):
        read.append(ids[0].tolist())
        return MODEL(ids)

    n_ctx = MODEL.config.n_ctx
    new = [*sample.generate(watched, IDS, 80, temperature=0.8, n_ctx=n_ctx)]
    assert len(new) == 80 and len(IDS) + len(new) > n_ctx
    text = IDS + new
    for i, seen in enumerate(read):
        assert seen == text[: len(IDS) + i][-n_ctx:]


def test_every_story_fits_into_the_context():
    """The longest way through the grammar, in tokens, with END before and after."""
    claim("sample", "Ours has … places, enough for every story.")
    seen = {}

    def longest(state):
        if state not in seen:
            here = world.fork(state)
            seen[state] = max(
                (size(word) + longest(after) for word, after in zip(*here[::2])),
                default=0,
            )
        return seen[state]

    def size(word):
        alone = word in (".", ",")
        return (
            1 if word == world.END else len(TOKENIZER.encode(" " * (not alone) + word))
        )

    assert 1 + longest(world.START) <= MODEL.config.n_ctx


def test_after_an_end_with_a_story_before_it_nothing_was_learned():
    claim(
        "sample",
        "In training END stood only in the first place and as the last "
        "answer, so the model never learned what to do after an END that "
        "has a story before it. (It goes wrong at places that it knows, "
        "too.)",
    )
    ids, targets = next(train.batches(TOKENIZER, world.stories(0), 8))
    for row, answers in zip(ids.tolist(), targets.tolist()):
        asked = [i for i, answer in enumerate(answers) if answer >= 0]
        assert row[0] == END and END not in [row[i] for i in asked[1:]]
        assert answers[asked[-1]] == END
    # the same END, with nothing before it and with a story
    alone = measured.tell_many(MODEL, TOKENIZER, 0.8, many=30, prompt="")
    assert measured.share_of(alone) > 0.9
    right = 0
    for seed, story in enumerate(islice(world.stories(9), 30)):
        before = [END, *TOKENIZER.encode(story), END]
        new = [*MODEL.generate(before, 60, seed=seed, stop=END, temperature=0.8)]
        told = TOKENIZER.decode_bytes(new).decode(errors="replace")
        right += world.grammatical(told)
    assert right < 10


def test_only_the_first_story_is_whole_where_it_is_not_stopped(page):
    claim(
        "sample",
        "The first story is whole, and what follows is not, although every training "
        "text began with END.",
    )
    unstopped = TOKENIZER.decode([*MODEL.generate(IDS, 62, seed=0, temperature=0.8)])
    assert unstopped in page.printed
    first, *others = unstopped.split(world.END)
    assert len(others) > 1 and world.grammatical(world.PROMPT + first)
    assert not any(map(world.grammatical, others[:-1]))


# --- search, and a penalty --------------------------------------------------------
def likeliest_ending(text):
    """The probability of the author's likeliest way from `text` to the end."""
    state = world.START
    for word in world._WORD.findall(text):
        here = world.fork(state)
        state = here.after[here.words.index(word)]
    best = {}

    def ending(state):
        if state not in best:
            here = world.fork(state)
            ways = (q * ending(s) for q, s in zip(here.odds(), here.after))
            best[state] = max(ways, default=1.0)
        return best[state]

    return ending(state)


def test_beam_search_finds_a_likelier_story_than_greedy(facts, names):
    claim(
        "sample",
        "The widest beam finds a story that is … times as likely as the greedy one.",
    )
    claim("sample", "How many it keeps is the *width*, and a width of 1 is greedy.")
    found = names["beams"].found
    greedy = [*MODEL.generate(IDS, 50, stop=END, top_k=1)]
    assert found[1].ids == IDS + greedy
    ps = [beam.p for beam in found.values()]
    assert ps == sorted(ps) and number(facts["beam_times"]) > 10
    for beam in found.values():
        log_p = MODEL(torch.tensor([beam.ids[:-1]]))[0].log_softmax(-1)
        paid = sum(float(row[id]) for row, id in zip(log_p[13:], beam.ids[14:]))
        assert log(beam.p) == pytest.approx(paid, abs=1e-3)
        assert world.grammatical(world.PROMPT + " " + beam.story)


def test_greedy_pays_later_for_a_hair(names):
    claim(
        "sample",
        "Greedy begins with *she lost*, which is ahead by a hair, and pays for it later, "
        "because a story of something lost has more choices still to make.",
    )
    found = names["beams"].found
    assert found[1].story.startswith("she lost") and "she worked" in found[16].story
    she = MODEL(torch.tensor([[*IDS, *TOKENIZER.encode(" she")]]))[0, -1].softmax(-1)
    lost, worked = she[ids_of_words(TOKENIZER, ["lost", "worked"])].tolist()
    assert worked < lost < worked + 0.02
    lost, worked = (
        likeliest_ending(f"{world.PROMPT} she {event}") for event in ("lost", "worked")
    )
    assert lost < worked / 10


def test_a_penalty_takes_the_name_because_it_already_stands_there(facts):
    claim(
        "sample",
        "With 1.2, *Ada* falls from … to … after our prompt, because the name already "
        "stands in it.",
    )
    assert number(facts["ada_free"]) > 30 and number(facts["ada_penalised"]) < 12
    (ada,) = ids_of_words(TOKENIZER, ["Ada"])
    said = torch.zeros(len(LOGITS[-1]), dtype=torch.bool)
    said[IDS[1:]] = True
    said[ada] = False  # all that was said but the name
    p = probabilities(measured.penalised(LOGITS[-1], said, 1.2))
    assert float(p[ada]) == pytest.approx(number(facts["ada_free"]) / 100, abs=0.01)


def test_stories_have_to_repeat(facts):
    claim("sample", "But stories have to repeat names.")
    claim(
        "sample",
        "With 2, only … of … stories at temperature 0.8 are grammatical, instead of …",
    )
    for story in islice(world.stories(2), 50):
        words = story.split()
        assert story.count(words[words.index("named") + 1]) > 1
    assert number(facts["share_penalised"]) < 60 and number(facts["share_free"]) > 95
    z = torch.tensor([2.0, -1.0, 3.0])
    said = torch.tensor([True, True, False])
    assert measured.penalised(z, said, 2.0).tolist() == [1.0, -2.0, 3.0]


# --- beside the truth -------------------------------------------------------------
def test_the_probability_of_a_word_is_a_product(names):
    claim(
        "sample",
        "They are bets on words, and the model's are on tokens, so the probability of a "
        "word of several tokens is a product, by the chain rule of the first page.",
    )
    text = world.PROMPT + " Ada worked with a machine learning model. When the moon "
    text += "came up, the model guessed the next"
    spelt, before = TOKENIZER.encode(" song"), [END, *TOKENIZER.encode(text)]
    assert len(spelt) > 1
    product = 1.0
    for id in spelt:
        product *= float(MODEL(torch.tensor([before]))[0, -1].softmax(-1)[id])
        before.append(id)
    assert names["p_word"](text, "song") == pytest.approx(product, rel=1e-4)
    for word in ("word", "song"):
        assert names["p_word"](text, word) == pytest.approx(0.5, abs=0.03)


def test_the_models_bets_come_from_stories_alone(facts):
    claim(
        "sample",
        "The model was never given these numbers. It has only read stories.",
    )
    assert float(facts["largest"]) < 2
    stories = [*islice(world.stories(0), 8)]
    ids, targets = next(train.batches(TOKENIZER, world.stories(0), 8))
    for row, answers, story in zip(ids, targets, stories):
        told = TOKENIZER.encode(story)
        assert row[: len(told) + 1].tolist() == [END, *told]
        assert answers[answers >= 0].tolist() == [*told, END]  # a token, no odds


def test_the_kl_is_what_the_loss_has_above_the_floor(names, page):
    claim(
        "sample",
        "Because it is exactly how far the loss lies above the floor, the loss of an author "
        "who knows the true odds.",
    )
    claim("sample", "It is 0 if $p = q$, and positive otherwise.")
    for seed in range(20):
        q, p = random_bets(9, seed), random_bets(9, seed + 100)
        loss, entropy = -(q * p.log()).sum(), -(q * q.log()).sum()
        kl = (q * (q / p).log()).sum()
        assert torch.isclose(loss, entropy + kl) and kl > 0
        assert (q * (q / q).log()).sum() == 0
    assert names["loss"] == pytest.approx(names["entropy"] + names["kl"])
    assert names["entropy"] == pytest.approx(-2 / 3 * log(2 / 3) - log(1 / 3) / 3)
    printed = f"{names['loss']:.6f} = 0.636514 + {names['kl']:.6f}"
    assert printed in page.printed


def test_perplexity_is_a_number_of_options():
    claim(
        "sample",
        "the perplexity, the number of equally likely options among which it would be as "
        "hard to guess.",
    )
    for n in (2, 12, 588):
        p = torch.full((n,), 1 / n, dtype=torch.float64)
        assert float((-(p * p.log()).sum()).exp()) == pytest.approx(n)


def test_a_smaller_loss_is_a_smaller_kl_where_the_texts_are_new():
    claim(
        "sample",
        "So when training makes the loss smaller, it makes the KL smaller. **As long as "
        "every text is new, a model can lower its expected loss only by becoming more "
        "like the author.**",
    )
    q = random_bets(9, 1)
    for seed in range(50):
        p, r = random_bets(9, 2 * seed), random_bets(9, 2 * seed + 1)
        loss = [-(q * one.log()).sum() for one in (p, r)]
        kl = [(q * (q / one).log()).sum() for one in (p, r)]
        assert torch.isclose(loss[0] - loss[1], kl[0] - kl[1])


def test_on_a_finite_text_recitation_pays_less_than_the_author(facts):
    claim(
        "sample",
        "On a fixed set of texts, reciting them gives the lowest loss, and "
        "a model that moves towards that is overfitting.",
    )
    many = int(facts["recited"])
    stories = held_out(many)
    assert len(set(stories)) == many
    assert float(facts["recite_nats"]) == pytest.approx(log(many), abs=0.05)
    assert float(facts["author_nats"]) > 3 * log(many)
    # no other odds on these stories pay less: it is the entropy of the collection
    even = torch.full((many,), 1 / many, dtype=torch.float64)
    for seed in range(20):
        assert -(even * random_bets(many, seed).log()).sum() > log(many)


def test_a_perfect_model_has_its_valley_at_1():
    claim(
        "sample",
        "A perfect model would have its valley at exactly 1, where its KL would be 0.",
    )
    kl = dict.fromkeys(measured.GRID, 0.0)
    for story in held_out(10):
        for q in AUTHOR.with_truth(story)[1]:
            q = torch.tensor([*q.values()], dtype=torch.float64)
            for t in kl:
                kl[t] += float((q * (q.log() - (q.log() / t).log_softmax(0))).sum())
    assert kl[1.0] == pytest.approx(0, abs=1e-9) and min(kl, key=kl.get) == 1.0
    assert all(more > 0 for t, more in kl.items() if t != 1.0)


def test_crumbs_on_wrong_tokens_are_why_a_little_cold_helps(facts, names):
    claim(
        "sample",
        "Ours has it at …, because it still spreads crumbs of probability "
        "over wrong tokens (… after the prompt), and a slightly lower "
        "temperature takes many of them away. If the wrong tokens are "
        "struck out, the KL at temperature 1 is …, and a lower "
        "temperature no longer helps.",
    )
    curve, swept, _ = names["found"]
    assert 0.7 < float(facts["kl_best"]) < 1 and curve[0.9] < curve[1.0]
    assert min(swept, key=swept.get) == 1.0
    assert swept[1.0] < curve[1.0] / 3
    wrong = {t: measured.wrong_share(MODEL, AUTHOR, t, 20) for t in (0.9, 1.0)}
    assert wrong[0.9] < 0.6 * wrong[1.0]


def test_much_cold_distorts_the_odds_though_stories_are_grammatical(names):
    claim(
        "sample",
        "A much lower one distorts the odds, and the KL rises again even though nearly "
        "every story is grammatical.",
    )
    curve = names["found"].curve
    assert curve[0.5] > 2 * curve[1.0] and curve[1.25] > curve[1.0]
    assert names["variety"][0.3].right == 1


def test_the_kl_is_nearly_free_of_luck(facts):
    claim(
        "sample",
        "The KL is nearly free of such luck, because it weighs everything that could "
        "have come.",
    )
    assert float(facts["kl_error"]) < 0.05 * float(facts["kl"])
    kls, paid = [], []  # of the same stories: what could have come, and what came
    for story in held_out(100):
        text, truth = AUTHOR.with_truth(story)
        log_p = MODEL(torch.tensor([text[:-1]]))[0].double().log_softmax(-1)
        kls.append(
            sum(
                b * (log(b) - float(row[id]))
                for row, q in zip(log_p, truth)
                for id, b in q.items()
            )
        )
        paid.append(-sum(float(row[id]) for row, id in zip(log_p, text[1:])))
    kls, paid = torch.tensor(kls), torch.tensor(paid)
    assert float(paid.std()) > 20 * float(kls.std())


def test_the_kl_and_the_card_agree(facts):
    claim(
        "sample",
        "The … stories on which the card's loss was measured were a little "
        "more surprising than the average, so that on them the author "
        "itself paid … % more than the floor, its own average.",
    )
    kl, agree = float(facts["kl_percent"]), float(facts["agree_percent"])
    assert 0.1 < kl < 0.4 and agree == pytest.approx(kl, abs=0.05)
    assert float(facts["card_percent"]) > agree and float(facts["author_percent"]) > 0
    assert float(facts["card_percent"]) == pytest.approx(
        agree + float(facts["author_percent"]), abs=0.011
    )


# --- predictions, and check yourself ----------------------------------------------
def test_doubled_logits_and_moved_ones():
    claim(
        "sample",
        "It looks like the one at temperature ½, because $2 z_i = z_i / \\tfrac{1}{2}$. "
        "If 100 is added to all of them instead, nothing changes, because the softmax "
        "sees only differences.",
    )
    z = LOGITS[-1].double()
    assert torch.allclose(probabilities(2 * z), probabilities(z, 0.5))
    assert torch.allclose(probabilities(z + 100), probabilities(z))


def test_one_more_must_be_taken(facts):
    claim(
        "sample",
        "The model gives *day* …, a hair less than a half, so one more must be taken.",
    )
    assert facts["kept_half"] == "2" and 0.49 < float(facts["day"]) < 0.5
    p = probabilities(after("One"))
    assert kept(keep_top_p(p, float(p.max()) - 1e-4)) == 1


def test_k_2_lets_in_one_wrong_token_where_there_is_one_option(facts, names):
    claim(
        "sample",
        "It is not all of them, because where the author has only one option, $k = 2$ "
        "lets in one wrong token, which the temperature has made more likely.",
    )
    assert 50 < number(facts["two_share"]) < 95 and names["shares"][2.5].right == 0
    hot, cold = (keep_top_k(probabilities(after("fox"), t), 2) for t in (2.5, 1.0))
    assert kept(hot) == kept(cold) == 2 and float(hot.min()) >= 0
    assert hot[hot > 0].min() > 5 * cold[cold > 0].min()


def test_without_append_the_bets_are_the_same_each_time(facts):
    claim(
        "sample",
        "The model sees the same prompt each time, so it makes the same bets each time, "
        "and *she* or *Ada* comes again and again.",
    )
    forgot = measured.forgotten(TOKENIZER, LOGITS[-1])
    assert set(forgot) == {"she", "Ada"} and facts["forgot"] == f"{' '.join(forgot)} …"


def test_the_mean_of_all_vectors_does_not_know_what_comes():
    claim(
        "sample",
        "The vector of *fox* says *named*, and only the last says what comes after the "
        "whole text.",
    )
    x = vectors(IDS)
    words = ids_of_words(TOKENIZER, ["she", "Ada"])
    for vector, knows in ((x[-1], True), (x.mean(0), False)):
        p = probabilities(sample.unembed(vector, WTE))
        assert (float(p[words].sum()) > 0.9) == knows
    assert TOKENIZER.decode([int(after("fox").argmax())]) == " named"


def test_greedy_and_top_k_do_not_change_with_temperature_and_the_others_do():
    claim(
        "sample",
        "Hence greedy and top-k keep the same tokens at every temperature. Top-p and "
        "min-p do not. Hotter shares are flatter, so top-p needs more of them, and more "
        "of them reach the fraction of min-p.",
    )
    z = LOGITS[-1]
    cold, hot = probabilities(z, 0.5), probabilities(z, 2.5)
    for k in (1, 5, 50):
        assert ((keep_top_k(cold, k) > 0) == (keep_top_k(hot, k) > 0)).all()
    assert kept(keep_top_p(cold, 0.9)) < kept(keep_top_p(hot, 0.9))
    few, many = (kept(measured.keep_min_p(p, 0.02)) for p in (cold, hot))
    assert few < many


def test_temperature_0_is_refused():
    claim(
        "sample",
        "The limit is greedy, so `probabilities` refuses 0 and says to take `top_k=1`.",
    )
    assert probabilities(LOGITS[-1], 1e-4).max() == 1
    with pytest.raises(ValueError, match="top_k=1"):
        probabilities(LOGITS[-1], 0)


def test_at_the_floor_the_bets_are_the_authors():
    claim(
        "sample",
        "Its KL is 0, so its bets are the author's, its stories are as varied as the "
        "author's own, and there is no way to tell whose is whose.",
    )
    q = random_bets(9)
    for seed in range(1, 20):
        near = 0.99 * q + 0.01 * random_bets(9, seed)
        assert (q * (q / near).log()).sum() > 0  # not 0 unless the bets are the same


def test_with_the_same_weights_it_gives_the_numbers_of_gpt_2():
    claim(
        "sample",
        "Its tokenizer, layers and loop are those of GPT-2, and with the same weights it "
        "gives the same numbers as GPT-2, to the fifth digit.",
    )
    c = MODEL.config
    theirs = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=c.n_vocab,
            n_positions=c.n_ctx,
            n_embd=c.d_model,
            n_layer=c.n_layer,
            n_head=c.n_head,
        )
    ).eval()
    named = {f"transformer.{name}": w for name, w in MODEL.weights.items()}
    missing, unknown = theirs.load_state_dict(named, strict=False)
    assert not unknown and set(missing) <= {"lm_head.weight"}
    theirs.tie_weights()
    with torch.no_grad():
        want = theirs(torch.tensor([IDS])).logits
    torch.testing.assert_close(LOGITS[None], want, rtol=1e-5, atol=2e-5)


def test_two_thirds_of_forty_draws():
    claim("sample", "Two thirds, because $0.99^{40} \\approx 0.67$.")
    assert 0.99**40 == pytest.approx(0.67, abs=0.005)
    uniform = random.Random(0).random
    told = [all(uniform() < 0.99 for _ in range(40)) for _ in range(5000)]
    assert sum(told) / len(told) == pytest.approx(2 / 3, abs=0.03)
