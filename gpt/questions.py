"""Questions about a story of the small world, each with its true answers.

    a story  ->  what it told: {slot: what it became}  ->  question, short and long answer

>>> found = told("Once a shy owl named Ada lived by the sea. One day she lost her hat. She "
...     "had to hop over the wall and look behind the rose, and there it was. At last Ada "
...     "the owl flew home.")
>>> found["name"], found["thing"]
('Ada', 'hat')
>>> ask(LOST, found)
Asked(question='What did Ada lose?', short='Her hat.', long='Ada lost her hat.')

A question is data, as the grammar is: it has slots, and they are filled with what the
story told. So its answer is true by construction. A question whose slot the story did
not open has an answer too: that this was not told.
"""

import random
import re
from collections.abc import Iterator
from typing import NamedTuple

from gpt import world


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


LOST = Question("What did {name} lose?", "{her} {thing}.", "{name} lost {her} {thing}.", "thing")  # fmt: skip
QUESTIONS = (
    Question(
        "Who lived {at_home}?", "{name}.", "{name} the {animal} lived {at_home}."
    ),
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
    Question(
        "What kind of model was it?", "{kind}.", "It was a {kind} model.", "kind"
    ),
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
    LOST,
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


def ask(question: Question, told: dict[str, str], seed: int = 0) -> Asked:
    """The question about a story that `told` this.

    Slots that the story did not open are drawn: then the answer is that it was not told.
    """
    draw = random.Random(seed)
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

    if told.get(question.needs):
        return Asked(*map(fill, question[:3]))
    return Asked(fill(question.text), *NOT_TOLD)
