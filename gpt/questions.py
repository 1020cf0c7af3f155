"""Questions about a story of the small world, each with its true answers.

    a story  ->  what it told: {slot: what it became}  ->  question, short and long answer

>>> found = told(STORY)
>>> found["name"], found["thing"]
('Ada', 'hat')
>>> ask(QUESTIONS[1], found, random.Random(0))
Asked(question='Where did Ada live?', short='By the sea.', long='Ada lived by the sea.')

A question is data, as the grammar is: it has slots, and they are filled with what the
story told. So its answer is true by construction. A question whose slot the story did
not open has an answer too: that this was not told.
"""

import random
import re
from collections.abc import Iterator
from typing import NamedTuple

from gpt import world

STORY = (
    "Once a shy owl named Ada lived by the sea. One day she lost her hat. She had to hop "
    "over the wall and look behind the rose, and there it was. At last Ada the owl flew "
    "home."
)
TOLD = 0.75  # how many of the questions asked are about what the story told


class Question(NamedTuple):
    """A question and its answers, with slots. `needs`: the slot that must be told."""

    text: str
    short: str
    long: str
    needs: str = "name"


class Asked(NamedTuple):
    """A question about one story, and the two answers that are true."""

    question: str
    short: str
    long: str


QUESTIONS = (
    Question("Who lived {at_home}?", "{name}.", "{name} the {animal} lived {at_home}."),
    Question("Where did {name} live?", "{at_home}.", "{name} lived {at_home}."),
    Question("What was {name}?", "A {mood} {animal}.", "{name} was a {mood} {animal}."),
    Question("Who was {mood}?", "{name}.", "{name} the {animal} was {mood}."),
    Question("When was it?", "One {day}.", "It was one {day}."),
    Question(
        "How did {name} go home?", "{She} {ran}.", "{name} the {animal} {ran} home."
    ),
    Question(
        "Who says good night?",
        "The author.",
        "The author says good night to {name}.",
        "dear",
    ),
    Question(
        "What did {name} plant?",
        "{count} {plant}.",
        "{name} planted {count} {plant}.",
        "count",
    ),
    Question(
        "Where did the {plant} grow?",
        "Near the {wall}.",
        "The {plant} grew near the {wall}.",
        "count",
    ),
    Question(
        "Who got the {plant}?",
        "{her} {mother}.",
        "{name} gave {it} to {her} {mother}.",
        "count",
    ),
    Question("What did the model do?", "It {posed}.", "The model {posed}.", "posed"),
    Question("What kind of model was it?", "{kind}.", "It was a {kind} model.", "kind"),
    Question(
        "Who did {name} meet?",
        "{friend} the {friend_animal}.",
        "{name} met {friend} the {friend_animal}.",
        "friend",
    ),
    Question(
        "Who showed {name} how to {fly}?",
        "{friend}.",
        "{friend} the {friend_animal} showed {name} how to {fly}.",
        "friend",
    ),
    Question(
        "Who showed {friend} how to {leap}?",
        "{name}.",
        "{name} the {animal} showed {friend} how to {leap}.",
        "friend",
    ),
    Question(
        "What did {name} lose?", "{her} {thing}.", "{name} lost {her} {thing}.", "thing"
    ),
    Question(
        "Where did {name} look?",
        "Behind the {bush}.",
        "{name} looked behind the {bush}.",
        "bush",
    ),
)
NOT_TOLD = "Not told.", "The story does not say."


def told(story: str) -> dict[str, str]:
    """What each slot of the grammar became in a story, in the order in which they opened.

    Raises ValueError where `story` is not one whole story of the small world.
    """
    if fault := world.fault(story):
        raise ValueError(f"this is no story of the small world: {fault}")
    plot, memory = (*world.STORY.split(), world.END), {}
    for word in re.findall(r"\w+|[^\w\s]", story.removesuffix(world.END)):
        plot, memory = next(
            (plot[1:], memory)
            for plot, memory in _opened(plot, memory)
            if plot[0] == word
        )
    return memory


def _opened(plot: tuple, memory: dict) -> Iterator[tuple[tuple, dict]]:
    """Open the slots at the head of `plot`, in every way, until a word stands there."""
    if not plot[0].startswith("{"):
        yield plot, memory
        return
    slot = plot[0].strip("{}")
    for became in world.options(slot, memory):
        yield from _opened((*became.split(), *plot[1:]), memory | {slot: became})


def ask(question: Question, told: dict[str, str], draw: random.Random) -> Asked:
    """The question about a story that `told` this, with its two true answers.

    Slots that the story did not open are drawn: the answer is that it was not told.
    """
    memory = dict(told)

    def become(slot: str) -> str:
        if slot not in memory:
            if isinstance(world.SLOTS[slot], world.Given):
                become(world.SLOTS[slot].slot)
            memory[slot] = draw.choice([*world.options(slot, memory)])
        return memory[slot]

    def fill(text: str) -> str:
        while slot := re.search(r"{(\w+)}", text):
            text = text[: slot.start()] + become(slot[1]) + text[slot.end() :]
        return text[0].upper() + text[1:]

    if _answered(question, told):
        return Asked(fill(question.text), fill(question.short), fill(question.long))
    return Asked(fill(question.text), *NOT_TOLD)


def _answered(question: Question, told: dict[str, str]) -> bool:
    """Whether the story has told what the question needs. A kind of model may be ""."""
    return bool(told.get(question.needs))


def interview(story: str, draw: random.Random, turns: int) -> list[Asked]:
    """Questions about a story, drawn: TOLD of them, on average, are about what it told."""
    found = told(story)
    by_answer = {True: [], False: []}
    for question in QUESTIONS:
        by_answer[_answered(question, found)].append(question)
    drawn = (draw.choice(by_answer[draw.random() < TOLD]) for _ in range(turns))
    return [ask(question, found, draw) for question in drawn]


def interviews(seed: int, turns: int) -> Iterator[tuple[str, list[Asked]]]:
    """Yield the stories of `gpt.world.stories(seed)`, each with questions about it."""
    draw = random.Random(seed)
    for story in world.stories(seed):
        yield story, interview(story, draw, turns)
