"""What MLP says of heads that are taken away, in the order of the page."""

import json
import re
from itertools import islice
from math import log

import pytest
import torch

import book.facts.mlp as measured
from gpt import world
from gpt.model import SMALL
from tests.book.page import claim, run

HEADS = [(layer, h) for layer in range(3) for h in range(4)]


@pytest.fixture(scope="module")
def page():
    threads = torch.get_num_threads()
    with torch.no_grad():
        found = run("mlp")
    torch.set_num_threads(threads)
    return found


@pytest.fixture(scope="module")
def names(page):
    return page.names


@pytest.fixture(autouse=True)
def no_gradients():
    with torch.no_grad():
        yield


def test_a_head_with_zero_rows_adds_nothing(names):
    claim(
        "mlp",
        "We set the head's rows of $W_\\text{out}$ to zero, so that it adds nothing:",
    )
    model, ids = names["model"], names["story"].ids
    silent = names["without_heads"](model, (1, 2))
    changed = [
        name
        for name in model.weights
        if not torch.equal(model.weights[name], silent.weights[name])
    ]
    assert changed == ["h.1.attn.c_proj.weight"]
    heads = model.trace(ids, "1.heads")["1.heads"][0, 2]  # (T, d_head)
    added = heads @ model.weights["h.1.attn.c_proj.weight"][48:72]
    missing = (
        model.trace(ids, "1.attend")["1.attend"]
        - silent.trace(ids, "1.attend")["1.attend"]
    )
    torch.testing.assert_close(missing[0], added, atol=1e-5, rtol=1e-4)


def test_heads_1_1_and_1_3_look_at_the_name(names):
    claim("mlp", "From *last*, heads 1.1 and 1.3 both look at the hero's name.")
    story = names["story"]
    weights = names["model"].trace(story.ids, "1.weights")["1.weights"][0]
    name = story.pieces.index(" Ada")
    for h in (1, 3):
        assert weights[h, story.last].argmax() == name
        assert weights[h, story.last, name] > 0.75


def test_only_without_both_is_the_name_lost(names):
    claim("mlp", "Only without both is the name lost.")
    claim(
        "mlp",
        "Each of the two heads stands in for the other, so a head that is not missed may "
        "have known the answer all the same.",
    )
    one, other = measured.ONE_NAME
    bets = names["lost"].bets
    assert bets[()]["Ada"] > 0.99
    assert bets[one,]["Ada"] > 0.6 and bets[other,]["Ada"] > 0.9
    both = bets[one, other]
    assert max(both.values()) < 0.15
    # and so it is in other stories: each right name is the best bet without either
    model, tokenizer = names["model"], names["tokenizer"]
    kept, lost = [], []
    for told in islice(world.stories(77), 24):
        before, after = told.split(" At last ")
        ids = measured.ids_of(tokenizer, f"{before} At last")
        (name,) = measured.ids_of_words(tokenizer, [after.split()[0]])
        for heads in ((one,), (other,)):
            p = measured.bets(names["without_heads"](model, *heads), ids)[-1]
            kept.append(float(p[name]))
        p = measured.bets(names["without_heads"](model, one, other), ids)[-1]
        lost.append(float(p[name]))
    assert sum(kept) / len(kept) > 0.7 and sum(lost) / len(lost) < 0.2


def test_without_1_1_the_model_still_knows_how_the_hero_moves(names):
    claim(
        "mlp",
        "Without head 1.1 the right animal has … on average, but those that move as it "
        "does have … together, for the model still knows whether the hero runs, flies or "
        "swims.",
    )
    claim("mlp", "In the story of the course it now takes the fox for a mouse.")
    found = names["found"]
    one, other = measured.ONE_ANIMAL
    assert found.animal[()] > 0.98
    assert found.animal[one,] < 0.5 and found.group[one,] > 0.8
    # by luck, a group of 4 of 12 would have a third
    both = found.animal[one, other], found.group[one, other]
    assert both[0] < found.animal[one,] - 0.15 and both[1] < found.group[one,] - 0.25
    model, tokenizer, story = names["model"], names["tokenizer"], names["story"]
    less = names["without_heads"](model, one)
    place = story.last + 2
    p = measured.bets(less, story.ids[:, : place + 1])[-1]
    assert tokenizer.decode([int(p.argmax())]) == " mouse"


