"""The small world: short stories whose every next word has a known probability.

In comes a seed, out comes text without end: what the course's own model is trained on.
At every word the story is in a state that the words so far determine, so the exact
distribution of the next word is known, and with it the exact entropy: the floor that
no model's loss can beat.

    >>> PROMPT
    'Once a little fox named Ada lived by the river. One day'
    >>> next_word(PROMPT)
    {'she': 0.6666666666666666, 'Ada': 0.3333333333333333}

The grammar is data. STORY is the plot, and `{animal}` in it is a slot: drawn where the
story first meets it and then remembered, so the next `{animal}` is a copy. SLOTS says
what a slot may become, perhaps given what another slot became: a tuple of equally
likely options, a dict of options and their integer weights, or one string. Only `fork`
says what can follow a state. Sampling, probability, entropy and judgement all walk
through it, so they cannot disagree.

Sources: Shannon (1948, section 7) for the entropy of a process with states; Linzen et
al. (2016) for nouns that stand between a subject and its verb to mislead a model.
"""

import random
import re
from bisect import bisect
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, islice, pairwise
from math import log
from os.path import commonprefix
from typing import NamedTuple

END = "<|endoftext|>"
PROMPT = "Once a little fox named Ada lived by the river. One day"

SHE, HE = ("Ada", "Mei", "Rosa", "Zoe"), ("Tom", "Leo", "Kofi", "Ravi")
RUN, FLY = ("fox", "hare", "mouse", "bear"), ("owl", "crow", "wren", "robin")
SWIM = ("frog", "duck", "otter", "beaver")
FLOWER, FLOWERS = ("rose", "tulip", "poppy"), ("roses", "tulips", "poppies")
CROP, CROPS = ("bean", "carrot", "pumpkin"), ("beans", "carrots", "pumpkins")
THING, THINGS = ("hat", "coat", "key"), ("boots", "gloves")
LEAP = ("leap", "jump", "skip", "hop")  # interchangeable wherever they stand
ONE, MANY = ("a",), ("two", "three")
FASHION, MACHINE, CLAY, UNTOLD = ("fashion",), ("machine learning",), ("clay",), ("",)

STORY = """
{once} a {mood} {animal} named {name} lived {at_home} . One {day} {hero} {event} .
At last {name} the {animal} {ran} home . {farewell}
"""
EVENTS = (
    """planted {count} {plant} . The {plant} that grew near the {wall} {was} {ripe} ,
    and {she} gave {it} to {her} {mother}""",
    """worked with a {kind} model . When the {sun} came up , the model {posed} ,
    and {she} began to {leap} for joy""",
    """met {friend} the {friend_animal} . {She} showed {him} how to {leap} ,
    and {friend_or_he} showed {hero_her} how to {fly}""",
    """lost {her} {thing} . {She} had to {leap} over the {wall}
    and look behind the {bush} , and there {it_was}""",
)


class Given(NamedTuple):
    """Options that depend on what an earlier slot became."""

    slot: str
    cases: dict


SLOTS = {
    "once": {"Once": 4, "Long ago": 1, "Far away": 1},
    "mood": ("little", "clever", "brave", "shy"),
    "animal": RUN + FLY + SWIM,
    "name": SHE + HE,
    "at_home": ("by the {water}", "in the {green}"),
    "water": ("river", "lake", "sea"),
    "green": ("forest", "meadow", "garden"),
    "day": {"day": 2, "morning": 1, "evening": 1},
    "hero": {"{she}": 2, "{name}": 1},
    "event": EVENTS,
    "farewell": {"": 1, "Good night , {dear} .": 1},
    "dear": ("little {animal}", "{name}"),
    # The hero, in other words.
    "she": Given("name", {SHE: "she", HE: "he"}),
    "She": Given("name", {SHE: "She", HE: "He"}),
    "her": Given("name", {SHE: "her", HE: "his"}),
    "ran": Given("animal", {RUN: "ran", FLY: "flew", SWIM: "swam"}),
    # What was planted. How many there were decides `was` and `it`, not the rocks.
    "count": {"a": 2, "two": 1, "three": 1},
    "plant": Given("count", {ONE: FLOWER + CROP, MANY: FLOWERS + CROPS}),
    "wall": ("wall", "gate", "rocks", "logs"),
    "was": Given("count", {ONE: "was", MANY: "were"}),
    "ripe": Given(
        "plant",
        {
            FLOWER + FLOWERS: {"red": 2, "white": 1, "tall": 1},
            CROP + CROPS: {"sweet": 2, "ripe": 1, "tall": 1},
        },
    ),
    "it": Given("count", {ONE: "it", MANY: "them"}),
    "mother": ("mother", "father"),
    # The model. Which kind it was stands well before what it did. Where no kind is told,
    # it may be any of them: so nothing that it does goes without saying.
    "kind": FASHION + MACHINE + CLAY + UNTOLD,
    "sun": ("sun", "moon"),
    "posed": Given(
        "kind",
        {
            FASHION: "wore a {red} {hat}",
            MACHINE: "guessed the next {word}",
            CLAY: "dried on the {shelf}",
            UNTOLD: (
                "wore a {red} {hat}",
                "guessed the next {word}",
                "dried on the {shelf}",
            ),
        },
    ),
    "red": ("red", "white"),
    "hat": ("hat", "coat"),
    "word": ("word", "song"),
    "shelf": ("shelf", "table"),
    "leap": LEAP,
    # The friend: the other pronoun, and another way to move than the hero's.
    "friend": Given("name", {SHE: HE, HE: SHE}),
    "friend_animal": Given(
        "animal", {RUN: FLY + SWIM, FLY: RUN + SWIM, SWIM: RUN + FLY}
    ),
    "friend_or_he": ("{friend}", "{he}"),
    "he": Given("name", {SHE: "he", HE: "she"}),
    "him": Given("name", {SHE: "him", HE: "her"}),
    "hero_her": Given("name", {SHE: "her", HE: "him"}),
    "fly": Given("friend_animal", {RUN: "run", FLY: "fly", SWIM: "swim"}),
    # What was lost decides `it was` or `they were`, not the bush.
    "thing": THING + THINGS,
    "bush": FLOWER + FLOWERS + CROP + CROPS,
    "it_was": Given("thing", {THING: "it was", THINGS: "they were"}),
}


