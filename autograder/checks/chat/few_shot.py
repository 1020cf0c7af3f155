"""few_shot(examples, question): a document in which the last answer is missing.

The edges are what a text may hold: colons, spaces at its ends, new lines, braces, letters
of other alphabets. All of it stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between, some
from autograder.checks._slips import Answer, only_the_first, only_the_last, two_at_once
from autograder.checks._twins import twins
from autograder.checks.chat._material import LIBRARIES

Examples = list[tuple[str, str]]
WORDS = (  # noqa: SIM905
    "hot cold big small up down happy sad fast slow open closed light dark rich poor old "
    "young hard soft wet dry full empty early late strong weak inside outside near far"
).split()

# A tab, other spaces and marks that show nothing, an e and its accent, a ligature.
STRANGE = "\t \xa0\u3000\x0b\u200b\u200d\ufe0f\ufeff \u2019e\u0301\ufb01\r\n\n\n"


def oracle(examples: Examples, question: str) -> str:
    text = ""
    for asked, answer in [*examples, (question, None)]:
        text += asked + ":" + ("" if answer is None else " " + answer + "\n")
    return text


def draw(rng: np.random.Generator) -> list[Case]:
    def words(many: int) -> list[str]:
        return some(rng, WORDS, many)

    def pairs(many: int) -> Examples:
        drawn = words(2 * many)
        return [*zip(drawn[::2], drawn[1::2], strict=True)]

    def phrase() -> str:
        return " ".join(words(between(rng, 3, 4)))

    three, (known, other) = pairs(3), words(2)
    many = [tuple(words(2)) for _ in range(between(rng, 130, 140))]
    marked = [(f"{phrase()}?".capitalize(), f"{phrase()}.".capitalize())]
    odd = [
        (f" {words(1)[0]} ", f"{words(1)[0]}  "),
        (f"{words(1)[0]}\n", f" {words(1)[0]}"),
    ]
    return [
        Case("two examples", (pairs(2), words(1)[0])),
        Case("three examples", (pairs(3), words(1)[0])),
        Case("one example", (pairs(1), words(1)[0])),
        Case("sentences", (marked * 2, f"{phrase()}?".capitalize())),
        Case("many examples", (many, words(1)[0])),
        Case("a long question", (pairs(2), " ".join(words(30)))),
        edge("no examples", ([], words(1)[0])),
        edge("a question that is among the examples", (three, three[1][0])),
        edge("the same example twice", ([*three[:1] * 2, *three], words(1)[0])),
        edge(
            "questions and answers with colons",
            ([(f"{known}: {other}", f"{other}: {known}:")], f"{other}: a or b:"),
        ),
        edge("spaces and new lines at the ends of texts", (odd, f" {known} ")),
        edge("an empty answer", ([(known, ""), *pairs(1)], other)),
        edge("an empty question", ([*pairs(1), ("", other), *pairs(1)], "")),
        edge(
            "questions that begin with spaces",
            ([(f"  {known}", other), (f"   {other}", known)], f"  {words(1)[0]}"),
        ),
        edge(
            "braces, percent signs and quotes",
            ([(f"{{{known}}}", f"%s of '{other}'")], f'"{other}" {{}} \\n'),
        ),
        edge(
            "spaces of every kind, and letters that have two forms",
            ([(f"{known}{STRANGE}", f"{other}{STRANGE}")], f"{other}{STRANGE}"),
        ),
        edge("a question of one letter", (pairs(1), known[0])),
        edge(
            "other alphabets",
            ([("大", "小"), ("горячий", "холодный")], f"{known} ü 🦊"),
        ),
        *twins(
            oracle,
            lambda: (pairs(8), "".join(words(3))),
            "the examples",
            "the question",
        ),
    ]


def _same(text: str) -> str:
    return text


def _written(
    examples: Examples,
    question: str,
    order: Callable[[Examples], Examples] = lambda examples: examples,
    clean: Callable[[str], str] = _same,
    line: str = "{0}: {1}",
    asked: str = "{0}:",
    between: str = "\n",
    last: Callable[[str], str] = _same,
) -> str:
    """The document with screws: each line's form, what stands between, what is last."""
    lines = [
        line.replace("{1}", "\0").replace("{0}", clean(q)).replace("\0", clean(a), 1)
        for q, a in order(examples)
    ]
    return last(between.join([*lines, asked.replace("{0}", clean(question))]))


