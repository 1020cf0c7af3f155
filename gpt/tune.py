"""Tune the small model until it answers questions about its stories: python -m gpt.tune

    gpt/small  ->  gpt/tuned: the same model, with rows for roles and for longer texts

A conversation is a story (the system's message), a question, its answer, and a question
and an answer more. Half of the answers are short and half are long, and the loss is that
of the answers alone. Plain stories go among the conversations, lest they be forgotten.

Source: Ouyang et al. (2022, section 3.4), who mix the first training's texts in too.
"""

import argparse
import json
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from gpt import chat, train
from gpt.chat import Message, Template
from gpt.data import write_whole
from gpt.model import GPT, Config, load, small
from gpt.questions import NOT_TOLD, Asked, interviews
from gpt.tokenize import Tokenizer

TUNED = Path(__file__).parent / "tuned"
N_CTX, TURNS = 128, 2  # the longest story with two questions has 122 tokens
SEED, STEPS, BATCH, PEAK, PLAIN = 0, 2000, 32, 2e-3, 0.1
HELD_OUT = train.HELD_OUT  # the seed of stories that training does not see
MANY = 1000  # questions in an exam, and stories that are read again


def tuned() -> tuple[GPT, Tokenizer, Template]:
    """The small model that answers, its tokenizer with the roles, and its template."""
    tokenizer = Tokenizer.load(TUNED / "tokenizer.json")
    return load(TUNED), tokenizer, chat.small_template(tokenizer)[0]


def grown(model: GPT, n_vocab: int, n_ctx: int, seed: int = 0) -> GPT:
    """The same model with more rows in both its tables, and weights of its own.

    New rows are the mean of the tokens', and the last place's, moved a little, so that
    they begin where the model is at home and differ.
    """
    random = torch.Generator().manual_seed(seed)
    weights = {name: weight.detach().clone() for name, weight in model.weights.items()}
    for name, like, rows in (
        ("wte.weight", weights["wte.weight"].mean(0), n_vocab),
        ("wpe.weight", weights["wpe.weight"][-1], n_ctx),
    ):
        more = rows - len(weights[name])
        if more < 0:
            raise ValueError(f"{name} has {len(weights[name])} rows, more than {rows}")
        moved = like + 0.02 * torch.randn(more, len(like), generator=random)
        weights[name] = torch.cat([weights[name], moved])
    old = model.config
    config = Config(n_vocab, n_ctx, old.n_layer, old.n_head, old.d_model)
    return GPT(config, weights, model.stages)


def conversation(story: str, asked: Iterable[Asked], forms: Iterable[int]) -> list:
    """Messages: the story, and each question with its short (1) or long (2) answer."""
    messages = [Message("system", story)]
    for one, form in zip(asked, forms):
        messages += [Message("user", one.question), Message("assistant", one[form])]
    return messages


