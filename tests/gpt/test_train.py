"""The training loop, and what the shipped model claims to be."""

import json
import subprocess
import sys
from itertools import islice

import pytest
import torch

from gpt import world
from gpt.attend import attention
from gpt.embed import neighbours
from gpt.model import GPT, SMALL, Config, load, small
from gpt.tokenize import Tokenizer
from gpt.train import (
    HELD_OUT,
    N_VOCAB,
    PEAK,
    SIZE,
    WARM_UP,
    batches,
    course_tokenizer,
    fit,
    grammatical_share,
    held_out_loss,
    learning_rate,
    main,
    tell,
)

CARD = json.loads((SMALL / "card.json").read_text())
MODEL, TOKENIZER = small()
END = TOKENIZER.special_tokens[world.END]


# --- the loop ---------------------------------------------------------------------


def test_a_batch_asks_for_every_token_once():
    told = list(islice(world.stories(3), 5))
    (pair,) = batches(TOKENIZER, iter(told), 10)
    ids, targets = pair
    for row, target, story in zip(ids, targets, told, strict=True):
        asked = target >= 0
        n = int(asked.sum())
        assert asked[:n].all()
        assert row[0] == END and target[n - 1] == END
        assert TOKENIZER.decode(target[: n - 1]) == story
        assert row[1:n].tolist() == target[: n - 1].tolist()
    assert (targets >= 0).sum(1).max() == ids.shape[1]
    sizes = [len(ids) for ids, _ in batches(TOKENIZER, iter(told), 2)]
    assert sizes == [2, 2, 1]


def test_the_learning_rate_rises_and_falls():
    rates = [learning_rate(step, 1000) for step in range(1000)]
    assert rates[0] == PEAK / WARM_UP
    assert rates[WARM_UP - 1] == PEAK == max(rates)
    assert rates[WARM_UP:] == sorted(rates[WARM_UP:], reverse=True)
    assert 0 <= rates[-1] < PEAK / 1e4


@pytest.mark.parametrize("steps", [1, 3, 12, 100, 101, 500])
def test_a_short_run_comes_down_too(steps):
    rates = [learning_rate(step, steps) for step in range(steps)]
    assert max(rates) == PEAK and min(rates) > 0
    peak = rates.index(PEAK)
    assert peak <= steps / 10
    assert rates[:peak] == sorted(rates[:peak])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    if steps >= 100:
        assert rates[-1] < PEAK / 1000


def test_training_lowers_the_loss_and_repeats_itself():
    config = Config(N_VOCAB, 64, 1, 2, 16)

    def losses(seed):
        told = batches(TOKENIZER, world.stories(seed), 32)
        return [*fit(GPT(config), told, 12)]

    first = losses(0)
    assert first[-1] < first[0] - 0.02
    assert losses(0) == first
    assert losses(1) != first


def test_the_command_writes_a_whole_model(tmp_path):
    command = [sys.executable, "-m", "gpt.train", "--steps", "3", "--seed", "5"]
    command += ["--held-out", "50", "--told", "2", "--to", str(tmp_path / "new")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "over the floor" in done.stdout
    assert {p.name for p in (tmp_path / "new").iterdir()} == {
        p.name for p in SMALL.iterdir()
    }
    card = json.loads((tmp_path / "new" / "card.json").read_text())
    assert card.keys() == CARD.keys()
    assert card["steps"] == 3 and len(card["losses"]) == 3 and card["seed"] == 5
    model = load(tmp_path / "new")
    assert model.config == MODEL.config
    config = json.loads((tmp_path / "new" / "config.json").read_text())
    assert config["eos_token_id"] == END
    tokenizer = Tokenizer.load(tmp_path / "new" / "tokenizer.json")
    assert tokenizer.special_tokens == TOKENIZER.special_tokens
    loss = held_out_loss(model, TOKENIZER, 50)
    assert card["loss"] == pytest.approx(loss, abs=1e-5)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--steps", "0"], "--steps: 0 must be a whole number from 1 up"),
        (["--held-out", "0"], "--held-out: 0 must be a whole number from 1 up"),
        (["--told", "-3"], "--told: -3 must be a whole number from 1 up"),
        (["--seed", "-1"], "--seed: -1 must be a whole number from 0 up"),
        (["--seed", "x"], "--seed: x must be a whole number"),
        (["--seed", str(HELD_OUT)], "that of the held-out stories"),
        (["--to", __file__], f"--to {__file__} cannot be a folder"),
        (["--to", f"{__file__}/new"], "cannot be a folder"),
    ],
)
def test_options_that_cannot_be_are_refused_before_the_training(
    options, said, monkeypatch, capsys
):
    monkeypatch.setattr(sys, "argv", ["gpt.train", *options])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert said in capsys.readouterr().err


