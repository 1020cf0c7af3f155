"""answers_only(ids, assistant, end): targets that ask for the answers and nothing else.

The oracle takes each id for a letter, and finds answers by a regular expression. Conversations
are whole, cut off, or open for an answer; some have several answers, some have none.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between, stop
from autograder.checks._slips import Answer, two_at_once, written_into
from autograder.checks._twins import twins
from autograder.checks.chat._material import LIBRARIES, a_tensor, ids

NOTHING = -1


def oracle(ids: list[int], assistant: int, end: int) -> list[int]:
    begin, stop = (re.escape(chr(token)) for token in (assistant, end))
    text, targets = "".join(map(chr, ids)), [NOTHING] * len(ids)
    for answer in re.finditer(f"{begin}[^{stop}]*{stop}?", text):
        here, last = answer.start(), answer.end() - 1
        targets[here:last] = ids[here + 1 : last + 1]
    return targets


def draw(rng: np.random.Generator) -> list[Case]:
    system, user, assistant, end = (60 + rng.permutation(30)[:4]).tolist()

    def said(who: int, many: int = 0) -> list[int]:
        """A message of so many ids (0: a few)."""
        return [who, *ids(rng, many or between(rng, 2, 4)), end]

    def talk(*who: int) -> list[int]:
        return [token for one in who for token in said(one)]

    def asked(row: list[int], opens: int = assistant, closes: int = end) -> tuple:
        return row, opens, closes

    def once_more() -> tuple:
        """Items 3 and 5 of it, which change places in its twin, are ids of an answer."""
        return asked([user, end, assistant, *ids(rng, 5), end, *said(user)])

    def numbered(opens: int, closes: int) -> tuple:
        """A conversation whose ids of the template are these, and 7 the user's."""
        row = [7, *ids(rng, 2, 60, 9), closes, opens, *ids(rng, 3, 60, 9), closes]
        row += [7, *ids(rng, 2, 60, 9), closes]
        return asked(row, int(f"{opens}"), int(f"{closes}"))  # equal, but not the same

    return [
        Case("a question and its answer", asked(talk(user, assistant))),
        Case("two answers", asked(talk(user, assistant, user, assistant))),
        Case(
            "a system's message, two answers and a question more",
            asked(talk(system, user, assistant, user, assistant, user)),
        ),
        Case("an answer of one id", asked([*said(user), *said(assistant, 1)])),
        Case(
            "long messages",
            asked([*said(user, between(rng, 130, 150)), *said(assistant, 140)]),
        ),
        Case(
            "many turns",
            asked([*said(user, 2), *said(assistant, 1)] * between(rng, 130, 135)),
        ),
        Case(
            "an answer that is cut off",
            asked(talk(user, assistant, user, assistant)[:-1]),
        ),
        Case("no answers", asked(talk(system, user))),
        edge(
            "two answers after each other",
            asked(talk(user, assistant, assistant, user)),
        ),
        edge("the assistant speaks first", asked(talk(assistant, user, assistant))),
        edge(
            "a turn that was just opened",
            asked([*talk(user, assistant, user), assistant]),
        ),
        edge("an empty answer", asked([*said(user), assistant, end, *said(user)])),
        edge("an empty question", asked([user, end, *said(assistant)])),
        edge(
            "an answer of one id that is cut off",
            asked([*said(user), *said(assistant)[:2]]),
        ),
        edge("a single id, which opens an answer", asked([assistant])),
        edge("a single id, which opens a question", asked([user])),
        edge("an answer alone, and empty", asked([assistant, end])),
        edge(
            "the same id again and again",
            asked([user, 3, 3, end, assistant, 3, 3, 3, end]),
        ),
        edge(
            "an id of 0 in an answer", asked([user, 0, 4, end, assistant, 0, 5, 0, end])
        ),
        edge("0 opens an answer", numbered(0, 3)),
        edge("0 closes a message", numbered(5, 0)),
        edge("1 opens an answer", numbered(1, 3)),
        edge("1 closes a message", numbered(5, 1)),
        edge("94 opens an answer, and 92 closes it", numbered(94, 92)),
        edge("large ids", numbered(50_258, 50_256)),
        *twins(
            oracle,
            once_more,
            "the ids",
            "what opens an answer",
            "what closes a message",
            others={1: user, 2: lambda row, *rest: row[5]},
        ),
    ]