def test_the_table_of_heads_taken_away(names):
    claim(
        "mlp",
        "Head 0.1 brings the kind of model, and *was* and *were* depend on it too. Head "
        "1.1 is needed for the name and the animal, heads 1.2 and 2.0 for how the friend "
        "moves, head 2.1 for *her*, *him* and *his*. The rows of heads 0.2, 1.0, 1.3 and "
        "2.2 are empty.",
    )
    more = names["each"].more
    assert list(more) == HEADS
    needed = {
        "wore, dried, guessed": [(0, 1)],
        "was, were": [(0, 1)],
        "the name": [(1, 1)],
        "the animal": [(1, 1)],
        "run, fly, swim": [(1, 2), (2, 0)],
        "her, him, his": [(2, 1)],
    }
    for kind, heads in needed.items():
        others = max(more[head][kind] for head in HEADS if head not in heads)
        assert min(more[head][kind] for head in heads) > max(0.3, others)
    for head in ((0, 2), (1, 0), (1, 3), (2, 2)):
        assert all(nats < 0.05 for nats in more[head].values())
    for head in set(HEADS) - {(0, 2), (1, 0), (1, 3), (2, 2)}:
        assert any(nats >= 0.05 for nats in more[head].values())


def test_means_instead_of_zeros_change_little(names):
    claim(
        "mlp",
        "If we put its mean in its place instead, no number in the table changes by more "
        "than ….",
    )
    each = names["each"]
    for head, cost in each.more.items():
        for kind, nats in cost.items():
            assert abs(each.mean[head][kind] - nats) <= 0.3
            if nats > 0.5:  # what is needed with zeros is needed with means
                assert each.mean[head][kind] > 0.5


def test_no_other_head_tells_the_two_stories_apart(names):
    claim(
        "mlp",
        "Without head 0.1 it stays at …, because no other head tells the two stories "
        "apart.",
    )
    whole, silent = names["moved"]
    assert whole[0] > 0.999999
    assert whole[1] < 0.8 and whole[2] < whole[1] and whole[-1] < 0.2
    assert min(silent) > 0.99


def test_the_upper_line_is_exact(page, names):
    claim(
        "mlp",
        "That costs … nats more per story, and no cleverness saves any of them.",
    )
    floor = names["copying"].floor
    assert floor == world.entropy(names["tokenizer"])
    assert page.facts["forgets"] == f"{log(8) + log(12):.2f}"
    line = floor.nats_per_token + log(96) / floor.tokens
    assert page.facts["forget_line"] == f"{line:.3f}"
    # "Name and animal are drawn evenly …"
    assert set(world.next_word("Once a little").values()) == {1 / 12}
    assert set(world.next_word("Once a little fox named").values()) == {1 / 8}
    # "… and apart from all else, and the rest of every story tells them both"
    animals = world.RUN + world.FLY + world.SWIM
    for story in islice(world.stories(seed=4), 12):
        first, rest = re.match(r"(.*?named \w+)(.*)", story).groups()
        for name in world.SHE + world.HE:
            for animal in animals:
                other = re.sub(r"\w+ named \w+", f"{animal} named {name}", first)
                assert world.grammatical(other + rest) == (other == first)


def test_the_second_reader_cannot_pass_the_lower_line(page, names):
    claim(
        "mlp",
        "But such a reader must still guess among four names and four animals, and cannot "
        "get below the lower line, ….",
    )
    assert len(world.SHE) == len(world.HE) == 4
    assert len(world.RUN) == len(world.FLY) == len(world.SWIM) == 4
    floor = names["copying"].floor
    line = floor.nats_per_token + 2 * log(4) / floor.tokens
    assert page.facts["vague_line"] == f"{line:.3f}"


def test_the_loss_goes_through_both_lines_for_good(page, names):
    claim(
        "mlp",
        "Near step … the loss goes through it for good, which nothing can do that does "
        "not carry something from the first sentence to the rest.",
    )
    claim("mlp", "From there on, more than such hints is carried.")
    copying = names["copying"]
    losses = copying.losses
    for line, crossed in (
        (copying.forgetful, copying.crossed),
        (copying.vague, copying.crossed_vague),
    ):
        assert (losses[crossed:] < line).all() and (losses[:crossed] >= line).all()
    assert 0 < copying.crossed < copying.crossed_vague < 20
    assert float(page.facts["final_gap"]) < 0.4


def test_a_loss_that_rises_over_a_line_again_is_refused(names, tmp_path):
    card = json.loads((SMALL / "card.json").read_text("utf-8"))
    losses = [*card["losses"][:-25], *[1.0] * 25]
    (tmp_path / "card.json").write_text(json.dumps(card | {"losses": losses}))
    with pytest.raises(ValueError, match="once and for good"):
        measured.when_copying_begins(names["tokenizer"], tmp_path)


def test_a_large_share_may_do_nothing(page, names):
    claim(
        "mlp",
        "Head 2.2, from the last full stop, gives *…* … of its attention. Yet without it "
        "no kind of word in the table costs more than … nats more.",
    )
    assert float(page.facts["idle_share"]) > 0.95
    more = names["each"].more[measured.IDLE]
    assert max(map(abs, more.values())) < 0.02
