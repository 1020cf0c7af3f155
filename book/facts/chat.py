"""What the chapter Chat measures: what is said to questions, before and after tuning.

What takes minutes is recorded by `python book/record_chat.py`, and read here.
"""

import json
import random
from functools import cache
from itertools import islice
from math import exp
from pathlib import Path

import torch
from edition import minus, percent

from gpt import chat, train, tune, world
from gpt.chat import Message
from gpt.model import small
from gpt.questions import NOT_TOLD, QUESTIONS, STORY, ask, interviews, told

from . import label, two

RECORDED = Path(__file__).parents[1] / "recorded" / "chat.json"
SHOWN = 2, 3, 5, 15, 7  # of QUESTIONS, for the table of before and after


@cache
def recorded():
    """The file that `python book/record_chat.py` writes."""
    return json.loads(RECORDED.read_text("utf-8"))


def made(part):
    """For `say`: the date, the seed and the machine of a part of the record."""
    found = recorded()[part]
    machine, cores = found["machine"].removesuffix(" cores").split(", ")
    return {
        f"{part}_date": found["date"],
        f"{part}_seed": found["seed"],
        f"{part}_machine": machine,
        f"{part}_cores": cores,
    }


# --- before -----------------------------------------------------------------------
def completed(model, tokenizer, text, n_new=30):
    """What a model adds to a text that begins after END, greedily, up to the next END."""
    end = tokenizer.special_tokens[world.END]
    ids = [end, *tokenizer.encode(text)]
    room = min(n_new, model.config.n_ctx - len(ids))
    new = [id for id in model.generate(ids, room, stop=end, top_k=1) if id != end]
    return tokenizer.decode_bytes(new).decode(errors="replace")


def few_shot(model, tokenizer, many=50, seed=train.HELD_OUT):
    """For `say`: the share that a base model answers right, after 0 and 1 examples.

    One kind of question, "Where did … live?", about a first sentence, since whole stories
    with examples do not fit into the context.
    """
    told = []
    for story in islice(world.stories(seed), many + 2):
        first = story.split(". ")[0]
        name, home = first.split(" named ")[1].split(" lived ")
        told.append(
            (f"{first}. Where did {name} live? ", f"{home[0].upper()}{home[1:]}.")
        )
    right = {}
    for shots in (0, 1):
        head = "".join(question + answer + " " for question, answer in told[:shots])
        said = (completed(model, tokenizer, head + q.strip(), 8) for q, _ in told[2:])
        hits = (text.strip().startswith(a) for text, (_, a) in zip(said, told[2:]))
        right[shots] = sum(hits)
    return {
        "shot_many": many,
        "shot_0": right[0],
        "shot_1": right[1],
        "shot_places": model.config.n_ctx,
    }


# --- the template and the targets -------------------------------------------------
def pieces(tokenizer, ids):
    """Each id as a text for a picture."""
    return [label(tokenizer, id) for id in ids]


def arranged(talk, template, tokenizer):
    """([(role, text)], [[token, ...]]): messages, and the tokens of each in the row."""
    said = [(message.role, message.text) for message in talk]
    ids = [chat.render([one], template, tokenizer, answer=False) for one in talk]
    return said, [pieces(tokenizer, one) for one in ids]


def mask_by_hand(p):
    """For `say`: the loss of an answer whose tokens had these probabilities, by hand."""
    nats = [-torch.tensor(share).log().item() for share in p]
    return {
        "hand_nats": " + ".join(two(abs(x)) for x in nats),
        "hand_loss": two(sum(nats) / len(nats)),
    }


# --- after ------------------------------------------------------------------------
def answer(model, tokenizer, template, story, question, **how):
    """The tuned model's answer to a question about a story, greedily unless told how."""
    messages = [Message("system", story), Message("user", question)]
    how = how or {"top_k": 1}
    ids = chat.answer(model, messages, template, tokenizer, 20, **how)
    return tokenizer.decode_bytes(ids).decode(errors="replace")