def _spoken(
    row: list[int], assistant: int, end: int, speaks: bool = False
) -> list[bool]:
    """At which places the assistant speaks: from what opens its message, not the end."""
    found = []
    for token in row:
        speaks = token == assistant or (speaks and token != end)
        found.append(speaks)
    return found


def _masked(
    row: list[int],
    assistant: int,
    end: int,
    speaks: Callable[..., list[bool]] = _spoken,
    asked: Callable[..., list[bool]] = lambda row, speaks, assistant, end: speaks,
    shifted: Callable[[list[int]], list[int]] = lambda row: [*row[1:], NOTHING],
    nothing: Any = NOTHING,
    give: Callable[[list], Any] = lambda targets: targets,
) -> Any:
    """The mask with screws.

    Where the assistant `speaks`, where something is `asked`, what the targets are as
    `shifted`, what says that `nothing` is asked, and what to `give`.
    """
    wanted = asked(row, speaks(row, assistant, end), assistant, end)
    return give(
        [
            token if ask and token != NOTHING else nothing
            for token, ask in zip(shifted(row), wanted, strict=False)
        ]
    )


def _by(**screws: Any) -> Answer:
    return partial(_masked, **screws)


def _places(ask: Callable[[int, list, list, int, int], bool]) -> Callable[..., list]:
    """For `asked`: of each place i, the ids, where the assistant speaks, and the marks."""
    return lambda row, speaks, assistant, end: [
        ask(i, row, speaks, assistant, end) for i in range(len(row))
    ]


def _only(which: int) -> Callable[..., list]:
    """Of all answers, the first (0) or the last (-1)."""

    def asked(row, speaks, assistant, end):
        opens = [i for i, token in enumerate(row) if token == assistant]
        if not opens:
            return speaks
        here, after = opens[which], [*opens, len(row)][which + 1 if which >= 0 else -1]
        return [ask and here <= i < after for i, ask in enumerate(speaks)]

    return asked


def _first_marks(row, assistant, end):
    """From the first opening to the first end mark, as by `index`."""
    if assistant not in row or end not in row:
        return stop(ValueError)
    opens, closes = row.index(assistant), row.index(end)
    return [opens <= i < closes for i in range(len(row))]


def _toggled(row, assistant, end):
    """As if every second message were the assistant's."""
    turn, found = 0, []
    for token in row:
        turn += token == end
        found.append(turn % 2 == 1 and token != end)
    return found


def _whole_only(row, assistant, end):
    """An answer that nothing closes is not found."""
    found = _spoken(row, assistant, end)
    for i in reversed(range(len(row))):
        if row[i] == end:
            break
        found[i] = False
    return found


def _own(row, assistant, end):
    """At which places an id stands that the assistant wrote, its end mark too."""
    speaks = [False, *_spoken(row, assistant, end)[:-1]]
    return [ask and here != assistant for ask, here in zip(speaks, row, strict=True)]


def _to_the_last_end(row, assistant, end):
    targets = [NOTHING] * len(row)
    if assistant in row:
        here = row.index(assistant)
        last = len(row) - 1 - (row[::-1].index(end) if end in row else 0)
        targets[here:last] = row[here + 1 : last + 1]
    return targets


def _after_the_first(row, assistant, end):
    return [assistant in row[: i + 1] for i in range(len(row))]


def worked(row: list[int], assistant: int, end: int) -> dict[str, Any]:
    speaks = _spoken(row, assistant, end)
    return {
        "the ids": row,
        "the next ids": [*row[1:], NOTHING],
        "where the next one is the assistant's": speaks,
    }


