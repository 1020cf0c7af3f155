"""Chat: a conversation arranged as one text, and what teaches a model to answer in it.

    messages  ->  ids: (T,)  ->  the same loop as ever  ->  an answer

>>> from gpt.model import small
>>> template, tokenizer = small_template(small()[1])
>>> ids = render([Message("user", "Who was shy?")], template, tokenizer)
>>> tokenizer.decode(ids)
'<|user|>Who was shy?<|endoftext|><|assistant|>'

The roles are special tokens, which no text can become: whatever a user types is encoded as
ordinary text. `python -m gpt.chat` talks in the terminal (see `gpt.talk`).

Sources: Ouyang et al. (2022) for tuning on answers and on preferences, Rafailov et al.
(2023) for DPO.
"""

import runpy
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from gpt import world
from gpt.tokenize import Tokenizer

ROLES = "system", "user", "assistant"


class Message(NamedTuple):
    """What one side says. `role`: one of ROLES."""

    role: str
    text: str


class Template(NamedTuple):
    """How messages are written: what opens one of each role, and what closes every one.

    Both are ids, and both begin with a special token.
    """

    opening: dict[str, tuple[int, ...]]
    closing: tuple[int, ...]


def small_template(tokenizer: Tokenizer) -> tuple[Template, Tokenizer]:
    """The small model's template, and its tokenizer with a special token for each role.

    END closes a message, as it closes a story.
    """
    special = dict(tokenizer.special_tokens)
    for role in ROLES:
        special.setdefault(f"<|{role}|>", 1 + max([*special.values()]))
    opening = {role: (special[f"<|{role}|>"],) for role in ROLES}
    template = Template(opening, (special[world.END],))
    return template, Tokenizer(tokenizer.ranks, special)


def chatml(tokenizer: Tokenizer) -> Template:
    """The template that SmolLM2 and many others were tuned with.

    A message is <|im_start|>, its role, a new line, its text, <|im_end|>, a new line.
    """
    start, end = (
        tokenizer.special_tokens[f"<|im_{word}|>"] for word in ("start", "end")
    )
    opening = {role: (start, *tokenizer.encode(f"{role}\n")) for role in ROLES}
    return Template(opening, (end, *tokenizer.encode("\n")))


def render(
    messages: Iterable[Message], template: Template, tokenizer: Tokenizer, answer=True
) -> list[int]:
    """Messages -> ids. With `answer`, the opening of the assistant's next message ends it.

    A special token that stands in a text is read as ordinary characters, so nobody can
    close a message or open one by typing. Raises ValueError for an unknown role.
    """
    ids = []
    for role, text in messages:
        if role not in template.opening:
            raise ValueError(
                f"no role {role!r}; there are {', '.join(template.opening)}"
            )
        ids += template.opening[role]
        ids += tokenizer.encode(text, disallowed_special=())
        ids += template.closing
    return ids + [*template.opening["assistant"]] if answer else ids


def few_shot(examples: Iterable[tuple[str, str]], question: str) -> str:
    """A document of questions and answers, a line each, in which the last answer is missing.

    It ends with the colon: in most vocabularies a word has its space in front. Brown et
    al. (2020).

    >>> few_shot([("hot", "cold"), ("big", "small")], "happy")
    'hot: cold\\nbig: small\\nhappy:'
    """
    return "".join(f"{q}: {a}\n" for q, a in examples) + f"{question}:"


def parse(
    ids: Sequence[int], template: Template, tokenizer: Tokenizer
) -> list[Message]:
    """Ids -> messages: the inverse of `render`. The last message may be unfinished.

    Raises ValueError where a message should open and none does.
    """
    ids = [*map(int, ids)]
    return [
        Message(role, tokenizer.decode_bytes(ids[begin:end]).decode(errors="replace"))
        for role, begin, end in _spans(ids, template)
    ]


def _spans(ids: list[int], template: Template) -> Iterator[tuple[str, int, int]]:
    """Each message's role, and where its text begins and ends (its closing's place)."""
    at = 0
    while at < len(ids):
        for role, opening in template.opening.items():
            if tuple(ids[at : at + len(opening)]) == opening:
                break
        else:
            raise ValueError(
                f"a message should open at place {at} of the ids, and {ids[at]} stands "
                "there"
            )
        begin = end = at + len(opening)
        while end < len(ids) and ids[end] != template.closing[0]:
            end += 1
        yield role, begin, end
        at = end + len(template.closing)