class State(NamedTuple):
    """What the words so far leave open: the plot still to tell, the slots to recall."""

    plot: tuple[str, ...]
    memory: tuple[tuple[str, str], ...] = ()


class Fork(NamedTuple):
    """What can follow a state: words, their weights summed up, the state after each."""

    words: tuple[str, ...]
    bounds: tuple[int, ...]
    after: tuple[State, ...]

    def odds(self) -> list[float]:
        """Return the probability of each word."""
        return [(b - a) / self.bounds[-1] for a, b in pairwise((0, *self.bounds))]


START = State((*STORY.split(), END))


def options(slot: str, memory: dict[str, str]) -> dict[str, int]:
    """Return what `slot` may become and the weights, given the slots remembered."""
    if slot in memory:
        return {memory[slot]: 1}
    found = SLOTS[slot]
    if isinstance(found, Given):
        (became,) = options(found.slot, memory)  # drawn before, or determined
        found = next(found.cases[case] for case in found.cases if became in case)
    if isinstance(found, str):
        found = (found,)
    return found if isinstance(found, dict) else dict.fromkeys(found, 1)


@cache
def fork(state: State) -> Fork:
    """Return what can follow `state`, with its exact odds; nothing after END."""
    ways = _ways(state.plot, dict(state.memory)) if state.plot else []
    words = tuple(word for word, _, _ in ways)
    if len(set(words)) < len(words):  # then the words would not determine the state
        raise ValueError(f"the grammar is ambiguous: {words} can follow {state}")
    bounds = accumulate(weight for _, weight, _ in ways)
    return Fork(words, tuple(bounds), tuple(after for _, _, after in ways))


def _ways(plot: tuple, memory: dict) -> list[tuple[str, int, State]]:
    """Open the slots at the head of `plot`, in every way, until a word stands there."""
    head, rest = plot[0], plot[1:]
    if not head.startswith("{"):
        kept = sorted(memory.keys() & _recalled(rest))
        return [(head, 1, State(rest, tuple((slot, memory[slot]) for slot in kept)))]
    slot = head.strip("{}")
    weights = options(slot, memory)
    if len(weights) == 1:  # determined, so it need not be remembered
        return _ways((*next(iter(weights)).split(), *rest), memory)
    ways = []
    for became, weight in weights.items():
        opened = _ways((*became.split(), *rest), memory | {slot: became})
        if len(opened) > 1:
            raise ValueError(f"{became!r}, an option of {head}, begins with a draw")
        ways += [(word, weight, after) for word, _, after in opened]
    return ways


@cache
def _recalled(plot: tuple) -> frozenset[str]:
    """Return the slots that telling `plot` may look up in the memory."""
    ahead = re.findall(r"{(\w+)}", " ".join(plot))
    for slot in ahead:  # which grows meanwhile
        ahead += re.findall(r"{(\w+)}", repr(SLOTS[slot]))
        if isinstance(SLOTS[slot], Given):
            ahead.append(SLOTS[slot].slot)
    return frozenset(ahead)


def stories(seed: int) -> Iterator[str]:
    """Yield stories without end, each from its first word to its last full stop.

    The same seed gives the same stories on every platform: Python fixes the sequence
    of `random.Random(seed).random()`, and the rest is integer arithmetic.
    """
    if not isinstance(seed, int) or seed < 0:
        raise ValueError(f"a seed is an integer from 0 up, not {seed!r}")
    draw = random.Random(seed).random
    words, here = [], fork(START)
    while True:
        # A word that has no alternative costs no draw.
        choice = int(draw() * here.bounds[-1]) if len(here.words) > 1 else 0
        i = bisect(here.bounds, choice)
        words.append(here.words[i])
        here = fork(here.after[i])
        if words[-1] == END:
            yield _text(words[:-1])
            words, here = [], fork(START)


