"""Talk with a model in the terminal: python -m gpt.chat

    a line that you type  ->  an answer, word by word as it is written

The small model answers questions about a story of its world; `--model smollm2` is a real
model (`make real` installs it). Answers go to the standard output, all else to standard
error, so that `echo "Who was shy?" | python -m gpt.chat` can be part of a script.
"""

import argparse
import codecs
import os
import random
import sys
import time
from collections.abc import Iterable, Iterator

import torch

from gpt import chat, world
from gpt.chat import Message
from gpt.modern import smollm2
from gpt.sample import choose
from gpt.tune import tuned

ABOUT = "Talk with a model: the small one about a story, or SmolLM2 about anything."
HINTS = "Type a question. Ctrl-C stops an answer, Ctrl-D ends the talk."
TOKENS = {"small": 20, "smollm2": 300}  # of an answer, at most
SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"


class Talk:
    """A conversation with a model: what was said, and what it may cost."""

    def __init__(self, model, tokenizer, template: chat.Template, system: str):
        self.model, self.tokenizer, self.template = model, tokenizer, template
        self.system = [Message("system", system)] if system else []
        self.said: list[Message] = []  # questions and answers, in turn
        self.forgotten = 0  # questions that had to go, with their answers

    def ask(self, question: str, n_new: int, **how) -> Iterator[str]:
        """Yield the answer, piece by piece; question and answer are remembered.

        The oldest questions are forgotten, with their answers, where the context has no
        room for `n_new` tokens more, or as many as there are. Raises ValueError where
        even the question alone leaves none; then nothing is remembered.
        """
        asked, forgotten = [*self.said, Message("user", question)], self.forgotten
        while len(asked) > 1 and self._room(asked) < n_new:
            asked, forgotten = asked[2:], forgotten + 1
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        text = ""
        try:
            for id in chat.answer(
                self.model,
                self.system + asked,
                self.template,
                self.tokenizer,
                n_new,
                **how,
            ):
                piece = decoder.decode(self.tokenizer.decode_bytes([id]))
                text += piece
                yield piece
        finally:  # an answer that was stopped is remembered as far as it came
            if text:
                self.said = [*asked, Message("assistant", text)]
                self.forgotten = forgotten
        yield decoder.decode(b"", final=True)

    def _room(self, asked: list[Message]) -> int:
        ids = chat.render(self.system + asked, self.template, self.tokenizer)
        return self.model.config.n_ctx - len(ids)


def converse(talk: Talk, lines: Iterable[str], n_new: int, seed: int, **how) -> None:
    """Answer line after line. Ctrl-C stops an answer; between answers it ends the talk."""
    for number, line in enumerate(lines):
        if not (question := line.strip()):
            continue  # an empty line asks nothing
        forgotten, started, n = talk.forgotten, time.monotonic(), 0
        try:
            for piece in talk.ask(question, n_new, seed=seed + number, **how):
                n += 1
                print(piece, end="", flush=True)
            print(flush=True)
        except KeyboardInterrupt:
            print(" …", flush=True)
        except ValueError as error:
            note(str(error))
            continue
        if talk.forgotten > forgotten:
            note("(The context is full: the oldest question is forgotten.)")
        seconds = max(time.monotonic() - started, 1e-9)
        note(f"({n - 1} tokens, {(n - 1) / seconds:.0f} a second)")


def note(text: str) -> None:
    """Say something that is no answer."""
    print(text, file=sys.stderr, flush=True)


def typed() -> Iterator[str]:
    """The lines that a person types, or those of a file, to their end."""
    try:
        if not sys.stdin.isatty():
            yield from sys.stdin
            return
        while True:
            print("> ", end="", file=sys.stderr, flush=True)
            yield input()
    except (EOFError, KeyboardInterrupt):
        note("")
    except UnicodeDecodeError as error:
        raise SystemExit(f"what was typed is not UTF-8: {error}") from None


def opened(name: str, system: str | None, seed: int) -> Talk:
    """The talk with a model by its name. Raises ValueError where it is not installed."""
    if name == "small":
        model, tokenizer, template = tuned()
        story = next(world.stories(seed)) if system is None else system
        return Talk(model, tokenizer, template, story)
    model, tokenizer = smollm2()
    return Talk(
        model, tokenizer, chat.chatml(tokenizer), SYSTEM if system is None else system
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m gpt.chat", description=ABOUT)
    parser.add_argument("--model", choices=[*TOKENS], default="small")
    parser.add_argument(
        "--system", help="what it is told first; the small one: a story"
    )
    parser.add_argument("--temperature", type=float, default=0.3)
    parser.add_argument("--top-k", type=int)
    parser.add_argument("--top-p", type=float, default=0.9)
    parser.add_argument("--tokens", type=int, help="of an answer, at most")
    parser.add_argument("--seed", type=int, help="for the same story and answers again")
    args = parser.parse_args()
    seed = random.randrange(10**6) if args.seed is None else args.seed
    n_new = TOKENS[args.model] if args.tokens is None else args.tokens
    how = {"temperature": args.temperature, "top_k": args.top_k, "top_p": args.top_p}
    try:
        if n_new < 1 or seed < 0:
            raise ValueError("--tokens must be at least 1, and --seed at least 0")
        choose(torch.zeros(2), 0.0, **how)  # rather now than at the first answer
        talk = opened(args.model, args.system, seed)
    except ValueError as error:
        parser.error(str(error))
    for message in talk.system:
        note(message.text)
    if sys.stdin.isatty():
        note(HINTS)
    try:
        converse(talk, typed(), n_new, seed, **how)
    except BrokenPipeError:  # whoever read the answers has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
