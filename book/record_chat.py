"""Records what tuning does to the small model: what it learns, forgets and comes to prefer.

    python book/record_chat.py forgetting     tunes it twice, with plain stories and without
    python book/record_chat.py preference     DPO on the tuned model, at two rates
    python book/record_chat.py smollm2        what the real model says

Each takes minutes, so the page reads the file; tests/book repeats what can be repeated
cheaply. Each part of the file says when it was made, from which seed and by what command.
"""

import sys
import time
from itertools import islice

import recording
import torch
from facts.chat import OPPOSITES

from gpt import chat, train, tune
from gpt.questions import interviews

FILE = recording.FOLDER / "chat.json"
SEED, MANY = 1, 300  # of the training; questions and stories at every measurement
BATCH = 16  # conversations a step, half of what gpt/tuned was given
BETA, RATES, STEPS, EVERY, PAIRS = 0.1, (3e-5, 1e-4), 150, 25, 16  # of DPO
JUDGED = 80  # questions at every measurement of DPO


def tuning(plain: float, steps: int = 600, every: int = 100) -> dict:
    """{"step", "exact", "plain", "loss"} of a tuning with this share of plain stories."""
    model, tokenizer, template = tune.fresh()
    fed = tune.batches(template, tokenizer, SEED, BATCH, plain)
    run = {"step": [], "exact": [], "plain": [], "loss": []}

    def measure(step, loss):
        marks = tune.exam(model, template, tokenizer, MANY, tune.HELD_OUT)
        run["step"].append(step)
        run["exact"].append(round(marks.greedy, 4))
        run["plain"].append(round(train.held_out_loss(model, tokenizer, MANY), 4))
        run["loss"].append(loss and round(loss, 4))
        print(plain, step, run["exact"][-1], run["plain"][-1], flush=True)

    measure(0, None)
    for step, loss in enumerate(tune.tune(model, fed, steps), 1):
        if step % every == 0:
            measure(step, loss)
    return run


def forgetting() -> dict:
    """{share of plain stories: a tuning}, without any and with as many as gpt/tuned had."""
    return {"runs": {f"{plain:g}": tuning(plain) for plain in (0.0, tune.PLAIN)}}


@torch.no_grad()
def divergence(model, before, template, tokenizer, many: int, seed: int) -> float:
    """KL(model || before) of whole answers, in nats: the mean over answers that it draws.

    An answer is drawn from the model, and at every token of it the KL of the two
    distributions is exact: so the mean of their sums is that of whole answers.
    """
    prompts = []
    for story, asked in islice(interviews(tune.HELD_OUT, 1), many):
        messages = tune.conversation(story, asked, [])
        messages.append(chat.Message("user", asked[0].question))
        prompts.append(chat.render(messages, template, tokenizer))
    draw = torch.Generator().manual_seed(seed)
    (end,) = template.closing
    sums, open_ = torch.zeros(many), torch.ones(many, dtype=torch.bool)
    for _ in range(24):
        if not open_.any():
            break
        rows = [i for i in range(many) if open_[i]]
        ids, _ = chat.pad(((prompts[i], []) for i in rows), end)
        last = torch.tensor([len(prompts[i]) - 1 for i in rows])
        here = torch.arange(len(rows))
        now, was = (m(ids)[here, last] for m in (model, before))  # (rows, n_vocab)
        sums[rows] += chat.kl(now, was)
        new = torch.multinomial(now.softmax(-1), 1, generator=draw)[:, 0].tolist()
        for i, id in zip(rows, new):
            prompts[i].append(id)
            open_[i] = id != end
    return float(sums.mean())


@torch.no_grad()
def rewards(model, before, template, tokenizer, many: int) -> tuple[float, float]:
    """The mean log-ratio of the short answers, and of the long ones, in nats."""
    told = [*islice(interviews(tune.HELD_OUT, 1), many)]
    ids, targets = tune.both_forms(template, tokenizer, told)
    now = chat.log_probabilities(model(ids), targets)
    was = chat.log_probabilities(before(ids), targets)
    short, long = (now - was).chunk(2)
    return float(short.mean()), float(long.mean())


