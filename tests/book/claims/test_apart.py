"""The chapter MLP, its model taken apart: each causal sentence, in the order of the page.

`claim` fails where the page no longer says the sentence; the rest of a test fails where
the model, the world or the method no longer bears it out.
"""

import json
from math import log

import numpy as np
import pytest
import torch

import book.facts.apart as measured
from book.facts import held_out, ids_of, ids_of_words
from gpt import world
from tests.book.page import claim

CHAPTER = "mlp"

HEADS = [(layer, h) for layer in range(3) for h in range(4)]
KINDS = "fashion", "clay", "machine learning"


@pytest.fixture(scope="module")
def without(names):
    return names["without_heads"]


@pytest.fixture(scope="module")
def told(tokenizer):
    """The ends of stories on which nothing was chosen."""
    return [measured.ending(tokenizer, story) for story in held_out(420)[300:]]


def mean(model, tokenizer, told, what):
    return measured.recalled(model, tokenizer, told)[what]


# --- take a head away -----------------------------------------------------------------
def test_it_is_enough_to_set_the_rows_to_zero(model, without, names):
    claim(
        "mlp",
        "A head adds to the stream through its own rows of $W_\\text{out}$, the last "
        "matrix of attention, so it is enough to set these rows to zero:",
    )
    ids = names["last"].the
    for layer, h in HEADS:
        calls = iter(range(3))

        def mine(q, k, v, calls=calls, layer=layer, h=h):
            out = model.stages["attention"](q, k, v)
            if next(calls) == layer:
                out[:, h] = 0
            return out

        returned = model.replace(attention=mine)(ids)
        torch.testing.assert_close(
            without(model, (layer, h))(ids), returned, atol=1e-4, rtol=1e-4
        )


def test_only_without_both_heads_is_the_name_gone(
    facts, model, tokenizer, without, told
):
    claim("mlp", "Only without both is the name gone.")
    claim(
        "mlp",
        "The right name gets about an eighth of that, as if it were chosen "
        "at random. So head 1.1 stands in for 1.3, and 1.3 only in part "
        "for 1.1.",
    )
    own, names_ = (float(facts[f"{what}_without_both"]) for what in ("own", "names"))
    assert own / names_ == pytest.approx(1 / 8, abs=0.02)
    found = {
        heads: mean(without(model, *heads), tokenizer, told, "the name")
        for heads in ((), ((1, 1),), ((1, 3),), ((1, 1), (1, 3)))
    }
    assert found[()] > 0.99 and found[(1, 3),] > 0.98
    assert 0.35 < found[(1, 1),] < 0.65 and found[(1, 1), (1, 3)] < 0.1
    # no other head stands in for 1.1: the name stays as it is without it
    for head in HEADS:
        if head not in ((1, 1), (1, 3)):
            left = without(model, (1, 1), head)
            assert mean(left, tokenizer, told[:40], "the name") > 0.3, head


def test_words_that_cannot_follow(model, tokenizer, without, names):
    claim(
        "mlp",
        "The rest of the bets goes to words that cannot follow, such as *was*. With a "
        "part missing, a model is in a state that it never met in training.",
    )
    story = tokenizer.decode(names["last"].at_last[0, 1:].tolist())
    assert set(world.next_word(story)) == {"Ada"}
    left = without(model, (1, 1), (1, 3))
    p = left(names["last"].at_last)[0, -1].softmax(-1)
    (was,) = ids_of_words(tokenizer, ["was"])
    assert p[was] > 0.05
    assert p[ids_of_words(tokenizer, measured.NAMES)].sum() < 0.7
    # a training story never makes the stream look like this: it stands far from all
    at = "1.stream"
    seen = torch.stack(
        [
            model.trace(end.at_last, at)[at][0, -1]
            for end in measured.endings(tokenizer, 100)
        ]
    )
    here = left.trace(names["last"].at_last, at)[at][0, -1]
    near = torch.cdist(seen, seen).fill_diagonal_(np.inf).amin(1)
    assert (seen - here).norm(dim=1).min() > 2 * near.max()


def test_without_1_1_animals_that_move_alike_are_mistaken(
    facts, model, tokenizer, without, told
):
    claim(
        "mlp",
        "Without head 1.1 the model often takes one animal for another, but seldom for "
        "one that moves in another way.",
    )
    assert facts["mistaken"] in world.RUN and facts["mistaken"] != "fox"
    left = measured.recalled(without(model, (1, 1)), tokenizer, told)
    assert left["the animal"] < 0.5 and left["how it moves"] > 0.8