def corpus(n_chars: int, seed: int) -> str:
    """Return whole stories, each followed by END and nothing else between them.

    `n_chars` is the least number of characters: the last story is told to its end.
    """
    if not isinstance(n_chars, int) or n_chars < 0:
        raise ValueError(f"n_chars is an integer from 0 up, not {n_chars!r}")
    told, length = [], 0
    for story in stories(seed):
        if length >= n_chars:
            return "".join(told)
        told.append(story + END)
        length += len(told[-1])


def next_word(prefix: str) -> dict[str, float]:
    """Return the probability of each word that can follow the words of `prefix`.

    Words are words, full stops, commas and END, which closes a story; spaces do not
    matter, and "" is the beginning. A word that cannot stand where it stands is a
    ValueError that says what could.
    """
    state = START
    for number, match in enumerate(_WORD.finditer(prefix), start=1):
        word, here = match[0], fork(state)
        if word not in here.words:
            could = " or ".join(map(repr, here.words)) or "nothing, the story is over"
            raise ValueError(
                f"word {number} of the story, {word!r} at character {match.start()}, "
                f"cannot stand after {_tail(prefix[: match.start()])}; "
                f"there could stand {could}"
            )
        state = here.after[here.words.index(word)]
    if not state.plot:
        raise ValueError(f"the story is over: no word can follow {END}")
    return dict(zip(fork(state).words, fork(state).odds(), strict=True))


def fault(text: str) -> str | None:
    """Return what is wrong with `text` as one whole story, or None if nothing is.

    A single END after its last full stop is allowed, as a model would write it.
    """
    story = text.removesuffix(END)
    try:
        odds = next_word(story)
    except ValueError as error:
        return str(error)
    if END not in odds:
        could = " or ".join(map(repr, odds))
        return f"the story stops after {_tail(story)}; there could stand {could}"
    proper = _text(_WORD.findall(story))
    if story != proper:
        at = len(commonprefix([story, proper]))
        return f"the spacing is wrong at character {at}, after {_tail(story[:at])}"
    return None


def grammatical(text: str) -> bool:
    """Return whether `text` is one whole story of the small world (see `fault`)."""
    return fault(text) is None


@dataclass(frozen=True)
class Floor:
    """What the best possible model would reach, per story; losses in nats.

    A story's last word, and its last token, is END: it has to be predicted too, so it
    is counted. Its first word is predicted from END alone.
    """

    nats: float  # the entropy of a story: its expected -log probability
    words: float  # expected words, full stops, commas and END
    tokens: float | None = None  # expected tokens and END

    @property
    def nats_per_word(self) -> float:
        """The least mean loss of a model that predicts words."""
        return self.nats / self.words

    @property
    def nats_per_token(self) -> float | None:
        """The least mean loss of a model that predicts this tokenizer's tokens."""
        return None if self.tokens is None else self.nats / self.tokens


def entropy(tokenizer=None) -> Floor:
    """Return the exact floor, per story and per token of `tokenizer`.

    `tokenizer` is anything with `encode(text) -> list`. Its tokens must not reach over
    a word's end, as GPT-2's pre-tokenizer sees to (the space belongs to the word after
    it): then a story's tokens are those of its words, added up. One that breaks this on
    a hundred stories is a ValueError. Means are over tokens, not over stories.
    """
    nats, chunks = _census()
    n_words = sum(chunks.values())
    if tokenizer is None:
        return Floor(nats, n_words)
    sizes = {c: 1 if c == END else len(tokenizer.encode(c)) for c in chunks}
    for story in islice(stories(seed=0), 100):
        words = _WORD.findall(story)
        apart = sum(sizes[_space(i, word) + word] for i, word in enumerate(words))
        if len(tokenizer.encode(story)) != apart:
            raise ValueError(
                f"this tokenizer's tokens reach over a word's end: {story!r}"
            )
    return Floor(nats, n_words, sum(n * sizes[c] for c, n in chunks.items()))


@cache
def _census() -> tuple[float, dict[str, float]]:
    """Walk all stories at once: the entropy, and how often each chunk is expected."""
    nats, chunks = 0.0, Counter()
    crowd, step = {START: 1.0}, 0  # the probability of each state after `step` words
    while crowd:
        ahead = Counter()
        for state, mass in crowd.items():
            here = fork(state)
            for word, odds, after in zip(here.words, here.odds(), here.after):
                nats -= mass * odds * log(odds)
                chunks[_space(step, word) + word] += mass * odds
                ahead[after] += mass * odds
        crowd, step = ahead, step + 1
    return nats, chunks


_WORD = re.compile(re.escape(END) + r"|\w+|[^\w\s]")


def _space(i: int, word: str) -> str:
    """Return what stands before word `i` of a story."""
    return "" if i == 0 or word in (".", ",", END) else " "


def _text(words: list[str]) -> str:
    """Return the words as they are written."""
    return " ".join(words).replace(" .", ".").replace(" ,", ",")


def _tail(text: str) -> str:
    """Return the last words of `text`, for an error."""
    words = text.split()
    if len(words) > 6:
        words = ["...", *words[-6:]]
    return repr(" ".join(words)) if words else "nothing"
