"""exact_rate(written, truths, end): the share of questions that are answered exactly.

An answer is what stands before the first end mark. Most cases mix right answers with
those that are right only for somebody who looks less closely.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import takewhile
from typing import Any

import numpy as np
import torch

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between, stop
from autograder.checks._slips import Answer, only_the_first, two_at_once, written_into
from autograder.checks._twins import twins
from autograder.checks.chat._material import LIBRARIES, ids

Ids = list[int]


def oracle(written: list[Ids], truths: list[list[Ids]], end: int) -> float:
    right = [
        end in new and [*takewhile(lambda token: token != end, new)] in answers
        for new, answers in zip(written, truths, strict=True)
    ]
    return float(np.mean(right))


def draw(rng: np.random.Generator) -> list[Case]:
    end = between(rng, 70, 99)

    def answer(many: int = 0) -> Ids:
        return ids(rng, many or between(rng, 2, 4))

    def questions(*said: Callable[[Ids, Ids], Ids]) -> tuple:
        """One for each, which makes of two true answers what the model wrote."""
        truths = [[answer(), answer(5)] for _ in said]
        written = [make(*true) for make, true in zip(said, truths, strict=True)]
        return written, truths, end

    def right(short: Ids, long: Ids) -> Ids:
        return [*short, end]

    def in_full(short: Ids, long: Ids) -> Ids:
        return [*long, end]

    def goes_on(short: Ids, long: Ids) -> Ids:
        return [*short, end, *answer(), end, *answer()]

    def wrong(short: Ids, long: Ids) -> Ids:
        return [*answer(6), end]

    def first_only(short: Ids, long: Ids) -> Ids:
        return [*short[:-1], end]

    def last_wrong(short: Ids, long: Ids) -> Ids:
        return [*short[:-1], short[-1] + 100, end]

    def first_wrong(short: Ids, long: Ids) -> Ids:
        return [short[0] + 100, *short[1:], end]

    def one_inside_wrong(short: Ids, long: Ids) -> Ids:
        return [*long[:2], long[2] + 100, *long[3:], end]

    def one_more(short: Ids, long: Ids) -> Ids:
        return [*short, long[0], end]

    def one_before(short: Ids, long: Ids) -> Ids:
        return [long[0] + 100, *short, end]

    def endless(short: Ids, long: Ids) -> Ids:
        return short

    def turned(short: Ids, long: Ids) -> Ids:
        return [*short[::-1], end]

    def silent(short: Ids, long: Ids) -> Ids:
        return [end, *short, end]

    def late(short: Ids, long: Ids) -> Ids:
        return [*answer(6), end, *short, end]

    asked = between(rng, 132, 136)
    known = rng.integers(1, 60, asked).tolist()
    many = [[token + int(rng.integers(0, 2)), end] for token in known]

    def again() -> tuple:
        """Answers of which any two that change places are wrong."""
        truths = [[[10 * i + 1, 10 * i + 2]] for i in 1 + rng.permutation(9)[:7]]
        written = [[*true[0], end, 5] for true in truths]
        written[0] = [3, 3, end, 5]
        return written, truths, end

    return [
        Case("two of three are right", questions(right, wrong, right)),
        Case("short and long answers", questions(in_full, right, wrong, in_full)),
        Case(
            "a model that goes on after the end",
            questions(goes_on, wrong, goes_on, goes_on),
        ),
        Case("answers that never stop", questions(endless, right, endless)),
        Case(
            "answers that are too short or too long",
            questions(first_only, one_more, right, right),
        ),
        Case(
            "answers of which one token is wrong",
            questions(last_wrong, right, first_wrong, one_inside_wrong),
        ),
        Case("right tokens in another order", questions(turned, right, turned)),
        Case(
            "one token before the answer",
            questions(one_before, in_full, one_before, right),
        ),
        Case(
            "the right answer, but after the end", questions(late, right, silent, late)
        ),
        Case(
            "all kinds of answers",
            questions(right, late, endless, in_full, wrong, one_more, goes_on, turned),
        ),
        Case("many questions", (many, [[[token]] for token in known], end)),
        Case(
            "a long answer",
            ([[*(long := answer(280)), end], [*long[:-1], end]], [[long]] * 2, end),
        ),
        edge("a single question, answered wrong", questions(last_wrong)),
        edge("a single question, answered right", questions(right)),
        edge("all are right", questions(right, in_full, goes_on)),
        edge("none is right", questions(wrong, endless, first_only)),
        edge("nothing was written", ([[], [4, 5, end]], [[[4]], [[4, 5]]], end)),
        edge(
            "an empty answer that is true",
            ([[end, 3], [end], [2, end]], [[[]], [[4], []], [[]]], end),
        ),
        edge(
            "answers that never stop, and would be right if they were cut",
            ([[4, 5, 6], [7], [8, end]], [[[4, 5]], [[]], [[8]]], end),
        ),
        edge("one true answer each", ([[4, end], [5, end]], [[answer(3)], [[5]]], end)),
        edge(
            "a true answer to another question",
            ([[4, end], [5, end], [6, end]], [[[5]], [[4]], [[6], [7]]], end),
        ),
        edge(
            "many true answers",
            (
                [[*range(20, 28), end]],
                [[*([i] for i in range(140)), [*range(20, 28)]]],
                end,
            ),
        ),
        edge(
            "the same true answer twice",
            ([[5, end], [6, end]], [[[5], [5]], [[7], [7], [7]]], end),
        ),
        edge(
            "a short true answer after a longer one",
            ([[4, end], [5, 6, end]], [[[4, 6], [4]], [[5, 6], [7]]], end),
        ),
        edge(
            "other ids of the same figures",
            ([[1, 23, end], [12, 3, end]], [[[12, 3]], [[12, 3], [123]]], end),
        ),
        edge(
            "an id that begins with the figures of the end mark",
            ([[4, 5, 10 * end + 1], [4, end]], [[[4, 5]], [[4]]], end),
        ),
        edge("two end marks", ([[4, end, end], [5, end, 6, end]], [[[4]], [[6]]], end)),
        edge("1 is the end mark", ([[4, 1, 3], [4, 4]], [[[4]], [[4, 4]]], 1)),
        edge(
            "a large end mark",
            ([[4, 50_256, 9], [4, 128], [4, 50_256]], [[[4]]] * 3, int("50256")),
        ),
        edge(
            "0 is the end mark", ([[4, 0, 3], [4, 4], [0]], [[[4]], [[4, 4]], [[3]]], 0)
        ),
        edge("ids of 0", ([[0, end], [0, 0, end], [end]], [[[0]], [[0]], [[0]]], end)),
        *twins(
            oracle,
            again,
            "what was written",
            "the true answers",
            "the end mark",
            others={2: 5},
        ),
    ]


def _cut(new: Ids, end: int) -> Ids | None:
    return new[: new.index(end)] if end in new else None


def _matches(said: Ids | None, answers: list[Ids]) -> Any:
    return said is not None and said in answers


def _rate(
    written: list[Ids],
    truths: list[list[Ids]],
    end: int,
    cut: Callable[[Ids, int], Ids | None] = _cut,
    match: Callable[[Any, list[Ids]], Any] = _matches,
    give: Callable[[list], Any] = lambda right: sum(right) / len(right),
) -> Any:
    """The rate with screws: how an answer is cut, what is right, what is given."""
    pairs = zip(written, truths, strict=True)
    return give([match(cut(new, end), answers) for new, answers in pairs])


def _by(**screws: Any) -> Answer:
    return partial(_rate, **screws)


def _before_the_last(new: Ids, end: int) -> Ids | None:
    return new[: len(new) - 1 - new[::-1].index(end)] if end in new else None


def _any(test: Callable[[Ids, Ids], bool]) -> Callable[[Any, list[Ids]], bool]:
    return lambda said, answers: (
        said is not None and any(test(said, true) for true in answers)
    )


def _joined(tokens: Ids) -> str:
    return "".join(map(str, tokens))


def _of_tokens(written: list[Ids], truths: list[list[Ids]], end: int) -> float:
    """Of the tokens of all answers, the share that stands in the best true one."""
    right = asked = 0
    for new, answers in zip(written, truths, strict=True):
        stated = new[: new.index(end)] if end in new else new
        right += max(sum(map(int.__eq__, stated, true)) for true in answers)
        asked += len(stated)
    return right / asked if asked else stop(ZeroDivisionError)


def worked(written: list[Ids], truths: list[list[Ids]], end: int) -> dict[str, Any]:
    said = [_cut(new, end) for new in written]
    seen = {
        f"answer {i + 1}": "none, it never stops" if one is None else one
        for i, one in enumerate(said[:3])
    }
    right = sum(map(_matches, said, truths))
    return seen | {"how many are right": right, "of how many": len(written)}


def _into_written(written, truths, end):
    """Each is cut in place."""
    made = oracle(written, truths, end)
    for new in written:
        del new[new.index(end) + 1 if end in new else len(new) - 1 :]
        new.append(end)
    return made


def _by_answer(written: list[Ids], truths: list[list[Ids]], end: int) -> float:
    """By what was written, as keys of a dict."""
    asked = {tuple(new): true for new, true in zip(written, truths, strict=True)}
    return _rate([[*new] for new in asked], [*asked.values()], end)


def _part(said: Ids | None, answers: list[Ids]) -> float:
    if said is None:
        return 0.0
    return max(
        sum(x == y for x, y in zip(said, true, strict=False)) / max(len(true), 1)
        for true in answers
    )


def _as_text(written: list[Ids], truths: list[list[Ids]], end: int) -> float:
    def told(tokens: Ids) -> str:
        return ",".join(map(str, tokens))

    right = [
        any(told(new).startswith(told([*true, end])) for true in answers)
        for new, answers in zip(written, truths, strict=True)
    ]
    return sum(right) / len(right)


MISTAKES = (
    Mistake(
        "not cut at the end mark",
        "You compare all that the model wrote, with the end mark and what follows it. The "
        "answer is what stands **before** the first end mark.",
        _by(cut=lambda new, end: new),
    ),
    Mistake(
        "no answer is ever right",
        "For you no answer is ever right. Print what you compare: is the end mark still in "
        "the answer, though it stands **before** it? Is one answer compared with the whole "
        "list of true ones, or by `is`, or looked for in `truths`, which has all questions? "
        "Is your end mark the argument `end`?",
        _by(cut=lambda new, end: new[: new.index(end) + 1] if end in new else None),
    ),
    Mistake(
        "cut one too early",
        "You cut off the last token of the answer, too. It ends right before the end mark.",
        _by(
            cut=lambda new, end: (
                new[: max(new.index(end) - 1, 0)] if end in new else None
            )
        ),
    ),
    Mistake(
        "only the last token cut off",
        "You cut off the last token and take that for the end mark. The model may go on "
        "after its answer: look for the **first** end mark.",
        _by(cut=lambda new, end: new[:-1]),
    ),
    Mistake(
        "only where the last token is the end mark",
        "An answer counts only if the end mark is the last that was written. The model may "
        "go on after it: look for the **first** end mark.",
        _by(cut=lambda new, end: new[:-1] if new[-1:] == [end] else None),
    ),
    Mistake(
        "cut at the last end mark",
        "You cut at the last end mark. Where the model went on, its answer ended at the "
        "**first**.",
        _by(cut=_before_the_last),
    ),
    Mistake(
        "what stands after the end mark",
        "You take what stands after the end mark. The answer stands before it.",
        _by(cut=lambda new, end: new[new.index(end) + 1 :] if end in new else None),
    ),
    Mistake(
        "end marks left out",
        "You take away the end marks and compare the rest, so what was written after them "
        "counts, too. The answer is over at the **first** one.",
        _by(cut=lambda new, end: [token for token in new if token != end]),
    ),
    Mistake(
        "end marks left out, where there are some",
        "You take away the end marks and compare the rest, so what was written after the "
        "first one counts, too. The answer is over **there**: cut it off there.",
        _by(
            cut=lambda new, end: (
                [token for token in new if token != end] if end in new else None
            )
        ),
    ),
    Mistake(
        "an answer that never stops is right",
        "An answer without an end mark counts as right if its tokens are. It did not stop: "
        "the model would have written on. It is not right.",
        _by(cut=lambda new, end: new[: new.index(end)] if end in new else new),
    ),
    Mistake(
        "an answer that never stops is empty",
        "Where there is no end mark you take the answer for empty, or leave out its last "
        "token. It has no end, so it is wrong.",
        _by(cut=lambda new, end: new[: new.index(end)] if end in new else []),
    ),
    Mistake(
        "the last token of what never stops",
        "Where there is no end mark you cut off the last token, as `find` does with its −1. "
        "Such an answer is not right, whatever it holds.",
        _by(cut=lambda new, end: new[: new.index(end)] if end in new else new[:-1]),
    ),
    Mistake(
        "an error where there is no end mark",
        "Where the model never stopped your lines end in an error: `index` finds no end "
        "mark. Look whether there is one first. Such an answer is wrong.",
        _by(cut=lambda new, end: new[: new.index(end)]),
    ),
    Mistake(
        "what never stops does not count",
        "You leave out the questions whose answers never stop, and divide by the others. "
        "They count, as wrong ones.",
        _by(
            match=lambda said, answers: None if said is None else said in answers,
            give=lambda right: (
                sum(map(bool, right)) / max(1, sum(r is not None for r in right))
            ),
        ),
    ),
    Mistake(
        "it begins right",
        "An answer that begins as a true one counts as right, whatever follows. It must be "
        "the same up to its end.",
        _by(match=_any(lambda said, true: said[: len(true)] == true)),
    ),
    Mistake(
        "it is a beginning",
        "An answer that is only the beginning of a true one counts as right. It must be the "
        "same up to its end.",
        _by(match=_any(lambda said, true: true[: len(said)] == said)),
    ),
    Mistake(
        "up to the shorter one",
        "You compare only as many tokens as both have, as `zip` does, so too short and too "
        "long answers count as right. Their lengths must be equal, too.",
        _by(
            match=_any(
                lambda said, true: all(a == b for a, b in zip(said, true, strict=False))
            )
        ),
    ),
    Mistake(
        "the same tokens in any order",
        "The order of an answer's tokens makes no difference to you, as in a set or a sorted "
        "list. It must be the same, token by token.",
        _by(match=_any(lambda said, true: sorted(said) == sorted(true))),
    ),
    Mistake(
        "as many tokens",
        "You compare how many tokens the answers have, and not which.",
        _by(match=_any(lambda said, true: len(said) == len(true))),
    ),
    Mistake(
        "the first token",
        "You compare the first tokens alone. Every token of an answer must be the same.",
        _by(match=_any(lambda said, true: said[:1] == true[:1])),
    ),
    Mistake(
        "the last token",
        "You compare the last tokens alone. Every token of an answer must be the same.",
        _by(match=_any(lambda said, true: said[-1:] == true[-1:])),
    ),
    Mistake(
        "the true answer somewhere in it",
        "An answer that holds a true one somewhere counts as right. It must be the true one "
        "exactly, with nothing before it and nothing after.",
        _by(
            match=_any(
                lambda said, true: any(
                    said[i : i + len(true)] == true
                    for i in range(len(said) - len(true) + 1)
                )
            )
        ),
    ),
    Mistake(
        "only the first true answer",
        "Only the first of the true answers counts for you. It is enough to give **one** of "
        "them, whichever.",
        _by(match=lambda said, answers: said is not None and said == answers[0]),
    ),
    Mistake(
        "only the last true answer",
        "Only the last of the true answers counts for you. It is enough to give **one** of "
        "them, whichever.",
        _by(match=lambda said, answers: said is not None and said == answers[-1]),
    ),
    Mistake(
        "only the shortest true answer",
        "Only the shortest of the true answers counts for you. It is enough to give **one** "
        "of them, whichever.",
        _by(
            match=lambda said, answers: (
                said is not None and said == min(answers, key=len)
            )
        ),
    ),
    Mistake(
        "two true answers unpacked",
        "You unpack two true answers. A question has one or more, however many there are: "
        "leave them in their list.",
        _by(
            match=lambda said, answers: (
                _matches(said, answers) if len(answers) == 2 else stop(ValueError)
            )
        ),
    ),
    Mistake(
        "equal true answers counted each",
        "You count how many of the true answers are equal to what was written. The same one "
        "may stand there twice: a question is answered right, or it is not.",
        _by(match=lambda said, answers: answers.count(said)),
    ),
    Mistake(
        "ids joined to one text",
        "You join the ids to a text, and 1, 23 and 12, 3 become the same one. Compare the "
        "lists themselves.",
        _by(match=_any(lambda said, true: _joined(said) == _joined(true))),
    ),
    Mistake(
        "a text within a text",
        "You look for a true answer in the text that an answer is printed as, so it counts "
        "if more is written before it or after. Equal is asked for: compare the lists.",
        _by(match=_any(lambda said, true: str(true)[1:-1] in str(said)[1:-1])),
    ),
    Mistake(
        "the first question's true answers for all",
        "Every answer is compared with the true ones of the **first** question. Each has its "
        "own: go through both lists together.",
        lambda written, truths, end: _rate(written, truths[:1] * len(written), end),
    ),
    Mistake(
        "the share of right tokens",
        "You count right tokens. An answer counts as a whole: it is right if all its tokens "
        "are and none is missing, and otherwise it is wrong.",
        _of_tokens,
    ),
    Mistake(
        "all true answers at once",
        "An answer would have to be equal to all true ones at once. It is enough to give "
        "**one** of them: `any`, not `all`.",
        _by(
            match=lambda said, answers: (
                said is not None and all(said == true for true in answers)
            )
        ),
    ),
    Mistake(
        "a true answer to any question",
        "An answer counts if it is true of **some** question. It must be true of its own: "
        "go through both lists together.",
        lambda written, truths, end: _rate(
            written,
            [[true for answers in truths for true in answers]] * len(written),
            end,
        ),
    ),
    Mistake(
        "wrong ones counted",
        "You give the share that is **wrong**. What is asked for is the share that is "
        "right.",
        _by(match=lambda said, answers: not _matches(said, answers)),
    ),
    Mistake(
        "a number and no share",
        "You give how many are right. Divide by the number of questions.",
        _by(give=lambda right: int(sum(right))),
    ),
    Mistake(
        "percent",
        "You give percents. A share lies between 0 and 1.",
        _by(give=lambda right: 100 * sum(right) / len(right)),
    ),
    Mistake(
        "divided by whole numbers",
        "Your division gives a whole number, so all but the best rate is 0. Use `/` and not "
        "`//`.",
        _by(give=lambda right: sum(right) // len(right)),
    ),
    Mistake(
        "rounded",
        "You round the share. Give it as it is, with all its decimal places.",
        _by(give=lambda right: round(sum(right) / len(right), 1)),
    ),
    Mistake(
        "rounded to hundredths",
        "You round the share, as for printing. Give it as it is, with all its decimal "
        "places.",
        _by(give=lambda right: round(sum(right) / len(right), 2)),
    ),
    Mistake(
        "all or nothing",
        "You say whether all answers are right. What is asked for is the share of those that "
        "are.",
        _by(give=lambda right: float(all(right))),
    ),
    Mistake(
        "true or false for each",
        "You say of each answer whether it is right. Give the share of those that are, one "
        "number.",
        _by(give=lambda right: right),
    ),
    Mistake(
        "divided by the true answers",
        "You divide by the number of all true answers. Divide by the number of "
        "**questions**.",
        lambda written, truths, end: (
            _rate(written, truths, end) * len(written) / sum(map(len, truths))
        ),
    ),
    Mistake(
        "divided by one less",
        "You divide by one less than there are questions. Divide by their number.",
        _by(
            give=lambda right: (
                sum(right) / (len(right) - 1) if right[1:] else stop(ZeroDivisionError)
            )
        ),
    ),
    Mistake(
        "a tensor instead of a number",
        "This is the right share, but in a tensor. Give it back as a plain Python number.",
        lambda *args: torch.tensor(oracle(*args)),
    ),
    only_the_first(
        lambda written, truths, end: float(
            bool(_matches(_cut(written[0], end), truths[0]))
        ),
        "answer",
        "All of them are counted before the share is known.",
    ),
    Mistake(
        "divided inside the loop",
        "Only the first answer is counted, and divided by the number of all. Does `return` "
        "stand inside the loop? It ends the whole function at the first round.",
        lambda written, truths, end: (
            bool(_matches(_cut(written[0], end), truths[0])) / len(written)
        ),
    ),
    written_into(
        _into_written,
        "written",
        "`del` or an assignment to a slice",
        "what was written is changed",
        "Make a new list.",
    ),
    two_at_once(
        "not cut, and only the beginning compared",
        _by(
            cut=lambda new, end: new,
            match=_any(lambda said, true: said[: len(true)] == true),
        ),
        "You do not look for the end mark.",
        "an answer that only begins right counts as right.",
    ),
    Mistake(
        "set to 1 instead of counted",
        "However many answers are right, you count one: `right` is set to 1 each time. Add 1 to "
        "what it is.",
        _by(give=lambda right: any(right) / len(right)),
    ),
    Mistake(
        "what stands from the end mark on",
        "You take what stands from the end mark **on**, and compare that. The answer is what "
        "stands before it: on which side of the colon is its place?",
        _by(cut=lambda new, end: new[new.index(end) :] if end in new else None),
    ),
    Mistake(
        "questions that were answered alike taken for one",
        "Two questions that were answered alike fall together for you, as keys of a dict or in "
        "a set do, and only the last one counts. Each question counts: go through both lists "
        "side by side.",
        _by_answer,
    ),
    Mistake(
        "a share of an answer's tokens",
        "An answer of which a part is right earns a part for you. It has to be right as a "
        "whole: then it counts as one, and else as nothing.",
        _by(match=_part),
    ),
    Mistake(
        "compared as text",
        "You compare ids as text, so an id that only **begins** with the figures of another "
        "passes for it, as 991 for 99. Compare lists of ids.",
        _as_text,
    ),
    Mistake(
        "only the ends and the length compared",
        "You compare how long two answers are, and their first and last ids. What stands "
        "between has to be the same, too: lists can be compared as a whole.",
        _by(
            match=_any(
                lambda said, true: (
                    len(said) == len(true)
                    and said[:1] == true[:1]
                    and said[-1:] == true[-1:]
                )
            )
        ),
    ),
)

CHECK = Check(
    "exact_rate",
    2,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES,
    rtol=1e-6,
    atol=1e-8,
    worked=worked,
)