def test_it_is_head_2_3_that_knows_how_the_animal_moves(
    facts, model, tokenizer, without, told
):
    claim("mlp", "Who still knows that the animal runs? It is head 2.3.")
    claim(
        "mlp",
        "Each of the … animals has … that move otherwise, which makes … pairs. In … of "
        "them most of the bet goes over to the four animals that move in that other way, "
        "which then get … on average. So head 1.1 brings the animal, and 2.3 mainly how "
        "it moves.",
    )
    assert int(facts["follow_each"]) == 8
    assert int(facts["follow_half"]) > 0.85 * int(facts["follow_pairs"]) == 0.85 * 96
    left = without(model, (1, 1), (2, 3))
    assert mean(left, tokenizer, told, "how it moves") < 0.6
    for head in HEADS:  # no other head brings it
        if head not in ((1, 1), (2, 3)):
            left = without(model, (1, 1), head)
            assert mean(left, tokenizer, told[:40], "how it moves") > 0.7, head
    # in other stories, too; and never the animal itself
    left = without(model, (1, 1))
    for opening, name in (("Long ago a brave", "Zoe"), ("Far away a shy", "Kofi")):
        he = "he" if name in world.HE else "she"
        stories = {
            animal: ids_of(
                tokenizer,
                f"{opening} {animal} named {name} lived in the forest. One day {he} "
                f"worked with a clay model. When the sun came up, the model dried on the "
                f"shelf, and {he} began to hop for joy. At last {name} the",
            )
            for animal in measured.ANIMALS
        }
        followed = measured.exchanged(left, tokenizer, stories)
        assert np.mean(followed) > 0.7
    # 1.1 brings the animal: alone of the two, it is nearly always enough
    left = without(model, (2, 3))
    assert mean(left, tokenizer, told, "the animal") > 0.85


def test_only_head_0_1_looks_at_the_kind(model, names):
    claim("mlp", "Of all heads, only 0.1 looks from the second *model* at the kind.")
    for kind in KINDS:
        ids = names["four"].ids[kind]
        flow = model.trace(ids)
        place = ids.shape[1] - 1 - 10
        words = slice(place - len(kind.split()) + 1, place + 1)
        shares = {
            (n, h): float(flow[f"{n}.weights"][0, h, -1, words].sum()) for n, h in HEADS
        }
        assert shares.pop((0, 1)) > 0.8 and max(shares.values()) < 0.2


def test_without_head_0_1_three_stories_are_told_alike(model, tokenizer, names):
    claim(
        "mlp",
        "The three go on in the same words. The model of the story still "
        "does one of the three things, but which one no longer depends on "
        "its kind.",
    )
    silent, end = names["silent"], names["end"]
    alike, did = 0, set()
    for seed in range(20):
        three = set()
        for kind in KINDS:
            begin = f"{world.PROMPT} Ada worked with a {kind} model."
            new = silent.generate(
                [end, *tokenizer.encode(begin)], seed=seed, **names["how"]
            )
            three.add("".join(tokenizer.decode([id]) for id in new))
        alike += len(three) == 1
        did |= {one.split("the model ")[1].split()[0] for one in three}
        if seed in (2, 5):  # those that the page shows
            assert len(three) == 1
    # the place of machine learning's model still tells a little
    assert alike >= 15 and did <= {"wore", "dried", "guessed"} and len(did) == 3


def test_most_squares_are_empty_and_most_columns_have_a_dark_one(names):
    claim(
        "mlp",
        "Most squares are empty, and most columns have one that is darker than all "
        "others.",
    )
    more = names["each"].more
    assert list(more) == HEADS
    columns = np.array([[*cost.values()] for cost in more.values()])
    assert (columns >= 0.05).mean() < 0.25
    second, first = np.sort(columns, 0)[-2:]
    assert (first > 2 * second).sum() >= 6
    for kind, head in (
        ("the name", (1, 1)),
        ("the animal", (1, 1)),
        ("wore, dried, guessed", (0, 1)),
        ("was, were", (0, 1)),
        ("run, fly, swim", (2, 0)),
    ):
        assert max(more, key=lambda h, kind=kind: more[h][kind]) == head


def test_an_empty_row_does_not_mean_idleness(facts, names):
    claim(
        "mlp",
        "Without head 1.3 no kind of word costs more than …, because 1.1 is still there.",
    )
    model, tokenizer, without = (
        names[k] for k in ("model", "tokenizer", "without_heads")
    )
    assert float(facts["one_head"]) <= 0.01
    told = [*measured.batches(tokenizer, iter(held_out(60)), 60)]
    both, one, whole = (
        measured.costs(without(model, *heads), tokenizer, told)["the name"]
        for heads in (((1, 1), (1, 3)), ((1, 1),), ())
    )
    assert both - one > 1 and one - whole < 1.2


def test_was_and_were_get_worst_without_head_0_1(names):
    claim("mlp", "Without head 0.1, *was* and *were* get worse than all else.")
    cost = names["each"].more[0, 1]
    assert max(cost, key=cost.get) == "was, were" and cost["was, were"] > 1