# --- the shipped model ------------------------------------------------------------


def test_it_is_what_the_command_makes():
    assert MODEL.config == Config(N_VOCAB, **SIZE)
    assert course_tokenizer().ranks == TOKENIZER.ranks
    assert course_tokenizer().special_tokens == TOKENIZER.special_tokens
    assert sum(file.stat().st_size for file in SMALL.iterdir()) <= 2_000_000
    assert CARD["parameters"] == MODEL.config.n_parameters
    assert CARD["seconds"] <= 600
    assert len(CARD["losses"]) == CARD["steps"]


def test_a_loss_that_stands_out_is_not_that_of_its_stories():
    """A step went too far, and the next took it back: the model finds them ordinary."""
    losses = CARD["losses"]
    jumps = [
        step
        for step in range(300, len(losses) - 1)
        if losses[step] > max(losses[step - 1], losses[step + 1]) + 0.04
    ]
    assert 1 <= len(jumps) <= 5
    stories = batches(TOKENIZER, world.stories(CARD["seed"]), 32)
    told = [*islice(stories, jumps[0] + 1)][-2:]
    before, there = (float(MODEL.loss(*batch).detach()) for batch in told)
    assert abs(there - before) < 0.02


def test_its_loss_is_within_two_percent_of_the_floor():
    floor = world.entropy(TOKENIZER).nats_per_token
    assert CARD["floor"] == pytest.approx(floor, abs=1e-6)
    loss = held_out_loss(MODEL, TOKENIZER, 1000)
    # A thousand stories tell the mean to within a hundredth of itself.
    assert loss == pytest.approx(CARD["loss"], rel=0.01)
    assert CARD["loss"] / floor - 1 == pytest.approx(CARD["loss over floor"], abs=1e-4)
    assert 0.98 * floor < loss < 1.02 * floor


def test_its_surprise_is_the_author_s_story_by_story():
    """Against the same stories' own surprise, chance does not blur the gap."""
    stories = list(islice(world.stories(HELD_OUT), 300))
    truth = 0.0
    for story in stories:
        words = world._WORD.findall(story + world.END)
        for t, word in enumerate(words):
            truth -= float(
                torch.tensor(world.next_word(" ".join(words[:t]))[word]).log()
            )
    nats = tokens = 0
    for ids, targets in batches(TOKENIZER, iter(stories), 100):
        asked = int((targets >= 0).sum())
        nats += float(MODEL.loss(ids, targets)) * asked
        tokens += asked
    assert 1 < nats / truth < 1.02


def test_nearly_all_of_its_stories_are_grammatical():
    assert grammatical_share(MODEL, TOKENIZER, 0.8, 150) >= 0.95
    assert CARD["grammatical share at temperature 0.8"] >= 0.95
    assert grammatical_share(MODEL, TOKENIZER, 3.0, 10) < 0.5


def test_it_writes_the_sentence_of_the_course():
    story = tell(MODEL, TOKENIZER, 0, world.PROMPT, temperature=0.8)
    assert story.removeprefix(world.PROMPT) == (
        " Ada worked with a machine learning model. When the moon came up, the model "
        "guessed the next word, and she began to jump for joy. At last Ada the fox ran "
        "home. Good night, little fox.<|endoftext|>"
    )


def row(word):
    (id,) = TOKENIZER.encode(" " + word)
    return id


@pytest.mark.parametrize(
    "alike",
    [
        world.LEAP,
        ("river", "lake", "sea"),
        ("forest", "meadow", "garden"),
        ("wall", "gate", "rocks", "logs"),
    ],
)
def test_interchangeable_words_are_neighbours(alike):
    table = MODEL.weights["wte.weight"]
    for word in alike:
        cosines, rows = neighbours(table, row(word), len(alike))
        assert set(rows[:-1].tolist()) == {row(w) for w in alike if w != word}
        assert cosines[-2] > 0.95 and cosines[-1] < 0.5


