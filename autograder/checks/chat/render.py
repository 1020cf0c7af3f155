"""render(messages, opening, closing, answer): a conversation as one row of ids.

What opens and what closes are lists of several lengths, so that it shows whether all of
them is taken. There are roles beside the usual three, and roles that are not in
`opening`, which are to be refused.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import Any, NoReturn

import numpy as np

from autograder.checks import Case, Check, Mistake, edge
from autograder.checks._material import between, some, stop
from autograder.checks._slips import (
    an_assert,
    only_the_first,
    only_the_last,
    two_at_once,
    written_into,
)
from autograder.checks._twins import twins
from autograder.checks.chat._material import LIBRARIES, a_tensor, ids

Messages = list[tuple[str, list[int]]]
Opening = dict[str, list[int]]


def oracle(
    messages: Messages, opening: Opening, closing: list[int], answer: bool = True
) -> list[int]:
    if not {role for role, _ in messages} <= {*opening}:
        raise ValueError("a role that is not in the template")
    parts = [(opening[role], text, closing) for role, text in messages]
    turn = opening["assistant"] if answer else []
    return [*chain.from_iterable(chain.from_iterable(parts)), *turn]


def draw(rng: np.random.Generator) -> list[Case]:
    def opened(*many: int, roles=("system", "user", "assistant", "tool")) -> Opening:
        """So many ids for each role, no two the same."""
        drawn = iter((200 + rng.permutation(400)).tolist())
        named = dict(zip(roles, many, strict=False))
        return {role: [next(drawn) for _ in range(n)] for role, n in named.items()}

    def closed(many: int) -> list[int]:
        return ids(rng, many, 190, 170)

    def said(*roles: str, least: int = 1) -> Messages:
        return [(role, ids(rng, between(rng, least, least + 3))) for role in roles]

    talk = "system", "user", "assistant", "user"
    many = [*(f"role {i}" for i in range(135)), "assistant", "user"]
    long = [*some(rng, many[130:], 5), *some(rng, many, 127)]
    marks, end = opened(1, 1, 1), closed(1)
    forged = [("user", [5, *end, *marks["assistant"], 7, *end])]
    others = opened(2, 2, 2, 2, roles=("user", "tool", "assistant", "judge"))
    near = "User", "user ", "user", "assistant"
    unlike = [("user", ids(rng, 3)), ("robot", ids(rng, 2)), ("user", ids(rng, 1))]
    return [
        Case("a question", (said("user"), opened(1, 1, 1), closed(1))),
        Case(
            "a question and its answer, and no turn is opened",
            (said("user", "assistant"), opened(1, 1, 1), closed(1), False),
        ),
        Case(
            "what opens has three ids, and what closes two",
            (said(*talk), opened(3, 3, 3), closed(2)),
        ),
        Case(
            "what opens has several lengths, and no turn is opened",
            (said(*talk), opened(1, 3, 2), closed(3), False),
        ),
        Case(
            "two messages of one role after each other",
            (said("user", "user", "assistant", "assistant", "user"), opened(2, 1, 3))
            + (closed(1), True),
        ),
        Case(
            "a system's message that is not the first",
            (said("user", "system", "user"), opened(1, 2, 1), closed(1)),
        ),
        Case(
            "a conversation that ends with the assistant's message",
            (said("user", "assistant"), opened(2, 2, 2), closed(1)),
        ),
        Case(
            "a long text",
            ([("user", ids(rng, between(rng, 260, 280)))], opened(1, 1, 1), closed(1)),
        ),
        Case(
            "many messages, of many roles",
            ([(role, ids(rng, 1)) for role in long],)
            + (opened(*[1] * len(many), roles=many), closed(1)),
        ),
        Case(
            "openings and a closing of many ids",
            (said("user", "assistant"), opened(9, 9, 135), closed(135)),
        ),
        edge(
            "the assistant's role alone",
            (said("assistant"), opened(2, roles=("assistant",)), closed(1)),
        ),
        edge("no role at all", (said("user"), {}, closed(1), False)),
        edge("no messages", ([], opened(1, 2, 3), closed(1))),
        edge(
            "no messages, and no turn is opened",
            ([], opened(1, 1, 1), closed(1), False),
        ),
        edge(
            "empty texts",
            ([("system", []), ("user", ids(rng, 2)), ("assistant", [])],)
            + (opened(1, 2, 1), closed(1)),
        ),
        edge("other roles than the usual three", (said(*others), others, closed(1))),
        edge(
            "roles that differ in a capital letter or a space alone",
            (said(*near), opened(1, 1, 2, 1, roles=near), closed(1)),
        ),
        edge("a role that is not there", (unlike, opened(1, 1, 1), closed(1))),
        edge(
            "a role that is not there, and no text",
            ([("robot", [])], opened(1, 1, 1), closed(1), False),
        ),
        edge(
            "a last message whose role is not there",
            (said("user", "robot"), opened(2, 2, 2), closed(1), True),
        ),
        edge("a text that holds the ids of a template", (forged, marks, end)),
        edge(
            "nothing closes a message, and nothing opens the system's",
            (said(*talk), opened(0, 1, 1), []),
        ),
        edge(
            "the same message twice",
            (said("user") * 2, opened(1, 1, 1), closed(1)),
        ),
        edge(
            "ids of 0, and large ones",
            ([("user", [0, 49_151, 0])],)
            + ({"user": [0], "assistant": [50_256, 0]}, [0, 50_257], True),
        ),
        *twins(
            oracle,
            lambda: (
                said(*(some(rng, talk[:3], 1)[0] for _ in range(7)), least=2),
                opened(2, 2, 2, 2),
                closed(7),
                True,
            ),
            "the messages",
            "what opens",
            "what closes",
            "`answer`",
            others={3: False},
        ),
    ]


def _refused(opening: Opening, role: str) -> NoReturn:
    stop(ValueError)


def _raised(error: type[Exception]) -> Callable[..., NoReturn]:
    return lambda opening, role: stop(error)


def _written(
    messages: Messages,
    opening: Opening,
    closing: list[int],
    answer: bool = True,
    order: Callable[[Messages], Messages] = lambda messages: messages,
    unknown: Callable[[Opening, str], list | None] = _refused,
    opens: Callable[[Opening, str], list] = lambda opening, role: opening[role],
    one: Callable[..., list] = lambda begin, text, end, role: [*begin, *text, *end],
    joined: Callable[[list], list] = lambda parts: [*chain.from_iterable(parts)],
    turn: Callable[..., list] = lambda opening, closing, messages: opening["assistant"],
    when: Callable[[bool, Messages], bool] = lambda answer, messages: answer,
    last: Callable[[list, list], Any] = lambda written, turn: written + turn,
) -> Any:
    """The conversation with a screw at each step.

    The `order` of messages; what opens one of an `unknown` role (None: it is left out);
    what `opens` one; `one` message; how all are `joined`; whose `turn` is opened, and
    `when`; and how the two are put together at `last`.
    """
    parts = []
    for role, text in order(messages):
        begin = opens(opening, role) if role in opening else unknown(opening, role)
        if begin is not None:
            parts.append(one(begin, text, closing, role))
    after = [*turn(opening, closing, messages)] if when(answer, messages) else []
    return last([*joined(parts)], after)


def worked(
    messages: Messages, opening: Opening, closing: list[int], answer: bool = True
) -> dict[str, Any]:
    """The first messages, and what is opened at the end."""
    seen = {
        f"message {i + 1}, of the {role}": [*opening[role], *text, *closing]
        for i, (role, text) in enumerate(messages[:3])
    }
    return seen | ({"the turn that is opened": opening["assistant"]} if answer else {})


def _by(**screws: Any) -> Callable[..., Any]:
    return partial(_written, **screws)


def _closed_if(roles: Callable[[str], bool]) -> Callable[..., list]:
    return lambda begin, text, end, role: [
        *begin,
        *text,
        *(end if roles(role) else []),
    ]


def _opened_if(roles: Callable[[str], bool]) -> Callable[..., list]:
    return lambda begin, text, end, role: [
        *(begin if roles(role) else []),
        *text,
        *end,
    ]


def _exchanged(messages, opening, closing, answer=True):
    """`for text, role in messages`."""
    for _, role in messages:
        if role not in opening:
            stop(ValueError)
    return _written(messages, opening, closing, answer)


def _between(messages, opening, closing, answer=True):
    """What closes stands between two messages, as by `join`."""
    parts = []
    for i, (role, text) in enumerate(messages):
        if role not in opening:
            stop(ValueError)
        parts += [*(closing if i else []), *opening[role], *text]
    return parts + (opening["assistant"] if answer else [])


def _closed_once(messages, opening, closing, answer=True):
    made = _written(messages, opening, [], False)
    return made + closing + (opening["assistant"] if answer else [])


def _side_by_side(messages, opening, closing, answer=True):
    """Messages of one role after each other become one."""
    made, before = [], None
    for role, text in messages:
        if role not in opening:
            stop(ValueError)
        if role != before:
            made += (closing if before else []) + opening[role]
        made, before = made + text, role
    return (
        made + (closing if messages else []) + (opening["assistant"] if answer else [])
    )


def _opened_after_each_user(messages, opening, closing, answer=True):
    made = []
    for role, text in messages:
        if role not in opening:
            stop(ValueError)
        made += opening[role] + text + closing
        made += opening["assistant"] if role == "user" and answer else []
    return made


def _one_by_one(messages, opening, closing, answer=True):
    """The first message comes back, by a `return` in the loop."""
    return _written(messages[:1], opening, closing, answer)


def _into_opening(messages, opening, closing, answer=True):
    """`turn = opening[role]; turn += text`."""
    made = []
    for role, text in messages:
        turn = opening[role] if role in opening else stop(ValueError)
        turn += text
        turn += closing
        made += turn
    return made + (opening["assistant"] if answer else [])


def _into_texts(messages, opening, closing, answer=True):
    made = []
    for role, text in messages:
        begin = opening[role] if role in opening else stop(ValueError)
        text += closing
        made += begin + text
    return made + (opening["assistant"] if answer else [])


MISTAKES = (
    Mistake(
        "nothing is closed",
        "No message is closed. Where does one end and the next begin? What closes a message "
        "stands after **each** text.",
        _by(one=lambda begin, text, end, role: [*begin, *text]),
    ),
    Mistake(
        "closed only between messages",
        "The last message is not closed: what closes stands only **between** two messages. "
        "It belongs after each of them, the last one too.",
        _between,
    ),
    Mistake(
        "the last one closed only where a turn follows",
        "The last message is closed only where `answer` is true. Every message is closed, "
        "whatever follows: `answer` decides on the assistant's next turn alone.",
        lambda messages, opening, closing, answer=True: (
            _written if answer else _between
        )(messages, opening, closing, answer),
    ),
    Mistake(
        "the end cut off by its length",
        "At the end you cut off as many ids as close a message. Where nothing closes one "
        "that is `-0`, and a slice up to 0 is empty. Do not write them there at all.",
        lambda messages, opening, closing, answer=True: (
            _written(messages, opening, closing, answer)
            if closing or not answer
            else []
        ),
    ),
    Mistake(
        "closed only at the end",
        "Only the end of the whole conversation is closed. What closes a message belongs "
        "after **each** of them, so inside the loop.",
        _closed_once,
    ),
    Mistake(
        "only the assistant's messages are closed",
        "You close the assistant's messages alone. What closes stands after each message, "
        "whoever wrote it.",
        _by(one=_closed_if(lambda role: role == "assistant")),
    ),
    Mistake(
        "the assistant's messages are not closed",
        "You close all messages but the assistant's. It is there that the model learns to "
        "stop: close every message.",
        _by(one=_closed_if(lambda role: role != "assistant")),
    ),
    Mistake(
        "the system's message is not closed",
        "You do not close the system's message. The same rule holds for all roles.",
        _by(one=_closed_if(lambda role: role != "system")),
    ),
    Mistake(
        "nothing is opened",
        "No message is opened, so nobody can see who speaks. What opens a message of its "
        "role stands before **each** text.",
        _by(opens=lambda opening, role: []),
    ),
    Mistake(
        "the system's message is not opened",
        "The system's text stands there without what opens it. The same rule holds for all "
        "roles.",
        _by(one=_opened_if(lambda role: role != "system")),
    ),
    Mistake(
        "the assistant's turn is never opened",
        "The row ends after the last message, with `answer` too. Then the model would have "
        "to guess whose turn it is. Open the assistant's next message at the end.",
        _by(when=lambda answer, messages: False),
    ),
    Mistake(
        "the assistant's turn is always opened",
        "You open the assistant's next message always. With `answer` False the row ends "
        "after the last message: so it is for training, where nothing is left to answer.",
        _by(when=lambda answer, messages: True),
    ),
    Mistake(
        "`answer` the other way round",
        "You open the assistant's next message where `answer` is False, and do not where it "
        "is True. Look at the condition.",
        _by(when=lambda answer, messages: not answer),
    ),
    Mistake(
        "False where `answer` is not given",
        "Where nobody says whether a turn is opened, yours is not. The `def` of this step "
        "says `answer: bool = True`: leave that line as it was.",
        lambda messages, opening, closing, answer=False: _written(
            messages, opening, closing, answer
        ),
    ),
    Mistake(
        "opened only after a user's message",
        "You open the assistant's turn only where a user spoke last. With `answer` it is "
        "always opened, whatever was said last, and even if nothing was.",
        _by(
            when=lambda answer, messages: (
                answer and bool(messages) and messages[-1][0] == "user"
            )
        ),
    ),
    Mistake(
        "not opened after the assistant's message",
        "Where the assistant spoke last you open no turn. With `answer` there is always a "
        "next message of the assistant.",
        _by(
            when=lambda answer, messages: (
                answer and not (messages and messages[-1][0] == "assistant")
            )
        ),
    ),
    Mistake(
        "not opened where nothing was said",
        "For a conversation without messages you give nothing. With `answer` the assistant's "
        "turn is opened there, too.",
        _by(when=lambda answer, messages: answer and bool(messages)),
    ),
    Mistake(
        "an empty answer, closed at once",
        "You open the assistant's next message and close it again, so its answer is empty. "
        "Leave it open: the model writes the rest.",
        _by(turn=lambda opening, closing, messages: opening["assistant"] + closing),
    ),
    Mistake(
        "the user's turn is opened",
        "At the end you open a message of the user. It is the **assistant** who is to "
        "answer.",
        _by(turn=lambda opening, closing, messages: opening["user"]),
    ),
    Mistake(
        "the last speaker's turn is opened",
        "At the end you open a message of whoever spoke last, as the loop's variable has it. "
        "It is the **assistant** who is to answer, and there may be no message at all.",
        _by(
            turn=lambda opening, closing, messages: (
                opening[messages[-1][0]] if messages else stop(UnboundLocalError)
            )
        ),
    ),
    Mistake(
        "the word for the assistant's turn",
        "At the end stands the word assistant. What opens its message are ids: look them up "
        "in `opening`, by this word.",
        _by(turn=lambda opening, closing, messages: ["assistant"]),
    ),
    Mistake(
        "role and text exchanged",
        "A list is looked up in `opening`, or is to be a key. Print what you take for a role: "
        "in each message the role stands first, and its text second.",
        _exchanged,
    ),
    Mistake(
        "the turn is opened after each user's message",
        "You open the assistant's turn inside the loop, after each user's message, where its "
        "own message opens it again. It is opened once more, at the end of all.",
        _opened_after_each_user,
    ),
    Mistake(
        "all are the user's",
        "Every message is opened as the user's. Each has its own role, the first of its "
        "pair.",
        _by(opens=lambda opening, role: opening["user"]),
    ),
    Mistake(
        "all are the assistant's",
        "Every message is opened as the assistant's. Each has its own role, the first of "
        "its pair.",
        _by(opens=lambda opening, role: opening["assistant"]),
    ),
    Mistake(
        "the first id of what opens",
        "Of what opens a message you take only the first id. It is a list, which may be "
        "longer: all of it stands before the text.",
        _by(
            opens=lambda opening, role: opening[role][:1],
            turn=lambda opening, closing, messages: opening["assistant"][:1],
        ),
    ),
    Mistake(
        "the first id of what closes",
        "Of what closes a message you take only the first id. It is a list, which may be "
        "longer: all of it stands after the text.",
        _by(one=lambda begin, text, end, role: [*begin, *text, *end[:1]]),
    ),
    Mistake(
        "the first id of what opens, and of what closes",
        "Of what opens a message and of what closes it you take only the first id. Both are "
        "lists, which may be longer: take all of them.",
        _by(
            opens=lambda opening, role: opening[role][:1],
            one=lambda begin, text, end, role: [*begin, *text, *end[:1]],
        ),
    ),
    Mistake(
        "the first id of the assistant's turn",
        "At the end you open the assistant's turn with the first id alone. What opens a "
        "message is a list: take all of it.",
        _by(turn=lambda opening, closing, messages: opening["assistant"][:1]),
    ),
    Mistake(
        "closed before the text",
        "What closes a message stands **before** its text. The order is: what opens, the "
        "text, what closes.",
        _by(one=lambda begin, text, end, role: [*begin, *end, *text]),
    ),
    Mistake(
        "opened after the text",
        "What opens a message stands **after** its text. The order is: what opens, the "
        "text, what closes.",
        _by(one=lambda begin, text, end, role: [*text, *begin, *end]),
    ),
    Mistake(
        "lists in the list",
        "Each message is a list of its own inside your list. One row of ids is asked for: "
        "`+` puts two lists together, and `append` puts one into the other.",
        _by(joined=lambda parts: parts),
    ),
    Mistake(
        "texts as lists in the list",
        "Your row holds ids, but what opens, each text and what closes are lists inside it. "
        "`+` puts two lists together, and `append` puts one into the other.",
        _by(
            one=lambda begin, text, end, role: [begin, text, end],
            last=lambda written, turn: written + [turn] * bool(turn),
        ),
    ),
    Mistake(
        "the texts as lists in the list",
        "Each text is a list inside your row. Its ids stand in the row themselves: `+` puts "
        "two lists together, and `append` puts one into the other.",
        _by(one=lambda begin, text, end, role: [*begin, text, *end]),
    ),
    Mistake(
        "the messages backwards",
        "The last message stands first. A conversation is written in the order in which it "
        "was held.",
        _by(order=lambda messages: messages[::-1]),
    ),
    Mistake(
        "the system's messages first",
        "You put the system's messages first. They stay where they are: a conversation is "
        "written in the order in which it was held.",
        _by(
            order=lambda messages: sorted(messages, key=lambda one: one[0] != "system")
        ),
    ),
    Mistake(
        "one message of each role",
        "As keys of a dict each role stands there once, so of its messages only one is left. "
        "Go through the list of messages as it is.",
        _by(order=lambda messages: [*dict(messages).items()]),
    ),
    Mistake(
        "the system's messages left out",
        "The system's messages are missing. They are written like all others.",
        _by(order=lambda messages: [one for one in messages if one[0] != "system"]),
    ),
    Mistake(
        "the assistant's messages left out",
        "The assistant's earlier messages are missing. A model remembers nothing but the "
        "text: what it said before must stand there, too.",
        _by(order=lambda messages: [one for one in messages if one[0] != "assistant"]),
    ),
    Mistake(
        "empty texts left out",
        "Where a text is empty you leave out the whole message. It is opened and closed "
        "like any other.",
        _by(
            order=lambda messages: [
                one for one in messages if one[1] or one[0] == "robot"
            ]
        ),
    ),
    Mistake(
        "messages of one role run together",
        "Two messages of one role after each other become one in your row. Each is opened "
        "and closed by itself.",
        _side_by_side,
    ),
    only_the_first(_one_by_one, "message"),
    only_the_last(
        lambda messages, opening, closing, answer=True: _written(
            messages[-1:], opening, closing, answer
        ),
        "message",
    ),
    Mistake(
        "an unknown role is left out",
        "A message whose role is not in `opening` is silently left out. Nobody would notice "
        "that it is missing: raise a ValueError.",
        _by(unknown=lambda opening, role: None),
    ),
    Mistake(
        "an unknown role opens nothing",
        "A message whose role is not in `opening` is written without what opens it. Nobody "
        "would notice the mistake: raise a ValueError.",
        _by(unknown=lambda opening, role: []),
    ),
    Mistake(
        "an unknown role is the user",
        "A message whose role is not in `opening` becomes the user's. Do not guess: raise a "
        "ValueError.",
        _by(unknown=lambda opening, role: opening["user"]),
    ),
    Mistake(
        "an unknown role raises KeyError",
        "An unknown role ends in a KeyError, which comes from looking it up in the dict. "
        "Look whether the role is there first, and raise a ValueError.",
        _by(unknown=_raised(KeyError)),
    ),
    an_assert(_by(unknown=_raised(AssertionError)), "An unknown role"),
    Mistake(
        "only the usual three roles",
        "You accept system, user and assistant alone. `opening` says which roles there are, "
        "and they may be others.",
        lambda messages, opening, closing, answer=True: (
            _written(messages, opening, closing, answer)
            if {role for role, _ in messages} <= {"system", "user", "assistant"}
            else stop(ValueError)
        ),
    ),
    written_into(
        _into_opening,
        "opening",
        "`+=` on a list out of a dict",
        "what opens is changed",
        "Begin each message with a new list.",
    ),
    written_into(
        _into_texts,
        "messages",
        "`+=` on a text, or `append` to the messages,",
        "the texts are changed",
        "Make a new list.",
    ),
    a_tensor(oracle, "ids"),
    two_at_once(
        "not closed, and no turn opened",
        _by(
            one=lambda begin, text, end, role: [*begin, *text],
            when=lambda answer, messages: False,
        ),
        "No message is closed.",
        "the assistant's turn is not opened at the end.",
    ),
    Mistake(
        "nothing without `answer`",
        "Without `answer` nothing comes back. In `a + b if answer else []` the `else` belongs "
        "to the whole sum: put brackets around what is to be left out, or use an `if` of its own.",
        lambda messages, opening, closing, answer=True: (
            oracle(messages, opening, closing, True)
            if answer
            else _written(messages, opening, closing, False)[:0]
        ),
    ),
    Mistake(
        "the template's own list",
        "Without messages you give back the list in `opening` itself. Who writes on there, as a "
        "model that answers does, changes the template: make a new list.",
        lambda messages, opening, closing, answer=True: (
            oracle(messages, opening, closing, answer)
            if messages or not answer
            else opening["assistant"]
        ),
    ),
    Mistake(
        "roles in small letters",
        "You write a role in small letters before you look it up. A role is a name, and "
        "another with a capital letter: take it as it is given.",
        _by(order=lambda messages: [(role.lower(), text) for role, text in messages]),
    ),
    Mistake(
        "roles without spaces",
        "You take the spaces off a role before you look it up. A role is a name: take it as it "
        "is given.",
        _by(order=lambda messages: [(role.strip(), text) for role, text in messages]),
    ),
)

CHECK = Check(
    "render",
    4,
    draw,
    oracle,
    MISTAKES,
    forbidden=LIBRARIES,
    worked=worked,
)