def prefer(rate: float, steps: int = STEPS, many: int = JUDGED) -> dict:
    """One DPO run from the tuned model, at this rate: what is measured as it goes."""
    before, tokenizer, template = tune.tuned()
    model, _, _ = tune.tuned()
    pairs = tune.pairs(template, tokenizer, SEED, PAIRS)
    run = {"step": [], "loss": [], "short": [], "long": [], "greedy": []}
    run |= {"reward": [], "log-ratio of the short": [], "kl": [], "plain": []}

    def measure(step, loss):
        marks = tune.exam(model, template, tokenizer, many, tune.HELD_OUT)
        short, long = rewards(model, before, template, tokenizer, many)
        found = {
            "step": step,
            "loss": loss,
            "short": marks.short,
            "long": marks.long,
            "greedy": marks.greedy,
            "reward": BETA * (short - long),
            "log-ratio of the short": short,
            "kl": divergence(model, before, template, tokenizer, many, SEED),
            "plain": train.held_out_loss(model, tokenizer, many),
        }
        for name, value in found.items():
            run[name].append(value if value is None else round(value, 4))
        print(rate, {name: run[name][-1] for name in run}, flush=True)

    measure(0, None)
    learner = chat.Preference(model, before, BETA)
    losses = train.fit(learner, pairs, steps, peak=rate, last=rate / 10)
    for step, loss in enumerate(losses, 1):
        if step % EVERY == 0:
            measure(step, loss)
    return run


def preference() -> dict:
    """{rate: what is measured over the steps of DPO}."""
    runs = {f"{rate:g}": prefer(rate) for rate in RATES}
    return {"beta": BETA, "questions": JUDGED, "runs": runs}


COMPLETED = (
    "What is the capital of France?",
    "write me a poem about bread and cheese.",
    "This is a poem about bread and cheese:",
)
SAID = (
    ("", "What is the capital of France?"),
    ("", "write me a poem about bread and cheese."),
    ("Answer in one word.", "What is the capital of France?"),
    (
        "Your name is Ada. You are a fox, and you live by the river.",
        "Where do you live?",
    ),
    ("Your name is Ada. You are a fox, and you live by the river.", "Who are you?"),
)


class Real:
    """SmolLM2, greedily: as a completer, and in its template."""

    def __init__(self):
        from gpt.modern import smollm2

        self.model, self.tokenizer = smollm2()
        self.template = chat.chatml(self.tokenizer)
        self.end = self.tokenizer.special_tokens["<|endoftext|>"]

    def complete(self, text: str, n_new: int) -> str:
        ids = self.tokenizer.encode(text)
        new = self.model.generate(ids, n_new, stop=self.end, top_k=1)
        return self._text(new)

    def answer(self, system: str, question: str, n_new: int) -> str:
        said = [chat.Message("system", system)] if system else []
        said.append(chat.Message("user", question))
        how = {"n_new": n_new, "top_k": 1}
        return self._text(
            chat.answer(self.model, said, self.template, self.tokenizer, **how)
        )

    def _text(self, ids) -> str:
        return self.tokenizer.decode_bytes(ids).decode(errors="replace")


def shots(real: Real, n: int) -> list[str]:
    """What it says is the opposite of each word, after n examples."""
    pairs = [pair.split() for pair in OPPOSITES.split(", ")]
    return [
        real.complete(chat.few_shot(pairs[:n], word), 4).split("\n")[0].strip()
        for word, _ in pairs[3:]
    ]


def smollm2() -> dict:
    """What the real model writes: as a document, in its template, after examples."""
    real = Real()
    found = {
        "parameters": real.model.config.n_parameters,
        "completed": {text: real.complete(text, 40) for text in COMPLETED},
        "said": [[*pair, real.answer(*pair, 40)] for pair in SAID],
        "opposites": [pair.split()[1] for pair in OPPOSITES.split(", ")[3:]],
        "shots": {str(n): shots(real, n) for n in (0, 1, 3)},
    }
    found["stories"] = [
        [story, asked.question, asked.short, real.answer(story, asked.question, 20)]
        for story, (asked,) in islice(interviews(tune.HELD_OUT, 1), 20)
    ]
    return found


PARTS = {"forgetting": forgetting, "preference": preference, "smollm2": smollm2}


def main(names):
    for name in names or PARTS:
        started = time.monotonic()
        found = PARTS[name]()
        recorded = recording.read(FILE)
        seconds = round(time.monotonic() - started)
        made = recording.made_by(f"record_chat.py {name}", seed=SEED, seconds=seconds)
        recorded[name] = made | found
        recording.keep(FILE, recorded)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1:])
