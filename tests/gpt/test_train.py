"""The training loop, and what the shipped model claims to be."""

import json
import subprocess
import sys
from itertools import islice

import pytest
import torch

from gpt import world
from gpt.attend import attention
from gpt.command import main
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
    mean_loss,
    muon,
    start,
    tell,
    windows,
    with_dropout,
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


# --- beside torch -----------------------------------------------------------------
class Linear(torch.nn.Module):
    """The smallest model that `fit` takes: a table of logits, and a bias."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.table = torch.nn.Parameter(torch.randn(7, 7))
        self.bias = torch.nn.Parameter(torch.randn(7))

    def loss(self, ids, targets):
        logits = self.table[ids] + self.bias
        logits, targets = logits.flatten(0, 1), targets.flatten()
        # 3: so that some of the gradients are long enough to be clipped, and not all
        return 3 * torch.nn.functional.cross_entropy(logits, targets, ignore_index=-1)


def some_batches(many):
    draw = torch.Generator().manual_seed(1)
    for _ in range(many):
        yield tuple(torch.randint(7, (4, 5), generator=draw) for _ in range(2))


def test_a_fit_is_torchs_adamw_with_its_schedulers_and_clipping():
    steps, up, peak, last = 40, 4, 0.5, 0.05
    ours, theirs = Linear(), Linear()
    losses = [*fit(ours, some_batches(steps), steps, peak=peak, last=last, warm_up=up)]
    groups = [
        {"params": [theirs.table], "weight_decay": 0.1},
        {"params": [theirs.bias], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=peak, betas=(0.9, 0.95))
    rates = torch.optim.lr_scheduler
    rise = rates.LinearLR(optimizer, 1 / up, 1, up - 1)
    fall = rates.CosineAnnealingLR(optimizer, steps - up, eta_min=last)
    seen, clipped = [], []
    for step, (ids, targets) in enumerate(some_batches(steps)):
        optimizer.zero_grad()
        loss = theirs.loss(ids, targets)
        loss.backward()
        lengths = [w.grad.norm() for w in theirs.parameters()]
        length = torch.stack(lengths).norm()
        clipped.append(float(length) > 1)
        for w in theirs.parameters():
            w.grad *= min(1.0, 1 / (float(length) + 1e-6))
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if step < up - 1:
            rise.step()
        elif step >= up:
            fall.step()
        assert losses[step] == pytest.approx(loss.item(), rel=1e-5)
    assert 1 < sum(clipped) < steps - 1
    assert seen[:up] == pytest.approx([peak * (i + 1) / up for i in range(up)])
    want = [learning_rate(step, steps, peak, up, last) for step in range(steps)]
    assert seen[up + 1 :] == pytest.approx(want[up + 1 :], rel=1e-4)
    torch.testing.assert_close(ours.table, theirs.table, rtol=1e-4, atol=1e-4)


def test_batches_that_end_too_soon_are_an_error():
    fitted = fit(Linear(), some_batches(3), 5)
    with pytest.raises(ValueError, match="the batches end at 3 of 5 steps"):
        list(fitted)


def test_muon_gets_the_matrices_of_the_layers_at_its_own_rate():
    model = GPT(Config(11, 8, 2, 2, 8))
    optimizer = muon(model)
    inner, *others = optimizer.param_groups
    assert all(w.ndim == 2 for w in inner["params"]) and len(inner["params"]) == 2 * 4
    given = [w for group in optimizer.param_groups for w in group["params"]]
    assert sorted(map(id, given)) == sorted(map(id, model.weights.values()))
    ids = torch.arange(8)[None]
    [*fit(model, [(ids, ids)] * 2, 2, peak=0.5, optimizer=optimizer)]
    rate = learning_rate(1, 2, 0.5)
    assert inner["lr"] == rate * inner["scale"]
    assert {group["lr"] for group in others} == {rate}


def test_windows_are_cut_anywhere_and_shifted_by_one():
    text = torch.arange(100, 140)
    found = [pair for pair, _ in zip(windows(text, 8, 5, seed=3), range(200))]
    for ids, targets in found:
        assert ids.shape == targets.shape == (5, 8)
        assert torch.equal(ids + 1, targets)
        assert torch.equal(ids, ids[:, :1] + torch.arange(8))
    begins = {int(begin) for ids, _ in found for begin in ids[:, 0]}
    assert begins == set(range(100, 132))  # the last asks for the last token
    again = next(windows(text, 8, 5, seed=3))
    assert torch.equal(again[0], found[0][0])
    assert not torch.equal(next(windows(text, 8, 5, seed=4))[0], found[0][0])
    with pytest.raises(ValueError, match="text of 8 tokens is too short"):
        next(windows(text[:8], 8, 5))


def test_dropout_is_torchs_on_what_enters_the_stream():
    model = GPT(Config(11, 8, 2, 2, 8))
    ids = torch.arange(8)[None]
    assert torch.equal(with_dropout(model, 0.0)(ids), model(ids))
    thinned = with_dropout(model, 0.5)
    torch.manual_seed(4)
    found = thinned.trace(ids, "embed")["embed"]
    torch.manual_seed(4)
    want = torch.nn.functional.dropout(model.trace(ids, "embed")["embed"], 0.5)
    assert torch.equal(found, want) and (found == 0).any()
    # both branches are thinned: where all is dropped, the stream stays the embedding
    for name, bias in model.weights.items():
        if name.endswith("c_proj.bias"):
            bias += 1
    nothing = with_dropout(model, 1.0)
    assert not nothing.trace(ids, "1.stream")["1.stream"].any()
    assert thinned.weights is model.weights


def test_a_wide_start_adds_nothing_yet():
    config = Config(11, 8, 2, 2, 64)
    plain, wide = start(config, 1), start(config, 1, spread=0.06)
    for name, weight in wide.weights.items():
        if "c_proj.weight" in name:
            assert not weight.any()
        elif name in ("wte.weight", "wpe.weight"):
            torch.testing.assert_close(weight, 3 * plain.weights[name])
        else:
            assert torch.equal(weight, plain.weights[name])
    ids = torch.arange(8)[None]
    streams = wide.trace(ids, "embed", "1.stream")
    assert torch.equal(streams["embed"], streams["1.stream"])


def test_the_mean_loss_is_one_of_tokens_not_of_batches():
    model = Linear()
    (a, b), (c, d) = some_batches(2)
    b = b.clone()
    b[1:] = -1
    joined = torch.cat([a, c]), torch.cat([b, d])
    want = model.loss(*joined).item()
    assert mean_loss(model, [(a, b), (c, d)]) == pytest.approx(want, rel=1e-6)


def test_the_command_writes_a_whole_model(tmp_path):
    command = [sys.executable, "-m", "gpt.train", "--steps", "3", "--seed", "5"]
    command += ["--held-out", "50", "--told", "2", "--to", str(tmp_path / "new")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "over the floor" in done.stdout
    assert "too short to say" in done.stdout or "band" not in done.stdout
    made = {p.name for p in (tmp_path / "new").iterdir()}
    assert made >= {"config.json", "model.safetensors", "tokenizer.json", "card.json"}
    card = json.loads((tmp_path / "new" / "card.json").read_text())
    assert card["steps"] == 3 and len(card["losses"]) == 3 and card["seed"] == 5
    assert card["floor"] == CARD["floor"]
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
        (["--to", __file__], "cannot be a folder to write in"),
        (["--to", f"{__file__}/new"], "cannot be a folder to write in"),
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
