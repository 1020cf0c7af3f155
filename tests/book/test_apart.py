"""The model taken apart, as the chapter MLP tells it: what its numbers are made of.

The claims of the page stand in claims/test_apart.py. Here is what those measurements rest
on: that a head which is taken away adds nothing, that the dashed line is exact, that the
recorded training can be repeated, that what must not be said is refused.
"""

import json
import re
from itertools import islice
from math import log

import pytest
import torch

import book.facts.apart as measured
from book import record_copying as record
from book.facts import ids_of
from gpt import world
from gpt.model import SMALL

CHAPTER = "mlp"

HEADS = [(layer, h) for layer in range(3) for h in range(4)]


# --- heads ----------------------------------------------------------------------------
def test_a_head_with_zero_rows_adds_nothing(names):
    """`without_heads` takes away exactly what the head would have added."""
    model, ids = names["model"], names["last"].the
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


def test_a_mean_put_back_is_the_mean_of_what_was_taken(names):
    """Over the stories from which it was taken, the mean of attention stays the same."""
    model, tokenizer = names["model"], names["tokenizer"]
    told = measured.held_out(20)
    means = measured.mean_added(model, tokenizer, told)
    assert list(means) == HEADS
    for head in ((0, 1), (2, 3)):
        silent = names["without_heads"](model, head)
        changed = measured.with_mean(silent, head, means[head])
        at = f"{head[0]}.attend"
        before, after = (
            torch.cat([which.trace(ids_of(tokenizer, s), at)[at][0] for s in told])
            for which in (model, changed)
        )
        torch.testing.assert_close(before.mean(0), after.mean(0), atol=1e-4, rtol=1e-3)
        assert not torch.allclose(before, after, atol=1e-2)


def test_each_kind_of_word_is_asked_where_it_stands(names):
    tokenizer = names["tokenizer"]
    text = (
        "Once a shy owl named Tom lived by the sea. One day he worked with a clay model. "
        "When the sun came up, the model dried on the shelf, and he began to hop for joy. "
        "At last Tom the owl flew home."
    )
    ids = ids_of(tokenizer, text)
    asked = measured.kinds(tokenizer, ids[:, :-1], ids[:, 1:])

    def words(kind):
        return [tokenizer.decode([int(id)]) for id in ids[:, 1:][asked[kind]]]

    assert words("the name") == [" Tom"] and words("the animal") == [" owl"]
    assert words("wore, dried, guessed") == [" dried"]
    assert words("she, he") == [" he", " he"]
    assert not words("was, were") and not words("her, him, his")
    assert len(words("all words")) == ids.shape[1] - 1


def test_the_end_of_a_story_is_found(names):
    tokenizer, last = names["tokenizer"], names["last"]
    assert (last.name, last.animal) == ("Ada", "fox")
    assert tokenizer.decode(last.at_last[0].tolist()).endswith("for joy. At last")
    assert tokenizer.decode(last.the[0].tolist()).endswith("At last Ada the")
    assert measured.group("Mei") == world.SHE and measured.group("owl") == world.FLY


def test_a_note_that_is_given_is_the_only_change(names):
    """Given its own note, a story stays as it is; given another's, it moves."""
    model, ids = names["model"], names["four"].ids
    own = measured.given_notes(model, ids["clay"], ids["clay"])
    assert min(own.values()) > 0.9999
    assert list(own) == [(n, part) for n in range(3) for part in ("attend", "mlp")]


def test_a_head_that_does_something_is_not_called_idle(names):
    looks = measured.idle_look(
        names["model"], names["tokenizer"], names["without_heads"], many=40
    )
    with pytest.raises(ValueError, match="not idle"):
        _ = looks._replace(idle=looks.busy).said


# --- when copying begins --------------------------------------------------------------
def test_the_dashed_line_is_exact(names, facts):
    floor = names["copying"].floor
    assert floor == world.entropy(names["tokenizer"])
    assert facts["forgets"] == f"{log(8) + log(12):.2f}"
    assert facts["summary_saves"] == f"{log(2) + log(3):.2f}"
    assert (facts["names_many"], facts["animals_many"]) == ("8", "12")
    line = floor.nats_per_token + log(96) / floor.tokens
    assert facts["forget_line"] == f"{line:.3f}"
    # "name and animal are drawn evenly …"
    assert set(world.next_word("Once a little").values()) == {1 / 12}
    assert set(world.next_word("Once a little fox named").values()) == {1 / 8}
    # "… and apart from all else, and the rest of every story tells them both"
    for story in islice(world.stories(seed=4), 12):
        first, rest = re.match(r"(.*?named \w+)(.*)", story).groups()
        for name in world.SHE + world.HE:
            for animal in world.RUN + world.FLY + world.SWIM:
                other = re.sub(r"\w+ named \w+", f"{animal} named {name}", first)
                assert world.grammatical(other + rest) == (other == first)


def test_the_loss_crosses_the_line_once_and_for_good(names, facts):
    copying = names["copying"]
    losses, line, crossed = copying.losses, copying.forgetful, copying.crossed
    assert (losses[crossed:] < line).all() and (losses[:crossed] >= line).all()
    assert facts["crossed_from"] == f"{25 * crossed}" and 200 <= 25 * crossed <= 350
    assert float(facts["final_gap"]) < 0.4


def test_a_loss_that_rises_over_the_line_again_is_refused(names, tmp_path):
    card = json.loads((SMALL / "card.json").read_text("utf-8"))
    losses = [*card["losses"][:-25], *[1.0] * 25]
    (tmp_path / "card.json").write_text(json.dumps(card | {"losses": losses}))
    with pytest.raises(ValueError, match="once and for good"):
        measured.when_copying_begins(names["tokenizer"], tmp_path)


def test_what_is_recalled_counts_the_right_words(names):
    """The finished model recalls all; one that has read nothing, next to nothing."""
    model, tokenizer = names["model"], names["tokenizer"]
    told = measured.endings(tokenizer, 20)
    assert list(measured.recalled(model, tokenizer, told)) == list(measured.RECALLED)
    assert min(measured.recalled(model, tokenizer, told).values()) > 0.99
    wrong = [end._replace(name="Tom" if end.name != "Tom" else "Leo") for end in told]
    assert measured.recalled(model, tokenizer, wrong)["the name"] < 0.01


def test_the_recorded_training_can_be_repeated(names):
    """Its first steps, with which "she or he" is learned; later ones drift with rounding."""
    recorded = json.loads(record.FILE.read_text("utf-8"))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    again = record.run(names["tokenizer"], seed=3, steps=175)
    torch.set_num_threads(threads)
    run_ = recorded["runs"]["3"]
    assert again["step"] == run_["step"][:7]
    for what in measured.RECALLED:
        assert again[what] == pytest.approx(run_[what][:7], abs=0.05), what
    assert json.loads((SMALL / "card.json").read_text("utf-8"))["seed"] == 3
    assert record.lines(recorded) == record.FILE.read_text("utf-8")