def before_and_after(base, base_tokenizer, model, tokenizer, template):
    """[(question, what the base model adds, what the tuned one answers, true?)] of STORY."""
    rows = []
    for number in SHOWN:
        asked = ask(QUESTIONS[number], told(STORY), random.Random(0))
        question = asked.question
        added = completed(base, base_tokenizer, f"{STORY} {question}", 10)
        said = answer(model, tokenizer, template, STORY, question)
        rows.append((question, added, said, said in asked[1:]))
    return rows


def exam(model, tokenizer, template, many=tune.MANY):
    """For `say`: how many questions about new stories are answered exactly."""
    marks = tune.exam(model, template, tokenizer, many, tune.HELD_OUT)
    card = json.loads((tune.TUNED / "card.json").read_text("utf-8"))
    kinds = {kind: of for kind, of in marks.kinds.items() if kind != "not told"}
    return {
        "exam_many": many,
        "exam_right": percent(marks.greedy, ".1f"),
        "exam_where": kinds["Where did"][0],
        "exam_where_of": kinds["Where did"][1],
        "exam_when": kinds["When was"][0],
        "exam_when_of": kinds["When was"][1],
        "exam_got": kinds["Who got"][0],
        "exam_got_of": kinds["Who got"][1],
        "exam_meet": kinds["Who did"][0],
        "exam_meet_of": kinds["Who did"][1],
        "exam_what": kinds["What did"][0],
        "exam_what_of": kinds["What did"][1],
        "exam_never": sum(right == of for right, of in kinds.values()),
        "exam_kinds": len(kinds),
        "exam_short": percent(marks.short),
        "exam_long": percent(marks.long),
        "card_steps": card["steps"],
        "card_minutes": round(card["seconds of processor"] / 60),
        "tuned_parameters": model.config.n_parameters,
        "new_rows": len(chat.ROLES),
        "n_ctx": model.config.n_ctx,
        "old_ctx": small()[0].config.n_ctx,
        "turns": tune.TURNS,
        "batch": tune.BATCH,
        "plain_share": percent(tune.PLAIN),
    }


def not_told(model, tokenizer, template, many=100):
    """For `say`: of questions whose answer was not told, how many are refused."""
    asked = [
        (story, one)
        for story, (one,) in islice(interviews(train.HELD_OUT + 1, 1), 4 * many)
        if one.short == NOT_TOLD[0]
    ][:many]
    said = [answer(model, tokenizer, template, s, one.question) for s, one in asked]
    return {
        "refused_many": len(asked),
        "refused": sum(text in NOT_TOLD for text in said),
    }


# --- what is forgotten ------------------------------------------------------------
def forgotten(tokenizer):
    """The recorded runs, the floor, and what the prose says of them."""
    found = recorded()["forgetting"]
    alone, mixed = found["runs"].values()
    floor = world.entropy(tokenizer).nats_per_token
    said = {
        "plain_before": f"{alone['plain'][0]:.3f}",
        "plain_alone": two(alone["plain"][-1]),
        "plain_mixed": f"{mixed['plain'][-1]:.3f}",
        "plain_times": f"{exp(alone['plain'][-1] - alone['plain'][0]):.0f}",
        "forget_steps": alone["step"][-1],
        "exact_alone": percent(alone["exact"][-1]),
        "exact_mixed": percent(mixed["exact"][-1]),
        "forget_floor": f"{floor:.3f}",
    }
    return found["runs"], floor, said | made("forgetting")


# --- preferences ------------------------------------------------------------------
def tilted(betas=(2.0, 0.5)):
    """Four answers, and the best probabilities for a reward: where it goes, and what it costs.

    [(answer, reward, its probability before)]; {β: (the best probabilities, their KL)}.
    """
    answers = [
        ("By the river.", 1, 0.3),
        ("Ada lived by the river.", 0, 0.3),
        ("By the sea.", -1, 0.1),
        ("", 0, 0.3),  # all others
    ]
    rewards = torch.tensor([float(reward) for _, reward, _ in answers])
    before = torch.tensor([p for *_, p in answers])
    best = {}
    for beta in betas:
        p = (before.log() + rewards / beta).softmax(-1)
        best[beta] = (p.tolist(), float((p * (p / before).log()).sum()))
    return answers, best