@pytest.mark.parametrize(
    ("kinds", "least"),
    [
        ((world.RUN, world.FLY, world.SWIM), 0.1),
        ((world.SHE, world.HE), 0.1),
        ((world.RUN + world.FLY + world.SWIM, ("river", "lake", "sea")), 0.25),
    ],
)
def test_words_of_a_kind_form_clusters(kinds, least):
    """The mean cosine within a kind is above that between kinds."""
    table = torch.nn.functional.normalize(MODEL.weights["wte.weight"], dim=-1)
    vectors = [
        table[[row(w) for w in kind if len(TOKENIZER.encode(" " + w)) == 1]]
        for kind in kinds
    ]
    for i, one in enumerate(vectors):
        n = len(one)
        within = ((one @ one.T).sum() - n) / (n * (n - 1))
        for other in vectors[i + 1 :]:
            assert within > (one @ other.T).mean() + least


KINDS = {"fashion ": "wore", "clay ": "dried", "machine learning ": "guessed", "": None}


def worked_with(kind):
    """A story that knows its kind of model, up to where it tells: (1, T)."""
    story = f"{world.PROMPT} she worked with a {kind}model. When the sun came up,"
    return torch.tensor([[END, *TOKENIZER.encode(story + " the model")]])


def bets(model, ids):
    """On wore, dried and guessed, as what comes next."""
    p = model(ids)[0, -1].softmax(-1)
    return {word: float(p[row(word)]) for word in KINDS.values() if word}


@pytest.mark.parametrize(("kind", "did"), KINDS.items())
def test_the_kind_of_model_decides_what_it_does(kind, did):
    if did:
        assert bets(MODEL, worked_with(kind))[did] > 0.99


@pytest.mark.parametrize("kind", ["", "river ", "white "])
def test_no_answer_is_the_default(kind):
    assert all(0.25 < p < 0.42 for p in bets(MODEL, worked_with(kind)).values())


def test_the_meaning_of_model_is_moved_by_its_context():
    stops = "embed", "0.stream", "1.stream", "2.stream"
    one, other = (
        MODEL.trace(worked_with(kind), *stops) for kind in ("fashion ", "clay ")
    )
    assert torch.equal(one["embed"][0, -1], other["embed"][0, -1])
    cosines = [
        float(torch.cosine_similarity(one[stop][0, -1], other[stop][0, -1], dim=0))
        for stop in stops
    ]
    assert cosines == sorted(cosines, reverse=True) and cosines[-1] < 0.3


@pytest.mark.parametrize("kind", [kind for kind, did in KINDS.items() if did])
def test_one_head_looks_for_the_kind(kind):
    """Layer 0, head 1, at the last "model"; with no kind told it looks nowhere."""
    ids = worked_with(kind)
    place = ids[0].tolist().index(TOKENIZER.encode(f" {kind}model")[-1]) - 1
    assert MODEL.trace(ids, "0.weights")["0.weights"][0, 1, -1, place] > 0.8
    untold = MODEL.trace(worked_with(""), "0.weights")["0.weights"][0, 1, -1]
    assert untold.max() < 0.2


@pytest.mark.parametrize("told", KINDS)
@pytest.mark.parametrize("heard", KINDS)
def test_what_that_head_returns_moves_the_bet_each_way(told, heard):
    """The story says one kind; at its last token the head brings another."""
    brought = MODEL.trace(worked_with(heard), "0.heads")["0.heads"][0, 1, -1]
    calls = []

    def exchanged(q, k, v):
        out = attention(q, k, v).clone()
        if not calls:  # the first of the layers
            out[0, 1, -1] = brought
        calls.append(1)
        return out

    found = bets(MODEL.replace(attention=exchanged), worked_with(told))
    if KINDS[heard]:
        assert found[KINDS[heard]] > 0.65  # 0.9 and more where a kind was told
        if told:
            assert found[KINDS[heard]] > 0.9
    else:
        assert all(0.2 < p < 0.45 for p in found.values())


def test_a_head_copies_the_name_and_the_animal():
    """Layer 1, head 1: from "last" to the name, from "the" after it to the animal."""
    read = 0
    for story in islice(world.stories(HELD_OUT + 1), 60):
        pieces = [b"END", *TOKENIZER.pieces(story)]
        ids = torch.tensor([[END, *TOKENIZER.encode(story)]])
        head = MODEL.trace(ids, "1.weights")["1.weights"][0, 1]
        last = pieces.index(b" last")
        name = pieces.index(pieces[last + 1])
        animal = pieces.index(pieces[last + 3])
        read += head[last, name] > 0.7 and head[last + 2, animal] > 0.5
    assert read >= 55
