"""The tuning, and what the shipped tuned model claims to be."""

import json
import random
from itertools import islice

import pytest
import torch

from gpt import chat, train, tune, world
from gpt.chat import Message
from gpt.model import small
from gpt.questions import NOT_TOLD, interviews
from gpt.tokenize import Tokenizer

CARD = json.loads((tune.TUNED / "card.json").read_text("utf-8"))
BASE, PLAIN = small()
MODEL, TOKENIZER, TEMPLATE = tune.tuned()
(END,) = TEMPLATE.closing


# --- what it is made from ---------------------------------------------------------


def test_a_grown_model_says_of_old_tokens_what_it_said():
    grown = tune.grown(BASE, 591, 128)
    ids = torch.tensor([[END, *PLAIN.encode(world.PROMPT)]])
    torch.testing.assert_close(grown(ids)[..., :588], BASE(ids))
    assert grown(torch.tensor([[588] * 128])).shape == (1, 128, 591)
    new = grown.weights["wte.weight"][588:], grown.weights["wpe.weight"][64:]
    assert all(len({*map(tuple, rows.tolist())}) == len(rows) for rows in new)
    grown.weights["ln_f.bias"] += 1  # its weights are its own
    assert not torch.equal(grown.weights["ln_f.bias"], BASE.weights["ln_f.bias"])
    with pytest.raises(ValueError, match=r"wte.weight has 588 rows, more than 500"):
        tune.grown(BASE, 500, 64)


def test_batches_are_conversations_and_plain_stories():
    fed = tune.batches(TEMPLATE, TOKENIZER, seed=5, size=40, plain=0.25)
    told, plain = list(islice(interviews(5, tune.TURNS), 40)), 0
    ids, targets = next(fed)
    for row, asked, (story, turns) in zip(ids.tolist(), targets.tolist(), told):
        if row[0] == END:
            plain += 1
            size = len(PLAIN.encode(story))
            assert TOKENIZER.decode(asked[: size + 1]) == story + world.END
            assert set(asked[size + 1 :]) <= {-1}
            assert row[1 : size + 1] == asked[:size]
            continue
        last = max(i for i, ask in enumerate(asked) if ask >= 0) + 1
        messages = chat.parse(row[:last] + [END], TEMPLATE, TOKENIZER)
        assert messages[0] == Message("system", story)
        assert [m.text for m in messages[1::2]] == [one.question for one in turns]
        for message, one in zip(messages[2::2], turns, strict=True):
            assert message.text in one[1:]
        said = "".join(m.text + world.END for m in messages[2::2])
        assert TOKENIZER.decode([ask for ask in asked if ask >= 0]) == said
    assert 4 <= plain <= 18
    again = tune.batches(TEMPLATE, TOKENIZER, seed=5, size=40, plain=0.25)
    assert torch.equal(next(again)[0], ids)


def test_every_conversation_has_room_in_the_context():
    # The longest story, with the longest question and its longest answer, twice.
    longest = {"story": 0, "turn": 0}
    for story, (asked,) in islice(interviews(8, 1), 1500):
        longest["story"] = max(longest["story"], len(PLAIN.encode(story)) + 2)
        words = PLAIN.encode(asked.question), PLAIN.encode(asked.long)
        longest["turn"] = max(longest["turn"], sum(map(len, words)) + 4)
    assert longest["story"] + tune.TURNS * longest["turn"] <= tune.N_CTX


def test_pairs_are_the_short_and_the_long_answer_to_one_question():
    _, targets = next(tune.pairs(TEMPLATE, TOKENIZER, seed=2, size=6))
    told = islice(interviews(2, 1), 6)
    for i, (_, (asked,)) in enumerate(told):
        for row, form in ((i, asked.short), (i + 6, asked.long)):
            said = [id for id in targets[row].tolist() if id >= 0]
            assert TOKENIZER.decode(said) == form + world.END


# --- what the shipped model can do ------------------------------------------------


def answered(model, story, question, **how):
    messages = [Message("system", story), Message("user", question)]
    ids = chat.answer(model, messages, TEMPLATE, TOKENIZER, **how)
    return TOKENIZER.decode_bytes(ids).decode(errors="replace")