def pencil(beta=0.5):
    """For `say`: DPO's loss for a pair of answers, by hand."""
    now, before = (0.3, 0.1), (0.2, 0.2)
    ratios = [a / b for a, b in zip(now, before)]
    margin = beta * (torch.tensor(ratios[0]) / ratios[1]).log()
    return {
        "dpo_margin": two(margin),
        "dpo_sigma": two(margin.sigmoid()),
        "dpo_by_hand": two(-margin.sigmoid().log()),
    }


def preferred():
    """The recorded runs of DPO, and what the prose says of them."""
    found = recorded()["preference"]
    said = made("preference")
    said |= {"beta": found["beta"], "preference_many": found["questions"]}
    for name, (rate, run) in zip(("gentle", "hard"), found["runs"].items()):
        exact = [short + long for short, long in zip(run["short"], run["long"])]
        said |= {
            f"{name}_rate": f"{float(rate):.6f}".rstrip("0"),
            f"{name}_steps": run["step"][-1],
            f"{name}_short_before": percent(run["short"][0]),
            f"{name}_short": percent(run["short"][-1]),
            f"{name}_long": percent(run["long"][-1]),
            f"{name}_exact_before": percent(exact[0]),
            f"{name}_exact": percent(exact[-1]),
            f"{name}_reward": _short(run["reward"][-1]),
            f"{name}_kl": _short(run["kl"][-1]),
            f"{name}_greedy_before": round(run["greedy"][0] * found["questions"]),
            f"{name}_greedy": round(run["greedy"][-1] * found["questions"]),
            f"{name}_plain_before": two(run["plain"][0]),
            f"{name}_plain": two(run["plain"][-1]),
            f"{name}_ratio": _short(run["log-ratio of the short"][-1]),
        }
    return found["runs"], said


def _short(number):
    """Two decimals, or none where the number is large."""
    return two(number) if abs(number) < 10 else minus(number, ".0f")


# --- a real model -----------------------------------------------------------------
OPPOSITES = (
    "hot cold, big small, up down, happy sad, fast slow, open closed, light dark, rich poor, "
    "old young, hard soft, wet dry, full empty, early late, strong weak, inside outside"
)


def true_answers(story, question, short):
    """Both true answers to a question about a story, of which the short one is known."""
    if short == NOT_TOLD[0]:
        return NOT_TOLD
    asked = (ask(one, told(story), random.Random(0)) for one in QUESTIONS)
    return next(one[1:] for one in asked if one[:2] == (question, short))


def right(said, answers):
    """Whether what any model said counts as right, where `answers` are true.

    It has to contain one of the two, or, where nothing was told, a word that says so.
    """
    said = said.lower()
    if answers == NOT_TOLD:
        return any(word in said for word in ("not ", "n't", "unknown"))
    return any(one.rstrip(".").lower() in said for one in answers)


def real(model, tokenizer, template):
    """What the real model wrote, and for `say` how many it got right.

    model: the tuned one, which is asked the same about the same stories.
    """
    found = recorded()["smollm2"]
    asked = [pair.split()[0] for pair in OPPOSITES.split(", ")[3:]]
    opposites = {
        n: sum(a == b for a, b in zip(said, found["opposites"]))
        for n, said in found["shots"].items()
    }
    marks = {}  # (whose, was it told?) -> was it right?
    for story, question, short, said in found["stories"]:
        answers = true_answers(story, question, short)
        own = answer(model, tokenizer, template, story, question)
        for whose, text in ("real", said), ("own", own):
            key = whose, answers != NOT_TOLD
            marks.setdefault(key, []).append(right(text, answers))
    said = {
        "real_parameters": round(found["parameters"] / 1e6),
        "times_larger": round(found["parameters"] / model.config.n_parameters),
        "opposites": len(found["opposites"]),
        "real_told": len(marks["real", True]),
        "real_untold": len(marks["real", False]),
        "real_right": sum(marks["real", True]),
        "real_honest": sum(marks["real", False]),
        "own_right": sum(marks["own", True]),
        "own_honest": sum(marks["own", False]),
        **{f"real_shots_{n}": hits for n, hits in opposites.items()},
    }
    return found | {"asked": asked}, said | made("smollm2")