def _changed(row: list[int], assistant: int, end: int) -> list[int]:
    made = oracle(row, assistant, end)
    row[:] = made
    return made


def _closed_by_index(row, assistant, end):
    """The end mark looked for by `index`, after each opening."""
    found = [False] * len(row)
    for i, token in enumerate(row):
        if token == assistant:
            for j in range(i, row.index(end, i)):
                found[j] = True
    return found


def _closed_by_larger(row, assistant, end):
    speaks, found = False, []
    for token in row:
        speaks = token == assistant or (speaks and token < end)
        found.append(speaks)
    return found


MISTAKES = (
    Mistake(
        "not shifted",
        "Your targets stand at the places of the ids themselves. A model is asked for what "
        "comes **next**, so each target stands one place earlier.",
        _by(
            shifted=lambda row: row,
            asked=lambda row, speaks, assistant, end: [
                (ask and row[i] != assistant) or (i > 0 and speaks[i - 1] and not ask)
                for i, ask in enumerate(speaks)
            ],
        ),
    ),
    Mistake(
        "the mask shifted, the ids not",
        "You found the right places, but the targets there are the ids at these places. Each "
        "target is the **next** id.",
        _by(shifted=lambda row: row),
    ),
    Mistake(
        "the ids shifted, the mask not",
        "The targets are the next ids, but they are asked for where the assistant's own "
        "tokens **stand**. Each is asked for one place earlier: the first one where the "
        "message opens.",
        _by(
            asked=_places(
                lambda i, row, speaks, assistant, end: (
                    (speaks[i] and row[i] != assistant)
                    or (i > 0 and row[i] == end and speaks[i - 1])
                )
            )
        ),
    ),
    Mistake(
        "shifted the other way",
        "Your targets are the ids **before** each place. A model is asked for what comes "
        "next.",
        _by(shifted=lambda row: [NOTHING, *row[:-1]]),
    ),
    Mistake(
        "the answers shifted to the right",
        "You shift the answers to the right, and so each token is asked for one place "
        "**after** where it stands. A model is asked for what comes next: it is one place "
        "earlier.",
        lambda row, assistant, end: [
            NOTHING,
            *(
                token if spoken else NOTHING
                for token, spoken in zip(row, _own(row, assistant, end), strict=True)
            ),
        ][: len(row)],
    ),
    Mistake(
        "shifted by two",
        "Your targets are two places ahead. Are they shifted twice? Each target is the next "
        "id.",
        _by(shifted=lambda row: [*row[2:], NOTHING, NOTHING][: len(row)]),
    ),
    Mistake(
        "the end of an answer is not asked for",
        "What closes an answer is not asked for. Then the model never learns to stop. The "
        "end mark belongs to the answer.",
        _by(
            asked=_places(
                lambda i, row, speaks, assistant, end: (
                    speaks[i] and row[i + 1 : i + 2] != [end]
                )
            )
        ),
    ),
    Mistake(
        "the first token is not asked for",
        "The first token of an answer is not asked for. It is asked for one place before it "
        "stands: where the assistant's message **opens**.",
        _by(
            asked=_places(
                lambda i, row, speaks, assistant, end: speaks[i] and row[i] != assistant
            )
        ),
    ),
    Mistake(
        "what opens an answer is asked for",
        "You ask for what opens the assistant's message, too. The program writes that, not "
        "the model: begin one place later.",
        _by(
            asked=_places(
                lambda i, row, speaks, assistant, end: (
                    speaks[i] or row[i + 1 : i + 2] == [assistant]
                )
            )
        ),
    ),
    Mistake(
        "only what opens is asked for",
        "You ask for what opens the assistant's messages, and for none of their tokens. Ask "
        "for the next ids from there on.",
        _by(
            asked=_places(
                lambda i, row, speaks, assistant, end: row[i + 1 : i + 2] == [assistant]
            )
        ),
    ),
    Mistake(
        "what follows an answer is asked for",
        "Behind the end mark you still ask for the next id, which opens the user's message. "
        "The answer is over where its end mark **stands**.",
        _by(
            asked=_places(
                lambda i, row, speaks, assistant, end: (
                    speaks[i] or (i > 0 and speaks[i - 1])
                )
            )
        ),
    ),
    Mistake(
        "it never stops",
        "From the first answer on you ask for everything, the user's messages too. An end "
        "mark ends the answer. Do you look for the argument `end`, or for a number or a name "
        "of your own?",
        _by(speaks=_after_the_first),
    ),
    Mistake(
        "nothing is masked",
        "You ask for every token, the system's and the user's too. Only what the assistant "
        "says is to be learned: everywhere else the target is −1.",
        _by(speaks=lambda row, assistant, end: [True] * len(row)),
    ),
    Mistake(
        "everything is masked",
        "All your targets are −1, so nothing would be learned. From what opens an answer on, "
        "the next ids are asked for. Do you look for the argument `assistant`, or for a "
        "number or a text of your own?",
        _by(speaks=lambda row, assistant, end: [False] * len(row)),
    ),
    Mistake(
        "the mask the other way round",
        "You ask for what the others say, and not for the answers. Look at the condition: "
        "where does the next id belong to the assistant?",
        _by(
            speaks=lambda row, assistant, end: [
                not s for s in _spoken(row, assistant, end)
            ]
        ),
    ),
    Mistake(
        "only the first answer",
        "Only the first answer is asked for. A conversation may have several: begin anew at "
        "each id that opens one.",
        _by(asked=_only(0)),
    ),
    Mistake(
        "only the last answer",
        "Only the last answer is asked for. Each answer of the conversation is: none of them "
        "is forgotten when the next one opens.",
        _by(asked=_only(-1)),
    ),
    Mistake(
        "only the last answer, found from behind",
        "Only the last answer is asked for, and where there is none `index` ends in an error. "
        "Each answer of the conversation is asked for: go through the ids one by one.",
        lambda row, assistant, end: (
            _masked(row, assistant, end, asked=_only(-1))
            if assistant in row
            else stop(ValueError)
        ),
    ),
    Mistake(
        "only the first answer, found by `index`",
        "`index` finds the first answer alone, and ends in an error where there is none, or "
        "no end mark. There may be several or none: go through the ids one by one.",
        lambda row, assistant, end: (
            _masked(row, assistant, end, asked=_only(0))
            if assistant in row and end in row[row.index(assistant) :]
            else stop(ValueError)
        ),
    ),
    Mistake(
        "up to the last end mark",
        "You ask for all from the first answer up to the **last** end mark, the user's "
        "messages between two answers too. Each answer is over at its own end mark.",
        _to_the_last_end,
    ),
    Mistake(
        "the first end mark of all",
        "You look for the first end mark of the whole conversation, and that closes the "
        "first message, whoever's it is. Look for the one **after** what opens the answer.",
        _by(speaks=_first_marks),
    ),
    Mistake(
        "every second message",
        "You take every second message for the assistant's. It is not the order that says "
        "whose message it is, but the id that opens it.",
        _by(speaks=_toggled),
    ),
    Mistake(
        "an answer that is cut off is not asked for",
        "An answer that nothing closes is left out. It is asked for up to its last id, where "
        "a conversation is cut off.",
        _by(speaks=_whole_only),
    ),
    Mistake(
        "empty answers left out",
        "Where an answer is empty you ask for nothing. The model should learn to close it at "
        "once: the end mark is asked for.",
        _by(
            asked=_places(
                lambda i, row, speaks, assistant, end: (
                    speaks[i]
                    and not (row[i] == assistant and row[i + 1 : i + 2] == [end])
                )
            )
        ),
    ),
    Mistake(
        "only the first token",
        "Only the first token of each answer is asked for. All of them are, up to the end "
        "mark: remember that the assistant is speaking.",
        _by(asked=_places(lambda i, row, speaks, assistant, end: row[i] == assistant)),
    ),
    Mistake(
        "only the end marks of answers",
        "Only the end of each answer is asked for. Its tokens are, too, from the first one "
        "on.",
        _by(
            asked=_places(
                lambda i, row, speaks, assistant, end: (
                    speaks[i] and row[i + 1 : i + 2] == [end]
                )
            )
        ),
    ),
    Mistake(
        "all end marks are asked for",
        "You ask for every end mark, those of the user's messages too. Only the end of an "
        "**answer** is the model's to write.",
        _by(
            asked=_places(
                lambda i, row, speaks, assistant, end: (
                    speaks[i] or row[i + 1 : i + 2] == [end]
                )
            )
        ),
    ),
    Mistake(
        "0 where nothing is asked",
        "Where nothing is asked your target is 0, and that is the id of a token. Say −1.",
        _by(nothing=0),
    ),
    Mistake(
        "-100 where nothing is asked",
        "Where nothing is asked your target is −100, as some libraries have it. In this "
        "course it is −1.",
        _by(nothing=-100),
    ),
    Mistake(
        "None where nothing is asked",
        "Where nothing is asked your target is None, which no tensor can hold. Say −1.",
        _by(nothing=None),
    ),
    Mistake(
        "the end mark where nothing is asked",
        "Where nothing is asked your target is the end mark. The model would learn to stop "
        "everywhere: say −1.",
        lambda row, assistant, end: [
            token if token != NOTHING else end for token in oracle(row, assistant, end)
        ],
    ),
    Mistake(
        "true and false",
        "You say where something is asked, but not what. The targets are the ids "
        "themselves, and −1 elsewhere.",
        _by(give=lambda targets: [token != NOTHING for token in targets]),
    ),
    Mistake(
        "ones and minus ones",
        "You say where something is asked by a 1. The target there is the next **id**.",
        _by(give=lambda targets: [1 if t != NOTHING else -1 for t in targets]),
    ),
    Mistake(
        "ones and zeros",
        "This is the mask: 1 where something is asked, and 0 elsewhere. The targets are the "
        "next **ids** where it is 1, and −1 where it is 0.",
        lambda row, assistant, end: [*map(int, _spoken(row, assistant, end))],
    ),
    Mistake(
        "the places left out",
        "Your list holds only those targets that are ids. There is a target for **every** "
        "place, and −1 where nothing is asked: else targets and ids do not line up.",
        _by(give=lambda targets: [t for t in targets if t != NOTHING]),
    ),
    Mistake(
        "the ids themselves where nothing is asked",
        "Where nothing is asked you leave the id that stands there. Say −1, or it counts as "
        "a target.",
        lambda row, assistant, end: [
            target if target != NOTHING else token
            for target, token in zip(oracle(row, assistant, end), row, strict=True)
        ],
    ),
    Mistake(
        "one target too few",
        "Your list is one too short: it has no target for the last place. There is no next "
        "id there, so it is −1.",
        _by(give=lambda targets: targets[:-1]),
    ),
    Mistake(
        "one target too many",
        "Your list is one too long. There are as many targets as ids, and only the last is "
        "−1 for want of a next id.",
        _by(give=lambda targets: [*targets, NOTHING]),
    ),
    Mistake(
        "round to the first id",
        "At the last place your target is the first id, as if the text were a circle. There "
        "is no next id there: say −1.",
        _by(shifted=lambda row: [*row[1:], row[0]]),
    ),
    Mistake(
        "the last id once more",
        "At the last place of an answer that is cut off, your target is the last id itself. "
        "There is no next id there: say −1.",
        _by(shifted=lambda row: [*row[1:], row[-1]]),
    ),
    Mistake(
        "an end mark after the last id",
        "At the last place of an answer that is cut off, you ask for an end mark. It does not "
        "stand there: say −1.",
        lambda row, assistant, end: _masked(
            row, assistant, end, shifted=lambda ids: [*ids[1:], end]
        ),
    ),
    Mistake(
        "the id 0 is not asked for",
        "Where the next id is 0 you ask for nothing. 0 is a token like any other: is there an "
        "`or`, or a condition that takes 0 for False?",
        _by(shifted=lambda row: [token or NOTHING for token in row[1:]] + [NOTHING]),
    ),
    Mistake(
        "a string of answers",
        "Each answer is a list of its own. One list is asked for, with a target for every "
        "place of the conversation.",
        _by(give=lambda targets: [[t] for t in targets]),
    ),
    a_tensor(oracle, "targets"),
    written_into(
        _changed,
        "ids",
        "`append`, or an assignment to a place of it,",
        instead="Make a new list.",
    ),
    two_at_once(
        "neither shifted nor an end asked for",
        _by(
            shifted=lambda row: row,
            asked=_places(
                lambda i, row, speaks, assistant, end: speaks[i] and row[i] != assistant
            ),
        ),
        "Your targets are the ids at their own places, and not the next ones.",
        "the end mark of an answer is not asked for.",
    ),
    two_at_once(
        "neither the first token nor the end",
        _by(
            asked=_places(
                lambda i, row, speaks, assistant, end: (
                    speaks[i] and row[i] != assistant and row[i + 1 : i + 2] != [end]
                )
            )
        ),
        "The first token of an answer is not asked for.",
        "its end mark is not asked for either.",
    ),
    Mistake(
        "None where nothing is asked, but for the last place",
        "Where nothing is asked your target is None, which no tensor can hold. Say −1 there, as "
        "you do at the last place.",
        lambda *args: [*_masked(*args, nothing=None)[:-1], NOTHING],
    ),
    Mistake(
        "the ids handed on one place too late",
        "You append the id at which you are, one place too late. A target is what comes "
        "**next**, and stands where the id before it is. So the −1 for want of a next id is the "
        "last target, and not the first.",
        lambda row, *rest: [
            NOTHING,
            *(
                here if speaks else NOTHING
                for here, speaks in zip(row, _spoken(row, *rest)[:-1], strict=False)
            ),
        ],
    ),
    Mistake(
        "no target for a single id",
        "A single id has its target, too: there is no next id, so it is −1. As many targets come "
        "back as there are ids.",
        lambda row, *rest: oracle(row, *rest) if len(row) > 1 else [],
    ),
    Mistake(
        "the same object instead of the same number",
        "`is` asks whether two are one object in memory, which in Python holds for small "
        "numbers alone, up to 256. Ask whether they are the same number.",
        lambda row, assistant, end: _masked(
            row, *(mark if mark <= 256 else -7 for mark in (assistant, end))
        ),
    ),
    Mistake(
        "an error where an answer is cut off",
        "Where an answer is cut off there is no end mark after it, and `index` raises an "
        "error. Then the answer is asked for up to the last id.",
        _by(speaks=_closed_by_index),
    ),
    Mistake(
        "asked for from the start",
        "You ask for targets from the very first id on. Before any message of the assistant "
        "opens nothing is asked: what does your variable say at the start?",
        _by(speaks=partial(_spoken, speaks=True)),
    ),
    Mistake(
        "the two marks exchanged",
        "For you an answer begins where a message is closed, and is over where the assistant's "
        "opens. It is the other way round: have the two arguments changed places?",
        lambda row, assistant, end: oracle(row, end, assistant),
    ),
    Mistake(
        "no target at the marks",
        "At what opens an answer, and at the end mark, no target is appended. Each place has "
        "one: does your `append` stand inside the `else`? Look at the indentation.",
        lambda row, assistant, end: [
            *(
                following if speaks else NOTHING
                for here, following, speaks in zip(
                    row, row[1:], _spoken(row, assistant, end), strict=False
                )
                if here not in (assistant, end)
            ),
            NOTHING,
        ],
    ),
    Mistake(
        "closed by a larger id, too",
        "For you any id that is the end mark **or larger** closes an answer. Only the end mark "
        "itself does: ids are names, and which of two is larger means nothing.",
        _by(speaks=_closed_by_larger),
    ),
)

CHECK = Check(
    "answers_only",
    4,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES,
    worked=worked,
)
