"""Every word of the pictures can be translated: the chapters in a made-up language.

Each chapter runs with a catalogue that puts every message in brackets (see
tests/book/pseudo.py). A letter outside brackets is a word that no catalogue reaches,
unless it belongs to what stays as it is in any language: the stories of the small
world, code, and the few NAMES.
"""

import ast
import json
import re
import string
import subprocess
import sys
from functools import cache
from itertools import islice
from typing import NamedTuple

import pytest

from bench.chapter import BOOK
from gpt import world
from tests.book.page import CHAPTERS
from tests.book.pseudo import BRACKETED, FIRST, KEPT
from tests.book.test_rooms import PAGES

ROOT = BOOK.parent

# What stays as it is in any language, and why.
NAMES = {
    "END": "the token before and after every story",
    **dict.fromkeys(
        ("GPT-2", "GPT-2 medium", "GPT-2 large", "GPT-2 XL", "GPT-3"),
        "models, by the names that their authors gave",
    ),
    **dict.fromkeys(("wte", "wpe", "out"), "variables of the code"),
    **dict.fromkeys(("+ many", "+ he"), "directions, as variables of the code"),
    **dict.fromkeys(
        ("<|system|>", "<|user|>", "<|assistant|>", "<|end|>"), "tokens of a chat"
    ),
    "The sheep sees a ball in the grass.": "the sentence that GPT-2 cuts",
    "neural network": "what the real model reads of, beside those of the stories",
    "水果": "a text of two characters that is cut",
    "Who was shy?": "a question that the tuned model is asked",
    "vening": "a token that no story has",
    "wor": "a token, with which *word* begins",
    "da": "a token, with which *Ada* ends",
}
NAME = re.compile(
    "|".join(
        rf"(?<!\w){re.escape(name)}(?!\w)"
        for name in sorted(NAMES, key=len, reverse=True)
    )
)
STORIES = {
    word
    for story in islice(world.stories(0), 2000)
    for word in re.findall(r"\w+", story)
}
# Words that the chapter Tokenize cuts up: the pencil's, and those of the small world
PENCIL = "baa baaa all ball small mall day boots gloves ripe shelf song"
LABELS = "aria-label", "title", "alt"
QUOTED = re.compile("(“⟧)[^⟧]*([\ue000-\uf8ff]”)")  # “what a message was given”
# Words of the stories that have a column of their own, or stand in captions unquoted
HEADS = {"th": {"wore", "guessed"}, "li": {"fashion", "the", "model"}}


@cache
def run(chapter):
    """(messages that were asked for, [(where, text), ...] that a reader sees)."""
    command = [sys.executable, "-m", "tests.book.pseudo", chapter]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found = json.loads(told.stdout.splitlines()[-1])  # chapters print, too
    return found["asked"], found["seen"]


def strangers(chapter, where, text):
    """The words of a text that are neither in brackets nor data of its place."""
    text = NAME.sub(" ", BRACKETED.sub("·", QUOTED.sub(r"\1\2", text)))
    words = [word for word in re.findall(r"\w+", text) if "_" not in word]
    words = [word for word in words if sum(map(str.isalpha, word)) > 1]
    if chapter == "tokenize":
        words = [word for word in words if word not in PENCIL]
    if where in LABELS:
        return words
    if where in HEADS:
        return [word for word in words if word not in HEADS[where]]
    if (chapter, where) == ("sample", "span"):  # how stories end that went wrong
        return []
    return [word for word in words if word not in STORIES]


def unseen(chapter):
    """The messages of which nobody would see here that they no longer go through `tr`."""
    asked, seen = run(chapter)
    noticed = set()
    for where, text in seen:
        for number in {ord(match[1]) - FIRST for match in BRACKETED.finditer(text)}:
            loose = BRACKETED.sub(
                lambda m, n=number: m[2] if ord(m[1]) - FIRST == n else m[0], text
            )
            if strangers(chapter, where, loose):
                noticed.add(number)
    return [message for number, message in enumerate(asked) if number not in noticed]


# --- what an extractor finds --------------------------------------------------------
class Call(NamedTuple):
    place: str  # file:line
    function: str  # "tr", "tr_many" or "mark"
    messages: list  # literals; None for each that is none
    given: set | None  # the names of the keywords; None where some are unpacked


def calls(path):
    """Every call of `tr`, `tr_many` and `mark` in a file."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        name = getattr(node, "func", None)
        name = name.id if isinstance(name, ast.Name) else None
        if name in ("tr", "tr_many", "mark"):
            many = 2 if name == "tr_many" else 1
            messages = [getattr(arg, "value", None) for arg in node.args[:many]]
            messages = [one if isinstance(one, str) else None for one in messages]
            given = {keyword.arg for keyword in node.keywords}
            given = None if None in given else given
            place = f"{path.relative_to(ROOT)}:{node.lineno}"
            found.append(Call(place, name, messages, given))
            for argument in node.args[:1]:
                if isinstance(argument, ast.JoinedStr | ast.BinOp | ast.Call):
                    raise ValueError(f"{place}: {name} of what is put together")
    return found


def braces(message):
    return {name for _, name, _, _ in string.Formatter().parse(message) if name}


FILES = [BOOK / "edition.py", *sorted(BOOK.glob("f*/*.py"))]
CALLS = {path: calls(path) for path in FILES}


def messages(*paths):
    found = (one for path in paths for call in CALLS[path] for one in call.messages)
    return {message for message in found if message}


def test_what_is_given_is_what_stands_in_braces():
    checked = 0
    for call in (call for path in FILES for call in CALLS[path]):
        for message in call.messages if call.function == "tr" else ():
            if message and call.given is not None:
                assert call.given == braces(message), call.place
                checked += 1
    assert checked > 250


def test_mark_is_given_literals():
    marked = [c for path in FILES for c in CALLS[path] if c.function != "tr"]
    assert len(marked) > 50 and all(None not in call.messages for call in marked)


# --- each chapter in brackets -------------------------------------------------------
SELDOM = {"not so"}  # messages of what did not happen when the chapter ran


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_word_goes_through_the_catalogue(chapter):
    asked, seen = run(chapter)
    outside = {(where, text) for where, text in seen if strangers(chapter, where, text)}
    assert not outside
    # an extractor finds what was asked, and what it finds there was asked
    assert set(asked) <= messages(*FILES)
    modules = [chapter, *(m for m, page in PAGES.items() if page == chapter)]
    here = [BOOK / room / f"{m}.py" for room in ("facts", "figures") for m in modules]
    assert messages(*here) - SELDOM <= set(asked)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_word_that_bypasses_the_catalogue_is_seen(chapter):
    """Each message, as if it were the only one that is not translated."""
    asked, _ = run(chapter)
    missed = unseen(chapter)
    assert len(missed) <= 0.16 * len(asked)
    for message in missed:  # then it can be taken for a story's
        words = re.findall(r"[^\W\d]{2,}", KEPT.sub(" ", message))
        assert set(words) <= STORIES | {"token", "GPT"}, message