def batches(
    template: Template, tokenizer: Tokenizer, seed: int, size: int, plain: float
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield ids and targets (size, T) without end: conversations, asked for the answers.

    plain: the share of rows that are plain stories instead, asked for every token.
    """
    draw = random.Random(seed)
    (end,) = template.closing
    told = interviews(seed, TURNS)
    while True:
        rows = []
        for story, asked in islice(told, size):
            if draw.random() < plain:
                text = [*tokenizer.encode(story), end]
                rows.append(([end, *text[:-1]], text))
                continue
            forms = draw.choices((1, 2), k=TURNS)
            messages = conversation(story, asked, forms)
            ids = chat.render(messages, template, tokenizer, answer=False)
            rows.append((ids, chat.answers_only(ids, template)))
        yield chat.pad(rows, end)


def tune(
    model: GPT, fed: Iterable[tuple[Tensor, Tensor]], steps: int
) -> Iterator[float]:
    """Train the model in place on batches, with Muon; yield the loss of each step."""
    optimizer = train.muon(model, scale=8.0, beta2=0.99)
    return train.fit(model, fed, steps, peak=PEAK, optimizer=optimizer)


def pairs(
    template: Template, tokenizer: Tokenizer, seed: int, size: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield ids and targets (2 size, T) for `chat.Preference`: short answers are chosen."""
    told = interviews(seed, 1)
    while True:
        drawn = [*islice(told, size)]
        yield both_forms(template, tokenizer, drawn)


def both_forms(
    template: Template, tokenizer: Tokenizer, told: list[tuple[str, list[Asked]]]
) -> tuple[Tensor, Tensor]:
    """Ids and targets (2B, T): each question's short answer, then each one's long one."""
    rows = []
    for form in (1, 2):
        for story, asked in told:
            messages = conversation(story, asked, [form])
            ids = chat.render(messages, template, tokenizer, answer=False)
            rows.append((ids, chat.answers_only(ids, template)))
    return chat.pad(rows, template.closing[0])


class Marks(NamedTuple):
    """How a model does on questions about stories that it never saw."""

    greedy: (
        float  # the share that it answers exactly, taking the likeliest token always
    )
    short: float  # the probability that it draws the short true answer, the mean
    long: float  # and the long one
    kinds: dict[str, tuple[int, int]]  # how a question begins -> (right, asked)

    @property
    def exact(self) -> float:
        """The probability that a drawn answer is exactly one of the two true ones."""
        return self.short + self.long


@torch.no_grad()
def exam(
    model: GPT, template: Template, tokenizer: Tokenizer, many: int, seed: int
) -> Marks:
    """Ask one question about each of `many` stories of `gpt.world.stories(seed)`.

    No answer is generated: greedy decoding writes a given answer where, and only where,
    the likeliest token is that answer's at every place.
    """
    told, found = interviews(seed, 1), []
    for _ in range(0, many, 100):
        drawn = [*islice(told, min(100, many - len(found)))]
        ids, targets = both_forms(template, tokenizer, drawn)
        logits = model(ids)
        hit = ((logits.argmax(-1) == targets) | (targets < 0)).all(-1)  # (2B,)
        p = chat.log_probabilities(logits, targets).exp()  # (2B,)
        for (_, (asked,)), *row in zip(drawn, *hit.chunk(2), *p.double().chunk(2)):
            found.append((asked, bool(row[0] | row[1]), float(row[2]), float(row[3])))
    asked, right, short, long = zip(*found)
    kinds = [
        "not told"
        if one.short == NOT_TOLD[0]
        else " ".join(one.question.split()[:2])  # Where did, When was
        for one in asked
    ]
    hits, all_ = Counter(k for k, hit in zip(kinds, right) if hit), Counter(kinds)
    return Marks(
        *(sum(x) / many for x in (right, short, long)),
        {kind: (hits[kind], all_[kind]) for kind in sorted(all_)},
    )


def fresh() -> tuple[GPT, Tokenizer, Template]:
    """The small model before it is tuned, with its new rows."""
    model, tokenizer = small()
    template, tokenizer = chat.small_template(tokenizer)
    return grown(model, tokenizer.n_vocab, N_CTX), tokenizer, template


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m gpt.tune", description=__doc__)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--to", type=Path, default=TUNED, help="a folder")
    args = parser.parse_args()
    if args.steps < 1 or not 0 <= args.seed < HELD_OUT:
        parser.error(f"--steps is 1 at least, --seed is from 0 to {HELD_OUT - 1}")
    try:  # rather now than after the training
        args.to.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"--to {args.to} cannot be a folder to write in: {error}")
    started = time.process_time()
    model, tokenizer, template = fresh()
    before = train.held_out_loss(model, tokenizer, MANY)
    losses = []
    fed = batches(template, tokenizer, args.seed, BATCH, PLAIN)
    for step, loss in enumerate(tune(model, fed, args.steps), 1):
        losses.append(loss)
        if step % 100 == 0:
            seconds = time.process_time() - started
            print(
                f"step {step:5} of {args.steps}   loss {sum(losses[-100:]) / 100:.4f}   "
                f"{seconds:4.0f} s, about {seconds / step * (args.steps - step):.0f} left",
                flush=True,
            )
    marks = exam(model, template, tokenizer, MANY, HELD_OUT)
    card = {
        "what": "gpt/small, tuned to answer questions about a story that it is given.",
        "made by": f"python -m gpt.tune --steps {args.steps} --seed {args.seed}",
        "date": datetime.now(UTC).date().isoformat(),
        "seconds of processor": round(time.process_time() - started),
        "torch": torch.__version__.split("+")[0],
        "data": f"gpt.questions.interviews(seed={args.seed}, turns={TURNS})",
        "seed": args.seed,
        "steps": args.steps,
        "conversations a step": f"{BATCH}, of which {PLAIN:.0%} are plain stories",
        "parameters": model.config.n_parameters,
        "held out": f"gpt.questions.interviews(seed={HELD_OUT}, turns=1), {MANY}",
        "answered exactly, greedily": round(marks.greedy, 4),
        "answered exactly, by kind": {
            kind: f"{right} of {asked}" for kind, (right, asked) in marks.kinds.items()
        },
        "probability of the short true answer": round(marks.short, 4),
        "probability of the long true answer": round(marks.long, 4),
        "loss on plain stories": round(train.held_out_loss(model, tokenizer, MANY), 6),
        "and before": round(before, 6),
    }
    model.save(args.to, template.closing[0])
    tokenizer.save(args.to / "tokenizer.json")
    text = json.dumps(card, indent=2, ensure_ascii=False)
    write_whole(args.to / "card.json", (text + "\n").encode())
    print(
        f"{args.to}: {marks.greedy:.1%} of {MANY} questions about new stories are "
        f"answered exactly; {card['seconds of processor']} s of processor"
    )


if __name__ == "__main__":
    main()