def answers_only(ids: Sequence[int], template: Template) -> list[int]:
    """The targets (T,) of a conversation (T,): the next id where it is the assistant's.

    That is the text of each answer and the token that closes it; -1, nothing is asked,
    everywhere else.
    """
    ids, asked = [*map(int, ids)], [False] * len(ids)
    for role, begin, end in _spans(ids, template):
        if role == "assistant":
            for place in range(begin, min(end + 1, len(ids))):
                asked[place] = True
    return [new if ask else -1 for new, ask in zip(ids[1:], asked[1:])] + [-1]


def pad(
    rows: Iterable[tuple[Sequence[int], Sequence[int]]], fill: int
) -> tuple[Tensor, Tensor]:
    """Rows of ids and targets -> both (B, T), int64: T is that of the longest.

    Behind a row's end stands the id `fill`, which causal attention shows to no one, and
    the target -1.
    """
    rows = [*rows]
    longest = max(len(ids) for ids, _ in rows)
    ids = torch.full((len(rows), longest), fill)
    targets = torch.full_like(ids, -1)
    for i, (row, asked) in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        targets[i, : len(asked)] = torch.tensor(asked)
    return ids, targets


def log_probabilities(logits: Tensor, targets: Tensor) -> Tensor:
    """log p of each row's answer, all its tokens together, in nats.

    logits: (B, T, n_vocab), targets: (B, T), -1 where nothing is asked  ->  (B,)
    """
    log_p = logits.log_softmax(-1)  # (B, T, n_vocab)
    of_target = log_p.gather(-1, targets.clamp(min=0)[..., None])[..., 0]  # (B, T)
    return (of_target * (targets >= 0)).sum(-1)


def kl(logits: Tensor, before: Tensor) -> Tensor:
    """KL of the next token's distribution from what it was before, in nats.

    Both (..., n_vocab)  ->  (...)
    """
    log_p, log_q = logits.log_softmax(-1), before.log_softmax(-1)
    return (log_p.exp() * (log_p - log_q)).sum(-1)


def dpo_loss(
    chosen: Tensor,
    rejected: Tensor,
    chosen_before: Tensor,
    rejected_before: Tensor,
    beta: float,
) -> Tensor:
    """-log σ(β (log-ratio of the chosen - log-ratio of the rejected)), the mean.

    Each (B,): log p of an answer, in nats, by the model that learns, and by the one that
    it was before. β: how dear it is to move away from that one. Rafailov et al. (2023),
    equation 7. Returns a scalar.
    """
    if not beta > 0:
        raise ValueError(f"beta is {beta}, and must be above 0")
    margin = (chosen - chosen_before) - (rejected - rejected_before)  # (B,)
    return -torch.nn.functional.logsigmoid(beta * margin).mean()


class Preference:
    """What `gpt.train.fit` trains for DPO: a model, and a frozen copy of it.

    Its batches have pairs of rows: the first half of a batch are the chosen answers, the
    second half the rejected ones, in the same order.
    """

    def __init__(self, model, before, beta: float = 0.1):
        self.model, self.before, self.beta = model, before, beta

    def parameters(self) -> list[Tensor]:
        """The weights of the model that learns, and of no other."""
        return self.model.parameters()

    def loss(self, ids: Tensor, targets: Tensor) -> Tensor:
        """`dpo_loss` of ids and targets (2B, T)."""
        if len(ids) % 2:
            raise ValueError(f"{len(ids)} rows are no pairs of a chosen and a rejected")
        now = log_probabilities(self.model(ids), targets).chunk(2)
        with torch.no_grad():
            before = log_probabilities(self.before(ids), targets).chunk(2)
        return dpo_loss(*now, *before, self.beta)


def answer(
    model,
    messages: Iterable[Message],
    template: Template,
    tokenizer: Tokenizer,
    n_new: int = 200,
    **how,
) -> Iterator[int]:
    """Yield the ids of the assistant's next message, without what closes it.

    how: seed, temperature, top_k, top_p. It ends where the context is full, too. Raises
    ValueError where the conversation alone leaves no room in the context.
    """
    ids = render(messages, template, tokenizer)
    room = model.config.n_ctx - len(ids)
    if room < 1:
        raise ValueError(
            f"the conversation has {len(ids)} tokens and fills the context of "
            f"{model.config.n_ctx}: begin a new one, or leave out its oldest messages"
        )
    closing = template.closing[0]
    for id in model.generate(ids, min(n_new, room), stop=closing, **how):
        if id != closing:
            yield id


if __name__ == "__main__":  # the terminal stands above this module, and imports it
    runpy.run_module("gpt.talk", run_name="__main__")