def test_head_0_1_brings_which_it_this_is(facts, model, tokenizer, without):
    claim(
        "mlp",
        "Without the head, the model bets … on *to*, as if it had read "
        "*and she gave it*. Now we leave the head in its place. We let it "
        "return, at the token *it*, what it returned there in a story that "
        "says *gave it*. The bet on *to* is then …. If we do the reverse, "
        "and put what it returned in *there it was* into a story of *gave "
        "it*, the bet on *was* is …. So here the head brings which *it* "
        "this is, and does not count.",
    )
    its = measured.which_it(model, tokenizer, without, many=600)
    assert len(its.there) > 50 and min(p for _, p in its.silent) > 0.9
    assert np.mean([p for _, p in its.there]) > 0.98
    assert np.mean([p for p, _ in its.gave]) > 0.9
    assert float(facts["there_silent"]) > 0.98 and float(facts["gave_exchanged"]) > 0.9
    # it does not count: where the number decides, nothing is lost without it
    silent, right = without(model, (0, 1)), []
    for story in held_out(300):
        for word in ("was", "were"):
            for before in ("wall", "gate", "rocks", "logs"):
                if (words := f"the {before} {word}") in story:
                    ids = ids_of(
                        tokenizer, story[: story.index(words) + len(before) + 4]
                    )
                    (column,) = ids_of_words(tokenizer, [word])
                    right.append(float(silent(ids)[0, -1].softmax(-1)[column]))
    assert len(right) > 50 and min(right) > 0.9


def test_the_mean_instead_of_zeros_makes_little_difference(facts, names):
    claim(
        "mlp",
        "Here it makes little difference. Each column has its largest number at the same "
        "head, and no number changes by more than ….",
    )
    more, by_mean = names["each"].more, names["each"].by_mean
    for kind in more[0, 0]:
        heads = {max(of, key=lambda h: of[h][kind]) for of in (more, by_mean)}
        assert len(heads) == 1, kind
    assert float(facts["mean_moves"]) < 0.3


# --- the vector has moved -------------------------------------------------------------
def test_head_0_1_begins_to_part_the_vectors(facts, names):
    claim(
        "mlp",
        "As embedded, the vector of the clay story is the very same, with a cosine of …. "
        "Attention in layer 0, where head 0.1 brings the kind, takes it to …, and at the "
        "end it is …. Without the head it stays at … all the way.",
    )
    model, ids = names["model"], names["four"].ids
    fashion, clay = (
        model.trace(ids[kind], "embed")["embed"][0, -1] for kind in ("fashion", "clay")
    )
    assert torch.equal(fashion, clay)
    moved = names["moved"]
    assert moved.whole["clay"][1] < 0.8 and moved.whole["clay"][-1] < 0.2
    assert facts["clay_without"] == "1.00" == f"{min(moved.silent['clay']):.2f}"
    assert moved.silent["machine learning"][-1] > 0.98
    # of the heads of layer 0, it is this one
    for h in (0, 2, 3):
        silent = names["without_heads"](model, (0, h))
        on_the_way = measured.cosines_on_the_way(silent, ids["fashion"], ids["clay"])
        assert on_the_way[1] < 0.8 and on_the_way[-1] < 0.5


def test_the_mlps_do_the_rest(facts, names):
    claim(
        "mlp",
        "If this part is the attention of layer 1 or of layer 2, the "
        "cosine at the end is still …, so these do nothing to move the two "
        "vectors apart. With the MLP of layer 0 the cosine is …, with that "
        "of layer 1 …, and with that of layer 2 …. So the MLPs do the "
        "rest, and the first of them decides.",
    )
    model, ids = names["model"], names["four"].ids
    end = names["moved"].whole["clay"][-1]
    for one, other in (("fashion", "clay"), ("clay", "fashion")):
        given = measured.given_notes(model, ids[one], ids[other])
        for n in (1, 2):
            assert given[n, "attend"] == pytest.approx(end, abs=0.05)
        assert given[0, "mlp"] > 0.95
        assert min(given[n, "mlp"] for n in (1, 2)) > end + 0.2
        assert given[0, "mlp"] > max(given[n, "mlp"] for n in (1, 2)) + 0.1