def _by(**screws: Any) -> Answer:
    return partial(_written, **screws)


def _labelled(examples: Examples, question: str) -> str:
    made = "".join(f"Q: {q}\nA: {a}\n\n" for q, a in examples)
    return f"{made}Q: {question}\nA:"


def worked(examples: Examples, question: str) -> dict[str, Any]:
    seen = {
        f"line {i + 1}": f"{asked}: {answer}"
        for i, (asked, answer) in enumerate(examples[:3])
    }
    return seen | {"the last line": f"{question}:"}


def _answered(examples: Examples, question: str) -> str:
    """The last example's answer is there for the question, too."""
    made = _written(examples, question)
    return made + (f" {examples[-1][1]}" if examples else "")


MISTAKES = (
    Mistake(
        "a space at the end",
        "Your text ends with a space after the colon. In most vocabularies a word has its "
        "space in front, so the model should write it. End right after the colon.",
        _by(asked="{0}: "),
    ),
    Mistake(
        "a new line at the end",
        "Your text ends with a new line. The model is to go on in the **same** line, so end "
        "right after the colon.",
        _by(last=lambda text: text + "\n"),
    ),
    Mistake(
        "a space and a new line at the end",
        "Your last line is written like the others, with an empty answer. It ends right "
        "after the colon, without a space and without a new line.",
        _by(asked="{0}: \n"),
    ),
    Mistake(
        "no colon at the end",
        "The question stands there without its colon. It is the colon that asks for an "
        "answer, as in the lines above.",
        _by(asked="{0}"),
    ),
    Mistake(
        "the question is not asked",
        "Only the examples are there. The question that is asked comes in a last line, and "
        "its answer is missing.",
        lambda examples, question: "\n".join(f"{q}: {a}" for q, a in examples),
    ),
    Mistake(
        "the question is not asked, after a new line",
        "The examples are there, and a new line after each. The question that is asked is "
        "missing: it comes in a last line, with a colon.",
        lambda examples, question: "".join(f"{q}: {a}\n" for q, a in examples),
    ),
    Mistake(
        "the question is answered",
        "You answer the question, with the last example's answer. The model is to write the "
        "answer: end right after the colon.",
        _answered,
    ),
    Mistake(
        "no new line before the question",
        "The question follows the last example in the same line. Each stands in a line of "
        "its own, so there is a new line after **each** example.",
        lambda examples, question: (
            "\n".join(f"{q}: {a}" for q, a in examples) + f"{question}:"
        ),
    ),
    Mistake(
        "all in one line, without anything between",
        "All stands in one line. Behind each example comes a new line, `\\n`.",
        _by(between=""),
    ),
    Mistake(
        "all in one line, with spaces",
        "All stands in one line, with spaces between. Behind each example comes a new line "
        "instead.",
        _by(between=" "),
    ),
    Mistake(
        "all in one line, with commas",
        "All stands in one line, with commas between. Behind each example comes a new line "
        "instead.",
        _by(between=", "),
    ),
    Mistake(
        "blank lines between",
        "There is an empty line between the examples. One new line after each is enough.",
        _by(between="\n\n"),
    ),
    Mistake(
        "a space before each new line",
        "A space stands at the end of each example's line. The new line follows the answer "
        "at once.",
        _by(between=" \n"),
    ),
    Mistake(
        "a space after each new line",
        "Each line but the first begins with a space. Nothing stands between the new line "
        "and the question.",
        _by(between="\n "),
    ),
    Mistake(
        "a backslash and an n",
        "A backslash and the letter n stand in your text. Is the string marked with `r`, or "
        "the backslash written twice? A new line is `\\n` in plain quotes.",
        _by(between="\\n"),
    ),
    Mistake(
        "a new line at the start",
        "Your text begins with a new line. New lines stand after the examples only.",
        _by(last=lambda text: "\n" + text),
    ),
    Mistake(
        "no space after the colon",
        "Behind the colon of an example there is no space. It is the question, a colon, a "
        "space, the answer.",
        _by(line="{0}:{1}"),
    ),
    Mistake(
        "a space before the colon",
        "A space stands before the colon. The colon follows the question at once.",
        _by(line="{0} : {1}", asked="{0} :"),
    ),
    Mistake(
        "the colon left out",
        "The examples have no colon. It is the question, a colon, a space, the answer.",
        _by(line="{0} {1}"),
    ),
    Mistake(
        "an equals sign",
        "You write an equals sign for the colon. A model goes on with the form that it sees, "
        "and here it is a colon.",
        _by(line="{0} = {1}", asked="{0} ="),
    ),
    Mistake(
        "an arrow",
        "You write an arrow for the colon. A model goes on with the form that it sees, and "
        "here it is a colon.",
        _by(line="{0} -> {1}", asked="{0} ->"),
    ),
    Mistake(
        "the answer in a line of its own",
        "The answer stands in the next line. It is in the same line as its question, after "
        "a colon and a space.",
        _by(line="{0}:\n{1}"),
    ),
    Mistake(
        "Q and A",
        "You write Q and A before each. That is a usual form, too, but not this one: a line "
        "has the question, a colon, a space and the answer.",
        _labelled,
    ),
    Mistake(
        "Q and A, in lines without a gap",
        "You write the marks Q: and A: before each, in lines of their own. Leave them away: a "
        "line has the question, a colon, a space and the answer.",
        lambda examples, question: (
            "".join(f"Q: {q}\nA: {a}\n" for q, a in examples) + f"Q: {question}\nA:"
        ),
    ),
    Mistake(
        "each question once",
        "As keys of a dict equal questions stand there once, and only with their last answer. "
        "Go through the list of examples as it is.",
        lambda examples, question: _written([*dict(examples).items()], question),
    ),
    Mistake(
        "the last example's question is asked",
        "At the end you ask the last example's question once more. Has a variable of your "
        "loop the name `question`? Then the argument of this name is lost.",
        lambda examples, question: _written(
            examples, examples[-1][0] if examples else question
        ),
    ),
    Mistake(
        "question and answer exchanged",
        "Question and answer have changed places in your examples. The question is the "
        "first of each pair.",
        _by(line="{1}: {0}"),
    ),
    Mistake(
        "the question twice",
        "Your examples have the question in the answer's place, too. The answer is the "
        "second of each pair.",
        _by(line="{0}: {0}"),
    ),
    Mistake(
        "the answers are missing",
        "Your examples have no answers. It is the answers that show the model what is "
        "wanted.",
        _by(line="{0}:"),
    ),
    Mistake(
        "the answers alone",
        "Your examples have no questions: only the answers are there. Each line has both.",
        _by(line="{1}"),
    ),
    Mistake(
        "pairs as Python shows them",
        "Your examples stand there with brackets and quotes, as Python shows a pair. Take "
        "each pair apart, and put its two texts into the line.",
        lambda examples, question: (
            "".join(f"{pair}\n" for pair in examples) + f"{question}:"
        ),
    ),
    Mistake(
        "texts in quotes",
        "Quotes stand around your texts. Put in the texts as they are: is there a `repr` or "
        "an `!r`?",
        _by(clean=repr),
    ),
    Mistake(
        "spaces at the ends cut off",
        "You cut off what stands around a text, as `strip` does. Questions and answers stand "
        "there as they are given.",
        _by(clean=str.strip),
    ),
    Mistake(
        "the whole text stripped",
        "You strip the text that you have made, and with it what belongs to the first "
        "question. Make it so that nothing has to be cut off.",
        _by(last=str.strip),
    ),
    Mistake(
        "small letters",
        "You write all in small letters. Questions and answers stand there as they are "
        "given.",
        _by(clean=str.lower),
    ),
    Mistake(
        "large first letters",
        "You begin each text with a large letter. Questions and answers stand there as they "
        "are given.",
        _by(clean=str.capitalize),
    ),
    Mistake(
        "the question first",
        "The question stands before the examples. The model goes on where the text ends, so "
        "the question comes **last**.",
        lambda examples, question: "\n".join(
            [f"{question}:", *(f"{q}: {a}" for q, a in examples)]
        ),
    ),
    Mistake(
        "the examples backwards",
        "The examples come in the reverse order. They stay as they are given.",
        _by(order=lambda examples: examples[::-1]),
    ),
    Mistake(
        "the examples sorted",
        "You sort the examples. They stay in the order in which they are given.",
        _by(order=sorted),
    ),
    Mistake(
        "each example once",
        "An example that comes twice stands only once in your text, as in a dict or a set. "
        "Write every one of the list.",
        _by(order=lambda examples: [*dict.fromkeys(examples)]),
    ),
    Mistake(
        "the first example left out",
        "The first example is missing. Python counts from 0.",
        _by(order=lambda examples: examples[1:]),
    ),
    Mistake(
        "the last example left out",
        "The last example is missing: your loop ends one too early.",
        _by(order=lambda examples: examples[:-1]),
    ),
    only_the_first(
        lambda examples, question: _written(examples[:1], question), "example"
    ),
    only_the_last(
        lambda examples, question: _written(examples[-1:], question), "example"
    ),
    Mistake(
        "no examples at all",
        "Only the question is there. The examples come before it, each in a line of its "
        "own.",
        lambda examples, question: f"{question}:",
    ),
    Mistake(
        "a list of lines",
        "These are the right lines, but in a Python list. One text is asked for: `join` puts "
        "them together.",
        lambda examples, question: _written(examples, question).split("\n"),
    ),
    Mistake(
        "an error where there are no examples",
        "Without examples your lines end in an error. Then the text is the question and its "
        "colon: that is zero-shot.",
        lambda examples, question: _written([examples[0], *examples[1:]], question),
    ),
    two_at_once(
        "no space, and one at the end",
        _by(line="{0}:{1}", asked="{0}: "),
        "Behind the colon of an example there is no space.",
        "there is one at the very end, where there should be none.",
    ),
    Mistake(
        "a new line before the question, without examples too",
        "Without examples there is no line before the question, and so no new line. The new "
        "line belongs to an example: put it after each, or join all lines, the last one too.",
        lambda examples, question: (
            "\n".join(f"{q}: {a}" for q, a in examples) + f"\n{question}:"
        ),
    ),
    Mistake(
        "no colon without examples",
        "Without examples the colon after the question is missing. The last line has one in "
        "any case: look at what you return there.",
        lambda examples, question: oracle(examples, question) if examples else question,
    ),
    Mistake(
        "letters joined",
        "`join` puts a new line between all the parts of what it is given, and the parts of a "
        "text are its letters. Give it a **list** of lines.",
        lambda examples, question: (
            "".join("\n".join(f"{q}: {a}") for q, a in examples) + f"\n{question}:"
        ),
    ),
    Mistake(
        "examples without a question left out",
        "You leave out an example whose question is empty. Questions and answers stand in the "
        "text as they are given, empty ones too.",
        _by(order=lambda examples: [(q, a) for q, a in examples if q]),
    ),
)

CHECK = Check(
    "few_shot",
    2,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES,
    worked=worked,
)
