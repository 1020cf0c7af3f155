"""The chapter Chat: what its prose says is what its cells and its record find."""

import json
import random
from itertools import islice
from math import log

import pytest
import torch

from book import record_chat
from book.facts import chat as measured
from gpt import chat, smollm2, train, tune
from gpt.questions import NOT_TOLD, QUESTIONS, STORY, ask, interviews, told

CHAPTER = "chat"
RECORDED = json.loads(record_chat.FILE.read_text("utf-8"))


def test_the_page_runs_and_glues_what_it_needs(facts, page):
    assert facts["hand_loss"] == f"{(log(2) - log(0.8)) / 4:.2f}"
    assert facts["dpo_by_hand"] == f"{log(1 + 3**-0.5):.2f}"
    assert "3 special tokens" in page.printed
    assert "Message(role='user', text='<|assistant|>Tom.<|endoftext|>')" in page.printed


def test_the_base_model_completes_and_the_tuned_one_answers(page, names):
    assert "Who was shy? → . Good night, " in page.printed
    rows = measured.before_and_after(
        names["base"],
        names["base_tokenizer"],
        names["model"],
        names["tokenizer"],
        names["template"],
    )
    assert len(rows) == len(measured.SHOWN)
    for question, before, after, true in rows:
        (asked,) = [q for q in _all_asked() if q.question == question]
        assert true == (after in asked[1:])
        assert before.startswith(". Good night")
    assert any(after in NOT_TOLD for *_, after, _ in rows)
    assert sum(true for *_, true in rows) >= 3


def _all_asked():
    return [ask(q, told(STORY), random.Random(0)) for q in QUESTIONS]


def test_few_shot_does_not_help_the_small_model(facts):
    assert int(facts["shot_1"]) <= int(facts["shot_many"]) / 10
    assert int(facts["shot_0"]) <= int(facts["shot_many"]) / 10


def test_the_exam_is_what_the_card_says(facts):
    card = json.loads((tune.TUNED / "card.json").read_text("utf-8"))

    def number(name):
        return int(facts[name])

    right = float(facts["exam_right"].split()[0])
    assert right == pytest.approx(100 * card["answered exactly, greedily"], abs=0.3)
    assert int(facts["refused"]) > 0.9 * int(facts["refused_many"])
    for kind in ("where", "when", "got"):
        assert number(f"exam_{kind}") < 0.5 * number(f"exam_{kind}_of")
    named = "where", "when", "got", "meet", "what"
    for kind in named:  # each kind that is not always right has its numbers
        assert number(f"exam_{kind}") < number(f"exam_{kind}_of")
    assert number("exam_never") + len(named) == number("exam_kinds") == 12


# --- one rule for both models -----------------------------------------------------
@pytest.mark.parametrize("form", [0, 1])
def test_either_true_answer_counts_for_either_model(form, monkeypatch):
    """A model that gives the short answers, and one that gives the long, have all."""
    stories = RECORDED["smollm2"]["stories"]
    given = [measured.true_answers(*story[:3])[form] for story in stories]
    said = iter(given)
    monkeypatch.setattr(measured, "answer", lambda *_: next(said))
    told = [[*story[:3], text] for story, text in zip(stories, given)]
    found = RECORDED["smollm2"] | {"stories": told}
    monkeypatch.setattr(measured, "recorded", lambda: {"smollm2": found})
    model, tokenizer, template = tune.tuned()
    _, facts = measured.real(model, tokenizer, template)
    assert facts["own_right"] == facts["real_right"] == facts["real_told"] == 15
    assert facts["own_honest"] == facts["real_honest"] == facts["real_untold"] == 5


def test_what_is_neither_true_answer_does_not_count():
    story, question, short, _ = RECORDED["smollm2"]["stories"][3]
    answers = measured.true_answers(story, question, short)
    assert answers == ("In the meadow.", "Tom lived in the meadow.")
    assert not measured.right("In the garden.", answers)
    assert not measured.right("The story does not say.", answers)
    assert not measured.right("In the meadow.", NOT_TOLD)


def test_our_model_refuses_all_five_and_has_eleven(facts):
    assert (facts["own_right"], facts["own_honest"]) == ("11", "5")


# --- what is recorded -------------------------------------------------------------


def test_every_part_is_recorded_with_its_command_date_and_seed():
    assert {*RECORDED} == {*record_chat.PARTS}
    for name, part in RECORDED.items():
        assert part["made by"] == f"python book/record_chat.py {name}"
        assert len(part["date"]) == 10 and part["seed"] == record_chat.SEED
        assert "cores" in part["machine"]


def test_the_first_losses_of_the_recorded_tuning_come_again():
    """Untuned, the model answers nothing, and tells stories as the small one does."""
    model, tokenizer, template = tune.fresh()
    marks = tune.exam(model, template, tokenizer, 50, tune.HELD_OUT)
    loss = train.held_out_loss(model, tokenizer, record_chat.MANY)
    for run in RECORDED["forgetting"]["runs"].values():
        assert run["exact"][0] == marks.greedy == 0
        assert run["plain"][0] == pytest.approx(loss, abs=1e-3)


def test_the_recorded_preference_begins_with_the_tuned_model():
    model, tokenizer, template = tune.tuned()
    marks = tune.exam(model, template, tokenizer, 80, tune.HELD_OUT)
    for run in RECORDED["preference"]["runs"].values():
        assert run["short"][0] == pytest.approx(marks.short, abs=2e-3)
        assert run["long"][0] == pytest.approx(marks.long, abs=2e-3)
        assert run["kl"][0] == run["reward"][0] == 0


def test_the_divergence_is_the_kl_of_whole_answers():
    """Of a model and one that is it but for one bias, by drawing and by its formula."""
    model, tokenizer, template = tune.tuned()
    other, _, _ = tune.tuned()
    assert record_chat.divergence(model, other, template, tokenizer, 5, 0) == 0
    other.weights["wte.weight"] = other.weights["wte.weight"] * 0.5
    found = record_chat.divergence(model, other, template, tokenizer, 40, 0)
    # The same by log-ratios of answers that the model draws, without exact sums.
    ratios = []
    for story, (asked,) in islice(interviews(tune.HELD_OUT, 1), 40):
        messages = [chat.Message("system", story), chat.Message("user", asked.question)]
        prompt = chat.render(messages, template, tokenizer)
        end = template.closing[0]
        new = [*model.generate(prompt, 24, seed=len(ratios), stop=end)]
        ids = torch.tensor([prompt + new[:-1]])
        targets = torch.tensor([[-1] * (len(prompt) - 1) + new])
        both = [chat.log_probabilities(m(ids), targets) for m in (model, other)]
        ratios.append(float(both[0] - both[1]))
    mean = sum(ratios) / 40
    error = (sum((r - mean) ** 2 for r in ratios) / 39 / 40) ** 0.5
    assert found > 0 and abs(mean - found) < 4 * error + 0.1 * found


@pytest.mark.skipif(not smollm2.installed(), reason="SmolLM2 is not installed")
def test_the_real_model_says_again_what_is_recorded():
    real, found = record_chat.Real(), RECORDED["smollm2"]
    text, first = "What is the capital of France?", found["completed"]
    assert real.complete(text, 8) == first[text][: len(real.complete(text, 8))]
    system, question, said = found["said"][0]
    assert said.startswith(real.answer(system, question, 8))