def test_the_exam_finds_what_generating_finds():
    many, right = 40, 0
    for story, (asked,) in islice(interviews(77, 1), many):
        said = answered(MODEL, story, asked.question, top_k=1)
        right += said in asked[1:]
    marks = tune.exam(MODEL, TEMPLATE, TOKENIZER, many, 77)
    assert marks.greedy == pytest.approx(right / many)
    # A model that half knows has both kinds of answers.
    half = tune.grown(MODEL, 591, 128)
    for name, weight in half.weights.items():
        if "h.2.attn" in name:
            weight *= 0.6
    right = sum(
        answered(half, story, asked.question, top_k=1) in asked[1:]
        for story, (asked,) in islice(interviews(77, 1), many)
    )
    marks = tune.exam(half, TEMPLATE, TOKENIZER, many, 77)
    assert marks.greedy == pytest.approx(right / many)
    assert sum(of - hit for hit, of in marks.kinds.values()) == many - right > 0


@torch.no_grad()
def test_the_exam_knows_the_probability_of_a_right_answer():
    story, (asked,) = next(interviews(81, 1))
    marks = tune.exam(MODEL, TEMPLATE, TOKENIZER, 1, 81)
    talk = [Message("system", story), Message("user", asked.question)]
    for share, form in ((marks.short, asked.short), (marks.long, asked.long)):
        ids, p = chat.render(talk, TEMPLATE, TOKENIZER), 1.0
        for id in [*TOKENIZER.encode(form), END]:  # a token at a time
            p *= float(MODEL(torch.tensor([ids]))[0, -1].softmax(-1)[id])
            ids.append(id)
        assert share == pytest.approx(p, rel=1e-3) and p > 0.01
    assert abs(marks.short - marks.long) > 0.01  # neither could stand for the other
    assert marks.exact == marks.short + marks.long <= 1.0001


def test_the_card_says_what_the_model_does():
    marks = tune.exam(MODEL, TEMPLATE, TOKENIZER, 200, tune.HELD_OUT)
    assert abs(marks.greedy - CARD["answered exactly, greedily"]) < 0.08
    assert marks.greedy > 0.8
    loss = train.held_out_loss(MODEL, TOKENIZER, 200)
    assert abs(loss - CARD["loss on plain stories"]) < 0.02
    before = tune.exam(tune.fresh()[0], TEMPLATE, TOKENIZER, 100, tune.HELD_OUT)
    assert before.greedy == 0


def test_the_files_are_small_and_of_one_vocabulary():
    sizes = [path.stat().st_size for path in tune.TUNED.iterdir()]
    assert sum(sizes) < 2_000_000
    assert TOKENIZER.ranks == PLAIN.ranks
    assert TOKENIZER.special_tokens.items() >= PLAIN.special_tokens.items()
    assert CARD["parameters"] == MODEL.config.n_parameters
    assert MODEL.config.n_vocab == TOKENIZER.n_vocab == 591


def test_it_says_what_is_not_told():
    story = next(s for s in world.stories(9) if " lost " in s)
    name = story.split(" named ")[1].split()[0]
    said = answered(MODEL, story, f"What did {name} plant?", top_k=1)
    assert said in NOT_TOLD


# --- the command ------------------------------------------------------------------


def test_a_short_run_writes_a_model_that_can_be_loaded(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tune, "MANY", 4)
    monkeypatch.setattr(
        "sys.argv", ["tune", "--steps", "2", "--to", str(tmp_path / "x")]
    )
    tune.main()
    assert "of 4 questions about new stories are answered exactly" in (
        capsys.readouterr().out
    )
    card = json.loads((tmp_path / "x" / "card.json").read_text())
    assert card["made by"] == "python -m gpt.tune --steps 2 --seed 0"
    assert Tokenizer.load(tmp_path / "x" / "tokenizer.json").n_vocab == 591
    assert {*card} == {*CARD}


@pytest.mark.parametrize("words", [["--steps", "0"], ["--seed", "1000000"]])
def test_what_cannot_be_is_refused(words, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["tune", *words])
    with pytest.raises(SystemExit):
        tune.main()
    assert "--steps is 1 at least" in capsys.readouterr().err


def test_tuning_learns(monkeypatch):
    draw = random.Random(0)
    model, _, _ = tune.fresh()
    fed = tune.batches(TEMPLATE, TOKENIZER, draw.randrange(100), 4, 0.0)
    losses = [*tune.tune(model, fed, 8)]
    assert losses[-1] < losses[0] - 1