# --- when copying begins --------------------------------------------------------------
def test_what_forgetting_costs_cannot_be_avoided(facts, names):
    """The best that a reader can do who knows the world, but not which hero it was.

    Such a reader gives the rest of a story the mean of what it would get from the 96
    heroes. The finished model says what each would give.
    """
    claim(
        "mlp",
        "That costs … nats more per story, and cannot be avoided by any cleverness.",
    )
    model, tokenizer = names["model"], names["tokenizer"]
    heroes = [(name, animal) for name in measured.NAMES for animal in measured.ANIMALS]
    names_, animals = (
        torch.tensor(ids_of_words(tokenizer, words)) for words in zip(*heroes)
    )
    more = []
    for story in held_out(12):
        ids = ids_of(tokenizer, story)
        rest = ids_of(tokenizer, story[: story.index(".") + 1]).shape[1]
        every = ids.repeat(len(heroes), 1)
        for words, column in ((measured.NAMES, names_), (measured.ANIMALS, animals)):
            its = torch.isin(
                ids[0, :rest], torch.tensor(ids_of_words(tokenizer, words))
            )
            (place,) = its.nonzero()[:, 0].tolist()
            every[:, place] = column
        p = model(every)[:, rest - 1 : -1].log_softmax(-1)
        said = p.gather(2, every[:, rest:, None])[..., 0].sum(1)  # (96,)
        (right,) = (every == ids).all(1).nonzero()[:, 0].tolist()
        forgetful = said.logsumexp(0) - log(len(heroes))
        more.append(float(said[right] - forgetful))
    assert np.mean(more) == pytest.approx(float(facts["forgets"]), abs=0.05)


def test_the_loss_goes_through_what_is_impossible_without_memory(facts, names):
    claim(
        "mlp",
        "At step … the loss goes through it, which is impossible for a model that "
        "carries nothing from the first sentence to the rest.",
    )
    copying = names["copying"]
    more = (copying.forgetful - copying.floor.nats_per_token) * copying.floor.tokens
    assert more == pytest.approx(log(96))  # the test above: what forgetting costs
    # and by far more than by the luck of some batches
    after = copying.losses[copying.crossed + 4 : copying.crossed + 8]
    assert after.max() < copying.forgetful - 0.03


def test_a_summary_saves_without_a_copy(facts):
    claim(
        "mlp",
        "It does not prove that anything is *copied*. A reader who "
        "remembers only *a she, and one that runs* already saves … of the "
        "… nats.",
    )
    left = log(len(world.SHE)) + log(len(world.RUN))  # one of four, twice
    assert f"{log(8) + log(12) - left:.2f}" == facts["summary_saves"]
    assert len(world.SHE) == len(world.HE)
    assert len(world.RUN) == len(world.FLY) == len(world.SWIM)


def test_the_copies_come_after_the_summary(facts):
    """In two trainings, from two seeds and on other stories."""
    claim("mlp", "What it learns first is indeed no copy.")
    claim("mlp", "(While it learns the name, this falls back to … for a moment.)")
    claim("mlp", "So in this model the copies come after the summary.")
    runs = json.loads(measured.RECORDED.read_text("utf-8"))["runs"]
    assert len(runs) == 2
    for run_ in runs.values():
        run_ = {what: np.array(found) for what, found in run_.items()}
        for whole, part in (("she or he", "the name"), ("how it moves", "the animal")):
            first = np.argmax(run_[whole] >= 0.9)
            assert run_[part][first] == pytest.approx(run_[whole][first] / 4, abs=0.03)
            assert not (run_[part][: first + 1] >= 0.5).any()
            assert (run_[part][-1] > 0.75).all()
    assert int(facts["she_step"]) < int(facts["name_step"])
    seed = {what: np.array(found) for what, found in runs["3"].items()}
    dip = list(seed["how it moves"]).index(min(seed["how it moves"][8:]))
    assert int(facts["moves_step"]) < seed["step"][dip] < int(facts["name_step"])
    assert facts["dip_then"] == f"{seed['how it moves'][dip]:.2f}"
    assert int(facts["moves_step"]) < int(facts["animal_step"])


# --- what a share does not say --------------------------------------------------------
def test_a_large_share_may_do_nothing(facts, model, tokenizer, without):
    claim(
        "mlp",
        "It seems to ask what is going on. Yet hardly anything changes "
        "without it. In … new stories, even the bet that changes most "
        "changes by only … on average.",
    )
    looks = measured.idle_look(model, tokenizer, without, many=420)
    assert min(share for share, _ in looks.idle) > 0.8
    assert max(change for _, change in looks.idle) < 0.02
    assert np.mean([change for _, change in looks.busy]) > 0.05
    assert min(share for share, _ in looks.busy) > 0.95
    assert float(facts["busy_change"]) > 30 * float(facts["idle_change"])


def test_a_part_that_is_not_missed_may_do_something(names):
    claim(
        "mlp",
        "Then it may be that hardly anything gets worse without one of "
        "them, as without 1.3. That does not prove that this head does "
        "nothing.",
    )
    lost = names["lost"]
    one, other, both = (lost.own[heads] for heads in list(lost.own)[1:])
    assert other > 0.98 and both < 0.1 < one / 3
